
# Eight clients do random things at once, in all isolation levels, with and
# without idempotency keys; backends are killed at random, the server crashes
# once in the middle, and session_records is turned on later.  A client whose
# connection is lost asks again.
#
# While that goes on swan_verify() must find nothing.  In the end this test,
# with SQL of its own, recomputes every balance from the ledger and looks for
# everything that a client was told.
#
# SEED=n in the environment repeats the operations of a run, and their order in
# each client; what happens at the same time is up to the machine.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Crowd qw($repeatable);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX qw(WNOHANG _exit);
use Test::More;
use Time::HiRes qw(sleep time);

my $WORKERS = 8;
my $STEPS   = 3000;               # of each
my $CLIENTS = 12;
my $TRAINERS = 3;
my $TWINS   = 150;

my $seed = $ENV{SEED} || int(rand(1_000_000)) + 1;
diag("SEED=$seed");

# what a random operation may be answered; in particular no deadlock
my %expected = map { $_ => 1 } qw(00000 SW001 SW002 SW004 SW005 SW006 SW007 SW008 SW009 SW010 SW011 SW013 SW014 SW015 SW017);
my %lost = map { $_ => 1 } qw(57P01 57P02 08006 08003);    # asked again

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
log_statement = none
timezone = 'UTC'
max_connections = 40
log_min_messages = log
CONF
$node->start;

# users 1-3 train, 4 is staff, 5 admin, 6 and up are clients, the twins' last
my $first_client = $TRAINERS + 3;
my $first_twin   = $first_client + $CLIENTS;
$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION swanalloc;
CREATE ROLE shop LOGIN;
CREATE ROLE cron;
CREATE ROLE web LOGIN IN ROLE shop, cron;
GRANT CREATE ON DATABASE postgres TO shop;
SELECT swan_create_studio(owner => 'shop');
SELECT swan_allow('web', 'backend');
SELECT swan_allow('cron', 'system');
INSERT INTO studio.users (first_name, role)
SELECT 'U' || i, CASE WHEN i <= $TRAINERS THEN 'trainer'
                      WHEN i = $TRAINERS + 1 THEN 'staff'
                      WHEN i = $TRAINERS + 2 THEN 'admin' ELSE 'client' END
FROM generate_series(1, $first_twin + $TWINS - 1) i;
SELECT count(*) FROM generate_series(1, $TRAINERS) t,
  LATERAL swan_open(t, '2099-01-01 08:00', 45, 30, '1 hour');
SQL

