-- As contract.sql, for the functions that move credits and bookings: many grants, purchases and
-- their reversal, expiry, holds, and what becomes of a booking.
\set QUIET on
SET client_min_messages = warning;
SET intervalstyle = postgres;
BEGIN;
CREATE EXTENSION pgtap;
CREATE EXTENSION swanalloc;
SELECT no_plan();

CREATE TEMP TABLE want (name text PRIMARY KEY, arguments text, result text);
INSERT INTO want VALUES
('swan_grant_many', 'user_ids bigint[], n integer, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL, key text DEFAULT NULL, valid_for interval DEFAULT NULL, good_for text[] DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_credit'),
('swan_purchase', 'user_id bigint, n integer, payment_ref text, item text DEFAULT '''', amount_minor bigint DEFAULT NULL, currency text DEFAULT NULL, details jsonb DEFAULT NULL, expires_at timestamptz DEFAULT NULL, valid_for interval DEFAULT NULL, good_for text[] DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_credit'),
('swan_reverse', 'payment_ref text, item text DEFAULT NULL, n integer DEFAULT NULL, key text DEFAULT NULL, refunded_minor bigint DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_reversal'),
('swan_reinstate', 'payment_ref text, key text, item text DEFAULT NULL, n integer DEFAULT NULL, reversal text DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_reversal'),
('swan_revoke', 'user_id bigint, n integer DEFAULT NULL, reason text DEFAULT NULL, key text DEFAULT NULL, lot_id bigint DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_reversal'),
('swan_transfer', 'from_user bigint, to_user bigint, n integer DEFAULT NULL, reason text DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_handover'),
('swan_import', 'user_id bigint, granted integer, used integer DEFAULT 0, expires_at timestamptz DEFAULT NULL, reason text DEFAULT NULL, payment_ref text DEFAULT NULL, item text DEFAULT '''', amount_minor bigint DEFAULT NULL, currency text DEFAULT NULL, at timestamptz DEFAULT NULL, good_for text[] DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_pack'),
('swan_import_many', 'packs jsonb, actor bigint DEFAULT NULL', 'SETOF swan_pack'),
('swan_forget', 'user_id bigint, actor bigint DEFAULT NULL', 'swan_erasure'),
('swan_merge', 'from_user bigint, into_user bigint, reason text DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_handover'),
('swan_extend', 'lot_id bigint, expires_at timestamptz, reason text DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_lot'),
('swan_expire', 'max_rows integer DEFAULT 1000, OUT clients integer, OUT credits integer', 'record'),
('swan_book_many', 'user_id bigint, session_ids bigint[], charge boolean DEFAULT NULL, key text DEFAULT NULL, guest boolean DEFAULT false, actor bigint DEFAULT NULL', 'SETOF swan_booking'),
('swan_hold', 'user_id bigint, session_id bigint, ttl interval DEFAULT ''00:10:00'', force boolean DEFAULT false, actor bigint DEFAULT NULL', 'swan_held'),
('swan_release', 'session_id bigint, actor bigint DEFAULT NULL', 'swan_held'),
('swan_wait', 'user_id bigint, session_id bigint, auto boolean DEFAULT false, actor bigint DEFAULT NULL', 'swan_waiter'),
('swan_unwait', 'session_id bigint, user_id bigint DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_waiter'),
('swan_promote', 'max_rows integer DEFAULT 100', 'SETOF swan_booking'),
('swan_confirm', 'session_id bigint, actor bigint DEFAULT NULL', 'swan_booking'),
('swan_complete', 'session_id bigint, attended boolean DEFAULT true, actor bigint DEFAULT NULL', 'swan_booking'),
('swan_move', 'session_id bigint, at timestamptz DEFAULT NULL, trainer_id bigint DEFAULT NULL, duration integer DEFAULT NULL, force boolean DEFAULT false, actor bigint DEFAULT NULL', 'swan_booking'),
('swan_cancel', 'session_id bigint, reason text DEFAULT NULL, return_credit boolean DEFAULT NULL, reopen boolean DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_cancellation'),
('swan_correct', 'session_id bigint, to_status text, reason text, key text DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_booking'),
('swan_charge', 'session_id bigint, n integer DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_booking'),
('swan_waive', 'session_id bigint, reason text, key text DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_cancellation'),
('swan_settle', 'session_id bigint, charged boolean, actor bigint DEFAULT NULL', 'swan_booking'),
('swan_move_many', 'session_ids bigint[], ats timestamptz[] DEFAULT NULL, trainer_ids bigint[] DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_booking'),
('swan_cancel_many', 'session_ids bigint[], reason text DEFAULT NULL, return_credit boolean DEFAULT NULL, reopen boolean DEFAULT NULL, key text DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_cancellation'),
('swan_reschedule', 'session_id bigint, to_session_id bigint, key text DEFAULT NULL, force boolean DEFAULT false, actor bigint DEFAULT NULL', 'swan_booking'),
('swan_suspend', 'user_id bigint, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, reason text DEFAULT NULL, put_off boolean DEFAULT false, actor bigint DEFAULT NULL', 'swan_suspension'),
('swan_resume', 'user_id bigint, actor bigint DEFAULT NULL', 'swan_suspension');

CREATE TEMP TABLE want_type (name text PRIMARY KEY, columns text);
INSERT INTO want_type VALUES
('swan_reversal', 'user_id bigint, moved integer, shortfall integer, available_sessions integer, ledger_id bigint, replayed boolean, expired integer'),
('swan_pack', 'user_id bigint, lot_id bigint, granted integer, used integer, expired integer, remaining integer, available_sessions integer, replayed boolean'),
('swan_erasure', 'user_id bigint, ledger_rows integer, sessions integer, ledger_id bigint'),
('swan_handover', 'from_user_id bigint, to_user_id bigint, moved integer, bookings integer, from_available_sessions integer, available_sessions integer, ledger_id bigint, replayed boolean'),
('swan_cancellation', 'session_id bigint, user_id bigint, trainer_id bigint, status text, session_date timestamptz, duration integer, booked_at timestamptz, charged boolean, available_sessions integer, message text, ledger_id bigint, replayed boolean, returned boolean, reopened_session_id bigint, credits integer'),
('swan_held', 'session_id bigint, user_id bigint, until timestamptz'),
('swan_suspension', 'user_id bigint, since timestamptz, until timestamptz, message text, ledger_id bigint');

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid
FROM pg_depend d
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'swanalloc');
CREATE TEMP VIEW routine AS
SELECT p.*,
	replace(regexp_replace(pg_get_function_arguments(p.oid), '::[a-z ]+(\[\])?(?=,|$)', '', 'g'),
			'timestamp with time zone', 'timestamptz') AS arguments,
	pg_get_function_result(p.oid) AS result
FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;

SELECT is(r.arguments, w.arguments, w.name || ': arguments')
FROM want w LEFT JOIN routine r ON r.proname = w.name ORDER BY w.name;
SELECT is(r.result, w.result, w.name || ': result')
FROM want w LEFT JOIN routine r ON r.proname = w.name ORDER BY w.name;
SELECT is(r.provolatile::text || r.proparallel::text, 'vu', w.name || ': volatile, parallel unsafe')
FROM want w LEFT JOIN routine r ON r.proname = w.name ORDER BY w.name;

SELECT is(
	(SELECT string_agg(format('%s %s', a.attname,
			replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz')),
			', ' ORDER BY a.attnum)
	 FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
	 JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
	 WHERE t.typname = w.name),
	w.columns, w.name || ': columns')
FROM want_type w ORDER BY w.name;

SELECT * FROM finish();
ROLLBACK;
