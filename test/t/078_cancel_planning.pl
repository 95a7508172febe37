# Planning ends by a cancel at any time, or completes; the session goes on, no cancel
# comes late, and no query takes much memory.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;
use Time::HiRes qw(sleep time);

my $most_steps = 12;
make_database('ad_planning');
is(session(<<'SQL'), '', 'tables');
CREATE SERVER nobody FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (b boolean, i int, l bigint, f float8, s text, ts timestamptz) SERVER nobody OPTIONS (database 'shop');
CREATE FOREIGN TABLE u (b boolean, i int, l bigint, f float8, s text, ts timestamptz) SERVER nobody OPTIONS (database 'shop');
SQL

sub terms
{
	my ($count, $between, $term) = @_;
	return join $between, map { $term =~ s/\?/$_/gr } 1 .. $count;
}

# in which each level says the one below twice
sub doubled
{
	my ($levels, $template, $expr) = @_;
	$expr = $template =~ s/\{\}/$expr/r for 1 .. $levels;
	return $expr;
}

my @queries = (
	[ '3,000 conditions, all of them', 'SELECT count(*) FROM t WHERE ' . terms(3000, ' AND ', '(i <> ? OR l + i > ?)') ],
	[ '3,000, any of them', 'SELECT count(*) FROM t WHERE ' . terms(3000, ' OR ', "(s LIKE 'a?%' AND i + ? < l)") ],
	[ '3,000, not all of which go down', 'SELECT count(*) FROM t WHERE ' . terms(3000, ' OR ', "(i = ? AND md5(s) > '?')") ],
	[ '1,000 branches', 'SELECT sum(CASE ' . terms(1000, ' ', 'WHEN l - i = ? THEN i * ?') . ' END) FROM t' ],
	[ 'a key of 1,000 branches', 'SELECT CASE i ' . terms(1000, ' ', "WHEN ? THEN 'is ?'") . ' END, count(*) FROM t GROUP BY 1' ],
	[ 'a sum of 1,000 integers', 'SELECT sum(' . terms(1000, ' + ', 'i') . ') FROM t' ],
	[ 'of 1,000 products', 'SELECT sum(' . terms(1000, ' + ', '(f * ? - l / 3.5::float8)') . ') FROM t' ],
	[ 'a condition on one', 'SELECT count(*) FROM t WHERE ' . terms(1000, ' + ', 'l') . ' > 5' ],
	[ 'an order by one', 'SELECT i FROM t ORDER BY ' . terms(1000, ' - ', 'i') . ' LIMIT 5' ],
	[ '500 filters', 'SELECT ' . terms(500, ', ', 'count(*) FILTER (WHERE i % 1000 = ?)') . ' FROM t' ],
	[ '300 keys', 'SELECT count(*) FROM t GROUP BY ' . terms(300, ', ', '(i + ?)') ],
	[ '2,000 strings', 'SELECT max(length(' . terms(2000, ' || ', "s || '?'") . ')) FROM t' ],
	[ '500 parentheses', 'SELECT count(*) FROM t WHERE ' . doubled(500, 'NOT (i > 5 AND {})', 'b') ],
	[ '400 functions', 'SELECT sum(' . doubled(400, 'abs(- {})', 'i') . ') FROM t' ],
	[ '400 nested branches', 'SELECT sum(' . doubled(400, 'CASE WHEN i > 5 THEN {} ELSE l END', 'l') . ') FROM t' ],
	[ 'what is said 8,192 times', 'SELECT count(*) FROM t WHERE ' . doubled(13, 'CASE WHEN {} BETWEEN 3 AND 4 THEN i ELSE l END', 'l') . ' = 4' ],
	[ 'a join by 1,000 conditions', 'SELECT count(*) FROM t JOIN u USING (i) WHERE ' . terms(1000, ' AND ', '(t.l + ? <> u.l)') ],
	[ '100,000 constants', "SELECT count(*) FROM t WHERE i IN (" . terms(100000, ', ', '?') . ') AND l + 1 NOT IN (' . terms(10000, ', ', '?') . ')' ],
);

