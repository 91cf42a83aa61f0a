-- What a client asks for, and what a trainer does not give: rows that take no credit.
\i test/fixture/moves.sql
SELECT sum(available_sessions) AS granted FROM (SELECT (swan_grant(i, 5, actor => 1)).available_sessions FROM unnest('{11,13}'::bigint[]) i) g;
CREATE VIEW public.rows AS SELECT id, user_id AS client, trainer_id AS trainer, status, session_date, duration AS minutes, session_deducted AS paid FROM studio.sessions ORDER BY id;
-- under refuse an application writes them itself; what takes a trainer's time must not do so twice
INSERT INTO studio.sessions (user_id, trainer_id, status, session_date) VALUES (11, 3, 'requested', '2099-01-05 10:00'), (12, 3, 'requested', '2099-01-05 10:00');
INSERT INTO studio.sessions (trainer_id, status, session_date) VALUES (3, 'blocked', '2099-01-05 12:00'), (3, 'available', '2099-01-05 14:00');
SELECT * FROM public.rows;
SELECT public.try($$INSERT INTO studio.sessions (trainer_id, status, session_date) VALUES (3, 'blocked', '2099-01-05 14:30')$$);
SELECT public.try($$INSERT INTO studio.sessions (trainer_id, session_date) VALUES (3, '2099-01-05 12:30')$$);
SELECT public.try($$INSERT INTO studio.sessions (user_id, trainer_id, status, session_date) VALUES (12, 3, 'requested', '2099-01-05 12:30') RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET status = 'blocked', user_id = NULL, session_date = '2099-01-05 14:15' WHERE id = 2 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET status = 'blocked', user_id = NULL WHERE id = 2 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET session_date = '2099-01-05 13:30' WHERE id = 3 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET session_date = '2099-01-05 12:15' WHERE id = 3 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET user_id = 13, duration = 45 WHERE id = 2 RETURNING 'ok'$$);
SELECT public.try($$DELETE FROM studio.sessions WHERE id IN (2, 3) RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET duration = 1500 WHERE id = 2 RETURNING 'ok'$$);
-- but makes no bookings of them, nor what looks like one
SELECT public.try($$UPDATE studio.sessions SET status = 'scheduled' WHERE id = 1 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET status = 'cancelled' WHERE id = 1 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET status = 'available' WHERE id = 1 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET session_deducted = true WHERE id = 1 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET id = 99 WHERE id = 1 RETURNING 'ok'$$);
SELECT public.try($$INSERT INTO studio.sessions (user_id, status, session_date, session_deducted) VALUES (11, 'requested', '2099-01-06', true) RETURNING 'ok'$$);
-- an open slot that is blocked is held by nobody any more
SELECT session_id FROM swan_hold(13, 4, actor => 1);
UPDATE studio.sessions SET status = 'blocked' WHERE id = 4;
SELECT count(*) AS holds FROM studio.swan_holds;
UPDATE studio.sessions SET status = 'available' WHERE id = 4;
-- who may grant it: its trainer and the office; nobody holds it, or exchanges a booking for it
SELECT public.try($$SELECT status FROM swan_book(11, 1, actor => 11)$$) AS client,
       public.try($$SELECT status FROM swan_book(12, 1, actor => 1)$$) AS for_another,
       public.try($$SELECT status FROM swan_book(11, 1, actor => 4)$$) AS other_trainer,
       public.try($$SELECT status FROM swan_book(11, 1, actor => 3)$$) AS trainer,
       public.try($$SELECT status FROM swan_book(11, 1, actor => 2)$$) AS staff;
