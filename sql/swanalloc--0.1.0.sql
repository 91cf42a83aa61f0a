/* swanalloc: the SQL face of the extension; copied to swanalloc--X.Y.Z.sql at build */

-- complain if the script is fed to psql instead of CREATE EXTENSION
\echo Use "CREATE EXTENSION swanalloc" to load this file. \quit

/*
 * The registry.  The tables of a studio are ordinary tables of the
 * application; members of the extension are only these two, which say where
 * the studios are and which database role stands for whom.  They hold
 * regclass and text, never OIDs, so that a dump restores them; PUBLIC may
 * read them, or a role that is not a superuser could not run pg_dump.
 */
CREATE SCHEMA swan;
COMMENT ON SCHEMA swan IS 'registry of the swanalloc extension';

CREATE TABLE swan.studio (
	name text NOT NULL PRIMARY KEY,
	users pg_catalog.regclass NOT NULL UNIQUE,
	sessions pg_catalog.regclass NOT NULL UNIQUE,
	owned_by text NOT NULL,
	own boolean NOT NULL,
	columns jsonb NOT NULL DEFAULT '{}',
	backfilled boolean NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	guard_balance text NOT NULL DEFAULT 'refuse',
	guard_sessions text NOT NULL DEFAULT 'refuse',
	grant_max integer NOT NULL DEFAULT 100,
	purchase_max integer NOT NULL DEFAULT 1000,
	low_threshold integer NOT NULL DEFAULT 3,
	cancel_window interval NOT NULL DEFAULT '24 hours',
	admin_booking text NOT NULL DEFAULT 'free',
	hold_max integer NOT NULL DEFAULT 1,
	trainer_overlap text NOT NULL DEFAULT 'refuse',
	time_zone text NOT NULL DEFAULT 'UTC',
	search_path text,
	session_records text NOT NULL DEFAULT 'off',
	feed text,
	CONSTRAINT studio_guard_balance CHECK (guard_balance OPERATOR(pg_catalog.=) ANY (ARRAY['refuse', 'record'])),
	CONSTRAINT studio_guard_sessions CHECK (guard_sessions OPERATOR(pg_catalog.=) ANY (ARRAY['refuse', 'record', 'off'])),
	CONSTRAINT studio_grant_max CHECK (grant_max OPERATOR(pg_catalog.>=) 1 AND grant_max OPERATOR(pg_catalog.<=) 10000),
	CONSTRAINT studio_purchase_max CHECK (purchase_max OPERATOR(pg_catalog.>=) 1 AND purchase_max OPERATOR(pg_catalog.<=) 10000),
	CONSTRAINT studio_low_threshold CHECK (low_threshold OPERATOR(pg_catalog.>=) 0),
	CONSTRAINT studio_cancel_window CHECK (cancel_window OPERATOR(pg_catalog.>=) interval '0'),
	CONSTRAINT studio_admin_booking CHECK (admin_booking OPERATOR(pg_catalog.=) ANY (ARRAY['free', 'charged'])),
	CONSTRAINT studio_hold_max CHECK (hold_max OPERATOR(pg_catalog.>=) 0),
	CONSTRAINT studio_trainer_overlap CHECK (trainer_overlap OPERATOR(pg_catalog.=) ANY (ARRAY['refuse', 'allow'])),
	CONSTRAINT studio_session_records CHECK (session_records OPERATOR(pg_catalog.=) ANY (ARRAY['off', 'on'])),
	CONSTRAINT studio_records_need_guard CHECK (session_records OPERATOR(pg_catalog.=) 'off' OR guard_balance OPERATOR(pg_catalog.=) 'refuse')
);
COMMENT ON TABLE swan.studio IS 'the studios of this database: their two tables, column names and settings; written by swan_* functions only';

CREATE TABLE swan.role (
	studio text NOT NULL,
	db_role text NOT NULL,
	as_what text NOT NULL,
	user_id bigint,
	PRIMARY KEY (studio, db_role),
	CONSTRAINT role_as_what CHECK (as_what OPERATOR(pg_catalog.=) ANY (ARRAY['person', 'backend', 'system', 'reader'])),
	CONSTRAINT role_person CHECK ((as_what OPERATOR(pg_catalog.=) 'person') OPERATOR(pg_catalog.=) (user_id IS NOT NULL))
);
COMMENT ON TABLE swan.role IS 'what a database role is to a studio: a person, a backend, the system or a reader; written by swan_allow and swan_disallow';

