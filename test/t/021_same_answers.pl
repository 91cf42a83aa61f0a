
# A studio of our own and every attached one answer alike: the expected answers of
# the regression tests attach_* hold the same behaviour, line by line.

use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

# Returns what is between the lines that begin and end the behaviour.
sub behaviour
{
	my ($name) = @_;
	my $text = slurp_file("expected/attach_$name.out");
	$text =~ /^(-- What a studio does, .*^-- The end of what is the same for every studio\n)/ms
	  or return '';
	return $1;
}

my $own = behaviour('own');
cmp_ok(scalar(split /\n/, $own), '>', 500, 'the behaviour of our own studio was found');
unlike($own, qr/^psql:/m, 'no error of it is outside of what is compared');
for my $schema (map { m{([^/]+)\.sql$} } glob('test/studio/*.sql'))
{
	next if grep { $schema eq $_ } qw(own behaviour orders traps enums grown);
	ok(behaviour($schema) eq $own, "$schema: as our own");
}

done_testing();
