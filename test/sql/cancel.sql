-- swan_cancel: a booking that is given up, an open slot that is closed.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 45, 40, '1 day') a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00', 60, 10, '1 day') a;
SELECT added FROM swan_grant(11, 20);

--
-- The client, in time: the credit comes back to its lot, the slot is offered anew
--
SELECT available_sessions FROM swan_book(11, 1);
SELECT status FROM swan_confirm(1);
SELECT session_id, user_id, trainer_id, status, session_date, duration, booked_at IS NOT NULL AS booked, charged, available_sessions, message, ledger_id, replayed, returned, reopened_session_id
  FROM swan_cancel(1, E'  ill\n', key => 'k1', actor => 11);
SELECT id, user_id, trainer_id, status, session_date, duration, notes, session_deducted, booked_at IS NOT NULL AS booked FROM studio.sessions WHERE id IN (1, 51) ORDER BY id;
SELECT id, delta, balance_after, kind, session_id, lot_id, reason, actor_id, key, details FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id;
SELECT remaining FROM studio.swan_lots WHERE user_id = 11;
-- the same answer again, though the slot is another's by now
SELECT available_sessions FROM swan_book(11, 2);
SELECT added FROM swan_grant(12, 1);
SELECT session_id FROM swan_book(12, 51);
SELECT status, charged, available_sessions, message, ledger_id, replayed, returned, reopened_session_id FROM swan_cancel(1, 'other', key => 'k1', actor => 1);
-- without its key it is cancelled already; so it is with another
SELECT * FROM swan_cancel(1, actor => 11);
SELECT * FROM swan_cancel(1, key => 'k2');
-- the key is that session's
SELECT * FROM swan_cancel(2, key => 'k1');
SELECT returned, replayed FROM swan_cancel(51, key => 'k1');
SELECT sum(available_sessions) FROM studio.users;

