# Sums of doubles are asked for in a quick form, and once more in the exact form if the
# quick one is in doubt.  No value slips through: not in a group that HAVING or a limit
# would remove either.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

make_database('ad_quick');
start_server();
run_python(<<'PY', server_port());
import sys, datetime, bson, pymongo
from bson import Decimal128, Int64
db = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).quick
added = {
    "good": [], "fits": [Decimal128("0.5")], "longs": [Int64(2**53 - 1), Int64(1 - 2**53), 2.0**53 - 1] * 9, "edges": [Int64(2**53)], "lower": [Int64(-2**53)],
    "decimals": [Decimal128("0.1")], "above": [Int64(2**53 + 1)], "below": [Int64(-2**53 - 1)], "hidden": [Int64(-2**62), 2.0**62],
    "strings": ["5"], "arrays": [[5.0]], "dates": [datetime.datetime(2026, 1, 1)], "booleans": [True], "minkeys": [bson.MinKey()], "objects": [{"a": 1}],
    "nans": [float("nan")], "infinite": [float("inf")], "least": [float("-inf")], "infinities": [float("inf"), float("-inf")],
    "huge": [1e150], "tiny": [-1e150], "nothing": None,
}
for name, values in added.items():
    rows = [{"g": n % 5, "f": [1.5, 2, Int64(3), None, -4.25][n % 5]} for n in range(100)] + [{"g": 3}, {"g": 5}]
    if name == "hidden":
        rows = []
    if values is None:
        rows = [{"g": 1, "f": None}, {"g": 2}]
    else:
        rows += [{"g": 7, "f": value} for value in values]
    db[name].insert_many(rows)
PY
my @good = qw(good longs nothing);
my @doubtful = qw(fits edges lower decimals above below hidden nans infinite least infinities huge tiny);
my @wrong = qw(strings arrays dates booleans minkeys objects);
is(session("CREATE SERVER quick FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:" . server_port() . "/quick?directConnection=true');\n" .
	join('', map { "CREATE FOREIGN TABLE $_ (g int, f double precision) SERVER quick;\n" } @good, @doubtful, @wrong)), '', 'tables');

my @queries = (
	'SELECT sum(f), count(*) FROM %s',
	'SELECT avg(f) FROM %s WHERE g > 0',
	'SELECT avg(f), count(f), count(*) FROM %s',
	'SELECT sum(f), coalesce(sum(f), 0), max(f), min(f) FROM %s WHERE g IN (2, 3, 5, 7)',
	'SELECT g, sum(f) + 1, count(f) FROM %s GROUP BY g HAVING sum(f) IS NULL OR count(f) < 3 ORDER BY sum(f) NULLS FIRST, g',
	'SELECT g, sum(f), avg(f), count(*) FROM %s GROUP BY g ORDER BY g',
	'SELECT g, sum(f) FROM %s GROUP BY g HAVING sum(f) > 20 ORDER BY g',
	'SELECT g, sum(f) FROM %s GROUP BY g HAVING sum(f) BETWEEN -100 AND 20 ORDER BY g',
	'SELECT g, sum(f) FROM %s GROUP BY g ORDER BY count(*), g LIMIT 2',
	'SELECT g, sum(f) FROM %s GROUP BY g ORDER BY sum(f) DESC NULLS LAST, g LIMIT 1',
	'SELECT g, sum(f) FROM %s GROUP BY ROLLUP (g) ORDER BY 1, 2',
	'SELECT sum(f), count(DISTINCT g) FROM %s',
	'SELECT g::text || $$x$$, sum(f) FROM %s GROUP BY 1 ORDER BY 1',
	'SELECT sum(f) FILTER (WHERE g < 7), sum(f) FROM %s',
	'SELECT a.g, a.s FROM (VALUES (1), (7)) v (g), LATERAL (SELECT max(g) g, sum(f) s FROM %s t WHERE t.g = v.g GROUP BY t.g) a',
);

