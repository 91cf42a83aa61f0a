# The rules of a studio, written down a second time and as plainly as possible:
# what the tests hold the engine against.  It knows nothing of locks, retries
# or tables, only who may do what and what becomes of credits and slots.  Which
# of the open places of a class somebody gets it does not know either: those have
# new names then, and the tables say which is which.
#
#   my $studio = StudioModel->new(now => time, settings => {...});
#   $studio->add_user(6, 'client');
#   my $told = $studio->call({ what => 'book', role => 'web', actor => 6, user => 6, slot => 's1', as => 'l9' });
#
# A call is answered { state => SQLSTATE, row => ... }.  In rows and in the
# ledger, slots and lots go by names: {s1} stands for an id that is known,
# {+s1} for one that this answer makes known.

package StudioModel;

use strict;
use warnings;
use POSIX ();

sub new
{
	my ($class, %args) = @_;
	return bless {
		now      => $args{now},
		settings => $args{settings},
		listed   => $args{listed},      # role => [ what, user ]
		midnight => $args{midnight},
		ticks    => 0,
		users    => {}, lots => {}, slots => {}, classes => {}, was => {}, lines => {}, holds => {}, keys => {}, purchases => {},
		ledger   => [], slot_names => [], lot_names => [],
	}, $class;
}

sub add_user
{
	my ($self, $id, $role) = @_;
	$self->{users}{$id} = { id => $id, role => $role, balance => 0, lots => [], slots => {} };
	return;
}

# -- who asks

sub refuse { my ($state) = @_; die { state => $state }; }

sub resolve
{
	my ($self, $call) = @_;
	my $listed = $self->{listed}{ $call->{role} };
	refuse('SW006') unless $listed;
	my ($what, $person) = @$listed;
	my $actor = $call->{actor};

	refuse('SW006') if $what eq 'person' && defined $actor && $actor != $person;
	refuse('SW006') if $what eq 'reader' && defined $actor;
	$actor = $person if $what eq 'person';
	if (defined $actor)
	{
		my $user = $self->{users}{$actor};
		refuse('SW006') unless $user;
		return { id => $actor, role => $user->{role} };
	}
	refuse('SW006') if $what eq 'backend';
	return { role => $what };
}

sub is { my ($who, @roles) = @_; return scalar grep { $_ eq $who->{role} } @roles; }
sub is_office { my ($who) = @_; return is($who, qw(staff admin system)); }
sub is_person { my ($who, $id) = @_; return defined $who->{id} && defined $id && $who->{id} == $id; }

sub only { my ($who, @roles) = @_; refuse('SW006') unless is($who, @roles); return; }

sub required { my (@values) = @_; for (@values) { refuse('SW005') unless defined $_; } return; }

sub check_count { my ($n) = @_; refuse('SW004') if $n < 1; return; }
sub check_max { my ($n, $max) = @_; refuse('SW004') if $n > $max; return; }
sub check_key { my ($key) = @_; refuse('SW013') if defined $key && $key !~ /\S/; return; }

# the kinds of session that credits are to be good for
sub check_kinds
{
	my ($kinds) = @_;
	my %seen;
	return unless $kinds;
	refuse('SW013') if @$kinds < 1;
	required(@$kinds);
	$seen{$_}++ && refuse('SW013') for @$kinds;
	return;
}

sub check_list
{
	my ($list) = @_;
	my %seen;
	required($list);
	refuse('SW013') if @$list < 1;
	required(@$list);
	$seen{$_}++ && refuse('SW013') for @$list;
	return;
}

# -- lots and the ledger

sub is_due { my ($self, $lot) = @_; return defined $lot->{expires} && $lot->{expires} <= $self->{now}; }

# the lots of a client in the order in which they are spent
sub purse
{
	my ($self, $user) = @_;
	my @lots = grep { $_->{remaining} > 0 } map { $self->{lots}{$_} } @{ $user->{lots} };
	my $when = sub { defined $_[0]{expires} ? $_[0]{expires} : 9e18 };
	return sort { $when->($a) <=> $when->($b) || !$a->{good_for} <=> !$b->{good_for} || $a->{order} <=> $b->{order} } @lots;
}

# whether the credits of a lot are good for a session
sub is_good
{
	my ($lot, $slot) = @_;
	return !$lot->{good_for} || (defined $slot->{kind} && scalar grep { $_ eq $slot->{kind} } @{ $lot->{good_for} });
}

# what a client can spend on a session
sub spendable
{
	my ($self, $user, $slot) = @_;
	return sum(map { $_->{remaining} } grep { !$self->is_due($_) && is_good($_, $slot) } $self->purse($user));
}

sub available
{
	my ($self, $user) = @_;
	my $n = 0;
	$n += $_->{remaining} for grep { !$self->is_due($_) } $self->purse($user);
	return $n;
}

sub note
{
	my ($self, $user, $kind, $delta, %more) = @_;
	$user->{balance} += $delta;
	push @{ $self->{ledger} }, { user => $user->{id}, kind => $kind, delta => $delta, balance => $user->{balance}, %more };
	$user->{ $kind . ' total' } += $delta;
	my $lot = $more{lot} ? $self->{lots}{ $more{lot} } : undef;
	if ($lot && $delta < 0 && $more{slot} && $lot->{valid_for})
	{
		# its time begins with the first credit that a session takes
		my $until = $self->clock + delete $lot->{valid_for};
		$lot->{expires} = $until if !defined $lot->{expires} || $until < $lot->{expires};
	}
	if ($lot && $delta != 0)
	{
		$lot->{remaining} += $delta;
		$lot->{lapsed} -= $delta if $kind =~ /^(expiry|extension)$/;
		$lot->{revoked} -= $delta if $kind eq 'revocation';
		die "lot $lot->{name} out of bounds" if $lot->{remaining} < 0 || $lot->{remaining} > $lot->{granted};
		$lot->{swept} = $lot->{remaining} == 0 && $self->is_due($lot);
	}
	return;
}

# what expires is written down by whoever holds the client's lock
sub sweep
{
	my ($self, $user) = @_;
	my $gone = 0;
	for my $lot (grep { $self->is_due($_) } $self->purse($user))
	{
		$gone += $lot->{remaining};
		$self->note($user, 'expiry', -$lot->{remaining}, lot => $lot->{name});
	}
	return $gone;
}

sub add_lot
{
	my ($self, $user, $name, $n, %more) = @_;
	$self->{lots}{$name} = {
		name => $name, user => $user->{id}, granted => $n, remaining => 0, order => ++$self->{order},
		claims => [], %more
	};
	push @{ $user->{lots} }, $name;
	push @{ $self->{lot_names} }, $name;
	return;
}

sub user_of { my ($self, $id) = @_; return $self->{users}{$id} || refuse('SW003'); }

# -- idempotency keys: the first answer, or a conflict

sub replay
{
	my ($self, $user_id, $kind, $key, $same) = @_;
	return unless defined $key;
	my $before = $self->{keys}{"$kind/$user_id/$key"} or return;
	refuse('SW009') if $before->{same} ne $same;
	return $before;
}

sub remember
{
	my ($self, $user_id, $kind, $key, $same, %answer) = @_;
	$self->{keys}{"$kind/$user_id/$key"} = { same => $same, %answer } if defined $key;
	return;
}

sub text { my ($v) = @_; return defined $v ? $v : ''; }
sub row { return join('|', map { text($_) } @_); }
sub bool { return $_[0] ? 't' : 'f'; }

# when a lot ends, to the day: what is reckoned from now on is some seconds later in the tables
sub day { my ($self, $time) = @_; return defined $time ? POSIX::floor(($time - $self->{midnight}) / 86400) : undef; }

# no two calls are at the same time
sub clock { my ($self) = @_; return $self->{now} + $self->{ticks}; }

# -- credits

sub credit_row
{
	my ($self, $user_id, $n, $available, $replayed, $ledger) = @_;
	return row($user_id, $n, $available, bool($replayed), $ledger,
		"Successfully added $n sessions to U$user_id. Total available: $available");
}

sub do_grant
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{user}, $c->{n});
	check_count($c->{n});
	check_key($c->{key});
	check_kinds($c->{good_for});
	if (my $before = $self->replay($c->{user}, 'grant', $c->{key}, $c->{n}))
	{
		return $self->credit_row($c->{user}, $c->{n}, $before->{available}, 1, "{$before->{ledger}}");
	}
	my $user = $self->user_of($c->{user});
	$self->check_new($c, 'grant_max');
	return $self->grant_to($user, $c, $who, $c->{as});
}

# what is judged only where a call is no retry
sub check_new
{
	my ($self, $c, $max) = @_;
	check_max($c->{n}, $self->{settings}{$max});
	refuse('SW013') if defined $c->{expires} && $c->{expires} <= $self->{now};
	return;
}

sub grant_to
{
	my ($self, $user, $c, $who, $name) = @_;
	$self->sweep($user);
	$self->add_lot($user, $name, $c->{n}, expires => $c->{expires}, valid_for => $c->{valid_for}, good_for => $c->{good_for});
	$self->note($user, 'grant', $c->{n}, lot => $name, key => $c->{key}, actor => $who->{id});
	$self->remember($user->{id}, 'grant', $c->{key}, $c->{n}, available => $user->{balance}, ledger => $name);
	return $self->credit_row($user->{id}, $c->{n}, $user->{balance}, 0, "{+$name}");
}

sub do_grant_many
{
	my ($self, $c, $who) = @_;
	my (@rows, @before);
	only($who, qw(admin system));
	check_list($c->{users});
	required($c->{n});
	check_count($c->{n});
	check_key($c->{key});
	check_kinds($c->{good_for});
	my @users = map { $self->user_of($_) } @{ $c->{users} };
	$self->check_new($c, 'grant_max') if grep { !defined $c->{key} || !$self->{keys}{"grant/$_->{id}/$c->{key}"} } @users;
	for my $user (@users)
	{
		push @before, scalar $self->replay($user->{id}, 'grant', $c->{key}, $c->{n});
	}
	for my $user (@users)
	{
		$self->sweep($user);
	}
	for my $user (@users)
	{
		my $before = shift @before;
		push @rows, $before
		  ? $self->credit_row($user->{id}, $c->{n}, $before->{available}, 1, "{$before->{ledger}}")
		  : $self->grant_to($user, $c, $who, "$c->{as}_$user->{id}");
	}
	return join(';', @rows);
}

sub do_purchase
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{user}, $c->{n});
	check_count($c->{n});
	required($c->{ref});
	check_key($c->{ref});
	refuse('SW013') if defined $c->{amount} && $c->{amount} < 0;
	check_kinds($c->{good_for});
	my $payment = $self->{purchases}{ $c->{ref} };
	if (my $before = $payment && $payment->{items}{ $c->{item} })
	{
		refuse('SW009') if $before->{user} != $c->{user} || $before->{n} != $c->{n};
		return $self->credit_row($c->{user}, $c->{n}, $before->{available}, 1, "{$before->{lot}}");
	}
	my $user = $self->user_of($c->{user});
	$self->check_new($c, 'purchase_max');
	$self->sweep($user);
	$self->add_lot($user, $c->{as}, $c->{n}, expires => $c->{expires}, valid_for => $c->{valid_for}, good_for => $c->{good_for}, ref => $c->{ref}, item => $c->{item}, amount => $c->{amount}, currency => 'EUR');
	$self->note($user, 'purchase', $c->{n}, lot => $c->{as}, actor => $who->{id});
	push @{ $self->{purchases}{ $c->{ref} }{lots} }, $c->{as};
	$self->{purchases}{ $c->{ref} }{items}{ $c->{item} } =
	  { user => $c->{user}, n => $c->{n}, available => $user->{balance}, lot => $c->{as} };
	return $self->credit_row($c->{user}, $c->{n}, $user->{balance}, 0, "{+$c->{as}}");
}

sub move_row
{
	my ($user_id, $moved, $shortfall, $available, $replayed, $ledger, $expired) = @_;
	return row($user_id, $moved, $shortfall, $available, bool($replayed), $ledger, $expired || 0);
}

sub sum { my $n = 0; $n += $_ for @_; return $n; }
sub min { my ($min, @more) = @_; for (@more) { $min = $_ if $_ < $min } return $min; }

# what was granted of a lot to whom it is of, and what was paid for it
sub granted { my ($lot) = @_; return $lot->{granted} - ($lot->{gone} || 0); }
sub amount { my ($lot) = @_; return defined $lot->{amount} ? $lot->{amount} - int($lot->{amount} * ($lot->{gone} || 0) / $lot->{granted} + 1e-9) : undef; }

# what reversals have of a lot: taken, expired unspent, or owed
sub claimed { my ($lot, @what) = @_; return sum(map { @$_{@what} } @{ $lot->{claims} }); }

sub not_below_zero { return $_[0] > 0 ? $_[0] : 0 }

# credits of a lot that are gone unspent, and that reversals do not have
sub gone { my ($lot) = @_; return not_below_zero(($lot->{lapsed} || 0) + ($lot->{revoked} || 0) - claimed($lot, 'expired')); }

# those of them that expired, since reversals have first what was revoked
sub lapsed { my ($lot) = @_; return not_below_zero(($lot->{lapsed} || 0) - not_below_zero(claimed($lot, 'expired') - ($lot->{revoked} || 0))); }

# credits that came back to a lot are taken for what is owed of it, the oldest claim first
sub settle
{
	my ($self, $lot, $n) = @_;
	$self->note($self->{users}{ $lot->{user} }, 'reversal', -$n, lot => $lot->{name});
	for my $claim (@{ $lot->{claims} })
	{
		my $settled = min($n, $claim->{owed});
		$claim->{owed} -= $settled;
		$claim->{taken} += $settled;
		$n -= $settled;
	}
	return;
}

# The lots that a call about a payment is about, of whichever client.
sub lots_of_payment
{
	my ($self, $c) = @_;
	my $payment = $self->{purchases}{ $c->{ref} } or refuse('SW015');
	refuse('SW015') if defined $c->{item} && !$payment->{items}{ $c->{item} };
	return grep { !defined $c->{item} || $_->{item} eq $c->{item} } map { $self->{lots}{$_} } @{ $payment->{lots} };
}

