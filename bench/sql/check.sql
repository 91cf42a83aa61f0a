-- Has everybody done what he was measured at? Variables: bookings (of each variant), variants (a list),
-- alone (whether there was never more than one connection).
SET client_min_messages = notice;
CREATE FUNCTION pg_temp.expect(what text, seen bigint, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF seen IS DISTINCT FROM expected THEN
    RAISE '%: % instead of %', what, seen, expected;
  END IF;
END
$$;

CREATE FUNCTION pg_temp.query(text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  answer bigint;
BEGIN
  EXECUTE $1 INTO answer;
  RETURN answer;
END
$$;

CREATE FUNCTION pg_temp.check_bookings(bookings bigint, variants text, alone boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  name text;
  booked bigint;
BEGIN
  FOREACH name IN ARRAY string_to_array(variants, ' ') LOOP
    CONTINUE WHEN name IN ('empty', 'point', 'transfer', 'pgledger');
    name := CASE name WHEN 'book' THEN 'studio' ELSE name END;
    booked := pg_temp.query(format(
      'SELECT count(*) FROM %I.sessions s WHERE s.status = ''scheduled'' AND s.user_id IS NOT NULL', name));
    IF name = 'cte' AND NOT alone AND booked BETWEEN bookings * 0.99 AND bookings THEN
      -- a single statement sees what was there before it waited for the client's row, so some who can pay are refused
      RAISE NOTICE 'the CTE refused % of % who could pay', bookings - booked, bookings;
    ELSE
      PERFORM pg_temp.expect('booked slots in schema ' || name, booked, bookings);
    END IF;
    -- it saves what it has read, so that another may have come between
    CONTINUE WHEN name = 'unsafe' AND NOT alone;
    PERFORM pg_temp.expect('spent credits in schema ' || name, pg_temp.query(format(
      'SELECT sum(200 - u.available_sessions) FROM %I.users u WHERE u.role = ''client''', name)), booked);
    CONTINUE WHEN name = 'unsafe';
    PERFORM pg_temp.expect('booked slots with a debit in schema ' || name, pg_temp.query(format(
      'SELECT count(*) FROM %I.sessions s JOIN %1$I.swan_ledger g ON g.session_id = s.id AND g.user_id = s.user_id'
      ' WHERE s.status = ''scheduled'' AND s.session_deducted AND g.kind = ''booking'' AND g.delta = -1', name)), booked);
    PERFORM pg_temp.expect('wrong balances in schema ' || name, pg_temp.query(format(
      'SELECT count(*) FROM %I.users u WHERE u.available_sessions IS DISTINCT FROM'
      ' (SELECT g.balance_after FROM %1$I.swan_ledger g WHERE g.user_id = u.id ORDER BY g.id DESC LIMIT 1)'
      ' AND u.role = ''client''', name)), 0);
    PERFORM pg_temp.expect('wrong sums of a ledger in schema ' || name, pg_temp.query(format(
      'SELECT count(*) FROM %I.users u WHERE u.available_sessions <>'
      ' (SELECT sum(g.delta) FROM %1$I.swan_ledger g WHERE g.user_id = u.id)', name)), 0);
    CONTINUE WHEN name = 'client'; -- it knows of no lots
    PERFORM pg_temp.expect('wrong lots in schema ' || name, pg_temp.query(format(
      'SELECT count(*) FROM %I.users u WHERE u.available_sessions <>'
      ' (SELECT sum(l.remaining) FROM %1$I.swan_lots l WHERE l.user_id = u.id)', name)), 0);
  END LOOP;

  FOREACH name IN ARRAY string_to_array(variants, ' ') LOOP
    CONTINUE WHEN name NOT IN ('transfer', 'pgledger');
    PERFORM pg_temp.expect('transfers in schema ' || name, pg_temp.query(format(
      'SELECT count(*) FROM %I.transfers t WHERE t.from_account_id <> (SELECT a.id FROM %1$I.accounts a WHERE a.name = ''bank'')', name)), bookings);
    PERFORM pg_temp.expect('transfers that do not add up in schema ' || name, pg_temp.query(format(
      'SELECT count(*) FROM %I.transfers t WHERE NOT (SELECT count(*) = 2 AND sum(e.amount) = 0 AND max(e.amount) = t.amount'
      ' FROM %1$I.entries e WHERE e.transfer_id = t.id)', name)), 0);
    PERFORM pg_temp.expect('accounts that are not the sum of their entries in schema ' || name, pg_temp.query(format(
      'SELECT count(*) FROM %I.accounts a WHERE a.balance <>'
      ' (SELECT coalesce(sum(e.amount), 0) FROM %1$I.entries e WHERE e.account_id = a.id)', name)), 0);
    PERFORM pg_temp.expect('entries that do not continue the one before in schema ' || name, pg_temp.query(format(
      'SELECT count(*) FROM (SELECT e.balance_before - lag(e.balance_after, 1, 0) OVER account AS gap,'
      ' e.account_version - row_number() OVER account AS skipped FROM %I.entries e'
      ' WINDOW account AS (PARTITION BY e.account_id ORDER BY e.account_version)) e WHERE e.gap <> 0 OR e.skipped <> 0', name)), 0);
  END LOOP;
  IF EXISTS (SELECT FROM public.swan_verify()) THEN
    RAISE 'swan_verify() finds fault';
  END IF;
END
$$;
SELECT pg_temp.check_bookings(:bookings, :'variants', :alone) \g /dev/null