SELECT a AS actor, c.* FROM unnest('{1,2,3,11}'::bigint[]) a, swan_can_book(11, 1, actor => a) c;
SELECT public.try($$SELECT session_id FROM swan_hold(11, 1, actor => 1)$$);
SELECT public.try($$SELECT status FROM swan_book(11, 3, actor => 1)$$);
SELECT public.try($$SELECT status FROM swan_move(3, '2099-01-05 13:00', actor => 1)$$);
SELECT public.try($$SELECT status FROM swan_complete(1, true, actor => 1)$$);
-- the trainer must have the time by then, the client the credit, and be free
SELECT session_id, status, user_id, charged, available_sessions FROM swan_book(11, 1, key => 'one', actor => 3);
SELECT session_id, status, replayed FROM swan_book(11, 1, key => 'one', actor => 3);
SELECT public.try($$SELECT status FROM swan_book(12, 2, actor => 2)$$) AS trainer_is_busy;
SELECT ok, sqlstate, code FROM swan_can_book(12, 2, actor => 2);
BEGIN;
UPDATE studio.sessions SET session_date = '2099-01-05 11:05', duration = 30 WHERE id = 2;
SELECT ok, sqlstate, code FROM swan_can_book(12, 2, actor => 2);
SELECT swan_configure('buffer', '15 minutes');
SELECT ok, sqlstate, code FROM swan_can_book(12, 2, actor => 2);
SELECT public.try($$SELECT status FROM swan_book(12, 2, actor => 2)$$) AS no_time_between;
ROLLBACK;
UPDATE studio.sessions SET trainer_id = 4 WHERE id = 2;
SELECT public.try($$SELECT status FROM swan_book(12, 2, actor => 2)$$) AS no_credit;
UPDATE studio.sessions SET user_id = 11 WHERE id = 2;
SELECT public.try($$SELECT status FROM swan_book(11, 2, actor => 1)$$) AS client_is_busy;
-- several at once, each with the time that the other takes
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES (201, 11, 3, 'requested', '2099-02-05 10:00'), (202, 11, 4, 'requested', '2099-02-05 11:00');
SELECT session_id, status, available_sessions FROM swan_book_many(11, '{201,202}', actor => 2);
-- anybody concerned ends it: no credit moves, and the ledger says so
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) SELECT i, 11, 3, 'requested', '2099-03-01'::timestamptz + i * interval '1 hour' FROM generate_series(301, 304) i;
SELECT public.try($$SELECT status FROM swan_cancel(301, actor => 12)$$);
SELECT a AS actor, i AS session, c.* FROM unnest('{11,3,2}'::bigint[]) a, unnest('{301,3}'::bigint[]) i, swan_can_cancel(i, actor => a) c WHERE a <> 11 OR i <> 3;
SELECT session_id, status, charged, returned, reopened_session_id FROM swan_cancel(301, actor => 11);
SELECT session_id, status, charged, returned FROM swan_cancel(302, 'no time', key => 'no', actor => 3);
SELECT session_id, status, replayed FROM swan_cancel(302, key => 'no', actor => 3);
SELECT session_id, status, reopened_session_id FROM swan_cancel(303, reopen => true, actor => 2);
SELECT public.try($$SELECT status FROM swan_cancel(301, actor => 11)$$);
SELECT session_id, delta, kind, reason, actor_id FROM studio.swan_ledger WHERE session_id BETWEEN 301 AND 304 ORDER BY id;
-- and a trainer's time is free again
SELECT public.try($$SELECT status FROM swan_cancel(3, actor => 4)$$) AS other_trainer, public.try($$SELECT status FROM swan_cancel(3, actor => 11)$$) AS client;
SELECT session_id, status, user_id FROM swan_cancel(3, actor => 3);
SELECT swan_open(3, '2099-01-05 12:30', actor => 3) > 0 AS open;
-- together with others
BEGIN;
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES (310, 11, 3, 'requested', '2099-04-01 10:00'), (311, NULL, 3, 'blocked', '2099-04-01 12:00'), (312, NULL, 3, 'available', '2099-04-01 14:00');
SELECT session_id, status, charged, available_sessions FROM swan_cancel_many('{310,311,312,201}', 'ill', actor => 3);
SELECT * FROM swan_verify();
ROLLBACK;
-- they are counted nowhere, and are in the schedule
SELECT available, scheduled, confirmed, completed, cancelled, total FROM swan_summary(11, actor => 1);
SELECT session_id, status, client_name, trainer_name FROM swan_schedule('2099-03-01', '2099-04-01', status => 'requested', actor => 1);
SELECT count(*) FROM swan_slots('2099-03-01', '2099-04-01');
-- what is of another status is the application's own affair, unless a credit hangs on it
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_status_check;
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date, duration) VALUES (401, 11, 3, 'draft', '2099-02-05 10:30', 600);
UPDATE studio.sessions SET user_id = 12, trainer_id = 4, duration = 30 WHERE id = 401;
UPDATE studio.sessions SET status = 'blocked', session_date = '2099-02-06 10:30' WHERE id = 401;
UPDATE studio.sessions SET status = 'draft' WHERE id = 401;
DELETE FROM studio.sessions WHERE id = 401;
BEGIN;
ALTER TABLE studio.sessions DISABLE TRIGGER USER;
UPDATE studio.sessions SET status = 'draft' WHERE id = 201;
UPDATE studio.sessions SET status = 'requested' WHERE id = 202;
ALTER TABLE studio.sessions ENABLE TRIGGER USER;
SELECT public.try($$UPDATE studio.sessions SET status = 'requested' WHERE id = 201 RETURNING 'ok'$$);
SELECT public.try($$UPDATE studio.sessions SET session_date = session_date + interval '1 day' WHERE id = 202 RETURNING 'ok'$$);
SELECT public.try($$DELETE FROM studio.sessions WHERE id = 201 RETURNING 'ok'$$);
SELECT check_name, session_id, problem FROM swan_verify() ORDER BY 1, 2;
ROLLBACK;
SELECT * FROM swan_verify();
-- in record a row of the application's own is not written down, others are
SELECT swan_configure('guard_sessions', 'record');
SELECT coalesce(max(id), 0) AS before FROM studio.swan_ledger \gset
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES (501, 11, 3, 'draft', '2099-05-05 10:30'), (502, 11, 3, 'requested', '2099-05-06 10:30');
UPDATE studio.sessions SET duration = 30 WHERE id IN (501, 502);
UPDATE studio.sessions SET status = 'scheduled' WHERE id = 502;
UPDATE studio.sessions SET status = 'draft' WHERE id = 502;
DELETE FROM studio.sessions WHERE id IN (501, 502);
SELECT session_id, kind, details #>> '{old,status}' AS old, details #>> '{new,status}' AS new FROM studio.swan_ledger WHERE id > :before ORDER BY id;
SELECT * FROM swan_verify();
-- a paid booking that became a request again is granted for what it has taken
SELECT swan_open(3, '2099-06-01 10:00') AS paid \gset
SELECT credits, available_sessions FROM swan_book(11, :paid);
UPDATE studio.sessions SET status = 'requested' WHERE id = :paid;
SELECT status, credits, available_sessions FROM swan_book(11, :paid);
SELECT credits, available_sessions FROM swan_cancel(:paid, reopen => false);
-- what an open slot says of credits means nothing, and comes to mean nothing; none is inserted that says so
SELECT swan_configure('guard_sessions', 'refuse');
ALTER TABLE studio.sessions DISABLE TRIGGER USER;
INSERT INTO studio.sessions (id, trainer_id, session_date, session_deducted, credits) VALUES (600, 3, '2099-06-02 10:00', true, 3);
ALTER TABLE studio.sessions ENABLE TRIGGER USER;
SELECT says, public.try(format($$INSERT INTO studio.sessions (trainer_id, user_id, status, session_date, session_deducted, credits) VALUES (3, %L, %L, '2099-06-04 10:00', %s) RETURNING 'ok'$$, u, s, says))
FROM (VALUES (NULL, 'available'), (NULL, 'blocked'), (11::bigint, 'requested')) r (u, s), unnest('{"true, 1","true, 0","false, 1","false, 0"}'::text[]) says;
DELETE FROM studio.sessions WHERE session_date = '2099-06-04 10:00';
SELECT public.try($$UPDATE studio.sessions SET status = 'requested', user_id = 11 WHERE id = 600 RETURNING 'ok'$$),
	public.try($$UPDATE studio.sessions SET status = 'blocked' WHERE id = 600 RETURNING 'ok'$$),
	public.try($$UPDATE studio.sessions SET status = 'blocked', session_deducted = false, credits = 0 WHERE id = 600 RETURNING 'ok'$$),
	public.try($$UPDATE studio.sessions SET session_date = '2099-06-03 10:00' WHERE id = 600 RETURNING 'ok'$$);
