/*-------------------------------------------------------------------------
 *
 * account.h
 *	  The account of a client: finding and reading it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ACCOUNT_H
#define SWAN_ACCOUNT_H

#include "compat.h"
#include "call/columns.h"
#include "studio/query.h"
#include "account/suspension.h"
#include "account/totals.h"

typedef struct Lot
{
	int64		id;
	int32		remaining;
	TimestampTz expires_at;		/* NO_TIME: never */
	const Interval *valid_for;	/* from its first booking on; NULL: that is
								 * over, or of no matter */
	const ArrayType *good_for;	/* kinds of session; NULL: all */
} Lot;

/* A client whose row we hold locked. */
typedef struct Account
{
	int64		user_id;
	const char *name;			/* NULL: he has none */
	int32		balance;		/* of users, as read */
	int32		due;			/* credits that are past their expiry, not
								 * swept */
	int32		moved;			/* sum of delta written since */
	bool		has_ledger;		/* does he have any row? */
	int32		ledger_balance; /* the last balance_after */
	TimestampTz last_at;		/* when the last row was written */
	Totals		totals;			/* up to the last row */
	Suspension	suspension;		/* from the last row on */
	int64		call_id;		/* the first ledger row of this call */
	int			nlots;			/* lots with credits left; of one that is
								 * open, soonest first */
	Lot		   *lots;
	bool		out_of_order;	/* do the lots have to be sorted? */
	bool		bound;			/* is any of them good for some kinds only? */
} Account;

/* of a client, for account_of_row() */
#define CLIENT_COLUMNS(first, next) \
	first(CLIENT_ID, "{u.id}") \
	next(CLIENT_BALANCE, "COALESCE({u.available_sessions}, 0)") \
	next(CLIENT_FIRST_NAME, "{u.first_name}") \
	next(CLIENT_LAST_NAME, "{u.last_name}")

RESULT_COLUMNS(CLIENT_COLUMNS);

extern char *person_name(const char *first, const char *last);
extern const char *client_spoken_of(const char *name, int64 user_id);
pg_noreturn extern void user_not_found(int64 user_id);
extern bool account_of_row(Rows result, uint64 row, int before, int64 user_id,
						   Account *account);
extern bool account_find(Call *call, int64 user_id, Account *account,
						 QueryRun run);
extern void account_read_last(Call *call, Account *account, QueryRun run);
extern void account_read(Call *call, Account *account);
extern int32 account_available(const Account *account);
pg_noreturn extern void account_lots_short(const Account *account);
extern void account_order_lots(Account *account);
extern Lot *account_find_lot(Account *account, int64 lot_id);
extern Lot *account_lot(Call *call, Account *account, int64 lot_id);
extern Lot *account_look_for_lot(Call *call, Account *account, int64 lot_id, QueryRun run);
extern Lot *account_add_lot(Account *account, int64 id, int32 remaining,
							TimestampTz expires_at);
extern bool lot_is_due(Call *call, const Lot *lot);
extern const Interval *lot_validity(Call *call, FunctionCallInfo fcinfo, int n);
extern int32 add_credits(int32 a, int32 b);

#endif							/* SWAN_ACCOUNT_H */
