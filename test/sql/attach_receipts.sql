-- Old routes that take several credits for a session, by the number in its row:
-- what came along counts for as many, and what is written directly is a debit of as many.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE SCHEMA app AUTHORIZATION regress_shop;
SET ROLE regress_shop;
SET search_path = app, public;
CREATE TABLE users (id integer PRIMARY KEY, first_name text, credits integer);
CREATE TABLE sessions (id integer PRIMARY KEY, client integer REFERENCES users ON DELETE CASCADE, status text DEFAULT 'available', starts timestamptz, taken boolean DEFAULT false, took integer);
INSERT INTO users SELECT n, 'C' || n, 5 FROM generate_series(1, 40) n;
-- old bookings: as many as the receipt says, as the flag does where there is none, none of 0 whatever the flag says; of what is below it, none
INSERT INTO sessions SELECT 30 + n, 30 + n, CASE n WHEN 2 THEN 'confirmed' ELSE 'scheduled' END, '2099-01-01'::timestamptz + n * interval '1 day', flag, receipt
FROM (VALUES (1, true, 2), (2, true, NULL), (3, true, 0), (4, false, NULL), (5, false, 3), (6, true, -1)) v (n, flag, receipt);
INSERT INTO sessions (id, starts) SELECT 100 * n + k, '2099-02-01'::timestamptz + n * interval '1 day' + k * interval '2 hours' FROM generate_series(1, 29) n, generate_series(1, 3) k;
\set columns '{"available_sessions": "credits", "user_id": "client", "session_date": "starts", "session_deducted": "taken", "credits": "took"}'
SELECT state, action FROM swan_attach('users', 'sessions', :'columns', dry_run => true) WHERE item = 'old_bookings';
SELECT mode, action FROM unnest('{charged,free,flag}'::text[]) mode, LATERAL swan_attach('users', 'sessions', jsonb_set((:'columns')::jsonb, '{old_bookings}', to_jsonb(mode)), dry_run => true) a WHERE a.item = 'old_bookings';
SELECT count(*) > 0 AS attached FROM swan_attach('users', 'sessions', :'columns'::jsonb || '{"old_bookings": "flag"}');
-- before anybody is opened it is known already
SELECT s.id, c.returns, c.credits FROM sessions s, LATERAL swan_can_cancel(s.id) c WHERE s.id BETWEEN 31 AND 36 ORDER BY 1;
CALL swan_backfill();
SELECT user_id, kind, delta, balance_after AS after, session_id AS session FROM swan_ledger WHERE user_id > 30 AND (session_id IS NOT NULL OR delta <> 5) ORDER BY user_id, id;
SELECT * FROM swan_verify();
SELECT c.session_id, c.charged, c.credits, c.returned, c.available_sessions FROM sessions s, LATERAL swan_cancel(s.id) c WHERE s.id BETWEEN 31 AND 36 ORDER BY 1;

-- What old routes write now
SELECT count(*) FROM generate_series(1, 29) n, LATERAL swan_purchase(n, 2, 'pi_' || n, expires_at => '2098-01-01');
CREATE PROCEDURE pay(who integer, n integer) LANGUAGE sql AS 'UPDATE users SET credits = credits - n WHERE id = who';
CREATE PROCEDURE take(who integer, slot integer, n integer) LANGUAGE sql AS $$UPDATE sessions SET client = who, status = 'scheduled', taken = true, took = n WHERE id = slot$$;
CREATE PROCEDURE drop_it(slot integer) LANGUAGE sql AS $$UPDATE sessions SET status = 'cancelled', taken = false, took = 0 WHERE id = slot$$;
-- 1: the session first; 2: the balance first; 3, 4: of two lots; 5: the receipt alone; 6: the receipt a statement later
BEGIN; CALL take(1, 101, 2); CALL pay(1, 2); COMMIT;
BEGIN; CALL pay(2, 2); CALL take(2, 201, 2); COMMIT;
BEGIN; CALL take(3, 301, 3); CALL pay(3, 3); COMMIT;
BEGIN; CALL pay(4, 3); CALL take(4, 401, 3); COMMIT;
BEGIN; UPDATE sessions SET client = 5, status = 'scheduled', took = 2 WHERE id = 501; CALL pay(5, 2); COMMIT;
BEGIN; UPDATE sessions SET client = 6, status = 'scheduled', taken = true WHERE id = 601; UPDATE sessions SET took = 2 WHERE id = 601; CALL pay(6, 2); COMMIT;
-- 7, 8: two sessions of one statement's credits; 9, 10: two sessions, each its own; 11: the flag alone is one
BEGIN; CALL take(7, 701, 1); CALL take(7, 702, 2); CALL pay(7, 3); COMMIT;
BEGIN; CALL pay(8, 3); CALL take(8, 801, 1); CALL take(8, 802, 2); COMMIT;
BEGIN; CALL take(9, 901, 1); CALL take(9, 902, 2); CALL pay(9, 2); CALL pay(9, 1); COMMIT;
BEGIN; CALL pay(10, 2); CALL pay(10, 1); CALL take(10, 1001, 1); CALL take(10, 1002, 2); COMMIT;
BEGIN; UPDATE sessions SET client = 11, status = 'scheduled', taken = true WHERE id = 1101; CALL pay(11, 1); COMMIT;
-- what does not match. 12, 13: less or more than the receipt; 14: a receipt of nothing; 15: more than there is
BEGIN; CALL take(12, 1201, 2); CALL pay(12, 1); COMMIT;
BEGIN; CALL pay(13, 3); CALL take(13, 1301, 2); COMMIT;
BEGIN; CALL take(14, 1401, 0); CALL pay(14, 1); COMMIT;
BEGIN; CALL take(15, 1501, 8); CALL pay(15, 8); COMMIT;
SELECT user_id, kind, delta, balance_after AS after, session_id AS session, details -> 'credit' AS credit, details -> 'of' AS of, reason, (SELECT payment_ref FROM swan_lots l WHERE l.id = lot_id) AS payment
FROM swan_ledger WHERE user_id < 30 AND kind NOT IN ('opening', 'purchase') ORDER BY user_id, id;
SELECT check_name, user_id, session_id FROM swan_verify() ORDER BY 2, 3;

