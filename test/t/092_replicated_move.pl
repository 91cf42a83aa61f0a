
# A large studio goes to another server by logical replication, while six clients go on calling through PgBouncer: closed
# for the moment in which the last of it goes over, which is all that they are told, as something to be tried again.  In
# the new place each row of each table is there, each of their calls once, and the old one takes none any more, whatever is done to it.
#
# SLOTS=30000 in the environment makes it smaller, and quicker.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Fleet qw(pgbouncer start_pooler start_cluster $logins studio_sql start_writers go_on goes_on stop_writers told acknowledged same_once answered_again);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'there is no PgBouncer' unless pgbouncer();

my $SLOTS = $ENV{SLOTS} || 300_000;
my ($CLIENTS, $WRITERS) = ($SLOTS / 50, 6);
my %node = map { $_ => start_cluster($_) } qw(old new);
$_->safe_psql('postgres', $logins) for values %node;
my ($old, $new) = @node{qw(old new)};
$old->safe_psql('postgres', 'CREATE DATABASE velvet');
$old->safe_psql('velvet', studio_sql($CLIENTS, $SLOTS));
$old->safe_psql('velvet', <<"SQL");
SELECT swan_configure('low_threshold', '5'), swan_allow('shop', 'person', 1);
SELECT swan_book(11, $SLOTS), swan_wait(12, $SLOTS), swan_hold(13, $SLOTS - 1);
CREATE TABLE studio.notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES studio.users, note text);
INSERT INTO studio.notes (user_id, note) VALUES (11, 'likes mornings');
SQL

sub place { return "host=@{[ $_[0]->host ]} port=@{[ $_[0]->port ]}" }
my $pooler = start_pooler({ velvet => place($old) }, 'default_pool_size = 4');

# Bookings, each fifth call gives one up again, grants, and purchases.  One slot in so many all of them go for.
sub call
{
	my ($writer, $n) = @_;
	my $key = "$writer-$n";
	my $booked = $n % 5 == 3 ? $n - 1 : $n;
	my ($client, $slot) = (11 + ($booked * $WRITERS + $writer) % $CLIENTS, $booked * $WRITERS + $writer);
	return if $slot > $SLOTS * 0.9;
	$slot = $SLOTS - $n if $n % 20 == 6;
	return ('purchase', $client, $key, "SELECT ledger_id FROM swan_purchase($client, 2, '$key', actor => 1)") if $n % 10 == 0;
	return ('grant', $client, $key, "SELECT ledger_id FROM swan_grant($client, 2, key => '$key', actor => 1)") if $n % 5 == 0;
	return ('cancellation', $client, $key, "SELECT ledger_id FROM swan_cancel($slot, key => '$key', actor => $client)") if $booked < $n;
	return ('booking', $client, $key, "SELECT ledger_id FROM swan_book($client, $slot, key => '$key', actor => $client)");
}

# The SQLSTATE with which somebody is refused.
sub refused
{
	my ($node, $role, $sql) = @_;
	my (undef, undef, $err) = $node->psql('velvet', "\\set VERBOSITY sqlstate\n$sql", extra_params => [ '-U', $role ]);
	return $err =~ /ERROR:  (\w+)/ ? $1 : '';
}

# A line for each table of a schema: how many rows, and what they come to.
sub rows_of
{
	my ($node, $schema) = @_;
	my $tables = $node->safe_psql('velvet', "SELECT relname FROM pg_class WHERE relnamespace = '$schema'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1");
	return join "\n", map { "$_ " . $node->safe_psql('velvet', "SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM $schema.$_ t") } split /\n/, $tables;
}

# another name is no fence
is($old->safe_psql('velvet', 'ALTER SCHEMA studio RENAME TO gone; SELECT status FROM swan_book(11, 1); ALTER SCHEMA gone RENAME TO studio'), 'scheduled', 'with the schema renamed calls go on');

my $writers = start_writers($WRITERS, $pooler->connstr('velvet', 'web'), \&call);
ok(goes_on($writers, 0, 0), 'calls are acknowledged');
go_on(1, $writers);

# all but the rows, then the rows
my $begun = time;
$old->command_ok([ 'sh', '-c', "pg_dump --create --exclude-table-data='studio.*' -d '@{[ $old->connstr('velvet') ]}' | psql -XAtq -v ON_ERROR_STOP=1 -d '@{[ $new->connstr('postgres') ]}' >/dev/null" ],
	'all but the rows goes over');
