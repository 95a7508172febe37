# What fails in PostgreSQL fails over a foreign table, too: an operand that fails stands in
# each place of each operator and function that goes down, and these in each clause.  Both
# sides return the same rows, or both fail.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;

my $uri = $ENV{AD_TEST_MONGODB_URI} or plan skip_all => 'scripts/test provides the servers';

make_database('ad_failures');
# One document in which much fails, another in which less does, and one of nulls
run_python(<<'PY', $uri);
import sys, pymongo
from bson import Int64
from datetime import datetime
calls = pymongo.MongoClient(sys.argv[1]).ad_failures.t
calls.drop()
full = {"i": 2147483647, "n": -2147483648, "z": 0, "l": Int64(3000000000), "g": 1, "b": False, "t": "abc", "d": datetime(2026, 1, 1), "ts": datetime(2026, 1, 1), "f": 3e300, "ff": 1e300, "zf": 0.0}
calls.insert_many([{"_id": 1, **full}, {"_id": 2, **full, "z": -1, "b": True, "five": 5, "zf": 2.0, "g": 0}, {"_id": 3}])
PY
my $columns = 'i int, n int, z int, five int, l bigint, g int, b boolean, t text COLLATE "C", d date, ts timestamptz, f float8, ff float8, zf float8';
is(session(<<"SQL"), '', 'tables');
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri');
CREATE SCHEMA there;
CREATE SCHEMA here;
CREATE FOREIGN TABLE there.t (id int OPTIONS (field '_id'), $columns) SERVER mongodb OPTIONS (database 'ad_failures');
CREATE TABLE here.t AS SELECT * FROM there.t;
CREATE VIEW there.one AS SELECT * FROM there.t WHERE id <> 2;
CREATE VIEW there.two AS SELECT * FROM there.t WHERE id <> 1;
CREATE VIEW here.one AS SELECT * FROM here.t WHERE id <> 2;
CREATE VIEW here.two AS SELECT * FROM here.t WHERE id <> 1;
CREATE FUNCTION answer(side text, query text) RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('search_path', side || ', public', true);
	EXECUTE format('SELECT string_agg(q::text, E''\\n'' ORDER BY q::text) FROM (%s) q', query) INTO answer;
	RETURN answer;
EXCEPTION
	WHEN data_exception THEN
		RETURN 'fails';
	WHEN undefined_function THEN
		-- there is no max(boolean)
		RETURN 'none';
END \$\$;
SQL

my @clauses = map { ("$_ one", "$_ two") } (
	'SELECT max({}) FROM', 'SELECT count(DISTINCT {}) FROM', 'SELECT id, {} FROM', 'SELECT count(*) FILTER (WHERE {} IS NULL) FROM', 'SELECT z, min({}) FROM',
	'SELECT {}, count(*) FROM', 'SELECT id FROM');
my %tails = ('SELECT z' => 'GROUP BY z HAVING min({}) IS NULL', 'SELECT {}' => 'GROUP BY 1', 'SELECT id FROM' => 'WHERE b OR {} IS NOT NULL');
my @of_int = (
	'{} + 1', '1 - {}', '{} * 2', '7 / {}', '{} / 7', '{} / z', '7 % {}', '{} % 7', '{} % z', '-{}', 'abs({})', '{}::bigint', '{}::smallint', '{}::float8', '{}::numeric::int',
	'mod(7, {})', 'coalesce({}, 1)', 'coalesce(five, {})', 'nullif({}, 1)', 'nullif(1, {})', 'CASE WHEN {} > 1 THEN 1 END', 'CASE WHEN true THEN {} END', 'CASE {} WHEN 1 THEN 2 ELSE 3 END',
	'CASE z WHEN {} THEN 2 ELSE 3 END', 'CASE WHEN b THEN {} ELSE 0 END', '{} BETWEEN 1 AND 2', '{} IN (1, 2)', '{} NOT IN (1, 2)', '{} = ANY (ARRAY[NULL::int])', '{} <> ALL (ARRAY[NULL, 1])',
	'{} IS NULL', '{} IS DISTINCT FROM 1', '{} > 1 AND b', 'b OR {} > 1', 'b AND {} > 1', 'NOT {} > 1', 'left(t, {})', 'right(t, {})', 'substr(t, {})', 'substr(t, 1, {})', q(split_part(t, 'a', {})),
	'round({}::float8)', 'd + {}', '{}::text', '{} = z', 'z - {}', 'z + {}', 'z * {}', 'z / {}', '{} + z + 1 - z', 'z + {} * 0', '({} > 1) IS TRUE', '({} > 1) IS NOT FALSE', '({} > 1) IS UNKNOWN',
	'floor({}::float8)', 'sqrt({}::float8)', '{} > z AND {} < 5', 'greatest({}, 1)', 'char_length(left(t, {}))', 't || {}', 'l / {}', 'l % {}', 'l + {}', 'f / {}', 'f * {}', '{}::numeric + 1');
my @of_double = (
	'{} + 1', '1 - {}', '{} * 0', '7 / {}', '{} / zf', 'abs({})', '{}::int', 'coalesce({}, 1)', 'nullif({}, 1)', 'CASE WHEN {} > 1 THEN 1 END', 'round({})', 'floor({})', 'sqrt(abs({}))',
	'{} BETWEEN 1 AND 2', '{} IS NULL', 'zf * {}', 'zf - {}', '-{}', '{}::numeric', '{} = 0', 'i / {}');
my @of_bigint = ('{} + 1', '7 / {}', '{} / z', '{} % 7', '7 % {}', 'abs({})', '{}::int', '{}::float8', 'coalesce({}, 1)', 'z * {}', '{} > 1', 'i / {}', 'nullif({}, 1)');
for my $kind (
	[ 'integer', \@of_int, [ '(i + 1)', 'l::int', '(i * 2)', '(7 / z)', 'abs(n - 1)', '(-n)', 'f::int', '(g - n)' ] ],
	[ 'double precision', \@of_double, [ '(f * 1e308)', '(1 / zf)', '(f / 1e-308 / 1e-10)' ] ],
	[ 'bigint', \@of_bigint, [ '(l * 9000000000)', 'ff::bigint', '(l / z)' ] ])
{
	my ($type, $uses, $operands) = @$kind;
	my @queries;
	for my $operand (@$operands)
	{
		for my $use (map { '(' . s/\{\}/$operand/gr . ')' } @$uses)
		{
			for my $clause (@clauses)
			{
				my ($tail) = map { $tails{$_} } grep { index($clause, $_) == 0 } keys %tails;
				push @queries, "$clause " . ($tail // '') =~ s/\{\}/$use/gr;
				$queries[-1] =~ s/\{\}/$use/g;
			}
		}
	}
	my $list = join ', ', map { "('" . s/'/''/gr . "')" } @queries;
	is(session("SELECT query FROM (VALUES $list) v (query) WHERE answer('here', query) IS DISTINCT FROM answer('there', query)"), '', scalar(@queries) . " queries with a failing $type");
}
like(session("SELECT answer('there', 'SELECT max(1 / (i + 1)) FROM one')"), qr/^fails$/, 'failures are seen');
unlike(session("SELECT answer('there', 'SELECT max(1 / (z + 1)) FROM one')"), qr/fails/, 'and what does not fail is');
run_python('import sys, pymongo; pymongo.MongoClient(sys.argv[1]).drop_database("ad_failures")', $uri);
done_testing();
