
# What pg_dump takes along: two studios with their settings and roles, and
# everything that an application has added to their tables.  The restored
# database dumps to the same text, and works.  DROP EXTENSION leaves the data,
# and the row of a studio whose tables are gone does no harm.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(psql_answer);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none\ntimezone = 'UTC'");
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

# Runs statements as a role (NULL: the superuser); returns what they print.
sub as { my ($db, $role, $sql) = @_; return psql_answer($node, $sql, db => $db, role => $role) }

# A dump as text, without what is different in each.
sub dump_of
{
	my ($db, @options) = @_;
	$node->command_ok([ 'pg_dump', '-f', "$dir/$db.sql", @options, $db ], "pg_dump of $db");
	my $text = slurp_file("$dir/$db.sql");
	$text =~ s/^\\(?:un)?restrict .*\n//mg;
	return $text;
}

sub restore
{
	my ($from, $to) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $to");
	$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$from.sql", $to ], "restored as $to");
}

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE shop LOGIN;
CREATE ROLE yogi LOGIN;
CREATE ROLE web LOGIN;
CREATE ROLE ann LOGIN;
CREATE ROLE watch LOGIN;
CREATE ROLE report LOGIN;
CREATE DATABASE source;
SQL
my $script = <<'SQL';
CREATE EXTENSION swanalloc;
SET client_min_messages = warning;
SELECT swan_create_studio(owner => 'shop');
SELECT swan_create_studio('Yoga & Co', 'yogi');

SET swanalloc.studio = 'studio';
INSERT INTO studio.users (first_name, last_name, email, role) VALUES
  ('Tom', 'Trainer', 'tom@example.com', 'trainer'), ('Ann', 'O''Hara', 'ann@example.com', 'client'),
  ('Bob', NULL, NULL, 'client'), ('Ada', E'tab\there', 'ada@example.com', 'admin');
SELECT swan_allow('web', 'backend');
SELECT swan_allow('ann', 'person', 2);
SELECT swan_configure('low_threshold', '4');
SELECT swan_configure('cancel_window', '36 hours');
SELECT swan_configure('time_zone', 'America/New_York');
SELECT swan_configure('search_path', 'pg_catalog, studio');
INSERT INTO studio.sessions (trainer_id, session_date) SELECT 1, timestamptz '2099-01-05 10:00' + i * interval '2 hours' FROM generate_series(0, 3) i;
SELECT * FROM swan_grant(2, 5, key => 'k', reason => E'A "gift"\\ of\nAda''s', actor => 4);
SELECT * FROM swan_grant(2, 3, expires_at => '2099-01-01');
SELECT swan_configure('guard_sessions', 'refuse');
SELECT * FROM swan_grant(3, 1);
SELECT * FROM swan_book(2, 1, key => 'b');
SELECT * FROM swan_book(3, 2);
SELECT * FROM swan_book(2, 3, actor => 4);
CREATE FUNCTION studio.not_bob(client bigint, session bigint, actor bigint) RETURNS text LANGUAGE sql AS $$SELECT 'Not you.' WHERE client = 3$$;
SELECT swan_configure('booking_rule', 'not_bob');
CREATE TABLE studio.coaches (trainer_id bigint, user_id bigint);
ALTER TABLE studio.coaches OWNER TO shop;
INSERT INTO studio.coaches VALUES (1, 3);
SELECT swan_configure('assignments', 'studio.coaches');
SELECT * FROM swan_grant(3, 1);
SELECT * FROM swan_hold(2, 4);

SET swanalloc.studio = 'Yoga & Co';
INSERT INTO "Yoga & Co".users (first_name, role) VALUES ('Tim', 'trainer'), ('Eve', 'client');
SELECT swan_allow('watch', 'reader');
SELECT swan_configure('session_records', 'on');
SELECT swan_configure('grant_max', '7');
SELECT swan_configure('admin_booking', 'charged');
SELECT * FROM swan_open(1, '2099-01-05 10:00');
SELECT * FROM swan_grant(2, 6, 'Starter');
SELECT * FROM swan_book(2, 1);

