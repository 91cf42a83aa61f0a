# shellcheck shell=bash disable=SC2154
# What settings of tables and of the server do to the cost of a booking. Not among the default parts.
# TUNING_CALLS=1500 of each call in a round; TUNING='indexes fill vacuum snapshot commit': only these.
TUNING_CALLS=${TUNING_CALLS:-1500}

# A cluster with studios; on stdin for each: its name, a tab, and what is done to it before it is filled.
tuning_cluster() { # NAME SLOTS HISTORY [LINE...]
  bench_cluster "$1" "${@:4}"
  stage_psql -q -v clients="$CLIENTS" -v slots="$2" -v rows="$3" -f bench/sql/tuning.sql
}

# One measurement of a call in one of the studios, recorded.
measure_call() { # STUDIO VARIANT CONNECTIONS ROUND CALL N FIRST
  local tps median p99 wal
  wal=$(stage_psql -qXAtc 'SELECT pg_current_wal_insert_lsn()')
  PGOPTIONS="-c swanalloc.studio=$1" bench_pgbench "$5" bench_backend "$3" "$6" "$7"
  read -r tps median p99 < <(bench_logged)
  record "$1" "$2" "$4" us "$median"
  record "$1" "$2" "$4" p99 "$p99"
  record "$1" "$2" "$4" tps "$tps"
  record "$1" "$2" "$4" wal "$(stage_psql -qXAtc "SELECT round((pg_current_wal_insert_lsn() - '$wal') / $6)")"
}

# Sizes and updates of the tables of a studio, recorded.
measure_tables() { # STUDIO ROUND
  local table measure value
  while IFS='|' read -r table measure value; do
    record "$1" "$table" "$2" "$measure" "$value"
  done < <(stage_psql -qXAtc "SELECT pg_stat_clear_snapshot()" -c "SELECT relname, v.* FROM pg_stat_user_tables t, LATERAL (VALUES
    ('kB', pg_relation_size(relid) / 1024), ('index_kB', pg_indexes_size(relid) / 1024),
    ('hot', 100 * n_tup_hot_upd / greatest(n_tup_upd, 1)), ('dead', n_dead_tup), ('vacuums', autovacuum_count)) v (measure, value)
    WHERE schemaname = '$1' AND relname IN ('users', 'sessions', 'swan_lots', 'swan_ledger')" | grep '|')
}

tuning_indexes() {
  local round studio
  local studios=(all no_name no_created no_search no_feed no_at none)
  write_script book
  tuning_cluster indexes $((TUNING_CALLS * ROUNDS)) 20000 <<'END'
all	SELECT 1
no_name	DROP INDEX users_name
no_created	DROP INDEX users_created
no_search	DROP INDEX users_search
no_feed	DROP INDEX swan_ledger_feed
no_at	DROP INDEX swan_ledger_at
none	DROP INDEX users_name, users_created, users_search, swan_ledger_feed, swan_ledger_at
\.
END
  for ((round = 1; round <= ROUNDS; round++)); do
    for studio in $(in_turn "$round" "${studios[@]}"); do
      measure_call "$studio" indexes 1 "$round" book "$TUNING_CALLS" $((1 + TUNING_CALLS * (round - 1)))
    done
  done
  bench_end indexes
}

tuning_fill() {
  local round studio CLIENTS=10000
  local studios=(own users100 users50 lots100 sessions70)
  write_script book
  tuning_cluster fill $((5 * TUNING_CALLS * ROUNDS)) 20000 <<'END'
own	SELECT 1
users100	ALTER TABLE users SET (fillfactor = 100)
users50	ALTER TABLE users SET (fillfactor = 50)
lots100	ALTER TABLE swan_lots SET (fillfactor = 100)
sessions70	ALTER TABLE sessions SET (fillfactor = 70)
\.
END
  for studio in "${studios[@]}"; do measure_tables "$studio" 0; done
  for ((round = 1; round <= ROUNDS; round++)); do
    for studio in $(in_turn "$round" "${studios[@]}"); do
      measure_call "$studio" fill 1 "$round" book $((5 * TUNING_CALLS)) $((1 + 5 * TUNING_CALLS * (round - 1)))
    done
  done
  for studio in "${studios[@]}"; do measure_tables "$studio" "$ROUNDS"; done
  bench_end fill
}

