
# What calls write arrives elsewhere as it is here: a hot standby reads rows fresh
# from the log, that nobody has looked at before, among long chains of versions and
# what was undone; and a subscriber of the six tables gets the same rows.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(complaints);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $CLIENTS = 20;
my @tables = qw(users sessions swan_ledger swan_lots swan_holds swan_waits);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->append_conf('postgresql.conf', "timezone = 'UTC'\nautovacuum = off\nmax_prepared_transactions = 2\nlog_min_messages = warning\nlog_min_error_statement = panic");
$primary->start;
$primary->safe_psql('postgres', <<SQL);
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
INSERT INTO studio.users (id, first_name, role) VALUES (101, 'Tom', 'trainer'), (102, 'Tina', 'trainer'), (103, 'Ada', 'admin');
INSERT INTO studio.users (id, first_name) SELECT i, 'C' || i FROM generate_series(1, $CLIENTS) i;
INSERT INTO studio.sessions (id, trainer_id, session_date)
SELECT i, 101 + i % 2, '2099-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 3000) i;
SELECT setval('studio.sessions_id_seq', 10000);
SELECT count(*) FROM studio.users, swan_grant(id, 90) WHERE role = 'client';
CREATE PUBLICATION studio FOR TABLE ${\join(', ', map { "studio.$_" } @tables)};
SQL
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = -1\nhot_standby_feedback = on\nwal_receiver_status_interval = '1s'");
$standby->start;
$primary->poll_query_until('postgres', 'SELECT backend_xmin IS NOT NULL FROM pg_stat_replication') or die;

# the subscriber's studio is there too: rows that arrive are not judged again
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->append_conf('postgresql.conf', "timezone = 'UTC'\nlog_min_messages = warning\nlog_min_error_statement = panic");
$subscriber->start;
$subscriber->safe_psql('postgres', <<SQL);
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
CREATE SUBSCRIPTION studio CONNECTION '${\($primary->connstr('postgres') =~ s/'/''/gr)}' PUBLICATION studio;
SQL
$subscriber->wait_for_subscription_sync($primary, 'studio');

# a bit of everything, in long transactions and short ones, done and undone
sub work
{
	my ($n) = @_;
	$primary->safe_psql('postgres', <<SQL);
SET client_min_messages = error;
DO \$\$
DECLARE
	client int;
	slot int;
BEGIN
	FOR i IN 1..150 LOOP
		client := 1 + i % $CLIENTS;
		slot := $n * 200 + i;
		PERFORM swan_book(client, slot, key => 'k' || slot);
		CASE i % 10
			WHEN 1 THEN PERFORM swan_cancel(slot);
			WHEN 2 THEN PERFORM swan_move(slot, duration => 50);
			WHEN 3 THEN PERFORM swan_confirm(slot);
			WHEN 4 THEN PERFORM swan_reschedule(slot, slot + 1500);
			WHEN 5 THEN PERFORM swan_grant(client, 3, expires_at => '2099-01-01');
			WHEN 6 THEN PERFORM swan_purchase(client, 2, 'p' || slot);
			WHEN 7 THEN PERFORM swan_revoke(client, 1);
			ELSE NULL;
		END CASE;
		COMMIT;
		BEGIN
			PERFORM swan_cancel(slot + i % 10 / 4 * 1500);
			PERFORM swan_grant(client, 1);
			RAISE 'undone' USING ERRCODE = 'ZZ000';
		EXCEPTION WHEN SQLSTATE 'ZZ000' OR SQLSTATE 'SW007' OR SQLSTATE 'SW008' THEN
			NULL;
		END;
		COMMIT;
	END LOOP;
	PERFORM swan_hold($n + 2, $n * 200 + 190);
END \$\$;
BEGIN;
SELECT * FROM swan_book(1, $n * 200 + 180);
SELECT * FROM swan_grant(1, 5);
ROLLBACK;
SELECT * FROM swan_grant_many(ARRAY(SELECT id FROM studio.users WHERE role = 'client'), 8);
UPDATE studio.users SET first_name = first_name || '.', last_name = $n WHERE id % 3 = 0;
DELETE FROM studio.sessions WHERE id = $n * 200 + 199;
SQL
	return;
}

