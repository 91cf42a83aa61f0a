SELECT id, user_id, trainer_id, status, session_date, duration, notes, booked_at, session_deducted, confirmed FROM unsafe.sessions WHERE id = :slot AND status = 'available';
SELECT id, first_name, last_name, email, role, available_sessions AS balance, created_at FROM unsafe.users WHERE id = :user \gset his_
\if :his_balance > 0
UPDATE unsafe.sessions SET user_id = :user, status = 'scheduled', booked_at = clock_timestamp() WHERE id = :slot;
UPDATE unsafe.users SET available_sessions = :his_balance - 1 WHERE id = :user;
\endif
