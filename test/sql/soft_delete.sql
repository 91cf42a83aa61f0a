-- Rows that an application deletes softly are gone for everybody: readers, rules, lists, guards.
-- The statements are those that Sequelize's paranoid models send.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE TABLE "Users" (id serial PRIMARY KEY, "firstName" varchar(255), role text DEFAULT 'client', "availableSessions" integer DEFAULT 0,
	"createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamp);
CREATE TABLE sessions (id serial PRIMARY KEY, "userId" integer REFERENCES "Users", "trainerId" integer REFERENCES "Users", status text NOT NULL DEFAULT 'available', "sessionDate" timestamptz,
	duration integer NOT NULL DEFAULT 60, notes text, "sessionDeducted" boolean NOT NULL DEFAULT false, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz);
INSERT INTO "Users" (id, "firstName", role, "availableSessions", "createdAt", "updatedAt", "deletedAt") VALUES
	(1, 'Ada', 'admin', 0, now(), now(), NULL), (2, 'Tom', 'trainer', 0, now(), now(), NULL), (3, 'Gone', 'admin', 0, now(), now(), now()),
	(11, 'Ann', 'client', 3, now(), now(), NULL), (12, 'Bob', 'client', 2, now(), now(), NULL), (13, 'Cid', 'client', 4, now(), now(), now());
INSERT INTO sessions ("userId", "trainerId", status, "sessionDate", "createdAt", "updatedAt", "deletedAt") VALUES
	(11, 2, 'scheduled', '2099-01-01 10:00', now(), now(), now()), (13, 2, 'completed', '2001-01-01 10:00', now(), now(), NULL);
INSERT INTO sessions (id, "userId", "trainerId", status, "sessionDate", "createdAt", "updatedAt", "deletedAt") VALUES (100, 13, 2, 'scheduled', '2099-01-02 10:00', now(), now(), NULL);

-- The dry run says what is deleted already
SELECT item, column_name, state, action FROM swan_attach('"Users"', 'sessions', dry_run => true) WHERE item ~ 'deleted_at|old_bookings|missing|^users$|^sessions$';
SELECT item, state, action FROM swan_attach('"Users"', 'sessions', '{"users.deleted_at": null, "sessions.deleted_at": null}', dry_run => true) WHERE item ~ 'deleted_at|old_bookings';
SELECT item, column_name, state, action FROM swan_attach('"Users"', 'sessions', '{"users.deleted_at": "firstName"}', dry_run => true) WHERE item ~ 'users.deleted_at';
SET client_min_messages = error;
SELECT state FROM swan_attach('"Users"', 'sessions') WHERE item = 'studio';
SET client_min_messages = warning;
CALL swan_backfill();
SELECT user_id, kind, delta, balance_after FROM swan_ledger ORDER BY id;
-- a booking of nobody's
SELECT check_name, user_id, session_id, problem FROM swan_verify();
UPDATE sessions SET "deletedAt" = now() WHERE id = 100;
SELECT * FROM swan_verify();

-- in Sequelize's words
CREATE PROCEDURE destroy(tab regclass, row_id integer) LANGUAGE plpgsql AS $$BEGIN
	EXECUTE format('UPDATE %s SET "deletedAt"=$1,"updatedAt"=$2 WHERE "deletedAt" IS NULL AND "id" = $3', tab) USING now(), now(), row_id;
END$$;
CREATE PROCEDURE restore(tab regclass, row_id integer) LANGUAGE plpgsql AS $$BEGIN
	EXECUTE format('UPDATE %s SET "deletedAt"=$1,"updatedAt"=$2 WHERE "id" = $3', tab) USING NULL::timestamptz, now(), row_id;
