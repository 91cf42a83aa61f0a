
# docs/operations.md can be followed: its commands are run in their order, its
# jobs as the role that it names, and what it has for a monitoring system fits
# what the functions say.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = dirname(abs_path($0)) . '/../..';
my $text = slurp_file("$top/docs/operations.md");

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->start;
$node->backup('for_standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'for_standby', has_streaming => 1);
$standby->start;

$node->safe_psql('postgres', 'CREATE DATABASE studio');
$node->safe_psql('studio', <<'SQL');
CREATE EXTENSION swanalloc;
CREATE ROLE studio_owner;
SELECT swan_create_studio('studio', owner => 'studio_owner');
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('John', 'client'), ('Jane', 'client');
SELECT FROM swan_open(1, '2099-06-01 09:00', repeat => 10);
SELECT FROM swan_grant_many('{2,3}', 5);
SELECT FROM swan_book(2, 1);
SQL

# Runs commands with the server's place in the environment, elsewhere than in the checkout.
my $dir = PostgreSQL::Test::Utils::tempdir();
sub run_commands
{
	my ($what, $commands) = @_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, STANDBY => $standby->host . ',', PSQL_PAGER => '');
	$ENV{STANDBY} = $standby->host;
	$commands =~ s/-h "\$STANDBY"/-h "\$STANDBY" -p ${\ $standby->port}/g;
	my $out = '';
	my $ok = IPC::Run::run([ 'bash', '-euo', 'pipefail', '-c', "cd '$dir'; export PGOPTIONS='-c client_min_messages=warning'\n$commands" ],
		'<', \undef, '>', \$out, '2>&1');
	ok($ok, $what) or diag($out);
	return $out;
}

# What a block of commands prints besides succeeding: one that begins like this has that in it.
my %prints = (
	'createuser exporter' => qr/healthy.*swan_credits_outstanding/s,
	'psql -h "$STANDBY"' => qr/^\s+[1-9]\d*$/m,
	'psql -X -d studio -f "$(pg_config --docdir)/extension/emergency_undo.sql"' => qr/\(0 rows\)/,
	'createdb -T' => qr/^\s+9$/m,
	'pg_dumpall' => qr/\(0 rows\)/);

