/*-------------------------------------------------------------------------
 *
 * reversal.c
 *	  Payments that are taken back, and given back.
 *
 * A reversal takes what is left of the lots of its payment and owes the rest:
 * the shortfall, kept in the ledger's details.  A credit that comes back to
 * such a lot later settles it, see cancel.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "actor.h"
#include "answer.h"
#include "argument.h"
#include "details.h"
#include "error.h"
#include "ledger.h"
#include "records.h"

PG_FUNCTION_INFO_V1(swan_reverse);
PG_FUNCTION_INFO_V1(swan_reinstate);

static const Statement find_payer = {
	"SELECT l.user_id FROM {lots} l"
	" WHERE l.payment_ref OPERATOR(pg_catalog.=) $1"
	" AND ($2 IS NULL OR l.item OPERATOR(pg_catalog.=) $2) LIMIT 1",
	2, {TEXTOID, TEXTOID}
};

/* the lots of a payment, with what reversals took of them and could not take */
static const Statement paid_lots = {
	"SELECT l.id, l.item, l.granted,"
	" COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta), 0),"
	" COALESCE(pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) 'shortfall')::pg_catalog.int4), 0)"
	" FROM {lots} l LEFT JOIN {ledger} g"
	" ON g.user_id OPERATOR(pg_catalog.=) $3"
	" AND g.lot_id OPERATOR(pg_catalog.=) l.id"
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('{reversal,reinstatement}')"
	" WHERE l.payment_ref OPERATOR(pg_catalog.=) $1"
	" AND l.user_id OPERATOR(pg_catalog.=) $3"
	" AND ($2 IS NULL OR l.item OPERATOR(pg_catalog.=) $2)"
	" GROUP BY l.id ORDER BY l.id",
	3, {TEXTOID, TEXTOID, INT8OID}
};

typedef struct PaidLot
{
	int64		id;
	char	   *item;
	int32		granted;
	int32		taken;			/* by reversals, and not reinstated */
	int32		owed;			/* what they could not take */
	int32		take;			/* what this call does */
	int32		owe;
} PaidLot;

/* Locks whoever made a payment, and notes the time. */
static void
lock_payer(Call *call, int64 user_id, Account *account)
{
	if (!account_lock(call, user_id, account))
		user_not_found(user_id);
	call_set_now(call);
}

/* Returns whose payment it is. */
static int64
payer_of(Call *call, const char *payment_ref, const char *item)
{
	NullableDatum args[] = {arg_text(payment_ref), arg_text(item)};
	Rows		result = statement_recheck(call, &find_payer, args);

	if (result.nrows == 0)
		ereport(ERROR,
				(swan_errcode(SWAN_PURCHASE_NOT_FOUND),
				 item ? errmsg("payment \"%s\" has no item \"%s\"", payment_ref, item)
				 : errmsg("payment \"%s\" is not known", payment_ref),
				 errhint("The purchase may still come; try again later.")));
	return row_id(result, 0, 1);
}

/* Reads the lots of a payment. */
static PaidLot *
read_paid_lots(Call *call, int64 user_id, const char *payment_ref,
			   const char *item, int *nlots)
{
	NullableDatum args[] = {arg_text(payment_ref), arg_text(item), arg_id(user_id)};
	Rows		result = statement_recheck(call, &paid_lots, args);
	PaidLot    *lots = palloc0((result.nrows + 1) * sizeof(PaidLot));

	for (uint64 i = 0; i < result.nrows; i++)
	{
		lots[i].id = row_id(result, i, 1);
		lots[i].item = row_text(result, i, 2);
		lots[i].granted = row_int(result, i, 3);
		lots[i].taken = row_int(result, i, 4);
		lots[i].owed = row_int(result, i, 5);
	}
	*nlots = result.nrows;
	return lots;
}

/*
 * Divides a reversal of n credits among the lots: first what can be taken,
 * then what has to be owed.  Returns what nobody can be asked for.
 */
static int32
divide_reversal(Call *call, Account *account, PaidLot *lots, int nlots, int32 n)
{
	for (int i = 0; i < nlots; i++)
	{
		Lot		   *lot = account_lot(call, account, lots[i].id);
		int32		open = lots[i].granted - lots[i].taken - lots[i].owed;

		lots[i].take = Min(n, Min(open, lot->remaining));
		n -= lots[i].take;
	}
	for (int i = 0; i < nlots; i++)
	{
		int32		open = lots[i].granted - lots[i].taken - lots[i].owed - lots[i].take;

		lots[i].owe = Min(n, open);
		n -= lots[i].owe;
	}
	return n;
}

/*
 * Writes one row per lot that a call is about, the first with its key; where
 * there is nothing to do, one that says so.
 */
