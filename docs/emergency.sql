/*
 * Emergency: the library of swanalloc is missing or broken, and every write to
 * the tables of a studio fails with "could not access file" or the like.
 *
 *     psql -X -d your_database -f emergency.sql
 *
 * switches the triggers of swanalloc off, in every studio of the database, so
 * that the application can write again.  It calls no function of swanalloc and
 * needs no library; any client can send it.  Run it as a superuser, or as the
 * owner of the tables, who reaches his own studios only.
 *
 * What stays: every table and row, the registry, the ledger, and the CHECK
 * that no balance is negative.  What is off: everything else.  No swan_*
 * function works, direct changes are neither refused nor written down, and the
 * ledger itself can be changed.  emergency_undo.sql switches the triggers on.
 *
 * It is one transaction: all or nothing.  Each table is locked against writers
 * for an instant, not against readers.  If it should wait for a long
 * transaction, give it a limit first: SET lock_timeout = '5s'.
 */
DO $$
DECLARE
  guard record;
  n integer := 0;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR guard IN
    SELECT t.tgname, c.oid::regclass AS tab,
      CASE t.tgenabled WHEN 'A' THEN ' (it was ENABLE ALWAYS)'
        WHEN 'R' THEN ' (it was ENABLE REPLICA)' ELSE '' END AS remark
    FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_language l ON l.oid = p.prolang
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
      AND t.tgname LIKE 'swan\_%' AND p.prosrc LIKE 'swan\_guard\_%' AND l.lanname = 'c'
      AND pg_has_role(c.relowner, 'USAGE')
    ORDER BY c.oid, t.tgname
  LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', guard.tab, guard.tgname);
    RAISE NOTICE 'trigger % of % is off%', guard.tgname, guard.tab, guard.remark;
    n := n + 1;
  END LOOP;
  RAISE NOTICE '% triggers switched off', n;
END
$$;
