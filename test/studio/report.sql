-- Tables as Sequelize makes them: quoted camelCase, enums, serial keys, dates
-- with a time zone, and createdAt and updatedAt that no insert may leave out and
-- that have no default.
CREATE ROLE regress_shop;
GRANT CREATE ON SCHEMA public TO regress_shop;
SET ROLE regress_shop;
CREATE TYPE public."enum_users_role" AS ENUM ('client', 'trainer', 'staff', 'admin');
CREATE TYPE public."enum_sessions_status" AS ENUM ('available', 'scheduled', 'confirmed', 'completed', 'cancelled', 'requested', 'blocked');
CREATE TABLE IF NOT EXISTS "users" (
	"id" SERIAL,
	"firstName" VARCHAR(255) NOT NULL,
	"lastName" VARCHAR(255) NOT NULL,
	"email" VARCHAR(255) NOT NULL UNIQUE,
	"password" VARCHAR(255) NOT NULL,
	"role" "public"."enum_users_role" DEFAULT 'client',
	"availableSessions" INTEGER DEFAULT 0,
	"createdAt" TIMESTAMP WITH TIME ZONE NOT NULL,
	"updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY ("id"));
CREATE TABLE IF NOT EXISTS "sessions" (
	"id" SERIAL,
	"userId" INTEGER REFERENCES "users" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
	"trainerId" INTEGER REFERENCES "users" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
	"status" "public"."enum_sessions_status" DEFAULT 'available',
	"sessionDate" TIMESTAMP WITH TIME ZONE,
	"bookedAt" TIMESTAMP WITH TIME ZONE,
	"duration" INTEGER DEFAULT 60,
	"notes" TEXT,
	"sessionDeducted" BOOLEAN DEFAULT false,
	"confirmed" BOOLEAN DEFAULT false,
	"createdAt" TIMESTAMP WITH TIME ZONE NOT NULL,
	"updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY ("id"));
INSERT INTO "users" ("id", "firstName", "lastName", "email", "password", "role", "createdAt", "updatedAt")
SELECT id, first_name, last_name, lower(first_name) || '@example.org', 'x', role::"enum_users_role", now(), now()
FROM (VALUES (1, 'Ada', 'Boss', 'admin'), (2, 'Sue', 'Desk', 'staff'),
	(3, 'Tom', 'Trainer', 'trainer'), (4, 'Tia', 'Trainer', 'trainer'),
	(11, 'John', 'Doe', 'client'), (12, 'Jane', 'Roe', 'client'), (13, 'Paul', 'Poe', 'client')) v (id, first_name, last_name, role);
\set ECHO all
SELECT * FROM swan_attach('users', 'sessions', studio => 'report');
\set ECHO none
RESET ROLE;

CREATE SCHEMA seen;
CREATE VIEW seen.users AS
SELECT id, "firstName" AS first_name, "lastName" AS last_name, email, role, "availableSessions" AS available_sessions
FROM public.users;
CREATE VIEW seen.sessions AS
SELECT id, "userId" AS user_id, "trainerId" AS trainer_id, status, "sessionDate" AS session_date, duration, notes,
	"bookedAt" AS booked_at, "sessionDeducted" AS session_deducted, confirmed
FROM public.sessions;
CREATE VIEW seen.ledger AS SELECT * FROM public.swan_ledger;
CREATE VIEW seen.lots AS SELECT * FROM public.swan_lots;
CREATE VIEW seen.holds AS SELECT * FROM public.swan_holds;
SET seen.base = 0;
