-- Making a studio, the list of studios, and letting go of one.
\set SHOW_CONTEXT never
CREATE EXTENSION swanalloc;
CREATE ROLE regress_super SUPERUSER;
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
CREATE ROLE regress_stranger;
SET ROLE regress_super;

-- before there is one
SELECT * FROM swan_studios();
SELECT * FROM swan_settings();
SELECT swan_detach();
SELECT * FROM swan_grant(1, 5);
SELECT * FROM swan_book(1, 1);

--
-- swan_create_studio
--
SELECT swan_create_studio('');
SELECT swan_create_studio('pg_studio');
SELECT swan_create_studio(owner => 'regress_nobody');
-- who may: whoever may create a schema, for a role that he may become
SET ROLE regress_other;
SELECT swan_create_studio(owner => 'regress_owner');
\set VERBOSITY sqlstate
SELECT swan_create_studio();
\set VERBOSITY default
SET ROLE regress_super;
-- a studio of a superuser is better not made
SELECT swan_create_studio();
SELECT swan_detach();
SET client_min_messages = warning;
DROP SCHEMA studio CASCADE;
-- a name that is too long is cut, as every identifier is
SELECT swan_create_studio(repeat('x', 70), 'regress_owner') = repeat('x', 63) AS cut;
SELECT studio = repeat('x', 63) AS named_as_its_schema, state FROM swan_studios();
SELECT swan_detach() = repeat('x', 63) AS detached;
DO $$ BEGIN EXECUTE format('DROP SCHEMA %I CASCADE', repeat('x', 63)); END $$;
-- names are quoted where they have to be
SELECT swan_create_studio('Le "Studio"', 'regress_owner');
SELECT * FROM swan_studios();
INSERT INTO "Le ""Studio""".users (first_name) VALUES ('Zoe');
SELECT user_id, added, available_sessions FROM swan_grant(1, 2);
SELECT swan_detach();
DROP SCHEMA "Le ""Studio""" CASCADE;
RESET client_min_messages;

-- what a studio consists of
SELECT swan_create_studio(owner => 'regress_owner');
SELECT c.relname, c.relowner::regrole AS owner,
       string_agg(a.attname, ' ' ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'studio'::regnamespace AND c.relkind = 'r'
 GROUP BY c.relname, c.relowner ORDER BY c.relname;
-- its tables are no members of the extension: they survive it, and a dump
SELECT count(*) AS members FROM pg_depend
 WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND classid = 'pg_class'::regclass
   AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'studio'::regnamespace);
-- every index is there for a reason, and none is on what changes with every booking
SELECT i.indexrelid::regclass AS index, obj_description(i.indexrelid) IS NOT NULL OR i.indisprimary AS explained,
       pg_get_indexdef(i.indexrelid) ~ 'available_sessions|remaining' AS hinders_hot
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 WHERE c.relnamespace = 'studio'::regnamespace ORDER BY i.indexrelid::regclass::text COLLATE "C";
SELECT c.conrelid::regclass AS table, c.conname FROM pg_constraint c
 WHERE c.connamespace = 'studio'::regnamespace AND c.contype = 'c' ORDER BY c.conname;
SELECT t.tgrelid::regclass AS table, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'studio'::regnamespace AND NOT t.tgisinternal ORDER BY c.relname, t.tgname;
-- one account for an e-mail address, however it is written; only known roles; no balance below zero
\set VERBOSITY terse
INSERT INTO studio.users (id, email) VALUES (1, 'john@example.com');
INSERT INTO studio.users (id, email) VALUES (2, 'John@Example.com');
INSERT INTO studio.users (id, role) VALUES (2, 'owner');
INSERT INTO studio.users (id, available_sessions) VALUES (2, -1);
\set VERBOSITY default
-- twice; into a schema that is there already
SELECT swan_create_studio(owner => 'regress_owner');
CREATE SCHEMA taken;
SELECT swan_create_studio('taken', 'regress_owner');
DROP SCHEMA taken;
-- what is rolled back is not there
BEGIN;
SELECT swan_create_studio('brief', 'regress_owner');
SELECT count(*) FROM swan_studios();
ROLLBACK;
SELECT count(*) FROM swan_studios();

