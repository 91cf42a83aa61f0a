-- What the application's triggers can see of the call that fires them; and what the
-- owner of the tables may not do, or has done to their keys and policies.
\i test/fixture/studio.sql
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'client'), (2, 'Ben', 'client'), (3, 'Tom', 'trainer'), (4, 'Ann', 'admin');
SELECT count(*) FROM swan_open(3, '2099-01-05 10:00', repeat => 20, every => '1 day');
SELECT swan_configure('guard_balance', 'record'), swan_configure('guard_sessions', 'record');
CREATE ROLE regress_web;
SELECT swan_allow('regress_web', 'backend');
SELECT current_user AS me \gset
\i test/fixture/try_query.sql

--
-- triggers
--
CREATE TABLE studio.seen (id int GENERATED ALWAYS AS IDENTITY, op text, who text, session_who bool, query text, listed bool, path text, depth int, balance int, slot text);
ALTER TABLE studio.seen OWNER TO regress_owner;
GRANT pg_read_all_stats TO regress_owner;
CREATE FUNCTION studio.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen (op, who, session_who, query, listed, path, depth, balance, slot)
		SELECT concat_ws(' ', tg_when, tg_op, tg_level, tg_table_name), current_user, session_user = current_setting('test.me'), current_query(),
			state = 'active' AND query = current_query(), current_setting('search_path'), pg_trigger_depth(),
			(SELECT available_sessions FROM users WHERE users.id = 1), (SELECT concat_ws(' ', status, user_id) FROM sessions WHERE sessions.id = 1)
		FROM pg_stat_activity WHERE pid = pg_backend_pid();
	RETURN CASE WHEN tg_level = 'ROW' AND tg_when = 'BEFORE' THEN new END;
END $$;
SELECT format('CREATE TRIGGER look_%s %s INSERT OR UPDATE ON studio.%I FOR EACH %s EXECUTE FUNCTION studio.look()', n, w, t, l)
	FROM unnest('{users,sessions,swan_ledger,swan_lots}'::text[]) t, (VALUES (1, 'BEFORE', 'ROW'), (2, 'AFTER', 'ROW'), (3, 'AFTER', 'STATEMENT')) v (n, w, l) \gexec
SET test.me = :'me';
SET ROLE regress_web;
SELECT available_sessions FROM swan_grant(1, 2, actor => 4);
SELECT status, available_sessions FROM swan_book(1, 1, actor => 1);
SELECT status, available_sessions FROM swan_cancel(1, actor => 1);
SET search_path = pg_temp, public;
DO $$ BEGIN PERFORM swan_book(1, 2, actor => 1); END $$;
RESET search_path;
RESET ROLE;
SELECT id, op, who, session_who, depth, balance, slot, path, listed, query FROM studio.seen ORDER BY id;
DROP FUNCTION studio.look() CASCADE;
-- a trigger that asks us, one that locks, and one that changes the rows that the call has read
CREATE FUNCTION studio.ask() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE WARNING '%: %, %', tg_table_name, (SELECT available FROM public.swan_summary(1)), (SELECT sqlstate FROM public.swan_can_book(1, 4));
	PERFORM FROM users WHERE id = 1 FOR UPDATE;
	PERFORM FROM sessions WHERE id = 3 FOR UPDATE;
	IF tg_table_name = 'swan_ledger' THEN
		UPDATE users SET last_name = coalesce(last_name, '') || '+' WHERE id = 1;
		UPDATE sessions SET notes = coalesce(notes, '') || '+' WHERE id = 3;
	END IF;
	RETURN new;
END $$;
SELECT format('CREATE TRIGGER ask AFTER INSERT OR UPDATE ON studio.%I FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION studio.ask()', t)
	FROM unnest('{users,sessions,swan_ledger,swan_lots}'::text[]) t \gexec
SELECT status, available_sessions FROM swan_book(1, 3);
SELECT status, available_sessions FROM swan_cancel(3);
SELECT available_sessions FROM swan_grant(1, 3);
SELECT u.last_name, s.notes FROM studio.users u, studio.sessions s WHERE u.id = 1 AND s.id = 3;
DROP FUNCTION studio.ask() CASCADE;
SELECT * FROM swan_verify();

--
-- an owner who has not all rights on his tables
--
SELECT status FROM swan_book(1, 12);
-- what calls are answered, which leave no trace
CREATE FUNCTION calls() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	query text;
	answers text[];
