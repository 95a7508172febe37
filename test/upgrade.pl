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
my $before = state_of("${where}calls");
my ($old_version) = session('SELECT admin_dashboard_version()', undef, "${where}calls") =~ /PostgreSQL (\d+)/;
like($before, qr/^ann\@example\.com\|/m, 'there is something to compare');
unlike($before, qr/ERROR/, 'and nothing failed');
stop_cluster($old_bin, $old);

make_cluster($new_bin, $new);
chdir $folder;
run_or_die("$new_bin/pg_upgrade", '-b', $old_bin, '-B', $new_bin, '-d', $old, '-D', $new, '-U', 'postgres', '-s', $folder);
start_cluster($new_bin, $new);
my ($new_version) = session('SELECT admin_dashboard_version()', undef, "${where}calls") =~ /PostgreSQL (\d+)/;
cmp_ok($new_version, '>', $old_version, "from PostgreSQL $old_version to $new_version");
is(state_of("${where}calls"), $before, 'all is the same');
like(session("SELECT admin_dashboard.create_api_key('new')", undef, "${where}calls"), qr/^adk_/, 'and keys can be made');
stop_cluster($new_bin, $new);
done_testing();
