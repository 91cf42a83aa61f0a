/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  The rules of taking a slot.
 *
 * They are judged in one place, booking_verdict(), on what is known so far.
 * A writer asks twice: unlocked, so that the losers of a rush lock and write
 * nothing, and again with slot and client locked.  swan_can_book() asks once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"

#include "studio/actor.h"
#include "account/kinds.h"
#include "account/locks.h"
#include "write/limits.h"
#include "write/objection.h"
#include "write/price.h"

/*
 * Returns whether a slot is to be had: it is open, or this client has asked for
 * it, and trainer or office grant it.
 */
static bool
is_to_be_had(Call *call, const Booking *booking)
{
	const Slot *slot = &booking->slot;

	if (slot_is_open(slot))
		return true;
	return booking->grants && slot_is_request(slot) && slot->user_id == booking->user_id &&
		(actor_is(call, MAY_OFFICE) || booking_is_of_trainer(call, slot));
}

/* Returns how many credits a booking costs. */
int32
booking_price(const Booking *booking)
{
	return booking->charged ? booking->cost : 0;
}

/* Returns how many of them it takes when it is made. */
int32
booking_cost(const Booking *booking)
{
	return booking->later ? 0 : booking_price(booking);
}

/* Returns whether a client lacks credits for a booking, but for what the one that it replaces took. */
static bool
lacks_credits(Call *call, Booking *booking, const Account *account)
{
	booking->spendable = account_spendable(call, account, booking->slot.kind);
	booking->of_other_kind = booking->spendable < account_available(account);
	return booking_cost(booking) - booking->taken_instead > booking->spendable;
}

/* Returns the rule that a booking breaks, or SWAN_OK; in the report's order. */
static SwanErrorCode
booking_verdict(Call *call, Booking *booking, const Account *account)
{
	const Slot *slot = &booking->slot;

	if (call->studio->closed_reason)	/* who would write is refused before */
		return SWAN_STUDIO_CLOSED;
	if (!booking->slot_known || booking->full || !is_to_be_had(call, booking))
		return SWAN_SESSION_NOT_AVAILABLE;
	if (slot->date <= call->now && limit_applies(call, booking))
		return SWAN_SESSION_NOT_AVAILABLE;
	if (booking->held_by != NO_ID && booking->held_by != booking->user_id &&
		booking->held_until > call->now)
		return SWAN_SESSION_NOT_AVAILABLE;
	if (booking->kept && !booking->forced)
		return SWAN_SESSION_NOT_AVAILABLE;
	if (!booking->client_known)
		return SWAN_USER_NOT_FOUND;
	booking->rule = limit_of_time(call, booking);
	if (booking->rule == RULE_NONE && !booking->forced &&
		suspension_covers(&account->suspension, slot->date))
		booking->rule = RULE_SUSPENDED;
	if (booking->rule != RULE_NONE)
		return SWAN_BOOKING_REFUSED;
	if (booking->trainer_missing)
		return SWAN_USER_NOT_FOUND;
	if (!booking->forced &&
		(booking->overlap != NO_ID || booking->trainer_overlap != NO_ID))
		return SWAN_SLOT_CONFLICT;
	booking->rule = limit_of_client(call, booking);
	if (booking->rule != RULE_NONE)
		return SWAN_BOOKING_REFUSED;
	if (lacks_credits(call, booking, account))
		return SWAN_INSUFFICIENT_SESSIONS;
	if (booking->objection == NULL)
		return SWAN_OK;
	booking->rule = RULE_APPLICATION;
	return SWAN_BOOKING_REFUSED;
}

/* Likewise with what the booking costs, which is asked for only if nothing else is in the way. */
static SwanErrorCode
verdict_with_price(Call *call, Booking *booking, const Account *account, QueryRun run)
{
	SwanErrorCode verdict;

	booking->cost = 0;
	verdict = booking_verdict(call, booking, account);
	if (verdict != SWAN_OK || !booking->charged)
		return verdict;
	booking->cost = price_of(call, booking->user_id, &booking->slot, run);
	return booking_verdict(call, booking, account);
}

/* Returns the verdict, for which the application is asked about what we allow. */
static SwanErrorCode
verdict_of_all(Call *call, Booking *booking, const Account *account, QueryRun run)
{
	SwanErrorCode verdict = verdict_with_price(call, booking, account, run);

	if (verdict != SWAN_OK)
		return verdict;
	booking_ask(call, booking, account, run);
	return booking_verdict(call, booking, account);
}

