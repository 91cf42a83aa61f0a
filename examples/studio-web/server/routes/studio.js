// The studio itself: its people, what it sells, how it has its rules.
import express from 'express';
import { camel } from '../db.js';
import { Refusal } from '../errors.js';
import { text } from '../values.js';
import { page } from './page.js';

export function studioRoutes(db) {
  const router = express.Router();

  // What pages need to know of the settings: an interval is in seconds.
  router.get('/studio', async (req, res) => {
    const rows = await db.query('SELECT * FROM swan_settings() WHERE setting = ANY ($1)',
      [['time_zone', 'cancel_window', 'low_threshold', 'grant_max', 'hold_max', 'book_notice', 'wait_offer', 'trainer_may']]);
    res.json({ success: true, data: camel(Object.fromEntries(rows.map(({ setting, value, seconds }) =>
      [setting, seconds ?? (/^\d+$/.test(value) ? Number(value) : value)]))) });
  });

  // Trainers, the columns of the schedule, or whom one asks for.
  router.get('/people', async (req, res) => {
    const { role, search, after, limit = 100 } = req.query;
    const rows = await db.query('SELECT * FROM swan_people($1, $2, $3, $4, actor => $5)',
      [text(role) ?? 'trainer', text(search), text(after), limit, req.user.id]);
    const { rows: data, next } = page(req, res, rows, limit);
    res.json({ success: true, data, next });
  });

  router.get('/packs', async (req, res) => {
    const rows = await db.query('SELECT id, name, credits, price_minor, currency, valid::text FROM web.pack WHERE on_sale ORDER BY credits');
    res.json({ success: true, data: rows.map(camel) });
  });

  // What the client wants to buy. The payment provider gets the id as metadata.cartId, and its webhook brings it back.
  router.post('/carts', async (req, res) => {
    const { packId, quantity = 1 } = req.body ?? {};
    if (!packId) throw new Refusal(400, 'MISSING_REQUIRED_FIELDS', 'Pack ID is required');
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > 20)
      throw new Refusal(400, 'INVALID_ARGUMENT', 'Quantity must be between 1 and 20');
    const cart = await db.one(
      `INSERT INTO web.cart (user_id, pack_id, quantity)
       SELECT users.id, pack.id, $3 FROM studio.users, web.pack WHERE users.id = $1 AND pack.id = $2 AND on_sale
       RETURNING id, pack_id, quantity`, [req.user.id, packId, quantity]);
    if (!cart) throw new Refusal(404, 'PACK_NOT_FOUND', 'Pack not found.');
    res.status(201).json({ success: true, data: camel(cart) });
  });

  // Credits bought, used and expired, by month of the studio's clock.
  router.get('/by-month', async (req, res) => {
    const rows = await db.query(
      `SELECT month, purchased AS bought, used, expired FROM swan_months(actor => $1)
       WHERE purchased <> 0 OR used <> 0 OR expired <> 0 ORDER BY month`, [req.user.id]);
    res.json({ success: true, data: rows.map(camel) });
  });

  return router;
}
