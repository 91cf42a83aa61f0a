
# A backend that knows nothing of swanalloc, beside swan_* calls.
#
# First the statements of the report's routes as Sequelize sends them - read,
# check, save, each for itself, with the balance it read a moment ago - from
# eight connections, while others book through swan_book() the same slots for
# the same clients. Stale saves lose credits, as they always did; but nothing is
# negative, every change is in the ledger, and every booking that nobody paid
# for is named.
#
# Then the tables are attached while they are read and written: how long does
# anybody wait? BIG=1 in the environment: a million users, not two hundred
# thousand, and swan_backfill() under load, too.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
timezone = 'UTC'
log_statement = none
max_connections = 40
max_prepared_transactions = 2
deadlock_timeout = '50ms'
CONF
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

# Writes a script for pgbench and returns its name.
sub script
{
	my ($name, $text) = @_;
	append_to_file("$dir/$name", $text);
	return "$dir/$name";
}

sub pgbench
{
	return ('pgbench', '-h', $node->host, '-p', $node->port, '-n', @_, 'postgres');
}

# The report's tables, and a trigger of the application that sees all there is to see
$node->safe_psql('postgres', 'CREATE EXTENSION swanalloc');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-o', "$dir/made",
	'-f', 'test/studio/report.sql' ], "the report's tables are attached");
$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
SELECT swan_detach();
-- what was there before: credits, and bookings that took one
INSERT INTO users (id, "firstName", "lastName", email, password, role, "availableSessions", "createdAt", "updatedAt")
SELECT i, 'C' || i, 'Client', 'c' || i, 'x', 'client', i % 20, now(), now() FROM generate_series(101, 112) i;
INSERT INTO sessions ("trainerId", status, "sessionDate", "createdAt", "updatedAt")
SELECT 3 + i % 2, 'available', '2099-01-01'::timestamptz + i * interval '1 hour', now(), now() FROM generate_series(1, 600) i;
INSERT INTO sessions ("userId", "trainerId", status, "sessionDate", "sessionDeducted", "createdAt", "updatedAt")
SELECT 101 + i, 3, 'scheduled', '2098-01-01'::timestamptz + i * interval '1 hour', i % 2 = 0, now(), now() FROM generate_series(0, 11) i;
CREATE INDEX ON sessions ("userId");
SELECT count(*) FROM swan_attach('users', 'sessions', '{"old_bookings": "flag"}', studio => 'report');
CREATE TABLE seen.audit (user_id integer, who text, old integer, new integer);
GRANT INSERT ON seen.audit TO PUBLIC;
GRANT USAGE ON SCHEMA seen TO PUBLIC;
CREATE FUNCTION seen.watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen.audit VALUES (NEW.id, current_user, OLD."availableSessions", NEW."availableSessions");
	RETURN NULL;
END $$;
CREATE TRIGGER watch AFTER UPDATE OF "availableSessions" ON users FOR EACH ROW
	WHEN (OLD."availableSessions" IS DISTINCT FROM NEW."availableSessions") EXECUTE FUNCTION seen.watch();
