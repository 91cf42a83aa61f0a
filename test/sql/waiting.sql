-- swan_wait, swan_unwait, swan_waiting and swan_promote: who waits for a slot that others have.
\i test/fixture/moves.sql
\i test/fixture/later.sql
SET ROLE regress_owner;
-- whose turn it is: how many minutes from now it begins, and ends
CREATE VIEW studio.line AS SELECT session_id, user_id, auto, told, round(extract(epoch FROM offered_from - clock_timestamp()) / 60) AS begins,
	round(extract(epoch FROM offered_until - clock_timestamp()) / 60) AS ends, refused FROM studio.swan_waits ORDER BY session_id, id;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00') a;
SELECT count(*) FROM generate_series(11, 14) u, swan_grant(u, 5);

--
-- A line for what somebody has
--
SELECT session_id FROM swan_book(11, 1, actor => 11);
SELECT session_id, user_id, line, since > now() - interval '1 minute' AS just_now, auto, offered_from, offered_until, refused FROM swan_wait(12, 1, actor => 12);
SELECT line, auto FROM swan_wait(13, 1, true, actor => 13);
SELECT line, auto FROM swan_wait(14, 1, actor => 3);
-- twice is the same place; what he asks for may change
SELECT line, auto FROM swan_wait(12, 1, actor => 12);
SELECT line, auto FROM swan_wait(12, 1, true, actor => 12);
SELECT line, auto FROM swan_wait(12, 1, NULL, actor => 12);
SELECT kind, delta, balance_after, session_id, actor_id FROM studio.swan_ledger WHERE kind = 'wait' ORDER BY id;
-- who sees what
SELECT who, (SELECT string_agg(user_id || ':' || line, ' ' ORDER BY line) FROM swan_waiting(1, actor => actor)) AS sees
FROM (VALUES ('system', NULL), ('admin', 1), ('staff', 2), ('its trainer', 3), ('another', 4), ('who has it', 11), ('second', 13)) a (who, actor);
SELECT session_id, line FROM swan_waiting(actor => 13);
SELECT session_id, user_id FROM swan_waiting();

--
-- What cannot be waited for
--
SELECT who, try(format('SELECT line FROM swan_wait(%s, %s, actor => %s)', client, slot, actor)) FROM (VALUES
	('his own', 11, 1, '11'), ('open', 12, 2, '12'), ('over', 12, 21, '12'), ('unknown session', 12, 999, '12'), ('unknown client', 999, 1, 'NULL'), ('for another', 12, 1, '13'), ('another trainer', 12, 1, '4'),
	('nobody', NULL, 1, '12'), ('nothing', 12, NULL, '12')) c (who, client, slot, actor);
SELECT reopened_session_id FROM swan_cancel(2);
SELECT line FROM swan_wait(12, 2);
SELECT line FROM swan_unwait(2, 12);
SELECT line FROM swan_unwait(1, actor => 11);
SELECT line FROM swan_unwait(1);
SELECT line FROM swan_unwait(1, 12, actor => 13);

