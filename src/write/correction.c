/*-------------------------------------------------------------------------
 *
 * correction.c
 *	  What was written down of a booking by mistake.
 *
 * What a session became is its row's status; how it became that, whether its
 * client was there, and where its credit is, is what the ledger says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "slot/crossing.h"
#include "account/attendance.h"
#include "account/debit.h"
#include "account/kinds.h"
#include "account/open.h"
#include "write/answer.h"
#include "write/cancel.h"
#include "write/lifecycle.h"
#include "write/offering.h"

PG_FUNCTION_INFO_V1(swan_correct);

static const char corrected_message[] = "Session corrected.";

/* What a session can be corrected to, and what it is then. */
typedef struct Target
{
	const char *name;
	SlotStatus	status;
	Attendance	attendance;
} Target;

static const Target targets[] = {
	{"attended", STATUS_COMPLETED, ATTENDANCE_ATTENDED},
	{"missed", STATUS_COMPLETED, ATTENDANCE_MISSED},
	{"confirmed", STATUS_CONFIRMED, ATTENDANCE_UNKNOWN},
	{"scheduled", STATUS_SCHEDULED, ATTENDANCE_UNKNOWN},
};

/* What the ledger says of a session. */
typedef struct Story
{
	bool		booked;			/* does it know how it was booked? */
	const char *now;			/* what it became: as in targets, "cancelled",
								 * or NULL where the ledger cannot say */
	Attendance	attendance;		/* of a completed one */
	Debit		gone;			/* what has come back of what it took */
	int32		returned;		/* so much of that to be spent again */
	int32		forgotten;		/* what it owed, and does no more */
	int64		reopened;		/* the slot that took its time, or NO_ID */
} Story;

static const StudioQuery guest_booking = {
	"SELECT 1 FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) $2"
	" AND g.details OPERATOR(pg_catalog.?) 'guest' LIMIT 1",
	2, {INT8OID, INT8OID}
};

/* another place of class $1 that client $2 has than $3, neither for a guest nor by force */
static const StudioQuery place_of_client = {
	"SELECT {s.id} FROM {sessions} s WHERE {live s} AND {s.class_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.user_id} OPERATOR(pg_catalog.=) $2 AND {s.id} OPERATOR(pg_catalog.<>) $3"
	" AND " SLOT_IS_LIVE("s") " AND NOT EXISTS (SELECT 1 FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $2 AND g.session_id OPERATOR(pg_catalog.=) {s.id}"
	" AND (g.details OPERATOR(pg_catalog.?) 'guest' OR g.details OPERATOR(pg_catalog.?) 'forced')) LIMIT 1",
	3, {INT8OID, INT8OID, INT8OID}
};

