
# node-postgres, postgres.js, Knex, Drizzle, TypeORM, Sequelize 6, Express 4 and 5 and the stripe package, which also
# run the JavaScript of docs/backends.md, docs/adopting.md, docs/credits.md and docs/feed.md.  They come from the npm registry, in
# the versions of test/drivers/node/package-lock.json, into a directory that is
# gone at the end.

use strict;
use warnings;

use File::Copy;
use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for own_studio start_cluster start_pgbouncer drive);
use PostgreSQL::Test::Utils;
use Test::More;

my $temp = PostgreSQL::Test::Utils::tempdir();
my $modules = "$temp/node";
mkdir $modules or die "$modules: $!";
copy($_, $modules) or die "$_: $!" for glob "$top/test/drivers/node/*";
$ENV{npm_config_cache} = "$temp/npm";
$ENV{npm_config_update_notifier} = 'false';

my ($ok, $said) = run_for(20, $temp, 'node', '--version');
plan skip_all => 'there is no node' unless $ok;
plan skip_all => "node is older than 18: $said" if $said =~ /^v(\d+)/ && $1 < 18;
plan skip_all => 'there is no npm' unless (run_for(20, $temp, 'npm', '--version'))[0];
($ok, $said) = run_for(240, $modules, 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund',
	'--loglevel=error', '--fetch-retries=1', '--fetch-timeout=20000');
if (!$ok)
{
	# That a lock file does not fit is a fault, that a registry is out of reach is not.
	my ($code) = $said =~ /^npm (?:ERR!|error) code (.*)$/m;
	die "npm ci: $said" if $code && $code =~ /EUSAGE|EINTEGRITY|ETARGET|EJSONPARSE/;
	plan skip_all => 'the npm registry was not reached: ' . ($code // 'npm ci failed');
}

my $node = start_cluster('node');
own_studio($node, 'node');
drive($node, 'node-postgres', 'node', 'web', $modules, 'node', 'pg.js');
drive($node, 'postgres.js', 'node', 'web', $modules, 'node', 'postgresjs.js');
drive($node, 'examples/clients', 'node', 'web', $modules, 'node', 'helper.js');
drive($node, 'query builders', 'node', 'web', $modules, 'node', 'orms.js');
is($node->safe_psql('node', 'SELECT * FROM swan_verify()'), '', 'node-postgres: all is well');

SKIP:
{
	my ($bouncer, $socket) = start_pgbouncer($node, 'node', 2);
	skip 'there is no PgBouncer', 1 unless $bouncer;
	local $ENV{SWAN_POOLED} = $socket;
	$node->safe_psql('node', 'SELECT FROM swan_grant(4, 3)');
	drive($node, 'PgBouncer', 'node', 'web', $modules, 'node', 'pgbouncer.js');
	$bouncer->signal('TERM');
	$bouncer->finish;
}

$node->safe_psql('postgres', 'CREATE DATABASE attached OWNER shop');
$node->safe_psql('attached', 'CREATE EXTENSION swanalloc');
drive($node, 'Sequelize', 'attached', 'shop', $modules, 'node', 'sequelize.js');
is( ($node->psql('attached', q(SELECT * FROM swan_verify() WHERE check_name <> 'unpaid_booking')))[1],
	'', 'Sequelize: nothing is wrong but that old bookings are unpaid');

$node->safe_psql('postgres', 'CREATE DATABASE paranoid OWNER shop');
$node->safe_psql('paranoid', 'CREATE EXTENSION swanalloc');
drive($node, 'paranoid models', 'paranoid', 'shop', $modules, 'node', 'paranoid.js');
is($node->safe_psql('paranoid', 'SELECT * FROM swan_verify()'), '', 'paranoid models: all is well');

# In databases of their own, where what a step leaves is the next one's.
for my $version (4, 5)
{
	$node->safe_psql('postgres', "CREATE DATABASE express$version OWNER shop");
	$node->safe_psql("express$version", 'CREATE EXTENSION swanalloc');
	drive($node, "Express $version", "express$version", 'shop', $modules, 'node', 'express.js', "express$version");
}

$node->stop;
done_testing();
