# shellcheck shell=bash disable=SC2154
# Instructions of a call, the whole backend's: protocol, planning, commit. A server under callgrind counts for
# each backend; the difference between one that made 2N calls and one that made N is free of its start and
# of the first calls. These repeat: two rounds show how well.
# CALLS=300, at least 20: N. VARIANTS='book floor ...'
CALLS=${CALLS:-300}
instructions_variants='book:bench_backend class:bench_backend statements:bench_statements floor:bench_owner twin:bench_backend cte:bench_owner
  client:bench_owner transfer:bench_owner pgledger:bench_owner summary:bench_backend row:bench_owner point:bench_owner empty:bench_owner'

chosen=()
for variant in $instructions_variants; do
  case " ${VARIANTS:-${variant%:*}} " in *" ${variant%:*} "*) chosen+=("$variant") ;; esac
done
for variant in "${chosen[@]%:*}"; do
  case $variant in
    summary) text='SELECT * FROM swan_summary(:user, actor => :user);' ;;
    statements) text=$(cat bench/scripts/book.sql) ;;
    row) text='SELECT * FROM point.users WHERE id = :user;' ;;
    *) text=$(cat "bench/scripts/$variant.sql") ;;
  esac
  write_script "$variant" "$text"
done
beyond=$((2 * 3 * CALLS)) # what "statements" books, in the same studio: book with swanalloc.direct_rows off
bench_database instructions $((2 * beyond)) 'full_page_writes = off'
case " ${chosen[*]%:*} " in *' statements '*) bench_statements ;; esac
case " ${chosen[*]%:*} " in *' class '*) stage_psql -q -v places="$beyond" -f bench/sql/classes.sql ;; esac

stage_exec pg_ctl -D "$WORK/instructions/data" -m fast -w -s stop
stage_exec mkdir "$WORK/instructions/counts"
bench_spawn valgrind -q --tool=callgrind --trace-children=yes --log-file=/dev/null \
  --callgrind-out-file="$WORK/instructions/counts/%p" "$BIN/postgres" -D "$WORK/instructions/data" >"$WORK/instructions/log.callgrind" 2>&1
for ((i = 0; i < 600; i++)); do
  ! stage_exec pg_isready -q || break
  sleep 0.1
done

# How many processes the server has; a backend has written its count when it is gone.
children() { cat /proc/[0-9]*/status 2>/dev/null | grep -c "^PPid:[[:space:]]*$spawned\$" || true; }

# What the backends of one pgbench have counted.
count() { # SCRIPT ROLE N FIRST
  local n
  rm -f "$WORK"/instructions/counts/*
  bench_pgbench "$1" "$2" 1 "$3" "$4"
  for ((n = 0; n < 600 && $(children) > idle; n++)); do sleep 0.1; done
  awk '$1 == "totals:" { all += $2 } END { printf "%d", all }' "$WORK"/instructions/counts/*
}

sleep 1
idle=$(children)
first=1
for ((round = 1; round <= (ROUNDS < 2 ? ROUNDS : 2); round++)); do
  for variant in $(in_turn "$round" "${chosen[@]}"); do
    from=$first
    [ "${variant%:*}" != statements ] || from=$((first + beyond))
    once=$(count "${variant%:*}" "${variant#*:}" "$CALLS" "$from")
    twice=$(count "${variant%:*}" "${variant#*:}" $((2 * CALLS)) $((from + CALLS)))
    record '' "${variant%:*}" "$round" instructions $(((twice - once) / CALLS))
  done
  first=$((first + 3 * CALLS))
done
bench_end instructions
wait "$spawned" || true
