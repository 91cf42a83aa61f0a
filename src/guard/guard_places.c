/*-------------------------------------------------------------------------
 *
 * guard_places.c
 *	  What a place leaves behind that somebody opens or takes away directly.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "studio/enter.h"
#include "slot/line.h"
#include "guard/guard.h"

/* Returns whether a row is a place in a line: one that is open, or that somebody has. */
static bool
is_place(const Slot *slot)
{
	return slot_is_open(slot) || slot_is_booking(slot);
}

/* Returns whether a change leaves a place where and what it was. */
static bool
stays(const Slot *old, const Slot *new)
{
	return old && new && is_place(old) && is_place(new) &&
		line_of(old) == line_of(new) && slot_is_open(old) == slot_is_open(new);
}

/*
 * Takes a place from those who wait for one there; when it was the last one they wait
 * no longer.
 */
static void
take_place(Call *call, const Slot *old, const Slot *new)
{
	int64		line_id = line_of(old);
	Line	   *line = lines_lock(call, &line_id, 1)[0];

	if (line->n == 0)
		return;
	if (old->class_id == NO_ID ? !(new && line_of(new) == line_id) :
		class_places(call, line_id).nrows == 0)
		line_close(call, line);
	else
		line_arrange(call, line, false);
}

/* Gives a place that somebody has opened to those who wait for one there. */
static void
offer_place(Call *call, const Slot *place)
{
	int64		line_id = line_of(place);

	line_arrange(call, lines_lock(call, &line_id, 1)[0], true);
}

/* Sees to holds and lines after a direct change. */
void
guard_places(TriggerData *trigdata, const Slot *old, const Slot *new)
{
	bool		was_open = old && slot_is_open(old);
	bool		is_open = new && slot_is_open(new);
	bool		moved = !stays(old, new);
	Call	   *call;

	if (!was_open && !(moved && (old || is_open)))
		return;
	call = call_begin(guard_writing_studio(trigdata, TABLE_SESSIONS), CALL_GUARD);
	if (was_open)
		slot_end_hold(call, old->id);
	if (moved && old && !(is_open && line_of(old) == line_of(new)))
		take_place(call, old, new);
	if (moved && is_open)
		offer_place(call, new);
	call_end(call);
}
