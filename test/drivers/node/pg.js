// node-postgres against a studio made by swan_create_studio: 1 Ada (admin),
// 2 Tom (trainer), 3 John and 4 Jane (clients), slots 1 to 6. The login is
// listed as backend.
'use strict';
const { Pool } = require('pg');
const { assert, step, refused, wrongIds, main } = require('./report');
const documents = require('./documents');

main(async () => {
  const pool = new Pool({ max: 4 });
  const one = async (...args) => (await pool.query(...args)).rows[0];

  await step('grant: counts are numbers, ids are strings, sessions is parsed', async () => {
    const row = await one('SELECT * FROM swan_grant($1, $2, $3, key => $4, actor => $5)', [3, 5, 'Welcome', 'g1', 1]);
    assert.strictEqual(row.user_id, '3');
    assert.strictEqual(row.added, 5);
    assert.strictEqual(row.available_sessions, 5);
    assert.match(row.ledger_id, /^\d+$/);
    assert.strictEqual(row.message, 'Successfully added 5 sessions to John Doe. Total available: 5');
    assert.deepStrictEqual(row.sessions[4],
      { number: 5, status: 'available', duration: 60, notes: 'Welcome - Session 5' });
    assert.strictEqual(row.replayed, false);
    const again = await one('SELECT * FROM swan_grant($1, $2, $3, key => $4, actor => $5)', [3, 5, 'Welcome', 'g1', 1]);
    assert.deepStrictEqual(again, { ...row, replayed: true });
  });

  await step('book: an untyped parameter is a bigint, times are dates', async () => {
    const row = await one('SELECT * FROM swan_book($1, $2, actor => $3)', ['3', 1, 3]);
    assert.strictEqual(row.session_id, '1');
    assert.strictEqual(row.status, 'scheduled');
    assert.strictEqual(row.charged, true);
    assert.strictEqual(row.available_sessions, 4);
    assert.strictEqual(row.session_date.toISOString(), '2099-06-01T09:00:00.000Z');
  });

  await step('swan_time: a text without a zone is of the studio, a Date is an instant', async () => {
    const at = async (sql, value) => (await one(`SELECT ${sql} AS at`, [value])).at.toISOString();
    assert.strictEqual(await at('swan_time($1)', '2099-06-01T09:00'), '2099-06-01T07:00:00.000Z');
    assert.strictEqual(await at('swan_time($1)', '2099-06-01T09:00Z'), '2099-06-01T09:00:00.000Z');
    assert.strictEqual(await at('swan_time($1)', new Date('2099-06-01T09:00Z')), '2099-06-01T09:00:00.000Z');
    assert.strictEqual(await at('swan_time($1::timestamp)', '2099-06-01T09:00'), '2099-06-01T07:00:00.000Z');
    assert.deepStrictEqual((await pool.query('SELECT session_id FROM swan_slots(swan_time($1), swan_time($2))',
      ['2099-06-02 11:00', '2099-06-02 11:01'])).rows, [{ session_id: '2' }]);
  });

  await step('a bigint beyond 2^53 keeps its digits', async () => {
    const err = await refused(pool.query('SELECT * FROM swan_summary($1, actor => $2)', ['9007199254740993', 1]));
    assert.strictEqual(err.code, 'SW003');
    assert.match(err.message, /9007199254740993/);
    assert.match(err.detail, /9007199254740993|USER_NOT_FOUND/);
  });

  await step('a prepared statement with a name', async () => {
    const query = (id) => ({ name: 'can', text: 'SELECT * FROM swan_can_book($1, $2, actor => $3)', values: [3, id, 3] });
    assert.deepStrictEqual(await one(query(1)),
      { ok: false, sqlstate: 'SW002', code: 'SESSION_NOT_AVAILABLE', message: 'Session is not available for booking.' });
    assert.strictEqual((await one(query(2))).ok, true);
  });

  await step('purchase: once, amounts in the smallest unit, details as JSON', async () => {
    const args = [4, 10, 'pi_1', 'pack', '50000', 'USD', JSON.stringify({ campaign: 'summer' }), 1];
    const sql = 'SELECT * FROM swan_purchase($1, $2, $3, $4, $5, $6, $7, actor => $8)';
    const row = await one(sql, args);
    assert.strictEqual(row.added, 10);
    assert.deepStrictEqual(await one(sql, args), { ...row, replayed: true });
    args[1] = 11;
    assert.strictEqual((await refused(pool.query(sql, args))).code, 'SW009');
  });

  await step('refusal: SQLSTATE, and DETAIL is JSON', async () => {
    await one('SELECT * FROM swan_revoke($1, actor => $2)', [4, 1]);
    const err = await refused(pool.query('SELECT * FROM swan_book($1, $2, actor => $3)', [4, 2, 4]));
    assert.strictEqual(err.code, 'SW001');
    assert.deepStrictEqual(JSON.parse(err.detail), {
      code: 'INSUFFICIENT_SESSIONS', http: 400, availableSessions: 0,
      message: 'No available sessions. Please purchase a session package to book this session.',
    });
    assert.strictEqual(typeof err.hint, 'string');
  });

  await step('an actor that is undefined or null is refused', async () => {
    for (const actor of [undefined, null]) {
      const err = await refused(pool.query('SELECT * FROM swan_grant($1, $2, actor => $3)', [3, 1, actor]));
      assert.strictEqual(err.code, 'SW006');
      assert.strictEqual(JSON.parse(err.detail).http, 403);
    }
    assert.strictEqual((await refused(pool.query('SELECT * FROM swan_grant($1, $2, actor => $3)', [3, 1, 3]))).code, 'SW006');
  });

  await step('swan_act_as holds for a transaction, and no longer', async () => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const { rows } = await client.query('SELECT swan_act_as($1)', [3]);
      assert.strictEqual(rows[0].swan_act_as, '3');
      assert.deepStrictEqual((await client.query('SELECT * FROM swan_actor()')).rows[0],
        { user_id: '3', role: 'client', source: 'act_as' });
      const booked = await client.query('SELECT * FROM swan_book($1, $2)', [3, 2]);
      assert.strictEqual(booked.rows[0].available_sessions, 3);
      await client.query('COMMIT');
      assert.strictEqual((await refused(client.query('SELECT * FROM swan_summary($1)', [3]))).code, 'SW006');
    } finally {
      client.release();
    }
  });

  await step('a refused call aborts its transaction, a savepoint saves it', async () => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      assert.strictEqual((await refused(client.query('SELECT * FROM swan_book(3, 1, actor => 3)'))).code, 'SW002');
      assert.strictEqual((await refused(client.query('SELECT 1'))).code, '25P02');
      await client.query('ROLLBACK');
      await client.query('BEGIN');
      await client.query('SAVEPOINT s');
      await refused(client.query('SELECT * FROM swan_book(3, 1, actor => 3)'));
      await client.query('ROLLBACK TO s');
      assert.strictEqual((await client.query('SELECT * FROM swan_book(3, 3, actor => 3)')).rows[0].available_sessions, 2);
      await client.query('COMMIT');
    } finally {
      client.release();
    }
  });

  await step('eight requests at once for the last two credits', async () => {
    const requests = [4, 5, 6, 7, 8, 9, 10, 11].map((id) => pool.query('SELECT * FROM swan_book(3, $1, actor => 3)', [id]));
    const answers = await Promise.allSettled(requests);
    assert.strictEqual(answers.filter((a) => a.status === 'fulfilled').length, 2);
    assert.deepStrictEqual([...new Set(answers.filter((a) => a.status === 'rejected').map((a) => a.reason.code))], ['SW001']);
    assert.strictEqual((await one('SELECT * FROM swan_summary(3, actor => 3)')).available, 0);
  });

  const small = new Pool({ max: 1 });
  const [document, feed] = ['backends.md', 'feed.md'].map((name) => documents.blocks(name).map((block) => block.code).join('\n'));
  const load = (of) => documents.run(document.replace(/^const pool = .*$/m, ''),
    { require, pool: of, console: { error: () => {} } }, ['start', 'query', 'book', 'transaction']);
  const { start, query, book, transaction } = load(small);
  const pid = async () => (await query('SELECT pg_backend_pid() AS pid')).rows[0].pid;

  await step('docs/backends.md: its code books and answers', async () => {
    await start();
    await one('SELECT * FROM swan_grant(4, 1, actor => 1)');
    const good = await book(4, 12, 'k1', 4);
    assert.strictEqual(good.status, 200);
    assert.strictEqual(good.body.success, true);
    assert.strictEqual(good.body.available_sessions, 0);
    assert.strictEqual((await book(4, 12, 'k1', 4)).body.replayed, true);
    const none = await book(4, 13, 'k2', 4);
    assert.deepStrictEqual(none, { status: 400, body: { success: false, code: 'INSUFFICIENT_SESSIONS',
      message: 'No available sessions. Please purchase a session package to book this session.', availableSessions: 0 } });
    assert.strictEqual((await book(4, 13, 'k3', undefined)).status, 403);
  });

  await step('docs/backends.md: a wrong type is 400, a key that is none too', async () => {
    for (const id of wrongIds) {
      const { status, body } = await book(4, id, 'k4', 4);
      assert.strictEqual(`${status} ${body.code}`, '400 INVALID_ARGUMENT', JSON.stringify(id).slice(0, 50));
      assert.strictEqual((await book(id, 13, 'k4', 4)).status, 400);
    }
    for (const key of ['a\0b', '', ' ', 'x'.repeat(256)]) assert.strictEqual((await book(4, 13, key, 4)).status, 400);
  });

  await step('docs/backends.md: a refusal keeps the server process, in a transaction too', async () => {
    const before = await pid();
    for (const id of [12, 13, 999, 'x', '3\0']) assert.strictEqual((await book(4, id, null, 4)).status, 400);
    const err = await refused(transaction(async (client) => {
      await client.query('SELECT swan_act_as(4)');
      await client.query('SELECT * FROM swan_book(4, 999)');
    }));
    assert.strictEqual(err.code, 'SW002');
    assert.strictEqual(await pid(), before);
    assert.strictEqual(await transaction(async (client) => (await client.query('SELECT swan_act_as(4) AS id')).rows[0].id), '4');
  });

  await step('docs/backends.md: a connection that the server ends costs its request only', async () => {
    const end = async (id) => one('SELECT pg_terminate_backend($1)', [id]);
    const busy = await pid();
    const asleep = refused(query('SELECT pg_sleep(60)'));
    while ((await one('SELECT state FROM pg_stat_activity WHERE pid = $1', [busy])).state !== 'active');
    await end(busy);
    assert.strictEqual((await asleep).code, '57P01');
    const idle = await pid();
    assert.notStrictEqual(idle, busy);
    await end(idle);
    while (small.totalCount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.notStrictEqual(await pid(), idle);
  });

  await step('docs/feed.md: its loop hands every row over once, and a reset keeps the server process', async () => {
    const mailer = new Pool({ user: process.env.SWAN_JOBS, max: 1 });
    const { query: ask } = load(mailer);
    const places = [{ cursor: null, last_id: null }];
    const seen = [];
    const stop = new Error('stop');
    const told = (text, values) => {
      if (/FROM mailer_place/.test(text)) return { rows: [places[places.length - 1]] };
      if (/UPDATE mailer_place/.test(text)) return places.push({ cursor: values[0], last_id: values[1] });
      return ask(text.replace('500', '4'), values);
    };
    const { loop } = documents.run(feed.replace(/rows.length < 500/, 'rows.length < 4'),
      { query: told, setTimeout: () => { throw stop; } }, ['loop']);
    assert.strictEqual(await refused(loop(async (event) => seen.push(event.id))), stop);
    const { rows } = await ask('SELECT id FROM swan_changes()');
    assert.ok(rows.length > 4);
    assert.deepStrictEqual(seen, rows.map((row) => row.id));
    assert.strictEqual(places[places.length - 1].last_id, seen[seen.length - 1]);
    const reader = async () => (await ask('SELECT pg_backend_pid() AS pid')).rows[0].pid;
    const before = await reader();
    places.push({ cursor: 'no cursor' });
    assert.match((await refused(loop(async () => {}))).code, /^SW01[36]$/);
    assert.strictEqual(await reader(), before);
    await mailer.end();
  });

  await small.end();
  await pool.end();
});
