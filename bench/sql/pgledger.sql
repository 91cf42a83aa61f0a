-- A transfer by the rules that pgledger publishes for its double-entry ledger, in SQL of our own: accounts of one
-- currency each, which may or may not be negative or positive; transfers with the time of what they are about and
-- metadata; two entries for each, which say the balance before and after and the account's version; ids that are ULIDs
-- with a prefix; accounts locked in the order of their ids; several transfers in one call, of which one is a list of one.
-- Variable: clients.
CREATE SCHEMA pgledger AUTHORIZATION bench_owner;
SET ROLE bench_owner;

-- A UUID of version 7 (ms since 1970, version, 4096ths of the ms; variant, random bits), written as a ULID: 26 digits to the base of 32.
CREATE FUNCTION pgledger.new_id(prefix text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  _digits CONSTANT text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  _us bigint := extract(epoch FROM clock_timestamp()) * 1000000;
  _high bigint := (_us / 1000 << 16) + (7 << 12) + _us % 1000 * 4096 / 1000;
  _low bigint := ('x' || right(replace(gen_random_uuid()::text, '-', ''), 16))::bit(64)::bigint;
  _id text := prefix || '_';
BEGIN
  FOR i IN 0..12 LOOP
    _id := _id || substr(_digits, 1 + (_high >> 61 - 5 * i & 31)::integer, 1);
  END LOOP;
  _id := _id || substr(_digits, 1 + ((_high & 1) << 4 | _low >> 60 & 15)::integer, 1);
  FOR i IN 0..11 LOOP
    _id := _id || substr(_digits, 1 + (_low >> 55 - 5 * i & 31)::integer, 1);
  END LOOP;
  RETURN _id;
END
$$;

CREATE TABLE pgledger.accounts (
  id text PRIMARY KEY DEFAULT pgledger.new_id('pgla'),
  name text NOT NULL,
  currency text NOT NULL,
  balance numeric NOT NULL DEFAULT 0,
  version bigint NOT NULL DEFAULT 0,
  allow_negative boolean NOT NULL DEFAULT true,
  allow_positive boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80); -- as the studio's users

CREATE TABLE pgledger.transfers (
  id text PRIMARY KEY DEFAULT pgledger.new_id('pglt'),
  from_account_id text NOT NULL REFERENCES pgledger.accounts,
  to_account_id text NOT NULL REFERENCES pgledger.accounts,
  amount numeric NOT NULL,
  created_at timestamptz NOT NULL,
  event_at timestamptz NOT NULL,
  metadata jsonb,
  CHECK (amount > 0 AND from_account_id <> to_account_id)
);
CREATE INDEX ON pgledger.transfers (from_account_id);
CREATE INDEX ON pgledger.transfers (to_account_id);
CREATE INDEX ON pgledger.transfers (event_at);

CREATE TABLE pgledger.entries (
  id text PRIMARY KEY DEFAULT pgledger.new_id('pgle'),
  account_id text NOT NULL REFERENCES pgledger.accounts,
  transfer_id text NOT NULL REFERENCES pgledger.transfers,
  amount numeric NOT NULL,
  balance_before numeric NOT NULL,
  balance_after numeric NOT NULL,
  account_version bigint NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX ON pgledger.entries (account_id);
CREATE INDEX ON pgledger.entries (transfer_id);

CREATE VIEW pgledger.transfers_view AS
SELECT t.id, t.from_account_id, t.to_account_id, t.amount, t.created_at, t.event_at, t.metadata FROM pgledger.transfers t;

CREATE TYPE pgledger.request AS (from_id text, to_id text, amount numeric);

-- May an account have the balance that it has now?
CREATE FUNCTION pgledger.check_balance(account pgledger.accounts) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF account.balance < 0 AND NOT account.allow_negative THEN
    RAISE 'account % may not be negative', account.id;
  ELSIF account.balance > 0 AND NOT account.allow_positive THEN
    RAISE 'account % may not be positive', account.id;
  END IF;
END
$$;

CREATE FUNCTION pgledger.create_all(requests pgledger.request[], event_at timestamptz DEFAULT NULL, metadata jsonb DEFAULT NULL)
RETURNS SETOF pgledger.transfers_view
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pgledger, pg_temp
AS $$
DECLARE
  _request request;
  _payer accounts;
  _payee accounts;
  _transfer text;
  _done text[] := '{}';
BEGIN
  PERFORM FROM accounts a
  WHERE a.id IN (SELECT r.from_id FROM unnest(requests) r UNION ALL SELECT r.to_id FROM unnest(requests) r)
  ORDER BY a.id FOR UPDATE;
  FOREACH _request IN ARRAY requests LOOP
    IF _request.amount <= 0 THEN
      RAISE 'an amount must be positive';
    ELSIF _request.from_id = _request.to_id THEN
      RAISE 'an account cannot pay itself';
    END IF;
    UPDATE accounts a SET balance = a.balance - _request.amount, version = a.version + 1, updated_at = now()
    WHERE a.id = _request.from_id RETURNING * INTO _payer;
    PERFORM check_balance(_payer);
    UPDATE accounts a SET balance = a.balance + _request.amount, version = a.version + 1, updated_at = now()
    WHERE a.id = _request.to_id RETURNING * INTO _payee;
    PERFORM check_balance(_payee);
    IF _payer.currency <> _payee.currency THEN
      RAISE 'accounts % and % are of two currencies', _request.from_id, _request.to_id;
    END IF;

    INSERT INTO transfers (from_account_id, to_account_id, amount, created_at, event_at, metadata)
    VALUES (_request.from_id, _request.to_id, _request.amount, now(), coalesce(event_at, now()), metadata)
    RETURNING id INTO _transfer;
    _done := _done || _transfer;
    INSERT INTO entries (account_id, transfer_id, amount, balance_before, balance_after, account_version, created_at)
    VALUES (_request.from_id, _transfer, -_request.amount, _payer.balance + _request.amount, _payer.balance, _payer.version, now());
    INSERT INTO entries (account_id, transfer_id, amount, balance_before, balance_after, account_version, created_at)
    VALUES (_request.to_id, _transfer, _request.amount, _payee.balance - _request.amount, _payee.balance, _payee.version, now());
  END LOOP;
  RETURN QUERY SELECT * FROM transfers_view t WHERE t.id = ANY (_done) ORDER BY t.id;
END
$$;

CREATE FUNCTION pgledger.create_one(from_id text, to_id text, amount numeric, event_at timestamptz DEFAULT NULL, metadata jsonb DEFAULT NULL)
RETURNS SETOF pgledger.transfers_view
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pgledger, pg_temp
AS $$
BEGIN
  RETURN QUERY SELECT * FROM create_all(ARRAY[ROW(from_id, to_id, amount)::request], event_at, metadata);
END
$$;

-- Accounts as in transfer.sql; their ids are numbered, so that the scripts know them.
INSERT INTO pgledger.accounts (id, name, currency, allow_negative)
SELECT 'pgla_' || lpad(i::text, 26, '0'), CASE WHEN i = 0 THEN 'bank' WHEN i <= :clients THEN 'client ' || i ELSE 'trainer ' || i END, 'EUR', i = 0
FROM generate_series(0, :clients + :clients / 10) i;
SELECT pgledger.create_one('pgla_' || lpad('0', 26, '0'), 'pgla_' || lpad(i::text, 26, '0'), 200) FROM generate_series(1, :clients) i \g /dev/null
RESET ROLE;