sub clients_of { my (@lots) = @_; my %seen = map { $_->{user} => 1 } @lots; my @ids = sort { $a <=> $b } keys %seen; return @ids; }

# the item that a call names; the one without a name is not all of them
sub item_of { my ($c) = @_; return defined $c->{item} ? "item $c->{item}" : undef; }

# The answers of a call about a payment that is sent again: of those clients who have its key.
sub replay_moves
{
	my ($self, $c, $kind, $same, @ids) = @_;
	my @rows;
	for my $id (@ids)
	{
		my $before = $self->replay($id, $kind, $c->{key}, $same->($id)) or next;
		push @rows, move_row($id, $before->{moved}, $before->{shortfall}, $before->{available}, 1, "{$before->{ledger}}", $before->{expired});
	}
	return join(';', @rows);
}

# Notes what becomes of a lot; the first line of a client has the key of the call.
sub note_move
{
	my ($self, $c, $who, $done, $kind, $lot, $delta) = @_;
	my $first = !$done->{ $lot->{user} }++;
	$self->note($self->{users}{ $lot->{user} }, $kind, $delta, lot => $lot->{name}, key => $first ? $c->{key} : undef, actor => $who->{id});
	return;
}

# A call about all of a payment leaves a line for each client, whatever it did.
sub note_nothing
{
	my ($self, $c, $who, $done, $kind, @lots) = @_;
	for my $lot (reverse @lots)
	{
		$self->note_move($c, $who, $done, $kind, $lot, 0) unless $done->{ $lot->{user} };
	}
	return;
}

sub finish_moves
{
	my ($self, $c, $kind, $same, $done, $moved, $shortfall, $expired, %more) = @_;
	my @rows;
	for my $id (sort { $a <=> $b } keys %$done)
	{
		my %answer = (moved => $moved->{$id} || 0, shortfall => $shortfall->{$id} || 0, expired => $expired->{$id} || 0,
			available => $self->{users}{$id}{balance}, ledger => "$c->{as}_$id");
		$self->remember($id, $kind, $c->{key}, $same->($id), %answer, %more);
		push @rows, move_row($id, @answer{qw(moved shortfall available)}, 0, "{+$answer{ledger}}", $answer{expired});
	}
	return join(';', @rows);
}

# The first of those whose turn it is to have a credit taken.
sub in_turn
{
	my ($taken, $of, @of) = @_;
	return (sort { ($taken->{$a} + 1) / $of->{$a} <=> ($taken->{$b} + 1) / $of->{$b} } grep { $taken->{$_} < $of->{$_} } @of)[0];
}

# How many credits of each lot an amount refunded is worth: those of the items whose turn it is, for as long as they cost
# no more, whoever has them by now; and of an item's lots evenly.
sub worth
{
	my ($refunded, @lots) = @_;
	refuse('SW013') if grep { !defined amount($_) || text($_->{currency}) ne text($lots[0]{currency}) } @lots;
	my $total = sum(map { amount($_) } @lots);
	my %n = map { $_->{name} => 0 } @lots;
	return %n if $refunded == 0;
	return map { $_->{name} => granted($_) } @lots if $refunded >= $total;
	my (@items, %of, %paid, %taken);
	for my $lot (@lots)
	{
		push @items, $lot->{item} unless defined $of{ $lot->{item} };
		$of{ $lot->{item} } += granted($lot);
		$paid{ $lot->{item} } += amount($lot);
		$taken{ $lot->{item} } = 0;
	}
	my $spent = 0;
	while (defined(my $item = in_turn(\%taken, \%of, grep { $paid{$_} } @items)))
	{
		$spent += $paid{$item} / $of{$item};
		last if $spent > $refunded + 1e-6;
		$taken{$item}++;
	}
	$taken{$_} = int($of{$_} * $refunded / $total + 1e-9) for grep { !$paid{$_} } @items;
	my %granted = map { $_->{name} => granted($_) } @lots;
	for my $item (@items)
	{
		$n{ in_turn(\%n, \%granted, map { $_->{name} } grep { $_->{item} eq $item } @lots) }++ for 1 .. $taken{$item};
	}
	return %n;
}

# What each of some amounts has of their sum's part, in whole units.
sub shares
{
	my ($part, @amounts) = @_;
	my ($total, $before, @shares) = (sum(@amounts), 0);
	for my $amount (@amounts)
	{
		push @shares, !$total ? 0 : int(($before + $amount) * $part / $total + 1e-9) - int($before * $part / $total + 1e-9);
		$before += $amount;
	}
	return @shares;
}

# Notes which part of an amount refunded is new: of each item its part of it, in whole units, none less than before; and of
# an item's lots likewise, but no more than was paid for it.
sub note_money
{
	my ($refunded, @lots) = @_;
	my (%of, @items, %money);
	for my $lot (@lots)
	{
		push @items, $of{ $lot->{item} } = [] unless $of{ $lot->{item} };
		push @{ $of{ $lot->{item} } }, $lot;
	}
	my $paid = sub { return sum(map { amount($_) } @_) };
	my $has = sub { return sum(map { claimed($_, 'money') } @_) };
	$refunded = min($refunded, $paid->(@lots));
	my $left = $refunded - $has->(@lots);
	my @shares = shares($refunded, map { $paid->(@$_) } @items);
	for my $item (@items)
	{
		my $more = min(shift(@shares) - $has->(@$item), $left);
		$more = 0 if $more < 0;
		$left -= $more;
		my @limits = shares($has->(@$item) + $more, map { amount($_) } @$item);
		for my $limit (@limits, map { amount($_) } @$item)
		{
			my $lot = shift @$item;
			push @$item, $lot;
			my $part = min($more, $limit - claimed($lot, 'money') - ($money{ $lot->{name} } || 0));
			$money{ $lot->{name} } += $part > 0 ? $part : 0;
			$more -= $part > 0 ? $part : 0;
		}
	}
	return %money;
}

sub do_reverse
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{ref});
	check_key($c->{ref});
	check_count($c->{n}) if defined $c->{n};
	check_key($c->{key});
	my $by_money = defined $c->{refunded};
	refuse('SW013') if $by_money && ($c->{refunded} < 0 || defined $c->{n});
	my @lots = $self->lots_of_payment($c);
	my $same = sub { return row($c->{ref}, $c->{n}, $c->{refunded}, item_of($c)) };
	my $told = $self->replay_moves($c, 'reversal', $same, clients_of(@lots));
	return $told if $told;

	my %limit = map { $_->{name} => granted($_) - claimed($_, qw(taken expired owed)) } @lots;
	my $open = sum(values %limit);
	my $n = defined $c->{n} ? $c->{n} : $open;
	refuse('SW004') if $n > $open;
	my %money;
	if ($by_money)
	{
		my %worth = worth($c->{refunded}, @lots);
		%money = note_money($c->{refunded}, @lots);
		$n = sum(values %worth) - sum(map { claimed($_, qw(taken expired owed)) } @lots);
		$n = 0 if $n < 0;
		my $left = $n;
		for my $lot (@lots)
		{
			my $more = $worth{ $lot->{name} } - claimed($lot, qw(taken expired owed));
			$limit{ $lot->{name} } = min($left, $more > 0 ? $more : 0);
			$left -= $limit{ $lot->{name} };
		}
	}

	# first what can be taken, then what is gone unspent, the rest is owed
	$self->sweep($self->{users}{$_}) for clients_of(@lots);
	my %claim = map { $_->{name} => { lot => $_, by => $c->{as}, taken => 0, expired => 0, owed => 0, money => $money{ $_->{name} } || 0 } } @lots;
	my %there = (taken => sub { return $_[0]{remaining} }, expired => \&gone, owed => sub { return $_[0]{granted} });
	for my $what (qw(taken expired owed))
	{
		for my $lot (@lots)
		{
			my $claim = $claim{ $lot->{name} };
			$claim->{$what} = min($n, $limit{ $lot->{name} } - sum(@$claim{qw(taken expired owed)}), $there{$what}->($lot));
			$n -= $claim->{$what};
		}
	}
	my (%done, %moved, %shortfall, %expired);
	for my $lot (@lots)
	{
		my $claim = $claim{ $lot->{name} };
		next unless sum(@$claim{qw(taken expired owed money)});
		$self->note_move($c, $who, \%done, 'reversal', $lot, -$claim->{taken});
		push @{ $lot->{claims} }, { %$claim, order => ++$self->{order} };
		$moved{ $lot->{user} } += $claim->{taken};
		$shortfall{ $lot->{user} } += $claim->{owed};
		$expired{ $lot->{user} } += $claim->{expired};
	}
	$self->note_nothing($c, $who, \%done, 'reversal', @lots) unless defined $c->{n};
	push @{ $self->{reversals} }, [ @$c{qw(ref key)} ] if defined $c->{key};
	return $self->finish_moves($c, 'reversal', $same, \%done, \%moved, \%shortfall, \%expired, by => $c->{as}, ref => $c->{ref}, item => $c->{item});
}

# Which reversal of a client is meant, if it is one of this payment and item.
sub named_reversal
{
	my ($self, $c, $id) = @_;
	my $reversal = $self->{keys}{"reversal/$id/$c->{reversal}"} or return;
	return if $reversal->{ref} ne $c->{ref};
	return if defined $c->{item} && defined $reversal->{item} && $reversal->{item} ne $c->{item};
	return $reversal->{by};
}

sub do_reinstate
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{ref});
	check_key($c->{ref});
	check_count($c->{n}) if defined $c->{n};
	check_key($c->{key});
	required($c->{key});
	check_key($c->{reversal});
	my $named = defined $c->{reversal};
	my @lots = $self->lots_of_payment($c);
	my $by = sub { return $named ? $self->named_reversal($c, $_[0]) : undef };
	my $same = sub { return row($c->{ref}, $c->{n}, item_of($c), $named, $by->($_[0])) };
	my $told = $self->replay_moves($c, 'reinstatement', $same, clients_of(@lots));
	return $told if $told;
	@lots = grep { !$named || $by->($_->{user}) } @lots;
	refuse('SW015') unless @lots;

	# as if only the rest had been reversed: what is owed is let go of first, then what had expired, of the newest before the others
	my @claims = sort { $b->{order} <=> $a->{order} } grep { !$named || $_->{by} eq $by->($_->{lot}{user}) } map { @{ $_->{claims} } } @lots;
	my $left = defined $c->{n} ? $c->{n} : sum(map { @$_{qw(taken expired owed)} } @claims);
	my %back;
	for my $what (qw(owed expired taken))
	{
		for my $claim (@claims)
		{
			my $n = $back{ $claim->{order} }{$what} = min($left, $claim->{$what});
			$left -= $n;
		}
	}
	refuse('SW004') if $left > 0;
	for my $claim (@claims)
	{
		my $back = $back{ $claim->{order} };
		my ($n, $of) = (sum(@$back{qw(taken expired owed)}), sum(@$claim{qw(taken expired owed)}));
		$back->{money} = $n == $of ? (defined $c->{n} && !$n ? 0 : $claim->{money}) : int($claim->{money} * $n / $of + 1e-9);
	}

	$self->sweep($self->{users}{$_}) for clients_of(@lots);
	my (%done, %moved, %came);
	my @lines;
	for my $claim (reverse @claims)
	{
		my $back = $back{ $claim->{order} };
		$claim->{$_} -= $back->{$_} for keys %$back;
		$moved{ $claim->{lot}{user} } += $back->{taken};
		$came{ $claim->{lot}{name} } += $back->{taken};
		push @lines, [ $claim->{lot}, $back->{taken} ] if sum(values %$back);
	}
	if (!$named && !defined $c->{n})
	{
		# one line for each lot
		my %about = map { $_->[0]{name} => 1 } @lines;
		@lines = map { [ $_, $came{ $_->{name} } ] } grep { $about{ $_->{name} } } @lots;
	}
	$self->note_move($c, $who, \%done, 'reinstatement', @$_) for @lines;
	$self->note_nothing($c, $who, \%done, 'reinstatement', @lots) unless defined $c->{n};
	for my $lot (@lots)
	{
		my $n = min($came{ $lot->{name} } || 0, claimed($lot, 'owed'));
		$self->settle($lot, $n) if $n;
	}
	$self->sweep($self->{users}{$_}) for clients_of(@lots);
	return $self->finish_moves($c, 'reinstatement', $same, \%done, \%moved, {}, {});
}

sub do_revoke
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{user});
	check_count($c->{n}) if defined $c->{n};
	check_key($c->{key});
	my $same = row($c->{n}, $c->{lot});
	if (my $before = $self->replay($c->{user}, 'revocation', $c->{key}, $same))
	{
		return move_row($c->{user}, $before->{moved}, $before->{shortfall}, $before->{available}, 1, "{$before->{ledger}}");
	}
	my $user = $self->user_of($c->{user});
	my $named = defined $c->{lot} ? $self->{lots}{ $c->{lot} } : undef;
	refuse('SW013') if defined $c->{lot} && (!$named || $named->{user} != $user->{id});
	$self->sweep($user);

	# what was given goes before what was paid for
	my @lots = $self->purse($user);
	@lots = ((grep { !defined $_->{ref} } @lots), (grep { defined $_->{ref} } @lots));
	@lots = ($named) if $named;
	my $moved = sum(map { $_->{remaining} } @lots);
	$moved = $c->{n} if defined $c->{n} && $c->{n} < $moved;
	my ($left, $key) = ($moved, $c->{key});
	for my $lot (@lots)
	{
		my $take = min($left, $lot->{remaining}) or last;
		$self->note($user, 'revocation', -$take, lot => $lot->{name}, key => $key, actor => $who->{id});
		$left -= $take;
		undef $key;
	}
	$self->note($user, 'revocation', 0, lot => $named && $named->{name}, key => $key, actor => $who->{id}) if $moved == 0;
	my %answer = (moved => $moved, shortfall => defined $c->{n} ? $c->{n} - $moved : 0, available => $user->{balance}, ledger => $c->{as});
	$self->remember($user->{id}, 'revocation', $c->{key}, $same, %answer);
	return move_row($user->{id}, @answer{qw(moved shortfall available)}, 0, "{+$c->{as}}");
}

