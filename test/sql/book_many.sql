-- swan_book_many: several slots for one client, or none.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 40, '1 day') a;
SELECT count(*) FROM swan_open(4, '2099-01-05 09:30', 60, 10, '1 day') a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00') a;
CREATE VIEW studio.taken AS SELECT id, user_id, status, session_deducted FROM studio.sessions WHERE user_id IS NOT NULL AND session_date IS NOT NULL ORDER BY id;

--
-- Several slots, in the order in which they were named; one row of the ledger for each
--
SELECT count(*) FROM (VALUES (2, '2099-06-01'::timestamptz), (2, NULL)) t (n, e), swan_grant(11, n, NULL, e);
SELECT session_id, user_id, trainer_id, status, session_date, duration, booked_at IS NOT NULL AS booked, charged, available_sessions, message, ledger_id, replayed
  FROM swan_book_many(11, '{3, 1, 2}', actor => 11);
SELECT id, delta, balance_after, kind, session_id, lot_id, actor_id, key, call_id FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id;
SELECT * FROM studio.taken;
SELECT count(DISTINCT booked_at) FROM studio.sessions WHERE user_id = 11;

--
-- All or nothing; the error names the slot
--
SELECT * FROM swan_book_many(11, '{4, 5}');
SELECT * FROM swan_book_many(11, '{4, 1}');
SELECT available_sessions FROM swan_grant(11, 1);
SELECT * FROM swan_book_many(11, '{4, 5, 6}');
SELECT * FROM swan_book_many(11, '{4, 999}');
SELECT * FROM swan_book_many(11, '{4, 41}');
-- at the time of one that he has, at each other's time
SELECT * FROM swan_book_many(11, '{4, 43}');
SELECT * FROM swan_book_many(11, '{4, 44}');
SELECT * FROM swan_book_many(11, '{4, 51}', actor => 11);
SELECT * FROM swan_book_many(99, '{4, 5}');
SELECT * FROM studio.taken;
SELECT count(*) FROM studio.swan_ledger WHERE user_id = 11;
-- the same in a transaction with a snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ;
SAVEPOINT s;
SELECT * FROM swan_book_many(11, '{4, 5, 6}');
ROLLBACK TO s;
SELECT * FROM swan_book_many(11, '{4, 44}');
ROLLBACK TO s;
SELECT session_id, available_sessions FROM swan_book_many(11, '{4, 5}');
ROLLBACK;
-- one that is held by another; one's own holds are used up
SELECT available_sessions FROM swan_grant(12, 3);
SELECT swan_configure('hold_max', '2');
SELECT session_id FROM unnest('{6, 7}'::bigint[]) s, swan_hold(12, s);
SELECT * FROM swan_book_many(11, '{5, 6}');
SELECT session_id, available_sessions FROM swan_book_many(12, '{7, 6, 8}');
SELECT count(*) FROM studio.swan_holds;

