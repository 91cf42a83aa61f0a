-- swan_statement: pages, cursors, since and until.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, role) VALUES (3, 'Tom', 'trainer'), (11, 'John', 'client'), (12, 'Jane', 'client');
-- two clients' rows, taking turns
SELECT count(*) FROM generate_series(1, 57) i, swan_grant(11 + i % 2, 1 + i % 3);
-- as if one was made a day, and two at the same time
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_ledger SET at = '2025-01-01 12:00Z'::timestamptz + (id - id / 29) * interval '1 day';
RESET session_replication_role;
SET ROLE regress_owner;

-- all pages of all sizes are the whole
CREATE FUNCTION pg_temp.walk(client bigint, since timestamptz, until timestamptz, size integer) RETURNS TABLE (page integer, id bigint)
LANGUAGE plpgsql AS $$
DECLARE
	line record;
	last text;
	rows integer;
BEGIN
	page := 0;
	LOOP
		page := page + 1;
		rows := 0;
		FOR line IN SELECT * FROM swan_statement(client, since, until, last, size) LOOP
			id := line.id;
			last := line.cursor;
			rows := rows + 1;
			RETURN NEXT;
		END LOOP;
		EXIT WHEN rows < size OR page > 100;
	END LOOP;
END $$;
SELECT size, max(page) AS pages, count(*), array_agg(id) = (SELECT array_agg(id) FROM swan_statement(11, max_rows => 10000)) AS whole
  FROM unnest(ARRAY[1, 2, 7, 28, 29, 100]) size, pg_temp.walk(11, NULL, NULL, size) GROUP BY size ORDER BY size;
-- also within limits
SELECT size, max(page) AS pages, count(*),
       array_agg(id) = (SELECT array_agg(id) FROM swan_statement(11, '2025-01-11 12:00Z', '2025-02-11 12:00Z')) AS whole
  FROM unnest(ARRAY[1, 4, 5]) size, pg_temp.walk(11, '2025-01-11 12:00Z', '2025-02-11 12:00Z', size) GROUP BY size ORDER BY size;
DROP FUNCTION pg_temp.walk;
-- a page is a hundred lines unless told
SELECT count(*) FROM generate_series(1, 100) i, swan_grant(12 + 0 * i, 1);
SELECT count(*) FROM swan_statement(12);
SELECT count(*) FROM swan_statement(12, max_rows => 10000);

-- since is included, until is not; NULL and infinity are no limit
SELECT id, at FROM swan_statement(11, '2025-01-05 12:00Z', '2025-01-11 12:00Z');
SELECT id, at FROM swan_statement(11, '2025-01-05 12:00:00.000001Z', '2025-01-11 12:00:00.000001Z');
SELECT count(*) FROM swan_statement(11, '2025-01-11 12:00Z', '2025-01-11 12:00Z');
SELECT count(*) FROM swan_statement(11, '2025-02-01', '2025-01-01');
SELECT count(*), min(at) FROM swan_statement(11, since => '2025-02-11 12:00Z');
SELECT count(*), max(at) FROM swan_statement(11, until => '2025-02-11 12:00Z');
SELECT count(*) FROM swan_statement(11, '-infinity', 'infinity');
SELECT count(*) FROM swan_statement(11, 'infinity');
SELECT count(*) FROM swan_statement(11, until => '-infinity');

-- lines that came after the first page are on none of the next
SELECT cursor AS mark FROM swan_statement(11, max_rows => 2) ORDER BY id LIMIT 1 \gset
SELECT count(*) FROM swan_grant(11, 1);
SELECT id FROM swan_statement(11, after => :'mark', max_rows => 3);
-- after the last there is none
SELECT cursor AS first FROM swan_statement(11) ORDER BY id LIMIT 1 \gset
SELECT count(*) FROM swan_statement(11, after => :'first');

-- a cursor belongs to its arguments, but for max_rows and actor
SELECT count(*) FROM swan_statement(11, after => :'mark', max_rows => 1, actor => 11);
\set VERBOSITY sqlstate
SELECT count(*) FROM swan_statement(12, after => :'mark');
SELECT count(*) FROM swan_statement(11, '2025-01-01', after => :'mark');
SELECT count(*) FROM swan_statement(11, NULL, '2099-01-01', after => :'mark');
SELECT cursor AS within FROM swan_statement(11, '2025-01-01', '2099-01-01', max_rows => 1) \gset
SELECT count(*) FROM swan_statement(11, after => :'within');
SELECT count(*) FROM swan_statement(11, '2099-01-01', '2025-01-01', after => :'within');
SELECT count(*) > 0 AS goes_on FROM swan_statement(11, '2025-01-01', '2099-01-01', after => :'within');
SELECT count(*) FROM swan_statement(11, after => :'mark' || 'x');
SELECT count(*) FROM swan_statement(11, after => regexp_replace(:'mark', '\d+$', ''));
SELECT count(*) FROM swan_statement(11, after => regexp_replace(:'mark', '\d+$', '99999999999999999999'));
\set VERBOSITY default
SELECT * FROM swan_statement(11, after => 'garbage');
SELECT * FROM swan_statement(11, after => '');
SELECT * FROM swan_statement(11, after => '5');
SELECT * FROM swan_statement(11, after => '%s%n');

-- how many at once
SELECT * FROM swan_statement(11, max_rows => 0);
SELECT * FROM swan_statement(11, max_rows => -1);
SELECT * FROM swan_statement(11, max_rows => 10001);

RESET ROLE;
\i test/fixture/studio_gone.sql
