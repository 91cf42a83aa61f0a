/*-------------------------------------------------------------------------
 *
 * upgrade.c
 *	  Giving a studio what it lacks since an earlier version made it.
 *
 * Nothing is written into rows that are there: columns come without a value or
 * with one that the catalog has for all of them.  What takes time is to look
 * through sessions and lots once, for a constraint and an index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/template.h"
#include "verify/lacking.h"
#include "owner/setup.h"

PG_FUNCTION_INFO_V1(swan_upgrade_studio);

/* an upgrade under way */
typedef struct Upgrade
{
	Studio	   *studio;
	Call	   *call;			/* as the owner of the tables */
	Rows		lacking;
	StringInfoData changes[STUDIO_NTABLES]; /* for ALTER TABLE */
	StringInfoData names;		/* JSON: how columns of sessions are called */
	ReturnSetInfo *answer;
} Upgrade;

/*
 * Returns how a column of sessions is added, by the name that it gets.  Credits that
 * older bookings took are told by session_deducted, so these rows have none of
 * the default.
 */
static char *
session_column(StudioColumnId id, const char *name)
{
	const char *quoted = quote_identifier(name);

	switch (id)
	{
		case SESSIONS_CLASS_ID:
			return psprintf("ADD COLUMN %s bigint", quoted);
		case SESSIONS_COST:
			return psprintf("ADD COLUMN %s integer NOT NULL DEFAULT 1 CONSTRAINT sessions_%s_check"
							" CHECK (%s OPERATOR(pg_catalog.>=) 0 AND %s OPERATOR(pg_catalog.<=) %d)",
							quoted, name, quoted, quoted, SWAN_COST_MAX);
		case SESSIONS_CREDITS:
			return psprintf("ADD COLUMN %s integer, ALTER COLUMN %s SET DEFAULT 0", quoted, quoted);
		case SESSIONS_KIND:
			return psprintf("ADD COLUMN %s text", quoted);
		default:
			elog(ERROR, "column %d is not one that came later", (int) id);
	}
}

/* Says what was done. */
static void
answer_done(Upgrade *upgrade, const char *what)
{
	Datum		value = CStringGetTextDatum(what);
	bool		isnull = false;

	tuplestore_putvalues(upgrade->answer->setResult, upgrade->answer->setDesc, &value, &isnull);
}

/* Returns the table that the catalog's row is about. */
static StudioTable
table_of_row(Upgrade *upgrade, uint64 row)
{
	const char *label = row_text(upgrade->lacking, row, LACKING_TABLE);

	for (int table = 0; table < STUDIO_NTABLES; table++)
	{
		if (strcmp(label, studio_table_label(table)) == 0)
			return table;
	}
	elog(ERROR, "unknown table \"%s\"", label);
}

/* Returns the column of a table that is called so in our own studios. */
static StudioColumnId
column_of_row(Upgrade *upgrade, uint64 row)
{
	StudioTable table = table_of_row(upgrade, row);
	const char *name = row_text(upgrade->lacking, row, LACKING_NAME);

	for (int i = 0; i < STUDIO_NKNOWN; i++)
	{
		if (studio_column_defs[i].table == table &&
			strcmp(studio_column_defs[i].name, name) == 0)
			return i;
	}
	elog(ERROR, "unknown column \"%s\"", name);
}

/* Notes a change of a table, and says that it is made. */
static void
add_change(Upgrade *upgrade, StudioTable table, const char *change, const char *what)
{
	StringInfo	changes = &upgrade->changes[table];

	if (changes->len > 0)
		appendStringInfoString(changes, ", ");
	appendStringInfoString(changes, change);
	answer_done(upgrade, what);
}

/*
 * Adds a column to sessions.  Where the application has one of our name it is
 * called otherwise, and the registry knows how.
 */
static void
add_session_column(Upgrade *upgrade, StudioColumnId id)
{
	const char *name = studio_column_defs[id].name;

	if (get_attnum(upgrade->studio->tables[TABLE_SESSIONS], name) != InvalidAttrNumber)
		name = psprintf("swan_%s", name);
	upgrade->studio->columns[id].name = pstrdup(name);
	if (upgrade->names.len > 0)
		appendStringInfoString(&upgrade->names, ", ");
	appendStringInfo(&upgrade->names, "\"%s\": \"%s\"", studio_column_label(id), name);
	add_change(upgrade, TABLE_SESSIONS, session_column(id, name),
			   psprintf("column %s of %s", name, upgrade->studio->table_names[TABLE_SESSIONS]));
}

/* Adds a column to one of our tables, where nobody may have one of that name. */
static void
add_our_column(Upgrade *upgrade, StudioColumnId id)
{
	const StudioColumnDef *def = &studio_column_defs[id];
	const char *table = upgrade->studio->table_names[def->table];

	if (get_attnum(upgrade->studio->tables[def->table], def->name) != InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("column \"%s\" of table %s is not ours", def->name, table),
				 errhint("ALTER TABLE %s RENAME COLUMN %s TO another_name;", table, def->name)));
	add_change(upgrade, def->table,
			   psprintf("ADD COLUMN %s %s", def->name,
						format_type_be_qualified(studio_column_types[def->kind][0])),
			   psprintf("column %s of %s", def->name, table));
}

