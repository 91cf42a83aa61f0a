/*-------------------------------------------------------------------------
 *
 * forget.c
 *	  Erasing a person.
 *
 * What was written of him in words goes, his numbers stay and add up.  The ledger
 * is append-only to everybody; this one statement of the engine clears words in
 * rows that are there, and a row of its own says when that was done.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/client.h"
#include "account/open.h"

PG_FUNCTION_INFO_V1(swan_forget);

/* what a client has to come, or asks for */
static const StudioQuery has_sessions = {
	"SELECT {s.id} FROM {sessions} s WHERE {live s} AND {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} IS NOT NULL AND {s.status:scheduled,confirmed,requested}"
	" ORDER BY {s.id}",
	1, {INT8OID}
};

static const StudioQuery has_holds = {
	"SELECT h.session_id FROM {holds} h WHERE h.user_id OPERATOR(pg_catalog.=) $1"
	" AND h.until OPERATOR(pg_catalog.>) $2 ORDER BY h.session_id",
	2, {INT8OID, TIMESTAMPTZOID}
};

/*
 * Whether a row of his sessions s has words of ours: its notes, in a studio of our own
 * making ($2) or in a record of a credit, and why it was cancelled.
 */
#define HAS_NOTES \
	"({s.notes} IS NOT NULL AND ($2 OR ({s.session_date} IS NULL AND {s.status:available})))"
#define SESSION_HAS_WORDS \
	"{s.user_id} OPERATOR(pg_catalog.=) $1 AND (" HAS_NOTES " OR {s.cancel_reason} IS NOT NULL)"

static const StudioQuery noted_sessions = {
	"SELECT {s.id} FROM {sessions} s WHERE {live s} AND " SESSION_HAS_WORDS " ORDER BY {s.id}",
	2, {INT8OID, BOOLOID}
};

/* likewise, also those that are deleted */
static const StudioQuery any_noted_sessions = {
	"SELECT {s.id} FROM {sessions} s WHERE {any s} AND " SESSION_HAS_WORDS,
	2, {INT8OID, BOOLOID}
};

/* of those that are locked, or deleted */
#define TO_BE_CLEARED \
	"{s.user_id} OPERATOR(pg_catalog.=) $1" \
	" AND ({s.id} OPERATOR(pg_catalog.=) ANY ($3) OR NOT ({live s}))"

static const StudioQuery clear_notes = {
	"UPDATE {sessions} s SET {sessions.notes} = NULL"
	" WHERE " TO_BE_CLEARED " AND " HAS_NOTES " RETURNING {s.id}",
	3, {INT8OID, BOOLOID, INT8ARRAYOID}
};

static const StudioQuery clear_cancel_reasons = {
	"UPDATE {sessions} s SET {sessions.cancel_reason} = NULL"
	" WHERE " TO_BE_CLEARED " AND {s.cancel_reason} IS NOT NULL RETURNING {s.id}",
	3, {INT8OID, BOOLOID, INT8ARRAYOID}
};

static const StudioQuery clear_name = {
	"UPDATE {users} u SET {users.available_sessions} = {u.available_sessions}"
	"{?users.first_name:, {users.first_name} = NULL}{?users.last_name:, {users.last_name} = NULL}"
	"{?users.email:, {users.email} = NULL} WHERE {u.id} OPERATOR(pg_catalog.=) $1 RETURNING {u.id}",
	1, {INT8OID}
};

/* the other clients of what went from him or to him */
static const StudioQuery others = {
	"SELECT DISTINCT " OTHER_OF("g") " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1 AND " OTHER_OF("g") " IS NOT NULL",
	1, {INT8OID}
};

/* ledger rows g that may name $1 in words: his, and those of the others of $2 */
#define IS_ABOUT \
	"((g.user_id OPERATOR(pg_catalog.=) $1" \
	" AND (g.reason IS NOT NULL OR g.key IS NOT NULL OR " HAS_WORDS "))" \
	" OR (g.user_id OPERATOR(pg_catalog.=) ANY ($2) AND g.reason IS NOT NULL" \
	" AND " OTHER_OF("g") " OPERATOR(pg_catalog.=) $1))"