BEGIN
	FOREACH query IN ARRAY '{"SELECT available FROM swan_summary(1)", "SELECT sqlstate FROM swan_can_book(1, 5)", "SELECT available_sessions FROM swan_grant(1, 1)",
		"SELECT status FROM swan_book(1, 5)", "SELECT status FROM swan_cancel(12)", "SELECT available_sessions FROM swan_client(1)"}'::text[] LOOP
		answers := answers || try(query);
	END LOOP;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN array_to_string(answers, ', ');
END $$;
-- by a backend whose plans are made
CREATE FUNCTION without(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN calls();
END $$;
BEGIN;
SELECT calls();
ROLLBACK;
BEGIN;
SELECT without('REVOKE SELECT ON studio.users FROM regress_owner');
ROLLBACK;
BEGIN;
SELECT without('REVOKE UPDATE ON studio.users FROM regress_owner');
ROLLBACK;
BEGIN;
SELECT without('REVOKE SELECT ON studio.sessions FROM regress_owner');
ROLLBACK;
BEGIN;
SELECT without('REVOKE UPDATE ON studio.sessions FROM regress_owner');
ROLLBACK;
BEGIN;
SELECT without('REVOKE SELECT ON studio.swan_ledger FROM regress_owner');
ROLLBACK;
BEGIN;
SELECT without('REVOKE SELECT ON studio.swan_lots FROM regress_owner');
ROLLBACK;
BEGIN;
SELECT session_id FROM swan_hold(1, 6, actor => 1);
SELECT without('REVOKE SELECT ON studio.swan_holds FROM regress_owner');
ROLLBACK;
-- what he may is by a membership, or for being a superuser, until that ends
BEGIN;
CREATE ROLE regress_looker;
GRANT SELECT, UPDATE ON studio.users TO regress_looker;
GRANT regress_looker TO regress_owner;
SELECT without('REVOKE SELECT, UPDATE ON studio.users FROM regress_owner');
SELECT without('REVOKE regress_looker FROM regress_owner');
SELECT without('ALTER ROLE regress_owner SUPERUSER');
SELECT without('ALTER ROLE regress_owner NOSUPERUSER');
ROLLBACK;
BEGIN;
SELECT without('REVOKE USAGE ON SCHEMA studio FROM regress_owner');
ROLLBACK;
BEGIN;
SELECT without('REVOKE SELECT ON studio.users FROM regress_owner; GRANT SELECT (id, available_sessions) ON studio.users TO regress_owner');
ROLLBACK;
BEGIN;
SELECT without('REVOKE UPDATE ON studio.sessions FROM regress_owner; GRANT UPDATE (notes) ON studio.sessions TO regress_owner');
ROLLBACK;
BEGIN;
SELECT without('REVOKE SELECT ON studio.sessions FROM regress_owner; GRANT SELECT (id, user_id, trainer_id, status, session_date, duration, notes, booked_at, session_deducted, confirmed, class_id, cost, credits, kind) ON studio.sessions TO regress_owner');
ROLLBACK;
-- who calls is asked for no such right, and told what the owner lacks
SET ROLE regress_web;
SELECT available FROM swan_summary(1, actor => 1);
SELECT * FROM studio.users;
RESET ROLE;
BEGIN;
REVOKE SELECT ON studio.users FROM regress_owner;
SET LOCAL ROLE regress_web;
SAVEPOINT a;
SELECT available FROM swan_summary(1, actor => 1);
ROLLBACK TO SAVEPOINT a;
SELECT status FROM swan_book(1, 6, actor => 1);
ROLLBACK;

--
-- row security, which does not filter these calls
--
BEGIN;
SELECT calls();
ALTER TABLE studio.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE studio.sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT calls();
CREATE POLICY none ON studio.users USING (id <> 1);
CREATE POLICY late ON studio.sessions USING (id > 5) WITH CHECK (false);
SELECT calls();
SET LOCAL ROLE regress_owner;
SELECT calls();
SELECT count(*) FROM studio.users;
ROLLBACK;

--
-- the keys of both tables
--
BEGIN;
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_pkey;
SELECT calls();
CREATE UNIQUE INDEX ON studio.sessions (id) WHERE id > 10;
SELECT calls();
CREATE INDEX ON studio.sessions USING hash (id);
SELECT calls();
CREATE UNIQUE INDEX ON studio.sessions (id DESC NULLS FIRST) INCLUDE (status);
SELECT calls();
ROLLBACK;
BEGIN;
ALTER TABLE studio.users DROP CONSTRAINT users_pkey CASCADE;
SELECT calls();
CREATE INDEX ON studio.users (id) WHERE role = 'client';
SELECT calls();
CREATE INDEX ON studio.users ((id + 0));
CREATE INDEX ON studio.users (available_sessions, id);
SELECT calls();
CREATE INDEX ON studio.users (id);
SELECT calls();
ROLLBACK;
-- an index that is not valid, as CREATE INDEX CONCURRENTLY may leave it, is not read: it lacks rows
BEGIN;
ALTER TABLE studio.users DROP CONSTRAINT users_pkey CASCADE;
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_pkey;
CREATE INDEX users_broken ON studio.users (id) WHERE id > 1000;
CREATE INDEX sessions_broken ON studio.sessions (id) WHERE id > 1000;
UPDATE pg_index SET indpred = NULL, indisvalid = false WHERE indexrelid IN ('studio.users_broken'::regclass, 'studio.sessions_broken'::regclass);
ALTER INDEX studio.users_broken SET (fillfactor = 90);
ALTER INDEX studio.sessions_broken SET (fillfactor = 90);
SELECT calls();
ROLLBACK;
-- one whose comparisons are somebody's function, which may call us
BEGIN;
CREATE FUNCTION compare(a bigint, b bigint) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_setting('test.ask') = 'on' THEN
		PERFORM set_config('test.ask', 'off', true);
		IF (SELECT available FROM public.swan_summary(2)) <> 0 THEN
			RAISE 'not his';
		END IF;
		PERFORM set_config('test.ask', 'on', true);
	END IF;
	RETURN pg_catalog.btint8cmp(a, b);
END $$;
CREATE OPERATOR CLASS asking FOR TYPE bigint USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 compare(bigint, bigint);
SET LOCAL test.ask = 'off';
CREATE UNIQUE INDEX ON studio.users (id asking);
CREATE UNIQUE INDEX ON studio.sessions (id asking);
ALTER TABLE studio.users DROP CONSTRAINT users_pkey CASCADE;
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_pkey;
SELECT calls();
SET LOCAL test.ask = 'on';
SELECT calls();
ROLLBACK;
-- while plans and indexes come and go between the calls of one transaction
BEGIN;
SELECT status FROM swan_book(1, 7);
CREATE INDEX more ON studio.sessions (id);
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_pkey;
SELECT status FROM swan_book(1, 8);
REINDEX INDEX studio.more;
SELECT status FROM swan_cancel(8, reopen => false);
ALTER TABLE studio.sessions ADD COLUMN colour text DEFAULT 'red', ALTER notes TYPE varchar(300), DROP COLUMN confirmed;
SELECT status FROM swan_book(1, 9);
CLUSTER studio.sessions USING more;
SELECT status FROM swan_cancel(9, reopen => false);
ALTER TABLE studio.sessions ALTER session_date TYPE timestamptz(0);
SELECT status FROM swan_book(1, 10);
DROP INDEX studio.more;
SELECT status FROM swan_cancel(10, reopen => false);
SAVEPOINT a;
ALTER TABLE studio.sessions RENAME COLUMN user_id TO client_id;
SELECT status FROM swan_book(1, 11);
ROLLBACK TO SAVEPOINT a;
SELECT status FROM swan_book(1, 11);
SELECT * FROM swan_verify();
ROLLBACK;
-- a plan that the executor makes for itself is no reason to read ours again
BEGIN ISOLATION LEVEL REPEATABLE READ;
SET LOCAL plan_cache_mode = force_custom_plan;
SELECT added FROM swan_grant(1, 2);
SELECT count(*) AS plans FROM pg_backend_memory_contexts WHERE name = 'swanalloc plan' \gset
SELECT added FROM swan_grant(1, 2);
SELECT added FROM swan_grant(1, 2);
SELECT count(*) - :plans AS more FROM pg_backend_memory_contexts WHERE name = 'swanalloc plan';
ROLLBACK;
SELECT available FROM swan_summary(1);
SELECT * FROM swan_verify();

DROP FUNCTION calls(), without(text), try(text);
\i test/fixture/studio_gone.sql
DROP ROLE regress_web;