-- what the application adds
ALTER TABLE studio.users ADD nickname text, ADD CONSTRAINT short CHECK (length(nickname) < 20);
ALTER TABLE studio.sessions ADD room integer DEFAULT 7;
ALTER TABLE studio.swan_ledger ADD remark text;
ALTER TABLE studio.swan_lots ADD remark text DEFAULT 'none';
CREATE INDEX users_nickname ON studio.users (lower(nickname));
CREATE INDEX ledger_at ON studio.swan_ledger (at);
CREATE TABLE studio.visits (id int PRIMARY KEY, user_id bigint REFERENCES studio.users,
  session_id bigint REFERENCES studio.sessions ON DELETE CASCADE, ledger_id bigint REFERENCES studio.swan_ledger);
INSERT INTO studio.visits VALUES (1, 2, 1, 1), (2, 3, 2, NULL);
UPDATE studio.users SET nickname = 'Annie' WHERE id = 2;
CREATE VIEW studio.balances AS SELECT id, first_name, available_sessions FROM studio.users;
CREATE MATERIALIZED VIEW studio.spent AS SELECT user_id, sum(delta) FROM studio.swan_ledger GROUP BY 1;
CREATE VIEW studio.totals AS SELECT u.id, s.* FROM studio.users u, swan_summary(u.id) s;
ALTER TABLE studio.users ENABLE ROW LEVEL SECURITY;
CREATE POLICY clients ON studio.users FOR SELECT TO report USING (role = 'client');
ALTER TABLE studio.swan_ledger ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON studio.swan_ledger TO report USING (user_id = 2);
GRANT USAGE ON SCHEMA studio TO report;
GRANT SELECT ON studio.users, studio.balances, studio.swan_ledger TO report;
CREATE FUNCTION studio.shout() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.nickname = upper(NEW.nickname); RETURN NEW; END$$;
CREATE TRIGGER shout BEFORE UPDATE OF nickname ON studio.users FOR EACH ROW EXECUTE FUNCTION studio.shout();
COMMENT ON TABLE studio.users IS 'our people';
SQL
# as a user would: psql stops at the first error
append_to_file("$dir/script.sql", $script);
$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-f', "$dir/script.sql", 'source' ], 'made two studios');
my @studios = ('studio', 'Yoga & Co');
for my $studio (@studios)
{
	is(as('source', undef, "SET swanalloc.studio = '$studio'; SELECT * FROM swan_verify()"), '', "$studio is well");
}

# what the application sees of a database
my $look = <<'SQL';
SELECT * FROM swan_studios();
SET swanalloc.studio = 'studio';
SELECT setting, value FROM swan_settings();
SELECT swan_health();
SELECT * FROM swan_summary(2);
SELECT * FROM swan_can_book(2, 4);
SELECT * FROM swan_can_book(3, 4);
SELECT id FROM swan_clients(actor => 1);
SELECT * FROM swan_client(2);
SELECT * FROM swan_statement(2);
SELECT * FROM swan_credits(2);
SELECT * FROM swan_verify();
SELECT id, totals FROM studio.swan_ledger ORDER BY id;
SELECT columns FROM swan.studio WHERE columns ? 'counted_from';
SELECT * FROM studio.balances ORDER BY id;
SET swanalloc.studio = 'Yoga & Co';
SELECT setting, value FROM swan_settings();
SELECT * FROM swan_summary(2);
SELECT * FROM swan_statement(2);
SELECT * FROM swan_verify();
SQL

