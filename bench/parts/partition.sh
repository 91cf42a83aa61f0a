# shellcheck shell=bash disable=SC2154
# What it costs to divide the ledger, by id or by at, into few partitions or many. Not among the default parts.
# PARTITION_CALLS=1500 of each call in a round; HISTORY=480000 rows in each ledger; LEDGERS: name:key:partitions.
PARTITION_CALLS=${PARTITION_CALLS:-1500}
HISTORY=${HISTORY:-480000}
read -ra ledgers <<<"${LEDGERS:-whole:id:0 id4:id:4 id24:id:24 at4:at:4 at24:at:24}"

for name in book book_key statement; do write_script "$name"; done
bench_cluster partition
stage_psql -q -v clients="$CLIENTS" -v slots=$((2 * PARTITION_CALLS * ROUNDS)) -v rows="$HISTORY" -v studios="${ledgers[*]}" -f bench/sql/partition.sql
# One measurement of a call on one of the ledgers, recorded.
measure_call() { # LEDGER ROUND CALL FIRST
  local median p99
  PGOPTIONS="-c swanalloc.studio=$1" bench_pgbench "$3" bench_backend 1 "$PARTITION_CALLS" "$4"
  read -r _ median p99 < <(bench_logged)
  record "$1" "$3" "$2" us "$median"
  record "$1" "$3" "$2" p99 "$p99"
}

first=1
for ((round = 1; round <= ROUNDS; round++)); do
  echo "# $part: round $round of $ROUNDS"
  for ledger in $(in_turn "$round" "${ledgers[@]}"); do
    measure_call "${ledger%%:*}" "$round" book "$first"
    measure_call "${ledger%%:*}" "$round" book_key $((first + PARTITION_CALLS))
    measure_call "${ledger%%:*}" "$round" statement "$first"
  done
  first=$((first + 2 * PARTITION_CALLS))
done
for ledger in "${ledgers[@]}"; do
  found=$(stage_psql -qXAt -c "SET swanalloc.studio = '${ledger%%:*}'" -c 'SELECT * FROM swan_verify() LIMIT 5')
  [ -z "$found" ] || stage_die "$part: $ledger is not well: $found"
done
bench_end partition
