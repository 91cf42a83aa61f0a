-- What the application may have on the tables, and how it bears upon a row that a call
-- writes: statement triggers, constraints and indexes of every kind, rules, domains.
\i test/fixture/studio.sql
\i test/fixture/try_query.sql
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Tom', 'trainer'), (3, 'Ann', 'client'), (4, 'Bob', 'client');
INSERT INTO studio.sessions (id, trainer_id, session_date) SELECT i, 1, '2099-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 9) i;
SELECT g.available_sessions FROM studio.users u, swan_grant(u.id, 20) g WHERE role = 'client';
-- does something to the tables, says what calls are answered then, and undoes it
CREATE FUNCTION with_it(commands text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	query text;
	answers text;
BEGIN
	EXECUTE commands;
	FOREACH query IN ARRAY '{"SELECT available_sessions FROM swan_grant(3, 5)", "SELECT available_sessions FROM swan_grant(4, 5)",
		"SELECT available_sessions FROM swan_book(3, 5)", "SELECT available_sessions FROM swan_cancel(5, reopen => false)", "SELECT count(*) FROM swan_verify()"}'::text[] LOOP
		answers := concat_ws(' | ', answers, try(query));
	END LOOP;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN answers;
END $$;
SELECT with_it('');

--
-- triggers of others that write a row which the statement is about to write, or has written
--
CREATE FUNCTION studio.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		CASE tg_argv[0]
			WHEN 'user' THEN UPDATE studio.users SET last_name = 'x' WHERE id = 3;
			WHEN 'slot' THEN UPDATE studio.sessions SET notes = 'x' WHERE id = 5;
			WHEN 'gone' THEN DELETE FROM studio.sessions WHERE id = 5;
			WHEN 'rename' THEN ALTER TABLE studio.swan_lots RENAME CONSTRAINT zzz TO aaa;
			WHEN 'discard' THEN DISCARD PLANS;
			WHEN 'ask' THEN PERFORM public.swan_summary(3), public.swan_can_book(3, 6);
		END CASE;
	END IF;
	RETURN new;
END $$;
ALTER FUNCTION studio.meddle() OWNER TO regress_owner;
SELECT t, w, what, with_it(format('CREATE TRIGGER t %s INSERT OR UPDATE ON studio.%I FOR EACH STATEMENT EXECUTE FUNCTION studio.meddle(%L)', w, t, what))
	FROM unnest('{users,sessions,swan_ledger}'::text[]) t, unnest('{BEFORE,AFTER}'::text[]) w, unnest('{user,slot,gone,discard,ask}'::text[]) what;
SELECT with_it('CREATE TRIGGER t AFTER UPDATE ON studio.users REFERENCING NEW TABLE AS n OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION studio.meddle(''slot'')');
SELECT with_it('CREATE TRIGGER t AFTER INSERT ON studio.swan_ledger REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION studio.meddle(''user'')');
SELECT with_it('CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON studio.users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studio.meddle(''slot'')');

-- only what is written fires those of a column
CREATE TABLE studio.fired (what text);
ALTER TABLE studio.fired OWNER TO regress_owner;
CREATE FUNCTION studio.note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO studio.fired VALUES (concat_ws(' ', tg_when, tg_level, tg_argv[0])); RETURN new; END$$;
SELECT format('CREATE TRIGGER t%s AFTER UPDATE OF %I ON studio.%I FOR EACH %s EXECUTE FUNCTION studio.note(%L)', row_number() OVER (), c, t, l, t || ' ' || c)
	FROM (VALUES ('users', 'available_sessions'), ('users', 'first_name'), ('sessions', 'status'), ('sessions', 'notes'), ('swan_lots', 'remaining'), ('swan_lots', 'granted')) v (t, c),
		unnest('{ROW,STATEMENT}'::text[]) l \gexec
CREATE TRIGGER when_less AFTER UPDATE ON studio.users FOR EACH ROW WHEN (new.available_sessions < old.available_sessions) EXECUTE FUNCTION studio.note('less');
CREATE TRIGGER when_more AFTER UPDATE ON studio.users FOR EACH ROW WHEN (new.available_sessions > old.available_sessions) EXECUTE FUNCTION studio.note('more');
BEGIN;
SELECT status FROM swan_book(3, 5);
SELECT string_agg(what, ', ') FROM studio.fired;
ROLLBACK;
DROP FUNCTION studio.note() CASCADE;

