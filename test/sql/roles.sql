-- What a database role is to a studio, and what it may do then.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_r_owner;
CREATE ROLE regress_r_member;
CREATE ROLE regress_r_person;
CREATE ROLE regress_r_backend;
CREATE ROLE regress_r_system;
CREATE ROLE regress_r_reader;
CREATE ROLE regress_r_stranger;
GRANT regress_r_owner TO regress_r_member;
GRANT regress_r_system TO regress_r_stranger;
SELECT swan_create_studio(owner => 'regress_r_owner');

\i test/fixture/try_query.sql
CREATE TABLE calls (id int GENERATED ALWAYS AS IDENTITY, query text);
GRANT SELECT ON calls TO PUBLIC;
INSERT INTO calls (query) VALUES
	('SELECT user_id, role, source FROM swan_actor()'),
	('SELECT available_sessions FROM swan_grant(1, 1)'),
	('SELECT available_sessions FROM swan_grant(1, 1, actor => 5)'),
	('SELECT available FROM swan_summary(1)'),
	('SELECT available FROM swan_summary(2)'),
	('SELECT available FROM swan_summary(2, actor => 2)'),
	('SELECT available FROM swan_summary(1, actor => 1)'),
	('SELECT available FROM swan_summary(1, actor => NULL)'),
	('SELECT available FROM swan_summary(1, actor => 999)'),
	('SELECT id FROM swan_client(1)'),
	('SELECT count(*) FROM swan_credits(1)'),
	('SELECT count(*) FROM swan_statement(1)'),
	('SELECT ok, code FROM swan_can_book(1, 1)'),
	('SELECT session_id, charged FROM swan_book(1, 2)'),
	('SELECT count(*) FROM swan_open(4, ''2099-05-01 10:00'')'),
	('SELECT * FROM swan_verify()'),
	('SELECT value FROM swan_settings() WHERE setting = ''hold_max'''),
	('SELECT studio, state FROM swan_studios()'),
	('SELECT swan_act_as(1)'),
	('SELECT swan_configure(''low_threshold'', ''3'')'),
	('SELECT swan_allow(''regress_r_stranger'', ''system'')'),
	('SELECT swan_disallow(''regress_r_system'')'),
	('SELECT swan_health()->>''status'''),
	('SELECT count(*) > 0 FROM swan_errors()'),
	('SELECT swan_detach(''studio'')');

INSERT INTO studio.users (first_name, role) VALUES
	('Ada', 'client'), ('Ben', 'client'), ('Sue', 'staff'), ('Tom', 'trainer'), ('Amy', 'admin');
SELECT ledger_id FROM swan_grant(1, 5);
SELECT * FROM swan_open(4, '2099-01-05 10:00', repeat => 2);

-- swan_allow and swan_disallow
SELECT swan_allow('regress_r_person', 'person', 1);
SELECT swan_allow('regress_r_backend', 'backend');
SELECT swan_allow('regress_r_system', 'reader');
SELECT swan_allow('regress_r_system', 'system', studio => 'studio');
SELECT swan_allow('regress_r_reader', 'reader');
SELECT studio, db_role, as_what, user_id, accepted FROM swan.role ORDER BY db_role;
SELECT swan_allow('regress_r_nobody', 'reader');
SELECT swan_allow('regress_r_reader', 'Person', 1);
SELECT swan_allow('regress_r_reader', 'person');
SELECT swan_allow('regress_r_reader', 'person', 999);
SELECT swan_allow('regress_r_reader', 'backend', 1);
SELECT swan_allow(NULL, 'reader');
SELECT swan_allow('regress_r_reader', NULL);
SELECT swan_allow('regress_r_reader', 'reader', studio => 'gym');
SELECT swan_disallow('regress_r_stranger');
SELECT swan_disallow(NULL);
SELECT swan_disallow('regress_r_reader', 'gym');
SELECT count(*) FROM swan.role;

-- nobody writes to the registry but these functions
SET ROLE regress_r_owner;
INSERT INTO swan.role VALUES ('studio', 'regress_r_stranger', 'system');
UPDATE swan.studio SET guard_balance = 'record';
DELETE FROM swan.studio;
RESET ROLE;

