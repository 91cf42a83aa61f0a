/*-------------------------------------------------------------------------
 *
 * lacking.h
 *	  What a studio lacks that an earlier version made.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LACKING_H
#define SWAN_LACKING_H

#include "call/columns.h"
#include "studio/query.h"

#define LACKING_COLUMNS(first, next) \
	first(LACKING_STUDIO, "x.studio") \
	next(LACKING_KIND, "x.kind") /* table, column, index or constraint */ \
	next(LACKING_TABLE, "x.label") \
	next(LACKING_NAME, "x.name")

RESULT_COLUMNS(LACKING_COLUMNS);

extern Rows lacking_find(Call *call, const char *studio);
extern bool lacking_anything(Call *call, const char *studio);

#endif							/* SWAN_LACKING_H */
