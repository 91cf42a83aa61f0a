// Moves what is chosen to another time or trainer, or exchanges a booking for an open slot: what dragging does, by keyboard.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { isBooking } from '../calendar.js';
import { showMoment } from '../time.js';
import { Field } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function Move({ entry, entries, trainers }) {
  const [day, setDay] = useState(entry.day), [time, setTime] = useState(entry.time), [trainer, setTrainer] = useState(entry.trainerId ?? '');
  const [slot, setSlot] = useState('');
  const [move, { busy, error }] = useAction((key, path, body) => post(path, body, key));
  const open = isBooking(entry) ? entries.filter(({ kind, sessionDate }) => kind === 'available' && Date.parse(sessionDate) > Date.now()) : [];

  async function submit(event) {
    event.preventDefault();
    const answer = slot
      ? await move(`/api/sessions/${entry.id}/reschedule`, { toSessionId: Number(slot) })
      : await move(`/api/sessions/${entry.id}/move`, { at: `${day} ${time}`, trainerId: Number(trainer) || null });
    if (answer) toast('Moved', answer.message);
  }

  return (
    <form class="move" onSubmit={submit} aria-label="Move">
      <h3>Move</h3>
      {open.length > 0 && (
        <Field label="To" type="select" value={slot} change={setSlot}>
          <option value="">The time below</option>
          {open.map(({ id, sessionDate, trainerName }) => <option key={id} value={id}>Open slot, {showMoment(sessionDate)}, {trainerName}</option>)}
        </Field>
      )}
      <Field label="Day" type="date" required disabled={slot !== ''} value={day} change={setDay} />
      <Field label="Time" type="time" required disabled={slot !== ''} value={time} change={setTime} />
      <Field label="Trainer" type="select" disabled={slot !== ''} value={trainer} change={setTrainer}>
        {trainers.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </Field>
      <Refused error={error} />
      <p class="buttons"><button disabled={busy}>Move</button></p>
    </form>
  );
}
