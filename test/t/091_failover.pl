
# The server dies under load, and its synchronous standby takes over behind PgBouncer: what a client was told is there,
# once, and what he was not told is there once when he has asked again with his key; also what the server had committed
# and the standby never got.  Before that the standby answers every function that only reads, as the primary does, refuses every
# other, and one who has just written finds what he wrote there.

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

my ($CLIENTS, $SLOTS, $WRITERS) = (60, 60_000, 6);
my $primary = start_cluster('primary');
$primary->safe_psql('postgres', $logins);
$primary->safe_psql('postgres', 'CREATE DATABASE velvet');
$primary->safe_psql('velvet', studio_sql($CLIENTS + 1, $SLOTS));
$primary->safe_psql('velvet', <<'SQL');
SELECT * FROM swan_purchase(11, 5, 'pay');
SELECT * FROM swan_book(11, 60000);
SELECT * FROM swan_hold(12, 59999);
SELECT * FROM swan_wait(13, 60000);
SQL
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "primary_conninfo = '@{[ $primary->connstr =~ s/'/''/gr ]} application_name=standby'");
$standby->start;
$primary->append_conf('postgresql.conf', "synchronous_standby_names = 'standby'");
$primary->reload;
$primary->poll_query_until('postgres', q(SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync')) or die 'no synchronous standby';

# Every function, with arguments by their names; what only reads does so in one statement, and in a transaction of either kind.
my %argument = (user_id => 11, session_id => 60000, since => q('2099-01-01'), until => 'NULL', payment_ref => q('pay'), actor => 1);
my $functions = $primary->safe_psql('velvet', <<'SQL');
SELECT p.proname, p.oid::regprocedure, p.provolatile, p.prokind, array_to_string(array(SELECT a.name || ' ' || a.type::regtype || ' ' || (a.n > p.pronargs - p.pronargdefaults)::text
	FROM unnest(p.proargnames, p.proargtypes) WITH ORDINALITY a (name, type, n) WHERE a.type IS NOT NULL ORDER BY a.n), ',')
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype <> 'trigger'::regtype ORDER BY 1, 2
SQL
sub on
{
	my ($node, $role, $sql) = @_;
	my ($status, $out, $err) = $node->psql('velvet', $sql, extra_params => [ '-U', $role ]);
	return "$out$err";
}
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
my ($readers, $writers_refused) = (0, 0);
for (split /\n/, $functions)
{
	my ($name, $signature, $volatile, $kind, $arguments) = split /\|/, $_, 5;
	my @given;
	for (split /,/, $arguments)
	{
		my ($argument, $type, $may_miss) = /^(\w+) (.*) (\w+)$/;
		my $value = $name eq 'swan_balance_at' && $argument eq 'at' ? 'now()'
		  : $name eq 'swan_time' && $argument eq 'at' ? "'2099-01-05 09:00'::$type"
		  : $volatile eq 'v' && $argument ne 'actor' ? ($may_miss eq 'true' ? next : "NULL::$type")
		  : $argument{$argument} // ($may_miss eq 'true' ? next : die "$signature: what is $argument?");
		push @given, "$argument => $value";
	}
	my $call = ($kind eq 'p' ? 'CALL ' : 'SELECT * FROM ') . "$name(" . join(', ', @given) . ')';
	$call = "SELECT swan_health() - 'feed_lag_seconds'" if $name eq 'swan_health';
	# what is the owner's is asked as the owner, all else as the application, for its admin
	my $role = "@given" =~ /actor =>/ ? 'web' : 'shop';
	if ($volatile eq 'v')
	{
		# what is for a transaction, and what looks at tables that it must be told of first
		next if $name eq 'swan_act_as' || $name =~ /^swan_attach/;
		like(on($standby, $role, "\\set VERBOSITY sqlstate\n$call"), qr/ERROR:  25006/, "the standby refuses $signature");
		$writers_refused++;
		next;
	}
	my $here = on($primary, $role, $call);
	unlike($here, qr/^psql:.*(?:ERROR|WARNING): /m, "$signature answers");
	is(on($standby, $role, $call), $here, 'as the standby does');
	for my $level ('READ COMMITTED', 'REPEATABLE READ')
	{
		is(on($standby, $role, "BEGIN ISOLATION LEVEL $level;\n$call;\nCOMMIT"), $here, "... at $level");
	}
	$readers++;
}
cmp_ok($readers, '>', 30, 'these are all that only read');
cmp_ok($writers_refused, '>', 40, 'and all that do not');
my $hooked = "SELECT swan_configure('booking_rule', 'studio.asks'), swan_configure('cost_rule', 'studio.costs'), swan_configure('assignments', 'studio.whose')";
$primary->safe_psql('velvet', "CREATE FUNCTION studio.asks(user_id bigint, session_id bigint, actor_id bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
CREATE FUNCTION studio.costs(user_id bigint, session_id bigint) RETURNS integer LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 2; EXCEPTION WHEN division_by_zero THEN RETURN 3; END';
CREATE VIEW studio.whose AS SELECT 2::bigint AS trainer_id, id AS user_id FROM studio.users; ALTER FUNCTION studio.asks OWNER TO shop; ALTER FUNCTION studio.costs OWNER TO shop; ALTER VIEW studio.whose OWNER TO shop;
$hooked");
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($standby->safe_psql('velvet', 'SELECT ok, code FROM swan_can_book(14, 59990, actor => 2)'), 't|', 'the standby asks the application, too');
$primary->safe_psql('velvet', $hooked =~ s/'studio\.\w+'/NULL/gr);

# Who has written reads it on the standby as soon as that has come so far; or at once, if his commit waits for that.
is($standby->safe_psql('velvet', 'SELECT available FROM swan_summary(14)'), '500', 'what a client has there');
my $lsn = $primary->safe_psql('velvet', 'SELECT FROM swan_grant(14, 1); SELECT pg_current_wal_insert_lsn()') =~ s/\s//gr;
ok($standby->poll_query_until('velvet', "SELECT pg_last_wal_replay_lsn() >= '$lsn'"), 'the standby comes as far as the call');
is($standby->safe_psql('velvet', 'SELECT available FROM swan_summary(14)'), '501', 'and then knows of it');
my @seen = map {
	$primary->safe_psql('velvet', 'SET synchronous_commit = remote_apply; SELECT FROM swan_grant(14, 1)');
	$standby->safe_psql('velvet', 'SELECT available FROM swan_summary(14)');
} 1 .. 5;
is("@seen", '502 503 504 505 506', 'with remote_apply it does at once');

# Bookings, grants, and purchases, with keys
sub call
{
	my ($writer, $n) = @_;
	my ($key, $client, $slot) = ("$writer-$n", 11 + ($n * $WRITERS + $writer) % $CLIENTS, $n * $WRITERS + $writer);
	return if $slot > $SLOTS - 10;
	return ('purchase', $client, $key, "SELECT ledger_id FROM swan_purchase($client, 2, '$key', actor => 1)") if $n % 6 == 0;
	return ('grant', $client, $key, "SELECT ledger_id FROM swan_grant($client, 2, key => '$key', actor => 1)") if $n % 3 == 0;
	return ('booking', $client, $key, "SELECT ledger_id FROM swan_book($client, $slot, key => '$key', actor => $client)");
}
sub place { return "host=@{[ $_[0]->host ]} port=@{[ $_[0]->port ]}" }
my $pooler = start_pooler({ velvet => place($primary) }, 'default_pool_size = 4');
my $writers = start_writers($WRITERS, $pooler->connstr('velvet', 'web'), \&call);
ok(goes_on($writers, 0, $WRITERS), 'calls are acknowledged');
go_on(2, $writers);

# What the standby does not get is acknowledged to nobody: the sender stands still, and what is committed now is only on the primary.
my $sender = $primary->safe_psql('postgres', 'SELECT pid FROM pg_stat_replication');
kill STOP => $sender;
my $before = go_on(1, $writers);
is(go_on(1, $writers), $before, 'while the standby gets nothing, nobody is told that his call is done');

# but who cancels, whom PostgreSQL warns; his client is nobody else's, for whom he would wait
my $alone = 11 + $CLIENTS;
my ($out, $err) = ('', '');
my $impatient = IPC::Run::start([ 'psql', '-XAtq', '-d', $primary->connstr('velvet') . ' application_name=impatient', '-c', "SELECT FROM swan_grant($alone, 3, key => 'cancelled')" ],
	'<', '/dev/null', '>', \$out, '2>', \$err);
$primary->poll_query_until('velvet', q(SELECT count(pg_cancel_backend(pid)) = 1 FROM pg_stat_activity WHERE application_name = 'impatient' AND wait_event = 'SyncRep')) or die 'he does not wait';
$impatient->finish;
like($err, qr/WARNING:  canceling wait for synchronous replication/, 'unless he cancels it');

my $begun = time;
PostgreSQL::Test::Utils::system_log('pg_ctl', '-D', $primary->data_dir, '-m', 'immediate', '-W', 'stop');
kill KILL => $sender;    # which had to wait for it to end, and must send nothing more
$primary->stop('immediate', fail_ok => 1);
$standby->promote;
$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'not promoted';
$pooler->route({ velvet => place($standby) });
$pooler->console('RELOAD');
my $took = time - $begun;
$before = go_on(0, $writers);
go_on(4, $writers);
ok(goes_on($writers, $before, $WRITERS), 'calls are acknowledged by the standby');
stop_writers($writers);

my %told = told($writers);
note("they were told $_: $told{$_} times") for sort keys %told;
is(join(' ', grep { !/^(?:08\w{3}|57P0[123]|25006|lost|refused)$/ } sort keys %told), '', 'nobody was told anything but that the connection is gone');
cmp_ok(scalar keys %told, '>', 0, 'which they were');
my @acknowledged = acknowledged($writers);
same_once($standby, 'velvet', $writers, scalar(@acknowledged) . ' calls are in the ledger, each once');
is($standby->safe_psql('velvet', "SELECT replayed FROM swan_grant($alone, 3, key => 'cancelled')"), 'f', 'what was cancelled is done when it is sent again');
answered_again($pooler->connstr('velvet', 'web'), $writers, \&call, 'what was sent before is answered as before');
my $twice = grep { $_->[5] > 1 } @acknowledged;
cmp_ok($twice, '>', 0, 'some of them were asked again');
is($standby->safe_psql('velvet', 'SELECT * FROM swan_verify()'), '', 'and all is well');
my ($longest) = sort { $b <=> $a } map { $_->[4] } @acknowledged;
note(sprintf '%d calls, %d of them asked again; promoted and switched in %.2f s, the longest call %.2f s', scalar @acknowledged, $twice, $took, $longest);

# the feed begins anew, as after a restore
(undef, $out, $err) = $standby->psql('velvet', "\\set VERBOSITY sqlstate\nSELECT count(*) > 0 FROM swan_changes()");
like($err, qr/SW016/, 'the feed says that it is in another place');
is($standby->safe_psql('velvet', 'SELECT swan_rebase_feed() IS NOT NULL; SELECT count(*) > 0 FROM swan_changes()'), "t\nt", 'and goes on when told');
$pooler->stop;
$standby->stop;
done_testing();