--
-- Who cancels, and when: returned, reopened
--
CREATE FUNCTION studio.cancelled(window_is text, slot bigint, client bigint, canceller text, ret text, reo text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c record;
BEGIN
	PERFORM swan_configure('cancel_window', window_is);
	PERFORM swan_book(client, slot);
	EXECUTE format('SELECT * FROM swan_cancel(%s, NULL, %s, %s, NULL, %s)', slot, ret, reo, canceller) INTO c;
	RETURN concat_ws(' ', CASE WHEN c.returned THEN 'returned' ELSE 'kept' END, CASE WHEN c.reopened_session_id IS NULL THEN 'closed' ELSE 'reopened' END,
		'deducted ' || (SELECT session_deducted FROM studio.sessions WHERE id = slot),
		'delta ' || (SELECT delta FROM studio.swan_ledger WHERE id = c.ledger_id), 'left ' || c.available_sessions);
END $$;
CREATE TEMP TABLE people AS SELECT * FROM (VALUES (1, 'system', 'NULL'), (2, 'admin', '1'), (3, 'staff', '2'), (4, 'trainer', '3'), (5, 'another trainer', '4'), (6, 'himself', '11'), (7, 'another', '12')) p (n, who, actor);
SELECT who, try(format('SELECT studio.cancelled(''24 hours'', 3, 11, %L, ''NULL'', ''NULL'')', actor)) AS in_time,
       try(format('SELECT studio.cancelled(''100 years'', 3, 11, %L, ''NULL'', ''NULL'')', actor)) AS late,
       try(format('SELECT studio.cancelled(''0'', 41, 11, %L, ''NULL'', ''NULL'')', actor)) AS past FROM people ORDER BY n;
-- staff and admins decide about the credit
SELECT who, try(format('SELECT studio.cancelled(''24 hours'', 3, 11, %L, ''false'', ''NULL'')', actor)) AS in_time_false,
       try(format('SELECT studio.cancelled(''100 years'', 41, 11, %L, ''true'', ''NULL'')', actor)) AS past_true FROM people ORDER BY n;
-- everybody but clients about the slot; also of the past
SELECT who, try(format('SELECT studio.cancelled(''24 hours'', 3, 11, %L, ''NULL'', ''true'')', actor)) AS future_true,
       try(format('SELECT studio.cancelled(''24 hours'', 3, 11, %L, ''NULL'', ''false'')', actor)) AS future_false,
       try(format('SELECT studio.cancelled(''24 hours'', 41, 11, %L, ''NULL'', ''true'')', actor)) AS past_true FROM people ORDER BY n;
SELECT available_sessions FROM swan_book(11, 3);
SELECT * FROM swan_cancel(3, return_credit => true, actor => 11);
SELECT * FROM swan_cancel(3, return_credit => false, actor => 3);
SELECT * FROM swan_cancel(3, reopen => false, actor => 11);
SELECT * FROM swan_cancel(3, actor => 12);
-- staff and a trainer who are clients: staff is the studio, the trainer of another's slot is a client
SELECT swan_configure('cancel_window', '100 years');
SELECT available_sessions FROM swan_grant(2, 1);
SELECT available_sessions FROM swan_grant(4, 1);
SELECT session_id FROM swan_book(2, 4);
SELECT session_id FROM swan_book(4, 5);
SELECT returned, reopened_session_id IS NOT NULL AS reopened FROM swan_cancel(4, actor => 2);
SELECT try('SELECT returned FROM swan_cancel(5, reopen => true, actor => 4)');
SELECT returned, reopened_session_id IS NOT NULL AS reopened, available_sessions FROM swan_cancel(5, actor => 4);
SELECT swan_configure('cancel_window', '24 hours');

--
-- What cost nothing brings nothing
--
SELECT charged FROM swan_book(13, 6, false);
SELECT charged FROM swan_book(13, 7, actor => 1);
SELECT charged, returned, available_sessions FROM swan_cancel(6, actor => 13);
SELECT charged, returned, available_sessions FROM swan_cancel(7, return_credit => true);
SELECT delta, balance_after, lot_id, details FROM studio.swan_ledger WHERE user_id = 13 AND kind = 'cancellation' ORDER BY id;
-- nor does one that was completed, missed, cancelled late
SELECT count(*) FROM generate_series(8, 10) s, swan_book(11, s);
SELECT status FROM swan_complete(took_place(8));
SELECT status FROM swan_complete(took_place(9), false);
SELECT returned FROM swan_cancel(10, return_credit => false);
SELECT id, status, session_deducted, try('SELECT returned FROM swan_cancel(' || id || ', return_credit => true)') FROM studio.sessions WHERE id BETWEEN 8 AND 10 ORDER BY id;
SELECT sessions_used FROM swan_client(11);

--
-- Into a lot that has expired it comes back and is gone: two rows; what is due goes first
--
SELECT added FROM swan_grant(14, 3, NULL, '2099-06-01');
SELECT available_sessions FROM generate_series(11, 12) s, swan_book(14, s);
SELECT pass(14, '2100-01-01');
SELECT charged, returned, available_sessions, reopened_session_id IS NOT NULL AS reopened, replayed FROM swan_cancel(11, key => 'expired', actor => 14);
SELECT kind, delta, balance_after, actor_id, key, call_id - min(call_id) FILTER (WHERE kind = 'expiry') OVER () AS call FROM studio.swan_ledger WHERE user_id = 14 ORDER BY id;
SELECT remaining, swept FROM studio.swan_lots WHERE user_id = 14;
SELECT session_deducted FROM studio.sessions WHERE id = 11;
-- there is no way to have it back; a replay says the same
SELECT returned, available_sessions FROM swan_cancel(12, return_credit => true);
SELECT charged, returned, available_sessions, replayed FROM swan_cancel(11, key => 'expired');

--
-- An open slot is closed; whoever holds it does not any more
--
SELECT session_id FROM swan_hold(11, 13);
SELECT * FROM swan_cancel(13, 'closed', key => 'k', actor => 3);
SELECT session_id, user_id, status, booked_at, charged, available_sessions, message, ledger_id, replayed, returned, reopened_session_id FROM swan_cancel(13, 'closed', actor => 3);
SELECT count(*) FROM studio.swan_holds;
SELECT * FROM swan_cancel(13, actor => 3);
SELECT who, try('SELECT status FROM swan_cancel(14, actor => ' || actor || ')') AS open, try('SELECT status FROM swan_cancel(14, reopen => true, return_credit => true, actor => ' || actor || ')') AS options FROM people ORDER BY n;
-- its time is free again, for one slot
SELECT count(*) FROM swan_open(3, '2099-01-17 09:00') a;
SELECT * FROM swan_open(3, '2099-01-17 09:30');
-- a booking is not offered anew where the trainer is busy
SELECT swan_configure('guard_sessions', 'record');
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (3, '2099-01-19 09:30') RETURNING id AS double \gset
SELECT status FROM swan_book(11, 15);
SELECT status FROM swan_cancel(:double);
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (3, '2099-01-19 09:44') RETURNING id AS double \gset
SELECT returned, reopened_session_id FROM swan_cancel(15, actor => 11);
SELECT swan_configure('guard_sessions', 'refuse');

--
-- Arguments
--
SELECT * FROM swan_cancel(NULL);
SELECT * FROM swan_cancel(999);
SELECT session_id FROM swan_book(11, 16);
SELECT call, try('SELECT returned FROM ' || call) FROM (VALUES (1, 'swan_cancel(-9223372036854775808)'), (2, 'swan_cancel(16, key => '' '')'), (3, 'swan_cancel(16, key => repeat(''k'', 256))'),
	(4, 'swan_cancel(16, key => repeat(''k'', 255))'), (5, 'swan_cancel(NULL, NULL, true, true, '''', 99)'), (6, 'swan_cancel(999, actor => 12)')) t (n, call) ORDER BY n;
SELECT returned FROM swan_cancel(16, repeat('r', 10000), key => 'long');
SELECT length(reason) FROM studio.swan_ledger WHERE key = 'long';

--
-- With session_records they come back; they themselves cannot be cancelled
--
SELECT swan_configure('session_records', 'on');
SELECT session_id FROM swan_book(11, 17);
SELECT count(*) - (SELECT available_sessions FROM studio.users WHERE id = 11) AS diff FROM studio.sessions WHERE user_id = 11 AND session_date IS NULL;
SELECT returned FROM swan_cancel(17);
SELECT count(*) - (SELECT available_sessions FROM studio.users WHERE id = 11) AS diff, count(*) FILTER (WHERE notes LIKE 'Returned%') AS returned FROM studio.sessions WHERE user_id = 11 AND session_date IS NULL;
SELECT min(id) AS record FROM studio.sessions WHERE user_id = 11 AND session_date IS NULL \gset
SELECT try('SELECT status FROM swan_cancel(' || :record || ')') ~ '^SW00[78] ' AS refused;
DROP TABLE people;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
