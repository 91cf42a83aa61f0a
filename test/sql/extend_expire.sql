-- swan_extend and swan_expire: lots that expire, and lots that shall end at another time.
\i test/fixture/moves.sql
SET ROLE regress_owner;
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 3, timestamptz '2099-01-05 09:00' + i * interval '1 day' FROM generate_series(0, 39) i;

--
-- swan_extend moves an expiry, either way
--
SELECT ledger_id, available_sessions FROM swan_grant(11, 3, 'Birthday', '2099-03-01');
SELECT * FROM swan_extend(1, '2099-06-01 12:00+02', ' sorry ', actor => 1);
SELECT id, kind, delta, balance_after, lot_id, reason, actor_id, call_id, details FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id;
SELECT granted, remaining, expires_at, swept FROM studio.swan_lots WHERE id = 1;
SELECT available FROM swan_summary(11);
-- one that was bought; for good, said in two ways; both count as before
SELECT ledger_id FROM swan_purchase(11, 4, 'pay11', 'four', 4900, 'EUR', expires_at => '2099-04-01');
SELECT * FROM swan_extend(3, 'infinity');
SELECT expires_at FROM swan_extend(3, NULL);
SELECT total_sessions_purchased, available_sessions FROM swan_client(11);
-- the soonest to expire is what is spent first, as it is now
SELECT ledger_id FROM swan_grant(11, 1, 'Soon', '2099-05-01');
SELECT lot_id, expires_at FROM swan_extend(5, '2099-07-01');
SELECT lot_id, remaining, expires_at FROM swan_credits(11);
-- sooner; an end for what had none; where it is already nothing is written
SELECT lot_id, expires_at FROM swan_extend(1, '2099-05-01');
SELECT lot_id, expires_at FROM swan_extend(3, '2199-01-01');
SELECT lot_id, expires_at FROM swan_extend(3, '2199-01-01');
SELECT kind, delta, details FROM studio.swan_ledger WHERE lot_id = 3 ORDER BY id;
-- an empty lot too: what comes back to it has the new time
SELECT count(*) FROM generate_series(1, 3) s, swan_book(11, s);
SELECT lot_id, remaining, expires_at FROM swan_extend(1, '2099-08-01');
SELECT returned FROM swan_cancel(1);
SELECT lot_id, remaining, expires_at FROM swan_credits(11);

--
-- In the past is now: what is left expires, what is spent stays paid, what has ended has ended then
--
SELECT expires_at > clock_timestamp() - interval '1 minute' AND expires_at <= clock_timestamp() AS now, remaining FROM swan_extend(1, '2001-01-01', 'by mistake', 1);
SELECT kind, delta, balance_after, reason, actor_id, call_id = min(call_id) FILTER (WHERE kind = 'expiry') OVER () AS call FROM studio.swan_ledger WHERE lot_id = 1 ORDER BY id DESC LIMIT 2;
SELECT remaining, swept FROM studio.swan_lots WHERE id = 1;
SELECT expires_at > '2001-01-01' AS as_before FROM swan_extend(1, '-infinity');
SELECT count(*) FROM studio.swan_ledger WHERE lot_id = 1 AND kind = 'extension';
SELECT status, session_deducted FROM studio.sessions WHERE id = 2;
SELECT * FROM swan_expire();
-- an empty one is over at once, for the janitor too
SELECT max(ledger_id) AS empty FROM swan_grant(11, 1, 'Empty', '2099-02-01') \gset
SELECT session_id FROM swan_book(11, 5);
SELECT remaining FROM swan_extend(:empty, clock_timestamp());
SELECT remaining, swept FROM studio.swan_lots WHERE id = :empty;
SELECT returned FROM swan_cancel(5, actor => 11);
SELECT kind, delta FROM studio.swan_ledger WHERE lot_id = :empty ORDER BY id;

