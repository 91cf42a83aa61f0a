
# A studio behind PgBouncer in transaction mode, as Debian has it: what works through it, and that nothing of one client is left for
# the next; and a studio that is moved to another server and back, by PAUSE, dump, restore, RELOAD and RESUME, while six clients
# go on calling.  They notice that it takes a moment, and nothing else.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Fleet qw(pgbouncer pgbouncer_version start_pooler start_cluster $logins studio_sql start_writers go_on goes_on stop_writers told acknowledged same_once answered_again);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'there is no PgBouncer' unless pgbouncer();

my ($CLIENTS, $SLOTS, $WRITERS) = (60, 60_000, 6);
my %node = map { $_ => start_cluster($_) } qw(one two);
$_->safe_psql('postgres', $logins) for values %node;
my $dir = PostgreSQL::Test::Utils::tempdir();
$node{one}->safe_psql('postgres', 'CREATE DATABASE velvet');
$node{one}->safe_psql('velvet', studio_sql($CLIENTS, $SLOTS));

sub place { return "host=@{[ $_[0]->host ]} port=@{[ $_[0]->port ]}" }
$node{one}->safe_psql('velvet', <<'SQL');
CREATE FUNCTION studio.not_then() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
CREATE TRIGGER not_then BEFORE INSERT ON studio.sessions FOR EACH ROW WHEN (new.session_date = '2150-01-01') EXECUTE FUNCTION studio.not_then();
SQL
my %directory = (velvet => place($node{one}), alone => place($node{one}) . ' dbname=velvet pool_size=1');
my $pooler = start_pooler(\%directory, 'default_pool_size = 4', pgbouncer_version() >= 1021 ? 'max_prepared_statements = 100' : ());

# What a client may send: each transaction goes to another connection of the server, so what was prepared in one is not known in the
# next, unless the pooler keeps count of it, which 1.21 does first.
append_to_file("$dir/read.sql", "\\set client random(11, 70)\nSELECT * FROM swan_summary(:client, actor => :client);\n");

sub pgbench
{
	my ($mode) = @_;
	my ($ok, $out) = (0, '');
	$ok = IPC::Run::run([ 'pgbench', '-n', '-M', $mode, '-c', 8, '-t', 25, '-f', "$dir/read.sql", '-h', $pooler->{dir}, '-p', $pooler->{port}, '-U', 'web', 'velvet' ],
		'<', '/dev/null', '>', \$out, '2>&1');
	return ($ok ? 'ok' : 'failed', $out);
}
for my $mode ('simple', 'extended')
{
	my ($ok, $out) = pgbench($mode);
	is($ok, 'ok', "the $mode protocol works") or diag($out);
}
my ($prepared, $said) = pgbench('prepared');
if (pgbouncer_version() < 1021)
{
	# eight clients on four connections: two at least meet on one, and pgbench calls all their statements the same
	like($said, qr/prepared statement "\w+" (?:does not exist|already exists)/, 'named prepared statements are lost before PgBouncer 1.21');
}
else
{
	is($prepared, 'ok', 'named prepared statements work') or diag($said);
}
$pooler->console('RECONNECT');    # nobody inherits what they have left behind

# Two clients who have one connection of the server in turn.  One does what he likes; then the other finds the session as a new one is,
# and that it acts for nobody.
sub as_another
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	$sql = "\\set VERBOSITY sqlstate\n$sql";
	IPC::Run::run([ 'psql', '-XAtq', '-d', $pooler->connstr('alone', 'web') ], '<', \$sql, '>', \$out, '2>', \$err);
	$err =~ s/^psql:.*?(?=ERROR)//mg;
	chomp($out, $err);
	return join "\n", grep { $_ ne '' } $out, $err;
}
my $session = <<'SQL';
SELECT pg_backend_pid(), current_user, session_user, current_setting('role'), current_setting('search_path'), current_setting('transaction_isolation'),
	(SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE source = 'session' OR name LIKE 'swanalloc.%' AND setting <> boot_val),
	(SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors), (SELECT count(*) FROM pg_listening_channels()),
	(SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('advisory', 'transactionid')),
	(SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema());
