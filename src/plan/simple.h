/*-------------------------------------------------------------------------
 *
 * simple.h
 *	  Plans that are simple enough to be run without the executor.
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
#include "utils/plancache.h"

#include "call/rows.h"

/* how many tables one statement may read */
#define SIMPLE_MAX_SCANS	2

/* tables that are locked for as long as statements about them run */
typedef struct HeldTables
{
	const Oid  *tables;
	int			n;
	LOCKMODE	lockmode;		/* NoLock, or one up to RowExclusiveLock, each
								 * of which keeps out what those below it do */
} HeldTables;

/* one scan of an index */
typedef struct SimpleScan
{
	Index		rti;			/* of the table, in the plan's range table */
	Oid			relid;
	Oid			indexid;
	bool		unique;			/* is one row all that it can find? */
	ScanDirection direction;
	int			nkeys;
	ScanKey		keys;			/* as they are before there are values */
	ExprState **values;			/* of the keys */
	bool	   *toastable;		/* may a value be compressed, or out of line? */
	ExprState  *condition;		/* what else must hold of a row */
	ExprState  *all_conditions; /* that, and what the keys say */
	bool		locks;			/* is the row locked? */
} SimpleScan;

/* The plan of a statement, as far as it is known. */
typedef struct SimplePlan
{
	MemoryContext context;		/* holds all of this */
	MemoryContext reading;		/* but what was read of the plan */
	CachedPlanSource *source;
	CachedPlan *cached;			/* the plan that was read, kept for that */
	bool		transient;		/* is it good for a while only? */
	bool		simple;			/* is it one for us? */

	/* what follows is known of a simple plan */
	CmdType		command;		/* SELECT, INSERT or UPDATE */
	List	   *range_table;
	List	   *permissions;
	Oid			allowed;		/* who was found to have them, and when, see
								 * simple_check_permissions() */
	uint64		allowed_since;
	int			nscans;			/* of the second for each row of the first */
	SimpleScan	scans[SIMPLE_MAX_SCANS];
	int			nlocks;
	int			lock_order[SIMPLE_MAX_SCANS];	/* which scan's row is next */
	LockWaitPolicy wait_policy; /* if others have locked a row */
	uint64		limit;			/* 0: none */
	int			ntargets;
	ProjectionInfo *projection; /* makes a row of the result, or what is
								 * written */
	TupleDesc	desc;			/* of the result */
	Datum	   *values;			/* of the targets, of one row */
	bool	   *nulls;

	/* what is written */
	Index		target_rti;
	Oid			target;
	AttrNumber *columns;		/* of an UPDATE, which the targets are for */
	ExprState **checks;			/* the table's CHECKs, or NULL */

	ParamListInfo params;
	ExprContext *econtext;
} SimplePlan;

extern SimplePlan *simple_make(CachedPlanSource *source, MemoryContext context);
extern void simple_prepare(SimplePlan *plan, const HeldTables *held);
extern bool simple_is_open(const SimplePlan *plan);
extern void simple_check_permissions(SimplePlan *plan);
extern void simple_bind(SimplePlan *plan, const NullableDatum *args);
extern void simple_compute(SimplePlan *plan);

extern void simple_init(void);

/* read.c */
extern void simple_read(SimplePlan *plan);

#endif							/* SWAN_SIMPLE_H */
