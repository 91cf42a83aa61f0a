-- The behaviour of a studio of our own, which attached ones are held against.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\getenv dir PG_ABS_SRCDIR
\set ECHO none
\set file :dir '/studio/own.sql'
\i :file
\set ECHO all
\set file :dir '/studio/behaviour.sql'
\i :file

DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA seen CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_shop, regress_web, regress_john;
