/*-------------------------------------------------------------------------
 *
 * promotion.c
 *	  Booking for those who wait, when it is their turn.
 *
 * Calls beside each other, and beside those of clients, do not wait for a slot:
 * one that is locked is somebody else's by then, or is looked at by the next call.
 * Each booking is judged before it is written, so one that cannot be leaves the
 * others alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/argument.h"
#include "studio/actor.h"
#include "account/open.h"
#include "write/answer.h"
#include "write/booking.h"
#include "write/offering.h"
#include "write/rules.h"

PG_FUNCTION_INFO_V1(swan_promote);

/* turns that one swan_promote may look at */
#define PROMOTE_MAX		10000

#define TURN_COLUMNS(first, next) \
	first(TURN_SESSION_ID, "w.session_id") \
	next(TURN_USER_ID, "w.user_id")

RESULT_COLUMNS(TURN_COLUMNS);

/* whose turn it is at $1 and who is to be told, or booked for: who was not tried first */
static const StudioQuery find_turns = {
	"SELECT" SELECT_LIST(TURN_COLUMNS) " FROM {waits} w"
	" WHERE w.offered_until OPERATOR(pg_catalog.>) $1"
	" AND w.offered_from OPERATOR(pg_catalog.<=) $1 AND (w.auto OR NOT w.told)"
	" ORDER BY w.tried NULLS FIRST, w.id LIMIT $2",
	2, {TIMESTAMPTZOID, INT4OID}
};

/*
 * Lines of slots that were opened or taken by a direct write, so that somebody has
 * no turn, or still has one; and those of slots that are over or gone.
 */
static const StudioQuery find_lines = {
	"SELECT DISTINCT w.session_id FROM {waits} w"
	" WHERE NOT EXISTS (SELECT 1 FROM {sessions} s WHERE " SLOT_OF_LINE("s", "w.session_id")
	" AND {s.status:available,scheduled,confirmed} AND {s.session_date} OPERATOR(pg_catalog.>) $1)"
	" OR EXISTS (SELECT 1 FROM {sessions} s WHERE " SLOT_OF_LINE("s", "w.session_id")
	" AND " SLOT_IS_OPEN("s") ") OPERATOR(pg_catalog.=) (w.offered_until IS NULL)"
	" ORDER BY w.session_id LIMIT $2",
	2, {TIMESTAMPTZOID, INT4OID}
};

/* A turn: who waits, and the place that he can have. */
typedef struct Turn
{
	int64		line_id;
	Booking		booking;
} Turn;

/* Returns whether an earlier turn is of the same client; this one is for the next call. */
static bool
is_repeated(const Turn *turns, int n, int64 user_id)
{
	for (int i = 0; i < n; i++)
	{
		if (turns[i].booking.user_id == user_id)
			return true;
	}
	return false;
}

/*
 * Returns how good a place is for a client: not at all if it is not open; best if he
 * holds it, and worst if somebody else does.
 */
static int
judge_place(Call *call, int64 place_id, int64 user_id)
{
	TimestampTz until;
	int64		held_by;
	Slot		slot;

	if (!slot_find(call, place_id, &slot) || !slot_is_open(&slot))
		return 0;
	if (!slot_find_hold(call, place_id, &held_by, &until, query_recheck) || until <= call->now)
		return 2;
	return held_by == user_id ? 3 : 1;
}

/* Returns the best place of a line for a client that no earlier turn has, or NO_ID. */
static int64
find_place(Call *call, const Turn *turns, int n, int64 line_id, int64 user_id)
{
	int			nplaces;
	int64	   *places = line_places(call, line_id, &nplaces);
	int64		best = NO_ID;
	int			best_score = 0;

	for (int i = 0; i < nplaces; i++)
	{
		bool		taken = false;
		int			score;

		for (int j = 0; j < n; j++)
			taken = taken || turns[j].booking.session_id == places[i];
		score = taken ? 0 : judge_place(call, places[i], user_id);
		if (score > best_score)
		{
			best = places[i];
			best_score = score;
		}
	}
	return best;
}

/* Looks, without a lock, for those whose turn it is. */
static Turn *
look_for_turns(Call *call, int32 max_rows, int *n)
{
	NullableDatum args[] = {arg_time(call->now), arg_int(max_rows)};
	Rows		rows = query_recheck(call, &find_turns, args);
	Turn	   *turns = palloc0((rows.nrows + 1) * sizeof(Turn));

	*n = 0;
	for (uint64 row = 0; row < rows.nrows; row++)
	{
		Turn	   *turn = &turns[*n];

		turn->line_id = row_id(rows, row, TURN_SESSION_ID);
		turn->booking.user_id = row_id(rows, row, TURN_USER_ID);
		turn->booking.session_id = find_place(call, turns, *n, turn->line_id,
											 turn->booking.user_id);
		turn->booking.instead_of = turn->booking.held_by = NO_ID;
		turn->booking.overlap = turn->booking.trainer_overlap = NO_ID;
		turn->booking.charged = true;
		turn->booking.promoted = true;
		if (turn->booking.session_id != NO_ID &&
			!is_repeated(turns, *n, turn->booking.user_id))
			(*n)++;
	}
	return turns;
}

/* Locks the places that nobody else has locked, and their clients. */
static void
lock_turns(Call *call, Locks *locks, Turn *turns, int n)
{
	int64	   *ids = palloc((n + 1) * sizeof(int64));

	for (int i = 0; i < n; i++)
		ids[i] = turns[i].booking.session_id;
	lock_free_slots(call, locks, ids, n);
	for (int i = 0; i < n; i++)
	{
		Booking    *booking = &turns[i].booking;

		booking->slot_known = locked_slot(locks, booking->session_id, &booking->slot);
		ids[i] = booking->slot_known ? booking->user_id : NO_ID;
	}
	lock_users(call, locks, ids, n);
}

