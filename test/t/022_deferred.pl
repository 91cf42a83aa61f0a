
# The owner's deferred triggers never run with the rights of somebody who merely
# called a swan_* function.  Before PostgreSQL 18 they would run as whoever
# commits, so they run when the call ends; from 18 on, at COMMIT, as the owner.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\nclient_min_messages = warning");
$node->start;
my $early = $node->pg_version < 18;

# Deferred triggers on all five tables and on a third one, to which a trigger of
# the application writes.  Each says its table and its role.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION swanalloc;
CREATE ROLE owner LOGIN; CREATE ROLE web; CREATE ROLE neighbour; CREATE ROLE boss SUPERUSER;
SELECT swan_create_studio(owner => 'owner');
GRANT ALL ON SCHEMA studio TO web, neighbour;
GRANT SELECT, UPDATE ON studio.users TO web;
SET ROLE owner;
INSERT INTO studio.users (first_name, role) VALUES ('Ann', 'client'), ('Ben', 'client'), ('Tom', 'trainer');
CREATE TABLE studio.said (n serial, what text);
CREATE TABLE studio.audit (id serial PRIMARY KEY, what text);
GRANT ALL ON ALL TABLES IN SCHEMA studio TO neighbour;
GRANT INSERT ON studio.said, studio.audit TO PUBLIC;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA studio TO PUBLIC;
CREATE FUNCTION studio.later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO studio.said (what) VALUES (tg_table_name || ' as ' || current_user);
	CASE current_setting('test.todo', true)
		WHEN 'fail' THEN RAISE 'no';
		WHEN 'grant' THEN IF tg_table_name = 'users' AND NEW.id = 1 THEN PERFORM public.swan_grant(2, 1); END IF;
		WHEN 'audit' THEN IF tg_table_name = 'users' THEN INSERT INTO studio.audit (what) VALUES ('by later'); END IF;
		WHEN 'defer' THEN IF tg_table_name = 'users' AND to_jsonb(NEW) ->> 'last_name' IS NULL THEN
			SET CONSTRAINTS studio.later DEFERRED;
			UPDATE studio.users SET last_name = 'Z' WHERE id = NEW.id;
		END IF;
		WHEN 'through' THEN IF tg_table_name = 'users' AND to_jsonb(NEW) ->> 'last_name' IS NULL THEN
			PERFORM studio.by_web();
			UPDATE studio.users SET last_name = 'Z' WHERE id = NEW.id;
		END IF;
		ELSE NULL;
	END CASE;
	RETURN NULL;
END $$;
CREATE FUNCTION studio.also() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO studio.audit (what) VALUES (tg_table_name);
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT OR UPDATE ON studio.users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studio.later();
CREATE CONSTRAINT TRIGGER later_sessions AFTER INSERT OR UPDATE ON studio.sessions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studio.later();
CREATE CONSTRAINT TRIGGER later_ledger AFTER INSERT ON studio.swan_ledger DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studio.later();
CREATE CONSTRAINT TRIGGER later_audit AFTER INSERT ON studio.audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studio.later();
CREATE CONSTRAINT TRIGGER perhaps AFTER INSERT ON studio.swan_lots DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION studio.later();
CREATE FUNCTION studio.grant_one() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.swan_grant(1, 1)';
SELECT swan_allow('web', 'system');
SET ROLE web;
SELECT swan_accept('studio');
SET ROLE owner;
SELECT swan_open(3, '2099-01-05 10:00', 60, 9);
SQL

