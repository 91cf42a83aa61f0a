// What a client can book. When somebody was faster, he may wait for that time.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { getPage, post, url } from '../api.js';
import { useLoad, useMinutes } from '../load.js';
import { showDayLong, showMoment, showTime, wall } from '../time.js';
import { Button } from './button.jsx';
import { Do } from './do.jsx';
import { Field } from './field.jsx';
import { Loaded, Refused } from './states.jsx';
import { toast } from './toasts.jsx';

const SLOTS = 24;

function Day({ day, slots, book, busy }) {
  return (
    <section class="day">
      <h3>{showDayLong(day)}</h3>
      <ul class="rows">
        {slots.map((slot) => (
          <li key={slot.sessionId}>
            <div><strong>{showTime(slot.sessionDate)}</strong> with {slot.trainerName ?? 'any trainer'}
              {slot.places > 1 && <span class="quiet">, class: {slot.placesLeft} of {slot.places} places left</span>}</div>
            <Button main busy={busy} onClick={() => book(slot)}
              aria-label={`Book ${showMoment(slot.sessionDate)} with ${slot.trainerName ?? 'any trainer'}`}>Book</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Slots({ user, trainers }) {
  const [trainerId, setTrainer] = useState(''), [limit, setLimit] = useState(SLOTS), [tried, setTried] = useState(null);
  const slots = useLoad(() => getPage(url('/api/sessions/slots', { trainerId, limit })), [trainerId, limit]);
  useMinutes(slots.reload);
  const [run, { busy, error, clear }] = useAction((key, sessionId) => post(`/api/sessions/book/${user.id}`, { sessionId }, key));

  async function book(slot) {
    setTried(slot);
    const answer = await run(slot.sessionId);
    if (answer) toast('Success', `${answer.message} ${showMoment(slot.sessionDate)}. Sessions left: ${answer.availableSessions}`);
    slots.reload();
  }

  const days = Map.groupBy(slots.data?.rows ?? [], ({ sessionDate }) => wall(sessionDate).day);
  return (
    <section class="panel" aria-label="Open slots">
      <h2>Open slots</h2>
      <div class="tools">
        <Field label="Trainer" type="select" value={trainerId} change={setTrainer}>
          <option value="">All trainers</option>
          {trainers.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </Field>
      </div>
      <Refused error={error} />
      {error?.code === 'SESSION_NOT_AVAILABLE' && (
        <p class="buttons">
          <Do label="Wait for this time" of={showMoment(tried.sessionDate)} path={`/api/sessions/wait/${user.id}`} body={{ sessionId: tried.sessionId }}
            said="You are in line." done={clear} />
        </p>
      )}
      <Loaded of={slots} what="the open slots" empty="Nothing is open at the moment.">
        {({ next }) => (
          <>
            {[...days].map(([day, some]) => <Day key={day} day={day} slots={some} book={book} busy={busy} />)}
            {next && <p class="buttons"><button type="button" onClick={() => setLimit(limit + SLOTS)}>Show more</button></p>}
          </>
        )}
      </Loaded>
    </section>
  );
}
