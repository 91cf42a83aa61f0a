-- The tables: the registry, which belongs to the extension, and the five tables of a studio,
-- which do not. Their columns, constraints, indexes and triggers, who owns and may read them.
\set QUIET on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION pgtap;
CREATE EXTENSION swanalloc;
CREATE ROLE regress_owner;
CREATE ROLE regress_anybody;
SELECT no_plan();

SELECT is(swan_create_studio('studio', 'regress_owner'), 'studio', 'a studio is made');
SELECT is(swan_create_studio('An "odd" Näme', 'regress_owner'), 'An "odd" Näme', 'and one whose name needs quoting');

CREATE TEMP VIEW studio_table AS
SELECT c.oid, c.relname AS name, c.relowner, c.relacl, c.relkind, c.reloptions, n.nspname AS schema
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname IN ('studio', 'An "odd" Näme');

-- Columns: type, whether NULL is allowed, default
CREATE TEMP VIEW studio_column AS
SELECT t.schema, t.name AS relation, a.attnum, a.attname::text COLLATE "default" AS name,
	replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz')
	|| CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
	|| CASE a.attidentity WHEN 'd' THEN ' identity' WHEN 'a' THEN ' identity always' ELSE '' END
	|| coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') COLLATE "default" AS definition
FROM studio_table t
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum;

CREATE TEMP TABLE want_column (n integer GENERATED ALWAYS AS IDENTITY, relation text, name text, definition text);
INSERT INTO want_column (relation, name, definition) VALUES
('users', 'id', 'bigint not null identity'),
('users', 'first_name', 'text'),
('users', 'last_name', 'text'),
('users', 'email', 'text'),
('users', 'role', $$text not null default 'client'::text$$),
('users', 'available_sessions', 'integer not null default 0'),
('users', 'created_at', 'timestamptz not null default now()'),
('sessions', 'id', 'bigint not null identity'),
('sessions', 'user_id', 'bigint'),
('sessions', 'trainer_id', 'bigint'),
('sessions', 'status', $$text not null default 'available'::text$$),
('sessions', 'session_date', 'timestamptz'),
('sessions', 'duration', 'integer not null default 60'),
('sessions', 'notes', 'text'),
('sessions', 'booked_at', 'timestamptz'),
('sessions', 'session_deducted', 'boolean not null default false'),
('sessions', 'confirmed', 'boolean not null default false'),
('sessions', 'class_id', 'bigint'), ('sessions', 'cost', 'integer not null default 1'), ('sessions', 'credits', 'integer default 0'), ('sessions', 'kind', 'text'),
('swan_ledger', 'id', 'bigint not null identity always'),
('swan_ledger', 'user_id', 'bigint not null'),
('swan_ledger', 'delta', 'integer not null'),
('swan_ledger', 'balance_after', 'integer not null'),
('swan_ledger', 'kind', 'text not null'),
('swan_ledger', 'session_id', 'bigint'),
('swan_ledger', 'from_session_id', 'bigint'),
('swan_ledger', 'lot_id', 'bigint'),
('swan_ledger', 'reason', 'text'),
('swan_ledger', 'actor_id', 'bigint'),
('swan_ledger', 'db_role', 'text not null'),
('swan_ledger', 'key', 'text'),
('swan_ledger', 'payment_ref', 'text'),
('swan_ledger', 'item', 'text'),
('swan_ledger', 'call_id', 'bigint not null'),
('swan_ledger', 'details', 'jsonb'),
('swan_ledger', 'at', 'timestamptz not null'),
('swan_ledger', 'xid', 'xid8 not null'),
('swan_ledger', 'totals', 'integer[]'),
('swan_ledger', 'suspended', 'tstzrange'),
('swan_lots', 'id', 'bigint not null'),
('swan_lots', 'user_id', 'bigint not null'),
('swan_lots', 'source', 'text not null'),
('swan_lots', 'granted', 'integer not null'),
('swan_lots', 'remaining', 'integer not null'),
('swan_lots', 'expires_at', 'timestamptz'),
('swan_lots', 'payment_ref', 'text'),
('swan_lots', 'item', 'text'),
('swan_lots', 'amount_minor', 'bigint'),
('swan_lots', 'currency', 'text'),
('swan_lots', 'swept', 'boolean not null default false'), ('swan_lots', 'valid_for', 'interval'), ('swan_lots', 'good_for', 'text[]'),
('swan_holds', 'session_id', 'bigint not null'),
('swan_holds', 'user_id', 'bigint not null'),
('swan_holds', 'until', 'timestamptz not null'), ('swan_holds', 'since', 'timestamptz'),
('swan_waits', 'session_id', 'bigint not null'),
('swan_waits', 'user_id', 'bigint not null'),
('swan_waits', 'id', 'bigint not null'),
('swan_waits', 'since', 'timestamptz not null'),
('swan_waits', 'auto', 'boolean not null'),
('swan_waits', 'offered_from', 'timestamptz'),
('swan_waits', 'offered_until', 'timestamptz'),
('swan_waits', 'told', 'boolean not null'),
('swan_waits', 'refused', 'text'),
('swan_waits', 'tried', 'timestamptz');