/* Returns how SW017 names the rule that it is about. */
const char *
booking_rule_name(const Booking *booking)
{
	return limit_words[booking->rule].name;
}

/* Returns what to tell the client of a broken rule. */
const char *
booking_sentence(const Booking *booking, SwanErrorCode verdict)
{
	if (verdict == SWAN_INSUFFICIENT_SESSIONS && booking->of_other_kind)
		return "Not enough available sessions of this kind. Please purchase a session package that is good for it.";
	if (verdict != SWAN_BOOKING_REFUSED)
		return swan_error_sentence(verdict);
	if (booking->rule != RULE_APPLICATION)
		return limit_words[booking->rule].sentence;
	return booking->objection[0] ? booking->objection : swan_error_sentence(verdict);
}

/* Raises the error of a broken rule. */
void
booking_refuse(const Booking *booking, const Account *account,
			   SwanErrorCode verdict)
{
	long long	user_id = booking->user_id;
	long long	session_id = booking->session_id;

	switch (verdict)
	{
		case SWAN_USER_NOT_FOUND:
			user_not_found(booking->client_known ? booking->slot.trainer_id : booking->user_id);
			break;
		case SWAN_SLOT_CONFLICT:
			if (booking->overlap == NO_ID)
				ereport(ERROR,
						(swan_error_counting(verdict, NULL, "sessionId", booking->trainer_overlap),
						 errmsg("session %lld overlaps session %lld of trainer %lld",
								session_id, (long long) booking->trainer_overlap,
								(long long) booking->slot.trainer_id)));
			ereport(ERROR,
					(swan_error_counting(verdict, NULL, "sessionId", booking->overlap),
					 errmsg("session %lld overlaps session %lld of user %lld",
							(long long) booking->slot.id, (long long) booking->overlap, user_id),
					 booking->slot.class_id == NO_ID ? 0 :
					 errhint("If that is a place of the same class: guest => true takes another.")));
			break;
		case SWAN_BOOKING_REFUSED:
			ereport(ERROR,
					(swan_error_naming(verdict, booking_sentence(booking, verdict), "rule",
									   limit_words[booking->rule].name),
					 errmsg("session %lld %s", session_id, limit_words[booking->rule].message),
					 errhint("%s", limit_words[booking->rule].hint)));
			break;
		case SWAN_INSUFFICIENT_SESSIONS:
			if (booking->of_other_kind)
				ereport(ERROR,
						(swan_error_counting(verdict, booking_sentence(booking, verdict),
											 "availableSessions", booking->spendable),
						 errmsg("user %lld has %d credits for %s, and session %lld costs %d",
								user_id, booking->spendable, kinds_of_session(booking->slot.kind),
								session_id, booking_cost(booking)),
						 errhint("Those that he has besides are good for other kinds, see swan_credits().")));
			if (booking->taken_before > 0)
				ereport(ERROR,
						(swan_error_counting(verdict,
											 "Not enough available sessions. Please purchase a session package to book these sessions.",
											 "availableSessions",
											 booking->taken_before + booking->spendable),
						 errmsg("user %lld has too few available sessions to book session %lld",
								user_id, session_id),
						 errhint("Add credits with swan_grant().")));
			if (booking_cost(booking) > 1)
				ereport(ERROR,
						(swan_error_counting(verdict, NULL, "availableSessions",
											 account_available(account)),
						 errmsg("session %lld costs %d credits, and user %lld has %d",
								session_id, booking_cost(booking), user_id,
								account_available(account)),
						 errhint("Add credits with swan_grant().")));
			ereport(ERROR,
					(swan_error_counting(verdict, NULL, "availableSessions",
										 account_available(account)),
					 errmsg("user %lld has no available sessions", user_id),
					 errhint("Add credits with swan_grant().")));
			break;
		default:
			if (booking->slot_known && booking->full)
				ereport(ERROR,
						(swan_error_counting(verdict, NULL, "sessionId", session_id),
						 errmsg("all places of class %lld are taken",
								(long long) booking->slot.class_id)));
			if (booking->kept && !booking->forced)
				ereport(ERROR,
						(swan_error_counting(verdict, NULL, "sessionId", session_id),
						 errmsg("session %lld is kept for those who wait for it", session_id),
						 errhint("swan_wait() puts a client in line.")));
			ereport(ERROR,
					(swan_error_counting(verdict, NULL, "sessionId", session_id),
					 errmsg("session %lld is not available for booking", session_id)));
	}
}

