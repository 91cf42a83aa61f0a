-- Bookings that came along with attached tables, scheduled or confirmed, flagged or not: whatever they count
-- as, the guards may refuse direct writes, and the bookings end as any other.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE FUNCTION adopt(counts_as text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CREATE SCHEMA app AUTHORIZATION regress_shop;
	SET LOCAL ROLE regress_shop;
	CREATE TABLE app.users (id serial PRIMARY KEY, first_name text, role text DEFAULT 'client', available_sessions integer DEFAULT 0);
	CREATE TABLE app.sessions (id serial PRIMARY KEY, user_id integer REFERENCES app.users, trainer_id integer REFERENCES app.users, status text DEFAULT 'available',
		session_date timestamptz, session_deducted boolean DEFAULT false, confirmed boolean DEFAULT false);
	INSERT INTO app.users (id, first_name, role, available_sessions) VALUES (3, 'Tom', 'trainer', 0), (11, 'John', 'client', 3), (12, 'Jane', 'client', 0);
	-- 1 to 8: every live booking that there can be, of one with credits and one without; over or to come; what is done with
	INSERT INTO app.sessions (user_id, trainer_id, status, session_date, session_deducted, confirmed)
	SELECT 11 + i % 2, 3, CASE WHEN i <= 4 THEN 'confirmed' ELSE 'scheduled' END, '2099-01-01 09:00'::timestamptz + i * interval '1 day', i % 4 < 2, i <= 6 FROM generate_series(1, 8) i
	UNION ALL SELECT 11, 3, s, '2020-01-01 09:00'::timestamptz + n * interval '1 day', true, true FROM unnest(ARRAY['confirmed', 'scheduled', 'completed', 'cancelled']) WITH ORDINALITY a (s, n);
	PERFORM swan_attach('app.users', 'app.sessions', jsonb_build_object('old_bookings', counts_as));
END $$;
CREATE FUNCTION refuse() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN concat_ws(' ', swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse'), (SELECT string_agg(concat_ws(' ', check_name, session_id, problem), ', ') FROM swan_verify()));
END $$;

SELECT adopt('charged');
CALL swan_backfill();
SELECT refuse();
-- they go every way that a booking goes
SELECT session_id, status, charged FROM swan_confirm(5);
SELECT session_id, status, charged FROM swan_complete(9);
SELECT session_id, status, charged FROM swan_complete(10, attended => false);
SELECT session_id, status, session_date FROM swan_move(1, '2099-03-01 09:00');
SELECT session_id, charged FROM swan_open(3, '2099-04-01 09:00') o, LATERAL swan_reschedule(2, o);
SELECT session_id, charged, returned FROM swan_cancel(3);
SELECT refuse();
-- what happens to one now is no history: a status that nobody wrote is found, also of one never touched
SET session_replication_role = replica;
BEGIN;
UPDATE app.sessions SET status = 'scheduled' WHERE id IN (4, 5);
UPDATE app.sessions SET status = 'completed' WHERE id IN (6, 9);
UPDATE app.sessions SET status = 'cancelled' WHERE id IN (7, 10);
SELECT * FROM swan_verify() ORDER BY session_id;
ROLLBACK;
RESET session_replication_role;
DROP SCHEMA app CASCADE;
SELECT swan_detach();

SELECT adopt('free');
CALL swan_backfill();
SELECT refuse();
DROP SCHEMA app CASCADE;
SELECT swan_detach();

SELECT adopt('flag');
-- one that is confirmed before anybody touched its client
SELECT session_id, status, charged FROM swan_confirm(8);
CALL swan_backfill();
SELECT refuse();

-- Detached, things go on; attached again, the studio does not ask how they came to be
SELECT session_id, charged FROM swan_open(3, '2099-05-01 09:00', repeat => 4) o, LATERAL swan_book(11, o, charge => o % 2 = 0);
SELECT swan_detach();
UPDATE app.sessions SET status = 'completed' WHERE id IN (1, 13);
UPDATE app.sessions SET status = 'confirmed', session_deducted = NOT session_deducted WHERE id IN (5, 14);
UPDATE app.sessions SET status = 'available', user_id = NULL, session_deducted = false WHERE id IN (6, 15);
DELETE FROM app.sessions WHERE id IN (7, 16);
SELECT state FROM swan_attach('app.users', 'app.sessions', '{"old_bookings": "flag"}') WHERE item = 'studio';
CALL swan_backfill();
SELECT refuse();
SELECT session_id, charged, returned FROM swan_cancel(14);
SELECT session_id, charged FROM swan_book(11, 15);
SELECT refuse();

DROP FUNCTION adopt, refuse;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA app CASCADE;
DROP ROLE regress_shop;
