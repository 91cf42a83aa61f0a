/*-------------------------------------------------------------------------
 *
 * places.c
 *	  Locking a place of a class: whichever is to be had.
 *
 * One place is as good as another, so who wants one takes what nobody else has
 * locked, and waits only where he finds nothing.  He must not wait then with a
 * place locked that comes after the one he waits for.  So none stays locked that he
 * cannot have: places are looked for without a lock, and each is locked by its id.  A
 * lookup locks nothing that it does not return; but the executor, at READ COMMITTED,
 * leaves locked what it finds changed and wanted no more, and no statement tells what
 * somebody came to hold until then.  Where one of these can be, a place is locked in
 * a subtransaction, which is undone unless the client can have it.  Elsewhere that would
 * only make a MultiXact, of the lock and the change of the row, for each booking.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "base/error.h"
#include "call/attempt.h"
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
	const StudioQuery *query;	/* how one is locked, and what it takes */
	const NullableDatum *args;
	Slot	   *place;			/* the one that was locked */
} Search;

/*
 * Locks a place, and returns whether the client can have it.  Who waited for it judges
 * by the time that it is then: what others hold may be over.
 */
static bool
lock_if_wanted(void *arg)
{
	Search	   *search = arg;
	Call	   *call = search->call;
	QueryRun	run = IsolationUsesXactSnapshot() ? query_recheck : query_look;
	Rows		result = run(call, search->query, search->args);
	Slot		found;

	call_set_now(call);
	if (result.nrows == 0 || !slot_of_row(call->studio, result, 0, 0, &found))
		return false;
	search->highest = Max(search->highest, found.id);
	if (slot_is_held_from(call, found.id, search->user_id, query_recheck))
		return false;
	*search->place = found;
	return true;
}

/*
 * Locks a place by one of the statements above, if the client can have it.  If not, it
 * is not locked any more, but for one that was held just after nobody held anything.
 */
static bool
try_place(Search *search, const StudioQuery *query, const NullableDatum *args, Slot *place)
{
	int64		highest = search->highest;

	search->query = query;
	search->args = args;
	search->place = place;
	if (query_table_is_empty(search->call, TABLE_HOLDS) && query_is_direct(search->call, query))
		return lock_if_wanted(search);
	if (call_try(lock_if_wanted, search))
		return true;
	search->highest = highest;
	return false;
}

/* Locks a place by its id, unless somebody else has; returns whether the client can have it. */
static bool
try_this_now(Search *search, int64 id, Slot *place)
{
	NullableDatum args[] = {arg_id(search->class_id), arg_id(id)};

	return try_place(search, &this_place_now, args, place);
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

/* Returns whether an open place that was looked at is as good as any: the client may hold another one. */
static bool
may_be_best(const Search *search, int64 id)
{
	return !is_taken(search, id) &&
		(query_table_is_empty(search->call, TABLE_HOLDS) ||
		 !slot_holds_any(search->call, search->user_id, query_recheck));
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

/*
 * Locks the best of these places that nobody else has locked, and returns whether the
 * client can have it.
 */
static bool
try_places_now(Search *search, const int64 *ids, int n, Slot *place)
{
	for (int i = 0; i < n; i++)
	{
		if (try_this_now(search, ids[i], place))
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
	NullableDatum args[] = {arg_id(search->class_id), arg_null()};

	for (int i = 1; i < n; i++)
		next = Min(next, ids[i]);
	if (next <= search->highest)
		swan_serialization_failure();
	args[1] = arg_id(next);
	return try_place(search, &this_place, args, place);
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
 * Locks an open place of a class that is none of those that the call has taken, first
 * of all the one that was looked at, "place".  Returns false if none is open: not
 * where others merely have them locked, who may still give them up.  So whoever finds
 * nothing that he can have at once waits, for one after the other, and looks again; a
 * call that wants several waits for each but the last.  "highest" is the last place by
 * id that is locked, before and after.
 */
bool
lock_place(Call *call, int64 class_id, int64 user_id, const int64 *taken, int ntaken,
		   int wanted, int64 *highest, Slot *place)
{
	Search		search = {call, class_id, user_id, taken, ntaken, *highest};
	bool		locked;

	call_set_now(call);			/* other slots may have been waited for */
	locked = wanted == 1 && may_be_best(&search, place->id) &&
		try_this_now(&search, place->id, place);
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
