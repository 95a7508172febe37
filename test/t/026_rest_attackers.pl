# What others left in a database before the extension and the endpoint came to it:
# functions, operators, types and views that their names find are not used, and
# what has a name of ours is refused.  With a PostgreSQL of its own, for roles are
# the cluster's.

use strict;
use warnings;
use lib 'test/lib';
use IPC::Run;
use Servers;
use Test::More;

plan skip_all => 'scripts/test provides the servers' if !$ENV{AD_TEST_MONGODB_URI};

my $cluster = "$ENV{TMPDIR}/attacked-postgres";
run_or_die('initdb', '--no-sync', '-A', 'trust', '-U', 'postgres', '-D', $cluster);
sub pg_ctl { run_or_die('pg_ctl', '-D', $cluster, '-w', '-l', "$cluster/log", '-o', "-c listen_addresses= -c fsync=off -k $cluster", @_) }
pg_ctl('start');
@ENV{qw(PGHOST PGPORT PGUSER PGOPTIONS)} = ($cluster, 5432, 'postgres', '-c client_min_messages=warning');

# What psql says, errors included
sub psql
{
	my ($user, @arguments) = @_;
	my $out;
	IPC::Run::run([ 'psql', '-XAtq', '-d', 'shop', '-U', $user, @arguments ], '<', \undef, '>', \$out, '2>&1');
	chomp $out;
	return $out;
}
sub says { my ($user, @queries) = @_; return psql($user, map { ('-c', $_) } @queries) }
sub sql { my @queries = @_; is(says('postgres', @queries), '', "done: $queries[0]") }
sub setup { return psql('postgres', @_, '-f', 'rest/setup.sql') }

run_or_die('createdb', 'shop');
sql('CREATE ROLE mallory LOGIN', 'GRANT CREATE ON DATABASE shop TO mallory', 'GRANT CREATE ON SCHEMA public TO mallory', 'CREATE ROLE ann LOGIN');

# What has a name of the extension's is not taken over
my @names = ('CREATE SCHEMA admin_dashboard', 'CREATE FUNCTION public.admin_dashboard_version() RETURNS text LANGUAGE sql RETURN 1',
	'CREATE FUNCTION public.admin_dashboard_fdw_handler() RETURNS int LANGUAGE sql RETURN 1',
	'CREATE FUNCTION public.admin_dashboard(timestamptz, timestamptz, text) RETURNS jsonb LANGUAGE sql RETURN NULL::jsonb');
for my $name (@names)
{
	my ($object) = $name =~ /CREATE (.*?)(?= RETURNS|$)/;
	is(says('mallory', $name), '', "there is $object");
	like(says('postgres', 'CREATE EXTENSION admin_dashboard'), qr/^ERROR:  (?:schema|function) "\w+" already exists/, "$object is not taken over");
	is(says('mallory', "DROP $object"), '', "$object goes");
}

