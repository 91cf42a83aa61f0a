/*-------------------------------------------------------------------------
 *
 * limits.c
 *	  The studio's limits for clients who book: how soon before, how far ahead,
 *	  how many at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/zone.h"
#include "studio/actor.h"
#include "write/limits.h"

#define HINT_OF_LIMITS	"Staff, trainers and admins can book it."

/* how SW017 names its rules, and what a client is shown */
const LimitWords limit_words[] = {
	[RULE_NOTICE] = {
		"notice",
		"It is too late to book this session.",
		"starts too soon to be booked by a client, see the setting book_notice",
		HINT_OF_LIMITS
	},
	[RULE_HORIZON] = {
		"horizon",
		"It is too early to book this session.",
		"is too far ahead to be booked by a client, see the setting book_horizon",
		HINT_OF_LIMITS
	},
	[RULE_SUSPENDED] = {
		"suspended",
		"Bookings are suspended at that time.",
		"is at a time for which its client is suspended",
		"swan_resume() ends the suspension; staff and admins can book it with force."
	},
	[RULE_LIMIT] = {
		"limit",
		"You have as many bookings as you may.",
		"would be one booking more than a client may have, see the setting live_max",
		HINT_OF_LIMITS
	},
	[RULE_APPLICATION] = {
		"application",
		NULL,					/* the rule's own words */
		"is refused by the application's own rule, see the setting booking_rule",
		"Staff and admins can pass over it: force => true."
	},
};

/* another booking of the client's that is to come */
static const StudioQuery count_live = {
	"SELECT pg_catalog.count(*) FROM {sessions} s"
	" WHERE {live s} AND {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} OPERATOR(pg_catalog.>) $2"
	" AND " SLOT_IS_LIVE("s")
	" AND {s.id} OPERATOR(pg_catalog.<>) $3",
	3, {INT8OID, TIMESTAMPTZOID, INT8OID}
};

/* Returns whether the studio's limits are for whoever books, or is booked for. */
bool
limit_applies(Call *call, const Booking *booking)
{
	return actor_is(call, MAY_CLIENT) || booking->promoted;
}

/* Returns the last moment that is too soon for a client to book. */
TimestampTz
limit_too_soon(Call *call)
{
	const StudioSettings *set = &call->studio->settings;

	return Max(call->now, zone_later(set->time_zone, call->now, &set->book_notice) - 1);
}

/* Returns the last moment that a client can book. */
TimestampTz
limit_last_day(Call *call)
{
	const StudioSettings *set = &call->studio->settings;

	return set->has_horizon ?
		zone_later(set->time_zone, call->now, &set->book_horizon) : DT_NOEND;
}

/* Returns the rule about the time of a slot that stands in the way, if any. */
BookingRule
limit_of_time(Call *call, const Booking *booking)
{
	const Slot *slot = &booking->slot;

	if (!limit_applies(call, booking))
		return RULE_NONE;
	if (slot->date <= limit_too_soon(call))
		return RULE_NOTICE;
	return slot->date > limit_last_day(call) ? RULE_HORIZON : RULE_NONE;
}

/* Returns whether the bookings to come of the client have to be counted. */
bool
limit_counts_live(Call *call, const Booking *booking)
{
	return call->studio->settings.live_max >= 0 && limit_applies(call, booking);
}

/* Returns the rule about the client that stands in the way, if any. */
BookingRule
limit_of_client(Call *call, const Booking *booking)
{
	if (limit_counts_live(call, booking) && booking->live >= call->studio->settings.live_max)
		return RULE_LIMIT;
	return RULE_NONE;
}

/* Counts the bookings to come of the client, if they are limited. */
void
limit_count_live(Call *call, Booking *booking, QueryRun run)
{
	NullableDatum args[] = {
		arg_id(booking->user_id), arg_time(call->now), {Int64GetDatum(booking->instead_of), false}
	};

	if (limit_counts_live(call, booking))
		booking->live = row_int(run(call, &count_live, args), 0, 1);
}
