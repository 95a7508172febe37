# A parallel scan ends as a whole: by a cancel, a timeout, an error, a lost worker or a
# network that fails; and no part of the data is taken for all of it.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;
use Time::HiRes qw(sleep time);

$ENV{AD_TEST_MONGOD} or plan skip_all => 'there is no MongoDB server program to start';
my $documents = 6000;

make_database('ad_parallel');
start_server();
my $direct = server_port();
my $faulty = start_faults('127.0.0.1', $direct);
run_python(<<'PY', $direct, $documents);
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
client.shop.items.insert_many([{"_id": n, "n": n, "owner": "owner %d" % (n % 7), "filler": "x" * 500} for n in range(int(sys.argv[2]))])
PY

# Two workers for every scan, which cost nothing
is(session(<<"SQL"), '', 'a table that is taken for a large one');
CREATE SERVER parallel FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$faulty/?directConnection=true');
CREATE FOREIGN TABLE items (id int OPTIONS (field '_id'), n int, owner text, filler text) SERVER parallel OPTIONS (database 'shop', fetch_size '100');
ALTER DATABASE ad_parallel SET parallel_setup_cost = 0;
ALTER DATABASE ad_parallel SET parallel_tuple_cost = 0;
ALTER DATABASE ad_parallel SET max_parallel_workers_per_gather = 2;
ANALYZE items;
UPDATE pg_class SET reltuples = 1e7 WHERE relname = 'items';
SQL
my %queries = (
	rows => [ 'SELECT count(*), sum(n + length(filler)) FROM items WHERE filler ~ \'(x|y)x\'', $documents . '|' . ($documents * 500 + $documents * ($documents - 1) / 2) ],
	groups => [ 'SELECT count(*), sum(n), count(DISTINCT owner) FROM items', $documents . '|' . ($documents * ($documents - 1) / 2) . '|7' ],
);
for my $kind (sort keys %queries)
{
	like(session("EXPLAIN (ANALYZE, COSTS OFF) $queries{$kind}[0]"), qr/Workers Launched: 2\n.*Parallel Foreign Scan/s, "$kind: it is parallel");
	is(session($queries{$kind}[0]), $queries{$kind}[1], "$kind: and right");
}

# A text column reads strings and ObjectIds, of which only the latter divide it
run_python(<<'PY', $direct);
import sys, pymongo
from bson import *
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
kinds = (lambda n: ObjectId("%024x" % (n * 7919)), lambda n: "%024x" % (n * 104729), lambda n: "n%05d" % n, lambda n: n / 4, lambda n: "", lambda n: [str(n)], lambda n: None)
client.shop.ids.insert_many([{"_id": kinds[n % 4](n), "s": kinds[n % 7](n), "hex": "%024x" % (n * 31)} for n in range(700)])
PY
is(session(<<"SQL"), '', 'ObjectIds and strings');
CREATE FOREIGN TABLE ids (id text OPTIONS (field '_id') COLLATE "C", s text COLLATE "C", hex varchar COLLATE "C") SERVER parallel OPTIONS (database 'shop', on_mismatch 'null');
ANALYZE ids;
UPDATE pg_class SET reltuples = 1e7 WHERE relname = 'ids';
SQL
like(session('EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM ids'), qr/MongoDB Slices: \d+ by _id$/m, 'slices end at ObjectIds');
for my $column (qw(id s hex))
{
	my $ranges = join '; ', map { "SELECT count(*), count(s), min(hex) FROM ids WHERE $_" } 'true', "$column <= 'z'", "$column >= '0'", "$column > '000000000000000000100000'", "$column < '000000000000000000200000'", "$column BETWEEN '000000000000000000050000' AND 'n00300'";
	is(session($ranges), session("SET max_parallel_workers_per_gather = 0; $ranges"), "ranges of $column");
}

sub workers { return session("SELECT count(*) FROM pg_stat_activity WHERE datname = 'ad_parallel' AND backend_type = 'parallel worker'") }
sub ended
{
	my ($what) = @_;
	ok(wait_until { workers() eq '0' }, "$what: no worker is left over");
	ok(wait_until { fault('open') eq '0' }, "$what: nor a connection");
}

