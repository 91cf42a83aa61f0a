/*-------------------------------------------------------------------------
 *
 * payment.c
 *	  What a payment bought, for whom, and what became of it.
 *
 * The items of a payment may be of different clients.  A call about it locks
 * them all, writes one row for each lot that it is about, and answers with one
 * row for each client.  Its key stands on the first row of each.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/tuplestore.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "account/lots.h"
#include "account/open.h"
#include "write/payment.h"

static const StudioQuery find_payers = {
	"SELECT DISTINCT l.user_id FROM {lots} l"
	" WHERE l.payment_ref OPERATOR(pg_catalog.=) $1"
	" AND ($2 IS NULL OR l.item OPERATOR(pg_catalog.=) $2) ORDER BY l.user_id",
	2, {TEXTOID, TEXTOID}
};

/* in SQL: what rows of some kinds took of a lot, and what details of reversals come to */
#define LEDGER_OF_LOT(kinds) \
	"COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta)" \
	" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{" kinds "}')), 0)"
#define DETAILS_OF_LOT(member) \
	"COALESCE(pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) '" member "')" \
	"::pg_catalog.int8) FILTER (WHERE g.kind OPERATOR(pg_catalog.<>) 'revocation')" \
	"::pg_catalog.int8, 0)"

#define PAID_COLUMNS(first, next) \
	first(PAID_LOT_ID, "l.id") \
	next(PAID_USER_ID, "l.user_id") \
	next(PAID_ITEM, "l.item") \
	next(PAID_GRANTED, "l.granted OPERATOR(pg_catalog.-) " HANDED_ON) \
	next(PAID_AMOUNT, AMOUNT_KEPT) \
	next(PAID_CURRENCY, "l.currency") \
	next(PAID_TAKEN, LEDGER_OF_LOT("reversal,reinstatement")) \
	next(PAID_LAPSED, LEDGER_OF_LOT("expiry,extension,revocation")) \
	next(PAID_OWED, DETAILS_OF_LOT("shortfall")) \
	next(PAID_EXPIRED, DETAILS_OF_LOT("expired")) \
	next(PAID_MONEY, DETAILS_OF_LOT("money"))

RESULT_COLUMNS(PAID_COLUMNS);

/*
 * The lots of a payment, with what reversals have of them, and what expired or was
 * revoked of them.  What went to another client is in a lot of his, with its part of what was
 * paid.
 */
static const StudioQuery paid_lots = {
	"SELECT" SELECT_LIST(PAID_COLUMNS)
	" FROM {lots} l LEFT JOIN {ledger} g"
	" ON g.user_id OPERATOR(pg_catalog.=) l.user_id"
	" AND g.lot_id OPERATOR(pg_catalog.=) l.id"
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('{reversal,reinstatement,transfer,expiry,extension,revocation}')"
	" WHERE l.payment_ref OPERATOR(pg_catalog.=) $1"
	" AND l.user_id OPERATOR(pg_catalog.=) ANY ($3)"
	" AND ($2 IS NULL OR l.item OPERATOR(pg_catalog.=) $2)"
	" GROUP BY l.id ORDER BY l.id",
	3, {TEXTOID, TEXTOID, INT8ARRAYOID}
};

/* Reads which payment a call is about: its reference, item, count and key. */
void
payment_arguments(FunctionCallInfo fcinfo, Payment *payment, int item, int n, int key)
{
	payment->ref = argument_label(fcinfo, 0, "payment_ref");
	if (payment->ref == NULL)
		swan_missing_argument("payment_ref", NULL);
	payment->item = argument_text(fcinfo, item);
	payment->n = PG_ARGISNULL(n) ? -1 : argument_count(fcinfo, n, PG_INT32_MAX);
	payment->refunded = NO_ID;
	payment->key = argument_key(fcinfo, key);
}

