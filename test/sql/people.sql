-- swan_people, swan_clients by balance, swan_clients_count, swan_client for oneself; what bookings and schedules say beside their times, and to whom.
-- The setting staff_may.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, email, role) VALUES
	(1, 'Ada', 'Boss', 'ada@example.org', 'admin'), (2, 'Stella', 'Staff', NULL, 'staff'), (3, 'Tom', 'Zimmer', NULL, 'trainer'), (4, 'Tim', 'Adler', NULL, 'trainer'),
	(11, 'John', 'Doe', 'john@example.org', 'client'), (12, 'Jane', 'Roe', 'jane@example.org', 'client'), (13, NULL, NULL, NULL, 'client'), (14, 'Joe', NULL, NULL, 'client');
SELECT swan_open(3, '2099-03-01 09:00', repeat => 4, every => '1 day') AS id;
SELECT swan_open(4, '2099-03-01 09:00') AS id;
SELECT added FROM swan_grant_many('{11,12}', 5);
SELECT added FROM swan_grant(14, 2, expires_at => clock_timestamp() + interval '0.2 s');
UPDATE studio.sessions SET notes = 'bring shoes' WHERE id IN (1, 2);

-- a booking says who and what, through its life
SELECT session_id, notes, confirmed, client_name, trainer_name FROM swan_book(11, 1, key => 'one', actor => 11);
SELECT notes, confirmed, client_name, trainer_name FROM swan_confirm(1, actor => 3);
SELECT notes, confirmed, client_name, trainer_name FROM swan_move(1, '2099-03-01 10:00', trainer_id => 4);
SELECT notes, confirmed, client_name, trainer_name FROM swan_correct(1, 'scheduled', 'too soon');
SELECT notes, confirmed, client_name, trainer_name FROM swan_correct(1, 'confirmed', 'after all');
SELECT session_id, notes, confirmed, client_name, trainer_name FROM swan_book_many(12, '{2,3}', actor => 12);
SELECT notes, confirmed, client_name, trainer_name FROM swan_book(13, 4, charge => false);
SELECT notes, confirmed, client_name, trainer_name FROM swan_request(14, '2099-04-01 09:00');
SELECT notes, confirmed, client_name, trainer_name FROM swan_move(5, '2099-03-01 12:00', actor => 4);
SELECT session_id, status, notes, confirmed, client_name FROM swan_schedule(NULL, NULL);
SELECT session_id, notes, client_name FROM swan_schedule(NULL, NULL, actor => 11);
-- of a row that is another's by now a client learns nothing of him
BEGIN;
RESET ROLE;
SET LOCAL session_replication_role = replica;
UPDATE studio.sessions SET user_id = 12, notes = 'is pregnant' WHERE id = 1;
SET LOCAL session_replication_role = origin;
SELECT replayed, notes, client_name, trainer_name FROM swan_book(11, 1, key => 'one', actor => 11);
SELECT replayed, notes, client_name, trainer_name FROM swan_book(11, 1, key => 'one', actor => 2);
ROLLBACK;
SET ROLE regress_owner;
-- several statuses
SELECT count(*), string_agg(DISTINCT status, ' ') FROM swan_schedule(NULL, NULL, status => 'scheduled, confirmed');
SELECT count(*), string_agg(DISTINCT status, ' ') FROM swan_schedule(NULL, NULL, status => 'available,requested');
SELECT count(*) FROM swan_schedule(NULL, NULL, status => 'cancelled');
SELECT count(*) FROM swan_schedule(NULL, NULL, status => 'scheduled, nothing');
SELECT count(*) FROM swan_schedule(NULL, NULL, status => 'scheduled,');

-- by balance: what has expired does not count, though nobody has swept it; a page of one reaches everybody once
SELECT pg_sleep(0.2) \g /dev/null
SELECT id, available_sessions FROM swan_clients(order_by => 'balance');
CREATE FUNCTION pg_temp.walk(n integer, who bigint) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[] := '{}';
	r record;
	last text;
BEGIN
	LOOP
		last := NULL;
		FOR r IN SELECT * FROM swan_clients(order_by => 'balance', after => (SELECT c FROM (SELECT current_setting('walk.at', true)) x (c) WHERE c <> ''), max_rows => n, actor => who) LOOP
			ids := ids || r.id;
			last := r.cursor;
		END LOOP;
		PERFORM set_config('walk.at', coalesce(last, ''), false);
		EXIT WHEN last IS NULL;
	END LOOP;
	RETURN ids;
