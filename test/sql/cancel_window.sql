-- The setting cancel_window: until when a client may give up or exchange his booking for nothing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_owner;
SELECT swan_create_studio(owner => 'regress_owner');

\getenv dir PG_ABS_SRCDIR
\set file :dir '/moves.sql'
\i :file

SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, role) VALUES
	(1, 'Ada', 'Admin', 'admin'), (2, 'Stella', 'Staff', 'staff'), (3, 'Tom', 'Trainer', 'trainer'), (4, 'Tina', 'Trainer', 'trainer');
INSERT INTO studio.users (id, first_name) SELECT i, 'client ' || i FROM generate_series(11, 30) i;
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
-- without a credit there is none to return, in time or not
SELECT studio.slot('1 hour') AS slot \gset
SELECT charged FROM swan_book(12, :slot, false);
SELECT charged, returned, available_sessions, reopened_session_id > :slot AS reopened FROM swan_cancel(:slot, actor => 12);

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
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_owner;
DROP FUNCTION public.try, public.pass, public.out_of_step;
