UPDATE point.users SET available_sessions = available_sessions - 1 WHERE id = :user;
