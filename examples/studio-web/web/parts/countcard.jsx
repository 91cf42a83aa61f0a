// The session-count card: how many sessions the client of a booking has, at this moment.
import { get } from '../api.js';
import { concerns } from '../events.js';
import { useLoad } from '../load.js';
import { clientsOf, useWho } from '../who.js';
import { Loaded } from './states.jsx';

export function SessionCount({ userId, name }) {
  const { user } = useWho();
  const summary = useLoad(async () => (await get(`/api/sessions/user-summary/${userId}`)).data, [userId], concerns(userId));
  return (
    <section class="count" aria-label="Session count">
      <h3>{name} <span class="quiet">ID {userId}</span></h3>
      <Loaded of={summary} what="the session count">
        {({ available, completed, total, warning, warningMessage }) => (
          <>
            <dl>
              <div class="available"><dt>Available</dt><dd>{available}</dd></div>
              <div><dt>Completed</dt><dd>{completed}</dd></div>
              <div><dt>Total</dt><dd>{total}</dd></div>
            </dl>
            {warning && <p class={`warning ${warning}`} role="status"><span aria-hidden="true">⚠ </span>{warningMessage}</p>}
          </>
        )}
      </Loaded>
      <a class="button" href={clientsOf(user, userId)} target="_blank" rel="noopener">
        Manage Sessions<span class="hidden"> (in a new tab)</span>
      </a>
    </section>
  );
}
