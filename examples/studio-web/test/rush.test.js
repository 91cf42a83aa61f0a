// 200 clients want the same 20 slots, all of them, at once. Beside it the same rush on the code of before, which is not
// judged, but shown.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import autocannon from 'autocannon';
import { readFileSync } from 'node:fs';
import { Studio, tokenOf, tom } from './harness.js';

const CLIENTS = 200, SLOTS = 20;
const clients = Array.from({ length: CLIENTS }, (_, i) => 1001 + i);

let studio;
before(async () => {
  studio = await Studio.make('rush');
  await studio.sql("INSERT INTO studio.users (id, role) SELECT unnest($1::bigint[]), 'client'", [clients]);
  await studio.sql('SELECT FROM swan_grant_many($1, $2)', [clients, SLOTS]);
  await studio.sql(readFileSync(new URL('../bench/before.sql', import.meta.url), 'utf8'));
  await studio.sql('INSERT INTO plain.users SELECT unnest($1::integer[]), $2', [clients, SLOTS]);
});
after(() => studio.end());

// Each client asks for every slot, each beginning with another one. Answers are counted by status.
async function rush(slots) {
  const tokens = new Map(await Promise.all(clients.map(async (client) => [client, await tokenOf(client)])));
  const statuses = {}, times = [];
  let next = 0;
  const run = autocannon({
    url: studio.url, connections: CLIENTS, amount: CLIENTS * SLOTS, timeout: 60,
    setupClient(connection) {
      const client = clients[next++ % CLIENTS];
      connection.setRequests(slots.map((_, i) => ({
        method: 'POST', path: `/api/sessions/book/${client}`,
        headers: { Authorization: `Bearer ${tokens.get(client)}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ sessionId: slots[(i + client) % SLOTS] }) })));
    },
  });
  run.on('response', (_, status, __, ms) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    times.push(ms);
  });
  const { errors } = await run;
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.floor(times.length * part)];
  return { statuses, errors, requests: times.length, p50: at(0.5), p95: at(0.95), last: times.at(-1) };
}

const say = (t, who, { requests, statuses, p50, p95, last }) =>
  t.diagnostic(`# ${who}: ${requests} requests, ${statuses[200] ?? 0} said "booked" for ${SLOTS} slots; ` +
    `p50 ${p50.toFixed()} ms, p95 ${p95.toFixed()} ms, the last ${last.toFixed()} ms`);

test('one winner a slot, and nothing but 200 and 400', async (t) => {
  const slots = await studio.slots(SLOTS);
  await studio.start();
  const result = await rush(slots);
  await studio.stop();
  say(t, 'after ', result);
  assert.equal(result.errors, 0);
  assert.deepEqual(result.statuses, { 200: SLOTS, 400: CLIENTS * SLOTS - SLOTS });
  const [row] = await studio.sql(`SELECT count(*)::integer AS booked, count(DISTINCT id)::integer AS slots FROM studio.sessions
    WHERE id = ANY ($1) AND status = 'scheduled' AND user_id IS NOT NULL`, [slots]);
  assert.deepEqual(row, { booked: SLOTS, slots: SLOTS });
  const [{ left }] = await studio.sql('SELECT sum(available_sessions)::integer AS left FROM studio.users WHERE id = ANY ($1)', [clients]);
  assert.equal(left, CLIENTS * SLOTS - SLOTS);
});

test('the same on the code of before', async (t) => {
  const slots = (await studio.sql('INSERT INTO plain.sessions (session_date) SELECT now() + n * interval \'3 hours\' FROM generate_series(1, $1) n RETURNING id', [SLOTS]))
    .map(({ id }) => id);
  await studio.start({}, 'bench/before.js');
  const result = await rush(slots);
  await studio.stop();
  say(t, 'before', result);
  const [{ lost }] = await studio.sql('SELECT ($1 - sum(available_sessions))::integer AS lost FROM plain.users', [CLIENTS * SLOTS]);
  t.diagnostic(`# before: ${lost} credits were taken for ${SLOTS} sessions`);
});