# Whether a restored database is the source, and works.
sub check_copy
{
	my ($db) = @_;

	is(as($db, undef, $look), as('source', undef, $look), "$db answers as the source does");
	is(as($db, 'report', 'SELECT count(*) FROM studio.users; SELECT DISTINCT user_id FROM studio.swan_ledger'), "2\n2", 'row security');
	is(as($db, 'ann', 'SELECT available, scheduled, warning FROM swan_summary(2)'), '7|2|', 'a person');
	is(as($db, 'ann', 'SELECT * FROM swan_summary(3)'), 'ERROR:  SW006', 'and no other');
	is(as($db, 'watch', 'SELECT * FROM swan_verify()'), '', 'a reader');
	is(as($db, 'web', 'SELECT * FROM swan_book(2, 4)'), 'ERROR:  SW006', 'a backend without an actor');
	is(as($db, 'web', "SELECT ledger_id, available_sessions, replayed FROM swan_grant(2, 5, key => 'k', actor => 4)"), '1|5|t', 'a key of before');
	is(as($db, 'web', "SELECT session_id, status, replayed FROM swan_book(2, 1, key => 'b', actor => 2)"), '1|scheduled|t', 'of a booking');
	is(as($db, 'web', 'SELECT session_id, available_sessions, ledger_id > 6 FROM swan_book(2, 4, actor => 2)'), '4|6|t', 'a new booking');
	is(as($db, 'web', "SELECT count(*) FROM swan_open(1, '2099-02-05 10:00', actor => 1)"), '1', 'a new slot');
	is(as($db, 'web', "SELECT count(*) FROM swan_open(1, '2099-01-05 10:30', actor => 1)"), 'ERROR:  SW010', 'where there is room');
	is(as($db, 'yogi', 'SELECT added, available_sessions FROM swan_grant(2, 7)'), '7|12', 'the other studio');
	is(as($db, 'yogi', 'SELECT added, available_sessions FROM swan_grant(2, 8)'), 'ERROR:  SW004', 'has its own limit');
	is(as($db, 'shop', 'UPDATE studio.users SET available_sessions = 100'), 'ERROR:  SW011', 'the balance is guarded');
	is(as($db, 'shop', 'DELETE FROM studio.swan_ledger'), 'ERROR:  SW014', 'the ledger too');
	is(as($db, 'shop', 'INSERT INTO studio.swan_lots (id, user_id, source, granted, remaining) VALUES (1, 2, 3, 4, 4)'), 'ERROR:  SW011', 'and the lots');
	is(as($db, 'shop', "UPDATE studio.sessions SET status = 'completed' WHERE id = 1"), 'ERROR:  SW011', 'and the bookings');
	is(as($db, 'shop', "UPDATE studio.users SET nickname = 'bee' WHERE id = 3 RETURNING nickname"), 'BEE', 'other columns are free');
	for my $studio (@studios)
	{
		is(as($db, undef, "SET swanalloc.studio = '$studio'; SELECT * FROM swan_verify()"), '', "$studio is well");
	}
}

my $source = dump_of('source');
restore('source', 'copy');
is(dump_of('copy'), $source, 'and dumps to the same text');
check_copy('copy');

# the other format, in parallel
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/source.dump", 'source' ], 'pg_dump -Fc');
$node->safe_psql('postgres', 'CREATE DATABASE parallel');
$node->command_ok([ 'pg_restore', '-j', 2, '-e', '-d', 'parallel', "$dir/source.dump" ], 'pg_restore -j 2');
is(dump_of('parallel'), $source, 'and dumps to the same text');
check_copy('parallel');

