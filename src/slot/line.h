/*-------------------------------------------------------------------------
 *
 * line.h
 *	  The line of those who wait for a slot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LINE_H
#define SWAN_LINE_H

#include "slot/slot.h"

/* Somebody who waits. */
typedef struct Waiter
{
	int64		id;				/* of the ledger row that says so; the order */
	int64		user_id;
	TimestampTz since;
	bool		automatic;		/* shall swan_promote() book for him? */
	TimestampTz from;			/* when it is his turn; NO_TIME: not yet known */
	TimestampTz until;
	bool		told;			/* does the ledger say so? */
	const char *refused;		/* why he was not booked for, or NULL */
	TimestampTz tried;			/* when */
} Waiter;

/* Those who wait for a slot, or for a place of a class, in their order. */
typedef struct Line
{
	int64		id;				/* the slot's, or the class's */
	int			n;
	Waiter	   *waiters;
} Line;

extern int64 line_of(const Slot *slot);
extern int64 *line_places(Call *call, int64 id, int *n);
extern void line_require(Call *call);
extern void line_read(Call *call, int64 id, QueryRun run, Line *line);
extern Line **lines_lock(Call *call, const int64 *ids, int n);
extern Waiter *line_find(const Line *line, int64 user_id);
extern bool line_is_turn(Call *call, const Waiter *waiter);
extern int64 line_next(Call *call, const Line *line);
extern bool line_comes_first(Call *call, const Line *line, int64 user_id,
							 bool renews, QueryRun run);
extern void line_join(Call *call, Line *line, const Waiter *waiter);
extern void line_leave(Call *call, Line *line, int64 user_id);
extern void line_write(Call *call, const Line *line, const Waiter *waiter);
extern void line_arrange(Call *call, Line *line, bool fresh);
extern void line_move(Call *call, Line *line, int64 to);
extern void line_close(Call *call, Line *line);

#endif							/* SWAN_LINE_H */
