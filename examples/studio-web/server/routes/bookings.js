// What happens to slots and bookings. Each route is one call; the ledger has what it did, or, where no client is
// concerned, the pages are told by `db.change`. A time that is said without a zone is one of the studio's clocks.
import express from 'express';
import { camel } from '../db.js';
import { keyOf, text } from '../values.js';
import { sessionOf } from './sessions.js';

export function bookingRoutes(db) {
  const router = express.Router();

  // Answers with the sentence, the session as it is now, and the client's credits.
  const answer = (res, { session_id: id, message, available_sessions: availableSessions, replayed, ...session }, more) =>
    res.json({ success: true, message, session: sessionOf(id, session), availableSessions, replayed, ...more });

  router.post('/open', async (req, res) => {
    const { trainerId, at, duration, repeat, every, places, cost, kind } = req.body ?? {};
    const rows = await db.query(
      `SELECT swan_open AS id FROM swan_open($1, swan_time($2), $3, $4, $5, $6, cost => $7, kind => $8, key => $9, actor => $10)`,
      [trainerId, at, duration, repeat, every, places, cost, text(kind), keyOf(req), req.user.id]);
    res.status(201).json({ success: true, sessionIds: rows.map((row) => row.id) });
  });

  router.post('/block', async (req, res) => {
    const { trainerId, at, duration, repeat, every, reason } = req.body ?? {};
    const rows = await db.query(
      'SELECT swan_block AS id FROM swan_block($1, swan_time($2), $3, $4, $5, $6, actor => $7)',
      [trainerId, at, duration, repeat, every, text(reason), req.user.id]);
    res.status(201).json({ success: true, sessionIds: rows.map((row) => row.id) });
  });

  router.post('/request/:userId', async (req, res) => {
    const { at, trainerId, duration } = req.body ?? {};
    answer(res.status(201), await db.one(
      'SELECT * FROM swan_request($1, swan_time($2), $3, $4, key => $5, actor => $6)',
      [req.params.userId, at, trainerId, duration, keyOf(req), req.user.id]));
  });

  router.post('/hold/:userId', async (req, res) => {
    const { sessionId, minutes } = req.body ?? {};
    const held = await db.one(
      'SELECT * FROM swan_hold($1, $2, make_interval(secs => 60 * $3::float8), actor => $4)',
      [req.params.userId, sessionId, minutes, req.user.id]);
    res.json({ success: true, hold: camel(held) });
  });

  router.post('/wait/:userId', async (req, res) => {
    const { sessionId, auto } = req.body ?? {};
    const place = await db.one('SELECT * FROM swan_wait($1, $2, $3, actor => $4)',
      [req.params.userId, sessionId, auto, req.user.id]);
    res.json({ success: true, place: camel(place) });
  });

  router.post('/unwait/:userId', async (req, res) => {
    const place = await db.one('SELECT * FROM swan_unwait($1, $2, actor => $3)',
      [req.body?.sessionId, req.params.userId, req.user.id]);
    res.json({ success: true, place: camel(place) });
  });

  router.post('/:sessionId/release', async (req, res) => {
    const held = await db.one('SELECT * FROM swan_release($1, actor => $2)', [req.params.sessionId, req.user.id]);
    res.json({ success: true, hold: camel(held) });
  });

  router.post('/:sessionId/cancel', async (req, res) => {
    const { reason, returnCredit, reopen } = req.body ?? {};
    const [{ returned, reopened_session_id: reopenedSessionId, ...row }] = await db.query(
      'SELECT * FROM swan_cancel($1, $2, $3, $4, key => $5, actor => $6)',
      [req.params.sessionId, text(reason), returnCredit, reopen, keyOf(req), req.user.id]);
    answer(res, row, { returned, reopenedSessionId });
  });

  router.post('/:sessionId/reschedule', async (req, res) => {
    answer(res, await db.one('SELECT * FROM swan_reschedule($1, $2, key => $3, actor => $4)',
      [req.params.sessionId, req.body?.toSessionId, keyOf(req), req.user.id]));
  });

  router.post('/:sessionId/move', async (req, res) => {
    const { at, trainerId, duration } = req.body ?? {};
    const [row] = await db.query('SELECT * FROM swan_move($1, swan_time($2), $3, $4, actor => $5)',
      [req.params.sessionId, at, trainerId, duration, req.user.id]);
    answer(res, row);
  });

  router.post('/:sessionId/confirm', async (req, res) => {
    answer(res, await db.one('SELECT * FROM swan_confirm($1, actor => $2)', [req.params.sessionId, req.user.id]));
  });

  router.post('/:sessionId/complete', async (req, res) => {
    answer(res, await db.one('SELECT * FROM swan_complete($1, $2, actor => $3)',
      [req.params.sessionId, req.body?.attended, req.user.id]));
  });

  // May I, and what would become of the credit? Asked before the button is shown.
  router.get('/:sessionId/can-book/:userId', async (req, res) => {
    res.json({ success: true, data: camel(await db.one('SELECT * FROM swan_can_book($2, $1, actor => $3)',
      [req.params.sessionId, req.params.userId, req.user.id])) });
  });

  router.get('/:sessionId/can-cancel', async (req, res) => {
    res.json({ success: true, data: camel(await db.one('SELECT * FROM swan_can_cancel($1, actor => $2)',
      [req.params.sessionId, req.user.id])) });
  });

  return router;
}
