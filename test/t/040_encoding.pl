# Databases whose encoding is not UTF-8.

use strict;
use warnings;
use utf8;
use IPC::Run;
use Test::More;

my $uri = $ENV{AD_TEST_MONGODB_URI} or plan skip_all => 'scripts/test provides the servers';
binmode $_, ':utf8' for Test::More->builder->output, Test::More->builder->failure_output;

sub sql
{
	my ($db, $query) = @_;
	my ($out, $err);
	utf8::encode($query);
	local $ENV{PGCLIENTENCODING} = $db eq 'ad_ascii' ? 'SQL_ASCII' : 'UTF8';
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $db ], '<', \$query, '>', \$out, '2>', \$err);
	utf8::decode($_) for $out, $err;
	chomp($out, $err);
	return $out . $err;
}

for my $case ([ 'ad_latin2', 'LATIN2' ], [ 'ad_ascii', 'SQL_ASCII' ])
{
	my ($db, $encoding) = @$case;
	is(sql('postgres', "CREATE DATABASE $db ENCODING '$encoding' LOCALE 'C' TEMPLATE template0"), '', "$encoding: a database");
	is(sql($db, <<"SQL"), '', "$encoding: tables");
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri');
CREATE FOREIGN TABLE strict_values (_id text, v text) SERVER mongodb OPTIONS (database 'ad_test', collection 'values');
CREATE FOREIGN TABLE loose_values (_id text, v text, j jsonb OPTIONS (field 'v'))
	SERVER mongodb OPTIONS (database 'ad_test', collection 'values', on_mismatch 'null');
CREATE FOREIGN TABLE fields (_id jsonb, n int OPTIONS (field 'żółw')) SERVER mongodb OPTIONS (database 'ad_test');
CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz) SERVER mongodb OPTIONS (database 'ad_test');
CREATE FOREIGN TABLE loose_calls (created_by_email text) SERVER mongodb OPTIONS (database 'ad_test', collection 'calls', on_mismatch 'null');
SQL
	is(sql($db, 'SELECT count(*), sum(n) FROM fields WHERE n = 2'), '2|4', "$encoding: a field's name is converted");
}

# LATIN2 has the letters of żółw, and not those of 名前
like(sql('ad_latin2', 'SELECT created_by_email FROM calls'),
	qr/field "created_by_email" of MongoDB collection "ad_test.calls" does not fit type text.*DETAIL:  The document with _id ObjectId\("0{22}0f"\) has a value of BSON type string/s,
	'a character that the encoding has not is a mismatch');
is(sql('ad_latin2', "SELECT v IS NULL, j IS NULL FROM loose_values WHERE _id = 'string longer'"), 't|t', 'or null');
is(sql('ad_latin2', "SELECT count(v) FROM loose_values WHERE _id LIKE 'string%'"), '5', 'counts know of it');
is(sql('ad_latin2', "SELECT count(*), min(created_by_email) FROM loose_calls WHERE created_by_email = 'o''hara\@example.com'"),
	"1|o'hara\@example.com", 'other text is read as ever');
is(sql('ad_ascii', "SELECT v FROM strict_values WHERE _id = 'string longer'"), 'żółw and 名前', 'SQL_ASCII takes the bytes');
is(sql('ad_ascii', "SELECT count(*) FROM calls WHERE created_by_email = 'żółw.名前\@пример.example'"), '1', 'and sends them');
# what is not UTF-8 is compared locally
is(sql('ad_ascii', <<'SQL'), "0\nt\n0\n1\n0\nt", 'SQL_ASCII has bytes that MongoDB has not');
SET plan_cache_mode = force_generic_plan;
SELECT count(*) FROM calls WHERE created_by_email = E'\xe9';
SELECT count(*) = (SELECT count(created_by_email) FROM calls) FROM calls WHERE created_by_email <> E'\xe9';
SELECT count(*) FROM calls WHERE created_by_email IN ('x', E'\xe9') OR created_by_email || E'\xe9' = 'a';
PREPARE one(text) AS SELECT count(*) FROM calls WHERE created_by_email = $1;
EXECUTE one('żółw.名前@пример.example');
EXECUTE one(E'\xe9');
SELECT count(*) = (SELECT count(*) FROM calls WHERE created_by_email IS NULL) FROM (SELECT coalesce(created_by_email, E'\xe9') k FROM calls) q WHERE k = E'\xe9';
SQL


# the endpoint's parameters, which are UTF-8
for my $case ([ 'ad_latin2', '%C5%BC%C3%B3%C5%82w+%2B', qr/^żółw \+$/ ], [ 'ad_ascii', '%C5%BC%C3%B3%C5%82w+%2B', qr/^żółw \+$/ ],
	[ 'ad_latin2', '%E5%90%8D', qr/ERROR:  parameter "n" is not text in UTF-8 that the database can have$/ ], [ 'ad_ascii', '%FF', qr/ERROR:  parameter "n"/ ])
{
	my ($db, $value, $expected) = @$case;
	like(sql($db, "CREATE OR REPLACE FUNCTION parameter(text, text) RETURNS text LANGUAGE c STRICT AS '\$libdir/admin_dashboard', 'admin_dashboard_rest_parameter';
		SELECT parameter('m=x&n=$value', 'n')"), $expected, "$db: the parameter $value");
}

# import: what can be named is, and what cannot be read is null and said
my $names = "SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'names')";
my $imported = sql('ad_latin2', $names);
like($imported, qr/^\t"größe" integer,$/m, 'import: a name that the encoding has');
unlike($imported, qr/名前|ж/, 'one that it has not is none');
like($imported, qr/document_2 jsonb OPTIONS \(field '\$', on_mismatch 'null'\).*NOTICE:  collection "ad_test_import.names" has fields that get no column/ms, 'as is said');
like(sql('ad_latin2', "$names \\gset\n:admin_dashboard_import_sql\nSELECT \"größe\", document_2 IS NULL FROM names"), qr/^16\|t/m, 'it is read');
is(sql('ad_ascii', "SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'names') LIKE '%\"名前\" integer,%'"), 't', 'SQL_ASCII takes the bytes of names');
sql('postgres', "DROP DATABASE $_") for 'ad_latin2', 'ad_ascii';
done_testing();
