/*-------------------------------------------------------------------------
 *
 * locking.c
 *	  Locking what bookings are about: slots, places, people, and who waits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "account/locks.h"
#include "account/places.h"
#include "write/rules.h"

/* Locks who waits for the slots of several bookings, which are locked. */
void
bookings_lock_lines(Call *call, Booking *bookings, int n)
{
	int64	   *ids = palloc(n * sizeof(int64));
	Line	  **lines;

	for (int i = 0; i < n; i++)
		ids[i] = bookings[i].slot_known ? line_of(&bookings[i].slot) : NO_ID;
	lines = lines_lock(call, ids, n);
	for (int i = 0; i < n; i++)
		bookings[i].line = lines[i];
}

/* Locks a place for a booking that was looked at and is of a class, of which the call wants so many. */
void
booking_lock_place(Call *call, Booking *booking, const int64 *taken, int ntaken, int wanted,
				   int64 *highest)
{
	booking->full = !lock_place(call, booking->slot.class_id, booking->user_id,
								taken, ntaken, wanted, highest, &booking->slot);
}

/* Returns whether a booking is for a place of that class. */
static bool
is_of(const Booking *booking, int64 class_id)
{
	return booking_is_of_class(booking) && booking->slot.class_id == class_id;
}

/* Returns the lowest class of several bookings that is above one, or NO_ID. */
static int64
next_class(const Booking *bookings, int n, int64 above)
{
	int64		next = NO_ID;

	for (int i = 0; i < n; i++)
	{
		int64		class_id = booking_is_of_class(&bookings[i]) ? bookings[i].slot.class_id : NO_ID;

		if (class_id != NO_ID && (above == NO_ID || class_id > above) &&
			(next == NO_ID || class_id < next))
			next = class_id;
	}
	return next;
}

/* Locks a place for each booking of a class, one class after the other by its id. */
static void
lock_places(Call *call, Booking *bookings, int n)
{
	int64	   *taken = palloc(n * sizeof(int64));
	int64		class_id = NO_ID;

	while ((class_id = next_class(bookings, n, class_id)) != NO_ID)
	{
		int64		highest = NO_ID;
		int			ntaken = 0;
		int			wanted = 0;

		for (int i = 0; i < n; i++)
			wanted += is_of(&bookings[i], class_id);
		for (int i = 0; i < n; i++)
		{
			if (!is_of(&bookings[i], class_id))
				continue;
			booking_lock_place(call, &bookings[i], taken, ntaken, wanted--, &highest);
			taken[ntaken++] = bookings[i].slot.id;
		}
	}
}

/*
 * Locks the slots of several bookings, places of classes last, their client, and
 * the trainers whose time is taken only now.
 */
void
bookings_lock(Call *call, Booking *bookings, int n, Account *account)
{
	int64	   *ids = palloc(n * sizeof(int64));
	int64	   *people = palloc((n + 1) * sizeof(int64));
	int			npeople = 0;
	Locks		locks = {0};
	bool		client_known;

	for (int i = 0; i < n; i++)
		ids[i] = booking_is_of_class(&bookings[i]) ? NO_ID : bookings[i].session_id;
	lock_slots(call, &locks, ids, n);
	lock_places(call, bookings, n);
	people[npeople++] = bookings[0].user_id;
	for (int i = 0; i < n; i++)
	{
		if (ids[i] != NO_ID)
			bookings[i].slot_known = locked_slot(&locks, ids[i], &bookings[i].slot);
		if (bookings[i].slot_known && takes_trainer_time(call, &bookings[i].slot))
			people[npeople++] = bookings[i].slot.trainer_id;
	}
	lock_users(call, &locks, people, npeople);
	client_known = locked_user(&locks, bookings[0].user_id, account);
	for (int i = 0; i < n; i++)
	{
		bookings[i].client_known = client_known;
		if (bookings[i].slot_known && takes_trainer_time(call, &bookings[i].slot) &&
			!user_is_locked(&locks, bookings[i].slot.trainer_id))
			user_not_found(bookings[i].slot.trainer_id);
	}
	bookings_lock_lines(call, bookings, n);
}