SQL
my $new = as_another($session);
my $id = 59_001;
for my $left (
	[ 'a booking', "SELECT status FROM swan_book(11, $id, actor => 11)", 'scheduled' ],
	[ 'a hold', 'SELECT user_id FROM swan_hold(12, ' . ($id + 1) . ', actor => 12)', '12' ],
	[ 'acting as somebody', 'BEGIN; SELECT swan_act_as(11); SELECT user_id FROM swan_summary(11); COMMIT', "11\n11" ],
	[ 'acting as him only', 'BEGIN; SELECT swan_act_as(11, "only" => true); SELECT user_id FROM swan_summary(11); COMMIT', "11\n11" ],
	[ 'a rollback', 'BEGIN; SELECT swan_act_as(11); ROLLBACK', '11' ],
	[ 'a savepoint', 'BEGIN; SAVEPOINT s; SELECT swan_act_as(11); RELEASE s; COMMIT', '11' ],
	[ 'a refusal', 'BEGIN; SELECT swan_act_as(11); SELECT swan_grant(11, 1); COMMIT', "11\nERROR:  SW006" ],
	[ 'a trigger of the application\'s that fails', "BEGIN; SELECT swan_act_as(1); SELECT swan_open(2, '2150-01-01'); COMMIT", "1\nERROR:  P0001" ],
	[ 'a message of two statements', 'SELECT swan_act_as(11) \\; SELECT user_id FROM swan_summary(11);', "11\n11" ],
	[ 'SET LOCAL', "BEGIN; SET LOCAL swanalloc.studio = 'studio'; SET LOCAL search_path = studio; SELECT public.swan_act_as(11); COMMIT", '11' ],
	[ 'a timeout', 'BEGIN; SELECT swan_act_as(11); SET LOCAL statement_timeout = 1; SELECT pg_sleep(9); COMMIT', "11\nERROR:  57014" ])
{
	my ($what, $sql, $answer) = @$left;
	is(as_another($sql), $answer, "one does $what");
	is(as_another($session), $new, 'the next has a session like new');
	is(as_another('SELECT FROM swan_summary(11)'), 'ERROR:  SW006', 'in which he must say who he is');
}
as_another('BEGIN; SELECT swan_act_as(11);');    # and is gone, within the transaction
is(as_another('SELECT FROM swan_summary(11)'), 'ERROR:  SW006', 'nor has he the place of one who went away');
is(as_another('SELECT user_id, session_id FROM swan_holds(12, actor => 12)'), '12|' . ($id + 1), 'a hold is not of a connection');
is(as_another('SELECT status FROM swan_book(12, ' . ($id + 1) . ', actor => 12)'), 'scheduled', 'it is booked by another');

# The feed, a page from each transaction, by whatever connection it gets
my ($cursor, @seen) = ('NULL');
for (1 .. 200)
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', '-d', $pooler->connstr('velvet', 'watch') ], '<', \"SELECT cursor, id FROM swan_changes($cursor, 10)", '>', \$out, '2>', \$err);
	my @rows = map { [ split /\|/ ] } split /\n/, $out or last;
	push @seen, map { $_->[1] } @rows;
	$cursor = "'$rows[-1][0]'";
}
is(join(',', sort { $a <=> $b } @seen), $node{one}->safe_psql('velvet', q(SELECT string_agg(id::text, ',' ORDER BY id) FROM studio.swan_ledger)), 'the feed gives each row once');

