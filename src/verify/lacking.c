/*-------------------------------------------------------------------------
 *
 * lacking.c
 *	  What a studio lacks that an earlier version made, from the catalog alone.
 *
 * It works without, and swan_upgrade_studio() adds it.  Of the tables of an
 * application only a studio of our own making can lack something: what attached
 * ones have no column for is what their owner wants.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "slot/slot.h"
#include "verify/lacking.h"

/* a studio with its tables and their schema, and one of our tables in it */
static const char lacking_start[] =
"WITH t AS (SELECT s.name, s.own, s.columns, s.sessions, u.relnamespace"
" FROM swan.studio s JOIN pg_catalog.pg_class u ON u.oid OPERATOR(pg_catalog.=) s.users"
" WHERE $1 IS NULL OR s.name OPERATOR(pg_catalog.=) $1),"
" o AS (SELECT t.name, c.oid, c.relname FROM t JOIN pg_catalog.pg_class c"
" ON c.relnamespace OPERATOR(pg_catalog.=) t.relnamespace"
" AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'))"
" SELECT" SELECT_LIST(LACKING_COLUMNS) " FROM ("
"SELECT t.name, 'table', 'swan_waits', NULL::pg_catalog.text, 0 FROM t"
" WHERE NOT EXISTS (SELECT 1 FROM o WHERE o.name OPERATOR(pg_catalog.=) t.name"
" AND o.relname OPERATOR(pg_catalog.=) 'swan_waits')"
" UNION ALL"
" SELECT o.name, 'column', r.label, r.col, r.number FROM o JOIN (VALUES ";

/* the columns of our tables come in between */
static const char lacking_middle[] =
") r (label, col, type, number) ON r.label OPERATOR(pg_catalog.=) o.relname"
" WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a"
" WHERE a.attrelid OPERATOR(pg_catalog.=) o.oid AND a.attname OPERATOR(pg_catalog.=) r.col"
" AND a.atttypid OPERATOR(pg_catalog.=) r.type::pg_catalog.oid AND NOT a.attisdropped)"
" UNION ALL"
" SELECT t.name, 'column', 'sessions', r.col, r.number FROM t JOIN (VALUES ";

/* those of sessions come in between */
static const char lacking_end[] =
") r (col, number) ON t.own"
" WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a"
" WHERE a.attrelid OPERATOR(pg_catalog.=) t.sessions::pg_catalog.oid"
" AND a.attname OPERATOR(pg_catalog.=) (t.columns OPERATOR(pg_catalog.->) 'names'"
" OPERATOR(pg_catalog.->>) pg_catalog.concat('sessions.', r.col))"
" AND NOT a.attisdropped)"
" UNION ALL"
" SELECT t.name, 'constraint', 'sessions', k.conname, 0"
" FROM t JOIN pg_catalog.pg_constraint k ON t.own"
" AND k.conrelid OPERATOR(pg_catalog.=) t.sessions::pg_catalog.oid"
" WHERE pg_catalog.pg_get_constraintdef(k.oid) OPERATOR(pg_catalog.=) " SLOT_STATUS_CHECK_BEFORE
" UNION ALL"
" SELECT t.name, 'index', 'sessions', 'sessions_class', 0 FROM t WHERE t.own"
" AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c"
" ON c.oid OPERATOR(pg_catalog.=) i.indexrelid"
" WHERE i.indrelid OPERATOR(pg_catalog.=) t.sessions::pg_catalog.oid"
" AND c.relname OPERATOR(pg_catalog.=) 'sessions_class')"
" UNION ALL"
" SELECT o.name, 'index', 'swan_lots', 'swan_lots_purchase', 0 FROM o"
" WHERE o.relname OPERATOR(pg_catalog.=) 'swan_lots'"
" AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c"
" ON c.oid OPERATOR(pg_catalog.=) i.indexrelid"
" WHERE i.indrelid OPERATOR(pg_catalog.=) o.oid"
" AND c.relname OPERATOR(pg_catalog.=) 'swan_lots_purchase')"
") x (studio, kind, label, name, number) ORDER BY 1, 3, 2, x.number";

/* Appends what came after 0.1.0: columns of our own tables, or those of sessions. */
static void
append_columns(StringInfo query, bool ours)
{
	const char *separator = "";

	for (int i = ours ? STUDIO_NCOLUMNS : 0; i < (ours ? STUDIO_NKNOWN : STUDIO_NCOLUMNS); i++)
	{
		const StudioColumnDef *def = &studio_column_defs[i];

		if (!ours && !def->later)
			continue;
		if (ours)
			appendStringInfo(query, "%s('%s', '%s', %u, %d)", separator,
							 studio_table_label(def->table), def->name,
							 studio_column_types[def->kind][0], i);
		else
			appendStringInfo(query, "%s('%s', %d)", separator, def->name, i);
		separator = ", ";
	}
}

/* Returns what one studio lacks, or each of them: LACKING_COLUMNS. */
Rows
lacking_find(Call *call, const char *studio)
{
	static const Oid argtypes[] = {TEXTOID};
	NullableDatum args[] = {arg_text(studio)};
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, lacking_start);
	append_columns(&query, true);
	appendStringInfoString(&query, lacking_middle);
	append_columns(&query, false);
	appendStringInfoString(&query, lacking_end);
	return sql_once(call, query.data, 1, argtypes, args);
}

/* Returns whether a studio lacks anything. */
bool
lacking_anything(Call *call, const char *studio)
{
	return lacking_find(call, studio).nrows > 0;
}
