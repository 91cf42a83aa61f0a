/*-------------------------------------------------------------------------
 *
 * held.c
 *	  Who holds a slot, and until when.
 *
 * There is one row at most for a slot, which stays until the slot is booked, held
 * anew or released: whether the time is up is for those to judge who ask.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "slot/slot.h"

#define HOLD_COLUMNS(first, next) \
	first(HOLD_USER_ID, "h.user_id") \
	next(HOLD_UNTIL, "h.until")

RESULT_COLUMNS(HOLD_COLUMNS);

static const StudioQuery find_hold = {
	"SELECT" SELECT_LIST(HOLD_COLUMNS) " FROM {holds} h"
	" WHERE h.session_id OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, PLAN_SIMPLE
};

static const StudioQuery find_hold_of_client = {
	"SELECT h.session_id FROM {holds} h WHERE h.user_id OPERATOR(pg_catalog.=) $1 LIMIT 1",
	1, {INT8OID}, PLAN_SIMPLE
};

static const StudioQuery insert_hold = {
	"INSERT INTO {holds} (session_id, user_id, until{?holds.since:, {holds.since}})"
	" VALUES ($1, $2, $3{?holds.since:, $4})",
	4, {INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID}, PLAN_SIMPLE
};

static const StudioQuery held_since = {
	"SELECT {h.since} FROM {holds} h WHERE h.session_id OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, PLAN_SIMPLE
};

static const StudioQuery lapse_hold = {
	"UPDATE {holds} h SET until = $2 WHERE h.session_id OPERATOR(pg_catalog.=) $1 RETURNING 1",
	2, {INT8OID, TIMESTAMPTZOID}
};

static const StudioQuery delete_hold = {
	"DELETE FROM {holds} h WHERE h.session_id OPERATOR(pg_catalog.=) $1 RETURNING 1",
	1, {INT8OID}
};

/* Reads the hold on a slot; returns false, NO_ID and NO_TIME if there is none. */
bool
slot_find_hold(Call *call, int64 session_id, int64 *user_id, TimestampTz *until,
			   QueryRun run)
{
	NullableDatum args[] = {arg_id(session_id)};
	Rows		result;

	*user_id = NO_ID;
	*until = NO_TIME;
	if (query_table_is_empty(call, TABLE_HOLDS))
		return false;			/* nobody holds anything in this studio */
	result = run(call, &find_hold, args);
	if (result.nrows == 0)
		return false;
	*user_id = row_id(result, 0, HOLD_USER_ID);
	*until = row_time(result, 0, HOLD_UNTIL);
	return true;
}

/* Returns whether a slot is held by somebody else than a client. */
bool
slot_is_held_from(Call *call, int64 session_id, int64 user_id, QueryRun run)
{
	TimestampTz until;
	int64		held_by;

	return slot_find_hold(call, session_id, &held_by, &until, run) &&
		held_by != user_id && until > call->now;
}

/* Returns whether a client holds anything, or did and nobody has noticed its end. */
bool
slot_holds_any(Call *call, int64 user_id, QueryRun run)
{
	NullableDatum args[] = {arg_id(user_id)};

	return run(call, &find_hold_of_client, args).nrows > 0;
}

/*
 * Returns when whoever holds a slot, or did so last, began to: of holds that
 * follow each other the first, or NO_TIME where that is not known.
 */
TimestampTz
slot_held_since(Call *call, int64 session_id, QueryRun run)
{
	NullableDatum args[] = {arg_id(session_id)};
	Rows		result = run(call, &held_since, args);

	return result.nrows > 0 ? row_time(result, 0, 1) : NO_TIME;
}

/* Makes a hold on a locked slot that has none. */
void
slot_make_hold(Call *call, int64 session_id, int64 user_id, TimestampTz until,
			   TimestampTz since)
{
	NullableDatum args[] = {
		arg_id(session_id), arg_id(user_id), arg_time(until), arg_time(since)
	};

	if (query_change(call, &insert_hold, args, TABLE_HOLDS, CMD_INSERT, NULL, 0).nrows != 1)
		slot_interfered(call, TABLE_HOLDS, "the hold on", session_id);
}

/* Lets the hold on a locked slot be over by now. */
void
slot_lapse_hold(Call *call, int64 session_id)
{
	NullableDatum args[] = {arg_id(session_id), arg_time(call->now)};

	if (query_change(call, &lapse_hold, args, TABLE_HOLDS, CMD_UPDATE, NULL, 0).nrows != 1)
		slot_interfered(call, TABLE_HOLDS, "the hold on", session_id);
}

/* Deletes the hold on a slot, if there is one; the slot is locked. */
void
slot_end_hold(Call *call, int64 session_id)
{
	NullableDatum args[] = {arg_id(session_id)};
	TimestampTz until;
	int64		user_id;

	if (!slot_find_hold(call, session_id, &user_id, &until, query_recheck))
		return;
	if (query_change(call, &delete_hold, args, TABLE_HOLDS, CMD_DELETE, NULL, 0).nrows != 1)
		slot_interfered(call, TABLE_HOLDS, "the hold on", session_id);
}
