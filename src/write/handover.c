/*-------------------------------------------------------------------------
 *
 * handover.c
 *	  What goes from one client to another.
 *
 * Credits stay what they are: those of a lot become a lot of the other client's,
 * with its expiry and what was paid for them, so that a refund finds them
 * there.  The first lot keeps what was granted; the ledger says how many of its
 * credits went, in a row of each client's, of one call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "account/lots.h"
#include "write/handover.h"

#define TERMS_COLUMNS(first, next) \
	first(TERMS_PAYMENT_REF, "l.payment_ref") \
	next(TERMS_ITEM, "l.item") \
	next(TERMS_AMOUNT, \
		 AMOUNT_OF("(" HANDED_ON " OPERATOR(pg_catalog.+) $2)") \
		 " OPERATOR(pg_catalog.-) " AMOUNT_OF(HANDED_ON)) \
	next(TERMS_CURRENCY, "l.currency")

RESULT_COLUMNS(TERMS_COLUMNS);

/*
 * On what terms a client has $2 credits of a lot: what was paid for all that went
 * with them is rounded down, so of all parts together no amount is lost.
 */
static const StudioQuery lot_terms = {
	"SELECT" SELECT_LIST(TERMS_COLUMNS) " FROM {lots} l LEFT JOIN {ledger} g"
	" ON g.user_id OPERATOR(pg_catalog.=) l.user_id"
	" AND g.lot_id OPERATOR(pg_catalog.=) l.id"
	" AND g.kind OPERATOR(pg_catalog.=) 'transfer'"
	" WHERE l.id OPERATOR(pg_catalog.=) $1 GROUP BY l.id",
	2, {INT8OID, INT4OID}
};

/* Reads who hands over, and to whom: the first two arguments. */
void
handover_arguments(FunctionCallInfo fcinfo, Handover *handover,
				   const char *from_name, const char *to_name)
{
	handover->from_user = argument_id(fcinfo, 0, from_name);
	handover->to_user = argument_id(fcinfo, 1, to_name);
	if (handover->from_user == handover->to_user)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s and %s are the same, user %lld", from_name, to_name,
						(long long) handover->from_user)));
}

/*
 * Fills in the answer that a call had, of which the first row was looked up by its
 * key; false if it was about another client.
 */
bool
handover_replay(Call *call, Handover *handover, const char *kind, const KeyedRow *before)
{
	CallSum		sum;

	if (details_number(before->details, "to_user", NO_ID) != handover->to_user)
		return false;
	ledger_sum_call(call, handover->from_user, before, "transfer", &sum);
	handover->moved = sum.moved;
	handover->from_available = sum.balance_after;
	ledger_sum_call(call, handover->to_user, before, kind, &sum);
	handover->to_available = sum.balance_after;
	handover->ledger_id = before->ledger_id;
	handover->replayed = true;
	return true;
}

/* Locks both clients. */
void
handover_lock(Call *call, Locks *locks, const Handover *handover)
{
	int64		both[] = {handover->from_user, handover->to_user};

	lock_users(call, locks, both, lengthof(both));
}

/* Opens the accounts of both, who are locked; their rows are of one call. */
void
handover_open(Call *call, const Locks *locks, Handover *handover)
{
	Account    *from = &handover->from;
	Account    *to = &handover->to;

	handover->ledger_id = NO_ID;
	if (!locked_user(locks, handover->from_user, from))
		user_not_found(handover->from_user);
	if (!locked_user(locks, handover->to_user, to))
		user_not_found(handover->to_user);
	account_begin(call, from);
	to->call_id = from->call_id;
	account_begin(call, to);
	from->call_id = to->call_id;
}

/* Writes a row of one of the two. */
int64
handover_write(Call *call, Handover *handover, Account *account, const Entry *entry)
{
	int64		id = account_write(call, account, entry);

	handover->from.call_id = handover->to.call_id = account->call_id;
	if (account == &handover->from && handover->ledger_id == NO_ID)
		handover->ledger_id = id;
	return id;
}

/*
 * Hands over so many credits of a lot, and returns the lot that has them then.
 * Refunds are owed some of them, if they are of bookings.  The key, and how many
 * were asked for, are noted with whom they were; what was paid goes along in
 * proportion.
 */
Lot *
handover_lot(Call *call, Handover *handover, Lot *lot, int32 n, int32 owed,
			 const char *key, int64 asked)
{
	NullableDatum args[] = {arg_id(lot->id), arg_int(n)};
	Rows		terms = query_recheck(call, &lot_terms, args);
	Entry		entry = NEW_ENTRY;

	entry.kind = "transfer";
	entry.delta = -n;
	entry.lot = lot;
	entry.reason = handover->reason;
	entry.payment_ref = row_text(terms, 0, TERMS_PAYMENT_REF);
	entry.item = row_text(terms, 0, TERMS_ITEM);
	entry.key = key;
	entry.details = details_of(3, "to_user", handover->to_user, "n", asked,
							   "shortfall", owed > 0 ? -(int64) owed : NO_ID);
	handover_write(call, handover, &handover->from, &entry);

	entry.delta = n;
	entry.lot = NULL;
	entry.opens_lot = true;
	entry.source = "transfer";
	entry.expires_at = lot->expires_at;
	entry.valid_for = lot->valid_for;
	entry.good_for = lot->good_for;
	entry.amount_minor.value = row_datum(terms, 0, TERMS_AMOUNT, &entry.amount_minor.isnull);
	entry.currency = row_text(terms, 0, TERMS_CURRENCY);
	entry.key = NULL;
	entry.details = details_of(3, "from_user", handover->from_user, "from_lot", lot->id,
							   "shortfall", owed > 0 ? (int64) owed : NO_ID);
	handover_write(call, handover, &handover->to, &entry);
	handover->moved += n;
	return &handover->to.lots[handover->to.nlots - 1];
}

/* Closes the accounts of both. */
void
handover_close(Call *call, Handover *handover)
{
	account_close(call, &handover->from, "Available");
	account_close(call, &handover->to, "Transferred");	/* the reason speaks of
														 * the other one */
	handover->from_available = handover->from.balance;
	handover->to_available = handover->to.balance;
}

/* Closes the call with a swan_handover. */
Datum
handover_answer(Call *call, FunctionCallInfo fcinfo, const Handover *handover)
{
	Datum		values[8];
	bool		nulls[8] = {false};

	values[0] = Int64GetDatum(handover->from_user);
	values[1] = Int64GetDatum(handover->to_user);
	values[2] = Int32GetDatum(handover->moved);
	values[3] = Int32GetDatum(handover->bookings);
	values[4] = Int32GetDatum(handover->from_available);
	values[5] = Int32GetDatum(handover->to_available);
	values[6] = Int64GetDatum(handover->ledger_id);
	values[7] = BoolGetDatum(handover->replayed);
	return call_return_row(call, fcinfo, values, nulls);
}
