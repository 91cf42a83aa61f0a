-- The errors: their table, what a backend finds in DETAIL; and swan_health.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_owner;
CREATE ROLE regress_stranger;

SELECT * FROM swan_errors();
-- one row for each, each of our codes once, each sentence one sentence
SELECT count(*) - count(DISTINCT sqlstate) AS twice, bool_and(http_status BETWEEN 400 AND 599) AS http, bool_and(message <> '') AS said FROM swan_errors();
SELECT count(*) - count(DISTINCT code) AS twice FROM swan_errors() WHERE sqlstate LIKE 'SW%';

--
-- Health: for everybody, also where there is nothing yet
--
SELECT swan_health() ->> 'version' = extversion AS version, (swan_health() ->> 'feed_lag_seconds')::integer BETWEEN 0 AND 60 AS lag FROM pg_extension WHERE extname = 'swanalloc';
SET ROLE regress_stranger;
SELECT count(*) FROM swan_errors();
SELECT jsonb_pretty(swan_health() - '{version,feed_lag_seconds}'::text[]);
RESET ROLE;
SELECT swan_create_studio(owner => 'regress_owner');
SELECT jsonb_pretty(swan_health() - '{version,feed_lag_seconds}'::text[]);
-- a guard that is off, or a table that is gone; names are for those who may use the studio
BEGIN;
ALTER TABLE studio.users DISABLE TRIGGER swan_guard_users;
ALTER TABLE studio.swan_ledger DISABLE TRIGGER swan_guard_closed;
SELECT jsonb_pretty(swan_health() - '{version,feed_lag_seconds}'::text[]);
SET ROLE regress_stranger;
SELECT jsonb_pretty(swan_health() - '{version,feed_lag_seconds}'::text[]);
ROLLBACK;
BEGIN;
ALTER TABLE studio.swan_lots RENAME TO lots;
SELECT jsonb_pretty(swan_health() - '{version,feed_lag_seconds}'::text[]);
SET ROLE regress_stranger;
SELECT jsonb_pretty(swan_health() - '{version,feed_lag_seconds}'::text[]);
ROLLBACK;
SELECT swan_health() ->> 'status' AS status;
-- a superuser's studio works, but is a risk; a quote in a name is no risk
CREATE ROLE regress_super SUPERUSER;
SELECT swan_create_studio('the "2nd"', 'regress_super');
SELECT jsonb_pretty(swan_health() - '{version,feed_lag_seconds}'::text[]);
SELECT swan_detach('the "2nd"');
DROP SCHEMA "the ""2nd""" CASCADE;
DROP ROLE regress_super;
BEGIN READ ONLY;
SELECT swan_health() ->> 'status' AS status;
ROLLBACK;

--
-- Every error that can be raised: its code and HTTP status are those of the
-- table, DETAIL is one JSON object, the texts are in PostgreSQL's style
--
INSERT INTO studio.users (id, first_name, role) VALUES
	(1, 'Ada', 'admin'), (3, 'Tom', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 3, '1 day') a;
SELECT count(*) FROM swan_open(1, '2099-01-05 09:30') a;
SELECT added FROM swan_grant(11, 3, key => 'k');
SELECT status FROM swan_book(11, 1, key => 'k');
CREATE FUNCTION public.provoke(command text, OUT state text, OUT detail jsonb, OUT style text) LANGUAGE plpgsql AS $$
DECLARE
	m text;
	d text;
	h text;
BEGIN
	EXECUTE command;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
	detail := CASE WHEN state LIKE 'SW%' THEN d END;
	style := concat_ws(', ', CASE WHEN m ~ '^[A-Z]|[.!]$' THEN 'message: ' || m END, CASE WHEN h !~ '^([A-Z]|swan_).*[.]$' AND h <> '' THEN 'hint: ' || h END);
