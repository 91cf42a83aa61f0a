-- swan_can_hold says what swan_hold does; swan_calendar shows what can be waited for; what only the office is told.
\i test/fixture/moves.sql
-- what swan_can_hold says, and what swan_hold does, where that is another thing
CREATE FUNCTION public.both(client bigint, slot bigint, who bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
	done text;
	detail text;
BEGIN
	BEGIN
		SELECT CASE WHEN ok THEN 'ok' ELSE concat_ws(' ', sqlstate, code, message) END INTO said FROM swan_can_hold(client, slot, actor => who);
	EXCEPTION WHEN OTHERS THEN said := SQLSTATE;
	END;
	BEGIN
		PERFORM swan_hold(client, slot, actor => who);
		RAISE EXCEPTION SQLSTATE 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN done := 'ok';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		done := CASE WHEN SQLSTATE IN ('SW005', 'SW006') THEN SQLSTATE ELSE concat_ws(' ', SQLSTATE, detail::jsonb ->> 'code', detail::jsonb ->> 'message') END;
	END;
	RETURN CASE WHEN said = done THEN said ELSE said || ' BUT ' || done END;
END $$;
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', repeat => 4, every => '1 day');
SELECT count(*) FROM swan_open(4, '2099-01-05 09:30', places => 2);
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00');
SELECT count(*) FROM swan_block(3, '2099-02-05 09:00');
SELECT count(*) FROM generate_series(11, 15) u, swan_grant(u, 2);
SELECT session_id FROM swan_book(11, 1);
SELECT session_id FROM swan_hold(12, 2);
SELECT session_id FROM swan_book(13, 5) UNION ALL SELECT session_id FROM swan_book(14, 5);
SELECT user_id, line, session_date, duration, trainer_id, trainer_name FROM swan_wait(15, 1);
SELECT user_id, line, session_date, duration, trainer_id, trainer_name FROM swan_wait(15, 6, actor => 15);
CREATE TEMP TABLE asked AS SELECT u AS client, s AS slot, a AS who FROM unnest(ARRAY[11, 12, 15, 20, 99, NULL]) u, unnest(ARRAY[1, 2, 3, 5, 7, 8, 99, NULL]) s, unnest(ARRAY[NULL, 1, 3, 11, 12]) a;
SELECT public.both(client, slot, who), count(*) FROM asked GROUP BY 1 ORDER BY 1;
-- with a credit for it, with other limits, for those who are suspended, who hold already, who held it too long
SELECT swan_configure('hold_credit', 'on');
SELECT public.both(client, slot, who), count(*) FROM asked GROUP BY 1 ORDER BY 1;
SELECT swan_configure('hold_credit', 'off'), swan_configure('hold_max', '0');
SELECT public.both(client, slot, who), count(*) FROM asked GROUP BY 1 ORDER BY 1;
SELECT swan_configure('hold_max', '2'), swan_configure('book_horizon', '1 day');
SELECT public.both(client, slot, who), count(*) FROM asked GROUP BY 1 ORDER BY 1;
SELECT swan_configure('book_horizon', NULL);
SELECT user_id FROM swan_suspend(11);
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_holds SET since = since - interval '2 hours' WHERE session_id = 2;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT public.both(client, slot, who), count(*) FROM asked GROUP BY 1 ORDER BY 1;

-- the week as clients see it
SELECT session_id, trainer_name, session_date, places, places_left FROM swan_calendar(NULL, NULL);
SELECT session_id, places_left FROM swan_slots(NULL, NULL);
SELECT session_id FROM swan_calendar('2099-01-05', '2099-01-06', 4);
SELECT session_id FROM swan_calendar(NULL, NULL, max_rows => 2, after => (SELECT cursor FROM swan_calendar(NULL, NULL, max_rows => 2) OFFSET 1));
SELECT public.try('SELECT count(*) FROM swan_calendar(NULL, NULL, after => (SELECT max(cursor) FROM swan_slots(NULL, NULL)))') AS of_another_list;
SELECT session_id FROM swan_cancel(1);
SELECT session_id, places_left FROM swan_calendar('2099-01-05', '2099-01-06', 3);
SELECT session_id, returned, reopened_session_id FROM swan_cancel(5, reopen => true);
SELECT session_id, places, places_left FROM swan_calendar('2099-01-05', '2099-01-06', 4);
SELECT session_id, user_id, line, session_date, duration, trainer_id, trainer_name FROM swan_waiting(actor => 15);
SELECT line, session_date, trainer_name FROM swan_unwait(5, 15);

-- what a client is told of a call, and what the office is
SELECT added FROM swan_purchase(16, 3, 'pi_1', 'three', 1000, 'EUR');
SELECT session_id FROM swan_book(16, 3, key => 'k', actor => 16);
SELECT a, string_agg(concat_ws(' ', kind, db_role, key, payment_ref, item), ', ' ORDER BY id) AS lines FROM unnest(ARRAY[NULL, 1, 2, 3, 16]) a, swan_statement(16, actor => a) GROUP BY a ORDER BY a;
SELECT a, payment_ref, item FROM unnest(ARRAY[NULL, 1, 2, 3, 16]) a, swan_credits(16, actor => a) ORDER BY a;
-- the sentence of a warning
SELECT id, available_sessions, warning, warning_message FROM swan_clients(max_rows => 3, order_by => 'balance');
SELECT warning, warning_message FROM swan_client(16) UNION ALL SELECT warning, warning_message FROM swan_client(20);
SELECT * FROM swan_verify();
DROP TABLE asked;
RESET ROLE;
DROP FUNCTION public.both;
\i test/fixture/moves_gone.sql
