-- How the demo compares what it gets with what it expects, and says so.

CREATE TABLE demo.checked (n bigint GENERATED ALWAYS AS IDENTITY, what text, got jsonb);

-- Raises an error unless the two numbers are equal; says what was got.
CREATE FUNCTION demo.check(what text, got bigint, want bigint) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  IF got IS DISTINCT FROM want THEN
    RAISE EXCEPTION '%: got %, expected %', what, coalesce(got::text, 'nothing'), want;
  END IF;
  INSERT INTO demo.checked (what, got) VALUES ($1, to_jsonb($2));
  RETURN format('   %s %s  ok', rpad(what || ' ', 85, '.'), lpad(got::text, 5));
END $$;

-- An error as a backend passes it on: {"sqlstate": ..., "code": ..., "message": ...}.
CREATE FUNCTION demo.refusal(state text, said text, detail text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('sqlstate', state) ||
         CASE WHEN state LIKE 'SW%' THEN detail::jsonb ELSE jsonb_build_object('message', said) END
$$;

-- Runs a statement that returns one jsonb; this, or the refusal, must have the wanted fields.
CREATE FUNCTION demo.try(statement text, want jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  got jsonb;
  state text;
  said text;
  detail text;
BEGIN
  BEGIN
    EXECUTE statement INTO got;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    got := demo.refusal(state, said, detail);
  END;
  IF (got @> want) IS NOT TRUE OR (got ? 'sqlstate') <> (want ? 'sqlstate') THEN
    RAISE EXCEPTION USING MESSAGE = format('%s: got %s, expected %s', statement, coalesce(got - 'sessions', 'null'), want);
  END IF;
  INSERT INTO demo.checked (what, got) VALUES ($1, got);
  RETURN got;
END $$;

-- What was done and what came of it: the sentence, if one was expected or it was refused, and those
-- of the expected fields that it does not mention.
CREATE FUNCTION demo.line(what text, got jsonb, want jsonb) RETURNS text
LANGUAGE sql AS $$
  SELECT format('   %s%s-> %s', what, CASE WHEN length(what || answer) > 92 THEN E'\n      ' ELSE ' ' END, answer)
    FROM (SELECT CASE WHEN want ?| '{message,sqlstate}' THEN concat_ws(': ', got ->> 'sqlstate', got ->> 'message') END) said (sentence),
         LATERAL (SELECT string_agg(key || ' ' || (got ->> key), ', ' ORDER BY key)
                    FROM jsonb_object_keys(want) key
                   WHERE key NOT IN ('message', 'sqlstate', 'code', 'http')
                     AND strpos(concat(sentence), got ->> key) = 0) fields (list),
         LATERAL concat_ws('   ', sentence, CASE WHEN length(concat(sentence)) < 65 THEN list END) answer
$$;

-- A call of a swan_* function.
CREATE FUNCTION demo.call(call text, want jsonb) RETURNS text
LANGUAGE sql AS $$
  SELECT demo.line(call, demo.try(format('SELECT to_jsonb(answer) FROM %s answer', call), want), want)
$$;

-- A write past swanalloc.
CREATE FUNCTION demo.write(statement text, want jsonb) RETURNS text
LANGUAGE sql AS $$
  SELECT demo.line(statement, demo.try(statement || ' RETURNING ''{}''::jsonb', want), want)
$$;
