/*-------------------------------------------------------------------------
 *
 * cancel.c
 *	  Bookings that are given up, and open slots that are closed: one, or several
 *	  at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/open.h"
#include "account/returning.h"
#include "write/answer.h"
#include "write/calendar.h"
#include "write/cancel.h"
#include "write/offering.h"
#include "write/rules.h"

PG_FUNCTION_INFO_V1(swan_cancel_0_2);
PG_FUNCTION_INFO_V1(swan_cancel_many);

static const char cancelled_message[] = "Session cancelled successfully.";

const StudioQuery cancel_slot = {
	"UPDATE {sessions} s SET {sessions.status} = {sessions.status=$4}"
	SLOT_CHARGE
	"{?sessions.cancelled_at:, {sessions.cancelled_at} = {sessions.cancelled_at=$9}}"
	"{?sessions.cancelled_by:, {sessions.cancelled_by} = $10}"
	"{?sessions.cancel_reason:, {sessions.cancel_reason} = {sessions.cancel_reason=$11}}"
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

/*
 * Opens a new slot where a booking was, if the trainer still has the time; that
 * cannot be said of one who is no user and has no row to lock.  It is no nearer to
 * his other sessions than the booking was.
 */
int64
reopen_slot(Call *call, const Slot *slot, bool trainer_known)
{
	if (slot->trainer_id != NO_ID && !call->studio->settings.trainer_overlap &&
		(!trainer_known ||
		 slot_trainer_overlap(call, slot->trainer_id, slot->date, slot_end(slot),
							  0, slot->id, slot->class_id) != NO_ID))
		return NO_ID;
	return slot_insert_copy(call, slot);
}

/* Answers a key that was used for something else. */
static void
key_conflict(const char *key)
{
	ereport(ERROR,
			(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
			 errmsg("key \"%s\" was used for another cancellation", key),
			 errhint("Use a new key for a new cancellation.")));
}

/* Fills the answers of one client's sessions as the call of that row gave them. */
static void
replay_client(Call *call, int64 user_id, const KeyedRow *before, const char *key,
			  BookingAnswer *answers, int n)
{
	Rows		rows = ledger_rows_of_call(call, user_id, before, "cancellation");
	CallSum		sum;
	uint64		nfound = 0;

	ledger_sum_call(call, user_id, before, "cancellation", &sum);
	for (int i = 0; i < n; i++)
	{
		BookingAnswer *answer = &answers[i];
		uint64		row = 0;
		bool		found = false;
		Datum		details;
		bool		isnull;

		if (answer->slot.user_id != user_id)
			continue;
		for (uint64 j = rows.nrows; j-- > 0;)
		{
			if (row_id(rows, j, OF_CALL_SESSION_ID) != answer->slot.id)
				continue;
			row = j;
			nfound++;
			found = true;
		}
		if (!found)
			key_conflict(key);
		details = row_datum(rows, row, OF_CALL_DETAILS, &isnull);
		answer->credits = details_number(details, "charged", 0);
		answer->returned = details_number(details, "returned", 0) != 0;
		answer->reopened = details_number(details, "reopened", NO_ID);
		answer->available = sum.balance_after;
		answer->has_available = true;
		answer->ledger_id = row_id(rows, row, OF_CALL_ID);
	}
	if (nfound != rows.nrows)
		key_conflict(key);
}

/* Returns how many of the sessions have a client. */
static int
count_bookings(const BookingAnswer *answers, int n)
{
	int			count = 0;

	for (int i = 0; i < n; i++)
		count += answers[i].slot.user_id != NO_ID;
	return count;
}

/*
 * Returns whether a key was used for just these sessions, and how that call was
 * answered.  Each client of it has the key; slots that it closed have none.
 */
static bool
same_cancellation(Call *call, const char *key, BookingAnswer *answers, int n)
{
	int			nbookings = count_bookings(answers, n);
	int			nknown = 0;
	int			nclients = 0;

	if (key == NULL)
		return false;
	for (int i = 0; i < n; i++)
	{
		int64		user_id = answers[i].slot.user_id;
		KeyedRow	before;

		if (user_id == NO_ID || answer_repeats_client(answers, i))
			continue;
		nclients++;
		if (!ledger_find_key(call, user_id, "cancellation", key, &before))
			continue;
		if (details_number(before.details, "bookings", 1) != nbookings)
			key_conflict(key);
		replay_client(call, user_id, &before, key, answers, n);
		nknown++;
	}
	if (nknown == 0)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (nknown < nclients ||
			(answers[i].slot.user_id == NO_ID && answers[i].slot.status != STATUS_CANCELLED))
			key_conflict(key);
		answers[i].replayed = true;
	}
	return true;
}

