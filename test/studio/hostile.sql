-- Everything at once that an application may have done: two schemas, names with
-- quotes, blanks and braces, as long as names can be, keys of two types, roles
-- of its own, forced row security, generated columns, a trigger that writes to
-- another table, which it does not qualify, and ids that are nearly used up.
CREATE ROLE regress_shop;
CREATE SCHEMA "The ""Odd"" {Shop}" AUTHORIZATION regress_shop;
CREATE SCHEMA "it's {users.id}" AUTHORIZATION regress_shop;
SET ROLE regress_shop;
CREATE TYPE "it's {users.id}"."a ""status""" AS ENUM
	('zz', 'blocked', 'cancelled', 'completed', 'confirmed', 'requested', 'scheduled', 'available');
CREATE TABLE "The ""Odd"" {Shop}"."select {users}; --" (
	"a ""name"" {sessions.id} that is sixty-three bytes long, no fewer" bigint NOT NULL UNIQUE,
	"$1" text,
	"first name" text,
	"{u.last_name}" text,
	"whole name" text GENERATED ALWAYS AS ("first name" || ' ' || "{u.last_name}") STORED,
	"Role" text,
	"E-Mail" text,
	"credits'" integer,
	"credits twice" integer GENERATED ALWAYS AS ("credits'" * 2) STORED
);
CREATE TABLE "it's {users.id}"."sessions" (
	dropped text,
	"WHERE" text GENERATED ALWAYS AS ('session ' || 'of the shop') STORED,
	"}" serial PRIMARY KEY,
	"user" bigint,
	"trainer" integer,
	"{?sessions.notes:" "it's {users.id}"."a ""status""" DEFAULT 'available',
	"when?" timestamptz,
	"minutes" integer,
	"notes ""{" varchar(255),
	"booked at" timestamp,
	"paid" boolean,
	"is confirmed" boolean
);
ALTER TABLE "it's {users.id}"."sessions" DROP COLUMN dropped;
CREATE TABLE "The ""Odd"" {Shop}".log (id int GENERATED ALWAYS AS IDENTITY, said text);
CREATE TABLE "it's {users.id}".log2 (id int GENERATED ALWAYS AS IDENTITY, said text);
CREATE FUNCTION "it's {users.id}".tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_TABLE_NAME = 'sessions' THEN
		INSERT INTO log2 (said) VALUES (TG_OP);
	END IF;
	INSERT INTO log (said) VALUES (TG_TABLE_NAME || ' ' || TG_OP);
	RETURN NULL;
END $$;
CREATE TRIGGER "a first" AFTER INSERT OR UPDATE OR DELETE ON "The ""Odd"" {Shop}"."select {users}; --"
	FOR EACH ROW EXECUTE FUNCTION "it's {users.id}".tell();
CREATE TRIGGER "zz last" AFTER INSERT OR UPDATE OR DELETE ON "it's {users.id}"."sessions"
	FOR EACH ROW EXECUTE FUNCTION "it's {users.id}".tell();
-- nobody sees a row, its owner neither
ALTER TABLE "The ""Odd"" {Shop}"."select {users}; --" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE "it's {users.id}"."sessions" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
RESET ROLE;
SET search_path = "The ""Odd"" {Shop}", "it's {users.id}", public;
INSERT INTO "select {users}; --" ("a ""name"" {sessions.id} that is sixty-three bytes long, no fewer", "first name", "{u.last_name}", "E-Mail", "Role")
SELECT id, first_name, last_name, lower(first_name) || '@example.org', role
FROM (VALUES (1, 'Ada', 'Boss', 'the {boss}'), (2, 'Sue', 'Desk', 'desk''s'),
	(3, 'Tom', 'Trainer', 'coach'), (4, 'Tia', 'Trainer', 'coach'),
	(11, 'John', 'Doe', 'client'), (12, 'Jane', 'Roe', NULL), (13, 'Paul', 'Poe', 'whoever')) v (id, first_name, last_name, role);
RESET search_path;
SELECT setval('"it''s {users.id}"."sessions_}_seq"', 2147483000, false) \g /dev/null
SET ROLE regress_shop;
\set ECHO all
\x on
SELECT * FROM swan_attach('"The ""Odd"" {Shop}"."select {users}; --"', '"it''s {users.id}"."sessions"', $${
	"users.id": "a \"name\" {sessions.id} that is sixty-three bytes long, no fewer",
	"first_name": "first name", "users.last_name": "{u.last_name}", "email": "E-Mail", "role": "Role",
	"available_sessions": "credits'",
	"sessions.id": "}", "user_id": "user", "trainer_id": "trainer", "status": "{?sessions.notes:",
	"session_date": "when?", "duration": "minutes", "notes": "notes \"{", "booked_at": "booked at",
	"session_deducted": "paid", "confirmed": "is confirmed",
	"time_zones": {"sessions.booked_at": "Asia/Kolkata"},
	"roles": {"coach": "trainer", "desk's": "staff", "the {boss}": "admin"},
	"rls": "bypass"}$$, studio => 'the "odd" {one}');
\x off
\set ECHO none
RESET ROLE;

CREATE SCHEMA seen;
CREATE VIEW seen.users AS
SELECT "a ""name"" {sessions.id} that is sixty-three bytes long, no fewer" AS id, "first name" AS first_name, "{u.last_name}" AS last_name,
	"credits'" AS available_sessions
FROM "The ""Odd"" {Shop}"."select {users}; --";
CREATE VIEW seen.sessions AS
SELECT "}" AS id, "user" AS user_id, "trainer" AS trainer_id, "{?sessions.notes:" AS status, "when?" AS session_date,
	"minutes" AS duration, "notes ""{" AS notes, "booked at" AT TIME ZONE 'Asia/Kolkata' AS booked_at,
	"paid" AS session_deducted, "is confirmed" AS confirmed
FROM "it's {users.id}"."sessions";
CREATE VIEW seen.ledger AS SELECT * FROM "The ""Odd"" {Shop}".swan_ledger;
CREATE VIEW seen.lots AS SELECT * FROM "The ""Odd"" {Shop}".swan_lots;
CREATE VIEW seen.holds AS SELECT * FROM "The ""Odd"" {Shop}".swan_holds;
-- the first session has the number one, as everywhere else
SET seen.base = 2147482999;
-- under which the application works, since its trigger qualifies nothing
SET seen.path = '"The ""Odd"" {Shop}", "it''s {users.id}"';