$new->safe_psql('velvet', "SELECT swan_close_studio('it is not here yet')");
$old->safe_psql('velvet', 'CREATE PUBLICATION move FOR TABLES IN SCHEMA studio');
$new->safe_psql('velvet', "CREATE SUBSCRIPTION move CONNECTION '@{[ $old->connstr('velvet') =~ s/'/''/gr ]}' PUBLICATION move");
$new->wait_for_subscription_sync($old, 'move', 'velvet');
my $copied = time - $begun;
is(refused($new, 'shop', 'SELECT swan_grant(11, 1)'), 'SW018', 'nobody writes in the new place yet');
is(refused($new, 'shop', "UPDATE studio.users SET first_name = 'Eve'"), 'SW018', 'directly neither');
my $before = go_on(0, $writers);
ok(goes_on($writers, $before, 0), 'meanwhile calls go on');

# the fence, and the switch
$begun = time;
$old->safe_psql('velvet', "SELECT swan_close_studio('it has moved')");
my $compared = time;
my $rows = rows_of($old, 'studio');
$compared = time - $compared;
my $last = $old->safe_psql('velvet', 'SELECT max(id) FROM studio.swan_ledger');
my $lsn = $old->safe_psql('velvet', 'SELECT pg_current_wal_lsn()');
$old->poll_query_until('velvet', "SELECT confirmed_flush_lsn >= '$lsn' FROM pg_replication_slots WHERE slot_name = 'move'") or die 'the slot does not come so far';
$new->safe_psql('velvet', $old->safe_psql('velvet', <<'SQL'));
SELECT format('SELECT setval(%L, %s);', format('%I.%I', schemaname, sequencename), last_value) FROM pg_sequences WHERE schemaname = 'studio' AND last_value IS NOT NULL
SQL
$compared -= time;
unlike($rows, qr/ 0 /, 'no table is empty');
is(rows_of($new, 'studio'), $rows, 'each row of each table is there');
$compared += time;
is($new->safe_psql('velvet', 'DROP SUBSCRIPTION move; SELECT swan_rebase_feed(); SELECT swan_open_studio()'),
	"$last\nstudio studio is open", 'the new place is opened');
$pooler->route({ velvet => place($new) });
$pooler->console('RELOAD');
my $fenced = time - $begun - $compared;
$before = go_on(0, $writers);
go_on(2, $writers);
ok(goes_on($writers, $before, $WRITERS), 'calls go on in the new place');
stop_writers($writers);

my %told = told($writers);
is(join(' ', sort keys %told), 'SW002 SW018', 'all that they were told is that it is closed, and to try again; or that others were before them');
my @acknowledged = acknowledged($writers);
same_once($new, 'velvet', $writers, scalar(@acknowledged) . ' calls are in the ledger, each once');
answered_again($pooler->connstr('velvet', 'web'), $writers, \&call, 'what was sent before is answered as before');
is($new->safe_psql('velvet', <<'SQL'), '0', 'no slot was given twice');
SELECT count(*) FROM (SELECT FROM studio.swan_ledger WHERE kind = 'booking' GROUP BY session_id HAVING count(*) > 1) x
SQL
is($new->safe_psql('velvet', 'SELECT * FROM swan_verify()'), '', 'all is well');
is($new->safe_psql('velvet', "SELECT bool_or(id = (SELECT min(id) FROM studio.swan_ledger WHERE id > $last)) FROM swan_changes('$last')"), 't', 'the feed goes on after the last row');
is($new->safe_psql('velvet', q(SELECT string_agg(db_role || ' ' || as_what, ', ' ORDER BY db_role), (SELECT value FROM swan_settings() WHERE setting = 'low_threshold') FROM swan.role)),
	'shop person, watch reader, web backend|5', 'settings and roles have come along');

# the old place, for ever
is($old->safe_psql('velvet', 'SELECT * FROM swan_verify()'), '', 'all is well in the old place, too');
for my $what ('at once', 'under another name', 'after a crash')
{
	$old->safe_psql('velvet', 'ALTER SCHEMA studio RENAME TO gone') if $what =~ /name/;
	if ($what =~ /crash/) { $old->stop('immediate'); $old->start }
	my $schema = $what eq 'at once' ? 'studio' : 'gone';
	is(join(' ', map { refused($old, @$_) } [ 'web', 'SELECT swan_book(11, 1, actor => 11)' ], [ 'shop', 'SELECT swan_grant(11, 1)' ], [ 'shop', "UPDATE $schema.users SET first_name = 'Eve'" ],
		[ 'shop', "INSERT INTO $schema.sessions (trainer_id, session_date) VALUES (2, '2199-01-01')" ]), 'SW018 SW018 SW018 SW018', "it refuses, $what");
}
is(rows_of($old, 'gone'), $rows, 'and has taken nothing since');

my ($longest) = sort { $b <=> $a } map { $_->[4] } @acknowledged;
note(sprintf '%d slots, %d calls, %d refused meanwhile; copied in %.1f s, closed for %.2f s, the longest call %.2f s', $SLOTS, scalar @acknowledged, $told{SW018}, $copied, $fenced, $longest);
$pooler->stop;
$_->stop for values %node;
done_testing();
