# pg_regress as a TAP test: one test for each file of test/sql, in the server
# that libpq's environment names.  scripts/test provides it.

use strict;
use warnings;
use Test::More;

plan skip_all => 'scripts/test provides the servers' unless $ENV{PGHOST} && $ENV{AD_TEST_MONGODB_URI};
plan skip_all => 'there is nothing in test/sql' unless glob 'test/sql/*.sql';

my @command = ('make', '--no-print-directory', 'installcheck');
push @command, "PG_CONFIG=$ENV{PG_CONFIG}" if $ENV{PG_CONFIG};
push @command, "REGRESS=$ENV{REGRESS}" if $ENV{REGRESS};

open my $run, '-|', @command or die "make: $!\n";
my ($n, $output) = (0, '');
while (<$run>)
{
	$output .= $_;
	# PostgreSQL 15 prints "test NAME ... ok 12 ms", later ones print TAP
	if (/^(?:test|\s)\s*(\S+)\s+\.\.\. (ok|FAILED)/)
	{
		ok($2 eq 'ok', "pg_regress $1");
		$n++;
	}
	elsif (/^(not )?ok \d+\s+[-+] (\S+)/)
	{
		ok(!$1, "pg_regress $2");
		$n++;
	}
}
my $passed = close $run;

ok($passed && $n > 0, 'pg_regress passed') or diag($output);
if (open my $diffs, '<', 'regression.diffs')
{
	diag(<$diffs>);
}
done_testing();
