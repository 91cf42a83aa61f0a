-- What a transaction itself has written is seen by its next call, in the same command too,
-- and what it has undone is not.
\i test/fixture/studio.sql
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'client'), (2, 'Ben', 'client'), (3, 'Tom', 'trainer');
SELECT count(*) FROM swan_open(3, '2099-01-05 10:00', repeat => 20, every => '1 day');
SELECT swan_configure('guard_balance', 'record'), swan_configure('guard_sessions', 'record');
CREATE VIEW facts AS
	SELECT (SELECT string_agg(id || ':' || available_sessions, ' ' ORDER BY id) FROM studio.users WHERE role = 'client') AS balances,
		(SELECT count(*) FROM studio.swan_ledger) AS lines,
		(SELECT string_agg(id || ':' || user_id, ' ' ORDER BY id) FROM studio.sessions WHERE status = 'scheduled') AS booked,
		(SELECT count(*) FROM swan_verify()) AS problems;

--
-- one command
--
SELECT (swan_grant(1, 1)).available_sessions AS granted, (swan_book(1, 7)).status AS booked, (swan_cancel(7)).status AS cancelled;
SELECT * FROM facts;
SELECT g.available_sessions, b.available_sessions, c.available_sessions, d.reopened_session_id
	FROM swan_grant(1, 1) g, LATERAL swan_book(1, 8 + g.added - 1) b, LATERAL swan_book(1, b.session_id + 1) c, LATERAL swan_cancel(c.session_id) d;
-- many rows of one command, each of which sees those before
SELECT i, (swan_grant(1, 1)).available_sessions FROM generate_series(1, 5) i;
SELECT i, (swan_grant(1 + i % 2, 1)).available_sessions AS granted, (swan_book(1 + i % 2, 9 + i)).available_sessions AS booked FROM generate_series(1, 4) i;
SELECT i, (swan_cancel(i)).available_sessions FROM generate_series(10, 13) i;
SELECT * FROM facts;
-- a slot and a client that the same command makes
WITH slot AS (INSERT INTO studio.sessions (id, trainer_id, session_date) VALUES (100, 3, '2099-03-01 10:00') RETURNING id)
	SELECT status, available_sessions FROM slot, LATERAL swan_book(1, slot.id);
WITH client AS (INSERT INTO studio.users (id, first_name) VALUES (10, 'Cid') RETURNING id)
	SELECT added, available_sessions FROM client, LATERAL swan_grant(client.id, 2);
WITH slot AS (UPDATE studio.sessions SET session_date = '2099-03-02 10:00', notes = 'moved' WHERE id = 14 RETURNING id)
	SELECT b.status, b.session_date FROM slot, LATERAL swan_book(10, slot.id) b;
WITH gone AS (DELETE FROM studio.sessions WHERE id = 15 RETURNING id)
	SELECT ok, sqlstate FROM gone, LATERAL swan_can_book(10, gone.id);
WITH gone AS (DELETE FROM studio.sessions WHERE id = 6 RETURNING id)
	SELECT status FROM gone, LATERAL swan_book(10, gone.id);
-- readers answer what their query sees, so not what it has done
SELECT (swan_grant(2, 1)).available_sessions, (swan_summary(2)).available;
SELECT (swan_summary(2)).available;
-- one command that also writes the row itself: it is the server that says no
UPDATE studio.users SET last_name = (swan_grant(id, 1)).message WHERE id = 2;
UPDATE studio.sessions SET notes = (swan_book(2, id)).message WHERE id = 16;
SELECT * FROM facts;

--
-- one transaction
--
BEGIN;
INSERT INTO studio.sessions (id, trainer_id, session_date) VALUES (200, 3, '2099-04-01 10:00');
UPDATE studio.sessions SET notes = 'one' WHERE id = 200;
UPDATE studio.sessions SET notes = 'two' WHERE id = 200;
INSERT INTO studio.users (id, first_name) VALUES (20, 'Dan');
UPDATE studio.users SET first_name = 'Don' WHERE id = 20;
SELECT available_sessions FROM swan_grant(20, 1);
UPDATE studio.users SET last_name = 'Doe' WHERE id = 20;
SELECT status, available_sessions FROM swan_book(20, 200);
UPDATE studio.sessions SET notes = 'three' WHERE id = 200;
SELECT status, returned, available_sessions FROM swan_cancel(200, reopen => false);
SELECT user_id, status, notes FROM studio.sessions WHERE id = 200;
SELECT available, cancelled FROM swan_summary(20);
DELETE FROM studio.sessions WHERE id = 17;
SELECT sqlstate FROM swan_can_book(20, 17);
INSERT INTO studio.sessions (id, trainer_id, session_date) VALUES (17, 3, '2099-04-02 10:00');
SELECT status, available_sessions FROM swan_book(20, 17);
COMMIT;
SELECT * FROM facts;
-- a long chain of versions, of which one cursor still sees the first
BEGIN;
DECLARE before CURSOR FOR SELECT first_name, (swan_summary(id)).available FROM studio.users WHERE id = 20;
DO $$
BEGIN
	FOR i IN 1..50 LOOP
		UPDATE studio.users SET first_name = 'D' || i WHERE id = 20;
		PERFORM swan_grant(20, 1);
	END LOOP;
