/*-------------------------------------------------------------------------
 *
 * store.c
 *	  One row written, without the executor's nodes.
 *
 * This is what nodeModifyTable.c does for a plan that is simple, and what logical
 * replication does for every change that it applies: triggers, constraints, the
 * table, its indexes.  Only that the CHECKs are prepared once, not for each
 * statement, and that the indexes are opened when they get an entry.
 *
 * A trigger may run anything, this very plan included, and have it made anew.  So
 * what had been read of it when the statement began is what is done, and a row is
 * made before a trigger is fired for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/rel.h"

#include "compat.h"
#include "base/error.h"
#include "call/sql.h"
#include "plan/lookup.h"
#include "plan/store.h"

/* what is open while a row is written */
typedef struct Store
{
	EState	   *estate;
	ResultRelInfo *target;
	Relation	table;
	TupleConstr *constraints;	/* that the plan's CHECKs are of */
	TupleTableSlot *row;		/* the new one */
} Store;

/* Opens the table that is written to, which is locked. */
static void
open_store(Store *store, SimplePlan *plan, Snapshot snapshot)
{
	EState	   *estate = CreateExecutorState();
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);

	estate->es_snapshot = snapshot;
	estate->es_output_cid = GetCurrentCommandId(true);
	swan_init_range_table(estate, plan->range_table, plan->permissions);
	store->estate = estate;
	store->target = makeNode(ResultRelInfo);
	ExecInitResultRelation(estate, store->target, plan->target_rti);
	store->table = store->target->ri_RelationDesc;
	store->constraints = store->table->rd_att->constr;
	CheckCmdReplicaIdentity(store->table, plan->command);
	if (plan->checks)
		swan_set_checks(store->target, plan->checks);
	store->row = table_slot_create(store->table, &estate->es_tupleTable);
	MemoryContextSwitchTo(old);
}

/* Closes it again; the locks stay. */
static void
close_store(Store *store)
{
	ExecResetTupleTable(store->estate->es_tupleTable, false);
	ExecCloseResultRelations(store->estate);
	ExecCloseRangeTableRelations(store->estate);
	FreeExecutorState(store->estate);
}

/* Makes the new row a tuple of its own, which nothing else can change any more. */
static void
finish_row(Store *store)
{
	ExecStoreVirtualTuple(store->row);
	ExecMaterializeSlot(store->row);
	store->row->tts_tableOid = RelationGetRelid(store->table);
}

/* Makes the row of an INSERT. */
static void
make_row(Store *store, SimplePlan *plan)
{
	ExecClearTuple(store->row);
	simple_compute(plan);
	memcpy(store->row->tts_values, plan->values, plan->ntargets * sizeof(Datum));
	memcpy(store->row->tts_isnull, plan->nulls, plan->ntargets * sizeof(bool));
	finish_row(store);
}

/* Makes the row of an UPDATE, of the old one and of what is assigned. */
static void
make_changed_row(Store *store, SimplePlan *plan, TupleTableSlot *before)
{
	TupleDesc	desc = RelationGetDescr(store->table);

	slot_getallattrs(before);
	ExecClearTuple(store->row);
	for (int i = 0; i < desc->natts; i++)
	{
		store->row->tts_values[i] = before->tts_values[i];
		store->row->tts_isnull[i] = before->tts_isnull[i] || TupleDescAttr(desc, i)->attisdropped;
	}
	for (int i = 0; i < plan->ntargets; i++)
	{
		store->row->tts_values[plan->columns[i] - 1] = plan->values[i];
		store->row->tts_isnull[plan->columns[i] - 1] = plan->nulls[i];
	}
	finish_row(store);
}

/*
 * Refuses a row that breaks a constraint.  A trigger may have renamed one: they are
 * in the order of their names.
 */
static void
check_row(Store *store)
{
	if (store->table->rd_att->constr != store->constraints)
		swan_set_checks(store->target, NULL);
	if (store->table->rd_att->constr)
		ExecConstraints(store->target, store->row, store->estate);
}

/* Adds the new row to the indexes; returns those to be looked at again later. */
static List *
index_row(Store *store, bool is_update, bool only_summarizing)
{
	if (!RelationGetForm(store->table)->relhasindex)
		return NIL;
	ExecOpenIndices(store->target, false);
	return swan_insert_index_entries(store->target, store->row, store->estate,
									 is_update, only_summarizing);
}

