/*-------------------------------------------------------------------------
 *
 * places.c
 *	  Locking a place of a class: whichever is to be had.
 *
 * One place is as good as another, so who wants one takes what nobody else has
 * locked, and waits only where he finds nothing.  He must not wait then with a
 * place locked that comes after the one he waits for.  So no statement chooses and
 * locks at once: what it turns out not to want, since that has changed, the
 * executor leaves locked all the same.  Which places there are is looked for without
 * a lock, and each is locked by its id, by a lookup, which leaves nothing locked that
 * it does not return.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "base/error.h"
#include "account/places.h"

#define OPEN_PLACES \
	" FROM {sessions} s WHERE {live s} AND {s.class_id} OPERATOR(pg_catalog.=) $1" \
	" AND " SLOT_IS_OPEN("s")

static const StudioQuery open_places = {
	"SELECT {s.id}" OPEN_PLACES " ORDER BY {s.id}", 1, {INT8OID}, PLAN_SIMPLE
};

/* those that at $3 nobody but client $2 holds: what he holds himself comes first */
#define HELD_AT(whose) \
	"EXISTS (SELECT 1 FROM {holds} h WHERE h.session_id OPERATOR(pg_catalog.=) {s.id}" \
	" AND h.user_id OPERATOR(pg_catalog." whose ") $2 AND h.until OPERATOR(pg_catalog.>) $3)"

static const StudioQuery unheld_places = {
	"SELECT {s.id}" OPEN_PLACES " AND NOT " HELD_AT("<>")
	" ORDER BY " HELD_AT("=") " DESC, {s.id}",
	3, {INT8OID, INT8OID, TIMESTAMPTZOID}
};

/* a place by its id, if it is open: waiting for whoever has it, and not */
#define THIS_PLACE \
	"SELECT" SELECT_LIST(SLOT_COLUMNS) OPEN_PLACES \
	" AND {s.id} OPERATOR(pg_catalog.=) $2 FOR NO KEY UPDATE OF s"

static const StudioQuery this_place = {
	THIS_PLACE, 2, {INT8OID, INT8OID}, PLAN_SIMPLE
};
static const StudioQuery this_place_now = {
	THIS_PLACE " SKIP LOCKED", 2, {INT8OID, INT8OID}, PLAN_SIMPLE
};

/* Who looks for a place, and what is locked of it. */
typedef struct Search
{
	Call	   *call;
	int64		class_id;
	int64		user_id;
	const int64 *taken;			/* places that the call has besides */
	int			ntaken;
	int64		highest;		/* the last by id of all that are locked */
} Search;

/* Returns whether somebody else holds a place by now, which is locked. */
static bool
is_held(const Search *search, int64 id)
{
	TimestampTz until;
	int64		held_by;

	return slot_find_hold(search->call, id, &held_by, &until, query_recheck) &&
		held_by != search->user_id && until > search->call->now;
}

/*
 * Locks a place by one of the statements above, and returns whether the client can
 * have it.  One that is somebody else's for some minutes stays locked, too.
 */
static bool
try_place(Search *search, const StudioQuery *query, int64 id, Slot *place)
{
	QueryRun	run = IsolationUsesXactSnapshot() ? query_recheck : query_look;
	NullableDatum args[] = {arg_id(search->class_id), arg_id(id)};
	Rows		result = run(search->call, query, args);
	Slot		found;

	if (result.nrows == 0 || !slot_of_row(search->call->studio, result, 0, 0, &found))
		return false;
	search->highest = Max(search->highest, id);
	if (is_held(search, id))
		return false;
	*place = found;
	return true;
}

/* Returns whether the call has a place already. */
static bool
is_taken(const Search *search, int64 id)
{
	for (int i = 0; i < search->ntaken; i++)
	{
		if (search->taken[i] == id)
			return true;
	}
	return false;
}

/* Finds the places that the client could have by now, and returns their ids, the best first. */
static int64 *
find_places(const Search *search, int *n)
{
	NullableDatum args[] = {
		arg_id(search->class_id), arg_id(search->user_id), arg_time(search->call->now)
	};
	bool		unheld = query_table_is_empty(search->call, TABLE_HOLDS);
	Rows		rows = query_recheck(search->call, unheld ? &open_places : &unheld_places, args);
	int64	   *ids = palloc((rows.nrows + 1) * sizeof(int64));

	*n = 0;
	for (uint64 row = 0; row < rows.nrows; row++)
	{
		if (!is_taken(search, row_id(rows, row, 1)))
			ids[(*n)++] = row_id(rows, row, 1);
	}
	return ids;
}

/* Locks the best place that nobody else has locked; returns false if there is none. */
static bool
try_places_now(Search *search, const int64 *ids, int n, Slot *place)
{
	for (int i = 0; i < n; i++)
	{
		if (try_place(search, &this_place_now, ids[i], place))
			return true;
	}
	return false;
}

/*
 * Waits for the first by id of several places, and returns whether the client can
 * have it.  If one after it is locked it is too late to wait: the call has to be retried.
 */
static bool
wait_for_place(Search *search, const int64 *ids, int n, Slot *place)
{
	int64		next = ids[0];

	for (int i = 1; i < n; i++)
		next = Min(next, ids[i]);
	if (next <= search->highest)
		swan_serialization_failure();
	search->highest = next;
	return try_place(search, &this_place, next, place);
}

/* Refuses a place that is too new for the transaction's own snapshot to be written. */
static void
check_seen(Call *call, const Slot *place)
{
	Slot		seen;

	if (IsolationUsesXactSnapshot() &&
		(!slot_look_at(call, place->id, &seen, query_look) || !slot_is_open(&seen)))
		swan_serialization_failure();
}

/*
 * Locks an open place of a class, but for those that the call has locked already;
 * "place" is one that was looked at, and so tried first unless the client may hold
 * another one.  Returns false if there is none, which is
 * said only when none is open that others merely have locked: each of them may
 * still give it up.  So whoever finds nothing that he can have at once waits, for
 * one after the other in the order of their ids, and looks again.  A call that
 * wants more than one waits from the first on: it has that locked while it waits
 * for the next.  "highest" is the last place by id that is locked, before and after.
 */
bool
lock_place(Call *call, int64 class_id, int64 user_id, const int64 *taken, int ntaken,
		   int wanted, int64 *highest, Slot *place)
{
	Search		search = {call, class_id, user_id, taken, ntaken, *highest};
	bool		locked = wanted == 1 && !is_taken(&search, place->id) &&
	(query_table_is_empty(call, TABLE_HOLDS) || !slot_holds_any(call, user_id, query_recheck)) &&
	try_place(&search, &this_place_now, place->id, place);

	while (!locked)
	{
		int			n;
		int64	   *ids = find_places(&search, &n);

		if (n == 0)
			break;
		locked = (wanted == 1 && try_places_now(&search, ids, n, place)) ||
			wait_for_place(&search, ids, Min(n, wanted), place);
	}
	if (locked)
		check_seen(call, place);
	*highest = search.highest;
	return locked;
}
