-- A studio that already runs: its old backend goes on writing what it always
-- wrote, and every change of a balance or a booking is in the ledger.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE ROLE regress_old;
CREATE SCHEMA app AUTHORIZATION regress_shop;
GRANT USAGE ON SCHEMA app TO regress_old;
SET ROLE regress_shop;
SET search_path = app, public;
CREATE TYPE role AS ENUM ('client', 'coach', 'manager', 'guest');
CREATE TABLE users (
	"id" serial PRIMARY KEY,
	"firstName" varchar(255),
	"lastName" varchar(255),
	"role" role DEFAULT 'client',
	"availableSessions" integer DEFAULT 0,
	"createdAt" timestamptz NOT NULL DEFAULT '2020-01-01'
);
CREATE TABLE sessions (
	"id" serial PRIMARY KEY,
	"userId" integer REFERENCES users,
	"trainerId" integer REFERENCES users,
	"status" varchar(20) DEFAULT 'available',
	"sessionDate" timestamp,
	"bookedAt" timestamp,
	"duration" integer DEFAULT 60,
	"notes" varchar(255),
	"sessionDeducted" boolean DEFAULT false,
	"confirmed" boolean DEFAULT false
);
INSERT INTO users (id, "firstName", "lastName", "role", "availableSessions") VALUES
	(1, 'Ada', 'Boss', 'manager', NULL), (3, 'Tom', 'Trainer', 'coach', 0), (4, 'Gus', 'Guest', 'guest', 0),
	(11, 'John', 'Doe', 'client', 5), (12, 'Jane', 'Roe', 'client', 3), (13, 'Paul', NULL, 'client', NULL),
	(14, 'Nina', 'Nil', 'client', 0), (15, 'Omar', 'Orr', 'client', 4), (16, 'Pia', 'Pan', 'client', 1),
	(17, 'Quin', 'Quick', 'client', 2), (18, 'Rita', 'Ray', NULL, 2), (19, 'Sam', 'Sun', 'client', 6),
	(20, 'Tess', 'Tan', 'client', 7), (21, 'Una', 'Urn', 'client', 8), (22, 'Vera', 'Van', 'client', 9);
SELECT setval('users_id_seq', 100) \g /dev/null
INSERT INTO sessions (id, "userId", "trainerId", "status", "sessionDate", "sessionDeducted")
SELECT id, user_id, 3, status, '2099-01-01 09:00'::timestamp + id * interval '1 day', deducted FROM (VALUES
	(1, 11, 'scheduled', true), (2, 11, 'confirmed', false), (3, 12, 'scheduled', true), (4, 14, 'scheduled', true),
	(5, 14, 'scheduled', NULL), (6, 15, 'confirmed', true), (7, 16, 'scheduled', true), (8, 17, 'scheduled', true),
	(9, 18, 'scheduled', true), (10, 19, 'scheduled', false), (20, NULL, 'available', false), (21, NULL, 'available', false),
	(22, NULL, 'available', false), (23, NULL, 'available', false), (24, NULL, 'available', false), (25, NULL, 'available', false),
	(26, NULL, 'available', false), (27, NULL, 'available', false), (28, NULL, 'available', false), (29, NULL, 'available', false)
) v (id, user_id, status, deducted);
-- two that are over, and the rows that the old backend makes for its pages
INSERT INTO sessions (id, "userId", "trainerId", "status", "sessionDate", "sessionDeducted", "notes") VALUES
	(30, 11, 3, 'completed', '2020-01-05 09:00', true, NULL), (31, 12, 3, 'cancelled', '2020-01-06 09:00', false, NULL),
	(32, 12, NULL, 'available', NULL, false, 'Admin added - Session 1'), (33, 12, NULL, 'available', NULL, false, 'Admin added - Session 2');
SELECT setval('sessions_id_seq', 100) \g /dev/null

SELECT * FROM swan_attach('users', 'sessions',
	'{"time_zone": "Europe/Berlin", "roles": {"coach": "trainer", "manager": "admin"}, "old_bookings": "flag"}', studio => 'old');
SELECT * FROM swan_studios();
SELECT setting, value FROM swan_settings() WHERE setting IN ('guard_balance', 'guard_sessions', 'trainer_overlap', 'session_records');
SELECT swan_allow('regress_old', 'backend');
SET ROLE regress_old;
SELECT swan_accept('old');
SET ROLE regress_shop;
GRANT SELECT, INSERT, UPDATE, DELETE ON users, sessions TO regress_old;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO regress_old;
CREATE VIEW lines AS
SELECT l.id, l.user_id AS "user", l.kind, l.delta, l.balance_after AS after, l.session_id AS session, l.lot_id AS lot, l.reason, l.actor_id AS actor, l.db_role,
	l.at = s.created_at AS "at attach"
