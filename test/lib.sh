# shellcheck shell=bash
# A throwaway PostgreSQL with this checkout's swanalloc in it. Nothing outside one work
# directory under ${TMPDIR:-/tmp} is written, and that directory and every process in it are
# gone when the script that sourced this ends, however it ends (short of SIGKILL).
#
#   set -euo pipefail
#   . "$(dirname "${BASH_SOURCE[0]}")/../../test/lib.sh"
#   stage_setup demo              # install what is missing ("test": also what the tests need)
#   stage_open                    # copy the checkout; the cwd is now the copy, $WORK/src
#   stage_build                   # build and install it into a copy of the server
#   stage_start main 'max_connections = 250'
#   stage_psql -f examples/demo/studio.sql
#   stage_run pgbench -n -c 200 -j 2 -t 1 -f examples/demo/rush.sql
#
# stage_setup [demo|web|bench|test]  says one line and exits 1 if something is missing and may not be installed
# stage_open                  may be called once. Sets ROOT (the checkout), WORK, BIN (the staged programs,
#                             first in PATH), HOME, TMPDIR, PGUSER=postgres, PGDATABASE=postgres
# stage_build [MAKE-ARG...]   returns 1 if it fails
# stage_start NAME [LINE...]  a new cluster with these lines in its postgresql.conf; sets PGHOST (a private
#                             socket directory), PGPORT; its log is $WORK/NAME/log, its data $WORK/NAME/data
#                             With SERVER_UNDER="valgrind ..." in the environment servers run under that, and without autovacuum,
#                             which in the time that a test then takes would change the order of rows
# stage_stop NAME             stop it at once (or leave that to the end)
# stage_exec CMD...           run CMD in the foreground: for short things, pipes, $(...) and terminals
# stage_run CMD...            run CMD, stdin closed, so that Ctrl-C and TERM end it at once: for anything long
# stage_psql ARG...           stage_exec psql, without a psqlrc or a pager, stopping at the first error
# stage_die MESSAGE           say it and exit 1
#
# A server refuses to run as root. So root runs everything above, the build too, as user postgres
# (nobody, if there is none); WORK belongs to that user. Everybody else runs it as himself.
# Files that psql or pgbench read must therefore lie in the copy, not in the checkout.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=''
STAGE_JOB=''
STAGE_AS=()

stage_die() {
  echo "swanalloc: $*" >&2
  exit 1
}

# The pg_config of a server that can be built against and run: PG_CONFIG if set, else the one
# in PATH, else the newest that Debian's packages brought. Prints nothing if there is none.
stage_pg_config() {
  local c bin candidates
  mapfile -t candidates < <(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV)
  candidates=(pg_config "${candidates[@]}")
  [ -z "${PG_CONFIG:-}" ] || candidates=("$PG_CONFIG")
  for c in "${candidates[@]}"; do
    bin=$("$c" --bindir 2>/dev/null) || continue
    if [ -x "$bin/pg_config" ] && [ -f "$("$bin/pg_config" --pgxs)" ] &&
      [ -f "$("$bin/pg_config" --includedir-server)/postgres.h" ] &&
      [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] && [ -x "$bin/psql" ] && [ -x "$bin/pgbench" ] &&
      [ "$("$bin/pg_config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 15 ]; then
      echo "$bin/pg_config"
      return
    fi
  done
}

stage_setup() {
  "$ROOT/test/setup" "${1:-test}" || exit 1
  PG_CONFIG=$(stage_pg_config)
}

stage_exec() { "${STAGE_AS[@]}" "$@"; }

# In a process group of its own, waited for: bash runs a trap at once only while it waits.
stage_run() {
  local status=0
  set -m
  "${STAGE_AS[@]}" "$@" </dev/null &
  STAGE_JOB=$!
  set +m
  wait "$STAGE_JOB" || status=$?
  STAGE_JOB=''
  return "$status"
}

stage_psql() { stage_exec psql -X -v ON_ERROR_STOP=1 "$@"; }

stage_open() {
  local v user=''
  # What the caller's environment says about servers and about make must not leak in.
  for v in ${!PG@} MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR; do
    [ "$v" = PG_CONFIG ] || unset "$v"
  done
  if [ "$(id -u)" = 0 ]; then
    user=nobody
    ! id postgres >/dev/null 2>&1 || user=postgres
    STAGE_AS=(setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --)
  fi

  trap stage_close EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  stage_workdir "${TMPDIR:-/tmp}" "$user" || stage_workdir /tmp "$user" ||
    stage_die "cannot make a work directory in ${TMPDIR:-/tmp} or /tmp"

  # Products of a build in the checkout were perhaps made for another server.
  mkdir "$WORK/src" "$WORK/tmp" "$WORK/stage"
  # tar's status 1 is a file that was being saved meanwhile.
  tar -C "$ROOT" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude=./results \
    --exclude=node_modules --exclude=./output_iso --exclude=./tmp_check --exclude=./tmp_inst --exclude=./log \
    -cf - . | tar -C "$WORK/src" --no-same-owner -xf - || [ $? = 1 ] || stage_die 'cannot copy the checkout'
  chmod -R u+rwX "$WORK/src" # it may have been read-only
  stage_server
  [ -z "$user" ] || chown -hR "$user:" "$WORK"
  cd "$WORK/src" || exit 1

  export PATH="$BIN:$PATH" HOME="$WORK" TMPDIR="$WORK/tmp" LC_ALL=C.UTF-8 TZ=UTC
  export PGUSER=postgres PGDATABASE=postgres PSQL_PAGER=''
}

