/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  What direct writes to both tables of a studio come to together.
 *
 * A route that knows nothing of swanalloc books by two writes: a session gets
 * its client and session_deducted, or a receipt of some credits, and the client's
 * balance is so much less.  It cancels by the reverse.  Where both are recorded, and both are of one
 * transaction, that is a debit of this session, or its return, and the ledger
 * says so as if swan_book() or swan_cancel() had been called.
 *
 * The two come in either order, each judged for itself.  What the first one was
 * is read from the rows that the guards have written in this transaction, which
 * are the client's last ones, since his lock keeps others out.  A change of a
 * session that asks for credits has their number as "credit" in its details: below
 * zero if they should have been taken, above if they should have come back.
 *
 * Credits and sessions must match: what one statement took off a balance goes to
 * sessions that ask for as much together, or to none.  What does not match stays what it was,
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
#include "account/kinds.h"
#include "guard/guard.h"

/* how many rows back the other half is looked for */
#define ROWS_BACK	100

/* a session that asks for credits, or gives some back */
typedef struct Claim
{
	int64		session_id;
	SlotStatus	status;
	const char *kind;			/* of the session, or NULL */
	int32		credits;
	Debit		debit;			/* where they go back to */
} Claim;

/* What a client's transaction did to both tables, oldest first. */
typedef struct Halves
{
	uint64		nrows;			/* in "rows", newest first */
	Rows		rows;
	int			nclaims;
	Claim	   *claims;
} Halves;

/* claims that stand next to each other, or none */
typedef struct Run
{
	int			first;
	int			n;
} Run;

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

/* Returns whether a session is the client's no more, or does not say any more that it took a credit. */
static bool
is_given_up(const Slot *slot, int64 user_id)
{
	return slot == NULL || slot->user_id != user_id ||
		(!slot_is_live(slot) && slot->status != STATUS_COMPLETED &&
		 slot->status != STATUS_OTHER && (!slot->deducted || slot->credits == 0));
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
	if (is_given_up(old, user_id) || !is_given_up(new, user_id))
		return 0;
	debit = debit_find(call, user_id, old->id, query_recheck);
	return lots_take_back(call, account, &debit) ? debit.credits : 0;
}

/* Adds a session that asks for credits, unless it does not any more. */
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
	claim->kind = found ? slot.kind : NULL;
	claim->debit = debit_find(call, account->user_id, session_id, query_recheck);
	claim->credits = credit < 0 && found ? slot.credits : claim->debit.credits;
	if (credit < 0 ? claim->debit.credits == 0 && found && is_taken(&slot, account->user_id) :
		claim->credits > 0 && is_given_up(found ? &slot : NULL, account->user_id))
		halves->nclaims++;
}

/*
 * Reads what this transaction wrote into the ledger of a locked client, and
 * which sessions ask for credits of that sign, the oldest first.  Most have no row of
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
			details_number(details, "credit", 0) * credit > 0)
			add_claim(call, account, &halves, row_id(halves.rows, i, HALF_SESSION_ID), credit);
	}
	return halves;
}

/* Returns the oldest claims in a row that come to so many credits together. */
static Run
find_run(const Halves *halves, int64 credits)
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
static int64
find_movement(Call *call, Account *account, const Halves *halves, int32 credit, Run *run)
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
		*run = find_run(halves, credit < 0 ? -left : left);
		if (left != 0 && run->n > 0)
			return call_id;
	}
	return NO_ID;
}

/* Writes rows for a session that took credits of lots, or gave them back. */
static void
write_claim(Call *call, Account *account, const Claim *claim, bool takes, const Debit *debit)
{
	Entry		entry = NEW_ENTRY;

	entry.kind = takes ? "booking" : "cancellation";
	entry.session_id = claim->session_id;
	entry.by_nobody = true;
	if (takes && debit->nparts > 1)
		entry.details = details_of(1, "of", (int64) debit->credits);
	for (int i = 0; i < debit->nparts; i++)
	{
		entry.delta = takes ? -debit->parts[i].credits : debit->parts[i].credits;
		entry.lot = account_lot(call, account, debit->parts[i].lot_id);
		account_write(call, account, &entry);
	}
	if (!takes || claim->status != STATUS_CONFIRMED)
		return;
	entry.kind = "confirmation";	/* what else it is by now */
	entry.details = (Datum) 0;
	entry.delta = 0;
	entry.lot = NULL;
	account_write(call, account, &entry);
}