--
-- Which of several, and who may
--
SET client_min_messages = warning;
SELECT swan_create_studio('second', 'regress_other');
SELECT * FROM swan_studios();
SELECT * FROM swan_grant(1, 1);
SELECT swan_settings();
SET swanalloc.studio = 'second';
SELECT studio, selected FROM swan_studios();
SELECT * FROM swan_grant(1, 1);
SET swanalloc.studio = 'studio';
SELECT message FROM swan_grant(1, 1);
SET swanalloc.studio = 'third';
SELECT * FROM swan_grant(1, 1);
RESET swanalloc.studio;
-- one that is open to the role needs no choice
SET ROLE regress_other;
SELECT studio, selected FROM swan_studios();
SELECT * FROM swan_grant(1, 1);
-- the name selects and authorises nothing
SET swanalloc.studio = 'studio';
SELECT * FROM swan_grant(1, 1);
RESET swanalloc.studio;
SELECT swan_detach('studio');
-- listed is not owner
SET ROLE regress_owner;
SELECT swan_allow('regress_other', 'system');
SET ROLE regress_other;
SELECT swan_accept('studio');
SELECT studio, selected FROM swan_studios();
SELECT swan_detach('studio');
SET ROLE regress_stranger;
SELECT * FROM swan_studios();
SELECT swan_detach();
-- the registry is for reading
SELECT name, owned_by, own, backfilled FROM swan.studio ORDER BY name;
UPDATE swan.studio SET grant_max = 1;
DELETE FROM swan.role;

--
-- swan_detach
--
SET ROLE regress_super;
SELECT swan_detach('nowhere');
SELECT swan_detach();
BEGIN;
SELECT swan_detach('second');
ROLLBACK;
SELECT swan_detach('second');
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name) VALUES (5, 'Ann');
SELECT message FROM swan_grant(5, 3);
SELECT swan_detach('studio');
-- every table and row stays; triggers and check do not; the listings are forgotten too
SELECT id, available_sessions FROM studio.users ORDER BY id;
SELECT user_id, delta, balance_after, kind FROM studio.swan_ledger ORDER BY id;
SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace IN ('studio'::regnamespace, 'second'::regnamespace) AND NOT t.tgisinternal;
SELECT c.conrelid::regclass AS table, c.conname FROM pg_constraint c
 WHERE c.connamespace = 'studio'::regnamespace AND c.contype = 'c' ORDER BY c.conname;
UPDATE studio.users SET available_sessions = 2 WHERE id = 5;
SELECT count(*) FROM swan.role;
SELECT * FROM swan_studios();
SELECT * FROM swan_grant(5, 1);
SELECT swan_detach('studio');

--
-- A studio whose tables are gone is broken, and can be forgotten
--
RESET ROLE;
DROP SCHEMA studio, second CASCADE;
SELECT swan_create_studio(owner => 'regress_owner');
SET ROLE regress_owner;
ALTER TABLE studio.swan_lots RENAME TO lots;
SELECT studio, users, state FROM swan_studios();
SELECT * FROM swan_grant(1, 1);
SELECT * FROM swan_verify();
ALTER TABLE studio.lots RENAME TO swan_lots;
SELECT studio, users, state FROM swan_studios();
-- a trigger that is missing may mean another table
DROP TRIGGER swan_guard_users ON studio.users;
SELECT studio, users, state FROM swan_studios();
SELECT * FROM swan_summary(1);
RESET ROLE;
DROP TABLE studio.users CASCADE;
SET ROLE regress_owner;
SELECT studio, users, state FROM swan_studios();
SELECT * FROM swan_settings() LIMIT 1;
SELECT * FROM swan_book(1, 1);
SET ROLE regress_other;
SELECT swan_detach('studio');
SET ROLE regress_owner;
SELECT swan_detach('studio');
SELECT * FROM swan_studios();

RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_owner, regress_other, regress_stranger, regress_super;
