-- swan_close_studio and swan_open_studio: nothing of a closed studio changes, with or without
-- our functions, and everything in it can be read.
\i test/fixture/studio.sql
\i test/fixture/try_query.sql
CREATE ROLE regress_backend;
CREATE ROLE regress_stranger;
SELECT swan_allow('regress_backend', 'backend');
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client'), ('Bob', 'client');
SELECT added FROM swan_grant(2, 5);
SELECT count(*) FROM swan_open(1, '2099-01-05 10:00', repeat => 3);
SELECT status FROM swan_book(2, 1);

-- who may, and what it is told
SELECT try('SELECT swan_close_studio(NULL)'), try('SELECT swan_close_studio('' '')'), try('SELECT swan_close_studio(repeat(''x'', 256))');
SELECT try('SELECT swan_close_studio(''x'', ''nowhere'')'), try('SELECT swan_open_studio(''nowhere'')');
SET ROLE regress_backend;
SELECT try('SELECT swan_close_studio(''x'')'), try('SELECT swan_open_studio()');
SET ROLE regress_stranger;
SELECT try('SELECT swan_close_studio(''x'', ''studio'')'), try('SELECT swan_open_studio(''studio'')');
RESET ROLE;
BEGIN READ ONLY;
SELECT try('SELECT swan_close_studio(''x'')'), try('SELECT swan_open_studio()');
ROLLBACK;
SELECT swan_open_studio();

-- an instant before, and in one transaction with what came before it
SET ROLE regress_owner;
BEGIN;
SELECT available_sessions FROM swan_grant(2, 1);
SELECT swan_close_studio('moving to another server');
SELECT try('SELECT swan_grant(2, 1)');
COMMIT;
RESET ROLE;
SELECT studio, state, closed_at <= now() AS since, closed_reason FROM swan_studios();
SELECT h->>'status' AS status, h->'closed' AS closed, regexp_replace(h->>'warnings', '\d{4}-[^:]*:[^ ]*', 'THEN') AS warnings FROM swan_health() h;
SET ROLE regress_stranger;
SELECT h->'closed' AS closed, h->>'warnings' AS warnings FROM swan_health() h;
RESET ROLE;

-- the error
SELECT swan_grant(2, 1);
UPDATE studio.users SET first_name = 'Eve' WHERE id = 2;

-- closed once more it has another reason, and is closed since then
CREATE TABLE since AS SELECT closed_at FROM swan_studios();
SELECT swan_close_studio('moved to "db7"', 'studio');
SELECT closed_at = (SELECT closed_at FROM since) AS since, closed_reason FROM swan_studios();

-- every function that may write, and what it answers; the transaction of each is undone
CREATE FUNCTION answers() RETURNS TABLE (function text, answer text) LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.proname, p.prokind, p.oid, p.oid::regprocedure AS signature, p.pronargs
		FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
		JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'swanalloc'
		WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype
		AND p.pronamespace <> 'swan'::regnamespace
		ORDER BY p.proname COLLATE "C", p.pronargs
	LOOP
		function := f.proname;
		BEGIN
			EXECUTE format('%s %s(%s)', CASE f.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, f.proname,
				(SELECT string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY n)
				FROM unnest((SELECT proargtypes FROM pg_proc WHERE oid = f.oid)::oid[]) WITH ORDINALITY a (t, n)));
			RAISE EXCEPTION 'works' USING errcode = '00001';
		EXCEPTION WHEN OTHERS THEN
			answer := CASE WHEN sqlstate = '00001' THEN 'works' ELSE sqlstate || ': ' || sqlerrm END;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT string_agg(function, ' ') AS refused FROM answers() WHERE answer = 'SW018: studio "studio" is closed: moved to "db7"';
SELECT * FROM answers() WHERE answer <> 'SW018: studio "studio" is closed: moved to "db7"';
-- who is not listed hears that, and nothing of the reason
SET ROLE regress_stranger;
SELECT try('SELECT swan_grant(2, 1)'), try('SELECT swan_book(2, 2)');
RESET ROLE;
-- nor does it matter for whom a backend acts, or that a key was used before
SET ROLE regress_backend;
SELECT try('SELECT swan_book(2, 2, actor => 2)'), try('SELECT swan_book(2, 2)');
RESET ROLE;

-- readers go on; those that say what a writer would answer say this
SELECT available, scheduled FROM swan_summary(2);
SELECT count(*) FROM swan_schedule('2099-01-01', '2100-01-01');
SELECT kind, delta FROM swan_statement(2);
SELECT count(*) FROM swan_changes();
SELECT * FROM swan_verify();
SELECT ok, sqlstate, code, message FROM swan_can_book(2, 2);
SELECT ok, sqlstate, code, message, returns, free_until IS NOT NULL AS free_until FROM swan_can_cancel(1);

