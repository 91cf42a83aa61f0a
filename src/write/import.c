/*-------------------------------------------------------------------------
 *
 * import.c
 *	  Packs that another system sold, as they are there: new, half used, or ended.
 *
 * A pack is written down as what happened to it: it was bought (or given, where
 * nothing says how), some of it was used, and what was left when it ended has
 * expired.  These rows are of now, since a client's ledger is in the order in
 * which it was written; when the pack was bought is in the details of the first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "account/kinds.h"
#include "account/open.h"

PG_FUNCTION_INFO_V1(swan_import);
PG_FUNCTION_INFO_V1(swan_import_many);

/* packs that one call may import */
#define IMPORT_MAX	100000

#define PACK_NCOLUMNS	8

typedef struct Pack
{
	int			place;			/* in the list */
	int64		user_id;
	int32		granted;
	int32		used;
	TimestampTz expires_at;
	TimestampTz bought_at;		/* NO_TIME: not known */
	const char *reason;
	const char *payment_ref;
	const char *item;
	NullableDatum amount_minor;
	const char *currency;
	const ArrayType *good_for;

	/* the answer: one swan_pack */
	int64		lot_id;
	int32		expired;
	int32		available;
	bool		replayed;
} Pack;

#define IMPORTED_COLUMNS(first, next) \
	first(IMPORTED_LOT_ID, "l.id") \
	next(IMPORTED_USER_ID, "l.user_id") \
	next(IMPORTED_GRANTED, "l.granted") \
	next(IMPORTED_IS_ONE, "l.source OPERATOR(pg_catalog.=) 'import'") \
	next(IMPORTED_USED, \
		 "COALESCE((SELECT OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta) FROM {ledger} g" \
		 " WHERE g.user_id OPERATOR(pg_catalog.=) l.user_id AND g.id OPERATOR(pg_catalog.>) l.id" \
		 " AND g.lot_id OPERATOR(pg_catalog.=) l.id AND g.kind OPERATOR(pg_catalog.=) 'usage'), 0)") \
	next(IMPORTED_EXPIRED, \
		 "COALESCE((SELECT OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta) FROM {ledger} g" \
		 " WHERE g.user_id OPERATOR(pg_catalog.=) l.user_id AND g.id OPERATOR(pg_catalog.>) l.id" \
		 " AND g.lot_id OPERATOR(pg_catalog.=) l.id AND g.kind OPERATOR(pg_catalog.=) 'expiry'" \
		 " AND g.call_id OPERATOR(pg_catalog.=) o.call_id), 0)") \
	next(IMPORTED_BALANCE_AFTER, \
		 "(SELECT g.balance_after FROM {ledger} g" \
		 " WHERE g.user_id OPERATOR(pg_catalog.=) l.user_id AND g.id OPERATOR(pg_catalog.>=) l.id" \
		 " AND g.call_id OPERATOR(pg_catalog.=) o.call_id ORDER BY g.id DESC LIMIT 1)")

RESULT_COLUMNS(IMPORTED_COLUMNS);

/* the lot that is known by a payment and item, and what its call came to */
static const StudioQuery find_pack = {
	"SELECT" SELECT_LIST(IMPORTED_COLUMNS) " FROM {lots} l"
	" JOIN {ledger} o ON o.id OPERATOR(pg_catalog.=) l.id"
	" WHERE l.payment_ref OPERATOR(pg_catalog.=) $1 AND l.item OPERATOR(pg_catalog.=) $2"
	" AND l.source OPERATOR(pg_catalog.<>) 'transfer'",
	2, {TEXTOID, TEXTOID}
};

#define LISTED_COLUMNS(first, next) \
	first(LISTED_USER_ID, "x.user_id") \
	next(LISTED_GRANTED, "x.granted") \
	next(LISTED_USED, "x.used") \
	next(LISTED_EXPIRES_AT, "x.expires_at") \
	next(LISTED_REASON, "x.reason") \
	next(LISTED_PAYMENT_REF, "x.payment_ref") \
	next(LISTED_ITEM, "x.item") \
	next(LISTED_AMOUNT_MINOR, "x.amount_minor") \
	next(LISTED_CURRENCY, "x.currency") \
	next(LISTED_AT, "x.at") \
	next(LISTED_GOOD_FOR, "x.good_for")

RESULT_COLUMNS(LISTED_COLUMNS);

