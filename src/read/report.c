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

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "slot/slot.h"
#include "account/account.h"
#include "account/client.h"
#include "read/cursor.h"

PG_FUNCTION_INFO_V1(swan_summary_0_2);
PG_FUNCTION_INFO_V1(swan_credits_0_2);
PG_FUNCTION_INFO_V1(swan_statement_0_2);
PG_FUNCTION_INFO_V1(swan_balance_at);

#define SESSION_COLUMNS(first, next) \
	first(SESSION_STATUS, "{s.status}") \
	next(SESSION_DATE, "{s.session_date}") \
	next(SESSION_DURATION, "COALESCE({s.duration}, 60)")

RESULT_COLUMNS(SESSION_COLUMNS);

static const StudioQuery read_sessions = {
	"SELECT" SELECT_LIST(SESSION_COLUMNS) " FROM {sessions} s"
	" WHERE {live s} AND {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} IS NOT NULL",
	1, {INT8OID}, PLAN_SIMPLE
};

/*
 * A client's bookings to come, after $2, the next one first; how many others are
 * over by then, of $3 that are not among these; and the last session that he had,
 * which has a date: an index is searched for that more simply by a comparison.
 */
static const StudioQuery next_sessions = {
	"SELECT {s.session_date} FROM {sessions} s"
	" WHERE {live s} AND " SLOT_IS_OF("s", "$1")
	" AND {s.session_date} OPERATOR(pg_catalog.>) $2"
	" AND " SLOT_IS_LIVE("s")
	" ORDER BY {s.user_id}, {s.session_date}",
	2, {INT8OID, TIMESTAMPTZOID}, PLAN_SIMPLE
};

static const StudioQuery count_overdue = {
	"SELECT pg_catalog.count(*) FROM (SELECT " SLOT_END("s") " AS until FROM {sessions} s"
	" WHERE {live s} AND " SLOT_IS_OF("s", "$1")
	" AND {s.session_date} OPERATOR(pg_catalog.<=) $2"
	" AND " SLOT_IS_LIVE("s")
	" ORDER BY {s.user_id} DESC, {s.session_date} DESC LIMIT $3) x"
	" WHERE x.until OPERATOR(pg_catalog.<=) $2",
	3, {INT8OID, TIMESTAMPTZOID, INT8OID}
};

static const StudioQuery last_session = {
	"SELECT {s.session_date} FROM {sessions} s"
	" WHERE {live s} AND " SLOT_IS_OF("s", "$1")
	" AND {s.session_date} OPERATOR(pg_catalog.<=) 'infinity'"
	" AND {s.status:completed}"
	" ORDER BY {s.user_id} DESC, {s.session_date} DESC LIMIT 1",
	1, {INT8OID}, PLAN_SIMPLE
};

/* likewise of a client who has missed some */
static const StudioQuery last_attended = {
	"SELECT " LAST_SESSION_OF_U("1") " FROM {users} u WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}
};

static const StudioQuery count_no_shows = {
	"SELECT " NO_SHOWS_OF_G "::pg_catalog.int4 FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}
};

/* $3: he may have come with attached tables, and count as having one lot; $4: as $7 below */
static const StudioQuery read_lots = {
	"SELECT x.* FROM (SELECT l.id, l.source, l.granted, l.remaining, l.expires_at,"
	" g.reason, CASE WHEN $4 THEN l.payment_ref END, l.item, l.amount_minor, l.currency,"
	" {l.valid_for}::pg_catalog.text, pg_catalog.to_jsonb({l.good_for}) AS good_for"
	" FROM {lots} l LEFT JOIN {ledger} g ON g.id OPERATOR(pg_catalog.=) l.id"
	" WHERE l.user_id OPERATOR(pg_catalog.=) $1"
	" AND l.remaining OPERATOR(pg_catalog.>) 0"
	" AND (l.expires_at IS NULL OR l.expires_at OPERATOR(pg_catalog.>) $2)"
	" UNION ALL SELECT NULL, 'opening', {u.available_sessions}, {u.available_sessions},"
	" NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM {users} u"
	" WHERE {live u} AND $3 AND {u.id} OPERATOR(pg_catalog.=) $1"
	" AND {u.available_sessions} OPERATOR(pg_catalog.>) 0"
	" AND NOT EXISTS (SELECT 1 FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1)) x"
	" ORDER BY x.expires_at, x.good_for IS NULL, x.id",
	4, {INT8OID, TIMESTAMPTZOID, BOOLOID, BOOLOID}
};

