/*-------------------------------------------------------------------------
 *
 * merge.c
 *	  Two accounts of one client become one.
 *
 * What is over stays where it is; what is left goes over.  A live booking takes
 * its credits along: they come back to the lots of the first client, these go
 * over with all that they have, and there they are taken again.  So each lot
 * and each client comes to what he has, and a later cancellation returns them
 * to the lots where they are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "slot/crossing.h"
#include "slot/window.h"
#include "write/merge.h"

PG_FUNCTION_INFO_V1(swan_merge);

/* what a client has to come, or asks for */
static const StudioQuery live_sessions = {
	"SELECT {s.id} FROM {sessions} s WHERE {live s} AND {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} IS NOT NULL AND {s.status:scheduled,confirmed,requested}"
	" ORDER BY {s.id}",
	1, {INT8OID}
};

static const StudioQuery live_holds = {
	"SELECT h.session_id FROM {holds} h WHERE h.user_id OPERATOR(pg_catalog.=) $1"
	" AND h.until OPERATOR(pg_catalog.>) $2 ORDER BY h.session_id",
	2, {INT8OID, TIMESTAMPTZOID}
};

/* what the ledger says of a booking besides */
static const StudioQuery find_words = {
	"SELECT COALESCE(pg_catalog.bool_or(g.details OPERATOR(pg_catalog.?) 'forced'), false),"
	" COALESCE(pg_catalog.bool_or(g.details OPERATOR(pg_catalog.?) 'guest'), false)"
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) $2",
	2, {INT8OID, INT8OID}
};

static const StudioQuery give_slot = {
	"UPDATE {sessions} s SET {sessions.user_id} = $2" SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

/* Returns whether a key was used for the same merger, and its answer. */
static bool
same_merge(Call *call, Merge *merge)
{
	Handover   *handover = &merge->handover;
	KeyedRow	before;

	if (!ledger_find_key(call, handover->from_user, "merge", merge->key, &before))
		return false;
	if (!handover_replay(call, handover, "merge", &before))
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for another merger", merge->key),
				 errhint("Use a new key for a new one.")));
	handover->bookings = details_number(before.details, "bookings", 0);
	return true;
}

/*
 * Finds the slots of what goes over, and returns their ids: sessions first, then
 * what is held, then what either of the two waits for.
 */
static int64 *
find_slots(Call *call, Merge *merge, QueryRun run, int *n)
{
	NullableDatum args[] = {arg_id(merge->handover.from_user), arg_time(call->now)};
	Rows		sessions = run(call, &live_sessions, args);
	Rows		held = run(call, &live_holds, args);
	int64	   *ids = palloc((sessions.nrows + held.nrows + 1) * sizeof(int64));

	merge->nmoving = sessions.nrows;
	merge->nheld = held.nrows;
	*n = 0;
	for (int i = 0; i < merge->nmoving; i++)
		ids[(*n)++] = row_id(sessions, i, 1);
	for (int i = 0; i < merge->nheld; i++)
		ids[(*n)++] = row_id(held, i, 1);
	merge_find_lines(call, merge, run);
	for (int i = 0; i < merge->nlines; i++)
	{
		int			nplaces;
		int64	   *places = line_places(call, merge->lines[i], &nplaces);

		ids = repalloc(ids, (*n + nplaces + 1) * sizeof(int64));
		memcpy(ids + *n, places, nplaces * sizeof(int64));
		*n += nplaces;
	}
	return ids;
}

/*
 * Reads what goes over, now that both clients are locked, and locks what has come
 * along meanwhile.
 */
static void
read_moving(Call *call, Merge *merge, const Locks *locks)
{
	int			n;
	int64	   *ids = find_slots(call, merge, query_recheck, &n);
	Locks		more;

	lock_slots_after(call, locks, &more, ids, n);
	merge->held = ids + merge->nmoving;
	merge->moving = palloc0((merge->nmoving + 1) * sizeof(Moving));
	for (int i = 0; i < merge->nmoving; i++)
	{
		Moving	   *moving = &merge->moving[i];

		if (!locked_slot(locks, ids[i], &moving->slot))
			require_locked_slot(&more, ids[i], &moving->slot);
		if (slot_is_live(&moving->slot))
			merge->handover.bookings++;
	}
}

/*
 * Refuses bookings of both at the same time, in one class too: nobody can tell
 * which of them is meant.  What one of them has twice by force, or for a guest,
 * stays so.
 */
static void
check_no_overlap(Call *call, const Merge *merge)
{
	Slot	   *targets = palloc((merge->nmoving + 1) * sizeof(Slot));
	int			n = 0;
	int64		first;
	int64	   *others;
	int			nothers;

	for (int i = 0; i < merge->nmoving; i++)
	{
		if (!slot_is_live(&merge->moving[i].slot))
			continue;
		targets[n] = merge->moving[i].slot;
		targets[n].user_id = merge->handover.to_user;
		targets[n].class_id = NO_ID;
		targets[n++].trainer_id = NO_ID;	/* his time is taken either way */
	}
	nothers = n == 0 ? 0 : crossing_find(call, targets, n, true, &first, &others);
	if (nothers > 0)
		ereport(ERROR,
				(swan_error_listing(SWAN_SLOT_CONFLICT, "sessionId", others, nothers),
				 errmsg("session %lld would overlap session %lld",
						(long long) first, (long long) others[0]),
				 errhint("Cancel one of them with swan_cancel() first.")));
}