END $$;
SELECT pg_temp.walk(1, NULL), pg_temp.walk(3, 2), pg_temp.walk(1, 3), pg_temp.walk(1, 4);
SELECT swan_clients_count(), swan_clients_count('jo'), swan_clients_count(warning => 'none'), swan_clients_count('example', 'low'), swan_clients_count(actor => 3), swan_clients_count('nobody', actor => 4);
SELECT swan_clients_count(warning => 'much');
SELECT swan_clients_count(actor => 11);
-- oneself
SELECT id, first_name, email, available_sessions FROM swan_client(11, actor => 11);
SELECT id FROM swan_client(12, actor => 11);

-- people: the team for everybody, clients for whom they are
SELECT id, name, role FROM swan_people();
SELECT a.name AS for, string_agg(p.id::text, ' ' ORDER BY p.n) FROM (VALUES ('client', 11), ('trainer', 3), ('other trainer', 4), ('staff', 2)) a (name, id), LATERAL swan_people(actor => a.id) WITH ORDINALITY p (id, name, role, cursor, n) GROUP BY 1 ORDER BY 1;
SELECT id, name FROM swan_people('trainer', actor => 11);
SELECT id, name FROM swan_people('trainer', 'ad', actor => 11);
SELECT id, name FROM swan_people('client', actor => 3);
SELECT id FROM swan_people('client', actor => 11);
SELECT count(*) FROM swan_people(search => 'example.org');
SELECT count(*) FROM swan_people(search => 'ada@', actor => 11);
SELECT id FROM swan_people(max_rows => 2, after => (SELECT cursor FROM swan_people(max_rows => 3) OFFSET 2));
SELECT id FROM swan_people('boss');
SELECT id FROM swan_people(search => 'x', after => (SELECT max(cursor) FROM swan_people()));

-- who sells
SELECT added FROM swan_purchase(11, 2, 'p1', actor => 2);
SELECT swan_configure('staff_may', 'purchase'), value FROM swan_settings() WHERE setting = 'staff_may';
SELECT added FROM swan_purchase(11, 2, 'p1', actor => 2);
SELECT added FROM swan_purchase(11, 2, 'p2', actor => 3);
SELECT added FROM swan_grant(11, 2, actor => 2);
SELECT moved FROM swan_reverse('p1', actor => 2);
SELECT swan_configure('staff_may', 'purchase, grant');
SELECT swan_configure('staff_may', 'open');
SELECT swan_configure('trainer_may', 'purchase');
SELECT swan_configure('staff_may', '');
SELECT added FROM swan_purchase(11, 2, 'p3', actor => 2);
-- whoever has a part of a name, or spaces around it, is called the same everywhere
INSERT INTO studio.users (id, first_name, last_name, role) VALUES (15, '', 'Lee', 'client'), (16, '  ', '', 'client'), (5, ' Tia', ' ', 'trainer');
SELECT swan_open(5, '2099-05-01 09:00', repeat => 3, every => '1 day') AS id;
SELECT quote_nullable(client_name) AS client, quote_nullable(trainer_name) AS trainer FROM swan_book(15, 7, charge => false);
SELECT quote_nullable(client_name) AS client, quote_nullable(trainer_name) AS trainer FROM swan_book(16, 8, charge => false);
SELECT quote_nullable(client_name) AS client, quote_nullable(trainer_name) AS trainer FROM swan_confirm(7);
SELECT quote_nullable(client_name) AS client, quote_nullable(trainer_name) AS trainer FROM swan_schedule('2099-05-01', NULL);
SELECT quote_nullable(trainer_name) AS trainer FROM swan_slots('2099-05-01', NULL);
SELECT id, quote_nullable(name) AS name FROM swan_people() WHERE id IN (5, 15, 16);
SELECT message FROM swan_grant(15, 1);
SELECT message FROM swan_grant(16, 1);
SELECT message FROM swan_grant_many('{15,16}', 1);
SELECT * FROM swan_verify();
DROP FUNCTION pg_temp.walk;
RESET ROLE;
\i test/fixture/studio_gone.sql
