/*-------------------------------------------------------------------------
 *
 * slot.c
 *	  Rows of the sessions table: slots and bookings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"

#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "slot/slot.h"

static const StudioQuery find_slot = {
	"SELECT" SELECT_LIST(SLOT_COLUMNS) " FROM {sessions} s"
	" WHERE {live s} AND {s.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, PLAN_SIMPLE
};

/* a trainer's slot from $2 to $3, of which $6 on both sides is a buffer, but for those of class $5 */
static const StudioQuery trainer_overlap = {
	"SELECT {s.id} FROM {sessions} s"
	" WHERE {live s} AND " SLOT_KEEPS_TRAINER
	" AND " SLOT_BESIDE("s", "$5") "{s.id} OPERATOR(pg_catalog.<>) $4"
	" AND " SLOT_KEEPS_BUFFER("$6") " LIMIT 1",
	6, {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT8OID, INTERVALOID}, PLAN_SIMPLE
};

/* a client's live booking from $2 to $3 */
static const StudioQuery client_overlap = {
	"SELECT {s.id} FROM {sessions} s"
	" WHERE {live s} AND " SLOT_KEEPS_CLIENT
	" AND {s.id} OPERATOR(pg_catalog.<>) $4 LIMIT 1",
	4, {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID}, PLAN_SIMPLE
};

/* likewise, but for those of class $5 */
static const StudioQuery client_overlap_beside = {
	"SELECT {s.id} FROM {sessions} s"
	" WHERE {live s} AND " SLOT_KEEPS_CLIENT
	" AND " SLOT_BESIDE("s", "$5") "{s.id} OPERATOR(pg_catalog.<>) $4 LIMIT 1",
	5, {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT8OID}, PLAN_SIMPLE
};

static const char *const status_names[] = {
	[STATUS_AVAILABLE] = "available",
	[STATUS_SCHEDULED] = "scheduled",
	[STATUS_CONFIRMED] = "confirmed",
	[STATUS_COMPLETED] = "completed",
	[STATUS_CANCELLED] = "cancelled",
	[STATUS_REQUESTED] = "requested",
	[STATUS_BLOCKED] = "blocked",
	[STATUS_OTHER] = "other",
};

/* Returns the status of that label. */
SlotStatus
slot_parse_status(const Studio *studio, const char *label)
{
	const char *name = label ? studio_status_of(studio, label) : NULL;

	for (int i = STATUS_AVAILABLE; name && i < STATUS_OTHER; i++)
	{
		if (strcmp(name, status_names[i]) == 0)
			return i;
	}
	return STATUS_OTHER;
}

/* Returns what we call a status. */
const char *
slot_status_name(SlotStatus status)
{
	return status_names[status];
}

/* Makes a slot what we call so, with the label that is written for it. */
void
slot_set_status(const Studio *studio, Slot *slot, SlotStatus status)
{
	slot->status = status;
	slot->confirmed |= status == STATUS_CONFIRMED;
	slot->label = studio_status_label(studio, slot_status_name(status));
}

/* Makes a slot what its row says, in the application's own word. */
void
slot_set_label(const Studio *studio, Slot *slot, const char *label)
{
	slot->status = slot_parse_status(studio, label);
	slot->label = label ? label : slot_status_name(slot->status);
}

/*
 * Reads SLOT_COLUMNS, which stand after so many others, from a row; returns
 * false if there is no slot in it.
 */
bool
slot_of_row(const Studio *studio, Rows result, uint64 row, int before, Slot *slot)
{
	if (row_isnull(result, row, before + SLOT_ID))
		return false;
	slot->id = row_id(result, row, before + SLOT_ID);
	slot->user_id = row_id(result, row, before + SLOT_USER_ID);
	slot->trainer_id = row_id(result, row, before + SLOT_TRAINER_ID);
	slot_set_label(studio, slot, row_text(result, row, before + SLOT_STATUS));
	slot->date = row_time(result, row, before + SLOT_DATE);
	slot->duration = row_isnull(result, row, before + SLOT_DURATION) ?
		SWAN_DURATION_DEFAULT : row_int(result, row, before + SLOT_DURATION);
	slot->deducted = row_bool(result, row, before + SLOT_DEDUCTED);
	slot->booked_at = row_time(result, row, before + SLOT_BOOKED_AT);
	slot->class_id = row_id(result, row, before + SLOT_CLASS_ID);
	slot->cancel_reason = NULL;
	slot->kind = row_text(result, row, before + SLOT_KIND);
	slot->notes = row_text(result, row, before + SLOT_NOTES);
	slot->confirmed = slot->status == STATUS_CONFIRMED ||
		row_bool(result, row, before + SLOT_CONFIRMED);
	slot->cost = row_isnull(result, row, before + SLOT_COST) ?
		1 : row_int(result, row, before + SLOT_COST);
	slot->credits = row_isnull(result, row, before + SLOT_CREDITS) ?
		slot->deducted : row_int(result, row, before + SLOT_CREDITS);
	if (studio->columns[SESSIONS_DEDUCTED].name == NULL)
		slot->deducted = slot->credits > 0;
	return true;
}

