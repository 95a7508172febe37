# Every wait can be ended, whatever the server does; and no fault of the network
# is taken for the end of the data.

use strict;
use warnings;
use lib 'test/lib';
use IO::Socket::INET;
use Servers;
use Socket;
use Test::More;
use Time::HiRes qw(sleep time);

my $program = $ENV{AD_TEST_MONGOD} or plan skip_all => 'there is no MongoDB server program to start';
my $is_test_server = $program =~ /secantus/;
my $test_commands = $is_test_server ? '--enable-test-commands' : '--setParameter=enableTestCommands=1';
my $documents = 5000;
my $sum = $documents * ($documents - 1) / 2;

make_database('ad_faults');
start_server($test_commands);
my $direct = server_port();
my $faulty = start_faults('127.0.0.1', $direct);
my ($member) = start_members('127.0.0.1', $direct, 1);
run_python(<<'PY', $direct, $documents);
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
client.shop.items.insert_many([{"n": n, "filler": "x" * 100} for n in range(int(sys.argv[2]))])
client.shop.few.insert_many([{"n": n} for n in range(100)])
PY

# An address that takes connections and says nothing, and one that takes none:
# its queue is full
sub listener
{
	my ($queue) = @_;
	socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
	bind($listener, sockaddr_in(0, INADDR_LOOPBACK)) && listen($listener, $queue) or die "listen: $!\n";
	return ($listener, (sockaddr_in(getsockname($listener)))[0]);
}
my ($mute, $mute_port) = listener(100);
my ($full, $full_port) = listener(0);
my @queue = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $full_port, Blocking => 0) } 1 .. 4;

# One foreign table for each place to wait
my %uris = (
	connect => "mongodb://127.0.0.1:$full_port/",
	hello => "mongodb://127.0.0.1:$mute_port/",
	tls => "mongodb://127.0.0.1:$mute_port/?tls=true",
	set => "mongodb://127.0.0.1:$mute_port,127.0.0.1:$full_port,localhost:$mute_port/?replicaSet=rs",
	login => "mongodb://127.0.0.1:$member/?directConnection=true",
	reply => "mongodb://127.0.0.1:$faulty/?directConnection=true",
	direct => "mongodb://127.0.0.1:$direct/?directConnection=true",
	nobody => 'mongodb://127.0.0.1:1/',
);
is(session(join '', (map { <<"SQL" } sort keys %uris), "CREATE FOREIGN TABLE few (n int) SERVER direct OPTIONS (database 'shop', fetch_size '10')"), '', 'tables');
CREATE SERVER "$_" FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uris{$_}', connect_timeout_ms '60000', server_selection_timeout_ms '60000');
CREATE FOREIGN TABLE "${_}_items" (n int, filler text) SERVER "$_" OPTIONS (database 'shop', collection 'items', fetch_size '500', enable_aggregate_pushdown 'false');
SQL
is(session(<<'SQL'), '', 'and for import and counts');
CREATE SCHEMA imported;
CREATE FOREIGN TABLE counted_items (n int) SERVER reply OPTIONS (database 'shop', collection 'items', use_remote_estimate 'true');
SQL
my $query = 'SELECT count(*), sum(n) FROM reply_items';
is(session($query), "$documents|$sum", 'it works');

my $secret = make_secret('a password');
session("CREATE USER MAPPING FOR postgres SERVER login OPTIONS (user 'reader', password '$secret', auth_mechanism 'SCRAM-SHA-1')");
member("login 0 reader $secret");

