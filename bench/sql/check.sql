-- Has everybody done what he was measured at? Variables: bookings (of each variant), variants (a list).
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.check_bookings(bookings bigint, variants text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  name text;
  done bigint;
BEGIN
  FOREACH name IN ARRAY string_to_array(variants, ' ') LOOP
    CONTINUE WHEN name IN ('empty', 'point', 'unsafe', 'transfer');
    name := CASE name WHEN 'book' THEN 'studio' ELSE name END;
    EXECUTE format('SELECT count(*) FROM %I.sessions s JOIN %1$I.swan_ledger g ON g.session_id = s.id AND g.user_id = s.user_id'
      ' WHERE s.status = ''scheduled'' AND s.session_deducted AND g.kind = ''booking'' AND g.delta = -1', name) INTO done;
    IF done <> bookings THEN
      RAISE 'schema % has % bookings instead of %', name, done, bookings;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I.users u WHERE u.available_sessions IS DISTINCT FROM'
      ' (SELECT g.balance_after FROM %1$I.swan_ledger g WHERE g.user_id = u.id ORDER BY g.id DESC LIMIT 1)'
      ' AND u.role = ''client''', name) INTO done;
    IF done <> 0 THEN
      RAISE 'schema % has % wrong balances', name, done;
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM public.swan_verify()) THEN
    RAISE 'swan_verify() finds fault';
  END IF;
END
$$;
SELECT pg_temp.check_bookings(:bookings, :'variants') \g /dev/null
