
# What a client was told is so, whatever breaks: backends and servers are killed,
# answers are lost, timeouts strike, transactions are prepared before a crash and
# committed after it, the studio is closed and opened, a standby takes over, a backup
# is rolled forward to a point in time, the disk of the tables or of the log is full.
#
# Eight clients ask for everything that can be asked, with keys, and write the answers
# down outside the database.  What is not answered is asked again.  After each round
# every balance is what the answers come to, each answer is in the ledger once, an
# operation that is asked again has the same answer, and swan_verify() finds nothing.
#
# ROUNDS=n is a longer run (`make test-faults`), SEED=n repeats the operations, and
# KINDS="disk log" has rounds of these only; SMALL_DISK names an empty directory on a
# small file system, for when a disk is full.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../faults";
use Faults qw(worker answers effect same_answer);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX qw(WNOHANG _exit);
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds     = $ENV{ROUNDS} || 0;
my $operations = $rounds ? 25 : 12;
my $workers    = 8;
my $seed       = $ENV{SEED} || int(rand(1_000_000)) + 1;
my $small      = $ENV{SMALL_DISK};
diag("SEED=$seed");
srand($seed);

# what goes wrong in the rounds, in turn; a standby takes time to build, and is for one round in ten then
my @kinds = qw(backend postmaster prepared immediate terminate timeouts lost closed);
if ($small) { push @kinds, 'disk', 'log' }
else { diag('no disk fills up: SMALL_DISK names none') if $rounds }
my @plan = $rounds
  ? map { $_ % 10 == 9 ? ('failover', 'point')[ int($_ / 10) % 2 ] : $kinds[ ($_ - int($_ / 10)) % @kinds ] } 0 .. $rounds - 1
  : (@kinds, 'failover', 'point');
@plan = split ' ', $ENV{KINDS} if $ENV{KINDS};
my ($start, $dir) = (time, PostgreSQL::Test::Utils::tempdir());
my $where = "$dir/where";

my $conf = <<'CONF';
timezone = 'UTC'
log_line_prefix = '%e %p '
log_min_error_statement = panic
log_statement = none
log_error_verbosity = terse
max_connections = 60
max_prepared_transactions = 20
restart_after_crash = on
max_wal_size = 64MB
min_wal_size = 32MB
shared_buffers = 16MB
CONF
my $node = PostgreSQL::Test::Cluster->new('first');
$node->init(allows_streaming => 1, has_archiving => 1, extra => [ '--locale=C', '--encoding=UTF8', '--wal-segsize=1' ]);
$node->append_conf('postgresql.conf', $conf);
$node->start;
my @nodes = ($node);
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION swanalloc;
CREATE ROLE shop;
CREATE ROLE jobs;
CREATE ROLE web LOGIN IN ROLE jobs;
GRANT CREATE ON DATABASE postgres TO shop;
SET client_min_messages = error;
SELECT swan_create_studio(owner => 'shop');
SELECT swan_allow('web', 'backend'), swan_allow('jobs', 'system');
INSERT INTO studio.users (first_name, role)
SELECT 'U' || i, CASE WHEN i <= 3 THEN 'trainer' WHEN i = 4 THEN 'staff' WHEN i = 5 THEN 'admin' ELSE 'client' END FROM generate_series(1, 20) i;
SELECT count(*) FROM generate_series(1, 3) t, LATERAL swan_open(t, '2099-01-01', 60, 100, '1 hour') s;
-- some that are over
SELECT count(*) FROM generate_series(1, 3) t, LATERAL swan_open(t, now() - interval '60 days', 60, 60, '1 hour') s;
SELECT swan_grant(id, 20) FROM studio.users WHERE role = 'client';
SELECT count(swan_book(6 + (id % 15)::int, id, force => true, actor => 4)) FROM studio.sessions WHERE session_date < now() AND id % 2 = 0;
SELECT count(swan_complete(id, actor => 4)) FROM studio.sessions WHERE status = 'scheduled' AND id % 4 = 0;
SELECT count(swan_book(6 + (id % 15)::int, id, force => true, actor => 4)) FROM studio.sessions WHERE session_date > now() AND id % 4 = 1;
SQL
my @clients = (6 .. 20);
my %balance = map { split /\|/ } split /\n/, $node->safe_psql('postgres', 'SELECT id, available_sessions FROM studio.users');

