-- swan_health judges every column that a studio has been given, as swan_studios does.
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
CREATE TYPE state AS ENUM ('available', 'scheduled', 'confirmed', 'completed', 'cancelled');
CREATE SCHEMA app;
CREATE TABLE app.people (key serial PRIMARY KEY, "firstName" text, last_name varchar(50), email text, role text, credits int, joined timestamp, updated_at timestamptz, deleted_at timestamp);
CREATE TABLE app.slots (id serial PRIMARY KEY, client int, coach int, state state, day timestamp, minutes int, notes text, booked_at timestamptz, paid boolean, confirmed boolean, created_at timestamptz, class_id int, deleted_at timestamptz, ends_at timestamp, cancelled_at timestamptz, cancelled_by int, cancel_reason text, price int, took int, sort text);
SELECT count(*) FROM swan_attach('app.people', 'app.slots', '{"users.id": "key", "available_sessions": "credits", "users.created_at": "joined", "user_id": "client", "trainer_id": "coach",
	"status": "state", "session_date": "day", "duration": "minutes", "session_deducted": "paid", "class_id": "class_id", "cost": "price", "credits": "took", "kind": "sort", "time_zone": "UTC"}');
SELECT swan_health() ->> 'status' AS status, swan_health() -> 'criteria' AS criteria;
CREATE TABLE mapped AS SELECT s.name AS studio, x.tab::regclass, COALESCE(s.columns -> 'names' ->> x.col, x.name) AS name, s.columns -> 'names' ? x.col AS given, x.col
	FROM swan.studio s CROSS JOIN LATERAL (SELECT s.users, 'users' UNION ALL SELECT s.sessions, 'sessions') t (tab, label)
	CROSS JOIN LATERAL (SELECT t.tab, t.label || '.' || c.name AS col, c.name FROM unnest('{id,first_name,last_name,email,role,available_sessions,created_at,updated_at,user_id,trainer_id,status,session_date,duration,notes,booked_at,session_deducted,confirmed,class_id,deleted_at,ends_at,cancelled_at,cancelled_by,cancel_reason,cost,credits,kind}'::text[]) c (name)) x
	WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = x.tab AND a.attname = COALESCE(s.columns -> 'names' ->> x.col, x.name));
SELECT studio, count(*) FROM mapped GROUP BY studio ORDER BY studio;

-- what both say when one column is gone, has another name or another type
CREATE FUNCTION without(studio text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
	SET LOCAL session_replication_role = replica;
	BEGIN
		EXECUTE command;
		SELECT concat_ws(' ', h ->> 'status', h -> 'criteria' ->> 'studios_usable', (SELECT bool_and(s.state = 'ok') FROM swan_studios() s), h -> 'warnings') INTO answer FROM swan_health() h;
		RAISE EXCEPTION 'undone' USING ERRCODE = 'UN000';
	EXCEPTION WHEN SQLSTATE 'UN000' THEN NULL;
	END;
	RETURN regexp_replace(answer, ', "studio \w+: (constraint|the tables)[^"]*"|"studio \w+: (constraint|the tables)[^"]*",? ?', '', 'g');
END $$;
SELECT studio, col, without(studio, format('ALTER TABLE %s RENAME %I TO elsewhere', tab, name)) FROM mapped ORDER BY studio DESC, tab::text DESC, col;
-- gone, or of a type that will not do: the same, and what both say is the same
SELECT studio, what, array_agg(col ORDER BY col) FILTER (WHERE answer LIKE 'degraded false f %') AS broken, array_agg(col ORDER BY col) FILTER (WHERE answer LIKE 'healthy true t %') AS well,
	array_agg(col || ': ' || answer ORDER BY col) FILTER (WHERE answer NOT LIKE 'degraded false f %' AND answer NOT LIKE 'healthy true t %') AS at_odds
	FROM mapped CROSS JOIN (VALUES ('gone', 'ALTER TABLE %s DROP %I CASCADE'), ('retyped', 'ALTER TABLE %s DROP %I CASCADE, ADD %2$I jsonb')) w (what, command)
	CROSS JOIN LATERAL without(studio, format(command, tab, name)) answer
	GROUP BY studio, what ORDER BY studio DESC, what;
-- a time loses its zone, and one gets a type that needs one
SELECT without('app', 'ALTER TABLE app.people ALTER joined TYPE timestamptz');
SELECT without('app', 'ALTER TABLE app.slots ALTER booked_at TYPE timestamp');
SELECT without('app', 'ALTER TABLE app.slots ALTER ends_at TYPE timestamptz, ALTER deleted_at TYPE timestamp');
SELECT without('app', 'ALTER TABLE app.slots ALTER cancelled_at TYPE timestamp');
SELECT without('studio', 'ALTER TABLE studio.sessions ALTER session_date TYPE timestamp');
-- the tables themselves are not what they were
SELECT command, without('app', command) FROM (VALUES ('ALTER TABLE app.slots OWNER TO pg_read_all_data'), ('ALTER TABLE app.swan_lots OWNER TO pg_read_all_data'),
	('CREATE TABLE app.more () INHERITS (app.people)'), ('ALTER SEQUENCE app.swan_ledger_id_seq RENAME TO elsewhere')) c (command);
SELECT swan_health() ->> 'status' AS status;
DROP SCHEMA app, studio CASCADE;
DROP TYPE state CASCADE;
DROP FUNCTION without;
DROP TABLE mapped;
DROP EXTENSION swanalloc;
