// What the office looks at first: credits by month, and whose end soon.
import { get } from '../api.js';
import { useLoad } from '../load.js';
import { ByMonth } from '../parts/chart.jsx';
import { Loaded } from '../parts/states.jsx';
import { Link } from '../router.jsx';
import { showDate } from '../time.js';
import { sessions } from '../words.js';

export function Overview() {
  const expiring = useLoad(async () => (await get('/api/sessions/expiring?days=14&limit=20')).data, []);
  return (
    <div class="together">
      <section class="panel" aria-label="Credits that expire within two weeks">
        <h2>Credits that expire within two weeks</h2>
        <Loaded of={expiring} what="what expires" empty="No credits expire within two weeks.">
          {(rows) => (
            <ul class="plain">
              {rows.map(({ lotId, userId, name, remaining, expiresAt }) => (
                <li key={lotId}><Link to={`/dashboard/admin/session-allocation?client=${userId}`}>{name}</Link>: {sessions(remaining)} until {showDate(expiresAt)}</li>
              ))}
            </ul>
          )}
        </Loaded>
      </section>
      <ByMonth />
    </div>
  );
}
