-- What a client's ledger and sessions come to is kept in the last row of his ledger, for readers; where it is not
-- known there, they count. Whatever happens, both ways say the same, and swan_verify() agrees.
\i test/fixture/moves.sql
\i test/fixture/unlike.sql
CREATE VIEW public.known AS SELECT DISTINCT ON (g.user_id) g.user_id, g.totals FROM studio.swan_ledger g ORDER BY g.user_id, g.id DESC;

--
-- Each row goes on from the one before
--
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 30, '1 day') a;
SELECT added FROM swan_grant(11, 10);
SELECT count(*) FROM swan_book_many(11, '{1, 2, 3, 4, 5, 6, 7, 8}');
SELECT charged FROM swan_book(11, 9, false);
SELECT status FROM swan_confirm(1);
SELECT status FROM swan_confirm(2);
SELECT status FROM swan_complete(took_place(1));
SELECT status FROM swan_complete(took_place(3), false);
SELECT returned FROM swan_cancel(4);
SELECT returned FROM swan_cancel(5, return_credit => false);
SELECT returned FROM swan_cancel(9);
SELECT session_id FROM swan_reschedule(6, 10);
SELECT session_id FROM swan_move(10, '2099-08-01');
SELECT session_id FROM swan_hold(11, 11);
SELECT count(*) FROM swan_release(11);
SELECT added FROM swan_purchase(11, 3, 'pay');
SELECT count(*) FROM swan_reverse('pay', n => 2);
SELECT count(*) FROM swan_revoke(11, 1);
SELECT count(*) FROM swan_grant_many('{11, 12, 13}', 2);
SELECT id, kind, delta, session_id, totals FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id;
SELECT scheduled, confirmed, completed, cancelled, missed, last_session_date, next_session_date FROM swan_summary(11);
SELECT total_sessions_purchased, sessions_used, last_session_date FROM swan_client(11);
SELECT * FROM unlike();
SELECT check_name FROM swan_verify();
-- grant_many counts for nobody whose first row it writes; the next writer does
SELECT * FROM known WHERE user_id > 11 ORDER BY user_id;
SELECT available_sessions FROM swan_grant(12, 11);
SELECT * FROM known WHERE user_id > 11 ORDER BY user_id;
-- the call that is refused, or rolled back, leaves none
SELECT try('SELECT status FROM swan_confirm(1)');
BEGIN; SELECT session_id FROM swan_book(12, 12); SAVEPOINT s; SELECT session_id FROM swan_book(12, 13); ROLLBACK TO s; SELECT session_id FROM swan_book(12, 14); COMMIT;
SELECT * FROM known WHERE user_id = 12;
SELECT * FROM unlike();

--
-- A ledger from before: without the column, with one of the application's, with fewer totals
--
ALTER TABLE studio.swan_ledger DROP COLUMN totals CASCADE;
SELECT session_id FROM swan_book(12, 15);
SELECT scheduled, completed FROM swan_summary(12);
SELECT total_sessions_purchased, sessions_used FROM swan_client(11);
SELECT count(*) FROM swan_grant_many('{12, 13}', 1);
SELECT count(*) FROM swan_clients();
SELECT check_name FROM swan_verify();
ALTER TABLE studio.swan_ledger ADD COLUMN totals text;
SELECT session_id FROM swan_book(12, 16);
SELECT count(*) FROM swan_grant_many('{12, 13}', 1);
SELECT scheduled, completed FROM swan_summary(12);
SELECT count(totals) FROM studio.swan_ledger;
ALTER TABLE studio.swan_ledger DROP COLUMN totals;
ALTER TABLE studio.swan_ledger ADD COLUMN totals integer[];
CREATE VIEW public.known AS SELECT DISTINCT ON (g.user_id) g.user_id, g.totals FROM studio.swan_ledger g ORDER BY g.user_id, g.id DESC;
SELECT scheduled, completed FROM swan_summary(12);
SELECT session_id FROM swan_book(12, 17);
SELECT * FROM known WHERE user_id IN (11, 12) ORDER BY user_id;
SELECT * FROM unlike();
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET totals = totals[1:6];
RESET session_replication_role;
SELECT scheduled, completed FROM swan_summary(12);
SELECT session_id FROM swan_book(12, 18);
SELECT * FROM known WHERE user_id = 12;
-- more of them, of a version to come, are none of our business
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET totals = totals || 7 WHERE user_id = 12;
RESET session_replication_role;
SELECT scheduled, completed FROM swan_summary(12);
SELECT session_id FROM swan_book(12, 19);
SELECT * FROM known WHERE user_id = 12;
SELECT check_name FROM swan_verify();

