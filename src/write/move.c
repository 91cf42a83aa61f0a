/*-------------------------------------------------------------------------
 *
 * move.c
 *	  Slots and bookings that take place at another time, or by another trainer:
 *	  one, or several that change places.
 *
 * A class moves as a whole: its other places are added to what was asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "slot/crossing.h"
#include "slot/line.h"
#include "account/debit.h"
#include "account/open.h"
#include "write/answer.h"
#include "write/calendar.h"

PG_FUNCTION_INFO_V1(swan_move_0_2);
PG_FUNCTION_INFO_V1(swan_move_many);

static const StudioQuery move_slot = {
	"UPDATE {sessions} s SET {sessions.session_date} = {sessions.session_date=$5}"
	"{?sessions.trainer_id:, {sessions.trainer_id} = $3}"
	"{?sessions.duration:, {sessions.duration} = $6}"
	SLOT_SET_END SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

/* A slot or booking that shall move; what is not given stays. */
typedef struct Move
{
	int64		session_id;
	TimestampTz at;				/* NO_TIME: as it is */
	int64		trainer_id;		/* NO_ID: as it is */
	NullableDatum duration;
	Slot		from;
} Move;

/* Returns whether a slot goes anywhere. */
static bool
changes(const Slot *from, const Slot *to)
{
	return to->date != from->date || to->trainer_id != from->trainer_id ||
		to->duration != from->duration;
}

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
static void
check_places(Call *call, Move **moves, int n)
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
		lock_places_after(call, ids, nids, highest);
		highest = last;
		locked = before = n;
		n = add_places(call, moves, n, class_id);
	} while (n > before);
	return n;
}

/* Locks the slots that shall move, which the actor may move; returns how many. */
static int
lock_moves(Call *call, Locks *locks, Move **asked, int n)
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

/* Refuses to tear a class apart. */
static void
check_classes(const Slot *targets, int n)
{
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; targets[i].class_id != NO_ID && j < i; j++)
		{
			if (targets[j].class_id == targets[i].class_id && changes(&targets[j], &targets[i]))
				ereport(ERROR,
						(swan_error(SWAN_INVALID_ARGUMENT),
						 errmsg("sessions %lld and %lld are of one class and cannot be moved apart",
								(long long) targets[j].id, (long long) targets[i].id)));
		}
	}
}

/* Refuses to move what is neither a slot, nor a booking, nor a trainer's own time. */
static void
check_movable(Call *call, const Slot *slot)
{
	if (!slot_is_booking(slot) && !slot_is_open(slot) &&
		!(slot->date != NO_TIME && slot->status == STATUS_BLOCKED))
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
				 errmsg("session %lld is %s and cannot be moved", (long long) slot->id,
						slot->label),
				 errhint("%s", session_advice(call->studio, slot))));
}

/* Says where a slot goes. */
static void
find_target(Call *call, const Move *move, Slot *to)
{
	check_movable(call, &move->from);
	*to = move->from;
	if (move->at != NO_TIME)
		to->date = move->at;
	if (move->trainer_id != NO_ID)
		to->trainer_id = move->trainer_id;
	if (!move->duration.isnull)
	{
		check_duration(DatumGetInt32(move->duration.value));
		to->duration = DatumGetInt32(move->duration.value);
	}
	if (move->at != NO_TIME &&
		(TIMESTAMP_NOT_FINITE(to->date) || !IS_VALID_TIMESTAMP(slot_end(to))))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("at must be a time within reach")));
	slot_check_columns(call, to);
}

