-- Zones of a studio: which names are taken for one, and that no setting of a session has a say in what a time means.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
CREATE FUNCTION pg_temp.zone(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM swan_configure('time_zone', name); RETURN 'taken'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;

-- a name that is an abbreviation too, in whatever list of them, is refused, unless it always means the same
SELECT name, string_agg(DISTINCT pg_temp.zone(spelled), ' ') FROM (VALUES ('CET'), ('EET'), ('EST'), ('HST'), ('MET'), ('MST'), ('WET')) z (name),
  LATERAL (VALUES (name), (lower(name)), (initcap(name))) s (spelled) GROUP BY name ORDER BY name;
SET timezone_abbreviations = 'Default';
CREATE TABLE known AS SELECT abbrev, utc_offset FROM pg_timezone_abbrevs;
SET timezone_abbreviations = 'Australia';
INSERT INTO known SELECT abbrev, utc_offset FROM pg_timezone_abbrevs;
SET timezone_abbreviations = 'India';
INSERT INTO known SELECT abbrev, utc_offset FROM pg_timezone_abbrevs;
RESET timezone_abbreviations;
SELECT n.name, pg_temp.zone(n.name) FROM pg_timezone_names n JOIN known a ON upper(n.name) = a.abbrev
  GROUP BY n.name HAVING bool_or(a.utc_offset <> '0') AND pg_temp.zone(n.name) <> 'SW013';
SELECT count(*) > 100 AS many, string_agg(DISTINCT pg_temp.zone(abbrev), ' ') FROM known WHERE utc_offset <> '0';
SELECT swan_configure('time_zone', 'cet');
-- so is a formula, a time of day, what a machine is set to, and what is no zone; a name of pg_timezone_names is taken
SELECT name, pg_temp.zone(name) FROM unnest('{Foo5,foo5bar,"<X>-3",UTC+3,EST5EDT4\,M3.2.0,+02,02:00,Europe,Europe/Nowhere,""," UTC",localtime,Localtime,posixrules,right/UTC}'::text[]) WITH ORDINALITY z (name, n) ORDER BY n;
SELECT name, pg_temp.zone(name) FROM unnest('{UTC,gmt,Europe/Berlin,europe/berlin,Asia/Kolkata,America/Argentina/Buenos_Aires,Asia/Tokyo}'::text[]) WITH ORDINALITY z (name, n) ORDER BY n;

-- attached tables: the zone of all columns, or of one
CREATE SCHEMA app;
CREATE TABLE app.users (id serial PRIMARY KEY, first_name text, role text DEFAULT 'client', available_sessions int NOT NULL DEFAULT 0);
CREATE TABLE app.sessions (id serial PRIMARY KEY, user_id int, trainer_id int, status text DEFAULT 'available', session_date timestamp, duration int DEFAULT 60, booked_at timestamp);
INSERT INTO app.users (first_name, role, available_sessions) VALUES ('Ann', 'client', 5), ('Tom', 'trainer', 0);
INSERT INTO app.sessions (trainer_id, session_date) VALUES (2, '2099-01-05 09:00'), (2, '2099-07-05 09:00');
SELECT item, column_name, action FROM swan_attach('app.users', 'app.sessions', '{"time_zone": "EST"}', dry_run => true) WHERE state = 'refused';
SELECT item, column_name, action FROM swan_attach('app.users', 'app.sessions', '{"time_zone": "UTC", "time_zones": {"sessions.booked_at": "Foo5"}}', dry_run => true) WHERE state = 'refused';
SELECT swan_detach('studio');
SELECT count(*) FROM swan_attach('app.users', 'app.sessions', '{"time_zone": "Europe/Berlin"}') WHERE state = 'refused';

-- of the hour that clocks show twice a column without a zone can hold the second only
SELECT swan_move(1, '2099-10-25 00:30:00+00');
BEGIN;
SELECT session_date = '2099-10-25 01:30:00+00' AS as_asked FROM swan_move(1, '2099-10-25 01:30:00+00');
SELECT session_date FROM app.sessions WHERE id = 1;
ROLLBACK;

-- whatever a session sets, it reads and writes the same; a studio of 0.1 that has such a name has the zone
CREATE TABLE answers (setting text, answer text);
CREATE FUNCTION answer() RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
  BEGIN
    PERFORM swan_grant(1, 1, expires_at => '2099-12-24 12:00:00+00');
    PERFORM swan_extend((SELECT max(id) FROM app.swan_lots), '2099-12-25 12:00:00+00');
    PERFORM swan_move(1, '2099-08-05 20:00:00+00');
    PERFORM swan_open(2, '2099-03-22 08:00:00+00', repeat => 2);
    PERFORM swan_book(1, 1);
    PERFORM swan_move(1, '2099-08-06 20:00:00+00');
    UPDATE app.sessions SET session_date = '2099-08-07 22:00' WHERE id = 1;
    SELECT concat_ws(E'\n',
      (SELECT string_agg(extract(epoch FROM session_date)::text, ' ' ORDER BY session_id) FROM swan_schedule(NULL, NULL)),
      (SELECT string_agg(to_char(session_date, 'YYYY-MM-DD HH24:MI'), ' ' ORDER BY id) FROM app.sessions),
      (SELECT string_agg(details::text, ' ' ORDER BY id) FROM app.swan_ledger),
      (SELECT string_agg(credits::text, ' ' ORDER BY month, source) FROM swan_liability()),
      (SELECT value FROM swan_settings() WHERE setting = 'cancel_window')) INTO answer;
    RAISE EXCEPTION 'undone' USING ERRCODE = 'UN000', DETAIL = answer;
  EXCEPTION WHEN SQLSTATE 'UN000' THEN
    GET STACKED DIAGNOSTICS answer = PG_EXCEPTION_DETAIL;
    RETURN answer;
  END;
END $$;
\set ask 'SELECT count(DISTINCT answer) FROM answers'
BEGIN;
INSERT INTO answers SELECT 'default', answer();
SET LOCAL timezone = 'Asia/Kolkata';
INSERT INTO answers SELECT 'zone', answer();
SET LOCAL timezone = '<EUROPE/BERLIN>5';
INSERT INTO answers SELECT 'zone called like ours', answer();
SET LOCAL timezone = 'CET-20';
SET LOCAL timezone_abbreviations = 'Australia';
INSERT INTO answers SELECT 'abbreviations', answer();
SET LOCAL datestyle = 'sql, dmy';
SET LOCAL intervalstyle = 'iso_8601';
INSERT INTO answers SELECT 'styles', answer();
:ask;
SELECT regexp_split_to_table(answer, E'\n|(?<=}) ') AS answer FROM answers WHERE setting = 'default';
DELETE FROM answers;
RESET timezone; RESET timezone_abbreviations; RESET datestyle; RESET intervalstyle;
-- newer machines may have it only as the place that it stands for
SELECT coalesce((SELECT name FROM pg_timezone_names WHERE name = 'CET'), 'Europe/Brussels') AS cet \gset
UPDATE swan.studio SET time_zone = :'cet', columns = jsonb_set(columns, '{time_zones}', jsonb_build_object('sessions.session_date', :'cet', 'sessions.booked_at', :'cet')) WHERE name = 'app';
INSERT INTO answers SELECT 'default', answer();
SET LOCAL timezone = 'CET-20';
SET LOCAL timezone_abbreviations = 'Australia';
INSERT INTO answers SELECT 'abbreviations', answer();
:ask;
SELECT split_part(answer, E'\n', 2) FROM answers WHERE setting = 'default';
ROLLBACK;
-- a zone that the data of this machine do not have
BEGIN;
UPDATE swan.studio SET time_zone = 'Atlantis/Basileia' WHERE name = 'app';
SELECT swan_open(2, '2099-03-22 08:00:00+00', repeat => 2);
ROLLBACK;
SELECT swan_detach('app');
DROP SCHEMA app CASCADE;
DROP TABLE answers, known;
DROP FUNCTION answer;
DROP SCHEMA studio CASCADE;
DROP EXTENSION swanalloc;
