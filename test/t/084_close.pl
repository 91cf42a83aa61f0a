# A studio that is closed stays so: after a crash, on a standby, in a dump of the database that
# is restored; and while clients book, what is there when swan_close_studio()
# returns is all there ever will be.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(psql_answer);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "log_statement = none\ntimezone = 'UTC'\nmax_prepared_transactions = 2");
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

# Runs statements as a role; returns what they print.
sub as { my ($server, $db, $role, $sql) = @_; return psql_answer($server, "SET client_min_messages = error;\n$sql", db => $db, role => $role) }

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE shop LOGIN;
CREATE ROLE web LOGIN;
CREATE DATABASE live OWNER shop;
SQL
$node->safe_psql('live', 'CREATE EXTENSION swanalloc');
is(as($node, 'live', 'shop', <<'SQL'), "studio\n400", 'a studio');
SELECT swan_create_studio();
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client'), ('Bob', 'client'), ('Cid', 'client'), ('Dan', 'client');
DO $$ BEGIN PERFORM swan_grant_many('{2,3,4,5}', 100); PERFORM swan_open(1, '2099-01-05 10:00+00', 60, 400, '61 minutes'); END $$;
SELECT count(*) FROM studio.sessions;
SQL
$node->safe_psql('live', "SELECT swan_allow('web', 'backend', studio => 'studio')");
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

# four clients are at work, each in its own session that knows the studio, until they are refused
my $file = "$dir/work.sql";
append_to_file($file, <<'SQL');
\set VERBOSITY sqlstate
SELECT session_id FROM swan_cancel(:client, reopen => false);
SELECT session_id FROM swan_correct(:client, 'scheduled', 'again');
SELECT ledger_id FROM swan_grant(:client, 1);
SQL
my $loop = "$dir/loop.sql";
append_to_file($loop, join('', "SELECT session_id FROM swan_book(:client, :client);\n", map { "\\i $file\n" } 1 .. 2000));
my @clients = map {
	my $client = $_;
	my ($out, $err) = ('', '');
	{ out => \$out, err => \$err,
		run => IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', "client=$client", '-f', $loop, $node->connstr('live') ], '>', \$out, '2>', \$err) };
} 2 .. 5;
$node->poll_query_until('live', 'SELECT count(DISTINCT user_id) = 4 AND count(*) > 40 FROM studio.swan_ledger WHERE user_id > 1') or die 'not all are at work';
is(as($node, 'live', 'shop', "SELECT swan_close_studio('moving')"), 'studio studio is closed: moving', 'it is closed while four are at work');
my $state = 'SELECT (SELECT md5(string_agg(g::text, $$ $$ ORDER BY id)) FROM studio.swan_ledger g), (SELECT md5(string_agg(s::text, $$ $$ ORDER BY id)) FROM studio.sessions s)';
my $count = $node->safe_psql('live', 'SELECT count(*) FROM studio.swan_ledger WHERE user_id > 1');
my $rows = $node->safe_psql('live', $state);
$_->{run}->finish for @clients;
my $acknowledged = 0;
$acknowledged += () = ${ $_->{out} } =~ /^\d+$/mg for @clients;
is($acknowledged + 4, $count, 'each call that was acknowledged is in the ledger, and no other');
is((grep { ${ $_->{err} } =~ /ERROR:  SW018$/ } @clients) + 0, 4, 'each of them was told that it is closed') or diag map { ${ $_->{err} } } @clients;
is($node->safe_psql('live', $state), $rows, 'nothing came later');

# what everybody is told, wherever
sub closed
{
	my ($server, $db, $where) = @_;
	is(as($server, $db, 'web', 'SELECT swan_book(2, 400, actor => 2)'), 'ERROR:  SW018', "$where: no call");
	is(as($server, $db, 'shop', "UPDATE studio.users SET first_name = 'Eve' WHERE id = 2"), 'ERROR:  SW018', 'no direct write');
	is(as($server, $db, 'web', 'SELECT available > 90 FROM swan_summary(2, actor => 2)'), 't', 'but readers read');
	is(as($server, $db, 'shop', 'SELECT closed_reason, closed_at < now() FROM swan_studios()'), 'moving|t', 'swan_studios() says why');
	like(as($server, $db, 'shop', 'SELECT swan_health()->$$warnings$$'), qr/it is closed since \S+: moving/, 'and so does swan_health()');
	return;
}
closed($node, 'live', 'at once');
$node->wait_for_catchup($standby);
is(as($standby, 'live', 'web', 'SELECT available > 90 FROM swan_summary(2, actor => 2)'), 't', 'a standby: readers read');
is(as($standby, 'live', 'shop', 'SELECT closed_reason FROM swan_studios()'), 'moving', 'and see that it is closed');
$node->stop('immediate');
$standby->promote;
closed($standby, 'live', 'a standby that was promoted');
$standby->stop;
$node->start;
closed($node, 'live', 'after a crash');

# the database dumped and restored
$node->command_ok([ 'pg_dump', '-f', "$dir/live.sql", 'live' ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy OWNER shop');
$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/live.sql", 'copy' ], 'restored');
closed($node, 'copy', 'restored');
is(as($node, 'copy', 'shop', 'SELECT swan_open_studio(); SELECT added FROM swan_grant(2, 1)'), "studio studio is open\n1", 'there it is opened');
closed($node, 'live', 'and here it stays closed');

# prepared transactions are waited for; who does not want to wait says so
is(as($node, 'live', 'shop', 'SELECT swan_open_studio()'), 'studio studio is open', 'open again');
is(as($node, 'live', 'shop', "BEGIN; SELECT added FROM swan_grant(2, 1); PREPARE TRANSACTION 'x'"), '1', 'a transaction is prepared');
is(as($node, 'live', 'shop', "SET lock_timeout = '100ms'; SELECT swan_close_studio('moving')"), 'ERROR:  55P03', 'it is not closed');
is(as($node, 'live', 'shop', 'SELECT closed_reason IS NULL FROM swan_studios(); SELECT added FROM swan_grant(3, 1)'), "t\n1", 'and all goes on');
is(as($node, 'live', 'shop', "COMMIT PREPARED 'x'; SELECT swan_close_studio('moving')"), 'studio studio is closed: moving', 'until that one has ended');
is(as($node, 'live', 'shop', 'SELECT * FROM swan_verify()'), '', 'nothing is wrong');

$node->stop;
done_testing();
