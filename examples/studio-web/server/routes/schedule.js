// What is in the calendar. `since` and `until` may be days: those of the studio's clocks.
import express from 'express';
import { camel } from '../db.js';
import { text } from '../values.js';
import { page } from './page.js';

export function scheduleRoutes(db) {
  const router = express.Router();

  // What can be booked, and the same with what is taken, for which one can wait.
  for (const [path, call] of [['/slots', 'swan_slots'], ['/calendar', 'swan_calendar']])
    router.get(path, async (req, res) => {
      const { since, until, trainerId, after, limit = 100 } = req.query;
      const rows = await db.query(`SELECT * FROM ${call}(swan_time($1), swan_time($2), $3, $4, $5)`, [since, until, trainerId, text(after), limit]);
      const { rows: data, next } = page(req, res, rows, limit);
      res.json({ success: true, data, next });
    });

  // Every slot and booking that the person may see.
  router.get('/schedule', async (req, res) => {
    const { since, until, trainerId, userId, status, after, limit = 500 } = req.query;
    const rows = await db.query('SELECT * FROM swan_schedule(swan_time($1), swan_time($2), $3, $4, $5, $6, $7, actor => $8)',
      [since, until, trainerId, userId, text(status), text(after), limit, req.user.id]);
    const { rows: data, next } = page(req, res, rows, limit);
    res.json({ success: true, data, next });
  });

  router.get('/holds', async (req, res) => {
    const rows = await db.query('SELECT * FROM swan_holds($1, actor => $2)', [req.query.userId, req.user.id]);
    res.json({ success: true, data: rows.map(camel) });
  });

  router.get('/waiting', async (req, res) => {
    const rows = await db.query('SELECT * FROM swan_waiting($1, actor => $2)', [req.query.sessionId, req.user.id]);
    res.json({ success: true, data: rows.map(camel) });
  });

  return router;
}
