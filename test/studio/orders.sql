-- What an old backend and migrations do to tables before, during and after they
-- are attached and backfilled, for attach_orders.sql. :begin and :commit make
-- one transaction of it, or nothing; :attached and :then divide it in two.
-- Clients 1 to 29 have 5 credits and two live bookings each, n + 100 and n + 200.
CREATE SCHEMA :"schema";
SET search_path = :"schema", public;
SET swanalloc.studio = :'schema';
CREATE TABLE users (id integer PRIMARY KEY, name text, balance integer, seen integer);
CREATE TABLE sessions (id integer PRIMARY KEY, client integer, status text, starts timestamptz, notes text, taken boolean DEFAULT false);
INSERT INTO users (id, name, balance) SELECT n, 'C' || n, 5 FROM generate_series(1, 29) n;
INSERT INTO sessions (id, client, status, starts, taken)
SELECT n + 100 * k, n, 'scheduled', '2099-01-01'::timestamptz + k * interval '30 days' + n * interval '1 hour', k = 1 FROM generate_series(1, 29) n, generate_series(1, 2) k;
INSERT INTO sessions (id, status, starts) SELECT 1000 + n, 'available', '2099-06-01'::timestamptz + n * interval '1 hour' FROM generate_series(1, 60) n;
-- the application's own triggers: a follow-up of two rows, a trial for the new, a balance that another trigger corrects
CREATE FUNCTION follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sessions (id, client, status, starts, notes)
	SELECT NEW.id + 1000 * k, NEW.client, CASE k WHEN 1 THEN 'cancelled' ELSE 'confirmed' END, NEW.starts + k * interval '7 days', 'the same again?' FROM generate_series(1, 2) k;
	RETURN NULL;
END $$;
CREATE TRIGGER a_follow_up AFTER UPDATE OF status ON sessions FOR EACH ROW
	WHEN (OLD.status = 'available' AND NEW.status = 'scheduled' AND NEW.id BETWEEN 1016 AND 1017) EXECUTE FUNCTION follow_up();
CREATE FUNCTION trial() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sessions SET client = NEW.id, status = 'scheduled' WHERE id IN (1020, 1021);
	UPDATE users SET balance = balance + 1 WHERE id = NEW.id;
	RETURN NULL;
END $$;
CREATE TRIGGER a_trial AFTER INSERT ON users FOR EACH ROW WHEN (NEW.name = 'Trial') EXECUTE FUNCTION trial();
CREATE FUNCTION correct() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.balance := 2;
	RETURN NEW;
END $$;
CREATE TRIGGER zz_correct BEFORE UPDATE ON users FOR EACH ROW WHEN (NEW.name = 'Two') EXECUTE FUNCTION correct();

:begin;
-- a migration settles the flag, and touches who will be touched again
UPDATE sessions SET taken = true WHERE status IN ('scheduled', 'confirmed') AND client < 25;
UPDATE users SET seen = 1 WHERE id BETWEEN 1 AND 3;
INSERT INTO users (id, name, balance) VALUES (30, 'C30', 2);
INSERT INTO sessions (id, client, status, starts, taken) VALUES (130, 30, 'scheduled', '2099-04-01', true), (230, 30, 'scheduled', '2099-04-02', false);
UPDATE users SET balance = 6 WHERE id = 29;
SELECT count(*) > 0 AS attached FROM swan_attach('users', 'sessions', '{"available_sessions": "balance", "user_id": "client", "session_date": "starts",
	"session_deducted": "taken", "first_name": "name", "old_bookings": "flag"}', studio => :'schema');
:attached;
:then;
-- 1: saved twice, as an ORM does
UPDATE users SET seen = 2 WHERE id = 1;
UPDATE users SET balance = 4 WHERE id = 1;
-- 2: a note, then the studio cancels
UPDATE sessions SET notes = 'called' WHERE id = 102;
SELECT charged, returned FROM swan_cancel(102);
-- 3: two bookings moved, by one statement; 4: cancelled; 5: deleted; 6: given to 7
UPDATE sessions SET starts = starts + interval '7 days' WHERE client = 3;
UPDATE sessions SET status = 'cancelled' WHERE client = 4;
DELETE FROM sessions WHERE client = 5;
UPDATE sessions SET client = 7 WHERE client = 6;
-- 8: two new ones; 9: two slots taken; 10: by COPY
INSERT INTO sessions (id, client, status, starts) VALUES (308, 8, 'scheduled', '2099-03-01'), (408, 8, 'confirmed', '2099-03-02');
UPDATE sessions SET client = 9, status = 'scheduled' WHERE id IN (1001, 1002);
COPY sessions (id, client, status, starts) FROM STDIN;
310	10	scheduled	2099-03-03 00:00+00
410	10	scheduled	2099-03-04 00:00+00
\.
-- 11: an old booking and a new one by one upsert; 12: his balance by another; 13: all of it in one statement
INSERT INTO sessions (id, client, status, starts) VALUES (111, 11, 'confirmed', '2099-03-05'), (311, 11, 'scheduled', '2099-03-06'), (211, 11, 'cancelled', '2099-03-07')
	ON CONFLICT (id) DO UPDATE SET status = excluded.status, starts = excluded.starts;
