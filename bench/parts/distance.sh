# shellcheck shell=bash disable=SC2154
# With 1 ms more each way between client and server. The delay is bench/delay.pl's: adding it to a network
# interface takes root and a kernel that can.
# "empty" shows what it comes to, against "near", without it.
# DISTANT=200 bookings of each variant in a round.
DISTANT=${DISTANT:-200}
distance_variants=(book:bench_backend twin:bench_backend client:bench_owner empty:bench_owner)

for variant in "${distance_variants[@]}"; do write_script "${variant%:*}"; done
bench_database distance $((DISTANT * ROUNDS))
stage_exec mkdir "$WORK/distance/far"
bench_spawn perl bench/delay.pl "$WORK/distance/far/.s.PGSQL.$PGPORT" "$PGHOST/.s.PGSQL.$PGPORT" 0.001
for ((i = 0; i < 100; i++)); do
  [ ! -S "$WORK/distance/far/.s.PGSQL.$PGPORT" ] || break
  sleep 0.1
done
first=1
for ((round = 1; round <= ROUNDS; round++)); do
  echo "# $part: round $round of $ROUNDS"
  WARMUP=10 measure near 1 "$round" empty bench_owner "$DISTANT" "$first"
  for variant in $(in_turn "$round" "${distance_variants[@]}"); do
    WARMUP=10 PGHOST=$WORK/distance/far measure '1 ms' 1 "$round" "${variant%:*}" "${variant#*:}" "$DISTANT" "$first"
  done
  first=$((first + DISTANT))
done
bench_reap
stage_psql -q -v bookings=$((DISTANT * ROUNDS)) -v variants='book twin client' -v alone=true -f bench/sql/check.sql
bench_end distance
