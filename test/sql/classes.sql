-- Classes: slots with room for several, whose places are rows of one class_id.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM generate_series(11, 14) c, swan_grant(c, 9);
CREATE VIEW studio.places AS SELECT id, user_id, trainer_id, status, session_date, class_id FROM studio.sessions ORDER BY id;

--
-- Opening
--
SELECT swan_open(3, '2099-06-01 18:00', places => 3);
SELECT swan_open(3, '2099-06-10 18:00', repeat => 2, places => 2);
SELECT count(*) FROM swan_open(3, '2099-06-20 18:00', places => NULL);
SELECT swan_open(3, '2099-06-20 18:00', places => 0);
SELECT swan_open(3, '2099-06-20 18:00', places => 501);
-- the trainer is busy
SELECT swan_open(3, '2099-06-01 18:30');
SELECT swan_open(3, '2099-06-01 17:30', places => 2);
SELECT * FROM studio.places;

--
-- Booking: any row stands for the class
--
SELECT session_id, user_id, status, available_sessions FROM swan_book(11, 3);
SELECT session_id, user_id FROM swan_book(12, 1);
SELECT session_id, user_id FROM swan_book(12, 3);
SELECT ok, sqlstate FROM swan_can_book(12, 1);
SELECT ok, sqlstate FROM swan_can_book(13, 1);
-- with a guest, whom the ledger knows of
SELECT session_id, user_id, replayed FROM swan_book(11, 1, key => 'a', guest => true);
SELECT session_id, user_id, replayed FROM swan_book(11, 1, key => 'a', guest => true);
SELECT session_id, user_id, replayed FROM swan_book(11, 2, key => 'a', guest => true);
SELECT session_id, user_id FROM swan_book(11, 4, key => 'a');
SELECT session_id, details FROM studio.swan_ledger WHERE details ? 'guest';
-- it is full
SELECT session_id FROM swan_book(13, 1);
SELECT ok, sqlstate FROM swan_can_book(13, 1);
SELECT session_id FROM swan_hold(13, 2);
-- several at once, and several places of one
SELECT session_id FROM swan_book_many(13, '{4,5}');
SELECT session_id FROM swan_book_many(13, '{4,7}', key => 'm');
SELECT session_id, replayed FROM swan_book_many(13, '{5,6}', key => 'm');
SELECT session_id FROM swan_book_many(14, '{4,5}', guest => true);
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, '2099-07-01 10:00');
SELECT session_id FROM swan_book(14, (SELECT max(id) FROM studio.sessions), guest => true);
SELECT session_id, session_date, places, places_left FROM swan_slots(NULL, NULL);
SELECT session_id, status, user_id, class_id, places, places_left FROM swan_schedule(NULL, NULL);

--
-- Holding
--
SELECT session_id, user_id FROM swan_hold(14, 4);
SELECT session_id, places, places_left FROM swan_slots(NULL, NULL);
SELECT session_id FROM swan_book(12, 4);
SELECT session_id, user_id FROM swan_hold(14, 5);
SELECT session_id FROM swan_book(14, 4);
SELECT count(*) FROM studio.swan_holds;

--
-- Cancelling: one place; exchanging
--
SELECT session_id, returned, reopened_session_id - session_id > 0 AS reopened FROM swan_cancel(2, reopen => true);
SELECT session_id = (SELECT max(id) FROM studio.sessions) AS reopened_one FROM swan_book(13, 2);
SELECT session_id, status FROM swan_cancel(7);
SELECT places, places_left FROM swan_schedule(NULL, NULL) WHERE class_id = 6;
SELECT session_id FROM swan_reschedule(5, 7, key => 'r');
SELECT session_id, session_date FROM swan_reschedule(5, 6, key => 'r');

--
-- Moving: all of it
--
SELECT session_id, session_date, trainer_id, available_sessions FROM swan_move(1, '2099-06-02 18:00', 4, actor => 2);
SELECT user_id, session_id, details -> 'to' FROM studio.swan_ledger WHERE kind = 'move' ORDER BY id;
SELECT session_id FROM swan_move(1, '2099-06-10 18:30', 3);
SELECT session_id, session_date FROM swan_move_many('{1,3}', '{"2099-06-03 18:00","2099-06-03 19:00"}');
SELECT session_id, session_date FROM swan_move_many('{3,1}', '{"2099-06-03 18:00","2099-06-03 18:00"}');
SELECT * FROM studio.places;
SELECT * FROM swan_verify();

