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
 * not in a transaction (no psql -1).  It locks everybody out at the beginning and
 * at the end, for an instant; before it gets a lock it waits for the transactions
 * that use the table, and others wait behind it, each time for at most
 * lock_timeout.  In between it reads the partition that is written to, and hinders
 * nobody.  What fails changes nothing, and one runs it again.
 *
 * In between a constraint, swan_ledger_ids, refuses ids that belong into the next
 * partition.  It goes whatever fails, also when psql is killed; but who kept the
 * last lock from us may keep that one too, so it is tried until undo_timeout.
 * If it is still there then, or the session was ended (pg_terminate_backend, a
 * crash), bookings fail once the room is used up.  swan_verify() and swan_health()
 * report it, also while this runs.  Run this again, or ALTER TABLE ... DROP CONSTRAINT.
 *
 * Further variables, each with -v:
 *   room=100000        ids that still go into the partition that is being closed;
 *                      more than are handed out while the script runs
 *   lock_timeout=2s    how long it may keep others waiting
 *   undo_timeout=1h    how long it tries to undo what it cannot end
 *
 * Everything that the application has made of its own on the ledger is
 * looked at first.  Columns, defaults, checks, plain indexes, comments and grants
 * are kept; views, foreign keys, policies, triggers, further unique indexes, and
 * publications (of all tables, or of the schema, if not via the root) stand in the
 * way: drop them, and make them again afterwards.  Nobody but the owner has
 * privileges on a partition: who reads the ledger needs none, but pg_dump does.
 *
 * Never detach or drop a partition: balances are the sum of all of the ledger.
 */
\set ON_ERROR_STOP on
\if :{?schema} \else \set schema studio \endif
\if :{?room} \else \set room 100000 \endif
\if :{?lock_timeout} \else \set lock_timeout 2s \endif
\if :{?undo_timeout} \else \set undo_timeout 1h \endif
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),
  pg_catalog.set_config('lock_timeout', :'lock_timeout', false),
  pg_catalog.set_config('statement_timeout', '0', false),
  pg_catalog.set_config('client_connection_check_interval', '0', false),
  pg_catalog.set_config('partition_ledger.schema', :'schema', false),
  pg_catalog.set_config('partition_ledger.room', :'room', false),
  pg_catalog.set_config('partition_ledger.undo_timeout', :'undo_timeout', false) \g /dev/null
SELECT pg_catalog.quote_ident(:'schema') || '.swan_ledger' AS ledger \gset
SELECT relowner::regrole AS owner FROM pg_class WHERE oid = :'ledger'::regclass \gset
SET ROLE :owner;

-- One statement, which the server carries to its end without psql; so nothing is told before that.
DO $$
DECLARE
  schema constant text := current_setting('partition_ledger.schema');
  undo_timeout constant interval := current_setting('partition_ledger.undo_timeout');
  ledger regclass := format('%I.swan_ledger', schema);
  sequence regclass := format('%I.swan_ledger_id_seq', schema);
  open regclass := ledger;  -- what is written to now; from the bound on it must not have ids
  low text := 'MINVALUE';
  bound bigint;
  first constant boolean := (SELECT relkind FROM pg_class WHERE oid = ledger) <> 'p';
  next regclass;
  found text;
  again text[];
  grants text[] := '{}';
  command text;
  was record;
  ids record;
  failed text;
  until timestamptz;
