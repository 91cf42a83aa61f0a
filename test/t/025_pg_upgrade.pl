
# pg_upgrade takes a studio along: what it has, how it is set, who may call, its guards. To this very
# version, since there is one server here; between two of them docs/releasing.md has the commands.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($old, $new) = map { PostgreSQL::Test::Cluster->new($_) } 'before', 'after';
$_->init(extra => [ '--locale=C', '--encoding=UTF8' ]) for $old, $new;
$old->start;
$old->safe_psql('postgres', 'CREATE DATABASE studio; CREATE ROLE studio_owner; CREATE ROLE web LOGIN');
$old->safe_psql('studio', <<'SQL');
CREATE EXTENSION swanalloc;
SELECT swan_create_studio(owner => 'studio_owner');
INSERT INTO studio.users (first_name, role) VALUES ('Ada', 'admin'), ('Tom', 'trainer'), ('John', 'client'), ('Jane', 'client');
SELECT swan_allow('web', 'backend'), swan_configure('cancel_window', '48 hours');
SELECT FROM swan_open(2, '2099-06-01 09:00', repeat => 5);
SELECT FROM swan_grant_many('{3,4}', 3);
SELECT FROM swan_book(3, 1, key => 'a7f3', actor => 3);
SELECT FROM swan_wait(4, 1, actor => 4);
CREATE TABLE public.seen AS SELECT cursor FROM swan_changes() ORDER BY xid DESC, id DESC LIMIT 1;
SQL
my $look = <<'SQL';
SELECT * FROM swan_studios();
SELECT * FROM swan_settings();
SELECT db_role, as_what FROM swan.role;
SELECT swan_health() ->> 'status';
SELECT * FROM swan_verify();
SELECT id, at, kind, delta, balance_after, session_id, key FROM swan_statement(3) UNION ALL
SELECT id, at, kind, delta, balance_after, session_id, key FROM swan_statement(4);
SELECT user_id, line FROM swan_waiting();
SQL
my $before = $old->safe_psql('studio', $look);
like($before, qr/^web\|backend$/m, 'there is something to look at');
$old->stop;

my $bin = qx(pg_config --bindir) =~ s/\n//r;
chdir PostgreSQL::Test::Utils::tempdir() or die $!;
command_ok([ 'pg_upgrade', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin,
		'-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade');
$new->start;
is($new->safe_psql('studio', $look), $before, 'all of it is there');

sub refused
{
	my ($sql) = @_;
	my ($status, $out, $err) = $new->psql('studio', "\\set VERBOSITY sqlstate\n$sql");
	return $err =~ /ERROR: +(\w+)/ ? $1 : "not refused: $out";
}
is($new->safe_psql('studio', "SET ROLE web; SELECT session_id, replayed FROM swan_book(3, 1, key => 'a7f3', actor => 3)"), '1|t',
	'what is sent again is answered as before');
is($new->safe_psql('studio', 'SET ROLE web; SELECT session_id, available_sessions FROM swan_book(4, 2, actor => 4)'), '2|2', 'who may call books on');
is(refused('UPDATE studio.users SET available_sessions = 9 WHERE id = 3'), 'SW011', 'the guards are there');
is(refused('DELETE FROM studio.swan_ledger'), 'SW014', '... and the ledger is closed');
is(refused('SELECT FROM swan_changes((SELECT cursor FROM seen))'), 'SW016', 'to the feed it is another place');
$new->safe_psql('studio', 'SELECT swan_rebase_feed()');
is($new->safe_psql('studio', 'SELECT count(*) > 3 FROM swan_changes()'), 't', '... until swan_rebase_feed()');
is($new->safe_psql('studio', 'SELECT count(*) FROM swan_verify()'), 0, 'it adds up');
$new->stop;
done_testing();
