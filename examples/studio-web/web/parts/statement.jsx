// Why somebody has the sessions that he has: every change with who, when and why, the newest first.
import { useState } from 'preact/hooks';
import { getPage, url } from '../api.js';
import { concerns } from '../events.js';
import { useLoad } from '../load.js';
import { showMoment, showShort } from '../time.js';
import { kindName } from '../words.js';
import { Loaded } from './states.jsx';

const LINES = 20;
const signed = (n) => (n > 0 ? `+${n}` : n < 0 ? `−${-n}` : '0');

function why({ reason, item, sessionDate, otherName }) {
  return [reason, item, sessionDate && `Session of ${showMoment(sessionDate)}`, otherName].filter(Boolean).join('. ');
}

export function Statement({ userId }) {
  const [limit, setLimit] = useState(LINES);
  const lines = useLoad(() => getPage(url(`/api/sessions/statement/${userId}`, { limit })), [userId, limit], concerns(userId));
  return (
    <Loaded of={lines} what="the statement" empty="Nothing has happened yet.">
      {({ rows, next }) => (
        <>
          <div class="scroll" tabIndex={0} role="region" aria-label="Statement">
            <table class="list lines">
              <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col" class="number">Change</th><th scope="col" class="number">Left</th><th scope="col">Why</th><th scope="col">Who</th></tr></thead>
              <tbody>
                {rows.map((line) => (
                  <tr key={line.id}>
                    <td class="when">{showShort(line.at)}</td><td class="what">{kindName(line.kind)}</td>
                    <td class="number change">{signed(line.delta)}</td><td class="number left">{line.balanceAfter}</td>
                    <td class="why">{why(line)}</td><td class="who">{line.actorName ?? 'Studio'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {next && <p class="buttons"><button type="button" onClick={() => setLimit(limit + 50)}>Show more</button></p>}
        </>
      )}
    </Loaded>
  );
}
