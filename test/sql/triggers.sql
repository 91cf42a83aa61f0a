-- The application's own triggers on users and sessions, before and after ours by name.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_t_owner;
SELECT swan_create_studio(owner => 'regress_t_owner');
INSERT INTO studio.users (first_name, role) VALUES ('Ada', 'client'), ('Ben', 'client'), ('Tom', 'trainer');
SELECT ledger_id FROM swan_grant(1, 5);
SELECT * FROM swan_open(3, '2099-01-05 10:00');
CREATE TABLE studio.log (what text);
ALTER TABLE studio.log OWNER TO regress_t_owner;

-- does what its argument says
CREATE FUNCTION studio.app() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	before bool := tg_when = 'BEFORE';
	on_users bool := tg_table_name = 'users';
BEGIN
	IF pg_trigger_depth() > 1 THEN
		RETURN new;	-- what follows fires it again
	END IF;
	CASE tg_argv[0]
		WHEN 'same row' THEN
			IF before AND on_users THEN new.last_name := 'seen';
			ELSIF before THEN new.notes := 'seen';
			ELSIF on_users THEN UPDATE users SET last_name = 'seen' WHERE id = new.id;
			ELSE UPDATE sessions SET notes = 'seen' WHERE id = new.id;
			END IF;
		WHEN 'guarded column' THEN
			IF before AND on_users THEN new.available_sessions := new.available_sessions + 1;
			ELSIF before THEN new.duration := new.duration + 1;
			ELSIF on_users THEN UPDATE users SET available_sessions = available_sessions + 1 WHERE id = new.id;
			ELSE UPDATE sessions SET duration = duration + 1 WHERE id = new.id;
			END IF;
		WHEN 'and back' THEN
			UPDATE users SET available_sessions = available_sessions + 1 WHERE id = 2;
			UPDATE users SET available_sessions = available_sessions - 1 WHERE id = 2;
		WHEN 'delete' THEN
			IF on_users THEN DELETE FROM users WHERE id = new.id;
			ELSE DELETE FROM sessions WHERE id = new.id;
			END IF;
		WHEN 'other table' THEN
			INSERT INTO log VALUES (tg_table_name);
		WHEN 'return null' THEN
			RETURN NULL;
		WHEN 'writer' THEN
			PERFORM public.swan_grant(2, 1);
		WHEN 'reader' THEN
			INSERT INTO log SELECT available FROM public.swan_summary(2);
		WHEN 'error' THEN
			RAISE 'no %', tg_table_name;
		WHEN 'caught writer' THEN
			BEGIN
				PERFORM public.swan_grant(2, 1);
			EXCEPTION WHEN OTHERS THEN
				INSERT INTO log VALUES (sqlstate);
			END;
		WHEN 'caught write' THEN
			BEGIN
				UPDATE users SET available_sessions = 10 WHERE id = 2;
				RAISE 'undone';
			EXCEPTION WHEN OTHERS THEN
				INSERT INTO log VALUES (sqlstate);
			END;
	END CASE;
	RETURN new;
END
$$;

CREATE FUNCTION facts() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(', ', sum(available_sessions) || ' credits', (SELECT count(*) FROM studio.swan_ledger) || ' lines',
		(SELECT string_agg(concat_ws(' ', status, duration, notes), ' + ') FROM studio.sessions),
		string_agg(last_name, ' '), (SELECT string_agg(what, ' ') FROM studio.log),
		(SELECT string_agg(check_name, ' ') FROM swan_verify()))
	FROM studio.users
$$;
SELECT facts();

