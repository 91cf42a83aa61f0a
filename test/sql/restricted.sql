-- Code of the owner's that a reader meets leaves nothing behind in the session of
-- another role: here a function in an index, which planning calls.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_r_owner LOGIN;
CREATE ROLE regress_r_web;
SELECT swan_create_studio(owner => 'regress_r_owner');
SET ROLE regress_r_owner;
INSERT INTO studio.users (first_name, role) VALUES ('Ada', 'client'), ('Tom', 'trainer');
SELECT swan_allow('regress_r_web', 'backend');
SET ROLE regress_r_web;
SELECT swan_accept('studio');
SET ROLE regress_r_owner;
CREATE FUNCTION studio.trap() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	command text;
BEGIN
	FOREACH command IN ARRAY ARRAY['CREATE TEMP TABLE orders (card text)', 'SET ROLE regress_r_web', 'RESET ROLE',
		'SET SESSION AUTHORIZATION DEFAULT', 'PREPARE orders AS SELECT 1', 'LISTEN orders'] LOOP
		BEGIN
			EXECUTE command;
			RAISE WARNING 'as %: %: done', current_user, command;
			DROP TABLE IF EXISTS pg_temp.orders;
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'as %: %: %', current_user, command, sqlstate;
		END;
	END LOOP;
	RETURN true;
END
$$;
-- Once in a session: how often planning calls it depends on when the index must be looked at again.
CREATE FUNCTION studio.looks_constant(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('studio.armed', true) = 'yes' AND
		NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) THEN
		PERFORM pg_advisory_lock(1);
		RETURN studio.trap();
	END IF;
	RETURN true;
END
$$;
CREATE INDEX trap_sessions ON studio.sessions (id) WHERE studio.looks_constant(1);
RESET ROLE;

-- each in a session of its own, since a backend plans once
\c -
\set SHOW_CONTEXT never
SET studio.armed = 'yes';
SET ROLE regress_r_web;
SELECT count(*) FROM swan_slots(NULL, NULL);
\c -
\set SHOW_CONTEXT never
SET studio.armed = 'yes';
SELECT available FROM swan_summary(1);
-- through a function of the owner's
\c -
\set SHOW_CONTEXT never
SET ROLE regress_r_owner;
CREATE FUNCTION studio.slots() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.swan_slots(NULL, NULL)';
RESET ROLE;
SET studio.armed = 'yes';
SELECT studio.slots();
-- the rows that attach looks at
\c -
\set SHOW_CONTEXT never
SET client_min_messages = error;
SELECT swan_detach();
SET client_min_messages = warning;
SET studio.armed = 'yes';
SELECT count(*) > 10 AS looked FROM swan_attach('studio.users', 'studio.sessions', dry_run => true);
SET client_min_messages = error;
SELECT count(*) > 10 AS attached FROM swan_attach('studio.users', 'studio.sessions');
-- the owner in his own session may do what he likes
SELECT current_user AS superuser \gset
\c - regress_r_owner
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET studio.armed = 'yes';
SELECT count(*) FROM swan_slots(NULL, NULL);

-- in a call that writes a cursor WITH HOLD is his own too, and nobody else's
SET studio.armed = 'no';
CREATE FUNCTION studio.hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT current_user';
	RETURN NULL;
END
$$;
CREATE TRIGGER hold AFTER INSERT ON studio.swan_ledger FOR EACH ROW EXECUTE FUNCTION studio.hold();
SELECT available_sessions FROM swan_grant(1, 1);
FETCH ALL FROM held;
\c - :superuser
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT available_sessions FROM swan_grant(1, 1);
SET ROLE regress_r_owner;
SELECT available_sessions FROM swan_grant(1, 1);
RESET ROLE;
DECLARE held CURSOR WITH HOLD FOR SELECT available FROM swan_summary(1);
FETCH ALL FROM held;
DROP TRIGGER hold ON studio.swan_ledger;

-- who is listed and may do more than the owner is named
CREATE ROLE regress_r_root SUPERUSER;
SET client_min_messages = error;
SELECT swan_allow('regress_r_root', 'system');
SELECT swan_allow('regress_r_web', 'backend');
SELECT w FROM jsonb_array_elements_text(swan_health() -> 'warnings') w WHERE w LIKE '%regress_r%';
ALTER ROLE regress_r_web CREATEROLE;
ALTER ROLE regress_r_root NOSUPERUSER;
SELECT w FROM jsonb_array_elements_text(swan_health() -> 'warnings') w WHERE w LIKE '%regress_r%';
SET studio.armed = 'no';
SET client_min_messages = error;
DROP SCHEMA studio CASCADE;
DROP EXTENSION swanalloc CASCADE;
DROP ROLE regress_r_owner, regress_r_web, regress_r_root;