SELECT pg_catalog.pg_extension_config_dump('swan.studio', '');
SELECT pg_catalog.pg_extension_config_dump('swan.role', '');

GRANT USAGE ON SCHEMA swan TO PUBLIC;
GRANT SELECT ON swan.studio, swan.role TO PUBLIC;

/*
 * Every backend caches the registry.  Whoever changes it, a restore
 * included, tells them all.
 */
CREATE FUNCTION swan.registry_changed()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'swan_registry_changed';
COMMENT ON FUNCTION swan.registry_changed() IS 'trigger: makes every backend forget what it cached of the registry';

CREATE TRIGGER changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON swan.studio
	FOR EACH STATEMENT EXECUTE FUNCTION swan.registry_changed();
ALTER TABLE swan.studio ENABLE ALWAYS TRIGGER changed;

CREATE TRIGGER changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON swan.role
	FOR EACH STATEMENT EXECUTE FUNCTION swan.registry_changed();
ALTER TABLE swan.role ENABLE ALWAYS TRIGGER changed;

/*
 * Result types
 */
CREATE TYPE @extschema@.swan_credit AS (
	user_id bigint,
	added integer,
	available_sessions integer,
	message text,
	sessions jsonb,
	ledger_id bigint,
	replayed boolean
);
COMMENT ON TYPE @extschema@.swan_credit IS 'result of swan_grant and swan_purchase: credits added and what is available now';

CREATE TYPE @extschema@.swan_lot AS (
	lot_id bigint,
	source text,
	granted integer,
	remaining integer,
	expires_at timestamptz,
	reason text,
	payment_ref text
);
COMMENT ON TYPE @extschema@.swan_lot IS 'one lot of credits: where they came from, how many are left, when they expire';

CREATE TYPE @extschema@.swan_booking AS (
	session_id bigint,
	user_id bigint,
	trainer_id bigint,
	status text,
	session_date timestamptz,
	duration integer,
	booked_at timestamptz,
	charged boolean,
	available_sessions integer,
	message text,
	ledger_id bigint,
	replayed boolean
);
COMMENT ON TYPE @extschema@.swan_booking IS 'a booking: the slot, its client, whether it took a credit and what the client has left';

CREATE TYPE @extschema@.swan_reversal AS (
	user_id bigint,
	moved integer,
	shortfall integer,
	available_sessions integer,
	ledger_id bigint,
	replayed boolean
);
COMMENT ON TYPE @extschema@.swan_reversal IS 'credits taken back or given back: how many moved, how many could not';

CREATE TYPE @extschema@.swan_cancellation AS (
	session_id bigint,
	user_id bigint,
	trainer_id bigint,
	status text,
	session_date timestamptz,
	duration integer,
	booked_at timestamptz,
	charged boolean,
	available_sessions integer,
	message text,
	ledger_id bigint,
	replayed boolean,
	returned boolean,
	reopened_session_id bigint
);
COMMENT ON TYPE @extschema@.swan_cancellation IS 'a booking that was given up, whether its credit can be spent again, and the slot that took its place';

CREATE TYPE @extschema@.swan_held AS (
	session_id bigint,
	user_id bigint,
	until timestamptz
);
COMMENT ON TYPE @extschema@.swan_held IS 'a slot that is kept for a client until then';

CREATE TYPE @extschema@.swan_verdict AS (
	ok boolean,
	sqlstate text,
	code text,
	message text
);
COMMENT ON TYPE @extschema@.swan_verdict IS 'whether a booking would succeed, and if not, the error it would raise';

CREATE TYPE @extschema@.swan_totals AS (
	user_id bigint,
	available integer,
	scheduled integer,
	confirmed integer,
	completed integer,
	cancelled integer,
	total integer,
	warning text,
	warning_message text,
	last_session_date timestamptz,
	next_session_date timestamptz
);
COMMENT ON TYPE @extschema@.swan_totals IS 'a client''s credits and sessions, counted by status';

