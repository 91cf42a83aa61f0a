-- swan_act_as: who acts until the transaction ends, and that nobody can pretend.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_aa_owner;
CREATE ROLE regress_aa_backend;
CREATE ROLE regress_aa_system;
CREATE ROLE regress_aa_person;
SELECT swan_create_studio(owner => 'regress_aa_owner');
INSERT INTO studio.users (first_name, role) VALUES
	('Ada', 'client'), ('Ben', 'client'), ('Tom', 'trainer'), ('Amy', 'admin');
SELECT ledger_id FROM swan_grant(1, 5);
SELECT swan_allow('regress_aa_backend', 'backend');
SELECT swan_allow('regress_aa_system', 'system');
SELECT swan_allow('regress_aa_person', 'person', 1);

-- within a transaction, and no longer
SET ROLE regress_aa_backend;
BEGIN;
SELECT swan_act_as(4);
SELECT * FROM swan_actor();
SELECT available_sessions FROM swan_grant(1, 1);
SELECT available FROM swan_summary(1, actor => 1);	-- the argument beats it
SELECT * FROM swan_actor();
SELECT swan_act_as(1);
SELECT * FROM swan_actor();
SELECT available_sessions FROM swan_grant(1, 1);
ROLLBACK;
SELECT * FROM swan_actor();
BEGIN;
SELECT swan_act_as(4);
SELECT available_sessions FROM swan_grant(1, 1);
COMMIT;
SELECT available_sessions FROM swan_grant(1, 1);
BEGIN;
SELECT swan_act_as(4);
COMMIT AND CHAIN;
SELECT * FROM swan_actor();
ROLLBACK;

-- savepoints
BEGIN;
SELECT swan_act_as(1);
SAVEPOINT a;
SELECT swan_act_as(4);
SELECT user_id FROM swan_actor();
ROLLBACK TO SAVEPOINT a;
SELECT user_id FROM swan_actor();
SAVEPOINT b;
SELECT swan_act_as(4);
RELEASE SAVEPOINT b;
SELECT user_id FROM swan_actor();
COMMIT;
BEGIN;
SAVEPOINT a;
SELECT swan_act_as(4);
ROLLBACK TO SAVEPOINT a;
SELECT user_id FROM swan_actor();
ROLLBACK;
DO $$
BEGIN
	PERFORM swan_act_as(4);
	RAISE WARNING 'before: %', (SELECT user_id FROM swan_actor());
	RAISE EXCEPTION 'x';
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING 'after: %', (SELECT user_id FROM swan_actor());
END
$$;

-- outside of a transaction it would have no effect, and says so
SELECT swan_act_as(4);
SELECT * FROM swan_actor();

-- whom, and who may
SELECT swan_act_as(999);
SELECT swan_act_as(NULL);
SET ROLE regress_aa_person;
SELECT swan_act_as(1);
SET ROLE regress_aa_system;
BEGIN;
SELECT swan_act_as(2);
SELECT * FROM swan_actor();
SELECT available_sessions FROM swan_grant(1, 1);
ROLLBACK;
SET ROLE regress_aa_owner;
BEGIN;
SELECT swan_act_as(4);
SELECT * FROM swan_actor();
SELECT ledger_id FROM swan_grant(1, 1);
SET LOCAL ROLE regress_aa_person;	-- a person is himself, whoever acts
SELECT * FROM swan_actor();
COMMIT;
RESET ROLE;
SELECT delta, actor_id, db_role FROM studio.swan_ledger ORDER BY id DESC LIMIT 1;

-- a READ ONLY transaction has an actor too
SET ROLE regress_aa_backend;
BEGIN READ ONLY;
SELECT swan_act_as(1);
SELECT available FROM swan_summary(1);
COMMIT;

-- the setting behind it is not for the caller
SET swanalloc.actor = '4 studio';
SELECT set_config('swanalloc.actor', '4 studio', false);
ALTER ROLE regress_aa_backend SET swanalloc.actor = '4 studio';
CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql SET swanalloc.actor = '4 studio' AS 'SELECT added FROM swan_grant(1, 1)';
SELECT * FROM swan_actor();
BEGIN;
SELECT swan_act_as(1);
RESET swanalloc.actor;
ROLLBACK;
BEGIN;
SELECT swan_act_as(1);
RESET ALL;
SELECT user_id FROM swan_actor();
DISCARD ALL;
ROLLBACK;
SELECT count(*) AS shown FROM pg_settings WHERE name = 'swanalloc.actor' AND setting <> '';
RESET SESSION AUTHORIZATION;

-- typos are errors
SET swanalloc.actr = '4 studio';
SET swanalloc.Studio = 'studio';
RESET swanalloc.studio;

