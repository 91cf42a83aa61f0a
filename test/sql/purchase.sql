-- swan_purchase: what the store sold, exactly once per payment and item.
\i test/fixture/studio.sql
\i test/fixture/out_of_step.sql

SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, role) VALUES
	(1, 'Ada', 'Admin', 'admin'), (2, 'Stella', 'Staff', 'staff'), (3, 'Tom', 'Trainer', 'trainer'),
	(11, 'John', 'Doe', 'client'), (12, 'Jane', 'Roe', 'client'), (13, NULL, NULL, 'client');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;

--
-- Scenario 3 of the report: eight sessions for $600, and the webhook comes again
--
SELECT available_sessions FROM swan_grant(11, 2);
SELECT * FROM swan_purchase(11, 8, 'cs_test_a1', 'package-8', 60000, 'usd', '{"card": "4242"}');
SELECT available_sessions FROM studio.users WHERE id = 11;
SELECT available FROM swan_summary(11);
SELECT id, user_id, delta, balance_after, kind, lot_id, reason, actor_id, db_role, key, payment_ref, item, call_id, details
  FROM studio.swan_ledger WHERE kind = 'purchase';
SELECT id, user_id, source, granted, remaining, expires_at, payment_ref, item, amount_minor, currency, swept
  FROM studio.swan_lots WHERE payment_ref = 'cs_test_a1';
SELECT session_id, available_sessions FROM swan_book(11, 1);
-- the first answer, word for word, whatever the other arguments say now
SELECT user_id, added, available_sessions, message, jsonb_array_length(sessions) AS sessions, sessions -> 7 AS last, ledger_id, replayed
  FROM swan_purchase(11, 8, 'cs_test_a1', 'package-8', 1, 'eur', '{"other": true}', '2001-01-01', actor => 1);
SELECT count(*), sum(delta) FROM studio.swan_ledger WHERE kind = 'purchase';
SELECT amount_minor, currency FROM studio.swan_lots WHERE payment_ref = 'cs_test_a1';
SELECT available_sessions FROM studio.users WHERE id = 11;

--
-- Other terms under the same payment
--
SELECT * FROM swan_purchase(11, 9, 'cs_test_a1', 'package-8');
SELECT * FROM swan_purchase(12, 8, 'cs_test_a1', 'package-8');
-- a client who does not exist is another one
SELECT * FROM swan_purchase(99, 8, 'cs_test_a1', 'package-8');
-- a second item of it, and one without a name: each is a purchase of its own
SELECT added, available_sessions, ledger_id, replayed FROM swan_purchase(11, 1, 'cs_test_a1', 'package-1');
SELECT added, available_sessions, ledger_id, replayed FROM swan_purchase(11, 1, 'cs_test_a1');
SELECT added, available_sessions, ledger_id, replayed FROM swan_purchase(11, 1, 'cs_test_a1', '');
SELECT added, available_sessions, ledger_id, replayed FROM swan_purchase(11, 1, 'cs_test_a1', NULL);
-- an item may be another client's, who pays with the same payment
SELECT added, available_sessions, ledger_id, replayed FROM swan_purchase(12, 1, 'cs_test_a1', 'for Jane');
SELECT added, available_sessions, ledger_id, replayed FROM swan_purchase(12, 1, 'cs_test_a1', 'for Jane');
SELECT * FROM swan_purchase(11, 1, 'cs_test_a1', 'for Jane');
-- references are compared as they are: case and blanks make another
SELECT added, replayed FROM unnest(ARRAY['CS_TEST_A1', 'cs_test_a1 ', ' cs_test_a1']) ref, swan_purchase(12, 1, ref);
SELECT payment_ref, item, user_id, granted, amount_minor, currency FROM studio.swan_lots WHERE source = 'purchase' ORDER BY id;

