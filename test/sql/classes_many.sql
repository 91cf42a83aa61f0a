-- Classes, and calls about several sessions: cancelling, moving, exchanging, holding, blocking.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM generate_series(11, 16) c, swan_grant(c, 9);
CREATE VIEW studio.places AS SELECT id, user_id, trainer_id, status, session_date, duration, class_id FROM studio.sessions ORDER BY id;
-- places 1 to 4 and 5 to 7, and a slot
SELECT swan_open(3, '2099-06-01 18:00', places => 4);
SELECT swan_open(4, '2099-06-01 18:00', places => 3);
SELECT swan_open(3, '2099-06-05 18:00');

--
-- Asking for somebody who comes along
--
SELECT session_id FROM swan_book(11, 1);
SELECT ok, sqlstate FROM swan_can_book(11, 1);
SELECT ok, sqlstate FROM swan_can_book(11, 1, guest => true);
SELECT ok, sqlstate FROM swan_can_book(11, 1, guest => NULL);
SELECT ok, sqlstate FROM swan_can_book(11, 5, guest => true);
SELECT ok, sqlstate FROM swan_can_book(11, 8, guest => true);
SELECT ok, sqlstate FROM swan_can_book(11, 99, guest => true);
-- what the office forces needs no guest, and is no mistake
SELECT session_id FROM swan_book(11, 1, force => true, actor => 2);
SELECT session_id FROM swan_book(11, 1, guest => true, force => true, actor => 2);
SELECT session_id, details FROM studio.swan_ledger WHERE kind = 'booking' ORDER BY id;
SELECT * FROM swan_verify();

--
-- Releasing: any row of the class will do, if it is clear whose hold is meant
--
SELECT session_id FROM swan_hold(12, 1, actor => 12);
SELECT session_id FROM swan_hold(12, 7, actor => 12);
SELECT session_id FROM swan_hold(13, 7, actor => 13);
SELECT session_id FROM swan_hold(14, 7, actor => 14);
SELECT public.try(format('SELECT ROW(session_id, user_id) FROM swan_release(%s, actor => %s)', s, a)) AS answer, s, a
  FROM (VALUES (1, 12), (4, 12), (1, 14), (1, 3), (1, 4), (2, 2), (7, 12), (5, 13), (6, 13), (7, 14), (7, 4), (6, 4), (7, 2), (5, 2), (6, 2), (7, 14), (5, 14), (5, 4)) v (s, a);
SELECT session_id, user_id FROM swan_release(6, actor => 13);
SELECT session_id, user_id FROM swan_release(7, actor => 4);
SELECT session_id, user_id FROM swan_release(7, actor => 4);
SELECT session_id, user_id FROM swan_release(2, actor => 12);
SELECT session_id FROM swan_release(8, actor => 12);

--
-- Cancelling: the whole class, and half of it
--
SELECT session_id FROM swan_book(12, 5);
SELECT session_id FROM swan_book(13, 5);
BEGIN;
SELECT session_id, status, user_id, returned, reopened_session_id FROM swan_cancel_many('{5,6,7}', 'Tina is ill', actor => 4);
SELECT public.try('SELECT session_id FROM swan_book(14, 5)');
SELECT count(*) FROM swan_slots(NULL, NULL) WHERE session_id BETWEEN 5 AND 7;
SELECT * FROM swan_verify();
ROLLBACK;
BEGIN;
SELECT session_id, status, user_id, returned, reopened_session_id IS NOT NULL AS reopened FROM swan_cancel_many('{5,7}', reopen => true, key => 'half', actor => 2);
SELECT session_id, replayed FROM swan_cancel_many('{5,7}', key => 'half', actor => 2);
SELECT session_id, places, places_left FROM swan_slots(NULL, NULL) WHERE trainer_id = 4;
SELECT session_id = (SELECT max(id) FROM studio.sessions) AS reopened_one FROM swan_book(14, 7);
SELECT public.try('SELECT session_id FROM swan_book(15, 7)');
-- what was cancelled comes back to its class
SELECT session_id, status FROM swan_correct(5, 'scheduled', 'by mistake', actor => 2);
SELECT * FROM studio.places WHERE class_id = 5;
SELECT * FROM swan_verify();
ROLLBACK;

--
-- Moving: two classes change trainers, half a class takes the other half along
--
BEGIN;
SELECT session_id, user_id, trainer_id FROM swan_move_many('{1,5}', trainer_ids => '{4,3}', actor => 2);
SELECT * FROM studio.places;
SELECT user_id, session_id FROM studio.swan_ledger WHERE kind = 'move' ORDER BY id;
SELECT * FROM swan_verify();
ROLLBACK;
BEGIN;
SELECT session_id, user_id, session_date FROM swan_move_many('{7,5}', '{"2099-06-02 18:00","2099-06-02 18:00"}', actor => 2);
SELECT * FROM studio.places WHERE class_id = 5;
ROLLBACK;
SELECT session_id FROM swan_move_many('{5,8}', '{"2099-06-05 18:00",NULL}', '{3,NULL}', actor => 2);
SELECT session_id FROM swan_move_many('{5,6}', '{"2099-06-02 18:00",NULL}', actor => 2);
-- a client of it is busy then
SELECT session_id FROM swan_book(12, 8);
SELECT session_id FROM swan_move(7, '2099-06-05 18:30', actor => 2);
SELECT session_id, user_id FROM swan_move(7, '2099-06-05 18:30', force => true, actor => 2);
SELECT session_id FROM swan_move(5, '2099-06-01 18:00', actor => 2);
SELECT session_id FROM swan_cancel(8, reopen => true, actor => 2);
SELECT session_id AS slot FROM swan_book(14, 10) \gset