/* Returns the ledger's details of a move. */
static Datum
move_details(const Slot *from, const Slot *to, bool forced)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < 2; i++)
	{
		const Slot *slot = i == 0 ? from : to;

		appendStringInfo(&json, "%s{\"session_date\": \"%s\", \"duration\": %d, \"trainer_id\": ",
						 i == 0 ? "\"from\": " : ", \"to\": ",
						 zone_json_time(slot->date), slot->duration);
		if (slot->trainer_id == NO_ID)
			appendStringInfoString(&json, "null}");
		else
			appendStringInfo(&json, INT64_FORMAT "}", slot->trainer_id);
	}
	appendStringInfoString(&json, forced ? ", \"forced\": true}" : "}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/*
 * Refuses a trainer who is no user, if he is new or his time has to be kept, and
 * a new one who is none.  What a trainer may not open or block for another he cannot
 * move to him either; a colleague may take over a booking.
 */
static void
check_trainer(Call *call, const Locks *locks, const Slot *from, const Slot *to)
{
	if (!user_is_locked(locks, to->trainer_id) &&
		(to->trainer_id != from->trainer_id ||
		 (to->trainer_id != NO_ID && !call->studio->settings.trainer_overlap)))
		user_not_found(to->trainer_id);
	if (to->trainer_id == from->trainer_id)
		return;
	actor_require_trainer(call, to->trainer_id);
	if (!slot_is_booking(from) && !actor_is(call, MAY_OFFICE))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("session %lld is no booking that another trainer could take over",
						(long long) from->id),
				 errhint("Staff and admins move it to him.")));
}

/* Refuses moves to where trainers or clients are busy, when all have moved. */
static void
check_room(Call *call, const Slot *targets, int n)
{
	int64		first;
	int64	   *others;
	int			nothers = crossing_find(call, targets, n, false, &first, &others);
	StringInfoData list;

	if (nothers == 0)
		return;
	initStringInfo(&list);
	for (int i = 0; i < nothers; i++)
		appendStringInfo(&list, "%s" INT64_FORMAT, i == 0 ? "" : ", ", others[i]);
	ereport(ERROR,
			(swan_error_listing(SWAN_SLOT_CONFLICT, "sessionId", others, nothers),
			 nothers == 1 ?
			 errmsg("session %lld would overlap session %s", (long long) first, list.data) :
			 errmsg("sessions would overlap sessions %s", list.data),
			 slot_buffer_hint(call)));
}

/* Moves all bookings of one client, and notes it in his ledger. */
static void
move_bookings_of(Call *call, const Locks *locks, int64 user_id, const Move *moves,
				 BookingAnswer *answers, int n, bool forced)
{
	Account		account;

	account_enter(call, locks, user_id, &account);
	for (int i = 0; i < n; i++)
	{
		const Slot *from = &moves[i].from;
		Entry		entry = NEW_ENTRY;
		Debit		had;

		if (from->user_id != user_id)
			continue;
		had = debit_find(call, user_id, from->id, query_recheck);
		answers[i].credits = had.credits;
		answers[i].owed = had.owed;
		answers[i].has_available = true;
		if (!changes(from, &answers[i].slot))
			continue;
		entry.kind = "move";
		entry.session_id = from->id;
		entry.details = move_details(from, &answers[i].slot, forced);
		answers[i].ledger_id = account_write(call, &account, &entry);
		slot_write(call, &move_slot, from, &answers[i].slot);
	}
	account_close(call, &account, "Available");
	for (int i = 0; i < n; i++)
	{
		if (moves[i].from.user_id == user_id)
			answers[i].available = account.balance;
	}
}

/* Puts in order who waits for open slots that move, since what was held of them is not any more. */
static void
arrange_lines(Call *call, const Move *moves, int n)
{
	int64	   *ids = palloc(n * sizeof(int64));
	Line	  **lines;

	for (int i = 0; i < n; i++)
		ids[i] = slot_is_open(&moves[i].from) ? line_of(&moves[i].from) : NO_ID;
	lines = lines_lock(call, ids, n);
	for (int i = 0; i < n; i++)
	{
		if (lines[i])
			line_arrange(call, lines[i], false);
	}
}

/*
 * Moves slots and bookings, all or none of them; the answers to what was asked
 * for come first.
 */
