-- What callers rely on: every function's name, arguments, defaults and result, every column of a
-- named result type, and what holds for each member of the extension, read from the catalog so
-- that a new member cannot be forgotten. contract_moves.sql has the functions of credits' and
-- bookings' later lives.
\set QUIET on
SET client_min_messages = warning;
SET intervalstyle = postgres;
BEGIN;
CREATE EXTENSION pgtap;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_anybody;
SELECT no_plan();

CREATE TEMP TABLE want (
	name text PRIMARY KEY,
	arguments text,				-- as the reference writes them, defaults without their casts
	result text,
	volatility text,			-- v, s, i as in pg_proc.provolatile
	parallel text				-- u, r, s as in pg_proc.proparallel
);
INSERT INTO want VALUES
('swan_create_studio', 'schema text DEFAULT ''studio'', owner text DEFAULT NULL', 'text', 'v', 'u'),
('swan_attach', 'users regclass, sessions regclass, columns jsonb DEFAULT ''{}'', studio text DEFAULT NULL, dry_run boolean DEFAULT false, OUT item text, OUT column_name text, OUT state text, OUT action text', 'SETOF record', 'v', 'u'),
('swan_backfill', 'IN batch integer DEFAULT 10000, IN studio text DEFAULT NULL', NULL, 'v', 'u'),	-- the only procedure
('swan_detach', 'studio text DEFAULT NULL', 'text', 'v', 'u'),
('swan_upgrade_studio', 'studio text DEFAULT NULL', 'SETOF text', 'v', 'u'),
('swan_close_studio', 'reason text, studio text DEFAULT NULL', 'text', 'v', 'u'),
('swan_open_studio', 'studio text DEFAULT NULL', 'text', 'v', 'u'),
('swan_export_studio', 'studio text DEFAULT NULL', 'jsonb', 's', 'u'),
('swan_adopt_studio', 'exported jsonb, studio text DEFAULT NULL, OUT item text, OUT column_name text, OUT state text, OUT action text', 'SETOF record', 'v', 'u'),
('swan_configure', 'setting text, value text, studio text DEFAULT NULL', 'text', 'v', 'u'),
('swan_configure 2', 'setting text, value numeric, studio text DEFAULT NULL', 'text', 'v', 'u'),
('swan_time', 'at text, studio text DEFAULT NULL', 'timestamptz', 's', 'u'),
('swan_time 2', 'at timestamp, studio text DEFAULT NULL', 'timestamptz', 's', 'u'),
('swan_settings', 'studio text DEFAULT NULL', 'SETOF swan_setting', 's', 'u'),
('swan_studios', '', 'SETOF swan_studio_row', 's', 'u'),
('swan_allow', 'db_role text, as_what text, user_id bigint DEFAULT NULL, studio text DEFAULT NULL', 'text', 'v', 'u'),
('swan_accept', 'studio text', 'text', 'v', 'u'),
('swan_disallow', 'db_role text, studio text DEFAULT NULL', 'text', 'v', 'u'),
('swan_act_as', 'user_id bigint, "only" boolean DEFAULT false', 'bigint', 'v', 'u'),
('swan_actor', 'OUT user_id bigint, OUT role text, OUT source text', 'record', 's', 'u'),
('swan_grant', 'user_id bigint, n integer, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL, key text DEFAULT NULL, valid_for interval DEFAULT NULL, good_for text[] DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_credit', 'v', 'u'),
('swan_credits', 'user_id bigint, actor bigint DEFAULT NULL', 'SETOF swan_lot', 's', 'u'),
('swan_payment', 'payment_ref text, actor bigint DEFAULT NULL', 'SETOF swan_payment_row', 's', 'u'),
('swan_open', 'trainer_id bigint, at timestamptz, duration integer DEFAULT 60, repeat integer DEFAULT 1, every interval DEFAULT ''7 days'', places integer DEFAULT 1, cost integer DEFAULT NULL, kind text DEFAULT NULL, key text DEFAULT NULL, force boolean DEFAULT false, actor bigint DEFAULT NULL', 'SETOF bigint', 'v', 'u'),
('swan_block', 'trainer_id bigint, at timestamptz, duration integer DEFAULT 60, repeat integer DEFAULT 1, every interval DEFAULT ''7 days'', reason text DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF bigint', 'v', 'u'),
('swan_request', 'user_id bigint, at timestamptz, trainer_id bigint DEFAULT NULL, duration integer DEFAULT 60, key text DEFAULT NULL, actor bigint DEFAULT NULL', 'swan_booking', 'v', 'u'),
('swan_book', 'user_id bigint, session_id bigint, charge boolean DEFAULT NULL, key text DEFAULT NULL, guest boolean DEFAULT false, later boolean DEFAULT false, lot_id bigint DEFAULT NULL, force boolean DEFAULT false, actor bigint DEFAULT NULL', 'swan_booking', 'v', 'u'),
('swan_can_book', 'user_id bigint, session_id bigint, guest boolean DEFAULT false, actor bigint DEFAULT NULL', 'swan_verdict', 's', 'u'),
('swan_can_hold', 'user_id bigint, session_id bigint, actor bigint DEFAULT NULL', 'swan_verdict', 's', 'u'),
('swan_can_cancel', 'session_id bigint, actor bigint DEFAULT NULL', 'swan_cancel_verdict', 's', 'u'),
('swan_summary', 'user_id bigint, actor bigint DEFAULT NULL', 'swan_totals', 's', 'u'),
('swan_client', 'user_id bigint, actor bigint DEFAULT NULL', 'swan_client_row', 's', 'u'),
('swan_statement', 'user_id bigint, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 100, actor bigint DEFAULT NULL', 'SETOF swan_line', 's', 'u'),
('swan_balance_at', 'user_id bigint, at timestamptz, actor bigint DEFAULT NULL', 'integer', 's', 'u'),
('swan_clients', 'search text DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 50, order_by text DEFAULT ''name'', warning text DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_client_row', 's', 'u'),
('swan_clients_count', 'search text DEFAULT NULL, warning text DEFAULT NULL, actor bigint DEFAULT NULL', 'bigint', 's', 'u'),
('swan_people', 'role text DEFAULT NULL, search text DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 100, actor bigint DEFAULT NULL', 'SETOF swan_person', 's', 'u'),
('swan_slots', 'since timestamptz, until timestamptz, trainer_id bigint DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 100', 'SETOF swan_slot_row', 's', 'u'),
('swan_calendar', 'since timestamptz, until timestamptz, trainer_id bigint DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 100', 'SETOF swan_slot_row', 's', 'u'),
('swan_schedule', 'since timestamptz, until timestamptz, trainer_id bigint DEFAULT NULL, user_id bigint DEFAULT NULL, status text DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 500, actor bigint DEFAULT NULL', 'SETOF swan_schedule_row', 's', 'u'),
('swan_unsettled', 'since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, trainer_id bigint DEFAULT NULL, after text DEFAULT NULL, max_rows integer DEFAULT 500, actor bigint DEFAULT NULL', 'SETOF swan_unsettled_row', 's', 'u'),
('swan_holds', 'user_id bigint DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_hold_row', 's', 'u'),
('swan_waiting', 'session_id bigint DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_waiter', 's', 'u'),
('swan_expiring', 'within interval DEFAULT ''14 days'', after text DEFAULT NULL, max_rows integer DEFAULT 100, actor bigint DEFAULT NULL', 'SETOF swan_expiring_row', 's', 'u'),
('swan_changes', 'after text DEFAULT NULL, max_rows integer DEFAULT 1000', 'SETOF swan_change', 's', 'u'),
('swan_feed_end', 'OUT cursor text, OUT last_id bigint', 'record', 's', 'u'),
('swan_rebase_feed', 'studio text DEFAULT NULL', 'text', 'v', 'u'),
('swan_stats', '', 'SETOF swan_metric', 's', 'u'),
('swan_liability', 'at timestamptz DEFAULT now()', 'SETOF swan_liability_row', 's', 'u'),
('swan_months', 'since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, user_id bigint DEFAULT NULL, actor bigint DEFAULT NULL', 'SETOF swan_month_row', 's', 'u'),
('swan_verify', 'user_id bigint DEFAULT NULL, as_if text DEFAULT NULL', 'SETOF swan_problem', 's', 'u'),
('swan_health', '', 'jsonb', 's', 'u'),
('swan_errors', 'OUT sqlstate text, OUT code text, OUT http_status integer, OUT message text', 'SETOF record', 'i', 's');

