# shellcheck shell=bash disable=SC2154
# What it takes a server to have DATABASES=200 studios, each in a database of its own, where nobody does anything: files, start
# after a crash, base backup, a round of autovacuum, a look at each, an update of the extension. And PgBouncer with a directory of DIRECTORY=10000.
DATABASES=${DATABASES:-200}
DIRECTORY=${DIRECTORY:-10000}

# Seconds since $1, an earlier EPOCHREALTIME.
databases_took() { awk -v t="$1" -v now="$EPOCHREALTIME" 'BEGIN { printf "%.3f", now - t }'; }

bench_cluster databases 'wal_level = replica' 'max_wal_senders = 4'
stage_psql -qc 'CREATE DATABASE studio_template'
PGDATABASE=studio_template stage_psql -q -f bench/sql/studio.sql
stage_psql -qc CHECKPOINT
files=$(find "$WORK/databases/data/base" -type f | wc -l)
bytes=$(du -sk "$WORK/databases/data/base" | cut -f 1)
for ((k = 1; k <= DATABASES; k++)); do
  before=$EPOCHREALTIME
  stage_psql -qc "CREATE DATABASE studio_$k TEMPLATE studio_template"
  record '' database "$k" s "$(databases_took "$before")"
done
stage_psql -qc CHECKPOINT
record '' database 1 files $((($(find "$WORK/databases/data/base" -type f | wc -l) - files) / DATABASES))
record '' database 1 kB $((($(du -sk "$WORK/databases/data/base" | cut -f 1) - bytes) / DATABASES))

before=$EPOCHREALTIME
stage_exec pg_basebackup -D - -F tar -X fetch -c fast >/dev/null
record '' 'base backup' 1 s "$(databases_took "$before")"

# a crash: each database has written something
for ((k = 1; k <= DATABASES; k++)); do
  PGDATABASE=studio_$k stage_psql -qc "INSERT INTO studio.users (first_name) VALUES ('Ann')"
done
stage_stop databases
before=$EPOCHREALTIME
stage_exec pg_ctl -D "$WORK/databases/data" -l "$WORK/databases/log" -w -s start
record '' 'start after a crash' 1 s "$(databases_took "$before")"
postmaster=$(head -n 1 "$WORK/databases/data/postmaster.pid")

# a look at each, as monitoring does: a connection, and one call
before=$EPOCHREALTIME
for ((k = 1; k <= DATABASES; k++)); do
  PGDATABASE=studio_$k stage_psql -XAtqc "SELECT swan_health()->>'status'"
done | grep -c healthy >"$WORK/tmp/healthy"
record '' 'a look at each' 1 s "$(databases_took "$before")"
[ "$(cat "$WORK/tmp/healthy")" = "$DATABASES" ] || stage_die "$part: not all of them are healthy"

# an update of the extension, from the script of 0.1.0
for ((k = 1; k <= 20; k++)); do
  stage_psql -qc "CREATE DATABASE earlier_$k"
  PGDATABASE=earlier_$k stage_psql -qc "CREATE EXTENSION swanalloc VERSION '0.1.0'"
  before=$EPOCHREALTIME
  PGDATABASE=earlier_$k stage_psql -qc 'ALTER EXTENSION swanalloc UPDATE'
  record '' update "$k" s "$(databases_took "$before")"
done

# autovacuum with its defaults, when there is nothing to do: how many databases it looks into, and what that takes
stage_psql -qc 'ALTER SYSTEM SET autovacuum = on' -c 'ALTER SYSTEM SET log_min_messages = debug1' -c 'SELECT pg_reload_conf()' -o /dev/null
sleep 5
cpu=$(server_ms) looks=$(grep -c 'autovacuum: processing database' "$WORK/databases/log" || true)
sleep 60
record '' autovacuum 1 'looks a minute' $(($(grep -c 'autovacuum: processing database' "$WORK/databases/log" || true) - looks))
record '' autovacuum 1 'ms a minute' "$(awk -v a="$cpu" -v b="$(server_ms)" 'BEGIN { print b - a }')"

# the directory
stage_exec tee "$WORK/databases/users" >/dev/null <<<'"postgres" ""'
bench_pooler databases 'auth_type = trust' "auth_file = $WORK/databases/users" 'admin_users = postgres' 'default_pool_size = 1' < <(
  for ((k = 1; k <= DIRECTORY; k++)); do echo "studio_$k = host=$PGHOST port=$PGPORT user=bench_backend"; done
)
for ((round = 1; round <= ROUNDS; round++)); do
  before=$EPOCHREALTIME
  PGHOST=$WORK/databases/pooled PGDATABASE=pgbouncer stage_psql -XAtqc RELOAD >/dev/null
  record '' "directory of $DIRECTORY" "$round" 'reload s' "$(databases_took "$before")"
done
record '' "directory of $DIRECTORY" 1 'memory kB' "$(awk '/^VmRSS/ { print $2 }' "/proc/$spawned/status")"
PGHOST=$WORK/databases/pooled PGDATABASE=studio_$DATABASES stage_psql -XAtqc "SELECT swan_health()->>'status'" >/dev/null
bench_reap
bench_end databases