CREATE TYPE @extschema@.swan_client_row AS (
	id bigint,
	first_name text,
	last_name text,
	email text,
	available_sessions integer,
	total_sessions_purchased integer,
	sessions_used integer,
	last_session_date timestamptz,
	warning text,
	created_at timestamptz,
	cursor text
);
COMMENT ON TYPE @extschema@.swan_client_row IS 'a client as the admin pages list him';

CREATE TYPE @extschema@.swan_slot_row AS (
	session_id bigint,
	trainer_id bigint,
	trainer_name text,
	session_date timestamptz,
	duration integer,
	cursor text
);
COMMENT ON TYPE @extschema@.swan_slot_row IS 'a slot that can be booked';

CREATE TYPE @extschema@.swan_schedule_row AS (
	session_id bigint,
	session_date timestamptz,
	duration integer,
	status text,
	user_id bigint,
	client_name text,
	trainer_id bigint,
	trainer_name text,
	available_sessions integer,
	total_sessions_purchased integer,
	sessions_used integer,
	last_session_date timestamptz,
	warning text,
	warning_message text,
	cursor text
);
COMMENT ON TYPE @extschema@.swan_schedule_row IS 'a slot or booking in the schedule, and how its client stands';

CREATE TYPE @extschema@.swan_expiring_row AS (
	user_id bigint,
	name text,
	lot_id bigint,
	remaining integer,
	expires_at timestamptz,
	cursor text
);
COMMENT ON TYPE @extschema@.swan_expiring_row IS 'credits of a client that will expire';

CREATE TYPE @extschema@.swan_line AS (
	id bigint,
	at timestamptz,
	kind text,
	delta integer,
	balance_after integer,
	session_id bigint,
	session_date timestamptz,
	from_session_id bigint,
	lot_id bigint,
	reason text,
	actor_id bigint,
	actor_name text,
	db_role text,
	key text,
	payment_ref text,
	item text,
	call_id bigint,
	details jsonb,
	cursor text
);
COMMENT ON TYPE @extschema@.swan_line IS 'one line of a client''s statement: a ledger row with the names that explain it';

CREATE TYPE @extschema@.swan_change AS (
	id bigint,
	user_id bigint,
	delta integer,
	balance_after integer,
	kind text,
	session_id bigint,
	from_session_id bigint,
	lot_id bigint,
	reason text,
	actor_id bigint,
	db_role text,
	key text,
	payment_ref text,
	item text,
	call_id bigint,
	details jsonb,
	at timestamptz,
	xid bigint,
	crossing text,
	cursor text
);
COMMENT ON TYPE @extschema@.swan_change IS 'one ledger row of the feed, and whether it made the balance low, none or restored';

CREATE TYPE @extschema@.swan_metric AS (
	metric text,
	labels jsonb,
	value bigint
);
COMMENT ON TYPE @extschema@.swan_metric IS 'one number of a studio for monitoring';

CREATE TYPE @extschema@.swan_liability_row AS (
	month text,
	source text,
	credits bigint
);
COMMENT ON TYPE @extschema@.swan_liability_row IS 'credits outstanding of the lots that were made in a month in one way';

CREATE TYPE @extschema@.swan_problem AS (
	check_name text,
	user_id bigint,
	session_id bigint,
	ledger_id bigint,
	problem text
);
COMMENT ON TYPE @extschema@.swan_problem IS 'one violation that swan_verify found';

CREATE TYPE @extschema@.swan_setting AS (
	setting text,
	value text,
	description text
);
COMMENT ON TYPE @extschema@.swan_setting IS 'one setting of a studio';

CREATE TYPE @extschema@.swan_studio_row AS (
	studio text,
	users text,
	sessions text,
	owner text,
	own boolean,
	selected boolean,
	state text
);
COMMENT ON TYPE @extschema@.swan_studio_row IS 'one studio the caller may see; state is ok or says what is broken';

/*
 * Studios
 */