-- in contract_moves.sql
CREATE TEMP TABLE elsewhere (name text PRIMARY KEY, kind text);
INSERT INTO elsewhere VALUES
('swan_grant_many', 'function'), ('swan_purchase', 'function'), ('swan_reverse', 'function'),
('swan_reinstate', 'function'), ('swan_revoke', 'function'), ('swan_extend', 'function'),
('swan_expire', 'function'), ('swan_book_many', 'function'), ('swan_hold', 'function'),
('swan_release', 'function'), ('swan_wait', 'function'), ('swan_unwait', 'function'), ('swan_promote', 'function'), ('swan_confirm', 'function'), ('swan_complete', 'function'),
('swan_move', 'function'), ('swan_move_many', 'function'), ('swan_cancel', 'function'), ('swan_cancel_many', 'function'), ('swan_correct', 'function'), ('swan_charge', 'function'), ('swan_waive', 'function'), ('swan_settle', 'function'), ('swan_reschedule', 'function'),
('swan_suspend', 'function'), ('swan_resume', 'function'), ('swan_suspension', 'type'),
('swan_transfer', 'function'), ('swan_merge', 'function'), ('swan_forget', 'function'), ('swan_erasure', 'type'), ('swan_import', 'function'), ('swan_import_many', 'function'), ('swan_pack', 'type'), ('swan_handover', 'type'),
('swan_reversal', 'type'), ('swan_cancellation', 'type'), ('swan_held', 'type');

