// The report's testing phases, and the scenarios of its integration testing protocol: bodies, statuses and sentences as they are there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ada, jane, john, Page, stella, Studio, tom } from './harness.js';

let studio;
before(async () => {
  studio = await Studio.make('report');
  await studio.start();
});
after(() => studio.end());

const NONE = { message: 'No available sessions. Please purchase a session package to book this session.', availableSessions: 0 };

test('1.1: a booking with sessions, and one without', async () => {
  const [slot, other] = await studio.slots(2);
  await studio.grant(john, 1);
  const { status, body } = await studio.post(john, `/api/sessions/book/${john}`, { sessionId: slot });
  assert.equal(status, 200);
  assert.equal(body.message, 'Session booked successfully.');
  assert.deepEqual({ id: body.session.id, userId: body.session.userId, status: body.session.status },
    { id: slot, userId: john, status: 'scheduled' });
  assert(Math.abs(Date.parse(body.session.bookedAt) - Date.now()) < 60e3);

  const refused = await studio.post(john, `/api/sessions/book/${john}`, { sessionId: other });
  assert.equal(refused.status, 400);
  assert.deepEqual(refused.body, { success: false, code: 'INSUFFICIENT_SESSIONS', ...NONE });
});

test('1.2: an admin gives sessions', async () => {
  const { status, body } = await studio.post(ada, '/api/sessions/add-to-user',
    { userId: jane, sessionCount: 5, reason: 'Integration test allocation' });
  assert.equal(status, 200);
  assert.deepEqual({ ...body, sessions: body.sessions.length, replayed: undefined }, {
    success: true, added: 5, availableSessions: 5, sessions: 5, replayed: undefined,
    message: 'Successfully added 5 sessions to Jane Roe. Total available: 5' });
  assert.equal(body.sessions[0].notes, 'Integration test allocation - Session 1');
  const [row] = await studio.sql('SELECT available_sessions FROM studio.users WHERE id = $1', [jane]);
  assert.equal(row.available_sessions, 5);
});

test('2.1: the list of clients, with search and pages', async () => {
  const { status, body } = await studio.get(ada, '/api/sessions/clients');
  assert.equal(status, 200);
  assert.deepEqual(body.map(({ id, availableSessions }) => [id, availableSessions]), [[103, 0], [john, 0], [jane, 5]]);
  const found = await studio.get(ada, '/api/sessions/clients?search=jane%20r');
  assert.deepEqual(found.body.map(({ id }) => id), [jane]);

  const ids = [];
  for (let path = '/api/sessions/clients?limit=1'; path;) {
    const { body: rows, headers } = await studio.get(ada, path);
    ids.push(...rows.map(({ id }) => id));
    path = /<([^>]*)>; rel="next"/.exec(headers.get('Link') ?? '')?.[1];
  }
  assert.deepEqual(ids, [103, john, jane]);
});

test('2.2: what the session-count card shows', async () => {
  const { body: { data } } = await studio.get(ada, `/api/sessions/user-summary/${john}`);
  assert.deepEqual([data.available, data.scheduled, data.completed, data.total], [0, 1, 0, 1]);
  assert.equal(data.warningMessage, 'Client has no available sessions. Add sessions to enable booking.');
  await studio.grant(john, 2);
  const { body: { data: low } } = await studio.get(ada, `/api/sessions/user-summary/${john}`);
  assert.equal(low.warningMessage, 'Client has low session count. Consider adding more sessions.');
  await studio.sql('SELECT FROM swan_revoke($1)', [john]);
});

