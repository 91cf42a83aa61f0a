-- swan_book: what it writes, who pays, its errors, holds, idempotency keys.
-- (That every rule holds for everybody is in can_book.)
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, role) VALUES
	(1, 'Ada', 'Admin', 'admin'), (2, 'Stella', 'Staff', 'staff'), (3, 'Tom', 'Trainer', 'trainer'), (4, 'Tina', 'Trainer', 'trainer'),
	(11, 'John', 'Doe', 'client'), (12, 'Jane', 'Roe', 'client'), (13, 'Paul', 'Poor', 'client');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;
SELECT count(*) FROM swan_open(4, '2099-01-05 09:30', 60, 3, '1 day') a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00') a;
SELECT available_sessions FROM swan_grant(11, 10);
SELECT available_sessions FROM swan_grant(12, 2);

--
-- The plain case, in full
--
SELECT session_id, user_id, trainer_id, status, session_date, duration, charged, available_sessions, message, ledger_id, replayed
  FROM swan_book(11, 1, actor => 11);
SELECT id, user_id, trainer_id, status, session_date, duration, notes, session_deducted, confirmed,
       booked_at BETWEEN now() - interval '1 hour' AND clock_timestamp() AS booked_now FROM studio.sessions WHERE id = 1;
SELECT id, user_id, delta, balance_after, kind, session_id, from_session_id, lot_id, reason, actor_id, db_role,
       key, payment_ref, item, call_id, details FROM studio.swan_ledger WHERE session_id = 1;
SELECT g.at = s.booked_at AS same_time FROM studio.swan_ledger g JOIN studio.sessions s ON s.id = g.session_id WHERE s.id = 1;
SELECT id, granted, remaining, swept FROM studio.swan_lots WHERE user_id = 11;
SELECT available_sessions FROM studio.users WHERE id = 11;

--
-- Who pays: everybody, but an admin need not, and staff may say so
--
CREATE TEMP TABLE cases AS
SELECT row_number() OVER () AS n, * FROM (VALUES ('system', NULL::bigint), ('admin', 1), ('staff', 2), ('trainer', 3), ('client', 11)) a (who, actor),
	(VALUES (NULL::boolean), (true), (false)) c (charge);
