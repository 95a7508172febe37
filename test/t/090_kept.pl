# Kept sums: what is refused before anything is made, who may use them, and what happens
# when they can no longer be true.

use strict;
use warnings;
use lib 'test/lib';
use IPC::Run;
use Servers;
use Test::More;

# The figures of days, and of weeks, for one of the users, and so on
my @reports = map { my $unit = $_; map { "SELECT string_agg(d::text, ' ' ORDER BY day) FROM admin_dashboard_days('2026-01-02 03:04:05', '2026-01-27 01:02:03', $_, unit => '$unit') d" } 'NULL', "'u1'", "'nobody'" } qw(hour day week month);

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

make_database('ad_kept');
start_server('--oplog-max-entries', '200');

python_with_calls(<<'PY');
calls.insert_many([{"_id": n, "created_by_email": "u%d" % (n % 3), "created_at": datetime(2026, 1, 1 + n % 28, n % 24, n % 60), "duration_minutes": n / 4} for n in range(100)])
PY
# Tables over collections of the same names, or with options
my %others = (map({ $_ => '' } qw(seen capped series missing)), avoiding => ", collection 'calls', avoid '\$dateTrunc'", parent => ", collection 'calls'");
my $others = join "\n", map { "CREATE FOREIGN TABLE $_ (created_by_email text, created_at timestamptz, duration_minutes double precision) SERVER mongodb OPTIONS (database 'kept'$others{$_});" } sort keys %others;
my $uri = 'mongodb://127.0.0.1:' . server_port() . '/?directConnection=true';
is(session(<<"SQL"), '', 'tables');
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_kept_a, regress_kept_b;
CREATE ROLE regress_kept_a;
CREATE ROLE regress_kept_b;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri');
CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'kept');
CREATE FOREIGN TABLE other (created_by_email text, created_at date, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'kept', collection 'calls');
CREATE FOREIGN TABLE decimals (created_by_email text, created_at timestamptz, duration_minutes numeric)
	SERVER mongodb OPTIONS (database 'kept', collection 'calls');
CREATE TABLE local (created_by_email text, created_at timestamptz, duration_minutes double precision);
CREATE VIEW live AS SELECT * FROM calls;
CREATE FOREIGN TABLE whole (created_by_email text, created_at timestamptz, duration_minutes bigint)
	SERVER mongodb OPTIONS (database 'kept');
$others
CREATE TABLE child () INHERITS (parent);
GRANT SELECT ON calls TO regress_kept_a, regress_kept_b;
SQL

# How often MongoDB was asked by queries, and the answer
my $ask = <<'SQL';
SET client_min_messages = log;
SET admin_dashboard.calls_table = calls;
SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03');
SQL

