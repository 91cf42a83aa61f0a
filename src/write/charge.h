/*-------------------------------------------------------------------------
 *
 * charge.h
 *	  Credits that a session takes after it was booked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CHARGE_H
#define SWAN_CHARGE_H

#include "slot/slot.h"
#include "account/debit.h"

extern int64 charge_session(Call *call, Account *account, Entry *entry,
							const Slot *slot, Debit *debit, int32 credits);

#endif							/* SWAN_CHARGE_H */
