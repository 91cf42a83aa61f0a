-- The table that `make bench` prints. Variables: bookings (of each variant), work (a directory), load.
\pset footer off
\set measurements :work /book.csv
\set variants :work /variants.csv
SET client_min_messages = warning;
CREATE TEMP TABLE measured (connections integer, round integer, variant text, tps float8, us float8, us_median float8, us_p99 float8, cpu float8);
CREATE TEMP TABLE variant (name text, aim float8, what text, number integer GENERATED ALWAYS AS IDENTITY);
COPY measured FROM :'measurements' (FORMAT csv, HEADER);
COPY variant (name, aim, what) FROM :'variants' (FORMAT csv);

-- Has everybody done what he was measured at?
CREATE FUNCTION pg_temp.check_bookings(bookings bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  name text;
  done bigint;
BEGIN
  FOR name IN
    SELECT CASE v.name WHEN 'book' THEN 'studio' ELSE v.name END
    FROM variant v WHERE v.name NOT IN ('empty', 'point')
  LOOP
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
SELECT pg_temp.check_bookings(:bookings) \g /dev/null

\echo
\echo 'PostgreSQL' :SERVER_VERSION_NAME', fsync off, pgbench -M prepared over a Unix socket. A round''s µs is its median booking, round trip'
\echo 'included; shown are the median of the rounds and their range. "it ÷ book" compares a line with swan_book within each'
\echo 'round, and the aim is for that. "server" is processor time of the backends, connecting included: the mean of all rounds.'
\echo 'What a round trip costs (the last line) says how much of the client''s time is his statements. Load of the machine:' :load
\echo
WITH lines AS (
  SELECT m.connections, v.number, v.name, v.what, v.aim, m.tps, m.us_median AS us, m.us_p99, m.cpu, m.us_median / b.us_median AS ratio
  FROM measured m JOIN variant v ON v.name = m.variant
  JOIN measured b ON b.variant = 'book' AND b.connections = m.connections AND b.round = m.round
)
SELECT connections AS "conn.", what AS "one booking by",
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY tps)) AS tps,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY us)) AS "µs",
  format('%s .. %s', round(min(us)), round(max(us))) AS "range",
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY us_p99)) AS p99,
  round(avg(cpu)) AS server,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio)::numeric, 2) AS "it ÷ book",
  CASE WHEN name <> 'book' THEN format('%s .. %s', round(min(ratio)::numeric, 2), round(max(ratio)::numeric, 2)) END AS "range",
  aim
FROM lines GROUP BY connections, number, name, what, aim ORDER BY connections, number;
