-- Hints: what the errors of transitions and guards say can be done with a row can be, and their messages
-- speak the application's own word for its status.
\i test/fixture/studio.sql

-- the error of a call and its hint
CREATE FUNCTION hint(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	EXECUTE call;
	RAISE EXCEPTION 'no error' USING ERRCODE = 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN 'done';
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = PG_EXCEPTION_HINT;
	RETURN concat(SQLSTATE, ' ', SQLERRM, chr(10), '  ', said);
END $$;
-- every call that a hint names, tried on the row, and undone
CREATE FUNCTION follow(hint text, session bigint, client bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name text;
	done text := '';
	call text;
	other bigint;
BEGIN
	FOR name IN SELECT DISTINCT m[1] FROM regexp_matches(hint, 'swan_[a-z]+(?=\(\))', 'g') m ORDER BY 1 LOOP
		call := CASE name WHEN 'swan_book' THEN format('swan_book(11, %s)', CASE WHEN hint ~ 'another slot|Insert it' THEN 'open.id' ELSE session::text END)
			WHEN 'swan_move' THEN format('swan_move(%s, ''2002-07-01'')', session) WHEN 'swan_reschedule' THEN format('swan_reschedule(%s, open.id)', session)
			WHEN 'swan_complete' THEN format('swan_complete(%s)', CASE WHEN hint ~ 'Insert it' THEN 'booked.id' ELSE session::text END)
			WHEN 'swan_cancel' THEN format('swan_cancel(%s)', CASE WHEN hint ~ 'Insert it' THEN 'booked.id' ELSE session::text END)
			WHEN 'swan_correct' THEN format('swan_correct(%s, (SELECT CASE WHEN attended THEN ''missed'' ELSE ''attended'' END FROM swan_schedule(NULL, NULL) WHERE session_id = %s), ''it was not so'')', session, session)
			WHEN 'swan_hold' THEN format('swan_hold(11, %s)', session)
			WHEN 'swan_grant' THEN format('swan_grant(%s, 1)', coalesce(client, 11)) WHEN 'swan_revoke' THEN format('swan_revoke(%s, 1)', coalesce(client, 11))
			ELSE format('%s(%s)', name, session) END;
		BEGIN
			EXECUTE 'SELECT 1 FROM (SELECT a AS id FROM swan_open(4, ''2001-07-01 09:00'') a) open'
				|| CASE WHEN call ~ 'booked' THEN ', LATERAL (SELECT session_id AS id FROM swan_book(11, open.id)) booked' ELSE '' END || ', LATERAL ' || call || ' x';
			RAISE EXCEPTION USING ERRCODE = 'ZZ001';
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
			done := done || ' ' || name;
		WHEN OTHERS THEN
			done := done || ' ' || name || ' FAILS: ' || SQLSTATE || ' ' || SQLERRM;
		END;
	END LOOP;
	RETURN 'works:' || done;
END $$;
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'admin'), (3, 'Tom', 'trainer'), (4, 'Tina', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client');
SELECT added FROM swan_grant(11, 9);
-- one of every kind, over, so that all steps are possible
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00', 60, 8, '1 day') a;
SELECT count(*) FROM generate_series(2, 6) s, swan_book(11, s);
SELECT status FROM swan_confirm(3);
SELECT status FROM swan_complete(4);
SELECT status FROM swan_complete(5, attended => false);
SELECT status FROM swan_cancel(6);
SELECT status FROM swan_cancel(7);
-- and what no function of ours makes: words of the application's own, what has no date, what contradicts itself
RESET ROLE;
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_status_check;
SET session_replication_role = replica;
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES
	(101, 11, 3, 'Waiting "list"', '2001-02-01 09:00'), (102, NULL, 3, 'time off', '2001-02-02 09:00'), (103, 11, NULL, 'available', NULL), (104, 11, NULL, 'scheduled', NULL),
	(105, NULL, 3, 'confirmed', '2001-02-03 09:00'), (106, 11, 3, 'available', '2001-02-04 09:00'), (107, NULL, 3, 'available', NULL);
RESET session_replication_role;
SELECT setval('studio.users_id_seq', 200), setval('studio.sessions_id_seq', 200);
SET ROLE regress_owner;
CREATE VIEW studio.kinds AS SELECT id, user_id, status FROM studio.sessions WHERE id <= 7 OR (id > 100 AND id < 200);

--
-- Functions
--
CREATE TEMP TABLE calls AS SELECT * FROM (VALUES (1, 'swan_confirm(%s)'), (2, 'swan_complete(%s)'), (3, 'swan_move(%s, ''2001-06-01'')'), (4, 'swan_cancel(%s)'), (5, 'swan_reschedule(%s, 8)'), (6, 'swan_release(%s)')) c (n, call);
SELECT k.id, h AS "error, hint", follow(h, k.id, user_id) FROM studio.kinds k, calls c, LATERAL hint(format('SELECT count(*) FROM ' || call, k.id)) h WHERE h <> 'done' AND h !~ 'SW007' ORDER BY k.id, n;
-- what cannot have happened yet
SELECT a AS ahead FROM swan_open(3, '2099-01-05 09:00') a \gset
SELECT status FROM swan_book(11, :ahead);
SELECT hint(format('SELECT swan_complete(%s)', :ahead)) AS h \gset
SELECT regexp_replace(:'h', 'session \d+', 'session #') AS "error, hint", follow(:'h', :ahead, 11);

--
-- The guard on sessions
--
CREATE TEMP TABLE writes AS SELECT * FROM (VALUES (1, 'UPDATE studio.sessions SET status = ''completed'', user_id = 12 WHERE id = %s'), (2, 'UPDATE studio.sessions SET session_date = ''2001-06-01'' WHERE id = %s'),
	(3, 'DELETE FROM studio.sessions WHERE id = %s')) w (n, command);
SELECT k.id, h AS "error, hint", follow(h, k.id, user_id) FROM studio.kinds k, writes, LATERAL hint(format(command, k.id)) h WHERE h <> 'done' ORDER BY k.id, n;
SELECT status, h AS "error, hint", follow(h, NULL, 11) FROM unnest(ARRAY['scheduled', 'completed', 'cancelled', 'time off']) status,
       LATERAL hint(format('INSERT INTO studio.sessions (user_id, trainer_id, status, session_date) VALUES (11, 3, %L, ''2001-06-01'')', status)) h;
-- the way out for what swanalloc leaves alone
BEGIN;
SELECT swan_configure('guard_sessions', 'record');
SELECT id, hint(format('SELECT swan_cancel(%s)', id)) AS "error, hint" FROM studio.kinds WHERE id IN (101, 105);
UPDATE studio.sessions SET status = 'on leave' WHERE id IN (101, 102, 105);
DELETE FROM studio.sessions WHERE id > 100;
SELECT session_id, details -> 'old' ->> 'status' AS was, details -> 'new' ->> 'status' AS "is" FROM studio.swan_ledger WHERE kind = 'external' ORDER BY id;
ROLLBACK;
-- rows that stand for credits
BEGIN;
SELECT swan_configure('session_records', 'on');
SELECT h AS "error, hint", follow(h, 103, 11) FROM unnest(ARRAY['UPDATE studio.sessions SET status = ''completed'' WHERE id = 103', 'DELETE FROM studio.sessions WHERE id = 103',
	'INSERT INTO studio.sessions (user_id, status) VALUES (11, ''available'')']) command, LATERAL hint(command) h;
ROLLBACK;

--
-- The guard on users
--
SELECT command, h AS "error, hint", follow(h, NULL, 11) FROM unnest(ARRAY['UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = 11', 'UPDATE studio.users SET available_sessions = -1 WHERE id = 11',
	'INSERT INTO studio.users (available_sessions) VALUES (3)', 'INSERT INTO studio.users (available_sessions) VALUES (-3)', 'DELETE FROM studio.users WHERE id = 11']) command, LATERAL hint(command) h;
SELECT moved FROM swan_revoke(11);
SELECT hint('DELETE FROM studio.users WHERE id = 11');
-- once no booking is left; a row without a date is none
SELECT count(*) FROM (SELECT id FROM studio.sessions WHERE user_id = 11 AND status IN ('scheduled', 'confirmed') AND session_date IS NOT NULL) s, swan_cancel(s.id, return_credit => false);
BEGIN;
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_user_id_fkey;
DELETE FROM studio.users WHERE id = 11;
ROLLBACK;

DROP TABLE calls, writes;
RESET ROLE;
DROP FUNCTION hint, follow;
\i test/fixture/studio_gone.sql
