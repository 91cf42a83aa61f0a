/*-------------------------------------------------------------------------
 *
 * objection.h
 *	  What the application's own rule has against a booking.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_OBJECTION_H
#define SWAN_OBJECTION_H

#include "write/rules.h"

extern void booking_ask(Call *call, Booking *booking, const Account *account,
						QueryRun run);

#endif							/* SWAN_OBJECTION_H */