BEGIN
  IF NOT first THEN
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
               OR refclassid = 'pg_type'::regclass AND refobjid = (SELECT reltype FROM pg_class WHERE oid = ledger)
            UNION ALL
            SELECT 'pg_publication'::regclass, p.oid, 0 FROM pg_publication p
            WHERE NOT p.pubviaroot AND (p.puballtables OR EXISTS (SELECT FROM pg_publication_namespace n
              WHERE n.pnpubid = p.oid AND n.pnnspid = (SELECT relnamespace FROM pg_class WHERE oid = ledger)))) d
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

  -- ATTACH would not take it, and build another one under the lock.
  SELECT string_agg(indexrelid::regclass::text, ', ') INTO found
    FROM pg_index WHERE indrelid IN (ledger, open) AND NOT indisvalid;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'not a valid index: %', found USING HINT = 'Rebuild or drop it.';
  END IF;

  EXECUTE format('SELECT last_value FROM %s', sequence) INTO bound;
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
  COMMIT;

  -- So that the short lock below need not wait for this.  Bookings go on.
  BEGIN
    EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT swan_ledger_ids', open);
  EXCEPTION WHEN OTHERS OR query_canceled THEN
    failed := SQLERRM;
  END;
  COMMIT;

  BEGIN
    IF failed IS NOT NULL THEN
      RAISE EXCEPTION '%', failed;
    END IF;
    -- This locks and changes nothing.  LOCK TABLE would ask for all partitions, which pg_dump locks in another order.
    EXECUTE format('ALTER TABLE %s OWNER TO CURRENT_ROLE', ledger);

    IF first THEN
      -- What the new table has to have again; these texts speak of swan_ledger by its name.
      again := ARRAY(
        SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ledger AND NOT indisunique
        UNION ALL
        SELECT format('COMMENT ON INDEX %s IS %L', indexrelid::regclass, obj_description(indexrelid, 'pg_class'))
          FROM pg_index WHERE indrelid = ledger AND (indisprimary OR NOT indisunique)
            AND obj_description(indexrelid, 'pg_class') IS NOT NULL
        UNION ALL
        SELECT format('COMMENT ON TABLE %s IS %L', ledger, obj_description(ledger, 'pg_class')));
      grants := ARRAY(
        SELECT format('GRANT %s%s ON %s TO %s%s', a.privilege_type, c.part, c.oid::regclass,
            CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
            CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
          FROM (SELECT oid, '',
                  coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
                FROM pg_class WHERE oid IN (ledger, sequence)
                UNION ALL
                SELECT attrelid, format(' (%I)', attname), attacl
                FROM pg_attribute WHERE attrelid = ledger) c (oid, part, acl),
            aclexplode(c.acl) a);
      EXECUTE format('SELECT last_value AS n, is_called FROM %s', sequence) INTO ids;

      EXECUTE format('ALTER TABLE %s ALTER COLUMN id DROP IDENTITY', open);
      EXECUTE format('ALTER TABLE %s RENAME TO swan_ledger_p1', open);
      -- Names of the application's may be as long as names can be: they are numbered.
      FOR was IN SELECT c.oid::regclass AS index, 'swan_ledger_p1_' || coalesce(
          substring(c.relname FROM '^swan_ledger_(pkey|user|key|purchase|feed|at)$'), row_number() OVER ()::text) AS name
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
      sequence := format('%I.swan_ledger_id_seq', schema);
      PERFORM setval(sequence, ids.n, ids.is_called);
      FOREACH command IN ARRAY again LOOP
        EXECUTE command;
      END LOOP;
    ELSE
      EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', ledger, open);
    END IF;

    -- Neither reads a row, thanks to the constraint.  Indexes that are there become part of the ledger's.
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (''%s'')', ledger, open, low, bound);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT swan_ledger_ids', open);

    -- The next one is like it.
    SELECT format('%I.%I', schema, 'swan_ledger_p' || max(substring(c.relname FROM '^swan_ledger_p(\d+)$')::integer) + 1)
      INTO command FROM pg_class c WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = ledger);
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', command, open);
    next := command;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (''%s'') TO (MAXVALUE)', ledger, next, bound);

    -- What LIKE leaves out.  A statement that is aimed at a partition fires only the triggers of that.
    again := ARRAY(
      SELECT format('ALTER TABLE %s SET (%I = %L)', next, o.option_name, o.option_value)
        FROM pg_class c, pg_options_to_table(c.reloptions) o WHERE c.oid = open
      UNION ALL
      SELECT format(x.command, target.t)
        FROM unnest(CASE WHEN first THEN ARRAY[ledger, next] ELSE ARRAY[next] END) target (t),
          (SELECT 'ALTER TABLE %s REPLICA IDENTITY ' || CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END
             FROM pg_class WHERE oid = open AND relreplident IN ('f', 'n')
           UNION ALL
           SELECT format('ALTER TABLE %%s ALTER COLUMN %s SET STATISTICS %s',
               replace(quote_ident(attname), '%', '%%'), attstattarget)
             FROM pg_attribute WHERE attrelid = open AND attstattarget >= 0 AND attnum > 0 AND NOT attisdropped
           UNION ALL
           SELECT unnest(ARRAY[
               format('CREATE TRIGGER swan_guard_closed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %%s'
                 ' FOR EACH STATEMENT EXECUTE FUNCTION %s()', replace(tgfoid::regproc::text, '%', '%%')),
               format('ALTER TABLE %%s %s TRIGGER swan_guard_closed',
                 CASE tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA'
                   WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE' END)])
             FROM pg_trigger WHERE tgrelid = open AND tgname = 'swan_guard_closed') x (command));
    FOREACH command IN ARRAY again LOOP
      EXECUTE command;
    END LOOP;

    -- Default privileges, and those of the ledger that it was, must not open a way past the ledger.
    again := ARRAY(
      SELECT DISTINCT format('REVOKE ALL ON %s FROM %s CASCADE', c.oid::regclass,
          CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
        FROM (SELECT oid, relowner, coalesce(relacl, acldefault('r', relowner)) FROM pg_class
              UNION ALL
              SELECT r.oid, r.relowner, attacl FROM pg_attribute JOIN pg_class r ON r.oid = attrelid) c (oid, owner, acl),
          aclexplode(c.acl) a
        WHERE c.oid = next OR first AND c.oid IN (ledger, sequence, open) AND NOT (c.oid = open AND a.grantee = c.owner))
      || grants || ARRAY(
      SELECT format('GRANT %s ON %s TO CURRENT_ROLE', a.privilege_type, next)
        FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
        WHERE c.oid = open AND a.grantee = c.relowner);
    FOREACH command IN ARRAY again LOOP
      EXECUTE command;
    END LOOP;
  EXCEPTION WHEN OTHERS OR query_canceled THEN
    failed := SQLERRM;
  END;
  COMMIT;

  IF failed IS NOT NULL THEN
    until := clock_timestamp() + undo_timeout;
    BEGIN
      LOOP
        BEGIN
          EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS swan_ledger_ids', open);
          EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
          IF clock_timestamp() >= until THEN
            RAISE;
          END IF;
        END;
        PERFORM pg_sleep(extract(epoch FROM 5 * current_setting('lock_timeout')::interval));  -- others first
      END LOOP;
    EXCEPTION WHEN OTHERS OR query_canceled THEN
      RAISE EXCEPTION '%', failed USING
        DETAIL = format('Constraint swan_ledger_ids is still on %s: bookings fail from id %s on.', open, bound),
        HINT = format('ALTER TABLE %s DROP CONSTRAINT swan_ledger_ids;', open);
    END;
    COMMIT;
    RAISE EXCEPTION '%', failed USING DETAIL = 'The ledger is as it was.';
  END IF;
  RAISE NOTICE 'ids from % on go into %', bound, next;
END
$$;
ANALYZE :ledger;
RESET ROLE;
