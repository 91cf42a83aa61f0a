
# docs/partition_ledger.sql: the ledger of a studio that is in use becomes a
# partitioned table, and later begins a new partition.  What was written before
# is answered as before, by backends of before too; keys and payments count once
# across partitions; every partition is guarded; dump, detach, attach and the
# emergency scripts know of them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Asking qw(psql_answer);
use Cwd qw(abs_path);
use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $docs = dirname(abs_path($0)) . '/../../docs';
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;

# Runs statements as a role (undef: the superuser); returns what they print, of errors the SQLSTATE.
sub as { my ($role, $sql, $db) = @_; return psql_answer($node, $sql, role => $role, db => $db) }

# The recipe as a command; it is run as the owner, who is no superuser.
sub recipe
{
	my ($role, @variables) = @_;
	return ('psql', '-XAtq', '-d', $node->connstr('postgres') . " user=$role", (map { ('-v', $_) } @variables),
		'-f', "$docs/partition_ledger.sql");
}

sub run_recipe
{
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ recipe(@_) ], '>', \$out, '2>', \$err);
	return ($ok, $err);
}

my ($CLIENTS, $SLOTS) = (8, 400);
my $slots = 0;
$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION swanalloc;
CREATE ROLE shop LOGIN;
CREATE ROLE web LOGIN;
CREATE ROLE report LOGIN;
GRANT CREATE ON DATABASE postgres TO shop;
SET client_min_messages = warning;
SELECT swan_create_studio(owner => 'shop');
SELECT swan_allow('web', 'backend');
INSERT INTO studio.users (first_name, role) VALUES ('Tom', 'trainer'), ('Ada', 'admin');
INSERT INTO studio.users (first_name) SELECT 'C' || i FROM generate_series(1, $CLIENTS) i;
SELECT count(*) FROM swan_open(1, '2099-01-05 10:00', repeat => $SLOTS, every => '1 hour');

