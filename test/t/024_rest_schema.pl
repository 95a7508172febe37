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
for path, operations in spec["paths"].items():
    for method, operation in operations.items():
        print("operation", method, path)
        for parameter in operation["parameters"]:
            print("parameter", parameter["name"])
        for status, response in operation["responses"].items():
            print("status", status)
            if "$ref" not in response:
                continue
            content = spec["components"]["responses"][response["$ref"].split("/")[-1]]["content"]["application/json"]
            for example in [content["example"]] if "example" in content else [e["value"] for e in content["examples"].values()]:
                print("message", status, re.sub("[0-9a-f]{32}", "$request_id", example["message"]))
PY
my ($nginx, $setup, $c) = map { slurp($_) } 'rest/nginx.conf', 'rest/setup.sql', 'src/rest.c';
my @there = ('status 200');
push @there, "operation get $1" while $nginx =~ m{location = (/(?!__).*) \{}g;
push @there, "parameter $1" while $c =~ /find_parameter\(query, "(\w+)"\)/g;
my %ours = map { $_ => 1 } 404, 405;	# of other operations
my %statuses;
$statuses{$_} = 1 for $nginx =~ m{return (\d+) \$envelope}g;
push @there, map { "status $_" } grep { !$ours{$_} } keys %statuses;
push @there, "message $1 $2" while $nginx =~ m{/__error/(?!404|405)(\d+) "(.*)";}g;
push @there, "message $1 $2" while $setup =~ /refuse\((?!500)(\d+), '([^']*)'/g;
push @there, map { "message 422 $_" } map { s/^%s/start_date/r } $c =~ /"((?:%s|\w+) must [^",]*(?:, such as [^"]*)?)"/g;
is($described, join("\n", sort { index($described, $a) <=> index($described, $b) || $a cmp $b } @there), 'the description has what is there');

serve('ad_rest_schema', $ENV{AD_TEST_MONGODB_URI}, RATE => 10000);
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
