/*-------------------------------------------------------------------------
 *
 * taking.c
 *	  Writing a slot that is taken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "write/taking.h"

/* the open slot that is known by now; what it finds changed behind our lock is an error */
static const StudioQuery take_slot = {
	"UPDATE {sessions} s SET {sessions.user_id} = $2, {sessions.status} = {sessions.status=$4}"
	SLOT_CHARGE
	"{?sessions.booked_at:, {sessions.booked_at} = {sessions.booked_at=$8}}"
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1"
	" AND {s.user_id} IS NULL"
	" AND {s.status:available}"
	SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

/* likewise what the client has asked for */
static const StudioQuery grant_request = {
	"UPDATE {sessions} s SET {sessions.status} = {sessions.status=$4}"
	SLOT_CHARGE
	"{?sessions.booked_at:, {sessions.booked_at} = {sessions.booked_at=$8}}"
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1"
	" AND {s.user_id} OPERATOR(pg_catalog.=) $2"
	" AND {s.status:requested}"
	SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

/* Deletes the hold on a slot that is being taken; the slot is locked. */
void
booking_end_hold(Call *call, Booking *booking)
{
	if (booking->held_by != NO_ID)
		slot_end_hold(call, booking->slot.id);
}

/* Makes of the slot of a booking what it is to be when it is taken. */
void
booking_make_taken(Call *call, const Booking *booking, int32 credits, Slot *taken)
{
	*taken = booking->slot;
	taken->user_id = booking->user_id;
	slot_set_status(call->studio, taken, STATUS_SCHEDULED);
	slot_charge(taken, credits);
	taken->booked_at = call->now;
}

/*
 * Writes a slot that is taken, and ends the hold on it; it is locked.  Who waited
 * for it has it now, and the others wait on.
 */
void
booking_take_slot(Call *call, Booking *booking, Slot *taken)
{
	slot_write(call, slot_is_request(&booking->slot) ? &grant_request : &take_slot,
			   &booking->slot, taken);
	booking_end_hold(call, booking);
	if (booking->line->n == 0)
		return;
	line_leave(call, booking->line, booking->user_id);
	line_arrange(call, booking->line, false);
}
