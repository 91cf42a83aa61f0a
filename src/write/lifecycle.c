/*-------------------------------------------------------------------------
 *
 * lifecycle.c
 *	  What becomes of a booking: confirmed, completed, moved.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "slot/slot.h"
#include "account/open.h"
#include "write/answer.h"

PG_FUNCTION_INFO_V1(swan_confirm);
PG_FUNCTION_INFO_V1(swan_complete);
PG_FUNCTION_INFO_V1(swan_move);

static const StudioQuery set_status = {
	"UPDATE {sessions} s SET {sessions.status} = {sessions.status=$4}"
	"{?sessions.confirmed:, {sessions.confirmed} ="
	" COALESCE({s.confirmed}, false) OR $4 OPERATOR(pg_catalog.=) 'confirmed'}"
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

static const StudioQuery move_slot = {
	"UPDATE {sessions} s SET {sessions.session_date} = {sessions.session_date=$5}"
	"{?sessions.trainer_id:, {sessions.trainer_id} = $3}"
	"{?sessions.duration:, {sessions.duration} = $6}"
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

/* Locks a slot that the actor may work on as its trainer or from the office. */
static void
lock_own_slot(Call *call, Locks *locks, int64 session_id, Slot *slot)
{
	if (!slot_find(call, session_id, slot) || slot->date == NO_TIME)
		session_not_found(session_id);
	actor_require_own(call, slot->trainer_id, NULL);
	lock_slots(call, locks, &session_id, 1);
	if (!locked_slot(locks, session_id, slot) || slot->date == NO_TIME)
		session_not_found(session_id);
	actor_require_own(call, slot->trainer_id, NULL);
}

/* What becomes of a booking in one step. */
typedef struct Step
{
	SlotStatus	status;
	const char *kind;
	const char *message;
	bool		of_its_day;		/* not before the day that it takes place */
	bool		of_its_time;	/* not before it begins */
} Step;

static const Step confirmation = {
	STATUS_CONFIRMED, "confirmation", "Session confirmed."
};
static const Step completion = {
	STATUS_COMPLETED, "completion", "Session completed.",.of_its_day = true
};
static const Step no_show = {
	STATUS_COMPLETED, "no_show", "Session completed without the client.",.of_its_time = true
};

/* Returns whether a slot to come is of a later day than today, where the studio is. */
static bool
is_of_later_day(Call *call, const Slot *slot)
{
	const char *zone = call->studio->settings.time_zone;

	return zone_local_time(zone, slot->date) / USECS_PER_DAY >
		zone_local_time(zone, call->now) / USECS_PER_DAY;
}

/* Refuses to write down what cannot have happened yet. */
static void
refuse_too_early(Call *call, const Slot *slot, const Step *step)
{
	if (slot_has_begun(call, slot))
		return;
	if (step->of_its_day && is_of_later_day(call, slot))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION,
									 "It is too early to complete this session.",
									 "sessionId", slot->id),
				 errmsg("session %lld cannot be completed before its day",
						(long long) slot->id),
				 errhint("Until then swan_cancel() gives it up, and swan_move() moves it.")));
	if (step->of_its_time)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION,
									 "It is too early to complete this session.",
									 "sessionId", slot->id),
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
	Locks		locks = {0};
	Account		account;
	Slot		slot;

	lock_own_slot(call, &locks, session_id, &slot);
	if (!slot_is_booking(&slot) || slot.status == step->status)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", session_id),
				 errmsg("session %lld is %s and cannot become %s", (long long) session_id,
						slot.label, slot_status_name(step->status)),
				 errhint("%s", session_advice(call->studio, &slot))));
	lock_users(call, &locks, &slot.user_id, 1);
	account_enter(call, &locks, slot.user_id, &account);
	refuse_too_early(call, &slot, step);

	entry.kind = step->kind;
	entry.session_id = session_id;
	answer.slot = slot;
	slot_set_status(&answer.slot, step->status);
	account_session(call, &account, &slot, &answer.slot);
	answer.ledger_id = account_write(call, &account, &entry);
	slot_write(call, &set_status, &slot, &answer.slot);
	account_close(call, &account, "Available");

	answer.charged = ledger_debit(call, slot.user_id, session_id) != NO_ID;
	answer.has_available = true;
	answer.available = account.balance;
	answer.message = step->message;
	return answer_row(call, fcinfo, &answer);
}

/* swan_confirm(): the trainer says that he will be there. */
Datum
swan_confirm(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 1, MAY_TRAINER | MAY_OFFICE);

	return advance(call, fcinfo, argument_id(fcinfo, 0, "session_id"), &confirmation);
}

/* swan_complete(): it took place, or the client did not come. */
Datum
swan_complete(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 2, MAY_TRAINER | MAY_OFFICE);
	int64		session_id = argument_id(fcinfo, 0, "session_id");

	if (PG_ARGISNULL(1))
		swan_missing_argument("attended", NULL);
	return advance(call, fcinfo, session_id,
				   PG_GETARG_BOOL(1) ? &completion : &no_show);
}

