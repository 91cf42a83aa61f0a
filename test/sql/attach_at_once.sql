-- A migration tool runs all of it in one transaction: what touches rows before, between and
-- after attaching and backfilling ends like separate transactions, at each isolation level.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE FUNCTION public.make(place text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE SCHEMA %I AUTHORIZATION regress_shop', place);
	EXECUTE format('SET LOCAL search_path = %I', place);
	SET LOCAL ROLE regress_shop;
	CREATE TABLE users (id serial PRIMARY KEY, first_name text, role text DEFAULT 'client', available_sessions integer DEFAULT 0);
	CREATE TABLE sessions (id serial PRIMARY KEY, user_id integer REFERENCES users, trainer_id integer REFERENCES users, status text DEFAULT 'available',
		session_date timestamptz, duration integer DEFAULT 60, session_deducted boolean DEFAULT false, took integer);
	INSERT INTO users (first_name, available_sessions) SELECT 'C' || n, n FROM generate_series(1, 8) n;
	INSERT INTO users (id, first_name, role) VALUES (20, 'Tom', 'trainer');
	INSERT INTO sessions (trainer_id, session_date) SELECT 20, '2099-01-01'::timestamptz + n * interval '1 day' FROM generate_series(1, 20) n;
	UPDATE sessions SET user_id = id, status = 'scheduled' WHERE id <= 6;
	RESET ROLE;
END $$;
SELECT make(place) FROM unnest('{apart,"at once","at once rr","at once ser"}'::text[]) place \g /dev/null
-- the steps, which are the same four times
\set ECHO none
\set steps test/fixture/adopt_steps.sql
SET ROLE regress_shop;
\set place apart
\i :steps
BEGIN;
\set place 'at once'
\i :steps
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
\set place 'at once rr'
\i :steps
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
\set place 'at once ser'
\i :steps
COMMIT;
RESET ROLE;

-- what it comes to, once, and how the others differ from it
\set ECHO all
CREATE VIEW story AS
SELECT place, user_id, row_number() OVER (PARTITION BY place, user_id ORDER BY id) AS n, kind, delta, balance_after, session_id, reason, details -> 'credit' AS credit,
	(SELECT source FROM (SELECT 'apart' AS place, * FROM apart.swan_lots UNION ALL SELECT 'at once', * FROM "at once".swan_lots UNION ALL SELECT 'rr', * FROM "at once rr".swan_lots
		UNION ALL SELECT 'ser', * FROM "at once ser".swan_lots) l WHERE l.place = g.place AND l.id = g.lot_id) AS source
FROM (SELECT 'apart' AS place, * FROM apart.swan_ledger UNION ALL SELECT 'at once', * FROM "at once".swan_ledger UNION ALL SELECT 'rr', * FROM "at once rr".swan_ledger
	UNION ALL SELECT 'ser', * FROM "at once ser".swan_ledger) g;
SELECT user_id, n, kind, delta, balance_after AS after, session_id AS session, reason, source, credit FROM story WHERE place = 'apart' ORDER BY user_id, n;
SELECT p.place, (SELECT count(*) FROM ((SELECT user_id, n, kind, delta, balance_after, session_id, reason, source, credit FROM story WHERE place = 'apart')
	EXCEPT (SELECT user_id, n, kind, delta, balance_after, session_id, reason, source, credit FROM story s WHERE s.place = p.place)) x) AS missing,
	(SELECT count(*) FROM story s WHERE s.place = p.place) - (SELECT count(*) FROM story WHERE place = 'apart') AS more
FROM unnest('{at once,rr,ser}'::text[]) p (place);
SELECT 'apart' AS place, * FROM apart.sessions WHERE user_id IS NOT NULL OR status <> 'available' ORDER BY id;
SELECT (SELECT count(*) FROM (SELECT * FROM apart.sessions EXCEPT SELECT * FROM "at once".sessions) x) AS once, (SELECT count(*) FROM (SELECT * FROM apart.sessions EXCEPT SELECT * FROM "at once rr".sessions) x) AS rr,
	(SELECT count(*) FROM (SELECT * FROM apart.sessions EXCEPT SELECT * FROM "at once ser".sessions) x) AS ser;
SET swanalloc.studio = 'at once';
SELECT * FROM swan_verify();
SET swanalloc.studio = 'at once ser';
SELECT * FROM swan_verify();
SET swanalloc.studio = 'apart';
SELECT * FROM swan_verify();

DROP VIEW story;
DROP FUNCTION make;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA apart, "at once", "at once rr", "at once ser" CASCADE;
DROP ROLE regress_shop;
