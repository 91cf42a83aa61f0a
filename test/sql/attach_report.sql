-- Tables as Sequelize makes them behave as a studio of our own.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\set ECHO none
\i test/studio/report.sql
\set ECHO all
\i test/studio/behaviour.sql

DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA seen CASCADE;
DROP TABLE sessions, users, swan_ledger, swan_lots, swan_holds, swan_waits;
DROP TYPE "enum_users_role", "enum_sessions_status";
REVOKE ALL ON SCHEMA public FROM regress_shop;
DROP ROLE regress_shop, regress_web, regress_john;
