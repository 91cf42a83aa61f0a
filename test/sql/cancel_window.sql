-- The setting cancel_window: until when a client may give up or exchange his booking for nothing.
\i test/fixture/moves.sql
SET ROLE regress_owner;
-- slots at a time from now, a day of 24 hours; none of these times is ever shown
CREATE FUNCTION studio.slot(after interval) RETURNS bigint LANGUAGE sql AS $$
	SELECT a FROM swan_open(3, clock_timestamp() + after, 1) a
$$;
SELECT added FROM swan_grant(11, 100);
-- whether the client has his credit back and may exchange his booking, how long before it and with which window
CREATE FUNCTION studio.judge(window_is text, before interval) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	slot bigint := studio.slot(before);
	target bigint := studio.slot('70 years');
	answer text;
BEGIN
	PERFORM swan_configure('cancel_window', window_is);
	PERFORM swan_book(11, slot);
	SELECT concat_ws(' ', try('SELECT returned FROM swan_cancel(' || slot || ', actor => 11)'),
	                 left(try('SELECT status FROM swan_reschedule(' || slot || ', ' || target || ', actor => 11)'), 5),
	                 try('SELECT returned FROM swan_cancel(' || slot || ', actor => 2)'),
	                 left(try('SELECT status FROM swan_reschedule(' || slot || ', ' || target || ', actor => 2)'), 5)) INTO answer;
	RETURN answer;
END $$;
-- the client: returned, reschedule; the studio: the same
SELECT window_is, around, try(format('SELECT studio.judge(%L, interval %L + interval ''1 minute'')', window_is, around)) AS a_minute_more,
       try(format('SELECT studio.judge(%L, interval %L - interval ''1 minute'')', window_is, around)) AS a_minute_less
  FROM (VALUES (1, '24 hours', '24 hours'), (2, '1 day', '24 hours'), (3, '00:30', '30 minutes'), (4, '0', '2 minutes'), (5, '36 hours', '36 hours'), (6, '1 day 12 hours', '36 hours'),
               (7, '1 week', '168 hours'), (8, '90 seconds', '90 seconds'), (9, '20000 days', '480000 hours')) w (n, window_is, around) ORDER BY n;
-- one that has begun is too late, whatever the window
SELECT try('SELECT studio.judge(''0'', ''-1 second'')'), try('SELECT studio.judge(''0'', ''-1 year'')'), try('SELECT studio.judge(''24 hours'', ''-1 second'')');
-- what has begun its client gives up no more, nor exchanges; the studio does
SELECT studio.slot('-1 second') AS slot \gset
SELECT status FROM swan_book(11, :slot);
SELECT regexp_replace(try('SELECT status FROM swan_cancel(' || :slot || ', actor => 11)'), '\d+ has', '# has') AS himself,
       regexp_replace(try('SELECT status FROM swan_reschedule(' || :slot || ', 1, actor => 11)'), '\d+ has', '# has') AS exchanges,
       try('SELECT status || returned FROM swan_cancel(' || :slot || ', actor => 3)') AS trainer, try('SELECT status || returned FROM swan_cancel(' || :slot || ', actor => 2)') AS staff,
       try('SELECT status FROM swan_complete(' || :slot || ', false, 3)') AS missed;
-- a retry of what he did in time gets its answer, whatever the time
SELECT studio.slot('30 hours') AS slot \gset
SELECT status FROM swan_book(11, :slot);
SELECT returned, replayed FROM swan_cancel(:slot, key => 'in time', actor => 11);
SELECT took_place(:slot) = :slot AS past;
SELECT returned, replayed FROM swan_cancel(:slot, key => 'in time', actor => 11);

