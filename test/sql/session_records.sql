-- The setting session_records: an undated row of sessions for every credit.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES
	(1, 'Ada', 'admin'), (3, 'Tom', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client'), (13, 'Paul', 'client');
CREATE VIEW studio.records AS
	SELECT id, user_id, trainer_id, status, duration, notes, booked_at, session_deducted, confirmed
	  FROM studio.sessions WHERE session_date IS NULL;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;

-- off: there are none
SELECT added FROM swan_grant(11, 3);
SELECT count(*) FROM studio.records;

-- switched on: as many as every balance, also of those who had some
SELECT added FROM swan_grant(12, 2);
SELECT swan_configure('session_records', 'on');
SELECT * FROM studio.records ORDER BY id;
SELECT * FROM swan_verify();
-- once more changes nothing
SELECT swan_configure('session_records', 'on');
SELECT user_id, count(*) FROM studio.records GROUP BY user_id ORDER BY user_id;

-- a grant makes them, noted with its reason, as its answer says
SELECT s ->> 'notes' AS notes FROM swan_grant(12, 2, 'Birthday'), jsonb_array_elements(sessions) s;
SELECT id, notes FROM studio.records WHERE user_id = 12 ORDER BY id;
SELECT added FROM swan_grant(13, 1, 'it''s "5%" \ %s');
SELECT notes FROM studio.records WHERE user_id = 13;
SELECT added FROM swan_grant(13, 100, repeat('x', 300));
SELECT count(*), max(length(notes)) FROM studio.records WHERE user_id = 13;
-- a booking takes the newest; a free one takes none
SELECT available_sessions FROM swan_book(12, 1);
SELECT id, notes FROM studio.records WHERE user_id = 12 ORDER BY id;
SELECT available_sessions FROM swan_book(12, 2, false);
SELECT count(*) FROM studio.records WHERE user_id = 12;
-- a replay makes and takes none
SELECT i, added, replayed FROM generate_series(1, 2) i, swan_grant(11 + 0 * i, 1, 'Key', NULL, 'k');
SELECT i, replayed FROM generate_series(1, 2) i, swan_book(11 + 0 * i, 3, NULL, 'k');
SELECT count(*) FROM studio.records WHERE user_id = 11;
-- neither does a call that fails
SELECT * FROM swan_book(12, 1);
SELECT * FROM swan_grant(12, 101);
SELECT user_id, count(*) FROM studio.records GROUP BY user_id ORDER BY user_id;
-- credits that expire take theirs along
SELECT added FROM swan_grant(11, 5, 'Short', '2099-05-01');
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = '2001-01-01' WHERE expires_at IS NOT NULL;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT count(*) FROM studio.records WHERE user_id = 11;
SELECT available_sessions FROM swan_book(11, 4);
SELECT count(*) FROM studio.records WHERE user_id = 11;
SELECT * FROM swan_verify();

-- they are never bookable, never counted
SELECT min(id) AS record FROM studio.records WHERE user_id = 11 \gset
SELECT * FROM swan_book(11, :record);
SELECT ok, sqlstate FROM swan_can_book(11, :record);
SELECT available, scheduled, confirmed, completed, cancelled, total FROM swan_summary(11);
SELECT count(*) FROM swan_open(3, '2099-02-05 09:00') a;
-- nor does the studio itself touch them
DELETE FROM studio.sessions WHERE id = :record;
UPDATE studio.sessions SET status = 'scheduled' WHERE id = :record;
UPDATE studio.sessions SET user_id = 12 WHERE id = :record;
UPDATE studio.sessions SET session_date = '2099-12-01' WHERE id = :record;
INSERT INTO studio.sessions (user_id, status) VALUES (11, 'available');
-- their notes are free
UPDATE studio.sessions SET notes = 'my own' WHERE id = :record;
SELECT notes FROM studio.records WHERE id = :record;

-- whoever made them: rows that were there count, and those that are too many go
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO studio.sessions (user_id, status, notes) SELECT 11, 'available', 'by hand ' || i FROM generate_series(1, 3) i;
DELETE FROM studio.sessions WHERE user_id = 13 AND session_date IS NULL AND notes LIKE 'x%';
RESET session_replication_role;
SET ROLE regress_owner;
SELECT check_name, user_id, problem FROM swan_verify() ORDER BY user_id;
SELECT available_sessions FROM swan_grant(11, 1);
SELECT id, notes FROM studio.records WHERE user_id = 11 ORDER BY id;
SELECT available_sessions FROM swan_book(13, 5);
SELECT count(*), count(*) FILTER (WHERE notes LIKE 'Returned - Session %') AS filled_up FROM studio.records WHERE user_id = 13;
SELECT * FROM swan_verify();

-- rolled back with what made them
BEGIN;
SELECT added FROM swan_grant(11, 2);
SELECT count(*) FROM studio.records WHERE user_id = 11;
ROLLBACK;
SELECT count(*) FROM studio.records WHERE user_id = 11;

-- switched off: those that are there stay, none are made or taken
SELECT swan_configure('session_records', 'off');
SELECT added FROM swan_grant(11, 1);
SELECT available_sessions FROM swan_book(12, 6);
SELECT user_id, count(*) FROM studio.records GROUP BY user_id ORDER BY user_id;
SELECT * FROM swan_verify();
-- and on again: in step
SELECT swan_configure('session_records', 'on');
SELECT r.user_id, count(*), u.available_sessions FROM studio.records r JOIN studio.users u ON u.id = r.user_id
 GROUP BY r.user_id, u.available_sessions ORDER BY r.user_id;
SELECT * FROM swan_verify();

RESET ROLE;
\i test/fixture/studio_gone.sql
