-- swan_merge of what is beside credits: places in lines, debts, sessions of several lots, suspensions and holds, all at once.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day', cost => 3) a;
SELECT count(*) FROM swan_open(4, '2099-02-05 09:00', 60, 20, '1 day') a;
SELECT swan_open(4, '2099-03-05 18:00', places => 2) AS class \gset
CREATE VIEW studio.lines AS SELECT w.session_id AS slot, w.user_id AS client, w.auto, w.offered_from <= clock_timestamp() AS turn FROM studio.swan_waits w ORDER BY w.session_id, w.id;
CREATE VIEW studio.lots AS SELECT id, user_id, granted, remaining, expires_at, payment_ref FROM studio.swan_lots WHERE remaining > 0 ORDER BY user_id, id;
SELECT count(*) FROM swan_grant_many('{13,14,15}', 9);

--
-- Places in lines: that of the other goes over; of two in one line the better one stays; none where he has what it is for
--
SELECT session_id FROM unnest('{21,22,23,24}'::bigint[]) s, swan_book(15, s);
SELECT count(*) FROM (VALUES (1, 13, 21, false), (2, 11, 21, true), (3, 11, 22, false), (4, 13, 22, false), (5, 12, 22, true), (6, 12, 23, false), (7, 13, 23, false), (8, 11, 23, true)) w (o, client, slot, auto), swan_wait(client, slot, auto);
-- one client has a place of the class, the other waits for one; a turn that is his already
SELECT user_id FROM unnest('{14,15}'::bigint[]) i, swan_book(i, :class);
SELECT session_id FROM swan_wait(11, :class) UNION ALL SELECT session_id FROM swan_wait(11, 24);
SELECT reopened_session_id AS open FROM swan_cancel(24, reopen => true) \gset
TABLE studio.lines;
BEGIN;
SELECT moved, bookings FROM swan_merge(11, 12, key => 'lines');
TABLE studio.lines;
SELECT user_id, kind, session_id = :open AS is_open FROM studio.swan_ledger WHERE kind = 'offer' ORDER BY id;
-- the turn is his: nobody else has it
SELECT try('SELECT user_id FROM swan_book(14, ' || :open || ', actor => 14)') AS anybody, try('SELECT owed FROM swan_book(12, ' || :open || ', later => true)') AS himself;
SELECT * FROM swan_verify();
ROLLBACK;
-- into the one who has a place of the class, and what another line is for
BEGIN;
SELECT user_id FROM swan_cancel(22, reopen => false);
SELECT moved, bookings FROM swan_merge(11, 14);
SELECT moved, bookings FROM swan_merge(15, 13);
TABLE studio.lines;
SELECT * FROM swan_verify();
ROLLBACK;
-- both have a place of the class: one of them is given up first
SELECT try('SELECT moved FROM swan_merge(14, 15)');

--
-- A session of three credits of three lots, one that owes two of three, one that owes all, one that was free; a suspension, a hold
--
SELECT swan_purchase(16, 2, 'p1', amount_minor => 2000, currency => 'EUR', expires_at => '2099-06-01') IS NOT NULL AS a, swan_purchase(16, 1, 'p2', amount_minor => 900, currency => 'EUR', expires_at => '2099-07-01') IS NOT NULL AS b,
	swan_grant(16, 1, 'Welcome') IS NOT NULL AS c;
SELECT moved FROM swan_revoke(16, 1, lot_id => (SELECT lot_id FROM swan_credits(16) WHERE payment_ref = 'p1'));
SELECT session_id, credits, owed FROM swan_book(16, 1);
SELECT session_id, credits, owed FROM swan_book(16, 2, later => true);
SELECT added FROM swan_grant(16, 2, 'More', expires_at => '2099-08-01');
SELECT session_id, credits, owed FROM swan_charge(2, 1);
SELECT session_id, credits, owed FROM swan_book(16, 3, later => true);
SELECT session_id, credits, owed FROM swan_book(16, 4, charge => false);
SELECT until IS NOT NULL AS held FROM swan_hold(16, 5);
SELECT moved, shortfall FROM swan_reverse('p1', key => 're');
SELECT until FROM swan_suspend(16, '2098-01-01', '2098-02-01', 'A broken leg');
SELECT added FROM swan_grant(17, 4);
SELECT session_id, owed FROM swan_book(17, 6, later => true);
SELECT moved, bookings, from_available_sessions, available_sessions FROM swan_merge(16, 17, 'the same person');
TABLE studio.lots;
SELECT id, user_id, status, credits, session_deducted FROM studio.sessions WHERE user_id IN (16, 17) ORDER BY id;
SELECT session_id, owed FROM swan_unsettled() ORDER BY 1;
SELECT session_id, user_id FROM studio.swan_holds;
SELECT i, suspended_since, suspended_until FROM unnest('{16,17}'::bigint[]) i, swan_summary(i) WHERE i = 17;
SELECT lot_id, -delta AS credits FROM studio.swan_ledger WHERE user_id = 17 AND session_id = 1 ORDER BY id;
SELECT item, user_id, bought, remaining, used, reversed, shortfall FROM swan_payment('p1');
-- what he gives up comes back to those lots, and what the refund is owed is taken of it
SELECT returned, credits, available_sessions FROM swan_cancel(1);
SELECT session_id, credits, owed, available_sessions FROM swan_charge(3);
SELECT session_id, credits, owed FROM swan_reschedule(2, 30);
SELECT returned, credits, available_sessions FROM swan_cancel(3);
SELECT session_id, credits, owed FROM swan_complete(took_place(6));
TABLE studio.lots;
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
