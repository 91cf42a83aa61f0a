-- swan_payment: what a payment bought, and what became of it.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;
-- the credits of each item are all somewhere
CREATE VIEW studio.lost AS
	SELECT r.ref, p.* FROM (SELECT DISTINCT payment_ref FROM studio.swan_lots WHERE payment_ref IS NOT NULL) r (ref), swan_payment(r.ref) p
	 WHERE bought <> remaining + used + expired + reversed - reinstated + revoked;

--
-- Two items, of two clients, and a third one without an amount
--
SELECT count(*) FROM (VALUES (11, 'his', 10, 50000), (12, 'hers', 5, 20000), (11, '', 2, NULL)) p (client, item, n, amount),
	swan_purchase(client, n, 'pay1', item, amount, CASE WHEN amount > 0 THEN 'EUR' END, expires_at => CASE item WHEN 'his' THEN timestamptz '2099-06-01' END);
SELECT * FROM swan_payment('pay1');
-- used: booked, completed, given up too late; not what came back, or moved
SELECT count(*) FROM swan_book_many(11, ARRAY[1, 2, 3, 4]);
SELECT session_id FROM swan_reschedule(1, 5);
SELECT status FROM swan_complete(took_place(2));
SELECT returned FROM swan_cancel(3, return_credit => false);
SELECT returned FROM swan_cancel(4);
-- taken by hand, refunded in part and by the amount, and given back
SELECT moved FROM swan_revoke(11, 1, lot_id => (SELECT lot_id FROM swan_payment('pay1') WHERE item = 'his'));
SELECT moved FROM swan_reverse('pay1', 'his', refunded_minor => 10001, key => 'money');
SELECT moved, shortfall FROM swan_reverse('pay1', 'hers', 3, 'three');
SELECT moved FROM swan_reinstate('pay1', 'back', n => 2, reversal => 'three');
SELECT moved FROM swan_reinstate('pay1', 'half', 'his', n => 1, reversal => 'money');
SELECT * FROM swan_payment('pay1');
SELECT * FROM studio.lost;
-- what is past its end is expired, before it is swept and after
SELECT pass(11, '2100-01-01');
SELECT item, remaining, expired FROM swan_payment('pay1') WHERE item = 'his';
SELECT * FROM swan_expire();
SELECT item, remaining, expired FROM swan_payment('pay1') WHERE item = 'his';
SELECT moved, shortfall, expired FROM swan_reverse('pay1', 'his');
SELECT item, used, expired, reversed, shortfall, refunded_minor FROM swan_payment('pay1') WHERE item = 'his';
SELECT returned FROM swan_cancel(5);
SELECT item, used, expired, reversed, shortfall FROM swan_payment('pay1') WHERE item = 'his';
SELECT * FROM studio.lost;

-- arguments, and who may
SELECT * FROM swan_payment(NULL);
SELECT * FROM swan_payment(' ');
SELECT * FROM swan_payment('no such');
SELECT who, try('SELECT count(*) FROM swan_payment(''pay1'', ' || actor || ')')
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '11'), ('nobody', '99')) a (who, actor);

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
