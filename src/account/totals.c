/*-------------------------------------------------------------------------
 *
 * totals.c
 *	  What a client's ledger and sessions come to, kept in his ledger rows.
 *
 * Whoever asks for a client's figures would have to add up all of his ledger
 * rows and count all of his sessions.  So each row has the totals up to it, as
 * balance_after is one: whatever is written of a client adds a row, and goes on
 * from his last one.
 *
 * Totals are known or NULL.  NULL are those of a studio whose ledger has no such
 * column, since an earlier version made it; those of rows from before it had
 * one, or before there were as many totals; and those that were written while
 * sessions were not watched, or before that: the registry has the last row of
 * which that may be so, "counted_from".  Then a reader adds up and counts, as it
 * always did, and the next writer does so once.  Unknown are also those of a row
 * that was written for a client who is not there, and so without his lock.
 *
 * A writer counts the sessions without what its own transaction did to them:
 * each of these changes adds a row when it is judged, and some may still wait for
 * that.  If it has added one, and the totals are not known there, they stay unknown
 * until the next transaction.  So they do if it changed sessions and may not have
 * added a row: for somebody who was not there, or before the guards watched as they
 * do now.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/array.h"
#include "utils/xid8.h"

#include "account/attendance.h"
#include "account/totals.h"

#define COUNTED_COLUMNS(first, next) \
	first(COUNTED_SCHEDULED, COUNT_OF_S("scheduled")) \
	next(COUNTED_CONFIRMED, COUNT_OF_S("confirmed")) \
	next(COUNTED_COMPLETED, COUNT_OF_S("completed")) \
	next(COUNTED_CANCELLED, COUNT_OF_S("cancelled"))

RESULT_COLUMNS(COUNTED_COLUMNS);

static const StudioQuery count_sessions = {
	"SELECT" SELECT_LIST(COUNTED_COLUMNS) " FROM {sessions} s"
	" WHERE {live s} AND {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} IS NOT NULL",
	1, {INT8OID}
};

#define SUMMED_COLUMNS(first, next) \
	first(SUMMED_PURCHASED, SUM_OF_G("", PURCHASED_KINDS)) \
	next(SUMMED_DEBITS, SUM_OF_G("OPERATOR(pg_catalog.-) ", DEBIT_KINDS)) \
	next(SUMMED_MISSED, NO_SHOWS_OF_G) \
	next(SUMMED_IS_OURS, "COALESCE(pg_catalog.bool_or(g.xid OPERATOR(pg_catalog.=) $2), false)")

RESULT_COLUMNS(SUMMED_COLUMNS);

/* $2: our transaction */
static const StudioQuery sum_ledger = {
	"SELECT" SELECT_LIST(SUMMED_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1",
	2, {INT8OID, XID8OID}
};

/* Returns whether a kind is in the text of an array of kinds. */
static bool
is_among(const char *kinds, const char *kind)
{
	size_t		len = strlen(kind);

	for (const char *p = strstr(kinds, kind); p; p = strstr(p + 1, kind))
	{
		if ((p[-1] == '{' || p[-1] == ',') && (p[len] == ',' || p[len] == '}'))
			return true;
	}
	return false;
}

/* Leaves totals to be counted by a later call. */
void
totals_unknown(Totals *totals)
{
	totals->known = false;
	totals->looked = true;
}

/* Adds to a total; what no integer can hold is not known. */
static void
add(Totals *totals, int place, int32 n)
{
	if (pg_add_s32_overflow(totals->n[place], n, &totals->n[place]))
		totals_unknown(totals);
}

/*
 * Adds to a number of sessions.  There cannot be fewer than none: then it was
 * wrong, or changes are not judged in their order, and it is counted anew.
 */
static void
add_sessions(Totals *totals, int place, int32 n)
{
	add(totals, place, n);
	if (totals->n[place] < 0)
		totals_unknown(totals);
}

/* Notes a total as a query summed it up. */
static void
put(Totals *totals, int place, int64 n)
{
	totals->n[place] = (int32) n;
	if (totals->n[place] != n)
		totals->known = false;
}

/* Reads the totals of a ledger row, of which the columns have its id and them. */
void
totals_of_row(Studio *studio, Rows result, uint64 row,
			  int id_column, int totals_column, Totals *totals)
{
	bool		isnull;
	Datum		value = row_datum(result, row, totals_column, &isnull);
	ArrayType  *array;

	memset(totals, 0, sizeof(Totals));
	if (isnull || row_id(result, row, id_column) <= studio_counted_from(studio))
		return;
	array = DatumGetArrayTypeP(value);
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] < NTOTALS || ARR_HASNULL(array))
		return;
	memcpy(&totals->n[1], ARR_DATA_PTR(array), NTOTALS * sizeof(int32));
	totals->known = true;
}