static const StudioQuery correct_slot = {
	"UPDATE {sessions} s SET {sessions.status} = {sessions.status=$4}"
	SLOT_CHARGE
	"{?sessions.confirmed:, {sessions.confirmed} = $4 OPERATOR(pg_catalog.=) {label confirmed}"
	" OR ($4 OPERATOR(pg_catalog.=) {label completed} AND COALESCE({s.confirmed}, false))}"
	"{?sessions.cancelled_at:, {sessions.cancelled_at} = NULL}"
	"{?sessions.cancelled_by:, {sessions.cancelled_by} = NULL}"
	"{?sessions.cancel_reason:, {sessions.cancel_reason} = NULL}"
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

#define STORY_COLUMNS(first, next) \
	first(STORY_KIND, "g.kind") \
	next(STORY_DELTA, "g.delta") \
	next(STORY_LOT_ID, "g.lot_id") \
	next(STORY_WAS_EXCHANGED, "COALESCE(g.from_session_id OPERATOR(pg_catalog.=) $2, false)") \
	next(STORY_DETAILS, "g.details")

RESULT_COLUMNS(STORY_COLUMNS);

/* all that a session became, the last first */
static const StudioQuery read_story = {
	"SELECT" SELECT_LIST(STORY_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND (g.session_id OPERATOR(pg_catalog.=) $2"
	" OR g.from_session_id OPERATOR(pg_catalog.=) $2)"
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('{booking,reschedule,merge,confirmation,completion,"
	"no_show,cancellation,correction,external}')"
	" ORDER BY g.id DESC",
	2, {INT8OID, INT8OID}
};

/* Reads what a session shall be. */
static const Target *
argument_target(FunctionCallInfo fcinfo, int n)
{
	char	   *name = argument_text(fcinfo, n);

	if (name == NULL)
		swan_missing_argument("to_status", NULL);
	for (int i = 0; i < lengthof(targets); i++)
	{
		if (strcmp(name, targets[i].name) == 0)
			return &targets[i];
	}
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("nothing is corrected to \"%s\"", name),
			 errhint("It is attended, missed, confirmed or scheduled.")));
	return NULL;				/* keep compiler quiet */
}

/*
 * Returns what a session became that is not completed, by the ledger's last row of
 * it, NULL where that cannot say.
 */
static const char *
became(Rows rows)
{
	char	   *kind = row_text(rows, 0, STORY_KIND);
	bool		isnull;

	if (strcmp(kind, "confirmation") == 0)
		return "confirmed";
	if (strcmp(kind, "cancellation") == 0)
		return "cancelled";
	if (strcmp(kind, "correction") == 0)
		return details_text(row_datum(rows, 0, STORY_DETAILS, &isnull), "to");
	return NULL;
}

/* Reads what a cancellation gave back: its rows are the last ones, one for each lot. */
static void
find_gone(Rows rows, Debit *gone)
{
	gone->parts = palloc(rows.nrows * sizeof(DebitPart));
	for (uint64 i = 0; i < rows.nrows; i++)
	{
		if (strcmp(row_text(rows, i, STORY_KIND), "cancellation") != 0 ||
			row_int(rows, i, STORY_DELTA) == 0)
			break;
		debit_add_part(gone, row_id(rows, i, STORY_LOT_ID), row_int(rows, i, STORY_DELTA));
	}
}

/* Reads what the ledger says of a session that is locked. */
static void
find_story(Call *call, const Slot *slot, Story *story)
{
	NullableDatum args[] = {arg_id(slot->user_id), arg_id(slot->id)};
	Rows		rows = query_recheck(call, &read_story, args);

	story->booked = false;
	story->attendance = attendance_of(call, slot, query_recheck);
	story->now = attendance_name(story->attendance);
	memset(&story->gone, 0, sizeof(Debit));
	story->returned = 0;
	story->forgotten = 0;
	story->reopened = NO_ID;
	if (rows.nrows == 0)
		return;
	if (slot->status != STATUS_COMPLETED)
		story->now = became(rows);
	if (story->now && strcmp(story->now, "cancelled") == 0)
	{
		bool		isnull;
		Datum		details = row_datum(rows, 0, STORY_DETAILS, &isnull);

		story->reopened = details_number(details, "reopened", NO_ID);
		story->forgotten = details_number(details, "waived", 0);
		find_gone(rows, &story->gone);
		if (story->gone.credits > 0)
			story->returned = details_number(details, "returned", story->gone.credits);
	}
	for (uint64 row = 0; row < rows.nrows; row++)
	{
		const char *kind = row_text(rows, row, STORY_KIND);

		if (strcmp(kind, "booking") != 0 && strcmp(kind, "reschedule") != 0 &&
			strcmp(kind, "correction") != 0 && strcmp(kind, "merge") != 0)
			continue;
		story->booked = !row_bool(rows, row, STORY_WAS_EXCHANGED);
		break;
	}
}

/* Refuses to correct what a session did not become by a call of ours. */
static void
check_correction(Call *call, const Slot *slot, const Story *story, const Target *target)
{
	bool		can = false;

	if (slot->date != NO_TIME && slot->user_id != NO_ID)
	{
		if (slot->status == STATUS_CANCELLED)
			can = story->booked && story->now && strcmp(story->now, "cancelled") == 0;
		else if (slot->status == STATUS_COMPLETED)
			can = (story->booked || target->status == STATUS_COMPLETED) &&
				!(story->now && strcmp(story->now, target->name) == 0);
		else
			can = slot->status == STATUS_CONFIRMED && target->status == STATUS_SCHEDULED;
	}
	if (!can)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
				 errmsg("session %lld is %s and cannot be corrected to %s", (long long) slot->id,
						slot->status == STATUS_COMPLETED && story->now ? story->now : slot->label,
						target->name),
				 errhint("What swan_complete(), swan_confirm() or swan_cancel() made of a booking can be corrected.")));
	if (target->status == STATUS_COMPLETED)
		check_has_happened(call, slot, strcmp(target->name, "attended") == 0);
}

/* Returns whether a booking was made for somebody whom its client brings. */
static bool
was_for_guest(Call *call, const Slot *slot)
{
	NullableDatum args[] = {arg_id(slot->user_id), arg_id(slot->id)};

	return query_recheck(call, &guest_booking, args).nrows > 0;
}

