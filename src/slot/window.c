/*-------------------------------------------------------------------------
 *
 * window.c
 *	  Until when a client may give up or exchange his booking: the setting
 *	  cancel_window.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/error.h"
#include "base/zone.h"
#include "call/columns.h"
#include "slot/window.h"

#define MOVED(from, to) \
	"(g.details OPERATOR(pg_catalog.->) '" from "' OPERATOR(pg_catalog.->>) 'session_date')" \
	" OPERATOR(pg_catalog.<>)" \
	" (g.details OPERATOR(pg_catalog.->) '" to "' OPERATOR(pg_catalog.->>) 'session_date')"

#define PLACING_COLUMNS(first, next) \
	first(PLACED_AT, "g.at") \
	next(PLACED_BY, "g.actor_id") \
	next(PLACED_BY_MOVE, \
		 "g.kind OPERATOR(pg_catalog.<>) 'booking'" \
		 " AND (g.kind OPERATOR(pg_catalog.<>) 'merge' OR g.details OPERATOR(pg_catalog.?) 'near')")

RESULT_COLUMNS(PLACING_COLUMNS);

/*
 * What gave a booking its time: that it was booked so, or the last move or exchange
 * for another time, by whom.  Direct writes that were recorded name no person.  A
 * booking that came from another account says itself whether it was put so near.
 */
static const StudioQuery last_placing = {
	"SELECT" SELECT_LIST(PLACING_COLUMNS)
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) $2"
	" AND (g.kind OPERATOR(pg_catalog.=) ANY ('{booking,merge}')"
	" OR (g.kind OPERATOR(pg_catalog.=) 'reschedule' AND (SELECT {o.session_date} FROM {sessions} o"
	" WHERE {live o} AND {o.id} OPERATOR(pg_catalog.=) g.from_session_id) OPERATOR(pg_catalog.<>) $3)"
	" OR (g.kind OPERATOR(pg_catalog.=) 'move' AND " MOVED("from", "to") ")"
	" OR (g.kind OPERATOR(pg_catalog.=) 'external' AND " MOVED("old", "new")
	" AND (g.details OPERATOR(pg_catalog.->) 'old' OPERATOR(pg_catalog.->) 'user_id')"
	" OPERATOR(pg_catalog.=) (g.details OPERATOR(pg_catalog.->) 'new' OPERATOR(pg_catalog.->) 'user_id')))"
	" ORDER BY g.id DESC LIMIT 1",
	3, {INT8OID, INT8OID, TIMESTAMPTZOID}
};

/*
 * Returns whether somebody else than the client gave a booking its time when it
 * was too late already for the client to give it up for nothing.
 */
static bool
was_moved_after(Call *call, const Slot *slot, TimestampTz last, QueryRun run)
{
	NullableDatum args[] = {
		arg_id(slot->user_id), arg_id(slot->id), arg_time(slot->date)
	};
	Rows		result = run(call, &last_placing, args);

	return result.nrows == 1 && row_bool(result, 0, PLACED_BY_MOVE) &&
		row_time(result, 0, PLACED_AT) > last &&
		row_id(result, 0, PLACED_BY) != slot->user_id;
}

/*
 * Returns until when the client may give up a booking for nothing: days of the
 * window are those of the studio's clocks, hours are hours.  That is until it
 * begins, where the studio put it so near.
 */
TimestampTz
window_end(Call *call, const Slot *slot, QueryRun run)
{
	const StudioSettings *set = &call->studio->settings;
	TimestampTz last;

	if (TIMESTAMP_NOT_FINITE(slot->date))
		return slot->date;
	last = zone_earlier(set->time_zone, slot->date, &set->cancel_window);
	if (call->now > last && was_moved_after(call, slot, last, run))
		return slot->date;
	return last;
}

/* Returns whether it is too late for the client to give up a booking for nothing. */
bool
window_is_over(Call *call, const Slot *slot, QueryRun run)
{
	return call->now > window_end(call, slot, run);
}

/* Refuses that a client gives up or exchanges what has begun. */
void
window_refuse_begun(Call *call, const Slot *slot, const char *what)
{
	if (slot_has_begun(call, slot))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, SENTENCE_BEGUN,
									 "sessionId", slot->id),
				 errmsg("session %lld has begun and cannot be %s by its client",
						(long long) slot->id, what),
				 errhint("Its trainer and the staff can still cancel it with swan_cancel(), or complete it with swan_complete().")));
}
