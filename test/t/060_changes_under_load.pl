
# Bookings, cancellations and grants go on while indexes and tables are built anew,
# changed, vacuumed and moved under them: nobody is told anything but to try again,
# no call counts twice or not at all, and no index has lost a row.
#
# SECONDS=n in the environment makes it longer.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(complaints);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $SECONDS = $ENV{SECONDS} || 6;
my $BOOKERS = 5;
my $CLIENTS = 30;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
timezone = 'UTC'
log_statement = none
max_connections = 40
max_prepared_transactions = 2
deadlock_timeout = '50ms'
autovacuum_naptime = '1s'
CONF
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $amcheck = $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'");

# No two slots are at one time, so nobody is ever in the way of another.
$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION swanalloc;
CREATE ROLE shop LOGIN;
CREATE ROLE web LOGIN;
GRANT CREATE ON DATABASE postgres TO shop;
SELECT swan_create_studio(owner => 'shop');
SELECT swan_allow('web', 'backend');
INSERT INTO studio.users (id, first_name, role) VALUES (101, 'Tom', 'trainer'), (102, 'Tina', 'trainer'), (103, 'Ada', 'admin');
INSERT INTO studio.users (id, first_name) SELECT i, 'C' || i FROM generate_series(1, $CLIENTS) i;
INSERT INTO studio.sessions (id, trainer_id, session_date)
SELECT i, 101 + i % 2, '2099-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 60000) i;
SELECT count(*) FROM studio.users, swan_grant(id, 100) WHERE role = 'client';
CREATE TABLE other (id int);
CREATE TABLE done (what text);
GRANT INSERT ON done TO web;
CREATE FUNCTION look(client int, slot int) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	PERFORM swan_summary(client, actor => client);
	PERFORM swan_can_book(client, slot, actor => client);
	PERFORM swan_client(client, actor => 103);
	RETURN 'ok';
EXCEPTION WHEN SQLSTATE 'SW003' OR SQLSTATE 'SW004' OR SQLSTATE 'SW006' THEN
	RETURN SQLSTATE;
END \$\$;
SQL

sub script
{
	my ($name, $text) = @_;
	append_to_file("$dir/$name", $text);
	return "$dir/$name";
}

# Starts one kind of load; what ends in 40001 or 40P01 is tried again.
my @loads;

sub load
{
	my ($name, $level, $connections, $mode, $text) = @_;
	my %load = (name => $name, out => '');
	local $ENV{PGOPTIONS} = "-c default_transaction_isolation=${\($level =~ s/ /\\ /gr)}";
	$load{handle} = IPC::Run::start(
		[ 'pgbench', '-h', $node->host, '-p', $node->port, '-U', 'web', '-n', '-M', $mode, '-c', $connections, '-j', 1, '-T', $SECONDS,
			'--max-tries=1000', '-D', 'k=-1', '-D', "clients=$CLIENTS", '-f', script($name, $text), 'postgres' ],
		'<', \undef, '>&', \$load{out});
	push @loads, \%load;
	return;
}