# Returns one random operation as SQL.  What answers a question of its own ends
# in a query of (kind, user_id, key, ledger_id, replayed), which is compared with
# the ledger later; where 40001 is an answer, the SQL says so in a comment.
sub random_operation
{
	my ($worker, $step) = @_;
	my $pick   = sub { return int(rand($_[0])) };
	my $one_of = sub { return $_[ int(rand(@_)) ] };
	my $client = $first_client + $pick->($CLIENTS);
	my $trainer = 1 + $pick->($TRAINERS);
	my $staff  = $TRAINERS + 1;
	my $admin  = $TRAINERS + 2;
	# ids of slots rise with the steps; some may not exist yet, or no more
	my $slot   = sub { return 1 + int($step / 2) + $pick->($TRAINERS * 30) };
	my $key    = $pick->(2) ? "'k$worker.$step'" : 'NULL';
	my $who    = $one_of->(($client) x 7, $staff, $staff, $trainer, $admin, $first_client);
	my $at     = sprintf("'%d-01-%02d %02d:%02d'", $one_of->(2099, 2099, 2099, 2001), 1 + $pick->(28), $pick->(24), 15 * $pick->(4));
	my $ref    = sub { my $s = $step - $pick->(150); return "'p$worker." . ($s - $s % 30) . "'" };
	my $dice   = $pick->(100);

	my $answer = sub {
		my ($kind, $of, $key) = @_;
		$key ||= 'NULL';
		return "SELECT '$kind', user_id, $key, ledger_id, replayed FROM $of";
	};
	my $expires = sub {
		return $pick->(2) ? 'NULL' : sprintf("clock_timestamp() + interval '%d ms'", 300 + $pick->(2500));
	};
	my $grant = sub {
		return $answer->('grant', sprintf('swan_grant(%d, %d, expires_at => %s, key => %s, actor => %d)',
			$client, 1 + $pick->(2), $expires->(), $key, $admin), $key);
	};
	my $book = sub {
		my $charge = $who == $staff && $pick->(3) == 0 ? 'false' : 'NULL';
		my $options = $pick->(8) ? '' : $who == $staff ? $one_of->('later => true, ', 'force => true, ') : 'guest => true, ';
		return $answer->('booking', sprintf('swan_book(%d, %d, charge => %s, key => %s, %sactor => %d)',
			$client, $slot->(), $charge, $key, $options, $who), $key);
	};
	my $cancel = sub {
		my $return = $who == $staff && $pick->(3) == 0 ? 'false' : 'NULL';
		return $answer->('cancellation', sprintf("swan_cancel(%d, return_credit => %s, reopen => %s, key => %s, actor => %d)",
			$slot->(), $return, $who >= $first_client ? 'NULL' : $one_of->('NULL', 'true', 'false'),
			$who == $staff ? $key : 'NULL', $who >= $first_client ? $client : $who), $who == $staff ? $key : 'NULL');
	};
	# what is asked for, waited for, and charged or let off afterwards
	my $calendar = sub {
		my ($dice) = @_;
		my $other = $client == $first_client ? $client + 1 : $client - 1;
		my $asked = "(SELECT id AS s, user_id AS u FROM studio.sessions WHERE status = 'requested' ORDER BY id DESC LIMIT 1 OFFSET " . $pick->(4) . ') r';
		return $answer->('request', sprintf('swan_request(%d, %s, %s, key => %s, actor => %d)', $client, $at, $one_of->('NULL', $trainer), $key, $client), $key) if $dice < 12;
		return $answer->('booking', "$asked, swan_book(r.u, r.s, key => $key, actor => $staff)", $key) if $dice < 20;
		return $answer->('cancellation', "$asked, swan_cancel(r.s, key => $key, actor => $staff)", $key) if $dice < 22;
		return sprintf("SELECT 'wait', line FROM swan_wait(%d, %d, %s, actor => %d)", $client, $slot->(), $one_of->('true', 'false'), $client) if $dice < 42;
		return sprintf("SELECT 'wait', line FROM (SELECT session_id AS s, user_id AS u FROM studio.swan_waits ORDER BY random() LIMIT 1) w, swan_unwait(w.s, w.u, actor => %d)", $staff) if $dice < 45;
		return $answer->('cancellation', sprintf("(SELECT s.id AS s, s.user_id AS u FROM studio.swan_waits w JOIN studio.sessions s ON coalesce(s.class_id, s.id) = w.session_id"
			. " WHERE s.status IN ('scheduled', 'confirmed') ORDER BY random() LIMIT 1) w, swan_cancel(w.s, reopen => true, key => %s, actor => %d)", $key, $staff), $key) if $dice < 53;
		return "SET ROLE cron;\nSELECT * FROM swan_promote() \\g /dev/null\n\\set state :SQLSTATE\nRESET ROLE" if $dice < 59;
		return $answer->('charge', sprintf('swan_charge(%d, %s, key => %s, actor => %d)', $slot->(), $one_of->('NULL', 1, 2), $key, $staff), $key) if $dice < 66;
		return $answer->('waiver', sprintf("swan_waive(%d, 'a cold shower', key => %s, actor => %d)", $slot->(), $key, $staff), $key) if $dice < 69;
		return $answer->('waiver', "(SELECT id AS s FROM studio.sessions WHERE status = 'completed' AND credits > 0 ORDER BY random() LIMIT 1) c,"
			. " swan_waive(c.s, 'a cold shower', key => $key, actor => $staff)", $key) if $dice < 72;
		return $answer->('correction', sprintf("swan_correct(%d, '%s', 'a mistake', key => %s, actor => %d)", $slot->(), $one_of->('scheduled', 'scheduled', 'confirmed', 'attended', 'missed'), $key, $staff), $key) if $dice < 78;
		return sprintf("SELECT 'transfer', moved FROM swan_transfer(%d, %d, 1, key => %s, actor => %d)", $client, $other, $key, $admin) if $dice < 83;
		return sprintf("SELECT 'suspend', user_id FROM swan_suspend(%d, '2099-01-%02d', '2099-01-%02d', actor => %d)", $client, 1 + $pick->(27), 29 + $pick->(2), $staff) if $dice < 85;
		return sprintf("SELECT 'resume', user_id FROM swan_resume(%d, actor => %d)", $client, $staff) if $dice < 89;
		return sprintf("SELECT 'block', id FROM swan_block(%d, %s, 30, actor => %d) id", $trainer, $at, $trainer) if $dice < 91;
		return sprintf("SELECT 'hold' FROM swan_hold(%d, %d, '1 second', force => true, actor => %d)", $client, $slot->(), $staff) if $dice < 93;
		return sprintf("SELECT 'move' FROM swan_move_many(ARRAY[%d, %d], ARRAY[%s, NULL]::timestamptz[], ARRAY[NULL, %d], actor => %d)", $slot->(), $slot->(), $at, $trainer, $staff) if $dice < 96;
		return sprintf("SELECT 'cancel' FROM swan_cancel_many(ARRAY[%d, %d], reopen => %s, actor => %d)", $slot->(), $slot->(), $one_of->('true', 'false', 'NULL'), $staff);
	};
	my $direct = sub { return "SET ROLE shop;\n$_[0];\n\\set state :SQLSTATE\nRESET ROLE" };

	return $calendar->($pick->(100)) if $pick->(5) == 0;

	# credits
	return $grant->() if $dice < 3;
	if ($dice < 5)
	{
		my $other = $first_client + $pick->($CLIENTS);
		return $answer->('grant', sprintf('swan_grant_many(ARRAY[%d, %d], 1, expires_at => %s, key => %s, actor => %d)',
			$client, $other == $client ? ($client > $first_client ? $client - 1 : $client + 1) : $other, $expires->(), $key, $admin), $key);
	}
	# a worker's payments of 30 steps share a reference, and its client
	if ($dice < 8)
	{
		my $buyer = $first_client + ($worker + int($step / 30)) % $CLIENTS;
		my $reference = "'p$worker." . ($step - $step % 30) . "'";
		return $answer->('purchase', sprintf("swan_purchase(%d, 3, %s, '%s', 4500, 'EUR', expires_at => %s, actor => %d)",
			$buyer, $reference, $one_of->('a', 'b'), 'NULL', $admin));
	}
	return $answer->('reversal', sprintf('swan_reverse(%s, %s, key => %s, actor => %d)', $ref->(), $one_of->('n => NULL', 'n => 1', 'refunded_minor => ' . 1000 * $pick->(6)), $key, $admin), $key) if $dice < 11;
	return $answer->('reinstatement', sprintf("swan_reinstate(%s, 'k%d.%d', actor => %d)", $ref->(), $worker, $step, $admin), "'k$worker.$step'") if $dice < 12;
	return $answer->('revocation', sprintf('swan_revoke(%d, %s, key => %s, actor => %d)', $client, $one_of->(1, 'NULL'), $key, $admin), $key) if $dice < 14;
	return sprintf("SELECT lot_id FROM swan_extend((SELECT max(lot_id) FROM swan_credits(%d, actor => %d)), clock_timestamp() + interval '3 seconds', actor => %d)",
		$client, $admin, $admin) if $dice < 15;
	return "SET ROLE cron;\nSELECT * FROM swan_expire(" . (1 + $pick->(5)) . ") \\g /dev/null\n\\set state :SQLSTATE\nRESET ROLE" if $dice < 16;

	# slots and bookings
	return $book->() if $dice < 44;
	return $answer->('booking', sprintf('swan_book_many(%d, ARRAY[%d, %d, %d], key => %s, actor => %d)', $client, $slot->(), $slot->(), $slot->(), $key, $client), $key) if $dice < 48;
	return sprintf("SELECT 'slot', id FROM swan_open(%d, %s, %d, repeat => %d, every => '1 hour', places => %d, cost => %s, actor => %d) id",
		$trainer, $at, $one_of->(30, 45, 60), 1 + $pick->(2), $one_of->(1, 1, 1, 3), $one_of->('NULL', 0, 2, 3), $one_of->($trainer, $staff)) if $dice < 56;
	return $cancel->() if $dice < 62;
	return $answer->('reschedule', sprintf('swan_reschedule(%d, %d, key => %s, actor => %d)', $slot->(), $slot->(), $key, $staff), $key) if $dice < 66;
	return sprintf("SELECT 'move' FROM swan_move(%d, %s, trainer_id => %s, actor => %d)", $slot->(), $one_of->('NULL', $at), $one_of->('NULL', $trainer), $staff) if $dice < 69;
	return sprintf("SELECT 'confirm' FROM swan_confirm(%d, actor => %d)", $slot->(), $staff) if $dice < 71;
	# half of them of what is booked for sure: the others seldom are
	return sprintf("SELECT 'complete' FROM %s b, swan_complete(b.s, %s, actor => %d)",
		$one_of->(sprintf('(SELECT %d AS s)', $slot->()), "(SELECT id AS s FROM studio.sessions WHERE status IN ('scheduled', 'confirmed') ORDER BY random() LIMIT 1)"),
		$one_of->('true', 'false'), $staff) if $dice < 72;
	return sprintf("SELECT 'hold' FROM swan_hold(%d, %d, %s, actor => %d)", $client, $slot->(), $one_of->("'1 second'", "'10 minutes'"), $client) if $dice < 74;
	return sprintf("SELECT 'release' FROM swan_release(%d, actor => %d)", $slot->(), $staff) if $dice < 75;

	# looking
	return sprintf('SELECT ok FROM swan_can_book(%d, %d, actor => %d)', $client, $slot->(), $who) if $dice < 78;
	return "SELECT available FROM swan_summary($client, actor => $admin)" if $dice < 80;
	return "SELECT count(*) FROM swan_statement($client, actor => $client), swan_credits($client, actor => $client)" if $dice < 82;

	# the application's own writes: refused, but for open slots
	return $direct->("UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = $client") if $dice < 84;
	return $direct->("UPDATE studio.sessions SET status = 'completed', user_id = $client WHERE id = " . $slot->()) if $dice < 85;
	return $direct->("DELETE FROM studio.swan_ledger WHERE user_id = $client") if $dice < 86;
	return $direct->("UPDATE studio.users SET last_name = 'L$step' WHERE id = $client") if $dice < 87;
	return $direct->("INSERT INTO studio.sessions (trainer_id, session_date, duration) VALUES ($trainer, $at, 45)") if $dice < 89;
	return $direct->("DELETE FROM studio.sessions WHERE id = " . $slot->()) if $dice < 90;

	# transactions: a savepoint, a change of mind, the stricter levels
	if ($dice < 94)
	{
		my ($first, $second, $end) = ($grant->(), $one_of->($book, $cancel)->(), $one_of->('COMMIT', 'COMMIT', 'ROLLBACK'));
		return "BEGIN;\nSAVEPOINT a;\n$first \\g /dev/null\nROLLBACK TO a;\n$second \\g /dev/null\n\\set state :SQLSTATE\n$end";
	}
	my $level = $one_of->('REPEATABLE READ', 'SERIALIZABLE');
	my $what = $one_of->($book, $cancel, $grant)->();
	return "BEGIN ISOLATION LEVEL $level;\nSELECT count(*) FROM studio.swan_lots \\g /dev/null\n"
	  . "$what \\g /dev/null\n\\set state :SQLSTATE\n-- 40001\nCOMMIT";
}

