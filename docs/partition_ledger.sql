/*
 * Divides the ledger of a studio into partitions, for when it has grown large.
 *
 *     psql -X -d your_database -v schema=studio -f partition_ledger.sql
 *
 * schema is that of the studio's users.  The first run makes swan_ledger a
 * partitioned table and what it was until then its first partition,
 * swan_ledger_p1; no row is copied.  Every further run, say once a quarter,
 * closes the partition that is written to, and begins the next one.  The last
 * partition has no upper end, so no booking ever fails for want of one.
 *
 * Partitions are ranges of id, which rises with time.  So the primary key stays
 * what it is, and a client's last row is found from the newest partition
 * downwards.  Keys and payments are unique within a partition; that each counts
 * once in all of them is seen to by the engine, and checked by swan_verify().
 *
 * Run it as the tables' owner, as a member of that role, or as a superuser, and
 * not in a transaction (no psql -1).  It waits for running transactions that
 * use the ledger, twice, and locks everybody out meanwhile: at most for
 * lock_timeout, then it gives up, everything is as it was, and one runs it again.
 * In between it reads the partition that is written to, and hinders nobody.
 *
 * If psql itself is killed halfway, run it again: otherwise a constraint,
 * swan_ledger_ids, may stay, and bookings fail once the room is used up.
 *
 * Further variables, each with -v:
 *   room=100000        ids that still go into the partition that is being closed;
 *                      more than are handed out while the script runs
 *   lock_timeout=2s    how long it may keep others waiting
 *
 * Everything that the application has made of its own on the ledger is
 * looked at first.  Columns, defaults, checks, plain indexes, comments and grants
 * are kept; views, foreign keys, policies, triggers, publications and further
 * unique indexes stand in the way: drop them, and make them again afterwards.
 *
 * Never detach or drop a partition: balances are the sum of all of the ledger.
 */
\set ON_ERROR_STOP on
\if :{?schema} \else \set schema studio \endif
\if :{?room} \else \set room 100000 \endif
\if :{?lock_timeout} \else \set lock_timeout 2s \endif
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),
  pg_catalog.set_config('lock_timeout', :'lock_timeout', false),
  pg_catalog.set_config('partition_ledger.schema', :'schema', false),
  pg_catalog.set_config('partition_ledger.room', :'room', false) \g /dev/null
SELECT pg_catalog.quote_ident(:'schema') || '.swan_ledger' AS ledger \gset
SELECT relowner::regrole AS owner FROM pg_class WHERE oid = :'ledger'::regclass \gset
SET ROLE :owner;

-- What stands in the way, and the table that is written to now: it must not have ids from the bound on.
DO $$
DECLARE
  schema constant text := current_setting('partition_ledger.schema');
  ledger constant regclass := format('%I.swan_ledger', schema);
  bound bigint;
  found text;
  open regclass := ledger;
  low text := 'MINVALUE';