my ($blocks, %seen) = (0);
while ($text =~ /^```(\w+)\n(.*?)^```$/msg)
{
	my ($kind, $body) = ($1, $2);
	$blocks++;
	if ($kind eq 'sh')
	{
		my ($first) = $body =~ /\A(.*)/;
		$node->wait_for_catchup($standby, 'replay') if $body =~ /STANDBY/;
		my $out = run_commands("$first ...", $body);
		for (grep { index($body, $_) == 0 } keys %prints)
		{
			like($out, $prints{$_}, "... and prints what it should");
			$seen{$_} = 1;
		}
	}
	elsif ($kind eq 'cron')
	{
		for (split /\n/, $body)
		{
			like($_, qr/^(?:\S+ ){5}psql -U jobs /, 'a line of a crontab');
			is(run_commands("job: $_", s/^(?:\S+ ){5}//r), '', '... which says nothing');
		}
	}
	elsif ($kind eq 'pg_cron')
	{
		my @jobs = $body =~ /^SELECT cron\.schedule_in_database\('\w+', '(?:[\d*\/]+ ){4}[\d*\/]+', '(.*?)', 'studio', 'jobs'\);$/mg;
		is(scalar @jobs, () = $body =~ /\n/g, 'jobs of pg_cron');
		run_commands("job: $_", qq(psql -U jobs -d studio -c "$_")) for @jobs;
	}
	elsif ($kind eq 'systemd')
	{
		my ($unit) = $body =~ m{^# /etc/systemd/system/(\S+)\n};
		append_to_file("$dir/$unit", $body);
		next unless $body =~ /^ExecStart=(.*)/m;
		run_commands("job: $unit", $1);
	}
	else { fail("a block of $kind") }
}
cmp_ok($blocks, '>', 12, 'there are commands');
is_deeply([ sort keys %seen ], [ sort keys %prints ], 'those that print something were there');
is($node->safe_psql('studio', 'SELECT count(*) FROM swan_verify()'), 0, 'all of it leaves the studio sound');
SKIP:
{
	my ($out, $err) = ('', '');
	skip 'there is no systemd-analyze', 1 unless eval { IPC::Run::run([ 'systemd-analyze', '--version' ], '>', \$out, '2>', \$err) };
	my $taken = IPC::Run::run([ 'systemd-analyze', 'verify', "$dir/swan-expire.timer" ], '>', \$out, '2>&1');
	skip 'systemd-analyze works for root alone where systemd has not started the machine', 1
	  if !$taken && $out =~ m{^Failed to create directory '/run/systemd};
	ok($taken, 'systemd takes the units') or diag($out);
}

# What a studio grows by is what the document says, but for what a page holds more or less.
my %grows = $text =~ /^\| (a client with one lot|a slot|its booking|its completion) \| .*?(\d+) \|$/mg;
is(scalar keys %grows, 4, 'the document says what a studio grows by');
$node->safe_psql('postgres', 'CREATE DATABASE growth');
$node->safe_psql('growth', <<'SQL');
CREATE EXTENSION swanalloc;
SELECT swan_create_studio(owner => 'studio_owner');
CREATE FUNCTION bytes() RETURNS numeric LANGUAGE sql AS $$
  SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 'studio'::regnamespace AND relkind = 'r' $$;
INSERT INTO studio.users (first_name, role) SELECT 'Tom', 'trainer' FROM generate_series(1, 10);
SQL
my %measured = (
	'a client with one lot' => [ 1000, q{INSERT INTO studio.users (first_name, last_name, email) SELECT 'John', 'Doe', n || '@example.com' FROM generate_series(1, 1000) n;
		SELECT FROM swan_grant_many(ARRAY(SELECT id FROM studio.users WHERE role = 'client'), 9)} ],
	'a slot' => [ 2000, q{SELECT FROM generate_series(1, 10) t, swan_open(t, date_trunc('hour', now()) - interval '300 hours', repeat => 200, every => '1 hour')} ],
	'its booking' => [ 2000, q{DO $$ BEGIN FOR i IN 0 .. 1999 LOOP
		PERFORM FROM swan_book(11 + (i % 200 + i / 200 * 100) % 1000, i + 1, key => md5(i::text));
		IF i % 100 = 0 THEN COMMIT; END IF; END LOOP; END $$} ],
	'its completion' => [ 2000, q{DO $$ BEGIN FOR i IN 0 .. 1999 LOOP
		PERFORM FROM swan_complete(i + 1);
		IF i % 100 = 0 THEN COMMIT; END IF; END LOOP; END $$} ]);
for my $what ('a client with one lot', 'a slot', 'its booking', 'its completion')
{
	my ($n, $sql) = @{ $measured{$what} };
	my $before = $node->safe_psql('growth', 'SELECT bytes()');
	$node->safe_psql('growth', $sql);
	my $came = ($node->safe_psql('growth', 'SELECT bytes()') - $before) / $n;
	cmp_ok(abs($came - $grows{$what}), '<', $grows{$what} / 3, "$what takes some $grows{$what} bytes: $came");
}

# Dashboard and alerts speak of metrics that the collector has, and of labels that swan_stats() gives.
my $place = "$top/examples/prometheus";
my $collector = slurp_file("$place/swanalloc.collector.yml");
my %metric = map { $_ => 1 } $collector =~ /metric_name: (\w+)/g;
my %event = map { $_ => 1 } split /\n/, $node->safe_psql('studio', "SELECT DISTINCT labels->>'event' FROM swan_stats() WHERE labels ? 'event'");
for my $name (split /\n/, $node->safe_psql('studio', 'SELECT DISTINCT metric FROM swan_stats()'))
{
	ok($metric{$name}, "the collector has $name");
}
my $dashboard = decode_json(slurp_file("$place/dashboard.json"));
my @drawn = map { $_->{expr} } map { @{ $_->{targets} } } @{ $dashboard->{panels} };
my $alerts = slurp_file("$place/alerts.yml");
my @alerts = $alerts =~ /^ +expr: (.*)/mg;
for my $expr (@drawn, @alerts)
{
	my @unknown = grep { !$metric{$_} } $expr =~ /\b(swan_\w+)/g;
	is("@unknown", '', "metrics of $expr");
	push @unknown, grep { !$event{$_} } $expr =~ /event="(\w+)"/g;
	is("@unknown", '', '... and events');
}
my %drawn = map { $_ => 1 } map { /\b(swan_\w+)/g } @drawn;
is_deeply([ sort keys %drawn ], [ sort keys %metric ], 'the dashboard draws all of them');
is_deeply([ sort $alerts =~ /alert: (\w+)/g ], [ sort $text =~ /^\| `(Swan\w+)`/mg ], 'the document explains every alert');
is(scalar @alerts, scalar(() = $alerts =~ /alert: /g), 'every alert has its expression');

$standby->stop;
$node->stop;
done_testing();
