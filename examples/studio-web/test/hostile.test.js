// Whatever comes in is answered with 4xx, in JSON, and without a word of the server's inside.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { resolve, routes } from './described.js';
import { ada, jane, john, Studio, tokenOf, tom } from './harness.js';

let studio;
before(async () => {
  studio = await Studio.make('hostile');
  await studio.start();
  await studio.grant(john, 50);
  await studio.slots(5);
  await studio.sql("INSERT INTO web.pack (name, credits, price_minor) VALUES ('8-session pack', 8, 60000)");
});
after(() => studio.end());

const VALUES = [null, true, 2.5, -1, 0, 1e30, '', 'x', '1; DROP TABLE studio.users', "'", '\u0000', '\ud800', '\u202e', [], [3], [[1]], {}, { id: 3 },
  { toString: 'x' }, '9'.repeat(400), '٣', ' 1 '];

function refused({ status, body }, what) {
  assert(status >= 400 && status < 500, `${what} is ${status}: ${JSON.stringify(body)}`);
  clean(body, what);
}

function harmless({ status, body }, what) {
  assert(status < 500, `${what} is ${status}: ${JSON.stringify(body)}`);
  clean(body, what);
}

function clean(body, what) {
  assert.doesNotMatch(JSON.stringify(body), /\.js:|node_modules|at \w+ \(|SELECT |PL\/pgSQL|studio_web|pg_/, `${what} tells too much`);
}

const writers = routes.filter(({ method, route }) => method === 'POST' && !route.security);
const fields = ({ requestBody }) =>
  (requestBody ? Object.keys(resolve(requestBody).content['application/json'].schema.properties) : []);

test('each value of the wrong kind, in each field of each route', async () => {
  const good = { userId: jane, sessionId: 2, toSessionId: 3, trainerId: tom, lotId: 1, packId: 1, sessionCount: 1, at: '2099-01-01T09:00:00Z' };
  for (const { path, route } of writers) {
    for (const [actor, rest, id] of [[john, {}, 99999], [ada, good, 1]]) {
      await Promise.all(fields(route).flatMap((field) => VALUES.map(async (value) => {
        const what = `POST ${path} ${field} = ${JSON.stringify(value)?.slice(0, 60)}`;
        // A list or an object is nowhere right; a text of digits may pass for a number.
        const judge = typeof value === 'object' && value ? refused : harmless;
        judge(await studio.post(actor, path.replace('{userId}', john).replace(/\{\w+\}/, id), { ...rest, [field]: value }), what);
      })));
    }
  }
});

test('each value of the wrong kind, in each path and query', async () => {
  const texts = ['x', '2.5', '-1', '1e3', '%00', '%ff', '%F0%9F%98%80', "';--", '9'.repeat(30), '%', '..%2f..%2fetc%2fpasswd'];
  for (const { method, path, route } of routes.filter(({ path: at, route: { security } }) => at !== '/api/events' && !security)) {
    await Promise.all(texts.map(async (value) => {
      if (path.includes('{')) {
        const answer = await studio.call(ada, method, path.replace(/\{\w+\}/g, value), method === 'POST' ? {} : undefined);
        // A verdict is an answer.
        (/can-/.test(path) ? harmless : refused)(answer, `${method} ${path} ${value}`);
      }
      for (const { name, in: place } of (route.parameters ?? []).map(resolve)) {
        if (place !== 'query') continue;
        for (const query of [`${name}=${value}`, `${name}=1&${name}=${value}`, `${name}[a]=${value}`])
          harmless(await studio.get(ada, `${path.replace(/\{\w+\}/g, john)}?${query}`), `${path} ${query}`);
      }
    }));
  }
});

test('bodies that are none', async () => {
  const path = `/api/sessions/book/${john}`;
  const bodies = ['', '{', 'null', '3', '"x"', '[]', '[1]', '{"sessionId":1', '{"sessionId":1}}', '\u0000', '{"a":'.repeat(5000), '<xml/>', Buffer.from([0xff, 0xfe, 0x7b])];
  for (const body of bodies) refused(await studio.post(john, path, body), `body ${body.slice(0, 20)}`);
  refused(await studio.post(john, path, undefined), 'no body');
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json; charset=utf-7', 'x'])
    refused(await studio.post(john, path, '{"sessionId":1}', { 'Content-Type': type }), type);
  refused(await studio.post(john, path, '{"sessionId":1}', { 'Content-Encoding': 'br' }), 'not compressed as it says');
  const long = await studio.post(john, path, JSON.stringify({ sessionId: 1, reason: 'x'.repeat(1 << 20) }));
  assert.deepEqual([long.status, long.body.code], [413, 'BODY_TOO_LARGE']);
  const polluted = await studio.post(john, path, '{"__proto__":{"sessionId":1},"constructor":{"prototype":{"sessionId":1}}}');
  refused(polluted, 'a prototype');
  assert.equal({}.sessionId, undefined);
});

test('tokens that are forged, expired, or somebody else\'s', async () => {
  const parts = (await tokenOf(john)).split('.');
  const none = [{ alg: 'none' }, { sub: String(ada), exp: 9999999999 }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const forged = {
    expired: await tokenOf(ada, { expires: '-1s' }),
    'signed with another secret': await tokenOf(ada, { secret: 'another secret of somebody else who guesses' }),
    'of another algorithm': await tokenOf(ada, { alg: 'HS512' }),
    unsigned: `${none.join('.')}.`,
    'with another payload': [parts[0], none[1], parts[2]].join('.'),
    'not whole': parts.slice(0, 2).join('.'),
    'nobody\'s': await tokenOf('x'), 'of number 0': await tokenOf(0), 'negative': await tokenOf(-1), nothing: '', words: 'x y z',
  };
  for (const [what, token] of Object.entries(forged)) {
    for (const headers of [{ Authorization: `Bearer ${token}` }, { Cookie: `studio_session=${token}` }]) {
      const { status, body } = await studio.call(null, 'GET', '/api/sessions/clients', undefined, headers);
      assert.deepEqual([status, body], [401,
        { success: false, code: 'UNAUTHENTICATED', message: 'Authentication expired. Please log in again.' }], `a token ${what}`);
    }
  }
  // Well signed, but of somebody who is not there any more.
  for (const [method, path] of [['GET', '/api/sessions/clients'], ['POST', `/api/sessions/book/${john}`], ['POST', '/api/sessions/add-to-user']])
    refused(await studio.call(4711, method, path, method === 'POST' ? { sessionId: 1, userId: john, sessionCount: 1 } : undefined), path);
  refused(await studio.get('9'.repeat(40), '/api/auth/me'), 'a number that is none');
});

test('other people\'s ids', async () => {
  const [mine] = await studio.slots(1, tom, '20 days');
  assert.equal((await studio.post(john, `/api/sessions/book/${john}`, { sessionId: mine })).status, 200);
  const { body: { data: [lot] } } = await studio.get(john, `/api/sessions/credits/${john}`);
  for (const [path, body] of [
    [`/api/sessions/book/${john}`, { sessionId: 1 }], [`/api/sessions/hold/${john}`, { sessionId: 1 }], [`/api/sessions/wait/${john}`, { sessionId: mine }],
    [`/api/sessions/request/${john}`, { at: new Date(Date.now() + 1e9) }], [`/api/sessions/${mine}/cancel`, {}], [`/api/sessions/${mine}/move`, { duration: 30 }],
    [`/api/sessions/${mine}/reschedule`, { toSessionId: 1 }], [`/api/sessions/${mine}/confirm`], [`/api/sessions/${mine}/complete`],
    [`/api/sessions/extend-credits/${lot.lotId}`, {}], ['/api/sessions/revoke-from-user', { userId: john, sessionCount: 1 }],
    ['/api/sessions/open', { trainerId: tom, at: '2099-01-01' }], ['/api/sessions/block', { trainerId: tom, at: '2099-01-01' }]])
    refused(await studio.post(jane, path, body), path);
  for (const path of ['user-summary', 'client', 'statement', 'credits']) refused(await studio.get(jane, `/api/sessions/${path}/${john}`), path);
  for (const path of [`schedule?userId=${john}`, 'expiring', 'clients']) refused(await studio.get(jane, `/api/sessions/${path}`), path);
  assert.deepEqual((await studio.get(jane, '/api/sessions/schedule')).body.data, []);
  assert.deepEqual((await studio.get(jane, `/api/sessions/holds?userId=${john}`)).body.data ?? [], []);
  assert.equal((await studio.get(jane, `/api/sessions/${mine}/can-cancel`)).status, 403);
});

test('keys and headers', async () => {
  const give = (key) => studio.post(ada, '/api/sessions/add-to-user', { userId: jane, sessionCount: 1 }, { 'Idempotency-Key': key });
  refused(await give(' '.repeat(3)), 'a blank key');
  refused(await give('k'.repeat(300)), 'a long key');
  refused(await studio.post(ada, '/api/sessions/add-to-user', { userId: jane, sessionCount: 1, key: { a: 1 } }), 'a key that is no text');
  assert.equal((await give('k')).status, 200);
  const again = await studio.post(ada, '/api/sessions/add-to-user', { userId: jane, sessionCount: 2 }, { 'Idempotency-Key': 'k' });
  assert.deepEqual([again.status, again.body.code], [409, 'IDEMPOTENCY_CONFLICT']);
});

test('what is no HTTP, and what never ends', async () => {
  for (const text of ['x\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', `GET /${'x'.repeat(20000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nContent-Type: application/json\r\n\r\n{"a"']) {
    const socket = connect(studio.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.resume().end(text);
    await Promise.race([once(socket, 'close'), once(socket, 'error')]);
  }
  assert.equal((await studio.get(john, '/api/auth/me')).status, 200);
  refused(await studio.get(john, '/api/nothing'), 'a route that is none');
  refused(await studio.call(john, 'PUT', '/api/sessions/1/cancel', {}), 'a method that is none');
});

test('and after all that nothing has happened', async () => {
  assert.equal(studio.server.exitCode, null);
  assert.doesNotMatch(studio.log, /TypeError|ReferenceError|unhandled/i);
  const { status, body } = await studio.get(ada, '/api/sessions/allocation-health');
  assert.deepEqual([status, body.status], [200, 'healthy']);
});
