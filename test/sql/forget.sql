-- swan_forget: a person is erased.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 40, '1 day') a;
-- which tables of the studio have a word in them
CREATE FUNCTION studio.tells(word text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(t, ' ' ORDER BY t) FROM (
		SELECT 'users' AS t FROM studio.users u WHERE u::text ~* word UNION SELECT 'sessions' FROM studio.sessions s WHERE s::text ~* word
		UNION SELECT 'ledger' FROM studio.swan_ledger g WHERE g::text ~* word UNION SELECT 'lots' FROM studio.swan_lots l WHERE l::text ~* word
		UNION SELECT 'holds' FROM studio.swan_holds h WHERE h::text ~* word) x
$$;
CREATE VIEW studio.words AS SELECT w AS word, studio.tells(w) FROM unnest('{benjamin,herniated,pneumonia,sciatica,wordkey,nephew,benmail,bens_card,migraine}'::text[]) WITH ORDINALITY t (w, n) ORDER BY n;
CREATE VIEW studio.numbers AS
	SELECT id, user_id, delta, balance_after, kind, session_id, lot_id, actor_id, db_role, payment_ref, item, call_id, at FROM studio.swan_ledger WHERE kind <> 'erasure';

--
-- A client of whom much was written
--
UPDATE studio.users SET first_name = 'Benjamin', last_name = 'Benjaminson', email = 'benmail@example.com' WHERE id = 11;
SELECT added FROM swan_grant(11, 4, 'Benjamin, herniated disc', key => 'wordkey 1');
SELECT added FROM swan_purchase(11, 3, 'pi_11', details => '{"bens_card": "4242", "deep": {"name": ["Benjamin"]}}');
SELECT remaining FROM swan_import(11, 5, 2, '2024-01-01', 'of benjamin', 'old_11', at => '2023-01-01');
SELECT session_id FROM generate_series(1, 3) s, swan_book(11, s, key => 'wordkey ' || s);
UPDATE studio.sessions SET notes = 'sciatica again' WHERE id = 2;
SELECT status FROM swan_cancel(1, 'pneumonia', key => 'wordkey 4');
SELECT status FROM swan_complete(took_place(2));
SELECT moved FROM swan_transfer(11, 12, 2, 'for the nephew of benjamin', 'wordkey 5');
SELECT moved FROM swan_transfer(12, 11, 1, 'benjamin needs it', 'a key of the other');
SELECT moved FROM swan_reverse('pi_11', key => 'wordkey 6');
-- he has something still
SELECT try('SELECT user_id FROM swan_forget(11)');
SELECT moved FROM swan_revoke(11, reason => 'benjamin leaves');
SELECT * FROM swan_forget(11);
SELECT status FROM swan_correct((SELECT session_id FROM swan_cancel(3)), 'scheduled', 'he comes, with a migraine');
SELECT * FROM swan_forget(11);
SELECT status FROM swan_cancel(3);
SELECT moved FROM swan_revoke(11);
SELECT added FROM swan_grant(11, 1);
SELECT until > now() AS held FROM swan_hold(11, 5);
SELECT moved FROM swan_revoke(11);
SELECT * FROM swan_forget(11);
SELECT session_id FROM swan_release(5);
BEGIN;
SELECT session_id FROM swan_book(12, 6);
SELECT line FROM swan_wait(11, 6);
SELECT * FROM swan_forget(11);
ROLLBACK;
SELECT * FROM studio.words;
CREATE TEMP TABLE before AS SELECT * FROM studio.numbers;
CREATE TEMP TABLE figures AS SELECT c.id, total_sessions_purchased, sessions_used, s.* FROM swan_client(11) c, swan_summary(11) s;

--
-- He is forgotten: no word is left, no number has changed
--
SELECT * FROM swan_forget(11, actor => 1);
SELECT * FROM studio.words;
SELECT first_name, last_name, email, role, available_sessions FROM studio.users WHERE id = 11;
SELECT count(*) FROM (TABLE before EXCEPT SELECT * FROM studio.numbers) x;
SELECT count(*) FROM (SELECT * FROM studio.numbers EXCEPT TABLE before) x;
SELECT count(*) FROM (TABLE figures EXCEPT SELECT c.id, total_sessions_purchased, sessions_used, s.* FROM swan_client(11) c, swan_summary(11) s) x;
SELECT kind, delta, balance_after, reason, key, actor_id, details, at > now() - interval '1 minute' AS just_now FROM studio.swan_ledger WHERE user_id = 11 AND kind = 'erasure';
-- what the engine needs of the details is there
SELECT kind, details FROM studio.swan_ledger WHERE user_id = 11 AND details IS NOT NULL ORDER BY id;
SELECT month, source, credits FROM swan_liability('2024-06-01') WHERE month < '2024';
-- what others have keeps its key
SELECT kind, reason, key FROM studio.swan_ledger WHERE user_id = 12 ORDER BY id;
SELECT kind, other_id, other_name, reason FROM swan_statement(12) WHERE kind = 'transfer' ORDER BY id;
SELECT kind, delta FROM swan_changes() WHERE user_id = 11 ORDER BY id DESC LIMIT 1;
-- again: there is nothing, and it is on record
SELECT user_id, ledger_rows, sessions FROM swan_forget(11);
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();
-- somebody else is forgotten, with no ledger at all
SELECT user_id, ledger_rows, sessions FROM swan_forget(30);
SELECT first_name FROM studio.users WHERE id = 30;

--
-- The ledger refuses everybody else as before
--
SELECT call, try(call) FROM (VALUES (1, 'UPDATE studio.swan_ledger SET reason = NULL WHERE user_id = 12 RETURNING id'), (2, 'UPDATE studio.swan_ledger SET reason = NULL WHERE false RETURNING id'),
	(3, 'DELETE FROM studio.swan_ledger WHERE user_id = 11 RETURNING id'), (4, 'WITH f AS (SELECT * FROM swan_forget(29)) UPDATE studio.swan_ledger SET reason = NULL FROM f RETURNING id'),
	(5, 'UPDATE studio.swan_lots SET remaining = 1 RETURNING id')) t (n, call) ORDER BY n;
-- also a trigger of the owner's that is fired meanwhile
CREATE FUNCTION studio.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE studio.swan_ledger SET delta = 0; RETURN NULL; END $$;
CREATE TRIGGER meddle AFTER UPDATE ON studio.swan_ledger FOR EACH STATEMENT EXECUTE FUNCTION studio.meddle();
SELECT try('SELECT user_id FROM swan_forget(29)');
DROP TRIGGER meddle ON studio.swan_ledger;
CREATE FUNCTION studio.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.reason := OLD.reason; RETURN NEW; END $$;
CREATE TRIGGER keep BEFORE UPDATE ON studio.swan_ledger FOR EACH ROW EXECUTE FUNCTION studio.keep();
SELECT moved FROM swan_revoke(29, reason => 'a word');
SELECT try('SELECT user_id FROM swan_forget(29)');
DROP TRIGGER keep ON studio.swan_ledger;

--
-- Arguments, errors
--
SELECT * FROM swan_forget(NULL);
SELECT * FROM swan_forget(99);
SELECT who, try('SELECT user_id FROM swan_forget(28, actor => ' || actor || ')') AS forget
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '28')) a (who, actor);
-- a request
INSERT INTO studio.sessions (user_id, trainer_id, status, session_date) VALUES (28, 3, 'requested', '2099-05-05 10:00');
SELECT try('SELECT user_id FROM swan_forget(28)');
-- credits that are due are none
SELECT added FROM swan_grant(27, 2, 'a word', '2099-06-01');
SELECT pass(27, '2100-01-01');
SELECT user_id, ledger_rows FROM swan_forget(27);
SELECT kind, delta, reason FROM studio.swan_ledger WHERE user_id = 27 ORDER BY id;
SELECT * FROM swan_verify();

