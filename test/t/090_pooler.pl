
# A studio behind PgBouncer in transaction mode, as Debian has it: what works through it, and a studio that is moved to another server
# and back, by PAUSE, dump, restore, RELOAD and RESUME, while six clients go on calling.  They notice that it takes a
# moment, and nothing else.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Fleet qw(pgbouncer pgbouncer_version start_pooler start_cluster $logins studio_sql start_writers go_on goes_on stop_writers told acknowledged same_once);
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
my $pooler = start_pooler({ velvet => place($node{one}) }, 'default_pool_size = 4', pgbouncer_version() >= 1021 ? 'max_prepared_statements = 100' : ());

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

# Six clients: bookings, of which each fourth call gives one up again, and grants. No two go for one slot.
sub call
{
	my ($writer, $n) = @_;
	my $key = "$writer-$n";
	my $booked = $n % 4 == 3 ? $n - 1 : $n;
	my ($client, $slot) = (11 + ($booked * $WRITERS + $writer) % $CLIENTS, $booked * $WRITERS + $writer);
	return if $slot > $SLOTS;
	return ('grant', $client, $key, "SELECT ledger_id FROM swan_grant($client, 2, key => '$key', actor => 1)") if $n % 4 == 0;
	return ('cancellation', $client, $key, "SELECT ledger_id FROM swan_cancel($slot, key => '$key', actor => $client)") if $booked < $n;
	return ('booking', $client, $key, "SELECT ledger_id FROM swan_book($client, $slot, key => '$key', actor => $client)");
}

# While the pooler lets nobody through: the database as it is, in the other place. Returns the seconds that it took.
sub move
{
	my ($from, $to) = @_;
	my $begun = time;
	$pooler->console('PAUSE velvet');
	$to->safe_psql('postgres', 'CREATE DATABASE velvet');
	$from->command_ok([ 'sh', '-c', "pg_dump -Fc -d '@{[ $from->connstr('velvet') ]}' | pg_restore -e -d '@{[ $to->connstr('velvet') ]}'" ], 'dumped and restored');
	$to->safe_psql('velvet', 'SELECT swan_rebase_feed()');
	$pooler->route({ velvet => place($to) });
	$pooler->console($_) for 'RELOAD', 'RESUME velvet';
	return time - $begun;
}

my $writers = start_writers($WRITERS, $pooler->connstr('velvet', 'web'), \&call);
ok(goes_on($writers, 0, 0), 'calls are acknowledged');
go_on(2, $writers);
my %took;
for my $way ([ 'one', 'two' ], [ 'two', 'one' ])
{
	my ($from, $to) = map { $node{$_} } @$way;
	$to->safe_psql('postgres', 'DROP DATABASE IF EXISTS velvet');
	my $before = go_on(0, $writers);
	$took{$way->[1]} = move($from, $to);
	go_on(2, $writers);
	ok(goes_on($writers, $before, $WRITERS), "calls are acknowledged on server $way->[1]");
	ok($from->poll_query_until('velvet', q(SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'web')), 'and nobody is left on the other');
	is($from->safe_psql('velvet', 'SELECT * FROM swan_verify()'), '', 'where all is well, too');
}
stop_writers($writers);

my @acknowledged = acknowledged($writers);
my %told = told($writers);
is(join(' ', %told), '', 'nobody was told of it');
same_once($node{one}, 'velvet', $writers, scalar(@acknowledged) . ' calls are in the ledger, each once');
is($node{one}->safe_psql('velvet', 'SELECT * FROM swan_verify()'), '', 'and all is well');
is($node{one}->safe_psql('velvet', q(SELECT count(*) FROM studio.swan_ledger WHERE kind = 'booking' AND id NOT IN (SELECT max(id) FROM studio.swan_ledger WHERE kind = 'booking' GROUP BY session_id))),
	'0', 'no slot was given twice');
my ($longest) = sort { $b <=> $a } map { $_->[4] } @acknowledged;
note(sprintf '%d calls; the moves took %.2f and %.2f s, the longest call %.2f s', scalar @acknowledged, @took{qw(two one)}, $longest);

$pooler->stop;
$_->stop for values %node;
done_testing();
