/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  What direct writes to both tables of a studio come to together.
 *
 * A route that knows nothing of swanalloc books by two writes: a session gets
 * its client and session_deducted, or a receipt of some credits, and the client's
 * balance is so much less.  It cancels by the reverse, whether or not it takes the
 * receipt off.  Where both are recorded, and both are of one transaction, that is a
 * debit of this session, or its return, and the ledger says so as if swan_book() or
 * swan_cancel() had been called.
 *
 * The two come in either order, each judged for itself.  What the first one was
 * is read from the rows that the guards have written in this transaction, which
 * are the client's last ones, since his lock keeps others out.  A change of a
 * session that asks for credits has their number as "credit" in its details: below
 * zero if they should have been taken, above if they should have come back.
 *
 * Credits and sessions must match: what one statement took off a balance goes to
 * sessions that ask for as much together, or to none, and what it gave back to those
 * without a receipt before others.  What does not match stays what it was, "external":
 * its sessions are bookings that nobody paid for, or were given up too late.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/details.h"
#include "account/kinds.h"
#include "guard/guard.h"
#include "guard/halves.h"

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
	if (claim->keeps_receipt)
		entry.details = details_of(1, "receipt", (int64) debit->credits);
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
	Halves		halves = halves_read(call, account, delta < 0 ? -1 : 1);
	Run			run = halves_run(&halves, delta < 0 ? -(int64) delta : delta);

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
	Halves		halves = halves_read(call, account, credit);
	Debit		moved;
	int64		call_id;
	Run			run;

	if (halves.nclaims == 0)
		return;
	call_id = halves_movement(call, account, &halves, credit, &run);
	if (call_id == NO_ID)
		return;
	account->call_id = call_id;
	moved = halves_lots(&halves, call_id);
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
