// The five routes that the studio's pages have called all along, with the bodies and sentences that they know.
import express from 'express';
import { camel } from '../db.js';
import { Refusal } from '../errors.js';
import { keyOf, text } from '../values.js';
import { page } from './page.js';

export function sessionRoutes(db) {
  const router = express.Router();

  router.post('/book/:userId', async (req, res) => {
    res.locals.words = { UNAUTHORIZED_ACCESS: 'You can only book sessions for yourself.' };
    const { session_id: id, message, available_sessions: availableSessions, replayed, ...session } = await db.one(
      'SELECT * FROM swan_book($1, $2, key => $3, guest => $4, actor => $5)',
      [req.params.userId, req.body?.sessionId, keyOf(req), req.body?.guest, req.user.id]);
    res.json({ message, session: sessionOf(id, session), availableSessions, replayed });
  });

  router.post('/add-to-user', async (req, res) => {
    const { userId, sessionCount, reason } = req.body ?? {};
    if (!userId || !sessionCount) throw new Refusal(400, 'MISSING_REQUIRED_FIELDS', 'User ID and session count are required');
    const { added, available_sessions: availableSessions, sessions, message, replayed } = await db.one(
      'SELECT * FROM swan_grant($1, $2, $3, key => $4, actor => $5)',
      [userId, sessionCount, text(reason), keyOf(req), req.user.id]);
    res.json({ success: true, added, availableSessions, sessions, message, replayed });
  });

  router.get('/user-summary/:userId', async (req, res) => {
    const summary = await db.one('SELECT * FROM swan_summary($1, actor => $2)', [req.params.userId, req.user.id]);
    res.json({ success: true, data: camel(summary) });
  });

  // An array, as ever. Without a limit it is everybody; the next page is in the header Link.
  router.get('/clients', async (req, res) => {
    const { search, after, limit, order, warning } = req.query;
    const rows = await db.query(
      'SELECT * FROM swan_clients($1, $2, $3, $4, $5, actor => $6)',
      [text(search), text(after), limit ?? 10000, text(order), text(warning), req.user.id]);
    res.json(page(req, res, rows, limit ?? 10000).rows);
  });

  router.get('/clients-count', async (req, res) => {
    const { search, warning } = req.query;
    const { count } = await db.one('SELECT swan_clients_count($1, $2, actor => $3) AS count', [text(search), text(warning), req.user.id]);
    res.json({ success: true, count });
  });

  router.get('/allocation-health', async (req, res) => {
    const { health } = await db.one('SELECT swan_health() AS health');
    res.status(health.status === 'healthy' ? 200 : 503).json(camel(health));
  });

  return router;
}

// A booking as the pages know a session.
export const sessionOf = (id, { message, available_sessions, ledger_id, replayed, ...session }) => ({ id, ...camel(session) });
