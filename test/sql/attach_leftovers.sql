-- Attaching where something of a studio is left: what is whole goes on, what is there in part is refused by name.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE ROLE regress_other;
SELECT swan_create_studio('app', 'regress_shop');
SET ROLE regress_shop;
INSERT INTO app.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client');
SELECT added FROM swan_grant(2, 5);
INSERT INTO app.sessions (trainer_id, session_date) VALUES (1, '2099-01-05 10:00+00');
SELECT status FROM swan_book(2, 1);
RESET ROLE;
-- each thing is tried in a transaction that is undone
CREATE FUNCTION public.refused(VARIADIC commands text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE command text; report text[]; detail text;
BEGIN
	BEGIN
		FOREACH command IN ARRAY commands LOOP EXECUTE command; END LOOP;
		SELECT array_agg(concat_ws(' | ', a.item, a.column_name, a.state, a.action)) INTO report FROM swan_attach('app.users', 'app.sessions', dry_run => true) a
			WHERE a.state = 'refused' OR a.item LIKE 'swan_l%' OR a.action LIKE 'guards of%' AND a.item <> 'swan_clients';
		BEGIN
			PERFORM swan_attach('app.users', 'app.sessions');
			report := report || concat('attached ', (SELECT string_agg(check_name || ': ' || problem, ', ') FROM swan_verify()));
		EXCEPTION WHEN OTHERS THEN report := report || (SQLSTATE || ' ' || SQLERRM);
		END;
		RAISE EXCEPTION 'undone' USING ERRCODE = 'UN000';
	EXCEPTION WHEN SQLSTATE 'UN000' THEN RETURN QUERY SELECT unnest(report);
	END;
END $$;

-- the registry has lost a studio with all its guards on
DELETE FROM swan.studio;
SET ROLE regress_shop;
\set VERBOSITY default
UPDATE app.users SET first_name = 'Anna' WHERE id = 2;
DELETE FROM app.sessions;
TRUNCATE app.sessions CASCADE;
\set VERBOSITY terse
SELECT item, column_name, state, action FROM swan_attach('app.users', 'app.sessions', dry_run => true) WHERE item NOT LIKE 'users.%' AND item NOT LIKE 'sessions.%' AND state <> 'proposed';
SELECT * FROM public.refused('SELECT 1');
-- triggers taken off by hand, in part or all: no raw error
SELECT * FROM public.refused('DROP TRIGGER swan_word_users ON app.users', 'DROP TRIGGER swan_guard_users ON app.users', 'DROP TRIGGER swan_guard_truncate ON app.users',
	'DROP TRIGGER swan_guard_sessions ON app.sessions', 'DROP TRIGGER swan_guard_truncate ON app.sessions');
SELECT * FROM public.refused('ALTER TABLE app.users DROP CONSTRAINT swan_balance_check', 'ALTER TABLE app.users DISABLE TRIGGER USER', 'DROP TRIGGER swan_guard_closed ON app.swan_lots');
-- one that is not ours
SELECT * FROM public.refused('DROP TRIGGER swan_guard_closed ON app.swan_holds', 'CREATE FUNCTION app.swan_guard_closed() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''',
	'CREATE TRIGGER swan_guard_closed AFTER INSERT ON app.swan_holds EXECUTE FUNCTION app.swan_guard_closed()');
-- tables in part, of another shape, of another owner
SELECT * FROM public.refused('DROP TABLE app.swan_holds');
SELECT * FROM public.refused('DROP TABLE app.swan_ledger', 'DROP TABLE app.swan_lots');
SELECT * FROM public.refused('ALTER TABLE app.swan_lots DROP COLUMN currency');
SELECT * FROM public.refused('ALTER TABLE app.swan_holds RENAME TO h', 'CREATE VIEW app.swan_holds AS SELECT * FROM app.h');
RESET ROLE;
SELECT * FROM public.refused('ALTER TABLE app.swan_lots OWNER TO regress_other');
SET ROLE regress_shop;
-- what belongs to them
SELECT * FROM public.refused('DROP INDEX app.swan_ledger_user', 'DROP INDEX app.swan_lots_due');
SELECT * FROM public.refused('ALTER TABLE app.swan_lots DROP CONSTRAINT swan_lots_pkey');
SELECT * FROM public.refused('ALTER SEQUENCE app.swan_ledger_id_seq RENAME TO ids');
SELECT * FROM public.refused('SELECT setval(''app.swan_ledger_id_seq'', 1)');
SELECT setval('app.swan_ledger_id_seq', 2);
SELECT * FROM public.refused('ALTER TABLE app.swan_ledger RENAME TO old_ledger', 'ALTER TABLE app.swan_lots RENAME TO old_lots', 'ALTER TABLE app.swan_holds RENAME TO old_holds', 'ALTER TABLE app.swan_waits RENAME TO old_waits');
SELECT * FROM public.refused('DROP TABLE app.swan_ledger, app.swan_lots, app.swan_holds, app.swan_waits', 'CREATE DOMAIN app.swan_lots AS int', 'CREATE VIEW app.swan_ledger_key AS SELECT 1');
SELECT * FROM public.refused('DROP TABLE app.swan_ledger, app.swan_lots, app.swan_holds, app.swan_waits');
-- a studio that an earlier version made has no line of those who wait; one is made
SELECT * FROM public.refused('DROP TABLE app.swan_waits');

-- every name that our tables bring along is looked for
RESET ROLE;
CREATE SCHEMA other CREATE TABLE users (id int PRIMARY KEY, available_sessions int) CREATE TABLE sessions (id serial PRIMARY KEY, user_id int, status text, session_date timestamptz);
CREATE FUNCTION public.taken(name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE found boolean;
BEGIN
	EXECUTE format('CREATE VIEW other.%I AS SELECT 1 AS one', name);
	SELECT count(*) > 0 INTO found FROM swan_attach('other.users', 'other.sessions', dry_run => true) WHERE state = 'refused' AND action LIKE '%"' || name || '"%';
	EXECUTE format('DROP VIEW other.%I', name);
	RETURN found;
END $$;
SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relname LIKE 'swan\_%' AND relname NOT IN ('swan_ledger', 'swan_lots', 'swan_holds', 'swan_waits') AND NOT public.taken(relname) ORDER BY 1;

-- it goes on
SET ROLE regress_shop;
SELECT count(*) FROM swan_attach('app.users', 'app.sessions') WHERE state = 'refused';
CALL swan_backfill();
SELECT available_sessions, returned FROM swan_cancel(1);
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse');
SELECT kind, delta, balance_after FROM app.swan_ledger ORDER BY id;
SELECT * FROM swan_verify();
SELECT reason FROM swan_changes();
SELECT swan_rebase_feed() IS NOT NULL AS rebased;
SELECT kind FROM swan_changes();
RESET ROLE;
DROP SCHEMA app, other CASCADE;
DROP FUNCTION public.refused, public.taken;
DROP EXTENSION swanalloc;
DROP ROLE regress_shop, regress_other;