static const StudioQuery read_list = {
	"SELECT" SELECT_LIST(LISTED_COLUMNS)
	" FROM ROWS FROM (pg_catalog.jsonb_to_recordset($1) AS (user_id pg_catalog.int8,"
	" granted pg_catalog.int4, used pg_catalog.int4, expires_at pg_catalog.timestamptz,"
	" reason pg_catalog.text, payment_ref pg_catalog.text, item pg_catalog.text,"
	" amount_minor pg_catalog.int8, currency pg_catalog.text, at pg_catalog.timestamptz,"
	" good_for pg_catalog.text[]))"
	" WITH ORDINALITY x (user_id, granted, used, expires_at, reason, payment_ref, item,"
	" amount_minor, currency, at, good_for, n) ORDER BY x.n",
	1, {JSONBOID}, PLAN_CUSTOM
};

static const StudioQuery unknown_member = {
	"SELECT k.name FROM pg_catalog.jsonb_array_elements($1) e (pack),"
	" LATERAL pg_catalog.jsonb_object_keys(e.pack) k (name)"
	" WHERE k.name OPERATOR(pg_catalog.<>) ALL ('{user_id,granted,used,expires_at,reason,"
	"payment_ref,item,amount_minor,currency,at,good_for}') LIMIT 1",
	1, {JSONBOID}, PLAN_CUSTOM
};

/* Refuses what no pack can be, and what is not known of it is its default. */
static void
check_pack(Pack *pack)
{
	if (pack->granted < 1 || pack->used < 0 || pack->used > pack->granted)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_SESSION_COUNT),
				 errmsg("a pack of %d credits, of which %d are used", pack->granted, pack->used),
				 errhint("At least one is granted, and no more are used than that.")));
	if (pack->bought_at != NO_TIME &&
		(TIMESTAMP_NOT_FINITE(pack->bought_at) || pack->bought_at > GetCurrentTimestamp()))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("at must be in the past")));
	if (pack->expires_at != NO_TIME &&
		(TIMESTAMP_IS_NOBEGIN(pack->expires_at) ||
		 (pack->bought_at != NO_TIME && pack->expires_at <= pack->bought_at)))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("expires_at must be later than at")));
	if (pack->expires_at != NO_TIME && TIMESTAMP_IS_NOEND(pack->expires_at))
		pack->expires_at = NO_TIME;
	if (!pack->amount_minor.isnull && DatumGetInt64(pack->amount_minor.value) < 0)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("amount_minor must not be negative")));
	pack->reason = check_reason(unconstify(char *, pack->reason), "Imported");
	check_short_text(pack->currency, "currency");
	check_label(pack->payment_ref, "payment_ref");
	check_short_text(pack->item, "item");
	if (pack->payment_ref == NULL)
		pack->item = NULL;
	else if (pack->item == NULL)
		pack->item = "";
}

/* Refuses a pack that is larger than what is sold; a retry may be by now. */
static void
check_new_pack(Call *call, const Pack *pack)
{
	int32		max = call->studio->settings.purchase_max;

	if (pack->granted > max)
		ereport(ERROR,
				(swan_error_saying(SWAN_INVALID_SESSION_COUNT,
								   psprintf("Session count must be between 1 and %d", max)),
				 errmsg("session count %d is out of range", pack->granted),
				 errhint("It must be between 1 and %d, the setting purchase_max.", max)));
}

/*
 * Returns whether a pack is here already, and how that was answered; one with
 * the same name and other credits is refused.
 */
static bool
same_pack(Call *call, Pack *pack)
{
	NullableDatum args[] = {arg_text(pack->payment_ref), arg_text(pack->item)};
	Rows		result;

	if (pack->payment_ref == NULL)
		return false;
	result = query_recheck(call, &find_pack, args);
	if (result.nrows == 0)
		return false;
	if (row_id(result, 0, IMPORTED_USER_ID) != pack->user_id ||
		row_int(result, 0, IMPORTED_GRANTED) != pack->granted ||
		!row_bool(result, 0, IMPORTED_IS_ONE) ||
		row_int(result, 0, IMPORTED_USED) != pack->used)
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("payment \"%s\" is known with %lld credits of user %lld, of which %lld were used before",
						pack->payment_ref, (long long) row_int(result, 0, IMPORTED_GRANTED),
						(long long) row_id(result, 0, IMPORTED_USER_ID),
						(long long) row_int(result, 0, IMPORTED_USED)),
				 errhint("Tell the items of one payment apart by item.")));
	pack->lot_id = row_id(result, 0, IMPORTED_LOT_ID);
	pack->expired = row_int(result, 0, IMPORTED_EXPIRED);
	pack->available = row_int(result, 0, IMPORTED_BALANCE_AFTER);
	pack->replayed = true;
	return true;
}

