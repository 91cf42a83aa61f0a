/*-------------------------------------------------------------------------
 *
 * credit.c
 *	  Credits that come and go without a booking.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/kinds.h"
#include "account/open.h"
#include "write/answer.h"

PG_FUNCTION_INFO_V1(swan_grant_0_2);
PG_FUNCTION_INFO_V1(swan_purchase_0_2);

#define BOUGHT_COLUMNS(first, next) \
	first(BOUGHT_ID, "g.id") \
	next(BOUGHT_USER_ID, "g.user_id") \
	next(BOUGHT_DELTA, "g.delta") \
	next(BOUGHT_BALANCE_AFTER, "g.balance_after")

RESULT_COLUMNS(BOUGHT_COLUMNS);

static const StudioQuery find_purchase = {
	"SELECT" SELECT_LIST(BOUGHT_COLUMNS) " FROM {ledger} g"
	" WHERE g.payment_ref OPERATOR(pg_catalog.=) $1"
	" AND g.item OPERATOR(pg_catalog.=) $2"
	" AND g.kind OPERATOR(pg_catalog.=) 'purchase'",
	2, {TEXTOID, TEXTOID}, PLAN_SIMPLE
};

/* Refuses a grant that leaves out what it cannot do without. */
static void
require_count(FunctionCallInfo fcinfo, int user_argument, int n_argument)
{
	if (PG_ARGISNULL(user_argument) || PG_ARGISNULL(n_argument))
		swan_missing_argument(PG_ARGISNULL(user_argument) ? "user_id" : "n",
							  "User ID and session count are required");
}

/* Returns how a client is spoken of in the answer to a retry; he may be gone. */
static const char *
spoken_of(Call *call, int64 user_id)
{
	Account		account;

	if (account_find(call, user_id, &account, query_look))
		return client_spoken_of(account.name, user_id);
	return client_spoken_of(NULL, user_id);
}

/* Returns whether a key was used for the same grant; another one is refused. */
static bool
same_grant(Call *call, const char *key, CreditAnswer *answer)
{
	KeyedRow	before;

	if (!ledger_find_key(call, answer->user_id, "grant", key, &before))
		return false;
	if (before.delta != answer->added)
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for a grant of %d", key, before.delta),
				 errhint("Use a new key for a new grant.")));
	answer->client = spoken_of(call, answer->user_id);
	answer->available = before.balance_after;
	answer->reason = before.reason;
	answer->ledger_id = before.ledger_id;
	answer->replayed = true;
	return true;
}

/* Writes the one movement of a grant or purchase; false: somebody else has it. */
static bool
write_credit(Call *call, Account *account, const Entry *entry, CreditAnswer *answer)
{
	account_begin(call, account);
	answer->ledger_id = account_write(call, account, entry);
	if (answer->ledger_id == NO_ID)
		return false;
	account_close(call, account, entry->reason);
	answer->client = client_spoken_of(account->name, account->user_id);
	answer->available = account->balance;
	answer->reason = entry->reason;
	return true;
}

/* swan_grant(): an admin gives a client credits. */
Datum
swan_grant_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 7, MAY_ADMINS);
	Entry		entry = NEW_ENTRY;
	CreditAnswer answer = {0};
	Account		account;

	require_count(fcinfo, 0, 1);
	answer.user_id = PG_GETARG_INT64(0);
	answer.added = argument_any_count(fcinfo, 1, call->studio->settings.grant_max);
	entry.kind = "grant";
	entry.delta = answer.added;
	entry.opens_lot = true;
	entry.source = "grant";
	entry.reason = argument_reason(fcinfo, 2, "Admin added");
	entry.key = argument_key(fcinfo, 4);
	entry.valid_for = lot_validity(call, fcinfo, 5);
	entry.good_for = kinds_argument(call, fcinfo, 6);

	/* a retry is answered without a lock */
	if (same_grant(call, entry.key, &answer))
		return answer_credit(call, fcinfo, &answer);
	if (!account_lock(call, answer.user_id, &account))
		user_not_found(answer.user_id);
	call_set_now(call);
	if (same_grant(call, entry.key, &answer))
		return answer_credit(call, fcinfo, &answer);

	/* a retry may come when neither is good any more */
	argument_count(fcinfo, 1, call->studio->settings.grant_max);
	entry.expires_at = argument_expiry(fcinfo, 3);
	write_credit(call, &account, &entry, &answer);
	return answer_credit(call, fcinfo, &answer);
}

