-- swan_reverse and swan_reinstate: payments that are taken back, and given back.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 80, '1 day') a;
CREATE VIEW studio.journal AS
	SELECT user_id, kind, delta, balance_after AS after, session_id, item, key, actor_id AS by, details
	  FROM studio.swan_ledger ORDER BY id;

--
-- Nothing was spent: all of it is taken, other credits are not
--
SELECT available_sessions FROM swan_grant(11, 10);
SELECT available_sessions FROM swan_purchase(11, 8, 'pay11', 'eight');
SELECT * FROM swan_reverse('pay11', actor => 1);
SELECT * FROM studio.journal WHERE user_id = 11;
SELECT source, granted, remaining FROM studio.swan_lots WHERE user_id = 11 ORDER BY id;
-- a second one finds nothing left, and says so, and is on record
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reverse('pay11');
SELECT kind, delta, details FROM studio.journal WHERE user_id = 11;
-- a redelivered purchase is still the same purchase
SELECT added, available_sessions, replayed FROM swan_purchase(11, 8, 'pay11', 'eight');

--
-- Three were spent: the rest is taken and three are owed, never below zero
--
SELECT available_sessions FROM swan_purchase(12, 8, 'pay12');
SELECT count(*) FROM generate_series(1, 3) s, swan_book(12, s);
SELECT available_sessions FROM swan_grant(12, 1);
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reverse('pay12', key => 'r1');
-- the grant pays for nothing that is owed; a credit that comes back does, at once
SELECT status, charged, returned, available_sessions FROM swan_cancel(1, key => 'c1');
SELECT kind, delta, after, session_id, by, details FROM studio.journal WHERE user_id = 12 AND kind IN ('cancellation', 'reversal');
SELECT count(DISTINCT call_id) FROM studio.swan_ledger WHERE user_id = 12 AND (session_id = 1 AND kind = 'cancellation' OR details = '{"shortfall": -1}');
SELECT source, granted, remaining FROM studio.swan_lots WHERE user_id = 12 ORDER BY id;
SELECT status, session_deducted FROM studio.sessions WHERE id = 1;
-- replays answer as it was then
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reverse('pay12', key => 'r1');
SELECT returned, charged, available_sessions, replayed FROM swan_cancel(1, key => 'c1');
-- nothing is left to reverse, nothing but what the first one did is done by others
SELECT user_id, moved, shortfall FROM swan_reverse('pay12');
-- what is given back is all that went: five and the one that was settled; two of it are spent
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reinstate('pay12', 'i1');
SELECT kind, delta, after, key, details FROM studio.journal WHERE user_id = 12 AND kind = 'reinstatement';
-- so nothing is owed any more: the next credit that comes back is the client's
SELECT returned, available_sessions FROM swan_cancel(2);
SELECT remaining FROM studio.swan_lots WHERE payment_ref = 'pay12';
-- a replay, then another one that finds nothing to give back
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reinstate('pay12', 'i1');
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reinstate('pay12', 'i2');
-- and it can be reversed again: seven are there, one is spent
SELECT user_id, moved, shortfall, available_sessions FROM swan_reverse('pay12');
-- what the client gives up too late does not come back, so nothing is settled; what he owes stays
SELECT swan_configure('cancel_window', '100 years');
SELECT returned, available_sessions FROM swan_cancel(3, actor => 12);
SELECT swan_configure('cancel_window', '24 hours');
SELECT user_id, moved, shortfall, available_sessions FROM swan_reinstate('pay12', 'i3');

--
-- In parts
--
SELECT available_sessions FROM swan_purchase(13, 10, 'pay13');
SELECT count(*) FROM generate_series(11, 14) s, swan_book(13, s);
SELECT n, moved, shortfall, available_sessions, replayed FROM (VALUES (1, 2, 'a'), (2, 2, 'a'), (3, 3, 'b'), (4, 3, 'c'), (5, 2, 'a')) p (o, n, k), swan_reverse('pay13', NULL, n, k) ORDER BY o;
SELECT kind, delta, after, key, details FROM studio.journal WHERE user_id = 13 AND kind = 'reversal';
-- two are left to ask for, and they are spent
SELECT * FROM swan_reverse('pay13', n => 3);
SELECT moved, shortfall FROM swan_reverse('pay13', n => 1);
SELECT moved, shortfall FROM swan_reverse('pay13', n => 1);
SELECT * FROM swan_reverse('pay13', n => 1);
-- each of the four owed is settled once
SELECT s, returned, available_sessions FROM generate_series(11, 14) s, swan_cancel(s);
SELECT granted, remaining FROM studio.swan_lots WHERE user_id = 13;
SELECT moved, shortfall, available_sessions FROM swan_reinstate('pay13', 'all');

