-- Several studios in one database: which one a call is about.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_ss_north;
CREATE ROLE regress_ss_south;
CREATE ROLE regress_ss_backend;
CREATE ROLE regress_ss_person;
CREATE ROLE regress_ss_both;
GRANT regress_ss_north, regress_ss_south TO regress_ss_both;
\i test/fixture/try_query.sql

-- without any
SELECT * FROM swan_studios();
SELECT available_sessions FROM swan_grant(1, 1);
SELECT swan_health()->>'status' AS status;

SELECT swan_create_studio('north', 'regress_ss_north');
SELECT swan_create_studio('the "South"', 'regress_ss_south');
INSERT INTO north.users (first_name, role) VALUES ('Nora', 'client'), ('Nat', 'admin');
INSERT INTO "the ""South""".users (first_name, role) VALUES ('Sid', 'client'), ('Sal', 'trainer'), ('Sol', 'admin');

-- who has the privileges of two owners owns both, and a superuser does
SET ROLE regress_ss_both;
SELECT available_sessions FROM swan_grant(1, 1);
SELECT swan_allow('regress_ss_backend', 'backend');
SELECT count(*) FROM swan_studios();
RESET ROLE;
SELECT studio, users, sessions, owner, own, selected, state FROM swan_studios() ORDER BY 1;
SET swanalloc.studio = 'north';
SELECT available_sessions FROM swan_grant(1, 1);
SET swanalloc.studio = 'the "South"';
SELECT available_sessions FROM swan_grant(1, 10);
SELECT message FROM swan_grant(1, 10);
SELECT studio, selected FROM swan_studios() ORDER BY 1;
SET swanalloc.studio = 'gym';
SELECT available_sessions FROM swan_grant(1, 1);
SELECT studio, selected FROM swan_studios() ORDER BY 1;
SET swanalloc.studio = 'NORTH';
SELECT try('SELECT available FROM swan_summary(1)');
RESET swanalloc.studio;

-- each owner has one
SET ROLE regress_ss_north;
SELECT available_sessions FROM swan_grant(1, 1);
SELECT studio, selected FROM swan_studios();
SET swanalloc.studio = 'the "South"';
SELECT available_sessions FROM swan_grant(1, 1);
SELECT studio, selected FROM swan_studios();
SELECT try('SELECT swan_configure(''grant_max'', ''1'', ''the "South"'')');
SELECT try('SELECT count(*) FROM swan_settings(''the "South"'')');
SELECT try('SELECT swan_allow(''regress_ss_north'', ''system'', studio => ''the "South"'')');
SELECT try('SELECT swan_detach(''the "South"'')');
SELECT try('SELECT swan_detach(''gym'')');
RESET swanalloc.studio;
RESET ROLE;

-- listed in both, as different things
SELECT swan_allow('regress_ss_backend', 'backend', studio => 'north');
SELECT swan_allow('regress_ss_backend', 'reader', studio => 'the "South"');
SELECT swan_allow('regress_ss_person', 'person', 1, 'the "South"');
SET ROLE regress_ss_backend;
SELECT available_sessions FROM swan_grant(1, 1, actor => 2);
SET swanalloc.studio = 'north';
SELECT available_sessions FROM swan_grant(1, 1, actor => 2);
SET swanalloc.studio = 'the "South"';
SELECT available_sessions FROM swan_grant(1, 1, actor => 3);
SELECT * FROM swan_verify();

-- swan_act_as is about the studio it was called in
SET swanalloc.studio = 'north';
BEGIN;
SELECT swan_act_as(2);
SELECT * FROM swan_actor();
SET LOCAL swanalloc.studio = 'the "South"';
SELECT * FROM swan_actor();
SET LOCAL swanalloc.studio = 'north';
SELECT * FROM swan_actor();
COMMIT;
RESET swanalloc.studio;
RESET ROLE;
SELECT swan_allow('regress_ss_backend', 'backend', studio => 'the "South"');
SET ROLE regress_ss_backend;
BEGIN;
SET LOCAL swanalloc.studio = 'north';
SELECT swan_act_as(2);
SET LOCAL swanalloc.studio = 'the "South"';
SELECT * FROM swan_actor();
ROLLBACK;

-- listed in one: nothing to choose, and no other to be had by a SET
SET ROLE regress_ss_person;
SELECT available FROM swan_summary(1);
SET swanalloc.studio = 'north';
SELECT available FROM swan_summary(1);
SET swanalloc.studio = 'the "South"';
SELECT available FROM swan_summary(1);
RESET swanalloc.studio;
RESET ROLE;

-- what happens in one does not touch the other; triggers know their own without the setting
SET swanalloc.studio = 'north';
UPDATE "the ""South""".users SET available_sessions = 1;
SELECT swan_configure('guard_balance', 'record', 'the "South"');
UPDATE "the ""South""".users SET available_sessions = 7 WHERE id = 1;
UPDATE north.users SET available_sessions = 1;
SELECT 'north' AS studio, user_id, sum(delta), count(*) FROM north.swan_ledger GROUP BY user_id
UNION ALL
SELECT 'south', user_id, sum(delta), count(*) FROM "the ""South""".swan_ledger GROUP BY user_id;
SELECT * FROM swan_verify();
SET swanalloc.studio = 'the "South"';
SELECT * FROM swan_verify();
RESET swanalloc.studio;

-- one fewer, and the choice is clear again
SELECT swan_detach('the "South"');
SELECT studio, selected FROM swan_studios();
SELECT available_sessions FROM swan_grant(1, 1);
SET ROLE regress_ss_person;
SELECT try('SELECT available FROM swan_summary(1)');
RESET ROLE;
SELECT studio, db_role FROM swan.role;
UPDATE "the ""South""".users SET available_sessions = -1 WHERE id = 1 RETURNING available_sessions;
SELECT swan_create_studio('the "South"', 'regress_ss_south');
SELECT swan_create_studio('north');

DROP FUNCTION try(text);
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA north, "the ""South""" CASCADE;
DROP ROLE regress_ss_north, regress_ss_south, regress_ss_backend, regress_ss_person, regress_ss_both;
