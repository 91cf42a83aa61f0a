/*-------------------------------------------------------------------------
 *
 * cancel.c
 *	  Bookings that are given up, or exchanged for another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/argument.h"
#include "base/details.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "slot/window.h"
#include "account/open.h"
#include "account/returning.h"
#include "write/answer.h"
#include "write/rules.h"

PG_FUNCTION_INFO_V1(swan_cancel);
PG_FUNCTION_INFO_V1(swan_reschedule);

static const char cancelled_message[] = "Session cancelled successfully.";
static const char rescheduled_message[] = "Session rescheduled successfully.";

static const StudioQuery cancel_slot = {
	"UPDATE {sessions} s SET {sessions.status} = {sessions.status=$4}"
	"{?sessions.session_deducted:, {sessions.session_deducted} = $7}"
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

static const StudioQuery take_slot = {
	"UPDATE {sessions} s SET {sessions.user_id} = $2, {sessions.status} = {sessions.status=$4}"
	"{?sessions.session_deducted:, {sessions.session_deducted} = $7}"
	"{?sessions.booked_at:, {sessions.booked_at} = {sessions.booked_at=$8}}"
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

/* Returns whether the actor gives up a booking of his own, as its client. */
static bool
is_client_of(Call *call, const Slot *slot)
{
	return call->actor->user_id != NO_ID && call->actor->user_id == slot->user_id &&
		call->actor->user_id != slot->trainer_id && !actor_is(call, MAY_OFFICE);
}

/*
 * Refuses whoever is neither client nor trainer of a slot, nor of the office, and
 * options that he may not decide on.
 */
static void
authorise_cancel(Call *call, FunctionCallInfo fcinfo, const Slot *slot)
{
	if (!actor_is(call, MAY_TRAINER) || slot->trainer_id != call->actor->user_id)
		actor_require_own(call, slot->user_id, "You can only cancel your own sessions.");
	if (!PG_ARGISNULL(2) && !actor_is(call, MAY_OFFICE))
		actor_refuse(call, NULL);
	if (!PG_ARGISNULL(3) && (is_client_of(call, slot) || actor_is(call, MAY_CLIENT)))
		actor_refuse(call, NULL);
}

/*
 * Opens a new slot where a booking was, if the trainer still has the time; that
 * cannot be said of one who is no user and has no row to lock.
 */
static int64
reopen_slot(Call *call, const Slot *slot, bool trainer_known)
{
	if (slot->trainer_id != NO_ID && !call->studio->settings.trainer_overlap &&
		(!trainer_known ||
		 slot_trainer_overlap(call, slot->trainer_id, slot->date, slot_end(slot),
							  slot->id) != NO_ID))
		return NO_ID;
	return slot_insert_open(call, slot->trainer_id, slot->date, slot->duration);
}

/* Returns whether a key was used for this cancellation, and its answer. */
static bool
same_cancellation(Call *call, const Slot *slot, const char *key, BookingAnswer *answer)
{
	KeyedRow	before;
	int32		ignore;

	if (key == NULL || slot->user_id == NO_ID ||
		!ledger_find_key(call, slot->user_id, "cancellation", key, &before))
		return false;
	if (before.session_id != slot->id)
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another cancellation", key),
				 errhint("Use a new key for a new cancellation.")));
	answer->slot = *slot;
	answer->charged = details_number(before.details, "charged", 0) != 0;
	answer->returned = details_number(before.details, "returned", 0) != 0;
	answer->reopened = details_number(before.details, "reopened", NO_ID);
	ledger_sum_call(call, slot->user_id, &before, "cancellation",
					&ignore, &ignore, &answer->available);
	answer->has_available = true;
	answer->ledger_id = before.ledger_id;
	answer->message = cancelled_message;
	answer->replayed = true;
	return true;
}

/* Returns the details of a cancellation: what a replay has to know, and the lot's end. */
static Datum
cancellation_details(const BookingAnswer *answer, const Return *back)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"charged\": %d, \"returned\": %d",
					 answer->charged, answer->returned);
	if (answer->reopened != NO_ID)
		appendStringInfo(&json, ", \"reopened\": " INT64_FORMAT, answer->reopened);
	if (back->fate == RETURN_REOPENS)
	{
		appendStringInfoString(&json, ", ");
		details_append_extension(&json, back->ended, back->ends);
	}
	else
		appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Closes an open slot: nobody had it, so nothing comes back. */
static Datum
close_slot(Call *call, FunctionCallInfo fcinfo, const Slot *slot, const char *key)
{
	BookingAnswer answer = {.slot = *slot,.ledger_id = NO_ID,.reopened = NO_ID};

	if (key)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("an open slot is closed without a key"),
				 errhint("Keys belong to clients; this slot has none.")));
	slot_set_status(&answer.slot, STATUS_CANCELLED);
	slot_write(call, &cancel_slot, slot, &answer.slot);
	slot_end_hold(call, slot->id);
	answer.message = cancelled_message;
	return answer_row(call, fcinfo, &answer);
}

