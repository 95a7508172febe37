# Replica sets, sharded clusters and snapshots: what members are asked, and what
# happens when they change.

use strict;
use warnings;
use lib 'test/lib';
use JSON::PP;
use Servers;
use Test::More;

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

make_database('ad_deployments');
start_server();
my @ports = start_members('127.0.0.1', server_port(), 3);
my @hosts = map { "127.0.0.1:$_" } @ports;
run_python(<<'PY', server_port());
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
client.shop.items.insert_many([{"n": n, "s": "abc"} for n in range(2000)])
PY

# A replica set with this member as the primary, or none
sub elect
{
	my ($primary) = @_;
	for my $i (0 .. $#hosts)
	{
		my $first = $i == $primary ? JSON::PP::true : JSON::PP::false;
		member("hello $i " . encode_json({ setName => 'rs', setVersion => 1, hosts => \@hosts, me => $hosts[$i],
			isWritablePrimary => $first, ismaster => $first, secondary => $first ? JSON::PP::false : JSON::PP::true,
			tags => { dc => "dc$i" }, electionId => { '$oid' => sprintf '%024x', $primary + 1 },
			$primary >= 0 ? (primary => $hosts[$primary]) : () }));
	}
	member('commands');
}

# Which members were asked for rows
sub asked { return join ' ', map { $_->{member} } member_commands('find') }

my $seeds = join ',', @hosts;
my %uris = (
	set => "mongodb://$seeds/?replicaSet=rs",
	one_seed => "mongodb://$hosts[2]/?replicaSet=rs",
	tagged => "mongodb://$seeds/?replicaSet=rs&readPreference=secondary&readPreferenceTags=dc:dc2",
	nowhere => "mongodb://$seeds/?replicaSet=rs&readPreference=secondary&readPreferenceTags=dc:dc9",
	other_set => "mongodb://$seeds/?replicaSet=another",
	alone => "mongodb://$hosts[1]/?directConnection=true",
);
is(session(join '', map { <<"SQL" } sort keys %uris), '', 'tables');
CREATE SERVER $_ FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uris{$_}', server_selection_timeout_ms '1000');
CREATE FOREIGN TABLE $_ (n int, s text) SERVER $_ OPTIONS (database 'shop', collection 'items', fetch_size '500');
SQL

sub row { return "SELECT n FROM $_[0] WHERE n = 7" }

# Where reads go
elect(0);
is(session(row('set')), '7', 'a replica set');
is(asked(), '0', 'of which the primary is asked');
is(session(row('one_seed')), '7', 'found by one member that is not the primary');
is(asked(), '0', 'which is asked');
is(session('SELECT topology, server_version, tls, in_use, valid, cardinality(hosts) FROM admin_dashboard_connections()'), '',
	'no connection before the first query');
is(session(row('one_seed') . '; SELECT server_name, user_name, topology, server_version, tls, in_use, valid, cardinality(hosts), age < \'1 minute\' FROM admin_dashboard_connections()'),
	"7\none_seed|postgres|replica set|6.0|f|f|t|3|t", 'what admin_dashboard_connections() says of it');
asked();
is(session(row('tagged')), '7', 'a member with a tag');
is(asked(), '2', 'which is asked');
like(session(row('nowhere')), qr/^ERROR:  08001: could not connect to MongoDB server "nowhere"/, 'no member with the tag');
like(session(row('other_set')), qr/^ERROR:  08001: could not connect to MongoDB server "other_set"\nDETAIL:  .* None of the hosts of the connection string is a member of the replica set "another"\.\nHINT:  .*replicaSet/,
	"another set's name");
is(session(row('alone')), '7', 'a secondary, connected to directly');
is(asked(), '1', 'is asked');
session("ALTER SERVER set OPTIONS (ADD read_preference 'secondary')");
is(session(row('set')), '7', 'the option read_preference');
like(asked(), qr/^[12]$/, 'goes to a secondary');
session('ALTER SERVER set OPTIONS (DROP read_preference)');

# Another primary between two queries, in a query, and none for a while
my $session = background('');

sub answer { return go_on($session, $_[0]) }
member('commands');
is(answer(row('set')), "7\n", 'the first primary');
elect(1);
is(answer(row('set')), "7\n", 'after an election');
is(asked(), '0 1', 'the old primary refuses, and the new one is asked');
is(answer('BEGIN; DECLARE c CURSOR FOR SELECT n FROM set; FETCH 1 FROM c'), "0\n", 'a cursor');
elect(2);
is(answer('MOVE 1000 FROM c; FETCH 1 FROM c'), "1001\n", 'goes on where it was opened');
member('stop 1');
like(answer('MOVE ALL FROM c'), qr/^ERROR:  08006: lost connection to MongoDB server "set"/, 'is an error when that member is lost');
is(answer('ROLLBACK; ' . row('set')), "7\n", 'the query after that is answered');
is(asked(), '2', 'by the new primary');
elect(-1);
like(answer(row('set')), qr/^ERROR:  0800[16]: .*\nDETAIL:  .*\n/, 'no primary in time');
session("ALTER SERVER set OPTIONS (SET server_selection_timeout_ms '60000')");
$session->{in} .= row('set') . ";\n";
$session->{out} = '';
$session->{handle}->pump_nb;
ok(waits_for_mongodb($session), 'is waited for');
elect(0);
$session->{handle}->pump until $session->{out} =~ /\n/;
is($session->{out}, "7\n", 'a primary that is elected in time');
member('start 1');

# A scan that ends early closes its cursor on the server, however it ends
elect(0);
for my $end ('CLOSE c', 'MOVE 600 FROM c; CLOSE c', 'SELECT 1 / (n - 600) FROM set', 'ROLLBACK TO s', 'ROLLBACK')
{
	answer('BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR SELECT n FROM set; FETCH 1 FROM c');
	member('commands');
	answer($end);
	my @killed = map { scalar @{ $_->{cursors} } } member_commands('killCursors');
	answer('ROLLBACK');
	# an error closes the cursor of its own query and the transaction's
	is("@killed", $end =~ /^SELECT/ ? '1 1' : '1', "$end closes the cursor");
}
answer('SELECT n FROM set LIMIT 600');
is(scalar(member_commands('killCursors')), 0, 'one that was read to its limit is closed already');

# What a command carries
elect(0);
my $query_id = session('SET compute_query_id = on; EXPLAIN (VERBOSE) ' . row('set')) =~ /Query Identifier: (-?\d+)/ ? $1 : '';
session("SET compute_query_id = on; SET statement_timeout = '30s'; " . row('set'));
my ($find) = member_commands('find');
like($find->{comment}, qr/^pg pid=\d+ queryid=$query_id$/, 'pid and query id');
cmp_ok($find->{maxTimeMS}, '<=', 30000, 'what is left of statement_timeout');
session("ALTER SERVER set OPTIONS (ADD read_concern 'majority'); " . row('set'));
my @commands = @{ decode_json(member('commands')) };
my ($hello) = grep { $_->{client} } @commands;
is($hello->{client}{application}{name}, 'admin_dashboard', 'the name of the application');
($find) = grep { $_->{name} eq 'find' } @commands;
is($find->{readConcern}{level}, 'majority', 'the read concern');
ok(!exists $find->{maxTimeMS}, 'no time limit where there is none');
# a count and a list are of no snapshot: MongoDB refuses them with one
session("ALTER SERVER set OPTIONS (SET read_concern 'snapshot', ADD use_remote_estimate 'true'); " . row('set')
	. "; SELECT admin_dashboard_import_sql('set', 'shop', 'items')");
my %sent = map { $_->{name} => $_ } @{ decode_json(member('commands')) };
is(join(' ', map { $sent{$_}{readConcern}{level} // 'none' } qw(find count listCollections aggregate)), 'snapshot none none snapshot',
	'a read concern of snapshot, where there can be one');
like($sent{$_}{comment}, qr/^pg pid=/, "a comment in $_") for qw(count listCollections aggregate);
session('ALTER SERVER set OPTIONS (DROP read_concern, DROP use_remote_estimate)');
my $logged = session(<<'SQL');
SET admin_dashboard.log_remote = on;
SET client_min_messages = log;
PREPARE p AS SELECT n FROM set WHERE s = $1 AND n > 1998;
SET plan_cache_mode = force_generic_plan;
EXECUTE p('abc');
SQL
like($logged, qr/^LOG:  00000: query of MongoDB server "set", database "shop": db\.items\.find\(.*\$1.*\n1999$/m, 'admin_dashboard.log_remote');
unlike($logged, qr/abc/, 'without values of parameters');
like(session("CREATE ROLE regress_nobody; LOAD 'admin_dashboard'; SET ROLE regress_nobody; SET admin_dashboard.log_remote = on; RESET ROLE; DROP ROLE regress_nobody"),
	qr/^ERROR:  42501: permission denied to set parameter "admin_dashboard.log_remote"$/, 'is for superusers');

# One snapshot for all scans of a transaction, or of a statement
my $both = 'SELECT count(*) FROM (SELECT n FROM set WHERE n < 5 UNION ALL SELECT n FROM set WHERE n > 1990 UNION ALL SELECT n FROM set WHERE n = 100) s';

# the times that the scans since the last call asked for; - for none yet
sub snapshot_times
{
	return map { my $time = $_->{readConcern}{atClusterTime}; $time ? "$time->{'$timestamp'}{t}.$time->{'$timestamp'}{i}" : '-' }
	  grep { ($_->{readConcern}{level} // '') eq 'snapshot' } @{ decode_json(member('commands')) };
}
session("ALTER SERVER set OPTIONS (ADD snapshot 'transaction')");
member('commands');
is(session("BEGIN ISOLATION LEVEL REPEATABLE READ; $both; $both; COMMIT; $both; $both"), join("\n", (15) x 4), 'snapshot transaction');
my @times = snapshot_times();
is(scalar(grep { $_ eq '-' } @times), 3, 'sets a time for the transaction, and for each statement outside');
is(scalar(@times), 12, 'of all scans');
is(join(' ', @times[ 2 .. 5 ]), join(' ', ($times[1]) x 4), 'which all scans of the transaction have');
isnt($times[1], '-', 'as the server said');
session("ALTER SERVER set OPTIONS (SET snapshot 'statement')");
is(session("BEGIN ISOLATION LEVEL REPEATABLE READ; $both; $both; COMMIT"), "15\n15", 'snapshot statement');
@times = snapshot_times();
is(join(' ', map { $_ eq '-' ? 'sets' : 'has' } @times), 'sets has has sets has has', 'sets a time for each statement');
is($times[1], $times[2], 'which all its scans have');
session("ALTER SERVER set OPTIONS (SET snapshot 'transaction')");
answer("BEGIN ISOLATION LEVEL REPEATABLE READ; $both");
member('stop 0');
elect(1);
like(answer($both), qr/^ERROR:  0800[16]: /, 'a member that is lost');
like(answer("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT s; $both"), qr/^15$/m, 'in another transaction');
member('stop 1');
member('start 0');
elect(2);
like(answer("$both; ROLLBACK TO s; $both; ROLLBACK"),
	qr/^ERROR:  08006: .*^ERROR:  08006: snapshot of MongoDB server "set" was lost with its connection\n.*^HINT:  Try the statement or transaction again/ms,
	'is never replaced by another snapshot');
is(answer($both), "15\n", 'and then it works again');
member('start 1');
member("hello 1 {\"maxWireVersion\": 9}");
session("ALTER SERVER alone OPTIONS (ADD snapshot 'statement')");
like(session(row('alone')), qr/^ERROR:  0A000: MongoDB server "alone" does not support snapshots\n.*^HINT:  .*MongoDB 5\.0 or later/ms, 'a server without snapshots');

# Sharded clusters
session("ALTER SERVER set OPTIONS (DROP snapshot, SET uri 'mongodb://$hosts[0],$hosts[1]/?readPreference=secondaryPreferred')");
member("hello $_ {\"msg\": \"isdbgrid\"}") for 0 .. 2;
member('commands');
is(answer(row('set')), "7\n", 'mongos');
($find) = member_commands('find');
is($find->{'$readPreference'}{mode}, 'secondaryPreferred', 'is told the read preference');
is(answer('SELECT topology FROM admin_dashboard_connections() WHERE server_name = \'set\' AND valid'), "sharded\n", 'is a sharded cluster');
member("stop $find->{member}");
is(answer(row('set')), "7\n", 'one of several that is lost between queries');

done_testing();
