BEGIN;
SELECT user_id, trainer_id, status, session_date, duration FROM client.sessions WHERE id = :slot FOR UPDATE;
SELECT available_sessions AS balance FROM client.users WHERE id = :user FOR UPDATE \gset
UPDATE client.sessions SET user_id = :user, status = 'scheduled', session_deducted = true, booked_at = clock_timestamp() WHERE id = :slot;
UPDATE client.users SET available_sessions = :balance - 1 WHERE id = :user;
INSERT INTO client.swan_ledger (user_id, delta, balance_after, kind, session_id, actor_id, db_role, call_id, at, xid) VALUES (:user, -1, :balance - 1, 'booking', :slot, :user, current_user, 0, clock_timestamp(), pg_current_xact_id());
COMMIT;
