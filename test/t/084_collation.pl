# Collections with a collation of their own: with simple_collation strings are compared
# as bytes all the same.  And views, which refuse all collations but theirs.

use strict;
use warnings;
use lib 'test/lib';
use JSON::PP;
use Servers;
use Test::More;

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

my $simple = { locale => 'simple' };
make_database('ad_collation');
start_server();
my ($port) = start_members('127.0.0.1', server_port(), 1);
run_python(<<'PY', server_port());
import sys, pymongo
shop = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).shop
shop.items.insert_many([{"_id": s, "s": s, "n": n} for n, s in enumerate(["a", "A", "b", "B", "c", "10", "9"])])
shop.create_collection("german", viewOn="items", collation={"locale": "de", "strength": 2})
shop.create_collection("plain", viewOn="items")
shop.create_collection("swedish", collation={"locale": "sv"})
shop.swedish.insert_one({"s": "a"})
PY

is(session(<<"SQL"), '', 'tables');
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$port/?directConnection=true');
CREATE FOREIGN TABLE items (id text OPTIONS (field '_id') COLLATE "C", s text COLLATE "C", n int) SERVER mongodb
	OPTIONS (database 'shop', simple_collation 'true');
CREATE FOREIGN TABLE local_items (id text OPTIONS (field '_id') COLLATE "C", s text COLLATE "C", n int) SERVER mongodb OPTIONS (database 'shop', collection 'items',
	enable_filter_pushdown 'false', enable_aggregate_pushdown 'false', enable_sort_pushdown 'false', enable_join_pushdown 'false');
SQL

# What the queries give over a collection whose collation ignores case
member('collate 0 ' . encode_json({ locale => 'en', strength => 2 }));
my $count = 'client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)' . "\n"
  . 'print(client.shop.items.count_documents({"s": "a"}))';
is(run_python("import sys, pymongo\n$count", $port), 2, 'MongoDB compares by the collation of a collection');
member('commands');
for my $case (
	[ 'a condition', "SELECT s FROM items WHERE s = 'a'" ],
	[ 'a list', "SELECT s FROM items WHERE s IN ('a', 'B')" ],
	[ 'a range', "SELECT s FROM items WHERE s > 'B'" ],
	[ '_id', "SELECT n FROM items WHERE id = 'A'" ],
	[ 'an order', 'SELECT s FROM items ORDER BY s LIMIT 3', 'ordered' ],
	[ 'groups', 'SELECT s, count(*) FROM items GROUP BY s' ],
	[ 'distinct values', 'SELECT count(DISTINCT s) FROM items' ],
	[ 'an extreme', 'SELECT min(s), max(s) FROM items' ],
	[ 'an expression', "SELECT count(*) FILTER (WHERE s = 'b') FROM items" ],
	[ 'a join', 'SELECT a.s, b.n FROM items a JOIN items b ON a.s = b.s WHERE a.n < 5' ],
	[ 'an expression in a condition', "SELECT n FROM items WHERE s || 'x' = 'ax'" ],
	[ 'the latest of a group', 'SELECT DISTINCT ON (s) s, n FROM items ORDER BY s, n DESC', 'ordered' ],
  )
{
	my ($name, $query, $ordered) = @$case;
	my ($got, $expected) = map { $ordered ? $_ : join "\n", sort split /\n/ }
	  map { session("SET enable_hashjoin = off; SET enable_mergejoin = off; $_") } $query, $query =~ s/\bitems\b/local_items/gr;
	is($got, $expected, "$name: " . ($got =~ tr{\n}{ }r));
	my @commands = member_commands('find', 'aggregate');
	is_deeply($commands[0]{collation}, $simple, "$name: by bytes");
	is($commands[-1]{collation}, undef, "$name: where nothing is compared, no collation is named");
}
is(session('SELECT n FROM items WHERE n < 0; ANALYZE items'), '', 'ANALYZE');
is($_->{collation}, undef, 'names none') for (member_commands('find', 'aggregate'))[1];

