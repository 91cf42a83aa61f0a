/*-------------------------------------------------------------------------
 *
 * error.c
 *	  The table of our SQLSTATEs, and the JSON in their DETAIL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/tuplestore.h"

#include "base/error.h"

PG_FUNCTION_INFO_V1(swan_errors);

typedef struct ErrorEntry
{
	const char *sqlstate;
	const char *name;
	int			http_status;
	const char *sentence;		/* what a client of the studio is shown */
} ErrorEntry;

/* in the order of SwanErrorCode, whose numbers are the SQLSTATEs' */
static const ErrorEntry swan_error_table[] = {
	{"SW001", "INSUFFICIENT_SESSIONS", 400,
	"No available sessions. Please purchase a session package to book this session."},
	{"SW002", "SESSION_NOT_AVAILABLE", 400,
	"Session is not available for booking."},
	{"SW003", "USER_NOT_FOUND", 404,
	"User not found."},
	{"SW004", "INVALID_SESSION_COUNT", 400,
	"Session count must be between 1 and 100"},
	{"SW005", "MISSING_REQUIRED_FIELDS", 400,
	"Required fields are missing."},
	{"SW006", "UNAUTHORIZED_ACCESS", 403,
	"You are not allowed to do this."},
	{"SW007", "SESSION_NOT_FOUND", 404,
	"Session not found."},
	{"SW008", "INVALID_TRANSITION", 409,
	"The session's status does not allow this."},
	{"SW009", "IDEMPOTENCY_CONFLICT", 409,
	"This request was already made with other values."},
	{"SW010", "SLOT_CONFLICT", 409,
	"The session overlaps another one."},
	{"SW011", "DIRECT_WRITE_REFUSED", 409,
	"Credits and bookings change only through the session allocation service."},
	{"SW012", "STUDIO_NOT_FOUND", 500,
	"The session allocation service is not set up."},
	{"SW013", "INVALID_ARGUMENT", 400,
	"A value is not valid."},
	{"SW014", "LEDGER_IMMUTABLE", 409,
	"The ledger cannot be changed."},
	{"SW015", "PURCHASE_NOT_FOUND", 404,
	"Purchase not found."},
	{"SW016", "FEED_RESET", 409,
	"The feed was reset. Start again from the last ledger id you have."},
	{"SW017", "BOOKING_REFUSED", 409,
	"A rule of the studio does not allow this booking."},
	{"SW018", "STUDIO_CLOSED", 503,
	"Nothing can be changed at the moment. Please try again."},
};

/*
 * What a backend may also meet, by SQLSTATE.  That of a wrong type depends on
 * the driver: one sends every value as text (22P02), another says what type it
 * is and finds no function (42883).
 */
static const ErrorEntry generic_error_table[] = {
	{"08006", "RETRY", 503, "The database cannot be reached. Please try again."},
	{"08P01", "RETRY", 503, "The database cannot be reached. Please try again."},
	{"22001", "INVALID_ARGUMENT", 400, "A text is too long."},
	{"22003", "INVALID_ARGUMENT", 400, "A number is out of range."},
	{"22007", "INVALID_ARGUMENT", 400, "A date or time is not valid."},
	{"22008", "INVALID_ARGUMENT", 400, "A date or time is out of range."},
	{"22009", "INVALID_ARGUMENT", 400, "A date or time is not valid."},
	{"22015", "INVALID_ARGUMENT", 400, "A date or time is out of range."},
	{"2201W", "INVALID_ARGUMENT", 400, "A number is out of range."},
	{"2201X", "INVALID_ARGUMENT", 400, "A number is out of range."},
	{"22021", "INVALID_ARGUMENT", 400, "A text is not valid."},
	{"22023", "INVALID_ARGUMENT", 400, "A value is not valid."},
	{"22P02", "INVALID_ARGUMENT", 400, "A value is not valid."},
	{"22P03", "INVALID_ARGUMENT", 400, "A value is not valid."},
	{"22P05", "INVALID_ARGUMENT", 400, "A text is not valid."},
	{"23502", "CONSTRAINT_FAILED", 422, "A value is missing that the application requires."},
	{"23503", "REFERENCE_CONFLICT", 409, "Something that this refers to is not there, or something refers to it."},
	{"23505", "CONFLICT", 409, "There is such an entry already."},
	{"23514", "CONSTRAINT_FAILED", 422, "A value does not meet a condition of the application's."},
	{"23P01", "CONFLICT", 409, "There is such an entry already."},
	{"25006", "RETRY", 503, "Nothing can be changed at the moment. Please try again."},
	{"40001", "RETRY", 503, "Please try again."},
	{"40P01", "RETRY", 503, "Please try again."},
	{"42804", "INVALID_ARGUMENT", 400, "A value is not valid."},
	{"42883", "INVALID_ARGUMENT", 400, "A value is not valid."},
	{"53300", "RETRY", 503, "The database is busy. Please try again."},
	{"55P03", "RETRY", 503, "Please try again."},
	{"57014", "RETRY", 503, "The request took too long. Please try again."},
	{"57P01", "RETRY", 503, "The database cannot be reached. Please try again."},
	{"57P02", "RETRY", 503, "The database cannot be reached. Please try again."},
	{"57P03", "RETRY", 503, "The database cannot be reached. Please try again."},
	{"P0001", "CONFLICT", 409, "A rule of the application does not allow this."},
	{"other", "DATABASE_ERROR", 500, "Failed to allocate sessions due to database error"},
};

