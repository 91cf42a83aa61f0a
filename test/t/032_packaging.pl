
# What is released: the archive of `make dist` is complete, builds, and installs
# what the checkout installs; META.json is as PGXN wants it; and `make
# installcheck` serves somebody who is neither root nor called postgres.

use strict;
use warnings;

use File::Basename;
use File::Find;
use File::Path qw(make_path);
use FindBin;
use IO::Uncompress::Unzip qw($UnzipError);
use JSON::PP;
use lib $FindBin::RealBin;
use Drivers qw($top run_for);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $temp = PostgreSQL::Test::Utils::tempdir();
my ($version) = slurp_file("$top/swanalloc.control") =~ /^default_version = '(.*)'/m;

sub make_in
{
	my ($dir, @arguments) = @_;
	local %ENV = %ENV;
	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
	return run_for(600, $dir, 'make', '--no-print-directory', 'with_llvm=no', 'COPT=-O0', @arguments);
}

# Paths of the files in a directory, relative to it.
sub files_in
{
	my ($dir) = @_;
	my @files;
	find(sub { push @files, $File::Find::name =~ s{^\Q$dir\E/}{}r if -f }, $dir) if -d $dir;
	return sort @files;
}

# META.json, by the PGXN meta specification 1.0.
my $meta = decode_json(slurp_file("$top/META.json"));
sub is_text { my ($value) = @_; return defined $value && !ref $value && $value =~ /\S/ }
my $semver = qr/^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[A-Za-z][-0-9A-Za-z]*)?$/;
my $term = qr/^[^\s\/\\\p{Cc}]{2,}$/;
my %known = map { $_ => 1 } qw(name abstract description version maintainer license provides prereqs release_status
  generated_by resources meta-spec tags no_index);
ok(is_text($meta->{$_}), "META.json has $_") for qw(name abstract version maintainer license);
is_deeply([ grep { !$known{$_} && !/^x_/i } keys %$meta ], [], 'META.json has nothing that PGXN does not know');
like($meta->{name}, $term, 'the name is one');
is($meta->{version}, $version, 'its version is that of the control file');
like($meta->{version}, $semver, 'which is a semantic one');
is($meta->{license}, 'postgresql', 'the license is a word that PGXN knows');
like($meta->{release_status}, qr/^(?:stable|testing|unstable)$/, 'release_status');
like($meta->{'meta-spec'}{version}, qr/^1\.0\.\d+$/, 'the version of the specification');
is_deeply([ keys %{ $meta->{provides} } ], ['swanalloc'], 'what it provides');
for (values %{ $meta->{provides} })
{
	is($_->{version}, $version, 'the extension has the same version');
	ok(is_text($_->{abstract}), 'and an abstract');
	ok(-f "$top/$_->{file}", "$_->{file} is there");
	ok(-f "$top/$_->{docfile}", "$_->{docfile} is there");
}
is_deeply([ grep { !/$term/ || length > 255 } @{ $meta->{tags} } ], [], 'tags are terms');
for my $phase (keys %{ $meta->{prereqs} })
{
	like($phase, qr/^(?:configure|build|test|runtime|develop)$/, "phase $phase");
	for my $how (keys %{ $meta->{prereqs}{$phase} })
	{
		like($how, qr/^(?:requires|recommends|suggests|conflicts)$/, "relationship $how");
		like($_, $semver, 'is of a version') for values %{ $meta->{prereqs}{$phase}{$how} };
	}
}
my $resources = $meta->{resources};
like($_ // '', qr{^https://[\w.]+/\S+$}, 'resources: an address')
  for $resources->{homepage}, $resources->{bugtracker}{web}, @{ $resources->{repository} }{qw(url web)};
is($resources->{repository}{type}, 'git', 'resources: the kind of repository');

SKIP:
{
	my $zip = $ENV{SWANALLOC_DIST};
	skip 'there is no archive: this is no checkout with git', 1 unless $zip && -e $zip;

	# Unpacked by hand: not every machine has unzip.
	my $archive = IO::Uncompress::Unzip->new($zip) or die "$zip: $UnzipError";
	my (@strangers, $status);
	for ($status = 1; $status > 0; $status = $archive->nextStream)
	{
		my $name = $archive->getHeaderInfo->{Name};
		push @strangers, $name unless $name =~ m{^swanalloc-\Q$version\E/};
		my $path = "$temp/$name";
		next if $name =~ m{/$};
		make_path(dirname($path));
		open my $out, '>:raw', $path or die "$path: $!";
		my $buffer;
		print $out $buffer while $archive->read($buffer) > 0;
		close $out or die "$path: $!";
	}
	is($status, 0, 'the archive can be read to its end') or diag($UnzipError);
	is("@strangers", '', 'all of it lies in a directory of its name and version');

	my $tree = "$temp/swanalloc-$version";
	my @files = files_in($tree);
	my %packed = map { $_ => 1 } @files;
	is_deeply([ grep { !$packed{$_} } qw(META.json Makefile swanalloc.control README.md LICENSE CHANGELOG.md SECURITY.md CONTRIBUTING.md
		  Dockerfile debian/rules sql/swanalloc.sql test/run expected/book.out examples/clients/swan.js bench/run) ],
		[], 'nothing is missing from the archive');
	is_deeply([ grep { m{^\.(?:ci|git|editorconfig)|\.(?:o|so|bc|zip)$|node_modules/} } @files ], [], 'nor is there what does not belong into it');

	# What documents point to, pictures too.
	my @dangling;
	for my $page (grep { /\.md$/ } @files)
	{
		(my $text = slurp_file("$tree/$page")) =~ s/^```.*?^```$//gms;
		while ($text =~ /\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)
		{
			next if $1 =~ /^\w+:/;
			my $target = (dirname($page) eq '.' ? '' : dirname($page) . '/') . $1;
			1 while $target =~ s{[^/.][^/]*/\.\./}{};
			$target =~ s{/$}{};
			push @dangling, "$page: $1" unless -e "$tree/$target";
		}
	}
	is_deeply(\@dangling, [], 'documents of the archive name what is in it');

	# It builds, and installs what the checkout installs.
	my %installed;
	for ([ 'archive', $tree ], [ 'checkout', $top ])
	{
		my ($name, $dir) = @$_;
		my ($ok, $out) = make_in($dir, '-s', '-j2');
		ok($ok, "make in the $name") or diag($out);
		($ok, $out) = make_in($dir, '-s', "DESTDIR=$temp/$name", 'install');
		ok($ok, "make install from the $name") or diag($out);
		$installed{$name} = [ files_in("$temp/$name") ];
	}
	ok(@{ $installed{archive} } > 5, 'the archive installs something');
	is_deeply($installed{archive}, $installed{checkout}, 'which is what the checkout installs');

	my ($ok, $out) = make_in($tree, 'dist');
	ok(!$ok && $out =~ /no checkout with git/, 'make dist says where it cannot') or diag($out);
}

# PG_CONFIG picks the server: where that one says its files are, there they go.
(my $real = qx($ENV{PG_CONFIG} --bindir 2>/dev/null) || qx(pg_config --bindir)) =~ s/\s+$//;
make_path("$temp/other");
append_to_file("$temp/other/pg_config", <<"SH");
#!/bin/sh
case \$1 in
  --sharedir) echo /opt/other/share/postgresql ;;
  --pkglibdir) echo /opt/other/lib/postgresql ;;
  --docdir) echo /opt/other/doc/postgresql ;;
  *) exec "$real/pg_config" "\$@" ;;
