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
#include "catalog/pg_type.h"

#include "studio/enter.h"
#include "slot/slot.h"

static const StudioQuery longest_slot = {
	"SELECT pg_catalog.max(COALESCE({s.duration}, 60)) FROM {sessions} s"
	" WHERE {s.session_date} IS NOT NULL AND " SLOT_TAKES_TIME("s"),
	0, {0}, PLAN_CUSTOM
};

/* Writes to the registry how far back to reach. */
static void
write_reach(const char *studio, int32 reach)
{
	static const Oid argtypes[] = {TEXTOID, INT4OID};
	NullableDatum args[] = {arg_text(studio), arg_int(reach)};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

	sql_once(call,
			 "UPDATE swan.studio SET columns = columns OPERATOR(pg_catalog.||)"
			 " pg_catalog.jsonb_build_object('longest', $2)"
			 " WHERE name OPERATOR(pg_catalog.=) $1",
			 2, argtypes, args);
	call_end(call);
	CommandCounterIncrement();
}

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
	if (reach != studio->reach)
		write_reach(studio->name, reach);
}
