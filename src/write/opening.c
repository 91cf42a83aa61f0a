/*-------------------------------------------------------------------------
 *
 * opening.c
 *	  Opening slots.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "slot/slot.h"
#include "account/locks.h"

PG_FUNCTION_INFO_V1(swan_open);

/*
 * The starts of a series.  Days, weeks and months are those of the studio's
 * time zone, so a class at nine stays at nine when the clocks change; hours and
 * minutes are hours and minutes.
 */
static const StudioQuery series = {
	"SELECT " INSTANT("$2", LOCAL_TIME("$2", "$1") " OPERATOR(pg_catalog.+)"
					  " (i OPERATOR(pg_catalog.*) pg_catalog.date_trunc('day', $3))")
	" OPERATOR(pg_catalog.+) (i OPERATOR(pg_catalog.*)"
	" ($3 OPERATOR(pg_catalog.-) pg_catalog.date_trunc('day', $3)))"
	" FROM (SELECT n::pg_catalog.float8 AS i"
	" FROM pg_catalog.generate_series(0, $4 OPERATOR(pg_catalog.-) 1) n) x"
	" ORDER BY i",
	4, {TIMESTAMPTZOID, TEXTOID, INTERVALOID, INT4OID}
};

/* Answers a time that the trainer has given away already. */
static void
slot_conflict(Call *call, int64 trainer_id, TimestampTz start, int64 other)
{
	const char *at = timestamptz_to_str(start);

	if (other == NO_ID)
		ereport(ERROR,
				(swan_error(SWAN_SLOT_CONFLICT),
				 errmsg("slot at %s overlaps another of the same series", at),
				 call->studio->settings.buffer ? slot_buffer_hint(call) :
				 errhint("The slots are longer than the time between them.")));
	ereport(ERROR,
			(swan_error_counting(SWAN_SLOT_CONFLICT, NULL, "sessionId", other),
			 errmsg("slot at %s overlaps session %lld of trainer %lld",
					at, (long long) other, (long long) trainer_id),
			 slot_buffer_hint(call)));
}

/* Returns the starts of a series, each in order and each a real time. */
static TimestampTz *
series_starts(Call *call, TimestampTz at, int32 repeat, Datum every)
{
	NullableDatum args[] = {
		arg_time(at), arg_text(call->studio->settings.time_zone),
		arg_datum(every), arg_int(repeat)
	};
	Rows		result = query_look(call, &series, args);
	TimestampTz *starts = palloc(result.nrows * sizeof(TimestampTz));

	for (uint64 i = 0; i < result.nrows; i++)
	{
		starts[i] = row_time(result, i, 1);
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
check_series(Call *call, int64 trainer_id, const TimestampTz *starts, int n,
			 int32 duration)
{
	int64		buffer = call->studio->settings.buffer;

	for (int i = 0; i < n; i++)
	{
		TimestampTz end = slot_end_of(starts[i], duration);
		int64		other;

		if (i > 0 && starts[i] < slot_end_of(starts[i - 1], duration) + buffer)
			slot_conflict(call, trainer_id, starts[i], NO_ID);
		other = slot_trainer_overlap(call, trainer_id, starts[i], end, buffer, NO_ID, NO_ID);
		if (other != NO_ID)
			slot_conflict(call, trainer_id, starts[i], other);
	}
}

/* Makes one slot, or a class of so many places, and returns the id to book it by. */
static int64
open_places(Call *call, int64 trainer_id, TimestampTz start, int32 duration, int32 places)
{
	int64		id = slot_insert_open(call, trainer_id, start, duration, NO_ID);

	if (places > 1)
		class_begin(call, id);
	for (int i = 1; i < places; i++)
		slot_insert_open(call, trainer_id, start, duration, id);
	return id;
}

/* swan_open(): a trainer offers his time. */
Datum
swan_open(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Call	   *call;
	int64		trainer_id;
	TimestampTz at;
	int32		duration;
	int32		repeat;
	int32		places;
	bool		forced;
	TimestampTz *starts;
	Locks		locks = {0};

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	call = actor_enter(fcinfo, CALL_WRITER, 7, MAY_TRAINER | MAY_OFFICE);
	trainer_id = argument_id(fcinfo, 0, "trainer_id");
	actor_require_own(call, trainer_id, NULL);
	actor_require_task(call, TASK_OPEN);
	forced = actor_force(call, fcinfo, 6);
	if (PG_ARGISNULL(1))
		swan_missing_argument("at", NULL);
	at = PG_GETARG_TIMESTAMPTZ(1);
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("at must be finite")));
	duration = argument_duration(fcinfo, 2);
	repeat = argument_between(fcinfo, 3, "repeat", SWAN_REPEAT_MAX, "");
	if (PG_ARGISNULL(4))
		swan_missing_argument("every", NULL);
	starts = series_starts(call, at, repeat, PG_GETARG_DATUM(4));
	places = PG_ARGISNULL(5) ? 1 :
		argument_between(fcinfo, 5, "places", SWAN_PLACES_MAX, "");

	/* a trainer is a user; his lock keeps his time from being given twice */
	lock_users(call, &locks, &trainer_id, 1);
	if (!user_is_locked(&locks, trainer_id))
		user_not_found(trainer_id);
	actor_require_trainer(call, trainer_id);
	if (!call->studio->settings.trainer_overlap && !forced)
		check_series(call, trainer_id, starts, repeat, duration);
	for (int i = 0; i < repeat; i++)
	{
		Datum		value = Int64GetDatum(open_places(call, trainer_id, starts[i], duration, places));
		bool		isnull = false;

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
	}
	call_end(call);
	return (Datum) 0;
}