/* Inserts the new row; returns false if a trigger has suppressed it. */
static bool
insert_row(Store *store)
{
	TriggerDesc *triggers = store->target->ri_TrigDesc;
	List	   *recheck;

	if (triggers && triggers->trig_insert_before_row &&
		!ExecBRInsertTriggers(store->estate, store->target, store->row))
		return false;
	check_row(store);
	table_tuple_insert(store->table, store->row, store->estate->es_output_cid, 0, NULL);
	recheck = index_row(store, false, false);
	ExecARInsertTriggers(store->estate, store->target, store->row, recheck, NULL);
	return true;
}

/*
 * Puts the new row in the place of another; returns false if a trigger has
 * suppressed it.  Whoever writes without our locks may be quicker.
 */
static bool
replace_row(Store *store, ItemPointer tid)
{
	TriggerDesc *triggers = store->target->ri_TrigDesc;
	TM_Result	result;
	bool		update_indexes;
	bool		only_summarizing;
	List	   *recheck = NIL;

	if (triggers && triggers->trig_update_before_row &&
		!swan_before_update(store->estate, store->target, tid, store->row))
		return false;
	check_row(store);
	result = swan_update_row(store->table, tid, store->row, store->estate->es_output_cid,
							 store->estate->es_snapshot, &update_indexes, &only_summarizing);
	if (result == TM_SelfModified)
		lookup_refuse_modified();
	if (result != TM_Ok)
		swan_serialization_failure();
	if (update_indexes)
		recheck = index_row(store, true, only_summarizing);
	ExecARUpdateTriggers(store->estate, store->target, NULL, NULL, tid, NULL,
						 store->row, recheck, NULL, false);
	return true;
}

/* Runs an INSERT; returns false if a trigger has suppressed the row. */
static bool
run_insert(Store *store, SimplePlan *plan, const NullableDatum *args)
{
	bool		done;

	ExecBSInsertTriggers(store->estate, store->target);
	simple_bind(plan, args);
	make_row(store, plan);
	done = insert_row(store);
	ExecASInsertTriggers(store->estate, store->target, NULL);
	return done;
}

/* Looks for the row of an UPDATE and makes the new one; returns false if there is none. */
static bool
find_row(Store *store, Lookup *lookup, ItemPointer tid)
{
	TupleTableSlot *before = lookup->locked[0] ? lookup->locked[0] : lookup->found[0];

	lookup_find(lookup);
	if (lookup->result.nrows == 0)
		return false;
	*tid = before->tts_tid;
	make_changed_row(store, lookup->plan, before);
	return true;
}

/*
 * Runs an UPDATE; returns false if there is no such row, or a trigger keeps it.
 * The index is open when the first trigger is fired, so that none can drop it, and
 * nothing is when one is fired for the row.
 */
static bool
run_update(Store *store, SimplePlan *plan, const NullableDatum *args)
{
	Lookup		lookup;
	ItemPointerData tid;
	bool		done;

	lookup_open(&lookup, plan, store->estate->es_snapshot, store->estate->es_output_cid);
	ExecBSUpdateTriggers(store->estate, store->target);
	simple_bind(plan, args);
	done = find_row(store, &lookup, &tid);
	lookup_close(&lookup);
	done = done && replace_row(store, &tid);
	ExecASUpdateTriggers(store->estate, store->target, NULL);
	return done;
}

/*
 * Runs an INSERT or UPDATE that is prepared and open, with what the snapshot sees,
 * which is the active one.
 */
Rows
store_run(SimplePlan *prepared, const NullableDatum *args, Snapshot snapshot)
{
	SimplePlan	plan = *prepared;
	Rows		result = {0};
	Store		store;

	sql_open();					/* triggers are anybody's code */
	simple_check_permissions(prepared);
	open_store(&store, &plan, snapshot);
	AfterTriggerBeginQuery();
	if (plan.command == CMD_INSERT)
		result.nrows = run_insert(&store, &plan, args);
	else
		result.nrows = run_update(&store, &plan, args);
	AfterTriggerEndQuery(store.estate);
	close_store(&store);
	return result;
}