--
-- It comes free: kept for each in turn, and for nobody else
--
SELECT session_id, reopened_session_id FROM swan_cancel(1, actor => 11);
SELECT * FROM studio.line;
SELECT kind, user_id, session_id, actor_id, details ? 'until' AS until FROM studio.swan_ledger WHERE kind = 'offer';
SELECT count(*) FROM swan_slots(NULL, NULL) WHERE session_id = 22;
SELECT u, ok, code, try(format('SELECT session_id FROM swan_book(%s, 22, actor => %s)', u, CASE WHEN u = 12 THEN 11 ELSE u END)) FROM unnest('{11, 12, 13, 14}'::bigint[]) u, swan_can_book(u, 22) ORDER BY u;
SELECT who, try(format('SELECT session_id FROM swan_book(11, 22, actor => %s)', actor)) FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('its trainer', '3')) a (who, actor);
SELECT session_id FROM swan_hold(11, 22, actor => 11);
SELECT session_id FROM swan_book(11, 3, actor => 11);
SELECT session_id FROM swan_reschedule(3, 22, actor => 11);
SELECT session_id FROM swan_book_many(11, '{4, 22}', actor => 11);
SELECT session_id FROM swan_wait(11, 22, actor => 11);
SELECT * FROM studio.line;
SELECT line FROM swan_unwait(22, actor => 11);
-- the next one's turn, by the clock
SELECT public.later('119 minutes');
SELECT u, ok FROM unnest('{11, 12, 13, 14}'::bigint[]) u, swan_can_book(u, 22) ORDER BY u;
SELECT public.later('1 minute');
SELECT u, ok FROM unnest('{11, 12, 13, 14}'::bigint[]) u, swan_can_book(u, 22) ORDER BY u;
-- who leaves when his turn is over takes nothing from the one whose turn it is
SELECT line FROM swan_unwait(22, actor => 12);
SELECT * FROM studio.line;
-- who leaves in his turn gives it to the next one, who is told
SELECT line FROM swan_unwait(22, actor => 13);
SELECT * FROM studio.line;
SELECT kind, user_id, session_id, actor_id FROM studio.swan_ledger WHERE kind = ANY ('{unwait,offer}') ORDER BY id;
-- he holds it, for no longer than it is kept for him
SELECT public.later('110 minutes');
SELECT until < clock_timestamp() + interval '11 minutes' AS short FROM swan_hold(14, 22, '20 minutes', actor => 14);
-- after the last one it is anybody's
SELECT session_id FROM swan_release(22, actor => 14);
SELECT public.later('10 minutes');
SELECT u, ok FROM unnest('{11, 12, 13, 14}'::bigint[]) u, swan_can_book(u, 22) ORDER BY u;
SELECT session_id FROM swan_slots(NULL, NULL) WHERE session_id = 22;
SELECT line FROM swan_wait(12, 22);
SELECT session_id FROM swan_book(13, 22, actor => 13);
-- who was passed over waits on
SELECT * FROM studio.line;
SELECT line FROM swan_wait(12, 22);
SELECT reopened_session_id FROM swan_cancel(22, actor => 13);
SELECT * FROM studio.line;
-- who books is not in line any more, and the other has no turn
SELECT session_id FROM swan_book(14, 23, actor => 14);
SELECT * FROM studio.line;
SELECT line FROM swan_wait(14, 23);

--
-- The office passes over the line
--
SELECT reopened_session_id FROM swan_cancel(23, actor => 14);
SELECT session_id FROM swan_book(13, 24, force => true, actor => 2);
SELECT * FROM studio.line;
-- an exchange opens it, too
SELECT session_id FROM swan_reschedule(24, 5, actor => 13);
SELECT * FROM studio.line;
-- whoever exchanges for what is kept for him
SELECT session_id FROM swan_book(12, 6, actor => 12);
SELECT session_id FROM swan_reschedule(6, 25, actor => 12);
SELECT * FROM studio.line;

--
-- Lines end with what they are for
--
SELECT line FROM swan_wait(13, 25);
SELECT session_date FROM swan_move(25, '2099-02-01 09:00');
SELECT session_id, line FROM swan_waiting(25);
SELECT reopened_session_id FROM swan_cancel(25, actor => 2);
SELECT * FROM studio.line;
SELECT session_id FROM swan_book(12, 7);
SELECT line FROM swan_wait(13, 7);
SELECT reopened_session_id FROM swan_cancel(7, reopen => true);
SELECT status FROM swan_correct(7, 'scheduled', 'a mistake', actor => 2);
SELECT * FROM studio.line;
SELECT reopened_session_id FROM swan_cancel(7, reopen => true);
SELECT status FROM swan_cancel(28);
SELECT * FROM studio.line;

