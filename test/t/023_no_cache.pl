# Where the server forgets its caches at every chance, a call still comes to an
# end, also a guard that looks again after its locks.  For assertion builds.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
plan skip_all => 'not an assertion build'
	if $node->safe_psql('postgres', 'SHOW debug_assertions') eq 'off';

$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio();
INSERT INTO studio.users (first_name) VALUES ('Ann');
SELECT swan_configure('guard_balance', 'record');
SQL
is($node->safe_psql('postgres', <<'SQL'), 5, 'a direct write is recorded');
SET statement_timeout = '600s';
SET debug_discard_caches = 1;
UPDATE studio.users SET available_sessions = 5 WHERE id = 1;
RESET debug_discard_caches;
SELECT sum(delta) FROM studio.swan_ledger;
SQL

done_testing();
