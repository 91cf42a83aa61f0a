/*-------------------------------------------------------------------------
 *
 * places.c
 *	  Locking a place of a class: whichever is to be had.
 *
 * One place is as good as another, so who wants one takes what nobody else has
 * locked, and waits only where he finds nothing.  He must not wait then with a
 * place locked that comes after the one he waits for.  So none stays locked that he
 * cannot have: places are looked for without a lock, and each is locked by its id.
 * But what somebody came to hold until then no statement tells.  And at READ COMMITTED
 * one that has waited leaves a row locked that it then finds to be no place any more;
 * so does the executor where it skips what is locked, while a lookup does not.  Where
 * one of these can be, places are locked in a subtransaction, which is undone unless
 * the client can have one.  Elsewhere that would only make MultiXacts, of the lock and
 * the change of the row, for each booking.
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
	"SELECT {s.id}, " HELD_AT("=") OPEN_PLACES " AND NOT " HELD_AT("<>")
	" ORDER BY 2 DESC, {s.id}",
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

/* Places that are tried one after the other. */
typedef struct Trial
{
	const Search *search;
	const StudioQuery *query;	/* how one is locked */
	const int64 *ids;			/* those that have not been tried */
	int			n;
	bool		alone;			/* may the query lock what it does not return? */
	int64		locked;			/* the place that is locked, or NO_ID */
	Slot	   *place;			/* it, if the client can have it */
} Trial;

/*
 * Locks the next of the places that can be locked, and returns whether the client can
 * have it.  Who waited for it judges by the time that it is then: what others hold may
 * be over.
 */
static bool
lock_next(void *arg)
{
	Trial	   *trial = arg;
	Call	   *call = trial->search->call;
	QueryRun	run = IsolationUsesXactSnapshot() ? query_recheck : query_look;

	do
	{
		NullableDatum args[] = {arg_id(trial->search->class_id), arg_id(*trial->ids)};
		Rows		result = run(call, trial->query, args);

		trial->ids++;
		trial->n--;
		call_set_now(call);
		if (result.nrows > 0 && slot_of_row(call->studio, result, 0, 0, trial->place))
		{
			trial->locked = trial->place->id;
			return !slot_is_held_from(call, trial->locked, trial->search->user_id,
									  query_recheck);
		}
	} while (trial->n > 0 && !trial->alone);
	return false;
}

/*
 * Locks the first of several places that the client can have.  No other is locked
 * afterwards, but for one that became the first to be held of all in the studio.
 */
static bool
try_places(Search *search, const StudioQuery *query, const int64 *ids, int n, Slot *place)
{
	Call	   *call = search->call;
	bool		skips = query == &this_place_now;
	bool		exact = IsolationUsesXactSnapshot() || (skips && query_is_direct(call, query));
	bool		undoes = !exact || !query_table_is_empty(call, TABLE_HOLDS);
	Slot		found;
	Trial		trial = {search, query, ids, n, !exact, NO_ID, &found};
	bool		locked = false;

	while (!locked && trial.n > 0)
	{
		locked = undoes ? call_try(lock_next, &trial) : lock_next(&trial);
		if (locked || !undoes)
			search->highest = Max(search->highest, trial.locked);
	}
	if (locked)
		*place = found;
	return locked;
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

/*
 * Finds the places that the client could have by now, and returns their ids, the best
 * first, and whether that is one that he holds.
 */
static int64 *
find_places(const Search *search, int *n, bool *holds)
{
	NullableDatum args[] = {
		arg_id(search->class_id), arg_id(search->user_id), arg_time(search->call->now)
	};
	bool		unheld = query_table_is_empty(search->call, TABLE_HOLDS);
	Rows		rows = query_recheck(search->call, unheld ? &open_places : &unheld_places, args);
	int64	   *ids = palloc((rows.nrows + 1) * sizeof(int64));

	*n = 0;
	*holds = false;
	for (uint64 row = 0; row < rows.nrows; row++)
	{
		if (is_taken(search, row_id(rows, row, 1)))
			continue;
		if (*n == 0 && !unheld)
			*holds = row_bool(rows, row, 2);
		ids[(*n)++] = row_id(rows, row, 1);
	}
	return ids;
}

/*
 * Waits for a place, and returns whether the client can have it.  If one after it is
 * locked it is too late to wait: the call has to be retried.
 */
static bool
wait_for_place(Search *search, int64 id, Slot *place)
{
	if (id <= search->highest)
		swan_serialization_failure();
	return try_places(search, &this_place, &id, 1, place);
}

/* Returns the first by id of several places. */
static int64
first_of(const int64 *ids, int n)
{
	int64		first = ids[0];

	for (int i = 1; i < n; i++)
		first = Min(first, ids[i]);
	return first;
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
 * call that wants several waits for each but the last, and who holds one for that.
 * "highest" is the last place by id that is locked, before and after.
 */
bool
lock_place(Call *call, int64 class_id, int64 user_id, const int64 *taken, int ntaken,
		   int wanted, int64 *highest, Slot *place)
{
	Search		search = {call, class_id, user_id, taken, ntaken, *highest};
	bool		locked;

	call_set_now(call);			/* other slots may have been waited for */
	locked = wanted == 1 && may_be_best(&search, place->id) &&
		try_places(&search, &this_place_now, &place->id, 1, place);
	while (!locked)
	{
		int			n;
		bool		holds;
		int64	   *ids = find_places(&search, &n, &holds);
		int64		first;
		bool		only;

		if (n == 0)
			break;
		first = first_of(ids, Min(n, wanted));
		only = wanted > 1 || (holds && first > search.highest);
		locked = try_places(&search, &this_place_now, only ? &first : ids, only ? 1 : n,
							place) ||
			wait_for_place(&search, first, place);
	}
	if (locked)
		check_seen(call, place);
	*highest = search.highest;
	return locked;
}
