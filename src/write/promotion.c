/*-------------------------------------------------------------------------
 *
 * promotion.c
 *	  Booking for those who wait, when it is their turn.
 *
 * Calls beside each other, and beside those of clients, do not wait for a slot:
 * one that is locked is somebody else's by then, or is looked at by the next call.
 *
 * All that is needed is locked first, and those whose turn it is are told.  Then each
 * is booked for by himself: what the application has to say to that, by its rules,
 * triggers or constraints, may be an error, which must not take the others' turns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/argument.h"
#include "call/attempt.h"
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
 * Lines of slots that were taken by a direct write, or opened unseen, so that somebody
 * still has a turn, or has none, or none yet though there is a place that nobody has
 * or holds; and those of slots that are over or gone.
 */
static const StudioQuery find_lines = {
	"SELECT DISTINCT w.session_id FROM {waits} w"
	" WHERE NOT EXISTS (SELECT 1 FROM {sessions} s WHERE " SLOT_OF_LINE("s", "w.session_id")
	" AND {s.status:available,scheduled,confirmed} AND {s.session_date} OPERATOR(pg_catalog.>) $1)"
	" OR EXISTS (SELECT 1 FROM {sessions} s WHERE " SLOT_OF_LINE("s", "w.session_id")
	" AND " SLOT_IS_OPEN("s") ") OPERATOR(pg_catalog.=) (w.offered_until IS NULL)"
	" OR (w.offered_from OPERATOR(pg_catalog.>) $1 AND"
	" (SELECT pg_catalog.count(*) FROM {sessions} s WHERE " SLOT_OF_LINE("s", "w.session_id")
	" AND " SLOT_IS_OPEN("s") " AND NOT EXISTS (SELECT 1 FROM {holds} h"
	" WHERE h.session_id OPERATOR(pg_catalog.=) {s.id} AND h.until OPERATOR(pg_catalog.>) $1))"
	" OPERATOR(pg_catalog.>) (SELECT pg_catalog.count(*) FROM {waits} o"
	" WHERE o.session_id OPERATOR(pg_catalog.=) w.session_id"
	" AND o.offered_from OPERATOR(pg_catalog.<=) $1 AND o.offered_until OPERATOR(pg_catalog.>) $1))"
	" ORDER BY w.session_id LIMIT $2",
	2, {TIMESTAMPTZOID, INT4OID}
};

/* A turn: who waits, and the place that he can have. */
typedef struct Turn
{
	FunctionCallInfo fcinfo;
	int64		line_id;
	int64		user_id;
	int64		session_id;
	bool		asked;			/* to be booked for, and it is his turn */
	bool		booked;
	BookingAnswer answer;
} Turn;

/* Returns whether an earlier turn is of the same client; this one is for the next call. */
static bool
is_repeated(const Turn *turns, int n, int64 user_id)
{
	for (int i = 0; i < n; i++)
	{
		if (turns[i].user_id == user_id)
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
			taken = taken || turns[j].session_id == places[i];
		score = taken ? 0 : judge_place(call, places[i], user_id);
		if (score > best_score)
		{
			best = places[i];
			best_score = score;
		}
	}
	return best;
}

/* Looks, without a lock, for those whose turn it is; the turns outlive the frame. */
static Turn *
look_for_turns(Call *call, FunctionCallInfo fcinfo, int32 max_rows, int *n)
{
	NullableDatum args[] = {arg_time(call->now), arg_int(max_rows)};
	Rows		rows = query_recheck(call, &find_turns, args);
	Turn	   *turns = MemoryContextAllocZero(call->result_context,
											   (rows.nrows + 1) * sizeof(Turn));

	*n = 0;
	for (uint64 row = 0; row < rows.nrows; row++)
	{
		Turn	   *turn = &turns[*n];

		turn->fcinfo = fcinfo;
		turn->line_id = row_id(rows, row, TURN_SESSION_ID);
		turn->user_id = row_id(rows, row, TURN_USER_ID);
		turn->session_id = find_place(call, turns, *n, turn->line_id, turn->user_id);
		if (turn->session_id != NO_ID && !is_repeated(turns, *n, turn->user_id))
			(*n)++;
	}
	return turns;
}

/*
 * Locks the places that nobody else has locked, and their clients; puts the place of
 * a turn to NO_ID that has to wait for the next call.
 */
static void
lock_turns(Call *call, Locks *locks, Turn *turns, int n)
{
	int64	   *ids = palloc((n + 1) * sizeof(int64));
	Slot		slot;

	for (int i = 0; i < n; i++)
		ids[i] = turns[i].session_id;
	lock_free_slots(call, locks, ids, n);
	for (int i = 0; i < n; i++)
	{
		if (!locked_slot(locks, turns[i].session_id, &slot))
			turns[i].session_id = NO_ID;
		ids[i] = turns[i].session_id == NO_ID ? NO_ID : turns[i].user_id;
	}
	lock_users(call, locks, ids, n);
}

/*
 * Tells somebody that it is his turn, if it still is; returns whether he is to be
 * booked for.  Who is no user any more does not wait.
 */
static bool
tell_turn(Call *call, const Locks *locks, const Turn *turn, Line *line)
{
	Waiter	   *waiter = turn->session_id == NO_ID ? NULL : line_find(line, turn->user_id);
	Account		account;

	if (waiter == NULL || !line_is_turn(call, waiter))
		return false;
	if (!user_is_locked(locks, turn->user_id))
	{
		/* he was deleted: the next one's turn is now */
		line_leave(call, line, turn->user_id);
		line_arrange(call, line, false);
		return false;
	}
	if (!waiter->told)
	{
		account_enter(call, locks, turn->user_id, &account);
		offering_write(call, &account, line, waiter);
		account_close(call, &account, "Available");
		line_write(call, line, waiter);
	}
	return waiter->automatic;
}

