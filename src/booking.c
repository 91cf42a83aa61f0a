/*-------------------------------------------------------------------------
 *
 * booking.c
 *	  Opening slots, and booking them.
 *
 * The rules of a booking are judged in one place, booking_verdict(), on what
 * is known so far.  swan_book() asks it twice: unlocked, so that the losers of
 * a rush lock and write nothing, and again with slot and client locked.
 * swan_can_book() asks it once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "actor.h"
#include "argument.h"
#include "error.h"
#include "ledger.h"
#include "records.h"
#include "slot.h"

PG_FUNCTION_INFO_V1(swan_book);
PG_FUNCTION_INFO_V1(swan_can_book);

/* the slot and who holds it, without a lock */
static const Statement look_at_slot = {
	"SELECT" SLOT_COLUMNS ", h.user_id, h.until FROM {sessions} s"
	" LEFT JOIN {holds} h ON h.session_id OPERATOR(pg_catalog.=) $1"
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}
};

/* what else stands in the way: always one row */
static const Statement look_at_client = {
	"SELECT h.user_id, h.until, (SELECT {s.id} FROM {sessions} s"
	" WHERE {s.user_id} OPERATOR(pg_catalog.=) $2"
	" AND " SLOT_OVERLAPS("s", "$3", "$4")
	" AND {s.status} IN ('scheduled', 'confirmed')"
	" AND {s.id} OPERATOR(pg_catalog.<>) $1 LIMIT 1)"
	" FROM (SELECT 1) one"
	" LEFT JOIN {holds} h ON h.session_id OPERATOR(pg_catalog.=) $1",
	4, {INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID}
};

static const Statement book_slot = {
	"UPDATE {sessions} s SET {sessions.user_id} = $2, {sessions.status} = $4"
	"{?sessions.session_deducted:, {sessions.session_deducted} = $7}"
	"{?sessions.booked_at:, {sessions.booked_at} = $8}"
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1"
	" AND {s.user_id} IS NULL"
	" AND {s.status} OPERATOR(pg_catalog.=) 'available'"
	" RETURNING" SLOT_COLUMNS,
	8, {INT8OID, INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, INT4OID, BOOLOID, TIMESTAMPTZOID}
};

static const Statement delete_hold = {
	"DELETE FROM {holds} h WHERE h.session_id OPERATOR(pg_catalog.=) $1 RETURNING 1",
	1, {INT8OID}
};

static const Statement find_slot = {
	"SELECT" SLOT_COLUMNS " FROM {sessions} s"
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}
};

/* All that the rules of one booking need to know. */
typedef struct Booking
{
	int64		user_id;
	int64		session_id;
	bool		charged;
	bool		slot_known;
	Slot		slot;
	int64		held_by;		/* NO_ID where nobody does */
	TimestampTz held_until;
	bool		client_known;
	Account		account;
	int64		overlap;		/* a booking in the way, or NO_ID */
} Booking;

/* Returns the rule that a booking breaks, or SWAN_OK; in the report's order. */
static SwanErrorCode
booking_verdict(Call *call, const Booking *booking)
{
	const Slot *slot = &booking->slot;

	if (!booking->slot_known || !slot_is_open(slot))
		return SWAN_SESSION_NOT_AVAILABLE;
	if (slot->date <= call->now && actor_is(call, MAY_CLIENT))
		return SWAN_SESSION_NOT_AVAILABLE;
	if (booking->held_by != NO_ID && booking->held_by != booking->user_id &&
		booking->held_until > call->now)
		return SWAN_SESSION_NOT_AVAILABLE;
	if (!booking->client_known)
		return SWAN_USER_NOT_FOUND;
	if (booking->overlap != NO_ID)
		return SWAN_SLOT_CONFLICT;
	if (booking->charged && account_available(&booking->account) <= 0)
		return SWAN_INSUFFICIENT_SESSIONS;
	return SWAN_OK;
}

/* Raises the error of a broken rule. */
static void
booking_refuse(const Booking *booking, SwanErrorCode verdict)
{
	long long	user_id = booking->user_id;
	long long	session_id = booking->session_id;

	switch (verdict)
	{
		case SWAN_USER_NOT_FOUND:
			user_not_found(booking->user_id);
			break;
		case SWAN_SLOT_CONFLICT:
			ereport(ERROR,
					(swan_errcode_counting(verdict, NULL, "sessionId", booking->overlap),
					 errmsg("session %lld overlaps session %lld of user %lld",
							session_id, (long long) booking->overlap, user_id)));
			break;
		case SWAN_INSUFFICIENT_SESSIONS:
			ereport(ERROR,
					(swan_errcode_counting(verdict, NULL, "availableSessions",
										   account_available(&booking->account)),
					 errmsg("user %lld has no available sessions", user_id),
					 errhint("Add credits with swan_grant().")));
			break;
		default:
			ereport(ERROR,
					(swan_errcode_counting(verdict, NULL, "sessionId", session_id),
					 errmsg("session %lld is not available for booking", session_id)));
	}
}

