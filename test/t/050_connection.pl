# Connections that are refused, lost, slow and cut short: with a MongoDB server
# of the test's own.

use strict;
use warnings;
use IPC::Run qw(start);
use Socket;
use Test::More;
use Time::HiRes qw(sleep time);

my $program = $ENV{AD_TEST_MONGOD} or plan skip_all => 'there is no MongoDB server program to start';
my $database = 'ad_connection';
my $folder = "$ENV{TMPDIR}/mongodb-own";
my $secret = 'p@ss:/word%';
$SIG{PIPE} = 'IGNORE';

sub free_port
{
	socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
	bind($socket, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!\n";
	return (sockaddr_in(getsockname($socket)))[0];
}

sub run_python
{
	my ($code, @arguments) = @_;
	my ($out, $err);
	IPC::Run::run([ $ENV{PYTHON}, '-c', $code, @arguments ], '<', \undef, '>', \$out, '2>', \$err) or die "python: $err\n";
}

# (its pid is that of the server itself)
my ($port, $pid) = free_port();

sub start_server
{
	my @options = @_;
	my @storage = $program =~ /secantus/ ? ('--storage-path', $folder) : ('--bind_ip', '127.0.0.1', '--dbpath', $folder);
	mkdir $folder;
	$pid = fork() // die "fork: $!\n";
	if ($pid == 0)
	{
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$folder.log";
		open STDERR, '>&', \*STDOUT;
		exec $program, '--port', $port, @storage, @options or die "$program: $!\n";
	}
	for (1 .. 300)
	{
		socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
		return if connect($socket, sockaddr_in($port, INADDR_LOOPBACK));
		sleep 0.1;
	}
	die "MongoDB did not start\n";
}

sub stop_server
{
	my ($signal) = @_;
	kill $signal // 'TERM', $pid;
	waitpid $pid, 0;
}
END { local $?; kill 'CONT', $pid if $pid; stop_server('KILL') if $pid }

# What psql says to each of some queries of one session, errors with SQLSTATE
sub session
{
	my ($in, $user) = @_;
	my ($out, $err);
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $database, '-U', $user // 'postgres' ],
		'<', \$in, '>', \$out, '2>&1');
	$out =~ s/^LOCATION:.*\n//mg;
	chomp $out;
	return $out;
}

IPC::Run::run([ 'psql', '-XAtq', '-d', 'postgres', '-c', "DROP DATABASE IF EXISTS $database", '-c', "CREATE DATABASE $database" ], '2>', \my $ignored);
start_server();
run_python(<<'PY', $port, $secret);
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
client.shop.items.insert_many([{"n": n, "filler": "x" * 1000} for n in range(20000)])
client.admin.command("createUser", "reader", pwd=sys.argv[2], roles=[{"role": "readAnyDatabase", "db": "admin"}])
PY
is(session(<<"SQL"), '', 'tables');
CREATE EXTENSION admin_dashboard;
CREATE SERVER shop FOREIGN DATA WRAPPER admin_dashboard_fdw
	OPTIONS (uri 'mongodb://127.0.0.1:$port/?directConnection=true', fetch_size '500', server_selection_timeout_ms '1000');
CREATE FOREIGN TABLE items (n int, filler text) SERVER shop OPTIONS (database 'shop');
SQL
is(session('SELECT count(*), sum(n) FROM items'), '20000|199990000', 'it works');

# The server is lost in the middle of a scan
my $lost = session(<<"SQL");
BEGIN;
DECLARE c CURSOR FOR SELECT n FROM items;
FETCH 1 FROM c;
\\! kill -9 $pid
MOVE ALL FROM c;
ROLLBACK;
SELECT count(*) FROM items;
SQL
like($lost, qr/^0\nERROR:  08006: .*lost.*"shop"/m, 'a server that is lost in a scan is an error');
like($lost, qr/ERROR:  08001: could not connect to MongoDB server "shop"/, 'and cannot be reached then');
waitpid $pid, 0;

