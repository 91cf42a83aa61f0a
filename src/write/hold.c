/*-------------------------------------------------------------------------
 *
 * hold.c
 *	  Keeping a slot for a client while he makes up his mind.
 *
 * A hold is judged when it is read; nobody has to sweep one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "account/open.h"
#include "write/offering.h"
#include "write/rules.h"
#include "write/taking.h"

PG_FUNCTION_INFO_V1(swan_hold_0_2);
PG_FUNCTION_INFO_V1(swan_can_hold);
PG_FUNCTION_INFO_V1(swan_release);

/* the sentences of the two rules that only holds have */
static const char too_many_holds[] = "You hold as many sessions as you may.";
static const char held_too_long[] = "You have held this session as long as you may.";

/* half an hour */
#define HOLD_MAX_USECS	(30 * SECS_PER_MINUTE * USECS_PER_SEC)
#define HOLD_DEFAULT_USECS	(10 * SECS_PER_MINUTE * USECS_PER_SEC)

/* other slots that the client holds; one that is gone is not held any more */
static const StudioQuery count_holds = {
	"SELECT pg_catalog.count(*) FROM {holds} h"
	" JOIN {sessions} s ON {live s} AND {s.id} OPERATOR(pg_catalog.=) h.session_id AND " SLOT_IS_OPEN("s")
	" WHERE h.user_id OPERATOR(pg_catalog.=) $1"
	" AND h.until OPERATOR(pg_catalog.>) $2"
	" AND h.session_id OPERATOR(pg_catalog.<>) $3",
	3, {INT8OID, TIMESTAMPTZOID, INT8OID}
};

/* places of class $1 that somebody holds at $2 */
#define HELD_COLUMNS(first, next) \
	first(HELD_SESSION_ID, "h.session_id") \
	next(HELD_USER_ID, "h.user_id")

RESULT_COLUMNS(HELD_COLUMNS);

static const StudioQuery held_places = {
	"SELECT" SELECT_LIST(HELD_COLUMNS) " FROM {holds} h"
	" JOIN {sessions} s ON {s.id} OPERATOR(pg_catalog.=) h.session_id"
	" WHERE {live s} AND {s.class_id} OPERATOR(pg_catalog.=) $1 AND h.until OPERATOR(pg_catalog.>) $2"
	" ORDER BY h.session_id",
	2, {INT8OID, TIMESTAMPTZOID}
};

/* Returns how long a hold shall last. */
static int64
argument_ttl(FunctionCallInfo fcinfo, int n)
{
	const Interval *ttl = argument_span(fcinfo, n, 0, HOLD_DEFAULT_USECS);
	Interval	zero = {0};
	TimestampTz start = GetCurrentTimestamp();
	TimestampTz end;

	end = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												  TimestampTzGetDatum(start),
												  IntervalPGetDatum(ttl)));
	if (end <= start || end > start + HOLD_MAX_USECS ||
		DatumGetBool(DirectFunctionCall2(interval_le, IntervalPGetDatum(ttl),
										 IntervalPGetDatum(&zero))))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("ttl must be longer than zero and at most 30 minutes")));
	return end - start;
}

/* Returns whether a client holds as many other slots as he may. */
static bool
holds_too_many(Call *call, const Booking *booking, QueryRun run)
{
	NullableDatum args[] = {
		arg_id(booking->user_id), arg_time(call->now), arg_id(booking->slot.id)
	};

	return row_int(run(call, &count_holds, args), 0, 1) >= call->studio->settings.hold_max;
}

/* Refuses one hold more than a client may have. */
static void
check_hold_max(Call *call, const Booking *booking)
{
	if (!holds_too_many(call, booking, query_recheck))
		return;
	if (IsolationUsesXactSnapshot() && !holds_too_many(call, booking, query_look))
		swan_serialization_failure();
	ereport(ERROR,
			(swan_error_saying(SWAN_INVALID_ARGUMENT, too_many_holds),
			 errmsg("user %lld has reached the limit of slots to hold, %d",
					(long long) booking->user_id, call->studio->settings.hold_max),
			 errhint("Book or release one first.")));
}

