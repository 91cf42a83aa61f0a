-- A studio that has grown, taken over step by step, with its old routes beside: from a
-- look at the wrong table to every guard on refuse, and nothing for swan_verify() to say.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\set ECHO none
\i test/studio/grown.sql
\set ECHO all

-- 1. Look. The table that is called so is not the one
SELECT item, action FROM swan_attach('members', 'lessons', '{}', dry_run => true) WHERE state = 'refused' OR action LIKE '%perhaps%';
SELECT swan_attach('members', 'lessons', '{"available_sessions": "creditBalance", "user_id": "memberId", "trainer_id": "coachId", "status": "state", "session_date": "startsAt"}');
-- the right one: what is proposed is taken, bit by bit
SELECT item, column_name, state, action FROM swan_attach('"Members"', 'lessons', '{}', dry_run => true) WHERE action IS NOT NULL;
\set columns '{"available_sessions": "creditBalance", "user_id": "memberId", "trainer_id": "coachId", "status": "state", "session_date": "startsAt", "duration": "minutes", "ends_at": "endDate", "booked_at": "bookingDate", "cancelled_at": "cancellationDate", "cancel_reason": "cancellationReason", "credits": "creditsDeducted"'
SELECT item, column_name, state, action FROM swan_attach('"Members"', 'lessons', (:'columns' || '}')::jsonb, dry_run => true) WHERE action IS NOT NULL AND item <> 'swan_clients';
SELECT :'columns' || ', "roles": {"visitor": "client", "member": "client", "coach": "trainer", "owner": "admin"}, "statuses": [{"open": "available"}, {"asked": "requested"}, {"booked": "scheduled"}, {"assigned": "scheduled"}, {"done": "completed"}, {"busy": "blocked"}]}' AS columns \gset
SELECT item, column_name, state, action FROM swan_attach('"Members"', 'lessons', :'columns', dry_run => true) WHERE action IS NOT NULL AND item <> 'swan_clients';

-- 2. Settle what nobody can guess; the old routes go on
CALL old_sell(15, 4);
CALL old_book(16, 105, 1);
SELECT state, action FROM swan_attach('"Members"', 'lessons', :'columns'::jsonb || '{"old_bookings": "flag"}', dry_run => true) WHERE state = 'refused' OR item = 'old_bookings';

-- 3. Attach, and 4. backfill. A booking that pays is a debit; one that does not is named
SELECT item, state, action FROM swan_attach('"Members"', 'lessons', :'columns'::jsonb || '{"old_bookings": "flag"}') WHERE item IN ('old_bookings', 'studio');
CALL old_book(22, 131, 2);
CALL old_desk(23, 138);
CALL old_cancel(131);
CALL old_sell(24, 5);
CALL old_busy(2, '2099-08-01 10:00');
SELECT user_id, kind, delta, balance_after AS after, session_id AS session, reason FROM swan_ledger WHERE user_id IN (22, 23, 24) ORDER BY user_id, id;
CALL swan_backfill();
CALL old_book(11, 116, 1);
CALL old_ask(12, '2099-08-01 12:00');
CALL old_draft('2099-08-01 14:00');
SELECT check_name, user_id, session_id FROM swan_verify() ORDER BY 1, 3;
-- the new routes beside
SELECT swan_configure('time_zone', 'UTC');
CREATE FUNCTION price(member_id bigint, lesson_id bigint) RETURNS integer STABLE LANGUAGE sql AS $$
	SELECT CASE WHEN m."paysBy" = 'credits' THEN coalesce(t.credits, 1) ELSE 0 END
	FROM "Members" m, lessons l LEFT JOIN "lessonTypes" t ON t.id = l."typeId" WHERE m.id = member_id AND l.id = lesson_id $$;
CREATE VIEW coaches_of AS SELECT "coachId" AS trainer_id, "memberId" AS user_id FROM "coachingOf" WHERE NOT ended;
SELECT swan_configure('cost_rule', 'price'), swan_configure('assignments', 'coaches_of');
UPDATE lessons SET "typeId" = 2 WHERE id IN (127, 120);
SELECT session_id, status, credits, available_sessions FROM swan_book(11, 127, actor => 11);
SELECT session_id, status, credits, available_sessions FROM swan_book(20, 120, actor => 20);
SELECT session_id, status, returned, credits, available_sessions FROM swan_cancel(116, actor => 1);
SELECT state, "startsAt" + minutes * interval '1 minute' = "endDate" AS ends, "cancellationDate" IS NOT NULL AS cancelled, room, "typeId" FROM lessons WHERE id IN (116, 127) OR id = (SELECT max(id) FROM lessons) ORDER BY id;

-- 5. What stands in the way of refuse
SELECT check_name, count(*), min(session_id) AS first FROM swan_verify(as_if => 'refuse') GROUP BY 1 ORDER BY 1;
SELECT swan_configure('guard_sessions', 'refuse');
-- placeholders lose their client; whom the desk booked is settled, who paid and who did not; what is of the deleted goes; the coach is in one room
UPDATE lessons SET "memberId" = NULL WHERE state = 'open' AND "memberId" IS NOT NULL AND "deletedAt" IS NULL;
CALL old_book(14, 302, 1);
SELECT v.check_name, v.session_id, s.credits, s.charged FROM swan_verify(as_if => 'refuse') v, LATERAL swan_settle(v.session_id, false, actor => 1) s WHERE v.check_name = 'unpaid_booking' AND v.user_id <> 29 ORDER BY 2;
SELECT check_name, user_id, session_id, problem FROM swan_verify(as_if => 'refuse') ORDER BY 1, 3;
SELECT swan_settle(102, false, actor => 1);
CALL old_cancel(102);
CALL old_free(400);
SELECT * FROM swan_verify(as_if => 'refuse');

-- 6. Refuse, one after the other
SELECT swan_configure('guard_balance', 'refuse');
CALL old_sell(24, 5);
CALL old_book(24, 134, 1);
CALL old_busy(2, '2099-08-02 10:00');
SELECT swan_configure('trainer_overlap', 'refuse'), swan_configure('guard_sessions', 'refuse');
CALL old_desk(24, 134);
CALL old_cancel(127);
CALL old_done(127);
CALL old_free(127);
UPDATE lessons SET "creditsDeducted" = 0 WHERE id = 127;
-- what is no booking goes on
CALL old_free(134);
CALL old_busy(3, '2099-08-02 10:00');
CALL old_ask(12, '2099-08-02 12:00');
CALL old_draft('2099-08-02 14:00');
UPDATE lessons SET room = 'Small', notes = 'Bring water' WHERE id = 127;
UPDATE "Members" SET "lastName" = 'Noe' WHERE id = 11;
SELECT session_id, status, credits, available_sessions FROM swan_reschedule(127, 142, actor => 11);
SELECT kind, delta, session_id FROM swan_statement(11) LIMIT 2;
SELECT trainer_id, count(*) FROM swan_schedule('2099-03-01', '2099-04-01', actor => 1, max_rows => 1000) GROUP BY 1 ORDER BY 1;
SELECT * FROM swan_verify();
SELECT swan_health() ->> 'status' AS health;

RESET ROLE;
DROP EXTENSION swanalloc CASCADE;
DROP VIEW coaches_of;
DROP TABLE lessons, "lessonTypes", "coachingOf", "Members", members, swan_ledger, swan_lots, swan_holds, swan_waits CASCADE;
DROP TYPE "lessonState", "memberRole";
DROP OWNED BY regress_shop;
DROP ROLE regress_shop;
