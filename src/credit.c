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

#include "actor.h"
#include "answer.h"
#include "argument.h"
#include "details.h"
#include "error.h"
#include "ledger.h"
#include "records.h"

PG_FUNCTION_INFO_V1(swan_grant);
PG_FUNCTION_INFO_V1(swan_purchase);
PG_FUNCTION_INFO_V1(swan_revoke);

static const Statement find_purchase = {
	"SELECT g.user_id, g.delta, g.balance_after, g.id FROM {ledger} g"
	" WHERE g.payment_ref OPERATOR(pg_catalog.=) $1"
	" AND g.item OPERATOR(pg_catalog.=) $2"
	" AND g.kind OPERATOR(pg_catalog.=) 'purchase'",
	2, {TEXTOID, TEXTOID}
};

/* Refuses a grant that leaves out what it cannot do without. */
static void
require_count(FunctionCallInfo fcinfo, int user_argument, int n_argument)
{
	if (PG_ARGISNULL(user_argument) || PG_ARGISNULL(n_argument))
		swan_missing_argument(PG_ARGISNULL(user_argument) ? "user_id" : "n",
							  "User ID and session count are required");
}

/* Returns whether a key was used for the same grant; another one is refused. */
static bool
same_grant(Call *call, const char *key, CreditAnswer *answer)
{
	KeyedRow	before;
	Account		account;

	if (!ledger_find_key(call, answer->user_id, "grant", key, &before))
		return false;
	if (before.delta != answer->added)
		ereport(ERROR,
				(swan_errcode(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for a grant of %d", key, before.delta),
				 errhint("Use a new key for a new grant.")));
	if (!account_find(call, answer->user_id, &account, statement_look))
		user_not_found(answer->user_id);
	answer->client = account.name;
	answer->available = before.balance_after;
	answer->reason = before.reason;
	answer->ledger_id = before.ledger_id;
	answer->replayed = true;
	return true;
}

/* Writes the one movement of a grant or purchase; false: it is known already. */
static bool
write_credit(Call *call, Account *account, const Entry *entry, CreditAnswer *answer)
{
	account_open(call, account);
	account_sweep(call, account);
	answer->ledger_id = account_write(call, account, entry);
	if (answer->ledger_id == NO_ID)
		return false;
	account_close(call, account, entry->reason);
	answer->client = account->name;
	answer->available = account->balance;
	answer->reason = entry->reason;
	return true;
}

/* swan_grant(): an admin gives a client credits. */
Datum
swan_grant(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_ADMINS);
	Entry		entry = NEW_ENTRY;
	CreditAnswer answer = {0};
	Account		account;

	require_count(fcinfo, 0, 1);
	answer.user_id = PG_GETARG_INT64(0);
	answer.added = argument_count(fcinfo, 1, call->studio->settings.grant_max);
	entry.kind = "grant";
	entry.delta = answer.added;
	entry.opens_lot = true;
	entry.source = "grant";
	entry.reason = argument_reason(fcinfo, 2, "Admin added");
	entry.key = argument_key(fcinfo, 4);

	/* a retry is answered without a lock, and after its lot has expired */
	if (same_grant(call, entry.key, &answer))
		return answer_credit(call, fcinfo, &answer);
	entry.expires_at = argument_expiry(fcinfo, 3);

	if (!account_lock(call, answer.user_id, &account))
		user_not_found(answer.user_id);
	call_set_now(call);
	if (!same_grant(call, entry.key, &answer))
		write_credit(call, &account, &entry, &answer);
	return answer_credit(call, fcinfo, &answer);
}

/* Returns whether this was bought before; other terms are refused. */
static bool
same_purchase(Call *call, const Entry *entry, CreditAnswer *answer)
{
	NullableDatum args[] = {arg_text(entry->payment_ref), arg_text(entry->item)};
	Rows		result = statement_recheck(call, &find_purchase, args);
	Account		account;

	if (result.nrows == 0)
		return false;
	if (row_id(result, 0, 1) != answer->user_id || row_int(result, 0, 2) != answer->added)
		ereport(ERROR,
				(swan_errcode(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("payment \"%s\" bought %lld credits for user %lld",
						entry->payment_ref, (long long) row_int(result, 0, 2),
						(long long) row_id(result, 0, 1)),
				 errhint("Tell the items of one payment apart by item.")));
	if (!account_find(call, answer->user_id, &account, statement_look))
		user_not_found(answer->user_id);
	answer->client = account.name;
	answer->available = row_int(result, 0, 3);
	answer->reason = entry->reason;
	answer->ledger_id = row_id(result, 0, 4);
	answer->replayed = true;
	return true;
}

/* Answers a payment that another client's purchase has taken meanwhile. */
static void
find_other_purchase(Call *call, const Entry *entry, CreditAnswer *answer)
{
	if (!same_purchase(call, entry, answer))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger on table %s suppressed a purchase",
						call->studio->table_names[TABLE_LEDGER])));
}

/*
 * Makes two purchases of one payment wait for each other.  Different items
 * conflict on no index, but must not be two clients'.
 */
