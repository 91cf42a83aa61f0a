/*-------------------------------------------------------------------------
 *
 * waiting.c
 *	  Waiting for a slot that somebody else has.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/argument.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "account/open.h"
#include "write/answer.h"
#include "write/offering.h"
#include "write/rules.h"

PG_FUNCTION_INFO_V1(swan_wait);
PG_FUNCTION_INFO_V1(swan_unwait);

/* Refuses whoever may not book this slot for this client. */
static void
authorise(Call *call, const Slot *slot, int64 user_id, const char *sentence)
{
	if (booking_is_of_trainer(call, slot))
		actor_require_task(call, TASK_BOOK);
	else
		actor_require_own(call, user_id, sentence);
}

/*
 * Locks the places of a class that have come free, or were added, while we waited for
 * the others; returns whether there are any.
 */
static bool
lock_newcomers(Call *call, Locks *locks, const Slot *named)
{
	Rows		places = class_places(call, named->class_id);
	int64	   *ids = palloc((places.nrows + 1) * sizeof(int64));
	int64		highest = NO_ID;
	int			n = 0;
	Slot		slot;

	for (uint64 row = 0; row < locks->slots.nrows; row++)
		highest = Max(highest, row_id(locks->slots, row, SLOT_ID));
	for (uint64 row = 0; row < places.nrows; row++)
	{
		if (!locked_slot(locks, row_id(places, row, SLOT_ID), &slot))
			ids[n++] = row_id(places, row, SLOT_ID);
	}
	if (n == 0)
		return false;
	lock_more_slots(call, ids, n, highest);

	/* all of it is ours: to read it */
	for (n = 0; n < places.nrows; n++)
		ids[n] = row_id(places, n, SLOT_ID);
	ids[n++] = named->id;
	lock_slots(call, locks, ids, n);
	return true;
}

/*
 * Locks the places that a class has got while we waited for users, if that can be had
 * at once: a booking in it may have been brought back.
 */
static void
lock_latecomers(Call *call, const Locks *locks, const Slot *named)
{
	Rows		places = class_places(call, named->class_id);
	int64	   *ids = palloc((places.nrows + 1) * sizeof(int64));
	Locks		more;

	for (uint64 row = 0; row < places.nrows; row++)
		ids[row] = row_id(places, row, SLOT_ID);
	lock_slots_after(call, locks, &more, ids, places.nrows);
}

/*
 * Locks all places of a slot or class, whoever joins or leaves its line, and who is
 * next there, and then the line itself.
 */
static Line *
lock_all(Call *call, Locks *locks, Slot *slot, int64 user_id, const char *sentence)
{
	int64		people[2] = {user_id};
	int64		line_id = line_of(slot);
	Line	   *line;
	int64	   *ids;
	int			n;

	ids = line_places(call, line_id, &n);
	ids[n++] = slot->id;		/* which may be a place that was given up */
	lock_slots(call, locks, ids, n);
	require_locked_slot(locks, slot->id, slot);
	while (slot->class_id != NO_ID && lock_newcomers(call, locks, slot))
		continue;
	authorise(call, slot, user_id, sentence);
	offering_awaits(call, slot, &people[1]);
	lock_users(call, locks, people, 2);
	line = lines_lock(call, &line_id, 1)[0];
	if (slot->class_id != NO_ID)
		lock_latecomers(call, locks, slot);
	return line;
}

/* Returns whether a client can have an open place that he has locked, if nobody waits. */
static bool
is_free(Call *call, const Slot *place, int64 user_id)
{
	return slot_is_open(place) &&
		!slot_is_held_from(call, place->id, user_id, query_recheck);
}

/* Refuses to wait for what is no slot that others have, or that has begun. */
static void
check_waitable(Call *call, const Slot *slot)
{
	if (!slot_is_booking(slot) && !slot_is_open(slot))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
				 errmsg("nobody waits for session %lld because it is %s",
						(long long) slot->id, slot->label),
				 errhint("%s", session_advice(call->studio, slot))));
	if (slot_has_begun(call, slot))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
				 errmsg("nobody waits for session %lld because it has begun",
						(long long) slot->id)));
}

/* Refuses to wait for what a client has; returns whether it is what others have, or can have. */
static bool
is_awaitable(const Slot *place, int64 user_id)
{
	if (slot_is_booking(place) && place->user_id == user_id)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", place->id),
				 errmsg("user %lld has session %lld already",
						(long long) user_id, (long long) place->id)));
	return slot_is_booking(place) || slot_is_open(place);
}

/*
 * Refuses to wait for what a client has, or can have.  All places are locked; one
 * is as good as another.
 */
static void
check_places(Call *call, const Slot *named, const Line *line, int64 user_id)
{
	const Slot *waited_for = named;
	bool		some_free = false;
	Rows		places = {0};

	if (named->class_id != NO_ID)
		places = class_places(call, named->class_id);
	else
		some_free = is_awaitable(named, user_id) && is_free(call, named, user_id);
	for (uint64 row = 0; row < places.nrows; row++)
	{
		Slot	   *place = palloc(sizeof(Slot));

		slot_of_row(call->studio, places, row, 0, place);
		if (is_awaitable(place, user_id))
			waited_for = place;
		some_free = some_free || is_free(call, place, user_id);
	}
	check_waitable(call, waited_for);
	if (some_free && !line_comes_first(call, line, user_id, false, query_recheck))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", named->id),
				 errmsg("session %lld is open, so nobody has to wait for it", (long long) named->id),
				 errhint("swan_book() books it.")));
}

