/*-------------------------------------------------------------------------
 *
 * lookup.h
 *	  Rows found by an index, without the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LOOKUP_H
#define SWAN_LOOKUP_H

#include "access/relscan.h"
#include "executor/tuptable.h"
#include "utils/snapshot.h"

#include "plan/simple.h"

/* what is open while rows are looked for */
typedef struct Lookup
{
	SimplePlan *plan;
	Snapshot	snapshot;
	CommandId	cid;			/* of the statement */
	Relation	tables[SIMPLE_MAX_SCANS];
	Relation	indexes[SIMPLE_MAX_SCANS];
	IndexScanDesc scans[SIMPLE_MAX_SCANS];
	TupleTableSlot *found[SIMPLE_MAX_SCANS];
	TupleTableSlot *locked[SIMPLE_MAX_SCANS];
	uint64		room;			/* for rows of the result */
	NullableDatum *values;		/* in it */
	Rows		result;
} Lookup;

extern Rows lookup_run(SimplePlan *plan, const NullableDatum *args, Snapshot snapshot);
extern void lookup_open(Lookup *lookup, SimplePlan *plan, Snapshot snapshot, CommandId cid);
extern void lookup_find(Lookup *lookup);
extern void lookup_close(Lookup *lookup);
extern void lookup_refuse_modified(void);

#endif							/* SWAN_LOOKUP_H */
