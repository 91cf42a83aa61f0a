
# A hot standby: every reader answers there as on the primary, every writer is
# refused with 25006, and a session that goes on notices what the primary
# changes in the registry.  Promoted, the standby is a studio like any other.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(psql_answer);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "timezone = 'UTC'");
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION swanalloc;
CREATE ROLE shop LOGIN;
CREATE ROLE web LOGIN;
CREATE ROLE ann LOGIN;
CREATE ROLE watch LOGIN;
CREATE ROLE stranger LOGIN;
GRANT CREATE ON DATABASE postgres TO shop;
SELECT swan_create_studio(owner => 'shop');
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client'), ('Bob', 'client'), ('Ada', 'admin');
SELECT swan_allow('web', 'backend');
SELECT swan_allow('ann', 'person', 2);
SELECT swan_allow('watch', 'reader');
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 1, timestamptz '2099-01-05 10:00' + i * interval '2 hours' FROM generate_series(0, 2) i;
SELECT * FROM swan_grant(2, 5, key => 'k');
SELECT * FROM swan_grant(2, 1, expires_at => '2099-01-01');
SELECT * FROM swan_book(2, 1);
SQL

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

# Runs statements as a role; returns what they print.
sub as { my ($node, $role, $sql) = @_; return psql_answer($node, $sql, role => $role) }

# readers, each as a role that may: the answer is the primary's
my @readers = (
	[ 'web', 'SELECT * FROM swan_summary(2, actor => 2)' ],
	[ 'ann', 'SELECT * FROM swan_summary(2)' ],
	[ 'web', 'SELECT * FROM swan_client(2, actor => 4)' ],
	[ 'ann', 'SELECT * FROM swan_credits(2)' ],
	[ 'ann', 'SELECT * FROM swan_statement(2)' ],
	[ 'ann', 'SELECT * FROM swan_can_book(2, 2)' ],
	[ 'web', 'SELECT * FROM swan_can_book(3, 2, actor => 3)' ],
	[ 'web', 'SELECT * FROM swan_can_book(3, 1, actor => 3)' ],
	[ 'watch', 'SELECT count(*) FROM swan_verify()' ],
	[ 'watch', 'SELECT count(*) FROM swan_verify(2)' ],
	[ 'stranger', 'SELECT swan_health()' ],
	[ 'stranger', 'SELECT * FROM swan_errors()' ],
	[ 'ann', 'SELECT * FROM swan_actor()' ],
	[ 'ann', 'SELECT * FROM swan_studios()' ],
	[ 'ann', 'SELECT * FROM swan_settings()' ],
	[ 'web', 'BEGIN; SELECT swan_act_as(2); SELECT * FROM swan_summary(2); COMMIT' ],
	[ 'web', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM swan_summary(2, actor => 2); COMMIT' ],
	# and so is a refusal
	[ 'stranger', 'SELECT * FROM swan_summary(2)', 'SW006' ],
	[ 'web', 'SELECT * FROM swan_summary(2)', 'SW006' ],
	[ 'ann', 'SELECT * FROM swan_summary(3)', 'SW006' ],
	[ 'web', 'SELECT * FROM swan_summary(99, actor => 4)', 'SW003' ]);
for my $reader (@readers)
{
	my ($role, $sql, $error) = @$reader;
	my $answer = as($standby, $role, $sql);
	if ($error)
	{
		is($answer, "ERROR:  $error", "$role: $sql");
		next;
	}
	unlike($answer, qr/^(?:ERROR: .*)?$/, "$role: $sql");
	is($answer, as($primary, $role, $sql), 'as on the primary');
}

# writers
my @writers = (
	[ 'web', 'SELECT * FROM swan_grant(2, 1, actor => 4)' ],
	[ 'web', "SELECT * FROM swan_grant(2, 5, key => 'k', actor => 4)" ],
	[ 'web', "SELECT * FROM swan_open(1, '2099-01-06 10:00', actor => 1)" ],
	[ 'ann', 'SELECT * FROM swan_book(2, 2)' ],
	[ 'ann', 'SELECT * FROM swan_book(2, 1)' ],
	[ 'shop', "SELECT swan_configure('grant_max', '5')" ],
	[ 'shop', "SELECT swan_configure('session_records', 'on')" ],
	[ 'shop', "SELECT swan_allow('stranger', 'reader')" ],
	[ 'shop', "SELECT swan_disallow('web')" ],
	[ 'shop', 'SELECT swan_detach()' ],
	[ 'postgres', "SELECT swan_create_studio('second')" ],
	[ 'shop', 'UPDATE studio.users SET available_sessions = 0' ],
	[ 'web', 'BEGIN READ ONLY; SELECT * FROM swan_book(2, 2, actor => 2); COMMIT' ]);
my $superuser = $primary->safe_psql('postgres', 'SELECT current_user');
for my $writer (@writers)
{
	my ($role, $sql) = @$writer;
	$role = $superuser if $role eq 'postgres';
	is(as($standby, $role, $sql), 'ERROR:  25006', "$role: $sql");
}
# who may not write is told that, not where he is
is(as($standby, 'stranger', 'SELECT * FROM swan_book(2, 2)'), 'ERROR:  SW006', 'a stranger is refused');

# A session of the standby that has cached the studio.
my ($in, $out) = ('', '');
my $timer = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
my $session = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $standby->connstr('postgres') . ' user=web', '-f', '-', '-v', 'VERBOSITY=sqlstate' ],
	'<', \$in, '>', \$out, '2>&1', $timer);

