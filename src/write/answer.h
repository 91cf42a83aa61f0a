/*-------------------------------------------------------------------------
 *
 * answer.h
 *	  What operations answer with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ANSWER_H
#define SWAN_ANSWER_H

#include "slot/slot.h"
#include "account/attendance.h"

typedef struct BookingAnswer
{
	Slot		slot;
	int32		credits;		/* that it has taken */
	int32		owed;			/* that it shall take yet */
	bool		has_available;	/* an open slot has no client who has any */
	int32		available;
	const char *message;
	int64		ledger_id;		/* NO_ID where nothing was written */
	bool		replayed;
	Attendance	attendance;		/* of a booking only */
	bool		knows_client;	/* so is how its people are called */
	const char *client;
	const char *trainer;

	/* of a cancellation only */
	bool		returned;
	int64		reopened;		/* NO_ID where no slot took its place */
} BookingAnswer;

#define BOOKING_NCOLUMNS		19
#define CANCELLATION_NCOLUMNS	15
#define MOST_NCOLUMNS			Max(BOOKING_NCOLUMNS, CANCELLATION_NCOLUMNS)

/* a grant or purchase: one swan_credit */
typedef struct CreditAnswer
{
	int64		user_id;
	const char *client;			/* as he is spoken of */
	int32		added;
	int32		available;
	const char *reason;
	int64		ledger_id;
	bool		replayed;
} CreditAnswer;

/* credits taken or given back: one swan_reversal */
typedef struct MoveAnswer
{
	int64		user_id;
	int32		moved;
	int32		shortfall;
	int32		available;
	int64		ledger_id;
	bool		replayed;
	int32		expired;
} MoveAnswer;

#define CREDIT_NCOLUMNS			7
#define MOVE_NCOLUMNS			7

extern void answer_credit_columns(const CreditAnswer *answer,
								  Datum *values, bool *nulls);
extern Datum answer_credit(Call *call, FunctionCallInfo fcinfo,
						   const CreditAnswer *answer);
extern void answer_move_columns(const MoveAnswer *answer,
								Datum *values, bool *nulls);
extern Datum answer_move(Call *call, FunctionCallInfo fcinfo,
						 const MoveAnswer *answer);
extern bool answer_repeats_client(const BookingAnswer *answers, int i);
extern Datum answer_row(Call *call, FunctionCallInfo fcinfo,
						BookingAnswer *answer);
extern void answer_keep(BookingAnswer *answer, MemoryContext context);
extern const char *answer_person(Call *call, int64 user_id, QueryRun run);
extern void answer_name(Call *call, BookingAnswer *answer, const BookingAnswer *before);
extern void answer_add(FunctionCallInfo fcinfo, const BookingAnswer *answer);
extern Datum answer_rows(Call *call, FunctionCallInfo fcinfo,
						 BookingAnswer *answers, int n);
extern Datum answer_cancellation(Call *call, FunctionCallInfo fcinfo,
								 const BookingAnswer *answer);
extern Datum answer_cancellations(Call *call, FunctionCallInfo fcinfo,
								  const BookingAnswer *answers, int n);

#endif							/* SWAN_ANSWER_H */