-- one person only: nobody else can be named from here on, in no way and in no studio
RESET SESSION AUTHORIZATION;
RESET ROLE;
SELECT swan_create_studio('other', 'regress_aa_owner');
INSERT INTO other.users (first_name, role) VALUES ('Eve', 'admin');
SELECT swan_allow('regress_aa_backend', 'backend', studio => 'other'), swan_allow('regress_aa_system', 'system', studio => 'other');
SET swanalloc.studio = 'studio';
CREATE FUNCTION public.tried(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE command INTO answer;
	RETURN 'ok ' || coalesce(answer, '');
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
CREATE TABLE public.try (n serial, command text);
INSERT INTO try (command) VALUES
	('SELECT available FROM swan_summary(1)'),
	('SELECT available FROM swan_summary(1, actor => 1)'),
	('SELECT available FROM swan_summary(1, actor => NULL)'),
	('SELECT available FROM swan_summary(1, actor => 4)'),
	('SELECT added FROM swan_grant(1, 1, actor => 4)'),
	('SELECT swan_act_as(4)'),
	('SELECT swan_act_as(4, "only" => true)'),
	('SELECT swan_act_as(1, "only" => false)'),
	('SELECT swan_act_as(1)'),
	('SET LOCAL swanalloc.actor = ''4 studio'''),
	('SET swanalloc.actor = '''''),
	('RESET swanalloc.actor'),
	('DISCARD ALL'),
	('SELECT set_config(''swanalloc.actor'', NULL, true)'),
	('SELECT set_config(''swanalloc.actor'', ''4 studio'', false)'),
	('SELECT set_config(''swanalloc.studio'', ''other'', true)'),
	('SELECT swan_act_as(1)'),
	('SELECT count(*) FROM swan_clients(actor => 1)'),
	('SELECT user_id FROM swan_actor()'),
	('SELECT count(*) FROM swan_clients()'),
	('SELECT set_config(''swanalloc.studio'', ''studio'', true)'),
	('SELECT swan_act_as(4)'),
	('SELECT user_id FROM swan_actor()');
GRANT SELECT ON try TO PUBLIC;
GRANT EXECUTE ON FUNCTION public.tried TO PUBLIC;
SET ROLE regress_aa_backend;
BEGIN;
SELECT swan_act_as(1, "only" => true);
SELECT command, public.tried(command) FROM try ORDER BY n;
RESET ALL;
SET swanalloc.studio = 'studio';
SELECT public.tried('SELECT added FROM swan_grant(1, 1, actor => 4)');
ROLLBACK;
-- a system role is not the system meanwhile, there nor in another studio
SET ROLE regress_aa_system;
BEGIN;
SELECT swan_act_as(1, true);
SELECT command, public.tried(command) FROM try WHERE n IN (1, 4, 5, 16, 18, 19, 20, 21, 22, 23) ORDER BY n;
COMMIT;
SELECT added FROM swan_grant(1, 1);
-- it goes with a savepoint from before it, and stays with a later one
SET ROLE regress_aa_backend;
BEGIN;
SAVEPOINT before;
SELECT swan_act_as(1, "only" => true);
SAVEPOINT later;
SELECT swan_act_as(1);
ROLLBACK TO SAVEPOINT later;
SELECT public.tried('SELECT added FROM swan_grant(1, 1, actor => 4)');
ROLLBACK TO SAVEPOINT before;
SELECT added FROM swan_grant(1, 1, actor => 4);
SAVEPOINT once_more;
SELECT swan_act_as(4);
SELECT swan_act_as(1, "only" => true);
RELEASE SAVEPOINT once_more;
SELECT public.tried('SELECT added FROM swan_grant(1, 1, actor => 4)');
COMMIT;
SELECT added FROM swan_grant(1, 1, actor => 4);
-- a function that says it says it for the transaction
RESET ROLE;
CREATE FUNCTION public.begin_for(bigint) RETURNS bigint LANGUAGE sql SET search_path = public AS 'SELECT swan_act_as($1, true)';
GRANT EXECUTE ON FUNCTION public.begin_for TO PUBLIC;
SET ROLE regress_aa_backend;
BEGIN;
SELECT public.begin_for(1);
SELECT public.tried('SELECT added FROM swan_grant(1, 1, actor => 4)'), public.tried('SELECT swan_act_as(4)');
COMMIT;
RESET ROLE;
DROP TABLE try;
DROP FUNCTION public.tried, public.begin_for;
RESET swanalloc.studio;
SELECT swan_detach('other');
DROP SCHEMA other CASCADE;

-- nor before the library is loaded: a new connection, whose first call comes after the SET
\c -
SET SESSION AUTHORIZATION regress_aa_backend;
SET swanalloc.actor = '4 studio';
SELECT * FROM swan_actor();
SELECT * FROM swan_actor();
SELECT added FROM swan_grant(1, 1);
\c -
SET SESSION AUTHORIZATION regress_aa_backend;
BEGIN;
SET LOCAL swanalloc.actor = '4 studio';
SELECT added FROM swan_grant(1, 1);
ROLLBACK;
SELECT added FROM swan_grant(1, 1);
\c -
SET SESSION AUTHORIZATION regress_aa_backend;
ALTER ROLE regress_aa_backend SET swanalloc.actor = '4 studio';
SET swanalloc.typo = 'x';
SET swanalloc.studio = 'studio';
BEGIN;
SELECT swan_act_as(1);
SELECT user_id FROM swan_actor();
COMMIT;
SHOW swanalloc.studio;
SHOW swanalloc.typo;
\c -
SET SESSION AUTHORIZATION regress_aa_person;
SET swanalloc.actor = '4 studio';
SELECT * FROM swan_actor();

\c -
SET client_min_messages = warning;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_aa_owner, regress_aa_backend, regress_aa_system, regress_aa_person;
