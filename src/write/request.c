/*-------------------------------------------------------------------------
 *
 * request.c
 *	  Sessions that clients ask for.
 *
 * A request takes no credit and nobody's time: swan_book() makes a booking of
 * it, by all the rules of that moment, and swan_cancel() ends it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "slot/slot.h"
#include "account/open.h"
#include "write/answer.h"

PG_FUNCTION_INFO_V1(swan_request);

static const char requested_message[] = "Session requested.";

/* Refuses whoever may not ask for this client, or not for this trainer. */
static void
authorise_request(Call *call, const Slot *asked)
{
	int64		self = call->actor->user_id;

	if (!actor_is(call, MAY_TRAINER) || asked->user_id == self)
	{
		actor_require_own(call, asked->user_id, "You can only request sessions for yourself.");
		return;
	}
	actor_require_task(call, TASK_REQUEST);
	actor_require_client(call, asked->user_id);
	if (asked->trainer_id != NO_ID && asked->trainer_id != self)
		actor_refuse(call, "You can only request sessions with yourself for your clients.");
}

/* Refuses a time that is over, and who cannot give sessions. */
static void
check_request(Call *call, const Slot *asked)
{
	Account		trainer;

	if (asked->date <= call->now || !IS_VALID_TIMESTAMP(slot_end(asked)))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("at must be a time to come, and within reach")));
	if (asked->trainer_id == NO_ID)
		return;
	if (!account_find(call, asked->trainer_id, &trainer, query_recheck))
		user_not_found(asked->trainer_id);
	actor_require_trainer(call, asked->trainer_id);
}

/* Returns the ledger's details of a request: what was asked for. */
static Datum
request_details(const Slot *asked)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"session_date\": \"%s\", \"duration\": %d",
					 zone_json_time(asked->date), asked->duration);
	if (asked->trainer_id != NO_ID)
		appendStringInfo(&json, ", \"trainer_id\": " INT64_FORMAT, asked->trainer_id);
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Returns whether a key was used for this request, and its answer. */
static bool
same_request(Call *call, const Slot *asked, const char *key, BookingAnswer *answer)
{
	KeyedRow	before;

	if (!ledger_find_key(call, asked->user_id, "request", key, &before))
		return false;
	if (strcmp(details_text(before.details, "session_date"), zone_json_time(asked->date)) != 0 ||
		details_number(before.details, "duration", 0) != asked->duration ||
		details_number(before.details, "trainer_id", NO_ID) != asked->trainer_id)
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another request", key),
				 errhint("Use a new key for a new request.")));
	slot_require(call, before.session_id, &answer->slot);
	answer->available = before.balance_after;
	answer->ledger_id = before.ledger_id;
	answer->replayed = true;
	answer->attendance = attendance_of(call, &answer->slot, query_recheck);
	return true;
}

/*
 * Writes what is asked for by a client who is locked: first the row, so that
 * triggers of the application run before his account is read.
 */
static void
make_request(Call *call, const Locks *locks, const char *key, BookingAnswer *answer)
{
	Slot	   *slot = &answer->slot;
	Entry		entry = NEW_ENTRY;
	Account		account;

	entry.kind = "request";
	entry.key = key;
	entry.details = request_details(slot);
	slot_insert_unbooked(call, slot, NULL);
	account_enter(call, locks, slot->user_id, &account);
	entry.session_id = slot->id;
	answer->ledger_id = account_write(call, &account, &entry);
	account_close(call, &account, "Available");
	answer->available = account.balance;
}

/* swan_request(): a client asks for a time. */
Datum
swan_request(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_PERSONS);
	BookingAnswer answer = {.message = requested_message,.has_available = true};
	Slot	   *slot = &answer.slot;
	Locks		locks = {0};
	char	   *key;

	slot->id = NO_ID;
	slot->user_id = argument_id(fcinfo, 0, "user_id");
	slot->date = argument_start(fcinfo, 1);
	slot->trainer_id = argument_id_or_null(fcinfo, 2);
	authorise_request(call, slot);
	slot->duration = argument_duration(fcinfo, 3);
	slot->booked_at = NO_TIME;
	slot->class_id = NO_ID;
	slot->cost = -1;			/* the table says that */
	slot_set_status(call->studio, slot, STATUS_REQUESTED);
	key = argument_key(fcinfo, 4);
	if (same_request(call, slot, key, &answer))
		return answer_row(call, fcinfo, &answer);

	lock_users(call, &locks, &slot->user_id, 1);
	if (!user_is_locked(&locks, slot->user_id))
		user_not_found(slot->user_id);
	if (!same_request(call, slot, key, &answer))
	{
		check_request(call, slot);
		make_request(call, &locks, key, &answer);
	}
	return answer_row(call, fcinfo, &answer);
}