/* Returns when a slot of some minutes ends; one without a date never does. */
TimestampTz
slot_end_of(TimestampTz start, int32 duration)
{
	if (start == NO_TIME || TIMESTAMP_NOT_FINITE(start))
		return start;
	return start + duration * (int64) SECS_PER_MINUTE * USECS_PER_SEC;
}

/* Returns when a slot ends. */
TimestampTz
slot_end(const Slot *slot)
{
	return slot_end_of(slot->date, slot->duration);
}

/* Answers an unknown session. */
void
session_not_found(int64 id)
{
	ereport(ERROR,
			(swan_error_counting(SWAN_SESSION_NOT_FOUND, NULL, "sessionId", id),
			 errmsg("session %lld does not exist", (long long) id)));
}

/* Returns whether a slot can be booked, but for its time and who holds it. */
bool
slot_is_open(const Slot *slot)
{
	return slot->date != NO_TIME && slot->user_id == NO_ID &&
		slot->status == STATUS_AVAILABLE;
}

/* Returns whether somebody is going to come. */
bool
slot_is_live(const Slot *slot)
{
	return slot->status == STATUS_SCHEDULED || slot->status == STATUS_CONFIRMED;
}

/* Returns whether a client has it and is going to come. */
bool
slot_is_booking(const Slot *slot)
{
	return slot->date != NO_TIME && slot->user_id != NO_ID && slot_is_live(slot);
}

/* Returns whether a client asks for it. */
bool
slot_is_request(const Slot *slot)
{
	return slot->date != NO_TIME && slot->user_id != NO_ID &&
		slot->status == STATUS_REQUESTED;
}

/*
 * Returns whether it takes the time of its trainer: a cancelled one frees it, and
 * who only asks for it has not got it.
 */
bool
slot_takes_time(const Slot *slot)
{
	return slot->status != STATUS_CANCELLED && slot->status != STATUS_REQUESTED &&
		slot->status != STATUS_OTHER;
}

/* Returns whether a slot's time has come. */
bool
slot_has_begun(Call *call, const Slot *slot)
{
	return slot->date <= call->now;
}

/* Notes what a session has taken. */
void
slot_charge(Slot *slot, int32 credits)
{
	slot->deducted = credits > 0;
	slot->credits = credits;
}

/* Makes a slot what the studio's columns can hold of it. */
void
slot_fit(Studio *studio, Slot *slot)
{
	const StudioColumn *columns = studio->columns;

	if (columns[SESSIONS_CREDITS].name == NULL)
	{
		if (columns[SESSIONS_DEDUCTED].name == NULL)
			slot->deducted = false;
		slot->credits = slot->deducted;
	}
	if (columns[SESSIONS_DURATION].name == NULL)
		slot->duration = SWAN_DURATION_DEFAULT;
	if (columns[SESSIONS_TRAINER_ID].name == NULL)
		slot->trainer_id = NO_ID;
	if (slot->date == NO_TIME)
		return;
	if (columns[SESSIONS_DATE].typmod >= 0)
		slot->date = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_scale,
															 TimestampTzGetDatum(slot->date),
															 Int32GetDatum(columns[SESSIONS_DATE].typmod)));
	if (columns[SESSIONS_DATE].type == TIMESTAMPOID)
	{
		const char *zone = columns[SESSIONS_DATE].time_zone;

		if (zone_instant(zone, zone_local_time(zone, slot->date)) != slot->date)
			ereport(ERROR,
					(swan_error(SWAN_INVALID_ARGUMENT),
					 errmsg("column \"%s\" cannot hold %s: clocks in zone \"%s\" show it twice",
							columns[SESSIONS_DATE].name, timestamptz_to_str(slot->date),
							zone)));
	}
}

