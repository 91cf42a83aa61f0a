/*-------------------------------------------------------------------------
 *
 * registry.c
 *	  What a backend knows of the studios: the registry and their tables.
 *
 * The registry is read once and kept until a relcache message says that it,
 * or a table of a studio, has changed.  What is still in use then is handed to
 * the transaction, and dies with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "compat.h"
#include "error.h"
#include "statement.h"
#include "studio.h"

PG_FUNCTION_INFO_V1(swan_registry_changed);

const StudioColumnDef studio_column_defs[STUDIO_NCOLUMNS] = {
	[USERS_ID] = {TABLE_USERS, "id", NULL},
	[USERS_FIRST_NAME] = {TABLE_USERS, "first_name", "NULL::pg_catalog.text"},
	[USERS_LAST_NAME] = {TABLE_USERS, "last_name", "NULL::pg_catalog.text"},
	[USERS_EMAIL] = {TABLE_USERS, "email", "NULL::pg_catalog.text"},
	[USERS_ROLE] = {TABLE_USERS, "role", "NULL::pg_catalog.text"},
	[USERS_BALANCE] = {TABLE_USERS, "available_sessions", NULL},
	[USERS_CREATED_AT] = {TABLE_USERS, "created_at", "NULL::pg_catalog.timestamptz"},
	[SESSIONS_ID] = {TABLE_SESSIONS, "id", NULL},
	[SESSIONS_USER_ID] = {TABLE_SESSIONS, "user_id", NULL},
	[SESSIONS_TRAINER_ID] = {TABLE_SESSIONS, "trainer_id", "NULL::pg_catalog.int8"},
	[SESSIONS_STATUS] = {TABLE_SESSIONS, "status", NULL},
	[SESSIONS_DATE] = {TABLE_SESSIONS, "session_date", NULL},
	[SESSIONS_DURATION] = {TABLE_SESSIONS, "duration", "60"},
	[SESSIONS_NOTES] = {TABLE_SESSIONS, "notes", "NULL::pg_catalog.text"},
	[SESSIONS_BOOKED_AT] = {TABLE_SESSIONS, "booked_at", "NULL::pg_catalog.timestamptz"},
	[SESSIONS_DEDUCTED] = {TABLE_SESSIONS, "session_deducted", "NULL::pg_catalog.bool"},
	[SESSIONS_CONFIRMED] = {TABLE_SESSIONS, "confirmed", "NULL::pg_catalog.bool"},
};

/* the tables that we make ourselves, and how they are called */
const char *const studio_own_table_names[STUDIO_NTABLES] = {
	[TABLE_LEDGER] = "swan_ledger",
	[TABLE_LOTS] = "swan_lots",
	[TABLE_HOLDS] = "swan_holds",
};
static const char ledger_ids_name[] = "swan_ledger_id_seq";

/* all studios of the registry, as of the change that "loaded" counts */
static List *studios = NIL;
static uint64 changes = 1;
static uint64 loaded = 0;
static Oid	registry_studio = InvalidOid;
static Oid	registry_role = InvalidOid;

static const char registry_query[] =
"SELECT s.name, s.owned_by, s.own, s.backfilled,"
" s.users::pg_catalog.oid, s.sessions::pg_catalog.oid,"
" s.guard_balance, s.guard_sessions, s.grant_max, s.purchase_max,"
" s.low_threshold, s.cancel_window, s.admin_booking, s.hold_max,"
" s.trainer_overlap, s.time_zone, s.search_path, s.session_records"
" FROM swan.studio s ORDER BY s.name";

static const char roles_query[] =
"SELECT r.studio, r.db_role, r.as_what, r.user_id FROM swan.role r";

/* Returns whether anything has changed since we read the registry. */
bool
studios_stale(void)
{
	return loaded != changes;
}

/* Makes the next call read the registry again. */
void
studios_forget(void)
{
	changes++;
}

/* Returns the guard mode of that name. */
static GuardMode
parse_guard(const char *name)
{
	if (strcmp(name, "refuse") == 0)
		return GUARD_REFUSE;
	if (strcmp(name, "record") == 0)
		return GUARD_RECORD;
	return GUARD_OFF;
}

/* Returns the kind of listing of that name. */
static ListingKind
parse_listing(const char *name)
{
	if (strcmp(name, "person") == 0)
		return LISTED_PERSON;
	if (strcmp(name, "backend") == 0)
		return LISTED_BACKEND;
	if (strcmp(name, "system") == 0)
		return LISTED_SYSTEM;
	return LISTED_READER;
}

