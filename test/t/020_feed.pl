
# The feed where transaction ids change their meaning: a dump restored beside
# the original, a failover to a standby, and a consumer that crashes.  On a
# standby the lists, the feed and the statistics answer as on the primary.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(psql_answer);
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "timezone = 'UTC'\nautovacuum = off");
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
CREATE ROLE shop LOGIN;
CREATE ROLE watch LOGIN;
GRANT CREATE ON DATABASE postgres TO shop;
SELECT swan_create_studio(owner => 'shop');
INSERT INTO studio.users (first_name, role, created_at) VALUES ('Tom', 'trainer', '2024-01-01'), ('Ann', 'client', '2024-01-02'), ('Bob', 'client', '2024-01-03');
SELECT swan_allow('watch', 'reader');
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 1, timestamptz '2099-01-05 10:00' + i * interval '2 hours' FROM generate_series(0, 4) i;
SELECT * FROM swan_grant(2, 5);
SELECT * FROM swan_grant(3, 2, expires_at => now() + interval '5 days');
SELECT * FROM swan_book(2, 1);
SELECT * FROM swan_book(3, 2);
SELECT * FROM swan_cancel(1);
SQL

# Runs statements as a role; returns what they print.
sub as { my ($node, $role, $sql, $db) = @_; return psql_answer($node, $sql, role => $role, db => $db) }

# A standby answers everything as the primary does.
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
my @readers = (
	[ 'shop', 'SELECT * FROM swan_clients()' ],
	[ 'shop', "SELECT * FROM swan_clients('an', order_by => 'last_session')" ],
	[ 'shop', "SELECT * FROM swan_clients(warning => 'low', order_by => 'created_at')" ],
	[ 'shop', 'SELECT * FROM swan_slots(NULL, NULL)' ],
	[ 'shop', 'SELECT * FROM swan_schedule(NULL, NULL)' ],
	[ 'shop', 'SELECT * FROM swan_expiring()' ],
	[ 'shop', "SELECT swan_balance_at(2, 'infinity')" ],
	[ 'watch', 'SELECT * FROM swan_changes()' ],
	[ 'watch', 'SELECT * FROM swan_stats() ORDER BY 1, 2' ],
	[ 'watch', 'SELECT * FROM swan_liability()' ],
	[ 'watch', 'SELECT count(*) FROM swan_verify()' ]);
for my $reader (@readers)
{
	my ($role, $sql) = @$reader;
	my $answer = as($standby, $role, $sql);
	unlike($answer, qr/^(?:ERROR: .*)?$/, "standby: $sql");
	is($answer, as($primary, $role, $sql), 'as on the primary');
}
is(as($standby, 'shop', 'SELECT swan_rebase_feed()'), 'ERROR:  25006', 'a standby has nothing to rebase');
my $ids = 'SELECT id FROM swan_changes';
my $cursor = as($primary, 'watch', 'SELECT cursor FROM swan_changes(max_rows => 3) OFFSET 2');
is(as($standby, 'watch', "$ids('$cursor')"), "4\n5", 'a cursor of the primary is one of the standby');

# what is still running on the primary holds back the standby's feed too
my $open = $primary->background_psql('postgres');
$open->query_safe('BEGIN; SELECT added FROM swan_grant(2, 1)');
as($primary, 'shop', 'SELECT added FROM swan_grant(3, 1)');
$primary->wait_for_catchup($standby);
is(as($standby, 'watch', "$ids('$cursor')"), "4\n5", 'a row that came later waits');
is(as($standby, 'watch', "SELECT value FROM swan_stats() WHERE metric = 'swan_feed_waiting_rows'"), '1', 'and is counted');
$open->query_safe('COMMIT');
$open->quit;
$primary->wait_for_catchup($standby);
is(as($standby, 'watch', "$ids('$cursor')"), "4\n5\n6\n7", 'until the other has committed');

