-- What the application says itself: its own rule of booking (booking_rule), and whose clients are whose (assignments).
\i test/fixture/moves.sql
CREATE ROLE regress_stranger;
GRANT regress_owner TO regress_stranger;
REVOKE regress_owner FROM regress_stranger;
CREATE SCHEMA app AUTHORIZATION regress_owner;
GRANT CREATE, USAGE ON SCHEMA app TO regress_stranger;
-- a call, rolled back: what it answers, or its error with rule and sentence
CREATE FUNCTION public.rule(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	said text;
BEGIN
	EXECUTE call INTO answer;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(answer, 'null');
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, CASE WHEN said LIKE '{%' THEN concat_ws(': ', said::json ->> 'rule', said::json ->> 'message') ELSE SQLERRM END);
END $$;
-- every way of taking slot 3, or exchanging slot 1 for it
CREATE FUNCTION public.ways(actor text) RETURNS TABLE (way text, answer text) LANGUAGE sql AS $$
	SELECT w, rule(format(CASE w WHEN 'can_book' THEN 'SELECT concat_ws('' '', ok, sqlstate, code, message) FROM swan_can_book(11, 3, actor => %s)' WHEN 'book' THEN 'SELECT status FROM swan_book(11, 3, actor => %s)'
		WHEN 'book_many' THEN 'SELECT string_agg(status, '' '') FROM swan_book_many(11, ''{2, 3}'', actor => %s)' WHEN 'hold' THEN 'SELECT user_id FROM swan_hold(11, 3, actor => %s)'
		ELSE 'SELECT status FROM swan_reschedule(1, 3, actor => %s)' END, actor))
	  FROM unnest('{can_book, book, book_many, hold, reschedule}'::text[]) w
