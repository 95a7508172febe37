# The page at /admin/: its headers, its size, and what it does in a real browser, for
# which it needs chromium, its driver, selenium and axe-core (scripts/setup
# --all-tests).  Pictures of it are in results/page afterwards.

use strict;
use warnings;
use lib 'test/lib';
use IPC::Run;
use Rest;
use Servers;
use Test::More;

plan skip_all => 'scripts/test provides the servers' if !$ENV{AD_TEST_MONGODB_URI};
sub found { return (grep { -x } map { "$_/$_[0]" } split /:/, $ENV{PATH})[0] }
my %browser = (CHROMIUM => found('chromium'), CHROMEDRIVER => found('chromedriver'));
my $there = $browser{CHROMIUM} && $browser{CHROMEDRIVER} && -e $ENV{AD_TEST_AXE} && system("$ENV{PYTHON} -c 'import selenium' 2>/dev/null") == 0;
plan skip_all => 'the tests of the page need chromium: scripts/setup --all-tests' if !$there && $ENV{AD_TEST_ALL} ne 'yes';
ok($there, 'there is a browser') or BAIL_OUT('no browser');

serve('ad_page', $ENV{AD_TEST_MONGODB_URI}, RATE => 1000);
sql([ 'CREATE TABLE local_calls AS TABLE calls', 'GRANT SELECT ON local_calls TO admin_dashboard_owner',
	map { "ALTER FUNCTION api.$_() SET admin_dashboard.calls_table = 'public.local_calls'" } 'admin_analytics_dashboard', 'admin_analytics_dashboard_rows' ]);
my %keys = (
	KEY => sql("SELECT admin_dashboard.create_api_key('page')"),
	PLAIN_KEY => sql("SELECT admin_dashboard.create_api_key('no admin', false)"),
	REVOKED_KEY => sql("SELECT admin_dashboard.create_api_key('revoked')"));
make_secret($_) for values %keys;
sql("SELECT admin_dashboard.revoke_api_key('revoked')");

# What nginx sends: without a key, and nothing but these files
my %types = (html => 'text/html', js => 'text/javascript', css => 'text/css', svg => 'image/svg+xml');
my $size = 0;
for my $file ('', map { s{^rest/page/}{}r } glob 'rest/page/*.* rest/page/uplot/*.js rest/page/uplot/*.css')
{
	my ($status, $headers, $body) = request("/admin/$file");
	is($status, 200, "/admin/$file");
	my ($extension) = "index.html$file" =~ /(\w+)$/;
	like($headers, qr{^Content-Type: \Q$types{$extension}\E(?:; charset=utf-8)?\r$}m, 'its type');
	$size += length $body if $file ne '' && $file !~ m{/};
	my @missing = grep { $headers !~ /^\Q$_\E\r$/m } 'X-Content-Type-Options: nosniff', 'X-Frame-Options: DENY', 'Referrer-Policy: no-referrer', 'Cache-Control: no-cache',
	  'Cross-Origin-Opener-Policy: same-origin', 'Cross-Origin-Resource-Policy: same-origin';
	is("@missing", '', 'its headers');
	my ($policy) = $headers =~ /^Content-Security-Policy: (.*)\r$/m;
	is(join(' ', sort split /; /, $policy), q(base-uri 'none' connect-src 'self' default-src 'none' form-action 'none' frame-ancestors 'none' img-src 'self' script-src 'self' style-src 'self'), 'its policy');
	unlike($body, qr{<script(?![^>]* src=)|\son\w+=|style=|//(?!www\.w3\.org/2000/svg)\w+\.\w+}, 'no inline script or style, no other host') if $file !~ m{/|\.js$};
}
cmp_ok($size, '<', 60_000, 'small');
cmp_ok($size, '>', 10_000, 'and there');
ok(-e 'rest/page/uplot/LICENSE', "with the licence of the chart's library");
is((request("/admin/$_"))[0], 404, "not there: /admin/$_") for 'none.js', 'uplot/', 'uplot/LICENSE', 'setup.sql', '../rest/setup.sql', '..%2fsetup.sql', 'page.css/';
my ($status, $headers) = request('/admin');
is($status, 308, '/admin leads there');
like($headers, qr{^Location: /admin/\r$}m, 'on the same host');
is((request('/admin/', '-X', 'POST'))[0], 405, 'it is to be read only');

# What it does
mkdir 'results';
mkdir 'results/page';
sub in_browser
{
	my ($said, $failed) = ('', '');
	local @ENV{ keys %browser, keys %keys, 'AD_PAGE_DATABASE', 'HOME', 'SE_OFFLINE' } = (values %browser, values %keys, 'ad_page', $ENV{TMPDIR}, 'true');
	IPC::Run::run([ $ENV{PYTHON}, 'test/lib/page.py', endpoint() =~ s{analytics/dashboard$}{}r, 'results/page', @_ ], '<', \undef, '>', \$said, '2>', \$failed);
	for (split /\n/, $said)
	{
		if (/^(not )?ok - (.*)/) { ok(!$1, $2) }
		elsif (/^#/) { diag($_) }
	}
	like($said, qr/^done$/m, 'to the end') or diag($failed);
}
in_browser();
is(stop_serving(), 0, 'stopped');
my $log = slurp(rest_folder() . '/access.log');
like($log, qr{GET \Q$_\E 200 }, "logged: $_") for '/admin/', '/admin/main.js', '/admin/analytics/dashboard/users';
unlike($log, qr/adk_|zhang|start_date/, 'neither keys nor users nor queries are logged');

$keys{KEY} = make_secret(sql("SELECT admin_dashboard.create_api_key('page')"));
serve('ad_page', undef, RATE => 1);
in_browser('too_many');
is(stop_serving(), 0, 'stopped');
sql('DROP DATABASE ad_page WITH (FORCE)', 'postgres');
sql('DROP ROLE admin_dashboard_authenticator, admin_dashboard_anon, admin_dashboard_owner, admin_dashboard_admin', 'postgres');
done_testing();
