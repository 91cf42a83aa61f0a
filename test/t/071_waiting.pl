
# Those who wait: the order of a line while fifty come, go, cancel, book and are booked for
# at once; the instant at which one's turn ends and the next one's begins; promotion past
# who cannot pay; and a line that was dumped and restored.
#
# CALLS=n in the environment makes it longer.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Crowd qw(no_circle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $CALLS = $ENV{CALLS} || 100;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
timezone = 'UTC'
max_connections = 80
autovacuum_naptime = 1
deadlock_timeout = 100ms
CONF
$node->start;

sub run_sql { return $node->safe_psql('postgres', shift) }

run_sql(<<SQL);
CREATE EXTENSION swanalloc;
CREATE ROLE shop;
SELECT swan_create_studio(owner => 'shop');
INSERT INTO studio.users (id, role) SELECT i, CASE WHEN i > 2 THEN 'client' ELSE 'trainer' END FROM generate_series(1, 62) i;
SELECT swan_grant(i, 100) FROM generate_series(3, 62) i, generate_series(1, 10);
-- ten slots, and a class of three
SELECT swan_open(1, '2099-01-05 09:00', repeat => 10, every => '1 day');
SELECT swan_open(2, '2099-03-05 09:00', places => 3);
CREATE TABLE attempt (what text, state text, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION attempt(what text, call text) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
	EXECUTE call;
	INSERT INTO attempt VALUES (what, 'ok');
EXCEPTION WHEN OTHERS THEN
	INSERT INTO attempt VALUES (what, sqlstate || CASE WHEN sqlstate LIKE 'SW%' THEN '' ELSE ' ' || sqlerrm END);
END \$\$;
-- anybody does anything
CREATE FUNCTION step(dice integer, client bigint) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE
	slot record;
BEGIN
	SELECT * INTO slot FROM studio.sessions WHERE status <> 'cancelled' ORDER BY random() LIMIT 1;
	PERFORM CASE WHEN dice <= 35 THEN attempt('wait', format('SELECT swan_wait(%s, %s, %L, actor => %1\$s)', client, slot.id, dice % 2 = 0))
		WHEN dice <= 65 AND slot.user_id IS NOT NULL THEN attempt('cancel', format('SELECT swan_cancel(%s, actor => %s)', slot.id, slot.user_id))
		WHEN dice <= 85 THEN attempt('book', format('SELECT swan_book(%s, %s, actor => %1\$s)', client, slot.id))
		WHEN dice <= 94 THEN attempt('unwait', coalesce((SELECT format('SELECT swan_unwait(%s, actor => %s)', session_id, user_id) FROM studio.swan_waits ORDER BY random() LIMIT 1), 'SELECT 1'))
		ELSE attempt('promote', 'SELECT count(*) FROM swan_promote()') END;
END \$\$;
SQL

# -- fifty at once

my $script = PostgreSQL::Test::Utils::tempdir() . '/step.sql';
append_to_file($script, "\\set dice random(1, 100)\n\\set client random(3, 62)\nSELECT step(:dice, :client);\n");
$node->command_ok([ 'pgbench', '-n', '-c', 50, '-j', 2, '-t', $CALLS, '-f', $script, $node->connstr('postgres') ], 'fifty connections');
my $counts = run_sql(q{SELECT string_agg(what || ' ' || n, ', ' ORDER BY what) FROM (SELECT what, count(*) AS n FROM attempt WHERE state = 'ok' GROUP BY 1) c});
note($counts);
is(run_sql(q{SELECT count(DISTINCT what) FROM attempt WHERE state = 'ok'}), 5, 'each of the five was done');
is(run_sql(q{SELECT string_agg(DISTINCT what || ': ' || state, ', ') FROM attempt WHERE state <> ALL ('{ok,SW002,SW008,SW010}')}), '', 'refused was only what should be');
is(run_sql('SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');
run_sql(q{SELECT count(*) FROM swan_promote(), generate_series(1, 3)});

# what is kept for somebody was booked by him: of single slots, whose turn it is has the last offer
is(run_sql(q{SELECT count(*) FROM studio.swan_ledger b JOIN studio.sessions s ON s.id = b.session_id AND s.class_id IS NULL,
	LATERAL (SELECT o.user_id FROM studio.swan_ledger o WHERE o.kind = 'offer' AND o.session_id = b.session_id AND o.id < b.id ORDER BY o.id DESC LIMIT 1) o
	WHERE b.kind = 'booking' AND b.user_id <> o.user_id
	AND NOT EXISTS (SELECT 1 FROM studio.swan_ledger u WHERE u.kind = 'unwait' AND u.session_id = b.session_id AND u.user_id = o.user_id AND u.id < b.id)}), 0, 'no stranger had what was kept');
cmp_ok(run_sql(q{SELECT count(*) FROM studio.swan_ledger b WHERE b.kind = 'booking' AND EXISTS (SELECT 1 FROM studio.swan_ledger o WHERE o.kind = 'offer' AND o.session_id = b.session_id AND o.user_id = b.user_id AND o.id < b.id)}),
	'>', 0, 'and some booked what was kept for them');
# offers of a slot go down the line: who is offered it next came later; it has the time of those that were there before it
is(run_sql(q{SELECT count(*) FROM (SELECT w.id AS came, lag(w.id) OVER (PARTITION BY o.session_id ORDER BY o.id) AS before
	FROM studio.swan_ledger o JOIN studio.sessions s ON s.id = o.session_id AND s.class_id IS NULL,
	LATERAL (SELECT w.id FROM studio.swan_ledger w JOIN studio.sessions p ON p.id = w.session_id AND p.session_date = s.session_date
		WHERE w.kind = 'wait' AND w.user_id = o.user_id AND w.id < o.id ORDER BY w.id DESC LIMIT 1) w
	WHERE o.kind = 'offer') x WHERE came < before}), 0, 'in their order');
is(run_sql(q{SELECT count(*) FROM studio.sessions s JOIN studio.swan_waits w ON w.session_id = s.id WHERE s.class_id IS NULL AND (s.user_id IS NULL) <> (w.offered_until IS NOT NULL)}),
	0, 'who waits has a turn where the slot is open, and none where it is taken');
is(run_sql(q{SELECT count(*) FROM (SELECT w.*, lag(offered_until) OVER (PARTITION BY w.session_id ORDER BY w.id) AS before FROM studio.swan_waits w JOIN studio.sessions s ON s.id = w.session_id
	WHERE s.class_id IS NULL AND offered_until IS NOT NULL) x WHERE offered_from <> before}), 0, 'one turn begins when the one before ends');
is(run_sql(q{SELECT count(*) FROM (SELECT count(*) FILTER (WHERE offered_from <= now()) AS turns, (SELECT count(*) FROM studio.sessions s WHERE s.class_id = w.session_id AND s.status = 'available') AS places
	FROM studio.swan_waits w WHERE w.session_id = 11 GROUP BY w.session_id) x WHERE turns > places}), 0, 'in the class no more have their turn than places are open');

# -- the edge of a turn

run_sql(q{
	SELECT swan_configure('wait_offer', '1.5 seconds');
	SELECT swan_open(1, '2099-06-01 09:00') AS id INTO edge;
	SELECT swan_book(3, id) FROM edge;
	SELECT swan_wait(u, id) FROM edge, generate_series(4, 6) u;
	UPDATE edge SET id = (SELECT reopened_session_id FROM swan_cancel(edge.id, actor => 3));
	CREATE TABLE sample (before timestamptz, can text, after timestamptz);});
my @turns = split /\n/, run_sql('SELECT extract(epoch FROM offered_from), extract(epoch FROM offered_until) FROM edge, swan_waiting(id) ORDER BY line');
is(scalar @turns, 3, 'three wait');
run_sql(q{DO $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	WHILE clock_timestamp() < start + interval '6 seconds' LOOP
		INSERT INTO sample VALUES (clock_timestamp(), NULL, NULL);
		COMMIT;
		UPDATE sample SET can = (SELECT string_agg(u::text, ' ' ORDER BY u) FROM edge, generate_series(3, 6) u, swan_can_book(u, id) c WHERE c.ok) WHERE can IS NULL AND after IS NULL;
		UPDATE sample SET after = clock_timestamp() WHERE after IS NULL;
		COMMIT;
	END LOOP;
END $$});
my ($judged, @wrong) = (0);
for (split /\n/, run_sql('SELECT extract(epoch FROM before), can, extract(epoch FROM after) FROM sample ORDER BY before'))
{
	my ($before, $can, $after) = split /\|/;
	my @expected = map { my ($from, $until) = split /\|/, $turns[$_]; $before >= $from && $after < $until ? ($_ + 4) : () } 0 .. 2;
	@expected = ('3 4 5 6') if $before >= (split /\|/, $turns[2])[1];
	next if @expected != 1;
	$judged++;
	push @wrong, "$before: $can" if $can ne $expected[0];
}
cmp_ok($judged, '>', 100, 'so often it was asked who can book');
is("@wrong", '', 'each in his own turn only, and then anybody');

# -- a turn that nobody can pay for is over by the clock

run_sql(q{
	SELECT swan_configure('wait_offer', '1 hour');
	INSERT INTO studio.users (id) VALUES (100), (101);
	SELECT swan_grant(101, 1);
	SELECT swan_open(1, '2099-06-02 09:00') AS id INTO poor;
	SELECT swan_book(3, id) FROM poor;
	SELECT swan_wait(u, id, true) FROM poor, generate_series(100, 101) u;
	UPDATE poor SET id = (SELECT reopened_session_id FROM swan_cancel(poor.id, actor => 3));});
is(run_sql('SELECT count(*) FROM swan_promote()'), 0, 'nobody can be booked for');
is(run_sql('SELECT refused FROM poor, swan_waiting(id) WHERE user_id = 100'), 'INSUFFICIENT_SESSIONS', 'it can be read why');
my ($code, $out, $error) = $node->psql('postgres', 'SELECT swan_book(3, id, actor => 3) FROM poor');
like($error, qr/kept for those who wait/, 'a stranger comes in between');
run_sql(slurp_file("$FindBin::RealBin/../fixture/later.sql"));
run_sql(q(SELECT public.later('1 hour')));
my $promoted = run_sql('SELECT p.user_id FROM poor, swan_promote() p WHERE session_id = poor.id');
is($promoted, 101, 'the next one is booked for when his turn has come');

# -- dump and restore

run_sql(q{
	SELECT swan_configure('wait_offer', '1 hour');
	SELECT swan_open(1, '2099-06-03 09:00') AS id INTO kept;
	SELECT swan_book(3, id) FROM kept;
	SELECT swan_wait(u, id, u = 5) FROM kept, generate_series(4, 6) u;
	UPDATE kept SET id = (SELECT reopened_session_id FROM swan_cancel(kept.id, actor => 3));});
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'dumped');
run_sql('CREATE DATABASE again');
$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('again') ], 'restored');
for my $query ('SELECT * FROM studio.swan_waits ORDER BY session_id, id', 'SELECT * FROM kept, swan_waiting(id)', 'SELECT u, ok, code FROM kept, generate_series(3, 6) u, swan_can_book(u, id) ORDER BY u',
	'SELECT * FROM swan_verify()')
{
	is($node->safe_psql('again', $query), run_sql($query), "the same in the copy: $query");
}
is($node->safe_psql('again', 'SELECT line FROM kept, swan_wait(3, id)'), 4, 'and the line goes on there');
is($node->safe_psql('again', 'SELECT user_id FROM kept, swan_book(4, id, actor => 4)'), 4, 'he books what was kept for him');

no_circle($node);
$node->stop;
done_testing();
