-- Credits that the studio returns can be spent for as long as they could when they were taken; those that
-- a client gives back end with their lot.
\i test/fixture/moves.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name) SELECT i, 'client ' || i FROM generate_series(31, 40) i;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 60, '1 day') a;
-- what a client's lots hold, and in how many days they end
CREATE FUNCTION studio.lots(client bigint, OUT remaining integer, OUT days integer, OUT swept boolean) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT l.remaining, round(extract(epoch FROM l.expires_at - clock_timestamp()) / 86400)::integer, l.swept FROM studio.swan_lots l WHERE user_id = client ORDER BY id
$$;
-- a lot of so many credits that ends in ten days, of which some are booked at once; 15 days go by
CREATE FUNCTION studio.ended(client bigint, n integer, VARIADIC slots bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	PERFORM swan_purchase(client, n, 'pay' || client, expires_at => clock_timestamp() + interval '10 days');
	PERFORM swan_book_many(client, slots);
	PERFORM ago(client, '15 days');
	RETURN (SELECT available FROM swan_summary(client));
END $$;

--
-- Who cancels: the studio, however it does, and the client
--
CREATE FUNCTION studio.cancelled(arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer record;
BEGIN
	PERFORM studio.ended(11, 3, 1);
	EXECUTE 'SELECT * FROM swan_cancel(1' || arguments || ')' INTO answer;
	RETURN concat_ws(' ', answer.returned, answer.available_sessions, (SELECT string_agg(l::text, ' ') FROM studio.lots(11) l),
		(SELECT string_agg(concat(kind, ' ', delta), ', ' ORDER BY id) FROM studio.swan_ledger WHERE user_id = 11 AND kind <> 'purchase'),
		(SELECT count(*) FROM swan_verify()), (SELECT count(*) FROM out_of_step()));
END $$;
SELECT who, try(format('SELECT studio.cancelled(%L)', arguments)) AS "returned, available, lot, ledger, verify, out of step" FROM (VALUES
	(1, 'system', ''), (2, 'admin', ', actor => 1'), (3, 'staff', ', actor => 2'), (4, 'trainer', ', actor => 3'), (5, 'staff, returned', ', return_credit => true, actor => 2'),
	(6, 'staff, kept', ', return_credit => false, actor => 2'), (7, 'himself', ', actor => 11')) c (n, who, arguments) ORDER BY n;
-- the ledger says from when to when
SELECT studio.ended(11, 3, 1, 2);
SELECT returned, available_sessions, replayed FROM swan_cancel(1, 'Flooded', key => 'k', actor => 1);
SELECT delta, balance_after, reason, key, details - '{extended_from,extended_to}'::text[] AS details,
       round(extract(epoch FROM (details ->> 'extended_to')::timestamptz - at) / 3600) AS hours_left, (details ->> 'extended_from')::timestamptz < at AS had_ended
  FROM studio.swan_ledger WHERE user_id = 11 AND kind = 'cancellation';
-- only what was returned: what had expired unspent stays so
SELECT kind, delta FROM studio.swan_ledger WHERE user_id = 11 AND kind = 'expiry';
SELECT * FROM studio.lots(11);
-- a retry answers the same, and moves nothing
SELECT returned, available_sessions, replayed FROM swan_cancel(1, key => 'k', actor => 1);
-- readers and the janitor agree
SELECT available FROM swan_summary(11);
SELECT granted, remaining, expires_at > clock_timestamp() AS to_come FROM swan_credits(11);
SELECT remaining FROM swan_expiring('11 days');
SELECT sum(credits) FROM swan_liability();
SELECT * FROM swan_expire();
-- and it can be spent, until it ends again
SELECT available_sessions FROM swan_book(11, 3, actor => 11);
SELECT returned, available_sessions FROM swan_cancel(3, actor => 11);
SELECT ago(11, '11 days');
SELECT available FROM swan_summary(11);
SELECT * FROM swan_expire();
SELECT * FROM studio.lots(11);
-- the other booking is from when the lot first was; it comes back after that lot has ended twice
SELECT returned, available_sessions FROM swan_cancel(2, actor => 3);
SELECT * FROM studio.lots(11);

--
-- Each credit for as long as it had left, whichever comes back first
--
SELECT swan_purchase(12, 2, 'pay12', expires_at => clock_timestamp() + interval '10 days') IS NOT NULL AS bought;
SELECT session_id FROM swan_book(12, 4);
SELECT ago(12, '6 days');
SELECT session_id FROM swan_book(12, 5);
SELECT ago(12, '6 days');
BEGIN;
SELECT returned FROM swan_cancel(4);
SELECT * FROM studio.lots(12);
SELECT returned FROM swan_cancel(5);
SELECT * FROM studio.lots(12);
ROLLBACK;
SELECT returned FROM swan_cancel(5);
SELECT * FROM studio.lots(12);
SELECT returned FROM swan_cancel(4);
SELECT * FROM studio.lots(12);

--
-- An exchange does not take the credit anew, nor does a move; what was extended meanwhile has not ended
--
SELECT studio.ended(13, 1, 6);
SELECT session_id FROM swan_reschedule(6, 7);
SELECT session_id FROM swan_reschedule(7, 8);
SELECT session_id FROM swan_move(8, '2099-06-01 09:00');
SELECT returned FROM swan_cancel(8);
SELECT * FROM studio.lots(13);
SELECT swan_grant(14, 2, NULL, clock_timestamp() + interval '10 days') IS NOT NULL AS given;
SELECT session_id FROM swan_book(14, 9);
SELECT session_id FROM swan_book(14, 10);
SELECT ago(14, '5 days');
SELECT lot_id > 0 AS extended FROM swan_extend((SELECT id FROM studio.swan_lots WHERE user_id = 14), clock_timestamp() + interval '15 days');
SELECT ago(14, '7 days');
SELECT returned FROM swan_cancel(9);
SELECT * FROM studio.lots(14);
SELECT ago(14, '10 days');
SELECT returned FROM swan_cancel(10);
SELECT * FROM studio.lots(14);
-- what an exchange or a charge took besides was taken then, not when the session was booked
SELECT swan_grant(31, 1, NULL, clock_timestamp() + interval '10 days') IS NOT NULL AS given;
SELECT session_id FROM swan_book(31, 40);
SELECT ago(31, '4 days');
SELECT swan_grant(31, 1, NULL, clock_timestamp() + interval '10 days') IS NOT NULL AS given;
UPDATE studio.sessions SET cost = 2 WHERE id IN (41, 42);
SELECT session_id, credits FROM swan_reschedule(40, 41);
SELECT session_id, credits FROM swan_reschedule(41, 42);
SELECT ago(31, '1 day');
SELECT ago(31, '14 days');
SELECT returned, credits FROM swan_cancel(42);
SELECT * FROM studio.lots(31);
SELECT swan_grant(32, 2, NULL, clock_timestamp() + interval '10 days') IS NOT NULL AS given;
SELECT session_id, credits FROM swan_book(32, 43, later => true, actor => 2);
SELECT ago(32, '4 days');
SELECT credits FROM swan_charge(43);
SELECT ago(32, '8 days');
SELECT returned, credits FROM swan_cancel(43);
SELECT * FROM studio.lots(32);
-- one that never ends is left as it is
SELECT added FROM swan_grant(15, 1);
SELECT session_id FROM swan_book(15, 11);
SELECT ago(15, '1000 days');
SELECT returned FROM swan_cancel(11);
SELECT * FROM studio.lots(15);

--
-- What a refund could not take is settled first; a lot that was opened again can be refunded
--
SELECT studio.ended(16, 2, 12, 13);
SELECT moved, shortfall FROM swan_reverse('pay16', n => 1);
SELECT returned, available_sessions FROM swan_cancel(12);
SELECT * FROM studio.lots(16);
SELECT returned, available_sessions FROM swan_cancel(13);
SELECT * FROM studio.lots(16);
SELECT moved, shortfall, available_sessions FROM swan_reverse('pay16');
SELECT kind, delta, details ->> 'shortfall' AS shortfall, details ? 'extended_to' AS reopened FROM studio.swan_ledger WHERE user_id = 16 ORDER BY id;
-- the client whose booking the studio moved gives it up himself: returned, and ended
SELECT studio.ended(17, 1, 14);
SELECT session_id FROM swan_move(14, clock_timestamp() + interval '3 hours');
SELECT returned, available_sessions FROM swan_cancel(14, actor => 17);
-- rows for pages
SELECT swan_configure('session_records', 'on');
SELECT studio.ended(18, 2, 15);
SELECT returned, available_sessions FROM swan_cancel(15);
SELECT count(*) FROM studio.sessions WHERE user_id = 18 AND session_date IS NULL;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