CREATE ROLE old LOGIN;
CREATE ROLE web LOGIN;
GRANT SELECT, INSERT, UPDATE, DELETE ON users, sessions TO old, web;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO old, web;
SELECT swan_allow('web', 'system');
-- a backend that is told no and lives on; what it may be told is named
CREATE FUNCTION seen.ask(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN 'ok';
EXCEPTION WHEN SQLSTATE 'SW001' OR SQLSTATE 'SW002' OR SQLSTATE 'SW007' OR SQLSTATE 'SW008' OR SQLSTATE 'SW010' THEN
	RETURN sqlstate;
END $$;
SQL

my $pick = <<'PICK';
\set client random(101, 112)
\set slot random_zipfian(1, 630, 1.05)
PICK
my %old = (
	# POST /:userId/book, statement by statement, each its own transaction
	book => $pick . <<'SQL',
SELECT count(*) AS open FROM sessions WHERE id = :slot AND status = 'available' \gset
SELECT coalesce("availableSessions", 0) AS credits FROM users WHERE id = :client \gset
\if :open
\if :credits
\set left :credits - 1
UPDATE sessions SET "userId" = :client, status = 'scheduled', "bookedAt" = now(), "updatedAt" = now() WHERE id = :slot;
UPDATE users SET "availableSessions" = :left, "updatedAt" = now() WHERE id = :client;
\endif
\endif
SQL
	# the store's webhook and the admin's allocation, with its rows for the pages
	grant => $pick . <<'SQL',
SELECT coalesce("availableSessions", 0) AS credits FROM users WHERE id = :client \gset
\set more :credits + 2
UPDATE users SET "availableSessions" = :more, "updatedAt" = now() WHERE id = :client;
INSERT INTO sessions ("userId", "trainerId", status, duration, notes, "sessionDate", "sessionDeducted", confirmed, "createdAt", "updatedAt")
VALUES (:client, NULL, 'available', 60, 'Admin added - Session 1', NULL, false, false, now(), now()),
	(:client, NULL, 'available', 60, 'Admin added - Session 2', NULL, false, false, now(), now());
SQL
	# the statement of the report's schema analysis; below zero it is refused now
	deduct => $pick . <<'SQL',
SELECT seen.ask('UPDATE users SET "availableSessions" = "availableSessions" - 1 WHERE id = ' || :client);
SQL
	# in a transaction, client first: the order in which it may deadlock with others
	cancel => $pick . <<'SQL',
SELECT coalesce(max("userId"), :client) AS client FROM sessions WHERE id = :slot \gset
BEGIN;
UPDATE users SET "availableSessions" = "availableSessions" + 1 WHERE id = :client;
\sleep 2 ms
UPDATE sessions SET status = 'cancelled', "updatedAt" = now() WHERE id = :slot AND "userId" = :client AND status = 'scheduled';
COMMIT;
SQL
	# a newer route, which does both at once and says so
	take => $pick . <<'SQL',
BEGIN;
UPDATE sessions SET "userId" = :client, status = 'scheduled', "bookedAt" = now(), "sessionDeducted" = true, "updatedAt" = now() WHERE id = :slot AND status = 'available';
UPDATE users SET "availableSessions" = "availableSessions" - 1, "updatedAt" = now() WHERE id = :client AND "availableSessions" > 0;
COMMIT;
SQL
	give => $pick . <<'SQL',
SELECT coalesce(max("userId"), :client) AS client FROM sessions WHERE id = :slot \gset
BEGIN;
UPDATE users SET "availableSessions" = "availableSessions" + 1, "updatedAt" = now() WHERE id = :client;
UPDATE sessions SET status = 'cancelled', "sessionDeducted" = false, "updatedAt" = now() WHERE id = :slot AND "userId" = :client AND status = 'scheduled';
COMMIT;
SQL
	# two pages saved at once, again the client first
	notes => $pick . <<'SQL',
SELECT coalesce(max("userId"), :client) AS client FROM sessions WHERE id = :slot \gset
BEGIN;
UPDATE users SET "lastName" = 'Client', "updatedAt" = now() WHERE id = :client;
\sleep 3 ms
UPDATE sessions SET notes = 'Seen', "updatedAt" = now() WHERE id = :slot;
COMMIT;
SQL
	# a whole row saved as it was read
	profile => $pick . <<'SQL',
SELECT "availableSessions" AS credits FROM users WHERE id = :client \gset
UPDATE users SET "firstName" = "firstName", "lastName" = 'Client', "availableSessions" = :credits, "updatedAt" = now() WHERE id = :client;
SQL
);
my %new = (
	book => $pick . "SELECT seen.ask(format('SELECT swan_book(%s, %s)', :client, :slot));\n",
	grant => $pick . "SELECT available_sessions FROM swan_grant(:client, 2);\n",
	cancel => $pick . "SELECT seen.ask(format('SELECT swan_cancel(%s, reopen => true)', :slot));\n",
	confirm => $pick . "SELECT seen.ask(format('SELECT swan_confirm(%s)', :slot));\n",
	purchase => $pick . "SELECT available_sessions FROM swan_purchase(:client, 1, 'p' || :slot || '/' || :client);\n",
);
my $steps = 150;
my @old = map { ('-f', script("old_$_", $old{$_}) . '@' . ({ book => 5, take => 4, give => 2 }->{$_} || 1)) } sort keys %old;
my @new = map { ('-f', script("new_$_", $new{$_}) . '@' . ($_ eq 'book' ? 5 : 1)) } sort keys %new;
my ($out_old, $out_new);
# pgbench tries again what ended in 40P01
my $old = IPC::Run::start([ pgbench('-U', 'old', '-c', 8, '-j', 2, '-t', $steps, '--max-tries=100', @old) ], '<', \undef, '>&', \$out_old);
my $new = IPC::Run::start([ pgbench('-U', 'web', '-c', 4, '-j', 1, '-t', 2 * $steps, '--max-tries=100', @new) ], '<', \undef, '>&', \$out_new);
ok($old->finish, 'the old backend went through') or diag($out_old);
ok($new->finish, 'the new one too') or diag($out_new);
diag(sprintf('tried again after a deadlock: %s transactions of the old backend, %s of the new one',
	map { /number of transactions retried: (\d+)/ ? $1 : 'no' } $out_old, $out_new));

# Nothing negative, everything in the ledger, in order
my $balance = 'coalesce(u."availableSessions", 0)';
is($node->safe_psql('postgres', 'SELECT min("availableSessions") >= 0 FROM users'), 't', 'no balance is negative');
is($node->safe_psql('postgres', 'SELECT count(*) FROM swan_ledger WHERE balance_after < 0'), '0', 'and none ever was');
is($node->safe_psql('postgres', <<SQL), '', 'the balance of everybody is what his ledger and his lots come to');
SELECT u.id, $balance, l.total, o.total
FROM users u JOIN (SELECT user_id, sum(delta) AS total FROM swan_ledger GROUP BY 1) l ON l.user_id = u.id
LEFT JOIN (SELECT user_id, sum(remaining) AS total FROM swan_lots GROUP BY 1) o ON o.user_id = u.id
WHERE $balance <> l.total OR $balance <> coalesce(o.total, 0)
SQL
is($node->safe_psql('postgres', <<SQL), '', 'each row of the ledger goes on where the one before it ended');
SELECT * FROM (SELECT id, balance_after, delta + coalesce(lag(balance_after) OVER (PARTITION BY user_id ORDER BY id), 0) AS expected FROM swan_ledger) x
WHERE balance_after <> expected
SQL
is($node->safe_psql('postgres', <<SQL), '', 'what the application itself saw of the old backend is in the ledger, change by change');
SELECT * FROM (SELECT user_id, old - new AS taken, count(*) FROM seen.audit WHERE who = 'old' GROUP BY 1, 2) a
FULL JOIN (SELECT user_id, taken, count(*) FROM
	(SELECT user_id, -sum(delta) AS taken FROM swan_ledger WHERE kind IN ('external', 'booking', 'cancellation') AND db_role = 'old'
		AND reason IS DISTINCT FROM 'before the studio was attached' GROUP BY user_id, call_id HAVING sum(delta) <> 0) c
	GROUP BY 1, 2) l USING (user_id, taken, count)
WHERE a.user_id IS NULL OR l.user_id IS NULL
SQL
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM seen.audit WHERE who = 'old'"), '>', 100, 'it changed many balances');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM swan_ledger WHERE kind = 'booking' AND db_role = 'web'"), '>', 20, 'swan_book() booked many slots');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM swan_ledger WHERE kind = 'booking' AND db_role = 'old' AND reason IS NULL"), '>', 5,
	'the old backend took credits for many bookings');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM swan_ledger WHERE kind = 'cancellation' AND db_role = 'old'"), '>', 0, 'and gave some back');