# All operations of a client.  Now and then he asks once more though he was
# answered.
sub operations
{
	my ($worker) = @_;

	srand($seed * 100 + $worker);
	my @operations = map { random_operation($worker, $_) } 0 .. $STEPS - 1;
	for my $i (1 .. $STEPS - 1)
	{
		$operations[$i] = $operations[ $i - 1 ] if rand() < 0.15;
	}
	return @operations;
}

# One client: runs its operations in order, from where the last connection was
# lost.  Writes a line "@step state" for each, and the answers before it.
sub worker
{
	my ($worker, $log) = @_;
	my @operations = operations($worker);
	my $done  = 0;
	my $tries = 0;

	while ($done < $STEPS && $tries++ < 400)
	{
		my $script = "$log.sql";
		my $sql = "\\set VERBOSITY sqlstate\n";
		my $last = $done + 249 < $STEPS ? $done + 249 : $STEPS - 1;
		for my $i ($done .. $last)
		{
			my $own_state = $operations[$i] =~ /\\set state/;
			$sql .= "$operations[$i];\n";
			$sql .= $own_state ? "\\echo \@$i :state\n" : "\\echo \@$i :SQLSTATE\n";
		}
		my ($out, $err) = ('', '');
		unlink($script);
		append_to_file($script, $sql);
		IPC::Run::run(
			[ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' user=web', '-f', $script ],
			'>', \$out, '2>', \$err);
		append_to_file($log, $out);
		my @ends = $out =~ /^\@(\d+) (\S+)$/mg;
		while (my ($step, $state) = splice(@ends, 0, 2))
		{
			last if $lost{$state};
			$done = $step + 1;
		}
		sleep(0.1) if $done <= $last;
	}
	return $done == $STEPS;
}

