-- swan_settle: a booking of an old route becomes one of the ledger's, where it is;
-- swan_verify(as_if => 'refuse') says what stands in the way of the guards, and
-- swan_configure() refuses for exactly that.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE SCHEMA app AUTHORIZATION regress_shop;
SET ROLE regress_shop;
SET search_path = app, public;
CREATE TABLE users (id integer PRIMARY KEY, first_name text, role text DEFAULT 'client', credits integer);
CREATE TABLE sessions (id integer PRIMARY KEY, client integer REFERENCES users, trainer integer REFERENCES users, status text DEFAULT 'available',
	starts timestamptz, minutes integer DEFAULT 60, costs integer, took integer);
INSERT INTO users VALUES (1, 'Tom', 'trainer', 0), (2, 'Uma', 'trainer', 0), (3, 'Sue', 'staff', 0);
INSERT INTO users (id, first_name, credits) SELECT n, 'C' || n, 10 FROM generate_series(11, 19) n;
INSERT INTO sessions (id, trainer, starts, costs) SELECT n, 1, '2099-01-01'::timestamptz + n * interval '1 day', 1 + n % 2 FROM generate_series(1, 12) n;
INSERT INTO sessions (id, client, trainer, status, starts, took) VALUES (50, 18, 1, 'confirmed', '2099-03-01', 0), (51, 18, 1, 'scheduled', '2099-03-02', 2);
SELECT count(*) FROM swan_attach('users', 'sessions', '{"available_sessions": "credits", "user_id": "client", "trainer_id": "trainer", "session_date": "starts",
	"duration": "minutes", "cost": "costs", "credits": "took", "old_bookings": "flag"}');
SELECT check_name, problem FROM swan_verify(as_if => 'refuse');
SELECT swan_configure('guard_sessions', 'refuse');
CALL swan_backfill();
SELECT * FROM swan_verify(as_if => 'refuse');
SELECT swan_verify(as_if => 'record');
SELECT count(*) FROM swan_purchase(11, 5, 'pi_1', expires_at => '2098-01-01');

-- What the old routes do: 1 and 2 took credits, 3 did not, 4 is confirmed, 5 is over and completed, 6 has the wrong client
UPDATE users SET credits = credits - 3 WHERE id = 11;
UPDATE sessions SET client = 11, status = 'scheduled' WHERE id = 1;
UPDATE sessions SET client = 11, status = 'scheduled' WHERE id = 2;
UPDATE sessions SET client = 12, status = 'scheduled' WHERE id = 3;
UPDATE sessions SET client = 12, status = 'confirmed' WHERE id = 4;
UPDATE sessions SET client = 13, status = 'completed', starts = '2001-01-01', took = 3 WHERE id = 5;
UPDATE sessions SET client = 14 WHERE id = 6;
INSERT INTO sessions (id, trainer, starts) VALUES (20, 1, '2099-01-08 00:30'), (21, 2, '2099-01-08 00:30');
CREATE VIEW way AS SELECT check_name, user_id, session_id, problem FROM swan_verify(as_if => 'refuse');
SELECT * FROM way ORDER BY session_id, check_name;
SELECT check_name, session_id FROM swan_verify() ORDER BY 2;
SELECT * FROM swan_verify(12, as_if => 'refuse') ORDER BY session_id;
SELECT swan_configure('guard_sessions', 'refuse');
SELECT swan_configure('trainer_overlap', 'refuse');
SELECT setting, value FROM swan_settings() WHERE setting IN ('guard_sessions', 'trainer_overlap');

-- Settled where they are: the balance stays, the credits go back to the lots that they were taken from, and on to the bookings
SELECT session_id, status, session_date, credits, charged, available_sessions, message, replayed FROM swan_settle(1, true, actor => 3);
SELECT session_id, status, credits, charged, available_sessions, replayed FROM swan_settle(1, true, actor => 3);
SELECT swan_settle(1, false, actor => 3);
SELECT session_id, credits, available_sessions FROM swan_settle(2, true, actor => 3);
SELECT session_id, credits, charged, available_sessions FROM swan_settle(3, false, actor => 3);
SELECT session_id, status, credits, charged, available_sessions FROM swan_settle(4, true, actor => 3);
SELECT session_id, status, credits, charged, attended, available_sessions FROM swan_settle(5, true, actor => 3);
SELECT user_id, kind, delta, balance_after AS after, session_id AS session, reason, details, actor_id, (SELECT payment_ref FROM swan_lots l WHERE l.id = lot_id) AS payment
FROM swan_ledger WHERE session_id < 10 OR kind = 'external' ORDER BY id;
SELECT id, client, status, starts, took FROM sessions WHERE id < 6 ORDER BY id;
SELECT id, credits FROM users WHERE id IN (11, 12, 13) ORDER BY id;
-- one that came along as a free one and was not: 50; 51 was charged then
SELECT session_id, status, credits, available_sessions FROM swan_settle(50, true, actor => 3);
SELECT swan_settle(51, false, actor => 3);
-- more than any session costs
BEGIN;
INSERT INTO sessions (id, client, trainer, status, starts, took) VALUES (52, 19, 1, 'scheduled', '2099-03-03', 101);
SELECT swan_settle(52, true, actor => 3);
ROLLBACK;
-- no booking; nobody; not for clients and trainers
SELECT swan_settle(7, true, actor => 3);
SELECT swan_settle(NULL, true, actor => 3);
SELECT swan_settle(1, NULL, actor => 3);
SELECT swan_settle(99, true, actor => 3);
SELECT swan_settle(3, true, actor => 1);
SELECT swan_settle(3, true, actor => 12);
SELECT * FROM way ORDER BY session_id, check_name;
UPDATE sessions SET client = NULL WHERE id = 6;
DELETE FROM sessions WHERE id = 20;
SELECT * FROM way;
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse'), swan_configure('trainer_overlap', 'refuse');
SELECT * FROM swan_verify();
SELECT * FROM way;

-- What was settled is returned: to its lot, and with the payment
SELECT session_id, returned, credits, available_sessions FROM swan_cancel(1, actor => 3);
SELECT session_id, returned, credits, available_sessions FROM swan_cancel(3, actor => 3);
SELECT session_id, returned, credits, available_sessions FROM swan_cancel(4, actor => 3);
SELECT session_id, returned, credits, available_sessions FROM swan_waive(5, 'He was ill', actor => 3);
SELECT session_id, returned, credits, available_sessions FROM swan_cancel(50, actor => 3);
SELECT moved, shortfall FROM swan_reverse('pi_1');
SELECT * FROM swan_verify();

-- Overlaps stand in the way of trainer_overlap whatever guard_sessions is
SELECT swan_configure('trainer_overlap', 'allow'), swan_configure('guard_sessions', 'off');
INSERT INTO sessions (id, trainer, starts) VALUES (30, 2, '2099-05-01 09:00'), (31, 2, '2099-05-01 09:30');
SELECT swan_configure('trainer_overlap', 'refuse');
-- and a booking from while nobody looked in the way of guard_sessions
UPDATE sessions SET client = 15, status = 'scheduled' WHERE id = 30;
SELECT swan_configure('guard_sessions', 'refuse');
DELETE FROM sessions WHERE id = 31;
SELECT session_id, credits FROM swan_settle(30, false, actor => 3);
SELECT swan_configure('guard_sessions', 'refuse'), swan_configure('trainer_overlap', 'refuse');
SELECT * FROM swan_verify();

DROP VIEW way;
RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA app CASCADE;
DROP ROLE regress_shop;
