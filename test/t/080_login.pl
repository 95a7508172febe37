# TLS and logins: what is let in, and what each refusal says.

use strict;
use warnings;
use lib 'test/lib';
use Servers;
use Test::More;

plan skip_all => 'there is no MongoDB server program to start' if !$ENV{AD_TEST_MONGOD};

# no letter of it may have a meaning in a URI, nor be outside ASCII only by chance
my $secret = make_secret("p\@ss:/w%2Frd? gr\xC3\xBC\xC3\x9Fe");
my ($first, $second) = map { make_secret("secret$_") } 1, 2;
my $folder = "$ENV{TMPDIR}/certificates";

make_database('ad_login');
start_server();
my ($port) = start_members('127.0.0.1', server_port(), 1);
run_python(<<'PY', server_port());
import sys, pymongo
pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).shop.items.insert_one({"n": 1})
PY

# Certificates: two authorities, and NAME.pem with its key for each name
sub make_authority
{
	my ($name) = @_;
	run_or_die('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', "$folder/$name.key", '-out', "$folder/$name.pem",
		'-days', 2, '-subj', "/CN=$name");
}

sub make_certificate
{
	my ($name, $authority, $address, $days) = @_;
	my $file = "$folder/$name";
	run_or_die('openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-keyout', "$file.key", '-out', "$file.csr", '-subj', "/O=shop/CN=$name");
	write_file("$file.ext", "subjectAltName=$address\n");
	run_or_die('openssl', 'x509', '-req', '-in', "$file.csr", '-CA', "$folder/$authority.pem", '-CAkey', "$folder/$authority.key",
		'-CAcreateserial', '-days', $days, '-out', "$file.crt", '-extfile', "$file.ext");
	write_file("$file.pem", slurp("$file.key") . slurp("$file.crt"));
}

sub write_file
{
	my ($path, $text) = @_;
	open my $file, '>', $path or die "$path: $!\n";
	print $file $text;
	close $file;
}

mkdir $folder or die "$folder: $!\n";
make_authority($_) for qw(authority stranger);
# valid until the second in which it is made
make_certificate('expired', 'authority', 'IP:127.0.0.1', 0);
make_certificate('good', 'authority', 'IP:127.0.0.1', 2);
make_certificate('elsewhere', 'authority', 'DNS:db.example', 2);
make_certificate('strange', 'stranger', 'IP:127.0.0.1', 2);
make_certificate('client', 'authority', 'DNS:client', 2);

session(<<'SQL');
CREATE SERVER tls FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1/', connect_timeout_ms '2000');
CREATE FOREIGN TABLE items (n int) SERVER tls OPTIONS (database 'shop');
SQL
my $query = 'SELECT n FROM items';

# What a query says where the server shows that certificate, and the URI has that
sub with_tls
{
	my ($certificate, $options, $authority) = @_;
	member($certificate eq 'none' ? 'tls 0' : "tls 0 $folder/$certificate.pem " . ($authority ? "$folder/$authority.pem" : '-'));
	session("ALTER SERVER tls OPTIONS (SET uri 'mongodb://127.0.0.1:$port/?directConnection=true&$options')");
	return session($query);
}
my $trust = "tls=true&tlsCAFile=$folder/authority.pem";
my $refused = qr/^ERROR:  08001: could not connect to MongoDB server "tls"\nDETAIL:  .*/;
is(with_tls('good', $trust), '1', 'a good certificate');
is(session("$query; SELECT tls FROM admin_dashboard_connections()"), "1\nt", 'and the connection is one with TLS');
like(with_tls('good', 'tls=true'), qr/${refused}certificate verify failed/, 'of an authority that is not known');
like(with_tls('strange', $trust), qr/${refused}certificate verify failed/, 'of another authority');
like(with_tls('expired', $trust), qr/${refused}certificate (?:verify failed|has expired)/, 'one that has expired');
like(with_tls('elsewhere', $trust), qr/${refused}(?:hostname|certificate verify failed)/, 'of another host');
is(with_tls('elsewhere', "$trust&tlsAllowInvalidHostnames=true"), '1', 'which may be let in');
is(with_tls('strange', "$trust&tlsAllowInvalidCertificates=true"), '1', 'as may one of another authority');
like(with_tls('none', $trust), $refused, 'a server without TLS');
like(with_tls('good', 'tls=false'), $refused, 'a client without TLS');
like(with_tls('good', "tls=true&tlsCAFile=$folder/none.pem"), qr/${refused}could not set up TLS, check the certificate files/, 'a file that is not there');
is(with_tls('good', "$trust&tlsCertificateKeyFile=$folder/client.pem", 'authority'), '1', 'with a certificate of the client');

# X.509: the certificate is the user; files of the server are for superusers
my $x509 = "$trust&tlsCertificateKeyFile=$folder/client.pem&authMechanism=MONGODB-X509&authSource=\$external";
is(with_tls('good', $x509, 'authority'), '1', 'X.509');
my ($login) = member_commands('authenticate');
is("$login->{mechanism} $login->{user}", 'MONGODB-X509 CN=client,O=shop', 'with the name of the certificate');
like(with_tls('good', $x509), qr/^ERROR:  28P01: could not authenticate to MongoDB server "tls"/, 'X.509 that is refused');
session('CREATE ROLE regress_login LOGIN; GRANT SELECT ON items TO regress_login');
like(session($query, 'regress_login'), qr/^ERROR:  \w{5}: password is required to connect to MongoDB server "tls"\n/, "others may not use the server's certificate");
session('GRANT USAGE ON FOREIGN DATA WRAPPER admin_dashboard_fdw TO regress_login');
for my $option ('tls=true&tlsCAFile=/etc/passwd', 'tls=true&tlsCertificateKeyFile=/etc/passwd', 'tls=true&authMechanism=MONGODB-X509')
{
	like(session("CREATE SERVER theirs FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1/?$option')", 'regress_login'),
		qr/^ERROR:  42501: permission denied to use /, "nor name a file: $option");
}

