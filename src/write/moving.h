/*-------------------------------------------------------------------------
 *
 * moving.h
 *	  Locking what shall move.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_MOVING_H
#define SWAN_MOVING_H

#include "account/locks.h"

/* A slot or booking that shall move; what is not given stays. */
typedef struct Move
{
	int64		session_id;
	TimestampTz at;				/* NO_TIME: as it is */
	int64		trainer_id;		/* NO_ID: as it is */
	NullableDatum duration;
	Slot		from;
} Move;

extern int	moving_lock(Call *call, Locks *locks, Move **asked, int n);
extern void moving_check_places(Call *call, Move **moves, int n);

#endif							/* SWAN_MOVING_H */
