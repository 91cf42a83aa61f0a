/*-------------------------------------------------------------------------
 *
 * grant_many.c
 *	  The same grant for many clients, in a handful of statements.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/kinds.h"
#include "account/open.h"
#include "account/records.h"
#include "write/answer.h"

PG_FUNCTION_INFO_V1(swan_grant_many_0_2);

/* clients that one call may name */
#define GRANT_MANY_MAX	100000

#define GRANTEE_COLUMNS(first, next) \
	first(GRANTEE_ID, "{u.id}") \
	next(GRANTEE_BALANCE, "COALESCE({u.available_sessions}, 0)") \
	next(GRANTEE_FIRST_NAME, "{u.first_name}") \
	next(GRANTEE_LAST_NAME, "{u.last_name}") \
	next(KEYED_ID, "k.id") \
	next(KEYED_DELTA, "k.delta") \
	next(KEYED_BALANCE_AFTER, "k.balance_after") \
	next(KEYED_REASON, "k.reason") \
	next(GRANTEE_HAS_DUE, \
		 "EXISTS (SELECT 1 FROM {lots} l WHERE l.user_id OPERATOR(pg_catalog.=) {u.id}" \
		 " AND l.remaining OPERATOR(pg_catalog.>) 0" \
		 " AND l.expires_at OPERATOR(pg_catalog.<=) $3)")

RESULT_COLUMNS(GRANTEE_COLUMNS);

/* what each of the locked clients has, and whether the key is his already */
static const StudioQuery read_clients = {
	"SELECT" SELECT_LIST(GRANTEE_COLUMNS)
	" FROM ROWS FROM (pg_catalog.unnest($1)) WITH ORDINALITY x (id, n)"
	" LEFT JOIN {users} u ON {live u} AND {u.id} OPERATOR(pg_catalog.=) x.id"
	" LEFT JOIN {ledger} k ON k.user_id OPERATOR(pg_catalog.=) x.id"
	" AND k.kind OPERATOR(pg_catalog.=) 'grant' AND k.key OPERATOR(pg_catalog.=) $2"
	" ORDER BY x.n",
	3, {INT8ARRAYOID, TEXTOID, TIMESTAMPTZOID}, PLAN_CUSTOM
};

#define GRANT_COLUMNS(first, next) \
	first(GRANT_ID, "id") \
	next(GRANT_USER_ID, "user_id")

RESULT_COLUMNS(GRANT_COLUMNS);

/* the totals after $2 more, where they are known in the last row g, and an integer holds them */
#define GRANT_TOTALS \
	"CASE WHEN " G_HAS_TOTALS \
	" AND " TOTAL_OF_G(TOTAL_PURCHASED) " OPERATOR(pg_catalog.<=) (2147483647 OPERATOR(pg_catalog.-) $2)" \
	" THEN ARRAY[" TOTAL_OF_G(TOTAL_PURCHASED) " OPERATOR(pg_catalog.+) $2]" \
	" OPERATOR(pg_catalog.||) {g.totals}[2:] END"

/* one ledger row for each client, after his last one */
static const StudioQuery insert_grants = {
	"INSERT INTO {ledger} (id, user_id, delta, balance_after, kind, lot_id,"
	" reason, actor_id, db_role, key, call_id, at, xid"
	"{?ledger.totals:, {ledger.totals}}{?ledger.suspended:, {ledger.suspended}})"
	" OVERRIDING SYSTEM VALUE"
	" SELECT n.id, n.user_id, $2, n.balance_after OPERATOR(pg_catalog.+) $2,"
	" 'grant', n.id, $3, $4, $5, $6,"
	" CASE WHEN n.call_id OPERATOR(pg_catalog.>) 0 THEN n.call_id ELSE n.id END,"
	" GREATEST($7, n.at), pg_catalog.pg_current_xact_id()"
	"{?ledger.totals:, n.totals}{?ledger.suspended:, n.suspended}"
	" FROM (SELECT x.user_id, x.call_id, COALESCE(b.balance_after, 0) AS balance_after, b.at,"
	" b.totals, b.suspended,"
	" pg_catalog.nextval({ledger_ids}) AS id"
	" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($8)) x (user_id, call_id)"
	" LEFT JOIN LATERAL (SELECT g.balance_after, g.at, " GRANT_TOTALS " AS totals,"
	" {g.suspended} AS suspended FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) x.user_id"
	" ORDER BY g.id DESC LIMIT 1) b ON true) n"
	" RETURNING" SELECT_LIST(GRANT_COLUMNS),
	8, {INT8ARRAYOID, INT4OID, TEXTOID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID,
	INT8ARRAYOID}, PLAN_CUSTOM
};

