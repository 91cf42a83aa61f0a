/*-------------------------------------------------------------------------
 *
 * debit.c
 *	  What a session has taken of its client's lots, and nobody has returned.
 *
 * Each call that has to do with a session's credits says all that the session
 * has then: one ledger row for each lot.  So the rows of the last call tell, and
 * whoever looks for them begins with the client's last row.  There is no index on
 * the session: bookings are given up soon after they were made.
 *
 * A row moves "delta" credits.  "credits" in its details says how many the session
 * has of the row's lot from then on, where that is not what the row took, nor one
 * that it only carries; and "of", how many it has of all lots, where they are several.
 * "owes" says what it shall take yet, and "cost" 0 that it cost nothing, which is not to be free.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/details.h"
#include "account/kinds.h"
#include "account/returning.h"

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
 * nothing back leaves it what it has, and owes, unless it says otherwise.
 */
static const StudioQuery last_of_session = {
	"SELECT" SELECT_LIST(DEBIT_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND (g.session_id OPERATOR(pg_catalog.=) $2"
	" OR g.from_session_id OPERATOR(pg_catalog.=) $2)"
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('" SESSION_DEBIT_KINDS "')"
	" AND (g.kind OPERATOR(pg_catalog.<>) 'cancellation' OR g.delta OPERATOR(pg_catalog.<>) 0"
	" OR g.details OPERATOR(pg_catalog.?) 'owes')"
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

/* Returns the details of a row, 0 for none at all. */
static Datum
details_of_row(Rows rows, uint64 row)
{
	bool		isnull;
	Datum		details = row_datum(rows, row, DEBIT_DETAILS, &isnull);

	return isnull ? (Datum) 0 : details;
}

/* Returns how many credits a session has of its lot after a row that moves so many. */
static int32
credits_unless_said(int32 delta)
{
	return delta < 0 ? -delta : 1;
}

/* Returns how many credits a session has of a row's lot from that row on. */
static int32
credits_of_row(Rows rows, uint64 row)
{
	if (row_isnull(rows, row, DEBIT_LOT_ID))
		return 0;
	return details_number(details_of_row(rows, row), "credits",
						  credits_unless_said(row_int(rows, row, DEBIT_DELTA)));
}

/* Adds credits of a lot to those of others; there must be room for one more. */
void
debit_add_part(Debit *debit, int64 lot_id, int32 credits)
{
	debit->parts[debit->nparts].lot_id = lot_id;
	debit->parts[debit->nparts++].credits = credits;
	debit->credits += credits;
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
	if (details_number(details_of_row(rows, 0), "of", NO_ID) != NO_ID)
	{
		NullableDatum more[] = {
			args[0], args[1], arg_id(row_id(rows, 0, DEBIT_CALL_ID)),
			arg_id(row_id(rows, 0, DEBIT_ID)), arg_text(row_text(rows, 0, DEBIT_KIND))
		};

		rows = run(call, &rows_of_session, more);
	}
	debit.owed = details_number(details_of_row(rows, 0), "owes", 0);
	debit.gratis = details_number(details_of_row(rows, 0), "cost", 1) == 0;
	debit.parts = palloc((rows.nrows + 1) * sizeof(DebitPart));
	for (uint64 i = 0; i < rows.nrows; i++)
	{
		int32		credits = credits_of_row(rows, i);

		if (credits != 0)
			debit_add_part(&debit, row_id(rows, i, DEBIT_LOT_ID), credits);
	}
	return debit;
}

/*
 * Returns what a session had after the call that a key was used for, and what its
 * client had then.
 */
Debit
debit_of_key(Call *call, int64 user_id, const KeyedRow *row, const char *kind, int32 *available)
{
	Debit		debit = {.owed = details_number(row->details, "owes", 0)};
	CallSum		sum;

	ledger_sum_call(call, user_id, row, kind, &sum);
	*available = sum.balance_after;
	if (row->lot_id != NO_ID)
		debit.credits = details_number(row->details, "of",
									   details_number(row->details, "credits",
													  credits_unless_said(row->delta)));
	return debit;
}

static const Debit none = {0};

/* what a session has of one lot, and shall have */
typedef struct Change
{
	int64		lot_id;
	int32		had;
	int32		has;
} Change;

/* Returns the change of what a session has of a lot, a new one if there is none yet. */
static Change *
change_of_lot(Change *changes, int *n, int64 lot_id)
{
	for (int i = 0; i < *n; i++)
	{
		if (changes[i].lot_id == lot_id)
			return &changes[i];
	}
	memset(&changes[*n], 0, sizeof(Change));
	changes[*n].lot_id = lot_id;
	return &changes[(*n)++];
}

/* Takes of a lot what is there of so many credits; returns how many are missing then. */
static int32
plan_to_take(const Lot *lot, Change *changes, int *n, int32 credits)
{
	Change	   *change;
	int32		taken;

	if (lot->remaining <= 0 || credits == 0)
		return credits;
	change = change_of_lot(changes, n, lot->id);
	taken = Min(lot->remaining - (change->has - change->had), credits);
	change->has += taken;
	return credits - taken;
}

/*
 * Writes down what a session takes, carries or gives back of each lot, which are
 * to be several rows if there are several; returns the first one's id.
 */
static int64
write_changes(Call *call, Account *account, Entry *entry, const Change *changes, int n)
{
	Datum		details = entry->details;
	int64		first = NO_ID;
	int32		total = 0;

	for (int i = 0; i < n; i++)
		total += changes[i].has;
	for (int i = 0; i < n; i++)
	{
		const Change *change = &changes[i];
		int64		id;

		entry->lot = account_lot(call, account, change->lot_id);
		entry->delta = change->had - change->has;
		entry->details = details;
		if (change->has != credits_unless_said(entry->delta))
			entry->details = details_with_number(entry->details, "credits", change->has);
		if (n > 1)
			entry->details = details_with_number(entry->details, "of", total);
		id = account_write(call, account, entry);
		if (entry->delta > 0)
			return_settle(call, account, change->lot_id, entry->delta);
		if (i == 0)
			first = id;
		entry->key = NULL;		/* these are on the first row */
		entry->missed = 0;
	}
	return first;
}

/* Returns how many of a session's credits are good for one of a kind. */
int32
debit_good(Call *call, Account *account, const Debit *debit, const char *kind, QueryRun run)
{
	int32		good = debit->credits;

	for (int i = 0; i < debit->nparts && call->studio->columns[LOTS_GOOD_FOR].name; i++)
	{
		const DebitPart *part = &debit->parts[i];

		if (!lot_is_good(account_look_for_lot(call, account, part->lot_id, run), kind))
			good -= part->credits;
	}
	return good;
}

/*
 * Lets a session of a kind that has some credits have so many, and writes that down.
 * What it takes is what it had before, as far as those lots can give it, and then of
 * those that expire soonest and are good for it; what it gives back goes to those that it took last.
 * One that takes the place of another gives back what is not good for it.
 * Returns the id of the first row.
 */
int64
debit_change(Call *call, Account *account, Entry *entry, const Debit *had,
			 int32 credits, const Debit *before, const char *kind)
{
	Change	   *changes = palloc((had->nparts + account->nlots + before->nparts + 1) * sizeof(Change));
	int			n = 0;
	int32		more = credits - had->credits;

	for (int i = 0; i < had->nparts; i++)
	{
		Change	   *change = change_of_lot(changes, &n, had->parts[i].lot_id);

		change->had += had->parts[i].credits;
		change->has = change->had;
	}
	for (int i = 0; i < n && entry->from_session_id != NO_ID; i++)
	{
		if (lot_is_good(account_lot(call, account, changes[i].lot_id), kind))
			continue;
		more += changes[i].has;
		changes[i].has = 0;
	}
	for (int i = n; i-- > 0 && more < 0;)
	{
		int32		back = Min(changes[i].has, -more);

		changes[i].has -= back;
		more += back;
	}
	for (int i = 0; i < before->nparts && more > 0; i++)
	{
		const DebitPart *part = &before->parts[i];
		const Lot  *lot = account_lot(call, account, part->lot_id);
		int32		wanted = Min(part->credits, more);

		if (!lot_is_due(call, lot))
			more -= wanted - plan_to_take(lot, changes, &n, wanted);
	}
	if (more > 0)
		account_order_lots(account);
	for (int i = 0; i < account->nlots && more > 0; i++)
	{
		if (lot_is_good(&account->lots[i], kind))
			more = plan_to_take(&account->lots[i], changes, &n, more);
	}
	if (more > 0)
		account_lots_short(account);
	return n == 0 ? account_write(call, account, entry) :
		write_changes(call, account, entry, changes, n);
}

/* Lets a session that has some credits have so many, those that expire soonest first. */
int64
debit_add(Call *call, Account *account, Entry *entry, const Debit *had, int32 credits,
		  const char *kind)
{
	return debit_change(call, account, entry, had, credits, &none, kind);
}

/* Takes credits for a session that has none, those that expire soonest. */
int64
debit_take(Call *call, Account *account, Entry *entry, int32 credits, const char *kind)
{
	return debit_change(call, account, entry, &none, credits, &none, kind);
}

/* Writes down that a session has what it, or the one whose place it takes, had before. */
int64
debit_carry(Call *call, Account *account, Entry *entry, const Debit *debit)
{
	return debit_change(call, account, entry, debit, debit->credits, &none, NULL);
}

/* Returns the details of a row by which a session that costs so much takes part of it. */
Datum
debit_price(Datum details, int32 price, int32 taken)
{
	if (price == 0)
		return details_with_number(details, "cost", 0);
	return debit_owes(details, price - taken);
}

/* Returns the details of a row after which a session owes so much. */
Datum
debit_owes(Datum details, int32 owed)
{
	return owed > 0 ? details_with_number(details, "owes", owed) : details;
}
