/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  Values that go into statements, and values that come out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ROWS_H
#define SWAN_ROWS_H

#include "swanalloc.h"

#include "access/tupdesc.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "call/call.h"

/* the rows of one statement; they live until the call ends */
typedef struct Rows
{
	uint64		nrows;
	const NullableDatum *values;	/* all columns of a row, and then those of
									 * the next */
	TupleDesc	desc;			/* NULL: the statement returns none */
} Rows;

extern bool row_isnull(Rows result, uint64 row, int column);
extern int64 row_id(Rows result, uint64 row, int column);
extern int64 row_int(Rows result, uint64 row, int column);
extern bool row_bool(Rows result, uint64 row, int column);
extern char *row_text(Rows result, uint64 row, int column);
extern TimestampTz row_time(Rows result, uint64 row, int column);
extern const Interval *row_interval(Rows result, uint64 row, int column);
extern const ArrayType *row_array(Rows result, uint64 row, int column);
extern Datum row_datum(Rows result, uint64 row, int column, bool *isnull);

extern NullableDatum arg_ids(const int64 *ids, int n);
extern void call_put_result(FunctionCallInfo fcinfo, Rows result);
extern Datum call_return_row(Call *call, FunctionCallInfo fcinfo,
							 Datum *values, bool *nulls);
extern Datum call_return_result(Call *call, FunctionCallInfo fcinfo, Rows result,
								int ncolumns);

/*
 * Arguments of a statement
 */
static inline NullableDatum
arg_of(Datum value, bool isnull)
{
	NullableDatum arg;

	arg.value = value;
	arg.isnull = isnull;
	return arg;
}

static inline NullableDatum
arg_null(void)
{
	return arg_of((Datum) 0, true);
}

static inline NullableDatum
arg_id(int64 id)
{
	return arg_of(Int64GetDatum(id), id == NO_ID);
}

static inline NullableDatum
arg_int(int32 n)
{
	return arg_of(Int32GetDatum(n), false);
}

static inline NullableDatum
arg_bool(bool b)
{
	return arg_of(BoolGetDatum(b), false);
}

static inline NullableDatum
arg_text(const char *s)
{
	if (s == NULL)
		return arg_null();
	return arg_of(CStringGetTextDatum(s), false);
}

static inline NullableDatum
arg_time(TimestampTz t)
{
	return arg_of(TimestampTzGetDatum(t), t == NO_TIME);
}

static inline NullableDatum
arg_interval(const Interval *interval)
{
	return arg_of(IntervalPGetDatum(interval), interval == NULL);
}

static inline NullableDatum
arg_array(const ArrayType *array)
{
	return arg_of(PointerGetDatum(array), array == NULL);
}

static inline NullableDatum
arg_datum(Datum value)
{
	return arg_of(value, false);
}

#endif							/* SWAN_ROWS_H */
