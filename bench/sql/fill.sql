-- Fills a studio that bench_backend may use: clients with 100 credits, a tenth as many trainers, their open slots, and rows of
-- history in the ledger, in which the clients come in turn.
CREATE FUNCTION fill(studio text, clients integer, slots integer, rows integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('swanalloc.studio', studio, true), set_config('session_replication_role', 'replica', true);
  EXECUTE format('INSERT INTO %I.users (id, first_name, last_name, email, role)'
    ' SELECT i, ''First'' || i, ''Last'' || i, ''user'' || i || ''@example.com'', CASE WHEN i <= $1 THEN ''client'' ELSE ''trainer'' END'
    ' FROM generate_series(1, $1 + $1 / 10) i', studio) USING clients;
  EXECUTE format('INSERT INTO %I.sessions (id, trainer_id, session_date)'
    ' SELECT i + 1, 1 + $1 + i %% $1 / 10, timestamptz ''2099-01-01 08:00+00'' + i / $1 * interval ''1 day'' + i %% 10 * interval ''1 hour'''
    ' FROM generate_series(0, $2 - 1) i', studio) USING clients, slots;
  EXECUTE format('INSERT INTO %I.swan_ledger (id, user_id, delta, balance_after, kind, session_id, db_role, call_id, at, xid) OVERRIDING SYSTEM VALUE'
    ' SELECT i, 1 + i %% $1, 0, 0, ''confirmation'', 0, ''bench'', i, timestamptz ''2024-01-01'' + i * interval ''1 minute'', ''3'''
    ' FROM generate_series(1, $2) i', studio) USING clients, rows;
  PERFORM setval(format('%I.swan_ledger_id_seq', studio), rows), setval(format('%I.sessions_id_seq', studio), slots),
    set_config('session_replication_role', 'origin', true);
  PERFORM added FROM generate_series(1, clients) i, swan_grant(i, 100);
END
$$;
