// A studio of its own for each test file, in the server that PGHOST names, and the backend as a process of its own, over HTTP.
// Every answer is held against openapi.yaml.
import assert from 'node:assert/strict';
import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SignJWT } from 'jose';
import pg from 'pg';
import Stripe from 'stripe';
import { described } from './described.js';

const top = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const SESSION_SECRET = 'a secret of the tests, which is none';
const STRIPE_WEBHOOK_SECRET = 'whsec_of_the_tests';

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// The people of every studio: Ada (1) is the admin, Stella (2) has the desk, Tom (3) and Maya (4) are trainers, John (101),
// Jane (102) and Amir (103) clients.
const PEOPLE = `INSERT INTO studio.users (id, first_name, last_name, email, role) VALUES
  (1, 'Ada', 'King', 'ada@example.com', 'admin'), (2, 'Stella', 'Park', 'stella@example.com', 'staff'),
  (3, 'Tom', 'Reed', 'tom@example.com', 'trainer'), (4, 'Maya', 'Lopez', 'maya@example.com', 'trainer'),
  (101, 'John', 'Doe', 'john@example.com', 'client'), (102, 'Jane', 'Roe', 'jane@example.com', 'client'),
  (103, 'Amir', 'Baker', 'amir@example.com', 'client')`;
export const [ada, stella, tom, maya, john, jane, amir] = [1, 2, 3, 4, 101, 102, 103];