test('3.1: from nothing to twelve, and every page sees it', async () => {
  const page = new Page(studio, ada);
  await page.until(({ events }) => events.length > 0);
  const count = async () => {
    const { body: clients } = await studio.get(ada, '/api/sessions/clients');
    const { body: { data } } = await studio.get(ada, `/api/sessions/user-summary/${john}`);
    const { body: { data: entries } } = await studio.get(ada, `/api/sessions/schedule?userId=${john}`);
    const counts = new Set([clients.find(({ id }) => id === john).availableSessions, data.available,
      ...entries.map((entry) => entry.availableSessions)]);
    assert.equal(counts.size, 1);
    return [...counts][0];
  };
  assert.equal(await count(), 0);
  await studio.post(ada, '/api/sessions/add-to-user', { userId: john, sessionCount: 10 });
  assert.equal(await count(), 10);
  for (const sessionId of await studio.slots(3, tom, '5 days'))
    assert.equal((await studio.post(john, `/api/sessions/book/${john}`, { sessionId })).status, 200);
  assert.equal(await count(), 7);
  await studio.post(ada, '/api/sessions/add-to-user', { userId: john, sessionCount: 5 });
  assert.equal(await count(), 12);
  await page.until((one) => one.changes().at(-1)?.balanceAfter === 12);
  assert.deepEqual(page.changes().filter(({ userId }) => userId === john).slice(-5).map(({ balanceAfter }) => balanceAfter), [10, 9, 8, 7, 12]);
  await page.close();
});

test('the health of the service', async () => {
  const { status, body } = await studio.get(ada, '/api/sessions/allocation-health');
  assert.equal(status, 200);
  assert.equal(body.service, 'SessionAllocationService');
  assert.equal(body.status, 'healthy');
});

test('what is refused, in the report\'s words', async () => {
  const cases = [
    [null, 'POST', `/api/sessions/book/${john}`, { sessionId: 1 }, 401],
    [jane, 'POST', `/api/sessions/book/${john}`, { sessionId: 1 }, 403, 'UNAUTHORIZED_ACCESS', 'You can only book sessions for yourself.'],
    [john, 'POST', `/api/sessions/book/${john}`, { sessionId: 99999 }, 400, 'SESSION_NOT_AVAILABLE', 'Session is not available for booking.'],
    [ada, 'POST', '/api/sessions/book/99999', { sessionId: 1 }, 400, 'SESSION_NOT_AVAILABLE', 'Session is not available for booking.'],
    [ada, 'POST', '/api/sessions/add-to-user', { sessionCount: 5 }, 400, 'MISSING_REQUIRED_FIELDS', 'User ID and session count are required'],
    [ada, 'POST', '/api/sessions/add-to-user', { userId: john }, 400, 'MISSING_REQUIRED_FIELDS', 'User ID and session count are required'],
    [ada, 'POST', '/api/sessions/add-to-user', { userId: john, sessionCount: 101 }, 400, 'INVALID_SESSION_COUNT', 'Session count must be between 1 and 100'],
    [ada, 'POST', '/api/sessions/add-to-user', { userId: john, sessionCount: -1 }, 400, 'INVALID_SESSION_COUNT', 'Session count must be between 1 and 100'],
    [ada, 'POST', '/api/sessions/add-to-user', { userId: 99999, sessionCount: 1 }, 404, 'USER_NOT_FOUND', 'User not found.'],
    [john, 'POST', '/api/sessions/add-to-user', { userId: john, sessionCount: 1 }, 403],
    [stella, 'POST', '/api/sessions/add-to-user', { userId: john, sessionCount: 1 }, 403],
    [jane, 'GET', `/api/sessions/user-summary/${john}`, undefined, 403],
    [john, 'GET', '/api/sessions/clients', undefined, 403],
  ];
  for (const [actor, method, path, body, status, code, message] of cases) {
    const answer = await studio.call(actor, method, path, body);
    assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
    if (code) assert.deepEqual([answer.body.code, answer.body.message], [code, message]);
  }
});

test('an admin books without a charge, and a user who is none is not found', async () => {
  const [slot, other] = await studio.slots(2, tom, '9 days');
  const before = await studio.available(john);
  const { body } = await studio.post(ada, `/api/sessions/book/${john}`, { sessionId: slot });
  assert.equal(body.session.charged, false);
  assert.equal(await studio.available(john), before);
  const answer = await studio.post(ada, '/api/sessions/book/99999', { sessionId: other });
  assert.deepEqual([answer.status, answer.body.message], [404, 'User not found.']);
});
