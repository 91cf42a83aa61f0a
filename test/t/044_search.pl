
# Searching for people where the extension unaccent is in the database: accents, cases and forms of an apostrophe do not
# matter, whose function that is cannot be forged, and without it all is as it is elsewhere.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('search');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
plan skip_all => 'there is no extension unaccent'
	if $node->safe_psql('postgres', q(SELECT count(*) FROM pg_available_extensions WHERE name = 'unaccent')) eq '0';

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION swanalloc;
CREATE ROLE shop;
CREATE ROLE thief;
GRANT CREATE ON DATABASE postgres TO shop, thief;
CREATE SCHEMA stolen AUTHORIZATION thief;
GRANT USAGE ON SCHEMA stolen TO PUBLIC;
SET ROLE shop;
SELECT swan_create_studio('studio');
INSERT INTO studio.users (first_name, last_name, email, role) VALUES
	('Jos' || U&'\00E9', 'Garc' || U&'\00ED' || 'a', 'jose@example.com', 'client'),      -- 1
	('JOSE' || U&'\0301', 'N' || U&'\00FA\00F1' || 'ez', NULL, 'client'),                -- 2: e and a combining accent
	('Ang' || U&'\00E8' || 'le', 'O' || U&'\2019' || 'Brien', NULL, 'client'),           -- 3
	('Pat', 'O''Brien', NULL, 'client'),                                                 -- 4
	('Ren' || U&'\00C9', 'Wei' || U&'\00DF', NULL, 'trainer'),                           -- 5
	('100' || U&'\FF05', 'A_B', NULL, 'client');                                         -- 6: a wide percent sign
SQL

# who is found, by swan_clients and swan_people alike, as swan_clients_count counts
sub found
{
	my ($search) = @_;
	$search =~ s/'/''/g;
	my ($clients, $count, $people) = split /\|/, $node->safe_psql('postgres', <<"SQL");
SET ROLE shop;
SELECT (SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '-') FROM swan_clients('$search')),
	swan_clients_count('$search'), (SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '-') FROM swan_people(search => '$search'))
SQL
	my $n = () = $clients =~ /\d+/g;
	is($n, $count, "$search: as many as are counted");
	return $clients eq $people ? $clients : "$clients, $people";
}
sub setting
{
	return $node->safe_psql('postgres', q(SET ROLE shop; SELECT value FROM swan_settings() WHERE setting = 'search_accents'));
}

sub without
{
	my ($when) = @_;
	is(setting(), 'told', "$when: the settings say so");
	is(found('garc'), '1', "$when: a part of a name is found");
	is(found('garcia'), '-', "$when: accents are told apart");
	is(found("o'brien"), '4', "$when: and apostrophes");
	is(found("O\x{e2}\x{80}\x{99}BRIEN"), '3', "$when: of either form");
	is(found('a_b'), '6', "$when: _ is no pattern");
}
without('without it');

$node->safe_psql('postgres', 'CREATE SCHEMA extensions; CREATE EXTENSION unaccent SCHEMA extensions');
is(setting(), 'ignored', 'the settings say that it is there');
is(found('jose garcia'), '1', 'without the accent');
is(found("Jos\x{c3}\x{a9} GARC\x{c3}\x{8d}A"), '1', 'and with it, whatever the case');
is(found('nunez'), '2', 'several accents');
is(found('jose'), $node->safe_psql('postgres', q(SELECT extensions.unaccent('e' || U&'\0301') = 'e')) eq 't' ? '1 2' : '1', 'accents that are letters of their own, as far as unaccent knows them');
is(found('angele o'), '3', 'a first name and a part of the last');
is(found("o'brien"), '3 4', 'both forms of the apostrophe');
is(found("O\x{e2}\x{80}\x{99}BRIEN"), '3 4', 'by either');
is(found('rene weiss'), '-, 5', 'a trainer is found among the people');
is(found('garda'), '-', 'another name is another name');
is(found('0%'), '6', 'what becomes a percent sign is one');
is(found('1%0'), '-', 'and no pattern');
is(found("\x{ef}\x{bc}\x{85}"), '6', 'nor in what is searched for');
is(found('a_b'), '6', '_ neither');
is(found('_'), '6', 'wherever it is');
is( $node->safe_psql('postgres', <<'SQL'), '1|Garc', 'pages go on');
SET ROLE shop;
INSERT INTO studio.users (first_name, last_name) SELECT 'X', 'Garcia' FROM generate_series(1, 3);
SELECT id, left(last_name, 4) FROM swan_clients('garcia', max_rows => 4, after => (SELECT cursor FROM swan_clients('garcia', max_rows => 3) OFFSET 2));
DELETE FROM studio.users WHERE id > 6;
SQL
is( $node->safe_psql('postgres', <<'SQL'), '1|1', 'it moves to another schema between two searches of one session');
SET ROLE shop;
CREATE TEMP TABLE found AS SELECT count(*) AS before FROM swan_clients('garcia');
RESET ROLE;
CREATE SCHEMA elsewhere;
ALTER EXTENSION unaccent SET SCHEMA elsewhere;
SET ROLE shop;
SELECT before, (SELECT count(*) FROM swan_clients('garcia')) FROM found;
SQL

my ($status, $out, $err) = $node->psql('postgres', q(SET ROLE shop; SELECT swan_configure('search_accents', 'ignored')));
like($err, qr/search_accents cannot be set\n.*\nHINT:  .*CREATE EXTENSION unaccent;/, 'it is nothing to configure');

# What an application's user makes is not it: whatever the path, and though he has made the extension
$node->safe_psql('postgres', 'REVOKE EXECUTE ON FUNCTION elsewhere.unaccent(text) FROM PUBLIC');
without('who may not call it does without');
$node->safe_psql('postgres', 'DROP EXTENSION unaccent');
my $fake = q(FUNCTION stolen.unaccent(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught %', current_user; END $$);
$node->safe_psql('postgres', "SET ROLE thief; CREATE $fake; GRANT EXECUTE ON FUNCTION stolen.unaccent(text) TO PUBLIC; RESET ROLE; ALTER DATABASE postgres SET search_path = stolen, public");
without('another function of that name');
SKIP:
{
	skip 'extensions are not trusted', 1
		if $node->safe_psql('postgres', q(SELECT trusted FROM pg_available_extension_versions WHERE name = 'unaccent' LIMIT 1)) ne 't';
	$node->safe_psql('postgres', <<"SQL");
DROP FUNCTION stolen.unaccent(text);
SET ROLE thief;
CREATE EXTENSION unaccent SCHEMA stolen;
RESET ROLE;
ALTER EXTENSION unaccent DROP FUNCTION stolen.unaccent(text);
DROP FUNCTION stolen.unaccent(text);
SET ROLE thief;
CREATE $fake;
ALTER EXTENSION unaccent ADD FUNCTION stolen.unaccent(text);
SQL
	without('one that the maker of the extension has put into it');
}

$node->stop;
done_testing();
