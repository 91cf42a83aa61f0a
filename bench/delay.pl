#!/usr/bin/perl
# Passes bytes between Unix sockets, each way SECONDS later: a network of that distance, as far as round
# trips go. It adds time, and no limit of bandwidth: nothing waits for what was sent before it.
#   delay.pl LISTEN-SOCKET SERVER-SOCKET SECONDS
use strict;
use warnings;
use IO::Socket::UNIX;
use Time::HiRes qw(time);

my ($from, $to, $delay) = @ARGV;
my $listener = IO::Socket::UNIX->new(Local => $from, Listen => 512) or die "delay.pl: $from: $!\n";
# by file number: the socket, the number of the other end, and what is on its way: [when it is due, bytes]
my (%socket, %other, %late);
my %ended;    # nothing more comes from these
$SIG{PIPE} = 'IGNORE';

sub join_ends {
	my ($one, $two) = map { fileno $_ } @_;
	for my $socket (@_) {
		$socket->blocking(0);
		$socket{fileno $socket} = $socket;
		$late{fileno $socket} = [];
	}
	@other{$one, $two} = ($two, $one);
	return;
}

sub hang_up {
	for my $n (my @ends = ($_[0], $other{$_[0]})) {
		close $socket{$n};
		delete $_->{$n} for \%socket, \%other, \%late, \%ended;
	}
	return;
}

for (;;) {
	my ($readable, $writable, $next) = ('', '', undef);
	vec($readable, $_, 1) = 1 for fileno $listener, grep { !$ended{$_} } keys %socket;
	my $now = time;
	for my $n (keys %late) {
		my $first = $late{$n}[0] or next;
		if ($first->[0] <= $now) { vec($writable, $n, 1) = 1 }
		elsif (!defined $next || $first->[0] < $next) { $next = $first->[0] }
	}
	next if select($readable, $writable, undef, defined $next ? $next - $now : undef) <= 0;

	for my $n (grep { vec $writable, $_, 1 } keys %socket) {
		my $queue = $late{$n} or next;
		my $sent = defined $queue->[0][1] ? syswrite $socket{$n}, $queue->[0][1] : undef;
		if (!defined $sent) { hang_up($n) unless defined $queue->[0][1] && $!{EAGAIN} }
		elsif ($sent < length $queue->[0][1]) { substr($queue->[0][1], 0, $sent) = '' }
		else { shift @$queue }
	}
	for my $n (grep { vec $readable, $_, 1 } keys %socket) {
		my $got = sysread $socket{$n}, my $bytes, 65536;
		next if !defined $got && $!{EAGAIN};
		$ended{$n} = 1 if !$got;
		push @{$late{$other{$n}}}, [time + $delay, $got ? $bytes : undef];
	}
	if (vec($readable, fileno $listener, 1) && (my $client = $listener->accept)) {
		my $server = IO::Socket::UNIX->new(Peer => $to) or die "delay.pl: $to: $!\n";
		join_ends($client, $server);
	}
}
