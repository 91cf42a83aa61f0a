// Credits bought, used and expired by month: bars, and the same numbers as a table for whoever cannot see them.
import { get } from '../api.js';
import { useLoad } from '../load.js';
import { showMonth } from '../time.js';
import { Loaded } from './states.jsx';

const SERIES = [['bought', 'Bought'], ['used', 'Used'], ['expired', 'Expired']];
const HEIGHT = 120, BAR = 14, GROUP = 3 * BAR + 18, BELOW = 20;

function Bars({ months, top }) {
  const tall = (n) => Math.max(n, 0) / top * HEIGHT;
  return (
    <svg class="bars" viewBox={`0 0 ${months.length * GROUP} ${HEIGHT + BELOW + 14}`} aria-hidden="true">
      {months.map((month, i) => (
        <g key={month.month} transform={`translate(${i * GROUP + 9} 14)`}>
          {SERIES.map(([name], nth) => (
            <g key={name}>
              <rect class={name} x={nth * BAR} y={HEIGHT - tall(month[name])} width={BAR - 2} height={tall(month[name])} />
              <text x={nth * BAR + BAR / 2 - 1} y={HEIGHT - tall(month[name]) - 3}>{month[name]}</text>
            </g>
          ))}
          <text x={1.5 * BAR} y={HEIGHT + 15} class="month">{showMonth(month.month)}</text>
        </g>
      ))}
    </svg>
  );
}

export function ByMonth() {
  const load = useLoad(async () => (await get('/api/by-month')).data.slice(-6), []);
  return (
    <section class="panel chart" aria-label="Credits by month">
      <h2>Credits by month</h2>
      <Loaded of={load} what="the months" empty="Nothing has been bought or used yet.">
        {(months) => (
          <figure>
            <figcaption class="legend">{SERIES.map(([name, label]) => <span key={name}><i class={name} aria-hidden="true" />{label}</span>)}</figcaption>
            <Bars months={months} top={Math.max(1, ...months.flatMap((month) => SERIES.map(([name]) => month[name])))} />
            <table class="hidden">
              <caption>Credits by month</caption>
              <thead><tr><th scope="col">Month</th>{SERIES.map(([name, label]) => <th scope="col" key={name}>{label}</th>)}</tr></thead>
              <tbody>{months.map((month) => (
                <tr key={month.month}><th scope="row">{showMonth(month.month)}</th>{SERIES.map(([name]) => <td key={name}>{month[name]}</td>)}</tr>
              ))}</tbody>
            </table>
          </figure>
        )}
      </Loaded>
    </section>
  );
}
