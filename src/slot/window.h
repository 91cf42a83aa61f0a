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

extern bool window_is_over(Call *call, const Slot *slot);
extern void window_refuse_begun(Call *call, const Slot *slot, const char *what);

#endif							/* SWAN_WINDOW_H */
