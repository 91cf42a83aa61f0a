-- A session costs k credits, of several lots; what was taken is what comes back.
\i test/fixture/moves.sql
SET ROLE regress_owner;
CREATE FUNCTION studio.story(session bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', status, session_deducted, 'credits', credits, 'balance', (SELECT available_sessions FROM studio.users u WHERE u.id = user_id), '|',
		(SELECT string_agg(concat(kind, delta, '/', dense, CASE WHEN details ? 'credits' THEN ' has ' || (details ->> 'credits') END, CASE WHEN details ? 'of' THEN ' of ' || (details ->> 'of') END, CASE WHEN details ? 'owes' THEN ' owes ' || (details ->> 'owes') END), ', ' ORDER BY id)
		 FROM (SELECT g.*, dense_rank() OVER (ORDER BY lot_id) AS dense FROM studio.swan_ledger g WHERE s.id IN (g.session_id, g.from_session_id)) g))
	FROM studio.sessions s WHERE id = session
$$;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00', 60, 6, '1 day') a;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;
UPDATE studio.sessions SET cost = 3 WHERE id IN (7, 8, 9);
UPDATE studio.sessions SET cost = 0 WHERE id = 10;
UPDATE studio.sessions SET cost = 2 WHERE id = 11;

--
-- Three credits of three lots, the soonest to expire first
--
SELECT count(*) FROM swan_grant(11, 1, 'a', '2099-03-01') a, swan_grant(11, 1, 'b', '2099-02-01') b, swan_grant(11, 5, 'c') c;
SELECT ok FROM swan_can_book(11, 7);
SELECT charged, credits, owed, available_sessions FROM swan_book(11, 7, key => 'k');
SELECT studio.story(7);
SELECT credits, available_sessions, replayed FROM swan_book(11, 7, key => 'k');
SELECT * FROM swan_book(11, 8, key => 'k');
SELECT returns, credits FROM swan_can_cancel(7);
SELECT returned, credits, available_sessions FROM swan_cancel(7, key => 'c');
SELECT returned, credits, available_sessions, replayed FROM swan_cancel(7, key => 'c');
SELECT studio.story(7);
SELECT remaining, reason FROM swan_credits(11);
-- and taken again, of the same lots
SELECT credits, available_sessions FROM swan_correct(7, 'scheduled', 'wrong button');
SELECT studio.story(7);
SELECT remaining, reason FROM swan_credits(11);
-- the cost of today is not what is returned
UPDATE studio.sessions SET cost = 1 WHERE id = 7;
SELECT returned, credits, available_sessions FROM swan_cancel(7);
SELECT check_name, problem FROM swan_verify();
SELECT * FROM out_of_step();

--
-- Too few: nothing is taken, and the error says what it costs
--
SELECT count(*) FROM swan_grant(12, 2);
SELECT sqlstate, code, message FROM swan_can_book(12, 8);
SELECT * FROM swan_book(12, 8);
SELECT * FROM swan_book_many(12, '{11, 12}');
SELECT studio.story(8), (SELECT available FROM swan_summary(12));
-- nothing to pay
SELECT charged, credits, available_sessions FROM swan_book(12, 10);
SELECT studio.story(10);

--
-- An exchange for another price
--
SELECT credits, available_sessions FROM swan_reschedule(10, 11);
SELECT studio.story(11);
SELECT credits, available_sessions FROM swan_reschedule(11, 12);
SELECT studio.story(12);
SELECT studio.story(11);
SELECT * FROM swan_reschedule(12, 8);
SELECT returned, credits, available_sessions FROM swan_cancel(12);
SELECT count(*) FROM swan_grant(12, 1);
SELECT credits, available_sessions FROM swan_book(12, 8);
SELECT credits, available_sessions FROM swan_reschedule(8, 13);
SELECT available FROM swan_summary(12);
-- one that was free stays free
SELECT credits FROM swan_book(12, 14, charge => false);
SELECT credits, available_sessions FROM swan_reschedule(14, 9);
SELECT studio.story(9);
SELECT check_name, problem FROM swan_verify();
SELECT * FROM out_of_step();

