-- Tables with nothing but what a studio cannot do without: no names, no roles, no
-- trainers, no durations, no flags. And keys without a foreign key or an index.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE ROLE regress_desk;
CREATE SCHEMA bare AUTHORIZATION regress_shop;
SET ROLE regress_shop;
CREATE TABLE bare.users (id integer PRIMARY KEY, available_sessions integer);
CREATE TABLE bare.sessions (id serial PRIMARY KEY, user_id integer, status text, session_date timestamptz);
INSERT INTO bare.users VALUES (11, 2), (12, 0), (13, NULL);
INSERT INTO bare.sessions (user_id, status, session_date) VALUES (11, 'scheduled', '2099-01-01 09:00'), (12, 'confirmed', '2020-01-01 10:00');
SELECT * FROM swan_attach('bare.users', 'bare.sessions', '{"old_bookings": "charged"}');

-- slots have no trainer and last an hour: swan_open() has nothing to say, an INSERT opens one
SELECT swan_open(11, '2099-02-01 09:00');
SELECT swan_open(11, '2099-02-01 09:00', 45);
INSERT INTO bare.sessions (status, session_date) SELECT 'available', '2099-02-01 09:00'::timestamptz + i * interval '30 minutes' FROM generate_series(0, 5) i;
-- everybody is a client, and an admin or a trainer nobody
SELECT added, available_sessions, message FROM swan_grant(12, 3);
SELECT available_sessions FROM swan_grant(12, 3, actor => 11);
SELECT session_id, user_id, trainer_id, status, duration, booked_at IS NOT NULL AS booked, charged, available_sessions, message FROM swan_book(12, 3, actor => 12);
SELECT session_id FROM swan_book(12, 4, actor => 12);
SELECT session_id FROM swan_book(11, 5, actor => 12);
SELECT ok, code FROM swan_can_book(12, 4, actor => 12);
SELECT session_id, available_sessions FROM swan_book(12, 5, 'false');
-- a balance below zero, which came past the constraint, has to be settled first
BEGIN;
ALTER TABLE bare.users DROP CONSTRAINT swan_balance_check, DISABLE TRIGGER ALL;
INSERT INTO bare.users VALUES (14, -2);
ALTER TABLE bare.users ADD CONSTRAINT swan_balance_check CHECK (available_sessions >= 0) NOT VALID, ENABLE TRIGGER ALL;
SELECT * FROM swan_grant(14, 1);
ROLLBACK;
-- what the ledger knows the row need not say
SELECT session_id, charged, status, available_sessions FROM swan_confirm(3);
SELECT session_id, session_date, duration, trainer_id FROM swan_move(3, '2099-03-01 09:00');
SELECT session_id FROM swan_move(3, trainer_id => 11);
SELECT session_id FROM swan_move(3, duration => 30);
SELECT session_id, charged, available_sessions FROM swan_reschedule(3, 8, actor => 12);
SELECT session_id, charged, returned, available_sessions FROM swan_cancel(8, actor => 12);
SELECT session_id, charged, returned, available_sessions FROM swan_cancel(5);
SELECT session_id, charged, returned, available_sessions FROM swan_cancel(1, actor => 11);
SELECT session_id, charged, available_sessions FROM swan_complete(2);
SELECT * FROM bare.sessions ORDER BY id;
SELECT id, user_id, kind, delta, balance_after, session_id, lot_id FROM bare.swan_ledger ORDER BY id;
-- reading
SELECT * FROM swan_summary(12);
SELECT id, first_name, last_name, email, available_sessions, total_sessions_purchased, sessions_used, created_at FROM swan_client(12);
SELECT kind, delta, actor_id, actor_name FROM swan_statement(12) LIMIT 3;
SELECT * FROM swan_verify();
-- a desk that is listed as system
SELECT swan_allow('regress_desk', 'system');
SET ROLE regress_desk;
SELECT swan_accept('bare');
SELECT added FROM swan_grant(13, 1);
SELECT session_id, charged, available_sessions FROM swan_book(13, 6);
SET ROLE regress_shop;
-- guards, and rows for pages
CALL swan_backfill();
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse'), swan_configure('session_records', 'on');
SELECT user_id, count(*) FROM bare.sessions WHERE session_date IS NULL GROUP BY user_id ORDER BY user_id;
SELECT available_sessions FROM swan_book(12, 7);
UPDATE bare.sessions SET status = 'available' WHERE id = 7;
SELECT user_id, count(*) FROM bare.sessions WHERE session_date IS NULL GROUP BY user_id ORDER BY user_id;
SELECT * FROM swan_verify();

-- A column that comes later is not written before somebody attaches the tables anew
ALTER TABLE bare.sessions ADD COLUMN booked_at timestamptz;
SELECT session_id, booked_at FROM swan_cancel(7) c;
-- one that is renamed is missed, and found again when it is back
ALTER TABLE bare.sessions RENAME status TO state;
SELECT available_sessions FROM swan_grant(12, 1);
SELECT studio, state FROM swan_studios();
ALTER TABLE bare.sessions RENAME state TO status;
SELECT available_sessions FROM swan_grant(12, 1);
SELECT studio, state FROM swan_studios();

RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA bare CASCADE;
DROP ROLE regress_shop, regress_desk;
