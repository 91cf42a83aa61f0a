# The feed of a server that is set back to an older copy of its disk: the same
# system, timeline and database, but not the same history.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::RecursiveCopy;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
INSERT INTO studio.users (first_name) VALUES ('Ann'), ('Bob');
SELECT added FROM swan_grant(1, 5, 'before');
SELECT added FROM swan_grant(1, 1, 'before');
CHECKPOINT;
SQL

# Runs a statement; returns what it prints, or its SQLSTATE.
sub ask
{
	my ($sql) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\n$sql", on_error_stop => 0);
	$err =~ s/^psql:<stdin>:\d+: //mg;
	return join("\n", grep { $_ ne '' } $out, $err);
}

# So many grants, each in a transaction of its own.
sub grants
{
	my ($n, $reason) = @_;
	$node->safe_psql('postgres', join("\n", map { "SELECT added FROM swan_grant(1, 1, '$reason $_');" } 1 .. $n));
}

my $before = ask('SELECT cursor FROM swan_changes() WHERE id = 1');
my $last = ask('SELECT cursor FROM swan_changes() ORDER BY id DESC LIMIT 1');
my $snapshot = PostgreSQL::Test::Utils::tempdir() . '/snapshot';
$node->stop('immediate');
PostgreSQL::Test::RecursiveCopy::copypath($node->data_dir, $snapshot);
$node->start;
grants(20, 'lost');
my @lost = split /\n/, ask("SELECT cursor FROM swan_changes() WHERE reason LIKE 'lost%' ORDER BY id");
is(scalar @lost, 20, 'rows that will be lost');

# the disk as it was
$node->stop('immediate');
rename($node->data_dir, $node->data_dir . '.lost') or die "$!";
PostgreSQL::Test::RecursiveCopy::copypath($snapshot, $node->data_dir);
chmod(0700, $node->data_dir) or die "$!";
$node->start;
is(ask('SELECT count(*) FROM studio.swan_ledger'), '2', 'the disk is as it was');
is(ask("SELECT id FROM swan_changes('$_')"), 'ERROR:  SW016', 'a cursor that this history has not reached') for @lost[ 0, -1 ];
is(ask("SELECT id FROM swan_changes('$before')"), '2', 'one from before is good');
is(ask("SELECT count(*) FROM swan_changes('$last')"), '0', 'so is the last one');

# it goes another way, and then beyond where the other one was
grants(5, 'new');
is(ask("SELECT id FROM swan_changes('$lost[-1]')"), 'ERROR:  SW016', 'a cursor beyond what is new');
is(ask("SELECT count(*) FROM swan_changes('$last')"), '5', 'whoever is behind misses nothing');
grants(30, 'later');
is(ask('SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > ' . (split /-/, $lost[-1])[-3]), 't', 'its transaction id is history by now');
my @answers = map { ask("SELECT count(*) FROM swan_changes('$_')") } @lost;
is(scalar(grep { $_ eq 'ERROR:  SW016' } @answers), 20, 'but not its row') or diag("@answers");
is(ask("SELECT count(*) FROM swan_changes('$before')"), '36', 'whoever is behind misses nothing');

# a row that is not there yet, where an older transaction is running, is nobody's fault
my $open = $node->background_psql('postgres');
$open->query_safe('BEGIN; SELECT added FROM swan_grant(2, 1)');
grants(1, 'beside it');
my $row = ask("SELECT regexp_replace('$before', '\\d+-\\d+-\\d+\$', '') || xid::text || '-' || id FROM studio.swan_ledger WHERE reason = 'beside it 1'");
is(ask("SELECT count(*) FROM swan_changes('$row')"), '0', 'what is held back is not yet judged');
$open->query_safe('ROLLBACK');
$open->quit;
is(ask("SELECT count(*) FROM swan_changes('$row')"), '0', 'nor wrong afterwards');

# the remedy
my $base = ask('SELECT swan_rebase_feed()');
is(ask("SELECT id FROM swan_changes('$_')"), 'ERROR:  SW016', 'after the rebase no cursor counts') for ($before, $lost[0]);
is(ask("SELECT count(*) FROM swan_changes('2')"), '36', 'a ledger id does');
grants(1, 'after');
is(ask("SELECT reason FROM swan_changes('$base')"), 'after 1', 'and it goes on');
my $history = ask("SELECT cursor FROM swan_changes() WHERE id = 2");
is(ask("SELECT count(*) FROM swan_changes('$history')"), '37', 'a cursor of an era before is good');
is(ask("SELECT count(*) FROM swan_changes('" . ($history =~ s/-2-(\d+)$/-9-$1/r) . "')"), 'ERROR:  SW016', 'unless there is no such row');
is(ask("SELECT count(*) FROM swan_changes('" . ($history =~ s/-\d+$//r) . "')"), '37', 'as is one of 0.1');

$node->stop;
done_testing();