# n credits of one lot become a lot of the other client's; what the first was granted of it shrinks by as many
sub hand_over
{
	my ($self, $who, $from, $to, $lot, $n, $name, $key) = @_;
	$self->note($from, 'transfer', -$n, lot => $lot->{name}, key => $key, actor => $who->{id});
	my $paid = amount($lot);
	$lot->{gone} += $n;
	$self->add_lot($to, $name, $n, amount => defined $paid ? $paid - amount($lot) : undef,
		map { $_ => $lot->{$_} } qw(expires valid_for good_for ref item currency));
	$self->note($to, 'transfer', $n, lot => $name, actor => $who->{id});
	push @{ $self->{purchases}{ $lot->{ref} }{lots} }, $name if defined $lot->{ref};
	push @{ $self->{unnamed} }, $name;
	return;
}

sub handover_row
{
	my ($from, $to, $then, $replayed, $ledger) = @_;
	return row($from, $to, @$then{qw(moved bookings from to)}, bool($replayed), $ledger);
}

sub do_transfer
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{user}, $c->{to_user});
	refuse('SW013') if $c->{user} == $c->{to_user};
	check_count($c->{n}) if defined $c->{n};
	check_key($c->{key});
	my $same = row($c->{n}, $c->{to_user});
	if (my $before = $self->replay($c->{user}, 'transfer', $c->{key}, $same))
	{
		return handover_row($c->{user}, $c->{to_user}, $before, 1, "{$before->{ledger}}");
	}
	my ($from, $to) = map { $self->user_of($_) } @$c{qw(user to_user)};
	my $n = defined $c->{n} ? $c->{n} : $self->available($from);
	refuse('SW001') if $n < 1 || $n > $self->available($from);
	$self->sweep($_) for $from, $to;
	my ($left, $key, $part) = ($n, $c->{key}, 0);
	for my $lot ($self->purse($from))
	{
		my $take = min($left, $lot->{remaining}) or last;
		$self->hand_over($who, $from, $to, $lot, $take, "$c->{as}_" . ++$part, $key);
		$left -= $take;
		undef $key;
	}
	my %then = (moved => $n, bookings => 0, from => $from->{balance}, to => $to->{balance}, ledger => $c->{as});
	$self->remember($from->{id}, 'transfer', $c->{key}, $same, %then);
	return handover_row($from->{id}, $to->{id}, \%then, 0, "{+$c->{as}}");
}

# A pack of another system: bought, partly used, and what was left when it ended has expired.
sub pack_row
{
	my ($c, $then, $replayed, $lot) = @_;
	my $used = $c->{used} || 0;
	return row($c->{user}, $lot, $c->{n}, $used, $then->{expired}, $c->{n} - $used - $then->{expired}, $then->{after}, bool($replayed));
}

sub do_import
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{user}, $c->{n});
	my $used = $c->{used} || 0;
	refuse('SW004') if $c->{n} < 1 || $used < 0 || $used > $c->{n};
	refuse('SW013') if defined $c->{amount} && $c->{amount} < 0;
	check_key($c->{ref});
	my $payment = defined $c->{ref} ? $self->{purchases}{ $c->{ref} } : undef;
	if (my $before = $payment && $payment->{items}{ $c->{item} })
	{
		refuse('SW009') if $before->{user} != $c->{user} || $before->{n} != $c->{n} || !$before->{pack} || $before->{pack}{used} != $used;
		return pack_row($c, $before->{pack}, 1, "{$before->{lot}}");
	}
	my $user = $self->user_of($c->{user});
	check_max($c->{n}, $self->{settings}{purchase_max});
	$self->sweep($user);
	$self->add_lot($user, $c->{as}, $c->{n}, expires => $c->{expires}, ref => $c->{ref}, item => defined $c->{ref} ? $c->{item} : undef, amount => $c->{amount}, good_for => $c->{good_for});
	$self->note($user, defined $c->{ref} ? 'purchase' : 'grant', $c->{n}, lot => $c->{as}, actor => $who->{id});
	my $bought = { user => $c->{user}, n => $c->{n}, available => $user->{balance}, lot => $c->{as} };
	$self->note($user, 'usage', -$used, lot => $c->{as}, actor => $who->{id}) if $used;
	my %then = (used => $used, expired => $self->sweep($user), after => $user->{balance});
	if (defined $c->{ref})
	{
		push @{ $self->{purchases}{ $c->{ref} }{lots} }, $c->{as};
		$self->{purchases}{ $c->{ref} }{items}{ $c->{item} } = { %$bought, pack => \%then };
	}
	return pack_row($c, \%then, 0, "{+$c->{as}}");
}

# All that a client has left goes over to another account.
sub do_merge
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{user}, $c->{to_user});
	refuse('SW013') if $c->{user} == $c->{to_user};
	check_key($c->{key});
	if (my $before = $self->replay($c->{user}, 'merge', $c->{key}, $c->{to_user}))
	{
		return handover_row($c->{user}, $c->{to_user}, $before, 1, "{$before->{ledger}}");
	}
	my ($from, $to) = map { $self->user_of($_) } @$c{qw(user to_user)};
	my %number = map { $self->{slot_names}[$_] => $_ } 0 .. $#{ $self->{slot_names} };
	my @live = sort { $self->{id_of}->($a->{name}) <=> $self->{id_of}->($b->{name}) || $number{ $a->{name} } <=> $number{ $b->{name} } }
	  grep { is_live($_) && $_->{user} == $from->{id} } map { $self->{slots}{$_} } keys %{ $from->{slots} };
	refuse('SW010') if grep { $self->client_is_busy($to->{id}, $_) } @live;

	my @lots = $self->purse($from);
	$self->sweep($_) for $from, $to;
	my %then = (moved => 0, bookings => scalar @live, ledger => $c->{as});
	$self->note($from, 'merge', 0, key => $c->{key}, actor => $who->{id});
	$self->note($to, 'merge', 0, actor => $who->{id});
	for my $slot (@live)
	{
		$self->note($from, 'merge', 0, from => $slot->{name}, actor => $who->{id}) unless debit_of($slot);
		for my $part (@{ $slot->{debit} })
		{
			$self->note($from, 'merge', $part->{n}, from => $slot->{name}, lot => $part->{lot}, actor => $who->{id});
			push @lots, $self->{lots}{ $part->{lot} } unless grep { $_->{name} eq $part->{lot} } @lots;
		}
	}
	my (%now, $part);
	for my $lot (grep { $_->{remaining} > 0 } @lots)
	{
		my ($n, $name) = ($lot->{remaining}, "$c->{as}_" . ++$part);
		my $owed = min($n, claimed($lot, 'owed'));
		$self->hand_over($who, $from, $to, $lot, $n, $name);
		$now{ $lot->{name} } = $name;
		$then{moved} += $n;
		push @{ $self->{lots}{$name}{claims} }, { lot => $self->{lots}{$name}, by => $c->{as}, order => ++$self->{order}, taken => 0, expired => 0, owed => $owed, money => 0 } if $owed;
		for my $claim (@{ $lot->{claims} })
		{
			my $gone = min($owed, $claim->{owed});
			$claim->{owed} -= $gone;
			$owed -= $gone;
		}
	}
	for my $slot (@live)
	{
		$self->note($to, 'merge', 0, slot => $slot->{name}, actor => $who->{id}) unless debit_of($slot);
		for my $part (@{ $slot->{debit} })
		{
			$part->{lot} = $now{ $part->{lot} };
			$self->note($to, 'merge', -$part->{n}, slot => $slot->{name}, lot => $part->{lot}, actor => $who->{id});
		}
		$slot->{user} = $to->{id};
		$to->{slots}{ $slot->{name} } = 1;
	}
	for my $slot (grep { is_request($_) && $_->{user} == $from->{id} } map { $self->{slots}{$_} } keys %{ $from->{slots} })
	{
		$slot->{user} = $to->{id};
		$to->{slots}{ $slot->{name} } = 1;
	}
	my $was = $self->is_suspended($from) ? $from->{suspension} : undef;
	if ($was && !$was->{given_up})
	{
		my $his = $self->is_suspended($to) ? $to->{suspension} : undef;
		my %both = (since => $was->{since}, until => $was->{until}, put_off => []);
		if ($his)
		{
			$both{since} = min($was->{since}, $his->{since});
			$both{until} = defined $was->{until} && defined $his->{until} ? -min(-$was->{until}, -$his->{until}) : undef;
		}
		if (!$his || $his->{since} != $both{since} || text($his->{until}) ne text($both{until}))
		{
			$to->{suspension} = \%both;
			$self->note($to, 'suspension', 0, actor => $who->{id});
		}
	}
	if (!$was || !$was->{given_up})
	{
		$from->{suspension} = { given_up => 1, since => $was ? min($was->{since}, $self->{now}) : $self->{now}, put_off => [] };
		$self->note($from, 'suspension', 0, actor => $who->{id});
	}
	for my $hold (values %{ $self->{holds} })
	{
		$hold->{user} = $to->{id} if $hold->{user} == $from->{id} && $hold->{until} > $self->{now};
	}
	for my $line (keys %{ $self->{lines} })
	{
		# of two places the better one stays, and none where he has by now what it is for
		my $waiters = $self->{lines}{$line};
		my @his = grep { $_->{user} == $from->{id} || $_->{user} == $to->{id} } @$waiters or next;
		my $slot = $self->{slots}{ $self->{classes}{$line} ? $self->{classes}{$line}[0] : $line };
		my $best = (grep { is_live($_) && $_->{user} == $to->{id} } $self->places_of($slot)) ? 0 : $his[0];
		$best->{user} = $to->{id} if $best;
		@$waiters = grep { my $waiter = $_; $waiter == $best || !grep { $_ == $waiter } @his } @$waiters;
		$self->arrange($slot);
	}
	@then{qw(from to)} = ($from->{balance}, $to->{balance});
	$self->remember($from->{id}, 'merge', $c->{key}, $c->{to_user}, %then);
	return handover_row($from->{id}, $to->{id}, \%then, 0, "{+$c->{as}}");
}

sub do_extend
{
	my ($self, $c, $who) = @_;
	only($who, qw(admin system));
	required($c->{lot});
	my $until = defined $c->{expires} && $c->{expires} eq 'infinity' ? undef : $c->{expires};
	my $lot = $self->{lots}{ $c->{lot} } or refuse('SW013');
	my $user = $self->{users}{ $lot->{user} };
	$self->sweep($user);
	my $answer = sub { return row("{$lot->{name}}", $lot->{granted}, $lot->{remaining}, $self->day($lot->{expires}), $lot->{amount}) };
	my $ends_now = defined $until && $until <= $self->{now};
	return $answer->() if $ends_now && $self->is_due($lot);
	$self->{ended_now} = $lot->{name} if $ends_now;
	$until = $self->{now} if $ends_now;
	my $back = $ends_now ? 0 : lapsed($lot);
	return $answer->() if !$back && text($until) eq text($lot->{expires});
	$lot->{expires} = $until;
	$lot->{swept} = $ends_now && $lot->{remaining} == 0;
	$self->note($user, 'extension', $back, lot => $lot->{name}, actor => $who->{id});
	my $settled = min($back, claimed($lot, 'owed'));
	$self->settle($lot, $settled) if $settled;
	$self->sweep($user);
	return $answer->();
}

sub do_expire
{
	my ($self, $c, $who) = @_;
	only($who, 'system');
	refuse('SW013') if $c->{n} < 1;
	my @lots = sort { $a->{expires} <=> $b->{expires} }
	  grep { $self->is_due($_) && !$_->{swept} } map { $self->{lots}{$_} } sort keys %{ $self->{lots} };
	my (%gone, $clients, $credits);
	($clients, $credits) = (0, 0);
	$#lots = $c->{n} - 1 if @lots > $c->{n};
	for my $id (sort { $a <=> $b } keys %{ { map { $_->{user} => 1 } @lots } })
	{
		my $user = $self->{users}{$id};
		my $gone = $self->sweep($user);
		$clients++ if $gone;
		$credits += $gone;
		for my $name (@{ $user->{lots} })
		{
			my $lot = $self->{lots}{$name};
			$lot->{swept} = 1 if $self->is_due($lot);
		}
	}
	return row($clients, $credits);
}

# -- what a session has taken: { lot, n } for each lot, and what it owes

sub debit_of { my ($slot) = @_; return sum(map { $_->{n} } @{ $slot->{debit} || [] }); }

# Credits came back to a lot: what a refund could not take goes first, and what has ended ends.
sub came_back
{
	my ($self, $user, $lot, $n) = @_;
	my $owed = min($n, claimed($lot, 'owed'));
	$self->settle($lot, $owed) if $owed;
	$self->note($user, 'expiry', $owed - $n, lot => $lot->{name}) if $n > $owed && $self->is_due($lot);
	return;
}

