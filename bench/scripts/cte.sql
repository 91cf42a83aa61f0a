WITH actor AS MATERIALIZED (
  SELECT u.role FROM cte.users u WHERE u.id = :user
), slot AS MATERIALIZED (
  SELECT s.id, s.trainer_id, s.session_date, s.duration, a.role
  FROM cte.sessions s, actor a
  WHERE s.id = :slot AND s.user_id IS NULL AND s.status = 'available' AND s.session_date IS NOT NULL
  AND (a.role IN ('staff', 'admin') OR :user::bigint = :user::bigint OR a.role = 'trainer' AND s.trainer_id = :user)
  FOR NO KEY UPDATE OF s
), client AS MATERIALIZED (
  SELECT u.id, u.available_sessions AS balance, s.role <> 'admin' AS charged
  FROM slot s, cte.users u WHERE u.id = :user
  FOR NO KEY UPDATE OF u
), now AS MATERIALIZED (
  SELECT c.*, clock_timestamp() AS at FROM client c
), booking AS MATERIALIZED (
  SELECT n.id AS user_id, n.balance, n.charged, n.at, s.id AS session_id, s.trainer_id, s.session_date, s.duration,
    CASE WHEN n.charged THEN 1 ELSE 0 END AS price, lot.id AS lot_id, nextval('cte.swan_ledger_id_seq') AS ledger_id
  FROM now n CROSS JOIN slot s
  LEFT JOIN LATERAL (SELECT g.balance_after FROM cte.swan_ledger g WHERE g.user_id = n.id ORDER BY g.id DESC LIMIT 1) last ON true
  LEFT JOIN LATERAL (SELECT l.id FROM cte.swan_lots l
    WHERE l.user_id = n.id AND l.remaining > 0 AND (l.expires_at > n.at OR l.expires_at IS NULL)
    ORDER BY l.expires_at, l.id LIMIT 1) lot ON true
  LEFT JOIN LATERAL (SELECT o.id FROM cte.sessions o
    WHERE o.user_id = n.id AND o.status IN ('scheduled', 'confirmed')
    AND o.session_date < s.session_date + make_interval(mins => s.duration)
    AND o.session_date > s.session_date - interval '24 hours'
    AND o.session_date + make_interval(mins => o.duration) > s.session_date LIMIT 1) overlap ON true
  WHERE last.balance_after = n.balance
  AND (NOT n.charged OR lot.id IS NOT NULL)
  AND (s.session_date > n.at OR s.role <> 'client')
  AND NOT EXISTS (SELECT FROM cte.swan_holds h WHERE h.session_id = s.id AND h.user_id <> n.id AND h.until > n.at)
  AND overlap.id IS NULL
), ledger AS (
  INSERT INTO cte.swan_ledger (id, user_id, delta, balance_after, kind, session_id, lot_id, actor_id, db_role, call_id, at, xid)
  OVERRIDING SYSTEM VALUE
  SELECT b.ledger_id, b.user_id, -b.price, b.balance - b.price, 'booking', b.session_id, CASE WHEN b.charged THEN b.lot_id END,
    :user, session_user, b.ledger_id, b.at, pg_current_xact_id()
  FROM booking b
), lot AS (
  UPDATE cte.swan_lots l SET remaining = l.remaining - b.price FROM booking b WHERE l.id = b.lot_id AND b.charged
), hold AS (
  DELETE FROM cte.swan_holds h USING booking b WHERE h.session_id = b.session_id
), taken AS (
  UPDATE cte.sessions s SET user_id = b.user_id, status = 'scheduled', session_deducted = b.charged, booked_at = b.at
  FROM booking b WHERE s.id = b.session_id
), paid AS (
  UPDATE cte.users u SET available_sessions = u.available_sessions - b.price FROM booking b WHERE u.id = b.user_id
)
SELECT b.session_id, b.user_id, b.trainer_id, 'scheduled' AS status, b.session_date, b.duration, b.at AS booked_at, b.charged,
  b.balance - b.price AS available_sessions, 'Session booked successfully.' AS message, b.ledger_id, false AS replayed
FROM booking b;
