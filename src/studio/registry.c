/*-------------------------------------------------------------------------
 *
 * registry.c
 *	  What a backend knows of the studios: the registry and their tables.
 *
 * The studios are read once and kept until a relcache message says that their
 * registry, or a table of one, has changed.  They are freed at once then, unless
 * a call is under way that may be at work on one: so no function keeps a Studio
 * while it asks for one anew, but in the frame of a call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "base/details.h"
#include "base/error.h"
#include "call/columns.h"
#include "studio/query.h"
#include "studio/studio.h"
#include "studio/version.h"

PG_FUNCTION_INFO_V1(swan_registry_changed);

/* all studios of the registry, as of the change that "loaded" counts */
static List *studios = NIL;
static uint64 changes = 1;
static uint64 loaded = 0;
static Oid	registry_studio = InvalidOid;

/* holds studios that are forgotten and in use, until the transaction ends */
static MemoryContext retired = NULL;

/* a column that a version need not have, of which the guards must know if it is there */
#define FROM_WHOLE_ROW(column) \
	"(pg_catalog.to_jsonb(s) OPERATOR(pg_catalog.->>) '" column "')"

/* what every version has in its registry, and so do guards, see version.c */
#define REGISTRY_COLUMNS(first, next) \
	first(REG_NAME, "s.name") \
	next(REG_OWNED_BY, "s.owned_by") \
	next(REG_OWN, "s.own") \
	next(REG_BACKFILLED, "s.backfilled") \
	next(REG_USERS, "s.users::pg_catalog.oid") \
	next(REG_SESSIONS, "s.sessions::pg_catalog.oid") \
	next(REG_GUARD_BALANCE, "s.guard_balance") \
	next(REG_GUARD_SESSIONS, "s.guard_sessions") \
	next(REG_GRANT_MAX, "s.grant_max") \
	next(REG_PURCHASE_MAX, "s.purchase_max") \
	next(REG_LOW_THRESHOLD, "s.low_threshold") \
	next(REG_CANCEL_WINDOW, "s.cancel_window") \
	next(REG_ADMIN_BOOKING, "s.admin_booking") \
	next(REG_HOLD_MAX, "s.hold_max") \
	next(REG_TRAINER_OVERLAP, "s.trainer_overlap") \
	next(REG_TIME_ZONE, "s.time_zone") \
	next(REG_SEARCH_PATH, "s.search_path") \
	next(REG_SESSION_RECORDS, "s.session_records") \
	next(REG_CREATED_AT, "s.created_at") \
	next(REG_OLD_BOOKINGS, "s.columns OPERATOR(pg_catalog.->>) 'old_bookings'") \
	next(REG_COLUMN_NAMES, "s.columns OPERATOR(pg_catalog.->) 'names'") \
	next(REG_TIME_ZONES, "s.columns OPERATOR(pg_catalog.->) 'time_zones'") \
	next(REG_ROLE_NAMES, "s.columns OPERATOR(pg_catalog.->) 'roles'") \
	next(REG_STATUS_NAMES, "s.columns OPERATOR(pg_catalog.->) 'statuses'") \
	next(REG_LONGEST, "(s.columns OPERATOR(pg_catalog.->>) 'longest')::pg_catalog.int4") \
	next(REG_COUNTED_FROM, "(s.columns OPERATOR(pg_catalog.->>) 'counted_from')::pg_catalog.int8") \
	next(REG_CLOSED_AT, FROM_WHOLE_ROW("closed_at") "::pg_catalog.timestamptz") \
	next(REG_CLOSED_REASON, FROM_WHOLE_ROW("closed_reason"))

/* and what has come since */
#define REGISTRY_LATER(first, next) \
	next(REG_BOOK_NOTICE, "s.book_notice") \
	next(REG_STAFF_MAY, "s.staff_may") \
	next(REG_BOOK_HORIZON, "s.book_horizon") \
	next(REG_LIVE_MAX, "s.live_max") \
	next(REG_BUFFER, "s.buffer") \
	next(REG_TRAINER_MAY, "s.trainer_may") \
	next(REG_HOLD_CREDIT, "s.hold_credit") \
	next(REG_HOLD_TOTAL, "s.hold_total") \
	next(REG_BOOKING_RULE, "s.booking_rule") \
	next(REG_COST_RULE, "s.cost_rule") \
	next(REG_ASSIGNMENTS, "s.assignments") \
	next(REG_WAIT_OFFER, "s.wait_offer")

