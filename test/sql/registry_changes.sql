-- Tables, columns, schemas and owners that change between the calls of one backend.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_rc_owner;
CREATE ROLE regress_rc_other;
GRANT regress_rc_owner TO regress_rc_other;
SELECT swan_create_studio(owner => 'regress_rc_owner');
INSERT INTO studio.users (first_name, email, role) VALUES
	('Ada', 'ada@x.org', 'client'), ('Ben', 'ben@x.org', 'client'), ('Tom', 'tom@x.org', 'trainer');

-- calls everything once, with all plans in place
CREATE SEQUENCE days;
CREATE FUNCTION calls() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	slot bigint;
	result text;
BEGIN
	SELECT swan_open(3, timestamptz '2099-01-01 10:00' + nextval('days') * interval '1 day') INTO slot;
	PERFORM swan_grant(1, 1), swan_can_book(1, slot);
	PERFORM swan_book(1, slot);
	SELECT format('%s left, %s scheduled, %s %s, %s lines', available, scheduled, c.first_name, c.email,
		(SELECT count(*) FROM swan_statement(1)))
	INTO result FROM swan_summary(1), swan_client(1) c;
	RETURN result || coalesce((SELECT ', ' || string_agg(check_name || ': ' || problem, ', ') FROM swan_verify()), '');
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END
$$;
\i test/fixture/try_command.sql
CREATE VIEW state AS SELECT studio, users, owner, state FROM swan_studios();
SELECT calls();

-- tables and schema renamed
ALTER TABLE studio.users RENAME TO members;
SELECT calls(), * FROM state;
ALTER TABLE studio.sessions RENAME TO "the Slots";
SELECT calls(), sessions FROM swan_studios();
SELECT try('UPDATE studio.members SET available_sessions = 9');
SELECT try('UPDATE studio."the Slots" SET status = ''completed''');
ALTER SCHEMA studio RENAME TO "Club House";
SELECT calls(), * FROM state;
SELECT swan_configure('low_threshold', '2', 'studio');
ALTER SCHEMA "Club House" RENAME TO studio;
ALTER TABLE studio.members RENAME TO users;
ALTER TABLE studio."the Slots" RENAME TO sessions;
SELECT calls();

-- a table in a schema of its own
CREATE SCHEMA elsewhere AUTHORIZATION regress_rc_owner;
ALTER TABLE studio.sessions SET SCHEMA elsewhere;
SELECT calls(), sessions FROM swan_studios();
ALTER TABLE elsewhere.sessions SET SCHEMA studio;
DROP SCHEMA elsewhere;

-- a new table with the old name is not the studio's
ALTER TABLE studio.users RENAME TO members;
CREATE TABLE studio.users (LIKE studio.members INCLUDING ALL);
SELECT calls(), * FROM state;
INSERT INTO studio.users (id, first_name, available_sessions) VALUES (1, 'Eve', 1000);
SELECT calls();
DROP TABLE studio.users;
ALTER TABLE studio.members RENAME TO users;

-- columns added, dropped, moved, and renamed: some can be missing
ALTER TABLE studio.users ADD COLUMN phone text NOT NULL DEFAULT 'none';
ALTER TABLE studio.sessions ADD COLUMN room text;
SELECT calls();
ALTER TABLE studio.users DROP COLUMN phone;
ALTER TABLE studio.sessions DROP COLUMN room, ADD COLUMN room int;
SELECT calls();
ALTER TABLE studio.users RENAME COLUMN email TO mail;
ALTER TABLE studio.sessions RENAME COLUMN booked_at TO taken_at;
SELECT calls();
ALTER TABLE studio.users RENAME COLUMN mail TO email;
ALTER TABLE studio.sessions RENAME COLUMN taken_at TO booked_at;
SELECT calls();

