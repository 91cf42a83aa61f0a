/*-------------------------------------------------------------------------
 *
 * advice.c
 *	  What can be done with a row of sessions, for the hints of errors.
 *
 * A hint names only calls that work for the row at hand, if somebody makes
 * them who may.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "slot/advice.h"

/* Returns whether a row stands for a credit, see the setting session_records. */
static bool
is_record(const Studio *studio, const Slot *slot)
{
	return studio->settings.session_records && slot->date == NO_TIME &&
		slot->user_id != NO_ID && slot->status == STATUS_AVAILABLE;
}

/* Says what can be done with a row as it is. */
const char *
session_advice(const Studio *studio, const Slot *slot)
{
	if (slot_is_open(slot))
		return "It is open: swan_book() takes it, swan_move() moves it, and swan_cancel() closes it.";
	if (slot_is_booking(slot) && slot->status == STATUS_SCHEDULED)
		return "It is a booking: swan_confirm() confirms it, swan_move() moves it, swan_reschedule() exchanges it,"
			" swan_cancel() gives it up, and from its day on swan_complete() completes it.";
	if (slot_is_booking(slot))
		return "It is a booking: swan_move() moves it, swan_reschedule() exchanges it,"
			" swan_cancel() gives it up, and from its day on swan_complete() completes it.";
	if (slot_is_request(slot))
		return "A client asks for it: swan_book() books it for him, if its trainer or the office calls it,"
			" and swan_cancel() ends it.";
	if (slot->date != NO_TIME && slot->status == STATUS_BLOCKED)
		return "It is time that its trainer does not give: swan_move() moves it, and swan_cancel() frees it.";
	if (slot->date != NO_TIME && slot->user_id != NO_ID && slot->status == STATUS_COMPLETED)
		return "It is the client's record: swan_correct() puts right what was not so,"
			" and swan_grant() gives him a credit for another.";
	if (slot->date != NO_TIME && slot->status == STATUS_CANCELLED)
		return "It is a record; swan_book() takes another slot.";
	if (is_record(studio, slot))
		return "It stands for a credit: swan_grant() and swan_revoke() make such rows and remove them.";
	if (studio->settings.guard_sessions == GUARD_REFUSE && slot->status == STATUS_OTHER)
		return "The swan_* functions leave such rows alone; the application may change them, but makes bookings of them"
			" only after swan_configure('guard_sessions', 'record').";
	if (studio->settings.guard_sessions == GUARD_REFUSE)
		return "The swan_* functions leave such rows alone; the application may change them after"
			" swan_configure('guard_sessions', 'record').";
	return "The swan_* functions leave such rows alone; the application may change them.";
}

/* Says how a row comes to be that was not to be inserted as it is. */
const char *
insert_advice(const Studio *studio, const Slot *slot)
{
	if (slot->status == STATUS_OTHER || slot->date == NO_TIME)
		return session_advice(studio, slot);
	return "Insert it as an open slot, available and without a client; swan_book() books it, and then"
		" swan_complete() or swan_cancel() makes it what it became.";
}
