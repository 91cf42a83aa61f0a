-- Columns of an attached table that are kept in step: when a slot ends, and when, by whom and why it was cancelled.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE TABLE users (id integer PRIMARY KEY, name text, role text, credits integer DEFAULT 0);
CREATE TABLE sessions (id serial PRIMARY KEY, client integer REFERENCES users, coach integer REFERENCES users, state text, at timestamp NOT NULL, minutes integer,
	"endsAt" timestamp NOT NULL, "cancelledAt" timestamptz(0), "by" integer REFERENCES users, why varchar(10), room text);
INSERT INTO users VALUES (1, 'Ada', 'admin', 0), (2, 'Tom', 'trainer', 0), (11, 'Ann', 'client', 0), (12, 'Bob', 'client', 0);
CREATE VIEW seen AS SELECT id, client, state, at, minutes, "endsAt" - at AS lasts, "cancelledAt" > now() - interval '1 hour' AS now, by, why, room FROM sessions ORDER BY id;

-- What is called so and will not do is the application's, unless it is named
CREATE TABLE others (id integer PRIMARY KEY, client integer, state text, at timestamptz, ends_at text, "cancelledAt" timestamp, cancelled_by text,
	cancel_reason text GENERATED ALWAYS AS ('none') STORED);
CREATE FUNCTION dry(tab regclass, options jsonb) RETURNS TABLE (item text, column_name text, state text, action text) LANGUAGE sql AS $$
	SELECT * FROM swan_attach('users', tab, '{"available_sessions": "credits", "user_id": "client", "status": "state", "session_date": "at"}' || options, dry_run => true) d
	WHERE d.item ~ 'ends_at|cancel' OR d.state = 'refused' $$;
SELECT * FROM dry('others', '{}');
SELECT * FROM dry('others', '{"ends_at": "ends_at", "cancelled_at": "cancelledAt", "cancelled_by": "cancelled_by", "cancel_reason": "cancel_reason"}');
SELECT * FROM dry('others', '{"ends_at": null, "time_zone": "UTC", "cancelled_by": "id"}');

SET client_min_messages = error;
SELECT item, column_name, state, action FROM swan_attach('users', 'sessions', '{"first_name": "name", "available_sessions": "credits", "user_id": "client", "trainer_id": "coach",
	"status": "state", "session_date": "at", "duration": "minutes", "cancelled_by": "by", "cancel_reason": "why", "time_zone": "Europe/Berlin"}') WHERE item ~ 'ends_at|cancel';
SET client_min_messages = warning;
SELECT added FROM swan_grant(11, 20);

-- opened: the end is that of the wall clock there, also where the clocks change
SELECT swan_open(2, '2099-06-01 10:00', 90);
SELECT swan_open(2, '2099-03-29 00:30', 90);
SELECT * FROM seen;
-- booked, moved, and moved to last longer
SELECT status FROM swan_book(11, 1);
SELECT session_date FROM swan_move(1, '2099-06-02 10:00');
SELECT * FROM seen WHERE id = 1;
SELECT duration FROM swan_move(1, duration => 30);
SELECT duration FROM swan_move_many('{2}', '{2099-06-03 10:00}');
SELECT * FROM seen;
-- cancelled by the client, in other words than the column can hold; opened again
UPDATE sessions SET room = 'blue', "endsAt" = '2100-01-01' WHERE id = 1;
SELECT reopened_session_id FROM swan_cancel(1, 'ill since yesterday', actor => 11);
SELECT * FROM seen WHERE id IN (1, 3);
-- taken back; the slot that was opened for it is closed
SELECT status FROM swan_correct(1, 'confirmed', 'she comes', actor => 1);
SELECT * FROM seen WHERE id IN (1, 3);
-- by the system, without a reason; an open slot with one; several; an exchange
SELECT status FROM swan_cancel(1);
SELECT status FROM swan_cancel(2, 'holiday', actor => 2);
SELECT count(*) FROM swan_open(2, '2099-07-01 10:00', repeat => 4);
SELECT status FROM swan_book_many(11, '{4,5}');
SELECT status FROM swan_cancel_many('{4,6,5}', 'snow', actor => 1);
SELECT status FROM swan_book(11, 7);
SELECT count(*) FROM swan_open(2, '2099-08-01 10:00');
SELECT status FROM swan_reschedule(7, 8, actor => 11);
SELECT * FROM seen WHERE id NOT IN (3);
-- The application may write them as it likes
CALL swan_backfill();
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse');
UPDATE sessions SET "cancelledAt" = now(), why = 'none', by = 2, "endsAt" = '2100-01-01' WHERE id = 8;
UPDATE sessions SET "cancelledAt" = NULL, why = NULL, by = NULL WHERE id = 4;
SELECT * FROM swan_verify();
-- but not without them: whoever drops one attaches anew
ALTER TABLE sessions DROP why CASCADE;
SELECT swan_open(2, '2099-09-01 10:00');

DROP EXTENSION swanalloc CASCADE;
DROP FUNCTION dry;
DROP TABLE sessions, others, users, swan_ledger, swan_lots, swan_holds, swan_waits;
