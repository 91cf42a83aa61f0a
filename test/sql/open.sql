-- swan_open: single slots, series, overlaps, who may.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES
	(1, 'Ada', 'admin'), (2, 'Stella', 'staff'), (3, 'Tom', 'trainer'), (4, 'Tina', 'trainer'),
	(5, 'Theo', 'trainer'), (6, 'Tara', 'trainer'), (11, 'John', 'client');

--
-- The plain case: an hour; then a series of four weeks
--
SELECT * FROM swan_open(3, '2099-01-05 09:00');
SELECT * FROM swan_open(3, '2099-02-02 09:00', 45, 4);
SELECT * FROM studio.sessions ORDER BY id;
-- days, hours, months
SELECT swan_open(4, '2099-01-05 09:00', 60, 3, '1 day') AS id;
SELECT swan_open(4, '2099-01-05 12:00', 20, 3, '20 minutes') AS id;
SELECT swan_open(4, '2099-01-31 18:00', 60, 4, '1 month') AS id;
SELECT id, session_date, duration FROM studio.sessions WHERE trainer_id = 4 ORDER BY id;
-- in the past too: the studio may write down what was
SELECT count(*) FROM swan_open(4, '2001-01-05 09:00');
-- no credit moved, no client is concerned
SELECT count(*) FROM studio.swan_ledger;

--
-- Nine o'clock stays nine o'clock when the clocks change
--
SELECT swan_configure('time_zone', 'Europe/Berlin');
SELECT swan_open(5, '2024-03-17 09:00 Europe/Berlin', 60, 4) AS id;
SELECT swan_open(5, '2024-10-25 09:00 Europe/Berlin', 60, 4, '1 day') AS id;
-- whatever the caller's own time zone is
SET timezone = 'America/New_York';
SELECT swan_open(5, '2024-03-10 20:00 Europe/Berlin', 60, 4) AS id;
SET timezone = 'UTC';
SELECT session_date AS utc, session_date AT TIME ZONE 'Europe/Berlin' AS berlin
  FROM studio.sessions WHERE trainer_id = 5 ORDER BY id;
-- the first begins when it was asked for, also in the hour that the clocks show twice
SELECT t.n, array_agg(s.session_date ORDER BY s.session_date) FROM (VALUES (1, '2025-10-26 00:30Z'::timestamptz, 2, interval '1 hour'), (2, '2026-10-25 00:30Z', 2, '1 day'), (3, '2027-10-31 01:30Z', 1, '7 days')) t (n, at, repeat, every), LATERAL (SELECT array_agg(id) AS ids FROM swan_open(6, t.at, 1, t.repeat, t.every) id) o
  CROSS JOIN LATERAL (SELECT session_date FROM swan_schedule(t.at - interval '1 hour', t.at + interval '2 days', 6)) s GROUP BY t.n ORDER BY t.n;
-- hours are hours, also in the night when the clocks change
SELECT swan_open(6, '2024-03-31 00:30 Europe/Berlin', 60, 4, '1 hour') AS id;
SELECT swan_open(6, '2024-10-27 00:30 Europe/Berlin', 60, 4, '1 hour') AS id;
SELECT session_date AS utc, session_date AT TIME ZONE 'Europe/Berlin' AS berlin
  FROM studio.sessions WHERE trainer_id = 6 ORDER BY id;
-- in another time zone the same call makes other slots
SELECT swan_configure('time_zone', 'America/New_York');
SELECT swan_open(6, '2024-03-17 09:00 Europe/Berlin', 60, 3) AS id;
SELECT session_date AS utc FROM studio.sessions WHERE trainer_id = 6 ORDER BY id DESC LIMIT 3;
SELECT swan_configure('time_zone', 'UTC');

--
-- What is missing or out of range
--
SELECT * FROM swan_open(NULL, '2099-03-01 09:00');
SELECT * FROM swan_open(3, NULL);
SELECT * FROM swan_open(99, '2099-03-01 09:00');
SELECT * FROM swan_open(3, '2099-03-01 09:00', 0);
SELECT * FROM swan_open(3, '2099-03-01 09:00', -60);
SELECT * FROM swan_open(3, '2099-03-01 09:00', 1441);
SELECT * FROM swan_open(3, '2099-03-01 09:00', 2147483647);
SELECT * FROM swan_open(3, '2099-03-01 09:00', 60, 0);
SELECT * FROM swan_open(3, '2099-03-01 09:00', 60, -1);
SELECT * FROM swan_open(3, '2099-03-01 09:00', 60, 1001);
SELECT * FROM swan_open(3, '2099-03-01 09:00', 60, 2147483647);
SELECT * FROM swan_open(3, '2099-03-01 09:00', 60, 2, '0');
SELECT * FROM swan_open(3, '2099-03-01 09:00', 60, 2, '-7 days');
SELECT * FROM swan_open(3, '2099-03-01 09:00', 60, 3, '1 day -24 hours');
SELECT * FROM swan_open(3, 'infinity');
SELECT * FROM swan_open(3, '-infinity');
\set VERBOSITY sqlstate
SELECT * FROM swan_open(3, '294276-12-31 09:00', 60, 2);
SELECT * FROM swan_open(3, '2099-03-01 09:00', 60, 1000, '100000 years');
\set VERBOSITY default
SELECT count(*) FROM studio.sessions WHERE session_date >= '2099-03-01' AND trainer_id = 3;
-- the bounds themselves
SELECT count(*) FROM swan_open(3, '2099-03-01 09:00', 1) a, swan_open(3, '2099-03-02 09:00', 1440) b;
SELECT count(*), count(DISTINCT o) FROM swan_open(3, '2100-01-01 09:00', 60, 1000) o;

