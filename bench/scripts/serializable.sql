BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT id, user_id, trainer_id, status, session_date, duration FROM unsafe.sessions WHERE id = :slot AND status = 'available';
SELECT id, first_name, last_name, available_sessions AS balance FROM unsafe.users WHERE id = :user \gset his_
\if :his_balance > 0
UPDATE unsafe.sessions SET user_id = :user, status = 'scheduled', booked_at = clock_timestamp() WHERE id = :slot;
UPDATE unsafe.users SET available_sessions = :his_balance - 1 WHERE id = :user;
INSERT INTO unsafe.swan_ledger (user_id, delta, balance_after, kind, session_id, db_role, call_id, at, xid)
VALUES (:user, -1, :his_balance - 1, 'booking', :slot, current_user, 0, clock_timestamp(), pg_current_xact_id());
\endif
COMMIT;
