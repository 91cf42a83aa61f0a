-- swan_revoke: credits that are taken back by hand.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 40, '1 day') a;

--
-- The soonest to expire first, one row for each lot
--
SELECT count(*) FROM (VALUES (1, 3, NULL::timestamptz, 'never'), (2, 2, '2099-06-01', 'June'), (3, 2, '2099-03-01', 'March'), (4, 1, 'infinity', 'for ever')) t (o, n, e, r), swan_grant(11, n, r, e);
SELECT * FROM swan_revoke(11, 5, E' \tsent in\n error ', actor => 1);
SELECT kind, delta, balance_after, lot_id, reason, actor_id, details, call_id = min(id) OVER () AS same_call FROM studio.swan_ledger WHERE kind = 'revocation' ORDER BY id;
SELECT lot_id, remaining, reason FROM swan_credits(11);
-- all that is left, without n; more than there is; nothing
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_revoke(11);
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_revoke(11, 7);
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_revoke(11);
SELECT delta, balance_after, lot_id, reason, details FROM studio.swan_ledger WHERE kind = 'revocation' ORDER BY id;
SELECT available_sessions FROM swan_grant(12, 5);
SELECT moved, shortfall, available_sessions FROM swan_revoke(12, 2147483647);
-- bookings are not touched, and what comes back of them is the client's
SELECT available_sessions FROM swan_grant(13, 3);
SELECT session_id FROM swan_book(13, 1);
SELECT moved, shortfall, available_sessions FROM swan_revoke(13);
SELECT returned, available_sessions FROM swan_cancel(1);
-- purchased credits too; the payment's reversal then owes them
SELECT available_sessions FROM swan_purchase(13, 4, 'pay13');
SELECT moved, available_sessions FROM swan_revoke(13, 4);
SELECT lot_id, delta FROM studio.swan_ledger WHERE user_id = 13 AND kind = 'revocation' ORDER BY id;
SELECT moved, shortfall, available_sessions FROM swan_reverse('pay13');

--
-- What was given goes before what was paid for, of each the soonest to expire first
--
SELECT available_sessions FROM swan_purchase(16, 10, 'pay16', expires_at => '2099-03-01');
SELECT available_sessions FROM swan_grant(16, 5, 'meant for somebody else');
SELECT available_sessions FROM swan_grant(16, 1, 'June', '2099-06-01');
SELECT moved, shortfall, available_sessions FROM swan_revoke(16, 2, 'take that grant back');
SELECT source, remaining FROM studio.swan_lots WHERE user_id = 16 ORDER BY id;
SELECT moved, shortfall, available_sessions FROM swan_revoke(16, 6);
SELECT source, remaining FROM studio.swan_lots WHERE user_id = 16 ORDER BY id;
SELECT moved, shortfall, available_sessions FROM swan_reverse('pay16');

--
-- One lot that is named
--
SELECT available_sessions FROM swan_purchase(17, 4, 'pay17');
SELECT available_sessions FROM swan_grant(17, 5, 'March', '2099-03-01');
SELECT available_sessions FROM swan_grant(17, 5, 'never');
SELECT max(id) FILTER (WHERE user_id = 11) AS other, min(id) FILTER (WHERE user_id = 17) AS paid, max(id) FILTER (WHERE user_id = 17) AS lot FROM studio.swan_lots \gset
SELECT moved, shortfall, available_sessions, replayed FROM swan_revoke(17, 2, 'of that one', 'lot', :lot);
SELECT moved, shortfall, available_sessions, replayed FROM swan_revoke(17, 2, 'of that one', 'lot', :lot);
SELECT delta, lot_id = :lot AS that_lot, details - 'lot' AS details, details -> 'lot' = to_jsonb(:lot) AS named FROM studio.swan_ledger WHERE user_id = 17 AND kind = 'revocation';
SELECT moved, shortfall, available_sessions FROM swan_revoke(17, 3, lot_id => :paid);
-- more than it holds, though the client has more; all of it; nothing
SELECT moved, shortfall, available_sessions FROM swan_revoke(17, 4, lot_id => :lot);
SELECT moved, shortfall, available_sessions, replayed FROM swan_revoke(17, 1, key => 'empty', lot_id => :lot);
SELECT moved, shortfall, available_sessions, replayed FROM swan_revoke(17, 1, key => 'empty', lot_id => :lot);
SELECT moved, shortfall, available_sessions FROM swan_revoke(17, lot_id => :paid);
-- the key stands for this lot
SELECT * FROM swan_revoke(17, 2, key => 'lot');
SELECT * FROM swan_revoke(17, 2, key => 'lot', lot_id => :paid);
SELECT moved FROM swan_revoke(17, 1, key => 'no lot');
SELECT try(format('SELECT moved FROM swan_revoke(17, 1, key => ''no lot'', lot_id => %s)', :lot)) LIKE 'SW009 %' AS refused;
-- another client's, and none at all
SELECT try(format('SELECT moved FROM swan_revoke(17, lot_id => %s)', :other)) LIKE 'SW013 user 17 has no lot %' AS refused;
SELECT * FROM swan_revoke(17, 1, lot_id => 0);
SELECT * FROM swan_revoke(99, 1, lot_id => 0);
-- what has expired is no longer there
SELECT pass(17, '2100-01-01');
SELECT min(id) AS ended FROM studio.swan_lots WHERE user_id = 17 AND source = 'grant' \gset
SELECT moved, shortfall, available_sessions FROM swan_revoke(17, 1, lot_id => :ended);