/*
 * Returns since when a client keeps a slot that he is about to hold.  He did before
 * if he does now, or let go of it no longer ago than hold_total: else he could
 * keep it by releasing it and holding it again.
 */
static TimestampTz
kept_since(Call *call, const Booking *booking, QueryRun run)
{
	const StudioSettings *set = &call->studio->settings;
	TimestampTz since = NO_TIME;

	if (booking->held_by == booking->user_id &&
		zone_later(set->time_zone, booking->held_until, &set->hold_total) > call->now)
		since = slot_held_since(call, booking->slot.id, run);
	return since == NO_TIME ? call->now : since;
}

/*
 * Returns until when a client may keep a slot that he keeps since then, the end of
 * hold_total.  A studio that does not know since when has no end.
 */
static TimestampTz
keep_until(Call *call, TimestampTz since)
{
	const StudioSettings *set = &call->studio->settings;

	return call->studio->columns[HOLDS_SINCE].name ?
		zone_later(set->time_zone, since, &set->hold_total) : DT_NOEND;
}

/* Returns until when a hold lasts, at most as long as a client may, and refuses it after that. */
static TimestampTz
hold_until(Call *call, const Booking *booking, TimestampTz since, int64 ttl)
{
	TimestampTz end = keep_until(call, since);

	if (end <= call->now)
		ereport(ERROR,
				(swan_error_saying(SWAN_INVALID_ARGUMENT, held_too_long),
				 errmsg("user %lld has held session %lld as long as a client may, see the setting hold_total",
						(long long) booking->user_id, (long long) booking->session_id),
				 errhint("Book it, or let others have it.")));
	return Min(end, call->now + ttl);
}

/* Notes in the client's ledger that a hold was made or ended. */
static void
write_hold(Call *call, Account *account, const char *kind, int64 session_id, bool forced)
{
	Entry		entry = NEW_ENTRY;

	if (forced)
		entry.details = details_forced();
	entry.kind = kind;
	entry.session_id = session_id;
	account_write(call, account, &entry);
	account_close(call, account, "Available");
}

/* Closes the call with a swan_held. */
static Datum
answer_held(Call *call, FunctionCallInfo fcinfo, int64 session_id,
			int64 user_id, TimestampTz until)
{
	Datum		values[3];
	bool		nulls[3] = {false};

	values[0] = Int64GetDatum(session_id);
	values[1] = Int64GetDatum(user_id);
	values[2] = TimestampTzGetDatum(until);
	return call_return_row(call, fcinfo, values, nulls);
}

/* Reads who shall hold what, and refuses whoever may not. */
static Booking
start_hold(Call *call, FunctionCallInfo fcinfo, QueryRun run)
{
	Booking		booking = {.instead_of = NO_ID,.charged = call->studio->settings.hold_credit,.renews = true};

	booking.user_id = argument_id(fcinfo, 0, "user_id");
	booking.session_id = argument_id(fcinfo, 1, "session_id");
	booking_look_at_slot(call, &booking, run);
	booking_authorise(call, &booking);
	return booking;
}

/* swan_hold(): keeps a slot for a client for some minutes. */
Datum
swan_hold_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_PERSONS);
	Booking		booking = start_hold(call, fcinfo, query_look);
	SwanErrorCode verdict;
	Account		account;
	Waiter	   *waiter;
	TimestampTz since;
	TimestampTz until;
	int64		ttl;

	booking.forced = actor_force(call, fcinfo, 3);
	ttl = argument_ttl(fcinfo, 2);
	verdict = booking_judge_unlocked(call, &booking, &account, query_look, false);
	if (verdict != SWAN_OK)
		booking_refuse(&booking, &account, verdict);

	bookings_lock(call, &booking, 1, &account);
	booking_authorise(call, &booking);
	if (booking.client_known)
	{
		account_begin(call, &account);
	}
	booking_judge_locked(call, &booking, &account);
	check_hold_max(call, &booking);

	since = kept_since(call, &booking, query_recheck);
	until = hold_until(call, &booking, since, ttl);
	waiter = line_find(booking.line, booking.user_id);
	if (waiter && line_is_turn(call, waiter))
		until = Min(until, waiter->until);	/* then it is the next one's turn */
	write_hold(call, &account, "hold", booking.slot.id, booking.forced);
	booking_end_hold(call, &booking);
	slot_make_hold(call, booking.slot.id, booking.user_id, until, since);
	if (booking.line->n > 0)
		line_arrange(call, booking.line, false);
	return answer_held(call, fcinfo, booking.slot.id, booking.user_id, until);
}