# What the queries answer, each in a session of its own
sub answers
{
	my ($setting, $table) = @_;
	my $all = join '', map { session("SET admin_dashboard.enable_aggregate_pushdown = $setting;\n" . sprintf($_, $table)) . "\n" } @queries;
	return $all =~ s/(?<=^ERROR:  HV004: field "f" ).*\n.*\n.*\n.*$//mgr;
}
for my $table (@good, @doubtful, @wrong)
{
	my $pushed = answers('on', $table);
	my $local = answers('off', $table);
	is($pushed, $local, "$table: the same as without pushdown");
	unlike($pushed, qr/ERROR/, "$table: which is an answer") if grep { $_ eq $table } @good;
}
like(answers('on', 'decimals'), qr/\A(ERROR:  HV004: field "f" \n){15}\z/, 'a mismatch in doubt is an error of all queries');

# How often queries were sent twice; a session does so once
my $explain = 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT g, sum(f) FROM %s GROUP BY g';
sub repeated { return join ' ', session(join ";\n", map { sprintf $explain, $_ } @_) =~ /MongoDB (?:Documents|Queries Repeated): (\d+)/g }
is(repeated('good', 'good'), '6 6', 'a query that is not in doubt is sent once');
is(repeated('longs'), '7', 'longs give no doubt');
is(repeated('fits'), '14 1', 'one in doubt is sent twice');
is(repeated('fits', 'good', 'fits'), '14 1 6 7', 'only once in a session, and for its table only');
sub first_of { return session("SET enable_sort = off; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT g, sum(f) FROM $_[0] GROUP BY g ORDER BY sum(f), g::text LIMIT 1") =~ /MongoDB (?:Documents|Queries Repeated): (\d+)/g }
is(join(' ', first_of('good')), 2, 'groups in an order are not held');
is(join(' ', first_of('fits')), '3 1', 'of groups in an order the first tells of a doubt');
is(repeated('nothing'), '2', 'no values give no doubt');

# Prepared statements, cursors that end early, errors in between
is(session(<<'SQL'), "45\n45\n45\n45\n0\n45\n-5", 'plans that are kept');
SET plan_cache_mode = force_generic_plan;
PREPARE total AS SELECT sum(f) FROM good WHERE g < $1;
EXECUTE total(9); EXECUTE total(9); EXECUTE total(9); EXECUTE total(9);
BEGIN;
DECLARE c CURSOR FOR SELECT g, sum(f) FROM good GROUP BY g;
MOVE 3 FROM c;
SAVEPOINT s;
DECLARE d CURSOR FOR SELECT g, sum(f) FROM decimals GROUP BY g;
ROLLBACK TO s;
MOVE ALL FROM c;
SELECT count(*) - count(*) FROM good;
COMMIT;
EXECUTE total(9);
SELECT count(*) - 107 FROM good;
SQL

# Distinct texts are counted as MongoDB groups them, unless one is no string
run_python(<<'PY', server_port());
import sys, bson, pymongo
from bson import ObjectId, Regex, Code
db = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).quick
oid = "0123456789abcdef01234567"
added = {
    "texts": [], "empty": ["", None], "ids": [ObjectId(oid)], "ids_and_digits": [ObjectId(oid), oid, oid],
    "numbers": [5], "nuls": ["a\0b"], "lists": [["a"]], "documents": [{"a": 1}], "flags": [False],
}
for name, values in added.items():
    db[name].insert_many([{"g": n % 3, "s": "user%d" % (n % 7)} for n in range(30)] + [{"g": 1, "s": None}, {"g": 1}, {"s": "user1"}] +
                         [{"g": 8, "s": value} for value in values])