esac
SH
chmod 0755, "$temp/other/pg_config";
my ($ok, $out) = make_in($top, '-s', "PG_CONFIG=$temp/other/pg_config", "DESTDIR=$temp/picked", 'install');
my @picked = files_in("$temp/picked");
ok($ok && @picked, 'make install for the server of another pg_config') or diag($out);
is_deeply([ grep { !m{^opt/other/} } @picked ], [], 'it goes where that one says');
($ok, $out) = make_in($top, '-s', "PG_CONFIG=$temp/other/pg_config", "DESTDIR=$temp/picked", 'uninstall');
is_deeply([ files_in("$temp/picked") ], [], 'and make uninstall takes it away');

# A packager who is not root, whose server listens elsewhere and whose superuser is called otherwise.
my $node = PostgreSQL::Test::Cluster->new('packager');
$node->init(extra => [ '--locale=C', '--encoding=UTF8', '-U', 'packager' ], auth_extra => []);
$node->append_conf('postgresql.conf', 'max_connections = 60');
$node->start;
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => 'packager');
	delete $ENV{PGDATABASE};
	my @suites = ('REGRESS=errors no_trainer', 'ISOLATION=one_slot', 'PROVE_TESTS=', 'PGTAP_TESTS=test/pgtap/tables.sql');
	($ok, $out) = make_in($top, 'installcheck', @suites);
	ok($ok, 'make installcheck on a running server') or diag($out);
	like($out, qr/no_trainer\b.*\bone_slot\b.*(?:tables\.sql|pgTAP tests skipped)/s, 'runs each suite');

	# A suite that fails does not keep the others from running, and is not forgotten.
	@suites[0, 3] = ('REGRESS=no_such_test', 'PGTAP_TESTS=');
	($ok, $out) = make_in($top, 'installcheck', @suites);
	ok(!$ok, 'a suite that fails fails all');
	like($out, qr/no_such_test.*\bone_slot\b/s, 'and the others are run');
}
$node->stop;

done_testing();
