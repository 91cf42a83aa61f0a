-- swan_suspend and swan_resume: a client books nothing for some time, and his lots end later if that is wanted.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM (VALUES (11, NULL::timestamptz), (11, '2099-06-01'), (12, '2099-06-01'), (13, '2099-06-01')) v (u, e), swan_grant(u, 3, expires_at => e);
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', repeat => 10, every => '1 day');
SELECT count(*) FROM unnest(ARRAY[1, 2]) s, swan_book(11, s);

--
-- What it refuses
--
SELECT call, try('SELECT message FROM ' || call) FROM (VALUES (1, 'swan_suspend(NULL)'), (2, 'swan_suspend(999)'), (3, 'swan_suspend(11, ''infinity'')'), (4, 'swan_suspend(11, until => ''infinity'')'),
	(5, 'swan_suspend(11, until => ''2020-01-01'')'), (6, 'swan_suspend(11, ''2099-01-02'', ''2099-01-02'')'), (7, 'swan_suspend(11, ''2020-01-01'', ''2020-02-01'')'),
	(8, 'swan_resume(NULL)'), (9, 'swan_resume(999)'), (10, 'swan_resume(11)')) t (n, call) ORDER BY n;
SELECT * FROM swan_resume(11);
-- who may
SELECT call, actor, try(format('SELECT message FROM %s, actor => %s)', call, actor)) FROM unnest(ARRAY['NULL', '1', '2', '3', '11']) actor, unnest(ARRAY['swan_suspend(11', 'swan_resume(11']) call ORDER BY call, actor;

--
-- For a time: no way to a session in it, and every way to others
--
SELECT user_id, since, until, message, ledger_id FROM swan_suspend(11, '2099-01-07', '2099-01-10 09:00', 'away', actor => 2);
SELECT kind, delta, balance_after, actor_id, reason, details, suspended FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id DESC LIMIT 1;
SELECT * FROM swan_suspend(11);
SELECT suspended_since, suspended_until FROM swan_summary(11, actor => 11);
SELECT suspended_since, suspended_until FROM swan_client(11);
SELECT id, suspended_since, suspended_until FROM swan_clients(max_rows => 3);
SELECT * FROM swan_book(11, 3, actor => 11);
CREATE FUNCTION pg_temp.ways(client text, slot text, how text) RETURNS TABLE (way text, answer text) LANGUAGE sql AS $$
	SELECT w, try(format('SELECT ''done'' FROM %s', format(w, client, slot, how)))
	  FROM unnest(ARRAY['swan_book(%s, %s%s)', 'swan_book_many(%s, ARRAY[6, %s]%s)', 'swan_hold(%s, %s%s)', 'swan_reschedule(2, %2$s%3$s)', 'swan_reschedule(1, %2$s%3$s)', 'swan_move(1, (SELECT session_date + interval ''2 hours'' FROM studio.sessions WHERE id = %2$s)%3$s)']) w
$$;
SELECT a.actor, w.* FROM unnest(ARRAY['11', '3', '2', '1', 'NULL']) a (actor), pg_temp.ways('11', '3', ', actor => ' || actor) w;
SELECT a.actor, w.* FROM unnest(ARRAY['11', '3', '2', '1', 'NULL']) a (actor), pg_temp.ways('11', '3', ', force => true, actor => ' || actor) w WHERE way !~ 'many';
-- it begins with its first moment, and ends before its last
SELECT s.id, s.session_date, c.ok, c.sqlstate, c.code, c.message, try(format('SELECT status FROM swan_book(11, %s)', s.id)) AS book
  FROM studio.sessions s, swan_can_book(11, s.id) c WHERE s.id BETWEEN 1 AND 8 ORDER BY s.id;
