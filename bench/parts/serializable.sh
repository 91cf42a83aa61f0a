# shellcheck shell=bash disable=SC2154
# Read, check, save as one writes it without a lock, at SERIALIZABLE and repeated until it succeeds, against
# swan_book(); on 8 connections, which all have slots of their own. SERIALIZABLE_BOOKINGS=2000 of each in a round.
SERIALIZABLE_BOOKINGS=${SERIALIZABLE_BOOKINGS:-2000}

write_script book
write_script serializable
bench_database serializable $((SERIALIZABLE_BOOKINGS * ROUNDS))
first=1
for ((round = 1; round <= ROUNDS; round++)); do
  echo "# $part: round $round of $ROUNDS"
  for variant in $(in_turn "$round" book:bench_backend serializable:bench_owner); do
    bench_pgbench "${variant%:*}" "${variant#*:}" 8 "$SERIALIZABLE_BOOKINGS" "$first" --max-tries=0 --latency-limit=60000
    read -r tps median p99 < <(bench_logged)
    record 8 "${variant%:*}" "$round" tps "$tps"
    record 8 "${variant%:*}" "$round" us "$median"
    record 8 "${variant%:*}" "$round" p99 "$p99"
    record 8 "${variant%:*}" "$round" retries \
      "$(sed -nE 's/^total number of retries: ([0-9]+).*/\1/p' "$WORK/tmp/pgbench.out" | awk -v n="$SERIALIZABLE_BOOKINGS" '{ print $1 / n }')"
  done
  first=$((first + SERIALIZABLE_BOOKINGS))
done
bench_end serializable