-- direct writes, however they are guarded
CREATE TABLE writes (id int GENERATED ALWAYS AS IDENTITY, write text);
INSERT INTO writes (write) VALUES
	('INSERT INTO studio.users (first_name) VALUES (''Eve'')'),
	('UPDATE studio.users SET first_name = ''Eve'' WHERE id = 3'),
	('UPDATE studio.users SET available_sessions = 9 WHERE id = 3'),
	('DELETE FROM studio.users WHERE id = 3'),
	('INSERT INTO studio.sessions (trainer_id, session_date) VALUES (1, ''2099-05-05'')'),
	('UPDATE studio.sessions SET notes = ''x'' WHERE id = 2'),
	('UPDATE studio.sessions SET status = ''cancelled'' WHERE id = 1'),
	('DELETE FROM studio.sessions WHERE id = 2'),
	('TRUNCATE studio.users, studio.sessions'),
	('INSERT INTO studio.swan_holds SELECT'),
	('DELETE FROM studio.swan_lots'),
	('UPDATE studio.swan_ledger SET delta = 1');
CREATE FUNCTION try_write(write text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE write;
	RAISE EXCEPTION 'works' USING errcode = '00001';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END $$;
SELECT write, try_write(write) FROM writes ORDER BY id;
SELECT swan_configure('guard_balance', 'record'), swan_configure('guard_sessions', 'record');
SELECT DISTINCT try_write(write) FROM writes WHERE id < 9;
SELECT swan_configure('guard_sessions', 'off');
SELECT DISTINCT try_write(write) FROM writes WHERE id < 9;
-- settings and roles are the owner's affair all the while, unless they write to the tables
SELECT swan_configure('guard_sessions', 'refuse'), swan_configure('guard_balance', 'refuse'), swan_configure('low_threshold', '4');
SELECT try('SELECT swan_configure(''session_records'', ''on'')');
SELECT swan_allow('regress_stranger', 'reader'), swan_disallow('regress_stranger');
SELECT swan_rebase_feed() IS NOT NULL AS rebased;
SELECT count(*) FROM swan_upgrade_studio();
-- a new name of the schema, or of a table, is no way out
ALTER SCHEMA studio RENAME TO old;
ALTER TABLE old.sessions RENAME TO meetings;
SELECT try('SELECT swan_grant(2, 1)'), try_write('UPDATE old.users SET first_name = ''Eve''');
ALTER TABLE old.meetings RENAME TO sessions;
ALTER SCHEMA old RENAME TO studio;
-- nor is SQL of another version, under which nothing works but the guards
BEGIN;
UPDATE pg_extension SET extversion = '9.9' WHERE extname = 'swanalloc';
UPDATE swan.studio SET name = name;
SELECT DISTINCT try_write(write) FROM writes WHERE id < 9;
ROLLBACK;
-- nor to forget it and take its tables anew, but for one who opens it
SELECT try('SELECT swan_detach()'), try('SELECT swan_attach(''studio.users'', ''studio.sessions'', studio => ''new'')');
BEGIN;
SELECT swan_open_studio(), swan_detach();
ROLLBACK;
SELECT try('SELECT swan_grant(2, 1)');

-- open again
SELECT swan_open_studio('studio');
SELECT closed_at, closed_reason FROM swan_studios();
SELECT h->'closed' AS closed, h->>'warnings' AS warnings FROM swan_health() h;
SELECT available_sessions FROM swan_grant(2, 1);
UPDATE studio.users SET first_name = 'Eve' WHERE id = 3;
SELECT ok FROM swan_can_book(2, 2);
SELECT ok FROM swan_can_cancel(1);
SELECT status FROM swan_book(2, 2);
-- what is undone was never closed
BEGIN;
SELECT swan_close_studio('for lunch');
ROLLBACK;
SELECT status FROM swan_book(2, 3);

-- another studio is open all the while
SET client_min_messages = error;
SELECT swan_create_studio('second');
SET client_min_messages = warning;
SELECT swan_close_studio('for lunch', 'studio');
SET swanalloc.studio = 'second';
INSERT INTO second.users (first_name) VALUES ('Ida');
SELECT added FROM swan_grant(1, 1);
SET swanalloc.studio = 'studio';
SELECT try('SELECT swan_grant(2, 1)');
-- one whose tables are gone still says where it is, until it is forgotten
SELECT swan_close_studio('moved to db7', 'studio');
DROP TABLE studio.users CASCADE;
SELECT try('SELECT swan_detach(''studio'')'), try_write('UPDATE studio.sessions SET notes = ''x'' WHERE id = 2');
DROP SCHEMA studio CASCADE;
SELECT try('SELECT swan_grant(2, 1)'), try('SELECT swan_summary(2)');
SELECT studio, state, closed_reason FROM swan_studios() ORDER BY 1;
SELECT swan_detach('studio');
RESET swanalloc.studio;

SELECT swan_detach('second');
DROP SCHEMA second CASCADE;
DROP TABLE since, writes;
DROP FUNCTION try, answers, try_write;
DROP EXTENSION swanalloc;
DROP ROLE regress_owner, regress_backend, regress_stranger;
