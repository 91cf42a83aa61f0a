/*-------------------------------------------------------------------------
 *
 * answer.c
 *	  What operations answer with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

#include "studio/actor.h"
#include "account/account.h"
#include "write/answer.h"

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

/* Sets a text column, NULL for none. */
static void
put_text(Datum *values, bool *nulls, int column, const char *s)
{
	values[column] = s ? CStringGetTextDatum(s) : (Datum) 0;
	nulls[column] = s == NULL;
}

/* the columns of what is answered with a booking in it */
typedef void (*Columns) (const BookingAnswer *answer, Datum *values, bool *nulls);

/* Fills the columns that a swan_booking and a swan_cancellation begin with. */
static void
common_columns(const BookingAnswer *answer, Datum *values, bool *nulls)
{
	const Slot *slot = &answer->slot;

	memset(nulls, false, MOST_NCOLUMNS * sizeof(bool));
	put_id(values, nulls, 0, slot->id);
	put_id(values, nulls, 1, slot->user_id);
	put_id(values, nulls, 2, slot->trainer_id);
	values[3] = CStringGetTextDatum(slot->label);
	put_time(values, nulls, 4, slot->date);
	values[5] = Int32GetDatum(slot->duration);
	put_time(values, nulls, 6, slot->booked_at);
	values[7] = BoolGetDatum(answer->credits > 0);
	values[8] = Int32GetDatum(answer->available);
	nulls[8] = !answer->has_available;
	values[9] = CStringGetTextDatum(answer->message);
	put_id(values, nulls, 10, answer->ledger_id);
	values[11] = BoolGetDatum(answer->replayed);
}

static const StudioQuery person_called = {
	"SELECT {a.first_name}, {a.last_name} FROM {users} a"
	" WHERE {live a} AND {a.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, PLAN_SIMPLE
};

/* Returns how a person is called, or NULL. */
const char *
answer_person(Call *call, int64 user_id, QueryRun run)
{
	NullableDatum arg = arg_id(user_id);
	Rows		result;

	if (user_id == NO_ID)
		return NULL;
	result = run(call, &person_called, &arg);
	return result.nrows == 0 ? NULL :
		person_name(row_text(result, 0, 1), row_text(result, 0, 2));
}

/*
 * Finds out how the people of a booking are called; what is known from the answer
 * before, or NULL, need not be read.  A client who repeats a call may find that
 * the row is somebody else's by now, of whom he learns nothing.
 */
void
answer_name(Call *call, BookingAnswer *answer, const BookingAnswer *before)
{
	Slot	   *slot = &answer->slot;

	answer->trainer = before && before->slot.trainer_id == slot->trainer_id ?
		before->trainer : answer_person(call, slot->trainer_id, query_look);
	if (actor_is(call, MAY_CLIENT) && slot->user_id != call->actor->user_id)
		slot->notes = answer->client = NULL;
	else if (!answer->knows_client)
		answer->client = before && before->slot.user_id == slot->user_id ?
			before->client : answer_person(call, slot->user_id, query_look);
}

/* Fills the columns of a swan_booking. */
static void
booking_columns(const BookingAnswer *answer, Datum *values, bool *nulls)
{
	common_columns(answer, values, nulls);
	values[12] = BoolGetDatum(answer->attendance == ATTENDANCE_ATTENDED);
	nulls[12] = answer->attendance == ATTENDANCE_UNKNOWN;
	values[13] = Int32GetDatum(answer->credits);
	values[14] = Int32GetDatum(answer->owed);
	nulls[13] = nulls[14] = !answer->has_available;
	put_text(values, nulls, 15, answer->slot.notes);
	values[16] = BoolGetDatum(answer->slot.confirmed);
	put_text(values, nulls, 17, answer->client);
	put_text(values, nulls, 18, answer->trainer);
}

