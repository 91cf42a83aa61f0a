-- Clients with as many sessions as are asked for, among 2000 with ten. Variable: sizes, a list; the
-- clients are 1, 2, ... in its order. All sessions but each one's last are over, and the rows of one
-- client lie as far apart as his sessions do in time.
\set clients 2000
\set slots 0
\set credits 0
\ir small.sql
SET session_replication_role = replica; -- in bulk, without triggers
CREATE TEMP TABLE wanted AS
SELECT u.id, coalesce((string_to_array(:'sizes', ' ')::integer[])[u.id], 10) AS n
FROM studio.users u WHERE u.role = 'client';
CREATE TEMP TABLE made AS
SELECT row_number() OVER (ORDER BY k::float8 / w.n, w.id) AS id, w.id AS user_id, w.n, k, k < w.n AS done
FROM wanted w, generate_series(1, w.n) k;

-- Three minutes apart, with twenty trainers: no trainer is in two places.
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date, booked_at, session_deducted, credits)
SELECT m.id, m.user_id, :clients + 2 + m.id % 20, CASE WHEN done THEN 'completed' ELSE 'scheduled' END,
  CASE WHEN done THEN timestamptz '2020-01-01 00:00+00' ELSE '2099-01-01 00:00+00' END + m.id * interval '3 minutes',
  '2019-01-01 00:00+00', true, 1
FROM made m ORDER BY m.id;
UPDATE studio.users u SET available_sessions = 10 WHERE u.role = 'client';
INSERT INTO studio.swan_ledger (id, user_id, delta, balance_after, kind, session_id, lot_id, db_role, call_id, at, xid) OVERRIDING SYSTEM VALUE
SELECT r.id, r.user_id, r.delta, r.balance, r.kind, r.session_id, r.user_id, 'bench_backend', r.id,
  timestamptz '2019-01-01 00:00+00' + r.id * interval '1 second', '3'
FROM (
  SELECT w.id, w.id AS user_id, w.n + 10 AS delta, w.n + 10 AS balance, 'grant' AS kind, NULL::bigint AS session_id FROM wanted w
  UNION ALL SELECT :clients + 2 * m.id, m.user_id, -1, m.n + 10 - m.k, 'booking', m.id FROM made m
  UNION ALL SELECT :clients + 2 * m.id + 1, m.user_id, 0, m.n + 10 - m.k, 'completion', m.id FROM made m WHERE m.done) r
ORDER BY r.id;
UPDATE studio.swan_ledger SET lot_id = NULL WHERE kind = 'completion';
INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining)
SELECT w.id, w.id, 'grant', w.n + 10, 10 FROM wanted w;
RESET session_replication_role;
SELECT setval('studio.swan_ledger_id_seq', max(id)) FROM studio.swan_ledger \g /dev/null
-- Written by nobody, the ledger has no totals yet: the next writer counts.
SELECT count(*) FROM generate_series(1, :clients) i, swan_grant(i, 1) \g /dev/null
VACUUM (ANALYZE);
CHECKPOINT;