# A dump, restored into another database of the same cluster.
my $dir = PostgreSQL::Test::Utils::tempdir();
$primary->command_ok([ 'pg_dump', '-f', "$dir/dump.sql", 'postgres' ], 'a dump');
$primary->safe_psql('postgres', 'CREATE DATABASE copy');
$primary->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/dump.sql", 'copy' ], 'is restored');
is(as($primary, 'watch', "$ids()", 'copy'), 'ERROR:  SW016', 'its feed is of another place');
is(as($primary, 'watch', "$ids('$cursor')", 'copy'), 'ERROR:  SW016', 'as is the cursor');
is(as($primary, 'watch', 'SELECT swan_rebase_feed()', 'copy'), 'ERROR:  SW006', 'a reader cannot help');
is(as($primary, 'shop', 'SELECT available_sessions FROM swan_grant(2, 1)', 'copy'), '7', 'all else works');
is(as($primary, 'shop', 'SELECT swan_rebase_feed()', 'copy'), '8', 'the owner rebases it');
is(as($primary, 'watch', "$ids('$cursor')", 'copy'), 'ERROR:  SW016', 'the cursor stays that of the original');
is(as($primary, 'watch', "$ids('3')", 'copy'), "4\n5\n6\n7\n8", 'a consumer starts from its last ledger id');
as($primary, 'shop', 'SELECT available_sessions FROM swan_grant(3, 1)', 'copy');
is(as($primary, 'watch', "$ids('8')", 'copy'), '9', 'and goes on');
is(as($primary, 'watch', "$ids('$cursor')"), "4\n5\n6\n7", 'nothing has happened to the original');

# A consumer that applies events, and dies in the middle, more than once: what
# it applies and where it is are committed together.
$primary->safe_psql('postgres', 'CREATE TABLE place (cursor text); INSERT INTO place VALUES (NULL); CREATE TABLE applied (id bigint PRIMARY KEY)');
my $consume = <<'SQL';
BEGIN;
SELECT cursor FROM place FOR UPDATE;
WITH event AS MATERIALIZED (SELECT * FROM swan_changes((SELECT cursor FROM place), 2)),
     applied AS (INSERT INTO applied SELECT id FROM event)
UPDATE place SET cursor = (SELECT cursor FROM event ORDER BY xid DESC, id DESC LIMIT 1) WHERE EXISTS (SELECT 1 FROM event);
SQL
for my $round (1 .. 4)
{
	$primary->safe_psql('postgres', "$consume ROLLBACK;");
	my ($status) = $primary->psql('postgres', "$consume SELECT pg_terminate_backend(pg_backend_pid());");
	isnt($status, 0, 'the consumer crashes');
	$primary->safe_psql('postgres', "$consume COMMIT;");
}
is($primary->safe_psql('postgres', 'SELECT array_agg(a.id ORDER BY a.id) = (SELECT array_agg(id ORDER BY id) FROM studio.swan_ledger) FROM applied a'),
	't', 'every event was applied, and once');

# The queries of the Prometheus exporter, as a reader.
my $collector = slurp_file(dirname(abs_path($0)) . '/../../examples/prometheus/swanalloc.collector.yml');
my @queries = $collector =~ /^ +query: \|\n((?: {6}.*\n)+)/mg;
is(scalar @queries, 3, 'the collector has queries');
like(as($primary, 'watch', $queries[0]), qr/^expired\|today\|0$/m, 'credits moved');
is(as($primary, 'watch', $queries[1]), '', 'no problem');
like(as($primary, 'watch', $queries[2]), qr/^\d+\|0\|0\|0$/, 'the others');

# Failover: the timeline changes.
$cursor = as($primary, 'watch', 'SELECT cursor FROM swan_changes() OFFSET 4 LIMIT 1');
$primary->wait_for_catchup($standby);
$primary->stop;
$standby->promote;
is(as($standby, 'watch', "$ids('$cursor')"), 'ERROR:  SW016', 'after a failover the feed was reset');
is(as($standby, 'shop', 'SELECT swan_rebase_feed()'), '7', 'it is rebased');
is(as($standby, 'watch', "$ids('5')"), "6\n7", 'and goes on from a ledger id');
is(as($standby, 'watch', "$ids('8')"), 'ERROR:  SW013', 'not from one that was lost');
as($standby, 'shop', 'SELECT added FROM swan_grant(2, 1)');
is(as($standby, 'watch', "SELECT count(*), max(id) > 7 FROM swan_changes('5')"), '3|t', 'with what comes now');

$standby->stop;
done_testing();
