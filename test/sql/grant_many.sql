-- swan_grant_many: the same grant for many clients, or for none.
\i test/fixture/moves.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name) VALUES (31, 'John', 'Doe'), (32, NULL, NULL);

--
-- The same for each, in the order in which they were named
--
SELECT count(*) FROM swan_grant(12, 4);
SELECT user_id, added, available_sessions, message, ledger_id, replayed FROM swan_grant_many('{31, 12, 11, 32}', 3, ' New year ', '2099-06-01', actor => 1);
SELECT user_id, sessions FROM swan_grant_many('{32, 31}', 1);
SELECT id, user_id, delta, balance_after, kind, lot_id, reason, actor_id, db_role, key, call_id, details FROM studio.swan_ledger ORDER BY id;
SELECT id, user_id, source, granted, remaining, expires_at FROM studio.swan_lots ORDER BY id;
SELECT id, available_sessions FROM studio.users WHERE available_sessions > 0 ORDER BY id;

--
-- All or nothing
--
SELECT * FROM swan_grant_many('{11, 99, 12}', 1);
SELECT * FROM swan_grant_many('{}', 1);
SELECT * FROM swan_grant_many(NULL, 1);
SELECT * FROM swan_grant_many('{11, NULL}', 1);
SELECT * FROM swan_grant_many('{11, 12, 11}', 1);
SELECT * FROM swan_grant_many('{11}', NULL);
SELECT * FROM swan_grant_many('{11}', 101);
SELECT call, try('SELECT sum(added) FROM ' || call) FROM (VALUES
	(1, 'swan_grant_many(''{11}'', 0)'), (2, 'swan_grant_many(''{11}'', -1)'), (3, 'swan_grant_many(''{11}'', 2147483647)'),
	(4, 'swan_grant_many(''{11}'', 1, expires_at => ''2001-01-01'')'), (5, 'swan_grant_many(''{11}'', 1, expires_at => ''-infinity'')'),
	(6, 'swan_grant_many(''{11}'', 1, key => '' '')'), (7, 'swan_grant_many(''{11}'', 1, key => repeat(''k'', 256))'),
	(8, 'swan_grant_many(''{11}'', 100, repeat(''r'', 10000), ''infinity'', repeat(''k'', 255))'), (9, 'swan_grant_many(''{{11, 12}, {13, 14}}'', 1)'),
	(10, 'swan_grant_many(''{-9223372036854775808}'', 1)'), (11, 'swan_grant_many(''{NULL}'', NULL, key => '''', actor => 11)'),
	(12, 'swan_grant_many(ARRAY(SELECT generate_series(1, 100001)), 1)'), (13, 'swan_grant_many(''{11}'', 1, E'' \t'')')) t (n, call) ORDER BY n;
SELECT who, try('SELECT sum(added) FROM swan_grant_many(''{11, 12}'', 1, actor => ' || actor || ')')
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('one of them', '11'), ('another', '13')) a (who, actor);
SELECT sum(delta) FROM studio.swan_ledger;

--
-- Keys: each client's own, and the same as swan_grant's
--
SELECT added FROM swan_grant(13, 2, 'alone', NULL, 'k');
SELECT user_id, added, available_sessions, message, replayed, ledger_id = (SELECT id FROM studio.swan_ledger WHERE user_id = 13) AS his
  FROM swan_grant_many('{14, 13, 15}', 2, 'together', '2099-06-01', 'k');
SELECT sessions FROM swan_grant_many('{13, 14}', 2, NULL, NULL, 'k');
SELECT added, available_sessions, replayed, sessions FROM swan_grant(14, 2, key => 'k');
SELECT available_sessions FROM swan_grant(15, 5);
-- as it was then, though that expiry is in the past by now
SELECT user_id, available_sessions, replayed FROM swan_grant_many('{15, 14, 13}', 2, 'x', '2001-01-01', 'k', actor => 1);
-- one who is new to it has to be told an expiry to come
SELECT * FROM swan_grant_many('{15, 16}', 2, 'x', '2001-01-01', 'k');
-- one of them had another count: nobody gets anything
SELECT available_sessions FROM swan_grant(16, 1, key => 'k');
SELECT * FROM swan_grant_many('{17, 16}', 2, key => 'k');
SELECT count(*) FROM studio.swan_ledger WHERE user_id = 17;

--
-- Who had something due loses it in the same call
--
SELECT added FROM swan_grant(18, 3, expires_at => '2099-06-01');
SELECT pass(18, '2100-01-01');
SELECT user_id, available_sessions, message FROM swan_grant_many('{18, 19}', 2, key => 'sweep');
SELECT kind, delta, balance_after, actor_id, key, call_id = min(id) FILTER (WHERE kind = 'expiry') OVER () AS same_call FROM studio.swan_ledger WHERE user_id = 18 ORDER BY id;
-- not where everything is a replay
SELECT added FROM swan_grant(20, 1, key => 'r');
SELECT user_id, replayed FROM swan_grant_many('{20}', 1, key => 'r');

-- more than an integer holds, for one of them
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.users SET available_sessions = 2147483600 WHERE id = 21;
INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, db_role, call_id, at, xid)
VALUES (21, 2147483600, 2147483600, 'opening', 'test', 0, '2001-01-01', pg_current_xact_id());
RESET session_replication_role;
SET ROLE regress_owner;
SELECT try('SELECT sum(added) FROM swan_grant_many(''{20, 21, 22}'', 48)'), try('SELECT sum(added) FROM swan_grant_many(''{20, 21, 22}'', 47)');
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.users SET available_sessions = 0 WHERE id = 21;
DELETE FROM studio.swan_ledger WHERE user_id = 21;
RESET session_replication_role;
SET ROLE regress_owner;

-- with session_records each credit is a row, and a replay makes none
SELECT swan_configure('session_records', 'on');
SELECT count(*), sum(added) FROM swan_grant_many('{11, 22, 18}', 2, 'Rows', NULL, 'rows');
SELECT count(*), sum(added) FROM swan_grant_many('{11, 22, 18, 23}', 2, 'Rows', NULL, 'rows');
SELECT user_id, notes FROM studio.sessions WHERE notes LIKE 'Rows%' ORDER BY user_id, notes;
-- nor does one leave the rows of what has expired meanwhile
SELECT added FROM swan_grant(18, 3, 'Short', '2099-01-01');
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = '2001-01-01' WHERE expires_at = '2099-01-01';
RESET session_replication_role;
SET ROLE regress_owner;
SELECT user_id, added, replayed FROM swan_grant_many('{11, 18}', 2, 'Rows', NULL, 'rows');
SELECT u.available_sessions = count(*) AS in_step FROM studio.users u JOIN studio.sessions s ON s.user_id = u.id AND s.session_date IS NULL AND s.status = 'available' WHERE u.id = 18 GROUP BY u.id;
SELECT * FROM swan_verify();
SELECT swan_configure('session_records', 'off');
-- a retry is one though the limit was lowered and the expiry has passed; with a new client among them it is not
SELECT swan_configure('grant_max', '1');
SELECT user_id, replayed FROM swan_grant_many('{11, 18}', 2, 'Rows', '2001-01-01', 'rows');
SELECT * FROM swan_grant_many('{11, 12, 18}', 2, 'Rows', NULL, 'rows');
SELECT swan_configure('grant_max', '100');
SELECT * FROM swan_grant_many('{11, 12, 18}', 2, 'Rows', '2001-01-01', 'rows');

-- one of them is gone when the answer is asked for again
BEGIN;
INSERT INTO studio.users (id, first_name) VALUES (40, 'Brief');
SELECT user_id, available_sessions, replayed FROM swan_grant_many('{40, 18}', 2, key => 'brief');
SELECT moved FROM swan_revoke(40);
DELETE FROM studio.users WHERE id = 40;
SELECT user_id, added, message, replayed FROM swan_grant_many('{40, 18}', 2, key => 'brief');
SELECT user_id, added, message, replayed FROM swan_grant_many('{40, 18}', 2, key => 'another');
ROLLBACK;

--
-- Ten thousand in one call
--
INSERT INTO studio.users (id, first_name) SELECT i, 'many' FROM generate_series(1001, 11000) i;
SELECT count(*), sum(added), sum(available_sessions), count(DISTINCT ledger_id), bool_or(replayed)
  FROM swan_grant_many(ARRAY(SELECT id FROM studio.users WHERE first_name = 'many' ORDER BY id % 97, id), 5, key => 'many');
ANALYZE studio.users, studio.swan_ledger, studio.swan_lots;
SELECT count(*), sum(added), sum(available_sessions), count(DISTINCT ledger_id), bool_and(replayed)
  FROM swan_grant_many(ARRAY(SELECT id FROM studio.users WHERE first_name = 'many'), 5, key => 'many');
SELECT sum(available_sessions) FROM studio.users WHERE id > 1000;
SELECT count(*), sum(delta), count(DISTINCT user_id), bool_and(lot_id = id) FROM studio.swan_ledger WHERE user_id > 1000;
SELECT count(*), sum(remaining) FROM studio.swan_lots l JOIN studio.swan_ledger g USING (id, user_id) WHERE user_id > 1000;
-- and the last one unknown: nobody
SELECT try('SELECT count(*) FROM swan_grant_many(ARRAY(SELECT id FROM studio.users WHERE id > 1000) || 999::bigint, 5)');
SELECT sum(available_sessions) FROM studio.users WHERE id > 1000;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
