/*-------------------------------------------------------------------------
 *
 * describe.c
 *	  The tables of a studio: where they are, and what their columns hold.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "studio/studio.h"
#include "studio/triggers.h"

const StudioColumnDef studio_column_defs[STUDIO_NKNOWN] = {
	[USERS_ID] = {TABLE_USERS, COLUMN_ID, "id", NULL},
	[USERS_FIRST_NAME] = {TABLE_USERS, COLUMN_TEXT, "first_name", "NULL::pg_catalog.text"},
	[USERS_LAST_NAME] = {TABLE_USERS, COLUMN_TEXT, "last_name", "NULL::pg_catalog.text"},
	[USERS_EMAIL] = {TABLE_USERS, COLUMN_TEXT, "email", "NULL::pg_catalog.text"},
	[USERS_ROLE] = {TABLE_USERS, COLUMN_LABEL, "role", "NULL::pg_catalog.text"},
	[USERS_BALANCE] = {TABLE_USERS, COLUMN_NUMBER, "available_sessions", NULL},
	[USERS_CREATED_AT] = {TABLE_USERS, COLUMN_TIME, "created_at", "NULL::pg_catalog.timestamptz"},
	[USERS_UPDATED_AT] = {TABLE_USERS, COLUMN_TIME, "updated_at", "NULL::pg_catalog.timestamptz"},
	[USERS_DELETED_AT] = {TABLE_USERS, COLUMN_MARK, "deleted_at", "NULL::pg_catalog.timestamptz",
	.attached_only = true},
	[SESSIONS_ID] = {TABLE_SESSIONS, COLUMN_ID, "id", NULL},
	[SESSIONS_USER_ID] = {TABLE_SESSIONS, COLUMN_ID, "user_id", NULL},
	[SESSIONS_TRAINER_ID] = {TABLE_SESSIONS, COLUMN_ID, "trainer_id", "NULL::pg_catalog.int8"},
	[SESSIONS_STATUS] = {TABLE_SESSIONS, COLUMN_LABEL, "status", NULL},
	[SESSIONS_DATE] = {TABLE_SESSIONS, COLUMN_TIME, "session_date", NULL},
	[SESSIONS_DURATION] = {TABLE_SESSIONS, COLUMN_NUMBER, "duration", "60"},
	[SESSIONS_NOTES] = {TABLE_SESSIONS, COLUMN_TEXT, "notes", "NULL::pg_catalog.text"},
	[SESSIONS_BOOKED_AT] = {TABLE_SESSIONS, COLUMN_TIME, "booked_at", "NULL::pg_catalog.timestamptz"},
	[SESSIONS_DEDUCTED] = {TABLE_SESSIONS, COLUMN_FLAG, "session_deducted", "NULL::pg_catalog.bool"},
	[SESSIONS_CONFIRMED] = {TABLE_SESSIONS, COLUMN_FLAG, "confirmed", "NULL::pg_catalog.bool"},
	[SESSIONS_CREATED_AT] = {TABLE_SESSIONS, COLUMN_TIME, "created_at", "NULL::pg_catalog.timestamptz"},
	[SESSIONS_UPDATED_AT] = {TABLE_SESSIONS, COLUMN_TIME, "updated_at", "NULL::pg_catalog.timestamptz"},
	[SESSIONS_CLASS_ID] = {TABLE_SESSIONS, COLUMN_ID, "class_id", "NULL::pg_catalog.int8",
	.later = true,.named = true},
	[SESSIONS_DELETED_AT] = {TABLE_SESSIONS, COLUMN_MARK, "deleted_at", "NULL::pg_catalog.timestamptz",
	.attached_only = true},
	[SESSIONS_ENDS_AT] = {TABLE_SESSIONS, COLUMN_TIME, "ends_at", "NULL::pg_catalog.timestamptz",
	.attached_only = true},
	[SESSIONS_CANCELLED_AT] = {TABLE_SESSIONS, COLUMN_TIME, "cancelled_at", "NULL::pg_catalog.timestamptz",
	.attached_only = true},
	[SESSIONS_CANCELLED_BY] = {TABLE_SESSIONS, COLUMN_ID, "cancelled_by", "NULL::pg_catalog.int8",
	.attached_only = true},
	[SESSIONS_CANCEL_REASON] = {TABLE_SESSIONS, COLUMN_TEXT, "cancel_reason", "NULL::pg_catalog.text",
	.attached_only = true},
	[SESSIONS_COST] = {TABLE_SESSIONS, COLUMN_NUMBER, "cost", "1",
	.later = true,.named = true},
	[SESSIONS_CREDITS] = {TABLE_SESSIONS, COLUMN_NUMBER, "credits", "NULL::pg_catalog.int4",
	.later = true,.named = true},
	[SESSIONS_KIND] = {TABLE_SESSIONS, COLUMN_LABEL, "kind", "NULL::pg_catalog.text",
	.later = true,.named = true},
	[LEDGER_TOTALS] = {TABLE_LEDGER, COLUMN_NUMBERS, "totals", "(NULL::pg_catalog.int4[])"},
	[LEDGER_SUSPENDED] = {TABLE_LEDGER, COLUMN_PERIOD, "suspended", "NULL::pg_catalog.tstzrange"},
	[HOLDS_SINCE] = {TABLE_HOLDS, COLUMN_INSTANT, "since", "NULL::pg_catalog.timestamptz"},
	[LOTS_VALID_FOR] = {TABLE_LOTS, COLUMN_INTERVAL, "valid_for", "NULL::pg_catalog.interval"},
	[LOTS_GOOD_FOR] = {TABLE_LOTS, COLUMN_WORDS, "good_for", "(NULL::pg_catalog.text[])"},
};

/* the tables that we make ourselves, and how they are called */
const char *const studio_own_table_names[STUDIO_NTABLES] = {
	[TABLE_LEDGER] = "swan_ledger",
	[TABLE_LOTS] = "swan_lots",
	[TABLE_HOLDS] = "swan_holds",
	[TABLE_WAITS] = "swan_waits",
};
static const char ledger_ids_name[] = "swan_ledger_id_seq";

