# shellcheck shell=bash disable=SC2154
# What the parts of `make bench` have in common; sourced by bench/run, after test/lib.sh.
#
# record SETTING VARIANT ROUND MEASURE VALUE    one line of measured.csv, for the part that runs
# in_turn ROUND NAME...                         the names, every other round backwards, one a line
# bench_database                                a new cluster with the studios of sql/setup.sql, in database bench
# bench_database_small NAME CLIENTS SLOTS       a new cluster with the studio of sql/small.sql, in database bench;
#                                               each client has $CREDITS
# bench_statements                              makes the role bench_statements: bench_backend with swanalloc.direct_rows off
# bench_pin CONNECTIONS                         where a single connection and its server process run
# bench_client                                  builds the programs in bench/client
# bench_pgbench NAME ROLE CONNECTIONS N [ARG...]   N transactions of scripts/NAME.sql in all, logged for
# bench_logged                                  "TPS US MEDIAN P99" of what the last bench_pgbench did
# bench_pooler CLUSTER [LINE...]                 a PgBouncer in transaction mode beside the cluster, in whose directory pooled its
#                                               socket is: its databases are read from stdin, the lines are settings; ended by bench_reap
# bench_spawn CMD..., bench_reap                runs CMD in the background; ends it
# server_ms                                     processor time that ended backends of the cluster have used

MEASURED=$WORK/tmp/measured.csv

record() { printf '%s,%s,%s,%s,%s,%s\n' "$part" "$1" "$2" "$3" "$4" "$5" >>"$MEASURED"; }

# A drift of the machine favours nobody if every other round runs backwards.
in_turn() {
  local round=$1
  shift
  if [ $((round % 2)) = 1 ]; then printf '%s\n' "$@"; else printf '%s\n' "$@" | tac; fi
}

# What is measured is the processor's work: nothing waits for a disk, or for a checkpoint or vacuum
# that happens to run. Further arguments are lines of postgresql.conf.
bench_cluster() { # NAME [LINE...]
  stage_start "$1" 'autovacuum = off' 'shared_buffers = 256MB' 'checkpoint_timeout = 1h' \
    'max_wal_size = 8GB' 'jit = off' 'max_connections = 200' "${@:2}"
  postmaster=$(head -n 1 "$WORK/$1/data/postmaster.pid")
  stage_psql -qc 'CREATE DATABASE bench'
  export PGDATABASE=bench
}

# The studios of sql/setup.sql, where $CLIENTS clients can book SLOTS slots of each copy.
bench_database() { # NAME SLOTS [LINE...]
  bench_cluster "$1" "${@:3}"
  stage_psql -q -v clients="$CLIENTS" -v slots="$2" -f bench/sql/setup.sql
}

bench_database_small() { # NAME CLIENTS SLOTS [LINE...]
  bench_cluster "$1" "${@:4}"
  stage_psql -q -v clients="$2" -v slots="$3" -v credits="${CREDITS:-100}" -f bench/sql/small.sql
}

bench_statements() {
  stage_psql -q -o /dev/null -c 'CREATE ROLE bench_statements LOGIN' \
    -c "SELECT swan_allow('bench_statements', 'backend', studio => 'studio')" \
    -c 'ALTER ROLE bench_statements SET swanalloc.direct_rows = off'
}

bench_client() { stage_run make -s -C bench/client PG_CONFIG="$PG_CONFIG"; }

# Drops what bench_cluster made, to go on with another.
bench_end() { # NAME
  export PGDATABASE=postgres
  stage_stop "$1"
  rm -rf "${WORK:?}/$1"
}

# A program beside the server, as its user; $spawned is its process, until bench_reap ends it. Should the
# bench be broken off, stage_close does, as it runs in the work directory.
bench_spawn() {
  "${STAGE_AS[@]}" "$@" </dev/null &
  spawned=$!
}

bench_reap() {
  kill "$spawned"
  wait "$spawned" || true
}

bench_pooler() { # CLUSTER [LINE...]
  local dir=$WORK/$1 pgbouncer i
  pgbouncer=$(PATH=$PATH:/usr/sbin command -v pgbouncer)
  stage_exec mkdir -p "$dir/pooled"
  {
    echo '[databases]'
    cat
    printf '%s\n' '[pgbouncer]' 'listen_addr =' "listen_port = $PGPORT" "unix_socket_dir = $dir/pooled" \
      "logfile = $dir/pgbouncer.log" 'pool_mode = transaction' "${@:2}"
  } | stage_exec tee "$dir/pgbouncer.ini" >/dev/null
  bench_spawn "$pgbouncer" -q "$dir/pgbouncer.ini"
  for ((i = 0; i < 100; i++)); do
    [ ! -S "$dir/pooled/.s.PGSQL.$PGPORT" ] || break
    sleep 0.1
  done
}