/* Returns what is guarded of a slot. */
RowImage
slot_image(const Slot *slot)
{
	RowImage	image = {.id = slot->id};

	image.guarded[GUARDED_USER_ID] = slot->user_id;
	image.guarded[GUARDED_TRAINER_ID] = slot->trainer_id;
	image.guarded[GUARDED_STATUS] = slot->status;
	image.guarded[GUARDED_DEDUCTED] = slot->deducted;
	image.guarded[GUARDED_DATE] = slot->date;
	image.guarded[GUARDED_DURATION] = slot->duration;
	image.guarded[GUARDED_CLASS_ID] = slot->class_id;
	image.guarded[GUARDED_CREDITS] = slot->credits;
	return image;
}

/* Reads the row of sessions that a query finds, seeing what the caller chooses to see; returns false if there is none. */
bool
slot_look_for(Call *call, const StudioQuery *query, const NullableDatum *args, QueryRun run,
			  Slot *slot)
{
	Rows		result = run(call, query, args);

	if (result.nrows == 1)
		return slot_of_row(call->studio, result, 0, 0, slot);
	query_confirm_none(call, query, args, run);
	return false;
}

/* Reads one row of sessions; returns false if there is none. */
bool
slot_find(Call *call, int64 id, Slot *slot)
{
	return slot_look_at(call, id, slot, query_recheck);
}

/* Likewise, seeing what the caller chooses to see. */
bool
slot_look_at(Call *call, int64 id, Slot *slot, QueryRun run)
{
	NullableDatum args[] = {arg_id(id)};

	return slot_look_for(call, &find_slot, args, run, slot);
}

/* Reads a slot that somebody names, and refuses the id of what is none. */
void
slot_require(Call *call, int64 id, Slot *slot)
{
	if (!slot_find(call, id, slot) || slot->date == NO_TIME)
		session_not_found(id);
}

/*
 * Changes a locked row from what it was to what it shall be.  The statement
 * takes the arguments in the order below, assigns those that it is about, and
 * ends with SLOT_WRITTEN.
 */
void
slot_write(Call *call, const StudioQuery *statement,
		   const Slot *before, Slot *after)
{
	NullableDatum args[] = {
		arg_id(before->id),
		arg_id(after->user_id),
		arg_id(after->trainer_id),
		arg_text(after->label),
		arg_time(after->date),
		arg_int(after->duration),
		arg_bool(after->deducted),
		arg_time(after->booked_at),
		arg_time(call->now),
		arg_id(call->actor ? call->actor->user_id : NO_ID),
		arg_text(after->cancel_reason),
		arg_int(after->credits)
	};
	TokenEntry	entry = {{0}};
	Rows		result;
	Slot		written;
	RowImage	image;

	slot_fit(call->studio, after);
	entry.before = slot_image(before);
	entry.after = slot_image(after);
	result = query_change(call, statement, args, TABLE_SESSIONS,
						  CMD_UPDATE, &entry, 1);

	if (result.nrows == 1 && result.desc == NULL)
		return;					/* nobody could change it */
	if (result.nrows == 1 && slot_of_row(call->studio, result, 0, 0, &written))
	{
		image = slot_image(&written);
		if (memcmp(&image, &entry.after, sizeof(image)) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table %s interfered with session %lld",
					call->studio->table_names[TABLE_SESSIONS], (long long) before->id),
			 errhint("Triggers of the application must not change or suppress what swanalloc writes.")));
}

/*
 * Answers a row of ours that is about a session and not as we locked or wrote it; "with"
 * says what it is.
 */
void
slot_interfered(Call *call, StudioTable table, const char *with, int64 session_id)
{
	if (IsolationUsesXactSnapshot())
		swan_serialization_failure();	/* it is newer than our snapshot */
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table %s interfered with %s session %lld",
					call->studio->table_names[table], with, (long long) session_id)));
}

