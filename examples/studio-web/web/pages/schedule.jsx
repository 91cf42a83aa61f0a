// The Universal Master Schedule: a trainer's week, or everybody's day.
import { useEffect, useState } from 'preact/hooks';
import { get, getAll, post, url } from '../api.js';
import { entriesOf, isBooking, schedulePath } from '../calendar.js';
import { useLoad } from '../load.js';
import { EntryCard } from '../parts/entrycard.jsx';
import { Legend } from '../parts/legend.jsx';
import { Grid } from '../parts/grid.jsx';
import { Range } from '../parts/range.jsx';
import { Loaded } from '../parts/states.jsx';
import { toast } from '../parts/toasts.jsx';
import { usePlace } from '../router.jsx';
import { addDays, showDay, today, weekOf } from '../time.js';
import { nameOf } from '../words.js';

// The columns of the table, and what has to be asked for them.
function viewOf(parameters, trainers) {
  const day = /^\d{4}-\d\d-\d\d$/.test(parameters.get('day') ?? '') ? parameters.get('day') : today();
  const trainer = trainers.find(({ id }) => id === Number(parameters.get('trainer'))) ?? trainers[0];
  if (parameters.get('view') === 'day')
    return { view: 'day', day, trainer, since: day, until: addDays(day, 1), of: trainers.length === 1 ? trainer?.id : null,
      columns: trainers.map(({ id, name }) => ({ key: id, label: name, day, trainerId: id })) };
  const monday = weekOf(day);
  return { view: 'week', day, trainer, since: monday, until: addDays(monday, 7), of: trainer?.id,
    columns: Array.from({ length: 7 }, (_, i) => addDays(monday, i)).map((one) => ({ key: one, label: showDay(one), day: one, trainerId: trainer?.id })) };
}

export function Schedule({ user }) {
  const people = useLoad(async () => (user.role === 'trainer' ? [{ id: user.id, name: nameOf(user) }] : (await get('/api/people')).data), [], () => false);
  return (
    <Loaded of={people} what="the schedule" empty="There are no trainers yet.">
      {(trainers) => <Calendar trainers={trainers} />}
    </Loaded>
  );
}

function Calendar({ trainers }) {
  const { parameters } = usePlace();
  const view = viewOf(parameters, trainers);
  const { since, until, of, columns } = view;
  const [chosen, choose] = useState(null);
  useEffect(() => choose(null), [since, until, of]);

  const load = useLoad(async () => {
    const [rows, { data: holds }] = await Promise.all([getAll(url(...schedulePath(since, until, of))), get('/api/sessions/holds')]);
    return entriesOf(rows, holds);
  }, [since, until, of]);

  // A booking that is dropped on an open slot takes it; anything else goes to that day and hour.
  async function drop(entry, column, hour, onto) {
    if (onto?.id === entry.id) return;
    const time = `${String(hour).padStart(2, '0')}${entry.time.slice(2)}`;
    const request = onto?.kind === 'available' && isBooking(entry)
      ? [`/api/sessions/${entry.id}/reschedule`, { toSessionId: onto.id }]
      : [`/api/sessions/${entry.id}/move`, { at: `${column.day} ${time}`, trainerId: column.trainerId }];
    try {
      const answer = await post(...request);
      toast('Moved', answer.message);
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
        <Range view={view} trainers={trainers} />
        <Legend />
        <div class="grid-place">
          <Loaded of={load} what="the schedule">
            {(entries) => <Grid columns={columns} entries={entries} chosen={chosen} choose={choose} drop={drop} />}
          </Loaded>
        </div>
      </section>
      <aside class={chosen ? 'panel chosen' : 'panel'} aria-label="Chosen session">
        {selected
          ? <EntryCard key={chosen} entry={selected} entries={load.data} trainers={trainers} close={close} />
          : <p class="state">{chosen ? 'It is not here any more.' : 'Choose a session to see the client\'s session count.'}
            {chosen && <button type="button" onClick={close}>Close</button>}</p>}
      </aside>
    </div>
  );
}