/* whether the details are the caller's own: all others are numbers, times and labels */
#define HAS_WORDS \
	"(g.details IS NOT NULL AND g.kind OPERATOR(pg_catalog.=) 'purchase'" \
	" AND NOT EXISTS (SELECT 1 FROM {lots} l WHERE l.id OPERATOR(pg_catalog.=) g.lot_id" \
	" AND l.source OPERATOR(pg_catalog.=) 'import'))"

static const StudioQuery clear_ledger = {
	"UPDATE {ledger} g SET reason = NULL, key = CASE WHEN g.user_id OPERATOR(pg_catalog.<>) $1"
	" THEN g.key END, details = CASE WHEN NOT " HAS_WORDS " THEN g.details END"
	" WHERE " IS_ABOUT " RETURNING g.id",
	2, {INT8OID, INT8ARRAYOID}, PLAN_CUSTOM
};

static const StudioQuery left_in_ledger = {
	"SELECT 1 FROM {ledger} g WHERE " IS_ABOUT " LIMIT 1",
	2, {INT8OID, INT8ARRAYOID}, PLAN_CUSTOM
};

static const StudioQuery has_waits = {
	"SELECT w.session_id FROM {waits} w WHERE w.user_id OPERATOR(pg_catalog.=) $1"
	" ORDER BY w.session_id",
	1, {INT8OID}
};

/* Returns the ids in the first column of a result. */
static int64 *
ids_of(Rows rows)
{
	int64	   *ids = palloc((rows.nrows + 1) * sizeof(int64));

	for (uint64 i = 0; i < rows.nrows; i++)
		ids[i] = row_id(rows, i, 1);
	return ids;
}

/* Refuses to forget somebody who has something. */
static void
check_has_nothing(Call *call, const Account *account)
{
	NullableDatum args[] = {arg_id(account->user_id), arg_time(call->now)};
	int32		balance = account->balance + account->moved;
	Rows		sessions = query_recheck(call, &has_sessions, args);
	Rows		holds = query_recheck(call, &has_holds, args);
	Rows		waits = {0};

	if (call->studio->table_names[TABLE_WAITS] != NULL)
		waits = query_recheck(call, &has_waits, args);

	if (balance > 0)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_TRANSITION, "The client has available sessions.",
									 "availableSessions", balance),
				 errmsg("user %lld has %d available sessions", (long long) account->user_id, balance),
				 errhint("swan_revoke() takes them, swan_transfer() hands them over.")));
	if (sessions.nrows > 0)
		ereport(ERROR,
				(swan_error_listing(SWAN_INVALID_TRANSITION, "sessionId", ids_of(sessions), sessions.nrows),
				 errmsg("user %lld has live bookings or requests", (long long) account->user_id),
				 errhint("swan_complete() completes them, swan_cancel() cancels them.")));
	if (holds.nrows > 0)
		ereport(ERROR,
				(swan_error_listing(SWAN_INVALID_TRANSITION, "sessionId", ids_of(holds), holds.nrows),
				 errmsg("user %lld holds a slot", (long long) account->user_id),
				 errhint("swan_release() lets go of it.")));
	if (waits.nrows > 0)
		ereport(ERROR,
				(swan_error_listing(SWAN_INVALID_TRANSITION, "sessionId", ids_of(waits), waits.nrows),
				 errmsg("user %lld waits for a slot", (long long) account->user_id),
				 errhint("swan_unwait() takes him out of the line.")));
}

/* Refuses to leave a row that somebody made whom the transaction's snapshot cannot see. */
static void
check_nothing_is_left(Call *call, const StudioQuery *query, const NullableDatum *args,
					  StudioTable table)
{
	if (query_recheck(call, query, args).nrows == 0)
		return;
	if (IsolationUsesXactSnapshot())
		swan_serialization_failure();
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table %s kept words of a person who is erased",
					call->studio->table_names[table])));
}