--
-- Several items: what can be taken is taken first, of whichever item
--
SELECT available_sessions FROM unnest(ARRAY['a', 'b', 'c']) i, swan_purchase(14, 5, 'pay14', i);
SELECT count(*) FROM generate_series(21, 23) s, swan_book(14, s);
SELECT moved, shortfall, available_sessions FROM swan_reverse('pay14', n => 13);
SELECT item, delta, details FROM studio.journal WHERE user_id = 14 AND kind = 'reversal';
SELECT item, granted, remaining FROM studio.swan_lots WHERE user_id = 14 ORDER BY id;
-- one item: nothing is left of it
SELECT moved, shortfall FROM swan_reverse('pay14', 'b');
SELECT * FROM swan_reverse('pay14', 'b', 1);
SELECT moved, shortfall FROM swan_reverse('pay14', 'a');
SELECT moved, shortfall, available_sessions FROM swan_reinstate('pay14', 'back');
SELECT item, granted, remaining FROM studio.swan_lots WHERE user_id = 14 ORDER BY id;
-- of one item only
SELECT moved, shortfall, available_sessions FROM swan_reverse('pay14', 'a', key => 'item');
SELECT returned FROM swan_cancel(21);
SELECT item, granted, remaining FROM studio.swan_lots WHERE user_id = 14 ORDER BY id;

--
-- Lots that expire
--
SELECT available_sessions FROM swan_purchase(15, 6, 'pay15', expires_at => '2099-06-01');
SELECT count(*) FROM generate_series(31, 32) s, swan_book(15, s);
SELECT moved, shortfall FROM swan_reverse('pay15', n => 2);
SELECT pass(15, '2100-01-01');
-- what was reversed comes back and is gone; what was left is gone before
SELECT moved, shortfall, available_sessions, replayed FROM swan_reinstate('pay15', 'late');
SELECT kind, delta, after, by, key FROM studio.journal WHERE user_id = 15 AND kind <> 'booking';
SELECT count(DISTINCT call_id) FROM studio.swan_ledger WHERE user_id = 15 AND kind IN ('expiry', 'reinstatement');
SELECT moved, shortfall, available_sessions, replayed FROM swan_reinstate('pay15', 'late');
SELECT granted, remaining, swept FROM studio.swan_lots WHERE user_id = 15;
-- what expired cannot be taken: all is owed; a credit that comes back then is settled, not expired
SELECT moved, shortfall FROM swan_reverse('pay15');
SELECT returned, available_sessions FROM swan_cancel(31);
SELECT kind, delta, after FROM studio.journal WHERE user_id = 15 AND kind IN ('reversal', 'cancellation', 'expiry');

--
-- Keys: the same for another n, item or payment is another call
--
SELECT count(*) FROM unnest(ARRAY['a', 'b']) i, swan_purchase(16, 4, 'pay16', i);
SELECT count(*) FROM swan_purchase(16, 4, 'pay16 too');
SELECT moved FROM swan_reverse('pay16', 'a', 1, 'k');
SELECT call, try('SELECT concat_ws('' '', moved, shortfall, available_sessions, replayed) FROM ' || call) FROM (VALUES
	(1, 'swan_reverse(''pay16'', ''a'', 1, ''k'')'),
	(2, 'swan_reverse(''pay16'', ''a'', 1, ''k'', actor => 1)'),
	(3, 'swan_reverse(''pay16'', ''a'', 2, ''k'')'),
	(4, 'swan_reverse(''pay16'', ''a'', NULL, ''k'')'),
	(5, 'swan_reverse(''pay16'', ''b'', 1, ''k'')'),
	(6, 'swan_reverse(''pay16'', NULL, 1, ''k'')'),
	(7, 'swan_reverse(''pay16 too'', NULL, 1, ''k'')'),
	(8, 'swan_reverse(''pay11'', NULL, 1, ''k'')'),
	(9, 'swan_reinstate(''pay16'', ''k'')'),
	(10, 'swan_reverse(''pay16'', ''a'', 3, ''k '')')) t (n, call) ORDER BY n;