static const StudioQuery insert_lots = {
	"INSERT INTO {lots} (id, user_id, source, granted, remaining, expires_at"
	"{?lots.valid_for:, {lots.valid_for}}{?lots.good_for:, {lots.good_for}})"
	" SELECT x.id, x.user_id, 'grant', $3, $3, $4{?lots.valid_for:, $5}{?lots.good_for:, $6}"
	" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) x (id, user_id)"
	"{!lots: RETURNING 1}",
	6, {INT8ARRAYOID, INT8ARRAYOID, INT4OID, TIMESTAMPTZOID, INTERVALOID, TEXTARRAYOID}
};

static const StudioQuery update_balances = {
	"UPDATE {users} u SET {users.available_sessions} ="
	" COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.+) $2"
	"{?users.updated_at:, {users.updated_at} = {users.updated_at=$3}}"
	" WHERE {u.id} OPERATOR(pg_catalog.=) ANY ($1)"
	"{!users: RETURNING 1}",
	3, {INT8ARRAYOID, INT4OID, TIMESTAMPTZOID}, PLAN_CUSTOM
};

/* Answers rows of ours that a trigger of the application kept from us. */
static void
check_all_written(Call *call, Rows result, int n, StudioTable table)
{
	if (result.nrows != (uint64) n)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger on table %s interfered with a grant",
						call->studio->table_names[table])));
}

/*
 * Reads the locked clients, after those are up to date that the set-based
 * statements cannot serve: expires what is due, opens who has no ledger yet.
 * Notes the call_id of those for whom a row was written.
 */
static Rows
read_up_to_date(Call *call, const int64 *ids, int n, const char *key, int64 *call_ids)
{
	NullableDatum args[] = {arg_ids(ids, n), arg_text(key), arg_time(call->now)};
	Rows		result = query_recheck(call, &read_clients, args);
	bool		as_read = true;

	for (uint64 i = 0; i < result.nrows; i++)
	{
		Account		account;

		call_ids[i] = NO_ID;
		if (row_isnull(result, i, GRANTEE_ID))
		{
			if (row_isnull(result, i, KEYED_ID))
				user_not_found(ids[i]);
			continue;			/* he is gone, but it is a retry */
		}
		if (call->studio->backfilled && !row_bool(result, i, GRANTEE_HAS_DUE))
			continue;
		sql_scope_begin();
		account_lock(call, ids[i], &account);
		account_begin(call, &account);
		account_close(call, &account, "Available");
		call_ids[i] = account.call_id;
		sql_scope_end();
		as_read = false;
	}
	return as_read ? result : query_recheck(call, &read_clients, args);
}

/* Returns whether there is a client for whom the key is new. */
static bool
any_is_new(Rows result)
{
	for (uint64 i = 0; i < result.nrows; i++)
	{
		if (row_isnull(result, i, KEYED_ID))
			return true;
	}
	return false;
}

/*
 * Fills the answers of all from what was read, and collects those for whom the
 * key is new: who gets what.
 */
static int
fill_answers(Rows result, const int64 *ids, int n, int32 added, const char *key,
			 const char *reason, CreditAnswer *answers, int64 *fresh, int64 *call_ids,
			 TokenEntry *rows)
{
	int			nfresh = 0;

	for (int i = 0; i < n; i++)
	{
		CreditAnswer *answer = &answers[i];
		int32		balance = row_int(result, i, GRANTEE_BALANCE);

		answer->user_id = ids[i];
		answer->added = added;
		answer->client =
			client_spoken_of(person_name(row_text(result, i, GRANTEE_FIRST_NAME),
										 row_text(result, i, GRANTEE_LAST_NAME)), ids[i]);
		answer->replayed = !row_isnull(result, i, KEYED_ID);
		if (answer->replayed)
		{
			if (row_int(result, i, KEYED_DELTA) != added)
				ereport(ERROR,
						(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
						 errmsg("key \"%s\" was used for a grant of %lld to user %lld", key,
								(long long) row_int(result, i, KEYED_DELTA), (long long) ids[i]),
						 errhint("Use a new key for a new grant.")));
			answer->ledger_id = row_id(result, i, KEYED_ID);
			answer->available = row_int(result, i, KEYED_BALANCE_AFTER);
			answer->reason = row_text(result, i, KEYED_REASON);
			continue;
		}
		answer->available = add_credits(balance, added);
		answer->reason = reason;
		rows[nfresh].before.id = rows[nfresh].after.id = ids[i];
		rows[nfresh].before.guarded[GUARDED_BALANCE] = balance;
		rows[nfresh].after.guarded[GUARDED_BALANCE] = answer->available;
		call_ids[nfresh] = call_ids[i]; /* of the fresh ones only, from here
										 * on */
		fresh[nfresh++] = ids[i];
	}
	return nfresh;
}

