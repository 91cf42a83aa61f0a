-- Attached tables without foreign keys: a trainer who is no row of users has no
-- lock that would keep his time.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION swanalloc;
CREATE SCHEMA app;
CREATE TABLE app.users (id serial PRIMARY KEY, first_name text, role text, available_sessions integer NOT NULL DEFAULT 0);
CREATE TABLE app.sessions (id serial PRIMARY KEY, user_id integer, trainer_id integer, status text DEFAULT 'available', session_date timestamptz, duration integer DEFAULT 60, session_deducted boolean DEFAULT false);
INSERT INTO app.users (first_name, role, available_sessions) VALUES ('Ann', 'client', 5), ('Tom', 'trainer', 0), ('Tina', 'trainer', 0);
INSERT INTO app.sessions (trainer_id, session_date) VALUES (3, '2099-01-05 10:00Z'), (3, '2099-01-05 12:00Z'), (3, '2099-01-05 14:00Z');
SET client_min_messages = error;
SELECT count(*) > 0 AS attached FROM swan_attach('app.users', 'app.sessions');
SET client_min_messages = warning;
CALL swan_backfill();
-- one who has left
DELETE FROM app.users WHERE id = 3;
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse');

-- while the time of trainers is not kept, nobody minds
INSERT INTO app.sessions (trainer_id, session_date) VALUES (98, '2099-01-05 10:00Z'), (98, '2099-01-05 10:00Z');
SELECT session_id, trainer_id FROM swan_move(1, '2099-01-05 09:00Z');
DELETE FROM app.sessions WHERE trainer_id = 98;
SELECT swan_configure('trainer_overlap', 'refuse');

-- from here on nobody's time is given away
INSERT INTO app.sessions (trainer_id, session_date) VALUES (98, '2099-01-05 10:00Z');
INSERT INTO app.sessions (trainer_id, session_date) VALUES (NULL, '2099-01-05 10:00Z');
UPDATE app.sessions SET session_date = '2099-01-05 10:00Z' WHERE id = 2;
UPDATE app.sessions SET trainer_id = 98 WHERE id = 2;
UPDATE app.sessions SET trainer_id = 2 WHERE id = 2;
SELECT swan_open(98, '2099-01-05 10:00Z');
SELECT swan_move(1, '2099-01-05 10:00Z');
SELECT swan_move(1, trainer_id => 98);
SELECT session_id, trainer_id FROM swan_move(1, '2099-01-05 10:00Z', 2);

-- what he has opened can be booked, and given up, but is not opened again
SELECT session_id, trainer_id FROM swan_book(1, 3);
SELECT session_id, reopened_session_id FROM swan_cancel(3, reopen => true);
SELECT id, trainer_id, status FROM app.sessions ORDER BY id;
SELECT * FROM swan_verify();
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA app CASCADE;
