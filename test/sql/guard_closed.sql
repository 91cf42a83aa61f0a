-- TRUNCATE, and the three tables that only the engine writes to.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_gc_owner;
CREATE ROLE regress_gc_app;
SELECT swan_create_studio(owner => 'regress_gc_owner');
GRANT USAGE ON SCHEMA studio TO regress_gc_app;
GRANT ALL ON ALL TABLES IN SCHEMA studio TO regress_gc_app;
GRANT ALL ON ALL SEQUENCES IN SCHEMA studio TO regress_gc_app;

\i test/fixture/try_command.sql
CREATE TABLE writes (id int GENERATED ALWAYS AS IDENTITY, command text);
GRANT SELECT ON writes TO PUBLIC;
INSERT INTO writes (command) VALUES
	('INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, db_role, call_id, at, xid) VALUES (1, 1, 9, ''grant'', ''x'', 1, now(), pg_current_xact_id())'),
	('INSERT INTO studio.swan_ledger OVERRIDING SYSTEM VALUE SELECT * FROM studio.swan_ledger WHERE false'),
	('UPDATE studio.swan_ledger SET delta = 100'),
	('UPDATE studio.swan_ledger SET reason = ''x'' WHERE false'),
	('DELETE FROM studio.swan_ledger'),
	('DELETE FROM studio.swan_ledger WHERE id = 999'),
	('MERGE INTO studio.swan_ledger g USING (VALUES (1)) v (id) ON g.id = v.id WHEN MATCHED THEN UPDATE SET delta = 100'),
	('MERGE INTO studio.swan_ledger g USING (VALUES (1)) v (id) ON g.id = v.id WHEN MATCHED THEN DELETE'),
	('WITH x AS (DELETE FROM studio.swan_ledger RETURNING id) SELECT * FROM x'),
	('TRUNCATE studio.swan_ledger'),
	('INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (99, 1, ''grant'', 5, 5)'),
	('INSERT INTO studio.swan_lots SELECT * FROM studio.swan_lots ON CONFLICT (id) DO UPDATE SET remaining = 5'),
	('UPDATE studio.swan_lots SET remaining = remaining - 1'),
	('DELETE FROM studio.swan_lots'),
	('TRUNCATE studio.swan_lots'),
	('INSERT INTO studio.swan_holds VALUES (1, 1, ''2099-01-01'')'),
	('UPDATE studio.swan_holds SET until = ''2099-01-01'''),
	('DELETE FROM studio.swan_holds'),
	('TRUNCATE studio.swan_holds'),
	('INSERT INTO studio.swan_waits VALUES (1, 1, 1, now(), false, NULL, NULL, false)'),
	('UPDATE studio.swan_waits SET auto = true'),
	('DELETE FROM studio.swan_waits'),
	('TRUNCATE studio.swan_waits'),
	('TRUNCATE studio.users CASCADE'),
	('TRUNCATE studio.sessions'),
	('TRUNCATE studio.sessions, studio.users, studio.swan_ledger, studio.swan_lots, studio.swan_holds'),
	('TRUNCATE studio.swan_holds, studio.swan_ledger'),
	('SELECT * FROM studio.swan_ledger, studio.swan_lots, studio.swan_holds');

INSERT INTO studio.users (first_name, role) VALUES ('Ada', 'client'), ('Tom', 'trainer');
SELECT ledger_id FROM swan_grant(1, 5);
SELECT session_id FROM swan_book(1, (SELECT * FROM swan_open(2, '2099-01-05 10:00')));

-- in full once for each answer
UPDATE studio.swan_ledger SET delta = 100;
INSERT INTO studio.swan_ledger OVERRIDING SYSTEM VALUE SELECT * FROM studio.swan_ledger;
UPDATE studio.swan_lots SET remaining = 5;
DELETE FROM studio.swan_holds;
TRUNCATE studio.sessions;
TRUNCATE studio.users CASCADE;
TRUNCATE studio.swan_ledger;
TRUNCATE studio.swan_lots;
COPY studio.swan_lots (id, user_id, source, granted, remaining) FROM STDIN;
99	1	grant	5	5
\.
\echo :SQLSTATE
COPY studio.swan_ledger (user_id) FROM STDIN;
1
\.
\echo :SQLSTATE

-- a superuser, the owner, and a role with every privilege
SELECT id, try(command) AS superuser, command FROM writes ORDER BY id;
SET ROLE regress_gc_owner;
SELECT id, try(command) AS owner FROM writes ORDER BY id;
RESET ROLE;
SET ROLE regress_gc_app;
SELECT id, try(command) AS app FROM writes ORDER BY id;
RESET ROLE;

-- the modes of the other guards make no difference
SELECT swan_configure('guard_balance', 'record'), swan_configure('guard_sessions', 'off');
SELECT id, try(command) AS result FROM writes WHERE id IN (1, 3, 5, 10, 13, 18, 20, 21) ORDER BY id;
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse');

