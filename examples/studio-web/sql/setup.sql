-- What a superuser does, once, in a database of its own: the extension and the logins. Each has its own authority:
-- studio_web acts for whoever is logged in, studio_hook for the studio, studio_feed reads the feed.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION swanalloc;
SELECT format('CREATE ROLE %I %s', name, CASE name WHEN 'studio_owner' THEN '' ELSE 'LOGIN' END)
FROM unnest('{studio_owner,studio_web,studio_hook,studio_feed}'::text[]) name WHERE to_regrole(name) IS NULL \gexec
SELECT format('GRANT CREATE ON DATABASE %I TO studio_owner', current_database()) \gexec
SELECT swan_create_studio('studio', owner => 'studio_owner');
SELECT swan_allow('studio_web', 'backend'), swan_allow('studio_hook', 'system'), swan_allow('studio_feed', 'reader');

SET ROLE studio_owner;

-- The application's own tables.
CREATE SCHEMA web;
CREATE TABLE web.password (
  user_id bigint PRIMARY KEY REFERENCES studio.users ON DELETE CASCADE,
  hash text NOT NULL);
CREATE TABLE web.pack (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  credits integer NOT NULL CHECK (credits > 0),
  price_minor bigint NOT NULL CHECK (price_minor >= 0),
  currency text NOT NULL DEFAULT 'USD',
  valid interval,                      -- from the first booking on; NULL: for good
  on_sale boolean NOT NULL DEFAULT true);
CREATE TABLE web.cart (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES studio.users ON DELETE CASCADE,
  pack_id bigint NOT NULL REFERENCES web.pack,
  quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 20),
  made_at timestamptz NOT NULL DEFAULT now());

GRANT USAGE ON SCHEMA studio, web TO studio_web, studio_hook, studio_feed;
GRANT SELECT ON studio.users, web.password, web.pack TO studio_web;
GRANT INSERT, SELECT ON web.cart TO studio_web;
GRANT SELECT ON web.cart, web.pack TO studio_hook;
RESET ROLE;
