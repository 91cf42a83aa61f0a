# shellcheck shell=bash
# Does a server process that calls a function again and again need more and more memory?
# MEMORY_CALLS=5000 of each function after MEMORY_WARMUP=2500, when each client has had his turn and what is asked at the
# second is known; FUNCTIONS='swan_grant ...', those whose section of scripts/memory.sql begins so; TRANSACTION=5000 calls
# in one transaction; MEMORY_VERBOSE=1 names what grew.
# Recorded is the growth in kB per 1,000 calls: of what is used in the memory contexts, of what they have
# taken from the system, and of the process; "largest" is the first, of all functions.
MEMORY_CALLS=${MEMORY_CALLS:-5000}
MEMORY_WARMUP=${MEMORY_WARMUP:-$((CLIENTS + 500))}
TRANSACTION=${TRANSACTION:-5000}

# A section's script: samples first (ten to prime what takes them), then the calls.
memory_script() { # NAME
  cat <<END
\\set i :i + 1
\\set user 1 + :i % $CLIENTS
\\set lot $CLIENTS + :user
\\set slot 120 + :i % $CLIENTS
\\set at :from + :i
\\set at2 10000000 + :at
\\if :i < 10 or :i = :warm or :i = :last
SELECT bench_sample(:name, :i);
\\endif
END
  awk -v name="$1" '/^-- / { on = $2 == name; next } on' bench/scripts/memory.sql
}

memory_cluster() {
  bench_database_small "$1" "$CLIENTS" $((CLIENTS + 120))
  stage_psql -q -v clients="$CLIENTS" -f bench/sql/memory.sql
}

# What grew since a name's first sample that counts, in kB per 1,000 calls.
memory_record() { # SETTING VARIANT NAME
  while IFS='|' read -r measure value; do
    record "$1" "$2" 1 "$measure" "$value"
  done < <(stage_psql -AtF '|' -c "SELECT m.measure, round(1000.0 * m.bytes / 1024 / g.calls, 3)
    FROM (SELECT sum(used) FILTER (WHERE context <> 'RssAnon') AS used, sum(total) FILTER (WHERE context <> 'RssAnon') AS total,
      sum(used) FILTER (WHERE context = 'RssAnon') AS rss, max(calls) AS calls FROM bench_growth WHERE name = '$3') g
    CROSS JOIN LATERAL (VALUES ('used', used), ('total', total), ('rss', rss)) m (measure, bytes)")
  [ -z "${MEMORY_VERBOSE:-}" ] || echo "# $3: $((SECONDS - started_function)) s, $(stage_psql -AtF ' ' -c "
    SELECT max(calls) || ' calls; grew by (used, total): ' || coalesce(string_agg(context || ' ' || used || ' ' || total, ', ' ORDER BY total DESC)
      FILTER (WHERE total <> 0 OR used <> 0), 'nothing') FROM bench_growth WHERE name = '$3'")"
}

# Calls in one transaction, where memory that belongs to it may grow, but no faster than what it must remember.
memory_transaction() { # NAME STATEMENT
  local name="$1 in one transaction"
  case " ${FUNCTIONS:-$1} " in *" $1 "*) ;; *) return 0 ;; esac
  started_function=$SECONDS
  {
    echo 'open c bench bench_backend'
    echo "prepare c call $2"
    echo 'sql c BEGIN'
    for i in 0 1 2; do echo "sql c SELECT bench_sample('$name', $i)"; done
    echo "run c call $MEMORY_WARMUP $from"
    echo "sql c SELECT bench_sample('$name', $MEMORY_WARMUP)"
    echo "run c call $TRANSACTION $((from + MEMORY_WARMUP))"
    echo "sql c SELECT bench_sample('$name', $((MEMORY_WARMUP + TRANSACTION)))"
    echo 'sql c COMMIT'
  } | stage_exec bench/client/calls >"$WORK/tmp/calls.out" || stage_die "$part: $name failed"
  from=$((from + MEMORY_WARMUP + TRANSACTION))
  memory_record "$1" transaction "$name"
}

bench_client
memory_cluster memory
memory_admin=$((CLIENTS + 1))
memory_trainer=$((CLIENTS + 5))
from=0 # free hours count from here
echo "# $part: $MEMORY_CALLS calls of each function"

user="(1 + \$1::bigint % $CLIENTS)" admin="actor => $memory_admin"
memory_transaction swan_grant "SELECT * FROM swan_grant($user, 1, $admin)"
memory_transaction swan_purchase "SELECT * FROM swan_purchase($user, 1, 't' || \$1, $admin)"
memory_transaction swan_book "SELECT b.* FROM swan_open($memory_trainer, '2150-01-01'::timestamptz + \$1::bigint * interval '1 hour', $admin) o, swan_book($user, o, actor => $user) b"
memory_transaction swan_hold "SELECT r.* FROM swan_hold($user, 120 + $user, actor => $user) h, swan_release(h.session_id, actor => $user) r"
for call in summary statement credits; do
  memory_transaction "swan_$call" "SELECT count(*) FROM swan_$call($user, actor => $user)"
done
memory_transaction swan_can_book "SELECT * FROM swan_can_book($user, 120 + $user, actor => $user)"
memory_transaction swan_clients "SELECT count(*) FROM swan_clients(max_rows => 1, $admin) WHERE \$1::bigint >= 0"

while read -r _ name role share; do
  case " ${FUNCTIONS:-${name%%[+:]*}} " in *" ${name%%[+:]*} "*) ;; *) continue ;; esac
  started_function=$SECONDS
  memory_script "$name" | stage_exec tee "$WORK/tmp/memory.sql" >/dev/null
  calls=$((MEMORY_CALLS / share < 20 ? 20 : MEMORY_CALLS / share))
  warm=$((MEMORY_WARMUP / share < 10 ? 10 : MEMORY_WARMUP / share))
  bench_pgbench memory "$role" 1 $((warm + calls + 1)) 0 -D name="$name" -D warm="$warm" -D last=$((warm + calls)) \
    -D from="$from" -D admin="$memory_admin" -D trainer="$memory_trainer"
  from=$((from + warm + calls + 1))
  memory_record "$name" growth "$name"
done < <(grep -E '^-- [a-z_+:]+ (bench_[a-z]+|postgres) [0-9]+$' bench/scripts/memory.sql)

record '' largest 1 kB "$(awk -F, '$1 == "memory" && $3 == "growth" && $5 == "used" && $2 !~ /^(swan_create_studio|the_tables)/ {
  if ($6 + 0 > most) most = $6 } END { print most + 0 }' "$MEASURED")"
bench_end memory