/* Reads where a slot shall go; what is not given stays. */
static void
argument_move(FunctionCallInfo fcinfo, const Slot *from, Slot *to)
{
	*to = *from;
	if (!PG_ARGISNULL(1))
		to->date = PG_GETARG_TIMESTAMPTZ(1);
	if (!PG_ARGISNULL(2))
		to->trainer_id = PG_GETARG_INT64(2);
	if (!PG_ARGISNULL(3))
		to->duration = argument_duration(fcinfo, 3);
	if (!PG_ARGISNULL(1) &&
		(TIMESTAMP_NOT_FINITE(to->date) || !IS_VALID_TIMESTAMP(slot_end(to))))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("at must be a time within reach")));
	if (to->date == from->date && to->trainer_id == from->trainer_id &&
		to->duration == from->duration)
		ereport(ERROR,
				(swan_error(SWAN_MISSING_REQUIRED_FIELDS),
				 errmsg("session %lld would not change", (long long) from->id),
				 errhint("Pass another time, trainer or duration.")));
}

/* Returns the ledger's details of a move. */
static Datum
move_details(const Slot *from, const Slot *to)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < 2; i++)
	{
		const Slot *slot = i == 0 ? from : to;

		appendStringInfo(&json, "%s{\"session_date\": \"%s\", \"duration\": %d, \"trainer_id\": ",
						 i == 0 ? "\"from\": " : ", \"to\": ",
						 zone_json_time(slot->date), slot->duration);
		if (slot->trainer_id == NO_ID)
			appendStringInfoString(&json, "null}");
		else
			appendStringInfo(&json, INT64_FORMAT "}", slot->trainer_id);
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Refuses a move to where trainer or client are busy. */
static void
check_move(Call *call, const Slot *to)
{
	int64		other = NO_ID;

	if (!call->studio->settings.trainer_overlap && to->trainer_id != NO_ID)
		other = slot_trainer_overlap(call, to->trainer_id, to->date, slot_end(to), to->id);
	if (other == NO_ID && to->user_id != NO_ID)
		other = slot_client_overlap(call, to->user_id, to->date, slot_end(to), to->id);
	if (other != NO_ID)
		ereport(ERROR,
				(swan_error_counting(SWAN_SLOT_CONFLICT, NULL, "sessionId", other),
				 errmsg("session %lld would overlap session %lld",
						(long long) to->id, (long long) other)));
}

/* Refuses to move what is neither a slot nor a booking. */
static void
check_movable(Call *call, const Slot *slot)
{
	if (!slot_is_booking(slot) && !slot_is_open(slot))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
				 errmsg("session %lld is %s and cannot be moved", (long long) slot->id,
						slot->label),
				 errhint("%s", session_advice(call->studio, slot))));
}

/* Refuses a trainer who is no user, if he is new or his time has to be kept. */
static void
check_trainer(Call *call, const Locks *locks, const Slot *from, const Slot *to)
{
	if (!user_is_locked(locks, to->trainer_id) &&
		(to->trainer_id != from->trainer_id ||
		 (to->trainer_id != NO_ID && !call->studio->settings.trainer_overlap)))
		user_not_found(to->trainer_id);
}

/* Moves a booking that is locked, and notes it in its client's ledger. */
static void
move_booking(Call *call, const Locks *locks, const Slot *from, Slot *to,
			 BookingAnswer *answer)
{
	Entry		entry = NEW_ENTRY;
	Account		account;

	account_enter(call, locks, from->user_id, &account);
	entry.kind = "move";
	entry.session_id = from->id;
	entry.details = move_details(from, to);
	answer->ledger_id = account_write(call, &account, &entry);
	slot_write(call, &move_slot, from, to);
	account_close(call, &account, "Available");
	answer->charged = ledger_debit(call, from->user_id, from->id) != NO_ID;
	answer->has_available = true;
	answer->available = account.balance;
}

/* swan_move(): a slot or booking takes place at another time, or by another. */
Datum
swan_move(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_TRAINER | MAY_OFFICE);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	BookingAnswer answer = {.ledger_id = NO_ID};
	Locks		locks = {0};
	Slot		from;
	Slot		to;

	if (PG_ARGISNULL(1) && PG_ARGISNULL(2) && PG_ARGISNULL(3))
		swan_missing_argument("one of at, trainer_id and duration", NULL);
	lock_own_slot(call, &locks, session_id, &from);
	check_movable(call, &from);
	argument_move(fcinfo, &from, &to);
	slot_check_columns(call, &to);
	lock_people_of(call, &locks, &to);
	check_trainer(call, &locks, &from, &to);
	check_move(call, &to);

	if (slot_is_booking(&from))
		move_booking(call, &locks, &from, &to, &answer);
	else
	{
		slot_write(call, &move_slot, &from, &to);
		slot_end_hold(call, session_id);
	}
	answer.slot = to;
	answer.message = "Session moved.";
	return answer_row(call, fcinfo, &answer);
}
