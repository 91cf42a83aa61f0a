-- A trigger of the application that keeps rows of ours from being written: each call that needs them says so, and has done nothing.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 12, '1 day') a;
SELECT count(*) FROM swan_open(4, '2099-02-05 09:00', places => 2) a;
SELECT count(*) FROM generate_series(11, 13) u, swan_grant(u, 5);
SELECT available_sessions FROM swan_purchase(11, 4, 'paid', amount_minor => 4000, currency => 'EUR');
SELECT count(*) FROM generate_series(1, 4) s, swan_book(11, s);
SELECT status FROM swan_complete(took_place(2));
SELECT status FROM swan_cancel(3, return_credit => true);
SELECT owed FROM swan_book(12, 5, later => true);
SELECT user_id FROM swan_hold(12, 6);
SELECT line FROM swan_wait(12, 1);
SELECT moved FROM swan_reverse('paid', n => 1, key => 'refund');
SELECT count(*) FROM swan_suspend(13, reason => 'ill');
SELECT count(*) FROM swan_request(14, '2099-03-05 09:00', 3);
SELECT count(*) FROM swan_import(15, 1, 1, reason => 'a word');
SET regress.without = '';
-- keeps from being written what the setting names, and says that it has
CREATE FUNCTION studio.suppress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('regress.without') = concat(tg_op, ' ', tg_table_name) THEN
		PERFORM set_config('regress.suppressed', 'yes', true);
		RETURN NULL;
	END IF;
	RETURN coalesce(new, old);
END $$;
SELECT format('CREATE TRIGGER suppress BEFORE INSERT OR UPDATE OR DELETE ON studio.%I FOR EACH ROW EXECUTE FUNCTION studio.suppress()', t)
  FROM unnest('{users,sessions,swan_ledger,swan_lots,swan_holds,swan_waits}'::text[]) t \gexec
-- what a call says without that, and what is wrong if it says nothing; NULL if it does not write it; undone
CREATE FUNCTION studio.attempt(call text, without text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	wrong text;
BEGIN
	PERFORM set_config('regress.without', without, true), set_config('regress.suppressed', 'no', true);
	EXECUTE 'SELECT count(*) FROM ' || call;
	IF current_setting('regress.suppressed') = 'no' THEN
		RAISE EXCEPTION USING ERRCODE = 'ZZ002';
	END IF;
	SELECT string_agg(DISTINCT check_name, ' ') FROM swan_verify() INTO wrong;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = concat_ws(', and wrong: ', 'done', wrong);
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN SQLERRM;
WHEN SQLSTATE 'ZZ002' THEN
	RETURN NULL;
WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || regexp_replace(SQLERRM, 'session \d\d+', 'session n');
END $$;
CREATE VIEW studio.calls AS SELECT n, call FROM unnest(ARRAY[
	'swan_grant(11, 1)', 'swan_grant_many(''{11,12}'', 1)', 'swan_purchase(11, 2, ''new'')', 'swan_reverse(''paid'')', 'swan_reinstate(''paid'', ''back'')', 'swan_revoke(11)',
	'swan_transfer(11, 12, 1)', 'swan_merge(11, 12)', 'swan_import(11, 5, 2, payment_ref => ''new'')', 'swan_forget(15)', 'swan_extend((SELECT min(id) FROM studio.swan_lots), ''2099-12-31'')',
	'swan_open(3, ''2099-04-05 09:00'')', 'swan_open(3, ''2099-04-05 09:00'', places => 2)', 'swan_block(3, ''2099-04-05 09:00'')', 'swan_request(11, ''2099-04-05 09:00'')',
	'swan_book(11, 7)', 'swan_book_many(11, ''{7,8}'')', 'swan_book(11, 13)', 'swan_hold(11, 7)', 'swan_hold(12, 6, ''5 minutes'')', 'swan_book(12, 6)', 'swan_release(6)', 'swan_wait(11, 5)', 'swan_unwait(1, 12)', 'swan_confirm(1)', 'swan_complete(took_place(1))',
	'swan_move(1, ''2099-04-05 09:00'')', 'swan_move_many(''{1,4}'', ''{2099-04-05 09:00,2099-04-06 09:00}'')', 'swan_cancel(1)', 'swan_cancel_many(''{1,4}'')', 'swan_reschedule(1, 7)',
	'swan_correct(2, ''missed'', ''not seen'')', 'swan_correct(3, ''scheduled'', ''a mistake'')', 'swan_charge(5)', 'swan_waive(2, ''it rained'')', 'swan_suspend(11)', 'swan_resume(13)',
	'swan_configure(''session_records'', ''on'')']) WITH ORDINALITY c (call, n);
-- each of them is done if nobody keeps it from that
SELECT call, attempt FROM studio.calls, studio.attempt(call, '') WHERE attempt IS NOT NULL;
SELECT call, attempt AS says, string_agg(without, ', ' ORDER BY without) AS without
  FROM studio.calls, unnest('{users,sessions,swan_ledger,swan_lots,swan_holds,swan_waits}'::text[]) t, unnest('{INSERT,UPDATE,DELETE}'::text[]) e, concat(e, ' ', t) without, studio.attempt(call, without)
 WHERE attempt IS NOT NULL GROUP BY n, call, attempt ORDER BY n, attempt;
SELECT * FROM swan_verify();

--
-- With a row for every credit
--
SELECT swan_configure('session_records', 'on');
SELECT call, studio.attempt(call, 'INSERT sessions') AS insert, studio.attempt(call, 'DELETE sessions') AS delete FROM unnest('{"swan_grant(11, 1)","swan_revoke(11, 1)"}'::text[]) call;

RESET ROLE;
\i test/fixture/moves_gone.sql