my $logs = PostgreSQL::Test::Utils::tempdir();
my %running;
for my $worker (1 .. $WORKERS)
{
	my $pid = fork();
	die "fork failed: $!" unless defined $pid;
	if ($pid == 0)
	{
		my $ok = eval { worker($worker, "$logs/$worker") };
		print STDERR $@ if $@;
		_exit($ok ? 0 : 1);    # leave the server to the parent
	}
	$running{$pid} = $worker;
}

# How much of all has been done.
sub progress
{
	my $lines = 0;
	for my $worker (1 .. $WORKERS)
	{
		$lines += () = slurp_file("$logs/$worker") =~ /^\@/mg if -e "$logs/$worker";
	}
	return $lines / ($WORKERS * $STEPS);
}

# Kill backends, crash once, and look whether all is well at every moment.
srand($seed);
my ($kills, $crashes, $records, $failed, @problems) = (0, 0, 0, 0);
while (%running)
{
	for my $pid (keys %running)
	{
		next unless waitpid($pid, WNOHANG) == $pid;
		$failed++ if $? != 0;
		delete $running{$pid};
	}
	last unless %running;
	sleep(0.05 + rand(0.2));
	if (!$crashes && progress() > 0.25)
	{
		$node->stop('immediate');
		$node->start;
		$crashes++;
	}
	if (!$records && progress() > 0.6)
	{
		$records++ if $node->psql('postgres', "SELECT swan_configure('session_records', 'on')") == 0;
	}
	my ($status, $killed) = $node->psql('postgres', sprintf(
		"SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE usename = 'web' ORDER BY pid OFFSET %d LIMIT 1) a",
		int(rand($WORKERS))));
	$kills += $killed if $status == 0 && $killed;
	my ($verified, $found) = $node->psql('postgres', 'SELECT * FROM swan_verify()');
	push @problems, $found if $verified != 0 || $found ne '';
}
is($failed, 0, 'every client got through all his operations');
is(join("\n", @problems), '', "swan_verify() found nothing in the middle of it");
cmp_ok($kills, '>', 0, 'backends were killed');
is($crashes, 1, 'the server crashed once');
is($records, 1, 'session_records was turned on');

