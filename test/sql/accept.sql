-- Whom a listing counts for: the role agrees, and is the one that was listed.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_ac_owner;
CREATE ROLE regress_ac_rival;
CREATE ROLE regress_ac_web;
CREATE ROLE regress_ac_ann;
CREATE ROLE regress_ac_jobs;
CREATE ROLE regress_ac_dev;
CREATE ROLE regress_ac_boss SUPERUSER;
GRANT regress_ac_jobs TO regress_ac_owner;
SELECT swan_create_studio('studio', 'regress_ac_owner'), swan_create_studio('rival', 'regress_ac_rival');
INSERT INTO studio.users (first_name) VALUES ('Ann'), ('Ben');
INSERT INTO rival.users (first_name) VALUES ('Eve');
CREATE VIEW listed AS SELECT studio, db_role, as_what, user_id, accepted FROM swan.role ORDER BY studio, db_role;
GRANT SELECT ON listed TO PUBLIC;
CREATE FUNCTION warnings() RETURNS SETOF text LANGUAGE sql AS
	$$SELECT w FROM jsonb_array_elements_text(swan_health()->'warnings') w ORDER BY 1$$;

-- a rival lists an owner who works unlisted, a backend that is listed nowhere, and a superuser
SET ROLE regress_ac_rival;
SELECT swan_allow('regress_ac_owner', 'reader');
SELECT swan_allow('regress_ac_web', 'backend');
SELECT swan_allow('regress_ac_ann', 'person', 1);
SELECT swan_allow('regress_ac_boss', 'backend');
SELECT * FROM listed;
SELECT * FROM warnings();
SET ROLE regress_ac_owner;
SELECT available_sessions FROM swan_grant(1, 3);
SELECT studio, selected FROM swan_studios();
SELECT * FROM warnings();
SET ROLE regress_ac_web;
SELECT available FROM swan_summary(1, actor => 1);
SELECT * FROM swan_studios();
SELECT * FROM warnings();
SET swanalloc.studio = 'rival';
SELECT available FROM swan_summary(1, actor => 1);
SELECT available_sessions FROM swan_grant(1, 1, actor => 1);
RESET swanalloc.studio;
SET ROLE regress_ac_boss;
SELECT studio, selected FROM swan_studios() ORDER BY 1;

-- one's own roles count at once, others when they agree; to agree to one is not to agree to another
SET ROLE regress_ac_owner;
SELECT swan_allow('regress_ac_jobs', 'system');
SELECT swan_allow('regress_ac_web', 'backend');
SELECT swan_allow('regress_ac_ann', 'person', 1);
SELECT * FROM warnings();
SET ROLE regress_ac_jobs;
SELECT available_sessions FROM swan_grant(1, 1);
SET ROLE regress_ac_web;
SELECT swan_accept('studio');
SELECT swan_accept('studio');
SELECT available FROM swan_summary(1, actor => 1);
SET ROLE regress_ac_ann;
SELECT swan_accept('studio');
SELECT source FROM swan_actor();
SELECT * FROM listed;

-- nobody else agrees for a role
SELECT swan_accept(NULL);
SELECT swan_accept('gym');
SET ROLE regress_ac_dev;
SELECT swan_accept('studio');
SET ROLE regress_ac_rival;
SELECT swan_accept('rival');
SET ROLE regress_ac_ann;
BEGIN READ ONLY;
SELECT swan_accept('rival');
ROLLBACK;

-- said once more it stays, said otherwise the role must agree again; its other studio goes on
SET ROLE regress_ac_owner;
SELECT swan_allow('regress_ac_web', 'backend');
SELECT swan_allow('regress_ac_ann', 'person', 2);
SET ROLE regress_ac_web;
SELECT source FROM swan_actor();
SET ROLE regress_ac_ann;
SELECT source FROM swan_actor();
SELECT swan_accept('studio');
SELECT user_id, source FROM swan_actor();
SELECT swan_accept('rival');
SELECT user_id, source FROM swan_actor();
SET swanalloc.studio = 'studio';
SELECT user_id, source FROM swan_actor();
RESET swanalloc.studio;
SET ROLE regress_ac_rival;
SELECT swan_allow('regress_ac_ann', 'reader');
SET ROLE regress_ac_ann;
SELECT user_id, source FROM swan_actor();
SET ROLE regress_ac_rival;
SELECT swan_disallow('regress_ac_ann');
SET ROLE regress_ac_ann;
SELECT user_id, source FROM swan_actor();
SELECT swan_accept('rival');