/*
 * Returns the details of a cancellation: what a replay has to know, how many
 * bookings the call is about, and that a debt is forgotten.
 */
static Datum
cancellation_details(const BookingAnswer *answer, const Return *back,
					 const ReturnPart *part, int nbookings)
{
	Datum		details = return_details(back, part);

	if (answer->reopened != NO_ID)
		details = details_with_number(details, "reopened", answer->reopened);
	if (nbookings > 1)
		details = details_with_number(details, "bookings", nbookings);
	if (back->forgotten > 0)
	{
		details = details_with_number(details, "owes", 0);
		details = details_with_number(details, "waived", back->forgotten);
	}
	return details;
}

/* Closes an open slot, or frees a trainer's time: nobody had it, so nothing comes back. */
void
close_slot(Call *call, Slot *slot)
{
	Slot		before = *slot;

	slot_set_status(call->studio, slot, STATUS_CANCELLED);
	slot_write(call, &cancel_slot, &before, slot);
	slot_end_hold(call, before.id);
}

/* Returns whether a new open slot takes the time of a cancelled booking. */
static bool
shall_reopen(Call *call, const Wish *wish, const Slot *slot)
{
	if (cancel_is_without_credit(slot))
		return false;
	if (!wish->reopen.isnull)
		return DatumGetBool(wish->reopen.value);
	return cancel_is_own(call, slot) && slot->date > call->now;
}

/*
 * Writes down that a booking is given up: one row for each lot that gets credits
 * back; or what was asked for, which was no booking.
 */
static void
write_cancellation(Call *call, Account *account, Entry *entry, const Return *back,
				   const Slot *slot, BookingAnswer *answer, int nbookings)
{
	entry->kind = "cancellation";
	entry->session_id = answer->slot.id;
	if (back->nparts == 0)
	{
		entry->details = cancellation_details(answer, back, NULL, nbookings);
		if (slot_is_request(slot))
			entry->details = details_with_number(entry->details, "request", 1);
		answer->ledger_id = account_write(call, account, entry);
	}
	for (int i = 0; i < back->nparts; i++)
	{
		int64		id;

		entry->details = cancellation_details(answer, back, &back->parts[i], nbookings);
		id = return_write(call, account, entry, &back->parts[i]);
		if (i == 0)
			answer->ledger_id = id;
		entry->key = NULL;		/* it is on the first row */
	}
}

/* Gives up a booking that is locked: its credits, its time, its row. */
static void
give_up(Call *call, const Wish *wish, bool trainer_known, Account *account,
		Entry *entry, BookingAnswer *answer, int nbookings)
{
	Slot		slot = answer->slot;
	bool		reopens = shall_reopen(call, wish, &slot);
	Return		back = cancel_judge_credits(call, wish, account, &slot, query_recheck);

	slot_set_status(call->studio, &answer->slot, STATUS_CANCELLED);
	answer->slot.cancel_reason = wish->reason;
	if (back.nparts > 0)
		slot_charge(&answer->slot, 0);
	if (reopens)				/* indexes of the application's may allow one
								 * at a time */
	{
		slot_write(call, &cancel_slot, &slot, &answer->slot);
		answer->reopened = reopen_slot(call, &slot, trainer_known);
		account_check_alone(call, account);
	}
	answer->credits = back.charged;
	answer->returned = back.spendable > 0;
	account_session(call, account, &slot, &answer->slot);
	write_cancellation(call, account, entry, &back, &slot, answer, nbookings);
	if (!reopens)
		slot_write(call, &cancel_slot, &slot, &answer->slot);
}

/* Gives up all bookings of one client that a call is about. */
static void
give_up_all_of(Call *call, const Wish *wish, const Locks *locks, int64 user_id,
			   BookingAnswer *answers, int n)
{
	Account		account;
	char	   *key = wish->key;
	int			nbookings = count_bookings(answers, n);

	account_enter(call, locks, user_id, &account);
	for (int i = 0; i < n; i++)
	{
		Entry		entry = NEW_ENTRY;

		if (answers[i].slot.user_id != user_id)
			continue;
		entry.reason = wish->reason;
		entry.key = key;
		key = NULL;				/* it is on his first row */
		give_up(call, wish, user_is_locked(locks, answers[i].slot.trainer_id),
				&account, &entry, &answers[i], nbookings);
	}
	account_close(call, &account, "Returned");
	for (int i = 0; i < n; i++)
	{
		if (answers[i].slot.user_id != user_id)
			continue;
		answers[i].has_available = true;
		answers[i].available = account.balance;
	}
}