# Runs commands in one transaction and returns what the triggers said before COMMIT
# and in the end, each sorted, and the errors.
sub said
{
	my ($commands) = @_;
	my $ask = q{SELECT '= ' || coalesce(string_agg(what, ', ' ORDER BY what COLLATE "C"), '') FROM studio.said;};
	$node->safe_psql('postgres', 'SET client_min_messages = error; TRUNCATE studio.said, studio.audit');
	my ($status, $out, $err) = $node->psql('postgres', "BEGIN;\n$commands\nRESET ROLE;\n$ask\nCOMMIT;\n$ask", on_error_stop => 0);
	my @said = $out =~ /^= (.*)$/mg;
	return ($said[-2] // '', $said[-1], $err);
}

# What a call leaves is said before COMMIT on older servers, and always as the owner.
sub runs_as_owner
{
	my ($name, $commands, @tables) = @_;
	my $all = join ', ', map { "$_ as owner" } sort @tables;
	my ($before, $after, $err) = said($commands);
	is($err, '', "$name: no error");
	is($before, $all, "$name: run when the call ends") if $early;
	is($after, $all, "$name: run as the owner");
}

my $grant = 'SELECT count(*) FROM swan_grant(1, 1);';
my @of_grant = qw(swan_ledger swan_lots users);
for my $role (qw(boss web))
{
	runs_as_owner("grant by $role", "SET LOCAL ROLE $role; $grant", @of_grant);
	runs_as_owner("two grants by $role", "SET LOCAL ROLE $role; $grant $grant", @of_grant, @of_grant);
	runs_as_owner("function of the owner's, called by $role", "SET LOCAL ROLE $role; SELECT studio.grant_one();", @of_grant);
}
runs_as_owner('booking', 'SELECT count(*) FROM swan_book(1, 1);', qw(sessions swan_ledger users));
runs_as_owner('slots', q{SELECT count(*) FROM swan_open(3, '2099-02-05 10:00', 60, 2);}, qw(sessions sessions swan_ledger));
runs_as_owner('savepoint', "SAVEPOINT a; $grant ROLLBACK TO a; $grant RELEASE a;", @of_grant);
runs_as_owner('SET CONSTRAINTS ALL IMMEDIATE', "SET CONSTRAINTS ALL IMMEDIATE; $grant", @of_grant);
runs_as_owner('SET CONSTRAINTS ALL DEFERRED', "SET CONSTRAINTS ALL DEFERRED; $grant", @of_grant);
runs_as_owner('a trigger that grants', "SET LOCAL test.todo = 'grant'; $grant", @of_grant, @of_grant);
runs_as_owner('a trigger that writes elsewhere', "SET LOCAL test.todo = 'audit'; $grant", @of_grant, 'audit');

# a trigger that defers itself anew, or has a call do so, and then writes
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION studio.by_web() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.swan_grant(3, 1)';
ALTER FUNCTION studio.by_web() OWNER TO web;
UPDATE studio.users SET last_name = 'X' WHERE id = 3;
SQL
for my $role (qw(boss web))
{
	$node->safe_psql('postgres', 'UPDATE studio.users SET last_name = NULL WHERE id = 1');
	runs_as_owner("defers itself, called by $role", "SET LOCAL ROLE $role; SET LOCAL test.todo = 'defer'; $grant", @of_grant, 'users');
	$node->safe_psql('postgres', 'UPDATE studio.users SET last_name = NULL WHERE id = 1');
	runs_as_owner("is deferred by a call, called by $role", "SET LOCAL ROLE $role; SET LOCAL test.todo = 'through'; $grant",
		@of_grant, @of_grant, 'users');
}

# what the owner does waits for COMMIT as ever, where nobody else may be back before
runs_as_owner('SET ROLE to the owner', "SET LOCAL ROLE owner; $grant", @of_grant);
$node->safe_psql('postgres', 'TRUNCATE studio.said');
is($node->safe_psql('postgres', "BEGIN; $grant SELECT what FROM studio.said; COMMIT", extra_params => [ '-U', 'owner' ]),
	"1\nswan_lots as owner", 'the owner himself: those that wait wait');
is($node->safe_psql('postgres', 'SELECT what FROM studio.said ORDER BY what COLLATE "C"'),
	"swan_ledger as owner\nswan_lots as owner\nusers as owner", 'and run');

# an error is the call's on older servers, and nothing of it remains
my ($before, $after, $err) = said("SET CONSTRAINTS ALL DEFERRED; SAVEPOINT a; SET LOCAL test.todo = 'fail'; $grant ROLLBACK TO a;");
like($err, qr/ERROR:  no$/m, 'an error is raised by the call') if $early;
is("$before$after", '', 'and what it did is gone');

# constraints are as they are declared afterwards, and a direct write waits as ever
($before, $after, $err) = said("$grant DELETE FROM studio.said; UPDATE studio.users SET last_name = 'X' WHERE id = 2;");
unlike($before, qr/users/, 'a later direct write waits for COMMIT') if $early;

# direct writes on the studio's tables that are waiting when somebody calls
($before, $after, $err) = said("UPDATE studio.users SET last_name = 'Y' WHERE id = 2; $grant");
is($before, 'swan_ledger as owner, swan_lots as owner, users as owner, users as owner', 'an earlier one runs with the call') if $early;

# a trigger of the application writes to another table
$node->safe_psql('postgres', 'SET ROLE owner; CREATE TRIGGER also AFTER INSERT ON studio.swan_ledger FOR EACH ROW EXECUTE FUNCTION studio.also()');
runs_as_owner('another table', $grant, @of_grant, 'audit');
($before, $after, $err) = said("INSERT INTO studio.audit (what) VALUES ('by hand'); $grant");
unlike($before, qr/audit/, 'where the caller has written himself, nothing is hastened');
$node->safe_psql('postgres', 'DROP TRIGGER also ON studio.swan_ledger');

# guards in record mode
$node->safe_psql('postgres', q{SET ROLE owner; SELECT swan_configure('guard_balance', 'record'), swan_configure('guard_sessions', 'record')});
($before, $after, $err) = said('SET LOCAL ROLE web; UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = 1;');
is($err, '', 'a direct write is recorded');
like($before, qr/swan_ledger as owner, swan_lots as owner/, 'and what the guard wrote run as the owner') if $early;
like($after, qr/swan_ledger as owner, swan_lots as owner/, 'and nobody else');

# what the writer has queued himself waits for COMMIT, also where a guard looks at his row
($before, $after, $err) = said('SET LOCAL ROLE web; UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = 1;');
unlike($before, qr/users/, 'a guard hastens nothing of his');
like($after, qr/users as/, 'which runs at COMMIT');
($before, $after, $err) = said(q{INSERT INTO studio.sessions (trainer_id, session_date) VALUES (3, '2099-03-05 10:00');});
is($before, '', 'nor where it only looks at the trainer');
like($after, qr/^sessions as/, 'which runs at COMMIT too');

# foreign keys that wait are left alone
$node->safe_psql('postgres', q{SET ROLE owner; CREATE TABLE studio.kinds (id int PRIMARY KEY);
ALTER TABLE studio.users ADD kind int REFERENCES studio.kinds DEFERRABLE INITIALLY DEFERRED});
($before, $after, $err) = said("UPDATE studio.users SET kind = 1 WHERE id = 2; $grant INSERT INTO studio.kinds VALUES (1);");
is($err, '', 'a foreign key is checked at COMMIT');
$node->safe_psql('postgres', 'UPDATE studio.users SET last_name = NULL WHERE id = 1');
($before, $after, $err) = said("UPDATE studio.users SET kind = 2 WHERE id = 2; SET LOCAL test.todo = 'defer'; $grant INSERT INTO studio.kinds VALUES (2);");
is($after, 'swan_ledger as owner, swan_lots as owner, users as owner, users as owner, users as owner',
	'also beside a trigger that defers itself') if $early;

# two constraints of one name
$node->safe_psql('postgres', 'SET ROLE owner; CREATE TABLE studio.plain (n int CONSTRAINT later CHECK (n > 0), CONSTRAINT later_ledger UNIQUE (n))');
runs_as_owner('a name that a CHECK has too', $grant, @of_grant);
$node->safe_psql('postgres', <<'SQL');
SET ROLE owner;
DROP TABLE studio.plain;
CREATE TABLE studio.at_once (n int);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON studio.at_once DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION studio.later();
SQL
($before, $after, $err) = said("$grant INSERT INTO studio.at_once VALUES (1);");
like($before, qr/^at_once as/, 'one of the same name that is not deferred runs at once');
$node->safe_psql('postgres', 'DROP TABLE studio.at_once');
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION studio.theirs() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO studio.said (what) VALUES (''neighbour as '' || current_user); RETURN NULL; END';
SET ROLE neighbour;
CREATE TABLE studio.theirs (n int);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON studio.theirs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studio.theirs();
SQL
runs_as_owner('a name that a table of somebody else has too', $grant, @of_grant);
($before, $after, $err) = said("INSERT INTO studio.theirs VALUES (1); $grant");
like($err, qr/ERROR:  deferred trigger "later" of table "users" cannot run apart from that of table "theirs"/, 'whose code does not run as the owner') if $early;
unlike("$before$after", qr/neighbour as owner/, 'nor later');

done_testing();
