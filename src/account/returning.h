/*-------------------------------------------------------------------------
 *
 * returning.h
 *	  Credits that come back to the lot that they were taken from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_RETURNING_H
#define SWAN_RETURNING_H

#include "account/debit.h"

/* what becomes of credits that come back to one lot */
typedef struct ReturnPart
{
	int64		lot_id;
	int32		credits;
	int32		settle;			/* of these, what a refund could not take */
	bool		expire;			/* do the others expire with their lot? */
	bool		reopen;			/* or does the lot end later for them? */
	TimestampTz ends;			/* its new end */
	TimestampTz ended;			/* the end it had until then */
} ReturnPart;

/* what a session has taken, and what comes back of it */
typedef struct Return
{
	int32		charged;
	int32		spendable;		/* comes back, and can be spent */
	int32		forgotten;		/* of what it owes */
	int			nparts;
	ReturnPart *parts;
} Return;

extern void return_judge(Call *call, Account *account, int64 session_id,
						 const Debit *debit, bool by_studio, QueryRun run,
						 Return *back);
extern Datum return_details(const Return *back, const ReturnPart *part);
extern void return_settle(Call *call, Account *account, int64 lot_id, int32 credits);
extern int64 return_write(Call *call, Account *account, Entry *entry,
						  const ReturnPart *part);
extern int32 return_lapsed(Call *call, const Account *account, const Lot *lot);
extern void return_take_owed(Call *call, Account *account, int64 lot_id, int32 credits);

#endif							/* SWAN_RETURNING_H */
