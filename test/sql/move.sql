-- swan_move: a slot or booking takes place at another time, by another trainer, for longer.
\i test/fixture/moves.sql
SET ROLE regress_owner;
-- Tom: days 5 to 24 January at 9, Tina: 5 to 9 at 9:30; one without a trainer
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;
SELECT count(*) FROM swan_open(4, '2099-01-05 09:30', 60, 5, '1 day') a;
INSERT INTO studio.sessions (id, session_date) VALUES (1000, '2099-03-01 09:00');
SELECT added FROM swan_grant(11, 10);
SELECT count(*) FROM generate_series(1, 2) s, swan_book(11, s);

--
-- A booking: to another time, by another trainer, for another duration
--
SELECT session_id, user_id, trainer_id, status, session_date, duration, booked_at IS NOT NULL AS booked, charged, available_sessions, message, ledger_id, replayed
  FROM swan_move(1, '2099-02-01 10:00', actor => 3);
SELECT trainer_id, session_date, duration FROM swan_move(1, trainer_id => 4);
SELECT trainer_id, session_date, duration FROM swan_move(1, duration => 30, actor => 2);
SELECT trainer_id, session_date, duration FROM swan_move(1, '2099-02-02 10:00+02', 3, 45);
SELECT user_id, trainer_id, status, session_date, duration, session_deducted FROM studio.sessions WHERE id = 1;
SELECT kind, delta, balance_after, session_id, from_session_id, lot_id, actor_id, details FROM studio.swan_ledger WHERE kind = 'move' ORDER BY id;
-- it stays confirmed
SELECT status FROM swan_confirm(1);
SELECT status, session_date FROM swan_move(1, '2099-02-03 10:00');
-- overlapping only itself
SELECT session_date FROM swan_move(1, '2099-02-03 10:15');
-- into the past
SELECT session_date FROM swan_move(1, '2001-01-01 10:00');
SELECT session_date FROM swan_move(1, '2099-02-03 10:15');
-- an open slot: no client, no ledger, no credits
SELECT session_id, user_id, trainer_id, status, session_date, duration, booked_at, charged, available_sessions, message, ledger_id, replayed FROM swan_move(3, '2099-02-03 12:00');
-- its hold ends: it was for another time
SELECT session_id FROM swan_hold(11, 3);
SELECT session_date FROM swan_move(3, duration => 61);
SELECT count(*) FROM studio.swan_holds;
-- one that nobody gave
SELECT trainer_id, session_date FROM swan_move(1000, '2099-03-01 10:00');
SELECT trainer_id FROM swan_move(1000, trainer_id => 3);

--
-- Nothing may overlap it, up to the minute
--
SELECT * FROM swan_move(4, '2099-01-09 09:59');
SELECT * FROM swan_move(4, '2099-01-09 08:01');
SELECT session_date FROM swan_move(4, '2099-01-09 10:00');
SELECT session_date FROM swan_move(4, '2099-01-09 08:00');
SELECT * FROM swan_move(4, duration => 61);
SELECT * FROM swan_move(4, duration => 1440);
-- the other trainer is busy then
SELECT * FROM swan_move(2, trainer_id => 4);
SELECT trainer_id, session_date FROM swan_move(2, '2099-01-06 10:30', 4);
-- the client is: with the other trainer, an hour later
SELECT available_sessions FROM swan_book(11, 6);
SELECT * FROM swan_move(6, '2099-01-06 11:00');
SELECT * FROM swan_move(2, '2099-01-10 08:31');
SELECT * FROM swan_move(2, '2099-01-10 09:59', duration => 1);
-- where trainers may overlap, the client still may not
SELECT swan_configure('trainer_overlap', 'allow');
SELECT try('SELECT session_date FROM swan_move(2, ''2099-01-10 09:30'')'), try('SELECT session_date FROM swan_move(7, ''2099-01-10 09:30'')');
SELECT swan_configure('trainer_overlap', 'refuse');
-- what was cancelled or is another client's is not in the way of the client
SELECT status FROM swan_cancel(8);
SELECT session_date FROM swan_move(7, '2099-01-12 09:00');