/* Takes what a direct change of the balance moved back, for a session to have it. */
static void
write_back(Call *call, Account *account, const Claim *claim, bool takes, const Debit *debit)
{
	Entry		entry = NEW_ENTRY;

	entry.kind = "external";
	entry.reason = psprintf("for session %lld", (long long) claim->session_id);
	entry.by_nobody = true;
	for (int i = 0; i < debit->nparts; i++)
	{
		entry.delta = takes ? debit->parts[i].credits : -debit->parts[i].credits;
		entry.lot = account_lot(call, account, debit->parts[i].lot_id);
		account_write(call, account, &entry);
	}
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

/*
 * Returns the lots to take a session's credits from, where nothing was swept: others
 * than are good for its kind only if there is no choice, since who lowered the balance
 * may not have asked what it is good for.
 */
static Debit
next_lots(Call *call, Account *account, const Claim *claim)
{
	int32		credits = claim->credits;
	Debit		debit = {0};

	debit.parts = palloc((account->nlots + 1) * sizeof(DebitPart));
	account_order_lots(account);
	for (int good = 1; good >= 0; good--)
	{
		for (int i = 0; i < account->nlots && debit.credits < credits; i++)
		{
			const Lot  *lot = &account->lots[i];

			if (lot->remaining > 0 && !lot_is_due(call, lot) &&
				lot_is_good(lot, claim->kind) == (good == 1))
				debit_add_part(&debit, lot->id, Min(lot->remaining, credits - debit.credits));
		}
	}
	if (debit.credits < credits)
		elog(ERROR, "no credit of user %lld is left", (long long) account->user_id);
	return debit;
}

/* Returns the lots that a direct change of the balance moved credits of, the oldest rows first. */
static Debit
lots_of_movement(const Halves *halves, int64 call_id)
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

/* Takes so many credits out of those of a movement, the first ones. */
static Debit
split_off(Debit *moved, int32 credits)
{
	Debit		debit = {0};

	debit.parts = palloc((moved->nparts + 1) * sizeof(DebitPart));
	for (int i = 0; i < moved->nparts && debit.credits < credits; i++)
	{
		DebitPart  *part = &moved->parts[i];
		int32		n = Min(part->credits, credits - debit.credits);

		if (n == 0)
			continue;
		debit_add_part(&debit, part->lot_id, n);
		part->credits -= n;
	}
	return debit;
}

/*
 * Writes down a direct change of a client's balance for the sessions that were
 * changed before it; returns false if they do not ask for as much.
 */
bool
direct_balance(Call *call, Account *account, int32 delta)
{
	Halves		halves = read_halves(call, account, delta < 0 ? -1 : 1);
	Run			run = find_run(&halves, delta < 0 ? -(int64) delta : delta);

	if (run.n == 0 || (delta < 0 && !can_spend(call, account, -delta)))
		return false;
	for (int i = run.first; i < run.first + run.n; i++)
	{
		const Claim *claim = &halves.claims[i];
		Debit		debit = delta < 0 ? next_lots(call, account, claim) : claim->debit;

		write_claim(call, account, claim, delta < 0, &debit);
	}
	return true;
}

/*
 * Gives the sessions that ask for credits what was taken off the balance before
 * they were changed.  The ledger is only added to: it says that the credits are
 * back in their lots, and whose they are.  The lots come first, so that nothing
 * gets below zero meanwhile.
 */
void
direct_session(Call *call, Account *account, int32 credit)
{
	Halves		halves = read_halves(call, account, credit);
	Debit		moved;
	int64		call_id;
	Run			run;

	if (halves.nclaims == 0)
		return;
	call_id = find_movement(call, account, &halves, credit, &run);
	if (call_id == NO_ID)
		return;
	account->call_id = call_id;
	moved = lots_of_movement(&halves, call_id);
	for (int i = run.first; i < run.first + run.n; i++)
	{
		const Claim *claim = &halves.claims[i];
		Debit		debit = split_off(&moved, claim->credits);

		if (credit < 0)
		{
			write_back(call, account, claim, true, &debit);
			if (account->bound)
				debit = next_lots(call, account, claim);
			write_claim(call, account, claim, true, &debit);
		}
		else
		{
			write_claim(call, account, claim, false, &claim->debit);
			write_back(call, account, claim, false, &debit);
		}
	}
}
