# shellcheck shell=bash disable=SC2154
# FLEET=50 studios, each in a database of its own, against the same bookings in one studio that has all of their clients: directly,
# with 50 connections, and through PgBouncer in transaction mode, with pools of several sizes for twice as many clients.
# FLEET_BOOKINGS=5000 of each variant in a round. And what databases, clients and bookings take on the disk, and a server process
# in memory, also one that books in STUDIOS='1 10 50' studios of one database.
FLEET=${FLEET:-50}
FLEET_BOOKINGS=${FLEET_BOOKINGS:-5000}
STUDIOS=${STUDIOS:-1 10 50}
fleet_variants='direct:one:1 direct:fleet:1 pool:one:4 pool:one:8 pool:one:16 pool:fleet:1 pool:fleet:2' # each four times or less a round
fleet_clients=100                                                                                        # of each studio
fleet_slots=$((4 * FLEET_BOOKINGS * ROUNDS / FLEET))                                                     # likewise

# As many pgbench as there are studios, all at once, in one studio or each in its own.
fleet_pgbench() { # one|fleet HOST CONNECTIONS-OF-EACH
  local k first db per=$((FLEET_BOOKINGS / FLEET / $3)) commands=''
  rm -f "$WORK"/tmp/log.*
  for ((k = 0; k < FLEET; k++)); do
    if [ "$1" = one ]; then
      db=bench first=$((1 + fleet_one * FLEET_BOOKINGS + k * $3 * per))
    else
      db=bench_$((k + 1)) first=$((1 + fleet_fleet * FLEET_BOOKINGS / FLEET))
    fi
    commands+="pgbench -n -M extended -U bench_backend -h $2 -c $3 -t $per -D i=-1 -D first=$first -D per=$per \
      -f $WORK/tmp/fleet_$1.sql --log --log-prefix=$WORK/tmp/log.$k $db >$WORK/tmp/pgbench.$k 2>&1 || { cat $WORK/tmp/pgbench.$k >&2; touch $WORK/tmp/failed; } &"$'\n'
  done
  stage_run bash -c "$commands wait"
  [ ! -e "$WORK/tmp/failed" ] || stage_die "$part: $1 failed"
  if [ "$1" = one ]; then fleet_one=$((fleet_one + 1)); else fleet_fleet=$((fleet_fleet + 1)); fi
}

# Bookings a second, less the first of each connection.
fleet_tps() {
  awk -v skip=10 '
    { t = $5 + $6 / 1e6; c = FILENAME "/" $1 }
    $2 > skip { n++; if (!first || t < first) first = t; if (t > last) last = t }
    END { printf "%.1f\n", n / (last - first) }' "$WORK"/tmp/log.*
}

# Of the processes of the server that have booked: "COUNT PSS PRIVATE", the latter two the median in kB.
fleet_memory() {
  local pid
  for pid in $(stage_psql -XAtc "SELECT pid FROM pg_stat_activity WHERE usename = 'bench_backend'"); do
    stage_exec awk '/^Pss:/ { pss = $2 } /^Private_Dirty:/ { own = $2 } END { print pss, own }' "/proc/$pid/smaps_rollup"
  done | sort -n | awk '{ pss[NR] = $1; own[NR] = $2 } END { m = int((NR + 1) / 2); print NR, pss[m], own[m] }'
}

# Bytes on the disk, with indexes, of these tables of the one studio.
fleet_bytes() { # TABLE...
  stage_psql -XAtc "SELECT sum(pg_total_relation_size(('studio.' || t)::regclass)) FROM unnest(string_to_array('$*', ' ')) t"
}

[ "$(ulimit -Sn)" = unlimited ] || [ "$(ulimit -Sn)" -ge 4096 ] || ulimit -Sn 4096
CLIENTS=$((FLEET * fleet_clients)) write_script fleet_one "$(cat bench/scripts/book.sql)"
CLIENTS=$fleet_clients write_script fleet_fleet "$(cat bench/scripts/book.sql)"
bench_cluster fleet 'max_connections = 500'

