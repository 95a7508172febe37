# What is sent to MongoDB grows with the SQL: for each function that goes down and
# each construct the size is linear in how deep it is nested, and what is too deep or
# too large stays with PostgreSQL.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;

my $uri = $ENV{AD_TEST_MONGODB_URI} or plan skip_all => 'scripts/test provides the servers';
my @nestings = (1, 2, 4, 8, 16);
# of a level more, in bytes of what EXPLAIN prints
my $most_a_level = 2500;
my $most_levels = 90;

make_database('ad_size');
my $columns = 'b boolean, h smallint, i int, l bigint, f float8, s text, ts timestamptz, ts2 timestamptz, tn timestamp, tn2 timestamp';
is(session(<<"SQL"), '', 'tables');
CREATE SERVER nobody FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE strict ($columns) SERVER nobody OPTIONS (database 'shop', collection 't');
CREATE FOREIGN TABLE loose ($columns) SERVER nobody OPTIONS (database 'shop', collection 't', on_mismatch 'null');
SQL

my %type_of = (2 => 'h', 4 => 'i', 8 => 'l');
my %sql_type = (h => 'smallint', i => 'int', l => 'bigint');

# An expression with the function of that name, and with {} of its own type; and that
# type, as the column that has it.
sub with_function
{
	local $_ = shift;
	my %arithmetic = (PL => '+', MI => '-', MUL => '*', DIV => '/');
	if (/^F_INT([248])([248]?)(PL|MI|MUL|DIV)$/)
	{
		my ($left, $right, $op) = ($1, $2 || $1, $arithmetic{$3});
		my $type = $type_of{ $left > $right ? $left : $right };
		return ($type, "({} + ($type_of{$left} / 3::$sql_type{$type_of{$right}}))") if $op eq '/';
		return ($type, $left >= $right ? "({} $op $type_of{$right})" : "($type_of{$left} $op {})");
	}
	return ($type_of{$1}, "({} % 1000::$sql_type{$type_of{$1}})") if /^F_INT([248])MOD$/;
	return ($type_of{$1}, "mod({}, 1000::$sql_type{$type_of{$1}})") if /^F_MOD_INT([248])_INT[248]$/;
	return ($type_of{$1}, '(- {})') if /^F_INT([248])UM$/;
	return ($type_of{$1}, '(@ {})') if /^F_INT([248])ABS$/;
	return ($type_of{$1}, 'abs({})') if /^F_ABS_INT([248])$/;
	return ($type_of{$1}, "({}::$sql_type{$type_of{$2}})::$sql_type{$type_of{$1}}") if /^F_INT([248])_INT([248])$/;
	return ($type_of{$1}, "({}::numeric)::$sql_type{$type_of{$1}}") if /^F_(?:NUMERIC_INT|INT)([248])(?:_NUMERIC)?$/;
	return ('f', "({} + $type_of{$1}::float8)") if /^F_FLOAT8_INT([248])$/;
	return ('f', "({} $arithmetic{$1} f)") if /^F_FLOAT8(PL|MI|MUL|DIV)$/;
	return ('f', "\L$1\E({})") if /^F_(ABS|FLOOR|CEIL|CEILING|TRUNC)_FLOAT8$/;
	return ('l', "\L$1\E({}::numeric)::bigint") if /^F_(FLOOR|CEIL|CEILING)_NUMERIC$/;
	return ('l', "\L$1\E({}::numeric, 0)::bigint") if /^F_(TRUNC|ROUND)_NUMERIC_INT4$/;
	return ('i', "({} + \L$1\E(s))") if /^F_(LENGTH|CHAR_LENGTH|CHARACTER_LENGTH)_TEXT$/;
	return ('s', "\L$1\E({}, 1, 50)") if /^F_(SUBSTR|SUBSTRING)_TEXT_INT4_INT4$/;
	return ('s', "\L$1\E({})") if /^F_([BLR]TRIM|LOWER|UPPER)_TEXT$/;
	return ('s', "\L$1\E({}, 'ab')") if /^F_([BLR]TRIM)_TEXT_TEXT$/;
	return ('s', "\L$1\E({}, 2)") if /^F_(SUBSTR|SUBSTRING)_TEXT_INT4$/;
	return ('f', "({}::$sql_type{$type_of{$1}})::float8") if /^F_INT([248])_FLOAT8$/;
	return ('f', 'round({})') if /^F_(?:ROUND_FLOAT8|DROUND)$/;
	my %others = (
		F_INT4_BOOL => [ 'b', '({} AND (b::int = 1))' ], F_RIGHT => [ 's', 'right({}, 50)' ],
		F_STRPOS => [ 'i', "({} + strpos(s, 'a'))" ], F_POSITION_TEXT_TEXT => [ 'i', "({} + position('a' IN s))" ],
		F_REPLACE => [ 's', "replace({}, 'a', 'b')" ], F_SPLIT_PART => [ 's', "split_part({}, 'a', 1)" ],
		F_FLOAT8_NUMERIC => [ 'f', '({} + (i::numeric)::float8)' ], F_FLOAT8UM => [ 'f', '(- {})' ], F_FLOAT8ABS => [ 'f', '(@ {})' ],
		F_NUMERIC_DIV => [ 'i', 'floor({}::numeric / 10)::int' ], F_NUMERIC_ADD => [ 'i', '({} + 0.5)::int' ], F_NUMERIC_SUB => [ 'i', '({} - 0.5)::int' ],
		F_NUMERIC_MUL => [ 'i', '({} * 0.5)::int' ], F_NUMERIC_UMINUS => [ 'i', '(- {}::numeric)::int' ],
		F_NUMERIC_ABS => [ 'i', '(@ {}::numeric)::int' ], F_ABS_NUMERIC => [ 'i', 'abs({}::numeric)::int' ],
		F_TEXTCAT => [ 's', '({} || s)' ], F_LEFT => [ 's', 'left({}, 50)' ],
		F_DATE_TRUNC_TEXT_TIMESTAMPTZ => [ 'ts', "date_trunc('hour', {})" ],
		F_DATE_TRUNC_TEXT_TIMESTAMP => [ 'tn', "date_trunc('hour', {})" ],
		F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT => [ 'i', "({} + extract(year FROM date_trunc('day', ts, 'UTC'))::int)" ],
		F_EXTRACT_TEXT_TIMESTAMPTZ => [ 'i', '({} + extract(year FROM ts)::int)' ],
		F_EXTRACT_TEXT_TIMESTAMP => [ 'i', '({} + extract(year FROM tn)::int)' ],
		F_EXTRACT_TEXT_DATE => [ 'i', '({} + extract(year FROM tn::date)::int)' ],
		F_EXTRACT_TEXT_INTERVAL => [ 'b', '({} AND extract(epoch FROM (ts - ts2)) > 60)' ],
		F_DATE_PART_TEXT_INTERVAL => [ 'f', "({} + date_part('day', ts - ts2))" ],
		F_DATE_PART_TEXT_TIMESTAMPTZ => [ 'f', "({} + date_part('year', ts))" ],
		F_DATE_PART_TEXT_TIMESTAMP => [ 'f', "({} + date_part('year', tn))" ],
		F_TIMESTAMP_TIMESTAMPTZ => [ 'i', '({} + extract(hour FROM ts::timestamp)::int)' ],
		F_DATE_TIMESTAMPTZ => [ 'i', '({} + extract(day FROM ts::date)::int)' ],
		F_DATE_TIMESTAMP => [ 'tn', '({}::date)::timestamp' ], F_TIMESTAMP_DATE => [ 'tn', '({}::date)::timestamp' ],
		F_TIMEZONE_TEXT_TIMESTAMPTZ => [ 'ts', "(({} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')" ],
		F_TIMEZONE_TEXT_TIMESTAMP => [ 'ts', "(({} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')" ],
		F_TIMESTAMPTZ_PL_INTERVAL => [ 'ts', "({} + interval '1 hour')" ], F_TIMESTAMPTZ_MI_INTERVAL => [ 'ts', "({} - interval '1 hour')" ],
		F_TIMESTAMP_PL_INTERVAL => [ 'tn', "({} + interval '1 hour')" ], F_TIMESTAMP_MI_INTERVAL => [ 'tn', "({} - interval '1 hour')" ],
		F_TIMESTAMPTZ_MI => [ 'b', '({} AND extract(epoch FROM (ts - ts2)) > 60)' ],
		F_TIMESTAMP_MI => [ 'b', '({} AND extract(epoch FROM (tn - tn2)) > 60)' ],
	);
	return @{ $others{$_} // [] };
}

# What is no function: a type, and an expression with {} of that type
my @constructs = (
	(map { [ $_, "nullif({}, $_)" ], [ $_, "coalesce({}, $_)" ], [ $_, "greatest({}, $_)" ], [ $_, "least($_, {})" ], [ $_, "CASE WHEN b THEN {} ELSE $_ END" ],
		[ $_, "CASE WHEN {} IS NULL THEN $_ ELSE $_ END" ], [ $_, "CASE WHEN {} = $_ THEN $_ WHEN $_ <> $_ THEN $_ ELSE $_ END" ] } qw(i s ts)),
	(map { [ $_, "CASE {} WHEN 1 THEN 2 WHEN 3 THEN 4 ELSE $_ END" ], [ $_, "CASE WHEN {} > 5 THEN 1 ELSE $_ END" ], [ $_, "CASE WHEN {} < $_ THEN $_ ELSE 1 END" ],
		[ $_, "CASE WHEN $_ BETWEEN 1 AND 5 THEN {} END" ], [ $_, "CASE WHEN {} IN (1, 2, 3) THEN $_ END" ], [ $_, "CASE WHEN {} IS NOT DISTINCT FROM 3 THEN $_ END" ],
		[ $_, "nullif({}, 7)" ], [ $_, "coalesce({}, 1, $_)" ] } qw(h i l f)),
	[ 'f', "greatest({}, f)" ], [ 'f', "least(f, {})" ], [ 'f', "greatest({}, 30)" ],
	[ 'i', "nullif({}, 1) + 1" ], [ 'i', '({} + 1) * 2 - h' ], [ 'f', '({} + 1) * 2 - f / 3' ], [ 'i', '-abs({}) % 100' ],
	[ 's', "CASE {} WHEN 'a' THEN 'b' WHEN 'c' THEN s ELSE 'd' END" ], [ 's', "CASE WHEN {} COLLATE \"C\" < 'x' THEN s ELSE 'a' END" ], [ 's', "left({} || 'x', 20)" ],
	[ 'ts', "CASE WHEN {} > '2026-01-01Z' THEN ts ELSE ts2 END" ], [ 'ts', "CASE WHEN {} <= ts2 THEN ts2 ELSE ts END" ],
	[ 'f', 'nullif({}, f)' ], [ 'f', 'coalesce({}, f)' ],
	(map { [ 'b', $_ ] } '({} AND i > 1)', '({} OR i > 1)', '(i > 1 OR ({} AND l < 5))', '(NOT {})', '({} = b)', '({} <> b)', '(b = {})', '({} IS DISTINCT FROM b)',
		'({} IS NOT DISTINCT FROM b)', '({} IS NULL)', '({} IS TRUE)', '({} IS NOT TRUE)', '({} IS FALSE)', '({} IS UNKNOWN)', '(({} OR i > 1) = (l > 1))', 'nullif({}, b)',
		'coalesce({}, b)', 'greatest({}, b)', 'CASE WHEN {} THEN i > 1 ELSE b END', 'CASE WHEN i > 5 THEN {} ELSE b END', '({} > false)',
		"({} AND s LIKE 'a%')", "({} OR s NOT LIKE '%a%' AND s ILIKE 'b%')", "({} OR date_trunc('day', ts) = '2026-01-01Z')", '(({} IS NULL) = (i IS NULL))'),
);

# How deep and large is what a query sends
sub nest
{
	my ($type, $template, $times) = @_;
	my $expr = $type;
	for (1 .. $times)
	{
		$expr = $template =~ s/\{\}/$expr/r;
	}
	return $expr;
}

sub depth
{
	my ($text) = @_;
	my ($depth, $most) = (0, 0);
	while ($text =~ /"(?:[^"\\]|\\.)*"|([\[{])|[\]}]/g)
	{
		next if substr($text, $-[0], 1) eq '"';
		$depth += $1 ? 1 : -1;
		$most = $depth if $depth > $most;
	}
	return $most;
}

