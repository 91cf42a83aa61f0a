
# The documentation tells the truth: what README.md and the documents in docs/
# show as SQL is run, and what they print below it must be what came out; and the
# reference's signatures and tables are those of the catalog.
#
# Blocks of a document are run in one psql session, in their order:
#
#   ```sql    is run, and must succeed
#   ```text   directly below one: what psql printed. A line that begins with
#             ERROR: says that the block may fail; without a ```text block the
#             output does not matter.
#
# DOCS_ACCEPT=/some/dir writes the documents there with the output that came.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use Test::More;

my $top = dirname(abs_path($0)) . '/../..';

my $node = PostgreSQL::Test::Cluster->new('docs');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;

sub read_document
{
	my ($name) = @_;
	open my $in, '<:encoding(UTF-8)', "$top/$name" or die "$top/$name: $!\n";
	my $text = do { local $/; <$in> };
	return $text;
}

# The text below a heading, up to the next one of the same level or above.
sub section
{
	my ($text, $heading) = @_;
	my ($level) = $heading =~ /^(#+)/;
	my $n = length $level;
	$text =~ /^\Q$heading\E\n(.*?)(?=^#{1,$n} |\z)/ms
	  or die "there is no section \"$heading\"\n";
	return $1;
}

# Splits text into pieces; every second one is [sql, output or undef].
sub blocks
{
	my ($text) = @_;
	my @pieces;
	my $at = 0;
	while ($text =~ /^```sql\n(.*?)^```\n(?:\n*^```text\n(.*?)^```\n)?/msg)
	{
		push @pieces, substr($text, $at, $-[0] - $at), [ $1, $2 ];
		$at = $+[0];
	}
	push @pieces, substr($text, $at);
	return @pieces;
}

# psql's output as a document prints it: no blanks at the end of lines, no
# empty lines around it.
sub tidy
{
	my ($out) = @_;
	$out =~ s/\r//g;
	$out =~ s/[ \t]+$//mg;
	$out =~ s/\A\n+//;
	$out =~ s/\n*\z/\n/;
	return $out eq "\n" ? '' : $out;
}

# Runs the blocks and compares; returns the text as it should be. A document
# that takes a studio for granted has it made before.
sub run_document
{
	my ($what, $text, $before) = @_;
	my @pieces = blocks($text);
	my ($script, $n) = ($before ? "$before\n\\echo '###' 0\n" : '', 0);

	for (my $i = 1; $i < @pieces; $i += 2)
	{
		my ($sql, $output) = @{ $pieces[$i] };
		my $may_fail = $ENV{DOCS_ACCEPT} || (defined $output && $output =~ /^ERROR:/m);
		$n++;
		$script .=
		    "\\set ON_ERROR_STOP " . ($may_fail ? 0 : 1) . "\n"
		  . "$sql\n\\echo '###' $n\n";
	}
	my $all = '';
	local $ENV{PSQL_PAGER} = '';
	my $run = IPC::Run::run(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', $node->connstr('postgres') ],
		'<', \$script, '>', \$all, '2>&1');
	my %came = ();
	my @chunks = split /^### (\d+)\n/m, $all;
	for (my $i = 0; $i + 1 < @chunks; $i += 2)
	{
		$came{ $chunks[ $i + 1 ] } = tidy($chunks[$i]);
	}
	cmp_ok($n, '>', 0, "$what: has examples");
	ok($run, "$what: psql runs to the end") or diag($all);

	$n = 0;
	for (my $i = 1; $i < @pieces; $i += 2)
	{
		my ($sql, $output) = @{ $pieces[$i] };
		my ($first) = $sql =~ /^(.*)$/m;
		my $out = $came{ ++$n };
		is($out, tidy($output), "$what: output $n, of: $first")
		  if defined $output;
		$pieces[$i] =
		  "```sql\n$sql```\n"
		  . (defined $output ? "\n```text\n" . ($out // '') . "```\n" : '');
	}
	return join '', @pieces;
}

sub accept_document
{
	my ($name, $text) = @_;
	return unless $ENV{DOCS_ACCEPT};
	open my $out, '>:encoding(UTF-8)', "$ENV{DOCS_ACCEPT}/" . basename($name)
	  or die "$ENV{DOCS_ACCEPT}: $!\n";
	print $out $text;
	close $out;
}

# Rows of the first table in a piece of Markdown, as lists of cells without
# backquotes; its two lines of heading are left out.
sub table_rows
{
	my ($text) = @_;
	my @lines;
	for (split /\n/, $text)
	{
		if (/^\|/) { push @lines, $_ }
		elsif (@lines) { last }
	}
	return map {
		my $line = s/^\|\s*//r =~ s/\s*\|$//r;
		[ map { s/`//gr =~ s/\\\|/|/gr } split /\s*(?<!\\)\|\s*/, $line ]
	} @lines[ 2 .. $#lines ];
}

# The first N cells of these rows, as lines.
sub cells
{
	my ($n, @rows) = @_;
	return join '', map { join(' | ', map { $_ // '' } @$_[ 0 .. $n - 1 ]) . "\n" } @rows;
}

my $readme = read_document('README.md');
my $reference = read_document('docs/reference.md');

# The README's example makes a database of its own, and drops it at the end.
my $five = section($readme, '## Five minutes');
my $five_now = run_document('README', $five);
my $readme_now = $readme;
$readme_now =~ s/\Q$five\E/$five_now/;
accept_document('README.md', $readme_now);
is($node->safe_psql('postgres',
		'SELECT count(*) FROM pg_database WHERE NOT datistemplate'),
	1, 'README: the example cleans up');

# So does the guide; its JavaScript is run by 040_node.pl.
my $adopting = read_document('docs/adopting.md');
accept_document('adopting.md', run_document('adopting', $adopting));
is($node->safe_psql('postgres',
		q(SELECT (SELECT count(*) FROM pg_database WHERE NOT datistemplate) || ' ' || (SELECT count(*) FROM pg_roles WHERE rolname ~ '^swan'))),
	'1 0', 'adopting: the examples clean up');

# These speak of a studio that is there already, the last of one where nobody is yet.
my $studio = <<'SQL';
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE EXTENSION swanalloc;
CREATE ROLE studio_owner;
CREATE ROLE web;
CREATE ROLE mailer;
SELECT swan_create_studio('studio', owner => 'studio_owner');
INSERT INTO studio.users (first_name, last_name, email, role) VALUES
	('Ada', 'King', 'ada@example.com', 'admin'), ('Tom', 'Reed', 'tom@example.com', 'trainer'),
	('John', 'Doe', 'john@example.com', 'client'), ('Jane', 'Roe', 'jane@example.com', 'client');
SELECT count(*) FROM swan_open(2, '2099-06-01 09:00', repeat => 20, every => '1 day', actor => 2);
SELECT FROM swan_grant(3, 3, actor => 1);
SELECT FROM swan_grant(4, 3, actor => 1);
SQL
my ($bare) = $studio =~ /\A(.*?)^INSERT/ms;
for my $name ('backends', 'feed', 'credits', 'calendar', 'cookbook')
{
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	accept_document("$name.md",
		run_document($name, read_document("docs/$name.md"), "\\c $name\n" . ($name eq 'calendar' ? $bare : $studio)));
	$node->safe_psql('postgres', "DROP DATABASE $name");
	$node->safe_psql('postgres', <<'SQL');
DO $$ DECLARE r text;
BEGIN FOR r IN SELECT rolname FROM pg_roles WHERE oid > 16383 AND NOT rolsuper LOOP EXECUTE format('DROP ROLE %I', r); END LOOP; END $$;
SQL
}

# The reference's examples leave their studio; what follows looks at it.
accept_document('reference.md', run_document('reference', $reference));
my $db = 'swan_reference';
ok( $node->safe_psql('postgres',
		"SELECT true FROM pg_database WHERE datname = '$db'"),
	'reference: the examples made their database') or BAIL_OUT('nothing to look at');

sub query { return $node->safe_psql($db, $_[0]) }

# No document shows SQL that is not run: these are, and of the README the five minutes.
for my $short (map { basename($_) } glob("$top/docs/*.md"))
{
	next if $short =~ /^(adopting|backends|calendar|cookbook|credits|feed|reference)\.md$/;
	unlike(read_document("docs/$short"), qr/^```sql/m, "$short: shows no SQL that is not run");
}
is(() = $readme =~ /^```sql/mg, scalar(() = $five =~ /^```sql/mg), 'README: nor does it');

# Functions and procedures: every one has a section with its signature, and
# there is no section for what does not exist.
my %documented;
while ($reference =~ /^### (swan[\w.]*)\n(.*?)(?=^#{1,3} |\z)/msg)
{
	my ($name, $body) = ($1, $2);
	next unless $body =~ /^```\n(.*?)^```$/ms;
	my $signature = $1;
	$signature =~ s/\s+/ /g;
	$signature =~ s/^ | $//g;
	$documented{$name} = $signature;
}
my %exists;
for (
	split /\n/, query(q(
		SELECT pg_catalog.concat_ws(E'\t',
			CASE n.nspname WHEN 'swan' THEN 'swan.' ELSE '' END || p.proname,
			pg_catalog.pg_get_function_arguments(p.oid),
			replace(pg_catalog.pg_get_function_result(p.oid), 'timestamp with time zone', 'timestamptz'))
		FROM pg_catalog.pg_depend d
		JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'swanalloc'
		JOIN pg_catalog.pg_proc p ON p.oid = d.objid
		JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
		WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'e'
		AND (n.nspname <> 'swan' OR p.prorettype = 'trigger'::regtype)
		ORDER BY p.oid)))
{
	my ($name, $arguments, $result) = split /\t/;
	$arguments =~ s/::[a-z ]+(?:\[\])?(?=,|$)//g;
	$arguments =~ s/timestamp with time zone/timestamptz/g;
	$arguments =~ s/ without time zone//g;
	$arguments =~ s/\bIN (?=\w)//g;    # of a procedure
	$exists{$name} .= ($exists{$name} ? ' ' : '') . "$name($arguments)" . ($result ? " RETURNS $result" : '');
}
cmp_ok(scalar keys %exists, '>', 20, 'the catalog lists the functions');
for my $name (sort keys %exists)
{
	is($documented{$name}, $exists{$name}, "reference: signature of $name");
}
for my $name (sort keys %documented)
{
	ok($exists{$name}, "reference: $name exists");
}

# Result types, and the tables of a studio and of the registry: each has a
# section whose table lists its columns.
for (
	split /\n/, query(q(
		SELECT c.oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE (n.nspname = 'public' AND c.relkind = 'c')
		OR (n.nspname IN ('studio', 'swan') AND c.relkind = 'r')
		ORDER BY 2)))
{
	my ($oid, $name) = split /\|/;
	my $columns = query(qq(
		SELECT attname || ' | ' || replace(format_type(atttypid, atttypmod),
			'timestamp with time zone', 'timestamptz')
		FROM pg_catalog.pg_attribute
		WHERE attrelid = $oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum)) . "\n";
	my $body = eval { section($reference, "### $name") } // '';
	is(cells(2, table_rows($body)), $columns, "reference: columns of $name");
}

# How many tables a studio has is said in words, too.
my $count = (qw(no one two three four five six seven eight nine ten))
  [query("SELECT count(*) FROM pg_class WHERE relnamespace = 'studio'::regnamespace AND relkind IN ('r', 'p')")];
like($readme, qr/makes a schema with the $count tables/, 'README: how many tables there are');
like(section($reference, '### swan_create_studio'), qr/the $count \[tables\]/, '... and the reference');

# The picture of the tables has their columns, and both pictures are made of what is beside them.
my $tables = read_document('docs/tables.dot');
for my $table (split /\n/, query("SELECT relname FROM pg_class WHERE relnamespace = 'studio'::regnamespace AND relkind = 'r' ORDER BY 1"))
{
	my ($drawn) = $tables =~ /^  $table \[label=(.*?)^  <\/table>>\];$/ms;
	is(join(', ', map { s/<.*?>//gr } ($drawn // '') =~ /<tr><td port="\w+" align="left">(.*?)<\/td>/g),
		query(qq(SELECT string_agg(attname || ' ' || replace(format_type(atttypid, NULL), 'timestamp with time zone', 'timestamptz'), ', ' ORDER BY attnum)
			FROM pg_attribute WHERE attrelid = 'studio.$table'::regclass AND attnum > 0 AND NOT attisdropped)),
		"picture: columns of $table");
}
for my $picture ('tables', 'parts')
{
	my $dot = read_document("docs/$picture.dot") =~ s{/\*.*?\*/}{}sr;
	my @texts = $picture eq 'tables' ? $dot =~ /port="(\w+)"/g : map { split /\\n/ } $dot =~ /label="(.*?)"/g;
	my $svg = read_document("docs/$picture.svg") =~ s/&#45;/-/gr =~ s/&gt;/>/gr;
	is(join(' ', grep { index($svg, ">$_") < 0 } @texts), '', "picture: docs/$picture.svg has all of docs/$picture.dot");
}

# The README's calls from programs are those that the helpers say of themselves.
for (['js', 'swan.js'], ['python', 'swan.py'])
{
	my ($call) = $readme =~ /^```$_->[0]\n(.*)\n```$/m;
	like(read_document("examples/clients/$_->[1]"), qr/\Q$call\E/, "README: the call in $_->[0]");
}

# Settings with their defaults, and errors.
is( cells(2, table_rows(section($reference, '## Settings'))),
	query(q(SELECT setting || ' | ' || COALESCE(value, '(unset)') FROM swan_settings())) . "\n",
	'reference: settings and their defaults');
is( cells(4, table_rows(section($reference, '## Errors'))),
	query(q(SELECT concat_ws(' | ', sqlstate, code, http_status, message) FROM swan_errors())) . "\n",
	'reference: errors');

# The README's list names every function that the reference describes.
my $list = section($readme, '## Reference');
for my $name (sort keys %exists)
{
	next if $name =~ /^swan\./;
	like($list, qr/\b$name\b/, "README: the reference table has $name");
}

$node->stop;
done_testing();
