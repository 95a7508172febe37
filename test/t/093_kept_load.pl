# Loads in parts: what was committed is not read again after the load has been ended, and
# the sums are the same.

use strict;
use warnings;
use lib 'test/lib';
use IPC::Run;
use Servers;
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

make_database('ad_kept_load');
start_server('--oplog-max-entries', '1000');

# An _id of each type, in the order of MongoDB's and not
python_with_calls(<<'PY');
from bson.decimal128 import Decimal128
ids = ['b', 7, None, {'a': 1}, 2.5, Decimal128('7.5'), {'a': 'x'}, ObjectId(), float('nan'), 'a', Int64(2**53 + 1), b'xy', b'x', Binary(b'z', 5),
	False, True, datetime(1960, 1, 1), datetime(2026, 1, 1), Timestamp(5, 1), MaxKey(), float('-inf'), -3, {}, '', MinKey(), 'x' * 5000]
calls.insert_many([{'_id': x, 'created_by_email': 'u%d' % (n % 3), 'created_at': datetime(2026, 1, 1 + n), 'duration_minutes': n / 4} for n, x in enumerate(ids)])
PY
my $uri = 'mongodb://127.0.0.1:' . server_port() . '/?directConnection=true';
is(session(<<"SQL"), '', 'tables');
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri');
CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'kept');
CREATE VIEW live AS SELECT * FROM calls;
SQL

my $ask = "SELECT admin_dashboard('2026-01-02 03:04:05', '2026-03-27')";
sub live { return session("SET admin_dashboard.calls_table = live; $ask") }

