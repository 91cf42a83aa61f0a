/*-------------------------------------------------------------------------
 *
 * lookup.c
 *	  Rows found by an index, without the executor.
 *
 * To set up the executor and to take it down again costs a statement that fetches
 * one row four times what the row costs.  So a plan that is simple enough, as
 * simple.c reads it, is run here, as the executor would run it: the same
 * locks on tables and index, the same check of permissions, the same snapshot,
 * and rows locked and judged again as nodeLockRows.c does it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "plan/simple.h"

/*
 * How statements are planned that read few rows by an index, be the table ever so
 * small now.  Without one the plan is dear enough to be compiled, but not worth it.
 */
static const char *const planner_settings[] = {
	"enable_seqscan", "enable_bitmapscan", "enable_indexonlyscan",
	"enable_material", "enable_memoize", "jit"
};

/* what is open while a lookup runs */
typedef struct LookupRun
{
	Lookup	   *lookup;
	Snapshot	snapshot;
	Relation	tables[LOOKUP_MAX_SCANS];
	Relation	indexes[LOOKUP_MAX_SCANS];
	IndexScanDesc scans[LOOKUP_MAX_SCANS];
	TupleTableSlot *found[LOOKUP_MAX_SCANS];
	TupleTableSlot *locked[LOOKUP_MAX_SCANS];
	uint64		room;			/* in the result */
	Rows		result;
} LookupRun;

/* Makes what is known of a statement; nothing, as long as it is not planned. */
Lookup *
lookup_make(CachedPlanSource *source, MemoryContext context)
{
	Lookup	   *lookup = MemoryContextAllocZero(context, sizeof(Lookup));
	MemoryContext old = MemoryContextSwitchTo(context);

	lookup->context = context;
	lookup->source = source;
	lookup->params = makeParamList(source->num_params);
	for (int i = 0; i < source->num_params; i++)
	{
		lookup->params->params[i].pflags = PARAM_FLAG_CONST;
		lookup->params->params[i].ptype = source->param_types[i];
	}
	lookup->econtext = CreateStandaloneExprContext();
	lookup->econtext->ecxt_param_list_info = lookup->params;
	MemoryContextSwitchTo(old);
	return lookup;
}

/* Returns whether the plan that was read is still the plan. */
static bool
is_current(const Lookup *lookup)
{
	const CachedPlanSource *source = lookup->source;

	return source->is_valid && source->gplan != NULL && source->gplan->is_valid &&
		source->generation == lookup->generation;
}

/*
 * Locks the tables of the plan that was read, as the executor would; whatever has
 * changed is known then.
 */
static void
lock_tables(const Lookup *lookup)
{
	for (int i = 0; i < lookup->nscans; i++)
		LockRelationOid(lookup->scans[i].relid,
						lookup->scans[i].locks ? RowShareLock : AccessShareLock);
}

