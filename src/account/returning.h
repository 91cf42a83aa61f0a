/*-------------------------------------------------------------------------
 *
 * returning.h
 *	  Credits that come back to the lot that they were taken from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_RETURNING_H
#define SWAN_RETURNING_H

#include "account/ledger.h"

/* what becomes of a credit that comes back to its lot */
typedef enum ReturnFate
{
	RETURN_NONE,				/* none comes back */
	RETURN_SPENDABLE,
	RETURN_REOPENS,				/* spendable, in a lot that ends later for it */
	RETURN_SETTLES,				/* what a refund could not take */
	RETURN_EXPIRES				/* with its lot */
} ReturnFate;

typedef struct Return
{
	ReturnFate	fate;
	Lot		   *lot;
	TimestampTz ends;			/* the lot's new end, of RETURN_REOPENS */
	TimestampTz ended;			/* the end it had until then */
} Return;

extern void return_judge(Call *call, const Account *account, int64 session_id,
						 bool by_studio, QueryRun run, Return *back);
extern bool return_is_spendable(const Return *back);
extern void return_reopen_lot(Call *call, Account *account, const Return *back);
extern void return_take_again(Call *call, Account *account, const Return *back);

#endif							/* SWAN_RETURNING_H */
