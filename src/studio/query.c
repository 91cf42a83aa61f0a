/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Queries over the tables of any studio: saved plans, and what they see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/error.h"
#include "plan/lookup.h"
#include "plan/store.h"
#include "studio/query.h"
#include "studio/template.h"

/* what SPI_prepare_cursor() is told */
static const int plan_options[] = {
	[PLAN_GENERIC] = CURSOR_OPT_GENERIC_PLAN,
	[PLAN_SIMPLE] = CURSOR_OPT_GENERIC_PLAN | CURSOR_OPT_FAST_PLAN,
	[PLAN_CUSTOM] = CURSOR_OPT_CUSTOM_PLAN,
};

/* a plan of a studio; the key is the statement's address */
typedef struct SavedPlan
{
	const StudioQuery *query;
	SPIPlanPtr	plan;
	SimplePlan *simple;			/* of PLAN_SIMPLE, else NULL */
} SavedPlan;

/* Frees a plan together with the memory that knows of it. */
static void
free_plan(void *arg)
{
	sql_free((SPIPlanPtr) arg);
}

/* Makes the table of a studio's plans. */
static void
make_plan_table(Studio *studio)
{
	HASHCTL		ctl;

	ctl.keysize = sizeof(const StudioQuery *);
	ctl.entrysize = sizeof(SavedPlan);
	ctl.hcxt = studio->context;
	studio->plans = hash_create("swanalloc plans", 64, &ctl,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Returns the plan of a statement for the studio of the call, made at its
 * first use.  It lives as long as what we know of the studio: when a name
 * changes, registry.c starts over and the text is made anew.
 */
static SavedPlan *
get_plan(Call *call, const StudioQuery *query)
{
	Studio	   *studio = call->studio;
	SavedPlan  *saved;
	MemoryContextCallback *callback;
	SimplePlan *simple = NULL;
	SPIPlanPtr	plan;
	char	   *text;

	if (studio->plans == NULL)
		make_plan_table(studio);
	saved = hash_search(studio->plans, &query, HASH_FIND, NULL);
	if (saved != NULL)
		return saved;

	text = expand_template(studio, query->text);

	plan = sql_keep(text, query->nargs, query->argtypes,
					plan_options[query->plan]);
	callback = MemoryContextAlloc(studio->context, sizeof(MemoryContextCallback));
	callback->func = free_plan;
	callback->arg = plan;
	MemoryContextRegisterResetCallback(studio->context, callback);
	if (query->plan == PLAN_SIMPLE)
		simple = simple_make(sql_plan_source(plan), studio->context);
	saved = hash_search(studio->plans, &query, HASH_ENTER, NULL);
	saved->plan = plan;
	saved->simple = simple;
	return saved;
}

/* what a statement sees */
typedef enum View
{
	VIEW_CALLER,				/* what the caller's query sees */
	VIEW_OWN,					/* what the transaction sees, and has done */
	VIEW_LATEST					/* that, and all that is committed by now */
} View;

/*
 * Returns whether a statement may be run without the executor: a reader's at any
 * level but SERIALIZABLE, else where others' changes are met rather than not seen.
 */
static bool
runs_directly(View view)
{
	if (!swan_direct_rows)
		return false;
	return view == VIEW_CALLER ? ActiveSnapshotSet() && !IsolationIsSerializable() :
		!IsolationUsesXactSnapshot();
}

/* Says in an error which statement it is of, as SPI does. */
static void
statement_callback(void *arg)
{
	errcontext("SQL statement \"%s\"", (const char *) arg);
}

/*
 * Runs a plan without the executor.  It is a statement all the same: but for a
 * reader it sees what has happened until now.
 */
static Rows
run_directly(SimplePlan *plan, const NullableDatum *args, View view)
{
	ErrorContextCallback callback;
	Rows		result;

	callback.callback = statement_callback;
	callback.arg = unconstify(char *, plan->source->query_string);
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	if (view == VIEW_CALLER)
		result = lookup_run(plan, args, GetActiveSnapshot());
	else
	{
		CommandCounterIncrement();
		PushActiveSnapshot(GetTransactionSnapshot());
		result = plan->command == CMD_SELECT ?
			lookup_run(plan, args, GetActiveSnapshot()) :
			store_run(plan, args, GetActiveSnapshot());
		PopActiveSnapshot();
	}

	error_context_stack = callback.previous;
	return result;
}

/* Returns whether the tables of a studio are called as its plans call them. */
static bool
has_names(const Studio *studio)
{
	return !studio_is_stale(studio) || studio_has_its_names(studio);
}

/*
 * Refuses to go on with names that the tables have no more: under them a plan
 * that is made anew finds nothing, or tables of somebody else's.
 */
static void
check_names(const Studio *studio)
{
	if (!has_names(studio))
		swan_serialization_failure();
}

/*
 * Says that a statement is to be retried which looked for a name while it was changed,
 * be it ours or one in a trigger of the application's, found by the search_path.  What
 * a trigger misses under names that are as they were is its own affair: it may expect to.
 */
static void
renamed_callback(void *arg)
{
	int			sqlstate = geterrcode();

	if ((sqlstate == ERRCODE_UNDEFINED_TABLE || sqlstate == ERRCODE_UNDEFINED_FUNCTION ||
		 sqlstate == ERRCODE_UNDEFINED_SCHEMA) && !has_names(arg))
		(void) swan_error_retry();
}

/* Makes a statement's plan if need be, and returns whether it is run without the executor. */
static bool
prepare_directly(Call *call, const SavedPlan *saved, View view)
{
	HeldTables	held = {call->studio->tables, STUDIO_NTABLES, call->held};

	if (saved->simple == NULL)
		return false;
	simple_prepare(saved->simple, &held);
	return runs_directly(view) && simple_is_open(saved->simple);
}

/* Runs the saved plan of a query, and makes it if need be. */
static Rows
run_saved(Call *call, const StudioQuery *query, const NullableDatum *args, View view)
{
	SavedPlan  *saved = get_plan(call, query);
	Snapshot	snapshot;

	if (prepare_directly(call, saved, view))
		return run_directly(saved->simple, args, view);
	snapshot = view == VIEW_LATEST ? sql_latest_snapshot() : InvalidSnapshot;
	return sql_run(saved->plan, query->text, query->nargs, args, snapshot, view == VIEW_CALLER);
}

/*
 * Goes on under the names that the tables have, until end_names().  One who renames
 * their schema meanwhile is noticed: before, by an error while it is looked for, or after.
 */
static void
begin_names(Call *call, ErrorContextCallback *callback)
{
	callback->callback = renamed_callback;
	callback->arg = call->studio;
	callback->previous = error_context_stack;
	error_context_stack = callback;
	check_names(call->studio);
}

/* Ends that. */
static void
end_names(Call *call, const ErrorContextCallback *callback)
{
	check_names(call->studio);
	error_context_stack = callback->previous;
}

/* Runs a query under the names that the tables have. */
static Rows
run_query(Call *call, const StudioQuery *query, const NullableDatum *args, View view)
{
	ErrorContextCallback callback;
	Rows		result;

	begin_names(call, &callback);
	result = run_saved(call, query, args, view);
	end_names(call, &callback);
	return result;
}

/*
 * Returns whether a writer's statement is run without the executor.  Where it skips what
 * is locked it never waits then, and leaves no row locked but those that it returns.
 */
bool
query_is_direct(Call *call, const StudioQuery *query)
{
	ErrorContextCallback callback;
	bool		result;

	begin_names(call, &callback);
	result = prepare_directly(call, get_plan(call, query), VIEW_OWN);
	end_names(call, &callback);
	return result;
}

/*
 * Runs a query for the answer of a reader: it sees what the caller's query sees,
 * so that everything in the answer is of one moment.
 */
Rows
query_read(Call *call, const StudioQuery *query, const NullableDatum *args)
{
	if (call->kind != CALL_READER)	/* would miss what the call has written */
		elog(ERROR, "a writer reads like a reader: %s", query->text);
	return run_query(call, query, args, VIEW_CALLER);
}

/*
 * Runs a query that looks or locks: it sees what the transaction sees and what
 * it has done so far.  Under READ COMMITTED that is what is committed by now;
 * above, a row may be too new to be seen, and then nobody must conclude that
 * there is none.
 */
Rows
query_look(Call *call, const StudioQuery *query, const NullableDatum *args)
{
	return run_query(call, query, args, VIEW_OWN);
}

/*
 * Runs a query whose answer must not be older than the locks we hold: under
 * REPEATABLE READ and above with the latest snapshot, since a row that somebody
 * merely locked raises no error there, and he may have written others.
 */
Rows
query_recheck(Call *call, const StudioQuery *query, const NullableDatum *args)
{
	return run_query(call, query, args, VIEW_LATEST);
}

/*
 * Runs a query that sees what others have committed, but of this transaction
 * only what it did before the command "until".
 */
Rows
query_look_back(Call *call, const StudioQuery *query,
				const NullableDatum *args, CommandId until)
{
	SPIPlanPtr	plan = get_plan(call, query)->plan;
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());	/* a copy */
	Rows		result;

	snapshot->curcid = until;
	check_names(call->studio);
	result = sql_run(plan, query->text, query->nargs, args, snapshot, true);
	check_names(call->studio);
	UnregisterSnapshot(snapshot);
	return result;
}

/*
 * Called when a query for a row has found none: under REPEATABLE READ and above
 * the row may only be newer than the transaction's snapshot, and then the caller
 * is to retry.  A reader's answer may be as old as its snapshot.
 */
void
query_confirm_none(Call *call, const StudioQuery *query,
				   const NullableDatum *args, QueryRun run)
{
	if (run == query_look && IsolationUsesXactSnapshot() &&
		query_recheck(call, query, args).nrows > 0)
		swan_serialization_failure();
}

/*
 * Runs a statement of the engine that writes to one table of the studio, with
 * a token for the guards: "rows" says what happens to the guarded rows.
 */
Rows
query_change(Call *call, const StudioQuery *query,
			 const NullableDatum *args, StudioTable table,
			 CmdType command, const TokenEntry *rows, int nrows)
{
	Token	   *token = token_push(call->studio->tables[table], command,
								   rows, nrows);
	Rows		result = run_query(call, query, args, VIEW_OWN);

	token_pop(token);
	return result;
}

/*
 * Likewise for an INSERT into one of our own tables of what a query of its finds,
 * which like that of query_recheck() must not be older than our locks.
 */
Rows
query_insert(Call *call, const StudioQuery *query,
			 const NullableDatum *args, StudioTable table)
{
	Token	   *token = token_push(call->studio->tables[table], CMD_INSERT, NULL, 0);
	Rows		result = run_query(call, query, args, VIEW_LATEST);

	token_pop(token);
	return result;
}

/*
 * Returns whether a table of the studio, which is locked, is known to have no row
 * because it has no block: then no index has to be looked into.
 */
bool
query_table_is_empty(Call *call, StudioTable table)
{
	Relation	relation = table_open(call->studio->tables[table], NoLock);
	BlockNumber nblocks = RelationGetNumberOfBlocks(relation);

	table_close(relation, NoLock);
	return nblocks == 0;
}
