# Random calls of every writer, each answer compared with that of a model that
# was written independently of the engine (StudioModel.pm): success or SQLSTATE,
# and the numbers.  After every batch the tables must be what the model says,
# the ledger line by line, and swan_verify() must find nothing.  Time does not
# pass by itself here: lots and holds run out by being dated back.
#
# The same calls run in a second database, where no row is read directly, and what is
# answered and written there must be the same, row by row, with the same ids.
#
# Then many connections call at random, all at once, and nobody predicts; what
# is in the tables in the end is recomputed with SQL of this test's own.
#
# SEED=n in the environment repeats the calls of a run, STEPS=n makes it longer.
# A round has a database and a seed of its own: the seed that a failure names
# runs that round first.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Crowd qw($repeatable);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use StudioModel;
use Test::More;
use Time::HiRes ();

my $ROUND   = 4000;    # calls in one database
my $BATCH   = 500;     # calls between looks at the tables
my $WORKERS = 8;
my $seed    = $ENV{SEED} || int(rand(1_000_000)) + 1;
my $steps   = $ENV{STEPS} || 12_000;
my $racing  = $ENV{RACING} || 450;    # calls of each connection
note("SEED=$seed STEPS=$steps");

# 1-3 train, 4 is staff, 5 admin; of the clients the last has a slot seldom
my @trainers = (1 .. 3);
my ($staff, $admin, @clients) = (4 .. 12);
my $nobody = 999;
my %role_of = ((map { $_ => 'trainer' } @trainers), $staff => 'staff', $admin => 'admin', map { $_ => 'client' } @clients);

# database roles, and what the studio takes them for
my %listed = (
	web  => ['backend'], jobs => ['system'], nosy => ['reader'],
	ann  => [ 'person', $clients[0] ], tom => [ 'person', $trainers[0] ],
);
my $future = 4_070_908_800;    # 2099-01-01
my $wait_offer;

my $node = PostgreSQL::Test::Cluster->new('model');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nlog_statement = none\nlog_min_error_statement = panic\nlog_min_messages = fatal\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', join('', map { "CREATE ROLE $_;" } sort(keys %listed), 'stranger', 'shop')
	. 'CREATE DATABASE fresh');
$node->safe_psql('fresh', join(";\n",
	'CREATE EXTENSION swanalloc',
	'GRANT CREATE ON DATABASE fresh TO shop',
	"SELECT swan_create_studio(owner => 'shop')",
	(map { "INSERT INTO studio.users (first_name, role) VALUES ('U$_', '$role_of{$_}')" } sort { $a <=> $b } keys %role_of),
	(map { sprintf("SELECT swan_allow('%s', '%s', %s)", $_, $listed{$_}[0], $listed{$_}[1] || 'NULL') } sort keys %listed),
	'GRANT USAGE ON SCHEMA studio TO PUBLIC',
	'GRANT SELECT ON ALL TABLES IN SCHEMA studio TO PUBLIC'));

# -- calls at random

sub pick { return $_[ int(rand(@_)) ]; }
sub one_in { return rand($_[0]) < 1; }

