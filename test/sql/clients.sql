-- swan_clients: searching, ordering, paging, the filter, and whose clients.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, email, role, created_at) VALUES
	(1, 'Ada', 'Admin', 'ada@example.com', 'admin', '2024-01-01'), (2, 'Stella', 'Staff', NULL, 'staff', '2024-01-02'),
	(3, 'Tom', 'Trainer', NULL, 'trainer', '2024-01-03'), (4, 'Tina', 'Trainer', NULL, 'trainer', '2024-01-03'),
	(11, 'John', 'Doe', 'John@Example.com', 'client', '2024-02-05'), (12, NULL, NULL, NULL, 'client', '2024-02-01'),
	(13, 'jane', 'doe', 'jane@example.org', 'client', '2024-02-03'), (14, 'Percy', '50%_off\now', 'p@x.org', 'client', '2024-02-03'),
	(15, 'Zoe', NULL, 'zoe@example.com', 'client', '2024-02-04'), (16, NULL, 'Adams', 'a.b@x.org', 'client', '2024-02-02');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 6, '1 day') a;
SELECT count(*) FROM swan_open(4, '2001-01-05 09:00', 60, 6, '1 day') a;
SELECT added FROM swan_grant(11, 9);
SELECT added FROM swan_grant(13, 2);
SELECT added FROM swan_grant(14, 5, NULL, '2099-12-31');
SELECT count(*) FROM (VALUES (11, 1), (11, 7), (11, 8), (13, 9), (14, 2)) t (u, s), swan_book(u, s);
SELECT status FROM unnest(ARRAY[7, 8, 9]) s, swan_complete(s);
SELECT status FROM swan_cancel(2, actor => 3);

-- everybody whose role is client, by last and first name, whatever their case; without a name first
SELECT id, first_name, last_name, email, available_sessions, total_sessions_purchased, sessions_used, last_session_date, warning, created_at FROM swan_clients();
-- a row is that of swan_client, but for the cursor
SELECT bool_and(to_jsonb(l) - 'cursor' = to_jsonb(c) - 'cursor') AS same FROM swan_clients() l, swan_client(l.id) c;
SELECT count(*), count(DISTINCT cursor) FROM swan_clients();
-- newest first; latest session first, then those without one
SELECT id, created_at FROM swan_clients(order_by => 'created_at');
SELECT id, last_session_date FROM swan_clients(order_by => 'last_session');

