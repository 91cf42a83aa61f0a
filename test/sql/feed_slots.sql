-- What changes in the calendar without being anybody's booking is in the feed, once for each call; where the feed
-- ends; what became of credits by month.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT public.try('SELECT f FROM swan_feed_end() f') AS nothing_yet;
CREATE TEMP TABLE place AS SELECT cursor FROM swan_feed_end();
CREATE FUNCTION pg_temp.news() RETURNS TABLE (user_id bigint, kind text, session_id bigint, change text, sessions jsonb, reason text, actor_id bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT c.user_id, c.kind, c.session_id, c.details ->> 'change', c.details -> 'sessions', c.reason, c.actor_id
		FROM swan_changes((SELECT p.cursor FROM place p)) c ORDER BY c.id;
	UPDATE place SET cursor = (SELECT e.cursor FROM swan_feed_end() e);
END $$;
SELECT count(*) FROM swan_open(3, '2099-01-05 10:00', repeat => 2, actor => 3);
SELECT count(*) FROM swan_open(4, '2099-01-05 10:00', places => 3);
SELECT count(*) FROM swan_block(3, '2099-01-05 12:00', repeat => 2, every => '1 day', actor => 1);
SELECT * FROM pg_temp.news();
-- one that moves, to another trainer, as part of several, with its class; and one that does not
SELECT status FROM swan_move(1, '2099-01-05 11:00', actor => 3);
SELECT status FROM swan_move(1, trainer_id => 4, at => '2099-01-07 11:00', actor => 1);
SELECT status FROM swan_move(1, trainer_id => 4, actor => 1);
SELECT count(*) FROM swan_move_many(ARRAY[1, 2, 3, 6], ARRAY['2099-02-05 10:00', '2099-02-06 10:00', '2099-02-07 10:00', NULL]::timestamptz[], ARRAY[NULL, NULL, NULL, 4]::bigint[], actor => 1);
SELECT * FROM pg_temp.news();
-- of what moves with a booking too, each is told of once
SELECT added FROM swan_grant(11, 5);
SELECT session_id FROM swan_book(11, 3);
SELECT status FROM swan_move(3, '2099-02-08 10:00', actor => 1);
SELECT * FROM pg_temp.news();
-- closed and freed; a trainer who is a client of the same call as well
SELECT status FROM swan_cancel(7, 'Back again', actor => 3);
SELECT added FROM swan_grant(4, 1);
SELECT session_id FROM swan_book(4, 2, actor => 1, charge => true);
SELECT session_id, returned, available_sessions FROM swan_cancel_many(ARRAY[1, 2], 'Ill', actor => 1);
SELECT * FROM pg_temp.news();
SELECT available_sessions FROM studio.users WHERE id = 4;
SELECT * FROM swan_verify();
-- who is no user, and who is not there, has no ledger to be told in
RESET ROLE;
INSERT INTO studio.sessions (session_date) VALUES ('2099-03-05 10:00');
SELECT status FROM swan_cancel((SELECT max(id) FROM studio.sessions));
SELECT * FROM pg_temp.news();
-- the lines of a trainer's own statement
SELECT kind, details -> 'sessions' AS sessions, reason FROM swan_statement(3, max_rows => 3, actor => 3);

-- from where on: nothing of before, and all that follows; after swan_rebase_feed too
SELECT count(*) FROM swan_feed_end() f, swan_changes(f.cursor);
SELECT f.last_id = (SELECT max(id) FROM studio.swan_ledger) AS is_last FROM swan_feed_end() f;
SELECT swan_rebase_feed() <> '' AS rebased;
SELECT public.try('SELECT count(*) FROM swan_changes((SELECT cursor FROM place))') AS of_before;
UPDATE place SET cursor = (SELECT cursor FROM swan_feed_end());
SELECT count(*) FROM swan_changes((SELECT cursor FROM place));
SELECT added FROM swan_grant(12, 2);
SELECT user_id, kind FROM swan_changes((SELECT cursor FROM place));

-- months: bought and expired when it happened, used when the session takes place
SELECT added FROM swan_grant(13, 10);
SELECT added FROM swan_grant(13, 4, expires_at => '2099-12-31');
SELECT user_id FROM swan_import(13, 6, 2, at => '2024-05-05 12:00');
SELECT count(*) FROM swan_open(3, '2099-05-31 23:30', repeat => 5, every => '1 month');
SELECT count(*) FROM generate_series((SELECT max(id) - 4 FROM studio.sessions), (SELECT max(id) FROM studio.sessions)) s, swan_book(13, s);
SELECT max(id) - 4 AS first FROM studio.sessions \gset
SELECT status FROM swan_complete(public.took_place(:first));
SELECT status, returned FROM swan_cancel(:first + 1);
SELECT status, returned FROM swan_cancel(:first + 2, return_credit => false);
SELECT public.pass(13, '2100-01-01') > 0 AS due;
SELECT credits FROM swan_expire();
\set months 'SELECT CASE WHEN month = to_char(now(), ''YYYY-MM'') THEN ''now'' ELSE month END AS month, purchased, used, booked, expired FROM swan_months('
:months user_id => 13);
SELECT session_id > 0 AS exchanged FROM swan_open(4, '2098-10-10 10:00') o, swan_reschedule(:first + 4, o, actor => 1);
:months user_id => 13, since => '2001-01-01');
:months user_id => 13, until => '2099-01-01');
SELECT swan_configure('time_zone', 'Asia/Tokyo');
:months user_id => 13, since => '2001-01-01');
-- whose place went to another account of his
SELECT moved FROM swan_merge(13, 14);
:months user_id => 13);
:months user_id => 14);
-- all of it is the balances
SELECT sum(purchased - used - booked - expired) = (SELECT sum(available_sessions) FROM studio.users) AS the_balances FROM swan_months();
SELECT bool_and(available_sessions = (SELECT coalesce(sum(purchased - used - booked - expired), 0) FROM swan_months(user_id => u.id))) AS each FROM studio.users u;
SELECT public.try('SELECT count(*) FROM swan_months(user_id => 99)') AS nobody, public.try('SELECT count(*) FROM swan_months(actor => 2)') AS staff,
       public.try('SELECT count(*) FROM swan_months(actor => 3)') AS trainer, public.try('SELECT count(*) FROM swan_months(user_id => 11, actor => 11)') AS client;
DROP TABLE place;
DROP FUNCTION pg_temp.news;
\i test/fixture/moves_gone.sql
