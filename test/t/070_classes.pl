
# A class under a rush: 200 connections want its 12 places, at each isolation level,
# while winners think better of it, places are added and cancelled, and clients ask
# twice. Each place is given once, every other client is told one thing, and nobody
# is told that the class is full while a place stays free, or waits in a circle.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Crowd qw(no_circle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $CLIENTS = 200;
my $PLACES = 12;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
timezone = 'UTC'
log_statement = none
max_connections = 230
deadlock_timeout = '100ms'
CONF
$node->start;

$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION swanalloc;
CREATE ROLE shop;
SELECT swan_create_studio(owner => 'shop');
INSERT INTO studio.users (id, first_name, role) VALUES (1001, 'Tom', 'trainer');
INSERT INTO studio.users (id, first_name) SELECT i, 'C' || i FROM generate_series(1, $CLIENTS) i;
SELECT count(*) FROM studio.users, swan_grant(id, 50) WHERE role = 'client';
CREATE TABLE answer (run text, client int, said text);
SQL

sub ask { return $node->safe_psql('postgres', $_[0]); }

# Every client calls once, all at the same time; what ends in 40001 or 40P01 is tried again.
sub rush
{
	my ($run, $isolation, $script) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	append_to_file("$dir/rush.sql", $script =~ s/RUN/'$run'/gr);
	(my $level = $isolation) =~ s/ /\\ /g;
	local $ENV{PGOPTIONS} = "-c default_transaction_isolation=$level";
	my ($out, $err);
	IPC::Run::run([ 'pgbench', '-n', '-c', $CLIENTS, '-j', 8, '-t', 1, '--max-tries=1000',
		'-f', "$dir/rush.sql", '-h', $node->host, '-p', $node->port, 'postgres' ], '>', \$out, '2>', \$err);
	is($?, 0, "$run at $isolation: nobody was told anything else") or diag $err;
	return $out =~ /transactions retried: (\d+)/ ? $1 : -1;
}

$node->safe_psql('postgres', <<'SQL');
-- one booking, whose answer is written down with it; "gone" says that the caller rolls back
CREATE FUNCTION book(what text, client int, class bigint, guest boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM swan_book(client, class, guest => guest);
	INSERT INTO answer VALUES (what, client, 'place');
EXCEPTION WHEN SQLSTATE 'SW002' OR SQLSTATE 'SW010' THEN
	INSERT INTO answer VALUES (what, client, SQLSTATE);
END $$;
SQL

my $day = 0;
my $one = '\set client :client_id + 1' . "\n";

sub open_class
{
	$day++;
	return ask("SELECT swan_open(1001, timestamptz '2099-01-01 18:00' + $day * interval '1 day', places => $PLACES)");
}

sub judge
{
	my ($run, $class, $winners, $what) = @_;
	is(ask("SELECT string_agg(said || ' ' || n, ', ' ORDER BY said) FROM (SELECT said, count(*) AS n FROM answer WHERE run = '$run' GROUP BY said) x"),
		$winners, "$what: one answer for each");
	is(ask("SELECT count(*), count(DISTINCT user_id) FROM studio.sessions WHERE class_id = $class AND status = 'scheduled'"),
		"$PLACES|$PLACES", "$what: each place is given once");
	is(ask('SELECT count(*) FROM swan_verify()'), '0', "$what: all is well");
	return;
}

for my $isolation ('read committed', 'repeatable read', 'serializable')
{
	my $class = open_class();
	my $refused = $CLIENTS - $PLACES;

	(my $run = $isolation) =~ tr/ /_/;
	my $again = rush($run, $isolation, "$one SELECT book(RUN, :client, $class);\n");
	is($again, 0, "$isolation: nobody has to try again where a class merely sells out") if $isolation eq 'read committed';
	judge($run, $class, "SW002 $refused, place $PLACES", "$isolation");

	# all but so many clients as there are places think better of it, and those who stay all have one
	$class = open_class();
	$again = rush("${run}_back", $isolation, <<SQL);
$one
\\set goes :client % 16
BEGIN;
SELECT book(RUN, :client, $class);
SELECT pg_sleep(0.01);
\\if :goes
ROLLBACK;
\\else
COMMIT;
\\endif
SQL
	is(ask("SELECT count(*) FROM studio.sessions WHERE class_id = $class AND status = 'scheduled'"),
		$PLACES, "$isolation: a place that was given back is taken by who waited for it");
	is($again, 0, "$isolation: nor where places are given back") if $isolation eq 'read committed';

	# a client asks twice: half of the connections are the other half's clients
	$class = open_class();
	rush("${run}_twice", $isolation, "\\set client 1 + :client_id % 100\nSELECT book(RUN, :client, $class);\n");
	is(ask("SELECT count(*), count(DISTINCT user_id) FROM studio.sessions WHERE class_id = $class AND status = 'scheduled'"),
		"$PLACES|$PLACES", "$isolation: who asks twice has one place");

	# clients cancel what they have, places are added, while others book
	$class = open_class();
	rush("${run}_moving", $isolation, <<SQL);
$one
\\set what :client % 10
\\if :what = 0
INSERT INTO studio.sessions (trainer_id, session_date, class_id) VALUES (1001, timestamptz '2099-01-01 18:00' + $day * interval '1 day', $class);
\\else
SELECT book(RUN, :client, $class);
SELECT swan_cancel(id, reopen => true) FROM (SELECT id FROM studio.sessions WHERE class_id = $class AND user_id = :client AND status = 'scheduled' AND :what = 1) x;
\\endif
SQL
	is(ask("SELECT count(*) FILTER (WHERE status = 'available'), count(*) FILTER (WHERE status <> 'cancelled') - $PLACES FROM studio.sessions WHERE class_id = $class")
		=~ /^\d+\|20$/ ? 'yes' : 'no', 'yes', "$isolation: every place that was added is one of the class");
	is(ask('SELECT count(*) FROM swan_verify()'), '0', "$isolation: all is well in the end");
}

$node->stop;
no_circle($node);
done_testing();
