/*-------------------------------------------------------------------------
 *
 * argument.c
 *	  Reading the arguments of SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "base/argument.h"
#include "base/error.h"

/* what a paged reader returns at most at once */
#define MAX_ROWS_MAX	10000

/* for how long credits may be valid from their first booking on */
#define VALID_YEARS_MAX	100

static const char blanks[] = " \t\n\r\f\v";

/* Returns a key, or NO_ID for NULL; the key that NO_ID would be is nobody's. */
int64
argument_id_or_null(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return NO_ID;
	if (PG_GETARG_INT64(n) == NO_ID)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("id %lld is out of range", (long long) NO_ID)));
	return PG_GETARG_INT64(n);
}

/* Returns a key that must be given. */
int64
argument_id(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		swan_missing_argument(name, NULL);
	return PG_GETARG_INT64(n);
}

/* Returns a text, or NULL. */
char *
argument_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* Returns a point in time, or NO_TIME for NULL. */
TimestampTz
argument_time(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NO_TIME : PG_GETARG_TIMESTAMPTZ(n);
}

/* Returns when a session shall begin. */
TimestampTz
argument_start(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		swan_missing_argument("at", NULL);
	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(n)))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("at must be finite")));
	return PG_GETARG_TIMESTAMPTZ(n);
}

/* Refuses a text, if there is one, that no index can hold. */
void
check_short_text(const char *s, const char *name)
{
	if (s && pg_mbstrlen(s) > SWAN_KEY_MAX)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s is longer than %d characters", name, SWAN_KEY_MAX)));
}

/* Returns a text that an index can hold, or NULL. */
char *
argument_short_text(FunctionCallInfo fcinfo, int n, const char *name)
{
	char	   *s = argument_text(fcinfo, n);

	check_short_text(s, name);
	return s;
}

/* Likewise refuses one that tells nothing apart, since it is blank. */
void
check_label(const char *label, const char *name)
{
	check_short_text(label, name);
	if (label && label[strspn(label, blanks)] == '\0')
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s must not be blank", name)));
}

/* Returns a short text that tells things apart, or NULL; never a blank one. */
char *
argument_label(FunctionCallInfo fcinfo, int n, const char *name)
{
	char	   *label = argument_text(fcinfo, n);

	check_label(label, name);
	return label;
}

/* Returns an idempotency key, or NULL where a call needs none. */
char *
argument_key(FunctionCallInfo fcinfo, int n)
{
	return argument_label(fcinfo, n, "key");
}

/* Answers a count of credits that is out of range. */
static void
refuse_count(int32 count, int32 max)
{
	ereport(ERROR,
			(swan_error_saying(SWAN_INVALID_SESSION_COUNT,
							   psprintf("Session count must be between 1 and %d", max)),
			 errmsg("session count %d is out of range", count),
			 errhint("It must be between 1 and %d.", max)));
}

/* Returns a count of credits, which is not NULL, within a limit. */
int32
argument_count(FunctionCallInfo fcinfo, int n, int32 max)
{
	int32		count = PG_GETARG_INT32(n);

	if (count < 1 || count > max)
		refuse_count(count, max);
	return count;
}

/*
 * Returns a count of credits whose limit is a setting.  A call that is sent again
 * may exceed it by now, so argument_count() has the last word where the call is
 * no retry.
 */
int32
argument_any_count(FunctionCallInfo fcinfo, int n, int32 max)
{
	int32		count = PG_GETARG_INT32(n);

	if (count < 1)
		refuse_count(count, max);
	return count;
}

/* Returns a reason, trimmed and cut; one that is blank is "if_blank". */
char *
argument_reason(FunctionCallInfo fcinfo, int n, const char *if_blank)
{
	return check_reason(argument_text(fcinfo, n), if_blank);
}

/* Likewise of a reason that is read already, or NULL. */
char *
check_reason(char *reason, const char *if_blank)
{
	int			len;

	if (reason)
		reason += strspn(reason, blanks);
	if (reason == NULL || reason[0] == '\0')
		return if_blank ? pstrdup(if_blank) : NULL;
	len = strlen(reason);
	while (strchr(blanks, reason[len - 1]))
		len--;
	len = pg_mbcharcliplen(reason, len, SWAN_REASON_MAX);
	return pnstrdup(reason, len);
}

/* Returns when a lot shall expire, or NO_TIME for never. */
TimestampTz
argument_expiry(FunctionCallInfo fcinfo, int n)
{
	TimestampTz expires_at = argument_time(fcinfo, n);

	if (expires_at == NO_TIME || TIMESTAMP_IS_NOEND(expires_at))
		return NO_TIME;
	if (expires_at <= GetCurrentTimestamp())
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("expires_at must be in the future")));
	return expires_at;
}

/*
 * Returns a span of time; NULL is the argument's default, of so many days and
 * microseconds.
 */
const Interval *
argument_span(FunctionCallInfo fcinfo, int n, int32 days, int64 usecs)
{
	Interval   *span;

	if (!PG_ARGISNULL(n))
		return PG_GETARG_INTERVAL_P(n);
	span = palloc0(sizeof(Interval));
	span->day = days;
	span->time = usecs;
	return span;
}

/* Returns a yes or no; NULL is the argument's default. */
bool
argument_bool(FunctionCallInfo fcinfo, int n, bool by_default)
{
	return PG_ARGISNULL(n) ? by_default : PG_GETARG_BOOL(n);
}

