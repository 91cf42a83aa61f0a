-- Tables that nobody planned: what is not called as it is looked for is proposed by
-- type and likeness, and everything that will not do says what to do.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_shop;
CREATE SCHEMA app AUTHORIZATION regress_shop;
SET ROLE regress_shop;
SET search_path = app, public;
CREATE VIEW say AS SELECT NULL::text AS item, NULL::text AS column_name, NULL::text AS state, NULL::text AS action;
CREATE FUNCTION look(people regclass, meetings regclass, columns jsonb DEFAULT '{}') RETURNS SETOF say LANGUAGE sql AS $$
	SELECT item, column_name, state, action FROM swan_attach(people, meetings, columns, dry_run => true) WHERE (state = 'refused' OR action ~ 'perhaps|called|proposed' OR state = 'proposed') AND item <> 'swan_clients' $$;

-- Other words, other types, keys of another kind
CREATE TABLE people (nr integer PRIMARY KEY, credits numeric, forename text, surname text, created timestamp, e_mail text, removed_at timestamptz);
CREATE TABLE meetings (nr uuid PRIMARY KEY, who integer REFERENCES people, "coachId" integer REFERENCES people, state text, begins_at timestamp, finish timestamp,
	minutes integer, remarks text, "cancelReason" text, "dateOfCancellation" timestamptz, service_type text);
SELECT * FROM look('people', 'meetings');
ALTER TABLE people ALTER credits TYPE integer;
ALTER TABLE meetings DROP nr, ADD nr serial PRIMARY KEY;
SELECT * FROM look('people', 'meetings', '{"users.id": "nr", "sessions.id": "nr", "time_zone": "UTC"}');
SELECT * FROM look('people', 'meetings', '{"users.id": "nr", "sessions.id": "nr", "time_zone": "UTC", "credits": "credits"}');
-- what is taken is proposed for nothing else, and null is an answer
SELECT * FROM look('people', 'meetings', '{"users.id": "nr", "sessions.id": "nr", "time_zone": "UTC", "available_sessions": "credits", "user_id": "who", "status": "state", "session_date": "begins_at",
	"trainer_id": null, "duration": "minutes", "notes": null, "ends_at": null, "cancelled_at": null, "cancel_reason": null, "kind": null, "first_name": "surname", "created_at": null, "email": null, "users.deleted_at": null}');

-- Nothing is like anything, but for a foreign key
CREATE TABLE a (a integer, b integer, c text);
CREATE TABLE b (a integer, b integer, c text, d date);
SELECT * FROM look('a', 'b');
ALTER TABLE a ADD PRIMARY KEY (a);
ALTER TABLE b ADD PRIMARY KEY (a, b), ADD FOREIGN KEY (b) REFERENCES a;
SELECT * FROM look('a', 'b');

-- When sessions end, in every row or in some; what else is counted
CREATE TABLE users (id serial PRIMARY KEY, available_sessions integer);
CREATE TABLE sessions (id serial PRIMARY KEY, user_id integer REFERENCES users, status text, session_date timestamptz NOT NULL, duration integer DEFAULT 60, "endTime" timestamptz, "attendanceEndorsed" timestamptz);
INSERT INTO users (available_sessions) VALUES (1), (2);
INSERT INTO sessions (user_id, status, session_date, "endTime") VALUES (NULL, 'available', '2099-01-01 10:00', '2099-01-01 11:00'), (1, 'available', '2099-01-02 10:00', '2099-01-02 12:00'), (2, 'available', '2099-01-03', NULL);
SELECT item, column_name, state, action FROM swan_attach('users', 'sessions', dry_run => true) WHERE state <> 'absent' AND item LIKE 'sess%' AND action IS NOT NULL;
SELECT item, column_name, state, action FROM swan_attach('users', 'sessions', '{"ends_at": "endTime"}', dry_run => true) WHERE item = 'sessions.ends_at';
SELECT item, column_name, state, action FROM swan_attach('users', 'sessions', '{"ends_at": null}', dry_run => true) WHERE item = 'sessions.ends_at';
-- session records have no date
SELECT count(*) > 0 AS attached FROM swan_attach('users', 'sessions');
CALL swan_backfill();
SELECT swan_configure('guard_balance', 'refuse');
SELECT swan_configure('session_records', 'on');
ALTER TABLE sessions ALTER session_date DROP NOT NULL;
SELECT swan_configure('session_records', 'on');

RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA app CASCADE;
DROP ROLE regress_shop;
