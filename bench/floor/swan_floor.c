/*-------------------------------------------------------------------------
 *
 * swan_floor.c
 *	  What swan_book() is measured against: the least that a booking costs.
 *
 * bench_empty() does nothing: its cost is the round trip's.  bench_floor()
 * makes the four row writes of a booking through saved plans and nothing else:
 * no actor, no checks, no locks but the rows' own, no user switch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_empty);
PG_FUNCTION_INFO_V1(bench_floor);

#define WRITE_MAX_ARGS	12

typedef struct Write
{
	const char *text;
	int			expected;
	int			nargs;
	Oid			argtypes[WRITE_MAX_ARGS];
	SPIPlanPtr	plan;
} Write;

static Write write_slot = {
	"UPDATE floor.sessions SET user_id = $2, status = $3, session_deducted = true,"
	" booked_at = $4 WHERE id = $1",
	SPI_OK_UPDATE, 4, {INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID}
};

static Write write_balance = {
	"UPDATE floor.users SET available_sessions = available_sessions - 1"
	" WHERE id = $1 RETURNING available_sessions",
	SPI_OK_UPDATE_RETURNING, 1, {INT8OID}
};

static Write write_lot = {
	"UPDATE floor.swan_lots SET remaining = remaining - 1 WHERE id = $1",
	SPI_OK_UPDATE, 1, {INT8OID}
};

/* the columns that a booking's row has in swan_ledger, from values alone */
static Write write_ledger = {
	"INSERT INTO floor.swan_ledger (id, user_id, delta, balance_after, kind,"
	" session_id, lot_id, actor_id, db_role, call_id, at, xid)"
	" OVERRIDING SYSTEM VALUE"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
	SPI_OK_INSERT, 12, {
		INT8OID, INT8OID, INT4OID, INT4OID, TEXTOID, INT8OID, INT8OID,
		INT8OID, TEXTOID, INT8OID, TIMESTAMPTZOID, XID8OID
	}
};

/* Runs one write, which must hit exactly one row. */
static void
run_write(Write *write, Datum *values)
{
	if (write->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(write->text, write->nargs,
											  write->argtypes,
											  CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare: %s", write->text);
		write->plan = plan;
	}
	if (SPI_execute_plan(write->plan, values, NULL, false, 0) != write->expected ||
		SPI_processed != 1)
		elog(ERROR, "not one row: %s", write->text);
}

/* bench_empty(user_id, session_id): nothing. */
Datum
bench_empty(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_INT64(1));
}

/* bench_floor(user_id, session_id, lot_id): the four writes of a booking. */
Datum
bench_floor(PG_FUNCTION_ARGS)
{
	static Oid	ids = InvalidOid;
	Datum		user_id = PG_GETARG_DATUM(0);
	Datum		session_id = PG_GETARG_DATUM(1);
	Datum		lot_id = PG_GETARG_DATUM(2);
	Datum		now = TimestampTzGetDatum(GetCurrentTimestamp());
	bool		isnull;

	if (!OidIsValid(ids))
		ids = get_relname_relid("swan_ledger_id_seq",
								get_namespace_oid("floor", false));
	SPI_connect();
	{
		Datum		values[] = {
			session_id, user_id, CStringGetTextDatum("scheduled"), now
		};

		run_write(&write_slot, values);
	}
	run_write(&write_balance, &user_id);
	{
		Datum		balance = SPI_getbinval(SPI_tuptable->vals[0],
											SPI_tuptable->tupdesc, 1, &isnull);
		Datum		id = Int64GetDatum(nextval_internal(ids, false));
		Datum		values[] = {
			id, user_id, Int32GetDatum(-1), balance,
			CStringGetTextDatum("booking"), session_id, lot_id, user_id,
			CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)), id, now,
			FullTransactionIdGetDatum(GetCurrentFullTransactionId())
		};

		run_write(&write_lot, &lot_id);
		run_write(&write_ledger, values);
	}
	SPI_finish();
	PG_RETURN_DATUM(session_id);
}
