-- The settings of a studio: their values, what they refuse, who may change them.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET intervalstyle = 'postgres';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
SELECT swan_create_studio(owner => 'regress_owner');
SELECT swan_create_studio('second', 'regress_other');
SET ROLE regress_owner;

SELECT * FROM swan_settings();
-- unknown, missing
SELECT swan_configure(NULL, '1');
SELECT swan_configure('grant_max', NULL);
SELECT swan_configure('colour', 'red');
SELECT swan_configure('Grant_Max', '5');
SELECT swan_configure('name', 'mine');
SELECT swan_configure('grant_max', '50', 'elsewhere');
SELECT * FROM swan_settings('elsewhere');
-- numbers
SELECT swan_configure('grant_max', '0');
SELECT swan_configure('grant_max', '10001');
SELECT swan_configure('grant_max', 'many');
SELECT swan_configure('grant_max', '');
SELECT swan_configure('grant_max', '5.5');
SELECT swan_configure('grant_max', '99999999999999999999');
SELECT swan_configure('purchase_max', '0');
SELECT swan_configure('low_threshold', '-1');
SELECT swan_configure('low_threshold', '2147483648');
SELECT swan_configure('hold_max', '-1');
SELECT swan_configure('hold_max', '101');
-- choices
SELECT swan_configure('guard_balance', 'off');
SELECT swan_configure('guard_sessions', 'never');
SELECT swan_configure('admin_booking', 'Free');
SELECT swan_configure('trainer_overlap', 'on');
SELECT swan_configure('session_records', 'yes');
-- others
SELECT swan_configure('cancel_window', '-1 hour');
\set VERBOSITY sqlstate
SELECT swan_configure('cancel_window', 'soon');
\set VERBOSITY default
SELECT swan_configure('time_zone', 'Europe/Atlantis');
SELECT swan_configure('time_zone', '');
-- whatever is no interval or number is refused with our DETAIL, and not with the server's words
CREATE FUNCTION pg_temp.refusal(setting text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; BEGIN RETURN 'taken: ' || swan_configure(setting, value); EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL; RETURN SQLSTATE || ' ' || (detail::json ->> 'code'); END $$;
SELECT left(value, 30) AS value, pg_temp.refusal('cancel_window', value) FROM unnest(ARRAY['', ' ', 'soon', '1 fortnight', '10 12', '1 hour ago', '2026-01-01', 'now', 'infinity', '-infinity', '@', 'P1',
	'999999999999999999999 days', '1e400 hours', '178956971 years', repeat('1 hour ', 100), '1001 years', '-1 month 29 days', '1 hour; DROP', 'NaN hours']) v (value);
SELECT value, pg_temp.refusal('cancel_window', value) FROM unnest(ARRAY['90', '1.5 hours', 'PT36H', 'P1DT12H', 'P0001-00-00', '1-2', '1 12:00', '@ 1 day', '1000 years', '0', ' 12 h ', '1d12h']) v (value);
SET intervalstyle = 'iso_8601';
SELECT value FROM swan_settings() WHERE setting = 'cancel_window';
SELECT pg_temp.refusal('cancel_window', '1 day 12 hours');
SET intervalstyle = 'postgres';
SELECT pg_temp.refusal('cancel_window', '24 hours');
SELECT value, pg_temp.refusal('grant_max', value) FROM unnest(ARRAY['', ' ', 'ten', '1.5', '1e2', '0x10', '1_000', '99999999999999999999', '-5', '10 ', '10001']) v (value);
-- a path of nothing, with nothing in it, or with what is anybody's in front
SELECT path, pg_temp.refusal('search_path', path) FROM unnest(ARRAY['', '  ', '""', ',', 'studio,', 'studio, ""', '"" , studio', 'pg_temp, studio', 'studio, PG_TEMP, public', 'pg_temp_3, studio', 'studio public']) p (path);
SELECT path, pg_temp.refusal('search_path', path) FROM unnest(ARRAY['studio, pg_temp', 'pg_temp', '"$user", studio', 'pg_catalog, studio', ' Studio ']) p (path);
SELECT swan_configure('search_path', NULL);
DROP FUNCTION pg_temp.refusal;
SELECT swan_configure('search_path', 'a b');
SELECT swan_configure('search_path', '"; DROP');
-- nothing of that was taken
SELECT setting, value FROM swan_settings() EXCEPT SELECT setting, value FROM swan_settings('studio');
SELECT setting, value FROM swan_settings() WHERE value IN ('100', '1000', '3', '1', '24:00:00', 'UTC');

-- the new value is returned as it is kept
SELECT setting, swan_configure(setting, value) FROM (VALUES
	('grant_max', '10000'), ('purchase_max', '1'), ('low_threshold', '0'), ('cancel_window', '36 hours'),
	('admin_booking', 'charged'), ('hold_max', '0'), ('trainer_overlap', 'allow'), ('time_zone', 'Europe/Berlin'),
	('search_path', 'studio, public'), ('guard_sessions', 'off'), ('session_records', 'on')) t (setting, value);
SELECT setting, value FROM swan_settings('studio');
-- session_records needs a balance that nobody else changes, in either order
SELECT swan_configure('guard_balance', 'record');
SELECT swan_configure('session_records', 'off');
SELECT swan_configure('guard_balance', 'record');
SELECT swan_configure('session_records', 'on');
SELECT swan_configure('guard_balance', 'refuse');
SELECT swan_configure('session_records', 'on');
-- the search_path alone can be unset
SELECT swan_configure('search_path', NULL);
SELECT value IS NULL AS unset FROM swan_settings() WHERE setting = 'search_path';
-- a setting belongs to the transaction
BEGIN;
SELECT swan_configure('grant_max', '7');
SELECT value FROM swan_settings() WHERE setting = 'grant_max';
INSERT INTO studio.users (id) VALUES (1);
SAVEPOINT s;
SELECT swan_grant(1, 8);
ROLLBACK TO s;
SELECT added FROM swan_grant(1, 7);
SAVEPOINT s;
SELECT swan_configure('grant_max', '9');
ROLLBACK TO s;
SELECT swan_grant(1, 8);
ROLLBACK;
SELECT value FROM swan_settings() WHERE setting = 'grant_max';
BEGIN READ ONLY;
SELECT swan_configure('grant_max', '7');
ROLLBACK;

-- the owner's alone; readable by everybody who is listed
SELECT swan_configure('grant_max', '7', 'second');
SELECT setting FROM swan_settings('second');
SELECT swan_allow('regress_other', 'reader');
SET ROLE regress_other;
SELECT swan_accept('studio');
SELECT swan_configure('grant_max', '7', 'studio');
SELECT value FROM swan_settings('studio') WHERE setting = 'grant_max';
SELECT swan_configure('grant_max', '7', 'second');
SELECT value FROM swan_settings('second') WHERE setting = 'grant_max';
-- neither did anything to the other
SET ROLE regress_owner;
SELECT value FROM swan_settings() WHERE setting = 'grant_max';

-- trainers are not guarded while their slots overlap
SET swanalloc.studio = 'studio';
SELECT swan_configure('trainer_overlap', 'allow'), swan_configure('guard_sessions', 'refuse');
INSERT INTO studio.users (id, first_name, role) VALUES (50, 'Tom', 'trainer');
SELECT count(*) FROM swan_open(50, '2099-01-05 10:00+00', repeat => 3, every => '30 minutes');
SELECT swan_configure('trainer_overlap', 'refuse');
SELECT value FROM swan_settings() WHERE setting = 'trainer_overlap';
-- nor where bookings are only recorded; who makes slots that overlap then has them in the way of the guard
SELECT swan_configure('guard_sessions', 'record');
SELECT swan_configure('trainer_overlap', 'refuse');
DELETE FROM studio.sessions WHERE session_date = '2099-01-05 10:30+00';
SELECT swan_configure('trainer_overlap', 'refuse');
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (50, '2099-01-05 10:30+00');
SELECT swan_configure('guard_sessions', 'refuse');
DELETE FROM studio.sessions WHERE session_date = '2099-01-05 10:30+00';
SELECT swan_configure('guard_sessions', 'refuse');
SELECT swan_configure('trainer_overlap', 'allow');
SELECT swan_configure('trainer_overlap', 'refuse');

RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio, second CASCADE;
DROP ROLE regress_owner, regress_other;
