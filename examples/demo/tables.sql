-- What the studio's owner does, once.
SELECT swan_create_studio('studio');
SELECT swan_configure('time_zone', 'America/New_York');
SELECT swan_allow('studio_app', 'backend');

-- The application reads everything and keeps the users; it has no right to write a session, a
-- balance only with swan_* calls.
GRANT USAGE ON SCHEMA studio TO studio_app;
GRANT SELECT ON ALL TABLES IN SCHEMA studio TO studio_app;
GRANT INSERT, UPDATE ON studio.users TO studio_app;
