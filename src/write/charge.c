/*-------------------------------------------------------------------------
 *
 * charge.c
 *	  Credits that a session takes after it was booked, and what is let off.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/kinds.h"
#include "account/open.h"
#include "account/returning.h"
#include "write/answer.h"
#include "write/charge.h"
#include "write/price.h"

PG_FUNCTION_INFO_V1(swan_charge);
PG_FUNCTION_INFO_V1(swan_waive);

static const char charged_message[] = "Session charged.";
static const char waived_message[] = "Charge waived.";

static const StudioQuery charge_slot = {
	"UPDATE {sessions} s SET {sessions.status} = {sessions.status=$4}"
	SLOT_CHARGE
	SLOT_TOUCH
	" WHERE {s.id} OPERATOR(pg_catalog.=) $1" SLOT_WRITTEN,
	SLOT_WRITE_ARGS
};

/* whether a cancelled row is what a client had only asked for */
static const StudioQuery withdrawn_request = {
	"SELECT 1 FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) $2"
	" AND g.kind OPERATOR(pg_catalog.=) 'cancellation'"
	" AND g.details OPERATOR(pg_catalog.?) 'request' LIMIT 1",
	2, {INT8OID, INT8OID}
};

/* Answers a key that was used for something else. */
static void
key_conflict(const char *key)
{
	ereport(ERROR,
			(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
			 errmsg("key \"%s\" was used for another session", key),
			 errhint("Use a new key for a new call.")));
}

/* Refuses a key that was used for a charge of another number of credits, if one is given. */
static void
check_charged(Call *call, const Slot *slot, const KeyedRow *before, const char *key,
			  const NullableDatum *n)
{
	CallSum		sum;

	if (n->isnull)
		return;
	ledger_sum_call(call, slot->user_id, before, "charge", &sum);
	if (sum.moved != DatumGetInt32(n->value))
		ereport(ERROR,
				(swan_error(SWAN_IDEMPOTENCY_CONFLICT),
				 errmsg("key \"%s\" was used for a charge of %d", key, sum.moved),
				 errhint("Use a new key for a new call.")));
}

/* Returns whether a key was used for this call, a charge of n or a waiver, and its answer. */
static bool
same_call(Call *call, const Slot *slot, const char *kind, const char *key,
		  const NullableDatum *n, const char *message, BookingAnswer *answer)
{
	KeyedRow	before;
	Debit		debit;

	if (slot->user_id == NO_ID ||
		!ledger_find_key(call, slot->user_id, kind, key, &before))
		return false;
	if (before.session_id != slot->id)
		key_conflict(key);
	if (n)
		check_charged(call, slot, &before, key, n);
	debit = debit_of_key(call, slot->user_id, &before, kind, &answer->available);
	answer->slot = *slot;
	answer->credits = before.delta > 0 ? details_number(before.details, "charged", 0) : debit.credits;
	answer->owed = debit.owed;
	answer->has_available = true;
	answer->ledger_id = before.ledger_id;
	answer->returned = before.delta > 0 && details_number(before.details, "returned", 0) > 0;
	answer->message = message;
	answer->replayed = true;
	return true;
}

/* Locks a session and its client, and reads it again. */
static void
lock_booking(Call *call, Locks *locks, Slot *slot)
{
	int64		id = slot->id;

	lock_slots(call, locks, &id, 1);
	require_locked_slot(locks, id, slot);
	lock_users(call, locks, &slot->user_id, 1);
}

/* Answers a session that nothing can be charged for, or let off. */
static void
refuse_slot(const Slot *slot, const char *problem, const char *hint)
{
	ereport(ERROR,
			(swan_error_counting(SWAN_INVALID_TRANSITION, NULL, "sessionId", slot->id),
			 errmsg("session %lld is %s and %s", (long long) slot->id, slot->label, problem),
			 errhint("%s", hint)));
}