is($node->safe_psql('postgres', <<SQL), '', 'what anybody bought is what he has, has booked and has used');
SELECT u.id, c.* FROM users u, LATERAL (SELECT total_sessions_purchased AS bought, sessions_used AS used, available_sessions AS available FROM swan_client(u.id)) c,
LATERAL (SELECT count(*) AS live FROM sessions s WHERE s."userId" = u.id AND status IN ('scheduled', 'confirmed') AND
	(SELECT lot_id IS NOT NULL AND kind <> 'cancellation' FROM swan_ledger WHERE user_id = u.id AND session_id = s.id
	AND kind IN ('booking', 'reschedule', 'cancellation') ORDER BY id DESC LIMIT 1)) l
WHERE role = 'client' AND EXISTS (SELECT 1 FROM swan_ledger WHERE user_id = u.id) AND bought <> available + used + live
SQL
is($node->safe_psql('postgres', <<SQL), '', 'no session has more than one debit');
SELECT user_id, session_id, -sum(delta) FROM swan_ledger WHERE kind IN ('booking', 'cancellation') GROUP BY 1, 2 HAVING -sum(delta) NOT IN (0, 1)
SQL

# Bookings without a debit of swan_book() or of old_bookings, found here and by swan_verify()
my $unpaid = <<SQL;
SELECT "userId", id FROM sessions s WHERE status IN ('scheduled', 'confirmed', 'completed') AND "userId" IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM swan_ledger l WHERE l.session_id = s.id AND l.user_id = s."userId" AND l.kind IN ('booking', 'reschedule'))
AND EXISTS (SELECT 1 FROM swan_ledger l WHERE l.user_id = s."userId")
SQL
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM ($unpaid) x"), '>', 20, 'the old backend booked many slots');
is($node->safe_psql('postgres', <<SQL), '', 'swan_verify() names each of them, and nothing else');
SELECT * FROM ($unpaid) x (user_id, session_id) FULL JOIN swan_verify() v USING (user_id, session_id)
WHERE x.session_id IS NULL OR v.check_name IS DISTINCT FROM 'unpaid_booking'
SQL
is($node->safe_psql('postgres', 'CALL swan_backfill(5); SELECT count(*) FROM users u WHERE u."availableSessions" > 0 AND NOT EXISTS (SELECT 1 FROM swan_ledger WHERE user_id = u.id)'),
	'0', 'everybody gets his ledger');
