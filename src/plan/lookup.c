/*-------------------------------------------------------------------------
 *
 * lookup.c
 *	  Rows found by an index, without the executor.
 *
 * What a simple plan says is done as the executor would do it: nodeIndexscan.c
 * finds a row, nodeLockRows.c locks it and judges it again.
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
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "plan/lookup.h"

/*
 * Computes the keys of a scan.  Their values stay in the call's memory, since they
 * have to last as long as the scan.
 */
static void
compute_keys(SimpleScan *scan, ExprContext *econtext)
{
	for (int i = 0; i < scan->nkeys; i++)
	{
		ScanKey		key = &scan->keys[i];
		bool		isnull;

		key->sk_argument = ExecEvalExpr(scan->values[i], econtext, &isnull);
		key->sk_flags &= ~SK_ISNULL;
		if (isnull)
			key->sk_flags |= SK_ISNULL;
		else if (scan->toastable[i])
			key->sk_argument = PointerGetDatum(PG_DETOAST_DATUM(key->sk_argument));
	}
}

/* Begins a scan, or begins it again. */
static void
begin_scan(Lookup *lookup, int n)
{
	SimpleScan *scan = &lookup->plan->scans[n];

	if (lookup->scans[n] == NULL)
	{
		compute_keys(scan, lookup->plan->econtext);
		lookup->scans[n] = swan_index_beginscan(lookup->tables[n], lookup->indexes[n],
												lookup->snapshot, scan->nkeys);
	}
	index_rescan(lookup->scans[n], scan->keys, scan->nkeys, NULL, 0);
}

/* Makes expressions read the rows in these slots. */
static void
look_into(Lookup *lookup, TupleTableSlot *const *slots)
{
	lookup->plan->econtext->ecxt_outertuple = slots[0];
	lookup->plan->econtext->ecxt_innertuple = slots[1];
}

/*
 * Refuses to write a row that a trigger has written meanwhile, which the same
 * statement fired.
 */
void
lookup_refuse_modified(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("tuple to be updated was already modified by an operation triggered by the current command"),
			 errhint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows.")));
}

/*
 * Locks the row that a scan has found, waiting for whoever else does, unless the
 * statement skips such rows: then it skips what has changed meanwhile, too, and is
 * left with no lock on what it turns out not to want.  Returns false if it is not to
 * be had; "changed" if it is another version than was found.
 */
static bool
lock_row(Lookup *lookup, int n, bool *changed)
{
	ItemPointerData tid = lookup->found[n]->tts_tid;
	bool		skips = lookup->plan->wait_policy == LockWaitSkip;
	TM_FailureData failure;
	TM_Result	result;

	result = table_tuple_lock(lookup->tables[n], &tid, lookup->snapshot, lookup->locked[n],
							  lookup->cid, LockTupleNoKeyExclusive, lookup->plan->wait_policy,
							  skips ? 0 : TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS |
							  TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							  &failure);
	switch (result)
	{
		case TM_Ok:
			*changed |= failure.traversed;
			return true;
		case TM_SelfModified:	/* as good as deleted, for who only reads */
			if (lookup->plan->command != CMD_SELECT)
				lookup_refuse_modified();
			return false;
		case TM_Deleted:
		case TM_WouldBlock:
			return false;
		case TM_Updated:
			if (skips)
				return false;
			break;
		default:
			break;
	}
	elog(ERROR, "unexpected table_tuple_lock status: %u", result);
}

/* Locks the rows that were found together; returns false if one is not to be had. */
static bool
lock_rows(Lookup *lookup)
{
	SimplePlan *plan = lookup->plan;
	bool		changed = false;

	for (int i = 0; i < plan->nlocks; i++)
	{
		if (!lock_row(lookup, plan->lock_order[i], &changed))
			return false;
	}
	look_into(lookup, lookup->locked);
	for (int i = 0; changed && i < plan->nscans; i++)
	{
		if (!ExecQual(plan->scans[i].all_conditions, plan->econtext))
			return false;
	}
	return true;
}

