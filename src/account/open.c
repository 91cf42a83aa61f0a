/*-------------------------------------------------------------------------
 *
 * open.c
 *	  Opening an account for a writer, and closing it.
 *
 * The order within a call is always the same: lock the client, open his account
 * (the last ledger row and the lots), sweep what has expired, check, then
 * account_write() a row for every movement, and at the very end account_close()
 * with the balance.  So no trigger of the application runs between reading and
 * writing an account; what one does to the balance later is caught by
 * account_settle().
 *
 * Until a studio is backfilled the clients who came along with attached tables
 * have no ledger.  Whoever opens the account of one first writes down how he
 * came: his balance, and the bookings that he had.
 *
 * What he had is not to be read from his rows as they are by now.  The guards
 * judge a row when its statement is over, and the other rows of that statement,
 * or of one that fires triggers meanwhile, are changed then and not yet judged.
 * Nor does it tell that a row is of this very transaction: it may have saved the
 * row without a change that is watched, or before the studio was attached.
 *
 * So we look at the tables as they would be without what this transaction did
 * since the guards watch as they do now.  Nothing can be missing then that the
 * client came with, and nothing can be there that came later: every watched change
 * leaves a ledger row for its client when it is judged, so whatever happened to
 * somebody who has none is of this transaction, and waits to be judged.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/error.h"
#include "slot/slot.h"
#include "account/debit.h"
#include "account/open.h"
#include "account/records.h"

/* the reason of a change that nobody saw */
static const char changed_while_detached[] = "changed while detached";

static const StudioQuery find_balance = {
	"SELECT COALESCE({u.available_sessions}, 0) FROM {users} u"
	" WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}
};

#define BOOKING_COLUMNS(first, next) \
	first(BOOKING_ID, "{s.id}") \
	next(BOOKING_RECEIPT, SLOT_RECEIPT("s"))

RESULT_COLUMNS(BOOKING_COLUMNS);

/* live bookings that the ledger knows nothing of */
static const StudioQuery unknown_bookings = {
	"SELECT" SELECT_LIST(BOOKING_COLUMNS) " FROM {sessions} s"
	" WHERE {live s} AND {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND " SLOT_IS_LIVE("s")
	" AND NOT EXISTS (SELECT 1 FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) {s.id}) ORDER BY {s.id}",
	1, {INT8OID}
};

/* rows of a client who was opened at $2 or later, and those of a session */
static const StudioQuery known_rows = {
	"SELECT 1 FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND (g.at OPERATOR(pg_catalog.>=) $2 OR g.session_id OPERATOR(pg_catalog.=) $3) LIMIT 1",
	3, {INT8OID, TIMESTAMPTZOID, INT8OID}
};

/*
 * Writes down what somebody did to a balance behind our back.  What came is a
 * lot of its own; what went is taken from the lots, unexpired ones first.
 */
void
account_external(Call *call, Account *account, int32 delta, const char *reason)
{
	Entry		entry = NEW_ENTRY;
	int			nlots = account->nlots;

	entry.kind = "external";
	entry.reason = reason;
	entry.by_nobody = true;
	if (delta > 0)
	{
		entry.delta = delta;
		entry.opens_lot = true;
		entry.source = "external";
		account_write(call, account, &entry);
		return;
	}

	for (int expired = 0; expired <= 1; expired++)
	{
		for (int i = 0; i < nlots && delta < 0; i++)
		{
			Lot		   *lot = &account->lots[i];

			if (lot->remaining == 0 || lot_is_due(call, lot) != (expired == 1))
				continue;
			entry.lot = lot;
			entry.delta = -Min(lot->remaining, -delta);
			account_write(call, account, &entry);
			delta -= entry.delta;
		}
	}
	if (delta < 0)				/* the lots were short: for swan_verify to say */
	{
		entry.lot = NULL;
		entry.delta = delta;
		account_write(call, account, &entry);
	}
}

/* Writes a row of an account that begins where the studio was attached. */
static void
write_opening(Call *call, Account *account, const char *kind, int32 delta,
			  int64 session_id)
{
	Entry		entry = NEW_ENTRY;

	entry.kind = kind;
	entry.delta = delta;
	entry.session_id = session_id;
	entry.reason = "before the studio was attached";
	entry.by_nobody = true;
	if (delta > 0)
	{
		entry.opens_lot = true;
		entry.source = "opening";
	}
	if (delta < 0)				/* of several lots, if need be, good for all
								 * kinds, as what came along is */
		debit_take(call, account, &entry, -delta, NULL);
	else
		account_write(call, account, &entry);
}

/* Returns how many credits a booking took before anybody watched, as the studio has it said. */
static int32
credits_before(const Studio *studio, int32 receipt)
{
	if (studio->old_bookings == OLD_BOOKINGS_CHARGED)
		return receipt > 0 ? receipt : 1;
	return studio->old_bookings == OLD_BOOKINGS_FLAG ? Max(receipt, 0) : 0;
}

