// Connections. A refused call costs no connection: only one that is broken is thrown away.
import pg from 'pg';

// bigint comes as text, since a number cannot hold all of them. Ids can, until there are 2^53.
const types = {
  getTypeParser(oid, format) {
    if (oid !== pg.types.builtins.INT8) return pg.types.getTypeParser(oid, format);
    return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);
  },
};

export function openPool(options) {
  const pool = new pg.Pool({
    types, connectionTimeoutMillis: 5000, statement_timeout: 15000, application_name: 'studio-web', ...options,
  });
  // A connection that ends while nobody waits for it raises an error, and one that is not heard ends the process.
  const lost = (err) => console.error(`connection lost: ${err.message}`);
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));

  async function query(text, values) {
    const client = await pool.connect();
    let broken = false;
    try {
      return (await client.query(text, values)).rows;
    } catch (err) {
      broken = !err.severity || /^(08|57P)/.test(err.code);   // not an answer of the server, or its last
      throw err;
    } finally {
      client.release(broken);
    }
  }

  return {
    query,
    one: async (text, values) => (await query(text, values))[0],
    end: () => pool.end(),
  };
}

// A row with names as JavaScript and the pages have them: session_id becomes sessionId. What is in jsonb stays.
export function camel(row) {
  return Object.fromEntries(Object.entries(row).map(([name, value]) =>
    [name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()), value]));
}
