
# The extension's catalog, object by object: installed anew, updated from the
# first released version, and each dumped and restored, it is the same.  Here the
# scripts are compared; 081_upgrade.pl runs the first version's own library.
#
# Lines that begin with "-" are missing, those with "+" should not be there: put it
# right in the last script of sql/swanalloc--A--B.sql.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(psql_answer);
use Catalog qw(extension_catalog same_catalog);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

# Makes a database and runs statements in it.
sub database
{
	my ($db, $sql) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, $sql);
	return;
}

# Dumps a database and restores it as another.
sub copy_of
{
	my ($from, $to) = @_;
	$node->command_ok([ 'pg_dump', '-f', "$dir/$from.sql", $from ], "pg_dump of $from");
	$node->safe_psql('postgres', "CREATE DATABASE $to");
	$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$from.sql", $to ], "restored as $to");
	return;
}

# Statements that go on where one fails; returns what they print, errors by SQLSTATE.
sub as { my ($db, $sql) = @_; return psql_answer($node, $sql, db => $db) }

database('fresh', 'CREATE EXTENSION swanalloc');
my @fresh = extension_catalog($node, 'fresh');
for my $schema ('public', 'Tools of 0')
{
	my $name = $schema eq 'public' ? 'updated' : 'elsewhere';
	database($name, qq(CREATE SCHEMA IF NOT EXISTS "$schema"; CREATE EXTENSION swanalloc SCHEMA "$schema" VERSION '0.1.0'));
	$node->safe_psql($name, 'ALTER EXTENSION swanalloc UPDATE');
	my @updated = map { s/"\Q$schema\E"\./public./gr } extension_catalog($node, $name);
	same_catalog([ map { s/ schema "\Q$schema\E",/ schema public,/r } @updated ], \@fresh,
		"updated in schema $schema, it is as installed anew");
}

# Where a function has become another one its symbol has, too: a backend with the older library finds none.
database('first', "CREATE EXTENSION swanalloc VERSION '0.1.0'; CREATE TABLE people (id int); CREATE TABLE slots (id int)");
my $symbols = q(SELECT p.proname || ' ' || p.prosrc || ': ' || pg_get_function_arguments(p.oid) || ' -> ' || p.prorettype::regtype || '(' ||
	coalesce((SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute a JOIN pg_type t ON t.typrelid = a.attrelid
		WHERE t.oid = p.prorettype AND attnum > 0), '') || ')'
	FROM pg_proc p JOIN pg_depend ON objid = p.oid AND deptype = 'e' AND classid = 'pg_proc'::regclass AND refclassid = 'pg_extension'::regclass
	WHERE p.probin LIKE '%swanalloc');
my %first = map { $_ => 1 } split /\n/, $node->safe_psql('first', $symbols);
my %named = map { /^(\S+ \S+):/ => 1 } keys %first;
is(join("\n", sort grep { /^(\S+ \S+):/ && $named{$1} && !$first{$_} } split /\n/, $node->safe_psql('fresh', $symbols)), '',
	'what is not as in 0.1.0 is called by another symbol');

# Under SQL of another version every function says what to do, whatever it is handed.
my @calls = split /\n/, $node->safe_psql('first', q(SELECT format('SELECT * FROM %s(%s)', p.oid::regproc,
	(SELECT string_agg(format('%s::%s', CASE WHEN t = 'bigint'::regtype THEN '1' WHEN t = 'text'::regtype THEN quote_literal('x')
		ELSE 'NULL' END, t::regtype), ', ' ORDER BY n) FROM unnest(proargtypes) WITH ORDINALITY u(t, n)))
	FROM pg_proc p WHERE proname LIKE 'swan%' AND prokind = 'f' AND prorettype <> 'trigger'::regtype
		AND proname NOT IN ('swan_errors', 'swan_create_studio', 'swan_attach', 'swan_configure')));
push @calls, 'SELECT swan_create_studio()', q(SELECT swan_configure('grant_max', '7')), q(SELECT swan_attach('people', 'slots')), 'CALL swan_backfill()';
cmp_ok(@calls, '>', 40, 'functions of 0.1.0');
is(as('first', join '', map { "$_;\n" } @calls), join("\n", map { 'ERROR:  55000' } @calls), 'are refused under its SQL');
my ($status, undef, $stderr) = $node->psql('first', 'SELECT * FROM swan_summary(1)');
like($stderr, qr/of version 0\.1\.0, its library of version \S+\nHINT:  ALTER EXTENSION swanalloc UPDATE;/, 'with the command to run');

