/*-------------------------------------------------------------------------
 *
 * guard_sessions.c
 *	  The trigger that watches the sessions of a studio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "base/error.h"
#include "base/zone.h"
#include "studio/enter.h"
#include "slot/advice.h"
#include "account/attendance.h"
#include "account/debit.h"
#include "account/open.h"
#include "guard/guard.h"

PG_FUNCTION_INFO_V1(swan_guard_sessions);

/* Reads a row of sessions in a trigger. */
static void
slot_of_trigger(Studio *studio, TupleTableSlot *row, Slot *slot)
{
	const StudioColumn *columns = studio->columns;
	Datum		value;
	bool		isnull;

	memset(slot, 0, sizeof(Slot));
	slot->id = guard_number(row, &columns[SESSIONS_ID], NO_ID);
	slot->user_id = guard_number(row, &columns[SESSIONS_USER_ID], NO_ID);
	slot->trainer_id = guard_number(row, &columns[SESSIONS_TRAINER_ID], NO_ID);
	slot->duration = guard_number(row, &columns[SESSIONS_DURATION],
								  SWAN_DURATION_DEFAULT);
	value = guard_datum(row, &columns[SESSIONS_STATUS], &isnull);
	slot_set_label(studio, slot, NULL);
	if (!isnull)
	{
		Oid			output;
		bool		is_varlena;

		getTypeOutputInfo(columns[SESSIONS_STATUS].type, &output, &is_varlena);
		slot_set_label(studio, slot, OidOutputFunctionCall(output, value));
	}
	value = guard_datum(row, &columns[SESSIONS_DATE], &isnull);
	if (!isnull && columns[SESSIONS_DATE].type == TIMESTAMPOID)
		value = TimestampTzGetDatum(zone_instant(columns[SESSIONS_DATE].time_zone,
												 DatumGetTimestamp(value)));
	slot->date = isnull ? NO_TIME : DatumGetTimestampTz(value);
	value = guard_datum(row, &columns[SESSIONS_DEDUCTED], &isnull);
	slot->deducted = !isnull && DatumGetBool(value);
	slot->credits = guard_number(row, &columns[SESSIONS_CREDITS], slot->deducted);
	if (columns[SESSIONS_DEDUCTED].name == NULL)
		slot->deducted = slot->credits > 0;
	slot->class_id = guard_number(row, &columns[SESSIONS_CLASS_ID], NO_ID);
}

/* Answers a slot that is too long, or too short. */
static void
refuse_duration(Studio *studio)
{
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("duration must be between 1 and %d minutes", studio->reach)));
}

/*
 * Keeps a row that takes a trainer's time, or may come to take it, and is already
 * written, from being longer than searches for overlaps reach, and from giving
 * that time twice.
 */
static void
judge_time(Studio *studio, const Slot *slot)
{
	Call	   *call;
	Account		trainer;
	int64		other;

	if (slot->status == STATUS_OTHER || slot->date == NO_TIME)
		return;
	if (slot->duration > studio->reach)
		refuse_duration(studio);
	if (studio->settings.trainer_overlap || slot->trainer_id == NO_ID ||
		!slot_takes_time(slot) || TIMESTAMP_NOT_FINITE(slot->date))
		return;
	if (!IS_VALID_TIMESTAMP(slot_end(slot)))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("the slot is too far in the future")));
	if (slot->duration < 1)
		refuse_duration(studio);

	call = call_begin(studio, CALL_GUARD);
	if (!account_lock(call, slot->trainer_id, &trainer))
		ereport(ERROR,
				(swan_error(SWAN_USER_NOT_FOUND),
				 errmsg("trainer %lld of session %lld does not exist",
						(long long) slot->trainer_id, (long long) slot->id),
				 errhint("His time is kept by a lock on his row of the users.")));
	other = slot_trainer_overlap(call, slot->trainer_id, slot->date,
								 slot_end(slot), slot_buffer(studio, slot), slot->id,
								 slot->class_id);
	if (other != NO_ID)
		ereport(ERROR,
				(swan_error_counting(SWAN_SLOT_CONFLICT, NULL, "sessionId", other),
				 errmsg("session %lld overlaps session %lld of trainer %lld",
						(long long) slot->id, (long long) other,
						(long long) slot->trainer_id),
				 slot_buffer_hint(call)));
	call_end(call);
}

