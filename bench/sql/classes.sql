-- Classes of 30, one a day: place number i has the id 1000000 + i. Variable: places.
SET session_replication_role = replica;
INSERT INTO studio.sessions (id, trainer_id, session_date, class_id)
SELECT 1000000 + i, (SELECT min(id) FROM studio.users WHERE role = 'trainer'), timestamptz '2199-01-01 08:00+00' + (i - 1) / 30 * interval '1 day',
  1000000 + i - (i - 1) % 30
FROM generate_series(1, :places + 30) i;
RESET session_replication_role;
VACUUM (ANALYZE) studio.sessions;
