// The Universal Master Schedule: a trainer's week, or everybody's day.
import { useEffect, useState } from 'preact/hooks';
import { get, getAll, newKey, post, url } from '../api.js';
import { entriesOf, exchangeable, movedTo, moving, schedulePath } from '../calendar.js';
import { useLoad, useMinutes } from '../load.js';
import { Button } from '../parts/button.jsx';
import { EntryCard } from '../parts/entrycard.jsx';
import { Legend } from '../parts/legend.jsx';
import { Grid } from '../parts/grid.jsx';
import { Opening } from '../parts/opening.jsx';
import { Range } from '../parts/range.jsx';
import { Loaded } from '../parts/states.jsx';
import { toast } from '../parts/toasts.jsx';
import { usePlace } from '../router.jsx';
import { addDays, showDay, today, weekOf } from '../time.js';

// The columns of the table, and what has to be asked for them.
function viewOf(parameters, trainers) {
  const day = /^\d{4}-\d\d-\d\d$/.test(parameters.get('day') ?? '') ? parameters.get('day') : today();
  const trainer = trainers.find(({ id }) => id === Number(parameters.get('trainer'))) ?? trainers[0];
  if (parameters.get('view') === 'day' && trainers.length > 1)
    return { view: 'day', day, trainer, since: day, until: addDays(day, 1), of: null,
      columns: trainers.map(({ id, name }) => ({ key: id, label: name, day, trainerId: id })) };
  const monday = weekOf(day);
  return { view: 'week', day, trainer, since: monday, until: addDays(monday, 7), of: trainer.id,
    columns: Array.from({ length: 7 }, (_, i) => addDays(monday, i)).map((one) => ({ key: one, label: showDay(one), day: one, trainerId: trainer.id })) };
}

const onHour = (hour) => `${String(hour).padStart(2, '0')}:00`;

export function Schedule() {
  const people = useLoad(async () => (await get('/api/people')).data, [], () => false);
  return (
    <Loaded of={people} what="the schedule" empty="There are no trainers yet.">
      {(trainers) => <Calendar trainers={trainers} />}
    </Loaded>
  );
}

export function Calendar({ trainers }) {
  const { parameters } = usePlace();
  const view = viewOf(parameters, trainers);
  const { since, until, of, columns, day, trainer } = view;
  const [chosen, choose] = useState(null), [opening, setOpening] = useState(null);
  useEffect(() => choose(null), [since, until, of]);

  const load = useLoad(async () => {
    const [rows, { data: holds }] = await Promise.all([getAll(url(...schedulePath(since, until, of))), get('/api/sessions/holds')]);
    return entriesOf(rows, holds);
  }, [since, until, of]);
  useMinutes(load.reload);

  // What is dropped keeps its minutes.
  async function drop(entry, column, hour, onto) {
    if (onto?.id === entry.id) return;
    const [path, body] = moving(entry, { day: column.day, time: onHour(hour).slice(0, 2) + entry.time.slice(2), trainerId: column.trainerId,
      slot: exchangeable(entry, onto) ? onto.id : null });
    try {
      const answer = await post(path, body, newKey());
      toast('Moved', answer.message);
      if (chosen === entry.id) choose(movedTo(entry, answer));
    } catch (error) {
      toast('Not moved', error.message);
    }
    load.reload();
  }

  const selected = chosen && load.data?.find(({ id }) => id === chosen);
  const close = () => {
    choose(null);
    document.getElementById(`entry-${chosen}`)?.focus();
  };
  return (
    <div class="calendar">
      <section class="panel" aria-label="Schedule">
        <Range view={view} trainers={trainers} start={() => setOpening({ day, time: '09:00', trainerId: trainer.id })} />
        <Legend />
        <div class="grid-place">
          <Loaded of={load} what="the schedule">
            {(entries) => <Grid columns={columns} entries={entries} chosen={chosen} choose={choose} drop={drop}
              start={(column, hour) => setOpening({ day: column.day, time: onHour(hour), trainerId: column.trainerId })} />}
          </Loaded>
        </div>
      </section>
      <aside class={chosen ? 'panel chosen' : 'panel'} aria-label="Chosen session">
        {selected
          ? <EntryCard key={chosen} entry={selected} entries={load.data} trainers={trainers} choose={choose} close={close} />
          : <div class="state"><h2 class="hidden">Chosen session</h2>
            <p>{chosen ? 'It is not here any more.' : 'Choose a session to see the client\'s session count.'}</p>
            {chosen && <Button onClick={close}>Close</Button>}</div>}
      </aside>
      {opening && <Opening trainers={trainers} start={opening} close={() => setOpening(null)} />}
    </div>
  );
}
