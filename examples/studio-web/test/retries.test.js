// Replies that are lost, buttons that are pressed twice, a server that dies in the middle: each booking once, and none lost.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { ada, jane, john, sleep, Studio, tokenOf, tom } from './harness.js';

let studio;
before(async () => {
  studio = await Studio.make('retries');
  await studio.start();
});
after(() => studio.end());

const book = (user, sessionId, key) =>
  studio.post(user, `/api/sessions/book/${user}`, { sessionId }, key && { 'Idempotency-Key': key });

test('a reply that is lost', async () => {
  const [slot] = await studio.slots(1);
  await studio.grant(john, 3);
  const body = JSON.stringify({ sessionId: slot });
  const socket = connect(studio.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`POST /api/sessions/book/${john} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${await tokenOf(john)}\r\nIdempotency-Key: lost\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await once(socket, 'readable');                      // it is booked, and nobody has read that
  socket.destroy();
  const { status, body: again } = await book(john, slot, 'lost');
  assert.deepEqual([status, again.message, again.replayed, again.availableSessions], [200, 'Session booked successfully.', true, 2]);
  assert.equal(await studio.available(john), 2);
});

test('a double click, with a key and without', async () => {
  const [first, second] = await studio.slots(2, tom, '4 days');
  const twice = await Promise.all([book(john, first, 'click'), book(john, first, 'click')]);
  assert.deepEqual(twice.map(({ status }) => status), [200, 200]);
  assert.deepEqual(twice.map(({ body }) => body.replayed).sort(), [false, true]);
  const bare = await Promise.all([book(john, second), book(john, second)]);
  assert.deepEqual(bare.map(({ status }) => status).sort(), [200, 400], 'the second one finds it taken');
  assert.equal(await studio.available(john), 0);
});

test('the last credit on two devices', async () => {
  const slots = await studio.slots(2, tom, '7 days');
  await studio.grant(jane, 1);
  const answers = await Promise.all(slots.map((slot) => book(jane, slot)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400]);
  assert.deepEqual(answers.find(({ status }) => status === 400).body, { success: false, code: 'INSUFFICIENT_SESSIONS',
    message: 'No available sessions. Please purchase a session package to book this session.', availableSessions: 0 });
});

test('a refusal costs no connection', async () => {
  const connections = async () => (await studio.sql(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'studio_web' ORDER BY pid")).map(({ pid }) => pid);
  const before = await connections();
  for (let i = 0; i < 10; i++) {
    assert.equal((await book(jane, 99999)).status, 400);
    assert.equal((await studio.get(jane, '/api/auth/me')).status, 200);
  }
  const after = await connections();
  assert(before.length > 0 && before.every((pid) => after.includes(pid)));
});

test('credits given twice by a nervous finger', async () => {
  const give = () => studio.post(ada, '/api/sessions/add-to-user', { userId: jane, sessionCount: 4 }, { 'Idempotency-Key': 'nervous' });
  await Promise.all([give(), give(), give()]);
  assert.equal(await studio.available(jane), 4);
});

test('the server dies in the middle of 200 bookings', async () => {
  await studio.sql(`INSERT INTO studio.users (id, role) SELECT n, 'client' FROM generate_series(1001, 1200) n`);
  await studio.sql("SELECT FROM swan_grant_many((SELECT array_agg(n::bigint) FROM generate_series(1001, 1200) n), 2)");
  const slots = await studio.slots(200, tom, '30 days');
  let deaths = 0, failures = 0, done = 0;

  const clients = slots.map(async (slot, i) => {
    for (;;) {
      try {
        const { status, body } = await book(1001 + i, slot, `booking ${i}`);
        if (status === 200) { done++; return body; }
        assert.equal(status, 503);
      } catch (err) {
        if (err.code === 'ERR_ASSERTION') throw err;
        failures++;
      }
      await sleep(50);
    }
  });
  const killer = (async () => {
    for (const at of [20, 90, 150]) {
      while (done < at) await sleep(1);
      await studio.stop('SIGKILL');
      deaths++;
      await studio.start();
    }
  })();
  const bodies = await Promise.all(clients);
  await killer;
  assert(deaths === 3 && failures > 0, 'it died, and that was felt');
  assert(bodies.every((body, i) => body.session.id === slots[i] && body.availableSessions === 1));
  const [row] = await studio.sql(`SELECT (SELECT count(*)::integer FROM studio.sessions WHERE id = ANY ($1) AND status = 'scheduled') AS booked,
    (SELECT sum(available_sessions)::integer FROM studio.users WHERE id > 1000) AS left,
    (SELECT count(*)::integer FROM studio.swan_ledger WHERE kind = 'booking' AND user_id > 1000) AS debits`, [slots]);
  assert.deepEqual(row, { booked: 200, left: 200, debits: 200 });
});
