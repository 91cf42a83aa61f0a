-- Sessions of an application that last longer than a day, or no time at all.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE SCHEMA app;
CREATE TABLE app.users (id serial PRIMARY KEY, first_name text, role text, available_sessions integer NOT NULL DEFAULT 0);
CREATE TABLE app.sessions (id serial PRIMARY KEY, user_id integer, trainer_id integer, status text DEFAULT 'available', session_date timestamptz, duration integer DEFAULT 60, session_deducted boolean DEFAULT false);
CREATE INDEX sessions_user ON app.sessions (user_id, session_date);
CREATE INDEX sessions_trainer ON app.sessions (trainer_id, session_date);
INSERT INTO app.users (first_name, role, available_sessions) VALUES ('Ann', 'client', 9), ('Tom', 'trainer', 0), ('Tina', 'trainer', 0), ('Bob', 'client', 9);
INSERT INTO app.sessions (user_id, trainer_id, status, session_date, duration) VALUES
	(1, 2, 'scheduled', '2099-01-05 09:00Z', 4320),		-- 1, a camp of three days
	(NULL, 3, 'available', '2099-01-07 10:00Z', 60),	-- 2, on its last day
	(NULL, 3, 'available', '2099-01-08 09:00Z', 60),	-- 3, when it is over
	(NULL, 3, 'available', '2099-01-10 09:00Z', NULL),	-- 4, an hour
	(NULL, 3, 'available', '2099-01-10 10:00Z', 60),	-- 5
	(1, 3, 'scheduled', '2099-01-05 10:00Z', 0),		-- 6, no time
	(1, 3, 'scheduled', '2099-01-05 11:00Z', -30),		-- 7, less
	(1, 3, 'scheduled', '2099-01-05 09:00Z', 0),		-- 8, none at all at the beginning
	(NULL, 3, 'available', '2099-01-05 12:00Z', 0),		-- 9
	(4, 2, 'cancelled', '2098-01-05 09:00Z', 99999),	-- 10, takes nobody's time
	(4, NULL, 'available', NULL, 99999);				-- 11, is no slot
SELECT item, state, action FROM swan_attach('app.users', 'app.sessions', '{"old_bookings": "free"}') WHERE item = 'sessions.duration';
CALL swan_backfill();
SELECT columns -> 'longest' AS longest FROM swan.studio;

-- what is looked for is found, recorded or guarded, by a client's own function and by others
SELECT ok, code FROM swan_can_book(1, 2);
SELECT swan_configure('trainer_overlap', 'refuse'), swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse');
SELECT columns -> 'longest' AS longest FROM swan.studio;
SELECT ok, code FROM swan_can_book(1, 2);
SELECT session_id FROM swan_book(1, 2);
SELECT session_id FROM swan_hold(1, 2);
SELECT session_id FROM swan_book_many(1, '{2, 3}');
SELECT session_id FROM swan_book(1, 3);
SELECT session_id FROM swan_book(4, 2);
SELECT session_id FROM swan_move(2, '2099-01-08 09:30Z');
SELECT session_id FROM swan_reschedule(3, 2);
-- his trainer
SELECT swan_open(2, '2099-01-08 08:59Z');
SELECT swan_open(2, '2099-01-08 09:00Z');
SELECT session_id FROM swan_move(5, '2099-01-06 09:00Z', 2);
INSERT INTO app.sessions (trainer_id, session_date) VALUES (2, '2099-01-08 08:30Z');
-- one of no time, in the midst of it, disturbs nobody
SELECT session_id, duration FROM swan_book(1, 9);
SELECT session_id FROM swan_move(9, '2099-01-06 12:00Z');
-- without a duration it is an hour
SELECT session_id FROM swan_book(1, 4);
SELECT session_id FROM swan_book(1, 5);
SELECT swan_open(3, '2099-01-10 09:59Z');

-- directly as long as that, no longer
INSERT INTO app.sessions (session_date, duration) VALUES ('2099-03-01 09:00Z', 4320) RETURNING id;
INSERT INTO app.sessions (trainer_id, session_date, duration) VALUES (2, '2099-03-01 09:00Z', 4320) RETURNING id;
INSERT INTO app.sessions (session_date, duration) VALUES ('2099-03-01 09:00Z', 4321);
UPDATE app.sessions SET duration = 4321 WHERE session_date = '2099-03-01 09:00Z';
INSERT INTO app.sessions (trainer_id, session_date, duration) VALUES (2, '2099-04-01 09:00Z', 0);
INSERT INTO app.sessions (trainer_id, session_date) VALUES (2, '2099-03-04 08:59Z');
SELECT swan_open(2, '2099-03-05 09:00Z', 1441);
-- for one client and for all the same is found: nothing
SELECT * FROM swan_verify();
SELECT v.* FROM app.users u, swan_verify(u.id) v;

-- who comes to be guarded is measured: longer, and shorter again
SELECT swan_configure('guard_sessions', 'record');
INSERT INTO app.sessions (user_id, trainer_id, status, session_date, duration) VALUES (4, 3, 'completed', '2025-01-01 09:00Z', 14400) RETURNING id AS long \gset
SELECT swan_configure('guard_sessions', 'refuse');
SELECT columns -> 'longest' AS longest FROM swan.studio;
SELECT swan_open(3, '2025-01-11 08:00Z');
SELECT swan_configure('guard_sessions', 'record');
DELETE FROM app.sessions WHERE id = :long;
SELECT swan_configure('guard_sessions', 'refuse');
SELECT columns -> 'longest' AS longest FROM swan.studio;
-- what comes past the guards is named, and measured then
SET session_replication_role = replica;
INSERT INTO app.sessions (user_id, trainer_id, status, session_date, duration) VALUES (4, 3, 'scheduled', '2099-05-01 09:00Z', 4321), (4, 3, 'scheduled', '2099-05-04 09:00Z', 60);
RESET session_replication_role;
SELECT check_name, user_id, problem FROM swan_verify(4);
SELECT check_name, user_id, problem FROM swan_verify();

DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA app CASCADE;
