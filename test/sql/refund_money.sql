-- swan_reverse by the amount refunded, as providers report it: all in all, more than once, in any order.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 80, '1 day') a;
CREATE VIEW studio.journal AS
	SELECT user_id, kind, delta, item, key, details - 'n' - 'of_item' AS details FROM studio.swan_ledger ORDER BY id;

--
-- A pack of ten for 1000.00: each credit is worth 100.00, and what is less than one is none
--
SELECT swan_purchase(11, 10, 'pay11', amount_minor => 100000, currency => 'EUR') IS NOT NULL AS bought;
SELECT amount, moved, shortfall, expired, available_sessions, replayed FROM unnest(ARRAY[0, 9999, 10000, 10001, 35000, 10000, 35000]) WITH ORDINALITY a (amount, n),
	swan_reverse('pay11', key => 're ' || n, refunded_minor => amount) ORDER BY n;
SELECT key, delta, details FROM studio.journal WHERE user_id = 11 AND kind = 'reversal';
-- a retry is answered as it was; the key stands for the amount
SELECT moved, available_sessions, replayed FROM swan_reverse('pay11', key => 're 5', refunded_minor => 35000);
SELECT call, try('SELECT moved FROM ' || call) FROM (VALUES
	(1, 'swan_reverse(''pay11'', key => ''re 5'', refunded_minor => 36000)'),
	(2, 'swan_reverse(''pay11'', key => ''re 5'')'),
	(3, 'swan_reverse(''pay11'', n => 3, key => ''re 5'')'),
	(4, 'swan_reverse(''pay11'', n => 3, refunded_minor => 36000)'),
	(5, 'swan_reverse(''pay11'', refunded_minor => -1)'),
	(6, 'swan_reverse(''pay11'', refunded_minor => 9223372036854775807)'),
	(7, 'swan_reverse(''pay11'', NULL, NULL, NULL, 36000, 1)'),
	(8, 'swan_reverse(''no such'', refunded_minor => 36000)')) t (n, call) ORDER BY n;
-- one of the refunds has failed: what it took comes back, and a new one is counted from what is left of it
SELECT moved, available_sessions FROM swan_reinstate('pay11', 'failed', reversal => 're 5');
SELECT moved, available_sessions FROM swan_reverse('pay11', key => 're 8', refunded_minor => 20000);
-- the rest is disputed, and the dispute won: the refunds stay
SELECT moved, available_sessions FROM swan_reverse('pay11', key => 'dispute');
SELECT moved, available_sessions FROM swan_reinstate('pay11', 'won', reversal => 'dispute');
SELECT moved, available_sessions FROM swan_reverse('pay11', key => 're 9', refunded_minor => 100000);
SELECT kind, key, delta, details - 'reversal' AS details FROM studio.journal WHERE user_id = 11 AND kind ~ '^re' AND key !~ '^re [1-7]';
SELECT * FROM swan_verify();

--
-- Parts that do not come out even: three for 1.00, a yen each, three decimals, what cost nothing
--
SELECT count(*) FROM (VALUES ('odd', 3, 100, 'EUR'), ('yen', 7, 7, 'JPY'), ('dinar', 4, 10001, 'KWD'), ('free', 5, 0, 'EUR')) p (ref, n, amount, currency),
	swan_purchase(12, n, ref, amount_minor => amount, currency => currency);
SELECT ref, string_agg(amount || ': ' || moved, ', ' ORDER BY amount) FROM (VALUES ('odd', '{33,34,66,67,99,100}'::integer[]), ('yen', '{1,3,6,7}'),
	('dinar', '{2500,2501,5000,5001,10000,10001}'), ('free', '{0}')) p (ref, amounts), unnest(amounts) amount, swan_reverse(ref, refunded_minor => amount) GROUP BY ref ORDER BY ref;
