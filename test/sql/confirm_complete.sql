-- swan_confirm and swan_complete: a booking that takes place, or the client who does not come.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2002-01-05 09:00', 60, 30, '1 day') a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00') a;
SELECT added FROM swan_grant(11, 10);

--
-- scheduled, confirmed, completed
--
SELECT status FROM generate_series(1, 4) s, swan_book(11, s) ORDER BY s;
SELECT session_id, user_id, trainer_id, status, session_date, duration, booked_at IS NOT NULL AS booked, charged, available_sessions, message, ledger_id, replayed FROM swan_confirm(1, actor => 3);
SELECT status, confirmed, session_deducted FROM studio.sessions WHERE id = 1;
SELECT session_id, user_id, trainer_id, status, session_date, duration, booked_at IS NOT NULL AS booked, charged, available_sessions, message, ledger_id, replayed FROM swan_complete(1, actor => 2);
SELECT status, confirmed, session_deducted FROM studio.sessions WHERE id = 1;
-- without being confirmed; without the client: the credit is used all the same
SELECT status, charged, available_sessions, message FROM swan_complete(2);
SELECT status, charged, available_sessions, message FROM swan_complete(3, false, 3);
SELECT status FROM swan_confirm(4);
SELECT status, message FROM swan_complete(4, attended => false);
SELECT id, status, confirmed, session_deducted FROM studio.sessions WHERE user_id = 11 ORDER BY id;
SELECT kind, delta, balance_after, session_id, lot_id, actor_id, details FROM studio.swan_ledger WHERE user_id = 11 AND kind <> 'booking' ORDER BY id;
SELECT available, scheduled, confirmed, completed, total FROM swan_summary(11);
SELECT total_sessions_purchased, sessions_used, available_sessions FROM swan_client(11);
-- one that cost nothing, and one of the past
SELECT charged FROM swan_book(12, 5, false);
SELECT status, charged, available_sessions FROM swan_confirm(5);
SELECT status, charged, available_sessions FROM swan_complete(5);
SELECT charged, available_sessions FROM swan_book(11, 31);
SELECT status, charged FROM swan_complete(31, actor => 3);
SELECT sessions_used FROM swan_client(12);

--
-- Every status, and what is refused
--
SELECT count(*) FROM generate_series(11, 15) s, swan_book(11, s);
SELECT status FROM swan_confirm(12);
SELECT status FROM swan_complete(13);
SELECT status FROM swan_cancel(14);
SELECT status FROM swan_complete(15, false);
SELECT status FROM swan_cancel(16);
SELECT id, status, user_id, try('SELECT status || '' '' || available_sessions FROM swan_confirm(' || id || ')') AS confirm,
       try('SELECT status || '' '' || available_sessions FROM swan_complete(' || id || ')') AS complete,
       try('SELECT status || '' '' || available_sessions FROM swan_complete(' || id || ', false)') AS no_show
  FROM studio.sessions WHERE id BETWEEN 11 AND 17 ORDER BY id;
SELECT * FROM swan_confirm(12);
SELECT * FROM swan_complete(13);
SELECT * FROM swan_confirm(17);

--
-- Nothing has taken place before its day, where the studio is, and nobody has missed what has not begun
--
-- the studio's clock shows some time in the hour that is wanted; slots so long from then are on the same day, or not
CREATE FUNCTION studio.clock_shows(hour integer) RETURNS text LANGUAGE sql AS $$
	SELECT swan_configure('time_zone', 'Etc/GMT' || CASE WHEN h < hour THEN '' ELSE '+' END || h - hour)
	  FROM (SELECT extract(hour FROM now() AT TIME ZONE 'UTC')::integer) t (h)
$$;
CREATE FUNCTION studio.judged(after interval) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	slot bigint := (SELECT a FROM swan_open(4, clock_timestamp() + after, 1) a);
BEGIN
	PERFORM swan_book(11, slot, actor => 2);
	RETURN concat_ws(', ', left(try('SELECT status FROM swan_complete(' || slot || ', actor => 4)'), 9), left(try('SELECT status FROM swan_complete(' || slot || ')'), 9),
		left(try('SELECT status FROM swan_complete(' || slot || ', false, 4)'), 9), left(try('SELECT status FROM swan_confirm(' || slot || ', 4)'), 9));
