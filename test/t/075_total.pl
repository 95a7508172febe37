# What total.py says of expressions that may fail, and of those that cannot.
# test/pgtap/corpus.sql and random.sql hold their commands against it.

use strict;
use warnings;
use lib 'test/lib';
use JSON::PP;
use Servers;
use Test::More;

my $is_int = { '$eq' => [ { '$type' => '$x' }, 'int' ] };
my $int = { '$cond' => [ $is_int, '$x', undef ] };
my $is_text = { '$eq' => [ { '$type' => '$x' }, 'string' ] };
my $text = { '$cond' => [ $is_text, '$x', '' ] };
my $other = { '$cond' => [ { '$eq' => [ { '$type' => '$y' }, 'int' ] }, '$y', undef ] };
my $date = { '$cond' => [ { '$eq' => [ { '$type' => '$x' }, 'date' ] }, '$x', undef ] };
my %first = ('$date' => { '$numberLong' => '-210866803200000' });
my %last = ('$date' => { '$numberLong' => '9224318015999999' });
my $near = { '$cond' => [ { '$and' => [ { '$gte' => [ $date, \%first ] }, { '$lte' => [ $date, \%last ] } ] }, $date, undef ] };
my $match = sub { { '$match' => { x => $_[0] } } };

# What may fail, and why; an expression is that of a $project, a list is a pipeline
my @partial = (
	[ 'a field of any type', { '$toLong' => '$x' }, qr/^\$toLong of string .* maxKey in \$toLong\(\$x\)/ ],
	[ 'a test beside it in $and', { '$and' => [ $is_text, { '$regexMatch' => { input => '$x', regex => 'a' } } ] }, qr/\$regexMatch of int/ ],
	[ 'a test before it in $cond', { '$cond' => [ $is_int, { '$trunc' => '$x' }, undef ] }, qr/\$trunc of string/ ],
	[ 'a branch that a constant leaves out', { '$cond' => [ \1, 1, { '$abs' => '$x' } ] }, qr/\$abs of string/ ],
	[ 'a case', { '$switch' => { branches => [ { case => $is_int, then => { '$floor' => '$x' } } ], default => 1 } }, qr/\$floor of string/ ],
	[ 'no branch', { '$switch' => { branches => [ { case => $is_int, then => 1 } ] } }, qr/may have no branch/ ],
	[ '$trim of numbers', { '$trim' => { input => '$x' } }, qr/\$trim of/ ],
	[ 'the length of null', { '$strLenCP' => { '$cond' => [ $is_text, '$x', undef ] } }, qr/\$strLenCP of null/ ],
	[ 'a variable that nothing reads', { '$let' => { vars => { y => { '$toInt' => '$x' } }, in => 1 } }, qr/\$toInt of string/ ],
	[ 'an empty string as a number', { '$toDouble' => $text }, qr/\$toDouble of string/ ],
	[ 'division by what may be zero', { '$divide' => [ 1, $int ] }, qr/by zero/ ],
	[ 'or is tested beside it', { '$cond' => [ { '$eq' => [ $int, 0 ] }, undef, { '$mod' => [ 1, $int ] } ] }, qr/by zero/ ],
	[ 'a double as a long', { '$toLong' => { '$cond' => [ { '$eq' => [ { '$type' => '$x' }, 'double' ] }, '$x', undef ] } }, qr/out of range/ ],
	[ 'one of an upper bound', { '$toLong' => { '$cond' => [ { '$and' => [ { '$eq' => [ { '$type' => '$x' }, 'double' ] }, { '$lt' => [ '$x', 5 ] } ] }, '$x', undef ] } }, qr/out of range/ ],
	[ 'the least long', { '$abs' => { '$cond' => [ { '$eq' => [ { '$type' => '$x' }, 'long' ] }, '$x', undef ] } }, qr/least long/ ],
	[ 'a decimal as a double', { '$toDouble' => { '$cond' => [ { '$eq' => [ { '$type' => '$x' }, 'decimal' ] }, '$x', undef ] } }, qr/out of range/ ],
	[ 'dates far apart', { '$subtract' => [ $date, { '$date' => { '$numberLong' => '1' } } ] }, qr/may overflow/ ],
	[ 'a distant date', { '$add' => [ $date, 86400000 ] }, qr/may overflow/ ],
	[ 'a far one cut', { '$dateTrunc' => { date => $date, unit => 'day' } }, qr/too far/ ],
	[ 'a zone that is a field', { '$year' => { date => $date, timezone => '$zone' } }, qr/no constant/ ],
	[ 'membership in a field', { '$in' => [ 1, '$x' ] }, qr/no array/ ],
	[ 'a character cut', { '$substrBytes' => [ $text, 0, 1 ] }, qr/cut a character/ ],
	[ 'an unknown operator', { '$sqrt' => $int }, qr/does not know \$sqrt/ ],
	[ 'another stage', [ { '$redact' => '$$KEEP' } ], qr/does not know the stage/ ],
	[ '$type in a match takes arrays of it', [ $match->({ '$type' => 'string' }), { '$project' => { y => { '$concat' => ['$x', 'a'] } } } ], qr/\$concat of array/ ],
	[ 'a bound in a match, too', [ $match->({ '$gt' => 5 }), { '$project' => { y => { '$trunc' => '$x' } } } ], qr/\$trunc of array/ ],
	[ 'an array on the way', [ { '$match' => { 'x.y' => { '$type' => 'int', '$not' => { '$type' => 'array' } } } }, { '$project' => { y => { '$trunc' => '$x.y' } } } ], qr/\$trunc of array/ ],
	[ 'an $or of two types', [ { '$match' => { '$expr' => { '$or' => [ $is_int, $is_text ] } } }, { '$project' => { y => { '$trunc' => '$x' } } } ], qr/\$trunc of string/ ],
	[ 'one not less than what may be null', [ { '$match' => { '$expr' => { '$gte' => [ $int, $other ] } } }, { '$project' => { y => { '$trunc' => '$x' } } } ], qr/\$trunc of string/ ],
	[ 'what is computed of it may be null', [ { '$match' => { '$expr' => { '$lte' => [ { '$toLong' => { '$divide' => [ $int, 10 ] } }, 4 ] } } }, { '$project' => { y => { '$trunc' => '$x' } } } ], qr/\$trunc of string/ ],
	[ 'a match behind it', [ { '$project' => { y => { '$trunc' => '$x' } } }, $match->({ '$type' => 'int' }) ], qr/\$trunc of string/ ],
	[ 'a field that a group made', [ { '$group' => { _id => 1, m => { '$max' => '$x' } } }, { '$project' => { y => { '$toLong' => '$m' } } } ], qr/\$toLong of string/ ],
	[ 'in a pipeline of $lookup', [ { '$lookup' => { from => 'b', as => 'b', let => { a => '$x' }, pipeline => [ { '$match' => { '$expr' => { '$gt' => [ { '$trunc' => '$$a' }, 1 ] } } } ] } } ], qr/\$trunc of string/ ],
	[ 'in one of $unionWith', [ { '$unionWith' => { coll => 'b', pipeline => [ { '$project' => { y => { '$trunc' => '$x' } } } ] } } ], qr/\$trunc of string/ ],
	[ 'a sort by two fields that may be arrays', [ { '$sort' => { x => 1, y => 1 } } ], qr/parallel arrays/ ],
	[ 'a document that is none', [ { '$replaceWith' => '$x' } ], qr/replaced with/ ],
	[ 'of elements', { '$map' => { input => [ 1, '$x' ], in => { '$abs' => '$$this' } } }, qr/\$abs of string/ ],
	[ 'accumulated', { '$reduce' => { input => [ 1, 2 ], initialValue => 'a', in => { '$add' => [ '$$value', '$$this' ] } } }, qr/\$add of string/ ],
);
my @total = (
	[ 'a test around the argument', { '$trunc' => $int } ],
	[ 'a conversion that says what it is otherwise', { '$abs' => { '$convert' => { input => '$x', to => 'int', onError => 0, onNull => 0 } } } ],
	[ 'a string or none', { '$regexMatch' => { input => $text, regex => 'a' } } ],
	[ 'whose length', { '$strLenCP' => { '$ifNull' => [ { '$cond' => [ $is_text, '$x', undef ] }, '' ] } } ],
	[ 'division by what is no zero', { '$divide' => [ 1, { '$cond' => [ { '$eq' => [ $int, 0 ] }, undef, $int ] } ] } ],
	[ 'an integer as a long', { '$toLong' => $int } ],
	[ 'a bounded number', { '$toLong' => { '$cond' => [ { '$and' => [ { '$gte' => [ '$x', -5 ] }, { '$lte' => [ '$x', 5 ] } ] }, '$x', undef ] } } ],
	[ 'the same by a variable', { '$let' => { vars => { c => '$x' }, in => { '$toLong' => { '$cond' => [ { '$and' => [ { '$lte' => [ '$$c', 5 ] }, { '$gte' => [ '$x', 0 ] } ] }, '$$c', 1 ] } } } } ],
	[ 'the negation of a test', { '$trunc' => { '$cond' => [ { '$not' => [$is_int] }, 1, '$x' ] } } ],
	[ 'one of several types', { '$trunc' => { '$cond' => [ { '$in' => [ { '$type' => '$x' }, [ 'int', 'null', 'missing', 'double' ] ] }, '$x', 1 ] } } ],
	[ 'dates of PostgreSQL', { '$subtract' => [ $near, { '$date' => { '$numberLong' => '0' } } ] } ],
	[ 'a date moved near', { '$dateTrunc' => { date => { '$add' => [ $near, { '$cond' => [ { '$lt' => [ $near, \%first ] }, 1000, 0 ] } ] }, unit => 'day' } } ],
	[ 'moved away from the end', { '$add' => [ $date, { '$cond' => [ { '$lt' => [ $date, { '$date' => { '$numberLong' => '0' } } ] }, 1000, -1000 ] } ] } ],
	[ 'what $literal holds', { '$literal' => { '$toLong' => '$x' } } ],
	[ 'a match before it', [ $match->({ '$type' => 'int', '$not' => { '$type' => 'array' } }), { '$group' => { _id => { '$trunc' => '$x' } } } ] ],
	[ 'its expression', [ { '$match' => { '$expr' => $is_int } }, { '$sort' => { x => 1 } }, { '$limit' => 3 }, { '$group' => { _id => { '$trunc' => '$x' } } } ] ],
	[ 'one not less than a number', [ { '$match' => { '$expr' => { '$and' => [ { '$gte' => [ $int, $other ] }, { '$gt' => [ $other, undef ] } ] } } }, { '$project' => { y => { '$trunc' => '$x' } } } ] ],
	[ 'what is computed of it is not null', [ { '$match' => { '$expr' => { '$gte' => [ { '$toLong' => { '$divide' => [ { '$toDecimal' => { '$subtract' => [ $int, { '$mod' => [ $int, 10 ] } ] } }, 10 ] } }, 4 ] } } }, { '$project' => { y => { '$trunc' => '$x' } } } ] ],
	[ 'branches of one type', [ { '$match' => { '$or' => [ { x => { '$type' => 'int' } }, { '$expr' => { '$in' => [ { '$type' => '$x' }, [ 'long', 'int' ] ] } } ], x => { '$not' => { '$type' => 'array' } } } }, { '$project' => { y => { '$trunc' => '$x' } } } ] ],
	[ 'a path with no array on it', [ { '$match' => { 'x.y' => { '$type' => 'int', '$not' => { '$type' => 'array' } }, x => { '$not' => { '$type' => 'array' } } } }, { '$project' => { y => { '$trunc' => '$x.y' } } } ] ],
	[ 'what a group counts', [ { '$group' => { _id => '$x', n => { '$sum' => 1 } } }, { '$project' => { y => { '$add' => [ '$n', 1 ] } } } ] ],
	[ 'a document in a document', [ { '$match' => { '$expr' => $is_int } }, { '$replaceWith' => { d => '$$ROOT', k => { '$abs' => '$x' } } }, { '$sort' => { k => 1 } }, { '$project' => { y => { '$trunc' => '$d.x' } } } ] ],
	[ 'elements that fit', { '$map' => { input => { '$filter' => { input => [ 1, '$x' ], cond => { '$isNumber' => '$$this' } } }, in => { '$trunc' => '$$this' } } } ],
);

my @cases = map { ref $_->[1] eq 'ARRAY' ? $_->[1] : [ { '$project' => { y => $_->[1] } } ] } @partial, @total;
my @problems = @{ decode_json(run_python(<<'PY', JSON::PP->new->canonical->encode(\@cases))) };
import json, sys
sys.path.insert(0, "test/lib")
from bson import json_util
import total
options = json_util.JSONOptions(datetime_conversion=total.OPTIONS.datetime_conversion)
pipelines = json_util.loads(sys.argv[1], json_options=options)
print(json.dumps(["; ".join(total.problems({"aggregate": "a", "pipeline": pipeline})) for pipeline in pipelines]))
PY
like(shift @problems, $_->[2], "may fail: $_->[0]") for @partial;
is(shift @problems, '', "cannot fail: $_->[0]") for @total;
done_testing();
