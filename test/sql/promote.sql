-- swan_promote where the application raises an error: by its rules, triggers and constraints. It is one client's, and the others are
-- booked for.
\i test/fixture/moves.sql
CREATE ROLE regress_stranger;
CREATE SCHEMA app AUTHORIZATION regress_owner;
\i test/fixture/later.sql
SET ROLE regress_owner;
SELECT swan_configure('search_path', 'studio, app');
CREATE TABLE app.asked (what text, client bigint);
CREATE VIEW studio.line AS SELECT session_id - 5 AS slot, user_id, told, offered_until > now() AS his_turn, refused, tried IS NOT NULL AS tried FROM studio.swan_waits ORDER BY session_id, id;
-- clients 11 to 14 wait each for a slot of his own, to be booked for, and have their turn
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', repeat => 4, every => '1 day');
SELECT count(*) FROM generate_series(11, 15) u, generate_series(1, 2), swan_grant(u, 4);
SELECT count(*) FROM generate_series(1, 4) s, swan_book(15, s);
SELECT count(*) FROM generate_series(1, 4) s, swan_wait(10 + s, s, auto => true);
SELECT session_id, reopened_session_id FROM generate_series(1, 4) s, swan_cancel(s, actor => 15);
CREATE FUNCTION app.cost(client bigint, session bigint) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
	IF client = 11 THEN
		RAISE EXCEPTION 'client % has no tariff', client USING ERRCODE = 'AP001', DETAIL = 'mine', HINT = 'Give him one.';
	END IF;
	RETURN 1;