/* Returns the details of a pack's first row, or 0. */
static Datum
pack_details(const Pack *pack)
{
	if (pack->bought_at == NO_TIME)
		return (Datum) 0;
	return DirectFunctionCall1(jsonb_in,
							   CStringGetDatum(psprintf("{\"bought_at\": \"%s\"}",
														zone_json_time(pack->bought_at))));
}

/* Writes down what happened to a pack, of a client whose account is open. */
static void
write_pack(Call *call, Account *account, Pack *pack)
{
	Entry		entry = NEW_ENTRY;
	Lot		   *lot;

	entry.kind = pack->payment_ref ? "purchase" : "grant";
	entry.delta = pack->granted;
	entry.opens_lot = true;
	entry.source = "import";
	entry.reason = pack->reason;
	entry.payment_ref = pack->payment_ref;
	entry.item = pack->item;
	entry.amount_minor = pack->amount_minor;
	entry.currency = pack->currency;
	entry.expires_at = pack->expires_at;
	entry.good_for = pack->good_for;
	entry.details = pack_details(pack);
	pack->lot_id = account_write(call, account, &entry);
	if (pack->lot_id == NO_ID)
	{
		(void) same_pack(call, pack);	/* of another client, and quicker */
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger on table %s or %s suppressed a pack",
						call->studio->table_names[TABLE_LEDGER],
						call->studio->table_names[TABLE_LOTS])));
	}
	lot = account_lot(call, account, pack->lot_id);
	if (pack->used > 0)
	{
		Entry		usage = NEW_ENTRY;

		usage.kind = "usage";
		usage.delta = -pack->used;
		usage.lot = lot;
		usage.reason = pack->reason;
		usage.payment_ref = pack->payment_ref;
		usage.item = pack->item;
		account_write(call, account, &usage);
	}
	if (lot_is_due(call, lot))
	{
		pack->expired = lot->remaining;
		account->due += lot->remaining;
		account_sweep(call, account);
	}
}

/* Imports packs of one client, who is locked, but those that are here already. */
static void
import_for(Call *call, Account *account, Pack *const *packs, int n)
{
	bool		any = false;

	for (int i = 0; i < n; i++)
		any = !same_pack(call, packs[i]) || any;
	if (!any)
		return;
	account_begin(call, account);
	for (int i = 0; i < n; i++)
	{
		/* the same one may be listed twice */
		if (packs[i]->replayed || (i > 0 && same_pack(call, packs[i])))
			continue;
		check_new_pack(call, packs[i]);
		write_pack(call, account, packs[i]);
	}
	account_close(call, account, packs[0]->reason);
	for (int i = 0; i < n; i++)
	{
		if (!packs[i]->replayed)
			packs[i]->available = account->balance;
	}
}

/* Fills the columns of a swan_pack. */
static void
pack_columns(const Pack *pack, Datum *values, bool *nulls)
{
	memset(nulls, false, PACK_NCOLUMNS * sizeof(bool));
	values[0] = Int64GetDatum(pack->user_id);
	values[1] = Int64GetDatum(pack->lot_id);
	values[2] = Int32GetDatum(pack->granted);
	values[3] = Int32GetDatum(pack->used);
	values[4] = Int32GetDatum(pack->expired);
	values[5] = Int32GetDatum(pack->granted - pack->used - pack->expired);
	values[6] = Int32GetDatum(pack->available);
	values[7] = BoolGetDatum(pack->replayed);
}

/* swan_import(): a pack that another system sold. */
Datum
swan_import(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 11, MAY_ADMINS);
	Pack		pack = {0};
	Pack	   *packs = &pack;
	Account		account;
	Datum		values[PACK_NCOLUMNS];
	bool		nulls[PACK_NCOLUMNS];

	pack.user_id = argument_id(fcinfo, 0, "user_id");
	if (PG_ARGISNULL(1))
		swan_missing_argument("granted", NULL);
	pack.granted = PG_GETARG_INT32(1);
	pack.used = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	pack.expires_at = argument_time(fcinfo, 3);
	pack.reason = argument_text(fcinfo, 4);
	pack.payment_ref = argument_text(fcinfo, 5);
	pack.item = argument_text(fcinfo, 6);
	pack.amount_minor = fcinfo->args[7];
	pack.currency = argument_text(fcinfo, 8);
	pack.bought_at = argument_time(fcinfo, 9);
	pack.good_for = kinds_argument(call, fcinfo, 10);
	check_pack(&pack);

	if (!same_pack(call, &pack))
	{
		if (!account_lock(call, pack.user_id, &account))
			user_not_found(pack.user_id);
		call_set_now(call);
		import_for(call, &account, &packs, 1);
	}
	pack_columns(&pack, values, nulls);
	return call_return_row(call, fcinfo, values, nulls);
}

