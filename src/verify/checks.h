/*-------------------------------------------------------------------------
 *
 * checks.h
 *	  What swan_verify() looks for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CHECKS_H
#define SWAN_CHECKS_H

#include "studio/query.h"

/* what a check is about, a bit each */
typedef enum CheckTopic
{
	ABOUT_BALANCES = 1 << 0,	/* with the lots and the ledger */
	ABOUT_BOOKINGS = 1 << 1,	/* with their debits */
	ABOUT_TRAINER_TIME = 1 << 2,
	ABOUT_HOLDS = 1 << 3,		/* which end by themselves */
	ABOUT_THE_PAST = 1 << 4,	/* which stays what it is */
	ABOUT_TOTALS = 1 << 5		/* of which a guard's setting has new ones
								 * counted */
} CheckTopic;
#define ABOUT_ANYTHING	(~0)

/* the columns of what a check finds; an id is NULL where it is about none */
enum
{
	FOUND_USER_ID = 1,
	FOUND_SESSION_ID,
	FOUND_LEDGER_ID,
	FOUND_PROBLEM
};

/* By what settings a studio is judged: as it is set, or as it might be. */
typedef struct Judgement
{
	const Studio *studio;
	bool		records;		/* what somebody else booked is named */
	bool		refuses;		/* bookings are what the ledger says */
	bool		keeps_time;		/* trainers are in one place at a time */
	bool		measured;		/* searches for overlaps reach as far as they
								 * will */
} Judgement;

/* One check, which finds rows of these columns. */
typedef struct Check
{
	const char *name;
	CheckTopic	topic;
	bool		(*applies) (const Judgement *judgement);	/* NULL: always */
	StudioQuery statement;		/* $1: one client, or NULL for all */
} Check;

extern const Check checks[];	/* the last one has no name */

#endif							/* SWAN_CHECKS_H */