SELECT set_eq($$SELECT name::text, relkind::text FROM studio_table WHERE schema = 'studio'$$,
	$$SELECT DISTINCT relation, 'r' FROM want_column$$, 'a studio has these six tables and no other relation');
SELECT results_eq(
	format('SELECT name, definition FROM studio_column WHERE schema = ''studio'' AND relation = %L ORDER BY attnum', relation),
	format('SELECT name, definition FROM want_column WHERE relation = %L ORDER BY n', relation),
	relation || ': columns in order')
FROM (SELECT DISTINCT relation FROM want_column) x ORDER BY relation;

-- Constraints; NOT NULL ones are above
CREATE TEMP VIEW studio_constraint AS
SELECT t.schema, t.name AS relation, c.conname AS name, pg_get_constraintdef(c.oid) AS definition, c.contype, c.convalidated
FROM studio_table t JOIN pg_constraint c ON c.conrelid = t.oid WHERE c.contype NOT IN ('n', 't');
CREATE TEMP TABLE want_constraint (relation text, name text, definition text);
INSERT INTO want_constraint VALUES
('users', 'users_pkey', 'PRIMARY KEY (id)'),
('users', 'users_role_check', $$CHECK ((role = ANY ('{client,trainer,staff,admin}'::text[])))$$),
('users', 'swan_balance_check', 'CHECK ((available_sessions >= 0))'),
('sessions', 'sessions_pkey', 'PRIMARY KEY (id)'),
('sessions', 'sessions_user_id_fkey', 'FOREIGN KEY (user_id) REFERENCES studio.users(id)'),
('sessions', 'sessions_trainer_id_fkey', 'FOREIGN KEY (trainer_id) REFERENCES studio.users(id)'),
('sessions', 'sessions_status_check', $$CHECK ((status = ANY ('{available,scheduled,confirmed,completed,cancelled,requested,blocked}'::text[])))$$),
('sessions', 'sessions_cost_check', 'CHECK (((cost >= 0) AND (cost <= 100)))'),
('sessions', 'sessions_duration_check', 'CHECK (((duration >= 1) AND (duration <= 1440)))'),
('swan_ledger', 'swan_ledger_pkey', 'PRIMARY KEY (id)'),
('swan_ledger', 'swan_ledger_balance_check', 'CHECK ((balance_after >= 0))'),
('swan_lots', 'swan_lots_pkey', 'PRIMARY KEY (id)'),
('swan_lots', 'swan_lots_remaining_check', 'CHECK (((remaining >= 0) AND (remaining <= granted)))'),
('swan_holds', 'swan_holds_pkey', 'PRIMARY KEY (session_id)'),
('swan_waits', 'swan_waits_pkey', 'PRIMARY KEY (session_id, user_id)');
SELECT set_eq(
	$$SELECT relation::text, name::text, definition FROM studio_constraint WHERE schema = 'studio'$$,
	'SELECT relation, name, definition FROM want_constraint', 'the constraints are exactly these');
