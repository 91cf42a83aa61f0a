/*-------------------------------------------------------------------------
 *
 * unbooked.c
 *	  Rows that are neither open nor booked: what a client asks for, and the time
 *	  that a trainer does not give.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/error.h"
#include "slot/slot.h"

static const StudioQuery insert_unbooked = {
	"INSERT INTO {sessions} ({sessions.status}, {sessions.session_date}, {sessions.user_id}"
	"{?sessions.trainer_id:, {sessions.trainer_id}}"
	"{?sessions.duration:, {sessions.duration}}" SLOT_END_COLUMN
	"{?sessions.notes:, {sessions.notes}}" SLOT_NEW_COLUMNS ")"
	" VALUES ({sessions.status=$1}, {sessions.session_date=$2}, $3"
	"{?sessions.trainer_id:, $4}{?sessions.duration:, $5}" SLOT_END_VALUE("$2", "$5")
	"{?sessions.notes:, {sessions.notes=$6}}" SLOT_NEW_VALUES("$7") ")"
	" RETURNING {sessions.id}",
	7, {TEXTOID, TIMESTAMPTZOID, INT8OID, INT8OID, INT4OID, TEXTOID, TIMESTAMPTZOID}
};

/* whether the constraint of our own studios names a status; an earlier version's does not */
static const StudioQuery constraint_knows = {
	"SELECT pg_catalog.strpos(pg_catalog.pg_get_constraintdef(c.oid), $2)"
	" OPERATOR(pg_catalog.>) 0 FROM pg_catalog.pg_constraint c"
	" WHERE c.conrelid OPERATOR(pg_catalog.=) $1"
	" AND c.conname OPERATOR(pg_catalog.=) 'sessions_status_check'",
	2, {OIDOID, TEXTOID}
};

/* whether it is as 0.1.0 made it, so that an upgrade knows it */
static const char constraint_is_old[] =
"SELECT 1 FROM pg_catalog.pg_constraint c"
" WHERE c.conrelid OPERATOR(pg_catalog.=) $1"
" AND c.conname OPERATOR(pg_catalog.=) 'sessions_status_check'"
" AND pg_catalog.pg_get_constraintdef(c.oid) OPERATOR(pg_catalog.=) " SLOT_STATUS_CHECK_BEFORE;

/*
 * Refuses a status that the column cannot have: an enum may lack the label, and so
 * does the CHECK of a studio that an earlier version made, or may that of one whose
 * owner has changed it.
 */
static void
check_status(Call *call, const Slot *slot)
{
	Studio	   *studio = call->studio;
	NullableDatum args[] = {
		arg_datum(ObjectIdGetDatum(studio->tables[TABLE_SESSIONS])), arg_text(slot->label)
	};
	Rows		result;

	if (studio_status_labels(studio, slot_status_name(slot->status)) == NIL)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("the sessions of studio \"%s\" cannot be %s", studio->name, slot->label),
				 errhint("Add that label to the type of the column, or attach the tables with one that means it.")));
	if (!studio->own)
		return;
	result = query_look(call, &constraint_knows, args);
	if (result.nrows > 0 && !row_bool(result, 0, 1))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("the sessions of studio \"%s\" cannot be %s", studio->name, slot->label),
				 sql_once(call, constraint_is_old, 1, constraint_knows.argtypes, args).nrows > 0 ?
				 studio_hint_upgrade(studio) :
				 errhint("Let the constraint sessions_status_check of table %s have \"%s\", too: it has been changed, and swan_upgrade_studio() leaves it alone.",
						 studio->table_names[TABLE_SESSIONS], slot->label)));
}

/* Makes a row that is neither open nor booked; its id becomes that of the slot. */
void
slot_insert_unbooked(Call *call, Slot *slot, const char *notes)
{
	NullableDatum args[] = {
		arg_text(slot->label), arg_time(slot->date), arg_id(slot->user_id),
		arg_id(slot->trainer_id), arg_int(slot->duration), arg_text(notes),
		arg_time(call->now)
	};

	slot_check_columns(call, slot);
	check_status(call, slot);
	slot->id = slot_insert(call, &insert_unbooked, args, slot);
}
