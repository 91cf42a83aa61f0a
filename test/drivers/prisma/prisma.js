// Prisma 7 against a studio made by swan_create_studio: 1 Ada (admin), 3 John and 4 Jane (clients), slots 1 to 20. The login is listed as backend.
'use strict';
const { getPrismaClient } = require('@prisma/client/runtime/client');
const { PrismaPg } = require('@prisma/adapter-pg');
const { assert, step, refused, wrongIds, main } = require('./report');

// What `prisma generate` writes for a schema without models. That program brings engines of its own, which nothing here needs.
const compiler = '@prisma/client/runtime/query_compiler_small_bg.postgresql';
const PrismaClient = getPrismaClient({
  previewFeatures: [],
  clientVersion: require('@prisma/client/package.json').version,
  engineVersion: '',
  activeProvider: 'postgresql',
  inlineSchema: 'datasource db {\n  provider = "postgresql"\n}\n',
  runtimeDataModel: { models: {}, enums: {}, types: {} },
  parameterizationSchema: { strings: [], graph: 'AAAA' },
  compilerWasm: {
    getRuntime: async () => require(`${compiler}.js`),
    getQueryCompilerWasmModule: async () => new WebAssembly.Module(Buffer.from(require(`${compiler}.wasm-base64.js`).wasm, 'base64')),
    importName: './query_compiler_small_bg.js',
  },
});

main(async () => {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ host: process.env.PGHOST, max: 1 }) });
  // an error's SQLSTATE and DETAIL
  const cause = (err) => err.meta.driverAdapterError.cause;
  const errors = new Map();
  for (const row of await prisma.$queryRaw`SELECT * FROM swan_errors()`) errors.set(row.sqlstate, row);

  await step('values in the template; bigint is a BigInt, integer a number', async () => {
    const [row] = await prisma.$queryRaw`SELECT * FROM swan_grant(${3}, ${2}, key => ${'prisma'}, actor => ${1})`;
    assert.strictEqual(row.user_id, 3n);
    assert.strictEqual(row.added, 2);
    const [again] = await prisma.$queryRaw`SELECT * FROM swan_grant(${'3'}, ${2}, key => ${'prisma'}, actor => ${1n})`;
    assert.strictEqual(again.replayed, true);
    const [booking] = await prisma.$queryRaw`SELECT * FROM swan_book(${3}, ${7}, key => ${'p1'}, actor => ${3})`;
    assert.strictEqual(booking.session_id, 7n);
    assert.strictEqual(booking.session_date.toISOString(), '2099-06-07T09:00:00.000Z');
    assert.strictEqual(booking.available_sessions, 1);
  });

  await step('the error is P2010; SQLSTATE and DETAIL are in its meta', async () => {
    const err = await refused(prisma.$queryRaw`SELECT * FROM swan_book(${3}, ${7}, key => ${'p2'}, actor => ${3})`);
    assert.strictEqual(err.code, 'P2010');
    assert.strictEqual(cause(err).originalCode, 'SW002');
    assert.strictEqual(JSON.parse(cause(err).detail).sessionId, 7);
    assert.strictEqual(errors.get(cause(err).originalCode).http_status, 400);
    const forgotten = await refused(prisma.$queryRaw`SELECT * FROM swan_book(${3}, ${8}, actor => ${null})`);
    assert.strictEqual(cause(forgotten).originalCode, 'SW006');
  });

  await step('errors that Prisma has a name for keep their SQLSTATE', async () => {
    for (const state of ['40001', '40P01', '23505', '22003', '57014', 'SW009']) {
      const err = await refused(prisma.$queryRawUnsafe(`DO $$ BEGIN RAISE SQLSTATE '${state}'; END $$`));
      assert.strictEqual(cause(err).originalCode, state);
    }
  });

  await step('a wrong type is 400', async () => {
    for (const value of wrongIds) {
      const err = await refused(prisma.$queryRaw`SELECT * FROM swan_book(${3}, ${value}, actor => ${3})`);
      const state = err.meta ? cause(err).originalCode : '22P02';
      assert.strictEqual(errors.get(state)?.http_status, 400, `${JSON.stringify(value)}: ${err.stack}`);
    }
  });

  await step('swan_act_as() in a transaction, and no longer', async () => {
    await prisma.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT swan_act_as(${3})`;
      assert.strictEqual((await tx.$queryRaw`SELECT user_id FROM swan_actor()`)[0].user_id, 3n);
      assert.strictEqual((await tx.$queryRaw`SELECT * FROM swan_book(3, 9)`)[0].session_id, 9n);
    });
    assert.strictEqual(cause(await refused(prisma.$queryRaw`SELECT * FROM swan_book(3, 10)`)).originalCode, 'SW006');
  });

  await step('a refused call costs its connection, but not in a transaction that goes on', async () => {
    const pid = async (on) => (await on.$queryRaw`SELECT pg_backend_pid() AS pid`)[0].pid;
    const before = await pid(prisma);
    await refused(prisma.$queryRaw`SELECT * FROM swan_book(3, 7, actor => 3)`);
    assert.notStrictEqual(await pid(prisma), before);
    await prisma.$transaction(async (tx) => {
      const within = await pid(tx);
      await tx.$executeRaw`SAVEPOINT before`;
      await refused(tx.$queryRaw`SELECT * FROM swan_book(3, 7, actor => 3)`);
      await tx.$executeRaw`ROLLBACK TO before`;
      assert.strictEqual(await pid(tx), within);
    });
  });

  await prisma.$disconnect();
});
