/* swanalloc: from 0.1.0 to 0.2.0 */

-- complain if the script is fed to psql instead of ALTER EXTENSION
\echo Use "ALTER EXTENSION swanalloc UPDATE" to load this file. \quit

/*
 * Only what belongs to the extension is changed here.  The tables of a studio
 * are the application's; swan_upgrade_studio() gives them what they lack.
 */

/* The registry */

CREATE FUNCTION swan.oid_of_role(db_role text)
RETURNS oid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'swan_oid_of_role';
COMMENT ON FUNCTION swan.oid_of_role(text) IS 'which role has that name now, or NULL; for the registry only';

CREATE FUNCTION swan.local_time(zone text, at timestamptz)
RETURNS timestamp
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'swan_local_time';
COMMENT ON FUNCTION swan.local_time(text, timestamptz) IS 'what the clocks of a named time zone show at an instant, whatever the session calls so';

CREATE FUNCTION swan.instant(zone text, local timestamp)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'swan_instant';
COMMENT ON FUNCTION swan.instant(text, timestamp) IS 'the instant at which the clocks of a named time zone show a time, whatever the session calls so';

CREATE FUNCTION swan.plain_text(searched text)
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'swan_plain_text';
COMMENT ON FUNCTION swan.plain_text(text) IS 'a text as searches compare it that ignore accents, by the extension unaccent';

ALTER TABLE swan.studio
	ADD COLUMN book_notice interval NOT NULL DEFAULT '0',
	ADD COLUMN book_horizon interval,
	ADD COLUMN live_max integer,
	ADD COLUMN buffer interval NOT NULL DEFAULT '0',
	ADD COLUMN trainer_may text NOT NULL DEFAULT 'open, request, book, complete, cancel',
	ADD COLUMN hold_credit text NOT NULL DEFAULT 'on',
	ADD COLUMN hold_total interval NOT NULL DEFAULT '60 minutes',
	ADD COLUMN booking_rule text,
	ADD COLUMN cost_rule text,
	ADD COLUMN assignments text,
	ADD COLUMN wait_offer interval NOT NULL DEFAULT '2 hours',
	ADD COLUMN staff_may text NOT NULL DEFAULT '',
	ADD COLUMN closed_at timestamptz,
	ADD COLUMN closed_reason text,
	ADD CONSTRAINT studio_book_notice CHECK (book_notice OPERATOR(pg_catalog.>=) interval '0'),
	ADD CONSTRAINT studio_book_horizon CHECK (book_horizon OPERATOR(pg_catalog.>=) interval '0'),
	ADD CONSTRAINT studio_live_max CHECK (live_max OPERATOR(pg_catalog.>=) 0),
	ADD CONSTRAINT studio_buffer CHECK (buffer OPERATOR(pg_catalog.>=) interval '0' AND buffer OPERATOR(pg_catalog.<=) interval '1 day'),
	ADD CONSTRAINT studio_trainer_may CHECK (pg_catalog.string_to_array(trainer_may, ', ') OPERATOR(pg_catalog.<@) ARRAY['open', 'request', 'book', 'complete', 'cancel', 'return']),
	ADD CONSTRAINT studio_staff_may CHECK (pg_catalog.string_to_array(staff_may, ', ') OPERATOR(pg_catalog.<@) ARRAY['purchase']),
	ADD CONSTRAINT studio_hold_credit CHECK (hold_credit OPERATOR(pg_catalog.=) ANY (ARRAY['off', 'on'])),
	ADD CONSTRAINT studio_hold_total CHECK (hold_total OPERATOR(pg_catalog.>=) interval '0'),
	ADD CONSTRAINT studio_wait_offer CHECK (wait_offer OPERATOR(pg_catalog.>=) interval '0'),
	ADD CONSTRAINT studio_closed CHECK ((closed_at IS NULL) OPERATOR(pg_catalog.=) (closed_reason IS NULL));
COMMENT ON COLUMN swan.studio.name IS 'its name';
COMMENT ON COLUMN swan.studio.users IS 'its users table';
COMMENT ON COLUMN swan.studio.sessions IS 'its sessions table';
COMMENT ON COLUMN swan.studio.owned_by IS 'the owner when it was made';
COMMENT ON COLUMN swan.studio.own IS 'made by swan_create_studio';
COMMENT ON COLUMN swan.studio.columns IS 'names of columns, roles and labels of the status, where they differ; how long the longest session lasts, if more than a day; up to which ledger row totals do not count';
COMMENT ON COLUMN swan.studio.backfilled IS 'every client has a ledger';
COMMENT ON COLUMN swan.studio.created_at IS 'when it was made or attached';
COMMENT ON COLUMN swan.studio.guard_balance IS 'setting: direct changes of a balance are refused or recorded';
COMMENT ON COLUMN swan.studio.guard_sessions IS 'setting: direct changes of client or status are refused, recorded or ignored';
COMMENT ON COLUMN swan.studio.grant_max IS 'setting: most credits of one grant';
COMMENT ON COLUMN swan.studio.purchase_max IS 'setting: most credits of one purchase';
COMMENT ON COLUMN swan.studio.low_threshold IS 'setting: from this balance on a client is warned';
COMMENT ON COLUMN swan.studio.cancel_window IS 'setting: how long before its start a booking can be cancelled with its credit returned';
COMMENT ON COLUMN swan.studio.admin_booking IS 'setting: whether bookings that an admin makes are free or charged';
COMMENT ON COLUMN swan.studio.hold_max IS 'setting: slots that a client may hold at once';
COMMENT ON COLUMN swan.studio.trainer_overlap IS 'setting: whether a trainer''s sessions may overlap';
COMMENT ON COLUMN swan.studio.time_zone IS 'setting: where the studio is; times without a zone are of it';
COMMENT ON COLUMN swan.studio.search_path IS 'setting: where the application''s triggers find their names';
COMMENT ON COLUMN swan.studio.session_records IS 'setting: whether an undated session stands for each credit';
COMMENT ON COLUMN swan.studio.feed IS 'where the feed''s transaction ids are valid';
COMMENT ON COLUMN swan.studio.book_notice IS 'setting: how long before its start a client can still book a slot';
COMMENT ON COLUMN swan.studio.book_horizon IS 'setting: how far ahead a client can book; NULL: as far as there are slots';
COMMENT ON COLUMN swan.studio.live_max IS 'setting: bookings to come that a client can have; NULL: any number';
COMMENT ON COLUMN swan.studio.buffer IS 'setting: what time is kept free between two sessions of a trainer';
COMMENT ON COLUMN swan.studio.trainer_may IS 'setting: what trainers may do on their own';
COMMENT ON COLUMN swan.studio.staff_may IS 'setting: what staff may do like an admin';
COMMENT ON COLUMN swan.studio.hold_credit IS 'setting: whether a client needs a credit to hold a slot; off in a new studio, on in one that is older';
COMMENT ON COLUMN swan.studio.hold_total IS 'setting: how long a client may keep one slot by holding it again and again';
COMMENT ON COLUMN swan.studio.booking_rule IS 'setting: the application''s own rule of booking, a function by its qualified name; NULL: none';
COMMENT ON COLUMN swan.studio.cost_rule IS 'setting: how many credits a booking costs, a function by its qualified name; NULL: what the row says';
COMMENT ON COLUMN swan.studio.assignments IS 'setting: whose clients are whose, a table or view by its qualified name; NULL: those with a session';
COMMENT ON COLUMN swan.studio.wait_offer IS 'setting: how long a place that came free is kept for each client who waits for it, in turn';
COMMENT ON COLUMN swan.studio.closed_at IS 'since when nothing can be changed in it; NULL: it is open';
COMMENT ON COLUMN swan.studio.closed_reason IS 'why it is closed';

-- who is listed by now counts, as the role that has the name now
ALTER TABLE swan.role
	ADD COLUMN accepted boolean NOT NULL DEFAULT true,
	ADD COLUMN role_oid oid GENERATED ALWAYS AS (swan.oid_of_role(db_role)) STORED;
COMMENT ON TABLE swan.role IS 'what a database role is to a studio: a person, a backend, the system or a reader; written by swan_allow, swan_accept and swan_disallow';
COMMENT ON COLUMN swan.role.studio IS 'the studio';
COMMENT ON COLUMN swan.role.db_role IS 'the database role';
COMMENT ON COLUMN swan.role.as_what IS 'person, backend, system or reader';
COMMENT ON COLUMN swan.role.user_id IS 'the person';
COMMENT ON COLUMN swan.role.accepted IS 'whether the listing counts: made with the role''s privileges, or agreed to by swan_accept';
COMMENT ON COLUMN swan.role.role_oid IS 'the role that had this name when the row was written; another one of that name is a stranger';

CREATE INDEX role_db_role ON swan.role (db_role);
COMMENT ON INDEX swan.role_db_role IS 'in which studios a role is listed, read when it first calls';

/* Result types */

