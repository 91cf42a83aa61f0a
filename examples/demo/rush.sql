-- Who asks for what in the rush: 40 slots, 200 clients, 20 of them on two devices.

-- Eight trainers open five hours on the first Saturday.
CREATE TABLE demo.prize AS
SELECT slot, row_number() OVER (ORDER BY slot) AS n
  FROM generate_series(3, 10) trainer, generate_series(9, 13) hour,
       swan_open(trainer, demo.at(1, 'Sat', hour), actor => trainer) slot;

-- 200 clients who have a credit; those who are down to their last one also use a second device.
CREATE TABLE demo.racer AS
SELECT row_number() OVER (ORDER BY device DESC, client) - 1 AS connection, client, device, credits_before, last_credit
  FROM (SELECT client.id AS client, available AS credits_before, client.id BETWEEN 381 AND 400 AS last_credit
          FROM studio.users client, swan_summary(client.id, actor => client.id)
         WHERE role = 'client' AND available > 0 AND client.id BETWEEN 101 AND 400 AND client.id <> 123
         ORDER BY client.id BETWEEN 381 AND 400 DESC, md5('rush' || client.id)
         LIMIT 200) entrant,
       unnest('{phone,laptop}'::text[]) device
 WHERE device = 'phone' OR last_credit;

-- Each connection asks four times. The first wishes are spread over all slots, so that there is
-- somebody for each. Those on their last credit ask second for a quiet slot, another one on each
-- device; these are all one trainer's, so that none overlaps another.
CREATE TABLE demo.wish AS
SELECT connection, nth, prize.slot
  FROM demo.racer, generate_series(1, 4) nth
  JOIN demo.prize ON true
 WHERE prize.n = 1 + CASE nth WHEN 1 THEN connection % 40
                              ELSE demo.dice(format('wish %s %s', connection, nth), 40) END
   AND NOT (last_credit AND nth = 2)
UNION ALL
SELECT connection, 2, quiet.slot
  FROM (SELECT connection, row_number() OVER (ORDER BY connection) AS n FROM demo.racer WHERE last_credit) racer
  JOIN (SELECT id AS slot, row_number() OVER (ORDER BY id) AS n
          FROM studio.sessions
         WHERE status = 'available' AND trainer_id = 3 AND session_date > demo.at(2, 'Mon', 0)) quiet USING (n);

SELECT demo.check('slots', count(*), 40) FROM demo.prize;
SELECT demo.check('clients', count(DISTINCT client), 200),
       demo.check('with one credit', count(DISTINCT client) FILTER (WHERE last_credit AND credits_before = 1), 20),
       demo.check('connections', count(*), 220)
  FROM demo.racer;
SELECT demo.check('wishes', count(*), 880) FROM demo.wish;

CREATE TABLE demo.answer (
  connection bigint, nth integer, won boolean, error jsonb, backend integer DEFAULT pg_backend_pid(),
  asked_at timestamptz, answered_at timestamptz DEFAULT clock_timestamp());

-- What a backend does for a request: it calls swan_book in the client's name, and whatever the
-- answer is, that is noted.
CREATE FUNCTION demo.press_book(who bigint, nth integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  asked_at timestamptz := clock_timestamp();
  state text;
  said text;
  detail text;
BEGIN
  PERFORM FROM demo.racer r JOIN demo.wish w USING (connection), swan_book(r.client, w.slot, actor => r.client)
   WHERE r.connection = who AND w.nth = press_book.nth;
  INSERT INTO demo.answer VALUES (who, nth, true, NULL, DEFAULT, asked_at);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  INSERT INTO demo.answer VALUES (who, nth, false, demo.refusal(state, said, detail), DEFAULT, asked_at);
END $$;

ANALYZE demo.racer, demo.wish;