/* Reads a list of packs. */
static Pack *
argument_packs(Call *call, FunctionCallInfo fcinfo, int *n)
{
	NullableDatum args[] = {fcinfo->args[0]};
	Rows		rows;
	Pack	   *packs;

	if (args[0].isnull)
		swan_missing_argument("packs", NULL);
	rows = query_look(call, &read_list, args);
	if (rows.nrows < 1 || rows.nrows > IMPORT_MAX)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("packs must name between 1 and %d", IMPORT_MAX)));
	*n = rows.nrows;
	packs = palloc0(rows.nrows * sizeof(Pack));
	for (uint64 i = 0; i < rows.nrows; i++)
	{
		Pack	   *pack = &packs[i];

		if (row_isnull(rows, i, LISTED_USER_ID) || row_isnull(rows, i, LISTED_GRANTED))
			swan_missing_argument(psprintf("%s of element %d of packs",
										   row_isnull(rows, i, LISTED_USER_ID) ? "user_id" : "granted",
										   (int) i + 1), NULL);
		pack->place = i;
		pack->user_id = row_id(rows, i, LISTED_USER_ID);
		pack->granted = row_int(rows, i, LISTED_GRANTED);
		pack->used = row_int(rows, i, LISTED_USED);
		pack->expires_at = row_time(rows, i, LISTED_EXPIRES_AT);
		pack->reason = row_text(rows, i, LISTED_REASON);
		pack->payment_ref = row_text(rows, i, LISTED_PAYMENT_REF);
		pack->item = row_text(rows, i, LISTED_ITEM);
		pack->amount_minor.value = row_datum(rows, i, LISTED_AMOUNT_MINOR, &pack->amount_minor.isnull);
		pack->currency = row_text(rows, i, LISTED_CURRENCY);
		pack->bought_at = row_time(rows, i, LISTED_AT);
		pack->good_for = kinds_check(call, row_array(rows, i, LISTED_GOOD_FOR));
		check_pack(pack);
	}
	rows = query_look(call, &unknown_member, args);
	if (rows.nrows > 0)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("a pack has no \"%s\"", row_text(rows, 0, 1)),
				 errhint("Its members are the arguments of swan_import().")));
	return packs;
}

/* Compares two packs by their clients, then as they are in the list, for qsort(). */
static int
compare_packs(const void *a, const void *b)
{
	const Pack *x = *(Pack *const *) a;
	const Pack *y = *(Pack *const *) b;

	if (x->user_id != y->user_id)
		return x->user_id < y->user_id ? -1 : 1;
	return x->place - y->place;
}

/*
 * Imports a list of packs, whose clients are locked together, one client after the
 * other.  So lists that share a client wait for each other.  Others meet only where
 * both have one payment for different clients, which one of them may not: whichever
 * order they go in, a deadlock takes none that could have been imported beside the
 * other, and a retry says so.
 */
static void
import_list(Call *call, Pack *packs, int n)
{
	Pack	  **by_client = palloc(n * sizeof(Pack *));
	int64	   *ids = palloc(n * sizeof(int64));
	Locks		locks = {0};
	int			first = 0;

	for (int i = 0; i < n; i++)
	{
		by_client[i] = &packs[i];
		ids[i] = packs[i].user_id;
	}
	qsort(by_client, n, sizeof(Pack *), compare_packs);
	lock_users(call, &locks, ids, n);
	for (int next = 1; next <= n; next++)
	{
		Account		account;

		if (next < n && by_client[next]->user_id == by_client[first]->user_id)
			continue;
		sql_scope_begin();
		if (!account_lock(call, by_client[first]->user_id, &account))
			user_not_found(by_client[first]->user_id);
		import_for(call, &account, by_client + first, next - first);
		sql_scope_end();
		first = next;
	}
}

/* swan_import_many(): several packs, of one client or several, or none. */
Datum
swan_import_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Pack	   *packs;
	Call	   *call;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, 1, MAY_ADMINS);
	packs = argument_packs(call, fcinfo, &n);
	import_list(call, packs, n);
	for (int i = 0; i < n; i++)
	{
		Datum		values[PACK_NCOLUMNS];
		bool		nulls[PACK_NCOLUMNS];

		pack_columns(&packs[i], values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	call_end(call);
	return (Datum) 0;
}
