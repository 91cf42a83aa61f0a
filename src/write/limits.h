/*-------------------------------------------------------------------------
 *
 * limits.h
 *	  The studio's limits for clients who book.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LIMITS_H
#define SWAN_LIMITS_H

#include "write/rules.h"

/* How a limit is spoken of. */
typedef struct LimitWords
{
	const char *name;			/* in the DETAIL of SW017 */
	const char *sentence;		/* to the client */
	const char *message;
	const char *hint;
} LimitWords;

extern const LimitWords limit_words[];

extern bool limit_applies(Call *call, const Booking *booking);
extern TimestampTz limit_too_soon(Call *call);
extern TimestampTz limit_last_day(Call *call);
extern BookingRule limit_of_time(Call *call, const Booking *booking);
extern bool limit_counts_live(Call *call, const Booking *booking);
extern void limit_count_live(Call *call, Booking *booking, QueryRun run);
extern BookingRule limit_of_client(Call *call, const Booking *booking);

#endif							/* SWAN_LIMITS_H */
