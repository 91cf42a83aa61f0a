-- swan_verify: the checks of lots, debits and statuses that verify.sql does not break; what it reads
-- for one client is what it finds for all.
\i test/fixture/studio.sql
INSERT INTO studio.users (id, first_name, role) VALUES (3, 'Tom', 'trainer'), (4, 'Tina', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client');
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 3, timestamptz '2099-01-05 09:00' + i * interval '1 day' FROM generate_series(0, 9) i;
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 4, timestamptz '2099-02-05 09:00' + i * interval '1 day' FROM generate_series(0, 4) i;
SELECT added FROM swan_grant(11, 10);
SELECT added FROM swan_grant(12, 5);
SELECT count(*) FROM generate_series(1, 8) s, swan_book(11, s);
SELECT count(*) FROM swan_book(12, 11);
SELECT status FROM swan_confirm(2);
SET session_replication_role = replica;	-- two that are over
UPDATE studio.sessions SET session_date = session_date - interval '97 years' WHERE id IN (3, 4);
RESET session_replication_role;
SELECT status FROM swan_complete(3);
SELECT status FROM swan_complete(4, attended => false);
SELECT status FROM swan_cancel(5);
SELECT status FROM swan_cancel(6, return_credit => false);
SELECT session_id FROM swan_reschedule(7, 12);
SELECT status FROM swan_move(8, '2099-03-01 09:00');
SELECT status FROM swan_confirm(12);
SELECT id, user_id, status FROM studio.sessions WHERE user_id IS NOT NULL ORDER BY id;
SELECT id, user_id, kind, delta, session_id, from_session_id, lot_id FROM studio.swan_ledger ORDER BY id;
SELECT * FROM swan_verify();

\set look 'SELECT * FROM swan_verify() ORDER BY 1, 2, 3, 4, 5; SELECT count(*) AS not_found_for_one FROM (SELECT * FROM swan_verify() EXCEPT SELECT v.* FROM studio.users u, swan_verify(u.id) v) x WHERE user_id IS NOT NULL; SELECT count(*) AS not_found_for_all FROM (SELECT v.* FROM studio.users u, swan_verify(u.id) v EXCEPT SELECT * FROM swan_verify()) x;'
\set break 'BEGIN; SET LOCAL session_replication_role = replica;'

-- every status that a session can have in the place of what it is
CREATE FUNCTION pg_temp.as_if(session bigint, new text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	SET LOCAL session_replication_role = replica;
	UPDATE studio.sessions SET status = new WHERE id = session;
	SELECT string_agg(check_name, ' ' ORDER BY check_name) INTO found FROM swan_verify() WHERE session_id = session;
	RAISE EXCEPTION USING ERRCODE = 'TT000', MESSAGE = coalesce(found, 'nothing');
EXCEPTION WHEN SQLSTATE 'TT000' THEN
	RETURN SQLERRM;
END $$;
SELECT s.id, s.status, pg_temp.as_if(id, 'available') AS available, pg_temp.as_if(id, 'scheduled') AS scheduled, pg_temp.as_if(id, 'confirmed') AS confirmed,
       pg_temp.as_if(id, 'completed') AS completed, pg_temp.as_if(id, 'cancelled') AS cancelled
  FROM studio.sessions s WHERE user_id IS NOT NULL ORDER BY id;
-- what was recorded is no problem, nor what is not guarded
:break
INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, session_id, db_role, call_id, at, xid) OVERRIDING USER VALUE
	SELECT 12, 0, balance_after, 'external', 11, 'x', 1, clock_timestamp(), '3' FROM studio.swan_ledger WHERE user_id = 12 ORDER BY id DESC LIMIT 1;
UPDATE studio.sessions SET status = 'completed' WHERE id = 11;
:look
ROLLBACK;

-- reversals that have more than there is: of what expired, owed while some is left, refunded
SELECT added FROM swan_purchase(12, 4, 'pay12', amount_minor => 400);
SELECT moved, shortfall FROM swan_reverse('pay12', refunded_minor => 100);
SELECT * FROM swan_verify();
\set of_reversal 'UPDATE studio.swan_ledger SET details = details ||'
:break
:of_reversal '{"expired": 1}' WHERE kind = 'reversal';
:look
ROLLBACK;
:break
:of_reversal '{"expired": -1}' WHERE kind = 'reversal';
:look
ROLLBACK;
:break
:of_reversal '{"shortfall": 1}' WHERE kind = 'reversal';
:look
ROLLBACK;
:break
:of_reversal '{"shortfall": 4}' WHERE kind = 'reversal';
:look
ROLLBACK;
:break
:of_reversal '{"money": 401}' WHERE kind = 'reversal';
:look
ROLLBACK;
-- a lot that shall be valid from its first booking on, of which there was one
:break
UPDATE studio.swan_lots SET valid_for = '30 days';
:look
ROLLBACK;

-- a lot that was granted another number, that its row does not name, that has no row
:break
UPDATE studio.swan_lots SET granted = 12 WHERE id = 1;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET lot_id = 2 WHERE id = 1;
:look
ROLLBACK;
-- a lot of another client
:break
UPDATE studio.swan_ledger SET lot_id = 2 WHERE id = 3;
:look
ROLLBACK;
-- a debit without a lot, of two credits, free with a lot; a credit that came back to no lot
:break
UPDATE studio.swan_ledger SET lot_id = NULL WHERE id = 4;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET delta = -2 WHERE id = 4;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET delta = 0 WHERE id = 4;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET lot_id = NULL WHERE kind = 'cancellation';
:look
ROLLBACK;
-- a swept lot with credits, and a kind that there is not
:break
UPDATE studio.swan_lots SET swept = true WHERE id = 1;
UPDATE studio.swan_ledger SET kind = 'gift' WHERE id = 1;
:look
ROLLBACK;
-- a second debit of a booking, and one of nothing
:break
INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, session_id, lot_id, db_role, call_id, at, xid) OVERRIDING USER VALUE
	SELECT 12, -1, balance_after - 1, 'booking', s, 2, 'x', 1, clock_timestamp(), '3' FROM unnest(ARRAY[11, 99]) s, (SELECT balance_after FROM studio.swan_ledger WHERE user_id = 12 ORDER BY id DESC LIMIT 1) b;
:look
ROLLBACK;
-- overlaps, for one client as for all
:break
UPDATE studio.sessions SET session_date = '2099-02-05 09:30', trainer_id = 4 WHERE id = 2;
UPDATE studio.sessions SET session_date = '2099-01-04 10:00', duration = 1440 WHERE id = 1;
:look
ROLLBACK;

-- who waits is somebody else, has what he waits for, waits for what is gone, and the ledger does not know it
SELECT line FROM swan_wait(12, 1);
SELECT * FROM swan_verify();
:break
UPDATE studio.swan_waits SET user_id = 99;
:look
ROLLBACK;
:break
UPDATE studio.swan_waits SET session_id = 11;
:look
ROLLBACK;
:break
UPDATE studio.swan_waits SET session_id = 99;
:look
ROLLBACK;
:break
UPDATE studio.swan_waits SET id = 1;
:look
ROLLBACK;
:break
UPDATE studio.swan_ledger SET user_id = 11 WHERE kind = 'wait';
SELECT check_name, user_id, session_id, problem FROM swan_verify() WHERE check_name LIKE 'wait%';
ROLLBACK;

DROP FUNCTION pg_temp.as_if;
\i test/fixture/studio_gone.sql
