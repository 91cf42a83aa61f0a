# shellcheck shell=bash
# What a booking writes: bytes of WAL, dead row versions, and the share of the updates that were HOT. Full
# page images are off: they come with the first change of a page after a checkpoint, whoever makes it, so
# that their number is that of the checkpoints.
# WRITES=2000 bookings of each variant in a round. These repeat: three rounds will do.
WRITES=${WRITES:-2000}
wal_variants=(book:bench_backend floor:bench_owner twin:bench_backend cte:bench_owner client:bench_owner)
wal_rounds=$((ROUNDS < 3 ? ROUNDS : 3))

# "BYTES DEAD HOT UPDATES" so far, the latter three of the tables of a schema. What an update or a delete
# replaces is dead then, whether or not it is pruned soon after.
written() { # SCHEMA
  local n
  for ((n = 0; n < 100; n++)); do # a backend counts what it did when it ends
    [ "$(stage_psql -XAtc "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'bench%'")" != 0 ] || break
    sleep 0.05
  done
  stage_psql -XAtF ' ' -v schema="$1" <<<"
    SELECT pg_current_wal_insert_lsn() - '0/0', sum(n_tup_upd + n_tup_del), sum(n_tup_hot_upd), sum(n_tup_upd)
    FROM pg_stat_user_tables WHERE schemaname = :'schema'"
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }

for variant in "${wal_variants[@]}"; do write_script "${variant%:*}"; done
bench_database wal $((CLIENTS + WRITES * wal_rounds)) 'full_page_writes = off'
first=1
for ((round = 0; round <= wal_rounds; round++)); do # the first makes what later ones find: room on the pages
  n=$((round == 0 ? CLIENTS : WRITES))
  for variant in $(in_turn "$round" "${wal_variants[@]}"); do
    name=${variant%:*}
    schema=${name/#book/studio}
    stage_psql -qc CHECKPOINT
    read -r bytes dead hot updates < <(written "$schema")
    bench_pgbench "$name" "${variant#*:}" 1 "$n" "$first"
    [ "$round" != 0 ] || continue
    read -r bytes2 dead2 hot2 updates2 < <(written "$schema")
    record '' "$name" "$round" bytes $(((bytes2 - bytes) / n))
    record '' "$name" "$round" dead "$(ratio $((dead2 - dead)) "$n")"
    record '' "$name" "$round" hot "$(ratio $((hot2 - hot)) $((updates2 - updates)))"
  done
  first=$((first + n))
done
stage_psql -q -v bookings=$((first - 1)) -v variants='book floor twin cte client' -v alone=true -f bench/sql/check.sql
bench_end wal
