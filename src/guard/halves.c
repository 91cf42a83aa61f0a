/*-------------------------------------------------------------------------
 *
 * halves.c
 *	  What a transaction has written directly to both tables of a studio, as the
 *	  guards have noted it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/xid8.h"

#include "base/details.h"
#include "call/columns.h"
#include "guard/guard.h"
#include "guard/halves.h"

/* how many rows back the other half is looked for */
#define ROWS_BACK	100

static const StudioQuery last_row_xid = {
	"SELECT g.xid FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" ORDER BY g.id DESC LIMIT 1",
	1, {INT8OID}
};

#define HALF_COLUMNS(first, next) \
	first(HALF_XID, "g.xid") \
	next(HALF_KIND, "g.kind") \
	next(HALF_DELTA, "g.delta") \
	next(HALF_SESSION_ID, "g.session_id") \
	next(HALF_LOT_ID, "g.lot_id") \
	next(HALF_CALL_ID, "g.call_id") \
	next(HALF_REASON, "g.reason") \
	next(HALF_DETAILS, "g.details")

RESULT_COLUMNS(HALF_COLUMNS);

static const StudioQuery last_rows = {
	"SELECT" SELECT_LIST(HALF_COLUMNS)
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" ORDER BY g.id DESC LIMIT $2",
	2, {INT8OID, INT4OID}, PLAN_SIMPLE
};

/* Returns whether a row of the ledger, with its xid in that column, is of this transaction. */
static bool
is_ours(Rows rows, uint64 i, int column)
{
	bool		isnull;
	FullTransactionId xid = DatumGetFullTransactionId(row_datum(rows, i, column, &isnull));

	return FullTransactionIdEquals(xid, GetTopFullTransactionIdIfAny());
}

/*
 * Returns whether a session is a live booking of the client that says it took a
 * credit.  One without a date is no slot: nobody could cancel it.
 */
static bool
is_taken(const Slot *slot, int64 user_id)
{
	return slot != NULL && slot->user_id == user_id && slot->date != NO_TIME &&
		slot_is_live(slot) && slot->credits > 0;
}

/* Returns whether a session is the client's no more, or will not take place. */
static bool
is_given_up(const Slot *slot, int64 user_id)
{
	return slot == NULL || slot->user_id != user_id ||
		(!slot_is_live(slot) && slot->status != STATUS_COMPLETED &&
		 slot->status != STATUS_OTHER);
}

/* Returns whether a session says that it took credits, all that it can say it by. */
static bool
says_taken(const Slot *slot)
{
	return slot != NULL && slot->deducted && slot->credits > 0;
}

/*
 * Returns whether a change may give credits back: it ends a booking, or takes the
 * receipt off one that has ended.  One that ends and keeps it was given up too
 * late, unless as much comes back.
 */
static bool
may_give_back(const Slot *old, const Slot *new, int64 user_id)
{
	return is_given_up(new, user_id) &&
		(!is_given_up(old, user_id) ||
		 (old && old->user_id == user_id && says_taken(old) && !says_taken(new)));
}

/* Returns whether credits that come back to their lots could be spent there. */
static bool
lots_take_back(Call *call, Account *account, const Debit *debit)
{
	for (int i = 0; i < debit->nparts; i++)
	{
		int64		lot_id = debit->parts[i].lot_id;

		if (lot_is_due(call, account_lot(call, account, lot_id)) ||
			ledger_shortfall(call, account->user_id, lot_id, query_recheck) > 0)
			return false;
	}
	return true;
}

/*
 * Returns what a direct change of a session asks of its client's balance: so many
 * credits below zero that it should have taken, above that should have come back.
 */
int32
direct_credit(Call *call, Account *account, const Slot *old, const Slot *new)
{
	int64		user_id = account->user_id;
	Debit		debit;

	if (is_taken(new, user_id) && !is_taken(old, user_id))
	{
		debit = debit_find(call, user_id, new->id, query_recheck);
		return debit.credits == 0 ? -new->credits : 0;
	}
	if (!may_give_back(old, new, user_id))
		return 0;
	debit = debit_find(call, user_id, old->id, query_recheck);
	return lots_take_back(call, account, &debit) ? debit.credits : 0;
}

/*
 * Adds a session that asks for credits, unless it does not any more, or gives some
 * back and its row says otherwise of the receipt.
 */
static void
add_claim(Call *call, Account *account, Halves *halves, int64 session_id, int32 credit,
		  bool keeps_receipt)
{
	Claim	   *claim = &halves->claims[halves->nclaims];
	Slot		slot;
	bool		found = slot_find(call, session_id, &slot);

	for (int i = 0; i < halves->nclaims; i++)
	{
		if (halves->claims[i].session_id == session_id)
			return;
	}
	claim->session_id = session_id;
	claim->status = found ? slot.status : STATUS_CANCELLED;
	claim->kind = found ? slot.kind : NULL;
	claim->keeps_receipt = credit > 0 && found && slot.user_id == account->user_id &&
		says_taken(&slot);
	if (claim->keeps_receipt != keeps_receipt)
		return;
	claim->debit = debit_find(call, account->user_id, session_id, query_recheck);
	claim->credits = credit < 0 && found ? slot.credits : claim->debit.credits;
	if (credit < 0 ? claim->debit.credits == 0 && found && is_taken(&slot, account->user_id) :
		claim->credits > 0 && is_given_up(found ? &slot : NULL, account->user_id))
		halves->nclaims++;
}