# Triggers guard meanwhile, and calls are answered as soon as it has been run, in a session that was there before too.
database('guarded', <<'SQL');
CREATE EXTENSION swanalloc;
SET client_min_messages = error;
SELECT swan_create_studio();
SELECT swan_create_studio('lax');
SET swanalloc.studio = 'lax';
SELECT swan_configure('guard_balance', 'record');
SELECT swan_configure('guard_sessions', 'record');
INSERT INTO studio.users (first_name) VALUES ('Ann');
INSERT INTO lax.users (first_name) VALUES ('Ann');
SQL
my $other = "UPDATE pg_extension SET extversion = '%s' WHERE extname = 'swanalloc'; UPDATE swan.studio SET name = name WHERE false;";
is(as('guarded', "SET swanalloc.studio = 'lax'; SELECT count(*) FROM swan_grant(1, 2);" . sprintf($other, '0.1.0') . <<'SQL'
SELECT * FROM swan_grant(1, 2);
SELECT * FROM swan_health();
SELECT swan_create_studio('other');
UPDATE studio.users SET available_sessions = 5;
TRUNCATE studio.sessions CASCADE;
DELETE FROM studio.swan_ledger;
UPDATE lax.users SET available_sessions = 5;
INSERT INTO lax.sessions (user_id, status, session_date) VALUES (1, 'scheduled', '2099-01-01');
SQL
	. sprintf($other, $node->safe_psql('fresh', "SELECT extversion FROM pg_extension WHERE extname = 'swanalloc'")) . <<'SQL'), <<'TEXT' =~ s/\n$//r, 'triggers guard, calls are refused');
SELECT kind, delta FROM swan_statement(1);
SQL
1
external|0
external|3
grant|2
ERROR:  55000
ERROR:  55000
ERROR:  55000
ERROR:  SW011
ERROR:  SW011
ERROR:  SW014
TEXT

# What users have granted and revoked, what they have made of the functions, and what they have
# in the registry is still theirs.
database('used', <<'SQL');
CREATE ROLE web; CREATE ROLE desk; CREATE ROLE chief; CREATE ROLE shop;
CREATE EXTENSION swanalloc VERSION '0.1.0';
REVOKE EXECUTE ON FUNCTION swan_book, swan_grant, swan_summary FROM PUBLIC;
GRANT EXECUTE ON FUNCTION swan_book, swan_summary TO web;
GRANT EXECUTE ON FUNCTION swan_grant TO chief WITH GRANT OPTION;
SET ROLE chief;
GRANT EXECUTE ON FUNCTION swan_grant TO desk;
RESET ROLE;
CREATE FUNCTION swan_hold(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE TABLE people (id int); CREATE TABLE slots (id int);
INSERT INTO swan.studio (name, users, sessions, owned_by, own, backfilled) VALUES ('s', 'people', 'slots', 'shop', false, true);
INSERT INTO swan.role VALUES ('s', 'web', 'backend'), ('s', 'gone', 'reader');
CREATE VIEW figures AS SELECT s.* FROM swan_summary(1) s;
CREATE VIEW lines AS SELECT people.id AS person, s.* FROM people, LATERAL swan_statement(id) s;
REVOKE EXECUTE ON FUNCTION swan_hold(bigint, bigint, interval, bigint) FROM PUBLIC;
ALTER EXTENSION swanalloc UPDATE;
SQL

# The privileges of functions that have any.
sub privileges
{
	my ($db) = @_;
	return $node->safe_psql($db, <<'SQL');
SELECT proname || proacl::text FROM pg_proc WHERE proname LIKE 'swan%' AND proacl IS NOT NULL ORDER BY 1
SQL
}
my $owner = $node->safe_psql('used', 'SELECT current_user');
is(privileges('used'), <<TEXT =~ s/\n$//r, 'privileges are as they were');
swan_book{$owner=X/$owner,web=X/$owner}
swan_grant{$owner=X/$owner,chief=X*/$owner,desk=X/chief}
swan_hold{$owner=X/$owner}
swan_summary{$owner=X/$owner,web=X/$owner}
TEXT
is($node->safe_psql('used', q(SELECT count(*) FROM information_schema.columns WHERE table_name = 'figures')), '11',
	'views of answers keep the columns they had');
is($node->safe_psql('used', "SELECT hold_credit, wait_offer FROM swan.studio; SELECT db_role, accepted, role_oid = 'web'::regrole FROM swan.role ORDER BY 1"),
	"on|02:00:00\ngone|t|\nweb|t|t", 'so are studios and roles, and holds need a credit as before');
($status, undef, $stderr) = $node->psql('used', 'DROP ROLE desk');
like($stderr, qr/depend on it/, 'who may call a function cannot be dropped');
copy_of('used', 'used_copy');
is(privileges('used_copy'), privileges('used'), 'a dump has them');
same_catalog([ extension_catalog($node, 'used_copy') ], [ extension_catalog($node, 'used') ], 'and all the rest');
$node->safe_psql('used_copy', 'DROP EXTENSION swanalloc CASCADE');
$node->safe_psql('used', 'DROP EXTENSION swanalloc CASCADE');
is($node->safe_psql('used', 'DROP ROLE desk; SELECT count(*) FROM pg_shdepend WHERE NOT EXISTS (SELECT 1 FROM pg_authid WHERE oid = refobjid)'),
	'0', 'nothing is left of them in the end');

# A view of a function that takes other arguments now must be made anew: the update says which, and changes nothing.
database('viewed', <<'SQL');
CREATE EXTENSION swanalloc VERSION '0.1.0';
CREATE VIEW may AS SELECT * FROM swan_can_book(1, 1);
SQL
($status, undef, $stderr) = $node->psql('viewed', 'ALTER EXTENSION swanalloc UPDATE');
like($stderr, qr/cannot drop function swan_can_book.*view may depends on/s, 'a view of what goes stands in the way');
is($node->safe_psql('viewed', "SELECT extversion FROM pg_extension WHERE extname = 'swanalloc'"), '0.1.0', 'and nothing has changed');
$node->safe_psql('viewed', 'DROP VIEW may; ALTER EXTENSION swanalloc UPDATE');
same_catalog([ extension_catalog($node, 'viewed') ], \@fresh, 'until it is gone');

for my $db ('fresh', 'updated')
{
	copy_of($db, "${db}_copy");
	same_catalog([ extension_catalog($node, "${db}_copy") ], \@fresh, "$db, dumped and restored");
}

done_testing();
