-- Many studios in one database, each with a client, a trainer and slots. Variable: studios.
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE FUNCTION bench_fill(studio text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM public.swan_create_studio(studio, 'bench_owner');
  EXECUTE format('INSERT INTO %I.users (first_name, role) VALUES (%L, %L), (%L, %L)', studio, 'Ann', 'client', 'Tom', 'trainer');
  PERFORM set_config('swanalloc.studio', studio, false);
  PERFORM public.swan_grant(1, 9), public.swan_open(2, '2099-01-05 10:00', repeat => 5);
END
$$;
SELECT bench_fill('s' || i) FROM generate_series(1, :studios) i \g /dev/null
