-- The bugs that comparable software has, each by its name.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 60, '1 day') a;

-- Cancelling with 9 left sets 1
SELECT available_sessions FROM swan_grant(11, 10);
SELECT available_sessions FROM swan_book(11, 1);
SELECT returned, available_sessions FROM swan_cancel(1, actor => 11);
SELECT available_sessions FROM studio.users WHERE id = 11;

-- A failed booking loses the credit
SELECT available_sessions FROM swan_grant(12, 1);
SELECT session_id FROM swan_book(11, 2);
SELECT try('SELECT session_id FROM swan_book(12, 2)'), try('SELECT session_id FROM swan_book(12, 999)'), try('SELECT session_id FROM swan_book(12, 3, actor => 11)');
BEGIN;
SELECT available_sessions FROM swan_book(12, 3);
SELECT 1 / 0;
ROLLBACK;
DO $$
BEGIN
	PERFORM swan_book(12, 3);
	RAISE EXCEPTION SQLSTATE 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	NULL;
END $$;
SELECT available_sessions FROM studio.users WHERE id = 12;
SELECT status, user_id FROM studio.sessions WHERE id = 3;
SELECT available_sessions FROM swan_book(12, 3);

-- A redelivered webhook grants twice
SELECT i, added, available_sessions, replayed FROM generate_series(1, 3) i, swan_purchase(13 + 0 * i, 8, 'cs_1', 'eight', 60000, 'usd') ORDER BY i;
SELECT available_sessions FROM swan_book(13, 4);
SELECT added, available_sessions, replayed FROM swan_purchase(13, 8, 'cs_1', 'eight', 60000, 'usd');
SELECT available_sessions FROM studio.users WHERE id = 13;
-- so does one of a refund: it takes back once
SELECT i, moved, shortfall, replayed FROM generate_series(1, 3) i, swan_reverse('cs_1', n => 2 + 0 * i, key => 're_1') ORDER BY i;
SELECT available_sessions FROM studio.users WHERE id = 13;

-- A free booking's cancellation mints a credit
SELECT charged, available_sessions FROM swan_book(14, 5, actor => 1);
SELECT charged, returned, available_sessions FROM swan_cancel(5, actor => 14);
SELECT charged FROM swan_book(14, 6, false);
SELECT charged, returned, available_sessions FROM swan_cancel(6, return_credit => true, actor => 1);
SELECT charged FROM swan_book(14, 7, false);
SELECT charged FROM swan_reschedule(7, 8);
SELECT charged, returned, available_sessions FROM swan_cancel(8);
SELECT available_sessions FROM studio.users WHERE id = 14;

-- Two concurrent cancels return twice: the second one waits (isolation/cancel_cancel), and this is what it finds
SELECT available_sessions FROM swan_grant(15, 1);
SELECT available_sessions FROM swan_book(15, 9);
SELECT returned, available_sessions FROM swan_cancel(9, actor => 15);
SELECT try('SELECT returned FROM swan_cancel(9, actor => 15)'), try('SELECT returned FROM swan_cancel(9, return_credit => true, key => ''twice'', actor => 1)');
SELECT available_sessions FROM studio.users WHERE id = 15;

-- A weekly series is judged in the server's time zone over a daylight-saving change: the clocks change on 29 March and 25 October
SELECT swan_configure('time_zone', 'Europe/Berlin');
SET timezone = 'America/New_York';
CREATE TEMP TABLE series AS
	SELECT 1 AS n, a FROM swan_open(4, '2099-03-22 09:00 Europe/Berlin', repeat => 3) a
	UNION ALL SELECT 2, a FROM swan_open(4, '2099-10-18 09:00 Europe/Berlin', repeat => 3) a
	UNION ALL SELECT 3, a FROM swan_open(4, '2099-03-28 11:00 Europe/Berlin', repeat => 3, every => '1 day') a
	UNION ALL SELECT 4, a FROM swan_open(4, '2099-03-28 13:00 Europe/Berlin', repeat => 3, every => '24 hours') a;
SELECT n, session_date AT TIME ZONE 'Europe/Berlin' AS berlin, session_date AT TIME ZONE 'UTC' AS utc FROM series, studio.sessions WHERE id = a ORDER BY n, id;
DROP TABLE series;