/* Copies a text column into the current context, or returns NULL. */
static char *
copy_text(Rows result, uint64 row, int column, MemoryContext context)
{
	char	   *s = row_text(result, row, column);

	return s ? MemoryContextStrdup(context, s) : NULL;
}

/* Makes a studio from its row of the registry. */
static Studio *
load_studio(Rows result, uint64 row)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "swanalloc studio",
												  ALLOCSET_SMALL_SIZES);
	Studio	   *studio = MemoryContextAllocZero(context, sizeof(Studio));
	StudioSettings *set = &studio->settings;
	bool		isnull;

	studio->context = context;
	studio->name = copy_text(result, row, 1, context);
	MemoryContextSetIdentifier(context, studio->name);
	studio->owned_by = copy_text(result, row, 2, context);
	studio->own = row_bool(result, row, 3);
	studio->backfilled = row_bool(result, row, 4);
	studio->tables[TABLE_USERS] = (Oid) row_int(result, row, 5);
	studio->tables[TABLE_SESSIONS] = (Oid) row_int(result, row, 6);
	set->guard_balance = parse_guard(row_text(result, row, 7));
	set->guard_sessions = parse_guard(row_text(result, row, 8));
	set->grant_max = row_int(result, row, 9);
	set->purchase_max = row_int(result, row, 10);
	set->low_threshold = row_int(result, row, 11);
	set->cancel_window = *DatumGetIntervalP(row_datum(result, row, 12, &isnull));
	set->admin_books_free = strcmp(row_text(result, row, 13), "free") == 0;
	set->hold_max = row_int(result, row, 14);
	set->trainer_overlap = strcmp(row_text(result, row, 15), "allow") == 0;
	set->time_zone = copy_text(result, row, 16, context);
	set->search_path = copy_text(result, row, 17, context);
	set->session_records = strcmp(row_text(result, row, 18), "on") == 0;
	return studio;
}

/* Adds a row of swan.role to the studio it is for. */
static void
load_listing(List *list, Rows result, uint64 row)
{
	char	   *name = row_text(result, row, 1);
	ListCell   *cell;

	foreach(cell, list)
	{
		Studio	   *studio = lfirst(cell);
		MemoryContext old;
		Listing    *listing;

		if (strcmp(studio->name, name) != 0)
			continue;
		old = MemoryContextSwitchTo(studio->context);
		listing = palloc(sizeof(Listing));
		listing->db_role = pstrdup(row_text(result, row, 2));
		listing->kind = parse_listing(row_text(result, row, 3));
		listing->user_id = row_id(result, row, 4);
		studio->listings = lappend(studio->listings, listing);
		MemoryContextSwitchTo(old);
	}
}

/*
 * Forgets all studios.  A call further up the stack may be at work on one, so
 * their memory goes when the transaction does.
 */
static void
forget_studios(void)
{
	ListCell   *cell;

	foreach(cell, studios)
		MemoryContextSetParent(((Studio *) lfirst(cell))->context,
							   TopTransactionContext);
	list_free(studios);
	studios = NIL;
}

/* Returns the owner of the registry, as whom it is read and written. */
Oid
studio_registry_owner(void)
{
	HeapTuple	tuple;
	Oid			owner;

	if (!OidIsValid(registry_studio))
		registry_studio = get_relname_relid("studio",
											get_namespace_oid(SWAN_REGISTRY_SCHEMA, false));
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(registry_studio));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for the swanalloc registry");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Reads the registry. */
static void
load_registry(void)
{
	Oid			namespace = get_namespace_oid(SWAN_REGISTRY_SCHEMA, false);
	uint64		started;
	MemoryContext old;
	Rows		result;
	Call	   *call;

	forget_studios();
	registry_studio = get_relname_relid("studio", namespace);
	registry_role = get_relname_relid("role", namespace);

	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	started = changes;			/* what changes from here on is not seen */
	result = statement_once(call, registry_query, 0, NULL, NULL);
	for (uint64 i = 0; i < result.nrows; i++)
	{
		Studio	   *studio = load_studio(result, i);

		old = MemoryContextSwitchTo(TopMemoryContext);
		studios = lappend(studios, studio);
		MemoryContextSwitchTo(old);
	}
	result = statement_once(call, roles_query, 0, NULL, NULL);
	for (uint64 i = 0; i < result.nrows; i++)
		load_listing(studios, result, i);
	call_end(call);
	loaded = started;
}

/* Returns every studio of the registry. */
List *
studio_list(void)
{
	if (studios_stale())
		load_registry();
	return studios;
}