PY
my @texts = qw(texts empty ids ids_and_digits numbers nuls lists documents flags);
is(session(join '', map { "CREATE FOREIGN TABLE $_ (g int, s text) SERVER quick;\n" } @texts), '', 'tables of texts');
@queries = (
	'SELECT count(DISTINCT s) FROM %s',
	'SELECT count(DISTINCT s), count(*), sum(g), count(s) FROM %s',
	'SELECT count(DISTINCT s), count(DISTINCT g) FROM %s',
	'SELECT count(DISTINCT s) FILTER (WHERE g > 0), count(DISTINCT s) FROM %s',
	'SELECT count(DISTINCT s) FROM %s WHERE s IS NOT NULL',
	'SELECT count(DISTINCT s) FROM %s WHERE s > $$user3$$',
	'SELECT g, count(DISTINCT s), count(*) FROM %s GROUP BY g ORDER BY g',
	'SELECT g, count(DISTINCT s) FROM %s GROUP BY g HAVING count(DISTINCT s) > 2 ORDER BY g',
	'SELECT g, count(DISTINCT s) FROM %s GROUP BY g ORDER BY 2 DESC, 1 NULLS LAST LIMIT 1',
	'SELECT s, count(DISTINCT s), count(DISTINCT g) FROM %s GROUP BY s ORDER BY s',
	'SELECT s, count(DISTINCT g) FROM %s GROUP BY s ORDER BY s',
	'SELECT g + 1, count(DISTINCT s) FROM %s GROUP BY 1 ORDER BY 1',
	'SELECT count(DISTINCT lower(s)) FROM %s',
);
for my $table (@texts)
{
	my ($pushed, $local) = map { answers($_, $table) =~ s/(?<=^ERROR:  HV004: field "s" ).*\n.*\n.*\n.*$//mgr } 'on', 'off';
	is($pushed, $local, "$table: the same as without pushdown");
}
unlike(answers('on', $_), qr/ERROR/, "$_: which is an answer") for qw(texts empty ids ids_and_digits);
$explain = 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT count(DISTINCT s) FROM %s';
is(repeated('texts', 'empty'), '1 1', 'strings give no doubt');
is(repeated('ids', 'ids'), '2 1 1', 'an ObjectId does, once');
is(session("ALTER SERVER quick OPTIONS (ADD verify 'false');\n" . join ";\n", map { "SELECT count(DISTINCT s) FROM $_" } qw(texts empty ids ids_and_digits)),
	"7\n8\n8\n8", 'trusted texts that are no strings are counted once, too');

# Groups that are held in a temporary file are the same, and what ends the scan frees them
run_python(<<'PY', server_port());
import sys, pymongo
pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).quick.many.insert_many(
    [{"s": "%d %s" % (n % 1500, "x" * (n % 1500 % 90)), "g": n % 3, "f": n % 100 / 4} for n in range(9000)])
PY
is(session("ALTER SERVER quick OPTIONS (DROP verify); CREATE FOREIGN TABLE many (s text, g int, f double precision) SERVER quick"), '', 'a table of many groups');
my $file = "SET work_mem = '64kB'; SET admin_dashboard.enable_aggregate_pushdown =";
for my $query ('SELECT count(*), sum(f) FROM (SELECT s, sum(f) AS f FROM many GROUP BY s OFFSET 0) q',
	'SELECT count(*) FROM (SELECT s, sum(f) FROM many GROUP BY s LIMIT 700) q',
	'SELECT v, n FROM generate_series(0, 2) v, LATERAL (SELECT count(*) AS n FROM (SELECT s, sum(f) FROM many WHERE g >= v GROUP BY s OFFSET 0) q) r')
{
	is(session("$file on; $query; $query"), session("$file off; $query; $query"), "held in a file: $query");
}
is(session("$file on; BEGIN; DECLARE c CURSOR FOR SELECT s, sum(f) FROM many GROUP BY s; MOVE 800 FROM c; CLOSE c; COMMIT; SELECT 'alive'"), 'alive', 'a cursor over them that ends early');
done_testing();
