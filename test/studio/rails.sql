-- Tables as Rails' migrations make them: bigserial keys, varchar without a
-- limit, timestamps without a zone that are UTC; with rows that are deleted softly,
-- which nobody must see, and columns that are kept in step.
CREATE ROLE regress_shop;
CREATE SCHEMA rails AUTHORIZATION regress_shop;
SET ROLE regress_shop;
CREATE TABLE rails."users" (
	"id" bigserial PRIMARY KEY,
	"email" character varying DEFAULT '' NOT NULL,
	"encrypted_password" character varying DEFAULT '' NOT NULL,
	"first_name" character varying,
	"last_name" character varying,
	"role" character varying DEFAULT 'client' NOT NULL,
	"available_sessions" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(6) NOT NULL,
	"updated_at" timestamp(6) NOT NULL,
	"deleted_at" timestamp(6)
);
CREATE TABLE rails."sessions" (
	"id" bigserial PRIMARY KEY,
	"user_id" bigint,
	"trainer_id" bigint,
	"status" character varying DEFAULT 'available' NOT NULL,
	"session_date" timestamp(6),
	"duration" integer DEFAULT 60 NOT NULL,
	"notes" text,
	"booked_at" timestamp(6),
	"session_deducted" boolean DEFAULT FALSE NOT NULL,
	"confirmed" boolean DEFAULT FALSE NOT NULL,
	"created_at" timestamp(6) NOT NULL,
	"updated_at" timestamp(6) NOT NULL,
	"deleted_at" timestamp(6),
	"ends_at" timestamp(6),
	"cancelled_at" timestamp(6),
	"cancelled_by" bigint,
	"cancel_reason" character varying,
	CONSTRAINT "fk_rails_758836b4f0" FOREIGN KEY ("user_id") REFERENCES rails."users" ("id"),
	CONSTRAINT "fk_rails_9ac2e8b4f1" FOREIGN KEY ("trainer_id") REFERENCES rails."users" ("id")
);
CREATE UNIQUE INDEX "index_users_on_email" ON rails."users" ("email");
CREATE INDEX "index_sessions_on_user_id" ON rails."sessions" ("user_id");
CREATE INDEX "index_sessions_on_trainer_id" ON rails."sessions" ("trainer_id");
INSERT INTO rails."users" ("id", "email", "first_name", "last_name", "role", "created_at", "updated_at")
SELECT id, lower(first_name) || '@example.org', first_name, last_name, role, now(), now()
FROM (VALUES (1, 'Ada', 'Boss', 'admin'), (2, 'Sue', 'Desk', 'staff'),
	(3, 'Tom', 'Trainer', 'trainer'), (4, 'Tia', 'Trainer', 'trainer'),
	(11, 'John', 'Doe', 'client'), (12, 'Jane', 'Roe', 'client'), (13, 'Paul', 'Poe', 'client')) v (id, first_name, last_name, role);
INSERT INTO rails."users" ("id", "email", "role", "available_sessions", "created_at", "updated_at", "deleted_at")
VALUES (14, 'gone@example.org', 'client', 7, now(), now(), now()), (77, 'left@example.org', 'admin', 0, now(), now(), now()), (99, 'quit@example.org', 'trainer', 0, now(), now(), now());
INSERT INTO rails."sessions" ("id", "user_id", "trainer_id", "status", "session_date", "session_deducted", "created_at", "updated_at", "deleted_at")
SELECT 9000 + n, CASE WHEN status <> 'available' THEN 10 + n % 5 END, 3 + n % 2, status, '2099-01-01'::timestamp + n * interval '7 hours', status <> 'available', now(), now(), now()
FROM generate_series(1, 60) n, LATERAL (SELECT (ARRAY['available', 'scheduled', 'confirmed', 'completed', 'cancelled', 'requested', 'blocked'])[1 + n % 7] AS status) v WHERE n % 5 <> 0;
\set ECHO all
SELECT * FROM swan_attach('rails.users', 'rails.sessions', '{"time_zone": "UTC"}');
\set ECHO none
RESET ROLE;

CREATE SCHEMA seen;
CREATE VIEW seen.users AS SELECT * FROM rails.users WHERE deleted_at IS NULL;
CREATE VIEW seen.sessions AS
SELECT id, user_id, trainer_id, status, session_date AT TIME ZONE 'UTC' AS session_date, duration, notes,
	booked_at AT TIME ZONE 'UTC' AS booked_at, session_deducted, confirmed
FROM rails.sessions WHERE deleted_at IS NULL;
CREATE VIEW seen.ledger AS SELECT * FROM rails.swan_ledger;
CREATE VIEW seen.lots AS SELECT * FROM rails.swan_lots;
CREATE VIEW seen.holds AS SELECT * FROM rails.swan_holds;
SET seen.base = 0;