# $world says which slots, lots and payments there are.
sub random_call
{
	my ($world, $as) = @_;
	my $now    = $world->{now};
	my %c      = (as => $as, role => 'web');
	my $client = sub { one_in(40) ? pick($nobody, undef, @trainers, $staff) : pick(@clients) };
	my $slot   = sub { one_in(40) ? pick(undef, 's0') : $world->{slot}->(@_) };
	my $key    = sub { one_in(3) ? (one_in(30) ? ' ' : 'k' . int(rand(60))) : undef };
	my $count  = sub { one_in(25) ? pick(undef, 0, -1, 101, 2147483647) : 1 + int(rand($_[0])) };
	my $expiry = sub {
		return pick($now - 1000, $now - 86400) if one_in(30);
		return undef if one_in(3);
		return $world->{expiry} ? $world->{expiry}->() : $future + 86400 * int(rand(400));
	};
	my $ref  = sub { one_in(40) ? pick(undef, ' ', 'unheard of') : 'p' . ($world->{payments} + 1 - int(rand(8))) };
	my $when = sub {
		my $dice = rand(10);
		return $world->{start} + 900 + 1800 * (1 + int(rand(60))) if $dice < 2.5;
		return 1_000_000_000 + 1800 * int(rand(400)) if $dice < 4.5;
		return $future + 1800 * int(rand(500));
	};
	my $what = pick(
		('grant') x 5, ('grant_many') x 2, ('purchase') x 7, ('reverse') x 6, ('reinstate') x 5, ('revoke') x 4, ('transfer') x 5, ('merge') x 2, ('import') x 4,
		('extend') x 4, ('expire') x 2, ('open') x 12, ('block') x 2, ('request') x 5, ('book') x 22, ('book_many') x 4, ('can_book') x 4,
		('hold') x 5, ('release') x 3, ('confirm') x 4, ('complete') x 4, ('move') x 5, ('move_many') x 3, ('cancel') x 16, ('cancel_many') x 4, ('can_cancel') x 6, ('correct') x 8,
		('suspend') x 2, ('resume') x 5, ('wait') x 14, ('unwait') x 2, ('waiting') x 2, ('promote') x 4,
		('reschedule') x 8, ('charge') x 4, ('waive') x 4, ('summary') x 3, ('unsettled') x 3, ('client') x 2, @{ $world->{time} });
	$c{what} = $what;
	my $grants = 0;

	if    ($what eq 'grant')      { @c{qw(user n expires key)} = ($client->(), $count->(4), $expiry->(), $key->()); }
	elsif ($what eq 'grant_many')
	{
		my @users = one_in(20) ? @clients[ 0, 1, 0 ] : grep { one_in(2) } @clients;
		@users = reverse @users if one_in(2);
		push @users, pick($nobody, undef) if one_in(20);
		@c{qw(users n expires key)} = (\@users, $count->(2), $expiry->(), $key->());
	}
	elsif ($what eq 'purchase')
	{
		@c{qw(user n ref expires)} = ($client->(), $count->(5), one_in(3) ? $ref->() : 'p' . $world->{payments}, $expiry->());
		$c{item} = pick('', '', 'a', 'b');
		$c{amount} = pick(undef, 4900, 4900, 1000, 0, one_in(20) ? -1 : 1);
	}
	elsif ($what eq 'reverse')
	{
		@c{qw(ref item n key)} = ($ref->(), pick(undef, undef, '', 'a'), one_in(2) ? undef : $count->(5), $key->());
		if (one_in(2))
		{
			$c{refunded} = one_in(8) ? pick(-1, 0, 100000) : int(rand(6000));
			undef $c{n} unless one_in(20);
		}
	}
	elsif ($what eq 'reinstate')
	{
		@c{qw(ref reversal)} = one_in(3) ? ($ref->(), undef) : $world->{reversal}->();
		$c{reversal} = pick(' ', 'k' . int(rand(60))) if one_in(20);
		@c{qw(key item n)} = ($key->() || 'k' . int(rand(60)), one_in(3) ? pick('', 'a', 'b') : undef, one_in(3) ? $count->(4) : undef);
	}
	elsif ($what eq 'revoke')
	{
		@c{qw(user n key)} = ($client->(), one_in(4) ? undef : $count->(4), $key->());
		@c{qw(lot user)} = $world->{lot_of}->() if one_in(3);
		$c{user} = $client->() if one_in(20);
	}
	elsif ($what eq 'merge')
	{
		@c{qw(user to_user key)} = ($client->(), $client->(), $key->());
		# who have places in one class
		my @class = one_in(3) ? $world->{in_class}->($slot->('place')) : ();
		my @two = grep { defined } map { ($world->{people}->($_))[0] } @class;
		@c{qw(user to_user)} = @two[ 0, 1 ] if @two > 1;
	}
	elsif ($what eq 'import')
	{
		@c{qw(user n used ref)} = ($client->(), $count->(5), one_in(3) ? undef : int(rand(4)), one_in(3) ? undef : $ref->());
		$c{expires} = one_in(4) ? 978_307_200 + int(rand(1000)) : $expiry->();
		$c{item} = pick('', '', 'a', 'b');
		$c{amount} = pick(undef, 4900, one_in(20) ? -1 : 1);
	}
	elsif ($what eq 'transfer') { @c{qw(user to_user n key)} = ($client->(), $client->(), one_in(4) ? undef : $count->(4), $key->()); }
	elsif ($what eq 'extend')
	{
		@c{qw(lot expires)} = (one_in(20) ? pick(undef, 'l0') : $world->{lot}->(),
			one_in(10) ? pick('infinity', undef) : one_in(8) ? $now - 1000 : $future + 86400 * int(rand(500)));
	}
	elsif ($what eq 'expire') { $c{n} = one_in(20) ? pick(undef, 0) : pick(1, 2, 3, 1000); }
	elsif ($what =~ /^(open|block)$/)
	{
		@c{qw(trainer at duration)} = (one_in(30) ? pick($nobody, undef) : pick(@trainers), $when->(), one_in(40) ? pick(0, 1441, undef) : pick(30, 45, 60, 90));
		$c{repeat} = one_in(40) ? 0 : pick(1, 1, 2, 3);
		$c{every} = pick(3600, 86400, 604800);
		$c{cost} = one_in(40) ? pick(-1, 101) : one_in(2) ? pick(0, 1, 2, 3, 4) : undef;
		$c{kind} = pick(undef, undef, 'yoga', 'pilates') if $what eq 'open';
		$c{places} = one_in(3) ? (one_in(20) ? pick(0, 501) : pick(2, 2, 3, 3, 4)) : pick(1, 1, undef);
		$c{key} = $key->() if one_in(4);
	}
	elsif ($what eq 'request')
	{
		@c{qw(user at trainer duration)} = ($client->(), $when->(), one_in(30) ? pick($nobody, @clients) : pick(@trainers, @trainers, undef), one_in(40) ? pick(0, 1441, undef) : pick(30, 60, 90));
		$c{key} = $key->();
	}
	elsif ($what eq 'promote') { $c{n} = one_in(8) ? pick(undef, 0, 10001, 1) : 10000; }
	elsif ($what eq 'wait') { @c{qw(user slot auto)} = ($client->(), $slot->(one_in(2) ? 'awaited' : one_in(4) ? 'held' : one_in(8) ? 'any' : 'live'), one_in(20) ? undef : one_in(2)); }
	elsif ($what =~ /^unwait$|^waiting$/) { @c{qw(user slot)} = ($client->(), $slot->('awaited')); }
	elsif ($what =~ /^(book|can_book|hold)$/)
	{
		$grants = one_in(6);
		@c{qw(user slot)} = ($client->(), $slot->($grants ? 'requested' : 'open'));
		$c{user} = ($world->{people}->($c{slot}))[0] || $c{user} if $grants && !one_in(5);
		if (!$grants && one_in(4))
		{
			# what is kept for somebody: by him, or by another
			$c{slot} = $slot->('kept');
			$c{user} = pick($world->{waiters}->($c{slot}), $c{user});
		}
		if ($what eq 'hold' && one_in(5))
		{
			# once more, or what another holds
			$c{slot} = $slot->('held');
			$c{user} = pick($world->{holders}->($c{slot}), $c{user});
		}
	}
	elsif ($what eq 'book_many')
	{
		$c{user} = $client->();
		$c{slots} = one_in(30) ? pick(undef, []) : [ map { $slot->(one_in(9) ? 'requested' : 'open') } 1 .. pick(1, 2, 2, 3) ];
	}
	elsif ($what eq 'unsettled') { $c{trainer} = one_in(3) ? pick(@trainers) : undef; }
	elsif ($what =~ /^(summary|client|resume)$/) { $c{user} = $client->(); }
	elsif ($what eq 'suspend')
	{
		# what took some time when it ends is not to be foretold to the second: lots are put off for what is to come
		$c{user} = $client->();
		$c{put_off} = one_in(2);
		$c{since} = $c{put_off} || one_in(2) ? $future + 1800 * int(rand(400)) : $now - 86400 * pick(1, 10);
		$c{until} = one_in(3) ? undef : one_in(30) ? $c{since} : $c{since} + 1800 * (1 + int(rand(600)));
	}
	elsif ($what eq 'release') { $c{slot} = $slot->('held'); }
	elsif ($what eq 'reschedule') { @c{qw(slot to)} = ($slot->('live'), $slot->('open')); }
	elsif ($what eq 'can_cancel') { $c{slot} = $slot->(one_in(4) ? pick('open', 'blocked', 'requested') : one_in(8) ? 'any' : 'live'); }
	elsif ($what eq 'correct')
	{
		$c{slot} = $slot->(one_in(6) ? 'live' : 'ended');
		$c{to_status} = one_in(40) ? pick('done', 'cancelled', undef) : pick(qw(attended missed confirmed scheduled));
		$c{reason} = one_in(40) ? undef : 'a mistake';
		$c{key} = $key->();
	}
	elsif ($what eq 'cancel')     { $c{slot} = $slot->(one_in(4) ? 'live and awaited' : one_in(5) ? pick('open', 'blocked', 'requested') : 'live'); }
	elsif ($what =~ /^(cancel|move)_many$/)
	{
		$c{slots} = one_in(30) ? pick(undef, []) : [ map { $slot->(one_in(4) ? pick('open', 'open', 'requested') : 'live') } 1 .. pick(1, 2, 2, 3) ];
		$c{slot} = $c{slots}[0] if $c{slots};
	}
	elsif ($what eq 'move')       { $c{slot} = $slot->(one_in(2) ? pick('open', 'open', 'open', 'blocked', 'requested') : 'live'); }
	elsif ($what eq 'confirm')    { $c{slot} = $slot->('live'); }
	elsif ($what eq 'charge')
	{
		@c{qw(slot n key)} = ($slot->(pick('live', 'live', 'ended', 'over')), one_in(2) ? undef : one_in(20) ? pick(0, 101) : 1 + int(rand(3)), $key->());
	}
	elsif ($what eq 'waive') { @c{qw(slot reason key)} = ($slot->(one_in(4) ? 'live' : 'ended'), one_in(40) ? undef : 'a cold shower', $key->()); }
	elsif ($what eq 'complete')   { $c{slot} = $slot->(one_in(3) ? 'live' : 'over'); }
	elsif ($what eq 'time_of_lot')  { $c{lot}  = $world->{lot}->(); }
	elsif ($what eq 'time_of_turn') { $c{slot} = $slot->('awaited'); }
	elsif ($what eq 'time_of_place') { $c{slot} = $slot->('place'); }
	elsif ($what eq 'time_of_blocking') { $c{slot} = $slot->('open or blocked place'); }
	elsif ($what eq 'time_of_hold') { $c{slot} = $slot->('held'); }
	elsif ($what eq 'time_of_cost') { @c{qw(slot cost)} = ($slot->(one_in(3) ? 'live' : 'open'), pick(0, 1, 1, 2, 3, 4)); }

	$c{good_for} = one_in(30) && $what ne 'import' ? pick([], [undef], [ 'yoga', 'yoga' ]) : pick(['yoga'], ['pilates'], [ 'yoga', 'barre' ]) if $what =~ /^(grant|grant_many|purchase|import)$/ && one_in(3);
	$c{valid_for} = 86400 * pick(10, 30) if $what =~ /^(grant|grant_many|purchase)$/ && one_in(4);
	$c{charge} = one_in(5) ? pick(0, 1) : undef if $what =~ /^book/;
	$c{later} = one_in(5) if $what eq 'book';
	for my $taken ($what =~ /^(book|can_book|hold)$/ ? \$c{slot} : $what eq 'reschedule' ? \$c{to} : $what eq 'book_many' && $c{slots} ? map { \$_ } @{ $c{slots} } : ())
	{
		# any row of a class will do
		$$taken = $slot->('place') if one_in(8) && !$grants;
		my @rows = $world->{in_class}->($$taken);
		$$taken = pick(@rows) if @rows && one_in(3);
		$c{guest} = one_in(@rows ? 4 : 40) if $what =~ /^(can_)?book/;
	}
	$c{lot} = $world->{lot}->() if $what eq 'book' && one_in(12);
	$c{force} = one_in(12) if $what =~ /^(book|hold|reschedule)$/;
	$c{key} = $key->() if $what =~ /^(book|book_many|cancel|cancel_many|reschedule)$/;
	$c{minutes} = one_in(20) ? pick(undef, 0, -1, 31) : 30 if $what eq 'hold';
	$c{attended} = one_in(30) ? undef : pick(0, 1) if $what eq 'complete';
	if ($what eq 'move')
	{
		$c{at}       = one_in(3) ? undef : $when->();
		$c{trainer}  = one_in(3) ? pick(@trainers, one_in(10) ? $nobody : ()) : undef;
		$c{duration} = one_in(4) ? (one_in(20) ? 0 : pick(30, 60)) : undef;
	}
	if ($what eq 'move_many')
	{
		# some of them change trainers, others go elsewhere
		my @trainers = one_in(3) ? () : map { one_in(6) ? undef : ($world->{people}->($_))[1] } reverse @{ $c{slots} || [] };
		push @trainers, pick(@trainers, $nobody) if one_in(40);
		$c{trainers} = \@trainers if @trainers;
		$c{ats} = [ map { one_in(3) ? undef : $when->() } @{ $c{slots} || [] } ] if !@trainers || one_in(4);
		undef $c{ats} if one_in(40);
	}
	if ($what =~ /^cancel/)
	{
		$c{return} = one_in(6) ? pick(0, 1) : undef;
		$c{reopen} = one_in(6) ? pick(0, 1) : undef;
		$c{key}    = undef if one_in(2);
	}

	# who asks: mostly somebody who may
	my ($of_slot_user, $of_slot_trainer) = $world->{people}->($c{slot});
	my @may = $what =~ /^(grant|grant_many|purchase|reverse|reinstate|revoke|transfer|merge|import|extend)$/ ? ($admin)
	  : $what =~ /^(correct|suspend|resume|charge)$/ || $c{force} || $c{later} ? ($staff, $admin)
	  : $what eq 'unsettled' ? (pick(@clients), $c{trainer} || pick(@trainers), $staff, $admin)
	  : $what =~ /^(open|block)$/ ? ($c{trainer}, $staff, $admin)
	  : $what eq 'request' ? (($c{user}) x 3, $c{trainer} || pick(@trainers), $staff, $admin)
	  : $what =~ /^(book|can_book)$/ && $grants ? (($of_slot_trainer || $staff) x 2, $staff, $admin, $c{user})
	  : $what =~ /^(book|book_many|can_book|hold|summary|wait|unwait|waiting)$/ ? (($c{user}) x 5, $of_slot_trainer || $staff, $staff, $admin)
	  : $what =~ /^(cancel|cancel_many|can_cancel|reschedule|release)$/ ? (($of_slot_user || $staff) x 4, $of_slot_trainer || $staff, $staff, $admin)
	  :   ($of_slot_trainer || pick(@trainers), $staff, $admin);
	$c{actor} = one_in(15) ? pick(@trainers, $staff, $admin, @clients, $nobody, undef) : pick(@may);
	if ($what =~ /^(expire|promote)$/ || one_in(10))
	{
		$c{role} = 'jobs';
		$c{actor} = undef unless one_in(5) && $what !~ /^(expire|promote)$/;
	}
	elsif (one_in(15))
	{
		$c{role} = pick(qw(ann ann ann tom tom nosy stranger));
		$c{actor} = one_in(3) && $listed{ $c{role} } ? $listed{ $c{role} }[1] : undef unless one_in(10);
	}
	$c{role} = pick(qw(web nosy tom stranger)) if $what =~ /^(expire|promote)$/ && one_in(15);
	return \%c;
}

# -- calls in SQL

