/*-------------------------------------------------------------------------
 *
 * reach.c
 *	  How far back searches for overlaps reach.
 *
 * What overlaps a time has begun before it, by as much as it lasts.  Slots of
 * ours last a day at the most, but rows of an application may last longer.  So
 * that a search stays a range of an index, the registry has the longest: as the
 * attach saw it, and measured anew whenever bookings or trainers come to be
 * guarded; from then on the guard refuses longer ones.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"

#include "studio/enter.h"
#include "slot/slot.h"

static const StudioQuery longest_slot = {
	"SELECT pg_catalog.max(COALESCE({s.duration}, 60)) FROM {sessions} s"
	" WHERE {live s} AND {s.session_date} IS NOT NULL AND " SLOT_TAKES_TIME("s"),
	0, {0}, PLAN_CUSTOM
};

/* Measures how long the slots of a studio last, while nobody writes any. */
void
reach_measure(Studio *studio)
{
	Call	   *call = call_begin(studio, CALL_READER);
	Rows		result = query_recheck(call, &longest_slot, NULL);
	int32		reach = SWAN_DURATION_MAX;

	if (!row_isnull(result, 0, 1))
		reach = Max(reach, row_int(result, 0, 1));
	call_end(call);
	if (reach == studio->reach)
		return;
	studio_note(studio->name, "longest", reach);
	CommandCounterIncrement();
}
