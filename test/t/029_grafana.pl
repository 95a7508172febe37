# rest/grafana-dashboard.json: what Grafana needs of it; its types, for which it needs
# Node.js and @grafana/schema (scripts/setup --all-tests); and each panel's query, with
# Grafana's macros filled in, against the figures of the dashboard.

use strict;
use warnings;
use lib 'test/lib';
use JSON::PP;
use Servers;
use Test::More;

my $uri = $ENV{AD_TEST_MONGODB_URI} or plan skip_all => 'scripts/test provides the servers';
my $text = slurp('rest/grafana-dashboard.json');
my $dashboard = decode_json($text);
my @panels = @{ $dashboard->{panels} };

is(join(', ', map { $_->{title} } @panels), 'Calls, Minutes, Hours, Minutes per call, Active users, Calls and minutes by ${unit}, Users', 'the panels of the page');
my (%ids, %taken);
for my $panel (@panels)
{
	my ($x, $y, $w, $h) = @{ $panel->{gridPos} }{qw(x y w h)};
	ok(!$ids{ $panel->{id} }++, "$panel->{title}: an id of its own");
	cmp_ok($x + $w, '<=', 24, 'within the grid');
	is((grep { $taken{$_}++ } map { my $column = $_; map { "$column $_" } $y .. $y + $h - 1 } $x .. $x + $w - 1), 0, 'over no other');
	ok((grep { $_->{id} eq $panel->{type} } @{ $dashboard->{__requires} }), 'of a type that is required');
	is_deeply($_->{datasource}, { type => $dashboard->{__inputs}[0]{pluginId}, uid => "\${$dashboard->{__inputs}[0]{name}}" }, 'asks the one data source') for $panel, @{ $panel->{targets} };
}

sub type_errors
{
	my $file = "$ENV{TMPDIR}/dashboard.json";
	open my $out, '>', $file or die "$file: $!\n";
	print $out $_[0];
	close $out;
	return run_or_die('node', 'test/lib/grafana.mjs', $ENV{AD_TEST_NPM}, $file);
}
if ($ENV{AD_TEST_ALL} eq 'yes' || -d "$ENV{AD_TEST_NPM}/\@grafana/schema" && system('node -e 0 2>/dev/null') == 0)
{
	is(type_errors($text), '', "all is as Grafana's types have it");
	like(type_errors($text =~ s/"colorMode": "value"/"colorMode": "valeu"/r), qr/^Type '"valeu"' is not assignable to type 'BigValueColorMode'/, 'and what is not would be found');
}

sub sql
{
	my ($database, @queries) = @_;
	return run_or_die('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $database, map { ('-c', $_) } @queries);
}
run_or_die($ENV{PYTHON}, 'test/data/load_demo.py', $uri, 'ad_test_rest');
sql('postgres', 'DROP DATABASE IF EXISTS ad_grafana WITH (FORCE)');
sql('postgres', 'CREATE DATABASE ad_grafana');
sql('ad_grafana', 'CREATE EXTENSION admin_dashboard', "CREATE SERVER livekit FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '$uri')",
	"CREATE FOREIGN TABLE remote (created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision) SERVER livekit OPTIONS (database 'ad_test_rest', collection 'calls')",
	'CREATE TABLE calls AS TABLE remote');

# What Grafana makes of a query: values of variables are quoted as SQL strings
sub asked
{
	my ($panel, %values) = @_;
	my $query = $panel->{targets}[0]{rawSql};
	$query =~ s/\$__timeFrom\(\)/'2026-02-26T00:00:00Z'/g;
	$query =~ s/\$__timeTo\(\)/'2026-03-28T23:59:59Z'/g;
	$query =~ s/\$\{(\w+):sqlstring\}/"'" . ($values{$1} =~ s{'}{''}gr) . "'"/ge;
	return sql('ad_grafana', $query);
}
my %variables = map { $_->{name} => $_->{current}{value} } @{ $dashboard->{templating}{list} };
for my $user ('', 'mei.zhang@example.com', "o'hara")
{
	my $figures = decode_json(sql('ad_grafana', 'SELECT admin_dashboard(\'2026-02-26Z\', \'2026-03-28 23:59:59Z\', nullif($$' . $user . '$$, \'\'))'));
	my @shown = map { (split /\|/, asked($_, %variables, user => $user))[-1] } @panels[ 0 .. 4 ];
	is("@shown", join(' ', map { 0 + $figures->{$_} } qw(total_calls total_duration_minutes total_duration_hours avg_duration_minutes total_active_users)), "the totals of '$user'");
	for my $unit (map { $_->{value} } map { @{ $_->{options} } } grep { $_->{name} eq 'unit' } @{ $dashboard->{templating}{list} })
	{
		my ($calls, $minutes) = (0, 0);
		for (split /\n/, asked($panels[5], %variables, user => $user, unit => $unit))
		{
			my (undef, $more, $longer) = split /\|/;
			$calls += $more;
			$minutes += $longer;
		}
		is("$calls $minutes", "$figures->{total_calls} " . (0 + $figures->{total_duration_minutes}), "each $unit of '$user'");
	}
}
is(scalar(split /\n/, asked($panels[6], %variables)), 18, 'the users');
sql('postgres', 'DROP DATABASE ad_grafana');
done_testing();
