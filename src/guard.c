/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  The triggers that watch everybody but the engine.
 *
 * Rows are judged in AFTER ROW triggers, when no other trigger can change
 * them any more.  The engine's own statements are known by their token; what
 * is left is somebody's direct write, which is refused or written down.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "error.h"
#include "ledger.h"
#include "slot.h"

PG_FUNCTION_INFO_V1(swan_guard_users);
PG_FUNCTION_INFO_V1(swan_guard_sessions);
PG_FUNCTION_INFO_V1(swan_guard_closed);
PG_FUNCTION_INFO_V1(swan_guard_truncate);

static const Statement live_bookings = {
	"SELECT 1 FROM {sessions} s WHERE {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.status} IN ('scheduled', 'confirmed') LIMIT 1",
	1, {INT8OID}
};

/* Returns the trigger's data, or refuses another use of the function. */
static TriggerData *
get_trigger_data(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", name)));
	return (TriggerData *) fcinfo->context;
}

/* Returns the command that fired the trigger. */
static CmdType
get_command(TriggerData *trigdata)
{
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		return CMD_INSERT;
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		return CMD_UPDATE;
	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		return CMD_DELETE;
	return CMD_UTILITY;			/* TRUNCATE */
}

/* Returns the studio of the trigger's table. */
static Studio *
get_studio(TriggerData *trigdata)
{
	Studio	   *studio = studio_of_relation(RelationGetRelid(trigdata->tg_relation));

	if (studio == NULL)
		ereport(ERROR,
				(swan_errcode(SWAN_STUDIO_NOT_FOUND),
				 errmsg("table \"%s\" belongs to no studio",
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Attach it with swan_attach(), or drop its swan_* triggers.")));
	if (studio->columns[USERS_BALANCE].name == NULL ||
		studio->columns[SESSIONS_STATUS].name == NULL)
		studio_check(studio);
	return studio;
}

/* Answers a direct write to a guarded table. */
static void
refuse_write(TriggerData *trigdata, const char *what, const char *hint)
{
	ereport(ERROR,
			(swan_errcode(SWAN_DIRECT_WRITE_REFUSED),
			 errmsg("%s of table \"%s\" must not be changed directly", what,
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("%s", hint)));
}

/* Returns one column of a row in a trigger. */
static Datum
tuple_datum(TriggerData *trigdata, HeapTuple tuple, const StudioColumn *column,
			bool *isnull)
{
	if (column->name == NULL)
	{
		*isnull = true;
		return (Datum) 0;
	}
	return heap_getattr(tuple, column->attnum,
						RelationGetDescr(trigdata->tg_relation), isnull);
}

/* Returns a whole number of a row in a trigger. */
static int64
tuple_number(TriggerData *trigdata, HeapTuple tuple, const StudioColumn *column,
			 int64 if_null)
{
	bool		isnull;
	Datum		value = tuple_datum(trigdata, tuple, column, &isnull);

	if (isnull)
		return if_null;
	return column->type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

/* Returns what is guarded of a row of users. */
static RowImage
user_image(TriggerData *trigdata, Studio *studio, HeapTuple tuple)
{
	RowImage	image = {0};

	image.id = tuple_number(trigdata, tuple, &studio->columns[USERS_ID], NO_ID);
	image.guarded[GUARDED_BALANCE] =
		tuple_number(trigdata, tuple, &studio->columns[USERS_BALANCE], 0);
	return image;
}

/* Reads a row of sessions in a trigger. */
static void
slot_of_tuple(TriggerData *trigdata, Studio *studio, HeapTuple tuple, Slot *slot)
{
	const StudioColumn *columns = studio->columns;
	Datum		value;
	bool		isnull;

	memset(slot, 0, sizeof(Slot));
	slot->id = tuple_number(trigdata, tuple, &columns[SESSIONS_ID], NO_ID);
	slot->user_id = tuple_number(trigdata, tuple, &columns[SESSIONS_USER_ID], NO_ID);
	slot->trainer_id = tuple_number(trigdata, tuple, &columns[SESSIONS_TRAINER_ID], NO_ID);
	slot->duration = tuple_number(trigdata, tuple, &columns[SESSIONS_DURATION],
								  SWAN_DURATION_DEFAULT);
	value = tuple_datum(trigdata, tuple, &columns[SESSIONS_STATUS], &isnull);
	slot->status = STATUS_OTHER;
	if (!isnull)
	{
		Oid			output;
		bool		is_varlena;

		getTypeOutputInfo(columns[SESSIONS_STATUS].type, &output, &is_varlena);
		slot->status = slot_parse_status(OidOutputFunctionCall(output, value));
	}
	value = tuple_datum(trigdata, tuple, &columns[SESSIONS_DATE], &isnull);
	slot->date = isnull ? NO_TIME : DatumGetTimestampTz(value);
	value = tuple_datum(trigdata, tuple, &columns[SESSIONS_DEDUCTED], &isnull);
	slot->deducted = !isnull && DatumGetBool(value);
}

/* Words the error for a balance below zero; the CHECK is what forbids it. */
static void
word_negative_balance(TriggerData *trigdata, Studio *studio, HeapTuple row)
{
	RowImage	image = user_image(trigdata, studio, row);

	if (image.guarded[GUARDED_BALANCE] >= 0)
		return;
	if (studio->settings.guard_balance == GUARD_REFUSE)
		refuse_write(trigdata, "the balance", "Use swan_revoke() to take credits back.");
	ereport(ERROR,
			(swan_errcode_counting(SWAN_INSUFFICIENT_SESSIONS, NULL,
								   "availableSessions", 0),
			 errmsg("the balance of user %lld would be negative",
					(long long) image.id)));
}

/* Refuses to lose a client who has something coming to him. */
static void
judge_client_delete(TriggerData *trigdata, Studio *studio, const RowImage *old)
{
	NullableDatum args[] = {arg_id(old->id)};
	Call	   *call;
	bool		busy;

	if (old->guarded[GUARDED_BALANCE] != 0)
		refuse_write(trigdata, "a client with a balance",
					 "Take the credits back with swan_revoke() first.");
	call = call_begin(studio, CALL_GUARD);
	busy = statement_read(call, &live_bookings, args).nrows > 0;
	call_end(call);
	if (busy)
		refuse_write(trigdata, "a client with live bookings",
					 "Cancel them with swan_cancel() first.");
}

/* Writes down what somebody did to a balance. */
static void
record_balance(Studio *studio, int64 user_id, int32 before, int32 after)
{
	Call	   *call = call_begin(studio, CALL_GUARD);
	Account		account = {.user_id = user_id,.balance = before,.call_id = NO_ID};

	account_open(call, &account);
	account_external(call, &account, after - before, NULL);
	call_end(call);
}

/* Judges a change of a row of users that the engine did not announce. */
static void
judge_user(TriggerData *trigdata, Studio *studio,
		   const RowImage *old, const RowImage *new)
{
	int32		before = old ? old->guarded[GUARDED_BALANCE] : 0;
	int32		after = new ? new->guarded[GUARDED_BALANCE] : 0;

	studio_check(studio);
	if (old && new && old->id != new->id)
		refuse_write(trigdata, "the id", "Ledger and bookings refer to it.");
	if (studio->settings.guard_balance == GUARD_REFUSE)
	{
		if (new == NULL)
			judge_client_delete(trigdata, studio, old);
		else if (before != after)
			refuse_write(trigdata, "the balance", "Use swan_grant() or swan_revoke().");
	}
	else if (before != after)
		record_balance(studio, new ? new->id : old->id, before, after);
}

/*
 * swan_guard_users(): on users, BEFORE ROW for INSERT and UPDATE to word an
 * error, AFTER ROW for all to judge.
 */
Datum
swan_guard_users(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = get_trigger_data(fcinfo, "swan_guard_users");
	CmdType		command = get_command(trigdata);
	HeapTuple	row = command == CMD_UPDATE ?
		trigdata->tg_newtuple : trigdata->tg_trigtuple;
	Studio	   *studio = get_studio(trigdata);
	RowImage	old;
	RowImage	new;
	RowImage   *before = NULL;
	RowImage   *after = NULL;

	if (TRIGGER_FIRED_BEFORE(trigdata->tg_event))
	{
		word_negative_balance(trigdata, studio, row);
		return PointerGetDatum(row);
	}

	if (command != CMD_INSERT)
	{
		old = user_image(trigdata, studio, trigdata->tg_trigtuple);
		before = &old;
	}
	if (command != CMD_DELETE)
	{
		new = user_image(trigdata, studio, row);
		after = &new;
	}
	if (before && after && memcmp(before, after, sizeof(RowImage)) == 0)
		return PointerGetDatum(NULL);
	if (!token_takes_row(RelationGetRelid(trigdata->tg_relation), command, before, after))
		judge_user(trigdata, studio, before, after);
	return PointerGetDatum(NULL);
}

/* Keeps a trainer's time from being given twice, in a row already written. */
static void
judge_trainer_time(Studio *studio, const Slot *slot)
{
	Call	   *call;
	Account		trainer;
	int64		other = NO_ID;

	if (studio->settings.trainer_overlap || slot->trainer_id == NO_ID ||
		TIMESTAMP_NOT_FINITE(slot->date) || slot->date == NO_TIME)
		return;
	if (slot->duration < 1 || slot->duration > SWAN_DURATION_MAX)
		ereport(ERROR,
				(swan_errcode(SWAN_INVALID_ARGUMENT),
				 errmsg("duration must be between 1 and %d minutes", SWAN_DURATION_MAX)));

	call = call_begin(studio, CALL_GUARD);
	if (account_lock(call, slot->trainer_id, &trainer))
		other = slot_trainer_overlap(call, slot->trainer_id, slot->date,
									 slot_end(slot), slot->id);
	call_end(call);
	if (other != NO_ID)
		ereport(ERROR,
				(swan_errcode_counting(SWAN_SLOT_CONFLICT, NULL, "sessionId", other),
				 errmsg("session %lld overlaps session %lld of trainer %lld",
						(long long) slot->id, (long long) other,
						(long long) slot->trainer_id)));
}

/* Returns whether two images of a slot differ in its time or trainer. */
static bool
slot_moved(const Slot *old, const Slot *new)
{
	return old->date != new->date || old->duration != new->duration ||
		old->trainer_id != new->trainer_id;
}

/* Refuses everything but what concerns open slots only. */
static void
refuse_session(TriggerData *trigdata, Studio *studio,
			   const Slot *old, const Slot *new)
{
	if (old == NULL)
	{
		if (!slot_is_open(new))
			refuse_write(trigdata, "a row that is not an open slot",
						 "Open slots with swan_open(), and book them with swan_book().");
		judge_trainer_time(studio, new);
		return;
	}
	if (new == NULL)
	{
		if (!slot_is_open(old))
			refuse_write(trigdata, "a row that is not an open slot",
						 "Cancel bookings with swan_cancel(); they stay the client's record.");
		return;
	}
	if (old->id != new->id)
		refuse_write(trigdata, "the id", "Ledger and holds refer to it.");
	if (old->user_id != new->user_id || old->status != new->status ||
		old->deducted != new->deducted)
		refuse_write(trigdata, "client and status",
					 "Use swan_book(), swan_cancel() and the other swan_* functions.");
	if (!slot_moved(old, new))
		return;
	if (!slot_is_open(old))
		refuse_write(trigdata, "time and trainer of a booking", "Use swan_move().");
	judge_trainer_time(studio, new);
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
	appendStringInfo(json, "{\"status\": \"%s\", \"duration\": %d, \"session_deducted\": %s",
					 slot_status_name(slot->status), slot->duration,
					 slot->deducted ? "true" : "false");
	if (slot->user_id != NO_ID)
		appendStringInfo(json, ", \"user_id\": " INT64_FORMAT, slot->user_id);
	if (slot->trainer_id != NO_ID)
		appendStringInfo(json, ", \"trainer_id\": " INT64_FORMAT, slot->trainer_id);
	if (slot->date != NO_TIME)
		appendStringInfo(json, ", \"session_date\": \"%s\"", timestamptz_to_str(slot->date));
	appendStringInfoChar(json, '}');
}

/* Writes into one client's ledger what was done to a session of his. */
static void
record_session_for(Call *call, int64 user_id, int64 session_id, Datum details)
{
	Entry		entry = NEW_ENTRY;
	Account		account;

	if (user_id == NO_ID || !account_lock(call, user_id, &account))
		return;
	call_set_now(call);
	account_open(call, &account);
	entry.kind = "external";
	entry.session_id = session_id;
	entry.details = details;
	entry.by_nobody = true;
	account_write(call, &account, &entry);
}

/* Writes down a direct change of a dated row, for every client it concerns. */
static void
record_session(Studio *studio, const Slot *old, const Slot *new)
{
	int64		was = old ? old->user_id : NO_ID;
	int64		is = new ? new->user_id : NO_ID;
	StringInfoData json;
	Call	   *call;
	Datum		details;

	if ((old == NULL || old->date == NO_TIME) && (new == NULL || new->date == NO_TIME))
		return;

	call = call_begin(studio, CALL_GUARD);
	initStringInfo(&json);
	appendStringInfo(&json, "{\"command\": \"%s\"",
					 old == NULL ? "INSERT" : new == NULL ? "DELETE" : "UPDATE");
	append_slot(&json, "old", old);
	append_slot(&json, "new", new);
	appendStringInfoChar(&json, '}');
	details = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));

	/* two clients are locked in the order of their ids, as everywhere */
	if (was != NO_ID && is != NO_ID && was > is)
	{
		record_session_for(call, is, new->id, details);
		record_session_for(call, was, old->id, details);
	}
	else
	{
		record_session_for(call, was, old ? old->id : NO_ID, details);
		if (was != is)
			record_session_for(call, is, new ? new->id : NO_ID, details);
	}
	call_end(call);
}

/* swan_guard_sessions(): on sessions, AFTER ROW for all. */
Datum
swan_guard_sessions(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = get_trigger_data(fcinfo, "swan_guard_sessions");
	CmdType		command = get_command(trigdata);
	HeapTuple	row = command == CMD_UPDATE ?
		trigdata->tg_newtuple : trigdata->tg_trigtuple;
	Studio	   *studio = get_studio(trigdata);
	Slot		old;
	Slot		new;
	Slot	   *before = NULL;
	Slot	   *after = NULL;
	RowImage	old_image;
	RowImage	new_image;

	if (command != CMD_INSERT)
	{
		slot_of_tuple(trigdata, studio, trigdata->tg_trigtuple, &old);
		old_image = slot_image(&old);
		before = &old;
	}
	if (command != CMD_DELETE)
	{
		slot_of_tuple(trigdata, studio, row, &new);
		new_image = slot_image(&new);
		after = &new;
	}
	if (token_takes_row(RelationGetRelid(trigdata->tg_relation), command,
						before ? &old_image : NULL, after ? &new_image : NULL))
		return PointerGetDatum(NULL);

	if (before && after && memcmp(&old_image, &new_image, sizeof(RowImage)) == 0)
		return PointerGetDatum(NULL);
	studio_check(studio);
	if (studio->settings.guard_sessions == GUARD_REFUSE)
		refuse_session(trigdata, studio, before, after);
	else if (studio->settings.guard_sessions == GUARD_RECORD)
		record_session(studio, before, after);
	return PointerGetDatum(NULL);
}

/*
 * swan_guard_closed(): on the ledger, lots and holds, BEFORE STATEMENT for
 * all; nobody but the engine writes there.
 */
Datum
swan_guard_closed(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = get_trigger_data(fcinfo, "swan_guard_closed");
	CmdType		command = get_command(trigdata);
	char	   *name = RelationGetRelationName(trigdata->tg_relation);
	bool		is_ledger = strcmp(name, "swan_ledger") == 0;

	if (token_covers_statement(RelationGetRelid(trigdata->tg_relation), command))
		return PointerGetDatum(NULL);
	if (is_ledger && command != CMD_INSERT)
		ereport(ERROR,
				(swan_errcode(SWAN_LEDGER_IMMUTABLE),
				 errmsg("table \"%s\" is append-only", name),
				 errhint("Correct a mistake with another grant or revocation.")));
	refuse_write(trigdata, "the rows",
				 "Only the swan_* functions write to this table.");
	return PointerGetDatum(NULL);	/* keep compiler quiet */
}

/* swan_guard_truncate(): on users and sessions, whose rows the ledger is of. */
Datum
swan_guard_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = get_trigger_data(fcinfo, "swan_guard_truncate");

	ereport(ERROR,
			(swan_errcode(SWAN_DIRECT_WRITE_REFUSED),
			 errmsg("table \"%s\" of a studio must not be truncated",
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("Detach the studio with swan_detach() first.")));
	return PointerGetDatum(NULL);	/* keep compiler quiet */
}