--
-- Paid later: it is booked without a credit and owes it
--
SELECT credits, owed, available_sessions FROM swan_book(13, 15, later => true);
SELECT studio.story(15);
SELECT credits, owed FROM swan_reschedule(15, 16);
SELECT studio.story(16);
SELECT owed FROM swan_move(16, duration => 50);
SELECT * FROM swan_charge(16);
SELECT count(*) FROM swan_grant(13, 3);
SELECT credits, owed, available_sessions FROM swan_charge(16, key => 'c');
SELECT credits, owed, available_sessions, replayed FROM swan_charge(16, key => 'c');
SELECT credits, replayed FROM swan_charge(16, 1, key => 'c');
SELECT * FROM swan_charge(16, 2, key => 'c');
SELECT * FROM swan_charge(15, key => 'c');
SELECT * FROM swan_charge(16);
SELECT credits, owed, available_sessions FROM swan_charge(16, 2);
SELECT studio.story(16);
SELECT * FROM swan_charge(16, 0);
SELECT * FROM swan_charge(16, 99);
SELECT * FROM swan_charge(17);
SELECT returned, credits, available_sessions FROM swan_cancel(16);
-- in time a debt goes with its booking
SELECT owed FROM swan_book(13, 17, later => true);
SELECT returned, credits FROM swan_cancel(17);
SELECT * FROM swan_charge(17);
-- when it is over it takes what it owes, if it can
SELECT owed FROM swan_book(13, 1, later => true);
SELECT status, credits, owed, available_sessions FROM swan_complete(1);
SELECT studio.story(1);
SELECT count(*) FROM swan_book(14, 2, later => true);
SELECT status, credits, owed FROM swan_complete(2);
SELECT count(*) FROM swan_grant(14, 1);
SELECT credits, owed FROM swan_charge(2);
SELECT studio.story(2);
-- clients cannot say so
SELECT * FROM swan_book(14, 18, later => true, actor => 14);
SELECT check_name, problem FROM swan_verify();
SELECT * FROM out_of_step();

--
-- Let off: what is owed is forgotten, what was taken comes back, once
--
SELECT * FROM swan_waive(2, NULL);
SELECT returned, credits, available_sessions, message FROM swan_waive(2, 'the shower was cold', 'w');
SELECT returned, credits, replayed FROM swan_waive(2, 'the shower was cold', 'w');
SELECT * FROM swan_waive(2, 'again');
SELECT studio.story(2);
SELECT count(*) FROM swan_book(14, 3, later => true);
SELECT count(*) FROM swan_complete(3, false);
SELECT credits, owed, studio.story(3) FROM swan_charge(3);
SELECT count(*) FROM swan_book(14, 4, later => true);
SELECT owed FROM swan_complete(4, false);
SELECT returned, credits FROM swan_waive(4, 'he was ill');
SELECT studio.story(4);
SELECT * FROM swan_waive(4, 'again');
SELECT * FROM swan_waive(19, 'nobody');
SELECT count(*) FROM swan_grant(14, 1);
SELECT count(*) FROM swan_book(14, 19);
SELECT * FROM swan_waive(19, 'to come');
SELECT check_name, problem FROM swan_verify();
SELECT * FROM out_of_step();

--
-- Of one lot
--
SELECT lot_id, remaining, reason FROM swan_credits(11) ORDER BY remaining DESC LIMIT 1 \gset
SELECT credits FROM swan_book(11, 20, lot_id => :lot_id);
SELECT l.id = :lot_id AS of_it FROM studio.swan_ledger g JOIN studio.swan_lots l ON l.id = g.lot_id WHERE g.session_id = 20;
SELECT * FROM swan_book(12, 21, lot_id => :lot_id);
SELECT check_name, problem FROM swan_verify();
SELECT * FROM out_of_step();
SELECT total_sessions_purchased, sessions_used FROM swan_client(11);

