-- Integration scenarios 1, 2 and 3 and the end-to-end test 3.1 of the protocol by which the studio
-- used to test its backend by hand. User 1 is an admin, client 123 is John Doe.

\echo '   Scenario 1: an admin adds 5 sessions to John Doe, who has none.'
SELECT demo.call('swan_summary(123, actor => 1)', '{"available": 0, "warning": "none"}');
SELECT demo.call($$swan_grant(123, 5, 'Integration Test', actor => 1)$$,
  '{"added": 5, "available_sessions": 5, "message": "Successfully added 5 sessions to John Doe. Total available: 5"}');
SELECT demo.check('session objects in that answer',
         (SELECT jsonb_array_length(got -> 'sessions') FROM demo.checked ORDER BY n DESC LIMIT 1), 5);
SELECT demo.check('available_sessions of user 123 in the table',
         (SELECT available_sessions FROM studio.users WHERE id = 123), 5);

\echo '   Scenario 2: with 0 he cannot book; the admin adds 3; he books session 456 and has 2 left.'
SELECT demo.call($$swan_revoke(123, reason => 'Set to 0', actor => 1)$$,
  '{"moved": 5, "shortfall": 0, "available_sessions": 0}');
SELECT demo.call('swan_book(123, 456, actor => 123)',
  '{"sqlstate": "SW001", "code": "INSUFFICIENT_SESSIONS", "http": 400, "availableSessions": 0,
    "message": "No available sessions. Please purchase a session package to book this session."}');
SELECT demo.call('swan_grant(123, 3, actor => 1)', '{"added": 3, "available_sessions": 3}');
SELECT demo.call('swan_book(123, 456, actor => 123)', '{"session_id": 456, "status": "scheduled",
    "available_sessions": 2, "message": "Session booked successfully."}');
SELECT demo.check('available_sessions of user 123 in the table',
         (SELECT available_sessions FROM studio.users WHERE id = 123), 2);

\echo '   Scenario 3: he buys 8 sessions for $600; the payment service reports the payment twice.'
SELECT demo.call($$swan_purchase(123, 8, 'pi_doe', '8-session pack', 60000, 'USD', actor => 1)$$,
  '{"added": 8, "available_sessions": 10, "replayed": false,
    "message": "Successfully added 8 sessions to John Doe. Total available: 10"}');
SELECT demo.call($$swan_purchase(123, 8, 'pi_doe', '8-session pack', 60000, 'USD', actor => 1)$$,
  '{"added": 8, "available_sessions": 10, "replayed": true}');
SELECT demo.check('available_sessions of user 123 in the table',
         (SELECT available_sessions FROM studio.users WHERE id = 123), 10);

\echo '   Test 3.1: a new client gets 10 sessions, books 3, gets 5 more; every view says the same.'
INSERT INTO studio.users (id, first_name, last_name, email)
  VALUES (1001, 'Rita', 'Roe', 'rita.roe@example.com');
SELECT demo.call('swan_grant(1001, 10, actor => 1)', '{"added": 10, "available_sessions": 10}');
SELECT demo.check('sessions that she books', count(demo.try(
         format('SELECT to_jsonb(b) FROM swan_book(1001, %s, actor => 1001) b', id), '{"charged": true}')), 3)
  FROM demo.free_slots(3, 3) id;
SELECT demo.call('swan_summary(1001, actor => 1001)', '{"available": 7, "scheduled": 3, "total": 10}');
SELECT demo.call('swan_grant(1001, 5, actor => 1)', '{"added": 5, "available_sessions": 12}');
SELECT demo.call('swan_summary(1001, actor => 1001)', '{"available": 12, "scheduled": 3, "total": 15}');
SELECT demo.call('swan_client(1001, actor => 1)', '{"available_sessions": 12, "total_sessions_purchased": 15}');
SELECT demo.check('available_sessions of user 1001 in the table',
         (SELECT available_sessions FROM studio.users WHERE id = 1001), 12);

\echo '   A class of two places that is full; two more wait; one gives up, and it is kept for the first in line.'
INSERT INTO studio.users (id, first_name, last_name) SELECT 1001 + n, 'Client', 'No. ' || n FROM generate_series(1, 4) n;
SELECT swan_open(3, demo.at(3, 'Sat', 20), places => 2, actor => 3) AS class \gset
SELECT demo.check('clients who have a credit', count(*), 4) FROM generate_series(1002, 1005) id, swan_grant(id, 1, actor => 1);
SELECT demo.check('clients who have a place', count(*), 2) FROM generate_series(1002, 1003) id, swan_book(id, :class, actor => id);
SELECT demo.call(format('swan_book(1004, %s, actor => 1004)', :class), '{"sqlstate": "SW002", "code": "SESSION_NOT_AVAILABLE"}');
SELECT demo.call(format('swan_wait(1004, %s, actor => 1004)', :class), '{"line": 1}');
SELECT demo.call(format('swan_wait(1005, %s, actor => 1005)', :class), '{"line": 2}');
SELECT demo.call(format('swan_cancel(%s, actor => 1002)', :class), '{"status": "cancelled", "returned": true}');
SELECT demo.call(format('swan_book(1005, %s, actor => 1005)', :class), '{"sqlstate": "SW002", "code": "SESSION_NOT_AVAILABLE"}');
SELECT demo.call(format('swan_book(1004, %s, actor => 1004)', :class), '{"status": "scheduled", "available_sessions": 0}');