sub value { my ($v) = @_; return 'NULL' unless defined $v; return $v =~ /^-?\d+$/ ? $v : "'$v'"; }
sub bool { my ($v) = @_; return defined $v ? ($v ? 'true' : 'false') : 'NULL'; }
sub moment { my ($v) = @_; return defined $v ? $v =~ /^\d+$/ ? "to_timestamp($v)" : $v =~ /clock/ ? $v : "'$v'" : 'NULL'; }

my $booking = "session_id, user_id, trainer_id, status, extract(epoch FROM session_date)::bigint, duration, charged, available_sessions, replayed, ledger_id";
my $given_up = "$booking, returned, reopened_session_id, credits";
$booking .= ', credits, owed';
my $credit  = 'user_id, added, available_sessions, replayed, ledger_id, message';
my $handed  = 'from_user_id, to_user_id, moved, bookings, from_available_sessions, available_sessions, replayed, ledger_id';
my $moved   = 'user_id, moved, shortfall, available_sessions, replayed, ledger_id, expired';

# The day on which a lot ends.  What is reckoned from now on is some seconds later than in the model, so days begin
# when that is far from their end: from this time of the day on, and from midnight.
my $midnight = time % 86400 / 2;
$midnight += 43200 if $midnight < 21600;
$midnight = int($midnight);
my $ends = "floor((extract(epoch FROM expires_at) - $midnight) / 86400)";

sub row
{
	my ($columns) = @_;
	my @columns = split /,(?![^(]*\))/, $columns;
	return "format('" . join('|', ('%s') x @columns) . "', $columns)";
}

# Returns the SELECT of a call, with a column "answer"; names of slots and lots
# in {braces}.
sub sql_of
{
	my ($c) = @_;
	my $what = $c->{what};
	my $name = sub { defined $_[0] ? "{$_[0]}" : 'NULL' };
	my $list = sub {
		my ($values, $type, $as) = @_;
		return 'NULL' unless defined $values;
		return 'ARRAY[' . join(',', map { $as ? $as->($_) : defined $_ ? /^\d+$/ ? $_ : "{$_}" : 'NULL' } @$values) . ']::' . ($type || 'bigint') . '[]';
	};
	my ($user, $n, $key, $slot) = (value($c->{user}), value($c->{n}), 'key => ' . value($c->{key}), $name->($c->{slot}));
	my $actor = 'actor => ' . value($c->{actor});
	my $force = 'force => ' . bool($c->{force});
	my $guest = 'guest => ' . bool($c->{guest});
	my $expires = 'expires_at => ' . moment($c->{expires});
	my $lasts = 'valid_for => ' . (defined $c->{valid_for} ? 'make_interval(days => ' . $c->{valid_for} / 86400 . ')' : 'NULL');
	my $good = 'good_for => ' . $list->($c->{good_for}, 'text', \&value);
	my $call = sub { my ($columns, @args) = @_; return "SELECT " . row($columns) . " AS answer FROM swan_$what(" . join(', ', @args) . ')'; };
	my $each = sub { my ($columns, @args) = @_; return "SELECT string_agg(" . row($columns) . ", ';') AS answer FROM swan_$what(" . join(', ', @args) . ')'; };

	return $call->($credit, $user, $n, $expires, $lasts, $good, $key, $actor) if $what eq 'grant';
	return $each->($credit, $list->($c->{users}), $n, $expires, $lasts, $good, $key, $actor) if $what eq 'grant_many';
	return $call->($credit, $user, $n, value($c->{ref}), value($c->{item}), value($c->{amount}), "'EUR'", $expires, $lasts, $good, $actor) if $what eq 'purchase';
	return $each->($moved, value($c->{ref}), value($c->{item}), $n, $key, 'refunded_minor => ' . value($c->{refunded}), $actor) if $what eq 'reverse';
	return $each->($moved, value($c->{ref}), $key, 'item => ' . value($c->{item}), "n => $n", 'reversal => ' . value($c->{reversal}), $actor) if $what eq 'reinstate';
	return $call->($moved, $user, $n, $key, 'lot_id => ' . $name->($c->{lot}), $actor) if $what eq 'revoke';
	return $call->($handed, $user, value($c->{to_user}), $n, $key, $actor) if $what eq 'transfer';
	return $call->($handed, $user, value($c->{to_user}), $key, $actor) if $what eq 'merge';
	return $call->('user_id, lot_id, granted, used, expired, remaining, available_sessions, replayed', $user, $n, value($c->{used}), $expires,
		'payment_ref => ' . value($c->{ref}), 'item => ' . value($c->{item}), 'amount_minor => ' . value($c->{amount}), $good, $actor) if $what eq 'import';
	return $call->("lot_id, granted, remaining, $ends, amount_minor", $name->($c->{lot}), moment($c->{expires}), $actor) if $what eq 'extend';
	return $call->('clients, credits', $n) if $what eq 'expire';
	return "SELECT string_agg(id::text, ',') AS answer FROM swan_open(" . join(', ', value($c->{trainer}), moment($c->{at}), value($c->{duration}),
		value($c->{repeat}), "make_interval(secs => $c->{every})", 'places => ' . value($c->{places}), 'cost => ' . value($c->{cost}), 'kind => ' . value($c->{kind}), $key, $actor) . ') id' if $what eq 'open';
	return "SELECT string_agg(id::text, ',') AS answer FROM swan_block(" . join(', ', value($c->{trainer}), moment($c->{at}), value($c->{duration}),
		value($c->{repeat}), "make_interval(secs => $c->{every})", $actor) . ') id' if $what eq 'block';
	return $call->($booking, $user, moment($c->{at}), value($c->{trainer}), value($c->{duration}), $key, $actor) if $what eq 'request';
	# whether somebody's turn is over, now or to come
	my $turn = "CASE WHEN offered_until <= clock_timestamp() THEN 'over' WHEN offered_from <= clock_timestamp() THEN 'now' WHEN offered_from IS NOT NULL THEN 'to come' END";
	my $waiter = "format('%s|%s|%s|%s|%s|%s', session_id, user_id, line, auto, $turn, refused)";
	return "SELECT $waiter AS answer FROM swan_wait($user, $slot, " . bool($c->{auto}) . ", $actor)" if $what eq 'wait';
	return "SELECT $waiter AS answer FROM swan_unwait($slot, $user, $actor)" if $what eq 'unwait';
	return "SELECT coalesce(string_agg($waiter, ';' ORDER BY line), '') AS answer FROM swan_waiting($slot, $actor)" if $what eq 'waiting';
	return "SELECT coalesce(string_agg(" . row($booking) . ", ';'), '') AS answer FROM swan_promote($n)" if $what eq 'promote';
	return $call->($booking, $user, $slot, bool($c->{charge}), $key, $guest, 'later => ' . bool($c->{later}), 'lot_id => ' . $name->($c->{lot}), $force, $actor) if $what eq 'book';
	return $call->($booking, $slot, $n, $key, $actor) if $what eq 'charge';
	return $call->($given_up, $slot, value($c->{reason}), $key, $actor) if $what eq 'waive';
	return $each->($booking, $user, $list->($c->{slots}), bool($c->{charge}), $key, $guest, $actor) if $what eq 'book_many';
	return $call->('ok, sqlstate', $user, $slot, $guest, $actor) if $what eq 'can_book';
	return $call->('ok, sqlstate, returns, credits, extract(epoch FROM free_until)::bigint', $slot, $actor) if $what eq 'can_cancel';
	return $call->('session_id, user_id, until > clock_timestamp()', $user, $slot, 'make_interval(mins => ' . value($c->{minutes}) . ')', $force, $actor) if $what eq 'hold';
	return $call->('session_id, user_id, until > clock_timestamp()', $slot, $actor) if $what eq 'release';
	return $call->($booking, $slot, $actor) if $what eq 'confirm';
	return $call->($booking, $slot, bool($c->{attended}), $actor) if $what eq 'complete';
	return $call->($booking, $slot, moment($c->{at}), value($c->{trainer}), value($c->{duration}), $actor) if $what eq 'move';
	return $each->($booking, $list->($c->{slots}), $list->($c->{ats}, 'timestamptz', \&moment), $list->($c->{trainers}, 'bigint', \&value), $actor) if $what eq 'move_many';
	return $each->($given_up, $list->($c->{slots}), 'return_credit => ' . bool($c->{return}), 'reopen => ' . bool($c->{reopen}), $key, $actor) if $what eq 'cancel_many';
	return $call->($given_up, $slot, 'return_credit => ' . bool($c->{return}), 'reopen => ' . bool($c->{reopen}), $key, $actor) if $what eq 'cancel';
	return $call->($booking, $slot, value($c->{to_status}), value($c->{reason}), $key, $actor) if $what eq 'correct';
	return $call->($booking, $slot, $name->($c->{to}), $key, $force, $actor) if $what eq 'reschedule';
	return $call->('user_id, extract(epoch FROM since)::bigint, extract(epoch FROM until)::bigint, ledger_id', $user, moment($c->{since}), moment($c->{until}), 'put_off => ' . bool($c->{put_off}), $actor) if $what eq 'suspend';
	return $call->('user_id, until >= since, ledger_id', $user, $actor) if $what eq 'resume';
	return $call->('user_id, available, scheduled, confirmed, completed, cancelled, total, warning', $user, $actor) if $what eq 'summary';
	return $call->('id, available_sessions, total_sessions_purchased, sessions_used', $user, $actor) if $what eq 'client';
	return "SELECT format('%s|%s|%s|%s', count(*), coalesce(sum(owed), 0), coalesce(sum(credits), 0), count(*) FILTER (WHERE ended)) AS answer"
	  . ' FROM swan_unsettled(max_rows => 10000, trainer_id => ' . value($c->{trainer}) . ", $actor)" if $what eq 'unsettled';
	# it always ended then, says the ledger too
	return "UPDATE studio.swan_lots SET expires_at = to_timestamp($c->{expires}) WHERE id = " . $name->($c->{lot})
	  . ";\nUPDATE studio.swan_ledger SET details = details || pg_catalog.jsonb_build_object('extended_from', to_timestamp($c->{expires}))"
	  . " WHERE details ? 'extended_from' AND lot_id = " . $name->($c->{lot}) if $what eq 'time_of_lot';
	return "UPDATE studio.sessions SET cost = $c->{cost} WHERE id = $slot" if $what eq 'time_of_cost';
	return 'INSERT INTO studio.sessions (trainer_id, session_date, duration, class_id, cost, kind) SELECT trainer_id, session_date, duration, class_id, cost, kind'
	  . " FROM studio.sessions WHERE id = $slot RETURNING id AS $c->{as}_1" if $what eq 'time_of_place';
	return "UPDATE studio.sessions SET status = CASE status WHEN 'available' THEN 'blocked' ELSE 'available' END WHERE id = $slot" if $what eq 'time_of_blocking';
	my $line = "(SELECT coalesce(class_id, id) FROM studio.sessions WHERE id = $slot)";
	return "UPDATE studio.swan_waits SET offered_from = offered_from - interval '$wait_offer', offered_until = offered_until - interval '$wait_offer' WHERE session_id = $line" if $what eq 'time_of_turn';
	return "UPDATE studio.swan_waits SET offered_from = offered_from - (h.until - now()), offered_until = offered_until - (h.until - now())"
	  . " FROM studio.swan_holds h WHERE h.session_id = $slot AND h.until > now() AND swan_waits.session_id = $line;\n"
	  . "UPDATE studio.swan_holds SET until = '2000-01-01' WHERE session_id = $slot" if $what eq 'time_of_hold';
	die "no SQL for $what";
}