/* Writes ledger, lots and balances of all clients at once. */
static void
write_grants(Call *call, const Entry *entry, const int64 *ids, const int64 *call_ids,
			 int n, const TokenEntry *rows, CreditAnswer *answers, int nanswers)
{
	NullableDatum ledger_args[] = {
		arg_ids(ids, n), arg_int(entry->delta), arg_text(entry->reason),
		arg_id(call->actor->user_id), arg_text(call->actor->db_role),
		arg_text(entry->key), arg_time(call->now), arg_ids(call_ids, n)
	};
	NullableDatum balance_args[] = {
		arg_ids(ids, n), arg_int(entry->delta), arg_time(call->now)
	};
	Rows		written = query_insert(call, &insert_grants, ledger_args,
									   TABLE_LEDGER);
	int64	   *ledger_ids = palloc(n * sizeof(int64));
	int64	   *users = palloc(n * sizeof(int64));
	int			next = 0;

	check_all_written(call, written, n, TABLE_LEDGER);
	for (int i = 0; i < n; i++)
	{
		ledger_ids[i] = row_id(written, i, GRANT_ID);
		users[i] = row_id(written, i, GRANT_USER_ID);
	}
	{
		NullableDatum lot_args[] = {
			arg_ids(ledger_ids, n), arg_ids(users, n), arg_int(entry->delta),
			arg_time(entry->expires_at), arg_interval(entry->valid_for),
			arg_array(entry->good_for)
		};

		check_all_written(call, query_change(call, &insert_lots, lot_args,
											 TABLE_LOTS, CMD_INSERT, NULL, 0),
						  n, TABLE_LOTS);
	}
	check_all_written(call, query_change(call, &update_balances, balance_args,
										 TABLE_USERS, CMD_UPDATE, rows, n),
					  n, TABLE_USERS);

	/* the rows were written in the order in which the clients were named */
	for (int i = 0; i < nanswers; i++)
	{
		if (answers[i].replayed)
			continue;
		if (users[next] != answers[i].user_id)
			elog(ERROR, "grants were written out of order");
		answers[i].ledger_id = ledger_ids[next++];
	}
}

/* Puts the answers into the result, and keeps the records of who was given something. */
static void
put_answers(Call *call, ReturnSetInfo *rsinfo, const CreditAnswer *answers, int n,
			const char *reason)
{
	for (int i = 0; i < n; i++)
	{
		Datum		values[CREDIT_NCOLUMNS];
		bool		nulls[CREDIT_NCOLUMNS];
		Account		account;

		sql_scope_begin();
		answer_credit_columns(&answers[i], values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		if (call->studio->settings.session_records && !answers[i].replayed)
		{
			account_lock(call, answers[i].user_id, &account);
			records_sync(call, &account, reason);
		}
		sql_scope_end();
	}
}

/* swan_grant_many(): an admin gives many clients the same, or nobody anything. */
Datum
swan_grant_many_0_2(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Entry		entry = NEW_ENTRY;
	Locks		locks = {0};
	CreditAnswer *answers;
	TokenEntry *rows;
	int64	   *ids;
	int64	   *fresh;
	int64	   *call_ids;
	int			nfresh;
	int			n;
	Rows		result;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, 7, MAY_ADMINS);
	ids = argument_ids(fcinfo, 0, "user_ids", GRANT_MANY_MAX, &n);
	if (PG_ARGISNULL(1))
		swan_missing_argument("n", "User ID and session count are required");
	entry.delta = argument_any_count(fcinfo, 1, call->studio->settings.grant_max);
	entry.reason = argument_reason(fcinfo, 2, "Admin added");
	entry.key = argument_key(fcinfo, 4);
	entry.valid_for = lot_validity(call, fcinfo, 5);
	entry.good_for = kinds_argument(call, fcinfo, 6);

	lock_users(call, &locks, ids, n);
	call_ids = palloc(n * sizeof(int64));
	result = read_up_to_date(call, ids, n, entry.key, call_ids);
	if (any_is_new(result))		/* a retry may come when neither is good any
								 * more */
	{
		argument_count(fcinfo, 1, call->studio->settings.grant_max);
		entry.expires_at = argument_expiry(fcinfo, 3);
	}
	answers = palloc0(n * sizeof(CreditAnswer));
	fresh = palloc(n * sizeof(int64));
	rows = palloc0(n * sizeof(TokenEntry));
	nfresh = fill_answers(result, ids, n, entry.delta, entry.key, entry.reason,
						  answers, fresh, call_ids, rows);
	if (nfresh > 0)
		write_grants(call, &entry, fresh, call_ids, nfresh, rows, answers, n);

	put_answers(call, rsinfo, answers, n, entry.reason);
	call_end(call);
	return (Datum) 0;
}
