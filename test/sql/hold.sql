-- swan_hold and swan_release: keeping a slot while the client makes up his mind.
\i test/fixture/moves.sql
-- a hold that is over
CREATE FUNCTION public.over(slot bigint) RETURNS text LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
	UPDATE studio.swan_holds SET until = '2001-01-01' WHERE session_id = slot RETURNING 'over'
$$;
-- time passes for a hold; for how many minutes it is kept, and since when
CREATE FUNCTION public.later(slot bigint, long interval) RETURNS text LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
	UPDATE studio.swan_holds SET until = until - long, since = since - long WHERE session_id = slot RETURNING 'later'
$$;
CREATE FUNCTION public.held(slot bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', user_id, 'for', round(extract(epoch FROM until - clock_timestamp()) / 60), 'since', round(extract(epoch FROM clock_timestamp() - since) / 60))
	  FROM studio.swan_holds WHERE session_id = slot
$$;

SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 30, '1 day') a;
SELECT count(*) FROM swan_open(4, '2099-01-05 09:30', 60, 5, '1 day') a;
SELECT count(*) FROM swan_open(3, '2001-01-05 09:00') a;
SELECT count(*) FROM generate_series(11, 15) u, swan_grant(u, 2);

--
-- A hold keeps a slot for one client, for some minutes
--
SELECT session_id, user_id, until BETWEEN now() + interval '9 minutes' AND clock_timestamp() + interval '10 minutes' AS ten_minutes FROM swan_hold(11, 1, actor => 11);
SELECT session_id, user_id FROM studio.swan_holds;
SELECT kind, delta, balance_after, session_id, actor_id FROM studio.swan_ledger WHERE user_id = 11;
-- nothing is taken for it; the slot is open, but not for others
SELECT available FROM swan_summary(11);
SELECT user_id, status FROM studio.sessions WHERE id = 1;
SELECT * FROM swan_book(12, 1);
SELECT * FROM swan_book(12, 1, actor => 1);
SELECT ok, code FROM swan_can_book(12, 1);
SELECT ok, code FROM swan_can_book(11, 1);
SELECT * FROM swan_hold(12, 1);
SELECT * FROM swan_hold(12, 1, actor => 3);
-- one slot at a time; the same one again is another ten minutes
SELECT * FROM swan_hold(11, 2, actor => 11);
SELECT session_id, until > now() + interval '11 minutes' AS longer FROM swan_hold(11, 1, '12 minutes', actor => 11);
SELECT count(*) FROM studio.swan_holds;
-- nobody helps him to a second one
SELECT who, try('SELECT session_id FROM swan_hold(11, 2, actor => ' || actor || ')') FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3')) a (who, actor);
-- he books it: the hold is gone, and he may hold another
SELECT status, available_sessions FROM swan_book(11, 1, actor => 11);
SELECT count(*) FROM studio.swan_holds;
SELECT session_id FROM swan_hold(11, 2, actor => 11);
-- one that is over counts no more, nor is it in the way
SELECT public.over(2);
SELECT session_id FROM swan_hold(11, 3, actor => 11);
SELECT ok FROM swan_can_book(12, 2);
SELECT session_id, user_id FROM swan_hold(12, 2);
SELECT session_id, user_id FROM studio.swan_holds ORDER BY 1;
-- hold_max is a setting
SELECT swan_configure('hold_max', '3');
SELECT session_id FROM unnest('{4, 5, 6}'::bigint[]) s, swan_hold(11, s) ORDER BY 1;
SELECT session_id FROM unnest('{4, 5}'::bigint[]) s, swan_hold(11, s) ORDER BY 1;
SELECT swan_configure('hold_max', '0');
SELECT * FROM swan_hold(13, 7);
SELECT swan_configure('hold_max', '1');
-- he holds three, from before: none may be added, the same may be renewed or not
SELECT * FROM swan_hold(11, 7);

