
# Go with pgx 4, as Debian has it (golang-go, golang-github-jackc-pgx-v4-dev).

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for own_studio start_cluster drive);
use PostgreSQL::Test::Utils;
use Test::More;

my $temp = PostgreSQL::Test::Utils::tempdir();
my $packages = '/usr/share/gocode';
plan skip_all => 'there is no Go (Debian: golang-go)' unless (run_for(20, $temp, 'go', 'version'))[0];
plan skip_all => 'there is no pgx (Debian: golang-github-jackc-pgx-v4-dev)' unless -d "$packages/src/github.com/jackc/pgx/v4";
my ($built, $said) = do
{
	local %ENV = (%ENV, GO111MODULE => 'off', GOPATH => $packages, GOFLAGS => '', GOCACHE => "$temp/cache");
	run_for(300, "$top/test/drivers/go", 'go', 'build', '-o', "$temp/pgx", 'pgx.go');
};
ok($built, 'the program is built') or diag($said);

my $node = start_cluster('pgx');
own_studio($node, 'pgx');
drive($node, 'pgx', 'pgx', 'web', $temp, "$temp/pgx");
is($node->safe_psql('pgx', 'SELECT * FROM swan_verify()'), '', 'pgx: all is well');

$node->stop;
done_testing();
