/*-------------------------------------------------------------------------
 *
 * attendance.c
 *	  Whether clients were there, as the ledger says it.
 *
 * The row of a session says that it was completed, and not how.  That is in the
 * ledger's last row that says so.  Where one makes a no-show of it that was none, or
 * ends one, "missed" in its details says it, 1 or -1: so with the rows of that kind
 * the number of no-shows is what the ledger comes to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "account/attendance.h"

static const StudioQuery find_attendance = {
	"SELECT " ATTENDED_BY("$1", "$2"),
	2, {INT8OID, INT8OID}
};

/* Returns what an attendance is called in the ledger, NULL if it is not known. */
const char *
attendance_name(Attendance attendance)
{
	switch (attendance)
	{
		case ATTENDANCE_ATTENDED:
			return "attended";
		case ATTENDANCE_MISSED:
			return "missed";
		case ATTENDANCE_UNKNOWN:
			break;
	}
	return NULL;
}

/* Returns whether the client of a completed session was there. */
Attendance
attendance_of(Call *call, const Slot *slot, QueryRun run)
{
	NullableDatum args[] = {arg_id(slot->user_id), arg_id(slot->id)};
	Rows		result;

	if (slot->user_id == NO_ID || slot->status != STATUS_COMPLETED)
		return ATTENDANCE_UNKNOWN;
	result = run(call, &find_attendance, args);
	if (row_isnull(result, 0, 1))
		return ATTENDANCE_UNKNOWN;
	return row_bool(result, 0, 1) ? ATTENDANCE_ATTENDED : ATTENDANCE_MISSED;
}

/* Returns what a direct write ends: how a client had completed a session, who has not by then. */
Attendance
attendance_that_ends(Call *call, int64 user_id, const Slot *old, const Slot *new)
{
	if (old == NULL || old->user_id != user_id ||
		(new && new->id == old->id && new->user_id == user_id &&
		 new->status == STATUS_COMPLETED))
		return ATTENDANCE_UNKNOWN;
	return attendance_of(call, old, query_recheck);
}
