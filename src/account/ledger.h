/*-------------------------------------------------------------------------
 *
 * ledger.h
 *	  Writing to an account that is open, and what its ledger tells.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LEDGER_H
#define SWAN_LEDGER_H

#include "account/account.h"

/* What is to be written into the ledger; zeroes are NULL or nothing. */
typedef struct Entry
{
	const char *kind;
	int32		delta;
	bool		opens_lot;		/* is the row's own id its lot? */
	Lot		   *lot;			/* which it takes from or gives to */
	int64		session_id;
	int64		from_session_id;
	const char *reason;
	const char *key;
	const char *payment_ref;
	const char *item;
	Datum		details;		/* jsonb, or 0 */
	int32		missed;			/* no-shows that there are more, see
								 * attendance.c */
	bool		by_nobody;		/* not on the actor's authority */

	/* of the lot that it opens */
	TimestampTz expires_at;
	const char *source;
	NullableDatum amount_minor;
	const char *currency;
	const Interval *valid_for;	/* or NULL */
	const ArrayType *good_for;	/* likewise */
} Entry;

#define NEW_ENTRY	{.session_id = NO_ID,.from_session_id = NO_ID,.expires_at = NO_TIME,.amount_minor = {0, true}}

/* what a key was used for before */
typedef struct KeyedRow
{
	int64		ledger_id;
	int32		delta;
	int32		balance_after;
	int64		session_id;
	int64		from_session_id;
	int64		call_id;
	int64		lot_id;
	char	   *reason;
	char	   *payment_ref;
	char	   *item;
	Datum		details;		/* jsonb, or 0 */
} KeyedRow;

/* what one call came to for a client */
typedef struct CallSum
{
	int32		moved;
	int32		shortfall;
	int32		expired;
	int32		balance_after;
} CallSum;

extern void account_session(Call *call, Account *account,
							const Slot *old, const Slot *new);

/* of a ledger row, for ledger_rows_of_call() */
#define OF_CALL_COLUMNS(first, next) \
	first(OF_CALL_ID, "g.id") \
	next(OF_CALL_SESSION_ID, "g.session_id") \
	next(OF_CALL_DELTA, "g.delta") \
	next(OF_CALL_BALANCE_AFTER, "g.balance_after") \
	next(OF_CALL_DETAILS, "g.details")

RESULT_COLUMNS(OF_CALL_COLUMNS);

extern void account_check_alone(Call *call, const Account *account);
extern int64 account_write(Call *call, Account *account, const Entry *entry);
extern void account_settle(Call *call, Account *account);
extern bool ledger_find_key(Call *call, int64 user_id, const char *kind,
							const char *key, KeyedRow *row);
extern Rows ledger_rows_of_call(Call *call, int64 user_id, const KeyedRow *first,
								const char *kind);
extern void ledger_sum_call(Call *call, int64 user_id, const KeyedRow *first,
							const char *kind, CallSum *sum);
extern int32 ledger_shortfall(Call *call, int64 user_id, int64 lot_id, QueryRun run);

#endif							/* SWAN_LEDGER_H */
