/*-------------------------------------------------------------------------
 *
 * attendance.h
 *	  Whether clients were there, as the ledger says it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ATTENDANCE_H
#define SWAN_ATTENDANCE_H

#include "slot/slot.h"

typedef enum Attendance
{
	ATTENDANCE_UNKNOWN,			/* it is not completed, or the ledger cannot
								 * say */
	ATTENDANCE_ATTENDED,
	ATTENDANCE_MISSED
} Attendance;

/*
 * Which ledger rows say what became of a session: it was completed, that was
 * corrected, or somebody's direct write ended it.
 */
#define SAYS_ATTENDANCE(row) \
	"(" row ".kind OPERATOR(pg_catalog.=) ANY ('{completion,no_show,correction}')" \
	" OR (" row ".kind OPERATOR(pg_catalog.=) 'external'" \
	" AND (" row ".details OPERATOR(pg_catalog.->>) 'from') IS NOT NULL))"

/* whether the client was there, as a ledger row says it; NULL where it does not */
#define ATTENDED_OF(row) \
	"CASE WHEN " row ".kind OPERATOR(pg_catalog.=) 'completion' THEN true" \
	" WHEN " row ".kind OPERATOR(pg_catalog.=) 'no_show' THEN false" \
	" WHEN " row ".kind OPERATOR(pg_catalog.<>) 'correction' THEN NULL" \
	" WHEN (" row ".details OPERATOR(pg_catalog.->>) 'to') OPERATOR(pg_catalog.=) 'attended' THEN true" \
	" WHEN (" row ".details OPERATOR(pg_catalog.->>) 'to') OPERATOR(pg_catalog.=) 'missed' THEN false END"

/* whether a session of a client's was attended, or NULL; both are columns */
#define ATTENDED_BY(user, session) \
	"(SELECT " ATTENDED_OF("a") " FROM {ledger} a" \
	" WHERE a.user_id OPERATOR(pg_catalog.=) " user \
	" AND a.session_id OPERATOR(pg_catalog.=) " session \
	" AND " SAYS_ATTENDANCE("a") " ORDER BY a.id DESC LIMIT 1)"

/* how many no-shows the ledger rows g tell of, in SQL */
#define NO_SHOWS_OF_G \
	"(pg_catalog.count(*) FILTER (WHERE g.kind OPERATOR(pg_catalog.=) 'no_show')" \
	" OPERATOR(pg_catalog.+) COALESCE(pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) 'missed')" \
	"::pg_catalog.int4) FILTER (WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{correction,external}')), 0))"

extern const char *attendance_name(Attendance attendance);
extern Attendance attendance_of(Call *call, const Slot *slot, QueryRun run);
extern Attendance attendance_that_ends(Call *call, int64 user_id,
									   const Slot *old, const Slot *new);

#endif							/* SWAN_ATTENDANCE_H */