# A view refuses all collations but its own
member("refuse 0 collation 167 Cannot override a view's default collation");
is(session("SELECT n FROM items WHERE s = 'c'"), <<'END' =~ s/\n$//r, 'a view with a collation of its own');
ERROR:  0A000: strings of a view of MongoDB server "mongodb" cannot be compared
DETAIL:  MongoDB: Cannot override a view's default collation (code 167).
HINT:  The view has a collation of its own, by which MongoDB compares strings in another way than PostgreSQL, and does not let a query change that. Set the options enable_filter_pushdown, enable_aggregate_pushdown, enable_sort_pushdown and enable_join_pushdown of the foreign table to false.
CONTEXT:  MongoDB collection "shop.items"
END
is(session('IMPORT FOREIGN SCHEMA shop LIMIT TO (german, plain) FROM SERVER mongodb INTO public'), <<'END' =~ s/\n$//r, 'such a view is imported');
NOTICE:  00000: nothing is pushed down to the view "shop.german", which has a collation of its own
DETAIL:  MongoDB compares its strings in another way than PostgreSQL, and does not let a query change that.
HINT:  Import the view's collection, or a view without a collation.
END
is(session("SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = 'german'::regclass"),
	'{database=shop,collection=german,enable_filter_pushdown=false,enable_aggregate_pushdown=false,enable_sort_pushdown=false,enable_join_pushdown=false}',
	'without pushdown');
is(session("SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = 'plain'::regclass"), '{database=shop,collection=plain}', 'and another one with it');
is(session(<<'SQL'), "A|1\na|1\n7\n1", 'and answers');
ANALYZE german;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT s, count(*) FROM german WHERE s ~ '^[aA]$' GROUP BY s ORDER BY s COLLATE "C";
SELECT count(*) FROM german;
SELECT n FROM german ORDER BY _id COLLATE "C" DESC OFFSET 4 LIMIT 1;
SQL
is(session(<<'SQL'), "1|1\n2|2\n6|6", 'in joins');
SELECT a.n, b.n FROM german a JOIN german b ON a.s = b.s WHERE a.s IN ('A', 'b', '9') ORDER BY 1;
SQL

# What tells users of such collections
is(session('IMPORT FOREIGN SCHEMA shop LIMIT TO (swedish) FROM SERVER mongodb INTO public'), <<'END' =~ s/\n$//r, 'a collection is imported');
NOTICE:  00000: collection "shop.swedish" has a collation of its own
DETAIL:  The foreign table has the option simple_collation, so that MongoDB compares strings as PostgreSQL does. For that it uses no index on strings that has the collection's collation.
END
is(session("SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = 'swedish'::regclass"), '{database=shop,collection=swedish,simple_collation=true}', 'with the option');
for my $case (
	[ 'a find', "SELECT s FROM swedish WHERE s = 'a'", qr/\.find\(.*\)\.collation\(\{ ?"?locale"?: "simple" ?\}\)$/m ],
	[ 'an aggregate', 'SELECT count(DISTINCT s) FROM swedish', qr/\.aggregate\(\[.*\], \{ ?"?collation"?: \{ ?"?locale"?: "simple" ?\} ?\}\)$/m ],
	[ 'a find that compares nothing', 'SELECT s FROM swedish', qr/\.find\(\{ ?\}.*(?<!simple" }\))$/m ],
  )
{
	my ($name, $query, $shown) = @$case;
	like(session("EXPLAIN (VERBOSE, COSTS OFF) $query"), $shown, "EXPLAIN shows $name");
}
is(session('ANALYZE swedish') . session("SELECT FROM admin_dashboard_check_table('swedish')"), '', 'no warning of it');
for my $case (
	[ 'swedish', 'simple_collation', 'Set the option simple_collation of the foreign table to true.' ],
	[ 'german', 'enable_filter_pushdown', 'It is a view, for which that cannot be changed. Set the options enable_filter_pushdown, enable_aggregate_pushdown, enable_sort_pushdown and enable_join_pushdown of the foreign table to false.' ],
  )
{
	my ($table, $option, $hint) = @$case;
	session("ALTER FOREIGN TABLE $table OPTIONS (DROP $option)");
	for my $command ("ANALYZE $table", "SELECT FROM admin_dashboard_check_table('$table')")
	{
		is(session($command), <<"END" =~ s/\n$//r, $command);
WARNING:  01000: collection "shop.$table" of foreign table "$table" has a collation of its own
DETAIL:  MongoDB compares its strings in another way than PostgreSQL, so queries can have wrong results.
HINT:  $hint
END
	}
}

# With remote_explain, MongoDB plans for the same comparison
member('refuse 0');
member('commands');
like(session("SET admin_dashboard.remote_explain = on; EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF) SELECT n FROM items WHERE s = 'c'"),
	qr/MongoDB Plan/, 'its plan');
is_deeply([ map { $_->{explain}{collation} } member_commands('explain') ], [ $simple ], 'is that for comparisons by bytes');

done_testing();
