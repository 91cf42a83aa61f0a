// Sequelize 6: makes the tables of a backend, which are attached then; the old
// routes of docs/adopting.md run on them, and the new ones.
//
// SWAN_OWNER logs in as the owner of the tables, SWAN_JOBS as the system.
'use strict';
const { DataTypes, QueryTypes } = require('sequelize');
const { assert, step, refused, main } = require('./report');
const { connect, define, jobsPool } = require('./models');
const guide = require('./guide');

// What express would hand to a route, and what the route answers.
function call(route, user, params, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const res = {
      code: 200,
      status(code) { this.code = code; return this; },
      json(answer) { resolve({ status: this.code, body: JSON.parse(JSON.stringify(answer)) }); },
    };
    const req = { user, params, body, get: (name) => headers[name] };
    Promise.resolve(route[route.length - 1](req, res)).catch(reject);
  });
}

main(async () => {
  const sequelize = connect(process.env.SWAN_OWNER);
  const { User, Session } = define(sequelize);
  const jobs = jobsPool();
  const select = (sql, bind) => sequelize.query(sql, { bind, type: QueryTypes.SELECT });
  const ledger = async (userId) => (await select(
    'SELECT kind, delta FROM swan_ledger WHERE user_id = $1 ORDER BY id', [userId])).map((row) => `${row.kind} ${row.delta}`);
  const verify = async () => (await jobs.query('SELECT * FROM swan_verify()')).rows.map((row) => `${row.check_name} ${row.session_id}`);
  const { before, after, modules } = guide({ sequelize, User, Session });
  const ada = { id: 1, role: 'admin' };
  const john = { id: 3, role: 'client' };
  const objects = async () => (await select(`
    SELECT tgrelid::regclass || '.' || tgname || ' ' || tgenabled::text AS name FROM pg_trigger WHERE tgname LIKE 'swan%'
    UNION ALL SELECT conrelid::regclass || '.' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
      WHERE conrelid IN ('users'::regclass, 'sessions'::regclass) AND (contype <> 'u' OR conname LIKE 'swan%')
    UNION ALL SELECT enumtypid::regtype || ' ' || string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum GROUP BY enumtypid
    ORDER BY 1`)).map((row) => row.name);
  let guards;

  await step('sync() makes the tables', async () => {
    await sequelize.sync();
    for (const [firstName, lastName, role, availableSessions] of [
      ['Ada', 'King', 'admin', 0], ['Tom', 'Reed', 'trainer', 0], ['John', 'Doe', 'client', 6], ['Jane', 'Roe', 'client', 2]]) {
      await User.create({ firstName, lastName, email: `${firstName}@example.com`, role, availableSessions });
    }
    for (let day = 1; day <= 20; day++) {
      await Session.create({ trainerId: 2, sessionDate: new Date(Date.UTC(2099, 5, day, 9)) });
    }
  });

  await step('swan_attach finds every column', async () => {
    const rows = await select("SELECT * FROM swan_attach('users', 'sessions')");
    // but for those that only some applications have
    assert.deepStrictEqual(rows.filter((row) => row.state === 'refused' ||
      (row.state === 'absent' && !/^swan_ledger$|\.(class_id|cost|credits|kind|deleted_at|ends_at|cancel\w+)$/.test(row.item))), []);
    assert.strictEqual(rows[rows.length - 1].state, 'attached');
    await select("SELECT swan_allow($1, 'backend')", [process.env.SWAN_OWNER]);
    await select("SELECT swan_allow($1, 'system')", [process.env.SWAN_JOBS]);
    await jobs.query("SELECT swan_accept('public')");
    await modules['./swan'].readErrors();
    guards = await objects();
    assert.strictEqual(guards.filter((name) => /swan_guard|swan_word/.test(name)).length, 9);
  });

  await step('record: a save of the balance is journalled, a save without a change is not', async () => {
    const user = await User.findByPk(3);
    user.availableSessions -= 1;
    await user.save();
    assert.deepStrictEqual(await ledger(3), ['opening 6', 'external -1']);
    user.changed('availableSessions', true);
    await user.save();
    await User.update({ firstName: 'Johnny', availableSessions: 5 }, { where: { id: 3 } });
    await User.upsert({ id: 3, firstName: 'John', lastName: 'Doe', email: 'John@example.com', role: 'client', availableSessions: 5 });
    assert.deepStrictEqual(await ledger(3), ['opening 6', 'external -1']);
    await user.increment('availableSessions', { by: 2 });
    assert.deepStrictEqual(await ledger(3), ['opening 6', 'external -1', 'external 2']);
    assert.strictEqual((await User.findByPk(3)).availableSessions, 7);
  });

  await step('record: a save below zero is refused with an SQLSTATE that Sequelize passes on', async () => {
    const user = await User.findByPk(4);
    user.availableSessions = -1;
    const err = await refused(user.save());
    assert.strictEqual(err.code, 'SW001');
    assert.strictEqual(JSON.parse(err.detail).availableSessions, 2);
  });

  await step('docs/adopting.md: the routes of before go on under record', async () => {
    const answer = await call(before['/book/:userId'], john, { userId: '3' }, { sessionId: 1 });
    assert.strictEqual(answer.status, 200);
    assert.strictEqual((await User.findByPk(3)).availableSessions, 6);
    assert.deepStrictEqual((await ledger(3)).slice(-2).sort(), ['external -1', 'external 0']);
    assert.deepStrictEqual(await verify(), ['unpaid_booking 1']);
    const added = await before.addSessionsToUser(4, 2, 'Old', 1);
    assert.strictEqual(added.message, 'Successfully added 2 sessions to Jane Roe. Total available: 4');
    await before.webhook(3, 4);
    assert.deepStrictEqual(await ledger(4), ['opening 2', 'external 2', 'external 3']);
    assert.deepStrictEqual(await before.getUserSessionSummary(4),
      { userId: 4, available: 7, scheduled: 0, completed: 0, cancelled: 0, total: 7 });
  });

  await step('docs/adopting.md: the route of after books, replays and refuses', async () => {
    const book = after['/book/:userId'];
    const first = await call(book, john, { userId: '3' }, { sessionId: 2 }, { 'Idempotency-Key': 'b2' });
    assert.strictEqual(first.status, 200);
    assert.strictEqual(first.body.message, 'Session booked successfully.');
    assert.strictEqual(first.body.availableSessions, 5);
    assert.strictEqual(first.body.session.status, 'scheduled');
    assert.strictEqual(first.body.session.userId, 3);
    assert.strictEqual(first.body.session.sessionDeducted, true);
    assert.deepStrictEqual(await call(book, john, { userId: '3' }, { sessionId: 2 }, { 'Idempotency-Key': 'b2' }), first);
    assert.deepStrictEqual(await call(book, john, { userId: '4' }, { sessionId: 3 }),
      { status: 403, body: { success: false, code: 'UNAUTHORIZED_ACCESS', message: 'You can only book sessions for yourself.' } });
    assert.deepStrictEqual(await call(book, john, { userId: '3' }, { sessionId: 2 }),
      { status: 400, body: { success: false, code: 'SESSION_NOT_AVAILABLE', message: 'Session is not available for booking.', sessionId: 2 } });
    const byAdmin = await call(book, ada, { userId: '4' }, { sessionId: 3 });
    assert.strictEqual(byAdmin.body.availableSessions, 7);
    assert.strictEqual((await call(book, {}, { userId: '3' }, { sessionId: 4 })).status, 500);
  });

  await step('docs/adopting.md: addSessionsToUser and summary of after', async () => {
    const added = await after.addSessionsToUser(4, 2, 'New', 1, 'a1');
    assert.strictEqual(added.message, 'Successfully added 2 sessions to Jane Roe. Total available: 9');
    assert.strictEqual(added.sessions[1].notes, 'New - Session 2');
    assert.deepStrictEqual(await after.addSessionsToUser(4, 2, 'New', 1, 'a1'), added);
    assert.strictEqual((await refused(after.addSessionsToUser(4, 2, 'New', 3))).code, 'SW006');
    assert.strictEqual((await refused(after.addSessionsToUser(4, 101, 'New', 1))).code, 'SW004');

    assert.deepStrictEqual(await after.getUserSessionSummary(4, 4),
      { userId: 4, available: 9, scheduled: 1, confirmed: 0, completed: 0, cancelled: 0, total: 10, warning: null });
  });

  await step('swan_act_as in a managed transaction', async () => {
    const booking = await sequelize.transaction(async (transaction) => {
      await sequelize.query('SELECT swan_act_as($1)', { bind: [3], transaction });
      const [row] = await sequelize.query('SELECT * FROM swan_book($1, $2)', { bind: [3, 4], transaction, type: QueryTypes.SELECT });
      await Session.update({ notes: 'Bring shoes' }, { where: { id: 4 }, transaction });
      return row;
    });
    assert.strictEqual(booking.session_id, '4');
    assert.strictEqual(booking.available_sessions, 4);
    assert.strictEqual((await refused(select('SELECT * FROM swan_book(3, 5)'))).code, 'SW006');
  });

  await step('rows that swanalloc makes are rows of the model', async () => {
    const [{ swan_open: id }] = await select("SELECT * FROM swan_open(2, '2099-07-01 09:00+00', actor => 2)");
    const slot = await Session.findByPk(id);
    assert.strictEqual(slot.status, 'available');
    assert.ok(slot.createdAt instanceof Date && slot.updatedAt instanceof Date);
    const [cancelled] = await select('SELECT * FROM swan_cancel(4, actor => 3)');
    const again = await Session.findByPk(cancelled.reopened_session_id);
    assert.strictEqual(again.sessionDate.toISOString(), '2099-06-04T09:00:00.000Z');
    assert.ok(again.createdAt instanceof Date);
  });

  await step('sync({ alter: true }) leaves guards, constraints and enums as they are', async () => {
    const seen = await ledger(3);
    await sequelize.sync({ alter: true });
    await sequelize.sync({ alter: true });
    assert.deepStrictEqual(await objects(), guards);
    assert.deepStrictEqual(await ledger(3), seen);
    assert.strictEqual((await select('SELECT state FROM swan_studios()'))[0].state, 'ok');
    assert.strictEqual((await select('SELECT swan_health() AS health'))[0].health.status, 'healthy');
    assert.deepStrictEqual(await verify(), ['unpaid_booking 1']);
  });

  await step('sync({ alter: true }) with a new column, a new label and another type', async () => {
    User.rawAttributes.nickname = { type: DataTypes.STRING };
    User.rawAttributes.firstName.type = DataTypes.TEXT;
    Session.rawAttributes.status.type = DataTypes.ENUM('available', 'scheduled', 'confirmed', 'completed', 'cancelled', 'archived');
    User.refreshAttributes();
    Session.refreshAttributes();
    const [{ available_sessions: had }] = await select('SELECT available_sessions FROM swan_grant(3, 1, actor => 1)');
    await sequelize.sync({ alter: true });
    const [row] = await select('SELECT * FROM swan_book(3, 5, actor => 3)');
    assert.strictEqual(row.available_sessions, had - 1);
    await User.update({ nickname: 'J' }, { where: { id: 3 } });
    assert.deepStrictEqual((await objects()).filter((name) => /swan_/.test(name)), guards.filter((name) => /swan_/.test(name)));
    assert.strictEqual((await select('SELECT swan_health() AS health'))[0].health.status, 'healthy');
  });

  await step('a balance that became bigint is noticed, and put back', async () => {
    const retype = async (type) => {
      User.rawAttributes.availableSessions.type = type;
      User.refreshAttributes();
      await sequelize.sync({ alter: true });
    };
    await retype(DataTypes.BIGINT);
    try {
      assert.strictEqual((await refused(select('SELECT * FROM swan_summary(3, actor => 3)'))).code, 'SW012');
      assert.strictEqual((await select('SELECT swan_health() AS health'))[0].health.status, 'degraded');
    } finally {
      await retype(DataTypes.INTEGER);
    }
    assert.strictEqual((await select('SELECT swan_health() AS health'))[0].health.status, 'healthy');
    assert.deepStrictEqual(await verify(), ['unpaid_booking 1']);
  });

  await step('destroy({ truncate: true }) is refused', async () => {
    assert.strictEqual((await refused(Session.destroy({ truncate: true }))).code, 'SW011');
  });

  await step('old and new booking routes at once: every change is in the ledger', async () => {
    await select('SELECT * FROM swan_grant(3, 5, actor => 1)');
    const routes = [8, 9, 10, 11, 12, 13].map((sessionId, i) => call((i % 2 ? before : after)['/book/:userId'], john, { userId: '3' }, { sessionId })
      .catch((err) => ({ status: (err.original || err).code })));
    const answers = await Promise.all(routes);
    assert.deepStrictEqual(answers.map((answer) => answer.status).filter((status) => status !== 200 && status !== '40P01'), []);
    const [{ balance, journal }] = await select(
      'SELECT "availableSessions" AS balance, (SELECT sum(delta)::int FROM swan_ledger WHERE user_id = 3) AS journal FROM users WHERE id = 3');
    assert.strictEqual(balance, journal);
    assert.deepStrictEqual((await verify()).filter((problem) => !/^unpaid_booking/.test(problem)), []);
  });

  await step('refuse: the routes of before are turned down, the model still saves the rest', async () => {
    assert.strictEqual((await refused(select("SELECT swan_configure('guard_balance', 'refuse')"))).code, 'SW013');
    await sequelize.query('CALL swan_backfill(2)');
    await select("SELECT swan_configure('guard_balance', 'refuse')");
    const user = await User.findByPk(4);
    user.availableSessions += 1;
    const err = await refused(user.save());
    assert.strictEqual(err.code, 'SW011');
    assert.strictEqual(JSON.parse(err.detail).http, 409);
    await user.reload();
    await user.update({ firstName: 'Janet' });
    assert.strictEqual((await refused(before.addSessionsToUser(4, 1))).code, 'SW011');
    assert.strictEqual((await refused(User.create({ firstName: 'New', lastName: 'One', email: 'n@example.com', availableSessions: 5 }))).code, 'SW011');
    await User.create({ firstName: 'New', lastName: 'One', email: 'n@example.com' });
    assert.strictEqual((await refused(user.destroy())).code, 'SW011');
  });

  await sequelize.close();
  await jobs.end();
});
