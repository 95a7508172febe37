# Whatever a server answers: an error or the right rows, and the session goes on.
# test/lib/hostile.py has the cases.
#
#   HOSTILE_CASES	how many of them, chosen at random, or all; 400 if it is not set, by
#			scripts/test --all 800
#   SEED		another one chooses others

use strict;
use warnings;
use lib 'test/lib';
use List::Util qw(min shuffle);
use Servers;
use Test::More;

plan skip_all => 'scripts/test provides the servers' unless $ENV{TMPDIR} && $ENV{PYTHON};

make_database('ad_hostile');
my $port = start_hostile();
my $start = session('SELECT pg_postmaster_start_time()');

# What is asked for a kind of case, and what is answered if nothing is wrong
my $rows = "0\n1\n2\n3\n4";
my $table = "CREATE FOREIGN TABLE items (\n\t_id integer,\n\tn integer\n) SERVER hostile OPTIONS (database 'shop', collection 'items');";
my $import = "SELECT admin_dashboard_import_sql('hostile', 'shop', 'items')";
my $select = 'SELECT n FROM items';
# the same, with a reply that is waited for by an Append
my $awaited = 'SELECT n FROM items UNION ALL SELECT n FROM nothing';
my %kinds = (
	(map { $_ => [ 'hostile', $select, $rows ] } qw(hello find next compressed failure)),
	(map { $_ => [ 'login', 'SELECT n FROM login_items', $rows ] } qw(speculative start continue)),
	(map { $_ => [ 'hostile', $import, $table ] } qw(aggregate list)),
	count => [ 'hostile', <<'SQL', $rows ],
DROP FOREIGN TABLE counted;
CREATE FOREIGN TABLE counted (n int) SERVER hostile OPTIONS (database 'shop', collection 'items', use_remote_estimate 'true');
SELECT n FROM counted
SQL
	kill => [ 'hostile', 'BEGIN; DECLARE c CURSOR FOR SELECT n FROM items; FETCH 1 FROM c; COMMIT', 0 ],
	end => [ 'hostile', "SELECT n FROM items; SELECT admin_dashboard_disconnect('hostile')", "$rows\nt" ],
);
is(session(<<SQL), '', 'tables');
CREATE SERVER hostile FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$port/', server_selection_timeout_ms '1');
CREATE SERVER login FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$port/', server_selection_timeout_ms '1');
CREATE USER MAPPING FOR postgres SERVER login OPTIONS (user 'reader', password '${\ make_secret('a hostile password')}', auth_mechanism 'SCRAM-SHA-1');
CREATE FOREIGN TABLE items (n int) SERVER hostile OPTIONS (database 'shop', collection 'items', fetch_size '2');
CREATE FOREIGN TABLE login_items (n int) SERVER login OPTIONS (database 'shop', collection 'items', fetch_size '2');
CREATE FOREIGN TABLE counted (n int) SERVER hostile OPTIONS (database 'shop', collection 'items');
CREATE TABLE nothing (n int);
SQL
like(session("EXPLAIN (COSTS OFF) $awaited"), qr/Async Foreign Scan on items/, 'a plan that waits');
is(session($awaited), $rows, 'and what it answers');

