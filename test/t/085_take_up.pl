# A studio goes to another cluster with its schema alone: by pg_dump -n, there and back, and by logical
# replication under load.  What swan_export_studio() says goes along, and swan_adopt_studio() takes it up
# there as it was; the place it came from refuses for ever.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(psql_answer);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();

sub start_cluster
{
	my $node = PostgreSQL::Test::Cluster->new(shift);
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', "log_statement = none\ntimezone = 'UTC'");
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE shop LOGIN; CREATE ROLE web LOGIN; CREATE ROLE ann LOGIN; CREATE ROLE watch LOGIN; CREATE DATABASE gym OWNER shop');
	$node->safe_psql('gym', 'CREATE EXTENSION swanalloc');
	# whoever runs this may be called otherwise
	$node->safe_psql('gym', 'CREATE ROLE postgres SUPERUSER LOGIN') if $node->safe_psql('gym', q(SELECT to_regrole('postgres') IS NULL)) eq 't';
	return $node;
}

# Runs statements as a role; returns what they print.
sub as { my ($node, $role, $sql, $verbosity) = @_; return psql_answer($node, "SET client_min_messages = error;\n$sql", db => 'gym', role => $role, verbosity => $verbosity) }

# All that a studio is: its rows, its guards, what the registry has, and who may do what.
my $state = <<'SQL';
SELECT md5(string_agg(u::text, ' ' ORDER BY id)) FROM studio.users u;
SELECT md5(string_agg(s::text, ' ' ORDER BY id)) FROM studio.sessions s;
SELECT md5(string_agg(g::text, ' ' ORDER BY id)) FROM studio.swan_ledger g;
SELECT md5(string_agg(l::text, ' ' ORDER BY id)) FROM studio.swan_lots l;
SELECT md5(string_agg(h::text, ' ' ORDER BY session_id)) FROM studio.swan_holds h;
SELECT md5(string_agg(w::text, ' ' ORDER BY id)) FROM studio.swan_waits w;
SELECT setting, value FROM swan_settings() ORDER BY 1;
SELECT jsonb_pretty(swan_export_studio() - '{feed}'::text[]);
SELECT tgrelid::regclass::text, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE tgname LIKE 'swan%' ORDER BY 1, 2;
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'studio'::regnamespace AND contype = 'c' ORDER BY 1;
SELECT swan_health() - '{feed_lag_seconds}'::text[];
SELECT * FROM swan_verify();
SELECT * FROM swan_verify(as_if => 'refuse');
SQL

sub psql_ok
{
	my ($node, $file, $what) = @_;
	return $node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $file, 'gym' ], $what);
}

