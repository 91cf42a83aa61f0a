-- The table that `make bench` prints. Variables: bookings (of each variant), work (a directory).
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
\echo 'PostgreSQL' :SERVER_VERSION_NAME', fsync off, pgbench -M prepared over a Unix socket. Median of the rounds, and their range;'
\echo '"book ÷ it" is the throughput of swan_book over that of the line, taken within each round.'
\echo '"server''s µs": processor time of the backends, connecting included; the mean of all rounds.'
\echo
WITH lines AS (
  SELECT m.connections, v.number, v.name, v.what, v.aim, m.tps, m.us, m.us_p99, m.cpu, b.cpu AS book_cpu, b.tps / m.tps AS ratio
  FROM measured m JOIN variant v ON v.name = m.variant
  JOIN measured b ON b.variant = 'book' AND b.connections = m.connections AND b.round = m.round
)
SELECT connections AS "conn.", what AS "one booking by",
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY tps)) AS tps,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY us)) AS "µs",
  format('%s .. %s', round(min(us)), round(max(us))) AS "µs, range",
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY us_p99)) AS "µs, p99",
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio)::numeric, 2) AS "book ÷ it",
  CASE WHEN name <> 'book' THEN format('%s .. %s', round(min(ratio)::numeric, 2), round(max(ratio)::numeric, 2)) END AS "range",
  aim,
  round(avg(cpu)) AS "server's µs",
  round((avg(cpu) / avg(book_cpu))::numeric, 2) AS "it ÷ book"
FROM lines GROUP BY connections, number, name, what, aim ORDER BY connections, number;
