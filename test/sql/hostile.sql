-- What a hostile caller, or a hostile owner, tries.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_h_owner;
CREATE ROLE regress_h_backend;
CREATE ROLE regress_h_stranger;
SELECT swan_create_studio(owner => 'regress_h_owner');
INSERT INTO studio.users (first_name, role) VALUES
	('Ada', 'client'), ('Ben', 'client'), ('Tom', 'trainer'), ('Amy', 'admin');
SELECT ledger_id FROM swan_grant(1, 5);
SELECT swan_allow('regress_h_backend', 'backend');
CREATE FUNCTION calls(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	slot bigint;
	result pg_catalog.text;
BEGIN
	SELECT swan_open(3, timestamp with time zone '2099-01-05 10:00Z' + pg_catalog.make_interval(days => n), actor => 4) INTO slot;
	PERFORM swan_grant(2, 1, 'it''s', '2098-01-01', 'key ' || n, actor => 4);
	PERFORM swan_grant(2, 1, 'it''s', '2098-01-01', 'key ' || n, actor => 4);
	PERFORM swan_can_book(2, slot, actor => 4);
	PERFORM swan_book(2, slot, true, 'key ' || n, actor => 4);
	SELECT pg_catalog.format('%s left, %s scheduled, %s lots, %s lines, %s purchased', s.available, s.scheduled,
		(SELECT pg_catalog.count(*) FROM swan_credits(2, 4)),
		(SELECT pg_catalog.count(*) FROM swan_statement(2, actor => 4)),
		(SELECT total_sessions_purchased FROM swan_client(2, 4)))
	INTO result FROM swan_summary(2, 4) s;
	PERFORM swan_verify(), swan_settings(), swan_studios(), swan_health(), swan_errors();
	RETURN result;
END
$$;
SELECT calls(0);

--
-- a search_path with traps in it: each of them notes that it was called
--
CREATE SCHEMA evil;
GRANT ALL ON SCHEMA evil TO PUBLIC;
CREATE TABLE evil.log (who text, what text);
GRANT ALL ON evil.log TO PUBLIC;
DO $$
DECLARE
	t text;
	o text;
BEGIN
	FOREACH t IN ARRAY '{int8,int4,text,timestamptz,interval,bool,jsonb}'::text[] LOOP
		FOREACH o IN ARRAY '{=,<>,<,<=,>,>=}'::text[] LOOP
			EXECUTE format('CREATE FUNCTION evil.%I(%I, %2$I) RETURNS bool LANGUAGE plpgsql AS $f$
				BEGIN INSERT INTO evil.log VALUES (current_user, %3$L); RETURN true; END $f$', 'op' || o, t, o || ' ' || t);
			EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %I, RIGHTARG = %2$I, FUNCTION = evil.%3$I)', o, t, 'op' || o);
		END LOOP;
	END LOOP;
	FOREACH o IN ARRAY '{+,-,*}'::text[] LOOP
		EXECUTE format('CREATE FUNCTION evil.%I(int4, int4) RETURNS int4 LANGUAGE plpgsql AS $f$
			BEGIN INSERT INTO evil.log VALUES (current_user, %L); RETURN 1000; END $f$', 'op' || o, o);
		EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = int4, RIGHTARG = int4, FUNCTION = evil.%I)', o, 'op' || o);
	END LOOP;
	FOREACH t IN ARRAY '{clock_timestamp(),now(),pg_current_xact_id(),nextval(regclass),lower(text),count(int8),max(int8)}'::text[] LOOP
		EXECUTE format('CREATE FUNCTION evil.%s RETURNS text LANGUAGE plpgsql AS $f$
			BEGIN INSERT INTO evil.log VALUES (current_user, %L); RETURN 1; END $f$', t, t);
	END LOOP;
	FOREACH t IN ARRAY '{users,sessions,swan_ledger,swan_lots,swan_holds,swan_waits,studio,role}'::text[] LOOP
		EXECUTE format('CREATE TABLE evil.%I (id bigint, user_id bigint, available_sessions int, role text)', t);
	END LOOP;
	FOREACH t IN ARRAY '{int4,int8,text,timestamptz,regclass,swan_credit,swan_booking}'::text[] LOOP
		EXECUTE format('CREATE TYPE evil.%I AS ENUM (''a'')', t);
	END LOOP;
END
$$;
-- a new connection, so that nothing is planned yet
\c -
SET timezone = 'UTC';
SET client_min_messages = warning;
SET search_path = pg_temp, evil, public, pg_catalog;
CREATE TEMP TABLE users (LIKE evil.users);
CREATE TEMP TABLE sessions (LIKE evil.users);
SELECT calls(1);
SELECT 1 = 2 AS trapped, 1 + 1 AS two;	-- the caller's own query runs into them
SELECT pg_catalog.count(*) AS armed FROM evil.log;
TRUNCATE evil.log;
SELECT available_sessions, message FROM swan_grant(1, 1);
SELECT session_id, available_sessions FROM swan_book(1, (SELECT * FROM swan_open(3, '2099-06-01 10:00')));
SELECT available, scheduled FROM swan_summary(1);
SELECT check_name FROM swan_verify();
SELECT swan_configure('low_threshold', '3');
SELECT swan_allow('regress_h_stranger', 'reader'), swan_disallow('regress_h_stranger');
UPDATE studio.users SET available_sessions = 7;
BEGIN;
SELECT swan_configure('guard_balance', 'record');
UPDATE studio.users SET available_sessions = 7;
ROLLBACK;
SET ROLE regress_h_backend;
SELECT available_sessions FROM swan_grant(1, 1, actor => 4);
RESET ROLE;
SELECT who, what FROM evil.log;
RESET search_path;
DISCARD TEMP;
SELECT calls(2);

-- other settings of the caller
BEGIN;
DO 'BEGIN IF current_setting(''server_version_num'')::int < 190000 THEN SET LOCAL standard_conforming_strings = off; END IF; END';
SET LOCAL transform_null_equals = on;
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL intervalstyle = 'sql_standard';
SET LOCAL row_security = off;
SET LOCAL quote_all_identifiers = on;
SELECT calls(3);
ROLLBACK;

--
-- the owner's triggers run as the owner, whoever calls, and leave nothing behind
--
CREATE TABLE evil.seen (who text, remark text);
GRANT ALL ON evil.seen TO PUBLIC;
SET ROLE regress_h_owner;
CREATE FUNCTION studio.spy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	command text;
BEGIN
	INSERT INTO evil.seen VALUES (current_user, tg_op || ' on ' || tg_table_name);
	FOREACH command IN ARRAY ARRAY['RESET ROLE', 'SET ROLE regress_h_backend', 'SET SESSION AUTHORIZATION DEFAULT',
		'CREATE ROLE regress_h_super SUPERUSER', 'SET search_path = evil', 'SET LOCAL TimeZone = ''Asia/Tokyo'''] LOOP
		BEGIN
			EXECUTE command;
			INSERT INTO evil.seen VALUES (current_user, command || ': done');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO evil.seen VALUES (current_user, command || ': ' || sqlstate);
		END;
	END LOOP;
	RETURN new;
END
$$;
CREATE FUNCTION studio.check_spy(n int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO evil.seen VALUES (current_user, 'CHECK');
	RETURN true;
END
$$;
ALTER TABLE studio.users ADD CONSTRAINT spy CHECK (studio.check_spy(available_sessions));
CREATE TRIGGER spy BEFORE UPDATE ON studio.users FOR EACH ROW EXECUTE FUNCTION studio.spy();
CREATE TRIGGER spy AFTER INSERT ON studio.swan_ledger FOR EACH ROW EXECUTE FUNCTION studio.spy();
RESET ROLE;
TRUNCATE evil.seen;
SELECT available_sessions FROM swan_grant(1, 1);
SHOW search_path;
SHOW TimeZone;
SELECT who, remark, count(*) FROM evil.seen GROUP BY who, remark ORDER BY remark COLLATE "C";
TRUNCATE evil.seen;
SET ROLE regress_h_backend;
SELECT available_sessions FROM swan_grant(1, 1, actor => 4);
SELECT DISTINCT who FROM evil.seen;
RESET ROLE;
DROP FUNCTION studio.spy(), studio.check_spy(int) CASCADE;

-- nor does a caller's temporary table come before the one that an owner's trigger means
CREATE TABLE studio.audit (who text);
ALTER TABLE studio.audit OWNER TO regress_h_owner;
CREATE FUNCTION studio.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO audit VALUES (current_user);
	RETURN new;
END
$$;
CREATE TRIGGER note AFTER UPDATE ON studio.users FOR EACH ROW EXECUTE FUNCTION studio.note();
SET ROLE regress_h_backend;
CREATE TEMP TABLE audit (who text);
GRANT ALL ON audit TO PUBLIC;
CREATE FUNCTION evil.hijack() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO evil.log VALUES (current_user, 'hijacked');
	RETURN new;
END
$$;
CREATE TRIGGER hijack BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION evil.hijack();
SELECT available_sessions FROM swan_grant(1, 1, actor => 4);
RESET ROLE;
SELECT swan_configure('search_path', 'studio');
SET ROLE regress_h_backend;
SELECT available_sessions FROM swan_grant(1, 1, actor => 4);
RESET ROLE;
SELECT * FROM evil.log;
SELECT * FROM studio.audit;
SELECT swan_configure('search_path', NULL);
DROP TRIGGER note ON studio.users;
DROP TABLE pg_temp.audit;

-- an owner who asks for more by a materialized view that somebody else refreshes
GRANT CREATE ON SCHEMA public TO regress_h_stranger;
SET ROLE regress_h_stranger;
CREATE MATERIALIZED VIEW public.peek AS SELECT available FROM public.swan_summary(1) WITH NO DATA;
RESET ROLE;
REFRESH MATERIALIZED VIEW peek;
DROP MATERIALIZED VIEW peek;
REVOKE CREATE ON SCHEMA public FROM regress_h_stranger;

--
-- row security does not filter swan_* calls
--
ALTER TABLE studio.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE studio.sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE studio.swan_ledger ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE studio.swan_lots ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY none ON studio.users USING (false);
SET ROLE regress_h_owner;
SELECT count(*) FROM studio.users;
SELECT calls(4);
SELECT * FROM swan_verify();
SET row_security = off;
SELECT calls(5);
RESET row_security;
SET ROLE regress_h_backend;
SELECT available FROM swan_summary(1, actor => 1);
RESET ROLE;

--
-- constraints do not show rows to a caller who may not read them
--
ALTER TABLE studio.sessions ADD CONSTRAINT not_ada CHECK (user_id <> 1 OR session_date < '2099-07-01');
ALTER TABLE studio.users ADD CONSTRAINT few CHECK (available_sessions < 50);
CREATE UNIQUE INDEX once ON studio.sessions (user_id) WHERE session_date > '2099-08-01';
SELECT swan_open AS slot FROM swan_open(3, '2099-07-02 10:00') \gset
SELECT count(*) AS lines FROM studio.swan_ledger \gset
SET ROLE regress_h_backend;
SELECT session_id FROM swan_book(1, :slot, actor => 1);
SELECT added FROM swan_grant(1, 60, actor => 4);
RESET ROLE;
ALTER TABLE studio.sessions DROP CONSTRAINT not_ada;
SELECT swan_allow('regress_h_stranger', 'person', 1);
SET ROLE regress_h_stranger;
SELECT scheduled FROM swan_summary(1);
RESET ROLE;
SELECT session_id - :slot AS first FROM swan_book(1, (SELECT * FROM swan_open(3, '2099-08-03 10:00')));
SELECT swan_open AS slot FROM swan_open(3, '2099-08-04 10:00') \gset
SET ROLE regress_h_stranger;
SELECT session_id FROM swan_book(1, :slot);
RESET ROLE;
-- who may read them is told
SELECT session_id FROM swan_book(1, :slot);
SELECT count(*) - :lines AS lines_since FROM studio.swan_ledger;
SELECT * FROM swan_verify();

DROP FUNCTION calls(int);
DROP SCHEMA evil CASCADE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_h_owner, regress_h_backend, regress_h_stranger;