/* Lets the constraint of the sessions' status know the words that are new. */
static void
widen_statuses(Upgrade *upgrade, const char *constraint)
{
	const char *quoted = quote_identifier(constraint);

	add_change(upgrade, TABLE_SESSIONS,
			   psprintf("DROP CONSTRAINT %s, ADD CONSTRAINT %s %s", quoted, quoted, SETUP_STATUS_CHECK),
			   psprintf("constraint %s of %s", constraint, upgrade->studio->table_names[TABLE_SESSIONS]));
}

/* Makes the table of those who wait. */
static void
add_waits(Upgrade *upgrade)
{
	setup_waits(upgrade->call, upgrade->studio);
	setup_guard_waits(upgrade->call, upgrade->studio);
	answer_done(upgrade, psprintf("table %s", upgrade->studio->table_names[TABLE_WAITS]));
}

/*
 * Locks the tables that will change, against everybody; the others stay in use.  Who
 * waits for that may find them by other names afterwards.
 */
static void
lock_changing(Upgrade *upgrade)
{
	bool		changing[STUDIO_NTABLES] = {false};
	Oid			tables[STUDIO_NTABLES];
	LOCKMODE	lockmodes[STUDIO_NTABLES];
	int			n = 0;

	for (uint64 row = 0; row < upgrade->lacking.nrows; row++)
		changing[table_of_row(upgrade, row)] = true;
	for (int table = 0; table < TABLE_WAITS; table++)
	{
		if (!changing[table])
			continue;
		lockmodes[n] = AccessExclusiveLock;
		tables[n++] = upgrade->studio->tables[table];
	}
	studio_lock_at_once(tables, lockmodes, n);
	if (!studio_has_its_names(upgrade->studio))
		swan_serialization_failure();
}

/* Makes all tables as they are made now, in as few commands as there can be. */
static void
change_tables(Upgrade *upgrade)
{
	Rows		lacking = upgrade->lacking;

	for (uint64 row = 0; row < lacking.nrows; row++)
	{
		const char *kind = row_text(lacking, row, LACKING_KIND);

		if (strcmp(kind, "table") == 0)
			add_waits(upgrade);
		else if (strcmp(kind, "constraint") == 0)
			widen_statuses(upgrade, row_text(lacking, row, LACKING_NAME));
		else if (strcmp(kind, "column") == 0 && table_of_row(upgrade, row) == TABLE_SESSIONS)
			add_session_column(upgrade, column_of_row(upgrade, row));
		else if (strcmp(kind, "column") == 0)
			add_our_column(upgrade, column_of_row(upgrade, row));
	}
	for (int table = 0; table < STUDIO_NTABLES; table++)
	{
		if (upgrade->changes[table].len > 0)
			sql_utility(upgrade->call, psprintf("ALTER TABLE %s %s", upgrade->studio->table_names[table],
												upgrade->changes[table].data));
	}
	for (uint64 row = 0; row < lacking.nrows; row++)
	{
		const char *name = row_text(lacking, row, LACKING_NAME);

		if (strcmp(row_text(lacking, row, LACKING_KIND), "index") != 0)
			continue;
		setup_index(upgrade->call, upgrade->studio, name);
		answer_done(upgrade, psprintf("index %s of %s", name,
									  upgrade->studio->table_names[table_of_row(upgrade, row)]));
	}
}

/*
 * Writes how the columns of sessions are called, and lets every backend look at
 * the studio anew.
 */
static void
register_names(Upgrade *upgrade)
{
	static const Oid argtypes[] = {TEXTOID, JSONBOID};
	NullableDatum args[] = {
		arg_text(upgrade->studio->name),
		arg_datum(DirectFunctionCall1(jsonb_in, CStringGetDatum(psprintf("{%s}", upgrade->names.data))))
	};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

	sql_once(call,
			 "UPDATE swan.studio SET columns = columns OPERATOR(pg_catalog.||)"
			 " pg_catalog.jsonb_build_object('names',"
			 " COALESCE(columns OPERATOR(pg_catalog.->) 'names', '{}') OPERATOR(pg_catalog.||) $2)"
			 " WHERE name OPERATOR(pg_catalog.=) $1",
			 2, argtypes, args);
	call_end(call);
}

/*
 * swan_upgrade_studio(): adds what a studio lacks, and says what that was.  The
 * tables are locked against another upgrade first, which calls and direct writes
 * do not notice; so nobody waits where there is nothing to do.
 */
Datum
swan_upgrade_studio(PG_FUNCTION_ARGS)
{
	Upgrade		upgrade = {.answer = (ReturnSetInfo *) fcinfo->resultinfo};
	Studio		ours;
	Call	   *call;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	PreventCommandIfReadOnly("swan_upgrade_studio()");
	ours = *studio_of_owner_alone(argument_text(fcinfo, 0), ShareUpdateExclusiveLock);
	studio_check(&ours);
	ours.extschema = get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));
	upgrade.studio = &ours;

	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	upgrade.lacking = lacking_find(call, ours.name);
	if (upgrade.lacking.nrows > 0)
	{
		for (int i = 0; i < STUDIO_NTABLES; i++)
			initStringInfo(&upgrade.changes[i]);
		initStringInfo(&upgrade.names);
		lock_changing(&upgrade);
		upgrade.call = call_begin_as(ours.owner, "pg_catalog, pg_temp");
		change_tables(&upgrade);
		if (ours.own)
			setup_comment_own(upgrade.call, &ours);
		setup_comment_ours(upgrade.call, &ours);
		call_end(upgrade.call);
		register_names(&upgrade);
	}
	call_end(call);
	return (Datum) 0;
}
