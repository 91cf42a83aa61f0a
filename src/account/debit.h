/*-------------------------------------------------------------------------
 *
 * debit.h
 *	  What a session has taken of its client's lots, and nobody has returned.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_DEBIT_H
#define SWAN_DEBIT_H

#include "account/ledger.h"

/* credits of one lot */
typedef struct DebitPart
{
	int64		lot_id;
	int32		credits;
} DebitPart;

typedef struct Debit
{
	int32		credits;		/* of all parts */
	int			nparts;
	DebitPart  *parts;
} Debit;

extern Debit debit_find(Call *call, int64 user_id, int64 session_id, QueryRun run);
extern int64 debit_take(Call *call, Account *account, Entry *entry, int32 credits,
						const Debit *before);
extern int64 debit_carry(Call *call, Account *account, Entry *entry, const Debit *debit);

#endif							/* SWAN_DEBIT_H */
