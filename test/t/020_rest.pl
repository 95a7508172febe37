# The contract of the REST endpoint as a client sees it: status, headers and body
# of each request, over nginx, PostgREST, PostgreSQL and MongoDB.

use strict;
use warnings;
use lib 'test/lib';
use IPC::Run;
use JSON::PP;
use Rest;
use Servers;
use Test::More;

plan skip_all => 'scripts/test provides the servers' if !$ENV{AD_TEST_MONGODB_URI};

serve('ad_rest', $ENV{AD_TEST_MONGODB_URI}, RATE => 100);
my $range = 'start_date=2026-02-26T00:00:00Z&end_date=2026-03-28T23:59:59Z';

# Keys
my $key = sql("SELECT admin_dashboard.create_api_key('test')");
like($key, qr/^adk_[0-9a-f]{64}$/, 'a key');
my $plain = sql("SELECT admin_dashboard.create_api_key('no admin', false)");
my $expired = sql("SELECT admin_dashboard.create_api_key('expired', expires_at => now() + interval '1 hour')");
sql("UPDATE admin_dashboard.api_key_hashes SET expires_at = now() WHERE label = 'expired'");
my $later = sql("SELECT admin_dashboard.create_api_key('later', expires_at => now() + interval '1 hour')");
my $revoked = sql("SELECT admin_dashboard.create_api_key('revoked')");
is(sql("SELECT admin_dashboard.revoke_api_key('revoked')"), 1, 'a key is revoked');
make_secret($_) for $key, $plain, $expired, $later, $revoked;

# PostgreSQL logs all that PostgREST says, so that the end of this test can see
# that it holds nothing secret
sql("ALTER ROLE admin_dashboard_authenticator SET $_")
  for "log_statement = 'all'", 'log_min_duration_statement = 0', "session_preload_libraries = 'auto_explain'", 'auto_explain.log_min_duration = 0';
my $log_start = -s "$ENV{PGHOST}/postgres.log";

my $example = example();
my %messages = (
	400 => 'The request is not valid HTTP',
	401 => 'A valid API key is required',
	403 => 'This API key may not see the dashboard',
	404 => 'There is nothing at this path',
	405 => 'Only GET and HEAD are allowed',
	413 => 'The request has too large a body',
	414 => 'The request line is too long',
	429 => 'Too many requests, try again later',
	431 => 'The request headers are too large',
);
my %ids;

# What every answer has
sub envelope
{
	my ($name, $status, $headers, $body, $expected, $message) = @_;
	is($status, $expected, "$name: $expected");
	if ($expected == 200) { is($body, $message, "$name: the body") }
	else { is($body, qq({"success": false, "message": "$message"}), "$name: the envelope") }
	my ($id) = $headers =~ /^X-Request-Id: ([0-9a-f]{32})\r$/m;
	my @wrong = grep { my $pattern = $_->[0]; (() = $headers =~ /$pattern/g) != $_->[1] } (
		[ qr{^Content-Type: application/json; charset=utf-8\r$}m, 1 ], [ qr/^Cache-Control: no-store\r$/m, 1 ],
		[ qr/^Content-Type:/mi, 1 ], [ qr/^WWW-Authenticate: Bearer\r$/m, $expected == 401 ], [ qr/^WWW-Authenticate:/mi, $expected == 401 ],
		[ qr/^Allow: GET, HEAD\r$/m, $expected == 405 ], [ qr/^(?:X-Message|Content-Location|Content-Range|Access-Control-.*):/mi, 0 ],
		[ qr/^Server: nginx\r$/m, 1 ]);
	is("@{[ map { $_->[0] } @wrong ]}", '', "$name: the headers");
	ok($id && !$ids{$id}++, "$name: an id of its own");
}

