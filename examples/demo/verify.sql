-- swan_verify() has no argument "actor": a backend names the person for the transaction.
BEGIN;
SELECT swan_act_as(1) AS actor \gset
SELECT format('   %s: %s', check_name, problem) FROM swan_verify();
SELECT demo.check('rows that swan_verify() returns: rules broken, guards missing', count(*), 0) FROM swan_verify();
COMMIT;

SELECT demo.check('clients whose balance is the sum of their ledger and of their lots', count(*),
         (SELECT count(*) FROM studio.users WHERE role = 'client'))
  FROM studio.users client
 WHERE role = 'client'
   AND available_sessions = (SELECT coalesce(sum(delta), 0) FROM studio.swan_ledger WHERE user_id = client.id)
   AND available_sessions = (SELECT coalesce(sum(remaining), 0) FROM studio.swan_lots WHERE user_id = client.id);
SELECT demo.check('bookings, each with one debit in the ledger', count(*),
         (SELECT count(*) FROM studio.sessions WHERE status NOT IN ('available', 'cancelled')))
  FROM studio.sessions slot
 WHERE status = 'scheduled'
   AND (SELECT sum(delta) FROM studio.swan_ledger WHERE session_id = slot.id AND user_id = slot.user_id) = -1;
SELECT demo.check('balances below zero', count(*), 0) FROM studio.users WHERE available_sessions < 0;