/* Fills the columns of a swan_cancellation. */
static void
cancellation_columns(const BookingAnswer *answer, Datum *values, bool *nulls)
{
	common_columns(answer, values, nulls);
	values[12] = BoolGetDatum(answer->returned);
	put_id(values, nulls, 13, answer->reopened);
	values[14] = Int32GetDatum(answer->credits);
	nulls[14] = !answer->has_available;
}

/* Returns whether an earlier answer is of the same client. */
bool
answer_repeats_client(const BookingAnswer *answers, int i)
{
	for (int j = 0; j < i; j++)
	{
		if (answers[j].slot.user_id == answers[i].slot.user_id)
			return true;
	}
	return false;
}

/* Closes the call with one row. */
static Datum
put_row(Call *call, FunctionCallInfo fcinfo, Columns columns, const BookingAnswer *answer)
{
	Datum		values[MOST_NCOLUMNS];
	bool		nulls[MOST_NCOLUMNS];

	columns(answer, values, nulls);
	return call_return_row(call, fcinfo, values, nulls);
}

/* Adds a row to the result of a set-returning function. */
static void
add_row(FunctionCallInfo fcinfo, Columns columns, const BookingAnswer *answer)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[MOST_NCOLUMNS];
	bool		nulls[MOST_NCOLUMNS];

	columns(answer, values, nulls);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Closes the call with a set of rows, in their order. */
static Datum
put_rows(Call *call, FunctionCallInfo fcinfo, Columns columns,
		 const BookingAnswer *answers, int n)
{
	for (int i = 0; i < n; i++)
		add_row(fcinfo, columns, &answers[i]);
	call_end(call);
	return (Datum) 0;
}

/* Closes the call with a swan_booking. */
Datum
answer_row(Call *call, FunctionCallInfo fcinfo, BookingAnswer *answer)
{
	answer_name(call, answer, NULL);
	return put_row(call, fcinfo, booking_columns, answer);
}

/* Keeps what an answer says, names included, beyond its call. */
void
answer_keep(BookingAnswer *answer, MemoryContext context)
{
	Slot	   *slot = &answer->slot;

	const char **texts[] = {&slot->label, &slot->kind, &slot->notes,
	&answer->client, &answer->trainer};

	for (int i = 0; i < lengthof(texts); i++)
	{
		if (*texts[i])
			*texts[i] = MemoryContextStrdup(context, *texts[i]);
	}
}

/* Adds a swan_booking to the result. */
void
answer_add(FunctionCallInfo fcinfo, const BookingAnswer *answer)
{
	add_row(fcinfo, booking_columns, answer);
}

/* Closes the call with a set of them. */
Datum
answer_rows(Call *call, FunctionCallInfo fcinfo, BookingAnswer *answers, int n)
{
	for (int i = 0; i < n; i++)
		answer_name(call, &answers[i], i > 0 ? &answers[i - 1] : NULL);
	return put_rows(call, fcinfo, booking_columns, answers, n);
}

/* Closes the call with a swan_cancellation. */
Datum
answer_cancellation(Call *call, FunctionCallInfo fcinfo, const BookingAnswer *answer)
{
	return put_row(call, fcinfo, cancellation_columns, answer);
}

/* Closes the call with a set of them. */
Datum
answer_cancellations(Call *call, FunctionCallInfo fcinfo, const BookingAnswer *answers, int n)
{
	return put_rows(call, fcinfo, cancellation_columns, answers, n);
}

/* Returns a string as a JSON value, or as a key. */
static JsonbValue
json_string(const char *s, int len)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, s);
	value.val.string.len = len;
	return value;
}

/* Returns a number as a JSON value. */
static JsonbValue
json_number(int32 n)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(n);
	return value;
}

/*
 * Returns the array that the report's backend answers a grant with: one
 * object for each credit.  It is made without the detour of a text, whose
 * parsing took longer than the grant.
 */
