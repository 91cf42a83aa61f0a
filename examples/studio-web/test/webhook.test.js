// What the payment provider reports, as it reports it: twice, eight times at once, late, and in any order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ada, jane, john, Studio, tom } from './harness.js';

let studio, pack;
before(async () => {
  studio = await Studio.make('webhook');
  await studio.start();
  [{ id: pack }] = await studio.sql("INSERT INTO web.pack (name, credits, price_minor) VALUES ('8-session pack', 8, 60000) RETURNING id::integer");
});
after(() => studio.end());

let payments = 0;
async function checkout(user, quantity = 1) {
  const { body: { data: { id } } } = await studio.post(user, '/api/carts', { packId: pack, quantity });
  const payment = `pi_${++payments}`;
  return { payment, object: { id: `cs_${payments}`, payment_status: 'paid', payment_intent: payment, metadata: { cartId: String(id) }, amount_total: 60000 * quantity, currency: 'usd' } };
}

async function bought(user, quantity) {
  const { payment, object } = await checkout(user, quantity);
  assert.equal((await studio.deliver('checkout.session.completed', object)).status, 200);
  return payment;
}

test('eight times at once is once', async () => {
  const { object } = await checkout(john);
  const answers = await Promise.all(Array.from({ length: 8 }, () => studio.deliver('checkout.session.completed', object)));
  assert(answers.every(({ status }) => status === 200));
  assert.equal(await studio.available(john), 8);
  const { body: { data } } = await studio.get(ada, `/api/sessions/statement/${john}`);
  assert.deepEqual(data.map(({ kind, delta }) => [kind, delta]), [['purchase', 8]]);
});

test('a payment that comes later, and two packs', async () => {
  const { object } = await checkout(jane, 2);
  await studio.deliver('checkout.session.completed', { ...object, payment_status: 'unpaid' });
  assert.equal(await studio.available(jane), 0);
  await studio.deliver('checkout.session.async_payment_succeeded', object);
  await studio.deliver('checkout.session.completed', object);
  assert.equal(await studio.available(jane), 16);
});

test('an event that nobody signed, or somebody else, or long ago', async () => {
  const { object } = await checkout(john);
  const before = await studio.available(john);
  for (const options of [{ secret: 'whsec_another' }, { timestamp: Math.floor(Date.now() / 1000) - 3600 }]) {
    const { status, body } = await studio.deliver('checkout.session.completed', object, options);
    assert.deepEqual([status, body.code], [400, 'INVALID_SIGNATURE']);
  }
  for (const headers of [{}, { 'Stripe-Signature': '' }, { 'Stripe-Signature': 't=1,v1=00' }])
    assert.equal((await studio.call(null, 'POST', '/webhook', { type: 'checkout.session.completed', data: { object } }, headers)).status, 400);
  assert.equal(await studio.available(john), before);
});

test('what is not for us, and what is not known', async () => {
  assert.equal((await studio.deliver('customer.created', { id: 'cus_1' })).status, 200);
  const { object } = await checkout(john);
  for (const cartId of ['999999', '-1']) assert.equal((await studio.deliver('checkout.session.completed', { ...object, metadata: { cartId } })).status, 404);
  for (const metadata of [{}, null, { cartId: 'x' }, { cartId: '9'.repeat(30) }]) {
    const { status } = await studio.deliver('checkout.session.completed', { ...object, metadata });
    assert([400, 404].includes(status), `metadata ${JSON.stringify(metadata)} is ${status}`);
  }
  assert.equal((await studio.deliver('charge.refunded', { payment_intent: 'pi_unknown', amount_refunded: 100 })).status, 404);
  assert.equal((await studio.deliver('charge.refunded', { payment_intent: null, amount_refunded: 100 })).status, 400);
});

