-- swan_can_book, and that swan_book agrees with it: every rule, for every kind
-- of slot, client and actor.
\i test/fixture/studio.sql

-- asks swan_can_book, then tries swan_book and undoes it; both answers in the same form
CREATE FUNCTION public.ask(user_id bigint, session_id bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v record;
	state text;
	detail text;
	can text;
	book text;
BEGIN
	BEGIN
		SELECT * INTO v FROM swan_can_book(user_id, session_id, actor => actor);
		can := CASE WHEN v.ok THEN 'ok' ELSE concat_ws(' ', v.sqlstate, v.code, v.message) END;
		IF v.ok IS NOT DISTINCT FROM (v.sqlstate IS NOT NULL) THEN
			can := 'contradiction';
		END IF;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
		can := concat_ws(' ', state, detail::jsonb ->> 'code', detail::jsonb ->> 'message');
		-- only these are raised
		IF state NOT IN ('SW005', 'SW006') THEN
			can := 'raised ' || can;
		END IF;
	END;
	BEGIN
		PERFORM swan_book(user_id, session_id, actor => actor);
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		book := 'ok';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
		book := concat_ws(' ', state, detail::jsonb ->> 'code', detail::jsonb ->> 'message');
	END;
	IF can <> book THEN
		RETURN format('can_book: %s, book: %s', can, book);
	END IF;
	RETURN split_part(can, ' ', 1);
END $$;

SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES
	(1, 'Ada', 'admin'), (2, 'Stella', 'staff'), (3, 'Tom', 'trainer'), (4, 'Tina', 'trainer'),
	(11, 'rich', 'client'), (12, 'busy', 'client'), (13, 'poor', 'client'), (14, 'late', 'client'), (15, 'half', 'client');
SELECT count(*) FROM (VALUES (11, NULL::timestamptz), (12, NULL), (14, '2099-01-01'), (15, '2099-01-01'), (15, NULL)) t (u, e),
	swan_grant(u, 3, NULL, e);
RESET ROLE;
-- what takes time, or other functions, is made by hand
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = '2001-01-01' WHERE expires_at IS NOT NULL;
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date, duration, notes) VALUES
	(1, NULL, 3, 'available', '2099-01-01 09:00', 60, 'open'),
	(2, NULL, NULL, 'available', '2099-01-02 09:00', 60, 'open, without a trainer'),
	(3, NULL, 3, 'available', '2001-01-01 09:00', 60, 'open, past'),
	(4, NULL, 4, 'available', '2099-02-01 09:59', 60, 'overlaps what 12 has scheduled'),
	(5, NULL, 4, 'available', '2099-02-01 08:30', 31, 'overlaps it at its start'),
	(6, NULL, 4, 'available', '2099-02-01 10:00', 60, 'begins when it ends'),
	(7, NULL, 4, 'available', '2099-02-01 08:00', 60, 'ends when it begins'),
	(8, NULL, 4, 'available', '2099-02-02 09:30', 60, 'overlaps what 12 has confirmed'),
	(9, NULL, 4, 'available', '2099-02-03 09:30', 60, 'overlaps what 12 has completed'),
	(10, NULL, 4, 'available', '2099-02-04 09:30', 60, 'overlaps what 12 has cancelled'),
	(11, 12, 3, 'scheduled', '2099-02-01 09:00', 60, 'scheduled'),
	(12, 12, 3, 'confirmed', '2099-02-02 09:00', 60, 'confirmed'),
	(13, 12, 3, 'completed', '2099-02-03 09:00', 60, 'completed'),
	(14, 12, 3, 'cancelled', '2099-02-04 09:00', 60, 'cancelled'),
	(15, NULL, 3, 'cancelled', '2099-02-05 09:00', 60, 'closed'),
	(16, 12, NULL, 'available', NULL, 60, 'undated, of 12'),
	(17, NULL, NULL, 'available', NULL, 60, 'undated, of nobody'),
	(18, NULL, 3, 'available', '2099-03-01 09:00', 60, 'held by 12'),
	(19, NULL, 3, 'available', '2099-03-02 09:00', 60, 'was held by 12'),
	(20, 12, 3, 'available', '2099-03-03 09:00', 60, 'available, yet of 12');