--
-- What no integer holds is not known, and nothing fails of it
--
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET totals[1] = 2147483640 WHERE totals IS NOT NULL;
RESET session_replication_role;
BEGIN;
SELECT added FROM swan_grant(12, 7);
SELECT totals[1] FROM known WHERE user_id = 12;
SELECT added FROM swan_grant_many('{12}', 1);
SELECT totals[1] FROM known WHERE user_id = 12;
ROLLBACK;
SELECT added FROM swan_grant(12, 8);
SELECT totals[1] FROM known WHERE user_id = 12;
SELECT added FROM swan_grant(12, 1);
SELECT totals[1] FROM known WHERE user_id = 12;

--
-- What somebody did past the guards: swan_verify() names it, and the setting made anew has it counted
--
SET session_replication_role = replica;
UPDATE studio.sessions SET status = 'completed', session_date = '2001-01-01' WHERE id IN (14, 15);
RESET session_replication_role;
SELECT scheduled, completed, last_session_date FROM swan_summary(12);
SELECT check_name, user_id, session_id, ledger_id = (SELECT max(id) FROM studio.swan_ledger) AS last, problem FROM swan_verify() ORDER BY 1, 3;
SELECT count(*) FROM swan_verify(12) WHERE check_name = 'ledger_totals';
SELECT count(*) FROM swan_verify(11);
SELECT swan_configure('guard_sessions', 'record');
SELECT (columns ->> 'counted_from')::bigint = (SELECT max(id) FROM studio.swan_ledger) AS counted_anew FROM swan.studio;
SELECT scheduled, completed, last_session_date FROM swan_summary(12);
SELECT check_name FROM swan_verify() WHERE check_name = 'ledger_totals';
SELECT session_id FROM swan_book(12, 20);
SELECT totals[3:] FROM known WHERE user_id = 12;
SELECT * FROM unlike();
SELECT check_name FROM swan_verify() WHERE check_name = 'ledger_totals';

--
-- While sessions are not watched nothing is kept; when they are again, not what was kept before
--
SELECT swan_configure('guard_sessions', 'off');
UPDATE studio.sessions SET status = 'cancelled' WHERE id = 16;
SELECT scheduled, cancelled FROM swan_summary(12);
SELECT session_id FROM swan_book(12, 21);
SELECT totals FROM known WHERE user_id = 12;
SELECT scheduled, cancelled FROM swan_summary(12);
SELECT swan_configure('guard_sessions', 'record');
SELECT scheduled, cancelled FROM swan_summary(12);
-- a change that is recorded, of one who is not counted: he is now
UPDATE studio.sessions SET status = 'cancelled' WHERE id = 17;
SELECT totals[3:] FROM known WHERE user_id = 12;
-- and in one transaction
BEGIN;
SELECT swan_configure('guard_sessions', 'off');
UPDATE studio.sessions SET status = 'scheduled' WHERE id = 17;
SELECT swan_configure('guard_sessions', 'record');
SELECT session_id FROM swan_book(12, 22);
UPDATE studio.sessions SET status = 'confirmed' WHERE id = 18;
SELECT totals[3:] FROM known WHERE user_id = 12;
COMMIT;
SELECT * FROM unlike();
SELECT check_name FROM swan_verify() WHERE check_name = 'ledger_totals';
\i test/fixture/moves_gone.sql
DROP FUNCTION public.unlike;

