
# psycopg 3, and psycopg2 with SQLAlchemy and Django where they are: Debian's python3-psycopg and python3-psycopg-pool, which also runs the Python of
# docs/backends.md.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for own_studio start_cluster start_pgbouncer drive);
use PostgreSQL::Test::Utils;
use Test::More;

# Debian's Python first: a newer one in the path has not its modules.
my $temp = PostgreSQL::Test::Utils::tempdir();
my ($python) = grep { (run_for(20, $temp, $_, '-c', 'import psycopg, psycopg_pool'))[0] } '/usr/bin/python3', 'python3';
plan skip_all => 'there is no psycopg 3 with its pool (Debian: python3-psycopg, python3-psycopg-pool)' unless $python;

my $node = start_cluster('psycopg');
own_studio($node, 'python');
drive($node, 'psycopg', 'python', 'web', "$top/test/drivers/python", $python, 'psycopg_test.py');
drive($node, 'examples/clients', 'python', 'web', "$top/test/drivers/python", $python, 'helper_test.py');
SKIP:
{
	skip 'there is no psycopg2 (Debian: python3-psycopg2)', 1 unless (run_for(20, $temp, $python, '-c', 'import psycopg2'))[0];
	drive($node, 'what stands on psycopg2', 'python', 'web', "$top/test/drivers/python", $python, 'stacks_test.py');
}
SKIP:
{
	my ($bouncer, $socket) = start_pgbouncer($node, 'python', 1);
	skip 'there is no PgBouncer', 1 unless $bouncer;
	local $ENV{SWAN_POOLED} = $socket;
	drive($node, 'psycopg through PgBouncer', 'python', 'web', "$top/test/drivers/python", $python, 'pgbouncer_test.py');
	$bouncer->signal('TERM');
	$bouncer->finish;
}
is($node->safe_psql('python', 'SELECT * FROM swan_verify()'), '', 'psycopg: all is well');

$node->stop;
done_testing();
