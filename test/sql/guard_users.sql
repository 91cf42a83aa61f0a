-- The guard on users: nobody but the engine changes a balance, or he is written down.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_gu_owner;
CREATE ROLE regress_gu_app;
SELECT swan_create_studio(owner => 'regress_gu_owner');
GRANT USAGE ON SCHEMA studio TO regress_gu_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON studio.users TO regress_gu_app;

-- says how a statement ended, in one line
CREATE FUNCTION try(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE command;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN 'ok, ' || n || ' rows';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END
$$;
CREATE VIEW accounts AS
	SELECT u.id, u.available_sessions AS balance, count(g.id) AS lines, sum(g.delta) AS ledger,
		(SELECT sum(l.remaining) FROM studio.swan_lots l WHERE l.user_id = u.id) AS lots
	FROM studio.users u LEFT JOIN studio.swan_ledger g ON g.user_id = u.id
	GROUP BY u.id;

INSERT INTO studio.users (first_name, role) VALUES
	('Ada', 'client'), ('Ben', 'client'), ('Cleo', 'client'), ('Tom', 'trainer');
SELECT ledger_id FROM swan_grant(1, 5);
SELECT ledger_id FROM swan_grant(2, 3);
SELECT * FROM swan_open(4, '2099-01-05 10:00');
SELECT session_id, status FROM swan_book(2, 1);

--
-- refuse
--
UPDATE studio.users SET available_sessions = 6 WHERE id = 1;
UPDATE studio.users SET available_sessions = -1 WHERE id = 1;
UPDATE studio.users SET id = 77 WHERE id = 3;
INSERT INTO studio.users (first_name, available_sessions) VALUES ('Dan', 1);
DELETE FROM studio.users WHERE id = 1;
COPY studio.users (first_name, available_sessions) FROM STDIN;
Dan	1
\.
\echo :SQLSTATE
COPY studio.users (first_name, available_sessions) FROM STDIN;
Dan	-1
\.
\echo :SQLSTATE

SELECT try(c) AS result, c AS command FROM (VALUES
	('UPDATE studio.users SET available_sessions = available_sessions + 1'),
	('UPDATE studio.users SET available_sessions = 0 WHERE id = 1'),
	('UPDATE studio.users SET available_sessions = NULL WHERE id = 1'),
	('INSERT INTO studio.users (first_name, available_sessions) VALUES (''Dan'', -1)'),
	('INSERT INTO studio.users (id, first_name) VALUES (1, ''x'') ON CONFLICT (id) DO UPDATE SET available_sessions = 9'),
	('INSERT INTO studio.users (id, available_sessions) VALUES (1, 7) ON CONFLICT (id) DO UPDATE SET available_sessions = EXCLUDED.available_sessions'),
	('INSERT INTO studio.users (id, available_sessions) VALUES (1, 7) ON CONFLICT (id) DO NOTHING'),
	('INSERT INTO studio.users (id, available_sessions) VALUES (1, 7) ON CONFLICT (id) DO UPDATE SET first_name = ''Ada'''),
	('MERGE INTO studio.users u USING (VALUES (1::bigint, 8)) v (id, n) ON u.id = v.id WHEN MATCHED THEN UPDATE SET available_sessions = n'),
	('MERGE INTO studio.users u USING (VALUES (50::bigint, 8)) v (id, n) ON u.id = v.id WHEN NOT MATCHED THEN INSERT (id, available_sessions) VALUES (v.id, n)'),
	('MERGE INTO studio.users u USING (VALUES (1::bigint)) v (id) ON u.id = v.id WHEN MATCHED THEN DELETE'),
	('WITH x AS (UPDATE studio.users SET available_sessions = 0 RETURNING id) SELECT * FROM x'),
	('WITH x AS (UPDATE studio.users SET available_sessions = 0 WHERE id = 1 RETURNING id) UPDATE studio.users SET last_name = ''x'' WHERE id = 3')
) AS t (c);

-- the client's bookings are his, and what the ledger says of them
SELECT session_id FROM swan_book(1, (SELECT * FROM swan_open(4, '2099-01-05 12:00')));
SELECT try(c) AS result, c AS command FROM (VALUES
	('DELETE FROM studio.users WHERE id = 2'),
	('UPDATE studio.users SET id = 78 WHERE id = 2')
) AS t (c);
DO $$
BEGIN	-- he has spent the last one
	PERFORM swan_book(2, (SELECT * FROM swan_open(4, '2099-02-05 10:00')));
	PERFORM swan_book(2, (SELECT * FROM swan_open(4, '2099-02-05 12:00')));
END
$$;
SELECT available_sessions FROM studio.users WHERE id = 2;
DELETE FROM studio.users WHERE id = 2;

-- an ordinary role with every privilege, and the owner himself
SET ROLE regress_gu_app;
SELECT try('UPDATE studio.users SET available_sessions = 6 WHERE id = 1');
SELECT try('DELETE FROM studio.users WHERE id = 1');
RESET ROLE;
SET ROLE regress_gu_owner;
SELECT try('UPDATE studio.users SET available_sessions = 6 WHERE id = 1');
RESET ROLE;

-- to change and change back is refused at the first of the two
BEGIN;
UPDATE studio.users SET available_sessions = 6 WHERE id = 1;
UPDATE studio.users SET available_sessions = 4 WHERE id = 1;
COMMIT;

-- what leaves the balance alone is free
SELECT try(c) AS result, c AS command FROM (VALUES
	('UPDATE studio.users SET first_name = ''Ada'', last_name = ''Fox'', email = ''ada@x'', role = ''client'', available_sessions = 4 WHERE id = 1'),
	('UPDATE studio.users SET available_sessions = available_sessions'),
	('INSERT INTO studio.users (id, first_name, available_sessions) VALUES (1, ''Ada'', 0) ON CONFLICT (id) DO UPDATE SET first_name = EXCLUDED.first_name'),
	('INSERT INTO studio.users (id, first_name) VALUES (60, ''Eve'')'),
	('INSERT INTO studio.users (id, first_name, available_sessions) VALUES (61, ''Fay'', 0)'),
	('DELETE FROM studio.users WHERE id IN (60, 61)'),
	('DELETE FROM studio.users WHERE id = 3')
) AS t (c);
SELECT * FROM accounts ORDER BY id;
SELECT * FROM swan_verify();

--
-- record
--
SELECT swan_configure('guard_balance', 'record');
SELECT max(id) AS before FROM studio.swan_ledger \gset
INSERT INTO studio.users (id, first_name) VALUES (3, 'Cleo');
UPDATE studio.users SET available_sessions = 6 WHERE id = 1;
UPDATE studio.users SET available_sessions = available_sessions + 2 WHERE id IN (1, 3);
UPDATE studio.users SET available_sessions = 1 WHERE id = 1;
UPDATE studio.users SET available_sessions = 1, last_name = 'Fix' WHERE id = 1;
BEGIN;
UPDATE studio.users SET available_sessions = 9 WHERE id = 1;
UPDATE studio.users SET available_sessions = 1 WHERE id = 1;
COMMIT;
BEGIN;
UPDATE studio.users SET available_sessions = 9 WHERE id = 1;
ROLLBACK;
INSERT INTO studio.users (id, first_name, available_sessions) VALUES (70, 'Gus', 3);
INSERT INTO studio.users (id, available_sessions) VALUES (70, 2)
	ON CONFLICT (id) DO UPDATE SET available_sessions = users.available_sessions + EXCLUDED.available_sessions;
MERGE INTO studio.users u USING (VALUES (70::bigint, 4)) v (id, n) ON u.id = v.id
	WHEN MATCHED THEN UPDATE SET available_sessions = n;
WITH x AS (UPDATE studio.users SET available_sessions = 0 WHERE id = 70 RETURNING id)
	UPDATE studio.users SET available_sessions = 7 WHERE id = 3 AND EXISTS (SELECT 1 FROM x);
COPY studio.users (id, first_name, available_sessions) FROM STDIN;
71	Hal	2
72	Ina	0
\.
SET ROLE regress_gu_app;
UPDATE studio.users SET available_sessions = 5 WHERE id = 71;
DELETE FROM studio.users WHERE id = 71;
RESET ROLE;
SELECT id, user_id, delta, balance_after, kind, lot_id, reason, actor_id, nullif(db_role, current_user) AS by,
	call_id, xid = min(xid) OVER (PARTITION BY call_id) AS one_xid
FROM studio.swan_ledger WHERE id > :before ORDER BY id;
SELECT id, user_id, source, granted, remaining, expires_at FROM studio.swan_lots WHERE id > :before ORDER BY id;

-- credits that expire soonest go first, those past their expiry last
SELECT ledger_id FROM swan_grant(72, 2);
SELECT ledger_id FROM swan_grant(72, 2, expires_at => '2098-01-01');
SELECT ledger_id FROM swan_grant(72, 2, expires_at => '2097-01-01');
SELECT max(id) AS before FROM studio.swan_ledger \gset
UPDATE studio.users SET available_sessions = 1 WHERE id = 72;
SELECT g.delta, g.balance_after, l.expires_at, g.call_id - :before AS call
FROM studio.swan_ledger g JOIN studio.swan_lots l ON l.id = g.lot_id WHERE g.id > :before ORDER BY g.id;
SELECT ledger_id FROM swan_grant(72, 2, expires_at => '2097-01-01');
SET session_replication_role = replica;	-- as if time had passed
UPDATE studio.swan_lots SET expires_at = '2020-01-01' WHERE id = (SELECT max(id) FROM studio.swan_lots);
RESET session_replication_role;
SELECT max(id) AS before FROM studio.swan_ledger \gset
UPDATE studio.users SET available_sessions = 1 WHERE id = 72;
SELECT g.delta, g.balance_after, l.expires_at, g.kind
FROM studio.swan_ledger g JOIN studio.swan_lots l ON l.id = g.lot_id WHERE g.id > :before ORDER BY g.id;

-- below zero, and the id, are refused here too
UPDATE studio.users SET available_sessions = -1 WHERE id = 1;
UPDATE studio.users SET id = 79 WHERE id = 70;
SELECT try(c) AS result, c AS command FROM (VALUES
	('UPDATE studio.users SET available_sessions = available_sessions - 2'),
	('UPDATE studio.users SET available_sessions = NULL WHERE id = 1'),
	('UPDATE studio.users SET available_sessions = 2147483647 WHERE id = 1'),
	('UPDATE studio.users SET available_sessions = 1 WHERE id = 1'),
	('INSERT INTO studio.users (first_name, available_sessions) VALUES (''Jo'', -5)'),
	('MERGE INTO studio.users u USING (VALUES (1::bigint)) v (id) ON u.id = v.id WHEN MATCHED THEN UPDATE SET available_sessions = -1')
) AS t (c);

SELECT * FROM accounts ORDER BY id;
SELECT * FROM swan_verify();

-- without triggers the CHECK holds, and swan_verify tells of the rest
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT try('UPDATE studio.users SET available_sessions = -1 WHERE id = 1');
UPDATE studio.users SET available_sessions = 50 WHERE id = 1;
SET LOCAL session_replication_role = origin;
SELECT * FROM swan_verify();
ROLLBACK;
BEGIN;
ALTER TABLE studio.users DISABLE TRIGGER USER;
SELECT try('UPDATE studio.users SET available_sessions = -1 WHERE id = 1');
SELECT * FROM swan_verify();
ROLLBACK;
SELECT * FROM swan_verify();

DROP VIEW accounts;
DROP FUNCTION try(text);
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP ROLE regress_gu_owner, regress_gu_app;
