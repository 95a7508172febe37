# Days and users over the REST endpoint: JSON and CSV, parameters, refusals, and that
# they are as admin_dashboard_days() and admin_dashboard_users() say.

use strict;
use warnings;
use lib 'test/lib';
use JSON::PP;
use Rest;
use Servers;
use Test::More;

plan skip_all => 'scripts/test provides the servers' if !$ENV{AD_TEST_MONGODB_URI};

serve('ad_rest_rows', $ENV{AD_TEST_MONGODB_URI}, RATE => 100);
my $key = make_secret(sql("SELECT admin_dashboard.create_api_key('test')"));
my $plain = make_secret(sql("SELECT admin_dashboard.create_api_key('no admin', false)"));
my $range = 'start_date=2026-02-26&end_date=2026-03-28';
my $whole = "'2026-02-26Z', '2026-03-28 23:59:59.999999Z'";
my $path = '/admin/analytics/dashboard';

sub get { my ($query, @options) = @_; return request("$path/$query", bearer($key), @options) }

# What a successful answer has; returns its data
sub data_of
{
	my ($query) = @_;
	my ($status, $headers, $body) = get($query);
	is($status, 200, "$query: 200") or diag($body);
	like($headers, qr{^Content-Type: application/json; charset=utf-8\r$}m, "$query: JSON");
	like($body, qr/^\{"success": true, "message": "Admin dashboard fetched successfully", "data": \{"/, "$query: the envelope");
	my $answer = decode_json($body);
	return $answer->{data};
}

# The lines of an answer in CSV
sub csv_of
{
	my ($query, @options) = @_;
	my ($status, $headers, $body) = get($query, @options);
	is($status, 200, "$query: 200") or diag($body);
	like($headers, qr{^Content-Type: text/csv; charset=utf-8\r$}m, "$query: CSV");
	unlike($headers, qr/^X-Message:/mi, "$query: no more headers than others");
	like($body, qr/\r\z/, "$query: whole lines");	# (run_or_die() chomps)
	return split /\r\n?/, $body;
}

# Days, to the letter
my $body = (get("days?start_date=2026-02-26&end_date=2026-02-27"))[2];
is($body, '{"success": true, "message": "Admin dashboard fetched successfully", "data": {"days": ['
	. '{"day": "2026-02-26T00:00:00Z", "calls": 82, "minutes": 390.25, "active_users": 18}, '
	. '{"day": "2026-02-27T00:00:00Z", "calls": 109, "minutes": 588.75, "active_users": 18}], "unit": "day", "time_zone": "UTC", '
	. '"date_range": {"start_date": "2026-02-26T00:00:00Z", "end_date": "2026-02-27T23:59:59Z"}}}', 'days');

# The rest over a local copy, which takes no time and has years before 1
sql([ 'CREATE TABLE local_calls AS TABLE calls', 'GRANT SELECT ON local_calls TO admin_dashboard_owner' ]);
sub local_sql { return sql([ "SET admin_dashboard.calls_table = 'local_calls'", $_[0] ]) }
sub over { sql("ALTER FUNCTION api.$_() SET admin_dashboard.calls_table = 'public.$_[0]'") for 'admin_analytics_dashboard', 'admin_analytics_dashboard_rows' }
over('local_calls');
for my $unit ('hour', 'day', 'week', 'month')
{
	for my $zone ('UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu')
	{
		my $data = data_of("days?$range&unit=$unit&time_zone=$zone");
		is("$data->{unit} $data->{time_zone}", "$unit $zone", 'what they are');
		is(join("\n", map { sprintf '%s|%d|%.2f|%d', @$_{qw(day calls minutes active_users)} } @{ $data->{days} }),
			local_sql("SELECT to_char(day AT TIME ZONE '$zone', 'YYYY-MM-DD\"T\"HH24:MI:SS') || replace(to_char(day AT TIME ZONE '$zone' - (day AT TIME ZONE 'UTC'), 'HH24:MI'), '00:00', 'Z'),
				calls, minutes, active_users FROM \"the extension\".admin_dashboard_days($whole, NULL, '$zone', '$unit')" =~ s/\n\s*/ /gr) =~ s/T(\S{8})(\d\d:\d\d\|)/T$1+$2/gr =~ s/T(\S{8})-0(\d):-(\d\d)/T$1-0$2:$3/gr,
			"each $unit in $zone");
		my @csv = csv_of("days?$range&unit=$unit&time_zone=$zone&format=csv");
		is(shift @csv, 'day,calls,minutes,active_users', 'the names');
		is(join("\n", @csv), join("\n", map { sprintf '%s,%d,%.2f,%d', @$_{qw(day calls minutes active_users)} } @{ $data->{days} }), 'the same in CSV');
	}
}
my $one = data_of("days?$range&user_email=mei.zhang\@example.com");
my $dashboard = decode_json((request("$range&user_email=mei.zhang\@example.com", bearer($key)))[2])->{data};
my ($calls, $minutes) = (0, 0);
for (@{ $one->{days} }) { $calls += $_->{calls}; $minutes += $_->{minutes} }
is("$calls $minutes", "$dashboard->{total_calls} " . (0 + $dashboard->{total_duration_minutes}), 'days of a user add up to his dashboard');
is_deeply($one->{date_range}, $dashboard->{date_range}, 'of the same range');
is(scalar(@{ data_of('days')->{days} }), 31, '30 days by default');
is(data_of('days?end_date=2026-03-28')->{date_range}{start_date}, '2026-02-26T23:59:59Z', 'to the end that is given');
is(data_of('days?start_date=0001-01-01T00:00:00%2B10:00&end_date=0001-01-01')->{days}[0]{day}, '+000000-12-31T00:00:00Z', 'a year before 1');
# Users, to the letter
over('calls');
$body = (get("users?start_date=2026-02-26&end_date=2026-03-01&limit=1&order_by=-minutes"))[2];
is($body, '{"success": true, "message": "Admin dashboard fetched successfully", "data": {"users": ['
	. '{"created_by_email": "quentin.dubois@example.com", "calls": 10, "minutes": 93.25, "avg_minutes": 9.33, '
	. '"first_call": "2026-02-26T11:38:12.451Z", "last_call": "2026-03-01T14:27:35.315Z"}], "total_rows": 18, "limit": 1, "offset": 0, '
	. '"date_range": {"start_date": "2026-02-26T00:00:00Z", "end_date": "2026-03-01T23:59:59Z"}}}', 'users');
over('local_calls');
for my $asked ([ '', '50, 0' ], [ '&limit=5', '5, 0' ], [ '&limit=5&offset=4', '5, 4' ], [ '&order_by=last_call', "50, 0, 'last_call'" ], [ '&order_by=-avg_minutes&limit=3', "3, 0, '-avg_minutes'" ],
	[ '&search=MEI', "50, 0, '-calls', 'mei'" ], [ '&search=%25', "50, 0, '-calls', '%'" ], [ '&limit=&offset=&order_by=&search=&format=', '50, 0' ],
	[ '&user_email=mei.zhang@example.com', "50, 0, '-calls', NULL, 'mei.zhang\@example.com'" ])
{
	my $data = data_of("users?$range$asked->[0]");
	is(join("\n", map { sprintf '%s|%d|%.2f|%.2f|%s', @$_{qw(created_by_email calls minutes avg_minutes first_call)} } @{ $data->{users} }),
		local_sql("SELECT created_by_email, calls, minutes, avg_minutes, to_char(first_call AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') || rtrim(rtrim(to_char(first_call, '.US'), '0'), '.') || 'Z' FROM \"the extension\".admin_dashboard_users($whole, $asked->[1])"),
		"users$asked->[0]");
	my @csv = csv_of("users?$range$asked->[0]" =~ s/&format=$//r, '-H', 'Accept: text/csv');
	is(shift @csv, 'created_by_email,calls,minutes,avg_minutes,first_call,last_call', 'the names');
	is(join("\n", @csv), join("\n", map { sprintf '"%s",%d,%.2f,%.2f,%s,%s', @$_{qw(created_by_email calls minutes avg_minutes first_call last_call)} } @{ $data->{users} }), 'the same in CSV');
}
is(data_of("users?$range&offset=1000")->{total_rows}, 18, 'a page beyond the last tells how many there are');
is(data_of("users?$range&search=nobody")->{total_rows}, 0, 'nobody is found');
is(data_of('users?start_date=1999-01-01&end_date=1999-01-02&offset=5')->{total_rows}, 0, 'no users');

# The format: the query's, else that of Accept
for my $case ([ '', '', 'json' ], [ '', 'text/csv', 'csv' ], [ '', 'text/csv;q=0.9, */*;q=0.1', 'csv' ], [ '', 'application/json, text/csv;q=0.5', 'json' ],
	[ '', 'text/html,application/xhtml+xml,*/*;q=0.8', 'json' ], [ '&format=json', 'text/csv', 'json' ], [ '&format=csv', 'application/json', 'csv' ], [ '&format=', 'text/csv', 'csv' ])
{
	my ($query, $accept, $format) = @$case;
	my $headers = (get("days?$range$query", '-H', "Accept: $accept"))[1];
	is($headers =~ m{^Content-Type: (?:text|application)/(\w+);}m ? $1 : $headers, $format, "format of '$query' and '$accept'");
}
is(join(' ', map { (get("days?$range&format=$_", '-I'))[0] } 'json', 'csv'), '200 200', 'HEAD');

# What mails look like formulas, have quotes, or are none
sql([ 'CREATE TABLE odd (created_by_email text, created_at timestamptz, duration_minutes float8)',
	"INSERT INTO odd SELECT e, '2026-03-01 12:00Z', 1 FROM unnest(ARRAY['=1+2', '+1', '-1', '\@x', E'\\t=1', 'a\"b', 'a,b', '', NULL, '<img src=x onerror=alert(1)>', 'w\\x', E'new\\nline', 'żółw', E'\\n=1', '＝1+2', 'ann lee\@x', 'ann+lee\@x']) e",
	'GRANT SELECT ON odd TO admin_dashboard_owner' ]);
over('odd');
is(join("\n", map { s/,1,1.00.*//r } csv_of("users?$range&order_by=created_by_email&format=csv")),
	join("\n", 'created_by_email,calls,minutes,avg_minutes,first_call,last_call', '""', qq("'\t=1"), qq("'\n=1"), q("'+1"), q("'-1"), '"<img src=x onerror=alert(1)>"', q("'=1+2"), q("'@x"), '"a""b"', '"a,b"', '"ann lee@x"', '"ann+lee@x"', qq("new\nline"), '"w\x"', "\"\xc5\xbc\xc3\xb3\xc5\x82w\"", qq("'＝1+2"), ''),
	'CSV is quoted, and has no formulas');
is(encode_json([ map { $_->{created_by_email} } @{ data_of("users?$range&order_by=created_by_email")->{users} } ]),
	"[\"\",\"\\t=1\",\"\\n=1\",\"+1\",\"-1\",\"<img src=x onerror=alert(1)>\",\"=1+2\",\"\@x\",\"a\\\"b\",\"a,b\",\"ann lee\@x\",\"ann+lee\@x\",\"new\\nline\",\"w\\\\x\",\"\xc5\xbc\xc3\xb3\xc5\x82w\",\"＝1+2\",null]", 'JSON has them as they are');
# a plus is a plus, and a space is %20
for my $parameter ('user_email', 'search')
{
	is(data_of("users?$range&$parameter=$_->[0]")->{users}[0]{created_by_email}, $_->[1], "$parameter=$_->[0]")
	  for [ 'ann+lee@x', 'ann+lee@x' ], [ 'ann%2Blee@x', 'ann+lee@x' ], [ 'ann%20lee@x', 'ann lee@x' ];
}
is(data_of("days?$range&user_email=$_")->{days}[3]{calls}, 1, "days of $_") for 'ann+lee@x', 'ann%20lee@x';
over('local_calls');

# Refusals, in the order of the dashboard: the key, the range, the rest
sub refused
{
	my ($query, $status, $message, @options) = @_;
	my ($got, $headers, $text) = request("$path/$query", @options);
	is($got, $status, "$query: $status");
	is($text, qq({"success": false, "message": "$message"}), "$query: the envelope");
	like($headers, qr{^Content-Type: application/json; charset=utf-8\r$}m, "$query: in JSON");
}
for my $report ('days', 'users')
{
	refused("$report?format=csv&unit=x", 401, 'A valid API key is required');
	refused("$report?unit=x", 401, 'A valid API key is required', bearer("${key}0"));
	refused("$report?format=csv", 403, 'This API key may not see the dashboard', bearer($plain));
	refused("$report?format=csv&start_date=x", 422, 'start_date must be a date and time in ISO 8601, such as 2026-02-26T00:00:00Z', bearer($key));
	refused("$report?start_date=2026-03-02&end_date=2026-03-01&format=x", 422, 'start_date must not be after end_date', bearer($key));
	refused("$report?user_email=%FF", 422, 'user_email must be text in UTF-8', bearer($key));
	refused("$report?format=$_", 422, 'format must be json or csv', bearer($key)) for 'xml', 'CSV', '%20';
	refused("$report?format=%FF", 422, 'format must be text in UTF-8', bearer($key));
	refused("$report/", 404, 'There is nothing at this path', bearer($key));
	refused($report, 405, 'Only GET and HEAD are allowed', bearer($key), '-X', 'POST');
}
refused("days?unit=$_", 422, 'unit must be hour, day, week or month', bearer($key)) for 'year', 'Day', 'minute', '%27';
refused("days?time_zone=$_", 422, 'time_zone must be UTC or a name such as Europe/Berlin', bearer($key))
  for 'Mars/Olympus', 'CET', '%2B05:30', 'Foo/Bar-5', 'UTC%2B5', '..%2F..%2Fetc%2Fpasswd', 'Europe', 'utc', 'Etc/GMT-15', 'Etc/GMT%2B13', 'Europe/Berlin%0A';
refused('days?time_zone=Europe/Berlin%00', 422, 'time_zone must be text in UTF-8', bearer($key));
is(scalar(@{ data_of("days?$range&time_zone=$_")->{days} }), 32, "the zone $_") for 'Etc/GMT-5', 'Etc/GMT+5', 'America/Port-au-Prince', 'America/Argentina/Buenos_Aires';
refused('days?start_date=2000-01-01&end_date=2026-01-01&unit=hour', 422, 'unit must be one of which the range has at most 10000', bearer($key));
refused("users?limit=$_", 422, 'limit must be a whole number from 1 to 10000', bearer($key)) for 0, -1, 10001, 100000, 1.5, 'x', '1e3', '%201';
refused("users?offset=$_", 422, 'offset must be a whole number from 0 to 999999999999999', bearer($key)) for -1, 1e15, 'x', '9' x 30;
refused("users?order_by=$_", 422, 'order_by must be the name of a column, or a minus and that', bearer($key)) for 'x', '--calls', 'calls,minutes', '%2Bcalls', 'calls%20desc';
refused('users?search=a%00b', 422, 'search must be text in UTF-8', bearer($key));
# parameters of one are none of the other
is(data_of("users?$range&unit=x&time_zone=x")->{total_rows}, 18, 'users have no unit');
is(scalar(@{ data_of("days?$range&limit=x&offset=x&order_by=x")->{days} }), 31, 'days have no limit');

is(stop_serving(), 0, 'stopped');
my $logs = join '', map { slurp($_) } glob rest_folder() . '/*.log';
like($logs, qr{\Q$_\E upstream}, "logged as what it was: $_") for 'GET /admin/analytics/dashboard/days 200', 'GET /admin/analytics/dashboard/users 422';
unlike($logs, qr/adk_|mei\.zhang|Berlin/, 'neither key nor user nor query in the logs of nginx and PostgREST');
sql('DROP DATABASE ad_rest_rows', 'postgres');
sql('DROP ROLE admin_dashboard_authenticator, admin_dashboard_anon, admin_dashboard_owner, admin_dashboard_admin', 'postgres');
done_testing();