CREATE FUNCTION pg_temp.try(user_id bigint, charge boolean, actor bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	b record;
	answer text;
BEGIN
	SELECT * INTO b FROM swan_book(user_id, 2, charge, actor => actor);
	SELECT format('charged %s, deducted %s, delta %s, of a lot %s, left %s', b.charged, s.session_deducted, g.delta, g.lot_id IS NOT NULL,
	              b.available_sessions) INTO answer
	  FROM studio.swan_ledger g, studio.sessions s WHERE g.id = b.ledger_id AND s.id = 2;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT who, charge, pg_temp.try(11, charge, actor) FROM cases ORDER BY n;
-- without credits
SELECT who, charge, pg_temp.try(13, charge, actor) FROM cases WHERE who IN ('admin', 'staff') ORDER BY n;
SELECT swan_configure('admin_booking', 'charged');
SELECT who, charge, pg_temp.try(11, charge, actor) FROM cases WHERE who IN ('admin', 'staff') ORDER BY n;
SELECT swan_configure('admin_booking', 'free');
DROP FUNCTION pg_temp.try;
DROP TABLE cases;
SELECT available FROM swan_summary(11);

--
-- The errors
--
SELECT * FROM swan_book(NULL, 2);
SELECT * FROM swan_book(11, NULL);
SELECT * FROM swan_book(11, 1);
SELECT * FROM swan_book(11, 999);
SELECT * FROM swan_book(11, -9223372036854775808);
SELECT * FROM swan_book(11, 24, actor => 11);
SELECT * FROM swan_book(99, 2);
SELECT * FROM swan_book(11, 21);
SELECT * FROM swan_book(13, 2);
SELECT * FROM swan_book(12, 2, actor => 11);
SELECT * FROM swan_book(11, 2, actor => 4);
SELECT * FROM swan_book(11, 2, actor => 99);
SELECT * FROM swan_book(11, 2, false, actor => 11);
SELECT * FROM swan_book(NULL, NULL, false, '', actor => 99);
BEGIN READ ONLY;
SELECT * FROM swan_book(11, 2);
ROLLBACK;
-- they left nothing
SELECT status, count(*) FROM studio.sessions GROUP BY status ORDER BY status;
SELECT kind, count(*), sum(delta) FROM studio.swan_ledger GROUP BY kind ORDER BY kind;
-- the studio may write down what was
SELECT status, session_date, charged, available_sessions FROM swan_book(11, 24, actor => 3);
-- for nothing, and without credits
SELECT charged, available_sessions, message FROM swan_book(13, 3, actor => 1);
SELECT delta, balance_after, kind, lot_id, actor_id FROM studio.swan_ledger WHERE user_id = 13;
-- the last credit
SELECT available_sessions FROM swan_book(12, 4);
SELECT available_sessions FROM swan_book(12, 5);
SELECT * FROM swan_book(12, 6);

--
-- Holds
--
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO studio.swan_holds VALUES (6, 11, '2099-01-01'), (7, 11, '2001-01-01'), (8, 12, '2099-01-01'), (9, 12, '2001-01-01');
RESET session_replication_role;
SET ROLE regress_owner;
SELECT * FROM swan_book(11, 8);
SELECT session_id, status FROM unnest(ARRAY[6, 7, 9]) s, swan_book(11, s);
-- a hold that came to its end is gone; another's, in force, stays
SELECT session_id, user_id FROM studio.swan_holds ORDER BY session_id;

--
-- Keys
--
SELECT session_id, status, charged, available_sessions, ledger_id, replayed FROM swan_book(11, 10, key => 'k1');
SELECT available_sessions FROM swan_book(11, 11);
SELECT session_id, user_id, status, session_date, charged, available_sessions, message, ledger_id, replayed FROM swan_book(11, 10, key => 'k1');
-- who calls and who should pay is not compared
SELECT charged, available_sessions, replayed FROM swan_book(11, 10, false, 'k1', actor => 1);
-- other columns are as they are now
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.sessions SET status = 'confirmed', duration = 50 WHERE id = 10;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT status, duration, available_sessions, replayed FROM swan_book(11, 10, key => 'k1');
-- another slot is another call, even one that is not there
SELECT * FROM swan_book(11, 12, key => 'k1');
SELECT * FROM swan_book(11, 999, key => 'k1');
-- another client's key is another; a grant's too
SELECT * FROM swan_book(12, 10, key => 'k1');
SELECT added, replayed FROM swan_grant(11, 1, key => 'k1');
-- authority comes first, then the key
SELECT * FROM swan_book(11, 10, key => 'k1', actor => 12);
SELECT * FROM swan_book(11, 10, key => '');
SELECT * FROM swan_book(11, 10, key => repeat('k', 256));
-- a key of a call that failed is free
SELECT * FROM swan_book(12, 12, key => 'k2');
SELECT message FROM swan_grant(12, 1);
SELECT session_id, replayed FROM swan_book(12, 13, key => 'k2');
-- one of a free booking
SELECT i, charged, available_sessions, replayed FROM generate_series(1, 2) i, swan_book(12 + 0 * i, 14, false, 'k3');

--
-- Rolled back, caught
--
BEGIN;
SAVEPOINT s;
SELECT available_sessions FROM swan_book(11, 15);
ROLLBACK TO s;
SELECT available_sessions FROM swan_book(11, 15);
SELECT * FROM swan_book(11, 15);
ROLLBACK;
DO $$
BEGIN
	FOR s IN 15..17 LOOP
		BEGIN
			PERFORM swan_book(11, s);
			PERFORM swan_book(11, 999);
		EXCEPTION WHEN SQLSTATE 'SW002' THEN
			NULL;
		END;
	END LOOP;
	PERFORM swan_book(11, 18);
	-- the statement's token went with the statement
	UPDATE studio.users SET available_sessions = 100 WHERE id = 11;
END $$;
SELECT id FROM studio.sessions WHERE id BETWEEN 15 AND 18 AND user_id IS NOT NULL;
DO $$
BEGIN
	PERFORM swan_book(11, 18);
END $$;

SELECT user_id, sum(delta), count(*) FROM studio.swan_ledger GROUP BY user_id ORDER BY user_id;
SELECT id, available_sessions FROM studio.users WHERE role = 'client' ORDER BY id;
-- a slot that does not say how long it is lasts an hour
ALTER TABLE studio.sessions ALTER duration DROP NOT NULL;
INSERT INTO studio.sessions (id, session_date, duration) VALUES (90, '2099-09-01 10:00', NULL), (91, '2099-09-01 10:30', NULL), (92, '2099-09-01 11:00', NULL);
SELECT session_id, duration FROM swan_book(12, 90, charge => false);
SELECT session_id, duration FROM swan_book(12, 91, charge => false);
SELECT session_id, duration FROM swan_book(12, 92, charge => false);
-- nothing is wrong, but for what was confirmed behind swan_confirm's back above
SELECT * FROM swan_verify();

RESET ROLE;
\i test/fixture/studio_gone.sql
