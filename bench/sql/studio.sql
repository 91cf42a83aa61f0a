-- What every bench of one guarded studio begins with: its two roles, and the studio.
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
SELECT format('CREATE ROLE %I LOGIN', r) FROM unnest('{bench_owner,bench_backend}'::text[]) r
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) \gexec
SELECT swan_create_studio('studio', 'bench_owner') \g /dev/null
SELECT swan_allow('bench_backend', 'backend', studio => 'studio') \g /dev/null
