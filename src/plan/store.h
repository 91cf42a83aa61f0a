/*-------------------------------------------------------------------------
 *
 * store.h
 *	  One row written, without the executor's nodes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_STORE_H
#define SWAN_STORE_H

#include "utils/snapshot.h"

#include "plan/simple.h"

extern Rows store_run(SimplePlan *prepared, const NullableDatum *args, Snapshot snapshot);

#endif							/* SWAN_STORE_H */
