-- Savepoints and exception blocks: an error that was caught leaves nothing behind.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_sp_owner;
CREATE ROLE regress_sp_backend;
SELECT swan_create_studio(owner => 'regress_sp_owner');
INSERT INTO studio.users (first_name, role) VALUES ('Ada', 'client'), ('Ben', 'client'), ('Tom', 'trainer');
SELECT ledger_id FROM swan_grant(1, 2);
SELECT * FROM swan_open(3, '2099-01-05 10:00', repeat => 4, every => '1 day');
SELECT swan_allow('regress_sp_backend', 'backend');
-- a booking of slot 2 gets as far as its last statement and fails there
CREATE FUNCTION studio.late_error() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('test.fail', true) = 'yes' THEN
		RAISE 'late error';
	END IF;
	RETURN new;
END
$$;
CREATE TRIGGER zzz AFTER UPDATE ON studio.users FOR EACH ROW EXECUTE FUNCTION studio.late_error();
CREATE VIEW facts AS
	SELECT (SELECT available_sessions FROM studio.users WHERE id = 1) AS balance,
		(SELECT count(*) FROM studio.swan_ledger) AS lines,
		(SELECT sum(remaining) FROM studio.swan_lots) AS lots,
		(SELECT string_agg(id::text, ' ' ORDER BY id) FROM studio.sessions WHERE status = 'scheduled') AS booked,
		(SELECT count(*) FROM swan_verify()) AS problems;

--
-- savepoints
--
BEGIN;
SELECT session_id, available_sessions FROM swan_book(1, 1, key => 'a');
SAVEPOINT a;
SELECT session_id, available_sessions FROM swan_book(1, 2, key => 'b');
SELECT * FROM facts;
ROLLBACK TO SAVEPOINT a;
SELECT * FROM facts;
SELECT session_id, replayed FROM swan_book(1, 1, key => 'a');	-- this one is known
SELECT session_id, replayed FROM swan_book(1, 3, key => 'b');	-- of this one there is no trace
SAVEPOINT b;
SELECT session_id FROM swan_book(1, 4);
ROLLBACK TO SAVEPOINT b;
SELECT * FROM facts;
SAVEPOINT b;
SET LOCAL test.fail = 'yes';
SELECT ledger_id FROM swan_grant(1, 1);
ROLLBACK TO SAVEPOINT b;
SELECT * FROM facts;
SAVEPOINT c;
UPDATE studio.users SET available_sessions = 5 WHERE id = 1;
ROLLBACK TO SAVEPOINT c;
UPDATE studio.swan_lots SET remaining = 5;
ROLLBACK TO SAVEPOINT c;
SELECT available_sessions FROM swan_grant(1, 1);
RELEASE SAVEPOINT c;
SELECT * FROM facts;
ROLLBACK;
SELECT * FROM facts;

-- without a savepoint the transaction is lost
BEGIN;
SELECT session_id FROM swan_book(1, 99);
SELECT available FROM swan_summary(1);
ROLLBACK;

--
-- exception blocks
--
\i test/fixture/try_command.sql
BEGIN;
SET LOCAL test.fail = 'yes';
SELECT try('SELECT swan_book(1, 1)');
SELECT try('SELECT swan_grant(1, 3)');
SET LOCAL test.fail = 'no';
-- the token of neither is left for a write that looks just like it
SELECT try('UPDATE studio.users SET available_sessions = 1 WHERE id = 1');
SELECT try('UPDATE studio.users SET available_sessions = 5 WHERE id = 1');
SELECT try('UPDATE studio.sessions SET user_id = 1, status = ''scheduled'', session_deducted = true, booked_at = now() WHERE id = 1');
SELECT try('UPDATE studio.swan_lots SET remaining = 1 WHERE id = 1');
SELECT try('INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (9, 1, ''grant'', 3, 3)');
SELECT try('DELETE FROM studio.swan_holds');
SELECT try('DELETE FROM studio.swan_waits');
SELECT * FROM facts;
SELECT try('SELECT swan_book(1, 1)');
SELECT * FROM facts;
COMMIT;
SELECT * FROM facts;

-- the current user, the search_path and the actor are again what they were
CREATE FUNCTION whoami() RETURNS text LANGUAGE sql
	AS 'SELECT current_user || '', '' || current_setting(''search_path'')';
