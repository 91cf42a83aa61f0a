-- Credits that are good for some kinds of session only.
\i test/fixture/moves.sql
-- what swan_can_book says, and swan_book does
CREATE FUNCTION public.both(client bigint, session bigint, OUT can text, OUT book text) LANGUAGE plpgsql AS $$
BEGIN
	SELECT concat_ws(' ', c.ok, c.sqlstate, c.message) INTO can FROM swan_can_book(client, session, actor => client) c;
	book := try(format('SELECT available_sessions FROM swan_book(%s, %s, actor => %s)', client, session, client));
END $$;
SET ROLE regress_owner;
-- 1 to 12: yoga; 13 to 22: pilates; 23 to 26: of no kind; 27 to 30: yoga, two credits
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 12, '1 day', kind => 'yoga') a;
SELECT count(*) FROM swan_open(3, '2099-02-05 09:00', 60, 10, '1 day', kind => 'pilates') a;
SELECT count(*) FROM swan_open(3, '2099-03-05 09:00', 60, 4, '1 day') a;
SELECT count(*) FROM swan_open(3, '2099-04-05 09:00', 60, 4, '1 day', kind => 'yoga', cost => 2) a;
-- what a client's lots hold
CREATE FUNCTION studio.lots(client bigint, OUT id bigint, OUT remaining integer, OUT good_for text[]) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT l.id, l.remaining, l.good_for FROM studio.swan_lots l WHERE user_id = client ORDER BY id
$$;

--
-- A booking takes only what is good for it, and what is good for it alone first
--
SELECT added, available_sessions FROM swan_grant(11, 2, 'for all');
SELECT added, available_sessions FROM swan_purchase(11, 2, 'pay11', 'yoga', 4000, 'EUR', good_for => '{yoga}');
SELECT added, available_sessions FROM swan_grant(11, 1, 'ends', '2099-12-31', good_for => '{pilates,barre}');
SELECT available FROM swan_summary(11);
SELECT lot_id, remaining, item, good_for FROM swan_credits(11);
SELECT available_sessions FROM swan_book(11, 13, actor => 11);
SELECT available_sessions FROM swan_book(11, 1, actor => 11);
SELECT * FROM studio.lots(11);
-- two of one call, the second from what is good for all
SELECT credits, available_sessions FROM swan_book(11, 27, actor => 11);
SELECT * FROM studio.lots(11);
SELECT kind, delta, session_id, good_for FROM swan_statement(11);
-- nothing is left for yoga but the one that is good for all; without it there is
SELECT * FROM public.both(11, 28);
SELECT * FROM public.both(11, 14);
SELECT * FROM public.both(11, 2);

--
-- What he has for other kinds, and how the errors count
--
SELECT added FROM swan_grant(12, 3, good_for => '{yoga}');
SELECT available, warning FROM swan_summary(12);
SELECT session_id, b.* FROM (VALUES (14), (23), (2), (28)) s (session_id), public.both(12, s.session_id) b ORDER BY session_id;
SELECT * FROM swan_book(12, 14, actor => 12);
SELECT * FROM swan_book(12, 23, actor => 12);
SELECT * FROM swan_book_many(12, '{28,29}', actor => 12);
SELECT * FROM swan_book_many(12, '{2,14}', actor => 12);
SELECT * FROM swan_book(12, 14, lot_id => (SELECT lot_id FROM swan_credits(12)));
SELECT added FROM swan_grant(12, 1);
SELECT * FROM swan_book(12, 14, lot_id => (SELECT min(lot_id) FROM swan_credits(12)));
SELECT try(format('SELECT credits FROM swan_book(12, 14, lot_id => %s)', (SELECT max(lot_id) FROM swan_credits(12)))) AS of_the_other;
SELECT sum(credits) FROM swan_book_many(12, '{2,14,3,5}', actor => 12);
SELECT * FROM studio.lots(12);
SELECT available FROM swan_summary(12);
-- who has none at all is told as ever
SELECT * FROM swan_book(13, 15, actor => 13);

--
-- A hold that needs a credit needs one for that kind
--
SELECT added FROM swan_grant(14, 1, good_for => '{yoga}');
SELECT swan_configure('hold_credit', 'on');
SELECT try('SELECT user_id FROM swan_hold(14, 15, actor => 14)') AS pilates, try('SELECT user_id FROM swan_hold(14, 4, actor => 14)') AS yoga;
SELECT swan_configure('hold_credit', 'off');

