/*-------------------------------------------------------------------------
 *
 * suspension.h
 *	  The time in which a client books nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SUSPENSION_H
#define SWAN_SUSPENSION_H

#include "call/rows.h"

typedef struct Suspension
{
	TimestampTz since;			/* NO_TIME: there is none */
	TimestampTz until;			/* not included; NO_TIME: nobody knows yet */
} Suspension;

#define NO_SUSPENSION	((Suspension) {NO_TIME, NO_TIME})

/*
 * In SQL: the ends of a suspension that a ledger row has, unless it is over at
 * "now".
 */
#define SUSPENDED_SINCE(period, now) \
	"CASE WHEN pg_catalog.upper(" period ") OPERATOR(pg_catalog.<=) " now " THEN NULL" \
	" ELSE pg_catalog.lower(" period ") END"
#define SUSPENDED_UNTIL(period, now) \
	"CASE WHEN pg_catalog.upper(" period ") OPERATOR(pg_catalog.>) " now \
	" THEN pg_catalog.upper(" period ") END"

extern void suspension_require(Call *call);
extern Suspension suspension_of_row(Rows result, uint64 row, int column);
extern NullableDatum suspension_arg(const Suspension *suspension);
extern bool suspension_covers(const Suspension *suspension, TimestampTz date);
extern bool suspension_is_over(const Suspension *suspension, TimestampTz now);

#endif							/* SWAN_SUSPENSION_H */
