// Who waits for a slot or a class.
import { get, url } from '../api.js';
import { useLoad } from '../load.js';
import { showTime } from '../time.js';
import { Loaded } from './states.jsx';

export function Line({ sessionId }) {
  const line = useLoad(async () => (await get(url('/api/sessions/waiting', { sessionId }))).data, [sessionId]);
  return (
    <section class="line" aria-label="Waiting list">
      <h3>Waiting list</h3>
      <Loaded of={line} what="the waiting list" empty="Nobody waits.">
        {(rows) => (
          <ol>
            {rows.map(({ userId, userName, offeredUntil }) => (
              <li key={userId}>{userName ?? `Client ${userId}`}{offeredUntil && `: kept until ${showTime(offeredUntil)}`}</li>
            ))}
          </ol>
        )}
      </Loaded>
    </section>
  );
}
