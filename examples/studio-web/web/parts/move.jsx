// Moves what is chosen to another time or trainer, or exchanges a booking for an open slot: what dragging does, by keyboard.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { exchangeable, movedTo, moving } from '../calendar.js';
import { showMoment } from '../time.js';
import { Button } from './button.jsx';
import { Field, When } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function Move({ entry, entries, trainers, choose }) {
  const [when, setWhen] = useState({ day: entry.day, time: entry.time }), [trainer, setTrainer] = useState(entry.trainerId ?? '');
  const [slot, setSlot] = useState('');
  const [move, { busy, error }] = useAction((key, path, body) => post(path, body, key));
  const open = entries.filter((one) => exchangeable(entry, one));
  const fixed = { disabled: slot !== '' };

  async function submit(event) {
    event.preventDefault();
    const answer = await move(...moving(entry, { ...when, trainerId: Number(trainer) || null, slot: Number(slot) || null }));
    if (!answer) return;
    toast('Moved', answer.message);
    choose(movedTo(entry, answer));
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
      <When value={when} change={setWhen} {...fixed} />
      <Field label="Trainer" type="select" value={trainer} change={setTrainer} {...fixed}>
        {trainers.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </Field>
      <Refused error={error} />
      <p class="buttons"><Button type="submit" busy={busy}>Move</Button></p>
    </form>
  );
}
