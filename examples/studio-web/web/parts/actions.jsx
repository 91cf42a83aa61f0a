// What the office, or the trainer, can do with each kind of entry of the schedule.
import { showMoment } from '../time.js';
import { OFFICE, useWho } from '../who.js';
import { BookFor } from './bookfor.jsx';
import { Cancel } from './cancel.jsx';
import { Do } from './do.jsx';

export function Actions({ entry, of }) {
  const { id, kind, userId, trainerId, sessionDate, hold } = entry;
  const { user, may } = useWho();
  const act = (label, what, more) => <Do key={label} label={label} of={of} path={`/api/sessions/${id}/${what}`} {...more} />;
  const book = (label, whom) => <Do key={label} main label={label} of={of} path={`/api/sessions/book/${whom}`} body={{ sessionId: id }} />;
  const cancel = may('cancel') && <Cancel key="cancel" entry={entry} of={of} />;

  // Whether somebody came is known once it has begun.
  const complete = () => Date.parse(sessionDate) <= Date.now() && may('complete')
    && [act('Completed', 'complete', { body: { attended: true } }), act('Did not come', 'complete', { body: { attended: false } })];
  // What has no trainer yet is for the office to grant.
  const grants = may('book') && (trainerId !== null || OFFICE.includes(user.role));

  return {
    available: () => [may('book') && <BookFor key="book" sessionId={id} />, may('open') && act('Close this slot', 'cancel', { said: 'The slot is closed.', once: true })],
    class: () => may('book') && <BookFor sessionId={id} places />,
    held: () => may('book') && [book(`Book for ${hold.userName}`, hold.userId), act('Let go of it', 'release', { said: 'The slot is open again.' })],
    requested: () => [grants && book('Grant', userId), may('cancel') && act('Decline', 'cancel', { said: `Declined: ${showMoment(sessionDate)}.` })],
    blocked: () => act('Free this time', 'cancel', { said: 'The time is free.', once: true }),
    scheduled: () => [act('Confirm', 'confirm', { main: true }), complete(), cancel],
    confirmed: () => [complete(), cancel],
  }[kind]?.() ?? null;
}
