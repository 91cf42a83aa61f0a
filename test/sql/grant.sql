-- swan_grant: counts, reasons, expiry, idempotency keys, what is written.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, role) VALUES
	(1, 'Ada', 'Admin', 'admin'), (2, 'Stella', 'Staff', 'staff'), (3, 'Tom', 'Trainer', 'trainer'),
	(11, 'John', 'Doe', 'client'), (12, 'Jane', NULL, 'client'), (13, NULL, 'Roe', 'client'),
	(14, NULL, NULL, 'client'), (15, '', '', 'client'), (16, 'Max', 'Limit', 'client');

--
-- The plain case, in full
--
\x on
SELECT * FROM swan_grant(11, 5);
SELECT * FROM swan_grant(11, 1, 'Welcome', '2099-12-31 12:00+00', 'first', actor => 1);
\x off
SELECT id, user_id, delta, balance_after, kind, session_id, from_session_id, lot_id, reason, actor_id, db_role,
       key, payment_ref, item, call_id, details FROM studio.swan_ledger ORDER BY id;
SELECT * FROM studio.swan_lots ORDER BY id;
SELECT id, available_sessions FROM studio.users WHERE id = 11;
-- written under this transaction's id and the clock's time
SELECT bool_and(xid < pg_current_xact_id()) AS xid_of_the_past, bool_and(at BETWEEN now() - interval '1 hour' AND clock_timestamp()) AS recent
  FROM studio.swan_ledger;
-- whom the message names
SELECT message FROM unnest(ARRAY[12, 13, 14, 15]) u, swan_grant(u, 1);

--
-- Counts: 1 to grant_max
--
SELECT added FROM swan_grant(11, 100);
SELECT * FROM swan_grant(11, NULL);
SELECT * FROM swan_grant(NULL, 5);
SELECT * FROM swan_grant(NULL, NULL);
SELECT * FROM swan_grant(11, 0);
SELECT * FROM swan_grant(11, -1);
SELECT * FROM swan_grant(11, 101);
SELECT * FROM swan_grant(11, 2147483647);
SELECT * FROM swan_grant(11, -2147483648);
\set VERBOSITY sqlstate
SELECT * FROM swan_grant(11, 2147483648);
\set VERBOSITY default
SELECT swan_configure('grant_max', '2');
SELECT * FROM swan_grant(11, 3);
-- a retry of what was within the limit then is one still; another count under its key is not
SELECT swan_configure('grant_max', '100');
SELECT added, replayed FROM swan_grant(15, 3, key => 'within the limit');
SELECT swan_configure('grant_max', '2');
SELECT added, replayed FROM swan_grant(15, 3, key => 'within the limit');
SELECT * FROM swan_grant(15, 4, key => 'within the limit');
SELECT * FROM swan_grant(15, 0, key => 'within the limit');
SELECT * FROM swan_grant(15, 3, key => 'beyond the limit');
SELECT swan_configure('grant_max', '100');

--
-- Clients
--
SELECT * FROM swan_grant(99, 5);
SELECT * FROM swan_grant(0, 5);
SELECT * FROM swan_grant(-1, 5);
SELECT * FROM swan_grant(9223372036854775807, 5);
SELECT * FROM swan_grant(-9223372036854775808, 5);

--
-- The balance stays within an integer
--
SELECT swan_configure('guard_balance', 'record');
UPDATE studio.users SET available_sessions = 2147483600 WHERE id = 16;
SELECT swan_configure('guard_balance', 'refuse');
SELECT * FROM swan_grant(16, 48);
SELECT added, available_sessions, message FROM swan_grant(16, 47);
SELECT * FROM swan_grant(16, 1);
SELECT kind, delta, balance_after FROM studio.swan_ledger WHERE user_id = 16 ORDER BY id;
SELECT available FROM swan_summary(16);

--
-- Reasons: trimmed, cut to 255 characters, never blank
--
CREATE TEMP TABLE reasoned AS
SELECT n, what, c.ledger_id, c.sessions FROM (VALUES
	(1, 'NULL', NULL), (2, 'empty', ''), (3, 'blanks', E' \t\r\n\f\x0b  '), (4, '10,000 blanks', repeat(' ', 10000)),
	(5, 'trimmed', E' \n spring offer\t '), (6, '254', repeat('x', 253) || 'y'), (7, '255', repeat('x', 254) || 'y'),
	(8, '256', repeat('x', 255) || 'y'), (9, '10,000', repeat('abcdefghij', 1000)), (10, '300 of two bytes', repeat('é', 300)),
	(11, '300 of four bytes', repeat('🦢', 300)), (12, 'quotes', E'\'it\'\'s\' "a" \\ `b` $$c$$'),
	(13, 'quotes and lines', E'„d“ «e» \n %s ; DROP'), (14, 'percent', '%n%s%1$s')) t (n, what, reason),
	swan_grant(11, 2, reason) c;
SELECT r.what, char_length(g.reason) AS length, right(g.reason, 12) AS ending,
       r.sessions -> 1 ->> 'notes' = g.reason || ' - Session 2' AS noted, l.reason = g.reason AS of_lot
  FROM reasoned r JOIN studio.swan_ledger g ON g.id = r.ledger_id JOIN swan_credits(11) l ON l.lot_id = g.id
 ORDER BY r.n;