/* Returns for how long credits are valid once they begin to be, or NULL. */
const Interval *
argument_validity(FunctionCallInfo fcinfo, int n)
{
	const Interval *valid_for = PG_ARGISNULL(n) ? NULL : PG_GETARG_INTERVAL_P(n);

	if (valid_for &&
		(valid_for->month < 0 || valid_for->month > VALID_YEARS_MAX * MONTHS_PER_YEAR ||
		 valid_for->day < 0 || valid_for->day > VALID_YEARS_MAX * 366 ||
		 valid_for->time < 0 || valid_for->time > VALID_YEARS_MAX * 366 * USECS_PER_DAY ||
		 (valid_for->month == 0 && valid_for->day == 0 && valid_for->time == 0)))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("valid_for must be a time from now on, of at most %d years",
						VALID_YEARS_MAX)));
	return valid_for;
}

/* Compares two ids, for qsort(). */
static int
compare_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* Refuses a list that names something twice. */
static void
check_distinct(const int64 *ids, int count, const char *name)
{
	int64	   *sorted = palloc((count + 1) * sizeof(int64));

	memcpy(sorted, ids, count * sizeof(int64));
	qsort(sorted, count, sizeof(int64), compare_ids);
	for (int i = 1; i < count; i++)
	{
		if (sorted[i] == sorted[i - 1])
			ereport(ERROR,
					(swan_error(SWAN_INVALID_ARGUMENT),
					 errmsg("%s names %lld twice", name, (long long) sorted[i])));
	}
	pfree(sorted);
}

/* Returns a list of different ids, at least one and at most "max". */
int64 *
argument_ids(FunctionCallInfo fcinfo, int n, const char *name, int max, int *count)
{
	ArrayType  *array;
	Datum	   *values;
	bool	   *nulls;
	int64	   *ids;

	if (PG_ARGISNULL(n))
		swan_missing_argument(name, NULL);
	array = PG_GETARG_ARRAYTYPE_P(n);
	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &values, &nulls, count);
	if (*count < 1 || *count > max)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s must name between 1 and %d", name, max)));
	ids = palloc(*count * sizeof(int64));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			swan_missing_argument(psprintf("element %d of %s", i + 1, name), NULL);
		ids[i] = DatumGetInt64(values[i]);
	}
	check_distinct(ids, *count, name);
	return ids;
}

/*
 * Returns the elements of a list of ids or times, one for each of so many others;
 * NULL for all of them if there is no list.
 */
NullableDatum *
argument_list(FunctionCallInfo fcinfo, int n, const char *name, Oid type, int count)
{
	NullableDatum *list = palloc(count * sizeof(NullableDatum));
	Datum	   *values = NULL;
	bool	   *nulls = NULL;
	int			nelements = count;

	if (!PG_ARGISNULL(n))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), type, sizeof(int64), FLOAT8PASSBYVAL,
						  TYPALIGN_DOUBLE, &values, &nulls, &nelements);
	if (nelements != count)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s must have %d elements, one for each session", name, count)));
	for (int i = 0; i < count; i++)
	{
		list[i].isnull = values == NULL || nulls[i];
		list[i].value = list[i].isnull ? (Datum) 0 : values[i];
	}
	return list;
}

/* Refuses a number that is not from 1 to a limit; the unit, if any, is for the message. */
static void
check_between(int32 value, const char *name, int32 max, const char *unit)
{
	if (value < 1 || value > max)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s must be between 1 and %d%s", name, max, unit)));
}

/* Returns a number from 1 to a limit; NULL is the argument's default. */
int32
argument_between(FunctionCallInfo fcinfo, int n, const char *name, int32 max,
				 int32 by_default)
{
	if (PG_ARGISNULL(n))
		return by_default;
	check_between(PG_GETARG_INT32(n), name, max, "");
	return PG_GETARG_INT32(n);
}

/* Refuses minutes that no slot may last. */
void
check_duration(int32 minutes)
{
	check_between(minutes, "duration", SWAN_DURATION_MAX, " minutes");
}

/* Returns the length of a slot, in minutes. */
int32
argument_duration(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return SWAN_DURATION_DEFAULT;
	check_duration(PG_GETARG_INT32(n));
	return PG_GETARG_INT32(n);
}

/* Returns how many rows a paged reader may return. */
int32
argument_max_rows(FunctionCallInfo fcinfo, int n, int32 by_default)
{
	return argument_between(fcinfo, n, "max_rows", MAX_ROWS_MAX, by_default);
}

/*
 * Reads an interval as the server does, but without raising an error of its own;
 * returns whether it is one.
 */
bool
parse_interval(const char *text, Interval *value)
{
	char		buffer[256];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	struct pg_itm_in itm = {0};
	int			nfields;
	int			dtype;
	int			problem;

	problem = ParseDateTime(text, buffer, sizeof(buffer), field, ftype,
							MAXDATEFIELDS, &nfields);
	if (problem == 0)
		problem = DecodeInterval(field, ftype, nfields, INTERVAL_FULL_RANGE, &dtype, &itm);
	if (problem == DTERR_BAD_FORMAT)
		problem = DecodeISO8601Interval(unconstify(char *, text), &dtype, &itm);
	return problem == 0 && dtype == DTK_DELTA && itmin2interval(&itm, value) == 0;
}