# each connection has slots of its own, and never one twice
my $slots = "\\set k :k + 1\n\\set client random(1, :clients)\n\\set slot %d + :k * $BOOKERS + :client_id\n";
load('book', 'read committed', $BOOKERS, 'prepared', sprintf($slots, 1) . <<'SQL');
SELECT swan_book(:client, :slot, actor => 103);
INSERT INTO done VALUES ('booking');
SQL
load('cancel', 'read committed', $BOOKERS, 'simple', sprintf($slots, 16_000) . <<'SQL');
BEGIN;
SELECT swan_book(:client, :slot, actor => 103);
SAVEPOINT a;
SELECT swan_cancel(:slot, reopen => false, actor => 103);
ROLLBACK TO SAVEPOINT a;
SELECT swan_confirm(:slot, actor => 103);
SELECT swan_cancel(:slot, reopen => false, actor => 103);
INSERT INTO done VALUES ('booking'), ('confirmation'), ('cancellation');
COMMIT;
SQL
load('strict', 'repeatable read', 2, 'simple', sprintf($slots, 28_000) . <<'SQL');
BEGIN;
SELECT swan_book(:client, :slot, actor => :client);
SELECT swan_grant(:client, 1, actor => 103);
INSERT INTO done VALUES ('booking'), ('grant');
COMMIT;
SQL
load('serial', 'serializable', 1, 'simple', sprintf($slots, 35_000) . <<'SQL');
BEGIN;
SELECT swan_book(:client, :slot, actor => :client);
INSERT INTO done VALUES ('booking');
COMMIT;
SQL
load('grant', 'read committed', 2, 'prepared', <<'SQL');
\set client random(1, :clients)
BEGIN;
SELECT swan_grant(:client, 2, actor => 103);
INSERT INTO done VALUES ('grant');
COMMIT;
SQL
# Who reads does so under a snapshot that may be older than a table which ALTER TABLE wrote
# anew, and then finds it empty, as any query does.
load('read', 'read committed', 2, 'prepared', <<'SQL');
\set client random(1, :clients)
\set slot random(1, 60000)
SELECT look(:client, :slot);
SQL

# What is done to the tables meanwhile, over and over in another order.
my @changes = split /\n/, <<'SQL';
CREATE INDEX CONCURRENTLY more ON studio.sessions (id); DROP INDEX CONCURRENTLY studio.more
CREATE UNIQUE INDEX CONCURRENTLY more ON studio.users (id); DROP INDEX studio.more
CREATE INDEX CONCURRENTLY more ON studio.swan_ledger (user_id, id); DROP INDEX studio.swan_ledger_user; ALTER INDEX studio.more RENAME TO swan_ledger_user
REINDEX TABLE CONCURRENTLY studio.sessions
REINDEX TABLE CONCURRENTLY studio.users
REINDEX TABLE CONCURRENTLY studio.swan_ledger
REINDEX INDEX CONCURRENTLY studio.swan_lots_user
REINDEX INDEX studio.sessions_pkey
REINDEX TABLE studio.users
DROP INDEX studio.sessions_user; CREATE INDEX sessions_user ON studio.sessions (user_id, session_date)
DROP INDEX CONCURRENTLY studio.sessions_trainer; CREATE INDEX CONCURRENTLY sessions_trainer ON studio.sessions (trainer_id, session_date)
DROP INDEX studio.swan_lots_user; CREATE INDEX CONCURRENTLY swan_lots_user ON studio.swan_lots (user_id) WHERE remaining > 0
ALTER TABLE studio.sessions DROP CONSTRAINT sessions_pkey; ALTER TABLE studio.sessions ADD CONSTRAINT sessions_pkey PRIMARY KEY (id)
ALTER TABLE studio.sessions ADD colour text DEFAULT 'red'; ALTER TABLE studio.sessions DROP colour
ALTER TABLE studio.users ADD colour text DEFAULT clock_timestamp()::text; ALTER TABLE studio.users DROP colour
ALTER TABLE studio.sessions ALTER notes TYPE varchar(3000); ALTER TABLE studio.sessions ALTER notes TYPE text
ALTER TABLE studio.users ALTER first_name TYPE varchar(30); ALTER TABLE studio.users ALTER first_name TYPE text
ALTER TABLE studio.sessions ALTER session_date TYPE timestamptz(0); ALTER TABLE studio.sessions ALTER session_date TYPE timestamptz
ALTER TABLE studio.sessions ALTER id SET STATISTICS 100; ALTER TABLE studio.sessions ALTER id SET STATISTICS -1
ALTER TABLE studio.users ENABLE ROW LEVEL SECURITY; ALTER TABLE studio.users DISABLE ROW LEVEL SECURITY
ALTER TABLE studio.users SET (fillfactor = 70); ALTER TABLE studio.users RESET (fillfactor)
VACUUM studio.sessions, studio.users, studio.swan_ledger, studio.swan_lots
VACUUM (FREEZE) studio.users
VACUUM FULL studio.users
VACUUM FULL studio.swan_lots
VACUUM FULL studio.sessions
CLUSTER studio.sessions USING sessions_trainer
CLUSTER studio.users USING users_pkey
ANALYZE
TRUNCATE other
UPDATE studio.users SET last_name = coalesce(last_name, '') || 'x' WHERE id = (SELECT id FROM studio.users ORDER BY random() LIMIT 1)
UPDATE studio.sessions SET notes = repeat('note', 300) WHERE id IN (SELECT id FROM studio.sessions WHERE status = 'available' ORDER BY random() LIMIT 10)
DELETE FROM studio.sessions WHERE id > 59500 AND status = 'available'
SQL
my ($end, $rounds, %failed) = (time + $SECONDS - 1, 0);
my $log_start = -s $node->logfile;
while (time < $end)
{
	for my $change (sort { rand() <=> 0.5 } @changes)
	{
		last if time > $end && $rounds;
		for my $command (split /; /, $change)
		{
			my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\n$command");
			# a lock may be wanted in the order opposite to a call's
			redo if $err =~ /40P01/;
			$failed{"$command: $err"}++ if $status || $err;
		}
	}
	$rounds++;
}
is(join("\n", sort keys %failed), '', 'every change to the tables was made');
my %transactions;
for my $load (@loads)
{
	$load->{handle}->finish;
	is($load->{handle}->result(0), 0, "$load->{name}: nobody gave up") or diag($load->{out});
	unlike($load->{out}, qr/error|aborted|failed: [1-9]|number of failed transactions: [1-9]/i, 'or was told anything but to try again') or diag($load->{out});
	($transactions{ $load->{name} }) = $load->{out} =~ /actually processed: (\d+)/;
	cmp_ok($transactions{ $load->{name} }, '>', 0, 'and something was done');
}
note("$rounds rounds; " . join(', ', map { "$_ $transactions{$_}" } sort keys %transactions));

