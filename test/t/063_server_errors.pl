
# What the server itself raises when it cannot be reached, or has no time: each is in
# swan_errors(), as something to be tried again.  The log tells the SQLSTATE, also of a
# connection that never was.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<CONF);
log_line_prefix = '%e '
max_connections = 5
superuser_reserved_connections = 1
max_wal_senders = 2
restart_after_crash = on
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION swanalloc; CREATE ROLE web LOGIN');

my %known = map { split /\|/ } split /\n/,
  $node->safe_psql('postgres', q(SELECT sqlstate || '|' || code || ' ' || http_status FROM swan_errors()));

# Says whether the log has such a message by now, and how it is to be answered.
sub answered
{
	my ($server, $sqlstate, $message, $what) = @_;
	my $log = '';
	for (1 .. 100)
	{
		$log = slurp_file($server->logfile);
		last if $log =~ $message;
		select undef, undef, undef, 0.1;
	}
	my ($line) = $log =~ /^(.*$message.*)$/m;
	like($line // 'nothing', qr/^$sqlstate /, "$what is $sqlstate");
	is($known{$sqlstate}, 'RETRY 503', "and $sqlstate is to be tried again");
}

# A session that waits, until the server ends it; $all sleep then.  It is begun again where
# it was refused, since who asked before it may not have left his place yet.
sub asleep
{
	my ($server, $all) = @_;
	my $session = { out => '', err => '' };
	for (1 .. 300)
	{
		select undef, undef, undef, 0.3;
		$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $server->connstr('postgres') . ' user=web', '-c', 'SELECT pg_sleep(600)' ],
			'<', '/dev/null', '>', \$session->{out}, '2>', \$session->{err})
		  unless $session->{run} and $session->{run}->pumpable;
		select undef, undef, undef, 0.3;
		return $session
		  if $server->safe_psql('postgres', q(SELECT count(*) FROM pg_stat_activity WHERE usename = 'web' AND wait_event = 'PgSleep')) == $all;
		$session->{run}->pump_nb;
	}
	die "it does not sleep: $session->{err}";
}

my @sessions = map { asleep($node, $_) } 1 .. 4;
is(($node->psql('postgres', 'SELECT 1', extra_params => [ '-U', 'web' ]))[0], 2, 'no connection is left');
answered($node, '53300', qr/FATAL:.*(?:too many clients|remaining connection slots)/, 'one connection too many');

$node->safe_psql('postgres', q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'web'));
$_->{run}->finish for @sessions;
answered($node, '57P01', qr/FATAL:\s+terminating connection due to administrator command/, 'a connection that somebody ended');

# a standby, on which nothing can be written
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "log_min_error_statement = panic");
$standby->start;
$standby->psql('postgres', q(SELECT swan_create_studio('another')));
answered($standby, '25006', qr/ERROR:\s+cannot execute swan_create_studio\(\) in a read-only transaction/, 'a call on a standby');
$standby->stop;
$standby->append_conf('postgresql.conf', 'hot_standby = off');
$standby->start(fail_ok => 1);
$standby->psql('postgres', 'SELECT 1', timeout => 20);
answered($standby, '57P03', qr/FATAL:\s+the database system is not accepting connections/, 'a server that takes no connections yet');
$standby->stop('immediate');

# a session dies, and so do all
my $session = asleep($node, 1);
my $killed = $node->safe_psql('postgres', q(SELECT pid FROM pg_stat_activity WHERE usename = 'web'));
my $other = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'), '-c', 'SELECT pg_sleep(600)' ],
	'<', '/dev/null', '>', \my $out, '2>', \my $err);
$node->poll_query_until('postgres', q(SELECT count(*) > 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'));
kill 'KILL', $killed;
$other->finish;
$session->{run}->finish;
like($err, qr/57P02: terminating connection because of crash of another server process/, 'a crash of another session is 57P02');
is($known{'57P02'}, 'RETRY 503', 'and 57P02 is to be tried again');
is($known{'08006'}, 'RETRY 503', 'so is what drivers make of a connection that ended');

$node->poll_query_until('postgres', 'SELECT true');
$node->stop('immediate');
done_testing();
