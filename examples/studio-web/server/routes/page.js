// A page of a list: its rows without their cursors, and where the next page is, in the answer and in the header Link.
import { camel } from '../db.js';

export function page(req, res, rows, limit) {
  const next = rows.length > 0 && rows.length >= Number(limit) ? rows.at(-1).cursor : null;
  if (next) {
    const url = new URL(req.originalUrl, 'http://here');
    url.searchParams.set('after', next);
    res.links({ next: url.pathname + url.search });
  }
  return { rows: rows.map(({ cursor, ...row }) => camel(row)), next };
}
