# A database goes to another cluster by pg_dump and by pg_dumpall: servers, user
# mappings, tables, views and API keys are there, and read and count the same.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;

plan skip_all => 'scripts/test provides the folders' unless $ENV{TMPDIR} && $ENV{PG_CONFIG};

my $secret = make_secret('dumped$ecret');
make_database('ad_dump');
my $keys = session(<<"SQL");
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
ALTER DATABASE ad_dump SET search_path = public, crm;
SET search_path = public, crm;
SELECT admin_dashboard.create_api_key('kept');
SELECT admin_dashboard.create_api_key('revoked');
SELECT admin_dashboard.revoke_api_key('revoked') > 0;
SQL
my ($kept, $revoked) = $keys =~ /^(adk_\S+)\n(adk_\S+)\nt\z/ or BAIL_OUT($keys);
make_secret($_) for $kept, $revoked;

# what is compared, in a database of that connection string
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
my $before = state_of();
like($before, qr/^ann\@example\.com\|/m, 'there is something to compare');
unlike($before, qr/ERROR/, 'and nothing failed');

# (no call is of the last 30 days)
like(session('SELECT admin_dashboard()'), qr/^NOTICE:  00000: there are no calls of the last 30 days\nHINT:  Give start_date and end_date .*"total_calls": 0/s, 'a notice for an empty default range');
unlike(session("SELECT admin_dashboard('2001-01-01', '2001-02-01')"), qr/NOTICE/, 'but not for a range that was given');

# another cluster, on a socket of its own
my $folder = "$ENV{TMPDIR}/dump";
mkdir $folder;
chomp(my $bin = `$ENV{PG_CONFIG} --bindir`);
run_or_die("$bin/initdb", '--no-sync', '-D', "$folder/data", '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8');
run_or_die("$bin/pg_ctl", '-D', "$folder/data", '-l', "$folder/log", '-w', '-o', "-k $folder -c listen_addresses= -c fsync=off -c timezone=UTC", 'start');
my $there = "host=$folder dbname=";

run_or_die('bash', '-c', "pg_dumpall --roles-only | psql -XAtq -h $folder -d postgres");
run_or_die('bash', '-c', "pg_dump -Fc -C ad_dump | pg_restore -h $folder -d postgres -C --exit-on-error");
is(state_of("${there}ad_dump"), $before, 'the same after pg_dump and pg_restore');
is(session('SELECT count(*) FROM admin_dashboard.api_key_hashes', undef, "${there}ad_dump"), '2', 'the keys, once');
like(session("SELECT admin_dashboard.create_api_key('new')", undef, "${there}ad_dump"), qr/^adk_/, 'and keys can be made');

# A dump of the copy is as that of the original: nothing is added on the way
my @dumps = map { run_or_die('pg_dump', '-d', $_, '--schema-only') =~ s/^\\(?:un)?restrict .*\n//mgr } 'ad_dump', "${there}ad_dump";
is($dumps[1], $dumps[0], 'dumps are the same');

run_or_die("$bin/pg_ctl", '-D', "$folder/data", '-m', 'immediate', 'stop');
session('DROP OWNED BY regress_dump_bi; DROP ROLE regress_dump_bi');
done_testing();
