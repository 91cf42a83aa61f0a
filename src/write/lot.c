/*-------------------------------------------------------------------------
 *
 * lot.c
 *	  Lots that expire, and lots that shall end at another time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/open.h"
#include "account/lots.h"
#include "account/returning.h"
#include "write/answer.h"

PG_FUNCTION_INFO_V1(swan_extend_0_2);
PG_FUNCTION_INFO_V1(swan_expire);

/* lots that one swan_expire may sweep */
#define EXPIRE_MAX		100000

/* a swan_lot, and what is asked of it besides */
#define LOT_COLUMNS(first, next) \
	first(LOT_ID, "l.id") \
	next(LOT_SOURCE, "l.source") \
	next(LOT_GRANTED, "l.granted") \
	next(LOT_REMAINING, "l.remaining") \
	next(LOT_EXPIRES_AT, "l.expires_at") \
	next(LOT_REASON, "g.reason") \
	next(LOT_PAYMENT_REF, "l.payment_ref") \
	next(LOT_ITEM, "l.item") \
	next(LOT_AMOUNT, "l.amount_minor") \
	next(LOT_CURRENCY, "l.currency") \
	next(LOT_VALID_FOR, "{l.valid_for}::pg_catalog.text") \
	next(LOT_GOOD_FOR, "pg_catalog.to_jsonb({l.good_for})") \
	next(LOT_USER_ID, "l.user_id")
#define LOT_NCOLUMNS	LOT_GOOD_FOR

RESULT_COLUMNS(LOT_COLUMNS);

static const StudioQuery find_lot = {
	"SELECT" SELECT_LIST(LOT_COLUMNS) " FROM {lots} l"
	" LEFT JOIN {ledger} g ON g.id OPERATOR(pg_catalog.=) l.id"
	" WHERE l.id OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}
};

/* the clients of the lots that have been due longest */
static const StudioQuery due_clients = {
	"SELECT DISTINCT d.user_id FROM (SELECT l.user_id FROM {lots} l"
	" WHERE NOT l.swept AND l.expires_at OPERATOR(pg_catalog.<=) $1"
	" ORDER BY l.expires_at LIMIT $2) d ORDER BY d.user_id",
	2, {TIMESTAMPTZOID, INT4OID}
};

/*
 * Lots that are due but empty: nothing to write down, but swept they are, also
 * those of clients who were deleted.
 */
static const StudioQuery sweep_empty_lots = {
	"UPDATE {lots} l SET swept = true WHERE l.user_id OPERATOR(pg_catalog.=) ANY ($1)"
	" AND NOT l.swept AND l.expires_at OPERATOR(pg_catalog.<=) $2"
	" AND l.remaining OPERATOR(pg_catalog.=) 0 RETURNING 1",
	2, {INT8ARRAYOID, TIMESTAMPTZOID}, PLAN_CUSTOM
};

/* Answers an unknown lot. */
static void
lot_not_found(int64 lot_id)
{
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("lot %lld does not exist", (long long) lot_id),
			 errhint("swan_credits() lists the lots of a client.")));
}

/*
 * Gives a lot another end.  What had expired unspent comes back where that is to
 * come, and settles what refunds are owed of the lot; what is left expires where it
 * is not.  Where nothing would change nothing is written.
 */
static void
change_end(Call *call, Account *account, Lot *lot, TimestampTz expires_at, const char *reason)
{
	bool		ends_now = expires_at != NO_TIME && expires_at <= call->now;
	Entry		entry = NEW_ENTRY;

	if (!ends_now)
		entry.delta = return_lapsed(call, account, lot);
	else if (lot_is_due(call, lot))
		return;
	else
		expires_at = call->now;
	if (expires_at == lot->expires_at && entry.delta == 0)
		return;

	entry.kind = "extension";
	entry.lot = lot;
	entry.reason = reason;
	entry.details = details_of_end(lot->expires_at, expires_at);
	account_end_lot(call, account, lot, expires_at);
	account_write(call, account, &entry);
	if (entry.delta > 0)
		return_take_owed(call, account, lot->id,
						 Min(entry.delta, ledger_shortfall(call, account->user_id, lot->id,
														   query_recheck)));
	account_sweep(call, account);
}

/* swan_extend(): a lot expires later, sooner, now or never. */
Datum
swan_extend_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 3, MAY_ADMINS);
	int64		lot_id = argument_id(fcinfo, 0, "lot_id");
	TimestampTz expires_at = argument_time(fcinfo, 1);
	NullableDatum args[] = {arg_id(lot_id)};
	Locks		locks = {0};
	Account		account;
	int64		user_id;
	Rows		lot;

	if (expires_at != NO_TIME && TIMESTAMP_IS_NOEND(expires_at))
		expires_at = NO_TIME;
	lot = query_recheck(call, &find_lot, args);
	if (lot.nrows != 1)
		lot_not_found(lot_id);
	user_id = row_id(lot, 0, LOT_USER_ID);
	lock_users(call, &locks, &user_id, 1);
	account_enter(call, &locks, user_id, &account);
	change_end(call, &account, account_lot(call, &account, lot_id), expires_at,
			   argument_reason(fcinfo, 2, NULL));
	account_close(call, &account, "Reopened");
	return call_return_result(call, fcinfo, query_recheck(call, &find_lot, args),
							  LOT_NCOLUMNS);
}

/* Sweeps the due lots of one client; returns how many credits went. */
static int32
expire_client(Call *call, int64 user_id)
{
	Account		account;
	int32		before;

	if (!account_lock(call, user_id, &account))
		return 0;
	call_set_now(call);
	account_open(call, &account);
	before = account.balance;
	account_sweep(call, &account);
	account_close(call, &account, "Available");
	return before - account.balance;
}

/* swan_expire(): the janitor; readers and writers do not wait for him. */
Datum
swan_expire(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, NO_ACTOR_ARGUMENT, MAY_SYSTEM);
	NullableDatum args[2];
	int32		clients = 0;
	int32		credits = 0;
	Locks		locks = {0};
	int64	   *ids;
	Rows		due;
	Datum		values[2];
	bool		nulls[2] = {false};

	args[0] = arg_time(call->now);
	args[1] = arg_int(argument_between(fcinfo, 0, "max_rows", EXPIRE_MAX, 1000));
	due = query_recheck(call, &due_clients, args);

	ids = palloc((due.nrows + 1) * sizeof(int64));
	for (uint64 i = 0; i < due.nrows; i++)
		ids[i] = row_id(due, i, 1);
	lock_users(call, &locks, ids, due.nrows);
	for (uint64 i = 0; i < due.nrows; i++)
	{
		int32		gone;

		sql_scope_begin();
		gone = expire_client(call, ids[i]);
		sql_scope_end();
		clients += gone > 0;
		credits += gone;
	}
	if (due.nrows > 0)
	{
		NullableDatum sweep_args[] = {arg_ids(ids, due.nrows), args[0]};

		query_change(call, &sweep_empty_lots, sweep_args, TABLE_LOTS,
					 CMD_UPDATE, NULL, 0);
	}
	values[0] = Int32GetDatum(clients);
	values[1] = Int32GetDatum(credits);
	return call_return_row(call, fcinfo, values, nulls);
}
