/*
 * After the emergency: the library is back, and emergency.sql is to be undone.
 *
 *     psql -X -d your_database -f emergency_undo.sql
 *
 * switches every trigger of swanalloc on again, in every studio of the
 * database.  Run it as whoever ran emergency.sql, and only when
 * SELECT swan_health() answers: with the triggers on and no library every
 * write fails.  A trigger that was ENABLE ALWAYS or REPLICA before has to be
 * made so again by hand; emergency.sql said which.
 *
 * What was written meanwhile is not in the ledger.  SELECT * FROM swan_verify()
 * names it.  docs/adopting.md, "In an emergency", says how to take it over; or,
 * if only sessions were written and are right, swan_configure('guard_sessions',
 * what it is) has the numbers counted anew that readers are told.
 */
DO $$
DECLARE
  guard record;
  n integer := 0;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR guard IN
    SELECT t.tgname, c.oid::regclass AS tab
    FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_language l ON l.oid = p.prolang
    WHERE NOT t.tgisinternal AND t.tgenabled = 'D'
      AND t.tgname LIKE 'swan\_%' AND p.prosrc LIKE 'swan\_guard\_%' AND l.lanname = 'c'
      AND pg_has_role(c.relowner, 'USAGE')
    ORDER BY c.oid, t.tgname
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER %I', guard.tab, guard.tgname);
    RAISE NOTICE 'trigger % of % is on', guard.tgname, guard.tab;
    n := n + 1;
  END LOOP;
  RAISE NOTICE '% triggers switched on', n;
END
$$;
