-- What a superuser does, once: the extension, and two roles that are none.
CREATE EXTENSION swanalloc;
CREATE ROLE studio_owner LOGIN;   -- owns the tables
CREATE ROLE studio_app LOGIN;     -- what the application's backend logs in as
SELECT format('GRANT CREATE ON DATABASE %I TO studio_owner', current_database()) \gexec

-- The demo's own things: what it expects, and what it notes.
CREATE SCHEMA demo AUTHORIZATION studio_app;