END $$;
CREATE FUNCTION app.rule(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO app.asked VALUES ('rule', client);
	IF client = 12 THEN
		PERFORM 1 / (client - 12);
	END IF;
	RETURN NULL;
END $$;
CREATE FUNCTION app.fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO app.asked VALUES ('trigger', new.user_id);
	IF new.user_id = 13 THEN
		RAISE 'not him';
	END IF;
	RETURN new;
END $$;
SELECT swan_configure('cost_rule', 'app.cost'), swan_configure('booking_rule', 'app.rule');
CREATE TRIGGER fires AFTER UPDATE ON studio.sessions FOR EACH ROW EXECUTE FUNCTION app.fires();

--
-- One is booked for; of the others nothing is left but the reason, which comes as a warning too
--
SELECT session_id - 5 AS slot, user_id, status, credits, available_sessions FROM swan_promote();
SELECT * FROM studio.line;
SELECT * FROM app.asked ORDER BY 2, 1;
SELECT user_id, refused FROM swan_waiting(actor => 12);
SELECT user_id, kind, delta FROM studio.swan_ledger WHERE id > (SELECT max(id) FROM studio.swan_ledger WHERE kind = 'cancellation') ORDER BY id;
SELECT * FROM swan_verify();
-- who was tried last is looked at last
SELECT user_id FROM swan_promote(1);
SELECT user_id FROM swan_promote(2);
-- so it is within a function, and a savepoint
BEGIN ISOLATION LEVEL SERIALIZABLE;
SAVEPOINT s;
DO $$ BEGIN PERFORM swan_promote(); EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'caught %', sqlerrm; END $$;
RELEASE s;
SELECT current_setting('search_path') = '"$user", public' AS path, current_user, current_setting('transaction_read_only') AS read_only;
COMMIT;
-- a constraint, of which who may not see the table is not shown the row
ALTER TABLE studio.sessions DISABLE TRIGGER fires;
ALTER TABLE studio.sessions ADD CONSTRAINT nobody CHECK (user_id <> 13) NOT VALID;
RESET ROLE;
SELECT swan_allow('regress_stranger', 'system');
GRANT USAGE ON SCHEMA studio TO regress_stranger;
SET ROLE regress_stranger;
SELECT swan_accept('studio');
SELECT session_id - 5 AS slot, user_id FROM swan_promote();
SET ROLE regress_owner;
SELECT slot, user_id, refused FROM studio.line;
-- all is well again
ALTER TABLE studio.sessions DROP CONSTRAINT nobody;
SELECT swan_configure('cost_rule', NULL), swan_configure('booking_rule', NULL);
SELECT session_id - 5 AS slot, user_id, credits FROM swan_promote() ORDER BY 1;
SELECT * FROM studio.line;
SELECT * FROM swan_verify();

--
-- What is about the whole transaction ends all of it
--
DROP TRIGGER fires ON studio.sessions;
SELECT count(*) FROM generate_series(11, 13) u, studio.sessions s, swan_wait(14, s.id, true) w WHERE s.user_id = u AND s.status = 'scheduled';
SELECT count(*) FROM studio.sessions s, swan_cancel(s.id, actor => s.user_id) WHERE s.user_id IN (11, 12) AND s.status = 'scheduled';
CREATE OR REPLACE FUNCTION app.rule(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	RAISE 'retry' USING ERRCODE = '40001';
END $$;
SELECT swan_configure('booking_rule', 'app.rule');
SELECT * FROM swan_promote();
CREATE OR REPLACE FUNCTION app.rule(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS 'SELECT NULL FROM pg_catalog.pg_sleep(100)';
SET statement_timeout = '100ms';
SELECT * FROM swan_promote();
RESET statement_timeout;
SELECT count(*) FROM studio.swan_waits WHERE refused IS NOT NULL;
-- a rule that is not there any more is what stands in everybody's way
DROP FUNCTION app.rule;
SELECT * FROM swan_promote();
SELECT DISTINCT user_id, refused FROM studio.swan_waits WHERE refused IS NOT NULL;

--
-- The first in line has too few credits for what it costs, the next one has enough
--
SELECT swan_configure('booking_rule', NULL);
SELECT swan_open(4, '2099-02-01 09:00', cost => 3) AS dear \gset
SELECT swan_open(4, '2099-02-02 09:00', cost => 3) AS too \gset
SELECT count(*) FROM unnest(ARRAY[:dear, :too]) s, swan_book(15, s, false);
SELECT count(*) FROM generate_series(16, 18) u, swan_grant(u, CASE u WHEN 16 THEN 2 ELSE 3 END);
SELECT line FROM generate_series(16, 18) u, swan_wait(u, :dear, true);
SELECT line FROM generate_series(16, 17) u, swan_wait(u, :too, true);
SELECT reopened_session_id AS dear FROM swan_cancel(:dear, reopen => true) \gset
SELECT reopened_session_id AS too FROM swan_cancel(:too, reopen => true) \gset
SELECT count(*) FROM swan_promote() WHERE session_id >= :dear;
SELECT session_id = :dear AS dear, user_id, told, refused FROM studio.swan_waits WHERE session_id >= :dear ORDER BY session_id, id;
SELECT count(*) FROM swan_promote() WHERE session_id >= :dear;
SELECT public.later('2 hours') > 0 AS later;
SELECT session_id = :dear AS dear, user_id, status, credits, owed, available_sessions FROM swan_promote() WHERE session_id >= :dear;
SELECT session_id = :dear AS dear, user_id, status, credits, owed, available_sessions FROM swan_promote() WHERE session_id >= :dear;
SELECT session_id = :dear AS dear, user_id, told, refused FROM studio.swan_waits WHERE session_id >= :dear ORDER BY session_id, id;
-- a credit more, and his turn when it comes free again
SELECT available_sessions FROM swan_grant(16, 1);
SELECT reopened_session_id AS dear FROM swan_cancel(:dear, actor => 17) \gset
SELECT session_id = :dear AS dear, user_id, credits, owed, available_sessions FROM swan_promote() WHERE session_id = :dear;
SELECT * FROM swan_verify();

RESET ROLE;
DROP FUNCTION public.later(interval);
DROP SCHEMA app CASCADE;
DROP OWNED BY regress_stranger;
DROP ROLE regress_stranger;
\i test/fixture/moves_gone.sql
