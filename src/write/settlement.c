/*-------------------------------------------------------------------------
 *
 * settlement.c
 *	  Bookings that a route of the application's made, settled where they are.
 *
 * While direct writes are recorded, a route that knows nothing of swanalloc goes
 * on booking.  Whether its booking took a credit, the office says.  If so, the
 * credit was taken off the balance by a direct change, whose row in the ledger
 * nothing ties to the session.  It is given back to the lots that such changes
 * took from, the last ones first, and taken again by a booking.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "slot/advice.h"
#include "account/debit.h"
#include "account/open.h"
#include "write/answer.h"
#include "write/price.h"

PG_FUNCTION_INFO_V1(swan_settle);

static const char settled_message[] = "Session settled.";

static const StudioQuery settle_slot = {
	"UPDATE {sessions} s SET {sessions.status} = {sessions.status=$4}"
	SLOT_CHARGE
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

#define WORD_COLUMNS(first, next) \
	first(WORD_ID, "g.id") \
	next(WORD_KIND, "g.kind") \
	next(WORD_AT, "g.at") \
	next(WORD_DETAILS, "g.details")

RESULT_COLUMNS(WORD_COLUMNS);

/* what the ledger says last of a client's session */
static const StudioQuery last_word = {
	"SELECT" SELECT_LIST(WORD_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1 AND g.session_id OPERATOR(pg_catalog.=) $2"
	" AND g.kind OPERATOR(pg_catalog.=) ANY"
	" ('{booking,reschedule,merge,confirmation,completion,no_show,cancellation,correction,charge,waiver,external}')"
	" ORDER BY g.id DESC LIMIT 1",
	2, {INT8OID, INT8OID}, PLAN_SIMPLE
};

/* how many credits direct changes of the balance have of a client's lots, the last one first */
static const StudioQuery taken_directly = {
	"SELECT g.lot_id, OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta)"
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1 AND g.lot_id IS NOT NULL"
	" AND g.session_id IS NULL AND g.kind OPERATOR(pg_catalog.=) 'external'"
	" GROUP BY g.lot_id HAVING pg_catalog.sum(g.delta) OPERATOR(pg_catalog.<) 0"
	" ORDER BY pg_catalog.max(g.id) DESC",
	1, {INT8OID}
};

/* Returns whether a row is a booking, or what became of one that took place. */
static bool
can_be_settled(const Slot *slot)
{
	return slot->user_id != NO_ID &&
		(slot_is_booking(slot) || slot->status == STATUS_COMPLETED);
}

/*
 * Returns whether a booking was settled so before, in a call that came to its
 * end; refuses one that the ledger knows otherwise.  What came along with attached tables
 * it knows by its application's word only.
 */
static bool
is_settled(Call *call, const Slot *slot, const Debit *debit, bool charged)
{
	NullableDatum args[] = {arg_id(slot->user_id), arg_id(slot->id)};
	Rows		result = query_recheck(call, &last_word, args);
	bool		isnull;
	Datum		details;

	if (debit->credits == 0 && debit->owed == 0 &&
		(result.nrows == 0 || strcmp(row_text(result, 0, WORD_KIND), "external") == 0 ||
		 (!call->studio->own && row_time(result, 0, WORD_AT) <= call->studio->made_at)))
		return false;
	details = result.nrows > 0 ? row_datum(result, 0, WORD_DETAILS, &isnull) : (Datum) 0;
	if (result.nrows > 0 && !isnull &&
		details_number(details, "settled", NO_ID) == (charged ? 1 : 0))
		return true;
	ereport(ERROR,
			(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
			 errmsg("session %lld is a booking of the ledger, which took credits: %d",
					(long long) slot->id, debit->credits),
			 errhint("swan_charge() takes credits for a booking that was free; swan_cancel() returns what was taken,"
					 " and swan_waive() does where it is over.")));
}

/* Refuses to settle what is no booking. */
static void
check_slot(Call *call, const Slot *slot)
{
	if (can_be_settled(slot))
		return;
	ereport(ERROR,
			(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
			 errmsg("session %lld is %s and nothing to settle", (long long) slot->id, slot->label),
			 errhint("%s", session_advice(call->studio, slot))));
}

/* Answers a booking of somebody who is not there any more. */
static void
refuse_deleted(const Slot *slot)
{
	ereport(ERROR,
			(swan_error(SWAN_USER_NOT_FOUND),
			 errmsg("user %lld of session %lld does not exist",
					(long long) slot->user_id, (long long) slot->id),
			 errhint("Cancel or delete the session as the application does, while guard_sessions is record.")));
}

/* Returns how many credits a booking took: what its row says, else what it costs. */
static int32
credits_taken(Call *call, const Slot *slot)
{
	int32		credits = slot->credits > 0 ? slot->credits :
	price_of(call, slot->user_id, slot, query_recheck);

	if (credits > SWAN_COST_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("session %lld says that it took %d credits", (long long) slot->id, credits),
				 errdetail("A session costs between 0 and %d credits.", SWAN_COST_MAX)));
	return credits;
}