ALTER TYPE @extschema@.swan_studio_row
	ADD ATTRIBUTE outdated boolean,
	ADD ATTRIBUTE closed_at timestamptz,
	ADD ATTRIBUTE closed_reason text;
COMMENT ON COLUMN @extschema@.swan_studio_row.studio IS 'its name';
COMMENT ON COLUMN @extschema@.swan_studio_row.users IS 'the qualified name of its users table; NULL if it is gone';
COMMENT ON COLUMN @extschema@.swan_studio_row.sessions IS 'that of its sessions table';
COMMENT ON COLUMN @extschema@.swan_studio_row.owner IS 'the owner of the tables';
COMMENT ON COLUMN @extschema@.swan_studio_row.own IS 'made by swan_create_studio';
COMMENT ON COLUMN @extschema@.swan_studio_row.selected IS 'calls are about this one';
COMMENT ON COLUMN @extschema@.swan_studio_row.state IS 'ok, or what is broken';
COMMENT ON COLUMN @extschema@.swan_studio_row.outdated IS 'an earlier version made it, and swan_upgrade_studio has not been called since';
COMMENT ON COLUMN @extschema@.swan_studio_row.closed_at IS 'since when nothing can be changed in it; NULL: it is open';
COMMENT ON COLUMN @extschema@.swan_studio_row.closed_reason IS 'why it is closed';

ALTER TYPE @extschema@.swan_setting
	ADD ATTRIBUTE seconds bigint;
COMMENT ON COLUMN @extschema@.swan_setting.setting IS 'its name';
COMMENT ON COLUMN @extschema@.swan_setting.value IS 'its value';
COMMENT ON COLUMN @extschema@.swan_setting.description IS 'what it means';
COMMENT ON COLUMN @extschema@.swan_setting.seconds IS 'how many seconds an interval is, with days of 24 hours; NULL: it is no interval, or unset';

COMMENT ON COLUMN @extschema@.swan_credit.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_credit.added IS 'credits added';
COMMENT ON COLUMN @extschema@.swan_credit.available_sessions IS 'what he can spend after the call';
COMMENT ON COLUMN @extschema@.swan_credit.message IS 'a sentence to show';
COMMENT ON COLUMN @extschema@.swan_credit.sessions IS 'one object for each credit added: number, status, duration, notes';
COMMENT ON COLUMN @extschema@.swan_credit.ledger_id IS 'the ledger row; also the id of the lot';
COMMENT ON COLUMN @extschema@.swan_credit.replayed IS 'the key was used before, nothing was done now';

ALTER TYPE @extschema@.swan_reversal
	ADD ATTRIBUTE expired integer;
COMMENT ON COLUMN @extschema@.swan_reversal.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_reversal.moved IS 'credits taken back, or given back';
COMMENT ON COLUMN @extschema@.swan_reversal.shortfall IS 'credits that could not be taken, since they were spent';
COMMENT ON COLUMN @extschema@.swan_reversal.available_sessions IS 'what he can spend after the call';
COMMENT ON COLUMN @extschema@.swan_reversal.ledger_id IS 'the first ledger row of the call';
COMMENT ON COLUMN @extschema@.swan_reversal.replayed IS 'the key was used before, nothing was done now';
COMMENT ON COLUMN @extschema@.swan_reversal.expired IS 'credits that were refunded and had expired unspent';

CREATE TYPE @extschema@.swan_handover AS (
	from_user_id bigint,
	to_user_id bigint,
	moved integer,
	bookings integer,
	from_available_sessions integer,
	available_sessions integer,
	ledger_id bigint,
	replayed boolean
);
COMMENT ON TYPE @extschema@.swan_handover IS 'result of swan_transfer and swan_merge: what went from one client to another';
COMMENT ON COLUMN @extschema@.swan_handover.from_user_id IS 'whose it was';
COMMENT ON COLUMN @extschema@.swan_handover.to_user_id IS 'whose it is now';
COMMENT ON COLUMN @extschema@.swan_handover.moved IS 'credits that went over';
COMMENT ON COLUMN @extschema@.swan_handover.bookings IS 'live bookings that went over';
COMMENT ON COLUMN @extschema@.swan_handover.from_available_sessions IS 'what the first can spend after the call';
COMMENT ON COLUMN @extschema@.swan_handover.available_sessions IS 'what the second can spend after the call';
COMMENT ON COLUMN @extschema@.swan_handover.ledger_id IS 'the first ledger row of the first';
COMMENT ON COLUMN @extschema@.swan_handover.replayed IS 'the key was used before, nothing was done now';

CREATE TYPE @extschema@.swan_pack AS (
	user_id bigint,
	lot_id bigint,
	granted integer,
	used integer,
	expired integer,
	remaining integer,
	available_sessions integer,
	replayed boolean
);
COMMENT ON TYPE @extschema@.swan_pack IS 'result of swan_import: a pack of another system, as it is here now';
COMMENT ON COLUMN @extschema@.swan_pack.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_pack.lot_id IS 'the lot; also the first ledger row';
COMMENT ON COLUMN @extschema@.swan_pack.granted IS 'credits it began with';
COMMENT ON COLUMN @extschema@.swan_pack.used IS 'credits that were used there';
COMMENT ON COLUMN @extschema@.swan_pack.expired IS 'credits that were left when it ended, if it has';
COMMENT ON COLUMN @extschema@.swan_pack.remaining IS 'credits that came along';
COMMENT ON COLUMN @extschema@.swan_pack.available_sessions IS 'what the client can spend after the call';
COMMENT ON COLUMN @extschema@.swan_pack.replayed IS 'the pack was here already, nothing was done now';

CREATE TYPE @extschema@.swan_erasure AS (
	user_id bigint,
	ledger_rows integer,
	sessions integer,
	ledger_id bigint
);
COMMENT ON TYPE @extschema@.swan_erasure IS 'result of swan_forget: where words about a person were';
COMMENT ON COLUMN @extschema@.swan_erasure.user_id IS 'the person';
COMMENT ON COLUMN @extschema@.swan_erasure.ledger_rows IS 'ledger rows that lost reason, key or details';
COMMENT ON COLUMN @extschema@.swan_erasure.sessions IS 'sessions that lost their notes';
COMMENT ON COLUMN @extschema@.swan_erasure.ledger_id IS 'the ledger row that says so';

ALTER TYPE @extschema@.swan_lot
	ADD ATTRIBUTE item text,
	ADD ATTRIBUTE amount_minor bigint,
	ADD ATTRIBUTE currency text,
	ADD ATTRIBUTE valid_for text,
	ADD ATTRIBUTE good_for jsonb;
COMMENT ON COLUMN @extschema@.swan_lot.lot_id IS 'its id';
COMMENT ON COLUMN @extschema@.swan_lot.source IS 'opening, grant, purchase, reinstatement or external';
COMMENT ON COLUMN @extschema@.swan_lot.granted IS 'credits it began with';
COMMENT ON COLUMN @extschema@.swan_lot.remaining IS 'credits left';
COMMENT ON COLUMN @extschema@.swan_lot.expires_at IS 'NULL: never';
COMMENT ON COLUMN @extschema@.swan_lot.reason IS 'that of the grant';
COMMENT ON COLUMN @extschema@.swan_lot.payment_ref IS 'that of the purchase';
COMMENT ON COLUMN @extschema@.swan_lot.item IS 'the item that was paid for';
COMMENT ON COLUMN @extschema@.swan_lot.amount_minor IS 'what was paid for all of it, in the currency''s smallest unit';
COMMENT ON COLUMN @extschema@.swan_lot.currency IS 'the currency of amount_minor';
COMMENT ON COLUMN @extschema@.swan_lot.valid_for IS 'how long its credits can be spent once a booking takes the first one; NULL when that has happened, or if it is of no matter';
COMMENT ON COLUMN @extschema@.swan_lot.good_for IS 'the kinds of session that its credits are good for; NULL: all';

