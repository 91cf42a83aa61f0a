// What has been chosen in the schedule: whose it is, how many sessions he has, and what can be done with it.
import { useEffect, useRef } from 'preact/hooks';
import { movable } from '../calendar.js';
import { showMoment, showTime } from '../time.js';
import { useWho } from '../who.js';
import { STATUSES } from '../words.js';
import { Actions } from './actions.jsx';
import { Button } from './button.jsx';
import { Line } from './line.jsx';
import { Move } from './move.jsx';
import { SessionCount } from './countcard.jsx';

function Members({ members }) {
  if (members.length === 0) return <p class="quiet">Nobody has booked yet.</p>;
  return members.map((member) => (
    <details key={member.id}>
      <summary>{member.clientName} <span class="quiet">{STATUSES[member.kind].name}</span></summary>
      <SessionCount userId={member.userId} name={member.clientName} />
      <div class="buttons"><Actions entry={member} of={member.clientName} /></div>
    </details>
  ));
}

export function EntryCard({ entry, entries, trainers, choose, close }) {
  const heading = useRef(null), { may } = useWho();
  useEffect(() => heading.current.focus(), []);
  const { kind, sessionDate, duration, trainerId, trainerName, userId, clientName, hold, members, places, placesLeft, notes } = entry;
  return (
    <>
      <header class="card-head">
        <h2 tabIndex={-1} ref={heading}>{STATUSES[kind].name}: {showMoment(sessionDate)}</h2>
        <Button aria-label="Close" onClick={close}>×</Button>
      </header>
      <p>{duration} minutes with {trainerName ?? 'no trainer yet'}{kind === 'class' && `, ${placesLeft} of ${places} places left`}</p>
      {notes && <p class="quiet">{notes}</p>}
      {hold && <p>Held for {hold.userName} until {showTime(hold.until)}</p>}
      {members ? <><Members members={members} /><Line sessionId={entry.id} /></>
        : userId !== null && kind !== 'blocked' && <SessionCount userId={userId} name={clientName} />}
      <div class="buttons"><Actions entry={entry} /></div>
      {movable(entry, may) && <Move key={`${sessionDate} ${trainerId}`} entry={entry} entries={entries} trainers={trainers} choose={choose} />}
    </>
  );
}