END $$;
CREATE TEMP TABLE hours AS SELECT * FROM (VALUES (12, interval '-1 minute'), (12, '1 minute'), (12, '10 hours'), (12, '13 hours'), (12, '-13 hours'), (12, '2 days')) h (hour, after);
-- completed by its trainer, by the system; missed; confirmed
SELECT hour, after, (SELECT try(format('SELECT studio.judged(%L) FROM studio.clock_shows(%s)', after, hour))) AS answers FROM hours ORDER BY hour, after;
DROP TABLE hours;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00') a;
SELECT max(id) AS ahead FROM studio.sessions \gset
SELECT status FROM swan_book(11, :ahead);
SELECT * FROM swan_complete(:ahead, actor => 3);
SELECT * FROM swan_complete(:ahead, false);
-- the hint's ways out
SELECT session_date FROM swan_move(:ahead, '2003-01-05 09:00');
SELECT status FROM swan_complete(:ahead, false);
SELECT c.status FROM swan_open(3, '2099-01-05 09:00') o, LATERAL swan_book(11, o) b, LATERAL swan_cancel(b.session_id) c;

--
-- Arguments, unknown sessions
--
SELECT * FROM swan_confirm(NULL);
SELECT * FROM swan_complete(NULL);
SELECT * FROM swan_confirm(999);
SELECT * FROM swan_complete(999);
SELECT try('SELECT status FROM swan_confirm(NULL, 11)'), try('SELECT status FROM swan_complete(NULL, NULL, 99)'), try('SELECT status FROM swan_complete(-9223372036854775808)');

--
-- Who may: the slot's trainer, staff, admins, the system
--
SELECT who, try('SELECT status FROM swan_confirm(11, ' || actor || ')') AS confirm, try('SELECT status FROM swan_complete(11, actor => ' || actor || ')') AS complete,
       try('SELECT status FROM swan_complete(12, false, ' || actor || ')') AS no_show
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('another trainer', '4'), ('himself', '11'), ('another', '12')) a (who, actor);
SELECT * FROM swan_confirm(11, 11);
SELECT * FROM swan_confirm(11, 4);
-- a trainer who is another's client
SELECT added FROM swan_grant(4, 1);
SELECT status FROM swan_book(4, 18, actor => 4);
SELECT * FROM swan_complete(18, actor => 4);
SELECT status FROM swan_complete(18, actor => 3);

--
-- What is due expires with it; with session_records its rows too
--
SELECT swan_configure('session_records', 'on');
SELECT added FROM generate_series(1, 3) i, swan_grant(13, i, NULL, '2099-01-01'::timestamptz + i * interval '1 month') ORDER BY i;
SELECT available_sessions FROM generate_series(21, 22) s, swan_book(13, s);
SELECT pass(13, '2099-03-02');
SELECT available_sessions FROM swan_confirm(21);
SELECT pass(13, '2099-05-02');
SELECT available_sessions FROM swan_complete(21);
SELECT kind, delta, balance_after, session_id, actor_id, call_id - min(call_id) OVER () AS call FROM studio.swan_ledger WHERE user_id = 13 AND kind NOT IN ('grant', 'booking') ORDER BY id;
SELECT count(*) FROM studio.sessions WHERE user_id = 13 AND session_date IS NULL;
-- they are no sessions
SELECT min(id) AS record FROM studio.sessions WHERE user_id = 11 AND session_date IS NULL \gset
SELECT try('SELECT status FROM swan_confirm(' || :record || ')') = 'SW007 session ' || :record || ' does not exist' AS confirm,
       try('SELECT status FROM swan_complete(' || :record || ')') = 'SW007 session ' || :record || ' does not exist' AS complete;

-- rolled back; caught
BEGIN;
SELECT status FROM swan_complete(22);
ROLLBACK;
DO $$
BEGIN
	PERFORM swan_confirm(22);
	PERFORM swan_confirm(22);
EXCEPTION WHEN SQLSTATE 'SW008' THEN
	NULL;
END $$;
SELECT status, confirmed FROM studio.sessions WHERE id = 22;
BEGIN READ ONLY;
SELECT * FROM swan_confirm(22);
ROLLBACK;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