--
-- What is held is waited for until the hold ends
--
SELECT session_id FROM swan_hold(11, 8, actor => 11);
SELECT line FROM swan_wait(12, 8, actor => 12);
SELECT * FROM studio.line;
SELECT ok FROM swan_can_book(11, 8);
SELECT session_id FROM swan_hold(11, 8, actor => 11);
SELECT session_id FROM swan_release(8, actor => 11);
SELECT * FROM studio.line;
SELECT session_id FROM swan_book(12, 8, actor => 12);

--
-- swan_promote
--
SELECT * FROM swan_promote();
SELECT session_id FROM unnest('{9, 10, 11, 12}'::bigint[]) s, swan_book(11, s) ORDER BY 1;
SELECT s, line FROM unnest('{9, 10, 11, 12}'::bigint[]) s, swan_wait(15, s, true) ORDER BY 1;
SELECT s, line FROM unnest('{9, 10, 11, 12}'::bigint[]) s, swan_wait(13, s, s < 12) ORDER BY 1;
SELECT s, line FROM unnest('{9, 10, 11, 12}'::bigint[]) s, swan_wait(12, s, true) ORDER BY 1;
SELECT reopened_session_id FROM unnest('{9, 10, 12}'::bigint[]) s, swan_cancel(s, actor => 11) ORDER BY 1;
-- he has no credit, and keeps his turn until it is over
SELECT session_id, user_id, status, credits_are FROM (SELECT *, available_sessions AS credits_are FROM swan_promote()) p;
SELECT * FROM studio.line;
SELECT refused FROM swan_waiting(29, actor => 15);
SELECT public.later('2 hours');
-- one booking of a client in a call
SELECT user_id, status, message FROM swan_promote();
SELECT user_id, status, message FROM swan_promote();
SELECT user_id, status, message FROM swan_promote();
SELECT * FROM studio.line;
SELECT user_id, kind, session_id, actor_id FROM studio.swan_ledger WHERE kind = 'offer' OR (kind = 'booking' AND actor_id IS NULL AND id > (SELECT max(id) FROM studio.swan_ledger WHERE kind = 'wait')) ORDER BY id;
-- the studio's limits are his
SELECT swan_configure('book_horizon', '1 day');
SELECT public.later('2 hours');
SELECT user_id FROM swan_promote();
SELECT user_id, refused FROM studio.line WHERE refused IS NOT NULL;
SELECT swan_configure('book_horizon', NULL);
SELECT user_id FROM swan_promote(1);
SELECT swan_promote(0);
RESET ROLE;
SELECT who, try('SELECT count(*) FROM swan_promote()') FROM (VALUES ('as the owner')) a (who);

--
-- What direct writes open is kept at once, and who waits for what they take away waits no longer
--
SET ROLE regress_owner;
SELECT swan_configure('guard_sessions', 'record');
SELECT session_id FROM swan_book(14, 13);
SELECT line FROM swan_wait(12, 13);
UPDATE studio.sessions SET status = 'available', user_id = NULL, session_deducted = false WHERE id = 13;
SELECT ok FROM swan_can_book(11, 13);
SELECT user_id FROM swan_promote();
SELECT ok, code FROM swan_can_book(11, 13);
SELECT user_id FROM swan_promote();
SELECT kind, user_id FROM studio.swan_ledger WHERE session_id = 13 ORDER BY id;
DELETE FROM studio.sessions WHERE id = 13;
SELECT * FROM studio.line WHERE session_id = 13;
SELECT * FROM swan_verify() WHERE check_name LIKE 'wait%';

