
# A call that gives up waiting, is cancelled or fails at whatever step leaves nothing
# behind: no lock, no pinned buffer, no memory; the session's next call works.
#
# CALLS=n in the environment makes it longer: a million takes some minutes.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(complaints);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $CALLS = $ENV{CALLS} || 20_000;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
timezone = 'UTC'
autovacuum = off
max_prepared_transactions = 4
log_min_messages = warning
log_min_error_statement = panic
CONF
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $pins = $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_buffercache'");
$node->safe_psql('postgres', 'CREATE EXTENSION pg_buffercache') if $pins;

$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION swanalloc;
CREATE ROLE shop LOGIN;
GRANT CREATE ON DATABASE postgres TO shop;
SELECT swan_create_studio(owner => 'shop');
INSERT INTO studio.users (id, first_name, role) SELECT i, 'U' || i, CASE i WHEN 1 THEN 'trainer' WHEN 2 THEN 'trainer' ELSE 'client' END FROM generate_series(1, 40) i;
INSERT INTO studio.sessions (id, trainer_id, session_date) SELECT i, 1 + i % 2, '2099-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, $CALLS + 3000) i;
SELECT count(*) FROM studio.users, swan_grant(id, 20) WHERE id > 2;
SELECT * FROM swan_book(3, 1);
SELECT * FROM swan_book(3, 2);
SET session_replication_role = replica;
UPDATE studio.sessions SET session_date = '2001-01-01' WHERE id = 2;
RESET session_replication_role;
SELECT setval('studio.sessions_id_seq', 10000000);
-- what a session holds that is between two calls
CREATE FUNCTION held() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	pins bigint := 0;
BEGIN
	IF $pins > 0 THEN
		EXECUTE 'SELECT count(*) FROM pg_buffercache b JOIN pg_class c ON pg_relation_filenode(c.oid) = b.relfilenode'
			' WHERE b.pinning_backends > 0 AND c.relnamespace = ''studio''::regnamespace' INTO pins;
	END IF;
	RETURN (SELECT count(*) FROM pg_locks l WHERE pid = pg_backend_pid() AND (locktype IN ('tuple', 'transactionid') AND pg_current_xact_id_if_assigned() IS NULL
		OR l.relation IN (SELECT oid FROM pg_class WHERE relnamespace = 'studio'::regnamespace))) || ' locks, ' || pins || ' pins';
END \$\$;
CREATE FUNCTION memory() RETURNS bigint LANGUAGE sql AS 'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts';
SQL

# Runs a script in one session and returns what it prints.
my $scripts = 0;

sub run_script
{
	my ($sql, $env) = @_;
	my $file = "$dir/" . ++$scripts . '.sql';
	my ($out, $err) = ('', '');
	append_to_file($file, "\\set VERBOSITY sqlstate\n$sql");
	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $file ], '>', \$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return ($out, $err);
}

# -- waits that end in an error

# what is locked by somebody who is in no hurry, and the calls that wait for it
my %locked = (
	slot    => "UPDATE studio.sessions SET notes = 'slow' WHERE id IN (1, 2, 3)",
	shared  => 'SELECT id FROM studio.sessions WHERE id IN (1, 2, 3) FOR SHARE',
	client  => "UPDATE studio.users SET last_name = 'slow' WHERE id = 3",
	trainer => "UPDATE studio.users SET last_name = 'slow' WHERE id IN (1, 2)",
	table   => 'LOCK studio.sessions, studio.users IN ACCESS EXCLUSIVE MODE');
my $on_slot = 'swan_book(3, 3)|swan_book_many(3, ARRAY[4, 3])|swan_hold(3, 3)|swan_cancel(1)|swan_confirm(1)|swan_complete(2)|swan_move(1, duration => 30)|swan_reschedule(1, 3)';
my %waits = (
	slot    => $on_slot,
	shared  => $on_slot,
	client  => "swan_grant(3, 1)|swan_grant_many(ARRAY[4, 3], 1)|swan_purchase(3, 1, 'p')|swan_revoke(3, 1)|$on_slot",
	trainer => "swan_open(1, '2098-02-05')|swan_move(1, '2098-02-05', 2)",
	table   => "swan_summary(3)|swan_can_book(3, 3)|swan_client(3)|swan_grant(3, 1)|$on_slot");
