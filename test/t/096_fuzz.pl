
# Every function of the extension, as the catalog has them, with hostile arguments:
# by everybody, in transactions of all levels, savepoints, exception blocks, cursors
# and triggers, some from connections that write to the tables directly or change
# them meanwhile.  Nothing may end the server, be an internal error or leak; a
# call has only the SQLSTATEs that the reference allows it; and where the guards
# refuse, swan_verify() finds nothing.
#
# SEED=n repeats what is called; CALLS=n calls so often, in place of so long
# (`make test-fuzz`).  What was run when something was found is kept, and named.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../fuzz";
use Fuzz qw(setup catalog documented harvest batch);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $calls   = $ENV{CALLS} || 0;
my $seconds = $ENV{SECONDS_OF_FUZZ} || ($calls ? 0 : 25);
my $workers = $ENV{WORKERS} || 3;
my $steps   = $calls ? 1000 : 250;  # of a batch
my $seed    = $ENV{SEED} || int(rand(1_000_000)) + 1;
diag("SEED=$seed");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', <<'CONF');
log_line_prefix = '%e %p '
log_statement = none
log_min_error_statement = panic
log_error_verbosity = terse
timezone = 'UTC'
max_connections = 30
max_prepared_transactions = 5
synchronous_commit = off
restart_after_crash = on
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE ' . $_) for grep { $_ ne 'postgres' } keys %{ { map { $_ => 1 } @Fuzz::roles } };

# Asks as the superuser, without minding errors.
sub ask
{
	my ($db, $sql) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr($db), '-f', '-' ], '<', \$sql, '>', \$out, '2>', \$err);
	return wantarray ? ($out, $err) : $out;
}

# Two databases: where the guards refuse, and where they are off and all may be broken.
my %catalog;
for my $profile ('refuse', 'off')
{
	$node->safe_psql('postgres', "CREATE DATABASE $profile");
	$node->safe_psql($profile, setup($profile));
	$catalog{$profile} = catalog(sub { scalar ask($profile, $_[0]) });
}
my @functions = @{ $catalog{refuse}{functions} };
cmp_ok(scalar @functions, '>', 60, 'the catalog has functions');
my ($common, $own) = documented(scalar ask('refuse', 'SELECT sqlstate FROM swan_errors()'));