--
-- Tables that were attached: clients of all ways to come, and direct writes of all kinds
--
CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE users (id integer PRIMARY KEY, credits integer DEFAULT 5);
CREATE TABLE sessions (id integer PRIMARY KEY, client integer, status text DEFAULT 'available', starts timestamptz);
INSERT INTO users SELECT n FROM generate_series(1, 12) n;
INSERT INTO sessions SELECT 10 * n + k, n, (ARRAY['scheduled', 'confirmed', 'completed', 'cancelled'])[1 + k % 4], '2099-02-01'::timestamptz + n * interval '1 day' + k * interval '2 hours'
  FROM generate_series(1, 12) n, generate_series(1, 5) k;
INSERT INTO sessions VALUES (19, NULL, 'available', '2099-03-01'), (29, NULL, 'available', '2099-03-02'), (39, 3, 'scheduled', NULL), (49, 4, 'completed', 'infinity');
CREATE EXTENSION swanalloc;
SET client_min_messages = error;
SELECT count(*) > 0 AS attached FROM swan_attach('users', 'sessions', '{"available_sessions": "credits", "user_id": "client", "session_date": "starts", "old_bookings": "free"}');
SET client_min_messages = warning;
CREATE FUNCTION unlike() RETURNS TABLE (id bigint, counts integer[], are integer[], next_session timestamptz, last_session timestamptz) LANGUAGE sql AS $$
	SELECT s.user_id, ARRAY[s.scheduled, s.confirmed, s.completed, s.cancelled], x.n, s.next_session_date, s.last_session_date
	  FROM users u, swan_summary(u.id) s, LATERAL (SELECT ARRAY[count(*) FILTER (WHERE status = 'scheduled'), count(*) FILTER (WHERE status = 'confirmed'),
	         count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'cancelled')]::integer[] AS n,
	         min(starts) FILTER (WHERE status IN ('scheduled', 'confirmed') AND starts > now()) AS next, max(starts) FILTER (WHERE status = 'completed') AS last
	         FROM sessions WHERE client = u.id AND starts IS NOT NULL) x
	 WHERE (s.scheduled, s.confirmed, s.completed, s.cancelled) IS DISTINCT FROM (x.n[1], x.n[2], x.n[3], x.n[4])
	    OR (s.next_session_date, s.last_session_date) IS DISTINCT FROM (x.next, x.last)
	    OR (s.last_session_date, s.available) IS DISTINCT FROM (SELECT (c.last_session_date, c.available_sessions) FROM swan_client(u.id) c)
$$;
CREATE VIEW known AS SELECT DISTINCT ON (user_id) user_id, totals FROM swan_ledger ORDER BY user_id, id DESC;
CREATE FUNCTION give(who integer) RETURNS integer LANGUAGE sql AS 'SELECT added FROM swan_grant(who, 1)';
SELECT * FROM unlike();
-- 1 is touched by a call; 2, 3 by a direct write, two at once; 4 by one that calls us while others wait to be judged
SELECT session_id FROM swan_book(1, 19);
UPDATE sessions SET status = 'completed' WHERE client = 2 AND status = 'confirmed';
UPDATE sessions SET status = 'completed', starts = coalesce(starts, '2001-01-01') WHERE client = 3 AND status IN ('scheduled', 'confirmed');
WITH w AS (UPDATE sessions SET status = 'cancelled' WHERE client = 4 AND status = 'completed' RETURNING client) SELECT give(client) FROM w;
SELECT * FROM known ORDER BY user_id;
-- whose first row came of a direct write is counted by the next transaction, be it one again
UPDATE sessions SET status = 'cancelled' WHERE id IN (21, 22);
UPDATE sessions SET status = 'scheduled' WHERE id IN (31, 32) RETURNING give(client);
WITH w AS (DELETE FROM sessions WHERE id = 41 RETURNING client) SELECT give(client) FROM w;
SELECT * FROM known ORDER BY user_id;
SELECT * FROM unlike();
CALL swan_backfill();
SELECT count(*), count(totals) FROM known;
SELECT * FROM unlike();
-- a session goes from one to another, is inserted, deleted, loses its date; a row of nobody's
UPDATE sessions SET client = 6 WHERE id IN (51, 52);
INSERT INTO sessions VALUES (501, 5, 'confirmed', '2099-04-01'), (502, 77, 'completed', '2001-01-01'), (503, 77, 'scheduled', '2099-04-01');
DELETE FROM sessions WHERE id IN (61, 62);
UPDATE sessions SET starts = NULL WHERE id = 63;
UPDATE sessions SET starts = '2099-05-01' WHERE id = 63;
SELECT * FROM known WHERE user_id IN (5, 6, 77) ORDER BY user_id;
-- who comes after his sessions, in the transaction that changes them
BEGIN;
INSERT INTO sessions VALUES (504, 77, 'cancelled', '2001-01-01');
INSERT INTO users VALUES (77);
SELECT added FROM swan_grant(77, 1);
COMMIT;
SELECT * FROM known WHERE user_id = 77;
SELECT added FROM swan_grant(77, 1);
SELECT * FROM known WHERE user_id = 77;
-- an application's own triggers: one that books along, one that is told before we are
CREATE FUNCTION along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sessions SET status = new.status WHERE client = new.client AND id = new.id + 1 AND status <> new.status;
	PERFORM swan_grant(new.client, 1);
	RETURN NULL;