# what an empty studio takes, and how long it takes to make one after another
stage_psql -qc 'CREATE DATABASE bench_template'
PGDATABASE=bench_template stage_psql -q -f bench/sql/studio.sql
record empty database 1 kB "$(stage_psql -XAtc "SELECT pg_database_size('bench_template') / 1024")"
record empty database 1 catalogs "$(stage_psql -XAtc "SELECT pg_database_size('template0') / 1024")"
for ((k = 1; k <= 10; k++)); do
  before=$EPOCHREALTIME
  stage_psql -qc 'CREATE DATABASE bench_next TEMPLATE bench_template'
  record empty database "$k" ms "$(((${EPOCHREALTIME/[.,]/} - ${before/[.,]/}) / 1000))"
  stage_psql -qc 'DROP DATABASE bench_next'
done

for k in one 1; do
  [ $k = one ] || stage_psql -qc 'CREATE DATABASE bench_1'
  PGDATABASE=$([ $k = one ] && echo bench || echo bench_1) stage_psql -q -v credits=100 \
    -v clients=$([ $k = one ] && echo $((FLEET * fleet_clients)) || echo $fleet_clients) \
    -v slots=$([ $k = one ] && echo $((FLEET * fleet_slots)) || echo $fleet_slots) -f bench/sql/small.sql
done
for ((k = 2; k <= FLEET; k++)); do stage_psql -qc "CREATE DATABASE bench_$k TEMPLATE bench_1"; done
record size client 1 bytes $(($(fleet_bytes users swan_lots swan_ledger) / (FLEET * fleet_clients)))
record size slot 1 bytes $(($(fleet_bytes sessions) / (FLEET * fleet_slots)))
before=$(fleet_bytes users sessions swan_lots swan_ledger)

fleet_one=0 fleet_fleet=0
for ((round = 1; round <= ROUNDS; round++)); do
  echo "# $part: round $round of $ROUNDS"
  for variant in $(in_turn "$round" $fleet_variants); do
    IFS=: read -r how kind size <<<"$variant"
    if [ "$how" = direct ]; then
      fleet_pgbench "$kind" "$PGHOST" 1
      record direct "$kind" "$round" tps "$(fleet_tps)"
    else
      bench_pooler fleet 'auth_type = any' "default_pool_size = $size" 'max_client_conn = 1000' \
        <<<"* = host=$PGHOST port=$PGPORT user=bench_backend"
      fleet_pgbench "$kind" "$WORK/fleet/pooled" 2
      record pool "$kind $size" "$round" tps "$(fleet_tps)"
      read -r count pss own < <(fleet_memory)
      record pool "$kind $size" "$round" processes "$count"
      record pool "$kind $size" "$round" pss "$pss"
      record pool "$kind $size" "$round" private "$own"
      bench_reap
    fi
  done
done
record size booking 1 bytes $((($(fleet_bytes users sessions swan_lots swan_ledger) - before) / (fleet_one * FLEET_BOOKINGS)))
for database in bench bench_1 "bench_$FLEET"; do
  [ "$(PGDATABASE=$database stage_psql -XAtc 'SELECT count(*) FROM swan_verify()')" = 0 ] || stage_die "$part: swan_verify() finds fault in $database"
done

# one process that books in ever more studios of one database
stage_psql -qc 'CREATE DATABASE bench_many'
export PGDATABASE=bench_many
stage_psql -q -v studios="${STUDIOS##* }" -f bench/sql/fleet_many.sql
for ((round = 1; round <= 3; round++)); do
  {
    booked=0
    for k in $STUDIOS; do
      for ((i = booked + 1; i <= k; i++)); do echo "SET swanalloc.studio = 's$i'; SELECT FROM swan_book(1, $round);"; done
      echo "SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+) kB');"
      booked=$k
    done
  } | stage_psql -qXAt -f - | grep . | paste -d ' ' <(tr ' ' '\n' <<<"$STUDIOS") - | while read -r k kb; do
    record many "$k studios" "$round" private "$kb"
  done
done
bench_end fleet