# A session that has taken some credits is to have n: what is too much goes back to the lots that were taken
# last; what is missing comes from those that it had before, then from those that end soonest and are good for it.  One
# that takes the place of another gives back what is not good for it.  Each lot has a line.
sub take
{
	my ($self, $user, $kind, $had, $n, $before, %more) = @_;
	my @parts = map { { lot => $self->{lots}{ $_->{lot} }, had => $_->{n}, has => $_->{n} } } @{ $had || [] };
	my $missing = $n - sum(map { $_->{n} } @{ $had || [] });
	my $slot = $self->{slots}{ $more{slot} };
	for my $part (grep { defined $more{from} && !is_good($_->{lot}, $slot) } @parts)
	{
		$missing += $part->{has};
		$part->{has} = 0;
	}
	for my $part (reverse @parts)
	{
		my $back = $missing < 0 ? min(-$missing, $part->{has}) : 0;
		$part->{has} -= $back;
		$missing += $back;
	}
	for my $from ((map { [ $self->{lots}{ $_->{lot} }, $_->{n} ] } @{ $before || [] }), (map { [ $_, 9e9 ] } grep { is_good($_, $slot) } $self->purse($user)))
	{
		my ($lot, $most) = @$from;
		my ($part) = grep { $_->{lot} == $lot } @parts;
		my $take = min($missing, $most, $lot->{remaining} - ($part ? $part->{has} - $part->{had} : 0));
		next if $take <= 0 || $self->is_due($lot);
		push @parts, $part = { lot => $lot, had => 0, has => 0 } unless $part;
		$part->{has} += $take;
		$missing -= $take;
	}
	die "$missing credits are missing" if $missing;
	my $key = delete $more{key};
	$self->note($user, $kind, 0, key => $key, %more) unless @parts;
	for my $part (@parts)
	{
		$self->note($user, $kind, $part->{had} - $part->{has}, lot => $part->{lot}{name}, key => $key, %more);
		$self->came_back($user, $part->{lot}, $part->{had} - $part->{has}) if $part->{had} > $part->{has};
		undef $key;
	}
	return [ map { { lot => $_->{lot}{name}, n => $_->{has} } } grep { $_->{has} } @parts ];
}

# All that a session has taken goes back.
sub give_back
{
	my ($self, $user, $kind, $slot, %more) = @_;
	my $key = delete $more{key};
	for my $part (@{ delete $slot->{debit} })
	{
		$self->note($user, $kind, $part->{n}, lot => $part->{lot}, slot => $slot->{name}, key => $key, %more);
		$self->came_back($user, $self->{lots}{ $part->{lot} }, $part->{n});
		undef $key;
	}
	return;
}

# How many of a session's credits could be spent again if they came back.
sub to_be_spent
{
	my ($self, $slot) = @_;
	my $n = 0;
	for my $part (@{ $slot->{debit} || [] })
	{
		my $lot = $self->{lots}{ $part->{lot} };
		$n += $part->{n} - min($part->{n}, claimed($lot, 'owed')) unless $self->is_due($lot);
	}
	return $n;
}

# what a call about a booking answers, then and when it is sent again
sub told
{
	my ($slot, $user, $ledger) = @_;
	return (credits => debit_of($slot), owed => $slot->{owed} || 0, available => $user->{balance}, ledger => $ledger);
}

# -- slots and bookings

sub ends { my ($slot) = @_; return $slot->{date} + 60 * $slot->{duration}; }
sub is_open { my ($slot) = @_; return !defined $slot->{user} && $slot->{status} eq 'available'; }
sub is_nobodys { my ($slot) = @_; return !defined $slot->{user} && $slot->{status} =~ /^(available|blocked)$/; }
sub is_live { my ($slot) = @_; return defined $slot->{user} && $slot->{status} =~ /^(scheduled|confirmed)$/; }
sub is_request { my ($slot) = @_; return $slot->{status} eq 'requested'; }
sub takes_time { my ($slot) = @_; return $slot->{status} !~ /^(cancelled|requested)$/; }
sub is_same { my ($a, $b) = @_; return defined $a && defined $b && $a == $b; }

sub is_mate { my ($a, $b) = @_; return defined $a->{class} && defined $b->{class} && $a->{class} eq $b->{class}; }
sub meet { my ($a, $b) = @_; return $a->{date} < ends($b) && $b->{date} < ends($a); }

# another slot of the trainer at that time
sub trainer_is_busy
{
	my ($self, $slot, @but) = @_;
	my $trainer = $slot->{trainer};
	for my $other (defined $trainer ? map { $self->{slots}{$_} } keys %{ $self->{users}{$trainer}{slots} } : ())
	{
		next unless is_same($other->{trainer}, $trainer) && takes_time($other);
		next if defined $slot->{class} && defined $other->{class} && $slot->{class} eq $other->{class};
		return 1 if meet($slot, $other) && !grep { $_ eq $other->{name} } @but;
	}
	return 0;
}

# another live booking of the client at that time
sub client_is_busy
{
	my ($self, $user_id, $slot, @but) = @_;
	my $user = $self->{users}{$user_id} or return 0;
	for my $other (map { $self->{slots}{$_} } keys %{ $user->{slots} })
	{
		next unless is_live($other) && $other->{user} == $user_id && meet($slot, $other);
		return 1 unless grep { $_ eq $other->{name} } @but;
	}
	return 0;
}

sub put_slot
{
	my ($self, %slot) = @_;
	if (!$self->{slots}{ $slot{name} })
	{
		$slot{index} = push(@{ $self->{slot_names} }, $slot{name}) - 1;
		push @{ $self->{classes}{ $slot{class} } }, $slot{name} if defined $slot{class};
	}
	$self->{slots}{ $slot{name} } = {%slot};
	$self->{users}{$_}{slots}{ $slot{name} } = 1 for grep { defined } @slot{qw(trainer user)};
	return;
}

# -- classes: their places, which are slots like any other

# what is booked, waited for and compared: the class, or the slot itself
sub line_of { my ($slot) = @_; return defined $slot->{class} ? $slot->{class} : $slot->{name}; }

sub places_of { my ($self, $slot) = @_; return map { $self->{slots}{$_} } defined $slot->{class} ? @{ $self->{classes}{ $slot->{class} } } : $slot->{name}; }
sub mates_of { my ($self, $slot) = @_; return defined $slot->{class} ? @{ $self->{classes}{ $slot->{class} } } : (); }

# who holds a slot now
sub holder { my ($self, $slot) = @_; my $hold = $self->{holds}{ $slot->{name} }; return $hold && $hold->{until} > $self->{now} ? $hold->{user} : undef; }

# Returns a place for each time that a slot or class is named, or nothing where there is none; what a client holds is his first.
sub choose
{
	my ($self, $user_id, @named) = @_;
	my (%there, @chosen);
	for my $slot (@named)
	{
		push(@chosen, $slot), next unless $slot && defined $slot->{class};
		my $there = $there{ $slot->{class} } ||= [ sort { defined $self->holder($b) <=> defined $self->holder($a) }
			grep { is_open($_) && (!defined $self->holder($_) || $self->holder($_) == $user_id) } $self->places_of($slot) ];
		push @chosen, shift @$there;
	}
	return @chosen;
}

# What was chosen is taken.  If it could have been another, only the answer says which it is, and which are left.
sub settle_places
{
	my ($self, $c, $user_id, @chosen) = @_;
	my %wanted;
	$wanted{ $_->{class} }++ for grep { defined $_->{class} } @chosen;
	for my $slot (grep { defined $_->{class} } @chosen)
	{
		my @free = grep { is_open($_) && !defined $self->holder($_) } $self->places_of($slot);
		next if $wanted{ $slot->{class} } == 1 && (defined $self->holder($slot) || (@free == 1 && !$self->{blurred}{ $slot->{class} }));
		$self->rename_slot($slot, "$c->{as}_t" . ++$self->{names});
		$self->{fresh}{ $slot->{name} } = 1;
		$self->{blurred}{ $slot->{class} } = 1;
	}
	return;
}

sub rename_slot
{
	my ($self, $slot, $name) = @_;
	my $old = $slot->{name};
	delete $self->{slots}{$old};
	$self->{slots}{$name} = $slot;
	$slot->{name} = $self->{slot_names}[ $slot->{index} ] = $name;
	$_ = $_ eq $old ? $name : $_ for @{ $self->{classes}{ $slot->{class} } };
	for my $user (values %{ $self->{users} })
	{
		$user->{slots}{$name} = 1 if delete $user->{slots}{$old};
	}
	$self->{holds}{$name} = delete $self->{holds}{$old} if $self->{holds}{$old};
	$self->{was}{$old} = $slot->{class};
	die "a line of a place" if $self->{lines}{$old};
	undef $self->{reopened} if $self->{reopened} && $self->{reopened} eq $old;
	return;
}

# The open places of these classes that nobody holds have new names, in the order of their ids.
sub name_places
{
	my ($self, $as) = @_;
	for my $class (sort keys %{ $self->{blurred} })
	{
		my @names;
		for my $slot (grep { is_open($_) && !defined $self->holder($_) } map { $self->{slots}{$_} } @{ $self->{classes}{$class} })
		{
			delete $self->{holds}{ $slot->{name} };
			push @names, "${as}_o" . ++$self->{names};
			$self->rename_slot($slot, $names[-1]);
		}
		push @{ $self->{places} }, { class => $class, names => \@names } if @names;
	}
	return;
}

# how an answer names a slot
sub ref_of { my ($self, $slot) = @_; return delete $self->{fresh}{ $slot->{name} } ? "{+$slot->{name}}" : "{$slot->{name}}"; }

# -- those who wait for a slot or class, in their order: { user, auto, order, from, until, told, refused, tried }

sub waiters { my ($self, $slot) = @_; return @{ $self->{lines}{ line_of($slot) } || [] }; }
sub waits { my ($self, $slot, $user_id) = @_; my ($waiter) = grep { $_->{user} == $user_id } $self->waiters($slot); return $waiter; }
sub has_turn { my ($self, $waiter) = @_; return defined $waiter->{from} && $waiter->{from} <= $self->clock && $waiter->{until} > $self->clock; }
sub has_claim { my ($self, $waiter) = @_; return defined $waiter->{until} && $waiter->{until} > $self->clock; }

# Whether all that is open is kept for others.
sub is_kept
{
	my ($self, $slot, $user_id, $anew) = @_;
	my $waiter = $self->waits($slot, $user_id);
	return 0 if $waiter && $self->has_turn($waiter);
	my ($claims, $free) = (scalar grep { $_->{user} != $user_id && $self->has_claim($_) } $self->waiters($slot));
	return 0 unless $claims;
	for my $place (grep { is_open($_) } $self->places_of($slot))
	{
		my $holder = $self->holder($place);
		return 0 if is_same($holder, $user_id) && !$anew;
		my $other = defined $holder && $holder != $user_id ? $self->waits($slot, $holder) : undef;
		$free++ if !defined $holder || $holder == $user_id;
		$claims-- if $other && $self->has_claim($other);
	}
	return $claims > 0 && $claims >= ($free || 0);
}

sub set_turn
{
	my ($self, $waiter, $from) = @_;
	my $until = defined $from ? $from + $self->{settings}{wait_offer} : undef;
	return if text($waiter->{from}) eq text($from) && text($waiter->{until}) eq text($until);
	@$waiter{qw(from until told refused tried)} = ($from, $until);
	return;
}

# Gives everybody his turn: whose turn it is keeps it, if there is a place that he can have now; the others follow, each
# when a place is there for him.
sub arrange
{
	my ($self, $slot, $came_free) = @_;
	my @waiters = $self->waiters($slot) or return;
	my @starts;
	for my $place (grep { is_open($_) } $self->places_of($slot))
	{
		my $holder = $self->holder($place);
		my $waiter = defined $holder ? $self->waits($slot, $holder) : undef;
		push @starts, !defined $holder || ($waiter && $self->has_turn($waiter)) ? $self->clock : $self->{holds}{ $place->{name} }{until};
	}
	my $next = sub { @starts = sort { $a <=> $b } @starts; return \$starts[0]; };
	for my $waiter (grep { $self->has_turn($_) } @waiters)
	{
		my $start = @starts ? $next->() : undef;
		$start && $$start <= $self->clock ? $$start = $waiter->{until} : $self->set_turn($waiter, undef);
	}
	for my $waiter (grep { !$self->has_turn($_) } @waiters)
	{
		$self->set_turn($waiter, undef), next unless @starts;
		next if defined $waiter->{until} && $waiter->{until} <= $self->clock && !$came_free;
		my $start = $next->();
		$self->set_turn($waiter, $$start);
		$$start = $waiter->{until};
	}
	return;
}

# Who is told first that a place has come free.
sub next_in_line
{
	my ($self, $slot) = @_;
	my ($next) = grep { !$self->has_turn($_) } $self->waiters($slot);
	return $next ? $next->{user} : ();
}

sub offer
{
	my ($self, $slot, $waiter) = @_;
	my $user = $self->{users}{ $waiter->{user} };
	$self->sweep($user);
	$self->note($user, 'offer', 0, slot => line_of($slot));
	$waiter->{told} = 1;
	return;
}

# Tells those whose turn it is, of the people whom the call is about.
sub tell
{
	my ($self, $slot, @people) = @_;
	for my $waiter (grep { !$_->{told} && $self->has_turn($_) } $self->waiters($slot))
	{
		$self->offer($slot, $waiter) if grep { is_same($_, $waiter->{user}) } @people;
	}
	return;
}

sub leave
{
	my ($self, $slot, $user_id) = @_;
	my $line = $self->{lines}{ line_of($slot) } or return;
	@$line = grep { $_->{user} != $user_id } @$line;
	return;
}

# Something is not anybody's any more: who waits for it has what took its place, or nothing is left to wait for.
sub go_on
{
	my ($self, $slot, $reopened, @people) = @_;
	my $line = $self->{lines}{ line_of($slot) };
	return unless $line && @$line;
	if (!$reopened && !grep { takes_time($_) } $self->places_of($slot))
	{
		delete $self->{lines}{ line_of($slot) };
		return;
	}
	my $there = $reopened ? $self->{slots}{$reopened} : $slot;
	$self->{lines}{ line_of($there) } = delete $self->{lines}{ line_of($slot) };
	$self->arrange($there, $reopened);
	$self->tell($there, @people);
	return;
}

sub check_may_wait
{
	my ($self, $who, $user_id, $slot) = @_;
	refuse('SW006') unless is_office($who) || is_person($who, $user_id) || ($who->{role} eq 'trainer' && is_person($who, $slot->{trainer}));
	return;
}