# What the clients were told.
my (%states, @answers, $again);
for my $worker (1 .. $WORKERS)
{
	my @told;
	my @operations = operations($worker);
	for my $line (split /\n/, slurp_file("$logs/$worker"))
	{
		if ($line =~ /^@(\d+) (\S+)$/)
		{
			my ($step, $state) = ($1, $2);
			$state = 'ok' if $state eq '40001' && $operations[$step] =~ /-- 40001/;
			$state = 'repeat' if $state eq '40001' && $operations[$step] =~ $repeatable;
			diag("operation of client $worker answered $state: $operations[$step]")
			  if !$states{$state}++ && !$expected{$state} && !$lost{$state} && $state !~ /^(?:ok|repeat)$/;
			push @answers, @told if $state eq '00000';
			@told = ();
		}
		elsif ($line =~ /^[a-z]+\|\d+\|[^|]*\|\d+\|[tf]$/)
		{
			push @told, $line;
		}
	}
}
my @unexpected = grep { !$expected{$_} && !$lost{$_} && !/^(?:ok|repeat)$/ } sort keys %states;
is(join(' ', map { "$_: $states{$_}" } @unexpected), '', 'no other errors than these: '
	. join(', ', map { "$_ $states{$_}" } sort keys %states));
cmp_ok($states{repeat} || 0, '<', $WORKERS * $STEPS / 1000, 'and few are to be repeated');