/*
 * Refuses to bring a place back to a class that has moved, or where its client
 * has another one by now; one that is over is not his any more, so he can have
 * booked another when it shall be to come again.
 */
static void
check_class(Call *call, const Slot *slot, const Target *target)
{
	NullableDatum args[] = {arg_id(slot->class_id), arg_id(slot->user_id), arg_id(slot->id)};
	int64		other = NO_ID;
	bool		alone;
	Rows		rows;

	if (slot->class_id == NO_ID)
		return;
	if (slot->status == STATUS_CANCELLED)
	{
		other = class_stray(call, slot, &alone);
		if (other == NO_ID && !was_for_guest(call, slot))
			other = slot_client_overlap(call, slot->user_id, slot->date, slot_end(slot),
										slot->id, NO_ID);
	}
	else if (slot->status == STATUS_COMPLETED && target->status != STATUS_COMPLETED &&
			 !was_for_guest(call, slot))
	{
		rows = query_recheck(call, &place_of_client, args);
		other = rows.nrows > 0 ? row_id(rows, 0, 1) : NO_ID;
	}
	if (other != NO_ID)
		ereport(ERROR,
				(swan_error_counting(SWAN_SLOT_CONFLICT, NULL, "sessionId", other),
				 errmsg("session %lld is a place of a class that has moved, or where its client has session %lld",
						(long long) slot->id, (long long) other)));
}

/*
 * Refuses to bring back a session to a time that trainer or client have given
 * away; the slot that took its place will be gone.
 */
static void
check_time_is_free(Call *call, const Locks *locks, const Slot *slot, const Target *target,
				   const Slot *closed)
{
	Slot		there[2] = {*slot};
	int64		first;
	int64	   *others;
	int			nothers;

	if (target->status == STATUS_COMPLETED)
		there[0].user_id = NO_ID;	/* only what is to come keeps him */
	if (slot->status != STATUS_CANCELLED)
		there[0].trainer_id = NO_ID;	/* it has his time all along */
	else if (slot->trainer_id != NO_ID && !call->studio->settings.trainer_overlap &&
			 !user_is_locked(locks, slot->trainer_id))
		user_not_found(slot->trainer_id);
	if (closed)
	{
		there[1] = *closed;
		there[1].duration = 0;	/* takes no time */
	}
	nothers = crossing_find(call, there, closed ? 2 : 1, false, &first, &others);
	if (nothers > 0)
		ereport(ERROR,
				(swan_error_listing(SWAN_SLOT_CONFLICT, "sessionId", others, nothers),
				 errmsg("session %lld would overlap session %lld",
						(long long) first, (long long) others[0])));
}

/* Refuses to take credits again that are spent or expired by now. */
static void
check_credits(Call *call, const Account *account, const char *kind, int32 credits)
{
	int32		spendable = account_spendable(call, account, kind);

	if (spendable < credits)
		ereport(ERROR,
				(swan_error_counting(SWAN_INSUFFICIENT_SESSIONS, NULL, "availableSessions", spendable),
				 account_is_short(call, account, kind) ?
				 errmsg("user %lld has %d credits for %s, and %d are to be taken again",
						(long long) account->user_id, spendable, kinds_of_session(kind), credits) :
				 errmsg("user %lld has no available sessions", (long long) account->user_id),
				 errhint("The credit that came back is spent or expired; add one with swan_grant().")));
}

/* Returns the ledger's details of a correction. */
static Datum
correction_details(const Slot *slot, const Story *story, const Target *target, const Slot *closed)
{
	StringInfoData json;
	const char *from = slot->status == STATUS_COMPLETED && story->now ? story->now :
	slot_status_name(slot->status);

	initStringInfo(&json);
	appendStringInfo(&json, "{\"from\": \"%s\", \"to\": \"%s\"", from, target->name);
	if (closed)
		appendStringInfo(&json, ", \"closed\": " INT64_FORMAT, closed->id);
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Returns whether a key was used for this correction, and its answer. */
static bool
same_correction(Call *call, const Slot *slot, const Target *target, const char *key,
				BookingAnswer *answer)
{
	KeyedRow	before;
	Debit		debit;

	if (key == NULL || slot->user_id == NO_ID ||
		!ledger_find_key(call, slot->user_id, "correction", key, &before))
		return false;
	if (before.session_id != slot->id ||
		strcmp(details_text(before.details, "to"), target->name) != 0)
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another correction", key),
				 errhint("Use a new key for a new correction.")));
	answer->slot = *slot;
	debit = debit_of_key(call, slot->user_id, &before, "correction", &answer->available);
	answer->credits = debit.credits;
	answer->owed = debit.owed;
	answer->has_available = true;
	answer->ledger_id = before.ledger_id;
	answer->replayed = true;
	answer->attendance = attendance_of(call, slot, query_recheck);
	return true;
}

