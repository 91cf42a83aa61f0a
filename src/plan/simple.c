/*-------------------------------------------------------------------------
 *
 * simple.c
 *	  Reading the plan of a statement that finds rows by an index.
 *
 * A simple plan is a scan of a btree, or a nested loop of two that do not depend
 * on each other, perhaps under a LockRows and a Limit.  All that lookup.c has to
 * know of it is taken from the plan itself, once: so what the planner makes of a
 * statement is what is done, and anything that it does otherwise, because a table
 * has no such index, is in partitions, or has row security, is for the executor.
 *
 * Expressions are prepared for longer than the executor would, so they call none
 * but built-in functions, which keep nothing of a statement and call nobody back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "plan/simple.h"

/* Returns whether a function is not one of the server's own. */
static bool
is_foreign_function(Oid funcid, void *context)
{
	return funcid >= FirstGenbkiObjectId;
}

/* Returns whether anything in an expression needs the executor. */
static bool
needs_executor(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			return ((Var *) node)->varattno == InvalidAttrNumber;
		case T_Param:
			return ((Param *) node)->paramkind != PARAM_EXTERN;
		case T_NullTest:
			if (((NullTest *) node)->argisrow)
				return true;
			break;
		case T_List:
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_BooleanTest:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
			break;
		default:
			return true;
	}
	return check_functions_in_node(node, is_foreign_function, NULL) ||
		expression_tree_walker(node, needs_executor, context);
}

/* The scans of a plan, for replace_columns(). */
typedef struct ScanColumns
{
	Index		rti[LOOKUP_MAX_SCANS];
	List	   *targetlist[LOOKUP_MAX_SCANS];	/* of the plan's own scans */
} ScanColumns;

/* the slots of the first scan and of the second, as expressions name them */
static const int slot_varno[LOOKUP_MAX_SCANS] = {OUTER_VAR, INNER_VAR};

/*
 * Makes an expression one over the slots of the scans: a column of a table is that
 * of its scan, and an output column of a scan is what the scan makes it of.
 */
static Node *
replace_columns(Node *node, ScanColumns *scans)
{
	if (node != NULL && IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		for (int i = 0; i < LOOKUP_MAX_SCANS; i++)
		{
			if (var->varno == slot_varno[i])
			{
				TargetEntry *entry = list_nth_node(TargetEntry, scans->targetlist[i],
												   var->varattno - 1);

				return replace_columns((Node *) entry->expr, scans);
			}
			if (var->varno == scans->rti[i])
			{
				var = copyObject(var);
				var->varno = slot_varno[i];
				return (Node *) var;
			}
		}
		elog(ERROR, "unexpected column in a plan");
	}
	return expression_tree_mutator(node, replace_columns, scans);
}

/* Prepares conditions of one scan, all of which must hold. */
static ExprState *
prepare_conditions(List *conditions, ScanColumns *scans)
{
	return ExecInitQual((List *) replace_columns((Node *) conditions, scans), NULL);
}

/*
 * Reads the keys of a scan, each a column of the index, an operator and a value;
 * returns false if there is another one.
 */
static bool
read_keys(LookupScan *scan, List *quals)
{
	Relation	index = index_open(scan->indexid, AccessShareLock);
	bool		simple = index->rd_rel->relam == BTREE_AM_OID;
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
		scan->values[scan->nkeys] = ExecInitExpr(value, NULL);
		scan->toastable[scan->nkeys] = TypeIsToastable(right_type);
		ScanKeyEntryInitialize(&scan->keys[scan->nkeys++], 0, column->varattno, strategy,
							   right_type, clause->inputcollid, clause->opfuncid, (Datum) 0);
	}
	index_close(index, NoLock);
	return scan->nkeys > 0 && scan->nkeys == list_length(quals);
}

/* Reads one scan of an index; returns false if it is not simple. */
static bool
read_scan(Lookup *lookup, PlannedStmt *stmt, Plan *plan, ScanColumns *scans)
{
	LookupScan *scan = &lookup->scans[lookup->nscans];
	IndexScan  *node = (IndexScan *) plan;
	RangeTblEntry *table;

	if (!IsA(plan, IndexScan) || plan->initPlan != NIL || plan->parallel_aware ||
		node->indexorderby != NIL ||
		needs_executor((Node *) plan->qual, NULL) ||
		needs_executor((Node *) node->indexqualorig, NULL))
		return false;
	table = rt_fetch(node->scan.scanrelid, stmt->rtable);
	if (table->rtekind != RTE_RELATION || table->relkind != RELKIND_RELATION)
		return false;

	scan->rti = node->scan.scanrelid;
	scan->relid = table->relid;
	scans->rti[lookup->nscans] = scan->rti;
	scans->targetlist[lookup->nscans] = plan->targetlist;
	lookup->nscans++;
	scan->indexid = node->indexid;
	scan->direction = node->indexorderdir;
	scan->condition = prepare_conditions(plan->qual, scans);
	scan->all_conditions = prepare_conditions(list_concat_copy(node->indexqualorig, plan->qual), scans);
	return read_keys(scan, node->indexqual);
}