CREATE TYPE @extschema@.swan_payment_row AS (
	item text,
	user_id bigint,
	lot_id bigint,
	bought integer,
	remaining integer,
	used integer,
	expired integer,
	reversed integer,
	reinstated integer,
	amount_minor bigint,
	currency text,
	refunded_minor bigint,
	revoked integer,
	shortfall integer
);
COMMENT ON TYPE @extschema@.swan_payment_row IS 'an item of a payment, and what became of its credits: bought = remaining + used + expired + reversed - reinstated + revoked';
COMMENT ON COLUMN @extschema@.swan_payment_row.item IS 'the item';
COMMENT ON COLUMN @extschema@.swan_payment_row.user_id IS 'the client it was bought for';
COMMENT ON COLUMN @extschema@.swan_payment_row.lot_id IS 'the lot of its credits';
COMMENT ON COLUMN @extschema@.swan_payment_row.bought IS 'credits that were bought';
COMMENT ON COLUMN @extschema@.swan_payment_row.remaining IS 'credits that can be spent';
COMMENT ON COLUMN @extschema@.swan_payment_row.used IS 'credits that bookings took and that did not come back';
COMMENT ON COLUMN @extschema@.swan_payment_row.expired IS 'credits that expired';
COMMENT ON COLUMN @extschema@.swan_payment_row.reversed IS 'credits that reversals took';
COMMENT ON COLUMN @extschema@.swan_payment_row.reinstated IS 'credits of these that were given back';
COMMENT ON COLUMN @extschema@.swan_payment_row.amount_minor IS 'what was paid for it, in the currency''s smallest unit';
COMMENT ON COLUMN @extschema@.swan_payment_row.currency IS 'the currency of amount_minor';
COMMENT ON COLUMN @extschema@.swan_payment_row.refunded_minor IS 'the part of amount_minor that is refunded, as swan_reverse was told; NULL if it never was';
COMMENT ON COLUMN @extschema@.swan_payment_row.revoked IS 'credits that were taken back by hand, or directly';
COMMENT ON COLUMN @extschema@.swan_payment_row.shortfall IS 'credits that reversals could not take since they were spent, and that are not settled';

ALTER TYPE @extschema@.swan_booking
	ADD ATTRIBUTE attended boolean,
	ADD ATTRIBUTE credits integer,
	ADD ATTRIBUTE owed integer,
	ADD ATTRIBUTE notes text,
	ADD ATTRIBUTE confirmed boolean,
	ADD ATTRIBUTE client_name text,
	ADD ATTRIBUTE trainer_name text;
COMMENT ON COLUMN @extschema@.swan_booking.session_id IS 'the session';
COMMENT ON COLUMN @extschema@.swan_booking.user_id IS 'its client';
COMMENT ON COLUMN @extschema@.swan_booking.trainer_id IS 'its trainer';
COMMENT ON COLUMN @extschema@.swan_booking.status IS 'its status';
COMMENT ON COLUMN @extschema@.swan_booking.session_date IS 'its start';
COMMENT ON COLUMN @extschema@.swan_booking.duration IS 'minutes';
COMMENT ON COLUMN @extschema@.swan_booking.booked_at IS 'when it was booked';
COMMENT ON COLUMN @extschema@.swan_booking.charged IS 'the booking took a credit';
COMMENT ON COLUMN @extschema@.swan_booking.available_sessions IS 'what the client can spend after the call; NULL for an open slot that was moved';
COMMENT ON COLUMN @extschema@.swan_booking.message IS 'a sentence to show';
COMMENT ON COLUMN @extschema@.swan_booking.ledger_id IS 'the ledger row; NULL for an open slot that was moved';
COMMENT ON COLUMN @extschema@.swan_booking.replayed IS 'the key was used before, nothing was done now';
COMMENT ON COLUMN @extschema@.swan_booking.attended IS 'of a completed session: the client was there; NULL where the ledger does not know';
COMMENT ON COLUMN @extschema@.swan_booking.credits IS 'how many credits it has taken';
COMMENT ON COLUMN @extschema@.swan_booking.owed IS 'how many it shall take yet';
COMMENT ON COLUMN @extschema@.swan_booking.notes IS 'what the row''s notes say';
COMMENT ON COLUMN @extschema@.swan_booking.confirmed IS 'the studio has confirmed it';
COMMENT ON COLUMN @extschema@.swan_booking.client_name IS 'the client''s name';
COMMENT ON COLUMN @extschema@.swan_booking.trainer_name IS 'the trainer''s name';

ALTER TYPE @extschema@.swan_cancellation
	ADD ATTRIBUTE credits integer;
COMMENT ON COLUMN @extschema@.swan_cancellation.session_id IS 'the session';
COMMENT ON COLUMN @extschema@.swan_cancellation.user_id IS 'its client; NULL for an open slot';
COMMENT ON COLUMN @extschema@.swan_cancellation.trainer_id IS 'its trainer';
COMMENT ON COLUMN @extschema@.swan_cancellation.status IS 'cancelled';
COMMENT ON COLUMN @extschema@.swan_cancellation.session_date IS 'its start';
COMMENT ON COLUMN @extschema@.swan_cancellation.duration IS 'minutes';
COMMENT ON COLUMN @extschema@.swan_cancellation.booked_at IS 'when it was booked';
COMMENT ON COLUMN @extschema@.swan_cancellation.charged IS 'the booking had taken a credit';
COMMENT ON COLUMN @extschema@.swan_cancellation.available_sessions IS 'what the client can spend after the call; NULL for an open slot';
COMMENT ON COLUMN @extschema@.swan_cancellation.message IS 'a sentence to show';
COMMENT ON COLUMN @extschema@.swan_cancellation.ledger_id IS 'the ledger row; NULL for an open slot';
COMMENT ON COLUMN @extschema@.swan_cancellation.replayed IS 'the key was used before, nothing was done now';
COMMENT ON COLUMN @extschema@.swan_cancellation.returned IS 'the client can spend the credit again';
COMMENT ON COLUMN @extschema@.swan_cancellation.reopened_session_id IS 'the new open slot at its time';
COMMENT ON COLUMN @extschema@.swan_cancellation.credits IS 'how many credits it had taken';

CREATE TYPE @extschema@.swan_suspension AS (
	user_id bigint,
	since timestamptz,
	until timestamptz,
	message text,
	ledger_id bigint
);
COMMENT ON TYPE @extschema@.swan_suspension IS 'the time in which a client books nothing';
COMMENT ON COLUMN @extschema@.swan_suspension.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_suspension.since IS 'when it begins';
COMMENT ON COLUMN @extschema@.swan_suspension.until IS 'when it ends, not included; NULL: when swan_resume ends it';
COMMENT ON COLUMN @extschema@.swan_suspension.message IS 'a sentence to show';
COMMENT ON COLUMN @extschema@.swan_suspension.ledger_id IS 'the ledger row';

COMMENT ON COLUMN @extschema@.swan_held.session_id IS 'the slot';
COMMENT ON COLUMN @extschema@.swan_held.user_id IS 'for whom it is kept';
COMMENT ON COLUMN @extschema@.swan_held.until IS 'how long';

CREATE TYPE @extschema@.swan_waiter AS (
	session_id bigint,
	user_id bigint,
	line integer,
	since timestamptz,
	auto boolean,
	offered_from timestamptz,
	offered_until timestamptz,
	refused text,
	session_date timestamptz,
	duration integer,
	trainer_id bigint,
	trainer_name text
);
COMMENT ON TYPE @extschema@.swan_waiter IS 'a client who waits for a slot or class that others have';
COMMENT ON COLUMN @extschema@.swan_waiter.session_id IS 'the slot, or the class';
COMMENT ON COLUMN @extschema@.swan_waiter.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_waiter.line IS 'his place in the line, from 1 on';
COMMENT ON COLUMN @extschema@.swan_waiter.since IS 'when he came';
COMMENT ON COLUMN @extschema@.swan_waiter.auto IS 'swan_promote books for him when it is his turn';
COMMENT ON COLUMN @extschema@.swan_waiter.offered_from IS 'when his turn begins; NULL while no place is open';
COMMENT ON COLUMN @extschema@.swan_waiter.offered_until IS 'when it ends';
COMMENT ON COLUMN @extschema@.swan_waiter.refused IS 'why swan_promote could not book for him: the code of an error, the rule of an SW017, or the SQLSTATE of what the application raised';
COMMENT ON COLUMN @extschema@.swan_waiter.session_date IS 'when it begins';
COMMENT ON COLUMN @extschema@.swan_waiter.duration IS 'how many minutes it lasts';
COMMENT ON COLUMN @extschema@.swan_waiter.trainer_id IS 'its trainer';
COMMENT ON COLUMN @extschema@.swan_waiter.trainer_name IS 'how he is called';

COMMENT ON TYPE @extschema@.swan_verdict IS 'whether a booking or a hold would succeed, and if not, the error it would raise';
COMMENT ON COLUMN @extschema@.swan_verdict.ok IS 'it would succeed';
COMMENT ON COLUMN @extschema@.swan_verdict.sqlstate IS 'else the error''s SQLSTATE';
COMMENT ON COLUMN @extschema@.swan_verdict.code IS 'its code';
COMMENT ON COLUMN @extschema@.swan_verdict.message IS 'its sentence';

CREATE TYPE @extschema@.swan_cancel_verdict AS (
	ok boolean,
	sqlstate text,
	code text,
	message text,
	returns boolean,
	credits integer,
	free_until timestamptz
);
COMMENT ON TYPE @extschema@.swan_cancel_verdict IS 'whether a cancellation would succeed, and what would become of the credit, or the error it would raise';
COMMENT ON COLUMN @extschema@.swan_cancel_verdict.ok IS 'the cancellation would succeed';
COMMENT ON COLUMN @extschema@.swan_cancel_verdict.sqlstate IS 'else the error''s SQLSTATE';
COMMENT ON COLUMN @extschema@.swan_cancel_verdict.code IS 'its code';
COMMENT ON COLUMN @extschema@.swan_cancel_verdict.message IS 'its sentence';
COMMENT ON COLUMN @extschema@.swan_cancel_verdict.returns IS 'the client could spend the credits again; NULL unless ok';
COMMENT ON COLUMN @extschema@.swan_cancel_verdict.credits IS 'credits that the booking took; NULL unless ok';
COMMENT ON COLUMN @extschema@.swan_cancel_verdict.free_until IS 'until when its client can cancel a live booking and have the credits back';

