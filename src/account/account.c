/*-------------------------------------------------------------------------
 *
 * account.c
 *	  Finding and reading the account of a client.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"

#include "base/argument.h"
#include "base/error.h"
#include "account/account.h"
#include "account/client.h"

static const StudioQuery find_client = {
	"SELECT" SELECT_LIST(CLIENT_COLUMNS)
	" FROM {users} u WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, PLAN_SIMPLE
};

#define BALANCE_COLUMNS(first, next) \
	first(NOW_BALANCE, "{u.available_sessions}") \
	next(NOW_DUE, DUE_CREDITS("$1", "$2"))

RESULT_COLUMNS(BALANCE_COLUMNS);

static const StudioQuery balance_and_due = {
	"SELECT" SELECT_LIST(BALANCE_COLUMNS)
	" FROM {users} u WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) $1",
	2, {INT8OID, TIMESTAMPTZOID}
};

#define LOT_COLUMNS(first, next) \
	first(LOT_ID, "l.id") \
	next(LOT_REMAINING, "l.remaining") \
	next(LOT_EXPIRES_AT, "l.expires_at") \
	next(LOT_VALID_FOR, "{l.valid_for}") \
	next(LOT_GOOD_FOR, "{l.good_for}")

RESULT_COLUMNS(LOT_COLUMNS);

static const StudioQuery find_lot = {
	"SELECT" SELECT_LIST(LOT_COLUMNS) " FROM {lots} l"
	" WHERE l.id OPERATOR(pg_catalog.=) $1"
	" AND l.user_id OPERATOR(pg_catalog.=) $2",
	2, {INT8OID, INT8OID}, PLAN_SIMPLE
};

#define LAST_ROW_COLUMNS(first, next) \
	first(LAST_ID, "g.id") \
	next(LAST_BALANCE, "g.balance_after") \
	next(LAST_AT, "g.at") \
	next(LAST_TOTALS, "{g.totals}") \
	next(LAST_SUSPENDED, "{g.suspended}")

RESULT_COLUMNS(LAST_ROW_COLUMNS);

static const StudioQuery last_row = {
	"SELECT" SELECT_LIST(LAST_ROW_COLUMNS)
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" ORDER BY g.id DESC LIMIT 1",
	1, {INT8OID}, PLAN_SIMPLE
};

static const StudioQuery read_lots = {
	"SELECT" SELECT_LIST(LOT_COLUMNS) " FROM {lots} l"
	" WHERE l.user_id OPERATOR(pg_catalog.=) $1"
	" AND l.remaining OPERATOR(pg_catalog.>) 0",
	1, {INT8OID}, PLAN_SIMPLE
};

/* Answers an unknown client. */
void
user_not_found(int64 user_id)
{
	ereport(ERROR,
			(swan_error(SWAN_USER_NOT_FOUND),
			 errmsg("user %lld does not exist", (long long) user_id)));
}

/*
 * Returns how a person is called whose columns say so, either of which may be NULL;
 * NULL if nothing is left without the spaces around it.  PERSON_NAME is the same in SQL.
 */
char *
person_name(const char *first, const char *last)
{
	Size		first_len = first ? strlen(first) : 0;
	Size		last_len = last ? strlen(last) : 0;
	char	   *name = palloc(first_len + last_len + 2);
	char	   *end = name + first_len + 1 + last_len;

	if (first)
		memcpy(name, first, first_len);
	name[first_len] = ' ';
	if (last)
		memcpy(name + first_len + 1, last, last_len);
	while (end > name && end[-1] == ' ')
		end--;
	*end = '\0';
	name += strspn(name, " ");
	return name[0] ? name : NULL;
}

/* Returns how a client is spoken of, by his name if he has one. */
const char *
client_spoken_of(const char *name, int64 user_id)
{
	return name ? name : psprintf("user %lld", (long long) user_id);
}

