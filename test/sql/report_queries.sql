-- The three queries by which the studio's staff check the numbers, verbatim from
-- the handoff report, on tables made by the report's own DDL and attached:
-- userId and availableSessions, unquoted, are userid and availablesessions.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
CREATE ROLE regress_owner;
CREATE SCHEMA report AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SET search_path = report, public;
CREATE TABLE users (
  id SERIAL PRIMARY KEY,
  firstName VARCHAR(255),
  lastName VARCHAR(255),
  email VARCHAR(255) UNIQUE,
  role VARCHAR(20) DEFAULT 'client',
  availableSessions INTEGER DEFAULT 0
);
CREATE TABLE sessions (
  id SERIAL PRIMARY KEY,
  userId INTEGER REFERENCES users(id),    -- Client who owns the session
  trainerId INTEGER REFERENCES users(id), -- Assigned trainer (optional)
  status VARCHAR(20) DEFAULT 'available', -- Lifecycle status
  sessionDate TIMESTAMP NULL,             -- When scheduled (NULL for available)
  bookedAt TIMESTAMP NULL,                -- When booking occurred (NEW)
  duration INTEGER DEFAULT 60,            -- Session length in minutes
  notes TEXT,                             -- Admin/trainer notes
  sessionDeducted BOOLEAN DEFAULT false,  -- Tracking flag
  confirmed BOOLEAN DEFAULT false         -- Trainer confirmation
);
INSERT INTO users (id, firstName, lastName, role) VALUES
	(1, 'Ada', 'Admin', 'admin'), (3, 'Tom', 'Trainer', 'trainer'),
	(123, 'John', 'Doe', 'client'), (124, 'Jane', 'Roe', 'client'), (125, 'Alice', 'Able', 'client');
SELECT item, column_name, state FROM swan_attach('users', 'sessions', '{"time_zone": "UTC"}') WHERE state <> 'found';
CALL swan_backfill();
SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse');
SELECT swan_configure('session_records', 'on');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 10, '1 day') a;
SELECT message FROM swan_grant(123, 5, 'Package');
SELECT message FROM swan_grant(124, 2);
SELECT count(*) FROM (VALUES (123, 1), (123, 2), (123, 3), (124, 4)) t (u, s), swan_book(u, s);
SELECT count(*) FROM swan_book(124, 5, actor => 1);
-- two that are over, and bookings made at known times
RESET ROLE;
SET session_replication_role = replica;
UPDATE sessions SET sessionDate = sessionDate - interval '97 years' WHERE id IN (1, 4);
UPDATE sessions SET bookedAt = '2025-01-01 10:00' WHERE bookedAt IS NOT NULL;
RESET session_replication_role;
SELECT count(*) FROM unnest(ARRAY[1, 4]) s, swan_complete(s);
SELECT * FROM swan_verify();

-- Check user session count
SELECT id, firstName, lastName, availableSessions 
FROM users 
WHERE role = 'client' 
ORDER BY lastName;

-- Check session records
SELECT s.id, s.userId, s.status, s.sessionDate, s.bookedAt,
       u.firstName, u.lastName
FROM sessions s
JOIN users u ON s.userId = u.id
WHERE s.userId = 123
ORDER BY s.id DESC;

-- Verify session count consistency
SELECT u.id, u.firstName, u.lastName, u.availableSessions,
       COUNT(CASE WHEN s.status = 'available' THEN 1 END) as session_records_available,
       COUNT(CASE WHEN s.status = 'scheduled' THEN 1 END) as session_records_scheduled,
       COUNT(CASE WHEN s.status = 'completed' THEN 1 END) as session_records_completed
FROM users u
LEFT JOIN sessions s ON u.id = s.userId
WHERE u.role = 'client'
GROUP BY u.id, u.firstName, u.lastName, u.availableSessions
ORDER BY u.lastName;

-- swan_summary says the same
SELECT q.id, s.available, s.scheduled, s.completed,
       (q.availablesessions, q.session_records_available, q.session_records_scheduled, q.session_records_completed)
       = (s.available, s.available, s.scheduled, s.completed) AS agree
  FROM (SELECT u.id, u.firstName, u.lastName, u.availableSessions,
               COUNT(CASE WHEN s.status = 'available' THEN 1 END) as session_records_available,
               COUNT(CASE WHEN s.status = 'scheduled' THEN 1 END) as session_records_scheduled,
               COUNT(CASE WHEN s.status = 'completed' THEN 1 END) as session_records_completed
        FROM users u
        LEFT JOIN sessions s ON u.id = s.userId
        WHERE u.role = 'client'
        GROUP BY u.id, u.firstName, u.lastName, u.availableSessions) q, swan_summary(q.id) s
 ORDER BY q.id;

RESET search_path;
DROP EXTENSION swanalloc CASCADE;
DROP SCHEMA report CASCADE;
DROP ROLE regress_owner;
