# The driver's memory, and its sockets: nothing is used after its end, and nothing
# is left over, wherever an error comes between the opening of a cursor and its end.
# The backends run with test/lib/guard.c, where a use after the end is their end.

use strict;
use warnings;
use lib 'test/lib';
use JSON::PP;
use Servers;
use Test::More;

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

make_database('ad_driver_memory');
start_server();
my ($member) = start_members('127.0.0.1', server_port(), 1);
my $port = start_faults('127.0.0.1', $member);
my $hello = { setName => 'rs', setVersion => 1, hosts => ["127.0.0.1:$member"], me => "127.0.0.1:$member", isWritablePrimary => JSON::PP::true,
	ismaster => JSON::PP::true, primary => "127.0.0.1:$member" };
member('hello 0 ' . encode_json($hello));
run_python(<<'PY', server_port());
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
client.shop.items.insert_many([{"_id": n, "n": n, "filler": "x" * 500} for n in range(600)])
PY

# A PostgreSQL whose driver has that memory
my $folder = "$ENV{TMPDIR}/driver_memory";
my $where = "host=$folder dbname=postgres";
my $bson = (grep { system("pkg-config --exists $_") == 0 } qw(bson2 libbson-1.0))[0];
my $include = run_or_die($ENV{PG_CONFIG}, '--includedir-server');
run_or_die('initdb', '--no-sync', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '-D', $folder);
run_or_die('sh', '-c', "gcc -O1 -Wall -Werror -fPIC -shared -isystem $include \$(pkg-config --cflags $bson) -o $folder/guard.so test/lib/guard.c \$(pkg-config --libs $bson)");
{
	local $ENV{LD_PRELOAD} = "$folder/guard.so";
	run_or_die('pg_ctl', '-D', $folder, '-w', '-l', "$folder/log", '-o', "-c listen_addresses= -k $folder -c restart_after_crash=off -c fsync=off", 'start');
}
END { local $?; IPC::Run::run([ 'pg_ctl', '-D', $folder, '-m', 'immediate', 'stop' ], '>', \my $ignored, '2>&1') if $folder && -e "$folder/postmaster.pid" }

my $options = "uri 'mongodb://127.0.0.1:$port/?directConnection=true', server_selection_timeout_ms '1000'";
my @modes = qw(none statement transaction);
is(session(join('', <<"SQL", map { <<"SQL" } @modes), 'postgres', $where), '', 'tables');
CREATE EXTENSION admin_dashboard;
CREATE FUNCTION driver_blocks() RETURNS bigint LANGUAGE c AS '$folder/guard';
CREATE DOMAIN small AS int CHECK (value < 590);
CREATE SCHEMA imported;
SQL
CREATE SERVER $_ FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS ($options, snapshot '$_');
CREATE FOREIGN TABLE ${_}_items (n int, filler text) SERVER $_ OPTIONS (database 'shop', collection 'items', enable_aggregate_pushdown 'false');
CREATE FOREIGN TABLE ${_}_small (n small) SERVER $_ OPTIONS (database 'shop', collection 'items');
CREATE FOREIGN TABLE ${_}_odd (n int, filler int) SERVER $_ OPTIONS (database 'shop', collection 'items');
SQL

