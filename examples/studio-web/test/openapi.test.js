// The description and the server have the same routes, and every route answers as it says: here once with success, in the
// other tests with whatever comes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createApp } from '../server/app.js';
import { api, routes, unseen } from './described.js';
import { ada, amir, jane, john, maya, Page, Studio, tom } from './harness.js';

let studio;
before(async () => {
  studio = await Studio.make('openapi');
  await studio.start();
});
after(() => studio.end());

// What express has, below whatever a router is mounted at.
function* mounted(router, at = '') {
  for (const layer of router.stack) {
    if (layer.route) for (const method of Object.keys(layer.route.methods)) yield `${method.toUpperCase()} ${at}${layer.route.path}`;
    else if (layer.handle.stack) yield* mounted(layer.handle, at + (PREFIXES.find((prefix) => layer.match(prefix)) ?? ''));
  }
}
const PREFIXES = ['/webhook', '/api', '/api/auth', '/api/events', '/api/sessions'];     // the shortest that a layer takes is its own

test('each route is described, and what is described is a route', () => {
  const none = { query: async () => [] };
  const { app } = createApp({ sessionSecret: 'x', webhookSecret: 'x' }, { web: none, hook: none, feed: none });
  const there = [...mounted(app.router)].filter((route) => !route.includes('*'))
    .map((route) => route.replace(/:(\w+)/g, '{$1}').replace(/(.)\/$/, '$1')).sort();
  assert.deepEqual(there, routes.map(({ method, path }) => `${method} ${path}`).sort());
});

test('every route is described with its refusals, and says who may ask', () => {
  for (const { method, path, route } of routes) {
    assert(route.responses['4XX'], `${method} ${path} has refusals`);
    assert(route.summary, `${method} ${path} says what it does`);
    if (!['/api/auth/login', '/api/auth/logout', '/webhook'].includes(path)) assert.equal(route.security, undefined);
  }
  assert.equal(api.openapi, '3.1.0');
});

test('without a log-in nothing is answered', async () => {
  for (const { method, path, route } of routes) {
    if (route.security) continue;
    const { status, body } = await studio.call(null, method, path.replace(/\{\w+\}/g, '1'));
    assert.deepEqual([status, body], [401,
      { success: false, code: 'UNAUTHENTICATED', message: 'Authentication expired. Please log in again.' }], `${method} ${path}`);
  }
});

test('a password, a cookie, and the way out', async () => {
  const { default: bcrypt } = await import('bcryptjs');
  await studio.sql('INSERT INTO web.password VALUES ($1, $2)', [john, await bcrypt.hash('correct horse', 4)]);
  const wrong = [{ email: 'john@example.com', password: 'wrong' }, { email: 'nobody@example.com', password: 'correct horse' }];
  for (const body of wrong) {
    const answer = await studio.post(null, '/api/auth/login', body);
    assert.deepEqual([answer.status, answer.body.message], [401, 'E-mail address or password is wrong.']);
  }
  const { body: { token, user }, headers } = await studio.post(null, '/api/auth/login', { email: 'John@Example.com', password: 'correct horse' });
  assert.deepEqual([user.id, user.role], [john, 'client']);
  const cookie = headers.get('Set-Cookie');
  assert.match(cookie, /HttpOnly; SameSite=Strict/);
  const sent = { Cookie: cookie.split(';')[0] };
  assert.equal((await studio.call(null, 'GET', '/api/auth/me', undefined, sent)).body.user.id, john);
  assert.equal((await studio.call(null, 'GET', '/api/auth/me', undefined, { Authorization: `Bearer ${token}` })).body.user.id, john);
  const elsewhere = await studio.call(null, 'POST', '/api/sessions/1/cancel', {}, { ...sent, 'Sec-Fetch-Site': 'cross-site' });
  assert.equal(elsewhere.status, 403);
  assert.match((await studio.post(null, '/api/auth/logout')).headers.get('Set-Cookie'), /studio_session=;/);
});

