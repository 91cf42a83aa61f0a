/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  The rules of taking a slot.
 *
 * They are judged in one place, booking_verdict(), on what is known so far.
 * A writer asks twice: unlocked, so that the losers of a rush lock and write
 * nothing, and again with slot and client locked.  swan_can_book() asks once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "studio/actor.h"
#include "account/locks.h"
#include "write/rules.h"

/* Returns the rule that a booking breaks, or SWAN_OK; in the report's order. */
static SwanErrorCode
booking_verdict(Call *call, const Booking *booking, const Account *account)
{
	const Slot *slot = &booking->slot;

	if (!booking->slot_known || !slot_is_open(slot))
		return SWAN_SESSION_NOT_AVAILABLE;
	if (slot->date <= call->now && actor_is(call, MAY_CLIENT))
		return SWAN_SESSION_NOT_AVAILABLE;
	if (booking->held_by != NO_ID && booking->held_by != booking->user_id &&
		booking->held_until > call->now)
		return SWAN_SESSION_NOT_AVAILABLE;
	if (!booking->client_known)
		return SWAN_USER_NOT_FOUND;
	if (booking->overlap != NO_ID)
		return SWAN_SLOT_CONFLICT;
	if (booking->charged && account_available(account) <= 0)
		return SWAN_INSUFFICIENT_SESSIONS;
	return SWAN_OK;
}

/* Raises the error of a broken rule. */
void
booking_refuse(const Booking *booking, const Account *account,
			   SwanErrorCode verdict)
{
	long long	user_id = booking->user_id;
	long long	session_id = booking->session_id;

	switch (verdict)
	{
		case SWAN_USER_NOT_FOUND:
			user_not_found(booking->user_id);
			break;
		case SWAN_SLOT_CONFLICT:
			ereport(ERROR,
					(swan_error_counting(verdict, NULL, "sessionId", booking->overlap),
					 errmsg("session %lld overlaps session %lld of user %lld",
							session_id, (long long) booking->overlap, user_id)));
			break;
		case SWAN_INSUFFICIENT_SESSIONS:
			if (booking->taken_before > 0)
				ereport(ERROR,
						(swan_error_counting(verdict,
											 "Not enough available sessions. Please purchase a session package to book these sessions.",
											 "availableSessions", booking->taken_before),
						 errmsg("user %lld has too few available sessions to book session %lld",
								user_id, session_id),
						 errhint("Add credits with swan_grant().")));
			ereport(ERROR,
					(swan_error_counting(verdict, NULL, "availableSessions",
										 account_available(account)),
					 errmsg("user %lld has no available sessions", user_id),
					 errhint("Add credits with swan_grant().")));
			break;
		default:
			ereport(ERROR,
					(swan_error_counting(verdict, NULL, "sessionId", session_id),
					 errmsg("session %lld is not available for booking", session_id)));
	}
}

/* Reads the slot of a booking, and who holds it, without locking it. */
void
booking_look_at_slot(Call *call, Booking *booking, QueryRun run)
{
	booking->slot_known = slot_look_at(call, booking->session_id, &booking->slot, run);
	booking->held_by = NO_ID;
	booking->overlap = NO_ID;
	if (booking->slot_known)
		slot_find_hold(call, booking->session_id, &booking->held_by, &booking->held_until, run);
}

/*
 * Reads what the client has booked at the time of the slot.  That itself is
 * nobody's, or the verdict falls before overlaps are asked for.
 */
static void
booking_look_at_client(Call *call, Booking *booking, QueryRun run)
{
	booking->overlap =
		slot_look_for_client_overlap(call, booking->user_id,
									 booking->slot.date, slot_end(&booking->slot),
									 booking->instead_of == NO_ID ?
									 booking->session_id : booking->instead_of, run);
}

/*
 * Judges a booking without any lock.  What is dear to find out is looked for
 * only where it makes a difference to the answer.
 */
SwanErrorCode
booking_judge_unlocked(Call *call, Booking *booking, Account *account,
					   QueryRun run, bool thoroughly)
{
	SwanErrorCode verdict;

	booking->client_known = account_find(call, booking->user_id, account, run);
	verdict = booking_verdict(call, booking, account);
	if (verdict == SWAN_INSUFFICIENT_SESSIONS || (verdict == SWAN_OK && thoroughly))
	{
		booking_look_at_client(call, booking, run);
		verdict = booking_verdict(call, booking, account);
	}
	return verdict;
}

/*
 * Locks slot and client if the booking looks good; otherwise returns false and
 * has, but for a row that changed while we waited for it, locked nothing.
 */
bool
booking_lock_at_once(Call *call, Booking *booking, Account *account)
{
	TimestampTz after = actor_is(call, MAY_CLIENT) ? call->now : DT_NOBEGIN;

	booking->held_by = NO_ID;
	booking->overlap = NO_ID;
	booking->slot_known = lock_slot_and_client(call, booking->session_id, booking->user_id,
											   after, booking->charged,
											   &booking->slot, account);
	booking->client_known = booking->slot_known;
	return booking->slot_known;
}

/* Locks the slots of several bookings, and their client. */
void
bookings_lock(Call *call, Booking *bookings, int n, Account *account)
{
	int64	   *ids = palloc(n * sizeof(int64));
	Locks		locks = {0};
	bool		client_known;

	for (int i = 0; i < n; i++)
		ids[i] = bookings[i].session_id;
	lock_slots(call, &locks, ids, n);
	lock_users(call, &locks, &bookings[0].user_id, 1);
	client_known = locked_user(&locks, bookings[0].user_id, account);
	for (int i = 0; i < n; i++)
	{
		bookings[i].slot_known = locked_slot(&locks, ids[i], &bookings[i].slot);
		bookings[i].client_known = client_known;
	}
}

/*
 * Judges again, with slot and client locked and the account open.  A conflict
 * that the transaction's own snapshot cannot see is for the caller to retry.
 */
void
booking_judge_locked(Call *call, Booking *booking, Account *account)
{
	SwanErrorCode verdict;

	if (booking->slot_known && booking->slot.date != NO_TIME)
	{
		slot_find_hold(call, booking->session_id, &booking->held_by, &booking->held_until,
					   query_recheck);
		booking_look_at_client(call, booking, query_recheck);
	}
	verdict = booking_verdict(call, booking, account);
	if (verdict == SWAN_OK)
		return;
	if (IsolationUsesXactSnapshot())
	{
		Booking		seen = *booking;
		Account		account_seen;

		booking_look_at_slot(call, &seen, query_look);
		seen.client_known = account_find(call, seen.user_id, &account_seen, query_look);
		account_seen.moved = account->moved;	/* not in the table yet */
		if (seen.slot_known && seen.slot.date != NO_TIME)
			booking_look_at_client(call, &seen, query_look);
		if (booking_verdict(call, &seen, &account_seen) == SWAN_OK)
			swan_serialization_failure();
	}
	booking_refuse(booking, account, verdict);
}

/* Refuses whoever may not book this slot for this client. */
void
booking_authorise(Call *call, const Booking *booking)
{
	if (actor_is(call, MAY_TRAINER) && booking->slot_known &&
		booking->slot.trainer_id == call->actor->user_id)
		return;
	if (actor_is(call, MAY_TRAINER) && !booking->slot_known)
		return;					/* which will be told so */
	actor_require_own(call, booking->user_id,
					  "You can only book sessions for yourself.");
}

/* Deletes the hold on a slot that is being taken; the slot is locked. */
void
booking_end_hold(Call *call, Booking *booking)
{
	if (booking->held_by != NO_ID)
		slot_end_hold(call, booking->session_id);
}
