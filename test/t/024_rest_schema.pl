# rest/openapi.yaml describes what is there: the same paths, parameters, statuses
# and messages as nginx.conf, setup.sql and rest.c have, and schemathesis finds no answer
# that it does not describe.

use strict;
use warnings;
use lib 'test/lib';
use IPC::Run;
use Rest;
use Servers;
use Test::More;

plan skip_all => 'scripts/test provides the servers' if !$ENV{AD_TEST_MONGODB_URI};

my $described = run_python(<<'PY');
import re, yaml
spec = yaml.safe_load(open("rest/openapi.yaml"))
components = spec["components"]
lines = set()
for path, operations in spec["paths"].items():
    for method, operation in operations.items():
        lines.add("operation %s %s" % (method, path))
        for parameter in operation["parameters"]:
            lines.add("parameter " + components["parameters"][parameter["$ref"].split("/")[-1]]["name"])
        for status, response in operation["responses"].items():
            lines.add("status %s of %s" % (status, path))
            if "$ref" not in response:
                continue
            content = components["responses"][response["$ref"].split("/")[-1]]["content"]["application/json"]
            for example in [content["example"]] if "example" in content else [e["value"] for e in content["examples"].values()]:
                lines.add("message %s %s" % (status, re.sub("[0-9a-f]{32}", "$request_id", example["message"])))
print("\n".join(sorted(lines)))
PY
my ($nginx, $setup, $c) = map { slurp($_) } 'rest/nginx.conf', 'rest/setup.sql', 'src/rest.c';
my @paths = $nginx =~ m{^\t\t(/admin/analytics/dashboard/\w+) \w+;}mg;
my %there;
for my $path ('/admin/analytics/dashboard', @paths)
{
	$there{"operation get $path"} = 1;
	# (404 and 405 are of other operations)
	$there{"status $_ of $path"} = 1 for 200, grep { $_ != 404 && $_ != 405 } $nginx =~ m{return (\d+) \$envelope}g;
}
$there{"parameter $_"} = 1 for $setup =~ /name := '(\w+)'/g, $c =~ /find_parameter\(query, "(\w+)"/g;
$there{"message $1 $2"} = 1 while $nginx =~ m{/__error/(?!404|405)(\d+) "(.*)";}g;
$there{"message $1 $2"} = 1 while $setup =~ /refuse\((?!500)(\d+), '([^']*)'/g;
$there{"message 422 $_"} = 1 for $setup =~ /'(\w+ must [^']*)'/g, map { s/^%s/start_date/r } $c =~ /"((?:%s|\w+) must [^",]*(?:, such as [^"]*)?)"/g;
is(scalar(@paths), 2, 'two more paths');
is($described, join("\n", sort keys %there), 'the description has what is there');

serve('ad_rest_schema', $ENV{AD_TEST_MONGODB_URI}, RATE => 10000);
# (the test server refuses dates before the year 1, which are in some ranges)
sql([ 'CREATE TABLE local_calls AS TABLE calls', 'GRANT SELECT ON local_calls TO admin_dashboard_owner',
	map { "ALTER FUNCTION api.$_() SET admin_dashboard.calls_table = 'public.local_calls'" } 'admin_analytics_dashboard', 'admin_analytics_dashboard_rows' ]);
my %keys = ('a key' => [ 7, "('test')" ], 'a key of no super admin' => [ 11, "('no admin', false)" ], 'no key' => [ 13 ]);
# (what it takes for valid may be refused: no schema can say that a start is not after an end)
for my $name (sort keys %keys)
{
	my ($seed, $arguments) = @{ $keys{$name} };
	my $key = $arguments ? make_secret(sql("SELECT admin_dashboard.create_api_key$arguments")) : 'none';
	my $said = '';
	IPC::Run::run([ "$ENV{VIRTUAL_ENV}/bin/schemathesis", 'run', 'rest/openapi.yaml', '--url', endpoint() =~ s{/admin/.*}{}r,
			'--header', "Authorization: Bearer $key", '--checks', 'all', '--exclude-checks', 'positive_data_acceptance', '--seed', $seed, '--max-examples', 150, '--no-color',
			'--phases', 'examples,coverage,fuzzing' ], '<', \undef, '>', \$said, '2>&1');
	is($?, 0, "$name: schemathesis finds nothing") or diag($said);
	my ($cases) = $said =~ /(\d+) generated/;
	cmp_ok($cases // 0, '>', 100, "$name: in some hundreds of cases");
}
is(stop_serving(), 0, 'stopped');
sql('DROP DATABASE ad_rest_schema', 'postgres');
sql('DROP ROLE admin_dashboard_authenticator, admin_dashboard_anon, admin_dashboard_owner, admin_dashboard_admin', 'postgres');
done_testing();
