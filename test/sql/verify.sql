-- swan_verify: breaks, as a superuser past the triggers, one thing after the
-- other, and looks whether it is named.  Every break is rolled back.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_owner;
CREATE ROLE regress_reader;
SELECT swan_create_studio(owner => 'regress_owner');
-- nothing is wrong with nothing
SELECT * FROM swan_verify();
INSERT INTO studio.users (id, first_name, role) VALUES
	(1, 'Ada', 'admin'), (2, 'Stella', 'staff'), (3, 'Tom', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client');
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 3, timestamptz '2099-01-05 09:00' + i * interval '1 day' FROM generate_series(0, 9) i;
SELECT added FROM swan_grant(11, 10);
SELECT added FROM swan_grant(11, 2, NULL, '2099-12-31');
SELECT added FROM swan_grant(12, 5);
SELECT count(*) FROM generate_series(1, 3) s, swan_book(11, s, s <> 3);
SELECT id, user_id, delta, balance_after, kind, session_id, lot_id FROM studio.swan_ledger ORDER BY id;
SELECT * FROM swan_verify();

-- all problems; then how many are found when one client is asked for
\set look 'SELECT * FROM swan_verify() ORDER BY 1, 2, 3, 4, 5; SELECT (SELECT count(*) FROM swan_verify(11)) AS of_11, (SELECT count(*) FROM swan_verify(12)) AS of_12, (SELECT count(*) FROM swan_verify(99)) AS of_99;'
\set break 'BEGIN; SET LOCAL session_replication_role = replica;'

--
-- Balance, ledger, lots
--
-- a balance that somebody changed
:break
UPDATE studio.users SET available_sessions = 100 WHERE id = 11;
:look
ROLLBACK;
-- one below zero
:break
ALTER TABLE studio.users DROP CONSTRAINT swan_balance_check;
UPDATE studio.users SET available_sessions = -1 WHERE id = 12;
:look
ROLLBACK;
-- a client who is gone
:break
DELETE FROM studio.users WHERE id = 12;
:look
ROLLBACK;
-- one who came with credits
:break
INSERT INTO studio.users (id, available_sessions) VALUES (13, 4);
:look
ROLLBACK;
-- a ledger row that was changed
:break
UPDATE studio.swan_ledger SET delta = 20 WHERE id = 3;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET balance_after = 99 WHERE id = 4;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET at = at - interval '1 day' WHERE id = 5;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET lot_id = 1 WHERE id = 4;
:look
ROLLBACK;
-- one that is gone, one that is of nobody
:break
DELETE FROM studio.swan_ledger WHERE id = 5;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET user_id = 12 WHERE id = 6;
:look
ROLLBACK;
-- lots
:break
UPDATE studio.swan_lots SET remaining = remaining - 1 WHERE id = 1;
:look
ROLLBACK;
:break
DELETE FROM studio.swan_lots WHERE id = 3;
:look
ROLLBACK;
:break
INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (99, 12, 'grant', 1, 1);
:look
ROLLBACK;

--
-- Bookings
--
-- the flag and the ledger disagree
:break
UPDATE studio.sessions SET session_deducted = NOT session_deducted WHERE id IN (2, 3);
:look
ROLLBACK;
-- a booking that is gone, or another client's
:break
DELETE FROM studio.sessions WHERE id = 1;
:look
ROLLBACK;
:break
UPDATE studio.sessions SET user_id = 12 WHERE id = 1;
:look
ROLLBACK;
-- a slot without a client, an open one with
:break
UPDATE studio.sessions SET user_id = NULL WHERE id = 3;
UPDATE studio.sessions SET status = 'available' WHERE id = 2;
UPDATE studio.sessions SET user_id = 12, status = 'available' WHERE id = 4;
UPDATE studio.sessions SET status = 'completed' WHERE id = 5;
:look
ROLLBACK;
-- a booking that was never paid is free; a paid one that was completed or cancelled stays paid, but the ledger knows nothing of that
:break
UPDATE studio.sessions SET user_id = 12, status = 'scheduled' WHERE id = 4;
UPDATE studio.sessions SET status = 'completed' WHERE id = 1;
UPDATE studio.sessions SET status = 'cancelled' WHERE id = 2;
:look
ROLLBACK;
-- two slots of a trainer at once: the later one is named
:break
UPDATE studio.sessions SET session_date = '2099-01-10 08:30' WHERE id = 10;
UPDATE studio.sessions SET session_date = '2099-01-11 10:00' WHERE id = 9;
:look
UPDATE studio.sessions SET status = 'cancelled' WHERE id = 10;
:look
ROLLBACK;
-- two bookings of a client; a long one that spans two
:break
UPDATE studio.sessions SET trainer_id = 2, session_date = '2099-01-05 08:59', duration = 1440 WHERE id = 2;
UPDATE studio.sessions SET session_date = '2099-01-06 08:58' WHERE id = 3;
:look
UPDATE studio.sessions SET status = 'completed' WHERE id = 2;
:look
ROLLBACK;
-- what the settings allow is no problem
:break
UPDATE studio.sessions SET session_date = '2099-01-05 09:30' WHERE id = 9;
SELECT swan_configure('trainer_overlap', 'allow');
:look
ROLLBACK;

--
-- guard_sessions: what is recorded only is named where it was never booked; off is off
--
BEGIN;
SELECT swan_configure('guard_sessions', 'record');
UPDATE studio.sessions SET user_id = 12, status = 'scheduled' WHERE id IN (4, 5);
UPDATE studio.sessions SET status = 'completed' WHERE id IN (1, 4);
UPDATE studio.sessions SET status = 'cancelled' WHERE id = 5;
UPDATE studio.sessions SET user_id = 12 WHERE id = 2;
:look
SELECT swan_configure('guard_sessions', 'off');
:look
ROLLBACK;

--
-- Guards that are missing or off
--
BEGIN;
ALTER TABLE studio.users DISABLE TRIGGER swan_guard_users;
ALTER TABLE studio.users DISABLE TRIGGER swan_guard_truncate;
ALTER TABLE studio.sessions ENABLE REPLICA TRIGGER swan_guard_sessions;
ALTER TABLE studio.swan_lots ENABLE ALWAYS TRIGGER swan_guard_closed;
DROP TRIGGER swan_word_users ON studio.users;
DROP TRIGGER swan_guard_truncate ON studio.sessions;
:look
ROLLBACK;
BEGIN;
ALTER TABLE studio.swan_ledger DISABLE TRIGGER ALL;
ALTER TABLE studio.swan_lots DISABLE TRIGGER USER;
ALTER TABLE studio.swan_holds DISABLE TRIGGER swan_guard_closed;
ALTER TABLE studio.users DROP CONSTRAINT swan_balance_check;
ALTER TABLE studio.users RENAME CONSTRAINT users_role_check TO swan_balance;
:look
ROLLBACK;

--
-- Who may: readers, staff, admins and the system; it writes nothing
--
SELECT swan_allow('regress_reader', 'reader');
SET ROLE regress_reader;
SELECT count(*) FROM swan_verify();
SELECT count(*) FROM swan_verify(NULL);
RESET ROLE;
SELECT swan_allow('regress_reader', 'person', 2);
SET ROLE regress_reader;
SELECT count(*) FROM swan_verify();
RESET ROLE;
SELECT swan_allow('regress_reader', 'person', 3);
SET ROLE regress_reader;
SELECT count(*) FROM swan_verify();
RESET ROLE;
SELECT swan_allow('regress_reader', 'person', 11);
SET ROLE regress_reader;
SELECT count(*) FROM swan_verify(11);
RESET ROLE;
BEGIN READ ONLY;
SELECT * FROM swan_verify();
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
COMMIT;

DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_owner, regress_reader;