# the owner of a database, who is no superuser, and functions in another schema
$node->safe_psql('postgres', 'CREATE DATABASE owned OWNER shop');
$node->safe_psql('owned', 'CREATE SCHEMA tools; GRANT USAGE ON SCHEMA tools TO PUBLIC; CREATE EXTENSION swanalloc SCHEMA tools');
is(as('owned', 'shop', <<'SQL'), "studio\nrole web is backend of studio studio once it has agreed: SELECT swan_accept('studio')\n1\n4", 'an owner who is no superuser');
SET client_min_messages = error;
SET search_path = public, tools;
SELECT swan_create_studio();
SELECT swan_allow('web', 'backend');
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ann', 'client');
SELECT * FROM swan_open(1, '2099-01-05 10:00');
SELECT available_sessions FROM swan_grant(2, 4);
CREATE MATERIALIZED VIEW studio.counts AS SELECT u.id, s.available FROM studio.users u, swan_summary(u.id) s;
SQL
is(as('owned', 'web', "SET search_path = tools; SELECT swan_accept('studio')"), 'role web is backend of studio studio', 'whose backend agrees');
as('owned', 'shop', "SET search_path = tools; SELECT swan_allow('ann', 'person', 2)");
my $owned = dump_of('owned', '-U', 'shop');
is($owned, dump_of('owned'), 'pg_dump as the owner misses nothing');
restore('owned', 'owned_copy');
is(as('owned_copy', 'shop', 'SET search_path = tools; SELECT session_id, available_sessions FROM swan_book(2, 1); SELECT * FROM swan_verify()'), '1|3', 'restored by a superuser, it works');
is(as('owned_copy', 'shop', 'SELECT * FROM studio.counts ORDER BY id'), "1|0\n2|4", 'a materialized view of summaries was filled');
is(as('owned_copy', 'web', 'SET search_path = tools; SELECT available FROM swan_summary(2, actor => 2)'), '3', 'and knows its roles');
is(as('owned_copy', 'ann', 'SET search_path = tools; SELECT available FROM swan_summary(2)'), 'ERROR:  SW006', 'and who has not agreed');
is(as('owned_copy', 'ann', "SET search_path = tools; SELECT swan_accept('studio'); SELECT available FROM swan_summary(2)"),
	"role ann is user 2 of studio studio\n3", 'who may do so now');

# In another cluster a role has another OID, or is not there yet; who is dropped and made anew after that is a stranger.
my $elsewhere = PostgreSQL::Test::Cluster->new('elsewhere');
$elsewhere->init;
$elsewhere->start;
$elsewhere->safe_psql('postgres', 'CREATE ROLE filler; CREATE ROLE web LOGIN; CREATE ROLE shop LOGIN; CREATE ROLE yogi; CREATE ROLE report; CREATE DATABASE there');
$elsewhere->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/source.sql", 'there' ], 'restored in another cluster');
unlike($source, qr/role_oid/, 'which does not hear of OIDs');
my @there = (
	[ 'web', "SELECT available FROM swan_summary(2, actor => 2)", '7', 'a role that was there' ],
	[ undef, 'CREATE ROLE ann LOGIN', '', '' ],
	[ 'ann', 'SELECT available FROM swan_summary(2)', '7', 'and one that came later' ],
	[ undef, 'DROP ROLE web; CREATE ROLE web LOGIN', '', '' ],
	[ 'web', "SELECT available FROM swan_summary(2, actor => 2)", 'ERROR:  SW006', 'made anew, it is a stranger' ],
	[ undef, "SELECT swan_allow('web', 'backend', studio => 'studio')", 'role web is backend of studio studio', 'until it is listed again' ],
	[ 'web', "SELECT available FROM swan_summary(2, actor => 2)", '7', 'and works' ]);
for my $step (@there)
{
	my ($role, $sql, $want, $name) = @$step;
	my ($status, $out, $err) = $elsewhere->psql('there', "\\set VERBOSITY sqlstate\n$sql", extra_params => [ $role ? ('-U', $role) : () ], on_error_stop => 0);
	$err =~ s/^psql:<stdin>:\d+: //mg;
	is(join("\n", grep { $_ ne '' } $out, $err), $want, $name || $sql);
}
$elsewhere->stop;