-- also of somebody without a credit, and of one who is at his limit, it says the same
SELECT swan_suspend(14, '2026-01-01', '2099-02-01') IS NOT NULL;
SELECT c.code, c.message, try('SELECT status FROM swan_book(14, 5)'), try('SELECT status FROM swan_book(14, 5, force => true)') FROM swan_can_book(14, 5) c;
SELECT swan_configure('live_max', '2');
SELECT c.code, c.message, try('SELECT status FROM swan_book(11, 5, actor => 11)') FROM swan_can_book(11, 5, actor => 11) c;
SELECT swan_configure('live_max', NULL);
-- others are not concerned
SELECT * FROM pg_temp.ways('12', '3', '') WHERE way ~ '%s, ';
-- by force, which is written down
SELECT status, available_sessions FROM swan_book(11, 3, force => true, actor => 2);
-- what is written of him meanwhile goes on from there: bookings, grants of many, cancellations, direct writes
SELECT status FROM swan_cancel(3);
SELECT count(*) FROM swan_grant_many(ARRAY[11, 12], 1);
SELECT swan_configure('guard_balance', 'record');
UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = 11;
SELECT swan_configure('guard_balance', 'refuse');
SELECT kind, suspended FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id DESC LIMIT 5;
SELECT suspended FROM studio.swan_ledger WHERE user_id = 12 ORDER BY id DESC LIMIT 1;
SELECT user_id, since, until, message FROM swan_resume(11, actor => 1);
SELECT kind, actor_id, details, suspended FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id DESC LIMIT 1;
SELECT suspended_since, suspended_until FROM swan_summary(11);
SELECT try('SELECT status FROM swan_book(11, 4)'), try('SELECT message FROM swan_resume(11)');
-- from now on, until somebody says
SELECT since > now() - interval '1 minute' AS now, until FROM swan_suspend(11, NULL, NULL, NULL, NULL);
SELECT suspended_since IS NOT NULL AS suspended, suspended_until FROM swan_client(11);
SELECT try('SELECT status FROM swan_book(11, 10)'), try('SELECT status FROM swan_book(11, 4)');
SELECT until > now() - interval '1 minute' AS now FROM swan_resume(11);

--
-- Lots that end later
--
SELECT s.until - s.since AS length FROM swan_suspend(12, '2099-01-01', '2099-01-31', put_off => true) s;
SELECT lot_id - min(lot_id) OVER () AS lot, delta, balance_after, kind, details FROM studio.swan_ledger WHERE user_id = 12 AND kind IN ('suspension', 'extension') ORDER BY id;
SELECT expires_at FROM studio.swan_lots WHERE user_id = 12 ORDER BY id;
-- ended before it began, it took no time
SELECT until FROM swan_resume(12);
SELECT expires_at FROM studio.swan_lots WHERE user_id = 12 ORDER BY id;
SELECT details FROM studio.swan_ledger WHERE user_id = 12 ORDER BY id DESC LIMIT 2;
-- lots that end before it begins, that never end, or that are spent; one that is due is swept, and stays so
SELECT lot_id AS old FROM studio.swan_ledger WHERE user_id = 13 \gset
SELECT count(*) FROM (VALUES ('2098-12-31'::timestamptz), (NULL), ('2099-05-01')) v (e), swan_grant(13, 1, expires_at => e);
SELECT count(*) FROM (VALUES (10), (9)) v (s), swan_book(13, s);
SELECT count(*) FROM swan_grant(13, 2, expires_at => '2099-07-01');
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = now() - interval '1 day' WHERE id = :old;
SET session_replication_role = origin;
SET ROLE regress_owner;
SELECT since, until FROM swan_suspend(13, '2099-01-01', '2099-03-01', put_off => true);
SELECT granted, remaining, expires_at > now() AS to_come, CASE WHEN expires_at > now() THEN expires_at END AS expires_at, swept FROM studio.swan_lots WHERE user_id = 13 ORDER BY id;
-- somebody has another idea of one of them: it stays
SELECT swan_extend(id, '2099-12-31') IS NOT NULL AS extended FROM studio.swan_lots WHERE user_id = 13 AND granted = 2;
SELECT count(*) FROM swan_resume(13);
SELECT granted, remaining, expires_at > now() AS to_come, CASE WHEN expires_at > now() THEN expires_at END AS expires_at, swept FROM studio.swan_lots WHERE user_id = 13 ORDER BY id;
-- nobody knows for how long: they do not end meanwhile, and then as much later as it was
SELECT count(*) FROM swan_grant(15, 2, expires_at => '2099-06-01');
SELECT until FROM swan_suspend(15, '2026-01-01', put_off => true);
SELECT expires_at FROM studio.swan_lots WHERE user_id = 15;
SELECT details FROM studio.swan_ledger WHERE user_id = 15 AND kind = 'extension';
SELECT count(*) FROM swan_grant(15, 1, expires_at => '2099-06-01');
SELECT since FROM swan_resume(15);
SELECT granted, expires_at - timestamptz '2099-06-01' = (SELECT (details ->> 'until')::timestamptz - (details ->> 'since')::timestamptz FROM studio.swan_ledger WHERE user_id = 15 AND kind = 'resumption') AS put_off,
	expires_at = '2099-06-01' AS as_granted FROM studio.swan_lots WHERE user_id = 15 ORDER BY id;
