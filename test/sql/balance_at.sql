-- swan_balance_at: at any instant what a replay of the ledger comes to.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_owner;
SELECT swan_create_studio(owner => 'regress_owner');
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES (3, 'Tom', 'trainer'), (4, 'Tina', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client'), (13, 'Joe', 'client');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 10, '1 day') a;
SELECT count(*) FROM generate_series(1, 20) i, swan_grant(11 + i % 2, 1 + i % 3);
SELECT count(*) FROM generate_series(1, 8) i, swan_book(11 + i % 2, i);
SELECT count(*) FROM unnest(ARRAY[1, 4, 6]) i, swan_cancel(i);
SELECT moved FROM swan_revoke(12, 2);
-- as if a day lay between two rows, and two were written at the same time
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET at = '2025-01-01 12:00Z'::timestamptz + id / 2 * interval '1 day';
RESET session_replication_role;
SET ROLE regress_owner;

-- at, before and after every row, and at other times
CREATE VIEW studio.instant AS
SELECT DISTINCT at + d AS at FROM studio.swan_ledger, unnest(ARRAY[interval '-1 microsecond', '0', '1 microsecond', '12 hours']) d
UNION SELECT unnest(ARRAY['-infinity', 'infinity', '2000-01-01', '2200-01-01']::timestamptz[]);
SELECT u.id, count(*), bool_and(swan_balance_at(u.id, i.at) = (SELECT coalesce(sum(delta), 0) FROM studio.swan_ledger g WHERE g.user_id = u.id AND g.at <= i.at)) AS replayed
  FROM studio.users u, studio.instant i WHERE role = 'client' GROUP BY u.id ORDER BY u.id;
SELECT bool_and(swan_balance_at(id, 'infinity') = available_sessions) AS ends_at_the_balance FROM studio.users;
SELECT swan_balance_at(11, '2025-01-01 11:59:59'), swan_balance_at(11, '2025-01-04 12:00'), swan_balance_at(13, 'infinity');
-- it speaks of the ledger's balance: what has expired counts until it is swept
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = '2001-01-01' WHERE user_id = 12;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT swan_balance_at(12, now()) = available_sessions AS same, (SELECT available FROM swan_summary(12)) FROM studio.users WHERE id = 12;
SELECT credits FROM swan_expire();
SELECT swan_balance_at(12, 'infinity'), swan_balance_at(12, '2026-01-01') > 0 AS had;

-- errors, and who may
SELECT swan_balance_at(99, now());
SELECT swan_balance_at(NULL, now());
SELECT swan_balance_at(11, NULL);
SELECT swan_balance_at(11, '2025-01-04 12:00', actor => 11), swan_balance_at(11, '2025-01-04 12:00', actor => 3);
SELECT swan_balance_at(11, now(), actor => 12);
SELECT swan_balance_at(11, now(), actor => 4);
RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;

--
-- Attached: unknown before the attach, the balance itself for who was not touched yet
--
CREATE SCHEMA studio AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE studio.users (id integer PRIMARY KEY, available_sessions integer NOT NULL DEFAULT 0);
CREATE TABLE studio.sessions (id integer PRIMARY KEY, user_id integer REFERENCES studio.users, status varchar(20) NOT NULL, session_date timestamptz);
INSERT INTO studio.users VALUES (1, 7), (2, 3), (3, 0);
RESET ROLE;
CREATE EXTENSION swanalloc;
SET ROLE regress_owner;
SELECT count(*) > 0 AS attached FROM swan_attach('studio.users', 'studio.sessions');
SELECT added FROM swan_grant(1, 2);
INSERT INTO studio.users VALUES (4, 0);
SELECT id, swan_balance_at(id, '2020-01-01') AS before, swan_balance_at(id, 'infinity') AS now FROM studio.users ORDER BY id;
SELECT swan_balance_at(1, at), swan_balance_at(1, at - interval '1 microsecond') AS before FROM studio.swan_ledger WHERE kind = 'opening';
CALL swan_backfill();
SELECT id, swan_balance_at(id, '2020-01-01') AS before, swan_balance_at(id, 'infinity') AS now FROM studio.users ORDER BY id;

RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_owner;
