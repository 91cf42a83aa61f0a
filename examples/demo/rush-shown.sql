\pset format unaligned
\pset tuples_only on
WITH moment AS (
  SELECT sum(step) OVER (ORDER BY at, step) AS under_way
    FROM demo.answer, LATERAL (VALUES (asked_at, 1), (answered_at, -1)) change (at, step))
SELECT format(E'   %s clients on %s connections made %s requests in %s seconds, up to %s at the same time;\n'
              '   %s booked, %s were refused. What the refused were told:',
         (SELECT count(DISTINCT client) FROM demo.racer), count(DISTINCT backend), count(*),
         round(extract(epoch FROM max(answered_at) - min(asked_at)), 1), (SELECT max(under_way) FROM moment),
         count(*) FILTER (WHERE won), count(*) FILTER (WHERE NOT won))
  FROM demo.answer;

\pset format aligned
\pset tuples_only off
SELECT error ->> 'sqlstate' AS error, count(*) AS times, error ->> 'message' AS sentence
  FROM demo.answer WHERE NOT won
 GROUP BY 1, 3 ORDER BY 2 DESC;

\echo '   Some of the winners and their balances; the slots that most asked for:'
SELECT to_char(slot.session_date, 'Dy HH24:MI') || ' with ' || trainer.first_name || ' ' || trainer.last_name AS slot,
       (SELECT count(*) FROM demo.wish WHERE wish.slot = slot.id) AS "asked for",
       client.first_name || ' ' || client.last_name AS "taken by",
       racer.credits_before AS had,
       (SELECT count(*) FROM demo.answer JOIN demo.racer r USING (connection) WHERE won AND r.client = client.id) AS booked,
       client.available_sessions AS "has left"
  FROM demo.prize
  JOIN studio.sessions slot ON slot.id = prize.slot
  JOIN studio.users trainer ON trainer.id = slot.trainer_id
  JOIN studio.users client ON client.id = slot.user_id
  JOIN demo.racer ON racer.client = client.id AND device = 'phone'
 ORDER BY 2 DESC, slot.session_date, slot.id
 LIMIT 4;

\pset format unaligned
\pset tuples_only on
SELECT demo.check('Saturday slots taken, each by one client', count(*), (SELECT count(*) FROM demo.prize))
  FROM demo.prize JOIN studio.sessions slot ON slot.id = prize.slot AND slot.status = 'scheduled'
 WHERE slot.user_id = (SELECT sum(client) FROM demo.answer JOIN demo.wish USING (connection, nth) JOIN demo.racer USING (connection)
                        WHERE won AND wish.slot = prize.slot);
SELECT demo.check('clients who spent their last credit exactly once, whatever their two devices did', count(*),
         (SELECT count(DISTINCT client) FROM demo.racer WHERE last_credit))
  FROM (SELECT client FROM demo.racer JOIN demo.answer USING (connection) WHERE last_credit
         GROUP BY client HAVING count(*) FILTER (WHERE won) = 1 AND bool_or(error ->> 'sqlstate' = 'SW001')) racer
  JOIN studio.users ON id = client AND available_sessions = 0;
SELECT demo.check('credits that the racers have spent: one for each booking',
         sum(credits_before - available_sessions), (SELECT count(*) FROM demo.answer WHERE won))
  FROM demo.racer JOIN studio.users ON id = client WHERE device = 'phone';
SELECT demo.check('requests without an answer, or refused for another reason (a deadlock, say)',
         4 * (SELECT count(*) FROM demo.racer) - count(*), 0)
  FROM demo.answer WHERE won OR error ->> 'sqlstate' IN ('SW001', 'SW002', 'SW010');