-- more than was paid for it is all of it
SELECT moved FROM swan_reverse('free', refunded_minor => 1);
-- without an amount it cannot be said
SELECT swan_purchase(12, 3, 'cash') IS NOT NULL AS bought;
SELECT * FROM swan_reverse('cash', refunded_minor => 100);
-- nor if the sum is too large
SELECT count(*) FROM (VALUES ('a', 9223372036854775807), ('b', 1)) i (item, amount), swan_purchase(12, 1, 'gold', item, amount, 'EUR');
SELECT * FROM swan_reverse('gold', refunded_minor => 100);
SELECT moved FROM swan_reverse('gold');

--
-- Several items at different prices: evenly, as long as all of it is worth no more than the refund
--
SELECT count(*) FROM (VALUES (13, 'ten', 10, 50000), (13, 'one', 1, 9000), (14, 'his', 4, 20000), (13, 'bonus', 2, 0)) p (client, item, n, amount),
	swan_purchase(client, n, 'pay13', item, amount, 'EUR');
SELECT amount, string_agg(concat(user_id, ': ', moved), ', ' ORDER BY user_id) FROM unnest(ARRAY[4999, 5000, 20000, 40000, 70000, 78999, 79000]) amount, swan_reverse('pay13', refunded_minor => amount) GROUP BY amount ORDER BY amount;
SELECT item, -sum(delta) AS taken, sum((details ->> 'money')::integer) AS money FROM studio.journal WHERE kind = 'reversal' AND user_id IN (13, 14) GROUP BY item ORDER BY item;
-- of one item only
SELECT count(*) FROM (VALUES ('a', 5, 5000, 'EUR'), ('b', 5, 5000, 'EUR'), ('c', 1, 100, 'USD')) p (item, n, amount, currency), swan_purchase(15, n, 'pay15', item, amount, currency);
SELECT moved FROM swan_reverse('pay15', 'b', refunded_minor => 3500);
SELECT moved FROM swan_reverse('pay15', refunded_minor => 3500);
SELECT moved FROM swan_reverse('pay15', 'c', refunded_minor => 100);
SELECT item, -sum(delta) AS taken, sum((details ->> 'money')::integer) AS money FROM studio.journal WHERE kind = 'reversal' AND user_id = 15 GROUP BY item ORDER BY item;

--
-- What was spent is owed; what expired unspent is neither taken nor owed
--
SELECT swan_purchase(16, 6, 'pay16', amount_minor => 6000, expires_at => '2099-06-01') IS NOT NULL AS bought;
SELECT count(*) FROM swan_book_many(16, ARRAY[1, 2]);
SELECT moved, shortfall, expired FROM swan_reverse('pay16', n => 1, key => 'before');
SELECT pass(16, '2100-01-01');
SELECT moved, shortfall, expired, available_sessions FROM swan_reverse('pay16', key => 'a', refunded_minor => 2000);
SELECT moved, shortfall, expired, available_sessions FROM swan_reverse('pay16', key => 'b', refunded_minor => 5000);
SELECT moved, shortfall, expired, available_sessions FROM swan_reverse('pay16', key => 'c');
SELECT moved, shortfall, expired, replayed FROM swan_reverse('pay16', key => 'b', refunded_minor => 5000);
SELECT moved, shortfall, expired FROM swan_reverse('pay16');
-- a booking is given up: what is owed is settled, what is not owed expires
SELECT returned, available_sessions FROM swan_cancel(1);
SELECT kind, delta, details FROM studio.journal WHERE user_id = 16 AND kind ~ 'rever|expiry|cancel';
-- given back: first what is owed, then what had expired, which stays so, then what was taken, which expires
SELECT n, moved, shortfall, expired, available_sessions FROM (VALUES (1, 1), (2, 3), (3, 2)) r (o, n), swan_reinstate('pay16', 'back ' || o, n => n) ORDER BY o;
SELECT kind, delta, details - 'reversal' AS details FROM studio.journal WHERE user_id = 16 AND kind IN ('reinstatement', 'expiry');
SELECT moved, shortfall, expired FROM swan_reverse('pay16');