# Everything that the scripts may look up, in public: copies of functions and
# operators of pg_catalog, some that suit the arguments better, types, and
# views of the catalogs.  Each writes to the log who ran it.
my $scripts = slurp('rest/setup.sql') . slurp('sql/admin_dashboard--1.0.sql');
my %called = map { $_ => 1 } $scripts =~ /\b([a-z_0-9]+)\(/g;
my $called = join ',', sort keys %called;
my $plant = <<"SQL";
SET search_path = pg_catalog;
CREATE FUNCTION public.trojan(what text) RETURNS boolean LANGUAGE plpgsql AS \$t\$ BEGIN RAISE LOG 'trojan: % of %', what, current_user; RETURN true; END \$t\$;
CREATE FUNCTION public.trojans() RETURNS int LANGUAGE plpgsql SET search_path = pg_catalog AS \$f\$
DECLARE
	p record;
	planted int := 0;
BEGIN
	FOR p IN
		SELECT format('FUNCTION public.%I(%s) RETURNS %s', proname, pg_get_function_arguments(oid), pg_get_function_result(oid)) AS what, oid::regprocedure::text AS name, NULL AS operator
		FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND proname = ANY (string_to_array('$called', ','))
		UNION ALL
		SELECT format('FUNCTION public.o%s(l %s, r %s) RETURNS %s', oid, oprleft::regtype, oprright::regtype, oprresult::regtype), oid::regoperator::text,
			format('OPERATOR public.%s (FUNCTION = public.o%s, LEFTARG = %s, RIGHTARG = %s)', oprname, oid, oprleft::regtype, oprright::regtype)
		FROM pg_operator WHERE oprleft <> 0 AND oprname IN ('=', '<>', '<', '>', '<=', '>=', '+', '-', '*', '||', '~', '!~', '->', '->>', '#>', '#>>')
		UNION ALL
		SELECT format('FUNCTION public.b%s(l %s, r %s) RETURNS %s', n, l, r, result), format('%s(%s, %s)', operator, l, r),
			format('OPERATOR public.%s (FUNCTION = public.b%s, LEFTARG = %s, RIGHTARG = %s)', operator, n, l, r)
		FROM (VALUES (1, '=', 'oid', 'regclass', 'bool'), (2, '->', 'jsonb', 'jsonb', 'jsonb'), (3, '=', 'name', 'varchar', 'bool'),
					 (4, '->>', 'json', 'json', 'text'), (5, '<>', 'text', 'varchar', 'bool'), (6, '=', 'varchar', 'text', 'bool')) v (n, operator, l, r, result)
		UNION ALL
		SELECT format('FUNCTION public.%s(%s) RETURNS %s', name, arguments, result), format('%s(%s)', name, arguments), NULL
		FROM (VALUES ('format', 'text, name', 'text'), ('format', 'text, text', 'text'), ('format', 'text, name, name', 'text'), ('format', 'text, text, text', 'text'),
					 ('format', 'text, name, text', 'text'), ('convert_to', 'text, text', 'bytea'), ('convert_from', 'bytea, text', 'text'),
					 ('set_config', 'text, varchar, boolean', 'text'), ('sum', 'float8', 'float8')) v (name, arguments, result)
	LOOP
		BEGIN
			EXECUTE format('CREATE %s LANGUAGE plpgsql AS \$t\$ BEGIN PERFORM public.trojan(%L); RETURN%s; END \$t\$',
				p.what, p.name, CASE WHEN p.what ~ 'RETURNS (SETOF|TABLE)' THEN '' ELSE ' NULL' END);
			IF p.operator IS NOT NULL THEN
				EXECUTE 'CREATE ' || p.operator;
			END IF;
			planted := planted + 1;
		EXCEPTION WHEN invalid_function_definition OR feature_not_supported OR datatype_mismatch OR duplicate_function OR syntax_error THEN
		END;
	END LOOP;
	RETURN planted;
END \$f\$;
SELECT public.trojans();
SQL
$plant .= "CREATE VIEW public.$_ AS SELECT c.* FROM pg_catalog.$_ c WHERE public.trojan('$_');\nGRANT SELECT ON public.$_ TO PUBLIC;\n"
  for qw(pg_class pg_namespace pg_roles pg_extension pg_proc pg_database pg_stat_activity);
my @types = qw(text json jsonb timestamptz bytea name oid regclass regnamespace);
$plant .= "CREATE DOMAIN public.$_ AS pg_catalog.$_ CHECK (public.trojan('type $_'));\n" for @types;

my $seen = 0;

# The trojans that ran since the last time
sub trojans
{
	my $log = slurp("$cluster/log");
	my $new = substr $log, $seen;
	$seen = length $log;
	my %ran = map { $_ => 1 } $new =~ /trojan: (.*)/g;
	return join "\n", sort keys %ran;
}
cmp_ok(says('mallory', $plant), '>', 250, 'trojans are planted');
my $first = 'SET search_path = public, pg_catalog';
trojans();
for my $trial ([ q(SELECT 1 = 1), '=(integer,integer)' ], [ q(SELECT convert_to('x', 'UTF8')), 'convert_to(text, text)' ],
	[ q(SELECT 'x'::text), 'type text' ], [ 'SELECT FROM pg_roles', 'pg_roles' ], [ 'SELECT now()', 'now()' ])
{
	says('postgres', $first, $trial->[0]);
	is(trojans(), "$trial->[1] of postgres", "and are found: $trial->[0]");
}
says('postgres', 'SELECT format(\'%I.%I\', nspname, nspname) FROM pg_catalog.pg_namespace');
is(trojans(), 'format(text, name, name) of postgres', 'even behind pg_catalog');

# Two paths: the usual one, and one that finds each trojan
my @paths = ('public, pg_catalog', '"$user", public');
sub unharmed { my ($name) = @_; is(trojans(), '', "no trojan ran: $name") }
sub by_path { $ENV{PGOPTIONS} = '-c client_min_messages=warning -c search_path=' . ($_[0] =~ s/ //gr) }
by_path($paths[0]);
is(says('postgres', 'CREATE EXTENSION admin_dashboard'), '', 'the extension is made among them');
unharmed('CREATE EXTENSION');


# Refused, and nothing is done: the refusal, what undoes what is there, and what
# there is, each as who does it
my $calls = '(created_by_email pg_catalog.text, created_at pg_catalog.timestamptz, duration_minutes pg_catalog.float8)';
is(says('mallory', "CREATE TABLE public.calls $calls"), '', 'a table of calls');
sub refused
{
	my ($refusal, $undo, @there) = @_;
	is(says(@$_), '', "there is: $_->[1]") for @there;
	like(setup('-v', 'calls=public.calls'), qr/ERROR:  \Q$refusal\E\nHINT:  /, "refused: $refusal");
	is(says('postgres', "SELECT pg_catalog.to_regprocedure('admin_dashboard_rest.period(pg_catalog.text)')"), '', 'nothing is done');
	is(says('postgres', $undo), '', "undone: $undo");
}
my ($rest, $function) = ('admin_dashboard_rest', 'api.admin_analytics_dashboard');
refused('schema "api" exists and belongs to role "mallory"', 'DROP SCHEMA api', [ 'mallory', 'CREATE SCHEMA api' ]);
refused("schema \"$rest\" exists and belongs to role \"mallory\"", "DROP SCHEMA $rest", [ 'mallory', "CREATE SCHEMA $rest" ]);
refused("role \"mallory\" may create objects in schema \"$_\"", "DROP SCHEMA $_", [ 'postgres', "CREATE SCHEMA $_", "GRANT CREATE ON SCHEMA $_ TO mallory" ])
  for 'api', $rest;
# a schema that was open for a while
for my $planted ([ 'api', "$function()", 'json' ], [ 'api', "$function(json)", 'json' ], [ 'api', "${function}_rows()", 'text' ], [ $rest, "$rest.answer(text)", 'json' ],
	[ $rest, "$rest.parameter(text,character varying)", 'text' ])
{
	my ($schema, $name, $result) = @$planted;
	my $made = $name =~ s/\b(json|text)\b/pg_catalog.$1/gr;
	refused("function $name exists and belongs to role \"mallory\"", "DROP SCHEMA $schema CASCADE",
		[ 'postgres', "CREATE SCHEMA $schema", "GRANT ALL ON SCHEMA $schema TO PUBLIC" ],
		[ 'mallory', "CREATE FUNCTION $made RETURNS pg_catalog.$result LANGUAGE sql RETURN NULL::pg_catalog.$result" ],
		[ 'postgres', "REVOKE ALL ON SCHEMA $schema FROM PUBLIC" ]);
}
refused('type api."text/plain" exists and belongs to role "mallory"', 'DROP SCHEMA api CASCADE', [ 'postgres', 'CREATE SCHEMA api', 'GRANT ALL ON SCHEMA api TO PUBLIC' ],
	[ 'mallory', 'CREATE DOMAIN api."text/plain" AS pg_catalog.text' ], [ 'postgres', 'REVOKE ALL ON SCHEMA api FROM PUBLIC' ]);
my $plain = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
refused("role \"admin_dashboard_$_->[0]\" exists with other attributes than $_->[1] $plain", "DROP ROLE admin_dashboard_$_->[0]",
	[ 'postgres', "CREATE ROLE admin_dashboard_$_->[0] $_->[2]" ])
  for [ 'authenticator', 'LOGIN NOINHERIT', 'LOGIN' ], [ 'authenticator', 'LOGIN NOINHERIT', 'NOINHERIT' ], [ 'anon', 'NOLOGIN', 'LOGIN' ],
  [ 'owner', 'NOLOGIN', 'LOGIN' ], map { [ $_->[0], $_->[1], $_->[2] ] } [ 'owner', 'NOLOGIN', 'SUPERUSER' ], [ 'admin', 'NOLOGIN', 'CREATEROLE' ],
  [ 'anon', 'NOLOGIN', 'CREATEDB' ], [ 'owner', 'NOLOGIN', 'BYPASSRLS' ], [ 'admin', 'NOLOGIN', 'REPLICATION' ];
refused("role \"mallory\" is a member of role \"admin_dashboard_$_->[0]\"", "DROP ROLE admin_dashboard_$_->[0]",
	[ 'postgres', "CREATE ROLE admin_dashboard_$_->[0] $_->[1]", "GRANT admin_dashboard_$_->[0] TO mallory $_->[2]" ])
  for [ 'authenticator', 'LOGIN NOINHERIT', '' ], [ 'anon', '', '' ], [ 'owner', '', '' ], [ 'admin', '', 'WITH ADMIN OPTION' ];
like(setup(), qr/ERROR:  relation public.calls, which the name "calls" finds, belongs to role "mallory"\nHINT:  .*-v calls=public.calls/, 'a table of another owner is to be named');
like(setup('-v', 'calls=shop.calls'), qr/ERROR:  relation "shop.calls" does not exist\nHINT:  Name the table/, 'no table of calls');
like(psql('ann', '-f', 'rest/setup.sql'), qr/ERROR:  role "ann" is no superuser/, 'for superusers');
unharmed('refusals');

# Set up among them, by each path, and again; all that can be called
sql('CREATE SCHEMA shop', "CREATE TABLE shop.calls $calls", "INSERT INTO shop.calls VALUES ('ann\@example.com', '2026-03-01Z', 3)",
	'CREATE ROLE admin_dashboard_admin', 'GRANT admin_dashboard_admin TO ann');
my $query = 'start_date=2026-03-01T05:30:00.5%2B05:30&start_date=2026-02-01T05:30:00.5%2B05:30&end_date=2026-03-01&user_email=ann%40example.com';
my %answers = ($query => qr/"total_calls": 1,/, 'end_date=2026-03-28T23:59:59Z' => qr/"total_calls": 1,/, 'end_date=x' => qr/end_date must be/,
	'start_date=2026-03-02&end_date=2026-03-01' => qr/start_date must not/, 'user_email=%FF' => qr/user_email must be/);
my $anon = 'admin_dashboard_authenticator';
for my $path (@paths, 'pg_temp, public, pg_catalog')
{
	by_path($path);
	is(setup('-v', 'calls=shop.calls'), '', "set up by $path") for 1 .. 2;
	unharmed('setup.sql');
	my $key = make_secret(says('ann', "SELECT admin_dashboard.create_api_key('$path')"));
	like($key, qr/^adk_/, 'a key');
	is(says('ann', "SELECT admin_dashboard.revoke_api_key('none')"), '0', 'another is revoked');
	is(says('postgres', "SELECT admin_dashboard.check_api_key('$key')"), 't', 'it is valid');
	unharmed('keys');
	for my $asked (sort keys %answers)
	{
		my $headers = qq({"x-api-authorization": "Bearer $key", "x-query": "$asked"});
		like(says($anon, "SET ROLE admin_dashboard_anon", "SELECT FROM pg_catalog.set_config('request.headers', '$headers', false)", "SELECT $function()"), $answers{$asked}, "the answer to $asked");
		like(says('postgres', "SET admin_dashboard.calls_table = 'shop.calls'", "SELECT admin_dashboard_rest.answer('$asked')"), $answers{$asked}, 'the function behind it');
	}
	for my $report ('days', 'users')
	{
		for my $asked ('format=csv&end_date=2026-03-01', 'end_date=2026-03-01&time_zone=Europe/Berlin&search=ann&order_by=-avg_minutes&offset=0', 'format=x', 'time_zone=x', 'start_date=1900-01-01&unit=hour', 'offset=9')
		{
			my $headers = qq({"x-api-authorization": "Bearer $key", "x-query": "$asked", "x-report": "$report", "x-format": "json"});
			like(says($anon, "SET ROLE admin_dashboard_anon", "SELECT FROM pg_catalog.set_config('request.headers', '$headers', false)", "SELECT ${function}_rows()"),
				qr/"success": true|^[a-z_]+,calls|must be/, "$report for $asked");
		}
	}
	like(says($anon, "SET ROLE admin_dashboard_anon", q(SELECT FROM pg_catalog.set_config('request.headers', '{"x-gone": "x"}', false)), "SELECT $function()"), qr/^\s*null$/, 'a client that went away');
	is(says('postgres', "SELECT admin_dashboard_rest.parameter('a=%41+b', 'a')"), 'A b', 'a function by itself');
	unharmed('the functions of the endpoint');
	is(says('postgres', "SET admin_dashboard.calls_table = 'shop.calls'", "SELECT pg_catalog.jsonb_object_field_text(public.admin_dashboard('2026-01-01Z', '2026-12-31Z', 'ann\@example.com'), 'total_calls')"), '1', 'the dashboard');
	unharmed('admin_dashboard()');
}
is(says('postgres', 'SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper'), 'postgres', 'one superuser');
is(says('postgres', 'SELECT pg_catalog.string_agg(DISTINCT usename, NULL) FROM pg_catalog.pg_user u, pg_catalog.pg_proc p, pg_catalog.pg_namespace n
	WHERE proowner OPERATOR(pg_catalog.=) usesysid AND pronamespace OPERATOR(pg_catalog.=) n.oid AND nspname OPERATOR(pg_catalog.=) ANY (ARRAY[\'admin_dashboard\', \'admin_dashboard_rest\'])'),
	'postgres', 'who owns all functions but that which PostgREST calls');

# Temporary objects of the caller of what has another's rights
my @temporary = ('SET search_path = pg_temp, pg_catalog', "CREATE TEMP VIEW pg_stat_activity AS SELECT a.* FROM pg_catalog.pg_stat_activity a WHERE public.trojan('pg_stat_activity')",
	"CREATE TEMP VIEW api_key_hashes AS SELECT 1 AS id WHERE public.trojan('api_key_hashes')", "CREATE TEMP VIEW calls AS SELECT 1 AS id WHERE public.trojan('calls')",
	map { "CREATE DOMAIN pg_temp.$_ AS pg_catalog.$_ CHECK (public.trojan('type $_'))" } @types);
sql('GRANT ALL ON FUNCTION public.trojan(pg_catalog.text) TO PUBLIC');
says('ann', @temporary, "SELECT 'x'::text");
is(trojans(), 'type text of ann', 'temporary trojans');
my $key = make_secret((split /\n/, says('ann', @temporary, "SELECT admin_dashboard.create_api_key('temporary')"))[-1]);
like($key, qr/^adk_/, 'a key among temporary objects');
for my $report ('days', 'users')
{
	my $headers = qq({"x-api-authorization": "Bearer $key", "x-query": "$query", "x-report": "$report", "x-format": "csv"});
	like(says($anon, 'SET ROLE admin_dashboard_anon', @temporary, "SELECT FROM pg_catalog.set_config('request.headers', '$headers', false)", "SELECT ${function}_rows()"),
		qr/^[a-z_]+,calls/m, "$report among temporary objects");
}
for my $headers (qq({"x-api-authorization": "Bearer $key", "x-query": "$query"}), '{"x-gone": "x"}')
{
	like(says($anon, 'SET ROLE admin_dashboard_anon', @temporary, "SELECT FROM pg_catalog.set_config('request.headers', '$headers', false)", "SELECT $function()"),
		qr/"total_calls": 1,|null$/, 'an answer among temporary objects');
}
unharmed('temporary objects');

pg_ctl('-m', 'fast', 'stop');
done_testing();