# Let a server be told the name of a case
sub choose
{
	my ($server, $name, $more) = @_;
	return "ALTER SERVER $server OPTIONS (SET uri 'mongodb://127.0.0.1:$port/?replicaSet=rs&appName=$name" . ($more // '') . "');\n";
}

my $settings = "SET log_min_messages = warning; SET admin_dashboard.log_remote = off; SET statement_timeout = '30s';\n";
my $used = <<'SQL';
SELECT count(admin_dashboard_disconnect(s)) FROM unnest('{hostile,login}'::text[]) s;
SELECT pg_backend_pid() AS pid, (regexp_match(pg_read_file('/proc/self/status'), 'VmRSS:\s+(\d+)'))[1] AS memory \gset
\setenv BACKEND :pid
\! ls -l /proc/$BACKEND/fd | grep -c socket:
\echo used :memory
SQL

for my $kind (sort keys %kinds)
{
	my ($server, $query, $right) = @{ $kinds{$kind} };
	is(session($settings . choose($server, 'usual') . $query), $right, "$kind: right answers");
}

# The cases, some hundreds a session
my @cases = map { [ split /\t/ ] } split /\n/, run_or_die($ENV{PYTHON}, 'test/lib/hostile.py', 'list');
cmp_ok(scalar(@cases), '>', 2000, 'cases');
my $wanted = $ENV{HOSTILE_CASES} // (($ENV{AD_TEST_ALL} // '') eq 'yes' ? 800 : 400);
my $seed = $ENV{SEED} // time;
srand $seed;
@cases = shuffle @cases;
splice @cases, $wanted if $wanted ne 'all' && $wanted < @cases;
diag(scalar(@cases) . " cases with SEED=$seed");

my (@wrong, %seen);
while (my @some = splice @cases, 0, 400)
{
	my $queries = $settings;
	my $n = 0;
	for my $case (@some)
	{
		my ($number, $kind) = @$case;
		my ($server, $query) = @{ $kinds{$kind} };
		$query = $awaited if $query eq $select && $number % 2;
		$queries .= choose($server, $number, $kind eq 'compressed' ? '&compressors=zlib' : '')
		  . "\\echo case $number\n$query;\nROLLBACK;\n\\echo over\n";
		$queries .= choose($_, 'usual') . "$select;\n" . $used for (++$n == 40 ? 'hostile' : ());
	}
	my $said = session($queries . choose('hostile', 'usual') . "$select;\n" . $used);
	my %answers = $said =~ /^case (\d+)\n(.*?)^over$/msg;
	for my $case (@some)
	{
		my ($number, $kind, $is_data, $words) = @$case;
		my $answer = ($answers{$number} // 'the session has ended') =~ s/^WARNING:.*\n//mgr;
		chomp $answer;
		my $state = $answer =~ /^ERROR:  (\w{5})/m ? $1 : 'rows';
		$seen{$state}++;
		my $fine = $state eq 'rows' ? $answer eq $kinds{$kind}[2] && $kind ne 'failure' || $is_data && $answer =~ /^[\d\n]*$|^CREATE/
		  : $state =~ /^(?:08P01|08001|08006|28P01|28000|0A000|XX001)$/ || $kind eq 'failure' && $state =~ /^(?:42501|HV000)$/
		  || $kind eq 'list' && $state eq 'HV00R';
		push @wrong, "$number $kind $words: $answer" if !$fine;
	}
	my @used = $said =~ /^(\d+)\nused (\d+)$/mg;
	if (@some > 40)
	{
		is(scalar(@used), 4, 'the session goes on');
		is($used[2], $used[0], 'no socket is left open');
		cmp_ok($used[3], '<', $used[1] + 16384, 'nor memory used (16 MB in some hundred cases)');
	}
}
is(join("\n", @wrong[0 .. min($#wrong, 19)]), '', 'an error, or the right answer (' . @wrong . ' are wrong)');
diag(join ', ', map { "$_ $seen{$_}" } sort keys %seen);

# Answers that are right but for how many or how large they are
sub special
{
	my ($name, $query, $more) = @_;
	return session($settings . choose('hostile', $name, $more) . $query);
}
is(special('zlib', $select, '&compressors=zlib'), $rows, 'zlib');
like(special('usual', $select, '&compressors=snappy'), qr/^ERROR:  0A000: compressor "snappy" is not supported\n/, 'no other compressor');
is(special('patient', $select), $rows, 'empty batches are not the end');
my $soon = "SET statement_timeout = '500ms'; ";
like(special('empty', "$soon$select"), qr/^ERROR:  57014: canceling statement due to statement timeout$/m, 'and the wait for the end of them ends');
like(special('more', "$select LIMIT 3"), qr/^ERROR:  08P01: .*\nDETAIL:  More documents came than were asked for\.$/m, 'more documents than LIMIT');
like(special('endless', $import), qr/^ERROR:  08P01: .*\nDETAIL:  More documents came than were asked for\.$/m, 'more than a sample');
like(special('names', $import), qr/^ERROR:  54000: list of the collections of database "shop" is larger than 64 MB$/m, 'a list without an end');
my $said = special('fields', $import . ";\nSELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\\s+(\\d+)'))[1]");
my ($memory) = $said =~ /^(\d+)\z/m;
like($said, qr/^\tfield0 integer,.*^\tdocument jsonb/ms, 'a document of 800,000 fields');
diag("800,000 fields take $memory kB");
cmp_ok($memory, '<', 300 * 1024, 'takes less than 300 MB');

my ($detail) = special('words', $select) =~ /^DETAIL:  (.*)$/m;
like($detail, qr/^MongoDB: \?\[31mred  \?\?\?\?\x{c3}\x{a4}/, "the server's words without control characters");
like($detail, qr/ \(code 2, \?x{99}\.\.\.\)\.$/, 'and its name of the error, cut');
cmp_ok(length $detail, '<', 1100, 'of 1 kB');
like(special('nowords', $select), qr/^DETAIL:  MongoDB: \?{20} \(code 2\)\.$/m, 'words that are no text');

like(special('hosts', $select), qr/^ERROR:  08P01: .*\nDETAIL:  Field "hosts" of the reply to \w+ has an invalid value\.$/m, 'a list of 300 hosts');
my $unreached = qr/^ERROR:  08001: .*\nDETAIL:  MongoDB: No suitable servers found.*/;
like(special('refused', $select), qr/$unreached\(127\.0\.0\.1:1: Connection refused; /, 'one of 50 that refuse connections');
like(special('refused', $select), qr/ Members that answered: 127\.0\.0\.1:$port \(RSSecondary\)\.\nHINT:  A replica set has no primary during an election\./,
	'and one that answers, but is no primary');
like(special('web', $select), qr/^ERROR:  08P01: .*\nDETAIL:  The header of the message states an invalid size of 1347703880 bytes\. Perhaps the server speaks another protocol, or needs TLS\.$/m,
	'a port of HTTP');
my $leaving = qr/^ERROR:  08001: could not connect to MongoDB server "\w+"\nDETAIL:  MongoDB: The server is in quiesce mode and will shut down \(code 91\)\.\n(?!HINT)/;
like(special('leaving', $select), $leaving, 'a member that refuses to serve is no failed login');
like(session($settings . choose('login', 'leaving') . 'SELECT n FROM login_items'), $leaving, 'nor with one');
my $old = special('old', "$select;\n$select");
like($old, qr/^ERROR:  0A000: version of MongoDB server "hostile" is not supported$/m, 'a version that the driver does not know');
like($old, qr/^$rows\z/m, 'is asked for again');
like(special('nowhere', $select), qr/$unreached\(host0\.invalid:1: \w/, 'or are nowhere');
like(special('full', "$soon$select"), qr/^ERROR:  57014: canceling statement due to statement timeout$/m, 'or take no connection: the wait ends');
like(session($settings . choose('login', 'rounds') . 'SELECT n FROM login_items'),
	qr/^ERROR:  08P01: .*\nDETAIL:  Field "payload" of the reply to saslStart has an invalid value\.$/m, 'a login of 2,147,483,647 rounds');

is(session('SELECT pg_postmaster_start_time()'), $start, 'PostgreSQL has not restarted');
unlike(slurp("$ENV{PGHOST}/postgres.log"), qr/server process .* was terminated|all server processes terminated/, 'and no process has crashed');
done_testing();
