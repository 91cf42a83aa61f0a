-- What somebody who may create in a studio's schema can leave there: operators,
-- functions and types that say when they are used. Included after a file that
-- made a studio; traps.schema is its schema, traps.labels the type of its status
-- if that is an enum. The path set here is one that looks there first.
CREATE ROLE regress_mallory;
SELECT format('GRANT USAGE, CREATE ON SCHEMA %I TO regress_mallory', current_setting('traps.schema')) \gexec
SET ROLE regress_mallory;
DO $$
DECLARE
	schema text := current_setting('traps.schema');
	labels text := current_setting('traps.labels', true);
	numbers text[] := ARRAY['int2', 'int4', 'int8'];
	times text[] := ARRAY['timestamp', 'timestamptz'];
	types text[] := array_remove(ARRAY['text', 'varchar', 'bpchar', 'name', 'char', 'bool', 'interval', 'jsonb', 'oid', 'regclass', 'xid8', 'numeric', labels], NULL) || numbers || times;
	operator text;
	a text;
	b text;
	f record;
BEGIN
	FOREACH operator IN ARRAY '{=,<>,<,<=,>,>=,~~,!~~,||,+,-,*,/,%,->,->>}'::text[] LOOP
		FOR a, b IN
			SELECT l, r FROM unnest(types) l, unnest(types) r
			WHERE l = r OR l = ANY (numbers) AND r = ANY (numbers) OR l = ANY (times) AND r = ANY (times)
				OR l = 'jsonb' AND r = 'text' OR l = ANY (times) AND r = 'interval'
			GROUP BY l, r
		LOOP
			a := CASE WHEN a = labels THEN a ELSE format('pg_catalog.%I', a) END;
			b := CASE WHEN b = labels THEN b ELSE format('pg_catalog.%I', b) END;
			EXECUTE format('CREATE FUNCTION %I.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$
				BEGIN RAISE WARNING ''trap %% as %%'', %L,
					CASE WHEN current_user OPERATOR(pg_catalog.=) session_user THEN ''the superuser'' ELSE current_user END; RETURN NULL; END $f$', schema, 'trap ' || operator, a, b,
				CASE WHEN operator ~ '^[-|+*/%]+$' THEN a ELSE 'pg_catalog.bool' END, operator || ' of ' || a);
			EXECUTE format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %1$I.%5$I)',
				schema, operator, a, b, 'trap ' || operator);
		END LOOP;
	END LOOP;
	-- the functions of the server that take what a studio has, and those of varchar that it takes for text
	FOR f IN
		SELECT p.proname, array_to_string(ARRAY(SELECT format('pg_catalog.%I', coalesce(v.name, t.typname))
			FROM unnest(p.proargtypes) WITH ORDINALITY u (oid, n) JOIN pg_type t ON t.oid = u.oid ORDER BY u.n), ', ') AS arguments,
			format('pg_catalog.%I', r.typname) AS result
		FROM pg_proc p JOIN pg_type r ON r.oid = p.prorettype, (VALUES (NULL), ('varchar')) v (name)
		WHERE p.pronamespace = 'pg_catalog'::regnamespace
			AND p.proname = ANY ('{now,clock_timestamp,lower,upper,concat,concat_ws,format,count,sum,min,max,abs,lag,array_agg,string_agg,
				unnest,array_length,starts_with,quote_literal,quote_ident,make_interval,date_trunc,timezone,to_char,jsonb_build_object,
				nextval,pg_current_xact_id,pg_current_snapshot,pg_snapshot_xmin,pg_snapshot_xmax,has_schema_privilege,coalesce}'::text[])
			AND r.typtype = 'b' AND (v.name IS NULL OR 'text'::regtype = ANY (p.proargtypes))
			AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) u (oid) JOIN pg_type t ON t.oid = u.oid WHERE t.typtype <> 'b')
	LOOP
		f.arguments := CASE WHEN f.arguments LIKE '%varchar%' THEN regexp_replace(f.arguments, 'pg_catalog\.(?!varchar)\w+', 'pg_catalog.varchar', 'g') ELSE f.arguments END;
		IF to_regprocedure(format('%I.%I(%s)', schema, f.proname, f.arguments)) IS NULL THEN
			EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS $f$
				BEGIN RAISE WARNING ''trap %% as %%'', %L,
					CASE WHEN current_user OPERATOR(pg_catalog.=) session_user THEN ''the superuser'' ELSE current_user END; RETURN NULL; END $f$', schema, f.proname, f.arguments, f.result, f.proname);
		END IF;
	END LOOP;
	FOREACH a IN ARRAY types LOOP
		CONTINUE WHEN a LIKE '%.%';
		EXECUTE format('CREATE TYPE %I.%I AS ENUM (''trap'')', schema, a);
	END LOOP;
END
$$;
RESET ROLE;
SELECT count(*) > 500 AS laid FROM pg_depend JOIN pg_namespace n ON refobjid = n.oid WHERE refclassid = 'pg_namespace'::regclass AND nspname = current_setting('traps.schema');
SELECT swan_configure('search_path', format('%I, pg_catalog', current_setting('traps.schema'))) \g /dev/null
