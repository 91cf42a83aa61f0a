
# Prisma 7, with its client and its adapter for node-postgres from the npm registry.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw(own_studio start_cluster drive node_modules);
use Test::More;

my $modules = node_modules('prisma');
my $node = start_cluster('prisma');
own_studio($node, 'prisma');
drive($node, 'Prisma', 'prisma', 'web', $modules, 'node', 'prisma.js');
is($node->safe_psql('prisma', 'SELECT * FROM swan_verify()'), '', 'Prisma: all is well');

$node->stop;
done_testing();
