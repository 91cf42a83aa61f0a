-- What a client asks for, and what a trainer keeps for himself: swan_request and swan_block
\i test/fixture/moves.sql
SELECT sum(s.added) FROM unnest('{11,12}'::bigint[]) i, swan_grant(i, 5, actor => 1) s;
CREATE VIEW public.rows AS SELECT id, user_id AS client, trainer_id AS trainer, status, session_date, duration AS minutes, session_deducted AS paid, booked_at IS NOT NULL AS booked, notes FROM studio.sessions ORDER BY id;
CREATE VIEW public.ledger AS SELECT id, user_id, kind, delta, session_id, key, actor_id, details FROM studio.swan_ledger WHERE kind NOT IN ('grant') ORDER BY id;

--
-- A request takes no credit and nobody's time
--
SELECT session_id, user_id, trainer_id, status, session_date, duration, booked_at, charged, available_sessions, message, ledger_id IS NOT NULL AS noted, replayed, attended
  FROM swan_request(11, '2099-01-05 10:00', 3, actor => 11);
SELECT session_id, trainer_id, duration FROM swan_request(12, '2099-01-05 10:00', 3, 45, actor => 12);
SELECT session_id, trainer_id FROM swan_request(11, '2099-01-05 10:30', actor => 11);
SELECT swan_open(3, '2099-01-05 10:00', actor => 3);
SELECT * FROM public.rows;
SELECT * FROM public.ledger;
SELECT kind, session_id, details ->> 'duration' AS minutes FROM swan_changes() WHERE kind = 'request';
SELECT kind, session_id, session_date, delta FROM swan_statement(11, actor => 11) LIMIT 1;
SELECT available, scheduled, total FROM swan_summary(11, actor => 11);
-- its key: the same once more, another request, another kind of call
SELECT session_id, status, available_sessions, replayed FROM swan_request(12, '2099-01-07 10:00', NULL, key => 'k', actor => 12);
SELECT session_id, status, available_sessions, replayed FROM swan_request(12, '2099-01-07 10:00', NULL, key => 'k', actor => 2);
SELECT session_id, replayed FROM swan_request(11, '2099-01-07 10:00', NULL, key => 'k', actor => 11);
SELECT t.n, public.try(format('SELECT session_id FROM swan_request(12, %s, key => ''k'', actor => 12)', t.call)) FROM (VALUES (1, '''2099-01-07 10:01'''), (2, '''2099-01-07 10:00'', 3'), (3, '''2099-01-07 10:00'', NULL, 30')) t (n, call);
SELECT count(*) FROM public.rows WHERE client = 12 AND session_date = '2099-01-07 10:00';
-- who may
SELECT t.n, t.what, public.try('SELECT status FROM swan_request(' || t.call || ')') AS answer FROM (VALUES
	(1, 'for another', '12, ''2099-01-08 10:00'', actor => 11'), (2, 'for another, by staff', '12, ''2099-01-08 10:00'', actor => 2'),
	(3, 'a trainer for his client', '11, ''2099-01-08 10:00'', 3, actor => 3'), (4, 'with nobody', '11, ''2099-01-08 10:00'', actor => 3'),
	(5, 'with another', '11, ''2099-01-08 10:00'', 4, actor => 3'), (6, 'for a stranger', '13, ''2099-01-08 10:00'', 3, actor => 3'),
	(7, 'for himself', '3, ''2099-01-08 10:00'', 4, actor => 3'),
	(8, 'a client as trainer', '11, ''2099-01-08 10:00'', 12, actor => 11'), (9, 'an unknown trainer', '11, ''2099-01-08 10:00'', 99, actor => 11'),
	(10, 'an unknown client', '99, ''2099-01-08 10:00'', actor => 1'),
	(11, 'past', '11, ''2001-01-08 10:00'', actor => 11'), (12, 'past, by staff', '11, ''2001-01-08 10:00'', actor => 2'), (13, 'never', '11, ''infinity'', actor => 11'),
	(14, 'no time', '11, NULL, actor => 11'), (15, 'nobody', 'NULL, ''2099-01-08 10:00'', actor => 11'), (16, 'no minutes', '11, ''2099-01-08 10:00'', duration => 0, actor => 11'),
	(17, 'beyond all time', '11, ''294276-12-31 23:59'', actor => 11'), (18, 'blank key', '11, ''2099-01-08 10:00'', key => '' '', actor => 11')) t (n, what, call) ORDER BY n;
-- it is granted by its trainer or the office, by the rules of then
SELECT public.try('SELECT status FROM swan_book(11, 1, actor => 3)') AS he_has_opened_a_slot;
SELECT session_id, status FROM swan_cancel(4, actor => 3);
SELECT public.try('SELECT status FROM swan_book(11, 1, actor => 11)') AS client, public.try('SELECT status FROM swan_book(11, 3, actor => 3)') AS of_no_trainer;
SELECT session_id, status, trainer_id, charged, available_sessions FROM swan_book(11, 1, actor => 3);
SELECT session_id, status, replayed FROM swan_request(12, '2099-01-07 10:00', NULL, key => 'k', actor => 12);
SELECT session_id, status, trainer_id, charged FROM swan_book(12, 5, actor => 2);
SELECT session_id, status, replayed FROM swan_request(12, '2099-01-07 10:00', NULL, key => 'k', actor => 12);
-- or ended by anybody concerned
SELECT session_id, status, charged, returned, reopened_session_id FROM swan_cancel(2, actor => 12);
SELECT session_id, status FROM swan_cancel(3, 'no trainer is free', actor => 2);
-- it was no booking, and costs nothing afterwards
SELECT public.try('SELECT credits FROM swan_charge(2, 1, actor => 1)') AS charge, public.try('SELECT status FROM swan_correct(2, ''scheduled'', ''a mistake'', actor => 1)') AS correction;
-- an application deletes what was asked for, which is its right: the key has nothing to show any more
SELECT session_id AS gone FROM swan_request(12, '2099-01-09 10:00', key => 'gone', actor => 12) \gset
DELETE FROM studio.sessions WHERE id = :gone;
SELECT public.try('SELECT status FROM swan_request(12, ''2099-01-09 10:00'', key => ''gone'', actor => 12)') LIKE 'SW007 %' AS gone;
SELECT check_name, problem FROM swan_verify();

--
-- A trainer's own time
--
SELECT setval(pg_get_serial_sequence('studio.sessions', 'id'), 100, false);
SELECT swan_block(3, '2099-03-30 12:00', 30, 3, '1 day', 'Lunch', actor => 3);
SELECT swan_block(4, '2099-03-30 12:00');
SELECT * FROM public.rows WHERE status = 'blocked';
SELECT count(*) FROM public.ledger WHERE session_id >= 100;
SELECT count(*) FROM swan_slots('2099-03-30', '2099-04-03');
SELECT session_id, status, trainer_name FROM swan_schedule('2099-03-30', '2099-03-31', actor => 1);
SELECT t.n, t.what, public.try(t.call) AS answer FROM (VALUES
	(1, 'booked', 'SELECT status FROM swan_book(11, 100, actor => 1)'), (2, 'held', 'SELECT session_id FROM swan_hold(11, 100, actor => 1)'), (3, 'opened', 'SELECT swan_open(3, ''2099-03-30 12:15'', actor => 3)'),
	(4, 'blocked again', 'SELECT swan_block(3, ''2099-03-29 12:00'', 45, 3, ''1 day'', actor => 3)'), (5, 'in itself', 'SELECT swan_block(3, ''2099-05-01 12:00'', 90, 2, ''1 hour'', actor => 3)'),
	(6, 'of another', 'SELECT swan_block(3, ''2099-05-01 12:00'', actor => 4)'), (7, 'by a client', 'SELECT swan_block(3, ''2099-05-01 12:00'', actor => 11)'), (8, 'of a client', 'SELECT swan_block(11, ''2099-05-01 12:00'', actor => 1)'),
	(9, 'of nobody', 'SELECT swan_block(99, ''2099-05-01 12:00'', actor => 1)'), (10, 'never', 'SELECT swan_block(3, ''infinity'', actor => 1)'), (11, 'no time', 'SELECT swan_block(3, NULL, actor => 1)'),
	(12, 'completed', 'SELECT status FROM swan_complete(100, actor => 1)'), (13, 'moved onto another', 'SELECT status FROM swan_move(100, ''2099-03-31 12:15'', actor => 3)')) t (n, what, call) ORDER BY n;
SELECT count(*) FROM public.rows WHERE session_date >= '2099-05-01';
SELECT session_id, status, session_date, user_id, ledger_id, available_sessions FROM swan_move(100, '2099-03-30 13:00', actor => 3);
SELECT session_id, status, reopened_session_id, charged, ledger_id FROM swan_cancel(101, actor => 3);
SELECT swan_open(3, '2099-03-31 12:00', actor => 3) > 0 AS open;
-- in the studio's days, when the clocks change; next to a session in spite of the buffer
SELECT swan_configure('time_zone', 'Europe/Berlin'), swan_configure('buffer', '15 minutes');
SELECT count(*) FROM swan_block(4, '2099-03-28 09:00+01', 60, 2, '1 day');
SELECT session_date FROM public.rows WHERE trainer = 4 AND session_date BETWEEN '2099-03-28' AND '2099-03-30';
SELECT swan_open(4, '2099-06-01 09:00');
SELECT count(*) FROM swan_block(4, '2099-06-01 10:00', 60, 2, '1 hour');
-- the buffer is kept between sessions; blocked time is none
SELECT t.n, t.what, public.try(t.call) AS answer FROM (VALUES
	(1, 'opened after it', 'SELECT count(*) FROM swan_open(4, ''2099-06-01 12:00'')'), (2, 'opened before it', 'SELECT count(*) FROM swan_open(3, ''2099-03-30 12:00'', 60, actor => 3)'),
	(3, 'opened in it', 'SELECT count(*) FROM swan_open(4, ''2099-06-01 11:59'')'), (4, 'into it', 'SELECT count(*) FROM swan_open(3, ''2099-03-30 12:01'', 60, actor => 3)'),
	(5, 'opened too near to a session', 'SELECT count(*) FROM swan_open(4, ''2099-06-01 07:50'')'), (6, 'session moved next to it', 'SELECT status FROM swan_move((SELECT max(id) FROM studio.sessions WHERE trainer_id = 4 AND status = ''available''), ''2099-06-01 12:00'')'),
	(7, 'and into it', 'SELECT status FROM swan_move((SELECT max(id) FROM studio.sessions WHERE trainer_id = 4 AND status = ''available''), ''2099-06-01 11:45'')'),
	(8, 'moved next to a session', 'SELECT status FROM swan_move(103, ''2099-06-01 08:00'')'), (9, 'and into it', 'SELECT status FROM swan_move(103, ''2099-06-01 08:01'')'),
	(10, 'directly', 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, ''2099-06-01 12:00'') RETURNING status'), (11, 'and into it', 'INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, ''2099-06-01 11:59'') RETURNING status'),
	(12, 'blocked directly', 'INSERT INTO studio.sessions (trainer_id, status, session_date) VALUES (4, ''blocked'', ''2099-06-01 08:00'') RETURNING status'), (13, 'and into it', 'INSERT INTO studio.sessions (trainer_id, status, session_date) VALUES (4, ''blocked'', ''2099-06-01 08:01'') RETURNING status'),
	(14, 'both moved', 'SELECT array_agg(status) FROM swan_move_many(ARRAY[103, (SELECT max(id) FROM studio.sessions WHERE trainer_id = 4 AND status = ''available'')], ''{2099-07-01 08:00,2099-07-01 09:00}'')')) t (n, what, call) ORDER BY n;
SELECT check_name, problem FROM swan_verify();
-- what the setting trainer_may leaves out: his own time a trainer always keeps
SELECT swan_configure('trainer_may', 'book');
SELECT public.try('SELECT count(*) FROM swan_block(3, ''2099-08-01 10:00'', actor => 3)') AS blocks, public.try('SELECT status FROM swan_move(100, ''2099-08-01 10:00'', actor => 3)') AS moves, public.try('SELECT status FROM swan_cancel(100, actor => 3)') AS frees,
       public.try('SELECT count(*) FROM swan_open(3, ''2099-08-01 10:00'', actor => 3)') AS opens, public.try('SELECT status FROM swan_request(11, ''2099-08-01 10:00'', actor => 3)') AS requests, public.try('SELECT status FROM swan_request(3, ''2099-08-01 10:00'', actor => 3)') AS for_himself;
-- the trainer is no user any more: no lock keeps his time
SET session_replication_role = replica;
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES (500, 11, 99, 'requested', '2099-09-01 10:00');
RESET session_replication_role;
SELECT ok, sqlstate, code FROM swan_can_book(11, 500, actor => 2);
SELECT public.try('SELECT status FROM swan_book(11, 500, actor => 2)');
-- where trainers may do two things at once
SELECT swan_configure('trainer_overlap', 'allow');
SELECT count(*) FROM swan_block(4, '2099-06-01 10:30', 60, 2, '30 minutes');
SELECT ok, sqlstate, public.try('SELECT status FROM swan_book(11, 500, actor => 2)') AS does FROM swan_can_book(11, 500, actor => 2);

--
-- A studio that an earlier version made has a constraint that does not know the two
--
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_status_check;
ALTER TABLE studio.sessions ADD CONSTRAINT sessions_status_check CHECK (status OPERATOR(pg_catalog.=) ANY ('{available,scheduled,confirmed,completed,cancelled}')) NOT VALID;
SELECT swan_request(11, '2099-07-01 10:00', actor => 11);
SELECT swan_block(3, '2099-07-01 10:00', actor => 3);
SELECT public.try($$SELECT count(*) FROM swan_open(3, '2099-07-01 10:00', actor => 3)$$);
-- an upgrade does not widen it, since somebody has changed it: it is not validated
SELECT * FROM swan_upgrade_studio();
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_status_check;
SELECT status FROM swan_request(11, '2099-07-01 10:00', actor => 11);
DROP VIEW public.rows, public.ledger;
-- an enum that has one of the labels only, and calls it otherwise; a table without durations
CREATE SCHEMA app;
CREATE TYPE app.state AS ENUM ('available', 'scheduled', 'confirmed', 'completed', 'cancelled', 'pending');
CREATE TABLE app.users (id integer PRIMARY KEY, credits integer DEFAULT 5);
CREATE TABLE app.sessions (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client integer REFERENCES app.users, coach integer, status app.state DEFAULT 'available', starts timestamp);
INSERT INTO app.users VALUES (1);
SET client_min_messages = error;
SELECT count(*) > 0 AS attached FROM swan_attach('app.users', 'app.sessions', '{"available_sessions": "credits", "user_id": "client", "trainer_id": "coach", "session_date": "starts", "statuses": {"pending": "requested"}, "time_zones": {"sessions.session_date": "Europe/Berlin"}}');
SET swanalloc.studio = 'app';
SELECT session_id, status, session_date FROM swan_request(1, '2099-01-05 10:00');
SELECT client, status, starts FROM app.sessions;
SELECT public.try('SELECT status FROM swan_request(1, ''2099-01-05 10:00'', duration => 30)') AS minutes, public.try('SELECT swan_block(1, ''2099-01-05 10:00'')') AS label;
SELECT status, charged FROM swan_book(1, 1);
SELECT check_name, problem FROM swan_verify();
RESET swanalloc.studio;
SELECT swan_detach('app');
DROP SCHEMA app CASCADE;
\i test/fixture/moves_gone.sql
