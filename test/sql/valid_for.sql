-- Credits whose time begins with the first booking from them.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 60, '1 day') a;
-- what a client's lots hold, in how many days they end, and what they are still valid for
CREATE FUNCTION studio.lots(client bigint, OUT remaining integer, OUT days integer, OUT valid_for interval, OUT swept boolean) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT l.remaining, round(extract(epoch FROM l.expires_at - clock_timestamp()) / 86400)::integer, l.valid_for, l.swept FROM studio.swan_lots l WHERE user_id = client ORDER BY id
$$;

--
-- Thirty days from the first booking, a year at most
--
SELECT added, available_sessions FROM swan_purchase(11, 10, 'pay11', expires_at => clock_timestamp() + interval '365 days', valid_for => '30 days');
SELECT remaining, expires_at > clock_timestamp() + interval '364 days' AS a_year, valid_for FROM swan_credits(11);
SELECT * FROM studio.lots(11);
-- what is no booking does not begin it: a hold, credits that are taken back, what is free
SELECT until > clock_timestamp() AS held FROM swan_hold(11, 1, actor => 11);
SELECT moved FROM swan_revoke(11, 1);
SELECT moved FROM swan_reverse('pay11', n => 1, key => 're_1');
SELECT moved FROM swan_reinstate('pay11', 're_1_failed');
SELECT charged FROM swan_book(11, 2, false, actor => 1);
SELECT * FROM studio.lots(11);
SELECT available_sessions FROM swan_book(11, 1, actor => 11);
SELECT * FROM studio.lots(11);
SELECT kind, delta, round(extract(epoch FROM (details ->> 'extended_from')::timestamptz - at) / 86400) AS from_days, round(extract(epoch FROM (details ->> 'extended_to')::timestamptz - at) / 86400) AS to_days
  FROM studio.swan_ledger WHERE user_id = 11 AND kind = 'booking' ORDER BY id;
-- the next ones do not begin it anew, nor does it stop when the first is given up
SELECT ago(11, '10 days');
SELECT available_sessions FROM swan_book(11, 3);
SELECT returned FROM swan_cancel(1);
SELECT * FROM studio.lots(11);
SELECT ago(11, '21 days');
SELECT available FROM swan_summary(11);
-- the studio returns a credit for as long as it had left when it was taken: twenty days
SELECT returned, available_sessions FROM swan_cancel(3);
SELECT * FROM studio.lots(11);

--
-- The outer limit holds; where there is none it has no end until it begins
--
SELECT added FROM swan_grant(12, 2, 'Trial', clock_timestamp() + interval '10 days', valid_for => '30 days');
SELECT session_id FROM swan_book(12, 4);
SELECT * FROM studio.lots(12);
SELECT added FROM swan_grant(13, 2, valid_for => '1 month');
SELECT added FROM swan_grant(13, 1, expires_at => '2099-01-01');
SELECT remaining, expires_at, valid_for FROM swan_credits(13);
-- what ends sooner goes first, and so do two of one call
SELECT count(*) FROM swan_book_many(13, ARRAY[5, 6]);
SELECT remaining, valid_for, expires_at IS NULL AS never FROM studio.swan_lots WHERE user_id = 13 ORDER BY id;
SELECT details ->> 'extended_from' AS from, details ? 'extended_to' AS begins FROM studio.swan_ledger WHERE user_id = 13 AND kind = 'booking' ORDER BY id;
-- it may be over without ever having begun
SELECT added FROM swan_grant(14, 2, expires_at => '2099-03-01', valid_for => '30 days');
SELECT pass(14, '2100-01-01');
SELECT * FROM swan_expire();
SELECT remaining, swept, valid_for FROM studio.swan_lots WHERE user_id = 14;
-- and is opened again as it was
SELECT remaining, expires_at, valid_for FROM swan_extend((SELECT id FROM studio.swan_lots WHERE user_id = 14), '2099-06-01');
SELECT session_id FROM swan_book(14, 7);
SELECT * FROM studio.lots(14);

