-- Tables with the report's own DDL behave as a studio of our own.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\getenv dir PG_ABS_SRCDIR
\set ECHO none
\set file :dir '/studio/folded.sql'
\i :file
\set ECHO all
\set file :dir '/studio/behaviour.sql'
\i :file

DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA seen CASCADE;
DROP SCHEMA folded CASCADE;
DROP ROLE regress_shop, regress_web, regress_john;