DROP TABLE reasoned;
SELECT sessions FROM swan_grant(11, 1, E'"quoted" \\ back\nslash \u00e9');
-- made without the detour of a text, it is what its text says
SELECT sessions = sessions::text::jsonb AS same, pg_column_size(sessions) = pg_column_size(sessions::text::jsonb) AS as_large,
       sessions @> '[{"number": 7, "notes": "n - Session 7", "status": "available", "duration": 60}]' AS found
FROM swan_grant(11, 12, 'n');

--
-- Expiry: in the future, or never
--
SELECT * FROM swan_grant(12, 1, NULL, '2001-01-01 00:00+00');
SELECT * FROM swan_grant(12, 1, NULL, now());
SELECT * FROM swan_grant(12, 1, NULL, '-infinity');
SELECT added FROM swan_grant(12, 1, 'never', 'infinity');
SELECT added FROM swan_grant(12, 2, 'far', '294276-12-31 23:59:59+00');
SELECT source, granted, remaining, expires_at, reason FROM swan_credits(12);

--
-- Keys: the same call once
--
SELECT user_id, added, available_sessions, message, replayed FROM swan_grant(13, 5, 'first', NULL, 'k1');
SELECT user_id, added, available_sessions, replayed FROM swan_grant(13, 1);
-- the first answer again, whatever happened since; reason, expiry and actor are not compared
SELECT user_id, added, available_sessions, message, sessions -> 0 AS first, replayed FROM swan_grant(13, 5, 'first', NULL, 'k1');
SELECT added, available_sessions, sessions -> 0 ->> 'notes' AS notes, replayed FROM swan_grant(13, 5, 'second', '2001-01-01', 'k1', actor => 1);
SELECT i, added, available_sessions, replayed FROM generate_series(1, 3) i, swan_grant(13 + 0 * i, 5, NULL, NULL, 'k1');
SELECT available FROM swan_summary(13);
-- another count is another call
SELECT * FROM swan_grant(13, 6, NULL, NULL, 'k1');
-- another client's key is another key; so are other letters
SELECT user_id, available_sessions, replayed FROM swan_grant(14, 5, NULL, NULL, 'k1');
SELECT user_id, available_sessions, replayed FROM swan_grant(14, 5, NULL, NULL, 'K1');
SELECT user_id, available_sessions, replayed FROM swan_grant(14, 5, NULL, NULL, ' k1 ');
-- what is no key
SELECT * FROM swan_grant(13, 1, NULL, NULL, '');
SELECT * FROM swan_grant(13, 1, NULL, NULL, E' \t\n');
SELECT * FROM swan_grant(13, 1, NULL, NULL, repeat('k', 256));
SELECT added FROM swan_grant(13, 1, NULL, NULL, repeat('é', 255));
-- a call that failed leaves no trace of its key
SELECT * FROM swan_grant(13, 101, NULL, NULL, 'k2');
SELECT * FROM swan_grant(16, 1, NULL, NULL, 'k2');
BEGIN;
SELECT added, replayed FROM swan_grant(13, 3, NULL, NULL, 'k2');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT added, replayed FROM swan_grant(13, 4, NULL, NULL, 'k2');
ROLLBACK TO s;
SELECT added, replayed FROM swan_grant(13, 2, NULL, NULL, 'k2');
SELECT added, replayed FROM swan_grant(13, 2, NULL, NULL, 'k2');
COMMIT;
-- a key of nobody is not looked for
SELECT * FROM swan_grant(99, 1, NULL, NULL, 'k1');

--
-- Who may: admins and the system
--
SELECT actor, (SELECT role FROM studio.users WHERE id = actor), added, message
  FROM (VALUES (1::bigint), (NULL)) t (actor), swan_grant(15, 1, actor => actor);
SELECT * FROM swan_grant(15, 1, actor => 2);
SELECT * FROM swan_grant(15, 1, actor => 3);
SELECT * FROM swan_grant(15, 1, actor => 15);
SELECT * FROM swan_grant(15, 1, actor => 99);
-- authority comes before arguments
SELECT * FROM swan_grant(NULL, -1, actor => 15);
BEGIN READ ONLY;
SELECT * FROM swan_grant(15, 1);
ROLLBACK;
-- a caught error leaves nothing behind
DO $$
BEGIN
	FOR i IN 1..3 LOOP
		BEGIN
			PERFORM swan_grant(15, 1);
			PERFORM swan_grant(15, 101);
		EXCEPTION WHEN SQLSTATE 'SW004' THEN
			NULL;
		END;
	END LOOP;
	PERFORM swan_grant(15, 2);
END $$;
SELECT delta, balance_after, actor_id FROM studio.swan_ledger WHERE user_id = 15 ORDER BY id;

-- the answer is lost, and the client is gone when it is asked for again
BEGIN;
INSERT INTO studio.users (id, first_name) VALUES (40, 'Brief');
SELECT added, available_sessions, replayed FROM swan_grant(40, 2, key => 'brief');
SELECT moved FROM swan_revoke(40);
DELETE FROM studio.users WHERE id = 40;
SELECT user_id, added, available_sessions, message, replayed FROM swan_grant(40, 2, key => 'brief');
SELECT added FROM swan_grant(40, 2, key => 'another');
ROLLBACK;

-- nobody's account is out of step
SELECT * FROM swan_verify();

RESET ROLE;
\i test/fixture/studio_gone.sql
