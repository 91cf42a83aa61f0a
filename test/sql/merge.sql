-- swan_merge: two accounts of one client become one.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 40, '1 day') a;
SELECT swan_configure('hold_max', '3');
CREATE VIEW studio.journal AS
	SELECT user_id, kind, delta, balance_after AS after, session_id AS session, from_session_id AS "from", lot_id AS lot, payment_ref, key, reason, actor_id AS by, details
	  FROM studio.swan_ledger ORDER BY id;
CREATE VIEW studio.lots AS
	SELECT id, user_id, source, granted, remaining, expires_at, payment_ref FROM studio.swan_lots ORDER BY id;

--
-- He registered twice: a pack with two bookings, one of them confirmed, a past session, a free booking, a request, a hold
--
SELECT added FROM swan_purchase(11, 6, 'pay11', expires_at => '2099-06-01');
SELECT added FROM swan_grant(11, 1, 'Welcome');
SELECT added FROM swan_grant(12, 2);
SELECT session_id FROM generate_series(1, 3) s, swan_book(11, s);
SELECT status FROM swan_confirm(2);
SELECT status FROM swan_complete(took_place(3));
SELECT charged FROM swan_book(11, 4, charge => false);
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES (900, 11, 3, 'requested', '2099-05-05 10:00');
SELECT session_id FROM swan_hold(11, 6);
SELECT session_id FROM swan_book(12, 7);
SELECT * FROM swan_merge(11, 12, ' the same person ', 'k1', actor => 1);
SELECT * FROM studio.journal WHERE kind IN ('merge', 'transfer');
SELECT count(DISTINCT call_id) FROM studio.swan_ledger WHERE kind IN ('merge', 'transfer');
SELECT * FROM studio.lots;
SELECT id, user_id, status, session_deducted FROM studio.sessions WHERE user_id IS NOT NULL ORDER BY id;
SELECT session_id, user_id FROM studio.swan_holds;
SELECT i, available_sessions, total_sessions_purchased, sessions_used, scheduled, confirmed, completed FROM unnest('{11,12}'::bigint[]) i, swan_client(i), swan_summary(i);
SELECT kind, delta, other_id, other_name, reason FROM swan_statement(12) WHERE kind IN ('merge', 'transfer');
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();
-- the account that was given up is suspended for good
SELECT i, suspended_since IS NOT NULL AS suspended, suspended_until FROM unnest('{11,12}'::bigint[]) i, swan_summary(i) ORDER BY i;
SELECT kind, reason, details ? 'since' AS since FROM studio.journal WHERE kind = 'suspension';
-- a retry answers as it was then
SELECT count(*) FROM swan_grant(11, 1);
SELECT * FROM swan_merge(11, 12, key => 'k1');
SELECT try('SELECT session_id FROM swan_book(11, 9)');

--
-- His bookings are his: what he gives up comes back to the lots where his credits are
--
SELECT ok, returns FROM swan_can_cancel(1, actor => 12);
SELECT returned, available_sessions FROM swan_cancel(1, actor => 12);
SELECT try('SELECT status FROM swan_cancel(2, actor => 11)');
SELECT charged, available_sessions FROM swan_reschedule(2, 8, actor => 12);
SELECT charged, available_sessions FROM swan_complete(took_place(8));
SELECT charged FROM swan_correct(8, 'missed', 'he was not there');
SELECT status, charged, available_sessions FROM swan_correct(1, 'scheduled', 'he comes after all');
SELECT returned, available_sessions FROM swan_cancel(4);
SELECT session_id FROM swan_release(6);
SELECT * FROM studio.lots;
-- the refund of the old payment finds all of it
SELECT user_id, moved, shortfall, available_sessions FROM swan_reverse('pay11', key => 're');
SELECT returned, available_sessions FROM swan_cancel(1);
SELECT user_id, moved, available_sessions FROM swan_reinstate('pay11', 'won', reversal => 're');
-- what is over stays where it was, and what comes of it
SELECT returned, user_id, available_sessions FROM swan_cancel((SELECT session_id FROM swan_correct(3, 'scheduled', 'it was another day')));
SELECT moved, bookings, from_available_sessions, available_sessions FROM swan_merge(11, 12, 'once more', 'k2');
SELECT i, suspended_since IS NOT NULL AS suspended FROM unnest('{11,12}'::bigint[]) i, swan_summary(i) ORDER BY i;
-- back again, and nothing at all
SELECT moved, bookings, from_available_sessions, available_sessions FROM swan_merge(12, 11);
SELECT moved, bookings, from_available_sessions, available_sessions FROM swan_merge(12, 11);
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

--
-- What ended meanwhile: the booking's credit comes back to a lot that has ended, too
--
SELECT added FROM swan_grant(14, 2, 'Short', '2099-06-01');
SELECT session_id FROM swan_book(14, 10);
SELECT pass(14, '2100-01-01');
SELECT moved, bookings, from_available_sessions, available_sessions FROM swan_merge(14, 15);
SELECT user_id, source, granted, remaining, swept FROM studio.swan_lots WHERE user_id IN (14, 15) ORDER BY id;
SELECT returned, available_sessions FROM swan_cancel(10, actor => 15);
SELECT kind, delta, after FROM studio.journal WHERE user_id = 15;