--
-- A class has one line for all its places
--
SELECT swan_open(4, '2099-03-01 18:00', places => 3) AS class \gset
SELECT session_id - :class AS place FROM unnest('{11, 12}'::bigint[]) u, swan_book(u, :class) ORDER BY 1;
SELECT line FROM swan_wait(13, :class);
SELECT session_id - :class AS place FROM swan_book(14, :class + 1);
SELECT count(*) FROM generate_series(16, 18) u, swan_grant(u, 3);
SELECT line, session_id - :class AS class FROM swan_wait(13, :class + 2, actor => 13);
SELECT u, line FROM unnest('{16, 17, 18}'::bigint[]) u, swan_wait(u, :class, true) ORDER BY 1;
SELECT line FROM swan_wait(14, :class);
SELECT count(*) FROM swan_waiting(:class + 1);
-- one place comes free, then another: two have their turn at once, and the others follow
SELECT reopened_session_id IS NOT NULL AS reopened FROM swan_cancel(:class, actor => 11);
SELECT session_id - :class AS class, user_id, told, begins, ends FROM studio.line WHERE session_id = :class;
SELECT u, ok FROM unnest('{11, 13, 16}'::bigint[]) u, swan_can_book(u, :class) ORDER BY u;
SELECT count(*) FROM swan_slots('2099-03-01', NULL);
SELECT public.later('30 minutes');
SELECT reopened_session_id IS NOT NULL AS reopened FROM swan_cancel(:class + 1, actor => 12);
SELECT session_id - :class AS class, user_id, told, begins, ends FROM studio.line WHERE session_id = :class;
SELECT u, ok FROM unnest('{11, 13, 16, 17}'::bigint[]) u, swan_can_book(u, :class) ORDER BY u;
SELECT DISTINCT places, places_left FROM swan_schedule('2099-03-01', NULL) WHERE status <> 'cancelled';
-- the second books; the first lets his turn pass
SELECT session_id - :class AS place, user_id FROM swan_promote();
SELECT session_id - :class AS class, user_id, told, begins, ends FROM studio.line WHERE session_id = :class;
SELECT public.later('90 minutes');
SELECT u, ok FROM unnest('{11, 13, 17, 18}'::bigint[]) u, swan_can_book(u, :class) ORDER BY u;
-- one place more than they are: that is anybody's, the others are theirs
INSERT INTO studio.sessions (trainer_id, session_date, class_id) SELECT 4, '2099-03-01 18:00', :class FROM generate_series(1, 3);
SELECT u, ok FROM unnest('{11, 13, 17, 18}'::bigint[]) u, swan_can_book(u, :class) ORDER BY u;
SELECT places, places_left FROM swan_slots('2099-03-01', NULL);
SELECT user_id FROM swan_book(11, :class, actor => 11);
SELECT user_id FROM swan_book(12, :class, actor => 12);
SELECT places, places_left FROM swan_slots('2099-03-01', NULL);
SELECT user_id FROM swan_book(15, :class, charge => false, actor => 1);
SELECT user_id FROM swan_promote() ORDER BY 1;
SELECT session_id - :class AS class, user_id, told, begins, ends FROM studio.line WHERE session_id = :class;
SELECT user_id FROM swan_book(13, :class, actor => 13);
-- all of it is given up
SELECT u, line FROM unnest('{19, 20}'::bigint[]) u, swan_wait(u, :class) ORDER BY 1;
SELECT session_date FROM swan_move(:class + 2, '2099-03-02 18:00');
SELECT user_id, line FROM swan_waiting() WHERE session_id = :class;
SELECT count(*) FROM swan_cancel_many(ARRAY(SELECT id FROM studio.sessions WHERE class_id = :class AND status <> 'cancelled' ORDER BY id LIMIT 1), reopen => false);
SELECT count(*) FROM swan_waiting(:class);
SELECT count(*) FROM swan_cancel_many(ARRAY(SELECT id FROM studio.sessions WHERE class_id = :class AND status <> 'cancelled'), reopen => false);
SELECT count(*) FROM swan_waiting(:class);
SELECT * FROM swan_verify();

--
-- Who gets a credit back and is told of another slot in one call has one account
--
SELECT session_id FROM swan_book(16, 16);
SELECT session_id FROM swan_book(17, 17);
SELECT line FROM swan_wait(16, 17);
SELECT session_id, user_id, available_sessions FROM swan_cancel_many('{16, 17}', reopen => true);
SELECT kind, delta, balance_after, (SELECT available_sessions FROM studio.users WHERE id = 16) AS balance FROM studio.swan_ledger WHERE user_id = 16 ORDER BY id DESC LIMIT 2;
SELECT * FROM swan_verify();

