/*-------------------------------------------------------------------------
 *
 * expression.c
 *	  Expressions of a plan, prepared for longer than a statement.
 *
 * They are evaluated by PostgreSQL's own interpreter.  Since they outlive the
 * statement, and hang on no plan, they call none but built-in functions: those
 * keep nothing of a statement, are not redefined, and call nobody back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/rel.h"

#include "compat.h"
#include "plan/expression.h"

/* Returns whether a function is not one of the server's own. */
static bool
is_foreign_function(Oid funcid, void *context)
{
	return funcid >= FirstGenbkiObjectId;
}

/* Returns whether anything in an expression needs the executor. */
bool
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

/* the slots of the first scan and of the second, as expressions name them */
static const int slot_varno[SIMPLE_MAX_SCANS] = {OUTER_VAR, INNER_VAR};

/*
 * Makes an expression one over the slots of the scans: a column of a table is that
 * of its scan, and an output column of a scan is what the scan makes it of.
 */
Node *
replace_columns(Node *node, ScanColumns *scans)
{
	if (node != NULL && IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		for (int i = 0; i < SIMPLE_MAX_SCANS; i++)
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

/*
 * Prepares the CHECKs of a table, which the executor does anew for each statement;
 * returns NULL if one of them needs that.
 */
ExprState **
prepare_checks(Relation table)
{
	TupleConstr *constr = table->rd_att->constr;
	ExprState **checks;

	if (constr == NULL || constr->num_check == 0)
		return NULL;
	checks = palloc0(constr->num_check * sizeof(ExprState *));
	for (int i = 0; i < constr->num_check; i++)
	{
		Expr	   *check;

		if (!swan_check_is_enforced(&constr->check[i]))
			continue;
		check = stringToNode(constr->check[i].ccbin);
		if (needs_executor((Node *) check, NULL))
			return NULL;
		checks[i] = ExecInitExpr(expression_planner(check), NULL);
	}
	return checks;
}
