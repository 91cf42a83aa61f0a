-- A clock that steps back: the rows of a client stay in time order, whoever writes them.
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client'), ('Bob', 'client');
SELECT count(*) FROM swan_open(1, '2099-01-05 10:00+00', repeat => 3, every => '1 day');
SELECT added FROM swan_grant(2, 5);
SELECT added FROM swan_grant(2, 2, expires_at => clock_timestamp() + interval '1 second');
SELECT added FROM swan_grant(3, 1);
-- so it was an hour later when these were written
ALTER TABLE studio.swan_ledger DISABLE TRIGGER swan_guard_closed;
UPDATE studio.swan_ledger SET at = at + interval '1 hour' WHERE user_id = 2;
ALTER TABLE studio.swan_ledger ENABLE TRIGGER swan_guard_closed;
SELECT pg_sleep(1.1);

SELECT status FROM swan_book(2, 1);
SELECT user_id, added FROM swan_grant_many('{2, 3}', 1);
SELECT returned FROM swan_cancel(1);
SELECT swan_configure('guard_balance', 'record');
SELECT swan_configure('guard_sessions', 'record');
UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = 2;
UPDATE studio.sessions SET user_id = 2, status = 'scheduled' WHERE id = 2;
SELECT kind, delta, at - lag(at) OVER (ORDER BY id) AS later, at > clock_timestamp() + interval '50 minutes' AS in_the_future FROM studio.swan_ledger WHERE user_id = 2 ORDER BY id OFFSET 2;
SELECT bool_and(at < clock_timestamp()) AS others_have_the_time FROM studio.swan_ledger WHERE user_id <> 2;
-- what is judged by the clock is judged by the clock of now
SELECT booked_at < clock_timestamp() AS booked_before FROM studio.sessions WHERE id = 1;
SELECT check_name FROM swan_verify() WHERE check_name = 'ledger_order';
SELECT swan_balance_at(2, 'infinity') = (SELECT available_sessions FROM studio.users WHERE id = 2) AS same;
DROP SCHEMA studio CASCADE;
DROP EXTENSION swanalloc;