# all that the readers say
my $questions = <<SQL;
SELECT * FROM generate_series(1, $CLIENTS) u, LATERAL swan_summary(u);
SELECT * FROM generate_series(1, $CLIENTS) u, LATERAL swan_client(u);
SELECT u, s, ok, sqlstate FROM generate_series(1, $CLIENTS) u, generate_series(1, 3000, 37) s, LATERAL swan_can_book(u, s) ORDER BY u, s;
SELECT * FROM generate_series(1, $CLIENTS) u, LATERAL swan_credits(u);
SELECT * FROM swan_schedule('2099-01-01', NULL, max_rows => 100);
SQL
my $rows = join('', map { "SELECT * FROM studio.$_ ORDER BY " . ($_ eq 'swan_holds' ? 'session_id' : 'id') . ";\n" } @tables);
for my $n (0 .. 3)
{
	work($n);
	# index entries and rows that are dead on the primary, and known to be
	$primary->safe_psql('postgres', "SET enable_seqscan = off; SET enable_bitmapscan = off; $questions") if $n == 1;
	$primary->safe_psql('postgres', 'VACUUM studio.users, studio.sessions') if $n == 2;
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
	# the standby first: on the primary, whoever reads leaves a mark of what he found out
	my $there = $standby->safe_psql('postgres', $questions);
	my $again = $standby->safe_psql('postgres', "BEGIN ISOLATION LEVEL REPEATABLE READ;\n$questions\nCOMMIT;");
	my $here = $primary->safe_psql('postgres', $questions);
	cmp_ok(scalar(split /\n/, $here), '>', 1000, 'the primary answers');
	ok($there eq $here, 'the standby answers as the primary does');
	ok($again eq $here, 'and when asked again');
	is($standby->safe_psql('postgres', 'SELECT * FROM swan_verify()'), '', 'and finds nothing wrong');
	$primary->wait_for_catchup('studio');
	my $copy = $subscriber->safe_psql('postgres', $rows);
	my $original = $primary->safe_psql('postgres', $rows);
	cmp_ok(scalar(split /\n/, $original), '>', 3000, 'there are rows');
	ok($copy eq $original, 'and a subscriber has the same ones');
}

# a reader there, under a snapshot from before what happens here
{
	my ($in, $out) = ('', '');
	my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $standby->connstr('postgres'), '-f', '-' ], '<', \$in, '>', \$out, '2>&1',
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	my $ask = sub {
		$out = '';
		$in .= "$_[0]\n\\echo done\n";
		$session->pump until $out =~ /^done$/m;
		return $out;
	};
	$ask->('BEGIN ISOLATION LEVEL REPEATABLE READ;');
	my $before = $ask->($questions);
	work(4);
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
	ok($ask->($questions) eq $before, 'a snapshot on the standby stays what it was');
	$ask->('COMMIT;');
	my $after = $ask->($questions);
	isnt($after, $before, 'until it ends');
	is($after, $primary->safe_psql('postgres', $questions) . "\ndone\n", 'and then it is that of the primary');
	$in .= "\\q\n";
	$session->finish;
}

# promoted, it goes on with what it read
$standby->promote;
is($standby->safe_psql('postgres', "SELECT added FROM swan_grant(1, 1); SELECT status FROM swan_book(1, 2999); SELECT status FROM swan_cancel(2999); SELECT * FROM swan_verify()"),
	"1\nscheduled\ncancelled", 'a promoted standby books');
# the subscriber's own calls go on where what arrived ends
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION studio');
is($subscriber->safe_psql('postgres', <<'SQL'), "1\nscheduled", 'and so does a subscriber that is cut off');
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY '{users,sessions,swan_ledger,swan_lots}'::text[] LOOP
		EXECUTE format('SELECT setval(pg_get_serial_sequence(''studio.%1$s'', ''id''), max(id)) FROM studio.%1$s', t);
	END LOOP;
END $$;
SELECT added FROM swan_grant(1, 1);
SELECT status FROM swan_book(1, 2999);
SELECT * FROM swan_verify();
SQL
for my $node ($primary, $standby, $subscriber)
{
	is(join("\n", grep { !/is owned by superuser/ } complaints($node)), '', $node->name . ': no server process complained');
	$node->stop;
}
done_testing();
