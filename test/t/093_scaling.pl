
# docs/scaling.md tells the truth: its commands are run, one after the other, on two servers, a standby and a PgBouncer,
# and what they print must be what the document shows.
#
#   ```sh     is run by Bash; the first one, which names the machines, is replaced
#   ```ini    is the configuration of PgBouncer, but for addresses and passwords
#   ```text   directly below a ```sh: what it printed

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top);
use Fleet qw(pgbouncer start_cluster wait_for_socket);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'there is no PgBouncer' unless pgbouncer();

my $text = slurp_file("$top/docs/scaling.md");
my $user = getpwuid $>;
my $dir = PostgreSQL::Test::Utils::tempdir_short();

# The document makes the roles.
my %node = map { $_ => start_cluster($_) } qw(a b);
$node{b}->backup('base');
$node{standby} = PostgreSQL::Test::Cluster->new('standby');
$node{standby}->init_from_backup($node{b}, 'base', has_streaming => 1);
$node{standby}->start;

sub place { return "host=@{[ $node{$_[0]}->host ]} port=@{[ $node{$_[0]}->port ]}" }

# PgBouncer, configured as the document has it
my ($ini) = $text =~ /^```ini\n(.*?)^```$/ms or die 'no configuration';
$ini =~ s{/etc/pgbouncer}{$dir}g;
$ini =~ s/^listen_addr = .*$/listen_addr =\nunix_socket_dir = $dir/m;
$ini =~ s/^auth_type = .*$/auth_type = trust/m;
$ini =~ s/^admin_users = .*$/admin_users = $user/m;
append_to_file("$dir/pgbouncer.ini", $ini);
append_to_file("$dir/userlist.txt", join '', map { qq("$_" ""\n) } $user, qw(shop web watch));
append_to_file("$dir/databases.ini", "[databases]\n");
my $said = '';
my $pooler = IPC::Run::start([ pgbouncer(), '-q', "$dir/pgbouncer.ini" ], '<', '/dev/null', '>', \$said, '2>&1');
wait_for_socket("$dir/.s.PGSQL.6432") or die "PgBouncer does not start: $said";

my @blocks;
push @blocks, { sh => $1, text => $2 } while $text =~ /^```sh\n(.*?)^```\n(?:\n*^```text\n(.*?)^```\n)?/msg;
my $settings = shift(@blocks)->{sh};
my $script = <<"SH";
set -euo pipefail
cd $dir
A='@{[ place('a') ]} user=$user' B='@{[ place('b') ]} user=$user' STANDBY='@{[ place('standby') ]} user=$user'
POOL='host=$dir port=6432 user=$user'
AT_A='@{[ place('a') ]}' AT_B='@{[ place('b') ]}' AT_STANDBY='@{[ place('standby') ]}'
DIRECTORY=$dir/databases.ini
stop_b() { pg_ctl -D '@{[ $node{b}->data_dir ]}' -m fast -s stop; }
SH
is(join(' ', sort $settings =~ /\b([A-Z_]+)=/g), join(' ', sort $script =~ /\b([A-Z_]+)=/g), 'the names of the machines are those that the document gives');
my $n = 0;
$script .= 'echo "### ' . $n++ . "\"\n$_->{sh}\n" for @blocks;
$script .= "echo '### end'\n";
append_to_file("$dir/run.sh", $script);

my $out = '';
my $ok = do {
	local %ENV = (%ENV, PGDATABASE => 'postgres');
	delete @ENV{qw(PGHOST PGPORT PGUSER)};
	IPC::Run::run([ 'bash', "$dir/run.sh" ], '<', '/dev/null', '>', \$out, '2>&1', IPC::Run::timeout(180));
};
ok($ok && $out =~ /^### end$/m, 'every command succeeds') or diag($out);
my %came = $out =~ /^### (\d+)\n(.*?)(?=^### |\z)/msg;
for my $i (0 .. $#blocks)
{
	next unless defined $blocks[$i]{text};
	my ($first) = $blocks[$i]{sh} =~ /\A(.*)$/m;
	is(($came{$i} // '') =~ s/[ \t]+$//mgr =~ s/\s*\z/\n/r, $blocks[$i]{text}, "what is shown below: $first");
}
unlike($text, qr/^```(?!sh$|ini$|text$|$)/m, 'no command is shown that is not run');
ok(!-e "$dir/again", 'each database has been updated');

# what it says went wrong is only what it shows
is(join("\n", grep { /(?:ERROR|FATAL|WARNING):/ } split /\n/, $out), join("\n", $text =~ /^(ERROR: .*)$/mg), 'nothing else fails');

# what has become of it; each of them goes on where it is now
for my $place ([ 'standby', 'velvet' ], [ 'standby', 'oak' ], [ 'a', 'elm' ])
{
	my ($where, $studio) = ($node{$place->[0]}, $place->[1]);
	is($where->safe_psql($studio, "SET swanalloc.studio = '" . ($studio eq 'elm' ? 'elm' : 'studio') . "';" . <<'SQL' =~ s/@/$studio eq 'elm' ? 'elm' : 'studio'/ger), "t|scheduled|1|cancelled", "$studio takes new rows in every table");
WITH people AS (INSERT INTO @.users (first_name, role) VALUES ('Eve', 'client'), ('Tess', 'trainer') RETURNING id, role)
SELECT id AS client FROM people WHERE role = 'client' \gset
SELECT swan_grant(:client, 3), count(*) FROM swan_open((SELECT max(id) FROM @.users WHERE role = 'trainer'), '2100-01-01 10:00', repeat => 2) \g /dev/null
SELECT max(id) AS slot FROM @.sessions \gset
SELECT (swan_hold(:client, :slot)).session_id = :slot, (swan_book(:client, :slot)).status, (swan_grant(:client, 1)).added, (swan_cancel(:slot)).status;
SQL
}
for my $studio ('velvet', 'oak')
{
	is($node{standby}->safe_psql($studio, 'SELECT * FROM swan_verify()'), '', "$studio is well");
	my (undef, undef, $err) = $node{a}->psql($studio, "\\set VERBOSITY sqlstate\nSELECT swan_grant(3, 1)");
	like($err, qr/SW018/, 'and closed where it was');
	is($node{standby}->safe_psql($studio, "SELECT setting, value FROM swan_settings() WHERE setting IN ('time_zone', 'cancel_window')"),
		"cancel_window|24:00:00\ntime_zone|Europe/London", 'set as the template is');
	$node{standby}->safe_psql($studio, "SELECT FROM swan_changes()");
}
my @looks = $out =~ /^(\w+\|healthy\|0)\|/mg;
is("@looks", 'oak|healthy|0 velvet|healthy|0', 'monitoring finds both');

$pooler->signal('TERM');
eval { $pooler->finish };
$node{$_}->stop for qw(a standby);
$node{b}->_update_pid(0);
done_testing();
