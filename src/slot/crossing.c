/*-------------------------------------------------------------------------
 *
 * crossing.c
 *	  What is in the way of slots that move together.
 *
 * Where they come from does not matter: they are judged as if all had moved.  So
 * a row that moves itself is in the way only where it goes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "base/error.h"
#include "slot/crossing.h"

/* all slots of a trainer from $2 to $3, of which $5 on both sides is a buffer, but for those of class $4 */
static const StudioQuery trainer_rows = {
	"SELECT {s.id} FROM {sessions} s"
	" WHERE {live s} AND " SLOT_BESIDE("s", "$4") SLOT_KEEPS_TRAINER " AND " SLOT_KEEPS_BUFFER("$5"),
	5, {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INTERVALOID}, PLAN_SIMPLE
};

/* all live bookings of a client from $2 to $3, but for those of class $4 */
static const StudioQuery client_rows = {
	"SELECT {s.id} FROM {sessions} s"
	" WHERE {live s} AND " SLOT_BESIDE("s", "$4") SLOT_KEEPS_CLIENT,
	4, {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID}, PLAN_SIMPLE
};

/* What was found. */
typedef struct Crossing
{
	const Slot *targets;
	int			n;
	int64		first;			/* a slot that cannot go there */
	int64	   *others;			/* what is in the way, each once */
	int			nothers;
	int			room;
} Crossing;

/* Notes that a row is in the way of a slot. */
static void
note(Crossing *crossing, int64 id, int64 other)
{
	for (int i = 0; i < crossing->nothers; i++)
	{
		if (crossing->others[i] == other)
			return;
	}
	if (crossing->nothers == 0)
		crossing->first = id;
	if (crossing->nothers == crossing->room)
	{
		crossing->room *= 2;
		crossing->others = repalloc(crossing->others, crossing->room * sizeof(int64));
	}
	crossing->others[crossing->nothers++] = other;
}

/* Returns whether a row is one of those that move. */
static bool
moves_too(const Crossing *crossing, int64 id)
{
	for (int i = 0; i < crossing->n; i++)
	{
		if (crossing->targets[i].id == id)
			return true;
	}
	return false;
}

/* Returns how many rows that stay where they are a search finds; notes them. */
static int
search(Call *call, Crossing *crossing, const StudioQuery *query, int64 owner,
	   const Slot *slot, QueryRun run, bool noting)
{
	int64		buffer = query == &trainer_rows && !TIMESTAMP_NOT_FINITE(slot->date) ?
	slot_buffer(call->studio, slot) : 0;
	Interval	wider = {.time = buffer};
	NullableDatum args[] = {
		arg_id(owner), arg_time(slot->date - buffer), arg_time(slot_end(slot) + buffer),
		arg_id(slot->class_id), arg_datum(IntervalPGetDatum(&wider))
	};
	Rows		result = run(call, query, args);
	int			nfound = 0;

	for (uint64 i = 0; i < result.nrows; i++)
	{
		int64		id = row_id(result, i, 1);

		if (moves_too(crossing, id))
			continue;
		nfound++;
		if (noting)
			note(crossing, slot->id, id);
	}
	return nfound;
}

/*
 * Looks for what the owner of a slot has at its time; what only the latest
 * snapshot sees is for the caller to retry.
 */
static void
look_at(Call *call, Crossing *crossing, const StudioQuery *query, int64 owner,
		const Slot *slot)
{
	if (search(call, crossing, query, owner, slot, query_recheck, true) > 0 &&
		IsolationUsesXactSnapshot() &&
		search(call, crossing, query, owner, slot, query_look, false) == 0)
		swan_serialization_failure();
}

/* Returns whether two slots that last would meet, or be nearer than a buffer. */
static bool
is_near(const Slot *a, const Slot *b, int64 buffer)
{
	if (slot_end(a) <= a->date || slot_end(b) <= b->date)
		return false;
	return a->date < slot_end(b) + buffer && b->date < slot_end(a) + buffer;
}

/* Returns whether two slots that move would be in each other's way. */
static bool
meet(const Studio *studio, const Slot *a, const Slot *b, bool trainers_too)
{
	if (a->class_id != NO_ID && a->class_id == b->class_id)
		return false;			/* side by side */
	if (trainers_too && a->trainer_id != NO_ID && a->trainer_id == b->trainer_id &&
		is_near(a, b, Min(slot_buffer(studio, a), slot_buffer(studio, b))))
		return true;
	return a->user_id != NO_ID && a->user_id == b->user_id && is_near(a, b, 0);
}

/*
 * Finds all rows that are in the way of slots where they go, those among them
 * that are in each other's way included, unless they lie to each other as they
 * are; returns how many.  The caller holds the locks of their trainers and
 * clients.
 */
int
crossing_find(Call *call, const Slot *targets, int n, bool as_they_are,
			  int64 *first, int64 **others)
{
	bool		trainers_too = !call->studio->settings.trainer_overlap;
	Crossing	crossing = {.targets = targets,.n = n,.room = 8};

	crossing.others = palloc(crossing.room * sizeof(int64));
	for (int i = 0; i < n; i++)
	{
		const Slot *slot = &targets[i];

		if (slot_end(slot) <= slot->date)
			continue;			/* it takes no time */
		if (trainers_too && slot->trainer_id != NO_ID)
			look_at(call, &crossing, &trainer_rows, slot->trainer_id, slot);
		if (slot->user_id != NO_ID)
			look_at(call, &crossing, &client_rows, slot->user_id, slot);
		for (int j = 0; j < i && !as_they_are; j++)
		{
			if (meet(call->studio, slot, &targets[j], trainers_too))
				note(&crossing, slot->id, targets[j].id);
		}
	}
	*first = crossing.first;
	*others = crossing.others;
	return crossing.nothers;
}