--
-- Arguments
--
SELECT * FROM swan_purchase(NULL, 8, 'p');
SELECT * FROM swan_purchase(11, NULL, 'p');
SELECT * FROM swan_purchase(11, 8, NULL);
SELECT * FROM swan_purchase(11, 8, '');
SELECT * FROM swan_purchase(11, 8, E' \t\n');
SELECT * FROM swan_purchase(11, 8, repeat('p', 256));
SELECT * FROM swan_purchase(11, 8, 'p', repeat('i', 256));
SELECT * FROM swan_purchase(11, 8, 'p', '', 100, repeat('c', 256));
SELECT * FROM swan_purchase(11, 0, 'p');
SELECT * FROM swan_purchase(11, -1, 'p');
SELECT * FROM swan_purchase(11, 1001, 'p');
SELECT * FROM swan_purchase(11, 2147483647, 'p');
SELECT * FROM swan_purchase(11, -2147483648, 'p');
SELECT * FROM swan_purchase(11, 8, 'p', '', -1);
SELECT * FROM swan_purchase(11, 8, 'p', '', -9223372036854775808);
SELECT * FROM swan_purchase(11, 8, 'p', expires_at => '2001-01-01');
SELECT * FROM swan_purchase(11, 8, 'p', expires_at => '-infinity');
SELECT * FROM swan_purchase(99, 8, 'p');
SELECT * FROM swan_purchase(-9223372036854775808, 8, 'p');
SELECT * FROM swan_purchase(11, 8, 'p', actor => 99);
-- a failed call leaves no trace of its payment; the limits themselves are good
SELECT added, available_sessions, message FROM swan_purchase(13, 1000, 'p', repeat('i', 255), 9223372036854775807, repeat('c', 255));
SELECT added FROM swan_purchase(13, 1, repeat('p', 255), '', 0, '', 'null', 'infinity');
SELECT granted, expires_at, amount_minor, length(payment_ref) AS ref, length(item) AS item, length(currency) AS currency
  FROM studio.swan_lots WHERE user_id = 13 ORDER BY id;
-- purchase_max is a setting, and has nothing to do with grant_max
SELECT swan_configure('purchase_max', '10');
SELECT * FROM swan_purchase(11, 11, 'max');
SELECT added FROM swan_purchase(11, 10, 'max');
-- what is known is a retry, though it would be too many today; what is new is too many
SELECT swan_configure('purchase_max', '5');
SELECT added, replayed FROM swan_purchase(11, 10, 'max');
SELECT * FROM swan_purchase(11, 9, 'max');
SELECT * FROM swan_purchase(11, 6, 'new');
SELECT * FROM swan_purchase(11, 0, 'max');
SELECT swan_configure('purchase_max', '1000');
-- more than an integer holds
SELECT swan_configure('purchase_max', '10000');
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO studio.users (id, first_name, available_sessions) VALUES (14, 'Rich', 2147483640);
INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, db_role, call_id, at, xid)
VALUES (14, 2147483640, 2147483640, 'opening', 'test', 0, '2001-01-01', pg_current_xact_id());
RESET session_replication_role;
SET ROLE regress_owner;
SELECT * FROM swan_purchase(14, 8, 'overflow');
SELECT added, available_sessions FROM swan_purchase(14, 7, 'overflow');
RESET ROLE;
SET session_replication_role = replica;
DELETE FROM studio.swan_ledger WHERE user_id = 14;
DELETE FROM studio.swan_lots WHERE user_id = 14;
DELETE FROM studio.users WHERE id = 14;
RESET session_replication_role;
SET ROLE regress_owner;

--
-- Who may: admins and the system
--
SELECT who, added FROM (VALUES ('system', NULL::bigint), ('admin', 1)) a (who, actor), swan_purchase(11, 1, 'by ' || who, actor => actor) ORDER BY who DESC;
SELECT * FROM swan_purchase(11, 1, 'w', actor => 2);
SELECT * FROM swan_purchase(11, 1, 'w', actor => 3);
SELECT * FROM swan_purchase(11, 1, 'w', actor => 11);
SELECT * FROM swan_purchase(11, 1, 'w', actor => 12);
-- authority comes before arguments and before the payment
SELECT * FROM swan_purchase(NULL, NULL, NULL, actor => 11);
SELECT * FROM swan_purchase(11, 8, 'cs_test_a1', 'package-8', actor => 11);
SELECT actor_id, payment_ref FROM studio.swan_ledger WHERE payment_ref LIKE 'by %' ORDER BY id;