--
-- What may be held is what may be booked, with a credit where the studio wants it so
--
SELECT user_id, available FROM swan_summary(16);
SELECT try('SELECT session_id FROM swan_hold(16, 8, actor => 16)'), try('SELECT session_id FROM swan_hold(16, 8)');
SELECT swan_configure('hold_credit', 'on');
SELECT * FROM swan_hold(13, 1);
SELECT * FROM swan_hold(13, 999);
SELECT * FROM swan_hold(13, 36, actor => 13);
SELECT session_id FROM swan_hold(13, 36, actor => 3);
SELECT session_id FROM swan_release(36);
SELECT * FROM swan_hold(99, 8);
-- at the time of a booking of his
SELECT * FROM swan_hold(11, 31);
SELECT * FROM swan_hold(16, 8);
SELECT * FROM swan_hold(16, 8, actor => 1);
-- a credit that is due is none
SELECT added FROM swan_grant(17, 2, NULL, '2099-03-01');
SELECT pass(17, '2100-01-01');
SELECT * FROM swan_hold(17, 8);
SELECT count(*) FROM swan_grant(17, 1);
SELECT available FROM swan_summary(17);
-- it need not be there any more when the hold is used
SELECT session_id FROM swan_hold(17, 8);
SELECT moved FROM swan_revoke(17);
SELECT * FROM swan_book(17, 8);
SELECT count(*) FROM studio.swan_holds WHERE session_id = 8;

--
-- Arguments
--
SELECT * FROM swan_hold(NULL, 9);
SELECT * FROM swan_hold(13, NULL);
SELECT * FROM swan_hold(13, 9, '0');
SELECT ttl, try(format('SELECT session_id FROM swan_hold(13, 9, %L)', ttl)) FROM unnest(ARRAY['-1 second', '1 microsecond', '30 minutes', '30 minutes 1 microsecond',
	'1 day', '-1 day 24:10', '1 mon -30 days -23:50', '-30 days 1 mon']) ttl;
SELECT try('SELECT session_id FROM swan_hold(NULL, NULL, NULL, actor => 99)'), try('SELECT session_id FROM swan_hold(13, -9223372036854775808)');
SELECT * FROM swan_release(NULL);
SELECT * FROM swan_release(999);
SELECT try('SELECT session_id FROM swan_release(NULL, 99)');

--
-- Who may: whoever may book it
--
SELECT session_id FROM swan_hold(14, 10);
SELECT who, try('SELECT session_id || '' '' || user_id FROM swan_hold(13, 9, actor => ' || actor || ')') AS hold,
       try('SELECT session_id || '' '' || user_id FROM swan_release(10, ' || actor || ')') AS release
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('another trainer', '4'), ('who wants to hold', '13'), ('who holds', '14')) a (who, actor);

--
-- swan_release lets go of it
--
SELECT session_id, user_id, until > now() AS until FROM swan_release(10, 14);
SELECT session_id, user_id, until > clock_timestamp() AS held FROM studio.swan_holds WHERE session_id = 10;
SELECT ok FROM swan_can_book(15, 10);
SELECT kind, delta, session_id, actor_id FROM studio.swan_ledger WHERE user_id = 14 ORDER BY id;
-- twice; never held; over; booked: it is not held
SELECT * FROM swan_release(10, 14);
SELECT * FROM swan_release(10);
SELECT * FROM swan_release(11, 14);
SELECT session_id FROM swan_hold(14, 11);
SELECT public.over(11);
SELECT * FROM swan_release(11, 14);
SELECT * FROM swan_release(1, 11);
-- somebody else's, in force
SELECT session_id FROM swan_hold(15, 12);
SELECT * FROM swan_release(12, 14);
-- closing the slot ends it
SELECT status FROM swan_cancel(12);
SELECT count(*) FROM studio.swan_holds WHERE session_id = 12;

