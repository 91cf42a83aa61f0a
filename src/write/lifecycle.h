/*-------------------------------------------------------------------------
 *
 * lifecycle.h
 *	  What becomes of a booking.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LIFECYCLE_H
#define SWAN_LIFECYCLE_H

#include "slot/slot.h"

extern void check_has_happened(Call *call, const Slot *slot, bool attended);

#endif							/* SWAN_LIFECYCLE_H */
