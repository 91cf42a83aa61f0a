// Knex, Drizzle and TypeORM against the studio of pg.js, after it: what each makes of a call and of its error.
'use strict';
const { Pool } = require('pg');
const { assert, step, refused, main } = require('./report');

main(async () => {
  const pool = new Pool({ max: 1 });
  pool.on('error', () => {});

  await step('Knex: named bindings; the error is the driver\'s', async () => {
    const knex = require('knex')({ client: 'pg', connection: { host: process.env.PGHOST }, pool: { min: 0, max: 1 } });
    const { rows: [row] } = await knex.raw('SELECT * FROM swan_grant(:user_id, :n, key => :key, actor => :actor)',
      { user_id: 3, n: 1, key: 'knex', actor: 1 });
    assert.strictEqual(row.user_id, '3');
    assert.strictEqual(row.added, 1);
    const err = await refused(knex.raw('SELECT * FROM swan_book(?, ?, actor => ?)', [3, 4711, 3]));
    assert.strictEqual(err.code, 'SW002');
    assert.strictEqual(JSON.parse(err.detail).sessionId, 4711);
    await knex.transaction(async (trx) => {
      await trx.raw('SELECT swan_act_as(?)', [3]);
      assert.strictEqual((await trx.raw('SELECT user_id FROM swan_actor()')).rows[0].user_id, '3');
    });
    await knex.destroy();
  });

  await step('Drizzle: values in sql``; the driver\'s error is the cause', async () => {
    const { drizzle } = require('drizzle-orm/node-postgres');
    const { sql } = require('drizzle-orm');
    const db = drizzle({ client: pool });
    const { rows: [row] } = await db.execute(sql`SELECT * FROM swan_grant(${3}, ${1}, key => ${'drizzle'}, actor => ${1})`);
    assert.strictEqual(row.user_id, '3');
    const err = await refused(db.execute(sql`SELECT * FROM swan_book(${3}, ${4711}, actor => ${3})`));
    assert.strictEqual(err.code, undefined);
    assert.strictEqual(err.cause.code, 'SW002');
    assert.strictEqual(JSON.parse(err.cause.detail).sessionId, 4711);
    await db.transaction(async (tx) => {
      await tx.execute(sql`SELECT swan_act_as(${3})`);
      assert.strictEqual((await tx.execute(sql`SELECT user_id FROM swan_actor()`)).rows[0].user_id, '3');
    });
  });

  await step('TypeORM: $1; the error has what the driver\'s has', async () => {
    const { DataSource } = require('typeorm');
    const source = await new DataSource({ type: 'postgres', host: process.env.PGHOST, username: process.env.PGUSER, database: process.env.PGDATABASE }).initialize();
    const [row] = await source.query('SELECT * FROM swan_grant($1, $2, key => $3, actor => $4)', [3, 1, 'typeorm', 1]);
    assert.strictEqual(row.user_id, '3');
    const err = await refused(source.query('SELECT * FROM swan_book($1, $2, actor => $3)', [3, 4711, 3]));
    assert.strictEqual(err.name, 'QueryFailedError');
    assert.strictEqual(err.code, 'SW002');
    assert.strictEqual(JSON.parse(err.detail).sessionId, 4711);
    assert.strictEqual(err.driverError.code, 'SW002');
    await source.transaction(async (manager) => {
      await manager.query('SELECT swan_act_as($1)', [3]);
      assert.strictEqual((await manager.query('SELECT user_id FROM swan_actor()'))[0].user_id, '3');
    });
    await source.destroy();
  });

  await pool.end();
});