END $$;
SELECT c.command, e.state, e.detail ->> 'code' AS code, e.detail ->> 'message' AS message, e.detail - 'code' - 'http' - 'message' AS more,
       e.style, e.detail ->> 'code' = t.code AND (e.detail -> 'http')::integer = t.http_status AS as_in_table
  FROM (VALUES
	(1, 'SELECT swan_book(12, 2)'),
	(2, 'SELECT swan_book(11, 1)'),
	(3, 'SELECT swan_book(99, 2)'),
	(4, 'SELECT swan_summary(99)'),
	(5, 'SELECT swan_grant(11, 101)'),
	(6, 'SELECT swan_grant(11, NULL)'),
	(7, 'SELECT swan_book(11, NULL)'),
	(8, 'SELECT swan_grant(11, 1, actor => 12)'),
	(9, 'SELECT swan_book(12, 2, actor => 11)'),
	(10, 'SELECT swan_grant(11, 4, key => ''k'')'),
	(11, 'SELECT swan_book(11, 2, key => ''k'')'),
	(12, 'SELECT swan_book(11, 4)'),
	(13, 'SELECT swan_open(3, ''2099-01-05 09:30'')'),
	(14, 'SELECT swan_open(3, ''2099-02-05 09:30'', 60, 2, ''1 minute'')'),
	(15, 'UPDATE studio.users SET available_sessions = 9 WHERE id = 11'),
	(16, 'UPDATE studio.sessions SET status = ''cancelled'' WHERE id = 1'),
	(17, 'DELETE FROM studio.swan_lots'),
	(18, 'TRUNCATE studio.users, studio.sessions'),
	(19, 'SELECT swan_configure(''grant_max'', ''1'', ''nowhere'')'),
	(20, 'SELECT swan_grant(11, 1, expires_at => ''2001-01-01'')'),
	(21, 'SELECT swan_statement(11, after => ''"quoted" \ text'')'),
	(22, 'SELECT swan_grant(11, 1, key => '' '')'),
	(23, 'DELETE FROM studio.swan_ledger'),
	(24, 'UPDATE studio.swan_ledger SET delta = 1'),
	(25, 'TRUNCATE studio.swan_ledger'),
	(26, 'SELECT swan_verify(-9223372036854775808)')) c (n, command), LATERAL public.provoke(c.command) e
  LEFT JOIN swan_errors() t ON t.sqlstate = e.state ORDER BY c.n;
-- what the server itself raises where a value will not do, a rule of the application's stands in the way, or it is no time to write:
-- all of it is in the table
CREATE FUNCTION public.rule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'closed for the holidays'; END $$;
CREATE FUNCTION public.prepared(at text) RETURNS SETOF bigint LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'SELECT swan_open(1, $1)' USING at; END $$;
SELECT e.state, t.code, t.http_status, t.message, c.command
  FROM (VALUES
	(1, $$SELECT swan_book(11, '2.5')$$),
	(2, 'SELECT swan_book(11, 99999999999999999999::bigint)'),
	(3, $$SELECT swan_book(11, '99999999999999999999')$$),
	(4, $$SELECT swan_open(1, 'tomorrow at noon')$$),
	(5, $$SELECT swan_open(1, '2099-02-30')$$),
	(6, $$SELECT swan_open(1, '2099-02-03 10:00+99')$$),
	(7, $$SELECT swan_open(1, '2099-02-03', every => '9999999999 years')$$),
	(8, $$SELECT swan_open(1, '2099-02-03', every => '1 fortnight ago, or so')$$),
	(9, $$SELECT swan_grant(11, 1, convert_from('\xff', 'UTF8'))$$),
	(10, $$SELECT swan_purchase(11, 1, 'p', details => '{"a": "\u0000"}')$$),
	(11, $$SELECT swan_purchase(11, 1, 'p', details => '{a}')$$),
	(12, $$SELECT * FROM swan_clients() LIMIT -1$$),
	(13, $$SELECT * FROM swan_clients() OFFSET -1$$),
	(14, $$SELECT swan_book(11, true)$$),
	(15, $$SELECT swan_book('{11}'::text[], 2)$$),
	(16, $$SELECT public.prepared('2099-02-03 10:00')$$),
	(17, $$UPDATE studio.users SET id = true$$),
	(18, $$SELECT timezone('Europe/Nowhere', now())$$),
	(19, $$CREATE UNIQUE INDEX one ON studio.sessions (user_id); SELECT swan_book(11, 2)$$),
	(20, $$CREATE TRIGGER rule BEFORE UPDATE ON studio.sessions FOR EACH ROW EXECUTE FUNCTION public.rule(); SELECT swan_book(11, 2)$$),
	(22, $$SET LOCAL transaction_read_only = on; SELECT swan_book(11, 2)$$)) c (n, command), LATERAL public.provoke(c.command) e
  LEFT JOIN swan_errors() t ON t.sqlstate = e.state ORDER BY c.n;
DROP FUNCTION public.rule, public.prepared;
-- nothing of that was done
SELECT available, scheduled FROM swan_summary(11);
SELECT * FROM swan_verify();

DROP FUNCTION public.provoke;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_owner, regress_stranger;
