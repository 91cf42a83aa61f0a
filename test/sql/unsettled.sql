-- Bookings that are over and that nobody has settled, and those that owe.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 8, '1 day') a;
SELECT count(*) FROM swan_open(4, '2099-02-05 09:00', 45, 4, '1 day', cost => 2) a;
SELECT count(*) FROM swan_grant_many('{11,12}', 5);
CREATE VIEW studio.unsettled AS SELECT session_id, status, user_id, client_name, trainer_id, credits, owed, ended FROM swan_unsettled();

-- what is to come is nobody's affair, unless it owes
SELECT session_id FROM swan_book(11, 1);
SELECT owed FROM swan_book(12, 9, later => true);
SELECT * FROM studio.unsettled;
-- over, and nobody has said what became of it
SELECT took_place(1), took_place(9), took_place(2);
SELECT * FROM studio.unsettled;
SELECT status FROM swan_complete(1, actor => 3);
SELECT owed, credits FROM swan_complete(9, actor => 4);
SELECT * FROM studio.unsettled;
-- completed, and it could not pay; charged in parts, and let off
SELECT session_id FROM swan_book(13, 3, later => true);
SELECT session_id FROM swan_book(13, 10, later => true);
SELECT took_place(3), took_place(10);
SELECT owed FROM swan_complete(3, false, actor => 3);
SELECT owed FROM swan_complete(10, actor => 4);
SELECT * FROM studio.unsettled;
SELECT added FROM swan_grant(13, 1);
SELECT owed FROM swan_charge(10, 1);
SELECT * FROM studio.unsettled;
SELECT owed FROM swan_charge(10, 1);
SELECT returned FROM swan_waive(3, 'his first one', actor => 2);
SELECT added FROM swan_grant(13, 1);
SELECT owed FROM swan_charge(10, 1);
SELECT * FROM studio.unsettled;
-- given up too late: the debt stays, given up in time it goes
SELECT swan_configure('cancel_window', '100 years');
SELECT session_id FROM swan_book(14, 4, later => true);
SELECT session_id FROM swan_book(14, 11, later => true);
SELECT status FROM swan_cancel(4, actor => 14);
SELECT status FROM swan_cancel(11);
SELECT * FROM studio.unsettled;
SELECT swan_configure('cancel_window', '24 hours');
-- exchanged, and merged into another account: the debt goes along
SELECT owed FROM swan_book(15, 5, later => true);
SELECT owed FROM swan_reschedule(5, 12);
SELECT * FROM studio.unsettled;
SELECT bookings FROM swan_merge(15, 16);
SELECT * FROM studio.unsettled;

--
-- Who sees what, and pages
--
SELECT who, string_agg(session_id::text, ' ' ORDER BY session_id) FROM (VALUES (11), (14), (16), (3), (4), (2), (1)) w (who), swan_unsettled(actor => who) GROUP BY who ORDER BY who;
SELECT try('SELECT session_id FROM swan_unsettled(trainer_id => 4, actor => 3)') AS anothers, try('SELECT count(*) FROM swan_unsettled(trainer_id => 4, actor => 4)') AS own,
	try('SELECT count(*) FROM swan_unsettled(trainer_id => 4, actor => 14)') AS his;
SELECT session_id FROM swan_unsettled('2099-01-01', '2099-02-01');
SELECT session_id FROM swan_unsettled(trainer_id => 4);
SELECT took_place(6), took_place(7);
SELECT count(*) FROM (VALUES (6), (7)) v (i), LATERAL swan_book(17, i, false) b;
WITH RECURSIVE page AS (
	SELECT 1 AS n, p.* FROM (SELECT * FROM swan_unsettled(max_rows => 1)) p
	UNION ALL SELECT page.n + 1, q.* FROM page, LATERAL swan_unsettled(after => page.cursor, max_rows => 1) q)
SELECT array_agg(session_id ORDER BY n) = (SELECT array_agg(session_id ORDER BY session_date, session_id) FROM swan_unsettled()) AS all_of_them, max(n) FROM page;
SELECT try(format('SELECT 1 FROM swan_unsettled(trainer_id => 3, after => %L)', (SELECT min(cursor) FROM swan_unsettled()))) AS of_other_arguments, try('SELECT 1 FROM swan_unsettled(max_rows => 0)') AS none;

