
# Refunds by the amount, as providers report them: all in all, out of order and more than
# once, from forty connections, while the credits are spent, given up and handed on.  What is
# taken, owed or had expired in the end is what the largest amount is worth, whatever the
# order, by a model of ten lines.
#
# SEED=n in the environment repeats a run, PAYMENTS=n makes it longer.

use strict;
use warnings;
use List::Util qw(max min shuffle sum0);

use FindBin;
use lib $FindBin::RealBin;
use Crowd qw(start_studio run_sql pick at_once tell_attempts end_well);
use PostgreSQL::Test::Utils;
use Test::More;

my $PAYMENTS = $ENV{PAYMENTS} || 40;
start_studio();

run_sql(<<'SQL');
INSERT INTO studio.users (id, role) SELECT i, CASE WHEN i > 2 THEN 'client' ELSE 'trainer' END FROM generate_series(1, 22) i;
SELECT count(*) FROM swan_open(1, '2099-01-05 09:00', repeat => 365, every => '1 day');
SELECT count(*) FROM swan_open(2, '2099-01-05 12:00', repeat => 365, every => '1 day');
-- what reversals have of a payment: taken, owed, or expired before
CREATE FUNCTION has(payment text) RETURNS bigint LANGUAGE sql AS $$
	SELECT coalesce(sum(-delta + coalesce((details ->> 'shortfall')::int, 0) + coalesce((details ->> 'expired')::int, 0)), 0)
	FROM studio.swan_ledger g JOIN studio.swan_lots l ON l.id = g.lot_id
	WHERE l.payment_ref = payment AND g.kind IN ('reversal', 'reinstatement')
$$;
SQL

# Some items that one payment bought: cheap, dear, not to be divided, for nothing; of two clients, perhaps.
sub new_payment
{
	my ($ref) = @_;
	my @items = map { { item => $_, user => pick(3 .. 12), n => 1 + int(rand(7)), amount => pick(0, 7, 100, 200, 10001, 60000, 123457) } } ('', 'a', 'b')[ 0 .. pick(0, 0, 1, 2) ];
	my $currency = pick('EUR', 'JPY', 'KWD');
	run_sql(join('', map { "SELECT swan_purchase($_->{user}, $_->{n}, '$ref', '$_->{item}', $_->{amount}, '$currency');" } @items));
	return { ref => $ref, items => \@items, total => sum0(map { $_->{amount} } @items), n => sum0(map { $_->{n} } @items) };
}

# How many credits an amount is worth: one after the other, the k-th of n when it is the turn of
# k/n of its item, for as long as all of them cost no more.  In units of a share of each item, so that it comes out even.
sub worth
{
	my ($payment, $amount) = @_;
	return $amount ? $payment->{n} : 0 if $amount >= $payment->{total} || !$amount;
	my @turns = sort { $a->[0] <=> $b->[0] || $a->[1] <=> $b->[1] } map { my ($i, $item) = ($_, $payment->{items}[$_]); map { [ $_ / $item->{n}, $i ] } 1 .. $item->{n} } grep { $payment->{items}[$_]{amount} } 0 .. $#{ $payment->{items} };
	my ($worth, $spent) = (0, 0);
	for (map { $payment->{items}[ $_->[1] ] } @turns)
	{
		last if ($spent += 420 * $_->{amount} / $_->{n}) > 420 * $amount + 1e-6;
		$worth++;
	}
	return $worth + sum0(map { $_->{amount} ? 0 : int($_->{n} * $amount / $payment->{total} + 1e-9) } @{ $payment->{items} });
}

# -- one connection: reported, given back, reported again, and the credits go elsewhere meanwhile

