-- Times without a zone are of the studio's clocks, whatever the session's are: swan_time for every argument that is a time.
-- Settings that are intervals are seconds, too.
\i test/fixture/studio.sql
CREATE ROLE regress_stranger;
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'admin'), (2, 'Tom', 'trainer'), (3, 'John', 'client');
SELECT swan_configure('time_zone', 'Europe/Berlin');
SET timezone = 'America/New_York';
SET datestyle = 'ISO';

-- nine in Berlin is 3 in New York; a text may say its zone; a timestamp has none
SELECT swan_time('2099-06-01 09:00'), swan_time('2099-01-01 09:00'), swan_time(timestamp '2099-06-01 09:00'), swan_time(date '2099-06-01');
SELECT swan_time('2099-06-01T09:00:00.000Z'), swan_time('2099-06-01 09:00+05:30'), swan_time('2099-06-01 09:00 Asia/Tokyo');
SELECT swan_time('today') AT TIME ZONE 'Europe/Berlin' = date_trunc('day', now() AT TIME ZONE 'Europe/Berlin') AS today,
       swan_time('tomorrow 08:00') AT TIME ZONE 'Europe/Berlin' = date_trunc('day', now() AT TIME ZONE 'Europe/Berlin') + interval '1 day 8 hours' AS tomorrow,
       swan_time('now') = now() AS now, swan_time('infinity'), swan_time('-infinity'::timestamp);
SELECT swan_time(NULL), swan_time(NULL::timestamp), swan_time(at => '2099-06-01 09:00', studio => 'studio');
-- the hour that is skipped, and the one that is shown twice
SELECT local, swan_time(local) AT TIME ZONE 'UTC' AS utc, swan_time(local::timestamp) = swan_time(local) AS same
  FROM unnest(ARRAY['2026-03-29 01:59', '2026-03-29 02:00', '2026-03-29 02:30', '2026-03-29 03:00', '2026-03-29 03:30', '2026-10-25 01:59', '2026-10-25 02:00', '2026-10-25 02:30', '2026-10-25 03:00']) local;
SELECT swan_time('2026-10-25 02:30 CEST') AT TIME ZONE 'UTC' AS first, swan_time('2026-10-25 02:30+02') AT TIME ZONE 'UTC' AS also;
-- nothing of the session's has changed, nor has what it sets a say
SHOW timezone;
BEGIN;
SET LOCAL timezone_abbreviations = 'Australia';
SET LOCAL datestyle = 'German';
SELECT swan_time('01.06.2099 09:00') = '2099-06-01 07:00Z' AS read_by_datestyle;
ROLLBACK;
-- what is no time
SELECT swan_time('at nine');
SELECT swan_time('2099-02-30');
SELECT swan_time(timestamp '4714-11-24 00:00 BC');
SELECT swan_time('2099-02-03 09:00 Europe/Nowhere');
SET ROLE regress_stranger;
SELECT swan_time('today');
SELECT swan_time(timestamp '2099-06-01');
RESET ROLE;

-- every argument that is a time
SELECT swan_open(2, swan_time('2099-06-01 09:00'), repeat => 2, every => '1 day');
SELECT swan_block(2, swan_time(timestamp '2099-06-01 12:00'));
SELECT session_date AT TIME ZONE 'Europe/Berlin' FROM swan_request(3, swan_time('2099-06-03 10:00'));
SELECT session_date AT TIME ZONE 'Europe/Berlin' FROM swan_move(1, swan_time('2099-06-01 10:00'));
SELECT session_date AT TIME ZONE 'Europe/Berlin' FROM swan_move_many('{1,2}', ARRAY[swan_time('2099-06-02 10:00'), swan_time('2099-06-01 10:00')]);
SELECT added FROM swan_grant(3, 1, expires_at => swan_time('2099-12-31'));
SELECT expires_at AT TIME ZONE 'Europe/Berlin' FROM swan_credits(3);
SELECT since AT TIME ZONE 'Europe/Berlin', until AT TIME ZONE 'Europe/Berlin' FROM swan_suspend(3, swan_time('2099-08-01'), swan_time('2099-08-15'));
SELECT session_id FROM swan_slots(swan_time('2099-06-01 10:00'), swan_time('2099-06-02 10:00'));
SELECT session_id FROM swan_schedule(since => swan_time('2099-06-01 12:00'), until => swan_time('2099-06-01 12:00:01'));
SELECT swan_balance_at(3, swan_time('tomorrow'));
SELECT count(*) FROM swan_statement(3, since => swan_time('yesterday'), until => swan_time('tomorrow'));
SELECT sum(credits) FROM swan_liability(swan_time('2099-01-01'));
SELECT granted FROM swan_import(3, 2, at => swan_time('2020-01-31'));
-- of several studios
SELECT swan_create_studio('tokyo', 'regress_owner');
SELECT swan_configure('time_zone', 'Asia/Tokyo', 'tokyo');
SELECT swan_time('2099-06-01 09:00', 'tokyo') AT TIME ZONE 'UTC' AS tokyo, swan_time(timestamp '2099-06-01 09:00', studio => 'studio') AT TIME ZONE 'UTC' AS berlin;
SELECT swan_time('2099-06-01 09:00', 'nowhere');
SELECT swan_detach('tokyo');
DROP SCHEMA tokyo CASCADE;

-- intervals as seconds, numbers as numbers
SELECT swan_configure('cancel_window', 7200), swan_configure('hold_total', 90.5), swan_configure('book_notice', '3600'), swan_configure('book_horizon', 30 * 86400), swan_configure('grant_max', 50);
SELECT setting, value, seconds FROM swan_settings() WHERE seconds IS NOT NULL OR setting = 'grant_max';
SELECT swan_configure('cancel_window', '1 day 02:00'), swan_configure('book_horizon', NULL), swan_configure('live_max', NULL::numeric), swan_configure('live_max', 4.00);
SELECT setting, value, seconds FROM swan_settings() WHERE setting IN ('cancel_window', 'book_horizon', 'live_max');
SELECT swan_configure('grant_max', 2.5);
SELECT swan_configure('cancel_window', -1);
SELECT swan_configure('cancel_window', 'NaN'::numeric);
SELECT swan_configure('cancel_window', NULL::numeric);
SELECT swan_configure('time_zone', 7);
\set VERBOSITY terse
SELECT swan_configure('grant_max', true);
\set VERBOSITY default

DROP ROLE regress_stranger;
\i test/fixture/studio_gone.sql
