// What the payment provider reports. Its events come twice, at once, and in any order; each of them is one call that does
// not mind. What is not known yet is 404, and the provider sends it again. The login is the studio's own: listed as system.
import express from 'express';
import Stripe from 'stripe';
import { Refusal } from './errors.js';

export function webhook(config, db) {
  const stripe = new Stripe('sk_not_used_to_check_signatures');
  const minor = (currency) => currency?.toUpperCase();

  // A checkout that is not paid yet brings another event when it is. The cart says who bought what; the payment and the
  // cart are the key, so it counts once.
  async function onCheckout({ id, payment_status, payment_intent, metadata, amount_total, currency }) {
    if (payment_status === 'unpaid') return;
    const bought = await db.query(
      `SELECT bought.* FROM web.cart JOIN web.pack ON pack.id = pack_id, LATERAL
         swan_purchase(user_id, credits * quantity, $2, pack.name, $3, $4, valid_for => valid) AS bought
       WHERE cart.id = $1`,
      [metadata?.cartId, payment_intent ?? id, amount_total, minor(currency)]);
    if (bought.length === 0) throw new Refusal(404, 'CART_NOT_FOUND', 'Cart not found.');
  }

  // amount_refunded is what has been refunded of the charge by now, all in all.
  const onRefund = ({ payment_intent, amount_refunded }) =>
    db.query('SELECT * FROM swan_reverse($1, refunded_minor => $2)', [payment_intent, amount_refunded]);

  // While a payment is disputed its credits are gone. Won, they come back: what the dispute took, not what refunds took.
  const onDisputed = ({ id, payment_intent }) =>
    db.query('SELECT * FROM swan_reverse($1, key => $2)', [payment_intent, id]);

  const onDisputeWon = ({ id, payment_intent }) =>
    db.query('SELECT * FROM swan_reinstate($1, $2, reversal => $2)', [payment_intent, id]);

  // Whichever of the two the provider sends, or both: the dispute is the key.
  const onDisputeClosed = (dispute) =>
    ({ won: onDisputeWon, lost: onDisputed })[dispute.status]?.(dispute);

  const handlers = new Map([
    ['checkout.session.completed', onCheckout],
    ['checkout.session.async_payment_succeeded', onCheckout],
    ['charge.refunded', onRefund],
    ['charge.dispute.funds_withdrawn', onDisputed],
    ['charge.dispute.funds_reinstated', onDisputeWon],
    ['charge.dispute.closed', onDisputeClosed],
  ]);

  const router = express.Router();

  // Stripe signs the body as it was sent, so this comes before any parser.
  router.post('/', express.raw({ type: () => true, limit: '1mb' }), async (req, res) => {
    let event;
    try {
      event = stripe.webhooks.constructEvent(req.body, req.get('Stripe-Signature') ?? '', config.webhookSecret);
    } catch {
      throw new Refusal(400, 'INVALID_SIGNATURE', 'The signature is not valid.');
    }
    await handlers.get(event.type)?.(event.data.object);
    res.json({ received: true });
  });

  return router;
}
