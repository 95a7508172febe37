# Servers for the tests: psql's sessions, a MongoDB server of a test's own, a proxy
# that fails, and members of deployments that are not there.

package Servers;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run qw(start);
use JSON::PP;
use Socket;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(free_port run_or_die run_python python_with_calls slurp make_secret make_database wait_until session background go_on
  waits_for_mongodb
  start_server stop_server server_pid server_port start_faults fault
  start_members member member_commands start_hostile);

$SIG{PIPE} = 'IGNORE';

sub free_port
{
	socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
	bind($socket, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!\n";
	return (sockaddr_in(getsockname($socket)))[0];
}

# A command's output
sub run_or_die
{
	my (@command) = @_;
	my ($out, $err);
	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err) or die "@command[0 .. 1]: $err\n";
	chomp $out;
	return $out;
}

sub run_python
{
	my ($code, @arguments) = @_;
	return run_or_die($ENV{PYTHON}, '-c', $code, @arguments);
}

# The same, with the collection `calls` in database `kept` of the test's own server
sub python_with_calls
{
	my ($code) = @_;
	return run_python("import sys, pymongo\nfrom bson import *\nfrom datetime import datetime\n"
		  . "client = pymongo.MongoClient('127.0.0.1', int(sys.argv[1]), directConnection=True)\ncalls = client.kept.calls\n$code", server_port());
}

sub slurp
{
	my ($path) = @_;
	local $/;
	open my $file, '<', $path or die "$path: $!\n";
	return scalar <$file>;
}

# Note what no server may log; test/t/990_secrets.pl looks for it.
sub make_secret
{
	my ($secret) = @_;
	open my $file, '>>', "$ENV{TMPDIR}/secrets" or die "secrets: $!\n";
	print $file "$secret\n";
	close $file;
	return $secret;
}

# Whether it becomes true within ten seconds
sub wait_until(&)
{
	my ($condition) = @_;
	for (1 .. 200)
	{
		return 1 if $condition->();
		sleep 0.05;
	}
	return 0;
}

my $database;

# A database of the test's own, which logs much; dropped by drop_database, or by
# the next run.
sub make_database
{
	$database = shift;
	drop_database();
	IPC::Run::run([ 'psql', '-XAtq', '-d', 'postgres', '-c', "CREATE DATABASE $database" ]) or die "no database\n";
	session(<<"SQL");
CREATE EXTENSION admin_dashboard;
ALTER DATABASE $database SET admin_dashboard.log_remote = on;
ALTER DATABASE $database SET log_min_messages = debug2;
SQL
}

sub drop_database
{
	IPC::Run::run([ 'psql', '-XAtq', '-d', 'postgres', '-c', "DROP DATABASE IF EXISTS $database WITH (FORCE)" ], '2>', \my $ignored);
}

# What psql says to some queries, errors with SQLSTATE.  It is connected to the
# test's own database, or where the connection string says.
sub session
{
	my ($in, $user, $where) = @_;
	my $out;
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $where // $database, '-U', $user // 'postgres' ],
		'<', \$in, '>', \$out, '2>&1');
	$out =~ s/^LOCATION:.*\n//mg;
	chomp $out;
	return $out;
}

# A session that is fed by and by, likewise: {pid, handle, in, out}
sub background
{
	my ($in, $where) = @_;
	my %session = (in => "SELECT pg_backend_pid();\n$in\n", out => '');
	$session{handle} = start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $where // $database ],
		'<', \$session{in}, '>', \$session{out}, '2>&1');
	$session{handle}->pump until $session{out} =~ /^(\d+)\n/;
	$session{pid} = $1;
	return \%session;
}

# What it says to some queries more
sub go_on
{
	my ($session, $queries) = @_;
	$session->{out} = '';
	$session->{in} .= "$queries;\n\\echo done\n";
	$session->{handle}->pump until $session->{out} =~ /^done$/m;
	$session->{out} =~ s/^LOCATION:.*\n//mg;
	return $session->{out} =~ s/done\n\z//r;
}

# Whether it comes to wait for MongoDB
sub waits_for_mongodb
{
	my ($session, $where) = @_;
	return wait_until
	{
		$session->{handle}->pump_nb;
		session("SELECT wait_event_type FROM pg_stat_activity WHERE pid = $session->{pid} AND state = 'active'", undef, $where) eq 'Extension'
	};
}

my ($port, $pid, $folder) = (free_port());

sub server_pid { return $pid }
sub server_port { return $port }

# Start the test's own MongoDB server, on the same port and data each time.
sub start_server
{
	my @options = @_;
	my $program = $ENV{AD_TEST_MONGOD};
	$folder //= "$ENV{TMPDIR}/mongodb-$database";
	my @storage = $program =~ /secantus/ ? ('--storage-path', $folder) : ('--bind_ip', '127.0.0.1', '--dbpath', $folder);
	mkdir $folder;
	# (its pid is that of the server itself)
	$pid = fork() // die "fork: $!\n";
	if ($pid == 0)
	{
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$folder.log";
		open STDERR, '>&', \*STDOUT;
		exec $program, '--port', $port, @storage, @options or die "$program: $!\n";
	}
	for (1 .. 300)
	{
		socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
		return if connect($socket, sockaddr_in($port, INADDR_LOOPBACK));
		sleep 0.1;
	}
	die "MongoDB did not start\n";
}

sub stop_server
{
	my ($signal) = @_;
	return if !$pid;
	kill $signal // 'TERM', $pid;
	waitpid $pid, 0;
	undef $pid;
}

# A program of ours that is told what to do line by line, and answers each by one:
# {handle, in, out}
my @helpers;

sub start_helper
{
	my %helper = (in => '', out => '');
	$helper{handle} = start([ $ENV{PYTHON}, @_ ], '<', \$helper{in}, '>', \$helper{out});
	push @helpers, \%helper;
	return \%helper;
}

sub answer_of
{
	my ($helper) = @_;
	$helper->{handle}->pump until $helper->{out} =~ /\n/;
	$helper->{out} =~ s/^(.*)\n//;
	return $1;
}

sub ask
{
	my ($helper, $line) = @_;
	$helper->{in} .= "$line\n";
	return answer_of($helper);
}

my ($faults, $members);

# Start a proxy to a server that fails as fault() says; returns its port.
sub start_faults
{
	my ($to_host, $to_port) = @_;
	$faults = start_helper('test/lib/faults.py', $to_host, $to_port);
	return answer_of($faults);
}

# Tell the proxy, and return what it says; see test/lib/faults.py.
sub fault { return ask($faults, $_[0]) }

# Start so many members of a deployment in front of a server; returns their ports.
sub start_members
{
	my ($to_host, $to_port, $number) = @_;
	$members = start_helper('test/lib/members.py', $to_host, $to_port, $number);
	return split ' ', answer_of($members);
}

# Start a server that answers wrongly; returns its port.  See test/lib/hostile.py.
sub start_hostile { return answer_of(start_helper('test/lib/hostile.py')) }

# Tell them; see test/lib/members.py.
sub member { return ask($members, $_[0]) }

# The commands of these names that members were asked since the last time
sub member_commands
{
	my %wanted = map { $_ => 1 } @_;
	return grep { $wanted{ $_->{name} } } @{ decode_json(member('commands')) };
}

END
{
	local $?;
	kill 'CONT', $pid if $pid;
	stop_server('KILL');
	$_->{handle}->kill_kill for @helpers;
	drop_database() if $database;
}

1;