SELECT is((SELECT string_agg(name, ', ') FROM studio_constraint WHERE NOT convalidated), NULL, 'all constraints are validated');
SELECT is((SELECT string_agg(c.conname, ', ') FROM pg_constraint c JOIN studio_table t ON t.oid IN (c.conrelid, c.confrelid)
	WHERE c.contype = 'f' AND t.name LIKE 'swan\_%'), NULL, 'no foreign key on the ledger, the lots, the holds or the waits, nor to them');

-- Indexes: every one is there for a reason, which its comment states
CREATE TEMP VIEW studio_index AS
SELECT t.schema, t.name AS relation, c.relname AS name, pg_get_indexdef(c.oid) AS definition,
	i.indisvalid, i.indisprimary, obj_description(c.oid, 'pg_class') AS comment
FROM studio_table t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid;
CREATE TEMP TABLE want_index (definition text);
INSERT INTO want_index VALUES
('CREATE UNIQUE INDEX users_pkey ON studio.users USING btree (id)'),
('CREATE UNIQUE INDEX users_email_key ON studio.users USING btree (lower(email))'),
($$CREATE INDEX users_name ON studio.users USING btree (lower((((COALESCE(last_name, ''::text) || ' '::text) || COALESCE(first_name, ''::text)) COLLATE "default")), id)$$),
($$CREATE INDEX users_created ON studio.users USING btree (COALESCE(created_at, '-infinity'::timestamp with time zone), id)$$),
('CREATE INDEX swan_ledger_feed ON studio.swan_ledger USING btree (xid, id)'),
('CREATE INDEX swan_ledger_at ON studio.swan_ledger USING brin (at)'),
('CREATE UNIQUE INDEX sessions_pkey ON studio.sessions USING btree (id)'),
('CREATE INDEX sessions_user ON studio.sessions USING btree (user_id, session_date)'),
('CREATE INDEX sessions_trainer ON studio.sessions USING btree (trainer_id, session_date)'),
('CREATE INDEX sessions_date ON studio.sessions USING btree (session_date)'),
('CREATE INDEX sessions_class ON studio.sessions USING btree (class_id, id) WHERE (class_id IS NOT NULL)'),
('CREATE UNIQUE INDEX swan_ledger_pkey ON studio.swan_ledger USING btree (id)'),
('CREATE INDEX swan_ledger_user ON studio.swan_ledger USING btree (user_id, id)'),
('CREATE UNIQUE INDEX swan_ledger_key ON studio.swan_ledger USING btree (user_id, kind, key) WHERE (key IS NOT NULL)'),
($$CREATE UNIQUE INDEX swan_ledger_purchase ON studio.swan_ledger USING btree (payment_ref, item) WHERE (kind = 'purchase'::text)$$),
('CREATE UNIQUE INDEX swan_lots_pkey ON studio.swan_lots USING btree (id)'),
('CREATE INDEX swan_lots_user ON studio.swan_lots USING btree (user_id)'),
('CREATE INDEX swan_lots_due ON studio.swan_lots USING btree (expires_at) WHERE ((NOT swept) AND (expires_at IS NOT NULL))'),
('CREATE INDEX swan_lots_payment ON studio.swan_lots USING btree (payment_ref) WHERE (payment_ref IS NOT NULL)'),
($$CREATE UNIQUE INDEX swan_lots_purchase ON studio.swan_lots USING btree (payment_ref, item) WHERE (source = ANY ('{purchase,import}'::text[]))$$),
('CREATE UNIQUE INDEX swan_holds_pkey ON studio.swan_holds USING btree (session_id)'),
('CREATE INDEX swan_holds_user ON studio.swan_holds USING btree (user_id)'),
('CREATE UNIQUE INDEX swan_waits_pkey ON studio.swan_waits USING btree (session_id, user_id)'),
('CREATE INDEX swan_waits_user ON studio.swan_waits USING btree (user_id)'),
('CREATE INDEX swan_waits_offered ON studio.swan_waits USING btree (offered_until) WHERE (offered_until IS NOT NULL)');
SELECT set_eq($$SELECT definition FROM studio_index WHERE schema = 'studio'$$,
	'SELECT definition FROM want_index', 'the indexes are exactly these');
