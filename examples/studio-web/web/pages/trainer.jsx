// A trainer's own view: who comes today, who has asked for a time, what is over and not settled; and his week.
import { getAll, url } from '../api.js';
import { entriesOf } from '../calendar.js';
import { useLoad, useMinutes } from '../load.js';
import { Actions } from '../parts/actions.jsx';
import { Loaded } from '../parts/states.jsx';
import { addDays, showMoment, showTime, today } from '../time.js';
import { useWho } from '../who.js';
import { nameOf, STATUSES, WARNINGS } from '../words.js';
import { Calendar } from './schedule.jsx';

const WEEKS = 2;      // how far back it looks for what is not settled

const BOOKED = 'scheduled,confirmed';
const ended = ({ sessionDate, duration }) => Date.parse(sessionDate) + duration * 60e3 < Date.now();

function Entries({ title, parameters, only = () => true, show, empty }) {
  const { user } = useWho();
  const load = useLoad(async () => (await getAll(url('/api/sessions/schedule', { trainerId: user.id, ...parameters })))
    .filter(({ userId }) => userId !== null).filter(only).map((row) => entriesOf([{ ...row, classId: null }])[0]), []);
  useMinutes(load.reload);
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      <Loaded of={load} what={title.toLowerCase()} empty={empty}>
        {(entries) => (
          <ul class="rows">
            {entries.map((entry) => (
              <li key={entry.id}>
                <div>
                  <strong>{show(entry.sessionDate)}</strong> {entry.clientName} <span class="quiet">{STATUSES[entry.kind].name}, {entry.duration} minutes</span>
                  {entry.warning && <p><span class={`warning ${entry.warning}`}><span aria-hidden="true">⚠ </span>{WARNINGS[entry.warning]}</span></p>}
                </div>
                <div class="buttons"><Actions entry={entry} of={`${entry.clientName}, ${showMoment(entry.sessionDate)}`} /></div>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

export function Trainer() {
  const { user } = useWho();
  const day = today();
  return (
    <div class="together">
      <div class="mine">
        <Entries title="Today" parameters={{ since: day, until: addDays(day, 1), status: `${BOOKED},completed` }} only={(row) => row.status === 'completed' || !ended(row)}
          show={showTime} empty="Nobody comes today any more." />
        <Entries title="Asked for" parameters={{ since: day, status: 'requested' }} show={showMoment} empty="Nobody has asked for a time." />
        <Entries title="To be settled" parameters={{ since: addDays(day, -7 * WEEKS), until: addDays(day, 1), status: BOOKED }} only={ended}
          show={showMoment} empty="All that is over is settled." />
      </div>
      <Calendar trainers={[{ id: user.id, name: nameOf(user) }]} />
    </div>
  );
}