SET ROLE regress_sp_backend;
BEGIN;
SET LOCAL search_path = public, pg_catalog;
SELECT try('SELECT swan_grant(1, 1)'), whoami();
SELECT swan_act_as(1);
SELECT try('SELECT swan_grant(1, 1)'), whoami();
SELECT try('SELECT swan_book(1, 1)'), whoami();
SELECT try('SELECT swan_book(1, 2, actor => 1)'), whoami();
SELECT try('SELECT swan_book(1, 3, actor => 1)'), whoami();
SELECT user_id, source FROM swan_actor();
ROLLBACK;
RESET ROLE;

-- nested: what an outer block undoes was done by an inner one
DO $$
DECLARE
	left_over int;
BEGIN
	BEGIN
		PERFORM swan_book(1, 2);
		BEGIN
			PERFORM swan_book(1, 3);
		EXCEPTION WHEN SQLSTATE 'SW001' THEN
			RAISE WARNING 'inner: %', sqlerrm;
		END;
		PERFORM swan_grant(1, 1);
		PERFORM swan_book(1, 3);
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		SELECT available_sessions INTO left_over FROM studio.users WHERE id = 1;
		RAISE WARNING 'outer: % left', left_over;
	END;
	PERFORM swan_book(1, 4);
END
$$;
SELECT * FROM facts;

-- a loop that runs into every kind of error
DO $$
DECLARE
	command text;
	n int;
BEGIN
	FOR i IN 1..3 LOOP
		FOREACH command IN ARRAY ARRAY[
			'SELECT swan_grant(1, 0)', 'SELECT swan_grant(1, NULL)', 'SELECT swan_grant(99, 1)',
			'SELECT swan_grant(1, 1, expires_at => ''2001-01-01'')', 'SELECT swan_grant(1, 1, key => '' '')',
			'SELECT swan_book(1, 2)', 'SELECT swan_book(1, 4)', 'SELECT swan_book(99, 2)', 'SELECT swan_book(1, NULL)',
			'SELECT swan_open(3, ''2099-01-05 10:30'')', 'SELECT swan_open(3, ''2099-02-05'', repeat => 2, every => ''0'')',
			'SELECT swan_open(3, ''infinity'')', 'SELECT swan_summary(99)', 'SELECT swan_client(NULL)',
			'SELECT swan_act_as(99)', 'SELECT swan_configure(''grant_max'', ''x'')', 'SELECT swan_allow(''nobody'', ''reader'')',
			'UPDATE studio.users SET available_sessions = -1', 'DELETE FROM studio.sessions', 'TRUNCATE studio.swan_ledger'
		] LOOP
			BEGIN
				EXECUTE command;
				RAISE WARNING 'no error: %', command;
			EXCEPTION WHEN OTHERS THEN
				IF i = 1 THEN
					RAISE WARNING '% %', sqlstate, command;
				END IF;
			END;
		END LOOP;
		PERFORM swan_grant(2, 1);
	END LOOP;
	SELECT count(*) INTO n FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND locktype = 'relation';
	RAISE WARNING '% strong locks', n;
END
$$;
SELECT * FROM facts;

-- procedures that commit between the calls
CREATE PROCEDURE grants() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..3 LOOP
		PERFORM swan_grant(2, 1, key => 'loop ' || i);
		IF i = 2 THEN ROLLBACK; ELSE COMMIT; END IF;
	END LOOP;
END
$$;
CALL grants();
CALL grants();
SELECT user_id, kind, delta, balance_after, key FROM studio.swan_ledger WHERE user_id = 2 ORDER BY id;

-- in a cursor's query, and in one that is never finished
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM swan_statement(2);
FETCH 1 FROM c \g /dev/null
SELECT available_sessions FROM swan_grant(2, 1);
CLOSE c;
DECLARE d CURSOR FOR SELECT (swan_grant(2, 1)).available_sessions FROM generate_series(1, 3);
FETCH 2 FROM d;
COMMIT;
SELECT * FROM facts;

DROP VIEW facts;
DROP FUNCTION try(text), whoami();
DROP PROCEDURE grants();
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_sp_owner, regress_sp_backend;