--
-- Exchanged for one of another kind: what is not good for it goes back
--
SELECT added FROM swan_grant(15, 2, 'yoga', '2099-12-30', good_for => '{yoga}');
SELECT added FROM swan_grant(15, 1, 'pilates', '2099-12-31', good_for => '{pilates}');
SELECT credits, available_sessions FROM swan_book(15, 4, actor => 15);
SELECT credits, available_sessions FROM swan_reschedule(4, 16, actor => 15);
SELECT * FROM studio.lots(15);
SELECT kind, delta, lot_id, session_id, from_session_id, details FROM studio.swan_ledger WHERE user_id = 15 AND kind = 'reschedule' ORDER BY id;
SELECT * FROM swan_verify(15);
-- to no kind at all, and to two credits, of which he has one that is good
SELECT * FROM swan_reschedule(16, 24, actor => 15);
SELECT credits, available_sessions FROM swan_reschedule(16, 30, actor => 15);
SELECT * FROM studio.lots(15);
SELECT credits, available_sessions, replayed FROM swan_reschedule(30, 17, actor => 15, key => 'back') r;
SELECT credits, replayed FROM swan_reschedule(30, 17, actor => 15, key => 'back') r;
SELECT returned, available_sessions FROM swan_cancel(17);
SELECT * FROM studio.lots(15);
-- what was not good has ended meanwhile: it expires
SELECT credits FROM swan_book(15, 6, actor => 15);
SELECT remaining FROM swan_extend((SELECT min(id) FROM studio.swan_lots WHERE user_id = 15), '2001-01-01');
SELECT credits, available_sessions FROM swan_reschedule(6, 18, actor => 15);
SELECT kind, delta, good_for FROM swan_statement(15, max_rows => 5);
SELECT * FROM swan_verify(15);

--
-- Charged, completed and corrected
--
SELECT added FROM swan_grant(16, 2, good_for => '{pilates}');
SELECT owed FROM swan_book(16, 7, later => true);
SELECT * FROM swan_charge(7);
SELECT took_place(7);
SELECT owed, credits FROM swan_complete(7, actor => 3);
SELECT added FROM swan_grant(16, 1, good_for => '{yoga,pilates}');
SELECT owed, credits FROM swan_charge(7, key => 'c7');
SELECT * FROM swan_charge(7, 2);
SELECT * FROM studio.lots(16);
SELECT owed FROM swan_book(16, 8, later => true);
SELECT added FROM swan_grant(16, 1, good_for => '{yoga}');
SELECT took_place(8);
SELECT owed, credits FROM swan_complete(8, actor => 3);
-- a cancellation is taken back, and its credit is spent by then
SELECT added FROM swan_grant(17, 1, 'yoga', good_for => '{yoga}');
SELECT added FROM swan_grant(17, 5, good_for => '{pilates}');
SELECT session_id FROM swan_book(17, 9, actor => 17);
SELECT returned, reopened_session_id FROM swan_cancel(9, actor => 17);
SELECT session_id FROM swan_book(17, 10, actor => 17);
SELECT * FROM swan_correct(9, 'scheduled', 'it was another client');
SELECT added FROM swan_grant(17, 1);
SELECT credits, available_sessions FROM swan_correct(9, 'scheduled', 'it was another client');
SELECT * FROM studio.lots(17);

--
-- A request is of no kind, and a place of a class of that of the class
--
SELECT session_id AS asked FROM swan_request(14, '2099-05-05 09:00', 3) \gset
SELECT ok, sqlstate FROM swan_can_book(14, :asked, actor => 2);
SELECT try(format('SELECT credits FROM swan_book(14, %s, actor => 2)', :asked));
SELECT swan_open AS class FROM swan_open(3, '2099-05-06 09:00', places => 2, kind => 'barre') \gset
SELECT * FROM public.both(14, :class);
SELECT added FROM swan_grant(14, 1, good_for => '{barre}');
SELECT * FROM public.both(14, :class);

--
-- Who waits is booked for if what he has is good for it
--
SELECT added FROM swan_grant(18, 1, good_for => '{yoga}');
SELECT added FROM swan_grant(19, 1, good_for => '{pilates}');
SELECT user_id FROM swan_wait(18, 13, true);
SELECT user_id FROM swan_wait(19, 13, true);
SELECT reopened_session_id AS reopened FROM swan_cancel(13, reopen => true) \gset
SELECT user_id FROM swan_promote();
SELECT user_id, refused FROM swan_waiting(:reopened) ORDER BY user_id;
SELECT swan_unwait(:reopened, 18) IS NOT NULL AS unwaited;
SELECT user_id, session_id = :reopened AS that FROM swan_promote();