my @ends = (
	[ lock_timeout => '55P03' ],
	[ statement_timeout => '57014' ]);
my ($script, @expected) = ('', '');
for my $what (sort keys %locked)
{
	$script .= "BEGIN;\n$locked{$what} \\g /dev/null\nPREPARE TRANSACTION 'slow';\n";
	for my $call (split /\|/, $waits{$what})
	{
		for my $end (@ends)
		{
			my ($setting, $state) = @$end;
			# once as it is, once in a savepoint; after which the same session goes on, with others' rows
			$script .= "SET $setting = '15ms';\nSELECT * FROM $call;\n\\echo $what $call :SQLSTATE\nRESET $setting;\nSELECT held();\n"
			  . "BEGIN;\nSET LOCAL $setting = '15ms';\nSAVEPOINT a;\nSELECT * FROM $call;\n\\echo :SQLSTATE\nROLLBACK TO SAVEPOINT a;\nSET LOCAL $setting = 0;\nSELECT held();\n";
			$script .= "SELECT added FROM swan_grant(5, 1);\nSELECT status FROM swan_book(5, 5);\n" unless $what =~ /table|trainer/;
			$script .= "ROLLBACK;\n";
			push @expected, "$what $call $state" =~ s/'//gr, '0 locks, 0 pins', $state, '0 locks, 0 pins';
			push @expected, 1, 'scheduled' unless $what =~ /table|trainer/;
		}
	}
	$script .= "ROLLBACK PREPARED 'slow';\n";
	for my $call (split /\|/, $waits{$what})
	{
		$script .= "BEGIN;\nSELECT count(*) > 0 FROM $call;\nROLLBACK;\n";
		push @expected, 't';
	}
}
my ($out, $err) = run_script($script);
is($out, join("\n", @expected[ 1 .. $#expected ]) . "\n", 'calls that wait too long leave nothing behind');

# somebody cancels it
$script = "BEGIN;\n$locked{slot};\nPREPARE TRANSACTION 'slow';\nBEGIN;\n$locked{client};\nPREPARE TRANSACTION 'slower';\n";
for my $call ('swan_book(3, 3)', 'swan_cancel(1)', 'swan_grant(3, 1)')
{
	$script .= "SELECT pg_backend_pid() AS pid \\gset\n\\setenv PID :pid\n"
	  . qq{\\! (until psql -XAtqc "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = \$PID AND wait_event_type = 'Lock'" | grep -q t; do sleep 0.02; done) &\n}
	  . "BEGIN;\nSAVEPOINT a;\nSELECT * FROM $call;\n\\echo :SQLSTATE\nROLLBACK TO SAVEPOINT a;\nSELECT held();\nSELECT added FROM swan_grant(5, 1);\nROLLBACK;\n";
}
# where a script's own psql finds the server
@ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'postgres');
($out, $err) = run_script($script . "ROLLBACK PREPARED 'slow';\nROLLBACK PREPARED 'slower';\nBEGIN;\nSELECT status FROM swan_book(3, 3);\nROLLBACK;\n");
is($out, "57014\n0 locks, 0 pins\n1\n" x 3 . "scheduled\n", 'nor do those that somebody cancels');

# what a call had locked before it failed is free again, before the transaction ends
($out, $err) = run_script(<<"SQL");
BEGIN;
$locked{client};
PREPARE TRANSACTION 'slow';
BEGIN;
SAVEPOINT a;
SET LOCAL lock_timeout = '15ms';
SELECT * FROM swan_book(3, 3);
\\echo :SQLSTATE
ROLLBACK TO SAVEPOINT a;
\\! psql -XAtq -c "SELECT id FROM studio.sessions WHERE id = 3 FOR UPDATE NOWAIT"
COMMIT;
ROLLBACK PREPARED 'slow';
SQL
is($out, "55P03\n3\n", 'a slot that was locked before the client is free again') or diag($err);

# -- errors at every step

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION studio.fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('test.fail', true) = concat_ws(' ', tg_when, tg_level, tg_table_name) THEN
		RAISE 'fail' USING ERRCODE = 'ZZ009';
	END IF;
	RETURN CASE WHEN tg_op = 'DELETE' THEN old ELSE new END;
END $$;
SELECT format('CREATE TRIGGER fail_%s_%s %s INSERT OR UPDATE OR DELETE ON studio.%I FOR EACH %s EXECUTE FUNCTION studio.fail()', w, l, w, t, l)
FROM unnest('{users,sessions,swan_ledger,swan_lots,swan_holds}'::text[]) t, unnest('{BEFORE,AFTER}'::text[]) w, unnest('{ROW,STATEMENT}'::text[]) l \gexec
CREATE FUNCTION fail(call text, step text, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	states text[];
BEGIN
	PERFORM set_config('test.fail', step, true);
	FOR i IN 1..n LOOP
		BEGIN
			EXECUTE 'SELECT * FROM ' || call;
			RAISE 'done' USING ERRCODE = 'ZZ000';
		EXCEPTION WHEN OTHERS THEN
			IF NOT SQLSTATE = ANY (states) OR states IS NULL THEN
				states := states || SQLSTATE;
			END IF;
		END;
	END LOOP;
	RETURN array_to_string(states, ' ');
END $$;
SQL
my @failing;
for my $table (qw(users sessions swan_ledger swan_lots swan_holds))
{
	for my $step (map { ("BEFORE $_ $table", "AFTER $_ $table") } qw(ROW STATEMENT))
	{
		my @calls = (
			[ 'swan_book(3, 3)', qw(users sessions swan_ledger swan_lots) ], [ 'swan_cancel(1)', qw(users sessions swan_ledger swan_lots) ],
			[ 'swan_grant(3, 1)', qw(users swan_ledger swan_lots) ], [ 'swan_hold(3, 3)', qw(swan_ledger swan_holds) ],
			[ 'swan_move(1, duration => 30)', qw(sessions swan_ledger) ], [ "swan_open(1, '2098-03-05')", qw(sessions swan_ledger) ],
			[ 'swan_reschedule(1, 3)', qw(sessions swan_ledger) ], [ 'swan_complete(2)', qw(sessions swan_ledger) ], [ 'swan_book_many(3, ARRAY[3, 4])', qw(sessions users) ]);
		for my $call (@calls)
		{
			my ($sql, @writes) = @$call;
			push @failing, [ $sql, $step, 'ZZ009' ] if grep { $_ eq $table } @writes;
		}
	}
}
push @failing, map { [ $_->[0], '', $_->[1] ] } (
	[ 'swan_book(3, 1)', 'SW002' ], [ 'swan_book(3, 99999999)', 'SW002' ], [ 'swan_book(99999999, 3)', 'SW003' ], [ 'swan_book(NULL, 3)', 'SW005' ],
	[ 'swan_book(3, 3, actor => 99999999)', 'SW006' ], [ 'swan_cancel(3, key => repeat(\'k\', 1000))', 'SW013' ], [ 'swan_cancel(99999999)', 'SW007' ],
	[ 'swan_grant(99999999, 1)', 'SW003' ], [ 'swan_grant(3, 101)', 'SW004' ], [ 'swan_summary(99999999)', 'SW003' ], [ 'swan_move(1, \'2099-01-01 03:00\')', 'SW010' ],
	[ 'swan_can_book(NULL, 3)', 'SW005' ], [ 'swan_client(99999999)', 'SW003' ], [ 'swan_open(1, \'2099-01-01 02:00\')', 'SW010' ]);
# and one that waits, a little
my $times = int(10_000 / @failing) + 1;
$script = "SELECT memory() AS begin \\gset\n";
my $again = '';
my @states;
for my $case (@failing)
{
	my ($call, $step, $state) = @$case;
	my $quoted = $call =~ s/'/''/gr;
	my $line = "SELECT fail('$quoted', '$step', $times);\n";
	$script .= $line;
	push @states, [ "$call, $step", $state ];
	# and not in a block, where the transaction fails
	$again .= "SET test.fail = '$step';\n" . "SELECT * FROM $call;\n" x 5;
}
# the first round makes all plans; the second must need no more than it
my $round = $script =~ s/^SELECT memory.*\n//r;
($out, $err) = run_script("BEGIN;\nSELECT status FROM swan_book(3, 4);\nROLLBACK;\n" . $round =~ s/, $times\)/, 2)/gr . $again . "SELECT held();\n\\echo next\nSELECT memory() AS begin \\gset\n"
	. $round . $again . "RESET test.fail;\nSELECT held();\nSELECT memory() - :begin;\nBEGIN;\nSELECT status FROM swan_book(3, 3);\nROLLBACK;\n");
my ($first, $second) = split /^next\n/m, $out;
my @lines = split /\n/, $second;
my @answers = splice(@lines, 0, scalar(@states));
my @wrong = map { $answers[$_] eq $states[$_][1] ? () : "$states[$_][0]: $answers[$_], not $states[$_][1]" } 0 .. $#states;
is(join("\n", @wrong), '', sprintf('%d calls failed as they should', @failing * ($times + 10)));
is($lines[0], '0 locks, 0 pins', 'and left nothing behind');
cmp_ok($lines[1], '<', 65_536, 'no memory either');
is($lines[2], 'scheduled', 'the next call works');
is($node->safe_psql('postgres', 'SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');
$node->safe_psql('postgres', 'DROP FUNCTION studio.fail() CASCADE');

# -- memory

# as many transactions as calls, and many calls in one query
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE work(first int, last int) LANGUAGE plpgsql AS $$
DECLARE
	client int;
BEGIN
	FOR i IN first..last LOOP
		client := 3 + i % 30;
		PERFORM available FROM swan_summary(client);
		PERFORM ok FROM swan_can_book(client, 1 + i);
		COMMIT;
		PERFORM swan_book(client, 100 + i);
		COMMIT;
		PERFORM swan_cancel(100 + i, reopen => false);
		COMMIT;
		PERFORM swan_grant(client, 1);
		PERFORM swan_revoke(client, 1);
		COMMIT;
	END LOOP;
END $$;
SQL
my $iterations = int($CALLS / 6);
($out, $err) = run_script(<<"SQL");
CALL work(1, 300);
SELECT memory() AS begin \\gset
CALL work(301, $iterations);
SELECT memory() - :begin;
SELECT held();
SELECT available_sessions FROM studio.users WHERE id = 3;
SQL
@lines = split /\n/, $out;
cmp_ok($lines[0], '<', 65_536, "memory is flat after $CALLS calls: $lines[0] bytes") or diag($err);
is($lines[1], '0 locks, 0 pins', 'nothing is held');
is($err, '', 'and nothing was wrong');
($out, $err) = run_script(<<"SQL");
SELECT i, CASE WHEN i IN (1000, $CALLS) THEN memory() END, (swan_summary(3 + i % 30)).available, (swan_can_book(3 + i % 30, 50 + i)).ok FROM generate_series(1, $CALLS) i \\g $dir/answers
SQL
my @memory = map { (split /\|/)[1] || () } split /\n/, slurp_file("$dir/answers");
is(scalar(@memory), 2, 'one query was answered') or diag($err);
cmp_ok($memory[1] - $memory[0], '<', 65_536, 'nor do the calls of one query need more and more: ' . ($memory[1] - $memory[0]) . ' bytes');
is($node->safe_psql('postgres', 'SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');

# a pooler that discards all plans before the next client has the connection
my @client = map { "DISCARD ALL;\nSELECT swan_summary(3), swan_can_book(3, 4), swan_client(3) \\g /dev/null\nSELECT swan_grant(3, 1), swan_revoke(3, 1) \\g /dev/null\n" } 1 .. 50;
($out, $err) = run_script(join('', @client, "SELECT memory() AS begin \\gset\n", @client, @client, "SELECT memory() - :begin;\n"));
cmp_ok($out, '<', 65_536, 'nor does a connection that forgets its plans');

my @noise = complaints($node);
is(join("\n", @noise[ 0 .. ($#noise > 9 ? 9 : $#noise) ]), '', 'no server process complained');

$node->stop;
done_testing();
