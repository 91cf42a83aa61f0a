// examples/clients/swan.js against the studio of pg.js, after it.
'use strict';
const { Pool } = require('pg');
const connect = require(`${process.env.SWAN_DOCS}/../examples/clients/swan.js`);
const { assert, step, refused, main } = require('./report');

main(async () => {
  const pool = new Pool({ max: 2 });
  pool.on('error', () => {});
  const swan = await connect(pool);

  await step('arguments by name; undefined is left out, null is the default', async () => {
    const [row] = await swan.call('swan_grant', { user_id: 3, n: 2, reason: undefined, expires_at: null, key: 'h1', actor: 1 });
    assert.strictEqual(row.added, 2);
    assert.deepStrictEqual(await swan.call('swan_grant', { key: 'h1', actor: 1, n: 2, user_id: 3 }), [{ ...row, replayed: true }]);
    assert.ok((await swan.call('swan_settings')).length > 10);
    await assert.rejects(swan.call('swan_book(1, 2); --', {}), TypeError);
  });

  await step('a refusal is an HTTP answer, and keeps the connection', async () => {
    const pid = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
    const before = await pid();
    const err = await refused(swan.call('swan_book', { user_id: 3, session_id: 4711, actor: 3 }));
    assert.deepStrictEqual(swan.answer(err), { status: 400, body: { success: false, code: 'SESSION_NOT_AVAILABLE',
      message: 'Session is not available for booking.', sessionId: 4711 } });
    assert.strictEqual(await pid(), before);
    assert.strictEqual(swan.answer(await refused(swan.call('swan_grant', { user_id: 3, n: 1, actor: 3 }))).status, 403);
    assert.strictEqual(swan.answer(await refused(swan.call('swan_summary', { user_id: 'x', actor: 1 }))).status, 400);
    assert.strictEqual(swan.answer(await refused(swan.call('swan_nothing'))).status, 400);
  });

  // a pool whose connections fail as they are told
  const failing = (failures) => {
    const sent = [];
    return { sent, connect: async () => ({ on() {}, off() {}, release(broken) { sent.push(broken); }, query: async (text, values) => {
      if (/swan_errors/.test(text)) return pool.query(text, values);
      const failure = failures.shift();
      if (failure) throw Object.assign(new Error(failure.code), failure);
      return pool.query(text, values);
    } }) };
  };
  const serialization = { code: '40001', severity: 'ERROR' };
  const args = { user_id: 3, n: 2, actor: 1 };

  await step('what was undone is sent again, with the same key; not for ever', async () => {
    const lucky = await connect(failing([serialization, { code: '40P01', severity: 'ERROR' }]));
    assert.strictEqual((await lucky.call('swan_grant', { ...args, key: 'h1' }))[0].replayed, true);
    const unlucky = await connect(failing(Array(9).fill(serialization)), { attempts: 3 });
    const err = await refused(unlucky.call('swan_grant', args));
    assert.strictEqual(err.code, '40001');
    assert.strictEqual(unlucky.answer(err).status, 503);
  });

  await step('what may have been done is sent again only with a key, on another connection', async () => {
    const lost = { code: '57P01', severity: 'FATAL' };
    const pools = [failing([lost]), failing([{ code: 'ECONNRESET' }]), failing([lost])];
    assert.strictEqual((await (await connect(pools[0])).call('swan_grant', { ...args, key: 'h1' }))[0].replayed, true);
    assert.strictEqual((await (await connect(pools[1])).call('swan_grant', { ...args, key: 'h1' }))[0].replayed, true);
    assert.deepStrictEqual(pools[0].sent, [false, true, false]);
    const err = await refused((await connect(pools[2])).call('swan_grant', args));
    assert.strictEqual(err.code, '57P01');
    assert.strictEqual(swan.answer(Object.assign(new Error(), { code: 'ECONNREFUSED' })).status, 503);
  });

  await pool.end();
});