FROM swan_ledger l, swan.studio s WHERE s.name = 'old' AND l.at >= s.created_at;
GRANT SELECT ON lines TO regress_old;

-- Nobody was touched: there are no rows, and everything is as if there were
SELECT count(*) FROM swan_ledger;
SELECT * FROM swan_verify();
SELECT available, scheduled, confirmed, completed, cancelled, warning, next_session_date FROM swan_summary(11);
SELECT * FROM swan_credits(11);
SELECT * FROM swan_credits(13);
SELECT first_name, available_sessions, total_sessions_purchased, sessions_used, warning FROM swan_client(11);
SELECT first_name, available_sessions, total_sessions_purchased, sessions_used, warning FROM swan_client(13);
SELECT count(*) FROM swan_statement(11);
SELECT ok FROM swan_can_book(12, 20);
-- people are what their roles mean: the unknown and the absent are clients
BEGIN;
SELECT swan_act_as(1) \g /dev/null
SELECT user_id, role FROM swan_actor();
SELECT swan_act_as(3) \g /dev/null
SELECT user_id, role FROM swan_actor();
SELECT swan_act_as(4) \g /dev/null
SELECT user_id, role FROM swan_actor();
SELECT swan_act_as(18) \g /dev/null
SELECT user_id, role FROM swan_actor();
COMMIT;
SELECT count(*) FROM swan_ledger;

-- He is opened by the first who touches him, with what he had when the studio was attached:
-- a grant
SELECT added, available_sessions FROM swan_grant(11, 2, actor => 1);
SELECT * FROM lines WHERE "user" = 11;
SELECT id, source, granted, remaining FROM swan_lots WHERE user_id = 11;
-- once only
SELECT added, available_sessions FROM swan_grant(11, 1, actor => 1);
SELECT count(*) FROM lines WHERE "user" = 11;
-- a booking; his old one took a credit out of the same lot
SELECT session_id, session_date, charged, available_sessions FROM swan_book(12, 20, actor => 12);
SELECT * FROM lines WHERE "user" = 12;
SELECT id, source, granted, remaining FROM swan_lots WHERE user_id = 12;
-- one who never had a credit
SELECT available_sessions FROM swan_book(4, 21, actor => 1);
SELECT * FROM lines WHERE "user" = 4;
-- a direct change of his balance, which was NULL
SET ROLE regress_old;
UPDATE users SET "availableSessions" = 2 WHERE id = 13;
SELECT * FROM lines WHERE "user" = 13;
-- and to NULL
UPDATE users SET "availableSessions" = NULL WHERE id = 13;
SELECT id, kind, delta, after FROM lines WHERE "user" = 13;
UPDATE users SET "availableSessions" = 0 WHERE id = 13;
SELECT count(*) FROM lines WHERE "user" = 13;
-- a direct change of his booking: it was charged before, whatever it is now
UPDATE sessions SET "status" = 'cancelled', "sessionDeducted" = false WHERE id = 4;
SELECT * FROM lines WHERE "user" = 14;
-- a booking handed from one untouched client to another
UPDATE sessions SET "userId" = 17 WHERE id = 6;
SELECT * FROM lines WHERE "user" IN (15, 17);
-- a deleted booking
DELETE FROM sessions WHERE id = 9;
SELECT * FROM lines WHERE "user" = 18;
-- a row that is inserted booked
INSERT INTO sessions ("userId", "trainerId", "status", "sessionDate", "sessionDeducted") VALUES (19, 3, 'scheduled', '2099-03-01 10:00', true);
SELECT * FROM lines WHERE "user" = 19;
-- a client who registers with a welcome credit, one who goes
INSERT INTO users ("firstName", "availableSessions") VALUES ('Wim', 1);
DELETE FROM users WHERE id = 22;
SELECT * FROM lines WHERE "user" IN (22, 101);
-- his name, and a save of the whole row as it was, open nobody
UPDATE users SET "lastName" = 'Urban' WHERE id = 21;
UPDATE users SET "firstName" = 'Una', "lastName" = 'Urban', "role" = 'client', "availableSessions" = 8, "createdAt" = now() WHERE id = 21;
UPDATE sessions SET "notes" = 'Stretch', "userId" = 16, "status" = 'scheduled', "sessionDate" = '2099-01-08 09:00' WHERE id = 7;
SELECT count(*) FROM lines WHERE "user" IN (16, 21);
RESET ROLE;
SELECT count(*) FROM swan_ledger WHERE db_role = 'regress_old' AND actor_id IS NOT NULL;
SET ROLE regress_shop;