/* Notes which of a client's reversals is the one to be undone, if it is his. */
static void
find_reversal(Call *call, const Payment *payment, Payer *payer)
{
	KeyedRow	row;

	payer->reversal = NO_ID;
	if (!ledger_find_key(call, payer->user_id, "reversal", payment->reversal, &row) ||
		strcmp(row.payment_ref, payment->ref) != 0)
		return;
	if (payment->item && details_number(row.details, "of_item", 0) != 0 &&
		strcmp(row.item, payment->item) != 0)
		return;
	payer->reversal = row.call_id;
}

/* Notes that a client has lots of the payment. */
static void
note_payer(Call *call, const Payment *payment, Payer *payer, int64 user_id)
{
	payer->user_id = payer->answer.user_id = user_id;
	payer->answer.ledger_id = NO_ID;
	find_reversal(call, payment, payer);
}

/* Finds whose payment it is. */
void
payment_find(Call *call, Payment *payment)
{
	NullableDatum args[] = {arg_text(payment->ref), arg_text(payment->item)};
	Rows		result = query_recheck(call, &find_payers, args);

	if (result.nrows == 0)
		ereport(ERROR,
				(swan_error(SWAN_PURCHASE_NOT_FOUND),
				 payment->item ?
				 errmsg("payment \"%s\" has no item \"%s\"", payment->ref, payment->item) :
				 errmsg("payment \"%s\" is not known", payment->ref),
				 errhint("The purchase may still come; try again later.")));
	payment->npayers = result.nrows;
	payment->payers = palloc0(result.nrows * sizeof(Payer));
	for (int i = 0; i < payment->npayers; i++)
		note_payer(call, payment, &payment->payers[i], row_id(result, i, 1));
}

/* Returns whether a client's key was used for the same call. */
static bool
is_same_call(const Payment *payment, const Payer *payer, const KeyedRow *before)
{
	bool		of_item = details_number(before->details, "of_item", 0) != 0;
	bool		of_reversal = details_number(before->details, "of_reversal", 0) != 0;

	if (strcmp(before->payment_ref, payment->ref) != 0 ||
		details_number(before->details, "n", -1) != payment->n ||
		details_number(before->details, "refunded_minor", NO_ID) != payment->refunded ||
		of_item != (payment->item != NULL) ||
		of_reversal != (payment->reversal != NULL))
		return false;
	if (of_item && strcmp(before->item, payment->item) != 0)
		return false;
	return !of_reversal || (payer->reversal != NO_ID &&
							details_number(before->details, "reversal", NO_ID) == payer->reversal);
}

/*
 * Returns whether the key was used for the same call, and how it was answered
 * then.  A client to whom it did nothing has no row of it.
 */
bool
payment_replay(Call *call, Payment *payment)
{
	bool		found = false;

	for (int i = 0; i < payment->npayers; i++)
	{
		Payer	   *payer = &payment->payers[i];
		KeyedRow	before;
		CallSum		sum;

		if (!ledger_find_key(call, payer->user_id, payment->kind, payment->key, &before))
			continue;
		if (!is_same_call(payment, payer, &before))
			ereport(ERROR,
					(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
					 errmsg("key \"%s\" was used for another %s", payment->key, payment->kind),
					 errhint("Use a new key for a new one.")));
		ledger_sum_call(call, payer->user_id, &before, payment->kind, &sum);
		payer->answer.moved = sum.moved;
		payer->answer.shortfall = sum.shortfall;
		payer->answer.expired = sum.expired;
		payer->answer.available = sum.balance_after;
		payer->answer.ledger_id = before.ledger_id;
		payer->answer.replayed = true;
		found = true;
	}
	return found;
}

/* Returns the ids of the clients. */
static int64 *
payer_ids(const Payment *payment)
{
	int64	   *ids = palloc(payment->npayers * sizeof(int64));

	for (int i = 0; i < payment->npayers; i++)
		ids[i] = payment->payers[i].user_id;
	return ids;
}

