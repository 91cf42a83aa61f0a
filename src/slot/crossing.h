/*-------------------------------------------------------------------------
 *
 * crossing.h
 *	  What is in the way of slots that move together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CROSSING_H
#define SWAN_CROSSING_H

#include "slot/slot.h"

extern int	crossing_find(Call *call, const Slot *targets, int n, bool as_they_are,
						  int64 *first, int64 **others);

#endif							/* SWAN_CROSSING_H */