# Passwords: SCRAM-SHA-1 by a member of ours, SCRAM-SHA-256 by the server
member('tls 0');
session("ALTER SERVER tls OPTIONS (SET uri 'mongodb://127.0.0.1:$port/?directConnection=true')");
member("login 0 reader $first");
session("CREATE USER MAPPING FOR postgres SERVER tls OPTIONS (user 'reader', password '$first', auth_mechanism 'SCRAM-SHA-1', auth_source 'admin')");
is(session($query), '1', 'SCRAM-SHA-1');
session("ALTER USER MAPPING FOR postgres SERVER tls OPTIONS (SET password '$second')");
my $said = session($query);
like($said, qr/^ERROR:  28P01: could not authenticate to MongoDB server "tls"\nDETAIL:  .*\nHINT:  Check the options of the user mapping: /, 'a wrong password');
unlike($said, qr/secret\d/, 'which no message shows');
like(session("ALTER USER MAPPING FOR postgres SERVER tls OPTIONS (SET auth_mechanism 'SCRAM-SHA-512')"), qr/^ERROR:  22023: .*SCRAM-SHA-512/, 'a mechanism that is none');

run_python(<<'PY', server_port(), $secret);
import sys, pymongo
pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).admin.command("createUser", "räder:@", pwd=sys.argv[2], roles=[{"role": "readAnyDatabase", "db": "admin"}])
PY
stop_server();
start_server('--auth');
my $direct = server_port();
session("DROP USER MAPPING FOR postgres SERVER tls; ALTER SERVER tls OPTIONS (SET uri 'mongodb://127.0.0.1:$direct/?directConnection=true')");
like(session($query), qr/^ERROR:  42501: permission denied by MongoDB server "tls"\n.*\nHINT:  The user mapping must name a MongoDB user/, 'no login');
is(session("CREATE USER MAPPING FOR postgres SERVER tls OPTIONS (user 'räder:\@', password '$secret', auth_mechanism 'SCRAM-SHA-256')"), '', 'a mapping');
is(session($query), '1', 'SCRAM-SHA-256, with a password of all kinds of letters');
session('ALTER USER MAPPING FOR postgres SERVER tls OPTIONS (DROP auth_mechanism)');
is(session($query), '1', 'and without a mechanism named');
is(session("CREATE SCHEMA imported; IMPORT FOREIGN SCHEMA shop FROM SERVER tls INTO imported;
	ALTER SERVER tls OPTIONS (ADD use_remote_estimate 'true'); SELECT n FROM imported.items; ALTER SERVER tls OPTIONS (DROP use_remote_estimate);
	SET default_statistics_target = 1; ANALYZE imported.items; SELECT reltuples FROM pg_class WHERE oid = 'imported.items'::regclass; DROP SCHEMA imported CASCADE"),
	"1\n1\nNOTICE:  00000: drop cascades to foreign table imported.items", 'the right to read is enough to import, to estimate and to analyze');
session("ALTER USER MAPPING FOR postgres SERVER tls OPTIONS (ADD auth_source 'shop')");
like(session($query), qr/^ERROR:  28P01: /, 'a wrong auth_source');
session('ALTER USER MAPPING FOR postgres SERVER tls OPTIONS (DROP auth_source)');
is(session("SELECT option_value FROM pg_foreign_server, pg_options_to_table(srvoptions) WHERE option_value LIKE '%$secret%'"), '', 'no secret in the server');
session('GRANT USAGE ON FOREIGN SERVER tls TO regress_login');
session('CREATE USER MAPPING FOR regress_login SERVER tls', 'regress_login');
like(session($query, 'regress_login'), qr/^ERROR:  42501: permission denied by MongoDB server/, 'a mapping without a user is no login');
session("ALTER USER MAPPING FOR regress_login SERVER tls OPTIONS (ADD user 'reader')", 'regress_login');
like(session($query, 'regress_login'), qr/^ERROR:  \w{5}: password is required to connect to MongoDB server "tls"\nHINT:  Set the options user and password/, 'one without a password is refused');

# Whose login: a view's is its owner's, that of a function that runs as its definer is the definer's
session(<<'SQL');
CREATE VIEW through AS SELECT n FROM items;
CREATE FUNCTION defined() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN (SELECT n FROM items);
CREATE FUNCTION invoked() RETURNS int LANGUAGE sql RETURN (SELECT n FROM items);
GRANT SELECT ON through TO regress_login;
SQL
is(session('SELECT n FROM through', 'regress_login'), '1', "a view's owner");
is(session('SELECT defined()', 'regress_login'), '1', "a function's definer");
like(session('SELECT invoked()', 'regress_login'), qr/password is required/, 'a function that runs as its caller');
is(session('SELECT n FROM through; SELECT defined(); SELECT user_name FROM admin_dashboard_connections()', 'regress_login'),
	"1\n1\npostgres", 'one connection for both');

session('DROP OWNED BY regress_login; DROP ROLE regress_login');
done_testing();
