// Open pages hear of every change within a second, once and in order, whatever is restarted; and of nothing that is not theirs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { ada, jane, john, Page, sleep, stella, Studio, tokenOf, tom } from './harness.js';

const run = promisify(execFile);
let studio;
before(async () => {
  studio = await Studio.make('events');
  await studio.start({ BEAT_MS: 300, JOB_MS: 300 });
});
after(() => studio.end());

const open = async (actor, lastId) => {
  const page = new Page(studio, actor, lastId);
  if (!lastId) await page.until(({ events }) => events.length > 0);
  return page;
};

test('every page within a second', async (t) => {
  const pages = await Promise.all([open(ada), open(stella), open(john)]);
  const slots = await studio.slots(5);
  await studio.post(ada, '/api/sessions/add-to-user', { userId: john, sessionCount: 5 });
  const took = [];
  for (const sessionId of slots) {
    const began = Date.now();
    await studio.post(john, `/api/sessions/book/${john}`, { sessionId });
    for (const page of pages) await page.until((one) => one.changes().at(-1)?.sessionId === sessionId);
    took.push(Math.max(...pages.map((page) => page.changes().at(-1).heard)) - began);
  }
  for (const page of pages) {
    const told = page.changes().filter(({ kind }) => kind && kind !== 'slots');
    assert.deepEqual(told.map(({ kind, delta }) => [kind, delta]), [['grant', 5], ...slots.map(() => ['booking', -1])]);
    await page.close();
  }
  t.diagnostic(`# a change is on three pages after ${took.join(', ')} ms`);
  assert(took.sort((a, b) => a - b)[2] < 1000);
});

test('others are told what to ask for again, and no more', async () => {
  const [janes, toms] = await Promise.all([open(jane), open(tom)]);
  const [slot] = await studio.slots(1, tom, '3 days');
  await studio.post(ada, '/api/sessions/add-to-user', { userId: john, sessionCount: 1, reason: 'Private' });
  await studio.post(john, `/api/sessions/book/${john}`, { sessionId: slot });
  await janes.until((page) => page.changes().some(({ sessionId }) => sessionId === slot));
  const about = (page) => page.changes().filter(({ userId, sessionId }) => userId === john || sessionId === slot);
  await toms.until((page) => about(page).length >= 2);
  assert.deepEqual(about(janes).map((change) => Object.keys(change).sort()), [['event', 'fromSessionId', 'heard', 'id', 'sessionId']]);
  assert.deepEqual(about(toms).map(({ event, heard, id, ...rest }) => rest), [{ userId: john }, { sessionId: slot, fromSessionId: null }]);
  await Promise.all([janes.close(), toms.close()]);
});

test('open slots and blocked time, which are nobody\'s booking', async () => {
  const page = await open(john);
  await page.until((one) => one.events.some(({ event }) => event === 'hello'));
  const heard = () => page.events.filter(({ event }) => event === 'change').length;
  let before = heard();
  const at = new Date(Date.now() + 40 * 86400e3).toISOString();
  const { body: { sessionIds: [slot] } } = await studio.post(tom, '/api/sessions/open', { trainerId: tom, at });
  for (const change of [() => {}, () => studio.post(tom, `/api/sessions/${slot}/move`, { duration: 30 }), () => studio.post(tom, `/api/sessions/${slot}/cancel`),
    () => studio.post(tom, '/api/sessions/block', { trainerId: tom, at })]) {
    await change();
    await page.until(() => heard() > before);
    before = heard();
  }
  await page.close();
});

test('who waits is booked for when a place comes free, and credits expire, while nobody asks', async () => {
  const [slot] = await studio.slots(1, tom, '60 days');
  await studio.grant(jane, 1);
  await studio.grant(john, 1);
  await studio.post(john, `/api/sessions/book/${john}`, { sessionId: slot });
  assert.equal((await studio.post(jane, `/api/sessions/wait/${jane}`, { sessionId: slot, auto: true })).body.place.line, 1);
  const page = await open(jane);
  await studio.post(john, `/api/sessions/${slot}/cancel`);
  await page.until((one) => one.changes().some(({ kind }) => kind === 'booking'));
  await studio.sql("SELECT FROM swan_grant($1, 1, expires_at => now() + interval '1 second')", [jane]);
  await page.until((one) => one.changes().some(({ kind }) => kind === 'expiry'));
  await page.close();
});

// Each change once, by the numbers of the ledger.
async function complete(page, user, since) {
  const ids = (await studio.sql('SELECT id::integer FROM studio.swan_ledger WHERE user_id = $1 AND id > $2 ORDER BY id', [user, since])).map(({ id }) => id);
  await page.until((one) => one.changes().some(({ id }) => id === ids.at(-1)));
  assert.deepEqual(page.changes().map(({ id }) => id), ids);
}
const last = async () => (await studio.sql('SELECT coalesce(max(id), 0)::integer AS id FROM studio.swan_ledger'))[0].id;