-- a lot that would end beyond all time
SELECT count(*) FROM swan_grant(16, 1, expires_at => '294270-01-01');
SELECT * FROM swan_suspend(16, until => '294000-01-01', put_off => true);
SELECT suspended_since FROM swan_summary(16);
-- a suspension that is over is no suspension
SELECT since FROM swan_suspend(16, '2099-01-01', '2099-02-01');
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET suspended = '[2020-01-01,2020-02-01)', details = '{"since": "2020-01-01T00:00:00Z", "until": "2020-02-01T00:00:00Z"}' WHERE user_id = 16 AND kind = 'suspension';
SET session_replication_role = origin;
SET ROLE regress_owner;
SELECT suspended_since, suspended_until FROM swan_summary(16);
SELECT suspended_since, suspended_until FROM swan_client(16);
SELECT try('SELECT message FROM swan_resume(16)'), try('SELECT message FROM swan_suspend(16)');
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

--
-- What swan_verify finds
--
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET suspended = '[2099-01-01,)' WHERE id = (SELECT max(id) FROM studio.swan_ledger WHERE user_id = 12);
UPDATE studio.swan_ledger SET suspended = NULL WHERE user_id = 14;
SET session_replication_role = origin;
SELECT check_name, user_id, problem FROM swan_verify();
SELECT check_name, problem FROM swan_verify(14);

--
-- A ledger that an earlier version made has no place for it: everything else is as before
--
ALTER TABLE studio.swan_ledger DROP COLUMN suspended;
SET ROLE regress_owner;
SELECT * FROM swan_suspend(17);
SELECT try('SELECT message FROM swan_resume(17)');
SELECT count(*) FROM swan_grant(17, 2), swan_book(17, 5), swan_grant_many(ARRAY[17, 18], 1);
SELECT suspended_since FROM swan_summary(17);
SELECT suspended_since FROM swan_client(17);
SELECT count(*) FROM swan_clients();
SELECT check_name, user_id FROM swan_verify();
-- somebody's column of that name is not ours
ALTER TABLE studio.swan_ledger ADD COLUMN suspended boolean;
SELECT try('SELECT message FROM swan_suspend(17)'), try('SELECT status FROM swan_book(17, 6)');
ALTER TABLE studio.swan_ledger DROP COLUMN suspended;
ALTER TABLE studio.swan_ledger ADD COLUMN suspended tstzrange;
SELECT try('SELECT message FROM swan_suspend(17)');

DROP FUNCTION pg_temp.ways;
RESET ROLE;
\i test/fixture/moves_gone.sql
