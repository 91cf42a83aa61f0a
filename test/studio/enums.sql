-- Tables with enums for labels, integer keys and times without a zone.
CREATE ROLE regress_shop;
CREATE SCHEMA shop AUTHORIZATION regress_shop;
SET ROLE regress_shop;
CREATE TYPE shop.status AS ENUM ('available', 'scheduled', 'confirmed', 'completed', 'cancelled');
CREATE TYPE shop.person AS ENUM ('guest', 'coach', 'desk', 'boss');
CREATE TABLE shop.users (
	id serial PRIMARY KEY,
	first_name varchar(30),
	last_name varchar(30),
	email varchar(60),
	role shop.person DEFAULT 'guest',
	available_sessions integer
);
CREATE TABLE shop.sessions (
	id serial PRIMARY KEY,
	user_id integer REFERENCES shop.users,
	trainer_id integer REFERENCES shop.users,
	status shop.status DEFAULT 'available',
	session_date timestamp,
	duration integer,
	notes varchar(200),
	booked_at timestamp,
	session_deducted boolean,
	confirmed boolean
);
INSERT INTO shop.users (id, first_name, last_name, email, role) VALUES
	(1, 'Ada', 'Boss', 'ada@example.org', 'boss'), (2, 'Sue', 'Desk', 'sue@example.org', 'desk'),
	(3, 'Tom', 'Trainer', 'tom@example.org', 'coach'), (4, 'Tia', 'Trainer', 'tia@example.org', 'coach'),
	(11, 'John', 'Doe', 'john@example.org', 'guest'), (12, 'Jane', 'Roe', 'jane@example.org', 'guest'),
	(13, 'Paul', 'Poe', 'paul@example.org', NULL);
SELECT count(*) > 10 AS attached FROM swan_attach('shop.users', 'shop.sessions', '{"time_zone": "UTC",
	"roles": {"coach": "trainer", "boss": "admin", "desk": "staff", "guest": "client"}}') \g /dev/null
RESET ROLE;

CREATE SCHEMA seen;
CREATE VIEW seen.users AS SELECT * FROM shop.users;
CREATE VIEW seen.sessions AS
SELECT id, user_id, trainer_id, status, session_date AT TIME ZONE 'UTC' AS session_date, duration, notes,
	booked_at AT TIME ZONE 'UTC' AS booked_at, session_deducted, confirmed
FROM shop.sessions;
CREATE VIEW seen.ledger AS SELECT * FROM shop.swan_ledger;
CREATE VIEW seen.lots AS SELECT * FROM shop.swan_lots;
CREATE VIEW seen.holds AS SELECT * FROM shop.swan_holds;
SET seen.base = 0;
