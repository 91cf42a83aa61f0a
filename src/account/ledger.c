/*-------------------------------------------------------------------------
 *
 * ledger.c
 *	  Writing to an account that is open, and what its ledger tells.
 *
 * Balance, lots and ledger only move together: account_write() a row for every
 * movement, and at the very end account_settle() the balance.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "utils/xid8.h"

#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/lots.h"

#define INSERT_LEDGER \
	"INSERT INTO {ledger} (id, user_id, delta, balance_after, kind," \
	" session_id, from_session_id, lot_id, reason, actor_id, db_role," \
	" key, payment_ref, item, call_id, details, at, xid" \
	"{?ledger.totals:, {ledger.totals}}{?ledger.suspended:, {ledger.suspended}})" \
	" OVERRIDING SYSTEM VALUE" \
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14," \
	" $15, $16, $17, $18{?ledger.totals:, $19}{?ledger.suspended:, $20})"
#define WRITTEN_COLUMNS(first, next) \
	first(WRITTEN_ID, "id") \
	next(WRITTEN_DELTA, "delta") \
	next(WRITTEN_BALANCE, "balance_after")
#define LEDGER_WRITTEN	"{!ledger: RETURNING" SELECT_LIST(WRITTEN_COLUMNS) "}"
#define INSERT_LEDGER_ARGS \
	20, {INT8OID, INT8OID, INT4OID, INT4OID, TEXTOID, INT8OID, INT8OID, \
	INT8OID, TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, \
	JSONBOID, TIMESTAMPTZOID, XID8OID, INT4ARRAYOID, TSTZRANGEOID}, PLAN_SIMPLE

RESULT_COLUMNS(WRITTEN_COLUMNS);

static const StudioQuery insert_ledger = {
	INSERT_LEDGER LEDGER_WRITTEN, INSERT_LEDGER_ARGS
};

/* for payments that somebody may have written already */
static const StudioQuery insert_ledger_once = {
	INSERT_LEDGER " ON CONFLICT DO NOTHING" LEDGER_WRITTEN, INSERT_LEDGER_ARGS
};

#define SETTLED_COLUMNS(first, next) \
	first(SETTLED_USER_ID, "{u.id}") \
	next(SETTLED_BALANCE, "{u.available_sessions}")

RESULT_COLUMNS(SETTLED_COLUMNS);

static const StudioQuery update_balance = {
	"UPDATE {users} u SET {users.available_sessions} = $2"
	"{?users.updated_at:, {users.updated_at} = {users.updated_at=$4}}"
	" WHERE {u.id} OPERATOR(pg_catalog.=) $1"
	" AND COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.=) $3"
	"{!users: RETURNING" SELECT_LIST(SETTLED_COLUMNS) "}",
	4, {INT8OID, INT4OID, INT4OID, TIMESTAMPTZOID}, PLAN_SIMPLE
};

#define KEYED_COLUMNS(first, next) \
	first(KEYED_ID, "g.id") \
	next(KEYED_DELTA, "g.delta") \
	next(KEYED_BALANCE_AFTER, "g.balance_after") \
	next(KEYED_SESSION_ID, "g.session_id") \
	next(KEYED_FROM_SESSION_ID, "g.from_session_id") \
	next(KEYED_CALL_ID, "g.call_id") \
	next(KEYED_LOT_ID, "g.lot_id") \
	next(KEYED_REASON, "g.reason") \
	next(KEYED_PAYMENT_REF, "g.payment_ref") \
	next(KEYED_ITEM, "g.item") \
	next(KEYED_DETAILS, "g.details")

RESULT_COLUMNS(KEYED_COLUMNS);

static const StudioQuery find_key = {
	"SELECT" SELECT_LIST(KEYED_COLUMNS)
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.kind OPERATOR(pg_catalog.=) $2 AND g.key OPERATOR(pg_catalog.=) $3",
	3, {INT8OID, TEXTOID, TEXTOID}, PLAN_SIMPLE
};

/* what reversals could not take of a lot, and nobody has settled yet */
static const StudioQuery open_shortfall = {
	"SELECT COALESCE(pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) 'shortfall')::pg_catalog.int4), 0)"
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.lot_id OPERATOR(pg_catalog.=) $2"
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('{reversal,reinstatement,transfer}')",
	2, {INT8OID, INT8OID}
};

