/*-------------------------------------------------------------------------
 *
 * offering.c
 *	  What comes free, and who waits for it.
 *
 * Whose turn comes has a row in his ledger that says so, for which he is locked
 * together with everybody else whom a call is about.  Who is not, because the line
 * has changed meanwhile, or because his turn comes later, is told by swan_promote().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "base/zone.h"
#include "account/open.h"
#include "write/offering.h"

/*
 * Returns whether anybody waits for a slot, which is locked, and who is to be
 * offered it when it comes free, if it is not his turn anyway.
 */
bool
offering_awaits(Call *call, const Slot *slot, int64 *next)
{
	Line		line;

	line_read(call, line_of(slot), query_recheck, &line);
	*next = line_next(call, &line);
	return line.n > 0;
}

/* Writes into somebody's open account that it is his turn. */
void
offering_write(Call *call, Account *account, const Line *line, Waiter *waiter)
{
	Entry		entry = NEW_ENTRY;

	entry.kind = "offer";
	entry.session_id = line->id;
	entry.details = DirectFunctionCall1(jsonb_in,
										CStringGetDatum(psprintf("{\"until\": \"%s\"}",
																 zone_json_time(waiter->until))));
	entry.by_nobody = true;
	account_write(call, account, &entry);
	waiter->told = true;
}

/* Tells those whose turn it is, as far as they are locked. */
void
offering_tell(Call *call, const Locks *locks, Line *line)
{
	for (int i = 0; i < line->n; i++)
	{
		Waiter	   *waiter = &line->waiters[i];
		Account		account;

		if (waiter->told || !line_is_turn(call, waiter) ||
			!user_is_locked(locks, waiter->user_id) ||
			!account_lock(call, waiter->user_id, &account))
			continue;			/* read again: the call may have moved his
								 * credits */
		account_begin(call, &account);
		offering_write(call, &account, line, waiter);
		account_close(call, &account, "Available");
		line_write(call, line, waiter);
	}
}

/*
 * Offers what took the place of a booking, or says that nothing did: then the line
 * ends, unless its class has other places.
 */
void
offering_follow(Call *call, const Locks *locks, const Slot *slot, int64 reopened, Line *line)
{
	if (line == NULL || line->n == 0)
		return;
	if (reopened == NO_ID &&
		(slot->class_id == NO_ID || class_places(call, slot->class_id).nrows == 0))
	{
		line_close(call, line);
		return;
	}
	if (slot->class_id == NO_ID)
		line_move(call, line, reopened);
	line_arrange(call, line, reopened != NO_ID);
	offering_tell(call, locks, line);
}
