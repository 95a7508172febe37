# The logs of all servers of the tests before this one: no password, no API key.

use strict;
use warnings;
use lib 'test/lib';
use File::Find;
use Servers;
use Test::More;

my %secrets = map { $_ => 1 } split /\n/, slurp("$ENV{TMPDIR}/secrets");
cmp_ok(scalar(keys %secrets), '>', 3, 'there are secrets');
my @logs;
find({ no_chdir => 1, wanted => sub { push @logs, $_ if -f && m{\.log$|/log$} } }, "$ENV{TMPDIR}/..");
my %found;
for my $path (@logs)
{
	my $text = slurp($path);
	$found{length $text ? 'text' : 'nothing'}++;
	ok(index($text, $_) < 0, "$path does not have a secret") for keys %secrets;
}
cmp_ok($found{text}, '>', 3, 'servers have logged');
like(slurp("$ENV{PGHOST}/postgres.log"), qr/^.* LOG:  query of MongoDB server "\w+", database "\w+": /m, 'and queries, too');
done_testing();