/* Adds what a SELECT makes of the rows that were found to the result. */
static void
put_row(Lookup *lookup)
{
	SimplePlan *plan = lookup->plan;
	NullableDatum *value;

	if (lookup->result.nrows == lookup->room)
	{
		uint64		room = Max(4, 2 * lookup->room);
		Size		size = room * plan->ntargets * sizeof(NullableDatum);

		lookup->values = lookup->room > 0 ? repalloc_huge(lookup->values, size) :
			MemoryContextAllocHuge(CurrentMemoryContext, size);
		lookup->room = room;
		lookup->result.values = lookup->values;
	}
	value = &lookup->values[lookup->result.nrows * plan->ntargets];
	for (int i = 0; i < plan->ntargets; i++, value++)
	{
		Form_pg_attribute column = TupleDescAttr(plan->desc, i);

		value->isnull = plan->nulls[i];
		value->value = plan->nulls[i] || column->attbyval ? plan->values[i] :
			datumCopy(plan->values[i], false, column->attlen);
	}
}

/* Takes the rows that were found together. */
static void
take_row(Lookup *lookup)
{
	SimplePlan *plan = lookup->plan;

	simple_compute(plan);
	if (plan->command == CMD_SELECT)
		put_row(lookup);
	lookup->result.nrows++;
}

/* Returns whether there are as many rows as are wanted. */
static bool
is_full(const Lookup *lookup)
{
	return lookup->plan->limit > 0 && lookup->result.nrows >= lookup->plan->limit;
}

/* Goes through the rows of a scan, and for each through those of the next one. */
static void
find_rows(Lookup *lookup, int n)
{
	SimplePlan *plan = lookup->plan;
	SimpleScan *scan = &plan->scans[n];

	begin_scan(lookup, n);
	while (!is_full(lookup) &&
		   index_getnext_slot(lookup->scans[n], scan->direction, lookup->found[n]))
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(plan->econtext);
		look_into(lookup, lookup->found);
		if (!ExecQual(lookup->scans[n]->xs_recheck ? scan->all_conditions : scan->condition,
					  plan->econtext))
			continue;
		if (n + 1 < plan->nscans)
			find_rows(lookup, n + 1);
		else if (plan->nlocks == 0 || lock_rows(lookup))
			take_row(lookup);
	}
}

/* Opens the tables of a plan, which are locked, and their indexes. */
void
lookup_open(Lookup *lookup, SimplePlan *plan, Snapshot snapshot, CommandId cid)
{
	memset(lookup, 0, sizeof(Lookup));
	lookup->plan = plan;
	lookup->snapshot = snapshot;
	lookup->cid = cid;
	lookup->result.desc = plan->desc;
	for (int i = 0; i < plan->nscans; i++)
	{
		SimpleScan *scan = &plan->scans[i];

		lookup->tables[i] = table_open(scan->relid, NoLock);
		lookup->indexes[i] = index_open(scan->indexid, AccessShareLock);
		lookup->found[i] = table_slot_create(lookup->tables[i], NULL);
		if (scan->locks)
			lookup->locked[i] = table_slot_create(lookup->tables[i], NULL);
	}
}

/*
 * Looks for the rows of a plan that has its parameters.  A SELECT's are in the
 * result then; a write's one row stays in its slot, and plan->values are those to
 * be written.
 */
void
lookup_find(Lookup *lookup)
{
	find_rows(lookup, 0);
}

/* Closes what was opened; the locks stay. */
void
lookup_close(Lookup *lookup)
{
	for (int i = 0; i < lookup->plan->nscans; i++)
	{
		if (lookup->locked[i])
			ExecDropSingleTupleTableSlot(lookup->locked[i]);
		ExecDropSingleTupleTableSlot(lookup->found[i]);
		if (lookup->scans[i])
			index_endscan(lookup->scans[i]);
		index_close(lookup->indexes[i], NoLock);
		table_close(lookup->tables[i], NoLock);
	}
}

/*
 * Runs a SELECT that is prepared and open, with what the snapshot sees, which is
 * the active one.
 */
Rows
lookup_run(SimplePlan *plan, const NullableDatum *args, Snapshot snapshot)
{
	Lookup		lookup;

	simple_check_permissions(plan);
	simple_bind(plan, args);
	lookup_open(&lookup, plan, snapshot, GetCurrentCommandId(plan->nlocks > 0));
	lookup_find(&lookup);
	lookup_close(&lookup);
	return lookup.result;
}