-- The old backend books, as it always did: it reads, checks and saves
SET ROLE regress_old;
BEGIN;
SELECT id, "status" FROM sessions WHERE id = 22 AND "status" = 'available';
SELECT "availableSessions" FROM users WHERE id = 20;
UPDATE sessions SET "userId" = 20, "status" = 'scheduled', "bookedAt" = '2026-01-01 10:00' WHERE id = 22;
UPDATE users SET "availableSessions" = 6 WHERE id = 20;
COMMIT;
SELECT * FROM lines WHERE "user" = 20;
-- gives credits, with its rows for the pages
UPDATE users SET "availableSessions" = "availableSessions" + 3 WHERE id = 20;
INSERT INTO sessions ("userId", "status", "duration", "notes", "sessionDate", "sessionDeducted", "confirmed")
SELECT 20, 'available', 60, 'Admin added - Session ' || i, NULL, false, false FROM generate_series(1, 3) i;
SELECT id, kind, delta, after, session, reason FROM lines WHERE "user" = 20 ORDER BY id;
-- never below zero, not even in several statements of a transaction that fails
UPDATE users SET "availableSessions" = "availableSessions" - 10 WHERE id = 20;
\set VERBOSITY sqlstate
BEGIN;
UPDATE users SET "availableSessions" = 0 WHERE id = 20;
UPDATE users SET "availableSessions" = "availableSessions" - 1 WHERE id = 20;
ROLLBACK;
\set VERBOSITY default
SELECT "availableSessions" FROM users WHERE id = 20;
-- all at once
UPDATE users SET "availableSessions" = "availableSessions" + 1 WHERE id IN (11, 12, 20);
SELECT "user", kind, delta, after FROM lines WHERE "user" IN (11, 12, 20) AND id > 34 ORDER BY id;
-- an upsert, once inserted and once updated
INSERT INTO users (id, "firstName", "availableSessions") VALUES (20, 'Tess', 4) ON CONFLICT (id) DO UPDATE SET "availableSessions" = excluded."availableSessions";
INSERT INTO users (id, "firstName", "availableSessions") VALUES (102, 'Xia', 4) ON CONFLICT (id) DO UPDATE SET "availableSessions" = excluded."availableSessions";
SELECT "user", kind, delta, after FROM lines WHERE "user" IN (20, 102) ORDER BY id DESC LIMIT 3;
-- ids are what the ledger knows people by
\set VERBOSITY sqlstate
UPDATE users SET id = 200 WHERE id = 20;
SET ROLE regress_shop;
TRUNCATE users CASCADE;
TRUNCATE sessions;
\set VERBOSITY default
SELECT user_id, session_id, delta, details ->> 'command' AS command, details -> 'old' ->> 'status' AS was, details -> 'new' ->> 'status' AS "is",
	details -> 'old' ->> 'user_id' AS had, details -> 'new' ->> 'user_id' AS has
FROM swan_ledger WHERE details IS NOT NULL ORDER BY id;

-- Old bookings: a charged one that is cancelled gives its credit back, one that was free does not
SELECT session_id, charged, returned, available_sessions FROM swan_cancel(1, actor => 11);
SELECT session_id, charged, returned, available_sessions FROM swan_cancel(2, actor => 11);
SELECT id, source, granted, remaining FROM swan_lots WHERE user_id = 11 ORDER BY id;
-- of somebody who was untouched
SELECT session_id, charged, returned, available_sessions FROM swan_cancel(7, actor => 16);
SELECT * FROM lines WHERE "user" = 16;
-- an exchange takes the debit along
SELECT session_id, charged, available_sessions FROM swan_reschedule(3, 23, actor => 12);
SELECT session_id, charged, returned, available_sessions FROM swan_cancel(23, actor => 12);
RESET ROLE;
SET session_replication_role = replica;	-- its time comes
UPDATE sessions SET "sessionDate" = "sessionDate" - interval '79 years' WHERE id = 10;
RESET session_replication_role;
SET ROLE regress_shop;
SELECT session_id, status, charged FROM swan_complete(10, actor => 3);
SELECT first_name, available_sessions, total_sessions_purchased, sessions_used FROM unnest(ARRAY[11, 12, 16]) u, swan_client(u);