--
-- Whatever happens: as many as plain SQL counts, of what the calls themselves answered
--
CREATE TABLE studio.told (session_id bigint PRIMARY KEY, owed integer NOT NULL);
INSERT INTO studio.told SELECT session_id, owed FROM swan_unsettled() WHERE owed > 0;
SELECT count(*) FROM swan_open(3, '2099-03-01 00:00', 60, 150, '1 hour', cost => 1) a;
SELECT count(*) FROM swan_open(4, '2099-04-01 00:00', 60, 150, '1 hour', cost => 3) a;
CREATE FUNCTION studio.differ(OUT since timestamptz, OUT listed bigint, OUT counted bigint) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT m, (SELECT count(*) FROM swan_unsettled(m, m + interval '1 month')),
		(SELECT count(*) FROM studio.sessions s LEFT JOIN studio.told t ON t.session_id = s.id
		 WHERE s.session_date >= m AND s.session_date < m + interval '1 month' AND s.user_id IS NOT NULL
		   AND (t.owed > 0 OR (s.status IN ('scheduled', 'confirmed') AND s.session_date + s.duration * interval '1 minute' <= now())))
	FROM unnest(ARRAY['2002-01-01', '2002-02-01', '2002-03-01', '2002-04-01', '2099-01-01', '2099-02-01', '2099-03-01', '2099-04-01']::timestamptz[]) m
$$;
SELECT setseed(0.14);
DO $$
DECLARE
	call text;
	session bigint;
	client bigint;
	now_owed integer;
	gone boolean;
	done integer := 0;
	wrong text;
BEGIN
	FOR i IN 1..600 LOOP
		client := 11 + floor(random() * 10);
		session := (SELECT s.id FROM studio.sessions s WHERE s.session_date > '2002-02-20' AND (s.status = 'available') = (i % 3 = 0) ORDER BY random() LIMIT 1);
		CONTINUE WHEN session IS NULL;
		call := CASE WHEN i % 3 = 0 THEN CASE floor(random() * 4)
				WHEN 0 THEN format('SELECT session_id, owed FROM swan_book(%s, %s)', client, session)
				WHEN 1 THEN format('SELECT session_id, owed FROM swan_book(%s, %s, false)', client, session)
				ELSE format('SELECT session_id, owed FROM swan_book(%s, %s, later => true)', client, session) END
			ELSE CASE floor(random() * 9)
				WHEN 0 THEN format('SELECT session_id, owed FROM swan_charge(%s)', session)
				WHEN 1 THEN format('SELECT session_id, owed FROM swan_charge(%s, 1)', session)
				WHEN 2 THEN format('SELECT session_id, 0 FROM swan_waive(%s, ''x'')', session)
				WHEN 3 THEN format('SELECT session_id, owed FROM swan_reschedule(%s, (SELECT max(id) FROM studio.sessions WHERE status = ''available'' AND id %% 3 = %s))', session, i % 3)
				WHEN 4 THEN format('SELECT session_id, NULL FROM swan_cancel(%s, actor => (SELECT user_id FROM studio.sessions WHERE id = %1$s))', session)
				WHEN 5 THEN format('SELECT session_id, NULL FROM swan_cancel(%s, return_credit => false)', session)
				WHEN 6 THEN format('SELECT session_id, owed FROM swan_correct(%s, ''scheduled'', ''x'')', session)
				ELSE format('SELECT session_id, owed FROM swan_complete(%s, random() < 0.8)', session) END END;
		IF random() < 0.3 THEN
			PERFORM took_place(session) FROM studio.sessions WHERE id = session AND session_date > '2098-01-01';
		END IF;
		IF random() < 0.1 THEN
			PERFORM swan_grant(client, 2);
		END IF;
		BEGIN
			gone := call ~ 'reschedule';
			EXECUTE call INTO session, now_owed;
			IF call ~ 'swan_cancel' THEN
				now_owed := (SELECT CASE WHEN details ? 'waived' THEN 0 END FROM studio.swan_ledger l WHERE l.session_id = session AND kind = 'cancellation' ORDER BY id DESC LIMIT 1);
			END IF;
			IF now_owed IS NOT NULL THEN
				IF gone THEN
					DELETE FROM studio.told t WHERE t.session_id = (SELECT from_session_id FROM studio.swan_ledger l WHERE l.session_id = session AND kind = 'reschedule' ORDER BY id DESC LIMIT 1);
				END IF;
				INSERT INTO studio.told VALUES (session, now_owed) ON CONFLICT (session_id) DO UPDATE SET owed = excluded.owed;
			END IF;
			done := done + 1;
		EXCEPTION WHEN OTHERS THEN
			IF SQLSTATE !~ '^SW' THEN
				RAISE;
			END IF;
		END;
		CONTINUE WHEN i % 10 > 0;
		SELECT string_agg(d::text, ' ') INTO wrong FROM studio.differ() d WHERE listed <> counted;
		IF wrong IS NOT NULL THEN
			RAISE EXCEPTION 'after %: %', call, wrong;
		END IF;
	END LOOP;
	RAISE INFO 'many calls: %', done > 200;
END $$;
SELECT listed = counted AS agree, listed > 0 AS some FROM studio.differ() WHERE since IN ('2002-03-01', '2002-04-01');
SELECT count(*) FILTER (WHERE s.owed > 0) > 10 AS owe, count(*) FILTER (WHERE NOT ended) > 5 AS to_come, bool_and(s.owed IS NOT DISTINCT FROM coalesce(t.owed, 0)) AS as_told FROM swan_unsettled() s LEFT JOIN studio.told t USING (session_id);
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
