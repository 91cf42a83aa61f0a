// What has been chosen in the schedule: whose it is, how many sessions he has, and what can be done with it.
import { useEffect, useRef } from 'preact/hooks';
import { movable } from '../calendar.js';
import { showMoment, showTime } from '../time.js';
import { STATUSES } from '../words.js';
import { BookFor } from './bookfor.jsx';
import { Do } from './do.jsx';
import { Move } from './move.jsx';
import { SessionCount } from './countcard.jsx';

// What the office can do with each kind of entry. Whether somebody came is known once it has begun.
function Actions({ entry: { id, kind, userId, sessionDate } }) {
  const at = (what) => `/api/sessions/${id}/${what}`;
  const cancel = (label, said) => <Do key="cancel" label={label} path={at('cancel')} said={said} />;
  const complete = Date.parse(sessionDate) > Date.now() ? [] : [
    <Do key="came" label="Completed" path={at('complete')} body={{ attended: true }} />,
    <Do key="missed" label="Did not come" path={at('complete')} body={{ attended: false }} />,
  ];
  return {
    available: () => [<BookFor key="book" sessionId={id} />, cancel('Close this slot', 'The slot is closed.')],
    held: () => [<Do key="release" label="Let go of it" path={at('release')} said="The slot is open again." />],
    requested: () => [<Do key="grant" main label="Grant" path={`/api/sessions/book/${userId}`} body={{ sessionId: id }} />, cancel('Decline')],
    blocked: () => [cancel('Free this time', 'The time is free.')],
    scheduled: () => [<Do key="confirm" main label="Confirm" path={at('confirm')} />, ...complete, cancel('Cancel booking')],
    confirmed: () => [...complete, cancel('Cancel booking')],
  }[kind]?.() ?? null;
}

function Members({ members }) {
  if (members.length === 0) return <p class="quiet">Nobody has booked yet.</p>;
  return members.map(({ id, userId, clientName }) => (
    <details key={id}><summary>{clientName}</summary><SessionCount userId={userId} name={clientName} /></details>
  ));
}

export function EntryCard({ entry, entries, trainers, close }) {
  const heading = useRef(null);
  useEffect(() => heading.current.focus(), []);
  const { kind, sessionDate, duration, trainerName, userId, clientName, hold, members, places, placesLeft } = entry;
  return (
    <>
      <header class="card-head">
        <h2 tabIndex={-1} ref={heading}>{STATUSES[kind].name}: {showMoment(sessionDate)}</h2>
        <button type="button" aria-label="Close" onClick={close}>×</button>
      </header>
      <p>{duration} minutes with {trainerName ?? 'no trainer yet'}{kind === 'class' && `, ${placesLeft} of ${places} places left`}</p>
      {hold && <p>Held for {hold.userName} until {showTime(hold.until)}</p>}
      {members ? <Members members={members} /> : userId !== null && kind !== 'blocked' && <SessionCount userId={userId} name={clientName} />}
      <div class="buttons"><Actions entry={entry} /></div>
      {movable(entry) && <Move entry={entry} entries={entries} trainers={trainers} />}
    </>
  );
}
