
# What the catalogs say of the extension, or of the tables in a schema: a line
# for each object and property of it, by name and never by OID, so that two
# databases can be compared.

package Catalog;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT_OK = qw(extension_catalog schema_catalog same_catalog);

# what a relation is made of; columns in their order
my $relation_queries = <<'SQL';
SELECT format('%s column %s. %s %s%s generated "%s" identity "%s" default %s', r, a.num, a.attname,
    format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' NOT NULL' END, a.attgenerated, a.attidentity,
    pg_get_expr(d.adbin, d.adrelid))
  FROM rels JOIN LATERAL (SELECT *, row_number() OVER (ORDER BY attnum) AS num FROM pg_attribute
    WHERE attrelid = rels.oid AND attnum > 0 AND NOT attisdropped) a ON true
  LEFT JOIN pg_attrdef d ON d.adrelid = rels.oid AND d.adnum = a.attnum
UNION ALL
SELECT format('%s column %s collation %s storage %s acl %s', r, attname, attcollation::regcollation, attstorage, attacl)
  FROM rels JOIN pg_attribute a ON attrelid = rels.oid AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT format('%s comment%s: %s', r, ' on ' || a.attname, description)
  FROM rels JOIN pg_description ON classoid = 'pg_class'::regclass AND objoid = rels.oid
  LEFT JOIN pg_attribute a ON attrelid = rels.oid AND attnum = objsubid AND objsubid > 0
UNION ALL
SELECT format('%s constraint %s %s%s', r, conname, pg_get_constraintdef(c.oid),
    ' comment: ' || obj_description(c.oid, 'pg_constraint'))
  FROM rels JOIN pg_constraint c ON conrelid = rels.oid AND contype <> 'n'
UNION ALL
SELECT format('%s index %s%s%s', r, pg_get_indexdef(i.indexrelid), CASE WHEN indisvalid THEN '' ELSE ' INVALID' END,
    ' comment: ' || obj_description(i.indexrelid, 'pg_class'))
  FROM rels JOIN pg_index i ON indrelid = rels.oid
UNION ALL
SELECT format('%s trigger %s enabled %s', r, pg_get_triggerdef(t.oid), tgenabled)
  FROM rels JOIN pg_trigger t ON tgrelid = rels.oid AND NOT tgisinternal
UNION ALL
SELECT format('%s kind %s owner %s acl %s options %s persistence %s row security %s', r, relkind, relowner::regrole,
    relacl, reloptions, relpersistence, relrowsecurity)
  FROM rels JOIN pg_class c ON c.oid = rels.oid
SQL

# Every member of the extension, with all that a caller may notice of it.
sub extension_catalog
{
	my ($node, $db) = @_;

	return split /\n/, $node->safe_psql($db, <<SQL);
SET search_path = pg_catalog;
WITH members AS (
  SELECT classid, objid FROM pg_depend
  WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
    AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'swanalloc')),
rels AS (
  SELECT c.oid, c.oid::regclass::text AS r FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
  UNION ALL
  SELECT c.oid, 'type ' || t.oid::regtype FROM members JOIN pg_type t ON t.oid = objid AND classid = 'pg_type'::regclass
    JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'),
lines (line) AS (
$relation_queries
UNION ALL
SELECT format('member %s', pg_describe_object(classid, objid, 0)) FROM members
UNION ALL
SELECT format('function %s(%s) RETURNS %s %s volatility %s parallel %s strict %s definer %s leakproof %s cost %s rows %s config %s by %s',
    p.oid::regproc, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), lanname, provolatile, proparallel,
    proisstrict, prosecdef, proleakproof, procost, prorows, proconfig, prosrc)
  FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass JOIN pg_language l ON l.oid = prolang
UNION ALL
SELECT format('function %s owner %s acl %s comment: %s', p.oid::regprocedure, proowner::regrole, proacl, obj_description(p.oid, 'pg_proc'))
  FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass
UNION ALL
SELECT format('type %s owner %s acl %s comment: %s', t.oid::regtype, typowner::regrole, typacl, obj_description(t.oid, 'pg_type'))
  FROM members JOIN pg_type t ON t.oid = objid AND classid = 'pg_type'::regclass
UNION ALL
SELECT format('schema %s owner %s acl %s comment: %s', nspname, nspowner::regrole, nspacl, obj_description(n.oid, 'pg_namespace'))
  FROM members JOIN pg_namespace n ON n.oid = objid AND classid = 'pg_namespace'::regclass
UNION ALL
SELECT format('initial privileges of %s: %s %s', pg_describe_object(classoid, objoid, objsubid), privtype, initprivs)
  FROM members JOIN pg_init_privs ON classoid = classid AND objoid = objid
UNION ALL
SELECT format('extension version %s schema %s, its data: %s', extversion, extnamespace::regnamespace,
    (SELECT string_agg(format('%s %s', c::regclass, extcondition[n]), ', ' ORDER BY n) FROM unnest(extconfig) WITH ORDINALITY u(c, n)))
  FROM pg_extension WHERE extname = 'swanalloc')
SELECT line FROM lines ORDER BY line COLLATE "C"
SQL
}

# Every table of a schema.
sub schema_catalog
{
	my ($node, $db, $schema) = @_;

	return split /\n/, $node->safe_psql($db, <<SQL);
SET search_path = pg_catalog;
WITH rels AS (
  SELECT c.oid, c.oid::regclass::text AS r FROM pg_class c
  WHERE relnamespace = '$schema'::regnamespace AND relkind IN ('r', 'p', 'S', 'v', 'm')),
lines (line) AS (
$relation_queries
UNION ALL
SELECT format('%s sequence starts %s by %s from %s to %s cache %s cycle %s', r, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle)
  FROM rels JOIN pg_sequence ON seqrelid = rels.oid)
SELECT line FROM lines ORDER BY line COLLATE "C"
SQL
}

# Compares two such lists, and says what only one has: + is what there should not be.
sub same_catalog
{
	my ($got, $want, $name) = @_;
	my (%got, %want);
	$got{$_}++ for @$got;
	$want{$_}++ for @$want;
	my @different = sort { substr($a, 2) cmp substr($b, 2) || $a cmp $b }
	  ((map { "- $_" } grep { !$got{$_} } @$want), (map { "+ $_" } grep { !$want{$_} } @$got));

	ok(@$want > 0 && !@different, $name);
	diag("$_") for @different;
	return;
}

1;
