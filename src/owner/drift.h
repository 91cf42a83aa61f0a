/*-------------------------------------------------------------------------
 *
 * drift.h
 *	  What stands in the way of a setting that refuses what was not refused.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_DRIFT_H
#define SWAN_DRIFT_H

#include "verify/checks.h"

extern void refuse_drift(Studio *studio, const char *setting, int topics);
extern int64 warn_of_drift(Studio *studio);

#endif							/* SWAN_DRIFT_H */