-- Given up by old routes: 1: to its lot; 4: to both, the balance first; 7: both at once; 2: too little
BEGIN; CALL drop_it(101); CALL pay(1, -2); COMMIT;
BEGIN; CALL pay(4, -3); CALL drop_it(401); COMMIT;
BEGIN; CALL drop_it(701); CALL drop_it(702); CALL pay(7, -3); COMMIT;
BEGIN; CALL drop_it(201); CALL pay(2, -1); COMMIT;
SELECT user_id, kind, delta, balance_after AS after, session_id AS session, details -> 'credit' AS credit, reason, (SELECT payment_ref FROM swan_lots l WHERE l.id = lot_id) AS payment
FROM swan_ledger l WHERE user_id IN (1, 2, 4, 7) AND id > (SELECT max(id) FROM swan_ledger WHERE user_id = 15) ORDER BY user_id, id;
-- 16 to 19, 22: the row keeps its receipt. The session first, the balance first, two at once; without the balance it was given up too late, and what comes
-- back for one without a receipt is not of one that has it
CREATE PROCEDURE end_it(slot integer) LANGUAGE sql AS $$UPDATE sessions SET status = 'cancelled' WHERE id = slot$$;
SELECT count(*) FROM unnest('{16,17,18,19,22}'::int[]) n, LATERAL swan_book(n, 100 * n + 1);
BEGIN; CALL take(16, 1602, 2); CALL pay(16, 2); COMMIT;
BEGIN; CALL take(18, 1802, 2); CALL pay(18, 2); COMMIT;
BEGIN; CALL take(22, 2202, 1); CALL pay(22, 1); COMMIT;
BEGIN; CALL end_it(1602); CALL pay(16, -2); COMMIT;
BEGIN; CALL pay(17, -1); CALL end_it(1701); COMMIT;
BEGIN; CALL end_it(1801); CALL end_it(1802); CALL pay(18, -3); COMMIT;
BEGIN; CALL end_it(1901); COMMIT;
BEGIN; CALL pay(19, -1); COMMIT;
BEGIN; CALL end_it(2201); CALL drop_it(2202); CALL pay(22, -1); COMMIT;
SELECT user_id, kind, delta, balance_after AS after, session_id AS session, details -> 'credit' AS credit, details -> 'receipt' AS receipt, reason, (SELECT payment_ref FROM swan_lots l WHERE l.id = lot_id) AS payment
FROM swan_ledger l WHERE user_id BETWEEN 16 AND 22 AND kind NOT IN ('opening', 'purchase', 'booking') AND reason IS DISTINCT FROM 'for session 1602' ORDER BY user_id, id;
SELECT id, status, taken, took FROM sessions WHERE client BETWEEN 16 AND 22 AND status = 'cancelled' ORDER BY id;
SELECT id, available_sessions, total_sessions_purchased AS bought, sessions_used AS used FROM swan_clients() WHERE id BETWEEN 16 AND 22 ORDER BY 1;
-- what came back is not returned again, nor forgotten; a cancellation that is taken back takes it again, and its receipt is right then
SELECT session_id, try_returned FROM (SELECT s.id AS session_id, (SELECT sqlstate FROM swan_can_cancel(s.id)) AS try_returned FROM sessions s WHERE s.id IN (1602, 1701)) t ORDER BY 1;
SELECT status, credits, available_sessions FROM swan_correct(1602, 'scheduled', 'he comes after all');
SELECT status, taken, took FROM sessions WHERE id = 1602;
-- one that was given up too late can be let off, as any
SELECT credits, available_sessions FROM swan_waive(1901, 'was ill');
SELECT check_name, user_id, session_id FROM swan_verify(as_if => 'refuse') WHERE user_id BETWEEN 16 AND 22 ORDER BY 2, 3;
-- the studio cancels the others: all that was taken comes back, where it was taken from
SELECT c.session_id, c.charged, c.credits, c.returned, c.available_sessions FROM sessions s, LATERAL swan_cancel(s.id) c WHERE s.client < 30 AND s.status = 'scheduled' ORDER BY 1;
SELECT user_id, sum(remaining) FILTER (WHERE payment_ref IS NOT NULL) AS paid, sum(remaining) AS all FROM swan_lots WHERE user_id < 16 GROUP BY 1 HAVING sum(remaining) <> 7 OR sum(remaining) FILTER (WHERE payment_ref IS NOT NULL) <> 2 ORDER BY 1;
SELECT * FROM swan_verify();
SELECT * FROM swan_verify(as_if => 'refuse');

-- Where nothing but the number says it
SELECT swan_detach();
ALTER TABLE sessions DROP taken;
SELECT count(*) > 0 AS attached FROM swan_attach('users', 'sessions', '{"available_sessions": "credits", "user_id": "client", "session_date": "starts", "credits": "took", "old_bookings": "flag"}');
CALL swan_backfill();
BEGIN; UPDATE sessions SET client = 20, status = 'scheduled', took = 3 WHERE id = 2001; CALL pay(20, 3); COMMIT;
SELECT session_id, credits, returned, available_sessions FROM swan_cancel(2001);
SELECT * FROM swan_verify(as_if => 'refuse');

RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA app CASCADE;
DROP ROLE regress_shop;
