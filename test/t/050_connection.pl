# The cache of connections: one for a server and a user, made again where it was
# lost or its options changed, and nothing of it left over.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

make_database('ad_connection');
start_server();
my ($port, $proxied) = (server_port(), start_faults('127.0.0.1', server_port()));
run_python(<<'PY', $port);
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
client.shop.items.insert_many([{"n": n, "filler": "x" * 1000} for n in range(20000)])
PY
is(session(<<"SQL"), '', 'tables');
CREATE SERVER shop FOREIGN DATA WRAPPER admin_dashboard_fdw
	OPTIONS (uri 'mongodb://127.0.0.1:$port/?directConnection=true', fetch_size '500', server_selection_timeout_ms '1000');
CREATE FOREIGN TABLE items (n int, filler text) SERVER shop OPTIONS (database 'shop');
SQL
is(session('SELECT count(*), sum(n) FROM items'), '20000|199990000', 'it works');

# The server is lost in the middle of a scan
my $killed = server_pid();
my $lost = session(<<"SQL");
BEGIN;
DECLARE c CURSOR FOR SELECT n FROM items;
FETCH 1 FROM c;
\\! kill -9 $killed
MOVE ALL FROM c;
ROLLBACK;
SELECT count(*) FROM items;
SQL
like($lost, qr/^0\nERROR:  08006: lost connection to MongoDB server "shop"\nDETAIL/m, 'a server that is lost in a scan is an error');
like($lost, qr/^ERROR:  08001: could not connect to MongoDB server "shop"$/m, 'and cannot be reached then');
stop_server();

# A connection that was lost while idle is made again
start_server();
my $session = background('');

