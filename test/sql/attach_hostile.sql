-- Tables with everything that can be odd behave as a studio of our own.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\set ECHO none
\i test/studio/hostile.sql
\set ECHO all
\i test/studio/behaviour.sql

-- Its trigger ran in all of this, and wrote where it meant to
SELECT said, count(*) > 0 AS some FROM "The ""Odd"" {Shop}".log GROUP BY said ORDER BY said;
SELECT said, count(*) > 0 AS some FROM "it's {users.id}".log2 GROUP BY said ORDER BY said;
-- When its ids are used up nothing is half done
SELECT setval('"it''s {users.id}"."sessions_}_seq"', 2147483647);
SET search_path = seen, public;
SELECT available_sessions FROM swan_book(11, s(15));
SELECT try('SELECT * FROM swan_cancel(#15, reopen => true)');
SELECT try('SELECT * FROM swan_open(3, ''2099-05-05 09:00'')');
SELECT available_sessions, returned, reopened_session_id FROM swan_cancel(s(15), reopen => false);
SELECT * FROM swan_verify();
RESET search_path;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA seen CASCADE;
DROP SCHEMA "The ""Odd"" {Shop}" CASCADE;
DROP SCHEMA "it's {users.id}" CASCADE;
DROP ROLE regress_shop, regress_web, regress_john;
