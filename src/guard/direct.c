/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  What direct writes to both tables of a studio come to together.
 *
 * A route that knows nothing of swanalloc books by two writes: a session gets
 * its client and session_deducted, and the client's balance is one less.  It
 * cancels by the reverse.  Where both are recorded, and both are of one
 * transaction, that is a debit of this session, or its return, and the ledger
 * says so as if swan_book() or swan_cancel() had been called.
 *
 * The two come in either order, each judged for itself.  What the first one was
 * is read from the rows that the guards have written in this transaction, which
 * are the client's last ones, since his lock keeps others out.  A change of a
 * session that asks for a credit has the number "credit" in its details: -1 if
 * one should have been taken, 1 if one should have come back.
 *
 * Credits and sessions must match: what one statement took off a balance goes to
 * as many sessions, or to none.  What does not match stays what it was,
 * "external", and its sessions are bookings that nobody paid for.
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
#include "account/debit.h"
#include "guard/guard.h"

/* how many rows back the other half is looked for */
#define ROWS_BACK	100

/* a session that asks for a credit, or gives one back */
typedef struct Claim
{
	int64		session_id;
	SlotStatus	status;
	int64		debit;			/* the lot that it was charged to, or NO_ID */
} Claim;

/* What a client's transaction did to both tables, oldest first. */
typedef struct Halves
{
	uint64		nrows;			/* in "rows", newest first */
	Rows		rows;
	int			nclaims;
	Claim	   *claims;
} Halves;

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
		slot_is_live(slot) && slot->deducted;
}

/* Returns whether a session is the client's no more, or does not say any more that it took a credit. */
static bool
is_given_up(const Slot *slot, int64 user_id)
{
	return slot == NULL || slot->user_id != user_id ||
		(!slot_is_live(slot) && slot->status != STATUS_COMPLETED &&
		 slot->status != STATUS_OTHER && !slot->deducted);
}

/* Returns the lot of what a client's session has taken, or NO_ID. */
static int64
debited_lot(Call *call, int64 user_id, int64 session_id)
{
	Debit		debit = debit_find(call, user_id, session_id, query_recheck);

	return debit.nparts > 0 ? debit.parts[0].lot_id : NO_ID;
}

/* Returns whether a credit that comes back to a lot could be spent there. */
static bool
lot_takes_back(Call *call, Account *account, int64 lot_id)
{
	return !lot_is_due(call, account_lot(call, account, lot_id)) &&
		ledger_shortfall(call, account->user_id, lot_id, query_recheck) == 0;
}

/*
 * Returns what a direct change of a session asks of its client's balance: -1 if
 * it should have taken a credit, 1 if one should have come back, else 0.
 */
int32
direct_credit(Call *call, Account *account, const Slot *old, const Slot *new)
{
	int64		user_id = account->user_id;
	int64		debit;

	if (is_taken(new, user_id) && !is_taken(old, user_id))
		return debited_lot(call, user_id, new->id) == NO_ID ? -1 : 0;
	if (is_given_up(old, user_id) || !is_given_up(new, user_id))
		return 0;
	debit = debited_lot(call, user_id, old->id);
	return debit != NO_ID && lot_takes_back(call, account, debit) ? 1 : 0;
}

/* Adds a session that asks for a credit, unless it does not any more. */
static void
add_claim(Call *call, Account *account, Halves *halves, int64 session_id, int32 credit)
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
	claim->debit = debited_lot(call, account->user_id, session_id);
	if (credit < 0 ? claim->debit == NO_ID && found && is_taken(&slot, account->user_id) :
		claim->debit != NO_ID && is_given_up(found ? &slot : NULL, account->user_id))
		halves->nclaims++;
}

/*
 * Reads what this transaction wrote into the ledger of a locked client, and
 * which sessions ask for such a credit, the oldest first.  Most have no row of
 * it, and of one that has many, only the last are read.
 */
static Halves
read_halves(Call *call, Account *account, int32 credit)
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
	for (uint64 i = halves.nrows; i-- > 0;)
	{
		bool		isnull;
		Datum		details = row_datum(halves.rows, i, HALF_DETAILS, &isnull);

		if (strcmp(row_text(halves.rows, i, HALF_KIND), "external") == 0 && !isnull &&
			!row_isnull(halves.rows, i, HALF_SESSION_ID) &&
			details_number(details, "credit", 0) == credit)
			add_claim(call, account, &halves, row_id(halves.rows, i, HALF_SESSION_ID), credit);
	}
	return halves;
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
 * Returns the oldest direct change of the balance that no more credits moved by
 * than there are sessions that ask for one, or NO_ID.  Of one that begins before
 * the rows that were read, not all may be known.
 */
