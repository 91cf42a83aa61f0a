/*-------------------------------------------------------------------------
 *
 * offering.h
 *	  What comes free, and who waits for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_OFFERING_H
#define SWAN_OFFERING_H

#include "slot/line.h"
#include "account/ledger.h"
#include "account/locks.h"

extern bool offering_awaits(Call *call, const Slot *slot, int64 *next);
extern void offering_write(Call *call, Account *account, const Line *line, Waiter *waiter);
extern void offering_tell(Call *call, const Locks *locks, Line *line);
extern void offering_follow(Call *call, const Locks *locks, const Slot *slot,
							int64 reopened, Line *line);

#endif							/* SWAN_OFFERING_H */
