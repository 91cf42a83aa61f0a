
# Programs of test/drivers, run against a cluster: real drivers send what
# applications send, and read what swanalloc answers.  Each prints "ok - what"
# or "not ok - what" for a step, and "done" at the end.

package Drivers;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename;
use File::Copy;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT_OK = qw($top run_for own_studio start_cluster start_pgbouncer drive node_modules);

our $top = dirname(abs_path(__FILE__)) . '/../..';

# Runs a command for at most so many seconds; returns whether it succeeded, and
# what it printed.
sub run_for
{
	my ($seconds, $dir, @command) = @_;
	my $out = '';
	my $ok = eval {
		IPC::Run::run(\@command, '<', '/dev/null', '>', \$out, '2>&1',
			init => sub { chdir $dir or die $! }, IPC::Run::timeout($seconds));
	};
	return (defined $ok && $ok, $out . ($@ ? "$@" : ''));
}

# Starts a cluster with the logins of the programs.
sub start_cluster
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
	$node->append_conf('postgresql.conf', "timezone = 'UTC'");
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE web LOGIN; CREATE ROLE shop LOGIN; CREATE ROLE jobs LOGIN');
	return $node;
}

# A database with a studio of our own.
sub own_studio
{
	my ($node, $db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, <<'SQL');
CREATE EXTENSION swanalloc;
SELECT swan_create_studio('studio');
INSERT INTO studio.users (first_name, last_name, email, role) VALUES
	('Ada', 'King', 'ada@example.com', 'admin'), ('Tom', 'Reed', 'tom@example.com', 'trainer'),
	('John', 'Doe', 'john@example.com', 'client'), ('Jane', 'Roe', 'jane@example.com', 'client');
SELECT swan_allow('web', 'backend');
SELECT swan_allow('jobs', 'reader');
SELECT swan_configure('time_zone', 'Europe/Berlin');
SELECT * FROM swan_open(2, '2099-06-01 09:00', repeat => 20, every => '1 day');
SQL
}

# Starts PgBouncer in transaction mode before a database, with so many
# connections of the server; returns its handle, its socket directory and its
# port, or nothing if there is none.
sub start_pgbouncer
{
	my ($node, $db, $size) = @_;
	my ($program) = grep { -x } '/usr/sbin/pgbouncer', map { "$_/pgbouncer" } split /:/, $ENV{PATH};
	return unless $program;
	my $dir = PostgreSQL::Test::Utils::tempdir_short();
	append_to_file("$dir/pgbouncer.ini", <<"INI");
[databases]
$db = host=@{[ $node->host ]} port=@{[ $node->port ]} user=web
[pgbouncer]
listen_addr =
listen_port = @{[ $node->port ]}
unix_socket_dir = $dir
auth_type = any
pool_mode = transaction
default_pool_size = $size
query_wait_timeout = 2
INI
	my $out = '';
	my $handle = IPC::Run::start([ $program, '-q', "$dir/pgbouncer.ini" ], '<', '/dev/null', '>', \$out, '2>&1');
	for (1 .. 100)
	{
		last if -S "$dir/.s.PGSQL." . $node->port;
		select undef, undef, undef, 0.1;
	}
	return ($handle, $dir);
}

# Copies a directory of programs for Node into one that is gone at the end, with the
# packages of its package-lock.json, from the npm registry; returns the copy. Skips
# all tests where that cannot be.
sub node_modules
{
	my ($programs) = @_;
	my $temp = PostgreSQL::Test::Utils::tempdir();
	my $modules = "$temp/node";
	mkdir $modules or die "$modules: $!";
	copy($_, $modules) or die "$_: $!" for glob("$top/test/drivers/$programs/*"), "$top/test/drivers/node/report.js";
	$ENV{npm_config_cache} = "$temp/npm";
	$ENV{npm_config_update_notifier} = 'false';

	my ($ok, $said) = run_for(20, $temp, 'node', '--version');
	plan skip_all => 'there is no node' unless $ok;
	plan skip_all => "node is older than 18: $said" if $said =~ /^v(\d+)/ && $1 < 18;
	plan skip_all => 'there is no npm' unless (run_for(20, $temp, 'npm', '--version'))[0];
	($ok, $said) = run_for(240, $modules, 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund',
		'--loglevel=error', '--fetch-retries=1', '--fetch-timeout=20000');
	return $modules if $ok;

	# That a lock file does not fit is a fault, that a registry is out of reach is not.
	my ($code) = $said =~ /^npm (?:ERR!|error) code (.*)$/m;
	die "npm ci: $said" if $code && $code =~ /EUSAGE|EINTEGRITY|ETARGET|EJSONPARSE/;
	plan skip_all => 'the npm registry was not reached: ' . ($code // 'npm ci failed');
}

# Runs a program, and makes a test of each of its steps.
sub drive
{
	my ($node, $name, $db, $user, $dir, @command) = @_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => $db, PGUSER => $user,
		SWAN_OWNER => 'shop', SWAN_JOBS => 'jobs', SWAN_DOCS => "$top/docs", PYTHONDONTWRITEBYTECODE => 1);
	my ($ok, $out) = run_for(120, $dir, @command);
	my $steps = 0;
	while ($out =~ /^(not )?ok - (.*)\n((?:#.*\n)*)/mg)
	{
		$steps++;
		ok(!$1, "$name: $2") or diag($3);
	}
	ok($ok && $steps && $out =~ /^done$/m, "$name: runs to the end") or diag($out);
	my $log = slurp_file($node->logfile);
	unlike($log, qr/PANIC:|TRAP:|terminated by signal/, "$name: the server is well");
}

1;
