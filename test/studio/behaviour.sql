-- What a studio does, whatever its tables look like. Included after a file that
-- made one: people of the ids below, no credits and no sessions, guards that
-- record, and the views seen.* with the names of a studio of our own. From here
-- to the last line the answers are the same for every one of them.
--
-- Sessions are spoken of by number: #1 is the first that the studio made.
CREATE FUNCTION seen.n(id bigint) RETURNS bigint LANGUAGE sql STABLE AS
	$$SELECT id - current_setting('seen.base')::bigint$$;
CREATE FUNCTION seen.s(n integer) RETURNS bigint LANGUAGE sql STABLE AS
	$$SELECT n + current_setting('seen.base')::bigint$$;
-- says how a query ended, in one line
CREATE FUNCTION seen.try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
	base bigint := current_setting('seen.base')::bigint;
BEGIN
	EXECUTE 'SELECT string_agg(q::text, '' '') FROM ('
		|| regexp_replace(query, '#(\d+)', '(\1 + ' || base || '::bigint)', 'g') || ') q' INTO result;
	RETURN 'ok ' || coalesce(result, '(no rows)');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	result := sqlstate || ': ' || sqlerrm || CASE WHEN detail <> '' THEN ' ' || detail ELSE '' END;
	-- numbers of sessions, where they do not begin with 1
	FOR i IN 1 .. CASE WHEN base > 0 THEN 60 ELSE 0 END LOOP
		result := replace(result, (base + i)::text, i::text);
	END LOOP;
	RETURN replace(result, (base + 999)::text, '999');
