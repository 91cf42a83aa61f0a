// Sets the password of a person, which is read from standard input: `npm run password -- ada@example.com`. For whoever may
// write to the table web.password, e.g. the owner: PGUSER says who.
import { createInterface } from 'node:readline/promises';
import bcrypt from 'bcryptjs';
import pg from 'pg';

const [email] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin, output: process.stdin.isTTY ? process.stdout : undefined });
const password = await lines.question(process.stdin.isTTY ? 'Password: ' : '');
lines.close();
if (!email || password.length < 8 || bcrypt.truncates(password)) {
  console.error('usage: npm run password -- E-MAIL, and a password of 8 to 72 bytes on standard input');
  process.exit(2);
}
const client = new pg.Client();
await client.connect();
const { rowCount } = await client.query(
  `INSERT INTO web.password SELECT id, $2 FROM studio.users WHERE lower(email) = lower($1)
   ON CONFLICT (user_id) DO UPDATE SET hash = EXCLUDED.hash`, [email, await bcrypt.hash(password, 10)]);
await client.end();
console.log(rowCount === 1 ? 'The password is set.' : 'Nobody has that address.');
process.exitCode = rowCount === 1 ? 0 : 1;
