/*-------------------------------------------------------------------------
 *
 * turns.c
 *	  Whose turn it is, of those who wait for a slot.
 *
 * As long as a place is open, each who waits for it has a turn, from one time
 * until another, and whoever asks judges that by the clock: nobody has to sweep.
 * A place is kept for those whose turn is or comes; when the last one is over it is
 * anybody's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/zone.h"
#include "slot/line.h"

#define PLACE_COLUMNS(first, next) \
	first(PLACE_HELD_BY, "h.user_id") \
	next(PLACE_HELD_UNTIL, "h.until")

RESULT_COLUMNS(PLACE_COLUMNS);

/* the open places of the slot or class $1, and who holds them */
static const StudioQuery find_places = {
	"SELECT" SELECT_LIST(PLACE_COLUMNS) " FROM {sessions} s"
	" LEFT JOIN {holds} h ON h.session_id OPERATOR(pg_catalog.=) {s.id}"
	" WHERE " SLOT_OF_LINE("s", "$1") " AND " SLOT_IS_OPEN("s"),
	1, {INT8OID}
};

/* Returns whether it is somebody's turn. */
bool
line_is_turn(Call *call, const Waiter *waiter)
{
	return waiter->from != NO_TIME && waiter->from <= call->now && waiter->until > call->now;
}

/* Returns whether somebody's turn is or comes. */
static bool
has_claim(Call *call, const Waiter *waiter)
{
	return waiter->until != NO_TIME && waiter->until > call->now;
}

/* Returns who is to be offered what comes free, or NO_ID. */
int64
line_next(Call *call, const Line *line)
{
	for (int i = 0; i < line->n; i++)
	{
		if (!line_is_turn(call, &line->waiters[i]))
			return line->waiters[i].user_id;
	}
	return NO_ID;
}

/* Returns who holds a place by now, or NO_ID. */
static int64
held_by(Call *call, Rows places, uint64 row)
{
	if (row_isnull(places, row, PLACE_HELD_BY) ||
		row_time(places, row, PLACE_HELD_UNTIL) <= call->now)
		return NO_ID;
	return row_id(places, row, PLACE_HELD_BY);
}

/*
 * Returns whether all that is open is kept for others than a client.  What he
 * holds already is his to book, but not to hold anew.
 */
bool
line_comes_first(Call *call, const Line *line, int64 user_id, bool renews, QueryRun run)
{
	NullableDatum args[] = {arg_id(line->id)};
	Waiter	   *waiter = line_find(line, user_id);
	int			claims = 0;
	int			nfree = 0;
	Rows		places;

	if (waiter && line_is_turn(call, waiter))
		return false;
	for (int i = 0; i < line->n; i++)
		claims += line->waiters[i].user_id != user_id && has_claim(call, &line->waiters[i]);
	if (claims == 0)
		return false;
	places = run(call, &find_places, args);
	for (uint64 row = 0; row < places.nrows; row++)
	{
		int64		holder = held_by(call, places, row);

		if (holder == user_id && !renews)
			return false;
		if (holder == NO_ID || holder == user_id)
			nfree++;
		else if ((waiter = line_find(line, holder)) != NULL && has_claim(call, waiter))
			claims--;			/* he has what he waits for */
	}
	return claims > 0 && claims >= nfree;
}

/* Says when it is somebody's turn; NO_TIME takes it from him. */
static void
set_turn(Call *call, const Line *line, Waiter *waiter, TimestampTz from)
{
	TimestampTz until = from == NO_TIME ? NO_TIME :
	zone_later(call->studio->settings.time_zone, from, &call->studio->settings.wait_offer);

	if (waiter->from == from && waiter->until == until)
		return;
	waiter->from = from;
	waiter->until = until;
	waiter->told = false;
	waiter->refused = NULL;
	waiter->tried = NO_TIME;
	line_write(call, line, waiter);
}

/* Finds since when each open place can be offered: one that somebody holds, when that ends. */
static int
find_starts(Call *call, const Line *line, TimestampTz **starts)
{
	NullableDatum args[] = {arg_id(line->id)};
	Rows		places = query_recheck(call, &find_places, args);

	*starts = palloc((places.nrows + 1) * sizeof(TimestampTz));
	for (uint64 row = 0; row < places.nrows; row++)
	{
		int64		holder = held_by(call, places, row);
		Waiter	   *waiter = holder == NO_ID ? NULL : line_find(line, holder);

		(*starts)[row] = holder == NO_ID || (waiter && line_is_turn(call, waiter)) ?
			call->now : row_time(places, row, PLACE_HELD_UNTIL);
	}
	return places.nrows;
}

/* Returns which place can be offered soonest. */
static int
soonest(const TimestampTz *starts, int n)
{
	int			best = 0;

	for (int i = 1; i < n; i++)
	{
		if (starts[i] < starts[best])
			best = i;
	}
	return best;
}

/*
 * Gives everybody in a line his turn: whose turn it is keeps it, as long as there is
 * a place that he can have now; the others follow in their order, each with the place
 * that he can be offered soonest.  Who has had his turn has another one only when a
 * place has come free since.
 */
void
line_arrange(Call *call, Line *line, bool fresh)
{
	TimestampTz *starts;
	int			nplaces = line->n == 0 ? 0 : find_starts(call, line, &starts);

	for (int i = 0; i < line->n; i++)
	{
		Waiter	   *waiter = &line->waiters[i];
		int			place;

		if (!line_is_turn(call, waiter))
			continue;
		place = nplaces == 0 ? -1 : soonest(starts, nplaces);
		if (place >= 0 && starts[place] <= call->now)
			starts[place] = waiter->until;
		else
			set_turn(call, line, waiter, NO_TIME);
	}
	for (int i = 0; i < line->n; i++)
	{
		Waiter	   *waiter = &line->waiters[i];
		int			place;

		if (nplaces == 0)
		{
			set_turn(call, line, waiter, NO_TIME);
			continue;
		}
		if (line_is_turn(call, waiter) ||
			(waiter->until != NO_TIME && waiter->until <= call->now && !fresh))
			continue;
		place = soonest(starts, nplaces);
		set_turn(call, line, waiter, starts[place]);
		starts[place] = waiter->until;
	}
}
