-- The behaviour of a studio of our own, which attached ones are held against.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\set ECHO none
\i test/studio/own.sql
\set ECHO all
\i test/studio/behaviour.sql

DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA seen CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_shop, regress_web, regress_john;