--
-- In attached tables names, addresses and notes are the application's
--
DROP TABLE before, figures;
RESET ROLE;
CREATE SCHEMA app AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE app.users (id bigint PRIMARY KEY, first_name text NOT NULL, role text, available_sessions integer NOT NULL DEFAULT 0);
CREATE TABLE app.sessions (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES app.users, trainer_id bigint REFERENCES app.users, status text NOT NULL DEFAULT 'available', session_date timestamptz, duration integer, notes text, cancel_reason text);
INSERT INTO app.users VALUES (1, 'Ben', 'client', 0);
INSERT INTO app.sessions (user_id, status, session_date, notes) VALUES (1, 'cancelled', '2020-01-01', 'his own');
SELECT count(*) > 0 AS done FROM swan_attach('app.users', 'app.sessions', studio => 'app');
CALL swan_backfill(studio => 'app');
SET swanalloc.studio = 'app';
SELECT moved FROM swan_revoke(1, reason => 'a word');
-- but why he cancelled we wrote
INSERT INTO app.sessions (status, session_date) VALUES ('available', '2099-01-01');
SELECT session_id FROM swan_book(1, 2, charge => false);
SELECT status FROM swan_cancel(2, 'pneumonia', reopen => false);
SELECT id, notes, cancel_reason FROM app.sessions ORDER BY id;
SELECT user_id, ledger_rows, sessions FROM swan_forget(1);
SELECT kind, reason FROM app.swan_ledger ORDER BY id;
SELECT first_name, notes, cancel_reason FROM app.users, app.sessions ORDER BY sessions.id;
SELECT * FROM swan_verify();
RESET swanalloc.studio;
SELECT swan_detach('app');
DROP SCHEMA app CASCADE;

RESET ROLE;
\i test/fixture/moves_gone.sql
