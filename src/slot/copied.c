/*-------------------------------------------------------------------------
 *
 * copied.c
 *	  A slot that is opened again where a booking was.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "slot/slot.h"

/* the new row has what the application keeps in the old one, $1 */
static const StudioQuery copy_slot = {
	"INSERT INTO {sessions} ({sessions.status}, {sessions.session_date}"
	"{?sessions.trainer_id:, {sessions.trainer_id}}"
	"{?sessions.duration:, {sessions.duration}}" SLOT_END_COLUMN SLOT_NEW_COLUMNS "{kept})"
	" SELECT {sessions.status='available'}, {sessions.session_date=$3}"
	"{?sessions.trainer_id:, $2}{?sessions.duration:, $4}" SLOT_END_VALUE("$3", "$4")
	SLOT_NEW_VALUES("$5") "{kept s}"
	" FROM {sessions} s WHERE {live s} AND {s.id} OPERATOR(pg_catalog.=) $1"
	" RETURNING {sessions.id}",
	5, {INT8OID, INT8OID, TIMESTAMPTZOID, INT4OID, TIMESTAMPTZOID}
};

/* Opens a slot of the same time and trainer as one that is given up; returns its id. */
int64
slot_insert_copy(Call *call, const Slot *slot)
{
	NullableDatum args[] = {
		arg_id(slot->id), arg_id(slot->trainer_id), arg_time(slot->date),
		arg_int(slot->duration), arg_time(call->now)
	};
	Slot		copy = *slot;

	copy.id = copy.user_id = NO_ID;
	slot_charge(&copy, 0);
	slot_set_status(call->studio, &copy, STATUS_AVAILABLE);
	return slot_insert(call, &copy_slot, args, &copy);
}