static void
lock_payment(Call *call, const Entry *entry)
{
	static const Statement lock = {
		"SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, $2))",
		2, {TEXTOID, INT8OID}
	};
	NullableDatum args[] = {
		arg_text(entry->payment_ref), arg_id(call->studio->tables[TABLE_LEDGER])
	};

	statement_look(call, &lock, args);
}

/* Refuses that one payment is for two clients. */
static void
check_payer(Call *call, const Entry *entry, int64 user_id)
{
	static const Statement payer = {
		"SELECT g.user_id FROM {ledger} g"
		" WHERE g.payment_ref OPERATOR(pg_catalog.=) $1"
		" AND g.kind OPERATOR(pg_catalog.=) 'purchase' LIMIT 1",
		1, {TEXTOID}
	};
	NullableDatum args[] = {arg_text(entry->payment_ref)};
	Rows		result = statement_recheck(call, &payer, args);

	if (result.nrows > 0 && row_id(result, 0, 1) != user_id)
		ereport(ERROR,
				(swan_errcode(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("payment \"%s\" is another client's", entry->payment_ref),
				 errhint("All items of one payment are one client's.")));
}

/* swan_purchase(): the store sold credits; however often it says so. */
Datum
swan_purchase(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 8, MAY_ADMINS);
	Entry		entry = NEW_ENTRY;
	CreditAnswer answer = {0};
	Account		account;

	require_count(fcinfo, 0, 1);
	answer.user_id = PG_GETARG_INT64(0);
	answer.added = argument_count(fcinfo, 1, call->studio->settings.purchase_max);
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
					(swan_errcode(SWAN_INVALID_ARGUMENT),
					 errmsg("amount_minor must not be negative")));
	}
	entry.currency = argument_short_text(fcinfo, 5, "currency");
	entry.details = PG_ARGISNULL(6) ? (Datum) 0 : PG_GETARG_DATUM(6);

	if (same_purchase(call, &entry, &answer))
		return answer_credit(call, fcinfo, &answer);
	entry.expires_at = argument_expiry(fcinfo, 7);

	lock_payment(call, &entry);
	if (!account_lock(call, answer.user_id, &account))
		user_not_found(answer.user_id);
	call_set_now(call);
	if (same_purchase(call, &entry, &answer))
		return answer_credit(call, fcinfo, &answer);
	check_payer(call, &entry, answer.user_id);
	if (!write_credit(call, &account, &entry, &answer))
		find_other_purchase(call, &entry, &answer);
	return answer_credit(call, fcinfo, &answer);
}

/* Returns whether a key was used for the same revocation. */
static bool
same_revocation(Call *call, const char *key, Datum details, MoveAnswer *answer)
{
	KeyedRow	before;

	if (!ledger_find_key(call, answer->user_id, "revocation", key, &before))
		return false;
	if (details_number(before.details, "n", -1) != details_number(details, "n", -1))
		ereport(ERROR,
				(swan_errcode(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another revocation", key),
				 errhint("Use a new key for a new revocation.")));
	ledger_sum_call(call, answer->user_id, &before, "revocation",
					&answer->moved, &answer->shortfall, &answer->available);
	answer->ledger_id = before.ledger_id;
	answer->replayed = true;
	return true;
}

/* swan_revoke(): credits are taken back, the soonest to expire first. */
Datum
swan_revoke(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_ADMINS);
	Entry		entry = NEW_ENTRY;
	MoveAnswer	answer = {.ledger_id = NO_ID};
	Account		account;
	int32		n;
	int32		left;

	answer.user_id = argument_id(fcinfo, 0, "user_id");
	n = PG_ARGISNULL(1) ? -1 : argument_count(fcinfo, 1, PG_INT32_MAX);
	entry.kind = "revocation";
	entry.reason = argument_reason(fcinfo, 2, NULL);
	entry.key = argument_key(fcinfo, 3);
	if (same_revocation(call, entry.key, details_of(1, "n", (int64) n), &answer))
		return answer_move(call, fcinfo, &answer);

	if (!account_lock(call, answer.user_id, &account))
		user_not_found(answer.user_id);
	call_set_now(call);
	if (same_revocation(call, entry.key, details_of(1, "n", (int64) n), &answer))
		return answer_move(call, fcinfo, &answer);
	account_open(call, &account);
	account_sweep(call, &account);

	answer.moved = account_available(&account);
	if (n >= 0 && n < answer.moved)
		answer.moved = n;
	answer.shortfall = n >= 0 ? n - answer.moved : 0;
	entry.details = details_of(2, "n", (int64) n, "shortfall", (int64) answer.shortfall);
	left = answer.moved;
	do
	{
		int64		id;

		if (left > 0)
		{
			entry.lot = account_soonest(&account);
			entry.delta = -Min(left, entry.lot->remaining);
		}
		left += entry.delta;
		id = account_write(call, &account, &entry);
		if (answer.ledger_id == NO_ID)
			answer.ledger_id = id;
		entry.key = NULL;		/* the first row stands for the call */
		entry.details = (Datum) 0;
	} while (left > 0);
	account_close(call, &account, "Available");
	answer.available = account.balance;
	return answer_move(call, fcinfo, &answer);
}
