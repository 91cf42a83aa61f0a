
# JDBC with PostgreSQL's driver, as Debian has it (default-jdk-headless, libpostgresql-jdbc-java).

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for own_studio start_cluster drive);
use PostgreSQL::Test::Utils;
use Test::More;

my $temp = PostgreSQL::Test::Utils::tempdir();
my $driver = '/usr/share/java/postgresql.jar';
plan skip_all => 'there is no JDK (Debian: default-jdk-headless)' unless (run_for(20, $temp, 'javac', '-version'))[0];
plan skip_all => 'there is no JDBC driver (Debian: libpostgresql-jdbc-java)' unless -e $driver;
my ($built, $said) = run_for(120, "$top/test/drivers/java", 'javac', '-cp', $driver, '-d', $temp, 'Jdbc.java');
ok($built, 'the program is built') or diag($said);

# The driver knows no sockets. Over TCP only the program gets in.
my $node = start_cluster('jdbc');
own_studio($node, 'jdbc');
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");
unlink($node->data_dir . '/pg_hba.conf');
$node->append_conf('pg_hba.conf', "local all all trust\nhost jdbc web 127.0.0.1/32 trust");
$node->restart;
drive($node, 'JDBC', 'jdbc', 'web', $temp, 'java', '-cp', "$driver:$temp", 'Jdbc');
is($node->safe_psql('jdbc', 'SELECT * FROM swan_verify()'), '', 'JDBC: all is well');

$node->stop;
done_testing();
