import { showDateAndYear } from '../time.js';
import { nameOf, WARNINGS } from '../words.js';

// An address that is too long for one line breaks before its @.
const Mail = ({ email }) => {
  const [name, at] = email.split(/(?=@)/);
  return <span class="quiet">{name}<wbr />{at}</span>;
};

function Row({ client, admin, act }) {
  const { email, availableSessions, totalSessionsPurchased, sessionsUsed, lastSessionDate, warning, suspendedSince } = client;
  const name = nameOf(client);
  return (
    <tr>
      <th scope="row">
        {name}<br />{email && <Mail email={email} />}
        {suspendedSince && <><br /><span class="quiet">Suspended</span></>}
      </th>
      <td class="number big" data-name="Available">{availableSessions}</td>
      <td class="number" data-name="Purchased">{totalSessionsPurchased}</td>
      <td class="number" data-name="Used">{sessionsUsed}</td>
      <td class="last" data-name="Last session">{lastSessionDate ? showDateAndYear(lastSessionDate) : 'None yet'}</td>
      <td class="notice">{warning && <p class={`warning ${warning}`}><span aria-hidden="true">⚠ </span>{WARNINGS[warning]}</p>}</td>
      <td class="actions">
        {admin && (
          <>
            <button type="button" class="main" onClick={() => act('add', client)} aria-label={`Add Sessions to ${name}`}>Add Sessions</button>
            <button type="button" onClick={() => act('take', client)} aria-label={`Take back sessions from ${name}`}>Take back</button>
          </>
        )}
        <button type="button" onClick={() => act('details', client)} aria-label={`Details of ${name}`}>Details</button>
      </td>
    </tr>
  );
}

export function ClientTable({ rows, admin, act }) {
  return (
    <table class="list cards">
      <caption class="hidden">Clients and their sessions</caption>
      <thead>
        <tr>
          <th scope="col">Client</th><th scope="col" class="number">Available</th><th scope="col" class="number">Purchased</th>
          <th scope="col" class="number">Used</th><th scope="col">Last session</th><th scope="col">Warning</th><th scope="col">Actions</th>
        </tr>
      </thead>
      <tbody>{rows.map((client) => <Row key={client.id} client={client} admin={admin} act={act} />)}</tbody>
    </table>
  );
}
