/*-------------------------------------------------------------------------
 *
 * open.h
 *	  Opening an account for a writer, and closing it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_OPEN_H
#define SWAN_OPEN_H

#include "account/ledger.h"
#include "account/locks.h"

extern void account_enter(Call *call, const Locks *locks, int64 user_id,
						  Account *account);
extern void account_open(Call *call, Account *account);
extern void account_begin(Call *call, Account *account);
extern int32 account_will_adopt(Call *call, const Slot *slot, QueryRun run);
extern void account_sweep(Call *call, Account *account);
extern void account_external(Call *call, Account *account, int32 delta,
							 const char *reason);
extern void account_close(Call *call, Account *account, const char *reason);

#endif							/* SWAN_OPEN_H */