static void
write_moves(Call *call, Account *account, Entry *entry, PaidLot *lots, int nlots,
			int64 asked, bool of_item, MoveAnswer *answer)
{
	for (int i = 0; i < nlots; i++)
	{
		PaidLot    *lot = &lots[i];
		int64		id;

		if (lot->take == 0 && lot->owe == 0 &&
			(answer->ledger_id != NO_ID || i < nlots - 1))
			continue;
		entry->lot = account_lot(call, account, lot->id);
		entry->item = lot->item;
		entry->delta = -lot->take;
		entry->details = answer->ledger_id == NO_ID ?
			details_of(3, "shortfall", (int64) lot->owe, "n", asked,
					   "of_item", (int64) of_item) :
			details_of(1, "shortfall", (int64) lot->owe);
		id = account_write(call, account, entry);
		if (answer->ledger_id == NO_ID)
			answer->ledger_id = id;
		entry->key = NULL;
	}
}

/* Returns whether a key was used for the same move of the same payment. */
static bool
same_move(Call *call, const Entry *entry, int64 asked, const char *item,
		  MoveAnswer *answer)
{
	KeyedRow	before;

	if (!ledger_find_key(call, answer->user_id, entry->kind, entry->key, &before))
		return false;
	if (strcmp(before.payment_ref, entry->payment_ref) != 0 ||
		details_number(before.details, "n", -1) != asked ||
		details_number(before.details, "of_item", 0) != (item != NULL) ||
		(item && strcmp(item, before.item) != 0))
		ereport(ERROR,
				(swan_errcode(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another %s", entry->key, entry->kind),
				 errhint("Use a new key for a new one.")));
	ledger_sum_call(call, answer->user_id, &before, entry->kind,
					&answer->moved, &answer->shortfall, &answer->available);
	answer->ledger_id = before.ledger_id;
	answer->replayed = true;
	return true;
}

/* swan_reverse(): a payment is refunded, in part or in whole. */
Datum
swan_reverse(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_ADMINS);
	Entry		entry = NEW_ENTRY;
	MoveAnswer	answer = {.ledger_id = NO_ID};
	Account		account;
	PaidLot    *lots;
	char	   *item;
	int32		n;
	int32		left;
	int			nlots;

	entry.payment_ref = argument_label(fcinfo, 0, "payment_ref");
	if (entry.payment_ref == NULL)
		swan_missing_argument("payment_ref", NULL);
	item = argument_text(fcinfo, 1);
	n = PG_ARGISNULL(2) ? -1 : argument_count(fcinfo, 2, PG_INT32_MAX);
	entry.kind = "reversal";
	entry.key = argument_key(fcinfo, 3);

	answer.user_id = payer_of(call, entry.payment_ref, item);
	if (same_move(call, &entry, n, item, &answer))
		return answer_move(call, fcinfo, &answer);
	lock_payer(call, answer.user_id, &account);
	if (same_move(call, &entry, n, item, &answer))
		return answer_move(call, fcinfo, &answer);
	account_open(call, &account);
	account_sweep(call, &account);

	lots = read_paid_lots(call, answer.user_id, entry.payment_ref, item, &nlots);
	left = divide_reversal(call, &account, lots, nlots, n < 0 ? PG_INT32_MAX : n);
	if (n >= 0 && left > 0)
		ereport(ERROR,
				(swan_errcode_saying(SWAN_INVALID_SESSION_COUNT,
									 psprintf("Only %d sessions of this purchase are left to reverse.", n - left)),
				 errmsg("payment \"%s\" has only %d credits left to reverse",
						entry.payment_ref, n - left)));
	for (int i = 0; i < nlots; i++)
	{
		answer.moved += lots[i].take;
		answer.shortfall += lots[i].owe;
	}
	write_moves(call, &account, &entry, lots, nlots, n, item != NULL, &answer);
	account_close(call, &account, "Available");
	answer.available = account.balance;
	return answer_move(call, fcinfo, &answer);
}

/* swan_reinstate(): a refund was taken back. */
Datum
swan_reinstate(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 2, MAY_ADMINS);
	Entry		entry = NEW_ENTRY;
	MoveAnswer	answer = {.ledger_id = NO_ID};
	Account		account;
	PaidLot    *lots;
	int			nlots;

	entry.payment_ref = argument_label(fcinfo, 0, "payment_ref");
	if (entry.payment_ref == NULL)
		swan_missing_argument("payment_ref", NULL);
	entry.kind = "reinstatement";
	entry.key = argument_key(fcinfo, 1);
	if (entry.key == NULL)
		swan_missing_argument("key", NULL);

	answer.user_id = payer_of(call, entry.payment_ref, NULL);
	if (same_move(call, &entry, -1, NULL, &answer))
		return answer_move(call, fcinfo, &answer);
	lock_payer(call, answer.user_id, &account);
	if (same_move(call, &entry, -1, NULL, &answer))
		return answer_move(call, fcinfo, &answer);
	account_open(call, &account);
	account_sweep(call, &account);

	/* all that was taken comes back, and nothing is owed any more */
	lots = read_paid_lots(call, answer.user_id, entry.payment_ref, NULL, &nlots);
	for (int i = 0; i < nlots; i++)
	{
		lots[i].take = -lots[i].taken;
		lots[i].owe = -lots[i].owed;
		answer.moved += lots[i].taken;
	}
	write_moves(call, &account, &entry, lots, nlots, -1, false, &answer);
	account_sweep(call, &account);	/* what came back to an expired lot */
	account_close(call, &account, "Reinstated");
	answer.available = account.balance;
	return answer_move(call, fcinfo, &answer);
}
