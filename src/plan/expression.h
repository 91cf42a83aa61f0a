/*-------------------------------------------------------------------------
 *
 * expression.h
 *	  Expressions of a plan, prepared for longer than a statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_EXPRESSION_H
#define SWAN_EXPRESSION_H

#include "plan/simple.h"

/* The scans of a plan, for replace_columns(). */
typedef struct ScanColumns
{
	Index		rti[SIMPLE_MAX_SCANS];
	List	   *targetlist[SIMPLE_MAX_SCANS];	/* of the plan's own scans */
} ScanColumns;

extern bool needs_executor(Node *node, void *context);
extern Node *replace_columns(Node *node, ScanColumns *scans);
extern ExprState **prepare_checks(Relation table);

#endif							/* SWAN_EXPRESSION_H */
