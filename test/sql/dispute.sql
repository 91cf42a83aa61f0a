-- Disputes: what is reversed while one is open comes back when it is won, exactly that, and stays away when it is lost.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 40, '1 day') a;
-- what each client has of a payment, and what reversals have of it
CREATE VIEW studio.state AS
	SELECT item, user_id, remaining, used, reversed - reinstated AS reversed, shortfall, refunded_minor AS refunded FROM swan_payment('pay');

--
-- Two items of two clients, part of which is refunded before the dispute; each has spent one
--
SELECT count(*) FROM (VALUES (11, 'his', 6, 60000), (12, 'hers', 4, 40000)) p (client, item, n, amount), swan_purchase(client, n, 'pay', item, amount, 'EUR');
SELECT user_id, session_id FROM unnest('{11,12}'::bigint[], '{1,2}'::bigint[]) b (client, session), swan_book(client, session) ORDER BY 1;
SELECT status FROM unnest('{1,2}'::bigint[]) s, swan_complete(took_place(s));
SELECT user_id, moved FROM swan_reverse('pay', key => 're_1', refunded_minor => 30000);
SELECT * FROM studio.state;
CREATE TABLE studio.before AS SELECT * FROM studio.state;
-- it is opened: all that is left is taken, and what was spent is owed
SELECT user_id, moved, shortfall, available_sessions FROM swan_reverse('pay', key => 'dp_1');
SELECT * FROM studio.state;
-- won: it is as it was, once, whatever is sent again and in whatever order
SELECT user_id, moved, available_sessions FROM swan_reinstate('pay', 'dp_1 won', reversal => 'dp_1');
SELECT count(*) FROM (TABLE studio.before EXCEPT TABLE studio.state) x;
SELECT user_id, moved, replayed FROM swan_reverse('pay', key => 'dp_1');
SELECT user_id, moved, replayed FROM swan_reinstate('pay', 'dp_1 won', reversal => 'dp_1');
SELECT user_id, moved, replayed FROM swan_reinstate('pay', 'dp_1 won again', reversal => 'dp_1');
SELECT user_id, moved, replayed FROM swan_reverse('pay', key => 're_1', refunded_minor => 30000);
SELECT user_id, moved FROM swan_reverse('pay', key => 're_1 again', refunded_minor => 30000);
SELECT count(*) FROM (TABLE studio.before EXCEPT TABLE studio.state) x;

--
-- The refund before it fails while a second one is open: each gives back its own
--
BEGIN;
SELECT user_id, moved, shortfall FROM swan_reverse('pay', key => 'dp_2');
SELECT user_id, moved FROM swan_reinstate('pay', 're_1 failed', reversal => 're_1');
SELECT * FROM studio.state;
SELECT user_id, moved FROM swan_reinstate('pay', 'dp_2 won', reversal => 'dp_2');
SELECT * FROM studio.state;
SELECT try($$SELECT moved FROM swan_reinstate('pay', 'more', n => 1)$$);
ROLLBACK;
-- the other way round
BEGIN;
SELECT user_id, moved, shortfall FROM swan_reverse('pay', key => 'dp_2');
SELECT user_id, moved FROM swan_reinstate('pay', 'dp_2 won', reversal => 'dp_2');
SELECT user_id, moved FROM swan_reinstate('pay', 're_1 failed', reversal => 're_1');
SELECT * FROM studio.state;
ROLLBACK;
-- won in part
BEGIN;
SELECT user_id, moved, shortfall FROM swan_reverse('pay', key => 'dp_2');
SELECT user_id, moved FROM swan_reinstate('pay', 'some', n => 3, reversal => 'dp_2');
SELECT * FROM studio.state;
SELECT try($$SELECT moved FROM swan_reinstate('pay', 'too many', n => 5, reversal => 'dp_2')$$);
SELECT user_id, moved FROM swan_reinstate('pay', 'the rest', reversal => 'dp_2');
SELECT count(*) FROM (TABLE studio.before EXCEPT TABLE studio.state) x;
ROLLBACK;
-- of one item only, and of one item of a reversal of all
BEGIN;
SELECT user_id, moved, shortfall FROM swan_reverse('pay', 'his', key => 'dp_his');
SELECT user_id, moved, shortfall FROM swan_reverse('pay', key => 'dp_all');
SELECT try($$SELECT moved FROM swan_reinstate('pay', 'not hers', 'hers', reversal => 'dp_his')$$);
SELECT user_id, moved FROM swan_reinstate('pay', 'hers', 'hers', reversal => 'dp_all');
SELECT user_id, moved FROM swan_reinstate('pay', 'his', reversal => 'dp_his');
SELECT count(*) FROM (TABLE studio.before EXCEPT TABLE studio.state) x;
ROLLBACK;

--
-- Between the two he gave a booking up: it settled what the dispute was owed, and comes back when it is won
--
SELECT session_id FROM swan_book(11, 3);
BEGIN;
SELECT user_id, moved, shortfall FROM swan_reverse('pay', key => 'dp_3');
SELECT returned, available_sessions FROM swan_cancel(3);
SELECT * FROM studio.state;
SELECT user_id, moved, available_sessions FROM swan_reinstate('pay', 'dp_3 won', reversal => 'dp_3');
SELECT * FROM studio.state;
-- and some of it went to somebody else meanwhile, who is refunded with the next one
SELECT moved FROM swan_transfer(11, 13, 2);
SELECT user_id, moved, shortfall FROM swan_reverse('pay', key => 'dp_4');
SELECT user_id, moved FROM swan_reinstate('pay', 'dp_4 won', reversal => 'dp_4');
SELECT * FROM studio.state;
SELECT * FROM swan_verify();
ROLLBACK;
-- lost: nothing comes back, and later reports of the refund take nothing more
SELECT user_id, moved, shortfall FROM swan_reverse('pay', key => 'dp_5');
SELECT user_id, moved, shortfall FROM swan_reverse('pay', key => 're_all', refunded_minor => 100000);
SELECT user_id, moved FROM swan_reverse('pay');
SELECT returned, available_sessions FROM swan_cancel(3);
SELECT * FROM studio.state;
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