# name, query or path, status, message or body, options of curl
sub check
{
	my ($name, $query, $status, $message, @options) = @_;
	envelope($name, request($query, @options), $status, $message // $messages{$status});
}

# The parameters, in all forms
check(@$_[ 0, 1 ], 200, $example, bearer($key)) for (
	[ 'the example', $range ],
	[ 'a day alone as the start', 'start_date=2026-02-26&end_date=2026-03-28T23:59:59Z' ],
	[ 'without offset', 'start_date=2026-02-26T00:00:00&end_date=2026-03-28T23:59:59' ],
	[ 'without seconds', 'start_date=2026-02-26T00:00&end_date=2026-03-28T23:59:59Z' ],
	[ 'a space for the T', 'start_date=2026-02-26%2000:00:00Z&end_date=2026-03-28+23:59:59Z' ],
	[ 'small letters', 'start_date=2026-02-26t00:00:00z&end_date=2026-03-28t23:59:59z' ],
	[ 'offsets', 'start_date=2026-02-26T05:30:00%2B05:30&end_date=2026-03-28T15:59:59-08:00' ],
	[ 'offsets without a colon', 'start_date=2026-02-26T05:30:00%2B0530&end_date=2026-03-28T15:59:59-0800' ],
	[ 'offsets in hours', 'start_date=2026-02-26T05:00:00%2B05&end_date=2026-03-28T15:59:59-08' ],
	[ 'the largest offsets', 'start_date=2026-02-26T23:59:00%2B23:59&end_date=2026-03-28T00:00:59-23:59' ],
	[ 'a plus that is not encoded', 'start_date=2026-02-26T05:30:00+05:30&end_date=2026-03-28T23:59:59%2B00:00' ],
	[ 'fractions that are zero', 'start_date=2026-02-26T00:00:00.000Z&end_date=2026-03-28T23:59:59,000000Z' ],
	[ 'a leap second', 'start_date=2026-02-25T23:59:60Z&end_date=2026-03-28T23:59:59Z' ],
	[ 'colons encoded', 'start_date=2026-02-26T00%3A00%3A00Z&end_date=2026-03-28T23%3a59%3a59Z' ],
	[ 'the last of several', "start_date=nonsense&user_email=x&$range&user_email=" ],
	[ 'names that are no text', "%FF=1&%00&=&$range&" ],
	[ 'parameters of PostgREST', "$range&select=total_calls&limit=0&offset=5&order=id&and=(a.eq.1)&columns=x&on_conflict=y" ],
	[ 'unknown parameters', "$range&foo=bar&admin=true" ],
	[ 'another case of a name', "$range&Start_Date=nonsense" ],
	[ 'no user', "$range&user_email=" ],
	[ 'no user, without a sign', "$range&user_email" ],
	[ 'encoded names', 'st%61rt_date=2026-02-26T00:00:00Z&end_date=2026-03-28T23:59:59Z' ],
);

# (a call of 18 minutes lies right outside of the example, in the last second of its last day)
check('days alone', 'start_date=2026-02-26&end_date=2026-03-28', 200,
	$example =~ s/2450/2451/r =~ s/11025.50/11043.50/r =~ s/183.76/184.06/r =~ s/4.50,/4.51,/r, bearer($key));

# Headers that have no effect
check("the header $_", $range, 200, $example, bearer($key), '-H', $_)
  for 'Prefer: tx=rollback, timezone=America/New_York, return=minimal', 'Range: 5-9', 'Range-Unit: items', 'Accept: text/csv',
  'Accept: application/vnd.pgrst.plan', 'Accept-Profile: public', 'Content-Profile: admin_dashboard', 'Content-Type: text/xml',
  'X-Query: start_date=nonsense', 'X-Api-Authorization: Bearer x', 'X-Request-Id: mine', 'X-HTTP-Method-Override: DELETE',
  'Origin: http://elsewhere.example', 'If-None-Match: *', 'Expect: 100-continue', 'Cookie: role=postgres';
check("the key as $_", $range, 200, $example, '-H', "Authorization: $_$key")
  for 'bearer ', 'BEARER ', 'Bearer  ';
check('a key that expires later', $range, 200, $example, bearer($later));
check('a small body', $range, 200, $example, bearer($key), '-X', 'GET', '-d', 'start_date=nonsense');

# Users
sub data_of
{
	my $body = (request($_[0], bearer($key)))[2];
	return decode_json($body)->{data} // die "$_[0]: $body\n";
}
my $one = data_of("$range&user_email=mei.zhang%40example.com");
is($one->{total_active_users}, 1, 'one user');
cmp_ok($one->{total_calls}, '<', 2450, 'with fewer calls');
is_deeply(data_of("$range&user_email=mei.zhang\@example.com"), $one, 'not encoded');
is(data_of("$range&user_email=$_")->{total_calls}, 0, "nobody: $_")
  for 'nobody%40example.com', 'in.(a,b)', 'is.null', 'not.eq.x', 'eq.mei.zhang%40example.com', '%27%3B--', 'a%2Bb%40example.com', 'a+b@example.com', 'a%20b@example.com',
  'MEI.ZHANG%40example.com', "ma%C3%B1ana", '%25', '*', 'null', "%F0%9F%93%9E";
is(sql("SELECT admin_dashboard_rest.parameter('user_email=' || value, 'user_email')"
		=~ s/value/"'$_->[0]'"/er), $_->[1], "the value of $_->[0]")
  for [ 'a+b', 'a b' ], [ 'a%2Bb', 'a+b' ], [ 'a=b', 'a=b' ], [ '%41%zz%', 'A%zz%' ], [ 'ma%c3%B1ana', "ma\xc3\xb1ana" ];

# A range that is not given
my $default = data_of('');
is(sql("SELECT '$default->{date_range}{end_date}'::timestamptz - '$default->{date_range}{start_date}'::timestamptz = interval '30 days',
		now() - '$default->{date_range}{end_date}' BETWEEN '0' AND '1 minute'"), 't|t', 'the default range ends now and has 30 days');
is(data_of('end_date=2026-03-28')->{date_range}{start_date}, '2026-02-26T23:59:59Z', 'or 30 days to its end');
is(join(' ', @{ data_of("$_")->{date_range} }{qw(start_date end_date)}) =~ s/[.\d]+Z$/Z/r, '2026-03-01T00:00:00Z ' . sql("SELECT to_char(now(), 'YYYY-MM-DD\"T\"HH24:MI:') || 'Z'"), "an empty end is now: $_")
  for 'start_date=2026-03-01&end_date=', 'start_date=2026-03-01&end_date', 'end_date=nonsense&start_date=2026-03-01&end_date=';
is(join(' ', @{ data_of("$_")->{date_range} }{qw(start_date end_date)}), '2026-02-26T23:59:59Z 2026-03-28T23:59:59Z', "an empty start is 30 days before: $_")
  for 'start_date=&end_date=2026-03-28T23:59:59Z', 'end_date=2026-03-28&start_date', 'start_date=nonsense&start_date=&end_date=2026-03-28';
is_deeply([ sort keys %{ data_of('start_date=&end_date=&user_email=') } ], [ sort keys %$default ], 'all of them empty');

# Whole days.  Calls of half a second before midnight, at midnight, and in the last
# microsecond of a day, which MongoDB does not have; days add up to their range.
run_python(<<'PY', $ENV{AD_TEST_MONGODB_URI});
import sys, pymongo
from datetime import datetime, timedelta, timezone
start = datetime(2026, 3, 27, tzinfo=timezone.utc)
times = [("half", timedelta(seconds=-0.5)), ("last", timedelta(milliseconds=-1)), ("midnight", timedelta(0)), ("first", timedelta(milliseconds=1)), ("noon", timedelta(hours=12))]
collection = pymongo.MongoClient(sys.argv[1])["ad_test_rest"]["edges"]
collection.drop()
collection.insert_many([{"created_by_email": name, "created_at": start + timedelta(days=day) + after, "duration_minutes": 2.0 ** (5 * day + i)}
                        for day in range(4) for i, (name, after) in enumerate(times)])
PY
sql([ "CREATE FOREIGN TABLE edges (created_by_email text, created_at timestamptz, duration_minutes double precision) SERVER livekit OPTIONS (database 'ad_test_rest')",
	'CREATE TABLE local_edges AS TABLE edges', "INSERT INTO local_edges SELECT 'microsecond', d - interval '1 microsecond', 0.25 FROM generate_series('2026-03-27Z'::timestamptz, '2026-03-30Z', '1 day') d",
	'GRANT SELECT ON edges, local_edges TO admin_dashboard_owner' ]);
sub over { sql("ALTER FUNCTION api.admin_analytics_dashboard() SET admin_dashboard.calls_table = 'public.$_[0]'") }
for my $table ('edges', 'local_edges')
{
	over($table);
	my $extra = $table eq 'edges' ? 0 : 1;
	my ($calls, $minutes) = (0, 0);
	for my $day ('2026-03-26', '2026-03-27', '2026-03-28', '2026-03-29', '2026-03-30')
	{
		my $data = data_of("start_date=$day&end_date=$day");
		is("@{ $data->{date_range} }{qw(start_date end_date)}", "${day}T00:00:00Z ${day}T23:59:59Z", "$table: the range of $day");
		$calls += $data->{total_calls};
		$minutes += $data->{total_duration_minutes};
	}
	my $all = data_of('start_date=2026-03-26&end_date=2026-03-30');
	is("$calls $minutes", join(' ', 20 + 4 * $extra, 2**20 - 1 + $extra), "$table: all calls, on some day");
	is("$calls $minutes", "$all->{total_calls} " . (0 + $all->{total_duration_minutes}), "$table: the days add up to their range");
	is(data_of("$_->[0]&start_date=2026-03-28")->{total_calls}, $_->[1], "$table: $_->[0]") for
	  [ 'end_date=2026-03-28', 5 + $extra ], [ 'end_date=2026-03-28T23:59:59Z', 3 ], [ 'end_date=2026-03-28T23:59:59.5Z', 4 ],
	  [ 'end_date=2026-03-28T23:59:59.999Z', 5 ], [ 'end_date=2026-03-28T23:59:59.999999Z', 5 + $extra ], [ 'end_date=2026-03-29T00:00:00Z', 6 + $extra ],
	  [ 'end_date=2026-03-28T23:59', 3 ], [ 'end_date=2026-03-28&user_email=half', 1 ], [ 'end_date=2026-03-28&user_email=microsecond', $extra ];
	is(data_of('start_date=2026-03-28T23:59:59.5Z&end_date=2026-03-28')->{total_calls}, 2 + $extra, "$table: from within the last second");
}
# (over the local table: the test server refuses dates before the year 1)
is(data_of("end_date=$_->[0]")->{date_range}{$_->[1]}, $_->[2], "end_date=$_->[0]") for [ '9999-12-31', 'end_date', '9999-12-31T23:59:59Z' ],
  [ '0001-01-01', 'end_date', '0001-01-01T23:59:59Z' ], [ '0001-01-01', 'start_date', '+000000-12-02T23:59:59Z' ];
is(data_of('end_date=2026-03-28T23:59:59.9999999Z')->{date_range}{end_date}, '2026-03-28T23:59:59.999999Z', 'digits beyond microseconds');
is(data_of('start_date=2026-02-26T00:00:00.25Z&end_date=2026-02-26T00:00:01Z')->{date_range}{start_date}, '2026-02-26T00:00:00.25Z', 'fractions are shown');
over('calls');
is(data_of('start_date=2026-03-28T23:59:59Z&end_date=2026-03-28T23:59:59.999999Z')->{date_range}{end_date}, '2026-03-28T23:59:59.999999Z', 'the last microsecond, if it is asked for');

# 401 and 403, which come before all else
check(@$_[ 0, 1 ], 401, undef, @$_[ 2 .. $#$_ ]) for (
	[ 'no key', $range ],
	[ 'no key and a wrong date', 'start_date=nonsense' ],
	[ 'Basic', $range, '-u', "admin:$key" ],
	[ 'Digest', $range, '-H', "Authorization: Digest $key" ],
	[ 'a key without its scheme', $range, '-H', "Authorization: $key" ],
	[ 'the scheme alone', $range, '-H', 'Authorization: Bearer' ],
	[ 'two keys', $range, '-H', "Authorization: Bearer $key $key" ],
	[ 'a wrong key', $range, bearer('adk_' . '0' x 64) ],
	[ 'a part of the key', $range, bearer(substr $key, 0, -1) ],
	[ 'more than the key', $range, bearer("${key}0") ],
	[ 'the key in capitals', $range, bearer(uc $key) ],
	[ 'a revoked key', $range, bearer($revoked) ],
	[ 'an expired key', $range, bearer($expired) ],
	[ 'a long key', $range, bearer('x' x 2000) ],
	[ 'a JWT', $range, bearer('eyJhbGciOiJub25lIn0.eyJyb2xlIjoicG9zdGdyZXMifQ.') ],
	[ 'SQL', $range, bearer(q('"; DROP TABLE x --)) ],
	[ 'bytes', $range, bearer("\xff\xfe") ],
	[ 'the key in the query', "$range&api_key=$key" ],
	[ 'the internal header', $range, '-H', "X-Api-Authorization: Bearer $key" ],
);
check('no super admin', $range, 403, undef, bearer($plain));
check('no super admin and a wrong date', 'end_date=nonsense', 403, undef, bearer($plain));

# 422
my $date = 'must be a date and time in ISO 8601, such as 2026-02-26T00:00:00Z';
check("start_date=$_", "start_date=$_", 422, "start_date $date", bearer($key))
  for 'nonsense', 'now', 'infinity', '-infinity', '%20', '+', '%00', '1772064000', '2026', '2026-02', '20260226', '2026-02-30', '2026-13-01', '2026-02-29',
  '2026-02-26T25:00:00Z', '2026-02-26T24:00:00Z', '2026-02-26T00:60:00Z', '2026-02-26T00:00:61Z', '2026-02-26T00:00:00%2B24:00',
  '2026-02-26T00:00:00%2B01:60', '2026-02-26T23:59:60.5Z', '2026-02-26T00:00:00.0000000000Z', '2026-02-26T', '2026-02-26T00', '2026-02-26T00:00:00ZZ', '2026-02-26T00:00:00Z%00', '%FF', '0000-01-01', '10000-01-01', '2026-02-26T00:00:00Z%20', '%202026-02-26',
  '2026-02-26T00:00:00%20UTC', '2026-W09-4', '2026-057', 'eq.2026-02-26', '2026-02-26T00:00:00%2B05:30:00',
  '2026-02-26T00:00:00%2B5', '2026-02-26T00:00:00%2B053', '2026-02-26T00:00123Z', '2026-02-26T00:00:00.Z';
check('end_date', 'end_date=tomorrow', 422, "end_date $date", bearer($key));
check('both', 'start_date=x&end_date=y', 422, "start_date $date", bearer($key));
check('start after end', 'start_date=2026-03-02&end_date=2026-03-01', 422, 'start_date must not be after end_date', bearer($key));
check('start in the future', 'start_date=2999-01-01', 422, 'start_date must not be after end_date, which is now if it is not given', bearer($key));
check('one second', 'start_date=2026-03-01T00:00:01Z&end_date=2026-03-01T00:00:00Z', 422, 'start_date must not be after end_date', bearer($key));
check("user_email=$_", "$range&user_email=$_", 422, 'user_email must be text in UTF-8', bearer($key))
  for '%C3%28', 'a%00b', '%C0%AF', '%ED%A0%80', '%F5%80%80%80';

# Paths and methods
check("the path $_", $_, 404, undef, bearer($key))
  for '/', '/admin/analytics/dashboard/', '/admin/analytics/dashboards', '/admin/analytics', '/ADMIN/analytics/dashboard',
  '/rpc/admin_analytics_dashboard', '/__error/500', '/__error/401', '/api_keys', '/admin/analytics/dashboard/..%2f..%2fx';
check("the method $_", $range, 405, undef, '-X', $_, bearer($key))
  for 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND';
my ($status, $headers, $body) = request($range, '-I', bearer($key));
is("$status$body", '200', 'HEAD: 200, no body');
like($headers, qr/^Content-Type: application\/json; charset=utf-8\r$/m, 'HEAD: the headers of GET');
is(join('', (request($range, '-I'))[ 0, 2 ]), '401', 'HEAD without a key: 401');
is(join('', (request('start_date=x', '-I', bearer($key)))[ 0, 2 ]), '422', 'HEAD with a wrong date: 422');

# What nginx refuses
check('a body', "$range&user_email=mei.zhang%40example.com", 413, undef, '-X', 'GET', '-d', 'x' x 5000, bearer($key));
check('a long query', "$range&x=" . 'x' x 9000, 414, undef, bearer($key));
check('a long header', $range, 431, undef, '-H', 'X-Long: ' . 'x' x 20000, bearer($key));
my $authorization = "Authorization: Bearer $key\r\nConnection: close\r\n\r\n";
envelope($_->[0], raw($_->[1]), 400, $messages{400}) for (
	[ 'no host', "GET /admin/analytics/dashboard HTTP/1.1\r\n$authorization" ],
	[ 'a version of HTTP that there is not', "GET /admin/analytics/dashboard HTTP/3.0\r\nHost: x\r\n$authorization" ],
	[ 'an encoding that there is not', "GET /admin/analytics/dashboard HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n$authorization" ],
	[ 'no HTTP', "nonsense\r\n\r\n" ],
	[ 'a method in small letters', "get /admin/analytics/dashboard HTTP/1.1\r\nHost: x\r\n$authorization" ],
	[ 'a path with U+0000', "GET /%00 HTTP/1.1\r\nHost: x\r\n$authorization" ],
	[ 'two keys', "GET /admin/analytics/dashboard HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n$authorization" ],
	[ 'a wrong length', "GET /admin/analytics/dashboard HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n$authorization" ]);
for my $bytes ("\xff\xfe", "a\xc3(", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "a\xe5\x90")
{
	envelope('bytes that are no UTF-8', raw("GET /admin/analytics/dashboard?user_email=$bytes HTTP/1.1\r\nHost: x\r\n$authorization"),
		422, 'user_email must be text in UTF-8');
}
for my $bytes ("ma\xc3\xb1ana\@example.com", "\xe5\x90\x8d\xf0\x9f\x93\x9e")
{
	like((raw("GET /admin/analytics/dashboard?$range&user_email=$bytes HTTP/1.1\r\nHost: x\r\n$authorization"))[2], qr/"total_calls": 0,/, 'UTF-8 as it is');
}
# one connection, several requests
is(run_or_die('curl', '-sS', '-g', bearer($key), map { endpoint() . "?$range" } 1 .. 3), $example x 3, 'one connection for several requests');
# more than the burst of twice the rate
my @statuses = split /\n/, run_or_die('curl', '-sS', '-Z', '--parallel-max', 50, '-o', '/dev/null', '-w', '%{http_code}\n', endpoint() . '?[1-700]');
is(join(' ', sort keys %{ { map { $_ => 1 } @statuses } }), '401 429', 'too many requests are refused');
sleep 3;
check('and those after them are not', $range, 200, $example, bearer($key));
isnt((request($range))[0], 429, 'a single one never is');

# What the keys' view shows, and to whom
is(sql("SELECT string_agg(label, ' ' ORDER BY label) FROM admin_dashboard.api_keys WHERE last_used_at > now() - interval '10 minutes'"),
	'later no admin test', 'the use of keys is noted');
sql([ 'CREATE ROLE regress_keys LOGIN', 'GRANT admin_dashboard_admin TO regress_keys' ]);
like(psql('regress_keys', "SELECT admin_dashboard.create_api_key('theirs')"), qr/^adk_/, 'admin_dashboard_admin makes keys');
is(psql('regress_keys', "SELECT label FROM admin_dashboard.api_keys WHERE label = 'theirs'"), 'theirs', 'and sees them');
is(psql('regress_keys', "SELECT admin_dashboard.revoke_api_key('theirs')"), '1', 'and revokes them');
like(psql('regress_keys', $_), qr/permission denied/, "and no more: $_")
  for 'SELECT * FROM admin_dashboard.api_key_hashes', "SELECT admin_dashboard.check_api_key('x')", 'SELECT * FROM calls',
  "UPDATE admin_dashboard.api_keys SET super_admin = true", "SELECT admin_dashboard_rest.answer('')", 'SELECT api.admin_analytics_dashboard()';

# They are in a dump
sql('CREATE DATABASE ad_rest_copy', 'postgres');
run_or_die('bash', '-c', 'pg_dump ad_rest | psql -XAtq -v ON_ERROR_STOP=1 -d ad_rest_copy');
is(sql("SELECT string_agg(admin_dashboard.check_api_key(key)::text, ' ') FROM unnest(ARRAY['$key', '$plain', '$revoked']) key", 'ad_rest_copy'),
	'true false', 'keys live on after a restore');
like(psql('postgres', "SELECT admin_dashboard.create_api_key($_)"), qr/^ERROR: .* (an API key needs a label|super_admin must be)(?!.*[Ff]ailing row)/s, "no key: $_")
  for "''", 'NULL', "'x', NULL";
like(sql("SELECT admin_dashboard.create_api_key('another')", 'ad_rest_copy'), qr/^adk_/, 'and more can be made');
sql('DROP DATABASE ad_rest_copy', 'postgres');

# What PostgREST's roles can do: call the one function
my @anon = ('admin_dashboard_authenticator', 'SET ROLE admin_dashboard_anon');
like(psql(@anon, 'SELECT api.admin_analytics_dashboard()'), qr/A valid API key is required/, 'the function');
like(psql(@anon, $_), qr/permission denied|must be (?:owner|superuser)/, "denied: $_")
  for 'SELECT * FROM admin_dashboard.api_keys', 'SELECT * FROM admin_dashboard.api_key_hashes', 'SELECT * FROM calls',
  "SELECT admin_dashboard.create_api_key('x')", "SELECT admin_dashboard.revoke_api_key('test')", 'SELECT admin_dashboard.check_api_key(NULL)',
  "SELECT admin_dashboard_rest.parameter('a=b', 'a')", "SELECT admin_dashboard_rest.answer('')", 'SELECT "the extension".admin_dashboard()',
  'CREATE TABLE api.x (i int)', 'CREATE TABLE public.x (i int)', 'CREATE SCHEMA x', "SELECT pg_read_file('/etc/passwd')", 'SET ROLE admin_dashboard_owner',
  'SET ROLE postgres', 'SELECT * FROM pg_user_mapping', "COPY (SELECT 1) TO PROGRAM 'true'", 'ALTER FUNCTION api.admin_analytics_dashboard() RESET ALL',
  'CREATE OR REPLACE FUNCTION api.admin_analytics_dashboard() RETURNS json LANGUAGE sql RETURN 1';
like(psql('admin_dashboard_authenticator', $_), qr/permission denied/, "the authenticator alone: $_")
  for 'SELECT api.admin_analytics_dashboard()', 'SELECT * FROM calls', 'SELECT * FROM admin_dashboard.api_keys', 'SET ROLE admin_dashboard_owner';
is(psql(@anon, "SELECT option_value FROM information_schema.user_mapping_options WHERE option_name = 'password'"), '', 'no password of a mapping');

# A second one at the same address is told so, and the first goes on
my ($second, $refusal) = ('', '');
my ($address) = endpoint() =~ m{//([^/]+)/};
IPC::Run::run([ 'rest/serve', rest_folder() . '.2', $address ], '<', \undef, '>', \$second, '2>', \$refusal, init => sub { $ENV{PGRST_DB_URI} = 'postgres:///none' });
is($second, '', 'an address that is taken');
like($refusal, qr/Address already in use/, 'says so');
check('the first', $range, 200, $example, bearer($key));

# It ends whole
is(stop_serving(), 0, 'stopped');
ok(!-e rest_folder() . '/nginx.pid', 'nginx has ended');
ok(!IO::Socket::INET->new($address), 'nobody is at the address');

# Neither keys nor e-mail addresses are in logs
my $logs = join '', map { slurp($_) } glob rest_folder() . '/*.log';
like($logs, qr{\Q$_\E upstream}, "logged as what it was: $_")
  for 'GET /admin/analytics/dashboard 200', 'GET /admin/analytics/dashboard 401', 'POST /admin/analytics/dashboard 405', 'GET other 404';
unlike($logs, qr/adk_|mei\.zhang|nobody|ma\S*ana/, 'neither key nor user in the logs of nginx and PostgREST');
my $log = substr slurp("$ENV{PGHOST}/postgres.log"), $log_start;
like($log, qr/pgrst_source/, 'PostgreSQL logs statements');
unlike($log, qr/adk_[0-9a-f]{8}|mei\.zhang|nobody/, 'with neither key nor user');

sql('DROP DATABASE ad_rest', 'postgres');
sql('DROP ROLE admin_dashboard_authenticator, admin_dashboard_anon, admin_dashboard_owner, admin_dashboard_admin, regress_keys', 'postgres');
done_testing();
