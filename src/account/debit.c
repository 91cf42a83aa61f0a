/*-------------------------------------------------------------------------
 *
 * debit.c
 *	  What a session has taken of its client's lots, and nobody has returned.
 *
 * Each call that has to do with a session's credits says all that the session
 * has taken then: one ledger row for each lot.  So the rows of the last call
 * tell, and whoever looks for them begins with the client's last row.  There is
 * no index on the session: bookings are given up soon after they were made.
 *
 * A row moves "delta" credits.  Where that is not what the session has of the
 * row's lot from then on, "credits" in the row's details says it; a row that has a
 * lot and moves nothing carries one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/details.h"
#include "account/debit.h"

#define DEBIT_COLUMNS(first, next) \
	first(DEBIT_ID, "g.id") \
	next(DEBIT_KIND, "g.kind") \
	next(DEBIT_DELTA, "g.delta") \
	next(DEBIT_LOT_ID, "g.lot_id") \
	next(DEBIT_CALL_ID, "g.call_id") \
	next(DEBIT_DETAILS, "g.details") \
	next(DEBIT_IS_HERE, "COALESCE(g.session_id OPERATOR(pg_catalog.=) $2, false)")

RESULT_COLUMNS(DEBIT_COLUMNS);

/*
 * The last row that says what a session has taken.  A cancellation that gives
 * nothing back leaves it what it has.
 */
static const StudioQuery last_of_session = {
	"SELECT" SELECT_LIST(DEBIT_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND (g.session_id OPERATOR(pg_catalog.=) $2"
	" OR g.from_session_id OPERATOR(pg_catalog.=) $2)"
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('{booking,reschedule,cancellation,correction}')"
	" AND (g.kind OPERATOR(pg_catalog.<>) 'cancellation' OR g.delta OPERATOR(pg_catalog.<>) 0)"
	" ORDER BY g.id DESC LIMIT 1",
	2, {INT8OID, INT8OID}, PLAN_SIMPLE
};

/* all such rows of its call, up to that one */
static const StudioQuery rows_of_session = {
	"SELECT" SELECT_LIST(DEBIT_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) $2"
	" AND g.id OPERATOR(pg_catalog.>=) $3 AND g.id OPERATOR(pg_catalog.<=) $4"
	" AND g.call_id OPERATOR(pg_catalog.=) $3"
	" AND g.kind OPERATOR(pg_catalog.=) $5 ORDER BY g.id",
	5, {INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID}, PLAN_SIMPLE
};

/* Returns how many credits a session has of a row's lot from that row on. */
static int32
credits_of_row(Rows rows, uint64 row)
{
	int32		delta = row_int(rows, row, DEBIT_DELTA);
	bool		isnull;
	Datum		details = row_datum(rows, row, DEBIT_DETAILS, &isnull);

	if (row_isnull(rows, row, DEBIT_LOT_ID))
		return 0;
	return details_number(isnull ? (Datum) 0 : details, "credits", delta < 0 ? -delta : 1);
}

/* Returns what a session has taken of its client's lots and was not returned. */
Debit
debit_find(Call *call, int64 user_id, int64 session_id, QueryRun run)
{
	NullableDatum args[] = {arg_id(user_id), arg_id(session_id)};
	Rows		rows = run(call, &last_of_session, args);
	Debit		debit = {0};

	if (rows.nrows == 0 || !row_bool(rows, 0, DEBIT_IS_HERE) ||
		strcmp(row_text(rows, 0, DEBIT_KIND), "cancellation") == 0)
		return debit;
	if (row_id(rows, 0, DEBIT_ID) != row_id(rows, 0, DEBIT_CALL_ID))
	{
		NullableDatum more[] = {
			args[0], args[1], arg_id(row_id(rows, 0, DEBIT_CALL_ID)),
			arg_id(row_id(rows, 0, DEBIT_ID)), arg_text(row_text(rows, 0, DEBIT_KIND))
		};

		rows = run(call, &rows_of_session, more);
	}
	debit.parts = palloc((rows.nrows + 1) * sizeof(DebitPart));
	for (uint64 i = 0; i < rows.nrows; i++)
	{
		int32		credits = credits_of_row(rows, i);

		if (credits == 0)
			continue;
		debit.parts[debit.nparts].lot_id = row_id(rows, i, DEBIT_LOT_ID);
		debit.parts[debit.nparts++].credits = credits;
		debit.credits += credits;
	}
	return debit;
}

/* Notes that a ledger row is written, of which there may be more for the same call. */
static void
note_written(Entry *entry, int64 id, int64 *first)
{
	if (*first == NO_ID)
		*first = id;
	entry->key = NULL;			/* these are on the first one */
	entry->missed = 0;
}

/* Returns the lot to take the next credit from: one that had it before, or the soonest to expire. */
static Lot *
next_lot(Call *call, Account *account, const Debit *before)
{
	for (int i = 0; before && i < before->nparts; i++)
	{
		Lot		   *lot = account_lot(call, account, before->parts[i].lot_id);

		if (lot->remaining > 0 && !lot_is_due(call, lot))
			return lot;
	}
	return account_soonest(account);
}

/*
 * Takes credits for a session and writes that down: one row for each lot, or one
 * for none.  It may have had some before, whose lots come first.  Returns the first
 * row's id.
 */
int64
debit_take(Call *call, Account *account, Entry *entry, int32 credits, const Debit *before)
{
	int64		first = NO_ID;

	do
	{
		if (credits > 0)
		{
			entry->lot = next_lot(call, account, before);
			entry->delta = -Min(entry->lot->remaining, credits);
			credits += entry->delta;
		}
		note_written(entry, account_write(call, account, entry), &first);
	} while (credits > 0);
	return first;
}

/*
 * Writes down that a session has what it, or the one that it takes the place of,
 * had taken before.  Returns the first row's id.
 */
int64
debit_carry(Call *call, Account *account, Entry *entry, const Debit *debit)
{
	Datum		details = entry->details;
	int64		first = NO_ID;

	if (debit->nparts == 0)
		return account_write(call, account, entry);
	for (int i = 0; i < debit->nparts; i++)
	{
		const DebitPart *part = &debit->parts[i];

		entry->lot = account_lot(call, account, part->lot_id);
		entry->details = part->credits == 1 ? details :
			details_with_number(details, "credits", part->credits);
		note_written(entry, account_write(call, account, entry), &first);
	}
	return first;
}