/* Returns a + b, or refuses what no integer column can hold. */
int32
add_credits(int32 a, int32 b)
{
	int32		sum;

	if (pg_add_s32_overflow(a, b, &sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("balance out of range"),
				 errdetail("The balance would exceed %d credits.", PG_INT32_MAX)));
	return sum;
}

/*
 * Makes an account of CLIENT_COLUMNS, which stand after so many others; returns
 * false if there is no such row.
 */
bool
account_of_row(Rows result, uint64 row, int before, int64 user_id, Account *account)
{
	memset(account, 0, sizeof(Account));
	account->user_id = user_id;
	account->call_id = NO_ID;
	account->suspension = NO_SUSPENSION;
	if (row >= result.nrows)
		return false;
	account->balance = row_int(result, row, before + CLIENT_BALANCE);
	account->name = person_name(row_text(result, row, before + CLIENT_FIRST_NAME),
								row_text(result, row, before + CLIENT_LAST_NAME));
	return true;
}

/* Notes what a row says of a lot. */
static void
lot_of_row(Rows result, uint64 row, Account *account, Lot *lot)
{
	lot->id = row_id(result, row, LOT_ID);
	lot->remaining = row_int(result, row, LOT_REMAINING);
	lot->expires_at = row_time(result, row, LOT_EXPIRES_AT);
	lot->valid_for = row_interval(result, row, LOT_VALID_FOR);
	lot->good_for = row_array(result, row, LOT_GOOD_FOR);
	if (lot->good_for)
		account->bound = true;
}

/* Reads the lots of a client that have credits left, in no order, and what of it is due. */
static void
read_lots_of(Call *call, Account *account, QueryRun run)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	Rows		result = run(call, &read_lots, args);

	account->nlots = result.nrows;
	account->out_of_order = result.nrows > 1;
	account->lots = palloc((result.nrows + 1) * sizeof(Lot));
	for (uint64 i = 0; i < result.nrows; i++)
	{
		lot_of_row(result, i, account, &account->lots[i]);
		if (lot_is_due(call, &account->lots[i]))
			account->due += account->lots[i].remaining;
	}
}

/*
 * Reads a client without locking him; returns false if there is none.  Where a
 * statement sees what was committed after the last one, credits that are due are
 * read again together with the balance that they are to be taken off.
 */
bool
account_find(Call *call, int64 user_id, Account *account, QueryRun run)
{
	NullableDatum args[] = {arg_id(user_id), arg_time(call->now)};
	Rows		result = run(call, &find_client, args);

	if (!account_of_row(result, 0, 0, user_id, account))
	{
		query_confirm_none(call, &find_client, args, run);
		return false;
	}
	read_lots_of(call, account, run);
	if (account->due > 0 && run != query_read)
	{
		result = run(call, &balance_and_due, args);
		if (result.nrows != 1)
			return false;
		account->balance = row_int(result, 0, NOW_BALANCE);
		account->due = row_int(result, 0, NOW_DUE);
	}
	return true;
}

/* Returns whether a lot's credits cannot be spent any more. */
bool
lot_is_due(Call *call, const Lot *lot)
{
	return lot->expires_at != NO_TIME && lot->expires_at <= call->now;
}

/* Reads for how long a lot is valid from its first booking on; NULL: of no matter. */
const Interval *
lot_validity(Call *call, FunctionCallInfo fcinfo, int n)
{
	const Interval *valid_for = argument_validity(fcinfo, n);

	if (valid_for && call->studio->columns[LOTS_VALID_FOR].name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("credits of studio \"%s\" cannot be valid from their first booking on",
						call->studio->name),
				 studio_hint_upgrade(call->studio)));
	return valid_for;
}

/*
 * Compares two lots, for qsort(): the soonest to expire first, then what is good
 * for less, then the oldest.
 */
