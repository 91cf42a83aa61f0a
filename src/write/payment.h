/*-------------------------------------------------------------------------
 *
 * payment.h
 *	  What a payment bought, for whom, and what became of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_PAYMENT_H
#define SWAN_PAYMENT_H

#include "account/account.h"
#include "write/answer.h"

/* a client who has lots of a payment */
typedef struct Payer
{
	int64		user_id;
	Account		account;
	int64		reversal;		/* the call_id of the one that is to be
								 * undone, or NO_ID */
	MoveAnswer	answer;			/* without a ledger_id where nothing was done */
} Payer;

typedef struct PaidLot
{
	int64		id;
	Payer	   *payer;
	char	   *item;
	int32		granted;
	int32		taken;			/* by reversals, and not reinstated */
	int32		owed;			/* what they could not take */
	int32		take;			/* what this call does */
	int32		owe;
} PaidLot;

/* a call about a payment */
typedef struct Payment
{
	const char *kind;			/* of its ledger rows */
	const char *ref;
	const char *item;			/* NULL: all of them */
	const char *key;
	const char *reversal;		/* the key of the one to undo, or NULL */
	int32		n;				/* how many credits, or -1 for all */
	int			npayers;
	Payer	   *payers;			/* by user_id */
	int			nlots;
	PaidLot    *lots;			/* in the order in which they were bought */
} Payment;

extern void payment_arguments(FunctionCallInfo fcinfo, Payment *payment,
							  int item, int n, int key);
extern void payment_find(Call *call, Payment *payment);
extern bool payment_replay(Call *call, Payment *payment);
extern void payment_lock(Call *call, Payment *payment);
extern void payment_open(Call *call, Payment *payment);
extern void payment_write(Call *call, Payment *payment, PaidLot *lot,
						  int32 delta, int32 shortfall, int64 reversal);
extern void payment_write_nothing(Call *call, Payment *payment);
extern void payment_close(Call *call, Payment *payment, const char *reason);
extern Datum payment_answer(Call *call, FunctionCallInfo fcinfo,
							const Payment *payment);

#endif							/* SWAN_PAYMENT_H */
