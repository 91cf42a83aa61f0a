# shellcheck shell=bash disable=SC2154
# One booking by swan_book() and by everything that a user could write instead.
# BOOKINGS=4000 of each variant in a round; CONNECTIONS='1 apart 8', where "apart" is one connection whose client
# and server have a processor each; VARIANTS='book floor ...', with "book" among them.
BOOKINGS=${BOOKINGS:-4000}
read -ra connections <<<"${CONNECTIONS:-1 apart 8}"
book_variants='book:bench_backend floor:bench_owner twin:bench_backend cte:bench_owner client:bench_owner
  unsafe:bench_owner transfer:bench_owner pgledger:bench_owner point:bench_owner empty:bench_owner'

chosen=()
for variant in $book_variants; do
  case " ${VARIANTS:-${variant%:*}} " in
    *" ${variant%:*} "*) chosen+=("$variant") && write_script "${variant%:*}" ;;
  esac
done
bench_database book $((BOOKINGS * ROUNDS * ${#connections[@]}))
first=1
for c in "${connections[@]}"; do
  for ((round = 1; round <= ROUNDS; round++)); do
    echo "# $part: $c connection(s), round $round of $ROUNDS"
    for variant in $(in_turn "$round" "${chosen[@]}"); do
      PIN=${c/1/together} measure "$c" "${c/apart/1}" "$round" "${variant%:*}" "${variant#*:}" "$BOOKINGS" "$first"
    done
    first=$((first + BOOKINGS))
  done
done
stage_psql -q -v bookings=$((BOOKINGS * ROUNDS * ${#connections[@]})) -v variants="${chosen[*]%:*}" \
  -v alone="$([ "${connections[*]}" = 1 ] && echo true || echo false)" -f bench/sql/check.sql
bench_end book