--
-- It opens again what has ended, swept or only due, with what had expired unspent
--
SELECT ledger_id AS lost FROM swan_grant(12, 3, 'Lost', '2099-03-01') \gset
SELECT session_id FROM swan_book(12, 9);
SELECT pass(12, '2100-01-01');
SELECT granted, remaining, expires_at FROM swan_extend(:lost, '2099-06-01');
SELECT kind, delta, balance_after, call_id - min(call_id) OVER () AS call FROM studio.swan_ledger WHERE user_id = 12 ORDER BY id;
SELECT remaining, swept FROM studio.swan_lots WHERE id = :lost;
SELECT available, available_sessions FROM swan_summary(12), swan_client(12);
SELECT pass(12, '2100-01-01');
SELECT clients, credits FROM swan_expire();
SELECT remaining, swept FROM studio.swan_lots WHERE id = :lost;
SELECT remaining FROM swan_extend(:lost, '2001-01-01');
SELECT remaining, expires_at FROM swan_extend(:lost, NULL, 'Sorry');
SELECT remaining, swept FROM studio.swan_lots WHERE id = :lost;
-- once only; and it can be spent, ended, opened again
SELECT remaining FROM swan_extend(:lost, '2099-08-01');
SELECT available_sessions FROM swan_book(12, 10);
SELECT remaining FROM swan_extend(:lost, '2001-01-01');
SELECT remaining FROM swan_extend(:lost, '2099-09-01');
SELECT kind, delta, reason FROM studio.swan_ledger WHERE user_id = 12 ORDER BY id;
-- an empty one that is due: with the credit that comes back to it
SELECT max(ledger_id) AS empty FROM swan_grant(13, 1, 'Empty', '2099-03-01') \gset
SELECT session_id FROM swan_book(13, 11);
SELECT pass(13, '2100-01-01');
SELECT charged, returned, available_sessions FROM swan_cancel(11, actor => 13);
SELECT kind, delta, balance_after, actor_id, call_id - min(call_id) FILTER (WHERE kind = 'cancellation') OVER () AS call FROM studio.swan_ledger WHERE user_id = 13 ORDER BY id;
SELECT remaining, swept FROM studio.swan_lots WHERE id = :empty;
SELECT remaining FROM swan_extend(:empty, '2099-06-01');
SELECT available FROM swan_summary(13);
-- it sweeps what else is due of its client
SELECT max(ledger_id) AS stays FROM swan_grant(13, 1, 'Stays', '2099-05-01') \gset
SELECT count(*) FROM swan_grant(13, 2, 'Goes', '2099-03-01');
SELECT pass(13, '2099-04-01');
SELECT remaining FROM swan_extend(:stays, '2099-06-01');
SELECT kind, delta, call_id = lead(call_id) OVER (ORDER BY id) AS same_call FROM studio.swan_ledger WHERE user_id = 13 ORDER BY id DESC LIMIT 2;

--
-- What had expired and was refunded does not come back; what a refund is owed is settled by what does
--
SELECT ledger_id AS lot FROM swan_purchase(24, 5, 'pay24', expires_at => '2099-03-01') \gset
SELECT session_id FROM swan_book(24, 12);
SELECT pass(24, '2100-01-01');
SELECT moved, shortfall, expired FROM swan_reverse('pay24', n => 3, key => 'three');
SELECT remaining FROM swan_extend(:lot, '2099-06-01');
SELECT moved, shortfall, expired FROM swan_reverse('pay24', n => 2);
-- nothing is left of it: one is spent, and owed; what the refund gives back stays expired until the lot is extended again
SELECT moved, available_sessions FROM swan_reinstate('pay24', 'failed', reversal => 'three');
SELECT remaining FROM swan_extend(:lot, '2099-06-01');
SELECT remaining FROM swan_extend(:lot, '2099-06-01');
SELECT kind, delta, details - 'extended_from' - 'extended_to' - 'reversal' AS details FROM studio.swan_ledger WHERE user_id = 24 ORDER BY id;
-- 0.1.0 called owed what had expired
SELECT ledger_id AS lot FROM swan_purchase(25, 2, 'pay25', expires_at => '2099-03-01') \gset
SELECT pass(25, '2100-01-01');
SELECT moved, shortfall, expired FROM swan_reverse('pay25');
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET details = '{"n": -1, "shortfall": 2}' WHERE kind = 'reversal' AND user_id = 25;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT remaining FROM swan_extend(:lot, '2099-06-01');
SELECT kind, delta, details - 'extended_from' - 'extended_to' AS details FROM studio.swan_ledger WHERE user_id = 25 AND kind <> 'purchase' ORDER BY id;

