/*-------------------------------------------------------------------------
 *
 * read.c
 *	  Reading a plan: is it simple, and what does it say.
 *
 * Simple is a scan of a btree, or a nested loop of two that do not depend on each
 * other, perhaps under a LockRows and a Limit; the UPDATE of the one row that a
 * unique index finds; and the INSERT of one row of values.  All that is done is
 * taken from the plan itself: so what the planner makes of a statement is what
 * happens, and whatever it does otherwise, because a table has no such index, is
 * in partitions or has row security, is for the executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "plan/expression.h"

/* Prepares conditions of a scan, all of which must hold. */
static ExprState *
prepare_conditions(List *conditions, ScanColumns *columns)
{
	return ExecInitQual((List *) replace_columns((Node *) conditions, columns), NULL);
}

/*
 * Reads the keys of a scan, each a column of the index, an operator and a value;
 * returns false if there is another one.
 */
static bool
read_keys(SimpleScan *scan, List *quals)
{
	Relation	index = index_open(scan->indexid, AccessShareLock);
	bool		simple = index->rd_rel->relam == BTREE_AM_OID;
	int			nequal = 0;
	ListCell   *cell;

	scan->keys = palloc(list_length(quals) * sizeof(ScanKeyData));
	scan->values = palloc(list_length(quals) * sizeof(ExprState *));
	scan->toastable = palloc(list_length(quals) * sizeof(bool));
	foreach(cell, quals)
	{
		OpExpr	   *clause = lfirst(cell);
		Var		   *column;
		Expr	   *value;
		int			strategy;
		Oid			left_type;
		Oid			right_type;

		if (!simple || !IsA(clause, OpExpr) || list_length(clause->args) != 2)
			break;
		column = linitial(clause->args);
		if (IsA(column, RelabelType))
			column = (Var *) ((RelabelType *) column)->arg;
		value = lsecond(clause->args);
		if (!IsA(column, Var) || column->varno != INDEX_VAR ||
			needs_executor((Node *) value, NULL) || contain_var_clause((Node *) value))
			break;

		get_op_opfamily_properties(clause->opno, index->rd_opfamily[column->varattno - 1],
								   false, &strategy, &left_type, &right_type);
		nequal += strategy == BTEqualStrategyNumber;
		scan->values[scan->nkeys] = ExecInitExpr(copyObject(value), NULL);
		scan->toastable[scan->nkeys] = TypeIsToastable(right_type);
		ScanKeyEntryInitialize(&scan->keys[scan->nkeys++], 0, column->varattno, strategy,
							   right_type, clause->inputcollid, clause->opfuncid, (Datum) 0);
	}
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		simple &= index->rd_opfamily[i] < FirstGenbkiObjectId;	/* no code of others */
	scan->unique = index->rd_index->indisunique && nequal == scan->nkeys &&
		scan->nkeys == IndexRelationGetNumberOfKeyAttributes(index);
	index_close(index, NoLock);
	return simple && scan->nkeys > 0 && scan->nkeys == list_length(quals);
}

/* Reads one scan of an index; returns false if it is not simple. */
static bool
read_scan(SimplePlan *plan, List *range_table, Plan *node, ScanColumns *columns)
{
	SimpleScan *scan = &plan->scans[plan->nscans];
	IndexScan  *index_scan = (IndexScan *) node;
	RangeTblEntry *table;

	if (!IsA(node, IndexScan) || node->initPlan != NIL || node->parallel_aware ||
		index_scan->indexorderby != NIL ||
		needs_executor((Node *) node->qual, NULL) ||
		needs_executor((Node *) index_scan->indexqualorig, NULL))
		return false;
	table = rt_fetch(index_scan->scan.scanrelid, range_table);
	if (table->rtekind != RTE_RELATION || table->relkind != RELKIND_RELATION)
		return false;

	scan->rti = index_scan->scan.scanrelid;
	scan->relid = table->relid;
	columns->rti[plan->nscans] = scan->rti;
	columns->targetlist[plan->nscans] = node->targetlist;
	plan->nscans++;
	scan->indexid = index_scan->indexid;
	scan->direction = index_scan->indexorderdir;
	scan->condition = prepare_conditions(node->qual, columns);
	scan->all_conditions =
		prepare_conditions(list_concat_copy(index_scan->indexqualorig, node->qual), columns);
	return read_keys(scan, index_scan->indexqual);
}

