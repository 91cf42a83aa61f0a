# swanalloc: a PGXS build. `make help` lists the targets.
#
# The version is written in swanalloc.control and nowhere else that is built from.

# Where this file lies. With `make -f that/Makefile` what is built goes into the current directory.
TOP := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))
found = $(patsubst $(TOP)/%,%,$(sort $(wildcard $(TOP)/$(1))))

EXTENSION = swanalloc
EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" '$(TOP)/swanalloc.control')

MODULE_big = swanalloc
OBJS = $(patsubst %.c,%.o,$(call found,src/*.c) $(call found,src/*/*.c))

# scripts of released versions: the first one, from which updates lead to every other
DATA = sql/swanalloc--0.1.0.sql $(call found,sql/swanalloc--*--*.sql)
DATA_built = sql/swanalloc--$(EXTVERSION).sql

# What one needs on the server when the library is missing; in `pg_config --docdir`/extension.
DOCS = docs/emergency.sql docs/emergency_undo.sql docs/partition_ledger.sql

# -Wextra, less the three kinds the server's own headers and calling convention cause.
# `make COPT=-Werror` is what the tests build with.
PG_CPPFLAGS = -DSWANALLOC_VERSION=$(EXTVERSION) -I$(TOP)/src
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers

# One pg_regress call, one file after another; the answers lie in expected/. Databases are
# UTF8 with the C locale, so that an answer does not depend on the machine.
REGRESS = $(patsubst test/sql/%.sql,%,$(call found,test/sql/*.sql))
REGRESS_OPTS = --inputdir=test
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(call found,test/isolation/specs/*.spec))
ISOLATION_OPTS = --inputdir=test/isolation
PROVE_TESTS = $(call found,test/t/*.pl)
PGTAP_TESTS = $(call found,test/pgtap/*.sql)
PGTAP_DB = contrib_regression_pgtap
NO_LOCALE = 1
ENCODING = UTF8

EXTRA_CLEAN = results regression.diffs regression.out output_iso tmp_check tmp_inst log \
	$(filter-out $(DATA),$(wildcard sql/swanalloc--*.sql))

# installcheck below runs every suite, even when an earlier one failed; PGXS's own would stop.
NO_INSTALLCHECK = 1

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

# Debian packs PGXS with the client: only the headers show that one can build.
SERVER_HEADER := $(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h)
ifneq (,$(and $(wildcard $(PGXS)),$(SERVER_HEADER)))

include $(PGXS)

# Debian's server is not built with --enable-depend, so headers are named here.
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(TOP)/src/*.h $(TOP)/src/*/*.h)

sql/swanalloc--$(EXTVERSION).sql: sql/swanalloc.sql
	cp $< $@

# PGXS looks for them under docs/, where they were not installed.
uninstall: uninstall-docs
uninstall-docs:
	rm -f $(addprefix '$(DESTDIR)$(docdir)/$(docmoduledir)'/, $(notdir $(DOCS)))

LINT_ENV = CC='$(CC)' CFLAGS='$(CPPFLAGS) $(CFLAGS)'

ifneq ($(realpath $(TOP)),$(realpath .))

$(OBJS) $(OBJS:.o=.bc) sql/swanalloc--$(EXTVERSION).sql: | build-directories
build-directories:
	@mkdir -p sql $(sort $(dir $(OBJS)))

installcheck installcheck-regress installcheck-isolation installcheck-tap installcheck-pgtap:
	@echo 'swanalloc: run the tests in $(TOP)' >&2; exit 1

else

# Regress and isolation honour EXTRA_REGRESS_OPTS, e.g. --temp-instance=./tmp_inst.
installcheck-regress:
ifneq ($(strip $(REGRESS)),)
	$(pg_regress_installcheck) $(REGRESS_OPTS) $(REGRESS)
endif

# Some packages leave isolationtester out.
installcheck-isolation:
ifneq ($(strip $(ISOLATION)),)
ifneq ($(wildcard $(top_builddir)/src/test/isolation/pg_isolation_regress),)
	$(pg_isolation_regress_installcheck) $(ISOLATION_OPTS) $(ISOLATION)
else
	@echo '# isolation tests skipped: no pg_isolation_regress in this PostgreSQL'
endif
endif

# TAP tests start clusters of their own from the installed binaries, which root may not.
installcheck-tap:
ifneq ($(strip $(PROVE_TESTS)),)
ifeq ($(enable_tap_tests),yes)
	@if [ "$$(id -u)" = 0 ]; then \
		echo '# TAP tests skipped: a server does not run as root; `make test` runs them as another user'; \
	elif perl -I '$(top_srcdir)/src/test/perl' -c -e 'use IPC::Run; use Test::More; use PostgreSQL::Test::Cluster' 2>/dev/null; then \
		$(prove_installcheck); \
	else echo '# TAP tests skipped: PostgreSQL::Test::Cluster or IPC::Run is missing'; fi
else
	@echo '# TAP tests skipped: this PostgreSQL was built without --enable-tap-tests'
endif
endif

# pgTAP tests need a running server (PGHOST, PGPORT, PGUSER say which).
installcheck-pgtap:
ifneq ($(strip $(PGTAP_TESTS)),)
	@sql() { PGOPTIONS='-c client_min_messages=error' '$(bindir)/psql' -XAtq -v ON_ERROR_STOP=1 -d postgres -c "$$1"; }; \
	if ! command -v pg_prove >/dev/null || \
	   [ "$$(sql "SELECT 1 FROM pg_available_extensions WHERE name = 'pgtap'" 2>/dev/null)" != 1 ]; then \
		echo '# pgTAP tests skipped: they need pg_prove, pgTAP and a running server'; exit 0; \
	fi; \
	sql 'DROP DATABASE IF EXISTS $(PGTAP_DB)' && \
	sql "CREATE DATABASE $(PGTAP_DB) TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'" && \
	pg_prove --psql-bin '$(bindir)/psql' -d $(PGTAP_DB) $(PGTAP_TESTS); status=$$?; \
	sql 'DROP DATABASE IF EXISTS $(PGTAP_DB)'; exit $$status
endif

installcheck:
	@status=0; for suite in regress isolation tap pgtap; do \
		$(MAKE) --no-print-directory installcheck-$$suite || status=1; \
	done; exit $$status

endif

else

# Without the server's headers only the targets further down work.
all install uninstall installcheck installcheck-regress installcheck-isolation installcheck-tap installcheck-pgtap:
	@echo 'swanalloc: $(PG_CONFIG) finds no server headers; install them (Debian: postgresql-server-dev-15) or set PG_CONFIG' >&2; exit 1

clean distclean:
	rm -rf src/*.o src/*/*.o src/*.bc src/*/*.bc swanalloc.so $(EXTRA_CLEAN)

endif

# These do their own set-up and leave nothing behind. SUITES picks, e.g. SUITES="regress tap".
test:
	@$(TOP)/test/run $(SUITES)

test-fuzz:
	@$(TOP)/test/fuzz/run

test-faults:
	@$(TOP)/test/faults/run

demo:
	@$(TOP)/examples/demo/run

web:
	@$(TOP)/examples/studio-web/start

bench:
	@$(TOP)/bench/run

test-matrix:
	@$(TOP)/test/matrix

test-packages:
	@$(TOP)/test/packages

test-mutants:
	@$(TOP)/test/mutate

test-coverage:
	@$(TOP)/test/coverage

test-valgrind:
	@$(TOP)/test/valgrind

test-sanitize:
	@$(TOP)/test/sanitize

analyze:
	@$(TOP)/test/analyze

lint:
	@$(LINT_ENV) $(TOP)/test/lint

format:
	@$(TOP)/test/format

# What PGXN takes: the last commit, less what .gitattributes keeps out.
DIST = swanalloc-$(EXTVERSION)
DIST_DIR = .
dist:
	@git -C '$(TOP)' ls-files --error-unmatch swanalloc.control >/dev/null 2>&1 || \
		{ echo 'swanalloc: an archive is made of a commit, and $(TOP) is no checkout with git' >&2; exit 1; }
	@git -C '$(TOP)' archive --format=zip --prefix=$(DIST)/ -o '$(abspath $(DIST_DIR))/$(DIST).zip' HEAD
	@[ -z "$$(git -C '$(TOP)' status --porcelain)" ] || echo '# what is not committed is not in it' >&2
	@echo '$(DIST_DIR)/$(DIST).zip'

help:
	@echo 'make demo          a studio, a rush of clients and what became of it, in a throwaway server'
	@echo 'make web           a studio with its pages, in a throwaway server; needs Node 20 with npm'
	@echo 'make test          set up, build, lint and run every test in throwaway servers;'
	@echo '                   SUITES="lint regress isolation pgtap tap web" or SUITES=regress/NAME picks,'
	@echo '                   ACCEPT=yes takes the answers of regress and isolation as the expected ones'
	@echo 'make               build            (PG_CONFIG=/path/to/pg_config picks the server)'
	@echo 'make install       install          (as whoever may write there)'
	@echo 'make uninstall     remove what that installed'
	@echo 'make installcheck  run the tests against the installed, running server'
	@echo 'make test-fuzz     hostile calls, longer than in make test: CALLS=1000000 SEED=n'
	@echo 'make test-faults   crashes and other faults, longer than in make test: ROUNDS=500 SEED=n'
	@echo 'make test-mutants  break each promise of docs/guarantees.md in a copy, and see its test notice'
	@echo 'make test-coverage which lines of src/ the tests run, and which of its errors they see'
	@echo 'make test-valgrind regress under memcheck, in a server with assertions that it builds from source'
	@echo 'make test-sanitize regress, isolation, pgtap and the fuzz under ASan and UBSan, in a server that it builds from source'
	@echo 'make test-matrix   make test on each version of PostgreSQL that Debian has, with gcc and clang, in chroots; needs root'
	@echo 'make test-packages the archive, packages and images, built, installed and used in a chroot; needs root'
	@echo 'make lint          the rules of the source that a machine can check'
	@echo 'make analyze       clang-tidy, cppcheck and gcc -fanalyzer; test/findings has what they say without cause'
	@echo 'make format        indent src/ as PostgreSQL does'
	@echo 'make bench         measure against what one would write instead; PARTS="book wal" picks'
	@echo 'make dist          the archive for PGXN, of the last commit'
	@echo 'make clean         remove what the build made'

.PHONY: uninstall-docs build-directories installcheck installcheck-regress installcheck-isolation installcheck-tap installcheck-pgtap \
	test test-fuzz test-faults test-mutants test-coverage test-valgrind test-sanitize test-matrix test-packages demo web bench lint analyze format dist help