END
$$;
-- says how a direct write ended
CREATE FUNCTION seen.write(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE regexp_replace(command, '#(\d+)', '(\1 + ' || current_setting('seen.base') || '::bigint)', 'g');
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN 'ok ' || n;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate;
END
$$;
-- says how each direct write of what is no booking ends, to one session and to another
CREATE FUNCTION seen.write_all(one bigint, other bigint) RETURNS TABLE (command text, ends text, ends_for_other text) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH command IN ARRAY ARRAY['UPDATE sessions SET status = ''requested'', user_id = 12 WHERE id = #', 'UPDATE sessions SET duration = 45 WHERE id = #',
		'UPDATE sessions SET status = ''scheduled'' WHERE id = #', 'UPDATE sessions SET status = ''blocked'', user_id = NULL WHERE id = #',
		'UPDATE sessions SET status = ''available'', user_id = NULL WHERE id = #', 'DELETE FROM sessions WHERE id = #'] LOOP
		ends := write(command || one);
		ends_for_other := write(command || other);
		RETURN NEXT;
	END LOOP;
END
$$;
-- dates sessions back, whatever their column is called
CREATE FUNCTION seen.take_place(VARIADIC ids bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	n integer;
BEGIN
	EXECUTE (SELECT format('UPDATE %1$s SET %2$I = %2$I - interval ''97 years'' WHERE %3$I = ANY ($1)', r.sessions, a.attname, k.attname)
		FROM swan.studio r JOIN pg_attribute a ON a.attrelid = r.sessions AND lower(replace(a.attname, '_', '')) = ANY ('{sessiondate,when?}')
		JOIN pg_index i ON i.indrelid = r.sessions AND i.indisprimary JOIN pg_attribute k ON k.attrelid = r.sessions AND k.attnum = i.indkey[0]) USING ids;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END
$$;
CREATE VIEW seen.slots AS
SELECT seen.n(id) AS session, user_id, trainer_id, status, session_date, duration, notes,
	booked_at IS NOT NULL AS booked, coalesce(session_deducted, false) AS deducted, coalesce(confirmed, false) AS confirmed
FROM seen.sessions;
CREATE VIEW seen.lines AS
SELECT id, user_id, delta, balance_after, kind, seen.n(session_id) AS session, seen.n(from_session_id) AS "from", lot_id AS lot,
	reason, actor_id AS actor, key, payment_ref, call_id AS call
FROM seen.ledger;
-- and what the application's own triggers need
SELECT set_config('search_path', concat_ws(', ', 'seen', 'public', current_setting('seen.path', true)), false) \gset ignored_
GRANT USAGE ON SCHEMA seen TO regress_shop;
GRANT SELECT, UPDATE, INSERT, DELETE ON ALL TABLES IN SCHEMA seen TO regress_shop;
SET ROLE regress_shop;

-- Slots: ids go on from 1, also of slots that a series makes
SELECT n(o) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') o LIMIT 2;
SELECT n(o) FROM swan_open(4, '2099-01-05 09:30', 45, 5, '1 day') o LIMIT 1;
SELECT n(o) FROM swan_open(3, '2020-01-05 09:00') o;
SELECT * FROM slots WHERE session IN (1, 20, 21, 26) ORDER BY session;
SELECT try('SELECT * FROM swan_open(99, ''2099-05-05 09:00'')');
SELECT try('SELECT * FROM swan_open(3, ''2099-05-05 09:00'', 0)');

-- Grants
SELECT user_id, added, available_sessions, message, sessions -> 0 AS first, ledger_id, replayed FROM swan_grant(11, 5);
SELECT user_id, added, available_sessions, message, ledger_id FROM swan_grant(12, 2, '  Birthday  ', '2099-06-01', 'k1', actor => 1);
SELECT user_id, added, available_sessions, ledger_id, replayed FROM swan_grant(12, 2, 'other words', NULL, 'k1', actor => 1);
SELECT try('SELECT * FROM swan_grant(12, 3, key => ''k1'')');
SELECT try('SELECT * FROM swan_grant(11, 0)');
SELECT try('SELECT * FROM swan_grant(11, 101)');
SELECT try('SELECT * FROM swan_grant(999, 1)');
SELECT try('SELECT * FROM swan_grant(11, 1, actor => 11)');
SELECT try('SELECT * FROM swan_grant(11, 1, actor => 2)');
SELECT user_id, added, available_sessions FROM swan_grant_many(ARRAY[13, 11], 1, 'For all', key => 'm1', actor => 1) ORDER BY user_id;
SELECT try('SELECT * FROM swan_grant_many(ARRAY[13, 999], 1)');

-- Purchases
SELECT user_id, added, available_sessions, message, replayed FROM swan_purchase(11, 10, 'pi_1', 'ten', 49900, 'USD');
SELECT user_id, added, available_sessions, replayed FROM swan_purchase(11, 10, 'pi_1', 'ten', 49900, 'USD');
SELECT try('SELECT * FROM swan_purchase(12, 10, ''pi_1'', ''ten'', 49900, ''USD'')');
SELECT try('SELECT * FROM swan_purchase(11, 9, ''pi_1'', ''ten'', 49900, ''USD'')');
SELECT id, user_id, source, granted, remaining, expires_at, payment_ref, item, amount_minor, currency, swept FROM lots ORDER BY id;

-- Who may book
SELECT try('SELECT * FROM swan_book(11, #1, actor => 12)');
SELECT try('SELECT * FROM swan_book(11, #1, actor => 4)');
SELECT try('SELECT * FROM swan_book(11, #1, charge => false, actor => 11)');
SELECT try('SELECT * FROM swan_book(11, #1, actor => 77)');
-- Bookings
SELECT n(session_id), user_id, trainer_id, status, session_date, duration, booked_at IS NOT NULL AS booked, charged, available_sessions, message, ledger_id, replayed
FROM swan_book(11, s(1), key => 'b1', actor => 11);
SELECT n(session_id), available_sessions, ledger_id, replayed FROM swan_book(11, s(1), key => 'b1', actor => 11);
SELECT try('SELECT * FROM swan_book(11, #2, key => ''b1'', actor => 11)');
SELECT n(session_id), charged, available_sessions FROM swan_book(12, s(2), actor => 3);
SELECT n(session_id), charged, available_sessions FROM swan_book(12, s(3), actor => 1);
SELECT n(session_id), charged, available_sessions FROM swan_book(12, s(4), charge => false, actor => 2);
SELECT n(session_id), charged, available_sessions FROM swan_book_many(11, ARRAY[s(6), s(5)], actor => 11);
SELECT * FROM slots WHERE session <= 7 ORDER BY session;
-- Refusals, which can_book knows before
SELECT code, n FROM (VALUES (1), (21), (26), (999), (7)) v (n), swan_can_book(12, s(n), actor => 12);
SELECT try('SELECT * FROM swan_book(12, #1, actor => 12)');
SELECT try('SELECT * FROM swan_book(11, #21, actor => 11)');
SELECT try('SELECT * FROM swan_book(12, #26, actor => 12)');
SELECT try('SELECT * FROM swan_book(12, #999, actor => 12)');
SELECT try('SELECT * FROM swan_book(999, #7)');
SELECT try('SELECT * FROM swan_book_many(11, ARRAY[#7, #1], actor => 11)');
SELECT try('SELECT * FROM swan_book(NULL, #7)');
SELECT n(session_id), available_sessions FROM swan_book(13, s(7), actor => 13);
SELECT try('SELECT * FROM swan_book(13, #8, actor => 13)');
SELECT ok, sqlstate, code, message FROM swan_can_book(13, s(8), actor => 13);

-- Holds, which need a credit if the studio wants it so
SELECT swan_configure('hold_credit', 'on');
SELECT n(session_id), user_id, until > clock_timestamp() AS holds FROM swan_hold(12, s(8), actor => 12);
SELECT try('SELECT * FROM swan_book(11, #8, actor => 11)');
SELECT try('SELECT * FROM swan_hold(12, #9, actor => 12)');
SELECT try('SELECT * FROM swan_hold(13, #9, actor => 13)');
SELECT n(session_id), user_id FROM swan_release(s(8), actor => 12);
SELECT n(session_id), user_id FROM swan_hold(12, s(8), actor => 12);
SELECT n(session_id), available_sessions FROM swan_book(12, s(8), actor => 12);
SELECT count(*) FROM holds;

-- Confirm, complete, move
SELECT n(session_id), status, charged, message FROM swan_confirm(s(1), actor => 3);
SELECT try('SELECT * FROM swan_confirm(#1, actor => 3)');
SELECT try('SELECT * FROM swan_confirm(#2, actor => 4)');
SELECT try('SELECT * FROM swan_complete(#1, actor => 3)');
SELECT try('SELECT * FROM swan_complete(#2, attended => false, actor => 2)');
-- when their time has come, 97 years ago
RESET ROLE;
SET session_replication_role = replica;
SELECT take_place(s(1), s(2));
RESET session_replication_role;
SET ROLE regress_shop;
SELECT n(session_id), status, available_sessions, message FROM swan_complete(s(1), actor => 3);
SELECT n(session_id), status, message FROM swan_complete(s(2), attended => false, actor => 2);
SELECT try('SELECT * FROM swan_complete(#2, actor => 2)');
SELECT n(session_id), trainer_id, session_date, duration FROM swan_move(s(5), '2099-03-05 17:00', 4, 30, actor => 2);
SELECT n(session_id), status, session_date FROM swan_move(s(9), '2099-03-29 02:30+02', actor => 3);
SELECT try('SELECT message, ledger_id FROM swan_move(#5, ''2099-03-05 17:00'', actor => 2)');
SELECT * FROM slots WHERE session IN (1, 2, 5, 9) ORDER BY session;

-- Cancel
SELECT n(session_id), status, charged, available_sessions, returned, n(reopened_session_id), message FROM swan_cancel(s(6), 'Ill', key => 'c1', actor => 11);
SELECT n(session_id), available_sessions, returned, n(reopened_session_id), replayed FROM swan_cancel(s(6), 'Ill', key => 'c1', actor => 11);
SELECT try('SELECT * FROM swan_cancel(#6, actor => 11)');
SELECT try('SELECT * FROM swan_cancel(#5, actor => 12)');
SELECT n(session_id), charged, available_sessions, returned, n(reopened_session_id) FROM swan_cancel(s(3), actor => 2);
SELECT n(session_id), charged, available_sessions, returned, n(reopened_session_id) FROM swan_cancel(s(7), return_credit => false, reopen => true, actor => 2);
SELECT n(session_id), user_id, status, returned FROM swan_cancel(s(10), actor => 3);
SELECT try('SELECT * FROM swan_cancel(#999, actor => 2)');
-- Reschedule
SELECT n(session_id), status, session_date, charged, available_sessions, replayed FROM swan_reschedule(s(5), s(11), 'r1', actor => 11);
SELECT n(session_id), available_sessions, replayed FROM swan_reschedule(s(5), s(11), 'r1', actor => 11);
SELECT try('SELECT * FROM swan_reschedule(#11, #8, actor => 11)');
SELECT * FROM slots WHERE session BETWEEN 3 AND 11 OR session > 26 ORDER BY session;

-- Money back
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reverse('pi_1', n => 3, key => 'v1');
SELECT user_id, moved, shortfall, available_sessions, replayed FROM swan_reverse('pi_1', n => 3, key => 'v1');
SELECT user_id, moved, shortfall, available_sessions FROM swan_reinstate('pi_1', 'i1');
SELECT try('SELECT * FROM swan_reverse(''pi_2'')');
SELECT user_id, moved, shortfall, available_sessions FROM swan_revoke(13, reason => 'Gone');
SELECT lot_id, remaining, expires_at FROM swan_extend((SELECT min(id) FROM lots WHERE user_id = 12), '2099-12-31');

-- Expiry: a lot that is past its time, swept or not
RESET ROLE;
SELECT added, ledger_id AS lot FROM swan_grant(13, 4, 'Short', '2099-05-01') \gset
SET session_replication_role = replica;
UPDATE lots SET expires_at = '2020-02-02' WHERE id = :lot;
RESET session_replication_role;
SET ROLE regress_shop;
SELECT available, total, warning, warning_message FROM swan_summary(13);
SELECT try('SELECT * FROM swan_book(13, #12, actor => 13)');
SELECT clients, credits FROM swan_expire();
SELECT clients, credits FROM swan_expire();
SELECT available_sessions FROM users WHERE id = 13;

-- Reading
SELECT * FROM swan_summary(11);
SELECT * FROM swan_summary(12, actor => 12);
SELECT try('SELECT * FROM swan_summary(11, actor => 12)');
SELECT id, first_name, last_name, available_sessions, total_sessions_purchased, sessions_used, last_session_date, warning FROM users u, LATERAL (SELECT total_sessions_purchased, sessions_used, last_session_date, warning FROM swan_client(u.id)) c WHERE id > 10 ORDER BY id;
SELECT * FROM swan_credits(11);
SELECT * FROM swan_credits(12);
SELECT id, kind, delta, balance_after, n(session_id) AS session, session_date, lot_id, actor_name, db_role FROM swan_statement(12);
SELECT * FROM lines ORDER BY id;
SELECT user_id, role, source FROM swan_actor();
SELECT * FROM swan_verify();

-- Direct writes are recorded; what does not change the balance leaves no row
SELECT write('UPDATE users SET available_sessions = available_sessions + 3 WHERE id = 11');
SELECT write('UPDATE users SET available_sessions = available_sessions - 1 WHERE id = 12');
SELECT write('UPDATE users SET first_name = ''Johnny'', available_sessions = available_sessions WHERE id = 11');
SELECT write('UPDATE users SET available_sessions = -1 WHERE id = 12');
SELECT write('UPDATE users SET id = 14 WHERE id = 13');
SELECT write('UPDATE sessions SET user_id = 11, status = ''scheduled'' WHERE id = #13');
SELECT write('UPDATE sessions SET notes = ''Bring a towel'' WHERE id = #12');
SELECT n(session_id), problem FROM swan_verify() ORDER BY 1;
SELECT write('UPDATE sessions SET user_id = NULL, status = ''available'' WHERE id = #13');
SELECT l.*, g.details FROM lines l JOIN ledger g USING (id) WHERE l.kind = 'external' ORDER BY id;
SELECT * FROM swan_verify();

-- Everybody has a ledger, and the guards may refuse
CALL swan_backfill();
SELECT swan_configure('guard_balance', 'refuse');
SELECT swan_configure('guard_sessions', 'refuse');
SELECT write('UPDATE users SET available_sessions = 3 WHERE id = 11');
SELECT write('UPDATE users SET available_sessions = -1 WHERE id = 11');
SELECT write('DELETE FROM users WHERE id = 11');
SELECT write('UPDATE sessions SET status = ''scheduled'', user_id = 11 WHERE id = #13');
SELECT write('DELETE FROM sessions WHERE id = #1');
SELECT write('DELETE FROM ledger');
SELECT write('UPDATE lots SET remaining = 99');
SELECT write('INSERT INTO holds (session_id, user_id, until) VALUES (1, 11, ''2099-01-01'')');
SELECT write('UPDATE users SET last_name = ''Dough'' WHERE id = 11');
SELECT write('UPDATE sessions SET notes = ''Bring water'' WHERE id = #1');
SELECT n(session_id), available_sessions FROM swan_book(11, s(13), actor => 11);
-- what is no booking is the application's, and a booking with a debit is not, whatever a transaction sees
BEGIN;
SELECT * FROM write_all(14, 13);
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM write_all(14, 13);
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM write_all(14, 13);
ROLLBACK;
SELECT n(session_id), returned, available_sessions FROM swan_cancel(s(13), actor => 11);

-- A row of sessions for every credit
SELECT swan_configure('session_records', 'on');
SELECT user_id, count(*) FROM slots WHERE session_date IS NULL GROUP BY user_id ORDER BY user_id;
SELECT added, available_sessions FROM swan_grant(13, 3, 'It''s "his" {birthday}');
SELECT session, user_id, trainer_id, status, duration, notes, booked, deducted, confirmed FROM slots WHERE user_id = 13 AND session_date IS NULL ORDER BY session;
SELECT n(session_id), available_sessions FROM swan_book(13, s(14), actor => 13);
SELECT notes FROM slots WHERE user_id = 13 AND session_date IS NULL ORDER BY session;
SELECT n(session_id), returned, available_sessions FROM swan_cancel(s(14), actor => 13);
SELECT count(*) FROM slots WHERE user_id = 13 AND session_date IS NULL;
SELECT code FROM (SELECT max(id) FROM sessions WHERE session_date IS NULL) m (id), swan_can_book(11, m.id);
SELECT swan_configure('session_records', 'off');
SELECT * FROM swan_verify();

-- Roles of the database
RESET ROLE;
CREATE ROLE regress_web;
CREATE ROLE regress_john;
GRANT USAGE ON SCHEMA seen TO regress_web, regress_john;
SELECT swan_allow('regress_web', 'backend') <> swan_allow('regress_john', 'person', 11) AS allowed;
SET ROLE regress_web;
SELECT try('SELECT * FROM swan_summary(11)');
SELECT available FROM swan_summary(11, actor => 2);
BEGIN;
SELECT swan_act_as(3);
SELECT * FROM swan_actor();
SELECT try('SELECT * FROM swan_grant(11, 1)');
SELECT n(o) > 0 AS opened FROM swan_open(3, '2098-01-01 09:00') o;
ROLLBACK;
SET ROLE regress_john;
SELECT available FROM swan_summary(11);
SELECT try('SELECT * FROM swan_summary(12)');
SELECT try('SELECT * FROM users');
RESET ROLE;
SELECT available_sessions, (SELECT sum(delta) FROM ledger WHERE user_id = u.id) AS ledger, (SELECT sum(remaining) FROM lots WHERE user_id = u.id) AS lots
FROM users u WHERE id > 10 ORDER BY id;
SELECT * FROM swan_verify();
RESET search_path;
-- The end of what is the same for every studio