$$;
-- what is said to a value
CREATE FUNCTION public.refusal(setting text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text; BEGIN RETURN 'taken: ' || coalesce(swan_configure(setting, value), 'unset');
EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT; RETURN concat_ws(' ', SQLSTATE, SQLERRM, regexp_replace(hint, 'pg_temp_\d+', 'pg_temp_N')); END $$;
-- whom a trainer may see
CREATE FUNCTION public.seen(trainer bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', (SELECT string_agg(id::text, ',' ORDER BY id) FROM swan_clients(actor => trainer)), 'asks for 11 and 12:',
		left(rule(format('SELECT id FROM swan_client(11, %s)', trainer)), 5), left(rule(format('SELECT id FROM swan_client(12, %s)', trainer)), 5),
		'summary:', left(rule(format('SELECT available FROM swan_summary(12, actor => %s)', trainer)), 5))
$$;

SET ROLE regress_owner;
SELECT count(*) FROM generate_series(11, 13) u, swan_grant(u, 20);
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', repeat => 10, every => '1 day');
SELECT status FROM swan_book(11, 1);
SELECT setting, value FROM swan_settings() WHERE setting IN ('booking_rule', 'assignments');

--
-- Whom it says no to
--
CREATE TABLE app.asked (user_id bigint, session_id bigint, actor_id bigint, who name);
CREATE FUNCTION app.may_book(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN session = 3 THEN format('Not this one, %s (asks %s).', client, coalesce(actor::text, 'nobody')) END
$$;
SELECT swan_configure('booking_rule', 'app.may_book');
SELECT * FROM ways('11');
SELECT * FROM ways('2');
SELECT * FROM ways('3');
SELECT * FROM ways('NULL');
-- the office may pass over it, for this call
SELECT rule('SELECT status FROM swan_book(11, 3, force => true, actor => 2)'), rule('SELECT user_id FROM swan_hold(11, 3, force => true, actor => 1)'),
       rule('SELECT status FROM swan_reschedule(1, 3, force => true, actor => 2)'), rule('SELECT status FROM swan_book(11, 3, force => true, actor => 3)');
-- the whole error; what comes before it
SELECT swan_book(11, 3, actor => 11);
SELECT rule('SELECT swan_book(20, 3, actor => 20)'), rule('SELECT swan_book(11, 1, actor => 11)'), rule('SELECT swan_book(99, 3)');
-- what a client has asked for
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES (500, 12, 4, 'requested', '2099-03-05 10:00');
SELECT status FROM swan_book(12, 500, actor => 4);
CREATE OR REPLACE FUNCTION app.may_book(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT ''''';
SELECT * FROM ways('11');
CREATE OR REPLACE FUNCTION app.may_book(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL';
SELECT * FROM ways('11');
-- it sees what the same call has done: two a week, also of several at once; an exchange asks while the old booking stands
CREATE FUNCTION app.two_a_week(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT 'At most two a week.' WHERE (SELECT count(*) FROM studio.sessions o, studio.sessions s WHERE s.id = session AND o.user_id = client
		AND o.status IN ('scheduled', 'confirmed') AND date_trunc('week', o.session_date) = date_trunc('week', s.session_date)) >= 2
$$;
SELECT swan_configure('booking_rule', 'app.two_a_week');
SELECT rule('SELECT count(*) FROM swan_book_many(12, ''{2, 3}'')'), rule('SELECT count(*) FROM swan_book_many(12, ''{2, 3, 4}'')'), rule('SELECT count(*) FROM swan_book_many(12, ''{2, 3, 8}'')');
SELECT swan_configure('booking_rule', NULL);
SELECT * FROM ways('11');

--
-- What it is run as, and what it may
--
CREATE FUNCTION app.notes(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO asked VALUES (client, session, actor, current_user);
	SET LOCAL work_mem = '70MB';
	RETURN NULL;
END $$;
GRANT USAGE ON SCHEMA studio TO regress_stranger;
SELECT swan_configure('search_path', 'studio, app');
SELECT swan_configure('booking_rule', 'notes');
-- whoever calls
SELECT swan_allow('regress_stranger', 'backend');
SET ROLE regress_stranger;
SELECT swan_accept('studio');
SELECT * FROM app.asked;
SET work_mem = '8MB';
SELECT status FROM swan_book(11, 9, actor => 11);
SHOW work_mem;
-- one that writes cannot be asked by who only reads, and what follows can write again
BEGIN;
SAVEPOINT s;
SELECT ok FROM swan_can_book(11, 10, actor => 11);
ROLLBACK TO s;
SHOW transaction_read_only;
SELECT status FROM swan_book(11, 10, actor => 11);
COMMIT;
SET ROLE regress_owner;
SELECT * FROM app.asked ORDER BY session_id;
-- nor by who has his own transaction say so
BEGIN READ ONLY;
SELECT rule('SELECT ok FROM swan_can_book(11, 4)');
ROLLBACK;
CREATE FUNCTION app.sets(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	PERFORM set_config('transaction_read_only', 'on', true), set_config('work_mem', '70MB', false);
	RETURN NULL;
END $$;
SELECT swan_configure('booking_rule', 'sets');
BEGIN;
SELECT ok FROM swan_can_book(11, 4);
SHOW transaction_read_only;
SHOW work_mem;
SELECT swan_configure('booking_rule', 'app.notes');
SELECT status FROM swan_book(11, 4);
ROLLBACK;
CREATE OR REPLACE FUNCTION app.sets(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	PERFORM set_config('transaction_read_only', 'off', true);
	INSERT INTO app.asked VALUES (client, session, actor);
	RETURN NULL;
END $$;
SELECT rule('SELECT ok FROM swan_can_book(11, 4)');
-- its own errors are those of the call
CREATE FUNCTION app.raises(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN
	RAISE EXCEPTION 'no way' USING ERRCODE = 'AP001', DETAIL = 'mine', HINT = 'ours';
END $$;
SELECT swan_configure('booking_rule', 'app.raises');
SELECT swan_book(11, 4);
SELECT swan_can_book(11, 4);
SELECT * FROM ways('11') WHERE way <> 'can_book';
-- one that is slow is ended as any statement
CREATE FUNCTION app.slow(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL FROM pg_catalog.pg_sleep(100)';
SELECT swan_configure('booking_rule', 'app.slow');
SET statement_timeout = '100ms';
SELECT swan_book(11, 4);
SELECT ok FROM swan_can_book(11, 4);
RESET statement_timeout;
-- swan_* functions: it may read, and change nothing
CREATE FUNCTION app.only_once(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT format(''%s has %s'', client, available) FROM public.swan_summary(client)';
SELECT swan_configure('booking_rule', 'app.only_once');
SELECT * FROM ways('11');
-- but not ask itself
CREATE FUNCTION app.asks(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT code FROM public.swan_can_book(13, session)';
SELECT swan_configure('booking_rule', 'app.asks');
SELECT * FROM ways('11');
CREATE FUNCTION app.books(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	PERFORM public.swan_book(13, session + 1);
	RETURN NULL;
END $$;
SELECT swan_configure('booking_rule', 'app.books');
SELECT * FROM ways('11');
CREATE OR REPLACE FUNCTION app.books(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	PERFORM public.swan_grant(client, 1);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT * FROM ways('11') WHERE way <> 'can_book';
-- direct writes are judged as anybody's; what it was asked about it must leave alone
CREATE FUNCTION app.writes(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = client;
	RETURN NULL;
END $$;
SELECT swan_configure('booking_rule', 'app.writes');
SELECT rule('SELECT status FROM swan_book(11, 5)');
SELECT swan_configure('guard_balance', 'record'), swan_configure('guard_sessions', 'record');
SELECT rule('SELECT status FROM swan_book(11, 5)');
CREATE OR REPLACE FUNCTION app.writes(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = 13;
	RETURN NULL;
END $$;
SELECT status FROM swan_book(11, 5);
SELECT available FROM swan_summary(13);
CREATE OR REPLACE FUNCTION app.writes(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	UPDATE studio.sessions SET session_date = session_date + interval '1 minute' WHERE id = session;
	RETURN NULL;
END $$;
SELECT rule('SELECT status FROM swan_book(11, 6)');
CREATE OR REPLACE FUNCTION app.writes(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO studio.sessions (user_id, trainer_id, status, session_date) SELECT client, 4, 'scheduled', session_date FROM studio.sessions WHERE id = session;
	RETURN NULL;
END $$;
SELECT rule('SELECT status FROM swan_book(11, 6)'), rule('SELECT count(*) FROM swan_book_many(12, ''{6, 7}'')');
CREATE OR REPLACE FUNCTION app.writes(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	DELETE FROM studio.sessions WHERE id = session;
	RETURN NULL;
END $$;
SELECT rule('SELECT status FROM swan_book(11, 6)');
CREATE OR REPLACE FUNCTION app.writes(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	UPDATE studio.sessions SET notes = 'asked' WHERE id = session;
	RETURN NULL;
END $$;
SELECT status FROM swan_book(11, 6);
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse');
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

--
-- What is refused when it is set
--
SET ROLE regress_stranger;
CREATE FUNCTION app.strange(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
CREATE FUNCTION app.closed(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text';
REVOKE EXECUTE ON FUNCTION app.closed FROM PUBLIC;
SELECT swan_configure('booking_rule', 'app.strange');
SET ROLE regress_owner;
CREATE FUNCTION app.few(bigint, bigint) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION app.integers(integer, integer, integer) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION app.more(bigint, bigint, bigint, text DEFAULT '') RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION app.yes(bigint, bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION app.several(bigint, bigint, bigint) RETURNS SETOF text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION app.any_of(anyelement, anyelement, anyelement) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION pg_temp.mine(bigint, bigint, bigint) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE PROCEDURE app.procedure(bigint, bigint, bigint) LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION app."Own ""rule"""(bigint, bigint, bigint) RETURNS text LANGUAGE sql AS 'SELECT ''odd''::text';
SELECT f, public.refusal('booking_rule', f) FROM unnest(ARRAY['app.nothing', 'nowhere.rule', 'app.few', 'app.integers', 'app.more', 'app.yes', 'app.several', 'app.any_of', 'pg_temp.mine', 'mine',
	'app.procedure', 'app.strange', 'app.closed', 'app.asked', '', ' ', 'a b', 'postgres.app.may_book', 'app.may_book(bigint,bigint,bigint)', 'app.may_book; DROP', '"', 'app.']) f;
SELECT value FROM swan_settings() WHERE setting = 'booking_rule';
SET ROLE regress_stranger;
GRANT EXECUTE ON FUNCTION app.closed TO regress_owner;
SET ROLE regress_owner;
SELECT f, public.refusal('booking_rule', f) FROM unnest(ARRAY['app.closed', ' APP . may_book ', 'may_book', 'app."Own ""rule"""']) f;
SELECT rule('SELECT status FROM swan_book(11, 7)');
-- a function with its owner's rights has those and no others
SELECT swan_configure('booking_rule', 'app.closed');
SELECT rule('SELECT status FROM swan_book(11, 7)');

--
-- What became of it since
--
SET ROLE regress_stranger;
ALTER FUNCTION app.closed SECURITY INVOKER;
SET ROLE regress_owner;
SELECT swan_book(11, 7);
SELECT swan_can_book(11, 7);
SELECT swan_configure('booking_rule', 'app.may_book');
SELECT status FROM swan_book(11, 7);
ALTER FUNCTION app.may_book RENAME TO once;
SELECT swan_book(11, 8);
SELECT swan_can_book(11, 8);
ALTER FUNCTION app.once RENAME TO may_book;
SELECT rule('SELECT status FROM swan_book(11, 8)');
DROP FUNCTION app.may_book;
SELECT * FROM ways('11');
SELECT rule('SELECT status FROM swan_book(11, 8, force => true)');
-- somebody else's under its name
SET ROLE regress_stranger;
CREATE FUNCTION app.may_book(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
SET ROLE regress_owner;
SELECT rule('SELECT status FROM swan_book(11, 8)');
RESET ROLE;
DROP FUNCTION app.may_book;
SET ROLE regress_owner;
CREATE FUNCTION app.may_book(client bigint, session bigint, actor bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1';
SELECT rule('SELECT status FROM swan_book(11, 8)');
DROP FUNCTION app.may_book;
CREATE FUNCTION app.may_book(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS 'SELECT ''anew''';
SELECT rule('SELECT status FROM swan_book(11, 8)');
REVOKE EXECUTE ON FUNCTION app.may_book FROM PUBLIC, regress_owner;
SELECT rule('SELECT status FROM swan_book(11, 8)');
RESET ROLE;
ALTER SCHEMA app RENAME TO apps;
SET ROLE regress_owner;
SELECT rule('SELECT status FROM swan_book(11, 8)');
RESET ROLE;
ALTER SCHEMA apps RENAME TO app;
SET ROLE regress_owner;
-- what needs no rule goes on
SELECT status FROM swan_cancel(7);
SELECT swan_configure('booking_rule', NULL);

--
-- It is one studio's
--
RESET ROLE;
SELECT swan_create_studio('second', 'regress_owner');
SET ROLE regress_owner;
CREATE OR REPLACE FUNCTION app.raises(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS 'SELECT ''never''';
SELECT swan_configure('booking_rule', 'app.raises', 'second');
SET swanalloc.studio = 'studio';
SELECT rule('SELECT status FROM swan_book(11, 8)');
SET swanalloc.studio = 'second';
INSERT INTO second.users (id, role) VALUES (1, 'trainer'), (11, 'client');
SELECT swan_open(1, '2099-01-05 09:00'), count(*) FROM swan_grant(11, 1);
SELECT rule('SELECT status FROM swan_book(11, 1)');
SET swanalloc.studio = 'studio';

--
-- Whose clients are whose
--
SELECT seen(3), seen(4);
CREATE TABLE app.coaches (trainer_id integer, user_id bigint, note text);
INSERT INTO app.coaches VALUES (4, 11), (3, 12), (3, 13), (3, 13), (3, NULL), (NULL, 11), (3, 999);
SELECT swan_configure('assignments', 'coaches');
SELECT seen(3), seen(4);
SELECT o, (SELECT string_agg(id::text, ',') FROM swan_clients(order_by => o, actor => 3)) FROM unnest('{name, created_at, last_session}'::text[]) o;
-- staff see all, clients themselves
SELECT count(*) FROM swan_clients(actor => 2);
SELECT rule('SELECT available FROM swan_summary(11, actor => 11)'), rule('SELECT available FROM swan_summary(12, actor => 11)');
-- a view; one that writes
CREATE VIEW app.coach AS SELECT trainer_id, user_id FROM app.coaches WHERE trainer_id = 4 OR user_id = 13;
SELECT swan_configure('assignments', 'app.coach');
SELECT seen(3), seen(4);
CREATE FUNCTION app.noted(bigint) RETURNS bigint LANGUAGE sql AS 'INSERT INTO app.asked VALUES ($1) RETURNING user_id';
CREATE OR REPLACE VIEW app.coach AS SELECT trainer_id, app.noted(user_id) AS user_id FROM app.coaches;
SELECT rule('SELECT id FROM swan_client(11, 4)'), rule('SELECT id FROM swan_clients(actor => 4)');
-- what is refused
CREATE TABLE app.texts (trainer_id text, user_id bigint);
CREATE TABLE app.alone (user_id bigint);
CREATE TEMP TABLE passing (trainer_id bigint, user_id bigint);
CREATE SEQUENCE app.sequence;
SET ROLE regress_stranger;
CREATE TABLE app.theirs (trainer_id bigint, user_id bigint);
GRANT SELECT ON app.theirs TO regress_owner;
SET ROLE regress_owner;
CREATE TABLE app.unread (trainer_id bigint, user_id bigint);
REVOKE SELECT ON app.unread FROM regress_owner;
SELECT t, public.refusal('assignments', t) FROM unnest(ARRAY['app.nothing', 'nowhere.coaches', 'app.texts', 'app.alone', 'passing', 'pg_temp.passing', 'app.sequence', 'app.theirs', 'app.unread', 'app.may_book', 'a b', '']) t;
-- what became of it
DROP VIEW app.coach;
SELECT swan_client(11, 4);
SELECT rule('SELECT id FROM swan_clients(actor => 4)'), rule('SELECT id FROM swan_clients(actor => 2)'), rule('SELECT available FROM swan_summary(11, actor => 11)');
SELECT swan_configure('assignments', 'app.coaches');
ALTER TABLE app.coaches RENAME user_id TO client_id;
SELECT rule('SELECT id FROM swan_clients(actor => 4)');
ALTER TABLE app.coaches RENAME client_id TO user_id;
ALTER TABLE app.coaches ALTER trainer_id TYPE bigint;
SELECT seen(3), seen(4);
SELECT swan_configure('assignments', NULL);
SELECT seen(3), seen(4);
SELECT * FROM swan_verify();

RESET ROLE;
RESET swanalloc.studio;
DROP FUNCTION public.rule, public.ways, public.refusal, public.seen;
DROP SCHEMA app CASCADE;
DISCARD TEMP;
SET client_min_messages = error;
SELECT swan_detach('second') IS NOT NULL AS detached;
DROP SCHEMA second CASCADE;
\i test/fixture/moves_gone.sql
DROP ROLE regress_stranger;