--
-- What is due is no longer there to be revoked
--
SELECT available_sessions FROM swan_grant(14, 4, expires_at => '2099-03-01');
SELECT available_sessions FROM swan_grant(14, 2);
SELECT pass(14, '2100-01-01');
SELECT moved, shortfall, available_sessions FROM swan_revoke(14, 5);
SELECT kind, delta, actor_id, call_id = min(call_id) FILTER (WHERE kind = 'expiry') OVER () AS same_call FROM studio.swan_ledger WHERE user_id = 14 ORDER BY id;

--
-- Keys: the answer is that of the first call, moved and shortfall as they were
--
SELECT available_sessions FROM swan_grant(15, 4, expires_at => '2099-03-01');
SELECT available_sessions FROM swan_grant(15, 2, expires_at => '2099-02-01');
SELECT moved, shortfall, available_sessions, ledger_id, replayed FROM swan_revoke(15, 5, key => 'k');
SELECT available_sessions FROM swan_grant(15, 10);
SELECT moved, shortfall, available_sessions, ledger_id, replayed FROM swan_revoke(15, 5, 'another reason', 'k', actor => 1);
SELECT moved, shortfall, available_sessions, replayed FROM swan_revoke(15, 20, key => 'short');
SELECT available_sessions FROM swan_grant(15, 1);
SELECT moved, shortfall, available_sessions, replayed FROM swan_revoke(15, 20, key => 'short');
SELECT moved, available_sessions, replayed FROM generate_series(1, 2) i, swan_revoke(15 + 0 * i, NULL, NULL, 'all');
SELECT moved, available_sessions, replayed FROM generate_series(1, 2) i, swan_revoke(15 + 0 * i, NULL, NULL, 'nothing');
SELECT * FROM swan_revoke(15, 4, key => 'k');
SELECT * FROM swan_revoke(15, NULL, key => 'k');
SELECT * FROM swan_revoke(15, 5, key => 'all');
-- another client's and another operation's key is another
SELECT moved, replayed FROM swan_revoke(12, 1, key => 'k');
SELECT added, replayed FROM swan_grant(15, 5, key => 'k');
-- one that failed is free
SELECT * FROM swan_revoke(99, 1, key => 'free');
SELECT moved, replayed FROM swan_revoke(15, 1, key => 'free');

--
-- Arguments
--
SELECT * FROM swan_revoke(NULL);
SELECT * FROM swan_revoke(15, 0);
SELECT call, try('SELECT moved FROM ' || call) FROM (VALUES
	(1, 'swan_revoke(15, -1)'), (2, 'swan_revoke(15, -2147483648)'), (3, 'swan_revoke(99)'), (4, 'swan_revoke(-9223372036854775808)'),
	(5, 'swan_revoke(15, 1, key => '' '')'), (6, 'swan_revoke(15, 1, key => repeat(''k'', 256))'), (7, 'swan_revoke(NULL, 0, NULL, '''', 0, 11)'),
	(8, 'swan_revoke(15, 1, repeat(''r'', 10000), repeat(''k'', 255))')) t (n, call) ORDER BY n;
SELECT moved FROM swan_revoke(15, 1, repeat('r', 10000));
SELECT moved FROM swan_revoke(15, 1, E' \t\n');
SELECT length(reason) FROM studio.swan_ledger WHERE user_id = 15 AND kind = 'revocation' ORDER BY id DESC LIMIT 2;
-- who may
SELECT who, try('SELECT moved FROM swan_revoke(15, 1, actor => ' || actor || ')')
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '15'), ('another', '11')) a (who, actor);
-- not a client only: whoever has credits
SELECT available_sessions FROM swan_grant(3, 2);
SELECT moved, available_sessions FROM swan_revoke(3, 1);

-- with session_records the newest go
SELECT swan_configure('session_records', 'on');
SELECT count(*), available_sessions FROM studio.sessions, studio.users u WHERE u.id = 15 AND user_id = 15 AND session_date IS NULL GROUP BY 2;
SELECT moved, available_sessions FROM swan_revoke(15, 1);
SELECT count(*) FROM studio.sessions WHERE user_id = 15 AND session_date IS NULL;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