/* Notes why somebody could not be booked for. */
static void
note_refusal(Call *call, const Line *line, Waiter *waiter, const char *why)
{
	waiter->refused = why;
	waiter->tried = call->now;
	line_write(call, line, waiter);
}

/* Returns how a verdict is noted. */
static const char *
verdict_name(const Booking *booking, SwanErrorCode verdict)
{
	return verdict == SWAN_BOOKING_REFUSED ?
		booking_rule_name(booking) : swan_error_name(verdict);
}

/* Reads what a turn is about as it is by now, all of which is locked; returns who waits, or NULL. */
static Waiter *
read_turn(Call *call, const Turn *turn, Booking *booking, Account *account)
{
	Locks		locks = {0};
	Waiter	   *waiter;

	lock_slots(call, &locks, &turn->session_id, 1);
	booking->slot_known = locked_slot(&locks, turn->session_id, &booking->slot);
	lock_users(call, &locks, &turn->user_id, 1);
	booking->client_known = locked_user(&locks, turn->user_id, account);
	bookings_lock_lines(call, booking, 1);
	waiter = booking->line && booking->client_known ?
		line_find(booking->line, turn->user_id) : NULL;
	return waiter && line_is_turn(call, waiter) ? waiter : NULL;
}

/* Books for somebody whose turn it is, or notes why not. */
static bool
book_turn(void *arg)
{
	Turn	   *turn = arg;
	Call	   *call = actor_enter(turn->fcinfo, CALL_WRITER, NO_ACTOR_ARGUMENT, MAY_SYSTEM);
	Booking		booking = {.user_id = turn->user_id,.session_id = turn->session_id,
		.instead_of = NO_ID,.held_by = NO_ID,.overlap = NO_ID,.trainer_overlap = NO_ID,
	.charged = true,.promoted = true};
	Account		account;
	Waiter	   *waiter = read_turn(call, turn, &booking, &account);
	SwanErrorCode verdict;

	if (waiter != NULL)
	{
		account_begin(call, &account);
		verdict = booking_verdict_locked(call, &booking, &account);
		if (verdict == SWAN_OK)
		{
			booking_write(call, &account, &booking, NULL, &turn->answer);
			answer_name(call, &turn->answer, NULL);
			answer_keep(&turn->answer, call->result_context);
		}
		else
			note_refusal(call, booking.line, waiter, verdict_name(&booking, verdict));
		account_close(call, &account, "Available");
		turn->booked = verdict == SWAN_OK;
	}
	call_end(call);
	return true;
}

/* Says that somebody could not be booked for because of an error, and notes which. */
static void
report_error(const Turn *turn, const ErrorData *error)
{
	Call	   *call = actor_enter(turn->fcinfo, CALL_WRITER, NO_ACTOR_ARGUMENT, MAY_SYSTEM);
	Line	   *line = lines_lock(call, &turn->line_id, 1)[0];
	Waiter	   *waiter = line_find(line, turn->user_id);

	if (waiter)
		note_refusal(call, line, waiter, unpack_sql_state(error->sqlerrcode));
	call_end(call);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("user %lld could not be booked for session %lld: %s",
					(long long) turn->user_id, (long long) turn->session_id, error->message),
			 error->detail ? errdetail_internal("%s", error->detail) : 0,
			 error->hint ? errhint("%s", error->hint) : 0,
			 error->context ? errcontext("%s", error->context) : 0));
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
 * Locks all that a call is about, tells those whose turn it is, and returns the
 * turns; what was out of order is put in order for the next call.
 */
static Turn *
begin_turns(Call *call, FunctionCallInfo fcinfo, int32 max_rows, int *n)
{
	Locks		locks = {0};
	Locks		stray_locks = {0};
	Turn	   *turns = look_for_turns(call, fcinfo, max_rows, n);
	int			nstrays;
	int64	   *strays = look_for_lines(call, &stray_locks, max_rows, &nstrays);
	int64	   *ids = palloc((*n + nstrays + 1) * sizeof(int64));
	Line	  **lines;

	lock_turns(call, &locks, turns, *n);
	for (int i = 0; i < *n; i++)
		ids[i] = turns[i].session_id == NO_ID ? NO_ID : turns[i].line_id;
	for (int i = 0; i < nstrays; i++)
		ids[*n + i] = strays[i];
	lines = lines_lock(call, ids, *n + nstrays);

	for (int i = 0; i < nstrays; i++)
	{
		if (lines[*n + i])
			arrange_line(call, &stray_locks, lines[*n + i]);
	}
	for (int i = 0; i < *n; i++)
		turns[i].asked = tell_turn(call, &locks, &turns[i], lines[i]);
	return turns;
}

/* swan_promote(): those whose turn it is are told, and booked for if they asked for it. */
Datum
swan_promote(PG_FUNCTION_ARGS)
{
	Call	   *call;
	Turn	   *turns;
	int32		max_rows;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, NO_ACTOR_ARGUMENT, MAY_SYSTEM);
	max_rows = argument_between(fcinfo, 0, "max_rows", PROMOTE_MAX, 100);
	line_require(call);
	turns = begin_turns(call, fcinfo, max_rows, &n);
	call_end(call);
	for (int i = 0; i < n; i++)
	{
		ErrorData  *error = turns[i].asked ? call_attempt(book_turn, &turns[i]) : NULL;

		if (error)
			report_error(&turns[i], error);
		else if (turns[i].booked)
			answer_add(fcinfo, &turns[i].answer);
	}
	return (Datum) 0;
}