--
-- A turn is for the place that nobody else holds; of two, for the one that he holds himself
--
SELECT count(*) FROM generate_series(11, 14) u, swan_grant(u, 5);
SELECT swan_open AS class FROM swan_open(3, '2099-04-01 09:00', places => 2) \gset
SELECT swan_open AS slot FROM swan_open(3, '2099-04-02 09:00') \gset
SELECT session_id - :class AS place FROM unnest('{11, 12}'::bigint[]) u, swan_book(u, :class);
SELECT line FROM unnest('{13, 14}'::bigint[]) u, swan_wait(u, :class, auto => true);
SELECT reopened_session_id AS first FROM swan_cancel(:class, reopen => true) \gset
SELECT session_id - :first AS held FROM swan_hold(16, :class, force => true, actor => 1);
SELECT reopened_session_id AS second FROM swan_cancel(:class + 1, reopen => true) \gset
SELECT session_id - :second AS place, user_id FROM swan_promote();
SELECT line FROM swan_unwait(:class, 14);
SELECT status FROM swan_cancel(:first);
SELECT reopened_session_id AS first FROM swan_cancel(:second, reopen => true) \gset
INSERT INTO studio.sessions (trainer_id, session_date, class_id) VALUES (3, '2099-04-01 09:00', :class) RETURNING id AS second \gset
SELECT session_id - :first AS held FROM swan_hold(11, :class);
SELECT session_id - :second AS held FROM swan_hold(12, :class);
SELECT line FROM swan_wait(14, :class, auto => true);
SELECT session_id - :second AS released FROM swan_release(:second, actor => 12);
SELECT session_id - :second AS held FROM swan_hold(14, :class, actor => 14);
SELECT session_id - :first AS released FROM swan_release(:first, actor => 11);
SELECT session_id - :second AS place, user_id FROM swan_promote();
-- what is held and moves is not held any more: it is the first one's turn
SELECT user_id FROM swan_hold(11, :slot, '30 minutes');
SELECT line FROM unnest('{12, 14}'::bigint[]) u, swan_wait(u, :slot);
SELECT user_id, begins, ends FROM studio.line WHERE session_id = :slot;
SELECT session_date FROM swan_move(:slot, '2099-04-02 12:00');
SELECT user_id, begins, ends FROM studio.line WHERE session_id = :slot;
SELECT u, ok, code FROM unnest('{11, 12, 14}'::bigint[]) u, swan_can_book(u, :slot) ORDER BY u;
SELECT * FROM swan_verify();
-- whose cancellation is taken back waits no more, also where another has the place that it left
SELECT swan_open(4, '2099-05-01 18:00', places => 2) AS class \gset
SELECT count(*) FROM unnest('{11, 12}'::bigint[]) u, swan_book(u, :class, charge => false);
SELECT status FROM swan_cancel(:class, reopen => true);
SELECT user_id FROM swan_book(14, :class, charge => false);
SELECT u, line FROM unnest('{11, 16}'::bigint[]) u, swan_wait(u, :class) ORDER BY 1;
SELECT user_id, status FROM swan_correct(:class, 'scheduled', 'a mistake');
SELECT user_id, line FROM swan_waiting(:class);
SELECT * FROM swan_verify();
-- who is deleted while he waits keeps nobody waiting
SELECT session_id FROM swan_book(12, :slot);
INSERT INTO studio.users (id, role) VALUES (99, 'client');
SELECT line FROM swan_unwait(:slot, 14);
SELECT line FROM unnest('{99, 11}'::bigint[]) u, swan_wait(u, :slot, auto => true);
DELETE FROM studio.users WHERE id = 99;
SELECT * FROM swan_verify();
SELECT reopened_session_id AS slot FROM swan_cancel(:slot, reopen => true) \gset
SELECT user_id, begins, ends FROM studio.line WHERE session_id = :slot;
SELECT count(*) FROM swan_promote();
SELECT user_id, begins, ends FROM studio.line WHERE session_id = :slot;
SELECT user_id FROM swan_promote();
SELECT * FROM swan_verify();