/*
 * Returns whether this was bought before; other terms are refused.  Beside our
 * own row, in another partition, may be that of whoever was quicker.
 */
static bool
same_purchase(Call *call, const Entry *entry, CreditAnswer *answer)
{
	NullableDatum args[] = {arg_text(entry->payment_ref), arg_text(entry->item)};
	Rows		result = query_recheck(call, &find_purchase, args);

	if (result.nrows == 0)
		return false;
	for (uint64 i = 0; i < result.nrows; i++)
	{
		if (row_id(result, i, BOUGHT_USER_ID) != answer->user_id ||
			row_int(result, i, BOUGHT_DELTA) != answer->added)
			ereport(ERROR,
					(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
					 errmsg("payment \"%s\" bought %lld credits for user %lld",
							entry->payment_ref, (long long) row_int(result, i, BOUGHT_DELTA),
							(long long) row_id(result, i, BOUGHT_USER_ID)),
					 errhint("Tell the items of one payment apart by item.")));
	}
	answer->client = spoken_of(call, answer->user_id);
	answer->available = row_int(result, 0, BOUGHT_BALANCE_AFTER);
	answer->reason = entry->reason;
	answer->ledger_id = row_id(result, 0, BOUGHT_ID);
	answer->replayed = true;
	return true;
}

/*
 * Refuses a payment that another client's purchase has taken meanwhile.  That of
 * our client would have been seen under his lock.
 */
static void
refuse_other_purchase(Call *call, const Entry *entry, CreditAnswer *answer)
{
	(void) same_purchase(call, entry, answer);
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table %s or %s suppressed a purchase",
					call->studio->table_names[TABLE_LEDGER],
					call->studio->table_names[TABLE_LOTS])));
}

/* swan_purchase(): the store sold credits; however often it says so. */
Datum
swan_purchase_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 10, MAY_OFFICE);
	Entry		entry = NEW_ENTRY;
	CreditAnswer answer = {0};
	Account		account;

	actor_require_task(call, TASK_PURCHASE);
	require_count(fcinfo, 0, 1);
	answer.user_id = PG_GETARG_INT64(0);
	answer.added = argument_any_count(fcinfo, 1, call->studio->settings.purchase_max);
	entry.kind = "purchase";
	entry.delta = answer.added;
	entry.opens_lot = true;
	entry.source = "purchase";
	entry.reason = "Purchased";
	entry.payment_ref = argument_label(fcinfo, 2, "payment_ref");
	if (entry.payment_ref == NULL)
		swan_missing_argument("payment_ref", NULL);
	entry.item = PG_ARGISNULL(3) ? "" : argument_short_text(fcinfo, 3, "item");
	if (!PG_ARGISNULL(4))
	{
		entry.amount_minor = arg_id(PG_GETARG_INT64(4));
		if (PG_GETARG_INT64(4) < 0)
			ereport(ERROR,
					(swan_error(SWAN_INVALID_ARGUMENT),
					 errmsg("amount_minor must not be negative")));
	}
	entry.currency = argument_short_text(fcinfo, 5, "currency");
	entry.details = PG_ARGISNULL(6) ? (Datum) 0 : PG_GETARG_DATUM(6);
	entry.valid_for = lot_validity(call, fcinfo, 8);
	entry.good_for = kinds_argument(call, fcinfo, 9);

	if (same_purchase(call, &entry, &answer))
		return answer_credit(call, fcinfo, &answer);
	if (!account_lock(call, answer.user_id, &account))
		user_not_found(answer.user_id);
	call_set_now(call);
	if (same_purchase(call, &entry, &answer))
		return answer_credit(call, fcinfo, &answer);

	/* a payment that is reported again may exceed what is good by now */
	argument_count(fcinfo, 1, call->studio->settings.purchase_max);
	entry.expires_at = argument_expiry(fcinfo, 7);
	if (!write_credit(call, &account, &entry, &answer))
		refuse_other_purchase(call, &entry, &answer);
	return answer_credit(call, fcinfo, &answer);
}