sub answer
{
	my ($sql, $where) = @_;
	my $said = session(($sql // '') . "\n$ask", undef, $where);
	my $live = ($said =~ s/^LOG:  00000: query of MongoDB server .*\n//mg) ? 'live' : 'kept';
	$said =~ s/^CONTEXT: .*\n//mg;
	return "$live $said";
}
my $true = session("SET admin_dashboard.calls_table = live; SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03')");

# What is refused
like(session("SELECT admin_dashboard_keep('other')"), qr/^ERROR:  0A000: sums of foreign table "other" cannot be kept\nDETAIL:  Column "created_at" is of type date, and must be timestamptz\.$/, 'a column of another type');
like(session("SELECT admin_dashboard_keep('decimals')"), qr/^ERROR:  0A000: .*must be double precision or an integer\.$/ms, 'minutes of another type');
like(session("SELECT admin_dashboard_keep('local')"), qr/^ERROR:  42809: "local" is not a foreign table of admin_dashboard_fdw$/, 'a local table');
like(session("SELECT admin_dashboard_keep(NULL)"), qr/^ERROR:  22004: relation must not be null$/, 'null');
like(session("SET default_transaction_read_only = on; SELECT admin_dashboard_keep('calls')"), qr/^ERROR:  25006: cannot execute admin_dashboard_keep\(\) in a read-only transaction$/, 'a read-only transaction');
like(session("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT admin_dashboard_keep('calls')"), qr/^ERROR:  25001: admin_dashboard_keep\(\) cannot run in a transaction with isolation level repeatable read\n/, 'one snapshot for all');
like(session("SET ROLE regress_kept_a; SELECT admin_dashboard_keep('calls')"), qr/^ERROR:  42501: permission denied for function admin_dashboard_keep$/, 'a role without the right');
like(session("GRANT EXECUTE ON FUNCTION admin_dashboard_keep TO regress_kept_a; SET ROLE regress_kept_a; SELECT admin_dashboard_keep('other')"), qr/^ERROR:  42501: permission denied for foreign table other$/, 'a table that the role may not read');
like(session("SET ROLE regress_kept_a; SELECT admin_dashboard_keep('calls', 'regress_kept_b')"), qr/^ERROR:  42501: permission denied to use the user mapping of role "regress_kept_b"$/, "another role's mapping");
like(session("SELECT admin_dashboard_refresh('calls')"), qr/^ERROR:  55000: sums of foreign table "calls" are not kept\nHINT:  Use admin_dashboard_keep\(\) first\.$/, 'a refresh of nothing');
like(session("SET ROLE regress_kept_a; SELECT * FROM admin_dashboard.kept_call"), qr/^ERROR:  42501: permission denied for schema admin_dashboard$/m, 'the tables are closed');
python_with_calls("client.kept.command({'create': 'seen', 'viewOn': 'calls', 'pipeline': []}); client.kept.create_collection('capped', capped=True, size=100000)\n"
	  . "client.kept.command({'create': 'series', 'timeseries': {'timeField': 'created_at'}})");
like(session("SELECT admin_dashboard_keep('seen')"), qr/^ERROR:  0A000: sums of foreign table "seen" cannot be kept\nDETAIL:  Its collection is a view or a time series collection, which has no changes\.$/, 'a view of MongoDB');
like(session("SELECT admin_dashboard_keep('series')"), qr/^ERROR:  0A000: .*\nDETAIL:  Its collection is a view or a time series/, 'a time series collection');
like(session("SELECT admin_dashboard_keep('capped')"), qr/^ERROR:  0A000: .*\nDETAIL:  Its collection is capped: MongoDB does not tell which documents it removes\.$/, 'a capped collection');
like(session("SELECT admin_dashboard_keep('missing')"), qr/^ERROR:  0A000: .*\nDETAIL:  Its collection does not exist\.$/, 'no collection');
like(session("SELECT admin_dashboard_keep('avoiding')"), qr/^ERROR:  0A000: .*\nDETAIL:  Its option avoid decides what MongoDB may compute\.$/, 'the option avoid');
like(session("SELECT admin_dashboard_keep('parent')"), qr/^ERROR:  0A000: .*\nDETAIL:  Other tables inherit from it\.$/, 'a table with children');
my @ports = start_members('127.0.0.1', server_port(), 1);
session("CREATE SERVER member FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$ports[0]/?directConnection=true');
CREATE FOREIGN TABLE sharded (created_by_email text, created_at timestamptz, duration_minutes double precision) SERVER member OPTIONS (database 'kept', collection 'calls')");
member('hello 0 {"msg": "isdbgrid"}');
session("ALTER SERVER member OPTIONS (SET uri 'mongodb://127.0.0.1:$ports[0]/')");
like(session("SELECT admin_dashboard_keep('sharded')"), qr/^ERROR:  0A000: sums of foreign table "sharded" cannot be kept\nDETAIL:  Its MongoDB server is a sharded cluster\.$/, 'a sharded cluster');
is(session('SELECT count(*) FROM admin_dashboard.kept_source'), '0', 'nothing was made');
like(session("SELECT * FROM admin_dashboard_keep_check('calls')"), qr/^ERROR:  55000: sums of foreign table "calls" are not kept\n/, 'there is nothing to check');
is(answer(), "live $true", 'and answers are live');

# Kept, and used
is(session("SELECT admin_dashboard_keep('calls')"), '100', 'the number of calls');
like(session('SELECT relation, calls, users, lost IS NULL FROM admin_dashboard_kept()'), qr/^calls\|100\|3\|t$/, 'the list');
is(session('CREATE ROLE regress_kept_c; SET ROLE regress_kept_c; SELECT count(*) FROM admin_dashboard_kept(); RESET ROLE; DROP ROLE regress_kept_c'), '0', 'is of tables that one may read');
is(answer(), "kept $true", 'answers come from the sums');
is(answer('SET ROLE regress_kept_b;'), "kept $true", 'for any role without another mapping');
is(answer('BEGIN READ ONLY;'), "kept $true", 'in a read-only transaction');
is(answer('BEGIN ISOLATION LEVEL REPEATABLE READ;'), "kept $true", 'and in one with a single snapshot');
is(answer('SET admin_dashboard.enable_aggregate_pushdown = off;') =~ /^(\w+)/ && $1, 'live', 'not without pushdown');
session("ALTER SERVER mongodb OPTIONS (ADD snapshot 'transaction')");
is(answer('BEGIN ISOLATION LEVEL REPEATABLE READ;') =~ /^(\w+)/ && $1, 'live', 'nor where a transaction sees one state of MongoDB');
is(answer('BEGIN;'), "kept $true", 'as others do not');
session("ALTER SERVER mongodb OPTIONS (DROP snapshot)");

# A role that may read the three columns
session('CREATE ROLE regress_kept_c; GRANT SELECT (created_by_email, created_at, duration_minutes) ON calls TO regress_kept_c');
is(answer('SET ROLE regress_kept_c;'), "kept $true", 'the columns suffice');
is(session("SET ROLE regress_kept_c; SELECT admin_dashboard_refresh('calls'); SELECT calls FROM admin_dashboard_kept(); SELECT ok FROM admin_dashboard_keep_check('calls')"), "0\n100\nt", 'for the other functions, too');
like(session("REVOKE SELECT (created_at) ON calls FROM regress_kept_c; SET ROLE regress_kept_c; SELECT count(*) FROM admin_dashboard_kept(); SELECT admin_dashboard_refresh('calls')"), qr/^0\nERROR:  42501: permission denied for foreign table calls$/, 'two of them do not');
session('DROP OWNED BY regress_kept_c; DROP ROLE regress_kept_c');

# Checks
my $check = "SELECT start_date, end_date, kept = live, ok FROM admin_dashboard_keep_check('calls')";
is(session($check), '2026-01-01 00:00:00+00|2026-01-31 23:59:59.999999+00|t|t', 'a check by months');

# what becomes of the check if the tables were changed by hand, without a word to MongoDB
sub checked { return session("BEGIN; $_[0]; $check; ROLLBACK") }
my $month = '2026-01-01 00:00:00+00|2026-01-31 23:59:59.999999+00';
is(checked('DELETE FROM admin_dashboard.kept_sum'), "$month|f|f", 'sums that are missing');
is(checked("DELETE FROM admin_dashboard.kept_sum WHERE unit = 'h' AND start = '2026-01-05 04:00Z'"), "$month|t|f", 'the sum of an hour');
is(checked('DELETE FROM admin_dashboard.kept_call WHERE ctid IN (SELECT ctid FROM admin_dashboard.kept_call LIMIT 1)'), "$month|t|f", 'a call');
is(checked('UPDATE admin_dashboard.kept_call SET user_id = 3 - user_id WHERE user_id IN (1, 2)'), "$month|t|f", 'users that were confused');
is(checked("UPDATE admin_dashboard.kept_user_sum SET minutes = minutes + CASE user_id WHEN 1 THEN 1 ELSE -1 END WHERE user_id < 3 AND unit = 'm'"), "$month|t|f", 'and their sums');
is(checked("UPDATE admin_dashboard.kept_sum SET users = '\\x06' WHERE unit = 'd' AND start = '2026-01-05'"), "$month|t|t", 'the set of users of a day, whose month has them');
is(checked("UPDATE admin_dashboard.kept_sum SET users = '\\x06' WHERE unit = 'm'"), "$month|f|f", 'the set of users of a month');
is(checked('DELETE FROM admin_dashboard.kept_sum; DELETE FROM admin_dashboard.kept_user_sum; DELETE FROM admin_dashboard.kept_call'), '0001-01-01 00:00:00+00|9999-12-31 23:59:59.998999+00|f|f', 'everything');

# Days
my $days = join "\n", @reports;
sub days
{
	my ($table, $sql) = @_;
	my $said = session("$sql SET client_min_messages = log; SET admin_dashboard.log_remote = on; SET admin_dashboard.calls_table = $table;\n" . join ";\n", @reports);
	my $asked = () = $said =~ /^LOG:  00000: query of MongoDB server /mg;
	$said =~ s/^(?:LOG|CONTEXT): .*\n//mg;
	return ($asked, $said);
}
my ($asked, $kept_days) = days('calls', '');
my ($asked_live, $live_days) = days('live', '');
is($kept_days, $live_days, 'days from the sums and from MongoDB are the same');
is($asked, 2, 'MongoDB is asked for the hours of a user only');
is($asked_live, 12, 'and for all without sums');
is((days('calls', 'SET admin_dashboard.enable_aggregate_pushdown = off;'))[1], $live_days, 'and so without pushdown');
like(session("SET admin_dashboard.log_remote = on; SET client_min_messages = log; SELECT count(*) FROM admin_dashboard_days('2026-01-02', '2026-01-09', time_zone => 'Europe/Berlin')"), qr/^LOG: .*^8$/ms, 'not in another time zone');
like(session("SELECT count(*) FROM admin_dashboard_days('1900-01-02', '2026-01-09')"), qr/^ERROR:  54000: the range has more than 10000 times the unit "day"/, 'too many of them');

# Another mapping
session("CREATE USER MAPPING FOR CURRENT_USER SERVER mongodb; SELECT admin_dashboard_keep('calls')");
is(answer(), "kept $true", 'kept with a user mapping');
is(answer('ALTER USER MAPPING FOR CURRENT_USER SERVER mongodb OPTIONS (ADD auth_source $$other$$);'), "live $true", 'which changes');
session("DROP USER MAPPING FOR CURRENT_USER SERVER mongodb; SELECT admin_dashboard_keep('calls')");
session("CREATE USER MAPPING FOR regress_kept_b SERVER mongodb");
is(answer('SET ROLE regress_kept_b;'), "live $true", 'a role with another mapping reads MongoDB');
like(session("SET ROLE regress_kept_b; SELECT admin_dashboard_refresh('calls')"), qr/^ERROR:  42501: sums of foreign table "calls" are kept with another user mapping$/, 'and cannot refresh');
session("DROP USER MAPPING FOR regress_kept_b SERVER mongodb");

# Changes
python_with_calls("calls.update_one({'_id': 5}, {'\$set': {'duration_minutes': 1000.25}}); calls.delete_one({'_id': 7}); calls.insert_one({'_id': 'new', 'created_by_email': 'u9', 'created_at': datetime(2026, 1, 5)})");
my $stale = $true;
$true = session("SET admin_dashboard.calls_table = live; SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03')");
isnt($true, $stale, 'other calls');
is(answer('SET admin_dashboard.refresh = off;'), "kept $stale", 'without a refresh the answer is as it was');
is(answer('BEGIN READ ONLY;'), "kept $true", 'a read-only transaction adds the changes to its answer');
is(answer('BEGIN ISOLATION LEVEL REPEATABLE READ;'), "kept $true", 'as does one with a single snapshot');
is(answer('BEGIN ISOLATION LEVEL SERIALIZABLE;'), "kept $true", 'or a serializable one');
my $parallel = session(<<"SQL");
CREATE TABLE wide AS SELECT g FROM generate_series(1, 20000) g;
ANALYZE wide;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET admin_dashboard.calls_table = calls;
SET admin_dashboard.log_remote = on; SET client_min_messages = log;
EXPLAIN (COSTS OFF) SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03') FROM wide WHERE g = 1;
SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03') FROM wide WHERE g = 1;
SQL
like($parallel, qr/Gather.*\n\Q$true\E$/s, 'one whose query is parallel');
unlike($parallel, qr/^LOG: /m, 'too');
my $holder = background('');
go_on($holder, "BEGIN; SELECT FROM admin_dashboard.kept_source FOR UPDATE");
is(answer(), "kept $true", 'and one while an idle transaction has locked the source');
go_on($holder, 'ROLLBACK');
my $users = join ";\n", map { "SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03', '$_')" } qw(u0 u1 u2 u9 nobody);
is(session("BEGIN READ ONLY; $users"), session("SET admin_dashboard.calls_table = live; $users"), 'the same of users');
is(session("BEGIN; SELECT admin_dashboard_refresh('calls'); ROLLBACK"), '3', 'a refresh that is rolled back');
is(session("SELECT admin_dashboard_refresh('calls'); SELECT admin_dashboard_refresh('calls')"), "3\n0", 'and once more');
is(session('SELECT users FROM admin_dashboard_kept()'), '4', 'one more user');
is(answer(), "kept $true", 'each change counts once');

# The plans of answers and of a refresh over a hundred million calls, as the planner believes.
# PostgreSQL 16 from PyPI, a row of scripts/matrix, has no auto_explain to show them.
SKIP:
{
	skip 'there is no auto_explain', 2 if session("LOAD 'auto_explain'") ne '';
	my $plans = session(<<'SQL');
BEGIN;
UPDATE pg_class SET reltuples = 1e8, relpages = 1 WHERE oid IN ('admin_dashboard.kept_call'::regclass, 'admin_dashboard.kept_user_sum'::regclass);
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_analyze = on; SET client_min_messages = log;
SET jit_above_cost = 0;
SET admin_dashboard.calls_table = calls;
SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03');
SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03', 'u1');
SELECT * FROM admin_dashboard_days('2026-01-02 03:04:05', '2026-01-27 01:02:03');
SELECT * FROM admin_dashboard_days('2026-01-02 03:04:05', '2026-01-27 01:02:03', 'u1');
SELECT admin_dashboard.kept_apply(id, '{x}', '{u1}', '{2026-01-03}', '{1}', '{f}') FROM admin_dashboard.kept_source WHERE relation = 'calls'::regclass;
ROLLBACK;
SQL
	my @ledger = grep { /kept_call\b/ } split /^LOG: /m, $plans;
	cmp_ok(scalar(@ledger), '>=', 5, 'the ledger is read');
	is(scalar(grep { /Seq Scan on kept_|^JIT:/m } @ledger), 0, 'by an index, and nothing is compiled');
}

# What MongoDB holds for different _ids, and what it holds for the same
python_with_calls(<<'PY');
from bson import Decimal128, Int64
calls.insert_many([{'_id': i, 'created_by_email': 'u8', 'created_at': datetime(2026, 1, 7), 'duration_minutes': 2} for i in (0.1, Decimal128('0.10000000000000001'), b'x' * 100, b'x' * 101, '')])
calls.update_one({'_id': Int64(8)}, {'$set': {'duration_minutes': 77}})
calls.delete_one({'_id': 10.0})
calls.delete_one({'_id': 11})
calls.insert_one({'_id': 11.0, 'created_by_email': 'u8', 'created_at': datetime(2026, 1, 7)})
PY
$true = session("SET admin_dashboard.calls_table = live; SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03')");
is(answer('BEGIN READ ONLY;'), "kept $true", 'numbers of different types');
is(answer(), "kept $true", 'and once they are stored');
python_with_calls("calls.delete_many({'_id': {'\$in': [0.1, b'x' * 100, 11, '']}})");
$true = session("SET admin_dashboard.calls_table = live; SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03')");
is(answer('BEGIN READ ONLY;'), "kept $true", 'deleted, of which one has another type');
is(answer(), "kept $true", 'and once that is stored');
my $kept_calls = session("SELECT calls FROM admin_dashboard_kept()");

# Integers
is(session("ALTER FOREIGN TABLE whole OPTIONS (ADD collection 'whole')"), '', 'a column of integers');
python_with_calls("client.kept.whole.insert_many([{'created_by_email': 'u', 'created_at': datetime(2026, 1, 7), 'duration_minutes': n} for n in (16777215, 16777215, 3)])");
is(session("SELECT admin_dashboard_keep('whole')"), 3, 'is kept');
is(session("SET admin_dashboard.calls_table = whole; SELECT admin_dashboard('2026-01-02', '2026-01-27')"),
	session("CREATE VIEW whole_live AS SELECT * FROM whole; SET admin_dashboard.calls_table = whole_live; SELECT admin_dashboard('2026-01-02', '2026-01-27')"), 'and adds up');
session("SELECT admin_dashboard_forget('whole')");

# A value that fits no sum is the live query's to report
python_with_calls("calls.insert_one({'_id': 'odd', 'created_by_email': 'u9', 'created_at': datetime(2026, 1, 6), 'duration_minutes': float('nan')})");
like(answer(), qr/^live ERROR:  22003: call of 2026-01-06 00:00:00\+00 has the duration NaN\n/, 'NaN');
python_with_calls("calls.update_one({'_id': 'odd'}, {'\$set': {'duration_minutes': 'long'}})");
like(answer(), qr/^live ERROR:  22018: |^live ERROR:  /, 'a mismatch');
is(session("SELECT kept, live, ok FROM admin_dashboard_keep_check('calls')"), '||', 'a check says nothing of that month');
python_with_calls("calls.delete_one({'_id': 'odd'})");
is(answer(), "kept $true", 'and when it is gone, the sums answer again');

# A table gets a child
is(session("CREATE TABLE local_calls () INHERITS (calls); INSERT INTO local_calls VALUES ('u1', '2026-01-07', 3)"), '', 'a child');
like(answer(), qr/^live WARNING:  55000: kept sums of foreign table "calls" cannot be used\nDETAIL:  Other tables inherit from it\.\n.*\n.*"total_calls": (?!@{[ $true =~ m{"total_calls": (\d+)} ]},)/, 'whose calls count, too');
session("DROP TABLE local_calls");
is(answer(), "kept $true", 'no child');

# A new load leaves what is kept in use until it commits
go_on($holder, "BEGIN; SELECT admin_dashboard_keep('calls')");
python_with_calls("calls.update_one({'_id': 9}, {'\$set': {'duration_minutes': 0.25}})");
$true = session("SET admin_dashboard.calls_table = live; SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03')");
is(answer(), "kept $true", 'the old sums answer');
go_on($holder, 'COMMIT');
is(answer(), "kept $true", 'the new ones, too');
is(session("SELECT calls FROM admin_dashboard_kept()"), $kept_calls, 'and nothing is kept twice');

# What ends the truth of sums
session("ALTER FOREIGN TABLE calls ALTER duration_minutes OPTIONS (ADD on_mismatch 'null')");
like(answer(), qr/^live WARNING:  55000: kept sums of foreign table "calls" cannot be used\nDETAIL:  The definition of the table or its server has changed\.\nHINT:  .*\n\Q$true\E$/, 'another definition');
is(session("SELECT relation, lost FROM admin_dashboard_kept()"), 'calls|The definition of the table or its server has changed.', 'is a reason why they are lost');
session("ALTER FOREIGN TABLE calls ALTER duration_minutes OPTIONS (DROP on_mismatch)");
is(session("SELECT lost IS NULL FROM admin_dashboard_kept()"), 't', 'until it is as it was');
is(answer(), "kept $true", 'the old one again');
python_with_calls("calls.update_one({'_id': 9}, {'\$set': {'duration_minutes': 0.5}})\nfor _ in range(5): client.kept.noise.insert_many([{} for _ in range(500)])");
$true = session("SET admin_dashboard.calls_table = live; SELECT admin_dashboard('2026-01-02 03:04:05', '2026-01-27 01:02:03')");
my $lost = qr/^live WARNING:  55000: kept sums of foreign table "calls" cannot be used\nDETAIL:  MongoDB no longer has the changes since the last refresh, at .*\.\nHINT:  The dashboard reads MongoDB instead\. Keep them anew by admin_dashboard_keep\(\)\.\n\Q$true\E$/;
like(answer(), $lost, 'a token that MongoDB has forgotten');
like(answer(), $lost, 'which is remembered');
like(session("SELECT lost FROM admin_dashboard_kept()"), qr/^MongoDB no longer has/, 'and listed');
is(session("SELECT admin_dashboard_keep('calls')"), $kept_calls, 'kept anew');
is(answer(), "kept $true", 'it answers again');
python_with_calls("calls.rename('moved')");
like(answer(), qr/^live WARNING: .*\nDETAIL:  The collection was dropped or renamed\.\n.*\n.*"total_calls": 0/, 'a collection that is renamed');
python_with_calls("client.kept.moved.rename('calls')");
like(answer(), qr/^live WARNING: .*\n.*\n.*\n\Q$true\E$/, 'and back');
is(session("SELECT admin_dashboard_keep('calls')"), $kept_calls, 'kept anew');
python_with_calls("calls.rename('moved'); client.kept.moved.rename('calls')");
like(answer(), qr/^live WARNING: .*\nDETAIL:  The collection (?:was renamed|is not the one that was read, but has its name)\.\n.*\n\Q$true\E$/, 'there and back');
session("SELECT admin_dashboard_keep('calls')");
python_with_calls("calls.drop(); calls.insert_one({'created_at': datetime(2026, 1, 7)})");
like(answer(), qr/^live WARNING: .*\nDETAIL:  The collection is not the one that was read, but has its name\.\n.*\n.*"total_calls": 1,/, 'a collection that is made anew');
is(session("SELECT admin_dashboard_keep('calls')"), 1, 'kept anew');
python_with_calls("calls.drop()");
like(answer(), qr/^live WARNING: .*\nDETAIL:  The collection was dropped or renamed\.\n.*\n.*"total_calls": 0/, 'one that is dropped');
python_with_calls("client.kept.create_collection('calls')");

# The server is gone
is(session("SELECT admin_dashboard_keep('calls')"), '0', 'an empty collection');
stop_server();
like(answer(), qr/^live ERROR:  0800[16]: /, 'no server: the error of the live query');
like(answer('SET admin_dashboard.refresh = off;'), qr/^kept .*"total_calls": 0/, 'without a refresh the sums suffice');
start_server('--oplog-max-entries', '200');

# Who only reads can hold up the end
python_with_calls("calls.insert_one({'created_by_email': 'u', 'created_at': datetime(2026, 1, 7)})");
go_on($holder, "BEGIN; SET LOCAL ROLE regress_kept_a; SELECT admin_dashboard_refresh('calls')");
my $forgetting = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', 'ad_kept', '-c', "SELECT admin_dashboard_forget('calls')" ], '<', \undef, '>', \my $told, '2>&1');
wait_until { $forgetting->pump_nb; ($told // '') =~ /\n/ };
like($told, qr/^NOTICE:  00000: waiting for the transaction of process $holder->{pid}, which has added changes to the kept sums of foreign table "calls"\n/, 'the notice names it');
go_on($holder, 'COMMIT');
$forgetting->finish;
like($told, qr/\nt$/, 'and then it ends');
like(session("SET lock_timeout = '100ms'; SELECT admin_dashboard_keep('calls')"), qr/^1$/, 'kept anew');

# Nobody waits for sums that another session keeps anew or forgets
for my $how ('keep', 'forget')
{
	session("SELECT admin_dashboard_keep('calls')");
	python_with_calls("calls.insert_one({'created_by_email': 'u', 'created_at': datetime(2026, 1, 7)})");
	go_on($holder, "BEGIN; SELECT admin_dashboard_$how('calls')");
	my $refreshing = IPC::Run::start([ 'psql', '-XAtq', '-d', 'ad_kept', '-c', "SET statement_timeout = '30s'", '-c', "SELECT admin_dashboard_refresh('calls')" ],
		'<', \undef, '>', \my $said, '2>&1');
	wait_until
	{
		session("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%_refresh(%' AND clock_timestamp() - query_start > '1 s' AND pid <> pg_backend_pid()") eq '1'
	};
	go_on($holder, 'COMMIT');
	$refreshing->finish;
	like($said, qr/^DETAIL:  The sums were kept anew or forgotten meanwhile\.$/m, "a refresh ends with a $how");
}
session("SELECT admin_dashboard_keep('calls')");

# The end
is(session("SELECT admin_dashboard_forget('calls'); SELECT admin_dashboard_forget('calls')"), "t\nf", 'forgotten');
is(session('SELECT count(*) FROM admin_dashboard.kept_call'), '0', 'nothing is left');
session("SELECT admin_dashboard_keep('calls'); DROP VIEW live; DROP FOREIGN TABLE calls");
is(session('SET ROLE regress_kept_a; SELECT count(*) FROM admin_dashboard_kept()'), '0', 'a table that was dropped is not listed for anybody');
go_on($holder, 'BEGIN; SELECT FROM admin_dashboard.kept_source FOR UPDATE');
is(session("SELECT admin_dashboard_forget('other'); SELECT count(*) FROM admin_dashboard_kept()"), "f\n1", 'and stays while somebody uses it');
go_on($holder, 'ROLLBACK');
is(session("SELECT admin_dashboard_forget('other'); SELECT count(*) FROM admin_dashboard_kept()"), "f\n0", 'but goes with the next');
stop_server();
start_server('--standalone');
like(session("SELECT admin_dashboard_keep('decimals'); ALTER FOREIGN TABLE decimals ALTER duration_minutes TYPE float8; SELECT admin_dashboard_keep('decimals')"), qr/ERROR:  0A000: the MongoDB server of foreign table "decimals" has no change streams\n(?:DETAIL: .*\n)?HINT:  Make it a replica set, which can have a single member\.$/, 'a standalone server');
session('DROP OWNED BY regress_kept_a, regress_kept_b; DROP ROLE regress_kept_a, regress_kept_b');
done_testing();