SELECT is((SELECT string_agg(name, ', ' ORDER BY name) FROM studio_index WHERE schema = 'studio' AND coalesce(comment, '') = ''),
	NULL, 'every index has a comment');
SELECT is((SELECT string_agg(name, ', ') FROM studio_index WHERE NOT indisvalid), NULL, 'all are valid');
-- such an index would end HOT updates of the hottest rows
SELECT is((SELECT string_agg(name, ', ') FROM studio_index WHERE definition ~ 'available_sessions|remaining'), NULL,
	'no index mentions the balance or what remains of a lot');
SELECT is((SELECT string_agg(name, ', ') FROM studio_table
	WHERE schema = 'studio' AND name LIKE 'swan\_%' AND coalesce(obj_description(oid, 'pg_class'), '') = ''), NULL,
	'the ledger, the lots, the holds and the waits say what they are');

-- Columns say what they are: those of the extension's tables and types, of a studio, and of ours beside attached tables
CREATE SCHEMA attached;
CREATE TABLE attached.users (id bigint PRIMARY KEY, first_name text, last_name text, email text, role text, available_sessions integer);
CREATE TABLE attached.sessions (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES attached.users, trainer_id bigint REFERENCES attached.users,
	status text NOT NULL DEFAULT 'available', session_date timestamptz, duration integer, notes text, booked_at timestamptz, session_deducted boolean, confirmed boolean);
SELECT is((SELECT max(state) FROM swan_attach('attached.users', 'attached.sessions') WHERE item = 'studio'), 'attached', 'tables are attached');
CREATE TEMP VIEW our_column AS
SELECT c.oid, c.oid::regclass::text AS relation, a.attnum, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'c') AND (n.nspname IN ('swan', 'studio', 'An "odd" Näme') OR n.nspname = 'attached' AND c.relname LIKE 'swan\_%'
	OR EXISTS (SELECT FROM pg_depend d JOIN pg_type t ON t.typrelid = c.oid JOIN pg_extension e ON e.oid = d.refobjid
		WHERE e.extname = 'swanalloc' AND d.deptype = 'e' AND d.classid = 'pg_type'::regclass AND d.objid = t.oid));
SELECT is((SELECT string_agg(format('%s.%s', relation, attname), ', ') FROM our_column WHERE coalesce(col_description(oid, attnum), '') = ''),
	NULL, 'every column has a comment');
SELECT cmp_ok((SELECT count(DISTINCT relation) FROM our_column), '>=', 2 + 5 + 5 + 3 + 18::bigint, 'of all these relations');
SELECT lives_ok($$SELECT swan_detach('attached')$$, 'they are let go of');
DROP SCHEMA attached CASCADE;

-- Triggers
CREATE TEMP VIEW studio_trigger AS
SELECT t.schema, t.name AS relation, g.tgname AS name, pg_get_triggerdef(g.oid) AS definition, g.tgenabled
FROM studio_table t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal;
SELECT set_eq($$SELECT definition FROM studio_trigger WHERE schema = 'studio'$$, $$VALUES
('CREATE TRIGGER swan_word_users BEFORE INSERT OR DELETE OR UPDATE ON studio.users FOR EACH ROW EXECUTE FUNCTION swan_guard_users()'),
('CREATE TRIGGER swan_guard_users AFTER INSERT OR DELETE OR UPDATE ON studio.users FOR EACH ROW EXECUTE FUNCTION swan_guard_users()'),
('CREATE TRIGGER swan_guard_truncate BEFORE TRUNCATE ON studio.users FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_truncate()'),
('CREATE TRIGGER swan_guard_sessions AFTER INSERT OR DELETE OR UPDATE ON studio.sessions FOR EACH ROW EXECUTE FUNCTION swan_guard_sessions()'),
('CREATE TRIGGER swan_guard_truncate BEFORE TRUNCATE ON studio.sessions FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_truncate()'),
('CREATE TRIGGER swan_guard_closed BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON studio.swan_ledger FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_closed()'),
('CREATE TRIGGER swan_guard_closed BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON studio.swan_lots FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_closed()'),
('CREATE TRIGGER swan_guard_closed BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON studio.swan_holds FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_closed()'),
('CREATE TRIGGER swan_guard_closed BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON studio.swan_waits FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_closed()')$$,
	'the triggers are exactly these');