static int
compare_lots(const void *a, const void *b)
{
	const Lot  *x = a;
	const Lot  *y = b;

	if (x->expires_at != y->expires_at)
	{
		if (x->expires_at == NO_TIME || y->expires_at == NO_TIME)
			return x->expires_at == NO_TIME ? 1 : -1;
		return x->expires_at < y->expires_at ? -1 : 1;
	}
	if ((x->good_for == NULL) != (y->good_for == NULL))
		return x->good_for ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/*
 * Puts lots in the order in which they are spent, if they are not.  Another booking may
 * have let the time of one begin since they were read.
 */
void
account_order_lots(Account *account)
{
	if (account->out_of_order)
		qsort(account->lots, account->nlots, sizeof(Lot), compare_lots);
	account->out_of_order = false;
}

/* Reads the last ledger row of a client. */
void
account_read_last(Call *call, Account *account, QueryRun run)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	Rows		result = run(call, &last_row, args);

	account->has_ledger = result.nrows > 0;
	account->ledger_balance = account->has_ledger ? row_int(result, 0, LAST_BALANCE) : 0;
	account->last_at = account->has_ledger ? row_time(result, 0, LAST_AT) : DT_NOBEGIN;
	account->suspension = account->has_ledger ?
		suspension_of_row(result, 0, LAST_SUSPENDED) : NO_SUSPENSION;
	memset(&account->totals, 0, sizeof(Totals));
	if (account->has_ledger)
		totals_of_row(call->studio, result, 0, LAST_ID, LAST_TOTALS, &account->totals);
}

/*
 * Reads the last ledger row and the lots of a locked client.  Each statement is
 * as plain as can be: a join or a sort of a few rows would take the server
 * longer to set up than all of this takes.
 */
void
account_read(Call *call, Account *account)
{
	account_read_last(call, account, query_recheck);
	read_lots_of(call, account, query_recheck);
	account_order_lots(account);
}

/* Returns what a client can spend. */
int32
account_available(const Account *account)
{
	return account->balance + account->moved - account->due;
}

/* Answers a balance that the lots do not bear out. */
void
account_lots_short(const Account *account)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the lots of user %lld hold fewer credits than the balance",
					(long long) account->user_id),
			 errhint("swan_verify(%lld) says what is wrong.",
					 (long long) account->user_id)));
}

/* Returns room for one more lot. */
Lot *
account_add_lot(Account *account, int64 id, int32 remaining, TimestampTz expires_at)
{
	Lot		   *lot;

	if (account->lots == NULL)
		account->lots = palloc(sizeof(Lot));
	else
		account->lots = repalloc(account->lots, (account->nlots + 1) * sizeof(Lot));
	account->out_of_order = account->nlots > 0;
	lot = &account->lots[account->nlots++];
	lot->id = id;
	lot->remaining = remaining;
	lot->expires_at = expires_at;
	lot->valid_for = NULL;
	lot->good_for = NULL;
	return lot;
}

/* Returns a lot of an account that was read with credits in it, or NULL. */
Lot *
account_find_lot(Account *account, int64 lot_id)
{
	for (int i = 0; i < account->nlots; i++)
	{
		if (account->lots[i].id == lot_id)
			return &account->lots[i];
	}
	return NULL;
}

/* Returns a lot of an open account, even one without credits. */
Lot *
account_lot(Call *call, Account *account, int64 lot_id)
{
	return account_look_for_lot(call, account, lot_id, query_recheck);
}

/* Likewise, seeing what the caller chooses to see; a reader's account has no lots yet. */
Lot *
account_look_for_lot(Call *call, Account *account, int64 lot_id, QueryRun run)
{
	NullableDatum args[] = {arg_id(lot_id), arg_id(account->user_id)};
	Lot		   *lot = account_find_lot(account, lot_id);
	Rows		result;

	if (lot)
		return lot;
	result = run(call, &find_lot, args);
	if (result.nrows != 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("lot %lld of user %lld is missing",
						(long long) lot_id, (long long) account->user_id)));
	lot = account_add_lot(account, lot_id, 0, NO_TIME);
	lot_of_row(result, 0, account, lot);
	return lot;
}
