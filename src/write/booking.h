/*-------------------------------------------------------------------------
 *
 * booking.h
 *	  Booking open slots.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_BOOKING_H
#define SWAN_BOOKING_H

#include "write/answer.h"
#include "write/rules.h"

extern void booking_write(Call *call, Account *account, Booking *booking,
						  const char *key, BookingAnswer *answer);

#endif							/* SWAN_BOOKING_H */