/* Reads which rows are locked, and in which order; returns false if otherwise. */
static bool
read_locks(SimplePlan *plan, LockRows *node)
{
	ListCell   *cell;

	foreach(cell, node->rowMarks)
	{
		PlanRowMark *mark = lfirst(cell);

		if (mark->markType != ROW_MARK_NOKEYEXCLUSIVE || mark->waitPolicy == LockWaitError ||
			mark->rti != mark->prti ||
			(plan->nlocks > 0 && mark->waitPolicy != plan->wait_policy))
			return false;
		plan->wait_policy = mark->waitPolicy;
		for (int i = 0; i < plan->nscans; i++)
		{
			if (plan->scans[i].rti != mark->rti)
				continue;
			plan->scans[i].locks = true;
			plan->lock_order[plan->nlocks++] = i;
		}
	}
	return plan->nlocks == list_length(node->rowMarks) && plan->nlocks == plan->nscans;
}

/* Reads how many rows are wanted; returns false if that is not said once and for all. */
static bool
read_limit(SimplePlan *plan, Limit *node)
{
	Const	   *count = (Const *) node->limitCount;

	if (node->limitOffset != NULL || node->limitOption != LIMIT_OPTION_COUNT ||
		count == NULL || !IsA(count, Const) || count->constisnull ||
		DatumGetInt64(count->constvalue) <= 0)
		return false;
	plan->limit = DatumGetInt64(count->constvalue);
	return true;
}

/* Prepares the output columns of a plan; returns false if one is not simple. */
static bool
read_targets(SimplePlan *plan, List *targetlist, ScanColumns *columns)
{
	List	   *targets = NIL;
	TupleTableSlot *row;
	ListCell   *cell;

	foreach(cell, targetlist)
	{
		TargetEntry *entry = lfirst(cell);
		Node	   *target;

		if (entry->resjunk)		/* where a row is */
			continue;
		target = replace_columns((Node *) entry->expr, columns);
		if (needs_executor(target, NULL))
			return false;
		targets = lappend(targets, makeTargetEntry((Expr *) target, ++plan->ntargets, NULL, false));
	}
	row = MakeSingleTupleTableSlot(ExecCleanTypeFromTL(targets), &TTSOpsVirtual);
	plan->projection = ExecBuildProjectionInfo(targets, plan->econtext, row, NULL, NULL);
	plan->values = row->tts_values;
	plan->nulls = row->tts_isnull;
	return true;
}

/* Reads the scans of a plan; returns false if they are not simple. */
static bool
read_scans(SimplePlan *plan, List *range_table, Plan *node, ScanColumns *columns)
{
	NestLoop   *loop = (NestLoop *) node;

	if (!IsA(node, NestLoop))
		return read_scan(plan, range_table, node, columns);
	return loop->join.jointype == JOIN_INNER && loop->join.joinqual == NIL &&
		loop->nestParams == NIL && node->qual == NIL && node->initPlan == NIL &&
		read_scan(plan, range_table, outerPlan(node), columns) &&
		read_scan(plan, range_table, innerPlan(node), columns);
}

/* Reads a plan that finds rows; returns false if it is not simple. */
static bool
read_select(SimplePlan *plan, PlannedStmt *stmt)
{
	Plan	   *node = stmt->planTree;
	Limit	   *limit = NULL;
	LockRows   *locks = NULL;
	ScanColumns columns = {{0}};

	if (IsA(node, Limit))
	{
		limit = (Limit *) node;
		node = outerPlan(node);
	}
	if (IsA(node, LockRows))
	{
		locks = (LockRows *) node;
		node = outerPlan(node);
	}
	if (!read_scans(plan, stmt->rtable, node, &columns) ||
		(limit && !read_limit(plan, limit)) ||
		(locks && !read_locks(plan, locks)) ||
		!read_targets(plan, node->targetlist, &columns))
		return false;
	plan->desc = ExecCleanTypeFromTL(node->targetlist);
	return true;
}

/*
 * Returns whether all that is to be done when a row is written to a table, is
 * done by store.c: who watches whole statements sees nothing there.
 */
static bool
is_plain_table(Relation table)
{
	TupleDesc	desc = RelationGetDescr(table);
	TriggerDesc *triggers = table->trigdesc;

	if (table->rd_rel->relkind != RELKIND_RELATION || table->rd_rel->relispartition)
		return false;
	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attgenerated != '\0')
			return false;
	}
	return triggers == NULL ||
		!(triggers->trig_insert_new_table || triggers->trig_update_old_table ||
		  triggers->trig_update_new_table);
}

