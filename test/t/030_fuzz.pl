# The decoder, and what import learns from, under AddressSanitizer and
# UndefinedBehaviorSanitizer, read documents that are generated and mutated; see test/fuzz.
#
#   FUZZ_SECONDS	how long; 15 if it is not set, by scripts/test --all 60
#   SEED		another one makes other documents

use strict;
use warnings;
use IPC::Run;
use Test::More;

plan skip_all => 'scripts/test provides the folders' unless $ENV{TMPDIR} && $ENV{PG_CONFIG};

my $seconds = $ENV{FUZZ_SECONDS} // (($ENV{AD_TEST_ALL} // '') eq 'yes' ? 60 : 15);
my $seed = $ENV{SEED} // time;
my $folder = "$ENV{TMPDIR}/fuzz";
mkdir $folder;

sub run
{
	my ($in, @command) = @_;
	my $out = '';
	my $ok = IPC::Run::run(\@command, '<', \$in, '>', \$out, '2>&1');
	chomp $out;
	return ($ok, $out);
}

my ($ok, $out) = run('', 'make', '-C', 'test/fuzz', "OUT=$folder", "PG_CONFIG=$ENV{PG_CONFIG}");
ok($ok && $out !~ /warning:/, 'the decoder is built with sanitizers') or BAIL_OUT($out);

# A server of its own: libasan must be there before all else, see asan_first.c
chomp(my $bin = `$ENV{PG_CONFIG} --bindir`);
chomp(my $libasan = `gcc -print-file-name=libasan.so`);
my $data = "$folder/data";
($ok, $out) = run('', "$bin/initdb", '--no-sync', '-D', $data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8');
ok($ok, 'a cluster') or BAIL_OUT($out);
{
	local $ENV{LD_PRELOAD} = "$libasan $folder/asan_first.so";
	local $ENV{ASAN_OPTIONS} = 'detect_leaks=0:detect_odr_violation=0:abort_on_error=1:handle_abort=0';
	local $ENV{UBSAN_OPTIONS} = 'print_stacktrace=1:abort_on_error=1';
	($ok, $out) = run('', "$bin/pg_ctl", '-D', $data, '-w', '-l', "$folder/log", '-o',
		"-c listen_addresses= -c unix_socket_directories=$folder -c fsync=off -c restart_after_crash=off", 'start');
}
ok($ok, 'a server with libasan') or diag($out);
END { local $?; run('', "$bin/pg_ctl", '-D', $data, '-m', 'immediate', 'stop') if $data && -e "$data/postmaster.pid" }

sub sql
{
	my ($query, @options) = @_;
	return run($query, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', $folder, '-U', 'postgres', '-d', 'postgres', @options);
}

($ok, $out) = sql('', '-v', "module=$folder/ad_fuzz", '-f', 'test/fuzz/ad_fuzz.sql');
ok($ok, 'the functions') or diag($out);

# documents that are known, and what "$" is in them
my @known = (
	[ 'an empty one', '0500000000', '{}' ],
	[ 'an int32', '0c0000001061000100000000', '{"a": 1}' ],
	[ 'a string', '0e00000002610002000000620000', '{"a": "b"}' ],
	[ 'an empty array, and then a number', '1c000000046100140000000430000500000000103100010000000000', '{"a": [[], 1]}' ],
	[ 'U+0000 in a string', '0f0000000261000300000062000000', 'mismatch' ],
	[ 'bytes that are not UTF-8', '0e00000002610002000000ff0000', 'mismatch' ],
	[ 'the same name twice', '13000000106100010000001061000200000000', '{"a": 2}' ],
	[ 'three times, not in a row', '1a00000010610001000000106200050000001061000300000000', '{"a": 3, "b": 5}' ],
	[ 'twice, the first time with no text', '150000000261000200000000001061000200000000', 'mismatch' ],
	[ 'twice, the first time corrupt', '1700000003610008000000207800001061000200000000', 'error XX001' ],
	[ 'true by another number', '090000000861000200', '{"a": true}' ],
	# -10384593717069655257060992658440191E-6176, and one less than 10^34
	[ 'a decimal of 35 digits', '18000000136100ffffffffffffffff' . 'ffffffffffff018000', '{"a": ' . '0.' . '0' x 6176 . '}' ],
	[ 'a decimal of 34 digits', '18000000136100ffffffff638e8d37' . 'c087adbe09ed413000', '{"a": ' . '9' x 34 . '}' ],
	[ 'a length that is too large', '0c000000026100ffffff7f00', 'error XX001' ],
	[ 'a length that is negative', '0c000000026100ffffffff00', 'error XX001' ],
	[ 'a string of no bytes', '0c0000000261000000000000', 'error XX001' ],
	[ 'a string without its end', '0e00000002610002000000626300', 'error XX001' ],
	[ 'a name without its end', '070000000a6161', 'error XX001' ],
	[ 'a type that is none', '0800000020610000', 'error XX001' ],
	[ 'a value that is cut off', '090000001061000100', 'error XX001' ],
	[ 'a document longer than the one around it', '0d000000036100ff0000000000', 'error XX001' ],
	[ 'a document shorter than it can be', '0d000000036100040000000000', 'error XX001' ],
	[ 'binary data that goes too far', '0d000000056100010000000000', 'error XX001' ],
	[ 'a regular expression without options', '0a0000000b6100610000', 'error XX001' ],
	[ 'code whose scope is not there', '160000000f61000e0000000100000000050000000000', '{"a": {"$code": "", "$scope": {}}}' ],
	[ 'code whose scope is too long', '160000000f61000e0000000100000000060000000000', 'error XX001' ],
);
for my $case (@known)
{
	my ($name, $hex, $expected) = @$case;
	($ok, $out) = sql("SELECT ad_fuzz_document(decode('$hex', 'hex'))");
	is($out, $expected, $name);
}

diag("fuzzing for $seconds s with SEED=$seed");
($ok, $out) = sql("SELECT * FROM ad_fuzz_decode($seconds, $seed)");
like($out, qr/^\d{3,}\|\d+\|\d+\|\d+$/, 'no document does harm') or diag(run('', 'tail', '-n', '60', "$folder/log"));
my ($documents, $accepted, $mismatches, $errors) = split /\|/, $out;
diag("$documents documents: $accepted values, $mismatches mismatches, $errors errors");
cmp_ok($accepted, '>', 0, 'there were values');
cmp_ok($mismatches, '>', 0, 'and mismatches');
cmp_ok($errors, '>', 0, 'and errors');
done_testing();
