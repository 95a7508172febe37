# admin_dashboard: PGXS build.
#
#   make                 build with the pg_config on PATH (or PG_CONFIG=...)
#   make install
#   make installcheck    pg_regress; needs a server and AD_TEST_MONGODB_URI,
#                        scripts/test provides both
#   make WERROR=1        warnings are errors
#   make ASSERTS=1       with PostgreSQL's assertions
#   make ANALYZE=1       with GCC's static analysis, which takes twice as long
#   make lint            the project's own rules, see scripts/lint
#   make dist            the zip for PGXN, of the last commit
#
# CFLAGS set here would be overwritten by PGXS, so flags go through
# PG_CPPFLAGS and SHLIB_LINK.

EXTENSION = admin_dashboard
MODULE_big = admin_dashboard
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" admin_dashboard.control)
DATA = $(wildcard sql/admin_dashboard--*.sql)
DOCS = $(wildcard doc/*.md)
SRCS = $(wildcard src/*.c src/*/*.c)
OBJS = $(SRCS:.c=.o)

REGRESS = $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test

PG_CONFIG ?= pg_config
PKG_CONFIG ?= pkg-config

# `make lint`, `make clean` and the like need neither driver nor server
ifeq ($(filter lint dist clean distclean,$(MAKECMDGOALS)),)
DRIVER := $(firstword $(foreach p,mongoc2 libmongoc-1.0,$(shell $(PKG_CONFIG) --exists $(p) 2>/dev/null && echo $(p))))
ifeq ($(DRIVER),)
$(error libmongoc not found by $(PKG_CONFIG): install the MongoDB C driver, e.g. apt install pkg-config libmongoc-dev)
endif
# -isystem: the driver's headers are not ours to warn about
PG_CPPFLAGS += $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(DRIVER)))
# zlib is PostgreSQL's own, too; the driver's compression is not used, see
# src/remote/message_check.c
SHLIB_LINK += $(shell $(PKG_CONFIG) --libs $(DRIVER)) -lz
endif

PG_CPPFLAGS += -Isrc -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -DAD_VERSION='"$(EXTVERSION)"'
ifneq ($(WERROR),)
PG_CPPFLAGS += -Werror
endif
# PostgreSQL's assertions, which packages of the server are built without
ifneq ($(ASSERTS),)
PG_CPPFLAGS += -DUSE_ASSERT_CHECKING
endif
# The analysis knows no assertions, hence its warnings about NULL are mostly wrong.
# What it finds, and -Wall does not: variables read before they are set, such as
# in f(get(&n), n), and leaks.
ifneq ($(ANALYZE),)
PG_CPPFLAGS += -fanalyzer -Wno-analyzer-null-dereference -Wno-analyzer-null-argument
endif

# Callbacks gain nothing from inlining by JIT; say `make with_llvm=yes` to
# have bitcode all the same.
with_llvm ?= no

EXTRA_CLEAN = .built-for
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error $(PG_CONFIG) not found: install the PostgreSQL server headers, e.g. apt install postgresql-server-dev-15, or set PG_CONFIG)
endif
override with_llvm := $(with_llvm)
include $(PGXS)

ifeq ($(filter 15 16 17 18 19,$(MAJORVERSION)),)
$(error PostgreSQL 15 to 19 is needed, $(PG_CONFIG) is of version $(MAJORVERSION))
endif

# What was built for another PostgreSQL, or in another way, is built again
BUILT_FOR := $(shell $(PG_CONFIG) --version --pkglibdir) $(ASSERTS) $(ANALYZE)
$(shell echo '$(BUILT_FOR)' | cmp -s - .built-for || echo '$(BUILT_FOR)' >.built-for)
$(OBJS): .built-for $(wildcard src/*.h src/*/*.h)

.PHONY: lint
lint:
	scripts/lint

# PGXN wants a version of three numbers, and the files in a folder of the same name
DIST = $(EXTENSION)-$(shell sed -n 's/^   "version": "\(.*\)",$$/\1/p' META.json)
.PHONY: dist
dist:
	git archive --format=zip --prefix=$(DIST)/ -o $(DIST).zip HEAD