/* Returns whether the credit of a cancelled booking comes back. */
static bool
comes_back(Call *call, FunctionCallInfo fcinfo, const Slot *slot)
{
	if (!PG_ARGISNULL(2))
		return PG_GETARG_BOOL(2);
	return !is_client_of(call, slot) || !window_is_over(call, slot);
}

/* Returns whether a new open slot takes the time of a cancelled booking. */
static bool
shall_reopen(Call *call, FunctionCallInfo fcinfo, const Slot *slot)
{
	if (!PG_ARGISNULL(3))
		return PG_GETARG_BOOL(3);
	return is_client_of(call, slot) && slot->date > call->now;
}

/* Refuses to cancel what is no live booking. */
static void
check_cancellation(Call *call, const Slot *slot)
{
	if (!slot_is_booking(slot))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
				 errmsg("session %lld cannot be cancelled because it is %s",
						(long long) slot->id, slot->label),
				 errhint("%s", session_advice(call->studio, slot))));
}

/* Gives up a booking that is locked: its credit, its time, its row. */
static void
give_up(Call *call, FunctionCallInfo fcinfo, const Slot *slot, bool trainer_known,
		Account *account, Entry *entry, BookingAnswer *answer)
{
	Return		back = {.fate = RETURN_NONE};
	int64		lot_id = ledger_debit(call, slot->user_id, slot->id);

	answer->charged = lot_id != NO_ID;
	answer->slot = *slot;
	slot_set_status(&answer->slot, STATUS_CANCELLED);
	if (answer->charged && comes_back(call, fcinfo, slot))
	{
		back.lot = entry->lot = account_lot(call, account, lot_id);
		entry->delta = 1;
		return_judge(call, account, slot->id, !is_client_of(call, slot), &back);
		answer->slot.deducted = false;
	}
	if (shall_reopen(call, fcinfo, slot))
		answer->reopened = reopen_slot(call, slot, trainer_known);
	answer->returned = back.fate == RETURN_SPENDABLE || back.fate == RETURN_REOPENS;
	entry->kind = "cancellation";
	entry->session_id = slot->id;
	entry->details = cancellation_details(answer, &back);
	return_reopen_lot(call, account, &back);
	account_session(call, account, slot, &answer->slot);
	answer->ledger_id = account_write(call, account, entry);
	return_take_again(call, account, &back);
	slot_write(call, &cancel_slot, slot, &answer->slot);
	account_close(call, account, "Returned");

	answer->has_available = true;
	answer->available = account->balance;
	answer->message = cancelled_message;
}

/* swan_cancel(): a booking is given up, or an open slot closed. */
Datum
swan_cancel(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_PERSONS);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	Entry		entry = NEW_ENTRY;
	BookingAnswer answer = {.reopened = NO_ID};
	Locks		locks = {0};
	Account		account;
	Slot		slot;

	if (!slot_find(call, session_id, &slot) || slot.date == NO_TIME)
		session_not_found(session_id);
	authorise_cancel(call, fcinfo, &slot);
	entry.reason = argument_reason(fcinfo, 1, NULL);
	entry.key = argument_key(fcinfo, 4);
	if (same_cancellation(call, &slot, entry.key, &answer))
		return answer_row(call, fcinfo, &answer);

	lock_slots(call, &locks, &session_id, 1);
	if (!locked_slot(&locks, session_id, &slot))
		session_not_found(session_id);
	authorise_cancel(call, fcinfo, &slot);
	if (slot_is_open(&slot))
		return close_slot(call, fcinfo, &slot, entry.key);
	lock_people_of(call, &locks, &slot);
	if (same_cancellation(call, &slot, entry.key, &answer))
		return answer_row(call, fcinfo, &answer);
	check_cancellation(call, &slot);
	account_enter(call, &locks, slot.user_id, &account);
	if (is_client_of(call, &slot))
		window_refuse_begun(call, &slot, "cancelled");

	give_up(call, fcinfo, &slot, user_is_locked(&locks, slot.trainer_id),
			&account, &entry, &answer);
	return answer_row(call, fcinfo, &answer);
}

/* Refuses whoever is neither the client of a booking nor of the office. */
static void
authorise_exchange(Call *call, const Slot *from)
{
	actor_require_own(call, from->user_id, "You can only reschedule your own sessions.");
}

