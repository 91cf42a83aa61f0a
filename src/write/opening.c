/*-------------------------------------------------------------------------
 *
 * opening.c
 *	  What a trainer makes of his time: slots to book, and time that he does not
 *	  give.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "slot/slot.h"
#include "account/open.h"
#include "account/ledger.h"
#include "write/calendar.h"

PG_FUNCTION_INFO_V1(swan_open_0_2);
PG_FUNCTION_INFO_V1(swan_block);

/* A trainer's time that is taken, over and over. */
typedef struct Series
{
	int64		trainer_id;
	TimestampTz *starts;
	int			repeat;
	int32		duration;
	int64		buffer;			/* to be kept free between two sessions */
	int32		places;			/* of each, if it is a class */
	int32		cost;			/* of each, or below zero */
	const char *kind;			/* likewise, or NULL */
	const char *key;
	bool		forced;
	bool		blocked;		/* nobody can book it */
	const char *notes;			/* of what is blocked */
} Series;

/* Answers a time that the trainer has given away already. */
static void
slot_conflict(Call *call, const Series *series, TimestampTz start, int64 other)
{
	const char *at = timestamptz_to_str(start);

	if (other == NO_ID)
		ereport(ERROR,
				(swan_error(SWAN_SLOT_CONFLICT),
				 errmsg("slot at %s overlaps another of the same series", at),
				 series->buffer ? slot_buffer_hint(call) :
				 errhint("The slots are longer than the time between them.")));
	ereport(ERROR,
			(swan_error_counting(SWAN_SLOT_CONFLICT, NULL, "sessionId", other),
			 errmsg("slot at %s overlaps session %lld of trainer %lld",
					at, (long long) other, (long long) series->trainer_id),
			 series->buffer ? slot_buffer_hint(call) : 0));
}

/*
 * Returns the starts of a series, in their order.  Days, weeks and months are those
 * of the studio's time zone, so a class at nine stays at nine when the clocks
 * change; hours and minutes are hours and minutes.
 */
static TimestampTz *
series_starts(Call *call, TimestampTz at, int32 repeat, const Interval *every)
{
	TimestampTz *starts = palloc(repeat * sizeof(TimestampTz));

	starts[0] = at;
	for (int i = 0; i < repeat; i++)
	{
		if (i > 0)
			starts[i] = zone_later(call->studio->settings.time_zone, at,
								   DatumGetIntervalP(DirectFunctionCall2(interval_mul,
																		 IntervalPGetDatum(every),
																		 Float8GetDatum(i))));
		if (!IS_VALID_TIMESTAMP(slot_end_of(starts[i], SWAN_DURATION_MAX)))
			ereport(ERROR,
					(swan_error(SWAN_INVALID_ARGUMENT),
					 errmsg("a slot would be too far in the future")));
		if (i > 0 && starts[i] <= starts[i - 1])
			ereport(ERROR,
					(swan_error(SWAN_INVALID_ARGUMENT),
					 errmsg("every must be longer than zero")));
	}
	return starts;
}

/* Refuses slots that overlap each other, or one of the trainer's. */
static void
check_series(Call *call, const Series *series)
{
	for (int i = 0; i < series->repeat; i++)
	{
		TimestampTz start = series->starts[i];
		int64		other;

		if (i > 0 && start < slot_end_of(series->starts[i - 1], series->duration) + series->buffer)
			slot_conflict(call, series, start, NO_ID);
		other = slot_trainer_overlap(call, series->trainer_id, start,
									 slot_end_of(start, series->duration), series->buffer, NO_ID, NO_ID);
		if (other != NO_ID)
			slot_conflict(call, series, start, other);
	}
}

/* Reads what both functions below begin with: whose time it is, and when. */
static void
argument_series(Call *call, FunctionCallInfo fcinfo, Series *series)
{
	TimestampTz at;

	series->trainer_id = argument_id(fcinfo, 0, "trainer_id");
	actor_require_own(call, series->trainer_id, NULL);
	if (!series->blocked)
		actor_require_task(call, TASK_OPEN);
	at = argument_start(fcinfo, 1);
	series->duration = argument_duration(fcinfo, 2);
	series->repeat = argument_between(fcinfo, 3, "repeat", SWAN_REPEAT_MAX, 1);
	series->starts = series_starts(call, at, series->repeat, argument_span(fcinfo, 4, 7, 0));
}

/* Makes one slot, or a class of so many places, and returns the id to book it by. */
static int64
open_places(Call *call, const Series *series, Slot *slot)
{
	int64		id = slot_insert_open(call, slot);

	if (series->places > 1)
		class_begin(call, id);
	slot->class_id = id;
	for (int i = 1; i < series->places; i++)
		slot_insert_open(call, slot);
	return id;
}

/* Takes one time of a series, and returns the id of what is made of it. */
static int64
take_time(Call *call, const Series *series, TimestampTz start)
{
	Slot		slot = {
		.id = NO_ID,.user_id = NO_ID,.trainer_id = series->trainer_id,.date = start,
		.duration = series->duration,.booked_at = NO_TIME,.class_id = NO_ID,
		.cost = series->cost,.kind = series->kind
	};

	if (!series->blocked)
		return open_places(call, series, &slot);
	slot_set_status(call->studio, &slot, STATUS_BLOCKED);
	slot_insert_unbooked(call, &slot, series->notes);
	return slot.id;
}

