// Who waits for a slot or a class, by name as far as one may know it.
import { get, url } from '../api.js';
import { useLoad } from '../load.js';
import { showTime } from '../time.js';
import { nameOf } from '../words.js';
import { Loaded } from './states.jsx';

const withName = async (row) => ({ ...row,
  name: await get(`/api/sessions/client/${row.userId}`).then(({ data }) => nameOf(data), () => `Client ${row.userId}`) });

export function Line({ sessionId }) {
  const line = useLoad(async () => Promise.all((await get(url('/api/sessions/waiting', { sessionId }))).data.map(withName)), [sessionId]);
  return (
    <section class="line" aria-label="Waiting list">
      <h3>Waiting list</h3>
      <Loaded of={line} what="the waiting list" empty="Nobody waits.">
        {(rows) => (
          <ol>
            {rows.map(({ userId, name, offeredUntil }) => (
              <li key={userId}>{name}{offeredUntil && `: kept until ${showTime(offeredUntil)}`}</li>
            ))}
          </ol>
        )}
      </Loaded>
    </section>
  );
}