BEGIN
  IF (SELECT relkind FROM pg_class WHERE oid = ledger) = 'p' THEN
    SELECT c.oid, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \((.*)\) TO')
      INTO open, low
      FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = ledger
      WHERE pg_get_expr(c.relpartbound, c.oid) LIKE '%TO (MAXVALUE)';
    IF open IS NULL THEN
      RAISE EXCEPTION 'no partition of % has an open end', ledger
        USING HINT = 'Add one: FOR VALUES FROM (where the last one ends) TO (MAXVALUE).';
    END IF;
  ELSE
    SELECT string_agg(pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO found
      FROM (SELECT DISTINCT classid, objid, 0 AS objsubid FROM pg_depend
            WHERE refclassid = 'pg_class'::regclass AND refobjid = ledger
               OR refclassid = 'pg_type'::regclass AND refobjid = (SELECT reltype FROM pg_class WHERE oid = ledger)) d
      LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
      LEFT JOIN pg_index x ON d.classid = 'pg_class'::regclass AND x.indexrelid = d.objid
      LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
      LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
      WHERE d.classid NOT IN ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_trigger'::regclass,
              'pg_type'::regclass, 'pg_attrdef'::regclass, 'pg_statistic_ext'::regclass)
        OR k.contype NOT IN ('p', 'c', 'n')
        OR x.indisunique AND c.relname NOT IN ('swan_ledger_pkey', 'swan_ledger_key', 'swan_ledger_purchase')
        OR c.relkind IN ('r', 'p', 'f', 'c')
        OR NOT t.tgisinternal AND t.tgname <> 'swan_guard_closed';
    IF found IS NOT NULL THEN
      RAISE EXCEPTION 'in the way: %', found USING HINT = 'Drop it, and make it again afterwards.';
    END IF;
    IF (SELECT relrowsecurity FROM pg_class WHERE oid = ledger) THEN
      RAISE EXCEPTION '% has row security', ledger USING HINT = 'Disable it, and enable it again afterwards.';
    END IF;
  END IF;

  EXECUTE format('SELECT last_value FROM %I.swan_ledger_id_seq', schema) INTO bound;
  IF low <> 'MINVALUE' AND bound < trim(low, '''')::bigint THEN
    RAISE EXCEPTION '% is not written to yet', open
      USING DETAIL = format('It begins with id %s; the last one was %s.', low, bound);
  END IF;
  bound := bound + current_setting('partition_ledger.room')::bigint;
  IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = open AND conname = 'swan_ledger_ids') THEN
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT swan_ledger_ids', open);
  END IF;
  EXECUTE format('ALTER TABLE %s ADD CONSTRAINT swan_ledger_ids CHECK (%s id < %s) NOT VALID',
    open, CASE WHEN low <> 'MINVALUE' THEN format('id >= %s AND', low) END, bound);
  PERFORM set_config('partition_ledger.open', open::text, false),
    set_config('partition_ledger.low', low, false), set_config('partition_ledger.bound', bound::text, false);
END
$$;
SELECT current_setting('partition_ledger.open') AS open \gset

-- So that the short lock below need not wait for this.  Bookings go on.
\set ON_ERROR_STOP off
ALTER TABLE :open VALIDATE CONSTRAINT swan_ledger_ids;

DO $$
DECLARE
  schema constant text := current_setting('partition_ledger.schema');
  bound constant text := current_setting('partition_ledger.bound');
  open constant regclass := current_setting('partition_ledger.open');
  ledger regclass := format('%I.swan_ledger', schema);
  next_name text;
  again text[];
  command text;
  was record;
  ids record;
BEGIN
  IF NOT (SELECT convalidated FROM pg_constraint WHERE conrelid = open AND conname = 'swan_ledger_ids') THEN
    RAISE EXCEPTION 'the ids of % were not checked', open;
  END IF;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', ledger);

  IF open = ledger THEN
    -- What the new table has to have again; these texts speak of swan_ledger by its name.
    again := ARRAY(
      SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ledger AND NOT indisunique
      UNION ALL
      SELECT format('COMMENT ON INDEX %s IS %L', indexrelid::regclass, obj_description(indexrelid, 'pg_class'))
        FROM pg_index WHERE indrelid = ledger AND (indisprimary OR NOT indisunique)
          AND obj_description(indexrelid, 'pg_class') IS NOT NULL
      UNION ALL
      SELECT format('COMMENT ON TABLE %s IS %L', ledger, obj_description(ledger, 'pg_class'))
      UNION ALL
      SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, ledger,
          CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
          CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
        FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = ledger AND a.grantee <> c.relowner
      UNION ALL
      SELECT format('GRANT %s (%I) ON %s TO %s%s', a.privilege_type, c.attname, ledger,
          CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
          CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
        FROM pg_attribute c, aclexplode(c.attacl) a WHERE c.attrelid = ledger
      UNION ALL
      SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = ledger AND tgname = 'swan_guard_closed');
    EXECUTE format('SELECT last_value AS n, is_called FROM %I.swan_ledger_id_seq', schema) INTO ids;

    EXECUTE format('ALTER TABLE %s ALTER COLUMN id DROP IDENTITY', open);
    EXECUTE format('ALTER TABLE %s RENAME TO swan_ledger_p1', open);
    FOR was IN SELECT c.oid::regclass AS index, regexp_replace(c.relname, '^(swan_ledger)?_?', 'swan_ledger_p1_') AS name
      FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = open
    LOOP
      EXECUTE format('ALTER INDEX %s RENAME TO %I', was.index, was.name);
    END LOOP;

    EXECUTE format('CREATE TABLE %I.swan_ledger (LIKE %s INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY)'
      ' PARTITION BY RANGE (id)', schema, open);
    ledger := format('%I.swan_ledger', schema);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT swan_ledger_ids', ledger);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT swan_ledger_pkey PRIMARY KEY (id)', ledger);
    EXECUTE format('ALTER TABLE %s ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY'
      ' (SEQUENCE NAME %I.swan_ledger_id_seq CACHE 1)', ledger, schema);
    PERFORM setval(format('%I.swan_ledger_id_seq', schema), ids.n, ids.is_called);
    FOREACH command IN ARRAY again LOOP
      EXECUTE command;
    END LOOP;
  ELSE
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', ledger, open);
  END IF;

  -- Neither reads a row, thanks to the constraint.  Indexes that are there become part of the ledger's.
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)',
    ledger, open, current_setting('partition_ledger.low'), bound);
  EXECUTE format('ALTER TABLE %s DROP CONSTRAINT swan_ledger_ids', open);

  -- The next one is like it.
  SELECT format('%I.%I', schema, 'swan_ledger_p' || max(substring(c.relname FROM '^swan_ledger_p(\d+)$')::integer) + 1)
    INTO next_name FROM pg_class c WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = ledger);
  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', next_name, open);
  FOR was IN SELECT o.option_name AS name, o.option_value AS value
    FROM pg_class c, pg_options_to_table(c.reloptions) o WHERE c.oid = open
  LOOP
    EXECUTE format('ALTER TABLE %s SET (%I = %L)', next_name, was.name, was.value);
  END LOOP;
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (MAXVALUE)', ledger, next_name, bound);

  -- A statement that is aimed at a partition fires only the triggers of that.
  FOR was IN SELECT tgfoid::regproc AS function FROM pg_trigger WHERE tgrelid = ledger AND tgname = 'swan_guard_closed'
  LOOP
    EXECUTE format('CREATE TRIGGER swan_guard_closed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
      ' FOR EACH STATEMENT EXECUTE FUNCTION %s()', next_name, was.function);
  END LOOP;
  RAISE NOTICE 'ids from % on go into %', bound, next_name;
END
$$;
\set failed :ERROR
\set ON_ERROR_STOP on
\if :failed
  -- or there would be no room for ids from the bound on
  ALTER TABLE :open DROP CONSTRAINT swan_ledger_ids;
  DO $$ BEGIN RAISE EXCEPTION 'the ledger is as it was' USING HINT = 'Run this again.'; END $$;
\endif
ANALYZE :ledger;
RESET ROLE;