/* the types that can hold a column; a label may also be of an enum */
const Oid	studio_column_types[STUDIO_NKINDS][2] = {
	[COLUMN_ID] = {INT8OID, INT4OID},
	[COLUMN_NUMBER] = {INT4OID, INT4OID},
	[COLUMN_TEXT] = {TEXTOID, VARCHAROID},
	[COLUMN_LABEL] = {TEXTOID, VARCHAROID},
	[COLUMN_TIME] = {TIMESTAMPTZOID, TIMESTAMPOID},
	[COLUMN_MARK] = {TIMESTAMPTZOID, TIMESTAMPOID},
	[COLUMN_FLAG] = {BOOLOID, BOOLOID},
	[COLUMN_NUMBERS] = {INT4ARRAYOID, INT4ARRAYOID},
	[COLUMN_PERIOD] = {TSTZRANGEOID, TSTZRANGEOID},
	[COLUMN_INSTANT] = {TIMESTAMPTZOID, TIMESTAMPTZOID},
	[COLUMN_INTERVAL] = {INTERVALOID, INTERVALOID},
	[COLUMN_WORDS] = {TEXTARRAYOID, TEXTARRAYOID},
};

/* Returns what a table is called in a studio of our own making. */
const char *
studio_table_label(StudioTable table)
{
	if (studio_own_table_names[table])
		return studio_own_table_names[table];
	return table == TABLE_USERS ? "users" : "sessions";
}

/* Returns "table.column" of a column in our own studios. */
const char *
studio_column_label(StudioColumnId id)
{
	return psprintf("%s.%s", studio_table_label(studio_column_defs[id].table),
					studio_column_defs[id].name);
}

/* Returns the qualified and quoted name of a table. */
char *
studio_table_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/*
 * Returns whether the tables of a studio are called as when they were described: no
 * lock on a table keeps its schema from being renamed.
 */
bool
studio_has_its_names(const Studio *studio)
{
	for (int i = 0; i < STUDIO_NTABLES; i++)
	{
		Oid			relid = studio->tables[i];

		if (studio->table_names[i] != NULL &&
			(get_rel_name(relid) == NULL ||
			 strcmp(studio->table_names[i], studio_table_name(relid)) != 0))
			return false;
	}
	return true;
}

/* Returns who owns a table, or InvalidOid if there is none. */
Oid
studio_table_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Returns whether a trigger calls the function of that name. */
static bool
calls(const Trigger *trigger, const char *name)
{
	char	   *function = get_func_name(trigger->tgfoid);

	return function && strcmp(function, name) == 0;
}

/* Returns whether a table carries one of our triggers, enabled or not. */
static bool
has_trigger(Relation rel, const StudioTrigger *ours)
{
	TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		if (strcmp(triggers->triggers[i].tgname, ours->name) == 0)
			return calls(&triggers->triggers[i], ours->function);
	}
	return false;
}