/* Notes why somebody could not be booked for. */
static void
note_refusal(Call *call, const Booking *booking, Waiter *waiter, SwanErrorCode verdict)
{
	waiter->refused = verdict == SWAN_BOOKING_REFUSED ?
		booking_rule_name(booking) : swan_error_name(verdict);
	waiter->tried = call->now;
	line_write(call, booking->line, waiter);
}

/*
 * Tells somebody that it is his turn and books for him, if it still is, and he asked
 * for it; returns whether it did.  Who is no user any more does not wait.
 */
static bool
take_turn(Call *call, const Locks *locks, Booking *booking, BookingAnswer *answer)
{
	Waiter	   *waiter = booking->slot_known ? line_find(booking->line, booking->user_id) : NULL;
	SwanErrorCode verdict;
	Account		account;

	if (waiter == NULL || !line_is_turn(call, waiter))
		return false;
	if (!user_is_locked(locks, booking->user_id))
	{
		/* he was deleted: the next one's turn is now */
		line_leave(call, booking->line, booking->user_id);
		line_arrange(call, booking->line, false);
		return false;
	}
	account_enter(call, locks, booking->user_id, &account);
	booking->client_known = true;
	if (!waiter->told)
	{
		offering_write(call, &account, booking->line, waiter);
		line_write(call, booking->line, waiter);
	}
	verdict = waiter->automatic ? booking_verdict_locked(call, booking, &account) : SWAN_OK;
	if (verdict != SWAN_OK)
		note_refusal(call, booking, waiter, verdict);
	else if (waiter->automatic)
	{
		booking_write(call, &account, booking, NULL, answer);
		account_close(call, &account, "Available");
		return true;
	}
	account_close(call, &account, "Available");
	return false;
}

/*
 * Looks for lines that nobody has looked after, and locks all that they are for;
 * puts the id of one to NO_ID of which somebody else has locked something.
 */
static int64 *
look_for_lines(Call *call, Locks *locks, int32 max_rows, int *n)
{
	NullableDatum args[] = {arg_time(call->now), arg_int(max_rows)};
	Rows		rows = query_recheck(call, &find_lines, args);
	int64	   *ids = palloc((rows.nrows + 1) * sizeof(int64));
	int64	   *places = NULL;
	int			nplaces = 0;

	*n = rows.nrows;
	for (int i = 0; i < *n; i++)
	{
		int			nmore;
		int64	   *more;

		ids[i] = row_id(rows, i, 1);
		more = line_places(call, ids[i], &nmore);
		places = places ? repalloc(places, (nplaces + nmore) * sizeof(int64)) :
			palloc(nmore * sizeof(int64));
		memcpy(places + nplaces, more, nmore * sizeof(int64));
		nplaces += nmore;
	}
	lock_free_slots(call, locks, places, nplaces);
	for (int i = 0; i < *n; i++)
	{
		int			nlocked;
		int64	   *locked = line_places(call, ids[i], &nlocked);
		Slot		slot;

		for (int j = 0; j < nlocked && ids[i] != NO_ID; j++)
		{
			if (!locked_slot(locks, locked[j], &slot) && slot_find(call, locked[j], &slot))
				ids[i] = NO_ID;
		}
	}
	return ids;
}

/* Puts a line in order, or ends it if nobody can have what it is for any more. */
static void
arrange_line(Call *call, const Locks *locks, Line *line)
{
	for (uint64 row = 0; row < locks->slots.nrows; row++)
	{
		Slot		slot;

		slot_of_row(call->studio, locks->slots, row, 0, &slot);
		if (line_of(&slot) != line->id || slot_has_begun(call, &slot) ||
			!(slot_is_open(&slot) || slot_is_booking(&slot)))
			continue;
		line_arrange(call, line, false);
		return;
	}
	line_close(call, line);
}

/*
 * swan_promote(): those whose turn it is are told, and booked for if they asked for
 * it.  What was out of order is put in order for the next call.
 */
Datum
swan_promote(PG_FUNCTION_ARGS)
{
	BookingAnswer *answers;
	int			nanswers = 0;
	int32		max_rows;
	Locks		locks = {0};
	Locks		stray_locks = {0};
	int64	   *strays;
	int64	   *ids;
	Line	  **lines;
	Turn	   *turns;
	Call	   *call;
	int			nstrays;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, NO_ACTOR_ARGUMENT, MAY_SYSTEM);
	max_rows = argument_between(fcinfo, 0, "max_rows", PROMOTE_MAX, 100);
	line_require(call);
	turns = look_for_turns(call, max_rows, &n);
	strays = look_for_lines(call, &stray_locks, max_rows, &nstrays);
	lock_turns(call, &locks, turns, n);

	ids = palloc((n + nstrays + 1) * sizeof(int64));
	for (int i = 0; i < n; i++)
		ids[i] = turns[i].booking.slot_known ? turns[i].line_id : NO_ID;
	for (int i = 0; i < nstrays; i++)
		ids[n + i] = strays[i];
	lines = lines_lock(call, ids, n + nstrays);

	for (int i = 0; i < nstrays; i++)
	{
		if (lines[n + i])
			arrange_line(call, &stray_locks, lines[n + i]);
	}
	answers = palloc((n + 1) * sizeof(BookingAnswer));
	for (int i = 0; i < n; i++)
	{
		turns[i].booking.line = lines[i];
		nanswers += take_turn(call, &locks, &turns[i].booking, &answers[nanswers]);
	}
	return answer_rows(call, fcinfo, answers, nanswers);
}
