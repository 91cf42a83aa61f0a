/*-------------------------------------------------------------------------
 *
 * report.c
 *	  Reading a client: credits, sessions, statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "actor.h"
#include "argument.h"
#include "cursor.h"
#include "error.h"
#include "ledger.h"
#include "slot.h"

PG_FUNCTION_INFO_V1(swan_summary);
PG_FUNCTION_INFO_V1(swan_client);
PG_FUNCTION_INFO_V1(swan_credits);
PG_FUNCTION_INFO_V1(swan_statement);

#define COUNT_STATUS(status) \
	" (pg_catalog.count(*) FILTER (WHERE {s.status} OPERATOR(pg_catalog.=) '" status "'))"

static const Statement count_sessions = {
	"SELECT" COUNT_STATUS("scheduled") "," COUNT_STATUS("confirmed") ","
	COUNT_STATUS("completed") "," COUNT_STATUS("cancelled") ","
	" pg_catalog.max({s.session_date})"
	" FILTER (WHERE {s.status} OPERATOR(pg_catalog.=) 'completed'),"
	" pg_catalog.min({s.session_date})"
	" FILTER (WHERE {s.status} IN ('scheduled', 'confirmed'))"
	" FROM {sessions} s WHERE {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} IS NOT NULL",
	1, {INT8OID}
};

/*
 * What a client bought, and what he used of it: debits that were not returned,
 * less those of bookings still to come.  A debit follows its booking, so the
 * last row that speaks of one tells whether a session is charged.
 */
static const Statement read_client = {
	"SELECT {u.first_name}, {u.last_name}, {u.email}, {u.created_at},"
	" g.purchased, g.debits OPERATOR(pg_catalog.-) live.charged, live.last"
	" FROM {users} u,"
	" LATERAL (SELECT COALESCE(pg_catalog.sum(l.delta) FILTER (WHERE l.kind IN"
	" ('opening', 'grant', 'purchase', 'reinstatement', 'reversal', 'revocation',"
	" 'external')), 0) AS purchased,"
	" COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(l.delta) FILTER (WHERE l.kind IN"
	" ('booking', 'cancellation')), 0) AS debits"
	" FROM {ledger} l WHERE l.user_id OPERATOR(pg_catalog.=) $1) g,"
	" LATERAL (SELECT pg_catalog.count(*) FILTER (WHERE"
	" {s.status} IN ('scheduled', 'confirmed') AND"
	" (SELECT l.kind OPERATOR(pg_catalog.<>) 'cancellation' AND l.lot_id IS NOT NULL"
	" FROM {ledger} l WHERE l.user_id OPERATOR(pg_catalog.=) $1"
	" AND l.session_id OPERATOR(pg_catalog.=) {s.id}"
	" AND l.kind IN ('booking', 'reschedule', 'cancellation')"
	" ORDER BY l.id DESC LIMIT 1)) AS charged,"
	" pg_catalog.max({s.session_date})"
	" FILTER (WHERE {s.status} OPERATOR(pg_catalog.=) 'completed') AS last"
	" FROM {sessions} s WHERE {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} IS NOT NULL) live"
	" WHERE {u.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}
};

static const Statement read_lots = {
	"SELECT l.id, l.source, l.granted, l.remaining, l.expires_at, g.reason, l.payment_ref"
	" FROM {lots} l LEFT JOIN {ledger} g ON g.id OPERATOR(pg_catalog.=) l.id"
	" WHERE l.user_id OPERATOR(pg_catalog.=) $1"
	" AND l.remaining OPERATOR(pg_catalog.>) 0"
	" AND (l.expires_at IS NULL OR l.expires_at OPERATOR(pg_catalog.>) $2)"
	" ORDER BY l.expires_at, l.id",
	2, {INT8OID, TIMESTAMPTZOID}
};

static const Statement read_ledger = {
	"SELECT g.id, g.at, g.kind, g.delta, g.balance_after, g.session_id,"
	" {s.session_date}, g.from_session_id, g.lot_id, g.reason, g.actor_id,"
	" NULLIF(pg_catalog.concat_ws(' ', {a.first_name}, {a.last_name}), ''),"
	" g.db_role, g.key, g.payment_ref, g.item, g.call_id, g.details,"
	" pg_catalog.concat($6, g.id)"
	" FROM {ledger} g"
	" LEFT JOIN {sessions} s ON {s.id} OPERATOR(pg_catalog.=) g.session_id"
	" LEFT JOIN {users} a ON {a.id} OPERATOR(pg_catalog.=) g.actor_id"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND ($2 IS NULL OR g.at OPERATOR(pg_catalog.>=) $2)"
	" AND ($3 IS NULL OR g.at OPERATOR(pg_catalog.<) $3)"
	" AND g.id OPERATOR(pg_catalog.<) $4"
	" ORDER BY g.id DESC LIMIT $5",
	6, {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT4OID, TEXTOID}
};

/* Returns the warning for what a client has left, or NULL. */
static const char *
warning_for(Call *call, int32 available)
{
	if (available <= 0)
		return "none";
	if (available <= call->studio->settings.low_threshold)
		return "low";
	return NULL;
}