DELETE FROM studio.sessions WHERE id = 600;
SELECT check_name, session_id, problem FROM swan_verify();
-- an enum need not have the labels, and gets them later
DROP VIEW public.rows;
CREATE SCHEMA narrow;
CREATE TYPE narrow.state AS ENUM ('available', 'scheduled', 'confirmed', 'completed', 'cancelled');
CREATE TABLE narrow.users (id bigint PRIMARY KEY, role text, available_sessions integer);
CREATE TABLE narrow.sessions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES narrow.users, trainer_id bigint REFERENCES narrow.users, status narrow.state, session_date timestamptz, duration integer, session_deducted boolean);
INSERT INTO narrow.users VALUES (3, 'trainer', 0), (11, 'client', 0);
SET client_min_messages = error;
SELECT count(*) > 0 AS attached FROM swan_attach('narrow.users', 'narrow.sessions', dry_run => false);
SET swanalloc.studio = 'narrow';
CALL swan_backfill();
SELECT swan_configure('guard_sessions', 'refuse');
SELECT swan_configure('trainer_overlap', 'refuse');
SELECT swan_open(3, '2099-01-05 12:00');
SELECT public.try($$SELECT swan_open(3, '2099-01-05 12:30')$$);
BEGIN;
ALTER TYPE narrow.state ADD VALUE 'blocked';
SELECT swan_open(3, '2099-01-05 14:00');
SELECT public.try($$SELECT swan_open(3, '2099-01-05 14:30')$$);
COMMIT;
INSERT INTO narrow.sessions (trainer_id, status, session_date) VALUES (3, 'blocked', '2099-01-05 16:00');
SELECT public.try($$SELECT swan_open(3, '2099-01-05 16:30')$$);
SELECT * FROM swan_verify();
RESET swanalloc.studio;
SELECT swan_detach('narrow');
DROP SCHEMA narrow CASCADE;
\i test/fixture/moves_gone.sql
