-- Attaching the wrong table of users, or a column for two purposes: refused by name, with the right one.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
CREATE SCHEMA app;
SET search_path = app, public;
CREATE FUNCTION refused(users regclass, sessions regclass, columns jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT concat_ws(' | ', a.item, a.column_name, a.action) FROM swan_attach(users, sessions, columns, dry_run => true) a WHERE a.state = 'refused';
	BEGIN
		PERFORM swan_attach(users, sessions, columns);
		RAISE EXCEPTION USING ERRCODE = 'TT000';
	EXCEPTION WHEN SQLSTATE 'TT000' THEN RETURN NEXT 'attached'; WHEN OTHERS THEN RETURN NEXT concat_ws(' ', SQLSTATE, SQLERRM);
	END;
END $$;
CREATE TABLE "Users" (id serial PRIMARY KEY, legacy int UNIQUE, first_name text, role text, available_sessions int);
CREATE TABLE users (LIKE "Users" INCLUDING ALL);
CREATE TABLE trainers (id serial PRIMARY KEY);
CREATE TABLE sessions (id serial PRIMARY KEY, user_id int REFERENCES "Users", trainer_id int REFERENCES "Users", status text, session_date timestamptz, notes text, booked_at timestamptz, created_at timestamptz);
INSERT INTO "Users" (id, legacy, role) VALUES (1, 101, 'client'), (2, 102, 'trainer'), (3, 103, 'client');
INSERT INTO users (id) VALUES (1);

-- the foreign key says who is meant
SELECT * FROM refused('users', 'sessions');
SELECT * FROM refused('"Users"', 'sessions');
-- a second one that leads elsewhere does not matter, if one is right
ALTER TABLE sessions ADD FOREIGN KEY (user_id) REFERENCES users;
SELECT * FROM refused('users', 'sessions', '{"trainer_id": null}');
SELECT * FROM refused('"Users"', 'sessions');
-- trainers of another table
ALTER TABLE sessions DROP CONSTRAINT sessions_user_id_fkey1, DROP CONSTRAINT sessions_trainer_id_fkey, ADD CONSTRAINT coach FOREIGN KEY (trainer_id) REFERENCES trainers;
SELECT * FROM refused('"Users"', 'sessions');
SELECT * FROM refused('"Users"', 'sessions', '{"sessions.trainer_id": null}');
-- another key of the right table
ALTER TABLE sessions DROP CONSTRAINT coach, DROP CONSTRAINT sessions_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES "Users" (legacy);
SELECT * FROM refused('"Users"', 'sessions');
SELECT * FROM refused('"Users"', 'sessions', '{"users.id": "legacy"}');

-- without foreign keys, the rows say it
ALTER TABLE sessions DROP CONSTRAINT sessions_user_id_fkey;
INSERT INTO sessions (user_id, trainer_id, status, session_date) VALUES (1, 2, 'completed', '2020-01-01'), (3, 2, 'completed', '2020-01-02'), (3, NULL, 'cancelled', '2020-01-03'), (NULL, 2, 'available', '2099-01-04'), (7, 2, 'completed', '2020-01-05');
SELECT * FROM refused('users', 'sessions');
SELECT * FROM refused('"Users"', 'sessions');
SELECT * FROM refused('"Users"', 'sessions', '{"missing_users": "delete"}');
SELECT * FROM refused('"Users"', 'sessions', '{"missing_users": "ignore"}');
SELECT item, column_name, state, action FROM swan_attach('"Users"', 'sessions', '{"missing_users": "ignore"}', dry_run => true) WHERE action LIKE 'people%';
-- so they do where the key was never validated
ALTER TABLE sessions ADD FOREIGN KEY (user_id) REFERENCES "Users" NOT VALID;
SELECT * FROM refused('"Users"', 'sessions');
DELETE FROM sessions WHERE user_id = 7;
SELECT * FROM refused('"Users"', 'sessions');

-- one column for two purposes
SELECT * FROM refused('"Users"', 'sessions', '{"user_id": "trainer_id"}');
SELECT * FROM refused('"Users"', 'sessions', '{"available_sessions": "id"}');
SELECT * FROM refused('"Users"', 'sessions', '{"role": "first_name", "last_name": "first_name"}');
SELECT * FROM refused('"Users"', 'sessions', '{"session_date": "booked_at"}');
SELECT * FROM refused('"Users"', 'sessions', '{"booked_at": "created_at"}');
SELECT * FROM refused('"Users"', 'sessions', '{"booked_at": "created_at", "sessions.created_at": null}');
RESET search_path;
DROP SCHEMA app CASCADE;
DROP EXTENSION swanalloc;
