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

/* Ends the hold on an open slot that somebody has changed or deleted. */
static void
end_hold(Studio *studio, const Slot *old)
{
	Call	   *call = call_begin(studio, CALL_GUARD);

	slot_end_hold(call, old->id);
	call_end(call);
}

/*
 * Takes a place from those who wait for one there; when it was the last one they wait
 * no longer.
 */
static void
take_place(Studio *studio, const Slot *old, const Slot *new)
{
	Call	   *call = call_begin(studio, CALL_GUARD);
	int64		line_id = line_of(old);
	Line	   *line = lines_lock(call, &line_id, 1)[0];

	if (line->n > 0)
	{
		if (old->class_id == NO_ID ? !(new && line_of(new) == line_id) :
			class_places(call, line_id).nrows == 0)
			line_close(call, line);
		line_arrange(call, line, false);
	}
	call_end(call);
}

/* Gives a place that somebody has opened to those who wait for one there. */
static void
offer_place(Studio *studio, const Slot *place)
{
	Call	   *call = call_begin(studio, CALL_GUARD);
	int64		line_id = line_of(place);

	line_arrange(call, lines_lock(call, &line_id, 1)[0], true);
	call_end(call);
}

/* Sees to holds and lines after a direct change. */
void
guard_places(TriggerData *trigdata, const Slot *old, const Slot *new)
{
	bool		moved = !stays(old, new);

	if (old && slot_is_open(old))
		end_hold(guard_writing_studio(trigdata, TABLE_SESSIONS), old);
	if (moved && old)
		take_place(guard_writing_studio(trigdata, TABLE_SESSIONS), old, new);
	if (moved && new && slot_is_open(new))
		offer_place(guard_writing_studio(trigdata, TABLE_SESSIONS), new);
}
