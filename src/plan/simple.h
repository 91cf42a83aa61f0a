/*-------------------------------------------------------------------------
 *
 * simple.h
 *	  What is read from the plan of a statement that finds rows by an index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SIMPLE_H
#define SWAN_SIMPLE_H

#include "access/sdir.h"
#include "access/skey.h"
#include "nodes/execnodes.h"
#include "nodes/params.h"
#include "nodes/plannodes.h"

#include "plan/lookup.h"

/* how many tables one statement may read */
#define LOOKUP_MAX_SCANS	2

/* one scan of an index */
typedef struct LookupScan
{
	Index		rti;			/* of the table, in the plan's range table */
	Oid			relid;
	Oid			indexid;
	ScanDirection direction;
	int			nkeys;
	ScanKey		keys;			/* as they are before there are values */
	ExprState **values;			/* of the keys */
	bool	   *toastable;		/* may a value be compressed, or out of line? */
	ExprState  *condition;		/* what else must hold of a row */
	ExprState  *all_conditions; /* that, and what the keys say */
	bool		locks;			/* FOR NO KEY UPDATE? */
} LookupScan;

struct Lookup
{
	MemoryContext context;		/* holds all of this */
	CachedPlanSource *source;
	int			generation;		/* of the plan that was read */
	bool		simple;			/* is it one for us? */

	/* what follows is known of a simple plan */
	List	   *range_table;	/* for the check of permissions */
	List	   *permissions;
	int			nscans;			/* of the second for each row of the first */
	LookupScan	scans[LOOKUP_MAX_SCANS];
	int			nlocks;
	int			lock_order[LOOKUP_MAX_SCANS];	/* which scan's row is next */
	uint64		limit;			/* 0: none */
	int			ntargets;
	ExprState **targets;
	TupleDesc	desc;			/* of the result */
	Datum	   *values;			/* of a row of it */
	bool	   *nulls;
	ParamListInfo params;
	ExprContext *econtext;
};

extern void lookup_read_plan(Lookup *lookup, CachedPlan *plan);

#endif							/* SWAN_SIMPLE_H */