#define SUM_COLUMNS(first, next) \
	first(SUM_MOVED, \
		  "(pg_catalog.sum(g.delta)" \
		  " FILTER (WHERE g.kind OPERATOR(pg_catalog.=) $4))::pg_catalog.int4") \
	next(SUM_SHORTFALL, \
		 "pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) 'shortfall')" \
		 "::pg_catalog.int4)::pg_catalog.int4") \
	next(SUM_EXPIRED, \
		 "pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) 'expired')" \
		 "::pg_catalog.int4)::pg_catalog.int4") \
	next(SUM_BALANCE, \
		 "(pg_catalog.array_agg(g.balance_after ORDER BY g.id DESC))[1]")

RESULT_COLUMNS(SUM_COLUMNS);

/* the rows of one kind that one call wrote, in their order */
static const StudioQuery rows_of_call = {
	"SELECT" SELECT_LIST(OF_CALL_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1 AND g.id OPERATOR(pg_catalog.>=) $2"
	" AND g.call_id OPERATOR(pg_catalog.=) $3"
	" AND g.kind OPERATOR(pg_catalog.=) $4 ORDER BY g.id",
	4, {INT8OID, INT8OID, INT8OID, TEXTOID}, PLAN_SIMPLE
};

/* what the rows of one call came to */
static const StudioQuery sum_call = {
	"SELECT" SELECT_LIST(SUM_COLUMNS)
	" FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1 AND g.id OPERATOR(pg_catalog.>=) $2"
	" AND g.call_id OPERATOR(pg_catalog.=) $3",
	4, {INT8OID, INT8OID, INT8OID, TEXTOID}
};

/*
 * Refuses to go on where a row was written for a client since his last one was
 * read: by a guard, for what a trigger did while we wrote a session of his.
 */
void
account_check_alone(Call *call, const Account *account)
{
	Account		now = {.user_id = account->user_id};

	account_read_last(call, &now, query_recheck);
	if (now.last_at != account->last_at || now.ledger_balance != account->ledger_balance)
		account_interfered(call, TABLE_SESSIONS, account->user_id);
}

/* Counts the totals of an account, unless they are known, or cannot be. */
static void
know_totals(Call *call, Account *account)
{
	if (!account->totals.known && !account->totals.looked)
		totals_count(call, account->user_id, account->has_ledger, &account->totals);
}

/*
 * Counts what a session becomes for the client of an account: to be called
 * before the account_write() that writes it down.
 */
void
account_session(Call *call, Account *account, const Slot *old, const Slot *new)
{
	know_totals(call, account);
	totals_session(&account->totals, account->user_id, old, new);
}

/*
 * Writes one movement of a locked and opened account: the ledger row, then its
 * lot.  Returns the row's id, or NO_ID if another client's payment is known by
 * that name, and then the call must fail; a key cannot be, since whoever used it
 * held the client's lock.  Where the ledger is in partitions its unique index is
 * each one's own, and that of the lots tells.
 */
int64
account_write(Call *call, Account *account, const Entry *entry)
{
	int32		balance_after = add_credits(account->ledger_balance, entry->delta);
	int64		id = nextval_internal(call->studio->ledger_sequence, false);
	TimestampTz at = Max(call->now, account->last_at);	/* clocks step back */
	int64		actor_id = NO_ID;
	int64		lot_id = NO_ID;
	bool		once = entry->payment_ref != NULL;
	Datum		details = lot_begins(entry) ? lot_begin(call, account, entry) : entry->details;
	Rows		result;

	if (call->actor && !entry->by_nobody)
		actor_id = call->actor->user_id;
	if (entry->opens_lot)
		lot_id = id;
	else if (entry->lot)
		lot_id = entry->lot->id;
	know_totals(call, account);
	totals_move(&account->totals, entry->kind, entry->delta);
	totals_missed(&account->totals, entry->missed);
	if (entry->missed != 0)
		details = details_with_number(details, "missed", entry->missed);
	{
		NullableDatum args[] = {
			arg_id(id), arg_id(account->user_id), arg_int(entry->delta),
			arg_int(balance_after), arg_text(entry->kind),
			arg_id(entry->session_id), arg_id(entry->from_session_id),
			arg_id(lot_id), arg_text(entry->reason), arg_id(actor_id),
			arg_text(GetUserNameFromId(call->caller, false)),
			arg_text(entry->key), arg_text(entry->payment_ref),
			arg_text(entry->item),
			arg_id(account->call_id == NO_ID ? id : account->call_id),
			{details, details == (Datum) 0},
			arg_time(at),
			arg_datum(FullTransactionIdGetDatum(GetTopFullTransactionId())),
			totals_arg(&account->totals),
			suspension_arg(&account->suspension)
		};

		result = query_change(call,
							  once ? &insert_ledger_once : &insert_ledger,
							  args, TABLE_LEDGER, CMD_INSERT, NULL, 0);
	}
	if (result.nrows == 0 && strcmp(entry->kind, "purchase") == 0)
		return NO_ID;
	if (result.nrows != 1 ||
		(result.desc && (row_id(result, 0, WRITTEN_ID) != id ||
						 row_int(result, 0, WRITTEN_DELTA) != entry->delta ||
						 row_int(result, 0, WRITTEN_BALANCE) != balance_after)))
		account_interfered(call, TABLE_LEDGER, account->user_id);

	if (account->call_id == NO_ID)
		account->call_id = id;
	account->ledger_balance = balance_after;
	account->last_at = at;
	account->totals.unwritten = false;
	account->moved = add_credits(account->moved, entry->delta);
	if (entry->opens_lot)
	{
		if (!lot_create(call, account, entry, id))
			return NO_ID;
	}
	else if (entry->lot && entry->delta != 0)
		lot_move(call, account, entry->lot, entry->delta);
	return id;
}

/* Writes the balance that the movements of this call come to. */
void
account_settle(Call *call, Account *account)
{
	int32		balance = add_credits(account->balance, account->moved);
	NullableDatum args[] = {
		arg_id(account->user_id), arg_int(balance), arg_int(account->balance),
		arg_time(call->now)
	};
	TokenEntry	entry = {{0}};
	Rows		result;

	if (account->moved == 0)
		return;
	entry.before.id = entry.after.id = account->user_id;
	entry.before.guarded[GUARDED_BALANCE] = account->balance;
	entry.after.guarded[GUARDED_BALANCE] = balance;
	result = query_change(call, &update_balance, args, TABLE_USERS,
						  CMD_UPDATE, &entry, 1);
	if (result.nrows != 1 ||
		(result.desc && (row_id(result, 0, SETTLED_USER_ID) != account->user_id ||
						 row_int(result, 0, SETTLED_BALANCE) != balance)))
		account_interfered(call, TABLE_USERS, account->user_id);
	account->balance = balance;
	account->moved = 0;
}

/* Looks for what a client's key was used for, if it was. */
bool
ledger_find_key(Call *call, int64 user_id, const char *kind, const char *key,
				KeyedRow *row)
{
	NullableDatum args[] = {arg_id(user_id), arg_text(kind), arg_text(key)};
	bool		isnull;
	Rows		result;

	if (key == NULL)
		return false;
	result = query_recheck(call, &find_key, args);
	if (result.nrows == 0)
		return false;
	row->ledger_id = row_id(result, 0, KEYED_ID);
	row->delta = row_int(result, 0, KEYED_DELTA);
	row->balance_after = row_int(result, 0, KEYED_BALANCE_AFTER);
	row->session_id = row_id(result, 0, KEYED_SESSION_ID);
	row->from_session_id = row_id(result, 0, KEYED_FROM_SESSION_ID);
	row->call_id = row_id(result, 0, KEYED_CALL_ID);
	row->lot_id = row_id(result, 0, KEYED_LOT_ID);
	row->reason = row_text(result, 0, KEYED_REASON);
	row->payment_ref = row_text(result, 0, KEYED_PAYMENT_REF);
	row->item = row_text(result, 0, KEYED_ITEM);
	row->details = row_datum(result, 0, KEYED_DETAILS, &isnull);
	return true;
}

/* Returns what a call wrote, from its first row of that kind on. */
Rows
ledger_rows_of_call(Call *call, int64 user_id, const KeyedRow *first, const char *kind)
{
	NullableDatum args[] = {
		arg_id(user_id), arg_id(first->ledger_id), arg_id(first->call_id),
		arg_text(kind)
	};

	return query_recheck(call, &rows_of_call, args);
}

/* Sums up what a call moved, from its first row of that kind on. */
void
ledger_sum_call(Call *call, int64 user_id, const KeyedRow *first,
				const char *kind, CallSum *sum)
{
	NullableDatum args[] = {
		arg_id(user_id), arg_id(first->ledger_id), arg_id(first->call_id),
		arg_text(kind)
	};
	Rows		result = query_recheck(call, &sum_call, args);

	sum->moved = abs((int32) row_int(result, 0, SUM_MOVED));
	sum->shortfall = Max(0, (int32) row_int(result, 0, SUM_SHORTFALL));
	sum->expired = Max(0, (int32) row_int(result, 0, SUM_EXPIRED));
	sum->balance_after = row_int(result, 0, SUM_BALANCE);
}

/* Returns what refunds could not take of a lot, and nobody has settled yet. */
int32
ledger_shortfall(Call *call, int64 user_id, int64 lot_id, QueryRun run)
{
	NullableDatum args[] = {arg_id(user_id), arg_id(lot_id)};

	return row_int(run(call, &open_shortfall, args), 0, 1);
}
