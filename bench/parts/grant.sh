# shellcheck shell=bash
# Credits: a hundred in one grant against one, and one grant to many clients against a grant to each.
# GRANTS=400 of each kind in a round; MANY=10000 clients.
GRANTS=${GRANTS:-400}
MANY=${MANY:-10000}

grant_run() { # SCRIPT N FIRST ADMIN [ARG...]
  bench_pgbench "$1" bench_backend 1 "$2" "$3" -D admin="$4" "${@:5}"
}

# Everybody begins with ten credits, so that the tables have statistics, and is given some once, so
# that no grant is dearer for what came before.
grant_per=$((GRANTS + WARMUP))
bench_clients=$((4 * ROUNDS * grant_per))
CLIENTS=$bench_clients write_script grant
CREDITS=10 bench_database_small grant "$bench_clients" "$bench_clients"
first=0
for setting in off on; do
  stage_psql -qc "SELECT swan_configure('session_records', '$setting')" -c 'VACUUM (ANALYZE)' >"$WORK/tmp/out"
  for ((round = 1; round <= ROUNDS; round++)); do
    echo "# $part: session_records $setting, round $round of $ROUNDS"
    for n in $(in_turn "$round" 100 1); do
      grant_run grant "$grant_per" "$first" $((bench_clients + 1)) -D n="$n"
      read -r _ us _ < <(bench_logged)
      record "records $setting" "$n" "$round" us "$us"
      first=$((first + grant_per))
    done
  done
done
[ "$(stage_psql -Atc "SELECT count(*) FROM studio.users WHERE available_sessions IN (11, 110)")" = "$bench_clients" ] ||
  stage_die "$part: not everybody has his credits"
[ -z "$(stage_psql -Atc 'SELECT * FROM swan_verify()')" ] || stage_die "$part: swan_verify() finds fault"
bench_end grant

# Everybody begins with one lot again, and no dead rows are left.
grant_anew() {
  stage_psql -q <<<"SET session_replication_role = replica;
    DELETE FROM studio.swan_lots WHERE id > $MANY;
    DELETE FROM studio.swan_ledger WHERE id > $MANY;
    UPDATE studio.users SET available_sessions = 10 WHERE id <= $MANY;
    RESET session_replication_role;
    VACUUM (ANALYZE);"
}

CLIENTS=$MANY write_script grant
CLIENTS=$MANY write_script many
CLIENTS=$MANY write_script each
CREDITS=10 bench_database_small grant "$MANY" 1
for ((round = 1; round <= ROUNDS; round++)); do
  echo "# $part: $MANY clients, round $round of $ROUNDS"
  for variant in $(in_turn "$round" single many 'one_transaction'); do
    grant_anew
    given=2
    case $variant in
      single)
        given=1
        grant_run grant "$MANY" 0 $((MANY + 1)) -D n=1
        read -r tps _ < <(bench_logged)
        us=$(awk -v n="$MANY" -v tps="$tps" 'BEGIN { printf "%d", n * 1e6 / tps }')
        ;;
      many) # the first of a connection is not counted
        grant_run many 2 0 $((MANY + 1)) -D many="$MANY"
        read -r _ us _ < <(WARMUP=0 bench_logged)
        ;;
      *)
        grant_run each 2 0 $((MANY + 1)) -D many="$MANY"
        read -r _ us _ < <(WARMUP=0 bench_logged)
        ;;
    esac
    record many "${variant/_/ }" "$round" us "$us"
    [ "$(stage_psql -Atc "SELECT count(*) FROM studio.users WHERE available_sessions = 10 + $given")" = "$MANY" ] ||
      stage_die "$part: not everybody has his credits"
  done
done
bench_end grant
