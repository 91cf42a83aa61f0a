
# Fifty sessions that are to be paid when they are completed, and one last credit: all are completed
# at once, one has it, the others owe.  Then everybody charges, lets off, completes, corrects and
# cancels what owes, with few credits: each credit is at one place, and what is owed is what the
# ledger comes to.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Crowd qw(start_studio run_sql pick at_once tell_attempts end_well);
use Test::More;

start_studio();

run_sql(<<'SQL');
INSERT INTO studio.users (id, role) SELECT i, CASE WHEN i > 1 THEN 'client' ELSE 'trainer' END FROM generate_series(1, 5) i;
SELECT count(*) FROM swan_open(1, '2001-01-05 09:00', repeat => 50, every => '1 day');
SELECT count(*) FROM swan_open(1, '2002-01-05 09:00', repeat => 60, every => '1 day');
UPDATE studio.sessions SET cost = id % 4 WHERE id > 50;
SELECT count(*) FROM studio.sessions s, swan_book(CASE WHEN s.id > 50 THEN 3 + s.id % 3 ELSE 2 END, s.id, later => true);
SELECT count(*) FROM generate_series(3, 5) i, swan_grant(i, 5, expires_at => now() + interval '1 year') a, swan_grant(i, 7) b;
SQL

# A call that writes down these columns of its answer.
sub attempt
{
	my ($call, $columns) = @_;
	my ($what) = $call =~ /^(\w+)/;
	return "SELECT attempt('$what', \$\$SELECT concat_ws(' ', $columns) FROM swan_$call\$\$);\n";
}

# -- one last credit

run_sql('SELECT swan_grant(2, 1)');
my $begin = time + 2;
at_once(map { "SELECT pg_sleep(greatest(0, $begin - extract(epoch FROM clock_timestamp())));\n" . attempt("complete($_)", 'charged, credits, owed, available_sessions') } 1 .. 50);
is(run_sql(q{SELECT string_agg(concat_ws(': ', state, answer, n), ', ' ORDER BY n) FROM (SELECT state, answer, count(*) AS n FROM attempt GROUP BY 1, 2) x}),
	'ok: t 1 0 0: 1, ok: f 0 1 0: 49', 'all are completed, one has the credit, and the others owe');
is(run_sql("SELECT string_agg(DISTINCT concat_ws(' ', status, credits), ', ') FROM studio.sessions WHERE user_id = 2"), 'completed 0, completed 1', 'so the tables say');
is(run_sql('SELECT count(*), sum(owed), min(status), max(credits) FROM swan_unsettled() WHERE user_id = 2'), '49|49|completed|0', 'and so does swan_unsettled()');
is(run_sql('SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');

# who pays now pays once
run_sql('SELECT swan_grant(2, 60); TRUNCATE attempt');
my @owing = split /\n/, run_sql('SELECT id FROM studio.sessions WHERE user_id = 2 AND credits = 0 ORDER BY id LIMIT 24');
at_once(map { attempt("charge($_)", 'charged, credits, owed') } map { ($_, $_) } @owing);
is(run_sql(q{SELECT string_agg(concat_ws(': ', state, answer, n), ', ' ORDER BY state COLLATE "C") FROM (SELECT state, answer, count(*) AS n FROM attempt GROUP BY 1, 2) x}),
	'SW008: 24, ok: t 1 0: 24', 'what is charged twice at once is charged once');

# -- anything with what owes, and few credits

run_sql('TRUNCATE attempt');
at_once(map { join('', map {
	my $id = 50 + pick(1 .. 60);
	my $call = pick("charge($id)", "charge($id)", "charge($id, 1)", "waive($id, 'a gift')", "complete($id)", "complete($id, false)", "cancel($id)");
	attempt($call, 'available_sessions') } 1 .. 25) } 1 .. 30);
tell_attempts();
is(run_sql('SELECT count(*) FROM attempt'), 750, 'every call was answered');
is(run_sql("SELECT string_agg(DISTINCT state, ', ') FROM attempt WHERE state <> ALL ('{ok,SW001,SW008}')"), '', 'and refused only what should be');
is(run_sql('SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');
# what is charged counts against the price, until it is let off or the booking is cancelled
is(run_sql(q{SELECT string_agg(concat_ws(' ', s.id, s.status, s.cost, s.credits, g.charged, g.returned, owes), ', ')
	FROM studio.sessions s
	CROSS JOIN LATERAL (SELECT coalesce(-sum(delta) FILTER (WHERE kind = 'charge'), 0) AS charged, coalesce(sum(delta) FILTER (WHERE kind IN ('waiver', 'cancellation')), 0) AS returned,
		bool_or(kind = 'waiver') AS waived FROM studio.swan_ledger g WHERE g.session_id = s.id) g
	CROSS JOIN LATERAL (SELECT coalesce((details ->> 'owes')::int, 0) AS owes FROM studio.swan_ledger g
		WHERE g.session_id = s.id AND (kind IN ('booking', 'charge', 'waiver') OR details ? 'owes') ORDER BY id DESC LIMIT 1) o
	WHERE s.id > 50 AND s.user_id IS NOT NULL AND (s.credits <> charged - returned OR owes <> CASE WHEN waived OR s.status = 'cancelled' THEN 0 ELSE greatest(0, s.cost - charged) END)}), '',
	'each session has what was charged and not returned, and owes the rest of its price');
is(run_sql('SELECT session_id, owed FROM swan_unsettled() ORDER BY 1'), run_sql(q{SELECT s.id, o.owed FROM studio.sessions s
	CROSS JOIN LATERAL (SELECT CASE WHEN s.status = 'cancelled' OR bool_or(kind = 'waiver') THEN 0 ELSE greatest(0, s.cost + coalesce(sum(delta) FILTER (WHERE kind = 'charge'), 0)) END AS owed
		FROM studio.swan_ledger g WHERE g.session_id = s.id) o
	WHERE s.user_id IS NOT NULL AND (s.status = 'scheduled' OR o.owed > 0) ORDER BY 1}), 'swan_unsettled() says so, and what nobody has settled');
is(run_sql(q{SELECT string_agg(u.id::text, ', ') FROM studio.users u WHERE available_sessions + (SELECT sum(credits) FROM studio.sessions WHERE user_id = u.id)
	<> (SELECT sum(granted) FROM studio.swan_lots WHERE user_id = u.id)}), '', 'each credit is in a lot or in a session');
is(run_sql(q{SELECT string_agg(DISTINCT g.kind, ', ' ORDER BY g.kind) FROM studio.swan_ledger g JOIN studio.sessions s ON s.id = g.session_id WHERE s.id > 50}),
	'booking, cancellation, charge, completion, no_show, waiver', 'there was something of everything');

end_well();
