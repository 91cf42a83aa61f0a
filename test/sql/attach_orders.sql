-- Whether what happens around an attach happens in one transaction or in many,
-- and in whatever order the guards get to see it, the ledger says the same: what
-- came along with the tables, and what came later.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE EXTENSION swanalloc;
CREATE SCHEMA seen;
CREATE TABLE seen.lines (how text, user_id bigint, n bigint, kind text, delta integer, balance_after integer, session_id bigint, reason text, lots jsonb);
\set file test/studio/orders.sql
\set remember 'INSERT INTO seen.lines SELECT current_schema(), g.user_id, row_number() OVER (PARTITION BY g.user_id ORDER BY g.id), g.kind, g.delta, g.balance_after, g.session_id, g.reason, (SELECT jsonb_agg(jsonb_build_array(l.source, l.granted, l.remaining) ORDER BY l.id) FROM swan_lots l WHERE l.user_id = g.user_id) FROM swan_ledger g'

-- Each statement for itself
\set ECHO none
\set schema apart
\set begin ''
\set attached ''
\set then ''
\set commit ''
\i :file
\set ECHO all
:remember;
SELECT * FROM swan_verify() ORDER BY user_id, session_id;

-- All of it in one transaction, at each isolation level
\set ECHO none
\set schema once
\set begin 'BEGIN'
\set commit 'COMMIT'
\o /dev/null
\i :file
:remember;
\set schema once_rr
\set begin 'BEGIN ISOLATION LEVEL REPEATABLE READ'
\i :file
:remember;
\set schema once_sr
\set begin 'BEGIN ISOLATION LEVEL SERIALIZABLE'
\i :file
:remember;
-- Up to the attach in one, and from then on in another
\set schema twice
\set attached 'COMMIT'
\set then 'BEGIN'
\i :file
:remember;
-- Attached by somebody else
\set schema later
\set begin ''
\set attached ''
\set then 'BEGIN ISOLATION LEVEL REPEATABLE READ'
\i :file
:remember;
\o
\set ECHO all
SELECT user_id, kind, delta, balance_after AS after, session_id AS session, reason FROM seen.lines WHERE how = 'apart' ORDER BY user_id, n;
SELECT h.how, count(l) AS lines FROM unnest('{once,once_rr,once_sr,twice,later}'::text[]) h (how) LEFT JOIN seen.lines l USING (how) GROUP BY h.how ORDER BY 1;
SELECT h.how, d.* FROM unnest('{once,once_rr,once_sr,twice,later}'::text[]) h (how), LATERAL (
	(SELECT user_id, n, kind, delta, balance_after, session_id, reason, lots, 'apart only' AS where FROM seen.lines WHERE how = 'apart'
	EXCEPT SELECT user_id, n, kind, delta, balance_after, session_id, reason, lots, 'apart only' FROM seen.lines l WHERE l.how = h.how)
	UNION ALL
	(SELECT user_id, n, kind, delta, balance_after, session_id, reason, lots, 'there only' FROM seen.lines l WHERE l.how = h.how
	EXCEPT SELECT user_id, n, kind, delta, balance_after, session_id, reason, lots, 'there only' FROM seen.lines WHERE how = 'apart')) d ORDER BY 1, 2, 3;

-- What is not watched cannot be told from what was there before, in one transaction or in two
SET search_path = apart, public;
SET swanalloc.studio = 'apart';
SELECT swan_detach();
DROP TABLE swan_ledger, swan_lots, swan_holds, swan_waits;
DELETE FROM sessions;
DELETE FROM users;
INSERT INTO users (id, balance) VALUES (1, 5), (2, 5);
SELECT count(*) > 0 AS attached FROM swan_attach('users', 'sessions', '{"available_sessions": "balance", "user_id": "client", "session_date": "starts",
	"old_bookings": "charged"}', studio => 'apart');
SELECT swan_configure('guard_sessions', 'off');
INSERT INTO sessions (id, client, status, starts) VALUES (1, 1, 'scheduled', '2099-01-01');
SELECT available_sessions FROM swan_grant(1, 1);
BEGIN;
INSERT INTO sessions (id, client, status, starts) VALUES (2, 2, 'scheduled', '2099-01-01');
SELECT available_sessions FROM swan_grant(2, 1);
COMMIT;
SELECT user_id, kind, delta, balance_after, session_id, reason FROM swan_ledger ORDER BY id;

DROP SCHEMA seen, apart, once, once_rr, once_sr, twice, later CASCADE;
DROP EXTENSION swanalloc CASCADE;