--
-- What the studio put so near that he could not give it up in time, he gives up for nothing until it begins
--
SELECT swan_configure('cancel_window', '24 hours');
-- he books it so long before; moves of it, who moved and what is asked: returned, exchanged
CREATE FUNCTION studio.moved(before interval, VARIADIC moves text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	slot bigint := studio.slot(before);
	target bigint := studio.slot('70 years');
	move text;
	answer text;
BEGIN
	PERFORM swan_book(11, slot, actor => 11);
	FOREACH move IN ARRAY moves LOOP
		EXECUTE replace(replace(move, '#', slot::text), 'in ', 'clock_timestamp() + interval ');
	END LOOP;
	SELECT concat_ws(' ', try('SELECT returned FROM swan_cancel(' || slot || ', actor => 11)'), left(try('SELECT status FROM swan_reschedule(' || slot || ', ' || target || ', actor => 11)'), 9)) INTO answer;
	RETURN answer;
END $$;
SELECT n, try(format('SELECT studio.moved(%L, VARIADIC %L)', before, moves)) AS returned_exchanged, before, moves FROM (VALUES
	(1, '5 days', ARRAY['SELECT swan_move(#, in ''3:10'', actor => 3)']),
	(2, '5 days', ARRAY['SELECT swan_move(#, in ''25:00'')']),
	(3, '5 days', ARRAY['SELECT swan_move(#, in ''3:20'')', 'SELECT swan_move(#, in ''5:20'', actor => 2)']),
	(4, '5 days', ARRAY['SELECT swan_move(#, in ''3:30'')', 'SELECT swan_move(#, in ''25:30'')']),
	(5, '5 days', ARRAY['SELECT swan_move(#, in ''3:40'')', 'SELECT swan_move(#, trainer_id => 4)', 'SELECT swan_move(#, duration => 3)']),
	(6, '3:50', ARRAY['SELECT swan_move(#, trainer_id => 4)', 'SELECT swan_move(#, duration => 3)']),
	(7, '4:00', ARRAY['SELECT swan_move(#, in ''4:10'')']),
	(8, '5 days', ARRAY['SELECT swan_move(#, in ''-20:00'')']),
	-- so is what the application moves directly, where that is recorded
	(9, '5 days', ARRAY['SELECT swan_configure(''guard_sessions'', ''record'')', 'UPDATE studio.sessions SET session_date = in ''4:20'' WHERE id = #']),
	(10, '4:30', ARRAY['SELECT swan_configure(''guard_sessions'', ''record'')', 'UPDATE studio.sessions SET trainer_id = 4 WHERE id = #']),
	(11, '5 days', ARRAY['SELECT swan_configure(''guard_sessions'', ''off'')', 'UPDATE studio.sessions SET session_date = in ''4:40'' WHERE id = #'])) m (n, before, moves) ORDER BY n;
-- staff who are clients move their own, which is their own doing
SELECT added FROM swan_grant(4, 2);
UPDATE studio.users SET role = 'staff' WHERE id = 4;
SELECT studio.slot('5 days') AS slot \gset
SELECT status FROM swan_book(4, :slot);
SELECT status FROM swan_move(:slot, clock_timestamp() + interval '5:30', actor => 4);
UPDATE studio.users SET role = 'client' WHERE id = 4;
SELECT returned FROM swan_cancel(:slot, actor => 4);
-- once it was moved out of the window again, he can give it up in time, and has to
SELECT studio.slot('5 days') AS slot \gset
SELECT status FROM swan_book(11, :slot);
SELECT status FROM swan_move(:slot, clock_timestamp() + interval '5:10', actor => 3);
SELECT status FROM swan_move(:slot, clock_timestamp() + interval '31:10', actor => 3);
RESET ROLE;
SET session_replication_role = replica;	-- ten hours go by
UPDATE studio.sessions SET session_date = session_date - interval '10 hours' WHERE id = :slot;
SELECT ago(11, '10 hours');
RESET session_replication_role;
SET ROLE regress_owner;
SELECT returned FROM swan_cancel(:slot, actor => 11);
-- a move is that booking's only: what he takes instead he chose himself
SELECT studio.slot('5 days') AS slot, studio.slot('2:10') AS target \gset
SELECT status FROM swan_book(11, :slot);
SELECT status FROM swan_move(:slot, clock_timestamp() + interval '4:50', actor => 3);
SELECT status FROM swan_reschedule(:slot, :target, actor => 11);
SELECT returned FROM swan_cancel(:target, actor => 11);
-- what the studio exchanged for it is its doing, if it is at another time
UPDATE studio.users SET role = 'trainer' WHERE id = 4;
SELECT studio.slot('5 days') AS slot, studio.slot('6:10') AS target, studio.slot('7:20') AS next \gset
SELECT status FROM swan_book(11, :slot);
SELECT status FROM swan_reschedule(:slot, :target, actor => 2);
SELECT returns, free_until > now() AS free FROM swan_can_cancel(:target, actor => 11);
SELECT try('SELECT returned FROM swan_cancel(' || :target || ', actor => 11)') AS put_there, try('SELECT status FROM swan_reschedule(' || :target || ', ' || :next || ', actor => 11)') AS exchanges;
SELECT a AS opens FROM swan_open(4, (SELECT session_date FROM studio.sessions WHERE id = :next)) a \gset
SELECT studio.slot('9 days') AS slot \gset
SELECT status FROM swan_book(11, :slot, actor => 11);
SELECT status FROM swan_reschedule(:slot, :next, actor => 11);
SELECT status FROM swan_reschedule(:next, :opens, actor => 2);
SELECT returned FROM swan_cancel(:opens, actor => 11);
-- without a credit there is none to return, in time or not
SELECT studio.slot('1 hour') AS slot \gset
SELECT charged FROM swan_book(12, :slot, false);
SELECT charged, returned, available_sessions, reopened_session_id > :slot AS reopened FROM swan_cancel(:slot, actor => 12);

--
-- When the clocks change, hours are hours, and days are those of the studio's clocks, which show an hour in autumn twice and one in spring never
--
BEGIN;
SELECT swan_configure('time_zone', 'Europe/Berlin');
CREATE TABLE studio.nights AS SELECT a AS id FROM unnest('{2099-03-29 00:30Z,2099-03-29 01:30Z,2099-03-30 00:30Z,2099-03-30 01:30Z,2099-10-25 00:30Z,2099-10-25 01:30Z,2099-10-26 00:30Z,2099-10-26 01:30Z}'::timestamptz[]) WITH ORDINALITY t (at, n),
	swan_open(4, t.at, 1) a;
SELECT count(*) FROM studio.nights n, swan_book(11, n.id);
CREATE FUNCTION studio.until(window_is text) RETURNS SETOF timestamptz LANGUAGE sql AS $$
	SELECT swan_configure('cancel_window', window_is);
	SELECT c.free_until FROM studio.nights n, swan_can_cancel(n.id) c ORDER BY n.id
$$;
SET timezone = 'Europe/Berlin';
SELECT s.session_date AS begins, x.* FROM ROWS FROM (studio.until('0'), studio.until('3 hours'), studio.until('24 hours'), studio.until('1 day'), studio.until('1 day 2 hours')) x (none, hours_3, hours_24, a_day, a_day_and_2_hours)
  JOIN studio.sessions s ON s.session_date = x.none AND s.trainer_id = 4 ORDER BY 1;
ROLLBACK;

--
-- The setting
--
SELECT value, try(format('SELECT swan_configure(''cancel_window'', %L)', value)) FROM unnest(ARRAY['0', '1 day', '30 minutes', '-1 second', 'soon', '', '1 month', '100 years']) value;
SELECT * FROM swan_configure('cancel_window', '-1 day');
-- one that no calendar knows would make every call fail
SELECT left(try('SELECT swan_configure(''cancel_window'', ''10000000 days'')'), 5);
SELECT left(try('SELECT swan_configure(''cancel_window'', ''100000000 years'')'), 5);
-- a time at the end of the calendar, and at its beginning
SELECT count(*) FROM swan_open(3, '4000-01-01') a;
SELECT max(id) AS far FROM studio.sessions \gset
SELECT session_id = :far AS booked FROM swan_book(11, :far);
SELECT swan_configure('cancel_window', '24 hours');
SELECT returned FROM swan_cancel(:far, actor => 11);
SELECT count(*) FROM swan_open(3, '4713-01-01 BC') a;
SELECT max(id) AS far FROM studio.sessions \gset
SELECT session_id = :far AS booked FROM swan_book(11, :far);
SELECT returned, reopened_session_id FROM swan_cancel(:far, actor => 11);

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