/* $7: how a call came here, and by what a payment is refunded, is the office's affair */
static const StudioQuery read_ledger = {
	"SELECT g.id, g.at, g.kind, g.delta, g.balance_after, g.session_id,"
	" {s.session_date}, g.from_session_id, g.lot_id, g.reason, g.actor_id,"
	" " PERSON_NAME("a") ","
	" CASE WHEN $7 THEN g.db_role END, CASE WHEN $7 THEN g.key END, CASE WHEN $7 THEN g.payment_ref END,"
	" g.item, g.call_id, g.details,"
	" pg_catalog.concat($6, g.id), " ATTENDED_OF("g") ", {t.id}, " PERSON_NAME("t") ","
	" " MONEY_OF("g.delta", "l") "::pg_catalog.int8, l.currency, pg_catalog.to_jsonb({l.good_for})"
	" FROM {ledger} g"
	" LEFT JOIN {lots} l ON l.id OPERATOR(pg_catalog.=) g.lot_id"
	" AND g.delta OPERATOR(pg_catalog.<>) 0"
	" LEFT JOIN {sessions} s ON {live s} AND {s.id} OPERATOR(pg_catalog.=) g.session_id"
	" LEFT JOIN {users} a ON {live a} AND {a.id} OPERATOR(pg_catalog.=) g.actor_id"
	" LEFT JOIN {users} t ON {live t} AND {t.id} OPERATOR(pg_catalog.=) " OTHER_OF("g")
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND ($2 IS NULL OR g.at OPERATOR(pg_catalog.>=) $2)"
	" AND ($3 IS NULL OR g.at OPERATOR(pg_catalog.<) $3)"
	" AND g.id OPERATOR(pg_catalog.<) $4"
	" ORDER BY g.id DESC LIMIT $5",
	7, {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT4OID, TEXTOID, BOOLOID}
};

static const StudioQuery read_balance_at = {
	"SELECT l.balance_after FROM {ledger} l"
	" WHERE l.user_id OPERATOR(pg_catalog.=) $1 AND l.at OPERATOR(pg_catalog.<=) $2"
	" ORDER BY l.id DESC LIMIT 1",
	2, {INT8OID, TIMESTAMPTZOID}
};

static const StudioQuery any_row = {
	"SELECT 1 FROM {ledger} l WHERE l.user_id OPERATOR(pg_catalog.=) $1 LIMIT 1",
	1, {INT8OID}
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
		return SENTENCE_NONE;
	return SENTENCE_LOW;
}

/* Opens the call of a reader of one client, and reads his account. */
static Call *
enter_client(FunctionCallInfo fcinfo, int actor_argument, int may, Account *account)
{
	Call	   *call = actor_enter(fcinfo, CALL_READER, actor_argument, may);
	int64		user_id = argument_id(fcinfo, 0, "user_id");

	actor_require_client(call, user_id);
	if (!account_find(call, user_id, account, query_read))
		user_not_found(user_id);
	return call;
}

/* A client's sessions, in numbers. */
typedef struct SessionFigures
{
	int32		counts[STATUS_OTHER + 1];	/* by status */
	int32		missed;			/* no-shows, which are completed too */
	int32		overdue;		/* live bookings that are over */
	TimestampTz last;			/* that he was at, or NO_TIME */
	TimestampTz next;			/* to come */
} SessionFigures;

