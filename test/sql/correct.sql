-- swan_correct: what was written down of a booking by mistake.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM generate_series(11, 14) c, swan_grant(c, 5);
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00', 60, 6, '1 day') a;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 12, '1 day') a;
CREATE FUNCTION studio.story(session bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', status, session_deducted, confirmed, (SELECT available FROM swan_summary(user_id)), (SELECT string_agg(kind || delta, ' ' ORDER BY id) FROM studio.swan_ledger g WHERE g.session_id = s.id)) FROM studio.sessions s WHERE id = session
$$;

--
-- A completion becomes a no-show, and back
--
SELECT session_id, status FROM swan_book_many(11, '{1, 2}');
SELECT status FROM swan_complete(1);
SELECT session_id, user_id, status, charged, available_sessions, message, ledger_id IS NOT NULL AS noted, replayed FROM swan_correct(1, 'missed', ' he was not there ', actor => 2);
SELECT kind, delta, balance_after, session_id, lot_id IS NOT NULL AS lot, reason, actor_id, details FROM studio.swan_ledger ORDER BY id DESC LIMIT 1;
SELECT * FROM swan_correct(1, 'missed', 'again');
SELECT status FROM swan_correct(1, 'attended', 'he was');
SELECT * FROM swan_correct(1, 'attended', 'again');
SELECT studio.story(1);
-- a completion is undone, and the credit comes back when it is cancelled then
SELECT status, charged FROM swan_correct(1, 'confirmed', 'another client');
SELECT studio.story(1);
SELECT status, charged, available_sessions FROM swan_correct(1, 'scheduled', 'nor confirmed');
SELECT studio.story(1);
SELECT returned, available_sessions FROM swan_cancel(1);
SELECT status, charged, available_sessions FROM swan_correct(1, 'attended', 'it was him');
SELECT studio.story(1);
SELECT used FROM (SELECT sessions_used AS used FROM swan_client(11)) c;

--
-- A cancellation is taken back: the credit is taken again, and the slot that took its place goes
--
SELECT session_id FROM swan_book_many(12, '{7, 8, 9}');
SELECT reopened_session_id AS reopened, available_sessions FROM swan_cancel(7, 'wrong button', actor => 12) \gset
SELECT count(*) FROM swan_hold(13, :reopened);
SELECT status, charged, available_sessions FROM swan_correct(7, 'scheduled', 'wrong button', actor => 1);
SELECT studio.story(7), (SELECT status FROM studio.sessions WHERE id = :reopened) AS reopened, (SELECT count(*) FROM studio.swan_holds) AS holds;
SELECT details - 'closed' AS details, (details ->> 'closed')::bigint = :reopened AS closed FROM studio.swan_ledger WHERE kind = 'correction' AND session_id = 7;
-- the trainer has it for himself again; confirmed as well
SELECT returned FROM swan_cancel(8, actor => 3);
SELECT status, available_sessions FROM swan_correct(8, 'confirmed', 'he is well again');
SELECT studio.story(8);
-- somebody else has taken the time: of the trainer, or the client has something else then
SELECT reopened_session_id AS reopened FROM swan_cancel(9, actor => 12) \gset
SELECT status FROM swan_book(13, :reopened);
SELECT regexp_replace(try('SELECT status FROM swan_correct(9, ''scheduled'', ''back'')'), '\d+$', '#');
SELECT status FROM swan_cancel(:reopened, reopen => false);
SELECT a AS other FROM swan_open(4, '2099-01-07 09:30') a \gset
SELECT status FROM swan_book(12, :other);
SELECT regexp_replace(try('SELECT status FROM swan_correct(9, ''scheduled'', ''back'')'), '\d+$', '#');
SELECT status FROM swan_move(:other, '2099-03-01');
SELECT status, available_sessions FROM swan_correct(9, 'scheduled', 'back');
-- the slot in its place was moved: it stays
SELECT status FROM swan_book(13, 10);
SELECT reopened_session_id AS reopened FROM swan_cancel(10, actor => 13) \gset
SELECT status FROM swan_move(:reopened, '2099-04-01');
SELECT status FROM swan_correct(10, 'scheduled', 'back');
SELECT status FROM studio.sessions WHERE id = :reopened;
-- the credit is spent
SELECT status FROM swan_cancel(10);
SELECT moved FROM swan_revoke(13);
SELECT * FROM swan_correct(10, 'scheduled', 'back');
SELECT available_sessions FROM swan_grant(13, 1);
SELECT status, available_sessions FROM swan_correct(10, 'scheduled', 'back');
-- it was not returned: it stays as it was; nor was it charged
SELECT a AS soon FROM swan_open(4, clock_timestamp() + interval '3 hours', 1) a \gset
SELECT charged FROM swan_book(14, :soon);
SELECT returned FROM swan_cancel(:soon, actor => 14);
SELECT status, charged, available_sessions FROM swan_correct(:soon, 'scheduled', 'back');
SELECT studio.story(:soon);
SELECT returned, available_sessions FROM swan_cancel(:soon);
SELECT charged FROM swan_book(14, 11, false);
SELECT returned FROM swan_cancel(11);
SELECT charged, available_sessions FROM swan_correct(11, 'scheduled', 'back');
-- it came back to a lot that had ended, and was gone at once: nothing is taken
SELECT count(*) FROM swan_grant(14, 1, NULL, '2099-01-01') a;
SELECT charged FROM swan_book(14, 12);
SELECT pass(14, '2099-01-02');
SELECT returned FROM swan_cancel(12, actor => 14);
SELECT charged, available_sessions FROM swan_correct(12, 'scheduled', 'back');
SELECT studio.story(12);

--
-- What cannot be corrected
--
SELECT status FROM swan_book(11, 13);
SELECT status FROM swan_reschedule(13, 14);
SELECT status FROM swan_cancel(15);
SELECT n, try('SELECT status FROM swan_correct(' || call || ')') FROM (VALUES
	(1, '13, ''scheduled'', ''exchanged'''), (2, '14, ''attended'', ''live'''), (3, '14, ''confirmed'', ''live'''), (4, '15, ''scheduled'', ''of nobody'''), (5, '16, ''scheduled'', ''open'''),
	(6, '9, ''scheduled'', ''as it is'''), (7, '999, ''missed'', ''unknown'''), (8, 'NULL, ''missed'', ''no session'''), (9, '1, NULL, ''to nothing'''), (10, '1, ''missed'', NULL'), (11, '1, ''missed'', '' '''),
	(12, '1, ''cancelled'', ''use swan_cancel'''), (13, '1, ''Missed'', ''in capitals'''), (14, '1, ''missed'', ''blank key'', key => '' '''), (15, '1, ''missed'', ''client'', actor => 11'), (16, '1, ''missed'', ''trainer'', actor => 3'),
	(17, '1, ''missed'', ''staff'', actor => 2')) t (n, call) ORDER BY n;
-- nor what has not taken place yet
SELECT status FROM swan_cancel(9);
SELECT try('SELECT status FROM swan_correct(9, ''attended'', ''too early'')'), try('SELECT status FROM swan_correct(9, ''missed'', ''too early'')');
-- what the ledger does not know how it was booked becomes no booking
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO studio.sessions (user_id, trainer_id, status, session_date) VALUES (14, 3, 'completed', '2002-01-01') RETURNING id AS old \gset
RESET session_replication_role;
SET ROLE regress_owner;
SELECT regexp_replace(try('SELECT status FROM swan_correct(' || :old || ', ''scheduled'', ''old'')'), '\d+ is', '# is');
SELECT status, charged, available_sessions FROM swan_correct(:old, 'missed', 'he was not there');
RESET ROLE;
SET session_replication_role = replica;
DELETE FROM studio.sessions WHERE id = :old;
RESET session_replication_role;
SET ROLE regress_owner;

--
-- Keys
--
SELECT status FROM swan_complete(2);
SELECT status, replayed FROM swan_correct(2, 'missed', 'k', key => 'k');
SELECT status FROM swan_correct(2, 'attended', 'back');
SELECT c.status, c.charged, c.available_sessions, c.ledger_id = g.id AS same_row, c.replayed FROM swan_correct(2, 'missed', 'another reason', 'k') c, studio.swan_ledger g WHERE g.key = 'k';
SELECT try('SELECT status FROM swan_correct(2, ''scheduled'', ''k'', ''k'')'), try('SELECT status FROM swan_correct(1, ''missed'', ''k'', ''k'')');
SELECT studio.story(2);

--
-- Who was there is told in the schedule as it is now, in the statement as it was written
--
SELECT status FROM swan_book(14, 3);
SELECT status FROM swan_complete(3, false);
SELECT status FROM swan_book(14, 4);
SELECT session_id, status, user_id, attended FROM swan_schedule(NULL, '2003-01-01') ORDER BY session_id;
SELECT session_id, kind, details ->> 'to' AS corrected_to, attended FROM swan_statement(11) WHERE session_id <= 2 ORDER BY id;
-- the application completed it itself, where that is recorded: nobody knows
SELECT swan_configure('guard_sessions', 'record');
UPDATE studio.sessions SET status = 'completed' WHERE id = 4;
SELECT status, attended FROM swan_schedule(NULL, '2003-01-01') WHERE session_id = 4;
SELECT status FROM swan_correct(4, 'missed', 'he was not there');
SELECT status, attended FROM swan_schedule(NULL, '2003-01-01') WHERE session_id = 4;
SELECT swan_configure('guard_sessions', 'refuse');

-- what is due expires first, and session_records are kept
SELECT swan_configure('session_records', 'on');
SELECT count(*) FROM swan_grant(11, 2, NULL, '2099-06-01') a;
SELECT status FROM swan_book(11, 17);
SELECT returned FROM swan_cancel(17);
SELECT pass(11, '2099-06-02');
SELECT status, available_sessions FROM swan_correct(17, 'scheduled', 'back');
SELECT kind, delta FROM studio.swan_ledger WHERE user_id = 11 ORDER BY id DESC LIMIT 2;
SELECT count(*) = (SELECT available_sessions FROM studio.users WHERE id = 11) AS in_step FROM studio.sessions WHERE user_id = 11 AND session_date IS NULL;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
