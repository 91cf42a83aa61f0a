/*-------------------------------------------------------------------------
 *
 * handover.h
 *	  What goes from one client to another.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_HANDOVER_H
#define SWAN_HANDOVER_H

#include "account/open.h"

typedef struct Handover
{
	int64		from_user;
	int64		to_user;
	Account		from;
	Account		to;
	const char *reason;

	/* the answer: one swan_handover */
	int32		moved;			/* credits */
	int32		bookings;		/* that went along */
	int32		from_available;
	int32		to_available;
	int64		ledger_id;		/* the first row of whom they were */
	bool		replayed;
} Handover;

extern void handover_arguments(FunctionCallInfo fcinfo, Handover *handover,
							   const char *from_name, const char *to_name);
extern bool handover_replay(Call *call, Handover *handover, const char *kind,
							const KeyedRow *before);
extern void handover_lock(Call *call, Locks *locks, const Handover *handover);
extern void handover_open(Call *call, const Locks *locks, Handover *handover);
extern int64 handover_write(Call *call, Handover *handover, Account *account,
							const Entry *entry);
extern Lot *handover_lot(Call *call, Handover *handover, Lot *lot, int32 n,
						 int32 owed, const char *key, int64 asked);
extern void handover_close(Call *call, Handover *handover);
extern Datum handover_answer(Call *call, FunctionCallInfo fcinfo,
							 const Handover *handover);

#endif							/* SWAN_HANDOVER_H */