/* Corrects a session that is locked and judged: its credit, its row, the slot in its place. */
static void
correct(Call *call, const Slot *slot, const Story *story, const Target *target,
		const Slot *closed, Account *account, Entry *entry, BookingAnswer *answer)
{
	Debit		debit = debit_find(call, slot->user_id, slot->id, query_recheck);

	/* what was charged since is a part of what had come back, and of the debt */
	answer->credits = Max(debit.credits, story->returned);
	answer->owed = Max(debit.owed, story->forgotten + story->returned - answer->credits);
	answer->slot = *slot;
	slot_set_status(call->studio, &answer->slot, target->status);
	answer->slot.confirmed = target->status == STATUS_CONFIRMED ||
		(target->status == STATUS_COMPLETED && slot->confirmed);
	check_credits(call, account, slot->kind, answer->credits - debit.credits);
	if (answer->credits > debit.credits)
		slot_charge(&answer->slot, answer->credits);
	entry->kind = "correction";
	entry->session_id = slot->id;
	entry->missed = (target->attendance == ATTENDANCE_MISSED) -
		(story->attendance == ATTENDANCE_MISSED);
	entry->details = debit_owes(correction_details(slot, story, target, closed), answer->owed);
	if (debit.gratis)
		entry->details = debit_price(entry->details, 0, 0);
	account_session(call, account, slot, &answer->slot);
	answer->ledger_id = debit_change(call, account, entry, &debit, answer->credits,
									 &story->gone, slot->kind);
	if (closed)
	{
		Slot		gone = *closed;

		close_slot(call, &gone);
	}
	slot_write(call, &correct_slot, slot, &answer->slot);
	account_close(call, account, "Available");
	answer->has_available = true;
	answer->available = account->balance;
	answer->attendance = target->attendance;
}

/*
 * Has those who wait for the slot that is closed again, if one is, wait for the
 * booking whose place it had; who has that waits no more.
 */
static void
wait_again(Call *call, const Slot *closed, const Slot *slot)
{
	int64		id = line_of(closed ? closed : slot);
	Line	   *line = lines_lock(call, &id, 1)[0];

	if (line->n == 0)
		return;
	line_leave(call, line, slot->user_id);
	line_move(call, line, line_of(slot));
	line_arrange(call, line, false);
}

/* swan_correct(): what was written down of a booking by mistake is put right. */
Datum
swan_correct(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_OFFICE);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	const Target *target = argument_target(fcinfo, 1);
	BookingAnswer answer = {.message = corrected_message};
	Entry		entry = NEW_ENTRY;
	Locks		locks = {0};
	Locks		more = {0};
	Account		account;
	Slot		slot;
	Slot		reopened;
	Slot	   *closed = NULL;
	Story		story;

	entry.reason = argument_reason(fcinfo, 2, NULL);
	if (entry.reason == NULL)
		swan_missing_argument("reason", NULL);
	entry.key = argument_key(fcinfo, 3);
	slot_require(call, session_id, &slot);
	if (same_correction(call, &slot, target, entry.key, &answer))
		return answer_row(call, fcinfo, &answer);

	lock_slots(call, &locks, &session_id, 1);
	require_locked_slot(&locks, session_id, &slot);
	find_story(call, &slot, &story);
	if (story.reopened != NO_ID && slot_find(call, story.reopened, &reopened))
	{
		/* it is younger, so its id is mostly the higher one */
		lock_more_slots(call, &story.reopened, 1, session_id);
		lock_slots(call, &more, &story.reopened, 1);
		if (locked_slot(&more, story.reopened, &reopened) && slot_is_open(&reopened) &&
			reopened.date < slot_end(&slot) && slot.date < slot_end(&reopened))
			closed = &reopened;
	}
	lock_people_of(call, &locks, &slot);
	if (same_correction(call, &slot, target, entry.key, &answer))
		return answer_row(call, fcinfo, &answer);
	check_correction(call, &slot, &story, target);
	check_class(call, &slot, target);
	check_time_is_free(call, &locks, &slot, target, closed);
	account_enter(call, &locks, slot.user_id, &account);

	correct(call, &slot, &story, target, closed, &account, &entry, &answer);
	wait_again(call, closed, &slot);
	return answer_row(call, fcinfo, &answer);
}