INSERT INTO users (id, name, balance) VALUES (12, 'C12', 9), (31, 'C31', 4) ON CONFLICT (id) DO UPDATE SET balance = excluded.balance;
WITH a AS (UPDATE sessions SET client = 13, status = 'scheduled' WHERE id IN (1003, 1004)), b AS (UPDATE users SET balance = 3 WHERE id = 13), c AS (DELETE FROM sessions WHERE id = 113)
	SELECT 1 AS one;
-- 14: undone, then done; 15: nothing but undone
DO $$ BEGIN UPDATE sessions SET client = 14, status = 'scheduled' WHERE id IN (1005, 1006); UPDATE users SET balance = 0 WHERE id = 14; RAISE 'undo'; EXCEPTION WHEN raise_exception THEN NULL; END $$;
UPDATE sessions SET client = 14, status = 'scheduled' WHERE id IN (1006, 1007);
DO $$ BEGIN UPDATE users SET balance = 0 WHERE id = 15; DELETE FROM sessions WHERE client = 15; RAISE 'undo'; EXCEPTION WHEN raise_exception THEN NULL; END $$;
-- 16, 17: the application's trigger makes two more of one, in a call and outside
SELECT charged, available_sessions FROM swan_book(16, 1016);
UPDATE sessions SET client = 17, status = 'scheduled' WHERE id = 1017;
-- 18: deleted and there again; 19: with another balance before he is deleted again
DELETE FROM users WHERE id = 18;
INSERT INTO users (id, name, balance) VALUES (18, 'C18', 3);
UPDATE users SET balance = 1 WHERE id = 19;
DELETE FROM users WHERE id = 19;
INSERT INTO users (id, name, balance) VALUES (19, 'C19', 0);
DELETE FROM users WHERE id = 19;
-- 20: a trigger that sorts after ours changes the balance; 21: gone with his bookings in one statement
UPDATE users SET name = 'Two' WHERE id = 20;
WITH a AS (DELETE FROM sessions WHERE client = 21) DELETE FROM users WHERE id = 21;
-- 22: a booking without a date, then a grant
INSERT INTO sessions (id, client, status, taken) VALUES (322, 22, 'scheduled', true);
SELECT available_sessions FROM swan_grant(22, 1);
-- 23: nobody's balance; 24: a balance that comes back to what it was
UPDATE users SET balance = NULL WHERE id = 23;
UPDATE users SET balance = balance - 1 WHERE id = 24;
UPDATE users SET balance = balance + 1 WHERE id = 24;
-- 30, who was new a moment ago
UPDATE sessions SET status = 'confirmed' WHERE id = 230;
UPDATE sessions SET status = 'cancelled', taken = false WHERE id = 130;
-- 32: registers with two credits, a trial and a third; 33: without, and books later; 34: with, and books at once
INSERT INTO users (id, name, balance) VALUES (32, 'Trial', 2);
INSERT INTO users (id, name, balance) VALUES (33, 'C33', 0), (34, 'C34', 2);
UPDATE sessions SET client = 34, status = 'scheduled' WHERE id IN (1008, 1009);
UPDATE sessions SET client = 33, status = 'scheduled' WHERE id IN (1010, 1011);
SELECT available_sessions FROM swan_grant(33, 2);
-- 35, 36: booked before they are there, nothing and no booking having come along with them
INSERT INTO sessions (id, client, status, starts, taken) VALUES (335, 35, 'scheduled', '2099-03-08', true), (336, 36, 'confirmed', '2099-03-08', true);
INSERT INTO users (id, name, balance) VALUES (35, 'C35', 0), (36, 'C36', 1);
-- 28, 29: while bookings are not watched for a moment
SELECT swan_configure('guard_sessions', 'off');
UPDATE sessions SET client = 28, status = 'scheduled', taken = true WHERE id = 1014;
UPDATE sessions SET status = 'cancelled' WHERE id = 229;
SELECT swan_configure('guard_sessions', 'record');
-- 25 to 29 wait for this
CALL swan_backfill(7);
UPDATE users SET balance = balance - 1 WHERE id IN (1, 25);
UPDATE sessions SET client = 26, status = 'scheduled' WHERE id IN (1012, 1013);
SELECT charged, returned FROM swan_cancel(127);
:commit;
