-- Tables as Django makes them behave as a studio of our own.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\set ECHO none
\i test/studio/django.sql
\set ECHO all
\i test/studio/behaviour.sql

DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA seen CASCADE;
DROP SCHEMA django CASCADE;
DROP ROLE regress_shop, regress_web, regress_john;
