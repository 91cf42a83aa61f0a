/*-------------------------------------------------------------------------
 *
 * locks.h
 *	  The locks of a call, and the one order that they are taken in.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LOCKS_H
#define SWAN_LOCKS_H

#include "slot/slot.h"
#include "account/account.h"

/* What a call has locked, and what it read of it then; starts as {0}. */
typedef struct Locks
{
	const Studio *studio;		/* whose slots they are */
	Rows		slots;
	Rows		users;			/* clients and trainers */
	bool		users_locked;	/* too late for slots */
} Locks;

extern void lock_slots(Call *call, Locks *locks, const int64 *ids, int n);
extern void lock_free_slots(Call *call, Locks *locks, const int64 *ids, int n);
extern void lock_users(Call *call, Locks *locks, const int64 *ids, int n);
extern void lock_everybody(Call *call, Locks *locks, const int64 *ids, int n);
extern void lock_slots_after(Call *call, const Locks *locks, Locks *more,
							 const int64 *ids, int n);
extern void lock_more_slots(Call *call, const int64 *ids, int n, int64 highest);
extern void lock_users_after(Call *call, Locks *locks, const int64 *ids, int n,
							 int64 highest);
extern void lock_people_of(Call *call, Locks *locks, const Slot *slot);
extern bool lock_slot_and_client(Call *call, int64 session_id, int64 user_id,
								 TimestampTz after, TimestampTz until,
								 bool with_credit,
								 Slot *slot, Account *account);
extern bool locked_slot(const Locks *locks, int64 id, Slot *slot);
extern void require_locked_slot(const Locks *locks, int64 id, Slot *slot);
extern bool locked_user(const Locks *locks, int64 id, Account *account);
extern bool user_is_locked(const Locks *locks, int64 id);
extern bool account_lock(Call *call, int64 user_id, Account *account);
extern bool account_lock_deleted(Call *call, int64 user_id);

#endif							/* SWAN_LOCKS_H */