ALTER TYPE @extschema@.swan_totals
	ADD ATTRIBUTE missed integer,
	ADD ATTRIBUTE overdue integer,
	ADD ATTRIBUTE suspended_since timestamptz,
	ADD ATTRIBUTE suspended_until timestamptz;
COMMENT ON COLUMN @extschema@.swan_totals.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_totals.available IS 'credits he can spend';
COMMENT ON COLUMN @extschema@.swan_totals.scheduled IS 'sessions in this status';
COMMENT ON COLUMN @extschema@.swan_totals.confirmed IS 'sessions in this status';
COMMENT ON COLUMN @extschema@.swan_totals.completed IS 'sessions in this status';
COMMENT ON COLUMN @extschema@.swan_totals.cancelled IS 'sessions in this status';
COMMENT ON COLUMN @extschema@.swan_totals.total IS 'the sum of these five';
COMMENT ON COLUMN @extschema@.swan_totals.warning IS 'none, low, or NULL for more';
COMMENT ON COLUMN @extschema@.swan_totals.warning_message IS 'the sentence that goes with it';
COMMENT ON COLUMN @extschema@.swan_totals.last_session_date IS 'latest completed session that he did not miss';
COMMENT ON COLUMN @extschema@.swan_totals.next_session_date IS 'earliest live booking to come';
COMMENT ON COLUMN @extschema@.swan_totals.missed IS 'no-shows, which are among the completed';
COMMENT ON COLUMN @extschema@.swan_totals.overdue IS 'live bookings that are over, and neither completed nor cancelled';
COMMENT ON COLUMN @extschema@.swan_totals.suspended_since IS 'when his suspension begins or began; NULL: none';
COMMENT ON COLUMN @extschema@.swan_totals.suspended_until IS 'when it ends; NULL: nobody knows yet';

ALTER TYPE @extschema@.swan_client_row
	ADD ATTRIBUTE suspended_since timestamptz,
	ADD ATTRIBUTE suspended_until timestamptz,
	ADD ATTRIBUTE warning_message text;
COMMENT ON COLUMN @extschema@.swan_client_row.id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_client_row.first_name IS 'the client''s first name';
COMMENT ON COLUMN @extschema@.swan_client_row.last_name IS 'the client''s last name';
COMMENT ON COLUMN @extschema@.swan_client_row.email IS 'the client''s e-mail address';
COMMENT ON COLUMN @extschema@.swan_client_row.available_sessions IS 'credits he can spend';
COMMENT ON COLUMN @extschema@.swan_client_row.total_sessions_purchased IS 'credits given, less taken back';
COMMENT ON COLUMN @extschema@.swan_client_row.sessions_used IS 'credits used';
COMMENT ON COLUMN @extschema@.swan_client_row.last_session_date IS 'latest completed session that he did not miss';
COMMENT ON COLUMN @extschema@.swan_client_row.warning IS 'none, low, or NULL for more';
COMMENT ON COLUMN @extschema@.swan_client_row.created_at IS 'when the account was made';
COMMENT ON COLUMN @extschema@.swan_client_row.cursor IS 'what to pass as after for the rows that follow; NULL from swan_client';
COMMENT ON COLUMN @extschema@.swan_client_row.suspended_since IS 'when his suspension begins or began; NULL: none';
COMMENT ON COLUMN @extschema@.swan_client_row.suspended_until IS 'when it ends; NULL: nobody knows yet';
COMMENT ON COLUMN @extschema@.swan_client_row.warning_message IS 'the sentence that goes with the warning';

CREATE TYPE @extschema@.swan_person AS (
	id bigint,
	name text,
	role text,
	cursor text
);
COMMENT ON TYPE @extschema@.swan_person IS 'a person of the studio';
COMMENT ON COLUMN @extschema@.swan_person.id IS 'his id';
COMMENT ON COLUMN @extschema@.swan_person.name IS 'his name';
COMMENT ON COLUMN @extschema@.swan_person.role IS 'client, trainer, staff or admin';
COMMENT ON COLUMN @extschema@.swan_person.cursor IS 'what to pass as after for the rows that follow';

ALTER TYPE @extschema@.swan_slot_row
	ADD ATTRIBUTE places integer,
	ADD ATTRIBUTE places_left integer;
COMMENT ON COLUMN @extschema@.swan_slot_row.session_id IS 'the slot';
COMMENT ON COLUMN @extschema@.swan_slot_row.trainer_id IS 'the trainer';
COMMENT ON COLUMN @extschema@.swan_slot_row.trainer_name IS 'the trainer''s name';
COMMENT ON COLUMN @extschema@.swan_slot_row.session_date IS 'the start';
COMMENT ON COLUMN @extschema@.swan_slot_row.duration IS 'minutes';
COMMENT ON COLUMN @extschema@.swan_slot_row.cursor IS 'what to pass as after for the rows that follow';
COMMENT ON COLUMN @extschema@.swan_slot_row.places IS 'places of the class; 1 where it is none';
COMMENT ON COLUMN @extschema@.swan_slot_row.places_left IS 'those that nobody has or holds';

ALTER TYPE @extschema@.swan_schedule_row
	ADD ATTRIBUTE attended boolean,
	ADD ATTRIBUTE class_id bigint,
	ADD ATTRIBUTE places integer,
	ADD ATTRIBUTE places_left integer,
	ADD ATTRIBUTE notes text,
	ADD ATTRIBUTE confirmed boolean;
COMMENT ON COLUMN @extschema@.swan_schedule_row.session_id IS 'the slot or booking';
COMMENT ON COLUMN @extschema@.swan_schedule_row.session_date IS 'the start';
COMMENT ON COLUMN @extschema@.swan_schedule_row.duration IS 'minutes';
COMMENT ON COLUMN @extschema@.swan_schedule_row.status IS 'its status';
COMMENT ON COLUMN @extschema@.swan_schedule_row.user_id IS 'the client; NULL while the slot is open, as all that is said of him';
COMMENT ON COLUMN @extschema@.swan_schedule_row.client_name IS 'the client''s name';
COMMENT ON COLUMN @extschema@.swan_schedule_row.trainer_id IS 'the trainer';
COMMENT ON COLUMN @extschema@.swan_schedule_row.trainer_name IS 'the trainer''s name';
COMMENT ON COLUMN @extschema@.swan_schedule_row.available_sessions IS 'credits he can spend';
COMMENT ON COLUMN @extschema@.swan_schedule_row.total_sessions_purchased IS 'credits given, less taken back';
COMMENT ON COLUMN @extschema@.swan_schedule_row.sessions_used IS 'credits used';
COMMENT ON COLUMN @extschema@.swan_schedule_row.last_session_date IS 'latest completed session that he did not miss';
COMMENT ON COLUMN @extschema@.swan_schedule_row.warning IS 'none, low, or NULL for more';
COMMENT ON COLUMN @extschema@.swan_schedule_row.warning_message IS 'the sentence that goes with it';
COMMENT ON COLUMN @extschema@.swan_schedule_row.cursor IS 'what to pass as after for the rows that follow';
COMMENT ON COLUMN @extschema@.swan_schedule_row.attended IS 'of a completed session: the client was there; NULL where the ledger does not know';
COMMENT ON COLUMN @extschema@.swan_schedule_row.class_id IS 'the class it is a place of, whose open places are one row; NULL: of none';
COMMENT ON COLUMN @extschema@.swan_schedule_row.places IS 'places of the class; 1 where it is none';
COMMENT ON COLUMN @extschema@.swan_schedule_row.places_left IS 'those that nobody has or holds';
COMMENT ON COLUMN @extschema@.swan_schedule_row.notes IS 'what the row''s notes say';
COMMENT ON COLUMN @extschema@.swan_schedule_row.confirmed IS 'the studio has confirmed it';

CREATE TYPE @extschema@.swan_unsettled_row AS (
	session_id bigint,
	session_date timestamptz,
	duration integer,
	status text,
	user_id bigint,
	client_name text,
	trainer_id bigint,
	trainer_name text,
	credits integer,
	owed integer,
	ended boolean,
	cursor text
);
COMMENT ON TYPE @extschema@.swan_unsettled_row IS 'a booking that is over and neither completed nor cancelled, or that owes credits';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.session_id IS 'the booking';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.session_date IS 'the start';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.duration IS 'minutes';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.status IS 'its status';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.client_name IS 'the client''s name';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.trainer_id IS 'the trainer';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.trainer_name IS 'the trainer''s name';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.credits IS 'how many credits it has taken';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.owed IS 'how many it shall take yet';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.ended IS 'its time is over';
COMMENT ON COLUMN @extschema@.swan_unsettled_row.cursor IS 'what to pass as after for the rows that follow';

