/*-------------------------------------------------------------------------
 *
 * booking.c
 *	  Booking open slots.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "base/argument.h"
#include "base/details.h"
#include "studio/actor.h"
#include "account/debit.h"
#include "account/kinds.h"
#include "account/open.h"
#include "write/booking.h"
#include "write/taking.h"

PG_FUNCTION_INFO_V1(swan_book_0_2);
PG_FUNCTION_INFO_V1(swan_book_many_0_2);
PG_FUNCTION_INFO_V1(swan_can_book_0_2);

static const char booked_message[] = "Session booked successfully.";

/* Returns whether a booking takes a credit. */
static bool
argument_charge(Call *call, FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return !(actor_is(call, MAY_ADMIN) && call->studio->settings.admin_books_free);
	if (!PG_GETARG_BOOL(n) && !actor_is(call, MAY_OFFICE))
		actor_refuse(call, NULL);
	return PG_GETARG_BOOL(n);
}

/* Returns whether the credits shall be taken only later, which clients cannot say. */
static bool
argument_later(Call *call, FunctionCallInfo fcinfo, int n)
{
	if (!argument_bool(fcinfo, n, false))
		return false;
	if (actor_is(call, MAY_CLIENT))
		actor_refuse(call, NULL);
	return true;
}

/* Answers a key that was used for something else. */
static void
key_conflict(const char *key)
{
	ereport(ERROR,
			(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
			 errmsg("key \"%s\" was used for another booking", key),
			 errhint("Use a new key for a new booking.")));
}

/*
 * Returns which of a call's bookings, not counting those that are used up, is the
 * one of a slot, or of any place of the class that it is of; -1 for none.
 */
static int
find_booked(Call *call, Rows result, const bool *used, int64 session_id, Slot *slot)
{
	int64		class_id;

	for (uint64 row = 0; row < result.nrows; row++)
	{
		if (used[row] || row_id(result, row, OF_CALL_SESSION_ID) != session_id)
			continue;
		if (!slot_find(call, session_id, slot))
			session_not_found(session_id);
		return row;
	}
	if (!slot_find(call, session_id, slot) || slot->class_id == NO_ID)
		return -1;
	class_id = slot->class_id;
	for (uint64 row = 0; row < result.nrows; row++)
	{
		if (!used[row] && slot_find(call, row_id(result, row, OF_CALL_SESSION_ID), slot) &&
			slot->class_id == class_id)
			return row;
	}
	return -1;
}

/* Returns whether a row is of the same booking as the one before it. */
static bool
is_same_booked(Rows result, uint64 row)
{
	return row > 0 && row_id(result, row, OF_CALL_SESSION_ID) ==
		row_id(result, row - 1, OF_CALL_SESSION_ID);
}

/* Returns how many bookings a call wrote down, of which each may have several rows. */
static int
count_booked(Rows result)
{
	int			n = 0;

	for (uint64 row = 0; row < result.nrows; row++)
		n += !is_same_booked(result, row);
	return n;
}

/* Reads what a booking took, and uses up its rows. */
static void
read_booked(Rows result, uint64 row, bool *used, BookingAnswer *answer)
{
	bool		isnull;
	Datum		details = row_datum(result, row, OF_CALL_DETAILS, &isnull);

	answer->ledger_id = row_id(result, row, OF_CALL_ID);
	answer->owed = isnull ? 0 : details_number(details, "owes", 0);
	answer->has_available = true;
	do
	{
		used[row] = true;
		answer->credits -= row_int(result, row, OF_CALL_DELTA);
		answer->available = row_int(result, row, OF_CALL_BALANCE_AFTER);
		row++;
	} while (row < result.nrows && is_same_booked(result, row));
}

/*
 * Returns whether a key was used for just these bookings, and how the first
 * call answered.  Others under the same key are refused.
 */
static bool
find_replay(Call *call, const Booking *bookings, int n, const char *key,
			BookingAnswer *answers)
{
	KeyedRow	before;
	Rows		result;
	bool	   *used;

	if (!ledger_find_key(call, bookings[0].user_id, "booking", key, &before))
		return false;
	result = ledger_rows_of_call(call, bookings[0].user_id, &before, "booking");
	if (count_booked(result) != n)
		key_conflict(key);
	used = palloc0(result.nrows * sizeof(bool));
	for (int i = 0; i < n; i++)
	{
		int			row;
		BookingAnswer *answer = &answers[i];

		memset(answer, 0, sizeof(BookingAnswer));
		row = find_booked(call, result, used, bookings[i].session_id, &answer->slot);
		if (row < 0)
			key_conflict(key);
		read_booked(result, row, used, answer);
		answer->message = booked_message;
		answer->replayed = true;
		answer->attendance = attendance_of(call, &answer->slot, query_recheck);
	}
	return true;
}

