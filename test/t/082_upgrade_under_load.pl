
# Library, script and studio of 0.1.0 become these while calls with keys and direct
# writes go on, in sessions that stay and in new ones; first the library, then the
# script, and the other way round.  Whoever is not served is told why, what was
# acknowledged is there once, no direct write slips through, and nothing crashes.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Earlier qw(earlier_source build_earlier install_library install_scripts earlier_node);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $source = earlier_source();
plan skip_all => 'the source of 0.1.0 is in the history, which is not here' unless $source;
build_earlier($source);

my $CALLS = 6000;				# of one writer, more than it gets done
my $dir = PostgreSQL::Test::Utils::tempdir();

# 55000 and 42883: library and script do not belong together; 0A000: a plan of the
# session's from before; XX000: a function that is dropped while it is looked up; SW006: a
# client cancels a slot that he was not served with
my %allowed = map { $_ => 1 } qw(55000 42883 40001 40P01 0A000 XX000 SW006);

my $studio = <<'SQL';
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
CREATE ROLE shop LOGIN;
CREATE ROLE web LOGIN;
SELECT swan_create_studio(owner => 'shop');
SELECT swan_allow('web', 'backend');
GRANT USAGE ON SCHEMA studio TO web;
GRANT SELECT, UPDATE ON studio.users TO web;
INSERT INTO studio.users (id, first_name, role) VALUES (101, 'Tom', 'trainer'), (102, 'Ada', 'admin');
INSERT INTO studio.users (id, first_name) SELECT i, 'C' || i FROM generate_series(1, 20) i;
INSERT INTO studio.sessions (trainer_id, session_date)
SELECT 101, '2099-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 30000) i;
SELECT count(*) FROM studio.users, generate_series(1, 10) g, swan_grant(id, 100, 'pack ' || g) WHERE role = 'client';
SQL

# What a writer does: a line of its output begins with "done" for what was acknowledged.
sub calls_of
{
	my ($writer, $each) = @_;
	my $text = "\\set VERBOSITY sqlstate\n\\set QUIET on\n";
	for my $n (1 .. $CALLS)
	{
		my ($client, $slot, $key) = (1 + $n % 20, $writer * 7000 + $n, "$writer-$n");
		$text .= $each;
		$text .= "SELECT 'done', 'grant', $client, key, ledger_id FROM (VALUES ('g$key')) k (key), swan_grant(user_id => $client, n => 1, key => key, actor => 102);\n"
		  if $n % 3 == 0;
		$text .= "SELECT 'done', 'booking', $client, key, ledger_id FROM (VALUES ('b$key')) k (key), swan_book(user_id => $client, session_id => $slot, key => key, actor => $client);\n";
		$text .= "SELECT 'done', 'cancellation', $client, key, ledger_id FROM (VALUES ('c$key')) k (key), swan_cancel(session_id => $slot, key => key, reopen => false, actor => $client);\n"
		  if $n % 2 == 0;
		$text .= "UPDATE studio.users SET available_sessions = available_sessions + 1000 WHERE id = $client RETURNING 'slipped through';\n" if $n % 5 == 0;
	}
	append_to_file("$dir/writer$writer.sql", $text) unless -e "$dir/writer$writer.sql";
	return "$dir/writer$writer.sql";
}

# Starts the writers, two that stay connected and two that connect for each line.
sub start_writers
{
	my ($node) = @_;
	my @writers;
	for my $writer (0 .. 3)
	{
		my %writer = (out => '', err => '');
		my $file = calls_of($writer, $writer < 2 ? '' : "\\c\n");
		$writer{handle} = IPC::Run::start([ $node->installed_command('psql'), '-XAtq', '-h', $node->host, '-p', $node->port, '-U', 'web', '-f', $file, 'postgres' ],
			'<', \undef, '>', \$writer{out}, '2>', \$writer{err});
		push @writers, \%writer;
	}
	return @writers;
}

# Lets them go on for a while; returns how many calls were acknowledged by now.
sub go_on
{
	my ($seconds, @writers) = @_;
	my $end = time + $seconds;
	while (time < $end)
	{
		$_->{handle}->pump_nb for @writers;
		sleep 0.05;
	}
	return scalar map { $_->{out} =~ /^done/mg } @writers;
}