sub waiter_row
{
	my ($self, $slot, $waiter, $line) = @_;
	return row('{' . line_of($slot) . '}', $waiter->{user}, $line, bool($waiter->{auto}), $self->turn_of($waiter), $waiter->{refused});
}

sub turn_of
{
	my ($self, $waiter) = @_;
	return !defined $waiter->{from} ? '' : $waiter->{until} <= $self->clock ? 'over' : $waiter->{from} <= $self->clock ? 'now' : 'to come';
}

sub place_in_line
{
	my ($self, $slot, $user_id) = @_;
	my @waiters = $self->waiters($slot);
	return 1 + grep { $waiters[$_]{order} < $self->waits($slot, $user_id)->{order} } 0 .. $#waiters;
}

sub do_wait
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{user}, $c->{slot});
	my $slot = $self->{slots}{ $c->{slot} } or refuse('SW007');
	$self->check_may_wait($who, $c->{user}, $slot);
	my $user = $self->user_of($c->{user});
	my $waiter = $self->waits($slot, $user->{id});
	if (!$waiter)
	{
		# not for what he has, nobody can have, or he could book
		my @places = $self->places_of($slot);
		refuse('SW008') if grep { is_live($_) && $_->{user} == $user->{id} } @places;
		my ($there) = grep { is_live($_) || is_open($_) } @places;
		refuse('SW008') if !$there || $self->has_begun($there);
		refuse('SW008') if $self->is_there($user->{id}, $slot) && !$self->is_kept($slot, $user->{id});
		$self->sweep($user);
		$self->note($user, 'wait', 0, slot => line_of($slot), actor => $who->{id});
		$waiter = { user => $user->{id}, order => ++$self->{order} };
		push @{ $self->{lines}{ line_of($slot) } }, $waiter;
		$self->arrange($slot);
	}
	$waiter->{auto} = $c->{auto};
	return $self->waiter_row($slot, $waiter, $self->place_in_line($slot, $user->{id}));
}

# whether a place is open that nobody else holds
sub is_there
{
	my ($self, $user_id, $slot) = @_;
	return scalar grep { is_open($_) && (!defined $self->holder($_) || $self->holder($_) == $user_id) } $self->places_of($slot);
}

sub do_unwait
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{slot});
	my $user_id = defined $c->{user} ? $c->{user} : $who->{id};
	required($user_id);
	my $slot = $self->{slots}{ $c->{slot} } or refuse('SW007');
	$self->check_may_wait($who, $user_id, $slot);
	my $waiter = $self->waits($slot, $user_id) or refuse('SW008');
	my $row = $self->waiter_row($slot, $waiter, $self->place_in_line($slot, $user_id));
	my @people = ($user_id, $self->next_in_line($slot));
	my $user = $self->{users}{$user_id};
	$self->leave($slot, $user_id);
	$self->sweep($user);
	$self->note($user, 'unwait', 0, slot => line_of($slot), actor => $who->{id});
	$self->arrange($slot);
	$self->tell($slot, @people);
	return $row;
}

sub do_waiting
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{slot});
	my $slot = $self->{slots}{ $c->{slot} } or refuse('SW007');
	my ($there) = grep { takes_time($_) } $self->places_of($slot);
	my $all = is_office($who) || ($there && $who->{role} eq 'trainer' && is_person($who, $there->{trainer}));
	my @waiters = $self->waiters($slot);
	return join(';', map { $self->waiter_row($slot, $waiters[$_], $_ + 1) } grep { $all || is_person($who, $waiters[$_]{user}) } 0 .. $#waiters);
}

# Those whose turn it is are told, and booked for if they asked for it.
sub do_promote
{
	my ($self, $c, $who) = @_;
	only($who, 'system');
	refuse('SW013') if $c->{n} < 1 || $c->{n} > 10000;
	my (@turns, %his, %taken, @rows);
	for my $line (keys %{ $self->{lines} })
	{
		my $slot = $self->{slots}{ $self->{classes}{$line} ? $self->{classes}{$line}[0] : $line };
		push @turns, map { { slot => $slot, waiter => $_ } } grep { $self->has_turn($_) && ($_->{auto} || !$_->{told}) } $self->waiters($slot);
	}
	@turns = sort { ($a->{waiter}{tried} || 0) <=> ($b->{waiter}{tried} || 0) || $a->{waiter}{order} <=> $b->{waiter}{order} } @turns;
	$#turns = $c->{n} - 1 if @turns > $c->{n};
	for my $turn (@turns)
	{
		# the best place that is left: one that he holds, else one that nobody does
		my $of = sub { my $holder = $self->holder($_[0]); return !defined $holder ? 2 : $holder == $turn->{waiter}{user} ? 3 : 1; };
		my ($place) = sort { $of->($b) <=> $of->($a) } grep { is_open($_) && !$taken{$_} } $self->places_of($turn->{slot});
		next if !$place || $his{ $turn->{waiter}{user} };
		$his{ $turn->{waiter}{user} } = $taken{$place} = 1;
		$turn->{place} = $place;
	}
	@turns = grep { $_->{place} } @turns;
	$self->put_lines_in_order;
	for my $turn (@turns)
	{
		$turn->{still} = $self->waits($turn->{place}, $turn->{waiter}{user}) && $self->has_turn($turn->{waiter});
		$self->offer($turn->{slot}, $turn->{waiter}) if $turn->{still} && !$turn->{waiter}{told};
	}
	for my $turn (grep { $_->{still} && $_->{waiter}{auto} && $self->has_turn($_->{waiter}) } @turns)
	{
		my ($slot, $waiter) = @$turn{qw(place waiter)};
		my $user = $self->{users}{ $waiter->{user} };
		my $why = $self->why_not({ role => 'client', id => $user->{id} }, $user->{id}, $slot, credits => $slot->{cost});
		$self->sweep($user);
		if ($why)
		{
			$waiter->{refused} = { SW001 => 'INSUFFICIENT_SESSIONS', SW002 => 'SESSION_NOT_AVAILABLE', SW010 => 'SLOT_CONFLICT', SW017 => 'suspended' }->{$why};
			$waiter->{tried} = ++$self->{order};
			next;
		}
		$self->settle_places($c, $user->{id}, $slot);
		$slot->{debit} = $self->take($user, 'booking', [], $slot->{cost}, [], slot => $slot->{name});
		@$slot{qw(owed gratis guest)} = (0, $slot->{cost} == 0, 0);
		$self->take_slot($user, $slot);
		push @rows, $self->booking_row($slot, { told($slot, $user, "$c->{as}_$slot->{name}") }, 0);
	}
	return join(';', @rows);
}

# What was written directly: who could have a turn and has none, or has one where nothing is open; and what nobody can have.
sub put_lines_in_order
{
	my ($self) = @_;
	for my $line (keys %{ $self->{lines} })
	{
		my @places = map { $self->{slots}{$_} } $self->{classes}{$line} ? @{ $self->{classes}{$line} } : $line;
		my $open = grep { is_open($_) } @places;
		if (!grep { (is_open($_) || is_live($_)) && !$self->has_begun($_) } @places)
		{
			delete $self->{lines}{$line};
		}
		elsif (grep { $open xor defined $_->{until} } @{ $self->{lines}{$line} })
		{
			$self->arrange($places[0]);
		}
	}
	return;
}

# Time that a trainer keeps for himself: nobody books it.
sub do_block
{
	my ($self, $c, $who) = @_;
	return $self->do_open({ %$c, cost => undef, key => undef, places => 1 }, $who, 'blocked');
}

sub do_open
{
	my ($self, $c, $who, $status) = @_;
	my (@new, @names);
	only($who, qw(trainer staff admin system));
	required($c->{trainer});
	refuse('SW006') unless is_office($who) || is_person($who, $c->{trainer});
	required($c->{at});
	refuse('SW013') if $c->{duration} < 1 || $c->{duration} > 1440;
	refuse('SW013') if $c->{repeat} < 1 || $c->{places} < 1 || $c->{places} > 500;
	refuse('SW013') if defined $c->{cost} && ($c->{cost} < 0 || $c->{cost} > 100);
	check_key($c->{key});
	my $trainer = $self->user_of($c->{trainer});
	my $same = row(@$c{qw(at duration repeat cost places kind)}, $c->{repeat} > 1 ? $c->{every} : undef);
	if (my $before = $self->replay($trainer->{id}, 'slots', $c->{key}, $same))
	{
		return join(',', map { "{$_}" } @{ $before->{slots} });
	}
	refuse('SW013') if $self->user_of($c->{trainer})->{role} eq 'client';
	for my $i (1 .. $c->{repeat})
	{
		my $slot = { name => "$c->{as}_$i", trainer => $c->{trainer}, status => $status || 'available', cost => defined $c->{cost} ? $c->{cost} : 1, kind => $c->{kind},
			date => $c->{at} + ($i - 1) * $c->{every}, duration => $c->{duration} };
		refuse('SW010') if $self->trainer_is_busy($slot) || grep { meet($slot, $_) } @new;
		push @new, $slot;
		push @names, "{+$slot->{name}}";
	}
	for my $slot (@new)
	{
		$self->put_slot(%$slot) if $c->{places} == 1;
		next if $c->{places} == 1;
		$self->put_slot(%$slot, name => "$slot->{name}_p$_", class => $slot->{name}) for 1 .. $c->{places};
		push @{ $self->{places} }, { class => $slot->{name}, names => [ @{ $self->{classes}{ $slot->{name} } } ] };
	}
	$self->note_calendar($who, $c->{key}, $c->{trainer});
	$self->remember($trainer->{id}, 'slots', $c->{key}, $same, slots => [ map { $_->{name} } @new ]) if defined $c->{key};
	return join(',', @names);
}

# What changes of slots that nobody has is in the ledgers of their trainers, once for each call.
sub note_calendar
{
	my ($self, $who, $key, @trainers) = @_;
	my %of = map { $_ => 1 } grep { defined } @trainers;
	for my $trainer (map { $self->{users}{$_} } sort { $a <=> $b } keys %of)
	{
		$self->sweep($trainer);
		$self->note($trainer, 'slots', 0, key => $key, actor => $who->{id});
	}
	return;
}

# A client asks for a time, which takes no credit and nobody's time.
sub do_request
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{user}, $c->{at});
	if (!is_office($who) && !is_person($who, $c->{user}))
	{
		refuse('SW006') if $who->{role} ne 'trainer' || (defined $c->{trainer} && !is_person($who, $c->{trainer}));
		$self->check_may_read($who, $c->{user});
	}
	refuse('SW013') if $c->{duration} < 1 || $c->{duration} > 1440;
	check_key($c->{key});
	my $same = row(@$c{qw(at trainer duration)});
	if (my $before = $self->replay($c->{user}, 'request', $c->{key}, $same))
	{
		return $self->booking_row($self->{slots}{ $before->{slot} }, $before, 1);
	}
	my $user = $self->user_of($c->{user});
	refuse('SW013') if $c->{at} <= $self->{now};
	refuse('SW013') if defined $c->{trainer} && $self->user_of($c->{trainer})->{role} eq 'client';
	$self->sweep($user);
	$self->put_slot(name => "$c->{as}_1", user => $user->{id}, trainer => $c->{trainer}, status => 'requested', date => $c->{at}, duration => $c->{duration}, cost => 1);
	my $slot = $self->{slots}{"$c->{as}_1"};
	$self->note($user, 'request', 0, slot => $slot->{name}, key => $c->{key}, actor => $who->{id});
	my %then = told($slot, $user, $c->{as});
	$self->remember($user->{id}, 'request', $c->{key}, $same, %then, slot => $slot->{name});
	$self->{fresh}{ $slot->{name} } = 1;
	return $self->booking_row($slot, \%then, 0);
}

# Whether a slot is there to be booked: it is open, or the client has asked for it, and trainer or office grant it.
sub is_to_be_had
{
	my ($who, $user_id, $slot, $grants) = @_;
	return 1 if is_open($slot);
	return $grants && is_request($slot) && $slot->{user} == $user_id
	  && (is_office($who) || ($who->{role} eq 'trainer' && is_person($who, $slot->{trainer})));
}

# Who may book this slot for this client.
sub check_may_book
{
	my ($self, $who, $user_id, $slot) = @_;
	return if is_office($who) || is_person($who, $user_id);
	refuse('SW006') if $who->{role} ne 'trainer';
	refuse('SW006') if $slot && !is_person($who, $slot->{trainer});
	return;
}

# Why a booking is refused, or nothing.
sub why_not
{
	my ($self, $who, $user_id, $slot, %more) = @_;
	return 'SW002' if !$slot || !is_to_be_had($who, $user_id, $slot, $more{grants});
	return 'SW002' if $slot->{date} <= $self->{now} && $who->{role} eq 'client';
	my $hold = $self->{holds}{ $slot->{name} };
	return 'SW002' if $hold && $hold->{until} > $self->{now} && $hold->{user} != $user_id;
	return 'SW002' if !$more{forced} && $self->is_kept($slot, $user_id, $more{anew});
	my $user = $self->{users}{$user_id} or return 'SW003';
	return 'SW017' if !$more{forced} && $self->is_suspended_at($user, $slot->{date});
	return 'SW010' if !$more{forced} && $self->client_is_busy($user_id, $slot, $more{instead_of} || (), $more{guest} ? $self->mates_of($slot) : ());
	return 'SW010' if !$more{forced} && is_request($slot) && $self->trainer_is_busy($slot, $slot->{name});
	return 'SW001' if $self->spendable($user, $slot) < $more{credits};
	return;
}

# Whether the office passes over rules and overlaps this once.
sub forced
{
	my ($c, $who) = @_;
	refuse('SW006') if $c->{force} && !is_office($who);
	return $c->{force};
}

sub charges
{
	my ($self, $c, $who) = @_;
	return !(is($who, 'admin') && $self->{settings}{admin_booking} eq 'free') unless defined $c->{charge};
	refuse('SW006') if !$c->{charge} && !is_office($who);
	return $c->{charge};
}

