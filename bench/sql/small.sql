-- One studio, of which no slot overlaps another. Variables: clients, slots, credits (of each client).
-- Clients are 1 to clients, the admin is clients + 1.
\ir studio.sql
GRANT USAGE ON SCHEMA studio TO bench_backend;
GRANT SELECT ON studio.users TO bench_backend;

INSERT INTO studio.users (first_name, last_name, email, role)
SELECT 'First' || i, 'Last' || i, 'user' || i || '@example.com',
  CASE WHEN i <= :clients THEN 'client' WHEN i = :clients + 1 THEN 'admin' ELSE 'trainer' END
FROM generate_series(1, :clients + 1 + 20) i;
SET session_replication_role = replica; -- in bulk, without triggers
INSERT INTO studio.sessions (trainer_id, session_date)
SELECT :clients + 2 + i % 20, timestamptz '2099-01-01 00:00+00' + i * interval '1 hour'
FROM generate_series(0, :slots - 1) i;
RESET session_replication_role;
SELECT :credits > 0 AS credits_wanted \gset
\if :credits_wanted
SELECT count(*) FROM swan_grant_many(ARRAY(SELECT generate_series(1, :clients)), :credits) \g /dev/null
\endif
VACUUM (ANALYZE);
CHECKPOINT;