# Queries that must find nothing, none of which calls one of our functions.
sub nothing
{
	my ($what, $sql) = @_;
	is($node->safe_psql('postgres', $sql), '', $what);
}

my $told = join(",\n", map {
	my ($kind, $user, $key, $ledger, $replayed) = split /\|/;
	$key = $key eq '' ? 'NULL' : "'$key'";
	"('$kind', $user, $key, $ledger, '$replayed')"
} @answers);
$node->safe_psql('postgres', <<SQL);
CREATE TABLE told (kind text, user_id bigint, key text, ledger_id bigint, replayed boolean);
INSERT INTO told VALUES $told;
SQL

nothing('the balance is the sum of the ledger', <<SQL);
SELECT u.id, u.available_sessions, sum(g.delta)
FROM studio.users u LEFT JOIN studio.swan_ledger g ON g.user_id = u.id
GROUP BY u.id HAVING u.available_sessions <> coalesce(sum(g.delta), 0) OR u.available_sessions < 0
SQL
nothing('each row continues the one before it, in time too', <<SQL);
SELECT * FROM (
  SELECT user_id, id, delta, balance_after, at,
         lag(balance_after, 1, 0) OVER w AS balance_before, lag(at) OVER w AS before
  FROM studio.swan_ledger WINDOW w AS (PARTITION BY user_id ORDER BY id)) x
WHERE balance_after <> balance_before + delta OR at < before
SQL
nothing('the balance is the sum of the lots', <<SQL);
SELECT u.id, u.available_sessions, sum(l.remaining)
FROM studio.users u LEFT JOIN studio.swan_lots l ON l.user_id = u.id
GROUP BY u.id HAVING u.available_sessions <> coalesce(sum(l.remaining), 0)
SQL
nothing('each lot is what the ledger made of it, and of one client', <<SQL);
SELECT l.id, l.remaining, sum(g.delta)
FROM studio.swan_lots l FULL JOIN (SELECT * FROM studio.swan_ledger WHERE lot_id IS NOT NULL) g ON g.lot_id = l.id
GROUP BY l.id HAVING l.id IS NULL OR l.remaining <> sum(g.delta) OR min(g.user_id) <> l.user_id
  OR max(g.user_id) <> l.user_id OR l.remaining NOT BETWEEN 0 AND l.granted
SQL
nothing('nothing was spent after it had expired', <<SQL);
SELECT g.id, g.at, ended.at FROM studio.swan_ledger g JOIN studio.swan_lots l ON l.id = g.lot_id, LATERAL (SELECT coalesce((
  SELECT (e.details ->> 'extended_from')::timestamptz FROM studio.swan_ledger e
  WHERE e.lot_id = l.id AND e.id > g.id AND e.details ? 'extended_from' ORDER BY e.id LIMIT 1), l.expires_at)) ended (at)
WHERE (g.kind = 'booking' AND g.delta < 0 AND g.at >= ended.at) OR (g.kind = 'expiry' AND g.at < ended.at)
SQL
nothing('no more was given back than had been taken', <<SQL);
SELECT lot_id, sum(delta) FROM studio.swan_ledger WHERE kind IN ('reversal', 'reinstatement') GROUP BY 1 HAVING sum(delta) > 0
SQL
# what a session took and gave back; a reschedule takes along what the old one had
nothing('a session has what it took and did not give back, as its row says', <<SQL);
SELECT s.id, s.status, s.credits, s.session_deducted, sum(d.n)
FROM studio.sessions s FULL JOIN (
  SELECT session_id, -delta AS n FROM studio.swan_ledger WHERE kind IN ('booking', 'cancellation', 'correction', 'charge', 'waiver')
  UNION ALL SELECT CASE WHEN takes THEN session_id ELSE from_session_id END, CASE WHEN takes THEN has ELSE -has - delta END
   FROM (SELECT *, coalesce((details ->> 'credits')::int, CASE WHEN delta < 0 THEN -delta ELSE 1 END) AS has
           FROM studio.swan_ledger WHERE kind = 'reschedule' AND lot_id IS NOT NULL) g, unnest('{true,false}'::boolean[]) takes) d ON d.session_id = s.id