my $session = background("\\o /dev/null\nEXPLAIN SELECT count(*) FROM t;\n\\o\n\\echo ready");
$session->{handle}->pump until $session->{out} =~ /ready/;

my $cancelled = 0;

# What is said if EXPLAIN is cancelled after some seconds by another session, if that
# is wrong: the next statement ended, another error, or after long
sub said_to_cancel
{
	my ($explain, $after) = @_;
	$session->{out} = '';
	$session->{in} .= "${explain}\\echo planned\nSELECT pg_sleep(0.01);\n\\echo done\n";
	$session->{handle}->pump_nb;
	my $begin = time;
	$session->{handle}->pump_nb, sleep 0.002 until time - $begin > $after;
	# (so that it is this statement that it ends)
	session("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $session->{pid} AND state = 'active' AND query LIKE 'EXPLAIN%'")
	  if $session->{out} !~ /planned/;
	$session->{handle}->pump until $session->{out} =~ /^done$/m;
	$cancelled += () = $session->{out} =~ /57014: canceling statement due to user request/g;
	return $session->{out} =~ /planned\n.*ERROR/s || $session->{out} =~ /ERROR:  (?!57014)/ || time - $begin > 20 ? $session->{out} : '';
}

for my $query (@queries)
{
	my ($name, $text) = @$query;
	my $explain = "\\o /dev/null\nEXPLAIN (VERBOSE) $text;\n\\o\n";
	my ($step, $wrong, $longest) = (0, '', 0);
	my $start = time;
	# ten milliseconds more each time, until it completes
	while (1)
	{
		$step++;
		my ($begin, $before) = (time, $cancelled);
		# (Where the time is up after EXPLAIN last looks, while its result is sent, PostgreSQL
		# says so in place of the next statement.  That is the first SET, which has no effect then.)
		my $said = go_on($session, "SET statement_timeout = " . 10 * $step . ";\n$explain" . "SET statement_timeout = 0;\n" x 2 . "SELECT 'goes on'");
		# (PostgreSQL calls it a user's request where the time is up while it parses)
		$cancelled++ if $said =~ s/\AERROR:  57014: canceling statement due to .*\n//;
		my $over = time - $begin - 0.01 * $step;
		$longest = $over if $over > $longest;
		$wrong .= "$step: $said" if $said ne "goes on\n";
		last if $said eq "goes on\n" && $cancelled == $before || $wrong || $step == $most_steps;
	}
	is($wrong, '', "$name: cancelled or complete, at each of $step times");
	cmp_ok($longest, '<', 10, "$name: and soon");
	# by another session, at some time; what is not cancelled completes
	my $late = '';
	for my $after (0.005, 0.03, 0.1)
	{
		# (a cancel may be sent while the statement ends, and then ends the next one; but
		# hardly three times in a row)
		my $said;
		for (1 .. 3)
		{
			$said = said_to_cancel($explain, $after);
			last if $said eq '';
		}
		$late .= $said;
	}
	is($late, '', "$name: no cancel comes late");
	diag(sprintf '%s: %d times, %.2f s the longest, %.1f s', $name, $step, $longest, time - $start);
}
cmp_ok($cancelled, '>', 20, 'many of them were cancelled');

# Planned to the end, with and without what goes down: the peak of memory, in MB
sub peak
{
	my ($settings) = @_;
	my $script = join '', $settings, "\\o /dev/null\n", (map { "EXPLAIN $_->[1];\n" } @queries), "\\o\n";
	my $said = session($script . q{SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmHWM:\s+(\d+)'))[1]});
	like($said, qr/\A\d+\z/, 'all of them are planned');
	return $said / 1024;
}
my $without = peak(join '', map { "SET admin_dashboard.enable_${_}_pushdown = off;\n" } qw(filter aggregate sort join));
my $with = peak('');
cmp_ok($with, '<', 2 * $without + 100, 'the memory of a session is bounded');
diag(sprintf '%.0f MB, without pushdown %.0f MB', $with, $without);
done_testing();
