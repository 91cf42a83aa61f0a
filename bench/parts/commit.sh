# shellcheck shell=bash disable=SC2154
# Where every commit waits for the disk. The work directory must lie on a real one for this to mean
# something: TMPDIR says where, and what a flush takes there is recorded.
# COMMITS=960 of each variant in a round, for each number of connections.
COMMITS=${COMMITS:-960}
commit_connections=(1 8 32)

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

for variant in book point; do write_script "$variant"; done
bench_database commit $((CLIENTS + COMMITS * ROUNDS * ${#commit_connections[@]})) 'fsync = on' 'synchronous_commit = on'
# After a checkpoint the first change of a page writes all of it to the WAL: touch each client's first.
for variant in book:bench_backend point:bench_owner; do
  bench_pgbench "${variant%:*}" "${variant#*:}" 8 "$CLIENTS" 1
done
first=$((CLIENTS + 1))
for c in "${commit_connections[@]}"; do
  for ((round = 1; round <= ROUNDS; round++)); do
    echo "# $part: $c connection(s), round $round of $ROUNDS"
    for variant in $(in_turn "$round" book:bench_backend point:bench_owner); do
      WARMUP=10 measure "$c" "$c" "$round" "${variant%:*}" "${variant#*:}" "$COMMITS" "$first"
    done
    first=$((first + COMMITS))
  done
done
stage_psql -q -v bookings=$((first - 1)) -v variants=book -v alone=false -f bench/sql/check.sql
bench_end commit
