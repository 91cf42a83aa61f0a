// Server-sent events: every open page hears of every change that it may know of, once and in order.
//
// One poller follows swan_changes for all pages. Each event carries the feed's cursor as its id; a browser that comes back
// says the last one that it has had, and gets what followed, whatever was restarted in between.
import express from 'express';
import { unauthenticated } from './errors.js';

const BATCH = 1000;
const HOUR = 3600e3;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const newer = (a, b) => !b || a.xid > b.xid || (a.xid === b.xid && a.id > b.id);

export function changeFeed(config, db, person) {
  const pages = new Set();
  const ends = new Set();
  let place = null;         // the cursor up to which the pages have been told
  let ending = false;

  const read = (after) => db.query('SELECT * FROM swan_changes($1, $2)', [after, BATCH]);

  // Reads on from a cursor and shows each row; to the end of what there is.
  async function follow(after, show) {
    for (;;) {
      const rows = await read(after);
      rows.forEach(show);
      if (rows.length > 0) after = rows.at(-1).cursor;
      if (rows.length < BATCH) return;
    }
  }

  // Where the feed ends now: what pages show is read after they were told so.
  const endNow = async () => (await db.one('SELECT cursor FROM swan_feed_end()')).cursor;

  // After a restore the studio's owner starts the feed anew; until then it is SW016. The pages read everything again.
  async function afterReset(err) {
    if (err.code !== 'SW016') throw err;
    place = await endNow();
    pages.forEach((page) => page.reset());
  }

  async function run() {
    let failing = false;
    while (!ending) {
      try {
        place ??= await endNow();
        await follow(place, (row) => { place = row.cursor; pages.forEach((page) => page.change(row)); }).catch(afterReset);
        failing = false;
      } catch (err) {
        if (!failing) console.error(`the feed waits: ${err.message}`);
        failing = true;
      }
      await sleep(config.pollMs);
    }
  }

  // A page that is open. Until it has caught up, what is new waits.
  function openPage(res, user, after) {
    let last = null, waiting = [];
    const write = (event, data, id) => {
      if (res.writableLength > 1 << 20) return res.destroy();          // it does not read: let it come back
      res.write(`event: ${event}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
    };
    const show = (row) => {
      if (!newer(row, last)) return;
      last = row;
      const seen = visible(row, user);
      if (seen) write('change', seen, row.cursor);
    };
    const reset = () => { last = null; after = place; write('reset', {}, after); };
    return {
      change: (row) => (waiting ? waiting.push(row) : show(row)),
      reset,
      // A sign of life, and where it is by now, though what came meanwhile was not for it.
      beat: () => res.write(waiting ? ': still here\n\n' : `id: ${place}\n\n`),
      // What it has missed, if it says how far it was; begun again if the database went away meanwhile.
      async catchUp() {
        if (after === null) write('hello', { role: user.role }, place);
        else await follow(last?.cursor ?? after, show).catch((err) => {
          if (err.code !== 'SW016' && err.code !== 'SW013') throw err;
          reset();
        });
        waiting.forEach(show);
        waiting = null;
      },
    };
  }

  async function attach(res, req) {
    let page;
    while (!res.writableEnded && !res.destroyed) {
      try {
        if (!place) throw new Error('the feed has not begun');
        if (!page) {
          const user = await person(req.user.id);
          if (!user) return res.end();
          page = openPage(res, user, req.get('Last-Event-ID') || null);
          pages.add(page);
          const beat = setInterval(page.beat, config.beatMs);
          res.on('close', () => { clearInterval(beat); pages.delete(page); });
        }
        return await page.catchUp();
      } catch {
        await sleep(config.pollMs);
      }
    }
  }

  const router = express.Router();

  // Answered at once, also when the database is away: a browser does not come back after an error.
  router.get('/', async (req, res) => {
    if (req.user.expires <= Date.now()) throw unauthenticated();
    res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    res.flushHeaders();
    res.write('retry: 500\n\n');
    // Sooner or later it ends and the browser comes back, with what it may know by then.
    const enough = setTimeout(() => res.end(), Math.min(req.user.expires - Date.now(), HOUR));
    const end = () => res.end();
    ends.add(end);
    res.on('close', () => { clearTimeout(enough); ends.delete(end); });
    await attach(res, req);
  });

  let running;
  return {
    router,
    start: () => { running = run(); },
    stop: async () => { ending = true; ends.forEach((end) => end()); await running; },
  };
}

// Of what is his own, and for the office of everything, a person hears all. Of the rest only that a session has changed,
// and trainers that somebody's credits have: the page asks again, and is told what it may know.
function visible({ id, kind, user_id, session_id, from_session_id, delta, balance_after, crossing, at }, user) {
  if (user.role === 'admin' || user.role === 'staff' || user_id === user.id)
    return { id, kind, userId: user_id, sessionId: session_id, fromSessionId: from_session_id, delta,
      balanceAfter: balance_after, crossing, at };
  if (session_id !== null || kind === 'slots') return { id, sessionId: session_id, fromSessionId: from_session_id };
  return user.role === 'trainer' ? { id, userId: user_id } : null;
}