# Places to wait: what to do before, the query, the fault of the proxy or the member
my @waits = (
	[ 'a connection that is not taken', '', 'SELECT count(*) FROM connect_items' ],
	[ 'the first word of a server', '', 'SELECT count(*) FROM hello_items' ],
	[ 'the TLS handshake', '', 'SELECT count(*) FROM tls_items' ],
	[ 'the first step of a login', '', 'SELECT count(*) FROM login_items', 'member mute 0 saslStart' ],
	[ 'the second step of a login', '', 'SELECT count(*) FROM login_items', 'member mute 0 saslContinue' ],
	[ 'the members of a replica set', '', 'SELECT count(*) FROM set_items' ],
	[ 'the first reply', 'SELECT n FROM reply_items LIMIT 1', 'SELECT count(*) FROM reply_items', 'mute 0' ],
	[ 'another batch', 'BEGIN; DECLARE c CURSOR FOR SELECT n FROM reply_items; FETCH 1 FROM c', 'MOVE ALL FROM c', 'mute 5000' ],
	[ 'a list of collections', 'SELECT n FROM reply_items LIMIT 1', "IMPORT FOREIGN SCHEMA shop FROM SERVER reply INTO imported", 'mute 0' ],
	[ 'a count', 'SELECT n FROM reply_items LIMIT 1', 'SELECT n FROM counted_items LIMIT 1', 'mute 0' ],
	[ 'a reply that drips', 'SELECT n FROM reply_items LIMIT 1', 'SELECT count(*) FROM reply_items', 'drip 100' ],
);
my %ends = (
	cancel => [ 'SELECT pg_cancel_backend(%d)', qr/ERROR:  57014: canceling statement due to user request/ ],
	statement_timeout => [ undef, qr/ERROR:  57014: canceling statement due to statement timeout/ ],
	terminate => [ 'SELECT pg_terminate_backend(%d)', qr/FATAL:  57P01: terminating connection due to administrator command/ ],
);
for my $wait (@waits)
{
	my ($place, $before, $waiting, $fault) = @$wait;
	for my $end (sort keys %ends)
	{
		my ($statement, $message) = @{ $ends{$end} };
		fault('pass');
		member('mute 0 nothing');
		my $session = background($before ? "$before;\n\\echo ready" : '\echo ready');
		$session->{handle}->pump until $session->{out} =~ /ready\n/;
		($fault =~ /^member (.*)/ ? member($1) : fault($fault)) if $fault;
		$session->{in} .= "SET statement_timeout = '300ms';\n" if $end eq 'statement_timeout' && $before !~ /BEGIN/;
		$session->{in} .= "SET LOCAL statement_timeout = '300ms';\n" if $end eq 'statement_timeout' && $before =~ /BEGIN/;
		$session->{in} .= "$waiting;\n";
		$session->{handle}->pump_nb;
		if ($statement)
		{
			ok(waits_for_mongodb($session), "$place, $end: it waits, and says so");
			session(sprintf $statement, $session->{pid});
		}
		my $start = time;
		while ($session->{out} !~ /(?:ERROR|FATAL): / && time - $start < 20)
		{
			$session->{handle}->pump_nb;
			sleep 0.01;
		}
		like($session->{out}, $message, "$place, $end: the wait ends");
		# the wait is for a minute; what it takes to end it is measured in bench/
		cmp_ok(time - $start, '<', 10, "$place, $end: and soon");
		if ($end ne 'terminate')
		{
			$session->{out} = '';
			$session->{in} .= "ROLLBACK; RESET statement_timeout; SELECT count(*) FROM direct_items;\n";
			$session->{handle}->pump until $session->{out} =~ /^(?:\d+|ERROR.*)\n/m;
			like($session->{out}, qr/^$documents$/m, "$place, $end: the session goes on");
		}
		$session->{handle}->kill_kill;
	}
}
fault('pass');
member('mute 0 nothing');
is(session('SELECT count(*) FROM login_items'), $documents, 'the login works');

# Clean-up does not wait for long: a cursor that the server does not close
member('mute 0 killCursors');
like(session('SELECT 1 / (n - 600) FROM login_items; SELECT count(*) FROM login_items'), qr/^ERROR:  22012: [^\n]*\n$documents$/,
	'a server that does not answer in clean-up');
member('mute 0 nothing');
ok(wait_until { fault('open') eq '0' }, 'no connection is left over');

# But a slow server does not lose the connection for other scans
fault('pass');
my $shared = background('BEGIN; DECLARE a CURSOR FOR SELECT n FROM reply_items; DECLARE b CURSOR FOR SELECT n FROM reply_items;');
go_on($shared, 'FETCH FROM a; FETCH FROM b');
fault('delay 2500');
go_on($shared, 'CLOSE a');
fault('pass');
is(scalar(() = go_on($shared, 'FETCH ALL FROM b; COMMIT') =~ /^\d+$/mg), $documents - 1, 'a cursor that is closed slowly leaves the connection to another');
$shared->{handle}->kill_kill;