/* Returns whether a table carries one of our triggers, enabled or not. */
static bool
has_guard(Relation rel, const char *name)
{
	TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		char	   *function;

		if (strcmp(triggers->triggers[i].tgname, name) != 0)
			continue;
		function = get_func_name(triggers->triggers[i].tgfoid);
		return function && strcmp(function, name) == 0;
	}
	return false;
}

/* Notes the columns of one of the application's tables. */
static const char *
describe_columns(Studio *studio, StudioTable table, Relation rel)
{
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		StudioColumn *column = &studio->columns[i];

		if (studio_column_defs[i].table != table)
			continue;
		column->attnum = get_attnum(RelationGetRelid(rel),
									studio_column_defs[i].name);
		if (column->attnum == InvalidAttrNumber)
		{
			if (studio_column_defs[i].absent == NULL)
				return psprintf("column \"%s\" of table \"%s\" is gone",
								studio_column_defs[i].name,
								RelationGetRelationName(rel));
			column->name = NULL;
			continue;
		}
		column->type = get_atttype(RelationGetRelid(rel), column->attnum);
		column->name = pstrdup(studio_column_defs[i].name);
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
	static const char *const guards[STUDIO_NTABLES] = {
		[TABLE_USERS] = "swan_guard_users",
		[TABLE_SESSIONS] = "swan_guard_sessions",
	};
	const char *problem = NULL;
	Oid			relid = studio->tables[table];
	Relation	rel;

	rel = OidIsValid(relid) ? try_relation_open(relid, NoLock) : NULL;
	if (rel == NULL)
		return psprintf("table \"%s\" is gone",
						studio_own_table_names[table] ? studio_own_table_names[table] :
						table == TABLE_USERS ? "users" : "sessions");

	if (rel->rd_rel->relkind != RELKIND_RELATION)
		problem = psprintf("\"%s\" is not a table", RelationGetRelationName(rel));
	else if (rel->rd_rel->relhassubclass)
		problem = psprintf("table \"%s\" has child tables", RelationGetRelationName(rel));
	else if (table != TABLE_USERS && rel->rd_rel->relowner != studio->owner)
		problem = psprintf("table \"%s\" has another owner than the users",
						   RelationGetRelationName(rel));
	else if (guards[table] && !has_guard(rel, guards[table]))
		problem = psprintf("table \"%s\" has no trigger \"%s\"",
						   RelationGetRelationName(rel), guards[table]);
	else
	{
		char	   *schema = get_namespace_name(RelationGetNamespace(rel));

		studio->table_names[table] =
			quote_qualified_identifier(schema, RelationGetRelationName(rel));
		if (table == TABLE_USERS)
		{
			studio->owner = rel->rd_rel->relowner;
			studio->schema = schema;
		}
		if (table == TABLE_LEDGER)
		{
			studio->ledger_ids = quote_qualified_identifier(schema, ledger_ids_name);
			if (!OidIsValid(get_relname_relid(ledger_ids_name,
											  RelationGetNamespace(rel))))
				problem = psprintf("sequence \"%s\" is gone", ledger_ids_name);
		}
		if (table == TABLE_USERS || table == TABLE_SESSIONS)
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
	char	   *other;

	initStringInfo(&path);
	if (studio->settings.search_path)
	{
		List	   *names;

		/* a pg_temp that is not named would be searched first, and is anybody's */
		appendStringInfoString(&path, studio->settings.search_path);
		if (SplitIdentifierString(pstrdup(path.data), ',', &names) &&
			!names_schema(names, "pg_temp"))
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

/* Notes which tables are our three, as far as they are there. */
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
	for (int i = 0; i < STUDIO_NTABLES && studio->broken == NULL; i++)
		studio->broken = describe_table(studio, i);
	if (studio->broken == NULL)
		studio->search_path = make_search_path(studio);
	MemoryContextSwitchTo(old);
	studio->described = true;
}

/* swan.registry_changed(): tells every backend to read the registry again. */
Datum
swan_registry_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						"registry_changed")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}

/* Notes that a relation has changed, if it is one of those we know. */
static void
relation_callback(Datum arg, Oid relid)
{
	ListCell   *cell;

	if (relid == InvalidOid || relid == registry_studio || relid == registry_role)
	{
		changes++;
		return;
	}
	foreach(cell, studios)
	{
		Studio	   *studio = lfirst(cell);

		for (int i = 0; i < STUDIO_NTABLES; i++)
		{
			if (studio->tables[i] == relid)
				changes++;
		}
	}
}

/* Notes that a schema was renamed. */
static void
namespace_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
}

/* Called once when the library is loaded. */
void
studio_init(void)
{
	CacheRegisterRelcacheCallback(relation_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, namespace_callback, (Datum) 0);
}
