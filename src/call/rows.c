/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  Values that go into statements, and values that come out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "call/rows.h"

/* Makes an argument of a list of ids. */
NullableDatum
arg_ids(const int64 *ids, int n)
{
	Datum	   *values = palloc(n * sizeof(Datum));

	for (int i = 0; i < n; i++)
		values[i] = Int64GetDatum(ids[i]);
	return arg_datum(PointerGetDatum(construct_array(values, n, INT8OID,
													 sizeof(int64),
													 FLOAT8PASSBYVAL,
													 TYPALIGN_DOUBLE)));
}

/* Returns a column of a row as it is. */
Datum
row_datum(Rows result, uint64 row, int column, bool *isnull)
{
	const NullableDatum *value = &result.values[row * result.desc->natts + column - 1];

	Assert(row < result.nrows && column > 0 && column <= result.desc->natts);
	*isnull = value->isnull;
	return value->value;
}

/* Returns whether a column of a row is NULL. */
bool
row_isnull(Rows result, uint64 row, int column)
{
	bool		isnull;

	(void) row_datum(result, row, column, &isnull);
	return isnull;
}

/* Returns the type of a column. */
static Oid
row_type(Rows result, int column)
{
	return TupleDescAttr(result.desc, column - 1)->atttypid;
}

/* Returns a whole number of any width, or "if_null". */
static int64
row_number(Rows result, uint64 row, int column, int64 if_null)
{
	bool		isnull;
	Datum		value = row_datum(result, row, column, &isnull);

	if (isnull)
		return if_null;
	switch (row_type(result, column))
	{
		case INT8OID:
			return DatumGetInt64(value);
		case INT4OID:
			return DatumGetInt32(value);
		case OIDOID:
			return DatumGetObjectId(value);
		default:
			elog(ERROR, "column %d is not a number", column);
	}
}

/* Returns a key of either width, or NO_ID. */
int64
row_id(Rows result, uint64 row, int column)
{
	return row_number(result, row, column, NO_ID);
}

/* Returns a number, NULL as 0. */
int64
row_int(Rows result, uint64 row, int column)
{
	return row_number(result, row, column, 0);
}

/* Returns a boolean, NULL as false. */
bool
row_bool(Rows result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = row_datum(result, row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/* Returns a value of any type as text, or NULL. */
char *
row_text(Rows result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = row_datum(result, row, column, &isnull);
	Oid			output;
	bool		is_varlena;

	if (isnull)
		return NULL;
	if (row_type(result, column) == TEXTOID)
		return TextDatumGetCString(value);	/* as it mostly is */
	getTypeOutputInfo(row_type(result, column), &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

/* Returns a point in time, or NO_TIME. */
TimestampTz
row_time(Rows result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = row_datum(result, row, column, &isnull);

	return isnull ? NO_TIME : DatumGetTimestampTz(value);
}

/* Returns an interval, or NULL. */
const Interval *
row_interval(Rows result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = row_datum(result, row, column, &isnull);

	return isnull ? NULL : DatumGetIntervalP(value);
}

/* Returns an array, or NULL. */
const ArrayType *
row_array(Rows result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = row_datum(result, row, column, &isnull);

	return isnull ? NULL : DatumGetArrayTypeP(value);
}

/* Adds the rows of a statement to the result of a set-returning function. */
void
call_put_result(FunctionCallInfo fcinfo, Rows result)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			natts = rsinfo->setDesc->natts;
	Datum	   *values = palloc(natts * sizeof(Datum));
	bool	   *nulls = palloc(natts * sizeof(bool));

	for (uint64 row = 0; row < result.nrows; row++)
	{
		for (int i = 0; i < natts; i++)
			values[i] = row_datum(result, row, i + 1, &nulls[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* Makes a row of a function's result type, which has a name or is a list of columns. */
static Datum
make_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	Oid			type = get_fn_expr_rettype(fcinfo->flinfo);
	TupleDesc	tupdesc;
	HeapTuple	tuple;

	if (!OidIsValid(type) || type == RECORDOID)
	{
		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
	}
	tupdesc = lookup_rowtype_tupdesc(type, -1); /* need not be copied */
	tuple = heap_form_tuple(tupdesc, values, nulls);
	ReleaseTupleDesc(tupdesc);
	return HeapTupleGetDatum(tuple);
}

/* Closes the call and returns one row of its function's result type. */
Datum
call_return_row(Call *call, FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(call->result_context);
	Datum		result = make_row(fcinfo, values, nulls);

	MemoryContextSwitchTo(old);
	call_end(call);
	return result;
}

/* Closes the call with the first columns of the one row of a statement. */
Datum
call_return_result(Call *call, FunctionCallInfo fcinfo, Rows result, int ncolumns)
{
	Datum	   *values = palloc(ncolumns * sizeof(Datum));
	bool	   *nulls = palloc(ncolumns * sizeof(bool));

	for (int i = 0; i < ncolumns; i++)
		values[i] = row_datum(result, 0, i + 1, &nulls[i]);
	return call_return_row(call, fcinfo, values, nulls);
}