--
-- Correcting: a place comes back to its class, unless that has moved or the client is there again
--
SELECT session_id, status, charged FROM swan_cancel(4);
SELECT session_id, status FROM swan_correct(4, 'scheduled', 'by mistake');
SELECT session_id, status FROM swan_cancel(4, reopen => true);
SELECT user_id FROM swan_book(13, 4);
SELECT session_id FROM swan_correct(4, 'scheduled', 'by mistake');
SELECT session_id FROM swan_correct(2, 'scheduled', 'by mistake');
SELECT * FROM swan_verify();
-- a place that is over is no booking of his any more: he books another, and then it cannot be to come again
BEGIN;
SELECT swan_open(4, '2001-06-04 18:00', places => 3) AS past \gset
SELECT user_id FROM swan_book(13, :past, charge => false);
SELECT status FROM swan_complete(:past);
SELECT user_id FROM swan_book(13, :past, charge => false);
SAVEPOINT a;
SELECT status FROM swan_correct(:past, 'scheduled', 'by mistake');
ROLLBACK TO a;
SELECT status FROM swan_correct(:past, 'missed', 'by mistake');
SELECT user_id FROM swan_book(13, :past, charge => false, guest => true);
SELECT status FROM swan_complete(:past + 1);
SELECT status FROM swan_correct(:past + 1, 'scheduled', 'by mistake');
SELECT * FROM swan_verify();
ROLLBACK;

--
-- Direct writes: a place beside the others, and nowhere else
--
SELECT swan_configure('guard_sessions', 'refuse');
INSERT INTO studio.sessions (trainer_id, session_date, class_id) VALUES (4, '2099-06-03 18:00', 1);
INSERT INTO studio.sessions (trainer_id, session_date, class_id) VALUES (4, '2099-06-04 18:00', 1);
INSERT INTO studio.sessions (trainer_id, session_date, class_id) VALUES (3, '2099-06-03 18:00', 1);
INSERT INTO studio.sessions (trainer_id, session_date, duration, class_id) VALUES (4, '2099-06-03 18:00', 30, 1);
INSERT INTO studio.sessions (trainer_id, session_date, class_id) VALUES (4, '2099-06-04 18:00', 4711);
UPDATE studio.sessions SET session_date = session_date + interval '1 hour' WHERE class_id = 1 AND user_id IS NULL AND status = 'available';
UPDATE studio.sessions SET class_id = NULL WHERE id = 1;
UPDATE studio.sessions SET class_id = 1 WHERE id = 8;
-- the first place cannot leave the others, be it for itself or for another class, also where they are cancelled; alone it can
BEGIN;
SELECT swan_open(4, '2099-07-05 10:00', places => 2) AS c \gset
SELECT swan_open(4, '2099-07-06 10:00', places => 2) AS d \gset
SELECT try(format('UPDATE studio.sessions SET class_id = NULL, session_date = ''2099-07-07'' WHERE id = %s', :c)) AS alone,
	try(format('UPDATE studio.sessions SET class_id = %s, session_date = ''2099-07-06 10:00'' WHERE id = %s', :d, :c)) AS to_another;
SELECT session_id FROM swan_cancel(:d + 1);
SELECT try(format('UPDATE studio.sessions SET class_id = NULL WHERE id = %s', :d)) AS beside_a_cancelled_one;
UPDATE studio.sessions SET class_id = NULL, session_date = '2099-07-07' WHERE id = :c + 1;
UPDATE studio.sessions SET class_id = NULL WHERE id = :c;
SELECT places, places_left FROM swan_slots('2099-07-05', '2099-07-06');
ROLLBACK;
-- the last place that is left of a class can be kept back, and opened again
BEGIN;
SELECT swan_open(4, '2099-07-05 10:00', places => 3) AS last \gset
SELECT count(*) FROM swan_cancel_many(ARRAY[:last, :last + 1]);
UPDATE studio.sessions SET status = 'blocked' WHERE id = :last + 2;
UPDATE studio.sessions SET status = 'available' WHERE id = :last + 2;
SELECT places, places_left FROM swan_slots('2099-07-05', '2099-07-06');
ROLLBACK;
-- an open slot becomes a class
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, '2099-07-02 10:00') RETURNING id AS slot \gset
UPDATE studio.sessions SET class_id = id WHERE id = :slot;
INSERT INTO studio.sessions (trainer_id, session_date, class_id) VALUES (4, '2099-07-02 10:00', :slot);
SELECT places, places_left FROM swan_slots('2099-07-02', NULL);
SELECT * FROM swan_verify();

--
-- What swan_verify finds
--
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.sessions SET session_date = session_date + interval '2 hours' WHERE id = 3;
UPDATE studio.swan_ledger SET details = NULL WHERE details ? 'guest';
UPDATE studio.sessions SET user_id = 11 WHERE id = 1;
RESET session_replication_role;
SELECT check_name, user_id, problem FROM swan_verify() WHERE check_name LIKE 'class%' OR check_name LIKE '%overlap';
SELECT check_name, user_id FROM swan_verify(11) WHERE check_name LIKE 'class%';

--
-- A studio without the column has none; one of another type is the application's
--
ALTER TABLE studio.sessions DROP class_id CASCADE;
SET ROLE regress_owner;
SELECT swan_open(3, '2099-08-01 18:00');
SELECT swan_open(3, '2099-08-02 18:00', places => 2);
RESET ROLE;
ALTER TABLE studio.sessions ADD class_id text;
SET ROLE regress_owner;
SELECT session_id, user_id FROM swan_book(11, (SELECT swan_open(3, '2099-08-03 18:00')));
SELECT swan_open(3, '2099-08-04 18:00', places => 2);
RESET ROLE;
\i test/fixture/moves_gone.sql
