
# A client of a studio that keeps account outside the database: it asks, writes
# down what it was answered, and asks again, with the same key, when no answer
# came.  It loses connections on purpose, sets timeouts that strike, and splits
# its transactions in two.

package Faults;

use strict;
use warnings;

use Exporter qw(import);
use IPC::Open3;
use JSON::PP;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(worker answers effect same_answer);

# asked again; any other SQLSTATE is an answer
my $again = qr/^(?:40001|55P03|57014|57P0[123]|08...|25P03|53...|58030|SW018)$/;

# of an answer, what a repeated call has as it was then
my @kept = qw(user_id from_user_id to_user_id added moved shortfall available_sessions from_available_sessions message ledger_id lot_id charged returned reopened_session_id);

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand(100) < $_[0] }

# One connection: psql, which is written to and read from line by line.
sub connect_to
{
	my ($where) = @_;
	open my $file, '<', $where or return;
	my $connstr = <$file>;
	close $file;
	my $pid = open3(my $in, my $out, undef, 'psql', '-XAtq', '-v', 'VERBOSITY=terse', '-d', "$connstr user=web connect_timeout=5");
	$in->autoflush(1);
	return { pid => $pid, in => $in, out => $out };
}

sub disconnect
{
	my ($c, $signal) = @_;
	return unless $c;
	kill $signal || 'TERM', $c->{pid};
	close $c->{in};
	close $c->{out};
	waitpid $c->{pid}, 0;
	return;
}

# Sends SQL, and returns the last SQLSTATE and the rows of JSON that came, or
# nothing if the connection was lost.  With $leave the connection is cut after so many seconds.
my $sent = 0;
sub ask
{
	my ($c, $sql, $leave) = @_;
	my $n = ++$sent;
	my @rows;
	local $SIG{PIPE} = 'IGNORE';
	print { $c->{in} } "$sql;\n\\echo \@$n :SQLSTATE\n" or return;
	if (defined $leave)
	{
		sleep $leave;
		return;
	}
	while (defined(my $line = readline $c->{out}))
	{
		# without a state when the connection ended meanwhile
		return length $1 ? ($1, @rows) : () if $line =~ /^\@$n (\S*)/;
		push @rows, $line if $line =~ s/^(\{.*\})\n/$1/;
	}
	return;
}

# Ends what a client has left prepared, one way or the other; returns whether that was possible.
sub settle
{
	my ($c, $w) = @_;
	my ($state, @left) = ask($c, "SELECT json_build_object('gid', gid) FROM pg_prepared_xacts WHERE gid LIKE '$w->{round}.$w->{worker}.%'");

	return 0 unless $state && $state eq '00000';
	for my $gid (map { decode_json($_)->{gid} } @left)
	{
		($state) = ask($c, pick('COMMIT', 'ROLLBACK') . " PREPARED '$gid'");
		return 0 unless $state && $state eq '00000';
	}
	return 1;
}

