// The entries of the schedule as its table shows them: of what kind each is, in which column and row, where it can go.
import { wall } from './time.js';

const LIVE = 'available,scheduled,confirmed,completed,requested,blocked';
export const schedulePath = (since, until, trainerId) => ['/api/sessions/schedule', { since, until, trainerId, status: LIVE }];

// Who may do what moves it; blocked time is his own who keeps it.
const MOVED_BY = { available: 'open', held: 'open', class: 'open', scheduled: 'book', confirmed: 'book', requested: 'book', blocked: null };
export const movable = ({ kind, members = [] }, may) => kind in MOVED_BY && (MOVED_BY[kind] === null || may(MOVED_BY[kind]))
  && members.every((member) => member.kind !== 'completed');

// What has been moved, or has taken another's place, stays chosen.
export const movedTo = ({ id, sessionId }, { session }) => (session.id === sessionId ? id : session.id);

// A booking that goes to an open slot takes it, and leaves its own.
export const exchangeable = ({ kind }, to) =>
  ['scheduled', 'confirmed'].includes(kind) && to?.kind === 'available' && Date.parse(to.sessionDate) > Date.now();

// The request that brings an entry to an open slot, or to a time of the studio's clocks.
export const moving = ({ sessionId: id }, { day, time, trainerId, slot }) => (slot
  ? [`/api/sessions/${id}/reschedule`, { toSessionId: slot }]
  : [`/api/sessions/${id}/move`, { at: `${day} ${time}`, trainerId }]);

// Rows of the schedule and what is held become entries; the places of a class are one of them, with the id of the class, since
// any of its places may go.
export function entriesOf(rows, holds = []) {
  const held = new Map(holds.map((hold) => [hold.sessionId, hold]));
  const classes = new Map(), entries = [];
  for (const row of rows) {
    const { day, time, hour } = wall(row.sessionDate);
    const entry = { ...row, id: row.sessionId, day, time, hour, kind: row.status };
    if (row.classId === null) {
      const hold = held.get(row.sessionId);
      entries.push(hold ? { ...entry, hold, kind: 'held' } : entry);
      continue;
    }
    let one = classes.get(row.classId);
    if (!one) entries.push(one = { ...entry, id: row.classId, kind: 'class', members: [] });
    classes.set(row.classId, one);
    if (row.userId !== null) one.members.push(entry);
  }
  return entries;
}

// The hours that the table has rows for: those with entries, and a working day at least.
export function hoursOf(entries) {
  const hours = entries.map(({ hour }) => hour);
  const first = Math.min(8, ...hours), last = Math.max(18, ...hours);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
