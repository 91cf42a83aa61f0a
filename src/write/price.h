/*-------------------------------------------------------------------------
 *
 * price.h
 *	  How many credits a booking costs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_PRICE_H
#define SWAN_PRICE_H

#include "slot/slot.h"

extern bool price_is_asked_for(Call *call);
extern int32 price_of(Call *call, int64 user_id, const Slot *slot, QueryRun run);

#endif							/* SWAN_PRICE_H */
