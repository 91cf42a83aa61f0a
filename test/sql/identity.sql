-- No credit is lost or made: what was purchased is there, booked, used or expired, after whatever call.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 200, '1 day') a;
SELECT swan_configure('session_records', 'on');

--
-- Every writer that locks a client first expires what is due, in its own call, and keeps his rows in step
--
CREATE FUNCTION studio.sweeps(call text) RETURNS TABLE (expired bigint, same_call boolean, before_all boolean, in_step boolean, verify bigint, out_of_step bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM swan_purchase(11, 5, 'pay11');
	PERFORM swan_grant(11, 3, 'Due', '2099-06-01');
	PERFORM swan_grant(11, 2, 'Later', '2099-07-01');
	-- the first credits that are spent are of the lot that will be due
	PERFORM swan_book(11, 1), swan_hold(11, 3);
	-- he waits for two, and one is kept for him
	PERFORM swan_book(12, s, charge => false) FROM generate_series(197, 199) s;
	PERFORM swan_wait(11, 198), swan_wait(11, 197, true), swan_cancel(197, reopen => true);
	PERFORM pass(11, '2099-06-02');
	EXECUTE 'SELECT count(*) FROM ' || call;
	RETURN QUERY SELECT -e.delta::bigint, (SELECT count(DISTINCT g.call_id) = 1 AND count(*) > 1 OR call ~ 'expire' FROM studio.swan_ledger g WHERE g.id >= e.id AND g.user_id = 11),
		(SELECT count(*) = 0 FROM studio.swan_ledger g WHERE g.id < e.id AND g.call_id = e.call_id AND g.user_id = 11),
		(SELECT count(*) = (SELECT available_sessions FROM studio.users WHERE id = 11) FROM studio.sessions WHERE user_id = 11 AND session_date IS NULL),
		(SELECT count(*) FROM swan_verify()), (SELECT count(*) FROM out_of_step())
		FROM (SELECT * FROM studio.swan_ledger WHERE user_id = 11 AND kind = 'expiry' ORDER BY id LIMIT 1) e;
END $$;
CREATE TEMP TABLE writers AS SELECT * FROM (VALUES
	('swan_grant', 'swan_grant(11, 1)'), ('swan_grant_many', 'swan_grant_many(''{11, 12}'', 1)'), ('swan_purchase', 'swan_purchase(11, 1, ''other'')'),
	('swan_reverse', 'swan_reverse(''pay11'', n => 2)'), ('swan_reinstate', 'swan_reinstate(''pay11'', ''k'')'), ('swan_revoke', 'swan_revoke(11, 1)'), ('swan_transfer', 'swan_transfer(11, 12, 1)'), ('swan_merge', 'swan_merge(11, 12)'), ('swan_import', 'swan_import(11, 3, 1)'), ('swan_import_many', 'swan_import_many(''[{"user_id": 11, "granted": 3, "used": 1}]'')'),
	('swan_extend', 'swan_extend((SELECT max(id) FROM studio.swan_lots), ''2099-08-01'')'), ('swan_expire', 'swan_expire()'),
	('swan_request', 'swan_request(11, ''2099-12-01'')'), ('swan_book', 'swan_book(11, 2)'), ('swan_book_many', 'swan_book_many(11, ''{2, 4}'')'), ('swan_hold', 'swan_hold(11, 3)'), ('swan_release', 'swan_release(3)'),
	('swan_wait', 'swan_wait(11, 199)'), ('swan_unwait', 'swan_unwait(198, 11)'), ('swan_promote', 'swan_promote()'),
	('swan_confirm', 'swan_confirm(1)'), ('swan_complete', 'swan_complete(took_place(1))'), ('swan_move', 'swan_move(1, ''2099-12-01'')'),
	('swan_move_many', 'swan_move_many(''{1, 3}'', ''{2099-12-01, 2099-12-02}'')'), ('swan_cancel_many', 'swan_cancel_many(''{4, 1}'')'),
	('swan_correct', 'swan_correct((SELECT session_id FROM swan_confirm(1)), ''scheduled'', ''a mistake'')'), ('swan_charge', 'swan_charge(1, 1)'), ('swan_waive', 'swan_waive((SELECT session_id FROM swan_complete(took_place(1))), ''cold'')'), ('swan_cancel', 'swan_cancel(1)'), ('swan_reschedule', 'swan_reschedule(1, 2)'),
	('swan_suspend', 'swan_suspend(11, put_off => true)'), ('swan_resume', 'swan_resume((SELECT user_id FROM swan_suspend(11, put_off => true)))')) w (name, call);
SELECT name, try(format('SELECT (SELECT concat_ws('' '', s.*) FROM studio.sweeps(%L) s)', call)) AS expired_same_first_rows_verify_step FROM writers ORDER BY name;
-- none was forgotten: what writes, but not for a client
SELECT proname FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid AND extname = 'swanalloc'
 WHERE provolatile = 'v' AND ('actor' = ANY (proargnames) OR 'max_rows' = ANY (proargnames)) AND proname NOT IN (SELECT name FROM writers) ORDER BY proname;
DROP TABLE writers;

--
-- The life of one client, step by step: purchased = balance + live + used + expired
--
CREATE VIEW studio.account AS
	SELECT g.purchased, u.available_sessions AS balance, s.live, s.used, g.expired, g.purchased = u.available_sessions + s.live + s.used + g.expired AS right,
	       g.purchased = c.total_sessions_purchased AND s.used = c.sessions_used AS told, r.n = u.available_sessions AS records, l.n = u.available_sessions AS lots
	  FROM studio.users u, swan_client(u.id) c,
	       LATERAL (SELECT coalesce(sum(delta) FILTER (WHERE kind IN ('opening', 'grant', 'purchase', 'reinstatement', 'reversal', 'revocation', 'external')), 0) AS purchased,
	                       coalesce(-sum(delta) FILTER (WHERE kind = 'expiry'), 0) AS expired FROM studio.swan_ledger WHERE user_id = u.id) g,
	       LATERAL (SELECT count(*) FILTER (WHERE status IN ('scheduled', 'confirmed')) AS live, count(*) FILTER (WHERE status IN ('completed', 'cancelled')) AS used
	                  FROM studio.sessions WHERE user_id = u.id AND session_deducted) s,
	       LATERAL (SELECT count(*) AS n FROM studio.sessions WHERE user_id = u.id AND session_date IS NULL) r,
	       LATERAL (SELECT coalesce(sum(remaining), 0) AS n FROM studio.swan_lots WHERE user_id = u.id) l
	 WHERE u.id = 13;
CREATE FUNCTION studio.step(VARIADIC calls text[]) RETURNS SETOF studio.account LANGUAGE plpgsql AS $$
DECLARE
	call text;
BEGIN
	FOREACH call IN ARRAY calls LOOP
		EXECUTE 'SELECT count(*) FROM ' || call;
	END LOOP;
	RETURN QUERY SELECT * FROM studio.account;
END $$;
SELECT * FROM studio.account;
SELECT * FROM studio.step('swan_purchase(13, 8, ''p1'', ''eight'', 60000, ''usd'')', 'swan_purchase(13, 4, ''p1'', ''four'', 32000, ''usd'', expires_at => ''2099-06-01'')');
SELECT * FROM studio.step('swan_grant(13, 5, ''Gift'', ''2099-05-01'')', 'swan_grant_many(''{12, 13, 14}'', 2)');
-- Gift pays for five, four for two
SELECT * FROM studio.step('swan_book_many(13, ''{1, 2, 3, 4, 5, 6, 7}'')');
SELECT * FROM studio.step('swan_book(13, 8, false)', 'swan_book(13, 9, actor => 1)');
SELECT * FROM studio.step('swan_confirm(1)', 'swan_confirm(2)', 'swan_complete(took_place(1))', 'swan_complete(took_place(3), false)', 'swan_complete(took_place(8))');
SELECT * FROM studio.step('swan_cancel(9)', 'swan_cancel(4, actor => 13)', 'swan_cancel(5, return_credit => false)');
SELECT * FROM studio.step('swan_reschedule(2, 10)', 'swan_reschedule(10, 11, actor => 13)', 'swan_move(11, ''2099-12-01 12:00'')', 'swan_confirm(11)');
SELECT * FROM studio.step('swan_hold(13, 12)', 'swan_release(12)', 'swan_hold(13, 12)', 'swan_book(13, 12)');
-- Gift ends: its open bookings stay, what comes back of them does not
SELECT * FROM studio.step('pass(13, ''2099-05-02'')');
SELECT * FROM studio.step('swan_expire()');
SELECT * FROM studio.step('swan_cancel(11)');
-- the payment is refunded, in part, in whole; two of it are booked
SELECT * FROM studio.step('swan_reverse(''p1'', ''eight'', 3)');
SELECT * FROM studio.step('swan_reverse(''p1'')');
SELECT * FROM studio.step('swan_cancel(6)');
SELECT * FROM studio.step('swan_reinstate(''p1'', ''back'')');
SELECT * FROM studio.step('swan_cancel(7)');
SELECT * FROM studio.step('swan_extend((SELECT id FROM studio.swan_lots WHERE item = ''four''), ''2099-10-01'')', 'swan_revoke(13, 2)');
SELECT * FROM studio.step('swan_reverse(''p1'', ''four'')', 'pass(13, ''2100-01-01'')', 'swan_reinstate(''p1'', ''again'')');
SELECT * FROM studio.step('swan_revoke(13)');
SELECT kind, count(*), sum(delta) FROM studio.swan_ledger WHERE user_id = 13 GROUP BY kind ORDER BY kind;
SELECT available, scheduled, confirmed, completed, cancelled, total FROM swan_summary(13);

-- what this test would show if something were lost: it is not blind
RESET ROLE;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = 13;
SELECT id, purchased, balance, live, used, expired FROM out_of_step();
SELECT check_name FROM swan_verify() ORDER BY 1;
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE studio.sessions SET session_deducted = false WHERE id = 1;
SELECT id, purchased, balance, live, used, expired FROM out_of_step();
SELECT check_name FROM swan_verify() ORDER BY 1;
ROLLBACK;
SET ROLE regress_owner;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
