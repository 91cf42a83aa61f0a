// node-postgres and Sequelize through PgBouncer in transaction mode, with more
// clients than connections of the server: what docs/backends.md says of it.
// SWAN_POOLED is PgBouncer's socket directory.
'use strict';
const { Pool } = require('pg');
const { Sequelize } = require('sequelize');
const { assert, step, refused, main } = require('./report');
const documents = require('./documents');

main(async () => {
  const pool = new Pool({ host: process.env.SWAN_POOLED, max: 4 });
  const code = documents.blocks('backends.md').map((block) => block.code).join('\n');
  const { start, book, transaction } = documents.run(code.replace(/^const pool = .*$/m, ''),
    { require, pool, console: { error: () => {} } }, ['start', 'book', 'transaction']);

  await step('docs/backends.md: its code books, refuses, and acts for one person a transaction', async () => {
    await start();
    const answers = await Promise.all([14, 14, 14, 999].map((id) => book(4, id, null, 1)));
    assert.deepStrictEqual(answers.map((answer) => answer.status).sort(), [200, 400, 400, 400]);
    const people = await Promise.all([3, 4, 3, 4, 3, 4].map((id) => transaction(async (client) => {
      await client.query('SELECT swan_act_as($1)', [id]);
      await client.query('SELECT pg_sleep(0.01)');
      return Number((await client.query('SELECT user_id FROM swan_actor()')).rows[0].user_id);
    })));
    assert.deepStrictEqual(people, [3, 4, 3, 4, 3, 4]);
    assert.strictEqual((await refused(pool.query('SELECT * FROM swan_summary(3)'))).code, 'SW006');
  });

  await step('Sequelize prepares nothing', async () => {
    const sequelize = new Sequelize(process.env.PGDATABASE, process.env.PGUSER, '',
      { host: process.env.SWAN_POOLED, port: process.env.PGPORT, dialect: 'postgres', logging: false, pool: { max: 4 } });
    const ask = (id) => sequelize.query('SELECT ok FROM swan_can_book($1, $2, actor => $1)', { bind: [3, id] });
    for (let i = 0; i < 4; i++) await Promise.all([1, 2, 3, 4].map(ask));
    await sequelize.close();
  });

  await step('waiting too long for a connection of the server is 08P01, for which swan_errors() says 503', async () => {
    const clients = await Promise.all([0, 1, 2].map(() => pool.connect()));
    for (const client of clients) client.on('error', () => {});
    await clients[0].query('BEGIN');
    await clients[1].query('BEGIN');
    const err = await refused(clients[2].query('SELECT 1'));
    assert.strictEqual(err.code, '08P01');
    await clients[0].query('ROLLBACK');
    await clients[1].query('ROLLBACK');
    clients.forEach((client) => client.release(true));
    const { rows } = await pool.query("SELECT http_status FROM swan_errors() WHERE sqlstate = '08P01'");
    assert.deepStrictEqual(rows, [{ http_status: 503 }]);
  });

  await pool.end();
});