#define REGISTRY_ALL(first, next) \
	REGISTRY_COLUMNS(first, next) \
	REGISTRY_LATER(first, next)

RESULT_COLUMNS(REGISTRY_ALL);

#define FROM_REGISTRY " FROM swan.studio s ORDER BY s.name"

static const char registry_query[] =
"SELECT" SELECT_LIST(REGISTRY_ALL) FROM_REGISTRY;

static const char registry_query_of_any[] =
"SELECT" SELECT_LIST(REGISTRY_COLUMNS) FROM_REGISTRY;

/* Returns whether anything has changed since we read the registry. */
bool
studios_stale(void)
{
	return loaded != changes;
}

/* Returns whether a studio may be another by now than what is known of it. */
bool
studio_is_stale(const Studio *studio)
{
	return studio->as_of != changes;
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

/* Copies a text column into a context, or returns NULL. */
static char *
copy_text(Rows result, uint64 row, int column, MemoryContext context)
{
	char	   *s = row_text(result, row, column);

	return s ? MemoryContextStrdup(context, s) : NULL;
}

/* Returns a copy of a member of a JSON object, or NULL. */
static char *
json_member(Rows result, uint64 row, int column, const char *name, MemoryContext context)
{
	bool		isnull;
	Datum		object = row_datum(result, row, column, &isnull);
	char	   *member = isnull ? NULL : details_text(object, name);

	return member ? MemoryContextStrdup(context, member) : NULL;
}

/* Reads what the application calls our roles, or statuses. */
static List *
load_names(Studio *studio, Rows result, uint64 row, int column)
{
	bool		isnull;
	Datum		object = row_datum(result, row, column, &isnull);

	return isnull ? NIL : studio_read_names(DatumGetJsonbP(object), studio->context);
}

/* Returns an interval of days and time in microseconds, each day of 24 hours. */
static int64
interval_usecs(const Interval *interval)
{
	return interval->time + interval->day * USECS_PER_DAY;
}

/* Reads the settings that came after 0.1.0, about what may be booked. */
static void
load_later_settings(StudioSettings *set, Rows result, uint64 row, MemoryContext context)
{
	bool		isnull;

	set->book_notice = *DatumGetIntervalP(row_datum(result, row, REG_BOOK_NOTICE, &isnull));
	set->has_horizon = !row_isnull(result, row, REG_BOOK_HORIZON);
	if (set->has_horizon)
		set->book_horizon = *DatumGetIntervalP(row_datum(result, row, REG_BOOK_HORIZON, &isnull));
	set->live_max = row_isnull(result, row, REG_LIVE_MAX) ?
		-1 : row_int(result, row, REG_LIVE_MAX);
	set->buffer = interval_usecs(DatumGetIntervalP(row_datum(result, row, REG_BUFFER, &isnull)));
	set->hold_credit = strcmp(row_text(result, row, REG_HOLD_CREDIT), "on") == 0;
	set->hold_total = *DatumGetIntervalP(row_datum(result, row, REG_HOLD_TOTAL, &isnull));
	set->wait_offer = *DatumGetIntervalP(row_datum(result, row, REG_WAIT_OFFER, &isnull));
	set->trainer_may = Max(0, tasks_of(row_text(result, row, REG_TRAINER_MAY), TRAINER_TASKS));
	set->staff_may = Max(0, tasks_of(row_text(result, row, REG_STAFF_MAY), STAFF_TASKS));
	set->hooks[HOOK_COST_RULE] = copy_text(result, row, REG_COST_RULE, context);
	set->hooks[HOOK_BOOKING_RULE] = copy_text(result, row, REG_BOOKING_RULE, context);
	set->hooks[HOOK_ASSIGNMENTS] = copy_text(result, row, REG_ASSIGNMENTS, context);
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
	char	   *old_bookings;
	bool		isnull;

	studio->context = context;
	studio->name = copy_text(result, row, REG_NAME, context);
	MemoryContextSetIdentifier(context, studio->name);
	studio->owned_by = copy_text(result, row, REG_OWNED_BY, context);
	studio->own = row_bool(result, row, REG_OWN);
	studio->backfilled = row_bool(result, row, REG_BACKFILLED);
	studio->tables[TABLE_USERS] = (Oid) row_int(result, row, REG_USERS);
	studio->tables[TABLE_SESSIONS] = (Oid) row_int(result, row, REG_SESSIONS);
	set->guard_balance = parse_guard(row_text(result, row, REG_GUARD_BALANCE));
	set->guard_sessions = parse_guard(row_text(result, row, REG_GUARD_SESSIONS));
	set->grant_max = row_int(result, row, REG_GRANT_MAX);
	set->purchase_max = row_int(result, row, REG_PURCHASE_MAX);
	set->low_threshold = row_int(result, row, REG_LOW_THRESHOLD);
	set->cancel_window = *DatumGetIntervalP(row_datum(result, row, REG_CANCEL_WINDOW, &isnull));
	set->admin_books_free = strcmp(row_text(result, row, REG_ADMIN_BOOKING), "free") == 0;
	set->hold_max = row_int(result, row, REG_HOLD_MAX);
	set->trainer_overlap = strcmp(row_text(result, row, REG_TRAINER_OVERLAP), "allow") == 0;
	set->time_zone = copy_text(result, row, REG_TIME_ZONE, context);
	set->search_path = copy_text(result, row, REG_SEARCH_PATH, context);
	set->session_records = strcmp(row_text(result, row, REG_SESSION_RECORDS), "on") == 0;
	if (version_is_ours())
		load_later_settings(set, result, row, context);
	studio->closed_reason = copy_text(result, row, REG_CLOSED_REASON, context);
	if (studio->closed_reason)
		studio->closed_at = row_time(result, row, REG_CLOSED_AT);
	studio->made_at = row_time(result, row, REG_CREATED_AT);
	old_bookings = row_text(result, row, REG_OLD_BOOKINGS);
	if (old_bookings && strcmp(old_bookings, "charged") == 0)
		studio->old_bookings = OLD_BOOKINGS_CHARGED;
	else if (old_bookings && strcmp(old_bookings, "flag") == 0)
		studio->old_bookings = OLD_BOOKINGS_FLAG;
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		const char *label = studio_column_label(i);

		if (studio->own && studio_column_defs[i].attached_only)
			studio->column_names[i] = NULL;
		else if (studio->own && !studio_column_defs[i].later)
			studio->column_names[i] =
				MemoryContextStrdup(context, studio_column_defs[i].name);
		else
			studio->column_names[i] = json_member(result, row, REG_COLUMN_NAMES, label, context);
		studio->time_zones[i] = json_member(result, row, REG_TIME_ZONES, label, context);
	}
	studio->role_names = load_names(studio, result, row, REG_ROLE_NAMES);
	studio->status_names = load_names(studio, result, row, REG_STATUS_NAMES);
	studio->reach = row_isnull(result, row, REG_LONGEST) ?
		SWAN_DURATION_MAX : Max(SWAN_DURATION_MAX, row_int(result, row, REG_LONGEST));
	studio->counted_from = row_isnull(result, row, REG_COUNTED_FROM) ?
		0 : row_id(result, row, REG_COUNTED_FROM);
	return studio;
}