is($node->safe_psql('postgres', <<SQL), '', 'and swan_verify() finds no more than before');
SELECT * FROM ($unpaid) x (user_id, session_id) FULL JOIN swan_verify() v USING (user_id, session_id)
WHERE x.session_id IS NULL OR v.check_name IS DISTINCT FROM 'unpaid_booking'
SQL

# Tables that are large and in use are attached
my $users = $ENV{BIG} ? 1_000_000 : 200_000;
$node->safe_psql('postgres', <<SQL);
CREATE ROLE shop2 LOGIN;
CREATE SCHEMA big AUTHORIZATION shop2;
SET ROLE shop2;
CREATE TABLE big.users (id serial PRIMARY KEY, "firstName" text, "availableSessions" integer);
CREATE TABLE big.sessions (id serial PRIMARY KEY, "userId" integer, "trainerId" integer, status text, "sessionDate" timestamptz);
INSERT INTO big.users ("firstName", "availableSessions") SELECT 'C' || i, 10 FROM generate_series(1, $users) i;
INSERT INTO big.sessions ("userId", status, "sessionDate") SELECT i, 'completed', '2020-01-01' FROM generate_series(1, $users) i;
CREATE INDEX ON big.sessions ("userId");
SQL
$node->safe_psql('postgres', 'VACUUM ANALYZE big.users, big.sessions');

