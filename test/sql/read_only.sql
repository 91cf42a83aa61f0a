-- READ ONLY transactions: readers read, writers are refused before they lock anything.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_ro_owner;
CREATE ROLE regress_ro_backend;
CREATE ROLE regress_ro_stranger;
SELECT swan_create_studio(owner => 'regress_ro_owner');
INSERT INTO studio.users (first_name, last_name, role) VALUES ('Ada', 'Fox', 'client'), ('Tom', 'Roe', 'trainer'), ('Amy', 'Poe', 'admin');
SELECT ledger_id FROM swan_grant(1, 2, key => 'k');
SELECT * FROM swan_open(2, '2099-01-05 10:00', repeat => 2);
SELECT session_id FROM swan_book(1, 1);
SELECT swan_allow('regress_ro_backend', 'backend');
\i test/fixture/try_query.sql
CREATE TABLE calls (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO calls (query) VALUES
	('SELECT available, scheduled FROM swan_summary(1)'),
	('SELECT first_name, sessions_used FROM swan_client(1)'),
	('SELECT remaining FROM swan_credits(1)'),
	('SELECT kind, delta, balance_after FROM swan_statement(1)'),
	('SELECT ok, code FROM swan_can_book(1, 2)'),
	('SELECT ok, code FROM swan_can_book(1, 1)'),
	('SELECT role, source FROM swan_actor()'),
	('SELECT swan_act_as(1)'),
	('SELECT count(*) FROM swan_people(), swan_clients_count()'),
	('SELECT value FROM swan_settings() WHERE setting = ''hold_max'''),
	('SELECT swan_time(''2099-01-05 09:00'') = swan_time(timestamp ''2099-01-05 09:00'')'),
	('SELECT studio, state FROM swan_studios()'),
	('SELECT last_id > 0 FROM swan_feed_end()'),
	('SELECT sum(purchased) FROM swan_months()'),
	('SELECT * FROM swan_verify()'),
	('SELECT swan_health()->>''status'''),
	('SELECT count(*) > 0 FROM swan_errors()'),
	('SELECT swan_grant(1, 1)'),
	('SELECT swan_grant(1, 2, key => ''k'')'),
	('SELECT swan_grant(1, NULL)'),
	('SELECT swan_grant(99, 1)'),
	('SELECT swan_open(2, ''2099-02-01 10:00'')'),
	('SELECT swan_block(2, ''2099-02-01 10:00'')'),
	('SELECT swan_request(3, ''2099-02-01 10:00'')'),
	('SELECT swan_book(1, 2)'),
	('SELECT swan_book(1, 99)'),
	('SELECT swan_configure(''low_threshold'', ''2'')'),
	('SELECT swan_allow(''regress_ro_stranger'', ''reader'')'),
	('SELECT swan_disallow(''regress_ro_backend'')'),
	('SELECT swan_create_studio(''other'')'),
	('SELECT swan_detach()'),
	('SELECT ok, code, returns, credits FROM swan_can_cancel(1)'),
	('SELECT count(*) FROM swan_holds()'),
	('SELECT count(*) FROM swan_waiting()'),
	('SELECT swan_cancel_many(''{1}'')'),
	('SELECT swan_move_many(''{1}'', ''{2099-03-01}'')'),
	('SELECT swan_upgrade_studio()'),
	('SELECT ok, code FROM swan_can_hold(1, 2)'),
	('SELECT session_id, places_left FROM swan_calendar(NULL, NULL)'),
	('SELECT session_id FROM swan_unsettled()');

BEGIN READ ONLY;
SELECT id, try(query), query FROM calls WHERE id <> 8 ORDER BY id;
SELECT count(*) AS row_locks FROM pg_locks WHERE pid = pg_backend_pid() AND mode IN ('RowShareLock', 'RowExclusiveLock')
	AND relation IN ('studio.users'::regclass, 'studio.sessions'::regclass);
SELECT pg_current_xact_id_if_assigned() IS NULL AS no_xid;
SELECT swan_grant(1, 1);
ROLLBACK;

BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT try('SELECT available FROM swan_summary(1)'), try('SELECT swan_grant(1, 1)');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT try('SELECT available FROM swan_summary(1)'), try('SELECT swan_book(1, 2)');
COMMIT;

-- for a backend, with an actor; authority is asked first
SET ROLE regress_ro_backend;
BEGIN READ ONLY;
SELECT swan_act_as(1);
SELECT try('SELECT available FROM swan_summary(1)'), try('SELECT swan_book(1, 2)'), try('SELECT swan_grant(1, 1)');
SELECT try('SELECT swan_grant(1, 1, actor => 3)');
COMMIT;
SET ROLE regress_ro_stranger;
BEGIN READ ONLY;
SELECT try('SELECT available FROM swan_summary(1)'), try('SELECT swan_grant(1, 1)');
COMMIT;
RESET ROLE;

-- a session that is read-only by default, and a transaction that becomes so
SET default_transaction_read_only = on;
SELECT try('SELECT available FROM swan_summary(1)'), try('SELECT swan_grant(1, 1)');
RESET default_transaction_read_only;
BEGIN;
SELECT available_sessions FROM swan_grant(1, 1);
SET TRANSACTION READ ONLY;
SELECT available FROM swan_summary(1);
SELECT swan_book(1, 2);
ROLLBACK;

-- nothing was written, and all works as before
SELECT count(*) FROM studio.swan_ledger;
SELECT available_sessions FROM swan_grant(1, 1);
SELECT * FROM swan_verify();

DROP FUNCTION try(text);
DROP TABLE calls;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_ro_owner, regress_ro_backend, regress_ro_stranger;