/* Returns whether a key was used for this exchange, and its answer. */
static bool
same_exchange(Call *call, const Slot *from, int64 to_id, const char *key,
			  BookingAnswer *answer)
{
	KeyedRow	before;

	if (key == NULL || from->user_id == NO_ID ||
		!ledger_find_key(call, from->user_id, "reschedule", key, &before))
		return false;
	if (before.session_id != to_id || before.from_session_id != from->id)
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another exchange", key),
				 errhint("Use a new key for a new one.")));
	if (!slot_find(call, to_id, &answer->slot))
		session_not_found(to_id);
	answer->charged = before.lot_id != NO_ID;
	answer->has_available = true;
	answer->available = before.balance_after;
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
	if (actor_is(call, MAY_OFFICE))
		return;
	window_refuse_begun(call, from, "rescheduled");
	if (window_is_over(call, from))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION,
									 "It is too late to reschedule this session.",
									 "sessionId", from->id),
				 errmsg("session %lld starts too soon to be rescheduled",
						(long long) from->id),
				 errhint("The setting cancel_window says how long before it is possible.")));
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
	if (!target->slot_known)
		session_not_found(target->session_id);
	verdict = booking_judge_unlocked(call, target, &account, query_look, false);
	if (verdict == SWAN_OK)
		return false;
	if (same_exchange(call, from, target->session_id, key, answer))
		return true;
	booking_refuse(target, &account, verdict);
	return false;
}

/* Locks both slots, and whoever has the booking that shall be exchanged. */
static void
lock_exchange(Call *call, Locks *locks, Slot *from, Booking *target)
{
	int64		ids[] = {from->id, target->session_id};

	lock_slots(call, locks, ids, 2);
	if (!locked_slot(locks, ids[0], from))
		session_not_found(ids[0]);
	target->slot_known = locked_slot(locks, ids[1], &target->slot);
	authorise_exchange(call, from);
	lock_people_of(call, locks, from);
	target->user_id = from->user_id;
	target->client_known = user_is_locked(locks, from->user_id);
}

/* Exchanges a booking for a slot, both locked: ledger, old slot, new one. */
static void
exchange(Call *call, const Slot *from, bool trainer_known, Booking *target,
		 Account *account, const char *key, BookingAnswer *answer)
{
	Entry		entry = NEW_ENTRY;
	Slot		cancelled = *from;
	int64		lot_id = ledger_debit(call, from->user_id, from->id);

	answer->charged = lot_id != NO_ID;
	entry.kind = "reschedule";
	entry.session_id = target->session_id;
	entry.from_session_id = from->id;
	entry.key = key;
	if (answer->charged)
		entry.lot = account_lot(call, account, lot_id);
	slot_set_status(&cancelled, STATUS_CANCELLED);
	if (answer->charged)
		cancelled.deducted = false;
	answer->slot = target->slot;
	answer->slot.user_id = from->user_id;
	slot_set_status(&answer->slot, STATUS_SCHEDULED);
	answer->slot.deducted = answer->charged;
	answer->slot.booked_at = call->now;
	account_session(call, account, from, &cancelled);
	account_session(call, account, &target->slot, &answer->slot);
	answer->ledger_id = account_write(call, account, &entry);

	slot_write(call, &cancel_slot, from, &cancelled);
	if (from->date > call->now)
		reopen_slot(call, from, trainer_known);
	slot_write(call, &take_slot, &target->slot, &answer->slot);
	booking_end_hold(call, target);
	account_close(call, account, "Available");

	answer->has_available = true;
	answer->available = account->balance;
	answer->message = rescheduled_message;
}

/* swan_reschedule(): a booking is exchanged for an open slot. */
Datum
swan_reschedule(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 3, MAY_PERSONS);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	Booking		target = {.session_id = argument_id(fcinfo, 1, "to_session_id")};
	BookingAnswer answer = {.reopened = NO_ID};
	Locks		locks = {0};
	Account		account;
	const char *key;
	Slot		from;

	if (!slot_find(call, session_id, &from) || from.date == NO_TIME)
		session_not_found(session_id);
	authorise_exchange(call, &from);
	key = argument_key(fcinfo, 2);
	if (look_before_exchange(call, &from, &target, key, &answer))
		return answer_row(call, fcinfo, &answer);

	lock_exchange(call, &locks, &from, &target);
	if (same_exchange(call, &from, target.session_id, key, &answer))
		return answer_row(call, fcinfo, &answer);
	if (!target.slot_known)
		session_not_found(target.session_id);
	check_exchange(call, &from);
	account_enter(call, &locks, from.user_id, &account);
	booking_judge_locked(call, &target, &account);

	exchange(call, &from, user_is_locked(&locks, from.trainer_id), &target,
			 &account, key, &answer);
	return answer_row(call, fcinfo, &answer);
}
