-- Studios with the same rows, whose ledgers differ: "whole" is as swan_create_studio makes it, the others are divided
-- into partitions by id or by at. Each partition has the same history; the last one also what comes now.
-- Variables: clients, slots, rows (of history in each ledger), studios (a name, "id" or "at", and how many partitions).
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE bench_owner LOGIN;
CREATE ROLE bench_backend LOGIN;

CREATE FUNCTION divide(studio text, key text, n integer, rows integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  command text;
  low text;
  high text;
BEGIN
  EXECUTE format('CREATE TABLE %I.model (LIKE %1$I.swan_ledger INCLUDING ALL)', studio);
  EXECUTE format('DROP TABLE %I.swan_ledger', studio);
  EXECUTE format('CREATE TABLE %I.swan_ledger (LIKE %1$I.model INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY)'
    ' PARTITION BY RANGE (%2$I)', studio, key);
  EXECUTE format('ALTER TABLE %I.swan_ledger ALTER id ADD GENERATED ALWAYS AS IDENTITY'
    ' (SEQUENCE NAME %1$I.swan_ledger_id_seq CACHE 1), ADD PRIMARY KEY (%2$s)', studio, CASE key WHEN 'id' THEN 'id' ELSE 'id, at' END);
  FOREACH command IN ARRAY ARRAY['(user_id, id)', '(xid, id)', 'USING brin (at)'] LOOP
    EXECUTE format('CREATE INDEX ON %I.swan_ledger %s', studio, command);
  END LOOP;
  EXECUTE format('ALTER TABLE %I.swan_ledger OWNER TO bench_owner; DROP TABLE %1$I.model', studio);
  FOR i IN 1 .. n LOOP
    low := CASE WHEN i = 1 THEN 'MINVALUE' WHEN key = 'id' THEN (rows / n * (i - 1) + 1)::text
      ELSE quote_literal(timestamptz '2024-01-01' + (rows / n * (i - 1) + 1) * interval '1 minute') END;
    high := CASE WHEN i = n THEN 'MAXVALUE' WHEN key = 'id' THEN (rows / n * i + 1)::text
      ELSE quote_literal(timestamptz '2024-01-01' + (rows / n * i + 1) * interval '1 minute') END;
    EXECUTE format('CREATE TABLE %1$I.swan_ledger_p%2$s PARTITION OF %1$I.swan_ledger FOR VALUES FROM (%3$s) TO (%4$s)', studio, i, low, high);
    EXECUTE format('CREATE UNIQUE INDEX ON %I.swan_ledger_p%s (user_id, kind, key) WHERE key IS NOT NULL', studio, i);
    EXECUTE format('CREATE UNIQUE INDEX ON %I.swan_ledger_p%s (payment_ref, item) WHERE kind = ''purchase''', studio, i);
    EXECUTE format('ALTER TABLE %I.swan_ledger_p%s OWNER TO bench_owner', studio, i);
  END LOOP;
  FOR command IN SELECT format('CREATE TRIGGER swan_guard_closed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
      ' FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_closed()', relid) FROM pg_partition_tree(format('%I.swan_ledger', studio)) LOOP
    EXECUTE command;
  END LOOP;
END
$$;

\ir fill.sql

CREATE TEMP TABLE studios AS SELECT s[1] AS studio, s[2] AS key, s[3]::integer AS n
FROM string_to_table(:'studios', ' ') x, string_to_array(x, ':') s;
SELECT swan_create_studio(studio, 'bench_owner') FROM studios \g /dev/null
SELECT swan_allow('bench_backend', 'backend', studio => studio) FROM studios \g /dev/null
SELECT divide(studio, key, n, :rows) FROM studios WHERE n > 0 \g /dev/null
SELECT fill(studio, :clients, :slots, :rows) FROM studios \g /dev/null
VACUUM (ANALYZE);
CHECKPOINT;
