/*-------------------------------------------------------------------------
 *
 * cancel.h
 *	  Bookings that are given up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CANCEL_H
#define SWAN_CANCEL_H

#include "slot/slot.h"

extern const StudioQuery cancel_slot;

extern int64 reopen_slot(Call *call, const Slot *slot, bool trainer_known);

#endif							/* SWAN_CANCEL_H */