/* Finds out whether a slot is kept for those who wait for it. */
static void
judge_line(Call *call, Booking *booking, const Line *line, QueryRun run)
{
	booking->kept = line->n > 0 &&
		line_comes_first(call, line, booking->user_id, booking->renews, run);
}

/* Reads who waits for a slot, without locking anything. */
static void
look_at_line(Call *call, Booking *booking, QueryRun run)
{
	Line		line;

	booking->kept = false;
	if (!booking->slot_known || !slot_is_open(&booking->slot))
		return;
	line_read(call, line_of(&booking->slot), run, &line);
	judge_line(call, booking, &line, run);
}

/*
 * Reads the slot of a booking, and who holds it, without locking it.  In a class
 * one place is as good as another.
 */
void
booking_look_at_slot(Call *call, Booking *booking, QueryRun run)
{
	Slot		place;

	booking->slot_known = slot_look_at(call, booking->session_id, &booking->slot, run);
	booking->held_by = NO_ID;
	booking->overlap = NO_ID;
	booking->live = 0;
	booking->trainer_overlap = NO_ID;
	booking->trainer_missing = false;
	booking->full = false;
	booking->objection = NULL;
	if (!booking->slot_known)
		return;
	if (booking->slot.class_id == NO_ID)
		slot_find_hold(call, booking->session_id, &booking->held_by, &booking->held_until, run);
	else if (class_find_place(call, booking->slot.class_id, booking->user_id, run, &place))
		booking->slot = place;
	else
		booking->full = true;
	look_at_line(call, booking, run);
}

/* Returns whether a booking is of a class, as far as is known. */
bool
booking_is_of_class(const Booking *booking)
{
	return booking->slot_known && booking->slot.class_id != NO_ID;
}

/* Returns whether a slot comes to take its trainer's time, which has to be kept. */
bool
takes_trainer_time(Call *call, const Slot *slot)
{
	return slot_is_request(slot) && slot->trainer_id != NO_ID &&
		!call->studio->settings.trainer_overlap;
}

/*
 * Reads what the client has booked at the time of the slot, and what the trainer
 * does then, if the slot has not got his time yet.  That itself is no live booking,
 * or the verdict falls before overlaps are asked for.
 */
static void
booking_look_at_client(Call *call, Booking *booking, QueryRun run)
{
	limit_count_live(call, booking, run);
	booking->overlap =
		slot_look_for_client_overlap(call, booking->user_id,
									 booking->slot.date, slot_end(&booking->slot),
									 booking->instead_of == NO_ID ?
									 booking->slot.id : booking->instead_of,
									 booking->guest ? booking->slot.class_id : NO_ID, run);
	if (takes_trainer_time(call, &booking->slot))
	{
		Account		trainer;

		booking->trainer_missing = !account_find(call, booking->slot.trainer_id, &trainer, run);
		booking->trainer_overlap =
			slot_look_for_trainer_overlap(call, booking->slot.trainer_id,
										  booking->slot.date, slot_end(&booking->slot),
										  call->studio->settings.buffer,
										  booking->slot.id, NO_ID, run);
	}
}

/* Reads what is dear to find out: what else the client has at that time, and is he suspended? */
static void
look_thoroughly(Call *call, Booking *booking, Account *account, QueryRun run)
{
	booking_look_at_client(call, booking, run);
	account_read_last(call, account, run);
}

/*
 * Judges a booking without any lock.  What is dear to find out is looked for
 * only where it makes a difference to the answer.
 */
SwanErrorCode
booking_judge_unlocked(Call *call, Booking *booking, Account *account,
					   QueryRun run, bool thoroughly)
{
	bool		looked;
	SwanErrorCode verdict;

	booking->client_known = account_find(call, booking->user_id, account, run);
	booking->cost = 0;
	looked = booking->charged && price_is_asked_for(call) &&
		booking_verdict(call, booking, account) == SWAN_OK;
	if (looked)					/* it goes before what the application says */
		look_thoroughly(call, booking, account, run);
	verdict = verdict_with_price(call, booking, account, run);
	if (!looked &&
		(verdict == SWAN_INSUFFICIENT_SESSIONS ||
		 (verdict == SWAN_OK && (thoroughly || limit_counts_live(call, booking)))))
	{
		look_thoroughly(call, booking, account, run);
		verdict = verdict_with_price(call, booking, account, run);
	}
	return thoroughly ? verdict_of_all(call, booking, account, run) : verdict;
}