my $here = start_cluster('here');
my $there = start_cluster('there');
is(as($here, 'shop', <<'SQL'), "studio\n1\nrefuse", 'a studio');
SELECT swan_create_studio();
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client'), ('Bob', 'client'), ('Cid', 'client'), ('Ada', 'admin');
CREATE FUNCTION studio.not_bob(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS $$SELECT 'Not you.' WHERE client = 3$$;
DO $$ BEGIN
	PERFORM swan_grant_many('{2,3,4}', 50);
	PERFORM swan_open(1, '2099-01-05 10:00+00', 60, 30, '61 minutes');
	PERFORM swan_book(2, 1), swan_book(2, 2), swan_cancel(2), swan_hold(4, 3), swan_wait(4, 1);
	PERFORM swan_configure('grant_max', '60'), swan_configure('cancel_window', '36 hours'), swan_configure('booking_rule', 'not_bob'), swan_configure('time_zone', 'Europe/Rome'),
		swan_configure('live_max', '9');
END $$;
SELECT available_sessions - 49 + 1 FROM studio.users WHERE id = 2;
SELECT value FROM swan_settings() WHERE setting = 'guard_sessions';
SQL
$here->safe_psql('gym', "SELECT swan_allow('web', 'backend'), swan_allow('ann', 'person', 2), swan_allow('watch', 'reader')");
is(as($here, 'watch', 'SELECT count(*) > 5 FROM swan_changes()'), 't', 'the feed is read');
my $last = as($here, 'watch', 'SELECT max(id) FROM swan_changes()');

# 1. with a dump of the schema, there and back
my ($from, $to) = ($here, $there);
for my $way ('there', 'back')
{
	my $slot = $way eq 'there' ? 4 : 5;
	is(as($from, 'shop', "SELECT swan_close_studio('moved to another server')"), 'studio studio is closed: moved to another server', "$way: closed");
	my $was = as($from, 'postgres', $state);
	my $exported = as($from, 'shop', 'SELECT swan_export_studio()');
	unlink "$dir/studio.sql";
	$from->command_ok([ 'pg_dump', '-n', 'studio', '-f', "$dir/studio.sql", 'gym' ], 'dumped');
	if ($way eq 'back')
	{
		is(as($to, 'postgres', 'DROP SCHEMA studio CASCADE'), '', 'the old tables go');
		is(as($to, 'web', 'SELECT swan_book(2, 4, actor => 2)'), 'ERROR:  SW018', 'which changes nothing there');
		is(as($to, 'postgres', "SELECT swan_detach('studio')"), 'studio', 'until it is forgotten');
	}
	psql_ok($to, "$dir/studio.sql", 'restored');
	is(as($to, 'shop', "UPDATE studio.users SET first_name = 'Eve'"), 'ERROR:  SW012', 'nobody writes before it is taken up');
	is(as($to, 'postgres', "SELECT state FROM swan_adopt_studio('$exported') WHERE item = 'studio'"), 'adopted', 'taken up');
	is(as($to, 'postgres', $state), $was, 'it is as it was, in everything');
	is(as($to, 'web', 'SELECT swan_book(2, 4, actor => 2)'), 'ERROR:  SW018', 'and closed as it was');
	is(as($to, 'watch', 'SELECT id FROM swan_changes()'), 'ERROR:  SW016', 'the feed is of another place');
	is(as($to, 'shop', 'SELECT swan_rebase_feed(); SELECT swan_open_studio()'), "$last\nstudio studio is open", 'it is rebased, and the studio opened');
	is(as($to, 'web', 'SELECT available FROM swan_summary(2, actor => 2); SELECT available FROM swan_summary(2)'), "49\nERROR:  SW006", 'the backend is a backend');
	is(as($to, 'ann', "SELECT status FROM swan_book(2, $slot); SELECT returned FROM swan_cancel($slot)"), "scheduled\nt", 'Ann is Ann');
	is(as($to, 'web', 'SELECT swan_book(3, 6, actor => 3)'), 'ERROR:  SW017', 'the own rule is asked');
	is(as($to, 'shop', 'UPDATE studio.users SET available_sessions = 99'), 'ERROR:  SW011', 'the guards guard');
	is(as($to, 'watch', "SELECT count(*) FROM swan_changes('$last')"), '2', 'who has read so far reads on') or diag as($to, 'postgres', "SELECT id, kind, xid FROM studio.swan_ledger ORDER BY id");
	$last = as($to, 'watch', 'SELECT max(id) FROM swan_changes()');
	is(as($from, 'web', 'SELECT swan_book(2, 4, actor => 2)'), 'ERROR:  SW018', 'the old place refuses');
	like(as($from, 'shop', "UPDATE studio.users SET first_name = 'Eve'", 'default'), qr/"STUDIO_CLOSED", "http": 503.*moved to another server/s, 'and says where it went');
	like(as($from, 'shop', 'ALTER SCHEMA studio RENAME TO x; UPDATE x.users SET first_name = $$Eve$$; ALTER SCHEMA x RENAME TO studio'), qr/SW018/, 'by another name, too');
	($from, $to) = ($to, $from);
}

# 2. by logical replication, while three clients write
$here->safe_psql('gym', 'SET client_min_messages = error; CREATE PUBLICATION move FOR TABLES IN SCHEMA studio');
is(as($there, 'postgres', "DROP SCHEMA studio CASCADE; SELECT swan_detach('studio')"), 'studio', 'there it is forgotten');
unlink "$dir/studio.sql";
$here->command_ok([ 'pg_dump', '-s', '-n', 'studio', '-f', "$dir/studio.sql", 'gym' ], 'the definitions are dumped');
psql_ok($there, "$dir/studio.sql", 'and restored');
$there->safe_psql('gym', "CREATE SUBSCRIPTION move CONNECTION '" . $here->connstr . " dbname=gym' PUBLICATION move");
my $loop = "$dir/loop.sql";
append_to_file($loop, "\\set VERBOSITY sqlstate\n" . "SELECT ledger_id FROM swan_grant(:client, 1, actor => 5);\n" x 20_000);
my @clients = map {
	my ($out, $err) = ('', '');
	{ out => \$out, err => \$err, run => IPC::Run::start([ 'psql', '-XAtq', '-U', 'web', '-v', 'ON_ERROR_STOP=1', '-v', "client=$_", '-f', $loop, $here->connstr('gym') ], '>', \$out, '2>', \$err) };
} 2 .. 4;
$there->wait_for_subscription_sync($here, 'move', 'gym') if $there->can('wait_for_subscription_sync');
$there->poll_query_until('gym', "SELECT count(*) = 6 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel") or die 'no copy';
is(as($here, 'shop', "SELECT swan_close_studio('moved to another server')"), 'studio studio is closed: moved to another server', 'closed under load');
$_->{run}->finish for @clients;
is((grep { ${ $_->{err} } =~ /ERROR:  SW018$/ } @clients) + 0, 3, 'all were told to retry') or diag map { ${ $_->{err} } } @clients;
my $acknowledged = join ' ', sort { $a <=> $b } map { split /\n/, ${ $_->{out} } } @clients;
$here->wait_for_catchup('move');
my $was = as($here, 'postgres', $state);
my $exported = as($here, 'shop', 'SELECT swan_export_studio()');
like(as($there, 'postgres', "SELECT swan_adopt_studio('$exported')", 'default'),
	qr/ERROR:  cannot adopt: subscription: "move" writes into the tables\n.*^HINT:  Remedy: DROP SUBSCRIPTION move\.$/ms, 'nothing else may write there');
$there->safe_psql('gym', 'DROP SUBSCRIPTION move');
like(as($there, 'postgres', "SELECT swan_adopt_studio('$exported')", 'default'),
	qr/swan_ledger: its sequence is behind.*^HINT:  Remedy: SELECT pg_catalog\.setval\('studio\.swan_ledger_id_seq', \d+\)\.$/ms, 'sequences are not replicated');
is(as($there, 'postgres', <<'SQL'), '', 'they are set');
SELECT setval('studio.swan_ledger_id_seq', (SELECT max(id) FROM studio.swan_ledger)), setval('studio.sessions_id_seq', (SELECT max(id) FROM studio.sessions)), setval('studio.users_id_seq', (SELECT max(id) FROM studio.users)) \g /dev/null
SQL
is(as($there, 'postgres', "SELECT state FROM swan_adopt_studio('$exported') WHERE item = 'studio'"), 'adopted', 'taken up');
is(as($there, 'postgres', $state), $was, 'it is as it was, in everything');
is(as($there, 'postgres', "SELECT count(*) FROM unnest(string_to_array('$acknowledged', ' ')::bigint[]) a LEFT JOIN studio.swan_ledger g ON g.id = a WHERE g.id IS NULL"), '0', 'every call that was acknowledged is there');
is(as($there, 'postgres', "SELECT count(*) FROM studio.swan_ledger g WHERE id > $last AND id <> ALL (string_to_array('$acknowledged', ' ')::bigint[])"), '0', 'and no other');
like(as($there, 'shop', 'SELECT swan_rebase_feed(); SELECT swan_open_studio()'), qr/^\d+\nstudio studio is open$/, 'opened');
is(as($there, 'ann', 'SELECT status FROM swan_book(2, 6)'), 'scheduled', 'and it goes on');
is(as($there, 'watch', "SELECT count(*) > 1, min(id) > $last FROM swan_changes('$last')"), 't|t', 'so does the feed');
is(as($there, 'shop', 'SELECT * FROM swan_verify()'), '', 'nothing is wrong');
is(as($here, 'web', 'SELECT swan_book(2, 6, actor => 2)'), 'ERROR:  SW018', 'the old place refuses');
is(as($here, 'shop', 'SELECT * FROM swan_verify()'), '', 'and nothing is wrong there either');

$_->stop for $here, $there;
done_testing();