--
-- Whatever the order: the credits taken in the end are those that the largest amount is worth. Ten lines say what that is.
--
CREATE FUNCTION studio.worth(counts integer[], amounts bigint[], refunded bigint) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
	credits integer[] := array_fill(0, ARRAY[cardinality(counts)]);
	next integer;
BEGIN
	IF refunded >= (SELECT sum(a) FROM unnest(amounts) a) AND refunded > 0 THEN RETURN counts; END IF;
	LOOP
		SELECT i INTO next FROM generate_subscripts(counts, 1) i WHERE credits[i] < counts[i] ORDER BY (credits[i] + 1)::numeric / counts[i], i LIMIT 1;
		EXIT WHEN (SELECT sum((credits[i] + (i = next)::integer) * amounts[i]::numeric / counts[i]) FROM generate_subscripts(counts, 1) i) > refunded + 1e-9;
		credits[next] := credits[next] + 1;
	END LOOP;
	RETURN credits;
END $$;
CREATE FUNCTION studio.refunds(seed integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	ref text := 'random ' || seed;
	counts integer[];
	amounts bigint[];
	told bigint[];
	wanted integer[];
	taken integer[];
	money bigint;
BEGIN
	PERFORM setseed(seed / 1000.0);
	counts := ARRAY(SELECT 1 + floor(random() * 9)::integer FROM generate_series(1, 1 + seed % 4));
	amounts := ARRAY(SELECT 1 + floor(random() * (ARRAY[10, 1000, 100000])[1 + seed % 3])::bigint FROM unnest(counts));
	PERFORM swan_purchase(21 + i % 3, counts[i], ref, 'item ' || i, amounts[i], 'EUR') FROM generate_subscripts(counts, 1) i;
	told := ARRAY(SELECT floor(random() * 1.2 * (SELECT sum(a) FROM unnest(amounts) a))::bigint FROM generate_series(1, 1 + seed % 7));
	FOR i IN 1 .. cardinality(told) LOOP
		-- some of it is spent meanwhile, some webhooks come twice
		PERFORM swan_book(21 + i % 3, s.id) FROM (SELECT id FROM studio.sessions WHERE status = 'available' ORDER BY id LIMIT 1) s
		  WHERE (SELECT available FROM swan_summary(21 + i % 3)) > 0 AND random() < 0.3;
		PERFORM swan_reverse(ref, key => concat(ref, ' ', i), refunded_minor => told[i]);
		PERFORM swan_reverse(ref, key => concat(ref, ' ', i), refunded_minor => told[i]) WHERE random() < 0.3;
		PERFORM swan_reverse(ref, refunded_minor => told[i]) WHERE random() < 0.3;
	END LOOP;
	wanted := studio.worth(counts, amounts, (SELECT max(t) FROM unnest(told) t));
	SELECT array_agg(n ORDER BY id), sum(m) INTO taken, money FROM (
		SELECT l.id, sum(coalesce((g.details ->> 'shortfall')::integer, 0) - g.delta) AS n, sum(coalesce((g.details ->> 'money')::bigint, 0)) AS m
		  FROM studio.swan_lots l LEFT JOIN studio.swan_ledger g ON g.lot_id = l.id AND g.kind = 'reversal' WHERE l.payment_ref = ref GROUP BY l.id) x;
	IF taken <> wanted THEN
		RETURN format('%s for %s, told %s: expected %s, got %s', counts, amounts, told, wanted, taken);
	END IF;
	IF money <> (SELECT least(max(t), (SELECT sum(a) FROM unnest(amounts) a)) FROM unnest(told) t) THEN
		RETURN format('%s for %s, told %s: money %s', counts, amounts, told, money);
	END IF;
	RETURN NULL;
END $$;
SELECT count(*) AS played, string_agg(problem, E'\n') AS problems FROM (SELECT studio.refunds(seed) AS problem FROM generate_series(1, 200) seed) x;

-- who may
SELECT who, try('SELECT moved FROM swan_reverse(''cash'', ''no such'', refunded_minor => 1, actor => ' || actor || ')') AS reverse
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '12'), ('another', '11')) a (who, actor);

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