/* Returns the sentence that goes with a warning. */
static const char *
warning_sentence(const char *warning)
{
	if (strcmp(warning, "none") == 0)
		return "Client has no available sessions. Add sessions to enable booking.";
	return "Client has low session count. Consider adding more sessions.";
}

/* Opens the call of a reader of one client, and reads his account. */
static Call *
enter_client(FunctionCallInfo fcinfo, int actor_argument, int may, Account *account)
{
	Call	   *call = actor_enter(fcinfo, CALL_READER, actor_argument, may);
	int64		user_id = argument_id(fcinfo, 0, "user_id");

	actor_require_client(call, user_id);
	if (!account_find(call, user_id, account))
		user_not_found(user_id);
	return call;
}

/* swan_summary(): what a client has, in numbers. */
Datum
swan_summary(PG_FUNCTION_ARGS)
{
	Account		account;
	Call	   *call = enter_client(fcinfo, 1, MAY_PERSONS, &account);
	NullableDatum args[] = {arg_id(account.user_id)};
	Rows		result = statement_read(call, &count_sessions, args);
	int32		available = account_available(&account);
	const char *warning = warning_for(call, available);
	int32		total = available;
	Datum		values[11];
	bool		nulls[11] = {false};

	values[0] = Int64GetDatum(account.user_id);
	values[1] = Int32GetDatum(available);
	for (int i = 1; i <= 4; i++)
	{
		int32		count = row_int(result, 0, i);

		values[i + 1] = Int32GetDatum(count);
		total += count;
	}
	values[6] = Int32GetDatum(total);
	nulls[7] = nulls[8] = warning == NULL;
	if (warning)
	{
		values[7] = CStringGetTextDatum(warning);
		values[8] = CStringGetTextDatum(warning_sentence(warning));
	}
	values[9] = row_datum(result, 0, 5, &nulls[9]);
	values[10] = row_datum(result, 0, 6, &nulls[10]);
	return call_return_row(call, fcinfo, values, nulls);
}

/* Returns a text column as a Datum of type text, whatever its own type is. */
static Datum
text_datum(Rows result, int column, bool *isnull)
{
	char	   *s = row_text(result, 0, column);

	*isnull = s == NULL;
	return s ? CStringGetTextDatum(s) : (Datum) 0;
}

/* swan_client(): one row of the admin's list. */
Datum
swan_client(PG_FUNCTION_ARGS)
{
	Account		account;
	Call	   *call = enter_client(fcinfo, 1, MAY_TRAINER | MAY_OFFICE, &account);
	NullableDatum args[] = {arg_id(account.user_id)};
	Rows		result = statement_read(call, &read_client, args);
	int32		available = account_available(&account);
	const char *warning = warning_for(call, available);
	Datum		values[11] = {0};
	bool		nulls[11] = {false};

	values[0] = Int64GetDatum(account.user_id);
	values[1] = text_datum(result, 1, &nulls[1]);
	values[2] = text_datum(result, 2, &nulls[2]);
	values[3] = text_datum(result, 3, &nulls[3]);
	values[4] = Int32GetDatum(available);
	values[5] = Int32GetDatum((int32) row_int(result, 0, 5));
	values[6] = Int32GetDatum((int32) row_int(result, 0, 6));
	values[7] = row_datum(result, 0, 7, &nulls[7]);
	nulls[8] = warning == NULL;
	if (warning)
		values[8] = CStringGetTextDatum(warning);
	values[9] = row_datum(result, 0, 4, &nulls[9]);
	nulls[10] = true;			/* a list has cursors, one client has none */
	return call_return_row(call, fcinfo, values, nulls);
}

/* swan_credits(): the lots that a client can spend from. */
Datum
swan_credits(PG_FUNCTION_ARGS)
{
	Account		account;
	NullableDatum args[2];
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = enter_client(fcinfo, 1, MAY_PERSONS, &account);
	args[0] = arg_id(account.user_id);
	args[1] = arg_time(call->now);
	call_put_result(fcinfo, statement_read(call, &read_lots, args));
	call_end(call);
	return (Datum) 0;
}

/* swan_statement(): a client's ledger, newest line first. */
Datum
swan_statement(PG_FUNCTION_ARGS)
{
	TimestampTz since = argument_time(fcinfo, 1);
	TimestampTz until = argument_time(fcinfo, 2);
	NullableDatum args[6];
	Account		account;
	Call	   *call;
	char	   *prefix;

	InitMaterializedSRF(fcinfo, 0);
	call = enter_client(fcinfo, 5, MAY_PERSONS, &account);
	prefix = cursor_prefix("statement", account.user_id, since, until);
	args[0] = arg_id(account.user_id);
	args[1] = arg_time(since);
	args[2] = arg_time(until);
	args[3] = arg_id(cursor_id(argument_text(fcinfo, 3), prefix, PG_INT64_MAX));
	args[4] = arg_int(argument_max_rows(fcinfo, 4));
	args[5] = arg_text(prefix);
	call_put_result(fcinfo, statement_read(call, &read_ledger, args));
	call_end(call);
	return (Datum) 0;
}
