-- Tables as they are after some years: people in "Members", and a table members that
-- nobody uses and nobody drops; lessons that are slots, bookings, wishes, busy hours and
-- placeholders; labels, receipts, soft deletes, and clients who do not pay by credits.
-- With rows as such a backend leaves them, and what it goes on doing, as procedures.
CREATE ROLE regress_shop;
GRANT CREATE ON SCHEMA public TO regress_shop;
SET ROLE regress_shop;
CREATE TYPE "memberRole" AS ENUM ('visitor', 'member', 'coach', 'owner');
CREATE TYPE "lessonState" AS ENUM ('open', 'asked', 'booked', 'confirmed', 'done', 'cancelled');
ALTER TYPE "lessonState" ADD VALUE 'busy';
ALTER TYPE "lessonState" ADD VALUE 'assigned';
ALTER TYPE "lessonState" ADD VALUE 'draft';
CREATE TABLE members (id serial PRIMARY KEY, "firstName" text, role "memberRole", "creditBalance" integer);
INSERT INTO members ("firstName", role, "creditBalance") SELECT 'Ghost ' || i, 'member', -1 FROM generate_series(1, 3) i;
CREATE TABLE "Members" (
	id serial PRIMARY KEY, "firstName" varchar(255) NOT NULL, "lastName" varchar(255) NOT NULL, email varchar(255) NOT NULL UNIQUE,
	role "memberRole" NOT NULL DEFAULT 'visitor', "creditBalance" integer DEFAULT 0, "paysBy" varchar(20) NOT NULL DEFAULT 'credits',
	"createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz);
CREATE TABLE "lessonTypes" (id serial PRIMARY KEY, name text NOT NULL, credits integer NOT NULL DEFAULT 1);
CREATE TABLE lessons (
	id serial PRIMARY KEY, "startsAt" timestamptz NOT NULL, "endDate" timestamptz, minutes integer NOT NULL DEFAULT 60,
	"typeId" integer REFERENCES "lessonTypes", "memberId" integer REFERENCES "Members", "coachId" integer REFERENCES "Members",
	room varchar(40) NOT NULL DEFAULT 'Main', notes text, state "lessonState" NOT NULL DEFAULT 'open',
	"cancellationReason" text, "cancellationDate" timestamptz, "cancelledBy" integer REFERENCES "Members", "bookingDate" timestamptz,
	"sessionDeducted" boolean NOT NULL DEFAULT false, "creditsDeducted" integer, confirmed boolean NOT NULL DEFAULT false,
	"createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz);
CREATE INDEX ON lessons ("memberId");
CREATE INDEX ON lessons ("coachId");
CREATE TABLE "coachingOf" ("memberId" integer NOT NULL, "coachId" integer NOT NULL, ended boolean NOT NULL DEFAULT false);

INSERT INTO "lessonTypes" (name, credits) VALUES ('Single', 1), ('Long', 2), ('Trial', 0);
-- 1 owns, 2 to 4 coach, 11 to 30 are members, 31 to 33 signed up only; every tenth comes through a partner, 30 pays by the month
INSERT INTO "Members" (id, "firstName", "lastName", email, role, "creditBalance", "paysBy", "createdAt", "updatedAt", "deletedAt")
SELECT i, CASE WHEN i < 2 THEN 'Owner' WHEN i < 5 THEN 'Coach' WHEN i < 31 THEN 'Member' ELSE 'Visitor' END, 'No ' || i, i || '@example.org',
	(CASE WHEN i < 2 THEN 'owner' WHEN i < 5 THEN 'coach' WHEN i < 31 THEN 'member' ELSE 'visitor' END)::"memberRole",
	CASE WHEN i > 30 THEN NULL WHEN i = 15 THEN -1 WHEN i > 10 THEN i % 6 ELSE 0 END,
	CASE WHEN i = 30 THEN 'month' WHEN i % 10 = 0 THEN 'partner' ELSE 'credits' END, '2020-01-01', '2020-01-01', CASE WHEN i = 29 THEN timestamptz '2024-01-01' END
FROM generate_series(1, 33) i WHERE i < 5 OR i > 10;
INSERT INTO "coachingOf" SELECT i, 2 + i % 3, i % 7 = 0 FROM generate_series(11, 30) i;
-- the past: settled in every way, or not at all; twice one coach was in two rooms
INSERT INTO lessons (id, "startsAt", "endDate", "typeId", "memberId", "coachId", state, "sessionDeducted", "creditsDeducted", confirmed, "cancellationDate", "createdAt", "updatedAt")
SELECT n, at, at + interval '1 hour', 1 + (n % 9 = 0)::integer, CASE WHEN k <> 'open' THEN 11 + n % 18 END, 2 + n % 3,
	(CASE WHEN k IN ('billed', 'unbilled') THEN 'done' WHEN k IN ('missed', 'forgotten') THEN 'booked' WHEN k = 'open' THEN 'open' ELSE 'cancelled' END)::"lessonState",
	k IN ('billed', 'missed', 'late'), CASE WHEN k IN ('billed', 'missed', 'late') THEN 1 + (n % 9 = 0)::integer END, k = 'billed',
	CASE WHEN k IN ('late', 'early') THEN at - interval '3 hours' END, at, at
FROM (SELECT n, timestamptz '2024-03-01 08:00+00' + n / 3 * interval '1 day' + CASE WHEN n IN (61, 64) THEN interval '0' ELSE n % 3 * interval '2 hours' END AS at,
	(ARRAY['billed', 'billed', 'unbilled', 'missed', 'forgotten', 'late', 'early', 'open'])[1 + n % 8] AS k FROM generate_series(1, 90) n) x;
INSERT INTO lessons (id, "startsAt", "coachId", "memberId", state, "createdAt", "updatedAt") SELECT 90 + n, '2024-05-01 08:00+00', 2, 11 + n, 'done', now(), now() FROM generate_series(1, 2) n;
-- what is to come
INSERT INTO lessons (id, "startsAt", "endDate", "typeId", "memberId", "coachId", state, "sessionDeducted", "creditsDeducted", "bookingDate", notes, "createdAt", "updatedAt")
SELECT 100 + n, at, at + interval '1 hour', CASE WHEN k = 'long' THEN 2 WHEN k = 'trial' THEN 3 ELSE 1 END,
	CASE WHEN k NOT IN ('open', 'busy') THEN 11 + n * 5 % 18 END, 2 + n % 3,
	(CASE k WHEN 'open' THEN 'open' WHEN 'kept' THEN 'open' WHEN 'asked' THEN 'asked' WHEN 'busy' THEN 'busy' WHEN 'confirmed' THEN 'confirmed' ELSE 'booked' END)::"lessonState",
	k IN ('paid', 'long', 'trial', 'confirmed'), CASE k WHEN 'paid' THEN 1 WHEN 'long' THEN 2 WHEN 'trial' THEN 0 END,
	CASE WHEN k NOT IN ('open', 'busy', 'kept') THEN timestamptz '2024-06-01' END, CASE k WHEN 'kept' THEN 'kept for later' WHEN 'busy' THEN 'at the dentist' END, now(), now()
FROM (SELECT n, timestamptz '2099-03-01 08:00+00' + n / 3 * interval '1 day' + n % 3 * interval '2 hours' AS at,
	(ARRAY['paid', 'open', 'unpaid', 'long', 'asked', 'open', 'trial', 'busy', 'confirmed', 'open', 'kept'])[1 + n % 11] AS k FROM generate_series(1, 66) n) x;
-- deleted softly, and another in the same hour; a booking of who is deleted; a coach in two rooms
UPDATE lessons SET "deletedAt" = '2024-06-01' WHERE id IN (101, 112, 123);
INSERT INTO lessons (id, "startsAt", "endDate", "coachId", "createdAt", "updatedAt") SELECT id + 200, "startsAt", "endDate", "coachId", now(), now() FROM lessons WHERE id IN (101, 112);
UPDATE lessons SET "memberId" = 29 WHERE id = 102;
INSERT INTO lessons (id, "startsAt", "endDate", "coachId", "createdAt", "updatedAt") SELECT 400, "startsAt" + interval '30 minutes', "endDate" + interval '30 minutes', "coachId", now(), now() FROM lessons WHERE id = 109;
SELECT setval('lessons_id_seq', 1000), setval('"Members_id_seq"', 100) \g /dev/null

-- The old routes. A booking that pays in the same transaction, and one of the desk that does not say so; the rest as it was
CREATE PROCEDURE old_book(who integer, slot integer, n integer DEFAULT 1) LANGUAGE sql AS $$
UPDATE "Members" SET "creditBalance" = "creditBalance" - n WHERE id = who;
UPDATE lessons SET "memberId" = who, state = 'booked', "bookingDate" = now(), "sessionDeducted" = true, "creditsDeducted" = n WHERE id = slot $$;
CREATE PROCEDURE old_desk(who integer, slot integer) LANGUAGE sql AS $$UPDATE lessons SET "memberId" = who, state = 'booked', "bookingDate" = now() WHERE id = slot $$;
CREATE PROCEDURE old_sell(who integer, n integer) LANGUAGE sql AS $$UPDATE "Members" SET "creditBalance" = coalesce("creditBalance", 0) + n WHERE id = who $$;
CREATE PROCEDURE old_cancel(slot integer) LANGUAGE sql AS $$UPDATE lessons SET state = 'cancelled', "cancellationDate" = now() WHERE id = slot $$;
CREATE PROCEDURE old_done(slot integer) LANGUAGE sql AS $$UPDATE lessons SET state = 'done' WHERE id = slot $$;
CREATE PROCEDURE old_free(slot integer) LANGUAGE sql AS $$UPDATE lessons SET "deletedAt" = now() WHERE id = slot $$;
CREATE PROCEDURE old_busy(coach integer, at timestamptz) LANGUAGE sql AS $$INSERT INTO lessons ("startsAt", "coachId", state, "createdAt", "updatedAt") VALUES (at, coach, 'busy', now(), now()) $$;
CREATE PROCEDURE old_ask(who integer, at timestamptz) LANGUAGE sql AS $$INSERT INTO lessons ("startsAt", "memberId", state, "createdAt", "updatedAt") VALUES (at, who, 'asked', now(), now()) $$;
CREATE PROCEDURE old_draft(at timestamptz) LANGUAGE sql AS $$INSERT INTO lessons ("startsAt", state, "createdAt", "updatedAt") VALUES (at, 'draft', now(), now()) $$;
