// Calls of swanalloc by name, for node-postgres. An example to copy, not a package.
//
//   const { Pool } = require('pg');
//   const swan = await require('./swan')(new Pool());
//   const [booking] = await swan.call('swan_book', { user_id: 3, session_id: 17, key: 'a7f3', actor: 3 });
//
// An error is turned into what to answer a request with: swan.answer(err) is { status, body }.
'use strict';

const AGAIN = new Set(['40001', '40P01']);       // the transaction was undone: it may run again from its start
const LOST = /^(08|57P)/;                        // the connection ended: whether it was done, nobody knows

module.exports = async function swan(pool, { attempts = 5 } = {}) {
  // A connection goes back to the pool unless it is broken; pool.query() would throw it away after any refusal.
  async function query(text, values) {
    const client = await pool.connect();
    const ignore = () => {};                     // of a connection that ends meanwhile: the query says so, too
    let broken = false;
    client.on('error', ignore);
    try {
      return (await client.query(text, values)).rows;
    } catch (err) {
      broken = !err.severity || LOST.test(err.code);
      throw err;
    } finally {
      client.off('error', ignore);
      client.release(broken);
    }
  }

  const errors = new Map((await query('SELECT * FROM swan_errors()')).map((row) => [row.sqlstate, row]));

  // A call that was undone is sent again as it was; one that may have been done only with a key, which makes that safe.
  function mayRepeat(err, args) {
    if (AGAIN.has(err.code)) return true;
    return args.key != null && (!err.severity || LOST.test(err.code));
  }

  // The rows of a swan_* function; args are its arguments by name. What is undefined is left out.
  async function call(name, args = {}) {
    const names = Object.keys(args).filter((arg) => args[arg] !== undefined);
    if (![name, ...names].every((word) => /^[a-z_]+$/.test(word))) throw new TypeError('no name of a function or argument');
    const text = `SELECT * FROM ${name}(${names.map((arg, i) => `"${arg}" => $${i + 1}`).join(', ')})`;
    for (let attempt = 1; ; attempt++) {
      try {
        return await query(text, names.map((arg) => args[arg]));
      } catch (err) {
        if (attempt >= attempts || !mayRepeat(err, args)) throw err;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt));
      }
    }
  }

  // What to answer: DETAIL of our own errors is JSON and says more than the table.
  function answer(err) {
    const known = errors.get(err.code) || errors.get(err.severity ? 'other' : '08006');
    const { http, ...detail } = /^SW/.test(err.code) ? JSON.parse(err.detail) : {};
    return { status: known.http_status, body: { success: false, code: known.code, message: known.message, ...detail } };
  }

  return { call, answer };
};