/* Reads the slot of a booking without locking it. */
static void
booking_look_at_slot(Call *call, Booking *booking)
{
	NullableDatum args[] = {arg_id(booking->session_id)};
	Rows		result = statement_read(call, &look_at_slot, args);

	booking->slot_known = result.nrows == 1 &&
		slot_of_row(result, 0, 1, &booking->slot);
	booking->held_by = NO_ID;
	if (booking->slot_known)
	{
		booking->held_by = row_id(result, 0, SLOT_NCOLUMNS + 1);
		booking->held_until = row_time(result, 0, SLOT_NCOLUMNS + 2);
	}
	booking->overlap = NO_ID;
}

/* Reads who holds the slot and what the client has booked at that time. */
static void
booking_look_at_client(Call *call, Booking *booking,
					   Rows (*run) (Call *, const Statement *, const NullableDatum *))
{
	NullableDatum args[] = {
		arg_id(booking->session_id), arg_id(booking->user_id),
		arg_time(booking->slot.date), arg_time(slot_end(&booking->slot))
	};
	Rows		result = run(call, &look_at_client, args);

	booking->held_by = row_id(result, 0, 1);
	booking->held_until = row_time(result, 0, 2);
	booking->overlap = row_id(result, 0, 3);
}

/*
 * Judges a booking without any lock.  What is dear to find out is looked for
 * only where it makes a difference to the answer.
 */
static SwanErrorCode
booking_judge_unlocked(Call *call, Booking *booking, bool thoroughly)
{
	SwanErrorCode verdict;

	booking->client_known = account_find(call, booking->user_id, &booking->account);
	verdict = booking_verdict(call, booking);
	if (verdict == SWAN_INSUFFICIENT_SESSIONS || (verdict == SWAN_OK && thoroughly))
	{
		booking_look_at_client(call, booking, statement_read);
		verdict = booking_verdict(call, booking);
	}
	return verdict;
}

/*
 * Locks slot and client and judges again.  A conflict that the transaction's
 * own snapshot cannot see is for the caller to retry.
 */
static void
booking_lock(Call *call, Booking *booking)
{
	booking->slot_known = slot_lock(call, booking->session_id, &booking->slot);
	booking->client_known = account_lock(call, booking->user_id, &booking->account);
	call_set_now(call);
}

/* Judges a locked booking, whose account is open. */
static void
booking_judge_locked(Call *call, Booking *booking)
{
	SwanErrorCode verdict;

	if (booking->slot_known && booking->slot.date != NO_TIME)
		booking_look_at_client(call, booking, statement_recheck);
	verdict = booking_verdict(call, booking);
	if (verdict == SWAN_OK)
		return;
	if (IsolationUsesXactSnapshot())
	{
		Booking		seen = *booking;

		booking_look_at_slot(call, &seen);
		if (booking_judge_unlocked(call, &seen, true) == SWAN_OK)
			swan_serialization_failure();
	}
	booking_refuse(booking, verdict);
}

/* Returns whether the booking takes a credit. */
static bool
booking_is_charged(Call *call, FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return !(actor_is(call, MAY_ADMIN) && call->studio->settings.admin_books_free);
	if (!PG_GETARG_BOOL(n) && !actor_is(call, MAY_OFFICE))
		actor_refuse(call, NULL);
	return PG_GETARG_BOOL(n);
}

/* Refuses whoever may not book this slot for this client. */
static void
booking_authorise(Call *call, const Booking *booking)
{
	if (actor_is(call, MAY_TRAINER) && booking->slot_known &&
		booking->slot.trainer_id == call->actor->user_id)
		return;
	if (actor_is(call, MAY_TRAINER) && !booking->slot_known)
		return;					/* which will be told so */
	actor_require_own(call, booking->user_id,
					  "You can only book sessions for yourself.");
}

/* Closes the call with a swan_booking. */
static Datum
return_booking(Call *call, FunctionCallInfo fcinfo, const Slot *slot,
			   bool charged, int32 available, int64 ledger_id, bool replayed)
{
	Datum		values[12];
	bool		nulls[12] = {false};

	values[0] = Int64GetDatum(slot->id);
	values[1] = Int64GetDatum(slot->user_id);
	nulls[1] = slot->user_id == NO_ID;
	values[2] = Int64GetDatum(slot->trainer_id);
	nulls[2] = slot->trainer_id == NO_ID;
	values[3] = CStringGetTextDatum(slot_status_name(slot->status));
	values[4] = TimestampTzGetDatum(slot->date);
	nulls[4] = slot->date == NO_TIME;
	values[5] = Int32GetDatum(slot->duration);
	values[6] = TimestampTzGetDatum(slot->booked_at);
	nulls[6] = slot->booked_at == NO_TIME;
	values[7] = BoolGetDatum(charged);
	values[8] = Int32GetDatum(available);
	values[9] = CStringGetTextDatum("Session booked successfully.");
	values[10] = Int64GetDatum(ledger_id);
	values[11] = BoolGetDatum(replayed);
	return call_return_row(call, fcinfo, values, nulls);
}

