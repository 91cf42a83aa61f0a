/*-------------------------------------------------------------------------
 *
 * inspect.h
 *	  Whether the studios are there and guarded, from the catalog alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_INSPECT_H
#define SWAN_INSPECT_H

#include "studio/query.h"

/* how bad a finding is */
#define INSPECT_WARNING		0
#define INSPECT_UNGUARDED	1
#define INSPECT_BROKEN		2

/* the columns of a finding */
enum
{
	INSPECTED_STUDIO = 1,
	INSPECTED_SEVERITY,
	INSPECTED_PROBLEM
};

extern Rows inspect_studios(Call *call, const char *studio);

#endif							/* SWAN_INSPECT_H */