/* Returns whether a row is a booking, to come or not, or what became of one. */
static bool
was_booked(Call *call, const Slot *slot)
{
	NullableDatum args[] = {arg_id(slot->user_id), arg_id(slot->id)};

	if (slot->user_id == NO_ID)
		return false;
	if (slot->status == STATUS_CANCELLED)
		return query_recheck(call, &withdrawn_request, args).nrows == 0;
	return slot_is_booking(slot) || slot->status == STATUS_COMPLETED;
}

/* Returns how many credits a call takes: so many, or what is owed, or what the session costs. */
static int32
credits_to_take(Call *call, const Slot *slot, const Debit *debit, const NullableDatum *n)
{
	int32		price;

	if (!n->isnull)
		return DatumGetInt32(n->value);
	if (debit->owed > 0)
		return debit->owed;
	price = price_of(call, slot->user_id, slot, query_recheck);
	if (debit->credits > 0 || slot->status == STATUS_CANCELLED || price == 0)
		refuse_slot(slot, "owes nothing", "A number of credits can be charged for it.");
	return price;
}

/* Refuses to take more than a session may cost, or than the client has. */
static void
check_charge(Call *call, const Slot *slot, const Account *account, const Debit *debit, int32 credits)
{
	int32		spendable = account_spendable(call, account, slot->kind);

	if (credits > SWAN_COST_MAX - debit->credits)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("session %lld would take more than %d credits",
						(long long) slot->id, SWAN_COST_MAX)));
	if (credits <= spendable)
		return;
	if (account_is_short(call, account, slot->kind))
		ereport(ERROR,
				(swan_error_counting(SWAN_INSUFFICIENT_SESSIONS, NULL, "availableSessions", spendable),
				 errmsg("user %lld has %d credits for %s, and %d are to be charged",
						(long long) slot->user_id, spendable, kinds_of_session(slot->kind), credits),
				 errhint("Those that he has besides are good for other kinds, see swan_credits().")));
	ereport(ERROR,
			(swan_error_counting(SWAN_INSUFFICIENT_SESSIONS, NULL, "availableSessions", spendable),
			 errmsg("user %lld has %d available sessions, and %d are to be charged",
					(long long) slot->user_id, spendable, credits),
			 errhint("Add credits with swan_grant().")));
}

/*
 * Takes credits for a session that has some, or none: first of what is owed.
 * The account stays open.
 */
int64
charge_session(Call *call, Account *account, Entry *entry, const Slot *slot,
			   Debit *debit, int32 credits)
{
	int64		id;

	entry->kind = "charge";
	entry->session_id = slot->id;
	entry->details = debit_owes((Datum) 0, debit->owed - credits);
	id = debit_add(call, account, entry, debit, debit->credits + credits, slot->kind);
	debit->credits += credits;
	debit->owed = Max(0, debit->owed - credits);
	return id;
}

/* swan_charge(): a booking that was free, or shall be paid later, takes its credits. */
Datum
swan_charge(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 3, MAY_OFFICE);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	NullableDatum n = fcinfo->args[1];
	BookingAnswer answer = {.reopened = NO_ID};
	Entry		entry = NEW_ENTRY;
	Locks		locks = {0};
	Account		account;
	Slot		slot;
	Debit		debit;
	int32		credits;

	if (!n.isnull)
		argument_between(fcinfo, 1, "n", SWAN_COST_MAX, -1);
	entry.key = argument_key(fcinfo, 2);
	slot_require(call, session_id, &slot);
	if (same_call(call, &slot, "charge", entry.key, &n, charged_message, &answer))
		return answer_row(call, fcinfo, &answer);
	lock_booking(call, &locks, &slot);
	if (same_call(call, &slot, "charge", entry.key, &n, charged_message, &answer))
		return answer_row(call, fcinfo, &answer);

	if (!was_booked(call, &slot))
		refuse_slot(&slot, "has no client to be charged", "Only bookings cost credits.");
	account_enter(call, &locks, slot.user_id, &account);
	debit = debit_find(call, slot.user_id, session_id, query_recheck);
	credits = credits_to_take(call, &slot, &debit, &n);
	check_charge(call, &slot, &account, &debit, credits);
	answer.ledger_id = charge_session(call, &account, &entry, &slot, &debit, credits);
	answer.slot = slot;
	slot_charge(&answer.slot, debit.credits);
	slot_write(call, &charge_slot, &slot, &answer.slot);
	account_close(call, &account, "Available");

	answer.credits = debit.credits;
	answer.owed = debit.owed;
	answer.has_available = true;
	answer.available = account.balance;
	answer.message = charged_message;
	return answer_row(call, fcinfo, &answer);
}