/* Returns whether two images of a slot differ in its time or trainer. */
static bool
slot_moved(const Slot *old, const Slot *new)
{
	return old->date != new->date || old->duration != new->duration ||
		old->trainer_id != new->trainer_id || old->class_id != new->class_id;
}

/*
 * Keeps the places of a class together, in a row already written; the last one
 * that is left of a class stays a place of it.  The lock on the trainer keeps the
 * class from moving meanwhile.
 */
static void
judge_class(TriggerData *trigdata, Studio *studio, const Slot *old, const Slot *slot)
{
	Call	   *call;
	Account		trainer;
	int64		stray;
	bool		alone;

	if (slot->class_id == NO_ID || slot->status == STATUS_OTHER)
		return;
	if (slot_is_request(slot))
		guard_refuse(trigdata, "request for a place of a class",
					 "swan_book() takes an open place; a place more is inserted as an open slot.");
	call = call_begin(studio, CALL_GUARD);
	if (slot->trainer_id != NO_ID)
		account_lock(call, slot->trainer_id, &trainer);
	stray = class_stray(call, slot, &alone);
	call_end(call);
	if (alone && slot->class_id != slot->id && !(old && old->class_id == slot->class_id))
		guard_refuse(trigdata, "place of a class that there is not",
					 "A class is called by the id of its first place.");
	if (stray != NO_ID)
		guard_refuse(trigdata, "place of a class at another time or with another trainer than the others",
					 "swan_move() moves a class, with all its places.");
}

/*
 * Keeps the first place of a class in it as long as other rows are of it: of a slot that
 * has the id of a class those who wait would be in the line of the class.  Who makes
 * others locks their trainer, see judge_class().
 */
static void
judge_first(TriggerData *trigdata, Studio *studio, const Slot *old, const Slot *new)
{
	int64		trainers[] = {old->trainer_id, new->trainer_id};
	Locks		locks = {0};
	Call	   *call;
	bool		others;

	if (old->class_id != old->id || new->class_id == old->class_id)
		return;
	call = call_begin(studio, CALL_GUARD);
	lock_users(call, &locks, trainers, 2);
	others = class_has_others(call, old->id);
	call_end(call);
	if (others)
		guard_refuse(trigdata, "first place of a class that is not in it",
					 "A class is called by the id of its first place, which stays in it as long as there are others.");
}

/* Returns whether a row says that credits were taken. */
static bool
has_receipt(const Slot *slot)
{
	return slot->deducted || slot->credits != 0;
}

/* Returns whether two images of a slot say the same of that. */
static bool
has_same_receipt(const Slot *old, const Slot *new)
{
	return old->deducted == new->deducted && old->credits == new->credits;
}

/* how to go on with a row that is no booking any more, and was paid for */
static const char debit_advice[] =
"Its booking took a credit that nobody has returned; the application may change it after"
" swan_configure('guard_sessions', 'record').";

/* how to insert a row that is no booking */
static const char receipt_advice[] =
"Only a booking takes credits; insert it with session_deducted false and no credits.";

/* Returns whether a row is no booking, and never was one that swanalloc counts. */
static bool
is_free(const Slot *slot)
{
	return slot_is_open(slot) || slot->status == STATUS_REQUESTED ||
		slot->status == STATUS_BLOCKED || slot->status == STATUS_OTHER;
}

/*
 * Returns whether a debit hangs on a row: its booking was made with a credit, and
 * somebody changed its status when nobody watched.  The row is locked by whoever
 * changes it, so none can come meanwhile.
 */
static bool
has_debit(Studio *studio, const Slot *slot)
{
	Call	   *call;
	bool		found;

	if (slot->user_id == NO_ID)
		return false;
	call = call_begin(studio, CALL_GUARD);
	found = debit_find(call, slot->user_id, slot->id, query_recheck).credits > 0;
	call_end(call);
	return found;
}

/*
 * Returns whether a change leaves it at that.  Only a booking says that it took a
 * credit: what is said of open slots and ignored rows means nothing, and must not
 * come to mean something with another status.
 */
static bool
stays_free(const Slot *old, const Slot *new)
{
	if (!is_free(old) || !is_free(new))
		return false;
	return !has_receipt(new) || new->status == STATUS_OTHER ||
		(has_same_receipt(old, new) && (old->status == new->status || slot_is_open(new)));
}