# What a client may ask for: what it is called, whether a key makes it safe to repeat, and the call.
sub operation
{
	my ($w, $n) = @_;
	my $k = "$w->{round}.$w->{worker}.$n";
	my $client = pick(@{ $w->{clients} });
	my $other = pick(grep { $_ != $client } @{ $w->{clients} });
	my $id = sub { my @known = (@{ $w->{ $_[0] } }, @{ $w->{"own_$_[0]"} || [] }); return @known ? pick(@known) : 1 };
	my $dice = rand(100);
	my $as = 'actor => ' . pick(4, 5, 5);
	my $keyed = sub { my ($kind, $args) = @_; return { kind => $kind, keyed => 1, sql => "swan_$kind($args, key => 'k$k', actor => 5)" } };
	my $plain = sub { my ($kind, $args) = @_; return { kind => $kind, keyed => 0, sql => "swan_$kind($args, $as)" } };

	return $keyed->('grant', "$client, " . pick(1, 2, 3)) if $dice < 12;
	return $keyed->('grant_many', "ARRAY[$client, $other], 1") if $dice < 15;
	return { kind => 'purchase', keyed => 1, sql => "swan_purchase($client, 3, 'p$k', 'a', 4500, 'EUR', actor => 5)" } if $dice < 22;
	return { kind => 'import', keyed => 1, sql => "swan_import($client, 5, used => 3, payment_ref => 'i$k', item => 'a', actor => 5)" } if $dice < 25;
	return { kind => 'import_many', keyed => 1, sql => qq(swan_import_many('[{"user_id": $client, "granted": 2, "payment_ref": "j$k", "item": "b"}, {"user_id": $other, "granted": 1, "payment_ref": "m$k"}]', actor => 5)) } if $dice < 26;
	return $keyed->('reverse', "'" . $id->('payments') . "'" . pick('', ', n => 1', ', refunded_minor => 1500')) if $dice < 31;
	return $keyed->('reinstate', "'" . $id->('payments') . "'") if $dice < 33;
	return $keyed->('revoke', "$client, 1") if $dice < 36;
	return $keyed->('transfer', "$client, $other, 1") if $dice < 40;
	return $keyed->('book', "$client, " . $id->('open') . pick('', '', '', ', charge => false')) if $dice < 56;
	return $keyed->('book_many', "$client, ARRAY[" . $id->('open') . ', ' . $id->('open') . ']') if $dice < 60;
	return $keyed->('cancel', $id->('live') . ', reopen => ' . pick('true', 'false')) if $dice < 68;
	return $keyed->('cancel_many', 'ARRAY[' . $id->('live') . ', ' . $id->('live') . ']') if $dice < 70;
	return $keyed->('reschedule', $id->('live') . ', ' . $id->('open')) if $dice < 74;
	return $keyed->('waive', $id->('done') . ", 'a cold shower'") if $dice < 76;
	# one credit a session at most: of several that come back, some might settle what was refunded, and the answer does not say how many
	if ($dice < 78 && (my $free = shift @{ $w->{free} })) { return $keyed->('charge', "$free, 1") }
	return $keyed->('request', "$client, '2098-01-01'::timestamptz + interval '" . int(rand(5000)) . " hours'") if $dice < 80;
	return { kind => 'open', keyed => 1, rows => 1, sql => "swan_open(" . pick(1, 2, 3) . ", '2097-01-01'::timestamptz + interval '" . int(rand(200000)) . " minutes', 30, places => " . pick(1, 1, 2) . ", key => 'k$k', actor => 4)" } if $dice < 84;
	return $keyed->('correct', $id->('done') . ", '" . pick('missed', 'attended') . "', 'a mistake'") if $dice < 85;
	if ($dice < 87 && (my $person = shift @{ $w->{persons} }))
	{
		return $keyed->('merge', "$person, $client") if $person % 2;
		return $plain->('forget', $person);
	}

	# these say where they stand when they are repeated, and move no credits
	return $plain->('confirm', $id->('live')) if $dice < 89;
	return $plain->('complete', $id->('over') . ', ' . pick('true', 'false')) if $dice < 91;
	return $plain->('move', $id->('open') . ", '2096-01-01'::timestamptz + interval '" . int(rand(200000)) . " minutes'") if $dice < 92;
	return $plain->('move_many', 'ARRAY[' . $id->('open') . "], ARRAY['2095-01-01'::timestamptz + interval '" . int(rand(200000)) . " minutes']") if $dice < 93;
	return $plain->('hold', "$client, " . $id->('open') . ", '1 second'") if $dice < 94;
	return $plain->('release', $id->('open')) if $dice < 94.5;
	return $plain->('wait', "$client, " . $id->('live')) if $dice < 95.5;
	return $plain->('unwait', $id->('live') . ", $client") if $dice < 96;
	return $plain->('suspend', "$other, '2094-01-01', '2094-02-01'") if $dice < 96.5;
	return $plain->('resume', $other) if $dice < 97;
	return { kind => 'extend', keyed => 0, sql => 'swan_extend(' . $id->('lots') . ", '2099-12-31', actor => 5)" } if $dice < 98;
	return { kind => 'block', keyed => 0, rows => 1, sql => 'swan_block(' . pick(1, 2, 3) . ", '2093-01-01'::timestamptz + interval '" . int(rand(200000)) . " minutes', 30, actor => 4)" } if $dice < 98.5;
	return { kind => 'expire', keyed => 0, role => 'jobs', sql => 'swan_expire()' } if $dice < 99;
	return { kind => 'promote', keyed => 0, role => 'jobs', sql => 'swan_promote()' } if $dice < 99.5;
	return { kind => 'settle', keyed => 0, sql => 'swan_settle(' . $id->('live') . ', true, actor => 4)' };
}

