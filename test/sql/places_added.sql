-- What a direct write opens is kept for those who wait, at once: a place more of a class, and a booking that becomes a slot again.
\i test/fixture/moves.sql
\i test/fixture/later.sql
SET ROLE regress_owner;
CREATE VIEW studio.line AS SELECT session_id, user_id, auto, told, round(extract(epoch FROM offered_from - clock_timestamp()) / 60) AS begins,
	round(extract(epoch FROM offered_until - clock_timestamp()) / 60) AS ends FROM studio.swan_waits ORDER BY session_id, id;
SELECT count(*) FROM generate_series(11, 16) u, swan_grant(u, 5);
SELECT swan_open(3, '2099-01-05 18:00', places => 2) AS class \gset
SELECT count(*) FROM unnest('{11, 12}'::bigint[]) u, swan_book(u, :class, actor => u);
SELECT count(*) FROM unnest('{13, 14, 15}'::bigint[]) u, swan_wait(u, :class, actor => u);

-- of a class that is full
INSERT INTO studio.sessions (trainer_id, session_date, duration, class_id) VALUES (3, '2099-01-05 18:00', 60, :class);
SELECT * FROM studio.line;
SELECT u, ok, code FROM unnest('{13, 14, 16}'::bigint[]) u, swan_can_book(u, :class) ORDER BY u;
-- of one that has an open place: the next one's turn is now, too
INSERT INTO studio.sessions (trainer_id, session_date, duration, class_id) VALUES (3, '2099-01-05 18:00', 60, :class);
SELECT * FROM studio.line;
SELECT u, ok, code FROM unnest('{13, 14, 15, 16}'::bigint[]) u, swan_can_book(u, :class) ORDER BY u;
-- swan_promote tells them
SELECT count(*) FROM swan_promote();
SELECT user_id, kind FROM studio.swan_ledger WHERE kind = 'offer' ORDER BY id;
SELECT user_id FROM swan_book(14, :class, actor => 14);
-- all have had their turn, and one place is anybody's: another one is for the first in line again
SELECT public.later('9 hours');
SELECT ok FROM swan_can_book(16, :class);
SELECT user_id FROM swan_book(16, :class, actor => 16);
INSERT INTO studio.sessions (trainer_id, session_date, duration, class_id) VALUES (3, '2099-01-05 18:00', 60, :class);
SELECT * FROM studio.line;
-- a change that opens nothing gives nobody a turn
SELECT public.later('9 hours');
UPDATE studio.sessions SET notes = 'by the window' WHERE class_id = :class;
SELECT * FROM studio.line;
-- as many as there are, in one statement; what is not open is for nobody
INSERT INTO studio.sessions (trainer_id, session_date, duration, class_id, status) SELECT 3, '2099-01-05 18:00', 60, :class, s FROM unnest('{available, blocked, available}'::text[]) s;
SELECT * FROM studio.line;
SELECT * FROM swan_verify();

-- a booking that the application takes back by itself
SELECT swan_configure('guard_sessions', 'record');
SELECT swan_open(3, '2099-01-06 18:00') AS slot \gset
SELECT user_id FROM swan_book(11, :slot, actor => 11);
SELECT line FROM swan_wait(12, :slot, actor => 12);
UPDATE studio.sessions SET user_id = NULL, status = 'available', session_deducted = false, credits = 0 WHERE id = :slot;
SELECT * FROM studio.line WHERE session_id = :slot;
SELECT u, ok, code FROM unnest('{12, 16}'::bigint[]) u, swan_can_book(u, :slot) ORDER BY u;
-- as long as the statement is not committed nobody else sees it, and when it is undone nobody's turn has come
SELECT swan_open(3, '2099-01-07 18:00') AS slot \gset
SELECT user_id FROM swan_book(11, :slot, actor => 11);
SELECT line FROM swan_wait(13, :slot, actor => 13);
BEGIN;
UPDATE studio.sessions SET user_id = NULL, status = 'available' WHERE id = :slot;
ROLLBACK;
SELECT * FROM studio.line WHERE session_id = :slot;
-- what nobody saw is put in order by swan_promote: a slot that opened, and a place more than turns
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.sessions SET user_id = NULL, status = 'available' WHERE id = :slot;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT count(*) FROM swan_promote();
SELECT * FROM studio.line WHERE session_id = :slot;
SELECT swan_open(3, '2099-01-08 18:00', places => 2) AS class \gset
SELECT count(*) FROM unnest('{11, 12}'::bigint[]) u, swan_book(u, :class, actor => u);
SELECT count(*) FROM unnest('{13, 14, 15}'::bigint[]) u, swan_wait(u, :class, actor => u);
SELECT status FROM swan_cancel(:class, actor => 11);
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO studio.sessions (trainer_id, session_date, duration, class_id) VALUES (3, '2099-01-08 18:00', 60, :class);
RESET session_replication_role;
SET ROLE regress_owner;
SELECT * FROM studio.line WHERE session_id = :class;
SELECT count(*) FROM swan_promote();
SELECT count(*) FROM swan_promote();
SELECT * FROM studio.line WHERE session_id = :class;
-- what leaves its class is written down where direct writes are
SELECT swan_configure('guard_balance', 'record'), swan_configure('guard_sessions', 'record');
UPDATE studio.sessions SET class_id = NULL WHERE class_id = :class AND user_id = 12;
SELECT user_id, details -> 'old' ? 'class_id' AS was, details -> 'new' ? 'class_id' AS is FROM studio.swan_ledger WHERE kind = 'external' ORDER BY id DESC LIMIT 1;
DROP VIEW studio.line;
RESET ROLE;
DROP FUNCTION public.later;
\i test/fixture/moves_gone.sql
