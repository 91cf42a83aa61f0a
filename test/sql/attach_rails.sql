-- Tables as Rails makes them behave as a studio of our own.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\set ECHO none
\i test/studio/rails.sql
\set ECHO all
\i test/studio/behaviour.sql
-- what is kept in step, and what is not touched; some sessions were dated back without us
SELECT count(*) > 30 AS slots, count(*) FILTER (WHERE ends_at IS DISTINCT FROM session_date + duration * interval '1 minute' AND session_date > '2090-01-01') AS other_end,
	count(*) FILTER (WHERE status = 'cancelled' AND cancelled_at IS NULL) AS not_dated, count(*) FILTER (WHERE status <> 'cancelled' AND cancelled_at IS NOT NULL) AS dated
FROM rails.sessions WHERE deleted_at IS NULL;
SELECT n.id, status, cancelled_by, cancel_reason FROM rails.sessions n WHERE cancelled_by IS NOT NULL OR cancel_reason IS NOT NULL ORDER BY id;
SELECT count(*), count(ends_at) FROM rails.sessions WHERE deleted_at IS NOT NULL;
SELECT count(*) FROM rails.swan_ledger WHERE user_id IN (14, 77, 99);

DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA seen CASCADE;
DROP SCHEMA rails CASCADE;
DROP ROLE regress_shop, regress_web, regress_john;