--
-- Search: any part of a name or address, both names together, whatever the case
--
SELECT s AS search, (SELECT string_agg(id::text, ' ' ORDER BY id) FROM swan_clients(s)) AS found
  FROM unnest(ARRAY['doe', 'DOE', 'john', 'ohn d', 'John Doe', '  john doe ', 'doe john', 'example', '@EXAMPLE.ORG', 'ada', 'x.org', 'a.b', 'zo', 'e',
                    '%', '_', '\', '50%', '%_', 'off\n', '\n', 'o%e', 'j_hn', '', '  ', '''; DROP', 'Doe John@']) s;

--
-- The filter
--
SELECT w AS warning, (SELECT string_agg(id::text, ' ' ORDER BY id) FROM swan_clients(warning => w)) AS found,
       (SELECT string_agg(id::text, ' ' ORDER BY id) FROM swan_clients('doe', warning => w)) AS does FROM unnest(ARRAY['none', 'low', NULL]) w;
-- credits that have expired are none, whatever the balance says
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = '2001-01-01' WHERE user_id = 14;
RESET session_replication_role;
SET ROLE regress_owner;
SELECT id, available_sessions, warning FROM swan_clients(warning => 'none') ORDER BY id;
SELECT swan_configure('low_threshold', '10');
SELECT id, available_sessions, warning FROM swan_clients(warning => 'low') ORDER BY id;
SELECT swan_configure('low_threshold', '0');
SELECT count(*) FROM swan_clients(warning => 'low');
SELECT swan_configure('low_threshold', '3');

--
-- Pages of any size are the whole, in every order
--
INSERT INTO studio.users (id, first_name, last_name, created_at)
SELECT 100 + i, 'Same', 'Name' || i % 3, '2024-03-01'::timestamptz + i / 4 * interval '1 day' FROM generate_series(1, 40) i;
SELECT count(*) FROM generate_series(101, 120) u, swan_grant(u, 5);
SELECT count(*) FROM swan_open(3, '2002-01-05 09:00', 60, 12, '1 day') a;
SELECT count(*) FROM generate_series(13, 24) s, swan_book(101 + s % 7, s);
SELECT count(*) FROM generate_series(13, 24) s, swan_complete(s);
CREATE FUNCTION pg_temp.walk(ordering text, size integer, sought text DEFAULT NULL, who bigint DEFAULT NULL) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[] := '{}';
	line record;
	last text;
	rows integer;
BEGIN
	FOR page IN 1..100 LOOP
		rows := 0;
		FOR line IN SELECT id, cursor FROM swan_clients(sought, last, size, ordering, actor => who) LOOP
			ids := ids || line.id;
			last := line.cursor;
			rows := rows + 1;
		END LOOP;
		EXIT WHEN rows < size;
	END LOOP;
	RETURN ids;
END $$;
SELECT ordering, size, pg_temp.walk(ordering, size) = (SELECT array_agg(id) FROM swan_clients(max_rows => 10000, order_by => ordering)) AS whole,
       cardinality(pg_temp.walk(ordering, size)) AS n, pg_temp.walk(ordering, size, 'name1') = (SELECT array_agg(id) FROM swan_clients('name1', NULL, 10000, ordering)) AS searched,
       pg_temp.walk(ordering, size, NULL, 3) = (SELECT array_agg(id) FROM swan_clients(NULL, NULL, 10000, ordering, actor => 3)) AS his
  FROM unnest(ARRAY['name', 'created_at', 'last_session']) WITH ORDINALITY o (ordering, n), unnest(ARRAY[1, 2, 7, 45, 46, 47]) size ORDER BY o.n, size;
SELECT (SELECT array_agg(id) FROM swan_clients(max_rows => 100)) = (SELECT array_agg(id ORDER BY lower(coalesce(last_name, '') || ' ' || coalesce(first_name, '')), id) FROM studio.users WHERE role = 'client') AS by_name,
       (SELECT array_agg(id) FROM swan_clients(max_rows => 100, order_by => 'created_at')) = (SELECT array_agg(id ORDER BY created_at DESC, id DESC) FROM studio.users WHERE role = 'client') AS by_created,
       (SELECT array_agg(id) FROM swan_clients(max_rows => 100, order_by => 'last_session')) = (SELECT array_agg(id ORDER BY last DESC NULLS LAST, id DESC) FROM
           (SELECT id, (SELECT max(session_date) FROM studio.sessions s WHERE s.user_id = u.id AND status = 'completed') AS last FROM studio.users u WHERE role = 'client') x) AS by_last;
-- who is deleted between two pages is no reason to lose the place
SELECT cursor, id FROM swan_clients(max_rows => 1) \gset
SELECT array_agg(id) AS rest FROM swan_clients(after => :'cursor', max_rows => 100) \gset
BEGIN;
DELETE FROM studio.users WHERE id = :id;
SELECT array_agg(id) = :'rest' AS same FROM swan_clients(after => :'cursor', max_rows => 100);
ROLLBACK;

--
-- A trainer's clients: whom he has or had in a session that is not open
--
SELECT a AS trainer, (SELECT array_agg(id ORDER BY id) FROM swan_clients(actor => a)) AS clients FROM unnest(ARRAY[3, 4]) a;
SELECT id FROM swan_clients('doe', actor => 4);
SELECT id FROM swan_clients('percy', actor => 4);

--
-- Errors
--
SELECT * FROM swan_clients(order_by => 'kind');
SELECT * FROM swan_clients(warning => 'high');
SELECT * FROM swan_clients(max_rows => 0);
SELECT count(*) FROM swan_clients(after => :'cursor', order_by => 'created_at');
SELECT count(*) FROM swan_clients('doe', after => :'cursor');
SELECT count(*) FROM swan_clients(warning => 'low', after => :'cursor');
SELECT count(*) FROM swan_clients(after => '');
SELECT cursor FROM swan_clients(max_rows => 1, order_by => 'created_at') \gset
SELECT count(*) FROM swan_clients(after => :'cursor' || 'x', order_by => 'created_at');
SELECT * FROM swan_clients(actor => 11);
SELECT count(*) FROM swan_clients(actor => 2);

DROP FUNCTION pg_temp.walk;
RESET ROLE;
\i test/fixture/studio_gone.sql