/* Returns whether a key was used for the same booking; another is refused. */
static bool
same_booking(Call *call, const Booking *booking, const char *key, KeyedRow *before)
{
	if (!ledger_find_key(call, booking->user_id, "booking", key, before))
		return false;
	if (before->session_id != booking->session_id)
		ereport(ERROR,
				(swan_errcode(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for a booking of session %lld",
						key, (long long) before->session_id),
				 errhint("Use a new key for a new booking.")));
	return true;
}

/* Closes the call with what the first call of the same key returned. */
static Datum
replay_booking(Call *call, FunctionCallInfo fcinfo, const KeyedRow *before)
{
	NullableDatum args[] = {arg_id(before->session_id)};
	Slot		slot = {.id = before->session_id};

	slot_of_row(statement_read(call, &find_slot, args), 0, 1, &slot);
	return return_booking(call, fcinfo, &slot, before->delta != 0,
						  before->balance_after, before->ledger_id, true);
}

/* swan_book(): a client takes an open slot, and pays with a credit. */
Datum
swan_book(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_PERSONS);
	Booking		booking = {0};
	Account    *account = &booking.account;
	Entry		entry = NEW_ENTRY;
	KeyedRow	before;
	SwanErrorCode verdict;
	Slot		booked;
	int64		ledger_id;

	booking.user_id = argument_id(fcinfo, 0, "user_id");
	booking.session_id = argument_id(fcinfo, 1, "session_id");
	booking_look_at_slot(call, &booking);
	booking_authorise(call, &booking);
	booking.charged = booking_is_charged(call, fcinfo, 2);
	entry.key = argument_key(fcinfo, 3);

	if (same_booking(call, &booking, entry.key, &before))
		return replay_booking(call, fcinfo, &before);
	verdict = booking_judge_unlocked(call, &booking, false);
	if (verdict != SWAN_OK)
		booking_refuse(&booking, verdict);

	booking_lock(call, &booking);
	booking_authorise(call, &booking);
	if (same_booking(call, &booking, entry.key, &before))
		return replay_booking(call, fcinfo, &before);
	if (booking.client_known)
	{
		account_open(call, account);
		account_sweep(call, account);
	}
	booking_judge_locked(call, &booking);

	entry.kind = "booking";
	entry.session_id = booking.session_id;
	if (booking.charged)
	{
		entry.delta = -1;
		entry.lot = account_soonest(account);
	}
	ledger_id = account_write(call, account, &entry);

	booked = booking.slot;
	booked.user_id = booking.user_id;
	booked.status = STATUS_SCHEDULED;
	booked.deducted = booking.charged;
	booked.booked_at = call->now;
	slot_write(call, &book_slot, &booking.slot, &booked);
	if (booking.held_by != NO_ID)
	{
		NullableDatum args[] = {arg_id(booking.session_id)};

		statement_change(call, &delete_hold, args, TABLE_HOLDS, CMD_DELETE, NULL, 0);
	}
	account_settle(call, account);
	records_sync(call, account, "Returned");
	return return_booking(call, fcinfo, &booked, booking.charged,
						  account->balance, ledger_id, false);
}

/* swan_can_book(): what swan_book() would answer now. */
Datum
swan_can_book(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_READER, 2, MAY_PERSONS);
	Booking		booking = {0};
	SwanErrorCode verdict;
	Datum		values[4] = {0};
	bool		nulls[4] = {false, true, true, true};

	booking.user_id = argument_id(fcinfo, 0, "user_id");
	booking.session_id = argument_id(fcinfo, 1, "session_id");
	booking_look_at_slot(call, &booking);
	booking_authorise(call, &booking);
	booking.charged = !(actor_is(call, MAY_ADMIN) &&
						call->studio->settings.admin_books_free);
	verdict = booking_judge_unlocked(call, &booking, true);

	values[0] = BoolGetDatum(verdict == SWAN_OK);
	if (verdict != SWAN_OK)
	{
		values[1] = CStringGetTextDatum(swan_error_sqlstate(verdict));
		values[2] = CStringGetTextDatum(swan_error_name(verdict));
		values[3] = CStringGetTextDatum(swan_error_sentence(verdict));
		memset(nulls, false, sizeof(nulls));
	}
	return call_return_row(call, fcinfo, values, nulls);
}
