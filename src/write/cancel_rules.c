/*-------------------------------------------------------------------------
 *
 * cancel_rules.c
 *	  The rules of giving up a booking: who may, when, and what becomes of its
 *	  credit.
 *
 * swan_cancel() and swan_cancel_many() obey them with everything locked;
 * swan_can_cancel() says what they come to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "slot/window.h"
#include "account/open.h"
#include "write/cancel.h"
#include "write/rules.h"

PG_FUNCTION_INFO_V1(swan_can_cancel);

/* Why a session cannot be cancelled. */
typedef enum Obstacle
{
	OBSTACLE_NONE,
	OBSTACLE_CLOSED,			/* the studio is */
	OBSTACLE_ABSENT,			/* there is no such session */
	OBSTACLE_STATUS,			/* it is no live booking, nor what takes no
								 * credit */
	OBSTACLE_BEGUN				/* its client is too late */
} Obstacle;

/* how they are said to who asks before; NULL: by the error's own sentence */
static const struct
{
	SwanErrorCode verdict;
	const char *sentence;
}			obstacles[] = {
	[OBSTACLE_NONE] = {SWAN_OK},
	[OBSTACLE_CLOSED] = {SWAN_STUDIO_CLOSED},
	[OBSTACLE_ABSENT] = {SWAN_SESSION_NOT_FOUND},
	[OBSTACLE_STATUS] = {SWAN_INVALID_TRANSITION},
	[OBSTACLE_BEGUN] = {SWAN_INVALID_TRANSITION, SENTENCE_BEGUN}
};

/* Returns whether the actor gives up a booking of his own, as its client. */
bool
cancel_is_own(Call *call, const Slot *slot)
{
	return call->actor->user_id != NO_ID && call->actor->user_id == slot->user_id &&
		call->actor->user_id != slot->trainer_id && !actor_is(call, MAY_OFFICE);
}

/* Refuses the trainer of a slot who may not give it up; his blocked time he always may. */
static void
require_task(Call *call, const Slot *slot)
{
	if (slot_is_open(slot))
		actor_require_task(call, TASK_OPEN);
	else if (slot->status != STATUS_BLOCKED)
		actor_require_task(call, TASK_CANCEL);
}

/*
 * Refuses whoever is neither client nor trainer of a slot, nor of the office, and
 * options that he may not decide on.
 */
void
cancel_authorise(Call *call, const Wish *wish, const Slot *slot)
{
	bool		as_trainer = booking_is_of_trainer(call, slot);

	if (as_trainer)
		require_task(call, slot);
	else
		actor_require_own(call, slot->user_id, "You can only cancel your own sessions.");
	if (!wish->return_credit.isnull && as_trainer)
		actor_require_task(call, TASK_RETURN);
	else if (!wish->return_credit.isnull && !actor_is(call, MAY_OFFICE))
		actor_refuse(call, NULL);
	if (!wish->reopen.isnull && (cancel_is_own(call, slot) || actor_is(call, MAY_CLIENT)))
		actor_refuse(call, NULL);
}

/*
 * Returns whether a slot is given up that takes no credit: a client asks for it,
 * or it is a trainer's time, and somebody is named with it.
 */
bool
cancel_is_without_credit(const Slot *slot)
{
	return slot->date != NO_TIME && slot->user_id != NO_ID &&
		(slot->status == STATUS_REQUESTED || slot->status == STATUS_BLOCKED);
}

/* Returns whether a row can be cancelled that nobody is named with. */
bool
cancel_is_nobodys(const Slot *slot)
{
	return slot->date != NO_TIME && slot->user_id == NO_ID &&
		(slot->status == STATUS_AVAILABLE || slot->status == STATUS_REQUESTED ||
		 slot->status == STATUS_BLOCKED);
}

/* Returns what is in the way of a cancellation; slot is NULL where there is none. */
static Obstacle
find_obstacle(Call *call, const Slot *slot)
{
	if (call->studio->closed_reason)	/* who would write is refused before */
		return OBSTACLE_CLOSED;
	if (slot == NULL)
		return OBSTACLE_ABSENT;
	if (cancel_is_nobodys(slot) || cancel_is_without_credit(slot))
		return OBSTACLE_NONE;
	if (!slot_is_booking(slot))
		return OBSTACLE_STATUS;
	if (cancel_is_own(call, slot) && slot_has_begun(call, slot))
		return OBSTACLE_BEGUN;
	return OBSTACLE_NONE;
}

