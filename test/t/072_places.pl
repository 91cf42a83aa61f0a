# Two classes, of which forty want, hold, exchange, give up and wait for places, all at once, and some of them
# several: whoever waits for a place has none locked that comes after it, so nobody waits in a circle.
#
# SEED=n in the environment repeats a run, CALLS=n makes it longer.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Crowd qw(start_studio run_sql step_at_once end_well);
use Test::More;

my $CALLS = $ENV{CALLS} || 300;
start_studio();

run_sql(<<'SQL');
INSERT INTO studio.users (id, role) SELECT i, CASE WHEN i > 3 THEN 'client' ELSE 'trainer' END FROM generate_series(1, 63) i;
SELECT swan_grant(i, 100) FROM generate_series(4, 63) i, generate_series(1, 5);
SELECT count(*) FROM generate_series(1, 2) day, swan_open(2, '2099-01-05 15:00'::timestamptz + day * interval '1 day', places => 12);
CREATE FUNCTION step(dice integer, client bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	place record;
	other record;
BEGIN
	SELECT * INTO place FROM studio.sessions WHERE status <> 'cancelled' ORDER BY random() LIMIT 1;
	SELECT * INTO other FROM studio.sessions WHERE status <> 'cancelled' ORDER BY random() LIMIT 1;
	PERFORM CASE
		WHEN dice <= 40 THEN attempt('book', format('SELECT swan_book(%s, %s)', client, place.id))
		WHEN dice <= 45 THEN attempt('book_many', format('SELECT count(*) FROM swan_book_many(%s, %L)', client, ARRAY[place.id, other.id]))
		WHEN dice <= 50 THEN attempt('reschedule', coalesce((SELECT format('SELECT swan_reschedule(%s, %s)', id, other.id) FROM studio.sessions WHERE user_id IS NOT NULL AND status = 'scheduled' ORDER BY random() LIMIT 1), 'SELECT 1'))
		WHEN dice <= 80 THEN attempt('cancel', coalesce((SELECT format('SELECT swan_cancel(%s, reopen => true)', id) FROM studio.sessions WHERE user_id IS NOT NULL AND status = 'scheduled' ORDER BY random() LIMIT 1), 'SELECT 1'))
		WHEN dice <= 84 THEN attempt('hold', format('SELECT swan_hold(%s, %s, force => true)', client, place.id))
		WHEN dice <= 88 THEN attempt('release', coalesce((SELECT format('SELECT swan_release(%s)', session_id) FROM studio.swan_holds ORDER BY random() LIMIT 1), 'SELECT 1'))
		WHEN dice <= 96 THEN attempt('wait', format('SELECT swan_wait(%s, %s)', client, place.id))
		ELSE attempt('unwait', coalesce((SELECT format('SELECT swan_unwait(%s, %s)', session_id, user_id) FROM studio.swan_waits ORDER BY random() LIMIT 1), 'SELECT 1')) END;
END $$;
SQL

step_at_once(40, $CALLS, 6, 8, dice => 'random(1, 100)', client => 'random(4, 63)');

is(run_sql(q{SELECT string_agg(DISTINCT concat_ws(': ', what, state, level), ', ') FROM attempt
	WHERE state <> ALL ('{ok,SW002,SW006,SW008,SW010,SW013}') AND state NOT LIKE '40001%'}), '', 'and refused only what should be');
cmp_ok(run_sql(q{SELECT count(*) FROM attempt WHERE state LIKE '40001%' AND level = 'read committed'}), '<', 0.05 * 40 * $CALLS, 'few have to be repeated');
is(run_sql(q{SELECT count(*) FROM (SELECT class_id FROM studio.sessions WHERE status <> 'cancelled' GROUP BY 1 HAVING count(*) <> 12) c}), 0, 'each class has its twelve places');
is(run_sql(q{SELECT string_agg(DISTINCT concat_ws(': ', what, state), ', ') FROM attempt
	WHERE state LIKE '40001%' AND level = 'read committed' AND what IN ('book', 'hold', 'release', 'cancel')}), '', 'nobody who wants one place has to ask again');
is(run_sql('SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');

end_well();