/* Notes that the transaction has taken the retired studios with it. */
static void
forget_retired(void *arg)
{
	retired = NULL;
}

/* Makes the context of studios that are in use when they are forgotten. */
static void
make_retired(void)
{
	MemoryContextCallback *callback;

	retired = AllocSetContextCreate(TopTransactionContext,
									"swanalloc retired studios",
									ALLOCSET_SMALL_SIZES);
	callback = MemoryContextAlloc(retired, sizeof(MemoryContextCallback));
	callback->func = forget_retired;
	callback->arg = NULL;
	MemoryContextRegisterResetCallback(retired, callback);
}

/*
 * Forgets all studios.  A call further up the stack may be at work on one, so
 * while one is under way they are kept; otherwise those kept before go too.
 */
static void
forget_studios(void)
{
	List	   *forgotten = studios;
	ListCell   *cell;

	studios = NIL;
	if (call_under_way() && retired == NULL && forgotten != NIL)
		make_retired();
	foreach(cell, forgotten)
	{
		Studio	   *studio = lfirst(cell);

		if (call_under_way())
			MemoryContextSetParent(studio->context, retired);
		else
			MemoryContextDelete(studio->context);
	}
	list_free(forgotten);
	if (retired && !call_under_way())
		MemoryContextDelete(retired);
}