# Bookings that are cancelled; each leaves a cancelled session and opens a new slot. 10 s pass for what is a minute elsewhere.
tuning_vacuum() {
  local round studio n=$((100000 / ROUNDS)) CLIENTS=5000
  local studios=(off defaults tuned)
  write_script book_cancel
  tuning_cluster vacuum $((n * ROUNDS)) 100000 'autovacuum_naptime = 10s' <<'END'
off	SELECT 1
defaults	SELECT 1
tuned	SELECT 1
\.
END
  for studio in "${studios[@]}"; do measure_tables "$studio" 0; done
  stage_psql -q -c "ALTER SYSTEM SET autovacuum = on" -c 'SELECT pg_reload_conf()' -o /dev/null
  for table in users sessions swan_lots; do
    stage_psql -q -c "ALTER TABLE off.$table SET (autovacuum_enabled = off)" \
      -c "ALTER TABLE tuned.$table SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.02)"
  done
  for ((round = 1; round <= ROUNDS; round++)); do
    for studio in $(in_turn "$round" "${studios[@]}"); do
      measure_call "$studio" vacuum 1 "$round" book_cancel "$n" $((1 + n * (round - 1)))
    done
  done
  sleep 15
  for studio in "${studios[@]}"; do measure_tables "$studio" "$ROUNDS"; done
  bench_end vacuum
}

# One studio, settings of the role; commits reach the disk.
tuning_commit() {
  local round setting c n first=1 CLIENTS=5000
  local settings=(on off delay50 delay500)
  write_script book
  tuning_cluster commit $((4 * 9 * TUNING_CALLS * ROUNDS)) 20000 'fsync = on' <<'END'
commit	SELECT 1
\.
END
  for ((round = 1; round <= ROUNDS; round++)); do
    for c in 1 8 32; do
      for setting in $(in_turn "$round" "${settings[@]}"); do
        stage_psql -q -c 'ALTER ROLE bench_backend RESET ALL' -c "ALTER ROLE bench_backend SET $(case $setting in
          on) echo synchronous_commit = on ;; off) echo synchronous_commit = off ;; *) echo "commit_delay = ${setting#delay}" ;; esac)"
        n=$((c == 1 ? TUNING_CALLS : c == 8 ? 3 * TUNING_CALLS : 5 * TUNING_CALLS))
        measure_call commit "$setting-$c" "$c" "$round" book "$n" "$first"
        first=$((first + n))
      done
    done
  done
  bench_end commit
}

# Bookings while a transaction somewhere keeps an old snapshot, against bookings without.
tuning_snapshot() {
  local round studio holder
  write_script book
  tuning_cluster snapshot $((5 * TUNING_CALLS * ROUNDS)) 20000 <<'END'
free	SELECT 1
held	SELECT 1
\.
END
  for ((round = 1; round <= ROUNDS; round++)); do
    for studio in $(in_turn "$round" free held); do
      holder=''
      if [ "$studio" = held ]; then
        bench_spawn psql -qXAt -c 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM studios; SELECT pg_sleep(600)' >/dev/null 2>&1
        sleep 1
        holder="SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
      fi
      measure_call "$studio" snapshot 1 "$round" book $((5 * TUNING_CALLS)) $((1 + 5 * TUNING_CALLS * (round - 1)))
      if [ -n "$holder" ]; then
        stage_psql -qXAtc "$holder" >/dev/null
        wait "$spawned" || true
      fi
    done
  done
  for studio in free held; do measure_tables "$studio" "$ROUNDS"; done
  bench_end snapshot
}

for tuning in ${TUNING:-indexes fill vacuum snapshot commit}; do
  echo "# $part: $tuning"
  "tuning_$tuning"
done
