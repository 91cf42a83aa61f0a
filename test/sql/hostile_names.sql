-- No statement of the engine looks a name up where others may create: with an
-- operator, a function and a type of every name in the studio's own schema,
-- which the studio's search_path names before pg_catalog, whatever a studio
-- does is done without one of them. What they say when used is a WARNING.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION swanalloc;
\set own test/studio/own.sql
\set django test/studio/django.sql
\set enums test/studio/enums.sql
\set traps test/studio/traps.sql
\set behaviour test/studio/behaviour.sql
-- the readers that it leaves out, as everybody who sees something else
\set readers 'SELECT (SELECT count(*) FROM swan_clients(search => ''o'', order_by => o, warning => w, actor => a)), (SELECT count(*) FROM swan_clients(order_by => o, max_rows => 1, after => (SELECT max(cursor) FROM swan_clients(order_by => o, max_rows => 1)))), (SELECT count(*) FROM swan_schedule(NULL, NULL, actor => a)), (SELECT count(*) FROM swan_unsettled(actor => a)) FROM unnest(ARRAY[''name'', ''created_at'', ''last_session'', ''balance'']) o, unnest(ARRAY[NULL, ''none'', ''low'']) w, unnest(ARRAY[NULL, 1, 3]) a; SELECT sum(purchased - used - booked - expired) FROM swan_months(); SELECT last_id > 0 FROM swan_feed_end(); SELECT count(*) FROM swan_slots(NULL, NULL), swan_expiring(''90 years''), swan_changes(), swan_stats(), swan_liability(), swan_health(), swan_settings(), swan_time(''today''), swan_people(search => ''o''), swan_clients_count(''o''), swan_studios(), swan_balance_at(11, now()), swan_can_book(11, 1); SELECT swan_rebase_feed(); SELECT count(*) FROM swan_changes(''5'');'

-- labels in text
\set ECHO none
\i :own
SET traps.schema = 'studio';
\i :traps
\set ECHO all
SET search_path = studio, pg_catalog;
SELECT 'a'::pg_catalog.text IN ('a', 'b') AS trapped;
SELECT lower('A'::pg_catalog.text) AS trapped;
SELECT 'a'::text AS trapped;
RESET search_path;
\set ECHO none
\o /dev/null
\i :behaviour
:readers
\o
\set ECHO all
SELECT kind, count(*) FROM studio.swan_ledger GROUP BY kind ORDER BY kind COLLATE "C";
SELECT swan_detach();
SELECT item, state FROM swan_attach('studio.users', 'studio.sessions', '{"old_bookings": "charged"}', dry_run => true) WHERE state = 'refused';
DROP SCHEMA seen CASCADE;
DROP SCHEMA studio CASCADE;
DROP OWNED BY regress_mallory;
DROP ROLE regress_shop, regress_web, regress_john, regress_mallory;

-- labels in varchar
\set ECHO none
\o /dev/null
\i :django
\o
SET traps.schema = 'django';
\i :traps
\set ECHO all
SET search_path = django, pg_catalog;
SELECT 'a'::pg_catalog.varchar IN ('a', 'b') AS trapped;
RESET search_path;
\set ECHO none
\o /dev/null
\i :behaviour
:readers
\o
\set ECHO all
SELECT kind, count(*) FROM django.swan_ledger GROUP BY kind ORDER BY kind COLLATE "C";
SELECT swan_detach();
SELECT item, state FROM swan_attach('django.core_user', 'django.core_session', '{"old_bookings": "charged"}', dry_run => true) WHERE state = 'refused';
SELECT count(*) > 10 AS attached FROM swan_attach('django.core_user', 'django.core_session', '{"old_bookings": "charged"}');
SELECT check_name, problem FROM swan_verify();
DROP SCHEMA seen CASCADE;
SELECT swan_detach();
DROP SCHEMA django CASCADE;
DROP OWNED BY regress_mallory;
DROP ROLE regress_shop, regress_web, regress_john, regress_mallory;

-- labels in an enum, roles of the application's own in another, integer keys, naive times
\set ECHO none
\i :enums
SET traps.schema = 'shop';
SET traps.labels = 'shop.status';
\i :traps
\set ECHO all
SET search_path = shop, pg_catalog;
SELECT 'available'::shop.status IN ('available', 'scheduled') AS trapped;
RESET search_path;
\set ECHO none
\o /dev/null
\i :behaviour
:readers
\o
\set ECHO all
SELECT kind, count(*) FROM shop.swan_ledger GROUP BY kind ORDER BY kind COLLATE "C";
SELECT swan_detach();
SELECT count(*) > 10 AS attached FROM swan_attach('shop.users', 'shop.sessions', '{"old_bookings": "flag", "time_zone": "UTC",
	"roles": {"coach": "trainer", "boss": "admin", "desk": "staff", "guest": "client"}}');
SELECT check_name, problem FROM swan_verify();
DROP SCHEMA seen CASCADE;
SELECT swan_detach();
DROP SCHEMA shop CASCADE;
DROP OWNED BY regress_mallory;
DROP ROLE regress_shop, regress_web, regress_john, regress_mallory;

DROP EXTENSION swanalloc CASCADE;
