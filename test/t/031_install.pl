
# make install and uninstall, from the source's directory and from another one,
# and installcheck-tap as root.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use File::Copy;
use File::Find;
use File::Path qw(make_path);
use FindBin;
use lib $FindBin::RealBin;
use Drivers qw($top run_for);
use PostgreSQL::Test::Utils;
use Test::More;

# A copy in which nothing is built; the checkout itself is built when tests run.
my $temp = PostgreSQL::Test::Utils::tempdir();
my $tree = "$temp/tree";
for my $file ('Makefile', 'swanalloc.control', 'sql/swanalloc.sql',
	map { s{^\Q$top\E/}{}r } glob("$top/sql/swanalloc--0.1.0.sql $top/sql/swanalloc--*--*.sql $top/src/*.[ch] $top/src/*/*.[ch] $top/docs/*.sql"))
{
	make_path(dirname("$tree/$file"));
	copy("$top/$file", "$tree/$file") or die "$file: $!";
}
make_path("$temp/elsewhere");

sub make_in
{
	my ($dir, @arguments) = @_;
	local %ENV = %ENV;
	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
	return run_for(300, $dir, 'make', 'with_llvm=no', 'COPT=-O0', @arguments);
}

sub files_in
{
	my ($dir) = @_;
	my @files;
	find(sub { push @files, basename(dirname($File::Find::name)) . "/$_" if -f }, $dir) if -d $dir;
	return join ' ', sort @files;
}

my ($version) = slurp_file("$tree/swanalloc.control") =~ /^default_version = '(.*)'/m;
my $scripts = join ' ', sort map { 'extension/' . basename($_) }
  "swanalloc--$version.sql", 'swanalloc.control', glob("$tree/sql/swanalloc--0.1.0.sql $tree/sql/swanalloc--*--*.sql $tree/docs/*.sql");
for (
	[ 'from another directory', "$temp/elsewhere", '-f', '../tree/Makefile' ],
	[ 'from its own directory', $top ])
{
	my ($how, $dir, @makefile) = @$_;
	my $dest = "$temp/dest";
	my ($ok, $out) = make_in($dir, @makefile, '-s', '-j2');
	ok($ok, "make $how") or diag($out);
	like(slurp_file("$dir/swanalloc.so"), qr/swan_book/, "$how: the library is not empty");
	($ok, $out) = make_in($dir, @makefile, '-s', "DESTDIR=$dest", 'install');
	ok($ok, "make install $how") or diag($out);
	is(files_in($dest) =~ s{\S*/swanalloc\.so ?}{}r =~ s/ $//r, $scripts, "$how: what is installed");
	($ok, $out) = make_in($dir, @makefile, '-s', "DESTDIR=$dest", 'uninstall');
	is(files_in($dest), '', "$how: make uninstall leaves nothing") or diag($out);
	next unless @makefile;
	make_in($dir, @makefile, '-s', 'clean');
	is(files_in($dir), '', "$how: nor does make clean");
}
my ($ok, $out) = make_in("$temp/elsewhere", '-f', '../tree/Makefile', 'installcheck');
ok(!$ok && $out =~ /run the tests in/, 'installcheck elsewhere says where to go') or diag($out);

# Somebody who says that he is root
make_path("$temp/bin");
append_to_file("$temp/bin/id", "#!/bin/sh\necho 0\n");
chmod 0755, "$temp/bin/id";
$ENV{PATH} = "$temp/bin:$ENV{PATH}";
($ok, $out) = make_in($top, 'installcheck-tap', 'PROVE_TESTS=test/t/no_such_test.pl');
like($out, qr/^# TAP tests skipped: .*root/m, 'installcheck-tap as root is skipped, and says why');
ok($ok, 'and that is no failure');

done_testing();