sub ask
{
	my ($sql) = @_;
	$out = '';
	$in .= "$sql;\n\\echo :SQLSTATE\n\\echo done\n";
	$session->pump until $out =~ /^done$/m;
	$out =~ s/^psql:<stdin>:\d+: //mg;
	$out =~ s/\n?done\n//;
	return $out;
}
is(ask('SELECT available, warning FROM swan_summary(2, actor => 2)'), "5|\n00000", 'a session of the standby');
$primary->safe_psql('postgres', "SELECT swan_configure('low_threshold', '10')");
$primary->wait_for_catchup($standby);
is(ask('SELECT available, warning FROM swan_summary(2, actor => 2)'), "5|low\n00000", 'notices a setting');
$primary->safe_psql('postgres', 'ALTER TABLE studio.users RENAME TO people; ALTER TABLE studio.people ADD nickname text');
$primary->wait_for_catchup($standby);
is(ask('SELECT available FROM swan_summary(2, actor => 2)'), "5\n00000", 'a table that was renamed');
$primary->safe_psql('postgres', 'ALTER SCHEMA studio RENAME TO atelier');
$primary->wait_for_catchup($standby);
is(ask('SELECT available FROM swan_summary(2, actor => 2)'), "5\n00000", 'a schema that was renamed');
$primary->safe_psql('postgres', "SELECT swan_disallow('web')");
$primary->wait_for_catchup($standby);
like(ask('SELECT available FROM swan_summary(2, actor => 2)'), qr/\bSW006\n/, 'and that its role was disallowed');
$primary->safe_psql('postgres', "SELECT swan_allow('web', 'backend')");
$primary->wait_for_catchup($standby);
is(ask('SELECT available FROM swan_summary(2, actor => 2)'), "5\n00000", 'and allowed again');
$in .= "\\q\n";
$session->finish;

# credits expire on a standby too, where nobody can sweep them
$primary->safe_psql('postgres', "SELECT * FROM swan_grant(3, 4, expires_at => clock_timestamp() + interval '1 second')");
$primary->wait_for_catchup($standby);
ok($standby->poll_query_until('postgres', 'SELECT available = 0 FROM swan_summary(3)'),
	'expired credits are not available on the standby');
is($standby->safe_psql('postgres', 'SELECT available_sessions FROM atelier.people WHERE id = 3'), '4', 'though the balance has them');
is($standby->safe_psql('postgres', 'SELECT code FROM swan_can_book(3, 2)'), 'INSUFFICIENT_SESSIONS', 'nor can they be spent');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM swan_credits(3)'), '0', 'nor are they listed');

# promotion
$primary->wait_for_catchup($standby);
$primary->stop;
$standby->promote;
is(as($standby, 'ann', 'SELECT session_id, status, available_sessions, replayed FROM swan_book(2, 2)'), '2|scheduled|4|f', 'promoted, it takes bookings');
is(as($standby, 'web', "SELECT added, available_sessions, replayed FROM swan_grant(2, 5, key => 'k', actor => 4)"), '5|5|t', 'and knows the keys of before');
is(as($standby, 'watch', 'SELECT * FROM swan_verify()'), '', 'and all is well');
$standby->stop;
done_testing();
