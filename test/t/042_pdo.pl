
# PDO: the PHP of docs/backends.md.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for own_studio start_cluster start_pgbouncer drive);
use PostgreSQL::Test::Utils;
use Test::More;

my $temp = PostgreSQL::Test::Utils::tempdir();
plan skip_all => 'there is no PHP with PDO for PostgreSQL (Debian: php-cli, php-pgsql)'
  unless (run_for(20, $temp, 'php', '-r', 'exit((int) !extension_loaded("pdo_pgsql"));'))[0];

my $node = start_cluster('pdo');
own_studio($node, 'php');
drive($node, 'PDO', 'php', 'web', "$top/test/drivers/php", 'php', 'pdo.php');
SKIP:
{
	my ($bouncer, $socket) = start_pgbouncer($node, 'php', 1);
	skip 'there is no PgBouncer', 1 unless $bouncer;
	local $ENV{SWAN_POOLED} = $socket;
	drive($node, 'PDO through PgBouncer', 'php', 'web', "$top/test/drivers/php", 'php', 'pgbouncer.php');
	$bouncer->signal('TERM');
	$bouncer->finish;
}
is($node->safe_psql('php', 'SELECT * FROM swan_verify()'), '', 'PDO: all is well');

$node->stop;
done_testing();
