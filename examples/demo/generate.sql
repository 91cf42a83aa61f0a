-- The login of the application agrees to what the owner has listed it as.
SELECT swan_accept('studio');

-- The studio's people, packages, eight weeks of slots, and what was booked so far.
-- Everything is drawn from a seed: another word there makes another studio. Only the dates
-- depend on the day: the first week is the next one.

CREATE FUNCTION demo.dice(what text, sides integer) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
  SELECT (('x' || left(md5('swan' || what), 8))::bit(32)::bigint % sides)::integer
$$;

CREATE FUNCTION demo.at(week integer, day text, hour integer) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('week', localtimestamp) + make_interval(
            weeks => week, hours => hour,
            days => array_position('{Mon,Tue,Wed,Thu,Fri,Sat,Sun}', day) - 1))::timestamptz
$$;

-- Some open slots, each on another day of a week.
CREATE FUNCTION demo.free_slots(week integer, days integer) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
  SELECT min(id) FROM studio.sessions
   WHERE status = 'available'
     AND session_date >= demo.at(week, 'Mon', 0) AND session_date < demo.at(week + 1, 'Mon', 0)
   GROUP BY session_date::date ORDER BY session_date::date LIMIT days
$$;

-- People: an admin and a receptionist, 12 trainers (3 to 14), 300 clients (101 to 400).
CREATE TABLE demo.name AS
SELECT row_number() OVER (ORDER BY md5('swan' || first || last)) AS n, first, last
  FROM unnest(string_to_array('Aaron Abigail Alice Amir Ana Andre Beth Carlos Chloe Daniel Diego Elena Emma '
       'Ethan Fatima Grace Hannah Henry Isaac Ivy Jack Jamal Julia Kai Laura Leo Lucia Maya Mei Miguel Nadia '
       'Noah Olivia Omar Oscar Priya Rosa Ruth Sam Sofia Theo Tomas Victor Wei Yara Zoe', ' ')) first,
       unnest(string_to_array('Adams Ahmed Alvarez Baker Bennett Brooks Campbell Chen Cohen Cooper Diaz Edwards '
       'Evans Fischer Flores Foster Garcia Gomez Gray Green Hall Harris Hughes Ivanov Jackson James Kelly Khan '
       'Kim Lee Lewis Lopez Martin Mitchell Morgan Murphy Nguyen Novak Ortiz Parker Patel Perez Reed Rivera '
       'Rossi Russell Sanders Schmidt Silva Singh Stewart Tanaka Turner Walker Ward Watson Wood Young', ' ')) last;

INSERT INTO studio.users (id, first_name, last_name, email, role)
SELECT id, first, last, lower(format('%s.%s@example.com', first, last)),
       CASE WHEN id > 100 THEN 'client' WHEN id > 2 THEN 'trainer' WHEN id = 2 THEN 'staff' ELSE 'admin' END
  FROM (SELECT CASE WHEN n <= 14 THEN n ELSE n + 86 END AS id,
               CASE n WHEN 37 THEN 'John' ELSE first END AS first,
               CASE n WHEN 37 THEN 'Doe' ELSE last END AS last
          FROM demo.name WHERE n <= 314) people
 ORDER BY id;

-- Slots: every trainer opens five hours of each weekday, mornings or afternoons, for eight weeks.
SELECT count(*)
  FROM studio.users trainer,
       unnest('{Mon,Tue,Wed,Thu,Fri}'::text[]) day,
       generate_series(0, 4) hour,
       swan_open(trainer.id, demo.at(1, day, CASE trainer.id % 2 WHEN 0 THEN 6 ELSE 15 END + hour),
                 repeat => 8, actor => trainer.id)
 WHERE trainer.role = 'trainer';

-- Packages: how many sessions, for how much, for how long; a share of 100 clients buys each.
CREATE TABLE demo.package (name text, credits integer, price integer, valid interval, share integer);
INSERT INTO demo.package VALUES
  ('Single session', 1, 85, '3 months', 10),
  ('4-session pack', 4, 320, '3 months', 25),
  ('8-session pack', 8, 600, '6 months', 35),
  ('12-session pack', 12, 840, '9 months', 20),
  ('24-session pack', 24, 1560, '1 year', 10);

-- Sells a package: what the webhook of the payment service would call.
CREATE FUNCTION demo.sell(client bigint, package demo.package) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM swan_purchase(client, package.credits, format('pi_%s', client), package.name,
                             package.price * 100, 'USD', expires_at => now() + package.valid, actor => 1);
END $$;

-- Clients 381 to 400 have the last credit of a single session. John Doe, 123, has nothing yet.
SELECT count(demo.sell(client.id, package))
  FROM studio.users client,
       LATERAL (SELECT CASE WHEN client.id > 380 THEN 0 ELSE demo.dice('package' || client.id, 100) END) drawn (n),
       LATERAL (SELECT p FROM (SELECT p, sum(share) OVER (ORDER BY credits) AS up_to FROM demo.package p) sold
                 WHERE up_to > drawn.n ORDER BY up_to LIMIT 1) bought (package)
 WHERE client.role = 'client' AND client.id <> 123;

-- One in four got a session as a welcome, to be used within 30 days.
SELECT count(*)
  FROM studio.users client,
       swan_grant(client.id, 1, 'Welcome session', now() + interval '30 days', actor => 1)
 WHERE client.role = 'client' AND client.id <> 123 AND client.id <= 380
   AND demo.dice('welcome' || client.id, 4) = 0;

-- Bookings: up to three a client, wherever the slot is open and he is free. 456 is kept open.
DO $$
DECLARE
  client bigint;
  slot bigint;
  nth integer;
BEGIN
  FOR client, nth IN SELECT id, n FROM studio.users, generate_series(1, 3) n
                      WHERE role = 'client' AND id <= 380 ORDER BY n, id LOOP
    slot := 1 + demo.dice(format('slot %s %s', client, nth), (SELECT count(*)::integer FROM studio.sessions));
    IF slot <> 456 AND (SELECT available > 1 FROM swan_summary(client, actor => client))
       AND (SELECT ok FROM swan_can_book(client, slot, actor => client)) THEN
      PERFORM FROM swan_book(client, slot, actor => client);
    END IF;
  END LOOP;
END $$;
