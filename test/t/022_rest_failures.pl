# What the endpoint answers when something behind it fails, and that the first
# request after that is answered: with a PostgreSQL of its own, to be stopped.

use strict;
use warnings;
use lib 'test/lib';
use Rest;
use Servers;
use Test::More;
use Time::HiRes qw(time);

my ($host, $port) = ($ENV{AD_TEST_MONGODB_URI} // '') =~ m{^mongodb://([^:/,]+):(\d+)/?}
  or plan skip_all => 'scripts/test provides the servers';

my $cluster = "$ENV{TMPDIR}/rest-postgres";
run_or_die('initdb', '--no-sync', '-A', 'trust', '-U', 'postgres', '-D', $cluster);
sub pg_ctl { run_or_die('pg_ctl', '-D', $cluster, '-w', '-l', "$cluster/log", '-o', "-c listen_addresses= -k $cluster", @_) }
pg_ctl('start');
@ENV{qw(PGHOST PGPORT)} = ($cluster, 5432);

my $proxied = start_faults($host, $port);
my $uri = "mongodb://127.0.0.1:$proxied/?directConnection=true&connectTimeoutMS=60000";
serve('ad_rest_failures', $uri);
my $key = make_secret(sql("SELECT admin_dashboard.create_api_key('test')"));
my $range = 'start_date=2026-02-26&end_date=2026-03-28T23:59:59';
my $setup = sub { run_or_die('psql', '-XAtq', '-d', 'ad_rest_failures', '-v', "timeout=$_[0]", '-f', 'rest/setup.sql') };
$setup->('3s');
my $failed = qr/^\{"success": false, "message": "The dashboard could not be computed \(request [0-9a-f]{32}\)"\}$/;

# PostgreSQL's log, from where it was last looked at
my $seen = 0;

sub logged
{
	my $log = slurp("$cluster/log");
	my $new = substr $log, $seen;
	$seen = length $log;
	return $new;
}

# Answered by a 500 in the envelope, within that many seconds; returns the id
sub fails
{
	my ($name, $within) = @_;
	my $start = time;
	my ($status, $headers, $body) = request($range, bearer($key));
	my $took = time - $start;
	is($status, 500, "$name: 500");
	like($body, $failed, "$name: the envelope");
	cmp_ok($took, '<', $within, "$name: within $within s");
	my ($id) = $headers =~ /^X-Request-Id: (\w+)\r$/m;
	like($body, qr/\Q$id\E/, "$name: with the id of the request");
	return $id;
}

# The same within a few seconds: until PostgREST has been started again
sub works_soon
{
	my ($name) = @_;
	wait_until { (request($range, bearer($key)))[0] == 200 };
	works($name);
}

sub works
{
	my ($name) = @_;
	is((request($range, bearer($key)))[2], example(), "$name: and then it works");
}

# So that nginx reads its configuration again, and has no connections to PostgREST
sub reload_nginx
{
	my $nginx = served_pid('nginx');
	my $workers = run_or_die('pgrep', '-P', $nginx);
	kill 'HUP', $nginx;
	wait_until
	{
		my %still = map { $_ => 1 } split ' ', run_or_die('pgrep', '-P', $nginx);
		!grep { $still{$_} } split ' ', $workers
	} or die 'nginx has not read its configuration again';
}
works('all is well');
logged();

# MongoDB: away, silent, lost in the middle.  The limit is three seconds, for the
# MongoDB server can be busy with other tests; what there is besides is for a busy
# machine.
fault('refuse');
my ($id, $log);
# (a machine can be so busy that the limit comes first)
for my $try (1 .. 3)
{
	$id = fails('MongoDB is away', 8);
	$log = logged();
	last if $log !~ /57014 canceling statement due to statement timeout/;
}
like($log, qr/LOG:  dashboard request $id failed: 08001 could not connect to MongoDB server "livekit"\. MongoDB: .*connection closed before its first reply/, 'why is in the log, with the id');
fault('pass');
works('MongoDB is away');
fault('mute 0');
$id = fails('MongoDB is silent', 8);
like(logged(), qr/LOG:  dashboard request $id failed: 57014 canceling statement due to statement timeout/, 'the limit ends it');
fault('pass');
works('MongoDB is silent');
fault('cut 20');
fails('MongoDB hangs up', 8);
fault('pass');
works('MongoDB hangs up');

# A client that goes away: the query ends at once, and so does what MongoDB was asked
$setup->('30s');
logged();
fault('mute 0');
my $closed = fault('closed');
my $start = time;
eval { request($range, bearer($key), '--max-time', '0.3') };
like($@, qr/curl/, 'a client that goes away');
ok(wait_until { fault('closed') > $closed }, 'closes the connection to MongoDB');
my $active = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'admin_dashboard_authenticator' AND state = 'active'";
ok(wait_until { sql($active) eq '0' }, 'and ends the query');
cmp_ok(time - $start, '<', 5, 'at once');
like(logged(), qr/LOG:  dashboard request \w+ failed: 57014 canceling statement due to user request/, 'as the log says');
ok(wait_until { slurp(rest_folder() . '/access.log') =~ / 499 upstream=- : 200 [^\n]*\n\z/ }, "and nginx's");
$closed = fault('closed');
eval { request("/admin/analytics/dashboard/days?$range", bearer($key), '--max-time', '0.3') };
ok(wait_until { fault('closed') > $closed }, 'the same of a client that waits for days');
like(logged(), qr/LOG:  dashboard request \w+ failed: 57014 canceling statement due to user request/, 'as the log says');
fault('pass');
$setup->('3s');
works('a client that goes away');

# PostgREST: hung, gone, killed
my $postgrest = served_pid('postgrest');
kill 'STOP', $postgrest;
fails('PostgREST hangs', 14);
kill 'CONT', $postgrest;
works('PostgREST hangs');
my $socket = rest_folder() . '/postgrest.sock';
rename $socket, "$socket.away" or die "$socket: $!\n";
reload_nginx();
fails('PostgREST is gone', 8);
rename "$socket.away", $socket or die "$socket: $!\n";
works('PostgREST is gone');
kill 'KILL', $postgrest;
fails('PostgREST is killed', 8);
works_soon('PostgREST is killed');
isnt(served_pid('postgrest'), $postgrest, 'by another process');

# PostgreSQL: no connection to be had, a backend lost, stopped
my $backends = "FROM pg_stat_activity WHERE usename = 'admin_dashboard_authenticator'";
sql([ 'ALTER ROLE admin_dashboard_authenticator CONNECTION LIMIT 0', "SELECT pg_terminate_backend(pid) $backends" ]);
fails('no connection to be had', 14);
sql('ALTER ROLE admin_dashboard_authenticator CONNECTION LIMIT -1');
works_soon('no connection to be had');
sql("SELECT pg_terminate_backend(pid) $backends");
works_soon('backends that were terminated');
pg_ctl('-m', 'immediate', 'stop');
fails('PostgreSQL is away', 14);
pg_ctl('start');
works_soon('PostgreSQL is away');

# The database: locked, slow, something missing
my $locker = background("BEGIN; LOCK TABLE admin_dashboard.api_key_hashes;\n\\echo locked", 'ad_rest_failures');
$locker->{handle}->pump until $locker->{out} =~ /locked/;
fails('the keys are locked', 8);
$locker->{handle}->kill_kill;
works('the keys are locked');
my $function = 'ALTER FUNCTION api.admin_analytics_dashboard()';
sql([ 'CREATE VIEW slow AS SELECT c.* FROM calls c, (SELECT pg_sleep(30)) s', 'GRANT SELECT ON slow TO admin_dashboard_owner',
	"$function SET admin_dashboard.calls_table = 'public.slow'" ]);
fails('the query is slow', 8);
sql("$function SET admin_dashboard.calls_table = 'public.calls'");
works('the query is slow');
for my $report ('days', 'users')
{
	sql("ALTER FUNCTION api.admin_analytics_dashboard_rows() SET admin_dashboard.calls_table = 'public.nowhere'");
	logged();
	my ($status, undef, $body) = request("/admin/analytics/dashboard/$report?$range&format=csv", bearer($key));
	is($status, 500, "$report fail");
	like($body, $failed, 'in the envelope');
	like(logged(), qr/LOG:  dashboard request \w+ failed: 42P01 relation "public.nowhere" does not exist/, 'why is in the log');
	sql("ALTER FUNCTION api.admin_analytics_dashboard_rows() SET admin_dashboard.calls_table = 'public.calls'");
}
for my $missing ([ 'FUNCTION api.admin_analytics_dashboard()', 'FUNCTION api.away()', 'admin_analytics_dashboard' ],
	[ 'FOREIGN TABLE calls', 'FOREIGN TABLE away', 'calls' ])
{
	my ($there, $away, $name) = @$missing;
	sql("ALTER $there RENAME TO away");
	fails("$name is missing", 5);
	sql("ALTER $away RENAME TO $name");
	works("$name is missing");
}
sql("CREATE VIEW failing AS SELECT 'x' AS created_by_email, '2026-03-01Z'::timestamptz AS created_at, (1 / (random() * 0)::int)::float8 AS duration_minutes");
sql([ 'GRANT SELECT ON failing TO admin_dashboard_owner', "$function SET admin_dashboard.calls_table = 'public.failing'" ]);
logged();
$id = fails('the query fails', 8);
like(logged(), qr/LOG:  dashboard request $id failed: 22012 division by zero/, 'why is in the log');
sql("$function SET admin_dashboard.calls_table = 'public.calls'");
# a call that cannot be counted is named, but no user is
sql([ "CREATE FOREIGN TABLE wrong (created_by_email text, created_at timestamptz, duration_minutes float8 OPTIONS (field 'created_by_email'))
		SERVER livekit OPTIONS (database 'ad_test_rest', collection 'calls')",
	"CREATE VIEW infinite AS SELECT 'x' AS _id, created_by_email, created_at, 'Infinity'::float8 AS duration_minutes FROM calls",
	'GRANT SELECT ON wrong, infinite TO admin_dashboard_owner' ]);
for my $named ([ 'wrong', qr/HV004 field "created_by_email" .* does not fit type double precision\. The document with _id [^ ]+ has a value of BSON type string there/ ],
	[ 'infinite', qr/22003 call with _id "x" has the duration Infinity$/m ])
{
	sql("$function SET admin_dashboard.calls_table = 'public.$named->[0]'");
	logged();
	$id = fails("$named->[0] durations", 8);
	my $log = logged();
	like($log, qr/LOG:  dashboard request $id failed: $named->[1]/, 'the log names a call');
	unlike($log, qr/\@example/, 'and no user');
}
sql("$function SET admin_dashboard.calls_table = 'public.calls'");
# PostgREST would try a serialization failure again and again
sql([ 'CREATE FUNCTION serialization() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE serialization_failure; END $$',
	'CREATE VIEW conflicting AS SELECT * FROM calls WHERE serialization()', 'GRANT SELECT ON conflicting TO admin_dashboard_owner',
	"$function SET admin_dashboard.calls_table = 'public.conflicting'" ]);
fails('a serialization failure', 8);
is(() = logged() =~ /failed: 40001/g, 1, 'which is tried once');
sql("$function SET admin_dashboard.calls_table = 'public.calls'");
works('a serialization failure');

# Over a standby, where nothing can be written
sql('UPDATE admin_dashboard.api_key_hashes SET last_used_at = NULL');
my $standby = "$ENV{TMPDIR}/rest-standby";
run_or_die('pg_basebackup', '-D', $standby, '--checkpoint=fast', '-R', '-U', 'postgres');
mkdir "$standby/socket";
run_or_die('pg_ctl', '-D', $standby, '-w', '-l', "$standby/log", '-o', "-c listen_addresses= -k $standby/socket", 'start');
is(stop_serving(), 0, 'stopped');
$ENV{PGHOST} = "$standby/socket";
is(sql('SELECT pg_is_in_recovery()'), 't', 'a standby');
my $conf = slurp('rest/nginx.conf');
open my $file, '>', 'rest/nginx.conf' or die "nginx.conf: $!\n";
print $file $conf =~ s/proxy_method POST;/proxy_method GET;/r;
close $file;
serve('ad_rest_failures');
works('over a standby');
is((request($range))[0], 401, 'without a key it is refused');
fault('mute 0');
fails('over a standby with MongoDB silent', 8);
fault('pass');
works('over a standby with MongoDB silent');
is(sql('SELECT count(last_used_at) FROM admin_dashboard.api_keys'), '0', 'and the use of the key is not noted');
is(stop_serving(), 0, 'stopped');
open $file, '>', 'rest/nginx.conf' or die "nginx.conf: $!\n";
print $file $conf;
close $file;
run_or_die('pg_ctl', '-D', $standby, '-w', '-m', 'immediate', 'stop');
$ENV{PGHOST} = $cluster;
pg_ctl('-m', 'fast', 'stop');
done_testing();