is($node->safe_psql('postgres', 'SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');
is($node->safe_psql('postgres', <<SQL), '', 'what was answered is what was written');
SELECT kind, d.n, g.n FROM (SELECT what AS kind, count(*) AS n FROM done GROUP BY what) d
FULL JOIN (SELECT kind, count(*) AS n FROM studio.swan_ledger WHERE id > $CLIENTS GROUP BY kind) g USING (kind)
WHERE (kind <> 'booking' AND d.n = g.n) IS NOT TRUE AND (kind = 'booking' AND abs(d.n - g.n) <= $BOOKERS) IS NOT TRUE
SQL
is($node->safe_psql('postgres', <<'SQL'), '', 'balances are the sums of ledger and lots');
SELECT u.id, u.available_sessions, g.n, l.n FROM studio.users u,
  LATERAL (SELECT coalesce(sum(delta), 0) AS n FROM studio.swan_ledger WHERE user_id = u.id) g,
  LATERAL (SELECT coalesce(sum(remaining), 0) AS n FROM studio.swan_lots WHERE user_id = u.id) l
WHERE u.available_sessions < 0 OR u.available_sessions <> g.n OR u.available_sessions <> l.n
SQL
is($node->safe_psql('postgres', "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid OR NOT indisready"), '', 'every index is valid');
SKIP:
{
	skip 'amcheck is not there', 1 unless $amcheck;
	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION amcheck;
SELECT bt_index_parent_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_am a ON a.oid = (SELECT relam FROM pg_class WHERE oid = i.indexrelid)
WHERE c.relnamespace = 'studio'::regnamespace AND a.amname = 'btree';
SQL
	is($node->safe_psql('postgres', "SELECT c.oid::regclass, v.* FROM pg_class c, verify_heapam(c.oid) v WHERE relnamespace = 'studio'::regnamespace AND relkind = 'r'"), '', 'and tables and indexes are sound');
}
is(join("\n", complaints($node, $log_start)), '', 'no server process complained');

$node->stop;
done_testing();
