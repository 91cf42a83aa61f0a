# shellcheck shell=bash disable=SC2154
# 500 connections through PgBouncer, in transaction mode, to 8 of the server's; against 8 direct ones. Both
# in the extended protocol without prepared statements, which PgBouncer before 1.21 loses in that mode.
# POOLED=10000 bookings of each in a round.
POOLED=${POOLED:-10000}
pgbouncer=$(PATH=$PATH:/usr/sbin command -v pgbouncer)

write_script book
bench_database pool $((2 * POOLED * ROUNDS))
# sockets of pgbench, and two for each of them in PgBouncer
[ "$(ulimit -Sn)" = unlimited ] || [ "$(ulimit -Sn)" -ge 4096 ] || ulimit -Sn 4096
stage_exec mkdir "$WORK/pool/pooled"
stage_exec tee "$WORK/pool/pgbouncer.ini" >/dev/null <<END
[databases]
bench = host=$PGHOST port=$PGPORT user=bench_backend
[pgbouncer]
listen_addr =
listen_port = $PGPORT
unix_socket_dir = $WORK/pool/pooled
logfile = $WORK/pool/pgbouncer.log
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 1000
END
bench_spawn "$pgbouncer" -q "$WORK/pool/pgbouncer.ini"
for ((i = 0; i < 100; i++)); do
  [ ! -S "$WORK/pool/pooled/.s.PGSQL.$PGPORT" ] || break
  sleep 0.1
done

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
