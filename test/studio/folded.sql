-- Tables as the report's own DDL makes them: camelCase that nobody quoted, and
-- times without a zone, which are those of a studio in New York.
CREATE ROLE regress_shop;
CREATE SCHEMA folded AUTHORIZATION regress_shop;
SET ROLE regress_shop;
CREATE TABLE folded.users (
	id SERIAL PRIMARY KEY,
	firstName VARCHAR(100),
	lastName VARCHAR(100),
	email VARCHAR(255),
	role VARCHAR(20) DEFAULT 'client',
	availableSessions INTEGER DEFAULT 0
);
CREATE TABLE folded.sessions (
	id SERIAL PRIMARY KEY,
	userId INTEGER REFERENCES folded.users (id),
	trainerId INTEGER REFERENCES folded.users (id),
	status VARCHAR(20) DEFAULT 'available',
	sessionDate TIMESTAMP NULL,
	bookedAt TIMESTAMP NULL,
	duration INTEGER DEFAULT 60,
	notes TEXT,
	sessionDeducted BOOLEAN DEFAULT false,
	confirmed BOOLEAN DEFAULT false
);
INSERT INTO folded.users (id, firstName, lastName, email, role)
SELECT id, first_name, last_name, lower(first_name) || '@example.org', role
FROM (VALUES (1, 'Ada', 'Boss', 'admin'), (2, 'Sue', 'Desk', 'staff'),
	(3, 'Tom', 'Trainer', 'trainer'), (4, 'Tia', 'Trainer', 'trainer'),
	(11, 'John', 'Doe', 'client'), (12, 'Jane', 'Roe', 'client'), (13, 'Paul', 'Poe', 'client')) v (id, first_name, last_name, role);
\set ECHO all
SELECT * FROM swan_attach('folded.users', 'folded.sessions',
	'{"time_zones": {"sessions.session_date": "America/New_York", "booked_at": "America/New_York"}}');
\set ECHO none
RESET ROLE;

CREATE SCHEMA seen;
CREATE VIEW seen.users AS
SELECT id, firstName AS first_name, lastName AS last_name, email, role, availableSessions AS available_sessions
FROM folded.users;
CREATE VIEW seen.sessions AS
SELECT id, userId AS user_id, trainerId AS trainer_id, status,
	sessionDate AT TIME ZONE 'America/New_York' AS session_date, duration, notes,
	bookedAt AT TIME ZONE 'America/New_York' AS booked_at, sessionDeducted AS session_deducted, confirmed
FROM folded.sessions;
CREATE VIEW seen.ledger AS SELECT * FROM folded.swan_ledger;
CREATE VIEW seen.lots AS SELECT * FROM folded.swan_lots;
CREATE VIEW seen.holds AS SELECT * FROM folded.swan_holds;
SET seen.base = 0;
