// What a client has booked, and until when it can be cancelled without losing the credit.
import { get, getAll, url } from '../api.js';
import { useLoad, useMinutes } from '../load.js';
import { showMoment, today } from '../time.js';
import { STATUSES } from '../words.js';
import { Do } from './do.jsx';
import { Loaded } from './states.jsx';

async function load(userId) {
  const rows = await getAll(url('/api/sessions/schedule', { userId, since: today(), status: 'scheduled,confirmed,requested' }));
  return Promise.all(rows.filter(({ sessionDate }) => Date.parse(sessionDate) > Date.now())
    .map(async (row) => ({ ...row, cancel: (await get(`/api/sessions/${row.sessionId}/can-cancel`)).data })));
}

// What a cancellation would mean now, said before it is done.
function Price({ status, cancel: { ok, returns, freeUntil, message } }) {
  if (!ok) return <span class="quiet">{message}</span>;
  if (status === 'requested') return <span class="quiet">It takes a session when it is granted</span>;
  if (returns === false) return <span class="late">Too late to cancel free: the credit would not come back</span>;
  return <span class="quiet">{freeUntil ? `Free until ${showMoment(freeUntil)}` : 'Cancelling is free'}</span>;
}

// Of a class somebody may bring others along, each for a credit.
const Guest = ({ user, row: { sessionId, sessionDate } }) => (
  <Do label="Bring a guest" of={`to the class of ${showMoment(sessionDate)}`} path={`/api/sessions/book/${user.id}`} body={{ sessionId, guest: true }} />
);

export function Bookings({ user }) {
  const bookings = useLoad(() => load(user.id), []);
  useMinutes(bookings.reload);
  return (
    <section class="panel" aria-label="My bookings">
      <h2>My bookings</h2>
      <Loaded of={bookings} what="your bookings" empty="You have booked nothing yet.">
        {(rows) => (
          <ul class="rows">
            {rows.map((row) => (
              <li key={row.sessionId}>
                <div>
                  <strong>{showMoment(row.sessionDate)}</strong> with {row.trainerName ?? 'any trainer'}<br />
                  <span aria-hidden="true">{STATUSES[row.status].sign} </span>{STATUSES[row.status].name}. <Price {...row} />
                </div>
                <div class="buttons">
                  {row.classId !== null && row.placesLeft > 0 && <Guest user={user} row={row} />}
                  {row.cancel.ok && <Do label={row.status === 'requested' ? 'Withdraw' : 'Cancel'} of={showMoment(row.sessionDate)}
                    path={`/api/sessions/${row.sessionId}/cancel`} done={bookings.reload} />}
                </div>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}
