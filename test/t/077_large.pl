# Long expressions, long lists and large constants: the answers are those of a local
# copy, whether MongoDB computes them or PostgreSQL does.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;

my $uri = $ENV{AD_TEST_MONGODB_URI} or plan skip_all => 'scripts/test provides the servers';
my $rows = 60;

make_database('ad_large');
run_python(<<'PY', $uri, $rows);
import sys, pymongo
from bson import Int64
client = pymongo.MongoClient(sys.argv[1])
client.drop_database("ad_test_large")
client.ad_test_large.t.insert_many([
    {"_id": n, "n": n, "s": "%c%d" % (97 + n % 5, n % 7), **{"i%d" % k: n * k % 97 - 40 for k in range(1, 32)},
     **{"l%d" % k: Int64(n * k * 1000003 % 9999991) for k in range(1, 32)}, **{"f%d" % k: (n * k % 89 - 30) / 8 for k in range(1, 32)}}
    for n in range(int(sys.argv[2]))])
PY
my $columns = join ', ', map { ("i$_ int", "l$_ bigint", "f$_ float8") } 1 .. 31;
my $values = join ', ', map { ("n * $_ % 97 - 40", "n * $_ * 1000003::bigint % 9999991", "(n * $_ % 89 - 30) / 8.0") } 1 .. 31;
is(session(<<"SQL"), '', 'tables');
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri');
CREATE SCHEMA local;
CREATE TABLE local.t (n int, s text, $columns);
INSERT INTO local.t SELECT n, chr(97 + n % 5) || n % 7, $values FROM generate_series(0, $rows - 1) n;
CREATE SCHEMA remote;
CREATE FOREIGN TABLE remote.t (n int, s text, $columns) SERVER mongodb OPTIONS (database 'ad_test_large');
SQL

# term(1) op term(2) …
sub terms
{
	my ($count, $between, $term) = @_;
	return join $between, map { $term->($_) } 1 .. $count;
}

