
# A pooler in front of several clusters, and clients that go on calling through it, whatever happens behind.

package Fleet;

use strict;
use warnings;

use Exporter qw(import);
use IPC::Open2;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

our @EXPORT_OK = qw(pgbouncer pgbouncer_version wait_for_socket start_pooler start_cluster $logins studio_sql start_writers go_on goes_on stop_writers
  told acknowledged same_once answered_again);

# PgBouncer's program; undef where there is none.
sub pgbouncer
{
	my ($program) = grep { -x } '/usr/sbin/pgbouncer', map { "$_/pgbouncer" } split /:/, $ENV{PATH};
	return $program;
}

# Its version, so that 1.21 is 1021.
sub pgbouncer_version
{
	my ($major, $minor) = qx(@{[ pgbouncer() ]} --version) =~ /(\d+)\.(\d+)/;
	return $major * 1000 + $minor;
}

# Says whether a server listens there within some seconds.
sub wait_for_socket
{
	my ($path) = @_;
	for (1 .. 100)
	{
		return 1 if -S $path;
		sleep 0.1;
	}
	return 0;
}

# A cluster, to which studios may come and from which they may go.
sub start_cluster
{
	my ($name, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', "timezone = 'UTC'\nmax_connections = 60\nlog_min_error_statement = panic\n" . ($conf // ''));
	$node->start;
	return $node;
}

# The logins that the studio knows; they belong to the server.
our $logins = 'CREATE ROLE shop LOGIN; CREATE ROLE web LOGIN; CREATE ROLE watch LOGIN';

# A studio with so many clients, who have plenty of credits, and open slots that are never at one time. The admin is 1, clients count from 11.
sub studio_sql
{
	my ($clients, $slots) = @_;
	return <<SQL;
SET client_min_messages = error;
CREATE EXTENSION swanalloc;
SELECT swan_create_studio('studio', owner => 'shop');
SELECT swan_allow('web', 'backend');
SELECT swan_allow('watch', 'reader');
INSERT INTO studio.users (id, first_name, role) VALUES (1, 'Ada', 'admin'), (2, 'Tom', 'trainer'), (3, 'Tina', 'trainer');
INSERT INTO studio.users (id, first_name) SELECT i, 'C' || i FROM generate_series(11, 10 + $clients) i;
SELECT setval('studio.users_id_seq', 10 + $clients);
SET session_replication_role = replica; -- in bulk
INSERT INTO studio.sessions (id, trainer_id, session_date)
SELECT i, 2 + i % 2, '2099-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, $slots) i;
RESET session_replication_role;
SELECT setval('studio.sessions_id_seq', $slots);
SELECT count(*) FROM generate_series(1, 5) i, swan_grant_many(ARRAY(SELECT id FROM studio.users WHERE role = 'client'), 100, i::text);
ANALYZE;
SQL
}

# Starts PgBouncer in transaction mode; databases are name => connection string. Further lines are of its section [pgbouncer].
sub start_pooler
{
	my ($databases, @lines) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir_short();
	my $user = getpwuid $>;
	my $self = bless { dir => $dir, port => 6432, user => $user, out => '' }, 'Fleet::Pooler';
	append_to_file("$dir/users", join '', map { qq("$_" ""\n) } $user, qw(shop web watch));
	append_to_file("$dir/pgbouncer.ini", <<"INI" . join '', map { "$_\n" } @lines);
%include $dir/databases.ini
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = $dir
auth_type = trust
auth_file = $dir/users
admin_users = $user
pool_mode = transaction
server_login_retry = 1
INI
	$self->route($databases);
	$self->{handle} = IPC::Run::start([ pgbouncer(), '-q', "$dir/pgbouncer.ini" ], '<', '/dev/null', '>', \$self->{out}, '2>&1');
	wait_for_socket("$dir/.s.PGSQL.6432") or die "PgBouncer does not start: $self->{out}";
	return $self;
}

# Writes the directory: which database is where. RELOAD makes it so.
sub Fleet::Pooler::route
{
	my ($self, $databases) = @_;
	open my $out, '>', "$self->{dir}/databases.ini" or die "$self->{dir}: $!";
	print $out "[databases]\n", map { "$_ = $databases->{$_}\n" } sort keys %$databases;
	close $out;
	return;
}

# A command on PgBouncer's console; returns what it prints.
sub Fleet::Pooler::console
{
	my ($self, $command) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', '-d', $self->connstr('pgbouncer'), '-c', $command ], '<', '/dev/null', '>', \$out, '2>', \$err)
	  or die "$command: $err";
	return $out;
}

sub Fleet::Pooler::connstr
{
	my ($self, $db, $user) = @_;
	return "host=$self->{dir} port=$self->{port} dbname=$db user=" . ($user // $self->{user});
}

sub Fleet::Pooler::stop
{
	my ($self) = @_;
	$self->{handle}->signal('TERM');
	eval { $self->{handle}->finish };
	return;
}

# Starts clients that call one after the other. calls(writer, number) is a list of kind, client, key, and the statement, whose
# answer is the id of its ledger row; the key is "WRITER-NUMBER", of a purchase the payment's. What is to be tried again is
# sent again, with its key, until it is answered; so is what was on its way when the connection ended. Each writes down what
# was acknowledged and what it was told otherwise.
sub start_writers
{
	my ($count, $connstr, $calls) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my @writers;
	for my $writer (1 .. $count)
	{
		my $pid = fork // die "fork: $!";
		if (!$pid)
		{
			eval { _write("$dir/$writer", "$dir/stop", $connstr, sub { $calls->($writer, @_) }); 1 } or append_to_file("$dir/$writer", "told|died: $@\n");
			POSIX::_exit(0);
		}
		push @writers, { pid => $pid, file => "$dir/$writer", stop => "$dir/stop" };
	}
	return \@writers;
}

# What is to be tried again: 40001 and 40P01, what swan_errors() says 503 of, and what a pooler says whose server is gone.
my $again = qr/\A(?:40001|40P01|25006|57P01|57P02|57P03|53300|08\w{3}|SW018|lost|refused)\z/;

sub _write
{
	my ($file, $stop, $connstr, $calls) = @_;
	my $session;
	local $SIG{PIPE} = 'IGNORE';
	local $SIG{ALRM} = sub { die "no answer for 120 s\n" };
	open my $log, '>>', $file or die "$file: $!";
	$log->autoflush;
	for (my $n = 1; !-e $stop; $n++)
	{
		my ($kind, $client, $key, $statement) = $calls->($n) or last;
		my ($begun, $tries) = (time, 0);
		while (1)
		{
			alarm 120;
			$session //= _connect($connstr);
			my ($row, $error) = _ask($session, $statement);
			$session = undef if !$session->{pid};
			$tries++;
			if (defined $row)
			{
				print $log join('|', 'done', $kind, $client, $key, $row, sprintf('%.3f', time - $begun), $tries), "\n";
				sleep 0.004;    # so that slots last, however fast the machine is
				last;
			}
			print $log "told|$error\n";
			last unless $error =~ $again && time - $begun < 60;
			sleep 0.02;
		}
	}
	return;
}

sub _connect
{
	my ($connstr) = @_;
	my $pid = open2(my $out, my $in, "exec psql -XAtq -d '$connstr' -v VERBOSITY=sqlstate 2>&1");
	$in->autoflush;
	return { pid => $pid, in => $in, out => $out };
}

# Sends a statement; returns the row, or nothing and what was told instead.
sub _ask
{
	my ($session, $statement) = @_;
	my ($row, $error);
	print { $session->{in} } "$statement;\n\\echo end\n";
	while (my $line = readline $session->{out})
	{
		chomp $line;
		return ($row, $error // 'nothing') if $line eq 'end';
		$error //= $1 if $line =~ /(?:ERROR|FATAL): +(\w{5})\b/;
		$error //= 'refused' if $line =~ /connection to server .* failed/;
		$row = $line if $line =~ /\A\d+\z/;
	}
	# psql ends with its connection
	waitpid delete $session->{pid}, 0;
	return (undef, $error // 'lost');
}

# All that they have written down so far.
sub _lines
{
	my ($writers) = @_;
	return map { split /\n/, -e $_->{file} ? slurp_file($_->{file}) : '' } @$writers;
}

# Lets them go on for a while; returns how many calls were acknowledged by now.
sub go_on
{
	my ($seconds, $writers) = @_;
	sleep $seconds;
	return scalar grep { /^done/ } _lines($writers);
}

# Whether so many more are acknowledged, however slow the machine is, than when they were counted.
sub goes_on
{
	my ($writers, $before, $more) = @_;
	for (1 .. 600)
	{
		return 1 if go_on(0.1, $writers) > $before + $more;
	}
	return 0;
}

# Lets each have its last answer.
sub stop_writers
{
	my ($writers) = @_;
	append_to_file($writers->[0]{stop}, '');
	waitpid $_->{pid}, 0 for @$writers;
	return;
}

# What they were told besides: SQLSTATE => how often.
sub told
{
	my ($writers) = @_;
	my %told;
	$told{$_}++ for map { /^told\|(.*)/ ? $1 : () } _lines($writers);
	return %told;
}

# The acknowledged calls: kind, client, key, ledger row, seconds, tries.
sub acknowledged
{
	my ($writers) = @_;
	return map { [ split /\|/, substr $_, 5 ] } grep { /^done/ } _lines($writers);
}

# Compares what was acknowledged with the ledger: each call is one row, that one, and there is none besides.
sub same_once
{
	my ($node, $db, $writers, $what) = @_;
	my $found = $node->safe_psql($db, "CREATE TEMP TABLE acknowledged (kind text, user_id bigint, key text, id bigint, s float, tries int);\nCOPY acknowledged FROM STDIN WITH DELIMITER '|';\n"
		. join("\n", map({ join '|', @$_ } acknowledged($writers)), '\.', '') . <<'SQL');
SELECT count(*) FILTER (WHERE g.id IS NULL) || ' lost, ' || count(*) FILTER (WHERE a.id IS NULL) || ' not acknowledged, '
	|| count(*) FILTER (WHERE g.id <> a.id) || ' told otherwise, ' || count(*) - count(DISTINCT (coalesce(a.kind, g.kind), coalesce(a.user_id, g.user_id), coalesce(a.key, g.key))) || ' doubled'
FROM acknowledged a FULL JOIN (SELECT id, kind, user_id, CASE kind WHEN 'purchase' THEN payment_ref ELSE key END AS key FROM studio.swan_ledger) g
	ON g.kind = a.kind AND g.user_id = a.user_id AND g.key = a.key WHERE coalesce(g.key, a.key) LIKE '%-%'
SQL
	is($found, '0 lost, 0 not acknowledged, 0 told otherwise, 0 doubled', $what);
	return;
}

# Sends a thousand of the acknowledged calls again, as a webhook is delivered twice: the answers are those of before.
sub answered_again
{
	my ($connstr, $writers, $calls, $what) = @_;
	my @acknowledged = acknowledged($writers);
	my $step = 1 + int(@acknowledged / 1000);
	my @sent = @acknowledged[ map { $_ * $step } 0 .. $#acknowledged / $step ];
	my ($in, $out, $err) = (join('', map { ($calls->(split /-/, $_->[2]))[3] . ";\n" } @sent), '', '');
	IPC::Run::run([ 'psql', '-XAtq', '-d', $connstr ], '<', \$in, '>', \$out, '2>', \$err);
	my @answers = split /\n/, $out;
	my $same = grep { ($answers[$_] // '') eq $sent[$_][3] } 0 .. $#sent;
	ok(@sent > 0 && $same == @sent && $err eq '', "$what: " . @sent) or diag(@sent - $same . " are not: $err");
	return;
}

1;