--
-- Slots with a price, of a kind, opened once
--
SELECT swan_open(4, '2099-03-01 09:00', repeat => 2, places => 2, cost => 2, kind => 'pilates', key => 'march');
SELECT swan_open(4, '2099-03-01 09:00', repeat => 2, places => 2, cost => 2, kind => 'pilates', key => 'march');
SELECT swan_open(4, '2099-03-02 09:00', key => 'march');
SELECT swan_open(4, '2099-03-01 09:00', repeat => 2, places => 2, cost => 3, kind => 'pilates', key => 'march');
SELECT swan_open(4, '2099-03-01 09:00', repeat => 2, places => 2, kind => 'pilates', key => 'march');
SELECT swan_open(4, '2099-03-01 09:00', repeat => 2, places => 2, cost => 2, kind => 'yoga', key => 'march');
SELECT swan_open(4, '2099-03-01 09:00', repeat => 2, places => 2, cost => 2, key => 'march');
SELECT swan_open(4, '2099-03-01 09:00', repeat => 2, every => '1 day', places => 2, cost => 2, kind => 'pilates', key => 'march');
SELECT swan_open(4, '2099-03-02 09:00', cost => 0, key => 'free');
SELECT swan_open(4, '2099-03-03 09:00', kind => 'yoga');
SELECT swan_open(4, '2099-03-04 09:00', cost => 101);
SELECT swan_open(4, '2099-03-04 09:00', cost => -1);
SELECT swan_open(4, '2099-03-04 09:00', key => ' ');
SELECT trainer_id, session_date, class_id IS NOT NULL AS class, cost, kind FROM studio.sessions WHERE trainer_id = 4 ORDER BY id;
SELECT kind, delta, user_id, key, details - 'sessions' AS details, jsonb_array_length(details -> 'sessions') AS n FROM studio.swan_ledger WHERE kind = 'slots' ORDER BY id;
-- a slot that is opened again costs the same
SELECT credits FROM swan_book(11, (SELECT min(id) FROM studio.sessions WHERE kind = 'pilates'), actor => 11);
SELECT cost, kind FROM studio.sessions WHERE id = (SELECT reopened_session_id FROM swan_cancel((SELECT id FROM studio.sessions WHERE kind = 'pilates' AND user_id = 11), actor => 11));
-- exchanged for another place than the one that was named, and asked again
SELECT count(*) FROM unnest('{11, 12}'::bigint[]) u, swan_grant(u, 5);
SELECT session_id AS named FROM swan_book(12, (SELECT max(class_id) FROM studio.sessions WHERE kind = 'pilates')) \gset
SELECT session_id AS had, credits FROM swan_book(11, (SELECT id FROM studio.sessions WHERE kind = 'yoga')) \gset
SELECT session_id - :named AS beside, credits, replayed FROM swan_reschedule(:had, :named, key => 'beside');
SELECT session_id - :named AS beside, credits, replayed FROM swan_reschedule(:had, :named, key => 'beside');
SELECT check_name, problem FROM swan_verify();

--
-- A correction takes neither a debt nor a charge away
--
SELECT count(*) FROM swan_open(3, '2099-05-01 09:00', cost => 2, key => 'a') a, swan_open(3, '2099-05-02 09:00', cost => 5, key => 'b') b;
SELECT min(id) AS two, max(id) AS five FROM studio.sessions WHERE session_date >= '2099-05-01' \gset
SELECT owed FROM swan_book(15, 5, later => true);
SELECT owed FROM swan_complete(5);
SELECT credits, owed FROM swan_correct(5, 'missed', 'he was not there');
SELECT studio.story(5);
SELECT count(*) FROM swan_book(15, :two, later => true), swan_cancel(:two, reopen => false);
SELECT credits, owed FROM swan_correct(:two, 'scheduled', 'he is coming');
SELECT count(*) FROM swan_grant(15, 1), swan_charge(:two, 1), swan_cancel(:two, return_credit => true, reopen => false);
SELECT credits, owed, available_sessions FROM swan_correct(:two, 'scheduled', 'after all');
SELECT studio.story(:two);
-- an exchange of what is paid in part
SELECT credits, owed, available_sessions FROM swan_reschedule(:two, :five);
SELECT studio.story(:five);
-- charged when it was cancelled, and then it was not
SELECT count(*) FROM swan_grant(15, 9) a, swan_charge(:five) b, swan_cancel(:five, reopen => false) c, swan_charge(:five, 2) d;
SELECT credits, owed, available_sessions FROM swan_correct(:five, 'scheduled', 'a mistake');
SELECT studio.story(:five);
SELECT returned, credits, available_sessions FROM swan_cancel(:five, reopen => false);
SELECT check_name, problem FROM swan_verify();
SELECT * FROM out_of_step();