SELECT is((SELECT string_agg(name, ', ') FROM studio_trigger WHERE tgenabled <> 'O'), NULL, 'all are enabled');

-- Owner, privileges, sequences
SELECT is((SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'studio'), 'regress_owner', 'the schema is the owner''s');
SELECT is((SELECT string_agg(DISTINCT relowner::regrole::text, ', ') FROM studio_table), 'regress_owner', 'and so are the tables');
SELECT is((SELECT string_agg(name, ', ') FROM studio_table WHERE relacl IS NOT NULL), NULL, 'nothing is granted on them to anybody');
SELECT is((SELECT string_agg(c.relname, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'studio' AND c.relkind = 'S' AND (c.relowner <> 'regress_owner'::regrole OR c.relacl IS NOT NULL)), NULL,
	'nor on their sequences');
SELECT is((SELECT seqcache FROM pg_sequence
	WHERE seqrelid = pg_get_serial_sequence('studio.swan_ledger', 'id')::regclass), 1::bigint, 'ledger ids are not handed out in advance');

-- Both studios are alike
CREATE FUNCTION pg_temp.plain(text) RETURNS text LANGUAGE sql AS
	$$SELECT replace(replace($1, '"An ""odd"" Näme".', 'studio.'), 'An "odd" Näme', 'studio')$$;
SELECT set_eq(
	$$SELECT relation, attnum, name, definition FROM studio_column WHERE schema <> 'studio'$$,
	$$SELECT relation, attnum, name, definition FROM studio_column WHERE schema = 'studio'$$, 'the odd studio has the same columns');
SELECT set_eq(
	$$SELECT relation, name, pg_temp.plain(definition) FROM studio_constraint WHERE schema <> 'studio'$$,
	$$SELECT relation, name, definition FROM studio_constraint WHERE schema = 'studio'$$, 'the same constraints');
SELECT set_eq(
	$$SELECT relation, name, pg_temp.plain(definition), comment FROM studio_index WHERE schema <> 'studio'$$,
	$$SELECT relation, name, definition, comment FROM studio_index WHERE schema = 'studio'$$, 'the same indexes');
SELECT set_eq(
	$$SELECT relation, name, pg_temp.plain(definition), tgenabled FROM studio_trigger WHERE schema <> 'studio'$$,
	$$SELECT relation, name, definition, tgenabled FROM studio_trigger WHERE schema = 'studio'$$, 'the same triggers');

-- The registry
CREATE TEMP VIEW registry AS
SELECT c.oid, c.relname AS name, c.relowner, c.relacl FROM pg_class c WHERE c.oid IN ('swan.studio'::regclass, 'swan.role'::regclass);
SELECT results_eq($$
	SELECT (r.name || '.' || a.attname) COLLATE "default", replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz')
		|| CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
	FROM registry r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY r.name, a.attnum$$, $$VALUES
	('role.studio', 'text not null'), ('role.db_role', 'text not null'), ('role.as_what', 'text not null'), ('role.user_id', 'bigint'),
	('role.accepted', 'boolean not null'), ('role.role_oid', 'oid'),
	('studio.name', 'text not null'), ('studio.users', 'regclass not null'), ('studio.sessions', 'regclass not null'),
	('studio.owned_by', 'text not null'), ('studio.own', 'boolean not null'), ('studio.columns', 'jsonb not null'),
	('studio.backfilled', 'boolean not null'), ('studio.created_at', 'timestamptz not null'),
	('studio.guard_balance', 'text not null'), ('studio.guard_sessions', 'text not null'), ('studio.grant_max', 'integer not null'),
	('studio.purchase_max', 'integer not null'), ('studio.low_threshold', 'integer not null'), ('studio.cancel_window', 'interval not null'),
	('studio.admin_booking', 'text not null'), ('studio.hold_max', 'integer not null'), ('studio.trainer_overlap', 'text not null'),
	('studio.time_zone', 'text not null'), ('studio.search_path', 'text'), ('studio.session_records', 'text not null'), ('studio.feed', 'text'),
	('studio.book_notice', 'interval not null'), ('studio.book_horizon', 'interval'), ('studio.live_max', 'integer'), ('studio.buffer', 'interval not null'),
	('studio.trainer_may', 'text not null'),
	('studio.hold_credit', 'text not null'), ('studio.hold_total', 'interval not null'), ('studio.booking_rule', 'text'), ('studio.cost_rule', 'text'), ('studio.assignments', 'text'), ('studio.wait_offer', 'interval not null'), ('studio.staff_may', 'text not null'),
	('studio.closed_at', 'timestamptz'), ('studio.closed_reason', 'text')$$,
	'the registry''s columns, in order');
SELECT is((SELECT string_agg(r.name || '.' || a.attname, ', ') FROM registry r
	JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE a.attgenerated = '' AND a.atttypid IN ('oid'::regtype, 'regproc'::regtype, 'regprocedure'::regtype, 'regoper'::regtype, 'regoperator'::regtype,
		'regconfig'::regtype, 'regdictionary'::regtype, 'regnamespace'::regtype, 'regcollation'::regtype)), NULL,
	'no column is of a type that blocks pg_upgrade or dies in a dump');
SELECT set_eq($$SELECT u.t::regclass::text, u.c FROM pg_extension e, unnest(e.extconfig, e.extcondition) u (t, c) WHERE e.extname = 'swanalloc'$$,
	$$VALUES ('swan.studio', ''), ('swan.role', '')$$, 'both are dumped, every row of them');
SELECT set_eq($$SELECT x.grantee::regrole::text, r.name::text, x.privilege_type FROM registry r, aclexplode(r.relacl) x WHERE x.grantee <> r.relowner$$,
	$$VALUES ('-', 'studio', 'SELECT'), ('-', 'role', 'SELECT')$$, 'everybody may read it, nobody may write it');
SELECT set_eq($$SELECT x.grantee::regrole::text, x.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) x WHERE n.nspname = 'swan' AND x.grantee <> n.nspowner$$,
	$$VALUES ('-', 'USAGE')$$, 'nobody may create in its schema');