# One client: asks for so many things, and writes a line of JSON for each answer.
# What goes wrong on its side: lost, timeouts and prepared say how often, in percent.
sub worker
{
	my ($w) = @_;
	my ($c, $ready) = (undef, 0);
	my %count = map { $_ => 0 } qw(tries lost timeouts prepared replayed);
	srand($w->{seed});
	open my $log, '>', $w->{log} or die $!;
	$log->autoflush(1);

	for my $n (1 .. $w->{operations})
	{
		my $op = operation($w, $n);
		my $select = 'SELECT to_jsonb(f)' . ($op->{rows} ? " || jsonb_build_object('id', f)" : '') . " FROM $op->{sql} f";
		$select = "SELECT jsonb_build_object('id', f) FROM $op->{sql} f" if $op->{rows};
		$select = "SET ROLE $op->{role};\n$select;\nRESET ROLE" if $op->{role};
		my $gid = "$w->{round}.$w->{worker}.$n";
		my $end = time + 120;
		my ($state, @rows);

		for my $try (1 .. 100000)
		{
			($state, @rows) = ();
			last if time > $end || getppid() != $w->{parent};
			if (!$c)
			{
				$c = connect_to($w->{where});
				if (!$c || !(ask($c, "SET lock_timeout = '3s'"))[0] || !settle($c, $w))
				{
					disconnect($c, 'KILL');
					$c = undef;
					sleep 0.05;
					next;
				}
			}
			$count{tries}++;
			my $quiet = $try > 6 || $op->{role};
			if (!$quiet && chance($w->{prepared}) && $op->{keyed})
			{
				$count{prepared}++;
				($state, @rows) = ask($c, "BEGIN;\n$select");
				if ($state && $state eq '00000')
				{
					($state) = ask($c, "PREPARE TRANSACTION '$gid'", chance(30) ? rand(0.004) : undef);
					sleep rand(0.2) if $state && chance(50);
					($state) = ask($c, "COMMIT PREPARED '$gid'") if $state && $state eq '00000';
				}
				elsif ($state) { ask($c, 'ROLLBACK') }
			}
			elsif (!$quiet && chance($w->{timeouts}))
			{
				$count{timeouts}++;
				my $how = pick('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout');
				my $ms = 1 + int(rand(5));
				if ($how =~ /^idle/)
				{
					($state, @rows) = ask($c, "SET $how = $ms;\nBEGIN;\n$select");
					if ($state)
					{
						my $made = $state eq '00000';
						sleep rand(0.008);
						my ($ended) = ask($c, $made ? 'COMMIT' : 'ROLLBACK');
						$state = $ended if $made || !$ended;
						ask($c, "RESET $how") if $state;
					}
				}
				else
				{
					($state, @rows) = ask($c, "SET $how = $ms;\n$select");
					ask($c, "SET statement_timeout = 0;\nSET lock_timeout = '3s'") if $state;
				}
			}
			elsif (!$quiet && chance($w->{lost}))
			{
				$count{lost}++;
				ask($c, $select, rand(pick(0.001, 0.005, 0.02)));
			}
			else { ($state, @rows) = ask($c, $select) }

			if (!$state)
			{
				disconnect($c, 'KILL');
				$c = undef;
				next;
			}
			last if $state !~ $again;
			sleep 0.01;
			# the server may have prepared it after the connection was cut, and after the new one looked
			if ($state eq '55P03' && !settle($c, $w))
			{
				disconnect($c, 'KILL');
				$c = undef;
			}
		}
		my @answers = map { decode_json($_) } @rows;
		$count{replayed}++ if $state && $state eq '00000' && grep { $_->{replayed} } @answers;
		print $log encode_json({ gid => $gid, kind => $op->{kind}, keyed => $op->{keyed}, sql => $op->{sql}, rows => $op->{rows} ? 1 : 0,
			state => $state // 'none', answers => $state && $state eq '00000' ? \@answers : [] }), "\n";
		if ($state && $state eq '00000')
		{
			push @{ $w->{own_live} }, map { $_->{session_id} } @answers if $op->{kind} =~ /^(?:book|book_many|reschedule)$/;
			push @{ $w->{own_open} }, map { $_->{id} } @answers if $op->{kind} eq 'open';
			push @{ $w->{own_payments} }, $op->{sql} =~ /'(p[\d.]+)'/ if $op->{kind} eq 'purchase';
		}
	}
	print $log encode_json({ count => \%count }), "\n";
	close $log;
	settle($c, $w) if $c;
	disconnect($c);
	return;
}

# What was written down: the operations, and the counts.
sub answers
{
	my ($file) = @_;
	my (@done, $count);
	open my $in, '<', $file or return;
	while (my $line = <$in>)
	{
		my $told = decode_json($line);
		if ($told->{count}) { $count = $told->{count} }
		else { push @done, $told }
	}
	return (\@done, $count);
}

# What an answer did to the balance of whom.
sub effect
{
	my ($op) = @_;
	my @effects;
	for my $a (@{ $op->{answers} })
	{
		my $kind = $op->{kind};
		push @effects, [ $a->{user_id}, $a->{added} ] if $kind =~ /^(?:grant|grant_many|purchase)$/;
		push @effects, [ $a->{user_id}, $a->{remaining} ] if $kind =~ /^import/;
		push @effects, [ $a->{user_id}, -$a->{moved} ] if $kind =~ /^(?:reverse|revoke)$/;
		push @effects, [ $a->{user_id}, $a->{moved} ] if $kind eq 'reinstate';
		push @effects, [ $a->{from_user_id}, -$a->{moved} ], [ $a->{to_user_id}, $a->{moved} ] if $kind =~ /^(?:transfer|merge)$/;
		push @effects, [ $a->{user_id}, -$a->{credits} ] if $kind =~ /^(?:book|book_many)$/;
		push @effects, [ $a->{user_id}, -1 ] if $kind eq 'charge';
		push @effects, [ $a->{user_id}, $a->{credits} ] if $kind =~ /^(?:cancel|cancel_many|waive)$/ && $a->{returned};
	}
	return @effects;
}

# How a repeated answer differs from the first, in words, or ''.
sub same_answer
{
	my ($first, $second) = @_;
	return 'another number of rows' if @$first != @$second;
	my $json = JSON::PP->new->canonical->allow_nonref;
	for my $i (0 .. $#$first)
	{
		for my $column (grep { exists $first->[$i]{$_} } @kept, 'id')
		{
			my ($was, $is) = map { $json->encode($_->[$i]{$column}) } $first, $second;
			return "$column was $was, is $is" if $was ne $is;
		}
	}
	return '';
}

1;
