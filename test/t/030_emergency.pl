
# The library is gone, or broken: docs/emergency.sql switches the guards of
# every studio off without it, the application writes again, and nothing of
# what is stored changes; docs/emergency_undo.sql switches them on.
#
# The server is a private copy of the installed one: programs are copied, all
# else is linked to, and only the copy's own swanalloc.so is moved away.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use File::Copy;
use File::Path qw(make_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = dirname(abs_path($0)) . '/../..';

sub pg_config
{
	my ($what) = @_;
	my ($dir, $err) = run_command([ 'pg_config', "--$what" ]);
	return $dir;
}

# A server finds its libraries and files relative to its program.
my ($bin, $lib, $share) = map { pg_config($_) } qw(bindir pkglibdir sharedir);
plan skip_all => "programs do not lie in a directory bin: $bin" unless $bin =~ m{/bin$};
my $inst = PostgreSQL::Test::Utils::tempdir();
make_path("$inst$bin", "$inst$lib", dirname("$inst$share"));
for my $program (qw(postgres initdb pg_ctl psql pg_config pg_isready))
{
	copy("$bin/$program", "$inst$bin/$program") or die "$bin/$program: $!";
	chmod 0755, "$inst$bin/$program";
}
symlink $share, "$inst$share" or die "$inst$share: $!";
for my $file (glob "$lib/*")
{
	next if basename($file) =~ /^swanalloc/;
	symlink $file, "$inst$lib/" . basename($file) or die "$file: $!";
}
my $library = "$inst$lib/swanalloc.so";
copy("$lib/swanalloc.so", $library) or die "$lib/swanalloc.so: $!";
chmod 0755, $library;

my $node = PostgreSQL::Test::Cluster->new('emergency', install_path => "$inst" . dirname($bin));
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;
plan skip_all => 'this server cannot be copied'
  unless $node->safe_psql('postgres', "SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'") eq "$inst$lib";

# Two studios, one with odd names and attached, and a trigger of another's.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION swanalloc;
CREATE ROLE shop LOGIN;
CREATE ROLE other LOGIN;
GRANT CREATE ON DATABASE postgres TO shop, other;
SELECT swan_create_studio(owner => 'other');
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client');
SET ROLE shop;
CREATE SCHEMA "Old ""Shop""";
SET search_path = "Old ""Shop""", public;
CREATE TABLE "User's" (id serial PRIMARY KEY, "firstName" text, role text, "availableSessions" integer DEFAULT 0);
CREATE TABLE "Sessions" (id serial PRIMARY KEY, "userId" integer REFERENCES "User's", "trainerId" integer,
	status text DEFAULT 'available', "sessionDate" timestamptz, duration integer, "sessionDeducted" boolean);
INSERT INTO "User's" ("firstName", role, "availableSessions") VALUES ('Bob', 'client', 4), ('Tim', 'trainer', 0);
INSERT INTO "Sessions" ("trainerId", "sessionDate") VALUES (2, '2099-01-01 10:00'), (2, '2099-01-02 10:00');
SELECT * FROM swan_attach('"User''s"', '"Sessions"', studio => 'old');
CREATE FUNCTION swan_guard_lake() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER swan_lake BEFORE UPDATE ON "Sessions" FOR EACH ROW EXECUTE FUNCTION swan_guard_lake();
SELECT * FROM swan_book(1, 1);
RESET ROLE;
SET swanalloc.studio = 'studio';
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (1, '2099-01-01 10:00'), (1, '2099-01-08 10:00');
SELECT * FROM swan_grant(2, 5, key => 'k');
SELECT * FROM swan_book(2, 1);
SELECT * FROM swan_hold(2, 2);
SQL

my $shop = '"Old ""Shop"""';
my @tables = ((map { "studio.$_" } qw(users sessions swan_ledger swan_lots swan_holds swan_waits)),
	(map { "$shop.$_" } q("User's"), q("Sessions"), qw(swan_ledger swan_lots swan_holds swan_waits)),
	'swan.studio', 'swan.role');

sub data
{
	return join '', map { "$_\n" . $node->safe_psql('postgres', "SELECT * FROM $_ x ORDER BY x::text") . "\n" } @tables;
}

# what each guard is: enabled or not
sub guards
{
	return $node->safe_psql('postgres', q(SELECT string_agg(DISTINCT tgenabled::text, '') || count(*)
		FROM pg_trigger WHERE tgname ~ '^swan_(word|guard)'));
}

sub run_file
{
	my ($name, $role) = @_;
	my ($status, $out, $err) = $node->psql('postgres', slurp_file("$top/docs/$name"),
		extra_params => $role ? [ '-U', $role ] : []);
	is($status, 0, "$name runs") or diag($err);
	return $err;
}

# Writes of the application; returns the first error of each, or ''.
sub try_writes
{
	my ($role, @writes) = @_;
	return join '', map {
		my ($status, $out, $err) = $node->psql('postgres', $_, extra_params => [ '-U', $role ]);
		$status == 0 ? "ok\n" : ($err =~ /^psql:<stdin>:\d+: (.*)$/m ? "$1\n" : "$err\n");
	} @writes;
}
my @in_old = (
	qq(UPDATE $shop."User's" SET "availableSessions" = "availableSessions" - 1 WHERE id = 1),
	qq(UPDATE $shop."Sessions" SET "userId" = 1, status = 'scheduled' WHERE id = 2),
	qq(INSERT INTO $shop."User's" ("firstName") VALUES ('Eve')));
my @in_own = (
	'UPDATE studio.users SET available_sessions = available_sessions + 2 WHERE id = 2',
	"INSERT INTO studio.users (first_name) VALUES ('Joe')");

my $before = data();
like(guards(), qr/^O18$/, 'the guards of both studios are on');
my $version = $node->safe_psql('postgres', "SELECT swan_health() ->> 'version'");

# Missing, then broken.
for my $damage (
	[ 'missing', sub { move($library, "$library.away") or die $! },
		qr/could not access file "(?:\$libdir\/)?swanalloc": No such file/ ],
	[ 'broken', sub { open my $f, '>', $library or die $!; print $f "x" x 4096; close $f },
		qr/could not load library/ ])
{
	my ($what, $do, $error) = @$damage;
	$do->();
	for my $sql (@in_old[ 0, 1, 2 ], @in_own, 'SELECT swan_health()')
	{
		my ($status, $out, $err) = $node->psql('postgres', $sql);
		like($err, $error, "$what library: a write fails: $sql");
	}
	is(data(), $before, "$what library: nothing has changed");
}

# An owner reaches his own studio, and nobody else's.
like(run_file('emergency.sql', 'shop'), qr/NOTICE: +9 triggers switched off/, 'an owner switches his studio off');
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D')), 9, 'only his');
like(run_file('emergency.sql'), qr/NOTICE: +9 triggers switched off/, 'a superuser the other one');
like(run_file('emergency.sql'), qr/NOTICE: +0 triggers switched off/, 'a second time it finds nothing');
is(guards(), 'D18', 'all guards are off');
is($node->safe_psql('postgres', q(SELECT tgenabled FROM pg_trigger WHERE tgname = 'swan_lake')),
	'O', 'a trigger of the application with such a name is left alone');
is(data(), $before, 'the data is the same');

# The application works; the CHECK still holds.
is(try_writes('shop', @in_old), "ok\nok\nok\n", 'the application writes again');
is(try_writes('other', @in_own), "ok\nok\n", 'in the other studio too');
like(try_writes('shop', qq(UPDATE $shop."User's" SET "availableSessions" = -1 WHERE id = 1)),
	qr/violates check constraint "swan_balance_check"/, 'but no balance becomes negative');
$node->safe_psql('postgres', <<SQL);
UPDATE $shop."User's" SET "availableSessions" = 3 WHERE id = 1;
UPDATE $shop."Sessions" SET "userId" = NULL, status = 'available' WHERE id = 2;
DELETE FROM $shop."User's" WHERE "firstName" = 'Eve';
UPDATE studio.users SET available_sessions = 4 WHERE id = 2;
DELETE FROM studio.users WHERE first_name = 'Joe';
SQL
is(data(), $before, 'what was written is undone');

# The library is back.
unlink $library or die $!;
move("$library.away", $library) or die $!;
is($node->safe_psql('postgres', "SELECT swan_health() ->> 'status'"), 'degraded', 'swan_health tells');
is($node->safe_psql('postgres', "SET swanalloc.studio = 'studio'; SELECT DISTINCT check_name FROM swan_verify()"),
	'guard', 'swan_verify names the guards');
like(run_file('emergency_undo.sql', 'shop'), qr/NOTICE: +9 triggers switched on/, 'an owner switches his studio on');
like(run_file('emergency_undo.sql'), qr/NOTICE: +9 triggers switched on/, 'a superuser the other one');
is(guards(), 'O18', 'all guards are on');
is(data(), $before, 'the data is the same');
is($node->safe_psql('postgres', "SELECT swan_health() ->> 'status'"), 'healthy', 'swan_health is content');
is($node->safe_psql('postgres',
		"SET swanalloc.studio = 'studio'; SELECT * FROM swan_verify(); SET swanalloc.studio = 'old'; SELECT * FROM swan_verify()"),
	'', 'and so is swan_verify');
like(try_writes('other', $in_own[0]), qr/direct change of the balance/, 'the guards refuse');
is(try_writes('shop', $in_old[0]), "ok\n", 'or record');
is($node->safe_psql('postgres', "SELECT kind, delta FROM $shop.swan_ledger ORDER BY id DESC LIMIT 1"),
	'external|-1', 'what is written');
is($node->safe_psql('postgres', "SET swanalloc.studio = 'studio'; SELECT added, replayed FROM swan_grant(2, 5, key => 'k')"),
	'5|t', 'and the keys of before are known');
is($node->safe_psql('postgres', "SELECT swan_health() ->> 'version'"), $version, 'it is the same version');

$node->stop;
done_testing();
