# shellcheck shell=bash
# Many connections go for one slot at once, and for ten; client/rush.c says how, and what its variants are.
# RUSHES=60 of each kind in a round; RUSHERS=64 connections.
RUSHES=${RUSHES:-60}
RUSHERS=${RUSHERS:-64}

# Rows written so far, in whatever became of them, less the four that a booking writes.
rush_written() {
  stage_psql -Atc "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint - 4 * (
      SELECT count(*) FROM studio.swan_ledger WHERE kind = 'booking') FROM pg_stat_user_tables"
}

bench_client
rush_first=1
rush_per=$(((RUSHES + 5) * (2 * 10 + RUSHERS))) # slots that a round of ten uses
bench_database_small rush "$CLIENTS" $((2 * ROUNDS * rush_per))
stage_psql -qc "CREATE VIEW rush_bookings AS SELECT session_id AS slot, count(*) AS n FROM studio.swan_ledger
  WHERE kind = 'booking' GROUP BY session_id"
for ((round = 1; round <= ROUNDS; round++)); do
  for slots in $(in_turn "$round" 1 10); do
    setting="$slots slot$([ "$slots" = 1 ] || echo s)"
    echo "# $part: $setting, round $round of $ROUNDS"
    written=$(rush_written)
    stage_run bench/client/rush "$RUSHERS" "$slots" "$RUSHES" "$rush_first" "$CLIENTS" >"$WORK/tmp/rush.out" ||
      stage_die "$part: $setting failed"
    while read -r variant measure value; do
      record "$setting" "$variant" "$round" "$measure" "$value"
    done <"$WORK/tmp/rush.out"
    sleep 0.2 # servers report their counts when they end
    record "$setting" rush "$round" winners "$(stage_psql -Atc "SELECT max(n) FROM rush_bookings WHERE slot >= $rush_first")"
    record "$setting" loser "$round" dead $(($(rush_written) - written))
    record "$setting" rush "$round" deadlocks "$(stage_psql -Atc "SELECT deadlocks FROM pg_stat_database WHERE datname = 'bench'")"
    rush_first=$((rush_first + rush_per))
  done
done
[ -z "$(stage_psql -Atc 'SELECT * FROM swan_verify()')" ] || stage_die "$part: swan_verify() finds fault"
bench_end rush
