
# What swan_can_book says is what swan_book then does: the same error, with the same
# sentence, or none.  Random rounds of settings, rules of the application's own, roles and
# bookings; each question is asked of swan_can_book and put to swan_book, which is rolled back.
#
# SEED=n in the environment repeats the rounds of a run.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $ROUNDS = 40;
my $ASKED  = 60;                  # questions of each

my $seed = $ENV{SEED} || int(rand(1_000_000)) + 1;
diag("SEED=$seed");
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\nautovacuum = off");
$node->start;

# trainers 1 to 3, staff 4, admin 5, clients 6 to 12; 13 is a client without a ledger
$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = warning;
CREATE EXTENSION swanalloc;
CREATE ROLE shop;
GRANT CREATE ON DATABASE postgres TO shop;
SELECT swan_create_studio(owner => 'shop');
CREATE SCHEMA app AUTHORIZATION shop;
SET ROLE shop;
INSERT INTO studio.users (id, role) SELECT i, CASE WHEN i <= 3 THEN 'trainer' WHEN i = 4 THEN 'staff' WHEN i = 5 THEN 'admin' ELSE 'client' END
FROM generate_series(1, 13) i;
CREATE FUNCTION app.odd(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN session % 3 = 0 THEN format('Not number %s.', session) END $$;
CREATE FUNCTION app.week(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN
	RETURN (SELECT 'Two a week.' FROM studio.sessions o, studio.sessions s WHERE s.id = session AND o.user_id = client AND o.status = 'scheduled'
		AND date_trunc('week', o.session_date) = date_trunc('week', s.session_date) HAVING count(*) >= 2); END $$;
CREATE FUNCTION app.person(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN actor IS NULL THEN 'Who are you?' WHEN actor = client AND client % 2 = 0 THEN '' END $$;
CREATE FUNCTION app.raises(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN
	IF session % 2 = 0 THEN RAISE 'broken by %', session USING ERRCODE = 'AP001'; END IF; RETURN NULL; END $$;
CREATE FUNCTION app.price(client bigint, session bigint) RETURNS integer LANGUAGE sql STABLE AS $$
	SELECT CASE session % 5 WHEN 0 THEN NULL WHEN 1 THEN 0 WHEN 2 THEN 3 ELSE client::integer % 3 END $$;
CREATE FUNCTION app.dear(client bigint, session bigint) RETURNS integer LANGUAGE plpgsql STABLE AS $$ BEGIN
	IF client = 7 THEN RAISE 'no tariff for %', client USING ERRCODE = 'AP002'; END IF;
	RETURN CASE WHEN session % 7 = 0 THEN 101 ELSE 2 END; END $$;
CREATE FUNCTION app.gone(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS 'SELECT NULL';
CREATE FUNCTION app.slots() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	hour interval := interval '1 hour';
BEGIN
	FOR trainer IN 1 .. 3 LOOP
		PERFORM swan_open(trainer, date_trunc('minute', clock_timestamp()) + (n * 7 - 10) * hour + (trainer * 17) * interval '1 minute', duration => 90)
		   FROM generate_series(0, 9) n;
		PERFORM swan_open(trainer, date_trunc('minute', clock_timestamp()) + n * interval '9 days' + trainer * 3 * hour) FROM generate_series(1, 5) n;
	END LOOP;
	PERFORM swan_open(1, date_trunc('minute', clock_timestamp()) + interval '100 hours', places => 3);
	PERFORM swan_open(2, date_trunc('minute', clock_timestamp()) + interval '101 hours', places => 1 + (random() * 2)::integer);
	INSERT INTO studio.sessions (user_id, trainer_id, status, session_date)
	SELECT CASE WHEN n % 4 > 0 THEN 6 + n % 7 END, 1 + n % 3, CASE WHEN n % 4 > 0 THEN 'requested' ELSE 'blocked' END,
		date_trunc('minute', clock_timestamp()) + n * 31 * hour + interval '200 hours' FROM generate_series(1, 12) n;
END $$;
-- what a call is answered: an error, with the sentence of ours, or nothing
CREATE FUNCTION app.answer(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	said text;
BEGIN
	EXECUTE call INTO said;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(said, '');
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, CASE WHEN detail LIKE '{%' THEN (detail::json ->> 'code') || ' ' || (detail::json ->> 'message') ELSE SQLERRM END);
END $$;
CREATE FUNCTION app.ask(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s|%s|%s|%s|%s', client, session, coalesce(actor::text, '-'),
		app.answer(format('SELECT concat_ws('' '', sqlstate, code, message) FROM swan_can_book(%s, %s, actor => %L)', client, session, actor)),
		app.answer(format('SELECT '''' FROM swan_book(%s, %s, actor => %L)', client, session, actor)))
$$;
SQL

sub one_of { return $_[ int(rand(@_)) ] }

# Settings of a round, as SQL.
sub settings
{
	my %value = (
		book_notice => one_of('0', '0', '90 minutes', '2 days'),
		book_horizon => one_of(undef, undef, '1 month', '5 days'),
		live_max => one_of(undef, undef, 0, 1, 2),
		buffer => one_of('0', '0', '1 hour'),
		admin_booking => one_of('free', 'charged'),
		trainer_may => one_of('open, request, book, complete, cancel', 'open'),
		hold_max => one_of(1, 5),
		cost_rule => one_of(undef, undef, 'app.price', 'app.dear'),
		booking_rule => one_of(undef, map { "app.$_" } qw(odd week person raises gone)));
	return \%value;
}

my %met;
my @wrong;
for my $round (1 .. $ROUNDS)
{
	my $settings = settings();
	my $sql = "SET client_min_messages = error;\nSET ROLE shop;\n";
	$sql .= "ALTER FUNCTION app.gone_now RENAME TO gone;\n" if $round > 1;
	$sql .= "SELECT setseed(" . rand() . ");\n";
	# the world of the round: slots, credits, some of which are due, bookings, holds that may be over
	$sql .= "SELECT swan_configure('$_', NULL);\n" for qw(book_horizon live_max booking_rule cost_rule);
	$sql .= "SELECT swan_resume(i) FROM generate_series(6, 12) i WHERE (SELECT suspended_since IS NOT NULL FROM swan_summary(i));\n";
	$sql .= "SELECT swan_configure('guard_sessions', 'record'), swan_configure('trainer_overlap', 'allow'), swan_configure('buffer', '0'), swan_configure('hold_max', '100');\n";
	# of the round before nothing is left that takes anybody's time
	$sql .= "SELECT swan_cancel(id, reopen => false) FROM studio.sessions WHERE status <> 'cancelled';\n";
	$sql .= "SELECT app.slots();\n";
	$sql .= "SELECT swan_grant(" . int(6 + rand(7)) . ", " . int(1 + rand(3)) . ");\n" for 1 .. 3;
	$sql .= "CREATE TEMP TABLE s AS SELECT id FROM studio.sessions ORDER BY id DESC LIMIT 60;\n";
	my $any = '(SELECT id FROM s ORDER BY random() LIMIT 1)';
	for (1 .. 16)
	{
		my $client = int(6 + rand(7));
		$sql .= one_of(
			"DO \$\$ BEGIN PERFORM swan_book($client, $any, false); EXCEPTION WHEN OTHERS THEN NULL; END \$\$;\n",
			"DO \$\$ BEGIN PERFORM swan_hold($client, $any); EXCEPTION WHEN OTHERS THEN NULL; END \$\$;\n",
			"DO \$\$ BEGIN PERFORM swan_wait($client, $any); EXCEPTION WHEN OTHERS THEN NULL; END \$\$;\n",
			"DO \$\$ BEGIN PERFORM swan_cancel($any); EXCEPTION WHEN OTHERS THEN NULL; END \$\$;\n");
	}
	$sql .= 'SELECT swan_suspend(' . int(6 + rand(7)) . ", now() + interval '3 days', now() + interval '9 days');\n" if rand() < 0.5;
	# requests take their trainer's time when they are granted
	$sql .= "SELECT swan_configure('trainer_overlap', 'refuse');\n";
	for my $name (sort keys %$settings)
	{
		my $value = defined $settings->{$name} ? "'$settings->{$name}'" : 'NULL';
		$sql .= "SELECT swan_configure('$name', $value);\n";
	}
	# a rule that is gone by the time it is asked
	$sql .= "ALTER FUNCTION app.gone RENAME TO gone_now;\n";
	$sql .= "RESET ROLE;\nSET session_replication_role = replica;\n";
	$sql .= "UPDATE studio.swan_holds SET until = until - interval '1 day' WHERE random() < 0.3;\n";
	$sql .= "UPDATE studio.swan_lots SET expires_at = now() - interval '1 day' WHERE random() < 0.1;\n";
	$sql .= "RESET session_replication_role;\n";
	$sql .= "SET swanalloc.direct_rows = " . one_of('on', 'off') . ";\nSET ROLE shop;\n";
	$sql .= 'BEGIN ISOLATION LEVEL ' . one_of('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE') . ";\n";
	for (1 .. $ASKED)
	{
		my $client = one_of(6 .. 12, 6 .. 12, 13, 3, 99);
		my $actor = one_of('NULL', 1 .. 5, $client, $client, $client, $client, 6);
		my $session = rand() < 0.02 ? 999999 : $any;
		$sql .= "SELECT 'ASKED ' || app.ask($client, $session, $actor);\n";
	}
	$sql .= "COMMIT;\n";
	my ($status, $out, $err) = $node->psql('postgres', $sql, on_error_stop => 1);
	is($status, 0, "round $round") or diag($err);
	my $about = join(', ', map { "$_ = " . (defined $settings->{$_} ? $settings->{$_} : 'unset') } sort keys %$settings);
	for my $line (grep { s/^ASKED // } split /\n/, $out)
	{
		my ($client, $session, $actor, $can, $does) = split /\|/, $line, -1;
		my $kind = substr($does, 0, 5) || 'ok';
		$kind .= ' ' . ($does =~ /too late/ ? 'notice' : $does =~ /too early/ ? 'horizon' : $does =~ /as you may/ ? 'limit' : $does =~ /suspend/i ? 'suspended' : 'application') if $kind eq 'SW017';
		$met{$kind}++;
		push @wrong, "client $client, session $session, actor $actor: said \"$can\", did \"$does\" ($about)" if $can ne $does;
	}
}
is(scalar(@wrong), 0, 'what swan_can_book said is what swan_book did') or diag(join("\n", @wrong[ 0 .. ($#wrong < 9 ? $#wrong : 9) ]));
diag(join(', ', map { "$_: $met{$_}" } sort keys %met));
ok($met{$_}, "$_ was among the answers")
  for 'ok', qw(SW001 SW002 SW003 SW006 SW010 AP001 AP002 22000 55000), map { "SW017 $_" } qw(notice horizon limit suspended application);
is($node->safe_psql('postgres', 'SELECT * FROM swan_verify()'), '', 'nothing is wrong');

done_testing();