-- What was booked without swan_book() is named; of clients whom nobody touched, when they have a ledger
SELECT * FROM swan_verify() ORDER BY session_id;
-- The rest in batches of two, each committed for itself
SELECT swan_configure('guard_balance', 'refuse');
CALL swan_backfill(0);
CALL swan_backfill(studio => 'nothing');
SET ROLE regress_old;
CALL swan_backfill();
SET ROLE regress_shop;
SELECT count(*) AS untouched, count(DISTINCT "availableSessions") FROM users WHERE id NOT IN (SELECT user_id FROM swan_ledger) AND "availableSessions" > 0;
INSERT INTO users (id, "firstName", "availableSessions") SELECT i, 'C' || i, 0 FROM generate_series(301, 306) i;
RESET ROLE;
SET session_replication_role = replica;
UPDATE users SET "availableSessions" = id - 300 WHERE id > 300;
RESET session_replication_role;
SET ROLE regress_shop;
CALL swan_backfill(2);
SELECT user_id, kind, delta, xid = lag(xid) OVER (ORDER BY id) AS "with the one before" FROM swan_ledger WHERE user_id > 300 ORDER BY id;
SELECT conname, convalidated FROM pg_constraint WHERE conname = 'swan_balance_check';
SELECT count(*) AS before FROM swan_ledger \gset
CALL swan_backfill();
SELECT count(*) = :before AS nothing_more FROM swan_ledger;
SELECT * FROM swan_verify() ORDER BY session_id;
-- and in a transaction, where nothing can be committed
BEGIN;
CALL swan_backfill(2);
ROLLBACK;

-- Guards that refuse, each for itself, and only where there is no drift
SELECT swan_configure('session_records', 'on');
SELECT swan_configure('guard_sessions', 'refuse');
SELECT swan_configure('guard_balance', 'refuse');
\set VERBOSITY sqlstate
UPDATE users SET "availableSessions" = 9 WHERE id = 20;
\set VERBOSITY default
UPDATE sessions SET "status" = 'confirmed' WHERE id = 5;
-- the way out of the drift: cancel what nobody paid for, or book it again
SELECT c.session_id, charged, returned FROM swan_verify() v, LATERAL swan_cancel(v.session_id, reopen => true) c WHERE v.check_name = 'unpaid_booking' AND v.problem NOT LIKE 'completed%' ORDER BY 1;
SELECT * FROM swan_verify();
SELECT swan_configure('guard_sessions', 'refuse');
\set VERBOSITY sqlstate
UPDATE sessions SET "status" = 'confirmed' WHERE id = 5;
\set VERBOSITY default
-- rows for the pages: the old backend's, and as many as everybody has credits
SELECT swan_configure('session_records', 'on');
SELECT count(*) FILTER (WHERE n <> balance) AS wrong, sum(n) FROM (SELECT u.id, coalesce("availableSessions", 0) AS balance, count(s.id) AS n
	FROM users u LEFT JOIN sessions s ON s."userId" = u.id AND s."status" = 'available' AND s."sessionDate" IS NULL GROUP BY u.id) x;
SELECT id, "notes" FROM sessions WHERE "userId" = 12 AND "sessionDate" IS NULL ORDER BY id;
-- a reason as long as the column is wide
SELECT added FROM swan_grant(14, 2, repeat('long ', 60));
SELECT length("notes"), right("notes", 20) FROM sessions WHERE "userId" = 14 AND "sessionDate" IS NULL ORDER BY id;
SELECT swan_configure('session_records', 'off');
SELECT * FROM swan_verify();

-- Drift of a balance
SELECT swan_configure('guard_sessions', 'record'), swan_configure('guard_balance', 'record');
RESET ROLE;
SET session_replication_role = replica;
UPDATE users SET "availableSessions" = 50 WHERE id = 21;
RESET session_replication_role;
SET ROLE regress_shop;
SELECT check_name, user_id, problem FROM swan_verify() ORDER BY 1;
SELECT swan_configure('guard_balance', 'refuse');
RESET ROLE;
SET session_replication_role = replica;
UPDATE users SET "availableSessions" = 8 WHERE id = 21;
RESET session_replication_role;
SET ROLE regress_shop;
SELECT swan_configure('guard_balance', 'refuse');

-- Detached: every row stays, nothing is guarded
RESET ROLE;
CREATE VIEW rows AS
	SELECT 'users' AS t, (u.*)::text AS r FROM users u UNION ALL SELECT 'sessions', (s.*)::text FROM sessions s
	UNION ALL SELECT 'ledger', (l.*)::text FROM swan_ledger l UNION ALL SELECT 'lots', (o.*)::text FROM swan_lots o UNION ALL SELECT 'holds', (h.*)::text FROM swan_holds h;
