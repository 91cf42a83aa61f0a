/*-------------------------------------------------------------------------
 *
 * reschedule.c
 *	  Bookings that are exchanged for another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/argument.h"
#include "base/details.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "slot/window.h"
#include "account/debit.h"
#include "account/open.h"
#include "write/answer.h"
#include "write/cancel.h"
#include "write/offering.h"
#include "write/rules.h"
#include "write/taking.h"

PG_FUNCTION_INFO_V1(swan_reschedule_0_2);

static const char rescheduled_message[] = "Session rescheduled successfully.";

/*
 * Refuses whoever is neither the client of a booking nor of the office, nor
 * trainer of both slots; of one that is not known nobody can tell yet.
 */
static void
authorise_exchange(Call *call, const Slot *from, const Booking *target)
{
	if (booking_is_of_trainer(call, from) &&
		(!target->slot_known || booking_is_of_trainer(call, &target->slot)))
	{
		actor_require_task(call, TASK_BOOK);
		return;
	}
	actor_require_own(call, from->user_id, "You can only reschedule your own sessions.");
}

/* Returns whether a slot is a place of the same class as a session. */
static bool
is_place_beside(Call *call, const Slot *slot, int64 session_id)
{
	Slot		other;

	return slot->class_id != NO_ID && slot_find(call, session_id, &other) &&
		other.class_id == slot->class_id;
}

/* Returns whether a key was used for this exchange, and its answer. */
static bool
same_exchange(Call *call, const Slot *from, int64 to_id, const char *key,
			  BookingAnswer *answer)
{
	KeyedRow	before;
	Debit		debit;

	if (key == NULL || from->user_id == NO_ID ||
		!ledger_find_key(call, from->user_id, "reschedule", key, &before))
		return false;
	if (!slot_find(call, before.session_id, &answer->slot))
		session_not_found(before.session_id);
	if (before.from_session_id != from->id ||
		(before.session_id != to_id && !is_place_beside(call, &answer->slot, to_id)))
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another exchange", key),
				 errhint("Use a new key for a new one.")));
	debit = debit_of_key(call, from->user_id, &before, "reschedule", &answer->available);
	answer->credits = debit.credits;
	answer->owed = debit.owed;
	answer->has_available = true;
	answer->ledger_id = before.ledger_id;
	answer->message = rescheduled_message;
	answer->replayed = true;
	return true;
}

/* Refuses to exchange what is no live booking, or is too near for its client. */
static void
check_exchange(Call *call, const Slot *from)
{
	if (!slot_is_booking(from))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", from->id),
				 errmsg("session %lld is %s and cannot be rescheduled",
						(long long) from->id, from->label),
				 errhint("%s", session_advice(call->studio, from))));
	if (actor_is(call, MAY_OFFICE) || booking_is_of_trainer(call, from))
		return;
	window_refuse_begun(call, from, "rescheduled");
	if (window_is_over(call, from, query_recheck))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION,
									 "It is too late to reschedule this session.",
									 "sessionId", from->id),
				 errmsg("session %lld starts too soon to be rescheduled",
						(long long) from->id),
				 errhint("The setting cancel_window says how long before it is possible.")));
}

/*
 * Notes what the new booking has to pay for: what it costs, less what the old one
 * took that is good for it.  One that was free stays free, which is not to have cost nothing;
 * one that owes takes nothing more now.
 */
static void
price_exchange(Booking *target, const Debit *had, int32 good)
{
	target->charged = had->credits > 0 || had->owed > 0 || had->gratis;
	target->later = had->owed > 0;
	target->taken_instead = good;
}

/* Returns whether a booking could be exchanged, by what is seen without a lock. */
static SwanErrorCode
judge_exchange(Call *call, const Slot *from, Booking *target, Account *account)
{
	Debit		had = {.credits = from->credits};	/* as far as its row tells */
	SwanErrorCode verdict;

	price_exchange(target, &had, had.credits);
	verdict = booking_judge_unlocked(call, target, account, query_look, false);
	if (verdict != SWAN_INSUFFICIENT_SESSIONS)
		return verdict;

	/*
	 * the ledger knows what the row need not say: of how many, and what it
	 * owes
	 */
	had = debit_find(call, from->user_id, from->id, query_look);
	price_exchange(target, &had,
				   debit_good(call, account, &had, target->slot.kind, query_look));
	return booking_judge_unlocked(call, target, account, query_look, false);
}

/*
 * Looks, without a lock, whether a booking can be exchanged for another slot, and
 * refuses what cannot be.  Returns whether it has been, and how it was answered.
 */
static bool
look_before_exchange(Call *call, const Slot *from, Booking *target, const char *key,
					 BookingAnswer *answer)
{
	SwanErrorCode verdict;
	Account		account;

	if (same_exchange(call, from, target->session_id, key, answer))
		return true;
	check_exchange(call, from);
	target->user_id = from->user_id;
	target->instead_of = from->id;
	booking_look_at_slot(call, target, query_look);
	authorise_exchange(call, from, target);
	if (!target->slot_known)
		session_not_found(target->session_id);
	verdict = judge_exchange(call, from, target, &account);
	if (verdict == SWAN_OK)
		return false;
	if (same_exchange(call, from, target->session_id, key, answer))
		return true;
	booking_refuse(target, &account, verdict);
	return false;
}