/* Returns whether two texts are the same, or both missing. */
static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Returns the ids that a key of the trainer's was used for, in "n"; NULL where it was not. */
static int64 *
same_series(Call *call, const Series *series, int *n)
{
	KeyedRow	before;

	if (!ledger_find_key(call, series->trainer_id, "slots", series->key, &before))
		return NULL;
	if (!same_text(details_text(before.details, "at"), zone_json_time(series->starts[0])) ||
		!same_text(details_text(before.details, "last"),
				   zone_json_time(series->starts[series->repeat - 1])) ||
		details_number(before.details, "duration", 0) != series->duration ||
		details_number(before.details, "repeat", 0) != series->repeat ||
		details_number(before.details, "places", 0) != series->places ||
		details_number(before.details, "cost", -1) != series->cost ||
		!same_text(details_text(before.details, "kind"), series->kind))
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for other slots", series->key),
				 errhint("Use a new key for new slots.")));
	return details_ids(before.details, "sessions", n);
}

/* Writes into the trainer's ledger which slots were made, for the feed and, with a key, for its next use. */
static void
note_series(Call *call, const Locks *locks, const Series *series, const int64 *ids)
{
	Entry		entry = NEW_ENTRY;
	StringInfoData json;
	Account		trainer;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"change\": \"%s\", \"at\": \"%s\", \"last\": \"%s\", \"duration\": %d, \"repeat\": %d, \"places\": %d",
					 series->blocked ? "blocked" : "opened",
					 zone_json_time(series->starts[0]),
					 zone_json_time(series->starts[series->repeat - 1]),
					 series->duration, series->repeat, series->places);
	if (series->cost >= 0)
		appendStringInfo(&json, ", \"cost\": %d", series->cost);
	if (series->kind)
	{
		appendStringInfoString(&json, ", \"kind\": ");
		escape_json(&json, series->kind);
	}
	appendStringInfoString(&json, ", ");
	calendar_append_ids(&json, ids, series->repeat);
	appendStringInfoChar(&json, '}');
	account_enter(call, locks, series->trainer_id, &trainer);
	entry.kind = "slots";
	entry.key = series->key;
	entry.details = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
	account_write(call, &trainer, &entry);
	account_close(call, &trainer, "Available");
}

/* Closes the call with ids. */
static Datum
answer_ids(Call *call, FunctionCallInfo fcinfo, const int64 *ids, int n)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int i = 0; i < n; i++)
	{
		Datum		value = Int64GetDatum(ids[i]);
		bool		isnull = false;

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
	}
	call_end(call);
	return (Datum) 0;
}

/* Takes the trainer's time at all times of a series, or at none, and closes the call with the ids. */
static Datum
insert_series(Call *call, FunctionCallInfo fcinfo, const Series *series)
{
	Locks		locks = {0};
	int64	   *ids;
	int			n;

	/* a trainer is a user; his lock keeps his time from being given twice */
	lock_users(call, &locks, &series->trainer_id, 1);
	if (!user_is_locked(&locks, series->trainer_id))
		user_not_found(series->trainer_id);
	ids = same_series(call, series, &n);
	if (ids)
		return answer_ids(call, fcinfo, ids, n);
	actor_require_trainer(call, series->trainer_id);
	if (!call->studio->settings.trainer_overlap && !series->forced)
		check_series(call, series);
	ids = palloc(series->repeat * sizeof(int64));
	for (int i = 0; i < series->repeat; i++)
		ids[i] = take_time(call, series, series->starts[i]);
	note_series(call, &locks, series, ids);
	return answer_ids(call, fcinfo, ids, series->repeat);
}

/* Reads what a slot shall cost, below zero if that is not said. */
static int32
argument_cost(FunctionCallInfo fcinfo, int n)
{
	int32		cost = PG_ARGISNULL(n) ? -1 : PG_GETARG_INT32(n);

	if (!PG_ARGISNULL(n) && (cost < 0 || cost > SWAN_COST_MAX))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("cost must be between 0 and %d", SWAN_COST_MAX)));
	return cost;
}

/* swan_open(): a trainer offers his time. */
Datum
swan_open_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call;
	Series		series = {0};

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	call = actor_enter(fcinfo, CALL_WRITER, 10, MAY_TRAINER | MAY_OFFICE);
	argument_series(call, fcinfo, &series);
	series.cost = argument_cost(fcinfo, 6);
	series.kind = argument_text(fcinfo, 7);
	series.key = argument_key(fcinfo, 8);
	series.forced = actor_force(call, fcinfo, 9);
	series.places = argument_between(fcinfo, 5, "places", SWAN_PLACES_MAX, 1);
	series.buffer = call->studio->settings.buffer;
	return insert_series(call, fcinfo, &series);
}

/* swan_block(): a trainer keeps time for himself, without what the setting buffer keeps between sessions. */
Datum
swan_block(PG_FUNCTION_ARGS)
{
	Call	   *call;
	Series		series = {.blocked = true,.places = 1,.cost = -1};

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	call = actor_enter(fcinfo, CALL_WRITER, 6, MAY_TRAINER | MAY_OFFICE);
	argument_series(call, fcinfo, &series);
	series.notes = argument_reason(fcinfo, 5, NULL);
	return insert_series(call, fcinfo, &series);
}
