// Which days, and whose.
import { setParameters } from '../router.jsx';
import { addDays, clocksChange, showDay, showDayLong, today, zoneName } from '../time.js';
import { Field } from './field.jsx';

export function Range({ view: { view, day, trainer, since, until }, trainers, start }) {
  const step = view === 'day' ? 1 : 7;
  const days = Array.from({ length: step }, (_, i) => addDays(since, i));
  const changing = days.filter(clocksChange);
  return (
    <>
      <header class="range">
        <h2 aria-live="polite">{view === 'day' ? showDayLong(day) : `${trainer.name}, ${showDay(since)} to ${showDayLong(addDays(until, -1))}`}</h2>
        <button type="button" class="main" onClick={start}>Open or block time</button>
      </header>
      <div class="tools">
        <p class="buttons">
          <button type="button" onClick={() => setParameters({ day: addDays(day, -step) })}>Previous<span class="hidden"> {view}</span></button>
          <button type="button" onClick={() => setParameters({ day: today() })}>Today</button>
          <button type="button" onClick={() => setParameters({ day: addDays(day, step) })}>Next<span class="hidden"> {view}</span></button>
        </p>
        {trainers.length > 1 && <Whose view={view} trainer={trainer} trainers={trainers} />}
      </div>
      <p class="quiet">Times in {zoneName()}{changing.length > 0 && `; the clocks change on ${changing.map(showDay).join(' and ')}`}.</p>
    </>
  );
}

function Whose({ view, trainer, trainers }) {
  return (
    <>
      <Field label="Show" type="select" value={view} change={(value) => setParameters({ view: value === 'week' ? null : value })}>
        <option value="week">A trainer's week</option>
        <option value="day">A day of all trainers</option>
      </Field>
      <Field label="Trainer" type="select" value={trainer.id} disabled={view === 'day'} change={(value) => setParameters({ trainer: value })}>
        {trainers.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </Field>
    </>
  );
}
