/*-------------------------------------------------------------------------
 *
 * lifecycle.c
 *	  What becomes of a booking: confirmed, completed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "slot/slot.h"
#include "account/debit.h"
#include "account/kinds.h"
#include "account/open.h"
#include "write/answer.h"
#include "write/charge.h"
#include "write/lifecycle.h"

PG_FUNCTION_INFO_V1(swan_confirm_0_2);
PG_FUNCTION_INFO_V1(swan_complete_0_2);

#define SET_STATUS(charge) \
	"UPDATE {sessions} s SET {sessions.status} = {sessions.status=$4}" \
	"{?sessions.confirmed:, {sessions.confirmed} =" \
	" COALESCE({s.confirmed}, false) OR $4 OPERATOR(pg_catalog.=) {label confirmed}}" \
	charge SLOT_TOUCH \
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN

static const StudioQuery set_status = {SET_STATUS(""), SLOT_WRITE_ARGS};
static const StudioQuery set_status_and_charge = {SET_STATUS(SLOT_CHARGE), SLOT_WRITE_ARGS};

/* Locks a slot that the actor may work on as its trainer or from the office. */
static void
lock_own_slot(Call *call, Locks *locks, int64 session_id, Slot *slot)
{
	slot_require(call, session_id, slot);
	actor_require_own(call, slot->trainer_id, NULL);
	lock_slots(call, locks, &session_id, 1);
	require_locked_slot(locks, session_id, slot);
	actor_require_own(call, slot->trainer_id, NULL);
}

/* What becomes of a booking in one step. */
typedef struct Step
{
	SlotStatus	status;
	const char *kind;
	const char *message;
	Attendance	attendance;
} Step;

static const Step confirmation = {
	STATUS_CONFIRMED, "confirmation", "Session confirmed.", ATTENDANCE_UNKNOWN
};
static const Step completion = {
	STATUS_COMPLETED, "completion", "Session completed.", ATTENDANCE_ATTENDED
};
static const Step no_show = {
	STATUS_COMPLETED, "no_show", "Session completed without the client.", ATTENDANCE_MISSED
};

/* Returns whether a slot to come is of a later day than today, where the studio is. */
static bool
is_of_later_day(Call *call, const Slot *slot)
{
	const char *zone = call->studio->settings.time_zone;

	return zone_local_time(zone, slot->date) / USECS_PER_DAY >
		zone_local_time(zone, call->now) / USECS_PER_DAY;
}

/*
 * Refuses to write down what cannot have happened yet: that it took place before
 * its day, or that its client was not there before it begins.
 */
void
check_has_happened(Call *call, const Slot *slot, bool attended)
{
	if (slot_has_begun(call, slot) || (attended && !is_of_later_day(call, slot)))
		return;
	ereport(ERROR,
			(swan_error_counting(SWAN_INVALID_TRANSITION,
								 "It is too early to complete this session.",
								 "sessionId", slot->id),
			 attended ?
			 errmsg("session %lld cannot be completed before its day",
					(long long) slot->id) :
			 errmsg("nobody has missed session %lld before it begins",
					(long long) slot->id),
			 errhint("Until then swan_cancel() gives it up, and swan_move() moves it.")));
}

/* Moves a booking on by a step, and notes it in its client's ledger. */
static Datum
advance(Call *call, FunctionCallInfo fcinfo, int64 session_id, const Step *step)
{
	Entry		entry = NEW_ENTRY;
	BookingAnswer answer = {0};
	const StudioQuery *statement = &set_status;
	Locks		locks = {0};
	Account		account;
	Debit		debit;
	Slot		slot;

	lock_own_slot(call, &locks, session_id, &slot);
	if (!slot_is_booking(&slot) || slot.status == step->status)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", session_id),
				 errmsg("session %lld is %s and cannot become %s", (long long) session_id,
						slot.label,
						studio_status_label(call->studio, slot_status_name(step->status))),
				 errhint("%s", session_advice(call->studio, &slot))));
	lock_users(call, &locks, &slot.user_id, 1);
	account_enter(call, &locks, slot.user_id, &account);
	if (step->status == STATUS_COMPLETED)
		check_has_happened(call, &slot, step == &completion);

	debit = debit_find(call, slot.user_id, session_id, query_recheck);
	answer.slot = slot;
	slot_set_status(call->studio, &answer.slot, step->status);
	account_session(call, &account, &slot, &answer.slot);
	if (step->status == STATUS_COMPLETED && debit.owed > 0 &&
		debit.owed <= account_spendable(call, &account, slot.kind))
	{
		Entry		charge = NEW_ENTRY;

		charge_session(call, &account, &charge, &slot, &debit, debit.owed);
		slot_charge(&answer.slot, debit.credits);
		statement = &set_status_and_charge;
	}
	entry.kind = step->kind;
	entry.session_id = session_id;
	answer.ledger_id = account_write(call, &account, &entry);
	slot_write(call, statement, &slot, &answer.slot);
	account_close(call, &account, "Available");

	answer.credits = debit.credits;
	answer.owed = debit.owed;
	answer.has_available = true;
	answer.available = account.balance;
	answer.message = step->message;
	answer.attendance = step->attendance;
	return answer_row(call, fcinfo, &answer);
}

/* swan_confirm(): the trainer says that he will be there. */
Datum
swan_confirm_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 1, MAY_TRAINER | MAY_OFFICE);

	return advance(call, fcinfo, argument_id(fcinfo, 0, "session_id"), &confirmation);
}

/* swan_complete(): it took place, or the client did not come. */
Datum
swan_complete_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 2, MAY_TRAINER | MAY_OFFICE);
	int64		session_id = argument_id(fcinfo, 0, "session_id");

	actor_require_task(call, TASK_COMPLETE);
	return advance(call, fcinfo, session_id,
				   argument_bool(fcinfo, 1, true) ? &completion : &no_show);
}
