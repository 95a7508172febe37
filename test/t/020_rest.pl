# The REST endpoint as a client sees it: curl, nginx, PostgREST, PostgreSQL,
# MongoDB, with the data of the API document's example.

use strict;
use warnings;
use IO::Socket::INET;
use IPC::Run qw(start);
use JSON::PP;
use Socket;
use Test::More;

my $uri = $ENV{AD_TEST_MONGODB_URI} or plan skip_all => 'scripts/test provides the servers';
my $database = 'ad_rest';
my $folder = "$ENV{TMPDIR}/rest";
# what is asked for goes to no proxy
$ENV{no_proxy} = $ENV{NO_PROXY} = '*';
my $range = 'start_date=2026-02-26T00:00:00Z&end_date=2026-03-28T23:59:59Z';

sub run_or_die
{
	my ($in, @command) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run(\@command, '<', \$in, '>', \$out, '2>', \$err) or die "@command: $err\n";
	chomp $out;
	return $out;
}

sub sql
{
	my ($query, $db) = @_;
	return run_or_die($query, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $db // $database);
}

sub free_port
{
	socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
	bind($socket, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!\n";
	return (sockaddr_in(getsockname($socket)))[0];
}

# The database: the extension, the collection, the endpoint's roles
run_or_die('', $ENV{PYTHON}, 'test/data/load_demo.py', $uri, 'ad_test_rest');
sql("DROP DATABASE IF EXISTS $database", 'postgres');
sql("CREATE DATABASE $database", 'postgres');
sql(<<"SQL");
CREATE SCHEMA "the extension";
CREATE EXTENSION admin_dashboard SCHEMA "the extension";
CREATE SERVER livekit FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri', server_selection_timeout_ms '500');
CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision)
	SERVER livekit OPTIONS (database 'ad_test_rest');
SQL
run_or_die('', 'psql', '-XAtq', '-d', $database, '-f', 'rest/setup.sql') for 1 .. 2;
my $key = sql("SELECT admin_dashboard.create_api_key('test')");
like($key, qr/^adk_[0-9a-f]{64}$/, 'a key');
my $plain_key = sql("SELECT admin_dashboard.create_api_key('no admin', false)");
my $expired_key = sql("SELECT admin_dashboard.create_api_key('expired', true, now() - interval '1 second')");
my $revoked_key = sql("SELECT admin_dashboard.create_api_key('revoked')");
is(sql("SELECT admin_dashboard.revoke_api_key('revoked')"), 1, 'a key is revoked');

# PostgreSQL logs all that PostgREST says, so that the end of this test can see
# that it holds nothing secret
sql("ALTER ROLE admin_dashboard_authenticator SET $_")
  for "log_statement = 'all'", 'log_min_duration_statement = 0';
my $postgres_log = "$ENV{PGHOST}/postgres.log";
my $log_start = -s $postgres_log || 0;

my $listen = '127.0.0.1:' . free_port();
$ENV{PGRST_DB_URI} = "postgres://admin_dashboard_authenticator@/$database?host=$ENV{PGHOST}&port=$ENV{PGPORT}";
my ($said, $failed) = ('', '');
my $server = start([ 'rest/serve', $folder, $listen ], '<', \undef, '>', \$said, '2>', \$failed);
$server->pump until $said =~ /\n/ || !$server->pumpable;
my $url = "http://$listen/admin/analytics/dashboard";
is($said, "$url\n", 'served') or BAIL_OUT($failed);

# (status, headers, body)
sub request
{
	my ($query, @options) = @_;
	my $answer = run_or_die('', 'curl', '-sS', '-i', '--max-time', '20', @options, $url . ($query eq '' ? '' : "?$query"));
	my ($head, $body) = split /\r\n\r\n/, $answer, 2;
	my ($status, $headers) = $head =~ m{^HTTP/1\.1 (\d+)[^\r\n]*(.*)}s;
	return ($status, $headers, $body // '');
}

# The whole answer to a query string that curl would not send as it is
sub raw
{
	my ($query) = @_;
	my $socket = IO::Socket::INET->new($listen) or die "$listen: $@\n";
	print $socket "GET /admin/analytics/dashboard?$query HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	  . "Authorization: Bearer $key\r\n\r\n";
	local $/;
	return scalar <$socket>;
}

sub bearer { return ('-H', "Authorization: Bearer $_[0]") }

sub refused
{
	my ($status, $message, $name, $query, @options) = @_;
	my ($got, $headers, $body) = request($query, @options);
	is($got, $status, "$name: $status");
	is($body, qq({"success": false, "message": "$message"}), "$name: the envelope");
	like($headers, qr{^Content-Type: application/json; charset=utf-8\r?$}m, "$name: JSON");
	return $headers;
}

# The example of the API document, to the letter
my $example = '{"success": true, "message": "Admin dashboard fetched successfully", "data": '
  . '{"total_calls": 2450, "total_duration_minutes": 11025.50, "total_duration_hours": 183.76, '
  . '"avg_duration_minutes": 4.50, "total_active_users": 18, '
  . '"date_range": {"start_date": "2026-02-26T00:00:00Z", "end_date": "2026-03-28T23:59:59Z"}}}';
my ($status, $headers, $body) = request($range, bearer($key));
is($status, 200, 'the example: 200');
is($body, $example, 'the example: the body');
like($headers, qr{^Content-Type: application/json; charset=utf-8\r?$}m, 'JSON');
like($headers, qr{^Cache-Control: no-store\r?$}m, 'not cached');
unlike($headers, qr{X-Message|Content-Location|Content-Range}, 'no headers of PostgREST');

# Ways to write the parameters
for my $same (
	[ 'without offset, UTC is meant', 'start_date=2026-02-26T00:00:00&end_date=2026-03-28T23:59:59' ],
	[ 'offsets', 'start_date=2026-02-26T05:30:00%2B05:30&end_date=2026-03-28T15:59:59-0800' ],
	[ 'a plus not encoded', 'start_date=2026-02-26T05:30:00+05:30&end_date=2026-03-28T23:59:59z' ],
	[ 'a date alone', 'start_date=2026-02-26&end_date=2026-03-28T23:59:59.000Z' ],
	[ 'the last one counts', "start_date=nonsense&$range" ],
	[ 'names that are no text', "%FF=1&%00&$range" ],
	[ 'unknown parameters', "$range&foo=bar&select=x&limit=0&order=id" ],
	[ 'no user', "$range&user_email=" ],
	[ 'encoded names', 'st%61rt_date=2026-02-26T00:00:00Z&end_date=2026-03-28T23:59:59Z' ],
  )
{
	my ($name, $query) = @$same;
	is((request($query, bearer($key)))[2], $example, $name);
}
is((request($range, '-H', "authorization: bearer  $key"))[2], $example, 'the scheme in lower case');
is((request($range, bearer($key), '-H', 'Prefer: tx=rollback', '-H', 'Range: 5-9', '-H', 'Accept: text/csv'))[2],
	$example, 'other headers have no effect');
my $one = decode_json((request("$range&user_email=mei.zhang%40example.com", bearer($key)))[2]);
is($one->{data}{total_active_users}, 1, 'one user');
cmp_ok($one->{data}{total_calls}, '<', 2450, 'fewer calls');
is(decode_json((request("$range&user_email=nobody%40example.com", bearer($key)))[2])->{data}{total_calls}, 0, 'an unknown user');
is((request('', bearer($key)))[0], 200, 'the default range');
is((request("$range&user_email=in.(a)", bearer($key)))[0], 200, 'no filter syntax');

like(raw("$range&user_email=$_"), qr{^HTTP/1\.1 200 .*"total_calls": 0,}s, 'UTF-8 as it is')
  for "ma\xc3\xb1ana\@example.com", "\xe5\x90\x8d\xf0\x9f\x93\x9e";

# HEAD is evaluated as GET is
($status, $headers, $body) = request($range, '-I', bearer($key));
is("$status$body", '200', 'HEAD: 200, no body');
($status, $headers, $body) = request($range, '-I');
is("$status$body", '401', 'HEAD without key: 401');

# 401, 403
my $no_key = 'A valid API key is required';
like(refused(401, $no_key, 'no key', $range), qr/^WWW-Authenticate: Bearer\r?$/m, 'no key: the challenge');
refused(401, $no_key, 'Basic', $range, '-u', "admin:$key");
refused(401, $no_key, 'wrong key', $range, bearer('adk_' . '0' x 64));
refused(401, $no_key, 'revoked key', $range, bearer($revoked_key));
refused(401, $no_key, 'expired key', $range, bearer($expired_key));
refused(401, $no_key, 'long key', $range, bearer('x' x 2000));
refused(401, $no_key, 'quotes', $range, bearer(q('"; DROP TABLE x --)));
refused(401, $no_key, 'bytes', $range, bearer("\xff\xfe"));
refused(401, $no_key, 'the internal header', $range, '-H', "X-Api-Authorization: Bearer $key");
refused(401, $no_key, 'the key comes first', 'start_date=nonsense');
refused(403, 'This API key may not see the dashboard', 'no admin', $range, bearer($plain_key));

# 400
my $no_date = 'is not a date and time in ISO 8601';
refused(400, "start_date $no_date", "start_date=$_", "start_date=$_", bearer($key))
  for 'nonsense', 'now', 'infinity', '', '1772064000', '2026-02-30', '2026-02-26T25:00:00Z', '2026-02-26T24:00:00Z',
  '2026-02-26T00:00:00%2B24:00', '2026-02-26T00:00:00Z%00', '%FF', '0000-01-01', '10000-01-01', '2026-02-26T00:00:60Z%20';
refused(400, "end_date $no_date", 'end_date', 'end_date=tomorrow', bearer($key));
refused(400, 'start_date must not be after end_date', 'start after end', 'start_date=2026-03-02&end_date=2026-03-01', bearer($key));
refused(400, 'start_date must not be after end_date', 'start in the future', 'start_date=2999-01-01', bearer($key));
refused(400, 'user_email is not text in UTF-8', 'bad UTF-8', "$range&user_email=%C3%28", bearer($key));
like(raw("user_email=$_"), qr{^HTTP/1\.1 400 .*user_email is not text in UTF-8}s, 'bytes that are no UTF-8')
  for "\xff\xfe", "a\xc3(", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "a\xe5\x90";
refused(400, 'user_email is not text in UTF-8', 'U+0000', "$range&user_email=a%00b", bearer($key));

# nginx's own answers
$url = "http://$listen/admin/analytics/dashboards";
refused(404, 'There is nothing at this path', 'another path', '', bearer($key));
$url = "http://$listen/rpc/admin_analytics_dashboard";
refused(404, 'There is nothing at this path', "PostgREST's path", '', bearer($key));
$url = "http://$listen/__error/500";
refused(404, 'There is nothing at this path', 'an internal path', '', bearer($key));
$url = "http://$listen/admin/analytics/dashboard";
like(refused(405, 'Only GET and HEAD are allowed', $_, $range, '-X', $_, bearer($key)), qr/^Allow: GET, HEAD\r?$/m, "$_: Allow")
  for 'POST', 'PUT', 'DELETE', 'OPTIONS';
# nginx would write the whole request to its error log
refused(413, 'The request has too large a body', 'a body', "$range&user_email=mei.zhang%40example.com", '-X', 'GET', '-d', 'x' x 5000, bearer($key));

# 500 says nothing of what is behind, and passes
sql(qq(ALTER SERVER livekit OPTIONS (SET uri 'mongodb://127.0.0.1:1')));
my $failure = 'The dashboard could not be computed';
refused(500, $failure, 'MongoDB cannot be reached', "$range&user_email=mei.zhang%40example.com", bearer($key));
sql(qq(ALTER SERVER livekit OPTIONS (SET uri '$uri')));
is((request($range, bearer($key)))[2], $example, 'it is there again');
my $function = 'ALTER FUNCTION api.admin_analytics_dashboard(text)';
sql('CREATE VIEW slow AS SELECT c.* FROM calls c, (SELECT pg_sleep(30)) s; GRANT SELECT ON slow TO admin_dashboard_owner');
sql("$function SET admin_dashboard.calls_table = 'public.slow'; $function SET statement_timeout = '200ms'");
refused(500, $failure, 'it takes too long', $range, bearer($key));
sql("$function SET admin_dashboard.calls_table = 'public.calls'; $function SET statement_timeout = '5s'");
sql('ALTER FUNCTION api.admin_analytics_dashboard(text) RENAME TO away');
refused(500, $failure, 'the function is away', $range, bearer($key));
sql('ALTER FUNCTION api.away(text) RENAME TO admin_analytics_dashboard');
sql('ALTER FOREIGN TABLE calls RENAME TO away');
refused(500, $failure, 'the table is away', $range, bearer($key));
sql('ALTER FOREIGN TABLE away RENAME TO calls');
is((request($range, bearer($key)))[2], $example, 'it is back');

# What the roles can do
sub denied
{
	my ($query) = @_;
	my $out = run_or_die('', 'bash', '-c',
		'psql -XAtq -U admin_dashboard_authenticator -d "$0" -c "SET ROLE admin_dashboard_anon" -c "$1" 2>&1 || true', $database, $query);
	like($out, qr/permission denied/, "denied: $query");
}
denied($_)
  for 'SELECT * FROM admin_dashboard.api_keys', 'SELECT * FROM calls', "SELECT admin_dashboard.create_api_key('x')",
  'SELECT admin_dashboard.check_api_key(NULL)', "SELECT admin_dashboard_rest.parameter('a=b', 'a')";
is(sql("SELECT count(*) FROM admin_dashboard.api_keys WHERE last_used_at > now() - interval '10 minutes'"), 2, 'the use of keys is noted');
is(sql("SELECT count(*) FROM admin_dashboard.api_keys k WHERE k::text LIKE '%' || substr('$key', 5, 20) || '%'"), 0, 'keys are kept as hashes');

# A second one at the same address is told so, and the first goes on
my ($second, $refusal) = ('', '');
IPC::Run::run([ 'rest/serve', "$folder.2", $listen ], '<', \undef, '>', \$second, '2>', \$refusal);
is($second, '', 'an address that is taken');
like($refusal, qr/Address already in use/, 'says so');
is((request($range, bearer($key)))[2], $example, 'and leaves the first alone');

# It ends whole
$server->signal('TERM');
$server->finish;
is($server->full_result(0), 0, 'stopped');
ok(!-e "$folder/nginx.pid", 'nginx has ended');
ok(!IO::Socket::INET->new($listen), 'nobody is at the address');

# Neither keys nor e-mail addresses are in logs
sub secrets_of
{
	my ($name, $log) = @_;
	unlike($log, qr/adk_|mei\.zhang|nobody|ma\S*ana/, "$name: neither key nor user");
}
my $logs = run_or_die('', 'bash', '-c', 'cat "$0"/*.log', $folder);
like($logs, qr{GET /admin/analytics/dashboard 200}, 'requests are logged');
like($logs, qr{\Q$_\E upstream}, "as what they were: $_")
  for 'GET /admin/analytics/dashboard 401', 'POST /admin/analytics/dashboard 405', 'GET other 404';
secrets_of('nginx and PostgREST', $logs);
SKIP:
{
	open my $in, '<', $postgres_log or skip "PostgreSQL's log is not at hand", 3;
	seek $in, $log_start, 0;
	my $log = do { local $/; <$in> };
	like($log, qr/pgrst_source/, 'PostgreSQL logs statements');
	like($log, qr/dashboard request failed: 57014 /, 'and failures');
	secrets_of('PostgreSQL', $log);
}

sql("DROP DATABASE $database", 'postgres');
sql('DROP ROLE admin_dashboard_authenticator, admin_dashboard_anon, admin_dashboard_owner', 'postgres');
done_testing();