# -- one connection, every answer foretold

my %ids = (s0 => 987654321, l0 => 987654321);
my @problems;

# Returns an answer with ids for names, as a pattern; what it captures, in order.
sub pattern_of
{
	my ($template) = @_;
	my @captures;
	my $pattern = join('', map {
		  /^\{\+(\w+)\}$/ ? do { push @captures, $1; '(\d+)' }
		: /^\{(\w+)\}$/    ? (defined $ids{$1} ? $ids{$1} : "unknown $1")
		:                     quotemeta($_)
	} split(/(\{\+?\w+\})/, $template));
	return (qr/^$pattern$/, @captures);
}

sub describe
{
	my ($c) = @_;
	my $sql = sql_of($c);
	$sql =~ s/\{(\w+)\}/defined $ids{$1} ? $ids{$1} : "<$1>"/ge;
	$sql =~ s/.* AS answer FROM/SELECT * FROM/;
	return "SET ROLE $c->{role}; $sql";
}

# Runs a script in both databases of a round and returns what it wrote in each.
sub run_script
{
	my ($db, $sql) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/batch.sql';
	my @out = ('', '');
	unlink($file);
	append_to_file($file, $sql);
	my @runs = map { IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($_ ? by_sql($db) : $db), '-f', $file ], '<', \undef, '>', \$out[$_], '2>', \my $err) } 0 .. 1;
	$_->finish for @runs;
	return @out;
}

# the other database of a round
sub by_sql { my ($db) = @_; return "${db}_sql"; }