/* Notes how many sessions of each status were counted. */
static void
put_counts(Totals *totals, Rows counts)
{
	put(totals, TOTAL_SCHEDULED, row_id(counts, 0, COUNTED_SCHEDULED));
	put(totals, TOTAL_CONFIRMED, row_id(counts, 0, COUNTED_CONFIRMED));
	put(totals, TOTAL_COMPLETED, row_id(counts, 0, COUNTED_COMPLETED));
	put(totals, TOTAL_CANCELLED, row_id(counts, 0, COUNTED_CANCELLED));
}

/*
 * Counts the totals of a locked client up to his last ledger row, where that can
 * be.  If he has none, or the registry says of this transaction what the guards
 * do, a change of it may have no row or may yet get one: so there may be none.
 */
void
totals_count(Call *call, int64 user_id, bool has_ledger, Totals *totals)
{
	Studio	   *studio = call->studio;
	NullableDatum args[] = {
		arg_id(user_id),
		arg_datum(FullTransactionIdGetDatum(GetTopFullTransactionId()))
	};
	Totals		now = {.known = true};
	Rows		sums;

	totals->looked = true;
	if (studio->columns[LEDGER_TOTALS].name == NULL ||
		studio->settings.guard_sessions == GUARD_OFF)
		return;
	sums = query_recheck(call, &sum_ledger, args);
	if (row_bool(sums, 0, SUMMED_IS_OURS))
		return;
	totals->known = true;
	put(totals, TOTAL_PURCHASED, row_id(sums, 0, SUMMED_PURCHASED));
	put(totals, TOTAL_DEBITS, row_id(sums, 0, SUMMED_DEBITS));
	put(totals, TOTAL_MISSED, row_id(sums, 0, SUMMED_MISSED));
	put_counts(totals, query_look_back(call, &count_sessions, args, FirstCommandId));
	if (has_ledger && studio_guarded_since(studio) == FirstCommandId)
		return;
	put_counts(&now, query_recheck(call, &count_sessions, args));
	for (int place = TOTAL_SCHEDULED; place <= TOTAL_CANCELLED; place++)
	{
		if (now.n[place] != totals->n[place])
			totals->known = false;
	}
}

/* Adds a movement of credits. */
void
totals_move(Totals *totals, const char *kind, int32 delta)
{
	if (!totals->known)
		return;
	if (strcmp(kind, "no_show") == 0)
		add(totals, TOTAL_MISSED, 1);
	if (delta == 0)
		return;
	if (is_among(PURCHASED_KINDS, kind))
		add(totals, TOTAL_PURCHASED, delta);
	else if (is_among(DEBIT_KINDS, kind))
		add(totals, TOTAL_DEBITS, -delta);
}

/* Adds what a row says that no-shows have become more. */
void
totals_missed(Totals *totals, int32 n)
{
	if (totals->known && n != 0)
		add(totals, TOTAL_MISSED, n);
}

/* Returns the total that a session of a client counts for, or 0. */
static int
place_of(const Slot *slot, int64 user_id)
{
	if (slot == NULL || slot->user_id != user_id || slot->date == NO_TIME ||
		slot->status < STATUS_SCHEDULED || slot->status > STATUS_CANCELLED)
		return 0;
	return TOTAL_SCHEDULED + slot->status - STATUS_SCHEDULED;
}

/* Counts what a session becomes for a client, before a ledger row says so. */
void
totals_session(Totals *totals, int64 user_id, const Slot *old, const Slot *new)
{
	int			was = place_of(old, user_id);
	int			is = place_of(new, user_id);

	totals->unwritten = true;
	if (!totals->known)
		return;
	if (was != 0)
		add_sessions(totals, was, -1);
	if (is != 0)
		add_sessions(totals, is, 1);
}

/* Returns the totals as a ledger row has them. */
NullableDatum
totals_arg(const Totals *totals)
{
	Datum		elements[NTOTALS];

	if (!totals->known)
		return arg_null();
	for (int i = 0; i < NTOTALS; i++)
		elements[i] = Int32GetDatum(totals->n[i + 1]);
	return arg_datum(PointerGetDatum(construct_array(elements, NTOTALS, INT4OID,
													 sizeof(int32), true, TYPALIGN_INT)));
}
