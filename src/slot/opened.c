/*-------------------------------------------------------------------------
 *
 * opened.c
 *	  Open slots that are made.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/error.h"
#include "slot/slot.h"

/* with a cost and a kind, where they are given: else the columns have their defaults */
#define INSERT_SLOT(columns, values) { \
	"INSERT INTO {sessions} ({sessions.status}, {sessions.session_date}" \
	"{?sessions.trainer_id:, {sessions.trainer_id}}" \
	"{?sessions.duration:, {sessions.duration}}" SLOT_END_COLUMN SLOT_NEW_COLUMNS \
	"{?sessions.class_id:, {sessions.class_id}}" columns ")" \
	" VALUES ({sessions.status='available'}, {sessions.session_date=$2}" \
	"{?sessions.trainer_id:, $1}{?sessions.duration:, $3}" SLOT_END_VALUE("$2", "$3") \
	SLOT_NEW_VALUES("$4") "{?sessions.class_id:, $5}" values ")" \
	" RETURNING {sessions.id}", \
	7, {INT8OID, TIMESTAMPTZOID, INT4OID, TIMESTAMPTZOID, INT8OID, INT4OID, TEXTOID} }

static const StudioQuery insert_slot = INSERT_SLOT("", "");
static const StudioQuery insert_slot_cost = INSERT_SLOT("{?sessions.cost:, {sessions.cost}}", "{?sessions.cost:, $6}");
static const StudioQuery insert_slot_kind = INSERT_SLOT("{?sessions.kind:, {sessions.kind}}",
														"{?sessions.kind:, {sessions.kind=$7}}");
static const StudioQuery insert_slot_cost_kind =
INSERT_SLOT("{?sessions.cost:, {sessions.cost}}{?sessions.kind:, {sessions.kind}}",
			"{?sessions.cost:, $6}{?sessions.kind:, {sessions.kind=$7}}");

/* Refuses what an attached studio has no column for. */
void
slot_check_columns(Call *call, const Slot *slot)
{
	const StudioColumn *columns = call->studio->columns;

	if (columns[SESSIONS_TRAINER_ID].name == NULL && slot->trainer_id != NO_ID)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("the sessions of studio \"%s\" have no trainer", call->studio->name),
				 errhint("Insert open slots into the table directly: available, and without a client.")));
	if (columns[SESSIONS_DURATION].name == NULL && slot->duration != SWAN_DURATION_DEFAULT)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("the sessions of studio \"%s\" all last %d minutes",
						call->studio->name, SWAN_DURATION_DEFAULT)));
	if (columns[SESSIONS_CLASS_ID].name == NULL && slot->class_id != NO_ID)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("the sessions of studio \"%s\" know no classes", call->studio->name),
				 call->studio->own ? studio_hint_upgrade(call->studio) :
				 errhint("Places of a class need a column of type bigint that names it: class_id, or what swan_attach() is told.")));
	if (columns[SESSIONS_COST].name == NULL && slot->cost >= 0 && slot->cost != 1)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("the sessions of studio \"%s\" all cost one credit", call->studio->name),
				 call->studio->own ? studio_hint_upgrade(call->studio) :
				 errhint("Others need a column of type integer that says so: cost, or what swan_attach() is told.")));
	if (columns[SESSIONS_KIND].name == NULL && slot->kind)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("the sessions of studio \"%s\" are all of one kind", call->studio->name),
				 call->studio->own ? studio_hint_upgrade(call->studio) :
				 errhint("Kinds need a column that names them: kind, or what swan_attach() is told.")));
}

/*
 * Makes one open slot of a trainer, date and duration, which may be a place of a
 * class, and returns its id.  A cost below zero or no kind is left to the table.
 */
int64
slot_insert_open(Call *call, Slot *slot)
{
	NullableDatum args[] = {
		arg_id(slot->trainer_id), arg_time(slot->date), arg_int(slot->duration),
		arg_time(call->now), arg_id(slot->class_id), arg_int(slot->cost), arg_text(slot->kind)
	};
	const StudioQuery *statement = slot->cost < 0 ? &insert_slot : &insert_slot_cost;

	if (slot->kind)
		statement = slot->cost < 0 ? &insert_slot_kind : &insert_slot_cost_kind;
	slot->user_id = NO_ID;
	slot_set_status(call->studio, slot, STATUS_AVAILABLE);
	slot_charge(slot, 0);
	slot_check_columns(call, slot);
	return slot_insert(call, statement, args, slot);
}
