/*-------------------------------------------------------------------------
 *
 * attach_names.c
 *	  Statements over tables that are not a studio's yet.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "studio/template.h"
#include "owner/attach.h"
#include "owner/setup.h"

/*
 * Returns the names that a studio of these tables would have: of columns as far
 * as they were found, of our tables if they are there already.
 */
Studio *
attach_names(Attachment *att)
{
	Studio	   *studio = palloc0(sizeof(Studio));

	studio->name = att->studio;
	studio->schema = get_namespace_name(get_rel_namespace(att->users));
	studio->extschema = get_namespace_name(att->extension_namespace);
	studio->table_names[TABLE_USERS] = studio_table_name(att->users);
	studio->table_names[TABLE_SESSIONS] = studio_table_name(att->sessions);
	if (att->continues)
		setup_name_tables(studio);
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
		studio->columns[i].name = att->names[i];
	studio->status_names = att->status_names;
	if (att->names[SESSIONS_STATUS])
		studio->columns[SESSIONS_STATUS].type =
			get_atttype(att->sessions, get_attnum(att->sessions, att->names[SESSIONS_STATUS]));
	return studio;
}

/* Runs a query over the tables, with their names in braces. */
Rows
attach_query(Attachment *att, Call *call, const char *text)
{
	return sql_once(call, expand_template(attach_names(att), text), 0, NULL, NULL);
}
