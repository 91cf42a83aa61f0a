/*-------------------------------------------------------------------------
 *
 * answer.h
 *	  Answering with a booking.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ANSWER_H
#define SWAN_ANSWER_H

#include "slot.h"

typedef struct BookingAnswer
{
	Slot		slot;
	bool		charged;
	bool		has_available;	/* an open slot has no client who has any */
	int32		available;
	const char *message;
	int64		ledger_id;		/* NO_ID where nothing was written */
	bool		replayed;

	/* of a cancellation only */
	bool		returned;
	int64		reopened;		/* NO_ID where no slot took its place */
} BookingAnswer;

#define BOOKING_NCOLUMNS		12
#define CANCELLATION_NCOLUMNS	14

extern void answer_columns(const BookingAnswer *answer, Datum *values, bool *nulls);
extern Datum answer_row(Call *call, FunctionCallInfo fcinfo,
						const BookingAnswer *answer);

#endif							/* SWAN_ANSWER_H */
