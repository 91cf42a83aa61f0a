-- swan_transfer: credits that one client hands over to another.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 40, '1 day') a;
CREATE VIEW studio.journal AS
	SELECT user_id, kind, delta, balance_after AS after, lot_id, payment_ref, item, key, reason, actor_id AS by, details
	  FROM studio.swan_ledger ORDER BY id;

--
-- A part of two lots, the soonest to expire first; they keep expiry, payment, item and price
--
SELECT count(*) FROM (VALUES (1, 3, 'late', '2099-09-01'::timestamptz), (2, 2, 'soon', '2099-06-01')) p (o, n, item, e), swan_purchase(11, n, 'pay11', item, 1000, 'EUR', expires_at => e);
SELECT * FROM swan_transfer(11, 12, 4, E' for the\tfamily ', 'k1', actor => 1);
SELECT * FROM studio.journal WHERE kind = 'transfer';
SELECT count(DISTINCT call_id) FROM studio.swan_ledger WHERE kind = 'transfer';
SELECT user_id, source, granted, remaining, expires_at, payment_ref, item, amount_minor, currency FROM studio.swan_lots ORDER BY id;
SELECT source, granted, remaining, expires_at, payment_ref, reason FROM swan_credits(12);
-- each statement names the other, by the name he has now
SELECT kind, delta, other_id, other_name, reason FROM swan_statement(11) WHERE kind = 'transfer';
SELECT kind, delta, other_id, other_name FROM swan_statement(12);
SELECT total_sessions_purchased, sessions_used, available_sessions FROM unnest('{11,12}'::bigint[]) i, swan_client(i);
-- a retry answers as it was then, whatever happened since
SELECT available_sessions FROM swan_grant(11, 1);
SELECT session_id FROM swan_book(12, 1);
SELECT * FROM swan_transfer(11, 12, 4, key => 'k1');
-- what went over can go on, and back
SELECT moved, from_available_sessions, available_sessions FROM swan_transfer(12, 13);
SELECT moved, from_available_sessions, available_sessions FROM swan_transfer(13, 11, 1);
SELECT user_id, source, granted, remaining, payment_ref, item, amount_minor FROM studio.swan_lots ORDER BY id;
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

--
-- A refund finds them wherever they are: what was spent is owed by whoever spent it
--
SELECT user_id, moved, shortfall, available_sessions FROM swan_reverse('pay11', key => 're');
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reverse('pay11', key => 're');
SELECT user_id, available_sessions FROM unnest('{11,12,13}'::bigint[]) i, swan_client(i) c (user_id);
-- what comes back settles it
SELECT returned, available_sessions FROM swan_cancel(1);
SELECT user_id, moved, available_sessions FROM swan_reinstate('pay11', 'won', reversal => 're');
SELECT user_id, moved, available_sessions FROM swan_reinstate('pay11', 'again', reversal => 're');
-- never more than was bought
SELECT user_id, moved, shortfall FROM swan_reverse('pay11', 'soon');
SELECT try($$SELECT moved FROM swan_reverse('pay11', n => 4)$$);
SELECT user_id, moved, shortfall, available_sessions FROM swan_reverse('pay11', n => 3);
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();
-- the price is divided without loss, and an amount that is refunded is worth the same wherever the credits are by now
BEGIN;
SELECT swan_purchase(20, 3, 'pay20', amount_minor => 200, currency => 'EUR') IS NOT NULL AS bought;
SELECT moved FROM swan_reverse('pay20', refunded_minor => 133);
SELECT moved FROM unnest('{21,22}'::bigint[]) i, swan_transfer(20, i, 1);
SELECT user_id, bought, amount_minor FROM swan_payment('pay20');
SELECT amount, sum(moved) FROM unnest('{133,134,199,200}'::integer[]) amount, swan_reverse('pay20', refunded_minor => amount) GROUP BY amount ORDER BY amount;
ROLLBACK;
-- of whom was deleted nothing is taken, and a refund is worth what it was
BEGIN;
SELECT swan_purchase(20, 4, 'pay20', amount_minor => 400, currency => 'EUR') IS NOT NULL AS bought;
SELECT moved FROM unnest('{21,22}'::bigint[]) i, swan_transfer(20, i, 1);
SELECT moved FROM swan_revoke(21);
DELETE FROM studio.users WHERE id = 21;
SELECT user_id, moved, shortfall FROM swan_reverse('pay20', key => 'one', refunded_minor => 100);
SELECT user_id, moved, shortfall FROM swan_reverse('pay20', key => 'all', refunded_minor => 400);
SELECT user_id, moved FROM swan_reinstate('pay20', 'won', reversal => 'all');
SELECT moved FROM unnest('{20,22}'::bigint[]) i, swan_revoke(i);
DELETE FROM studio.users WHERE id IN (20, 22);
SELECT try($$SELECT moved FROM swan_reverse('pay20')$$);
SELECT * FROM swan_verify();
ROLLBACK;
-- the purchase is the same purchase, also when it is reported again
SELECT available_sessions, replayed FROM swan_purchase(11, 2, 'pay11', 'soon');

