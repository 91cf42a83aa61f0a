/*-------------------------------------------------------------------------
 *
 * transfer.c
 *	  Credits that one client hands over to another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "write/handover.h"

PG_FUNCTION_INFO_V1(swan_transfer);

/* Returns whether a key was used for the same transfer, and its answer. */
static bool
same_transfer(Call *call, Handover *handover, int32 n, const char *key)
{
	KeyedRow	before;

	if (!ledger_find_key(call, handover->from_user, "transfer", key, &before))
		return false;
	if (details_number(before.details, "n", -1) != n ||
		!handover_replay(call, handover, "transfer", &before))
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another transfer", key),
				 errhint("Use a new key for a new transfer.")));
	return true;
}

/* Hands over n credits, in the order in which they would be spent. */
static void
hand_over(Call *call, Handover *handover, int32 n, int32 asked, const char *key)
{
	Account    *from = &handover->from;

	for (int i = 0; i < from->nlots && n > 0; i++)
	{
		Lot		   *lot = &from->lots[i];
		int32		part = Min(n, lot->remaining);
		bool		first = handover->ledger_id == NO_ID;

		if (part == 0)
			continue;
		handover_lot(call, handover, lot, part, 0, first ? key : NULL,
					 first ? asked : NO_ID);
		n -= part;
	}
	if (n > 0)
		account_lots_short(from);
}

/* swan_transfer(): a client hands credits over to another. */
Datum
swan_transfer(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_ADMINS);
	Handover	handover = {0};
	Locks		locks = {0};
	int32		available;
	int32		n;
	char	   *key;

	handover_arguments(fcinfo, &handover, "from_user", "to_user");
	n = PG_ARGISNULL(2) ? -1 : argument_count(fcinfo, 2, PG_INT32_MAX);
	handover.reason = argument_reason(fcinfo, 3, NULL);
	key = argument_key(fcinfo, 4);
	if (same_transfer(call, &handover, n, key))
		return handover_answer(call, fcinfo, &handover);
	handover_lock(call, &locks, &handover);
	if (same_transfer(call, &handover, n, key))
		return handover_answer(call, fcinfo, &handover);

	handover_open(call, &locks, &handover);
	available = account_available(&handover.from);
	if (available < Max(n, 1))
		ereport(ERROR,
				(swan_error_counting(SWAN_INSUFFICIENT_SESSIONS,
									 "The client has not that many available sessions.",
									 "availableSessions", available),
				 errmsg("user %lld has %d available sessions",
						(long long) handover.from_user, available),
				 errhint("Those of bookings can be handed over after swan_cancel() has returned them.")));
	hand_over(call, &handover, n < 0 ? available : n, n, key);
	handover_close(call, &handover);
	return handover_answer(call, fcinfo, &handover);
}