CREATE TEMP TABLE want_type (name text PRIMARY KEY, columns text);
INSERT INTO want_type VALUES
('swan_credit', 'user_id bigint, added integer, available_sessions integer, message text, sessions jsonb, ledger_id bigint, replayed boolean'),
('swan_lot', 'lot_id bigint, source text, granted integer, remaining integer, expires_at timestamptz, reason text, payment_ref text, item text, amount_minor bigint, currency text, valid_for text, good_for jsonb'),
('swan_payment_row', 'item text, user_id bigint, lot_id bigint, bought integer, remaining integer, used integer, expired integer, reversed integer, reinstated integer, amount_minor bigint, currency text, refunded_minor bigint, revoked integer, shortfall integer'),
('swan_booking', 'session_id bigint, user_id bigint, trainer_id bigint, status text, session_date timestamptz, duration integer, booked_at timestamptz, charged boolean, available_sessions integer, message text, ledger_id bigint, replayed boolean, attended boolean, credits integer, owed integer, notes text, confirmed boolean, client_name text, trainer_name text'),
('swan_cancel_verdict', 'ok boolean, sqlstate text, code text, message text, returns boolean, credits integer, free_until timestamptz'),
('swan_unsettled_row', 'session_id bigint, session_date timestamptz, duration integer, status text, user_id bigint, client_name text, trainer_id bigint, trainer_name text, credits integer, owed integer, ended boolean, cursor text'),
('swan_hold_row', 'session_id bigint, session_date timestamptz, duration integer, trainer_id bigint, trainer_name text, user_id bigint, user_name text, until timestamptz'),
('swan_waiter', 'session_id bigint, user_id bigint, line integer, since timestamptz, auto boolean, offered_from timestamptz, offered_until timestamptz, refused text, session_date timestamptz, duration integer, trainer_id bigint, trainer_name text'),
('swan_verdict', 'ok boolean, sqlstate text, code text, message text'),
('swan_totals', 'user_id bigint, available integer, scheduled integer, confirmed integer, completed integer, cancelled integer, total integer, warning text, warning_message text, last_session_date timestamptz, next_session_date timestamptz, missed integer, overdue integer, suspended_since timestamptz, suspended_until timestamptz'),
('swan_client_row', 'id bigint, first_name text, last_name text, email text, available_sessions integer, total_sessions_purchased integer, sessions_used integer, last_session_date timestamptz, warning text, created_at timestamptz, cursor text, suspended_since timestamptz, suspended_until timestamptz, warning_message text'),
('swan_slot_row', 'session_id bigint, trainer_id bigint, trainer_name text, session_date timestamptz, duration integer, cursor text, places integer, places_left integer'),
('swan_schedule_row', 'session_id bigint, session_date timestamptz, duration integer, status text, user_id bigint, client_name text, trainer_id bigint, trainer_name text, available_sessions integer, total_sessions_purchased integer, sessions_used integer, last_session_date timestamptz, warning text, warning_message text, cursor text, attended boolean, class_id bigint, places integer, places_left integer, notes text, confirmed boolean'),
('swan_person', 'id bigint, name text, role text, cursor text'),
('swan_expiring_row', 'user_id bigint, name text, lot_id bigint, remaining integer, expires_at timestamptz, cursor text'),
('swan_change', 'id bigint, user_id bigint, delta integer, balance_after integer, kind text, session_id bigint, from_session_id bigint, lot_id bigint, reason text, actor_id bigint, db_role text, key text, payment_ref text, item text, call_id bigint, details jsonb, at timestamptz, xid bigint, crossing text, cursor text'),
('swan_metric', 'metric text, labels jsonb, value bigint'),
('swan_liability_row', 'month text, source text, credits bigint, currency text, amount_minor bigint'),
('swan_month_row', 'month text, purchased bigint, used bigint, booked bigint, expired bigint'),
('swan_line', 'id bigint, at timestamptz, kind text, delta integer, balance_after integer, session_id bigint, session_date timestamptz, from_session_id bigint, lot_id bigint, reason text, actor_id bigint, actor_name text, db_role text, key text, payment_ref text, item text, call_id bigint, details jsonb, cursor text, attended boolean, other_id bigint, other_name text, amount_minor bigint, currency text, good_for jsonb'),
('swan_problem', 'check_name text, user_id bigint, session_id bigint, ledger_id bigint, problem text'),
('swan_setting', 'setting text, value text, description text, seconds bigint'),
('swan_studio_row', 'studio text, users text, sessions text, owner text, own boolean, selected boolean, state text, outdated boolean, closed_at timestamptz, closed_reason text');