test('a page that was away hears what it has missed', async () => {
  const page = await open(jane);
  const since = await last();
  await studio.grant(jane, 1);
  await page.until((one) => one.changes().length === 1);
  await page.close();
  for (let i = 0; i < 5; i++) await studio.grant(jane, 1);
  const again = await open(jane, page.lastId);
  again.events = page.events;
  await studio.grant(jane, 1);
  await complete(again, jane, since);
  await again.close();
});

test('a page to which nothing is said knows all the same where it is', async () => {
  const page = await open(jane);
  const before = page.lastId;
  await studio.grant(john, 1);
  await page.until((one) => one.lastId !== before);
  assert.deepEqual(page.changes(), []);
  await page.close();
});

test('a page that saw an empty feed, and left', async () => {
  const empty = await Studio.make('empty');
  await empty.start();
  try {
    const page = new Page(empty, john);
    await page.until(({ events }) => events.some(({ event }) => event === 'hello'));
    await page.close();
    await empty.grant(john, 2);
    const again = new Page(empty, john, page.lastId);
    await again.until((one) => one.changes().length === 1);
  } finally {
    await empty.end();
  }
});

// Credits come and go all the time while something is restarted.
async function whileGranting(work) {
  let going = true, given = 0, refused = 0;
  const since = Date.now();
  const granting = (async () => {
    for (let i = 0; going; i++) {
      const key = `${since} ${i}`;
      for (let done = false; !done;) {
        try {
          const { status } = await studio.post(ada, '/api/sessions/add-to-user', { userId: john, sessionCount: 1 }, { 'Idempotency-Key': key });
          done = status === 200;
          if (!done) refused++;
        } catch { refused++; }
        await sleep(20);
      }
      given++;
    }
  })();
  await sleep(300);
  await work();
  await sleep(500);
  going = false;
  await granting;
  return { given, refused };
}

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`the server is restarted by ${signal}`, async () => {
    const pages = await Promise.all([open(ada), open(john)]);
    const since = await last(), before = await studio.available(john);
    const { given } = await whileGranting(async () => {
      for (let i = 0; i < 2; i++) {
        await studio.stop(signal);
        await sleep(200);
        await studio.start();
        await sleep(300);
      }
    });
    assert.equal(await studio.available(john) - before, given, 'each credit once, and none lost');
    for (const page of pages) {
      await complete(page, john, since);
      assert(page.times >= 3);
      await page.close();
    }
  });
}

test('the database is restarted', { skip: !process.env.STUDIO_PGDATA && 'STUDIO_PGDATA does not say where it is' }, async () => {
  const pages = await Promise.all([open(ada), open(john)]);
  const since = await last(), before = await studio.available(john);
  const { given, refused } = await whileGranting(async () => {
    await run('pg_ctl', ['-D', process.env.STUDIO_PGDATA, '-m', 'immediate', '-w', '-s', 'stop']);
    await sleep(700);
    assert.equal((await studio.get(john, '/api/sessions/slots')).status, 503, 'what is asked meanwhile may be asked again');
    await run('pg_ctl', ['-D', process.env.STUDIO_PGDATA, '-l', `${process.env.STUDIO_PGDATA}/../log`, '-w', '-s', 'start']);
  });
  assert(refused > 0);
  assert.equal(await studio.available(john) - before, given);
  for (const page of pages) {
    await complete(page, john, since);
    assert.equal(page.times, 1, 'the page stays open');
    await page.close();
  }
});

test('a feed that begins anew, as after a restore', async () => {
  const page = await open(john);
  await studio.grant(john, 1);
  await page.until((one) => one.changes().length === 1);
  await studio.sql('SELECT swan_rebase_feed()');
  await page.until((one) => one.events.some(({ event }) => event === 'reset'));
  await studio.grant(john, 1);
  await page.until((one) => one.changes().length === 2);
  await page.close();
  const old = await open(john, 'of another place');
  await old.until((one) => one.events.some(({ event }) => event === 'reset'));
  await studio.grant(john, 1);
  await old.until((one) => one.changes().length === 1);
  await old.close();
});

test('a token that ends, ends the page', async () => {
  const token = await tokenOf(john, { expires: '2s' });
  const response = await fetch(`${studio.url}/api/events`, { headers: { Authorization: `Bearer ${token}` } });
  const began = Date.now();
  for await (const chunk of response.body) chunk;
  assert(Date.now() - began < 20000);
  assert.equal((await fetch(`${studio.url}/api/events`, { headers: { Authorization: `Bearer ${token}` } })).status, 401);
});
