-- Lots: which credit is spent first, and what happens to those that expire.
\i test/fixture/studio.sql

\i test/fixture/pass.sql
-- what every reader says of a client's credits
CREATE FUNCTION public.seen(client bigint) RETURNS TABLE (balance integer, summary integer, client_row integer, warning text, credits bigint, can_book boolean)
LANGUAGE sql STABLE AS $$
	SELECT (SELECT available_sessions FROM studio.users WHERE id = client), (SELECT available FROM swan_summary(client)),
	       (SELECT available_sessions FROM swan_client(client)), (SELECT warning FROM swan_summary(client)),
	       (SELECT sum(remaining) FROM swan_credits(client)), (SELECT ok FROM swan_can_book(client, 100))
$$;

SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES (3, 'Tom', 'trainer'), (4, 'Tina', 'trainer');
INSERT INTO studio.users (id, first_name) SELECT i, 'client ' || i FROM generate_series(11, 20) i;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 100, '1 day') a;

--
-- The lot that expires soonest is spent first, one that never does last, ties by age
--
SELECT ledger_id AS lot, reason FROM (VALUES
	(1, 'never, old', NULL), (2, 'June', '2099-06-01'), (3, 'March, old', '2099-03-01'), (4, 'never, new', NULL),
	(5, 'March, new', '2099-03-01'), (6, 'January', '2099-01-01'), (7, 'for ever', 'infinity')) t (n, reason, expires_at),
	swan_grant(11, 2, reason, expires_at::timestamptz) ORDER BY n;
SELECT lot_id, granted, remaining, expires_at, reason FROM swan_credits(11);
SELECT count(*) FROM generate_series(1, 14) s, swan_book(11, s);
SELECT session_id, lot_id, balance_after FROM studio.swan_ledger WHERE user_id = 11 AND kind = 'booking' ORDER BY id;
SELECT id, remaining, swept FROM studio.swan_lots WHERE user_id = 11 ORDER BY id;
SELECT * FROM swan_credits(11);
SELECT * FROM swan_book(11, 15);

--
-- A lot that is due cannot be spent, swept or not
--
SELECT count(*) FROM (VALUES ('May', 3, '2099-05-01'::timestamptz), ('June', 4, '2099-06-01'), ('never', 1, NULL)) t (reason, n, e),
	swan_grant(12, n, reason, e);
SELECT * FROM seen(12);
SELECT public.pass(12, '2099-05-02');
SELECT * FROM seen(12);
SELECT lot_id, remaining, reason FROM swan_credits(12);
SELECT public.pass(12, '2099-06-02');
SELECT * FROM seen(12);
-- the next writer expires it, before it does what it is asked to
SELECT charged, available_sessions FROM swan_book(12, 20);
SELECT id, delta, balance_after, kind, session_id, lot_id, reason, actor_id, call_id FROM studio.swan_ledger WHERE user_id = 12 ORDER BY id;
SELECT id, granted, remaining, swept FROM studio.swan_lots WHERE user_id = 12 ORDER BY id;
SELECT * FROM seen(12);
-- nobody's hand did that
SELECT DISTINCT actor_id, db_role, key FROM studio.swan_ledger WHERE kind = 'expiry';
-- where nothing else is left, the booking fails and nothing is written
SELECT added FROM swan_grant(13, 2, NULL, '2099-05-01');
SELECT public.pass(13, '2100-01-01');
SELECT * FROM seen(13);
SELECT * FROM swan_book(13, 21);
SELECT count(*) FROM studio.swan_ledger WHERE user_id = 13;
SELECT remaining, swept FROM studio.swan_lots WHERE user_id = 13;
SELECT * FROM seen(13);
-- a booking that costs nothing expires it too
SELECT charged, available_sessions FROM swan_book(13, 21, false);
SELECT delta, balance_after, kind FROM studio.swan_ledger WHERE user_id = 13 ORDER BY id;
-- so does a grant; the result is what can be spent
SELECT added, available_sessions FROM swan_grant(14, 5, NULL, '2099-05-01');
SELECT count(*) FROM generate_series(30, 31) s, swan_book(14, s);
SELECT public.pass(14, '2100-01-01');
SELECT added, available_sessions, message FROM swan_grant(14, 2);
SELECT id - min(id) OVER () + 1 AS n, delta, balance_after, kind, lot_id - min(id) OVER () + 1 AS lot, call_id - min(id) OVER () + 1 AS call
  FROM studio.swan_ledger WHERE user_id = 14 ORDER BY id;
SELECT granted, remaining, swept FROM studio.swan_lots WHERE user_id = 14 ORDER BY id;
-- once: it is not expired again
SELECT available_sessions FROM swan_book(14, 32);
SELECT kind, count(*), sum(delta) FROM studio.swan_ledger WHERE user_id = 14 GROUP BY kind ORDER BY kind;
-- a lot that was spent before it expired leaves no row
SELECT added FROM swan_grant(15, 1, NULL, '2099-05-01');
SELECT charged FROM swan_book(15, 40);
SELECT public.pass(15, '2100-01-01');
SELECT added, available_sessions FROM swan_grant(15, 1);
SELECT kind, delta FROM studio.swan_ledger WHERE user_id = 15 ORDER BY id;

--
-- A replayed key answers as it did then, though the lot is gone
--
SELECT added, available_sessions, replayed FROM swan_grant(16, 3, NULL, '2099-05-01', 'k');
SELECT public.pass(16, '2100-01-01');
SELECT added, available_sessions, message, replayed FROM swan_grant(16, 3, NULL, '2001-01-01', 'k');
SELECT * FROM seen(16);

--
-- Direct writes, where they are recorded: what comes is a lot, what goes is taken
-- from the lots that are not due, soonest first; they expire nothing
--
SELECT swan_configure('guard_balance', 'record');
SELECT count(*) FROM (VALUES (1, 2, '2099-05-01'::timestamptz), (2, 2, '2099-07-01'), (3, 2, NULL)) t (n, c, e), swan_grant(17, c, NULL, e);
SELECT public.pass(17, '2099-05-02');
UPDATE studio.users SET available_sessions = available_sessions - 3 WHERE id = 17;
SELECT source, granted, remaining FROM studio.swan_lots WHERE user_id = 17 ORDER BY id;
UPDATE studio.users SET available_sessions = available_sessions + 5 WHERE id = 17;
SELECT source, granted, remaining, expires_at IS NULL AS never FROM studio.swan_lots WHERE user_id = 17 ORDER BY id;
SELECT * FROM seen(17);
-- only when nothing else is left those that are due
UPDATE studio.users SET available_sessions = 1 WHERE id = 17;
SELECT source, granted, remaining, swept FROM studio.swan_lots WHERE user_id = 17 ORDER BY id;
SELECT kind, delta, balance_after FROM studio.swan_ledger WHERE user_id = 17 ORDER BY id;
SELECT * FROM seen(17);

-- in all of this no account went out of step
SELECT * FROM swan_verify();
SELECT count(*) FROM studio.users u WHERE available_sessions <> (SELECT coalesce(sum(delta), 0) FROM studio.swan_ledger WHERE user_id = u.id)
    OR available_sessions <> (SELECT coalesce(sum(remaining), 0) FROM studio.swan_lots WHERE user_id = u.id);

RESET ROLE;
DROP FUNCTION public.pass;
DROP FUNCTION public.seen;
\i test/fixture/studio_gone.sql
