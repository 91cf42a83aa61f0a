/*-------------------------------------------------------------------------
 *
 * answer.c
 *	  Answering with a booking.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "answer.h"

/* Sets an id column, NULL for NO_ID. */
static void
put_id(Datum *values, bool *nulls, int column, int64 id)
{
	values[column] = Int64GetDatum(id);
	nulls[column] = id == NO_ID;
}

/* Sets a time column, NULL for NO_TIME. */
static void
put_time(Datum *values, bool *nulls, int column, TimestampTz t)
{
	values[column] = TimestampTzGetDatum(t);
	nulls[column] = t == NO_TIME;
}

/* Fills the columns of a swan_cancellation, of which a swan_booking has the first. */
void
answer_columns(const BookingAnswer *answer, Datum *values, bool *nulls)
{
	const Slot *slot = &answer->slot;

	memset(nulls, false, CANCELLATION_NCOLUMNS * sizeof(bool));
	put_id(values, nulls, 0, slot->id);
	put_id(values, nulls, 1, slot->user_id);
	put_id(values, nulls, 2, slot->trainer_id);
	values[3] = CStringGetTextDatum(slot_status_name(slot->status));
	put_time(values, nulls, 4, slot->date);
	values[5] = Int32GetDatum(slot->duration);
	put_time(values, nulls, 6, slot->booked_at);
	values[7] = BoolGetDatum(answer->charged);
	values[8] = Int32GetDatum(answer->available);
	nulls[8] = !answer->has_available;
	values[9] = CStringGetTextDatum(answer->message);
	put_id(values, nulls, 10, answer->ledger_id);
	values[11] = BoolGetDatum(answer->replayed);
	values[12] = BoolGetDatum(answer->returned);
	put_id(values, nulls, 13, answer->reopened);
}

/* Closes the call with a swan_booking or swan_cancellation. */
Datum
answer_row(Call *call, FunctionCallInfo fcinfo, const BookingAnswer *answer)
{
	Datum		values[CANCELLATION_NCOLUMNS];
	bool		nulls[CANCELLATION_NCOLUMNS];

	answer_columns(answer, values, nulls);
	return call_return_row(call, fcinfo, values, nulls);
}
