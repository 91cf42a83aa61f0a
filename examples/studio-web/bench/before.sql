-- What that route worked on.
CREATE SCHEMA plain;
CREATE TABLE plain.users (id serial PRIMARY KEY, available_sessions integer DEFAULT 0);
CREATE TABLE plain.sessions (id serial PRIMARY KEY, user_id integer REFERENCES plain.users, status varchar(20) DEFAULT 'available',
  session_date timestamp, booked_at timestamp, duration integer DEFAULT 60);
GRANT USAGE ON SCHEMA plain TO studio_web;
GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA plain TO studio_web;
