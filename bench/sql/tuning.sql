-- Studios that differ in what is done to them when they are made. Variables: clients, slots, rows, studios: (name, commands).
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION swanalloc;
CREATE ROLE bench_owner LOGIN;
CREATE ROLE bench_backend LOGIN;
\ir fill.sql
CREATE TABLE studios (studio text, commands text);
\copy studios FROM pstdin
SELECT swan_create_studio(studio, 'bench_owner') FROM studios \g /dev/null
SELECT swan_allow('bench_backend', 'backend', studio => studio) FROM studios \g /dev/null
\o /dev/null
SELECT format('SET search_path = %I; ', studio) || commands FROM studios \gexec
\o
RESET search_path;
SELECT fill(studio, :clients, :slots, :rows) FROM studios \g /dev/null
VACUUM (FULL, ANALYZE); -- so that tables are as full as fillfactor says
VACUUM;
SELECT pg_stat_reset() \g /dev/null
CHECKPOINT;
