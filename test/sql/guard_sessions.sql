-- The guard on sessions: bookings change only through the engine, open slots are free.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_gs_owner;
CREATE ROLE regress_gs_app;
SELECT swan_create_studio(owner => 'regress_gs_owner');
GRANT USAGE ON SCHEMA studio TO regress_gs_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON studio.sessions TO regress_gs_app;

-- says how a statement ended, in one line, and undoes it
CREATE FUNCTION try(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE command;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE EXCEPTION USING errcode = 'UNDO0', message = n || ' rows';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
	RETURN 'ok, ' || sqlerrm;
WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END
$$;
CREATE VIEW written AS
	SELECT id, user_id, delta, balance_after, session_id, lot_id, actor_id, nullif(db_role, current_user) AS by,
		details->>'command' AS command, details->'old'->>'user_id' AS was, details->'new'->>'user_id' AS is
	FROM studio.swan_ledger WHERE kind = 'external' ORDER BY id;
-- direct writes: to an open slot (1), a charged booking (2), a cancelled row (3), an undated one (4)
CREATE TABLE writes (id int GENERATED ALWAYS AS IDENTITY, command text);
INSERT INTO writes (command) VALUES
	('UPDATE studio.sessions SET notes = ''n'', confirmed = true, booked_at = ''2030-01-01'''),
	('UPDATE studio.sessions SET status = status, user_id = user_id, duration = duration'),
	('UPDATE studio.sessions SET session_date = ''2099-01-07 10:00'', duration = 30, trainer_id = 5 WHERE id = 1'),
	('UPDATE studio.sessions SET user_id = 1 WHERE id = 1'),
	('UPDATE studio.sessions SET status = ''scheduled'', user_id = 1, session_deducted = true WHERE id = 1'),
	('UPDATE studio.sessions SET status = ''cancelled'' WHERE id = 1'),
	('UPDATE studio.sessions SET session_deducted = true WHERE id = 1'),
	('UPDATE studio.sessions SET session_date = NULL WHERE id = 1'),
	('UPDATE studio.sessions SET id = 90 WHERE id = 1'),
	('DELETE FROM studio.sessions WHERE id = 1'),
	('UPDATE studio.sessions SET user_id = 2 WHERE id = 2'),
	('UPDATE studio.sessions SET user_id = NULL WHERE id = 2'),
	('UPDATE studio.sessions SET status = ''confirmed'' WHERE id = 2'),
	('UPDATE studio.sessions SET status = ''available'', user_id = NULL WHERE id = 2'),
	('UPDATE studio.sessions SET session_deducted = false WHERE id = 2'),
	('UPDATE studio.sessions SET session_date = session_date + interval ''1 second'' WHERE id = 2'),
	('UPDATE studio.sessions SET duration = 61 WHERE id = 2'),
	('UPDATE studio.sessions SET trainer_id = 5 WHERE id = 2'),
	('UPDATE studio.sessions SET trainer_id = NULL WHERE id = 2'),
	('DELETE FROM studio.sessions WHERE id = 2'),
	('UPDATE studio.sessions SET status = ''scheduled'' WHERE id = 3'),
	('DELETE FROM studio.sessions WHERE id = 3'),
	('UPDATE studio.sessions SET session_date = ''2099-01-07 10:00'' WHERE id = 4'),
	('UPDATE studio.sessions SET status = ''completed'' WHERE id = 4'),
	('UPDATE studio.sessions SET session_date = ''-infinity'' WHERE id = 4'),
	('DELETE FROM studio.sessions WHERE id = 4'),
	('INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, ''2099-01-08 10:00'')'),
	('INSERT INTO studio.sessions (session_date) VALUES (''2099-01-08 10:00'')'),
	('INSERT INTO studio.sessions (trainer_id) VALUES (4)'),
	('INSERT INTO studio.sessions (trainer_id, session_date, user_id) VALUES (4, ''2099-01-08 10:00'', 1)'),
	('INSERT INTO studio.sessions (trainer_id, session_date, user_id, status) VALUES (4, ''2099-01-08 10:00'', 1, ''scheduled'')'),
	('INSERT INTO studio.sessions (trainer_id, session_date, status) VALUES (4, ''2099-01-08 10:00'', ''cancelled'')'),
	('INSERT INTO studio.sessions (id, session_date) VALUES (2, ''2099-01-08 10:00'') ON CONFLICT (id) DO UPDATE SET status = ''completed'''),
	('INSERT INTO studio.sessions (id, session_date) VALUES (2, ''2099-01-08 10:00'') ON CONFLICT (id) DO UPDATE SET notes = ''n'''),
	('MERGE INTO studio.sessions s USING (VALUES (2)) v (id) ON s.id = v.id WHEN MATCHED THEN UPDATE SET status = ''completed'''),
	('MERGE INTO studio.sessions s USING (VALUES (2)) v (id) ON s.id = v.id WHEN MATCHED THEN DELETE'),
	('UPDATE studio.sessions SET status = ''bogus'' WHERE id = 2'),
	('UPDATE studio.sessions SET duration = 0 WHERE id = 1');

INSERT INTO studio.users (first_name, role) VALUES
	('Ada', 'client'), ('Ben', 'client'), ('Cleo', 'client'), ('Tom', 'trainer'), ('Tess', 'trainer');
SELECT ledger_id FROM swan_grant(1, 5);
SELECT ledger_id FROM swan_grant(2, 5);
SELECT * FROM swan_open(4, '2099-01-05 10:00', repeat => 2, every => '1 hour');
SELECT session_id, status FROM swan_book(1, 2);
SET session_replication_role = replica;	-- rows from before there was a studio
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES
	(3, 1, 4, 'cancelled', '2099-01-06 10:00'), (4, 1, NULL, 'available', NULL);
UPDATE studio.swan_ledger SET totals = NULL;
RESET session_replication_role;
SELECT setval(pg_get_serial_sequence('studio.sessions', 'id'), 10);

--
-- refuse
--
UPDATE studio.sessions SET status = 'completed' WHERE id = 2;
UPDATE studio.sessions SET session_date = '2099-01-09 10:00' WHERE id = 2;
DELETE FROM studio.sessions WHERE id = 2;
INSERT INTO studio.sessions (user_id, session_date, status) VALUES (1, '2099-01-09 10:00', 'scheduled');
UPDATE studio.sessions SET id = 91 WHERE id = 1;
COPY studio.sessions (trainer_id, user_id, status, session_date) FROM STDIN;
4	1	scheduled	2099-01-09 10:00
\.
\echo :SQLSTATE
SELECT id, try(command) AS result, command FROM writes ORDER BY id;
SET ROLE regress_gs_app;
SELECT try('UPDATE studio.sessions SET status = ''completed'' WHERE id = 2');
RESET ROLE;
SELECT count(*) AS written FROM written;
SELECT * FROM swan_verify();

-- open slots are free, but a trainer is not in two places: halves touch, they do not overlap
SELECT id, try(command), command FROM (VALUES
	(1, 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, ''2099-01-05 10:59:59'')'),
	(2, 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, ''2099-01-05 09:00:01'')'),
	(3, 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, ''2099-01-05 09:00'')'),
	(4, 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, ''2099-01-05 12:00'')'),
	(5, 'INSERT INTO studio.sessions (trainer_id, session_date, duration) VALUES (4, ''2099-01-05 08:00'', 600)'),
	(6, 'INSERT INTO studio.sessions (trainer_id, session_date, duration) VALUES (4, ''2099-01-05 10:30'', 5)'),
	(7, 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, ''2099-01-06 10:00'')'),
	(8, 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (5, ''2099-01-05 10:00'')'),
	(9, 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (5, ''2099-01-05 10:00''), (5, ''2099-01-05 10:30'')'),
	(10, 'INSERT INTO studio.sessions (session_date) VALUES (''2099-01-05 10:00''), (''2099-01-05 10:00'')'),
	(11, 'UPDATE studio.sessions SET session_date = ''2099-01-05 10:30'' WHERE id = 1'),
	(12, 'UPDATE studio.sessions SET session_date = ''2099-01-05 12:00'' WHERE id = 1'),
	(13, 'UPDATE studio.sessions SET duration = 61 WHERE id = 1'),
	(14, 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (5, ''294276-12-31 23:30'')')
) AS t (id, command) ORDER BY id;
UPDATE studio.sessions SET duration = 61 WHERE id = 1;
BEGIN;
SELECT swan_configure('trainer_overlap', 'allow');
UPDATE studio.sessions SET duration = 61 WHERE id = 1;
SELECT * FROM swan_verify();
SELECT session_id, duration FROM swan_book(2, 1);
ROLLBACK;

--
-- record
--
SELECT swan_configure('guard_sessions', 'record');
SELECT id, try(command) AS result FROM writes ORDER BY id;
SELECT count(*) AS undone FROM written;
UPDATE studio.sessions SET notes = 'only a note';
UPDATE studio.sessions SET status = 'confirmed' WHERE id = 2;
UPDATE studio.sessions SET session_date = '2099-01-06 10:00', duration = 45, trainer_id = NULL WHERE id = 2;
UPDATE studio.sessions SET user_id = 2 WHERE id = 2;
UPDATE studio.sessions SET user_id = 1 WHERE id = 2;
UPDATE studio.sessions SET status = 'scheduled', user_id = 3 WHERE id = 1;
SET ROLE regress_gs_app;
INSERT INTO studio.sessions (id, trainer_id, session_date) VALUES (20, 5, '2099-03-01 10:00');
UPDATE studio.sessions SET duration = 30 WHERE id = 20;
INSERT INTO studio.sessions (id, trainer_id, session_date, user_id, status) VALUES (21, 5, '2099-03-01 10:00', 2, 'scheduled');
DELETE FROM studio.sessions WHERE id IN (3, 20, 21);
UPDATE studio.sessions SET status = 'completed' WHERE id = 4;
RESET ROLE;
SELECT * FROM written;
SELECT details FROM studio.swan_ledger WHERE session_id = 1 OR delta = 0 AND details->'new' = 'null';
SELECT * FROM swan_verify();

--
-- off: nothing is written down
--
SELECT swan_configure('guard_sessions', 'off');
SELECT count(*) AS before FROM studio.swan_ledger \gset
UPDATE studio.sessions SET status = 'completed', user_id = 1, session_deducted = true WHERE id = 1;
DELETE FROM studio.sessions WHERE id = 2;
SELECT count(*) - :before AS written FROM studio.swan_ledger;
SELECT * FROM swan_verify();

-- and back: what happened meanwhile is named
SELECT swan_configure('guard_sessions', 'refuse');
SELECT * FROM swan_verify();

DROP VIEW written;
DROP TABLE writes;
DROP FUNCTION try(text);
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_gs_owner, regress_gs_app;