/* Returns the time that a query for one session has found, or NO_TIME. */
static TimestampTz
find_time(Call *call, const StudioQuery *query, int64 user_id)
{
	NullableDatum args[] = {arg_id(user_id)};
	Rows		result = query_read(call, query, args);

	return result.nrows > 0 ? row_time(result, 0, 1) : NO_TIME;
}

/*
 * Counts the sessions of a client by their status, and finds the last one that
 * he was at and the next one to come.  Aggregates would take the server longer
 * to set up than a client's few rows take to count.
 */
static void
count_sessions(Call *call, int64 user_id, SessionFigures *figures)
{
	NullableDatum args[] = {arg_id(user_id)};
	Rows		result = query_read(call, &read_sessions, args);

	for (uint64 i = 0; i < result.nrows; i++)
	{
		SlotStatus	status = slot_parse_status(call->studio, row_text(result, i, SESSION_STATUS));
		TimestampTz date = row_time(result, i, SESSION_DATE);

		figures->counts[status]++;
		if (status == STATUS_COMPLETED &&
			(figures->last == NO_TIME || date > figures->last))
			figures->last = date;
		if (status != STATUS_SCHEDULED && status != STATUS_CONFIRMED)
			continue;
		if (date > call->now && (figures->next == NO_TIME || date < figures->next))
			figures->next = date;
		if (slot_end_of(date, row_int(result, i, SESSION_DURATION)) <= call->now)
			figures->overdue++;
	}
	figures->missed = row_int(query_read(call, &count_no_shows, args), 0, 1);
	if (figures->missed > 0)
		figures->last = find_time(call, &last_attended, user_id);
}

/* Finds the next of so many live bookings of a client, and which of them are over. */
static void
find_live(Call *call, int64 user_id, int32 nlive, SessionFigures *figures)
{
	NullableDatum args[] = {arg_id(user_id), arg_time(call->now), arg_null()};
	Rows		result;

	if (nlive <= 0)
		return;
	result = query_read(call, &next_sessions, args);
	if (result.nrows > 0)
		figures->next = row_time(result, 0, 1);
	if (result.nrows >= nlive)
		return;
	args[2] = arg_id(nlive - result.nrows);
	figures->overdue = row_int(query_read(call, &count_overdue, args), 0, 1);
}

/*
 * Reads the figures of a client's sessions: how many there are from his last
 * ledger row, where it knows, so that it does not take longer the more he had.
 */
static void
read_figures(Call *call, Account *account, SessionFigures *figures)
{
	const int32 *totals = account->totals.n;

	memset(figures, 0, sizeof(SessionFigures));
	figures->last = figures->next = NO_TIME;
	account_read_last(call, account, query_read);
	if (!account->totals.known)
	{
		count_sessions(call, account->user_id, figures);
		return;
	}
	figures->counts[STATUS_SCHEDULED] = totals[TOTAL_SCHEDULED];
	figures->counts[STATUS_CONFIRMED] = totals[TOTAL_CONFIRMED];
	figures->counts[STATUS_COMPLETED] = totals[TOTAL_COMPLETED];
	figures->counts[STATUS_CANCELLED] = totals[TOTAL_CANCELLED];
	figures->missed = totals[TOTAL_MISSED];
	if (totals[TOTAL_COMPLETED] > 0)
		figures->last = find_time(call, figures->missed > 0 ? &last_attended : &last_session,
								  account->user_id);
	find_live(call, account->user_id, totals[TOTAL_SCHEDULED] + totals[TOTAL_CONFIRMED], figures);
}