# the answer, and how often MongoDB was asked by queries
sub kept
{
	my $said = session("SET client_min_messages = log; SET admin_dashboard.log_remote = on; SET admin_dashboard.calls_table = calls; $ask");
	my $asked = ($said =~ s/^LOG:  00000: query of MongoDB server .*\n//mg) || 0;
	return ($said, $asked);
}
my $documents = "SELECT coalesce(max(documents), 0) FROM admin_dashboard.kept_source WHERE loading IS NOT NULL";

# What is refused
like(session("BEGIN; CALL admin_dashboard_load('calls')"), qr/^ERROR:  25001: admin_dashboard_load\(\) cannot run inside a transaction block\nHINT:  It commits several times\. Use admin_dashboard_keep\(\) to load in one transaction\.$/, 'a transaction block');
like(session("CALL admin_dashboard_load('calls', part_size => 0)"), qr/^ERROR:  22023: part_size must be at least 1$/, 'parts of nothing');
like(session('CALL admin_dashboard_load(NULL)'), qr/^ERROR:  22004: relation must not be null$/, 'null');
like(session("SET default_transaction_isolation = serializable; CALL admin_dashboard_load('calls')"), qr/^ERROR:  25001: admin_dashboard_load\(\) cannot run in a transaction with isolation level serializable$/m, 'one snapshot for all');
like(session("CREATE ROLE regress_load; SET ROLE regress_load; CALL admin_dashboard_load('calls')"), qr/^ERROR:  42501: permission denied for procedure admin_dashboard_load$/, 'a role without the right');
session('DROP ROLE regress_load');

# Parts of all sizes
for my $size (1, 2, 7, 25, 26, 27, 100000)
{
	is(session("CALL admin_dashboard_load('calls', part_size => $size); SELECT calls, lost IS NULL FROM admin_dashboard_kept()"), '26|t', "parts of $size");
	is_deeply([ kept() ], [ live(), 0 ], 'answer');
}
is(session("DO \$\$ BEGIN CALL admin_dashboard_load('calls', part_size => 9); END \$\$; SELECT calls FROM admin_dashboard_kept()"), '26', 'from PL/pgSQL');
is(session("SELECT admin_dashboard_forget('calls'); SELECT count(*) FROM admin_dashboard.kept_call"), "t\n0", 'forgotten');

# As many as two batches have
python_with_calls("client.kept.even.insert_many([{'_id': n, 'created_at': datetime(2026, 2, 1)} for n in range(10000)])");
is(session("CREATE FOREIGN TABLE even (created_by_email text, created_at timestamptz, duration_minutes float8) SERVER mongodb OPTIONS (database 'kept'); CALL admin_dashboard_load('even'); SELECT calls FROM admin_dashboard_kept(); SELECT admin_dashboard_forget('even')"), "10000\nt", 'all of them');

# A load that is ended while others write
python_with_calls("calls.insert_many([{'_id': n, 'created_by_email': 'v%d' % (n % 50), 'created_at': datetime(2026, 2, 1 + n % 28), 'duration_minutes': n / 8} for n in range(10000, 12000)])");

# A load that has begun, in a session of its own
sub begin_load
{
	my ($part_size, $out) = @_;
	return IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', 'ad_kept_load', '-c', "CALL admin_dashboard_load('calls', part_size => $part_size)" ], '<', \undef, '>', $out, '2>&1');
}

# begin to load, wait until so many documents have been committed, and end the backend
sub end_load
{
	my ($least) = @_;
	my $handle = begin_load(5, \my $out);
	wait_until { session($documents) >= $least };
	session("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL %'");
	$handle->finish;
	return session($documents);
}
my $first = end_load(20);
ok($first >= 20 && $first < 2026, 'a load is ended');
like(session('SELECT relation, calls, lost FROM admin_dashboard_kept()'), qr/^calls\|0\|Its load is not complete: it has read $first documents\.$/, 'and listed');
is_deeply([ kept() ], [ live(), 1 ], 'the dashboard reads MongoDB');
python_with_calls("calls.update_many({'_id': {'\$mod': [7, 3]}}, {'\$set': {'duration_minutes': 3.5}}); calls.delete_many({'_id': {'\$mod': [11, 3]}}); calls.delete_one({'_id': None})");
my $second = end_load($first + 50);
python_with_calls("calls.insert_many([{'_id': n, 'created_by_email': 'w', 'created_at': datetime(2026, 3, 3)} for n in range(9000, 9100)]); calls.update_one({'_id': MinKey()}, {'\$set': {'duration_minutes': 8.25}})");
my $said = session("SET client_min_messages = log; SET admin_dashboard.log_remote = on; CALL admin_dashboard_load('calls')");
like($said, qr/^NOTICE:  00000: the load of foreign table "calls" goes on after $second documents$/m, 'it goes on');
is_deeply([ kept() ], [ live(), 0 ], 'and the sums are those of MongoDB');
is(session('SELECT calls FROM admin_dashboard_kept()'), python_with_calls('print(calls.count_documents({}))'), 'with all calls');
is(session($documents), '0', 'no load is left');

# Two at once
my @handles = map { begin_load(150, \my $out) } 1 .. 2;
ok($_->finish, 'a load beside another') for @handles;
is_deeply([ kept() ], [ live(), 0 ], 'the same sums');
is(session('SELECT count(*) FROM admin_dashboard.kept_source'), '1', 'once');

# A load that waits for another one has not locked its source, which the other may delete
my $other = background('');
my $waiting = begin_load(50, \my $waited);
wait_until { session($documents) >= 50 };
go_on($other, 'BEGIN; LOCK TABLE admin_dashboard.kept_user IN SHARE UPDATE EXCLUSIVE MODE');
wait_until { session("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CALL %' AND wait_event_type = 'Lock'") eq '1' };
unlike(go_on($other, 'SELECT id FROM admin_dashboard.kept_source FOR UPDATE NOWAIT; COMMIT'), qr/ERROR/, 'no deadlock');
ok($waiting->finish, 'and the load goes on');

# What begins anew: another definition, changes that are gone, another collection
end_load(20);
is_deeply([ kept() ], [ live(), 0 ], 'the old sums are used until a load is complete');
session("ALTER FOREIGN TABLE calls ALTER duration_minutes OPTIONS (ADD on_mismatch 'null')");
is(session("CALL admin_dashboard_load('calls')"), '', 'another definition');
is_deeply([ kept() ], [ live(), 0 ], 'the sums of it');
end_load(20);
python_with_calls("for _ in range(4): client.kept.noise.insert_many([{} for _ in range(500)])");
is(session("CALL admin_dashboard_load('calls')"), '', 'changes that MongoDB no longer has');
is_deeply([ kept() ], [ live(), 0 ], 'are not needed');
end_load(20);
python_with_calls("calls.drop(); calls.insert_one({'created_by_email': 'u', 'created_at': datetime(2026, 3, 1)})");
is(session("CALL admin_dashboard_load('calls')"), '', 'another collection');
is_deeply([ kept() ], [ live(), 0 ], 'the sums of it');
is(session('SELECT count(*), count(DISTINCT source) FROM admin_dashboard.kept_call'), '1|1', 'and nothing is left of others');

# The end of a load that is not complete
python_with_calls("calls.insert_many([{'_id': n, 'created_at': datetime(2026, 2, 1)} for n in range(2000)])");
session("SELECT admin_dashboard_forget('calls')");
end_load(20);
is(session("SELECT admin_dashboard_forget('calls'); SELECT count(*) FROM admin_dashboard.kept_call"), "t\n0", 'it can be forgotten');
my $handle = begin_load(1, \my $out);
wait_until { session($documents) >= 5 };
session("ALTER FOREIGN TABLE calls ALTER duration_minutes OPTIONS (DROP on_mismatch)");
$handle->finish;
like($out, qr/^ERROR:  55000: the definition of foreign table "calls" or its user mapping has changed while it was loaded$/m, 'a table that changes');
$handle = begin_load(1, \$out);
wait_until { session($documents) >= 5 };
session('CREATE USER MAPPING FOR CURRENT_USER SERVER mongodb');
$handle->finish;
like($out, qr/^ERROR:  55000: the definition of foreign table "calls" or its user mapping has changed while it was loaded$/m, 'or its user mapping');
session('DROP USER MAPPING FOR CURRENT_USER SERVER mongodb');
end_load(20);
session("SELECT admin_dashboard_keep('calls')");
is_deeply([ kept() ], [ live(), 0 ], 'a load at once takes the place of one in parts');
is(session('SELECT count(*), count(DISTINCT source) FROM admin_dashboard.kept_call'), '2001|1', 'of which nothing is left');
end_load(20);
session('DROP VIEW live; DROP FOREIGN TABLE calls');
is(session("CREATE FOREIGN TABLE calls () SERVER mongodb; SELECT admin_dashboard_forget('calls'); SELECT count(*) FROM admin_dashboard.kept_call"), "f\n0", 'nor of a table that was dropped');
done_testing();
