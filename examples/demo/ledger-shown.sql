-- Of those who won a slot, the one with most to tell.
SELECT client AS who, format('%s %s, client %s', first_name, last_name, client) AS title
  FROM demo.answer JOIN demo.racer USING (connection) JOIN studio.users ON id = client
 WHERE won
 ORDER BY (SELECT count(*) FROM studio.swan_ledger WHERE user_id = client) DESC, client
 LIMIT 1 \gset
\echo '  ' :title
SELECT to_char(at, 'HH24:MI:SS.MS') AS at, kind, delta, balance_after AS balance,
       coalesce('slot of ' || to_char(session_date, 'Dy DD Mon HH24:MI'), nullif(item, ''), reason) AS "for",
       actor_name AS "by order of", db_role AS through
  FROM swan_statement(:who, max_rows => 8, actor => :who);