stage_build() {
  stage_run make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" with_llvm=no "$@" &&
    stage_run make -s PG_CONFIG="$PG_CONFIG" with_llvm=no DESTDIR="$WORK/stage" "$@" install >/dev/null || return 1
  [ -e "$(stage_exec "$BIN/pg_config" --sharedir)/extension/swanalloc.control" ] && return
  echo "swanalloc: the copied server does not look into $WORK: this PostgreSQL cannot be relocated" >&2
  return 1
}

# The path of a socket may have 107 bytes, so a long TMPDIR will not do; nor one that needs quoting,
# nor one that the server's user cannot enter, nor one from which nothing can be executed.
stage_workdir() {
  WORK=$(mktemp -d "$1/swanalloc.XXXXXX" 2>/dev/null) && WORK=$(cd "$WORK" && pwd -P) || return 1
  [ -z "$2" ] || chown "$2:" "$WORK"
  printf '#!/bin/sh\n' >"$WORK/probe"
  chmod 755 "$WORK/probe"
  if [ "${#WORK}" -le 60 ] && [[ $WORK != *[!A-Za-z0-9/._-]* ]] && stage_exec "$WORK/probe" 2>/dev/null; then
    rm "$WORK/probe"
  else
    rm -rf "$WORK"
    return 1
  fi
}

# PostgreSQL finds its libraries and its share directory relative to its executable. So programs
# are copied, all else is linked to, and the copy has an extension directory of its own.
stage_server() {
  local bin lib share
  bin=$("$PG_CONFIG" --bindir) lib=$("$PG_CONFIG" --pkglibdir) share=$("$PG_CONFIG" --sharedir)
  BIN=$WORK/stage$bin
  mkdir -p "$BIN" "$WORK/stage$lib" "$WORK/stage$share/extension"
  find -L "$bin" -maxdepth 1 -type f ! -name postmaster -exec cp -t "$BIN" {} +
  find "$lib" -mindepth 1 -maxdepth 1 ! -name 'swanalloc*' ! -name bitcode -exec ln -s -t "$WORK/stage$lib" {} +
  find "$share" -mindepth 1 -maxdepth 1 ! -name extension -exec ln -s -t "$WORK/stage$share" {} +
  find "$share/extension" -mindepth 1 -maxdepth 1 ! -name 'swanalloc*' \
    -exec ln -s -t "$WORK/stage$share/extension" {} +
}

stage_start() {
  local dir=$WORK/$1
  # One initdb; every cluster is a copy of it.
  [ -d "$WORK/initdb" ] ||
    stage_exec initdb -D "$WORK/initdb" -U postgres -A trust --locale=C --encoding=UTF8 --no-sync >"$WORK/tmp/initdb.log" 2>&1 ||
    { cat "$WORK/tmp/initdb.log" >&2; stage_die 'initdb failed'; }
  [ -z "${SERVER_UNDER:-}" ] || [ -e "$BIN/postgres.bare" ] || {
    mv "$BIN/postgres" "$BIN/postgres.bare"
    printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$SERVER_UNDER" "$BIN/postgres.bare" >"$BIN/postgres"
    chmod 755 "$BIN/postgres"
  }
  stage_exec mkdir "$dir"
  stage_exec cp -a "$WORK/initdb" "$dir/data"
  { printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$dir'" 'fsync = off' "timezone = 'UTC'" \
      "log_timezone = 'UTC'" "log_line_prefix = '%m [%p] %q%u@%d '"
    shift
    printf '%s\n' "$@"
    [ -z "${SERVER_UNDER:-}" ] || echo 'autovacuum = off'
  } >>"$dir/data/postgresql.conf"
  stage_exec pg_ctl -D "$dir/data" -l "$dir/log" -w -s start || { cat "$dir/log" >&2; stage_die 'the server did not start'; }
  export PGHOST=$dir PGPORT=5432
}

stage_stop() { stage_exec pg_ctl -D "$WORK/$1/data" -m immediate -w -s stop; }

# Every process that runs a program of the work directory, or runs in it.
stage_pids() {
  find /proc/[0-9]*/exe /proc/[0-9]*/cwd -maxdepth 0 -lname "$WORK/*" 2>/dev/null | cut -d/ -f3 | sort -u
}

# Servers end by SIGQUIT, which frees their shared memory; SIGKILL would not.
stage_close() {
  local i pids servers
  set +e
  trap '' HUP INT PIPE TERM
  trap - EXIT
  [ -n "$WORK" ] || return
  cd /
  [ -z "$STAGE_JOB" ] || kill -TERM -- "-$STAGE_JOB" 2>/dev/null
  for ((i = 0; i < 100; i++)); do
    pids=$(stage_pids)
    [ -n "$pids" ] || break
    servers=$(find "$WORK" -name postmaster.pid -exec head -qn1 {} + 2>/dev/null | grep -xF "$pids")
    pids=$(grep -vxF "${servers:-none}" <<<"$pids")
    # shellcheck disable=SC2086
    {
      [ -z "$servers" ] || kill -QUIT $servers
      [ -z "$pids" ] || kill -TERM $pids
    } 2>/dev/null
    sleep 0.1
  done
  pids=$(stage_pids)
  # shellcheck disable=SC2086
  [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
  rm -rf "$WORK" 2>/dev/null || { chmod -R u+rwX "$WORK"; rm -rf "$WORK"; }
}