-- what an application may have added
SET ROLE shop;
ALTER TABLE studio.swan_ledger ADD dropped integer;
ALTER TABLE studio.swan_ledger ADD remark text DEFAULT 'none' CHECK (length(remark) < 20);
ALTER TABLE studio.swan_ledger DROP dropped;
ALTER TABLE studio.swan_ledger SET (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX "By Session" ON studio.swan_ledger (session_id) WHERE session_id IS NOT NULL;
GRANT USAGE ON SCHEMA studio TO report;
GRANT SELECT ON studio.swan_ledger TO report;
GRANT ALL ON ALL TABLES IN SCHEMA studio TO web;
GRANT UPDATE (remark) ON studio.swan_ledger TO report WITH GRANT OPTION;
GRANT USAGE ON studio.swan_ledger_id_seq TO report;
ALTER TABLE studio.swan_ledger REPLICA IDENTITY FULL;
ALTER TABLE studio.swan_ledger ALTER reason SET STATISTICS 500;
CREATE INDEX "${\('x' x 62)}1" ON studio.swan_ledger (lot_id) WHERE lot_id < 0;
CREATE INDEX "${\('x' x 62)}2" ON studio.swan_ledger (lot_id) WHERE lot_id < 0;
-- not meant for the ledger
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT INSERT, TRUNCATE ON TABLES TO report;
ALTER DEFAULT PRIVILEGES GRANT SELECT, UPDATE ON SEQUENCES TO PUBLIC;
SQL

# Random calls; those with a key or a payment are noted, to be sent again.
my %sent;
srand(42);

sub random_calls
{
	my ($name, $n) = @_;
	my @calls;
	for my $i (1 .. $n)
	{
		my $client = 3 + int(rand($CLIENTS));
		my $slot = 1 + int(rand($SLOTS));
		my $dice = int(rand(100));
		my $key = "$name$i";
		my $call =
		    $dice < 15 ? "swan_grant($client, 1 + $i % 5, key => '$key')"
		  : $dice < 25 ? "swan_purchase($client, 2, '$key', 'item')"
		  : $dice < 50 ? "swan_book($client, $slot, key => '$key')"
		  : $dice < 60 ? "swan_book($client, $slot)"
		  : $dice < 70 ? "swan_cancel($slot)"
		  : $dice < 76 ? "swan_reschedule($slot, 1 + $slot % $SLOTS, key => '$key')"
		  : $dice < 82 ? "swan_revoke($client, 1, key => '$key')"
		  : $dice < 88 ? "swan_confirm($slot)"
		  : $dice < 92 ? "swan_reverse('$name' || $i / 2, key => '$key')"
		  : $dice < 96 ? "swan_grant_many(ARRAY[3, 4, 5], 1, key => '$key')"
		  :              "swan_grant($client, 1, expires_at => clock_timestamp() + interval '100 ms')";
		push @calls, $call;
	}
	my $result = as('shop', join('', map { "SELECT '#' || $_, (SELECT string_agg(x.ledger_id::text, ' ') FROM $calls[$_] x);\n" } 0 .. $#calls)
		=~ s/x\.ledger_id(::text, ' '\) FROM swan_(?:confirm|cancel|book\()(?!\())/x.ledger_id$1/gr);
	while ($result =~ /^#(\d+)\|(\d[\d ]*)$/mg)
	{
		my ($call, $ids) = ($calls[$1], $2);
		$sent{$call} = $ids if $call =~ /'$name\d+'/ && $call !~ /swan_reverse/;
	}
	as('shop', 'SELECT pg_sleep(0.12); SELECT * FROM swan_expire()');
}

# Every noted call once more: each is known, and answers with the same ledger id.
sub send_again
{
	my ($what) = @_;
	my @calls = sort keys %sent;
	my $result = as('shop', join('', map { "SELECT string_agg(x.ledger_id::text, ' '), bool_and(x.replayed) FROM $_ x;\n" } @calls));
	is($result, join("\n", map { "$sent{$_}|t" } @calls), "$what: " . @calls . ' calls are sent again and known');
}

sub well
{
	my ($what, $db) = @_;
	is(as('shop', 'SELECT * FROM swan_verify(); SELECT * FROM generate_series(1, 10) i, swan_verify(i)', $db), '', "$what: swan_verify() finds nothing");
}

my $look = <<'SQL';
SELECT u.id, s.* FROM studio.users u, swan_statement(u.id, max_rows => 10000) s ORDER BY 1, 2 DESC;
SELECT u.id, i, swan_balance_at(u.id, l.at) FROM studio.users u, generate_series(1, 200, 7) i, studio.swan_ledger l WHERE l.id = i ORDER BY 1, 2;
SELECT u.id, swan_balance_at(u.id, '-infinity'), swan_balance_at(u.id, 'infinity') FROM studio.users u ORDER BY 1;
SELECT u.id, c.* FROM studio.users u, swan_client(u.id) c ORDER BY 1;
SELECT u.id, c.* FROM studio.users u, swan_credits(u.id) c ORDER BY 1, 2;
SELECT * FROM swan_liability() ORDER BY 1, 2;
SELECT * FROM studio.swan_ledger ORDER BY id;
SQL
my $feed = "SELECT * FROM swan_changes(max_rows => 10000);\n";

# All that is written directly is refused, whoever does it, whichever partition he names.
sub guarded
{
	my ($what, @tables) = @_;
	for my $role ('shop', undef, 'web')
	{
		for my $table (map { "studio.$_" } 'swan_ledger', @tables)
		{
			# web has no privilege on what was made later than its grant
			next if $role && $role eq 'web' && as('web', "SELECT has_table_privilege('$table', 'DELETE, INSERT')") ne 't';
			is(as($role, <<SQL), join("\n", map { "ERROR:  $_" } qw(SW014 SW014 SW014 SW014 SW014 SW011 SW011 SW011)), "$what: $table is closed to " . ($role // 'a superuser'));
UPDATE $table SET delta = 100;
UPDATE $table SET reason = 'x' WHERE false;
DELETE FROM $table;
MERGE INTO $table g USING (VALUES (1)) v (id) ON g.id = v.id WHEN MATCHED THEN DELETE;
TRUNCATE $table;
INSERT INTO $table OVERRIDING SYSTEM VALUE SELECT * FROM $table WHERE false;
INSERT INTO $table (id, user_id, delta, balance_after, kind, db_role, call_id, at, xid) OVERRIDING SYSTEM VALUE VALUES (1, 3, 1, 9, 'grant', 'x', 1, now(), pg_current_xact_id());
COPY $table (user_id) FROM stdin;
3
\\.
SQL
		}
	}
}

sub partitions
{
	my ($db) = @_;
	return $node->safe_psql($db // 'postgres', <<'SQL');
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), c.relowner::regrole,
  (SELECT count(*) FROM pg_index x WHERE x.indrelid = c.oid),
  (SELECT count(*) FROM pg_index x JOIN pg_inherits j ON j.inhrelid = x.indexrelid WHERE x.indrelid = c.oid),
  (SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid AND contype = 'c'), c.reloptions,
  c.relreplident, (SELECT attstattarget FROM pg_attribute WHERE attrelid = c.oid AND attname = 'reason')
FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE i.inhparent = 'studio.swan_ledger'::regclass ORDER BY c.relname
SQL
}

random_calls('a', 300);
send_again('before');
well('before');
my $untouched = "SELECT relkind, relname FROM pg_class WHERE relnamespace = 'studio'::regnamespace AND relname LIKE 'swan_ledger%' ORDER BY 2;"
  . "SELECT conname FROM pg_constraint WHERE conrelid = 'studio.swan_ledger'::regclass ORDER BY 1";
my $was = as(undef, $untouched);

# Somebody reads the ledger for long, and begins while the recipe reads it (the event trigger waits for him):
# the lock of the switch is not to be had, nor that to undo what was begun.
sub run_held
{
	my ($meanwhile, @variables) = @_;
	my ($out, $err) = ('', '');
	$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION public.hold() RETURNS event_trigger SET lock_timeout = 0 LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'swan_ledger_ids' AND convalidated) THEN
    PERFORM pg_advisory_xact_lock(7);
  END IF;
END
$$;
CREATE EVENT TRIGGER hold ON ddl_command_end EXECUTE FUNCTION public.hold();
SQL
	my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' application_name=holder', '-c', 'SELECT pg_advisory_lock(7)', '-c',
		"DO 'BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = ''advisory'' AND NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP; END'",
		'-c', 'BEGIN; LOCK TABLE studio.swan_ledger IN ACCESS SHARE MODE; SELECT pg_advisory_unlock(7); SELECT pg_sleep(600)' ], '<', \undef, '>', \my $o, '2>', \my $e);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted");
	my $run = IPC::Run::start([ recipe('shop', 'lock_timeout=100ms', 'room=3', @variables) ], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(120));
	$meanwhile->($run);
	my $release = sub { $node->safe_psql('postgres', "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'holder'") };
	$release->() unless @variables;
	eval { $run->finish };
	$release->() if @variables;
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'shop'");
	eval { $holder->finish };
	$node->safe_psql('postgres', 'DROP EVENT TRIGGER hold; DROP FUNCTION public.hold()');
	return $err;
}
# It sleeps between two attempts to undo.
my $undoing = "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'shop' AND wait_event = 'PgSleep'";
my $grants = 'SELECT count(*) FROM generate_series(1, 5) i, swan_grant(3, i)';
for my $how ('waits', 'is killed')
{
	my $err = run_held(sub {
		my ($run) = @_;
		$node->poll_query_until('postgres', $undoing);
		is(as('shop', $grants =~ s/5/2/r), '2', "bookings go on while it $how");
		return if $how eq 'waits';
		$run->kill_kill;
		$node->poll_query_until('postgres', $undoing =~ s/PgSleep/relation/r);
		$node->poll_query_until('postgres', $undoing);
	});
	like($err, qr/canceling statement due to lock timeout\nDETAIL:  The ledger is as it was/, 'cannot end') if $how eq 'waits';
	is(as(undef, $untouched), $was, "undoes what it began, and $how until it can");
	is(as('shop', $grants), '5', 'bookings go on, past the room');
}
{
	my $err = run_held(sub { }, 'undo_timeout=0');
	like($err, qr/lock timeout\nDETAIL:  Constraint swan_ledger_ids is still on studio\.swan_ledger: bookings fail from id (\d+) on/, 'cannot undo: says so');
	my $problem = 'constraint "swan_ledger_ids" on table "swan_ledger" is left behind';
	is(as('shop', "SELECT * FROM swan_verify(); SELECT swan_health() ->> 'status', swan_health() -> 'warnings' ->> 0"),
		"guard||||$problem\ndegraded|studio studio: $problem", $problem);
	is(as('shop', $grants), 'ERROR:  23514', 'bookings end with the room');
	my ($hint) = $err =~ /HINT:  (ALTER TABLE .*;)$/m;
	is(as('shop', $hint), '', 'the statement that it gives');
	is(as(undef, $untouched), $was, 'undoes it');
	is(as('shop', $grants), '5', 'and bookings go on');
}

my ($rows, $changes) = (as('shop', $look), as('shop', $feed));
my $last = $node->safe_psql('postgres', 'SELECT last_value FROM studio.swan_ledger_id_seq');
my $count = $node->safe_psql('postgres', 'SELECT count(*) FROM studio.swan_ledger');
cmp_ok($count, '>', 150, 'there is a ledger');
my $file = $node->safe_psql('postgres', "SELECT pg_relation_filenode('studio.swan_ledger')");

# What the recipe refuses, and leaves as it was.
for my $case (
	[ 'CREATE VIEW studio.v AS SELECT id FROM studio.swan_ledger', 'DROP VIEW studio.v', qr/in the way: .*view studio\.v/ ],
	[ 'CREATE TABLE studio.visits (ledger_id bigint REFERENCES studio.swan_ledger)', 'DROP TABLE studio.visits', qr/in the way: .*constraint visits_ledger_id_fkey on table studio\.visits/ ],
	[ 'CREATE TABLE studio.copies (c studio.swan_ledger)', 'DROP TABLE studio.copies', qr/in the way: .*studio\.copies/ ],
	[ 'CREATE UNIQUE INDEX one_remark ON studio.swan_ledger (id, remark)', 'DROP INDEX studio.one_remark', qr/in the way: index studio\.one_remark/ ],
	[ 'CREATE FUNCTION studio.t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$; CREATE TRIGGER t AFTER INSERT ON studio.swan_ledger FOR EACH ROW EXECUTE FUNCTION studio.t()',
		'DROP FUNCTION studio.t() CASCADE', qr/in the way: trigger t on table studio\.swan_ledger/ ],
	[ 'ALTER TABLE studio.swan_ledger ADD FOREIGN KEY (user_id) REFERENCES studio.users', 'ALTER TABLE studio.swan_ledger DROP CONSTRAINT swan_ledger_user_id_fkey', qr/in the way: .*swan_ledger_user_id_fkey/ ],
	[ 'CREATE POLICY p ON studio.swan_ledger USING (true)', 'DROP POLICY p ON studio.swan_ledger', qr/in the way: policy p/ ],
	[ 'ALTER TABLE studio.swan_ledger ENABLE ROW LEVEL SECURITY', 'ALTER TABLE studio.swan_ledger DISABLE ROW LEVEL SECURITY', qr/row security/ ],
	[ 'RESET ROLE; CREATE PUBLICATION every FOR ALL TABLES', 'RESET ROLE; DROP PUBLICATION every', qr/in the way: publication every/ ],
	[ 'RESET ROLE; CREATE PUBLICATION every FOR TABLES IN SCHEMA studio', 'RESET ROLE; DROP PUBLICATION every', qr/in the way: publication every/ ],
	[ q(RESET ROLE; UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'studio."By Session"'::regclass), 'REINDEX INDEX studio."By Session"',
		qr/not a valid index: studio\."By Session"/ ])
{
	my ($make, $undo, $error) = @$case;
	$node->safe_psql('postgres', "SET ROLE shop; $make");
	my ($ok, $err) = run_recipe('shop');
	ok(!$ok, "refused: $make");
	like($err, $error, 'says why');
	$node->safe_psql('postgres', "SET client_min_messages = warning; SET ROLE shop; $undo");
	is(as(undef, $untouched), $was, 'nothing has changed');
}
my ($ok, $err) = run_recipe('web');
like($err, qr/permission denied/, 'only for the owner');
is(as(undef, $untouched), $was, 'nothing has changed');

# Somebody reads the ledger for long: it gives up, at whichever lock, and bookings go on.
for my $lock ('ACCESS SHARE', 'SHARE UPDATE EXCLUSIVE')
{
	my $held = "$dir/held";
	my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SET client_min_messages = error',
		'-c', "BEGIN; LOCK TABLE studio.swan_ledger IN $lock MODE; COPY (SELECT 1) TO '$held'; SELECT pg_sleep(600)" ], '<', \undef, '>', \my $o, '2>', \my $e);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'pg_sleep.600' AND wait_event = 'PgSleep'");
	($ok, $err) = run_recipe('shop', 'lock_timeout=200ms');
	like($err, qr/lock timeout/, "gives up when somebody holds $lock");
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
	eval { $holder->finish };
	is(as(undef, $untouched), $was, 'nothing has changed');
}
{
	# only the switch fails: the check is there already, and is taken off again
	my $script = slurp_file("$docs/partition_ledger.sql");
	$script =~ s/EXECUTE format\('ALTER TABLE %s OWNER TO[^;]*;/RAISE EXCEPTION 'late';/ or die;
	append_to_file("$dir/late.sql", $script);
	my $out = '';
	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' user=shop', '-f', "$dir/late.sql" ], '>', \$out, '2>', \$err);
	like($err, qr/late.*The ledger is as it was/s, 'a switch that fails');
	is(as(undef, $untouched), $was, 'leaves nothing behind');
}
well('refused');