# The network fails at any place: an error, and never a part of the data.  Where
# the reply is corrupt in a value there is no telling.
is(session('SELECT count(*), sum(n) FROM direct_items'), "$documents|$sum", 'all the data');
my %seen;
for my $kind (qw(cut reset corrupt))
{
	my @wrong;
	for my $i (0 .. 48)
	{
		# in the handshake, the first reply and others
		fault("$kind " . int(1.2**$i * 10));
		my $answer = session("SET statement_timeout = '20s'; $query;\n\\echo alive");
		my $state = $answer =~ /ERROR:  (\w{5})/ ? $1 : 'an answer';
		$seen{$kind}{$state}++;
		push @wrong, "$i: $answer" if $answer !~ /^alive$/m || $state eq '57014';
		push @wrong, "$i: $answer" if $state eq 'an answer' && $kind ne 'corrupt' && $answer ne "$documents|$sum\nalive";
	}
	is(join("\n", @wrong), '', "$kind anywhere: an error, or all of it");
	cmp_ok($seen{$kind}{'an answer'} // 0, '<', 40, "$kind: often an error");
	diag(join ', ', "$kind:", map { "$_ $seen{$kind}{$_}" } sort keys %{ $seen{$kind} });
}
my @partial;
for my $i (0 .. 24)
{
	fault('cut ' . int(1.5**$i * 10));
	my $answer = session("SET client_min_messages = warning; SELECT admin_dashboard_import_sql('reply', 'shop', 'items'); SELECT n FROM counted_items LIMIT 1");
	push @partial, "$i: $answer" if $answer !~ /^(?:ERROR:  08|CREATE.*_id text[^,]*,\n\tn integer,\n\tfiller text\n)/s;
}
is(join("\n", @partial), '', 'import and counts: an error, or all of it');
fault('refuse');
like(session($query), qr/^ERROR:  08001: could not connect to MongoDB server "reply"\nDETAIL:  MongoDB: .*\[(?:no connection to|connection closed .*by) '127/,
	'a server that hangs up at once');
fault('delay 50');
is(session("SELECT count(*) FROM reply_items WHERE n < 3"), '3', 'a slow network is no fault');
fault('pass');

# One more try where nothing was read yet, and only one
my $failpoint = <<'PY';
import sys, json, pymongo
pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).admin.command(
    {"configureFailPoint": "failCommand", "mode": json.loads(sys.argv[2]), "data": json.loads(sys.argv[3] or "{}")})
PY
my $find = 'SELECT n FROM direct_items WHERE n < 3';
my $twice = "$find LIMIT 1;\n\\! touch %s\n$find;";
sub after_failpoint
{
	my ($times, $data, @queries) = @_;
	my $session = background("$find LIMIT 1;\n\\echo ready");
	$session->{handle}->pump until $session->{out} =~ /ready\n/;
	run_python($failpoint, $direct, qq({"times": $times}), $data);
	$session->{out} = '';
	$session->{in} .= join('', map { "$_;\n" } @queries) . "\\echo done\n\\q\n";
	$session->{handle}->finish;
	run_python($failpoint, $direct, '"off"', '');
	$session->{out} =~ s/^LOCATION:.*\n//mg;
	return $session->{out};
}
my $stepped_down = '{"failCommands": ["find"], "errorCode": 189}';
my $hang_up = '{"failCommands": ["find"], "closeConnection": true}';
is(after_failpoint(1, $stepped_down, $find), "0\n1\n2\ndone\n", 'a member that stepped down while the connection was idle');
is(after_failpoint(1, $hang_up, $find), "0\n1\n2\ndone\n", 'one that hangs up');
like(after_failpoint(2, $stepped_down, $find), qr/^ERROR:  08006: MongoDB server "direct" cannot serve reads now\nDETAIL:  .*code 189/,
	'twice is an error');
like(after_failpoint(2, $hang_up, $find), qr/^ERROR:  0800[16]: /, 'and so is hanging up twice');
like(after_failpoint(1, '{"failCommands": ["getMore"], "closeConnection": true}', 'SELECT count(*) FROM direct_items'),
	qr/^ERROR:  08006: lost connection to MongoDB server "direct"/, 'after rows there is no other try');
like(after_failpoint(1, '{"failCommands": ["getMore"], "errorCode": 43}', 'SELECT count(*) FROM direct_items'),
	qr/^ERROR:  HV000: cursor no longer exists on MongoDB server "direct"\n/, 'a cursor that has gone');
like(after_failpoint(1, '{"failCommands": ["getMore"], "errorCode": 26}', 'SELECT count(*) FROM direct_items'),
	qr/^ERROR:  HV000: query failed on MongoDB server "direct"\nDETAIL:  .*code 26/, 'a collection that has gone is no end of the documents');
is(after_failpoint(1, '{"failCommands": ["find"], "errorCode": 26}', $find), "done\n", 'but one that is not there has none');
like(after_failpoint(1, '{"failCommands": ["find"], "errorCode": 13}', $find),
	qr/^ERROR:  42501: permission denied by MongoDB server "direct"\n.*\nHINT:  The user mapping/, 'no rights');
my $import = "SELECT admin_dashboard_import_sql('direct', 'shop', 'few')";
like(after_failpoint(1, '{"failCommands": ["listCollections"], "errorCode": 13}', $import), qr/^CREATE FOREIGN TABLE few /,
	'without the right to list all collections, those that may be read are listed');
like(after_failpoint(2, '{"failCommands": ["listCollections"], "errorCode": 13}', $import), qr/^ERROR:  42501: permission denied/, 'and if none may be read');
like(after_failpoint(1, '{"failCommands": ["aggregate"], "errorCode": 13}', $import), qr/^ERROR:  42501: permission denied/, 'nor the documents');
like(after_failpoint(1, '{"failCommands": ["find"], "errorCode": 168}', $find),
	qr/^ERROR:  HV000: query failed on MongoDB server "direct"\nDETAIL:  .*code 168.*\nHINT:  If this is another server than MongoDB, .*admin_dashboard_check_server\(\)/,
	'an operator that the server lacks');
my $check = q{SELECT bool_and(ok), count(*) > 100 FROM admin_dashboard_check_server('direct', '%s')};
my $no_documents = '{"failCommands": ["aggregate"], "errorCode": 40324}';
is(after_failpoint(1, $no_documents, sprintf $check, 'shop'), "t|t\ndone\n", 'a server without $documents is checked by means of a collection');
like(after_failpoint(3, $no_documents, q{SELECT query, expected FROM admin_dashboard_check_server('direct', 'shop') WHERE construct = 'option avoid'}),
	qr/^ALTER SERVER direct OPTIONS \(ADD avoid '(?:\$\w+(?:, )?)+'\)\|[\w\$, ]+\ndone\n\z/, 'what fails is to be avoided');
like(after_failpoint(1, '{"failCommands": ["aggregate"], "errorCode": 13}', sprintf $check, 'shop'),
	qr/^ERROR:  42501: permission denied by MongoDB server/, 'without the right to read, nothing is said of the server');
like(after_failpoint(1, $no_documents, sprintf $check, 'empty'),
	qr/^ERROR:  HV000: MongoDB server "direct" cannot be checked with database "empty"\n.*\nHINT:  Name a database/, 'which must be there');
like(after_failpoint(4, '{"failCommands": ["aggregate"], "errorCode": 189}', sprintf($check, 'shop'), 'SELECT 1'),
	qr/^ERROR:  08006: MongoDB server "direct" cannot serve reads now\n.*\n(?:.*\n)*1\ndone\n/, 'a member that steps down ends a check');
like(after_failpoint(0, '{"failCommands": ["aggregate"], "errorCode": 189}', "SET statement_timeout = '300ms'", sprintf($check, 'shop'),
	'RESET statement_timeout', q{SELECT count(*) FROM pg_class WHERE relname ~ '^checked_'}), qr/^ERROR:  57014: .*\n(?:.*\n)*0\ndone\n/, 'and so does a timeout');
like(after_failpoint(1, '{"failCommands": ["find"], "errorCode": 50}', $find), qr/^ERROR:  57014: /, 'the time limit');
like(after_failpoint(1, '{"failCommands": ["find"], "errorCode": 292}', $find), qr/^ERROR:  53200: .*\n.*\nHINT:  Set the option allow_disk_use/, 'memory');
like(after_failpoint(1, '{"failCommands": ["find"], "blockConnection": true, "blockTimeMS": 20000}', "SET statement_timeout = '300ms'", $find),
	qr/^ERROR:  57014: canceling statement due to statement timeout/, 'a server that is blocked');

# A thousand cancels and a thousand errors leave no memory behind
my $memory = 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';
my $rss = q{SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmRSS:\s+(\d+)'))[1]};
# (twice, for where the time is up as the last of them ends, that is an error of the next statement)
my $cancels = "SET statement_timeout = '1ms';\n" . "SELECT n FROM direct_items;\n" x 500 . "RESET statement_timeout;\n" x 2;
my $errors = "SELECT 1 / (n - 15) FROM few;\n" x 250 . "SELECT count(*) FROM nobody_items;\n" x 250;
my $measure = "SELECT count(*) FROM direct_items;\n$memory;\n$rss;\n";
my $all = session("$cancels$errors$measure$cancels$errors$measure");
my @numbers = $all =~ /^$documents\n(\d+)\n(\d+)$/mg;
is(scalar(@numbers), 4, 'a thousand cancels and a thousand errors, and it works');
cmp_ok($numbers[2], '<', $numbers[0] * 1.1 + 65536, "no memory of PostgreSQL's grows");
cmp_ok($numbers[3], '<', $numbers[1] + 4096, "nor of the driver's (less than 4 MB in a thousand)");
unlike($all, qr/ERROR:  (?!57014|22012|08001)/, 'no other error');

# The search for a value that does not fit keeps none of those that do: arrays of 100 MB
run_python(<<'PY', $direct);
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
client.shop.large.insert_many([{"_id": n, "v": list(range(5000)) if n < 400 else "none"} for n in range(401)])
PY
my $peak = q{SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmHWM:\s+(\d+)'))[1]};
my $searched = session(<<"SQL");
CREATE FOREIGN TABLE large (v numeric[]) SERVER direct OPTIONS (database 'shop', on_mismatch 'null');
SELECT count(*) FROM large WHERE cardinality(v) = 0;
$peak;
ALTER FOREIGN TABLE large OPTIONS (SET on_mismatch 'error');
SELECT count(*) FROM large WHERE cardinality(v) = 0;
$peak;
SQL
like($searched, qr/^ERROR:  HV004: field "v" .*\n.*\n.*\nCONTEXT:  column "v" of foreign table "large", document with _id 400$/m, 'a value that does not fit');
my @peaks = $searched =~ /^(\d{4,})$/mg;
cmp_ok($peaks[1], '<', $peaks[0] + 25000, 'is looked for in little memory');

# Portals closed early, limits, subtransactions, rescans: no cursor stays open,
# on either side.  (The connection need not be valid: the other tests of this
# cluster change so much that this session can miss a part of it, and then it
# replaces all its connections.)
my $early = session(<<'SQL');
DO $$ BEGIN
	FOR i IN 1 .. 100 LOOP
		PERFORM n FROM direct_items LIMIT 1;
		BEGIN
			PERFORM 1 / (n - 10) FROM direct_items WHERE n < 50 ORDER BY filler || n;
		EXCEPTION WHEN division_by_zero THEN NULL;
		END;
	END LOOP;
END $$;
BEGIN;
DECLARE a CURSOR FOR SELECT n FROM direct_items;
FETCH 1 FROM a;
SAVEPOINT s;
DECLARE b CURSOR FOR SELECT n FROM direct_items;
FETCH 1 FROM b;
ROLLBACK TO s;
MOVE 1999 FROM a;
FETCH 1 FROM a;
CLOSE a;
COMMIT;
SELECT count(*) FROM generate_series(1, 50) g, LATERAL (SELECT n FROM direct_items WHERE n > g LIMIT 1) s;
SELECT server_name, in_use FROM admin_dashboard_connections() WHERE server_name = 'direct';
SQL
is($early, "0\n0\n2000\n50\ndirect|f", 'portals, subtransactions, limits and rescans');

# A hundred clients at once
my @clients = map { background('SELECT count(*), sum(n) FROM direct_items WHERE n < 100;') } 1 .. 100;
my $right = 0;
for my $client (@clients)
{
	$client->{in} .= "\\q\n";
	$client->{handle}->finish;
	$right++ if $client->{out} =~ /^100\|4950$/m;
}
is($right, 100, 'a hundred clients at once');
done_testing();