/* swan_can_hold(): what swan_hold() would answer now. */
Datum
swan_can_hold(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_READER, 2, MAY_PERSONS);
	Booking		booking = start_hold(call, fcinfo, query_read);
	const char *sentence = NULL;
	SwanErrorCode verdict;
	Account		account;

	verdict = booking_judge_unlocked(call, &booking, &account, query_read, true);
	if (verdict != SWAN_OK)
		sentence = booking_sentence(&booking, verdict);
	else if (holds_too_many(call, &booking, query_read))
		sentence = too_many_holds;
	else if (keep_until(call, kept_since(call, &booking, query_read)) <= call->now)
		sentence = held_too_long;
	if (verdict == SWAN_OK && sentence)
		verdict = SWAN_INVALID_ARGUMENT;
	return booking_answer_verdict(call, fcinfo, verdict, sentence);
}

/*
 * Returns which row is meant by who wants to release a place of a class: the hold
 * that a client has in it, whichever row he names; for others the row that they
 * name, or the only hold that there is.
 */
static int64
find_held_place(Call *call, const Slot *named)
{
	NullableDatum args[] = {arg_id(named->class_id), arg_time(call->now)};
	bool		anybodys = actor_is(call, MAY_OFFICE) || booking_is_of_trainer(call, named);
	int64		found = named->id;
	int			nfound = 0;
	Rows		result;

	if (named->class_id == NO_ID)
		return named->id;
	result = query_recheck(call, &held_places, args);
	for (uint64 row = 0; row < result.nrows; row++)
	{
		if (!anybodys && row_id(result, row, HELD_USER_ID) != call->actor->user_id)
			continue;
		if (row_id(result, row, HELD_SESSION_ID) == named->id)
			return named->id;
		found = row_id(result, row, HELD_SESSION_ID);
		nfound++;
	}
	return nfound == 1 ? found : named->id;
}

/* swan_release(): lets go of a slot before the time is up. */
Datum
swan_release(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 1, MAY_PERSONS);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	Locks		locks = {0};
	Account		account;
	Slot		slot;
	int64		user_id;
	int64		people[2];
	int64		line_id;
	Line	   *line;
	TimestampTz until;

	slot_require(call, session_id, &slot);
	session_id = find_held_place(call, &slot);
	lock_slots(call, &locks, &session_id, 1);
	if (!locked_slot(&locks, session_id, &slot))
		session_not_found(session_id);
	slot_find_hold(call, session_id, &user_id, &until, query_recheck);
	call_set_now(call);
	if (until <= call->now)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", session_id),
				 errmsg("session %lld is not held", (long long) session_id),
				 slot_is_open(&slot) ? errhint("It is open: swan_hold() holds it.") : 0));

	if (booking_is_of_trainer(call, &slot))
		actor_require_task(call, TASK_BOOK);
	else
		actor_require_own(call, user_id, "You can only release your own sessions.");
	people[0] = user_id;
	line_id = offering_awaits(call, &slot, &people[1]) ? line_of(&slot) : NO_ID;
	lock_users(call, &locks, people, 2);
	account_enter(call, &locks, user_id, &account);
	write_hold(call, &account, "release", session_id, false);
	slot_lapse_hold(call, session_id);
	line = lines_lock(call, &line_id, 1)[0];
	if (line)
	{
		line_arrange(call, line, false);
		offering_tell(call, &locks, line);
	}
	return answer_held(call, fcinfo, session_id, user_id, until);
}
