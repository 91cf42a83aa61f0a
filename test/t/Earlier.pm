
# A server of one's own in which swanalloc can be exchanged: the first released
# version is built from its commit and installed there, and whatever of this one,
# library or scripts, when a test says so.

package Earlier;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename;
use File::Copy;
use File::Path qw(make_path);
use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT_OK = qw(earlier_source build_earlier install_library install_scripts earlier_node);

# 0.1.0 as it was released
my $commit = 'e397cf9';

my $temp = abs_path(PostgreSQL::Test::Utils::tempdir());
# where this server's files are, and where what is built for it goes: those may differ, see test/lib.sh
my $maker = $ENV{PG_CONFIG} || 'pg_config';
my %dir = map { chomp(my $path = `pg_config --$_`); $_ => $path } qw(bindir pkglibdir sharedir);
my %made = map { chomp(my $path = `$maker --$_`); $_ => "$temp/earlier$path" } qw(pkglibdir sharedir);

# Where the first version's source lies: test/run has looked it up, or the checkout knows.
# Without history, as in a release archive or a shallow clone, there is none.
sub earlier_source
{
	return $ENV{SWANALLOC_EARLIER} if $ENV{SWANALLOC_EARLIER} && -e "$ENV{SWANALLOC_EARLIER}/Makefile";
	make_path("$temp/source");
	my ($ok) = run_for(60, $top, 'sh', '-c', "git archive $commit | tar -C '$temp/source' -xf -");
	return -e "$temp/source/Makefile" ? "$temp/source" : undef;
}

# Builds it, and makes the server: programs are copied, since they look for the rest
# beside themselves, and all else is linked to.
sub build_earlier
{
	my ($source) = @_;
	local %ENV = %ENV;
	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
	my ($ok, $out) = run_for(600, $source, 'make', '-s', '-j2', 'with_llvm=no', "PG_CONFIG=$maker", "DESTDIR=$temp/earlier", 'all', 'install');
	die $out unless $ok;
	make_path(map { "$temp/server$dir{$_}" } qw(bindir pkglibdir));
	make_path("$temp/server$dir{sharedir}/extension");
	for (
		"find -L '$dir{bindir}' -maxdepth 1 -type f ! -name postmaster -exec cp -t '$temp/server$dir{bindir}' {} +",
		"find '$dir{pkglibdir}' -mindepth 1 -maxdepth 1 ! -name 'swanalloc*' ! -name bitcode -exec ln -s -t '$temp/server$dir{pkglibdir}' {} +",
		"find '$dir{sharedir}' -mindepth 1 -maxdepth 1 ! -name extension -exec ln -s -t '$temp/server$dir{sharedir}' {} +",
		"find '$dir{sharedir}/extension' -mindepth 1 -maxdepth 1 ! -name 'swanalloc*' -exec ln -s -t '$temp/server$dir{sharedir}/extension' {} +")
	{
		system($_) == 0 or die "$_: $?";
	}
	return;
}

# Puts a file where another may be in use: under a name of its own first, as packages do.
sub replace
{
	my ($from, $to) = @_;
	copy($from, "$to.new") or die "$from: $!";
	rename("$to.new", $to) or die "$to: $!";
	return;
}

# Installs the library, or the scripts, of the first version or (without an argument) of this one.
sub install_library
{
	my ($earlier) = @_;
	replace(($earlier ? $made{pkglibdir} : $dir{pkglibdir}) . '/swanalloc.so', "$temp/server$dir{pkglibdir}/swanalloc.so");
	return;
}

sub install_scripts
{
	my ($earlier) = @_;
	my $to = "$temp/server$dir{sharedir}/extension";
	unlink glob("$to/swanalloc*");
	replace($_, "$to/" . basename($_))
	  for glob(($earlier ? $made{sharedir} : $dir{sharedir}) . '/extension/swanalloc{.control,--*.sql}');
	return;
}

# A node of that server, with the first version installed.
sub earlier_node
{
	my ($name) = @_;
	install_library(1);
	install_scripts(1);
	my $node = PostgreSQL::Test::Cluster->new($name, install_path => "$temp/server" . dirname($dir{bindir}));
	$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
	$node->append_conf('postgresql.conf', "timezone = 'UTC'\nmax_prepared_transactions = 2");
	$node->start;
	return $node;
}

1;
