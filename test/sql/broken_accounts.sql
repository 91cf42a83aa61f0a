-- What is said to who would spend or return credits when balance, lots and ledger do not fit each other, which only a superuser past the triggers can make so.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 9, '1 day') a;
SELECT available_sessions FROM swan_grant(11, 5);
SELECT session_id FROM swan_book(11, 1);
SELECT status FROM swan_complete(took_place(1));
SELECT session_id FROM swan_book(11, 2);
RESET ROLE;

-- fewer credits in the lots than in the balance
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE studio.swan_lots SET remaining = 1 WHERE user_id = 11;
SET LOCAL session_replication_role = origin;
SELECT check_name, problem FROM swan_verify(11);
SELECT call, try('SELECT 1 FROM ' || call) FROM unnest('{"swan_book(11, 3)","swan_book_many(11, ''{3,4}'')","swan_transfer(11, 12, 2)","swan_revoke(11, 2)","swan_charge(2, 2)","swan_cancel(2)","swan_grant(11, 1)"}'::text[]) call;
-- what the application takes itself is written down, the part that no lot has without one
SELECT swan_configure('guard_balance', 'record');
UPDATE studio.users SET available_sessions = 0 WHERE id = 11;
SELECT delta, balance_after, lot_id IS NOT NULL AS of_a_lot FROM studio.swan_ledger WHERE user_id = 11 AND kind = 'external' ORDER BY id;
ROLLBACK;

-- a lot is gone
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM studio.swan_lots WHERE user_id = 11;
SET LOCAL session_replication_role = origin;
SELECT check_name, problem FROM swan_verify(11);
SELECT call, try('SELECT 1 FROM ' || call) FROM unnest('{"swan_book(11, 3)","swan_cancel(2)","swan_can_cancel(2)","swan_reschedule(2, 3)","swan_waive(1, ''it rained'')","swan_correct(1, ''missed'', ''a mistake'')","swan_grant(11, 1)"}'::text[]) call;
ROLLBACK;
SELECT * FROM swan_verify();
\i test/fixture/moves_gone.sql
