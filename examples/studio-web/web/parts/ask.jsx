// Asks for a time that is not open. It costs nothing until the trainer or the office has granted it.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { addDays, showMoment, today } from '../time.js';
import { Button } from './button.jsx';
import { Field, When } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function Ask({ user, trainers }) {
  const [when, setWhen] = useState({ day: addDays(today(), 1), time: '09:00', minutes: '60' }), [trainer, setTrainer] = useState('');
  const [ask, { busy, error }] = useAction((key, body) => post(`/api/sessions/request/${user.id}`, body, key));

  async function submit(event) {
    event.preventDefault();
    const answer = await ask({ at: `${when.day} ${when.time}`, duration: Number(when.minutes), trainerId: Number(trainer) || null });
    if (answer) toast('Success', `Asked for ${showMoment(answer.session.sessionDate)}. You will see it among your bookings.`);
  }

  return (
    <section class="panel" aria-label="Ask for a time">
      <h2>Ask for a time</h2>
      <p class="quiet">Nothing that fits? It takes a session only when it is granted.</p>
      <form class="ask" onSubmit={submit}>
        <When value={when} change={setWhen} />
        <Field label="Trainer" type="select" value={trainer} change={setTrainer}>
          <option value="">Anybody</option>
          {trainers.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </Field>
        <Refused error={error} />
        <p class="buttons"><Button type="submit" main busy={busy}>Ask</Button></p>
      </form>
    </section>
  );
}
