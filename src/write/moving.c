/*-------------------------------------------------------------------------
 *
 * moving.c
 *	  Locking what shall move.
 *
 * A class moves as a whole: its other places are added to what was asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "studio/actor.h"
#include "write/moving.h"

/*
 * Refuses whoever is neither the trainer of a slot, and may, nor of the office; a
 * trainer always may with his blocked time.
 */
static void
authorise_move(Call *call, const Slot *slot)
{
	actor_require_own(call, slot->trainer_id, NULL);
	if (slot->status != STATUS_BLOCKED)
		actor_require_task(call, slot_is_booking(slot) ? TASK_BOOK : TASK_OPEN);
}

/* Returns whether a slot is among those that shall move. */
static bool
is_moved(const Move *moves, int n, int64 session_id)
{
	for (int i = 0; i < n; i++)
	{
		if (moves[i].session_id == session_id)
			return true;
	}
	return false;
}

/* Returns the lowest class of several moves that is above one, or NO_ID. */
static int64
next_class(const Move *moves, int n, int64 above)
{
	int64		next = NO_ID;

	for (int i = 0; i < n; i++)
	{
		int64		class_id = moves[i].from.class_id;

		if (class_id > above && (next == NO_ID || class_id < next))
			next = class_id;
	}
	return next;
}

/*
 * Adds what else is of a class that shall move, as it is by now, to the moves, of
 * which one is of it.  Returns how many moves there are then.
 */
static int
add_places(Call *call, Move **moves, int n, int64 class_id)
{
	Rows		places = class_places(call, class_id);
	Move		move;
	int			i = 0;

	while ((*moves)[i].from.class_id != class_id)
		i++;
	move = (*moves)[i];
	*moves = repalloc(*moves, (n + places.nrows) * sizeof(Move));
	for (uint64 row = 0; row < places.nrows; row++)
	{
		slot_of_row(call->studio, places, row, 0, &move.from);
		move.session_id = move.from.id;
		if (!is_moved(*moves, n, move.session_id))
			(*moves)[n++] = move;
	}
	return n;
}

/*
 * Refuses to go on when somebody has added a place to a class since its places
 * were locked: it is too late to lock that one.
 */
void
moving_check_places(Call *call, Move **moves, int n)
{
	int64		class_id = NO_ID;

	while ((class_id = next_class(*moves, n, class_id)) != NO_ID)
	{
		if (add_places(call, moves, n, class_id) > n)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access because a place was added to a class that moves"),
					 errhint("The transaction might succeed if retried.")));
	}
}

/*
 * Locks the places of a class that shall move, and adds them to the moves.  One that
 * comes free while we wait for another is locked before anything of the next class.
 */
static int
lock_class(Call *call, Move **moves, int n, int64 class_id)
{
	int64		highest = NO_ID;
	int			locked = 0;
	int			before;

	n = add_places(call, moves, n, class_id);
	do
	{
		int64	   *ids = palloc(n * sizeof(int64));
		int			nids = 0;
		int64		last = highest;

		for (int i = locked; i < n; i++)
		{
			if ((*moves)[i].from.class_id != class_id)
				continue;
			ids[nids++] = (*moves)[i].session_id;
			last = Max(last, (*moves)[i].session_id);
		}
		lock_more_slots(call, ids, nids, highest);
		highest = last;
		locked = before = n;
		n = add_places(call, moves, n, class_id);
	} while (n > before);
	return n;
}

/* Locks the slots that shall move, which the actor may move; returns how many. */
int
moving_lock(Call *call, Locks *locks, Move **asked, int n)
{
	Move	   *moves = *asked;
	int64	   *ids = palloc(n * sizeof(int64));
	int64		class_id = NO_ID;
	int			named = n;
	int			before;

	for (int i = 0; i < n; i++)
	{
		slot_require(call, moves[i].session_id, &moves[i].from);
		authorise_move(call, &moves[i].from);
		ids[i] = moves[i].from.class_id == NO_ID ? moves[i].session_id : NO_ID;
	}
	lock_slots(call, locks, ids, n);
	while ((class_id = next_class(*asked, n, class_id)) != NO_ID)
		n = lock_class(call, asked, n, class_id);
	if (next_class(*asked, n, NO_ID) != NO_ID)
	{
		ids = repalloc(ids, n * sizeof(int64));
		for (int i = 0; i < n; i++)
			ids[i] = (*asked)[i].session_id;
		lock_slots(call, locks, ids, n);	/* they are ours: to read them */
	}
	moves = *asked;
	before = n;
	n = 0;
	for (int i = 0; i < before; i++)
	{
		Move		move = moves[i];
		bool		found = locked_slot(locks, ids[i], &move.from);

		if (i >= named && (!found || move.from.status == STATUS_CANCELLED))
			continue;			/* a place that was given up while we waited */
		require_locked_slot(locks, ids[i], &move.from);
		authorise_move(call, &move.from);
		moves[n++] = move;
	}
	return n;
}
