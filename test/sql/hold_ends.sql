-- A hold ends with its slot, however that goes or changes.
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Kim', 'trainer'), ('Ann', 'client');
SELECT added FROM swan_grant(3, 5);
SELECT count(*) FROM swan_open(1, '2099-01-05 10:00+00', repeat => 20, every => '1 day');
SELECT swan_configure('hold_max', '20');
CREATE VIEW held AS SELECT coalesce(string_agg(session_id::text, ',' ORDER BY session_id), 'none') AS held FROM studio.swan_holds;

-- in every mode of the guard: deleted, moved, given to another trainer, made longer; what does not concern the slot's time ends nothing
SELECT count(*) FROM generate_series(1, 6) s, swan_hold(3, s);
UPDATE studio.sessions SET notes = 'bring a towel' WHERE id <= 6;
SELECT * FROM held;
DELETE FROM studio.sessions WHERE id = 1;
UPDATE studio.sessions SET session_date = session_date + interval '1 hour' WHERE id = 2;
UPDATE studio.sessions SET trainer_id = 2 WHERE id = 3;
UPDATE studio.sessions SET duration = 45 WHERE id = 4;
SELECT * FROM held;
SELECT swan_configure('guard_sessions', 'record');
UPDATE studio.sessions SET status = 'scheduled', user_id = 3 WHERE id = 5;
UPDATE studio.sessions SET id = 1006 WHERE id = 6;
SELECT * FROM held;
SELECT count(*) FROM generate_series(7, 10) s, swan_hold(3, s);
DELETE FROM studio.sessions WHERE id = 7;
SELECT swan_configure('guard_sessions', 'off');
DELETE FROM studio.sessions WHERE id = 8;
UPDATE studio.sessions SET session_date = NULL WHERE id = 9;
UPDATE studio.sessions SET notes = '' WHERE id = 10;
SELECT * FROM held;
-- a statement that is undone has ended none
BEGIN;
DELETE FROM studio.sessions WHERE id = 10;
ROLLBACK;
SELECT * FROM held;

-- where triggers were off, a slot that is gone does not count either, and swan_verify names it
SELECT swan_configure('hold_max', '2');
SELECT session_id FROM swan_hold(3, 11);
SELECT session_id FROM swan_hold(3, 12);
SET session_replication_role = replica;
DELETE FROM studio.sessions WHERE id = 10;
UPDATE studio.sessions SET status = 'cancelled' WHERE id = 11;
RESET session_replication_role;
SELECT session_id FROM swan_hold(3, 12);
SELECT session_id FROM swan_hold(3, 13);
SELECT session_id FROM swan_hold(3, 14);
SELECT * FROM held;
SELECT check_name, user_id, session_id, problem FROM swan_verify() WHERE check_name = 'hold_slot' ORDER BY session_id;
SELECT check_name, session_id FROM swan_verify(1) WHERE check_name = 'hold_slot';

DROP SCHEMA studio CASCADE;
DROP EXTENSION swanalloc CASCADE;