/* Returns whether a client is one of those of whom we know. */
static bool
is_payer(const Payment *payment, int64 user_id)
{
	for (int i = 0; i < payment->npayers; i++)
	{
		if (payment->payers[i].user_id == user_id)
			return true;
	}
	return false;
}

/*
 * Locks those clients, too, to whom credits of the payment went while we waited
 * for the others: nothing can be handed on any more once all are locked.  Of whom
 * a reversal has taken that is to be undone we know from the beginning.
 */
static void
lock_who_came_along(Call *call, Payment *payment, int64 highest)
{
	NullableDatum args[] = {arg_text(payment->ref), arg_text(payment->item)};
	Locks		locks = {0};
	int			nold = payment->npayers;
	Rows		result;

	if (payment->reversal)
		return;
	result = query_recheck(call, &find_payers, args);
	payment->payers = repalloc(payment->payers,
							   (nold + result.nrows) * sizeof(Payer));
	for (uint64 i = 0; i < result.nrows; i++)
	{
		Payer	   *payer = &payment->payers[payment->npayers];

		if (is_payer(payment, row_id(result, i, 1)))
			continue;
		memset(payer, 0, sizeof(Payer));
		note_payer(call, payment, payer, row_id(result, i, 1));
		payment->npayers++;
	}
	if (payment->npayers == nold)
		return;
	lock_users_after(call, &locks, payer_ids(payment) + nold, payment->npayers - nold, highest);
	for (int i = nold; i < payment->npayers; i++)
	{
		Payer	   *payer = &payment->payers[i];

		payer->is_there = locked_user(&locks, payer->user_id, &payer->account);
		highest = Max(highest, payer->user_id);
	}
	lock_who_came_along(call, payment, highest);
}

/* Compares two clients of a payment, for qsort(). */
static int
compare_payers(const void *a, const void *b)
{
	int64		x = ((const Payer *) a)->user_id;
	int64		y = ((const Payer *) b)->user_id;

	return x < y ? -1 : x > y;
}

/*
 * Leaves only those clients who are there.  Others were deleted: they had nothing
 * left by then, and their part can be asked of nobody.
 */
static void
keep_who_is_there(Payment *payment)
{
	int			n = 0;

	for (int i = 0; i < payment->npayers; i++)
	{
		if (payment->payers[i].is_there)
			payment->payers[n++] = payment->payers[i];
	}
	if (n == 0)
		user_not_found(payment->payers[0].user_id);
	payment->npayers = n;
}

/* Locks the clients, and notes the time. */
void
payment_lock(Call *call, Payment *payment)
{
	Locks		locks = {0};

	lock_users(call, &locks, payer_ids(payment), payment->npayers);
	for (int i = 0; i < payment->npayers; i++)
	{
		Payer	   *payer = &payment->payers[i];

		payer->is_there = locked_user(&locks, payer->user_id, &payer->account);
	}
	lock_who_came_along(call, payment, payment->payers[payment->npayers - 1].user_id);
	keep_who_is_there(payment);
	qsort(payment->payers, payment->npayers, sizeof(Payer), compare_payers);
}

/* Opens the accounts of the clients who are locked, and reads their lots. */
void
payment_open(Call *call, Payment *payment)
{
	NullableDatum args[] = {
		arg_text(payment->ref), arg_text(payment->item),
		arg_ids(payer_ids(payment), payment->npayers)
	};
	Rows		result;

	for (int i = 0; i < payment->npayers; i++)
	{
		account_begin(call, &payment->payers[i].account);
	}
	result = query_recheck(call, &paid_lots, args);
	payment->nlots = result.nrows;
	payment->lots = palloc0((result.nrows + 1) * sizeof(PaidLot));
	for (int i = 0; i < payment->nlots; i++)
	{
		PaidLot    *lot = &payment->lots[i];
		Payer	   *payer = payment->payers;

		while (payer->user_id != row_id(result, i, PAID_USER_ID))
			payer++;
		lot->payer = payer;
		lot->id = row_id(result, i, PAID_LOT_ID);
		lot->item = row_text(result, i, PAID_ITEM);
		lot->granted = row_int(result, i, PAID_GRANTED);
		lot->amount = row_id(result, i, PAID_AMOUNT);
		lot->currency = row_text(result, i, PAID_CURRENCY);
		lot->lapsed = row_int(result, i, PAID_LAPSED);
		lot->has.taken = row_int(result, i, PAID_TAKEN);
		lot->has.owed = row_int(result, i, PAID_OWED);
		lot->has.expired = row_int(result, i, PAID_EXPIRED);
		lot->has.money = row_id(result, i, PAID_MONEY);
	}
}

