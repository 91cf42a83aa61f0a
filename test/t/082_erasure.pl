
# A person is erased who did everything that can be written down: not one of the words that were
# said of him is to be found in a dump of the database, all sums are as before, and the feed says
# that it happened.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\n");
$node->start;

my $db = 'postgres';
sub run_sql { return $node->safe_psql($db, shift) }

# each word of the person has a number, so that one that is found says where it was
my @words;
sub word { my ($where) = @_; push @words, $where; return sprintf("word%03dx", $#words); }

# what is said {where} becomes a word
sub say_sql { my ($sql) = @_; $sql =~ s/\{([a-z][^}"]*)\}/word($1)/ge; return run_sql($sql); }

sub found
{
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$db.sql";
	unlink($file);
	$node->command_ok([ 'pg_dump', '-f', $file, $node->connstr($db) ], 'dumped');
	my %found = map { $_ => 1 } slurp_file($file) =~ /word(\d{3})x/gi;
	return join(', ', map { $words[$_] } sort { $a <=> $b } keys %found);
}

# what is left of the client 11 is taken, so that nothing stands in the way
sub leave
{
	run_sql(join(';', map { "SELECT $_" } "count(*) FROM studio.sessions s, swan_cancel(s.id, return_credit => true) WHERE s.user_id = 11 AND s.status IN ('scheduled', 'confirmed', 'requested')",
		'count(*) FROM studio.swan_holds h, swan_release(h.session_id) WHERE h.user_id = 11', 'count(*) FROM studio.swan_waits w, swan_unwait(w.session_id, 11) WHERE w.user_id = 11',
		'swan_revoke(11, 1) FROM swan_summary(11) WHERE available > 0', 'swan_revoke(11) FROM swan_summary(11) WHERE available > 0'));
	say_sql("SELECT swan_grant(11, 1, '{last reason}'); SELECT swan_revoke(11, reason => '{reason of revoke}', key => '{key of revoke}')");
	return;
}

# everything that somebody may want to add up
my $sums = q{
	SELECT 'summary', u.id, s::text FROM studio.users u, swan_summary(u.id) s
	UNION ALL SELECT 'client', u.id, row(c.available_sessions, total_sessions_purchased, sessions_used)::text FROM studio.users u, swan_client(u.id) c
	UNION ALL SELECT 'statement', u.id, row(g.id, g.kind, delta, balance_after, g.at)::text FROM studio.users u, swan_statement(u.id, max_rows => 500) g WHERE g.kind <> 'erasure'
	UNION ALL SELECT 'credits', u.id, row(lot_id, granted, remaining, expires_at, payment_ref, amount_minor, currency)::text FROM studio.users u, swan_credits(u.id) g
	UNION ALL SELECT 'liability', 0, l::text FROM swan_liability() l
	UNION ALL SELECT 'payment', 0, p::text FROM (SELECT DISTINCT payment_ref FROM studio.swan_lots WHERE payment_ref IS NOT NULL) r, swan_payment(r.payment_ref) p
	UNION ALL SELECT 'ledger', user_id, row(id, kind, delta, session_id, from_session_id, lot_id, call_id, payment_ref, item, actor_id, totals, suspended)::text FROM studio.swan_ledger WHERE kind <> 'erasure'
	UNION ALL SELECT 'sessions', user_id, row(id, trainer_id, status, session_date, session_deducted, credits)::text FROM studio.sessions
	ORDER BY 1, 2, 3};

# -- a studio of our own

run_sql(<<SQL);
CREATE EXTENSION swanalloc;
CREATE ROLE shop;
SELECT swan_create_studio(owner => 'shop');
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'admin'), (2, 'Tom', 'trainer');
INSERT INTO studio.users (id, first_name) SELECT i, 'Other ' || i FROM generate_series(12, 16) i;
SELECT count(*) FROM swan_open(2, '2099-01-05 09:00', repeat => 30, every => '1 day');
SELECT count(*) FROM swan_open(2, '2001-01-05 09:00', repeat => 10, every => '1 day');
SELECT count(*) FROM swan_open(2, '2099-03-05 09:00', places => 2);
SELECT swan_configure('session_records', 'on');
SQL
say_sql(<<SQL);
INSERT INTO studio.users (id, first_name, last_name, email) VALUES (11, '{first name}', '{last name}', '{e-mail}\@example.org');
SELECT swan_grant(11, 9, '{reason of grant}', key => '{key of grant}');
SELECT swan_grant_many(ARRAY[11], 2, '{reason of grant_many}', key => '{key of grant_many}');
SELECT swan_purchase(11, 5, 'pi_1', amount_minor => 50000, currency => 'EUR', details => '{"card": "{details}", "deep": { "x": ["{deep details}"] }}');
SELECT swan_purchase(11, 5, 'pi_2', amount_minor => 30000, currency => 'EUR', expires_at => '2099-12-31', details => '["{details of a list}"]');
SELECT swan_import(11, 5, 2, '2024-01-01', '{reason of import}', 'old_1', at => '2023-01-01');
SELECT swan_import_many('[{"user_id": 11, "granted": 3, "reason": "{reason of import_many}"}]');
SELECT swan_extend(lot_id, '2099-11-30', '{reason of extend}') FROM swan_credits(11) WHERE payment_ref = 'pi_2';
SELECT swan_book(11, 1, key => '{key of book}'), swan_book(11, 2, key => '{another key of book}');
SELECT count(*) FROM swan_book_many(11, ARRAY[3,4], key => '{key of book_many}');
UPDATE studio.sessions SET notes = '{notes}' WHERE id IN (1, 3);
SELECT swan_reschedule(4, 5, key => '{key of reschedule}');
SELECT swan_cancel(1, '{reason of cancel}', key => '{key of cancel}');
SELECT count(*) FROM swan_cancel_many(ARRAY[2,3], '{reason of cancel_many}', key => '{key of cancel_many}');
SELECT swan_book(11, 31, later => true, key => '{key of book later}'), swan_book(11, 32), swan_book(11, 33);
SELECT swan_charge(31, key => '{key of charge}');
SELECT swan_complete(31), swan_complete(32, false), swan_complete(33);
SELECT swan_correct(32, 'attended', '{reason of correct}', key => '{key of correct}');
SELECT swan_waive(32, '{reason of waive}', key => '{key of waive}');
SELECT swan_request(11, '2099-04-01 10:00', key => '{key of request}');
SELECT swan_hold(11, 8);
SELECT count(*) FROM swan_grant_many(ARRAY[12,13,14], 9);
SELECT swan_book(12, 9), swan_wait(11, 9), swan_book(12, 41), swan_book(11, 41);
SELECT swan_suspend(11, '2098-01-01', '2098-02-01', '{reason of suspend}', put_off => true);
SELECT swan_resume(11);
SELECT swan_transfer(11, 12, 2, '{reason of transfer}', '{key of transfer}');
SELECT swan_transfer(12, 11, 1, '{reason of a transfer to him}', 'a key of the other''s');
SELECT swan_reverse('pi_1', n => 2, key => '{key of reverse}');
SELECT swan_reverse('pi_2', key => 'a key of both', refunded_minor => 7000);
SELECT swan_reinstate('pi_1', '{key of reinstate}', reversal => key) FROM studio.swan_ledger WHERE kind = 'reversal' AND payment_ref = 'pi_1';
SELECT swan_merge(13, 11, '{reason of a merger with him}', 'a key of that one''s');
SQL
# Erases him, and looks what is left of his words.
sub erase
{
	my ($kept) = @_;
	leave();
	is(scalar(my @said = split /, /, found()), scalar @words, 'all words are in the dump as long as he is known');
	my $before = run_sql($sums);
	my $cursor = run_sql('SELECT cursor FROM swan_changes(max_rows => 1000) ORDER BY id DESC LIMIT 1');
	is(run_sql('SELECT user_id FROM swan_forget(11, actor => 1)'), 11, 'he is forgotten');
	is(found(), '', 'and none is then');
	is(run_sql($sums), $before, 'all sums are as before');
	is(run_sql('SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');
	is(run_sql("SELECT kind, user_id, actor_id FROM swan_changes('$cursor')"), 'erasure|11|1', 'the feed says that it happened');
	is(run_sql("SELECT string_agg(DISTINCT key, ', ' ORDER BY key) FROM studio.swan_ledger WHERE key LIKE 'a key of%'"), $kept, 'what others have keeps its key');
	return;
}
erase("a key of both, a key of that one's, a key of the other's");

# -- attached tables, where names and notes are the application's, but not what was written there for it

$db = 'attached';
@words = ();
$node->safe_psql('postgres', 'CREATE DATABASE attached');
run_sql(<<SQL);
CREATE EXTENSION swanalloc;
CREATE SCHEMA studio AUTHORIZATION shop;
SET ROLE shop;
CREATE TABLE studio.users (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, first_name text, role text DEFAULT 'client', available_sessions integer NOT NULL DEFAULT 0, deleted_at timestamptz);
CREATE TABLE studio.sessions (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES studio.users, trainer_id bigint REFERENCES studio.users, status text NOT NULL DEFAULT 'available',
	session_date timestamptz, duration integer DEFAULT 60, notes text, session_deducted boolean NOT NULL DEFAULT false, credits integer NOT NULL DEFAULT 0, cost integer NOT NULL DEFAULT 1, cancel_reason text, deleted_at timestamptz);
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'admin'), (2, 'Tom', 'trainer');
INSERT INTO studio.users (id, first_name) SELECT i, 'Client ' || i FROM generate_series(11, 16) i;
SELECT count(*) FROM swan_attach('studio.users', 'studio.sessions', '{"cancel_reason": "cancel_reason", "deleted_at": "deleted_at"}', studio => 'studio');
CALL swan_backfill(studio => 'studio');
SELECT count(*) FROM swan_open(2, '2099-01-05 09:00', repeat => 30, every => '1 day');
SELECT swan_configure('guard_balance', 'refuse');
SELECT swan_configure('session_records', 'on');
SQL
say_sql(<<SQL);
SELECT swan_grant(11, 9, '{reason of grant}', key => '{key of grant}');
SELECT swan_purchase(11, 5, 'pi_1', details => '{"card": "{details}"}');
SELECT swan_book(11, 1, key => '{key of book}'), swan_book(11, 2), swan_book(11, 3);
SELECT swan_cancel(1, '{reason of cancel}');
SELECT count(*) FROM swan_cancel_many(ARRAY[2,3], '{reason of cancel_many}');
SELECT swan_configure('session_records', 'off');
SELECT swan_configure('guard_balance', 'record');
UPDATE studio.users SET available_sessions = available_sessions + 1 WHERE id = 11;
INSERT INTO studio.sessions (user_id, trainer_id, status, session_date) VALUES (11, 2, 'scheduled', '2098-01-01');
SELECT swan_grant(12, 2), swan_transfer(11, 12, 1, '{reason of transfer}', key => '{key of transfer}'), swan_transfer(12, 11, 1, '{reason of a transfer to him}', 'a key of the other''s'), swan_merge(13, 11, key => 'a key of that one''s');
UPDATE studio.sessions SET deleted_at = now() WHERE id = 1;
SQL
erase("a key of that one's, a key of the other's");

$node->stop;
done_testing();