COMMENT ON COLUMN @extschema@.swan_expiring_row.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_expiring_row.name IS 'his name';
COMMENT ON COLUMN @extschema@.swan_expiring_row.lot_id IS 'the lot';
COMMENT ON COLUMN @extschema@.swan_expiring_row.remaining IS 'credits that he will lose';
COMMENT ON COLUMN @extschema@.swan_expiring_row.expires_at IS 'when';
COMMENT ON COLUMN @extschema@.swan_expiring_row.cursor IS 'what to pass as after for the rows that follow';

CREATE TYPE @extschema@.swan_hold_row AS (
	session_id bigint,
	session_date timestamptz,
	duration integer,
	trainer_id bigint,
	trainer_name text,
	user_id bigint,
	user_name text,
	until timestamptz
);
COMMENT ON TYPE @extschema@.swan_hold_row IS 'a slot that is held: for whom and until when';
COMMENT ON COLUMN @extschema@.swan_hold_row.session_id IS 'the slot';
COMMENT ON COLUMN @extschema@.swan_hold_row.session_date IS 'its start';
COMMENT ON COLUMN @extschema@.swan_hold_row.duration IS 'minutes';
COMMENT ON COLUMN @extschema@.swan_hold_row.trainer_id IS 'its trainer';
COMMENT ON COLUMN @extschema@.swan_hold_row.trainer_name IS 'his name';
COMMENT ON COLUMN @extschema@.swan_hold_row.user_id IS 'for whom it is held';
COMMENT ON COLUMN @extschema@.swan_hold_row.user_name IS 'his name';
COMMENT ON COLUMN @extschema@.swan_hold_row.until IS 'how long';

ALTER TYPE @extschema@.swan_line
	ADD ATTRIBUTE attended boolean,
	ADD ATTRIBUTE other_id bigint,
	ADD ATTRIBUTE other_name text,
	ADD ATTRIBUTE amount_minor bigint,
	ADD ATTRIBUTE currency text,
	ADD ATTRIBUTE good_for jsonb;
COMMENT ON COLUMN @extschema@.swan_line.id IS 'the ledger row';
COMMENT ON COLUMN @extschema@.swan_line.at IS 'when it was written';
COMMENT ON COLUMN @extschema@.swan_line.kind IS 'what happened';
COMMENT ON COLUMN @extschema@.swan_line.delta IS 'change of the balance; 0 where no credit moved';
COMMENT ON COLUMN @extschema@.swan_line.balance_after IS 'the ledger''s balance after it';
COMMENT ON COLUMN @extschema@.swan_line.session_id IS 'the session it is about';
COMMENT ON COLUMN @extschema@.swan_line.session_date IS 'its start, as it is now';
COMMENT ON COLUMN @extschema@.swan_line.from_session_id IS 'the session a booking was moved from';
COMMENT ON COLUMN @extschema@.swan_line.lot_id IS 'the lot that credits went into or came from';
COMMENT ON COLUMN @extschema@.swan_line.reason IS 'why, as the caller said';
COMMENT ON COLUMN @extschema@.swan_line.actor_id IS 'the acting person; NULL for system and direct writes';
COMMENT ON COLUMN @extschema@.swan_line.actor_name IS 'his name';
COMMENT ON COLUMN @extschema@.swan_line.db_role IS 'the calling database role';
COMMENT ON COLUMN @extschema@.swan_line.key IS 'the idempotency key';
COMMENT ON COLUMN @extschema@.swan_line.payment_ref IS 'the payment';
COMMENT ON COLUMN @extschema@.swan_line.item IS 'the item paid for';
COMMENT ON COLUMN @extschema@.swan_line.call_id IS 'the id of the call''s first row; rows of one call share it';
COMMENT ON COLUMN @extschema@.swan_line.details IS 'what else is known';
COMMENT ON COLUMN @extschema@.swan_line.cursor IS 'what to pass as after for the rows that follow';
COMMENT ON COLUMN @extschema@.swan_line.attended IS 'whether the client was there, of a row that says so';
COMMENT ON COLUMN @extschema@.swan_line.other_id IS 'the client to whom credits went, or from whom they came';
COMMENT ON COLUMN @extschema@.swan_line.other_name IS 'his name';
COMMENT ON COLUMN @extschema@.swan_line.amount_minor IS 'what was paid for the credits that moved: their part of what their lot cost, in the currency''s smallest unit';
COMMENT ON COLUMN @extschema@.swan_line.currency IS 'the currency of amount_minor';
COMMENT ON COLUMN @extschema@.swan_line.good_for IS 'the kinds of session that the credits that moved are good for; NULL: all';

COMMENT ON COLUMN @extschema@.swan_change.id IS 'the ledger row';
COMMENT ON COLUMN @extschema@.swan_change.user_id IS 'the client';
COMMENT ON COLUMN @extschema@.swan_change.delta IS 'change of the balance';
COMMENT ON COLUMN @extschema@.swan_change.balance_after IS 'the client''s previous row''s plus delta';
COMMENT ON COLUMN @extschema@.swan_change.kind IS 'what happened';
COMMENT ON COLUMN @extschema@.swan_change.session_id IS 'the session it is about';
COMMENT ON COLUMN @extschema@.swan_change.from_session_id IS 'the session a booking was moved from';
COMMENT ON COLUMN @extschema@.swan_change.lot_id IS 'the lot that credits went into or came from';
COMMENT ON COLUMN @extschema@.swan_change.reason IS 'why, as the caller said';
COMMENT ON COLUMN @extschema@.swan_change.actor_id IS 'the acting person; NULL for system and direct writes';
COMMENT ON COLUMN @extschema@.swan_change.db_role IS 'the calling database role';
COMMENT ON COLUMN @extschema@.swan_change.key IS 'the idempotency key, unique per client and kind';
COMMENT ON COLUMN @extschema@.swan_change.payment_ref IS 'the payment';
COMMENT ON COLUMN @extschema@.swan_change.item IS 'the item paid for';
COMMENT ON COLUMN @extschema@.swan_change.call_id IS 'the id of the call''s first row';
COMMENT ON COLUMN @extschema@.swan_change.details IS 'what else is known';
COMMENT ON COLUMN @extschema@.swan_change.at IS 'when it was written, under the client''s lock';
COMMENT ON COLUMN @extschema@.swan_change.xid IS 'the transaction; rows of one follow each other';
COMMENT ON COLUMN @extschema@.swan_change.crossing IS 'low, none, restored or NULL, see feed.md';
COMMENT ON COLUMN @extschema@.swan_change.cursor IS 'what to pass as after for the rows that follow';

COMMENT ON COLUMN @extschema@.swan_metric.metric IS 'its name';
COMMENT ON COLUMN @extschema@.swan_metric.labels IS 'an object of texts';
COMMENT ON COLUMN @extschema@.swan_metric.value IS 'the number';

ALTER TYPE @extschema@.swan_liability_row
	ADD ATTRIBUTE currency text,
	ADD ATTRIBUTE amount_minor bigint;
COMMENT ON TYPE @extschema@.swan_liability_row IS 'credits outstanding of the lots that were made in a month in one way, and what was paid for them in one currency';
COMMENT ON COLUMN @extschema@.swan_liability_row.month IS 'when the lot was made, as in 2025-01';
COMMENT ON COLUMN @extschema@.swan_liability_row.source IS 'the kind of the ledger row that made it';
COMMENT ON COLUMN @extschema@.swan_liability_row.credits IS 'credits that are left of these lots';
COMMENT ON COLUMN @extschema@.swan_liability_row.currency IS 'the currency in which they were paid for';
COMMENT ON COLUMN @extschema@.swan_liability_row.amount_minor IS 'what was paid for these credits, in the currency''s smallest unit; NULL where no amount is known';

CREATE TYPE @extschema@.swan_month_row AS (
	month text,
	purchased bigint,
	used bigint,
	booked bigint,
	expired bigint
);
COMMENT ON TYPE @extschema@.swan_month_row IS 'what became of credits in a month of the studio''s time zone';
COMMENT ON COLUMN @extschema@.swan_month_row.month IS 'as in 2025-01';
COMMENT ON COLUMN @extschema@.swan_month_row.purchased IS 'credits that came in, less those that were taken back';
COMMENT ON COLUMN @extschema@.swan_month_row.used IS 'credits taken for sessions of that month that are over: completed, missed, or cancelled without return';
COMMENT ON COLUMN @extschema@.swan_month_row.booked IS 'credits taken for sessions of that month that are scheduled or confirmed';
COMMENT ON COLUMN @extschema@.swan_month_row.expired IS 'credits that expired, as it was written down, less those that came back to life';