-- others cannot
ALTER TABLE studio.users RENAME COLUMN available_sessions TO credits;
SELECT calls(), * FROM state;
SELECT available_sessions FROM swan_grant(1, 1);
SELECT try('UPDATE studio.users SET credits = 9'), try('UPDATE studio.users SET first_name = ''x''');
SELECT try('SELECT swan_configure(''low_threshold'', ''2'')'), try('SELECT swan_allow(''regress_rc_other'', ''reader'')');
SELECT swan_health()->>'status' AS health, swan_health()->'warnings' AS warnings;
ALTER TABLE studio.users RENAME COLUMN credits TO available_sessions;
SELECT calls(), * FROM state;
ALTER TABLE studio.sessions RENAME COLUMN status TO state;
SELECT calls();
SELECT try('DELETE FROM studio.sessions');
ALTER TABLE studio.sessions RENAME COLUMN state TO status;
SELECT calls();

-- a table with children is none, and is one when they are gone, whatever pg_class has kept of them
CREATE TABLE child () INHERITS (studio.sessions);
SELECT calls(), swan_health() ->> 'status' AS health;
DROP TABLE child;
SELECT calls(), swan_health() ->> 'status' AS health, relhassubclass FROM pg_class WHERE oid = 'studio.sessions'::regclass;
CREATE TABLE child () INHERITS (studio.sessions);
SELECT calls();
ALTER TABLE child NO INHERIT studio.sessions;
SELECT calls(), swan_health() ->> 'status' AS health;
DROP TABLE child;

-- in a transaction that is rolled back
BEGIN;
ALTER TABLE studio.users RENAME COLUMN available_sessions TO credits;
SELECT calls();
ROLLBACK;
SELECT calls();
BEGIN;
SELECT calls();
ALTER TABLE studio.users RENAME TO members;
SELECT calls();
SAVEPOINT a;
DROP TABLE studio.swan_lots;
SELECT calls();
ROLLBACK TO SAVEPOINT a;
SELECT calls();
ROLLBACK;
SELECT calls(), * FROM state;

-- our own tables
ALTER TABLE studio.swan_ledger RENAME TO journal;
SELECT calls(), * FROM state;
SELECT try('UPDATE studio.users SET available_sessions = 9'), try('UPDATE studio.journal SET delta = 9');
ALTER TABLE studio.journal RENAME TO swan_ledger;
SELECT calls(), * FROM state;
BEGIN;
DROP TRIGGER swan_guard_users ON studio.users;
SELECT calls(), * FROM state;
ROLLBACK;
BEGIN;
ALTER TABLE studio.users DISABLE TRIGGER swan_guard_users;
SELECT calls();
ROLLBACK;
BEGIN;
DROP TABLE studio.swan_holds;
SELECT calls();
ROLLBACK;
SELECT calls();

-- another owner
ALTER TABLE studio.users OWNER TO regress_rc_other;
ALTER TABLE studio.sessions OWNER TO regress_rc_other;
ALTER TABLE studio.swan_ledger OWNER TO regress_rc_other;
ALTER TABLE studio.swan_lots OWNER TO regress_rc_other;
ALTER TABLE studio.swan_holds OWNER TO regress_rc_other;
ALTER TABLE studio.swan_waits OWNER TO regress_rc_other;
SELECT calls();
ALTER SCHEMA studio OWNER TO regress_rc_other;
SELECT calls(), * FROM state;
SET ROLE regress_rc_owner;
SELECT try('SELECT swan_grant(1, 1)');
RESET ROLE;
SET ROLE regress_rc_other;
SELECT try('SELECT swan_grant(1, 1)');
RESET ROLE;

-- settings and roles take effect at once, and not if they are rolled back
SELECT swan_allow('regress_rc_owner', 'reader');
SET ROLE regress_rc_owner;
SELECT source FROM swan_actor();
RESET ROLE;
BEGIN;
SELECT swan_configure('grant_max', '1');
SELECT try('SELECT swan_grant(1, 2)');
SAVEPOINT a;
SELECT swan_disallow('regress_rc_owner'), swan_configure('grant_max', '2');
SELECT try('SELECT swan_grant(1, 2)');
ROLLBACK TO SAVEPOINT a;
SELECT try('SELECT swan_grant(1, 2)');
ROLLBACK;
SELECT try('SELECT swan_grant(1, 2)');
SET ROLE regress_rc_owner;
SELECT source FROM swan_actor();
RESET ROLE;

