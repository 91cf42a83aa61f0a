-- A studio that 0.1.0 made, whose application has columns that are called as ours of later are.
\i test/fixture/moves.sql
DROP TABLE studio.swan_waits;
ALTER TABLE studio.sessions DROP class_id, DROP cost, DROP credits, DROP kind;
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_status_check,
	ADD CONSTRAINT sessions_status_check CHECK (status OPERATOR(pg_catalog.=) ANY ('{available,scheduled,confirmed,completed,cancelled}'));
ALTER TABLE studio.swan_ledger DROP suspended;
ALTER TABLE studio.swan_lots DROP valid_for, DROP good_for;
ALTER TABLE studio.swan_holds DROP since;
UPDATE swan.studio SET columns = '{}';
CREATE VIEW public.healthy AS SELECT swan_health() ->> 'status' AS health, (SELECT string_agg(problem, ', ') FROM swan_verify()) AS problems;
GRANT SELECT ON healthy TO PUBLIC;
SELECT * FROM healthy;
ALTER TABLE studio.sessions ADD cost numeric DEFAULT 25.50, ADD credits text DEFAULT 'the crew', ADD kind boolean DEFAULT true, ADD class_id text DEFAULT 'none';
SELECT * FROM healthy;
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', repeat => 9, every => '1 day');
SELECT count(*) FROM swan_grant(11, 1, 'a', '2099-02-01') a, swan_grant(11, 5, 'b') b;
SELECT credits, available_sessions FROM swan_book(11, 1, actor => 11);
SELECT credits, available_sessions FROM swan_charge(1, 2);
SELECT credits, available_sessions FROM swan_reschedule(1, 2);
SELECT credits, available_sessions, reopened_session_id FROM swan_cancel(2, actor => 11);
SELECT credits, available_sessions FROM swan_correct(2, 'scheduled', 'a mistake');
SELECT id, status, cost, credits, kind, class_id FROM studio.sessions WHERE user_id IS NOT NULL OR id > 9 ORDER BY id;
SELECT * FROM healthy;
-- what it has no place for, and why
SELECT swan_request(12, '2099-03-01 10:00', 3);
SELECT swan_open(3, '2099-03-01 10:00', cost => 2);
SELECT swan_open(3, '2099-03-01 10:00', kind => 'duo');
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_status_check;
SELECT status FROM swan_request(12, '2099-03-01 10:00', 3);
-- of the types that ours have
RESET ROLE;
ALTER TABLE studio.sessions DROP cost, DROP credits, DROP kind, DROP class_id;
ALTER TABLE studio.sessions ADD cost integer DEFAULT 25, ADD credits integer DEFAULT 7, ADD kind text NOT NULL DEFAULT 'z', ADD class_id bigint DEFAULT 1;
SET ROLE regress_owner;
SELECT credits, available_sessions FROM swan_book(11, 3, actor => 11);
SELECT credits, available_sessions FROM swan_cancel(3, actor => 11);
SELECT id, status, cost, credits, kind, class_id FROM studio.sessions WHERE id = 3 OR id > 12 ORDER BY id;
SELECT * FROM healthy;
-- who may give it what it lacks, and what that is; what the application calls as ours keeps its name
RESET ROLE;
SELECT studio, state, outdated FROM swan_studios();
SELECT swan_health() -> 'warnings' AS warnings;
COMMENT ON COLUMN studio.users.email IS 'where they are written to';
SET ROLE regress_owner;
SELECT credits FROM swan_grant(14, 3), swan_book(14, 7, actor => 14);
SELECT credits, available_sessions FROM swan_charge(7, 2);
SELECT * FROM swan_wait(12, 2);
SELECT * FROM swan_suspend(12);
SELECT * FROM swan_grant(12, 1, valid_for => '1 month');
SELECT * FROM swan_open(3, '2099-03-02 10:00', places => 3);
ALTER TABLE studio.swan_lots ADD valid_for text;
SELECT * FROM swan_upgrade_studio();
ALTER TABLE studio.swan_lots RENAME valid_for TO remark;
SELECT * FROM swan_upgrade_studio();
SELECT * FROM swan_upgrade_studio('studio');
SELECT studio, state, outdated FROM swan_studios();
SELECT * FROM healthy;
SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)
	FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
	WHERE attrelid = 'studio.sessions'::regclass AND attnum > 10 AND NOT attisdropped ORDER BY attnum;
SELECT pg_get_indexdef('studio.sessions_class'::regclass), conname, pg_get_constraintdef(oid)
	FROM pg_constraint WHERE conrelid = 'studio.sessions'::regclass AND contype = 'c' ORDER BY conname;
SELECT col_description('studio.users'::regclass, attnum) FROM pg_attribute
	WHERE attrelid = 'studio.users'::regclass AND attname IN ('email', 'role') ORDER BY 1;
-- it has all that a new one has, and what was there is as it was
SELECT session_id, credits, available_sessions FROM swan_book(11, 6, actor => 11);
SELECT credits, returned FROM swan_cancel(6, actor => 11);
SELECT credits, returned, available_sessions FROM swan_cancel(7, reopen => false, actor => NULL);
SELECT line, user_id FROM swan_wait(12, 2);
SELECT credits, returned, available_sessions FROM swan_cancel(2, actor => 11);
SELECT line, user_id, offered_until IS NOT NULL AS his_turn FROM swan_waiting();
SELECT * FROM swan_open(3, '2099-03-02 10:00', places => 3, cost => 2, kind => 'duo') AS class \gset
SELECT credits, available_sessions FROM swan_book(11, :class, actor => 11);
SELECT user_id, status FROM swan_request(12, '2099-03-01 12:00', 3);
SELECT user_id FROM swan_suspend(13);
SELECT added FROM swan_grant(12, 1, valid_for => '1 month');
SELECT id, status, cost, credits, kind, class_id, swan_cost, swan_credits, swan_kind, swan_class_id
	FROM studio.sessions WHERE id IN (1, 2, 6) OR id > 12 ORDER BY id;
SELECT * FROM healthy;
-- its own constraint stays as it is
ALTER TABLE studio.sessions ADD CONSTRAINT sessions_status_check CHECK (status OPERATOR(pg_catalog.<>) 'odd');
SELECT * FROM swan_upgrade_studio();
-- where nothing is lacking but a table, none is locked
DROP TABLE studio.swan_waits;
SELECT * FROM swan_upgrade_studio();
SELECT * FROM healthy;
RESET ROLE;
DROP VIEW healthy;
\i test/fixture/moves_gone.sql
