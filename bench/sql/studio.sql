-- What every bench of one guarded studio begins with: its two roles, and the studio.
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE bench_owner LOGIN;
CREATE ROLE bench_backend LOGIN;
SELECT swan_create_studio('studio', 'bench_owner') \g /dev/null
SELECT swan_allow('bench_backend', 'backend', studio => 'studio') \g /dev/null
