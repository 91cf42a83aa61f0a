-- A plan becomes another one in the middle of the statement that runs it: what is done is the same.
\i test/fixture/studio.sql
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'client'), (2, 'Ben', 'client'), (3, 'Tom', 'trainer');
SELECT count(*) FROM swan_open(3, '2099-01-05 10:00', repeat => 20, every => '1 day');
SELECT swan_configure('guard_balance', 'record');
SELECT added FROM swan_grant(1, 9);
SELECT added FROM swan_grant(2, 9);
SELECT status FROM swan_book(1, 1);

-- before the statement's row a trigger of the owner's has the plan made anew, and the guard runs that one
CREATE FUNCTION studio.plan_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		DISCARD PLANS;
		SET LOCAL enable_indexscan = off;	-- by no index now
		SET LOCAL random_page_cost = 1e8;
		UPDATE studio.users SET available_sessions = available_sessions - 1 WHERE id = 2;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER app BEFORE UPDATE ON studio.swan_lots FOR EACH STATEMENT EXECUTE FUNCTION studio.plan_anew();
SELECT status, available_sessions FROM swan_book(1, 2);
SELECT status, available_sessions FROM swan_book(1, 3);
SELECT id, available_sessions FROM studio.users ORDER BY id;
SELECT * FROM swan_verify();
DROP TRIGGER app ON studio.swan_lots;
DROP FUNCTION studio.plan_anew();

-- nor can it drop the index by which the row is found
BEGIN;
CREATE UNIQUE INDEX more ON studio.sessions (id);
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_pkey;
CREATE FUNCTION studio.drop_index() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DROP INDEX studio.more; RETURN NULL; END $$;
CREATE TRIGGER app BEFORE UPDATE ON studio.sessions FOR EACH STATEMENT EXECUTE FUNCTION studio.drop_index();
SELECT status, available_sessions FROM swan_book(1, 4);
ROLLBACK;

\i test/fixture/studio_gone.sql