SELECT set_eq($$SELECT tgrelid::regclass::text, pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger
	WHERE tgrelid IN (SELECT oid FROM registry) AND NOT tgisinternal$$, $$VALUES
	('swan.studio', 'CREATE TRIGGER changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON swan.studio FOR EACH STATEMENT EXECUTE FUNCTION swan.registry_changed()', 'A'),
	('swan.role', 'CREATE TRIGGER changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON swan.role FOR EACH STATEMENT EXECUTE FUNCTION swan.registry_changed()', 'A')$$,
	'every change of it is told to all backends, that of a restore too');
SELECT results_eq(
	$$SELECT name, users::text, sessions::text, owned_by, own, columns, backfilled, guard_balance, guard_sessions, grant_max, purchase_max,
		low_threshold, cancel_window, admin_booking, hold_max, trainer_overlap, time_zone, search_path, session_records, hold_credit, hold_total, booking_rule, assignments
	FROM swan.studio WHERE name = 'studio'$$,
	$$VALUES ('studio', 'studio.users', 'studio.sessions', 'regress_owner', true, '{"names": {"sessions.cost": "cost", "sessions.kind": "kind", "sessions.credits": "credits", "sessions.class_id": "class_id"}}'::jsonb, true, 'refuse', 'refuse', 100, 1000,
		3, interval '24 hours', 'free', 1, 'refuse', 'UTC', NULL::text, 'off', 'off', interval '60 minutes', NULL::text, NULL::text)$$, 'a new studio''s row and settings');
SELECT is((SELECT count(*) FROM swan.role), 0::bigint, 'nobody is listed in a new studio');