--
-- Exchanging: from a slot into a class, from class to class, and back
--
SELECT session_id, reopened_session_id FROM swan_cancel(6, actor => 2);
BEGIN;
SELECT session_id, user_id FROM swan_reschedule(:slot, 5, actor => 2);
SELECT public.try('SELECT session_id FROM swan_book(15, 5)');
SELECT session_id = :slot + 1 AS another, user_id FROM swan_reschedule(7, :slot + 1, actor => 2);
SELECT * FROM studio.places WHERE class_id = 5;
SELECT * FROM swan_verify();
ROLLBACK;
BEGIN;
SELECT session_id FROM swan_cancel_many('{2,3}', actor => 2);
SELECT session_id, user_id FROM swan_reschedule(1, 5, actor => 2);
SELECT session_id, places, places_left FROM swan_slots(NULL, NULL) ORDER BY session_id;
SELECT session_id, user_id FROM swan_reschedule(7, 4, actor => 2);
SELECT * FROM studio.places WHERE user_id = 11;
SELECT * FROM swan_verify();
ROLLBACK;
-- it is full
SELECT session_id FROM swan_book(15, 1);
SELECT session_id FROM swan_reschedule(:slot, 1, actor => 2);

--
-- Beside a class: its trainer's time is taken, and a request for it is none of it
--
SELECT swan_configure('guard_sessions', 'refuse');
INSERT INTO studio.sessions (trainer_id, session_date, status) VALUES (3, '2099-06-01 18:30', 'blocked');
INSERT INTO studio.sessions (trainer_id, session_date, status) VALUES (3, '2099-06-07 18:00', 'blocked') RETURNING id AS blocked \gset
SELECT swan_open(3, '2099-06-07 18:30', places => 2);
SELECT session_id FROM swan_move(1, '2099-06-07 18:30', actor => 2);
INSERT INTO studio.sessions (user_id, trainer_id, session_date, status) VALUES (16, 3, '2099-06-01 18:30', 'requested') RETURNING id AS request \gset
SELECT session_id FROM swan_book(16, :request, actor => 2);
SELECT ok, sqlstate FROM swan_can_book(16, :request, actor => 2);
INSERT INTO studio.sessions (user_id, trainer_id, session_date, status, class_id) VALUES (15, 3, '2099-06-01 18:00', 'requested', 1);
-- a place that nobody shall have is one of the class all the same
SELECT swan_open(4, '2099-06-08 18:00', places => 2) AS class \gset
UPDATE studio.sessions SET status = 'blocked' WHERE id = :class;
SELECT places, places_left FROM swan_slots('2099-06-08', NULL);
SELECT session_id > :class AS other_one FROM swan_book(15, :class);
SELECT session_id FROM swan_book(16, :class);
SELECT session_date FROM swan_move(:class, '2099-06-08 19:00', actor => 2);
SELECT status, session_date FROM studio.places WHERE class_id = :class;
SELECT session_id FROM swan_move(:blocked, '2099-06-08 19:00', actor => 2);
-- nor may one become open elsewhere than the others
UPDATE studio.sessions SET status = 'available', session_date = '2099-06-09 18:00' WHERE id = :class;
UPDATE studio.sessions SET status = 'available' WHERE id = :class;
SELECT * FROM swan_verify();

--
-- Each way in which a class can come apart is found
--
RESET ROLE;
CREATE FUNCTION public.found(change text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET session_replication_role = replica AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'UPDATE studio.sessions SET ' || change;
	SELECT string_agg(check_name || ' ' || session_id, ', ' ORDER BY check_name, session_id) INTO answer FROM swan_verify() WHERE check_name LIKE 'class%';
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(answer, 'nothing');
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN SQLERRM;
END $$;
SELECT change, public.found(change) FROM (VALUES ('notes = notes'), ('session_date = session_date + interval ''1 minute'' WHERE id = 4'), ('duration = 61 WHERE id = 4'), ('trainer_id = 4 WHERE id = 4'),
	('trainer_id = NULL WHERE id = 4'), ('class_id = NULL WHERE id = 1'), ('user_id = 15 WHERE id = 3'), ('user_id = 14, status = ''cancelled'' WHERE id = 3'), ('session_date = session_date + interval ''1 hour'' WHERE class_id = 1')) v (change);
DROP FUNCTION public.found(text);
\i test/fixture/moves_gone.sql
