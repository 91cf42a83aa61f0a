-- swan_import, swan_import_many: packs that another system sold.
\i test/fixture/moves.sql
SET ROLE regress_owner;
SELECT count(*) FROM swan_open(3, '2099-01-05 09:00', 60, 40, '1 day') a;
CREATE VIEW studio.journal AS
	SELECT user_id, kind, delta, balance_after AS after, lot_id, payment_ref, item, reason, actor_id AS by, details
	  FROM studio.swan_ledger ORDER BY id;
CREATE VIEW studio.lots AS
	SELECT user_id, source, granted, remaining, expires_at, payment_ref, item, amount_minor, currency, swept FROM studio.swan_lots ORDER BY id;

--
-- New, half used, used up, ended with some left, ended used up; with a name and without
--
SELECT * FROM (VALUES (1, 10, 0, '2099-06-01'::timestamptz, 'p1', '2024-01-05'::timestamptz), (2, 10, 4, '2099-07-01', 'p2', '2024-02-05'), (3, 5, 5, NULL, 'p3', '2024-03-05'),
	(4, 10, 3, '2024-06-01', 'p4', '2024-01-07'), (5, 5, 5, '2024-06-01', 'p5', '2024-01-08'), (6, 3, 1, NULL, NULL, NULL)) p (o, granted, used, expires, name, at),
	swan_import(11, p.granted, p.used, expires, ' from the old system ', name, 'pack', 9900, 'EUR', p.at, actor => 1) ORDER BY o;
SELECT * FROM studio.journal;
SELECT * FROM studio.lots;
SELECT available_sessions, total_sessions_purchased, sessions_used FROM swan_client(11);
SELECT month, source, credits FROM swan_liability() WHERE month < '2025';
SELECT clients, credits FROM swan_expire();
-- they are spent like others, and a refund takes what is left and owes the rest
SELECT session_id FROM swan_book(11, 1);
SELECT moved, shortfall, available_sessions FROM swan_reverse('p1');
SELECT moved, shortfall, available_sessions FROM swan_reverse('p2', n => 8);
SELECT returned FROM swan_cancel(1);
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

--
-- Exactly once for each name; what is different is a conflict
--
SELECT * FROM swan_import(11, 10, 3, '2024-06-01', payment_ref => 'p4', item => 'pack');
SELECT * FROM swan_import(11, 10, 4, payment_ref => 'p2', item => 'pack');
SELECT call, try('SELECT concat_ws('' '', replayed) FROM ' || call) FROM (VALUES
	(1, 'swan_import(11, 10, 4, payment_ref => ''p2'')'), (2, 'swan_import(11, 10, 5, payment_ref => ''p2'', item => ''pack'')'),
	(3, 'swan_import(11, 11, 4, payment_ref => ''p2'', item => ''pack'')'), (4, 'swan_import(12, 10, 4, payment_ref => ''p2'', item => ''pack'')'),
	(5, 'swan_import(99, 10, 4, payment_ref => ''p2'', item => ''pack'')'), (6, 'swan_import(11, 3, 1)')) t (n, call) ORDER BY n;
-- the webhook of a pack that was imported reports the same purchase; one that was reported is not imported
SELECT added, replayed FROM swan_purchase(11, 10, 'p4', 'pack');
SELECT try($$SELECT added FROM swan_purchase(12, 10, 'p4', 'pack')$$);
SELECT added FROM swan_purchase(12, 5, 'shop');
SELECT try($$SELECT replayed FROM swan_import(12, 5, payment_ref => 'shop')$$);
-- a limit that was lowered meanwhile is not that of a retry
SELECT swan_configure('purchase_max', '9');
SELECT replayed FROM swan_import(11, 10, 4, payment_ref => 'p2', item => 'pack');
SELECT try('SELECT replayed FROM swan_import(11, 10)');
SELECT swan_configure('purchase_max', '1000');

--
-- Many, in their order
--
SELECT * FROM swan_import_many('[{"user_id": 14, "granted": 10, "used": 9, "payment_ref": "m1"}, {"user_id": 13, "granted": 5, "expires_at": "2020-01-01", "at": "2019-06-01T10:00:00+02:00", "payment_ref": "m2", "amount_minor": 5000, "currency": "EUR"},
	{"user_id": 14, "granted": 2, "payment_ref": "m1", "item": "gift", "reason": "present"}, {"user_id": 14, "granted": 10, "used": 9, "payment_ref": "m1"}, {"user_id": 13, "granted": 1}]', actor => 1);