/* Returns the row of the table for one of our codes. */
static const ErrorEntry *
error_entry(SwanErrorCode code)
{
	if (code < SWAN_INSUFFICIENT_SESSIONS || code > SWAN_STUDIO_CLOSED)
		elog(ERROR, "unknown swanalloc error code %d", (int) code);
	return &swan_error_table[code - 1];
}

/*
 * Sets SQLSTATE and DETAIL of the error being raised; what the object has more is
 * JSON already.
 */
static int
set_error(SwanErrorCode code, const char *sentence, const char *more)
{
	const ErrorEntry *entry = error_entry(code);
	const char *s = entry->sqlstate;
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"code\": \"%s\", \"http\": %d, \"message\": ",
					 entry->name, entry->http_status);
	escape_json(&json, sentence ? sentence : entry->sentence);
	appendStringInfo(&json, "%s}", more);

	errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4]));
	errdetail_internal("%s", json.data);
	return 0;					/* as errcode() does: the value has no meaning */
}

/* Sets SQLSTATE and DETAIL of the error being raised; field may be NULL. */
int
swan_error_counting(SwanErrorCode code, const char *sentence,
					const char *field, int64 value)
{
	return set_error(code, sentence,
					 field ? psprintf(", \"%s\": " INT64_FORMAT, field, value) : "");
}

/* The same with a text. */
int
swan_error_naming(SwanErrorCode code, const char *sentence,
				  const char *field, const char *value)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, ", \"%s\": ", field);
	escape_json(&json, value);
	return set_error(code, sentence, json.data);
}

/*
 * The same with the table's sentence, and the numbers of a field: the first is its
 * value, and all are those of the field in the plural.
 */
int
swan_error_listing(SwanErrorCode code, const char *field, const int64 *values, int n)
{
	StringInfoData json;

	initStringInfo(&json);
	if (n > 0)
		appendStringInfo(&json, ", \"%s\": " INT64_FORMAT, field, values[0]);
	for (int i = 0; n > 1 && i < n; i++)
	{
		if (i == 0)
			appendStringInfo(&json, ", \"%ss\": [", field);
		appendStringInfo(&json, INT64_FORMAT "%s", values[i], i < n - 1 ? ", " : "]");
	}
	return set_error(code, NULL, json.data);
}

/* The same with another sentence than the table's. */
int
swan_error_saying(SwanErrorCode code, const char *sentence)
{
	return set_error(code, sentence, "");
}

/* The same with the table's sentence. */
int
swan_error(SwanErrorCode code)
{
	return set_error(code, NULL, "");
}

/* Returns the SQLSTATE of one of our errors, as text. */
const char *
swan_error_sqlstate(SwanErrorCode code)
{
	return error_entry(code)->sqlstate;
}

/* Returns the name that a backend switches on. */
const char *
swan_error_name(SwanErrorCode code)
{
	return error_entry(code)->name;
}

/* Returns the sentence that a client of the studio is shown. */
const char *
swan_error_sentence(SwanErrorCode code)
{
	return error_entry(code)->sentence;
}

/* Answers NULL for a required argument; the sentence may be NULL. */
void
swan_missing_argument(const char *name, const char *sentence)
{
	ereport(ERROR,
			(swan_error_saying(SWAN_MISSING_REQUIRED_FIELDS, sentence),
			 errmsg("%s must not be null", name),
			 errhint("Pass a value for %s.", name)));
}

/* Says that the transaction is to be retried; for ereport(). */
int
swan_error_retry(void)
{
	errcode(ERRCODE_T_R_SERIALIZATION_FAILURE);
	errmsg("could not serialize access due to concurrent update");
	return errhint("The transaction might succeed if retried.");
}

/*
 * Answers a conflict that a lock showed us but the transaction's own snapshot
 * does not: REPEATABLE READ and SERIALIZABLE promise not to act on it.
 */
void
swan_serialization_failure(void)
{
	ereport(ERROR, (swan_error_retry()));
}

/* Adds the rows of one table to the result of swan_errors. */
static void
put_errors(ReturnSetInfo *rsinfo, const ErrorEntry *entries, int n)
{
	for (int i = 0; i < n; i++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = CStringGetTextDatum(entries[i].sqlstate);
		values[1] = CStringGetTextDatum(entries[i].name);
		values[2] = Int32GetDatum(entries[i].http_status);
		values[3] = CStringGetTextDatum(entries[i].sentence);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* swan_errors(): every error a backend has to expect. */
Datum
swan_errors(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	put_errors(rsinfo, swan_error_table, lengthof(swan_error_table));
	put_errors(rsinfo, generic_error_table, lengthof(generic_error_table));
	return (Datum) 0;
}
