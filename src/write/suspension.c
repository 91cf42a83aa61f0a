/*-------------------------------------------------------------------------
 *
 * suspension.c
 *	  Clients who are ill, away, or not welcome for some time, and come back.
 *
 * Their time can be put off with them: then their lots end as much later as the
 * suspension is long.  Where nobody knows yet how long, they do not end while it
 * lasts; and when it ends before its time, they end as if that had always been known.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/int.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/lots.h"
#include "account/open.h"

PG_FUNCTION_INFO_V1(swan_suspend);
PG_FUNCTION_INFO_V1(swan_resume);

/* a client's lots that end after $2 */
static const StudioQuery lots_to_come = {
	"SELECT l.id FROM {lots} l WHERE l.user_id OPERATOR(pg_catalog.=) $1"
	" AND l.expires_at OPERATOR(pg_catalog.>) $2 ORDER BY l.id",
	2, {INT8OID, TIMESTAMPTZOID}
};

#define BEGUN_COLUMNS(first, next) \
	first(BEGUN_ID, "g.id") \
	next(BEGUN_CALL, "g.call_id") \
	next(BEGUN_PUT_OFF, "g.details OPERATOR(pg_catalog.?) 'put_off'")

RESULT_COLUMNS(BEGUN_COLUMNS);

/* how the suspension of a client began that he is in */
static const StudioQuery find_begun = {
	"SELECT" SELECT_LIST(BEGUN_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.kind OPERATOR(pg_catalog.=) 'suspension' ORDER BY g.id DESC LIMIT 1",
	1, {INT8OID}
};

#define PUT_OFF_COLUMNS(first, next) \
	first(PUT_OFF_LOT, "g.lot_id") \
	next(PUT_OFF_FROM, \
		 "(g.details OPERATOR(pg_catalog.->>) 'extended_from')::pg_catalog.timestamptz") \
	next(PUT_OFF_TO, \
		 "(g.details OPERATOR(pg_catalog.->>) 'extended_to')::pg_catalog.timestamptz")

RESULT_COLUMNS(PUT_OFF_COLUMNS);

/* the lots that the call $3 put off, whose row $2 is */
static const StudioQuery find_put_off = {
	"SELECT" SELECT_LIST(PUT_OFF_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1 AND g.id OPERATOR(pg_catalog.>) $2"
	" AND g.call_id OPERATOR(pg_catalog.=) $3"
	" AND g.kind OPERATOR(pg_catalog.=) 'extension' ORDER BY g.id",
	3, {INT8OID, INT8OID, INT8OID}
};

/* Returns the end of a lot that lasts so much longer. */
static TimestampTz
end_after(const Lot *lot, TimestampTz end, int64 length)
{
	TimestampTz later;

	if (pg_add_s64_overflow(end, length, &later) || !IS_VALID_TIMESTAMP(later))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("lot %lld cannot expire so late", (long long) lot->id)));
	return later;
}

/* Gives a lot another end, and writes it down. */
static void
move_end(Call *call, Account *account, Lot *lot, TimestampTz end)
{
	Entry		entry = NEW_ENTRY;

	entry.kind = "extension";
	entry.lot = lot;
	entry.details = details_of_end(lot->expires_at, end);
	account_end_lot(call, account, lot, end);
	account_write(call, account, &entry);
}

/* Puts off the lots of a client that have not ended when his suspension begins. */
static void
put_off_lots(Call *call, Account *account)
{
	const Suspension *suspension = &account->suspension;
	NullableDatum args[] = {
		arg_id(account->user_id), arg_time(Max(call->now, suspension->since))
	};
	Rows		lots = query_recheck(call, &lots_to_come, args);

	for (uint64 i = 0; i < lots.nrows; i++)
	{
		Lot		   *lot = account_lot(call, account, row_id(lots, i, 1));

		move_end(call, account, lot, suspension->until == NO_TIME ? NO_TIME :
				 end_after(lot, lot->expires_at, suspension->until - suspension->since));
	}
}

/*
 * Lets the lots that a suspension put off end as if it had been of this length from
 * the beginning.  One that somebody has given another end since has that.
 */
static void
put_back_lots(Call *call, Account *account, int64 length)
{
	NullableDatum args[] = {arg_id(account->user_id), arg_null(), arg_null()};
	Rows		result = query_recheck(call, &find_begun, args);

	if (result.nrows == 0 || !row_bool(result, 0, BEGUN_PUT_OFF))
		return;
	args[1] = arg_id(row_id(result, 0, BEGUN_ID));
	args[2] = arg_id(row_id(result, 0, BEGUN_CALL));
	result = query_recheck(call, &find_put_off, args);
	for (uint64 i = 0; i < result.nrows; i++)
	{
		Lot		   *lot = account_lot(call, account, row_id(result, i, PUT_OFF_LOT));

		if (lot->expires_at == row_time(result, i, PUT_OFF_TO))
			move_end(call, account, lot,
					 end_after(lot, row_time(result, i, PUT_OFF_FROM), length));
	}
}