--
-- Days and months are those of the studio's clocks; hours are hours
--
SELECT swan_configure('time_zone', 'Europe/Berlin');
SELECT added FROM swan_grant_many('{15,16}', 1, valid_for => '3 mons 2 days 01:30');
SELECT valid_for FROM studio.lots(15);
SELECT count(*) FROM swan_book(15, 8) a, swan_book(16, 9) b;
SELECT user_id, expires_at = ((b.at AT TIME ZONE 'Europe/Berlin' + interval '3 mons 2 days') AT TIME ZONE 'Europe/Berlin') + interval '90 minutes' AS there
  FROM studio.swan_lots l JOIN studio.swan_ledger b USING (user_id) WHERE user_id IN (15, 16) AND b.kind = 'booking' ORDER BY 1;
SELECT swan_configure('time_zone', 'UTC');

--
-- Whatever takes a credit for a session begins it: an exchange does not, taking back a cancellation does
--
SELECT added FROM swan_grant(17, 1, valid_for => '30 days');
SELECT added FROM swan_grant(17, 1, expires_at => clock_timestamp() + interval '1000 days');
SELECT session_id FROM swan_book(17, 10);
SELECT session_id FROM swan_reschedule(10, 11);
SELECT * FROM studio.lots(17);
SELECT returned FROM swan_cancel(11);
SELECT moved FROM swan_revoke(17, 1, lot_id => (SELECT max(id) FROM studio.swan_lots WHERE user_id = 17));
SELECT charged FROM swan_correct(11, 'scheduled', 'a mistake');
SELECT remaining, days, valid_for FROM studio.lots(17);
SELECT kind, delta, details - 'extended_to' AS details FROM studio.swan_ledger WHERE user_id = 17 AND kind = 'correction';

--
-- Arguments
--
SELECT * FROM swan_grant(18, 1, valid_for => '0');
SELECT call, try('SELECT added FROM ' || call) FROM (VALUES
	(1, 'swan_grant(18, 1, valid_for => ''-1 day'')'), (2, 'swan_grant(18, 1, valid_for => ''1 month -1 day'')'), (3, 'swan_grant(18, 1, valid_for => ''101 years'')'),
	(4, 'swan_grant(18, 1, valid_for => ''100 years'')'), (5, 'swan_grant(18, 1, valid_for => ''1 microsecond'')'), (6, 'swan_purchase(18, 1, ''p'', valid_for => ''-1 month'')'),
	(7, 'swan_grant_many(ARRAY[18], 1, valid_for => ''178000000 years'')'), (8, 'swan_grant(18, 1, NULL, NULL, NULL, ''1 day'', NULL, 1)'),
	(9, 'swan_purchase(18, 1, ''p'', '''', NULL, NULL, NULL, NULL, ''1 day'', NULL, 1)'), (10, 'swan_grant(18, 1, valid_for => ''0'', actor => 18)')) t (n, call) ORDER BY n;

-- a studio of 0.1.0 has no such column: all else goes on, and what needs it says so
RESET ROLE;
BEGIN;
ALTER TABLE studio.swan_lots DROP COLUMN valid_for;
SET LOCAL ROLE regress_owner;
SELECT added FROM swan_grant(19, 2, expires_at => '2099-06-01');
SELECT added FROM swan_purchase(19, 2, 'pay19');
SELECT added FROM swan_grant_many('{19}', 2);
SELECT session_id FROM swan_book(19, 12);
SELECT remaining, valid_for FROM swan_credits(19);
SELECT remaining FROM swan_extend((SELECT min(id) FROM studio.swan_lots WHERE user_id = 19), '2001-01-01');
SELECT returned FROM swan_cancel(12);
SELECT * FROM swan_verify();
SAVEPOINT s;
SELECT * FROM swan_grant(19, 1, valid_for => '30 days');
ROLLBACK TO s;
SELECT * FROM swan_grant_many('{19}', 1, valid_for => '30 days');
ROLLBACK TO s;
-- nor has one of another type by that name any meaning
RESET ROLE;
ALTER TABLE studio.swan_lots ADD COLUMN valid_for text;
SET LOCAL ROLE regress_owner;
SELECT added FROM swan_grant(19, 1);
SELECT try('SELECT added FROM swan_purchase(19, 1, ''new'', valid_for => ''30 days'')');
ROLLBACK;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
