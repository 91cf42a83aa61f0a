/*-------------------------------------------------------------------------
 *
 * objection.c
 *	  What the application's own rule has against a booking.
 *
 * The setting booking_rule names a function that is asked about what all our
 * rules allow: of a writer once, with slot and client locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "base/error.h"
#include "studio/actor.h"
#include "studio/hook.h"
#include "write/objection.h"

static const StudioQuery ask_rule = {
	"SELECT {booking_rule}($1, $2, $3)",
	3, {INT8OID, INT8OID, INT8OID}
};

/*
 * Refuses to go on where the rule itself has changed what it was asked about:
 * slot and account are not what they were judged as.  It may write to whatever
 * else it likes.
 */
static void
refuse_changes(Call *call, const Booking *booking, const Account *account)
{
	Account		now = {.user_id = booking->user_id};
	RowImage	before = slot_image(&booking->slot);
	RowImage	after = {0};
	Slot		slot;

	if (slot_look_at(call, booking->slot.id, &slot, query_recheck))
		after = slot_image(&slot);
	account_read_last(call, &now, query_recheck);
	if (memcmp(&before, &after, sizeof(before)) == 0 &&
		now.has_ledger == account->has_ledger &&
		now.ledger_balance == account->ledger_balance &&
		(!now.has_ledger || now.last_at == account->last_at))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("the booking_rule of studio \"%s\" changed session %lld or the account of user %lld, which it was asked about",
					call->studio->name, (long long) booking->slot.id,
					(long long) booking->user_id),
			 errhint("Do it after the call, in the same transaction.")));
}

/*
 * Asks the application's rule about a booking, if it has one and the office does
 * not pass over it.  An error in it goes to the caller as it is.
 */
void
booking_ask(Call *call, Booking *booking, const Account *account, QueryRun run)
{
	NullableDatum args[] = {
		arg_id(booking->user_id), arg_id(booking->slot.id), arg_id(call->actor->user_id)
	};
	CommandId	before;

	if (booking->forced || !hook_is_set(call, HOOK_BOOKING_RULE))
		return;
	if (run == query_recheck)
		CommandCounterIncrement();
	before = GetCurrentCommandId(false);
	booking->objection = row_text(hook_run(call, HOOK_BOOKING_RULE, &ask_rule, args, run), 0, 1);
	if (run != query_recheck)
		return;					/* it does not go on from here */
	CommandCounterIncrement();
	if (GetCurrentCommandId(false) != before)
		refuse_changes(call, booking, account);
}