/*
 * Gives back so many credits of what direct changes took, for a session to have
 * them.  What they did not take was taken when nobody watched: it gets a lot of
 * its own.
 */
static Debit
give_back(Call *call, Account *account, const Slot *slot, int32 credits)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	Rows		taken = query_recheck(call, &taken_directly, args);
	Entry		entry = NEW_ENTRY;
	Debit		given = {0};

	entry.kind = "external";
	entry.reason = psprintf("for session %lld", (long long) slot->id);
	given.parts = palloc((taken.nrows + 1) * sizeof(DebitPart));
	for (uint64 i = 0; i < taken.nrows && given.credits < credits; i++)
	{
		Lot		   *lot = account_lot(call, account, row_id(taken, i, 1));

		if (lot_is_due(call, lot))
			continue;
		entry.lot = lot;
		entry.delta = Min(row_int(taken, i, 2), credits - given.credits);
		debit_add_part(&given, lot->id, entry.delta);
		account_write(call, account, &entry);
	}
	if (given.credits < credits)
	{
		entry.lot = NULL;
		entry.delta = credits - given.credits;
		entry.opens_lot = true;
		entry.source = "external";
		debit_add_part(&given, account_write(call, account, &entry), entry.delta);
	}
	return given;
}

/* Writes down what a booking is by now, besides being one. */
static void
write_status(Call *call, Account *account, const Slot *slot)
{
	Entry		entry = NEW_ENTRY;

	if (slot->status == STATUS_SCHEDULED)
		return;
	entry.kind = slot->status == STATUS_CONFIRMED ? "confirmation" : "completion";
	entry.session_id = slot->id;
	account_write(call, account, &entry);
}

/* Writes a booking into the ledger that took so many credits, and returns its row's id. */
static int64
write_booking(Call *call, Account *account, const Slot *slot, bool charged, int32 credits)
{
	static const Debit none = {0};
	Entry		entry = NEW_ENTRY;
	Debit		given = {0};

	if (credits > 0)
		given = give_back(call, account, slot, credits);
	entry.kind = "booking";
	entry.session_id = slot->id;
	entry.details = details_of(1, "settled", (int64) charged);
	if (charged)
		entry.details = debit_price(entry.details, credits, credits);
	return debit_change(call, account, &entry, &none, credits, &given, slot->kind);
}

/* swan_settle(): a booking that the application made is one of the ledger's from now on. */
Datum
swan_settle(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 2, MAY_OFFICE);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	BookingAnswer answer = {.reopened = NO_ID,.message = settled_message};
	Locks		locks = {0};
	Account		account;
	Debit		debit;
	Slot		slot;
	bool		charged;

	if (PG_ARGISNULL(1))
		swan_missing_argument("charged", NULL);
	charged = PG_GETARG_BOOL(1);
	slot_require(call, session_id, &slot);
	check_slot(call, &slot);
	lock_slots(call, &locks, &session_id, 1);
	require_locked_slot(&locks, session_id, &slot);
	check_slot(call, &slot);
	lock_users(call, &locks, &slot.user_id, 1);
	if (!user_is_locked(&locks, slot.user_id))
		refuse_deleted(&slot);
	account_enter(call, &locks, slot.user_id, &account);

	debit = debit_find(call, slot.user_id, session_id, query_recheck);
	answer.slot = slot;
	answer.replayed = is_settled(call, &slot, &debit, charged);
	answer.ledger_id = NO_ID;
	answer.credits = debit.credits;
	if (!answer.replayed)
	{
		answer.credits = charged ? credits_taken(call, &slot) : 0;
		answer.ledger_id = write_booking(call, &account, &slot, charged, answer.credits);
		write_status(call, &account, &slot);
		slot_charge(&answer.slot, answer.credits);
		slot_write(call, &settle_slot, &slot, &answer.slot);
	}
	account_close(call, &account, "Available");

	answer.has_available = true;
	answer.available = account.balance;
	if (slot.status == STATUS_COMPLETED)
		answer.attendance = ATTENDANCE_ATTENDED;
	return answer_row(call, fcinfo, &answer);
}
