// postgres.js against the studio of pg.js, after it: what it sends and reads.
'use strict';
const postgres = require('postgres');
const { assert, step, refused, main } = require('./report');

main(async () => {
  const sql = postgres({ host: process.env.PGHOST, onnotice: () => {}, max: 2 });

  await step('a call: ids are strings, counts are numbers, undefined is an error of its own', async () => {
    const [row] = await sql`SELECT * FROM swan_grant(${3}, ${2}, key => ${'pj'}, actor => ${1})`;
    assert.strictEqual(row.user_id, '3');
    assert.strictEqual(row.added, 2);
    assert.strictEqual((await refused(sql`SELECT * FROM swan_grant(${3}, ${1}, actor => ${null})`)).code, 'SW006');
    assert.strictEqual((await refused(sql`SELECT * FROM swan_grant(${3}, ${1}, actor => ${undefined})`)).code, 'UNDEFINED_VALUE');
  });

  await step('refusal: SQLSTATE in code, JSON in detail', async () => {
    const err = await refused(sql`SELECT * FROM swan_book(${3}, ${4711}, actor => ${3})`);
    assert.strictEqual(err.code, 'SW002');
    assert.strictEqual(JSON.parse(err.detail).http, 400);
  });

  await step('swan_time: a text without a zone is of the studio, a Date is an instant', async () => {
    const at = async (value) => (await sql`SELECT swan_time(${value}) AS at`)[0].at.toISOString();
    assert.strictEqual(await at('2099-06-01T09:00'), '2099-06-01T07:00:00.000Z');
    assert.strictEqual(await at('2099-06-01T09:00Z'), '2099-06-01T09:00:00.000Z');
    assert.strictEqual((await refused(sql`SELECT swan_time(${new Date('2099-06-01T09:00Z')})`)).code, '42883');
    const slots = await sql`SELECT session_id FROM swan_slots(swan_time(${'2099-06-19 11:00'}), ${new Date('2099-06-19T09:01Z')})`;
    assert.deepStrictEqual(slots.map((row) => row.session_id), ['19']);
  });

  await step('a transaction for one person', async () => {
    const available = await sql.begin(async (tx) => {
      await tx`SELECT swan_act_as(${3})`;
      return (await tx`SELECT available FROM swan_summary(${3})`)[0].available;
    });
    assert.ok(available >= 2);
    assert.strictEqual((await refused(sql`SELECT * FROM swan_summary(${3})`)).code, 'SW006');
  });

  await sql.end();
});
