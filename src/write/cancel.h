/*-------------------------------------------------------------------------
 *
 * cancel.h
 *	  Bookings that are given up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CANCEL_H
#define SWAN_CANCEL_H

#include "slot/slot.h"
#include "account/returning.h"

/* What is asked for: options that were not given are NULL. */
typedef struct Wish
{
	NullableDatum return_credit;
	NullableDatum reopen;
	char	   *reason;
	char	   *key;
} Wish;

extern const StudioQuery cancel_slot;

extern bool cancel_is_own(Call *call, const Slot *slot);
extern bool cancel_is_without_credit(const Slot *slot);
extern bool cancel_is_nobodys(const Slot *slot);
extern void cancel_authorise(Call *call, const Wish *wish, const Slot *slot);
extern void cancel_check(Call *call, const Slot *slot);
extern Return cancel_judge_credits(Call *call, const Wish *wish, Account *account,
								   const Slot *slot, QueryRun run);

extern void close_slot(Call *call, Slot *slot);
extern int64 reopen_slot(Call *call, const Slot *slot, bool trainer_known);

#endif							/* SWAN_CANCEL_H */
