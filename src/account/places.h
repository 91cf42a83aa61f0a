/*-------------------------------------------------------------------------
 *
 * places.h
 *	  Locking a place of a class: whichever is to be had.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_PLACES_H
#define SWAN_PLACES_H

#include "slot/slot.h"

extern bool lock_place(Call *call, int64 class_id, int64 user_id,
					   const int64 *taken, int ntaken, int wanted,
					   int64 *highest, Slot *place);

#endif							/* SWAN_PLACES_H */