-- puts the trigger there, runs a command, says what came of it, and undoes all
CREATE FUNCTION attempt(mode text, command text, on_table text, timing text, name text, action text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	before text;
BEGIN
	PERFORM swan_configure('guard_balance', mode), swan_configure('guard_sessions', mode);
	before := facts();
	EXECUTE format('CREATE TRIGGER %I %s INSERT OR UPDATE ON studio.%I FOR EACH ROW EXECUTE FUNCTION studio.app(%L)',
		name, timing, on_table, action);
	BEGIN
		EXECUTE command;
		result := 'ok: ' || facts();
	EXCEPTION WHEN OTHERS THEN
		result := sqlstate || ': ' || sqlerrm;
		IF facts() <> before THEN
			result := result || ' BUT ' || facts();
		END IF;
	END;
	EXECUTE format('DROP TRIGGER %I ON studio.%I', name, on_table);
	-- whatever happened, nothing of it is left over
	BEGIN
		UPDATE studio.users SET available_sessions = 4 WHERE id = 1 AND available_sessions = 5;
		IF FOUND AND mode = 'refuse' THEN
			result := result || ' AND A DIRECT WRITE WENT THROUGH';
		END IF;
	EXCEPTION WHEN SQLSTATE 'SW011' THEN
		NULL;
	END;
	PERFORM swan_grant(2, 1);
	RAISE EXCEPTION USING errcode = 'UNDO0', message = result;
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
	RETURN sqlerrm;
END
$$;
CREATE VIEW cases AS
	SELECT on_table, timing, name, action
	FROM unnest('{users,sessions}'::text[]) WITH ORDINALITY a (on_table, a),
		unnest('{BEFORE,AFTER}'::text[]) WITH ORDINALITY b (timing, b),
		unnest('{same row,guarded column,and back,delete,other table,return null,writer,reader,error,caught writer,caught write}'::text[])
			WITH ORDINALITY c (action, c),
		unnest('{aaa,zzz}'::text[]) WITH ORDINALITY d (name, d)
	WHERE (timing = 'AFTER' OR action <> 'delete')
		AND (name = 'zzz' OR action IN ('same row', 'guarded column', 'and back', 'return null', 'delete'))
	ORDER BY a, b, c, d;

-- a booking writes to both tables; a name makes a difference only where two lines differ
CREATE VIEW booked AS
	SELECT mode, on_table, timing, action, string_agg(name, ' ') AS names, result
	FROM (SELECT mode, cases.*, attempt(mode, 'SELECT swan_book(1, 1)', on_table, timing, name, action) AS result
		FROM cases, unnest('{refuse,record}'::text[]) mode) x
	GROUP BY mode, on_table, timing, action, result;
SELECT on_table, timing, action, names, result FROM booked WHERE mode = 'refuse'
ORDER BY on_table DESC, timing DESC, action, names;
SELECT on_table, timing, action, names, result FROM booked WHERE mode = 'record'
ORDER BY on_table DESC, timing DESC, action, names;

-- new slots
SELECT action, timing, attempt('refuse', 'SELECT swan_open(3, ''2099-02-05 10:00'')', on_table, timing, name, action)
FROM cases WHERE on_table = 'sessions' AND name = 'zzz' AND action IN ('same row', 'guarded column', 'return null', 'writer', 'delete');

-- (in swan_* calls the application's triggers find the studio's tables; in these it is up to the caller)
SET search_path = public, studio;
-- direct writes, written down, with a trigger that writes more
SELECT action, name, timing, attempt('record', 'UPDATE studio.users SET available_sessions = 7 WHERE id = 1',
	on_table, timing, name, action)
FROM cases WHERE on_table = 'users' AND action IN ('same row', 'guarded column', 'and back', 'return null', 'writer', 'delete');
SELECT action, name, timing, attempt('record', 'UPDATE studio.sessions SET status = ''scheduled'', user_id = 2 WHERE id = 1',
	on_table, timing, name, action)
FROM cases WHERE on_table = 'sessions' AND action IN ('guarded column', 'and back', 'return null', 'writer', 'delete');

-- and the same refused, unless a BEFORE trigger takes it back
SELECT action, name, attempt('refuse', 'UPDATE studio.users SET available_sessions = 4 WHERE id = 1',
	on_table, timing, name, action)
FROM cases WHERE on_table = 'users' AND timing = 'BEFORE' AND action IN ('same row', 'guarded column', 'return null', 'writer');

-- a trigger that moves a balance down again while it is on its way up
SELECT swan_configure('guard_balance', 'record');
CREATE FUNCTION studio.cap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE users SET available_sessions = 2 WHERE id = new.id AND available_sessions > 10;
	RETURN NULL;
END
$$;
CREATE TRIGGER aaa AFTER INSERT OR UPDATE ON studio.users FOR EACH ROW EXECUTE FUNCTION studio.cap();
UPDATE studio.users SET available_sessions = 20;
INSERT INTO studio.users (first_name, available_sessions) VALUES ('Eve', 20);
SELECT user_id, delta, balance_after, kind FROM studio.swan_ledger ORDER BY user_id, id;
SELECT available_sessions FROM swan_grant(1, 20);
SELECT id, available_sessions FROM studio.users ORDER BY id;
SELECT * FROM swan_verify();

-- a trigger on our own tables must not call a writer either, whoever made it fire
CREATE FUNCTION studio.more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.swan_grant(1, 1);
	RETURN NULL;
END
$$;
DROP TRIGGER aaa ON studio.users;
CREATE TRIGGER more AFTER INSERT ON studio.swan_ledger FOR EACH ROW WHEN (new.kind = 'external')
	EXECUTE FUNCTION studio.more();
UPDATE studio.users SET available_sessions = 0 WHERE id = 1;
\echo :SQLSTATE
SELECT * FROM swan_verify();

DROP TRIGGER more ON studio.swan_ledger;

-- whoever changes or suppresses what is written there is found out, though the plans are older than he
CREATE FUNCTION studio.tamper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF tg_argv[0] = 'suppress' THEN
		RETURN NULL;
	ELSIF tg_table_name = 'swan_lots' THEN
		new.remaining := new.remaining - 1;
	ELSE
		new.balance_after := new.balance_after + 1;
	END IF;
	RETURN new;
END
$$;
CREATE FUNCTION tampered(on_table text, action text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.swan_grant(3, 1);
	EXECUTE format('CREATE TRIGGER t BEFORE INSERT OR UPDATE ON studio.%I FOR EACH ROW EXECUTE FUNCTION studio.tamper(%L)', on_table, action);
	PERFORM public.swan_grant(3, 1);
	RETURN 'not found out';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END
$$;
SELECT t, a, tampered(t, a) FROM unnest('{swan_lots,swan_ledger}'::text[]) t, unnest('{suppress,change}'::text[]) a;
-- a name of ours exempts nobody
CREATE TRIGGER swan_word_users BEFORE INSERT ON studio.swan_lots FOR EACH ROW EXECUTE FUNCTION studio.tamper('change');
SELECT * FROM swan_grant(3, 1);
\echo :SQLSTATE
DROP TRIGGER swan_word_users ON studio.swan_lots;
CREATE RULE elsewhere AS ON INSERT TO studio.swan_ledger DO INSTEAD NOTHING;
SELECT * FROM swan_grant(3, 1);
\echo :SQLSTATE
DROP RULE elsewhere ON studio.swan_ledger;
CREATE TABLE studio.elsewhere (LIKE studio.swan_lots);
CREATE RULE elsewhere AS ON INSERT TO studio.swan_lots DO INSTEAD INSERT INTO studio.elsewhere SELECT new.*;
SELECT * FROM swan_grant_many('{2,3}', 1);
\echo :SQLSTATE
DROP RULE elsewhere ON studio.swan_lots;
SELECT available_sessions FROM swan_grant(3, 1);
SELECT * FROM swan_verify();

-- a default that makes the row itself, within our statement: what we announced happens once
CREATE FUNCTION studio.twice() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO studio.sessions (trainer_id, session_date, twice) VALUES (3, '2099-02-02 10:00+00', false);
	RETURN true;
END
$$;
ALTER TABLE studio.sessions ADD twice boolean;
ALTER TABLE studio.sessions ALTER twice SET DEFAULT studio.twice();
SELECT * FROM swan_open(3, '2099-02-02 10:00');
\echo :SQLSTATE
ALTER TABLE studio.sessions DROP twice;
SELECT * FROM swan_verify();

-- an error that a trigger expects is its own affair, also when tables were made or dropped since we looked at ours
CREATE FUNCTION studio.expects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMPORARY TABLE IF NOT EXISTS context (who text);
	BEGIN
		EXECUTE 'SELECT 1 FROM not_there';
	EXCEPTION WHEN undefined_table THEN
		UPDATE studio.users SET last_name = 'missed' WHERE id = 2 AND last_name IS NULL;
	END;
	RETURN NULL;
END
$$;
CREATE TRIGGER expects AFTER UPDATE ON studio.sessions FOR EACH ROW EXECUTE FUNCTION studio.expects();
UPDATE studio.users SET last_name = NULL WHERE id = 2;
SELECT session_id FROM swan_book(2, (SELECT swan_open(3, '2099-02-03 10:00')));
SELECT last_name FROM studio.users WHERE id = 2;
CREATE OR REPLACE FUNCTION studio.expects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMPORARY TABLE IF NOT EXISTS context_2 (who text);
	PERFORM 1 FROM not_there;
	RETURN NULL;
END
$$;
SELECT session_id FROM swan_book(2, (SELECT swan_open(3, '2099-02-04 10:00')));
\echo :SQLSTATE
DROP FUNCTION studio.expects() CASCADE;
SELECT * FROM swan_verify();

RESET search_path;
DROP FUNCTION tampered(text, text);
DROP VIEW booked, cases;
DROP FUNCTION attempt(text, text, text, text, text, text), facts();
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA studio CASCADE;
DROP TABLE pg_temp.context;
DROP ROLE regress_t_owner;