# The texts of what each query would send, '' if it goes down by no more than columns
sub sent
{
	my ($script, $count) = ('', 0);
	$script .= "\\echo ====\nEXPLAIN (VERBOSE, COSTS OFF) $_;\n" for @_;
	my ($ignored, @answers) = split /^====\n/m, session($script);
	return map { join "\n", /MongoDB Query: (.*)/g or "an error: $_" } @answers;
}

my %uses = (
	aggregate => sub { "SELECT count($_[1]) FROM $_[0]" },
	where => sub { $_[2] eq 'b' ? "SELECT count(*) FROM $_[0] WHERE $_[1]" : "SELECT count(*) FROM $_[0] WHERE ($_[1]) = $_[2]" },
	extreme => sub { my $of = $_[2] eq 's' ? "$_[1] COLLATE \"C\"" : $_[2] eq 'b' ? "CASE WHEN $_[1] THEN 1 END" : $_[1]; "SELECT max($of) FROM $_[0]" },
	sum => sub { $_[2] =~ /^[hilf]$/ ? "SELECT sum($_[1]) FROM $_[0]" : () },
	group => sub { "SELECT $_[1], count(*) FROM $_[0] GROUP BY 1" },
	filter => sub { "SELECT count(*) FILTER (WHERE ($_[1]) IS NOT NULL) FROM $_[0]" },
	having => sub { "SELECT h FROM $_[0] GROUP BY h HAVING count($_[1]) > 1" },
	order => sub { "SELECT h FROM $_[0] ORDER BY $_[1] LIMIT 5" },
);

