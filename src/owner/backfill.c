/*-------------------------------------------------------------------------
 *
 * backfill.c
 *	  Giving every client of an attached studio his ledger.
 *
 * Until it is done each client is opened when he is first touched.  It can be
 * called again after an error: who has a ledger is passed over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/enter.h"
#include "studio/template.h"
#include "account/open.h"

PG_FUNCTION_INFO_V1(swan_backfill);

/* clients of one batch */
#define BATCH_MAX	1000000

static const StudioQuery next_clients = {
	"SELECT {u.id} FROM {users} u WHERE {live u} AND {u.id} OPERATOR(pg_catalog.>) $1"
	" ORDER BY {u.id} LIMIT $2",
	2, {INT8OID, INT4OID}
};

/* Opens the clients of one batch; returns the last of them, or NO_ID at the end. */
static int64
backfill_batch(Studio *studio, int64 after, int32 batch)
{
	Call	   *call = call_begin(studio, CALL_WRITER);
	NullableDatum args[] = {{Int64GetDatum(after), false}, arg_int(batch)};
	Rows		result = query_recheck(call, &next_clients, args);
	int64		last = NO_ID;

	for (uint64 i = 0; i < result.nrows; i++)
	{
		Account		account;

		last = row_id(result, i, 1);
		sql_scope_begin();
		if (account_lock(call, last, &account))
		{
			call_set_now(call);
			account_open(call, &account);
		}
		sql_scope_end();
	}
	call_end(call);
	return last;
}

/*
 * Takes what is left of clients who were deleted while the studio was detached:
 * there is no row to lock, and nobody who would book.
 */
static void
settle_deleted(Studio *studio)
{
	static const StudioQuery deleted_clients = {
		"SELECT DISTINCT l.user_id FROM {lots} l"
		" WHERE l.remaining OPERATOR(pg_catalog.>) 0"
		" AND NOT EXISTS (SELECT 1 FROM {users} u"
		" WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) l.user_id) ORDER BY 1",
		0, {0}, PLAN_CUSTOM
	};
	Call	   *call = call_begin(studio, CALL_WRITER);
	Rows		result = query_recheck(call, &deleted_clients, NULL);

	for (uint64 i = 0; i < result.nrows; i++)
	{
		Account		account = {.user_id = row_id(result, i, 1),.call_id = NO_ID};

		sql_scope_begin();
		account_read(call, &account);
		account_external(call, &account, -account.ledger_balance, "deleted while detached");
		sql_scope_end();
	}
	call_end(call);
}

/* Notes that every client has his ledger, and that no balance is negative. */
static void
finish(const char *name)
{
	static const Oid argtypes[] = {TEXTOID};
	Studio	   *studio = studio_of_owner(name);
	NullableDatum args[] = {arg_text(studio->name)};
	Call	   *call;

	studio_check(studio);
	call = call_begin_as(studio->owner, "pg_catalog, pg_temp");
	sql_utility(call, expand_template(studio, "ALTER TABLE {users}"
									  " VALIDATE CONSTRAINT swan_balance_check"));
	call_end(call);
	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	sql_once(call, "UPDATE swan.studio SET backfilled = true"
			 " WHERE name OPERATOR(pg_catalog.=) $1", 1, argtypes, args);
	call_end(call);
}

/* swan_backfill(): opens everybody, a committed batch at a time. */
Datum
swan_backfill(PG_FUNCTION_ARGS)
{
	bool		atomic = !(fcinfo->context && IsA(fcinfo->context, CallContext) &&
						   !castNode(CallContext, fcinfo->context)->atomic);
	char	   *name = argument_text(fcinfo, 1);
	int64		last = PG_INT64_MIN;
	int32		batch;
	Studio	   *studio;

	studio = studio_of_owner(name);
	studio_check(studio);
	batch = argument_between(fcinfo, 0, "batch", BATCH_MAX, 10000);
	PreventCommandIfReadOnly("swan_backfill()");
	name = MemoryContextStrdup(fcinfo->flinfo->fn_mcxt, studio->name);

	do
	{
		studio = studio_of_owner_to_write(name);
		studio_check(studio);
		last = backfill_batch(studio, last, batch);
		if (!atomic)
			sql_commit();
	} while (last != NO_ID);
	studio = studio_of_owner_to_write(name);
	studio_check(studio);
	settle_deleted(studio);
	finish(name);
	return (Datum) 0;
}
