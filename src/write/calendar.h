/*-------------------------------------------------------------------------
 *
 * calendar.h
 *	  What changes in the calendar of trainers without being anybody's booking.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CALENDAR_H
#define SWAN_CALENDAR_H

#include "account/locks.h"

/* A slot that a call has changed, and whose calendar it is or was in. */
typedef struct CalendarSlot
{
	int64		trainer_id;
	int64		session_id;
} CalendarSlot;

extern void calendar_append_ids(StringInfo json, const int64 *ids, int n);
extern void calendar_add(CalendarSlot *slots, int *n, int64 trainer_id, int64 session_id);
extern void calendar_note(Call *call, const Locks *locks, const char *change,
						  const char *reason, const CalendarSlot *slots, int n);

#endif							/* SWAN_CALENDAR_H */