/* Lets off what a session owes; what it has taken it keeps. */
static void
forget_debt(Call *call, Account *account, Entry *entry, const Debit *debit,
			BookingAnswer *answer)
{
	entry->details = details_of(1, "waived", (int64) debit->owed);
	answer->ledger_id = debit_carry(call, account, entry, debit);
	answer->credits = debit->credits;
}

/* Gives back what a session has taken, to the lots that it was taken from. */
static void
give_back(Call *call, Account *account, Entry *entry, const Slot *slot,
		  const Debit *debit, BookingAnswer *answer)
{
	Return		back = {.charged = debit->credits};

	return_judge(call, account, slot->id, debit, true, query_recheck, &back);
	for (int i = 0; i < back.nparts; i++)
	{
		const ReturnPart *part = &back.parts[i];
		int64		id;

		entry->details = details_with_number(return_details(&back, part), "credits", 0);
		id = return_write(call, account, entry, part);
		if (i == 0)
			answer->ledger_id = id;
		entry->key = NULL;		/* it is on the first row */
	}
	answer->credits = debit->credits;
	answer->returned = back.spendable > 0;
	slot_charge(&answer->slot, 0);
	slot_write(call, &charge_slot, slot, &answer->slot);
}

/* swan_waive(): what a session owes is forgotten, or what it took returned. */
Datum
swan_waive(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_WRITER, 3, MAY_TRAINER | MAY_OFFICE);
	int64		session_id = argument_id(fcinfo, 0, "session_id");
	BookingAnswer answer = {.reopened = NO_ID};
	Entry		entry = NEW_ENTRY;
	Locks		locks = {0};
	Account		account;
	Slot		slot;
	Debit		debit;

	entry.reason = argument_reason(fcinfo, 1, NULL);
	if (entry.reason == NULL)
		swan_missing_argument("reason", NULL);
	entry.key = argument_key(fcinfo, 2);
	slot_require(call, session_id, &slot);
	actor_require_own(call, slot.trainer_id, NULL);
	actor_require_task(call, TASK_RETURN);
	if (same_call(call, &slot, "waiver", entry.key, NULL, waived_message, &answer))
		return answer_cancellation(call, fcinfo, &answer);
	lock_booking(call, &locks, &slot);
	actor_require_own(call, slot.trainer_id, NULL);
	if (same_call(call, &slot, "waiver", entry.key, NULL, waived_message, &answer))
		return answer_cancellation(call, fcinfo, &answer);

	if (!was_booked(call, &slot))
		refuse_slot(&slot, "has no client who could owe anything", "Only bookings cost credits.");
	account_enter(call, &locks, slot.user_id, &account);
	debit = debit_find(call, slot.user_id, session_id, query_recheck);
	entry.kind = "waiver";
	entry.session_id = session_id;
	answer.slot = slot;
	if (debit.owed > 0)
		forget_debt(call, &account, &entry, &debit, &answer);
	else if (debit.credits == 0)
		refuse_slot(&slot, "owes nothing and has nothing to return",
					"What was taken is returned once.");
	else if (slot_is_booking(&slot))
		refuse_slot(&slot, "not over", "swan_cancel() returns what a booking to come has taken.");
	else
		give_back(call, &account, &entry, &slot, &debit, &answer);
	account_close(call, &account, "Returned");

	answer.has_available = true;
	answer.available = account.balance;
	answer.message = waived_message;
	return answer_cancellation(call, fcinfo, &answer);
}
