
# Credits go from one client to another and back, accounts are merged this way and that, while
# everybody books, cancels, holds, waits and is refunded: nobody waits in a circle, each credit and
# each unit of money is at one place, and a refund finds all of them in the end.
#
# SEED=n in the environment repeats a run, CALLS=n makes it longer.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Crowd qw(start_studio run_sql step_at_once end_well);
use Test::More;

my $CALLS = $ENV{CALLS} || 200;
start_studio();

run_sql(<<'SQL');
INSERT INTO studio.users (id, role) SELECT i, CASE WHEN i > 3 THEN 'client' ELSE 'trainer' END FROM generate_series(1, 15) i;
SELECT count(*) FROM swan_open(1, '2099-01-05 09:00', repeat => 30, every => '1 day');
UPDATE studio.sessions SET cost = 1 + id % 3;
SELECT count(*) FROM generate_series(1, 5) day, swan_open(2, '2099-01-05 15:00'::timestamptz + day * interval '1 day', places => 4);
SELECT swan_purchase(i, 8, 'pay ' || i / 2, 'item ' || i % 2, 80001, 'EUR', expires_at => CASE i % 3 WHEN 0 THEN timestamptz '2099-06-01' END) FROM generate_series(4, 15) i;
SELECT count(*) FROM generate_series(4, 15) i, generate_series(1, 3) g, swan_grant(i, 5);
-- anybody does anything; two clients always meet
CREATE FUNCTION step(dice integer, a bigint, b bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	slot record;
BEGIN
	SELECT * INTO slot FROM studio.sessions WHERE status <> 'cancelled' ORDER BY random() LIMIT 1;
	PERFORM CASE
		WHEN dice <= 14 THEN attempt('transfer', format('SELECT swan_transfer(%s, %s, %s)', a, b, 1 + dice % 3))
		WHEN dice <= 18 THEN attempt('transfer', format('SELECT swan_transfer(%s, %s)', b, a))
		WHEN dice <= 24 THEN attempt('merge', format('SELECT swan_merge(%s, %s), swan_resume(%1$s)', a, b))
		WHEN dice <= 45 THEN attempt('book', format('SELECT swan_book(%s, %s, later => %L)', a, slot.id, dice % 7 = 0))
		WHEN dice <= 62 THEN attempt('cancel', coalesce((SELECT format('SELECT swan_cancel(%s, reopen => true)', id) FROM studio.sessions WHERE user_id IS NOT NULL AND status = 'scheduled' ORDER BY random() LIMIT 1), 'SELECT 1'))
		WHEN dice <= 66 THEN attempt('hold', format('SELECT swan_hold(%s, %s, force => true)', a, slot.id))
		WHEN dice <= 72 THEN attempt('wait', format('SELECT swan_wait(%s, %s)', a, slot.id))
		WHEN dice <= 74 THEN attempt('unwait', coalesce((SELECT format('SELECT swan_unwait(%s, %s)', session_id, user_id) FROM studio.swan_waits ORDER BY random() LIMIT 1), 'SELECT 1'))
		WHEN dice <= 78 THEN attempt('charge', format('SELECT swan_charge(%s)', coalesce((SELECT id FROM studio.sessions WHERE user_id IS NOT NULL AND status = 'scheduled' AND credits = 0 ORDER BY random() LIMIT 1), slot.id)))
		WHEN dice <= 82 THEN attempt('extend', (SELECT format('SELECT swan_extend(%s, %L)', id, CASE WHEN dice % 2 = 0 THEN now() ELSE '2099-05-01' END) FROM studio.swan_lots WHERE user_id = a ORDER BY random() LIMIT 1))
		WHEN dice <= 90 THEN attempt('reverse', format('SELECT count(*) FROM swan_reverse(%L, refunded_minor => %s)', 'pay ' || a / 2, dice * a * 100))
		WHEN dice <= 94 THEN attempt('reinstate', format('SELECT count(*) FROM swan_reinstate(%L, %L, n => 1)', 'pay ' || a / 2, random()::text))
		WHEN dice <= 97 THEN attempt('revoke', format('SELECT swan_revoke(%s, 1)', a))
		ELSE attempt('grant', format('SELECT swan_grant(%s, 2)', a)) END;
END $$;
SQL

step_at_once(24, $CALLS, 4, 13, dice => 'random(1, 100)', a => 'random(4, 15)', b => 'random(4, 15)');

is(run_sql(q{SELECT string_agg(DISTINCT concat_ws(': ', what, state, level), ', ') FROM attempt
	WHERE state <> ALL ('{ok,SW001,SW002,SW004,SW007,SW008,SW010,SW011,SW013,SW017}') AND NOT (state LIKE '40001%' AND (level = 'repeatable read' OR what IN ('merge', 'reverse', 'reinstate')))}),
	'', 'and refused only what should be');
is(run_sql('SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');
is(run_sql(q{SELECT string_agg(concat_ws(' ', p.*), ', ') FROM (SELECT DISTINCT payment_ref FROM studio.swan_lots WHERE payment_ref IS NOT NULL) r, swan_payment(r.payment_ref) p
	WHERE bought <> remaining + used + expired + reversed - reinstated + revoked OR least(remaining, used, expired, reversed - reinstated, revoked, shortfall) < 0}), '', 'each credit of a payment is at one place');
is(run_sql(q{SELECT string_agg(payment_ref || ' ' || n || ' ' || amount, ', ') FROM (SELECT r.payment_ref, sum(bought) AS n, sum(amount_minor) AS amount
	FROM (SELECT DISTINCT payment_ref FROM studio.swan_lots WHERE payment_ref IS NOT NULL) r, swan_payment(r.payment_ref) p GROUP BY 1) x WHERE n <> 16 OR amount <> 160002}), '', 'and all of them are somewhere, with what was paid');
is(run_sql(q{SELECT string_agg(concat_ws(' ', l.*), ', ') FROM (SELECT user_id, purchased, balance, live + used AS taken, expired FROM (
	SELECT u.id AS user_id, u.available_sessions AS balance,
		(SELECT coalesce(sum(delta), 0) FROM studio.swan_ledger g WHERE g.user_id = u.id AND g.kind IN ('grant', 'purchase', 'reversal', 'reinstatement', 'revocation', 'transfer')) AS purchased,
		(SELECT coalesce(-sum(delta), 0) FROM studio.swan_ledger g WHERE g.user_id = u.id AND g.kind IN ('expiry', 'extension')) AS expired,
		(SELECT coalesce(sum(credits) FILTER (WHERE status IN ('scheduled', 'confirmed')), 0) FROM studio.sessions s WHERE s.user_id = u.id) AS live,
		(SELECT coalesce(sum(credits) FILTER (WHERE status IN ('completed', 'cancelled')), 0) FROM studio.sessions s WHERE s.user_id = u.id) AS used
	FROM studio.users u) x) l WHERE purchased <> balance + taken + expired}), '', 'purchased = balance + live + used + expired of each client');

# all is refunded: it is found with everybody
run_sql("SELECT count(*) FROM generate_series(2, 7) i, swan_reverse('pay ' || i)");
is(run_sql(q{SELECT sum(remaining) FROM studio.swan_lots WHERE payment_ref IS NOT NULL}), 0, 'nobody has anything left of what is refunded');
is(run_sql(q{SELECT string_agg(payment_ref || ' ' || n, ', ') FROM (SELECT l.payment_ref, sum(-delta + coalesce((details ->> 'shortfall')::int, 0) + coalesce((details ->> 'expired')::int, 0)) AS n
	FROM studio.swan_ledger g JOIN studio.swan_lots l ON l.id = g.lot_id WHERE l.payment_ref IS NOT NULL AND g.kind IN ('reversal', 'reinstatement') GROUP BY 1) x WHERE n <> 16}), '', 'sixteen credits of each payment are taken, owed or had expired');
run_sql("SELECT count(*) FROM studio.sessions s, swan_cancel(s.id, return_credit => true) WHERE s.user_id IS NOT NULL AND s.status = 'scheduled'");
is(run_sql(q{SELECT sum(remaining) FROM studio.swan_lots WHERE payment_ref IS NOT NULL}), 0, 'nor when what is owed comes back');
is(run_sql('SELECT * FROM swan_verify()'), '', 'swan_verify() finds nothing');

end_well();
