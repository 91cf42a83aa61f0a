// A client's credits: what he has, how it came about, and what the office does about it.
import express from 'express';
import { camel } from '../db.js';
import { Refusal } from '../errors.js';
import { keyOf, text } from '../values.js';
import { page } from './page.js';

export function creditRoutes(db) {
  const router = express.Router();

  router.get('/client/:userId', async (req, res) => {
    const { cursor, ...client } = await db.one('SELECT * FROM swan_client($1, actor => $2)', [req.params.userId, req.user.id]);
    res.json({ success: true, data: camel(client) });
  });

  router.get('/statement/:userId', async (req, res) => {
    const { since, until, after, limit = 100 } = req.query;
    const rows = await db.query('SELECT * FROM swan_statement($1, swan_time($2), swan_time($3), $4, $5, actor => $6)',
      [req.params.userId, since, until, text(after), limit, req.user.id]);
    const { rows: data, next } = page(req, res, rows.map(({ db_role, ...line }) => line), limit);
    res.json({ success: true, data, next });
  });

  // The packs that he can spend, the next one first.
  router.get('/credits/:userId', async (req, res) => {
    const rows = await db.query('SELECT * FROM swan_credits($1, actor => $2)', [req.params.userId, req.user.id]);
    res.json({ success: true, data: rows.map(camel) });
  });

  router.get('/expiring', async (req, res) => {
    const { days = 14, after, limit = 100 } = req.query;
    const rows = await db.query('SELECT * FROM swan_expiring(make_interval(days => $1), $2, $3, actor => $4)',
      [days, text(after), limit, req.user.id]);
    const { rows: data, next } = page(req, res, rows, limit);
    res.json({ success: true, data, next });
  });

  router.post('/revoke-from-user', async (req, res) => {
    const { userId, sessionCount, reason, lotId } = req.body ?? {};
    if (!userId || !sessionCount) throw new Refusal(400, 'MISSING_REQUIRED_FIELDS', 'User ID and session count are required');
    const row = await db.one('SELECT * FROM swan_revoke($1, $2, $3, key => $4, lot_id => $5, actor => $6)',
      [userId, sessionCount, text(reason), keyOf(req), lotId, req.user.id]);
    const { moved: removed, shortfall, available_sessions: availableSessions, replayed } = row;
    res.json({ success: true, removed, shortfall, availableSessions, replayed });
  });

  router.post('/extend-credits/:lotId', async (req, res) => {
    const { expiresAt, reason } = req.body ?? {};
    const lot = await db.one('SELECT * FROM swan_extend($1, swan_time($2), $3, actor => $4)',
      [req.params.lotId, expiresAt, text(reason), req.user.id]);
    res.json({ success: true, data: camel(lot) });
  });

  return router;
}
