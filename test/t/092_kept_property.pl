# Kept sums over a collection that changes at random: at each pause the dashboard from
# kept sums, the live one, and one computed by hand are the same, although backends,
# PostgreSQL and MongoDB are killed.

use strict;
use warnings;
use lib 'test/lib';
use IPC::Run;
use Moved;
use Servers;
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

my $seed = $ENV{SEED} // 1;
my ($pauses, $questions, $changes) = ($ENV{PAUSES} // ($ENV{AD_TEST_ALL} eq 'yes' ? 12 : 9), 4, 430);
srand $seed;

make_database('ad_kept_property');
start_server();
my $folder = "$ENV{TMPDIR}/kept";
mkdir $folder;
chomp(my $bin = `$ENV{PG_CONFIG} --bindir`);
make_cluster($bin, "$folder/data");
my $there = start_cluster($bin, "$folder/data") . 'postgres';

my $writer = Servers::start_helper('test/lib/kept_writer.py', server_port(), $seed);

sub ask_writer { return Servers::ask($writer, $_[0]) }

# Makes changes, and returns their number.  What a kill has cut off is begun again.
sub change
{
	my ($number) = @_;
	my $done;
	wait_until { ($done = ask_writer("change $number")) =~ /^\d+$/ } or die "nothing changes: $done\n";
	return $done;
}

my $uri = 'mongodb://127.0.0.1:' . server_port() . '/?directConnection=true';
is(session(<<"SQL", undef, $there), '', 'tables');
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri');
CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'kept');
CREATE VIEW live AS SELECT * FROM calls;
SQL
change(800);
like(session("SELECT admin_dashboard_keep('calls')", undef, $there), qr/^\d+$/, 'sums are kept');

# The answer as kept_writer.py writes it
sub dashboard
{
	my ($start, $end, $user) = @_;
	$user = $user eq '-' ? 'NULL' : "'$user'";
	return "SELECT concat_ws('|', d->>'total_calls', d->>'total_duration_minutes', d->>'total_duration_hours',"
	  . " d->>'avg_duration_minutes', d->>'total_active_users') FROM admin_dashboard('$start', '$end', $user) d;\n";
}

my ($asked, $from_sums, $unusual) = (0, 0, 0);

# The days of the same range
sub days
{
	my ($start, $end, $user, $unit) = @_;
	$user = $user eq '-' ? 'NULL' : "'$user'";
	return "SELECT string_agg(d::text, ' ' ORDER BY day) FROM admin_dashboard_days('$start', '$end', $user, unit => '$unit') d;\n";
}

# answers whose errors name the table that was asked, with one name for both
sub without_names { return map { s/\b(?:calls|live)\b/TABLE/gr } @_ }