sub booking_row
{
	my ($self, $slot, $then, $replayed) = @_;
	my $ledger = defined $then->{ledger} ? $replayed ? "{$then->{ledger}}" : "{+$then->{ledger}}" : undef;
	return row($self->ref_of($slot), $slot->{user}, $slot->{trainer}, $slot->{status}, $slot->{date}, $slot->{duration},
		bool($then->{credits}), $then->{available}, bool($replayed), $ledger, @$then{qw(credits owed)});
}

sub take_slot
{
	my ($self, $user, $slot) = @_;
	$slot->{user} = $user->{id};
	$slot->{status} = 'scheduled';
	$user->{slots}{ $slot->{name} } = 1;
	delete $self->{holds}{ $slot->{name} };
	$self->leave($slot, $user->{id});
	$self->arrange($slot);
	return;
}

sub do_book
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{user}, $c->{slot});
	return $self->book($c, $who, $c->{slot});
}

sub do_book_many
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{user});
	check_list($c->{slots});
	return $self->book($c, $who, @{ $c->{slots} });
}

sub book
{
	my ($self, $c, $who, @names) = @_;
	my @named = map { $self->{slots}{$_} } @names;
	my @slots = $self->choose($c->{user}, @named);
	$self->check_may_book($who, $c->{user}, $slots[$_] || $named[$_]) for 0 .. $#slots;
	my $charged = $self->charges($c, $who);
	refuse('SW006') if $c->{later} && is($who, 'client');
	my $forced = forced($c, $who);
	check_key($c->{key});
	my $same = join(',', sort map { $named[$_] ? line_of($named[$_]) : $names[$_] } 0 .. $#names);
	if (my $before = $self->replay($c->{user}, 'booking', $c->{key}, $same))
	{
		my %then = map { $_ => [ @{ $before->{answers}{$_} } ] } keys %{ $before->{answers} };
		return join(';', map { my $then = shift @{ $then{ line_of($_) } }; $self->booking_row($self->{slots}{ $then->{slot} }, $then, 1) } @named);
	}

	# of several reasons any may be given
	my (%why, @price, %spent);
	for my $i (0 .. $#slots)
	{
		push @price, $charged && $slots[$i] ? $slots[$i]{cost} : 0;
		my $why = $self->why_not($who, $c->{user}, $slots[$i], credits => 0, forced => $forced, grants => 1, guest => $c->{guest});
		# each of them takes what is good for it of what the others leave
		my $missing = $why || $c->{later} ? 0 : $price[$i];
		for my $lot ($missing ? grep { !$self->is_due($_) && is_good($_, $slots[$i]) } $self->purse($self->{users}{ $c->{user} }) : ())
		{
			my $take = min($missing, $lot->{remaining} - ($spent{ $lot->{name} } || 0));
			$spent{ $lot->{name} } += $take;
			$missing -= $take;
		}
		$why ||= 'SW001' if $missing;
		$why{$why} = 1 if $why;
		$why{SW013} = 1 if $c->{guest} && $named[$i] && !defined $named[$i]{class};
		for my $other ($slots[$i] ? grep { $_ } @slots[ 0 .. $i - 1 ] : ())
		{
			$why{SW010} = 1 if meet($other, $slots[$i]) && !($c->{guest} && is_mate($other, $slots[$i]));
		}
	}
	refuse(join('/', sort keys %why)) if %why;

	my $user = $self->{users}{ $c->{user} };
	my (@rows, %answers);
	my $lot = defined $c->{lot} ? $self->{lots}{ $c->{lot} } : undef;
	refuse('SW001') if defined $c->{lot} && !$c->{later} && $price[0]
	  && (!$lot || $lot->{user} != $user->{id} || $self->is_due($lot) || $lot->{remaining} < $price[0] || !is_good($lot, $slots[0]));
	$self->sweep($user);
	$self->settle_places($c, $user->{id}, @slots);
	for my $slot (@slots)
	{
		my $first = $slot == $slots[0];
		@$slot{qw(guest forced)} = ($c->{guest}, $forced);
		my $ledger = @slots > 1 ? "$c->{as}_$slot->{name}" : $c->{as};
		my $price = shift @price;
		$slot->{debit} = $self->take($user, 'booking', [], $c->{later} ? 0 : $price, $lot ? [ { lot => $lot->{name}, n => $price } ] : [],
			slot => $slot->{name}, key => $first ? $c->{key} : undef, actor => $who->{id});
		$slot->{owed} = $c->{later} ? $price : 0;
		$slot->{gratis} = $charged && $price == 0;
		$self->take_slot($user, $slot);
		push @{ $answers{ line_of($slot) } }, { told($slot, $user, $ledger), slot => $slot->{name} };
		push @rows, $self->booking_row($slot, $answers{ line_of($slot) }[-1], 0);
	}
	$self->remember($c->{user}, 'booking', $c->{key}, $same, answers => \%answers);
	return join(';', @rows);
}

sub do_can_book
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{user}, $c->{slot});
	my $named = $self->{slots}{ $c->{slot} };
	my ($slot) = $self->choose($c->{user}, $named);
	$self->check_may_book($who, $c->{user}, $slot || $named);
	refuse('SW013') if $c->{guest} && $named && !defined $named->{class};
	my $why = $self->why_not($who, $c->{user}, $slot, credits => $slot && $self->charges({}, $who) ? $slot->{cost} : 0, grants => 1, guest => $c->{guest});
	return row(bool(!$why), $why);
}

sub do_hold
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{user}, $c->{slot});
	my $named = $self->{slots}{ $c->{slot} };
	my ($slot) = $self->choose($c->{user}, $named);
	$self->check_may_book($who, $c->{user}, $slot || $named);
	my $forced = forced($c, $who);
	refuse('SW013') if $c->{minutes} <= 0 || $c->{minutes} > 30;
	my $why = $self->why_not($who, $c->{user}, $slot, credits => $slot && $self->{settings}{hold_credit} eq 'on' ? $slot->{cost} : 0, forced => $forced, anew => 1);
	refuse($why) if $why;
	my @held = grep { $_ ne $slot->{name} && $self->{holds}{$_}{user} == $c->{user} && $self->{holds}{$_}{until} > $self->{now} }
	  keys %{ $self->{holds} };
	refuse('SW013') if @held >= $self->{settings}{hold_max};
	my $user = $self->{users}{ $c->{user} };
	$self->sweep($user);
	$self->settle_places($c, $user->{id}, $slot);
	$self->note($user, 'hold', 0, slot => $slot->{name}, actor => $who->{id});
	$self->{holds}{ $slot->{name} } = { user => $c->{user}, until => $self->clock + 60 * $c->{minutes} };
	$self->arrange($slot);
	return row($self->ref_of($slot), $c->{user}, 't');
}

sub do_release
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{slot});
	my $slot = $self->{slots}{ $c->{slot} } or refuse('SW007');
	if (defined $slot->{class})
	{
		# whose hold is meant
		my $all = is_office($who) || ($who->{role} eq 'trainer' && is_person($who, $slot->{trainer}));
		my @held = grep { defined $self->holder($_) && ($all || is_person($who, $self->holder($_))) } $self->places_of($slot);
		$slot = $held[0] if @held == 1 && !grep { $_ == $slot } @held;
	}
	my $hold = $self->{holds}{ $slot->{name} };
	refuse('SW008') unless $hold && $hold->{until} > $self->{now};
	refuse('SW006') unless is_office($who) || is_person($who, $hold->{user})
	  || ($who->{role} eq 'trainer' && is_person($who, $slot->{trainer}));
	my $user = $self->{users}{ $hold->{user} };
	my @people = ($user->{id}, $self->next_in_line($slot));
	$self->sweep($user);
	$self->note($user, 'release', 0, slot => $slot->{name}, actor => $who->{id});
	$hold->{until} = $self->{now};
	$self->arrange($slot);
	$self->tell($slot, @people);
	return row("{$slot->{name}}", $hold->{user}, 't');
}

# A slot that the actor works on as its trainer or from the office.
sub own_slot
{
	my ($self, $c, $who) = @_;
	my $slot = $self->{slots}{ $c->{slot} } or refuse('SW007');
	refuse('SW006') unless is_office($who) || is_person($who, $slot->{trainer});
	return $slot;
}

sub advance
{
	my ($self, $c, $who, $from, $to, $kind) = @_;
	my $slot = $self->own_slot($c, $who);
	refuse('SW008') unless is_live($slot) && $slot->{status} =~ $from;
	refuse('SW008') if $kind eq 'completion' && $self->{now} < $self->day_of($slot);
	refuse('SW008') if $kind eq 'no_show' && $self->{now} < $slot->{date};
	my $user = $self->{users}{ $slot->{user} };
	$self->sweep($user);
	if ($to eq 'completed' && $slot->{owed} && $slot->{owed} <= $self->spendable($user, $slot))
	{
		$slot->{debit} = $self->take($user, 'charge', $slot->{debit}, debit_of($slot) + $slot->{owed}, [], slot => $slot->{name}, actor => $who->{id});
		$slot->{owed} = 0;
	}
	$self->note($user, $kind, 0, slot => $slot->{name}, actor => $who->{id});
	$slot->{status} = $to;
	$slot->{became} = { completion => 'attended', no_show => 'missed', confirmation => 'confirmed' }->{$kind};
	return $self->booking_row($slot, { told($slot, $user, $c->{as}) }, 0);
}

# Midnight before a slot, where the studio is.
sub day_of
{
	my ($self, $slot) = @_;
	my $local = $slot->{date} + $self->{settings}{seconds_east};
	return $slot->{date} - $local % 86_400;
}

sub do_confirm
{
	my ($self, $c, $who) = @_;
	only($who, qw(trainer staff admin system));
	required($c->{slot});
	return $self->advance($c, $who, qr/scheduled/, 'confirmed', 'confirmation');
}

sub do_complete
{
	my ($self, $c, $who) = @_;
	only($who, qw(trainer staff admin system));
	required($c->{slot});
	return $self->advance($c, $who, qr/./, 'completed', $c->{attended} ? 'completion' : 'no_show');
}

sub do_move
{
	my ($self, $c, $who) = @_;
	only($who, qw(trainer staff admin system));
	required($c->{slot});
	refuse('SW005') unless defined $c->{at} || defined $c->{trainer} || defined $c->{duration};
	return $self->move($c, $who, { map { $_ => $c->{$_} } qw(slot at trainer duration) });
}

sub do_move_many
{
	my ($self, $c, $who) = @_;
	only($who, qw(trainer staff admin system));
	check_list($c->{slots});
	refuse('SW005') unless $c->{ats} || $c->{trainers};
	refuse('SW013') if grep { $_ && @$_ != @{ $c->{slots} } } @$c{qw(ats trainers)};
	return $self->move($c, $who, map {
		{ slot => $c->{slots}[$_], at => $c->{ats} && $c->{ats}[$_], trainer => $c->{trainers} && $c->{trainers}[$_] }
	} 0 .. $#{ $c->{slots} });
}

sub move
{
	my ($self, $c, $who, @moves) = @_;
	$_->{from} = $self->own_slot($_, $who) for @moves;
	# of a class, all of it
	for my $move (@moves)
	{
		$self->own_slot({ slot => $_->{name} }, $who) for grep { $_->{status} ne 'cancelled' } $self->places_of($move->{from});
	}
	for my $move (@moves)
	{
		my $slot = $move->{from};
		refuse('SW008') unless is_nobodys($slot) || is_live($slot);
		refuse('SW013') if defined $move->{duration} && ($move->{duration} < 1 || $move->{duration} > 1440);
		$move->{new} = { %$slot, map { defined $move->{$_->[1]} ? ($_->[0] => $move->{$_->[1]}) : () }
			  [qw(date at)], [qw(trainer trainer)], [qw(duration duration)] };
	}
	# a class with all its places
	my $named = @moves;
	for my $move (@moves[ 0 .. $named - 1 ])
	{
		for my $slot (grep { $_->{name} ne $move->{slot} && $_->{status} ne 'cancelled' } $self->places_of($move->{from}))
		{
			refuse('SW008') if $slot->{status} eq 'completed';
			push @moves, { slot => $slot->{name}, from => $slot, new => { %$slot, map { $_ => $move->{new}{$_} } qw(date trainer duration) } };
		}
	}

	for my $move (@moves)
	{
		next if !defined $move->{new}{trainer} || is_same(map { $_->{trainer} } @$move{qw(new from)});
		refuse('SW013') if $self->user_of($move->{new}{trainer})->{role} eq 'client';
	}

	# what a trainer may not open for another he cannot move to him either
	refuse('SW013') if !is_office($who) && grep { !is_live($_->{from}) && !is_same(map { $_->{trainer} } @$_{qw(new from)}) } @moves;

	# as if all had moved
	my @names = map { $_->{slot} } @moves;
	for my $i (0 .. $#moves)
	{
		my $new = $moves[$i]{new};
		refuse('SW010') if $self->trainer_is_busy($new, @names);
		refuse('SW010') if is_live($new) && $self->client_is_busy($new->{user}, $new, @names);
		for my $other (map { $_->{new} } @moves[ 0 .. $i - 1 ])
		{
			refuse('SW010') if meet($new, $other) && !is_mate($new, $other) && (is_same($new->{trainer}, $other->{trainer})
				|| (is_live($new) && is_live($other) && $new->{user} == $other->{user}));
		}
	}

	my (%of, %available);
	$self->sweep($self->{users}{$_}) for grep { !$of{$_}++ } map { is_live($_->{new}) ? $_->{new}{user} : () } @moves;
	my (@rows, @calendar);
	for my $move (@moves)
	{
		my ($slot, $new) = @$move{qw(from new)};
		my ($ledger, $changes) = (undef, scalar grep { text($new->{$_}) ne text($slot->{$_}) } qw(date trainer duration));
		if (is_live($slot) && $changes)
		{
			$ledger = $named > 1 ? "$c->{as}_$slot->{name}" : $c->{as};
			$self->note($self->{users}{ $slot->{user} }, 'move', 0, slot => $slot->{name}, actor => $who->{id});
		}
		elsif ($changes)
		{
			delete $self->{holds}{ $slot->{name} };
			push @calendar, $slot->{trainer}, $new->{trainer};
		}
		# a booking that the studio puts so near that its client could not give it up
		$new->{too_near} = $self->{now} > $new->{date} - $self->{settings}{cancel_window} && !is_person($who, $slot->{user})
		  if is_live($slot) && $new->{date} != $slot->{date};
		push @rows, [ $new, $ledger ];
	}
	$self->note_calendar($who, undef, @calendar);
	$self->put_slot(%{ $_->{new} }) for @moves;
	$self->arrange($self->{slots}{ $_->{slot} }) for grep { is_open($_->{from}) } @moves;
	return join(';', map {
		my ($new, $ledger) = @$_;
		$self->booking_row($new, is_live($new) ? { told($new, $self->{users}{ $new->{user} }, $ledger) } : {}, 0);
	} @rows[ 0 .. $named - 1 ]);
}

sub has_begun { my ($self, $slot) = @_; return $slot->{date} <= $self->{now}; }

sub is_too_late
{
	my ($self, $slot) = @_;
	return $self->{now} > $slot->{date} - $self->{settings}{cancel_window} && !$slot->{too_near};
}

sub do_cancel
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{slot});
	return $self->cancel($c, $who, $c->{slot});
}

