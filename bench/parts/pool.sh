# shellcheck shell=bash disable=SC2154
# 500 connections through PgBouncer, in transaction mode, to 8 of the server's; against 8 direct ones. Both
# in the extended protocol without prepared statements, which PgBouncer before 1.21 loses in that mode.
# POOLED=10000 bookings of each in a round.
POOLED=${POOLED:-10000}

write_script book
bench_database pool $((2 * POOLED * ROUNDS))
# sockets of pgbench, and two for each of them in PgBouncer
[ "$(ulimit -Sn)" = unlimited ] || [ "$(ulimit -Sn)" -ge 4096 ] || ulimit -Sn 4096
bench_pooler pool 'auth_type = any' 'default_pool_size = 8' 'max_client_conn = 1000' \
  <<<"bench = host=$PGHOST port=$PGPORT user=bench_backend"

booked() { stage_psql -XAtc "SELECT count(*) FROM studio.swan_ledger WHERE kind = 'booking'"; }

first=1
for ((round = 1; round <= ROUNDS; round++)); do
  echo "# $part: round $round of $ROUNDS"
  for variant in $(in_turn "$round" pool:500:pooled/ direct:8:); do
    IFS=: read -r name c host <<<"$variant"
    before=$(booked)
    # One that fails is counted; pgbench has said why.
    (PGHOST=$WORK/pool/$host bench_pgbench book bench_backend "$c" "$POOLED" "$first" -M extended) || true
    read -r tps median p99 < <(WARMUP=2 bench_logged)
    record '' "$name" "$round" tps "$tps"
    record '' "$name" "$round" us "$median"
    record '' "$name" "$round" p99 "$p99"
    record '' "$name" "$round" errors $((POOLED - ($(booked) - before)))
    first=$((first + POOLED))
  done
done
record '' 'connections of the server' 1 most "$(stage_psql -XAtc "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bench_backend'")"
bench_reap
[ "$(stage_psql -XAtc 'SELECT count(*) FROM swan_verify()')" = 0 ] || stage_die "$part: swan_verify() finds fault"
bench_end pool