--
-- Arguments
--
SELECT * FROM swan_book_many(NULL, '{4}');
SELECT * FROM swan_book_many(11, NULL);
SELECT * FROM swan_book_many(11, '{4, NULL}');
SELECT * FROM swan_book_many(11, '{}');
SELECT * FROM swan_book_many(11, '{4, 5, 4}');
SELECT call, try('SELECT count(*) FROM ' || call) FROM (VALUES
	(1, 'swan_book_many(11, ARRAY(SELECT generate_series(1, 1001)))'), (2, 'swan_book_many(11, ''{4, -9223372036854775808}'')'),
	(3, 'swan_book_many(11, ''{4}'', key => '' '')'), (4, 'swan_book_many(11, ''{4}'', key => repeat(''k'', 256))'), (5, 'swan_book_many(11, ''{4}'', key => repeat(''k'', 255))'),
	(6, 'swan_book_many(11, ''{{4}, {5}}'')'), (7, 'swan_book_many(NULL, NULL, false, '''', actor => 99)')) t (n, call) ORDER BY n;

--
-- Who may, and who pays: all slots have to be a trainer's own
--
SELECT who, charge, try(format('SELECT string_agg(concat_ws('' '', session_id, charged, available_sessions), '', '') FROM swan_book_many(11, ''{%s}'', %L, actor => %L)', slots, charge, actor))
  FROM (VALUES (1, 'system', NULL, '4, 5'), (2, 'admin', 1, '4, 5'), (3, 'staff', 2, '4, 5'), (4, 'trainer', 3, '4, 5'), (5, 'trainer of one', 4, '50, 5'), (6, 'himself', 11, '4, 5'), (7, 'another', 12, '4, 5')) a (n, who, actor, slots),
       (VALUES (NULL::boolean), (true), (false)) c (charge) ORDER BY n, charge NULLS FIRST;
SELECT swan_configure('admin_booking', 'charged');
SELECT try('SELECT string_agg(concat_ws('' '', session_id, charged, available_sessions), '', '') FROM swan_book_many(11, ''{4, 5}'', actor => 1)');
SELECT swan_configure('admin_booking', 'free');
-- the past is for the studio, and what is free needs no credit
SELECT session_id, charged, available_sessions FROM swan_book_many(13, '{51, 9, 10}', actor => 1);
SELECT * FROM swan_book_many(13, '{11, 12}', actor => 2);

--
-- Keys: the answers of the first call, though one of them has changed since
--
SELECT available_sessions FROM swan_grant(14, 6);
SELECT session_id, charged, available_sessions, ledger_id - min(ledger_id) OVER () AS row, replayed FROM swan_book_many(14, '{21, 20, 22}', key => 'k');
SELECT available_sessions FROM swan_book(14, 23);
SELECT status, available_sessions FROM swan_confirm(20);
SELECT returned, available_sessions FROM swan_cancel(22);
SELECT b.session_id, status, charged, available_sessions, message, ledger_id = g.id AS same_row, replayed
  FROM swan_book_many(14, '{21, 20, 22}', key => 'k') b LEFT JOIN studio.swan_ledger g ON g.session_id = b.session_id AND g.kind = 'booking' ORDER BY g.id;
-- whatever their order, and whoever pays
SELECT session_id, charged, available_sessions, ledger_id - min(ledger_id) OVER () AS row FROM swan_book_many(14, '{20, 22, 21}', false, 'k', actor => 1);
SELECT slots, try(format('SELECT count(*) FROM swan_book_many(14, %L, key => ''k'')', slots))
  FROM unnest(ARRAY['{20, 21}', '{20, 21, 22, 23}', '{20, 21, 24}', '{20, 21, 999}', '{24}', '{21}']) slots;
SELECT * FROM swan_book_many(14, '{20, 21}', key => 'k');
-- swan_book's keys are the same ones
SELECT try('SELECT replayed FROM swan_book(14, 21, key => ''k'')');
SELECT available_sessions FROM swan_book(14, 24, key => 'one');
SELECT session_id, replayed FROM swan_book_many(14, '{24}', key => 'one');
SELECT try('SELECT count(*) FROM swan_book_many(14, ''{24, 25}'', key => ''one'')');
-- of a call that failed nothing is left
SELECT try('SELECT count(*) FROM swan_book_many(14, ''{25, 1}'', key => ''failed'')');
SELECT session_id, replayed FROM swan_book_many(14, '{25, 26}', key => 'failed');

--
-- What is due is not spent, and expires in the same call
--
SELECT count(*) FROM (VALUES (1, 2, '2099-03-01'::timestamptz), (2, 2, NULL)) t (i, n, e), swan_grant(15, n, NULL, e);
SELECT pass(15, '2100-01-01');
SELECT * FROM swan_book_many(15, '{27, 28, 29}');
SELECT kind FROM studio.swan_ledger WHERE user_id = 15;
SELECT session_id, available_sessions FROM swan_book_many(15, '{27, 28}');
SELECT kind, delta, session_id, call_id = min(id) FILTER (WHERE kind = 'expiry') OVER () AS same_call FROM studio.swan_ledger WHERE user_id = 15 ORDER BY id;
-- with session_records
SELECT swan_configure('session_records', 'on');
SELECT available_sessions FROM swan_grant(15, 3);
SELECT session_id, available_sessions FROM swan_book_many(15, '{29, 30}');
SELECT count(*) FROM studio.sessions WHERE user_id = 15 AND session_date IS NULL;
SELECT try('SELECT count(*) FROM swan_book_many(15, ARRAY(SELECT id FROM studio.sessions WHERE user_id = 15 AND session_date IS NULL) || 31::bigint)') ~ '^SW002 session \d+ is not available for booking$' AS no_slot;
SELECT * FROM studio.taken;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
