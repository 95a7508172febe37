# A database goes to another cluster by pg_dump and by pg_dumpall: servers, user
# mappings, tables, views and API keys are there, and read and count the same.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Moved;
use Test::More;

plan skip_all => 'scripts/test provides the folders' unless $ENV{TMPDIR} && $ENV{PG_CONFIG};

make_database('ad_dump');
make_objects();
my $before = state_of();
like($before, qr/^ann\@example\.com\|/m, 'there is something to compare');
unlike($before, qr/ERROR/, 'and nothing failed');

# (no call is of the last 30 days)
like(session('SELECT admin_dashboard()'), qr/^NOTICE:  00000: there are no calls of the last 30 days\nHINT:  Give start_date and end_date .*"total_calls": 0/s, 'a notice for an empty default range');
like(session(q{SELECT admin_dashboard(user_email => 'nobody@example.com')}), qr/^NOTICE:  00000: this user has no calls of the last 30 days\n/, 'and one of a user');
unlike(session("SELECT admin_dashboard('2001-01-01', '2001-02-01')"), qr/NOTICE/, 'but not for a range that was given');

# another cluster, on a socket of its own, whose postmaster loads the library for all
my $folder = "$ENV{TMPDIR}/dump";
mkdir $folder;
chomp(my $bin = `$ENV{PG_CONFIG} --bindir`);
make_cluster($bin, "$folder/data");
run_or_die('sh', '-c', "echo \"shared_preload_libraries = 'admin_dashboard'\" >>$folder/data/postgresql.conf");
my $there = start_cluster($bin, "$folder/data");

run_or_die('bash', '-c', "pg_dumpall --roles-only | psql -XAtq -h $folder -d postgres");
run_or_die('bash', '-c', "pg_dump -Fc -C ad_dump | pg_restore -h $folder -d postgres -C --exit-on-error");
is(state_of("${there}ad_dump"), $before, 'the same after pg_dump and pg_restore');
is(session('SELECT count(*) FROM admin_dashboard.api_key_hashes', undef, "${there}ad_dump"), '2', 'the keys, once');
like(session("SELECT admin_dashboard.create_api_key('new')", undef, "${there}ad_dump"), qr/^adk_/, 'and keys can be made');

# A dump of the copy is as that of the original: nothing is added on the way
my @dumps = map { run_or_die('pg_dump', '-d', $_, '--schema-only') =~ s/^\\(?:un)?restrict .*\n//mgr } 'ad_dump', "${there}ad_dump";
is($dumps[1], $dumps[0], 'dumps are the same');

stop_cluster($bin, "$folder/data", '-m', 'immediate');
session('DROP OWNED BY regress_dump_bi; DROP ROLE regress_dump_bi');
done_testing();