--
-- It goes along with the credits: handed over, merged, ended and opened again, refunded and given back
--
SELECT moved, available_sessions FROM swan_transfer(14, 20, 1);
SELECT added FROM swan_grant(20, 3, good_for => '{yoga,barre}');
SELECT added FROM swan_purchase(20, 2, 'pay20', good_for => '{pilates}', valid_for => '1 month');
SELECT session_id FROM swan_book(20, 19, actor => 20);
SELECT moved, bookings FROM swan_merge(20, 21);
SELECT * FROM studio.lots(21);
SELECT returned FROM swan_cancel(19);
SELECT * FROM studio.lots(21);
SELECT remaining, good_for FROM swan_extend((SELECT max(id) FROM studio.swan_lots WHERE user_id = 21), '2001-01-01');
SELECT remaining, good_for FROM swan_extend((SELECT max(id) FROM studio.swan_lots WHERE user_id = 21), NULL);
SELECT moved FROM swan_reverse('pay20');
SELECT moved FROM swan_reinstate('pay20', 'won');
SELECT lot_id, remaining, good_for FROM swan_credits(21);

--
-- Imported, and given to many
--
SELECT remaining FROM swan_import(22, 10, 4, payment_ref => 'old22', good_for => '{yoga}');
SELECT remaining FROM swan_import_many('[{"user_id": 22, "granted": 2, "good_for": ["pilates", "barre"]}, {"user_id": 22, "granted": 1, "good_for": null}, {"user_id": 22, "granted": 1}]');
SELECT user_id FROM swan_grant_many('{22,23}', 1, good_for => '{barre}');
SELECT remaining, good_for FROM studio.lots(22);
SELECT remaining, good_for FROM studio.lots(23);
SELECT n, try('SELECT 1 FROM ' || call) FROM (VALUES (1, 'swan_import(22, 1, good_for => ''{}'')'), (2, 'swan_import_many(''[{"user_id": 22, "granted": 2, "good_for": ["a", "a"]}]'')'),
	(3, 'swan_import_many(''[{"user_id": 22, "granted": 2, "good_for": "yoga"}]'')')) t (n, call) ORDER BY n;

--
-- What no list of kinds can be
--
SELECT call, try('SELECT added FROM ' || call) FROM (VALUES
	(1, 'swan_grant(23, 1, good_for => ''{}'')'), (2, 'swan_grant(23, 1, good_for => ''{yoga,NULL}'')'), (3, 'swan_grant(23, 1, good_for => ''{yoga,barre,yoga}'')'),
	(4, 'swan_grant(23, 1, good_for => ''{" "}'')'), (5, 'swan_grant(23, 1, good_for => ''{{yoga},{barre}}'')'), (6, 'swan_grant(23, 1, good_for => ARRAY[repeat(''x'', 256)])'),
	(7, 'swan_purchase(23, 1, ''p'', good_for => ''{NULL}'')'), (8, 'swan_grant_many(''{23}'', 1, good_for => ''{}'')'), (9, 'swan_grant(23, 1, good_for => ''[5:5]={yoga}'')'),
	(10, 'swan_grant(23, 1, good_for => NULL)'), (11, 'swan_grant(23, 1, good_for => ''{no session has it yet}'')'), (12, 'swan_grant(23, 1, good_for => ARRAY(SELECT ''k'' || i FROM generate_series(1, 101) i))'),
	(13, 'swan_grant(23, 1, good_for => ''{yoga}'', actor => 23)')) t (n, call) ORDER BY n;

--
-- Somebody says of a session that it is of another kind: what it took stays
--
UPDATE studio.sessions SET kind = 'boxing' WHERE id = 10;
SELECT * FROM swan_verify();
SELECT returned FROM swan_cancel(10);
SELECT * FROM studio.lots(17);
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

