
# Every list, statement and check of one client reads by an index: on enough
# rows, the plans that auto_explain logs have no sequential scan of a large
# table, and each uses the index that is there for it.  Statements are all run by the
# executor for that, which is where auto_explain looks.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nautovacuum = off\nfsync = off\nswanalloc.direct_rows = off");
$node->start;
my $trgm = $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'");
$node->safe_psql('postgres', 'CREATE EXTENSION pg_trgm') if $trgm;
$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
SET session_replication_role = replica;
INSERT INTO studio.users (id, first_name, last_name, role) SELECT 90000 + i, 'T', i, 'trainer' FROM generate_series(0, 999) i;
INSERT INTO studio.users (id, first_name, last_name, email, available_sessions, created_at)
SELECT i, md5(i::text), md5(i || 'x'), 'u' || i || '@example.com', 3, '2020-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 20000) i;
INSERT INTO studio.sessions (user_id, trainer_id, status, session_date, session_deducted, credits)
SELECT i, 90000 + i % 1000, 'completed', '2010-01-01'::timestamptz + i / 1000 * interval '1 day', true, 1 FROM generate_series(1, 20000) i;
INSERT INTO studio.sessions (user_id, trainer_id, status, session_date, session_deducted, credits)
SELECT CASE WHEN i % 2 = 0 THEN i END, 90000 + i % 1000, CASE WHEN i % 2 = 0 THEN 'scheduled' ELSE 'available' END,
  '2099-01-01'::timestamptz + i / 1000 * interval '1 day', i % 2 = 0, 1 - i % 2 FROM generate_series(1, 20000) i;
INSERT INTO studio.swan_ledger (id, user_id, delta, balance_after, kind, session_id, lot_id, db_role, call_id, at, xid) OVERRIDING SYSTEM VALUE
SELECT (i - 1) * 4 + j, i, d, b, k, CASE s WHEN 1 THEN i WHEN 2 THEN 20000 + i END, CASE WHEN j <> 3 THEN (i - 1) * 4 + 1 END, 'web', 1,
  '2020-01-01'::timestamptz + i * interval '1 hour' + j * interval '1 second', (3 + i / 50)::text::xid8
FROM generate_series(1, 20000) i, (VALUES (1, 5, 5, 'grant', 0), (2, -1, 4, 'booking', 1), (3, 0, 4, 'completion', 1), (4, -1, 3, 'booking', 2)) v (j, d, b, k, s);
UPDATE studio.swan_ledger SET kind = 'revocation', session_id = NULL WHERE kind = 'booking' AND session_id > 20000 AND session_id % 2 = 1;
INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining, expires_at)
SELECT (i - 1) * 4 + 1, i, 'grant', 5, 3, CASE WHEN i % 20 = 0 THEN now() + i * interval '1 hour' END FROM generate_series(1, 20000) i;
SELECT setval('studio.swan_ledger_id_seq', 80000);
RESET session_replication_role;
-- one whose totals are kept, and others, who are counted by whoever reads
SELECT added FROM swan_grant(4712, 1);
SELECT added FROM swan_purchase(4713, 1, 'p4711');
VACUUM ANALYZE;
SQL
is($node->safe_psql('postgres', 'SELECT * FROM swan_verify()'), '', 'the rows are as swanalloc makes them');

# The plan of a call: every node of every statement that it runs.
sub plan_of
{
	my ($call) = @_;
	my ($status, $out, $err) = $node->psql('postgres', <<SQL);
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
SELECT count(*) FROM $call;
SQL
	is($status, 0, $call) or diag($err);
	return $err;
}

# [ call, indexes that its plan must use, tables it may read as a whole ]
my @calls = (
	[ 'swan_client(4711)', 'users_pkey sessions_user swan_ledger_user swan_lots_user' ],
	[ 'swan_client(4712)', 'users_pkey sessions_user swan_ledger_user swan_lots_user' ],
	[ 'swan_clients()', 'users_name users_pkey sessions_user swan_ledger_user swan_lots_user' ],
	[ "swan_clients(after => (SELECT cursor FROM swan_clients(max_rows => 5) OFFSET 4 LIMIT 1))", 'users_name' ],
	[ "swan_clients(order_by => 'created_at')", 'users_created' ],
	[ "swan_clients(order_by => 'last_session')", 'sessions_date sessions_user' ],
	[ 'swan_clients(actor => 90042)', 'sessions_trainer users_pkey' ],
	[ "swan_clients(warning => 'low')", 'users_name' ],
	[ 'swan_summary(4711)', 'sessions_user swan_ledger_user' ],
	[ 'swan_summary(4712)', 'sessions_user swan_ledger_user' ],
	[ 'swan_credits(4711)', 'swan_lots_user' ],
	[ "swan_payment('p4711')", 'swan_lots_payment swan_ledger_user' ],
	[ 'swan_statement(4711)', 'swan_ledger_user sessions_pkey' ],
	[ "swan_balance_at(4711, '2020-07-01')", 'swan_ledger_user' ],
	[ "swan_slots('2099-01-05', NULL)", 'sessions_date' ],
	[ "swan_slots('2099-01-05', NULL, 90042)", 'sessions_trainer' ],
	[ "swan_calendar('2099-01-05', NULL, max_rows => 100)", 'sessions_date' ],
	[ "swan_schedule('2099-01-05', '2099-01-06', max_rows => 100)", 'sessions_date swan_ledger_user' ],
	[ "swan_schedule(NULL, NULL, user_id => 4711)", 'sessions_user' ],
	[ "swan_schedule('2099-01-05', NULL, trainer_id => 90042, max_rows => 20)", 'sessions_trainer' ],
	[ "swan_schedule('2099-01-05', NULL, actor => 4711)", 'sessions_user' ],
	[ "swan_unsettled('2099-01-05', '2099-01-06', max_rows => 100)", 'sessions_date swan_ledger_user' ],
	[ 'swan_unsettled(max_rows => 100)', 'sessions_date swan_ledger_user hashed', 'swan_ledger' ],
	[ 'swan_unsettled(actor => 4711, max_rows => 100)', 'sessions_user swan_ledger_user' ],
	[ 'swan_expiring()', 'swan_lots_due' ],
	[ 'swan_changes(max_rows => 100)', 'swan_ledger_feed' ],
	[ 'swan_stats()', 'swan_lots_due swan_ledger_feed', 'users' ],
	[ 'swan_feed_end()', 'swan_ledger_feed' ],
	[ 'swan_liability(now())', '', 'swan_lots swan_ledger' ],
	[ 'swan_months()', '', 'users sessions swan_lots swan_ledger' ],
	[ 'swan_months(user_id => 4711)', 'swan_ledger_user sessions_pkey swan_lots_pkey' ],
	[ 'swan_verify(4711)', 'users_pkey sessions_user sessions_trainer swan_ledger_user swan_lots_user' ]);
