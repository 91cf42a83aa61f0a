# shellcheck shell=bash
# A Debian for each major version of PostgreSQL that Debian has, in a chroot: what `make test-matrix` and `make test-packages`
# have in common. As root. Packages come from the mirrors of this machine's own apt.
#
# MATRIX_ROOT=DIR        where the chroots are made, and are found the next time: pgVERSION, and logs beside them
# MATRIX_MIRROR=URL      a mirror of Debian, where apt's own has not all releases
# MATRIX_ARCH=i386       another architecture that this machine can run, as it is or in QEMU; the chroot is pgVERSION-i386 then
#
# chroot_suites VERSION             the releases of Debian that have it, the one for everything else first
# chroot_ready                      can chroots be made here? Installs mmdebstrap if it is missing
# chroot_of VERSION                 its directory
# chroot_make VERSION               makes the chroot, unless it is there: server, headers, compiler, pgTAP
# chroot_enter VERSION CMD...       runs CMD there, with the checkout as /src, which cannot be written to; with CHROOT_CHANGES=DIR
#                                   what changes in the chroot is written to DIR, and the chroot stays as it is
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
MATRIX_ROOT=${MATRIX_ROOT:-/var/tmp/swanalloc-matrix}

die() {
  echo "swanalloc: $*" >&2
  exit 1
}

# Where apt of this machine reads packages of Debian from, by label, since security updates are in another place.
chroot_mirror() { # LABEL
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Label: $1" | sort -u | head -n 1
}

chroot_suites() { # VERSION
  case $1 in
    15) echo bookworm ;;
    17) echo trixie ;;
    18) echo forky ;;
    19) echo sid experimental ;;
    *) die "no release of Debian has PostgreSQL $1: there are 15, 17, 18 and 19" ;;
  esac
}

chroot_ready() {
  [ "$(id -u)" = 0 ] || die 'this makes chroots, and so must be run by root'
  mkdir -p "$MATRIX_ROOT/tmp" "$MATRIX_ROOT/logs"
  command -v mmdebstrap >/dev/null ||
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends mmdebstrap >/dev/null || die 'please install mmdebstrap'
  main=${MATRIX_MIRROR:-$(chroot_mirror Debian)} security=${MATRIX_MIRROR:+${MATRIX_MIRROR%/}-security}
  : "${security:=$(chroot_mirror Debian-Security)}"
  [ -n "$main" ] || die 'apt of this machine reads no Debian: name a mirror, MATRIX_MIRROR'
}

chroot_of() { echo "$MATRIX_ROOT/pg$1${MATRIX_ARCH:+-$MATRIX_ARCH}"; } # VERSION

chroot_make() { # VERSION
  local v=$1 root suite suites lines=() include pgtap=postgresql-$1-pgtap later
  root=$(chroot_of "$v")
  [ ! -e "$root/.matrix-ok" ] || return 0
  suites=$(chroot_suites "$v") || exit 1
  for suite in $suites; do lines+=("deb $main $suite main"); done
  suite=${suites%% *}
  case $v in
    15 | 17) [ -z "$security" ] || lines+=("deb $security $suite-security main") ;;
  esac
  include=ca-certificates,gcc,git,libc6-dev,libipc-run-perl,libtap-parser-sourcehandler-pgtap-perl,make,perl,postgresql-$v
  # pgTAP is SQL: as long as there is none for the newest version, that of the one before will do.
  if [ "$v" = 19 ]; then
    include+=,libpq-dev/experimental,libpq5/experimental
    pgtap=postgresql-18-pgtap
  else
    include+=,libpq-dev
  fi
  # The headers are unpacked, not installed: their package wants LLVM, which nothing here needs.
  later="cd /var/tmp
    apt-get download -qq -o APT::Sandbox::User=root postgresql-server-dev-$v $pgtap
    for p in *.deb; do dpkg -x \$p /; done
    rm *.deb
    [ -e /usr/share/postgresql/$v/extension/pgtap.control ] ||
      cp /usr/share/postgresql/18/extension/pgtap* /usr/share/postgresql/$v/extension"
  echo "# making $root of Debian $suite"
  rm -rf --one-file-system "$root"
  # The mirror may be a snapshot, whose lists have expired.
  # shellcheck disable=SC2016
  TMPDIR=$MATRIX_ROOT/tmp mmdebstrap --variant=apt --mode=root ${MATRIX_ARCH:+--architectures="$MATRIX_ARCH"} --include="$include" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --skip=cleanup/apt \
    --essential-hook='mkdir -p "$1/etc/postgresql-common"; echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
    --customize-hook="chroot \"\$1\" sh -ec '$later'" \
    "$suite" "$root" "${lines[@]}" >"$MATRIX_ROOT/logs/make-$v.log" 2>&1 || {
    tail -n 20 "$MATRIX_ROOT/logs/make-$v.log" >&2
    return 1
  }
  touch "$root/.matrix-ok"
}

# The history of the checkout may lie elsewhere, and is there, too. What was started ends with CMD, and nothing stays mounted.
chroot_enter() { # VERSION CMD...
  local root history
  root=$(chroot_of "$1")
  shift
  history=$(git -C "$TOP" rev-parse --path-format=absolute --git-common-dir 2>/dev/null || true)
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child --propagation private bash -euc '
    root=$1 top=$2 history=$3 changes=$4
    shift 4
    if [ -n "$changes" ]; then
      mkdir -p "$changes/upper" "$changes/work" "$changes/root"
      mount -t overlay overlay -o "lowerdir=$root,upperdir=$changes/upper,workdir=$changes/work" "$changes/root"
      root=$changes/root
    fi
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mkdir -p "$root/src"
    mount --bind -o ro "$top" "$root/src"
    if [ -n "$history" ]; then
      mkdir -p "$root$history"
      mount --bind -o ro "$history" "$root$history"
    fi
    # certificates that this machine trusts, for npm
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
      touch "$root/var/tmp/trusted.crt"
      mount --bind -o ro /etc/ssl/certs/ca-certificates.crt "$root/var/tmp/trusted.crt"
      set -- npm_config_cafile=/var/tmp/trusted.crt "$@"
    fi
    exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="*" "$@"' \
    enter "$root" "$TOP" "$history" "${CHROOT_CHANGES:-}" "$@" </dev/null
}