# Who waits for the lock longer than lock_timeout gives up and has changed nothing
$node->safe_psql('postgres', q{BEGIN; UPDATE big.users SET "firstName" = 'Held' WHERE id = 1; PREPARE TRANSACTION 'held'});
my ($status, $stdout, $stderr) = $node->psql('postgres', "SET ROLE shop2; SET lock_timeout = '100ms'; SELECT swan_attach('big.users', 'big.sessions')");
like($stderr, qr/canceling statement due to lock timeout/, 'attach gives way to lock_timeout');
is($node->safe_psql('postgres', "SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'big.users'::regclass) + (SELECT count(*) FROM pg_class WHERE relname = 'swan_ledger' AND relnamespace = 'big'::regnamespace) + (SELECT count(*) FROM swan.studio WHERE name = 'big')"),
	'0', 'and leaves nothing behind');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'held'");

my @load = ('-f', script('big_read', qq{\\set id random(1, $users)\nSELECT "availableSessions" FROM big.users WHERE id = :id;\n}) . '@3',
	'-f', script('big_write', qq{\\set id random(1, $users)\nUPDATE big.users SET "availableSessions" = "availableSessions" + 1 WHERE id = :id;\n}) . '@1',
	'-f', script('big_session', qq{\\set id random(1, $users)\nINSERT INTO big.sessions ("userId", status, "sessionDate") VALUES (:id, 'completed', '2020-01-01');\n}) . '@1');

# Runs something while the tables are read and written; returns how long it took,
# and the longest wait of the others before and meanwhile, in milliseconds.
sub under_load
{
	my ($name, @commands) = @_;
	my $out;
	# a rate that leaves the machine time to spare: waits are locks then, not the processors'
	my $load = IPC::Run::start([ pgbench('-U', 'postgres', '-c', 4, '-j', 1, '-R', 400, '-T', 600, '--log', "--log-prefix=$dir/$name", @load) ],
		'<', \undef, '>&', \$out);
	sleep(1.5);
	my $begin = time;
	$node->safe_psql('postgres', $_) for @commands;
	my $took = time - $begin;
	sleep(0.3);
	$load->signal('TERM');
	$load->finish;

	my ($before, $during, $done) = (0, 0, 0);
	for my $log (glob("$dir/$name.*"))
	{
		for my $line (split /\n/, slurp_file($log))
		{
			# client, transaction, microseconds it took, script, when it ended, and by how much it began late
			my ($took_us, $at, $us, $late) = (split / /, $line)[ 2, 4, 5, 6 ];
			next unless defined $late;
			my $wait = ($took_us - $late) / 1000;
			if ($at + $us / 1e6 < $begin) { $before = $wait if $wait > $before }
			else { $during = $wait if $wait > $during; $done++ }
		}
	}
	return (1000 * $took, $before, $during, $done);
}
my ($took, $before, $during, $done) = under_load('attach', "SET ROLE shop2; SET client_min_messages = error; SELECT count(*) FROM swan_attach('big.users', 'big.sessions')");
diag(sprintf('attach of %d users and %d sessions: %.0f ms; longest wait of anybody %.1f ms (before: %.1f ms)', $users, $users, $took, $during, $before));
cmp_ok($done, '>', 10, 'readers and writers went on meanwhile');
cmp_ok($during, '<', 1000, 'nobody waited for a second');
is($node->safe_psql('postgres', "SET ROLE shop2; SET swanalloc.studio = 'big'; SELECT count(*) FROM swan_verify()"), '0', 'what was written meanwhile is in the ledger');
if ($ENV{BIG})
{
	($took, $before, $during, $done) = under_load('backfill', "SET ROLE shop2; CALL swan_backfill(1000, 'big')");
	diag(sprintf('backfill of %d users: %.0f s; longest wait of anybody %.1f ms (before: %.1f ms)', $users, $took / 1000, $during, $before));
	is($node->safe_psql('postgres', "SET ROLE shop2; SET swanalloc.studio = 'big'; SELECT count(*) FROM swan_verify()"), '0', 'nothing is wrong after it');
}

$node->stop;
done_testing();