sub go_to
{
	($node) = @_;
	append_to_file("$where.new", $node->connstr('postgres'));
	rename "$where.new", $where or die $!;
	return;
}
go_to($node);

# Starts the server again, after whatever end: its children may take a moment to go.
sub start_again
{
	for (1 .. 300)
	{
		if (PostgreSQL::Test::Utils::system_log('pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile, 'start') == 0)
		{
			$node->_update_pid(1);
			return;
		}
		sleep 0.1;
	}
	die 'the server does not start';
}

# Whatever became of the server, it answers when this returns.
sub come_back
{
	for (1 .. 300)
	{
		return if ($node->psql('postgres', 'SELECT'))[0] == 0;
		start_again() if PostgreSQL::Test::Utils::system_log('pg_ctl', '-D', $node->data_dir, 'status') != 0;
		sleep 0.1;
	}
	die 'the server does not come back';
}

# Puts the write-ahead log elsewhere.
sub move_log
{
	my ($from, $to) = @_;
	$node->stop;
	unlink $to;
	PostgreSQL::Test::Utils::system_or_bail('mv', $from, $to);
	symlink $to, $from or die $! if $to =~ /^\Q$small\E/;
	$node->start;
	return;
}

# Fills up a disk, or makes room again.
sub fill_up
{
	my $filler = "$small/filler";
	return 0 if unlink $filler;
	open my $to, '>', $filler or return 1;
	$to->autoflush(1);
	1 while syswrite $to, 'x' x 65536;
	close $to;
	return 1;
}

sub ids { my ($sql) = @_; return [ split /\n/, $node->safe_psql('postgres', $sql) ] }

# Runs a round's clients, while something is done to them.
my (@done, %states, %counts, @wrong);
sub run_clients
{
	my ($round, $share, $meanwhile) = @_;
	my (%running, @logs);
	my $parent = $$;
	my %of = (
		clients => \@clients,
		open => ids(q(SELECT id FROM studio.sessions WHERE status = 'available' AND session_date > now() ORDER BY random() LIMIT 40)),
		live => ids(q(SELECT id FROM studio.sessions WHERE status IN ('scheduled', 'confirmed', 'requested') AND session_date > now() ORDER BY random() LIMIT 20)),
		over => ids(q(SELECT id FROM studio.sessions WHERE status IN ('scheduled', 'confirmed') AND session_date < now() ORDER BY random() LIMIT 20)),
		done => ids(q(SELECT id FROM studio.sessions WHERE status = 'completed' ORDER BY random() LIMIT 10)),
		lots => ids(q(SELECT id FROM studio.swan_lots WHERE remaining > 0 ORDER BY random() LIMIT 20)),
		payments => ids(q(SELECT DISTINCT payment_ref FROM studio.swan_ledger WHERE payment_ref LIKE 'p%' ORDER BY 1 DESC LIMIT 10)));

	for my $worker (1 .. $workers)
	{
		my $persons = ids(q(INSERT INTO studio.users (first_name, role) SELECT 'P', 'client' FROM generate_series(1, 2) RETURNING id));
		my $free = ids("SELECT id FROM studio.sessions WHERE status = 'completed' AND credits = 0 AND id % $workers = $worker - 1 ORDER BY random() LIMIT 5");
		my $log = "$dir/$round.$worker";
		push @logs, $log;
		my $pid = fork() // die $!;
		if ($pid == 0)
		{
			eval { worker({ %of, %$share, round => $round, worker => $worker, parent => $parent, seed => $seed + $round * 100 + $worker,
				operations => $operations, persons => $persons, free => $free, where => $where, log => $log }); 1 } or print STDERR $@;
			_exit(0);
		}
		$running{$pid} = 1;
		$balance{$_} = 0 for @$persons;
	}
	my $end = time + 300;
	while (%running && time < $end)
	{
		delete $running{$_} for grep { waitpid($_, WNOHANG) == $_ } keys %running;
		sleep 0.02;
		$meanwhile->() if %running;
	}
	push @wrong, "round $round: clients who never end" if %running;
	kill 'KILL', keys %running;
	for my $log (@logs)
	{
		my ($told, $count) = answers($log);
		push @wrong, "round $round: a client who broke off" unless $count;
		$counts{$_} += $count->{$_} for keys %{ $count || {} };
		for my $op (@{ $told || [] })
		{
			$states{ $op->{state} }++;
			push @wrong, "round $round: $op->{state} for $op->{sql}" if $op->{state} !~ /^(?:00000|SW0(?:0[1-9]|1[0137]|15))$/;
			$balance{ $_->[0] } += $_->[1] for effect($op);
			push @done, { %$op, round => $round };
		}
	}
	return;
}

# Compares the database with what was told: balances, the ledger, and what is said when it is asked again.
sub compare
{
	my ($server, $round, $balance, $done) = @_;
	my %is = map { split /\|/ } split /\n/, $server->safe_psql('postgres', 'SELECT id, available_sessions FROM studio.users');
	for my $client (grep { ($is{$_} // -1) != $balance->{$_} } sort keys %$balance)
	{
		# what he was told in these rounds, and what his ledger has, go to the log
		note("client $client: ", map { encode_json($_) . "\n" } grep { grep { $_->[0] == $client } effect($_) } @$done);
		note($server->safe_psql('postgres', "SELECT id, kind, delta, balance_after, session_id, key, payment_ref, details FROM studio.swan_ledger WHERE user_id = $client ORDER BY id"));
	}
	push @wrong, map { "round $round: client $_ was told to have $balance->{$_} and has " . ($is{$_} // 'gone') } grep { ($is{$_} // -1) != $balance->{$_} } sort keys %$balance;
	push @wrong, "round $round: swan_verify(): $_" for split /\n/, $server->safe_psql('postgres', 'SELECT * FROM swan_verify()');
	push @wrong, "round $round: left prepared: $_" for split /\n/, $server->safe_psql('postgres', 'SELECT gid FROM pg_prepared_xacts');

	my @keyed = grep { $_->{keyed} && $_->{kind} !~ /^open$/ } @$done;
	my @told = grep { $_->{state} eq '00000' } @keyed;
	# whose ledger row it is; a refusal leaves nothing
	my $values = join ', ', map { my $op = $_; map { "('$op->{gid}', '$op->{kind}', " . ($_->{ledger_id} // $_->{lot_id} // 'NULL') . ', ' . ($_->{from_user_id} // $_->{user_id} // 'NULL') . ')' } @{ $op->{answers} } } @told;
	push @wrong, map { "round $round: not in the ledger as it was told: $_" } split /\n/, $server->safe_psql('postgres', <<SQL) if $values;
SELECT t FROM (VALUES $values) t (gid, kind, ledger_id, user_id)
WHERE user_id IS NOT NULL AND NOT EXISTS (SELECT FROM studio.swan_ledger g WHERE g.id = t.ledger_id AND g.user_id = t.user_id)
SQL
	my $refused = join ', ', map { "'k$_->{gid}'" } grep { $_->{state} ne '00000' } @keyed;
	push @wrong, map { "round $round: was refused and is there: $_" } split /\n/, $server->safe_psql('postgres', "SELECT key FROM studio.swan_ledger WHERE key IN ($refused)") if $refused;
	push @wrong, map { "round $round: counted twice: $_" } split /\n/, $server->safe_psql('postgres', 'SELECT key, user_id FROM studio.swan_ledger WHERE key IS NOT NULL GROUP BY 1, 2 HAVING count(DISTINCT call_id) > 1 OR count(*) > 1');

	# asked again
	my @some = grep { rand() < ($rounds ? 0.2 : 0.5) } @told;
	my $sql = join '', map { "SELECT json_build_object('n', $_, 'a', (SELECT coalesce(jsonb_agg(f), '[]') FROM $some[$_]{sql} f));\n" } 0 .. $#some;
	my ($status, $out, $err) = $server->psql('postgres', "SET ROLE web;\n$sql", on_error_stop => 0);
	my %second = map { my $a = decode_json($_); $a->{n} => $a->{a} } grep { /^\{/ } split /\n/, $out;
	for my $i (0 .. $#some)
	{
		my $differs = $second{$i} ? same_answer($some[$i]{answers}, $second{$i}) : 'nothing';
		$differs ||= 'it was done anew' if grep { exists $_->{replayed} && !$_->{replayed} } @{ $second{$i} || [] };
		push @wrong, "round $round: asked again: $differs: $some[$i]{sql}" if $differs;
		$counts{repeated}++;
	}
	push @wrong, "round $round: asked again: $err" if $err =~ /ERROR/;
	return;
}

# What is wrong in the logs of all servers: no crash but those that were asked for.
sub look_at_logs
{
	for my $server (@nodes)
	{
		my $ended = 0;
		for my $line (split /\n/, slurp_file($server->logfile))
		{
			# no room for the log
			$ended++ if $line =~ /PANIC:.*No space left on device/;
			next if $line =~ /terminated by signal 6/ && $ended-- > 0;
			# a server that is stopped at once while it archives
			next if $line =~ /archive command was terminated by signal (?:3|9)/;
			next if $line =~ /^XX002|could not (?:fsync|write|extend|create)/;
			push @wrong, $server->name . ": $line" if $line =~ /^XX|TRAP:|PANIC:|terminated by signal (?!3|9)|WARNING:.*(?:leak|refcount)/;
		}
	}
	return;
}

my $usual = { lost => 5, timeouts => 5, prepared => 3 };
my $round = 0;
for my $kind (@plan)
{
	$round++;
	my ($next, $times) = (time + 0.1 + rand(0.3), 0);
	my $now_and_then = sub {
		my ($most, $what) = @_;
		return sub {
			return if $times >= $most || time < $next;
			$times++;
			$what->();
			$next = time + 0.2 + rand(0.6);
		};
	};
	my $clients_backends = "SELECT pid FROM pg_stat_activity WHERE usename = 'web' ORDER BY random() LIMIT 1";

	if ($kind eq 'backend')
	{
		run_clients($round, $usual, $now_and_then->(2, sub {
			my ($status, $pid) = $node->psql('postgres', $clients_backends);
			kill 'KILL', $pid if $status == 0 && $pid;
		}));
		$node->poll_query_until('postgres', 'SELECT true');
	}
	elsif ($kind eq 'postmaster') { run_clients($round, $usual, $now_and_then->(2, sub { $node->kill9; start_again() })) }
	elsif ($kind eq 'immediate') { run_clients($round, $usual, $now_and_then->(2, sub { $node->stop('immediate'); start_again() })) }
	elsif ($kind eq 'prepared') { run_clients($round, { lost => 5, timeouts => 5, prepared => 60 }, $now_and_then->(2, sub { $node->stop('immediate'); start_again() })) }
	elsif ($kind eq 'terminate') { run_clients($round, $usual, $now_and_then->(20, sub { $node->psql('postgres', "SELECT pg_terminate_backend(pid) FROM ($clients_backends) a") })) }
	elsif ($kind eq 'timeouts') { run_clients($round, { lost => 5, timeouts => 70, prepared => 0 }, sub { }) }
	elsif ($kind eq 'lost') { run_clients($round, { lost => 60, timeouts => 5, prepared => 5 }, sub { }) }
	elsif ($kind eq 'failover')
	{
		$node->backup("b$round");
		my $standby = PostgreSQL::Test::Cluster->new("standby$round");
		$standby->init_from_backup($node, "b$round", has_streaming => 1);
		$standby->enable_archiving;
		$standby->start;
		push @nodes, $standby;
		$node->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = '*'");
		$node->reload;
		$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'") or die 'no synchronous standby';
		run_clients($round, $usual, $now_and_then->(1, sub {
			my $old = $node;
			$old->kill9;
			$standby->promote;
			$standby->safe_psql('postgres', "ALTER SYSTEM RESET synchronous_standby_names");
			$standby->reload;
			go_to($standby);
		}));
		die 'nothing failed over' unless $times;
	}
	elsif ($kind eq 'point')
	{
		$node->backup("b$round");
		run_clients($round, $usual, sub { });
		# as it stands now, with the answers so far, is what shall come back
		my %then = %balance;
		my @so_far = grep { $_->{round} == $round } @done;
		$node->safe_psql('postgres', "SELECT pg_create_restore_point('here$round')");
		run_clients("$round.5", $usual, sub { });
		$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
		my $restored = PostgreSQL::Test::Cluster->new("restored$round");
		$restored->init_from_backup($node, "b$round", has_restoring => 1, standby => 0);
		$restored->append_conf('postgresql.conf', "recovery_target_name = 'here$round'\nrecovery_target_action = promote\narchive_mode = off");
		$restored->start;
		$restored->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'not restored';
		my %there = map { $_ => 1 } split /\n/, $restored->safe_psql('postgres', 'SELECT id FROM studio.users');
		delete @then{ grep { !$there{$_} } keys %then };
		compare($restored, "$round, restored", \%then, \@so_far);
		push @nodes, $restored;
		$restored->stop('immediate');
	}
	elsif ($kind eq 'disk')
	{
		# the tables are on a disk that fills up, and is emptied again
		mkdir "$small/tables";
		$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$small/tables'");
		$node->safe_psql('postgres', "ALTER TABLE ALL IN TABLESPACE pg_default OWNED BY shop SET TABLESPACE small; ALTER INDEX ALL IN TABLESPACE pg_default OWNED BY shop SET TABLESPACE small");
		run_clients($round, $usual, $now_and_then->(4, \&fill_up));
		unlink "$small/filler";
		$node->safe_psql('postgres', "ALTER TABLE ALL IN TABLESPACE small SET TABLESPACE pg_default; ALTER INDEX ALL IN TABLESPACE small SET TABLESPACE pg_default");
		$node->safe_psql('postgres', 'DROP TABLESPACE small');
	}
	elsif ($kind eq 'log')
	{
		# there is no room for the log: the server ends by itself, and may not start before there is
		my $log = $node->data_dir . '/pg_wal';
		move_log($log, "$small/log");
		run_clients($round, $usual, $now_and_then->(6, sub {
			return come_back() unless fill_up();
			# what room it has kept is used up
			for (1 .. 100) { last if ($node->psql('postgres', "SELECT pg_create_restore_point('x'), pg_switch_wal()"))[0] }
		}));
		unlink "$small/filler";
		come_back();
		move_log("$small/log", $log);
	}
	elsif ($kind eq 'closed')
	{
		# what is committed when the studio is closed is all there is until it is opened
		run_clients($round, $usual, $now_and_then->(3, sub {
			# a transaction that was left prepared would be waited for
			return if ($node->psql('postgres', "SET lock_timeout = '2s'; SELECT swan_close_studio('a fault')", on_error_die => 0))[0];
			my $all = 'SELECT (SELECT md5(string_agg(g::text, $$$$ ORDER BY id)) FROM studio.swan_ledger g), (SELECT md5(string_agg(s::text, $$$$ ORDER BY id)) FROM studio.sessions s)';
			my $then = $node->safe_psql('postgres', $all);
			sleep 0.3;
			push @wrong, "round $round: something was written while the studio was closed" if $node->safe_psql('postgres', $all) ne $then;
			$node->safe_psql('postgres', 'SELECT swan_open_studio()');
		}));
	}
	# what is prepared still, by a connection that was cut and never looked at again
	$node->safe_psql('postgres', "ROLLBACK PREPARED '$_'") for split /\n/, $node->safe_psql('postgres', 'SELECT gid FROM pg_prepared_xacts');
	compare($node, "$round, $kind", \%balance, [ grep { $_->{round} =~ /^$round(?:\.5)?$/ } @done ]);
	# what was asked for in earlier rounds is answered as it was, too
	compare($node, "$round, before", \%balance, [ grep { rand() < 0.02 } @done ]);
	if (@wrong)
	{
		diag("found in round $round, $kind");
		last;
	}
	diag(sprintf '%d rounds, %d operations, %d s', $round, scalar @done, time - $start) if $rounds && $round % 10 == 0;
}
look_at_logs();

is(join("\n", @wrong[ 0 .. ($#wrong < 40 ? $#wrong : 40) ]), '', 'what was told is so');
my $summary = sprintf '%d rounds (%s), %d operations, %s, in %d s', $round, join(' ', @plan[ 0 .. ($round < 12 ? $round : 12) - 1 ]), scalar @done,
  join(', ', map { "$_ $counts{$_}" } sort keys %counts), time - $start;
$rounds ? diag($summary) : note($summary);
note('answers: ' . join ', ', map { "$_ $states{$_}" } sort { $states{$b} <=> $states{$a} } keys %states);
my %kinds = map { $_->{kind} => 1 } grep { $_->{state} eq '00000' } @done;
cmp_ok(scalar keys %kinds, '>', 15, 'a bit of everything was done');
cmp_ok($counts{replayed} || 0, '>', 0, 'some had been done when no answer came');

$_->teardown_node for @nodes;
diag("SEED=$seed") unless Test::More->builder->is_passing;
done_testing();