/* Returns the trigger that tells a table for ours and is not there, or NULL. */
static const char *
missing_trigger(Relation rel, StudioTable table)
{
	for (const StudioTrigger *trigger = studio_triggers; trigger->name; trigger++)
	{
		if (trigger->telling && studio_trigger_is_on(trigger, table) &&
			!has_trigger(rel, trigger))
			return trigger->name;
	}
	return NULL;
}

/*
 * Returns whether somebody else's trigger or rule may change or divert what is
 * written to a table.  What is written where there is none needs no second look.
 * To look a function up may have the server make the table's triggers anew, so
 * those that we go through are a copy.
 */
static bool
may_alter_writes(Relation rel)
{
	TriggerDesc *triggers = CopyTriggerDesc(rel->trigdesc);
	bool		result = rel->rd_rel->relhasrules;

	for (int i = 0; triggers && !result && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		result = TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_BEFORE(trigger->tgtype) &&
			!calls(trigger, "swan_guard_users");
	}
	FreeTriggerDesc(triggers);
	return result;
}

/* Returns whether a type can hold what a column holds. */
bool
studio_column_fits(ColumnKind kind, Oid type)
{
	return type == studio_column_types[kind][0] || type == studio_column_types[kind][1] ||
		(kind == COLUMN_LABEL && type_is_enum(type));
}

/* Notes one column; returns what is wrong with it, or NULL. */
static const char *
describe_column(Studio *studio, StudioColumnId id, Relation rel)
{
	const StudioColumnDef *def = &studio_column_defs[id];
	StudioColumn *column = &studio->columns[id];
	const char *name = studio->column_names[id];
	Oid			collation;

	column->attnum = name ? get_attnum(RelationGetRelid(rel), name) : InvalidAttrNumber;
	if (column->attnum == InvalidAttrNumber)
	{
		/*
		 * one that was there may be what the engine needs to keep its
		 * promises
		 */
		if (def->absent == NULL || (name && !studio->own))
			return psprintf("column \"%s\" of table \"%s\" is gone",
							name ? name : def->name, RelationGetRelationName(rel));
		column->name = NULL;
		return NULL;
	}
	get_atttypetypmodcoll(RelationGetRelid(rel), column->attnum,
						  &column->type, &column->typmod, &collation);
	column->time_zone = studio->time_zones[id];
	if (!studio_column_fits(def->kind, column->type) ||
		(def->kind == COLUMN_TIME && column->type == TIMESTAMPOID && column->time_zone == NULL))
	{
		if (def->later && studio->own)	/* the application's */
		{
			column->attnum = InvalidAttrNumber;
			column->name = NULL;
			return NULL;
		}
		return psprintf("column \"%s\" of table \"%s\" is of type %s",
						name, RelationGetRelationName(rel),
						format_type_be(column->type));
	}
	column->name = pstrdup(name);
	return NULL;
}

/*
 * Notes a column of one of our own tables.  One of that name that is not of our
 * type is the application's, and ours is not there.
 */
static void
describe_our_column(Studio *studio, StudioColumnId id, Relation rel)
{
	const StudioColumnDef *def = &studio_column_defs[id];
	StudioColumn *column = &studio->columns[id];
	Oid			collation;

	column->name = NULL;
	column->attnum = get_attnum(RelationGetRelid(rel), def->name);
	if (column->attnum == InvalidAttrNumber)
		return;
	get_atttypetypmodcoll(RelationGetRelid(rel), column->attnum,
						  &column->type, &column->typmod, &collation);
	if (studio_column_fits(def->kind, column->type))
		column->name = pstrdup(def->name);
}

/* Notes the columns of a table; returns what is wrong with them, or NULL. */
static const char *
describe_columns(Studio *studio, StudioTable table, Relation rel)
{
	for (int i = 0; i < STUDIO_NKNOWN; i++)
	{
		const char *problem;

		if (studio_column_defs[i].table != table)
			continue;
		if (i >= STUDIO_NCOLUMNS)
		{
			describe_our_column(studio, i, rel);
			continue;
		}
		problem = describe_column(studio, i, rel);
		if (problem)
			return problem;
	}
	return NULL;
}

/*
 * Notes everything about one table of a studio; returns what is wrong with it,
 * or NULL.  A regclass that outlived its table may hit another one after a
 * restore, hence the look for our triggers.
 */
