
# Tables as the migrations of Django and Rails make them, by Debian's python3-django with
# python3-psycopg2 and ruby-activerecord with ruby-pg: attached as a newcomer would, until every guard
# refuses.  Sequelize's are attached in 040_node.pl.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for start_cluster drive);
use PostgreSQL::Test::Utils;
use Test::More;

my $temp = PostgreSQL::Test::Utils::tempdir();
my %programs = (
	django => [ 'python', 'django_test.py', [ 'import django, psycopg2', '-c', '/usr/bin/python3', 'python3' ], 'python3-django, python3-psycopg2' ],
	rails => [ 'ruby', 'active_record.rb', [ 'require "active_record"; require "pg"', '-e', '/usr/bin/ruby', 'ruby' ], 'ruby-activerecord, ruby-pg' ],
);
my $node = start_cluster('migrations');
for my $name (sort keys %programs)
{
	my ($dir, $program, $try, $packages) = @{ $programs{$name} };
	my ($code, $option, @interpreters) = @$try;
	my ($found) = grep { (run_for(30, $temp, $_, $option, $code))[0] } @interpreters;
  SKIP:
	{
		skip "$name is not installed (Debian: $packages)", 1 unless $found;
		$node->safe_psql('postgres', "CREATE DATABASE $name OWNER shop");
		$node->safe_psql($name, 'CREATE EXTENSION swanalloc; GRANT CREATE ON SCHEMA public TO shop');
		drive($node, $name, $name, 'shop', "$top/test/drivers/$dir", $found, $program);
		is($node->safe_psql($name, 'SELECT * FROM swan_verify()'), '', "$name: all is well");
		is($node->safe_psql($name, "SELECT string_agg(value, ' ') FROM swan_settings() WHERE setting IN ('guard_balance', 'guard_sessions', 'trainer_overlap')"),
			'refuse refuse refuse', "$name: every guard refuses");
	}
}

$node->stop;
done_testing();
