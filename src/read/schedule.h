/*-------------------------------------------------------------------------
 *
 * schedule.h
 *	  What lists of sessions by time have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SCHEDULE_H
#define SWAN_SCHEDULE_H

#include "slot/slot.h"

/* dated rows from $1 to $2, of trainer $3, beyond the row ($4, $5) */
#define IN_WINDOW \
	" {live s} AND {s.session_date} IS NOT NULL" \
	" AND ($1 IS NULL OR {s.session_date} OPERATOR(pg_catalog.>=) $1)" \
	" AND ($2 IS NULL OR {s.session_date} OPERATOR(pg_catalog.<) $2)" \
	" AND ($3 IS NULL OR {s.trainer_id} OPERATOR(pg_catalog.=) $3)" \
	" AND ($5 IS NULL OR ROW({s.session_date}, {s.id}) OPERATOR(pg_catalog.>) ROW($4, $5))"

extern void schedule_authorise(Call *call, int64 trainer_id, int64 user_id);

#endif							/* SWAN_SCHEDULE_H */