/*
 * Refuses a change of a row that stays what it is, or becomes another that is no
 * booking.
 */
static void
refuse_update(TriggerData *trigdata, Studio *studio, const Slot *old, const Slot *new)
{
	if (old->id != new->id)
		guard_refuse(trigdata, "change of an id", "Ledger and holds refer to it.");
	if (is_free(old) && has_debit(studio, old))
		guard_refuse(trigdata, "change of a row that a credit was taken for", debit_advice);
	if (!stays_free(old, new) &&
		(old->user_id != new->user_id || old->status != new->status ||
		 !has_same_receipt(old, new)))
		guard_refuse(trigdata, "change of client or status",
					 session_advice(studio, old));
	if (!is_free(old) && old->class_id != new->class_id)
		guard_refuse(trigdata, "change of the class of what is no open slot",
					 session_advice(studio, old));
	if (!is_free(old) && slot_moved(old, new))
		guard_refuse(trigdata, "change of the time or trainer of what is no open slot",
					 session_advice(studio, old));
	judge_first(trigdata, studio, old, new);
	if (slot_moved(old, new) || old->status != new->status)
	{
		judge_time(studio, new);
		judge_class(trigdata, studio, old, new);
	}
}

/* Refuses everything but what concerns rows that are no booking. */
static void
refuse_session(TriggerData *trigdata, Studio *studio,
			   const Slot *old, const Slot *new)
{
	if (old && new)
		refuse_update(trigdata, studio, old, new);
	else if (new)
	{
		if (!is_free(new))
			guard_refuse(trigdata, "insert of a row that is not an open slot",
						 insert_advice(studio, new));
		if (has_receipt(new) && new->status != STATUS_OTHER)
			guard_refuse(trigdata, "insert of a row that says that credits were taken",
						 receipt_advice);
		judge_time(studio, new);
		judge_class(trigdata, studio, NULL, new);
	}
	else if (!is_free(old))
		guard_refuse(trigdata, "delete of a row that is not an open slot",
					 session_advice(studio, old));
	else if (has_debit(studio, old))
		guard_refuse(trigdata, "delete of a row that a credit was taken for", debit_advice);
}

/* Appends what is guarded of a slot, as JSON. */
static void
append_slot(StringInfo json, const char *label, const Slot *slot)
{
	appendStringInfo(json, ", \"%s\": ", label);
	if (slot == NULL)
	{
		appendStringInfoString(json, "null");
		return;
	}
	appendStringInfoString(json, "{\"status\": ");
	escape_json(json, slot->label);
	appendStringInfo(json, ", \"duration\": %d, \"session_deducted\": %s",
					 slot->duration, slot->deducted ? "true" : "false");
	if (slot->user_id != NO_ID)
		appendStringInfo(json, ", \"user_id\": " INT64_FORMAT, slot->user_id);
	if (slot->trainer_id != NO_ID)
		appendStringInfo(json, ", \"trainer_id\": " INT64_FORMAT, slot->trainer_id);
	if (slot->credits != slot->deducted)
		appendStringInfo(json, ", \"credits\": %d", slot->credits);
	if (slot->class_id != NO_ID)
		appendStringInfo(json, ", \"class_id\": " INT64_FORMAT, slot->class_id);
	if (slot->date != NO_TIME)
		appendStringInfo(json, ", \"session_date\": \"%s\"", zone_json_time(slot->date));
	appendStringInfoChar(json, '}');
}

/* Returns what is written down of a change, as JSON. */
static Datum
change_details(const Slot *old, const Slot *new, int32 credit, const char *from)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"command\": \"%s\"",
					 old == NULL ? "INSERT" : new == NULL ? "DELETE" : "UPDATE");
	append_slot(&json, "old", old);
	append_slot(&json, "new", new);
	if (credit != 0)
		appendStringInfo(&json, ", \"credit\": %d", credit);
	if (from)
		appendStringInfo(&json, ", \"from\": \"%s\"", from);
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Locks a client; if he was deleted, that row of his, and returns false unless he has come back. */
static bool
lock_client(Call *call, int64 user_id, Account *account)
{
	return account_lock(call, user_id, account) ||
		(account_lock_deleted(call, user_id) && account_lock(call, user_id, account));
}