test('refunds: what is refunded by now, in any order and twice', async () => {
  const start = await studio.available(john);
  const payment = await bought(john);
  const refund = (amount) => studio.deliver('charge.refunded', { payment_intent: payment, amount_refunded: amount });
  for (const [amount, left] of [[15000, 6], [15000, 6], [37500, 3], [22500, 3], [37500, 3], [60000, 0], [37500, 0]]) {
    assert.equal((await refund(amount)).status, 200);
    assert.equal(await studio.available(john) - start, left, `after ${amount}`);
  }
  const [line] = await studio.sql('SELECT reversed, shortfall, refunded_minor::integer AS refunded FROM swan_payment($1)', [payment]);
  assert.deepEqual(line, { reversed: 8, shortfall: 0, refunded: 60000 });
});

test('all reports of refunds at once', async () => {
  const start = await studio.available(john);
  const payment = await bought(john);
  const amounts = [7500, 15000, 22500, 30000, 30000, 22500, 15000, 7500];
  const answers = await Promise.all(amounts.map((amount) => studio.deliver('charge.refunded', { payment_intent: payment, amount_refunded: amount })));
  assert(answers.every(({ status }) => status === 200));
  assert.equal(await studio.available(john) - start, 4);
});

test('a refund that is there before its payment comes again', async () => {
  const start = await studio.available(john);
  const { payment, object } = await checkout(john);
  const refund = { payment_intent: payment, amount_refunded: 60000 };
  assert.equal((await studio.deliver('charge.refunded', refund)).status, 404);
  await studio.deliver('checkout.session.completed', object);
  assert.equal((await studio.deliver('charge.refunded', refund)).status, 200);
  assert.equal(await studio.available(john), start);
});

test('a refund of what is spent, and a booking that is cancelled later', async () => {
  await studio.sql('SELECT FROM swan_revoke($1)', [john]);
  const payment = await bought(john);
  const [slot] = await studio.slots(1, tom, '9 days');
  assert.equal((await studio.post(john, `/api/sessions/book/${john}`, { sessionId: slot })).status, 200);
  await studio.deliver('charge.refunded', { payment_intent: payment, amount_refunded: 60000 });
  assert.equal(await studio.available(john), 0);
  const { body } = await studio.post(john, `/api/sessions/${slot}/cancel`);
  assert.deepEqual([body.returned, body.availableSessions], [false, 0], 'it settles what the refund could not take');
});

test('a dispute: gone while it lasts, back when it is won, and what was refunded stays refunded', async () => {
  const start = await studio.available(jane);
  const payment = await bought(jane);
  await studio.deliver('charge.refunded', { payment_intent: payment, amount_refunded: 15000 });
  const dispute = { id: 'dp_1', payment_intent: payment };
  assert.equal((await studio.deliver('charge.dispute.funds_reinstated', dispute)).status, 404, 'the end before the beginning');
  for (let i = 0; i < 3; i++) await studio.deliver('charge.dispute.funds_withdrawn', dispute);
  assert.equal(await studio.available(jane) - start, 0);
  const won = await Promise.all([1, 2, 3].map(() => studio.deliver('charge.dispute.funds_reinstated', dispute)));
  assert(won.every(({ status }) => status === 200));
  assert.equal(await studio.available(jane) - start, 6);
  await studio.deliver('charge.dispute.funds_withdrawn', dispute);
  assert.equal(await studio.available(jane) - start, 6, 'a late copy of the beginning takes nothing');
});

test('a dispute that is closed: lost takes, won gives back, and each once with what came before', async () => {
  const start = await studio.available(jane);
  const payment = await bought(jane);
  const closed = (status) => studio.deliver('charge.dispute.closed', { id: 'dp_2', payment_intent: payment, status });
  assert.equal((await closed('warning_closed')).status, 200);
  assert.equal(await studio.available(jane) - start, 8);
  await studio.deliver('charge.dispute.funds_withdrawn', { id: 'dp_2', payment_intent: payment });
  await closed('lost');
  assert.equal(await studio.available(jane) - start, 0);
  await closed('won');
  await studio.deliver('charge.dispute.funds_reinstated', { id: 'dp_2', payment_intent: payment });
  assert.equal(await studio.available(jane) - start, 8);
});