--
-- A trainer has one slot at a time: [start, end)
--
DELETE FROM studio.sessions;
ALTER TABLE studio.sessions ALTER id RESTART;
SELECT swan_open(3, '2099-04-01 09:00', 60) AS id;
SELECT * FROM swan_open(3, '2099-04-01 09:00', 60);
SELECT * FROM swan_open(3, '2099-04-01 08:30', 31);
SELECT * FROM swan_open(3, '2099-04-01 08:00', 180);
SELECT * FROM swan_open(3, '2099-04-01 09:15', 15);
SELECT * FROM swan_open(3, '2099-04-01 09:59', 60);
SELECT swan_open(3, '2099-04-01 10:00', 60) AS after, swan_open(3, '2099-04-01 08:00', 60) AS before;
-- from the day before; the longest slot is a day
SELECT swan_open(3, '2099-04-10 09:00', 1440) AS day;
SELECT * FROM swan_open(3, '2099-04-11 08:59', 60);
SELECT swan_open(3, '2099-04-11 09:00', 60) AS next;
-- another trainer has time of his own
SELECT swan_open(4, '2099-04-01 09:00', 60) AS other;
-- a series is made as a whole or not at all
SELECT * FROM swan_open(3, '2099-03-18 09:30', 60, 3);
SELECT * FROM swan_open(3, '2099-05-01 09:00', 61, 2, '1 hour');
SELECT * FROM swan_open(3, '2099-05-01 09:00', 1440, 3, '23 hours 59 minutes');
SELECT swan_open(3, '2099-05-01 09:00', 60, 2, '1 hour') AS id;
-- a cancelled slot frees the time, every other status keeps it; a row without a date takes none
SET ROLE NONE;
SET session_replication_role = replica;
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES
	(101, NULL, 4, 'cancelled', '2099-06-01 09:00'), (102, 11, 4, 'scheduled', '2099-06-02 09:00'),
	(103, 11, 4, 'confirmed', '2099-06-03 09:00'), (104, 11, 4, 'completed', '2099-06-04 09:00'),
	(105, 11, 4, 'cancelled', '2099-06-05 09:00'), (106, NULL, 4, 'available', NULL);
RESET session_replication_role;
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(4, '2099-06-01 09:00');
SELECT * FROM swan_open(4, '2099-06-02 09:30');
SELECT * FROM swan_open(4, '2099-06-03 09:30');
SELECT * FROM swan_open(4, '2099-06-04 09:30');
SELECT count(*) FROM swan_open(4, '2099-06-05 09:00');
-- unless the studio allows it
SELECT swan_configure('trainer_overlap', 'allow');
SELECT count(*) FROM swan_open(3, '2099-04-01 09:00', 60, 3, '10 minutes');
DELETE FROM studio.sessions WHERE id BETWEEN 11 AND 13;
SELECT swan_configure('guard_sessions', 'record'), swan_configure('trainer_overlap', 'refuse');
\set VERBOSITY sqlstate
SELECT * FROM swan_open(3, '2099-04-01 09:00', 60);
\set VERBOSITY default

--
-- Who may: the trainer himself, staff, admins and the system
--
SELECT actor, count(*) FROM (VALUES (3, '2099-07-01 09:00'::timestamptz), (2, '2099-07-02 09:00'),
	(1, '2099-07-03 09:00'), (NULL, '2099-07-04 09:00')) t (actor, at), swan_open(3, at, actor => actor)
 GROUP BY actor ORDER BY actor;
SELECT * FROM swan_open(3, '2099-07-05 09:00', actor => 4);
SELECT * FROM swan_open(11, '2099-07-05 09:00', actor => 11);
SELECT * FROM swan_open(3, '2099-07-05 09:00', actor => 99);
-- for trainers only, whoever opens
SELECT * FROM swan_open(11, '2099-07-05 09:00');
SELECT count(*) FROM unnest(ARRAY[1, 2]) u, swan_open(u, '2099-07-05 09:00');
BEGIN READ ONLY;
SELECT * FROM swan_open(3, '2099-07-05 09:00');
ROLLBACK;
BEGIN;
SELECT count(*) FROM swan_open(3, '2099-07-05 09:00');
ROLLBACK;
SELECT count(*) FROM swan_open(3, '2099-07-05 09:00');

RESET ROLE;
\i test/fixture/studio_gone.sql
