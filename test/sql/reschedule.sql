-- swan_reschedule: a booking is exchanged for an open slot.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 40, '1 day') a;
SELECT count(*) FROM swan_open(4, '2099-01-05 09:30', 45, 10, '1 day') a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00', 60, 4, '1 day') a;
SELECT added FROM swan_grant(11, 10);

--
-- The old row is cancelled, its slot offered anew, the debit moves: one row of the ledger
--
SELECT available_sessions FROM swan_book(11, 1);
SELECT status FROM swan_confirm(1);
SELECT session_id, user_id, trainer_id, status, session_date, duration, booked_at IS NOT NULL AS booked, charged, available_sessions, message, ledger_id, replayed
  FROM swan_reschedule(1, 42, 'k1', actor => 11);
SELECT id, user_id, trainer_id, status, session_date, duration, session_deducted, confirmed FROM studio.sessions WHERE id IN (1, 42) OR id > 54 ORDER BY id;
SELECT id, delta, balance_after, kind, session_id, from_session_id, lot_id, actor_id, key, details FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id;
SELECT remaining FROM studio.swan_lots WHERE user_id = 11;
SELECT booked_at = (SELECT at FROM studio.swan_ledger WHERE key = 'k1') AS now FROM studio.sessions WHERE id = 42;
-- again: as it was then, the session as it is now
SELECT available_sessions FROM swan_book(11, 3);
SELECT status FROM swan_confirm(42);
SELECT session_id, status, charged, available_sessions, message, ledger_id, replayed FROM swan_reschedule(1, 42, 'k1', actor => 1);
SELECT call, try('SELECT session_id FROM ' || call) FROM (VALUES (1, 'swan_reschedule(1, 43, ''k1'')'), (2, 'swan_reschedule(3, 42, ''k1'')'), (3, 'swan_reschedule(42, 1, ''k1'')'),
	(4, 'swan_reschedule(1, 999, ''k1'')'), (5, 'swan_reschedule(1, 42, ''k2'')'), (6, 'swan_reschedule(1, 42)'), (7, 'swan_cancel(3, key => ''k1'')')) t (n, call) ORDER BY n;
SELECT * FROM swan_reschedule(1, 43, 'k1');
SELECT * FROM swan_reschedule(1, 42);
-- on and on: the debit goes with it, and comes back from the last one
SELECT session_id FROM swan_reschedule(42, 5);
SELECT session_id FROM swan_reschedule(5, 6);
SELECT id, status, session_deducted FROM studio.sessions WHERE id IN (1, 42, 5, 6) ORDER BY id;
SELECT charged, returned, available_sessions FROM swan_cancel(6, actor => 11);
SELECT * FROM swan_cancel(42);
SELECT session_id, from_session_id, lot_id FROM studio.swan_ledger WHERE kind = 'reschedule' ORDER BY id;

--
-- What the target has to be: open, in the future for clients, not another's, at a free time
--
SELECT session_id FROM swan_book(11, 7);
SELECT added FROM swan_grant(12, 3);
SELECT session_id FROM swan_book(12, 8);
SELECT session_id FROM swan_hold(12, 9);
SELECT to_session, try('SELECT session_id FROM swan_reschedule(7, ' || to_session || ', actor => 11)') AS client, try('SELECT session_id FROM swan_reschedule(7, ' || to_session || ', actor => 2)') AS staff
  FROM unnest(ARRAY[7, 8, 9, 3, 51, 1, 43, 47, 999, -9223372036854775808]) to_session;
SELECT * FROM swan_reschedule(7, 8);
SELECT * FROM swan_reschedule(7, 43);
SELECT * FROM swan_reschedule(7, 999);
-- at the time of the one he gives up: 47 is half an hour later
SELECT session_date, duration FROM swan_reschedule(7, 47, actor => 11);
-- one that he holds himself: the hold is used up
SELECT session_id FROM swan_hold(11, 10);
SELECT session_id FROM swan_reschedule(47, 10, actor => 11);
SELECT session_id FROM studio.swan_holds;
-- where the same trainer's slots overlap, the old one is not offered anew
SELECT swan_configure('guard_sessions', 'record');
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (3, '2099-01-14 09:30') RETURNING id AS overlapping \gset
SELECT session_id = :overlapping AS moved FROM swan_reschedule(10, :overlapping, actor => 11);
SELECT swan_configure('guard_sessions', 'refuse');
SELECT count(*) FROM studio.sessions WHERE session_date = '2099-01-14 09:00' AND status = 'available';

--
-- Too late for the client, never for the studio
--
SELECT session_id FROM swan_book(11, 11);
SELECT swan_configure('cancel_window', '100 years');
SELECT who, try('SELECT session_id FROM swan_reschedule(11, 12, actor => ' || actor || ')')
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('another trainer', '4'), ('himself', '11'), ('another', '12')) a (who, actor);
SELECT * FROM swan_reschedule(11, 12, actor => 11);
SELECT swan_configure('cancel_window', '24 hours');
SELECT who, try('SELECT session_id FROM swan_reschedule(11, 12, actor => ' || actor || ')')
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('another trainer', '4'), ('himself', '11'), ('another', '12')) a (who, actor);
SELECT * FROM swan_reschedule(11, 12, actor => 4);
SELECT * FROM swan_reschedule(11, 12, actor => 12);
-- what is past stays past: it is not offered anew
SELECT session_id FROM swan_book(11, 52);
SELECT * FROM swan_reschedule(52, 13, actor => 11);
SELECT count(*) AS slots FROM studio.sessions \gset
SELECT session_id FROM swan_reschedule(52, 13, actor => 2);
SELECT count(*) - :slots AS more FROM studio.sessions;