my (%largest, %deepest);
sub check_growth
{
	my ($name, $type, $template) = @_;
	my (@kinds, @queries);
	for my $use (sort keys %uses)
	{
		for my $table ('strict', 'loose')
		{
			next if $table eq 'loose' && $use !~ /aggregate|where|group/;
			my @of = map { $uses{$use}->($table, nest($type, $template, $_), $type) } @nestings or next;
			push @kinds, "$use of $table";
			push @queries, @of;
		}
	}
	my @sent = sent(@queries);
	my (@faults, $goes_down);
	for my $kind (@kinds)
	{
		my @texts = splice @sent, 0, scalar(@nestings);
		my @of = splice @queries, 0, scalar(@nestings);
		for my $place (0 .. $#nestings)
		{
			my $depth = depth($texts[$place]);
			push @faults, "$kind: $texts[$place]" if $texts[$place] =~ /^an error/;
			push @faults, "$kind: $depth levels: $of[$place]" if $depth > $most_levels;
			$deepest{$depth} = $of[$place];
			next if $place == 0;
			my $growth = (length($texts[$place]) - length($texts[ $place - 1 ])) / ($nestings[$place] - $nestings[ $place - 1 ]);
			push @faults, sprintf '%s: from %d to %d bytes: %s', $kind, length $texts[ $place - 1 ], length $texts[$place], $of[$place] if $growth > $most_a_level;
			$largest{$growth} = "$kind: $of[$place]";
		}
		# (what no query sends proves nothing)
		$goes_down ||= $texts[0] =~ /aggregate\(|\$expr/ && ($texts[2] =~ /aggregate\(|\$expr/ || 'deeper than that it does not');
	}
	is(join("\n", @faults), '', "$name: $template");
	is($goes_down, 1, "$name: $template goes down");
}

my %seen;
for my $file ('src/translate/value_function.c', 'src/translate/value_arithmetic.c')
{
	for my $function (slurp($file) =~ /^\t\{(F_\w+), \w+/mg)
	{
		my ($type, $template) = with_function($function);
		fail("$function has no expression here"), next if !$type;
		check_growth($function, $type, $template);
		$seen{$function}++;
	}
}
cmp_ok(scalar(keys %seen), '>', 90, 'all functions');
check_growth('a construct', @$_) for @constructs;
# The days of an array, each of which is a range, are no more than that, and nested in halves
for my $days ([ 'ts::date', 'date' ], [ "date_trunc('week', ts)", 'timestamptz' ])
{
	my ($text) = sent("SELECT h FROM loose WHERE $days->[0] = ANY ('{" . join(',', map { sprintf '2%03d-01-01', $_ } 1 .. 900) . "}'::$days->[1]" . '[])');
	cmp_ok(scalar(() = $text =~ /"\$gte"/g), '>', 100, "ranges for 900 of $days->[0]");
	cmp_ok(length($text), '<', 900 * 300, 'their bytes');
	cmp_ok(depth($text), '<', 30, 'their levels');
}

my ($worst) = sort { $b <=> $a } keys %largest;
diag("the most bytes a level: $worst, $largest{$worst}");
($worst) = sort { $b <=> $a } keys %deepest;
diag("the most levels: $worst, $deepest{$worst}");

done_testing();
