// The Session Allocation Manager: how many sessions each client has, and what the office does about it.
import { useState } from 'preact/hooks';
import { getPage, url } from '../api.js';
import { useDebounced } from '../debounce.js';
import { useLoad } from '../load.js';
import { AddSessions } from '../parts/add.jsx';
import { ByMonth } from '../parts/chart.jsx';
import { ClientDetails } from '../parts/details.jsx';
import { ClientTable } from '../parts/clienttable.jsx';
import { Field } from '../parts/field.jsx';
import { Loaded } from '../parts/states.jsx';
import { TakeBack } from '../parts/take.jsx';
import { setParameters, usePlace } from '../router.jsx';
import { OFFICE, useWho } from '../who.js';

const ROWS = 20;
const DIALOGS = { add: AddSessions, take: TakeBack };

export function Allocation() {
  const { user, settings } = useWho();
  const { parameters } = usePlace();
  const [search, setSearch] = useState(''), [warning, setWarning] = useState(''), [dialog, setDialog] = useState(null);
  const [before, setBefore] = useState([]);           // the pages before this one
  const settled = useDebounced(search.trim(), 300, () => setBefore([]));
  const path = before.at(-1) ?? url('/api/sessions/clients', { search: settled, warning, limit: ROWS });
  const clients = useLoad(() => getPage(path), [path]);
  const details = parameters.get('client');

  const Open = dialog && DIALOGS[dialog.what];
  const client = dialog && (clients.data?.rows.find(({ id }) => id === dialog.client.id) ?? dialog.client);
  const show = (availableSessions) => clients.change(({ rows, next }) =>
    ({ next, rows: rows.map((row) => (row.id === client.id ? { ...row, availableSessions } : row)) }));

  return (
    <div class="together">
      <section class="panel" aria-label="Clients">
        <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
          <Field label="Search name or e-mail address" type="search" value={search} change={setSearch} />
          <Field label="Warning" type="select" value={warning} change={(value) => { setWarning(value); setBefore([]); }}>
            <option value="">All clients</option>
            <option value="none">No sessions left</option>
            <option value="low">Low session count</option>
          </Field>
        </form>
        <Loaded of={clients} what="the clients" empty={settled || warning ? 'No client is like that.' : 'There are no clients yet.'}>
          {({ rows }) => <ClientTable rows={rows} admin={user.role === 'admin'} act={(what, who) => (what === 'details' ? setParameters({ client: who.id }) : setDialog({ what, client: who }))} />}
        </Loaded>
        <p class="buttons">
          <button type="button" disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>Previous page</button>
          <button type="button" disabled={!clients.data?.next} onClick={() => setBefore([...before, clients.data.next])}>Next page</button>
        </p>
      </section>
      {OFFICE.includes(user.role) && <ByMonth />}
      {Open && <Open client={client} most={settings.grantMax} shown={show} close={() => setDialog(null)} />}
      {details && <ClientDetails userId={Number(details)} close={() => setParameters({ client: null }, { replace: true })} />}
    </div>
  );
}
