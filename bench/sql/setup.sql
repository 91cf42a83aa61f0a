-- Studios with the same rows. One keeps its guards; the others are detached, so that they
-- have the same tables, indexes and foreign keys, and no trigger of ours.
-- Variables: clients, slots.
\ir studio.sql

-- Ten slots a day for each of as many trainers as the clients need to come once a day.
INSERT INTO studio.users (id, first_name, last_name, email, role)
SELECT i, 'First' || i, 'Last' || i, 'user' || i || '@example.com',
  CASE WHEN i <= :clients THEN 'client' ELSE 'trainer' END
FROM generate_series(1, :clients + :clients / 10) i;

-- A slot's client is number 1 + (slot * 7919) % clients: each comes once a day, in no order.
-- Loaded in bulk: without triggers.
SET session_replication_role = replica;
INSERT INTO studio.sessions (id, trainer_id, session_date)
SELECT i + 1, 1 + :clients + i % :clients / 10,
  timestamptz '2099-01-01 08:00+00' + i / :clients * interval '1 day' + i % 10 * interval '1 hour'
FROM generate_series(0, :slots - 1) i;
RESET session_replication_role;

-- Two lots each: number i does not expire, number clients + i does, and is what bookings take from.
SELECT sum(added) FROM generate_series(1, :clients) i, swan_grant(i, 100) \g /dev/null
SELECT sum(added) FROM generate_series(1, :clients) i,
  swan_grant(i, 100, expires_at => timestamptz '2199-01-01 00:00+00') \g /dev/null

DO $$
DECLARE
  copy text;
  name text;
BEGIN
  IF EXISTS (SELECT FROM studio.swan_lots l WHERE l.user_id <> 1 + (l.id - 1) % (SELECT max(id) / 2 FROM studio.swan_lots)) THEN
    RAISE 'the lots are not numbered as the scripts take them to be';
  END IF;
  FOREACH copy IN ARRAY ARRAY['floor', 'twin', 'cte', 'client', 'unsafe', 'point'] LOOP
    PERFORM public.swan_create_studio(copy, 'bench_owner'), public.swan_detach(copy);
    FOREACH name IN ARRAY ARRAY['users', 'sessions', 'swan_ledger', 'swan_lots'] LOOP
      EXECUTE format('INSERT INTO %I.%I OVERRIDING SYSTEM VALUE SELECT * FROM studio.%2$I ORDER BY id', copy, name);
    END LOOP;
    EXECUTE format('SELECT setval(%L, (SELECT max(id) FROM %I.swan_ledger))', copy || '.swan_ledger_id_seq', copy);
  END LOOP;
END
$$;

CREATE FUNCTION bench_empty(user_id bigint, session_id bigint) RETURNS bigint
LANGUAGE c VOLATILE AS '$libdir/swan_floor';
CREATE FUNCTION bench_floor(user_id bigint, session_id bigint, lot_id bigint) RETURNS bigint
LANGUAGE c VOLATILE AS '$libdir/swan_floor';
\ir twin.sql
\ir transfer.sql
\ir pgledger.sql

GRANT USAGE ON SCHEMA floor, twin, cte, client, unsafe, point TO bench_backend;
-- What was granted and paid in has blown these up; the copies lie in order, with room on their pages.
CLUSTER studio.users USING users_pkey;
CLUSTER transfer.accounts USING accounts_pkey;
CLUSTER pgledger.accounts USING accounts_pkey;
VACUUM (ANALYZE);
CHECKPOINT;