# A connection that was lost while idle is made again
my ($in, $out) = ("SELECT count(*) FROM items;\n", '');
start_server();
my $idle = start([ 'psql', '-XAtq', '-d', $database ], '<', \$in, '>', \$out, '2>&1');
$idle->pump until $out =~ /\n/;
stop_server();
start_server();
$in .= "SELECT sum(n) FROM items;\n";
$idle->pump until $out =~ /\n.*\n/;
is($out, "20000\n199990000\n", 'a connection that was lost while idle is made again');
$in .= "\\q\n";
$idle->finish;

# A server that does not answer can be waited for no longer than one wants
kill 'STOP', $pid;
my $before = time;
like(session("SET statement_timeout = '300ms'; SELECT count(*) FROM items"),
	qr/^ERROR:  57014: canceling statement due to statement timeout/, 'statement_timeout');
cmp_ok(time - $before, '<', 10, 'ends the wait');
for my $function ([ 'pg_cancel_backend', '57014: canceling statement due to user request' ],
	[ 'pg_terminate_backend', '57P01: terminating connection due to administrator command' ])
{
	my ($name, $message) = @$function;
	($in, $out) = ("SELECT pg_backend_pid();\nSELECT count(*) FROM items;\n", '');
	my $waiting = start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $database ], '<', \$in, '>', \$out, '2>&1');
	$waiting->pump until $out =~ /^(\d+)\n/;
	my $backend = $1;
	sleep 0.3;
	is(session("SELECT wait_event_type FROM pg_stat_activity WHERE pid = $backend"), 'Extension', 'it waits, and says so');
	is(session("SELECT $name($backend)"), 't', $name);
	$waiting->pump until $out =~ /(?:ERROR|FATAL): /;
	like($out, qr/\Q$message\E/, 'ends the wait');
	# after a terminate there is no one to write to
	$waiting->kill_kill;
}
kill 'CONT', $pid;
is(session('SELECT count(*) FROM items'), '20000', 'it works again');

# cancels in one session, over and over
my $stubborn = session("SET statement_timeout = '2ms';\n" . "SELECT n FROM items;\n" x 100 . "RESET statement_timeout; SELECT count(*) FROM items;\n");
like($stubborn, qr/57014.*\n20000$/s, 'many cancels, and it works');
unlike($stubborn, qr/ERROR:  (?!57014)/, 'no other error');

# Authentication
stop_server();
start_server('--auth');
like(session('SELECT count(*) FROM items'), qr/^ERROR:  42501: /, 'no user mapping: not authorized');
session("CREATE USER MAPPING FOR postgres SERVER shop OPTIONS (user 'reader', password '$secret')");
is(session('SELECT count(*) FROM items'), '20000', 'the right password');
session('CREATE ROLE ad_ordinary LOGIN; CREATE VIEW items_view AS SELECT n FROM items; GRANT SELECT ON items, items_view TO ad_ordinary');
is(session('SELECT count(*), max(n) FROM items_view', 'ad_ordinary'), '20000|19999', "a view uses its owner's mapping");
like(session('SELECT count(*) FROM items', 'ad_ordinary'), qr/^ERROR:  42501: /, 'the table uses one\'s own');
session("ALTER USER MAPPING FOR postgres SERVER shop OPTIONS (SET password 'another')");
my $refused = session("SELECT count(*) FROM items;\nSELECT n FROM items;");
is(scalar(() = $refused =~ /^ERROR:  28P01: could not authenticate to MongoDB server "shop"$/mg), 2, 'a wrong password');
unlike($refused, qr/another|\Q$secret\E/, 'which no message shows');
session("ALTER USER MAPPING FOR postgres SERVER shop OPTIONS (SET user 'nobody')");
like(session('SELECT count(*) FROM items'), qr/^ERROR:  28P01: /, 'an unknown user');
session('CREATE USER MAPPING FOR ad_ordinary SERVER shop OPTIONS (user \'reader\')');
like(session('SELECT count(*) FROM items', 'ad_ordinary'), qr/^ERROR:  .*password/m, 'ordinary users need a password');

session('DROP EXTENSION admin_dashboard CASCADE; DROP ROLE ad_ordinary');
IPC::Run::run([ 'psql', '-XAtq', '-d', 'postgres', '-c', "DROP DATABASE $database" ]);
stop_server();
undef $pid;
done_testing();