/* Writes into one client's ledger what was done to a session of his. */
static void
record_session_for(Call *call, int64 user_id, const Slot *old, const Slot *new)
{
	Entry		entry = NEW_ENTRY;
	Account		account;
	Attendance	ended;
	int32		credit = 0;

	if (user_id == NO_ID)
		return;
	if (lock_client(call, user_id, &account))
	{
		call_set_now(call);
		account_open(call, &account);
		credit = direct_credit(call, &account, old, new);
	}
	else
	{
		/*
		 * He was deleted, or never was.  As long as the studio is not
		 * backfilled that is written down too: who comes later without a
		 * ledger would be taken to have come with this booking.
		 */
		call_set_now(call);
		account_read(call, &account);
		if (!account.has_ledger && call->studio->backfilled)
			return;
		totals_unknown(&account.totals);	/* of who is no row others may
											 * write, too */
	}
	Assert(new || (old && old->user_id == user_id));
	entry.kind = "external";
	entry.session_id = old && old->user_id == user_id ? old->id : new->id;
	ended = attendance_that_ends(call, user_id, old, new);
	entry.details = change_details(old, new, credit, attendance_name(ended));
	entry.missed = -(ended == ATTENDANCE_MISSED);
	entry.by_nobody = true;
	account_session(call, &account, old, new);
	account_write(call, &account, &entry);
	if (credit != 0)
		direct_session(call, &account, credit);
}

/*
 * Returns whether changes of a row are written down: of dated ones, and of
 * bookings, but not of what is the application's own affair.
 */
static bool
is_watched(const Slot *slot)
{
	return slot != NULL && slot->status != STATUS_OTHER &&
		(slot->date != NO_TIME || (slot->user_id != NO_ID && slot_is_live(slot)));
}

/* Writes down a direct change of a watched row, for every client it concerns. */
static void
record_session(Studio *studio, const Slot *old, const Slot *new)
{
	int64		was = old ? old->user_id : NO_ID;
	int64		is = new ? new->user_id : NO_ID;
	Call	   *call;

	if (!is_watched(old) && !is_watched(new))
		return;

	call = call_begin(studio, CALL_GUARD);
	/* two clients are locked in the order of their ids, as everywhere */
	if (was == NO_ID || (is != NO_ID && is < was))
	{
		record_session_for(call, is, old, new);
		record_session_for(call, was, old, new);
	}
	else
	{
		record_session_for(call, was, old, new);
		if (was != is)
			record_session_for(call, is, old, new);
	}
	call_end(call);
}

/* Answers somebody's direct change of a session, as the studio has it. */
static void
judge_session(TriggerData *trigdata, Studio *studio, const Slot *old, const Slot *new)
{
	Assert(old || new);
	studio = guard_working_studio(trigdata, studio, TABLE_SESSIONS);
	if (studio->settings.guard_sessions == GUARD_REFUSE)
		refuse_session(trigdata, studio, old, new);
	else if (studio->settings.guard_sessions == GUARD_RECORD)
		record_session(guard_writing_studio(trigdata, TABLE_SESSIONS), old, new);
	guard_places(trigdata, old, new);
}

/* swan_guard_sessions(): on sessions, AFTER ROW for all. */
Datum
swan_guard_sessions(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = guard_trigger_data(fcinfo, "swan_guard_sessions", true);
	CmdType		command = guard_command(trigdata);
	Studio	   *studio = guard_studio(trigdata, TABLE_SESSIONS);
	Slot		old;
	Slot		new;
	Slot	   *before = NULL;
	Slot	   *after = NULL;
	RowImage	old_image;
	RowImage	new_image;

	if (!TRIGGER_FIRED_AFTER(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"swan_guard_sessions\" must be fired AFTER ROW")));
	if (command != CMD_INSERT &&
		guard_is_there(trigdata->tg_trigslot, &studio->columns[SESSIONS_DELETED_AT]))
	{
		slot_of_trigger(studio, trigdata->tg_trigslot, &old);
		old_image = slot_image(&old);
		before = &old;
	}
	if (command != CMD_DELETE &&
		guard_is_there(guard_row(trigdata), &studio->columns[SESSIONS_DELETED_AT]))
	{
		slot_of_trigger(studio, guard_row(trigdata), &new);
		new_image = slot_image(&new);
		after = &new;
	}
	if (guard_is_direct(trigdata, command,
						before ? &old_image : NULL, after ? &new_image : NULL))
		judge_session(trigdata, studio, before, after);
	return PointerGetDatum(NULL);
}