# Ask some questions.  Returns the first answer that differs, or nothing.  Each begins in
# a transaction of another kind.  Those that cannot store the changes come first.
my @kinds = ('READ ONLY', 'ISOLATION LEVEL REPEATABLE READ', '', 'ISOLATION LEVEL SERIALIZABLE');
sub difference
{
	my @questions = map { [ split /\t/, ask_writer('ask') ] } 1 .. $questions;
	my $queries = "SET client_min_messages = log; SET admin_dashboard.log_remote = on;\n";
	for my $i (0 .. $#questions)
	{
		my @range = @{ $questions[$i] }[ 0 .. 2 ];
		my $query = dashboard(@range);
		my $days = days(@range, (qw(hour day week month))[ rand 4 ]);
		# on a busy machine an answer gives up after a second
		$queries .= "SELECT admin_dashboard_refresh('calls') \\g /dev/null\n" if $i == 2;
		$queries .= "\\echo ==\nBEGIN $kinds[$i];\nSET admin_dashboard.calls_table = calls;\n$query\\echo =\n$days\\echo =\nROLLBACK;\n"
		  . "SET admin_dashboard.calls_table = live;\n$query\\echo =\n$days";
	}
	my (undef, @answers) = split /^==\n/m, session($queries, undef, $there);
	for my $i (0 .. $#questions)
	{
		my ($kept, $kept_days, $live, $live_days) = map { my $answer = $_; chomp $answer; $answer } split /^=\n/m, $answers[$i] // '', 4;
		my $logs = 'LOG:  00000: query of MongoDB server .*\n';
		my $is_live = $kept =~ s/^$logs//mg;
		s/^$logs//mg for $live, $kept_days, $live_days;
		($kept, $kept_days, $live, $live_days) = without_names($kept, $kept_days, $live, $live_days);
		$kept_days = $live_days if $kept_days =~ /current transaction is aborted/;
		return "days of @{$questions[$i]}: kept $kept_days, live $live_days" if $kept_days ne $live_days;
		$asked++;
		$from_sums++ if !$is_live;
		my ($start, $end, $user, $expected) = @{ $questions[$i] };
		if ($expected eq 'unusual')
		{
			$unusual++;
			return "@{$questions[$i]}: kept $kept, live $live" if $kept ne $live;
		}
		elsif ($kept ne $expected || $live ne $expected)
		{
			return "@{$questions[$i]}: kept $kept, live $live";
		}
	}
	return;
}

# Changes go on in the background, and something is killed.  A load in parts that was
# ended so may go on when other calls have changed.
sub kill_something
{
	my ($what) = @_;
	my $work = rand() < 0.5 ? "CALL admin_dashboard_load('calls', part_size => 100)" : "SELECT admin_dashboard_refresh('calls')";
	my $handle = IPC::Run::start([ 'psql', '-XAtq', '-d', $there, map { ('-c', $_) } 'SELECT pg_backend_pid()',
		$work, "SELECT admin_dashboard('2026-01-01', '2026-04-01')" ],
		'<', \undef, '>', \my $out, '2>&1');
	sleep rand 0.15;
	if ($what eq 'backend')
	{
		$handle->pump until $out =~ /^(\d+)\n/ || !$handle->pumpable;
		kill 'KILL', $1 if $out =~ /^(\d+)\n/;
	}
	elsif ($what eq 'postgres')
	{
		my ($postmaster) = slurp("$folder/data/postmaster.pid") =~ /^(\d+)/;
		kill 'KILL', $postmaster;
		# its children end by themselves, and until then it does not start again
		my $started;
		wait_until { $started = eval { start_cluster($bin, "$folder/data") } };
		die "PostgreSQL did not start: $@\n" if !$started;
	}
	elsif ($what eq 'mongodb')
	{
		stop_server('KILL');
		start_server();
	}
	$handle->finish;
	wait_until { session('SELECT 1', undef, $there) eq '1' };
}

my ($changed, $different) = (0);
for my $pause (1 .. $pauses)
{
	$changed += change($changes);
	kill_something(qw(backend mongodb backend postgres)[ rand 4 ]) if $pause % 3 == 0;
	$different = difference();
	last if defined $different;
}
is($different, undef, "kept sums, live query and computation agree, with the seed $seed");
cmp_ok($changed, '>=', 0.8 * $pauses * $changes, 'after many changes');
# (on a busy machine most answers are live)
note("$changed changes, $asked questions, $from_sums answered from sums, $unusual unusual");
cmp_ok($from_sums, '>', 0.1 * ($asked - $unusual), 'and some answers came from the sums');
session("CALL admin_dashboard_load('calls')", undef, $there);
like(session('SELECT * FROM admin_dashboard_kept()', undef, $there), qr/^calls\|\d+\|.*\|$/, 'which were never lost');

# A standby cannot store the changes, and adds them to its answers
mkdir "$folder/more";
my $host = $there =~ s/.*host=(\S+).*/$1/sr;
run_or_die("$bin/pg_basebackup", '-h', $host, '-D', "$folder/more/standby", '-R', '-c', 'fast');
my $standby = start_cluster($bin, "$folder/more/standby") . 'postgres';
wait_until { session('SELECT pg_is_in_recovery() AND count(*) = 1 FROM admin_dashboard_kept()', undef, $standby) eq 't' };
change(50);
my @question = split /\t/, ask_writer('ask');
my $query = dashboard(@question[ 0 .. 2 ]);
my ($kept, $live) = without_names(map { session("SET admin_dashboard.calls_table = $_; $query", undef, $standby) } qw(calls live));
is($kept, $live, 'a standby answers');
stop_cluster($bin, "$folder/more/standby", '-m', 'immediate');
stop_cluster($bin, "$folder/data", '-m', 'immediate');
done_testing();
