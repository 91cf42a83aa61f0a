-- The setting cost_rule: a function of the application's says what a booking costs.
\i test/fixture/moves.sql
SET ROLE regress_owner;
CREATE FUNCTION studio.price(client bigint, session bigint) RETURNS integer LANGUAGE sql STABLE AS $$
	SELECT CASE client WHEN 11 THEN 0 WHEN 12 THEN 2 WHEN 14 THEN -1 WHEN 15 THEN 101 END
$$;
CREATE FUNCTION studio.writes(client bigint, session bigint) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	UPDATE studio.users SET last_name = 'was here' WHERE id = client;
	RETURN 1;
END $$;
CREATE FUNCTION studio.wrong(client bigint, session bigint) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;
SELECT user_id, available_sessions FROM (VALUES (12, 4), (13, 3), (14, 1), (15, 1), (16, 1)) v (client, n), swan_grant(client, n);
SELECT swan_configure('cost_rule', 'nobody');
SELECT swan_configure('cost_rule', 'studio.wrong');
SELECT swan_configure('cost_rule', 'studio.price');
SELECT setting, value FROM swan_settings() WHERE setting = 'cost_rule';
-- clients who do not pay by credits need none
SELECT ok FROM swan_can_book(11, 1);
SELECT charged, credits, owed FROM swan_book(11, 1, actor => 11);
-- others pay two, or what the row says
SELECT credits, available_sessions FROM swan_book(12, 2);
UPDATE studio.sessions SET cost = 3 WHERE id = 3;
SELECT credits, available_sessions FROM swan_book(13, 3);
SELECT sqlstate FROM swan_can_book(13, 4);
SELECT * FROM swan_book(13, 4);
SELECT * FROM swan_book(14, 4);
SELECT * FROM swan_book(15, 4);
SELECT * FROM swan_can_book(14, 4);
-- what is not to be had is not asked about
SELECT * FROM swan_book(14, 1);
-- an exchange costs what the new one costs; one that cost nothing is no free one
SELECT credits, available_sessions FROM swan_reschedule(2, 5);
SELECT credits FROM swan_reschedule(1, 6, actor => 11);
SELECT swan_configure('cost_rule', NULL);
SELECT sqlstate FROM swan_can_book(11, 7);
SELECT * FROM swan_reschedule(6, 7);
SELECT credits, available_sessions FROM swan_reschedule(5, 8);
SELECT credits FROM swan_book(16, 9, charge => false);
SELECT credits FROM swan_reschedule(9, 10);
-- it may not write
SELECT swan_configure('cost_rule', 'writes');
SELECT * FROM swan_book(16, 11);
SELECT * FROM swan_can_book(16, 11);
-- it is dropped
DROP FUNCTION studio.writes;
SELECT * FROM swan_book(16, 11);
SELECT swan_configure('cost_rule', 'price');
SELECT credits, owed FROM swan_book(12, 11, later => true);
SELECT credits, owed, available_sessions FROM swan_charge(11);
SELECT credits, available_sessions FROM swan_charge(10, 1);
SELECT session_id, credits FROM swan_book_many(11, '{12, 13}');
SELECT check_name, problem FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