my @wrong;
for my $round (1 .. $PAYMENTS / 2)
{
	my $payment = new_payment("one $round");
	my %claim;
	for my $step (1 .. 12)
	{
		my $key = "re $round " . pick(1 .. 6);
		my $amount = pick(0, 1, $payment->{total}, $payment->{total} + 1, map { int(rand($payment->{total} + 1)) } 1 .. 6);
		my $dice = rand(10);
		if ($dice < 3)
		{
			# who has some of them gives some away
			my $from = run_sql("SELECT user_id FROM studio.swan_lots WHERE payment_ref = '$payment->{ref}' AND remaining > 0 ORDER BY random() LIMIT 1") || next;
			run_sql("SELECT attempt('transfer', 'SELECT swan_transfer($from, " . pick(grep { $_ != $from } 3 .. 12) . ", 1)')");
		}
		elsif ($dice < 5)
		{
			next unless $claim{$key};
			run_sql("SELECT swan_reinstate('$payment->{ref}', 'back $round $step', reversal => '$key')");
			$claim{$key}{has} = 0;
		}
		else
		{
			# a report that comes again is the same
			$amount = $claim{$key}{amount} if $claim{$key};
			my $has = sum0(map { $_->{has} } values %claim);
			run_sql("SELECT swan_reverse('$payment->{ref}', key => '$key', refunded_minor => $amount)");
			$claim{$key} ||= { amount => $amount, has => max(0, worth($payment, $amount) - $has) };
		}
		my ($is, $wanted) = (run_sql("SELECT has('$payment->{ref}')"), sum0(map { $_->{has} } values %claim));
		if ($is != $wanted)
		{
			push @wrong, "$payment->{ref}, step $step: $is instead of $wanted of " . join(', ', map { "$_->{n} for $_->{amount}" } @{ $payment->{items} });
			last;
		}
	}
}
is(join("\n", @wrong), '', 'after each report reversals have what the amounts come to');

# -- forty connections

run_sql('TRUNCATE attempt');
my @payments = map { new_payment("p$_") } 1 .. $PAYMENTS;
my @calls;
for my $payment (@payments)
{
	my @amounts = grep { $_ } map { int(rand($payment->{total} + 1)) } 1 .. 5;
	push @amounts, $payment->{total} if rand(3) < 1;
	push @amounts, 1 + $payment->{total} if rand(10) < 1;
	$payment->{reported} = max(0, @amounts);
	for my $n (1 .. @amounts)
	{
		push @calls, ("reverse('$payment->{ref}', key => 're $payment->{ref} $n', refunded_minor => $amounts[$n - 1])") x pick(1, 2, 3);
	}
}
push @calls, map { pick('book(' . pick(3 .. 22) . ', ' . (1 + int(rand(730))) . ')', 'transfer(' . pick(3 .. 22) . ', ' . pick(3 .. 22) . ', 1)', 'cancel(' . (1 + int(rand(730))) . ')') } 1 .. 8 * $PAYMENTS;
@calls = shuffle(@calls);
my @scripts = map { '' } 1 .. 40;
$scripts[ $_ % 40 ] .= sprintf("SELECT attempt('%s', \$\$SELECT swan_%s\$\$);\n", $calls[$_] =~ /^(\w+)/, $calls[$_]) for 0 .. $#calls;
at_once(@scripts);

is(run_sql('SELECT count(*) FROM attempt'), scalar @calls, 'every call was answered');
is(run_sql("SELECT string_agg(DISTINCT what || ': ' || state, ', ') FROM attempt WHERE state <> 'ok' AND NOT (what <> 'reverse' AND state = ANY ('{SW001,SW002,SW003,SW008,SW010,SW013}'))"
	. " AND NOT (what = 'reverse' AND state LIKE '40001%')"), '', 'and refused only what should be');
# what a reversal could not wait for is reported again
for (1 .. 3)
{
	run_sql("SELECT swan_reverse('$_->{ref}', key => 're $_->{ref} again', refunded_minor => $_->{reported})") for grep { $_->{reported} } @payments;
}
tell_attempts();
@wrong = ();
for my $payment (@payments)
{
	my ($is, $wanted) = (run_sql("SELECT has('$payment->{ref}')"), worth($payment, $payment->{reported}));
	push @wrong, "$payment->{ref}, $payment->{reported}: $is instead of $wanted of " . join(', ', map { "$_->{n} for $_->{amount}" } @{ $payment->{items} }) if $is != $wanted;
}
is(join("\n", @wrong), '', 'in the end reversals have what the amounts come to');
is(run_sql(q{SELECT string_agg(p.payment_ref || ' ' || p.item, ', ') FROM (SELECT l.payment_ref, l.item, sum(l.granted) FILTER (WHERE l.source <> 'transfer') AS granted, sum(l.amount_minor) FILTER (WHERE l.source <> 'transfer') AS amount
	FROM studio.swan_lots l GROUP BY 1, 2) p, LATERAL (SELECT sum(bought) AS bought, sum(amount_minor) AS amount, sum(refunded_minor) AS refunded FROM swan_payment(p.payment_ref) x WHERE x.item = p.item) x
	WHERE x.bought <> p.granted OR x.amount <> p.amount OR x.refunded > p.amount}), '', 'what was bought and paid is divided among those who have it, and nothing is lost');
is(run_sql('SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');
end_well();
