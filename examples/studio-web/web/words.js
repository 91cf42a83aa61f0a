// The sentences and names that the pages show.

export const WARNINGS = {
  none: 'Client has no available sessions. Add sessions to enable booking.',
  low: 'Client has low session count. Consider adding more sessions.',
};

// Each status has a sign of its own, so that it is not told by its colour alone.
export const STATUSES = {
  available: { sign: '○', name: 'Open' },
  scheduled: { sign: '●', name: 'Booked' },
  confirmed: { sign: '✓', name: 'Confirmed' },
  completed: { sign: '■', name: 'Completed' },
  held: { sign: '◐', name: 'Held' },
  requested: { sign: '?', name: 'Requested' },
  blocked: { sign: '✕', name: 'Blocked' },
  class: { sign: '▦', name: 'Class' },
};

const KINDS = {
  opening: 'Brought along', grant: 'Added', purchase: 'Bought', reversal: 'Payment reversed', reinstatement: 'Payment reinstated',
  revocation: 'Taken back', transfer: 'Transferred', merge: 'Accounts merged', usage: 'Used before', expiry: 'Expired', extension: 'Extended',
  booking: 'Booked', cancellation: 'Cancelled', correction: 'Corrected', reschedule: 'Rescheduled', slots: 'Slots changed', charge: 'Charged',
  waiver: 'Waived', move: 'Moved', hold: 'Held', release: 'Let go', request: 'Requested', suspension: 'Suspended', resumption: 'Resumed',
  wait: 'In line', unwait: 'Left the line', offer: 'Offered', confirmation: 'Confirmed', completion: 'Completed', no_show: 'Did not come',
  external: 'Changed elsewhere',
};

export const kindName = (kind) => KINDS[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('_', ' ');

export const nameOf = ({ firstName, lastName, email, id }) => [firstName, lastName].filter(Boolean).join(' ') || email || `Client ${id}`;

export const sessions = (n) => `${n} ${n === 1 ? 'session' : 'sessions'}`;

export const money = (minor, currency) => {
  if (minor == null || !currency) return '';
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
};