# DROP EXTENSION takes the functions and triggers, and no data.
my $data = <<'SQL';
SELECT * FROM studio.users ORDER BY id;
SELECT * FROM studio.sessions ORDER BY id;
SELECT * FROM studio.swan_ledger ORDER BY id;
SELECT * FROM studio.swan_lots ORDER BY id;
SELECT * FROM studio.swan_holds ORDER BY session_id;
SELECT * FROM studio.visits ORDER BY id;
SELECT * FROM "Yoga & Co".users ORDER BY id;
SELECT * FROM "Yoga & Co".sessions ORDER BY id;
SELECT * FROM "Yoga & Co".swan_ledger ORDER BY id;
SELECT * FROM "Yoga & Co".swan_lots ORDER BY id;
SQL
my $before = as('copy', undef, $data);
$node->safe_psql('copy', 'SET client_min_messages = error; DROP EXTENSION swanalloc CASCADE');
is(as('copy', undef, $data), $before, 'DROP EXTENSION CASCADE keeps every row');
is(as('copy', undef, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'swan%'; SELECT to_regnamespace('swan') IS NULL"), "0\nt", 'its triggers and its registry are gone');
is(as('copy', undef, 'UPDATE studio.users SET available_sessions = -1 WHERE id = 2'), 'ERROR:  23514', 'the CHECK stays');
is(as('copy', undef, 'UPDATE studio.users SET available_sessions = 50 WHERE id = 2'), '', 'and guards no more than that');
$node->safe_psql('copy', 'CREATE EXTENSION swanalloc');
is(as('copy', undef, 'SELECT * FROM swan_studios(); SELECT * FROM swan_summary(2)'), 'ERROR:  SW012', 'a new extension has no studio');

# A studio whose tables are gone: its row is dumped with bare numbers.
$node->safe_psql('source', 'SET client_min_messages = error; DROP SCHEMA studio CASCADE');
my $broken = dump_of('source');
like($broken, qr/^studio\t\d+\t\d+\tshop\t/m, 'the registry has numbers for names');
restore('source', 'broken');
for my $db ('source', 'broken')
{
	like(as($db, undef, 'SELECT studio, users, state FROM swan_studios()'), qr/^studio\|\|.*gone\nYoga & Co\|"Yoga & Co"\.users\|ok$|^Yoga & Co\|"Yoga & Co"\.users\|ok\nstudio\|\|.*gone$/,
		"$db: swan_studios() says which is broken");
	is(as($db, undef, "SET swanalloc.studio = 'studio'; SELECT * FROM swan_summary(2)"), 'ERROR:  SW012', 'its calls are refused');
	is(as($db, undef, "SET swanalloc.studio = 'studio'; SELECT * FROM swan_verify()"), 'ERROR:  SW012', 'its check too');
	is(as($db, 'ann', 'SELECT * FROM swan_summary(2)'), 'ERROR:  SW012', 'for those who are listed as well');
	is(as($db, undef, "SET swanalloc.studio = 'Yoga & Co'; SELECT available FROM swan_summary(2); SELECT * FROM swan_verify()"), '5', 'the other one works');
	is(as($db, undef, "SELECT swan_health()->>'status'"), 'degraded', 'swan_health() knows');
	is(as($db, undef, "SELECT swan_create_studio()"), 'ERROR:  42710', 'its name is taken');
}

# the number may be another table's by now
$node->safe_psql('broken', <<'SQL');
CREATE TABLE innocent (id bigint, available_sessions integer);
INSERT INTO innocent VALUES (2, 3);
UPDATE swan.studio SET users = 'innocent' WHERE name = 'studio';
SQL
is(as('broken', undef, "SET swanalloc.studio = 'studio'; SELECT * FROM swan_summary(2)"), 'ERROR:  SW012', 'a table without our triggers is no studio');
is(as('broken', 'yogi', "SELECT swan_detach('studio')"), 'ERROR:  SW006', 'only its owner forgets it');
for my $db ('source', 'broken')
{
	is(as($db, undef, "SELECT swan_detach('studio')"), 'studio', "$db: swan_detach() forgets it");
	is(as($db, undef, "SELECT name FROM swan.studio; SELECT studio, db_role FROM swan.role"), "Yoga & Co\nYoga & Co|watch", 'and its roles');
	is(as($db, undef, "SELECT swan_health()->>'status'"), 'healthy', 'all is well again');
	is(as($db, 'ann', 'SELECT * FROM swan_summary(2)'), 'ERROR:  SW006', 'a role of no studio');
	is(as($db, undef, "SET client_min_messages = error; SELECT swan_create_studio(owner => 'shop')"), 'studio', 'and its name is free');
	is(as($db, 'shop', 'SELECT * FROM swan_verify()'), '', 'for a new one');
}
is(as('broken', undef, 'SELECT * FROM innocent'), '2|3', 'nothing happened to the other table');

$node->stop;
done_testing();