GROUP BY s.id HAVING s.id IS NULL OR coalesce(sum(d.n), 0) <> s.credits OR s.session_deducted <> (s.credits > 0)
SQL
nothing('a session has a client if somebody booked it', <<SQL);
SELECT s.id, s.status, s.user_id, g.user_id FROM studio.sessions s
LEFT JOIN LATERAL (SELECT * FROM studio.swan_ledger g WHERE g.session_id = s.id AND g.kind IN ('booking', 'reschedule') ORDER BY id DESC LIMIT 1) g ON true
WHERE (s.status = 'available' AND s.user_id IS NOT NULL AND s.session_date IS NOT NULL)
   OR (s.status IN ('scheduled', 'confirmed', 'completed') AND g.user_id IS NULL)
   OR (g.user_id IS NOT NULL AND s.user_id IS DISTINCT FROM g.user_id)
   OR (s.status = 'requested' AND (s.user_id IS NULL OR s.credits > 0))
SQL
nothing('there is a record for every credit', <<SQL);
SELECT u.id, u.available_sessions, count(s.id)
FROM studio.users u LEFT JOIN studio.sessions s ON s.user_id = u.id AND s.session_date IS NULL AND s.status = 'available'
GROUP BY u.id HAVING u.available_sessions <> count(s.id)
SQL
nothing('no client and no trainer is in two places, but by force, or with a guest', <<SQL);
SELECT a.id, b.id FROM studio.sessions a JOIN studio.sessions b ON a.id < b.id
  AND NOT EXISTS (SELECT 1 FROM studio.swan_ledger g WHERE g.user_id IN (a.user_id, b.user_id) AND g.session_id IN (a.id, b.id) AND g.details ? 'forced')
  AND (a.user_id = b.user_id AND a.status IN ('scheduled', 'confirmed') AND b.status IN ('scheduled', 'confirmed')
       AND NOT EXISTS (SELECT 1 FROM studio.swan_ledger g WHERE g.user_id = a.user_id AND g.session_id IN (a.id, b.id)
         AND a.class_id = b.class_id AND g.details ? 'guest')
       OR a.trainer_id = b.trainer_id AND NOT ARRAY[a.status, b.status] && '{cancelled,requested}' AND (a.class_id = b.class_id) IS NOT TRUE)
  AND tstzrange(a.session_date, a.session_date + a.duration * interval '1 minute')
   && tstzrange(b.session_date, b.session_date + b.duration * interval '1 minute')
SQL
nothing('what was bought is there, booked, used or expired', <<SQL);
SELECT u.id, c.total_sessions_purchased, u.available_sessions, s.live, s.used, g.expired, c.sessions_used
FROM studio.users u, swan_client(u.id) c,
  LATERAL (SELECT coalesce(sum(credits) FILTER (WHERE status IN ('scheduled', 'confirmed')), 0) AS live,
                  coalesce(sum(credits) FILTER (WHERE status IN ('completed', 'cancelled')), 0) AS used
           FROM studio.sessions WHERE user_id = u.id) s,
  LATERAL (SELECT coalesce(-sum(delta), 0) AS expired FROM studio.swan_ledger WHERE user_id = u.id AND kind IN ('expiry', 'extension')) g
WHERE c.total_sessions_purchased <> u.available_sessions + s.live + s.used + g.expired OR c.sessions_used <> s.used
SQL
nothing('a class is in one place, and who waits for something has none of it', <<SQL);
SELECT class_id, 0 FROM studio.sessions WHERE class_id IS NOT NULL AND status <> 'cancelled'
GROUP BY class_id HAVING count(DISTINCT (session_date, duration, trainer_id)) > 1
UNION ALL SELECT w.session_id, w.user_id FROM studio.swan_waits w JOIN studio.sessions s ON coalesce(s.class_id, s.id) = w.session_id
  AND s.user_id = w.user_id AND s.status IN ('scheduled', 'confirmed')
SQL
nothing('what a client was told is in the ledger', <<SQL);
SELECT t.* FROM told t LEFT JOIN studio.swan_ledger g ON g.id = t.ledger_id
  LEFT JOIN studio.swan_ledger c ON (c.user_id, c.call_id, c.kind) = (g.user_id, g.call_id, g.kind) AND c.key = t.key