static int64
find_movement(Call *call, Account *account, const Halves *halves, int32 credit)
{
	Rows		rows = halves->rows;

	for (uint64 i = halves->nrows; i-- > 0;)
	{
		int64		call_id = row_id(rows, i, HALF_CALL_ID);
		int32		left;

		if (!is_movement(rows, i) || !row_isnull(rows, i, HALF_REASON) ||
			(halves->nrows == ROWS_BACK &&
			 call_id == row_id(rows, ROWS_BACK - 1, HALF_CALL_ID)))
			continue;
		left = movement_left(call, account, halves, call_id) * credit;
		if (left > 0 && left <= halves->nclaims)
			return call_id;
	}
	return NO_ID;
}

/* Writes a row for a session that took or gave back a credit. */
static void
write_claim(Call *call, Account *account, const Claim *claim, int64 lot_id)
{
	Entry		entry = NEW_ENTRY;

	entry.kind = claim->debit == NO_ID ? "booking" : "cancellation";
	entry.delta = claim->debit == NO_ID ? -1 : 1;
	entry.lot = account_lot(call, account, lot_id);
	entry.session_id = claim->session_id;
	entry.by_nobody = true;
	account_write(call, account, &entry);
	if (claim->debit != NO_ID || claim->status != STATUS_CONFIRMED)
		return;
	entry.kind = "confirmation";	/* what else it is by now */
	entry.delta = 0;
	entry.lot = NULL;
	account_write(call, account, &entry);
}

/* Takes one credit of a direct change of the balance back, for a session to have it. */
static void
write_back(Call *call, Account *account, const Claim *claim, int64 lot_id)
{
	Entry		entry = NEW_ENTRY;

	entry.kind = "external";
	entry.delta = claim->debit == NO_ID ? 1 : -1;
	entry.lot = account_lot(call, account, lot_id);
	entry.reason = psprintf("for session %lld", (long long) claim->session_id);
	entry.by_nobody = true;
	account_write(call, account, &entry);
}

/* Returns whether so many credits are there that can be spent. */
static bool
can_spend(Call *call, const Account *account, int32 n)
{
	for (int i = 0; i < account->nlots; i++)
	{
		if (!lot_is_due(call, &account->lots[i]))
			n -= account->lots[i].remaining;
	}
	return n <= 0;
}

/* Returns the lot to take the next credit from, where nothing was swept. */
static int64
next_lot(Call *call, const Account *account)
{
	for (int i = 0; i < account->nlots; i++)
	{
		if (account->lots[i].remaining > 0 && !lot_is_due(call, &account->lots[i]))
			return account->lots[i].id;
	}
	elog(ERROR, "no credit of user %lld is left", (long long) account->user_id);
}

/*
 * Writes down a direct change of a client's balance for the sessions that were
 * changed before it; returns false if there are not as many.
 */
bool
direct_balance(Call *call, Account *account, int32 delta)
{
	Halves		halves = read_halves(call, account, delta < 0 ? -1 : 1);

	if (halves.nclaims == 0 || (int64) abs(delta) > halves.nclaims ||
		(delta < 0 && !can_spend(call, account, -delta)))
		return false;
	for (int i = 0; i < abs(delta); i++)
		write_claim(call, account, &halves.claims[i],
					delta < 0 ? next_lot(call, account) : halves.claims[i].debit);
	return true;
}

/*
 * Gives the sessions that ask for a credit what was taken off the balance before
 * they were changed.  The ledger is only added to: it says that the credit is
 * back in its lot, and whose it is.  The lot comes first, so that nothing gets
 * below zero meanwhile.
 */
void
direct_session(Call *call, Account *account, int32 credit)
{
	Halves		halves = read_halves(call, account, credit);
	int64		call_id;
	int			n = 0;

	if (halves.nclaims == 0)
		return;
	call_id = find_movement(call, account, &halves, credit);
	if (call_id == NO_ID)
		return;
	account->call_id = call_id;
	for (uint64 i = halves.nrows; i-- > 0;)
	{
		int64		lot_id;

		if (!is_movement(halves.rows, i) || row_id(halves.rows, i, HALF_CALL_ID) != call_id)
			continue;
		lot_id = row_id(halves.rows, i, HALF_LOT_ID);
		for (int32 j = abs((int32) row_int(halves.rows, i, HALF_DELTA)); j > 0; j--)
		{
			Claim	   *claim = &halves.claims[n++];

			if (credit < 0)
			{
				write_back(call, account, claim, lot_id);
				write_claim(call, account, claim, lot_id);
			}
			else
			{
				write_claim(call, account, claim, claim->debit);
				write_back(call, account, claim, lot_id);
			}
		}
	}
}
