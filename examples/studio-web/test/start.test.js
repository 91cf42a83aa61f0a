// `make web` makes a studio that one can log in to, and leaves nothing when it ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, sleep } from './harness.js';

test('make web, and Ctrl-C', async () => {
  const port = await freePort(), before = readdirSync(tmpdir());
  const child = spawn(fileURLToPath(new URL('../start', import.meta.url)), {
    env: { ...process.env, PORT: port }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const out of [child.stdout, child.stderr]) out.on('data', (text) => { said += text; });
  try {
    for (let i = 0; i < 5400 && child.exitCode === null && !said.includes('http://'); i++) await sleep(100);
    const url = /http:\S+/.exec(said)?.[0];
    assert(url, said);
    const password = /with the password (\S+)/.exec(said)[1];
    const people = [...said.matchAll(/^ {2}(\S+@\S+) +(admin|trainer|client)$/gm)].map(([, email, role]) => [role, email]);
    assert.deepEqual(people.map(([role]) => role), ['admin', 'trainer', 'client']);
    const tokens = {};
    for (const [role, email] of people) {
      const response = await fetch(`${url}/api/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email, password }) });
      tokens[role] = (await response.json()).token;
    }
    const get = async (role, path) => (await fetch(url + path, { headers: { Authorization: `Bearer ${tokens[role]}` } })).json();
    assert.equal((await get('admin', '/api/sessions/clients')).length, 60);
    assert((await get('trainer', '/api/sessions/schedule')).data.length > 50);
    assert((await get('client', '/api/sessions/slots')).data.length > 20);
    assert.equal((await get('admin', '/api/sessions/holds')).data.length, 3);
  } finally {
    const ended = child.exitCode === null && once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  }
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
  assert.deepEqual(readdirSync(tmpdir()).filter((name) => /^swanalloc/.test(name) && !before.includes(name)), []);
});
