-- Old routes book and cancel by direct writes to both tables. Where both are of
-- one transaction they come to a debit of that session, or to its return, in
-- whatever order they come; what does not match is named, and mints nothing.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE SCHEMA app AUTHORIZATION regress_shop;
SET ROLE regress_shop;
SET search_path = app, public;
CREATE TABLE users (id integer PRIMARY KEY, name text, credits integer);
CREATE TABLE sessions (id integer PRIMARY KEY, client integer REFERENCES users ON DELETE CASCADE, status text DEFAULT 'available', starts timestamptz, taken boolean DEFAULT false);
INSERT INTO users SELECT n, 'C' || n, 5 FROM generate_series(1, 40) n;
-- old bookings of 30 to 34: charged, charged, free, charged; slots for everybody
INSERT INTO sessions SELECT n, n, 'scheduled', '2099-01-01'::timestamptz + n * interval '1 day', n <> 32 FROM generate_series(30, 33) n;
INSERT INTO sessions (id, starts) SELECT 100 * n + k, '2099-02-01'::timestamptz + n * interval '1 day' + k * interval '2 hours' FROM generate_series(1, 40) n, generate_series(1, 3) k;
SELECT item, state, action FROM swan_attach('users', 'sessions', '{"available_sessions": "credits", "user_id": "client", "session_date": "starts", "session_deducted": "taken", "first_name": "name"}', dry_run => true) WHERE item = 'old_bookings';
SELECT mode, action FROM unnest('{charged,free,flag}'::text[]) mode, LATERAL swan_attach('users', 'sessions', jsonb_build_object('available_sessions', 'credits', 'user_id', 'client', 'session_date', 'starts', 'session_deducted', 'taken', 'first_name', 'name', 'old_bookings', mode), dry_run => true) a WHERE a.item = 'old_bookings';
SELECT count(*) > 0 AS attached FROM swan_attach('users', 'sessions', '{"available_sessions": "credits", "user_id": "client", "session_date": "starts", "session_deducted": "taken", "first_name": "name", "old_bookings": "flag"}');
CREATE PROCEDURE pay(who integer, n integer) LANGUAGE sql AS 'UPDATE users SET credits = credits - n WHERE id = who';
CREATE PROCEDURE take(who integer, VARIADIC slots integer[]) LANGUAGE sql AS $$UPDATE sessions SET client = who, status = 'scheduled', taken = true WHERE id = ANY (slots)$$;
CREATE PROCEDURE drop_it(VARIADIC slots integer[]) LANGUAGE sql AS $$UPDATE sessions SET status = 'cancelled', taken = false WHERE id = ANY (slots)$$;

-- Bookings. 1: the session first; 2: the balance first; 3 and 4: two of them
BEGIN; CALL take(1, 101); CALL pay(1, 1); COMMIT;
BEGIN; CALL pay(2, 1); CALL take(2, 201); COMMIT;
BEGIN; CALL take(3, 301, 302); CALL pay(3, 2); COMMIT;
BEGIN; CALL pay(4, 2); CALL take(4, 401); CALL take(4, 402); COMMIT;
-- 5: one after the other, 6: all the money first, 7: in one statement, confirmed at once
BEGIN; CALL take(5, 501); CALL pay(5, 1); CALL pay(5, 1); CALL take(5, 502); COMMIT;
BEGIN; CALL pay(6, 1); CALL pay(6, 1); CALL take(6, 601, 602); COMMIT;
WITH a AS (UPDATE sessions SET client = 7, status = 'confirmed', taken = true WHERE id = 701) UPDATE users SET credits = credits - 1 WHERE id = 7;
-- 8: the flag later, and other changes between; 9: a row of his own; 10: rolled back, and again
BEGIN; UPDATE sessions SET client = 8, status = 'scheduled' WHERE id = 801; UPDATE sessions SET taken = true WHERE id = 801;
UPDATE sessions SET starts = starts + interval '1 minute' WHERE id = 801; CALL pay(8, 1); COMMIT;
BEGIN; CALL pay(9, 1); INSERT INTO sessions VALUES (9, 9, 'confirmed', '2099-01-20', true); COMMIT;
BEGIN; SAVEPOINT s; CALL take(10, 1001); CALL pay(10, 1); ROLLBACK TO s; CALL pay(10, 1); SAVEPOINT s; CALL take(10, 1002); ROLLBACK TO s; CALL take(10, 1003); COMMIT;
-- 17, 18: at other isolation levels; 19: both orders for two clients at once
BEGIN ISOLATION LEVEL REPEATABLE READ; CALL pay(17, 1); CALL take(17, 1701); COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE; CALL take(18, 1801); CALL pay(18, 1); COMMIT;
BEGIN; CALL pay(19, 1); CALL take(29, 2901); CALL take(19, 1901); CALL pay(29, 1); COMMIT;
-- What does not match. 11: no money; 12: two for one, before and after; 13: one for two: the first has it
CALL take(11, 1101);
BEGIN; CALL take(12, 1201); CALL pay(12, 2); COMMIT;
BEGIN; CALL pay(12, 2); CALL take(12, 1202); COMMIT;
BEGIN; CALL take(13, 1301, 1302); CALL pay(13, 1); COMMIT;
-- 37: without a date
BEGIN; INSERT INTO sessions VALUES (37, 37, 'scheduled', NULL, true); CALL pay(37, 1); COMMIT;
-- 14: in two transactions; 15: without the flag; 16: given up before it was paid
CALL take(14, 1401); CALL pay(14, 1);
BEGIN; UPDATE sessions SET client = 15, status = 'scheduled' WHERE id = 1501; CALL pay(15, 1); COMMIT;
BEGIN; CALL take(16, 1601); CALL drop_it(1601); CALL pay(16, 1); COMMIT;
SELECT user_id, kind, delta, balance_after AS after, session_id AS session, details -> 'credit' AS credit, reason FROM swan_ledger WHERE kind <> 'opening' ORDER BY user_id, id;
SELECT check_name, user_id, session_id FROM swan_verify() ORDER BY 2, 3;
-- the studio cancels all of them: who paid gets it back, once, and the flag stays where nobody knows
SELECT c.session_id, c.charged, c.returned, c.available_sessions FROM sessions s, LATERAL swan_cancel(s.id) c WHERE s.client < 20 AND s.status IN ('scheduled', 'confirmed') ORDER BY 1;
SELECT id, taken FROM sessions WHERE client < 20 AND taken ORDER BY id;
SELECT id, credits FROM users WHERE id < 20 AND credits <> 5 ORDER BY id;
UPDATE sessions SET status = 'cancelled' WHERE id = 37;

