
# What somebody is answered by SQL: rows, and of an error its SQLSTATE.

package Asking;

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(psql_answer);

# Runs SQL to its end, whatever fails; as a superuser in database postgres, if there is no role or db.
# With verbosity as psql has it, errors are more than their SQLSTATEs.
sub psql_answer
{
	my ($node, $sql, %as) = @_;
	my ($status, $out, $err) = $node->psql($as{db} // 'postgres', '\set VERBOSITY ' . ($as{verbosity} // 'sqlstate') . "\n$sql",
		extra_params => [ $as{role} ? ('-U', $as{role}) : () ], on_error_stop => 0);
	$err =~ s/^psql:\S+ //mg;
	return join "\n", grep { $_ ne '' } $out, $err;
}

1;