/* Reads which rows are locked, and in which order; returns false if otherwise. */
static bool
read_locks(Lookup *lookup, LockRows *node)
{
	ListCell   *cell;

	foreach(cell, node->rowMarks)
	{
		PlanRowMark *mark = lfirst(cell);

		if (mark->markType != ROW_MARK_NOKEYEXCLUSIVE || mark->waitPolicy != LockWaitBlock ||
			mark->rti != mark->prti)
			return false;
		for (int i = 0; i < lookup->nscans; i++)
		{
			if (lookup->scans[i].rti != mark->rti)
				continue;
			lookup->scans[i].locks = true;
			lookup->lock_order[lookup->nlocks++] = i;
		}
	}
	return lookup->nlocks == list_length(node->rowMarks) && lookup->nlocks == lookup->nscans;
}

/* Reads how many rows are wanted; returns false if that is not said once and for all. */
static bool
read_limit(Lookup *lookup, Limit *node)
{
	Const	   *count = (Const *) node->limitCount;

	if (node->limitOffset != NULL || node->limitOption != LIMIT_OPTION_COUNT ||
		count == NULL || !IsA(count, Const) || count->constisnull ||
		DatumGetInt64(count->constvalue) <= 0)
		return false;
	lookup->limit = DatumGetInt64(count->constvalue);
	return true;
}

/* Prepares the output columns of a plan. */
static bool
read_targets(Lookup *lookup, List *targetlist, ScanColumns *scans)
{
	ListCell   *cell;

	lookup->desc = ExecCleanTypeFromTL(targetlist);
	lookup->targets = palloc(list_length(targetlist) * sizeof(ExprState *));
	lookup->values = palloc(list_length(targetlist) * sizeof(Datum));
	lookup->nulls = palloc(list_length(targetlist) * sizeof(bool));
	foreach(cell, targetlist)
	{
		TargetEntry *entry = lfirst(cell);
		Node	   *target;

		if (entry->resjunk)		/* where a row is */
			continue;
		target = replace_columns((Node *) entry->expr, scans);
		if (needs_executor(target, NULL))
			return false;
		lookup->targets[lookup->ntargets++] = ExecInitExpr((Expr *) target, NULL);
	}
	return true;
}

/* Reads the scans of a plan; returns false if they are not simple. */
static bool
read_scans(Lookup *lookup, PlannedStmt *stmt, Plan *plan, ScanColumns *scans)
{
	NestLoop   *loop = (NestLoop *) plan;

	if (!IsA(plan, NestLoop))
		return read_scan(lookup, stmt, plan, scans);
	return loop->join.jointype == JOIN_INNER && loop->join.joinqual == NIL &&
		loop->nestParams == NIL && plan->qual == NIL && plan->initPlan == NIL &&
		read_scan(lookup, stmt, outerPlan(plan), scans) &&
		read_scan(lookup, stmt, innerPlan(plan), scans);
}

/* Reads a plan from its top; returns false if it is not simple. */
static bool
read_plan(Lookup *lookup, PlannedStmt *stmt)
{
	Plan	   *plan = stmt->planTree;
	Limit	   *limit = NULL;
	LockRows   *locks = NULL;
	ScanColumns scans = {{0}};

	if (stmt->commandType != CMD_SELECT || stmt->hasModifyingCTE || stmt->subplans != NIL || stmt->transientPlan)
		return false;
	if (IsA(plan, Limit))
	{
		limit = (Limit *) plan;
		plan = outerPlan(plan);
	}
	if (IsA(plan, LockRows))
	{
		locks = (LockRows *) plan;
		plan = outerPlan(plan);
	}
	return read_scans(lookup, stmt, plan, &scans) &&
		(limit == NULL || read_limit(lookup, limit)) &&
		(locks == NULL || read_locks(lookup, locks)) &&
		read_targets(lookup, plan->targetlist, &scans);
}

/*
 * Reads the plan that a statement has by now.  What was read of an earlier one
 * stays, for the rows of the call that is under way, until the statement goes.
 */
void
lookup_read_plan(Lookup *lookup, CachedPlan *plan)
{
	PlannedStmt *stmt;
	MemoryContext old = MemoryContextSwitchTo(lookup->context);

	lookup->simple = false;
	memset(lookup->scans, 0, sizeof(lookup->scans));
	lookup->nscans = lookup->nlocks = lookup->ntargets = 0;
	lookup->limit = 0;
	if (list_length(plan->stmt_list) == 1 && !plan->dependsOnRole)
	{
		stmt = linitial_node(PlannedStmt, plan->stmt_list);
		lookup->simple = read_plan(lookup, stmt);
		lookup->range_table = copyObject(stmt->rtable);
		lookup->permissions = copyObject(swan_plan_permissions(stmt));
	}
	MemoryContextSwitchTo(old);
}