END $$;
CREATE TRIGGER along AFTER UPDATE ON sessions FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION along();
UPDATE sessions SET status = 'completed' WHERE id IN (71, 73);
SELECT * FROM known WHERE user_id = 7;
DROP TRIGGER along ON sessions;
BEGIN; SAVEPOINT s; UPDATE sessions SET status = 'cancelled' WHERE client = 8; ROLLBACK TO s; UPDATE sessions SET status = 'cancelled' WHERE id = 81; COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE sessions SET status = 'cancelled' WHERE client = 9; SELECT added FROM swan_grant(9, 1); COMMIT;
-- the guards are set while a statement's changes wait to be judged: what is counted then would be added once more
WITH w AS (UPDATE sessions SET status = 'completed' WHERE client = 11 AND status IN ('scheduled', 'confirmed') RETURNING swan_configure('guard_sessions', 'record')) SELECT count(*), (SELECT give(11)) FROM w;
SELECT * FROM known WHERE user_id = 11;
BEGIN;
SELECT swan_configure('guard_sessions', 'off');
UPDATE sessions SET status = 'cancelled' WHERE client = 12 AND status IN ('scheduled', 'confirmed') RETURNING swan_configure('guard_sessions', 'record');
COMMIT;
SELECT * FROM known WHERE user_id = 12;
SELECT * FROM unlike();
SELECT give(11), give(12);
SELECT * FROM known WHERE user_id IN (11, 12) ORDER BY user_id;
-- fewer than none are not known, for readers and the next writer to count
SET session_replication_role = replica;
INSERT INTO sessions SELECT 600 + n, 12, 'confirmed', '2099-06-01'::timestamptz + n * interval '2 hours' FROM generate_series(1, 2) n;
RESET session_replication_role;
DELETE FROM sessions WHERE id IN (601, 602);
SELECT * FROM known WHERE user_id = 12;
SELECT total_sessions_purchased, sessions_used FROM swan_client(12);
SELECT give(12);
SELECT * FROM known WHERE user_id = 12;
DELETE FROM users WHERE id = 10;
UPDATE sessions SET status = 'cancelled' WHERE id = 101;
INSERT INTO users VALUES (10, 0);
SELECT * FROM known WHERE user_id IN (8, 9, 10) ORDER BY user_id;
SELECT * FROM unlike();
SELECT check_name FROM swan_verify() WHERE check_name = 'ledger_totals';
-- detached and attached again, what was kept does not count
SELECT swan_detach();
UPDATE sessions SET status = 'scheduled' WHERE status = 'cancelled';
SET client_min_messages = error;
SELECT count(*) > 0 AS attached FROM swan_attach('users', 'sessions', '{"available_sessions": "credits", "user_id": "client", "session_date": "starts", "old_bookings": "free"}');
SET client_min_messages = warning;
SELECT * FROM unlike();
CALL swan_backfill();
SELECT * FROM unlike();
SELECT count(added) FROM users u, swan_grant(u.id, 1);
SELECT * FROM unlike();
SELECT check_name FROM swan_verify() WHERE check_name = 'ledger_totals';
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA app CASCADE;
