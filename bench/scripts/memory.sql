-- What parts/memory.sh calls again and again: a section for each function, or for a few that undo each
-- other. A section's head is "-- NAME ROLE SHARE": one call in SHARE of the others'.
-- :i counts the calls; :user and :slot go round; :admin, :trainer, :lot are ids; :at and :at2 are free hours; what
-- reads every row comes first, while there are few.
-- swan_stats bench_owner 50
SELECT * FROM swan_stats();
-- swan_liability bench_owner 50
SELECT * FROM swan_liability();
-- swan_grant bench_backend 1
SELECT * FROM swan_grant(:user, 1, actor => :admin);
-- swan_grant_many bench_backend 1
SELECT * FROM swan_grant_many(ARRAY[:user, 1 + :user % 1000]::bigint[], 1, actor => :admin);
-- swan_revoke bench_backend 1
SELECT * FROM swan_grant(:user, 1, actor => :admin);
SELECT * FROM swan_revoke(:user, 1, 'Bench', actor => :admin);
-- swan_purchase bench_backend 1
SELECT * FROM swan_purchase(:user, 2, 'p' || :i, details => '{"a": [1, 2]}', actor => :admin);
-- swan_reverse+swan_reinstate bench_backend 1
SELECT * FROM swan_purchase(:user, 2, 'r' || :i, actor => :admin);
SELECT * FROM swan_reverse('r' || :i, actor => :admin);
SELECT * FROM swan_reinstate('r' || :i, 'k' || :i, actor => :admin);
-- swan_grant:key bench_backend 1
SELECT * FROM swan_grant(:user, 1, key => 'k' || :i, actor => :admin);
SELECT * FROM swan_grant(:user, 1, key => 'k' || :i, actor => :admin);
-- swan_extend bench_backend 1
SELECT * FROM swan_extend(:lot, timestamptz '2199-01-01 00:00+00' + :i * interval '1 second', actor => :admin);
-- swan_expire bench_owner 1
SELECT * FROM swan_grant(:user, 1, expires_at => clock_timestamp() + interval '50 ms');
SELECT * FROM swan_expire();
-- swan_credits bench_backend 1
SELECT * FROM swan_credits(:user, actor => :user);
-- swan_open+swan_cancel bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_cancel(:s, actor => :admin);
-- swan_book+swan_cancel bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book(:user, :s, actor => :user);
SELECT * FROM swan_cancel(:s, actor => :admin);
-- swan_book_many bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT swan_open AS s2 FROM swan_open(:trainer + 1, timestamptz '2150-01-01 00:00+00' + :at2 * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book_many(:user, ARRAY[:s, :s2]::bigint[], actor => :user);
SELECT * FROM swan_cancel(:s, actor => :user);
SELECT * FROM swan_cancel(:s2, actor => :admin);
-- swan_can_book bench_backend 1
SELECT * FROM swan_can_book(:user, :slot, actor => :user);
-- swan_hold+swan_release bench_backend 1
SELECT * FROM swan_hold(:user, :slot, actor => :user);
SELECT * FROM swan_release(:slot, actor => :user);
-- swan_confirm+swan_complete bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '1500-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book(:user, :s, actor => :admin);
SELECT * FROM swan_confirm(:s, actor => :admin);
SELECT * FROM swan_complete(:s, actor => :admin);
-- swan_move bench_backend 1
SELECT * FROM swan_move(1, timestamptz '2500-01-01 00:00+00' + :i * interval '1 hour', actor => :admin);
-- swan_reschedule bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT swan_open AS s2 FROM swan_open(:trainer + 1, timestamptz '2150-01-01 00:00+00' + :at2 * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book(:user, :s, actor => :user);
SELECT * FROM swan_reschedule(:s, :s2, actor => :user);
SELECT * FROM swan_cancel(:s2, actor => :admin);
-- swan_cancel_many+swan_move_many bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book(:user, :s, actor => :user);
SELECT * FROM swan_move_many(ARRAY[:s]::bigint[], ARRAY[timestamptz '2600-01-01 00:00+00' + :at * interval '1 hour'], actor => :admin);
SELECT * FROM swan_cancel_many(ARRAY[:s]::bigint[], actor => :admin);
-- swan_block+swan_cancel bench_backend 1
SELECT swan_block AS s FROM swan_block(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_cancel(:s, actor => :admin);
-- swan_request+swan_cancel bench_backend 1
SELECT session_id AS s FROM swan_request(:user, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', :trainer, actor => :user) \gset
SELECT * FROM swan_cancel(:s, actor => :admin);
-- swan_wait+swan_unwait bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book(:user, :s, actor => :user);
SELECT * FROM swan_wait(2 + :user % 1000, :s, actor => :admin);
SELECT * FROM swan_waiting(:s, actor => :admin);
SELECT * FROM swan_unwait(:s, 2 + :user % 1000, actor => :admin);
SELECT * FROM swan_cancel(:s, reopen => false, actor => :admin);
-- swan_wait:auto bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book(:user, :s, actor => :user);
SELECT * FROM swan_wait(2 + :user % 1000, :s, true, actor => :admin);
SELECT * FROM swan_cancel(:s, actor => :admin);
-- swan_promote bench_owner 4
SELECT * FROM swan_promote();
-- swan_cancel+swan_waive bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book(:user, :s, actor => :user);
SELECT * FROM swan_cancel(:s, return_credit => false, actor => :admin);
SELECT * FROM swan_waive(:s, 'Bench', actor => :admin);
-- swan_complete+swan_correct bench_backend 1
SELECT swan_open AS s FROM swan_open(:trainer, timestamptz '1500-01-01 00:00+00' + :at * interval '1 hour', actor => :admin) \gset
SELECT * FROM swan_book(:user, :s, actor => :admin);
SELECT * FROM swan_complete(:s, actor => :admin);
SELECT * FROM swan_correct(:s, 'missed', 'Bench', actor => :admin);
-- swan_transfer bench_backend 1
SELECT * FROM swan_transfer(:user, 2 + :user % 1000, 1, actor => :admin);
-- swan_suspend+swan_resume bench_backend 1
SELECT * FROM swan_suspend(:user, reason => 'Bench', put_off => true, actor => :admin);
SELECT * FROM swan_resume(:user, actor => :admin);
-- swan_import bench_backend 1
SELECT * FROM swan_import(:user, 3, 2, actor => :admin);
-- swan_merge bench_owner 1
INSERT INTO studio.users (first_name, role) VALUES ('Bench', 'client') RETURNING id AS u \gset
SELECT * FROM swan_grant(:u, 1);
SELECT * FROM swan_merge(:u, :user);
-- swan_forget bench_owner 1
INSERT INTO studio.users (first_name, role) VALUES ('Bench', 'client') RETURNING id AS u \gset
SELECT * FROM swan_grant(:u, 1);
SELECT * FROM swan_revoke(:u, 1, 'Bench');
SELECT * FROM swan_forget(:u);
-- swan_summary bench_backend 1
SELECT * FROM swan_summary(:user, actor => :user);
-- swan_client bench_backend 1
SELECT * FROM swan_client(:user, actor => :admin);
-- swan_statement bench_backend 1
SELECT * FROM swan_statement(:user, actor => :user);
-- swan_balance_at bench_backend 1
SELECT swan_balance_at(:user, now(), actor => :user);
-- swan_clients bench_backend 4
SELECT * FROM swan_clients(max_rows => 5, actor => :admin);
-- swan_clients:search bench_backend 4
SELECT * FROM swan_clients('user' || :user || '@', max_rows => 5, actor => :admin);
-- swan_slots bench_backend 2
SELECT * FROM swan_slots('2099-01-01', '2099-01-02', max_rows => 5);
-- swan_schedule bench_backend 4
SELECT * FROM swan_schedule('2099-01-01', '2099-01-02', max_rows => 5, actor => :admin);
-- swan_expiring bench_backend 4
SELECT * FROM swan_expiring('500 years', max_rows => 5, actor => :admin);
-- swan_can_cancel bench_backend 1
SELECT * FROM swan_can_cancel(:slot, actor => :admin);
-- swan_can_hold bench_backend 1
SELECT * FROM swan_can_hold(:user, :slot, actor => :user);
-- swan_holds bench_backend 1
SELECT * FROM swan_holds(:user, actor => :user);
-- swan_payment bench_backend 1
SELECT * FROM swan_purchase(:user, 2, 'q' || :i, actor => :admin);
SELECT * FROM swan_payment('q' || :i, actor => :admin);
-- swan_people bench_backend 4
SELECT * FROM swan_people('trainer', max_rows => 5, actor => :admin);
-- swan_clients_count bench_backend 10
SELECT swan_clients_count('user' || :user || '@', actor => :admin);
-- swan_calendar bench_backend 2
SELECT * FROM swan_calendar('2099-01-01', '2099-01-02', max_rows => 5);
-- swan_months bench_backend 4
SELECT * FROM swan_months(user_id => :user, actor => :admin);
-- swan_unsettled bench_backend 4
SELECT * FROM swan_unsettled(now() - interval '30 days', max_rows => 5, actor => :admin);
-- swan_time bench_backend 1
SELECT swan_time('2099-01-01 10:00');
-- swan_feed_end bench_owner 1
SELECT * FROM swan_feed_end();
-- swan_close_studio+swan_open_studio bench_third 10
SELECT swan_close_studio('Bench');
SELECT swan_open_studio();
-- swan_export_studio+swan_adopt_studio bench_third 200
SELECT swan_export_studio() AS exported \gset
SELECT swan_detach('third');
SELECT * FROM swan_adopt_studio(:exported);
-- swan_changes bench_owner 1
SELECT * FROM swan_changes(max_rows => 5);
-- swan_verify bench_owner 10
SELECT * FROM swan_verify(:user);
-- swan_health bench_owner 10
SELECT swan_health();
-- swan_errors bench_owner 4
SELECT * FROM swan_errors();
-- swan_studios bench_owner 4
SELECT * FROM swan_studios();
-- swan_settings bench_owner 4
SELECT * FROM swan_settings();
-- swan_actor bench_backend 1
SELECT * FROM swan_actor();
-- swan_act_as bench_backend 1
BEGIN;
SELECT swan_act_as(:user);
SELECT * FROM swan_summary(:user);
COMMIT;
-- swan_configure bench_owner 10
SELECT swan_configure('low_threshold', '3');
SELECT * FROM swan_summary(:user);
-- swan_allow+swan_disallow bench_owner 10
SELECT swan_allow('bench_other', 'reader');
SELECT * FROM swan_summary(:user);
SELECT swan_disallow('bench_other');
-- swan_rebase_feed bench_owner 10
SELECT swan_rebase_feed();
-- refused_call bench_backend 1
SELECT bench_refused('SELECT * FROM swan_book(' || :user || ', 999999999, actor => ' || :user || ')');
-- direct_write bench_owner 1
UPDATE studio.users SET first_name = 'First' WHERE id = :user;
INSERT INTO studio.sessions (trainer_id, session_date) VALUES (:trainer, timestamptz '2150-01-01 00:00+00' + :at * interval '1 hour');
-- refused_direct_write bench_owner 1
SELECT bench_refused('UPDATE studio.users SET available_sessions = 7 WHERE id = ' || :user);
-- swan_detach+swan_attach bench_third 200
SELECT swan_detach('third');
SELECT * FROM swan_attach('third.users', 'third.sessions', studio => 'third');
SELECT * FROM swan_clients();
-- The next two are compared: PostgreSQL keeps 11 kB of its own for five tables that are made and dropped.
-- swan_create_studio postgres 200
SELECT swan_create_studio('another', 'bench_owner');
SELECT swan_detach('another');
DROP SCHEMA another CASCADE;
-- the_tables_of_a_studio postgres 200
CREATE SCHEMA another AUTHORIZATION bench_owner;
SET ROLE bench_owner;
CREATE TABLE another.users (LIKE studio.users INCLUDING ALL);
CREATE TABLE another.sessions (LIKE studio.sessions INCLUDING ALL, FOREIGN KEY (user_id) REFERENCES another.users, FOREIGN KEY (trainer_id) REFERENCES another.users);
CREATE TABLE another.swan_ledger (LIKE studio.swan_ledger INCLUDING ALL);
CREATE TABLE another.swan_lots (LIKE studio.swan_lots INCLUDING ALL);
CREATE TABLE another.swan_holds (LIKE studio.swan_holds INCLUDING ALL);
RESET ROLE;
DROP SCHEMA another CASCADE;
