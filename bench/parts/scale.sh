# shellcheck shell=bash
# The same calls in studios of different size, each for a client at random, all in memory.
# SIZES='10000 100000 1000000' clients, multiples of 10000; CALLS_EACH=500 of each function and size in a round.
# The largest takes 4 kB of memory for each client, twice that with the file system's cache.
CALLS_EACH=${CALLS_EACH:-500}
read -ra sizes <<<"${SIZES:-10000 100000 1000000}"
scale_block=50 # calls to one size before the next one's turn
scale_calls='book summary clients statement'
largest=${sizes[-1]}

# Client number i, and the open slot that nobody but he goes for, as sql/scale.sql made them; i counts from 0 and
# skips through the table. A number that is used once books once.
scale_statement() { # CALL CLIENTS
  local k="(1 + (\$1::bigint * 104729) % $2)" u
  u="(1 + ($k * 7919 + 5) % $2)"
  case $1 in
    book) echo "SELECT * FROM swan_book($u, 4 * $2 + $k, actor => $u)" ;;
    summary) echo "SELECT * FROM swan_summary($u, actor => $u)" ;;
    clients) echo "SELECT * FROM swan_clients(bench_last_name($u), actor => 1 + $2 + $2 / 100)" ;;
    statement) echo "SELECT * FROM swan_statement($u, actor => $u)" ;;
  esac
}

scale_images() { # on|off
  stage_psql -q -o /dev/null -c "ALTER SYSTEM SET full_page_writes = $1" -c 'SELECT pg_reload_conf()'
  sleep 0.5
}

# A command to bench/client/calls, and its answer.
scale_tell() {
  echo "$*" >&"${CALLS[1]}"
  read -r answer <&"${CALLS[0]}" || stage_die "$part: $* failed"
}

[ $((2 * CALLS_EACH * ROUNDS + 100)) -le "${sizes[0]}" ] || stage_die "$part: ${sizes[0]} clients do not book $CALLS_EACH times in $ROUNDS rounds"
bench_client
bench_cluster scale "shared_buffers = $((512 + largest / 200))MB" 'wal_level = minimal' 'max_wal_senders = 0'
stage_psql -q -c 'CREATE ROLE bench_owner LOGIN' -c 'CREATE ROLE bench_backend LOGIN'
for size in "${sizes[@]}"; do
  started_size=$SECONDS
  stage_psql -qc "CREATE DATABASE bench_$size"
  PGDATABASE=bench_$size stage_run "$BIN/psql" -X -v ON_ERROR_STOP=1 -q -v clients="$size" -f bench/sql/scale.sql
  found=$(PGDATABASE=bench_$size stage_psql -Atc 'SELECT p.* FROM (VALUES (1), (4711), (9999)) v (id), swan_verify(v.id) p')
  [ -z "$found" ] || stage_die "$part: swan_verify() finds fault: $found"
  echo "# $part: $size clients made in $((SECONDS - started_size)) s"
done
stage_psql -qc CHECKPOINT

bench_pin 1
coproc CALLS { exec "${STAGE_AS[@]}" "${pinned[@]}" bench/client/calls; }
calls_pid=$!
for size in "${sizes[@]}"; do
  scale_tell open "warm_$size" "bench_$size" postgres
  scale_tell sql "warm_$size" "SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE relkind IN ('r', 'i')"
  scale_tell open "$size" "bench_$size" bench_backend
  scale_tell sql "$size" 'SELECT bench_touch()'
  for call in $scale_calls; do
    scale_tell prepare "$size" "$call" "$(scale_statement "$call" "$size")"
    scale_tell run "$size" "$call" 100 0 # not counted
    scale_tell report "$size" "$call"
  done
done

# What a call took in each size; blocks of one size and another's take turns.
scale_round() { # SETTING FIRST CALL...
  local call size variant
  for ((done = 0; done < CALLS_EACH; done += scale_block)); do
    for call in "${@:3}"; do
      for size in $(in_turn $((done / scale_block)) "${sizes[@]}"); do
        scale_tell run "$size" "$call" "$scale_block" $(($2 + done))
      done
    done
  done
  for call in "${@:3}"; do
    for size in "${sizes[@]}"; do
      scale_tell report "$size" "$call"
      case $size in
        "${sizes[0]}") variant=small ;;
        "$largest") variant=large ;;
        *) variant=$size ;;
      esac
      record "$call$1" "$variant" "$round" us "$answer"
      [ -n "$1" ] || echo "$size $call $answer" >>"$WORK/tmp/scale.raw"
    done
  done
}

first=100
for ((round = 1; round <= ROUNDS; round++)); do
  echo "# $part: round $round of $ROUNDS"
  # shellcheck disable=SC2086
  scale_round '' "$first" $scale_calls
  scale_images off
  scale_round ' without images' $((first + CALLS_EACH)) book
  scale_images on
  first=$((first + 2 * CALLS_EACH))
done
calls_input=${CALLS[1]}
exec {calls_input}>&- # it ends
wait "$calls_pid"

# The plot's data: a line for each size, the medians of the rounds.
{
  echo 'clients book summary clients_search statement'
  for size in "${sizes[@]}"; do
    line=$size
    for call in $scale_calls; do
      line+=" $(awk -v s="$size" -v c="$call" '$1 == s && $2 == c { print $3 }' "$WORK/tmp/scale.raw" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')"
    done
    echo "$line"
  done
} | stage_exec tee "$WORK/tmp/scale.dat" >/dev/null
bench_end scale