-- nor does a write of the engine in the same transaction open the door
BEGIN;
SELECT ledger_id FROM swan_grant(1, 1);
SELECT try('UPDATE studio.swan_ledger SET delta = 100');
SELECT try('UPDATE studio.swan_lots SET remaining = 0');
SELECT try('UPDATE studio.users SET available_sessions = 100');
ROLLBACK;

-- nothing happened
SELECT count(*), sum(delta) FROM studio.swan_ledger;
SELECT count(*), sum(remaining) FROM studio.swan_lots;
SELECT available_sessions FROM studio.users WHERE id = 1;
SELECT * FROM swan_verify();

-- with triggers off there is only swan_verify to tell, and the CHECKs
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE studio.swan_ledger SET delta = 7 WHERE id = 1;
DELETE FROM studio.swan_lots;
INSERT INTO studio.swan_holds VALUES (1, 1, '2020-01-01');
SELECT try('UPDATE studio.swan_ledger SET balance_after = -1');
SELECT try('UPDATE studio.swan_ledger SET kind = ''gift'' WHERE id = 1');
SELECT try('INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (9, 1, ''grant'', 5, 6)');
SELECT try('INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (9, 1, ''grant'', 5, -1)');
SET LOCAL session_replication_role = origin;
SELECT * FROM swan_verify();
SELECT check_name, user_id FROM swan_verify(2);
SET LOCAL session_replication_role = replica;
TRUNCATE studio.users CASCADE;
ROLLBACK;
BEGIN;
ALTER TABLE studio.swan_ledger DISABLE TRIGGER swan_guard_closed;
ALTER TABLE studio.swan_lots ENABLE REPLICA TRIGGER swan_guard_closed;
ALTER TABLE studio.swan_holds ENABLE ALWAYS TRIGGER swan_guard_closed;
DROP TRIGGER swan_guard_truncate ON studio.sessions;
ALTER TABLE studio.users DROP CONSTRAINT swan_balance_check;
SELECT * FROM swan_verify();
SELECT state FROM swan_studios();
ROLLBACK;

-- the trigger functions serve as nothing else
SELECT swan_guard_users();
CREATE TABLE other (id bigint, available_sessions int);
CREATE TRIGGER g AFTER UPDATE OR INSERT ON other FOR EACH ROW EXECUTE FUNCTION swan_guard_users();
INSERT INTO other VALUES (1, 1);
DROP TABLE other;
-- not on our own tables either: the wrong table, level or time is an error
SELECT try(format('CREATE TRIGGER misused %s ON studio.%I FOR EACH %s EXECUTE FUNCTION %s(); %s',
	at, which, level, function, command)) AS result, at, which, level, function
FROM (VALUES
	(1, 'AFTER UPDATE', 'users', 'STATEMENT', 'swan_guard_users', 'UPDATE studio.users SET first_name = ''x'''),
	(2, 'BEFORE UPDATE', 'users', 'STATEMENT', 'swan_guard_users', 'UPDATE studio.users SET first_name = ''x'''),
	(3, 'BEFORE TRUNCATE', 'users', 'STATEMENT', 'swan_guard_users', 'TRUNCATE studio.users CASCADE'),
	(4, 'AFTER UPDATE', 'users', 'ROW', 'swan_guard_sessions', 'UPDATE studio.users SET first_name = ''x'''),
	(5, 'AFTER UPDATE', 'sessions', 'ROW', 'swan_guard_users', 'UPDATE studio.sessions SET notes = ''x'''),
	(6, 'BEFORE UPDATE', 'sessions', 'ROW', 'swan_guard_users', 'UPDATE studio.sessions SET notes = ''x'''),
	(7, 'BEFORE UPDATE', 'sessions', 'ROW', 'swan_guard_sessions', 'UPDATE studio.sessions SET notes = ''x'''),
	(8, 'AFTER UPDATE', 'sessions', 'STATEMENT', 'swan_guard_sessions', 'UPDATE studio.sessions SET notes = ''x'''),
	(9, 'BEFORE UPDATE', 'sessions', 'ROW', 'swan_guard_closed', 'UPDATE studio.sessions SET notes = ''x'''),
	(10, 'BEFORE UPDATE', 'sessions', 'ROW', 'swan_guard_truncate', 'UPDATE studio.sessions SET notes = ''x'''),
	(11, 'AFTER INSERT', 'swan_ledger', 'ROW', 'swan_guard_users', 'SELECT * FROM swan_grant(1, 1)')
) AS t (id, at, which, level, function, command) ORDER BY id;
SELECT count(*) AS left_over FROM pg_trigger WHERE tgname = 'misused';

-- the owner can drop what is his
SET ROLE regress_gc_owner;
DROP TABLE studio.swan_ledger;
RESET ROLE;

DROP TABLE writes;
DROP FUNCTION try(text);
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_gc_owner, regress_gc_app;