-- Cancellations by the old route. 20 to 22: of a booking by swan_book
SELECT charged FROM unnest('{20,21,22,23,24,25,26,27,28}'::int[]) u, swan_book(u, u * 100 + 1);
BEGIN; CALL drop_it(2001); CALL pay(20, -1); COMMIT;
BEGIN; CALL pay(21, -1); CALL drop_it(2101); COMMIT;
BEGIN; UPDATE sessions SET client = NULL, status = 'available', taken = false WHERE id = 2201; CALL pay(22, -1); COMMIT;
-- 23: deleted; 24: of one by the old route
BEGIN; DELETE FROM sessions WHERE id = 2301; CALL pay(23, -1); COMMIT;
BEGIN; CALL take(24, 2402); CALL pay(24, 1); COMMIT;
BEGIN; CALL pay(24, -2); CALL drop_it(2401, 2402); COMMIT;
-- 25: nothing came back; 26: two for one; 27: the flag stayed, and yet it came back; 28: he spent it in between
CALL drop_it(2501);
BEGIN; CALL drop_it(2601); CALL pay(26, -2); COMMIT;
BEGIN; UPDATE sessions SET status = 'cancelled' WHERE id = 2701; CALL pay(27, -1); COMMIT;
BEGIN; CALL pay(28, -1); CALL pay(28, 5); CALL drop_it(2801); COMMIT;
-- 30, 31: from before the attach, paid; 32: free; 33: by swan_cancel
BEGIN; CALL drop_it(30); CALL pay(30, -1); COMMIT;
BEGIN; CALL pay(31, -1); CALL drop_it(31); COMMIT;
BEGIN; CALL drop_it(32); CALL pay(32, -1); COMMIT;
SELECT charged, returned FROM swan_cancel(33);
SELECT user_id, kind, delta, balance_after AS after, session_id AS session, details -> 'credit' AS credit, reason FROM swan_ledger WHERE user_id BETWEEN 20 AND 32 AND kind <> 'opening' ORDER BY user_id, id;
-- to a lot that has ended, or of a purchase that was taken back, it does not return
SELECT a.available_sessions, b.available_sessions FROM swan_revoke(35) a, swan_revoke(36) b;
SELECT g.available_sessions, p.available_sessions FROM swan_grant(35, 1, expires_at => '2099-01-01') g, swan_purchase(36, 1, 'p36') p;
SELECT a.charged, b.charged FROM swan_book(35, 3501) a, swan_book(36, 3601) b;
SELECT shortfall FROM swan_reverse('p36');
RESET ROLE;
SET session_replication_role = replica;
UPDATE swan_lots SET expires_at = '2020-01-01' WHERE expires_at IS NOT NULL;
RESET session_replication_role;
SET ROLE regress_shop;
BEGIN; CALL drop_it(3501); CALL pay(35, -1); CALL drop_it(3601); CALL pay(36, -1); COMMIT;
SELECT user_id, kind, delta, session_id AS session FROM swan_ledger WHERE user_id IN (35, 36) ORDER BY user_id, id;
SELECT u.id, u.credits, s.source FROM users u, swan_credits(u.id) s WHERE u.id IN (35, 36) ORDER BY 1;

-- what everybody bought is what he has, has booked, has used or has lost
SELECT check_name, user_id, session_id, problem FROM swan_verify() ORDER BY 2, 3;
SELECT u.id, c.available_sessions, c.total_sessions_purchased, c.sessions_used, s.live FROM users u, swan_client(u.id) c,
	LATERAL (SELECT count(*) AS live FROM sessions WHERE client = u.id AND status IN ('scheduled', 'confirmed')
		AND (SELECT lot_id IS NOT NULL FROM swan_ledger WHERE user_id = u.id AND session_id = sessions.id AND kind IN ('booking', 'reschedule', 'cancellation') ORDER BY id DESC LIMIT 1)) s
WHERE c.total_sessions_purchased <> c.available_sessions + c.sessions_used + s.live
	+ (SELECT coalesce(-sum(delta), 0) FROM swan_ledger WHERE user_id = u.id AND kind = 'expiry');
SELECT count(*) FROM users u WHERE credits <> coalesce((SELECT sum(delta) FROM swan_ledger WHERE user_id = u.id), credits)
	OR credits <> coalesce((SELECT sum(remaining) FROM swan_lots WHERE user_id = u.id), credits);
-- and nothing stands in the way of the guards when the rest was cancelled
CALL swan_backfill();
SELECT swan_configure('guard_sessions', 'refuse');
SELECT swan_configure('guard_balance', 'refuse');
SELECT * FROM swan_verify();

RESET ROLE;
RESET search_path;
DROP SCHEMA app CASCADE;
DROP EXTENSION swanalloc CASCADE;
DROP ROLE regress_shop;