/* Adds the sessions that ask for credits of that sign, the oldest first. */
static void
add_claims(Call *call, Account *account, Halves *halves, int32 credit, bool keeps_receipt)
{
	for (uint64 i = halves->nrows; i-- > 0;)
	{
		bool		isnull;
		Datum		details = row_datum(halves->rows, i, HALF_DETAILS, &isnull);

		if (strcmp(row_text(halves->rows, i, HALF_KIND), "external") == 0 && !isnull &&
			!row_isnull(halves->rows, i, HALF_SESSION_ID) &&
			details_number(details, "credit", 0) * credit > 0)
			add_claim(call, account, halves, row_id(halves->rows, i, HALF_SESSION_ID),
					  credit, keeps_receipt);
	}
}

/*
 * Reads what this transaction wrote into the ledger of a locked client, and
 * which sessions ask for credits of that sign.  Most have no row of
 * it, and of one that has many, only the last are read.
 */
Halves
halves_read(Call *call, Account *account, int32 credit)
{
	NullableDatum args[] = {arg_id(account->user_id), arg_int(ROWS_BACK)};
	Halves		halves = {0};
	Rows		last = query_recheck(call, &last_row_xid, args);

	if (last.nrows == 0 || !is_ours(last, 0, 1))
		return halves;
	halves.rows = query_recheck(call, &last_rows, args);
	while (halves.nrows < halves.rows.nrows && is_ours(halves.rows, halves.nrows, HALF_XID))
		halves.nrows++;
	halves.claims = palloc((halves.nrows + 1) * sizeof(Claim));
	add_claims(call, account, &halves, credit, false);
	if (credit > 0)
		add_claims(call, account, &halves, credit, true);
	return halves;
}

/* Returns the oldest claims in a row that come to so many credits together. */
Run
halves_run(const Halves *halves, int64 credits)
{
	Run			run = {0};

	for (; run.first < halves->nclaims; run.first++)
	{
		int64		sum = 0;

		for (run.n = 0; run.first + run.n < halves->nclaims && sum < credits; run.n++)
			sum += halves->claims[run.first + run.n].credits;
		if (sum == credits)
			return run;
	}
	run.n = 0;
	return run;
}

/* Returns whether a row is of a direct change of a balance. */
static bool
is_movement(Rows rows, uint64 i)
{
	return strcmp(row_text(rows, i, HALF_KIND), "external") == 0 &&
		row_isnull(rows, i, HALF_SESSION_ID);
}

/*
 * Returns what a direct change of the balance moved, less what sessions have of
 * it already; 0 if a row of it is of no use to them.
 */
static int32
movement_left(Call *call, Account *account, const Halves *halves, int64 call_id)
{
	int32		left = 0;

	for (uint64 i = 0; i < halves->nrows; i++)
	{
		int32		delta = row_int(halves->rows, i, HALF_DELTA);
		Lot		   *lot;

		if (!is_movement(halves->rows, i) || row_id(halves->rows, i, HALF_CALL_ID) != call_id)
			continue;
		if (row_isnull(halves->rows, i, HALF_LOT_ID))
			return 0;			/* the lots were short */
		lot = account_lot(call, account, row_id(halves->rows, i, HALF_LOT_ID));
		if (delta < 0 ? lot_is_due(call, lot) : lot->remaining < delta)
			return 0;
		left += delta;
	}
	return left;
}

/*
 * Returns the oldest direct change of the balance that moved as much as some of the
 * sessions ask for, which are the run, or NO_ID.  Of one that begins before
 * the rows that were read, not all may be known.
 */
int64
halves_movement(Call *call, Account *account, const Halves *halves, int32 credit, Run *run)
{
	Rows		rows = halves->rows;

	for (uint64 i = halves->nrows; i-- > 0;)
	{
		int64		call_id = row_id(rows, i, HALF_CALL_ID);
		int64		left;

		if (!is_movement(rows, i) || !row_isnull(rows, i, HALF_REASON) ||
			(halves->nrows == ROWS_BACK &&
			 call_id == row_id(rows, ROWS_BACK - 1, HALF_CALL_ID)))
			continue;
		left = movement_left(call, account, halves, call_id);
		*run = halves_run(halves, credit < 0 ? -left : left);
		if (left != 0 && run->n > 0)
			return call_id;
	}
	return NO_ID;
}

/* Returns the lots that a direct change of the balance moved credits of, the oldest rows first. */
Debit
halves_lots(const Halves *halves, int64 call_id)
{
	Debit		debit = {0};

	debit.parts = palloc((halves->nrows + 1) * sizeof(DebitPart));
	for (uint64 i = halves->nrows; i-- > 0;)
	{
		if (is_movement(halves->rows, i) && row_id(halves->rows, i, HALF_CALL_ID) == call_id)
			debit_add_part(&debit, row_id(halves->rows, i, HALF_LOT_ID),
						   abs((int32) row_int(halves->rows, i, HALF_DELTA)));
	}
	return debit;
}
