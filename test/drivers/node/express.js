// docs/adopting.md and docs/credits.md under Express 4 and 5 (the argument says which): the
// route for bookings with whatever a client may send, and the webhook with events that
// the stripe package has signed.
'use strict';
const { QueryTypes } = require('sequelize');
const Stripe = require('stripe');
const { assert, step, refused, wrongIds, main } = require('./report');
const { connect, define, jobsPool } = require('./models');
const documents = require('./documents');
const guide = require('./guide');

const express = require(process.argv[2]);
const stripe = new Stripe('sk_test_of_nobody');
const secret = 'whsec_of_the_test';
process.env.STRIPE_WEBHOOK_SECRET = secret;

main(async () => {
  const sequelize = connect(process.env.SWAN_OWNER);
  const { User, Session } = define(sequelize);
  const jobs = jobsPool();
  const select = (sql, bind) => sequelize.query(sql, { bind, type: QueryTypes.SELECT });
  const available = async (id) => (await select('SELECT available FROM swan_summary($1, actor => $1)', [id]))[0].available;
  let server;
  let base;

  const protect = (req, res, next) => {
    req.user = JSON.parse(req.get('X-User') || '{}');
    next();
  };
  const { after, modules, finish } = guide({ sequelize, User, Session, protect, express, stripe });
  const app = express();
  app.set('env', 'test');     // Express 4 then prints no stack
  app.post('/stripe', ...after['/stripe']);
  app.use(express.json());
  app.post('/book/:userId', ...after['/book/:userId']);
  finish(app);

  // Sends a body as it is, and returns the answer.
  async function post(path, body, headers) {
    const answer = await fetch(base + path, { method: 'POST', body, headers });
    const text = await answer.text();
    let json;
    try { json = JSON.parse(text); } catch (err) { /* is not JSON */ }
    return { status: answer.status, body: json, text };
  }

  function turnedDown(answer, what) {
    const { status, body, text } = answer;
    assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text}`);
    assert.ok(body && body.success === false && body.code && body.message, `${what}: ${text}`);
    assert.ok(!('http' in body), what);
  }

  const john = { 'X-User': '{"id": 3, "role": "client"}' };
  const book = (body, { user = '3', type = 'application/json', ...headers } = {}) => post(`/book/${user}`, body,
    { ...john, ...(type ? { 'Content-Type': type } : {}), ...headers });

  await step('a studio', async () => {
    await sequelize.sync();
    for (const [firstName, role, availableSessions] of [['Ada', 'admin', 0], ['Tom', 'trainer', 0], ['John', 'client', 3], ['Jane', 'client', 0]]) {
      await User.create({ firstName, lastName: 'Doe', email: `${firstName}@example.com`, role, availableSessions });
    }
    for (let day = 1; day <= 4; day++) await Session.create({ trainerId: 2, sessionDate: new Date(Date.UTC(2099, 5, day, 9)) });
    await select("SELECT * FROM swan_attach('users', 'sessions')");
    await sequelize.query('CALL swan_backfill()');
    await select("SELECT swan_allow($1, 'system')", [process.env.SWAN_JOBS]);
    await jobs.query("SELECT swan_accept('public')");
    await select("SELECT swan_allow($1, 'backend')", [process.env.SWAN_OWNER]);
    const [{ code }] = documents.blocks('credits.md', 'sql').filter((block) => /CREATE TABLE refunds/.test(block.code));
    await sequelize.query(code.replace(/ jobs;/g, ` ${process.env.SWAN_JOBS};`));
    await modules['./swan'].readErrors();
    server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => { server.once('listening', resolve); });
    base = `http://127.0.0.1:${server.address().port}`;
  });

  await step('a booking', async () => {
    const answer = await book('{"sessionId": 1}', { 'Idempotency-Key': 'k1' });
    assert.strictEqual(answer.status, 200, answer.text);
    assert.strictEqual(answer.body.availableSessions, 2);
    assert.strictEqual(answer.body.session.id, 1);
  });

  await step('a body of any kind is answered with 4xx and JSON', async () => {
    for (const id of wrongIds) turnedDown(await book(JSON.stringify({ sessionId: id })), JSON.stringify(id).slice(0, 40));
    for (const body of [undefined, '', '{}', '[]', '[2]', 'null', '2', '"2"', 'true', '{"sessionId":', '{"sessionId": null}', '{"sessionId": NaN}',
      '{"sessionId": 999}', '{"sessionId": 1}', '{"sessionId": -1}', '{"sessionId": 1e400}', '{"SESSIONID": 2}', '{"__proto__": {"sessionId": 2}}',
      '{"constructor": {"prototype": {"sessionId": 2}}}', '{"sessionId": {"__proto__": 2}}', '{"sessionId": "toString"}',
      '{"sessionId": {"toJSON": 2, "length": 1}}', '\0', '\ufeff', `{"sessionId": "${'9'.repeat(200000)}"}`, `${'['.repeat(40000)}`]) {
      turnedDown(await book(body), String(body).slice(0, 40));
    }
    for (const type of [null, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json; charset=nowhere']) {
      turnedDown(await book('{"sessionId": 2}', { type }), type);
    }
    turnedDown(await book('no gzip', { 'Content-Encoding': 'gzip' }), 'gzip');
    for (const key of ['x'.repeat(300), '%00']) await book('{"sessionId": 999}', { 'Idempotency-Key': key }).then((answer) => turnedDown(answer, key));
  });

  await step('so is a path of any kind', async () => {
    for (const user of ['abc', '4', '999', '2.5', '1e30', '-3', '%00', '3%00', '%ff', '__proto__', 'constructor', '9'.repeat(300)]) {
      turnedDown(await book('{"sessionId": 2}', { user }), user);
    }
  });

  await step('none of that has booked anything, and the process goes on', async () => {
    assert.strictEqual(await available(3), 2);
    assert.strictEqual((await book('{"sessionId": 2}')).status, 200);
  });

  await step('a person without an id is a mistake of the backend: 500, and JSON', async () => {
    const { status, body } = await post('/book/3', '{"sessionId": 3}', { 'Content-Type': 'application/json' });
    assert.strictEqual(`${status} ${body.code}`, '500 DATABASE_ERROR');
  });

  // What Stripe sends, and as often as it is told to.
  let events = 0;
  async function deliver(type, object, change = {}) {
    const payload = JSON.stringify({ id: `evt_${++events}`, object: 'event', type, api_version: '2025-09-30.clover', livemode: false,
      created: Math.floor(Date.now() / 1000), data: { object } });
    const header = stripe.webhooks.generateTestHeaderString({ payload, secret: change.secret || secret, timestamp: change.timestamp });
    return post('/stripe', change.payload === undefined ? payload : change.payload,
      { 'Content-Type': 'application/json', 'Stripe-Signature': header, ...change.headers });
  }
  async function delivered(...args) {
    const answer = await deliver(...args);
    assert.deepStrictEqual([answer.status, answer.body], [200, { received: true }]);
  }
  const buy = (payment, { n = 10, amount = 50000, status = 'paid', type = 'checkout.session.completed' } = {}) => delivered(type, {
    id: `cs_${payment}`, object: 'checkout.session', amount_total: amount, currency: 'usd', payment_intent: payment, payment_status: status,
    metadata: { userId: '4', sessionCount: String(n) } });
  const refund = (payment, id, amount, status = 'succeeded') =>
    ({ id, object: 'refund', amount, currency: 'usd', payment_intent: payment, charge: `ch_${payment}`, status });
  const reversed = async (payment) => (await select(
    "SELECT -coalesce(sum(delta), 0)::int AS n FROM swan_ledger WHERE payment_ref = $1 AND kind IN ('reversal', 'reinstatement')", [payment]))[0].n;
  const verify = async () => (await jobs.query('SELECT * FROM swan_verify()')).rows;

  await step('stripe: what is not signed, or not by us, is 400', async () => {
    const object = { id: 'cs_x', payment_status: 'paid', payment_intent: 'pi_x', amount_total: 1, currency: 'usd', metadata: { userId: '4', sessionCount: '9' } };
    for (const change of [{ secret: 'whsec_another' }, { payload: '{}' }, { payload: '' }, { timestamp: 1000000000 },
      { headers: { 'Stripe-Signature': 'x' } }, { headers: { 'Content-Type': 'text/plain' } }]) {
      turnedDown(await deliver('checkout.session.completed', object, change), JSON.stringify(change));
    }
    for (const headers of [{}, { 'Content-Type': 'application/json' }]) turnedDown(await post('/stripe', '{}', headers), 'no signature');
    turnedDown(await post('/stripe', undefined, {}), 'nothing');
    assert.strictEqual(await available(4), 0);
  });

  await step('stripe: an event of another type is taken, and does nothing', async () => {
    for (const type of ['customer.created', '__proto__', 'constructor']) await delivered(type, { id: 'x' });
  });

  await step('stripe: a purchase counts once, and when it is paid', async () => {
    await buy('pi_1', { status: 'unpaid' });
    assert.strictEqual(await available(4), 0);
    await buy('pi_1', { type: 'checkout.session.async_payment_succeeded' });
    await buy('pi_1');
    await Promise.all([buy('pi_1'), buy('pi_1')]);
    assert.strictEqual(await available(4), 10);
  });

  await step('stripe: partial refunds take what they are worth together, whatever order they come in', async () => {
    const first = refund('pi_1', 're_1', 12500);     // 2.5 credits
    const second = refund('pi_1', 're_2', 12500);
    await delivered('refund.created', { ...first, status: 'pending' });
    assert.strictEqual(await reversed('pi_1'), 2);
    await delivered('refund.updated', first);
    await Promise.all([1, 2, 3].map(() => delivered('refund.updated', first)));
    assert.strictEqual(await reversed('pi_1'), 2);
    await delivered('refund.updated', second);
    await delivered('refund.created', { ...second, status: 'pending' });
    assert.strictEqual(await reversed('pi_1'), 5);
    assert.strictEqual(await available(4), 5);
    await Promise.all([refund('pi_1', 're_3', 4999), refund('pi_1', 're_4', 1), refund('pi_1', 're_5', 10000)].map((one) => delivered('refund.created', one)));
    assert.strictEqual(await reversed('pi_1'), 8);
    await delivered('refund.created', refund('pi_1', 're_6', 10000));
    assert.strictEqual(await reversed('pi_1'), 10);
    assert.deepStrictEqual(await verify(), []);
  });

  await step('stripe: a refund of a payment that is not known yet is 404, and counts when it comes again', async () => {
    const early = refund('pi_2', 're_7', 50000);
    const answer = await deliver('refund.created', early);
    assert.strictEqual(`${answer.status} ${answer.body.code}`, '404 PURCHASE_NOT_FOUND');
    await buy('pi_2');
    await delivered('refund.created', early);
    assert.strictEqual(await reversed('pi_2'), 10);
  });

  await step('stripe: a refund that failed gives back what it took, once, and one that failed before takes nothing', async () => {
    await buy('pi_3', { n: 7, amount: 999 });
    await delivered('refund.created', refund('pi_3', 're_8', 200));      // 1.4 credits
    await delivered('refund.created', refund('pi_3', 're_9', 300));      // 3.5 with the first
    assert.strictEqual(await reversed('pi_3'), 3);
    await delivered('refund.failed', refund('pi_3', 're_8', 200, 'failed'));
    await delivered('refund.updated', refund('pi_3', 're_8', 200, 'failed'));
    await delivered('refund.updated', refund('pi_3', 're_8', 200));
    assert.strictEqual(await reversed('pi_3'), 2);
    await delivered('refund.failed', refund('pi_3', 're_10', 699, 'failed'));
    await delivered('refund.created', refund('pi_3', 're_10', 699));
    assert.strictEqual(await reversed('pi_3'), 2);
    assert.strictEqual(await available(4), 5);
    assert.deepStrictEqual(await verify(), []);
  });

  await step('stripe: what was spent before it was refunded is owed', async () => {
    await buy('pi_4', { n: 1, amount: 1000 });
    await select('SELECT * FROM swan_revoke(4, 6, actor => 1)');
    await delivered('refund.created', refund('pi_4', 're_11', 1000));
    assert.strictEqual(await available(4), 0);
    await delivered('refund.created', refund('pi_4', 're_11', 1000));
    assert.deepStrictEqual(await verify(), []);
  });

  await step('stripe: a dispute that is won gives back what the dispute took, and no refund', async () => {
    await buy('pi_5');
    await delivered('refund.created', refund('pi_5', 're_12', 20000));
    const dispute = { id: 'du_1', object: 'dispute', payment_intent: 'pi_5', amount: 30000, currency: 'usd' };
    await delivered('charge.dispute.funds_withdrawn', dispute);
    await delivered('charge.dispute.funds_withdrawn', dispute);
    assert.strictEqual(await reversed('pi_5'), 10);
    await delivered('charge.dispute.funds_reinstated', dispute);
    await delivered('charge.dispute.funds_reinstated', dispute);
    assert.strictEqual(await reversed('pi_5'), 4);
    assert.deepStrictEqual(await verify(), []);
  });

  await step('stripe: a refund that fails beside an open dispute gives back what refunds took, and nothing of the dispute', async () => {
    await buy('pi_6');
    await delivered('refund.created', refund('pi_6', 're_13', 12500));      // 2.5 credits
    await delivered('refund.created', refund('pi_6', 're_14', 12500));      // 5 with the first: takes 3
    const dispute = { id: 'du_2', object: 'dispute', payment_intent: 'pi_6', amount: 25000, currency: 'usd' };
    await delivered('charge.dispute.funds_withdrawn', dispute);
    assert.strictEqual(await reversed('pi_6'), 10);
    for (let i = 0; i < 2; i++) await delivered('refund.failed', refund('pi_6', 're_13', 12500, 'failed'));
    assert.strictEqual(await reversed('pi_6'), 7);
    await delivered('charge.dispute.funds_reinstated', dispute);
    assert.strictEqual(await reversed('pi_6'), 2);
    await delivered('refund.failed', refund('pi_6', 're_14', 12500, 'failed'));
    assert.strictEqual(await reversed('pi_6'), 0);
    assert.deepStrictEqual(await verify(), []);
  });

  await step('stripe: a refund that took no credit itself may be what another one needed', async () => {
    await buy('pi_7');
    await delivered('refund.created', refund('pi_7', 're_15', 4999));
    assert.strictEqual(await reversed('pi_7'), 0);
    await delivered('refund.created', refund('pi_7', 're_16', 1));
    assert.strictEqual(await reversed('pi_7'), 1);
    await delivered('refund.failed', refund('pi_7', 're_15', 4999, 'failed'));
    assert.strictEqual(await reversed('pi_7'), 0);
    assert.deepStrictEqual(await verify(), []);
  });

  await step('a refusal keeps the server process of the route', async () => {
    const one = connect(process.env.SWAN_OWNER, 1);
    const pid = async () => (await one.query('SELECT pg_backend_pid() AS pid', { type: QueryTypes.SELECT }))[0].pid;
    const before = await pid();
    for (const bind of [[3, 999, 3], [3, 'x', 3]]) await refused(one.query('SELECT * FROM swan_book($1, $2, actor => $3)', { bind }));
    assert.strictEqual(await pid(), before);
    await one.close();
  });

  await sequelize.close();
  await jobs.end();
  server.closeAllConnections();
  server.close();
});
