
# A studio in which many do much at once, at random, and what became of each call.

package Crowd;

use strict;
use warnings;

use Exporter qw(import);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT_OK = qw($repeatable start_studio run_sql pick at_once step_at_once tell_attempts no_circle end_well);

my ($node, $seed);

# calls of which the reference says that they may have to be repeated (40001) also at READ COMMITTED
our $repeatable = qr/swan_(?:book_many|reschedule|move|move_many|wait|unwait|correct|reverse|reinstate|merge|forget)\(/;

# Starts a server with a studio, and says what repeats the run; returns server and seed.  attempt(what, call) runs
# a query and writes down its first column, or the error; who waited in a circle is in the log, too.
sub start_studio
{
	$seed = $ENV{SEED} || int(rand(1_000_000)) + 1;
	note("SEED=$seed");
	srand($seed);
	$node = PostgreSQL::Test::Cluster->new('main');
	$node->init;
	$node->append_conf('postgresql.conf', "timezone = 'UTC'\nmax_connections = 80\ndeadlock_timeout = 100ms\nfsync = off\n");
	$node->start;
	run_sql(<<'SQL');
CREATE EXTENSION swanalloc;
CREATE ROLE shop;
SELECT swan_create_studio(owner => 'shop');
CREATE TABLE attempt (what text, state text, answer text, level text);
CREATE FUNCTION attempt(what text, call text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	circle text;
BEGIN
	EXECUTE call INTO answer;
	INSERT INTO attempt VALUES (what, 'ok', answer, current_setting('transaction_isolation'));
EXCEPTION WHEN OTHERS THEN
	IF sqlstate = '40P01' THEN
		GET STACKED DIAGNOSTICS circle = PG_EXCEPTION_DETAIL;
		RAISE LOG '%: % %', sqlerrm, call, circle;
	END IF;
	INSERT INTO attempt VALUES (what, sqlstate || CASE WHEN sqlstate LIKE 'SW%' THEN '' ELSE ' ' || sqlerrm END, NULL, current_setting('transaction_isolation'));
END $$;
SQL
	return ($node, $seed);
}

sub run_sql { my ($sql) = @_; return $node->safe_psql('postgres', $sql) }
sub pick { return $_[ int(rand(@_)) ] }

# Runs scripts, each in a connection of its own, and waits for all.  They are read from files: what IPC::Run
# hands over itself it does only when somebody waits for that one.
sub at_once
{
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $n = 0;
	append_to_file("$dir/" . $n++ . '.sql', $_) for @_;
	my @runs = map { IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', "$dir/$_.sql" ], '<', '/dev/null', '>', '/dev/null', '2>', '/dev/null') } 0 .. $n - 1;
	$_->finish for @runs;
	return;
}

# What became of the calls of attempt(), in the test's output.
sub tell_attempts
{
	note(run_sql("SELECT string_agg(concat_ws(' ', what, state, n), ', ') FROM (SELECT what, left(state, 5) AS state, count(*) AS n FROM attempt GROUP BY 1, 2 ORDER BY 1, 2) c"));
	return;
}

# The function step(), called so often by each of many connections with what \set says, one time of so many at
# REPEATABLE READ; so many different things come to be done.
sub step_at_once
{
	my ($connections, $calls, $times, $things, %set) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $set = join '', map { "\\set $_ $set{$_}\n" } sort keys %set;
	my $step = "SELECT step(" . join(', ', map { "$_ => :$_" } sort keys %set) . ");\n";
	append_to_file("$dir/rc.sql", "$set$step");
	append_to_file("$dir/rr.sql", "${set}BEGIN ISOLATION LEVEL REPEATABLE READ;\n${step}COMMIT;\n");
	$node->command_ok([ 'pgbench', '-n', '-c', $connections, '-j', 2, '-t', $calls, "--random-seed=$seed", '-f', "$dir/rc.sql\@" . ($times - 1), '-f', "$dir/rr.sql\@1", $node->connstr('postgres') ], "$connections connections");
	tell_attempts();
	is(run_sql("SELECT count(DISTINCT what) FROM attempt WHERE state = 'ok'"), $things, "each of $things things was done");
	return;
}

# Nobody waited in a circle: in the log of a server.
sub no_circle
{
	my $log = slurp_file($_[0]->logfile);
	is((() = $log =~ /deadlock detected/g), 0, 'no deadlock') or diag($log =~ /(deadlock detected.*?(?:\n.*?){14}\n)/ ? $1 : '');
	return;
}

# Ends the test: nobody waited in a circle.
sub end_well
{
	no_circle($node);
	$node->stop;
	diag("SEED=$seed") unless Test::More->builder->is_passing;
	done_testing();
	return;
}

1;