--
-- Both expire what is due
--
SELECT count(*) FROM swan_grant(14, 3, NULL, '2099-03-01');
SELECT pass(14, '2100-01-01');
SELECT session_id FROM swan_hold(14, 13);
SELECT count(*) FROM swan_grant(14, 3, NULL, '2099-03-01');
SELECT pass(14, '2099-04-01');
SELECT session_id FROM swan_release(13);
SELECT kind, delta, balance_after, session_id, actor_id, call_id - first_value(call_id) OVER (ORDER BY id) AS call FROM studio.swan_ledger WHERE user_id = 14 AND (kind = 'expiry' OR session_id = 13) ORDER BY id;
-- with session_records
SELECT swan_configure('session_records', 'on');
SELECT count(*) FROM swan_grant(14, 1, NULL, '2099-03-01');
SELECT pass(14, '2099-04-01');
SELECT session_id FROM swan_hold(14, 13);
SELECT session_id FROM swan_release(13);
SELECT count(*) FROM studio.sessions WHERE user_id = 14;
SELECT user_id, kind, count(*) FROM studio.swan_ledger WHERE kind IN ('hold', 'release') GROUP BY user_id, kind ORDER BY user_id, kind;

--
-- One client keeps one slot for an hour at most, whether he lets go of it in between or not
--
SELECT value FROM swan_settings() WHERE setting = 'hold_total';
SELECT session_id FROM swan_hold(15, 20, '20 minutes');
SELECT held(20);
SELECT later(20, '18 minutes');
SELECT session_id FROM swan_hold(15, 20, '20 minutes', actor => 15);
SELECT held(20);
SELECT later(20, '25 minutes');
SELECT session_id FROM swan_hold(15, 20, '30 minutes');
SELECT held(20);
SELECT session_id FROM swan_release(20, 15);
SELECT session_id FROM swan_hold(15, 20, '30 minutes', actor => 15);
SELECT held(20);
SELECT later(20, '18 minutes');
SELECT * FROM swan_hold(15, 20);
SELECT * FROM swan_hold(15, 20, actor => 1);
-- it is not his any more
SELECT session_id FROM swan_hold(13, 20);
SELECT held(20);
SELECT session_id FROM swan_release(20, 13);
SELECT session_id FROM swan_hold(15, 20);
SELECT held(20);
-- an hour after he let go of it he may again
SELECT later(20, '69 minutes');
SELECT try('SELECT session_id FROM swan_hold(15, 20)');
SELECT later(20, '2 minutes');
SELECT session_id FROM swan_hold(15, 20, '5 minutes');
SELECT held(20);
SELECT swan_configure('hold_total', '2 minutes');
SELECT session_id FROM swan_hold(15, 20, '5 minutes');
SELECT held(20);
SELECT value, try(format('SELECT swan_configure(''hold_total'', %L)', value)) FROM unnest(ARRAY['0', '90 minutes', '-1 minute', NULL]) value;
SELECT value, try(format('SELECT swan_configure(''hold_credit'', %L)', value)) FROM unnest(ARRAY['off', 'yes', NULL]) value;
-- booked, it is his
SELECT status FROM swan_book(15, 20);
-- a studio that 0.1.0 made does not know since when, and one that has a column of that name for something else does not either
RESET ROLE;
ALTER TABLE studio.swan_holds DROP COLUMN since;
SET ROLE regress_owner;
SELECT session_id FROM swan_hold(15, 21, '20 minutes');
SELECT session_id, until > clock_timestamp() + interval '25 minutes' AS longer FROM swan_hold(15, 21, '30 minutes');
SELECT session_id FROM swan_release(21);
RESET ROLE;
ALTER TABLE studio.swan_holds ADD COLUMN since timestamp;
SET ROLE regress_owner;
SELECT session_id, until > clock_timestamp() + interval '25 minutes' AS longer FROM swan_hold(15, 21, '30 minutes');
SELECT since FROM studio.swan_holds WHERE session_id = 21;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
DROP FUNCTION public.over, public.later, public.held;