# The conversion, with a backend that is at work before and after it.  The owner has taken from himself what he does not need.
my $acl = <<'SQL';
SELECT c.relname, c.part, a.grantee::regrole, a.privilege_type, a.is_grantable FROM (
  SELECT relname, NULL, relacl FROM pg_class WHERE oid IN ('studio.swan_ledger'::regclass, 'studio.swan_ledger_id_seq'::regclass)
  UNION ALL SELECT NULL, attname, attacl FROM pg_attribute WHERE attrelid = 'studio.swan_ledger'::regclass) c (relname, part, acl),
  aclexplode(coalesce(c.acl, acldefault('s', 'shop'::regrole))) a WHERE c.relname IS NOT NULL OR c.acl IS NOT NULL ORDER BY 1, 2, 3, 4
SQL
my $own = 'REVOKE REFERENCES, UPDATE, DELETE, TRUNCATE ON studio.swan_ledger FROM shop';
$node->safe_psql('postgres', "SET ROLE shop; $own; ALTER TABLE studio.swan_ledger ENABLE ALWAYS TRIGGER swan_guard_closed");
$node->safe_psql('postgres', 'CREATE PUBLICATION rooted FOR ALL TABLES WITH (publish_via_partition_root)');
my $allowed = as(undef, $acl);
like($allowed, qr/^\|remark\|report\|UPDATE\|t$/m, 'there are privileges');
my $command = join(' ', map { "'$_'" } recipe('shop', 'room=40'));
$command =~ s/'psql'/PGOPTIONS='-c client_min_messages=debug1' psql/;
append_to_file("$dir/session.sql", <<SQL);
SELECT available_sessions, replayed FROM swan_grant(3, 1, key => 'early');
SELECT count(*) FROM swan_changes(max_rows => 10000);
\\! $command 2>$dir/recipe.err
SELECT available_sessions, replayed FROM swan_grant(3, 1, key => 'early');
SELECT replayed FROM swan_grant(3, 1, key => 'late');
SELECT count(*) FROM swan_changes(max_rows => 10000);
SQL
my $balance = $node->safe_psql('postgres', 'SELECT available + 1 FROM swan_summary(3)');
is(as('shop', "\\i $dir/session.sql"), join("\n", "$balance|f", $count + 1, "$balance|t", 'f', $count + 2), 'a backend of before goes on') or diag(slurp_file("$dir/recipe.err"));
my $log = slurp_file("$dir/recipe.err");
like($log, qr/NOTICE:  ids from ${\($last + 41)} on go into studio\.swan_ledger_p2/, 'the recipe says where ids go');
is(() = $log =~ /partition constraint for table "swan_ledger_p1" is implied by existing constraints/g, 1, 'no row was read under the lock');
is($node->safe_psql('postgres', "SELECT pg_relation_filenode('studio.swan_ledger_p1')"), $file, 'no row was copied');
is(partitions(), join("\n",
	"swan_ledger_p1|FOR VALUES FROM (MINVALUE) TO ('${\($last + 41)}')|shop|9|7|swan_ledger_balance_check swan_ledger_remark_check|{autovacuum_vacuum_insert_scale_factor=0.05}|f|500",
	"swan_ledger_p2|FOR VALUES FROM ('${\($last + 41)}') TO (MAXVALUE)|shop|9|7|swan_ledger_balance_check swan_ledger_remark_check|{autovacuum_vacuum_insert_scale_factor=0.05}|f|500"),
	'two partitions, alike');