COMMENT ON COLUMN @extschema@.swan_problem.check_name IS 'which check found it';
COMMENT ON COLUMN @extschema@.swan_problem.user_id IS 'the client it concerns, if any';
COMMENT ON COLUMN @extschema@.swan_problem.session_id IS 'the session';
COMMENT ON COLUMN @extschema@.swan_problem.ledger_id IS 'the ledger row, or the lot';
COMMENT ON COLUMN @extschema@.swan_problem.problem IS 'what was found';

/* Studios */

COMMENT ON FUNCTION @extschema@.swan_create_studio(text, text) IS
'makes a schema with the six tables of a studio; owner is a role the caller may SET ROLE to (default: the caller); returns the name of the studio';

CREATE FUNCTION @extschema@.swan_configure(setting text, value numeric, studio text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_configure_number';
COMMENT ON FUNCTION @extschema@.swan_configure(text, numeric, text) IS
'the same with a number, which is seconds where the setting is an interval';

CREATE FUNCTION @extschema@.swan_time(at text, studio text DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_time(text, text) IS
'the instant that a text says; without a zone or offset it is of the studio''s time zone; for everybody who may use the studio';

CREATE FUNCTION @extschema@.swan_time(at timestamp, studio text DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_time_of_clock';
COMMENT ON FUNCTION @extschema@.swan_time(timestamp, text) IS
'the instant at which the clocks of the studio''s time zone show a time; for everybody who may use the studio';

CREATE FUNCTION @extschema@.swan_upgrade_studio(studio text DEFAULT NULL)
RETURNS SETOF text
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_upgrade_studio(text) IS
'adds what a studio lacks that an earlier version made: columns, tables, indexes; says what it has added, which is nothing where nothing is lacking; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_close_studio(reason text, studio text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_close_studio(text, text) IS
'waits for those who write, and lets nothing be changed in a studio from then on: calls and direct writes are refused with an error that says retry; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_open_studio(studio text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_open_studio(text) IS
'opens a studio that was closed; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_export_studio(studio text DEFAULT NULL)
RETURNS jsonb
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_export_studio(text) IS
'settings, roles, names of columns and all else that a dump of the studio''s schema does not have, for swan_adopt_studio where it goes; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_adopt_studio(exported jsonb, studio text DEFAULT NULL, OUT item text, OUT column_name text, OUT state text, OUT action text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 50
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_adopt_studio(jsonb, text) IS
'takes up a studio whose tables came from elsewhere, as it was there: exported is what swan_export_studio returned; for the tables'' owner';

/* Who is asking */

COMMENT ON FUNCTION @extschema@.swan_allow(text, text, bigint, text) IS
'says what a database role is to a studio: person (user_id), backend, system or reader; replaces what was said before; counts when the role agrees, or at once if the caller has its privileges; for the studio''s owner';

CREATE FUNCTION @extschema@.swan_accept(studio text)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_accept(text) IS
'the current role agrees to what swan_allow says of it in a studio';

CREATE FUNCTION @extschema@.swan_act_as(user_id bigint, "only" boolean DEFAULT false)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_act_as_0_2';
COMMENT ON FUNCTION @extschema@.swan_act_as(bigint, boolean) IS
'names the person on whose authority the calls of this transaction run; with only, nobody else can be named in it; for backend and system roles';

/* Credits */

CREATE FUNCTION @extschema@.swan_grant(user_id bigint, n integer, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL, key text DEFAULT NULL, valid_for interval DEFAULT NULL, good_for text[] DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_credit
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_grant_0_2';
COMMENT ON FUNCTION @extschema@.swan_grant(bigint, integer, text, timestamptz, text, interval, text[], bigint) IS
'gives a client n credits (1 to grant_max), which expire at expires_at, or valid_for after the first booking from them, or never, and are good for some kinds of session or for all; key makes a retry return the first result; for admins and the system';

CREATE FUNCTION @extschema@.swan_grant_many(user_ids bigint[], n integer, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL, key text DEFAULT NULL, valid_for interval DEFAULT NULL, good_for text[] DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_credit
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME', 'swan_grant_many_0_2';
COMMENT ON FUNCTION @extschema@.swan_grant_many(bigint[], integer, text, timestamptz, text, interval, text[], bigint) IS
'gives each of many clients n credits, all of them or none; as swan_grant otherwise; for admins and the system';

CREATE FUNCTION @extschema@.swan_purchase(user_id bigint, n integer, payment_ref text, item text DEFAULT '', amount_minor bigint DEFAULT NULL, currency text DEFAULT NULL, details jsonb DEFAULT NULL, expires_at timestamptz DEFAULT NULL, valid_for interval DEFAULT NULL, good_for text[] DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_credit
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_purchase_0_2';
COMMENT ON FUNCTION @extschema@.swan_purchase(bigint, integer, text, text, bigint, text, jsonb, timestamptz, interval, text[], bigint) IS
'gives a client the n credits (1 to purchase_max) that he bought, exactly once for a payment and item; amount_minor is in the currency''s smallest unit; they expire as those of swan_grant; for admins and the system, and staff if staff_may has purchase';

CREATE FUNCTION @extschema@.swan_reverse(payment_ref text, item text DEFAULT NULL, n integer DEFAULT NULL, key text DEFAULT NULL, refunded_minor bigint DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_reversal
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1
AS 'MODULE_PATHNAME', 'swan_reverse_0_2';
COMMENT ON FUNCTION @extschema@.swan_reverse(text, text, integer, text, bigint, bigint) IS
'takes back the credits of a refunded payment, or n of them, or what refunded_minor, the amount refunded by now, is worth, as far as they are unspent; what was spent is the shortfall; one row for each client of the payment; for admins and the system';

CREATE FUNCTION @extschema@.swan_reinstate(payment_ref text, key text, item text DEFAULT NULL, n integer DEFAULT NULL, reversal text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_reversal
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1
AS 'MODULE_PATHNAME', 'swan_reinstate_0_2';
COMMENT ON FUNCTION @extschema@.swan_reinstate(text, text, text, integer, text, bigint) IS
'gives back what the reversal with that key took, or n credits; without either all that reversals of the payment or item took and that is not given back yet; one row for each client of the payment; for admins and the system';

CREATE FUNCTION @extschema@.swan_revoke(user_id bigint, n integer DEFAULT NULL, reason text DEFAULT NULL, key text DEFAULT NULL, lot_id bigint DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_reversal
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_revoke_0_2';
COMMENT ON FUNCTION @extschema@.swan_revoke(bigint, integer, text, text, bigint, bigint) IS
'takes n credits from a client, or all, never more than he has: of one lot, or what was given before what was paid for, the soonest to expire first; for admins and the system';

CREATE FUNCTION @extschema@.swan_transfer(from_user bigint, to_user bigint, n integer DEFAULT NULL, reason text DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_handover
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_transfer(bigint, bigint, integer, text, text, bigint) IS
'hands n credits of a client, or all, over to another, with their expiry and what was paid for them, so that a refund finds them; for admins and the system';

CREATE FUNCTION @extschema@.swan_merge(from_user bigint, into_user bigint, reason text DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_handover
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_merge(bigint, bigint, text, text, bigint) IS
'hands all that a client has left over to another account of his: credits, live bookings with theirs, requests, holds; the account that is given up is suspended; for admins and the system';

CREATE FUNCTION @extschema@.swan_import(user_id bigint, granted integer, used integer DEFAULT 0, expires_at timestamptz DEFAULT NULL, reason text DEFAULT NULL, payment_ref text DEFAULT NULL, item text DEFAULT '', amount_minor bigint DEFAULT NULL, currency text DEFAULT NULL, at timestamptz DEFAULT NULL, good_for text[] DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_pack
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_import(bigint, integer, integer, timestamptz, text, text, text, bigint, text, timestamptz, text[], bigint) IS
'takes over a pack that another system sold at a time, as it is there: new, half used or ended; exactly once for each payment_ref and item; for admins and the system';

CREATE FUNCTION @extschema@.swan_import_many(packs jsonb, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_pack
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_import_many(jsonb, bigint) IS
'takes over several packs, or none: an array of objects whose members are the arguments of swan_import; in their order';

CREATE FUNCTION @extschema@.swan_forget(user_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_erasure
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_forget(bigint, bigint) IS
'erases a person who has nothing any more: what the ledger says of him in words and keys, in a studio of our own also name, e-mail and notes; numbers, ids and times stay; for admins and the system';

COMMENT ON FUNCTION @extschema@.swan_extend(bigint, timestamptz, text, bigint) IS
'lets a lot expire at another time, later or sooner, NULL for never; what had expired unspent comes back, what is left expires if the time is past; for admins and the system';

CREATE FUNCTION @extschema@.swan_payment(payment_ref text, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_payment_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_payment(text, bigint) IS
'what a payment bought, item by item: for whom, what is left of it, and what was used, expired, taken back and refunded; for staff, admins and the system';

/* Slots and bookings */

CREATE FUNCTION @extschema@.swan_open(trainer_id bigint, at timestamptz, duration integer DEFAULT 60, repeat integer DEFAULT 1, every interval DEFAULT '7 days', places integer DEFAULT 1, cost integer DEFAULT NULL, kind text DEFAULT NULL, key text DEFAULT NULL, force boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS SETOF bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME', 'swan_open_0_2';
COMMENT ON FUNCTION @extschema@.swan_open(bigint, timestamptz, integer, integer, interval, integer, integer, text, text, boolean, bigint) IS
'opens repeat slots of duration minutes, the first at the given time, the others every so often in the studio''s time zone; with several places each is a class, which any of its rows stands for; cost is in credits; key makes a retry return the first result; returns their ids; for the trainer himself, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_block(trainer_id bigint, at timestamptz, duration integer DEFAULT 60, repeat integer DEFAULT 1, every interval DEFAULT '7 days', reason text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_block(bigint, timestamptz, integer, integer, interval, text, bigint) IS
'keeps a trainer''s time for himself: nobody can book it until swan_cancel frees it; times as in swan_open; returns the ids; for the trainer himself, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_request(user_id bigint, at timestamptz, trainer_id bigint DEFAULT NULL, duration integer DEFAULT 60, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_request(bigint, timestamptz, bigint, integer, text, bigint) IS
'asks for a time, with a trainer or with any; takes no credit and nobody''s time until that trainer or the office books it with swan_book; for the client, his trainers with themselves, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_book(user_id bigint, session_id bigint, charge boolean DEFAULT NULL, key text DEFAULT NULL, guest boolean DEFAULT false, later boolean DEFAULT false, lot_id bigint DEFAULT NULL, force boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_book_0_2';
COMMENT ON FUNCTION @extschema@.swan_book(bigint, bigint, boolean, text, boolean, boolean, bigint, boolean, bigint) IS
'books an open slot, or an open place of a class, for a client and takes what it costs, of one lot if that is named; guest true lets him have another place of a class that he is in; charge false takes none (staff, admins and the system only), later true takes it when the session is over (trainers, too); key makes a retry return the first result; for the client, the slot''s trainer, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_book_many(user_id bigint, session_ids bigint[], charge boolean DEFAULT NULL, key text DEFAULT NULL, guest boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME', 'swan_book_many_0_2';
COMMENT ON FUNCTION @extschema@.swan_book_many(bigint, bigint[], boolean, text, boolean, bigint) IS
'books several open slots for a client, all of them or none; as swan_book otherwise';

CREATE FUNCTION @extschema@.swan_can_book(user_id bigint, session_id bigint, guest boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_verdict
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_can_book_0_2';
COMMENT ON FUNCTION @extschema@.swan_can_book(bigint, bigint, boolean, bigint) IS
'whether swan_book would succeed now, and if not, with which error; changes and locks nothing; for those who may book';

CREATE FUNCTION @extschema@.swan_hold(user_id bigint, session_id bigint, ttl interval DEFAULT '10 minutes', force boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_held
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_hold_0_2';
COMMENT ON FUNCTION @extschema@.swan_hold(bigint, bigint, interval, boolean, bigint) IS
'keeps an open slot for a client for at most 30 minutes; for those who may book it';

CREATE FUNCTION @extschema@.swan_can_hold(user_id bigint, session_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_verdict
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_can_hold(bigint, bigint, bigint) IS
'whether swan_hold would succeed now, and if not, with which error; changes and locks nothing; for those who may hold';

CREATE FUNCTION @extschema@.swan_wait(user_id bigint, session_id bigint, auto boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_waiter
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_wait(bigint, bigint, boolean, bigint) IS
'puts a client in line for a slot or class that others have; when a place comes free it is kept for each in turn, for as long as the setting wait_offer says; with auto swan_promote books for him then; for those who may book it';

CREATE FUNCTION @extschema@.swan_unwait(session_id bigint, user_id bigint DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_waiter
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_unwait(bigint, bigint, bigint) IS
'takes a client, or the acting person, out of a line; returns the place that he had; for those who may book the slot for him';

CREATE FUNCTION @extschema@.swan_waiting(session_id bigint DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_waiter
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_waiting(bigint, bigint) IS
'who waits for a slot or class, or for any that is to come, in their order; a client sees his own places, a trainer the lines of his slots too, staff, admins and the system all';

CREATE FUNCTION @extschema@.swan_promote(max_rows integer DEFAULT 100)
RETURNS SETOF @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_promote(integer) IS
'tells those whose turn it is, and books for those of them who asked for it and can pay; looks at so many turns; does not wait for slots that others have locked; for the system';

CREATE FUNCTION @extschema@.swan_move(session_id bigint, at timestamptz DEFAULT NULL, trainer_id bigint DEFAULT NULL, duration integer DEFAULT NULL, force boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_move_0_2';
COMMENT ON FUNCTION @extschema@.swan_move(bigint, timestamptz, bigint, integer, boolean, bigint) IS
'moves an open slot or a live booking to another time, trainer or duration (minutes); for its trainer, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_move_many(session_ids bigint[], ats timestamptz[] DEFAULT NULL, trainer_ids bigint[] DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_move_many(bigint[], timestamptz[], bigint[], bigint) IS
'moves several slots and bookings, all of them or none, each to the time and trainer at its place in the lists; what overlaps is judged when all have moved; as swan_move otherwise';

CREATE FUNCTION @extschema@.swan_cancel_many(session_ids bigint[], reason text DEFAULT NULL, return_credit boolean DEFAULT NULL, reopen boolean DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_cancellation
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_cancel_many(bigint[], text, boolean, boolean, text, bigint) IS
'cancels several live bookings, of one client or several, and closes open slots, all of them or none; as swan_cancel otherwise';

CREATE FUNCTION @extschema@.swan_can_cancel(session_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_cancel_verdict
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_can_cancel(bigint, bigint) IS
'whether swan_cancel would succeed now, and what would become of the credit, or with which error; changes and locks nothing; for those who may cancel';

CREATE FUNCTION @extschema@.swan_reschedule(session_id bigint, to_session_id bigint, key text DEFAULT NULL, force boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'swan_reschedule_0_2';
COMMENT ON FUNCTION @extschema@.swan_reschedule(bigint, bigint, text, boolean, bigint) IS
'exchanges a live booking for an open slot; the credit it took follows; for the client, staff, admins and the system';

CREATE FUNCTION @extschema@.swan_correct(session_id bigint, to_status text, reason text, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_correct(bigint, text, text, text, bigint) IS
'puts right what a booking became by mistake: attended, missed, confirmed or scheduled; taking back a cancellation closes the slot that was reopened and takes the credit again; for staff, admins and the system';

CREATE FUNCTION @extschema@.swan_charge(session_id bigint, n integer DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_charge(bigint, integer, text, bigint) IS
'takes n credits for a booking that was free or owes some, else what it owes or costs; key makes a retry return the first result; for staff, admins and the system';

CREATE FUNCTION @extschema@.swan_waive(session_id bigint, reason text, key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_cancellation
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_waive(bigint, text, text, bigint) IS
'forgets what a session owes, or else returns what was taken for one that is over, missed or forfeited, once, to its lots; for staff, admins and the system, and its trainer if trainer_may has return';

CREATE FUNCTION @extschema@.swan_settle(session_id bigint, charged boolean, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_booking
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_settle(bigint, boolean, bigint) IS
'makes a booking that the application made on its own one of the ledger''s, where it is: charged says whether it took credits then; for staff, admins and the system';

CREATE FUNCTION @extschema@.swan_suspend(user_id bigint, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, reason text DEFAULT NULL, put_off boolean DEFAULT false, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_suspension
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_suspend(bigint, timestamptz, timestamptz, text, boolean, bigint) IS
'a client books no session that begins from since (now) until the given time; put_off lets his lots end as much later; for staff, admins and the system';

CREATE FUNCTION @extschema@.swan_resume(user_id bigint, actor bigint DEFAULT NULL)
RETURNS @extschema@.swan_suspension
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_resume(bigint, bigint) IS
'ends the suspension of a client now; for staff, admins and the system';

/* Reading */

COMMENT ON FUNCTION @extschema@.swan_client(bigint, bigint) IS
'a client as the admin pages show him, with credits purchased and used; for the client, his trainers, staff, admins and the system';

COMMENT ON FUNCTION @extschema@.swan_clients(text, text, integer, text, text, bigint) IS
'the clients whose name or e-mail address has search in it, by name (last name first), created_at (newest first), last_session (latest first) or balance (fewest credits first), with a warning of none or low or any; after is the cursor of the last row read; for staff, admins and the system, and trainers for their clients';

CREATE FUNCTION @extschema@.swan_clients_count(search text DEFAULT NULL, warning text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS bigint
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_clients_count(text, text, bigint) IS
'how many clients swan_clients lists; for staff, admins and the system, and trainers for their clients';

CREATE FUNCTION @extschema@.swan_people(role text DEFAULT NULL, search text DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 100, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_person
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 20
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_people(text, text, text, integer, bigint) IS
'the people of a role, or of all, whose name has search in it, by name (last name first); after is the cursor of the last row read; trainers, staff and admins for everybody who sees a schedule, clients as in swan_clients';

COMMENT ON FUNCTION @extschema@.swan_schedule(timestamptz, timestamptz, bigint, bigint, text, text, integer, bigint) IS
'every slot and booking from since (inclusive) until (exclusive), NULL for any time, of one status or several (scheduled, confirmed), with names and the client''s credits; after is the cursor of the last row read; a client sees his own, a trainer his slots too, staff, admins and the system all';

CREATE FUNCTION @extschema@.swan_calendar(since timestamptz, until timestamptz, trainer_id bigint DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 100)
RETURNS SETOF @extschema@.swan_slot_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_calendar(timestamptz, timestamptz, bigint, text, integer) IS
'what swan_slots lists and what is taken, with no place left, but not who has it: what a client may wait for; after is the cursor of the last row read; for everybody who may use the studio';

CREATE FUNCTION @extschema@.swan_unsettled(since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, trainer_id bigint DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 500, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_unsettled_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 500
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_unsettled(timestamptz, timestamptz, bigint, text, integer, bigint) IS
'bookings from since (inclusive) until (exclusive), NULL for any time, that are over and neither completed nor cancelled, and those that owe credits; after is the cursor of the last row read; a client sees his own, a trainer those of his slots too, staff, admins and the system all';

CREATE FUNCTION @extschema@.swan_holds(user_id bigint DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_hold_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_holds(bigint, bigint) IS
'which slots are held, for one client or for whomever, and until when; a client sees his own, a trainer those of his slots too, staff, admins and the system all';

/* The feed */

CREATE FUNCTION @extschema@.swan_feed_end(OUT cursor text, OUT last_id bigint)
RETURNS record
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_feed_end() IS
'where the feed ends now: what to pass to swan_changes as after for what is committed from now on, and the id of the last ledger row before; for readers and the system';

/* Watching */

CREATE FUNCTION @extschema@.swan_verify(user_id bigint DEFAULT NULL, as_if text DEFAULT NULL)
RETURNS SETOF @extschema@.swan_problem
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME', 'swan_verify_0_2';
COMMENT ON FUNCTION @extschema@.swan_verify(bigint, text) IS
'one row for every violated invariant and every missing or disabled guard, of one client or of all; no rows when all is well; as_if refuse: for everything that stands in the way of guards that refuse; for readers, staff, admins and the system';

COMMENT ON FUNCTION @extschema@.swan_liability(timestamptz) IS
'the credits outstanding at an instant by month, source and currency of their lot, which add up to the balances, and what was paid for them; for readers, admins and the system';

CREATE FUNCTION @extschema@.swan_months(since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, user_id bigint DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS SETOF @extschema@.swan_month_row
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 24
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.swan_months(timestamptz, timestamptz, bigint, bigint) IS
'credits purchased, used, booked and expired from since (inclusive) until (exclusive), NULL for any time, by month, of one client or of all; for readers, staff, admins and the system';

/*
 * Functions whose answer has become longer keep their OID, since views may be
 * about them.  A backend that still has the older library must not answer with
 * too short a row, so they are called by another symbol.
 */
UPDATE pg_catalog.pg_proc
	SET prosrc = pg_catalog.concat(proname, '_0_2')
	WHERE oid OPERATOR(pg_catalog.=) ANY (ARRAY[
		'@extschema@.swan_studios()',
		'@extschema@.swan_settings(text)',
		'@extschema@.swan_extend(bigint, timestamptz, text, bigint)',
		'@extschema@.swan_credits(bigint, bigint)',
		'@extschema@.swan_confirm(bigint, bigint)',
		'@extschema@.swan_complete(bigint, boolean, bigint)',
		'@extschema@.swan_cancel(bigint, text, boolean, boolean, text, bigint)',
		'@extschema@.swan_summary(bigint, bigint)',
		'@extschema@.swan_client(bigint, bigint)',
		'@extschema@.swan_statement(bigint, timestamptz, timestamptz, text, integer, bigint)',
		'@extschema@.swan_clients(text, text, integer, text, text, bigint)',
		'@extschema@.swan_slots(timestamptz, timestamptz, bigint, text, integer)',
		'@extschema@.swan_schedule(timestamptz, timestamptz, bigint, bigint, text, text, integer, bigint)',
		'@extschema@.swan_liability(timestamptz)'
	]::pg_catalog.regprocedure[]);

/*
 * Functions that take other arguments now.  Whom one was granted to, or revoked
 * from, holds for its successor of the same name.  It is written down as it was:
 * what GRANT does in a script counts as the extension's own, and no dump has it.
 */
WITH successor AS (
	SELECT o.oid AS old, n.oid AS new, o.proacl AS acl
	FROM pg_catalog.pg_proc o JOIN pg_catalog.pg_proc n
		ON n.proname OPERATOR(pg_catalog.=) o.proname
		AND n.pronamespace OPERATOR(pg_catalog.=) o.pronamespace
		AND n.probin OPERATOR(pg_catalog.=) o.probin
		AND n.oid OPERATOR(pg_catalog.<>) o.oid
	WHERE o.proacl IS NOT NULL AND o.oid OPERATOR(pg_catalog.=) ANY (ARRAY[
		'@extschema@.swan_act_as(bigint)',
		'@extschema@.swan_grant(bigint, integer, text, timestamptz, text, bigint)',
		'@extschema@.swan_grant_many(bigint[], integer, text, timestamptz, text, bigint)',
		'@extschema@.swan_purchase(bigint, integer, text, text, bigint, text, jsonb, timestamptz, bigint)',
		'@extschema@.swan_reverse(text, text, integer, text, bigint)',
		'@extschema@.swan_reinstate(text, text, bigint)',
		'@extschema@.swan_revoke(bigint, integer, text, text, bigint)',
		'@extschema@.swan_open(bigint, timestamptz, integer, integer, interval, bigint)',
		'@extschema@.swan_book(bigint, bigint, boolean, text, bigint)',
		'@extschema@.swan_book_many(bigint, bigint[], boolean, text, bigint)',
		'@extschema@.swan_hold(bigint, bigint, interval, bigint)',
		'@extschema@.swan_move(bigint, timestamptz, bigint, integer, bigint)',
		'@extschema@.swan_reschedule(bigint, bigint, text, bigint)',
		'@extschema@.swan_can_book(bigint, bigint, bigint)',
		'@extschema@.swan_verify(bigint)'
	]::pg_catalog.regprocedure[])
), mentioned AS (
	INSERT INTO pg_catalog.pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
	SELECT d.dbid, d.classid, s.new, d.objsubid, d.refclassid, d.refobjid, d.deptype
	FROM pg_catalog.pg_shdepend d JOIN successor s ON s.old OPERATOR(pg_catalog.=) d.objid
	WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
		AND d.deptype OPERATOR(pg_catalog.=) 'a'
		AND d.dbid OPERATOR(pg_catalog.=) (SELECT b.oid FROM pg_catalog.pg_database b
			WHERE b.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
)
UPDATE pg_catalog.pg_proc p SET proacl = s.acl
	FROM successor s WHERE p.oid OPERATOR(pg_catalog.=) s.new;

DROP FUNCTION @extschema@.swan_act_as(bigint);
DROP FUNCTION @extschema@.swan_grant(bigint, integer, text, timestamptz, text, bigint);
DROP FUNCTION @extschema@.swan_grant_many(bigint[], integer, text, timestamptz, text, bigint);
DROP FUNCTION @extschema@.swan_purchase(bigint, integer, text, text, bigint, text, jsonb, timestamptz, bigint);
DROP FUNCTION @extschema@.swan_reverse(text, text, integer, text, bigint);
DROP FUNCTION @extschema@.swan_reinstate(text, text, bigint);
DROP FUNCTION @extschema@.swan_revoke(bigint, integer, text, text, bigint);
DROP FUNCTION @extschema@.swan_open(bigint, timestamptz, integer, integer, interval, bigint);
DROP FUNCTION @extschema@.swan_book(bigint, bigint, boolean, text, bigint);
DROP FUNCTION @extschema@.swan_book_many(bigint, bigint[], boolean, text, bigint);
DROP FUNCTION @extschema@.swan_hold(bigint, bigint, interval, bigint);
DROP FUNCTION @extschema@.swan_move(bigint, timestamptz, bigint, integer, bigint);
DROP FUNCTION @extschema@.swan_reschedule(bigint, bigint, text, bigint);
DROP FUNCTION @extschema@.swan_can_book(bigint, bigint, bigint);
DROP FUNCTION @extschema@.swan_verify(bigint);
