\pset format unaligned
\pset tuples_only on
SELECT format(E'   %s clients, %s trainers, %s slots in %s weeks (%s to %s),\n   %s of them booked so far. The packages that were sold:',
         (SELECT count(*) FROM studio.users WHERE role = 'client'),
         (SELECT count(*) FROM studio.users WHERE role = 'trainer'),
         count(*), count(DISTINCT date_trunc('week', session_date)),
         to_char(min(session_date), 'DD Mon YYYY'), to_char(max(session_date), 'DD Mon YYYY'),
         count(*) FILTER (WHERE status = 'scheduled'))
  FROM studio.sessions;

\pset format aligned
\pset tuples_only off
SELECT package.name AS package, credits AS sessions, '$' || price AS price,
       count(DISTINCT lot.user_id) AS buyers, sum(lot.granted) AS "credits bought",
       sum(lot.remaining) AS "not used yet"
  FROM demo.package
  JOIN studio.swan_ledger entry ON package.name IN (entry.reason, entry.item)
  JOIN studio.swan_lots lot ON lot.id = entry.id
 GROUP BY package.name, credits, price
 ORDER BY credits;