INSERT INTO studio.swan_holds VALUES (18, 12, '2099-01-01'), (19, 12, '2001-01-01');
RESET session_replication_role;
SET ROLE regress_owner;

--
-- Every slot for every client, by every kind of actor.  ok and the SQLSTATE are
-- what both functions say; where they differ, the text of both.
--
SELECT s.id AS slot, s.notes AS what, u.first_name AS client, ask(u.id, s.id, NULL) AS system, ask(u.id, s.id, 1) AS admin,
       ask(u.id, s.id, 2) AS staff, ask(u.id, s.id, 3) AS tom, ask(u.id, s.id, 4) AS tina,
       ask(u.id, s.id, u.id) AS himself, ask(u.id, s.id, CASE u.id WHEN 11 THEN 12 ELSE 11 END) AS another
  FROM (SELECT id, notes FROM studio.sessions UNION ALL SELECT 999, 'unknown') s,
       (SELECT id, first_name FROM studio.users WHERE id IN (11, 12, 13)) u ORDER BY s.id, u.id;
-- credits that are due do not count, swept or not
SELECT u.first_name AS client, ask(u.id, 1, NULL) AS system, ask(u.id, 1, 1) AS admin, ask(u.id, 1, u.id) AS himself
  FROM studio.users u WHERE u.id IN (14, 15) ORDER BY u.id;
-- a rule that comes earlier in the contract wins: the slot, the client, his other bookings, the credit
SELECT what, ask(user_id, session_id, actor) FROM (VALUES
	(1, 'the slot is taken, the client unknown', 99, 11, 2), (2, 'the slot and the client are unknown', 99, 999, 2),
	(3, 'the client is unknown', 99, 1, 2), (4, 'the client is unknown, he asks himself', 99, 1, 99),
	(5, 'held by another, the client unknown', 99, 18, 2), (6, 'the actor is unknown', 11, 1, 99),
	(7, 'a trainer, and no such slot', 11, 999, 3), (8, 'a client, for another, and no such slot', 11, 999, 12),
	(9, 'a trainer books for himself elsewhere', 3, 7, 3), (10, 'an admin for himself', 1, 7, 1),
	(11, 'a client without credit, in the past', 13, 3, 13)) t (n, what, user_id, session_id, actor) ORDER BY n;
UPDATE studio.sessions SET duration = 1 WHERE id = 4;
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.sessions SET user_id = 13 WHERE id = 11;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT ask(13, 4, 13) AS busy_and_poor;
-- admins pay where the studio says so
SELECT swan_configure('admin_booking', 'charged');
SELECT u.first_name AS client, ask(u.id, 1, 1) AS admin, ask(u.id, 1, 2) AS staff
  FROM studio.users u WHERE u.id IN (11, 13, 14, 15) ORDER BY u.id;

--
-- What is missing
--
SELECT * FROM swan_can_book(NULL, 1);
SELECT * FROM swan_can_book(11, NULL);
SELECT ask(NULL, 1, NULL), ask(11, NULL, NULL), ask(NULL, NULL, NULL), ask(NULL, 1, 11);
SELECT * FROM swan_can_book(12, 1, actor => 11);

--
-- The row itself; it changes and locks nothing
--
BEGIN READ ONLY;
SELECT * FROM swan_can_book(11, 1);
SELECT * FROM swan_can_book(11, 11);
SELECT * FROM swan_can_book(99, 1);
SELECT * FROM swan_can_book(12, 8);
SELECT * FROM swan_can_book(14, 1);
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN ('studio.users'::regclass, 'studio.sessions'::regclass);
COMMIT;
SELECT kind, count(*) FROM studio.swan_ledger GROUP BY kind;

RESET ROLE;
DROP FUNCTION public.ask;
\i test/fixture/studio_gone.sql