END$$;
CREATE FUNCTION try(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN sqlstate || ' ' || sqlerrm || coalesce(' ' || nullif(hint, ''), '');
END$$;
CREATE FUNCTION say(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'SELECT string_agg(q::text, '' '') FROM (' || command || ') q' INTO answer;
	RETURN coalesce(answer, 'nothing');
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END$$;

--
-- A slot and a booking that are deleted, and what everybody says of them
--
SELECT count(*) FROM swan_open(2, '2099-02-01 10:00', repeat => 6, every => '1 day');
SELECT status, available_sessions FROM swan_book(11, 3);
SELECT status, available_sessions FROM swan_book(12, 5);
CREATE VIEW calls AS SELECT n, call, say(call) AS answer FROM (VALUES
	(1, 'SELECT session_id FROM swan_slots(NULL, NULL)'),
	(2, 'SELECT session_id, status, client_name, trainer_name FROM swan_schedule(NULL, NULL)'),
	(3, 'SELECT available, scheduled, total, next_session_date FROM swan_summary(11)'),
	(4, 'SELECT id, available_sessions, sessions_used FROM swan_clients()'),
	(5, 'SELECT id, available_sessions, total_sessions_purchased, sessions_used FROM swan_client(11)'),
	(6, 'SELECT session_id, session_date, kind, delta, actor_name FROM swan_statement(11)'),
	(7, 'SELECT status FROM swan_book(12, 3)'), (8, 'SELECT ok, code FROM swan_can_book(12, 4)'), (9, 'SELECT status FROM swan_book_many(12, ''{4}'')'),
	(10, 'SELECT status FROM swan_cancel(3)'), (11, 'SELECT ok, code FROM swan_can_cancel(3)'), (12, 'SELECT status FROM swan_move(3, ''2099-09-09'')'),
	(13, 'SELECT status FROM swan_confirm(3)'), (14, 'SELECT status FROM swan_reschedule(3, 4)'), (15, 'SELECT user_id FROM swan_hold(12, 4)'),
	(16, 'SELECT session_id, user_id FROM swan_holds()'),
	(17, 'SELECT id FROM swan_open(2, ''2099-02-01 10:00'') id'),
	(18, 'SELECT check_name, user_id, session_id, problem FROM swan_verify()'),
	(19, 'SELECT value FROM swan_stats() WHERE metric = ''swan_credits_outstanding''')) v (n, call);
BEGIN;
CALL destroy('sessions', 3);
CALL destroy('sessions', 4);
SELECT kind, delta, session_id, details ->> 'command' AS command FROM swan_ledger WHERE kind = 'external';
SELECT n, answer FROM calls WHERE n NOT IN (7, 9, 15, 17) ORDER BY n;
SELECT session_id, try('SELECT status FROM swan_book(12, ' || session_id || ')') AS book, try('SELECT * FROM swan_hold(12, ' || session_id || ')') AS hold,
	try('SELECT status FROM swan_complete(' || session_id || ')') AS complete, try('SELECT status FROM swan_correct(' || session_id || ', ''scheduled'', ''x'')') AS correct FROM unnest('{3,4}'::int[]) session_id;
-- its time is free
SELECT count(*) FROM swan_open(2, '2099-02-01 10:00');
SELECT status, available_sessions FROM swan_book(11, (SELECT max(id) FROM sessions WHERE id < 100));
ROLLBACK;
SELECT n, answer FROM calls WHERE n < 7 OR n IN (8, 11, 16, 18, 19) ORDER BY n;
-- deleted with its hold
SELECT user_id FROM swan_hold(12, 6);
CALL destroy('sessions', 6);
SELECT count(*) FROM swan_holds;
CALL restore('sessions', 6);

--
-- Somebody who is deleted is nobody
--
BEGIN;
CALL destroy('"Users"', 12);
SELECT kind, delta, balance_after, reason FROM swan_ledger WHERE user_id = 12 ORDER BY id;
SELECT say('SELECT * FROM swan_summary(12)'), say('SELECT * FROM swan_client(12)'), say('SELECT id FROM swan_clients()'), say('SELECT * FROM swan_statement(12, max_rows => 1)');
SELECT say('SELECT * FROM swan_grant(12, 1)'), say('SELECT * FROM swan_grant_many(''{11,12}'', 1)'), say('SELECT * FROM swan_purchase(12, 1, ''p'')'), say('SELECT * FROM swan_book(12, 4)');
SELECT say('SELECT ok, code FROM swan_can_book(12, 4)'), say('SELECT user_id FROM swan_hold(12, 4)'), say('SELECT * FROM swan_credits(12)');
SELECT say('SELECT session_id, client_name FROM swan_schedule(NULL, NULL, max_rows => 3)');
SELECT * FROM swan_verify();
ROLLBACK;
-- nor can he call, or be called for, or train; gone already is admin 3
SELECT say('SELECT * FROM swan_grant(11, 1, actor => 3)'), say('SELECT swan_act_as(3)'), say('SELECT swan_allow(''' || current_user || ''', ''person'', 3)');
BEGIN;
CALL destroy('"Users"', 2);
SELECT say('SELECT swan_open(2, ''2099-05-05'')'), say('SELECT session_id, trainer_name FROM swan_slots(NULL, NULL, max_rows => 2)'), say('SELECT swan_open(2, ''2099-05-05'', actor => 2)');
ROLLBACK;
-- one who comes back with what he had: that is new
CALL restore('"Users"', 13);
SELECT kind, delta, balance_after FROM swan_ledger WHERE user_id = 13;
SELECT available FROM swan_summary(13);
CALL destroy('"Users"', 13);
SELECT kind, delta, balance_after FROM swan_ledger WHERE user_id = 13 ORDER BY id;
SELECT * FROM swan_verify();

--
-- Bookings that are only recorded
--
CALL destroy('sessions', 5);
SELECT kind, delta, balance_after, session_id, details FROM swan_ledger WHERE user_id = 12 AND kind = 'external';
CALL restore('sessions', 5);
SELECT kind, delta, balance_after, session_id, details FROM swan_ledger WHERE user_id = 12 AND kind = 'external' ORDER BY id DESC LIMIT 1;
SELECT available, scheduled FROM swan_summary(12);
-- what is not there is nobody's business
CALL destroy('sessions', 5);
UPDATE sessions SET status = 'cancelled', "sessionDate" = NULL WHERE id = 5;
UPDATE sessions SET status = 'scheduled', "sessionDate" = '2099-02-03 10:00' WHERE id = 5;
UPDATE "Users" SET "availableSessions" = 99 WHERE id = 13;
UPDATE "Users" SET "availableSessions" = 4 WHERE id = 13;
SELECT count(*) FROM swan_ledger WHERE user_id IN (12, 13);
CALL restore('sessions', 5);
SELECT count(*) FROM swan_ledger WHERE user_id IN (12, 13);

--
-- Refused
--
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse'), swan_configure('trainer_overlap', 'refuse');
INSERT INTO sessions ("userId", "trainerId", status, "sessionDate", "createdAt", "updatedAt") VALUES (12, 2, 'requested', '2099-04-01', now(), now()), (NULL, 2, 'blocked', '2099-04-02', now(), now()),
	(12, 2, 'whatever', '2099-04-03', now(), now());
SELECT id, status, try(format('CALL destroy(''sessions'', %s)', id)) AS destroy, try(format('CALL restore(''sessions'', %s)', id)) AS restore FROM sessions WHERE "deletedAt" IS NULL ORDER BY id;
-- the same at every level
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT id, status, left(try(format('CALL destroy(''sessions'', %s)', id)), 5) AS destroy, try(format('CALL restore(''sessions'', %s)', id)) AS restore FROM sessions WHERE "deletedAt" IS NULL ORDER BY id;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT id, status, left(try(format('CALL destroy(''sessions'', %s)', id)), 5) AS destroy, try(format('CALL restore(''sessions'', %s)', id)) AS restore FROM sessions WHERE "deletedAt" IS NULL ORDER BY id;
COMMIT;
SELECT try('CALL destroy(''"Users"'', 12)'), try('CALL destroy(''"Users"'', 11)'), try('DELETE FROM "Users" WHERE id = 13');
-- without a balance, with live bookings; without them
SELECT moved FROM swan_revoke(12);
SELECT try('CALL destroy(''"Users"'', 12)');
SELECT status FROM swan_cancel(5, return_credit => false);
SELECT try('CALL destroy(''"Users"'', 12)'), try('CALL restore(''"Users"'', 12)');
-- one with a balance comes back without it
SELECT try('CALL restore(''"Users"'', 13)'), try('UPDATE "Users" SET "availableSessions" = 0 WHERE id = 13'), try('CALL restore(''"Users"'', 13)');
-- a slot whose time is another's by now; one that is too long
CALL destroy('sessions', 8);
SELECT count(*) FROM swan_open(2, '2099-02-06 10:30');
SELECT try('CALL restore(''sessions'', 8)'), try('UPDATE sessions SET duration = 100000 WHERE id = 8'), try('UPDATE sessions SET "trainerId" = 1 WHERE id = 8'), try('CALL restore(''sessions'', 8)');
-- made and deleted, restored as a booking: neither goes by
SELECT try('INSERT INTO sessions ("userId", status, "sessionDate", "createdAt", "updatedAt", "deletedAt") VALUES (12, ''scheduled'', ''2099-07-01'', now(), now(), now())');
SELECT try('UPDATE sessions SET "deletedAt" = NULL WHERE "sessionDate" = ''2099-07-01'''), try('DELETE FROM sessions WHERE "sessionDate" = ''2099-07-01''');
-- a trigger of the application's that deletes what swanalloc writes
CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW."deletedAt" := now(); RETURN NEW; END$$;
CREATE TRIGGER gone BEFORE UPDATE ON sessions FOR EACH ROW WHEN (NEW.status = 'confirmed') EXECUTE FUNCTION gone();
SELECT try('SELECT * FROM swan_confirm(3)');
DROP TRIGGER gone ON sessions;
CREATE TRIGGER gone BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION gone();
SELECT try('SELECT * FROM swan_open(1, ''2099-08-01'')');
DROP TRIGGER gone ON sessions;
CREATE TRIGGER gone BEFORE UPDATE ON "Users" FOR EACH ROW EXECUTE FUNCTION gone();
SELECT try('SELECT * FROM swan_grant(11, 1)');
DROP TRIGGER gone ON "Users";
SELECT * FROM swan_verify();

-- deleted while nobody watched: as with rows that are gone
SELECT swan_detach();
UPDATE "Users" SET "deletedAt" = now() WHERE id = 11;
SET client_min_messages = error;
SELECT state FROM swan_attach('"Users"', 'sessions', '{"old_bookings": "charged"}') WHERE item = 'studio';
SET client_min_messages = warning;
CALL swan_backfill();
SELECT kind, delta, balance_after, reason FROM swan_ledger WHERE user_id = 11 ORDER BY id DESC LIMIT 1;
-- the column is needed from now on
ALTER TABLE sessions DROP "deletedAt";
SELECT try('SELECT * FROM swan_slots(NULL, NULL)');

DROP EXTENSION swanalloc CASCADE;
DROP VIEW calls;
DROP FUNCTION try, say, gone;
DROP PROCEDURE destroy, restore;
DROP TABLE sessions, "Users", swan_ledger, swan_lots, swan_holds, swan_waits;
