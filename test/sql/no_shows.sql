-- Who was there, who missed it, and what is over and not settled: counted, and told with the session
\i test/fixture/moves.sql
\i test/fixture/unlike.sql
CREATE VIEW public.figures AS SELECT s.user_id, s.completed, s.missed, s.overdue, s.last_session_date, s.next_session_date, c.last_session_date IS NOT DISTINCT FROM s.last_session_date AS same_in_list
  FROM swan_clients(order_by => 'last_session', actor => 1) c, swan_summary(c.id, actor => 1) s WHERE s.user_id IN (11, 12, 13);
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 12, '1 day', actor => 3) a;
SELECT sum(s.added) FROM unnest('{11,12,13}'::bigint[]) i, swan_grant(i, 20, actor => 1) s;
SELECT count(*) FROM swan_book_many(11, '{1,2,3,4,5,6}', actor => 11);
SELECT missed, overdue FROM swan_summary(11, actor => 11);
SELECT count(took_place(i)) FROM generate_series(1, 5) i;

--
-- A booking says whether its client was there, once that is known
--
SELECT status, attended FROM swan_confirm(1, actor => 3);
SELECT status, attended FROM swan_complete(1, actor => 3);
SELECT status, attended FROM swan_complete(2, false, actor => 3);
SELECT status, attended FROM swan_complete(3, false, actor => 3);
SELECT status, attended FROM swan_book(11, 7, key => 'seven', actor => 11);
SELECT took_place(7);
SELECT status, attended FROM swan_complete(7, false, actor => 3);
SELECT status, attended, replayed FROM swan_book(11, 7, key => 'seven', actor => 11);
SELECT status, attended FROM swan_correct(7, 'attended', 'late', 'late', actor => 2);
SELECT status, attended, replayed FROM swan_correct(7, 'attended', 'late', 'late', actor => 2);
SELECT status, attended FROM swan_correct(7, 'missed', 'not at all', actor => 2);
SELECT details FROM studio.swan_ledger WHERE kind = 'correction' ORDER BY id;
SELECT status, attended FROM swan_correct(3, 'scheduled', 'another day', actor => 2);
SELECT returned FROM swan_cancel(3, actor => 2);

--
-- What he missed is no session that he had; what is over and neither completed nor cancelled is overdue
--
SELECT * FROM figures;
SELECT session_id, status, attended FROM swan_schedule(NULL, NULL, user_id => 11, actor => 11);
SELECT kind, session_id, attended FROM swan_statement(11, actor => 11) WHERE attended IS NOT NULL;
SELECT attended, cursor IS NOT NULL AS has_cursor FROM swan_schedule(NULL, NULL, user_id => 11, max_rows => 1, actor => 11);
SELECT s.session_id, s.attended FROM swan_schedule(NULL, NULL, user_id => 11, max_rows => 1, actor => 11) p, swan_schedule(NULL, NULL, user_id => 11, max_rows => 2, after => p.cursor, actor => 11) s;
SELECT * FROM unlike();
SELECT user_id, problem FROM swan_verify();
-- it has begun and is not over: neither next nor overdue
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE studio.sessions SET session_date = now() - interval '10 minutes' WHERE id = 6;
SET LOCAL session_replication_role = origin;
SELECT overdue, next_session_date IS NULL AS nothing_next FROM swan_summary(11, actor => 1);
SET LOCAL session_replication_role = replica;
UPDATE studio.sessions SET duration = 10 WHERE id = 6;
SET LOCAL session_replication_role = origin;
SELECT overdue FROM swan_summary(11, actor => 1);
SELECT * FROM unlike();
ROLLBACK;

--
-- The list of clients by their last session: of those they were at, page by page
--
SELECT count(*) FROM swan_book_many(12, '{8,9}', actor => 12);
SELECT status FROM swan_book(13, 10, actor => 13);
SELECT count(took_place(i)) FROM generate_series(8, 10) i;
SELECT attended FROM swan_complete(8, actor => 3);
SELECT attended FROM swan_complete(9, false, actor => 3);
SELECT attended FROM swan_complete(10, false, actor => 3);
SELECT c.id, c.last_session_date FROM swan_clients(order_by => 'last_session', actor => 1, max_rows => 4) c;
WITH RECURSIVE pages AS (
	SELECT 1 AS n, c.* FROM swan_clients(order_by => 'last_session', actor => 3, max_rows => 1) c
	UNION ALL SELECT p.n + 1, c.* FROM pages p, swan_clients(order_by => 'last_session', after => p.cursor, actor => 3, max_rows => 1) c
) SELECT n, id, last_session_date FROM pages;
SELECT * FROM figures;

--
-- Where direct writes are recorded they end a no-show, or say nothing of it
--
SELECT swan_configure('guard_sessions', 'record', 'studio');
BEGIN;
UPDATE studio.sessions SET status = 'scheduled' WHERE id = 2;
SELECT missed FROM swan_summary(11);
UPDATE studio.sessions SET status = 'completed' WHERE id = 2;
SELECT missed FROM swan_summary(11);
SELECT session_id, attended FROM swan_schedule(NULL, NULL, user_id => 11) WHERE session_id = 2;
SELECT attended FROM swan_correct(2, 'missed', 'he was not there');
SELECT missed FROM swan_summary(11);
UPDATE studio.sessions SET session_date = session_date + interval '1 hour' WHERE id = 2;
SELECT missed FROM swan_summary(11);
SELECT attended FROM swan_correct(2, 'attended', 'he was there');
SELECT missed FROM swan_summary(11);
SELECT kind, details ->> 'from' AS ended, details ->> 'to' AS made FROM studio.swan_ledger WHERE user_id = 11 AND session_id = 2 ORDER BY id DESC LIMIT 5;
SELECT * FROM unlike();
SELECT check_name FROM swan_verify() WHERE check_name = 'ledger_totals';
ROLLBACK;
BEGIN;
UPDATE studio.sessions SET user_id = 12 WHERE id = 7;
SELECT * FROM figures;
SELECT session_id, attended FROM swan_schedule(NULL, NULL, user_id => 12) WHERE session_id = 7;
UPDATE studio.sessions SET user_id = 11 WHERE id = 7;
DELETE FROM studio.sessions WHERE id IN (1, 2);
SELECT * FROM figures;
SELECT * FROM unlike();
SELECT check_name FROM swan_verify() WHERE check_name = 'ledger_totals';
ROLLBACK;
SELECT swan_configure('guard_sessions', 'refuse', 'studio');

--
-- A ledger whose rows have six totals goes on: readers count, and so does the next writer
--
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET totals = totals[1:6];
RESET session_replication_role;
SELECT * FROM figures;
SELECT c.id, c.last_session_date FROM swan_clients(order_by => 'last_session', actor => 1, max_rows => 4) c;
SELECT * FROM unlike();
SELECT check_name FROM swan_verify();
SELECT added FROM swan_grant(11, 1, actor => 1);
SELECT totals FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id DESC LIMIT 2;
SELECT sum(added) FROM unnest('{12,13}'::bigint[]) i, swan_grant(i, 1, actor => 1);
SELECT * FROM figures;
SELECT * FROM unlike();
SELECT check_name FROM swan_verify();
-- a wrong number is found
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET totals[7] = totals[7] + 1 WHERE id = (SELECT max(id) FROM studio.swan_ledger);
RESET session_replication_role;
SELECT user_id, problem FROM swan_verify();
DROP VIEW public.figures;
DROP FUNCTION public.unlike;
DROP VIEW public.all_ids;
\i test/fixture/moves_gone.sql
