# shellcheck shell=bash
# A client in numbers, against a SELECT of his row, for clients with more and more sessions.
# On one processor, and with one each for client and server ("apart"), as in part book.
# SUMMARIES=2000 of each kind in a round; SESSIONS='10 1000 100000', the clients' sessions.
SUMMARIES=${SUMMARIES:-2000}
read -ra summary_sizes <<<"${SESSIONS:-10 1000 100000}"

bench_cluster summary
stage_psql -q -v sizes="${summary_sizes[*]}" -f bench/sql/summary.sql
[ -z "$(stage_psql -Atc 'SELECT * FROM swan_verify()')" ] || stage_die "$part: swan_verify() finds fault"
echo 'SELECT * FROM swan_summary(:who, actor => :who);' | stage_exec tee "$WORK/tmp/summary.sql" >/dev/null
echo 'SELECT * FROM studio.users WHERE id = :who;' | stage_exec tee "$WORK/tmp/select.sql" >/dev/null
for ((round = 1; round <= ROUNDS; round++)); do
  echo "# $part: round $round of $ROUNDS"
  for who in $(in_turn "$round" "${!summary_sizes[@]}"); do
    n=$((summary_sizes[who] < 10000 ? SUMMARIES : SUMMARIES / 20))
    for variant in $(in_turn "$round" summary:together select:together summary:apart select:apart); do
      PIN=${variant#*:} bench_pgbench "${variant%:*}" bench_backend 1 "$n" 0 -D who=$((who + 1))
      read -r _ us _ < <(WARMUP=$((n / 10)) bench_logged)
      setting="${summary_sizes[who]} ${variant#*:}" variant=${variant%:*}
      record "${setting% together}" "${variant/select/point}" "$round" us "$us"
    done
  done
done
bench_end summary