/* Reads what an UPDATE of one row assigns; returns false if it is not simple. */
static bool
read_update(SimplePlan *plan, PlannedStmt *stmt, ModifyTable *node, Relation table)
{
	List	   *columns_written = linitial(node->updateColnosLists);
	Plan	   *source = outerPlan(node);
	ScanColumns columns = {{0}};
	ListCell   *cell;
	int			n = 0;

	if (!read_scan(plan, stmt->rtable, source, &columns) || !plan->scans[0].unique ||
		plan->scans[0].rti != plan->target_rti ||
		!read_targets(plan, source->targetlist, &columns) ||
		plan->ntargets != list_length(columns_written))
		return false;
	plan->columns = palloc(plan->ntargets * sizeof(AttrNumber));
	foreach(cell, columns_written)
		plan->columns[n++] = lfirst_int(cell);
	plan->limit = 1;

	/* who changes a row before it is written, wants it locked */
	if (table->trigdesc && table->trigdesc->trig_update_before_row)
	{
		plan->scans[0].locks = true;
		plan->nlocks = 1;
	}
	return true;
}

/* Reads what an INSERT of one row of values writes; returns false if it is not simple. */
static bool
read_insert(SimplePlan *plan, ModifyTable *node, Relation table)
{
	Plan	   *source = outerPlan(node);
	ScanColumns columns = {{0}};

	return IsA(source, Result) && outerPlan(source) == NULL && source->initPlan == NIL &&
		((Result *) source)->resconstantqual == NULL &&
		read_targets(plan, source->targetlist, &columns) &&
		plan->ntargets == RelationGetNumberOfAttributes(table);
}

/* Reads a plan that writes one row; returns false if it is not simple. */
static bool
read_write(SimplePlan *plan, PlannedStmt *stmt)
{
	ModifyTable *node = (ModifyTable *) stmt->planTree;
	Relation	table;
	bool		simple;

	if (!IsA(node, ModifyTable) || list_length(node->resultRelations) != 1 ||
		node->rootRelation != 0 || node->withCheckOptionLists != NIL ||
		node->returningLists != NIL || node->rowMarks != NIL ||
		node->onConflictAction != ONCONFLICT_NONE || node->plan.initPlan != NIL)
		return false;
	plan->target_rti = linitial_int(node->resultRelations);
	plan->target = rt_fetch(plan->target_rti, stmt->rtable)->relid;
	table = table_open(plan->target, NoLock);
	simple = is_plain_table(table) &&
		(stmt->commandType == CMD_INSERT ? read_insert(plan, node, table) :
		 read_update(plan, stmt, node, table));
	plan->checks = simple ? prepare_checks(table) : NULL;
	table_close(table, NoLock);
	return simple;
}

/* Reads a statement of the plan; returns false if it is not simple. */
static bool
read_statement(SimplePlan *plan, PlannedStmt *stmt)
{
	if (stmt->utilityStmt || stmt->hasModifyingCTE || stmt->subplans != NIL ||
		stmt->transientPlan)
		return false;
	plan->command = stmt->commandType;
	switch (stmt->commandType)
	{
		case CMD_SELECT:
			return read_select(plan, stmt);
		case CMD_INSERT:
		case CMD_UPDATE:
			return read_write(plan, stmt);
		default:
			return false;
	}
}

/*
 * Reads the plan that a statement has by now.  Rows of an earlier one, and calls up
 * the stack, may still need what was read of it: that goes with the transaction.
 */
void
simple_read(SimplePlan *plan)
{
	MemoryContext old;

	plan->simple = plan->transient = false;
	plan->allowed = InvalidOid;
	if (plan->reading)
		MemoryContextSetParent(plan->reading, TopTransactionContext);
	plan->reading = AllocSetContextCreate(plan->context, "swanalloc plan",
										  ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(plan->reading);
	memset(plan->scans, 0, sizeof(plan->scans));
	plan->nscans = plan->nlocks = plan->ntargets = 0;
	plan->wait_policy = LockWaitBlock;
	plan->limit = 0;
	plan->desc = NULL;
	if (list_length(plan->cached->stmt_list) == 1 && !plan->cached->dependsOnRole)
	{
		PlannedStmt *stmt = linitial_node(PlannedStmt, plan->cached->stmt_list);

		plan->transient = stmt->transientPlan;
		plan->range_table = copyObject(stmt->rtable);
		plan->permissions = copyObject(swan_plan_permissions(stmt));
		plan->simple = read_statement(plan, stmt);
	}
	MemoryContextSwitchTo(old);
}
