
# What somebody is answered by SQL: rows, and of an error its SQLSTATE; and what the server says by itself.

package Asking;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Utils;

our @EXPORT_OK = qw(psql_answer complaints);

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

# What processes of a server have complained about, from there on in its log.  That a busy machine is slow to start
# an autovacuum worker is no complaint of ours.
sub complaints
{
	my ($node, $from) = @_;
	my $noise = qr/WARNING|PANIC|TRAP|terminated by signal|leak/;
	my $slow = qr/autovacuum worker (?:took too long to start|started without a worker entry)/;
	return grep { /$noise/ && !/$slow/ } split /\n/, slurp_file($node->logfile, $from // 0);
}

1;
