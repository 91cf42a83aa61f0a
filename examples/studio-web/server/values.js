// Values of a request. Numbers, ids and times are passed on as they came: the database says what is none. Whatever can be
// written as text would be one there, so what must be a text is looked at here.
import { Refusal } from './errors.js';

export function text(value) {
  if (value != null && typeof value !== 'string') throw new Refusal(400, 'INVALID_ARGUMENT', 'A value is not valid.');
  return value;
}

// The key that makes a request safe to repeat: the browser's own.
export const keyOf = (req) => req.get('Idempotency-Key') ?? text(req.body?.key);