# What ends one ends all
my %ends = (
	cancel => [ 'SELECT pg_cancel_backend(%d)', qr/ERROR:  57014: canceling statement due to user request/ ],
	statement_timeout => [ undef, qr/ERROR:  57014: canceling statement due to statement timeout/ ],
	terminate => [ 'SELECT pg_terminate_backend(%d)', qr/FATAL:  57P01: terminating connection due to administrator command/ ],
	'the end of a worker' =>
	  [ "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE leader_pid = %d LIMIT 1", qr/FATAL:  57P01: terminating .*parallel worker.*|ERROR:  57P01: terminating .*/ ],
);
for my $kind (sort keys %queries)
{
	for my $end (sort keys %ends)
	{
		my ($statement, $message) = @{ $ends{$end} };
		fault('pass');
		my $session = background('\echo ready');
		$session->{handle}->pump until $session->{out} =~ /ready\n/;
		fault('mute 0');
		$session->{in} .= "SET statement_timeout = '1s';\n" if $end eq 'statement_timeout';
		$session->{in} .= "$queries{$kind}[0];\n";
		$session->{handle}->pump_nb;
		if ($statement)
		{
			ok(wait_until { $session->{handle}->pump_nb; workers() eq '2' }, "$kind, $end: there are workers");
			session(sprintf $statement, $session->{pid});
		}
		my $start = time;
		while ($session->{out} !~ /(?:ERROR|FATAL): / && time - $start < 20)
		{
			$session->{handle}->pump_nb;
			sleep 0.01;
		}
		like($session->{out}, $message, "$kind, $end: it ends");
		ok(wait_until { workers() eq '0' }, "$kind, $end: with its workers");
		fault('pass');
		if ($end ne 'terminate')
		{
			$session->{out} = '';
			$session->{in} .= "ROLLBACK; RESET statement_timeout; $queries{groups}[0];\n";
			$session->{handle}->pump until $session->{out} =~ /^(?:\d+\|.*|ERROR.*)\n/m;
			like($session->{out}, qr/^\Q$queries{groups}[1]\E$/m, "$kind, $end: the session goes on");
		}
		$session->{handle}->kill_kill;
	}
	ended($kind);
}

# An error in one process is an error of the statement
like(session("SELECT count(*) FROM items WHERE 1 / (n - 4000) < 5"), qr/^ERROR:  22012: division by zero/, 'an error');
ended('an error');
is(session('SELECT count(*) FROM (SELECT filler FROM items LIMIT 10) s'), '10', 'a limit');
ended('a limit');

# Each process has its own connection, so the fault is in any of them
for my $kind (sort keys %queries)
{
	for my $fault (qw(cut reset))
	{
		my (%seen, @wrong);
		for my $i (0 .. 15)
		{
			fault("$fault " . int(2.2**$i * 3));
			my $answer = session("SET statement_timeout = '60s'; $queries{$kind}[0]");
			my $state = $answer =~ /ERROR:  (\w{5})/ ? $1 : 'an answer';
			$seen{$state}++;
			push @wrong, "$i: $answer" if $state eq '57014' || $state eq 'an answer' && $answer ne $queries{$kind}[1];
		}
		is(join("\n", @wrong), '', "$kind, $fault anywhere: an error, or all of it");
		diag(join ', ', "$kind, $fault:", map { "$_ $seen{$_}" } sort keys %seen);
	}
}
fault('pass');

# Documents come and go while they are read: those that stay are read once
my $writer = fork() // die "fork: $!\n";
if ($writer == 0)
{
	exec $ENV{PYTHON}, '-c', <<'PY', $direct or die "python: $!\n";
import sys, pymongo
items = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).shop.items
while True:
    items.insert_many([{"_id": n, "n": -1, "filler": "y" * 500} for n in range(10000, 10300)])
    items.delete_many({"_id": {"$gte": 10000}})
PY
}
my @answers = map { session('SELECT count(*), count(DISTINCT id) FROM (SELECT id, length(filler) AS l FROM items) s WHERE id < 10000 AND l > 0') } 1 .. 5;
kill 'KILL', $writer;
waitpid $writer, 0;
is(join(' ', @answers), join(' ', ("$documents|$documents") x 5), 'while others write');

# The time that a statement has left is told to MongoDB by the workers, too
is(session("SET statement_timeout = '60s'; $queries{rows}[0]"), $queries{rows}[1], 'a timeout that is not reached');
done_testing();
