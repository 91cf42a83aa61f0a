/*-------------------------------------------------------------------------
 *
 * merge.h
 *	  Two accounts of one client become one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_MERGE_H
#define SWAN_MERGE_H

#include "slot/line.h"
#include "account/debit.h"
#include "write/handover.h"

/* a session that goes over */
typedef struct Moving
{
	Slot		slot;			/* as it was */
	Debit		debit;
	bool		near;			/* did the studio put it so near that it can
								 * be given up until it begins? */
	bool		forced;			/* did the office pass over its rules? */
	bool		guest;			/* is it somebody's whom its client brings? */
} Moving;

/* where the credits of a lot are by now */
typedef struct MovedLot
{
	int64		from;
	int64		to;
} MovedLot;

typedef struct Merge
{
	Handover	handover;
	const char *key;
	int			nmoving;
	Moving	   *moving;			/* bookings and requests */
	int			nheld;
	int64	   *held;			/* slots that are held */
	int			nlots;
	MovedLot   *lots;
	int			nlines;
	int64	   *lines;			/* in which either of the two waits */
} Merge;

/* beside.c */
extern void merge_find_lines(Call *call, Merge *merge, QueryRun run);
extern void merge_suspension(Call *call, Merge *merge);
extern void merge_holds(Call *call, const Merge *merge);
extern void merge_waits(Call *call, const Merge *merge);

#endif							/* SWAN_MERGE_H */
