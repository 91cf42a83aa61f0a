#!/bin/bash
# Run once by the image, when the database is new: passwords for the backend's three logins, and one for an admin, a trainer and a
# client of the studio, to look at the pages with.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -qXAt -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v web="$STUDIO_WEB_PASSWORD" -v login="$LOGIN_PASSWORD" <<'SQL'
ALTER ROLE studio_web PASSWORD :'web';
ALTER ROLE studio_hook PASSWORD :'web';
ALTER ROLE studio_feed PASSWORD :'web';
BEGIN;
CREATE EXTENSION pgcrypto;
INSERT INTO web.password SELECT id, crypt(:'login', gen_salt('bf', 10)) FROM studio.users WHERE id IN (1, 3, 101);
DROP EXTENSION pgcrypto;
COMMIT;
SELECT 'Log in as ' || string_agg(email || ' (' || role || ')', ', ' ORDER BY id) FROM studio.users WHERE id IN (1, 3, 101);
SQL