/* Returns whether a place is locked before the booking that is exchanged for it, see locks.c. */
static bool
place_comes_first(const Slot *place, const Slot *from)
{
	if (place->class_id != from->class_id)
		return place->class_id < from->class_id;
	return place->id < from->id;
}

/*
 * Locks both slots, whoever has the booking that shall be exchanged, and who wait
 * for either.  The place that is found of a class need not be the one that was looked
 * at: of two of one class the first by id may turn out to be the second.
 */
static void
lock_exchange(Call *call, Locks *locks, Slot *from, Booking *target, Line **awaited)
{
	bool		in_class = booking_is_of_class(target);
	int64		people[3];
	int64		line_ids[2];
	Line	  **lines;
	int64		ids[] = {from->id, in_class ? NO_ID : target->session_id};
	bool		beside = in_class && target->slot.class_id == from->class_id;
	bool		comes_first = in_class && place_comes_first(&target->slot, from);
	int64		highest = beside && !comes_first ? from->id : NO_ID;

	if (comes_first)
		booking_lock_place(call, target, NULL, 0, 1, &highest);
	if (comes_first && beside)
		lock_more_slots(call, ids, 1, highest);
	lock_slots(call, locks, ids, 2);
	if (!locked_slot(locks, ids[0], from))
		session_not_found(ids[0]);
	if (in_class && !comes_first)
		booking_lock_place(call, target, NULL, 0, 1, &highest);
	else if (!in_class)
		target->slot_known = locked_slot(locks, ids[1], &target->slot);
	authorise_exchange(call, from, target);
	people[0] = from->user_id;
	people[1] = from->trainer_id;
	line_ids[0] = offering_awaits(call, from, &people[2]) ? line_of(from) : NO_ID;
	lock_users(call, locks, people, 3);
	target->user_id = from->user_id;
	target->client_known = user_is_locked(locks, from->user_id);
	line_ids[1] = target->slot_known ? line_of(&target->slot) : NO_ID;
	lines = lines_lock(call, line_ids, 2);
	*awaited = lines[0];
	target->line = lines[1];
}

/*
 * Exchanges a booking for a slot, both locked: ledger, old slot, new one.  Returns
 * the slot that took the place of the old one, or NO_ID.
 */
static int64
exchange(Call *call, const Slot *from, bool trainer_known, Booking *target,
		 Account *account, const Debit *had, const char *key, BookingAnswer *answer)
{
	Entry		entry = NEW_ENTRY;
	Slot		cancelled = *from;
	int64		reopened = NO_ID;

	answer->credits = target->later ?
		Min(target->taken_instead, booking_price(target)) : booking_cost(target);
	answer->owed = booking_price(target) - answer->credits;
	entry.kind = "reschedule";
	entry.session_id = target->slot.id;
	entry.from_session_id = from->id;
	entry.key = key;
	if (target->forced)
		entry.details = details_forced();
	if (target->charged)
		entry.details = debit_price(entry.details, booking_price(target), answer->credits);
	slot_set_status(call->studio, &cancelled, STATUS_CANCELLED);
	if (had->credits > 0)
		slot_charge(&cancelled, 0);
	booking_make_taken(call, target, answer->credits, &answer->slot);
	account_session(call, account, from, &cancelled);
	account_session(call, account, &target->slot, &answer->slot);
	answer->ledger_id = debit_add(call, account, &entry, had, answer->credits,
								  target->slot.kind);

	slot_write(call, &cancel_slot, from, &cancelled);
	if (from->date > call->now)
		reopened = reopen_slot(call, from, trainer_known);
	booking_take_slot(call, target, &answer->slot);
	account_close(call, account, "Available");

	answer->has_available = true;
	answer->available = account->balance;
	answer->message = rescheduled_message;
	return reopened;
}

/* swan_reschedule(): a booking is exchanged for an open slot. */
Datum
swan_reschedule_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_PERSONS);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	Booking		target = {.session_id = argument_id(fcinfo, 1, "to_session_id")};
	BookingAnswer answer = {.reopened = NO_ID};
	Locks		locks = {0};
	Account		account;
	Line	   *awaited;
	const char *key;
	int64		reopened;
	Debit		had;
	Slot		from;

	slot_require(call, session_id, &from);
	authorise_exchange(call, &from, &target);
	target.forced = actor_force(call, fcinfo, 3);
	key = argument_key(fcinfo, 2);
	if (look_before_exchange(call, &from, &target, key, &answer))
		return answer_row(call, fcinfo, &answer);

	lock_exchange(call, &locks, &from, &target, &awaited);
	if (same_exchange(call, &from, target.session_id, key, &answer))
		return answer_row(call, fcinfo, &answer);
	if (!target.slot_known)
		session_not_found(target.session_id);
	check_exchange(call, &from);
	account_enter(call, &locks, from.user_id, &account);
	had = debit_find(call, from.user_id, from.id, query_recheck);
	price_exchange(&target, &had,
				   debit_good(call, &account, &had, target.slot.kind, query_recheck));
	booking_judge_locked(call, &target, &account);

	reopened = exchange(call, &from, user_is_locked(&locks, from.trainer_id), &target,
						&account, &had, key, &answer);
	offering_follow(call, &locks, &from, reopened, awaited);
	return answer_row(call, fcinfo, &answer);
}
