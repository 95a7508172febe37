# What goes over the wire for the dashboard: one aggregate, and one document
# back.  A proxy between PostgreSQL and MongoDB writes it down.

use strict;
use warnings;
use IPC::Run qw(start finish);
use JSON::PP;
use Test::More;

my $uri = $ENV{AD_TEST_MONGODB_URI} or plan skip_all => 'scripts/test provides the servers';
my ($host, $port) = $uri =~ m{^mongodb://([^:/,?]+):(\d+)} or die "no host and port in $uri\n";
my $database = 'ad_one_round_trip';
my $log = "$ENV{TMPDIR}/proxy.log";

sub sql
{
	my ($in, $db) = @_;
	my @psql = ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $db // $database);
	my ($out, $err);
	IPC::Run::run(\@psql, '<', \$in, '>', \$out, '2>', \$err) or die "psql: $err\n";
	chomp $out;
	return $out;
}

# The commands since the last call, without those of the connection itself
sub commands
{
	open my $in, '<', $log or die "$log: $!\n";
	my @lines = <$in>;
	truncate $log, 0;
	return grep { $_->{name} !~ /^(?:hello|ismaster|isMaster|ping|endSessions)$/ }
	  map { decode_json($_) } @lines;
}

my ($to_proxy, $from_proxy) = ('', '');
my $proxy = start([ $ENV{PYTHON}, 'test/lib/proxy.py', $host, $port, $log ], '<', \$to_proxy, '>', \$from_proxy);
$proxy->pump until $from_proxy =~ /^(\d+)\n/;
my $proxy_port = $1;

sql("DROP DATABASE IF EXISTS $database", 'postgres');
sql("CREATE DATABASE $database", 'postgres');
sql(<<"SQL");
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$proxy_port');
CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'ad_test');
CREATE VIEW hours AS SELECT created_by_email, created_at, duration_minutes FROM calls;
SQL

my $range = "'2026-03-01T00:00:00Z', '2026-03-31T23:59:59.999Z'";
for my $case (
	[ 'a range', "SELECT admin_dashboard($range)" ],
	[ 'a range without calls', "SELECT admin_dashboard('1999-01-01', '1999-12-31')", 0 ],
	[ 'one user', "SELECT admin_dashboard($range, 'ann\@example.com')" ],
	[ 'a view', "SET admin_dashboard.calls_table = 'hours'; SELECT admin_dashboard($range)" ],
	[ 'a generic plan', "SET plan_cache_mode = force_generic_plan; SELECT admin_dashboard($range, NULL)" ],
  )
{
	my ($name, $query, $documents) = @$case;
	my $answer = decode_json(sql($query));
	my @commands = commands();
	is(join(' ', map { $_->{name} } @commands), 'aggregate', "$name: one aggregate");
	is($commands[0]{documents}, $documents // 1, "$name: one document, at most");
	my @stages = map { keys %$_ } @{ $commands[0]{command}{pipeline} };
	is_deeply([ grep { !/^\$(?:match|group|project)$/ } @stages ], [], "$name: only \$match, \$group, \$project");
	ok(defined $answer->{total_calls}, "$name: an answer");
}

# in rows: a document for each day or user with calls, whatever is shown of them
for my $case (
	[ 'days', "admin_dashboard_days($range)", 10 ],
	[ 'days of one user', "admin_dashboard_days($range, 'ann\@example.com', 'America/New_York')", 2 ],
	[ 'hours', "admin_dashboard_days($range, NULL, 'Europe/Berlin', 'hour')", 10 ],
	[ 'months', "admin_dashboard_days($range, unit => 'month')", 1 ],
	[ 'days without calls', "admin_dashboard_days('1999-01-01', '1999-12-31')", 0 ],
	[ 'users', "admin_dashboard_users($range)", 14 ],
	[ 'some users', "admin_dashboard_users($range, 2, 1, 'avg_minutes', 'ann')", 14 ],
  )
{
	my ($name, $function, $documents) = @$case;
	for my $mode ('auto', 'force_generic_plan')
	{
		sql("SET plan_cache_mode = $mode; SELECT count(*) FROM $function");
		my @commands = commands();
		is(join(' ', map { $_->{name} } @commands), 'aggregate', "$name, $mode: one aggregate");
		is($commands[0]{documents}, $documents, "$name, $mode: as many documents as groups");
	}
}

# twenty in one session: the connection and the plan are kept
my $n = () = sql("SELECT admin_dashboard($range) FROM generate_series(1, 1);\n" x 20) =~ /total_calls/g;
is($n, 20, 'twenty answers');
my @commands = commands();
is(scalar(@commands), 20, 'twenty commands for them');

# a range that no call can be in is not asked about
sql("SELECT count(*), sum(duration_minutes) FROM calls WHERE created_at > 'infinity'");
is(scalar(commands()), 0, 'no command where nothing can match');

# only what is needed is fetched
sql('SELECT created_at FROM calls');
@commands = commands();
is_deeply($commands[0]{command}{projection}, { created_at => 1, _id => 0 }, 'only the field that is needed');

sql("DROP DATABASE $database", 'postgres');
$proxy->signal('TERM');
$proxy->finish;
done_testing();
