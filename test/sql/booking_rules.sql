-- Rules of the studio's own about bookings by clients themselves (SW017): how
-- soon, how far ahead, how many at once; and the time between two sessions of a
-- trainer, which is for everybody.
\i test/fixture/moves.sql
-- a call, rolled back: what it answers, or the rule that refuses it, and the sentence to show
CREATE FUNCTION public.rule(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	said json;
BEGIN
	EXECUTE call INTO answer;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(answer, 'null');
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN 'ok';
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS answer = PG_EXCEPTION_DETAIL;
	said := answer::json;
	RETURN concat_ws(' ', SQLSTATE, said ->> 'rule', said ->> 'message');
END $$;
-- every way of taking each slot, as client and as staff
CREATE FUNCTION public.ways(actor bigint) RETURNS TABLE (slot text, can_book text, book text, book_many text, hold text) LANGUAGE plpgsql AS $$ BEGIN
	RETURN QUERY SELECT name, (SELECT CASE WHEN c.ok THEN 'ok' ELSE c.sqlstate || ' ' || c.message END FROM swan_can_book(11, s.id, actor => actor) c),
	       rule(format('SELECT swan_book(11, %s, actor => %s)', s.id, actor)), rule(format('SELECT swan_book_many(11, ''{%s}'', actor => %s)', s.id, actor)),
	       rule(format('SELECT swan_hold(11, %s, actor => %s)', s.id, actor)) FROM slot s ORDER BY s.id;
END $$;
SET ROLE regress_owner;
SELECT count(*) FROM generate_series(11, 14) u, swan_grant(u, 5);
-- slots in 30 minutes, 2 hours, 3 days, 40 days from now
CREATE TEMP TABLE slot AS
SELECT name, swan_open(3, date_trunc('minute', clock_timestamp()) + ahead) AS id
  FROM (VALUES ('soon', interval '30 minutes'), ('today', '2 hours'), ('week', '3 days'), ('month', '40 days')) v (name, ahead);
SELECT setting, value FROM swan_settings() WHERE setting IN ('book_notice', 'book_horizon', 'live_max', 'buffer');
SELECT * FROM ways(11);

--
-- How soon
--
SELECT swan_configure('book_notice', '1 hour');
SELECT * FROM ways(11);
SELECT * FROM ways(2);
SELECT * FROM ways(3);
SELECT rule(format('SELECT swan_book(11, %s)', id)) FROM slot WHERE name = 'soon';
-- days are those of the studio's clocks
SELECT swan_configure('book_notice', '3 days');
SELECT slot, can_book, book FROM ways(11);
SELECT swan_configure('book_notice', '0');

--
-- How far ahead
--
SELECT swan_configure('book_horizon', '1 month');
SELECT * FROM ways(11);
SELECT * FROM ways(1);
SELECT swan_configure('book_horizon', '0');
SELECT slot, can_book, book FROM ways(11);
SELECT swan_configure('book_horizon', NULL);
SELECT slot, can_book, book FROM ways(11);

--
-- How many at once: bookings to come; exchanging one is none more
--
SELECT swan_configure('live_max', '0');
SELECT * FROM ways(11);
SELECT swan_configure('live_max', '2');
SELECT rule(format('SELECT count(*) FROM swan_book_many(11, %L, actor => 11)', (SELECT array_agg(id) FROM slot)));
SELECT rule(format('SELECT count(*) FROM swan_book_many(11, %L, actor => 2)', (SELECT array_agg(id) FROM slot)));
SELECT session_id IS NOT NULL AS booked FROM slot, swan_book(11, id, actor => 11) WHERE name IN ('soon', 'week') ORDER BY id;
SELECT * FROM ways(11);
SELECT slot, book FROM ways(2);
SELECT rule(format('SELECT swan_reschedule(%s, %s, actor => 11)', a.id, b.id)) FROM slot a, slot b WHERE a.name = 'week' AND b.name = 'month';
SELECT rule(format('SELECT swan_reschedule(%s, %s, actor => 12)', a.id, b.id)) FROM slot a, slot b WHERE a.name = 'week' AND b.name = 'month';
-- what is over does not count, nor what was given up
SELECT took_place(id) IS NOT NULL AS over FROM slot WHERE name = 'week';
SELECT slot, book FROM ways(11) WHERE slot = 'month';
SELECT rule(format('SELECT swan_book_many(11, %L, actor => 11)', (SELECT array_agg(id) FROM slot WHERE name IN ('today', 'month'))));
SELECT status FROM slot, swan_cancel(id, reopen => false, actor => 2) WHERE name = 'soon';
SELECT rule(format('SELECT swan_book_many(11, %L, actor => 11)', (SELECT array_agg(id) FROM slot WHERE name IN ('today', 'month'))));
-- the whole error; what comes before it, and after
SELECT swan_configure('live_max', '0'), swan_configure('book_notice', '1 day');
SELECT id AS month FROM slot WHERE name = 'month' \gset
DO $$ BEGIN PERFORM swan_book(11, (SELECT id FROM slot WHERE name = 'month'), actor => 11);
EXCEPTION WHEN SQLSTATE 'SW017' THEN RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;
SELECT rule(format('SELECT swan_book(20, %s, actor => 20)', :month)) AS no_credit_either;
SELECT rule(format('SELECT swan_book(20, %s, actor => 20)', id)) AS too_soon_first FROM slot WHERE name = 'today';
SELECT rule('SELECT swan_book(11, 999999, actor => 11)') AS no_slot_first;
SELECT swan_configure('live_max', NULL), swan_configure('book_notice', '0');

--
-- A pause between two sessions of a trainer, for everybody
--
SELECT swan_open(4, '2099-06-01 09:00') AS first \gset
SELECT swan_configure('buffer', '15 minutes');
SELECT start, try(format('SELECT swan_open(4, %L, duration => 30, actor => 4)', start)) ~ '^\d+$' AS opened
  FROM unnest(ARRAY['2099-06-01 08:15', '2099-06-01 08:16', '2099-06-01 10:00', '2099-06-01 10:14', '2099-06-01 10:15']::timestamptz[]) start;
SELECT rule('SELECT swan_open(4, ''2099-06-01 10:00'', actor => 1)');
SELECT rule('SELECT swan_open(4, ''2099-06-02 09:00'', repeat => 2, every => ''1 hour'')');
SELECT rule('SELECT swan_open(4, ''2099-06-02 09:00'', repeat => 2, every => ''75 minutes'')');
SELECT rule('SELECT swan_open(3, ''2099-06-01 10:00'')') AS another_trainer;
SELECT swan_open(4, '2099-06-03 09:00') AS second \gset
SELECT start, rule(format('SELECT swan_move(%s, %L)', :second, start))
  FROM unnest(ARRAY['2099-06-01 10:00', '2099-06-01 10:15', '2099-06-03 09:10']::timestamptz[]) start;
-- direct inserts too, while they are guarded
\set VERBOSITY terse
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, '2099-06-01 10:00');
\set VERBOSITY default
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (4, '2099-06-01 10:15');
-- where a booking is given up its time is offered anew, however near to another it was
SELECT swan_configure('buffer', '0');
SELECT swan_open(4, '2099-06-04 09:00') AS third \gset
SELECT swan_open(4, '2099-06-04 10:00') AS fourth \gset
SELECT status FROM swan_book(12, :third);
SELECT swan_configure('buffer', '5 minutes');
SELECT status, reopened_session_id IS NOT NULL AS reopened FROM swan_cancel(:third, actor => 12);
-- what is there already is no problem, and nothing while overlaps are allowed
SELECT * FROM swan_verify();
SELECT swan_configure('trainer_overlap', 'allow');
SELECT rule('SELECT swan_open(4, ''2099-06-01 10:00'')');
-- values
SELECT value, try(format('SELECT swan_configure(''buffer'', %L)', value)) FROM unnest(ARRAY['900', '1 day', '25 hours', '1 month', '-1 minute', 'soon', NULL]) value;
SELECT value, try(format('SELECT swan_configure(''live_max'', %L)', value)) FROM unnest(ARRAY['0', '3', '-1', 'none', NULL]) value;
SELECT value, try(format('SELECT swan_configure(''book_horizon'', %L)', value)) FROM unnest(ARRAY['0', '6 months', '3600', '-1 day', NULL]) value;
SELECT value, try(format('SELECT swan_configure(''book_notice'', %L)', value)) FROM unnest(ARRAY['0', '2 hours', '-1 day', NULL]) value;

RESET ROLE;
DROP FUNCTION public.ways, public.rule;
DROP TABLE slot;
\i test/fixture/moves_gone.sql
