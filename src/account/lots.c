/*-------------------------------------------------------------------------
 *
 * lots.c
 *	  Writing the lots of an account that is open: what they hold, and until when.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"

#include "base/details.h"
#include "base/error.h"
#include "base/zone.h"
#include "account/lots.h"

#define INSERT_LOT \
	"INSERT INTO {lots} (id, user_id, source, granted, remaining, expires_at," \
	" payment_ref, item, amount_minor, currency{?lots.valid_for:, {lots.valid_for}}" \
	"{?lots.good_for:, {lots.good_for}})" \
	" VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9{?lots.valid_for:, $10}" \
	"{?lots.good_for:, $11})"
#define LOT_WRITTEN	"{!lots: RETURNING remaining}"
#define INSERT_LOT_ARGS \
	11, {INT8OID, INT8OID, TEXTOID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, \
	INT8OID, TEXTOID, INTERVALOID, TEXTARRAYOID}, PLAN_SIMPLE

static const StudioQuery insert_lot = {
	INSERT_LOT LOT_WRITTEN, INSERT_LOT_ARGS
};

/* for what somebody may have paid for already */
static const StudioQuery insert_lot_once = {
	INSERT_LOT " ON CONFLICT DO NOTHING" LOT_WRITTEN, INSERT_LOT_ARGS
};

static const StudioQuery update_lot = {
	"UPDATE {lots} l SET remaining = $2, swept = $4"
	" WHERE l.id OPERATOR(pg_catalog.=) $1"
	" AND l.remaining OPERATOR(pg_catalog.=) $3"
	"{!lots: RETURNING l.remaining}",
	4, {INT8OID, INT4OID, INT4OID, BOOLOID}, PLAN_SIMPLE
};

static const StudioQuery see_lot = {
	"SELECT 1 FROM {lots} l WHERE l.id OPERATOR(pg_catalog.=) $1"
	" AND l.remaining OPERATOR(pg_catalog.=) $2",
	2, {INT8OID, INT4OID}, PLAN_SIMPLE
};

/* $3: whether it has ended, with nothing left that is to expire; $4: what is left of valid_for */
static const StudioQuery end_lot = {
	"UPDATE {lots} l SET expires_at = $2, swept = $3"
	"{?lots.valid_for:, {lots.valid_for} = $4}"
	" WHERE l.id OPERATOR(pg_catalog.=) $1"
	" RETURNING l.expires_at",
	4, {INT8OID, TIMESTAMPTZOID, BOOLOID, INTERVALOID}
};

/* Answers a row of ours that is not as we wrote it. */
void
account_interfered(Call *call, StudioTable table, int64 user_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table %s interfered with the account of user %lld",
					call->studio->table_names[table], (long long) user_id),
			 errhint("Triggers of the application must not change or suppress what swanalloc writes.")));
}

/* Makes the lot that a ledger row opened; false: its payment is known already. */
bool
lot_create(Call *call, Account *account, const Entry *entry, int64 id)
{
	bool		once = entry->payment_ref != NULL;
	NullableDatum args[] = {
		arg_id(id), arg_id(account->user_id), arg_text(entry->source),
		arg_int(entry->delta), arg_time(entry->expires_at),
		arg_text(entry->payment_ref), arg_text(entry->item),
		entry->amount_minor, arg_text(entry->currency),
		arg_interval(entry->valid_for), arg_array(entry->good_for)
	};
	Rows		result = query_change(call, once ? &insert_lot_once : &insert_lot,
									  args, TABLE_LOTS, CMD_INSERT, NULL, 0);
	Lot		   *lot;

	if (result.nrows == 0 && once)
		return false;
	if (result.nrows != 1 ||
		(result.desc && row_int(result, 0, 1) != entry->delta))
		account_interfered(call, TABLE_LOTS, account->user_id);
	lot = account_add_lot(account, id, entry->delta, entry->expires_at);
	lot->valid_for = entry->valid_for;
	lot->good_for = entry->good_for;
	if (lot->good_for)
		account->bound = true;
	return true;
}

/*
 * Called when an UPDATE has not hit a lot: it may be newer than the transaction's
 * snapshot, or hold what it holds only since then.  A client is opened, and
 * exchanges credits of one lot for those of another, without a change of his own row.
 */
static void
confirm_lot_seen(Call *call, const Lot *lot)
{
	NullableDatum args[] = {arg_id(lot->id), arg_int(lot->remaining)};

	if (IsolationUsesXactSnapshot() && query_look(call, &see_lot, args).nrows == 0)
		swan_serialization_failure();
}

/* Moves credits out of a lot, or back into it. */
void
lot_move(Call *call, Account *account, Lot *lot, int32 delta)
{
	int32		remaining = add_credits(lot->remaining, delta);
	NullableDatum args[] = {
		arg_id(lot->id), arg_int(remaining), arg_int(lot->remaining),
		arg_bool(remaining == 0 && lot_is_due(call, lot))
	};
	Rows		result = query_change(call, &update_lot, args, TABLE_LOTS,
									  CMD_UPDATE, NULL, 0);

	if (result.nrows == 0)
		confirm_lot_seen(call, lot);
	if (result.nrows != 1 ||
		(result.desc && row_int(result, 0, 1) != remaining))
		account_interfered(call, TABLE_LOTS, account->user_id);
	lot->remaining = remaining;
}

/*
 * Gives a lot another end, before the ledger row that says so: what is left of
 * it then is due where it ends now, and a credit that is about to come back to it
 * is not where it ends later.
 */
void
account_end_lot(Call *call, Account *account, Lot *lot, TimestampTz expires_at)
{
	bool		was_due = lot_is_due(call, lot);
	NullableDatum args[4];
	Rows		result;

	lot->expires_at = expires_at;
	account->out_of_order = true;
	args[0] = arg_id(lot->id);
	args[1] = arg_time(expires_at);
	args[2] = arg_bool(lot->remaining == 0 && lot_is_due(call, lot));
	args[3] = arg_interval(lot->valid_for);
	result = query_change(call, &end_lot, args, TABLE_LOTS, CMD_UPDATE, NULL, 0);
	if (result.nrows != 1 || row_time(result, 0, 1) != expires_at)
	{
		confirm_lot_seen(call, lot);
		account_interfered(call, TABLE_LOTS, account->user_id);
	}
	account->due += lot->remaining * (lot_is_due(call, lot) - was_due);
}

/* Returns whether a ledger row is the first booking from a lot whose time begins with it. */
bool
lot_begins(const Entry *entry)
{
	return entry->lot && entry->lot->valid_for && entry->delta < 0 && entry->session_id != NO_ID;
}

/*
 * Lets the time of a lot begin: it ends when that is over, or where it would have
 * ended anyway.  Returns the details of the booking, which say so.
 */
Datum
lot_begin(Call *call, Account *account, const Entry *entry)
{
	Lot		   *lot = entry->lot;
	TimestampTz from = lot->expires_at;
	TimestampTz until = zone_later(call->studio->settings.time_zone, call->now, lot->valid_for);
	Datum		details;

	if (from != NO_TIME && from < until)
		until = from;
	details = details_of_end(from, until);
	lot->valid_for = NULL;
	account_end_lot(call, account, lot, until);
	if (entry->details == (Datum) 0)
		return details;
	return DirectFunctionCall2(jsonb_concat, entry->details, details);
}
