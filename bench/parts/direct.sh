# shellcheck shell=bash disable=SC2154
# What it brings that single rows are read by an index without the executor: the same booking by bench_statements,
# in the other half of the slots.
# DIRECT=4000 bookings of each in a round, one connection on one processor, with one each ("apart"), and eight.
DIRECT=${DIRECT:-4000}
direct_connections=(1 apart 8)

write_script book
write_script statements "$(cat bench/scripts/book.sql)"
bookings=$((DIRECT * ROUNDS * ${#direct_connections[@]}))
bench_database direct $((2 * bookings))
bench_statements
first=1
for c in "${direct_connections[@]}"; do
  for ((round = 1; round <= ROUNDS; round++)); do
    echo "# $part: $c connection(s), round $round of $ROUNDS"
    for variant in $(in_turn "$round" book:bench_backend:0 "statements:bench_statements:$bookings"); do
      IFS=: read -r name role beyond <<<"$variant"
      PIN=${c/1/together} measure "$c" "${c/apart/1}" "$round" "$name" "$role" "$DIRECT" $((first + beyond))
    done
    first=$((first + DIRECT))
  done
done
stage_psql -q -v bookings=$((2 * bookings)) -v variants=book -v alone=false -f bench/sql/check.sql
bench_end direct