END $$;
SELECT available FROM swan_summary(20);
FETCH before;
COMMIT;
SELECT first_name, available_sessions FROM studio.users WHERE id = 20;

--
-- savepoints
--
BEGIN;
SAVEPOINT a;
UPDATE studio.sessions SET notes = 'undone', status = 'cancelled' WHERE id = 18;
UPDATE studio.users SET available_sessions = 0 WHERE id = 20;
ROLLBACK TO SAVEPOINT a;
SELECT status, available_sessions FROM swan_book(20, 18);
SAVEPOINT b;
SELECT status, available_sessions FROM swan_cancel(18, reopen => false);
SELECT available_sessions FROM swan_grant(20, 3);
ROLLBACK TO SAVEPOINT b;
SELECT status, available_sessions FROM swan_confirm(18);
SELECT available FROM swan_summary(20);
COMMIT;
-- locks that were taken, and those that were undone
BEGIN;
SELECT id FROM studio.sessions WHERE id = 19 FOR KEY SHARE;
SAVEPOINT a;
SELECT id FROM studio.sessions WHERE id = 19 FOR UPDATE;
SELECT id FROM studio.users WHERE id = 20 FOR UPDATE;
ROLLBACK TO SAVEPOINT a;
SELECT status, available_sessions FROM swan_book(20, 19);
COMMIT;
BEGIN;
SELECT id FROM studio.users WHERE id = 20 FOR UPDATE;
SAVEPOINT a;
UPDATE studio.users SET first_name = 'sub' WHERE id = 20;
SAVEPOINT b;
SELECT available_sessions FROM swan_grant(20, 1);
RELEASE SAVEPOINT b;
ROLLBACK TO SAVEPOINT a;
SELECT available_sessions FROM swan_grant(20, 1);
SAVEPOINT c;
DELETE FROM studio.sessions WHERE id = 20;
ROLLBACK TO SAVEPOINT c;
SELECT status, available_sessions FROM swan_book(20, 20);
SAVEPOINT d;
SELECT status FROM swan_cancel(20);
RELEASE SAVEPOINT d;
SELECT count(*) FROM studio.sessions WHERE status = 'available' AND session_date = '2099-01-24 10:00';
COMMIT;
SELECT first_name, available_sessions FROM studio.users WHERE id = 20;
-- an exception block around each
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		BEGIN
			UPDATE studio.users SET first_name = 'E' || i WHERE id = 20;
			PERFORM swan_grant(20, 1);
			PERFORM swan_book(20, 16);
			IF i % 4 <> 0 THEN
				RAISE 'undo';
			END IF;
			PERFORM swan_cancel(16, reopen => false);
			UPDATE studio.sessions SET status = 'available', user_id = NULL, session_deducted = false WHERE id = 16;
		EXCEPTION WHEN raise_exception THEN
			PERFORM swan_grant(20, 1);
		END;
	END LOOP;
END $$;
SELECT first_name, available_sessions FROM studio.users WHERE id = 20;
SELECT * FROM facts;

--
-- calls in the triggers of other tables
--
CREATE TABLE visits (client bigint, slot bigint, answer text);
CREATE FUNCTION book_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF tg_when = 'BEFORE' THEN
		new.answer := (swan_grant(new.client, 1)).available_sessions || ' ' || (swan_book(new.client, new.slot)).status;
		RETURN new;
	END IF;
	PERFORM swan_cancel(new.slot, reopen => false);
	RETURN NULL;
END $$;
CREATE TRIGGER book_it BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION book_it();
CREATE TRIGGER cancel_it AFTER INSERT ON visits FOR EACH ROW EXECUTE FUNCTION book_it();
INSERT INTO visits SELECT 2, i FROM generate_series(1, 3) i RETURNING *;
INSERT INTO visits SELECT 2, i FROM generate_series(3, 4) i RETURNING *;
WITH slot AS (INSERT INTO studio.sessions (id, trainer_id, session_date) VALUES (300, 3, '2099-05-01 10:00') RETURNING id)
	INSERT INTO visits SELECT 2, id FROM slot RETURNING *;
SELECT * FROM facts;

DROP VIEW facts;
DROP TABLE visits;
DROP FUNCTION book_it();
\i test/fixture/studio_gone.sql