test('a day is one of the studio\'s clocks, over a change of clocks too', async () => {
  await studio.sql("SELECT swan_configure('time_zone', 'Europe/Berlin')");
  const { body: { sessionIds } } = await studio.post(maya, '/api/sessions/open',
    { trainerId: maya, at: '2099-03-28T09:00', repeat: 3, every: '1 day' });       // the clocks go forward on the 29th
  const { body: { data } } = await studio.get(ada, '/api/sessions/schedule?since=2099-03-28&until=2099-03-30');
  assert.deepEqual(data.map(({ sessionDate }) => sessionDate), ['2099-03-28T08:00:00.000Z', '2099-03-29T07:00:00.000Z']);
  for (const id of sessionIds) await studio.post(maya, `/api/sessions/${id}/cancel`);
  await studio.sql("SELECT swan_configure('time_zone', 'UTC')");
});

test('a tour of all routes', async () => {
  const ok = async (answer) => {
    const { status, body } = await answer;
    assert(status < 300, JSON.stringify(body));
    return body;
  };
  const book = (user, sessionId, as = user) => ok(studio.post(as, `/api/sessions/book/${user}`, { sessionId }));
  const { data: { timeZone, cancelWindow, lowThreshold } } = await ok(studio.get(ada, '/api/studio'));
  assert.deepEqual([timeZone, cancelWindow, lowThreshold], ['UTC', 86400, 3]);
  assert.deepEqual((await ok(studio.get(john, '/api/people'))).data.map(({ id }) => id), [maya, tom]);
  await ok(studio.post(ada, '/api/sessions/add-to-user', { userId: john, sessionCount: 9 }));
  await ok(studio.post(ada, '/api/sessions/add-to-user', { userId: jane, sessionCount: 9 }));

  const at = new Date(Date.now() + 5 * 86400e3).toISOString();
  const { sessionIds } = await ok(studio.post(tom, '/api/sessions/open', { trainerId: tom, at, repeat: 6, every: '1 day' }));
  const [first, second, third, fourth] = sessionIds;
  const { sessionIds: [place] } = await ok(studio.post(maya, '/api/sessions/open', { trainerId: maya, at, places: 2 }));
  const { sessionIds: [blocked] } = await ok(studio.post(maya, '/api/sessions/block',
    { trainerId: maya, at: new Date(Date.now() + 9 * 86400e3), reason: 'Dentist' }));
  const { data: slots, next } = await ok(studio.get(john, '/api/sessions/slots?limit=3'));
  assert.equal(slots.length, 3);
  assert.equal((await ok(studio.get(john, `/api/sessions/slots?limit=100&after=${encodeURIComponent(next)}`))).data.length, 4);
  assert.equal((await ok(studio.get(john, '/api/sessions/calendar'))).data.length, 7);

  assert.equal((await ok(studio.get(john, `/api/sessions/${first}/can-book/${john}`))).data.ok, true);
  await ok(studio.post(john, `/api/sessions/hold/${john}`, { sessionId: first, minutes: 2.5 }));
  assert.equal((await ok(studio.get(john, '/api/sessions/holds'))).data.length, 1);
  await ok(studio.post(john, `/api/sessions/${first}/release`));
  const { session } = await book(john, first);
  assert.equal(session.charged, true);
  assert.equal((await ok(studio.get(john, `/api/sessions/${first}/can-cancel`))).data.returns, true);
  await ok(studio.post(john, `/api/sessions/${first}/reschedule`, { toSessionId: second }));
  await ok(studio.post(tom, `/api/sessions/${second}/move`, { at: new Date(Date.now() + 20 * 86400e3), duration: 45 }));
  await ok(studio.post(tom, `/api/sessions/${second}/confirm`));
  const cancelled = await ok(studio.post(john, `/api/sessions/${second}/cancel`, { reason: 'Ill' }));
  assert.deepEqual([cancelled.returned, cancelled.availableSessions, cancelled.session.status], [true, 9, 'cancelled']);

  await book(john, place);
  await book(jane, place);
  await ok(studio.post(amir, `/api/sessions/wait/${amir}`, { sessionId: place, auto: true }));
  assert.equal((await ok(studio.get(maya, `/api/sessions/waiting?sessionId=${place}`))).data[0].userId, amir);
  await ok(studio.post(amir, `/api/sessions/unwait/${amir}`, { sessionId: place }));

  const { session: asked } = await ok(studio.post(jane, `/api/sessions/request/${jane}`, { at: new Date(Date.now() + 12 * 86400e3), trainerId: tom }));
  assert.equal(asked.status, 'requested');
  await book(jane, asked.id, tom);

  const [past] = await studio.slots(1, tom, '-5 hours');
  await book(jane, past, tom);
  await ok(studio.post(tom, `/api/sessions/${past}/complete`, { attended: true }));
  await ok(studio.post(maya, `/api/sessions/${blocked}/cancel`));
  await ok(studio.post(ada, `/api/sessions/${third}/move`, { trainerId: maya }));
  await ok(studio.post(tom, `/api/sessions/${fourth}/cancel`));

  assert.equal((await ok(studio.get(ada, '/api/sessions/clients?order=last_session'))).at(0).id, jane);
  assert.deepEqual((await ok(studio.get(ada, '/api/sessions/clients?order=balance&limit=1'))).map(({ id }) => id), [amir]);
  assert.equal((await ok(studio.get(ada, '/api/sessions/clients-count?search=example'))).count, 3);
  await ok(studio.get(tom, `/api/sessions/client/${jane}`));
  await ok(studio.get(jane, `/api/sessions/client/${jane}`));
  await ok(studio.get(john, `/api/sessions/user-summary/${john}`));
  assert((await ok(studio.get(john, `/api/sessions/statement/${john}?limit=2`))).next);
  const { data: [lot] } = await ok(studio.get(john, `/api/sessions/credits/${john}`));
  await ok(studio.post(ada, `/api/sessions/extend-credits/${lot.lotId}`, { expiresAt: new Date(Date.now() + 3 * 86400e3), reason: 'Ends' }));
  assert.equal((await ok(studio.get(ada, '/api/sessions/expiring?days=5'))).data[0].userId, john);
  assert.deepEqual((({ removed, shortfall, availableSessions }) => [removed, shortfall, availableSessions])(
    await ok(studio.post(ada, '/api/sessions/revoke-from-user', { userId: john, sessionCount: 50, reason: 'By mistake' }))), [8, 42, 0]);
  assert.deepEqual((await ok(studio.get(ada, `/api/sessions/schedule?userId=${john}`))).data.map(({ status }) => status).sort(),
    ['cancelled', 'cancelled', 'scheduled']);
  assert.equal((await ok(studio.get(ada, '/api/sessions/schedule?status=cancelled,scheduled'))).data.filter(({ userId }) => userId === john).length, 3);
  await ok(studio.get(ada, '/api/sessions/allocation-health'));

  await studio.sql("INSERT INTO web.pack (name, credits, price_minor, valid) VALUES ('8-session pack', 8, 60000, '6 months')");
  const { data: [pack] } = await ok(studio.get(john, '/api/packs'));
  const { data: cart } = await ok(studio.post(john, '/api/carts', { packId: pack.id }));
  assert.deepEqual(cart, { id: cart.id, packId: pack.id, quantity: 1 });
  await ok(studio.deliver('checkout.session.completed',
    { id: 'cs_1', payment_status: 'paid', payment_intent: 'pi_1', metadata: { cartId: String(cart.id) }, amount_total: 60000, currency: 'usd' }));
  assert.equal(await studio.available(john), 8);
  assert((await ok(studio.get(ada, '/api/by-month'))).data.some(({ bought }) => bought > 0));
  assert.equal((await studio.get(john, '/api/by-month')).status, 403);

  const page = new Page(studio, ada);
  await page.until(({ events }) => events.length > 0);
  await page.close();
  assert.deepEqual(unseen().map(({ method, path }) => `${method} ${path}`), ['GET /api/events'], 'every route has answered');
});
