-- Who may call what. Every public function of the extension, found in the catalog, is called by
-- every kind of caller in every way that a caller can say who it is, and answers as the table
-- "may" below says. A function without a row there fails the test, a row without a function is
-- skipped with a remark. The arguments are made from the functions' own argument names.
--
-- All calls speak of the same rows: client Ann, an open slot, a booking and a hold of hers, all
-- with trainer Tom. The callers are, among others, Ann and Ben (another client); Tom, Uma (who
-- has trained Ann, but does not have these slots) and Vic (a trainer who has not).
\set QUIET on
SET client_min_messages = error;
SET timezone = 'UTC';
BEGIN;
CREATE EXTENSION pgtap;
CREATE EXTENSION swanalloc;
SELECT no_plan();

CREATE ROLE regress_owner;
CREATE ROLE regress_heir IN ROLE regress_owner;			-- has the owner's privileges
CREATE ROLE regress_boss SUPERUSER;
CREATE ROLE regress_backend;
CREATE ROLE regress_backend_member IN ROLE regress_backend;	-- which makes nobody a backend
CREATE ROLE regress_system;
CREATE ROLE regress_reader;
CREATE ROLE regress_stranger;
CREATE ROLE regress_ann;
CREATE ROLE regress_ben;
CREATE ROLE regress_tom;
CREATE ROLE regress_uma;
CREATE ROLE regress_vic;
CREATE ROLE regress_sue;
CREATE ROLE regress_ada;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner', current_database()) \gexec

-- A studio
SELECT is(swan_create_studio('studio', 'regress_owner'), 'studio', 'a studio is made');
INSERT INTO studio.users (id, first_name, role) VALUES
	(1, 'Ann', 'client'), (2, 'Ben', 'client'), (3, 'Tom', 'trainer'), (4, 'Uma', 'trainer'),
	(5, 'Vic', 'trainer'), (6, 'Sue', 'staff'), (7, 'Ada', 'admin');
SELECT swan_configure('hold_max', '5') \gset ignore_
SELECT swan_allow('regress_' || lower(first_name), 'person', id) FROM studio.users \g /dev/null
SELECT swan_allow(role, kind) FROM (VALUES ('regress_backend', 'backend'), ('regress_system', 'system'),
	('regress_reader', 'reader')) x (role, kind) \g /dev/null
SELECT swan_grant(1, 50, expires_at => '2099-12-01') \g /dev/null
SELECT swan_grant(2, 5) \g /dev/null
-- who is suspended, and nobody's client
INSERT INTO studio.users (id, first_name, role) VALUES (8, 'Ned', 'client');
SELECT swan_suspend(8) \g /dev/null
-- one who has nothing
INSERT INTO studio.users (id) VALUES (19);

-- Its rows, by the name under which arguments ask for them
CREATE TEMP TABLE thing (name text PRIMARY KEY, id bigint);
INSERT INTO thing SELECT 'open', swan_open(3, '2099-01-05 10:00');
INSERT INTO thing SELECT 'open too', swan_open(3, '2099-01-05 12:00');
INSERT INTO thing SELECT 'booked', swan_open(3, '2099-01-06 10:00');
INSERT INTO thing SELECT 'past', swan_open(3, '2020-01-06 10:00');
INSERT INTO thing SELECT 'ended', swan_open(3, '2020-01-07 10:00');
INSERT INTO thing SELECT 'held', swan_open(3, '2099-01-07 10:00');
INSERT INTO thing SELECT 'taken', swan_open(3, '2099-01-08 10:00');
INSERT INTO thing SELECT 'awaited', swan_open(3, '2099-01-09 10:00');
INSERT INTO thing SELECT 'uma', swan_open(4, '2099-02-01 10:00');
SELECT swan_book(1, id) FROM thing WHERE name IN ('booked', 'past', 'ended', 'uma') \g /dev/null
INSERT INTO studio.users (id, first_name) VALUES (9, 'Zoe');	-- whom the others wait for
SELECT swan_book(9, id, charge => false) FROM thing WHERE name IN ('taken', 'awaited') \g /dev/null
SELECT swan_wait(1, id) FROM thing WHERE name = 'awaited' \g /dev/null
SELECT swan_complete(id, false) FROM thing WHERE name = 'ended' \g /dev/null
-- a booking that swan_book() knows nothing of, of somebody who has nothing
INSERT INTO studio.users (id) VALUES (20);
SET session_replication_role = replica;
INSERT INTO studio.sessions (id, user_id, trainer_id, status, session_date) VALUES (900, 20, 4, 'scheduled', '2099-02-03 10:00');
RESET session_replication_role;
INSERT INTO thing VALUES ('strange', 900);
INSERT INTO thing SELECT 'lot', min(id) FROM studio.swan_lots WHERE user_id = 1;
-- tables that an application has
SET ROLE regress_owner;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO PUBLIC;
CREATE TABLE app.users (id bigint PRIMARY KEY, available_sessions integer);
CREATE TABLE app.sessions (id bigint PRIMARY KEY, user_id bigint, trainer_id bigint, status text, session_date timestamptz);
RESET ROLE;
-- by functions that may not exist yet
CREATE FUNCTION pg_temp.where_exists(function text, command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM pg_proc WHERE proname = function) THEN EXECUTE command; END IF;
END $$;
SELECT pg_temp.where_exists('swan_hold', $$SELECT swan_hold(1, id) FROM thing WHERE name = 'held'$$),
	pg_temp.where_exists('swan_purchase', $$SELECT swan_purchase(1, 10, p) FROM unnest(ARRAY['pay', 'reversed']) p$$),
	pg_temp.where_exists('swan_reverse', $$SELECT swan_reverse('reversed')$$) \g /dev/null

