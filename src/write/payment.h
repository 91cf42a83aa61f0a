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
	bool		is_there;		/* or was he deleted? */
	Account		account;
	int64		reversal;		/* the call_id of the one that is to be
								 * undone, or NO_ID */
	MoveAnswer	answer;			/* without a ledger_id where nothing was done */
} Payer;

/* what reversals have of a lot, and have not given back */
typedef struct Share
{
	int32		taken;			/* credits that were left */
	int32		expired;		/* that had expired unspent */
	int32		owed;			/* that were spent: the shortfall */
	int64		money;			/* of the amount refunded, as far as it was
								 * told */
} Share;

typedef struct PaidLot
{
	int64		id;
	Payer	   *payer;
	char	   *item;
	int32		granted;
	int32		lapsed;			/* credits that expired unspent, or were
								 * revoked */
	int64		amount;			/* what was paid for it, or NO_ID */
	char	   *currency;
	Share		has;			/* what reversals have by now */
	Share		more;			/* what they have more by this call */
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
	int64		refunded;		/* the amount refunded by now, or NO_ID */
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
extern int32 share_credits(const Share *share);
extern bool share_is_nothing(const Share *share);
extern void payment_write(Call *call, Payment *payment, PaidLot *lot,
						  const Share *more, int64 reversal);
extern void payment_write_nothing(Call *call, Payment *payment);
extern void payment_close(Call *call, Payment *payment, const char *reason);
extern Datum payment_answer(Call *call, FunctionCallInfo fcinfo,
							const Payment *payment);

#endif							/* SWAN_PAYMENT_H */