--
-- Without a change, without anything
--
SELECT * FROM swan_move(7);
SELECT * FROM swan_move(7, '2099-01-12 09:00');
SELECT * FROM swan_move(7, '2099-01-12 10:00+01', 3, 60);
-- limits
SELECT * FROM swan_move(NULL, '2099-01-12 10:00');
SELECT * FROM swan_move(999, '2099-01-12 10:00');
SELECT * FROM swan_move(7, 'infinity');
SELECT * FROM swan_move(7, duration => 0);
SELECT * FROM swan_move(7, trainer_id => 99);
SELECT call, try('SELECT concat_ws('' '', session_date, trainer_id, duration) FROM ' || call) FROM (VALUES
	(1, 'swan_move(7, ''-infinity'')'), (2, 'swan_move(7, duration => -1)'), (3, 'swan_move(7, duration => 1441)'), (4, 'swan_move(7, duration => 2147483647)'),
	(5, 'swan_move(7, duration => 1)'), (6, 'swan_move(7, ''2099-06-01'', duration => 1440)'), (7, 'swan_move(7, trainer_id => -9223372036854775808)'),
	(8, 'swan_move(-9223372036854775808, duration => 1)'), (9, 'swan_move(NULL, NULL, NULL, NULL, actor => 99)'), (10, 'swan_move(NULL, NULL, NULL, NULL, actor => 11)'),
	(11, 'swan_move(7, ''4713-01-01 BC'')')) t (n, call) ORDER BY n;

--
-- Only what is open or live
--
SELECT status FROM swan_complete(took_place(6));
SELECT available_sessions FROM swan_book(11, 9);
SELECT status FROM swan_cancel(9);
SELECT id, status, user_id, try('SELECT status FROM swan_move(' || id || ', ''2099-07-01'')') FROM studio.sessions WHERE id IN (1, 2, 6, 7, 8, 9) ORDER BY id;
SELECT * FROM swan_move(9, '2099-07-01');

--
-- Who may: its trainer, staff, admins, the system
--
SELECT who, try('SELECT status FROM swan_move(7, ''2099-07-01'', actor => ' || actor || ')') AS open, try('SELECT status FROM swan_move(1, ''2099-07-01'', actor => ' || actor || ')') AS booking,
       try('SELECT trainer_id FROM swan_move(1, trainer_id => 4, actor => ' || actor || ')') AS to_another
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('another trainer', '4'), ('himself', '11'), ('another', '12')) a (who, actor);
SELECT * FROM swan_move(1, '2099-07-01', actor => 11);
SELECT * FROM swan_move(1000, '2099-07-01', actor => 4);
-- what a trainer may not open or block for a colleague he does not move to him
SELECT swan_block(3, '2099-07-05') AS blocked \gset
SELECT who, try('SELECT trainer_id FROM swan_move(7, trainer_id => 4, actor => ' || actor || ')') AS open, try('SELECT trainer_id FROM swan_move(' || :blocked || ', trainer_id => 4, actor => ' || actor || ')') AS blocked,
       try('SELECT trainer_id FROM swan_move(7, trainer_id => 3, actor => ' || actor || ')') AS himself
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('another trainer', '4')) a (who, actor);
SELECT * FROM swan_move(7, trainer_id => 4, actor => 3);

--
-- One that cost nothing; one whose lot has expired stays paid; what is due goes
--
SELECT charged FROM swan_book(12, 10, false);
SELECT charged, available_sessions FROM swan_move(10, '2099-04-01');
SELECT added FROM swan_grant(13, 3, NULL, '2099-03-01');
SELECT available_sessions FROM swan_book(13, 11);
SELECT swan_configure('session_records', 'on');
SELECT pass(13, '2100-01-01');
SELECT status, charged, available_sessions FROM swan_move(11, '2099-04-02');
SELECT kind, delta, balance_after, session_id, call_id - first_value(call_id) OVER (ORDER BY id DESC) AS call FROM studio.swan_ledger WHERE user_id = 13 ORDER BY id;
SELECT count(*) FROM studio.sessions WHERE user_id = 13 AND session_date IS NULL;
SELECT session_deducted FROM studio.sessions WHERE id = 11;
-- session_records are no slots
SELECT min(id) AS record FROM studio.sessions WHERE user_id = 11 AND session_date IS NULL \gset
SELECT try('SELECT status FROM swan_move(' || :record || ', ''2099-07-01'')') = 'SW007 session ' || :record || ' does not exist' AS not_found;

-- in a transaction with a snapshot the same rules hold
BEGIN ISOLATION LEVEL REPEATABLE READ;
SAVEPOINT s;
SELECT * FROM swan_move(7, '2099-04-02');
ROLLBACK TO s;
SELECT session_date FROM swan_move(7, '2099-04-02 01:00');
SELECT * FROM swan_move(12, '2099-04-02 01:30');
ROLLBACK;

-- only to trainers
SELECT * FROM swan_move(7, trainer_id => 12);
SELECT trainer_id FROM swan_move(7, trainer_id => 2);
-- to where it is already: the answer, and nothing is written
SELECT count(*) AS rows FROM studio.swan_ledger \gset
SELECT m.session_id, m.user_id, m.trainer_id, m.status, m.charged, m.available_sessions, m.message, m.ledger_id, m.replayed
  FROM studio.sessions s, swan_move(s.id, s.session_date, s.trainer_id, s.duration) m WHERE s.id IN (7, 11) ORDER BY s.id;
SELECT count(*) - :rows AS written FROM studio.swan_ledger;
-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