/* Takes the credits of a booking, of the lot that was asked for if there is one. */
static int64
booking_pay(Call *call, Account *account, Entry *entry, const Booking *booking,
			int32 credits)
{
	DebitPart	part = {.lot_id = booking->lot_id,.credits = credits};
	Debit		none = {0};
	Debit		chosen = {.nparts = 1,.parts = &part};
	const Lot  *lot;

	if (!booking->of_lot || credits == 0)
		return debit_take(call, account, entry, credits, booking->slot.kind);
	lot = account_find_lot(account, booking->lot_id);
	if (lot == NULL || lot->remaining < credits)
		ereport(ERROR,
				(swan_error_counting(SWAN_INSUFFICIENT_SESSIONS, NULL, "availableSessions",
									 lot ? lot->remaining : 0),
				 errmsg("lot %lld of user %lld has %d credits that can be spent",
						(long long) booking->lot_id, (long long) booking->user_id,
						lot ? lot->remaining : 0),
				 errhint("swan_credits() lists the lots of a client.")));
	if (!lot_is_good(lot, booking->slot.kind))
		ereport(ERROR,
				(swan_error_counting(SWAN_INSUFFICIENT_SESSIONS, NULL, "availableSessions", 0),
				 errmsg("lot %lld of user %lld is not good for %s",
						(long long) booking->lot_id, (long long) booking->user_id,
						kinds_of_session(booking->slot.kind)),
				 errhint("swan_credits() lists the lots of a client.")));
	return debit_change(call, account, entry, &none, credits, &chosen, booking->slot.kind);
}

/*
 * Returns what a session has taken before it is booked: where direct writes are
 * only recorded, a booking that was paid may have become a request again.
 */
static Debit
taken_before(Call *call, const Booking *booking)
{
	Debit		none = {0};

	return slot_is_request(&booking->slot) ?
		debit_find(call, booking->user_id, booking->slot.id, query_recheck) : none;
}

/* Writes one booking that was judged well: ledger, slot, hold. */
void
booking_write(Call *call, Account *account, Booking *booking, const char *key,
			  BookingAnswer *answer)
{
	Entry		entry = NEW_ENTRY;
	Debit		had = taken_before(call, booking);
	int32		credits = Max(booking_cost(booking), had.credits);

	entry.kind = "booking";
	entry.session_id = booking->slot.id;
	entry.key = key;
	if (booking->guest)
		entry.details = details_guest(booking->forced);
	else if (booking->forced)
		entry.details = details_forced();
	if (booking->charged)
		entry.details = debit_price(entry.details, booking_price(booking), credits);
	memset(answer, 0, sizeof(BookingAnswer));
	booking_make_taken(call, booking, credits, &answer->slot);
	account_session(call, account, &booking->slot, &answer->slot);
	answer->ledger_id = had.credits > 0 ? debit_add(call, account, &entry, &had, credits, booking->slot.kind) :
		booking_pay(call, account, &entry, booking, credits);
	booking_take_slot(call, booking, &answer->slot);

	answer->credits = credits;
	answer->owed = Max(0, booking_price(booking) - credits);
	answer->has_available = true;
	answer->available = account_available(account);
	answer->message = booked_message;
	answer->knows_client = true;	/* he was read when he was locked */
	answer->client = account->name;
}

/*
 * Looks at the bookings without a lock and refuses what cannot be, unless it is
 * a retry of a call that succeeded.  So the losers of a rush write nothing.
 */
static bool
look_before_locking(Call *call, Booking *bookings, int n, const char *key,
					BookingAnswer *answers)
{
	for (int i = 0; i < n; i++)
	{
		Account		account;
		SwanErrorCode verdict;

		booking_look_at_slot(call, &bookings[i], query_look);
		booking_authorise(call, &bookings[i]);
		verdict = booking_judge_unlocked(call, &bookings[i], &account, query_look, false);
		if (verdict == SWAN_OK)
			continue;
		if (find_replay(call, bookings, n, key, answers))
			return true;
		booking_refuse(&bookings[i], &account, verdict);
	}
	return false;
}

/* Refuses a guest where there is but one place. */
static void
check_guest(const Booking *booking)
{
	if (booking->guest && booking->slot_known && booking->slot.class_id == NO_ID)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("session %lld is no place of a class", (long long) booking->session_id),
				 errhint("A slot has one client; there are guests in classes only.")));
}

