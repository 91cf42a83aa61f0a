-- swan_import_many: ten thousand packs of another system in one call, half of them ended.
\i test/fixture/moves.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name) SELECT i, 'client ' || i FROM generate_series(101, 600) i;
-- every second one has ended, every fifth is used up, every tenth has no name, every seventh no amount
CREATE TABLE studio.packs AS
	SELECT i, 101 + i % 500 AS user_id, 1 + i % 9 AS granted, CASE i % 5 WHEN 0 THEN 1 + i % 9 ELSE i % (2 + i % 9) END AS used, i % 2 = 0 AS ended,
	       CASE WHEN i % 10 > 0 THEN 'old ' || i / 3 END AS payment_ref, 'item ' || i % 3 AS item, CASE WHEN i % 7 > 0 THEN i * 100 END AS amount_minor
	  FROM generate_series(1, 10000) i;
CREATE FUNCTION studio.list(packs studio.packs[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(jsonb_build_object('user_id', user_id, 'granted', granted, 'used', used, 'expires_at', CASE WHEN ended THEN timestamptz '2024-01-01' + i * interval '1 minute' ELSE '2099-01-01' END,
		'payment_ref', payment_ref, 'item', CASE WHEN payment_ref IS NOT NULL THEN item END, 'amount_minor', amount_minor, 'currency', 'EUR', 'at', timestamptz '2023-01-01' + i * interval '1 minute') ORDER BY i)
	  FROM unnest(packs)
$$;
-- one that cannot be is the last: nothing is there then
SELECT try($$SELECT count(*) FROM swan_import_many((SELECT studio.list(array_agg(p)) || '[{"user_id": 99999, "granted": 1}]' FROM studio.packs p WHERE i <= 500))$$);
SELECT count(*) FROM studio.swan_lots;

CREATE TABLE studio.told AS
	SELECT t.* FROM swan_import_many((SELECT studio.list(array_agg(p)) FROM studio.packs p)) WITH ORDINALITY t (user_id, lot_id, granted, used, expired, remaining, available_sessions, replayed, i);
-- answered in their order, each as it is
SELECT count(*), count(*) FILTER (WHERE replayed) AS replayed, count(DISTINCT lot_id) AS lots FROM studio.told;
SELECT count(*) FROM studio.told t JOIN studio.packs p USING (i)
 WHERE (t.user_id, t.granted, t.used, t.expired, t.remaining) IS DISTINCT FROM
       (p.user_id, p.granted, p.used, CASE WHEN ended THEN p.granted - p.used ELSE 0 END, CASE WHEN ended THEN 0 ELSE p.granted - p.used END);
-- and so it is written: each lot, each client
SELECT count(*) FROM studio.told t JOIN studio.packs p USING (i) LEFT JOIN studio.swan_lots l ON l.id = t.lot_id
 WHERE (l.user_id, l.granted, l.remaining, l.payment_ref, l.item, l.amount_minor, l.source, l.swept) IS DISTINCT FROM
       (p.user_id, p.granted, t.remaining, p.payment_ref, CASE WHEN p.payment_ref IS NOT NULL THEN p.item END, p.amount_minor, 'import', ended);
SELECT count(*) FROM (SELECT user_id, sum(granted) AS granted, sum(used) AS used, sum(CASE WHEN ended THEN 0 ELSE granted - used END) AS remaining FROM studio.packs GROUP BY 1) p
  CROSS JOIN LATERAL swan_client(p.user_id) c WHERE (c.available_sessions, c.total_sessions_purchased, c.sessions_used) IS DISTINCT FROM (p.remaining, p.granted, p.used);
SELECT count(*) FROM studio.told t JOIN studio.users u ON u.id = t.user_id WHERE u.available_sessions <> t.available_sessions;
SELECT sum(credits) = (SELECT sum(granted - used) FROM studio.packs WHERE NOT ended) AS liability FROM swan_liability();
SELECT clients, credits FROM swan_expire(100000);
-- sent again: those with a name are known, the others are new ones
SELECT t.replayed, count(*), count(DISTINCT t.lot_id) AS lots, count(*) FILTER (WHERE t.lot_id = o.lot_id AND t.expired = o.expired AND t.remaining = o.remaining) AS same
  FROM swan_import_many((SELECT studio.list(array_agg(p)) FROM studio.packs p WHERE i <= 500)) WITH ORDINALITY t (user_id, lot_id, granted, used, expired, remaining, available_sessions, replayed, i)
  JOIN studio.told o USING (i) GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM studio.swan_lots;
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
