# The REST endpoint for the tests: nginx, PostgREST, PostgreSQL and MongoDB, with
# the data of the API document's example, and requests to it.

package Rest;

use strict;
use warnings;
use Exporter 'import';
use IO::Socket::INET;
use IPC::Run qw(start);
use Servers;
use Test::More;

our @EXPORT = qw(sql psql serve stop_serving served_pid rest_folder request raw bearer example endpoint);

# what is asked for goes to no proxy
$ENV{no_proxy} = $ENV{NO_PROXY} = '*';

my ($database, $server, $listen, $folder);

sub rest_folder { return $folder }
sub endpoint { return "http://$listen/admin/analytics/dashboard" }

# The body for the range of the example of the API document, to the letter
sub example
{
	return '{"success": true, "message": "Admin dashboard fetched successfully", "data": '
	  . '{"total_calls": 2450, "total_duration_minutes": 11025.50, "total_duration_hours": 183.76, '
	  . '"avg_duration_minutes": 4.50, "total_active_users": 18, '
	  . '"date_range": {"start_date": "2026-02-26T00:00:00Z", "end_date": "2026-03-28T23:59:59Z"}}}';
}

# One statement or several; dies of an error
sub sql
{
	my ($query, $db) = @_;
	return run_or_die('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $db // $database, map { ('-c', $_) } ref $query ? @$query : $query);
}

# What psql says to it as another role, which may be an error
sub psql
{
	my ($user, @queries) = @_;
	my $out;
	IPC::Run::run([ 'psql', '-XAtq', '-d', $database, '-U', $user, map { ('-c', $_) } @queries ], '<', \undef, '>', \$out, '2>&1');
	chomp $out;
	return $out;
}

# A database with the extension in a schema of its own, the calls at that URI of
# MongoDB, and the endpoint's roles; then the endpoint itself.
sub serve
{
	my ($name, $uri, %environment) = @_;
	if (!defined $database)
	{
		$database = $name;
		$folder = "$ENV{TMPDIR}/$name";
		run_or_die($ENV{PYTHON}, 'test/data/load_demo.py', $ENV{AD_TEST_MONGODB_URI}, 'ad_test_rest');
		sql("DROP DATABASE IF EXISTS $database WITH (FORCE)", 'postgres');
		sql("CREATE DATABASE $database", 'postgres');
		sql([ 'CREATE SCHEMA "the extension"', 'CREATE EXTENSION admin_dashboard SCHEMA "the extension"',
			"CREATE SERVER livekit FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri', server_selection_timeout_ms '500')",
			"CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision)
				SERVER livekit OPTIONS (database 'ad_test_rest')" ]);
		run_or_die('psql', '-XAtq', '-d', $database, '-f', 'rest/setup.sql') for 1 .. 2;
		$listen = '127.0.0.1:' . free_port();
	}
	local @ENV{ keys %environment } = values %environment;
	local $ENV{PGRST_DB_URI} = "postgres://admin_dashboard_authenticator@/$database?host=$ENV{PGHOST}&port=$ENV{PGPORT}";
	my ($said, $failed) = ('', '');
	$server = start([ 'rest/serve', $folder, $listen ], '<', \undef, '>', \$said, '2>', \$failed);
	$server->pump until $said =~ /\n/ || !$server->pumpable;
	is($said, endpoint() . "\n", 'served') or BAIL_OUT($failed);
}

# The process of that name that the endpoint started
sub served_pid
{
	my ($name) = @_;
	return (split ' ', run_or_die('pgrep', '-f', "$name .*$folder/$name.conf"))[0];
}

sub stop_serving
{
	$server->signal('TERM');
	$server->finish;
	return $server->result(0);
}

# (status, headers, body) of a request, with curl's options
sub request
{
	my ($query, @options) = @_;
	my $path = endpoint() . ($query eq '' ? '' : "?$query");
	$path = "http://$listen$query" if $query =~ m{^/};
	my $answer = run_or_die('curl', '-sS', '-i', '-g', '--path-as-is', '--max-time', '20', @options, $path);
	$answer =~ s{^HTTP/1\.1 100 .*?\r\n\r\n}{}s;
	my ($head, $body) = split /\r\n\r\n/, $answer, 2;
	my ($status, $headers) = $head =~ m{^HTTP/1\.1 (\d+)[^\r\n]*\r\n(.*)}s;
	return ($status, "$headers\r\n", $body // '');
}

# The same of a request that curl would not send
sub raw
{
	my ($text) = @_;
	my $socket = IO::Socket::INET->new($listen) or die "$listen: $@\n";
	print $socket $text;
	local $/;
	my ($head, $body) = split /\r\n\r\n/, scalar(<$socket>), 2;
	my ($status, $headers) = $head =~ m{^HTTP/1\.1 (\d+)[^\r\n]*\r\n(.*)}s;
	# chunked: a length, the body, and a length of nothing
	$body =~ s/^[0-9a-f]+\r\n(.*?)\r\n0\r\n\r\n\z/$1/s if $headers =~ /^Transfer-Encoding: chunked/mi;
	return ($status, "$headers\r\n", $body);
}

sub bearer { return ('-H', "Authorization: Bearer $_[0]") }

END
{
	local $?;
	$server->kill_kill if $server && $server->pumpable;
}

1;
