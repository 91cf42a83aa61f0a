-- swan_summary, swan_client, swan_credits, swan_statement: what they say of a client.
\i test/fixture/studio.sql
SET ROLE regress_owner;
INSERT INTO studio.users (id, first_name, last_name, email, role, created_at) VALUES
	(1, 'Ada', 'Admin', 'ada@example.com', 'admin', '2024-01-01'), (2, 'Stella', NULL, NULL, 'staff', '2024-01-02'),
	(3, 'Tom', 'Trainer', NULL, 'trainer', '2024-01-03'), (4, 'Tina', 'Trainer', NULL, 'trainer', '2024-01-04'),
	(11, 'John', 'Doe', 'John@Example.com', 'client', '2024-02-01 10:00'), (12, NULL, NULL, NULL, 'client', '2024-02-02'),
	(13, 'Paul', 'Poor', 'paul@example.com', 'client', '2024-02-03');
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 20, '1 day') a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00', 60, 5, '1 day') a;

--
-- A client of whom there is nothing to say
--
SELECT * FROM swan_summary(12);
SELECT * FROM swan_client(12);
SELECT * FROM swan_credits(12);
SELECT * FROM swan_statement(12);

--
-- Warnings: none at 0, low up to the threshold
--
SELECT available, warning, warning_message FROM swan_summary(12);
SELECT added FROM swan_grant(13, 1);
SELECT available, s.warning, s.warning_message, c.warning AS of_client FROM swan_summary(13) s, swan_client(13) c;
SELECT added FROM swan_grant(13, 2);
SELECT available, s.warning, s.warning_message, c.warning AS of_client FROM swan_summary(13) s, swan_client(13) c;
SELECT added FROM swan_grant(13, 1);
SELECT available, s.warning, s.warning_message, c.warning AS of_client FROM swan_summary(13) s, swan_client(13) c;
SELECT swan_configure('low_threshold', '4');
SELECT available, warning FROM swan_summary(13);
SELECT swan_configure('low_threshold', '0');
SELECT u, available, warning FROM unnest(ARRAY[12, 13]) u, swan_summary(u);
SELECT swan_configure('low_threshold', '3');

--
-- A client with everything: bookings of every status, credits bought and used
--
SELECT count(*) FROM (VALUES (1, 5, 'Package of 5', NULL::timestamptz, NULL::bigint), (2, 10, 'Package of 10', '2099-12-31', 1), (3, 2, NULL, '2099-06-30', 1)) t (i, n, r, e, a),
	swan_grant(11, n, r, e, 'package ' || i, actor => a);
SELECT count(*) FROM (VALUES (1, NULL::boolean, 11::bigint), (2, NULL, 3), (3, NULL, 2), (4, NULL, 1), (5, true, 1), (6, false, 2),
	(21, NULL, 3), (22, NULL, 3), (23, false, NULL), (24, NULL, NULL)) t (s, c, a), swan_book(11, s, c, actor => a);
-- what no function does yet is written as it would: two confirmed, three completed, one cancelled without return
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.sessions SET status = 'confirmed', confirmed = true WHERE id IN (2, 6);
UPDATE studio.sessions SET status = 'completed' WHERE id IN (21, 22, 23);
UPDATE studio.sessions SET status = 'cancelled' WHERE id IN (3);
INSERT INTO studio.sessions (user_id, status) VALUES (11, 'available'), (11, 'available'), (11, 'scheduled');
UPDATE studio.swan_ledger SET totals = NULL;	-- the guards saw nothing of that
RESET session_replication_role;
SET ROLE regress_owner;
SELECT status, count(*), count(*) FILTER (WHERE session_deducted) AS charged FROM studio.sessions
 WHERE user_id = 11 AND session_date IS NOT NULL GROUP BY status ORDER BY status;
\x on
SELECT * FROM swan_summary(11);
SELECT * FROM swan_client(11);
\x off
SELECT available + scheduled + confirmed + completed + cancelled = total AS adds_up FROM swan_summary(11);
-- purchased = balance + live charged + used + expired
RESET ROLE;
SET session_replication_role = replica;
UPDATE studio.swan_lots SET expires_at = '2001-01-01' WHERE user_id = 11 AND granted = 10;
RESET session_replication_role;
SET ROLE regress_owner;
CREATE VIEW studio.identity AS
SELECT c.id, c.total_sessions_purchased AS purchased, u.available_sessions AS balance,
       (SELECT count(*) FROM studio.sessions s WHERE s.user_id = c.id AND s.session_deducted AND s.status IN ('scheduled', 'confirmed')) AS live,
       c.sessions_used AS used, (SELECT -coalesce(sum(delta), 0) FROM studio.swan_ledger g WHERE g.user_id = c.id AND g.kind = 'expiry') AS expired
  FROM studio.users u, swan_client(u.id) c WHERE u.role = 'client';
SELECT *, purchased = balance + live + used + expired AS holds FROM studio.identity ORDER BY id;
SELECT charged FROM swan_book(11, 7, false);
SELECT *, purchased = balance + live + used + expired AS holds FROM studio.identity ORDER BY id;
SELECT available, warning FROM swan_summary(11);
SELECT source, granted, remaining, expires_at, reason, payment_ref FROM swan_credits(11);

--
-- The statement
--
SELECT kind, delta, balance_after, session_id, session_date, from_session_id, reason, actor_id, actor_name, db_role, key
  FROM swan_statement(11);
-- it is the ledger, newest first; balance_after leads from one line to the next
SELECT count(*) = (SELECT count(*) FROM studio.swan_ledger WHERE user_id = 11) AS whole,
       bool_and(balance_after = delta + coalesce(before, 0)) AS chained
  FROM (SELECT *, lead(balance_after) OVER (ORDER BY id DESC) AS before FROM swan_statement(11)) s;
SELECT array_agg(id) = (SELECT array_agg(id ORDER BY id DESC) FROM studio.swan_ledger WHERE user_id = 11) AS newest_first FROM swan_statement(11);
SELECT (SELECT balance_after FROM swan_statement(11) LIMIT 1) = available AS ends_at_the_balance FROM swan_summary(11);

--
-- Errors: unknown, missing
--
SELECT * FROM swan_summary(99);
SELECT * FROM swan_summary(NULL);
SELECT * FROM swan_client(99);
SELECT * FROM swan_client(NULL);
SELECT * FROM swan_credits(99);
SELECT * FROM swan_credits(NULL);
SELECT * FROM swan_statement(99);
SELECT * FROM swan_statement(NULL);

--
-- Who may: the client himself (but not the admin's row), his trainer, staff, admins, the system
--
CREATE FUNCTION pg_temp.may(call text, actor bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format(call, actor);
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT call, pg_temp.may(call, NULL) AS system, pg_temp.may(call, 1) AS admin, pg_temp.may(call, 2) AS staff, pg_temp.may(call, 3) AS his_trainer,
       pg_temp.may(call, 4) AS a_trainer, pg_temp.may(call, 11) AS himself, pg_temp.may(call, 12) AS another, pg_temp.may(call, 99) AS nobody
  FROM unnest(ARRAY['SELECT swan_summary(11, %L)', 'SELECT swan_client(11, %L)', 'SELECT swan_credits(11, %L)',
                    'SELECT swan_statement(11, actor => %L)']) call;
DROP FUNCTION pg_temp.may;
-- they write nothing
BEGIN READ ONLY;
SELECT count(*) FROM swan_summary(11), swan_client(11), swan_statement(11, max_rows => 1);
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
COMMIT;

RESET ROLE;
\i test/fixture/studio_gone.sql