push @calls, [ "swan_clients('u4711\@')", 'users_search' ] if $trgm;
for my $case (@calls)
{
	my ($call, $indexes, $whole) = @$case;
	my $plan = plan_of($call);
	my %may = map { $_ => 1 } split / /, $whole // '';
	my @read = grep { !$may{$_} } $plan =~ /Seq Scan on (users|sessions|swan_ledger|swan_lots)\b/g;
	is("@read", '', 'reads no large table as a whole') or diag($plan);
	for my $index (split / /, $indexes)
	{
		like($plan, qr/\b$index\b/, "uses $index") or diag($plan);
	}
}

# Which statements of a call the executor runs.
sub run_of
{
	my ($direct, $call) = @_;
	my ($status, $out, $err) = $node->psql('postgres', <<SQL);
LOAD 'auto_explain';
SET swanalloc.direct_rows = $direct;
SELECT count(*) FROM swan_can_book(4711, 20001) \\g /dev/null
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
BEGIN;
SELECT count(*) FROM $call;
ROLLBACK;
SQL
	is($status, 0, $call) or diag($err);
	return grep { !/swan_\w+\(/ } $err =~ /Query Text: (.*)/g;
}
for my $call ('swan_book(4711, 20001)', 'swan_cancel(24712)', 'swan_can_book(4711, 20001)')
{
	my @by_sql = run_of('off', $call);
	my @directly = run_of('on', $call);
	cmp_ok(scalar(@directly), '<', @by_sql - 1, "$call: rows are read without the executor") or diag(join("\n", @directly));
	is(join("\n", grep { /FOR NO KEY UPDATE/ } @directly), '', 'and locked') if $call !~ /can/;
	cmp_ok(scalar(grep { /FOR NO KEY UPDATE/ } @by_sql), '>', 0, 'and are not where they shall not be') if $call !~ /can/;
}
SKIP:
{
	skip 'pg_trgm is not there', 1 unless $trgm;
	$node->safe_psql('postgres', 'DROP EXTENSION pg_trgm CASCADE');
	is($node->safe_psql('postgres', q(SELECT id FROM swan_clients('U4711@'))), '4711', 'without pg_trgm a search finds the same');
}

# Attached tables with an index by client and one by date, but none by both: whose last session is long ago is
# looked for among his sessions, not among everybody's.
$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
SELECT swan_detach();
CREATE TABLE users (id integer PRIMARY KEY, available_sessions integer DEFAULT 0, deleted_at timestamptz);
CREATE TABLE sessions (id integer PRIMARY KEY, user_id integer, status text, session_date timestamptz, deleted_at timestamptz);
INSERT INTO users SELECT i FROM generate_series(1, 500) i;
INSERT INTO sessions SELECT i, 1 + i % 499, 'completed', '2001-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 25000) i;
INSERT INTO sessions VALUES (0, 500, 'completed', '2000-01-01'), (30000, NULL, 'available', '2099-01-01');
CREATE INDEX by_client ON sessions (user_id);
CREATE INDEX by_date ON sessions (session_date);
SELECT count(*) FROM swan_attach('users', 'sessions');
SELECT added FROM swan_grant(500, 1);
VACUUM ANALYZE;
SQL
for my $call ('swan_summary(500)', 'swan_client(500)')
{
	my $plan = plan_of($call);
	like($plan, qr/\bby_client\b/, 'uses the index by client') or diag($plan);
	unlike($plan, qr/\bby_date\b/, 'and not the one by date') or diag($plan);
}
# that the deleted do not count is one condition more
like(plan_of('swan_can_book(500, 30000)'), qr/deleted_at IS NULL/, 'the deleted do not count');
for my $call ('swan_book(500, 30000)', 'swan_can_book(500, 30000)', 'swan_summary(500)')
{
	my @by_sql = run_of('off', $call);
	my @directly = run_of('on', $call);
	cmp_ok(scalar(@directly), '<', @by_sql - 1, "$call: rows are read without the executor") or diag(join("\n", @directly));
	is(join("\n", grep { /deleted_at.*FOR NO KEY UPDATE/ } @directly), '', 'and locked');
}

$node->stop;
done_testing();
