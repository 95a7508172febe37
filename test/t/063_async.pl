# Several servers work at a time for an Append that waits for all of them; what it
# returns is right, and whatever happens meanwhile, nothing is lost or left over.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;
use Time::HiRes qw(sleep time);

$ENV{AD_TEST_MONGOD} or plan skip_all => 'there is no MongoDB server program to start';
my $documents = 700;

make_database('ad_async');
start_server();
my $direct = server_port();
my $faulty = start_faults('127.0.0.1', $direct);
run_python(<<'PY', $direct, $documents);
import sys, pymongo
shop = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).shop
for part in range(1, 8):
    shop["part%d" % part].insert_many([{"_id": part * 10000 + n, "n": n, "part": part, "price": n / 4, "owner": "owner %d" % (n % 7),
        "filler": "x" * 200, "mixed": "no number" if part == 2 and n == 50 else n, "long": 2**53 + n if part == 3 else n} for n in range(int(sys.argv[2]))])
PY

# Three servers with a part each, of `parts`, and one with seven, of `many`.  The driver
# looks after each connection that has been silent for half a second.
my $columns = "id int OPTIONS (field '_id'), n int, part int, price float8, owner text, filler text, mixed int, long float8";
my $uri = "mongodb://127.0.0.1:$faulty/?directConnection=true&socketCheckIntervalMS=500";
is(session(join '', <<"SQL", map { <<"SQL" } 1 .. 7), '', 'partitions');
CREATE TABLE parts (@{[ $columns =~ s/ OPTIONS \(.*?\)//gr ]}) PARTITION BY LIST (part);
CREATE TABLE many (LIKE parts) PARTITION BY LIST (part);
CREATE TABLE names AS SELECT k AS part, 'name ' || k AS name FROM generate_series(1, 7) k;
CREATE SERVER one FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri');
SQL
CREATE SERVER server$_ FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri');
CREATE FOREIGN TABLE part$_ ($columns) SERVER server$_ OPTIONS (database 'shop');
CREATE FOREIGN TABLE many$_ ($columns) SERVER one OPTIONS (database 'shop', collection 'part$_', fetch_size '150');
ALTER TABLE many ATTACH PARTITION many$_ FOR VALUES IN ($_);
@{[ $_ <= 3 ? "ALTER TABLE parts ATTACH PARTITION part$_ FOR VALUES IN ($_);" : '' ]}
SQL

# What is waited for by an Append, and what is not
sub plan_of { return session("EXPLAIN (COSTS OFF) $_[0]") }
my $groups = join ' UNION ALL ', map { "SELECT $_ AS k, owner, count(*), sum(price) FROM part$_ GROUP BY owner" } 1 .. 3;
is(() = plan_of('SELECT * FROM parts WHERE n < 10') =~ /Async Foreign Scan/g, 3, 'rows');
is(() = plan_of($groups) =~ /Async Foreign Scan/g, 3, 'groups of a UNION ALL');
is(() = plan_of('SELECT * FROM parts ORDER BY id LIMIT 5') =~ /Async Foreign Scan/g, 3, 'first rows');
unlike(plan_of('SELECT * FROM parts ORDER BY id FETCH FIRST 5 ROWS WITH TIES'), qr/Async/, 'not if they are merged');
unlike(plan_of('SELECT owner, count(*) FROM part1 GROUP BY owner'), qr/Async/, 'nor one table');
like(session("BEGIN; ALTER SERVER server2 OPTIONS (ADD snapshot 'statement'); EXPLAIN (COSTS OFF) SELECT * FROM parts; ROLLBACK"),
	qr/Async.* part1 .*->  Foreign Scan on part2 .*Async.* part3 /s, 'nor snapshots');
unlike(session("SET admin_dashboard.enable_aggregate_pushdown = off; UPDATE pg_class SET reltuples = 1e6 WHERE relname ~ '^part.\$'; EXPLAIN (COSTS OFF) SELECT max(length(filler)) FROM parts; UPDATE pg_class SET reltuples = -1 WHERE relname ~ '^part.\$'"),
	qr/Async/, 'nor large tables, for which there are workers');
like(session("UPDATE pg_class SET reltuples = 1e6 WHERE relname ~ '^part.\$'; SET max_parallel_workers_per_gather = 0; EXPLAIN (COSTS OFF) SELECT max(length(filler)) FROM parts; UPDATE pg_class SET reltuples = -1 WHERE relname ~ '^part.\$'"),
	qr/Async/, 'unless there are none');

# The same as without
my @queries = (
	'SELECT count(*), count(DISTINCT id), sum(price) FROM parts',
	'SELECT count(*), count(DISTINCT id), sum(price), max(length(filler)) FROM many',
	'SELECT id, owner FROM parts WHERE n % 97 = 3 AND price::text <> \'0.75\' ORDER BY id',
	"SELECT * FROM ($groups) g ORDER BY k, owner",
	'SELECT part, sum(long) FROM many GROUP BY part ORDER BY part',
	join(' UNION ALL ', map { "(SELECT $_ AS k, sum(long), avg(mixed) FROM many$_ WHERE n > 60)" } 1 .. 7) . ' ORDER BY k',
	'SELECT count(*) FROM (SELECT filler FROM parts LIMIT 10) s',
	'SELECT count(*) FROM generate_series(0, 9) k WHERE k < 0 OR EXISTS (SELECT FROM many WHERE n = k AND part > k)',
	'BEGIN; DECLARE c CURSOR FOR SELECT part FROM many; MOVE 1 FROM c; DECLARE d CURSOR FOR SELECT part FROM many; MOVE 5 FROM d; CLOSE c; MOVE ALL FROM d; COMMIT',
	'SELECT count(*) FROM (SELECT id FROM many LIMIT 1000 OFFSET 500) s',
	'SELECT count(*) FROM (SELECT id FROM many LIMIT 1) s, (SELECT id FROM parts LIMIT 1) s2',
	'SELECT k, (SELECT sum(price) FROM parts WHERE n % 7 = k), (SELECT max(id) FROM many WHERE n % 11 = k) FROM generate_series(1, 3) k ORDER BY k',
	'SELECT k, s.* FROM generate_series(1, 4) k, LATERAL (SELECT count(*), min(id) FROM (SELECT id FROM many WHERE n > k AND part < k + 2 LIMIT 5000) t) s ORDER BY k',
	'SELECT count(*), sum(b.price) FROM parts a JOIN many b ON a.id = b.id',
	'SELECT name, count(*) FROM names JOIN many USING (part) GROUP BY name ORDER BY name',
	'SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT count(*) FROM many a JOIN many b ON a.id = b.id + 10000 WHERE a.n % 100 = 3',
	'SET plan_cache_mode = force_generic_plan; PREPARE p(int) AS SELECT count(*), sum(price) FROM many WHERE part = ANY (ARRAY[$1, 3, 5]) AND n > $1; EXECUTE p(2); EXECUTE p(600); EXECUTE p(4)',
	'SELECT count(*) FROM (SELECT n FROM many UNION ALL SELECT n FROM parts UNION ALL SELECT part FROM names) u',
	'SELECT max(n) FROM many WHERE false',
	'SELECT count(mixed) FROM parts',
	'SELECT sum(mixed) FROM (SELECT mixed FROM parts OFFSET 0) s',
	'SELECT max(1 / (n - 650)) FROM (SELECT n FROM many OFFSET 0) s',
	'BEGIN; DECLARE c CURSOR FOR SELECT price FROM many; FETCH 1 FROM c; MOVE 900 FROM c; SELECT count(*) FROM many; MOVE ALL FROM c; COMMIT; SELECT 1',
);
for my $query (@queries)
{
	my $answer = session("SET statement_timeout = '60s'; $query");
	# of several errors any may come first
	is($answer =~ s/^DETAIL.*//msr, session("SET enable_async_append = off; $query") =~ s/^DETAIL.*//msr, $query);
}
like(session('SELECT sum(mixed) FROM (SELECT mixed FROM parts OFFSET 0) s'), qr/^ERROR:  HV004:.*\n.*DETAIL/s, 'a mismatch is an error');
like(session('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM parts WHERE n < 5'),
	qr/Append \(actual rows=15.*(?:Async Foreign Scan.*?rows=5.*?Batches: 1\n.*?){3}/s, 'EXPLAIN counts rows and batches');

# A session whose connections are open, and which then waits
my $all = 'SELECT count(*), sum(price) FROM parts';
my $sum = 3 * $documents * ($documents - 1) / 8;
my $right = 3 * $documents . '|' . ($sum == int $sum ? int $sum : $sum);
sub waiting
{
	my ($queries, $number) = @_;
	fault('pass');
	my $session = background('\echo ready');
	$session->{handle}->pump until $session->{out} =~ /ready\n/;
	like(go_on($session, $queries), qr/^[\d.|\n]+$/, 'before that');
	my $before = fault('asked');
	fault('mute 0');
	$session->{out} = '';
	$session->{in} .= "$queries;\n";
	ok(wait_until { $session->{handle}->pump_nb; fault('asked') - $before == $number }, "$number commands at a time: $queries");
	return $session;
}
sub quit
{
	my ($session) = @_;
	session("SELECT pg_terminate_backend($session->{pid})");
	$session->{handle}->kill_kill;
	ok(wait_until { fault('open') eq '0' }, 'no connection is left over');
}
quit(waiting($_->[0], $_->[1]))
  for [ $all, 3 ], [ join(' UNION ALL ', map { "SELECT count(*), sum(price) FROM part$_" } 1 .. 3), 3 ], [ 'SELECT count(id) FROM (SELECT id FROM many OFFSET 0) s', 4 ];

# Every wait can be ended, and the session goes on
my %ends = (
	cancel => [ 'SELECT pg_cancel_backend(%d)', qr/ERROR:  57014: canceling statement due to user request/ ],
	statement_timeout => [ undef, qr/ERROR:  57014: canceling statement due to statement timeout/ ],
	terminate => [ 'SELECT pg_terminate_backend(%d)', qr/FATAL:  57P01: terminating connection due to administrator command/ ],
);
for my $end (sort keys %ends)
{
	my ($statement, $message) = @{ $ends{$end} };
	my $session = waiting($all, 3);
	quit($session), $session = waiting("SET statement_timeout = '2s'; $all", 3) if !$statement;
	session(sprintf $statement, $session->{pid}) if $statement;
	my $start = time;
	while ($session->{out} !~ /(?:ERROR|FATAL): / && time - $start < 20)
	{
		$session->{handle}->pump_nb;
		sleep 0.01;
	}
	like($session->{out}, $message, "$end: it ends");
	fault('pass');
	is(go_on($session, "RESET statement_timeout; $all"), "$right\n", "$end: the session goes on") if $end ne 'terminate';
	quit($session);
}

# Replies that come late: the driver asks whether the connections still work, and the
# reply that it does not expect then is kept for the scan
{
	my $session = background('\echo ready');
	$session->{handle}->pump until $session->{out} =~ /ready\n/;
	is(go_on($session, $all), "$right\n", 'at once');
	fault('delay 700');
	is(go_on($session, $all), "$right\n", 'late');
	like(go_on($session, "BEGIN; DECLARE c CURSOR FOR SELECT n FROM parts; FETCH 1 FROM c; COMMIT"), qr/^\d+$/, 'a cursor leaves replies that nobody waits for');
	is(go_on($session, $all), "$right\n", 'and then all');
	fault('pass');

	# Connections that have been lost since
	stop_server('KILL');
	start_server();
	is(go_on($session, $all), "$right\n", 'after a restart of the server');
	quit($session);
}

# A fault of the network anywhere is an error, or the answer is complete
for my $query ($all, "SELECT sum(count), sum(sum) FROM ($groups) g", 'SELECT count(*), sum(price) FROM (SELECT price FROM many WHERE part <= 3 OFFSET 0) s')
{
	for my $fault (qw(cut reset corrupt))
	{
		my (%seen, @wrong);
		for my $i (0 .. 15)
		{
			fault("$fault " . int(2.2**$i * 3));
			my $answer = session("SET statement_timeout = '60s'; $query");
			my $state = $answer =~ /(?:ERROR|FATAL): +(\w{5})/ ? $1 : 'an answer';
			$seen{$state}++;
			push @wrong, "$i: $answer" if $state eq '57014' || $state eq 'an answer' && $fault ne 'corrupt' && $answer ne $right;
		}
		is(join("\n", @wrong), '', "$fault anywhere: $query");
		diag(join ', ', "$fault:", map { "$_ $seen{$_}" } sort keys %seen);
	}
}
fault('pass');
ok(wait_until { fault('open') eq '0' }, 'no connection is left over');
is(session($all), $right, 'all is well');
done_testing();
