# Kept sums: how far a change stream has been read.  The server of the tests has tokens of
# another form than MongoDB, so a member answers as MongoDB does: its tokens begin with a
# time, batches end within a transaction, and empty ones come before the end.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

make_database('ad_kept_stream');
start_server();
my ($port) = start_members('127.0.0.1', server_port(), 1);
member('hello 0 {"setName": "rs", "hosts": ["127.0.0.1:' . $port . '"], "me": "127.0.0.1:' . $port . '"}');
is(session(<<"SQL"), '', 'a table');
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:$port/?directConnection=true');
CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'kept');
SQL

# The time of the server and of tokens is a number of seconds
my $now = 100;
sub call { return qq({"_id": "$_[0]", "created_at": {"\$date": "2026-01-05T00:00:00Z"}, "duration_minutes": $_[1]}) }
sub inserted { my $call = call(@_); return qq({"operationType": "insert", "documentKey": {"_id": "$_[0]"}, "fullDocument": $call}) }
sub batch
{
	my ($name, $documents, $time, $cursor) = @_;
	my $token = defined $time ? sprintf ', "postBatchResumeToken": {"_data": "82%08X%08X2B0229296E04"}', $time, 1 : '';
	return sprintf '{"cursor": {"%s": [%s], "id": {"$numberLong": "%d"}, "ns": "kept.calls"%s}}', $name, join(', ', @$documents), $cursor // 5, $token;
}

sub served
{
	my (%replies) = @_;
	$replies{listCollections} = qq({"operationTime": {"\$timestamp": {"t": $now, "i": 1}}, "cursor": {"id": {"\$numberLong": "0"}, "ns": "kept.\$cmd.listCollections", "firstBatch": )
	  . '[{"name": "calls", "type": "collection", "options": {}, "info": {"uuid": {"$binary": {"base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "04"}}}}]}}';
	$replies{killCursors} = '{}';
	member('replies 0 {' . join(', ', map { qq("$_": $replies{$_}) } sort keys %replies) . '}');
}

sub minutes { return session("SET statement_timeout = '5s'; SET admin_dashboard.calls_table = calls; SELECT d->>'total_calls', d->>'total_duration_minutes' FROM admin_dashboard('2026-01-01', '2026-02-01') d") }

served(find => batch('firstBatch', [ call('a', 1), call('b', 2) ], undef, 0), aggregate => batch('firstBatch', [], 100));
is(session("SELECT admin_dashboard_keep('calls')"), '2', 'kept');
is(minutes(), '2|3.00', 'an empty batch with the token of the time is the end');

$now = 110;
served(aggregate => batch('firstBatch', [], 105), getMore => batch('nextBatch', [ inserted('c', 4) ], 111));
is(minutes(), '3|7.00', 'one with an earlier token is not');

$now = 120;
served(aggregate => batch('firstBatch', [ inserted('d', 8) ], 120), getMore => batch('nextBatch', [ inserted('e', 16) ], 121));
is(minutes(), '5|31.00', 'nor is a batch within a transaction of that time');

$now = 130;
member('commands');
served(aggregate => batch('firstBatch', [ inserted('f', 32) ], 131));
is(minutes(), '6|63.00', 'a batch with a later token is');
is(scalar(member_commands('getMore')), 0, 'and no other is asked for');

sub refresh { return session("SELECT admin_dashboard_refresh('calls')") }

# Between changes of other collections only the token comes forward.  An answer that has no
# time for all of them keeps how far it came, and a refresh has no limit
$now = 140;
served('$changeStream' => batch('firstBatch', [], 135), getMore => batch('nextBatch', [], 138));
session("SET statement_timeout = '900ms'; SET admin_dashboard.calls_table = calls; SELECT admin_dashboard('2026-01-01', '2026-02-01')");
$now = 150;
served(aggregate => batch('firstBatch', [ inserted('h', 128) ], 151));
member('commands');
is(refresh(), '1', 'a refresh');
my ($watch) = member_commands('aggregate');
like($watch->{pipeline}[0]{'$changeStream'}{resumeAfter}{_data}, qr/^820000008A/, 'begins where an answer has come to');
ok(!exists $watch->{maxTimeMS}, 'and lets MongoDB look through its oplog as long as it must');
member('commands');
minutes();
cmp_ok((member_commands('aggregate'))[0]{maxTimeMS}, '<=', 1000, 'an answer does not');

# (the live query would get the same replies)
$now = 160;
served(aggregate => batch('firstBatch', [ inserted('g', 64) ], 159, 0));
like(refresh(), qr/^ERROR:  55000: .*\nDETAIL:  MongoDB has closed the change stream\.$/, 'a stream that the server closes before that');
served(aggregate => batch('firstBatch', [], undef), getMore => batch('nextBatch', [], undef));
like(refresh(), qr/^WARNING:  55000: .*\nDETAIL:  MongoDB sent changes without a token\./, 'one without tokens');

# The last batch of a part can be empty; the next part begins after the last document
served(find => batch('firstBatch', [ call('a', 1), call('b', 2) ], undef), aggregate => batch('firstBatch', [], 160), getMore => batch('nextBatch', [], undef, 0));
member('commands');
like(session("SET statement_timeout = '2s'; CALL admin_dashboard_load('calls')"), qr/^ERROR:  57014: /, 'a server that always has the same documents');
my @finds = member_commands('find');
is_deeply([ map { exists $_->{filter} ? $_->{filter}{'$expr'}{'$gt'}[1]{'$literal'} : '-' } @finds[ 0, 1 ] ], [ '-', 'b' ], 'is asked for those after the last');
stop_server();
done_testing();