# Asks the model what a call will answer, and returns the script of the call.
sub call_script
{
	my ($model, $c, $role) = @_;
	my $told = $c->{told} = $model->call($c);
	my $text = sql_of($c);
	my $sql = '';

	$text =~ s/\{(\w+)\}/defined $ids{$1} ? $ids{$1} : ":$1"/ge;
	if ($c->{what} =~ /^time/)
	{
		$$role = '';
		return "SET ROLE shop;\n$text \\g /dev/null\n\\echo \@$c->{as} :SQLSTATE\n" if $c->{what} =~ /^time_of_(cost|blocking)$/;
		return "SET ROLE shop;\n$text \\gset\n\\echo \@$c->{as} :SQLSTATE\n\\echo =$c->{as}_1 :$c->{as}_1\n" if $c->{what} eq 'time_of_place';
		return "RESET ROLE;\nSET session_replication_role = replica;\n$text;\nRESET session_replication_role;\n";
	}
	if ($$role ne $c->{role})
	{
		$$role = $c->{role};
		$sql .= "SET ROLE $c->{role};\n";
	}
	if ($told->{state} eq '00000')
	{
		# names that later calls of this script may use
		my @names;
		my @fields = split /[|;,]/, $told->{row};
		for my $i (0 .. $#fields)
		{
			my ($name) = $fields[$i] =~ /^\{\+(\w+)\}$/ or next;
			push @names, sprintf('split[%d] AS %s', $i + 1, $name) if $model->{slots}{$name} || $model->{lots}{$name} || $model->{classes}{$name};
		}
		$text = join(', ', 'SELECT answer', @names)
		  . " FROM (SELECT answer, regexp_split_to_array(answer, '[|;,]') AS split FROM ($text OFFSET 0) a OFFSET 0) b"
		  if @names;
	}
	$sql .= "$text \\gset\n\\echo \@$c->{as} :SQLSTATE :answer\n";
	# lots that the answer does not name
	my @lots = @{ $told->{unnamed} || [] };
	for my $i (0 .. $#lots)
	{
		$sql .= "SELECT id AS $lots[$i] FROM studio.swan_lots WHERE user_id = $model->{lots}{$lots[0]}{user} AND source = 'transfer'"
		  . ' ORDER BY id DESC LIMIT 1 OFFSET ' . ($#lots - $i) . " \\gset\n\\echo =$lots[$i] :$lots[$i]\n";
	}
	# open places of classes
	for my $of (@{ $told->{places} || [] })
	{
		my @names = @{ $of->{names} };
		$sql .= 'SELECT ' . join(', ', map { sprintf('a[%d] AS %s', $_ + 1, $names[$_]) } 0 .. $#names) . ' FROM (SELECT array_agg(id ORDER BY id) AS a FROM studio.sessions s WHERE class_id = '
		  . ($ids{ $of->{class} } // ":$of->{class}") . " AND status = 'available' AND NOT EXISTS (SELECT FROM studio.swan_holds WHERE session_id = s.id AND until > clock_timestamp())) x \\gset\n"
		  . join('', map { "\\echo =$_ :$_\n" } @names);
	}
	my $name = $told->{reopened};
	return $sql unless $name;
	my $slot = $model->{slots}{$name};
	return $sql . "SELECT id AS $name FROM studio.sessions WHERE trainer_id IS NOT DISTINCT FROM " . value($slot->{trainer}) . " AND status = 'available'"
	  . ' AND session_date = ' . moment($slot->{date}) . " ORDER BY id DESC LIMIT 1 \\gset\n\\echo =$name :$name\n";
}

# Compares what was answered; false and a report at the first difference.
sub compare_answers
{
	my ($calls, $out, $about) = @_;
	my %got;
	for my $line (split /\n/, $out)
	{
		$got{$1} = [ $2, $3 ] if $line =~ /^\@(\w+) (\w+) ?(.*)$/;
		$ids{$1} = $2 if $line =~ /^=(\w+) (\d+)$/;
	}
	for my $c (@$calls)
	{
		next if $c->{what} =~ /^time_of_(lot|hold|turn)$/;
		my $told = $c->{told};
		my ($state, $answer) = @{ $got{ $c->{as} } || [ 'nothing', '' ] };
		my @captures;
		if ($told->{state} eq '00000' && $state eq '00000')
		{
			my ($pattern, @names) = pattern_of($told->{row});
			my @values = $answer =~ $pattern;
			if (@values)
			{
				@ids{@names} = @values if @names;
				next;
			}
		}
		elsif ($told->{state} ne '00000')
		{
			next if grep { $_ eq $state } split m{/}, $told->{state};
		}
		push @problems, join("\n", "$about, call $c->{as}: " . describe($c),
			"  expected: $told->{state} " . ($told->{row} || ''), '  got:      ' . $state . ' ' . ($state eq '00000' ? $answer : ''));
		return 0;
	}
	return 1;
}

# What the model has in its tables, as the queries below print it.
sub tables_of_model
{
	my ($model, $done) = @_;
	my $id = sub { my ($name) = @_; return '' unless defined $name; return defined $ids{$name} ? $ids{$name} : "<$name>"; };
	my $text = sub { return join('|', map { defined $_ ? $_ : '' } @_) . "\n"; };
	my %t = (slots => '', waits => '', users => '', lots => '', sessions => '', taken => '', holds => '', ledger => '');
	my %taken;
	$t{users} .= $text->($_, $model->{users}{$_}{balance}) for sort { $a <=> $b } keys %{ $model->{users} };
	for my $l (sort { $id->($a->{name}) <=> $id->($b->{name}) } values %{ $model->{lots} })
	{
		$t{lots} .= $text->($id->($l->{name}), @$l{qw(user granted remaining)}, $model->day($l->{expires}), $l->{valid_for}, $l->{swept} ? 't' : 'f', $l->{ref}, $l->{item}, $l->{good_for} ? join(',', @{ $l->{good_for} }) : undef);
	}
	for my $s (sort { $id->($a->{name}) <=> $id->($b->{name}) } values %{ $model->{slots} })
	{
		$t{sessions} .= $text->($id->($s->{name}), @$s{qw(user trainer status date duration cost)}, $id->($s->{class}), $s->{kind},
			StudioModel::debit_of($s) ? 't' : 'f', StudioModel::debit_of($s));
		$taken{ $_->{lot} } += $_->{n} for @{ $s->{debit} || [] };
	}
	$t{taken} .= $text->($id->($_), $taken{$_}) for sort { $id->($a) <=> $id->($b) } keys %taken;
	for my $s (sort { $id->($a) <=> $id->($b) } keys %{ $model->{holds} })
	{
		# of a class, those that are over may be of another of its open places
		my $hold = $model->{holds}{$s};
		next if defined $model->{slots}{$s}{class} && $hold->{until} <= $model->{now};
		$t{holds} .= $text->($id->($s), $hold->{user}, $hold->{until} > $model->{now} ? 't' : 'f');
	}
	for my $line (sort { $id->($a) <=> $id->($b) } grep { @{ $model->{lines}{$_} } } keys %{ $model->{lines} })
	{
		for my $waiter (@{ $model->{lines}{$line} })
		{
			$t{waits} .= $text->($id->($line), $waiter->{user}, $waiter->{auto} ? 't' : 'f', $waiter->{told} ? 't' : 'f', $model->turn_of($waiter), $waiter->{refused});
		}
	}
	# what a stranger can have: a class is called by its first place
	for my $slot ($model->to_be_had)
	{
		my @places = sort { $a <=> $b } map { $id->($_->{name}) } @{ $slot->{places} };
		$t{slots} .= $text->($slot->{date}, $places[0], @$slot{qw(trainer duration)}, scalar @places, $slot->{left});
	}
	$t{slots} = join('', sort split /^/, $t{slots});
	# lines of different clients may have been written in any order
	my @lines = @{ $model->{ledger} }[ $done .. $#{ $model->{ledger} } ];
	for my $user (sort { $a <=> $b } keys %{ $model->{users} })
	{
		$t{ledger} .= $text->(@$_{qw(user kind delta balance)}, $id->($_->{slot}), $id->($_->{from}), $id->($_->{lot}), @$_{qw(key actor)})
		  for grep { $_->{user} == $user } @lines;
	}
	return \%t;
}

my %query = (
	slots => "SELECT extract(epoch FROM session_date)::bigint, session_id, trainer_id, duration, places, places_left FROM swan_slots(NULL, NULL, max_rows => 1000)",
	waits => "SELECT session_id, user_id, auto, told, CASE WHEN offered_until <= clock_timestamp() THEN 'over' WHEN offered_from <= clock_timestamp() THEN 'now'"
		. " WHEN offered_from IS NOT NULL THEN 'to come' END, refused FROM studio.swan_waits ORDER BY session_id, id",
	users => 'SELECT id, available_sessions FROM studio.users ORDER BY id',
	lots  => "SELECT id, user_id, granted, remaining, $ends, extract(epoch FROM valid_for)::bigint, swept, payment_ref, item, array_to_string(good_for, ',') FROM studio.swan_lots ORDER BY id",
	sessions => 'SELECT id, user_id, trainer_id, status, extract(epoch FROM session_date)::bigint, duration, cost, class_id, kind, session_deducted, credits FROM studio.sessions WHERE session_date IS NOT NULL ORDER BY id',
	taken    => q(SELECT lot_id, -sum(delta) FROM studio.swan_ledger WHERE kind IN ('booking', 'cancellation', 'correction', 'reschedule', 'charge', 'waiver', 'merge')
		AND lot_id IS NOT NULL GROUP BY lot_id HAVING sum(delta) <> 0 ORDER BY lot_id),
	holds    => 'SELECT session_id, user_id, until > clock_timestamp() FROM studio.swan_holds h WHERE until > clock_timestamp()
		OR NOT EXISTS (SELECT FROM studio.sessions WHERE id = h.session_id AND class_id IS NOT NULL) ORDER BY 1',
	ledger   => 'SELECT user_id, kind, delta, balance_after, session_id, from_session_id, lot_id, key, actor_id FROM studio.swan_ledger WHERE id > %d ORDER BY user_id, id',
);

# Lines of a client's that differ by their session only, as of his places of a class that moves, may be in any order.
sub in_order
{
	my ($table, @lines) = @_;
	return sort @lines if $table eq 'slots';
	return @lines if $table ne 'ledger';
	my ($last, @sorted, @run) = ('');
	for my $line (@lines, '')
	{
		my @fields = split /\|/, $line, -1;
		my $same = join('|', map { $_ // '' } @fields[ 0 .. 3, 5 .. 8 ]);
		push(@sorted, sort @run), @run = () if $same ne $last;
		push @run, $line;
		$last = $same;
	}
	return @sorted;
}

sub compare_tables
{
	my ($db, $model, $done, $last, $about) = @_;
	my $expected = tables_of_model($model, $done);
	for my $table (sort keys %query)
	{
		my $got = $node->safe_psql($db, sprintf($query{$table}, $last)) . "\n";
		my @got = in_order($table, split /\n/, $got);
		my @expected = in_order($table, split /\n/, $expected->{$table});
		my ($i) = grep { ($got[$_] // 'nothing') ne ($expected[$_] // 'nothing') } 0 .. (@got > @expected ? $#got : $#expected);
		next unless defined $i;
		push @problems, join("\n", "$about: table $table, row " . ($i + 1),
			"  expected: " . ($expected[$i] // 'nothing'), "  got:      " . ($got[$i] // 'nothing'));
		return 0;
	}
	my $found = $node->safe_psql($db, 'SELECT * FROM swan_verify()');
	push @problems, "$about: swan_verify() finds\n$found" if $found ne '';
	return $found eq '';
}

# A world whose slots and lots are the model's.
sub world_of_model
{
	my ($model) = @_;
	my $late = sub { my ($list, $n) = @_; return $list->[ @$list > $n ? @$list - 1 - int(rand($n)) : int(rand(@$list)) ]; };
	my %is = (open => \&StudioModel::is_open, blocked => sub { return $_[0]{status} eq 'blocked' }, requested => \&StudioModel::is_request, live => \&StudioModel::is_live,
		ended => sub { return $_[0]{status} =~ /^(completed|cancelled)$/ && defined $_[0]{user}; },
		place => sub { return defined $_[0]{class} && $_[0]{status} ne 'cancelled' },
		'open or blocked place' => sub { return defined $_[0]{class} && StudioModel::is_nobodys($_[0]) && !$model->{holds}{ $_[0]{name} } },
		awaited => sub { return scalar $model->waiters($_[0]) },
		kept => sub { return StudioModel::is_open($_[0]) && $model->waiters($_[0]) },
		'live and awaited' => sub { return StudioModel::is_live($_[0]) && $model->waiters($_[0]) },
		over => sub { return StudioModel::is_live($_[0]) && $model->has_begun($_[0]); });
	my $slot = sub {
		my ($kind) = @_;
		my @held = sort keys %{ $model->{holds} };
		return pick(@held) if @held && ($kind eq 'held' || ($kind eq 'open' && one_in(12)));
		my $slots = $model->{slot_names};
		return 's0' unless @$slots;
		if ($kind =~ /awaited|kept/)
		{
			my @names = grep { $is{$kind}->($model->{slots}{$_}) } map { $model->{classes}{$_} ? @{ $model->{classes}{$_} } : $_ } sort keys %{ $model->{lines} };
			return pick(@names) if @names;
			$kind = $kind eq 'kept' ? 'open' : 'live';
		}
		for (1 .. 20)
		{
			my $name = $late->($slots, 150);
			return $name if !$is{$kind} || $is{$kind}->($model->{slots}{$name});
		}
		return $late->($slots, 150);
	};
	# any row of a class, for what takes any of its places
	my $in_class = sub { my $slot = defined $_[0] ? $model->{slots}{ $_[0] } : undef; return $slot && defined $slot->{class} ? @{ $model->{classes}{ $slot->{class} } } : (); };
	return {
		in_class => $in_class, is => \%is,
		now => $model->{now}, start => $model->{now}, payments => 1,
		time => [ ('time_of_lot') x 3, 'time_of_hold', ('time_of_cost') x 4, ('time_of_place') x 2, ('time_of_blocking') x 2, ('time_of_turn') x 2 ],
		holders => sub { my $slot = $model->{slots}{ $_[0] || '' }; return $slot ? grep { defined } $model->holder($slot) : (); },
		waiters => sub { my $slot = $model->{slots}{ $_[0] || '' }; return $slot ? map { $_->{user} } $model->waiters($slot) : (); },
		slot => $slot,
		lot  => sub { my $lots = $model->{lot_names}; return @$lots ? $late->($lots, 30) : 'l0' },
		lot_of => sub {
			my $lots = $model->{lot_names};
			my $lot  = @$lots && !one_in(30) ? $late->($lots, 30) : 'l0';
			return ($lot, $lot eq 'l0' ? $clients[0] : $model->{lots}{$lot}{user});
		},
		reversal => sub { my $reversals = $model->{reversals}; return $reversals ? @{ $late->($reversals, 15) } : ('p0', undef) },
		people => sub {
			my $slot = defined $_[0] ? $model->{slots}{ $_[0] } : undef;
			return $slot ? @$slot{qw(user trainer)} : ();
		},
	};
}

# Whether the model knows what it has to for a call: which place came in the stead of which, and in which order they are.
sub knows
{
	my ($model, $c) = @_;
	my $slot = $model->{slots}{ $c->{slot} || '' };
	if ($c->{what} eq 'correct' && $slot && $slot->{gone} && $slot->{gone}{reopened})
	{
		return !!$model->{slots}{ $slot->{gone}{reopened} };
	}
	if ($c->{what} eq 'merge' && $model->{users}{ $c->{user} || 0 })
	{
		my @live = grep { StudioModel::is_live($_) && $_->{user} == $c->{user} } values %{ $model->{slots} };
		return @live < 2 || !grep { defined $_->{class} && !defined $ids{ $_->{name} } } @live;
	}
	if ($c->{what} eq 'move_many')
	{
		my %seen;
		return !grep { defined $_->{class} && $seen{ $_->{class} }++ } grep { $_ } map { $model->{slots}{ $_ || '' } } @{ $c->{slots} || [] };
	}
	return 0 if $c->{what} eq 'waiting' && !defined $c->{slot};    # all lines, in the order of the sessions' ids
	return 1;
}

# What came in the stead of what, now that the ids are known.
sub know_places
{
	my ($model) = @_;
	my %by_id = map { $ids{$_} => $_ } grep { defined $ids{$_} } keys %{ $model->{slots} };
	for my $gone (grep { $_ && $_->{reopened} } map { $_->{gone} } values %{ $model->{slots} })
	{
		$gone->{reopened} = $by_id{ $ids{ $gone->{reopened} } } unless $model->{slots}{ $gone->{reopened} };
	}
	return;
}

# The next call: a new one, or one of the last once more, word by word or with
# another count.
sub next_call
{
	my ($model, $world, $calls, $as) = @_;
	my $c;
	if (my $lot = delete $model->{ended_now})
	{
		# as if it had never been: a credit that the studio returns opens again what has ended since it was taken
		return { what => 'time_of_lot', lot => $lot, as => $as, expires => 946_684_800 + ++$world->{past} };
	}
	if (@$calls && one_in(7))
	{
		$c = { %{ $calls->[ -1 - int(rand(@$calls > 25 ? 25 : @$calls)) ] }, as => $as };
		$c->{n}++ if one_in(6) && defined $c->{n} && $c->{n} < 1000;
		# an open place may have another name by now, and one place is as good as another
		my $today = sub { my $class = defined $_[0] && $model->{was}{ $_[0] }; return $class ? pick(@{ $model->{classes}{$class} }) : $_[0]; };
		$c->{$_} = $today->($c->{$_}) for grep { defined $c->{$_} } qw(slot to);
		$c->{slots} = [ map { $today->($_) } @{ $c->{slots} } ] if $c->{slots};
	}
	else
	{
		$c = random_call($world, $as);
	}
	if ($c->{what} eq 'time_of_lot')
	{
		my $lot = $model->{lots}{ $c->{lot} || '' };
		return next_call($model, $world, $calls, $as) if !$lot || $model->is_due($lot);
		$c->{expires} = 946_684_800 + ++$world->{past};
	}
	# the places of a class cost the same here, so that nobody has to know which one is meant
	my $slot = $model->{slots}{ $c->{slot} || '' };
	return next_call($model, $world, $calls, $as) if $c->{what} eq 'time_of_cost' && (!$slot || defined $slot->{class});
	return next_call($model, $world, $calls, $as) if $c->{what} =~ /^time_of_(place|blocking)$/ && !($slot && $world->{is}{ $c->{what} eq 'time_of_place' ? 'place' : 'open or blocked place' }->($slot));
	return next_call($model, $world, $calls, $as) if !knows($model, $c);
	return next_call($model, $world, $calls, $as) if $c->{what} eq 'time_of_hold' && !$model->{holds}{ $c->{slot} || '' };
	# with two holds the second turn would begin some seconds after the first
	return next_call($model, $world, $calls, $as) if $c->{what} eq 'time_of_hold' && $model->waiters($slot) && 1 < grep { defined $model->holder($_) } $model->places_of($slot);
	return next_call($model, $world, $calls, $as) if $c->{what} eq 'time_of_turn' && !($slot && $model->waiters($slot));
	$world->{payments}++ if $c->{what} eq 'purchase' && one_in(2);
	return $c;
}

# All that is in the tables of both databases but for the times of this run.
my $rows = join(";\n",
	'SELECT id, available_sessions FROM studio.users ORDER BY id',
	'SELECT id, user_id, trainer_id, status, session_date, duration, notes, session_deducted, credits, cost, class_id, kind, confirmed, booked_at IS NULL FROM studio.sessions ORDER BY id',
	"SELECT id, user_id, source, granted, remaining, $ends, valid_for, swept, payment_ref, item, good_for FROM studio.swan_lots ORDER BY id",
	'SELECT session_id, user_id FROM studio.swan_holds ORDER BY session_id',
	'SELECT id, user_id, delta, balance_after, kind, session_id, from_session_id, lot_id, reason, actor_id, db_role, key, payment_ref, item, call_id,'
	. q( regexp_replace(details::text, '"20[0-8][^"]*"', '""', 'g') FROM studio.swan_ledger WHERE id > %d ORDER BY id));

# Compares what both ways answered and wrote; false and a report at the first difference.
sub compare_ways
{
	my ($db, $directly, $by_sql, $last, $about) = @_;
	my ($here, $there) = map { $node->safe_psql($_, sprintf($rows, $last)) } $db, by_sql($db);
	for my $pair ([ $directly, $by_sql ], [ $here, $there ])
	{
		my @a = split /\n/, $pair->[0];
		my @b = split /\n/, $pair->[1];
		my ($i) = grep { ($a[$_] // 'nothing') ne ($b[$_] // 'nothing') } 0 .. (@a > @b ? $#a : $#b);
		next unless defined $i;
		push @problems, join("\n", "$about: the two ways differ", '  directly: ' . ($a[$i] // 'nothing'), '  by SQL:   ' . ($b[$i] // 'nothing'));
		return 0;
	}
	return 1;
}

my %states;

sub play_round
{
	my ($round_seed, $calls_wanted) = @_;
	my $db = "round_$round_seed";
	$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE fresh") for $db, by_sql($db);
	$node->safe_psql('postgres', 'ALTER DATABASE ' . by_sql($db) . ' SET swanalloc.direct_rows = off');
	srand($round_seed);
	%ids = (s0 => 987654321, l0 => 987654321);
	$wait_offer = pick('100 days', '100 days', '100 days', '0 days');    # so that no turn ends by itself
	my %settings = (
		grant_max => 100, purchase_max => 1000, wait_offer => $wait_offer,
		admin_booking => pick('free', 'charged'), hold_max => pick(1, 1, 2, 3), hold_credit => pick('off', 'on'),
		cancel_window => pick(24, 24, 10, 0), session_records => pick('off', 'off', 'off', 'on'));
	# it is about noon there, so that no day ends meanwhile
	my $west = (gmtime)[2] - 12;
	$settings{time_zone} = sprintf('Etc/GMT%+d', $west);
	my $configure = join('', map { "SELECT swan_configure('$_', '$settings{$_}" . ($_ eq 'cancel_window' ? ' hours' : '') . "');" }
		  qw(admin_booking hold_max hold_credit cancel_window session_records wait_offer time_zone));
	$node->safe_psql($_, $configure) for $db, by_sql($db);
	$settings{cancel_window} *= 3600;
	$settings{wait_offer} = 86400 * ($wait_offer =~ /(\d+)/)[0];
	$settings{seconds_east} = -3600 * $west;
	my $model = StudioModel->new(now => time, settings => \%settings, listed => \%listed, midnight => $midnight);
	$model->add_user($_, $role_of{$_}) for keys %role_of;
	$model->{id_of} = sub { return $ids{ $_[0] } // 9e15 };
	my $world = world_of_model($model);

	my ($made, $lines, $last) = (0, 0, 0);
	while ($made < $calls_wanted)
	{
		my @calls;
		my $about = "SEED=$round_seed";
		my $sql = "\\set VERBOSITY sqlstate\n";
		# the model answers each call before the next one is thought of
		my $role = '';
		$model->{now} = time;
		for (1 .. $BATCH)
		{
			my $c = next_call($model, $world, \@calls, 'n' . ++$made);
			$sql .= call_script($model, $c, \$role);
			$states{"$c->{what} $c->{told}{state}"}++;
			push @calls, $c;
		}
		my ($out, $out_by_sql) = run_script($db, $sql);
		return 0 unless compare_ways($db, $out, $out_by_sql, $last, $about);
		return 0 unless compare_answers(\@calls, $out, $about);
		know_places($model);
		return 0 unless compare_tables($db, $model, $lines, $last, "$about after call n$made");
		$lines = @{ $model->{ledger} };
		$last = $node->safe_psql($db, 'SELECT coalesce(max(id), 0) FROM studio.swan_ledger');
	}
	$node->safe_psql('postgres', "DROP DATABASE $_") for $db, by_sql($db);
	return 1;
}

for my $round (0 .. int(($steps - 1) / $ROUND))
{
	my $left = $steps - $round * $ROUND;
	play_round($seed + $round, $left < $ROUND ? $left : $ROUND) or last;
}
diag($_) for @problems;
ok(!@problems, 'every call was answered as the model answers it');
note(join(', ', map { "$_: $states{$_}" } sort keys %states));

# -- many connections, and nobody knows what will happen

# A world of ids that may exist or not.
my $opened;

sub blind_world
{
	my $world = { now => time, time => [], step => 0, payments => 1, in_class => sub { return }, waiters => sub { return }, holders => sub { return } };
	$world->{start} = $world->{now};
	# ids of slots rise with the steps; those that are taken by now are low, and
	# those of slots that are opened while this goes on are high
	$world->{slot} = sub {
		my ($kind) = @_;
		return $world->{held} if $kind eq 'held' && $world->{held} && !one_in(4);
		return 'asked' if $kind eq 'requested';
		my $low = 1 + int($opened * $world->{step} / $racing);
		return $opened + int(rand(4 * $world->{step} + 10)) if one_in(8);
		return $low + int(rand($kind eq 'open' ? 60 : 25));
	};
	$world->{lot}   = sub { return 1 + int(rand(10 * $world->{step} + 50)) };
	$world->{lot_of} = sub { return ($world->{lot}->(), pick(@clients)) };
	$world->{reversal} = sub { return ('p' . ($world->{payments} - int(rand(4))), 'k' . int(rand(60))) };
	$world->{people} = sub { return ($_[0] // '') eq 'asked' && !one_in(4) ? ('asker', $staff) : (pick(pick(@clients), $staff, $admin), pick(pick(@trainers), $staff)) };
	$world->{expiry} = sub { return sprintf("clock_timestamp() + interval '%d ms'", 20 + int(rand(1500))) };
	return $world;
}

my $racing_db = 'race';
$node->safe_psql('postgres', "CREATE DATABASE $racing_db TEMPLATE fresh");
$node->safe_psql($racing_db, sprintf(
	"SELECT count(*) FROM generate_series(0, %d) n, LATERAL swan_open(1 + n %% 3, CASE n / 3 %% 3 WHEN 2 THEN timestamptz '1998-01-01 08:00'"
	. " ELSE '2098-01-01 08:00' END + n / 3 * interval '1 hour', 45, places => CASE n %% 5 WHEN 0 THEN 3 ELSE 1 END)", $racing));
$opened = $node->safe_psql($racing_db, 'SELECT max(id) FROM studio.sessions');
$node->safe_psql($racing_db, "UPDATE studio.sessions SET cost = ('{1,1,1,0,2,3}'::int[])[1 + id % 6]");
srand($seed);
$node->safe_psql($racing_db, sprintf("SELECT swan_configure('session_records', '%s')", pick('off', 'on')));

# Something about the same slot, payment or clients as everybody else's call.
sub meeting_call
{
	my ($world, $step) = @_;
	my $slot  = 1 + int($opened * $step / $racing / 2) % $opened;
	my $other = $slot + $racing;
	my $client = $clients[ ($step + int(rand(2))) % @clients ];
	my %c = (as => "m$step", role => 'web', actor => $staff, user => $client, slot => $slot, key => one_in(3) ? "m$step" : undef);
	my %with = (
		book       => { later => one_in(3), guest => one_in(8) },
		book_many  => { slots => one_in(2) ? [ $slot, $other ] : [ $other, $slot ] },
		hold       => { minutes => 30, key => undef },
		cancel     => one_in(2) ? { slot => 'taken', reopen => 1 } : { reopen => pick(undef, 0, 1) },
		charge     => { n => one_in(2) ? 1 : undef },
		waive      => { reason => 'a cold shower' },
		complete   => { attended => $step % 12 ? 0 : 1 },
		confirm    => {},
		wait       => { auto => one_in(2), user => pick(@clients) },
		unwait     => { slot => 'awaited', user => 'waiter' },
		promote    => { n => 100, role => 'jobs', actor => undef },
		correct    => { to_status => pick(qw(attended scheduled scheduled)), reason => 'a mistake' },
		reschedule => { to => $other + int(rand(3)) },
		move       => { at => $future - 3600 * (100 + int(rand(3))) },
		open       => { trainer => 1 + $step % 3, at => $future - 3600 * (100 + int(rand(3))), duration => 60, repeat => 1, every => 3600 },
		purchase   => { n => 2, ref => "m$step", item => pick('', 'a'), amount => 2000, actor => $admin },
		reverse    => { ref => 'm' . ($step - 6), key => one_in(2) ? "m$step" : undef, refunded => one_in(2) ? int(rand(3000)) : undef, actor => $admin },
		reinstate  => { ref => 'm' . ($step - 12), actor => $admin, key => "m$step", reversal => one_in(2) ? 'm' . ($step - 6) : undef },
		revoke     => { n => 1, actor => $admin },
		merge      => { to_user => pick(@clients[ 0 .. 3 ]), actor => $admin },
		import     => { n => 3, used => pick(undef, 1), ref => "m$step", item => pick('', 'a'), actor => $admin },
		transfer   => { n => pick(undef, 1, 2), to_user => pick(@clients[ 0 .. 3 ]), actor => $admin },
		expire     => { n => 1000, role => 'jobs', actor => undef },
		grant_many => { users => one_in(2) ? [@clients] : [ reverse @clients ], n => 1, actor => $admin },
	);
	# a slot is taken, and is given up in the next meeting
	my $what = $step % 6 ? pick(qw(book book book book_many hold wait wait wait wait purchase purchase import grant_many transfer))
	  : pick(qw(cancel cancel cancel charge charge waive waive waive waive waive waive waive complete complete complete complete complete complete complete correct correct confirm reschedule move open unwait promote promote book reverse reverse reinstate revoke transfer transfer merge expire grant_many));
	$c{slot} = $slot = 1 + int($opened * ($step - 3) / $racing / 2) % $opened if $step % 6 == 0 && $what ne 'book';
	return { %c, what => $what, %{ $with{$what} } };
}

# who asked first, and for what; who waits first, for what, and what somebody has who must give it up first
my %first = (
	asked   => "SELECT id FROM studio.sessions WHERE status = 'requested' ORDER BY id LIMIT 1",
	asker   => "SELECT user_id FROM studio.sessions WHERE status = 'requested' ORDER BY id LIMIT 1",
	awaited => 'SELECT session_id FROM studio.swan_waits ORDER BY id LIMIT 1',
	waiter  => 'SELECT user_id FROM studio.swan_waits ORDER BY id LIMIT 1',
	taken   => 'SELECT s.id FROM studio.swan_waits w JOIN studio.sessions s ON coalesce(s.class_id, s.id) = w.session_id'
	  . " WHERE s.status IN ('scheduled', 'confirmed') ORDER BY w.id, s.id LIMIT 1",
);

my $begin = time + 1;
my @runs;
for my $worker (1 .. $WORKERS)
{
	# the last two are stricter, and have to be told to try again
	my $level = $worker == $WORKERS ? 'serializable' : $worker == $WORKERS - 1 ? 'repeatable read' : 'read committed';
	my $sql = "\\set VERBOSITY sqlstate\nSET default_transaction_isolation = '$level';\n";
	my ($last, $world) = ('', blind_world());
	for my $step (1 .. $racing)
	{
		$world->{step} = $step;
		$world->{payments} = 1 + int($step / 8);
		srand(($seed * 100 + $worker) * 10_000 + $step);
		my $meets = $step % 3 == 0;
		my $c = $meets ? meeting_call($world, $step) : random_call($world, "r$step");
		$world->{held} = $c->{slot} if $c->{what} eq 'hold' && ($c->{slot} || '') =~ /^\d+$/;
		my $text = sql_of($c);
		$text =~ s/'?\{?\b(asked|asker|awaited|waiter|taken)\b\}?'?/($first{$1})/g;
		$text =~ s/\{(\d+)\}/$1/g;
		$text =~ s/\{\w+\}/0/g;
		# all begin these together, and whoever is first takes his time
		$sql .= sprintf("SELECT pg_sleep(greatest(0, %.3f - extract(epoch FROM clock_timestamp()))) \\g /dev/null\n", $begin + $step * 0.01) if $meets;
		my ($first, $last_of_it) = $meets ? ("BEGIN;\n", "SELECT pg_sleep(0.002) \\g /dev/null\nCOMMIT;\n") : ('', '');
		$text = "SET ROLE $c->{role};\n$first$text;\n\\echo \@:SQLSTATE $level $text\n$last_of_it";
		$sql .= $text;
		$sql .= "SELECT swan_release($c->{slot}, actor => $admin);\n" if $c->{what} eq 'hold' && ($c->{slot} || '') =~ /^\d+$/ && one_in(2);
		$sql .= $last if one_in(5);
		$last = $text;
	}
	# to files: a pipe that is full would stop it in the middle of a transaction
	my $file = PostgreSQL::Test::Utils::tempdir() . "/race$worker";
	append_to_file("$file.sql", $sql);
	my $handle = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($racing_db), '-f', "$file.sql" ], '>', "$file.out", '2>', "$file.err");
	push @runs, { handle => $handle, out => "$file.out" };
}
my ($answers, %raced, @unexpected) = (0);
for my $run (@runs)
{
	$run->{handle}->finish;
	for my $line (slurp_file($run->{out}) =~ /^\@(.*)$/mg)
	{
		my ($state, $call) = $line =~ /^(\w+) (.*)$/;
		$answers++;
		$raced{$state}++;
		push @unexpected, $line unless $state =~ /^(00000|SW0(0[1-9]|1[0357]))$/ || ($state eq '40001' && $call !~ /^read committed/)
		  || ($state eq '40001' && $call =~ $repeatable);
	}
}
cmp_ok($answers, '>=', $racing * $WORKERS, 'every call of every connection was answered');
is(join("\n", @unexpected[ 0 .. ($#unexpected > 4 ? 4 : $#unexpected) ]), '', 'by nothing but its own errors, and by no deadlock: '
	. join(', ', map { "$_ $raced{$_}" } sort keys %raced));

# Queries that must find nothing.
sub nothing
{
	my ($what, $sql) = @_;
	my @rows = split /\n/, $node->safe_psql($racing_db, $sql);
	is(join("\n", splice(@rows, 0, 10)), '', $what);
	return;
}

nothing('swan_verify() finds nothing', 'SELECT * FROM swan_verify()');
nothing('a balance is the sum of its ledger, and of its lots', <<SQL);
SELECT u.id, u.available_sessions, g.n, l.n FROM studio.users u,
  LATERAL (SELECT coalesce(sum(delta), 0) AS n FROM studio.swan_ledger WHERE user_id = u.id) g,
  LATERAL (SELECT coalesce(sum(remaining), 0) AS n FROM studio.swan_lots WHERE user_id = u.id) l
WHERE u.available_sessions < 0 OR u.available_sessions <> g.n OR u.available_sessions <> l.n
SQL
nothing('each row of the ledger continues the one before, in time too', <<SQL);
SELECT * FROM (SELECT id, user_id, at, delta, balance_after, lag(balance_after, 1, 0) OVER w AS b, lag(at) OVER w AS before
  FROM studio.swan_ledger WINDOW w AS (PARTITION BY user_id ORDER BY id)) x
WHERE balance_after <> b + delta OR at < before
SQL
nothing('a lot is what the ledger made of it, never more than was granted', <<SQL);
SELECT l.id, l.granted, l.remaining, g.n FROM studio.swan_lots l FULL JOIN (
  SELECT lot_id, user_id, sum(delta) AS n FROM studio.swan_ledger WHERE lot_id IS NOT NULL GROUP BY 1, 2) g
  ON g.lot_id = l.id AND g.user_id = l.user_id
WHERE (l.remaining = g.n AND l.remaining <= l.granted AND (l.remaining = 0 OR NOT l.swept)) IS NOT TRUE
SQL
nothing('nothing was spent after it had expired, or expired before', <<SQL);
SELECT g.* FROM studio.swan_ledger g JOIN studio.swan_lots l ON l.id = g.lot_id, LATERAL (SELECT coalesce((
  SELECT coalesce((e.details ->> 'extended_from')::timestamptz, 'infinity') FROM studio.swan_ledger e
  WHERE e.lot_id = l.id AND e.id > g.id AND e.details ? 'extended_from' ORDER BY e.id LIMIT 1), l.expires_at)) ended (at)
WHERE (g.kind IN ('booking', 'correction', 'reschedule', 'charge') AND g.delta < 0 AND g.at >= ended.at) OR (g.kind = 'expiry' AND (g.at >= ended.at) IS NOT TRUE)
SQL
# what a session took and gave back; a reschedule takes along what the old one had
nothing('a booking has what it took and was not returned, of each lot, as its row says', <<SQL);
WITH moves AS (
  SELECT user_id, session_id, lot_id, -delta AS n FROM studio.swan_ledger
   WHERE kind IN ('booking', 'cancellation', 'correction', 'charge', 'waiver') AND lot_id IS NOT NULL
  UNION ALL SELECT user_id, coalesce(session_id, from_session_id), lot_id, -delta FROM studio.swan_ledger WHERE kind = 'merge' AND lot_id IS NOT NULL
  UNION ALL SELECT user_id, CASE WHEN takes THEN session_id ELSE from_session_id END, lot_id, CASE WHEN takes THEN has ELSE -has - delta END
   FROM (SELECT *, coalesce((details ->> 'credits')::int, CASE WHEN delta < 0 THEN -delta ELSE 1 END) AS has
           FROM studio.swan_ledger WHERE kind = 'reschedule' AND lot_id IS NOT NULL) g, unnest('{true,false}'::boolean[]) takes),
lots AS (SELECT user_id, session_id, lot_id, sum(n) AS n FROM moves GROUP BY 1, 2, 3),
debits AS (SELECT user_id, session_id, sum(n) AS n, min(n) AS least FROM lots GROUP BY 1, 2)
SELECT s.id, s.user_id, s.status, s.credits, d.* FROM studio.sessions s
  FULL JOIN debits d ON d.session_id = s.id AND d.user_id = s.user_id
WHERE (s.id IS NULL AND d.n <> 0) OR d.least < 0 OR coalesce(d.n, 0) <> s.credits OR s.session_deducted <> (s.credits > 0)
  OR (s.status = 'available' AND s.user_id IS NOT NULL AND s.session_date IS NOT NULL)
  OR (s.status IN ('scheduled', 'confirmed', 'completed') AND NOT EXISTS (
    SELECT 1 FROM studio.swan_ledger g WHERE g.user_id = s.user_id AND g.session_id = s.id AND g.kind IN ('booking', 'reschedule', 'merge')))
SQL
nothing('a booking is given up once, but for what was corrected', <<SQL);
SELECT user_id, session_id, count(DISTINCT call_id) FROM (
  SELECT user_id, session_id, call_id, kind FROM studio.swan_ledger WHERE kind = 'cancellation') g
GROUP BY 1, 2 HAVING count(DISTINCT call_id) > 1 + (SELECT count(DISTINCT c.call_id) FROM studio.swan_ledger c
  WHERE c.user_id = g.user_id AND c.session_id = g.session_id AND c.kind = 'correction' AND c.details ->> 'from' = 'cancelled')
SQL
nothing('purchased = balance + live charged + used + expired, and swan_client() says so', <<SQL);
SELECT u.id, u.available_sessions, c.total_sessions_purchased, p.n AS purchased, p.expired, c.sessions_used, s.used, s.live
FROM studio.users u, swan_client(u.id) c,
  LATERAL (SELECT coalesce(sum(delta) FILTER (WHERE kind IN ('grant', 'purchase', 'reversal', 'reinstatement', 'revocation', 'transfer')), 0) AS n,
                  coalesce(-sum(delta) FILTER (WHERE kind IN ('expiry', 'extension')), 0) AS expired,
                  coalesce(-sum(delta) FILTER (WHERE kind = 'usage'), 0) AS elsewhere
           FROM studio.swan_ledger WHERE user_id = u.id) p,
  LATERAL (SELECT coalesce(sum(credits) FILTER (WHERE status IN ('completed', 'cancelled')), 0) AS used,
                  coalesce(sum(credits) FILTER (WHERE status IN ('scheduled', 'confirmed')), 0) AS live
           FROM studio.sessions WHERE user_id = u.id) s
WHERE p.n <> u.available_sessions + s.live + s.used + p.elsewhere + p.expired OR c.total_sessions_purchased <> p.n OR c.sessions_used <> s.used + p.elsewhere
SQL
nothing('an item of a payment is bought once, and no more of it reversed than bought', <<SQL);
SELECT payment_ref, item, count(*) FROM studio.swan_ledger WHERE kind = 'purchase' GROUP BY 1, 2 HAVING count(*) > 1
UNION ALL SELECT payment_ref, item, count(*) FROM studio.swan_lots WHERE source IN ('purchase', 'import') AND payment_ref IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1
UNION ALL SELECT l.payment_ref, l.item, g.taken FROM studio.swan_lots l, LATERAL (
  SELECT coalesce(-sum(delta) FILTER (WHERE kind <> 'transfer'), 0) AS taken, coalesce(sum((details ->> 'shortfall')::int), 0) AS owed
  FROM studio.swan_ledger WHERE lot_id = l.id AND kind IN ('reversal', 'reinstatement', 'transfer')) g
WHERE g.taken < 0 OR g.owed < 0 OR g.taken + g.owed > l.granted OR (g.owed > 0 AND l.remaining > 0)
SQL
nothing('each credit of a payment is somewhere', <<SQL);
SELECT p.* FROM (SELECT DISTINCT payment_ref FROM studio.swan_lots WHERE payment_ref IS NOT NULL) r, swan_payment(r.payment_ref) p
WHERE bought <> remaining + used + expired + reversed - reinstated + revoked OR least(remaining, used, expired, reversed - reinstated, revoked, shortfall) < 0
  OR refunded_minor < 0
SQL
nothing('and each unit of what was paid for it, of which no more is refunded', <<SQL);
SELECT r.payment_ref, r.item, r.amount, p.* FROM (SELECT payment_ref, item, sum(amount_minor) FILTER (WHERE source <> 'transfer') AS amount FROM studio.swan_lots WHERE payment_ref IS NOT NULL GROUP BY 1, 2) r,
  LATERAL (SELECT sum(amount_minor) AS paid, sum(refunded_minor) AS refunded FROM swan_payment(r.payment_ref) p WHERE p.item = r.item) p
WHERE r.amount <> p.paid OR p.refunded > p.paid
SQL
nothing('a class is in one place', <<SQL);
SELECT class_id FROM studio.sessions WHERE class_id IS NOT NULL AND status <> 'cancelled'
GROUP BY class_id HAVING count(DISTINCT (session_date, duration, trainer_id)) > 1
SQL
nothing('no trainer and no client is in two places, but by force, or with a guest', <<SQL);
SELECT a.id, b.id FROM studio.sessions a JOIN studio.sessions b ON a.id < b.id
  AND a.session_date < b.session_date + b.duration * interval '1 minute'
  AND b.session_date < a.session_date + a.duration * interval '1 minute'
WHERE NOT EXISTS (SELECT 1 FROM studio.swan_ledger g WHERE g.user_id IN (a.user_id, b.user_id) AND g.session_id IN (a.id, b.id) AND g.details ? 'forced')
  AND ((a.trainer_id = b.trainer_id AND (a.class_id = b.class_id) IS NOT TRUE AND NOT ARRAY[a.status, b.status] && '{cancelled,requested}')
   OR (a.user_id = b.user_id AND a.status IN ('scheduled', 'confirmed') AND b.status IN ('scheduled', 'confirmed')
     AND NOT EXISTS (SELECT 1 FROM studio.swan_ledger g WHERE g.user_id = a.user_id AND g.session_id IN (a.id, b.id)
       AND a.class_id = b.class_id AND g.details ? 'guest')))
SQL
nothing('only open slots are held, and one by each client', <<SQL);
SELECT h.session_id::text FROM studio.swan_holds h LEFT JOIN studio.sessions s ON s.id = h.session_id
WHERE (s.status = 'available' AND s.user_id IS NULL) IS NOT TRUE
UNION ALL SELECT 'client ' || h.user_id FROM studio.swan_holds h WHERE until > clock_timestamp()
  AND NOT EXISTS (SELECT 1 FROM studio.swan_ledger g WHERE g.user_id = h.user_id AND g.kind = 'merge') GROUP BY h.user_id HAVING count(*) > 1
SQL
# when it was then: the next move of it says from when, whoever has the booking by then
nothing('nobody books what begins while he is suspended, but by force', <<SQL);
SELECT g.id, g.user_id, g.kind, d.at, g.suspended FROM studio.swan_ledger g JOIN studio.sessions s ON s.id = g.session_id, LATERAL (SELECT coalesce((
  SELECT (m.details -> 'from' ->> 'session_date')::timestamptz FROM studio.swan_ledger m
  WHERE m.session_id = g.session_id AND m.id > g.id AND m.kind = 'move' ORDER BY m.id LIMIT 1), s.session_date)) d (at)
WHERE g.kind IN ('booking', 'reschedule') AND g.suspended @> d.at AND g.details ->> 'forced' IS NULL
SQL
nothing('a key counted once', <<SQL);
SELECT user_id, kind, key FROM studio.swan_ledger WHERE key IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1
SQL
note($node->safe_psql($racing_db, "SELECT string_agg(kind || ' ' || n, ', ' ORDER BY kind) FROM (SELECT kind, count(*) AS n FROM studio.swan_ledger GROUP BY kind) x"));
is($node->safe_psql($racing_db, <<SQL), '', 'there was something of everything');
SELECT kind FROM unnest('{grant,purchase,reversal,reinstatement,revocation,transfer,merge,usage,expiry,booking,cancellation,reschedule,move,hold,release,confirmation,completion,no_show,suspension,resumption,charge,waiver,request,wait,unwait,offer}'::text[]) kind
EXCEPT SELECT kind FROM studio.swan_ledger
SQL

$node->stop;
diag("SEED=$seed") unless Test::More->builder->is_passing;
done_testing();
