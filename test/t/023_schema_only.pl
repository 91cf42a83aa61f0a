# A studio of which only the schema was dumped: its row of the registry is not
# there.  Writes are refused, and what the refusal says to do works: in another
# database, in the same one beside the studio itself, and in its place.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none\ntimezone = 'UTC'");
$node->start;
my $dump = PostgreSQL::Test::Utils::tempdir() . '/studio.sql';

# Runs statements as the studio's owner; returns what they print.
sub shop
{
	my ($db, $sql, $verbosity) = @_;
	my ($status, $out, $err) = $node->psql($db, '\set VERBOSITY ' . ($verbosity // 'sqlstate') . "\nSET client_min_messages = error;\n$sql",
		extra_params => [ '-U', 'shop' ], on_error_stop => 0);
	$err =~ s/^psql:<stdin>:\d+: //mg;
	return join("\n", grep { $_ ne '' } $out, $err);
}

sub restore
{
	my ($db) = @_;
	$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $db ], "the schema is restored in $db");
}

# What the owner of such a studio meets, and how he gets it back.
sub take_up
{
	my ($db, $name) = @_;
	my $refusal = shop($db, 'UPDATE studio.users SET first_name = first_name', 'default');
	like($refusal, qr/^ERROR:  table "users" does not hold the users of a studio$/m, "$db: writes are refused");
	like($refusal, qr/"STUDIO_NOT_FOUND"/, 'with our error');
	like($refusal, qr/^HINT:  .*swan_attach\(\)/m, 'which names swan_attach');
	like(shop($db, 'TRUNCATE studio.sessions', 'default'), qr/^HINT:  .*swan_attach\(\)/m, 'as does TRUNCATE');
	my $attach = "swan_attach('studio.users', 'studio.sessions', studio => '$name'";
	is(shop($db, "SELECT item, state FROM $attach, dry_run => true) WHERE state = 'refused'"), '', 'nothing stands in the way');
	is(shop($db, "SELECT action FROM $attach, dry_run => true) WHERE item = 'swan_ledger' AND state = 'found' AND action LIKE '%goes on'"),
		'the ledger of a detached studio goes on', 'the dry run says that the ledger goes on');
	is(shop($db, "SELECT item, state FROM $attach, dry_run => true) WHERE item IN ('guard_balance', 'guard_sessions', 'trainer_overlap', 'settings', 'feed')"),
		"guard_balance|record\nguard_sessions|record\ntrainer_overlap|allow\nsettings|default\nfeed|reset", 'and how it is guarded then');
	is(shop($db, "SELECT count(*) FROM $attach, dry_run => true) WHERE action LIKE 'guards of a studio that%'"), '6', 'and which guards are replaced');
	is(shop($db, "SELECT item FROM $attach) WHERE state = 'attached'"), 'studio', 'it is attached');
	is(shop($db, "SET swanalloc.studio = '$name'; SELECT setting, value FROM swan_settings() WHERE setting IN ('guard_balance', 'guard_sessions', 'trainer_overlap', 'grant_max') ORDER BY 1"),
		"grant_max|100\nguard_balance|record\nguard_sessions|record\ntrainer_overlap|allow", 'as the dry run said');
	is(shop($db, "SET swanalloc.studio = '$name'; SELECT available_sessions, returned FROM swan_cancel(1)"), '5|t', 'a booking from before returns its credit');
	is(shop($db, "SET swanalloc.studio = '$name'; CALL swan_backfill(); SELECT swan_configure('guard_balance', 'refuse'), swan_configure('guard_sessions', 'refuse'), swan_configure('trainer_overlap', 'refuse')"),
		'refuse|refuse|refuse', 'and it is guarded as before');
	is(shop($db, "SET swanalloc.studio = '$name'; SELECT * FROM swan_verify()"), '', 'nothing is wrong');
	is(shop($db, "SET swanalloc.studio = '$name'; SELECT id FROM swan_changes()"), 'ERROR:  SW016', 'the feed was reset');
	is(shop($db, "SET swanalloc.studio = '$name'; SELECT swan_rebase_feed() IS NOT NULL; SELECT count(*) > 2 FROM swan_changes()"), "t\nt", 'and goes on');
}

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE shop LOGIN;
CREATE DATABASE source OWNER shop;
CREATE DATABASE elsewhere OWNER shop;
CREATE DATABASE bare OWNER shop;
SQL
$node->safe_psql($_, 'CREATE EXTENSION swanalloc') for ('source', 'elsewhere');
is(shop('source', <<'SQL'), "studio\n5\n50\nscheduled", 'a studio');
SELECT swan_create_studio();
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client');
SELECT added FROM swan_grant(2, 5);
SELECT swan_configure('grant_max', '50');
SELECT status FROM swan_open(1, '2099-01-05 10:00+00') s, swan_book(2, s);
SQL
$node->command_ok([ 'pg_dump', '-n', 'studio', '-f', $dump, 'source' ], 'its schema is dumped');

restore('elsewhere');
take_up('elsewhere', 'studio');

# without the extension the triggers cannot be restored; the tables are
$node->command_fails([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, 'bare' ], 'there are no functions for the triggers');
$node->safe_psql('bare', 'DROP SCHEMA studio CASCADE');
$node->command_ok([ 'psql', '-XAtq', '-f', $dump, 'bare' ], 'but all else is restored');
$node->safe_psql('bare', 'CREATE EXTENSION swanalloc');
is(shop('bare', "SELECT count(*) FROM swan_attach('studio.users', 'studio.sessions') WHERE state = 'refused'"), '0', 'and is attached');
is(shop('bare', 'SELECT available_sessions FROM swan_cancel(1); SELECT * FROM swan_verify()'), '5', 'with its ledger');

# beside the original, which is renamed and lives on
is(shop('source', 'ALTER SCHEMA studio RENAME TO old'), '', 'the studio moves aside');
restore('source');
is(shop('source', "SELECT action FROM swan_attach('studio.users', 'studio.sessions', dry_run => true) WHERE state = 'refused'"),
	'studio "studio" exists: choose another name with the argument studio, or detach that one', 'its name is taken');
take_up('source', 'copy');
is(shop('source', "SET swanalloc.studio = 'studio'; SELECT available_sessions FROM swan_grant(2, 50); SELECT * FROM swan_verify()"), '54', 'the original is as it was');

# in its place: the registry still has the studio whose tables are gone
$node->safe_psql('source', "SELECT swan_detach('copy'); DROP SCHEMA studio CASCADE; DROP SCHEMA old CASCADE");
restore('source');
is(shop('source', "SELECT studio, state FROM swan_studios()"), 'studio|table "users" is gone', 'the registry has a studio that is gone');
is(shop('source', "SELECT swan_detach('studio')"), 'studio', 'which is forgotten');
take_up('source', 'studio');

$node->stop;
done_testing();
