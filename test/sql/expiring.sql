-- swan_expiring: who will lose how many credits, and when.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, role) VALUES
	(2, 'Stella', NULL, 'staff'), (3, 'Tom', 'Trainer', 'trainer'), (11, 'John', 'Doe', 'client'), (12, NULL, NULL, 'client');
-- lot n expires in n days, but for the last ones: in 14 days less and more a minute, never
SELECT count(*) FROM generate_series(1, 5) n, swan_grant(11 + n % 2, n, expires_at => now() + n * interval '1 day');
SELECT added FROM swan_grant(11, 6, expires_at => now() + interval '14 days -1 minute');
SELECT added FROM swan_grant(11, 7, expires_at => now() + interval '14 days 1 minute');
SELECT added FROM swan_grant(11, 8);
SELECT added FROM swan_grant(12, 9, expires_at => now() + interval '400 days');
SELECT added FROM swan_grant(12, 1, expires_at => now() + interval '3 hours');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00') a;
SELECT session_id FROM swan_book(12, 1);
-- one has expired and is not swept
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = now() - interval '1 day' WHERE id = 1;
RESET session_replication_role;
SET ROLE regress_owner;

SELECT user_id, name, lot_id, remaining FROM swan_expiring();
SELECT bool_and(l.expires_at = e.expires_at AND l.remaining = e.remaining AND l.user_id = e.user_id) AS as_the_lots FROM swan_expiring() e JOIN studio.swan_lots l ON l.id = e.lot_id;
SELECT w AS within, (SELECT array_agg(lot_id) FROM swan_expiring(w)) AS lots
  FROM unnest(ARRAY['0', '-1 day', '1 hour', '2 days 1 hour', '1 month', '10 years']::interval[]) w;
-- pages
SELECT lot_id, cursor FROM swan_expiring(max_rows => 2) OFFSET 1 \gset
SELECT :lot_id AS last, array_agg(lot_id) AS next FROM swan_expiring(after => :'cursor', max_rows => 2);
SELECT lot_id AS last, cursor FROM swan_expiring() OFFSET 4 \gset
SELECT count(*) FROM swan_expiring(after => :'cursor');
-- lots that expire at the same instant come by id
SELECT count(*) FROM generate_series(1, 3) n, swan_grant(11, n, expires_at => '2099-01-01');
SELECT lot_id, cursor FROM swan_expiring('1000 years') WHERE expires_at = '2099-01-01' LIMIT 1 \gset
SELECT array_agg(lot_id - :lot_id) AS rest FROM swan_expiring('1000 years', :'cursor');

SELECT count(*) FROM swan_expiring('15 days', :'cursor');
SELECT count(*) FROM swan_expiring(max_rows => -1);
SELECT count(*) FROM swan_expiring(actor => 2);
SELECT count(*) FROM swan_expiring(actor => 3);
SELECT count(*) FROM swan_expiring(actor => 11);

RESET ROLE;
\i test/fixture/studio_gone.sql