# what is wrong in the log since the last look
my $seen = 0;
sub new_in_log
{
	my $log = slurp_file($node->logfile, $seen);
	$seen += length $log;
	# two who GRANT at once are told that by the server itself; a call that is, says so too
	return grep { !/tuple concurrently (?:updated|deleted)/ && /^XX|TRAP:|runtime error:|AddressSanitizer|PANIC|terminated by signal|leak|refcount|still (?:referenced|active)|not (?:properly )?closed|unexpected|WARNING:  (?:you don't own|buffer|relcache|snapshot|resource)/i } split /\n/, $log;
}

# SQLSTATEs that a call may have, whatever it is: how it was called, or by whom.
my %around = map { $_ => 1 } qw(
  25P02 39P01 34000 26000 24000 42P05 42P03 42P07 0A000 42809 25001 2D000 3F000);
# and what a change of the tables may bring
my %beside = map { $_ => 1 } qw(42501 42P01 42703 42883 23514 23502 23503 22001 P0001 27000 3F000 42704);
my (%states, %called, %undocumented, @wrong);

# What became of a batch.
sub judge
{
	my ($batch, $out, $changing) = @_;
	my $told = 0;
	while ($out =~ /^@(\d+) (\S+)(?: (\S+))?$/mg)
	{
		my ($n, $state, $tried) = ($1, $2, $3);
		my ($name, $sql) = @{ $batch->{steps}[$n] };
		$told++;
		$called{$name}++;
		for my $s (defined $tried ? ($state, split /,/, $tried) : $state)
		{
			next if $s eq 'none';
			$states{$s}++;
			push @wrong, "$s: $sql" if $s =~ /^(?:XX|57P0|08|58)/ && $sql !~ /^(?:GRANT|REVOKE|ALTER|CREATE|DROP) /;
			next if $batch->{profile} eq 'off' || $name eq '' || $common->{$s} || $around{$s} || ($changing && $beside{$s});
			# several are not told apart, nor from a direct write among them
			next if grep { $own->{$_}{$s} } $sql =~ /\b(swan_\w+)\(/g;
			next if $sql =~ /\b(?:UPDATE|INSERT|DELETE|MERGE|TRUNCATE) |SELECT \* FROM (?!swan)|swan_attach\(/ && ($name eq 'try' || $s eq '42501');
			push @{ $undocumented{"$name $s"} }, $sql;
		}
	}
	return $told;
}

my $dir = PostgreSQL::Test::Utils::tempdir();
my ($made, $round, $start) = (0, 0, time);
my $looked = $start;
until (@wrong || ($calls ? $made >= $calls : 0) || ($seconds ? time > $start + $seconds : 0))
{
	$round++;
	my $profile = $round % 4 == 0 ? 'off' : 'refuse';
	my $pool = harvest(sub { scalar ask($profile, $_[0]) });
	my @batches;
	for my $worker (1 .. $workers)
	{
		my ($script, $list, $mode, $undo) = batch($seed * 1000003 + $round * 101 + $worker, $catalog{$profile}, $pool, $profile, $steps, $round % 3, $round == 1 && $worker == 1);
		my $file = "$dir/$round.$worker.sql";
		open my $to, '>:utf8', $file or die $!;
		print $to $script;
		close $to;
		push @batches, { file => $file, steps => $list, mode => $mode, undo => $undo, profile => $profile };
	}
	$_->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($profile), '-f', $_->{file} ], '<', '/dev/null', '>', "$_->{file}.out", '2>', "$_->{file}.err")
	  for @batches;
	for my $batch (@batches)
	{
		$batch->{run}->finish;
		my $status = $batch->{run}->result(0);
		$batch->{$_} = slurp_file("$batch->{file}.$_") for 'out', 'err';
		push @wrong, "psql ended with $status: $batch->{err}" if $status;
	}
	my $changing = grep { $_->{mode} eq 'changes' } @batches;
	$made += judge($_, $_->{out}, $changing) for @batches;
	push @wrong, new_in_log();
	ask($profile, join(";\n", map { @{ $_->{undo} } } @batches) . ';') if $changing;
	if ($profile eq 'refuse' && !@wrong)
	{
		for my $studio ('studio', "O'Brien's \"Box\"", 'app')
		{
			my ($rows, $err) = ask('refuse', 'SET swanalloc.studio = ' . Fuzz::quote($studio) . ';SELECT * FROM swan_verify()'
				. ($studio eq 'app' ? " WHERE check_name NOT IN ('unpaid_booking', 'client_overlap', 'trainer_overlap')" : ''));
			push @wrong, "swan_verify() of $studio: $rows$err" if "$rows$err" ne '';
		}
	}
	# a studio that somebody was kept from opening again
	ask($profile, 'SELECT swan_open_studio(name) FROM swan.studio WHERE closed_at IS NOT NULL');
	if (@wrong)
	{
		diag("found in round $round: " . join(' ', map { $_->{file} } @batches));
		for my $batch (@batches)
		{
			PostgreSQL::Test::Utils::append_to_file("$PostgreSQL::Test::Utils::log_path/fuzz.$round.txt", "-- $batch->{file}\n" . slurp_file($batch->{file}) . "\n/* $batch->{out}\n$batch->{err} */\n");
		}
	}
	else { unlink map { ($_->{file}, "$_->{file}.out", "$_->{file}.err") } @batches }
	if (time > $looked + 60) { diag("$made calls"); $looked = time }
}

is(join("\n", @wrong), '', sprintf('%d calls in %d s: no crash, internal error or leak, and swan_verify() finds nothing', $made, time - $start));
is(join("\n", map { scalar(@{ $undocumented{$_} }) . " times $_: " . substr($undocumented{$_}[0], 0, 300) } sort keys %undocumented), '', 'only SQLSTATEs that the reference has');
my @never = grep { !$called{$_} } map { $_->{name} } @functions;
is(join(' ', @never), '', 'every function was called');
note(join ', ', map { "$_ $states{$_}" } sort { $states{$b} <=> $states{$a} } keys %states);
cmp_ok($states{'00000'} / ($made || 1), '>', 0.1, 'and many a call succeeded');

$node->stop(@wrong ? 'immediate' : 'fast');
diag("SEED=$seed") unless Test::More->builder->is_passing;
done_testing();