/* Closes the call with a swan_suspension. */
static Datum
answer_suspension(Call *call, FunctionCallInfo fcinfo, const Account *account,
				  const Suspension *suspension, const char *message, int64 ledger_id)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = Int64GetDatum(account->user_id);
	values[1] = TimestampTzGetDatum(suspension->since);
	values[2] = TimestampTzGetDatum(suspension->until);
	nulls[2] = suspension->until == NO_TIME;
	values[3] = CStringGetTextDatum(message);
	values[4] = Int64GetDatum(ledger_id);
	return call_return_row(call, fcinfo, values, nulls);
}

/* Refuses a time that cannot be the beginning or the end of a suspension. */
static TimestampTz
argument_finite(FunctionCallInfo fcinfo, int n, const char *name)
{
	TimestampTz time = argument_time(fcinfo, n);

	if (time != NO_TIME && TIMESTAMP_NOT_FINITE(time))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s must be finite", name)));
	return time;
}

/*
 * Returns whether a client is suspended, now or later, and that is what makes a call
 * fail: if the transaction's own snapshot would say otherwise, it is to be retried.
 */
static bool
is_suspended(Call *call, const Account *account, bool fails_if)
{
	bool		result = !suspension_is_over(&account->suspension, call->now);

	if (result == fails_if && IsolationUsesXactSnapshot())
	{
		Account		seen = *account;

		account_read_last(call, &seen, query_look);
		if (suspension_is_over(&seen.suspension, call->now) == result)
			swan_serialization_failure();
	}
	return result;
}

/* swan_suspend(): a client books nothing for some time. */
Datum
swan_suspend(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_OFFICE);
	int64		user_id = argument_id(fcinfo, 0, "user_id");
	Suspension	suspension = {argument_finite(fcinfo, 1, "since"), argument_finite(fcinfo, 2, "until")};
	bool		put_off = argument_bool(fcinfo, 4, false);
	Entry		entry = NEW_ENTRY;
	Locks		locks = {0};
	Account		account;
	int64		ledger_id;

	suspension_require(call);
	entry.reason = argument_reason(fcinfo, 3, NULL);
	lock_users(call, &locks, &user_id, 1);
	account_enter(call, &locks, user_id, &account);
	if (is_suspended(call, &account, true))
		ereport(ERROR,
				(swan_error_saying(SWAN_INVALID_TRANSITION, "The client is suspended already."),
				 errmsg("user %lld is suspended already", (long long) user_id),
				 errhint("swan_resume() ends that first.")));
	if (suspension.since == NO_TIME)
		suspension.since = call->now;
	if (suspension.until != NO_TIME &&
		(suspension.until <= suspension.since || suspension.until <= call->now))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("until must be later than since, and in the future")));

	account.suspension = suspension;
	entry.kind = "suspension";
	entry.details = details_of_suspension(suspension.since, suspension.until, put_off);
	ledger_id = account_write(call, &account, &entry);
	if (put_off)
		put_off_lots(call, &account);
	account_close(call, &account, "Available");
	return answer_suspension(call, fcinfo, &account, &suspension, "Client suspended.", ledger_id);
}

/* swan_resume(): he books again. */
Datum
swan_resume(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 1, MAY_OFFICE);
	int64		user_id = argument_id(fcinfo, 0, "user_id");
	Entry		entry = NEW_ENTRY;
	Suspension	ended;
	Locks		locks = {0};
	Account		account;
	int64		ledger_id;

	lock_users(call, &locks, &user_id, 1);
	account_enter(call, &locks, user_id, &account);
	if (!is_suspended(call, &account, false))
		ereport(ERROR,
				(swan_error_saying(SWAN_INVALID_TRANSITION, "The client is not suspended."),
				 errmsg("user %lld is not suspended", (long long) user_id)));
	ended = account.suspension;
	ended.until = Max(ended.since, call->now);

	account.suspension = NO_SUSPENSION;
	entry.kind = "resumption";
	entry.details = details_of_suspension(ended.since, ended.until, false);
	ledger_id = account_write(call, &account, &entry);
	put_back_lots(call, &account, ended.until - ended.since);
	account_close(call, &account, "Available");
	return answer_suspension(call, fcinfo, &account, &ended, "Client resumed.", ledger_id);
}