SELECT * FROM studio.journal WHERE user_id IN (13, 14);
SELECT count(DISTINCT call_id) FROM studio.swan_ledger WHERE user_id IN (13, 14);
-- sent again, with one that is new
SELECT lot_id, expired, remaining, available_sessions, replayed FROM swan_import_many('[{"user_id": 13, "granted": 5, "payment_ref": "m2"}, {"user_id": 15, "granted": 4, "payment_ref": "m3"}, {"user_id": 14, "granted": 10, "used": 9, "payment_ref": "m1"}]');
-- all or none
SELECT call, try('SELECT string_agg(lot_id::text, '' '') FROM swan_import_many(' || call || ')') FROM (VALUES
	(1, '''[{"user_id": 16, "granted": 1}, {"user_id": 99, "granted": 1}]'''), (2, '''[{"user_id": 16, "granted": 1, "payment_ref": "x"}, {"user_id": 17, "granted": 1, "payment_ref": "x"}]'''),
	(3, '''[]'''), (4, '''{}'''), (5, '''[1]'''), (6, 'NULL'), (7, '''[{"user_id": 16}]'''), (8, '''[{"granted": 1}]'''), (9, '''[{"user_id": 16, "granted": 1, "expires": "2099-01-01"}]'''),
	(10, '''[{"user_id": 16, "granted": "many"}]'''), (11, '''[{"user_id": 16, "granted": 0}]'''), (12, '''[{"user_id": 16, "granted": 1001}]'''), (13, '''[{"user_id": 16, "granted": 1}, null]'''),
	(14, '''[{"user_id": 16, "granted": 1, "at": "yesterdaze"}]'''), (15, '(SELECT jsonb_agg(jsonb_build_object(''user_id'', 16, ''granted'', 1)) FROM generate_series(1, 100001))')) t (n, call) ORDER BY n;
SELECT available_sessions FROM swan_client(16);

--
-- Arguments, errors
--
SELECT * FROM swan_import(NULL, 1);
SELECT * FROM swan_import(11, NULL);
SELECT * FROM swan_import(11, 3, 4);
SELECT call, try('SELECT remaining FROM ' || call) FROM (VALUES
	(1, 'swan_import(11, 0)'), (2, 'swan_import(11, -1)'), (3, 'swan_import(11, 1001)'), (4, 'swan_import(11, 5, -1)'), (5, 'swan_import(11, 5, NULL)'), (6, 'swan_import(99, 5)'),
	(7, 'swan_import(11, 5, expires_at => ''infinity'')'), (8, 'swan_import(11, 5, expires_at => ''-infinity'')'), (9, 'swan_import(11, 5, at => ''2098-01-01'')'), (10, 'swan_import(11, 5, at => ''-infinity'')'),
	(11, 'swan_import(11, 5, at => ''2020-01-01'', expires_at => ''2019-01-01'')'), (12, 'swan_import(11, 5, amount_minor => -1)'), (13, 'swan_import(11, 5, payment_ref => '' '')'),
	(14, 'swan_import(11, 5, payment_ref => repeat(''p'', 256))'), (15, 'swan_import(11, 5, item => repeat(''p'', 256))'), (16, 'swan_import(11, 5, currency => repeat(''p'', 256))'),
	(17, 'swan_import(11, 5, payment_ref => ''new'', item => NULL)'), (18, 'swan_import(11, 5, reason => repeat(''r'', 300))'), (19, 'swan_import(11, 5, item => ''no payment'')'),
	(20, 'swan_import(1, 2147483647)')) t (n, call) ORDER BY n;
-- who may
SELECT who, try('SELECT remaining FROM swan_import(16, 3, 1, actor => ' || actor || ')') AS one, try('SELECT remaining FROM swan_import_many(''[{"user_id": 16, "granted": 1}]'', actor => ' || actor || ')') AS many
  FROM (VALUES ('system', 'NULL'), ('admin', '1'), ('staff', '2'), ('trainer', '3'), ('himself', '16')) a (who, actor);

--
-- With session_records there are as many rows as credits came along
--
SELECT swan_configure('session_records', 'on');
SELECT remaining FROM swan_import(17, 5, 2, reason => 'Old');
SELECT notes FROM studio.sessions WHERE session_date IS NULL AND user_id = 17 ORDER BY id;

-- nothing is wrong
SELECT * FROM swan_verify();
SELECT * FROM out_of_step();

RESET ROLE;
\i test/fixture/moves_gone.sql
