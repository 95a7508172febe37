# What a dump or an upgrade must keep: servers, user mappings, tables, views and API
# keys, which the tests make in one cluster and look at in another.

package Moved;

use strict;
use warnings;
use Exporter 'import';
use File::Basename;
use Servers;

our @EXPORT = qw(make_objects state_of make_cluster start_cluster stop_cluster);

my ($kept, $revoked);

# Makes the objects in a database that has the extension; $where is its connection
# string, or undef for that of make_database()
sub make_objects
{
	my ($where) = @_;
	my $secret = make_secret('dumped$ecret');
	my $keys = session(<<"SQL", undef, $where);
CREATE ROLE regress_dump_bi;
CREATE SCHEMA crm;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$ENV{AD_TEST_MONGODB_URI}', fetch_size '77');
CREATE SERVER other FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE USER MAPPING FOR regress_dump_bi SERVER other OPTIONS (user 'bi', password '$secret');
CREATE FOREIGN TABLE crm.calls (
	id text OPTIONS (field '_id') NOT NULL, created_by_email text, created_at timestamptz NOT NULL,
	duration_minutes double precision OPTIONS (on_mismatch 'null'), "odd ""name" text OPTIONS (field 'a\\.b.c')
) SERVER mongodb OPTIONS (database 'ad_test', collection 'calls', enable_sort_pushdown 'false');
CREATE VIEW crm.by_user AS SELECT created_by_email, count(*), sum(duration_minutes) FROM crm.calls GROUP BY 1;
GRANT SELECT ON crm.calls TO regress_dump_bi;
DO \$\$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, crm', current_database()); END \$\$;
SET search_path = public, crm;
SELECT admin_dashboard.create_api_key('kept');
SELECT admin_dashboard.create_api_key('revoked');
SELECT admin_dashboard.revoke_api_key('revoked') > 0;
SQL
	($kept, $revoked) = $keys =~ /^(adk_\S+)\n(adk_\S+)\nt\z/ or die $keys;
	make_secret($_) for $kept, $revoked;
}

# What is compared
sub state_of
{
	my ($where) = @_;
	return session(<<"SQL", undef, $where);
SELECT * FROM crm.by_user ORDER BY 1;
SELECT admin_dashboard('2026-03-01', '2026-03-31');
SELECT admin_dashboard.check_api_key('$kept'), admin_dashboard.check_api_key('$revoked');
SELECT srvname, umuser::regrole, ARRAY(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings ORDER BY 1;
SELECT foreign_server_name, foreign_table_name FROM information_schema.foreign_tables;
SELECT option_name, option_value FROM information_schema.foreign_table_options ORDER BY 1;
SELECT column_name, option_name, option_value FROM information_schema.column_options ORDER BY 1, 2;
SELECT has_table_privilege('regress_dump_bi', 'crm.calls', 'SELECT');
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM crm.calls WHERE created_at > '2026-03-05Z';
SQL
}

# Another cluster, of the PostgreSQL whose programs are in $bin
sub make_cluster
{
	my ($bin, $data) = @_;
	run_or_die("$bin/initdb", '--no-sync', '-D', $data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8');
}

# Starts it on a socket in the folder above; returns its connection string without the
# database
sub start_cluster
{
	my ($bin, $data) = @_;
	my $folder = dirname($data);
	run_or_die("$bin/pg_ctl", '-D', $data, '-l', "$data.log", '-w', '-o',
		"-k $folder -c listen_addresses= -c fsync=off -c timezone=UTC", 'start');
	return "host=$folder dbname=";
}

sub stop_cluster
{
	my ($bin, $data, @options) = @_;
	run_or_die("$bin/pg_ctl", '-D', $data, '-w', @options, 'stop');
}

1;