--
-- Grants, too; they can be revoked and expire where they are
--
SELECT available_sessions FROM swan_grant(14, 5, 'Welcome', '2099-06-01');
SELECT moved, from_available_sessions, available_sessions FROM swan_transfer(14, 15, 3);
SELECT reason, payment_ref FROM studio.journal WHERE user_id = 15;
SELECT moved, available_sessions FROM swan_revoke(15, 1);
SELECT pass(15, '2100-01-01');
SELECT clients, credits FROM swan_expire();
SELECT available_sessions, total_sessions_purchased, sessions_used FROM swan_client(15);
-- what is due is not handed over, but expires first
SELECT pass(14, '2100-01-01');
SELECT try('SELECT moved FROM swan_transfer(14, 15)');
SELECT month <> '' AS month, source, credits FROM swan_liability() ORDER BY source;

--
-- A booking stays whose it is, and its credit comes back to him
--
SELECT available_sessions FROM swan_grant(16, 2);
SELECT session_id FROM swan_book(16, 2);
SELECT try('SELECT moved FROM swan_transfer(16, 17, 2)');
SELECT moved, from_available_sessions, available_sessions FROM swan_transfer(16, 17, 1);
SELECT returned, available_sessions FROM swan_cancel(2);

--
-- Arguments, errors
--
SELECT * FROM swan_transfer(NULL, 12, 1);
SELECT * FROM swan_transfer(11, NULL, 1);
SELECT * FROM swan_transfer(11, 11, 1);
SELECT * FROM swan_transfer(11, 99, 1);
SELECT * FROM swan_transfer(99, 11, 1);
SELECT * FROM swan_transfer(16, 17, 2);
SELECT call, try('SELECT moved FROM ' || call) FROM (VALUES
	(1, 'swan_transfer(16, 17, 0)'), (2, 'swan_transfer(16, 17, -1)'), (3, 'swan_transfer(16, 17, 2147483647)'), (4, 'swan_transfer(16, 17, 1, key => '' '')'),
	(5, 'swan_transfer(16, 17, 1, key => repeat(''k'', 256))'), (6, 'swan_transfer(18, 17)'), (7, 'swan_transfer(11, 12, 3, key => ''k1'')'), (8, 'swan_transfer(11, 13, 4, key => ''k1'')'),
	(9, 'swan_transfer(11, 12, key => ''k1'')'), (10, 'swan_transfer(16, 17, 1, repeat('' '', 300), ''new'')'), (11, 'swan_transfer(16, 17, 1, actor => 99)'),
	(12, 'swan_transfer(0, -1, 1)'), (13, 'swan_transfer(16, 1, 1)')) t (n, call) ORDER BY n;
-- who may
SELECT who, try('SELECT moved FROM swan_transfer(16, 17, 1, actor => ' || actor || ')') AS transfer
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '16'), ('the other', '17')) a (who, actor);
-- more than an integer holds
SELECT swan_configure('purchase_max', '10000');
SELECT count(*) FROM generate_series(1, 2) i, swan_purchase(20, 10000, 'big', i::text);
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.users SET available_sessions = 2147480000 WHERE id = 21;
INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, db_role, call_id, at, xid) VALUES (21, 2147480000, 2147480000, 'grant', 'x', 1, now(), '3');
RESET session_replication_role;
SET ROLE regress_owner;
SELECT try('SELECT moved FROM swan_transfer(20, 21)');
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.users SET available_sessions = 0 WHERE id = 21;
DELETE FROM studio.swan_ledger WHERE user_id = 21;
RESET session_replication_role;
SET ROLE regress_owner;

--
-- With session_records each has as many rows as credits
--
SELECT swan_configure('session_records', 'on');
SELECT moved FROM swan_transfer(16, 17, 1, 'a present');
SELECT user_id, notes, count(*) FROM studio.sessions WHERE session_date IS NULL AND user_id IN (16, 17) GROUP BY 1, 2 ORDER BY 1, 2;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