/* Makes sure that a statement has a plan by an index, and that we have read it. */
void
lookup_plan(Lookup *lookup)
{
	CachedPlan *plan;
	int			level;

	lock_tables(lookup);
	if (is_current(lookup))
		return;
	level = NewGUCNestLevel();
	for (int i = 0; i < lengthof(planner_settings); i++)
		(void) set_config_option(planner_settings[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	plan = GetCachedPlan(lookup->source, NULL, CurrentResourceOwner, NULL);
	AtEOXact_GUC(false, level);
	lookup_read_plan(lookup, plan);
	lookup->generation = lookup->source->generation;
	ReleaseCachedPlan(plan, CurrentResourceOwner);
}

/*
 * Returns whether a planned statement can be run here.  Who checks permissions
 * with a hook, as an audit does, is to see the statement.
 */
bool
lookup_is_open(const Lookup *lookup)
{
	return lookup->simple && ExecutorCheckPerms_hook == NULL &&
		!(lookup->nlocks > 0 && XactReadOnly);
}

/* Hands over the values of the parameters. */
static void
bind(Lookup *lookup, const NullableDatum *args)
{
	for (int i = 0; i < lookup->params->numParams; i++)
	{
		lookup->params->params[i].value = args[i].value;
		lookup->params->params[i].isnull = args[i].isnull;
	}
}

/* Begins a scan, or begins it again. */
static void
begin_scan(LookupRun *run, int n)
{
	LookupScan *scan = &run->lookup->scans[n];
	ExprContext *econtext = run->lookup->econtext;

	if (run->scans[n] == NULL)
	{
		run->scans[n] = swan_index_beginscan(run->tables[n], run->indexes[n],
											 run->snapshot, scan->nkeys);
		for (int i = 0; i < scan->nkeys; i++)
		{
			ScanKey		key = &scan->keys[i];
			bool		isnull;

			/* in the call's memory: it has to last as long as the scan */
			key->sk_argument = ExecEvalExpr(scan->values[i], econtext, &isnull);
			if (isnull)
				key->sk_flags |= SK_ISNULL;
			else
			{
				key->sk_flags &= ~SK_ISNULL;
				if (scan->toastable[i])
					key->sk_argument = PointerGetDatum(PG_DETOAST_DATUM(key->sk_argument));
			}
		}
	}
	index_rescan(run->scans[n], scan->keys, scan->nkeys, NULL, 0);
}

/* Returns whether a row meets conditions; the slots are those of the scans. */
static bool
meets(LookupRun *run, ExprState *condition)
{
	return ExecQual(condition, run->lookup->econtext);
}

/* Makes expressions read the rows in these slots. */
static void
look_into(LookupRun *run, TupleTableSlot *const *slots)
{
	run->lookup->econtext->ecxt_outertuple = slots[0];
	run->lookup->econtext->ecxt_innertuple = slots[1];
}

/*
 * Locks the row that a scan has found, waiting for whoever else does.  Returns
 * false if it is gone; "changed" if it is another version than was found.
 */
static bool
lock_row(LookupRun *run, int n, bool *changed)
{
	ItemPointerData tid = run->found[n]->tts_tid;
	TM_FailureData failure;
	TM_Result	result;

	result = table_tuple_lock(run->tables[n], &tid, run->snapshot, run->locked[n],
							  GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitBlock,
							  TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS |
							  TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							  &failure);
	switch (result)
	{
		case TM_Ok:
			*changed |= failure.traversed;
			return true;
		case TM_SelfModified:	/* as good as deleted */
		case TM_Deleted:
			return false;
		default:
			elog(ERROR, "unexpected table_tuple_lock status: %u", result);
	}
}

/* Locks the rows that have been found together; returns false if one is not to be had. */
static bool
lock_rows(LookupRun *run)
{
	Lookup	   *lookup = run->lookup;
	bool		changed = false;

	for (int i = 0; i < lookup->nlocks; i++)
	{
		if (!lock_row(run, lookup->lock_order[i], &changed))
			return false;
	}
	look_into(run, run->locked);
	for (int i = 0; changed && i < lookup->nscans; i++)
	{
		if (!meets(run, lookup->scans[i].all_conditions))
			return false;
	}
	return true;
}

/* Adds a row to the result, made of those that were found. */
static void
put_row(LookupRun *run)
{
	Lookup	   *lookup = run->lookup;

	for (int i = 0; i < lookup->ntargets; i++)
		lookup->values[i] = ExecEvalExprSwitchContext(lookup->targets[i], lookup->econtext,
													  &lookup->nulls[i]);
	if (run->result.nrows == run->room)
	{
		run->room = Max(4, 2 * run->room);
		run->result.tuples = run->result.tuples ?
			repalloc(run->result.tuples, run->room * sizeof(HeapTuple)) :
			palloc(run->room * sizeof(HeapTuple));
	}
	run->result.tuples[run->result.nrows++] = heap_form_tuple(lookup->desc, lookup->values,
															  lookup->nulls);
}

/* Returns whether there are as many rows as are wanted. */
static bool
is_full(const LookupRun *run)
{
	return run->lookup->limit > 0 && run->result.nrows >= run->lookup->limit;
}

/* Goes through the rows of a scan, and for each through those of the next one. */
static void
find_rows(LookupRun *run, int n)
{
	Lookup	   *lookup = run->lookup;
	LookupScan *scan = &lookup->scans[n];

	begin_scan(run, n);
	while (!is_full(run) &&
		   index_getnext_slot(run->scans[n], scan->direction, run->found[n]))
	{
		CHECK_FOR_INTERRUPTS();
		look_into(run, run->found);
		if (meets(run, run->scans[n]->xs_recheck ? scan->all_conditions : scan->condition))
		{
			if (n + 1 < lookup->nscans)
				find_rows(run, n + 1);
			else if (lookup->nlocks == 0 || lock_rows(run))
				put_row(run);
		}
		ResetExprContext(lookup->econtext);
	}
}

/* Opens the tables of a lookup, which are locked, and their indexes. */
static void
open_tables(LookupRun *run)
{
	for (int i = 0; i < run->lookup->nscans; i++)
	{
		LookupScan *scan = &run->lookup->scans[i];

		run->tables[i] = table_open(scan->relid, NoLock);
		run->indexes[i] = index_open(scan->indexid, AccessShareLock);
		run->found[i] = table_slot_create(run->tables[i], NULL);
		if (scan->locks)
			run->locked[i] = table_slot_create(run->tables[i], NULL);
	}
}

/* Closes them again; the locks stay. */
static void
close_tables(LookupRun *run)
{
	for (int i = 0; i < run->lookup->nscans; i++)
	{
		if (run->locked[i])
			ExecDropSingleTupleTableSlot(run->locked[i]);
		ExecDropSingleTupleTableSlot(run->found[i]);
		if (run->scans[i])
			index_endscan(run->scans[i]);
		index_close(run->indexes[i], NoLock);
		table_close(run->tables[i], NoLock);
	}
}

/*
 * Runs a lookup that is planned and open, with what the snapshot sees, which is
 * the active one.
 */
Rows
lookup_run(Lookup *lookup, const NullableDatum *args, Snapshot snapshot)
{
	LookupRun	run = {.lookup = lookup,.snapshot = snapshot};

	swan_check_permissions(lookup->range_table, lookup->permissions);
	ResetExprContext(lookup->econtext);
	bind(lookup, args);
	open_tables(&run);
	run.result.desc = lookup->desc;
	find_rows(&run, 0);
	close_tables(&run);
	return run.result;
}
