-- force: the office passes over the studio's rules and over overlaps for one call; nobody else may, and nobody over the balance
-- or over who has a slot.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM generate_series(11, 12) u, swan_grant(u, 5);
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', repeat => 3, every => '1 day');
SELECT swan_open(4, '2099-01-05 09:30') AS beside \gset
SELECT swan_open(4, '2099-01-06 09:30') AS besides \gset
SELECT status FROM swan_book(11, 1);

--
-- Who may; without it nothing changes
--
CREATE FUNCTION pg_temp.calls(force text, actor text) RETURNS TABLE (call text, answer text) LANGUAGE sql AS $$
	SELECT c, regexp_replace(try(format('SELECT %s FROM %s force => %s, actor => %s)', CASE WHEN c ~ 'open' THEN 'count(*)' WHEN c ~ 'hold' THEN 'user_id' ELSE 'status' END, c, force, actor)), '\d+ may', 'N may')
	  FROM unnest(ARRAY['swan_open(3, ''2099-01-05 09:30'',', 'swan_book(11, 4,', 'swan_hold(11, 4,', 'swan_move(2, ''2099-01-05 09:30'',', 'swan_reschedule(1, 5,']) c
$$;
SELECT status FROM swan_book(11, 2);
SELECT * FROM pg_temp.calls('false', 'NULL');
SELECT * FROM pg_temp.calls('NULL', '2');
SELECT actor, call, answer FROM unnest(ARRAY['NULL', '1', '2', '3', '11']) actor, pg_temp.calls('true', actor);

--
-- It is written down, and no problem
--
SELECT status, charged, available_sessions FROM swan_book(11, :beside, force => true, actor => 2);
SELECT status FROM swan_move(3, '2099-01-05 09:15', force => true, actor => 1);
SELECT status, session_date FROM swan_move(2, '2099-01-05 09:45', force => true);
SELECT session_id, status, charged FROM swan_reschedule(2, :besides, force => true, actor => 2);
SELECT kind, session_id, actor_id, details - 'from' - 'to' AS details FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id;
-- but for an open slot over another: that is in nobody's ledger
SELECT check_name, session_id FROM swan_verify();
SELECT check_name, session_id FROM swan_verify(11);
-- what a client has asked for may be granted where his trainer is busy
INSERT INTO studio.sessions (user_id, trainer_id, status, session_date, duration) VALUES (12, 3, 'requested', '2099-01-05 09:30', 60) RETURNING id AS asked \gset
SELECT try(format('SELECT status FROM swan_book(12, %s, force => %s, actor => %s)', :asked, f, a)) FROM (VALUES ('false', 2), ('true', 3), ('true', 2)) v (f, a);
-- an answer to a retry
SELECT status, replayed FROM swan_book(12, 3, key => 'k', force => true, actor => 2);
SELECT status, replayed FROM swan_book(12, 3, key => 'k', force => true, actor => 2);

--
-- Never over the balance, who has it, who holds it
--
SELECT swan_open(3, '2099-03-01 09:00') AS free \gset
SELECT swan_open(3, '2099-03-02 09:00') AS held \gset
SELECT user_id FROM swan_hold(12, :held);
SELECT try(format('SELECT status FROM swan_book(%s, %s, force => true, actor => 2)', u, s)) FROM (VALUES (13, :free), (12, 1), (11, :held), (99, :free), (11, 999)) v (u, s);

DROP FUNCTION pg_temp.calls;
RESET ROLE;
\i test/fixture/moves_gone.sql
