// The booking route as the studio had it before: it looks, then writes, a statement at a time. Only for comparison with
// server/: express, connections and log-in are the same. Statements are those that the ORM of then sends.
import express from 'express';
import pg from 'pg';
import { authentication } from '../server/auth.js';
import { readConfig } from '../server/config.js';

const config = readConfig();
const pool = new pg.Pool(config.web);
const { protect } = authentication(config, pool);
const app = express();
app.disable('x-powered-by');
app.use(express.json());

app.post('/api/sessions/book/:userId', protect, async (req, res) => {
  try {
    const { userId } = req.params;
    const { sessionId } = req.body;
    const isAdmin = false;

    if (req.user.id.toString() !== userId && !isAdmin) {
      return res.status(403).json({ message: 'You can only book sessions for yourself.' });
    }
    const { rows: [session] } = await pool.query(
      "SELECT * FROM plain.sessions WHERE id = $1 AND status = 'available' LIMIT 1", [sessionId]);
    if (!session) {
      return res.status(400).json({ message: 'Session is not available for booking.' });
    }
    const { rows: [user] } = await pool.query('SELECT * FROM plain.users WHERE id = $1', [userId]);
    if (!user) {
      return res.status(404).json({ message: 'User not found.' });
    }
    if (!isAdmin && (!user.available_sessions || user.available_sessions <= 0)) {
      return res.status(400).json({
        message: 'No available sessions. Please purchase a session package to book this session.',
        availableSessions: user.available_sessions || 0,
      });
    }
    session.user_id = userId;
    session.status = 'scheduled';
    session.booked_at = new Date();
    await pool.query('UPDATE plain.sessions SET user_id = $1, status = $2, booked_at = $3 WHERE id = $4',
      [session.user_id, session.status, session.booked_at, session.id]);
    if (!isAdmin) {
      user.available_sessions -= 1;
      await pool.query('UPDATE plain.users SET available_sessions = $1 WHERE id = $2', [user.available_sessions, user.id]);
    }
    res.json({ message: 'Session booked successfully.', session });
  } catch (error) {
    res.status(500).json({ message: 'Server error' });
  }
});

const server = app.listen(config.port, config.host, () => console.log(`http://${config.host}:${server.address().port}`));
process.on('SIGTERM', () => { server.close(() => pool.end()); server.closeAllConnections(); });
