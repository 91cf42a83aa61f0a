-- swan_book() as PL/pgSQL would have it: the same checks, locks, rows and result, as the owner and
-- under a fixed search_path; without the guards, and without the registry of database roles.
CREATE FUNCTION twin.book(user_id bigint, session_id bigint, charge boolean DEFAULT NULL,
  key text DEFAULT NULL, actor bigint DEFAULT NULL)
RETURNS public.swan_booking
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, twin, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  _user ALIAS FOR $1;
  _slot ALIAS FOR $2;
  _charge ALIAS FOR $3;
  _key ALIAS FOR $4;
  _actor ALIAS FOR $5;
  _role text;
  _open record;
  _seen record;
  _balance integer;
  _charged boolean;
  _now timestamptz := clock_timestamp();
  _account record;
  _delta integer;
  _call bigint;
  _id bigint;
  _result public.swan_booking;
BEGIN
  IF _user IS NULL OR _slot IS NULL THEN
    RAISE 'user_id and session_id must be given' USING ERRCODE = 'SW005';
  END IF;

  -- who asks, and may he
  SELECT u.role INTO _role FROM users u WHERE u.id = _actor;
  IF NOT FOUND THEN
    RAISE 'the acting user % does not exist', _actor USING ERRCODE = 'SW006';
  END IF;
  SELECT s.user_id, s.trainer_id, s.status, s.session_date, s.duration, h.user_id AS held_by, h.until INTO _seen
  FROM sessions s LEFT JOIN swan_holds h ON h.session_id = s.id WHERE s.id = _slot;
  IF NOT (_role IN ('staff', 'admin') OR _actor = _user OR _role = 'trainer' AND _seen.trainer_id IS NOT DISTINCT FROM _actor) THEN
    RAISE 'user % may not do this', _actor USING ERRCODE = 'SW006';
  END IF;
  IF _charge IS FALSE AND _role NOT IN ('staff', 'admin') THEN
    RAISE 'user % may not do this', _actor USING ERRCODE = 'SW006';
  END IF;
  _charged := coalesce(_charge, _role <> 'admin');

  -- has this been done already
  IF _key IS NOT NULL THEN
    SELECT g.session_id INTO _id FROM swan_ledger g WHERE g.user_id = _user AND g.kind = 'booking' AND g.key = _key;
    IF FOUND THEN
      RAISE 'replays are not part of the comparison';
    END IF;
  END IF;

  -- a look without locks, so that the losers of a rush write nothing
  IF _seen.user_id IS NOT NULL OR _seen.status IS DISTINCT FROM 'available' OR _seen.session_date IS NULL OR
    _seen.session_date <= _now AND _role = 'client' OR _seen.held_by <> _user AND _seen.until > _now THEN
    RAISE 'session % is not available for booking', _slot USING ERRCODE = 'SW002';
  END IF;
  SELECT u.available_sessions - (SELECT coalesce(sum(l.remaining), 0) FROM swan_lots l WHERE l.user_id = _user AND l.expires_at <= _now)
  INTO _balance FROM users u WHERE u.id = _user;
  IF NOT FOUND THEN
    RAISE 'user % does not exist', _user USING ERRCODE = 'SW003';
  END IF;
  IF _charged AND _balance <= 0 THEN
    RAISE 'user % has no available sessions', _user USING ERRCODE = 'SW001';
  END IF;

  SELECT s.user_id, s.trainer_id, s.status, s.session_date, s.duration INTO _open
  FROM sessions s WHERE s.id = _slot FOR NO KEY UPDATE;
  SELECT u.available_sessions INTO _balance FROM users u WHERE u.id = _user FOR NO KEY UPDATE;
  _now := clock_timestamp();
  IF _key IS NOT NULL THEN
    SELECT g.session_id INTO _id FROM swan_ledger g WHERE g.user_id = _user AND g.kind = 'booking' AND g.key = _key;
    IF FOUND THEN
      RAISE 'replays are not part of the comparison';
    END IF;
  END IF;

  -- the last row of the ledger and the lot that expires soonest; those that are past it are swept
  LOOP
    SELECT g.balance_after, l.id, l.expires_at, l.remaining INTO _account
    FROM (SELECT b.balance_after FROM swan_ledger b WHERE b.user_id = _user ORDER BY b.id DESC LIMIT 1) g
    LEFT JOIN swan_lots l ON l.user_id = _user AND l.remaining > 0
    ORDER BY l.expires_at, l.id LIMIT 1;
    EXIT WHEN _account.expires_at > _now IS NOT FALSE;
    _id := nextval('swan_ledger_id_seq');
    _call := coalesce(_call, _id);
    INSERT INTO swan_ledger (id, user_id, delta, balance_after, kind, lot_id, db_role, call_id, at, xid)
    OVERRIDING SYSTEM VALUE
    VALUES (_id, _user, -_account.remaining, _account.balance_after - _account.remaining, 'expiry', _account.id, session_user, _call, _now, pg_current_xact_id());
    UPDATE swan_lots SET remaining = 0, swept = true WHERE id = _account.id;
    _balance := _balance - _account.remaining;
  END LOOP;

  -- the rules, with slot and client locked
  SELECT h.user_id AS held_by, h.until, EXISTS (
    SELECT FROM sessions s WHERE s.user_id = _user AND s.id <> _slot AND s.status IN ('scheduled', 'confirmed')
    AND s.session_date < _open.session_date + make_interval(mins => _open.duration)
    AND s.session_date > _open.session_date - interval '24 hours'
    AND s.session_date + make_interval(mins => s.duration) > _open.session_date) AS overlap
  INTO _seen FROM (SELECT 1) one LEFT JOIN swan_holds h ON h.session_id = _slot;
  IF _open.user_id IS NOT NULL OR _open.status IS DISTINCT FROM 'available' OR _open.session_date IS NULL OR
    _open.session_date <= _now AND _role = 'client' OR _seen.held_by <> _user AND _seen.until > _now THEN
    RAISE 'session % is not available for booking', _slot USING ERRCODE = 'SW002';
  END IF;
  IF _seen.overlap THEN
    RAISE 'session % overlaps another of user %', _slot, _user USING ERRCODE = 'SW010';
  END IF;
  IF _charged AND _balance <= 0 THEN
    RAISE 'user % has no available sessions', _user USING ERRCODE = 'SW001';
  END IF;

  _delta := CASE WHEN _charged THEN -1 ELSE 0 END;
  _id := nextval('swan_ledger_id_seq');
  INSERT INTO swan_ledger (id, user_id, delta, balance_after, kind, session_id, lot_id, actor_id, db_role, key, call_id, at, xid)
  OVERRIDING SYSTEM VALUE
  VALUES (_id, _user, _delta, _account.balance_after + _delta, 'booking', _slot, CASE WHEN _charged THEN _account.id END, _actor, session_user, _key, coalesce(_call, _id), _now, pg_current_xact_id());
  IF _charged THEN
    UPDATE swan_lots SET remaining = remaining - 1 WHERE id = _account.id;
  END IF;
  UPDATE sessions SET user_id = _user, status = 'scheduled', session_deducted = _charged, booked_at = _now WHERE id = _slot;
  IF _seen.held_by IS NOT NULL THEN
    DELETE FROM swan_holds WHERE session_id = _slot;
  END IF;
  UPDATE users SET available_sessions = _balance + _delta WHERE id = _user;

  SELECT _slot, _user, _open.trainer_id, 'scheduled', _open.session_date, _open.duration, _now, _charged,
    _balance + _delta, 'Session booked successfully.', _id, false INTO _result;
  RETURN _result;
END
$$;
ALTER FUNCTION twin.book(bigint, bigint, boolean, text, bigint) OWNER TO bench_owner;