sub do_cancel_many
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	check_list($c->{slots});
	return $self->cancel($c, $who, @{ $c->{slots} });
}

# Whether a slot is the studio's affair for whoever asks; refuses whom it does not concern.
sub is_studio
{
	my ($self, $who, $slot) = @_;
	my $is_trainer = $who->{role} eq 'trainer' && is_person($who, $slot->{trainer});
	refuse('SW006') unless is_office($who) || is_person($who, $slot->{user}) || $is_trainer;
	return is_office($who) || $is_trainer;
}

# Whether what a booking has taken comes back.
sub comes_back
{
	my ($self, $c, $slot, $studio) = @_;
	return defined $c->{return} ? $c->{return} : $studio || !$self->is_too_late($slot);
}

sub cancellation_row
{
	my ($self, $slot, $then, $replayed) = @_;
	my $reopened = defined $then->{reopened} ? $replayed ? "{$then->{reopened}}" : "{+$then->{reopened}}" : undef;
	my $row = $self->booking_row($slot, { %$then, credits => undef, owed => undef }, $replayed);
	$row =~ s/\|\|$//;
	my @fields = split /\|/, $row, -1;
	$fields[6] = bool($then->{credits});
	return row(@fields, bool($then->{returned}), $reopened, $then->{credits});
}

sub cancel
{
	my ($self, $c, $who, @names) = @_;
	my (@slots, %studio, %of);
	for my $name (@names)
	{
		my $slot = $self->{slots}{$name} or refuse('SW007');
		my $studio = $studio{$name} = $self->is_studio($who, $slot);
		refuse('SW006') if defined $c->{return} && !is_office($who);
		refuse('SW006') if defined $c->{reopen} && !$studio;
		push @slots, $slot;
		push @{ $of{ $slot->{user} } }, $slot if defined $slot->{user};
	}
	check_key($c->{key});

	my $same = join(',', sort map { $_->{name} } grep { defined $_->{user} } @slots);
	my $told = sub {
		my ($slot, $then, $replayed) = @_;
		return $self->cancellation_row($slot, $then, $replayed);
	};
	my @before = map { $self->replay($_, 'cancellation', $c->{key}, $same) || () } sort keys %of;
	if (@before)
	{
		refuse('SW009') if @before < keys %of || grep { !defined $_->{user} && $_->{status} ne 'cancelled' } @slots;
		my %then = map { %{ $_->{answers} } } @before;
		return join(';', map { $told->($_, $then{ $_->{name} } || {}, 1) } @slots);
	}
	for my $slot (grep { !is_nobodys($_) && !is_request($_) } @slots)
	{
		refuse('SW008') unless is_live($slot);
		refuse('SW008') if !$studio{ $slot->{name} } && $self->has_begun($slot);
	}
	refuse('SW013') if defined $c->{key} && !%of;

	my (%answers, @calendar);
	my @people = map { ($self->next_in_line($_), defined $_->{user} ? @$_{qw(user trainer)} : ()) } @slots;
	for my $slot (@slots)
	{
		if (!defined $slot->{user})
		{
			$slot->{status} = 'cancelled';
			delete $self->{holds}{ $slot->{name} };
			push @calendar, $slot->{trainer};
			next;
		}
		my $mine = delete $of{ $slot->{user} } or next;
		my $user = $self->{users}{ $slot->{user} };
		$self->sweep($user);
		my $key = $c->{key};
		for my $booking (@$mine)
		{
			my $name = $booking->{name};
			my $then = $answers{ $user->{id} }{$name} = { ledger => @slots > 1 ? "$c->{as}_$name" : $c->{as} };
			is_request($booking) ? $self->withdraw($who, $user, $booking, $key, $then)
			  : $self->give_up($c, $who, $user, $booking, $studio{$name}, $key, $then);
			undef $key;
		}
		$_->{available} = $user->{balance} for values %{ $answers{ $user->{id} } };
		$self->remember($user->{id}, 'cancellation', $c->{key}, $same, answers => $answers{ $user->{id} });
	}
	$self->note_calendar($who, undef, @calendar);
	$self->go_on($_, defined $_->{user} ? $answers{ $_->{user} }{ $_->{name} }{reopened} : undef, @people) for @slots;
	return join(';', map { $told->($_, (defined $_->{user} ? $answers{ $_->{user} }{ $_->{name} } : {}), 0) } @slots);
}

# What was asked for is not to be, and was no booking.
sub withdraw
{
	my ($self, $who, $user, $slot, $key, $then) = @_;
	$self->note($user, 'cancellation', 0, slot => $slot->{name}, key => $key, actor => $who->{id});
	$slot->{status} = 'cancelled';
	$slot->{never_booked} = 1;
	$then->{credits} = 0;
	return;
}

sub give_up
{
	my ($self, $c, $who, $user, $slot, $studio, $key, $then) = @_;
	my $returns = $self->comes_back($c, $slot, $studio);
	my $credits = debit_of($slot);
	my $spendable = $returns ? $self->to_be_spent($slot) : 0;
	$slot->{gone} = { parts => [], spendable => $spendable, owed => $returns ? $slot->{owed} : 0 };
	if ($returns && $credits)
	{
		$slot->{gone}{parts} = [ reverse @{ $slot->{debit} } ];
		$self->give_back($user, 'cancellation', $slot, key => $key, actor => $who->{id});
	}
	else
	{
		$self->note($user, 'cancellation', 0, slot => $slot->{name}, key => $key, actor => $who->{id});
	}
	$slot->{owed} = 0 if $returns;
	$slot->{status} = 'cancelled';
	$then->{credits} = $credits;
	$then->{returned} = $spendable > 0;
	$slot->{gone}{reopened} = $then->{reopened} = $self->reopen($slot, "$c->{as}_r$slot->{name}")
	  if defined $c->{reopen} ? $c->{reopen} : !$studio && $slot->{date} > $self->{now};
	return;
}

# What a booking became by mistake.
sub do_correct
{
	my ($self, $c, $who) = @_;
	only($who, qw(staff admin system));
	required($c->{slot}, $c->{to_status});
	my $to = $c->{to_status};
	my $status = { attended => 'completed', missed => 'completed', confirmed => 'confirmed', scheduled => 'scheduled' }->{$to} or refuse('SW013');
	required($c->{reason});
	check_key($c->{key});
	my $slot = $self->{slots}{ $c->{slot} } or refuse('SW007');
	my $same = "$c->{slot} $to";
	if (my $before = defined $slot->{user} && $self->replay($slot->{user}, 'correction', $c->{key}, $same))
	{
		return $self->booking_row($slot, $before, 1);
	}
	refuse('SW008') unless defined $slot->{user} && !$slot->{never_booked};
	my $gone = $slot->{status} eq 'cancelled' ? $slot->{gone} : undef;
	refuse('SW008') unless $gone || ($slot->{status} eq 'completed' && $slot->{became} ne $to) || ($slot->{status} eq 'confirmed' && $to eq 'scheduled');
	refuse('SW008') if $to eq 'attended' && $self->{now} < $self->day_of($slot);
	refuse('SW008') if $to eq 'missed' && $self->{now} < $slot->{date};

	my $closed = $gone && $gone->{reopened} ? $self->{slots}{ $gone->{reopened} } : undef;
	undef $closed if $closed && !(is_open($closed) && meet($closed, $slot));
	if ($gone && defined $slot->{class})
	{
		# the class may be elsewhere by now, and its client may have another place
		refuse('SW010') if grep { $_->{status} ne 'cancelled' && row(@$_{qw(date trainer duration)}) ne row(@$slot{qw(date trainer duration)}) } $self->places_of($slot);
		refuse('SW010') if !$slot->{guest} && $self->client_is_busy($slot->{user}, $slot, $slot->{name});
	}
	if ($slot->{status} eq 'completed' && $status ne 'completed' && !$slot->{guest})
	{
		# he may have booked another place since
		refuse('SW010') if grep { $_->{name} ne $slot->{name} && is_live($_) && $_->{user} == $slot->{user} && !$_->{guest} && !$_->{forced} } $self->places_of($slot);
	}
	refuse('SW010') if $gone && $self->trainer_is_busy($slot, $slot->{name}, $closed ? $closed->{name} : ());
	refuse('SW010') if $status ne 'completed' && $self->client_is_busy($slot->{user}, $slot, $slot->{name}, $self->mates_of($slot));
	my $user = $self->{users}{ $slot->{user} };

	# what it had before, and owed; what was charged since is a part of that
	my $has = debit_of($slot);
	my $credits = $gone && $gone->{spendable} > $has ? $gone->{spendable} : $has;
	my $owed = $gone ? ($gone->{owed} || 0) + $gone->{spendable} - $credits : 0;
	refuse('SW001') if $self->spendable($user, $slot) < $credits - $has;

	$self->sweep($user);
	$slot->{debit} = $self->take($user, 'correction', $slot->{debit}, $credits, $gone && $gone->{parts},
		slot => $slot->{name}, key => $c->{key}, actor => $who->{id});
	$slot->{owed} = $owed if $owed > ($slot->{owed} || 0);
	if ($closed)
	{
		$closed->{status} = 'cancelled';
		delete $self->{holds}{ $closed->{name} };
	}
	$slot->{status} = $status;
	$slot->{became} = $to;
	if ($closed)
	{
		$self->{lines}{ line_of($slot) } = delete $self->{lines}{ line_of($closed) } || [];
	}
	$self->leave($slot, $slot->{user});
	$self->arrange($slot);
	delete $slot->{gone};
	my %then = told($slot, $user, $c->{as});
	$self->remember($user->{id}, 'correction', $c->{key}, $same, %then);
	return $self->booking_row($slot, \%then, 0);
}

# What a cancellation would come to, without options.
sub do_can_cancel
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{slot});
	my $slot = $self->{slots}{ $c->{slot} } or return row('f', 'SW007', undef, undef, undef);
	my $studio = $self->is_studio($who, $slot);
	return row('t', undef, 'f', 0, undef) if is_nobodys($slot) || is_request($slot);
	return row('f', 'SW008', undef, undef, undef) unless is_live($slot);
	my $until = $slot->{too_near} ? $slot->{date} : $slot->{date} - $self->{settings}{cancel_window};
	return row('f', 'SW008', undef, undef, $until) if !$studio && $self->has_begun($slot);
	my $spendable = $self->comes_back({}, $slot, $studio) ? $self->to_be_spent($slot) : 0;
	return row('t', undef, bool($spendable), debit_of($slot), $until);
}

# A new open slot where a booking was, unless its trainer is busy: he gave what was asked for by force.
sub reopen
{
	my ($self, $slot, $name) = @_;
	return if $self->trainer_is_busy($slot, $slot->{name});
	$self->put_slot(name => $name, status => 'available', map { $_ => $slot->{$_} } qw(trainer date duration cost kind class));
	return $name;
}

sub do_reschedule
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{slot}, $c->{to});
	my $from = $self->{slots}{ $c->{slot} } or refuse('SW007');
	my $is_trainer = $who->{role} eq 'trainer' && is_person($who, $from->{trainer});
	refuse('SW006') unless is_office($who) || is_person($who, $from->{user}) || $is_trainer;
	my $forced = forced($c, $who);
	check_key($c->{key});
	my $named = $self->{slots}{ $c->{to} };
	my $same = row($c->{slot}, $named ? line_of($named) : $c->{to});
	if (my $before = defined $from->{user} && $self->replay($from->{user}, 'reschedule', $c->{key}, $same))
	{
		return $self->booking_row($self->{slots}{ $before->{slot} }, $before, 1);
	}
	my ($place) = defined $from->{user} ? $self->choose($from->{user}, $named) : $named;
	my $to = $place || $named;
	refuse('SW008') unless is_live($from);
	refuse('SW008') if !is_office($who) && !$is_trainer && ($self->has_begun($from) || $self->is_too_late($from));
	refuse('SW006') if $to && $is_trainer && !is_person($who, $to->{trainer}) && !is_person($who, $from->{user});
	refuse('SW007') unless $to;

	# what was free stays free, unless it was only that it cost nothing, and who owes takes nothing more now
	my $had = debit_of($from);
	my $charged = $had || $from->{owed} || $from->{gratis};
	my $price = $charged ? $to->{cost} : 0;
	my $good = sum(map { $_->{n} } grep { is_good($self->{lots}{ $_->{lot} }, $to) } @{ $from->{debit} || [] });
	my $credits = $from->{owed} ? min($good, $price) : $price;
	my $why = $self->why_not($who, $from->{user}, $place, instead_of => $from->{name}, forced => $forced, credits => $credits - $good);
	refuse($why) if $why;

	my $user = $self->{users}{ $from->{user} };
	$self->sweep($user);
	my @people = (@$from{qw(user trainer)}, $self->next_in_line($from));
	$self->settle_places($c, $user->{id}, $to);
	$to->{debit} = $self->take($user, 'reschedule', delete $from->{debit}, $credits, [], slot => $to->{name}, from => $from->{name},
		key => $c->{key}, actor => $who->{id});
	$to->{owed} = $price - $credits;
	$to->{gratis} = $charged && $price == 0;
	$from->{owed} = $from->{gratis} = 0;
	$from->{status} = 'cancelled';
	my $reopened = $from->{date} > $self->{now} ? $self->reopen($from, "$c->{as}_1") : undef;
	$to->{forced} = $forced;
	$self->take_slot($user, $to);
	$self->go_on($from, $reopened, @people);
	$to->{too_near} = $self->is_too_late($to) && $to->{date} != $from->{date} && !is_person($who, $user->{id});
	$self->{reopened} = $reopened;
	my %then = (told($to, $user, $c->{as}), slot => $to->{name});
	$self->remember($user->{id}, 'reschedule', $c->{key}, $same, %then);
	return $self->booking_row($to, \%then, 0);
}

