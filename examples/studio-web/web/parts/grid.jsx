// The schedule as a table: hours down, days or trainers across. What is dragged is moved; the form in the card of what is
// chosen does the same without a mouse.
import { useRef, useState } from 'preact/hooks';
import { hoursOf, movable } from '../calendar.js';
import { useFocusKept } from '../focus.js';
import { clocksChange, showHour, showTime, showTimeAndZone, today } from '../time.js';
import { useWho } from '../who.js';
import { STATUSES } from '../words.js';

const who = ({ kind, clientName, hold, places, members, notes }) => ({
  held: () => `for ${hold?.userName ?? 'somebody'}`,
  class: () => `${members.length} of ${places}`,
  blocked: () => notes ?? '',
}[kind]?.() ?? clientName ?? '');

// AM or PM is at the hour of the row; on a day on which the clocks change a time says all of it.
function When({ entry: { day, sessionDate } }) {
  if (clocksChange(day)) return <span class="when">{showTimeAndZone(sessionDate)}</span>;
  const [clock, half] = showTime(sessionDate).split(/\s/);
  return <span class="when">{clock}<span class="hidden"> {half}</span></span>;
}

function Entry({ entry, chosen, choose, drag }) {
  const { sign, name } = STATUSES[entry.kind], { may } = useWho(), element = useFocusKept();
  return (
    <button ref={element} type="button" id={`entry-${entry.id}`} class={`entry ${entry.kind}`} aria-pressed={chosen === entry.id} data-id={entry.id}
      draggable={movable(entry, may)} onClick={() => choose(entry.id)} {...drag}>
      <span class="sign" aria-hidden="true">{sign}</span>
      <When entry={entry} />{' '}
      <span class="kind">{name}</span>{' '}
      <span class="who">{who(entry)}</span>
      {entry.warning && <span class="mark"><span aria-hidden="true">⚠</span><span class="hidden">, {entry.warning === 'none' ? 'no sessions left' : 'low session count'}</span></span>}
    </button>
  );
}

export function Grid({ columns, entries, chosen, choose, drop, start }) {
  const dragged = useRef(null);
  const [over, setOver] = useState(null);
  const now = today();
  const cellOf = (column, hour) => entries.filter((entry) => entry.day === column.day && entry.hour === hour
    && (column.trainerId === undefined || entry.trainerId === column.trainerId));

  // An empty place begins a new entry there, as the button above does.
  const empty = (column, hour) => (event) => { if (event.target === event.currentTarget) start(column, hour); };

  const target = (column, hour, onto) => ({
    onDragOver: (event) => { event.preventDefault(); setOver(`${column.key} ${hour}`); },
    onDrop: (event) => {
      event.preventDefault();
      event.stopPropagation();
      setOver(null);
      if (dragged.current) drop(dragged.current, column, hour, onto);
      dragged.current = null;
    },
  });
  const source = (entry) => ({
    onDragStart: (event) => { dragged.current = entry; event.dataTransfer.setData('text/plain', String(entry.id)); event.dataTransfer.effectAllowed = 'move'; },
    onDragEnd: () => { dragged.current = null; setOver(null); },
  });

  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Calendar">
      <table class="week" style={{ minWidth: `${3.4 + columns.length * 5.2}rem` }}>
        <thead>
          <tr>
            <th scope="col"><span class="hidden">Hour</span></th>
            {columns.map(({ key, label, day }) => <th scope="col" key={key} aria-current={key === now && day === now ? 'date' : undefined}>{label}</th>)}
          </tr>
        </thead>
        <tbody>
          {hoursOf(entries).map((hour) => (
            <tr key={hour}>
              <th scope="row">{showHour(hour)}</th>
              {columns.map((column) => (
                <td key={column.key} class={over === `${column.key} ${hour}` ? 'over' : undefined} data-cell={`${column.day} ${hour}`}
                  onClick={empty(column, hour)} {...target(column, hour)}>
                  {cellOf(column, hour).map((entry) => (
                    <Entry key={entry.id} entry={entry} chosen={chosen} choose={choose} drag={{ ...source(entry), ...target(column, hour, entry) }} />
                  ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
