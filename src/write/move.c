/*-------------------------------------------------------------------------
 *
 * move.c
 *	  Slots and bookings that take place at another time, or by another trainer:
 *	  one, or several that change places.
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
#include "write/moving.h"

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

/* Returns whether a slot goes anywhere. */
static bool
changes(const Slot *from, const Slot *to)
{
	return to->date != from->date || to->trainer_id != from->trainer_id ||
		to->duration != from->duration;
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

	n = moving_lock(call, &locks, &moves, n);
	answers = palloc0(n * sizeof(BookingAnswer));
	targets = palloc(n * sizeof(Slot));
	people = palloc(3 * n * sizeof(int64));
	moved = palloc(2 * n * sizeof(CalendarSlot));
	for (int i = 0; i < n; i++)
	{
		find_target(call, &moves[i], &targets[i]);
		people[npeople++] = targets[i].user_id;
		people[npeople++] = targets[i].trainer_id;
		/* whose calendar it leaves; see judge_class() of the guard, too */
		if (targets[i].class_id != NO_ID || targets[i].user_id == NO_ID)
			people[npeople++] = moves[i].from.trainer_id;
	}
	check_classes(targets, n);
	lock_users(call, &locks, people, npeople);
	moving_check_places(call, &moves, n);
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
			calendar_add(moved, &nmoved, targets[i].trainer_id, from->id);
			if (from->trainer_id != targets[i].trainer_id)
				calendar_add(moved, &nmoved, from->trainer_id, from->id);
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
