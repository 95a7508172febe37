# EXPLAIN shows MongoDB's plan: of the test server, and from the forms in which other
# versions and deployments reply.

use strict;
use warnings;
use lib 'test/lib';
use JSON::PP;
use Servers;
use Test::More;

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

make_database('ad_explain');
start_server();
my ($port) = start_members('127.0.0.1', server_port(), 1);
run_python(<<'PY', server_port());
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
items = client.shop.items
items.insert_many([{"_id": n, "n": n, "s": "s%d" % (n % 10)} for n in range(200)])
items.create_index([("n", 1)])
PY
is(session(<<"SQL"), '', 'tables');
CREATE SERVER shop FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$port/shop?directConnection=true', read_concern 'majority');
CREATE FOREIGN TABLE items (id int OPTIONS (field '_id'), n int, s text) SERVER shop;
ALTER DATABASE ad_explain SET admin_dashboard.remote_explain = on;
SQL

# The plan, keys and documents that EXPLAIN shows for a query
sub plan_of
{
	my ($query, $options) = @_;
	my $shown = session("EXPLAIN (" . ($options // 'ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF') . ") $query");
	return $shown if $shown =~ /^ERROR/;
	return join ' ', $shown =~ /MongoDB (?:Plan|Keys Examined|Documents Examined): (.*)/g;
}

# The test server's own replies
my $few = 'SELECT s FROM items WHERE n = 7';
is(plan_of($few), 'PROJECTION_SIMPLE(COLLSCAN) 0 200', 'a find, for which the test server uses no index');
is(plan_of('SELECT count(*) FROM items WHERE n = 7'), 'FETCH(IXSCAN n_1) 1 1', 'an aggregate by an index');
is(plan_of("SELECT count(*) FROM items WHERE s = 's1'"), 'COLLSCAN 0 200', 'and without one');
like(plan_of('SELECT s, count(*) FROM items WHERE n > 190 AND s > \'s1\' GROUP BY s'), qr/IXSCAN n_1\)* 9 9$/, 'bounds and other conditions');
is(plan_of($few, 'VERBOSE'), '', 'nothing without ANALYZE');
is(plan_of($few, 'ANALYZE'), '', 'nothing without VERBOSE');
is(plan_of('SELECT s FROM items WHERE n = 7 AND n = 8 AND n = (SELECT NULL::int)'), '', 'nothing for a query that was not sent');
is(session("SET admin_dashboard.remote_explain = off; EXPLAIN (ANALYZE, VERBOSE, COSTS OFF) $few") =~ /MongoDB Plan/ ? 'shown' : 'not shown', 'not shown', 'nothing with the setting off');
like(session("EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) $few"), qr/"MongoDB Plan": "PROJECTION_SIMPLE\(COLLSCAN\)",\s+"MongoDB Keys Examined": 0,\s+"MongoDB Documents Examined": 200\n/, 'as JSON');
member('commands');
plan_of("SELECT s FROM items WHERE n = 7 ORDER BY n LIMIT 3");
my ($asked) = member_commands('explain');
is_deeply([ @{$asked->{explain}}{qw(find sort limit)}, $asked->{verbosity} ], [ 'items', undef, 3, 'executionStats' ], 'what is explained');
like($asked->{comment}, qr/^pg pid=\d+/, 'with the comment of each command');
is($asked->{readConcern}, undef, 'without a read concern, which MongoDB refuses to explain');
like(session(<<'SQL'), qr/^t\n?\z/, 'queries that read no collection are not explained');
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on; SET auto_explain.log_verbose = on; SET auto_explain.log_nested_statements = on;
SELECT bool_and(ok) FROM admin_dashboard_check_server('shop');
SQL

# Replies of others
sub shows
{
	my ($reply, $shown, $test) = @_;
	member('reply 0 explain ' . JSON::PP->new->canonical->utf8->encode($reply));
	is(plan_of($few), $shown, $test);
}
my $index = { stage => 'FETCH', inputStage => { stage => 'IXSCAN', indexName => 'n_1', indexBounds => { n => ['[7, 7]'] } } };
my $work = { totalKeysExamined => 5, totalDocsExamined => 3, executionStages => { stage => 'X' } };
shows({ queryPlanner => { winningPlan => $index, rejectedPlans => [ { stage => 'COLLSCAN' } ] }, executionStats => $work },
	'FETCH(IXSCAN n_1) 5 3', 'MongoDB, the classic engine');
shows({ queryPlanner => { winningPlan => { isCached => \0, queryPlan => $index, slotBasedPlan => { stages => 'text' } } }, executionStats => $work },
	'FETCH(IXSCAN n_1) 5 3', 'the slot-based engine');
shows({ queryPlanner => { winningPlan => { stage => 'SUBPLAN', inputStage => { stage => 'OR', inputStages => [ $index, { stage => 'COLLSCAN' } ] } } }, executionStats => $work },
	'SUBPLAN(OR(FETCH(IXSCAN n_1), COLLSCAN)) 5 3', 'several inputs');
shows({ stages => [ { '$cursor' => { queryPlanner => { winningPlan => $index }, executionStats => $work } },
		{ '$lookup' => {}, totalKeysExamined => 10, totalDocsExamined => 20 }, { '$group' => {} } ] },
	'FETCH(IXSCAN n_1) 15 23', 'a pipeline with a $lookup');
shows({ queryPlanner => { winningPlan => { stage => 'SHARD_MERGE', shards => [ map { { shardName => $_, winningPlan => $index } } 'a', 'b' ] } }, executionStats => $work },
	'SHARD_MERGE(FETCH(IXSCAN n_1), FETCH(IXSCAN n_1)) 5 3', 'a find on two shards');
shows({ shards => { a => { queryPlanner => { winningPlan => $index }, executionStats => $work },
		b => { stages => [ { '$cursor' => { queryPlanner => { winningPlan => { stage => 'COLLSCAN' } }, executionStats => $work } } ] } } },
	'FETCH(IXSCAN n_1), COLLSCAN 10 6', 'an aggregate on two shards');
shows({ queryPlanner => { Plan => { 'Node Type' => 'Aggregate', Plans => [ { 'Node Type' => 'Bitmap Index Scan', 'Index Name' => 'n_1' } ] } } },
	'Aggregate(Bitmap Index Scan n_1)', 'DocumentDB');
shows({}, '', 'nothing');
shows({ queryPlanner => 7, executionStats => [1], stages => { a => 1 }, shards => 'x' }, '', 'other types');
shows({ queryPlanner => { winningPlan => { stage => 7, inputStage => [ 1, 'x', [] ] } }, executionStats => { totalKeysExamined => 'many' } }, '', 'other types within');
shows({ queryPlanner => { winningPlan => { stage => "A\nMongoDB Query: x\x{202e}", inputStage => { stage => 'IXSCAN', indexName => "\x{e9}\x01\"" } } } },
	"\"A\\nMongoDB Query: x\x{202e}\"(IXSCAN \"\x{e9}\\u0001\\\"\")" =~ s/([^\x00-\x7f])/my $c = $1; utf8::encode($c); $c/ger, 'names that hold anything');
my $deep = { stage => 'LAST' };
$deep = { stage => 'DEEP', inputStage => $deep } for 1 .. 90;
shows({ queryPlanner => { winningPlan => $deep } }, 'DEEP(' x 90 . 'LAST' . ')' x 90, 'a deep plan');
member('reply 0 explain ' . encode_json({ queryPlanner => { winningPlan => { stage => 'OR', inputStages => [ map { { stage => "S$_" } } 1 .. 50_000 ] } } }));
cmp_ok(length plan_of($few), '<', 5000, 'a wide plan is cut');

# Errors are errors
member('fail 0 explain 13');
like(plan_of($few), qr/^ERROR:  42501: permission denied by MongoDB server "shop"/, 'no right to explain');
member('fail 0 explain 59');
like(plan_of($few), qr/^ERROR:  HV000: query failed on MongoDB server "shop"/, 'a server without explain');
member('reply 0 nothing {}');
member('mute 0 explain');
like(session("SET statement_timeout = '300ms'; EXPLAIN (ANALYZE, VERBOSE) $few"), qr/^ERROR:  57014: /, 'a timeout');
done_testing();