SELECT moved, shortfall FROM swan_reverse('pay16', NULL, NULL, 'whole');
SELECT try($$SELECT moved FROM swan_reverse('pay16', 'a', NULL, 'whole')$$);
SELECT try($$SELECT moved FROM swan_reinstate('pay16', 'i')$$), moved FROM swan_reinstate('pay16', 'i');
SELECT try($$SELECT moved || ' ' || replayed FROM swan_reinstate('pay16', 'i')$$), try($$SELECT moved FROM swan_reinstate('pay16 too', 'i')$$);

--
-- One reversal of several is undone: three credits were refunded for money, the rest was disputed, and the dispute is won
--
SELECT available_sessions FROM swan_purchase(17, 10, 'pay17');
SELECT moved, shortfall FROM swan_reverse('pay17', n => 3, key => 'refund');
SELECT moved, shortfall FROM swan_reverse('pay17', key => 'dispute');
SELECT moved, shortfall, available_sessions, replayed FROM swan_reinstate('pay17', 'won', reversal => 'dispute');
SELECT moved, available_sessions, replayed FROM swan_reinstate('pay17', 'won', reversal => 'dispute');
-- it is given back once, whoever asks and how
SELECT moved, available_sessions, replayed FROM swan_reinstate('pay17', 'won again', reversal => 'dispute');
SELECT moved, available_sessions, replayed FROM swan_reinstate('pay17', 'won again', reversal => 'dispute');
SELECT * FROM swan_reinstate('pay17', 'one', n => 1, reversal => 'dispute');
SELECT kind, delta, key, details - 'reversal' AS details, details ? 'reversal' AS one FROM studio.journal WHERE user_id = 17 AND kind = 'reinstatement';
-- the key stands for this one reversal, and this count
SELECT call, try('SELECT moved FROM ' || call) FROM (VALUES
	(1, 'swan_reinstate(''pay17'', ''won'')'),
	(2, 'swan_reinstate(''pay17'', ''won'', reversal => ''refund'')'),
	(3, 'swan_reinstate(''pay17'', ''won'', reversal => ''no such'')'),
	(4, 'swan_reinstate(''pay17'', ''won'', n => 7, reversal => ''dispute'')'),
	(5, 'swan_reinstate(''pay17'', ''won'', '''', reversal => ''dispute'')'),
	(6, 'swan_reinstate(''pay17'', ''new'', reversal => ''no such'')'),
	(7, 'swan_reinstate(''pay16'', ''new'', reversal => ''dispute'')'),
	(8, 'swan_reinstate(''pay17'', ''new'', ''no such'', reversal => ''dispute'')'),
	(9, 'swan_reinstate(''pay17'', ''new'', reversal => '' '')'),
	(10, 'swan_reinstate(''pay17'', ''new'', n => 0)'),
	(11, 'swan_reinstate(''pay17'', ''new'', n => 4)'),
	(12, 'swan_reinstate(''pay17'', ''new'', n => 2147483647)')) t (n, call) ORDER BY n;
-- in part, then all that is left of whichever
SELECT moved, available_sessions, replayed FROM generate_series(1, 2) i, swan_reinstate('pay17', 'part', n => 1 + 0 * i) ORDER BY i;
SELECT moved, available_sessions FROM swan_reinstate('pay17', 'rest');
SELECT moved, available_sessions FROM swan_reinstate('pay17', 'nothing');
-- what is taken later is another matter
SELECT moved FROM swan_reverse('pay17', n => 2, key => 'later');
SELECT moved, available_sessions FROM swan_reinstate('pay17', 'refund', reversal => 'refund');
SELECT moved, available_sessions FROM swan_reinstate('pay17', 'later', reversal => 'later');

--
-- Of two items only the refund of one has failed
--
SELECT count(*) FROM (VALUES ('a', 10), ('b', 5)) i (item, n), swan_purchase(18, n, 'pay18', item);
SELECT moved FROM unnest(ARRAY['a', 'b']) i, swan_reverse('pay18', i, key => 're ' || i) ORDER BY i;
SELECT try($$SELECT moved FROM swan_reinstate('pay18', 'b failed', 'a', reversal => 're b')$$);
SELECT moved, available_sessions FROM swan_reinstate('pay18', 'b failed', reversal => 're b');
SELECT item, remaining FROM studio.swan_lots WHERE user_id = 18 ORDER BY id;
-- without a name, by item
SELECT moved, available_sessions, replayed FROM generate_series(1, 2) i, swan_reinstate('pay18', 'a failed', 'a', 4 + 0 * i) ORDER BY i;
SELECT moved, available_sessions FROM swan_reinstate('pay18', 'b again', 'b');
SELECT moved, available_sessions FROM swan_reinstate('pay18', 'a again', 'a');

--
-- What is owed: it is forgiven first, and what comes back settles what others are owed
--
SELECT available_sessions FROM swan_purchase(19, 8, 'pay19');
SELECT count(*) FROM generate_series(41, 43) s, swan_book(19, s);
SELECT moved, shortfall FROM (VALUES (1, 6), (2, 2)) r (o, n), swan_reverse('pay19', n => n, key => 're ' || o) ORDER BY o;
-- five were taken and one is owed, by the first; two are owed the second, which then has them
SELECT moved, shortfall, available_sessions FROM swan_reinstate('pay19', 'first', reversal => 're 1');
SELECT kind, delta, by, key, details - 'reversal' AS details FROM studio.journal WHERE user_id = 19 AND kind IN ('reversal', 'reinstatement');
SELECT returned, available_sessions FROM swan_cancel(41);
SELECT moved, available_sessions FROM swan_reinstate('pay19', 'second', reversal => 're 2');
-- of a reversal that took six and is owed two, four: as if only the rest had been reversed
SELECT moved, shortfall FROM swan_reverse('pay19', key => 're 3');
SELECT moved, shortfall, available_sessions FROM swan_reinstate('pay19', 'part', n => 4, reversal => 're 3');
SELECT returned, available_sessions FROM swan_cancel(42);
-- what a cancellation settles belongs to the oldest that is owed
SELECT moved, shortfall FROM swan_reverse('pay19', n => 4, key => 're 4');
SELECT returned, available_sessions FROM swan_cancel(43);
SELECT moved, shortfall, available_sessions FROM swan_reinstate('pay19', 'all of 4', reversal => 're 4');
SELECT moved, shortfall, available_sessions FROM swan_reinstate('pay19', 'all of 3', reversal => 're 3');
SELECT granted, remaining FROM studio.swan_lots WHERE user_id = 19;
-- a reversal without a key cannot be named, but it can be given back
SELECT moved, shortfall FROM swan_reverse('pay19', n => 5);
SELECT moved, available_sessions FROM swan_reinstate('pay19', 'four of five', n => 4);
-- 0.1.0 gave back everything with rows that name nothing
SELECT moved, available_sessions FROM swan_reinstate('pay19', 'the fifth');
SELECT moved, available_sessions FROM swan_reinstate('pay19', 'nothing', reversal => 're 3');

--
-- One payment for two clients: each has his row, and each call answers all of them
--
SELECT user_id, added FROM (VALUES (21, 4, 'his'), (20, 6, 'hers'), (21, 2, 'gift')) i (client, n, item), swan_purchase(client, n, 'pay20', item) ORDER BY i.item;
SELECT session_id FROM swan_book(20, 51);
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reverse('pay20', key => 'both');
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reverse('pay20', key => 'both');
SELECT user_id, kind, item, delta, key FROM studio.journal WHERE user_id IN (20, 21) AND kind = 'reversal';
-- a second one has nothing to do, and says so for both
SELECT user_id, moved, shortfall, replayed FROM generate_series(1, 2) i, swan_reverse('pay20', key => left('again', 5 + 0 * i)) ORDER BY i, 1;
-- one item is one client's
SELECT user_id, moved, available_sessions FROM swan_reinstate('pay20', 'his', 'his', reversal => 'both');
SELECT user_id, moved, available_sessions, replayed FROM swan_reinstate('pay20', 'failed', reversal => 'both');
SELECT user_id, moved, available_sessions, replayed FROM swan_reinstate('pay20', 'failed', reversal => 'both');
-- in part: only those of whom something is taken, in the order in which it was bought
SELECT user_id, moved, shortfall, available_sessions FROM swan_reverse('pay20', n => 3, key => 'three');
SELECT user_id, moved, shortfall, available_sessions FROM swan_reverse('pay20', n => 6, key => 'six');
SELECT user_id, moved, available_sessions, replayed FROM generate_series(1, 2) i, swan_reinstate('pay20', 'newest', n => 6 + 0 * i) ORDER BY i, 1;
-- a key of one of them was for something else
SELECT moved FROM swan_reverse('pay16 too', key => 'elsewhere');
SELECT count(*) FROM swan_purchase(16, 1, 'pay20', 'third');
SELECT try($$SELECT moved FROM swan_reverse('pay20', key => 'elsewhere')$$);
SELECT user_id, moved, shortfall FROM swan_reverse('pay20');
SELECT user_id, moved FROM swan_reinstate('pay20', 'all');

--
-- Arguments
--
SELECT * FROM swan_reverse(NULL);
SELECT * FROM swan_reverse(' ');
SELECT * FROM swan_reverse('no such');
SELECT * FROM swan_reverse('pay11', 'no such');
SELECT * FROM swan_reinstate('pay11', NULL);
SELECT * FROM swan_reinstate('no such', 'k');
SELECT call, try('SELECT moved FROM ' || call) FROM (VALUES
	(1, 'swan_reverse(''pay11'', n => 0)'), (2, 'swan_reverse(''pay11'', n => -1)'), (3, 'swan_reverse(''pay11'', n => -2147483648)'),
	(4, 'swan_reverse(''pay11'', n => 2147483647)'), (5, 'swan_reverse(''pay11'', key => '''')'), (6, 'swan_reverse(''pay11'', key => repeat(''k'', 256))'),
	(7, 'swan_reverse(repeat(''p'', 256))'), (8, 'swan_reverse(''pay11'', repeat(''i'', 256))'), (9, 'swan_reverse(''pay11'', '''')'),
	(10, 'swan_reinstate(NULL, ''k'')'), (11, 'swan_reinstate('''', ''k'')'), (12, 'swan_reinstate(''pay11'', '' '')'),
	(13, 'swan_reinstate(''pay11'', repeat(''k'', 256))'), (14, 'swan_reverse(NULL, NULL, 0, '''', actor => 11)'), (15, 'swan_reinstate(NULL, NULL, actor => 99)'),
	(16, 'swan_reverse(''pay11'', key => repeat(''k'', 255))')) t (n, call) ORDER BY n;
-- who may
SELECT who, try('SELECT moved FROM swan_reverse(''pay16'', n => 1, actor => ' || actor || ')') AS reverse,
       try('SELECT moved FROM swan_reinstate(''pay16'', ''who'', actor => ' || actor || ')') AS reinstate
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '16'), ('another', '11')) a (who, actor);

--
-- What was revoked by hand is gone already, and was not spent; it is refunded before what expired
--
SELECT added FROM swan_purchase(30, 10, 'pay30', expires_at => clock_timestamp() + interval '10 days');
SELECT count(*) FROM swan_book_many(30, '{70,71}');
SELECT moved FROM swan_revoke(30, 3, lot_id => (SELECT lot_id FROM swan_payment('pay30')));
BEGIN;
SELECT moved, expired, shortfall, available_sessions FROM swan_reverse('pay30');
SELECT bought, remaining, used, expired, reversed, revoked FROM swan_payment('pay30');
-- only what was spent is owed: it comes back, and nothing is left to wait for
SELECT session_id, returned FROM swan_cancel_many('{70,71}', reopen => false);
SELECT shortfall FROM swan_payment('pay30');
SELECT * FROM swan_verify();
ROLLBACK;
SELECT ago(30, '12 days');
SELECT moved, expired, shortfall FROM swan_reverse('pay30', n => 4);
SELECT remaining FROM swan_extend((SELECT lot_id FROM swan_payment('pay30')), NULL);
SELECT moved, expired, shortfall FROM swan_reverse('pay30');
SELECT moved, expired, shortfall FROM swan_reinstate('pay30', 'again');
SELECT * FROM swan_verify();

--
-- With session_records they come and go; what is due goes with them
--
SELECT swan_configure('session_records', 'on');
SELECT count(*) FROM swan_grant(16, 3, expires_at => '2099-06-01');
SELECT pass(16, '2100-01-01');
SELECT moved, available_sessions FROM swan_reverse('pay16', 'b');
SELECT notes, count(*) FROM studio.sessions WHERE user_id = 16 AND session_date IS NULL GROUP BY notes ORDER BY notes;
SELECT moved, available_sessions FROM swan_reinstate('pay16', 'records');
SELECT count(*) FROM studio.sessions WHERE user_id = 16 AND session_date IS NULL;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