sub answer { return go_on($session, $_[0]) =~ s/\n\z//r }
is(answer('SELECT count(*) FROM items'), '20000', 'a session');
stop_server();
start_server();
is(answer('SELECT sum(n) FROM items'), '199990000', 'a connection that was lost while idle is made again');

# A change of what a connection depends on: another connection for new scans
sub connections { return answer('SELECT user_name, in_use, valid FROM admin_dashboard_connections() ORDER BY 2, 3, age DESC') }
my $table = 'SELECT count(*) FROM items';
is(connections(), 'postgres|f|t', 'one connection, not in use');
is(answer("$table; $table") . ' ' . connections(), "20000\n20000 postgres|f|t", 'serves all queries');
session('CREATE ROLE regress_other LOGIN SUPERUSER');
my $as_other = "SET ROLE regress_other; $table; RESET ROLE";
is(answer($as_other) . "\n" . connections(), "20000\npostgres|f|t\nregress_other|f|t", 'another user has another');
is(answer("BEGIN; DECLARE c CURSOR FOR SELECT n FROM items; FETCH 1 FROM c"), '0', 'a cursor');
for my $change ("ALTER SERVER shop OPTIONS (ADD connect_timeout_ms '3000')", 'CREATE USER MAPPING FOR postgres SERVER shop',
	"ALTER USER MAPPING FOR postgres SERVER shop OPTIONS (ADD auth_source 'admin')", 'DROP USER MAPPING FOR postgres SERVER shop',
	'ALTER ROLE postgres CONNECTION LIMIT -1')
{
	is(session($change), '', $change);
	is(answer($table), '20000', 'new scans work');
	my $found = connections();
	is(scalar(() = $found =~ /^postgres\|t\|f$/mg) . scalar(() = $found =~ /^postgres\|f\|t$/mg), '11',
		'with a new connection, beside the one of the cursor');
}
is(answer('MOVE 18999 FROM c; FETCH 1 FROM c'), '19000', 'the cursor goes on with its own');
is(answer('COMMIT') . connections(), 'postgres|f|t', 'which is closed at its end');
is(answer($as_other) . "\n" . connections(), "20000\npostgres|f|t\nregress_other|f|t", 'another user again');
session('ALTER ROLE regress_other NOSUPERUSER');
is(answer($table) . "\n" . connections(), "20000\npostgres|f|t", "a role's connection goes with its rights");

# A change between two looks into the catalogs: a session that has found its user
# mapping waits for the server's row, and when that is to be had there is no mapping
# any more
session("CREATE USER MAPPING FOR postgres SERVER shop OPTIONS (user 'nobody', password 'none')");
my $holder = background('');
go_on($holder, 'SELECT pg_advisory_lock(1)');
# (what is logged looks for the server's name before)
answer("SELECT admin_dashboard_disconnect('shop'); SET admin_dashboard.log_remote = off; SET enable_async_append = off");
$session->{out} = '';
$session->{in} .= "SELECT 1 WHERE pg_advisory_lock(1) IS NULL UNION ALL SELECT 0 * pg_relation_size('pg_class') UNION ALL SELECT count(*) FROM items;\n";
$session->{handle}->pump_nb;
sub waits_for { my ($event) = @_; return wait_until { $session->{handle}->pump_nb; session("SELECT wait_event FROM pg_stat_activity WHERE pid = $session->{pid}") eq $event } }
ok(waits_for('advisory'), 'a query that has been planned');
session("ALTER SERVER shop OPTIONS (SET server_selection_timeout_ms '2000')");
go_on($holder, "BEGIN; LOCK pg_catalog.pg_foreign_server IN ACCESS EXCLUSIVE MODE; SELECT pg_advisory_unlock(1)");
ok(waits_for('relation'), 'waits between two looks into the catalogs');
go_on($holder, "DROP USER MAPPING FOR postgres SERVER shop; ALTER SERVER shop OPTIONS (SET server_selection_timeout_ms '1000'); COMMIT");
$session->{handle}->pump until $session->{out} =~ /^(?:20000|ERROR.*)\n/m;
like($session->{out}, qr/\A0\n20000\n\z/, 'and makes a connection of what is in them then');
is(answer('RESET admin_dashboard.log_remote; RESET enable_async_append; SELECT pg_advisory_unlock_all(); ' . $table) . "\n" . connections(), "\n20000\npostgres|f|t", 'which stays');
$holder->{handle}->kill_kill;

# Closing them
is(answer("SELECT admin_dashboard_disconnect('shop')"), 't', 'disconnect');
is(connections(), '', 'leaves none');
is(answer("SELECT admin_dashboard_disconnect('shop')"), 'f', 'and finds none then');
like(answer("SELECT admin_dashboard_disconnect('nowhere')"), qr/^ERROR:  42704: server "nowhere" does not exist/, 'a server that is not there');
is(answer("BEGIN; DECLARE c CURSOR FOR SELECT n FROM items; FETCH 1 FROM c; SELECT admin_dashboard_disconnect('shop'); MOVE 999 FROM c; FETCH 1 FROM c") . ' ' . connections(),
	"0\nt\n1000 postgres|t|f", 'one that is in use is closed later');
is(answer("COMMIT; $table") . ' ' . connections(), '20000 postgres|f|t', 'and another made');
session("ALTER SERVER shop OPTIONS (SET uri 'mongodb://127.0.0.1:$proxied/?directConnection=true')");
is(answer($table), '20000', 'another address');
is(fault('open'), '1', 'has a connection');
session('DROP SERVER shop CASCADE');
is(connections(), 'postgres|f|f', 'a server that is dropped');
is(answer("CREATE SERVER shop FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$port/?directConnection=true'); CREATE FOREIGN TABLE items (n int) SERVER shop OPTIONS (database 'shop'); $table"),
	'20000', 'and made again');
is(connections(), 'postgres|f|t', 'leaves none');
ok(wait_until { fault('open') eq '0' }, 'on either side');

# Not more than 50 are kept for later, and of those the ones that were used last
is(answer(<<"SQL"), '', 'servers, and tables');
DO \$\$BEGIN FOR i IN 1..60 LOOP
	EXECUTE format('CREATE SERVER many%s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri ''mongodb://127.0.0.1:$port/?directConnection=true'')', i);
	EXECUTE format('CREATE FOREIGN TABLE many%s (n int) SERVER many%1\$s OPTIONS (database ''shop'', collection ''items'')', i);
END LOOP; END\$\$
SQL
is(answer('DO $$BEGIN FOR i IN 1..60 LOOP EXECUTE format(\'SELECT n FROM many%s LIMIT 1\', i); PERFORM n FROM items LIMIT 1; END LOOP; END$$'), '', 'are read');
is(answer("SELECT count(*), count(*) FILTER (WHERE server_name = 'shop'), count(*) FILTER (WHERE server_name IN ('many12', 'many60')) FROM admin_dashboard_connections()"),
	'50|1|2', 'and the connections of the first of them are closed');
is(answer('SELECT count(*) FROM many1'), '20000', 'which are made again');
is(answer('SET client_min_messages = warning; DO $$BEGIN FOR i IN 1..60 LOOP EXECUTE format(\'DROP SERVER many%s CASCADE\', i); END LOOP; END$$'), '', 'the servers are dropped');

# The death of the postmaster ends a wait, too
my $folder = "$ENV{TMPDIR}/orphan";
my $where = "host=$folder dbname=postgres";
run_or_die('initdb', '--no-sync', '-A', 'trust', '-U', 'postgres', '-D', $folder);
run_or_die('pg_ctl', '-D', $folder, '-w', '-l', "$folder/log", '-o', "-c listen_addresses= -k $folder", 'start');
fault('mute 0');
is(session(<<"SQL", 'postgres', $where), '', 'a server of its own');
CREATE EXTENSION admin_dashboard;
CREATE SERVER mute FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$proxied/?directConnection=true&connectTimeoutMS=120000');
CREATE FOREIGN TABLE items (n int) SERVER mute OPTIONS (database 'shop');
SQL
my $orphan = background('SELECT count(*) FROM items;', $where);
ok(waits_for_mongodb($orphan, $where), 'a backend waits');
kill 'KILL', split /\n.*/s, slurp("$folder/postmaster.pid");
ok(wait_until { !kill 0, $orphan->{pid} }, 'and ends when the postmaster is killed');
$orphan->{handle}->kill_kill;

session('DROP OWNED BY regress_other; DROP ROLE regress_other');
done_testing();