# Does what an owner does: tries again when a lock is not to be had.
sub insist
{
	my ($node, $sql, @writers) = @_;
	my ($status, $out, $err);
	for my $try (1 .. 50)
	{
		($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSET lock_timeout = '2s'; $sql");
		last unless $err =~ /40P01|55P03|40001/;
		go_on(0.1, @writers);
	}
	return $status == 0 ? $out : $err;
}

for my $order ('the library first', 'the script first')
{
	my $node = earlier_node($order =~ /library/ ? 'library' : 'script');
	$node->safe_psql('postgres', $studio);
	my @writers = start_writers($node);
	my $at_first = go_on(1, @writers);
	cmp_ok($at_first, '>', 0, "$order: calls are answered");

	if ($order =~ /library/)
	{
		install_library();
		go_on(0.5, @writers);
		install_scripts();
	}
	else
	{
		install_scripts();
		like(insist($node, 'ALTER EXTENSION swanalloc UPDATE', @writers), qr/42883/, "$order: it lacks its library");
		is($node->safe_psql('postgres', "SELECT extversion FROM pg_extension WHERE extname = 'swanalloc'"), '0.1.0', 'and changes nothing');
		my $before = go_on(0.1, @writers);
		cmp_ok(go_on(1, @writers), '>', $before, 'calls are answered');
		install_library();
	}
	is(insist($node, 'ALTER EXTENSION swanalloc UPDATE', @writers), '', "$order: updated");
	my $updated = go_on(0.1, @writers);
	my $later = go_on(1.5, @writers);
	cmp_ok($later, '>', $updated, 'calls are answered by the new version');
	my $added = insist($node, "SELECT * FROM swan_upgrade_studio('studio')", @writers);
	like($added, qr/^table studio.swan_waits$/m, 'the studio is upgraded');
	is(insist($node, "SELECT * FROM swan_upgrade_studio('studio')", @writers), '', 'at once');
	cmp_ok(go_on(1.5, @writers), '>', $later, 'calls are answered there');
	for (@writers)
	{
		$_->{handle}->signal('TERM');
		eval { $_->{handle}->finish };
	}

	my %told;
	$told{$_}++ for map { $_->{err} =~ /(?:ERROR|FATAL): +(\w+)/g } @writers;
	is(delete $told{SW011} ? 1 : 0, 1, 'direct writes were refused');
	is(join(' ', grep { !$allowed{$_} } sort keys %told), '', 'who was not served knows why');
	note("$_: $told{$_} times") for sort keys %told;
	is(join('', map { $_->{out} =~ /(slipped through)/g } @writers), '', 'and none slipped through');

	my @acknowledged = map { $_->{out} =~ /^done\|(.*\|.*\|.*\|.*)$/mg } @writers;
	note(scalar @acknowledged . ' calls were acknowledged');
	$node->safe_psql('postgres', "CREATE TABLE acknowledged (kind text, user_id bigint, key text, id bigint);\nCOPY acknowledged FROM STDIN WITH DELIMITER '|';\n"
		. join("\n", @acknowledged, '\.', ''));
	is($node->safe_psql('postgres', <<'SQL'), '0|0', 'what was acknowledged is there, once');
SELECT count(*) FILTER (WHERE g.n IS DISTINCT FROM 1), count(*) FILTER (WHERE g.id IS DISTINCT FROM a.id)
FROM acknowledged a LEFT JOIN (SELECT user_id, kind, key, count(*) AS n, min(id) AS id FROM studio.swan_ledger WHERE key IS NOT NULL GROUP BY 1, 2, 3) g
USING (user_id, kind, key)
SQL
	is($node->safe_psql('postgres', <<'SQL'), 't', 'and said again if asked again');
SELECT bool_and(s.replayed AND s.ledger_id = a.id) FROM acknowledged a, swan_grant(a.user_id, 1, key => a.key) s WHERE a.kind = 'grant'
SQL
	is($node->safe_psql('postgres', 'SELECT * FROM swan_verify()'), '', 'all is well');
	my ($status, $out, $err) = $node->psql('postgres', <<'SQL');
INSERT INTO studio.users (id, first_name, role) VALUES (103, 'Tim', 'trainer');
SELECT count(*) FROM swan_grant(1, 9), swan_open(103, '2098-01-05 10:00', places => 2, cost => 3, kind => 'duo') AS class, swan_book(1, class) WHERE credits = 3;
SQL
	is("$out$err", '1', 'and what is new works');
	unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'nothing crashed');
	$node->stop;
}

done_testing();