-- a superuser says it for everybody: then the role works in both, and has to choose
RESET ROLE;
SELECT swan_allow('regress_ac_ann', 'person', 1, 'rival');
SET ROLE regress_ac_ann;
SELECT user_id, source FROM swan_actor();
RESET ROLE;
SELECT swan_disallow('regress_ac_ann', 'rival');

-- what a role owns or is listed in comes before what it has by being in a role
GRANT regress_ac_rival TO regress_ac_web, regress_ac_owner, regress_ac_dev;
SET ROLE regress_ac_web;
SELECT studio, selected FROM swan_studios() ORDER BY 1;
SELECT source FROM swan_actor();
SET ROLE regress_ac_owner;
SELECT available_sessions FROM swan_grant(1, 1);
SET swanalloc.studio = 'rival';
SELECT available_sessions FROM swan_grant(1, 1);
RESET swanalloc.studio;
RESET ROLE;
GRANT regress_ac_owner TO regress_ac_dev;
SET ROLE regress_ac_dev;
SELECT studio, selected FROM swan_studios() ORDER BY 1;
SELECT source FROM swan_actor();
RESET ROLE;
REVOKE regress_ac_rival FROM regress_ac_web, regress_ac_owner, regress_ac_dev;
REVOKE regress_ac_owner FROM regress_ac_dev;

-- a role that was dropped and made anew is a stranger, until it is listed and agrees
DROP ROLE regress_ac_web;
CREATE ROLE regress_ac_web;
SET ROLE regress_ac_web;
SELECT source FROM swan_actor();
SELECT swan_accept('studio');
SET swanalloc.studio = 'studio';
SELECT source FROM swan_actor();
RESET swanalloc.studio;
SET ROLE regress_ac_owner;
SELECT * FROM warnings();
SELECT swan_allow('regress_ac_web', 'backend');
SELECT * FROM warnings();
SET ROLE regress_ac_web;
SELECT source FROM swan_actor();
SELECT swan_accept('studio');
SELECT source FROM swan_actor();
RESET ROLE;

-- one that has another name is not listed under it, nor who took the old one
ALTER ROLE regress_ac_web RENAME TO regress_ac_web2;
SET ROLE regress_ac_web2;
SELECT source FROM swan_actor();
SET ROLE regress_ac_owner;
SELECT * FROM warnings();
RESET ROLE;
CREATE ROLE regress_ac_web;
SET ROLE regress_ac_web;
SELECT source FROM swan_actor();
SET ROLE regress_ac_owner;
SELECT * FROM warnings();
RESET ROLE;
DROP ROLE regress_ac_web;
ALTER ROLE regress_ac_web2 RENAME TO regress_ac_web;
SET ROLE regress_ac_web;
SELECT source FROM swan_actor();
RESET ROLE;

-- rows as an old dump has them count; which role is meant is known from then on
DELETE FROM swan.role;
INSERT INTO swan.role (studio, db_role, as_what) VALUES
	('studio', 'regress_ac_web', 'backend'), ('studio', 'regress_ac_later', 'backend');
SET ROLE regress_ac_web;
SELECT source FROM swan_actor();
RESET ROLE;
CREATE ROLE regress_ac_later;
SET ROLE regress_ac_later;
SELECT source FROM swan_actor();
RESET ROLE;
DROP ROLE regress_ac_web;
CREATE ROLE regress_ac_web;
SET ROLE regress_ac_web;
SELECT source FROM swan_actor();
RESET ROLE;
SELECT swan_allow('regress_ac_later', 'backend', studio => 'studio');
DROP ROLE regress_ac_later;
CREATE ROLE regress_ac_later;
SET ROLE regress_ac_later;
SELECT source FROM swan_actor();
RESET ROLE;

-- detached is unlisted
SET ROLE regress_ac_owner;
SELECT swan_detach();
RESET ROLE;
SELECT * FROM listed;

DROP EXTENSION swanalloc CASCADE;
DROP FUNCTION warnings();
DROP SCHEMA studio, rival CASCADE;
DROP ROLE regress_ac_owner, regress_ac_rival, regress_ac_web, regress_ac_ann, regress_ac_jobs, regress_ac_dev, regress_ac_boss, regress_ac_later;