/* Refuses to cancel what cannot be cancelled. */
void
cancel_check(Call *call, const Slot *slot)
{
	switch (find_obstacle(call, slot))
	{
		case OBSTACLE_NONE:
			break;
		case OBSTACLE_CLOSED:
		case OBSTACLE_ABSENT:
			elog(ERROR, "a session is to be cancelled where there is none");
			break;
		case OBSTACLE_STATUS:
			ereport(ERROR,
					(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
					 errmsg("session %lld cannot be cancelled because it is %s",
							(long long) slot->id, slot->label),
					 errhint("%s", session_advice(call->studio, slot))));
			break;
		case OBSTACLE_BEGUN:
			window_refuse_begun(call, slot, "cancelled");
			break;
	}
}

/* Returns whether the credit of a cancelled booking comes back. */
static bool
comes_back(Call *call, const Wish *wish, const Slot *slot, QueryRun run)
{
	if (!wish->return_credit.isnull)
		return DatumGetBool(wish->return_credit.value);
	return !cancel_is_own(call, slot) || !window_is_over(call, slot, run);
}

/* Returns what a booking has taken, and what becomes of it when it is cancelled. */
Return
cancel_judge_credits(Call *call, const Wish *wish, Account *account,
					 const Slot *slot, QueryRun run)
{
	Debit		debit = debit_find(call, slot->user_id, slot->id, run);
	Return		back = {.charged = debit.credits};

	if (debit.owed > 0 && comes_back(call, wish, slot, run))
		back.forgotten = debit.owed;
	if (debit.credits == 0)
	{
		if (call->kind != CALL_READER)
			return back;
		back.charged = account_will_adopt(call, slot, run);
		if (back.charged > 0 && comes_back(call, wish, slot, run))
			back.spendable = back.charged;	/* their lot will have no end */
	}
	else if (comes_back(call, wish, slot, run))
		return_judge(call, account, slot->id, &debit, !cancel_is_own(call, slot), run, &back);
	return back;
}

/* swan_can_cancel(): what swan_cancel() would do now. */
Datum
swan_can_cancel(PG_FUNCTION_ARGS)
{
	enum
	{
		OK, SQLSTATE, CODE, MESSAGE, RETURNS, CREDITS, FREE_UNTIL, NCOLUMNS
	};
	Call	   *call = actor_enter(fcinfo, CALL_READER, 1, MAY_PERSONS);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	Wish		wish = {{.isnull = true}, {.isnull = true}};
	SwanErrorCode verdict;
	const char *sentence;
	Obstacle	obstacle;
	Datum		values[NCOLUMNS] = {0};
	bool		nulls[NCOLUMNS];
	bool		found;
	Slot		slot;

	memset(nulls, true, sizeof(nulls));
	found = slot_look_at(call, session_id, &slot, query_read) && slot.date != NO_TIME;
	if (found)
		cancel_authorise(call, &wish, &slot);
	obstacle = find_obstacle(call, found ? &slot : NULL);
	verdict = obstacles[obstacle].verdict;
	sentence = obstacles[obstacle].sentence;
	if (found && slot_is_booking(&slot))
	{
		values[FREE_UNTIL] = TimestampTzGetDatum(window_end(call, &slot, query_read));
		nulls[FREE_UNTIL] = false;
	}
	values[OK] = BoolGetDatum(verdict == SWAN_OK);
	nulls[OK] = false;
	if (verdict != SWAN_OK)
	{
		values[SQLSTATE] = CStringGetTextDatum(swan_error_sqlstate(verdict));
		values[CODE] = CStringGetTextDatum(swan_error_name(verdict));
		values[MESSAGE] = CStringGetTextDatum(sentence ? sentence : swan_error_sentence(verdict));
		nulls[SQLSTATE] = nulls[CODE] = nulls[MESSAGE] = false;
	}
	else
	{
		Account		account = {.user_id = slot.user_id};
		Return		back = {0};

		if (slot_is_booking(&slot) || cancel_is_without_credit(&slot))
			back = cancel_judge_credits(call, &wish, &account, &slot, query_read);
		values[RETURNS] = BoolGetDatum(back.spendable > 0);
		values[CREDITS] = Int32GetDatum(back.charged);
		nulls[RETURNS] = nulls[CREDITS] = false;
	}
	return call_return_row(call, fcinfo, values, nulls);
}
