-- swan_cancel_many: several bookings, of one client or several, and open slots, or none.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 12, '1 hour') a;
SELECT count(*) FROM swan_open(4, '2099-01-05 09:00', 60, 4, '1 hour') a;
SELECT count(*) FROM generate_series(11, 13) c, swan_grant(c, 6);
CREATE VIEW studio.taken AS SELECT id, user_id, status, session_deducted FROM studio.sessions WHERE user_id IS NOT NULL OR status <> 'available' ORDER BY id;
SELECT count(*) FROM (VALUES (11, 1), (12, 2), (11, 3), (13, 13)) b (c, s), swan_book(c, s);

--
-- The trainer is ill: all of his day, in the order in which it was named
--
SELECT session_id, user_id, status, charged, available_sessions, message, ledger_id IS NOT NULL AS noted, replayed, returned, reopened_session_id
  FROM swan_cancel_many('{3, 2, 4, 1}', ' ill ', actor => 3);
SELECT user_id, delta, balance_after, kind, session_id, reason, actor_id, call_id = min(id) OVER (PARTITION BY user_id, kind) AS of_call, details
  FROM studio.swan_ledger WHERE kind = 'cancellation' ORDER BY id;
SELECT * FROM studio.taken;

--
-- All or nothing; the error names the session
--
SELECT count(*) FROM (VALUES (11, 5), (12, 6), (11, 7)) b (c, s), swan_book(c, s);
SELECT * FROM swan_cancel_many('{5, 1, 6}');
SELECT * FROM swan_cancel_many('{5, 999}');
SELECT * FROM swan_cancel_many('{5, 6}', actor => 11);
SELECT * FROM swan_cancel_many('{5, 13}', actor => 3);
SELECT count(*) FROM studio.swan_ledger WHERE kind = 'cancellation';
-- what has begun its client cannot cancel, nor the others with it
SELECT took_place(7) = 7 AS past;
SELECT * FROM swan_cancel_many('{5, 7}', actor => 11);
SELECT count(*) FROM studio.taken WHERE id IN (5, 7) AND status = 'scheduled';

--
-- A client gives up his own: in time the credits come back, and the hours are open again
--
SELECT session_id, returned, available_sessions, reopened_session_id IS NOT NULL AS reopened FROM swan_cancel_many('{5}', actor => 11);
-- what it says of each may differ: one is too late
SELECT a AS soon FROM swan_open(3, now() + interval '3 hours', 1) a \gset
SELECT count(*) FROM (VALUES (12, :soon), (12, 8)) b (c, s), swan_book(c, s);
SELECT session_id = :soon AS soon, charged, returned, available_sessions, reopened_session_id IS NOT NULL AS reopened FROM swan_cancel_many(ARRAY[8, :soon], actor => 12);

--
-- Arguments, and who may
--
SELECT * FROM swan_cancel_many(NULL);
SELECT * FROM swan_cancel_many('{}');
SELECT * FROM swan_cancel_many('{6, 6}');
SELECT * FROM swan_cancel_many('{6, NULL}');
SELECT n, try('SELECT string_agg(concat_ws('' '', session_id, returned, reopened_session_id IS NOT NULL), '', '') FROM swan_cancel_many(' || call || ')') FROM (VALUES
	(1, '''{6, 9}'', actor => 2'), (2, '''{6, 9}'', return_credit => false, reopen => true, actor => 2'), (3, '''{6, 9}'', return_credit => true, actor => 3'),
	(4, '''{6, 9}'', reopen => true, actor => 3'), (5, '''{6, 9}'', actor => 4'), (6, '''{6}'', reopen => true, actor => 12'), (7, '''{6}'', return_credit => true, actor => 12'),
	(8, '''{6, 9}'', actor => 12'), (9, '''{9, 10}'', ''k'', key => ''k'''), (10, '''{6}'', key => '' ''')) t (n, call) ORDER BY n;

--
-- Keys: of bookings, whatever their order, and whoever has them; what is open has none
--
SELECT count(*) FROM (VALUES (11, 10), (12, 11), (11, 12)) b (c, s), swan_book(c, s);
SELECT session_id, user_id, returned, available_sessions, reopened_session_id, replayed FROM swan_cancel_many('{10, 11, 12, 9}', reopen => true, key => 'k');
SELECT available_sessions FROM swan_grant(11, 3);
SELECT m.session_id, m.user_id, returned, available_sessions, reopened_session_id, ledger_id = g.id AS same_row, replayed
  FROM swan_cancel_many('{9, 12, 11, 10}', key => 'k') m LEFT JOIN studio.swan_ledger g ON g.session_id = m.session_id AND g.kind = 'cancellation';
SELECT n, try('SELECT count(*) || bool_or(replayed)::text FROM swan_cancel_many(' || call || ', key => ''k'')') FROM (VALUES
	(1, '''{10, 11, 12}'''), (2, '''{10, 12}'''), (3, '''{11}'''), (4, '''{10, 11}'''), (5, '''{10, 11, 12, 6}'''), (6, '''{10, 11, 12, 14}'''), (7, '''{6, 13}'''), (8, '''{13}'''), (9, '''{10, 11, 13}''')) t (n, call) ORDER BY n;
-- swan_cancel's keys are the same ones
SELECT try('SELECT replayed FROM swan_cancel(10, key => ''k'')'), try('SELECT replayed FROM swan_cancel(11, key => ''k'')');
SELECT returned FROM swan_cancel(13, key => 'one');
SELECT session_id, returned, replayed FROM swan_cancel_many('{13}', key => 'one');
SELECT try('SELECT count(*) FROM swan_cancel_many(''{13, 6}'', key => ''one'')');
-- of a call that failed nothing is left
SELECT try('SELECT count(*) FROM swan_cancel_many(''{6, 1}'', key => ''failed'')');
SELECT session_id, replayed FROM swan_cancel_many('{6, 14}', key => 'failed');

--
-- What is due expires first, once for each client; holds end with their slots
--
SELECT count(*) FROM (VALUES (2, '2099-01-01'::timestamptz), (2, NULL)) t (n, e), swan_grant(14, n, NULL, e);
SELECT session_id FROM swan_book_many(14, '{15, 16}');
SELECT pass(14, '2099-01-02');
SELECT session_id, returned, available_sessions FROM swan_cancel_many('{15, 16}', actor => 14);
SELECT kind, delta, balance_after FROM studio.swan_ledger WHERE user_id = 14 ORDER BY id;
SELECT a AS held FROM swan_open(4, '2099-02-01') a \gset
SELECT count(*) FROM swan_hold(13, :held);
SELECT status FROM swan_cancel_many(ARRAY[:held]);
SELECT count(*) FROM studio.swan_holds;
-- with session_records
SELECT swan_configure('session_records', 'on');
SELECT status FROM swan_open(4, '2099-02-02') a, swan_book(13, a);
SELECT available_sessions FROM swan_cancel_many(ARRAY(SELECT id FROM studio.sessions WHERE status = 'scheduled' AND session_date = '2099-02-02'));
SELECT count(*) FROM studio.sessions WHERE user_id = 13 AND session_date IS NULL;
SELECT * FROM studio.taken WHERE id <= 17;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
