/*-------------------------------------------------------------------------
 *
 * sql.c
 *	  Running SQL.
 *
 * This is the only file that calls SPI.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/snapmgr.h"

#include "call/sql.h"

/*
 * Readies the innermost frame for SQL: its search_path, and SPI.  That is put off
 * until SQL runs, because a call that does without would pay more for it than for
 * everything else about its frame.  Whatever may run code that is not the
 * server's own, or looks a name up, begins with this.
 *
 * SPI's stack is in the order of the frames that use it: only the innermost frame
 * is readied, it is closed before the next one is innermost again, and nothing of
 * ours begins a subtransaction in a frame that is not readied.
 */
void
sql_open(void)
{
	Call	   *call = call_innermost();
	MemoryContext old;

	Assert(call != NULL);
	if (call->sql_open)
		return;
	Assert(call->subid == GetCurrentSubTransactionId());
	call_guard_parameters(call);
	if (strcmp(namespace_search_path, call->search_path) != 0)
		call_set_parameter(call, "search_path", call->search_path);
	old = MemoryContextSwitchTo(call->context);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	MemoryContextSwitchTo(old);
	call->sql_open = true;
}

/* Ends what sql_open() began, if it did. */
void
sql_close(Call *call)
{
	if (call->sql_open)
		sql_scope_end();
}

/* Splits arguments into the arrays that SPI takes. */
static void
split_arguments(int nargs, const NullableDatum *args, Datum *values, char *nulls)
{
	Assert(nargs <= SQL_MAX_ARGS);
	for (int i = 0; i < nargs; i++)
	{
		values[i] = args[i].value;
		nulls[i] = args[i].isnull ? 'n' : ' ';
	}
}

/*
 * Takes rows apart, once: whoever asked a tuple for one column after the other would
 * have it gone through from its beginning each time.
 */
static const NullableDatum *
values_of(const SPITupleTable *table, uint64 nrows)
{
	int			natts = table->tupdesc->natts;
	NullableDatum *values = MemoryContextAllocHuge(CurrentMemoryContext,
												   (nrows * natts + 1) * sizeof(NullableDatum));
	Datum	   *datums = palloc(natts * sizeof(Datum));
	bool	   *nulls = palloc(natts * sizeof(bool));

	for (uint64 row = 0; row < nrows; row++)
	{
		heap_deform_tuple(table->vals[row], table->tupdesc, datums, nulls);
		for (int i = 0; i < natts; i++)
		{
			values[row * natts + i].value = datums[i];
			values[row * natts + i].isnull = nulls[i];
		}
	}
	return values;
}

/* Collects what the last SPI call left, before another one overwrites it. */
static Rows
take_result(int code, const char *text)
{
	Rows		result = {0};

	if (code != SPI_OK_SELECT && code != SPI_OK_INSERT_RETURNING &&
		code != SPI_OK_UPDATE_RETURNING && code != SPI_OK_DELETE_RETURNING &&
		code != SPI_OK_INSERT && code != SPI_OK_UPDATE &&
		code != SPI_OK_DELETE)
		elog(ERROR, "unexpected SPI result %s: %s",
			 SPI_result_code_string(code), text);
	result.nrows = SPI_processed;
	if (SPI_tuptable)
	{
		result.values = values_of(SPI_tuptable, result.nrows);
		result.desc = SPI_tuptable->tupdesc;
	}
	return result;
}

/*
 * Returns the snapshot with which a statement sees all that is committed by now,
 * and our own work, or InvalidSnapshot if it does without being told.
 */
Snapshot
sql_latest_snapshot(void)
{
	if (!IsolationUsesXactSnapshot())
		return InvalidSnapshot;
	CommandCounterIncrement();	/* be sure to see our own work */
	return GetLatestSnapshot();
}

/* Prepares a statement. */
static SPIPlanPtr
prepare(const char *text, int nargs, const Oid *argtypes, int options)
{
	MemoryContext old = CurrentMemoryContext;
	SPIPlanPtr	plan;

	sql_open();
	plan = SPI_prepare_cursor(text, nargs, unconstify(Oid *, argtypes), options);
	MemoryContextSwitchTo(old);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s: %s",
			 SPI_result_code_string(SPI_result), text);
	return plan;
}

/* Prepares a statement for longer than the call; sql_free() ends it. */
SPIPlanPtr
sql_keep(const char *text, int nargs, const Oid *argtypes, int options)
{
	SPIPlanPtr	plan = prepare(text, nargs, argtypes, options);

	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	return plan;
}

/* Returns what the server keeps of a statement that was prepared. */
CachedPlanSource *
sql_plan_source(SPIPlanPtr plan)
{
	return linitial(SPI_plan_get_plan_sources(plan));
}

/* Frees a plan that was kept. */
void
sql_free(SPIPlanPtr plan)
{
	SPI_freeplan(plan);
}

/* Runs a plan, the text of which is for error messages. */
Rows
sql_run(SPIPlanPtr plan, const char *text, int nargs, const NullableDatum *args,
		Snapshot snapshot, bool read_only)
{
	MemoryContext old = CurrentMemoryContext;
	Datum		values[SQL_MAX_ARGS];
	char		nulls[SQL_MAX_ARGS];
	int			code;

	split_arguments(nargs, args, values, nulls);
	sql_open();
	code = SPI_execute_snapshot(plan, values, nulls, snapshot,
								InvalidSnapshot, read_only, true, 0);
	MemoryContextSwitchTo(old);
	return take_result(code, text);
}

/*
 * Runs a statement that is not worth a saved plan: our own bookkeeping.  It
 * sees the latest state, whatever the transaction's snapshot is, because what
 * it reads is cached beyond the transaction.
 */
Rows
sql_once(Call *call, const char *text, int nargs,
		 const Oid *argtypes, const NullableDatum *args)
{
	SPIPlanPtr	plan = prepare(text, nargs, argtypes, 0);

	return sql_run(plan, text, nargs, args, sql_latest_snapshot(), false);
}

/*
 * Opens a scope within a call: what is allocated and read in it is freed at its
 * end.  For whatever is done once for each of many clients.
 */
void
sql_scope_begin(void)
{
	sql_open();
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

/* Closes the innermost scope. */
void
sql_scope_end(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/* Commits, in a procedure that was called outside a transaction block. */
void
sql_commit(void)
{
	Assert(!call_under_way());
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	SPI_commit();
	sql_scope_end();
}

/* Runs a utility command, with names already quoted by the caller. */
void
sql_utility(Call *call, const char *text)
{
	MemoryContext old = CurrentMemoryContext;
	int			code;

	sql_open();
	code = SPI_execute(text, false, 0);
	MemoryContextSwitchTo(old);
	if (code != SPI_OK_UTILITY)
		elog(ERROR, "unexpected SPI result %s: %s",
			 SPI_result_code_string(code), text);
}