CREATE FUNCTION @extschema@.swan_create_studio(schema text DEFAULT 'studio', owner text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_create_studio(text, text) IS
'makes a schema with the five tables of a studio; owner is a role the caller may SET ROLE to (default: the caller); returns the name of the studio';

CREATE FUNCTION @extschema@.swan_attach(users regclass, sessions regclass, columns jsonb DEFAULT '{}', studio text DEFAULT NULL, dry_run boolean DEFAULT false, OUT item text, OUT column_name text, OUT state text, OUT action text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 30
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_attach(regclass, regclass, jsonb, text, boolean) IS
'makes a studio of an application''s own tables; columns says which column is which where the names do not; dry_run only reports; for the tables'' owner';

CREATE PROCEDURE @extschema@.swan_backfill(batch integer DEFAULT 10000, studio text DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE @extschema@.swan_backfill(integer, text) IS
'gives every client of an attached studio his ledger, a committed batch at a time; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_detach(studio text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_detach(text) IS
'takes the triggers and the check off a studio''s tables and forgets it; every table and row stays; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_configure(setting text, value text, studio text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_configure(text, text, text) IS
'changes one setting of a studio and returns its new value; for the studio''s owner; swan_settings lists them';

CREATE FUNCTION @extschema@.swan_settings(studio text DEFAULT NULL)
RETURNS SETOF @extschema@.swan_setting
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 12
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_settings(text) IS
'the settings of a studio, each with its value and what it means';

CREATE FUNCTION @extschema@.swan_studios()
RETURNS SETOF @extschema@.swan_studio_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_studios() IS
'the studios in which the current role is listed or which it owns; a broken one says why';

/*
 * Who is asking
 */
CREATE FUNCTION @extschema@.swan_allow(db_role text, as_what text, user_id bigint DEFAULT NULL, studio text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_allow(text, text, bigint, text) IS
'says what a database role is to a studio: person (user_id), backend, system or reader; replaces what was said before; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_disallow(db_role text, studio text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_disallow(text, text) IS
'takes back what swan_allow said of a database role; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_act_as(user_id bigint)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_act_as(bigint) IS
'names the person on whose authority the calls of this transaction run; for backend and system roles';

CREATE FUNCTION @extschema@.swan_actor(OUT user_id bigint, OUT role text, OUT source text)
RETURNS record
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_actor() IS
'who a call would run as now: the person, the role, and how that was decided';

/*
 * Credits
 */
CREATE FUNCTION @extschema@.swan_grant(user_id bigint, n integer, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_credit
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_grant(bigint, integer, text, timestamptz, text, bigint) IS
'gives a client n credits (1 to grant_max), which expire at expires_at or never; key makes a retry return the first result; for admins and the system';

CREATE FUNCTION @extschema@.swan_grant_many(user_ids bigint[], n integer, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_credit
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_grant_many(bigint[], integer, text, timestamptz, text, bigint) IS
'gives each of many clients n credits, all of them or none; as swan_grant otherwise; for admins and the system';

CREATE FUNCTION @extschema@.swan_purchase(user_id bigint, n integer, payment_ref text, item text DEFAULT '', amount_minor bigint DEFAULT NULL, currency text DEFAULT NULL, details jsonb DEFAULT NULL, expires_at timestamptz DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_credit
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_purchase(bigint, integer, text, text, bigint, text, jsonb, timestamptz, bigint) IS
'gives a client the n credits (1 to purchase_max) that he bought, exactly once for a payment and item; amount_minor is in the currency''s smallest unit; for admins and the system';

CREATE FUNCTION @extschema@.swan_reverse(payment_ref text, item text DEFAULT NULL, n integer DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_reversal
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_reverse(text, text, integer, text, bigint) IS
'takes back the credits of a refunded payment, or n of them, as far as they are unspent; the rest is the shortfall; for admins and the system';

CREATE FUNCTION @extschema@.swan_reinstate(payment_ref text, key text, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_reversal
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_reinstate(text, text, bigint) IS
'gives back what reversals of a payment took; for admins and the system';

CREATE FUNCTION @extschema@.swan_revoke(user_id bigint, n integer DEFAULT NULL, reason text DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_reversal
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_revoke(bigint, integer, text, text, bigint) IS
'takes n credits from a client, or all, the soonest to expire first, never more than he has; for admins and the system';

CREATE FUNCTION @extschema@.swan_extend(lot_id bigint, expires_at timestamptz, reason text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_lot
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_extend(bigint, timestamptz, text, bigint) IS
'puts off the expiry of a lot, with infinity for good; a lot that has expired stays so; for admins and the system';

CREATE FUNCTION @extschema@.swan_expire(max_rows integer DEFAULT 1000, OUT clients integer, OUT credits integer)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_expire(integer) IS
'writes down what has expired, for the clients of at most max_rows lots; returns how many clients and credits; for the system';

CREATE FUNCTION @extschema@.swan_credits(user_id bigint, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_lot
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_credits(bigint, bigint) IS
'the lots of which a client can spend credits now, in the order in which they will be spent; for the client, his trainers, staff, admins and the system';

/*
 * Slots and bookings
 */
CREATE FUNCTION @extschema@.swan_open(trainer_id bigint, at timestamptz, duration integer DEFAULT 60, repeat integer DEFAULT 1, every interval DEFAULT '7 days', actor bigint DEFAULT NULL)
RETURNS SETOF bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_open(bigint, timestamptz, integer, integer, interval, bigint) IS
'opens repeat slots of duration minutes, the first at the given time, the others every so often in the studio''s time zone; returns their ids; for the trainer himself, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_book(user_id bigint, session_id bigint, charge boolean DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_book(bigint, bigint, boolean, text, bigint) IS
'books an open slot for a client and takes one credit; charge false takes none (staff, admins and the system only); key makes a retry return the first result; for the client, the slot''s trainer, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_book_many(user_id bigint, session_ids bigint[], charge boolean DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_book_many(bigint, bigint[], boolean, text, bigint) IS
'books several open slots for a client, all of them or none; as swan_book otherwise';

CREATE FUNCTION @extschema@.swan_hold(user_id bigint, session_id bigint, ttl interval DEFAULT '10 minutes', actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_held
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_hold(bigint, bigint, interval, bigint) IS
'keeps an open slot for a client for at most 30 minutes; for those who may book it';

CREATE FUNCTION @extschema@.swan_release(session_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_held
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_release(bigint, bigint) IS
'lets go of a slot that is held; for those who may book it for that client';

CREATE FUNCTION @extschema@.swan_confirm(session_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_confirm(bigint, bigint) IS
'confirms a scheduled booking; for its trainer, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_complete(session_id bigint, attended boolean DEFAULT true, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_complete(bigint, boolean, bigint) IS
'completes a booking; attended false is a no-show, whose credit is used all the same; for its trainer, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_move(session_id bigint, at timestamptz DEFAULT NULL, trainer_id bigint DEFAULT NULL, duration integer DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_move(bigint, timestamptz, bigint, integer, bigint) IS
'moves an open slot or a live booking to another time, trainer or duration (minutes); for its trainer, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_cancel(session_id bigint, reason text DEFAULT NULL, return_credit boolean DEFAULT NULL, reopen boolean DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_cancellation
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_cancel(bigint, text, boolean, boolean, text, bigint) IS
'cancels a live booking, whose credit comes back if the studio cancels or the client does in time, or closes an open slot; return_credit overrides (staff, admins and the system), reopen too (all but clients); for the client, the slot''s trainer, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_reschedule(session_id bigint, to_session_id bigint, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_reschedule(bigint, bigint, text, bigint) IS
'exchanges a live booking for an open slot; the credit it took follows; for the client, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_can_book(user_id bigint, session_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_verdict
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_can_book(bigint, bigint, bigint) IS
'whether swan_book would succeed now, and if not, with which error; changes and locks nothing; for those who may book';

/*
 * Reading
 */
CREATE FUNCTION @extschema@.swan_summary(user_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_totals
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_summary(bigint, bigint) IS
'a client''s available credits, his sessions by status, and the warning when credits run low; for the client, his trainers, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_client(user_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_client_row
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_client(bigint, bigint) IS
'a client as the admin pages show him, with credits purchased and used; for his trainers, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_statement(user_id bigint, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 100, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_line
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_statement(bigint, timestamptz, timestamptz, text, integer, bigint) IS
'a client''s ledger, newest line first, from since (inclusive) until (exclusive); after is the cursor of the last line read; for the client, his trainers, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_balance_at(user_id bigint, at timestamptz, actor bigint DEFAULT NULL)
RETURNS integer
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_balance_at(bigint, timestamptz, bigint) IS
'what a client''s ledger came to at an instant, that included; NULL before his table was attached; for the client, his trainers, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_clients(search text DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 50, order_by text DEFAULT 'name', warning text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_client_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 50
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_clients(text, text, integer, text, text, bigint) IS
'the clients whose name or e-mail address has search in it, by name (last name first), created_at (newest first) or last_session (latest first), with a warning of none or low or any; after is the cursor of the last row read; for staff, admins and the system, and trainers for their clients';

CREATE FUNCTION @extschema@.swan_slots(since timestamptz, until timestamptz, trainer_id bigint DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 100)
RETURNS SETOF @extschema@.swan_slot_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_slots(timestamptz, timestamptz, bigint, text, integer) IS
'open future slots that nobody holds, from since (inclusive) until (exclusive), NULL for any time; after is the cursor of the last row read; for everybody who may use the studio';

CREATE FUNCTION @extschema@.swan_schedule(since timestamptz, until timestamptz, trainer_id bigint DEFAULT NULL, user_id bigint DEFAULT NULL, status text DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 500, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_schedule_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 500
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_schedule(timestamptz, timestamptz, bigint, bigint, text, text, integer, bigint) IS
'every slot and booking from since (inclusive) until (exclusive), NULL for any time, with names and the client''s credits; after is the cursor of the last row read; a client sees his own, a trainer his slots too, staff, admins and the system all';

CREATE FUNCTION @extschema@.swan_expiring(within interval DEFAULT '14 days', after text DEFAULT NULL, max_rows integer DEFAULT 100, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_expiring_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_expiring(interval, text, integer, bigint) IS
'whose credits expire within some time from now, soonest first; after is the cursor of the last row read; for staff, admins and the system';

/*
 * The feed
 */
CREATE FUNCTION @extschema@.swan_changes(after text DEFAULT NULL, max_rows integer DEFAULT 1000)
RETURNS SETOF @extschema@.swan_change
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1000
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_changes(text, integer) IS
'ledger rows in the order in which they can be read without missing one; after is the cursor of the last row read or, after swan_rebase_feed, a ledger id; for readers and the system';

CREATE FUNCTION @extschema@.swan_rebase_feed(studio text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_rebase_feed(text) IS
'starts the feed anew after a restore or a failover, and returns the last ledger id there is; for the studio''s owner';

/*
 * Watching
 */
CREATE FUNCTION @extschema@.swan_stats()
RETURNS SETOF @extschema@.swan_metric
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 22
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_stats() IS
'credits outstanding, unswept and moved, and the lag of the feed, for a monitoring system; for readers, admins and the system';

CREATE FUNCTION @extschema@.swan_liability(at timestamptz DEFAULT pg_catalog.now())
RETURNS SETOF @extschema@.swan_liability_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_liability(timestamptz) IS
'the credits outstanding at an instant by month and source of their lot, which add up to the balances; for readers, admins and the system';

CREATE FUNCTION @extschema@.swan_verify(user_id bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_problem
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_verify(bigint) IS
'one row for every violated invariant and every missing or disabled guard, of one client or of all; no rows when all is well; for readers, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_health()
RETURNS jsonb
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_health() IS
'whether the service works: healthy or degraded, with the criteria; reads no rows of a studio; for everybody';

CREATE FUNCTION @extschema@.swan_errors(OUT sqlstate text, OUT code text, OUT http_status integer, OUT message text)
RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 30
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_errors() IS
'the errors that swan_* functions raise, with the HTTP status and the sentence a backend shows; for everybody';

/*
 * Guards: trigger functions on the tables of a studio
 */
CREATE FUNCTION @extschema@.swan_guard_users()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_guard_users() IS
'trigger on a studio''s users: keeps the balance from changing unseen';

CREATE FUNCTION @extschema@.swan_guard_sessions()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_guard_sessions() IS
'trigger on a studio''s sessions: keeps bookings from changing unseen';

CREATE FUNCTION @extschema@.swan_guard_closed()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_guard_closed() IS
'trigger on swan_ledger, swan_lots and swan_holds: refuses every statement that is not the engine''s';

CREATE FUNCTION @extschema@.swan_guard_truncate()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_guard_truncate() IS
'trigger on a studio''s users and sessions: refuses TRUNCATE';
