-- swan_changes and swan_rebase_feed: what the feed says, cursors, and another place. What several
-- sessions at once mean for it is tested in the isolation test of that name.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'admin'), (3, 'Tom', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client');
SELECT count(*) FROM swan_changes();
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 3, timestamptz '2099-01-05 09:00' + i * interval '1 day' FROM generate_series(0, 9) i;
SELECT added FROM swan_grant(11, 2, 'Two', actor => 1);
SELECT added FROM swan_grant(11, 3, key => 'k');
SELECT added FROM swan_purchase(12, 4, 'pay', 'five', details => '{"a": 1}');
SELECT count(*) FROM generate_series(1, 5) s, swan_book(11, s);
SELECT status FROM swan_cancel(5);
SELECT session_id FROM swan_reschedule(4, 6);

-- the ledger's rows, and whether the balance crossed the threshold, to 0, or back
SELECT id, user_id, delta, balance_after, kind, session_id, from_session_id, lot_id, reason, actor_id, key, payment_ref, item, call_id, details, crossing FROM swan_changes();
SELECT bool_and(c.at = g.at AND c.db_role = g.db_role AND c.xid::text = g.xid::text) AS same FROM swan_changes() c JOIN studio.swan_ledger g USING (id);
-- by the threshold of now
SELECT swan_configure('low_threshold', '0');
SELECT id, balance_after, crossing FROM swan_changes() WHERE crossing IS NOT NULL;
SELECT swan_configure('low_threshold', '3');

-- pages, of any size, even one that a transaction does not fit into
BEGIN;
SELECT count(*) FROM generate_series(1, 5) n, swan_grant(12, 1 + n * 0);
-- what is not committed is not in it
SELECT count(*) FROM swan_changes();
COMMIT;
CREATE FUNCTION pg_temp.walk(size integer, start text DEFAULT NULL) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[] := '{}';
	line record;
	last text := start;
	rows integer := size;
BEGIN
	WHILE rows = size LOOP
		rows := 0;
		FOR line IN SELECT id, cursor FROM swan_changes(last, size) LOOP
			ids := ids || line.id;
			last := line.cursor;
			rows := rows + 1;
		END LOOP;
	END LOOP;
	RETURN ids;
END $$;
SELECT size, pg_temp.walk(size) = (SELECT array_agg(id ORDER BY id) FROM studio.swan_ledger) AS whole FROM unnest(ARRAY[1, 2, 3, 14, 15, 16, 100]) size;
-- a cursor stands still until something comes
SELECT cursor FROM swan_changes() OFFSET 14 LIMIT 1 \gset
SELECT count(*) FROM swan_changes(:'cursor');
SELECT added FROM swan_grant(12, 1);
SELECT id, kind FROM swan_changes(:'cursor');

--
-- A restore: transaction ids that are of another cluster, higher ones even than this one has reached
--
SELECT cursor AS old FROM swan_changes() OFFSET 9 LIMIT 1 \gset
SELECT array_agg(id) AS rest FROM swan_changes(:'old') \gset
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET xid = ((xid::text::bigint - (SELECT min(xid::text::bigint) FROM studio.swan_ledger)) + 1000000000000)::text::xid8;
-- one that began later and wrote earlier
UPDATE studio.swan_ledger SET xid = '1000000000100'::xid8 WHERE id = 9;
UPDATE swan.studio SET feed = '1234567890123456789-1-5-0';
RESET session_replication_role;
SET ROLE regress_owner;
-- the cursor is of another place than the server, and so is the feed; psql shows no cursor here, they differ
\set VERBOSITY sqlstate
SELECT count(*) FROM swan_changes();
SELECT count(*) FROM swan_changes(:'old');
SELECT count(*) FROM swan_changes('10');
\set VERBOSITY default
SELECT count(*) FROM swan_changes();
-- nothing but the feed stops
SELECT added FROM swan_grant(11, 1);
SELECT * FROM swan_verify();
SELECT swan_rebase_feed();
-- the old cursor stays what it was, the last ledger id of the consumer counts: it gets what it cannot have seen, and
-- perhaps some rows again. Whoever had read up to row 8, 10 or 16 has not seen 9; nobody has seen 17, written after the restore
\set VERBOSITY sqlstate
SELECT count(*) FROM swan_changes(:'old');
\set VERBOSITY default
SELECT i, (SELECT array_agg(id) FROM swan_changes(i)) FROM unnest(ARRAY['8', '9', '10', '16', '17']) i;
SELECT array_agg(id) = (SELECT array_agg(id) FROM swan_changes('0')) AS same FROM swan_changes();
-- what comes now comes after that
SELECT count(*) FROM generate_series(1, 3) n, swan_grant(12, 1 + n * 0);
SELECT pg_temp.walk(2);
SELECT pg_temp.walk(3, '15');
SELECT cursor FROM swan_changes() OFFSET 18 LIMIT 1 \gset
SELECT array_agg(id) FROM swan_changes(:'cursor');
-- an id that is beyond the base may be one of before the restore
SELECT count(*) FROM swan_changes('18');
SELECT count(*) FROM swan_changes('99');
-- one that is missing
RESET ROLE;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM studio.swan_ledger WHERE id = 10;
SELECT count(*) FROM swan_changes('10');
ROLLBACK;
SET ROLE regress_owner;
-- a second time: cursors from before are of another place, too
SELECT swan_rebase_feed('studio');
\set VERBOSITY sqlstate
SELECT count(*) FROM swan_changes(:'cursor');
\set VERBOSITY default
SELECT array_agg(id) FROM swan_changes('18');
SELECT added FROM swan_grant(12, 1);
SELECT pg_temp.walk(1) = pg_temp.walk(100) AS same, cardinality(pg_temp.walk(7)) = (SELECT count(*) FROM studio.swan_ledger) AS whole;
-- and once more without a row in between
SELECT swan_rebase_feed(), swan_rebase_feed();
SELECT pg_temp.walk(1) = pg_temp.walk(100) AS same, cardinality(pg_temp.walk(7)) = (SELECT count(*) FROM studio.swan_ledger) AS whole;

--
-- Errors, and who may
--
SELECT count(*) FROM swan_changes('x');
SELECT count(*) FROM swan_changes('');
SELECT count(*) FROM swan_changes('-1');
SELECT count(*) FROM swan_changes('99999999999999999999');
SELECT count(*) FROM swan_changes(max_rows => 0);
SELECT cursor FROM swan_changes() LIMIT 1 \gset
\set VERBOSITY sqlstate
SELECT count(*) FROM swan_changes(:'cursor' || '-');
SELECT count(*) FROM swan_changes(:'cursor' || '.1');
\set VERBOSITY default
BEGIN READ ONLY;
SELECT count(*) FROM swan_changes();
SELECT swan_rebase_feed();
ROLLBACK;
RESET ROLE;
CREATE ROLE regress_reader;
SELECT swan_allow('regress_reader', 'reader');
SET ROLE regress_reader;
SELECT count(*) > 0 AS reads FROM swan_changes();
SELECT swan_rebase_feed();
RESET ROLE;
SELECT swan_allow('regress_reader', 'person', 1);
SET ROLE regress_reader;
SELECT count(*) FROM swan_changes();

RESET ROLE;
SET ROLE regress_owner;
DROP FUNCTION pg_temp.walk;
RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_owner, regress_reader;