-- Reading and writing it as an ordinary role and as the owner of a studio
CREATE FUNCTION pg_temp.as_role(db_role text, command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM set_config('role', db_role, true);
		EXECUTE command;
		RAISE EXCEPTION USING ERRCODE = 'TT000';
	EXCEPTION WHEN OTHERS THEN
		RETURN CASE sqlstate WHEN 'TT000' THEN 'done' ELSE sqlstate END;
	END;
END $$;
SELECT is(pg_temp.as_role(r, c), e, format('%s as %s: %s', c, r, e))
FROM (VALUES ('regress_anybody'), ('regress_owner')) x (r), (VALUES
	('SELECT name FROM swan.studio', 'done'),
	('SELECT db_role FROM swan.role', 'done'),
	('UPDATE swan.studio SET grant_max = 99', '42501'),
	('DELETE FROM swan.studio', '42501'),
	('TRUNCATE swan.studio', '42501'),
	('LOCK swan.studio IN EXCLUSIVE MODE', '42501'),
	($$INSERT INTO swan.studio (name, users, sessions, owned_by, own, backfilled) VALUES ('x', 'pg_class', 'pg_proc', 'x', true, true)$$, '42501'),
	($$INSERT INTO swan.role VALUES ('studio', current_user, 'system')$$, '42501'),
	($$UPDATE swan.role SET as_what = 'system'$$, '42501'),
	('DELETE FROM swan.role', '42501'),
	('TRUNCATE swan.role', '42501'),
	('CREATE TABLE swan.mine ()', '42501'),
	('CREATE TRIGGER mine AFTER INSERT ON swan.role FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_truncate()', '42501')) y (c, e);
SELECT is(pg_temp.as_role('regress_anybody', c), '42501', format('%s: not for anybody', c))
FROM unnest(ARRAY['SELECT * FROM studio.users', 'SELECT * FROM studio.sessions', 'SELECT * FROM studio.swan_ledger',
	'SELECT * FROM studio.swan_lots', 'SELECT * FROM studio.swan_holds', 'SELECT * FROM studio.swan_waits',
	'INSERT INTO studio.users DEFAULT VALUES', 'CREATE TABLE studio.mine ()']) c;
SELECT is(pg_temp.as_role('regress_owner', c), 'done', format('%s: its owner may', c))
FROM unnest(ARRAY['SELECT * FROM studio.users', 'SELECT * FROM studio.swan_ledger', 'INSERT INTO studio.users DEFAULT VALUES',
	'ALTER TABLE studio.users ADD phone text', 'DROP TABLE studio.swan_ledger']) c;

-- What a column means to its CHECKs and keys, with the triggers off: these alone hold on a replica
CREATE FUNCTION pg_temp.state_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE c text;
BEGIN
	BEGIN
		SET LOCAL session_replication_role = replica;
		EXECUTE command;
		RAISE EXCEPTION USING ERRCODE = 'TT000';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS c = CONSTRAINT_NAME;
		RETURN CASE sqlstate WHEN 'TT000' THEN 'done' ELSE concat_ws(' ', sqlstate, nullif(c, '')) END;
	END;
END $$;
SELECT is(pg_temp.state_of(c), e, format('%s: %s', regexp_replace(c, '\s+', ' ', 'g'), e)) FROM (VALUES
	('INSERT INTO studio.users (available_sessions) VALUES (-1)', '23514 swan_balance_check'),
	('INSERT INTO studio.users (available_sessions) VALUES (0)', 'done'),
	('INSERT INTO studio.users (available_sessions) VALUES (NULL)', '23502'),
	($$INSERT INTO studio.users (role) VALUES ('Client')$$, '23514 users_role_check'),
	($$INSERT INTO studio.users (email) VALUES ('ann@example.org'), ('Ann@Example.org')$$, '23505 users_email_key'),
	('INSERT INTO studio.users (email) VALUES (NULL), (NULL)', 'done'),
	($$INSERT INTO studio.sessions (status) VALUES ('no_show')$$, '23514 sessions_status_check'),
	('INSERT INTO studio.sessions (duration) VALUES (0)', '23514 sessions_duration_check'),
	('INSERT INTO studio.sessions (duration) VALUES (1441)', '23514 sessions_duration_check'),
	('INSERT INTO studio.sessions DEFAULT VALUES', 'done'),
	($$INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, db_role, call_id, at, xid)
		VALUES (1, -1, -1, 'booking', 'x', 1, '2099-01-01', pg_current_xact_id())$$, '23514 swan_ledger_balance_check'),
	($$INSERT INTO studio.swan_ledger (id, user_id, delta, balance_after, kind, db_role, call_id, at, xid)
		VALUES (1, 1, 1, 1, 'grant', 'x', 1, '2099-01-01', pg_current_xact_id())$$, '428C9'),
	($$INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, key, db_role, call_id, at, xid)
		SELECT 1, 1, 1, 'grant', 'k', 'x', 1, '2099-01-01', pg_current_xact_id() FROM generate_series(1, 2)$$, '23505 swan_ledger_key'),
	($$INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, key, db_role, call_id, at, xid)
		SELECT i, 1, 1, k, 'k', 'x', 1, '2099-01-01', pg_current_xact_id() FROM generate_series(1, 2) i, unnest(ARRAY['grant', 'booking']) k$$, 'done'),
	($$INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, payment_ref, item, db_role, call_id, at, xid)
		SELECT i, 1, 1, 'purchase', 'p', '', 'x', 1, '2099-01-01', pg_current_xact_id() FROM generate_series(1, 2) i$$, '23505 swan_ledger_purchase'),
	($$INSERT INTO studio.swan_ledger (user_id, delta, balance_after, kind, payment_ref, item, db_role, call_id, at, xid)
		SELECT 1, 1, 1, 'purchase', 'p', i::text, 'x', 1, '2099-01-01', pg_current_xact_id() FROM generate_series(1, 2) i$$, 'done'),
	($$INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (1, 1, 'grant', 1, -1)$$, '23514 swan_lots_remaining_check'),
	($$INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (1, 1, 'grant', 1, 2)$$, '23514 swan_lots_remaining_check'),
	($$INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (1, 1, 'grant', 1, 1)$$, 'done'),
	($$INSERT INTO studio.swan_holds VALUES (1, 1, '2099-01-01'), (1, 2, '2099-01-01')$$, '23505 swan_holds_pkey'),
	($$INSERT INTO studio.swan_waits VALUES (1, 1, 1, now(), false, NULL, NULL, false), (1, 1, 2, now(), true, NULL, NULL, false)$$, '23505 swan_waits_pkey')) x (c, e);