/* Returns of how many credits reversals have a share. */
int32
share_credits(const Share *share)
{
	return share->taken + share->expired + share->owed;
}

/* Returns whether nothing is to be written of a share. */
bool
share_is_nothing(const Share *share)
{
	return share->taken == 0 && share->expired == 0 && share->owed == 0 && share->money == 0;
}

/* Returns a number for the ledger's details, which leave out 0. */
static int64
unless_zero(int64 n)
{
	return n != 0 ? n : NO_ID;
}

/*
 * Writes what becomes of a lot: what reversals have of it more, or less, than
 * before.  The first row of a client says what the call was asked for; "reversal"
 * says which one is undone, if only one is.
 */
void
payment_write(Call *call, Payment *payment, PaidLot *lot, const Share *more, int64 reversal)
{
	Payer	   *payer = lot->payer;
	bool		first = payer->answer.ledger_id == NO_ID;
	Entry		entry = NEW_ENTRY;
	int64		id;

	entry.kind = payment->kind;
	entry.lot = account_lot(call, &payer->account, lot->id);
	entry.payment_ref = payment->ref;
	entry.item = lot->item;
	entry.delta = -more->taken;
	entry.key = first ? payment->key : NULL;
	entry.details = details_of(8, "shortfall", (int64) more->owed,
							   "expired", unless_zero(more->expired),
							   "money", unless_zero(more->money),
							   "reversal", reversal,
							   "n", first ? (int64) payment->n : NO_ID,
							   "refunded_minor", first ? payment->refunded : NO_ID,
							   "of_item", first ? (int64) (payment->item != NULL) : NO_ID,
							   "of_reversal", first && payment->reversal ? (int64) 1 : NO_ID);
	id = account_write(call, &payer->account, &entry);
	if (first)
		payer->answer.ledger_id = id;
}

/*
 * Writes a row for each client to whom a call about all of the payment has done
 * nothing, so that it is on record, and its key.
 */
void
payment_write_nothing(Call *call, Payment *payment)
{
	static const Share nothing = {0};

	for (int i = payment->nlots - 1; i >= 0 && payment->n < 0; i--)
	{
		PaidLot    *lot = &payment->lots[i];

		if (lot->payer->answer.ledger_id == NO_ID)
			payment_write(call, payment, lot, &nothing, lot->payer->reversal);
	}
}

/* Closes the accounts of the clients. */
void
payment_close(Call *call, Payment *payment, const char *reason)
{
	for (int i = 0; i < payment->npayers; i++)
	{
		Payer	   *payer = &payment->payers[i];

		account_close(call, &payer->account, reason);
		payer->answer.available = payer->account.balance;
	}
}

/* Closes the call with a swan_reversal for each client that it was about. */
Datum
payment_answer(Call *call, FunctionCallInfo fcinfo, const Payment *payment)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int i = 0; i < payment->npayers; i++)
	{
		Datum		values[MOVE_NCOLUMNS];
		bool		nulls[MOVE_NCOLUMNS];

		if (payment->payers[i].answer.ledger_id == NO_ID)
			continue;
		answer_move_columns(&payment->payers[i].answer, values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	call_end(call);
	return (Datum) 0;
}