/* Runs an INSERT that makes a slot, and returns its id. */
int64
slot_insert(Call *call, const StudioQuery *statement, const NullableDatum *args, Slot *slot)
{
	TokenEntry	row = {{0}};
	Rows		result;

	slot_fit(call->studio, slot);
	row.after = slot_image(slot);
	result = query_change(call, statement, args, TABLE_SESSIONS,
						  CMD_INSERT, &row, 1);
	if (result.nrows != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger on table %s suppressed a new slot",
						call->studio->table_names[TABLE_SESSIONS])));
	return row_id(result, 0, 1);
}


/* Returns what time is kept free on both sides of a slot: blocked time is no session. */
int64
slot_buffer(const Studio *studio, const Slot *slot)
{
	return slot->status == STATUS_BLOCKED ? 0 : studio->settings.buffer;
}

/* Says in an error about a trainer's time that more than the sessions takes it. */
int
slot_buffer_hint(Call *call)
{
	if (call->studio->settings.buffer == 0)
		return 0;
	return errhint("The setting buffer keeps time free between two sessions of a trainer.");
}

/*
 * Returns a row that a search for overlaps finds, or NO_ID, in the time that a
 * buffer widens on both sides.
 */
static int64
look_for_overlap(Call *call, const StudioQuery *search, int64 owner,
				 TimestampTz start, TimestampTz end, int64 buffer, int64 but_not,
				 int64 but_class, QueryRun run)
{
	bool		endless = TIMESTAMP_NOT_FINITE(start) || TIMESTAMP_NOT_FINITE(end);
	Interval	wider = {.time = endless ? 0 : buffer};
	NullableDatum args[] = {
		arg_id(owner), arg_time(start - wider.time), arg_time(end + wider.time),
		{Int64GetDatum(but_not), false}, arg_id(but_class),
		arg_datum(IntervalPGetDatum(&wider))
	};
	Rows		result;

	if (end <= start)			/* it takes no time */
		return NO_ID;
	result = run(call, search, args);
	return result.nrows == 0 ? NO_ID : row_id(result, 0, 1);
}

/* Likewise; one that only the latest snapshot sees is for the caller to retry. */
static int64
find_overlap(Call *call, const StudioQuery *search, int64 owner,
			 TimestampTz start, TimestampTz end, int64 buffer, int64 but_not,
			 int64 but_class)
{
	int64		found = look_for_overlap(call, search, owner, start, end, buffer, but_not,
										 but_class, query_recheck);

	if (found != NO_ID && IsolationUsesXactSnapshot() &&
		look_for_overlap(call, search, owner, start, end, buffer, but_not, but_class,
						 query_look) == NO_ID)
		swan_serialization_failure();
	return found;
}

/*
 * Returns a slot of the trainer that overlaps the time, or is nearer to it than
 * a buffer, or NO_ID; places of one class are beside each other.  The caller holds
 * the trainer's lock.
 */
int64
slot_trainer_overlap(Call *call, int64 trainer_id,
					 TimestampTz start, TimestampTz end, int64 buffer, int64 but_not,
					 int64 but_class)
{
	return find_overlap(call, &trainer_overlap, trainer_id, start, end, buffer, but_not,
						but_class);
}

/* Returns the search for a client's live bookings, but for those of a class if there is one. */
static const StudioQuery *
client_search(int64 but_class)
{
	return but_class == NO_ID ? &client_overlap : &client_overlap_beside;
}

/*
 * Returns a live booking of the client that overlaps the time, or NO_ID.  The
 * caller holds the client's lock.
 */
int64
slot_client_overlap(Call *call, int64 user_id,
					TimestampTz start, TimestampTz end, int64 but_not, int64 but_class)
{
	return find_overlap(call, client_search(but_class), user_id, start, end, 0, but_not,
						but_class);
}

/* Likewise without a lock, or seeing what the caller chooses to see. */
int64
slot_look_for_client_overlap(Call *call, int64 user_id,
							 TimestampTz start, TimestampTz end, int64 but_not,
							 int64 but_class, QueryRun run)
{
	return look_for_overlap(call, client_search(but_class), user_id, start, end, 0, but_not,
							but_class, run);
}

/* Likewise of the trainer's slots. */
int64
slot_look_for_trainer_overlap(Call *call, int64 trainer_id,
							  TimestampTz start, TimestampTz end, int64 buffer,
							  int64 but_not, int64 but_class, QueryRun run)
{
	return look_for_overlap(call, &trainer_overlap, trainer_id, start, end, buffer, but_not,
							but_class, run);
}