-- arguments
SELECT * FROM swan_extend(NULL, '2099-01-01');
SELECT * FROM swan_extend(999999, '2099-01-01');
SELECT call, try('SELECT expires_at FROM ' || call) FROM (VALUES
	(2, 'swan_extend(-9223372036854775808, ''infinity'')'), (3, 'swan_extend(1, ''294276-12-31 23:59:59.999999'')'),
	(4, 'swan_extend(NULL, NULL, NULL, 11)'), (5, 'swan_extend(2, ''2099-09-01'')'), (6, 'swan_extend(1, NULL, NULL, 1)')) t (n, call) ORDER BY n;
SELECT who, try('SELECT remaining FROM swan_extend(1, ''2099-09-01'', actor => ' || actor || ')')
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '11'), ('another', '12')) a (who, actor);

--
-- swan_expire: in batches of lots, twice without harm
--
SELECT * FROM swan_expire();
SELECT sum(added) FROM generate_series(14, 19) u, generate_series(1, 2) i, swan_grant(u, 3, NULL, '2099-03-01'::timestamptz + i * interval '1 day');
SELECT sum(added) FROM generate_series(14, 19) u, swan_grant(u, 1);
SELECT sum(pass(u, '2099-03-03')) FROM generate_series(14, 18) u;
SELECT available_sessions FROM studio.users WHERE id BETWEEN 14 AND 19 ORDER BY id;
SELECT available FROM generate_series(14, 19) u, swan_summary(u) ORDER BY u;
-- before it runs all readers say so; nothing is written yet
SELECT u.id, s.available, c.available_sessions, (SELECT sum(remaining) FROM swan_credits(u.id)) AS credits
  FROM studio.users u, swan_summary(u.id) s, swan_client(u.id) c WHERE u.id IN (14, 19) ORDER BY u.id;
SELECT * FROM swan_verify();
-- two lots are two clients; each client is swept whole
SELECT * FROM swan_expire(2);
SELECT count(*) FROM studio.swan_lots WHERE swept AND user_id BETWEEN 14 AND 19;
SELECT * FROM swan_expire(1000);
SELECT * FROM swan_expire(1000);
SELECT user_id, kind, delta, balance_after, actor_id, reason, key FROM studio.swan_ledger WHERE user_id IN (14, 19) ORDER BY user_id, id;
SELECT user_id, available_sessions FROM generate_series(14, 19) u, swan_client(u) c (user_id) ORDER BY 1;
-- a batch is not used up by lots that are due and empty
SELECT count(*) FROM generate_series(20, 22) u, swan_grant(u, 1, NULL, '2099-03-01');
SELECT count(*) FROM generate_series(20, 21) u, swan_book(u, u);
SELECT sum(pass(u, '2100-01-01')) FROM generate_series(20, 22) u;
SELECT * FROM swan_expire(2);
SELECT * FROM swan_expire(2);
SELECT user_id, remaining, swept FROM studio.swan_lots WHERE user_id BETWEEN 20 AND 22 ORDER BY user_id;
-- the bookings they paid for stay paid; what comes back of one is gone at once
SELECT status, session_deducted FROM studio.sessions WHERE id = 20;
SELECT returned, available_sessions FROM swan_cancel(20);
SELECT remaining, swept FROM studio.swan_lots WHERE user_id = 20;
SELECT * FROM swan_expire();
-- arguments, who may: the system
SELECT * FROM swan_expire(0);
SELECT try('SELECT clients FROM swan_expire(' || n || ')') FROM unnest(ARRAY[-1, -2147483648, 100000, 100001, 2147483647]) n;
BEGIN;
SELECT swan_act_as(1);
SELECT * FROM swan_expire();
ROLLBACK;

-- with session_records they go along
SELECT swan_configure('session_records', 'on');
SELECT added FROM swan_grant(23, 4, 'Rows', '2099-03-01');
SELECT pass(23, '2100-01-01');
SELECT count(*) FROM studio.sessions WHERE user_id = 23;
SELECT * FROM swan_expire();
SELECT count(*) FROM studio.sessions WHERE user_id = 23;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