is(as(undef, "SELECT string_agg(c.relname || '=' || coalesce(obj_description(c.oid), ''), ' ' ORDER BY c.relname) FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = 'studio.swan_ledger'::regclass") =~ s/=[^=]{20,}?(?= \S+=|$)/=yes/gr,
	'By Session= swan_ledger_at=yes swan_ledger_feed=yes swan_ledger_pkey=yes swan_ledger_user=yes' . join('', map { ' ' . 'x' x 62 . "$_=" } 1, 2), 'indexes and their comments');
is(as(undef, "SELECT pg_get_serial_sequence('studio.swan_ledger', 'id'), obj_description('studio.swan_ledger'::regclass) IS NOT NULL"), 'studio.swan_ledger_id_seq|t', 'the sequence and the comment');
is(as('report', 'SELECT count(*) FROM studio.swan_ledger'), $count + 2, 'privileges');
is(as(undef, $acl), $allowed, 'all of them');
my $strangers = <<'SQL';
SELECT c.relname, a.grantee::regrole, a.privilege_type FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
  LATERAL (SELECT c.relacl UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = c.oid) acl (acl), aclexplode(acl.acl) a
WHERE i.inhparent = 'studio.swan_ledger'::regclass AND (a.grantee <> c.relowner OR a.privilege_type IN ('REFERENCES', 'DELETE'))
SQL
is(as(undef, $strangers), '', 'the partitions are for the owner alone, and for no more than the ledger is');
is(as(undef, "SELECT string_agg(tgenabled::text || ' ' || tgrelid::regclass, ', ' ORDER BY tgrelid::regclass::text), (SELECT relreplident FROM pg_class WHERE oid = 'studio.swan_ledger'::regclass) FROM pg_trigger WHERE tgname = 'swan_guard_closed' AND tgrelid::regclass::text ~ 'ledger'"),
	'A studio.swan_ledger, A studio.swan_ledger_p1, A studio.swan_ledger_p2|f', 'guards and replica identity');
