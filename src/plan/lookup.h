/*-------------------------------------------------------------------------
 *
 * lookup.h
 *	  Rows found by an index, without the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LOOKUP_H
#define SWAN_LOOKUP_H

#include "utils/plancache.h"
#include "utils/snapshot.h"

#include "call/rows.h"

typedef struct Lookup Lookup;

extern Lookup *lookup_make(CachedPlanSource *source, MemoryContext context);
extern void lookup_plan(Lookup *lookup);
extern bool lookup_is_open(const Lookup *lookup);
extern Rows lookup_run(Lookup *lookup, const NullableDatum *args, Snapshot snapshot);

#endif							/* SWAN_LOOKUP_H */