# -- what is charged afterwards, and let off

sub was_booked { my ($slot) = @_; return defined $slot->{user} && !$slot->{never_booked} && (is_live($slot) || $slot->{status} =~ /^(completed|cancelled)$/); }

sub do_charge
{
	my ($self, $c, $who) = @_;
	only($who, qw(staff admin system));
	required($c->{slot});
	refuse('SW013') if defined $c->{n} && ($c->{n} < 1 || $c->{n} > 100);
	check_key($c->{key});
	my $slot = $self->{slots}{ $c->{slot} } or refuse('SW007');
	if (my $before = defined $slot->{user} && $self->replay($slot->{user}, 'charge', $c->{key}, $c->{slot}))
	{
		refuse('SW009') if defined $c->{n} && $c->{n} != $before->{n};
		return $self->booking_row($slot, $before, 1);
	}
	refuse('SW008') unless was_booked($slot);
	my $has = debit_of($slot);
	my $n = $c->{n} || $slot->{owed};
	if (!$n)
	{
		refuse('SW008') if $has || $slot->{status} eq 'cancelled' || $slot->{cost} == 0;
		$n = $slot->{cost};
	}
	refuse('SW013') if $has + $n > 100;
	my $user = $self->{users}{ $slot->{user} };
	refuse('SW001') if $n > $self->spendable($user, $slot);
	$self->sweep($user);
	$slot->{debit} = $self->take($user, 'charge', $slot->{debit}, $has + $n, [], slot => $slot->{name}, key => $c->{key}, actor => $who->{id});
	$slot->{owed} -= min($n, $slot->{owed} || 0);
	$slot->{gratis} = 0;
	my %then = told($slot, $user, $c->{as});
	$self->remember($user->{id}, 'charge', $c->{key}, $c->{slot}, %then, n => $n);
	return $self->booking_row($slot, \%then, 0);
}

sub do_waive
{
	my ($self, $c, $who) = @_;
	only($who, qw(trainer staff admin system));
	required($c->{slot}, $c->{reason});
	check_key($c->{key});
	my $slot = $self->own_slot($c, $who);
	only($who, qw(staff admin system));
	if (my $before = defined $slot->{user} && $self->replay($slot->{user}, 'waiver', $c->{key}, $c->{slot}))
	{
		return $self->cancellation_row($slot, $before, 1);
	}
	refuse('SW008') unless was_booked($slot);
	my $user = $self->{users}{ $slot->{user} };
	my %then = (credits => debit_of($slot), returned => 0, ledger => $c->{as});
	if ($slot->{owed})
	{
		$self->sweep($user);
		$self->take($user, 'waiver', $slot->{debit}, debit_of($slot), [], slot => $slot->{name}, key => $c->{key}, actor => $who->{id});
		$slot->{owed} = 0;
	}
	else
	{
		refuse('SW008') if !$then{credits} || is_live($slot);
		$self->sweep($user);
		$then{returned} = $self->to_be_spent($slot) > 0;
		$self->give_back($user, 'waiver', $slot, key => $c->{key}, actor => $who->{id});
	}
	$then{available} = $user->{balance};
	$self->remember($user->{id}, 'waiver', $c->{key}, $c->{slot}, %then);
	return $self->cancellation_row($slot, \%then, 0);
}

# The owner asks another price for a session.
sub do_time_of_cost
{
	my ($self, $c) = @_;
	$self->{slots}{ $c->{slot} }{cost} = $c->{cost};
	return '';
}

# -- suspensions

sub is_suspended
{
	my ($self, $user) = @_;
	my $suspension = $user->{suspension};
	return $suspension && (!defined $suspension->{until} || $suspension->{until} > $self->{now});
}

sub is_suspended_at
{
	my ($self, $user, $date) = @_;
	my $suspension = $user->{suspension} or return 0;
	return $date >= $suspension->{since} && (!defined $suspension->{until} || $date < $suspension->{until});
}

sub do_suspend
{
	my ($self, $c, $who) = @_;
	only($who, qw(staff admin system));
	required($c->{user});
	my $user = $self->user_of($c->{user});
	refuse('SW008') if $self->is_suspended($user);
	refuse('SW013') if defined $c->{until} && ($c->{until} <= $c->{since} || $c->{until} <= $self->{now});
	$self->sweep($user);
	my $suspension = $user->{suspension} = { since => $c->{since}, until => $c->{until}, put_off => [] };
	$self->note($user, 'suspension', 0, actor => $who->{id});
	for my $lot ($c->{put_off} ? map { $self->{lots}{$_} } @{ $user->{lots} } : ())
	{
		next if !defined $lot->{expires} || $lot->{expires} <= $self->{now} || $lot->{expires} <= $c->{since};
		my $end = defined $c->{until} ? $lot->{expires} + $c->{until} - $c->{since} : undef;
		push @{ $suspension->{put_off} }, { lot => $lot, from => $lot->{expires}, to => $end };
		$self->note($user, 'extension', 0, lot => $lot->{name}, actor => $who->{id});
		$lot->{expires} = $end;
	}
	return row($user->{id}, $c->{since}, $c->{until}, "{+$c->{as}}");
}

# Where lots were put off the suspension has not begun, so it took no time.
sub do_resume
{
	my ($self, $c, $who) = @_;
	only($who, qw(staff admin system));
	required($c->{user});
	my $user = $self->user_of($c->{user});
	refuse('SW008') unless $self->is_suspended($user);
	$self->sweep($user);
	my $suspension = delete $user->{suspension};
	$self->note($user, 'resumption', 0, actor => $who->{id});
	for my $off (@{ $suspension->{put_off} })
	{
		next if text($off->{lot}{expires}) ne text($off->{to});
		$self->note($user, 'extension', 0, lot => $off->{lot}{name}, actor => $who->{id});
		$off->{lot}{expires} = $off->{from};
	}
	return row($user->{id}, 't', "{+$c->{as}}");
}

# -- readers

sub check_may_read
{
	my ($self, $who, $user_id) = @_;
	return if is_office($who) || is_person($who, $user_id);
	if ($who->{role} eq 'trainer' && $self->{users}{$user_id})
	{
		for my $slot (map { $self->{slots}{$_} } keys %{ $self->{users}{$user_id}{slots} })
		{
			return if is_same($slot->{user}, $user_id) && is_person($who, $slot->{trainer});
		}
	}
	refuse('SW006');
}

sub count
{
	my ($self, $user) = @_;
	my %n = map { $_ => 0 } qw(scheduled confirmed completed cancelled used live);
	for my $slot (map { $self->{slots}{$_} } keys %{ $user->{slots} })
	{
		next unless defined $slot->{user} && $slot->{user} == $user->{id};
		$n{ $slot->{status} }++;
		$n{ is_live($slot) ? 'live' : 'used' } += debit_of($slot);
	}
	$n{used} -= $user->{'usage total'} || 0;
	my $purchased = 0;
	$purchased += $user->{"$_ total"} || 0 for qw(opening grant purchase reinstatement reversal revocation transfer external);
	my $expired = -($user->{'expiry total'} || 0) - ($user->{'extension total'} || 0);
	die "user $user->{id}: purchased $purchased, balance $user->{balance}, live $n{live}, used $n{used}, expired $expired"
	  if $purchased != $user->{balance} + $n{live} + $n{used} + $expired;
	return (%n, purchased => $purchased);
}

sub do_summary
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{user});
	$self->check_may_read($who, $c->{user});
	my $user = $self->user_of($c->{user});
	my %n = $self->count($user);
	my $available = $self->available($user);
	my $warning = $available == 0 ? 'none' : $available <= 3 ? 'low' : undef;
	return row($c->{user}, $available, @n{qw(scheduled confirmed completed cancelled)},
		$available + $n{scheduled} + $n{confirmed} + $n{completed} + $n{cancelled}, $warning);
}

sub do_client
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	required($c->{user});
	$self->check_may_read($who, $c->{user});
	my $user = $self->user_of($c->{user});
	my %n = $self->count($user);
	return row($c->{user}, $self->available($user), $n{purchased}, $n{used});
}

# How many bookings there are to see to, what they owe and have, and how many of them are over.
sub do_unsettled
{
	my ($self, $c, $who) = @_;
	only($who, qw(client trainer staff admin system));
	refuse('SW006') if $who->{role} eq 'trainer' && defined $c->{trainer} && !is_person($who, $c->{trainer});
	my @n = (0, 0, 0, 0);
	for my $slot (grep { defined $_->{user} && !$_->{never_booked} && $_->{status} ne 'requested' } values %{ $self->{slots} })
	{
		my $ended = ends($slot) <= $self->{now} ? 1 : 0;
		next if defined $c->{trainer} && !is_same($slot->{trainer}, $c->{trainer});
		next unless is_office($who) || is_person($who, $slot->{user}) || ($who->{role} eq 'trainer' && is_person($who, $slot->{trainer}));
		next unless $slot->{owed} || ($ended && is_live($slot));
		my @of_it = (1, $slot->{owed} || 0, debit_of($slot), $ended);
		$n[$_] += $of_it[$_] for 0 .. 3;
	}
	return row(@n);
}

# The open slots that anybody can have: those to come that nobody holds, and that are not kept for who waits; of a class one.
sub to_be_had
{
	my ($self) = @_;
	my (%seen, @slots);
	for my $slot (grep { is_open($_) && $_->{date} > $self->{now} && !$seen{ line_of($_) }++ } values %{ $self->{slots} })
	{
		my @places = $self->places_of($slot);
		my $left = grep { is_open($_) && !defined $self->holder($_) } @places;
		my @holders = grep { defined } map { $self->holder($_) } @places;
		for my $waiter (grep { $self->has_claim($_) } $self->waiters($slot))
		{
			$left-- unless grep { $_ == $waiter->{user} } @holders;
		}
		push @slots, { %$slot, left => $left, places => [ grep { takes_time($_) } @places ] } if $left > 0;
	}
	return @slots;
}

# -- what happens without a call

# A lot that could expire does.
sub do_time_of_lot
{
	my ($self, $c) = @_;
	$self->{lots}{ $c->{lot} }{expires} = $c->{expires};
	return '';
}

# The studio adds a place to a class, where the others are.
sub do_time_of_place
{
	my ($self, $c) = @_;
	my $slot = $self->{slots}{ $c->{slot} };
	refuse('SW010') if $self->trainer_is_busy($slot);
	$self->put_slot(name => "$c->{as}_1", status => 'available', map { $_ => $slot->{$_} } qw(trainer date duration cost kind class));
	$self->arrange($slot, 1);
	return '';
}

# Nobody gets an open place, or somebody can again.
sub do_time_of_blocking
{
	my ($self, $c) = @_;
	my $slot = $self->{slots}{ $c->{slot} };
	refuse('SW010') if $self->trainer_is_busy($slot);
	$slot->{status} = is_open($slot) ? 'blocked' : 'available';
	$self->arrange($slot, is_open($slot));
	return '';
}

# A hold runs out.
sub do_time_of_hold
{
	my ($self, $c) = @_;
	my $hold = $self->{holds}{ $c->{slot} };
	my $slot = $self->{slots}{ $c->{slot} };
	if ($hold->{until} > $self->{now})
	{
		# so much later
		$self->later($slot, $hold->{until} - $self->clock);
	}
	$hold->{until} = 0;
	return '';
}

sub later
{
	my ($self, $slot, $by) = @_;
	for my $waiter (grep { defined $_->{from} } $self->waiters($slot))
	{
		$waiter->{$_} -= $by for qw(from until);
	}
	return;
}

# All turns of a line begin and end as much earlier as one of them is long.
sub do_time_of_turn
{
	my ($self, $c) = @_;
	$self->later($self->{slots}{ $c->{slot} }, $self->{settings}{wait_offer});
	return '';
}

# What is NULL of these arguments is as if it had been left out.
my %default = (
	open => { duration => 60, repeat => 1, places => 1 }, block => { duration => 60, repeat => 1 }, request => { duration => 60 },
	hold => { minutes => 10 }, complete => { attended => 1 }, expire => { n => 1000 }, promote => { n => 100 }, wait => { auto => 0 },
);

# Answers one call.
sub call
{
	my ($self, $c) = @_;
	my $default = $default{ $c->{what} };
	$c = { %$c, map { $_ => defined $c->{$_} ? $c->{$_} : $default->{$_} } keys %$default } if $default;
	my $method = "do_$c->{what}";
	$self->{ticks} += 1e-4;
	delete @$self{qw(reopened unnamed fresh blurred places)};
	my $row = eval { $self->$method($c->{what} =~ /^time/ ? $c : ($c, $self->resolve($c))) };
	my $error = $@;
	$self->name_places($c->{as}) if defined $row;
	return { state => '00000', row => $row, map { $_ => $self->{$_} } qw(reopened unnamed places) } if defined $row;
	die $error unless ref $error;
	return $error;
}

1;
