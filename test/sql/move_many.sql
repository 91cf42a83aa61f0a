-- swan_move_many: several slots and bookings move at once; what overlaps is judged when all have moved.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 4, '1 hour') a;
SELECT count(*) FROM swan_open(4, '2099-01-05 09:00', 60, 4, '1 hour') a;
SELECT count(*) FROM generate_series(11, 14) c, swan_grant(c, 6);
SELECT count(*) FROM (VALUES (11, 1), (12, 5), (11, 2), (13, 6)) b (c, s), swan_book(c, s);
INSERT INTO studio.users (id, first_name, role) VALUES (5, 'Tess', 'trainer');
CREATE FUNCTION studio.place(ids bigint[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', id, to_char(session_date, 'HH24:MI'), 'with', trainer_id, 'for', coalesce(user_id::text, 'nobody')), ', ' ORDER BY id) FROM studio.sessions WHERE id = ANY (ids)
$$;

--
-- Two trainers swap
--
SELECT * FROM swan_move(1, trainer_id => 4);
SELECT session_id, user_id, trainer_id, status, session_date, duration, charged, available_sessions, message, ledger_id IS NOT NULL AS noted, replayed
  FROM swan_move_many('{5, 1}', trainer_ids => '{3, 4}', actor => 2);
SELECT user_id, kind, delta, session_id, actor_id, details FROM studio.swan_ledger WHERE kind = 'move' ORDER BY id;
-- two clients swap their hours, one of them keeps his trainer; a whole day goes an hour back
SELECT session_id, trainer_id, session_date FROM swan_move_many('{1, 2}', '{"2099-01-05 10:00", "2099-01-05 09:00"}');
SELECT studio.place('{1, 2, 3, 4, 5, 6, 7, 8}');
SELECT count(*) FROM swan_move_many('{1, 2, 5, 6}', ARRAY(SELECT session_date + interval '1 hour' FROM studio.sessions WHERE id IN (1, 2, 5, 6) ORDER BY id));
SELECT try($$SELECT count(*) FROM swan_move_many('{1, 2, 3, 4, 5, 6, 7, 8}', ARRAY(SELECT session_date + interval '1 hour' FROM studio.sessions WHERE id <= 8 ORDER BY id))$$);
-- a colleague takes over what is left of the day: a trainer gives him bookings, the office what is open, too
SELECT session_id, trainer_id FROM swan_move_many('{2, 3, 4}', trainer_ids => '{5, 5, 5}', actor => 3);
SELECT session_id, trainer_id, ledger_id IS NOT NULL AS noted FROM swan_move_many('{2}', trainer_ids => '{5}', actor => 3);
SELECT session_id, trainer_id, ledger_id IS NOT NULL AS noted FROM swan_move_many('{2, 3, 4}', trainer_ids => '{5, 5, 5}', actor => 2);
SELECT studio.place('{1, 2, 3, 4, 5, 6, 7, 8}');

--
-- All rows in the way are named
--
SELECT * FROM swan_move_many('{2, 3, 4}', trainer_ids => '{4, 4, 4}');
SELECT * FROM swan_move_many('{3, 4}', '{"2099-01-05 09:30", NULL}', '{3, NULL}');
-- each other
SELECT * FROM swan_move_many('{3, 4}', '{"2099-03-05 09:30", "2099-03-05 10:00"}');
-- their client, whose other booking stays where it is
SELECT studio.place(ARRAY(SELECT id FROM studio.sessions WHERE user_id = 11));
SELECT * FROM swan_move_many('{2, 8}', '{"2099-01-05 10:30", "2099-04-01"}');
-- what ends where the next begins is not in the way, nor what takes no time
SELECT session_id FROM swan_move_many('{3, 4}', '{"2099-03-05 09:30", "2099-03-05 10:30"}');
-- where trainers may overlap, clients still cannot
SELECT swan_configure('trainer_overlap', 'allow');
SELECT session_id FROM swan_move_many('{3, 4}', '{"2099-03-05 09:30", "2099-03-05 10:00"}');
SELECT try($$SELECT count(*) FROM swan_move_many('{1, 2}', '{"2099-03-05 09:30", "2099-03-05 10:00"}')$$);
SELECT session_id FROM swan_move_many('{3, 4}', '{"2099-03-05 09:30", "2099-03-05 10:30"}');
SELECT swan_configure('trainer_overlap', 'refuse');

--
-- What is where it shall be stays as it is
--
SELECT session_id, session_date, ledger_id, available_sessions FROM swan_move_many('{1, 3}', '{NULL, "2099-03-05 09:30"}', '{NULL, 5}');
SELECT session_id, ledger_id IS NOT NULL AS noted FROM swan_move_many('{5, 6}', '{NULL, "2099-05-05 09:30"}');

--
-- Arguments, and who may
--
SELECT * FROM swan_move_many(NULL, '{}');
SELECT * FROM swan_move_many('{1}');
SELECT * FROM swan_move_many('{1, 2}', '{"2099-06-01"}');
SELECT n, try('SELECT string_agg(concat_ws('' '', session_id, trainer_id), '', '') FROM swan_move_many(' || call || ')') FROM (VALUES
	(1, '''{}'', ''{}'''), (2, '''{3, 3}'', trainer_ids => ''{4, 4}'''), (3, '''{3, NULL}'', trainer_ids => ''{4, 4}'''), (4, '''{3, 999}'', trainer_ids => ''{4, 4}'''),
	(5, '''{3}'', trainer_ids => ''{99}'''), (6, '''{3}'', ''{infinity}'''), (7, '''{3}'', ''{2099-01-01}'', ''{3, 4}'''), (8, '''{3, 7}'', trainer_ids => ''{3, 3}'', actor => 4'),
	(9, '''{3, 4}'', trainer_ids => ''{3, 3}'', actor => 5'), (10, '''{3, 4}'', trainer_ids => ''{3, 3}'', actor => 11'), (11, '''{3}'', trainer_ids => ''{-9223372036854775808}''')) t (n, call) ORDER BY n;
SELECT status FROM swan_cancel(3);
SELECT * FROM swan_move_many('{3, 4}', trainer_ids => '{3, 3}');

--
-- What is due expires first, once for each client; holds end with open slots that move
--
SELECT count(*) FROM swan_grant(14, 1, NULL, '2099-01-01') a;
SELECT session_id FROM swan_book(14, 8);
SELECT count(*) FROM swan_grant(14, 2, NULL, '2099-01-02') a;
SELECT pass(14, '2099-01-03');
SELECT count(*) FROM swan_hold(13, 4);
SELECT session_id, available_sessions FROM swan_move_many('{8, 4}', '{"2099-07-01", "2099-07-02"}');
SELECT kind, delta, session_id FROM studio.swan_ledger WHERE user_id = 14 ORDER BY id;
SELECT count(*) FROM studio.swan_holds;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
