# shellcheck shell=bash disable=SC2154
# Where every commit waits for the disk. The work directory must lie on a real one for this to mean
# something: TMPDIR says where, and what a flush takes there is recorded.
# Besides a booking: its four writes, which bound it; a single-row UPDATE, and the same with as many bytes of WAL as a
# booking, which show what the bytes cost; and a flush with next to no work.
# COMMITS=960 of each variant in a round with one connection, three and six times as many with 8 and 32.
COMMITS=${COMMITS:-960}
declare -A commit_calls=([1]=$COMMITS [8]=$((3 * COMMITS)) [32]=$((6 * COMMITS)))

# One write of 8 kB and its flush, as the server does it by default, in µs.
flush_us() {
  stage_exec stdbuf -oL pg_test_fsync -s 1 -f "$WORK/tmp/flushed" |
    awk '$1 == "fdatasync" && $3 == "ops/sec" { print $4; exit }' || true # which ends pg_test_fsync early
}

commit_disk=$(stat -f -c %T "$WORK")
record '' "flush on $commit_disk" 1 us "$(flush_us)"
case $commit_disk in
  tmpfs | ramfs | overlay*) echo "# $part: $WORK is on $commit_disk, which is not a disk: set TMPDIR" ;;
esac

commit_variants=(book:bench_backend floor:bench_owner point:bench_owner message:bench_owner flush:bench_owner)
for variant in book floor point; do write_script "$variant"; done
# with its update a booking's 1,400 bytes
write_script message "$(sed "s/;\$/ RETURNING pg_logical_emit_message(true, '', repeat('x', 1150));/" bench/scripts/point.sql)"
write_script flush "SELECT pg_logical_emit_message(true, '', '');"
bench_database commit $((CLIENTS + 10 * COMMITS * ROUNDS)) 'fsync = on' 'synchronous_commit = on'
# After a checkpoint the first change of a page writes all of it to the WAL: touch each client's first.
for variant in book:bench_backend floor:bench_owner point:bench_owner; do
  bench_pgbench "${variant%:*}" "${variant#*:}" 8 "$CLIENTS" 1
done
first=$((CLIENTS + 1))
for c in 1 8 32; do
  for ((round = 1; round <= ROUNDS; round++)); do
    echo "# $part: $c connection(s), round $round of $ROUNDS"
    for variant in $(in_turn "$round" "${commit_variants[@]}"); do
      WARMUP=10 measure "$c" "$c" "$round" "${variant%:*}" "${variant#*:}" "${commit_calls[$c]}" "$first"
    done
    first=$((first + commit_calls[$c]))
  done
done
stage_psql -q -v bookings=$((first - 1)) -v variants='book floor' -v alone=false -f bench/sql/check.sql
bench_end commit