export class Studio {
  // With the people above, or the lively studio of `make web`.
  static async make(name, { lively = false } = {}) {
    const studio = new Studio();
    studio.pages = new Set();
    process.on('exit', () => studio.server?.kill('SIGKILL'));
    studio.database = `web_${name}_${process.pid}`;
    await withClient('postgres', (client) => client.query(`CREATE DATABASE ${studio.database}`));
    const script = (name) => run('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', studio.database, '-f', `${top}/sql/${name}`]);
    await script('setup.sql');
    await (lively ? script('seed.sql') : studio.sql(PEOPLE));
    studio.port = await freePort();
    return studio;
  }

  // As the superuser, who is nobody's actor.
  async sql(text, values) {
    return withClient(this.database, async (client) => (await client.query(text, values)).rows);
  }

  // Slots of a trainer's from tomorrow on, an hour each, three hours apart; their ids.
  async slots(count, trainer = tom, from = '1 day') {
    const rows = await this.sql(
      'SELECT swan_open::integer AS id FROM swan_open($1, date_trunc(\'hour\', now()) + $2::interval, repeat => $3, every => \'3 hours\')',
      [trainer, from, count]);
    return rows.map((row) => row.id);
  }

  // One slot of a trainer's, or a class, at a time of the studio's clocks; and a day of them from today on.
  async slot(at, { trainer = tom, minutes = 60, places = 1 } = {}) {
    return (await this.sql('SELECT swan_open::integer AS id FROM swan_open($1, swan_time($2), $3, places => $4)', [trainer, at, minutes, places]))[0].id;
  }

  async day(days) {
    return (await this.sql(`SELECT to_char(now() AT TIME ZONE (SELECT value FROM swan_settings() WHERE setting = 'time_zone')
      + make_interval(days => $1), 'YYYY-MM-DD') AS day`, [days]))[0].day;
  }

  grant(user, n) { return this.sql('SELECT FROM swan_grant($1, $2)', [user, n]); }

  async start(env = {}, script = 'server/main.js') {
    this.server = spawn(process.execPath, [top + script], {
      env: { ...process.env, PGDATABASE: this.database, PGUSER: 'studio_web', PORT: this.port, SESSION_SECRET, STRIPE_WEBHOOK_SECRET, POLL_MS: 100, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.log = '';
    for (const out of [this.server.stdout, this.server.stderr]) out.on('data', (text) => { this.log += text; });
    for (let i = 0; !this.log.includes('http://'); i++) {
      assert(i < 1200 && this.server.exitCode === null, `the server does not start: ${this.log}`);
      await sleep(50);
    }
  }

  async stop(signal = 'SIGTERM') {
    if (this.server.exitCode !== null || this.server.signalCode !== null) return;
    const ended = once(this.server, 'exit');
    this.server.kill(signal);
    await ended;
  }

  async end() {
    for (const page of this.pages) await page.close();
    if (this.server) await this.stop();
    const problems = await this.sql('SELECT * FROM swan_verify()');
    await withClient('postgres', (client) => client.query(`DROP DATABASE ${this.database} WITH (FORCE)`));
    assert.deepEqual(problems, [], 'swan_verify() finds nothing');
  }

  get url() { return `http://127.0.0.1:${this.port}`; }

  // A request as a person; answers { status, body, headers }.
  async call(actor, method, path, body, headers = {}) {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(actor && { Authorization: `Bearer ${await tokenOf(actor)}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined || raw ? body : JSON.stringify(body),
    });
    const text = await response.text();
    let answer;
    try { answer = JSON.parse(text); } catch { assert.fail(`${method} ${path}: ${response.status}, and no JSON: ${text}`); }
    described(method, path, response.status, answer);
    return { status: response.status, body: answer, headers: response.headers };
  }

  get(actor, path) { return this.call(actor, 'GET', path); }
  post(actor, path, body, headers) { return this.call(actor, 'POST', path, body, headers); }

  // As the payment provider delivers an event.
  deliver(type, object, { secret = STRIPE_WEBHOOK_SECRET, timestamp } = {}) {
    const payload = JSON.stringify({ id: `evt_${type}`, object: 'event', type, data: { object } });
    return this.call(null, 'POST', '/webhook', payload,
      { 'Stripe-Signature': Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }) });
  }

  async available(user) {
    const [{ available }] = await this.sql('SELECT available FROM swan_summary($1)', [user]);
    return available;
  }
}

const tokens = new Map();
export async function tokenOf(user, { secret = SESSION_SECRET, expires = '1h', alg = 'HS256' } = {}) {
  const name = JSON.stringify([user, secret, expires, alg]);
  if (!tokens.has(name))
    tokens.set(name, new SignJWT().setProtectedHeader({ alg }).setSubject(String(user)).setIssuedAt().setExpirationTime(expires)
      .sign(new TextEncoder().encode(secret)));
  return tokens.get(name);
}

async function withClient(database, work) {
  const client = new pg.Client({ user: 'postgres', database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

// An open page: collects what it hears, and comes back by itself as a browser does, with the last id.
export class Page {
  constructor(studio, actor, lastId) {
    Object.assign(this, { studio, actor, lastId, events: [], open: true, times: 0 });
    studio.pages.add(this);
    this.ended = this.#listen();
  }

  async #listen() {
    while (this.open) {
      try {
        this.abort = new AbortController();
        const response = await fetch(`${this.studio.url}/api/events`, {
          headers: { Authorization: `Bearer ${await tokenOf(this.actor)}`, ...(this.lastId && { 'Last-Event-ID': this.lastId }) },
          signal: this.abort.signal });
        assert.equal(response.status, 200);
        this.times++;
        let text = '';
        for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
          text += chunk;
          for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) this.#hear(text.slice(0, end));
        }
      } catch (err) {
        if (err.code === 'ERR_ASSERTION') throw err;
      }
      if (this.open) await sleep(100);
    }
  }

  #hear(block) {
    const event = Object.fromEntries(block.split('\n').filter((line) => !line.startsWith(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
    if (event.id) this.lastId = event.id;
    if (event.event) this.events.push({ event: event.event, heard: Date.now(), ...JSON.parse(event.data) });
  }

  changes() { return this.events.filter(({ event }) => event === 'change'); }

  async until(test, ms = 20000) {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) if (test(this)) return;
    assert.fail(`in vain waited for: ${test}\nheard: ${JSON.stringify(this.events.slice(-5))}`);
  }

  async close() {
    this.open = false;
    this.abort.abort();
    await this.ended;
  }
}
