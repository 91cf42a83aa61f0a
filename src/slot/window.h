/*-------------------------------------------------------------------------
 *
 * window.h
 *	  Until when a client may give up or exchange his booking.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_WINDOW_H
#define SWAN_WINDOW_H

#include "slot/slot.h"

/* what a client is told who is too late by all means */
#define SENTENCE_BEGUN	"This session has already begun."

extern TimestampTz window_end(Call *call, const Slot *slot, QueryRun run);
extern bool window_is_over(Call *call, const Slot *slot, QueryRun run);
extern void window_refuse_begun(Call *call, const Slot *slot, const char *what);

#endif							/* SWAN_WINDOW_H */