is(as(undef, "SELECT string_agg(tablename, ' ') FROM pg_publication_tables WHERE tablename ~ 'swan_ledger'; DROP PUBLICATION rooted"), 'swan_ledger', 'published as before');
for my $table (map { "studio.swan_ledger$_" } '', '_p1', '_p2')
{
	$node->safe_psql('postgres', "SET ROLE shop; GRANT UPDATE, DELETE, TRUNCATE ON $table TO shop; ALTER TABLE $table ENABLE TRIGGER swan_guard_closed");
}
well('converted');
send_again('converted');

# Answers of before, but for client 3, who had a grant since.
{
	my $others = $look =~ s/FROM studio\.users u/FROM (SELECT * FROM studio.users WHERE id <> 3) u/gr =~ s/^SELECT \* FROM swan_liability.*\n//mr
	  =~ s/^SELECT \* FROM studio\.swan_ledger/$& WHERE id <= $last/mr;
	my $now = as('shop', $others . "SELECT * FROM swan_changes(max_rows => $count);\n");
	my $expected = join("\n", grep { !/^3\|/ || /\|/ } split /\n/, $rows);
	my %had = map { $_ => 1 } split /\n/, "$rows\n$changes";
	my @new = grep { !$had{$_} } split /\n/, $now;
	is(join("\n", @new), '', 'statements, balances at any time, credits and the feed are as before');
	cmp_ok(scalar(split /\n/, $now), '>', 500, 'and were compared');
}
guarded('converted', qw(swan_ledger_p1 swan_ledger_p2));

# Across the boundary.
random_calls('b', 300);
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM studio.swan_ledger_p2'), '>', 100, 'rows go into the second partition');
is($node->safe_psql('postgres', 'SELECT max(id) FROM studio.swan_ledger_p1'), $last + 40, 'after the first is full');
send_again('across');
well('across');