-- what cost nothing has not been free
SELECT count(*) FROM swan_open(3, '2099-05-02 11:00', cost => 0, key => 'e') a, swan_open(3, '2099-05-02 13:00', cost => 2, key => 'f') b;
SELECT min(id) AS none, max(id) AS two FROM studio.sessions WHERE session_date >= '2099-05-02 11:00' AND status = 'available' \gset
SELECT credits, available_sessions FROM swan_book(15, :none);
SELECT count(*) FROM swan_cancel(:none, reopen => false) a, swan_correct(:none, 'scheduled', 'a mistake') b;
SELECT credits, available_sessions FROM swan_reschedule(:none, :two);

--
-- A call that is repeated answers as it did, whatever was since
--
SELECT count(*) FROM swan_grant(16, 1, 'a', '2099-06-01') a, swan_grant(16, 1, 'b', '2099-07-01') b, swan_grant(16, 1, 'c') c;
SELECT count(*) FROM swan_open(4, '2099-05-03 09:00', cost => 1, key => 'c') a, swan_open(4, '2099-05-04 09:00', cost => 3, key => 'd') b;
SELECT min(id) AS one, max(id) AS three FROM studio.sessions WHERE session_date >= '2099-05-03' \gset
SELECT credits, owed, available_sessions FROM swan_book(16, :one, later => true, key => 'k');
SELECT credits, owed, available_sessions FROM swan_charge(:one, key => 'k');
SELECT credits, owed, available_sessions FROM swan_reschedule(:one, :three, key => 'k');
SELECT count(*) FROM swan_cancel(:three, reopen => false);
SELECT credits, owed, available_sessions FROM swan_correct(:three, 'scheduled', 'a mistake', 'k');
SELECT count(*) FROM took_place(:three), swan_complete(:three);
SELECT returned, credits, available_sessions FROM swan_waive(:three, 'the shower was cold', 'k');
SELECT credits, owed, available_sessions, replayed FROM swan_book(16, :one, later => true, key => 'k');
SELECT credits, owed, available_sessions, replayed FROM swan_charge(:one, key => 'k');
SELECT credits, owed, available_sessions, replayed FROM swan_reschedule(:one, :three, key => 'k');
SELECT credits, owed, available_sessions, replayed FROM swan_correct(:three, 'scheduled', 'a mistake', 'k');
SELECT returned, credits, available_sessions, replayed FROM swan_waive(:three, 'the shower was cold', 'k');

--
-- What cost nothing is not free because it was corrected
--
SELECT count(*) FROM swan_open(4, '2099-05-05 09:00', cost => 0, key => 'e') a, swan_open(4, '2099-05-06 09:00', cost => 2, key => 'f') b, swan_grant(17, 2) c;
SELECT min(id) FILTER (WHERE cost = 0) AS nothing, max(id) FILTER (WHERE cost = 2) AS two FROM studio.sessions WHERE session_date >= '2099-05-05' AND trainer_id = 4 \gset
SELECT count(*) FROM swan_book(17, :nothing, actor => 17), swan_confirm(:nothing);
SELECT credits FROM swan_correct(:nothing, 'scheduled', 'not yet');
SELECT credits FROM swan_reschedule(:nothing, :two, actor => 17);
-- nor because it became another client's
SELECT count(*) FROM swan_open(4, '2099-05-07 09:00', cost => 0, key => 'g') a, swan_open(4, '2099-05-08 09:00', cost => 2, key => 'h') b, swan_grant(19, 2) c;
SELECT min(id) FILTER (WHERE cost = 0) AS nothing, max(id) FILTER (WHERE cost = 2) AS two FROM studio.sessions WHERE session_date >= '2099-05-07' AND trainer_id = 4 \gset
SELECT credits FROM swan_book(18, :nothing, actor => 18);
SELECT bookings FROM swan_merge(18, 19);
SELECT credits FROM swan_reschedule(:nothing, :two, actor => 19);

--
-- A wrong receipt is found, and refused
--
UPDATE studio.sessions SET credits = 2 WHERE id = 20;
ALTER TABLE studio.sessions DISABLE TRIGGER swan_guard_sessions;
UPDATE studio.sessions SET credits = 2 WHERE id = 20;
ALTER TABLE studio.sessions ENABLE ALWAYS TRIGGER swan_guard_sessions;
SELECT check_name, problem FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
