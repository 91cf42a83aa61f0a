// Sequelize 6 with paranoid models, and columns that swanalloc keeps in step: what is
// destroyed stays in its table, is gone for swanalloc too, and comes back with restore().
'use strict';
const { DataTypes, QueryTypes, Transaction } = require('sequelize');
const { assert, step, refused, main } = require('./report');
const { connect, define } = require('./models');

main(async () => {
  const sequelize = connect(process.env.SWAN_OWNER);
  const { User, Session } = define(sequelize, { paranoid: true }, {
    status: {
      type: DataTypes.ENUM('available', 'requested', 'scheduled', 'confirmed', 'completed', 'cancelled', 'blocked', 'draft'),
      defaultValue: 'available',
    },
    endsAt: DataTypes.DATE,
    cancelledAt: DataTypes.DATE,
    cancelledBy: { type: DataTypes.INTEGER, references: { model: 'users', key: 'id' } },
    cancelReason: DataTypes.STRING,
    location: { type: DataTypes.STRING, allowNull: false, defaultValue: 'Main Studio' },
    reminders: DataTypes.JSONB,
  });
  const select = (sql, bind, transaction) => sequelize.query(sql, { bind, type: QueryTypes.SELECT, transaction });
  const one = async (...args) => (await select(...args))[0];
  const ledger = async (userId) => (await select(
    'SELECT kind, delta FROM swan_ledger WHERE user_id = $1 ORDER BY id', [userId])).map((row) => `${row.kind} ${row.delta}`);
  const day = (n) => new Date(Date.UTC(2099, 5, n, 9));
  // what the models see is what swanalloc sees
  const agree = async () => {
    const theirs = (await Session.findAll({ order: ['sessionDate', 'id'] })).map((row) => `${row.id} ${row.status}`);
    const ours = (await select('SELECT session_id, status FROM swan_schedule(NULL, NULL, max_rows => 1000)')).map((row) => `${row.session_id} ${row.status}`);
    assert.deepStrictEqual(ours, theirs);
    const clients = (await User.findAll({ where: { role: 'client' }, order: ['id'] })).map((row) => row.id);
    assert.deepStrictEqual((await select('SELECT id FROM swan_clients() ORDER BY id')).map((row) => Number(row.id)), clients);
  };

  await step('tables with rows that were destroyed are attached', async () => {
    await sequelize.sync();
    for (const [firstName, role, availableSessions] of [
      ['Ada', 'admin', 0], ['Tom', 'trainer', 0], ['John', 'client', 6], ['Jane', 'client', 0], ['Gone', 'client', 5]]) {
      await User.create({ firstName, lastName: 'X', email: `${firstName}@example.com`, role, availableSessions });
    }
    for (let n = 1; n <= 12; n++) await Session.create({ trainerId: 2, sessionDate: day(n), location: `Room ${n}`, reminders: { sent: [n] } });
    await (await User.findByPk(5)).destroy();
    await (await Session.findByPk(12)).destroy();
    const rows = await select(`SELECT * FROM swan_attach('users', 'sessions', '{"statuses": {"draft": "ignored"}}')`);
    assert.deepStrictEqual(rows.filter((row) => row.state === 'refused' ||
      (row.state === 'absent' && !['swan_ledger', 'sessions.class_id', 'sessions.cost', 'sessions.credits', 'sessions.kind'].includes(row.item))), []);
    assert.deepStrictEqual(rows.filter((row) => /^deleted/.test(row.action)).map((row) => row.action),
      ['deleted rows, which are nobody: 1; credits in them, which nobody can spend: 5', 'deleted rows, which are not there: 1']);
    await sequelize.query('CALL swan_backfill()');
    assert.deepStrictEqual(await ledger(5), []);
    await agree();
  });

  await step('record: destroy() and restore() of a booking and of a client are journalled', async () => {
    await select('SELECT * FROM swan_book(3, 1)');
    const booking = await Session.findByPk(1);
    await booking.destroy();
    assert.strictEqual((await one('SELECT scheduled FROM swan_summary(3)')).scheduled, 0);
    assert.strictEqual((await refused(select('SELECT * FROM swan_cancel(1)'))).code, 'SW007');
    await agree();
    await booking.restore();
    assert.strictEqual((await one('SELECT scheduled FROM swan_summary(3)')).scheduled, 1);
    assert.deepStrictEqual(await ledger(3), ['opening 6', 'booking -1', 'external 0', 'external 0']);
    await User.restore({ where: { id: 5 } });
    assert.deepStrictEqual(await ledger(5), ['external 5']);
    assert.strictEqual((await one('SELECT available FROM swan_summary(5)')).available, 5);
    await User.destroy({ where: { id: 5 } });
    assert.deepStrictEqual(await ledger(5), ['external 5', 'external -5']);
    assert.strictEqual((await refused(select('SELECT * FROM swan_summary(5)'))).code, 'SW003');
    await agree();
  });

  await step('a booking that is cancelled is dated, and its slot opened again as it was', async () => {
    const { id } = await Session.create({ trainerId: 2, sessionDate: day(20), duration: 90, location: 'Garden', reminders: { sent: [] }, notes: 'Mats' });
    await select('SELECT * FROM swan_book(3, $1, actor => 3)', [id]);
    const { reopened_session_id: copy } = await one("SELECT * FROM swan_cancel($1, 'Ill', actor => 3)", [id]);
    const [old, open] = [await Session.findByPk(id), await Session.findByPk(copy)];
    assert.deepStrictEqual([old.status, old.cancelledBy, old.cancelReason, Math.abs(Date.now() - old.cancelledAt) < 60000], ['cancelled', 3, 'Ill', true]);
    assert.deepStrictEqual([open.status, open.userId, open.location, open.notes, open.reminders, open.cancelledAt, open.bookedAt],
      ['available', null, 'Garden', 'Mats', { sent: [] }, null, null]);
    assert.strictEqual(open.endsAt - open.sessionDate, 90 * 60000);
    await select('SELECT * FROM swan_move($1, $2)', [copy, day(21).toISOString()]);
    await open.reload();
    assert.strictEqual(open.endsAt - day(21), 90 * 60000);
    await agree();
  });

  await step('refuse is possible', async () => {
    // what was restored by hand is a booking that swanalloc did not make
    await select("SELECT * FROM swan_cancel(1, return_credit => false, reopen => false)");
    await select("SELECT swan_configure('guard_balance', 'refuse')");
    await select("SELECT swan_configure('guard_sessions', 'refuse')");
    await select("SELECT swan_configure('trainer_overlap', 'refuse')");
    await select('SELECT * FROM swan_book(3, 2)');
  });

  for (const isolationLevel of Object.values(Transaction.ISOLATION_LEVELS).filter((level) => level !== 'READ UNCOMMITTED')) {
    await step(`refuse: what is no booking is the application's own, ${isolationLevel}`, async () => {
      const inside = (run) => sequelize.transaction({ isolationLevel }, run);
      for (const status of ['available', 'requested', 'blocked', 'draft']) {
        const row = await inside((transaction) => Session.create(
          { trainerId: 2, userId: status === 'requested' ? 3 : null, status, sessionDate: day(25) }, { transaction }));
        await inside((transaction) => row.update({ sessionDate: day(26), location: 'Garden' }, { transaction }));
        await inside((transaction) => row.destroy({ transaction }));
        await agree();
        await inside((transaction) => row.restore({ transaction }));
        await agree();
        await inside((transaction) => row.destroy({ transaction, force: true }));
      }
      const booking = await Session.findByPk(2);
      for (const change of [
        (transaction) => booking.destroy({ transaction }), (transaction) => Session.destroy({ where: { userId: 3, status: 'scheduled' }, transaction }),
        (transaction) => User.destroy({ where: { id: 3 }, transaction }), (transaction) => User.restore({ where: { id: 5 }, transaction }),
        (transaction) => Session.create({ userId: 3, status: 'scheduled', sessionDate: day(27), trainerId: 2 }, { transaction })]) {
        assert.strictEqual((await refused(inside(change))).code, 'SW011');
      }
      await booking.reload();
      assert.strictEqual(booking.deletedAt, null);
      const jane = await User.findByPk(4);
      await inside((transaction) => jane.destroy({ transaction }));
      assert.strictEqual((await refused(select('SELECT * FROM swan_grant(4, 1)'))).code, 'SW003');
      await agree();
      await inside((transaction) => jane.restore({ transaction }));
      await agree();
    });
  }

  await sequelize.close();
});