sub answer { return go_on($_[0], $_[1]) =~ s/\n\z//r }

# what the driver has when there is no connection, after it has been used
sub idle_blocks
{
	my ($session, $mode) = @_;
	return answer($session, "ROLLBACK; SELECT admin_dashboard_disconnect('$mode'); SELECT driver_blocks()") =~ s/.*\n//sr;
}

sub sockets
{
	my ($session) = @_;
	return scalar grep { (readlink($_) // '') =~ /^socket/ } glob "/proc/$session->{pid}/fd/*";
}

# Statements that open cursors; in each the fault comes anywhere
my %statements = (
	analyze => 'ANALYZE MODE_items',
	import => 'IMPORT FOREIGN SCHEMA shop FROM SERVER MODE INTO imported; DROP FOREIGN TABLE IF EXISTS imported.items',
	import_sql => "SELECT length(admin_dashboard_import_sql('MODE', 'shop', 'items')) > 0",
	select => 'SELECT count(*), sum(n) FROM MODE_items',
	portal => 'BEGIN ISOLATION LEVEL REPEATABLE READ; DECLARE c CURSOR FOR SELECT n FROM MODE_items; MOVE 50 FROM c; MOVE ALL FROM c; COMMIT',
	subtransaction => 'BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT s; DECLARE c CURSOR FOR SELECT n FROM MODE_items; MOVE 50 FROM c; ROLLBACK TO s; '
	  . 'SELECT count(*) FROM MODE_items; SAVEPOINT t; SELECT 1 / (n - 300) FROM MODE_items; ROLLBACK TO t; SELECT count(*) FROM MODE_items; COMMIT',
	exceptions => 'DO $$ BEGIN FOR i IN 1 .. 3 LOOP BEGIN PERFORM 1 / (n - 300) FROM MODE_items; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$',
	hold => 'BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT n FROM MODE_items; MOVE 50 FROM c; COMMIT; DISCARD ALL',
	discard => 'BEGIN; DECLARE c CURSOR FOR SELECT n FROM MODE_items; MOVE 50 FROM c; CLOSE ALL; COMMIT; DISCARD ALL',
	rescans => 'SELECT count(*) FROM generate_series(1, 5) g, LATERAL (SELECT n FROM MODE_items WHERE n > g LIMIT 200) s',
	domain => 'SELECT n FROM MODE_small',
	mismatch => 'SELECT sum(filler) FROM MODE_odd; SELECT filler FROM MODE_odd',
);
my @points = ((map { "fail 0 $_" } 'find 2', 'aggregate 2', 'getMore 2', 'getMore 43', 'getMore 11600', 'killCursors 2', 'listCollections 13', 'count 2'),
	(map { "cut $_" } 0, 700, 2000, 60000, 200000), (map { "reset $_" } 2000, 60000), (map { ("corrupt $_", "mute $_") } 700, 60000, 200000));
for my $mode (@modes)
{
	my $session = background('', $where);
	is(answer($session, "SELECT count(*) FROM ${mode}_items"), '600', "snapshot $mode: it works");
	my ($blocks, $sockets) = (idle_blocks($session, $mode), sockets($session));
	for my $name (sort keys %statements)
	{
		my $statement = $statements{$name} =~ s/MODE/$mode/gr;
		my @wrong;
		for my $point (@points)
		{
			# PostgreSQL's COMMIT has no timeout
			next if $name eq 'hold' && $point =~ /^(?:mute|corrupt)/;
			$point =~ /^fail/ ? member($point) : fault($point);
			# (where a length is corrupt, more bytes are waited for)
			# (twice: where the time is up as the statement ends, that is an error of the next one)
			answer($session, ($point =~ /^(?:mute|corrupt)/ ? "SET statement_timeout = '100ms'; " : '') . "$statement; ROLLBACK; ROLLBACK; RESET statement_timeout");
			member('fail 0 nothing 0');
			fault('pass');
			my $count = answer($session, "SELECT count(*) FROM ${mode}_items");
			push @wrong, "$point: $count" if $count ne '600';
			last if $count =~ /server closed/;
		}
		is("@wrong", '', "snapshot $mode, $name: it works after each fault");
		is(idle_blocks($session, $mode), $blocks, 'and nothing is left over');
		is(sockets($session), $sockets, 'of sockets neither');
	}
	$session->{handle}->kill_kill;
}

# The end of the session, and a termination, while cursors are open
for my $mode (@modes)
{
	my $portal = "BEGIN ISOLATION LEVEL REPEATABLE READ; DECLARE a CURSOR FOR SELECT n FROM ${mode}_items; DECLARE b CURSOR FOR SELECT n FROM ${mode}_items; MOVE 5 FROM a; MOVE 50 FROM b;";
	is(session($portal, 'postgres', $where), '', "snapshot $mode: the end of a session");
	for my $fault ('pass', 'mute 0')
	{
		my $session = background("$portal \\echo ready", $where);
		$session->{handle}->pump until $session->{out} =~ /ready\n/;
		fault($fault);
		$session->{in} .= "MOVE ALL FROM a; SELECT pg_sleep(60);\n";
		$session->{handle}->pump_nb;
		ok(wait_until { session("SELECT count(*) FROM pg_stat_activity WHERE pid = $session->{pid} AND state = 'active' AND wait_event IN ('Extension', 'PgSleep')", 'postgres', $where) eq '1' }, 'one that waits');
		session("SELECT pg_terminate_backend($session->{pid})", 'postgres', $where);
		ok(wait_until { !kill 0, $session->{pid} }, "is terminated ($fault)");
		fault('pass');
		$session->{handle}->kill_kill;
	}
}

# A thousand errors, and a thousand cancels
for my $mode (@modes)
{
	my $errors = "SELECT 1 / (n - 5) FROM ${mode}_items; SELECT n FROM ${mode}_small; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 / (n - 5) FROM ${mode}_items; ROLLBACK;\n" x 111;
	my $cancels = "SET statement_timeout = '1ms';\n" . "SELECT sum(n) FROM ${mode}_items;\n" x 333 . "RESET statement_timeout;\n" x 2;
	my $used = "SELECT sum(used_bytes) FROM pg_backend_memory_contexts WHERE level < 2";
	my $session = background('', $where);
	answer($session, $_ =~ s/(.*\n){50}\K(SELECT.*\n)*//r) for $errors, $cancels;
	my ($blocks, $sockets, $bytes) = (idle_blocks($session, $mode), sockets($session), answer($session, $used));
	unlike(answer($session, $errors), qr/ERROR:  (?!22012|23514)/, "snapshot $mode: a third of a thousand errors");
	unlike(answer($session, $cancels), qr/ERROR:  (?!57014)/, 'and of a thousand cancels');
	is(idle_blocks($session, $mode), $blocks, "leave nothing of the driver's");
	is(sockets($session), $sockets, 'no sockets');
	cmp_ok(answer($session, $used), '<', $bytes + 16384, "and no memory of PostgreSQL's");
	$session->{handle}->kill_kill;
}

# A name that a database's encoding does not have: an error with an object of the driver at hand
session("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0", 'postgres', $where);
my $latin = background('', "host=$folder dbname=latin");
answer($latin, <<"SQL");
CREATE EXTENSION admin_dashboard;
CREATE FUNCTION driver_blocks() RETURNS bigint LANGUAGE c AS '$folder/guard';
CREATE SERVER turtle FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$port/%C5%BC%C3%B3%C5%82w');
CREATE FOREIGN TABLE turtles (n int) SERVER turtle;
SQL
answer($latin, 'SELECT n FROM turtles');
my $blocks = answer($latin, 'SELECT driver_blocks()');
like(answer($latin, join ';', ('SELECT n FROM turtles') x 50), qr/\A(?:ERROR:  22P05: .*\n?){50}\z/, 'a database whose name cannot be told');
is(answer($latin, 'SELECT driver_blocks()'), $blocks, 'leaves nothing');
$latin->{handle}->kill_kill;

unlike(slurp("$folder/log"), qr/terminated by signal|abnormally/, 'no backend crashed');
done_testing();