# Six clients: bookings, of which each fourth call gives one up again, grants, and purchases as a webhook reports them.  One
# slot in so many all of them go for.
sub call
{
	my ($writer, $n) = @_;
	my $key = "$writer-$n";
	my $booked = $n % 4 == 3 ? $n - 1 : $n;
	my ($client, $slot) = (11 + ($booked * $WRITERS + $writer) % $CLIENTS, $booked * $WRITERS + $writer);
	return if $slot > $SLOTS - 3000;
	$slot = $SLOTS - $n if $n % 16 == 5;
	return ('purchase', $client, $key, "SELECT ledger_id FROM swan_purchase($client, 2, '$key', actor => 1)") if $n % 8 == 0;
	return ('grant', $client, $key, "SELECT ledger_id FROM swan_grant($client, 2, key => '$key', actor => 1)") if $n % 4 == 0;
	return ('cancellation', $client, $key, "SELECT ledger_id FROM swan_cancel($slot, key => '$key', actor => $client)") if $booked < $n;
	return ('booking', $client, $key, "SELECT ledger_id FROM swan_book($client, $slot, key => '$key', actor => $client)");
}

# While the pooler lets nobody through: the database as it is, closed, in the other place, where it is opened. Returns the
# seconds that it took.
sub move
{
	my ($from, $to) = @_;
	my $begun = time;
	$pooler->console('PAUSE velvet');
	$from->safe_psql('velvet', "SELECT swan_close_studio('it has moved')");
	$from->command_ok([ 'sh', '-c', "pg_dump -Fc --create -d '@{[ $from->connstr('velvet') ]}' | pg_restore --create -e -d '@{[ $to->connstr('postgres') ]}'" ], 'dumped and restored');
	is($to->safe_psql('velvet', 'SELECT swan_rebase_feed() IS NOT NULL; SELECT * FROM swan_verify(); SELECT swan_open_studio()'), "t\nstudio studio is open", 'all is well there');
	$pooler->route({ %directory, velvet => place($to) });
	$pooler->console($_) for 'RELOAD', 'RESUME velvet';
	return time - $begun;
}

delete $directory{alone};
$pooler->route(\%directory);
$pooler->console('RELOAD');
my $writers = start_writers($WRITERS, $pooler->connstr('velvet', 'web'), \&call);
ok(goes_on($writers, 0, 0), 'calls are acknowledged');
go_on(2, $writers);
my %took;
for my $way ([ 'one', 'two' ], [ 'two', 'one' ])
{
	my ($from, $to) = map { $node{$_} } @$way;
	$to->safe_psql('postgres', 'DROP DATABASE IF EXISTS velvet WITH (FORCE)');
	my $before = go_on(0, $writers);
	$took{$way->[1]} = move($from, $to);
	go_on(2, $writers);
	ok(goes_on($writers, $before, $WRITERS), "calls are acknowledged on server $way->[1]");
	ok($from->poll_query_until('velvet', q(SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'web')), 'and nobody is left on the other');
	is($from->safe_psql('velvet', 'SELECT * FROM swan_verify()'), '', 'where all is well, too');
	answered_again($pooler->connstr('velvet', 'web'), $writers, \&call, 'what was sent before is answered as before');
	my (undef, undef, $err) = $from->psql('velvet', "\\set VERBOSITY sqlstate\nSELECT swan_grant(11, 1)");
	like($err, qr/SW018/, 'the other one refuses');
}
stop_writers($writers);

my @acknowledged = acknowledged($writers);
my %told = told($writers);
is(join(' ', keys %told), 'SW002', 'nobody was told of it, but that others were before him');
same_once($node{one}, 'velvet', $writers, scalar(@acknowledged) . ' calls are in the ledger, each once');
is($node{one}->safe_psql('velvet', 'SELECT * FROM swan_verify()'), '', 'and all is well');
is($node{one}->safe_psql('velvet', q(SELECT count(*) FROM studio.swan_ledger WHERE kind = 'booking' AND id NOT IN (SELECT max(id) FROM studio.swan_ledger WHERE kind = 'booking' GROUP BY session_id))),
	'0', 'no slot was given twice');
my ($longest) = sort { $b <=> $a } map { $_->[4] } @acknowledged;
note(sprintf '%d calls; the moves took %.2f and %.2f s, the longest call %.2f s', scalar @acknowledged, @took{qw(two one)}, $longest);

$pooler->stop;
$_->stop for values %node;
done_testing();