/*
 * Locks slot and client if the booking looks good; otherwise returns false and
 * has, but for a row that changed while we waited for it, locked nothing.
 */
bool
booking_lock_at_once(Call *call, Booking *booking, Account *account)
{
	TimestampTz after = limit_applies(call, booking) ? limit_too_soon(call) : DT_NOBEGIN;
	TimestampTz until = limit_applies(call, booking) ? limit_last_day(call) : DT_NOEND;

	booking->held_by = NO_ID;
	booking->overlap = NO_ID;
	booking->trainer_overlap = NO_ID;
	booking->trainer_missing = false;
	booking->full = false;
	booking->objection = NULL;
	if (limit_counts_live(call, booking))	/* who has too many has to lock
											 * nothing */
		return false;
	booking->slot_known = lock_slot_and_client(call, booking->session_id, booking->user_id,
											   after, until, booking->charged,
											   &booking->slot, account);
	booking->client_known = booking->slot_known;
	if (booking->slot_known)
		bookings_lock_lines(call, booking, 1);
	return booking->slot_known;
}

/*
 * Judges again, with slot and client locked and the account open.  A conflict
 * that the transaction's own snapshot cannot see is for the caller to retry.
 */
SwanErrorCode
booking_verdict_locked(Call *call, Booking *booking, Account *account)
{
	SwanErrorCode verdict;

	if (booking->slot_known && booking->slot.date != NO_TIME)
	{
		slot_find_hold(call, booking->slot.id, &booking->held_by, &booking->held_until,
					   query_recheck);
		judge_line(call, booking, booking->line, query_recheck);
		booking_look_at_client(call, booking, query_recheck);
	}
	verdict = verdict_of_all(call, booking, account, query_recheck);
	if (verdict == SWAN_OK)
		return verdict;
	if (IsolationUsesXactSnapshot())
	{
		Booking		seen = *booking;
		Account		account_seen;

		booking_look_at_slot(call, &seen, query_look);
		seen.client_known = account_find(call, seen.user_id, &account_seen, query_look);
		account_seen.moved = account->moved;	/* not in the table yet */
		if (seen.slot_known && seen.slot.date != NO_TIME)
			booking_look_at_client(call, &seen, query_look);
		if (seen.client_known)
			account_read_last(call, &account_seen, query_look);
		if (verdict_of_all(call, &seen, &account_seen, query_look) == SWAN_OK)
			swan_serialization_failure();
	}
	return verdict;
}

/* Likewise, and refuses what cannot be. */
void
booking_judge_locked(Call *call, Booking *booking, Account *account)
{
	SwanErrorCode verdict = booking_verdict_locked(call, booking, account);

	if (verdict != SWAN_OK)
		booking_refuse(booking, account, verdict);
}

/* Returns whether the actor works on a slot as its trainer. */
bool
booking_is_of_trainer(Call *call, const Slot *slot)
{
	return actor_is(call, MAY_TRAINER) && slot->trainer_id == call->actor->user_id;
}

/* Refuses whoever may not book this slot for this client. */
void
booking_authorise(Call *call, const Booking *booking)
{
	if (booking->slot_known && booking_is_of_trainer(call, &booking->slot))
	{
		actor_require_task(call, TASK_BOOK);
		return;
	}
	if (actor_is(call, MAY_TRAINER) && !booking->slot_known)
		return;					/* which will be told so */
	actor_require_own(call, booking->user_id,
					  "You can only book sessions for yourself.");
}

/* Closes the call with a swan_verdict; the sentence is that of what is in the way. */
Datum
booking_answer_verdict(Call *call, FunctionCallInfo fcinfo, SwanErrorCode verdict,
					   const char *sentence)
{
	Datum		values[4] = {0};
	bool		nulls[4] = {false, true, true, true};

	values[0] = BoolGetDatum(verdict == SWAN_OK);
	if (verdict != SWAN_OK)
	{
		values[1] = CStringGetTextDatum(swan_error_sqlstate(verdict));
		values[2] = CStringGetTextDatum(swan_error_name(verdict));
		values[3] = CStringGetTextDatum(sentence);
		memset(nulls, false, sizeof(nulls));
	}
	return call_return_row(call, fcinfo, values, nulls);
}