static const char *
describe_table(Studio *studio, StudioTable table)
{
	const char *problem = NULL;
	Oid			relid = studio->tables[table];
	bool		partitioned;
	Relation	rel;

	rel = OidIsValid(relid) ? try_relation_open(relid, NoLock) : NULL;
	if (rel == NULL)
		return psprintf("table \"%s\" is gone", studio_table_label(table));

	/* the ledger is only ever added to, so it alone may come in partitions */
	partitioned = table == TABLE_LEDGER &&
		rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
	if (rel->rd_rel->relkind != RELKIND_RELATION && !partitioned)
		problem = psprintf("\"%s\" is not a table", RelationGetRelationName(rel));
	else if (!partitioned && find_inheritance_children(relid, NoLock) != NIL)
		problem = psprintf("table \"%s\" has child tables", RelationGetRelationName(rel));
	else if (table != TABLE_USERS && rel->rd_rel->relowner != studio->owner)
		problem = psprintf("table \"%s\" has another owner than the users",
						   RelationGetRelationName(rel));
	else if (missing_trigger(rel, table))
		problem = psprintf("table \"%s\" has no trigger \"%s\"",
						   RelationGetRelationName(rel), missing_trigger(rel, table));
	else
	{
		char	   *schema = get_namespace_name(RelationGetNamespace(rel));

		studio->table_names[table] =
			quote_qualified_identifier(schema, RelationGetRelationName(rel));
		/* triggers of a partition come and go without notice to the ledger */
		studio->alterable[table] = partitioned || may_alter_writes(rel);
		if (table == TABLE_USERS)
		{
			studio->owner = rel->rd_rel->relowner;
			studio->schema = schema;
		}
		if (table == TABLE_LEDGER)
		{
			studio->ledger_sequence = get_relname_relid(ledger_ids_name,
														RelationGetNamespace(rel));
			if (!OidIsValid(studio->ledger_sequence))
				problem = psprintf("sequence \"%s\" is gone", ledger_ids_name);
		}
		if (problem == NULL)
			problem = describe_columns(studio, table, rel);
	}
	relation_close(rel, NoLock);
	return problem;
}

/* Returns whether a schema is in a list of names. */
static bool
names_schema(List *names, const char *schema)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (strcmp((char *) lfirst(cell), schema) == 0)
			return true;
	}
	return false;
}

/* Makes the search_path under which the studio's statements run. */
static char *
make_search_path(Studio *studio)
{
	StringInfoData path;
	List	   *names;
	char	   *other;

	initStringInfo(&path);
	if (studio->settings.search_path &&
		SplitIdentifierString(pstrdup(studio->settings.search_path), ',', &names) &&
		names != NIL)			/* as 0.1 let it be */
	{
		/*
		 * a pg_temp that is not named would be searched first, and is
		 * anybody's
		 */
		appendStringInfoString(&path, studio->settings.search_path);
		if (!names_schema(names, "pg_temp"))
			appendStringInfoString(&path, ", pg_temp");
		return path.data;
	}
	appendStringInfo(&path, "pg_catalog, %s", quote_identifier(studio->schema));
	other = get_namespace_name(get_rel_namespace(studio->tables[TABLE_SESSIONS]));
	if (strcmp(other, studio->schema) != 0)
		appendStringInfo(&path, ", %s", quote_identifier(other));
	appendStringInfoString(&path, ", pg_temp");
	return path.data;
}

/* Notes which tables are ours, as far as they are there. */
void
studio_find_tables(Studio *studio)
{
	Oid			namespace;

	if (studio->described)
		return;
	namespace = get_rel_namespace(studio->tables[TABLE_USERS]);
	for (int i = TABLE_LEDGER; i < STUDIO_NTABLES; i++)
		studio->tables[i] = OidIsValid(namespace) ?
			get_relname_relid(studio_own_table_names[i], namespace) : InvalidOid;
}

/*
 * Notes the table of those who wait, if there is one: a studio that an earlier
 * version made has none, and one of that name without our trigger is not ours.
 */
static void
describe_waits(Studio *studio)
{
	Oid			relid = studio->tables[TABLE_WAITS];

	if (!OidIsValid(relid) ||
		!OidIsValid(get_trigger_oid(relid, "swan_guard_closed", true)) ||
		describe_table(studio, TABLE_WAITS) != NULL)
		studio->table_names[TABLE_WAITS] = NULL;
}

/*
 * Notes everything about the tables of a studio.  They are locked, so that
 * nobody can rename, drop or alter them until the transaction ends.
 */
void
studio_describe(Studio *studio)
{
	MemoryContext old;

	if (studio->described)
		return;
	old = MemoryContextSwitchTo(studio->context);
	for (int i = 0; i < TABLE_WAITS && studio->broken == NULL; i++)
		studio->broken = describe_table(studio, i);
	if (studio->broken == NULL)
		describe_waits(studio);
	if (studio->broken == NULL)
		studio->search_path = make_search_path(studio);
	MemoryContextSwitchTo(old);
	studio->described = true;
}