-- every object that belongs to the extension
CREATE TEMP VIEW member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_depend d
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  -- from 17 the row types of tables and the array types are members too
  AND NOT (d.classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.oid = d.objid AND (t.typcategory = 'A' OR c.relkind = 'r')))
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'swanalloc');

-- its functions and procedures, those of triggers, of the registry and of the engine's own statements aside
CREATE TEMP VIEW routine AS
SELECT p.*,
	replace(replace(regexp_replace(pg_get_function_arguments(p.oid), '::[a-z ]+(\[\])?(?=,|$)', '', 'g'),
			'timestamp with time zone', 'timestamptz'), ' without time zone', '') AS arguments,
	replace(pg_get_function_result(p.oid), 'timestamp with time zone', 'timestamptz') AS result,
	-- an overload has a number
	concat_ws(' ', p.proname, nullif(row_number() OVER (PARTITION BY p.proname ORDER BY p.oid), 1)) AS label
FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE p.prorettype <> 'trigger'::regtype AND p.pronamespace <> 'swan'::regnamespace;

CREATE TEMP VIEW composite AS
SELECT t.oid, t.typname AS name, t.typnamespace,
	(SELECT string_agg(format('%s %s', a.attname,
			replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz')),
			', ' ORDER BY a.attnum)
	 FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
WHERE t.typtype = 'c';

-- The extension itself
SELECT is((SELECT extversion FROM pg_extension WHERE extname = 'swanalloc'),
	(SELECT default_version FROM pg_available_extensions WHERE name = 'swanalloc'), 'the version is the default one');
SELECT is((SELECT extrelocatable FROM pg_extension WHERE extname = 'swanalloc'), false, 'not relocatable');
SELECT is((SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = 'swanalloc'), false, 'not trusted');

-- The functions
SELECT set_eq(
	'SELECT label FROM routine',
	'SELECT name FROM want UNION SELECT e.name FROM elsewhere e JOIN routine r ON r.proname = e.name WHERE e.kind = ''function''',
	'the public functions are exactly these');
-- What is overloaded leaves values unambiguous whose type a driver does not say: they are texts
PREPARE overloaded AS SELECT swan_time($1, $2), swan_time(at => $3), swan_configure($4, $5), swan_configure(setting => $6, value => $7, studio => $8);
SELECT is((SELECT parameter_types::text FROM pg_prepared_statements WHERE name = 'overloaded'), '{text,text,text,text,text,text,text,text}',
	'a parameter without a type is a text');
SELECT is((SELECT string_agg(proname, ', ' ORDER BY proname) FROM (SELECT proname FROM routine GROUP BY proname HAVING count(*) > 1) x),
	'swan_configure, swan_time', 'no other name is overloaded');
SELECT is(r.arguments, w.arguments, w.name || ': arguments')
FROM want w LEFT JOIN routine r ON r.label = w.name ORDER BY w.name;
SELECT is(r.result, w.result, w.name || ': result')
FROM want w LEFT JOIN routine r ON r.label = w.name ORDER BY w.name;
SELECT is(r.provolatile::text, w.volatility, w.name || ': volatility')
FROM want w LEFT JOIN routine r ON r.label = w.name ORDER BY w.name;
SELECT is(r.proparallel::text, w.parallel, w.name || ': parallel safety')
FROM want w LEFT JOIN routine r ON r.label = w.name ORDER BY w.name;

-- Their result types
SELECT set_eq(
	'SELECT name::text FROM composite',
	'SELECT name FROM want_type UNION SELECT e.name FROM elsewhere e JOIN composite c ON c.name = e.name WHERE e.kind = ''type''',
	'the result types are exactly these');
SELECT is(c.columns, w.columns, w.name || ': columns')
FROM want_type w LEFT JOIN composite c ON c.name = w.name ORDER BY w.name;
SELECT is((SELECT string_agg(c.name, ', ') FROM composite c
	WHERE NOT EXISTS (SELECT 1 FROM routine r WHERE r.prorettype = c.oid)), NULL,
	'every result type is the result of a function');

-- What drivers read: these types and no others (they choke on void, name, xid8, interval, regclass)
CREATE TEMP VIEW result_type AS
SELECT r.proname AS owner, t.type
FROM routine r CROSS JOIN LATERAL (
	SELECT r.prorettype WHERE r.prorettype <> 'record'::regtype
	UNION ALL SELECT u.type FROM unnest(r.proallargtypes, r.proargmodes) u (type, mode) WHERE u.mode IN ('o', 'b', 't')
) t (type)
WHERE r.prokind = 'f' AND NOT EXISTS (SELECT 1 FROM composite c WHERE c.oid = t.type)
UNION ALL
SELECT c.name, a.atttypid
FROM composite c JOIN pg_type t ON t.oid = c.oid JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0;
SELECT cmp_ok((SELECT count(*) FROM result_type), '>=', 70::bigint, 'result columns were found');
SELECT is((SELECT string_agg(format('%s: %s', owner, format_type(type, NULL)), ', ' ORDER BY owner) FROM result_type
	WHERE type NOT IN ('int4'::regtype, 'int8'::regtype, 'text'::regtype, 'bool'::regtype, 'timestamptz'::regtype, 'jsonb'::regtype)),
	NULL, 'results are integer, bigint, text, boolean, timestamptz or jsonb');

-- The actor is everywhere the same argument
SELECT is((SELECT string_agg(proname, ', ' ORDER BY proname) FROM routine
	WHERE 'actor' = ANY (proargnames) AND arguments !~ '(^|, )actor bigint DEFAULT NULL$'), NULL,
	'actor is the last argument, bigint, and may be left out');
SELECT is((SELECT string_agg(proname, ', ' ORDER BY proname) FROM routine
	WHERE 'key' = ANY (proargnames) AND arguments !~ ('(^|, )key text( DEFAULT NULL)?, '
		|| CASE proname WHEN 'swan_reinstate' THEN 'item ' WHEN 'swan_revoke' THEN 'lot_id ' WHEN 'swan_reschedule' THEN 'force '
			WHEN 'swan_book' THEN 'guest ' WHEN 'swan_open' THEN 'force ' WHEN 'swan_book_many' THEN 'guest ' WHEN 'swan_reverse' THEN 'refunded_minor '
			WHEN 'swan_grant' THEN 'valid_for ' WHEN 'swan_grant_many' THEN 'valid_for ' ELSE 'actor ' END)), NULL,
	'key is text and stands before actor, but for what was added later');
SELECT is((SELECT string_agg(proname, ', ' ORDER BY proname) FROM routine
	WHERE 'studio' = ANY (proargnames) AND proname <> 'swan_accept' AND arguments !~ '(^|, )(IN )?studio text DEFAULT NULL'), NULL,
	'studio is text and may be left out, but where a role says whom it trusts');
SELECT is((SELECT string_agg(proname || '.' || n, ', ') FROM routine, unnest(proargnames) n WHERE n = ''), NULL,
	'every argument has a name');

-- What holds for all of them, trigger functions included
CREATE TEMP VIEW function AS
SELECT p.*, m.object FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;
SELECT is((SELECT string_agg(object, ', ') FROM function WHERE proisstrict AND pronamespace <> 'swan'::regnamespace), NULL, 'none is strict: NULL is answered');
SELECT set_eq($$SELECT object, proisstrict, provolatile, proparallel FROM function WHERE pronamespace = 'swan'::regnamespace AND prorettype <> 'trigger'::regtype$$,
	$$VALUES ('function swan.local_time(text,timestamp with time zone)', true, 'i'::"char", 's'::"char"),
		('function swan.instant(text,timestamp without time zone)', true, 'i', 's'),
		('function swan.plain_text(text)', true, 's', 's'),
		('function swan.oid_of_role(text)', true, 'i', 's')$$, 'the functions of the engine''s own statements are exactly these');
SELECT is((SELECT string_agg(object, ', ') FROM function WHERE prosecdef), NULL, 'none is SECURITY DEFINER');
SELECT is((SELECT string_agg(object, ', ') FROM function WHERE proleakproof), NULL, 'none is leakproof');
SELECT is((SELECT string_agg(object, ', ') FROM function WHERE proconfig IS NOT NULL), NULL, 'none changes settings by attribute');
SELECT is((SELECT string_agg(object, ', ') FROM function
	WHERE prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')), NULL, 'all are in C');
SELECT is((SELECT string_agg(DISTINCT probin, ', ') FROM function), '$libdir/swanalloc', 'all are in the library');
SELECT is((SELECT string_agg(object, ', ') FROM function
	WHERE NOT has_function_privilege('regress_anybody', oid, 'EXECUTE')), NULL, 'PUBLIC may execute all');
SELECT is((SELECT string_agg(object, ', ') FROM function WHERE proacl IS NOT NULL), NULL,
	'nothing was granted or revoked in the script: a dump would lose it');
SELECT is((SELECT string_agg(object, ', ') FROM function
	WHERE prokind <> 'p' AND prorettype IN ('void'::regtype, 'name'::regtype, 'xid8'::regtype)), NULL, 'none returns void, name or xid8');
SELECT is((SELECT string_agg(object, ', ') FROM function WHERE prokind <> 'f'), 'function swan_backfill(integer,text)',
	'what commits is a procedure, all else functions');
SELECT is((SELECT string_agg(proname, ', ' ORDER BY proname) FROM routine
	WHERE provolatile = 'v' AND proparallel <> 'u'), NULL, 'no writer is offered to parallel workers');
SELECT is((SELECT string_agg(proname, ', ' ORDER BY proname) FROM routine
	WHERE provolatile <> 'v' AND ('key' = ANY (proargnames))), NULL, 'what takes an idempotency key is volatile');
SELECT set_eq($$SELECT object FROM function WHERE prorettype = 'trigger'::regtype$$,
	$$VALUES ('function swan.registry_changed()'), ('function swan_guard_users()'), ('function swan_guard_sessions()'),
		('function swan_guard_closed()'), ('function swan_guard_truncate()')$$, 'the trigger functions are exactly these');
SELECT is((SELECT string_agg(object, ', ') FROM function
	WHERE prorettype = 'trigger'::regtype AND provolatile <> 'v'), NULL, 'trigger functions are volatile');
SELECT is((SELECT string_agg(proname, ', ') FROM function
	WHERE proname LIKE 'swan\_%' AND pronamespace <> (SELECT extnamespace FROM pg_extension WHERE extname = 'swanalloc')), NULL,
	'functions lie in the schema of the extension');

-- The members
SELECT cmp_ok((SELECT count(*) FROM member), '>=', 38::bigint, 'members were found');
SELECT is((SELECT string_agg(object, ', ' ORDER BY object) FROM member
	WHERE coalesce(obj_description(objid, classid::regclass::name), '') = ''), NULL, 'every member has a comment');
SELECT set_eq($$SELECT object FROM member WHERE classid NOT IN ('pg_proc'::regclass, 'pg_type'::regclass)$$,
	$$VALUES ('schema swan'), ('table swan.studio'), ('table swan.role')$$,
	'besides functions and types there are the registry''s schema and two tables');
SELECT is((SELECT string_agg(m.object, ', ') FROM member m JOIN pg_type t ON t.oid = m.objid
	WHERE m.classid = 'pg_type'::regclass AND t.typtype <> 'c'), NULL, 'all types are result types');

SELECT * FROM finish();
ROLLBACK;