/* swan_summary(): what a client has, in numbers. */
Datum
swan_summary_0_2(PG_FUNCTION_ARGS)
{
	Account		account;
	Call	   *call = enter_client(fcinfo, 1, MAY_PERSONS, &account);
	int32		available = account_available(&account);
	const char *warning = warning_for(call, available);
	int32		total = available;
	SessionFigures figures;
	Datum		values[15];
	bool		nulls[15] = {false};

	read_figures(call, &account, &figures);
	values[0] = Int64GetDatum(account.user_id);
	values[1] = Int32GetDatum(available);
	for (int status = STATUS_SCHEDULED; status <= STATUS_CANCELLED; status++)
	{
		values[status + 1] = Int32GetDatum(figures.counts[status]);
		total += figures.counts[status];
	}
	values[6] = Int32GetDatum(total);
	nulls[7] = nulls[8] = warning == NULL;
	if (warning)
	{
		values[7] = CStringGetTextDatum(warning);
		values[8] = CStringGetTextDatum(warning_sentence(warning));
	}
	values[9] = TimestampTzGetDatum(figures.last);
	nulls[9] = figures.last == NO_TIME;
	values[10] = TimestampTzGetDatum(figures.next);
	nulls[10] = figures.next == NO_TIME;
	values[11] = Int32GetDatum(figures.missed);
	values[12] = Int32GetDatum(figures.overdue);
	if (suspension_is_over(&account.suspension, call->now))
		account.suspension = NO_SUSPENSION;
	values[13] = TimestampTzGetDatum(account.suspension.since);
	nulls[13] = account.suspension.since == NO_TIME;
	values[14] = TimestampTzGetDatum(account.suspension.until);
	nulls[14] = account.suspension.until == NO_TIME;
	return call_return_row(call, fcinfo, values, nulls);
}

/* swan_credits(): the lots that a client can spend from. */
Datum
swan_credits_0_2(PG_FUNCTION_ARGS)
{
	Account		account;
	NullableDatum args[4];
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = enter_client(fcinfo, 1, MAY_PERSONS, &account);
	args[0] = arg_id(account.user_id);
	args[1] = arg_time(call->now);
	args[2] = arg_bool(!call->studio->backfilled);
	args[3] = arg_bool(actor_is(call, MAY_OFFICE));
	call_put_result(fcinfo, query_read(call, &read_lots, args));
	call_end(call);
	return (Datum) 0;
}

/* swan_statement(): a client's ledger, newest line first. */
Datum
swan_statement_0_2(PG_FUNCTION_ARGS)
{
	TimestampTz since = argument_time(fcinfo, 1);
	TimestampTz until = argument_time(fcinfo, 2);
	NullableDatum args[7];
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
	args[4] = arg_int(argument_max_rows(fcinfo, 4, 100));
	args[5] = arg_text(prefix);
	args[6] = arg_bool(actor_is(call, MAY_OFFICE));
	call_put_result(fcinfo, query_read(call, &read_ledger, args));
	call_end(call);
	return (Datum) 0;
}

/*
 * swan_balance_at(): what the ledger came to at an instant, that included.  Where
 * it has no row yet that was 0, but in an attached studio: there it is unknown
 * before the attach, and after it that of users for a client not touched yet.
 */
Datum
swan_balance_at(PG_FUNCTION_ARGS)
{
	Account		account;
	Call	   *call = enter_client(fcinfo, 2, MAY_PERSONS, &account);
	Studio	   *studio = call->studio;
	NullableDatum args[2];
	Rows		result;
	int32		balance = 0;
	bool		unknown = false;

	if (PG_ARGISNULL(1))
		swan_missing_argument("at", NULL);
	args[0] = arg_id(account.user_id);
	args[1] = arg_time(PG_GETARG_TIMESTAMPTZ(1));
	result = query_read(call, &read_balance_at, args);
	if (result.nrows > 0)
		balance = row_int(result, 0, 1);
	else if (!studio->own && PG_GETARG_TIMESTAMPTZ(1) < studio->made_at)
		unknown = true;
	else if (!studio->backfilled && query_read(call, &any_row, args).nrows == 0)
		balance = account.balance;
	call_end(call);
	if (unknown)
		PG_RETURN_NULL();
	PG_RETURN_INT32(balance);
}