# Writes a script to $WORK/tmp: which slot is next, and what is done with it. Slots count from :first + 1.
# Each connection has slots of its own, and starts somewhere else in them: at one time they have other clients.
write_script() { # NAME [TEXT, if it is not that of scripts/NAME.sql]
  local text=${2:-$(cat "bench/scripts/$1.sql")}
  stage_exec tee "$WORK/tmp/$1.sql" >/dev/null <<END
\\set i :i + 1
\\set slot :first + :client_id * :per + (:i + 61 * :client_id) % :per
\\set user 1 + (:slot * 7919) % $CLIENTS
\\set lot $CLIENTS + :user
$text
END
}

# A connection and its server process take turns. On one processor they hand over in no time; on two it
# takes as long as it takes to wake one, which differs tenfold between runs on one machine and would
# drown what is measured. PIN=together|apart|no
bench_pin() { # CONNECTIONS; sets pinned, what runs the client
  local cpus
  cpus=$(taskset -cp $$ | sed 's/.*: //')
  pinned=()
  [ -e "/proc/$postmaster" ] || return 0 # a server that part instructions has started by itself
  if [ "$1" = 1 ] && [ "${PIN:-together}" != no ]; then
    pinned=(taskset -c "${cpus##*[,-]}")
    if [ "${PIN:-together}" = together ]; then cpus=${cpus##*[,-]}; else cpus=${cpus%%[,-]*}; fi
  fi
  taskset -cp "$cpus" "$postmaster" >"$WORK/tmp/pin.out" # its children start there
}

# Runs a script of write_script() so often in all; what pgbench logs of each transaction stays in $WORK/tmp/log.*
bench_pgbench() { # NAME ROLE CONNECTIONS N FIRST [ARG...]
  local per=$(($4 / $3))
  rm -f "$WORK"/tmp/log.*
  bench_pin "$3"
  if ! stage_run "${pinned[@]}" pgbench -n -M prepared -U "$2" -c "$3" -j "$(($3 < 4 ? $3 : 4))" -t "$per" \
    -D i=-1 -D first="$5" -D per="$per" -D clients="$CLIENTS" -f "$WORK/tmp/$1.sql" --log --log-prefix="$WORK/tmp/log" "${@:6}" \
    bench >"$WORK/tmp/pgbench.out" 2>&1; then
    cat "$WORK/tmp/pgbench.out" >&2
    stage_die "$part: $1 failed"
  fi
}

# "TPS MEDIAN P99" of the logged transactions, less the first WARMUP of each connection; the latter two in µs.
bench_logged() {
  # client, number, µs, script, end in s and µs
  sort -n -k3,3 "$WORK"/tmp/log.* | awk -v skip="$WARMUP" '
    $2 <= skip { if ($2 == skip) start[$1] = $5 + $6 / 1e6; next }
    { n++; us[n] = $3; count[$1]++; t = $5 + $6 / 1e6; if (t > stop[$1]) stop[$1] = t }
    END {
      if (n == 0) { print "nothing is left to measure after the warm-up" >"/dev/stderr"; exit }
      for (c in count) tps += count[c] / (stop[c] - start[c])
      printf "%.1f %d %d\n", tps, us[int((n + 1) / 2)], us[int(n * 0.99)]
    }'
}

# Processor time in ms that ended backends have used so far; it counts in ticks.
server_ms() {
  sleep 0.05 # the last one may be about to end
  awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($14 + $15) * 1000 / hz }' "/proc/$postmaster/stat"
}

# One measurement of a script, recorded.
measure() { # SETTING CONNECTIONS ROUND NAME ROLE N FIRST
  local before tps median p99
  before=$(server_ms)
  bench_pgbench "$4" "$5" "$2" "$6" "$7"
  read -r tps median p99 < <(bench_logged)
  record "$1" "$4" "$3" tps "$tps"
  record "$1" "$4" "$3" us "$median"
  record "$1" "$4" "$3" p99 "$p99"
  record "$1" "$4" "$3" cpu "$(awk -v before="$before" -v after="$(server_ms)" -v n="$6" 'BEGIN { printf "%.2f", (after - before) * 1000 / n }')"
}
