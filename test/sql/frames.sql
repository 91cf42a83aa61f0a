-- Frames of calls: one within the other, left by an error before and after they ran SQL, and with settings
-- changed in them. When they are gone, user, settings and memory are as they were.
\i test/fixture/studio.sql
CREATE ROLE regress_fr_backend;
INSERT INTO studio.users (first_name, role) VALUES ('Ada', 'client'), ('Ben', 'client'), ('Tom', 'trainer');
SELECT sum(available_sessions) FROM generate_series(1, 2) i, swan_grant(i, 9);
SELECT count(*) FROM swan_open(3, '2099-01-05 10:00', repeat => 8, every => '1 day');
SELECT swan_allow('regress_fr_backend', 'backend');
CREATE FUNCTION try(query text) RETURNS text LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END
$$;
-- what a call leaves behind
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', CASE WHEN current_user = session_user THEN 'superuser' ELSE current_user END, current_setting('search_path'), current_setting('work_mem'),
		(SELECT count(*) FROM pg_backend_memory_contexts WHERE name IN ('swanalloc call', 'SPI Proc')))
$$;
-- in each write of sessions: frames that run no SQL, that run some, that fail before it and after it
CREATE FUNCTION studio.nest() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	seen text;
BEGIN
	RAISE WARNING '% as %, %', tg_when, current_user, current_setting('search_path');
	FOREACH seen IN ARRAY string_to_array(current_setting('test.queries', true), '; ') LOOP
		RAISE WARNING '%: %', seen, public.try(seen);
	END LOOP;
	IF tg_when = 'BEFORE' THEN
		SET work_mem = '7MB';
		SET search_path = studio, public;
		SET LOCAL maintenance_work_mem = '7MB';
	END IF;
	RAISE WARNING '% as %, %', tg_when, current_user, current_setting('search_path');
	RETURN new;
END
$$;
CREATE TRIGGER aaa BEFORE UPDATE ON studio.sessions FOR EACH ROW EXECUTE FUNCTION studio.nest();
CREATE TRIGGER zzz AFTER UPDATE ON studio.sessions FOR EACH ROW EXECUTE FUNCTION studio.nest();
ALTER FUNCTION studio.nest() OWNER TO regress_owner;
GRANT pg_read_all_stats TO regress_fr_backend;

-- a backend that knows nothing yet reads registry and listings in frames within the first
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET test.queries = 'SELECT source FROM swan_actor(); SELECT available FROM swan_summary(1); SELECT swan_summary(NULL); SELECT swan_summary(99); SELECT swan_grant(1, 1); SELECT source FROM swan_actor()';
SET ROLE regress_fr_backend;
SELECT state();
BEGIN;
SELECT session_id, available_sessions FROM swan_book(1, 1, actor => 1);
SELECT state();
SHOW maintenance_work_mem;
SAVEPOINT a;
SELECT session_id, available_sessions FROM swan_book(1, 2, actor => 1);
ROLLBACK TO SAVEPOINT a;
SELECT state();
SELECT try('SELECT swan_book(1, 1, actor => 1)'), try('SELECT swan_book(1, 2)'), try('SELECT swan_summary(1)'),
	try('SELECT source FROM swan_actor()');
SELECT state();
COMMIT;
SELECT state();

-- an error from within the frame of a trigger, and one that jumps over several
SET test.queries = 'SELECT 1 / 0';
SELECT session_id, available_sessions FROM swan_book(1, 3, actor => 1);
SET test.queries = '';
RESET ROLE;
CREATE FUNCTION studio.burst() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM swan_summary(1); PERFORM swan_summary(99); RETURN new; END';
CREATE TRIGGER zzz AFTER UPDATE ON studio.users FOR EACH ROW EXECUTE FUNCTION studio.burst();
SET search_path = public, studio;
SET ROLE regress_fr_backend;
BEGIN;
SELECT try('SELECT swan_book(1, 4, actor => 1)');
SELECT state();
SELECT available FROM swan_summary(1, actor => 1);
COMMIT;
SELECT session_id FROM swan_book(1, 4, actor => 1);
SELECT state();

-- the caller's path is that of the frame
RESET ROLE;
DROP TRIGGER zzz ON studio.users;
SELECT swan_configure('search_path', 'studio, public');
SET search_path = studio, public, pg_temp;
SELECT public.state();
SET ROLE regress_fr_backend;
SELECT session_id, available_sessions FROM public.swan_book(1, 5, actor => 1);
SELECT public.state();
BEGIN;
SET LOCAL search_path = studio, public;
SELECT session_id, available_sessions FROM swan_book(1, 6, actor => 1);
SELECT state();
COMMIT;
SELECT public.state();
RESET ROLE;
RESET search_path;
SELECT count(*) FROM swan_verify();

-- calls in a loop leave no frame behind, whether they ran SQL or not, or failed
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		PERFORM swan_actor(), swan_summary(1);
		BEGIN
			PERFORM swan_summary(99);
		EXCEPTION WHEN OTHERS THEN
		END;
	END LOOP;
	RAISE WARNING '% frames', (SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'swanalloc call');
END
$$;
DROP FUNCTION try(text), state();
\i test/fixture/studio_gone.sql
DROP ROLE regress_fr_backend;