--
-- What the office holds over the line is the next one's when the hold ends
--
SELECT swan_open(4, '2099-01-03 09:00') AS slot \gset
SELECT session_id FROM swan_book(11, :slot);
SELECT u, line FROM unnest('{13, 14}'::bigint[]) u, swan_wait(u, :slot);
SELECT reopened_session_id AS slot FROM swan_cancel(:slot, actor => 11) \gset
SELECT user_id, told, begins, ends FROM studio.line WHERE session_id = :slot;
SELECT user_id FROM swan_hold(12, :slot, '10 minutes', force => true, actor => 2);
SELECT user_id, told, begins, ends FROM studio.line WHERE session_id = :slot;
SELECT u, ok FROM unnest('{11, 12, 13, 14}'::bigint[]) u, swan_can_book(u, :slot) ORDER BY u;
SELECT user_id FROM swan_release(:slot, actor => 2);
SELECT user_id, told, begins, ends FROM studio.line WHERE session_id = :slot;
SELECT u, ok FROM unnest('{11, 12, 13, 14}'::bigint[]) u, swan_can_book(u, :slot) ORDER BY u;
SELECT status FROM swan_cancel(:slot);

--
-- Places of a class that are closed or deleted directly are those that somebody waits for
--
BEGIN;
SELECT swan_configure('guard_sessions', 'refuse');
SELECT swan_open(4, '2099-02-20 18:00', places => 2) AS class \gset
SELECT session_id - :class AS place FROM unnest('{11, 14}'::bigint[]) u, swan_book(u, :class) ORDER BY 1;
SELECT u, line FROM unnest('{12, 13}'::bigint[]) u, swan_wait(u, :class) ORDER BY 1;
SELECT session_id - :class AS place FROM swan_cancel(:class, actor => 11);
SELECT session_id - :class AS place FROM swan_cancel(:class + 1, actor => 14);
SELECT user_id, begins IS NOT NULL AS has_a_turn FROM studio.line WHERE session_id = :class;
SELECT min(id) AS place FROM studio.sessions WHERE class_id = :class AND status = 'available' \gset
DELETE FROM studio.sessions WHERE id = :place;
SELECT user_id, begins, ends FROM studio.line WHERE session_id = :class;
UPDATE studio.sessions SET status = 'blocked' WHERE class_id = :class AND status = 'available';
SELECT user_id, begins, ends FROM studio.line WHERE session_id = :class;
DELETE FROM studio.sessions WHERE class_id = :class AND status = 'blocked';
SELECT * FROM studio.line WHERE session_id = :class;
SELECT * FROM swan_verify() WHERE check_name LIKE 'wait%';
ROLLBACK;

--
-- Nobody writes there, and a studio without the table says so
--
SELECT try('DELETE FROM studio.swan_waits');
SELECT swan_configure('wait_offer', '1 day');
SELECT swan_configure('wait_offer', '-1 day');
SELECT swan_configure('wait_offer', '0');
SELECT session_id FROM swan_book(14, 14);
SELECT line FROM swan_wait(12, 14);
SELECT reopened_session_id AS kept_for_nobody FROM swan_cancel(14, actor => 14) \gset
SELECT ok FROM swan_can_book(11, :kept_for_nobody);
SELECT * FROM swan_verify();
DROP TABLE studio.swan_waits CASCADE;
SELECT * FROM swan_verify();
SELECT session_id FROM swan_book(14, 15);
SELECT line FROM swan_wait(12, 15);
SELECT line FROM swan_unwait(15, 12);
SELECT * FROM swan_waiting(15);
SELECT * FROM swan_promote();
SELECT status FROM swan_cancel(15, actor => 14);
RESET ROLE;
\i test/fixture/moves_gone.sql