--
-- A studio of 0.1.0 has no such column: all else goes on, and what needs it says so
--
RESET ROLE;
BEGIN;
ALTER TABLE studio.swan_lots DROP COLUMN good_for;
SET LOCAL ROLE regress_owner;
SELECT added FROM swan_grant(24, 2);
SELECT added FROM swan_purchase(24, 2, 'pay24');
SELECT added FROM swan_grant_many('{24}', 2);
SELECT session_id FROM swan_book(24, 20);
SELECT session_id FROM swan_reschedule(20, 21, actor => 24);
SELECT remaining, good_for FROM swan_credits(24);
SELECT kind, good_for FROM swan_statement(24, max_rows => 1);
SELECT * FROM swan_verify();
SAVEPOINT s;
SELECT * FROM swan_grant(24, 1, good_for => '{yoga}');
ROLLBACK TO s;
-- nor has one of another type by that name any meaning
RESET ROLE;
ALTER TABLE studio.swan_lots ADD COLUMN good_for text DEFAULT 'nothing';
SET LOCAL ROLE regress_owner;
SELECT added FROM swan_grant(24, 1);
SELECT session_id FROM swan_book(24, 22);
SELECT try('SELECT added FROM swan_purchase(24, 1, ''new'', good_for => ''{yoga}'')');
ROLLBACK;

SET ROLE regress_owner;
--
-- An old route books and lowers the balance, in either order: the session has what is good for it, if there is any
--
SELECT swan_configure('guard_sessions', 'record'), swan_configure('guard_balance', 'record');
SELECT added FROM swan_grant(25, 2, good_for => '{yoga}');
SELECT added FROM swan_grant(25, 1, good_for => '{pilates}');
SELECT id AS pilates FROM studio.sessions WHERE status = 'available' AND kind = 'pilates' AND session_date > '2098-01-01' ORDER BY id LIMIT 1 \gset
SELECT id AS another FROM studio.sessions WHERE status = 'available' AND kind = 'pilates' AND session_date > '2098-01-01' ORDER BY id OFFSET 1 LIMIT 1 \gset
BEGIN;
UPDATE studio.users SET available_sessions = available_sessions - 1 WHERE id = 25;
UPDATE studio.sessions SET status = 'scheduled', user_id = 25, session_deducted = true, credits = 1 WHERE id = :pilates;
COMMIT;
SELECT * FROM studio.lots(25);
SELECT returned FROM swan_cancel(:pilates);
SELECT * FROM studio.lots(25);
BEGIN;
UPDATE studio.sessions SET status = 'scheduled', user_id = 25, session_deducted = true, credits = 1 WHERE id = :another;
UPDATE studio.users SET available_sessions = available_sessions - 1 WHERE id = 25;
COMMIT;
SELECT * FROM studio.lots(25);
SELECT * FROM swan_verify(25);

--
-- Of several bookings the first lets a lot's time begin, which the next ones know
--
BEGIN;
SELECT added FROM swan_grant(19, 2, 'ten days', valid_for => '10 days');
SELECT added FROM swan_grant(19, 1, 'one kind', '2099-12-31', good_for => '{pilates}');
SELECT min(id) FILTER (WHERE kind IS NULL) AS none, max(id) FILTER (WHERE kind = 'pilates') AS pilates FROM studio.sessions WHERE status = 'available' \gset
SELECT count(*) FROM swan_book_many(19, ARRAY[:none, :pilates]);
SELECT remaining, good_for FROM studio.lots(19);
ROLLBACK;

--
-- Attached tables say what a session is by a column of theirs, or do not
--
RESET ROLE;
CREATE SCHEMA gym AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TYPE gym.kind AS ENUM ('yoga', 'boxing');
CREATE TABLE gym.users (id bigint PRIMARY KEY, available_sessions integer NOT NULL DEFAULT 0);
CREATE TABLE gym.sessions (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES gym.users, status text NOT NULL, session_date timestamptz, type gym.kind);
INSERT INTO gym.users VALUES (1), (2);
INSERT INTO gym.sessions (status, session_date, type) VALUES ('available', '2099-01-01 09:00', 'yoga'), ('available', '2099-01-02 09:00', 'boxing'), ('available', '2099-01-03 09:00', NULL);
SELECT swan_detach('studio');
SELECT count(*) > 0 AS attached FROM swan_attach('gym.users', 'gym.sessions');
SELECT * FROM swan_grant(1, 1, good_for => '{yoga}');
SELECT swan_detach('gym');
SELECT count(*) > 0 AS attached FROM swan_attach('gym.users', 'gym.sessions', '{"kind": "type"}');
SELECT * FROM swan_grant(1, 1, good_for => '{yoga,Boxing}');
SELECT added FROM swan_grant(1, 2, good_for => '{yoga}');
SELECT session_id, b.* FROM (VALUES (1), (2), (3)) s (session_id), public.both(1, s.session_id) b ORDER BY session_id;
SELECT * FROM swan_verify();

RESET ROLE;
DROP SCHEMA gym CASCADE;
DROP FUNCTION public.both;
\i test/fixture/moves_gone.sql