sub whens
{
	my ($count, $kind) = @_;
	return "CASE " . terms($count, ' ', sub { "WHEN n = $_[0] THEN $_[0]" . ($kind // '') }) . ' END';
}

# parentheses, which alternate
sub deep
{
	my ($depth, $condition) = ($_[0], 'n > 50');
	$condition = $_ % 3 ? $_ % 2 ? "(n < $_ AND $condition)" : "(i1 = $_ OR $condition)" : "NOT ($condition)" for 1 .. $depth;
	return $condition;
}

sub summed { my ($count, $column) = @_; return terms($count, ' + ', sub { "$column$_[0]" }) }

my @queries = (
	(map { my $of = $_; map { "SELECT sum(" . summed($_, $of) . ") FROM t" } 12, 31 } qw(i l f)),
	(map { my $of = $_; map { "SELECT n FROM t WHERE " . summed($_, $of) . " > 100" } 12, 31 } qw(i l f)),
	(map { "SELECT sum(" . terms($_, ' + ', sub { 'f1' }) . "), max(" . terms($_, ' + ', sub { 'i1' }) . ') FROM t' } 10, 50, 200),
	(map { "SELECT n % 3, sum(" . terms($_, ' - ', sub { 'f2' }) . "), min(" . terms($_, ' * ', sub { 'f31' }) . ') FROM t GROUP BY 1' } 10, 50),
	(map { 'SELECT n FROM t WHERE n' . ' + 1' x $_ . ' = ' . (30 + $_) } 20, 50, 200, 1000),
	(map { 'SELECT n' . ' + 1' x $_ . ', count(*) FROM t GROUP BY 1' } 20, 50, 200),
	(map { 'SELECT n FROM t ORDER BY ' . '-(' x $_ . 'n' . ')' x $_ . ' LIMIT 3' } 20, 200),
	(map { 'SELECT n FROM t WHERE ' . 'abs(' x $_ . 'i3' . ')' x $_ . ' > 20' } 20, 200),
	(map { ("SELECT max(length(" . terms($_, ' || ', sub { 's' }) . ')) FROM t', 'SELECT ' . terms($_, ' || ', sub { 's' }) . ', count(*) FROM t GROUP BY 1',
			'SELECT n FROM t WHERE ' . terms($_, ' || ', sub { 's' }) . " = repeat('a1', $_)") } 10, 50, 500),
	(map { ("SELECT sum(" . whens($_) . ') FROM t', 'SELECT ' . whens($_) . ', count(*) FROM t GROUP BY 1', 'SELECT n FROM t WHERE ' . whens($_, '::float8') . ' > 7') } 10, 50, 1000),
	(map { 'SELECT sum(CASE n ' . terms($_, ' ', sub { "WHEN $_[0] THEN i1" }) . ' ELSE -1 END) FROM t' } 50, 500),
	(map { ('SELECT count(*) FROM t WHERE ' . terms($_, ' AND ', sub { "n <> $_[0] * 3" }), 'SELECT count(*) FROM t WHERE ' . terms($_, ' OR ', sub { "i1 = $_[0] * 3" }),
			'SELECT count(*) FROM t WHERE ' . terms($_, ' OR ', sub { "(i1 + n = $_[0] AND s <> 'a$_[0]')" })) } 30, 1000),
	(map { ('SELECT count(*) FROM t WHERE ' . deep($_), 'SELECT count(*) FILTER (WHERE ' . deep($_) . ') FROM t') } 20, 60, 200),
	(map { 'SELECT n FROM t WHERE ' . 'coalesce(' x $_ . 'i1' . ', 1)' x $_ . ' = 5' } 30, 300),
	(map { 'SELECT sum(greatest(' . terms($_, ', ', sub { 'i' . (1 + $_[0] % 31) }) . ')), sum(least(' . terms($_, ', ', sub { 'l' . (1 + $_[0] % 31) }) . ')) FROM t' } 31, 300),
	(map { ("SELECT count(*) FROM t WHERE n IN ($_)", "SELECT count(*) FROM t WHERE n NOT IN ($_)", "SELECT count(*) FROM t WHERE n + 1 IN ($_)", "SELECT count(*) FILTER (WHERE n IN ($_)) FROM t",
			"SELECT count(*) FROM t WHERE l3 IN ($_)", "SELECT count(*) FROM t WHERE s IN ('a" . s/, /', 'a/gr . "')") } join ', ', map { $_ * 3 } 1 .. 10000),
	(map { ("SELECT count(*) FROM t WHERE n = ANY (ARRAY(SELECT generate_series(1, $_) * 3))", "SELECT count(*) FROM t WHERE n <> ALL (ARRAY(SELECT generate_series(1, $_) * 3))") } 10000),
	# constants that no command can hold
	(map { my $large = "repeat('x', $_)"; ("SELECT n FROM t WHERE s = ANY (ARRAY[$large, 'a1'])", "SELECT count(*) FROM t WHERE s <> ALL (ARRAY[$large, 'a1'])", "SELECT n FROM t WHERE s = $large OR n = 5",
			"SELECT count(*) FROM t WHERE s LIKE $large || '%' OR s LIKE 'a%'", "SELECT count(*) FROM t WHERE s || 'x' <> $large", "SELECT max(length(s || $large)) FROM t WHERE n < 3",
			"SELECT count(*) FROM t WHERE CASE WHEN n > 5 THEN s ELSE $large END = 'a1'", "SELECT length(coalesce(nullif(s, 'a1'), $large)), count(*) FROM t WHERE n < 20 GROUP BY 1") } 2000000, 50000000),
	# and the same as parameters, whose size is known when the query runs
	(map { my $large = "repeat('x', $_)"; ("PREPARE q(text[]) AS SELECT n FROM t WHERE s = ANY (\$1); EXECUTE q(ARRAY[$large, 'a1'])", "PREPARE q(text) AS SELECT count(*) FROM t WHERE s <> \$1; EXECUTE q($large)",
			"PREPARE q(text) AS SELECT count(*) FILTER (WHERE s <> \$1) FROM t; EXECUTE q($large)", "PREPARE q(text) AS SELECT n FROM t WHERE s LIKE \$1; EXECUTE q($large || '%')") } 2000000, 50000000),
);

# The answers of one schema, sorted where there is no order
sub answers
{
	my ($schema) = @_;
	my $script = "SET search_path = $schema; SET plan_cache_mode = force_generic_plan;\n";
	for my $query (@queries)
	{
		$script .= "\\echo ====\n$query;\n" . ($query =~ /^PREPARE/ ? "DEALLOCATE q;\n" : '');
	}
	my ($ignored, @answers) = split /^====\n?/m, session($script), -1;
	for my $place (0 .. $#answers)
	{
		$answers[$place] = join "\n", $queries[$place] =~ /ORDER BY/ ? split(/\n/, $answers[$place]) : sort split /\n/, $answers[$place];
	}
	return @answers;
}

my @local = answers('local');
my @remote = answers('remote');
is(scalar(@local), scalar(@queries), 'all answers');
for my $place (0 .. $#queries)
{
	my $shown = substr($queries[$place], 0, 70) . ' … ' . length($queries[$place]);
	unlike($local[$place], qr/ERROR:  42/, "a query: $shown");
	if ($queries[$place] =~ /^PREPARE/ && $remote[$place] =~ /ERROR:  54000: /)
	{
		like($remote[$place], qr/ERROR:  54000: (?:query is too large|LIKE pattern is too long) for MongoDB/, "$shown says what is wrong");
		next;
	}
	is(substr($remote[$place], 0, 1000), substr($local[$place], 0, 1000), $shown);
}

# how much is sent for what is common
my $ten = 'SELECT sum(' . summed(10, 'i') . ') FROM t';
my ($sent) = session("SET search_path = remote; EXPLAIN (VERBOSE, COSTS OFF) $ten") =~ /MongoDB Query: (.*)/;
like($sent, qr/\$group/, 'ten terms go down');
cmp_ok(length($sent), '<', 6000, 'and are no 6 kB');
diag(length($sent) . ' bytes for the sum of ten terms');
done_testing();
