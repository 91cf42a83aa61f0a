-- swan_export_studio and swan_adopt_studio: a studio whose row of the registry is not there, as in a
-- database where only its schema was restored, is taken up as it was, or not at all.
\i test/fixture/studio.sql
\i test/fixture/try_query.sql
CREATE ROLE regress_backend;
CREATE ROLE regress_ann;
CREATE ROLE regress_stranger;
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client'), ('Bob', 'client');
SELECT added FROM swan_grant(2, 5);
SELECT count(*) FROM swan_open(1, '2099-01-05 10:00', repeat => 3);
SELECT status FROM swan_book(2, 1);
SELECT swan_allow('regress_backend', 'backend'), swan_allow('regress_ann', 'person', 2);
SET ROLE regress_owner;
SELECT swan_allow('regress_stranger', 'reader');
CREATE FUNCTION studio.never(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS $$SELECT 'Not today.' WHERE client = 3$$;
-- every setting is another than it begins with
CREATE TEMP TABLE wanted (setting text, value text);
INSERT INTO wanted VALUES ('guard_sessions', 'record'), ('grant_max', '50'), ('purchase_max', '60'), ('low_threshold', '4'), ('cancel_window', '1 mon 36:00:00'),
	('admin_booking', 'charged'), ('hold_max', '2'), ('trainer_overlap', 'allow'), ('time_zone', 'America/New_York'), ('search_path', 'pg_catalog, studio'),
	('session_records', 'on'), ('book_notice', '01:30:00'), ('book_horizon', '100 years'), ('live_max', '7'), ('buffer', '00:05:00'), ('staff_may', 'purchase'), ('trainer_may', 'book, return'),
	('hold_credit', 'on'), ('hold_total', '02:00:00'), ('booking_rule', 'never'), ('wait_offer', '03:00:00');
SELECT count(swan_configure(setting, value)) FROM wanted;
SELECT setting, value FROM swan_settings() WHERE setting NOT IN (SELECT setting FROM wanted);
RESET ROLE;
CREATE TABLE was (name text PRIMARY KEY, exported jsonb);
GRANT SELECT, INSERT, UPDATE ON was TO PUBLIC;

-- what goes along, and for whom
SELECT jsonb_pretty(swan_export_studio() - '{created_at,feed}'::text[]);
SELECT e ? 'feed' AND e ->> 'created_at' ~ '^\d.*\+00:00$' AS more FROM swan_export_studio() e;
SELECT try('SELECT swan_export_studio(''nowhere'')');
SET ROLE regress_backend;
SELECT try('SELECT swan_export_studio()');
RESET ROLE;
BEGIN READ ONLY;
SELECT swan_export_studio() = swan_export_studio('studio') AS read_only;
ROLLBACK;
SET IntervalStyle = 'iso_8601';
SET timezone = 'Asia/Tokyo';
SELECT e -> 'settings' ->> 'cancel_window' AS cancel_window, e ->> 'created_at' ~ '\+00:00$' AS utc FROM swan_export_studio() e;
RESET IntervalStyle;
SET timezone = 'UTC';
INSERT INTO was SELECT 'studio', swan_export_studio();

-- the registry forgets it, which leaves the tables with their guards
CREATE FUNCTION forget(which text) RETURNS void LANGUAGE sql AS 'DELETE FROM swan.role WHERE studio = which; DELETE FROM swan.studio WHERE name = which';
CREATE FUNCTION adopt(name text, changed jsonb DEFAULT '{}') RETURNS TABLE (line text) LANGUAGE sql AS
	$$SELECT concat_ws(' | ', item, column_name, state, action) FROM swan_adopt_studio((SELECT exported FROM was w WHERE w.name = adopt.name) || changed)$$;
CREATE FUNCTION try_adopt(changed jsonb, less text DEFAULT '', name text DEFAULT 'studio') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM swan_adopt_studio((SELECT exported FROM was w WHERE w.name = try_adopt.name) - less || changed);
	RAISE EXCEPTION 'adopted' USING errcode = '00001';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', sqlstate || ': ' || sqlerrm, nullif(hint, ''));
END $$;
SELECT try_adopt('{}');
SELECT forget('studio');
SELECT try('SELECT swan_grant(2, 1)');
UPDATE studio.users SET first_name = 'Eve' WHERE id = 2;

-- as it was, at once
SELECT * FROM adopt('studio');
SELECT key, value FROM jsonb_each(swan_export_studio()) EXCEPT SELECT key, value FROM was, jsonb_each(exported);
SELECT setting, s.value FROM swan_settings() s JOIN wanted w USING (setting) WHERE s.value <> w.value AND setting <> 'booking_rule';
SELECT * FROM swan_verify();
SELECT studio, own, state, outdated FROM swan_studios();
SELECT swan_health() -> 'warnings';
UPDATE studio.users SET available_sessions = 9 WHERE id = 2;
SELECT sqlstate, message FROM swan_can_book(3, 2);
SELECT available, scheduled FROM swan_summary(2);
SET ROLE regress_ann;
SELECT available FROM swan_summary(2);
SET ROLE regress_backend;
SELECT try('SELECT available FROM swan_summary(2)'), try('SELECT available FROM swan_summary(2, actor => 2)');
SET ROLE regress_stranger;
SELECT try('SELECT count(*) FROM swan_changes()');
RESET ROLE;
SELECT returned, available_sessions FROM swan_cancel(1);

-- by an owner who has not the privileges of those whom he lists: they agree anew, and till then are nobody
SELECT forget('studio');
SET ROLE regress_owner;
SET client_min_messages = notice;
SELECT * FROM adopt('studio', '{"closed_at": "2026-01-01 10:00+00", "closed_reason": "on the way"}');
SET client_min_messages = warning;
SELECT closed_at, closed_reason FROM swan_studios();
SELECT try('SELECT swan_grant(2, 1)');
SELECT swan_open_studio();
SET ROLE regress_backend;
SELECT try('SELECT available FROM swan_summary(2, actor => 2)');
SELECT swan_accept('studio');
SELECT try('SELECT available FROM swan_summary(2, actor => 2)');
RESET ROLE;
-- a role that was made anew where the studio was is a stranger where it goes
UPDATE swan.role SET db_role = db_role;
DROP ROLE regress_ann;
CREATE ROLE regress_ann;
SELECT r ->> 'db_role' AS db_role, r -> 'accepted' AS accepted FROM jsonb_array_elements(swan_export_studio() -> 'roles') r;

-- guards that somebody has taken off, or turned off, are there again
SELECT forget('studio');
DROP TRIGGER swan_guard_users ON studio.users;
DROP TRIGGER swan_guard_closed ON studio.swan_lots;
ALTER TABLE studio.sessions DISABLE TRIGGER ALL;
ALTER TABLE studio.swan_ledger DISABLE TRIGGER swan_guard_closed;
ALTER TABLE studio.users DROP CONSTRAINT swan_balance_check;
SELECT count(*) FROM adopt('studio');
SELECT swan_health() ->> 'status' AS status, swan_health() -> 'warnings' AS warnings;
UPDATE studio.users SET available_sessions = 9;
DELETE FROM studio.swan_ledger;
INSERT INTO studio.swan_lots SELECT;
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('studio.users'::regclass, 'studio.sessions'::regclass, 'studio.swan_ledger'::regclass, 'studio.swan_lots'::regclass)
	AND tgname LIKE 'swan%' AND tgenabled = 'O';

-- what is not there, or not known, stands in the way
SELECT forget('studio');
SELECT try('SELECT swan_adopt_studio(NULL)'), try('SELECT swan_adopt_studio(''[]'')'), try('SELECT swan_adopt_studio(''{}'')');
SELECT changed, try_adopt(changed) FROM (VALUES
	('{"more": 1}'::jsonb), ('{"columns": []}'), ('{"columns": {"more": 1}}'), ('{"columns": {"longest": "x"}}'), ('{"columns": {"longest": 1.5}}'),
	('{"columns": {"counted_from": -1}}'), ('{"columns": {"names": {}, "roles": {"x": "king"}}}'), ('{"columns": {"names": {}, "statuses": {"x": "king"}}}'),
	('{"columns": {"names": {}, "time_zones": {"x": 1}}}'), ('{"columns": {}}'), ('{"columns": {"names": {"sessions.cost": "price"}}}'),
	('{"columns": {"names": {"sessions.more": "x"}}}'), ('{"columns": {"names": {"sessions.cost": 1}}}'), ('{"backfilled": false}'), ('{"feed": 1}'), ('{"closed_at": 1, "closed_reason": 2}'),
	('{"feed": "x"}'), ('{"feed": "1-2-3"}'), ('{"feed": "1-2-3-5"}'), ('{"feed": "1-2-3-0.9.8"}'), ('{"feed": "1-2-3-0."}'), ('{"own": 1}'), ('{"backfilled": null}'), ('{"created_at": "yesterday?"}'), ('{"closed_reason": "x"}'),
	('{"users": "studio.nobody"}'), ('{"users": "studio.sessions"}'), ('{"users": "a.b.c.d"}'), ('{"studio": " "}'),
	('{"settings": []}'), ('{"settings": {"more": 1}}'), ('{"settings": {"grant_max": 0}}'), ('{"settings": {"grant_max": null}}'), ('{"settings": {"grant_max": true}}'),
	('{"settings": {"guard_balance": "off"}}'), ('{"settings": {"guard_balance": "record", "session_records": "on"}}'),
	('{"settings": {"booking_rule": "studio.gone"}}'), ('{"settings": {"time_zone": "Mars"}}'),
	('{"roles": {}}'), ('{"roles": [1]}'), ('{"roles": [{"db_role": "regress_nobody"}]}'), ('{"roles": [{"db_role": "regress_nobody", "as_what": "backend", "accepted": true}]}'), ('{"roles": [{"db_role": "regress_ann", "as_what": "king", "accepted": true}]}'),
	('{"roles": [{"db_role": "regress_ann", "as_what": "person", "accepted": true}]}'),
	('{"roles": [{"db_role": "regress_ann", "as_what": "reader", "accepted": true, "until": "noon"}]}'),
	('{"roles": [{"db_role": "regress_ann", "as_what": "reader", "accepted": true}, {"db_role": "regress_ann", "as_what": "system", "accepted": true}]}')) c (changed);
SELECT less, try_adopt('{}', less) FROM unnest('{version,users,sessions,own,backfilled,created_at,columns,settings,roles,studio,feed,closed_at,closed_reason}'::text[]) less;
SET ROLE regress_stranger;
SELECT try_adopt('{}');
RESET ROLE;
GRANT USAGE ON SCHEMA studio TO regress_stranger;
SET ROLE regress_stranger;
SELECT try_adopt('{}');
RESET ROLE;
-- a role with the owner's power, which would be the system until it has agreed to be less
GRANT regress_owner TO regress_backend;
SET ROLE regress_owner;
SELECT try_adopt('{}');
RESET ROLE;
BEGIN;
SELECT count(*) FROM adopt('studio') WHERE line LIKE '%agreed%';
SET LOCAL ROLE regress_backend;
SELECT try('SELECT available FROM swan_summary(2)');
ROLLBACK;
REVOKE regress_owner FROM regress_backend;
-- tables
ALTER TABLE studio.swan_lots RENAME TO lots;
SELECT try_adopt('{}');
ALTER TABLE studio.lots RENAME TO swan_lots;
ALTER TABLE studio.sessions RENAME COLUMN session_date TO date;
SELECT try_adopt('{}');
ALTER TABLE studio.sessions RENAME COLUMN date TO session_date;
ALTER TABLE studio.sessions OWNER TO regress_stranger;
SELECT try_adopt('{}');
ALTER TABLE studio.sessions OWNER TO regress_owner;
DROP TRIGGER swan_guard_truncate ON studio.users;
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER swan_guard_truncate BEFORE TRUNCATE ON studio.users EXECUTE FUNCTION mine();
SELECT try_adopt('{}');
DROP FUNCTION mine CASCADE;
-- sequences: one by another name, and then as replicated tables have them
ALTER SEQUENCE studio.swan_ledger_id_seq RENAME TO ids;
SELECT try_adopt('{}');
ALTER SEQUENCE studio.ids RENAME TO swan_ledger_id_seq;
SELECT setval('studio.swan_ledger_id_seq', 1);
SELECT try_adopt('{}');
SELECT setval('studio.swan_ledger_id_seq', (SELECT max(id) FROM studio.swan_ledger), false) > 1 AS not_given;
SELECT try_adopt('{}');
SELECT setval('studio.swan_ledger_id_seq', 100), setval('studio.sessions_id_seq', 1, false);
SELECT try_adopt('{}');
SELECT setval('studio.sessions_id_seq', 100), setval('studio.users_id_seq', 2);
SELECT try_adopt('{}');
SELECT setval('studio.users_id_seq', 3);
-- a balance below zero, which the guards would not have let come
ALTER TABLE studio.users DISABLE TRIGGER ALL;
ALTER TABLE studio.users DROP CONSTRAINT swan_balance_check;
ALTER TABLE studio.users DROP CONSTRAINT IF EXISTS users_available_sessions_check;
UPDATE studio.users SET available_sessions = -1 WHERE id = 3;
SELECT try_adopt('{}');
UPDATE studio.users SET available_sessions = 0 WHERE id = 3;
BEGIN READ ONLY;
SELECT try('SELECT swan_adopt_studio((SELECT exported FROM was))');
ROLLBACK;
-- what has not come along, and what was wrong before, is said: it is the studio's all the same
BEGIN;
ALTER TABLE studio.swan_lots DISABLE TRIGGER ALL;
DELETE FROM studio.swan_lots;
ALTER TABLE studio.sessions DISABLE TRIGGER ALL;
UPDATE studio.sessions SET user_id = 2, status = 'scheduled' WHERE id = 3;
SELECT line FROM adopt('studio') WHERE line LIKE 'swan_verify%' OR line LIKE '%adopted%';
SELECT count(*) FROM swan_verify();
ROLLBACK;

-- under other names
ALTER SCHEMA studio RENAME TO gym;
SELECT try_adopt('{"settings": {}}');
SELECT state FROM swan_adopt_studio((SELECT exported FROM was) || '{"users": "gym.users", "sessions": "gym.sessions", "settings": {}, "roles": []}', 'the "gym"') WHERE item = 'studio';
SELECT studio, users, own FROM swan_studios();
SELECT try_adopt('{"users": "gym.users", "sessions": "gym.sessions"}');
SELECT setting, value FROM swan_settings() WHERE setting LIKE 'guard%';
SELECT swan_detach();
DROP SCHEMA gym CASCADE;

-- attached tables, with names, labels, roles and zones of their own
CREATE SCHEMA app AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE app.members (nr int PRIMARY KEY, forename text, kind text, credit int);
CREATE TABLE app.lessons (nr int PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, member int, coach int, state text, starts timestamp, lasts int DEFAULT 60, until_when timestamp);
INSERT INTO app.members VALUES (1, 'Tom', 'coach', 0), (2, 'Ann', 'customer', 4);
INSERT INTO app.lessons (member, coach, state, starts) VALUES (2, 1, 'booked', '2099-01-05 10:00'), (NULL, 1, 'free', '2099-01-05 12:00'), (NULL, 1, 'draft', '2099-01-05 12:00');
SELECT count(*) FILTER (WHERE state = 'refused') AS refused FROM swan_attach('app.members', 'app.lessons', '{"users.id": "nr", "first_name": "forename", "role": "kind", "available_sessions": "credit", "sessions.id": "nr",
	"user_id": "member", "trainer_id": "coach", "status": "state", "session_date": "starts", "duration": "lasts", "ends_at": "until_when", "time_zone": "Europe/Rome", "old_bookings": "charged",
	"roles": {"coach": "trainer", "customer": "client"},
	"statuses": [{"booked": "scheduled"}, {"free": "available"}, {"sure": "confirmed"}, {"done": "completed"}, {"off": "cancelled"}, {"gone": "cancelled"}]}');
INSERT INTO was SELECT 'app', swan_export_studio();
SELECT jsonb_pretty(exported -> 'columns') FROM was WHERE name = 'app';
RESET ROLE;
SELECT forget('app');
-- without the zone of columns that have none, with a column that there is not
SELECT swan_adopt_studio(exported #- '{columns,time_zones}') FROM was WHERE name = 'app';
SELECT swan_adopt_studio(jsonb_set(exported, '{columns,names,sessions.cost}', '"price"')) FROM was WHERE name = 'app';
SELECT * FROM adopt('app');
SELECT key, value FROM jsonb_each(swan_export_studio()) EXCEPT SELECT key, value FROM was, jsonb_each(exported) WHERE name = 'app';
-- it was not backfilled: who has no ledger is opened as he came
SELECT returned, available_sessions FROM swan_cancel(1);
CALL swan_backfill();
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse');
UPDATE was SET exported = swan_export_studio() WHERE name = 'app';
SELECT forget('app');
SELECT line FROM adopt('app') WHERE line LIKE 'guard%' OR line LIKE 'trainer%';
SELECT key, value FROM jsonb_each(swan_export_studio()) EXCEPT SELECT key, value FROM was, jsonb_each(exported) WHERE name = 'app';
UPDATE app.members SET credit = 9;
SELECT status FROM swan_book(2, 2);
UPDATE app.lessons SET state = 'off' WHERE nr = 2;
SELECT * FROM swan_verify();
-- one that 0.1.0 made has no table of those who wait, nor the columns that came later
SELECT forget('app');
DROP TABLE app.swan_waits;
ALTER TABLE app.swan_ledger DROP COLUMN totals, DROP COLUMN suspended;
SELECT count(*) FROM adopt('app');
SELECT outdated FROM swan_studios();
SELECT * FROM swan_upgrade_studio();
SELECT available FROM swan_summary(2);
-- what becomes of it without: swan_attach says that nobody knows how it was
SELECT forget('app');
SET client_min_messages = notice;
SET ROLE regress_owner;
SELECT count(*) FROM swan_attach('app.members', 'app.lessons', '{"users.id": "nr", "first_name": "forename", "role": "kind", "available_sessions": "credit", "sessions.id": "nr",
	"user_id": "member", "trainer_id": "coach", "status": "state", "session_date": "starts", "duration": "lasts", "ends_at": "until_when", "time_zone": "Europe/Rome", "old_bookings": "charged",
	"statuses": [{"booked": "scheduled"}, {"free": "available"}, {"sure": "confirmed"}, {"done": "completed"}, {"off": "cancelled"}, {"gone": "cancelled"}]}') WHERE state = 'attached';
RESET ROLE;
SET client_min_messages = warning;

SELECT swan_detach();
DROP SCHEMA app CASCADE;
DROP TABLE was, wanted;
DROP FUNCTION try, forget, adopt, try_adopt;
DROP EXTENSION swanalloc;
DROP ROLE regress_owner, regress_backend, regress_ann, regress_stranger;