--
-- Only a live booking
--
SELECT session_id FROM generate_series(14, 16) s, swan_book(11, s);
SELECT status FROM swan_confirm(14);
SELECT status FROM swan_complete(took_place(15));
SELECT status FROM swan_cancel(16);
SELECT status FROM swan_cancel(17);
SELECT id, status, user_id, try('SELECT status FROM swan_reschedule(' || id || ', 20)') FROM studio.sessions WHERE id BETWEEN 11 AND 18 AND id <> 13 ORDER BY id;
-- arguments
SELECT * FROM swan_reschedule(NULL, 20);
SELECT * FROM swan_reschedule(11, NULL);
SELECT * FROM swan_reschedule(999, 20);
SELECT call, try('SELECT session_id FROM ' || call) FROM (VALUES (1, 'swan_reschedule(11, 20, '' '')'), (2, 'swan_reschedule(11, 20, repeat(''k'', 256))'), (3, 'swan_reschedule(11, 20, repeat(''k'', 255))'),
	(4, 'swan_reschedule(NULL, NULL, '''', actor => 99)'), (5, 'swan_reschedule(-9223372036854775808, 20)')) t (n, call) ORDER BY n;

--
-- It needs no credit; one that cost nothing costs nothing
--
SELECT session_id, charged FROM swan_book(13, 21, false);
SELECT charged, available_sessions FROM swan_reschedule(21, 22, 'free', actor => 13);
SELECT charged, available_sessions, replayed FROM swan_reschedule(21, 22, 'free', actor => 13);
SELECT lot_id FROM studio.swan_ledger WHERE user_id = 13 AND kind = 'reschedule';
SELECT charged, returned, available_sessions FROM swan_cancel(22);
SELECT added FROM swan_grant(14, 3, NULL, '2099-06-01');
SELECT available_sessions FROM swan_book(14, 23);
-- its lot may have expired meanwhile: it is kept, the rest goes
SELECT swan_configure('session_records', 'on');
SELECT pass(14, '2100-01-01');
SELECT charged, available_sessions FROM swan_reschedule(23, 24, 'expired', actor => 14);
SELECT kind, delta, balance_after, session_id, from_session_id, lot_id - min(lot_id) OVER () AS lot, actor_id, key, call_id - min(call_id) FILTER (WHERE kind = 'expiry') OVER () AS call FROM studio.swan_ledger WHERE user_id = 14 ORDER BY id;
SELECT count(*) FROM studio.sessions WHERE user_id = 14 AND session_date IS NULL;
SELECT charged, available_sessions, replayed FROM swan_reschedule(23, 24, 'expired', actor => 14);
SELECT returned, available_sessions FROM swan_cancel(24);
-- a shortfall follows it as well
SELECT added FROM swan_purchase(15, 2, 'pay15');
SELECT session_id FROM swan_book(15, 25);
SELECT moved, shortfall FROM swan_reverse('pay15');
SELECT session_id FROM swan_reschedule(25, 26);
SELECT returned, available_sessions FROM swan_cancel(26);
-- in a transaction with a snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ;
SAVEPOINT s;
SELECT session_id, available_sessions FROM swan_reschedule(11, 27);
SELECT session_id FROM swan_reschedule(27, 28, 'again');
SELECT session_id, replayed FROM swan_reschedule(27, 28, 'again');
ROLLBACK TO s;
SELECT try('SELECT session_id FROM swan_reschedule(11, 8)');
ROLLBACK;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

--
-- A trainer exchanges bookings of his own slots, whenever he likes, for others of his own
--
SELECT min(a) AS near FROM swan_open(3, date_trunc('minute', clock_timestamp()) + interval '2 hours') a \gset
SELECT swan_open(3, '2099-12-01 09:00') AS his \gset
SELECT swan_open(4, '2099-12-02 09:00') AS hers \gset
SELECT status FROM swan_book(13, :near, charge => false);
SELECT who, try(format('SELECT status FROM swan_reschedule(%s, %s, actor => %s)', :near, :his, actor)) AS to_his,
       regexp_replace(try(format('SELECT status FROM swan_reschedule(%s, %s, actor => %s)', :near, :hers, actor)), '\d+$', 'N') AS to_hers,
       try(format('SELECT status FROM swan_reschedule(%s, 999, actor => %s)', :near, actor)) AS to_none
  FROM (VALUES (1, 'its trainer', 3), (2, 'another', 4), (3, 'its client', 13), (4, 'another client', 12), (5, 'staff', 2)) v (n, who, actor) ORDER BY n;
SELECT status, user_id FROM swan_reschedule(:near, :his, actor => 3);

RESET ROLE;
\i test/fixture/moves_gone.sql