--
-- Expiry, and what is due meanwhile
--
SELECT added, available_sessions FROM swan_purchase(12, 2, 'short', expires_at => '2099-06-01 12:00+02');
SELECT remaining, expires_at, payment_ref FROM swan_credits(12);
SELECT max(id) AS short FROM studio.swan_lots WHERE payment_ref = 'short' \gset
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = '2001-01-01' WHERE payment_ref = 'short';
RESET session_replication_role;
SET ROLE regress_owner;
SELECT added, available_sessions, message FROM swan_purchase(12, 4, 'next');
SELECT kind, delta, balance_after, actor_id, call_id = min(id) OVER () AS same_call FROM studio.swan_ledger WHERE user_id = 12 AND id > :short ORDER BY id;
-- the retry of what has expired is no purchase
SELECT added, available_sessions, replayed FROM swan_purchase(12, 2, 'short', expires_at => '2001-01-01');
SELECT available FROM swan_summary(12);

--
-- A payment is no lock: none that others could take, and none for each of an import
--
BEGIN;
SELECT added FROM swan_purchase(12, 1, 'import');
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid() \gset
SELECT count(*) FROM generate_series(1, 2000) i, swan_purchase(12, 1, 'import ' || i);
SELECT count(*) - :locks AS more, count(*) FILTER (WHERE locktype = 'advisory') AS advisory FROM pg_locks WHERE pid = pg_backend_pid();
ROLLBACK;

--
-- A studio that 0.1.0 made: only the ledger knows that something was paid for
--
BEGIN;
DROP INDEX studio.swan_lots_purchase;
SELECT added, replayed FROM generate_series(1, 2) i, swan_purchase(12 + 0 * i, 3, 'old studio') ORDER BY i;
SELECT count(*), sum(remaining) FROM studio.swan_lots WHERE payment_ref = 'old studio';
SELECT * FROM swan_verify();
ROLLBACK;

--
-- With session_records each credit is a row
--
SELECT swan_configure('session_records', 'on');
SELECT added FROM swan_purchase(12, 2, 'rows');
SELECT added, replayed FROM swan_purchase(12, 2, 'rows');
SELECT notes, count(*) FROM studio.sessions WHERE user_id = 12 AND session_date IS NULL AND notes LIKE 'Purchased%' GROUP BY notes ORDER BY notes;

--
-- Rolled back, caught
--
BEGIN;
SELECT added, replayed FROM swan_purchase(12, 3, 'back');
SELECT added, replayed FROM swan_purchase(12, 3, 'back');
ROLLBACK;
SELECT added, replayed FROM swan_purchase(12, 3, 'back');
DO $$
BEGIN
	PERFORM swan_purchase(12, 5, 'caught');
	RAISE EXCEPTION SQLSTATE 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	PERFORM swan_purchase(12, 1, 'caught');
END $$;
BEGIN READ ONLY;
SELECT * FROM swan_purchase(12, 1, 'read only');
ROLLBACK;
SELECT payment_ref, granted FROM studio.swan_lots WHERE payment_ref IN ('back', 'caught') ORDER BY id;

-- what is reported again when the client is gone was counted; what is new has nobody
BEGIN;
INSERT INTO studio.users (id, first_name) VALUES (40, 'Brief');
SELECT added, available_sessions, replayed FROM swan_purchase(40, 2, 'brief');
SELECT moved FROM swan_revoke(40);
DELETE FROM studio.users WHERE id = 40;
SELECT user_id, added, available_sessions, message, replayed FROM swan_purchase(40, 2, 'brief');
SELECT added FROM swan_purchase(40, 2, 'brief', 'more');
ROLLBACK;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT u.id, u.available_sessions, c.total_sessions_purchased, c.sessions_used FROM studio.users u, swan_client(u.id) c WHERE u.role = 'client' ORDER BY u.id;
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/studio_gone.sql
DROP FUNCTION public.out_of_step;
