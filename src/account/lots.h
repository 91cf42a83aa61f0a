/*-------------------------------------------------------------------------
 *
 * lots.h
 *	  Writing the lots of an account that is open.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LOTS_H
#define SWAN_LOTS_H

#include "account/ledger.h"

extern void account_interfered(Call *call, StudioTable table, int64 user_id);
extern bool lot_create(Call *call, Account *account, const Entry *entry, int64 id);
extern void lot_move(Call *call, Account *account, Lot *lot, int32 delta);
extern bool lot_begins(const Entry *entry);
extern Datum lot_begin(Call *call, Account *account, const Entry *entry);
extern void account_end_lot(Call *call, Account *account, Lot *lot,
							TimestampTz expires_at);
extern void lot_confirm_seen(Call *call, int64 lot_id);

#endif							/* SWAN_LOTS_H */