static Datum
granted_sessions(int32 n, const char *reason)
{
	/* in the order in which jsonb keeps keys: the shorter first */
	enum
	{
		NOTES, NUMBER, STATUS, DURATION, NPAIRS
	};
	int			reason_len = strlen(reason);
	JsonbValue	array = {.type = jbvArray};
	JsonbPair	shape[NPAIRS];
	JsonbPair  *pairs = palloc(n * sizeof(shape));

	shape[NOTES].key = json_string("notes", 5);
	shape[NUMBER].key = json_string("number", 6);
	shape[STATUS].key = json_string("status", 6);
	shape[STATUS].value = json_string("available", 9);
	shape[DURATION].key = json_string("duration", 8);
	shape[DURATION].value = json_number(SWAN_DURATION_DEFAULT);

	array.val.array.nElems = n;
	array.val.array.rawScalar = false;
	array.val.array.elems = palloc(n * sizeof(JsonbValue));
	for (int i = 0; i < n; i++)
	{
		static const char between[] = " - Session ";
		JsonbValue *object = &array.val.array.elems[i];
		char	   *notes = palloc(reason_len + sizeof(between) + 12);
		char	   *end = notes;

		memcpy(end, reason, reason_len);
		end += reason_len;
		memcpy(end, between, sizeof(between) - 1);
		end += sizeof(between) - 1;
		end += pg_ltoa(i + 1, end);

		object->type = jbvObject;
		object->val.object.nPairs = NPAIRS;
		object->val.object.pairs = &pairs[i * NPAIRS];
		memcpy(object->val.object.pairs, shape, sizeof(shape));
		object->val.object.pairs[NOTES].value = json_string(notes, end - notes);
		object->val.object.pairs[NUMBER].value = json_number(i + 1);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(&array));
}

/* Fills the columns of a swan_credit. */
void
answer_credit_columns(const CreditAnswer *answer, Datum *values, bool *nulls)
{
	memset(nulls, false, CREDIT_NCOLUMNS * sizeof(bool));
	values[0] = Int64GetDatum(answer->user_id);
	values[1] = Int32GetDatum(answer->added);
	values[2] = Int32GetDatum(answer->available);
	values[3] = CStringGetTextDatum(psprintf("Successfully added %d sessions to %s. Total available: %d",
											 answer->added, answer->client,
											 answer->available));
	values[4] = granted_sessions(answer->added, answer->reason);
	values[5] = Int64GetDatum(answer->ledger_id);
	values[6] = BoolGetDatum(answer->replayed);
}

/* Closes the call with a swan_credit. */
Datum
answer_credit(Call *call, FunctionCallInfo fcinfo, const CreditAnswer *answer)
{
	Datum		values[CREDIT_NCOLUMNS];
	bool		nulls[CREDIT_NCOLUMNS];

	answer_credit_columns(answer, values, nulls);
	return call_return_row(call, fcinfo, values, nulls);
}

/* Fills the columns of a swan_reversal. */
void
answer_move_columns(const MoveAnswer *answer, Datum *values, bool *nulls)
{
	memset(nulls, false, MOVE_NCOLUMNS * sizeof(bool));
	values[0] = Int64GetDatum(answer->user_id);
	values[1] = Int32GetDatum(answer->moved);
	values[2] = Int32GetDatum(answer->shortfall);
	values[3] = Int32GetDatum(answer->available);
	values[4] = Int64GetDatum(answer->ledger_id);
	values[5] = BoolGetDatum(answer->replayed);
	values[6] = Int32GetDatum(answer->expired);
}

/* Closes the call with a swan_reversal. */
Datum
answer_move(Call *call, FunctionCallInfo fcinfo, const MoveAnswer *answer)
{
	Datum		values[MOVE_NCOLUMNS];
	bool		nulls[MOVE_NCOLUMNS];

	answer_move_columns(answer, values, nulls);
	return call_return_row(call, fcinfo, values, nulls);
}
