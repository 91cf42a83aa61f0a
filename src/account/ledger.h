/*-------------------------------------------------------------------------
 *
 * ledger.h
 *	  A client's account: balance, lots and ledger, which only move together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LEDGER_H
#define SWAN_LEDGER_H

#include "compat.h"
#include "studio/query.h"

typedef struct Lot
{
	int64		id;
	int32		remaining;
	TimestampTz expires_at;		/* NO_TIME: never */
} Lot;

/* A client whose row we hold locked. */
typedef struct Account
{
	int64		user_id;
	char	   *name;			/* to be spoken of in messages */
	int32		balance;		/* of users, as read */
	int32		due;			/* credits that are past their expiry, not
								 * swept */
	int32		moved;			/* sum of delta written since */
	bool		has_ledger;		/* does he have any row? */
	int32		ledger_balance; /* the last balance_after */
	TimestampTz last_at;		/* when the last row was written */
	int64		call_id;		/* the first ledger row of this call */
	int			nlots;			/* lots with credits left, soonest first */
	Lot		   *lots;
} Account;

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
	bool		by_nobody;		/* not on the actor's authority */

	/* of the lot that it opens */
	TimestampTz expires_at;
	const char *source;
	NullableDatum amount_minor;
	const char *currency;
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

/* the reason of a change that nobody saw */
extern const char account_changed_while_detached[];

/* the columns of a client, in the order of account_of_row() */
#define CLIENT_COLUMNS \
	" {u.id}, COALESCE({u.available_sessions}, 0)," \
	" {u.first_name}, {u.last_name}"

extern bool account_of_row(Rows result, int first, int64 user_id,
						   Account *account);
extern bool account_find(Call *call, int64 user_id, Account *account,
						 QueryRun run);
extern bool account_lock(Call *call, int64 user_id, Account *account);
extern void account_lock_users(Call *call, const int64 *ids, int n, bool *found);
extern void account_read(Call *call, Account *account);
extern void account_open(Call *call, Account *account);
extern void account_adopt(Call *call, Account *account);
extern void account_enter(Call *call, int64 user_id, Account *account);
extern void account_sweep(Call *call, Account *account);
extern int32 account_available(const Account *account);
extern Lot *account_soonest(Account *account);
extern Lot *account_lot(Call *call, Account *account, int64 lot_id);
extern Lot *account_add_lot(Account *account, int64 id, int32 remaining,
							TimestampTz expires_at);
extern bool lot_is_due(Call *call, const Lot *lot);
extern int64 account_write(Call *call, Account *account, const Entry *entry);
extern void account_reopen_lot(Call *call, Account *account, Lot *lot,
							   TimestampTz expires_at);
extern void account_settle(Call *call, Account *account);
extern void account_external(Call *call, Account *account, int32 delta,
							 const char *reason);
extern bool ledger_find_key(Call *call, int64 user_id, const char *kind,
							const char *key, KeyedRow *row);
extern void ledger_sum_call(Call *call, int64 user_id, const KeyedRow *first,
							const char *kind, int32 *moved, int32 *shortfall,
							int32 *balance_after);
extern int64 ledger_debit(Call *call, int64 user_id, int64 session_id);
extern int32 ledger_shortfall(Call *call, int64 user_id, int64 lot_id);
extern void lot_confirm_seen(Call *call, int64 lot_id);
extern int32 add_credits(int32 a, int32 b);
extern char *client_name(char *first, char *last, int64 user_id);
pg_noreturn extern void user_not_found(int64 user_id);

#endif							/* SWAN_LEDGER_H */
