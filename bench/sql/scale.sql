-- A studio of any size: five sessions, ten ledger rows and two lots for each client, one trainer for a
-- hundred. Variable: clients. They are 1 to clients; the admin is 1 + clients + clients / 100.
-- Of each client's sessions three are over, one is to come, and for every one there is an open slot; they
-- lie in the tables in order of time, so that one client's are far apart.
SET client_min_messages = warning;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION pg_prewarm;
CREATE EXTENSION pgstattuple;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio('studio', 'bench_owner') \g /dev/null
SELECT swan_allow('bench_backend', 'backend', studio => 'studio') \g /dev/null

-- A last name of three syllables, which few others have; it is what clients are searched by.
CREATE FUNCTION bench_last_name(id bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (string_to_array(s.all, ' '))[1 + x.n % 95] || (string_to_array(s.all, ' '))[1 + x.n / 95 % 95]
    || (string_to_array(s.all, ' '))[1 + x.n / 9025 % 95]
  FROM (SELECT $1 * 7919 % 1000003 AS n) x, (SELECT 'ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo fu '
    'ga ge gi go gu ha he hi ho hu ja je ji jo ju ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu '
    'pa pe pi po pu ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo vu wa we wi wo wu xa xe xi xo xu '
    'za ze zi zo zu' AS all) s
$$;

-- Reads every page: memory that is shared is all the same new to each server process.
CREATE FUNCTION bench_touch() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  r record;
  n bigint := 0;
  sum bigint := 0;
BEGIN
  FOR r IN SELECT c.oid::regclass AS name, c.relkind, a.amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam
    WHERE c.relnamespace = 'studio'::regnamespace LOOP
    IF r.relkind = 'r' THEN
      EXECUTE format('SELECT count(*) FROM %s', r.name) INTO n;
    ELSIF r.amname = 'btree' THEN
      n := (pgstatindex(r.name)).leaf_pages;
    END IF;
    sum := sum + n;
  END LOOP;
  RETURN sum;
END
$$;

SET session_replication_role = replica; -- in bulk: without triggers,
CREATE TEMP TABLE dropped AS            -- with indexes made afterwards,
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'studio'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid);
SELECT 'DROP INDEX ' || name FROM dropped \gexec
BEGIN;                                  -- and, into files of this transaction, without WAL
TRUNCATE studio.users, studio.sessions, studio.swan_ledger, studio.swan_lots;
INSERT INTO studio.users (id, first_name, last_name, email, role, available_sessions, created_at)
SELECT i, n.first, n.last, lower(n.first || '.' || n.last) || i || '@example.com',
  CASE WHEN i <= :clients THEN 'client' WHEN i <= :clients + :clients / 100 THEN 'trainer' ELSE 'admin' END,
  CASE WHEN i <= :clients THEN 56 ELSE 0 END, timestamptz '2018-01-01 00:00+00' + i * interval '10 seconds'
FROM generate_series(1::bigint, 1 + :clients + :clients / 100) i,
  LATERAL (SELECT (ARRAY['Anna', 'Ben', 'Clara', 'David', 'Emma', 'Finn', 'Grace', 'Henry', 'Ida', 'John'])[1 + i * 31 % 10] AS first,
    initcap(bench_last_name(i)) AS last) n;
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date, booked_at, session_deducted, credits)
SELECT (j.n - 1) * :clients + k, CASE WHEN j.n < 5 THEN 1 + (k * 7919 + j.n) % :clients END,
  1 + :clients + k % (:clients / 100), j.status,
  j.day + k / (:clients / 100) / 10 * interval '1 day' + k / (:clients / 100) % 10 * interval '1 hour',
  CASE WHEN j.n < 5 THEN timestamptz '2019-01-01 00:00+00' END, j.n < 5, (j.n < 5)::integer
FROM (VALUES (1, 'completed', timestamptz '2020-01-01 08:00+00'), (2, 'completed', '2020-02-01 08:00+00'),
  (3, 'completed', '2020-03-01 08:00+00'), (4, 'confirmed', '2099-01-01 08:00+00'), (5, 'available', '2099-02-01 08:00+00')
  ) j (n, status, day), generate_series(1::bigint, :clients + 0 * j.n) k; -- in this order, for the one needs the other
INSERT INTO studio.swan_ledger (id, user_id, delta, balance_after, kind, session_id, lot_id, db_role, actor_id, call_id, at, xid)
OVERRIDING SYSTEM VALUE
SELECT b.id, u.id, b.delta, b.balance, b.kind, CASE WHEN b.session > 0 THEN (b.session - 1) * :clients + k END,
  CASE WHEN b.lot > 0 THEN (b.lot - 1) * :clients + u.id END, 'bench_backend', u.id, b.id,
  timestamptz '2019-01-01 00:00+00' + b.id * interval '1 second', b.xid
FROM (VALUES (0, 10, 10, 'grant', 0, 1, xid8 '3'), (1, 50, 60, 'grant', 0, 2, '4'),
  (2, -1, 59, 'booking', 1, 2, '5'), (3, 0, 59, 'completion', 1, 0, '6'), (4, -1, 58, 'booking', 2, 2, '7'),
  (5, 0, 58, 'completion', 2, 0, '8'), (6, -1, 57, 'booking', 3, 2, '9'), (7, 0, 57, 'completion', 3, 0, '10'),
  (8, -1, 56, 'booking', 4, 2, '11'), (9, 0, 56, 'confirmation', 4, 0, '12')
  ) v (n, delta, balance, kind, session, lot, xid),
  generate_series(1::bigint, :clients + 0 * v.n) k,
  LATERAL (SELECT v.n * :clients + k AS id, v.delta, v.balance, v.kind, v.session, v.lot, v.xid) b,
  LATERAL (SELECT CASE WHEN v.session > 0 THEN 1 + (k * 7919 + v.session) % :clients ELSE k END AS id) u;
INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining, expires_at)
SELECT k + b.n * :clients, k, 'grant', b.granted, b.remaining, b.expires_at
FROM (VALUES (0, 10, 10, NULL::timestamptz), (1, 50, 46, '2199-01-01 00:00+00')) b (n, granted, remaining, expires_at),
  generate_series(1::bigint, :clients + 0 * b.n) k;
SELECT setval('studio.swan_ledger_id_seq', 10 * :clients), setval('studio.users_id_seq', 2 * :clients),
  setval('studio.sessions_id_seq', 5 * :clients) \g /dev/null
COMMIT;
SET maintenance_work_mem = '1GB';
SELECT definition FROM dropped \gexec
RESET session_replication_role;
VACUUM (ANALYZE);