WHERE (g.kind, g.user_id) IS DISTINCT FROM (t.kind, t.user_id) OR c.key IS DISTINCT FROM t.key
SQL
nothing('a key counted once', <<SQL);
SELECT user_id, kind, key FROM studio.swan_ledger WHERE key IS NOT NULL
GROUP BY 1, 2, 3 HAVING count(*) > 1
SQL
nothing('a row was announced once as new', <<SQL);
SELECT ledger_id FROM told GROUP BY 1 HAVING count(*) FILTER (WHERE NOT replayed) > 1
SQL
nothing('a payment counted once', <<SQL);
SELECT payment_ref, item FROM studio.swan_ledger WHERE kind = 'purchase' GROUP BY 1, 2 HAVING count(*) > 1 OR sum(delta) <> 3
SQL
nothing('swan_verify() agrees', 'SELECT * FROM swan_verify()');
nothing('what can be spent is what has not expired', <<SQL);
SELECT u.id, s.available, l.remaining FROM studio.users u, swan_summary(u.id) s,
  LATERAL (SELECT coalesce(sum(remaining), 0) AS remaining FROM studio.swan_lots l
           WHERE l.user_id = u.id AND (l.expires_at IS NULL OR l.expires_at > clock_timestamp() + interval '10 seconds')) l
WHERE s.available <> l.remaining
  AND NOT EXISTS (SELECT 1 FROM studio.swan_lots o
                  WHERE o.user_id = u.id AND o.expires_at BETWEEN now() - interval '5 seconds' AND clock_timestamp() + interval '10 seconds')
SQL
my $kinds = $node->safe_psql('postgres', "SELECT kind, count(*) FROM studio.swan_ledger GROUP BY 1 ORDER BY 1");
note($kinds);
is($node->safe_psql('postgres', <<SQL), '', 'a bit of everything was done');
SELECT kind FROM unnest('{grant,purchase,reversal,reinstatement,revocation,expiry,booking,cancellation,reschedule,move,hold,confirmation,completion,no_show,charge,waiver,transfer,suspension,resumption,request,wait,offer}'::text[]) kind
EXCEPT SELECT kind FROM studio.swan_ledger
SQL
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM told WHERE replayed'), '>', 50, 'and asked again');

# Twins: two connections race with the same keys for last credits.  None of
# them ever sees an error, and each credit and booking counts once.
my $twin_slot = $node->safe_psql('postgres', <<SQL);
SELECT count(swan_grant(id, 1)) FROM studio.users WHERE id >= $first_twin;
SELECT min(id) FROM swan_open(1, '2099-02-01 08:00', 30, $TWINS, '30 minutes') id;
SQL
(undef, $twin_slot) = split /\n/, $twin_slot;
append_to_file("$logs/twins.sql", <<'SQL');
\set i :i + 1
\set client :first_twin + :i
\set slot :twin_slot + :i
SELECT * FROM swan_book(:client, :slot, key => 'twin');
SELECT * FROM swan_grant(:client, 1, key => 'twin');
SELECT * FROM swan_book(:client, :other + :i, key => 'again');
SQL
my $other = $node->safe_psql('postgres', <<SQL);
SELECT min(id) FROM swan_open(2, '2099-03-01 08:00', 30, $TWINS, '30 minutes') id;
SQL
$node->command_ok(
	[ 'pgbench', '-n', '-c', 2, '-j', 2, '-t', $TWINS, '-D', 'i=-1', '-D', "first_twin=$first_twin",
	  '-D', "twin_slot=$twin_slot", '-D', "other=$other", '-f', "$logs/twins.sql", 'postgres' ],
	'a duplicate is given the first answer, never an error');
is($node->safe_psql('postgres', <<SQL), "$TWINS|4|0", 'and counts once');
SELECT count(*), max(n), max(abs(available_sessions)) FROM (
  SELECT u.id, u.available_sessions, count(g.id) AS n
  FROM studio.users u JOIN studio.swan_ledger g ON g.user_id = u.id
  WHERE u.id >= $first_twin GROUP BY u.id) x
SQL
nothing('and all is well', 'SELECT * FROM swan_verify()');

$node->stop;
diag("SEED=$seed") unless Test::More->builder->is_passing;
done_testing();
