/*-------------------------------------------------------------------------
 *
 * taking.h
 *	  Writing a slot that is taken.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_TAKING_H
#define SWAN_TAKING_H

#include "write/rules.h"

extern void booking_make_taken(Call *call, const Booking *booking, int32 credits,
							   Slot *taken);
extern void booking_take_slot(Call *call, Booking *booking, Slot *taken);
extern void booking_end_hold(Call *call, Booking *booking);

#endif							/* SWAN_TAKING_H */
