-- The setting trainer_may: what trainers may do on their own. Whoever else may do something may do it as before.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM generate_series(11, 12) u, swan_grant(u, 5);
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', repeat => 6, every => '1 day');
SELECT count(*) FROM swan_open(4, '2099-02-05 09:00', repeat => 2, every => '1 day');
SELECT count(*) FROM unnest(ARRAY[1, 2]) s, swan_book(11, s);
SELECT user_id FROM swan_hold(12, 3);
INSERT INTO studio.sessions (user_id, trainer_id, status, session_date, duration) VALUES (12, 3, 'requested', '2099-03-01 09:00', 60) RETURNING id AS asked \gset
INSERT INTO studio.sessions (trainer_id, status, session_date, duration) VALUES (3, 'blocked', '2099-03-02 09:00', 60) RETURNING id AS blocked \gset
SELECT swan_open(3, '2099-03-03 09:00') AS today \gset
SELECT status FROM swan_book(12, :today);
RESET ROLE;
SELECT took_place(:today);
SET ROLE regress_owner;

-- what is a trainer's to do, each as one call
CREATE TEMP TABLE task (n integer, call text);
INSERT INTO task VALUES
	(1, 'swan_open(3, ''2099-05-01 09:00'')'), (2, 'swan_move(4, ''2099-05-02 09:00'')'), (3, 'swan_move_many(ARRAY[4], ARRAY[''2099-05-02 09:00''::timestamptz])'),
	(4, 'swan_cancel(4)'), (5, 'swan_cancel_many(ARRAY[4, 5])'),
	(6, 'swan_book(12, 4)'), (7, 'swan_book_many(12, ARRAY[4])'), (8, 'swan_can_book(12, 4)'), (9, 'swan_hold(12, 4)'), (10, 'swan_release(3)'),
	(11, 'swan_reschedule(1, 4)'), (12, 'swan_move(1, ''2099-05-02 09:00'')'), (13, format('swan_book(12, %s)', :asked)), (14, 'swan_move_many(ARRAY[1, 4], trainer_ids => ARRAY[4, 4])'),
	(20, format('swan_complete(%s)', :today)), (21, format('swan_complete(%s, false)', :today)),
	(30, 'swan_cancel(1)'), (31, 'swan_cancel_many(ARRAY[1, 2])'), (32, 'swan_can_cancel(1)'), (33, format('swan_cancel(%s)', :asked)), (34, 'swan_cancel(1, reopen => true)'),
	(40, 'swan_cancel(1, return_credit => false)'), (41, 'swan_cancel(1, return_credit => true)'),
	(45, 'swan_request(12, ''2099-06-01 09:00'', 3)'), (46, 'swan_block(3, ''2099-06-02 09:00'')'), (47, 'swan_suspend(12)'), (48, 'swan_resume(12)'),
	(50, 'swan_confirm(1)'), (51, format('swan_cancel(%s)', :blocked)), (52, 'swan_schedule(trainer_id => 3)'),
	(60, 'swan_book(3, 7)'), (61, 'swan_book(12, 7)'), (62, 'swan_open(4, ''2099-05-01 09:00'')');
-- whether an actor may do it under a setting
CREATE FUNCTION pg_temp.may(call text, actor text, setting text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM swan_configure('trainer_may', setting);
	RETURN try(format('SELECT ''done'' FROM %s, actor => %s) x', left(call, -1), actor)) !~ '^SW006';
END $$;
-- for each call: the words without which it is refused, those that are enough alone, and whether it needs none
WITH word AS (SELECT * FROM unnest(ARRAY['open', 'request', 'book', 'complete', 'cancel', 'return']) WITH ORDINALITY w (w, o))
SELECT call, (SELECT string_agg(w, ', ' ORDER BY o) FROM word WHERE NOT pg_temp.may(call, '3', (SELECT string_agg(v.w, ',') FROM word v WHERE v.w <> word.w))) AS needs,
	(SELECT string_agg(w, ', ' ORDER BY o) FROM word WHERE pg_temp.may(call, '3', w)) AS enough,
	pg_temp.may(call, '3', '') AS always, pg_temp.may(call, '3', 'open, request, book, complete, cancel') AS by_default
  FROM task ORDER BY n;
-- nobody else is concerned: clients for themselves, the office, the system
SELECT a.actor, count(*) FILTER (WHERE pg_temp.may(call, actor, '')) AS without, count(*) FILTER (WHERE pg_temp.may(call, actor, 'open, request, book, complete, cancel, return')) AS with_all
  FROM task, unnest(ARRAY['1', '2', '11', '12', 'NULL']) a (actor) GROUP BY a.actor ORDER BY a.actor;

-- what it says
SELECT swan_configure('trainer_may', '');
SELECT status FROM swan_book(12, 4, actor => 3);
SELECT * FROM swan_can_cancel(1, actor => 3);
SELECT swan_configure('trainer_may', 'return, cancel');
SELECT status, returned FROM swan_cancel(1, return_credit => false, actor => 3);

-- values
SELECT value, try(format('SELECT quote_literal(swan_configure(''trainer_may'', %L))', value)) FROM unnest(ARRAY['', ' ', 'book', 'cancel,open', ' open ,,open  book ', 'open,book,cancel,return,complete,request',
	'Open', 'open;book', 'opens', 'ope', 'block', E'open\nbook', NULL]) value;
SELECT value FROM swan_settings() WHERE setting = 'trainer_may';
SELECT swan_configure('trainer_may', 'everything');
RESET ROLE;
\set VERBOSITY sqlstate
UPDATE swan.studio SET trainer_may = 'open,book';
\set VERBOSITY default
SELECT trainer_may FROM swan.studio;

DROP FUNCTION pg_temp.may;
DROP TABLE task;
\i test/fixture/moves_gone.sql