/* Clears words in rows of his sessions, as far as they are ours; returns in how many. */
static int32
forget_sessions(Call *call, const Locks *locks, int64 user_id)
{
	const StudioColumn *columns = call->studio->columns;
	NullableDatum args[] = {arg_id(user_id), arg_bool(call->studio->own), {0}};
	Rows		noted = query_recheck(call, &noted_sessions, args);
	int64	   *ids = ids_of(noted);
	Locks		more;
	int32		n;

	lock_slots_after(call, locks, &more, ids, noted.nrows);
	n = query_recheck(call, &any_noted_sessions, args).nrows;
	args[2] = arg_ids(ids, noted.nrows);
	if (columns[SESSIONS_NOTES].name != NULL)
		query_change(call, &clear_notes, args, TABLE_SESSIONS, CMD_UPDATE, NULL, 0);
	if (columns[SESSIONS_CANCEL_REASON].name != NULL)
		query_change(call, &clear_cancel_reasons, args, TABLE_SESSIONS, CMD_UPDATE, NULL, 0);
	check_nothing_is_left(call, &any_noted_sessions, args, TABLE_SESSIONS);
	return n;
}

/* Clears words in the ledger; returns in how many rows. */
static int32
forget_ledger(Call *call, const int64 *other_ids, int n, int64 user_id)
{
	NullableDatum args[] = {arg_id(user_id), arg_ids(other_ids, n)};
	Rows		cleared = query_change(call, &clear_ledger, args, TABLE_LEDGER, CMD_UPDATE, NULL, 0);

	check_nothing_is_left(call, &left_in_ledger, args, TABLE_LEDGER);
	return cleared.nrows;
}

/* Locks a person and those with whom he exchanged credits; returns the others. */
static int64 *
lock_with_others(Call *call, Locks *locks, int64 user_id, int *n)
{
	NullableDatum args[] = {arg_id(user_id)};
	Rows		rows = query_recheck(call, &others, args);
	int64	   *ids = ids_of(rows);

	*n = rows.nrows;
	ids[rows.nrows] = user_id;	/* there is room for one more */
	lock_everybody(call, locks, ids, rows.nrows + 1);
	rows = query_recheck(call, &others, args);
	if (rows.nrows != *n)		/* there never are fewer */
		swan_serialization_failure();
	return ids;
}

/* swan_forget(): a person is erased, but for his numbers. */
Datum
swan_forget(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 1, MAY_ADMINS);
	int64		user_id = argument_id(fcinfo, 0, "user_id");
	NullableDatum user_args[] = {arg_id(user_id)};
	NullableDatum noted_args[] = {arg_id(user_id), arg_bool(call->studio->own)};
	Entry		entry = NEW_ENTRY;
	Locks		locks = {0};
	Account		account;
	int64	   *other_ids;
	int			nothers;
	Rows		noted;
	int32		nsessions;
	int32		nrows;
	int64		ledger_id;
	Datum		values[4];
	bool		nulls[4] = {false};

	noted = query_look(call, &noted_sessions, noted_args);
	lock_slots(call, &locks, ids_of(noted), noted.nrows);
	other_ids = lock_with_others(call, &locks, user_id, &nothers);
	account_enter(call, &locks, user_id, &account);
	check_has_nothing(call, &account);

	nrows = forget_ledger(call, other_ids, nothers, user_id);
	nsessions = forget_sessions(call, &locks, user_id);
	if (call->studio->own &&
		query_change(call, &clear_name, user_args, TABLE_USERS, CMD_UPDATE, NULL, 0).nrows != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger on table %s suppressed an erasure",
						call->studio->table_names[TABLE_USERS])));
	entry.kind = "erasure";
	entry.details = details_of(2, "rows", (int64) nrows, "sessions", (int64) nsessions);
	ledger_id = account_write(call, &account, &entry);
	account_close(call, &account, "Available");

	values[0] = Int64GetDatum(user_id);
	values[1] = Int32GetDatum(nrows);
	values[2] = Int32GetDatum(nsessions);
	values[3] = Int64GetDatum(ledger_id);
	return call_return_row(call, fcinfo, values, nulls);
}
