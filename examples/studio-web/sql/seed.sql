-- A lively studio, for `make web`: six weeks behind it and four to come. Whoever draws lots here draws the same each time;
-- only the dates depend on the day.
SET ROLE studio_owner;
SELECT swan_configure('time_zone', 'America/New_York'), swan_configure('hold_max', '2'), swan_configure('book_horizon', '28 days');
SET timezone = 'America/New_York';

CREATE FUNCTION pg_temp.dice(what text, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN (('x' || left(md5('swan' || what), 8))::bit(32)::bigint % sides)::integer;

-- An hour of a day of a week, 0 being the one in which we are, by the studio's clock.
CREATE FUNCTION pg_temp.at(week integer, day integer, hour numeric) RETURNS timestamptz LANGUAGE sql STABLE
RETURN (date_trunc('week', localtimestamp) + make_interval(weeks => week, days => day, mins => (hour * 60)::integer))::timestamptz;

-- Ada is the admin, Stella has the desk; six trainers (3 to 8), sixty clients (101 to 160).
INSERT INTO studio.users (id, first_name, last_name, email, role)
SELECT id, first, last, lower(format('%s.%s@example.com', first, last)), role FROM (
  SELECT 1 AS id, 'Ada' AS first, 'King' AS last, 'admin' AS role UNION ALL
  SELECT 2, 'Stella', 'Park', 'staff' UNION ALL
  SELECT n + 2, ('{Tom,Maya,Luis,Nora,Ken,Ivy}'::text[])[n], ('{Reed,Lopez,Ortega,Berg,Sato,Moss}'::text[])[n], 'trainer'
    FROM generate_series(1, 6) n UNION ALL
  SELECT n + 100, ('{John,Jane,Amir,Chloe,Diego,Emma,Fatima,Grace,Hugo,Iris}'::text[])[1 + (n - 1) % 10],
    ('{Doe,Adams,Baker,Chen,Diaz,Evans}'::text[])[1 + (n - 1) / 10], 'client' FROM generate_series(1, 60) n) people
ORDER BY id;

INSERT INTO web.pack (name, credits, price_minor, valid) VALUES
  ('Single session', 1, 8500, '3 months'), ('4-session pack', 4, 32000, '3 months'), ('8-session pack', 8, 60000, '6 months'),
  ('12-session pack', 12, 84000, '9 months'), ('24-session pack', 24, 156000, NULL);

-- What was sold: one to three packs a client, in the months behind us. Every tenth client has none yet.
SELECT count(*) FROM studio.users client, generate_series(1, 1 + pg_temp.dice('packs' || client.id, 3)) nth,
  LATERAL (SELECT * FROM web.pack ORDER BY pg_temp.dice(format('pack %s %s %s', client.id, nth, id), 1000) LIMIT 1) pack,
  swan_import(client.id, pack.credits, payment_ref => format('pi_seed_%s_%s', client.id, nth), item => pack.name,
    amount_minor => pack.price_minor, currency => 'USD', at => now() - make_interval(days => 10 + pg_temp.dice(format('day %s %s', client.id, nth), 150)),
    expires_at => CASE WHEN pack.credits < 8 AND nth = 1 THEN now() + make_interval(days => 3 + pg_temp.dice('end' || client.id, 40)) END)
WHERE client.role = 'client' AND client.id % 10 <> 0;

-- Some have let a pack end.
SELECT count(*) FROM studio.users client, swan_import(client.id, 4, 2, now() - interval '20 days',
  payment_ref => 'pi_seed_ended_' || client.id, item => '4-session pack', amount_minor => 32000, currency => 'USD',
  at => now() - interval '80 days')
WHERE client.role = 'client' AND client.id % 9 = 0;

SELECT count(*) FROM studio.users client, swan_grant(client.id, 1, 'Welcome session', now() + interval '20 days', actor => 1)
WHERE client.role = 'client' AND client.id % 7 = 0;

-- Slots: every trainer has four hours of each weekday and is not there on one of them; a class on Tuesday and Thursday evenings.
SELECT count(*) FROM studio.users trainer, generate_series(0, 4) day, generate_series(0, 3) hour,
  swan_open(trainer.id, pg_temp.at(-6, day, 8 + trainer.id % 3 * 3 + hour), repeat => 11)
WHERE trainer.role = 'trainer' AND day <> trainer.id % 5;
SELECT count(*) FROM unnest('{1,3}'::integer[]) day,
  swan_open(3 + day, pg_temp.at(-6, day, 18.5), 45, repeat => 11, places => 8);
SELECT count(*) FROM studio.users trainer,
  swan_block(trainer.id, pg_temp.at(0, (trainer.id % 5)::integer, 10), 120, repeat => 5, reason => 'Away')
WHERE trainer.role = 'trainer' AND trainer.id <> 3;

-- Who books what: draws lots for each slot, fewer the further away it is. What a rule refuses stays open.
DO $$
DECLARE
  slot record;
  client bigint;
  place bigint;       -- of a class, another than the one asked for
BEGIN
  FOR slot IN SELECT s.id, s.session_date, s.class_id FROM studio.sessions s WHERE s.status = 'available' ORDER BY s.session_date, s.id LOOP
    CONTINUE WHEN pg_temp.dice('slot' || slot.id, 100) >
      CASE WHEN slot.session_date < now() THEN 72 WHEN slot.class_id IS NOT NULL THEN 85 ELSE 78 - extract(day FROM slot.session_date - now()) * 2.5 END;
    client := 102 + pg_temp.dice('who' || slot.id, 59);
    CONTINUE WHEN client % 10 = 0 OR (SELECT available < 1 + pg_temp.dice('left' || client, 4) FROM swan_summary(client));
    BEGIN
      SELECT session_id INTO place FROM swan_book(client, slot.id);
    EXCEPTION WHEN SQLSTATE 'SW010' OR SQLSTATE 'SW002' OR SQLSTATE 'SW001' THEN
      CONTINUE;
    END;
    IF slot.session_date < now() THEN
      PERFORM FROM swan_complete(place, pg_temp.dice('came' || slot.id, 15) > 0);
    ELSIF pg_temp.dice('sure' || slot.id, 3) = 0 THEN
      PERFORM FROM swan_confirm(place);
    ELSIF pg_temp.dice('ill' || slot.id, 12) = 0 THEN
      PERFORM FROM swan_cancel(place, 'Ill', actor => client);
    END IF;
  END LOOP;
END $$;

-- John, 101: two packs, one of which ends soon, what he has behind him, and three bookings to come.
SELECT FROM swan_purchase(101, 4, 'pi_seed_john', '4-session pack', 32000, 'USD', expires_at => now() + interval '6 days');
SELECT count(*) FROM (SELECT id FROM studio.sessions WHERE status = 'available' AND class_id IS NULL AND trainer_id = 3
  AND session_date > now() + interval '2 days' ORDER BY session_date LIMIT 3) slot, swan_book(101, slot.id, actor => 101);

-- He and some others wait for what is taken.
SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY session_date, id) AS n, id FROM studio.sessions
  WHERE status IN ('scheduled', 'confirmed') AND class_id IS NULL AND trainer_id = 4 AND session_date > now() + interval '1 day') slot,
  unnest(ARRAY[101, 130 + slot.n]) client, swan_wait(client, slot.id, client = 101)
WHERE slot.n <= 2 AND client NOT IN (SELECT coalesce(user_id, 0) FROM studio.sessions WHERE id = slot.id);

-- What is asked for, and held, for some minutes.
SELECT count(*) FROM generate_series(1, 4) n, swan_request(110 + n, pg_temp.at(1, n, 17), 2 + n, actor => 110 + n);
SELECT count(*) FROM (SELECT id FROM studio.sessions WHERE status = 'available' AND class_id IS NULL
    AND session_date > now() + interval '1 day' ORDER BY pg_temp.dice('held' || id, 9999) LIMIT 3) slot,
  LATERAL (SELECT id FROM studio.users WHERE role = 'client' AND (SELECT ok FROM swan_can_book(users.id, slot.id))
    ORDER BY pg_temp.dice(format('holds %s %s', id, slot.id), 9999) LIMIT 1) client,
  swan_hold(client.id, slot.id, '30 minutes');
