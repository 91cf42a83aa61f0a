-- swan_stats and swan_liability.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'admin'), (2, 'Stella', 'staff'), (3, 'Tom', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client');
-- a studio in which nothing has happened has all the rows
SELECT metric, labels, CASE WHEN metric = 'swan_feed_lag_seconds' AND value < 60 THEN 0 ELSE value END AS value FROM swan_stats() ORDER BY metric, labels;
SELECT * FROM swan_liability();
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 3, timestamptz '2099-01-05 09:00' + i * interval '1 day' FROM generate_series(0, 9) i;
SELECT added FROM swan_grant(11, 10);
SELECT added FROM swan_purchase(12, 20, 'pay');
SELECT moved FROM swan_reverse('pay', n => 3);
SELECT moved FROM swan_reinstate('pay', 'won');
SELECT moved FROM swan_revoke(11, 2);
SELECT count(*) FROM generate_series(1, 4) s, swan_book(11, s);
SELECT count(*) FROM unnest(ARRAY[1, 2]) s, swan_cancel(s);
SELECT added FROM swan_grant(11, 6, expires_at => '2099-01-01');
SELECT metric, labels, CASE WHEN metric = 'swan_feed_lag_seconds' AND value < 60 THEN 0 ELSE value END AS value FROM swan_stats() WHERE labels->>'day' IS DISTINCT FROM 'yesterday' ORDER BY metric, labels;
-- what is past its expiry and not swept; what is swept
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = '2001-01-01' WHERE granted = 6;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT value FROM swan_stats() WHERE metric = 'swan_credits_unswept';
SELECT * FROM swan_expire();
SELECT metric, labels, value FROM swan_stats() WHERE metric = 'swan_credits_unswept' OR labels @> '{"event": "expired", "day": "today"}';
-- days are those of the studio's time zone
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET at = date_trunc('day', now() AT TIME ZONE 'Pacific/Kiritimati') AT TIME ZONE 'Pacific/Kiritimati' - interval '1 second' WHERE kind = 'grant';
UPDATE studio.swan_ledger SET at = date_trunc('day', now() AT TIME ZONE 'Pacific/Kiritimati') AT TIME ZONE 'Pacific/Kiritimati' - interval '1 day 1 second' WHERE kind = 'purchase';
UPDATE studio.swan_ledger SET at = date_trunc('day', now() AT TIME ZONE 'Pacific/Kiritimati') AT TIME ZONE 'Pacific/Kiritimati' WHERE kind = 'revocation';
RESET session_replication_role;
SET ROLE regress_owner;
SELECT swan_configure('time_zone', 'Pacific/Kiritimati');
SELECT labels, value FROM swan_stats() WHERE labels->>'event' IN ('granted', 'bought', 'revoked') ORDER BY labels;
SELECT swan_configure('time_zone', 'UTC');

--
-- What is owed: the lots that hold credits, by the month in which they were made
--
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET at = '2024-01-31 23:30Z'::timestamptz + id * interval '1 day';
RESET session_replication_role;
SET ROLE regress_owner;
SELECT id, user_id, kind, delta, lot_id, at FROM studio.swan_ledger ORDER BY id;
SELECT * FROM swan_liability();
SELECT * FROM swan_liability('2024-02-02');
-- in the studio's time zone it is another month
SELECT swan_configure('time_zone', 'America/New_York');
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET at = '2024-02-01 03:00Z' WHERE id = 1;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT * FROM swan_liability();
-- at every instant it is the sum of the balances, and by source that of the ledger
SELECT bool_and((SELECT coalesce(sum(credits), 0) FROM swan_liability(i.at)) = (SELECT sum(swan_balance_at(id, i.at)) FROM studio.users)) AS adds_up,
       bool_and((SELECT coalesce(sum(credits), 0) FROM swan_liability(i.at) WHERE source = 'purchase') =
           (SELECT coalesce(sum(delta), 0) FROM studio.swan_ledger g JOIN studio.swan_lots l ON l.id = g.lot_id WHERE l.source = 'purchase' AND g.at <= i.at)) AS by_source, count(*)
  FROM (SELECT DISTINCT at + d AS at FROM studio.swan_ledger, unnest(ARRAY[interval '0', '-1 microsecond']) d UNION SELECT 'infinity' UNION SELECT '-infinity') i;
SELECT (SELECT sum(credits) FROM swan_liability()) = sum(available_sessions) AS the_balances FROM studio.users;

-- errors, and who may
RESET ROLE;
CREATE ROLE regress_any;
SELECT p, swan_allow('regress_any', 'person', p) FROM unnest(ARRAY[1]) p;
SET ROLE regress_any;
SELECT count(*) FROM swan_stats();
SELECT count(*) FROM swan_liability();
RESET ROLE;
SELECT p, swan_allow('regress_any', 'person', p) FROM unnest(ARRAY[2]) p;
SET ROLE regress_any;
SELECT count(*) FROM swan_stats();
SELECT count(*) FROM swan_liability();
RESET ROLE;
SELECT swan_allow('regress_any', 'reader');
SET ROLE regress_any;
SELECT count(*) FROM swan_stats();
SELECT count(*) FROM swan_liability();

RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;

--
-- Attached and not backfilled: an untouched client is one opening lot
--
CREATE SCHEMA studio AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE studio.users (id integer PRIMARY KEY, available_sessions integer);
CREATE TABLE studio.sessions (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id integer REFERENCES studio.users, status varchar(20) NOT NULL, session_date timestamptz);
INSERT INTO studio.users VALUES (1, 7), (2, 3), (3, 0), (4, NULL);
RESET ROLE;
CREATE EXTENSION swanalloc;
SET ROLE regress_owner;
SELECT count(*) > 0 AS attached FROM swan_attach('studio.users', 'studio.sessions');
SELECT added FROM swan_grant(1, 2);
SELECT source, credits FROM swan_liability('infinity') ORDER BY source;
SELECT count(*) FROM swan_liability('2020-01-01');
SELECT value FROM swan_stats() WHERE metric = 'swan_credits_outstanding';
CALL swan_backfill();
SELECT source, credits FROM swan_liability('infinity') ORDER BY source;
RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_owner, regress_any;
