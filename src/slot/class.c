/*-------------------------------------------------------------------------
 *
 * class.c
 *	  Classes: slots with room for several.
 *
 * The places of a class are rows of sessions like any other, one client each at
 * the most, with one class_id: the id of the first row.  So there is no counter
 * to keep, and none to race for.  They are at one time, of one length, with one
 * trainer; those that are cancelled stay where they were.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/error.h"
#include "slot/slot.h"

/* the first open place; several may look at one */
static const StudioQuery some_place = {
	"SELECT" SELECT_LIST(SLOT_COLUMNS) " FROM {sessions} s"
	" WHERE {live s} AND {s.class_id} OPERATOR(pg_catalog.=) $1 AND " SLOT_IS_OPEN("s")
	" ORDER BY {s.id} LIMIT 1",
	1, {INT8OID}, PLAN_SIMPLE
};

/* likewise one that at $3 nobody but client $2 holds */
static const StudioQuery unheld_place = {
	"SELECT" SELECT_LIST(SLOT_COLUMNS) " FROM {sessions} s"
	" WHERE {live s} AND {s.class_id} OPERATOR(pg_catalog.=) $1 AND " SLOT_IS_OPEN("s")
	" AND NOT EXISTS (SELECT 1 FROM {holds} h WHERE h.session_id OPERATOR(pg_catalog.=) {s.id}"
	" AND h.user_id OPERATOR(pg_catalog.<>) $2 AND h.until OPERATOR(pg_catalog.>) $3)"
	" ORDER BY {s.id} LIMIT 1",
	3, {INT8OID, INT8OID, TIMESTAMPTZOID}
};

static const StudioQuery places = {
	"SELECT" SELECT_LIST(SLOT_COLUMNS) " FROM {sessions} s"
	" WHERE {live s} AND {s.class_id} OPERATOR(pg_catalog.=) $1 AND " SLOT_TAKES_TIME("s")
	" ORDER BY {s.id}",
	1, {INT8OID}
};

static const StudioQuery begin_class = {
	"UPDATE {sessions} s SET {sessions.class_id} = $1 WHERE {s.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, PLAN_SIMPLE
};

/* another place of class $1 than $2, and is it elsewhere than at $3 for $4 minutes with $5? */
static const StudioQuery other_place = {
	"SELECT {s.id}, ({s.session_date} OPERATOR(pg_catalog.<>) $3"
	" OR COALESCE({s.duration}, 60) OPERATOR(pg_catalog.<>) $4"
	" OR COALESCE({s.trainer_id}::pg_catalog.int8, 0) OPERATOR(pg_catalog.<>) COALESCE($5, 0)) AS stray"
	" FROM {sessions} s WHERE {live s} AND {s.class_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.id} OPERATOR(pg_catalog.<>) $2 AND " SLOT_TAKES_TIME("s")
	" ORDER BY stray DESC LIMIT 1",
	5, {INT8OID, INT8OID, TIMESTAMPTZOID, INT4OID, INT8OID}
};

/* another row of the class that is called by a row's id */
static const StudioQuery other_row = {
	"SELECT 1 FROM {sessions} s WHERE {live s} AND {s.class_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.id} OPERATOR(pg_catalog.<>) $1 LIMIT 1",
	1, {INT8OID}, PLAN_SIMPLE
};

/*
 * Looks, without a lock, for a place of a class that a client can have; returns
 * false if all are taken, or held by others.
 */
bool
class_find_place(Call *call, int64 class_id, int64 user_id, QueryRun run, Slot *place)
{
	NullableDatum args[] = {arg_id(class_id), arg_id(user_id), arg_time(call->now)};

	if (!slot_look_for(call, &some_place, args, run, place))
		return false;
	return !slot_is_held_from(call, place->id, user_id, run) ||
		slot_look_for(call, &unheld_place, args, run, place);
}

/* Returns the places of a class by id, all but cancelled ones, as they are by now. */
Rows
class_places(Call *call, int64 class_id)
{
	NullableDatum args[] = {arg_id(class_id)};

	return query_recheck(call, &places, args);
}

/* Makes a new slot, which nobody else can see yet, the first place of a class. */
void
class_begin(Call *call, int64 id)
{
	NullableDatum args[] = {arg_id(id)};
	TokenEntry	row = {{0}};
	Slot		slot;

	if (!slot_look_at(call, id, &slot, query_look))
		session_not_found(id);
	row.before = slot_image(&slot);
	slot.class_id = id;
	slot_check_columns(call, &slot);
	row.after = slot_image(&slot);
	if (query_change(call, &begin_class, args, TABLE_SESSIONS, CMD_UPDATE, &row, 1).nrows != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger on table %s interfered with session %lld",
						call->studio->table_names[TABLE_SESSIONS], (long long) id)));
}

/*
 * Returns a place of a slot's class that is elsewhere than the slot, or NO_ID;
 * "alone" says whether there is no other at all.
 */
int64
class_stray(Call *call, const Slot *slot, bool *alone)
{
	NullableDatum args[] = {
		arg_id(slot->class_id), arg_id(slot->id), arg_time(slot->date),
		arg_int(slot->duration), arg_id(slot->trainer_id)
	};
	Rows		result = query_recheck(call, &other_place, args);

	*alone = result.nrows == 0;
	return *alone || !row_bool(result, 0, 2) ? NO_ID : row_id(result, 0, 1);
}

/* Returns whether other rows are of the class that is called by a row's id. */
bool
class_has_others(Call *call, int64 id)
{
	NullableDatum args[] = {arg_id(id)};

	return query_recheck(call, &other_row, args).nrows > 0;
}