-- The functions, from the catalog; those in schema swan read nothing
CREATE TEMP TABLE routine AS
SELECT p.oid, p.proname::text AS name, p.prokind
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
WHERE e.extname = 'swanalloc' AND p.prorettype <> 'trigger'::regtype AND p.pronamespace <> 'swan'::regnamespace;

-- Their input arguments; position counts from the left, has_default from the right
CREATE TEMP TABLE argument AS
SELECT r.oid, r.name AS function, a.name, format_type(a.type, NULL) AS type, a.n, a.n > p.pronargs - p.pronargdefaults AS has_default
FROM routine r JOIN pg_proc p ON p.oid = r.oid,
	LATERAL (SELECT n, p.proargnames[n] AS name, p.proargtypes[n - 1] AS type
		FROM generate_series(1, p.pronargs) n) a;

/*
 * The value for an argument: that of the function, else that of any function. Values are SQL,
 * under the names of the things above in brackets. What has a default is left out unless
 * the function has a value for it here.
 */
CREATE TEMP TABLE value (function text, argument text, value text, UNIQUE (function, argument));
INSERT INTO value VALUES
('*', 'user_id', '1'),
('*', 'user_ids', 'ARRAY[1]'),
('*', 'n', '1'),
('*', 'trainer_id', '3'),
('*', 'granted', '2'),
('*', 'packs', $$'[{"user_id": 1, "granted": 2}]'$$),
('*', 'from_user', '1'),
('*', 'to_user', '2'),
('*', 'into_user', '2'),

('*', 'session_id', '[open]'),
('*', 'session_ids', 'ARRAY[[open], [open too]]'),
('*', 'lot_id', '[lot]'),
('*', 'payment_ref', $$'pay'$$),
('*', 'key', $$'k'$$),
('*', 'at', $$'2099-03-01 10:00'$$),
('*', 'since', $$'2099-01-01'$$),
('*', 'until', $$'2100-01-01'$$),
('*', 'setting', $$'grant_max'$$),
('*', 'value', $$'99'$$),
('*', 'db_role', $$'regress_reader'$$),
('*', 'as_what', $$'reader'$$),
('*', 'schema', $$'another'$$),
('swan_create_studio', 'schema', $$'another'$$),
('swan_accept', 'studio', $$'studio'$$),
('swan_close_studio', 'reason', $$'moving'$$),
('swan_adopt_studio', 'exported', $$'{"users": "app.users", "sessions": "app.sessions", "studio": "app", "own": false, "backfilled": true, "columns": {"names": {"users.id": "id"}}, "roles": []}'$$),
('swan_attach', 'users', $$'app.users'$$),
('swan_attach', 'sessions', $$'app.sessions'$$),
('swan_purchase', 'payment_ref', $$'new'$$),
('swan_forget', 'user_id', '19'),
('swan_reinstate', 'payment_ref', $$'reversed'$$),
('swan_extend', 'expires_at', $$'2100-01-01'$$),
('swan_release', 'session_id', '[held]'),
('swan_wait', 'session_id', '[taken]'),
('swan_unwait', 'session_id', '[awaited]'),
('swan_unwait', 'user_id', '1'),
('swan_confirm', 'session_id', '[booked]'),
('swan_complete', 'session_id', '[past]'),
('swan_move', 'session_id', '[booked]'),
('swan_move', 'at', $$'2099-03-01 10:00'$$),
('swan_move_many', 'session_ids', 'ARRAY[[booked], [held]]'),
('swan_move_many', 'ats', $$'{2099-03-01, 2099-03-02}'$$),
('swan_cancel', 'session_id', '[booked]'),
('swan_cancel_many', 'session_ids', 'ARRAY[[booked]]'),
('swan_can_cancel', 'session_id', '[booked]'),
('swan_correct', 'session_id', '[ended]'),
('swan_correct', 'to_status', $$'attended'$$),
('swan_correct', 'reason', $$'it took place'$$),
('swan_charge', 'session_id', '[booked]'),
('swan_charge', 'n', '1'),
('swan_waive', 'session_id', '[ended]'),
('swan_waive', 'reason', $$'he was ill'$$),
('swan_settle', 'session_id', '[strange]'),
('swan_settle', 'charged', 'true'),
('swan_holds', 'user_id', '1'),
('swan_reschedule', 'session_id', '[booked]'),
('swan_reschedule', 'to_session_id', '[open]'),
('swan_resume', 'user_id', '8');

/*
 * Who may: y yes (the call succeeds), n no (SW006), another answer by its SQLSTATE. The callers,
 * from left to right:
 *
 *   Ann, the client herself; Ben, another client; Tom, the trainer of the slots and hers; Uma, a
 *   trainer of hers; Vic, another trainer; Sue, staff; Ada, an admin  - as persons and when
 *   a backend, a system role or the owner names them
 *   system; backend that names nobody; reader; owner; stranger       - who name nobody
 */