/*
 * Locks the clients and trainers of all bookings that a call is about, and those
 * who wait to have one next; returns whether anybody does.
 */
static bool
lock_people_of_all(Call *call, Locks *locks, const BookingAnswer *answers, int n)
{
	int64	   *ids = palloc(3 * n * sizeof(int64));
	int			nids = 0;
	bool		awaited = false;

	for (int i = 0; i < n; i++)
	{
		if (offering_awaits(call, &answers[i].slot, &ids[nids++]))
			awaited = true;
		ids[nids++] = answers[i].slot.user_id;
		ids[nids++] = answers[i].slot.trainer_id;
	}
	lock_users(call, locks, ids, nids);
	return awaited;
}

/* Offers to those who wait for it what has come free. */
static void
offer_all(Call *call, const Locks *locks, const BookingAnswer *answers, int n)
{
	int64	   *ids = palloc(n * sizeof(int64));
	Line	  **lines;

	for (int i = 0; i < n; i++)
		ids[i] = line_of(&answers[i].slot);
	lines = lines_lock(call, ids, n);
	for (int i = 0; i < n; i++)
		offering_follow(call, locks, &answers[i].slot, answers[i].reopened, lines[i]);
}

/* Cancels what is locked: all of it is judged before anything is written. */
static void
cancel_locked(Call *call, const Wish *wish, const Locks *locks,
			  BookingAnswer *answers, int n)
{
	CalendarSlot *closed = palloc(n * sizeof(CalendarSlot));
	int			nclosed = 0;
	bool		has_client = false;

	for (int i = 0; i < n; i++)
	{
		if (cancel_is_nobodys(&answers[i].slot))
			continue;
		cancel_check(call, &answers[i].slot);
		has_client = true;
	}
	if (wish->key && !has_client)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 slot_is_open(&answers[0].slot) ? errmsg("an open slot is closed without a key") :
				 errmsg("blocked time is freed without a key"),
				 errhint("Keys belong to clients; this slot has none.")));

	for (int i = 0; i < n; i++)
	{
		Slot	   *slot = &answers[i].slot;

		if (slot->user_id == NO_ID)
		{
			slot->cancel_reason = wish->reason;
			close_slot(call, slot);
			calendar_add(closed, &nclosed, slot->trainer_id, slot->id);
		}
		else if (!answer_repeats_client(answers, i))
			give_up_all_of(call, wish, locks, slot->user_id, answers, n);
	}
	calendar_note(call, locks, "closed", wish->reason, closed, nclosed);
}

/* Cancels sessions, all or none of them; the arguments but the first are swan_cancel's. */
static BookingAnswer *
cancel_sessions(Call *call, FunctionCallInfo fcinfo, const int64 *ids, int n)
{
	BookingAnswer *answers = palloc0(n * sizeof(BookingAnswer));
	Wish		wish = {.return_credit = fcinfo->args[2],.reopen = fcinfo->args[3]};
	Locks		locks = {0};
	bool		awaited;

	for (int i = 0; i < n; i++)
	{
		answers[i].ledger_id = answers[i].reopened = NO_ID;
		answers[i].message = cancelled_message;
		slot_require(call, ids[i], &answers[i].slot);
		cancel_authorise(call, &wish, &answers[i].slot);
	}
	wish.reason = argument_reason(fcinfo, 1, NULL);
	wish.key = argument_key(fcinfo, 4);
	if (same_cancellation(call, wish.key, answers, n))
		return answers;

	lock_slots(call, &locks, ids, n);
	for (int i = 0; i < n; i++)
	{
		require_locked_slot(&locks, ids[i], &answers[i].slot);
		cancel_authorise(call, &wish, &answers[i].slot);
	}
	awaited = lock_people_of_all(call, &locks, answers, n);
	if (same_cancellation(call, wish.key, answers, n))
		return answers;
	cancel_locked(call, &wish, &locks, answers, n);
	if (awaited)
		offer_all(call, &locks, answers, n);
	return answers;
}

/* swan_cancel(): a booking is given up, or an open slot closed. */
Datum
swan_cancel_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_PERSONS);
	int64		session_id = argument_id(fcinfo, 0, "session_id");

	return answer_cancellation(call, fcinfo, cancel_sessions(call, fcinfo, &session_id, 1));
}

/* swan_cancel_many(): several bookings and open slots, of whomever, or none. */
Datum
swan_cancel_many(PG_FUNCTION_ARGS)
{
	Call	   *call;
	int64	   *ids;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_PERSONS);
	ids = argument_ids(fcinfo, 0, "session_ids", SWAN_REPEAT_MAX, &n);
	return answer_cancellations(call, fcinfo, cancel_sessions(call, fcinfo, ids, n), n);
}
