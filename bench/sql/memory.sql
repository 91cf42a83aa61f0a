-- How much memory a server process has, noted by itself; for parts/memory.sh.
SET client_min_messages = warning;
CREATE ROLE bench_other;
CREATE ROLE bench_third LOGIN; -- whose studio is detached and attached
SELECT swan_create_studio('third', 'bench_third') \g /dev/null
CREATE TABLE bench_memory (name text, i bigint, context text, used bigint, total bigint);
CREATE FUNCTION bench_sample(name text, i bigint) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO public.bench_memory SELECT $1, $2, c.name, sum(c.used_bytes), sum(c.total_bytes)
  FROM pg_backend_memory_contexts c WHERE c.name <> 'PgStat Pending' GROUP BY c.name; -- that comes and goes
  INSERT INTO public.bench_memory SELECT $1, $2, 'RssAnon', 1024 * rss, 1024 * rss
  FROM (SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+) kB')::bigint AS rss) s;
  RETURN 0;
END
$$;
-- Runs what is refused, and goes on.
CREATE FUNCTION bench_refused(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE call;
  RAISE 'this was not refused: %', call;
EXCEPTION WHEN OTHERS THEN
  IF SQLSTATE NOT LIKE 'SW%' THEN
    RAISE;
  END IF;
  RETURN SQLSTATE;
END
$$;
-- By how many bytes memory has grown for each call, from the first sample that counts to the last.
CREATE VIEW bench_growth AS
SELECT l.name, l.context, l.used - coalesce(f.used, 0) AS used, l.total - coalesce(f.total, 0) AS total, l.i - b.first AS calls
FROM (SELECT name, min(i) FILTER (WHERE i >= 10) AS first, max(i) AS last FROM bench_memory GROUP BY name) b
JOIN bench_memory l ON l.name = b.name AND l.i = b.last
LEFT JOIN bench_memory f ON f.name = b.name AND f.i = b.first AND f.context = l.context;
-- Lots that expire, to be extended: their ids follow those of the first grants.
SET ROLE bench_owner;
SELECT count(*) FROM swan_grant_many(ARRAY(SELECT generate_series(1, :clients)), 5, expires_at => '2199-01-01') \g /dev/null
RESET ROLE;
VACUUM (ANALYZE);