CREATE TEMP TABLE may (
	function text, way text DEFAULT '*',
	ann text, ben text, tom text, uma text, vic text, sue text, ada text,
	system text, nobody text, reader text, owner text, stranger text,
	UNIQUE (function, way)
);
INSERT INTO may VALUES
('swan_create_studio', '*',     '42501', '42501', '42501', '42501', '42501', '42501', '42501', '42501', '42501', '42501', 'y', '42501'),
('swan_create_studio', 'owner', 'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_attach',     '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_attach',     'owner',    'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_backfill',   '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_backfill',   'owner',    'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_detach',     '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_detach',     'owner',    'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_upgrade_studio', '*',     'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_upgrade_studio', 'owner', 'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_close_studio', '*',      'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_close_studio', 'owner',  'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_open_studio', '*',       'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_open_studio', 'owner',   'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_export_studio', '*',     'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_export_studio', 'owner', 'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
-- the owner is let, and told what is not there
('swan_adopt_studio', '*',      'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'SW013', 'n'),
('swan_adopt_studio', 'owner',  'SW013', 'SW013', 'SW013', 'SW013', 'SW013', 'SW013', 'SW013',   NULL, NULL, NULL, NULL, NULL),
('swan_configure',  '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_configure',  'owner',    'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_allow',      '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_allow',      'owner',    'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
-- whoever is listed may agree to it, once more too
('swan_accept',     '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'n', 'n'),
('swan_accept',     'owner',    'n', 'n', 'n', 'n', 'n', 'n', 'n',   NULL, NULL, NULL, NULL, NULL),
('swan_disallow',   '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_disallow',   'owner',    'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_settings',   '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'y', 'n'),
('swan_time',       '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'y', 'n'),
('swan_studios',    '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'y', 'n'),
('swan_actor',      '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'y', 'n'),
('swan_health',     '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'y', 'y'),
('swan_errors',     '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'y', 'y'),
-- a backend may name one person after another
('swan_act_as',     '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'n', 'y', 'n'),
('swan_act_as',     'person',   'n', 'n', 'n', 'n', 'n', 'n', 'n',   NULL, NULL, NULL, NULL, NULL),
-- credits
('swan_grant',      '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_grant_many', '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_purchase',   '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_reverse',    '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_reinstate',  '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_revoke',     '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_import',     '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_import_many', '*',       'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_forget',     '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_merge',      '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_transfer',   '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_extend',     '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_expire',     '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'y', 'n', 'n', 'y', 'n'),
-- slots and bookings
('swan_open',       '*',        'n', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_block',      '*',        'n', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_request',    '*',        'y', 'n', 'y', 'y', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_book',       '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_book_many',  '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_can_hold',   '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_can_book',   '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_hold',       '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_release',    '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_wait',       '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_unwait',     '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_promote',    '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'y', 'n', 'n', 'y', 'n'),
('swan_confirm',    '*',        'n', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_complete',   '*',        'n', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_correct',    '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_charge',     '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_waive',      '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_settle',     '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_move',       '*',        'n', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_move_many',  '*',        'n', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_cancel',     '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_cancel_many', '*',       'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_can_cancel',  '*',       'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_reschedule', '*',        'y', 'n', 'y', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_suspend',    '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_resume',     '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
-- reading
('swan_summary',    '*',        'y', 'n', 'y', 'y', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_holds',      '*',        'y', 'n', 'y', 'y', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_credits',    '*',        'y', 'n', 'y', 'y', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_payment',    '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_statement',  '*',        'y', 'n', 'y', 'y', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_client',     '*',        'y', 'n', 'y', 'y', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_balance_at', '*',        'y', 'n', 'y', 'y', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
-- lists: a client or trainer gets his own rows, see below
('swan_clients',    '*',        'n', 'n', 'y', 'y', 'y', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_clients_count', '*',     'n', 'n', 'y', 'y', 'y', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_people',     '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_slots',      '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'y', 'n'),
('swan_calendar',   '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'y', 'y', 'y', 'n'),
('swan_waiting',    '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_schedule',   '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_unsettled',  '*',        'y', 'y', 'y', 'y', 'y', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
('swan_expiring',   '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'n', 'y', 'n'),
-- watching
('swan_changes',    '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'y', 'n', 'y', 'y', 'n'),
('swan_feed_end',   '*',        'n', 'n', 'n', 'n', 'n', 'n', 'n',   'y', 'n', 'y', 'y', 'n'),
('swan_rebase_feed', '*',       'n', 'n', 'n', 'n', 'n', 'n', 'n',   'n', 'n', 'n', 'y', 'n'),
('swan_rebase_feed', 'owner',   'y', 'y', 'y', 'y', 'y', 'y', 'y',   NULL, NULL, NULL, NULL, NULL),
('swan_stats',      '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'y', 'y', 'n'),
('swan_liability',  '*',        'n', 'n', 'n', 'n', 'n', 'n', 'y',   'y', 'n', 'y', 'y', 'n'),
('swan_months',     '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'y', 'y', 'n'),
('swan_verify',     '*',        'n', 'n', 'n', 'n', 'n', 'y', 'y',   'y', 'n', 'y', 'y', 'n');

-- Everybody in each way. An actor is named by argument (only where there is one) or by swan_act_as().
CREATE TEMP TABLE caller (way text, who text, db_role text, acting bigint, actor text, UNIQUE (way, who));
INSERT INTO caller
SELECT w.way, p.who, coalesce(w.db_role, 'regress_' || p.who), CASE w.how WHEN 'act_as' THEN p.id END, CASE w.how WHEN 'actor' THEN p.id END
FROM (VALUES ('ann', 1), ('ben', 2), ('tom', 3), ('uma', 4), ('vic', 5), ('sue', 6), ('ada', 7)) p (who, id),
	(VALUES ('person', NULL, NULL),
		('person naming himself', NULL, 'actor'),
		('backend, actor =>', 'regress_backend', 'actor'), ('backend, swan_act_as', 'regress_backend', 'act_as'),
		('system, actor =>', 'regress_system', 'actor'), ('system, swan_act_as', 'regress_system', 'act_as'),
		('owner, actor =>', 'regress_owner', 'actor'), ('owner, swan_act_as', 'regress_owner', 'act_as')) w (way, db_role, how);
INSERT INTO caller (way, who, db_role, actor) VALUES
('no actor', 'system', 'regress_system', NULL), ('no actor', 'nobody', 'regress_backend', NULL),
('no actor', 'reader', 'regress_reader', NULL), ('no actor', 'owner', 'regress_owner', NULL),
('no actor', 'stranger', 'regress_stranger', NULL),
('a member of the role', 'owner', 'regress_heir', NULL), ('a member of the role', 'stranger', 'regress_backend_member', NULL),
('superuser', 'owner', 'regress_boss', NULL),
('actor => NULL', 'system', 'regress_system', 'NULL'), ('actor => NULL', 'nobody', 'regress_backend', 'NULL'),
('actor => NULL', 'reader', 'regress_reader', 'NULL'), ('actor => NULL', 'owner', 'regress_owner', 'NULL');

-- Returns the call of a function with these arguments; "given" replaces or adds some, or leaves them out ('').
CREATE FUNCTION pg_temp.call_of(routine oid, given jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	args text[] := '{}';
	a record;
	v text;
	t record;
BEGIN
	FOR a IN SELECT x.*, coalesce(f.value, CASE WHEN NOT x.has_default THEN g.value END) AS value
		FROM argument x
		LEFT JOIN value f ON f.function = x.function AND f.argument = x.name
		LEFT JOIN value g ON g.function = '*' AND g.argument = x.name
		WHERE x.oid = routine ORDER BY x.n
	LOOP
		v := nullif(coalesce(given ->> a.name, a.value), '');
		IF v IS NULL THEN
			CONTINUE WHEN a.has_default;
			RAISE EXCEPTION 'the test has no value for argument % of %', a.name, a.function;
		END IF;
		FOR t IN SELECT * FROM thing LOOP
			v := replace(v, '[' || t.name || ']', t.id::text);
		END LOOP;
		args := args || format('%I => CAST(%s AS %s)', a.name, v, a.type);
	END LOOP;
	RETURN (SELECT format(CASE prokind WHEN 'p' THEN 'CALL %I(%s)' ELSE 'SELECT * FROM %I(%s)' END,
		name, array_to_string(args, ', ')) FROM routine r WHERE r.oid = routine);
END $$;

-- Runs a command as a role that may have named a person before; returns 'y' or the SQLSTATE, 'n'
-- for SW006, and undoes it.
CREATE FUNCTION pg_temp.answer(db_role text, command text, acting bigint DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM set_config('role', db_role, true);
		IF acting IS NOT NULL THEN PERFORM swan_act_as(acting); END IF;
		EXECUTE command;
		RAISE EXCEPTION USING ERRCODE = 'TT000';
	EXCEPTION WHEN OTHERS THEN
		RETURN CASE sqlstate WHEN 'TT000' THEN 'y' WHEN 'SW006' THEN 'n' ELSE sqlstate || ' ' || sqlerrm END;
	END;
END $$;

-- Every function has its row, every row its function
SELECT is((SELECT string_agg(name, ', ' ORDER BY name) FROM routine r
	WHERE NOT EXISTS (SELECT 1 FROM may m WHERE m.function = r.name AND m.way = '*')), NULL,
	'for every public function it is said who may call it');
SELECT diag(format('not there yet, skipped: %s', string_agg(function, ', ' ORDER BY function))) FROM may
WHERE way = '*' AND function NOT IN (SELECT name FROM routine) HAVING count(*) > 0;
SELECT cmp_ok((SELECT count(*) FROM routine), '>=', 20::bigint, 'functions were found in the catalog');

-- The matrix. One test for each function and way; what differs shows whose answer it is.
CREATE TEMP TABLE called AS
SELECT r.name, c.way, c.who, c.n,
	pg_temp.answer(c.db_role,
		pg_temp.call_of(r.oid, CASE WHEN c.actor IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('actor', c.actor) END),
		c.acting) AS have,
	coalesce(to_jsonb(s.*), to_jsonb(m.*)) ->> c.who AS want
FROM routine r
CROSS JOIN (SELECT *, row_number() OVER () AS n FROM caller) c
JOIN may m ON m.function = r.name AND m.way = '*'
LEFT JOIN may s ON s.function = r.name AND s.way = split_part(split_part(c.way, ',', 1), ' ', 1)
WHERE c.actor IS NULL OR EXISTS (SELECT 1 FROM argument a WHERE a.oid = r.oid AND a.name = 'actor');
-- the message explains an unexpected SQLSTATE; an expected one needs none
UPDATE called SET have = left(have, 5) WHERE left(have, 5) = want;
SELECT is(string_agg(who || '=' || have, ' ' ORDER BY n), string_agg(who || '=' || want, ' ' ORDER BY n), name || ', ' || way)
FROM called GROUP BY name, way ORDER BY name, min(n);
SELECT is((SELECT count(*) FROM called WHERE want IS NULL), 0::bigint, 'every call had an expected answer');
SELECT cmp_ok((SELECT count(*) FROM called), '>=', 900::bigint, 'and many calls were made');

-- With force it is the office's, whoever may call without: clients and trainers may not
CREATE TEMP TABLE forced AS
SELECT r.name, c.way, c.who, c.n,
	pg_temp.answer(c.db_role,
		pg_temp.call_of(r.oid, '{"force": "true"}'::jsonb || CASE WHEN c.actor IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('actor', c.actor) END),
		c.acting) AS have,
	CASE WHEN c.who = ANY ('{ann,ben,tom,uma,vic}') THEN 'n' ELSE to_jsonb(m.*) ->> c.who END AS want
FROM routine r
JOIN argument f ON f.oid = r.oid AND f.name = 'force'
CROSS JOIN (SELECT *, row_number() OVER () AS n FROM caller) c
JOIN may m ON m.function = r.name AND m.way = '*';
SELECT is(string_agg(who || '=' || have, ' ' ORDER BY n), string_agg(who || '=' || want, ' ' ORDER BY n), name || ' with force, ' || way)
FROM forced GROUP BY name, way ORDER BY name, min(n);
SELECT is((SELECT string_agg(DISTINCT name, ' ' ORDER BY name) FROM forced), 'swan_book swan_hold swan_move swan_open swan_reschedule', 'those who take force are known');

-- Naming another is not for a person or a reader, however mighty
SELECT is((SELECT string_agg(format('%s as %s: %s', r.name, db_role, pg_temp.answer(db_role, pg_temp.call_of(r.oid, '{"actor": "1"}'))), ', ')
	FROM routine r JOIN argument a ON a.oid = r.oid AND a.name = 'actor',
		unnest(ARRAY['regress_ben', 'regress_tom', 'regress_ada', 'regress_reader', 'regress_stranger']) db_role
	WHERE pg_temp.answer(db_role, pg_temp.call_of(r.oid, '{"actor": "1"}')) <> 'n'), NULL,
	'no person and no reader passes for another');
SELECT is((SELECT string_agg(format('%s as %s: %s', r.name, db_role, pg_temp.answer(db_role, pg_temp.call_of(r.oid, '{"actor": "7"}'))), ', ')
	FROM routine r JOIN argument a ON a.oid = r.oid AND a.name = 'actor',
		unnest(ARRAY['regress_ann', 'regress_tom', 'regress_sue', 'regress_reader', 'regress_stranger']) db_role
	WHERE pg_temp.answer(db_role, pg_temp.call_of(r.oid, '{"actor": "7"}')) <> 'n'), NULL,
	'least of all for an admin');
-- An actor who is nobody
SELECT is((SELECT string_agg(format('%s as %s: %s', r.name, db_role, pg_temp.answer(db_role, pg_temp.call_of(r.oid, jsonb_build_object('actor', id)))), ', ')
	FROM routine r JOIN argument a ON a.oid = r.oid AND a.name = 'actor',
		unnest(ARRAY['regress_backend', 'regress_system', 'regress_owner', 'regress_boss']) db_role,
		unnest(ARRAY['0', '-1', '99', '9223372036854775807']) id
	WHERE pg_temp.answer(db_role, pg_temp.call_of(r.oid, jsonb_build_object('actor', id))) <> 'n'), NULL,
	'an actor who is not in users is refused');
SELECT is((SELECT string_agg(pg_temp.answer(db_role, 'SELECT swan_act_as(99)'), '')
	FROM unnest(ARRAY['regress_backend', 'regress_system', 'regress_owner']) db_role), 'nnn', 'by swan_act_as too');
-- actor => beats swan_act_as: an admin acts, the call is for Ben, a stranger to these rows
SELECT is((SELECT string_agg(format('%s as %s', r.name, db_role), ', ')
	FROM routine r JOIN argument a ON a.oid = r.oid AND a.name = 'actor' JOIN may m ON m.function = r.name AND m.way = '*' AND m.ben = 'n',
		unnest(ARRAY['regress_backend', 'regress_system', 'regress_owner']) db_role
	WHERE pg_temp.answer(db_role, pg_temp.call_of(r.oid, '{"actor": "2"}'), 7) <> 'n'), NULL,
	'the argument beats swan_act_as');

-- Authority comes first: who may not call a function learns nothing of its arguments; only to
-- attach is everybody's right, whose tables they are
CREATE FUNCTION pg_temp.all_null(routine oid) RETURNS jsonb LANGUAGE sql AS
	$$SELECT coalesce(jsonb_object_agg(name, 'NULL'), '{}') FROM argument WHERE oid = routine AND name <> 'actor'$$;
SELECT is((SELECT string_agg(format('%s: %s', r.name, pg_temp.answer('regress_stranger', pg_temp.call_of(r.oid, pg_temp.all_null(r.oid)))), ', ')
	FROM routine r JOIN may m ON m.function = r.name AND m.way = '*' AND m.stranger = 'n' AND r.name NOT IN ('swan_attach', 'swan_adopt_studio', 'swan_accept')
	WHERE pg_temp.answer('regress_stranger', pg_temp.call_of(r.oid, pg_temp.all_null(r.oid))) <> 'n'), NULL,
	'a stranger who passes NULL everywhere is a stranger');
SELECT is((SELECT string_agg(format('%s: %s', r.name, pg_temp.answer('regress_backend', pg_temp.call_of(r.oid, pg_temp.all_null(r.oid)))), ', ')
	FROM routine r JOIN may m ON m.function = r.name AND m.way = '*' AND m.nobody = 'n' AND r.name NOT IN ('swan_attach', 'swan_adopt_studio')
	WHERE pg_temp.answer('regress_backend', pg_temp.call_of(r.oid, pg_temp.all_null(r.oid))) <> 'n'), NULL,
	'a backend that names nobody is refused first');

-- NULL where a value is needed: SW005, from every function, for every argument without a default.
-- Where NULL has a meaning all the same, the table says so. (Of those with a default see the end.)
CREATE TEMP TABLE null_means_something (function text, argument text);
INSERT INTO null_means_something VALUES
('swan_extend', 'expires_at'),	-- never
('swan_time', 'at'),			-- NULL
('swan_slots', 'since'), ('swan_slots', 'until'),	-- unbounded
('swan_calendar', 'since'), ('swan_calendar', 'until'),	-- likewise
('swan_schedule', 'since'), ('swan_schedule', 'until');
CREATE TEMP TABLE null_given AS
SELECT a.function, a.name, a.n, pg_temp.answer('regress_owner', pg_temp.call_of(a.oid, jsonb_build_object(a.name, 'NULL'))) AS have
FROM argument a
WHERE NOT a.has_default AND NOT EXISTS (SELECT 1 FROM null_means_something m WHERE (m.function, m.argument) = (a.function, a.name));
SELECT matches(have, '^SW005 ', format('%s(%s => NULL) is SW005', function, name)) FROM null_given ORDER BY function, n;
SELECT cmp_ok((SELECT count(*) FROM null_given), '>=', 20::bigint, 'arguments were found');
SELECT is((SELECT string_agg(format('%s(%s)', function, name), ', ') FROM null_given WHERE have NOT LIKE '%' || name || '%'), NULL,
	'the message names the argument');
SELECT matches(pg_temp.answer('regress_owner', $$
		SELECT swan_purchase(1, 1, 'twice', item => NULL);
		SELECT 1 / (replayed)::integer FROM swan_purchase(1, 1, 'twice', item => NULL)$$),
	'^(y|SW005 .*)$', 'a purchase without an item counts once, too')
FROM routine WHERE name = 'swan_purchase';
-- An owner who is listed is what he is listed as, but stays the owner
SELECT swan_allow('regress_owner', 'backend') \g /dev/null
SELECT is((SELECT string_agg(r.name || '=' || left(pg_temp.answer('regress_owner', pg_temp.call_of(r.oid)), 5), ' ' ORDER BY r.name) FROM routine r JOIN may m ON m.function = r.name AND m.way = '*' AND r.name <> 'swan_accept'),
	(SELECT string_agg(r.name || '=' || CASE WHEN o.function IS NOT NULL THEN m.owner ELSE m.nobody END, ' ' ORDER BY r.name)
	 FROM routine r JOIN may m ON m.function = r.name AND m.way = '*' AND r.name <> 'swan_accept' LEFT JOIN may o ON o.function = r.name AND o.way = 'owner'),
	'an owner listed as backend must say for whom he acts');
SELECT is((SELECT string_agg(r.name || '=' || left(pg_temp.answer('regress_owner', pg_temp.call_of(r.oid), 1), 5), ' ' ORDER BY r.name) FROM routine r JOIN may m ON m.function = r.name AND m.way = '*' AND r.name <> 'swan_accept'),
	(SELECT string_agg(r.name || '=' || coalesce(o.ann, m.ann), ' ' ORDER BY r.name)
	 FROM routine r JOIN may m ON m.function = r.name AND m.way = '*' AND r.name <> 'swan_accept' LEFT JOIN may o ON o.function = r.name AND o.way = 'owner'),
	'and may then what that person may');
SELECT is(pg_temp.answer('regress_owner', 'SELECT swan_accept(''studio'')'), 'y', 'an owner who is listed has agreed');
SELECT swan_disallow('regress_owner') \g /dev/null

-- Beyond the rows of the matrix
SELECT is(pg_temp.answer('regress_tom', format('SELECT swan_book(2, %s)', id)), 'y', 'a trainer books his slot for a client who is not yet his') FROM thing WHERE name = 'open';
SELECT is(pg_temp.answer('regress_ben', format('SELECT swan_book(2, %s)', id)), 'y', 'a client books a slot of any trainer') FROM thing WHERE name = 'open';
SELECT is(pg_temp.answer('regress_uma', format('SELECT swan_can_book(1, %s)', id)), 'n', 'a trainer does not even ask about another''s slot') FROM thing WHERE name = 'open';
SELECT is(pg_temp.answer('regress_' || who, format('SELECT swan_book(1, %s, charge => false)', id)), want, format('a free booking made by %s: %s', who, want))
FROM thing, (VALUES ('ann', 'n'), ('tom', 'n'), ('sue', 'y'), ('ada', 'y')) x (who, want) WHERE name = 'open';
SELECT is(pg_temp.answer('regress_vic', 'SELECT swan_open(3, ''2099-04-01 10:00'')'), 'n', 'a trainer opens no slot of another');
SELECT is(pg_temp.answer('regress_vic', 'SELECT swan_open(5, ''2099-04-01 10:00'')'), 'y', 'but his own');
SELECT is(pg_temp.answer('regress_' || who, format('SELECT swan_request(%s, ''2099-04-01 10:00'', %s)', client, trainer)), want, format('%s asks for %s with %s: %s', who, client, trainer, want))
FROM (VALUES ('ann', 1, 5, 'y'), ('ann', 2, 3, 'n'), ('tom', 1, 3, 'y'), ('tom', 1, 4, 'n'), ('tom', 3, 4, 'y'), ('vic', 1, 5, 'n'), ('sue', 2, 5, 'y')) x (who, client, trainer, want);
SELECT is(pg_temp.answer('regress_tom', 'SELECT swan_summary(2)'), 'n', 'a trainer does not see who is not his client');
SELECT is(pg_temp.answer('regress_ann', 'SELECT swan_summary(3)'), 'n', 'a client does not see a trainer');
SELECT is(pg_temp.answer('regress_ann', 'SELECT swan_summary(99)'), 'n', 'nor learns that somebody does not exist');
SELECT is(pg_temp.answer('regress_reader', 'SELECT * FROM swan_verify(1)'), 'y', 'a reader verifies one client');
SELECT is(pg_temp.answer('regress_' || who, format('SELECT * FROM swan_schedule(NULL, NULL, %s)', args)), want, format('the schedule (%s), asked for by %s: %s', args, who, want))
FROM (VALUES ('ann', 'user_id => 1', 'y'), ('ann', 'user_id => 2', 'n'), ('ann', 'trainer_id => 3', 'y'), ('tom', 'trainer_id => 3', 'y'),
	('tom', 'trainer_id => 4', 'n'), ('tom', 'trainer_id => 4, user_id => 3', 'y'), ('tom', 'user_id => 1', 'y'), ('sue', 'user_id => 2', 'y')) x (who, args, want);
SELECT is(pg_temp.answer('regress_' || who, format('SELECT * FROM swan_unsettled(trainer_id => %s)', trainer)), want, format('what is unsettled with %s, asked for by %s: %s', trainer, who, want))
FROM (VALUES ('ann', 3, 'y'), ('tom', 3, 'y'), ('tom', 4, 'n'), ('sue', 4, 'y')) x (who, trainer, want);
SELECT is(left(pg_temp.answer('regress_ann', c), 5), '42501', c || ': not for a person') FROM unnest(ARRAY[
	'SELECT * FROM studio.users', 'SELECT * FROM studio.swan_ledger', 'UPDATE studio.users SET available_sessions = 99',
	'SET LOCAL swanalloc.actor = ''7 studio''', $$SELECT set_config('swanalloc.actor', '7 studio', true)$$]) c;
SELECT is(left(pg_temp.answer('regress_backend', 'SET LOCAL swanalloc.actor = ''7 studio'''), 5), '42501', 'a backend cannot forge what swan_act_as sets');
SELECT is(pg_temp.answer('regress_stranger', 'SELECT swan_summary(1)'), 'n', 'a stranger is none the wiser');
SELECT is(pg_temp.answer('regress_stranger', $$SET LOCAL swanalloc.studio = 'studio'; SELECT swan_summary(1)$$), 'n', 'naming the studio authorises nothing');
SELECT is(pg_temp.answer('regress_stranger', format('SELECT swan_%s', c)), 'n', format('naming the studio in swan_%s authorises nothing', c))
FROM unnest(ARRAY[$$settings('studio')$$, $$detach('studio')$$, $$configure('grant_max', '9', 'studio')$$,
	$$allow('regress_stranger', 'system', studio => 'studio')$$, $$disallow('regress_backend', 'studio')$$]) c;

-- A role that is taken off the list is a stranger again
SELECT swan_disallow('regress_system') \g /dev/null
SELECT is(pg_temp.answer('regress_system', 'SELECT swan_summary(1)'), 'n', 'a role that was taken off the list is a stranger');
SELECT swan_allow('regress_system', 'reader') \g /dev/null
SELECT is(pg_temp.answer('regress_system', 'SELECT swan_summary(1)') || pg_temp.answer('regress_system', 'SELECT count(*) FROM swan_verify()'),
	'ny', 'a role that is listed anew is what it is now');
SELECT swan_allow('regress_system', 'system') \g /dev/null

-- A person's role is read at each call
UPDATE studio.users SET role = 'client' WHERE id = 7;
SELECT is(pg_temp.answer('regress_ada', 'SELECT swan_grant(1, 1)'), 'n', 'who is no admin any more has no power of one');
UPDATE studio.users SET role = 'admin' WHERE id = 7;
DELETE FROM studio.users WHERE id = 6;
SELECT is(pg_temp.answer('regress_sue', 'SELECT swan_summary(1)'), 'n', 'a person who was deleted is nobody');

-- A SECURITY DEFINER function is its owner, who passes the actor on
CREATE FUNCTION public.regress_wrapper(bigint) RETURNS integer LANGUAGE sql SECURITY DEFINER
	AS 'SELECT available FROM public.swan_summary(1, actor => $1)';
ALTER FUNCTION public.regress_wrapper(bigint) OWNER TO regress_backend;
SELECT is(pg_temp.answer('regress_stranger', format('SELECT public.regress_wrapper(%s)', coalesce(a::text, 'NULL'))), want,
	format('through a backend''s function, actor %s: %s', coalesce(a::text, 'NULL'), want))
FROM (VALUES (1, 'y'), (2, 'n'), (NULL, 'n'), (7, 'y')) x (a, want);

/*
 * NULL for an optional argument is its default: a call with it does and answers what one without it
 * does, for every argument with a default that the catalog knows. "given" is what shows the default
 * of some; of most lists there is more than the default number of rows.
 */
CREATE TEMP TABLE given (function text PRIMARY KEY, given jsonb);
INSERT INTO given VALUES ('swan_open', '{"repeat": "2"}'), ('swan_block', '{"repeat": "2"}');
INSERT INTO studio.users (id, first_name) SELECT i, 'Zed' FROM generate_series(1001, 1110) i;
SELECT swan_grant_many(array_agg(id), 1, expires_at => clock_timestamp() + interval '0.1 s') FROM studio.users WHERE first_name = 'Zed' \g /dev/null
SELECT swan_grant(1, 1, expires_at => now() + d * interval '1 day') FROM unnest(ARRAY[13, 15]) d \g /dev/null
SELECT swan_grant(1, 1) FROM generate_series(1, 101) \g /dev/null
SELECT swan_open(5, '2099-05-01 10:00', repeat => 110, every => '2 hours') \g /dev/null
SELECT pg_sleep(0.1) \g /dev/null

-- Returns a row without what no two calls have in common: times of today are told from now on, in minutes.
CREATE FUNCTION pg_temp.told(r jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_object_agg(key, CASE WHEN value #>> '{}' ~ '^20[2-8]\d-\d\d-\d\dT' AND (value #>> '{}')::timestamptz BETWEEN now() - interval '1 day' AND now() + interval '1 day'
		THEN to_jsonb(round(extract(epoch FROM (value #>> '{}')::timestamptz - clock_timestamp()) / 60)) ELSE value END)
	FROM jsonb_each(r)
$$;
-- Returns what a call answers, or its error, and of one that writes what is in the tables after it; and undoes it.
CREATE FUNCTION pg_temp.outcome(command text, reads boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text := '';
	r jsonb;
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['users', 'sessions', 'swan_ledger', 'swan_waits'] LOOP
		PERFORM setval(pg_get_serial_sequence('studio.' || t, 'id'), 50000);
	END LOOP;
	BEGIN
		PERFORM set_config('role', 'regress_owner', true);
		IF command LIKE 'CALL%' THEN
			EXECUTE command;
		ELSE
			FOR r IN EXECUTE format('SELECT to_jsonb(x) FROM (%s) x', command) LOOP
				answer := answer || pg_temp.told(r) || E'\n';
			END LOOP;
		END IF;
		FOREACH t IN ARRAY CASE WHEN reads THEN '{}' ELSE ARRAY['users', 'sessions', 'swan_ledger', 'swan_lots', 'swan_holds', 'swan_waits'] END LOOP
			EXECUTE format('SELECT md5(string_agg(regexp_replace(x::text, %L, %L, %L), %L ORDER BY x)) FROM studio.%I x',
				format('(%s|%s)[ T][0-9:.]+', current_date, current_date + 1), 'today', 'g', '', t) INTO t;
			answer := answer || coalesce(t, '-');
		END LOOP;
		RAISE EXCEPTION USING ERRCODE = 'TT000';
	EXCEPTION WHEN OTHERS THEN
		RETURN CASE sqlstate WHEN 'TT000' THEN answer ELSE sqlstate || ' ' || sqlerrm END;
	END;
END $$;
CREATE TEMP TABLE optional AS
SELECT a.function, a.name, a.n,
	pg_temp.outcome(pg_temp.call_of(a.oid, coalesce(g.given, '{}') || jsonb_build_object(a.name, 'NULL')), p.provolatile <> 'v') AS with_null,
	pg_temp.outcome(pg_temp.call_of(a.oid, coalesce(g.given, '{}') || jsonb_build_object(a.name, '')), p.provolatile <> 'v') AS without
FROM argument a JOIN pg_proc p ON p.oid = a.oid LEFT JOIN given g ON g.function = a.function
WHERE a.has_default;
SELECT is(left(with_null, 300), left(without, 300), format('%s(%s => NULL) is as good as none', function, name)) FROM optional ORDER BY function, n;
SELECT is((SELECT string_agg(format('%s(%s)', function, name), ', ') FROM optional WHERE with_null <> without), NULL, 'also for the tables');
SELECT cmp_ok((SELECT count(*) FROM optional), '>=', 100::bigint, 'arguments were found');

SELECT is((SELECT count(*) FROM swan_verify()), 0::bigint, 'after all that the studio is in order');
SELECT * FROM finish();
ROLLBACK;
