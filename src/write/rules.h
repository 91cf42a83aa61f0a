/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  The rules of taking a slot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_RULES_H
#define SWAN_RULES_H

#include "base/error.h"
#include "slot/line.h"
#include "account/account.h"

/* a rule of the studio's own that stands in the way of a booking, for SW017 */
typedef enum BookingRule
{
	RULE_NONE,
	RULE_NOTICE,
	RULE_HORIZON,
	RULE_SUSPENDED,
	RULE_LIMIT,
	RULE_APPLICATION
} BookingRule;

/* All that the rules of one booking need to know. */
typedef struct Booking
{
	int64		user_id;
	int64		session_id;		/* as it was asked for; "slot" is what he gets */
	int64		instead_of;		/* a booking that this one replaces, or NO_ID */
	bool		charged;		/* does it cost credits? */
	int32		cost;			/* how many, if so */
	bool		later;			/* to be taken only later */
	bool		of_lot;			/* to be taken of this one */
	int64		lot_id;
	bool		grants;			/* may the slot be what the client asked for? */
	bool		guest;			/* may he have a place of the class already? */
	bool		forced;			/* by the office, over the studio's rules */
	int32		taken_before;	/* credits that the same call has taken */
	int32		taken_instead;	/* credits that the one that it replaces has,
								 * and that are good for this one */
	int32		spendable;		/* credits that are there for it, */
	bool		of_other_kind;	/* where others are good for other kinds only */
	bool		slot_known;
	Slot		slot;			/* any open place, if one of a class was asked
								 * for */
	bool		full;			/* all places are taken, or held by others */
	int64		held_by;		/* NO_ID where nobody does */
	TimestampTz held_until;
	bool		client_known;
	int64		overlap;		/* a booking in the way, or NO_ID */
	int64		live;			/* his bookings to come, if they are limited */
	BookingRule rule;			/* what an SW017 is about */
	int64		trainer_overlap;	/* what takes the trainer's time, or NO_ID */
	bool		trainer_missing;	/* is he no user, whose time is to be
									 * kept? */
	const char *objection;		/* of the application's rule, or NULL */
	bool		promoted;		/* for who waits, when it is his turn */
	bool		renews;			/* is a hold of his own no right to it? */
	Line	   *line;			/* who waits for it, once that is locked */
	bool		kept;			/* for others, who wait */
} Booking;

extern int32 booking_price(const Booking *booking);
extern int32 booking_cost(const Booking *booking);
extern void booking_look_at_slot(Call *call, Booking *booking, QueryRun run);
extern bool booking_is_of_trainer(Call *call, const Slot *slot);
extern void booking_authorise(Call *call, const Booking *booking);
extern SwanErrorCode booking_judge_unlocked(Call *call, Booking *booking,
											Account *account, QueryRun run,
											bool thoroughly);
extern bool takes_trainer_time(Call *call, const Slot *slot);
extern SwanErrorCode booking_verdict_locked(Call *call, Booking *booking, Account *account);
extern bool booking_lock_at_once(Call *call, Booking *booking, Account *account);
extern void bookings_lock_lines(Call *call, Booking *bookings, int n);
extern void bookings_lock(Call *call, Booking *bookings, int n, Account *account);
extern bool booking_is_of_class(const Booking *booking);
extern void booking_lock_place(Call *call, Booking *booking, const int64 *taken,
							   int ntaken, int wanted, int64 *highest);
extern void booking_judge_locked(Call *call, Booking *booking, Account *account);
extern void booking_refuse(const Booking *booking, const Account *account,
						   SwanErrorCode verdict);
extern const char *booking_rule_name(const Booking *booking);
extern Datum booking_answer_verdict(Call *call, FunctionCallInfo fcinfo,
									SwanErrorCode verdict, const char *sentence);
extern const char *booking_sentence(const Booking *booking, SwanErrorCode verdict);

#endif							/* SWAN_RULES_H */
