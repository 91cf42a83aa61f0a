
# psycopg 3, Debian's python3-psycopg, which also runs the Python of
# docs/backends.md.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for own_studio start_cluster drive);
use PostgreSQL::Test::Utils;
use Test::More;

# Debian's Python first: a newer one in the path has not its modules.
my $temp = PostgreSQL::Test::Utils::tempdir();
my ($python) = grep { (run_for(20, $temp, $_, '-c', 'import psycopg'))[0] } '/usr/bin/python3', 'python3';
plan skip_all => 'there is no psycopg 3 (Debian: python3-psycopg)' unless $python;

my $node = start_cluster('psycopg');
own_studio($node, 'python');
drive($node, 'psycopg', 'python', 'web', "$top/test/drivers/python", $python, 'psycopg_test.py');
is($node->safe_psql('python', 'SELECT * FROM swan_verify()'), '', 'psycopg: all is well');

$node->stop;
done_testing();
