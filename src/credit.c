/*-------------------------------------------------------------------------
 *
 * credit.c
 *	  Credits that come and go without a booking.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "actor.h"
#include "argument.h"
#include "error.h"
#include "ledger.h"
#include "records.h"

PG_FUNCTION_INFO_V1(swan_grant);

/*
 * Returns the array that the report's backend answers a grant with: one
 * object for each credit.
 */
static Datum
granted_sessions(int32 n, const char *reason)
{
	StringInfoData json;
	StringInfoData notes;

	initStringInfo(&json);
	initStringInfo(&notes);
	appendStringInfoChar(&json, '[');
	for (int i = 1; i <= n; i++)
	{
		resetStringInfo(&notes);
		appendStringInfo(&notes, "%s - Session %d", reason, i);
		appendStringInfo(&json,
						 "%s{\"number\": %d, \"status\": \"available\", \"duration\": %d, \"notes\": ",
						 i > 1 ? ", " : "", i, SWAN_DURATION_DEFAULT);
		escape_json(&json, notes.data);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Closes the call with a swan_credit. */
static Datum
return_credit(Call *call, FunctionCallInfo fcinfo, const Account *account,
			  int32 added, int32 available, const char *reason,
			  int64 ledger_id, bool replayed)
{
	Datum		values[7];
	bool		nulls[7] = {false};

	values[0] = Int64GetDatum(account->user_id);
	values[1] = Int32GetDatum(added);
	values[2] = Int32GetDatum(available);
	values[3] = CStringGetTextDatum(psprintf("Successfully added %d sessions to %s. Total available: %d",
											 added, account->name, available));
	values[4] = granted_sessions(added, reason);
	values[5] = Int64GetDatum(ledger_id);
	values[6] = BoolGetDatum(replayed);
	return call_return_row(call, fcinfo, values, nulls);
}

/* Returns how many credits a caller gives, within the studio's limit. */
static int32
argument_count(Call *call, FunctionCallInfo fcinfo, int n, int32 max)
{
	int32		count;

	count = PG_GETARG_INT32(n);
	if (count < 1 || count > max)
		ereport(ERROR,
				(swan_errcode_saying(SWAN_INVALID_SESSION_COUNT,
									 psprintf("Session count must be between 1 and %d", max)),
				 errmsg("session count %d is out of range", count),
				 errhint("It must be between 1 and %d.", max)));
	return count;
}

/* Returns whether a key was used for the same grant; another one is refused. */
static bool
same_grant(Call *call, int64 user_id, int32 n, const char *key, KeyedRow *before)
{
	if (!ledger_find_key(call, user_id, "grant", key, before))
		return false;
	if (before->delta != n)
		ereport(ERROR,
				(swan_errcode(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for a grant of %d", key, before->delta),
				 errhint("Use a new key for a new grant.")));
	return true;
}

/* swan_grant(): an admin gives a client credits. */
Datum
swan_grant(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_ADMINS);
	int64		user_id;
	int32		n;
	Entry		entry = NEW_ENTRY;
	KeyedRow	before;
	Account		account;
	int64		ledger_id;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		swan_missing_argument(PG_ARGISNULL(0) ? "user_id" : "n",
							  "User ID and session count are required");
	user_id = PG_GETARG_INT64(0);
	n = argument_count(call, fcinfo, 1, call->studio->settings.grant_max);

	entry.kind = "grant";
	entry.delta = n;
	entry.opens_lot = true;
	entry.source = "grant";
	entry.reason = argument_reason(fcinfo, 2, "Admin added");
	entry.key = argument_key(fcinfo, 4);

	/* a retry is answered without a lock, and after its lot has expired */
	if (same_grant(call, user_id, n, entry.key, &before) &&
		account_find(call, user_id, &account))
		return return_credit(call, fcinfo, &account, n, before.balance_after,
							 before.reason, before.ledger_id, true);
	entry.expires_at = argument_expiry(fcinfo, 3);

	if (!account_lock(call, user_id, &account))
		user_not_found(user_id);
	call_set_now(call);
	if (same_grant(call, user_id, n, entry.key, &before))
		return return_credit(call, fcinfo, &account, n, before.balance_after,
							 before.reason, before.ledger_id, true);

	account_open(call, &account);
	account_sweep(call, &account);
	ledger_id = account_write(call, &account, &entry);
	account_settle(call, &account);
	records_sync(call, &account, entry.reason);
	return return_credit(call, fcinfo, &account, n, account.balance,
						 entry.reason, ledger_id, false);
}