-- The tables are ordinary ones: DROP EXTENSION takes the guards, not the rows
SELECT is((SELECT string_agg(pg_describe_object(d.classid, d.objid, 0), ', ') FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
	WHERE d.refclassid = 'pg_extension'::regclass AND e.extname = 'swanalloc'
	  AND (d.objid IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('studio', 'An "odd" Näme'))
		OR d.classid = 'pg_namespace'::regclass AND d.objid = 'studio'::regnamespace)), NULL, 'nothing of a studio is a member of the extension');
INSERT INTO studio.users (first_name) VALUES ('Ann');
SET LOCAL swanalloc.studio = 'studio';
SELECT is((SELECT available_sessions FROM swan_grant((SELECT id FROM studio.users), 5)), 5, 'a client has credits');
SELECT throws_ok('DROP EXTENSION swanalloc', '2BP01', NULL, 'the extension is not dropped while it guards tables');
DROP EXTENSION swanalloc CASCADE;
SELECT is((SELECT available_sessions FROM studio.users), 5, 'when it is dropped the balances stay');
SELECT is((SELECT string_agg(kind || delta, ',') FROM studio.swan_ledger), 'grant5', 'and so does the ledger');
SELECT is((SELECT string_agg(source || remaining, ',') FROM studio.swan_lots), 'grant5', 'and so do the lots');
SELECT set_eq($$SELECT name::text FROM studio_table WHERE schema = 'studio'$$, 'SELECT DISTINCT relation FROM want_column', 'all six tables are there');
SELECT is((SELECT count(*) FROM studio_trigger), 0::bigint, 'the triggers are gone');

SELECT * FROM finish();
ROLLBACK;