--
-- constraints
--
SELECT with_it('ALTER TABLE studio.users ADD CHECK (available_sessions < 21)');
SELECT with_it('ALTER TABLE studio.swan_lots ADD CONSTRAINT zzz CHECK (granted <> 5); CREATE TRIGGER t BEFORE INSERT ON studio.swan_lots FOR EACH STATEMENT EXECUTE FUNCTION studio.meddle(''rename'')');
SELECT with_it('ALTER TABLE studio.users ADD CHECK (available_sessions < 21) NOT VALID');
SELECT with_it('ALTER TABLE studio.users ADD CHECK (available_sessions < 25 OR users IS NULL)');
SELECT with_it('ALTER TABLE studio.users ADD CHECK (available_sessions < 25 OR tableoid = ''studio.sessions''::regclass)');
SELECT with_it('ALTER TABLE studio.swan_ledger ADD CHECK (kind <> ''booking'' OR at > ''2100-01-01'')');
SELECT with_it('CREATE FUNCTION studio.few(int) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $1 < 25; ALTER TABLE studio.users ADD CHECK (studio.few(available_sessions))');
SELECT with_it('ALTER TABLE studio.swan_ledger ALTER reason SET NOT NULL');
SELECT with_it('CREATE DOMAIN studio.few AS int CHECK (VALUE < 25); ALTER TABLE studio.users ALTER available_sessions TYPE studio.few');
SELECT with_it('CREATE DOMAIN studio.word AS text CHECK (VALUE <> ''scheduled''); ALTER TABLE studio.sessions ALTER status TYPE studio.word');
SELECT with_it('ALTER TABLE studio.users ADD EXCLUDE USING btree (available_sessions WITH =) WHERE (available_sessions > 24)');
SELECT with_it('ALTER TABLE studio.users ADD EXCLUDE USING btree (available_sessions WITH =) WHERE (available_sessions > 24) DEFERRABLE INITIALLY DEFERRED; SET CONSTRAINTS ALL IMMEDIATE');
SELECT with_it('CREATE TABLE studio.refers (id bigint REFERENCES studio.users ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED); INSERT INTO studio.refers VALUES (3), (99)');

--
-- indexes
--
SELECT with_it('CREATE UNIQUE INDEX ON studio.users (available_sessions) WHERE available_sessions > 24');
SELECT with_it('CREATE UNIQUE INDEX ON studio.sessions (user_id) NULLS NOT DISTINCT WHERE status <> ''available''');
SELECT with_it('CREATE INDEX ON studio.users USING brin (available_sessions)');
SELECT with_it('CREATE INDEX ON studio.users USING hash (available_sessions)');
SELECT with_it('CREATE INDEX ON studio.users USING gin (to_tsvector(''simple'', first_name || available_sessions))');
SELECT with_it('CREATE INDEX ON studio.users ((1 / (available_sessions - 25)))');
SELECT with_it('DROP INDEX studio.swan_ledger_user, studio.swan_lots_user');

SELECT with_it(CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 'ALTER TABLE studio.users ADD CHECK (available_sessions < 21) NOT ENFORCED' ELSE '' END);

--
-- columns
--
SELECT with_it('ALTER TABLE studio.users ADD double int GENERATED ALWAYS AS (available_sessions * 2) STORED CHECK (double < 50)');
SELECT with_it('ALTER TABLE studio.swan_ledger ADD extra int DEFAULT 5 CHECK (extra = 5), ADD late timestamptz NOT NULL DEFAULT clock_timestamp()');
SELECT with_it('ALTER TABLE studio.swan_ledger ADD extra int DEFAULT 5; ALTER TABLE studio.swan_ledger ADD CHECK (extra IS NULL) NOT VALID');
SELECT with_it('ALTER TABLE studio.sessions DROP notes; ALTER TABLE studio.users DROP email, ADD a int DEFAULT 7, ADD b text DEFAULT repeat(''b'', 5000); ALTER TABLE studio.users DROP a, ADD CHECK (b IS NOT NULL)');
SELECT with_it('UPDATE studio.users SET last_name = (SELECT string_agg(md5(i::text), '''') FROM generate_series(1, 60) i); UPDATE studio.sessions SET notes = (SELECT string_agg(md5(i::text), '''') FROM generate_series(1, 1000) i)');

-- whatever else is in a row stays as it is, out of line and compressed too
BEGIN;
SET LOCAL session_replication_role = replica;
ALTER TABLE studio.sessions ADD later text DEFAULT 'not in the row', ADD gone int;
UPDATE studio.sessions SET notes = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i), gone = 5;
DROP INDEX studio.users_name;
UPDATE studio.users SET first_name = repeat('long', 30000), last_name = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i);
ALTER TABLE studio.sessions DROP gone, ADD latest text DEFAULT 'nor this';
RESET session_replication_role;
CREATE VIEW studio.rest AS SELECT md5(u.first_name) AS first, md5(u.last_name) AS last, md5(s.notes) AS notes, s.later, s.latest FROM studio.users u, studio.sessions s WHERE u.id = 3 AND s.id = 5;
SELECT * FROM studio.rest;
SELECT swan_book(3, 5), swan_confirm(5), swan_cancel(5, reopen => false), swan_grant(3, 1) \g /dev/null
SELECT * FROM studio.rest;
SELECT * FROM swan_verify();
ROLLBACK;

--
-- what makes a table another kind of thing
--
SELECT with_it('CREATE RULE r AS ON UPDATE TO studio.users DO ALSO SELECT 1');
SELECT with_it('CREATE RULE r AS ON INSERT TO studio.swan_ledger DO INSTEAD NOTHING');
SELECT with_it('SET LOCAL client_min_messages = error; ALTER TABLE studio.users REPLICA IDENTITY NOTHING; CREATE PUBLICATION regress_p FOR TABLE studio.users');
SELECT with_it('ALTER TABLE studio.sessions SET UNLOGGED; ALTER TABLE studio.users SET UNLOGGED, SET (fillfactor = 10)');
SELECT with_it('ALTER TABLE studio.swan_ledger SET (toast_tuple_target = 128)');

SELECT * FROM swan_verify();
DROP FUNCTION with_it(text), try(text);
\i test/fixture/studio_gone.sql