/* Returns the owner of the registry, as whom it is read and written. */
Oid
studio_registry_owner(void)
{
	Oid			owner;

	if (!OidIsValid(registry_studio))
		registry_studio = get_relname_relid("studio",
											get_namespace_oid(SWAN_REGISTRY_SCHEMA, false));
	owner = studio_table_owner(registry_studio);
	if (!OidIsValid(owner))
		elog(ERROR, "cache lookup failed for the swanalloc registry");
	return owner;
}

/*
 * Returns since which command of this transaction the guards watch as they do
 * now, which is its first one where it found them so.  They stand since the
 * studio was attached, and may have let bookings pass until a setting was
 * changed; both are written into the studio's row.
 */
CommandId
studio_guarded_since(Studio *studio)
{
	Relation	registry = table_open(registry_studio, AccessShareLock);
	CommandId	since = FirstCommandId;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, get_attnum(registry_studio, "users"), BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(studio->tables[TABLE_USERS]));
	scan = systable_beginscan(registry, InvalidOid, false, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple) &&
		TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data)))
		since = HeapTupleHeaderGetCmin(tuple->t_data) + 1;
	systable_endscan(scan);
	table_close(registry, AccessShareLock);
	return since;
}

/*
 * Returns after which ledger row the totals of a row count: the last one from
 * when sessions were not watched, which is any row where they are not.
 */
int64
studio_counted_from(const Studio *studio)
{
	return studio->settings.guard_sessions == GUARD_OFF ?
		PG_INT64_MAX : studio->counted_from;
}

/* Writes a number into the registry, beside what it has of a studio's columns. */
void
studio_note(const char *name, const char *what, int64 value)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID, INT8OID};
	NullableDatum args[] = {arg_text(name), arg_text(what), arg_datum(Int64GetDatum(value))};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

	sql_once(call,
			 "UPDATE swan.studio SET columns = columns OPERATOR(pg_catalog.||)"
			 " pg_catalog.jsonb_build_object($2, $3)"
			 " WHERE name OPERATOR(pg_catalog.=) $1",
			 3, argtypes, args);
	call_end(call);
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

	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	started = changes;			/* what changes from here on is not seen */
	version_look();
	result = sql_once(call, version_is_ours() ? registry_query : registry_query_of_any,
					  0, NULL, NULL);
	for (uint64 i = 0; i < result.nrows; i++)
	{
		Studio	   *studio = load_studio(result, i);

		studio->as_of = started;
		old = MemoryContextSwitchTo(TopMemoryContext);
		studios = lappend(studios, studio);
		MemoryContextSwitchTo(old);
	}
	call_end(call);
	loaded = started;
}

/* Returns every studio of the registry, to guards whatever version its SQL is of. */
List *
studio_list_for_guards(void)
{
	if (studios_stale())
		load_registry();
	return studios;
}

/* Returns every studio of the registry. */
List *
studio_list(void)
{
	List	   *list = studio_list_for_guards();

	version_require();
	return list;
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

	if (relid == InvalidOid || relid == registry_studio)
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

/* Notes that a schema was renamed, or that an enum has another label. */
static void
names_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
}

/* Called once when the library is loaded. */
void
studio_init(void)
{
	CacheRegisterRelcacheCallback(relation_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, names_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(ENUMTYPOIDNAME, names_callback, (Datum) 0);
}