static BookingAnswer *
move_sessions(Call *call, Move *moves, int n, bool forced)
{
	BookingAnswer *answers;
	Slot	   *targets;
	int64	   *people;
	int			npeople = 0;
	CalendarSlot *moved;
	int			nmoved = 0;
	Locks		locks = {0};

	n = lock_moves(call, &locks, &moves, n);
	answers = palloc0(n * sizeof(BookingAnswer));
	targets = palloc(n * sizeof(Slot));
	people = palloc(3 * n * sizeof(int64));
	moved = palloc(2 * n * sizeof(CalendarSlot));
	for (int i = 0; i < n; i++)
	{
		find_target(call, &moves[i], &targets[i]);
		people[npeople++] = targets[i].user_id;
		people[npeople++] = targets[i].trainer_id;
		/* whose calendar it leaves; of a class see judge_class() of the guard, too */
		if (targets[i].class_id != NO_ID || targets[i].user_id == NO_ID)
			people[npeople++] = moves[i].from.trainer_id;
	}
	check_classes(targets, n);
	lock_users(call, &locks, people, npeople);
	check_places(call, &moves, n);
	for (int i = 0; i < n; i++)
		check_trainer(call, &locks, &moves[i].from, &targets[i]);
	if (!forced)
		check_room(call, targets, n);

	for (int i = 0; i < n; i++)
	{
		answers[i].slot = targets[i];
		answers[i].ledger_id = NO_ID;
		answers[i].message = "Session moved.";
	}
	for (int i = 0; i < n; i++)
	{
		const Slot *from = &moves[i].from;

		if (from->user_id != NO_ID)
		{
			if (!answer_repeats_client(answers, i))
				move_bookings_of(call, &locks, from->user_id, moves, answers, n, forced);
		}
		else if (changes(from, &targets[i]))
		{
			slot_write(call, &move_slot, from, &answers[i].slot);
			slot_end_hold(call, from->id);
			moved[nmoved++] = (CalendarSlot) {targets[i].trainer_id, from->id};
			if (from->trainer_id != targets[i].trainer_id)
				moved[nmoved++] = (CalendarSlot) {from->trainer_id, from->id};
		}
	}
	calendar_note(call, &locks, "moved", NULL, moved, nmoved);
	arrange_lines(call, moves, n);
	return answers;
}

/* swan_move(): a slot or booking takes place at another time, or by another. */
Datum
swan_move_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_TRAINER | MAY_OFFICE);
	Move	   *move = palloc0(sizeof(Move));

	move->session_id = argument_id(fcinfo, 0, "session_id");
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2) && PG_ARGISNULL(3))
		swan_missing_argument("one of at, trainer_id and duration", NULL);
	move->at = argument_time(fcinfo, 1);
	move->trainer_id = argument_id_or_null(fcinfo, 2);
	move->duration = fcinfo->args[3];
	return answer_row(call, fcinfo,
					  move_sessions(call, move, 1, actor_force(call, fcinfo, 4)));
}

/* swan_move_many(): several slots and bookings move at once, or none. */
Datum
swan_move_many(PG_FUNCTION_ARGS)
{
	Call	   *call;
	int64	   *ids;
	NullableDatum *ats;
	NullableDatum *trainers;
	Move	   *moves;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, 3, MAY_TRAINER | MAY_OFFICE);
	ids = argument_ids(fcinfo, 0, "session_ids", SWAN_REPEAT_MAX, &n);
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2))
		swan_missing_argument("one of ats and trainer_ids", NULL);
	ats = argument_list(fcinfo, 1, "ats", TIMESTAMPTZOID, n);
	trainers = argument_list(fcinfo, 2, "trainer_ids", INT8OID, n);
	moves = palloc0(n * sizeof(Move));
	for (int i = 0; i < n; i++)
	{
		moves[i].session_id = ids[i];
		moves[i].duration = arg_null();
		moves[i].at = ats[i].isnull ? NO_TIME : DatumGetTimestampTz(ats[i].value);
		moves[i].trainer_id = trainers[i].isnull ? NO_ID : DatumGetInt64(trainers[i].value);
	}
	return answer_rows(call, fcinfo, move_sessions(call, moves, n, false), n);
}