/* Returns the balance with which a client came, 0 if he came later. */
static int32
balance_at_attach(Call *call, const Account *account, CommandId since)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	Rows		result = query_look_back(call, &find_balance, args, since);

	if (result.nrows == 0)
		return 0;
	return Max(0, (int32) row_int(result, 0, 1));	/* below it is nothing */
}

/*
 * Writes the rows with which a client comes along when tables are attached:
 * what he had, if he is new, and which of his live bookings count as paid out
 * of it.  Bookings that are not watched count as they are.
 */
static void
adopt(Call *call, Account *account)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	Studio	   *studio = call->studio;
	CommandId	since = studio_guarded_since(studio);
	TimestampTz now = call->now;
	int32		balance = balance_at_attach(call, account, since);
	int32		charged = 0;
	int32	   *credits;
	Rows		bookings;

	if (studio->settings.guard_sessions == GUARD_OFF)
		bookings = query_recheck(call, &unknown_bookings, args);
	else
		bookings = query_look_back(call, &unknown_bookings, args, since);
	credits = palloc((bookings.nrows + 1) * sizeof(int32));
	for (uint64 i = 0; i < bookings.nrows; i++)
	{
		credits[i] = credits_before(studio, row_int(bookings, i, BOOKING_RECEIPT));
		charged = add_credits(charged, credits[i]);
	}

	call->now = studio->made_at;
	if (account->has_ledger && charged > 0)
		write_opening(call, account, "external", charged, NO_ID);
	else if (!account->has_ledger && (balance > 0 || charged > 0))
		write_opening(call, account, "opening", add_credits(balance, charged), NO_ID);
	for (uint64 i = 0; i < bookings.nrows; i++)
		write_opening(call, account, "booking", -credits[i],
					  row_id(bookings, i, BOOKING_ID));
	call->now = now;
	if (account->ledger_balance != balance)
		account_external(call, account, balance - account->ledger_balance,
						 changed_while_detached);
}

/* Returns whether a client of a studio that is not backfilled was opened. */
static bool
was_opened(Call *call, const Account *account)
{
	return account->has_ledger && account->last_at >= call->studio->made_at;
}

/*
 * Returns how many credits a live booking counts for that came along with its
 * client, who is not opened yet: for readers, who write down nothing.
 */
int32
account_will_adopt(Call *call, const Slot *slot, QueryRun run)
{
	Studio	   *studio = call->studio;
	NullableDatum args[] = {
		arg_id(slot->user_id), arg_time(studio->made_at), arg_id(slot->id)
	};

	if (studio->backfilled || run(call, &known_rows, args).nrows > 0)
		return 0;
	return credits_before(studio, slot->credits);
}

/*
 * Reads the account of a locked client, see account_read().  As long as a
 * studio is not backfilled he may have no ledger yet, or his balance may have
 * moved while the guards were off: then that is written down first.  A guard
 * does not look for the latter.  It may be fired within a call that has not
 * settled the balance yet, or while a change of it waits to be judged.
 */
void
account_open(Call *call, Account *account)
{
	account_read(call, account);
	if (call->studio->backfilled)
		return;
	if (account->balance < 0)	/* the check is not validated yet */
		ereport(ERROR,
				(swan_error(SWAN_INSUFFICIENT_SESSIONS),
				 errmsg("the balance of user %lld is negative", (long long) account->user_id),
				 errhint("Settle it before anything else is done for this client.")));
	if (!was_opened(call, account))
		adopt(call, account);
	if (call->kind == CALL_WRITER && account->ledger_balance != account->balance)
		account_external(call, account, account->balance - account->ledger_balance,
						 changed_while_detached);
	account->moved = 0;			/* the balance itself has moved already */
}

/* Expires the lots of a locked client that are due. */
void
account_sweep(Call *call, Account *account)
{
	for (int i = 0; i < account->nlots; i++)
	{
		Lot		   *lot = &account->lots[i];
		Entry		entry = NEW_ENTRY;

		if (lot->remaining == 0 || !lot_is_due(call, lot))
			continue;
		entry.kind = "expiry";
		entry.delta = -lot->remaining;
		entry.lot = lot;
		entry.by_nobody = true;
		account->due -= lot->remaining;
		account_write(call, account, &entry);
	}
}

/* Opens the account of a locked client for a writer: what is due expires first. */
void
account_begin(Call *call, Account *account)
{
	account_open(call, account);
	account_sweep(call, account);
}

/* Likewise of a client who is one of those whom the call has locked. */
void
account_enter(Call *call, const Locks *locks, int64 user_id, Account *account)
{
	if (!locked_user(locks, user_id, account))
		user_not_found(user_id);
	account_begin(call, account);
}

/*
 * Ends what a writer does to an account: the balance, and where they are kept
 * its records, which are noted with the reason.
 */
void
account_close(Call *call, Account *account, const char *reason)
{
	if (account->totals.unwritten)
		elog(ERROR, "a session of user %lld was counted after its ledger row",
			 (long long) account->user_id);
	account_settle(call, account);
	records_sync(call, account, reason);
}