--
-- What a refund is owed of a booking goes along with it
--
SELECT added FROM swan_purchase(20, 3, 'pay20');
SELECT session_id FROM generate_series(21, 22) s, swan_book(20, s);
SELECT status FROM swan_complete(took_place(22));
SELECT user_id, moved, shortfall FROM swan_reverse('pay20', key => 're');
SELECT moved, bookings, from_available_sessions, available_sessions FROM swan_merge(20, 21);
SELECT user_id, delta, details - 'from_lot' AS details FROM studio.journal WHERE kind = 'transfer' AND user_id IN (20, 21);
SELECT try('SELECT moved FROM swan_reverse(''pay20'', n => 1)');
SELECT * FROM swan_verify();
-- of several forgiven it is forgiven, too
BEGIN;
SELECT user_id, moved, available_sessions FROM swan_reinstate('pay20', 'all');
SELECT returned, available_sessions FROM swan_cancel(21);
SELECT * FROM swan_verify();
ROLLBACK;
SELECT returned, available_sessions FROM swan_cancel(21);
SELECT user_id, moved, shortfall, available_sessions FROM swan_reinstate('pay20', 'all');
SELECT try('SELECT moved FROM swan_reverse(''pay20'', n => 4)');
SELECT user_id, moved, shortfall FROM swan_reverse('pay20', n => 3);

--
-- Both are somewhere at the same time
--
SELECT added FROM swan_grant_many('{16,17}', 2);
INSERT INTO studio.sessions (id, trainer_id, session_date) VALUES (901, 4, '2099-01-20 09:30'), (902, 4, '2099-01-21 09:30');
SELECT user_id, session_id FROM unnest('{17,17,16,16}'::bigint[], '{901,902,16,17}'::bigint[]) b (client, session), swan_book(client, session) ORDER BY 2;
SELECT * FROM swan_merge(16, 17);
SELECT returned FROM swan_cancel_many('{16,17}');
SELECT moved, bookings FROM swan_merge(16, 17);
-- what one of them has twice, by force or for a guest, goes over as it is; a place each in one class are two bookings
SELECT added FROM swan_grant_many('{25,26,27}', 5);
INSERT INTO studio.sessions (id, trainer_id, session_date) VALUES (903, 4, '2099-01-29 09:30');
SELECT session_id FROM swan_book(25, 25);
SELECT session_id FROM swan_book(25, 903, force => true);
SELECT swan_open(4, '2099-03-01 18:00', places => 4) AS class \gset
SELECT count(*) FROM unnest('{25,26}'::bigint[]) u, swan_book(u, :class);
SELECT session_id - :class AS place FROM swan_book(25, :class, guest => true);
SELECT split_part(try('SELECT bookings FROM swan_merge(25, 26)'), ' ', 1) AS a_place_each;
SELECT returned FROM swan_cancel(:class + 1);
SELECT bookings FROM swan_merge(25, 26);
SELECT session_id, details FROM studio.swan_ledger WHERE kind = 'merge' AND user_id = 26 AND details ?| '{forced,guest}' ORDER BY id;
SELECT * FROM swan_verify();
SELECT bookings FROM swan_merge(26, 27);
SELECT * FROM swan_verify();
SELECT returned FROM swan_cancel(:class + 2);
SELECT status FROM swan_correct(:class + 2, 'scheduled', 'it was for a guest');
SELECT * FROM swan_verify();

--
-- Who is suspended is so in the other account, from the earlier to the later time
--
SELECT until FROM swan_suspend(22, '2099-02-01', '2099-03-01');
SELECT until FROM swan_suspend(23, '2099-01-01', '2099-02-15');
SELECT moved FROM swan_merge(22, 23);
SELECT suspended_since, suspended_until FROM swan_summary(23);
SELECT suspended_since < now() + interval '1 day' AS now, suspended_until FROM swan_summary(22);
SELECT moved FROM swan_merge(23, 24);
SELECT suspended_since, suspended_until FROM swan_summary(24);
SELECT moved FROM swan_merge(22, 24);
SELECT suspended_until FROM swan_summary(24);
SELECT * FROM swan_verify();
-- where that cannot be noted, nothing is merged
BEGIN;
ALTER TABLE studio.swan_ledger DROP COLUMN suspended;
SELECT * FROM swan_merge(11, 12);
ROLLBACK;

--
-- Arguments, errors
--
SELECT * FROM swan_merge(NULL, 12);
SELECT * FROM swan_merge(11, NULL);
SELECT * FROM swan_merge(11, 11);
SELECT call, try('SELECT moved FROM ' || call) FROM (VALUES
	(1, 'swan_merge(99, 11)'), (2, 'swan_merge(11, 99)'), (3, 'swan_merge(11, 12, key => '' '')'), (4, 'swan_merge(11, 13, key => ''k1'')'), (5, 'swan_merge(12, 11, key => ''k1'')'),
	(6, 'swan_merge(11, 12, repeat(''r'', 300), ''new'')'), (7, 'swan_merge(11, 12, actor => 99)')) t (n, call) ORDER BY n;
SELECT who, try('SELECT moved FROM swan_merge(18, 19, actor => ' || actor || ')') AS merge
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '18')) a (who, actor);

--
-- With session_records there are as many rows as credits
--
SELECT swan_configure('session_records', 'on');
SELECT added FROM swan_grant(18, 3);
SELECT session_id FROM swan_book(18, 20);
SELECT moved, bookings FROM swan_merge(18, 19, 'moved');
SELECT user_id, count(*) FROM studio.sessions WHERE session_date IS NULL AND user_id IN (18, 19) GROUP BY 1;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
