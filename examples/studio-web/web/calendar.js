// The entries of the schedule as its table shows them: of what kind each is, in which column and row.
import { wall } from './time.js';

const LIVE = 'available,scheduled,confirmed,completed,requested,blocked';
export const schedulePath = (since, until, trainerId) => ['/api/sessions/schedule', { since, until, trainerId, status: LIVE }];

const MOVABLE = ['available', 'held', 'scheduled', 'confirmed', 'requested', 'blocked', 'class'];
export const movable = ({ kind }) => MOVABLE.includes(kind);
export const isBooking = ({ kind }) => ['scheduled', 'confirmed', 'requested'].includes(kind);

// Rows of the schedule and what is held become entries; the places of a class are one of them.
export function entriesOf(rows, holds) {
  const held = new Map(holds.map((hold) => [hold.sessionId, hold]));
  const classes = new Map(), entries = [];
  for (const row of rows) {
    const { day, time, hour } = wall(row.sessionDate);
    const entry = { ...row, id: row.sessionId, day, time, hour, hold: held.get(row.sessionId) };
    if (row.classId === null) {
      entries.push({ ...entry, kind: entry.hold ? 'held' : row.status });
      continue;
    }
    let one = classes.get(row.classId);
    if (!one) entries.push(one = { ...entry, kind: 'class', members: [] });
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