-- each call by each kind of role; what it did is undone
BEGIN;
SET ROLE regress_r_owner;
SELECT id, try(query) AS owner, query FROM calls ORDER BY id;
ROLLBACK;
BEGIN;
SET ROLE regress_r_person;
SELECT id, try(query) AS person_1 FROM calls ORDER BY id;
ROLLBACK;
BEGIN;
SET ROLE regress_r_backend;
SELECT id, try(query) AS backend FROM calls WHERE id <> 19 ORDER BY id;
ROLLBACK;
BEGIN;
SET ROLE regress_r_system;
SELECT id, try(query) AS system FROM calls WHERE id <> 19 ORDER BY id;
ROLLBACK;
BEGIN;
SET ROLE regress_r_reader;
SELECT id, try(query) AS reader FROM calls ORDER BY id;
ROLLBACK;
-- a member of a listed role is not listed
BEGIN;
SET ROLE regress_r_stranger;
SELECT id, try(query) AS stranger FROM calls ORDER BY id;
ROLLBACK;
-- a member of the owner has the owner's privileges
SET ROLE regress_r_member;
SELECT * FROM swan_actor();
RESET ROLE;

-- the errors in full
SET ROLE regress_r_stranger;
SELECT * FROM swan_summary(1);
SET ROLE regress_r_backend;
SELECT * FROM swan_summary(1);
SELECT * FROM swan_summary(1, actor => NULL);
SELECT * FROM swan_summary(1, actor => 999);
SELECT * FROM swan_grant(1, 1, actor => 3);
SELECT try('SELECT added FROM swan_grant(1, 1, actor => 0)'), try('SELECT added FROM swan_grant(1, 1, actor => (-9223372036854775808)::bigint)');
SET ROLE regress_r_system;
SELECT try('SELECT added FROM swan_grant(1, 1, actor => 0)'), try('SELECT added FROM swan_grant(1, 1, actor => (-9223372036854775808)::bigint)');
SET ROLE regress_r_person;
SELECT * FROM swan_summary(2);
SELECT * FROM swan_summary(2, actor => 2);
SELECT swan_act_as(2);
SELECT swan_configure('grant_max', '1000');
SET ROLE regress_r_reader;
SELECT * FROM swan_summary(1);
RESET ROLE;

-- a person is what his row says now, and nobody once it is gone
SET ROLE regress_r_person;
SELECT try('SELECT role, source FROM swan_actor()');
RESET ROLE;
BEGIN;
UPDATE studio.users SET role = 'admin' WHERE id = 1;
SET ROLE regress_r_person;
SELECT try('SELECT role FROM swan_actor()'), try('SELECT added FROM swan_grant(2, 1)');
ROLLBACK;
BEGIN;
UPDATE studio.users SET role = 'trainer' WHERE id = 1;
SET ROLE regress_r_person;
SELECT try('SELECT role FROM swan_actor()'), try('SELECT available FROM swan_summary(2)');
ROLLBACK;
SELECT swan_allow('regress_r_stranger', 'person', 2);
DELETE FROM studio.users WHERE id = 2;
SET ROLE regress_r_stranger;
SELECT try('SELECT role FROM swan_actor()');
RESET ROLE;
SELECT swan_disallow('regress_r_stranger');
SET ROLE regress_r_stranger;
SELECT try('SELECT role FROM swan_actor()');
RESET ROLE;

-- an owner who is listed is what the list says, but still owns
SELECT swan_allow('regress_r_owner', 'backend');
SET ROLE regress_r_owner;
SELECT try('SELECT added FROM swan_grant(1, 1)'), try('SELECT added FROM swan_grant(1, 1, actor => 5)');
SELECT swan_configure('low_threshold', '2'), swan_disallow('regress_r_owner');
SELECT try('SELECT added FROM swan_grant(1, 1)');
RESET ROLE;

-- authority is the current role's: a definer function is its owner
CREATE FUNCTION wrapped(u bigint) RETURNS int LANGUAGE sql SECURITY DEFINER
	AS 'SELECT available_sessions FROM public.swan_grant(u, 1, actor => 5)';
ALTER FUNCTION wrapped OWNER TO regress_r_backend;
CREATE FUNCTION invoked(u bigint) RETURNS int LANGUAGE sql
	AS 'SELECT available_sessions FROM public.swan_grant(u, 1, actor => 5)';
SET ROLE regress_r_stranger;
SELECT wrapped(1);
SELECT invoked(1);
RESET ROLE;
SET ROLE regress_r_person;
SELECT wrapped(1);
SELECT invoked(1);
RESET ROLE;
SELECT user_id, delta, actor_id, db_role FROM studio.swan_ledger ORDER BY id DESC LIMIT 2;
SELECT * FROM swan_verify();

DROP FUNCTION wrapped(bigint), invoked(bigint), try(text);
DROP TABLE calls;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_r_owner, regress_r_member, regress_r_person, regress_r_backend, regress_r_system,
	regress_r_reader, regress_r_stranger;
