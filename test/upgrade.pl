# A cluster goes to a newer PostgreSQL by pg_upgrade: servers, user mappings, tables, views
# and API keys are there, and read and count the same.  The row upgrade of scripts/matrix
# runs this file, because it needs two PostgreSQLs; OLD_BINDIR is where the older one is.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Moved;
use Test::More;

my $old_bin = $ENV{OLD_BINDIR} or BAIL_OUT('OLD_BINDIR is not set: run scripts/matrix upgrade');
chomp(my $new_bin = `$ENV{PG_CONFIG} --bindir`);
my $folder = "$ENV{TMPDIR}/upgrade";
mkdir $folder;

my ($old, $new) = ("$folder/old", "$folder/new");
make_cluster($old_bin, $old);
my $where = start_cluster($old_bin, $old);
run_or_die('psql', '-d', "${where}postgres", '-c', 'CREATE DATABASE calls');
run_or_die('psql', '-d', "${where}calls", '-c', 'CREATE EXTENSION admin_dashboard');
make_objects("${where}calls");
like(session("SELECT admin_dashboard_keep('crm.calls')", undef, "${where}calls"), qr/^\d+$/, 'sums are kept');
my $before = state_of("${where}calls");
my ($old_version) = session('SELECT admin_dashboard_version()', undef, "${where}calls") =~ /PostgreSQL (\d+)/;
like($before, qr/^ann\@example\.com\|/m, 'there is something to compare');
unlike($before, qr/ERROR/, 'and nothing failed');
stop_cluster($old_bin, $old);

# while PostgreSQL is away, a call comes and another one ends
sub change
{
	my ($change) = @_;
	run_python('import sys, pymongo; from datetime import datetime; calls = pymongo.MongoClient(sys.argv[1]).ad_test.calls; ' . $change, $ENV{AD_TEST_MONGODB_URI});
}
change('calls.insert_one({"_id": "new", "created_by_email": "new@example.com", "created_at": datetime(2026, 3, 9), "duration_minutes": 7})');

make_cluster($new_bin, $new);
chdir $folder;
run_or_die("$new_bin/pg_upgrade", '-b', $old_bin, '-B', $new_bin, '-d', $old, '-D', $new, '-U', 'postgres', '-s', $folder);
start_cluster($new_bin, $new);
my ($new_version) = session('SELECT admin_dashboard_version()', undef, "${where}calls") =~ /PostgreSQL (\d+)/;
cmp_ok($new_version, '>', $old_version, "from PostgreSQL $old_version to $new_version");
my $asked = session("SET client_min_messages = log; SET admin_dashboard.log_remote = on; SELECT admin_dashboard('2026-03-01', '2026-03-31', 'new\@example.com')", undef, "${where}calls");
like($asked, qr/"total_calls": 1, /, 'the change is there');
unlike($asked, qr/query of MongoDB/, 'and the sums know it');
is(session("SELECT count(*) FROM admin_dashboard_keep_check('crm.calls') WHERE NOT ok", undef, "${where}calls"), '0', 'they are true');
change('calls.delete_one({"_id": "new"})');
is(state_of("${where}calls"), $before, 'all is the same');
like(session("SELECT admin_dashboard.create_api_key('new')", undef, "${where}calls"), qr/^adk_/, 'and keys can be made');
stop_cluster($new_bin, $new);
done_testing();