/* Books n slots for one client, all or none. */
static void
book_slots(Call *call, Booking *bookings, int n, const char *key,
		   BookingAnswer *answers)
{
	Account		account;

	if (find_replay(call, bookings, n, key, answers))
		return;
	if (n > 1 || bookings[0].guest || !booking_lock_at_once(call, &bookings[0], &account))
	{
		if (look_before_locking(call, bookings, n, key, answers))
			return;
		bookings_lock(call, bookings, n, &account);
	}
	for (int i = 0; i < n; i++) /* a slot may have changed hands */
	{
		booking_authorise(call, &bookings[i]);
		check_guest(&bookings[i]);
	}
	if (find_replay(call, bookings, n, key, answers))
		return;

	if (bookings[0].client_known)
	{
		account_begin(call, &account);
	}
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			bookings[i].taken_before = bookings[i - 1].taken_before + booking_cost(&bookings[i - 1]);
		booking_judge_locked(call, &bookings[i], &account);
		booking_write(call, &account, &bookings[i], i == 0 ? key : NULL, &answers[i]);
	}
	account_close(call, &account, "Available");
}

/* Notes who books what, and refuses whoever may not. */
static void
start_bookings(Call *call, FunctionCallInfo fcinfo, Booking *bookings,
			   const int64 *ids, int n, bool guest, QueryRun run)
{
	int64		user_id = PG_GETARG_INT64(0);

	memset(bookings, 0, n * sizeof(Booking));
	for (int i = 0; i < n; i++)
	{
		bookings[i].user_id = user_id;
		bookings[i].session_id = ids[i];
		bookings[i].instead_of = NO_ID;
		bookings[i].grants = true;
		bookings[i].guest = guest;

		/* only of a trainer does it depend on the slot who may */
		if (actor_is(call, MAY_TRAINER))
			booking_look_at_slot(call, &bookings[i], run);
		booking_authorise(call, &bookings[i]);
	}
}

/* swan_book(): a client takes an open slot, and pays with a credit. */
Datum
swan_book_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 8, MAY_PERSONS);
	BookingAnswer answer;
	Booking		booking;
	int64		session_id;

	argument_id(fcinfo, 0, "user_id");
	session_id = argument_id(fcinfo, 1, "session_id");
	start_bookings(call, fcinfo, &booking, &session_id, 1, argument_bool(fcinfo, 4, false), query_look);
	booking.charged = argument_charge(call, fcinfo, 2);
	booking.later = argument_later(call, fcinfo, 5);
	booking.of_lot = !PG_ARGISNULL(6);
	if (booking.of_lot)
		booking.lot_id = argument_id(fcinfo, 6, "lot_id");
	booking.forced = actor_force(call, fcinfo, 7);
	book_slots(call, &booking, 1, argument_key(fcinfo, 3), &answer);
	return answer_row(call, fcinfo, &answer);
}

/* swan_book_many(): a client takes several open slots, or none. */
Datum
swan_book_many_0_2(PG_FUNCTION_ARGS)
{
	BookingAnswer *answers;
	Booking    *bookings;
	Call	   *call;
	int64	   *ids;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_PERSONS);
	argument_id(fcinfo, 0, "user_id");
	ids = argument_ids(fcinfo, 1, "session_ids", SWAN_REPEAT_MAX, &n);
	bookings = palloc(n * sizeof(Booking));
	answers = palloc(n * sizeof(BookingAnswer));
	start_bookings(call, fcinfo, bookings, ids, n, argument_bool(fcinfo, 4, false), query_look);
	for (int i = 0; i < n; i++)
		bookings[i].charged = argument_charge(call, fcinfo, 2);
	book_slots(call, bookings, n, argument_key(fcinfo, 3), answers);
	return answer_rows(call, fcinfo, answers, n);
}

/* swan_can_book(): what swan_book() would answer now. */
Datum
swan_can_book_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_READER, 3, MAY_PERSONS);
	Account		account;
	Booking		booking;
	SwanErrorCode verdict;
	int64		session_id;

	argument_id(fcinfo, 0, "user_id");
	session_id = argument_id(fcinfo, 1, "session_id");
	start_bookings(call, fcinfo, &booking, &session_id, 1, argument_bool(fcinfo, 2, false), query_read);
	booking_look_at_slot(call, &booking, query_read);
	check_guest(&booking);
	booking.charged = !(actor_is(call, MAY_ADMIN) &&
						call->studio->settings.admin_books_free);
	verdict = booking_judge_unlocked(call, &booking, &account, query_read, true);
	return booking_answer_verdict(call, fcinfo, verdict,
								  verdict == SWAN_OK ? NULL : booking_sentence(&booking, verdict));
}
