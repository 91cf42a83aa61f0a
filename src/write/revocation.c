/*-------------------------------------------------------------------------
 *
 * revocation.c
 *	  Credits that are taken back by hand.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/open.h"
#include "write/answer.h"

PG_FUNCTION_INFO_V1(swan_revoke_0_2);

static const StudioQuery is_his_lot = {
	"SELECT 1 FROM {lots} l WHERE l.id OPERATOR(pg_catalog.=) $1"
	" AND l.user_id OPERATOR(pg_catalog.=) $2",
	2, {INT8OID, INT8OID}
};

static const StudioQuery bought_lots = {
	"SELECT l.id FROM {lots} l WHERE l.user_id OPERATOR(pg_catalog.=) $1"
	" AND l.remaining OPERATOR(pg_catalog.>) 0 AND l.payment_ref IS NOT NULL",
	1, {INT8OID}
};

/* a revocation on its way */
typedef struct Revocation
{
	Entry		entry;			/* of its next row */
	int32		left;			/* how many credits are still to be taken */
	MoveAnswer	answer;
} Revocation;

/* Returns whether a key was used for the same revocation. */
static bool
same_revocation(Call *call, Revocation *revocation, int32 n, int64 lot_id)
{
	MoveAnswer *answer = &revocation->answer;
	const char *key = revocation->entry.key;
	KeyedRow	before;
	CallSum		sum;

	if (!ledger_find_key(call, answer->user_id, "revocation", key, &before))
		return false;
	if (details_number(before.details, "n", -1) != n ||
		details_number(before.details, "lot", NO_ID) != lot_id)
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another revocation", key),
				 errhint("Use a new key for a new revocation.")));
	ledger_sum_call(call, answer->user_id, &before, "revocation", &sum);
	answer->moved = sum.moved;
	answer->shortfall = sum.shortfall;
	answer->available = sum.balance_after;
	answer->ledger_id = before.ledger_id;
	answer->replayed = true;
	return true;
}

/* Writes a row that takes from a lot what it has of the credits to be taken. */
static void
take_from_lot(Call *call, Account *account, Revocation *revocation, Lot *lot)
{
	Entry	   *entry = &revocation->entry;
	int64		id;

	entry->lot = lot;
	entry->delta = lot ? -Min(revocation->left, lot->remaining) : 0;
	revocation->left += entry->delta;
	id = account_write(call, account, entry);
	if (revocation->answer.ledger_id == NO_ID)
		revocation->answer.ledger_id = id;
	entry->key = NULL;			/* the first row stands for the call */
	entry->details = (Datum) 0;
}

/* Returns whether a lot is among those that were paid for. */
static bool
is_bought(Rows bought, const Lot *lot)
{
	for (uint64 i = 0; i < bought.nrows; i++)
	{
		if (row_id(bought, i, 1) == lot->id)
			return true;
	}
	return false;
}

/*
 * Takes from the lots of a client: what was given before what was paid for, of
 * each the soonest to expire first.  So a grant that is taken back leaves alone
 * what a refund will ask for.
 */
static void
take_from_lots(Call *call, Account *account, Revocation *revocation)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	Rows		bought = query_recheck(call, &bought_lots, args);

	for (int paid = 0; paid <= 1; paid++)
	{
		for (int i = 0; i < account->nlots && revocation->left > 0; i++)
		{
			Lot		   *lot = &account->lots[i];

			if (lot->remaining > 0 && is_bought(bought, lot) == (paid == 1))
				take_from_lot(call, account, revocation, lot);
		}
	}
}

/* Returns the lot that is named, which must be the client's. */
static Lot *
named_lot(Call *call, Account *account, int64 lot_id)
{
	NullableDatum args[] = {arg_id(lot_id), arg_id(account->user_id)};

	if (query_recheck(call, &is_his_lot, args).nrows == 0)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("user %lld has no lot %lld",
						(long long) account->user_id, (long long) lot_id),
				 errhint("swan_credits() lists the lots of a client.")));
	return account_lot(call, account, lot_id);
}

/* swan_revoke(): credits are taken back, of one lot or of all. */
Datum
swan_revoke_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_ADMINS);
	Revocation	revocation = {.entry = NEW_ENTRY,.answer = {.ledger_id = NO_ID}};
	MoveAnswer *answer = &revocation.answer;
	Lot		   *lot = NULL;
	Account		account;
	int32		n;
	int64		lot_id;

	answer->user_id = argument_id(fcinfo, 0, "user_id");
	n = PG_ARGISNULL(1) ? -1 : argument_count(fcinfo, 1, PG_INT32_MAX);
	revocation.entry.kind = "revocation";
	revocation.entry.reason = argument_reason(fcinfo, 2, NULL);
	revocation.entry.key = argument_key(fcinfo, 3);
	lot_id = argument_id_or_null(fcinfo, 4);
	if (same_revocation(call, &revocation, n, lot_id))
		return answer_move(call, fcinfo, answer);

	if (!account_lock(call, answer->user_id, &account))
		user_not_found(answer->user_id);
	call_set_now(call);
	if (same_revocation(call, &revocation, n, lot_id))
		return answer_move(call, fcinfo, answer);
	account_begin(call, &account);
	if (lot_id != NO_ID)
		lot = named_lot(call, &account, lot_id);

	answer->moved = lot ? lot->remaining : account_available(&account);
	if (n >= 0 && n < answer->moved)
		answer->moved = n;
	answer->shortfall = n >= 0 ? n - answer->moved : 0;
	revocation.left = answer->moved;
	revocation.entry.details = details_of(3, "n", (int64) n, "lot", lot_id,
										  "shortfall", (int64) answer->shortfall);
	if (lot || revocation.left == 0)
		take_from_lot(call, &account, &revocation, lot);
	else
		take_from_lots(call, &account, &revocation);
	if (revocation.left > 0)
		account_lots_short(&account);
	account_close(call, &account, "Available");
	answer->available = account.balance;
	return answer_move(call, fcinfo, answer);
}
