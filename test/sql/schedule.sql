-- swan_slots and swan_schedule: what they show to whom, pages and cursors.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, role) VALUES
	(2, 'Stella', 'Staff', 'staff'), (3, 'Tom', 'Trainer', 'trainer'), (4, 'Tina', NULL, 'trainer'), (5, NULL, NULL, 'trainer'),
	(11, 'John', 'Doe', 'client'), (12, 'Jane', 'Roe', 'client');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 6, '1 day') a;
SELECT count(*) FROM swan_open(4, '2099-01-05 09:00', 45, 6, '1 day') a;
SELECT count(*) FROM swan_open(5, '2099-01-08 09:00', 30, 1) a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00', 60, 2, '1 day') a;
INSERT INTO studio.sessions (trainer_id, status) VALUES (3, 'available');
INSERT INTO studio.sessions (status, session_date, duration) VALUES ('available', '2099-02-01 09:00', 15);
SELECT added FROM swan_grant(11, 9);
SELECT added FROM swan_grant(12, 1);
SELECT count(*) FROM (VALUES (11, 1), (11, 2), (11, 9), (12, 10), (11, 14)) t (u, s), swan_book(u, s);
SELECT status FROM swan_confirm(2);
SELECT status FROM swan_complete(14);
SELECT status FROM swan_cancel(9, actor => 4);
SELECT count(*) FROM swan_hold(11, 3);
-- a trainer may be a client
SELECT added FROM swan_grant(4, 5);
SELECT charged FROM swan_book(4, 4);
-- a hold that has come to its end holds nothing
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO studio.swan_holds VALUES (5, 12, '2001-01-01');
RESET session_replication_role;
SET ROLE regress_owner;

--
-- What can be booked: open, dated, in the future, not held
--
SELECT session_id, trainer_id, trainer_name, session_date, duration FROM swan_slots(NULL, NULL);
-- it is what swan_can_book says
SELECT (SELECT array_agg(session_id ORDER BY session_id) FROM swan_slots(NULL, NULL)) = array_agg(id ORDER BY id) AS agree
  FROM studio.sessions, swan_can_book(12, id) v WHERE v.ok OR (v.code <> 'SESSION_NOT_AVAILABLE' AND session_date > now());
-- since is inclusive, until exclusive
SELECT session_id FROM swan_slots('2099-01-07 09:00', '2099-01-09 09:00');
SELECT session_id FROM swan_slots('2099-01-07 09:00', '2099-01-09 09:00', trainer_id => 4);
SELECT session_id FROM swan_slots('2001-01-01', '2002-01-01');
SELECT session_id FROM swan_slots('-infinity', 'infinity', 5);
SELECT session_id FROM swan_slots('2099-01-09', '2099-01-05');
-- pages: ties by id
CREATE FUNCTION pg_temp.walk(size integer) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[] := '{}';
	line record;
	last text;
	rows integer := size;
BEGIN
	WHILE rows = size LOOP
		rows := 0;
		FOR line IN SELECT session_id, cursor FROM swan_slots(NULL, '2099-12-31', after => last, max_rows => size) LOOP
			ids := ids || line.session_id;
			last := line.cursor;
			rows := rows + 1;
		END LOOP;
	END LOOP;
	RETURN ids;
END $$;
SELECT size, pg_temp.walk(size) FROM unnest(ARRAY[1, 2, 3, 9, 100]) size;

--
-- The schedule: every dated session, with what is to be known of its client
--
SELECT session_id, session_date, duration, status, user_id, client_name, trainer_id, trainer_name FROM swan_schedule(NULL, NULL);
SELECT session_id, client_name, available_sessions, total_sessions_purchased, sessions_used, last_session_date, warning, warning_message
  FROM swan_schedule(NULL, NULL) WHERE user_id IS NOT NULL;
-- the figures are those of swan_client and swan_summary
SELECT bool_and((s.available_sessions, s.total_sessions_purchased, s.sessions_used, s.last_session_date, s.warning)
	IS NOT DISTINCT FROM (c.available_sessions, c.total_sessions_purchased, c.sessions_used, c.last_session_date, c.warning)
	AND (s.available_sessions, s.warning, s.warning_message) IS NOT DISTINCT FROM (t.available, t.warning, t.warning_message)) AS same
  FROM swan_schedule(NULL, NULL) s, swan_client(s.user_id) c, swan_summary(s.user_id) t WHERE s.user_id IS NOT NULL;
-- limits and filters
SELECT session_id FROM swan_schedule('2099-01-06 09:00', '2099-01-07 09:00');
SELECT session_id FROM swan_schedule(NULL, NULL, trainer_id => 4);
SELECT session_id FROM swan_schedule(NULL, NULL, user_id => 11);
SELECT session_id FROM swan_schedule(NULL, NULL, trainer_id => 4, user_id => 11);
SELECT s AS status, (SELECT array_agg(session_id) FROM swan_schedule(NULL, NULL, status => s)) AS ids
  FROM unnest(ARRAY['available', 'scheduled', 'confirmed', 'completed', 'cancelled']) s;
-- pages
SELECT array_agg(session_id) FROM swan_schedule(NULL, NULL, max_rows => 6);
SELECT cursor FROM swan_schedule(NULL, NULL, max_rows => 6) OFFSET 5 \gset
SELECT array_agg(session_id) FROM swan_schedule(NULL, NULL, after => :'cursor');

--
-- A client sees his own rows, a trainer his slots and what he has booked himself
--
SELECT a AS actor, (SELECT array_agg(session_id ORDER BY session_id) FROM swan_schedule(NULL, NULL, actor => a)) AS ids FROM unnest(ARRAY[2, 3, 4, 5, 11, 12]) a;
SELECT array_agg(session_id) FROM swan_schedule(NULL, NULL, user_id => 11, actor => 3);
SELECT array_agg(session_id) FROM swan_schedule(NULL, NULL, user_id => 11, actor => 11);
SELECT array_agg(session_id) FROM swan_schedule(NULL, NULL, trainer_id => 3, actor => 11);
SELECT array_agg(session_id) FROM swan_schedule(NULL, NULL, trainer_id => 3, user_id => 4, actor => 4);
SELECT count(*) FROM swan_schedule(NULL, NULL, user_id => 11, actor => 12);
SELECT count(*) FROM swan_schedule(NULL, NULL, trainer_id => 3, actor => 4);
SELECT count(*) FROM swan_schedule(NULL, NULL, trainer_id => 3, user_id => 11, actor => 4);

--
-- Errors
--
SELECT count(*) FROM swan_schedule(NULL, NULL, status => 'open');
SELECT count(*) FROM swan_schedule(NULL, NULL, max_rows => 0);
SELECT count(*) FROM swan_schedule(NULL, '2099-12-31', after => :'cursor');
SELECT count(*) FROM swan_schedule(NULL, NULL, status => 'available', after => :'cursor');
SELECT count(*) FROM swan_schedule(NULL, NULL, user_id => 11, after => :'cursor');
SELECT count(*) FROM swan_slots(NULL, NULL, after => :'cursor');
SELECT count(*) FROM swan_slots(NULL, NULL, max_rows => 10001);
SELECT count(*) FROM swan_slots(NULL, NULL, after => 'x');

DROP FUNCTION pg_temp.walk;
RESET ROLE;
\i test/fixture/studio_gone.sql
