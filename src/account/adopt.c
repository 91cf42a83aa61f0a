/*-------------------------------------------------------------------------
 *
 * adopt.c
 *	  The accounts of those who came along with attached tables.
 *
 * Until a studio is backfilled its clients have no ledger.  Whoever touches one
 * first writes down how he came: his balance, and the bookings that he had.
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

#include "slot/slot.h"
#include "account/ledger.h"

const char	account_changed_while_detached[] = "changed while detached";

static const StudioQuery find_balance = {
	"SELECT COALESCE({u.available_sessions}, 0) FROM {users} u"
	" WHERE {u.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}
};

/* live bookings that the ledger knows nothing of */
static const StudioQuery unknown_bookings = {
	"SELECT {s.id}, {s.session_deducted} FROM {sessions} s"
	" WHERE {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND " SLOT_IS_LIVE("s")
	" AND NOT EXISTS (SELECT 1 FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) {s.id}) ORDER BY {s.id}",
	1, {INT8OID}
};

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
	else if (delta < 0)
		entry.lot = account_soonest(account);
	account_write(call, account, &entry);
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
void
account_adopt(Call *call, Account *account)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	Studio	   *studio = call->studio;
	CommandId	since = studio_guarded_since(studio);
	TimestampTz now = call->now;
	int32		balance = balance_at_attach(call, account, since);
	int32		ncharged = 0;
	bool	   *charged;
	Rows		bookings;

	if (studio->settings.guard_sessions == GUARD_OFF)
		bookings = query_recheck(call, &unknown_bookings, args);
	else
		bookings = query_look_back(call, &unknown_bookings, args, since);
	charged = palloc((bookings.nrows + 1) * sizeof(bool));
	for (uint64 i = 0; i < bookings.nrows; i++)
	{
		charged[i] = studio->old_bookings == OLD_BOOKINGS_CHARGED ||
			(studio->old_bookings == OLD_BOOKINGS_FLAG && row_bool(bookings, i, 2));
		ncharged += charged[i];
	}

	call->now = studio->made_at;
	if (account->has_ledger && ncharged > 0)
		write_opening(call, account, "external", ncharged, NO_ID);
	else if (!account->has_ledger && (balance > 0 || ncharged > 0))
		write_opening(call, account, "opening", add_credits(balance, ncharged), NO_ID);
	for (uint64 i = 0; i < bookings.nrows; i++)
		write_opening(call, account, "booking", charged[i] ? -1 : 0, row_id(bookings, i, 1));
	call->now = now;
	if (account->ledger_balance != balance)
		account_external(call, account, balance - account->ledger_balance,
						 account_changed_while_detached);
}