/* Writes into somebody's ledger that he waits, or does not any more; returns the row's id. */
static int64
write_wait(Call *call, const Locks *locks, int64 user_id, const char *kind, int64 line_id)
{
	Entry		entry = NEW_ENTRY;
	Account		account;
	int64		id;

	account_enter(call, locks, user_id, &account);
	entry.kind = kind;
	entry.session_id = line_id;
	id = account_write(call, &account, &entry);
	account_close(call, &account, "Available");
	return id;
}

/* Closes the call with a swan_waiter. */
static Datum
answer_waiter(Call *call, FunctionCallInfo fcinfo, const Slot *slot, int place, const Waiter *waiter)
{
	const char *trainer = answer_person(call, slot->trainer_id, query_recheck);
	Datum		values[] = {
		Int64GetDatum(line_of(slot)), Int64GetDatum(waiter->user_id), Int32GetDatum(place),
		TimestampTzGetDatum(waiter->since), BoolGetDatum(waiter->automatic),
		TimestampTzGetDatum(waiter->from), TimestampTzGetDatum(waiter->until),
		waiter->refused ? CStringGetTextDatum(waiter->refused) : (Datum) 0,
		TimestampTzGetDatum(slot->date), Int32GetDatum(slot->duration),
		Int64GetDatum(slot->trainer_id), trainer ? CStringGetTextDatum(trainer) : (Datum) 0
	};
	bool		nulls[] = {
		false, false, false, false, false, waiter->from == NO_TIME, waiter->until == NO_TIME,
		waiter->refused == NULL, slot->date == NO_TIME, false, slot->trainer_id == NO_ID, trainer == NULL
	};

	return call_return_row(call, fcinfo, values, nulls);
}

/* Likewise of the one of a line who is that client. */
static Datum
answer_place(Call *call, FunctionCallInfo fcinfo, const Slot *slot, const Line *line, int64 user_id)
{
	const Waiter *waiter = line_find(line, user_id);

	return answer_waiter(call, fcinfo, slot, waiter - line->waiters + 1, waiter);
}

/* swan_wait(): a client waits for a slot that is taken. */
Datum
swan_wait(PG_FUNCTION_ARGS)
{
	static const char sentence[] = "You can only wait for sessions yourself.";
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 3, MAY_PERSONS);
	int64		user_id = argument_id(fcinfo, 0, "user_id");
	int64		session_id = argument_id(fcinfo, 1, "session_id");
	bool		automatic = argument_bool(fcinfo, 2, false);
	Waiter		newcomer = {.user_id = user_id,.automatic = automatic};
	Locks		locks = {0};
	Waiter	   *waiter;
	Line	   *line;
	Slot		slot;

	line_require(call);
	slot_require(call, session_id, &slot);
	authorise(call, &slot, user_id, sentence);
	line = lock_all(call, &locks, &slot, user_id, sentence);
	if (!user_is_locked(&locks, user_id))
		user_not_found(user_id);
	waiter = line_find(line, user_id);
	if (waiter)
	{
		if (waiter->automatic != automatic)
		{
			waiter->automatic = automatic;
			line_write(call, line, waiter);
		}
		return answer_place(call, fcinfo, &slot, line, user_id);
	}
	check_places(call, &slot, line, user_id);

	newcomer.id = write_wait(call, &locks, user_id, "wait", line->id);
	newcomer.since = call->now;
	newcomer.from = newcomer.until = newcomer.tried = NO_TIME;
	line_join(call, line, &newcomer);
	line_arrange(call, line, false);
	return answer_place(call, fcinfo, &slot, line, user_id);
}

/* swan_unwait(): a client does not wait any more. */
Datum
swan_unwait(PG_FUNCTION_ARGS)
{
	static const char sentence[] = "You can only give up your own place in a line.";
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 2, MAY_PERSONS);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	int64		user_id = PG_ARGISNULL(1) ? call->actor->user_id : argument_id(fcinfo, 1, "user_id");
	Locks		locks = {0};
	Waiter	   *waiter;
	Waiter		gone;
	int			place;
	Line	   *line;
	Slot		slot;

	if (user_id == NO_ID)
		swan_missing_argument("user_id", NULL);
	line_require(call);
	slot_require(call, session_id, &slot);
	authorise(call, &slot, user_id, sentence);
	line = lock_all(call, &locks, &slot, user_id, sentence);
	waiter = line_find(line, user_id);
	if (waiter == NULL)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", session_id),
				 errmsg("user %lld does not wait for session %lld",
						(long long) user_id, (long long) session_id),
				 errhint("swan_waiting() lists what somebody waits for.")));
	gone = *waiter;
	place = waiter - line->waiters + 1;
	line_leave(call, line, user_id);
	if (user_is_locked(&locks, user_id))
		write_wait(call, &locks, user_id, "unwait", line->id);
	line_arrange(call, line, false);
	offering_tell(call, &locks, line);
	return answer_waiter(call, fcinfo, &slot, place, &gone);
}
