// What a client waits for, and whether it is his turn.
import { get } from '../api.js';
import { useLoad } from '../load.js';
import { showMoment, showTime } from '../time.js';
import { Do } from './do.jsx';
import { Loaded } from './states.jsx';

export function Waits({ user }) {
  const waits = useLoad(async () => (await get('/api/sessions/waiting')).data, []);
  return (
    <section class="panel" aria-label="Waiting list">
      <h2>Waiting list</h2>
      <Loaded of={waits} what="the waiting list" empty="You wait for nothing.">
        {(rows) => (
          <ul class="rows">
            {rows.map(({ sessionId, sessionDate, trainerName, line, offeredUntil, auto }) => (
              <li key={sessionId}>
                <div>
                  <strong>{sessionDate ? showMoment(sessionDate) : `Session ${sessionId}`}</strong>{trainerName && ` with ${trainerName}`}<br />
                  {offeredUntil ? `It is your turn: kept for you until ${showTime(offeredUntil)}` : `You are number ${line} in line`}{auto && ', and it will be booked for you'}
                </div>
                <div class="buttons">
                  {offeredUntil && <Do main label="Book" of={sessionDate ? showMoment(sessionDate) : `session ${sessionId}`} path={`/api/sessions/book/${user.id}`} body={{ sessionId }} />}
                  <Do label="Leave" of={`the line for ${sessionDate ? showMoment(sessionDate) : `session ${sessionId}`}`} path={`/api/sessions/unwait/${user.id}`} body={{ sessionId }} said="You are no longer waiting." done={waits.reload} />
                </div>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}
