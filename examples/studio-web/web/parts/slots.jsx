// What a client can book, and what is taken, which he may wait for; also when somebody was faster.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { getPage, post, url } from '../api.js';
import { useLoad, useMinutes } from '../load.js';
import { showDayLong, showMoment, showTime, wall } from '../time.js';
import { Button } from './button.jsx';
import { Do } from './do.jsx';
import { Check, Field } from './field.jsx';
import { Loaded, Refused } from './states.jsx';
import { toast } from './toasts.jsx';

const SLOTS = 24;

const Wait = ({ user, slot, label, done }) => (
  <Do label={label} of={`${showMoment(slot.sessionDate)} with ${slot.trainerName ?? 'any trainer'}`} path={`/api/sessions/wait/${user.id}`} body={{ sessionId: slot.sessionId }}
    said="You are in line." done={done} />
);

const placesOf = ({ places, placesLeft }) => (places > 1 ? `, class: ${placesLeft} of ${places} places left` : placesLeft === 0 ? ', taken' : '');

function Day({ user, day, slots, book, busy }) {
  return (
    <section class="day">
      <h3>{showDayLong(day)}</h3>
      <ul class="rows">
        {slots.map((slot) => (
          <li key={slot.sessionId}>
            <div><strong>{showTime(slot.sessionDate)}</strong> with {slot.trainerName ?? 'any trainer'}
              <span class="quiet">{placesOf(slot)}</span></div>
            {slot.placesLeft === 0 ? <Wait user={user} slot={slot} label="Wait" /> : <Button main busy={busy} onClick={() => book(slot)}
              aria-label={`Book ${showMoment(slot.sessionDate)} with ${slot.trainerName ?? 'any trainer'}`}>Book</Button>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Slots({ user, trainers }) {
  const [trainerId, setTrainer] = useState(''), [limit, setLimit] = useState(SLOTS), [taken, setTaken] = useState(false), [tried, setTried] = useState(null);
  const slots = useLoad(() => getPage(url(`/api/sessions/${taken ? 'calendar' : 'slots'}`, { trainerId, limit })), [trainerId, limit, taken]);
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
        <Check label="Also what is taken, to wait for it" checked={taken} change={setTaken} />
      </div>
      <Refused error={error} />
      {error?.code === 'SESSION_NOT_AVAILABLE' && (
        <p class="buttons">
          <Wait user={user} slot={tried} label="Wait for this time" done={clear} />
        </p>
      )}
      <Loaded of={slots} what="the open slots" empty="Nothing is open at the moment.">
        {({ next }) => (
          <>
            {[...days].map(([day, some]) => <Day key={day} user={user} day={day} slots={some} book={book} busy={busy} />)}
            {next && <p class="buttons"><button type="button" onClick={() => setLimit(limit + SLOTS)}>Show more</button></p>}
          </>
        )}
      </Loaded>
    </section>
  );
}