-- the registry's tables under the hands of a superuser, as a restore writes them
UPDATE swan.studio SET grant_max = 3;
SELECT try('SELECT swan_grant(1, 4)');
DELETE FROM swan.role;

-- tables dropped
DROP TABLE studio.users CASCADE;
SELECT calls(), * FROM state;
SELECT swan_health()->>'status' AS health, swan_health()->'warnings' ? 'studio studio: table "users" is gone' AS warned;
SELECT try('INSERT INTO studio.sessions (session_date) VALUES (''2099-12-01'')');
SET ROLE regress_rc_other;
SELECT try('SELECT swan_summary(1)');
SELECT swan_detach();
RESET ROLE;
SELECT count(*) AS studios FROM swan_studios();
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgname LIKE 'swan%' ORDER BY 1, 2;
INSERT INTO studio.sessions (session_date) VALUES ('2099-12-01');
DROP SCHEMA studio CASCADE;

-- and made again, in the same place
SELECT swan_create_studio(owner => 'regress_rc_owner');
INSERT INTO studio.users (first_name, role) VALUES ('Zoe', 'client'), ('Yan', 'client'), ('Tim', 'trainer');
SELECT calls();
DROP SCHEMA studio CASCADE;
SELECT * FROM state;
SELECT swan_create_studio(owner => 'regress_rc_owner');
SELECT swan_detach('studio');
SELECT try('SELECT swan_detach(''studio'')');
SELECT swan_create_studio(owner => 'regress_rc_owner');

-- many changes in one transaction take no more memory than few, nor does one that is under way keep what it uses for good
SET ROLE regress_rc_owner;
INSERT INTO studio.users (first_name) SELECT 'x' FROM generate_series(1, 10);
CREATE FUNCTION studio.meddle() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
	PERFORM swan_configure('low_threshold', (NEW.id % 7)::text), swan_grant_max FROM swan_configure('grant_max', '50') swan_grant_max;
	PERFORM swan_disallow('regress_rc_owner'), swan_allow('regress_rc_owner', 'reader');
	RETURN NULL;
END
$$;
RESET ROLE;
CREATE FUNCTION kept() RETURNS TABLE (studios bigint, kb bigint) LANGUAGE sql AS $$
	SELECT count(*) FILTER (WHERE name = 'swanalloc studio'), sum(total_bytes) / 1024 FROM pg_backend_memory_contexts
$$;
BEGIN;
SELECT swan_allow('regress_rc_other', 'reader'), swan_configure('low_threshold', '1');
SELECT kb AS few FROM kept() \gset
DO $$
BEGIN
	FOR i IN 1..500 LOOP
		PERFORM swan_allow('regress_rc_other', CASE WHEN i % 2 = 0 THEN 'reader' ELSE 'system' END);
		PERFORM swan_configure('low_threshold', (i % 7)::text);
		PERFORM available FROM swan_summary(1);
	END LOOP;
END
$$;
SELECT studios, kb - :few < 500 AS bounded FROM kept();
ROLLBACK;
BEGIN;
SET LOCAL ROLE regress_rc_owner;
SELECT swan_allow('regress_rc_owner', 'system');
CREATE TRIGGER meddle AFTER UPDATE ON studio.users FOR EACH ROW EXECUTE FUNCTION studio.meddle();
SELECT count(*), sum(available_sessions) FROM swan_grant_many(ARRAY(SELECT id FROM studio.users ORDER BY id), 2);
RESET ROLE;
SELECT studios > 1 AS "while it was under way" FROM kept();
SELECT swan_configure('low_threshold', '1');
SELECT * FROM swan_verify();
SELECT studios AS "after it" FROM kept();
ROLLBACK;
DROP FUNCTION kept();
-- the trigger's function serves as nothing else
SELECT swan.registry_changed();

-- the extension made anew knows nothing of it
DROP EXTENSION swanalloc CASCADE;
CREATE EXTENSION swanalloc;
SELECT * FROM swan_studios();
UPDATE studio.users SET available_sessions = 1;

DROP FUNCTION calls(), try(text);
DROP SEQUENCE days;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_rc_owner, regress_rc_other;