/* Writes the rows that say that there was a merger, the one of whom they were first. */
static void
write_heads(Call *call, Merge *merge)
{
	Handover   *handover = &merge->handover;
	Entry		entry = NEW_ENTRY;

	entry.kind = "merge";
	entry.reason = handover->reason;
	entry.key = merge->key;
	entry.details = details_of(3, "to_user", handover->to_user,
							   "bookings", (int64) handover->bookings,
							   "requests", (int64) (merge->nmoving - handover->bookings));
	handover_write(call, handover, &handover->from, &entry);
	entry.key = NULL;
	entry.details = details_of(1, "from_user", handover->from_user);
	handover_write(call, handover, &handover->to, &entry);
}

/* Returns what a session becomes. */
static Slot
given(const Merge *merge, const Moving *moving)
{
	Slot		slot = moving->slot;

	slot.user_id = merge->handover.to_user;
	return slot;
}

/* Returns where the credits of a lot have gone. */
static int64
moved_lot(const Merge *merge, int64 lot_id)
{
	for (int i = 0; i < merge->nlots; i++)
	{
		if (merge->lots[i].from == lot_id)
			return merge->lots[i].to;
	}
	elog(ERROR, "lot %lld has not gone over", (long long) lot_id);
}

/*
 * Writes that a booking leaves one client, and gives its credits back to his
 * lots; or that it comes to the other, and takes them of what came along.
 */
static void
write_booking(Call *call, Merge *merge, const Moving *moving, bool comes)
{
	Handover   *handover = &merge->handover;
	Account    *account = comes ? &handover->to : &handover->from;
	Slot		after = given(merge, moving);
	const Debit *debit = &moving->debit;
	Entry		entry = NEW_ENTRY;
	int			i = 0;

	entry.kind = "merge";
	entry.reason = handover->reason;
	entry.details = comes ?
		details_of(7, "from_user", handover->from_user,
				   "near", moving->near ? (int64) 1 : NO_ID,
				   "forced", moving->forced ? (int64) 1 : NO_ID,
				   "guest", moving->guest ? (int64) 1 : NO_ID,
				   "of", debit->nparts > 1 ? (int64) debit->credits : NO_ID,
				   "owes", debit->owed > 0 ? (int64) debit->owed : NO_ID,
				   "cost", debit->gratis ? (int64) 0 : NO_ID) :
		details_of(1, "to_user", handover->to_user);
	if (comes)
		entry.session_id = moving->slot.id;
	else
		entry.from_session_id = moving->slot.id;
	account_session(call, account, &moving->slot, &after);
	do
	{
		if (i < debit->nparts)
		{
			const DebitPart *part = &debit->parts[i];

			entry.delta = comes ? -part->credits : part->credits;
			entry.lot = account_lot(call, account,
									comes ? moved_lot(merge, part->lot_id) : part->lot_id);
		}
		handover_write(call, handover, account, &entry);
	} while (++i < debit->nparts);
}

/* Notes what the ledger says of a booking besides, for the other client's. */
static void
find_words_of(Call *call, Merge *merge, Moving *moving)
{
	NullableDatum args[] = {arg_id(merge->handover.from_user), arg_id(moving->slot.id)};
	Rows		result = query_recheck(call, &find_words, args);

	moving->forced = row_bool(result, 0, 1);
	moving->guest = row_bool(result, 0, 2);
}

/* Moves all bookings with their credits, and all credits. */
static void
move_account(Call *call, Merge *merge)
{
	Handover   *handover = &merge->handover;
	Account    *from = &handover->from;

	for (int i = 0; i < merge->nmoving; i++)
	{
		Moving	   *moving = &merge->moving[i];

		if (!slot_is_live(&moving->slot))
			continue;
		moving->debit = debit_find(call, handover->from_user, moving->slot.id, query_recheck);
		moving->near = window_end(call, &moving->slot, query_recheck) == moving->slot.date;
		find_words_of(call, merge, moving);
		write_booking(call, merge, moving, false);
	}
	merge->lots = palloc((from->nlots + 1) * sizeof(MovedLot));
	for (int i = 0; i < from->nlots; i++)
	{
		Lot		   *lot = &from->lots[i];
		int32		owed;

		if (lot->remaining == 0)
			continue;
		owed = ledger_shortfall(call, handover->from_user, lot->id, query_recheck);
		merge->lots[merge->nlots].from = lot->id;
		merge->lots[merge->nlots++].to =
			handover_lot(call, handover, lot, lot->remaining, Min(owed, lot->remaining),
						 NULL, NO_ID)->id;
	}
	for (int i = 0; i < merge->nmoving; i++)
	{
		Moving	   *moving = &merge->moving[i];
		Slot		after = given(merge, moving);

		if (slot_is_live(&moving->slot))
			write_booking(call, merge, moving, true);
		slot_write(call, &give_slot, &moving->slot, &after);
	}
}

/* swan_merge(): what a client has left goes over to another account of his. */
Datum
swan_merge(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_ADMINS);
	Merge		merge = {0};
	Handover   *handover = &merge.handover;
	Locks		locks = {0};
	int64	   *ids;
	int			n;

	handover_arguments(fcinfo, handover, "from_user", "into_user");
	handover->reason = argument_reason(fcinfo, 2, NULL);
	merge.key = argument_key(fcinfo, 3);
	suspension_require(call);
	if (same_merge(call, &merge))
		return handover_answer(call, fcinfo, handover);
	ids = find_slots(call, &merge, query_look, &n);
	lock_slots(call, &locks, ids, n);
	handover_lock(call, &locks, handover);
	if (same_merge(call, &merge))
		return handover_answer(call, fcinfo, handover);

	handover_open(call, &locks, handover);
	read_moving(call, &merge, &locks);
	check_no_overlap(call, &merge);
	write_heads(call, &merge);
	move_account(call, &merge);
	merge_suspension(call, &merge);
	merge_holds(call, &merge);
	merge_waits(call, &merge);
	handover_close(call, handover);
	return handover_answer(call, fcinfo, handover);
}