-- The cancel window is: a day is the studio's, which may have 23 or 25 hours, and an hour is an hour.  Now is what it is, so a slot is opened after
-- a change of the clocks as seen from now: in summer if it is winter in Berlin, and the other way round.  It is half an hour within a window of so many days,
-- and half an hour short of one of as many times 24 hours, or the other way round
SELECT now() AT TIME ZONE 'Europe/Berlin' - now() AT TIME ZONE 'UTC' = '1 hour' AS winter \gset
SELECT (CASE WHEN :'winter' THEN '2099-07-01' ELSE '2099-12-15' END)::date - (now() AT TIME ZONE 'Europe/Berlin')::date AS days \gset
SELECT count(*) FROM swan_open(4, (now() AT TIME ZONE 'Europe/Berlin' + :days * interval '1 day' + CASE WHEN :'winter' THEN 1 ELSE -1 END * interval '30 minutes') AT TIME ZONE 'Europe/Berlin', 10) a;
SELECT max(id) AS slot FROM studio.sessions \gset
SELECT available_sessions FROM swan_grant(16, 3);
SELECT session_id = :slot AS booked FROM swan_book(16, :slot);
SELECT swan_configure('cancel_window', :days || ' days') = :days || ' days' AS days;
SELECT zone, set_config('timezone', zone, false) = zone AS zone_is_set, try('SELECT returned FROM swan_cancel(' || :slot || ', actor => 16)') = :'winter'::boolean::text AS right
  FROM unnest(ARRAY['UTC', 'Pacific/Auckland', 'America/New_York']) zone;
SELECT try('SELECT session_id FROM swan_reschedule(' || :slot || ', 10, actor => 16)') = CASE WHEN :'winter' THEN '10' ELSE 'SW008 session ' || :slot || ' starts too soon to be rescheduled' END AS right;
SELECT swan_configure('cancel_window', 24 * :days || ' hours') = 24 * :days || ':00:00' AS hours;
SELECT try('SELECT returned FROM swan_cancel(' || :slot || ', actor => 16)') = (NOT :'winter'::boolean)::text AS right;
SELECT try('SELECT session_id FROM swan_reschedule(' || :slot || ', 10, actor => 16)') = CASE WHEN NOT :'winter' THEN '10' ELSE 'SW008 session ' || :slot || ' starts too soon to be rescheduled' END AS right;
SET timezone = 'UTC';

-- A trainer's cancellation costs the client his credit
SELECT swan_configure('cancel_window', '100 years');
SELECT available_sessions FROM swan_book(16, 11);
SELECT available_sessions FROM swan_book(16, 12);
SELECT returned, available_sessions FROM swan_cancel(11, 'ill', actor => 3);
-- where the client's own would
SELECT returned, available_sessions FROM swan_cancel(12, actor => 16);

-- A client dodges the window by rescheduling and then cancelling
SELECT available_sessions FROM swan_grant(17, 1);
SELECT count(*) FROM swan_open(4, now() + interval '12 hours', 10) a;
SELECT max(id) AS soon FROM studio.sessions \gset
SELECT session_id = :soon AS booked FROM swan_book(17, :soon);
SELECT swan_configure('cancel_window', '24 hours');
SELECT try('SELECT session_id FROM swan_reschedule(' || :soon || ', 13, actor => 17)') = 'SW008 session ' || :soon || ' starts too soon to be rescheduled' AS refused;
SELECT returned, available_sessions FROM swan_cancel(:soon, actor => 17);
SELECT sessions_used FROM swan_client(17);

-- One client holds every slot
SELECT available_sessions FROM swan_grant(18, 1);
SELECT try('SELECT session_id FROM swan_hold(18, 14, actor => 18)'), session_id FROM swan_hold(18, 14, actor => 18);
SELECT slot, try('SELECT session_id FROM swan_hold(18, ' || slot || ', actor => 18)') FROM generate_series(15, 17) slot;
SELECT * FROM swan_hold(18, 18, actor => 18);
-- for ever
SELECT * FROM swan_hold(18, 14, '1 year', actor => 18);
-- or without a credit to book it with, where the studio wants it so
SELECT swan_configure('hold_credit', 'on');
SELECT * FROM swan_hold(19, 18, actor => 19);

-- Buy, book, refund the payment, cancel: a free credit
SELECT available_sessions FROM swan_purchase(20, 2, 'cs_2', '', 15000, 'usd');
SELECT available_sessions FROM swan_book(20, 19);
SELECT moved, shortfall, available_sessions FROM swan_reverse('cs_2');
SELECT returned, available_sessions FROM swan_cancel(19, actor => 20);
SELECT available_sessions FROM studio.users WHERE id = 20;
SELECT * FROM swan_book(20, 20, actor => 20);
-- nor by way of another slot, nor if the studio cancels, nor if it means well
SELECT available_sessions FROM swan_purchase(20, 3, 'cs_3');
SELECT count(*) FROM generate_series(20, 22) s, swan_book(20, s);
SELECT moved, shortfall, available_sessions FROM swan_reverse('cs_3');
SELECT session_id FROM swan_reschedule(20, 23, actor => 20);
SELECT returned, available_sessions FROM swan_cancel(23, actor => 20);
SELECT returned, available_sessions FROM swan_cancel(21, actor => 3);
SELECT returned, available_sessions FROM swan_cancel(22, return_credit => true, actor => 1);
SELECT available_sessions FROM studio.users WHERE id = 20;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
