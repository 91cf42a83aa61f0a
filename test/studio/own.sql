-- A studio of swanalloc's own making, in the state in which an attached one
-- begins: the answer that the others are held against.
CREATE ROLE regress_shop;
SELECT swan_create_studio(owner => 'regress_shop') \g /dev/null
INSERT INTO studio.users (id, first_name, last_name, email, role) VALUES
	(1, 'Ada', 'Boss', 'ada@example.org', 'admin'), (2, 'Sue', 'Desk', 'sue@example.org', 'staff'),
	(3, 'Tom', 'Trainer', 'tom@example.org', 'trainer'), (4, 'Tia', 'Trainer', 'tia@example.org', 'trainer'),
	(11, 'John', 'Doe', 'john@example.org', 'client'), (12, 'Jane', 'Roe', 'jane@example.org', 'client'),
	(13, 'Paul', 'Poe', 'paul@example.org', 'client');
SELECT swan_configure('guard_balance', 'record'), swan_configure('guard_sessions', 'record'),
	swan_configure('trainer_overlap', 'allow') \g /dev/null

CREATE SCHEMA seen;
CREATE VIEW seen.users AS SELECT * FROM studio.users;
CREATE VIEW seen.sessions AS SELECT * FROM studio.sessions;
CREATE VIEW seen.ledger AS SELECT * FROM studio.swan_ledger;
CREATE VIEW seen.lots AS SELECT * FROM studio.swan_lots;
CREATE VIEW seen.holds AS SELECT * FROM studio.swan_holds;
SET seen.base = 0;