GRANT SELECT ON rows TO regress_shop;
SET ROLE regress_shop;
SELECT md5(string_agg(t || r, ',' ORDER BY t, r)) AS before FROM rows \gset
SELECT swan_detach('nothing');
SELECT swan_detach();
SELECT md5(string_agg(t || r, ',' ORDER BY t, r)) = :'before' AS same FROM rows;
SELECT tgname FROM pg_trigger WHERE tgname LIKE 'swan%' UNION ALL SELECT conname FROM pg_constraint WHERE conname = 'swan_balance_check';
SELECT * FROM swan_studios();
UPDATE users SET "availableSessions" = 1 WHERE id = 11;
UPDATE users SET "availableSessions" = "availableSessions" + 4 WHERE id = 12;
UPDATE sessions SET "userId" = 12, "status" = 'scheduled', "sessionDeducted" = true WHERE id = 24;
INSERT INTO users (id, "firstName", "availableSessions") VALUES (401, 'Yin', 3), (402, 'Zoe', 5), (403, 'Zac', 5);
DELETE FROM sessions WHERE "userId" = 306;
DELETE FROM users WHERE id = 306;
-- Attached again the ledger goes on: who was changed meanwhile is found when he is touched, the others by backfill
SELECT item, column_name, state, action FROM swan_attach('users', 'sessions',
	'{"time_zone": "Europe/Berlin", "roles": {"coach": "trainer", "manager": "admin"}, "old_bookings": "charged"}', studio => 'old') WHERE item !~ '\.';
SELECT check_name, user_id, session_id, problem FROM swan_verify() ORDER BY 1, 2;
SELECT available_sessions FROM swan_grant(11, 2);
SELECT id, kind, delta, after, reason FROM lines WHERE "user" = 11 ORDER BY id;
-- his balance and his ledger were apart: a direct write, too, finds that first
UPDATE users SET "availableSessions" = "availableSessions" - 1 WHERE id = 12;
SELECT kind, delta, after, reason FROM (SELECT * FROM lines WHERE "user" = 12 ORDER BY id DESC LIMIT 2) x ORDER BY id;
SELECT available_sessions FROM swan_book(401, 25);
SELECT kind, delta, after, session FROM lines WHERE "user" = 401 ORDER BY id;
CALL swan_backfill();
SELECT kind, delta, after FROM lines WHERE "user" IN (402, 403) ORDER BY id;
-- the booking of the time in between is written down, too
SELECT kind, delta, after, session, reason FROM lines WHERE "user" = 12 ORDER BY id;
SELECT user_id, kind, delta, balance_after FROM swan_ledger WHERE user_id = 306 ORDER BY id;
SELECT check_name, user_id, session_id, problem FROM swan_verify() ORDER BY 1, 2;
-- the invariants of section 3, by hand
SELECT count(*) FROM users u WHERE coalesce("availableSessions", 0) <> coalesce((SELECT sum(delta) FROM swan_ledger WHERE user_id = u.id), 0)
	OR coalesce("availableSessions", 0) <> coalesce((SELECT sum(remaining) FROM swan_lots WHERE user_id = u.id), 0);

-- Without the extension: refused as long as its triggers are there; with CASCADE they go and the rows stay
RESET ROLE;
DROP VIEW lines;
SELECT md5(string_agg(t || r, ',' ORDER BY t, r)) AS before FROM rows \gset
\set VERBOSITY sqlstate
DROP EXTENSION swanalloc;
\set VERBOSITY default
DROP EXTENSION swanalloc CASCADE;
SELECT md5(string_agg(t || r, ',' ORDER BY t, r)) = :'before' AS same FROM rows;
SELECT tgname FROM pg_trigger WHERE tgname LIKE 'swan%';
UPDATE users SET "availableSessions" = 7 WHERE id = 402;
-- and everything goes on with a new one
CREATE EXTENSION swanalloc;
SET ROLE regress_shop;
SELECT item, state, action FROM swan_attach('users', 'sessions', '{"time_zone": "Europe/Berlin", "old_bookings": "charged"}') WHERE item IN ('swan_ledger', 'studio');
SELECT available_sessions FROM swan_grant(402, 1);
SELECT kind, delta, balance_after, reason FROM swan_ledger WHERE user_id = 402 ORDER BY id;
-- detached first it can be dropped without CASCADE
SELECT swan_detach();
RESET ROLE;
SELECT md5(string_agg(t || r, ',' ORDER BY t, r)) AS before FROM rows \gset
DROP EXTENSION swanalloc;
SELECT md5(string_agg(t || r, ',' ORDER BY t, r)) = :'before' AS same FROM rows;

RESET search_path;
DROP SCHEMA app CASCADE;
DROP ROLE regress_shop, regress_old;