# The next partition, again under the eyes of a backend, who reads an old one as pg_dump does.  An earlier run was cut off.
my $seen = $node->safe_psql('postgres', 'SELECT last_value FROM studio.swan_ledger_id_seq');
unlink("$dir/session.sql");
$command =~ s/room=40/room=20/;
append_to_file("$dir/session.sql", <<SQL);
SELECT replayed FROM swan_grant(3, 1, key => 'late');
ALTER TABLE studio.swan_ledger_p2 ADD CONSTRAINT swan_ledger_ids CHECK (id < 1000000000);
SELECT problem FROM swan_verify();
BEGIN;
LOCK TABLE studio.swan_ledger_p1 IN ACCESS SHARE MODE;
\\! $command 2>$dir/recipe.err
COMMIT;
SELECT replayed FROM swan_grant(3, 1, key => 'late');
SELECT replayed FROM swan_grant(3, 1, key => 'later');
SQL
is(as('shop', "\\i $dir/session.sql"), join("\n", 't', 'constraint "swan_ledger_ids" on table "swan_ledger_p2" is left behind', 't', 'f'), 'a backend goes on while a partition is added') or diag(slurp_file("$dir/recipe.err"));
$log = slurp_file("$dir/recipe.err");
is(() = $log =~ /partition constraint for table "swan_ledger_p2" is implied by existing constraints/g, 1, 'no row was read under the lock');
my $bound = $seen + 20;
like(partitions(), qr/^swan_ledger_p2\|FOR VALUES FROM \('${\($last + 41)}'\) TO \('$bound'\)\|shop\|9\|7\|.*\nswan_ledger_p3\|FOR VALUES FROM \('$bound'\) TO \(MAXVALUE\)\|shop\|9\|7\|[^\n]*$/m, 'three partitions');
is(as(undef, $strangers =~ s/, 'DELETE'//r), '', 'which is for the owner alone');
guarded('another', qw(swan_ledger_p1 swan_ledger_p2 swan_ledger_p3));
well('another');
($ok, $err) = run_recipe('shop');
like($err, qr/studio\.swan_ledger_p3 is not written to yet/, 'one at a time');
random_calls('c', 100);
send_again('another');
well('across again');

# A client's last row is looked for in the newest partition first, and only there if it has one.
my $plan = as('shop', <<'SQL');
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS off, ANALYZE, BUFFERS off, TIMING off, SUMMARY off) SELECT balance_after FROM studio.swan_ledger WHERE user_id = 3 ORDER BY id DESC LIMIT 1;
SQL
like($plan, qr/^Limit .*\n +->  Append .*\n +->  Index Scan [^\n]* on swan_ledger_p3 /, 'the newest partition comes first');
like($plan, qr/swan_ledger_p1 \S+ \(never executed\)/, 'the oldest is not looked at');

# Two sessions with one key or payment, on both sides of a boundary, where no index
# of the ledger stops the second one: the first one's row is the last of its partition.
my $until = 'DO $$ BEGIN WHILE NOT (%s) LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$;' . "\n";

sub race
{
	my ($level, $first, $second) = @_;
	my %run;
	$node->safe_psql('postgres', 'SELECT * FROM swan_expire(); SELECT * FROM swan_grant(6, 1)');
	my ($ok, $err) = run_recipe('shop', 'room=2');
	my ($bound) = $err =~ /ids from (\d+) on go/ or die $err;
	my %script = (
		first => "BEGIN;\n" . sprintf($until, "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 2)")
		  . "SELECT ledger_id < $bound, replayed FROM $first;\nSELECT pg_advisory_lock(1) \\g /dev/null\n"
		  . sprintf($until, "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'second' AND wait_event_type = 'Lock')") . "COMMIT;\n",
		second => "BEGIN ISOLATION LEVEL $level;\nSELECT count(*) FROM studio.swan_ledger \\g /dev/null\nSELECT pg_advisory_lock(2) \\g /dev/null\n"
		  . sprintf($until, "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 1)")
		  . "SELECT ledger_id < $bound, replayed FROM $second;\nCOMMIT;\n");
	for my $name (sort keys %script)
	{
		unlink("$dir/$name.sql");
		append_to_file("$dir/$name.sql", "\\set VERBOSITY sqlstate\n$script{$name}");
		$run{$name} = { out => '', err => '' };
		$run{$name}{handle} = IPC::Run::start(
			[ 'psql', '-XAtq', '-d', $node->connstr('postgres') . " application_name=$name", '-f', "$dir/$name.sql" ],
			'<', \undef, '>', \$run{$name}{out}, '2>', \$run{$name}{err}, IPC::Run::timeout(120));
	}
	$_->{handle}->finish for values %run;
	cmp_ok($node->safe_psql('postgres', 'SELECT last_value + 1 FROM studio.swan_ledger_id_seq'), '>=', $bound, 'the second writes to another partition, if at all');
	return join('', map { $run{$_}{out} . $run{$_}{err} =~ s/^psql:\S+ //mgr } qw(first second));
}
for my $level ('READ COMMITTED', 'REPEATABLE READ')
{
	my $n = $level eq 'READ COMMITTED' ? 1 : 2;
	my $retry = 'ERROR:  40001';
	my $slot = $node->safe_psql('postgres', "SELECT swan_open(1, '2098-0$n-05 10:00')");
	my @races = (
		[ 'a grant', "swan_grant(3, 1, key => 'race$n')", "swan_grant(3, 1, key => 'race$n')", 't|t', $retry ],
		[ 'its key', "swan_grant(3, 1, key => 'key$n')", "swan_grant(3, 2, key => 'key$n')", 'ERROR:  SW009', $retry ],
		[ 'a payment', "swan_purchase(4, 2, 'race$n')", "swan_purchase(4, 2, 'race$n')", 't|t', $retry ],
		[ 'for one client', "swan_purchase(4, 2, 'one$n', 'x')", "swan_purchase(5, 2, 'one$n', 'x')", 'ERROR:  SW009', $retry ],
		[ 'a booking that moves no credit', "swan_book(3, $slot, charge => false, key => 'race$n')", "swan_book(3, $slot, charge => false, key => 'race$n')", 't|t', $retry ]);
	for my $race (@races)
	{
		my ($what, $first, $second, @answers) = @$race;
		is(race($level, $first, $second), "t|f\n$answers[$n - 1]\n", "$level: $what counts once");
	}
}

# A row is written in the older partition, its lot is not yet, and another client's purchase overtakes it.
{
	$node->safe_psql('postgres', 'SELECT * FROM swan_expire(); SELECT * FROM swan_grant(6, 1)');
	my ($ok, $err) = run_recipe('shop', 'room=2');
	my ($bound) = $err =~ /ids from (\d+) on go/ or die $err;
	as('shop', <<'SQL');
CREATE FUNCTION studio.wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
	WHILE NOT EXISTS (SELECT FROM studio.swan_lots WHERE payment_ref = NEW.payment_ref) LOOP PERFORM pg_sleep(0.01); END LOOP;
	RETURN NEW;
END$$;
CREATE TRIGGER wait BEFORE INSERT ON studio.swan_lots FOR EACH ROW WHEN (NEW.user_id = 4) EXECUTE FUNCTION studio.wait();
SQL
	my ($out, $slow) = ('', '');
	my $first = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-d', $node->connstr('postgres') . ' application_name=first', '-c', "SELECT added FROM swan_purchase(4, 2, 'overtaken')" ],
		'<', \undef, '>', \$out, '2>', \$slow, IPC::Run::timeout(120));
	$node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'first' AND wait_event = 'PgSleep')") or die;
	is($node->safe_psql('postgres', "SELECT ledger_id >= $bound, replayed FROM swan_purchase(5, 2, 'overtaken')"), 't|f', 'another client pays, in the next partition');
	$first->finish;
	is("$out$slow", "ERROR:  SW009\n", 'who was overtaken is told that it is the payment of another');
	as('shop', 'DROP FUNCTION studio.wait() CASCADE');
}
is($node->safe_psql('postgres', <<'SQL'), '', 'each key and payment is in one row');
SELECT user_id, kind, key FROM studio.swan_ledger WHERE key IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1;
SELECT payment_ref, item FROM studio.swan_ledger WHERE kind = 'purchase' GROUP BY 1, 2 HAVING count(*) > 1;
SQL
random_calls('d', 60);
send_again('at the end');
well('at the end');

# A trigger of somebody's on a partition alone is noticed, also by who was there before.
is(as('shop', <<'SQL'), "f\nERROR:  27000", 'a trigger on a partition that changes what is written');
CREATE FUNCTION studio.more() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.delta = NEW.delta + 1; RETURN NEW; END$$;
SELECT replayed FROM swan_grant(3, 1, key => 'untouched');
SELECT format('CREATE TRIGGER more BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION studio.more()', i.inhrelid::regclass)
FROM pg_inherits i WHERE i.inhparent = 'studio.swan_ledger'::regclass \gexec
SELECT replayed FROM swan_grant(3, 1, key => 'touched');
SET client_min_messages = warning;
DROP FUNCTION studio.more() CASCADE;
SQL

# swan_verify() and swan_health() name a partition without its guard, and what no index can see.
for my $case (
	[ 'ALTER TABLE studio.swan_ledger_p2 DISABLE TRIGGER swan_guard_closed', 'trigger "swan_guard_closed" on table "swan_ledger_p2" is disabled' ],
	[ 'DROP TRIGGER swan_guard_closed ON studio.swan_ledger_p1', 'trigger "swan_guard_closed" on table "swan_ledger_p1" is missing' ],
	[ "CREATE TABLE studio.more PARTITION OF studio.swan_ledger FOR VALUES FROM ('-9') TO ('-5')", 'trigger "swan_guard_closed" on table "more" is missing',
		"ALTER TABLE studio.swan_ledger DETACH PARTITION studio.swan_ledger_p1; ALTER TABLE studio.swan_ledger ATTACH PARTITION studio.swan_ledger_p1 FOR VALUES FROM (0) TO (${\($last + 41)});" ])
{
	my ($break, $problem, $first) = @$case;
	is(as('shop', "BEGIN; ${\($first // '')} $break; SELECT * FROM swan_verify(); SELECT swan_health() ->> 'status', swan_health() -> 'warnings' ->> 0; ROLLBACK"),
		"guard||||$problem\ndegraded|studio studio: $problem", $problem);
}
is(as(undef, <<'SQL'), "ledger_key|3\nledger_key|4", 'a key or payment that counted twice');
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO studio.swan_ledger OVERRIDING SYSTEM VALUE SELECT 10000000, user_id, 0, balance_after, kind, session_id, from_session_id, lot_id, reason, actor_id, db_role, key, payment_ref, item, call_id, details, at, xid
FROM studio.swan_ledger WHERE key = 'race1' AND kind = 'grant';
INSERT INTO studio.swan_ledger OVERRIDING SYSTEM VALUE SELECT 10000001, user_id, 0, balance_after, kind, session_id, from_session_id, lot_id, reason, actor_id, db_role, key, payment_ref, item, call_id, details, at, xid
FROM studio.swan_ledger WHERE payment_ref = 'race1' AND kind = 'purchase';
SELECT check_name, user_id FROM swan_verify() WHERE check_name = 'ledger_key' ORDER BY user_id;
ROLLBACK;
SQL

# The guards off and on, without the library.
sub triggers
{
	my ($db) = @_;
	return $node->safe_psql($db // 'postgres', "SELECT coalesce(string_agg(DISTINCT tgenabled::text, ''), '') || count(*) FROM pg_trigger WHERE tgname ~ '^swan_(word|guard)'");
}
my $guards = 5 + 4 + (() = partitions() =~ /^swan_ledger_p/mg);
cmp_ok($guards, '>', 20, 'guards: of users and sessions 5, of our tables 4, and one of each partition');
is(triggers(), "O$guards", 'all are on');
is(as('shop', "\\set QUIET on\nSET client_min_messages = warning;\n" . slurp_file("$docs/emergency.sql")), '', 'emergency.sql');
is(triggers(), "D$guards", 'all are off');
is(as('shop', "BEGIN; DELETE FROM studio.swan_ledger_p1 WHERE id = 1; DELETE FROM studio.swan_ledger WHERE id = 2; ROLLBACK"), '', 'off indeed');
is(as('shop', "\\set QUIET on\nSET client_min_messages = warning;\n" . slurp_file("$docs/emergency_undo.sql")), '', 'emergency_undo.sql');
is(triggers(), "O$guards", 'all are on');
well('after the emergency');

# Dump and restore.
sub dump_of
{
	my ($db) = @_;
	$node->command_ok([ 'pg_dump', '-f', "$dir/$db.sql", $db ], "pg_dump of $db");
	return slurp_file("$dir/$db.sql") =~ s/^\\(?:un)?restrict .*\n//mgr;
}
my $source = dump_of('postgres');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/postgres.sql", 'copy' ], 'restored');
is(dump_of('copy'), $source, 'and dumps to the same text');
is(partitions('copy'), partitions(), 'with its partitions');
is(triggers('copy'), "O$guards", 'and guards');
is(as('shop', $look, 'copy'), as('shop', $look), 'it answers as the source does');
is(as('shop', "SELECT replayed FROM swan_grant(3, 1, key => 'late'); SELECT replayed FROM swan_grant(3, 1, key => 'copy'); DELETE FROM studio.swan_ledger_p3", 'copy'), "t\nf\nERROR:  SW014", 'and works');
well('restored', 'copy');
$node->safe_psql('copy', 'SET client_min_messages = warning; DROP EXTENSION swanalloc CASCADE');
is(as(undef, 'SELECT count(*) FROM studio.swan_ledger', 'copy'), 1 + as(undef, 'SELECT count(*) FROM studio.swan_ledger'), 'DROP EXTENSION leaves every row');
is(triggers('copy'), '0', 'and no trigger');

# Detached and attached again: off and on every partition.
is(as('shop', 'SELECT swan_detach()'), 'studio', 'swan_detach()');
is(triggers(), '0', 'takes all guards off');
is(as('shop', "SET client_min_messages = warning; SELECT state FROM swan_attach('studio.users', 'studio.sessions', '{\"old_bookings\": \"flag\"}') WHERE item IN ('swan_ledger', 'studio')"),
	"found\nattached", 'swan_attach() takes it up again');
is(triggers(), "O$guards", 'with all guards');
guarded('attached', qw(swan_ledger_p1 swan_ledger_p2 swan_ledger_p3));
is(as('shop', 'CALL swan_backfill()'), '', 'swan_backfill()');
send_again('attached');
random_calls('e', 100);
well('attached');
($ok, $err) = run_recipe('shop', 'room=5');
ok($ok, 'one more partition') or diag($err);
my ($newest) = $err =~ /on go into (\S+)/;
random_calls('f', 50);
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM $newest"), '>', 0, 'is written to');
send_again('attached, one more');
well('attached, one more');

# Only the ledger may be partitioned.
is(as('shop', <<'SQL'), 'ERROR:  SW012', 'lots cannot be');
BEGIN;
ALTER TABLE studio.swan_lots RENAME TO old_lots;
CREATE TABLE studio.swan_lots (LIKE studio.old_lots) PARTITION BY RANGE (id);
SELECT * FROM swan_summary(3);
ROLLBACK;
SQL

$node->stop;
done_testing();
