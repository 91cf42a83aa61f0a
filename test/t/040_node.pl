
# node-postgres, postgres.js, Knex, Drizzle, TypeORM, Sequelize 6, Express 4 and 5 and the stripe package, which also
# run the JavaScript of docs/backends.md, docs/adopting.md, docs/credits.md and docs/feed.md.  They come from the npm registry, in
# the versions of test/drivers/node/package-lock.json, into a directory that is
# gone at the end.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw(own_studio start_cluster start_pgbouncer drive node_modules);
use PostgreSQL::Test::Utils;
use Test::More;

my $modules = node_modules('node');

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
