-- What the tests of moving credits have in common, in a studio called studio.
-- a call, rolled back: what it answers, or its error
CREATE FUNCTION public.try(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE call INTO answer;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(answer, 'null');
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
-- time flies: makes the lots of a client due that expire before the given day
CREATE FUNCTION public.pass(client bigint, before timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
	WITH due AS (UPDATE studio.swan_lots SET expires_at = expires_at - interval '98 years'
	              WHERE user_id = client AND expires_at < before RETURNING 1)
	SELECT count(*) FROM due
$$;
-- the time of a session has come: it was 97 years ago; returns the session
CREATE FUNCTION public.took_place(session bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
	UPDATE studio.sessions SET session_date = session_date - interval '97 years' WHERE id = session RETURNING id
$$;
-- all that was ever written of a client's credits is so much older
CREATE FUNCTION public.ago(client bigint, long interval) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
	UPDATE studio.swan_lots SET expires_at = expires_at - long WHERE user_id = client;
	UPDATE studio.swan_ledger SET at = at - long, details = CASE WHEN details ? 'extended_from'
		THEN details || jsonb_build_object('extended_from', (details ->> 'extended_from')::timestamptz - long) ELSE details END WHERE user_id = client;
	SELECT client
$$;
-- clients for whom purchased = balance + live charged + used + expired does not hold, in the ledger or in swan_client
CREATE FUNCTION public.out_of_step() RETURNS TABLE (id bigint, purchased bigint, balance integer, live bigint, used bigint, expired bigint, debits bigint, reported text)
LANGUAGE sql AS $$
	SELECT * FROM (
		SELECT u.id, coalesce(l.purchased, 0), u.available_sessions, coalesce(s.live, 0), coalesce(s.used, 0), coalesce(l.expired, 0), coalesce(d.n, 0),
		       c.total_sessions_purchased || ' ' || c.sessions_used
		  FROM studio.users u CROSS JOIN swan_client(u.id) c
		  LEFT JOIN (SELECT user_id, sum(delta) FILTER (WHERE kind NOT IN ('expiry', 'booking', 'cancellation')) AS purchased,
		                    -sum(delta) FILTER (WHERE kind = 'expiry') AS expired FROM studio.swan_ledger GROUP BY user_id) l ON l.user_id = u.id
		  LEFT JOIN (SELECT user_id, count(*) FILTER (WHERE status IN ('scheduled', 'confirmed')) AS live,
		                    count(*) FILTER (WHERE status IN ('completed', 'cancelled')) AS used
		               FROM studio.sessions WHERE session_deducted GROUP BY user_id) s ON s.user_id = u.id
		  LEFT JOIN (SELECT user_id, -sum(delta) AS n FROM studio.swan_ledger WHERE kind IN ('booking', 'cancellation') GROUP BY user_id) d ON d.user_id = u.id
	) x (id, purchased, balance, live, used, expired, debits, reported)
	WHERE purchased <> balance + live + used + expired OR debits <> live + used OR reported <> purchased || ' ' || used
$$;
